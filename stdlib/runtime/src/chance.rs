//! The time and random values, for generated code: the next ones of the call's sequence. See [`tenon_value::random`].

use crate::abi::Pair;
use crate::context::CallContext;
use crate::text::context;

fn halves(value: u128) -> Pair {
    Pair { first: (value >> 64) as u64, second: value as u64 }
}

/// `now()` of the call, in microseconds.
pub unsafe extern "C" fn call_time(ctx: *mut CallContext) -> i64 {
    context!(ctx);
    ctx.now()
}

/// A fresh identity at the call's `now()`.
pub unsafe extern "C" fn random_id(ctx: *mut CallContext) -> Pair {
    context!(ctx);
    let now = ctx.now();
    halves(ctx.random().id(now))
}

/// A fresh random identity.
pub unsafe extern "C" fn random_uuid(ctx: *mut CallContext) -> Pair {
    context!(ctx);
    halves(ctx.random().uuid())
}

/// A number in `low..=high`; an empty range is the fault `BadArgument`.
pub unsafe extern "C" fn random_integer(ctx: *mut CallContext, low: i64, high: i64) -> i64 {
    context!(ctx);
    match ctx.random().integer(low, high) {
        Ok(value) => value,
        Err(fault) => {
            ctx.set_fault(fault);
            0
        }
    }
}

/// A float in `0 <= x < 1`, as its bits.
pub unsafe extern "C" fn random_unit(ctx: *mut CallContext) -> u64 {
    context!(ctx);
    ctx.random().unit().to_bits()
}

/// So many characters of `a-z0-9`.
pub unsafe extern "C" fn random_text(ctx: *mut CallContext, length: i64) -> Pair {
    context!(ctx);
    match ctx.random().text(length) {
        Ok(text) => ctx.text(text.as_bytes()).into(),
        Err(fault) => {
            ctx.set_fault(fault);
            tenon_store::Str::default().into()
        }
    }
}
