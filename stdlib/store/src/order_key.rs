//! Keys of ordered indexes: byte strings whose order is the order of the values.
//!
//! Signed words are stored big endian with the sign flipped; floats so that their order is numeric; an
//! option's tag inverted, because `none` sorts last; a text byte by byte, with 0 written as `00 ff`, and
//! ended by `00 00`. No key of an index is a prefix of another, so a value followed by anything lies
//! between the value's bytes and [`after`] them. A descending part has all its bytes inverted.
//! References are stored by entity number: ranges over them mean nothing, equality does.

use crate::layout::Str;
use crate::schema::ColumnType;

/// Appends a value of a column.
///
/// # Safety
/// A text must be valid.
pub unsafe fn push(out: &mut Vec<u8>, ty: ColumnType, option_tag: bool, first: u64, second: u64, descending: bool) {
    let start = out.len();
    match ty {
        ColumnType::U8 if option_tag => out.push(u8::from(first == 0)),
        ColumnType::U8 => out.push(first as u8),
        ColumnType::I16 => out.extend_from_slice(&((first as i16) ^ i16::MIN).to_be_bytes()),
        ColumnType::I32 => out.extend_from_slice(&((first as i32) ^ i32::MIN).to_be_bytes()),
        ColumnType::U32 => out.extend_from_slice(&(first as u32).to_be_bytes()),
        ColumnType::I64 | ColumnType::Collection => {
            out.extend_from_slice(&((first as i64) ^ i64::MIN).to_be_bytes());
        }
        ColumnType::F64 => {
            // A negative float's bits fall as it rises.
            let bits = if first >> 63 == 1 { !first } else { first ^ (1 << 63) };
            out.extend_from_slice(&bits.to_be_bytes());
        }
        ColumnType::Id => {
            out.extend_from_slice(&first.to_be_bytes());
            out.extend_from_slice(&second.to_be_bytes());
        }
        ColumnType::Str => {
            let text = Str { head: first, tail: second };
            // SAFETY: by the caller's promise.
            for byte in unsafe { text.bytes() } {
                out.push(*byte);
                if *byte == 0 {
                    out.push(0xff);
                }
            }
            out.extend_from_slice(&[0, 0]);
        }
    }
    if descending {
        out[start..].iter_mut().for_each(|byte| *byte = !*byte);
    }
}

/// The least byte string above all that begin with this one; `None` if there is none.
pub fn after(mut key: Vec<u8>) -> Option<Vec<u8>> {
    while let Some(last) = key.pop() {
        if last < 0xff {
            key.push(last + 1);
            return Some(key);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(ty: ColumnType, first: u64, second: u64, descending: bool) -> Vec<u8> {
        let mut out = Vec::new();
        // SAFETY: the texts of these tests are valid.
        unsafe { push(&mut out, ty, false, first, second, descending) };
        out
    }

    #[test]
    fn bytes_sort_as_values() {
        let ints = [i64::MIN, -5, -1, 0, 1, 7, i64::MAX];
        for pair in ints.windows(2) {
            assert!(key(ColumnType::I64, pair[0] as u64, 0, false) < key(ColumnType::I64, pair[1] as u64, 0, false));
            assert!(key(ColumnType::I64, pair[0] as u64, 0, true) > key(ColumnType::I64, pair[1] as u64, 0, true));
        }
        let floats = [-1.0e300, -1.5, -0.1, 0.0, 0.1, 2.0, 1.0e300f64];
        for pair in floats.windows(2) {
            assert!(
                key(ColumnType::F64, pair[0].to_bits(), 0, false) < key(ColumnType::F64, pair[1].to_bits(), 0, false)
            );
        }
        let texts = ["", "a", "a\0", "a\0b", "ab", "b", "zebra and some more", "ø"];
        for pair in texts.windows(2) {
            let (a, b) = (Str::new(pair[0].as_bytes()), Str::new(pair[1].as_bytes()));
            assert!(key(ColumnType::Str, a.head, a.tail, false) < key(ColumnType::Str, b.head, b.tail, false));
            assert!(key(ColumnType::Str, a.head, a.tail, true) > key(ColumnType::Str, b.head, b.tail, true));
        }
    }

    #[test]
    fn after_is_the_end_of_a_prefix() {
        assert_eq!(after(vec![1, 2]), Some(vec![1, 3]));
        assert_eq!(after(vec![1, 0xff]), Some(vec![2]));
        assert_eq!(after(vec![0xff, 0xff]), None);
    }
}
