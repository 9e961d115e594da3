//! Arithmetic that is too rare or too long to stand in generated code itself.

use tenon_value::{Fault, decimal};

use crate::abi::Pair;
use crate::context::CallContext;
use crate::text::context;

/// The value of a result; its fault goes into the context.
fn settle(ctx: &mut CallContext, result: Result<i64, Fault>) -> i64 {
    match result {
        Ok(value) => value,
        Err(fault) => {
            ctx.set_fault(fault);
            0
        }
    }
}

/// A scale from generated code, which passes constants of types.
fn scale(word: u64) -> u8 {
    u8::try_from(word).unwrap_or(u8::MAX)
}

/// `a / b` of decimals with `x` and `y` fractional digits, half-even at `z` digits.
pub unsafe extern "C" fn decimal_div(ctx: *mut CallContext, a: i64, x: u64, b: i64, y: u64, z: u64) -> i64 {
    context!(ctx);
    settle(ctx, decimal::div(a, scale(x), b, scale(y), scale(z)))
}

/// A decimal with `from` fractional digits at `to` digits, half-even.
pub unsafe extern "C" fn decimal_rescale(ctx: *mut CallContext, value: i64, from: u64, to: u64) -> i64 {
    context!(ctx);
    settle(ctx, decimal::rescale(value, scale(from), scale(to)))
}

/// The mean of `count` numbers with `x` fractional digits whose sum is given in two halves, half-even at `z` digits.
pub unsafe extern "C" fn decimal_mean(ctx: *mut CallContext, low: u64, high: i64, count: u64, x: u64, z: u64) -> i64 {
    context!(ctx);
    let sum = (i128::from(high) << 64) | i128::from(low);
    settle(ctx, decimal::mean(sum, scale(x), count, scale(z)))
}

/// An Int as text.
pub unsafe extern "C" fn int_to_text(ctx: *mut CallContext, value: i64) -> Pair {
    context!(ctx);
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    let mut rest = value.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        at -= 1;
        digits[at] = b'-';
    }
    ctx.text(&digits[at..]).into()
}
