//! Arithmetic of `Decimal(s)`: exact, scaled 64-bit integers, 128-bit intermediates, rounding half to even, never
//! wrapping.
//!
//! Functions take unscaled values together with their scales; the scale of a result is the caller's type. Lemma used in
//! [`div`]: if the widened numerator does not fit 128 bits, no divisor of 64 bits brings the quotient into 64 bits.

use crate::ascii::Ascii;
use crate::fault::Fault;

/// The most fractional digits that a `Decimal` has.
pub const MAX_SCALE: u8 = 12;

/// `10^scale`.
fn power(scale: u8) -> i128 {
    10i128.pow(u32::from(scale.min(36)))
}

/// Divides and rounds half to even. The divisor is not zero.
fn divide_half_even(a: i128, b: i128) -> Option<i128> {
    let quotient = a.checked_div(b)?;
    let rest = a.checked_rem(b)?;
    if rest == 0 {
        return Some(quotient);
    }
    let away = if (a < 0) == (b < 0) { 1 } else { -1 };
    let (rest, divisor) = (rest.unsigned_abs(), b.unsigned_abs());
    // `rest < divisor`, so the comparison with the half is written without doubling, which might overflow.
    Some(match rest.cmp(&(divisor - rest)) {
        std::cmp::Ordering::Less => quotient,
        std::cmp::Ordering::Greater => quotient + away,
        std::cmp::Ordering::Equal if quotient % 2 == 0 => quotient,
        std::cmp::Ordering::Equal => quotient + away,
    })
}

fn narrow(value: i128) -> Result<i64, Fault> {
    i64::try_from(value).map_err(|_| Fault::Overflow)
}

/// The same number at another scale; digits that do not fit are rounded half to even.
pub fn rescale(value: i64, from: u8, to: u8) -> Result<i64, Fault> {
    if to >= from {
        let widened = i128::from(value).checked_mul(power(to - from)).ok_or(Fault::Overflow)?;
        narrow(widened)
    } else {
        narrow(divide_half_even(i128::from(value), power(from - to)).ok_or(Fault::Overflow)?)
    }
}

/// The same number at another scale, if no digit is lost and it fits.
pub fn rescale_exact(value: i64, from: u8, to: u8) -> Option<i64> {
    let there = rescale(value, from, to).ok()?;
    (to >= from || rescale(there, to, from) == Ok(value)).then_some(there)
}

/// `a + b` at the larger scale.
pub fn add(a: i64, x: u8, b: i64, y: u8) -> Result<i64, Fault> {
    let scale = x.max(y);
    let sum = i128::from(a)
        .checked_mul(power(scale - x))
        .zip(i128::from(b).checked_mul(power(scale - y)))
        .and_then(|(a, b)| a.checked_add(b))
        .ok_or(Fault::Overflow)?;
    narrow(sum)
}

/// `a - b` at the larger scale.
pub fn sub(a: i64, x: u8, b: i64, y: u8) -> Result<i64, Fault> {
    let scale = x.max(y);
    let difference = i128::from(a)
        .checked_mul(power(scale - x))
        .zip(i128::from(b).checked_mul(power(scale - y)))
        .and_then(|(a, b)| a.checked_sub(b))
        .ok_or(Fault::Overflow)?;
    narrow(difference)
}

/// `a * b` at the sum of the scales.
pub fn mul(a: i64, b: i64) -> Result<i64, Fault> {
    narrow(i128::from(a) * i128::from(b))
}

/// The scale of a quotient: at least 6.
pub fn quotient_scale(x: u8, y: u8) -> u8 {
    x.max(y).max(6)
}

/// `a / b` at scale `scale`, rounded half to even.
pub fn div(a: i64, x: u8, b: i64, y: u8, scale: u8) -> Result<i64, Fault> {
    if b == 0 {
        return Err(Fault::DivisionByZero);
    }
    // a/10^x / (b/10^y) * 10^scale = a * 10^(scale + y - x) / b
    let exponent = i32::from(scale) + i32::from(y) - i32::from(x);
    let (a, b) = (i128::from(a), i128::from(b));
    let quotient = if exponent >= 0 {
        divide_half_even(a.checked_mul(power(exponent as u8)).ok_or(Fault::Overflow)?, b)
    } else {
        divide_half_even(a, b.checked_mul(power(exponent.unsigned_abs() as u8)).ok_or(Fault::Overflow)?)
    };
    narrow(quotient.ok_or(Fault::Overflow)?)
}

/// The mean of `count` numbers of scale `x` with this sum, at scale `scale`, rounded half to even.
pub fn mean(sum: i128, x: u8, count: u64, scale: u8) -> Result<i64, Fault> {
    if count == 0 {
        return Err(Fault::DivisionByZero);
    }
    let count = i128::from(count);
    if scale < x {
        let divisor = power(x - scale).checked_mul(count).ok_or(Fault::Overflow)?;
        return narrow(divide_half_even(sum, divisor).ok_or(Fault::Overflow)?);
    }
    // Whole and rest apart: the sum of very many numbers times the power might not fit 128 bits.
    let widen = power(scale - x);
    let whole = sum.div_euclid(count).checked_mul(widen).ok_or(Fault::Overflow)?;
    let rest = sum.rem_euclid(count) * widen;
    // The whole part is even or odd with the rest's quotient, so rounding looks at their sum.
    let quotient = rest.div_euclid(count);
    let left = rest.rem_euclid(count);
    let floor = whole.checked_add(quotient).ok_or(Fault::Overflow)?;
    let up = match left.cmp(&(count - left)) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Equal => floor.rem_euclid(2) == 1,
    };
    narrow(floor + i128::from(up))
}

/// The largest whole number that is not above the value.
pub fn floor(value: i64, scale: u8) -> i64 {
    narrow(i128::from(value).div_euclid(power(scale))).unwrap_or(value)
}

/// The smallest whole number that is not below the value.
pub fn ceil(value: i64, scale: u8) -> i64 {
    narrow(-(-i128::from(value)).div_euclid(power(scale))).unwrap_or(value)
}

/// The whole part, cut towards zero.
pub fn truncate(value: i64, scale: u8) -> i64 {
    narrow(i128::from(value) / power(scale)).unwrap_or(value)
}

/// Why a text is not a Decimal of a scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadDecimal {
    /// It is not a decimal number.
    Form,
    /// It has more fractional digits that are not zero than the type.
    Digits,
    /// It does not fit 64 bits.
    Range,
}

/// Reads `-12.50`, exactly. An exponent is accepted (`1.5e3`), because other programs write large numbers so.
pub fn parse(text: &str, scale: u8) -> Result<i64, BadDecimal> {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        None => (text, 0i32),
        Some(at) => {
            let digits = &text[at + 1..];
            let unsigned = digits.strip_prefix(['+', '-']).unwrap_or(digits);
            if unsigned.is_empty() || !unsigned.bytes().all(|b| b.is_ascii_digit()) {
                return Err(BadDecimal::Form);
            }
            (&text[..at], digits.parse::<i32>().unwrap_or(if digits.starts_with('-') { -100_000 } else { 100_000 }))
        }
    };
    let (negative, unsigned) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa),
    };
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return Err(BadDecimal::Form);
    }
    let all: Vec<u8> = whole.bytes().chain(fraction.bytes()).map(|b| b - b'0').collect();
    if all.iter().all(|d| *d == 0) {
        return Ok(0);
    }
    // The digits stand for all * 10^(exponent - fraction.len()); wanted is all * 10^(that + scale).
    let shift = i64::from(exponent) - fraction.len() as i64 + i64::from(scale);
    let kept = all.len() as i64 + shift.min(0);
    let mut value: i128 = 0;
    for (index, digit) in all.iter().enumerate() {
        if (index as i64) < kept {
            value = value * 10 + i128::from(*digit);
            if value > i128::from(i64::MAX) + 1 {
                return Err(BadDecimal::Range);
            }
        } else if *digit != 0 {
            return Err(BadDecimal::Digits);
        }
    }
    if kept <= 0 {
        return Ok(0);
    }
    for _ in 0..shift.max(0) {
        value *= 10;
        if value > i128::from(i64::MAX) + 1 {
            return Err(BadDecimal::Range);
        }
    }
    i64::try_from(if negative { -value } else { value }).map_err(|_| BadDecimal::Range)
}

/// Writes a decimal with exactly `scale` fractional digits.
pub fn write(out: &mut String, value: i64, scale: u8) {
    out.push_str(render(value, scale).as_str());
}

pub(crate) fn render(value: i64, scale: u8) -> Ascii {
    let mut out = Ascii::new();
    if value < 0 {
        out.push(b'-');
    }
    let magnitude = value.unsigned_abs();
    match 10u64.checked_pow(u32::from(scale)) {
        Some(1) => out.digits(magnitude, 1),
        Some(power) => {
            out.digits(magnitude / power, 1);
            out.push(b'.');
            out.digits(magnitude % power, usize::from(scale));
        }
        // Scales beyond the types' own: everything is behind the point.
        None => {
            out.push_all(b"0.");
            for _ in 20..scale {
                out.push(b'0');
            }
            out.digits(magnitude, 20);
        }
    }
    out
}

/// A decimal with exactly `scale` fractional digits.
pub fn to_text(value: i64, scale: u8) -> String {
    let mut out = String::new();
    write(&mut out, value, scale);
    out
}

/// The nearest float.
pub fn to_float(value: i64, scale: u8) -> f64 {
    // Both are exact up to 2^53 and 10^22; beyond, the decimal text is the way to the nearest float.
    if value.unsigned_abs() <= 1 << 53 && scale <= 22 {
        value as f64 / 10f64.powi(i32::from(scale))
    } else {
        to_text(value, scale).parse().unwrap_or(value as f64)
    }
}

/// The nearest decimal of a scale to a float, half to even on the float's exact value.
pub fn from_float(value: f64, scale: u8) -> Result<i64, Fault> {
    if !value.is_finite() {
        return Err(Fault::NotFinite);
    }
    // The standard library prints exact digits, rounded half to even.
    let text = format!("{value:.*}", usize::from(scale));
    parse(&text, scale).map_err(|_| Fault::Overflow)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rounding_is_half_to_even() {
        for (value, expected) in [(25, 2), (35, 4), (-25, -2), (-35, -4), (26, 3), (-26, -3), (24, 2)] {
            assert_eq!(rescale(value, 1, 0), Ok(expected), "{value}");
        }
        assert_eq!(div(1, 0, 3, 0, 6), Ok(333_333));
        assert_eq!(div(2, 0, 3, 0, 6), Ok(666_667));
        assert_eq!(div(1, 0, 8, 0, 2), Ok(12));
        assert_eq!(div(3, 0, 8, 0, 2), Ok(38));
        assert_eq!(div(-1, 0, 8, 0, 2), Ok(-12));
        assert_eq!(div(1, 0, 0, 0, 2), Err(Fault::DivisionByZero));
        assert_eq!(div(i64::MAX, 0, 1, 18, 18), Err(Fault::Overflow));
    }

    #[test]
    fn scales_and_overflow() {
        assert_eq!(add(150, 2, 5, 1), Ok(200));
        assert_eq!(sub(150, 2, 5, 1), Ok(100));
        assert_eq!(mul(150, 20), Ok(3000));
        assert_eq!(add(i64::MAX, 0, 1, 0), Err(Fault::Overflow));
        assert_eq!(add(i64::MAX, 0, 0, 6), Err(Fault::Overflow));
        assert_eq!(mul(i64::MAX, 2), Err(Fault::Overflow));
        assert_eq!(rescale(i64::MAX, 0, 1), Err(Fault::Overflow));
        assert_eq!((floor(-15, 1), ceil(-15, 1), truncate(-15, 1)), (-2, -1, -1));
        assert_eq!((floor(15, 1), ceil(15, 1), truncate(15, 1)), (1, 2, 1));
    }

    #[test]
    fn means() {
        assert_eq!(mean(10, 0, 4, 1), Ok(25));
        assert_eq!(mean(-10, 0, 4, 0), Ok(-2));
        assert_eq!(mean(-14, 0, 4, 0), Ok(-4));
        assert_eq!(mean(14, 0, 4, 0), Ok(4));
        assert_eq!(mean(1, 0, 3, 6), Ok(333_333));
        assert_eq!(mean(-1, 0, 3, 6), Ok(-333_333));
        assert_eq!(mean(1234, 2, 1, 0), Ok(12));
        assert_eq!(mean(i128::from(i64::MAX) * 3, 0, 3, 0), Ok(i64::MAX));
    }

    #[test]
    fn texts() {
        assert_eq!(parse("12.50", 2), Ok(1250));
        assert_eq!(parse("-0.5", 2), Ok(-50));
        assert_eq!(parse("12", 2), Ok(1200));
        assert_eq!(parse("12.500", 2), Ok(1250));
        assert_eq!(parse("12.505", 2), Err(BadDecimal::Digits));
        assert_eq!(parse("1.5e3", 2), Ok(150_000));
        assert_eq!(parse("15e-1", 2), Ok(150));
        assert_eq!(parse("1e-9", 2), Err(BadDecimal::Digits));
        assert_eq!(parse("1e99999999999", 2), Err(BadDecimal::Range));
        assert_eq!(parse("0e99999999999", 2), Ok(0));
        assert_eq!(parse("92233720368547758.07", 2), Ok(i64::MAX));
        assert_eq!(parse("-92233720368547758.08", 2), Ok(i64::MIN));
        assert_eq!(parse("92233720368547758.08", 2), Err(BadDecimal::Range));
        for bad in ["", "-", ".5", "5.", "1 ", "+1", "1.2.3", "0x1", "1e", "1e+", "1e1.5", "٣"] {
            assert_eq!(parse(bad, 2), Err(BadDecimal::Form), "{bad:?}");
        }
        assert_eq!(to_text(-5, 2), "-0.05");
        assert_eq!(to_text(i64::MIN, 0), "-9223372036854775808");
        assert_eq!(to_text(1234, 2), "12.34");
    }

    #[test]
    fn floats() {
        assert_eq!(from_float(2.5, 0), Ok(2));
        assert_eq!(from_float(0.1 + 0.2, 2), Ok(30));
        assert_eq!(from_float(1e30, 2), Err(Fault::Overflow));
        assert_eq!(from_float(f64::NAN, 2), Err(Fault::NotFinite));
        assert_eq!(to_float(1250, 2), 12.5);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn text_leads_back(value: i64, scale in 0u8..=18) {
            prop_assert_eq!(parse(&to_text(value, scale), scale), Ok(value));
        }
        #[test]
        fn a_quotient_is_within_half_a_unit(a in -1_000_000_000i64..1_000_000_000, b in 1i64..1_000_000) {
            let q = div(a, 2, b, 2, 6).unwrap();
            let difference = i128::from(a) * 1_000_000 - i128::from(q) * i128::from(b);
            prop_assert!(2 * difference.abs() <= i128::from(b));
        }
        #[test]
        fn a_mean_is_a_quotient(sum: i32, count in 1u32..1000) {
            prop_assert_eq!(mean(i128::from(sum), 2, u64::from(count), 6), div(i64::from(sum), 2, i64::from(count), 0, 6));
        }
    }
}
