//! Arithmetic that is too rare or too long to stand in generated code itself.

use tenon_value::float::ExactSum;
use tenon_value::{Fault, decimal, float};

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

/// Begins an exact sum of floats; its number in the call.
pub unsafe extern "C" fn float_sum_new(ctx: *mut CallContext) -> u64 {
    context!(ctx);
    let number = ctx.live_sums;
    if let Some(sum) = ctx.sums.get_mut(number as usize) {
        sum.clear();
    } else if ctx.charge(ExactSum::SIZE) {
        ctx.sums.push(ExactSum::new());
    } else {
        return number;
    }
    ctx.live_sums += 1;
    number
}

/// Adds a float, given as its bits, to an exact sum.
pub unsafe extern "C" fn float_sum_add(ctx: *mut CallContext, sum: u64, value: u64) {
    context!(ctx);
    if let Some(sum) = ctx.sums.get_mut(sum as usize) {
        sum.add(f64::from_bits(value));
    }
}

/// The float nearest to an exact sum, as its bits.
pub unsafe extern "C" fn float_sum_value(ctx: *mut CallContext, sum: u64) -> u64 {
    context!(ctx);
    match ctx.sums.get(sum as usize).map(ExactSum::value) {
        Some(Ok(value)) => value.to_bits(),
        Some(Err(fault)) => {
            ctx.set_fault(fault);
            0
        }
        None => {
            ctx.set_fault(Fault::Internal);
            0
        }
    }
}

/// The sample standard deviation, as its bits, of `count` (at least two) numbers: lane `first` of rows given by their
/// addresses. They are floats if the scale is negative, else scaled integers. Two passes, each an exact sum.
pub unsafe extern "C" fn deviation(
    ctx: *mut CallContext,
    pointers: *const *const u64,
    count: u64,
    first: u64,
    scale: i64,
) -> u64 {
    context!(ctx);
    // Two lists of numbers are made.
    if let Err(fault) = ctx.meter.pass((count as usize).saturating_mul(16)) {
        ctx.set_fault(fault);
        return 0;
    }
    // SAFETY: generated code passes an array of rows that have this lane.
    let numbers: Vec<f64> = unsafe {
        (0..count as usize)
            .map(|i| {
                let lane = *(*pointers.add(i)).add(first as usize);
                match u8::try_from(scale) {
                    Ok(0) => lane as i64 as f64,
                    Ok(scale) => decimal::to_float(lane as i64, scale),
                    Err(_) => f64::from_bits(lane),
                }
            })
            .collect()
    };
    let deviation = deviation_of(&numbers);
    ctx.meter.passed();
    match deviation {
        Ok(value) => value.to_bits(),
        Err(fault) => {
            ctx.set_fault(fault);
            0
        }
    }
}

fn deviation_of(numbers: &[f64]) -> Result<f64, Fault> {
    let exact = |numbers: &[f64]| {
        let mut sum = ExactSum::new();
        numbers.iter().for_each(|n| sum.add(*n));
        sum.value()
    };
    let mean = exact(numbers)? / numbers.len() as f64;
    let squares: Vec<f64> = numbers.iter().map(|n| (n - mean) * (n - mean)).collect();
    if squares.iter().any(|square| !square.is_finite()) {
        return Err(Fault::NotFinite);
    }
    float::finite((exact(&squares)? / (numbers.len() as f64 - 1.0)).sqrt())
}
