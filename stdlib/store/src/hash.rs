//! The hash of values: of lanes and of bytes. Tables of the image and of generated code use it; it is
//! not kept on disk, so it may change between versions.

use crate::layout::Str;

const K0: u64 = 0xa076_1d64_78bd_642f;
const K1: u64 = 0xe703_7ed1_a0b4_28db;

/// Where a hash begins.
pub const SEED: u64 = 0x8ebc_6af0_9c88_c6e3;

#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let wide = u128::from(a) * u128::from(b);
    (wide as u64) ^ ((wide >> 64) as u64)
}

/// Adds a word to a hash.
#[inline]
pub fn word(hash: u64, word: u64) -> u64 {
    fold(hash ^ word, K0)
}

/// Ends a hash: after it, every bit depends on every word.
#[inline]
pub fn finish(hash: u64) -> u64 {
    fold(hash ^ K1, K0)
}

/// Adds bytes to a hash.
#[inline]
pub fn bytes(mut hash: u64, bytes: &[u8]) -> u64 {
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        let mut raw = [0u8; 8];
        raw.copy_from_slice(chunk);
        hash = fold(hash ^ u64::from_le_bytes(raw), K0);
    }
    let rest = chunks.remainder();
    let mut raw = [0u8; 8];
    raw[..rest.len()].copy_from_slice(rest);
    fold(hash ^ u64::from_le_bytes(raw), K1 ^ bytes.len() as u64)
}

/// Adds a text to a hash.
///
/// # Safety
/// As for [`Str::bytes`].
#[inline]
pub unsafe fn str(hash: u64, text: Str) -> u64 {
    if text.is_inline() {
        word(word(hash, text.head), text.tail)
    } else {
        // SAFETY: by the caller's promise.
        bytes(hash, unsafe { text.bytes() })
    }
}
