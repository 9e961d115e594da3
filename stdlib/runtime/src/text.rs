//! Functions on texts, for generated code. A text is two words: see [`Str`].

use tenon_store::Str;
use tenon_store::layout::INLINE;

use crate::abi::Pair;
use crate::context::CallContext;

/// The bytes of a text given as two words.
macro_rules! bytes {
    ($name:ident, $head:expr, $tail:expr) => {
        let lanes = Str { head: $head, tail: $tail };
        // SAFETY: generated code hands over texts of its own call, of constants, or of the snapshot it reads.
        let $name: &[u8] = unsafe { lanes.bytes() };
    };
}

/// The text of bytes that come from a text.
pub(crate) fn utf8(bytes: &[u8]) -> &str {
    // SAFETY: every text is made from UTF-8, and all functions here cut at code points only.
    unsafe { std::str::from_utf8_unchecked(bytes) }
}

/// The context behind the pointer of a call.
macro_rules! context {
    ($name:ident) => {
        // SAFETY: generated code passes the context of its call, which nobody else uses meanwhile.
        let $name: &mut CallContext = unsafe { &mut *$name };
    };
}
pub(crate) use context;

/// `a + b`.
pub unsafe extern "C" fn text_concat(ctx: *mut CallContext, a0: u64, a1: u64, b0: u64, b1: u64) -> Pair {
    context!(ctx);
    // SAFETY: as for all texts.
    unsafe { join(ctx, &[Str { head: a0, tail: a1 }, Str { head: b0, tail: b1 }]) }.into()
}

/// The texts, one after the other.
///
/// # Safety
/// They are valid.
unsafe fn join(ctx: &mut CallContext, texts: &[Str]) -> Str {
    let len: usize = texts.iter().map(|text| text.len()).sum();
    let mut own = texts.iter().filter(|text| !text.is_empty());
    if let (Some(only), None) = (own.next(), own.next()) {
        return *only;
    }
    let mut raw = [0u8; INLINE];
    // Where the whole is to lie, and how much of it lies there already.
    let (start, there) = if len <= INLINE {
        (raw.as_mut_ptr(), 0)
    } else if u32::try_from(len).is_err() {
        ctx.set_fault(tenon_value::Fault::MemoryExceeded);
        return Str::default();
    } else {
        match ctx.room_for(texts[0], len) {
            Some(room) => room,
            None => return Str::default(),
        }
    };
    ctx.meter.scanned(len - there);
    // SAFETY: as for all texts; there is room for all of them, and so many bytes lie there then.
    unsafe {
        let mut next = start.add(there);
        copy_all(if there > 0 { &texts[1..] } else { texts }, &mut next);
        Str::new(std::slice::from_raw_parts(start, len))
    }
}

/// Copies texts to a place, which moves on.
///
/// # Safety
/// The texts are valid, and there is room for them.
unsafe fn copy_all(texts: &[Str], next: &mut *mut u8) {
    for text in texts {
        // SAFETY: by the caller's promise.
        unsafe {
            let bytes = text.bytes();
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), *next, bytes.len());
            *next = next.add(bytes.len());
        }
    }
}

/// -1, 0 or 1 as `a` sorts before, with or after `b`, by bytes (which is by code points).
pub unsafe extern "C" fn text_compare(ctx: *mut CallContext, a0: u64, a1: u64, b0: u64, b1: u64) -> i64 {
    context!(ctx);
    bytes!(a, a0, a1);
    bytes!(b, b0, b1);
    ctx.meter.scanned(a.len().min(b.len()));
    a.cmp(b) as i64
}

/// 1 if the texts are equal, else 0.
pub unsafe extern "C" fn text_equal(ctx: *mut CallContext, a0: u64, a1: u64, b0: u64, b1: u64) -> u64 {
    context!(ctx);
    let (a, b) = (Str { head: a0, tail: a1 }, Str { head: b0, tail: b1 });
    if a.head == b.head {
        ctx.meter.scanned(a.len());
    }
    // SAFETY: generated code hands over texts that are valid for the call.
    u64::from(unsafe { a.same(&b) })
}

/// The number of code points.
pub unsafe extern "C" fn text_length(ctx: *mut CallContext, a0: u64, a1: u64) -> i64 {
    context!(ctx);
    bytes!(a, a0, a1);
    ctx.meter.scanned(a.len());
    // Every code point has exactly one byte that is not a continuation byte.
    a.iter().filter(|&&b| (b as i8) >= -0x40).count() as i64
}

/// `count` texts, one after the other.
pub unsafe extern "C" fn text_join(ctx: *mut CallContext, texts: *const Str, count: u64) -> Pair {
    context!(ctx);
    // SAFETY: generated code passes so many texts.
    unsafe { join(ctx, std::slice::from_raw_parts(texts, count as usize)) }.into()
}

/// The hash of a text's bytes.
pub unsafe extern "C" fn text_hash(ctx: *mut CallContext, a0: u64, a1: u64) -> u64 {
    use std::hash::Hasher;
    context!(ctx);
    bytes!(a, a0, a1);
    ctx.meter.scanned(a.len());
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(a);
    hasher.finish()
}

/// 1 if the whole text matches regular expression number `pattern` of the program, else 0.
pub unsafe extern "C" fn text_matches(ctx: *mut CallContext, pattern: u64, a0: u64, a1: u64) -> u64 {
    context!(ctx);
    bytes!(a, a0, a1);
    // A step of an automaton costs more than a look at a byte.
    ctx.meter.scanned(a.len().saturating_mul(4));
    // SAFETY: the tables of the program outlive the call.
    let tables = unsafe { &*ctx.tables };
    match tables.patterns.get(pattern as usize) {
        Some(pattern) => u64::from(pattern.matches(utf8(a))),
        None => {
            ctx.set_fault(tenon_value::Fault::Internal);
            0
        }
    }
}

/// Notes a problem of the request: its place and a message.
pub unsafe extern "C" fn problem(ctx: *mut CallContext, a0: u64, a1: u64, b0: u64, b1: u64) {
    context!(ctx);
    bytes!(place, a0, a1);
    bytes!(message, b0, b1);
    ctx.problems.push((utf8(place).to_owned(), utf8(message).to_owned()));
}

/// Ends the call with the built-in failure `Invalid` if there are noted problems.
pub unsafe extern "C" fn reject_problems(ctx: *mut CallContext) {
    context!(ctx);
    if !ctx.problems.is_empty() {
        let message = ctx.text(b"the request has problems");
        ctx.status = crate::context::Status::Failure as u32;
        ctx.failure.error = tenon_value::BuiltIn::Invalid.id().0;
        ctx.failure.lanes = 0;
        ctx.failure.message = message;
        ctx.failure.payload = std::ptr::null();
    }
}

/// Writes a line for the operator.
pub unsafe extern "C" fn log(ctx: *mut CallContext, a0: u64, a1: u64) {
    context!(ctx);
    bytes!(line, a0, a1);
    // Lines are kept until the call has ended, so they count against its memory.
    if ctx.charge(line.len() + size_of::<String>()) {
        ctx.log.push(utf8(line).to_owned());
    }
}
