//! Floats: finite numbers, and sums that do not depend on the order of their terms.

use crate::fault::Fault;

/// A result of Float arithmetic: finite, and without a negative zero.
pub fn finite(value: f64) -> Result<f64, Fault> {
    if value.is_finite() { Ok(value + 0.0) } else { Err(Fault::NotFinite) }
}

/// A float without a fraction as an Int.
pub fn to_int(value: f64) -> Result<i64, Fault> {
    // Both bounds are floats: -2^63 belongs to Int, 2^63 does not.
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value) {
        Ok(value as i64)
    } else if value.is_finite() {
        Err(Fault::Overflow)
    } else {
        Err(Fault::NotFinite)
    }
}

/// Bits of one digit of the accumulator.
const DIGIT: u32 = 32;
/// Digits: 2^-1074 is the lowest bit; the sum of 2^64 of the largest numbers fits.
const DIGITS: usize = (1074 + 1024 + 64) / DIGIT as usize + 2;
/// After so many additions the digits must be put in order, or one might overflow its 64 bits.
const PENDING: u32 = 1 << 30;

/// An exact sum of floats: a fixed-point number of some 2,200 bits. Adding in any order, and merging partial sums in any
/// order, gives the same float, the nearest to the exact sum.
#[derive(Clone, Debug)]
pub struct ExactSum {
    /// Digit `i` counts 2^(32 i - 1074); between normalisations it may lie outside 0..2^32.
    digits: Box<[i64; DIGITS]>,
    pending: u32,
}

impl Default for ExactSum {
    fn default() -> Self {
        ExactSum::new()
    }
}

impl ExactSum {
    /// The bytes of a sum.
    pub const SIZE: usize = size_of::<ExactSum>() + size_of::<[i64; DIGITS]>();

    /// Makes it zero again.
    pub fn clear(&mut self) {
        self.digits.fill(0);
        self.pending = 0;
    }

    /// Zero.
    pub fn new() -> ExactSum {
        ExactSum { digits: Box::new([0; DIGITS]), pending: 0 }
    }

    /// Adds a finite float.
    pub fn add(&mut self, value: f64) {
        let bits = value.to_bits();
        let exponent = (bits >> 52 & 0x7ff) as u32;
        let fraction = bits & ((1 << 52) - 1);
        // The value is mantissa * 2^(shift - 1074).
        let (mantissa, shift) = if exponent == 0 { (fraction, 0) } else { (fraction | 1 << 52, exponent - 1) };
        let first = (shift / DIGIT) as usize;
        let wide = u128::from(mantissa) << (shift % DIGIT);
        let negative = value.is_sign_negative();
        for part in 0..3 {
            let digit = (wide >> (DIGIT * part as u32)) as u32;
            let digit = i64::from(digit);
            self.digits[first + part] += if negative { -digit } else { digit };
        }
        self.pending += 1;
        if self.pending >= PENDING {
            self.normalise();
        }
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: &ExactSum) {
        let mut other = other.clone();
        other.normalise();
        self.normalise();
        for (mine, theirs) in self.digits.iter_mut().zip(other.digits.iter()) {
            *mine += theirs;
        }
        self.pending = 1;
    }

    /// Brings every digit but the last, which carries the sign, into 0..2^32.
    fn normalise(&mut self) {
        let mut carry = 0i64;
        for digit in &mut self.digits[..DIGITS - 1] {
            let sum = *digit + carry;
            carry = sum >> DIGIT;
            *digit = sum & 0xffff_ffff;
        }
        self.digits[DIGITS - 1] += carry;
        self.pending = 0;
    }

    /// The float nearest to the sum, ties to even; a sum beyond the largest float is the fault `NotFinite`.
    pub fn value(&self) -> Result<f64, Fault> {
        let mut sum = self.clone();
        sum.normalise();
        let negative = sum.digits[DIGITS - 1] < 0;
        if negative {
            for digit in sum.digits.iter_mut() {
                *digit = -*digit;
            }
            sum.normalise();
        }
        let Some(top) = sum.digits.iter().rposition(|digit| *digit != 0) else {
            return Ok(0.0);
        };
        // The highest bits, and whether anything below them is not zero. Four digits hold at least 97 bits, so the
        // sticky bit put below them is far from the 53 that are kept.
        let low = top.saturating_sub(3);
        let mut head = 0u128;
        for digit in sum.digits[low..=top].iter().rev() {
            head = head << DIGIT | u128::from(*digit as u64);
        }
        let sticky = sum.digits[..low].iter().any(|digit| *digit != 0);
        let length = 128 - head.leading_zeros();
        let lowest = low as i64 * i64::from(DIGIT) - 1074;
        // The last kept bit: 53 bits of the head, but nothing below 2^-1074.
        let drop = length.saturating_sub(53);
        let mut mantissa = (head >> drop) as u64;
        let mut exponent = lowest + i64::from(drop);
        if drop > 0 {
            let rest = head & ((1u128 << drop) - 1);
            let half = 1u128 << (drop - 1);
            let up = rest > half || rest == half && (sticky || mantissa & 1 == 1);
            mantissa += u64::from(up);
            if mantissa == 1 << 53 {
                mantissa >>= 1;
                exponent += 1;
            }
        }
        // mantissa * 2^exponent, exactly; exponent >= -1074, so both factors of the product are exact.
        if exponent + i64::from(64 - mantissa.leading_zeros()) > 1024 {
            return Err(Fault::NotFinite);
        }
        let magnitude = if exponent >= -1022 {
            if exponent > 970 {
                (mantissa as f64) * 2f64.powi(970) * 2f64.powi((exponent - 970) as i32)
            } else {
                (mantissa as f64) * f64::from_bits(((exponent + 1023) as u64) << 52)
            }
        } else {
            // Below 2^-1022 the lowest bits of the mantissa are those of the float; it has at most 53 bits there.
            (mantissa as f64) * 2f64.powi(-1000) * 2f64.powi((exponent + 1000) as i32)
        };
        finite(if negative { -magnitude } else { magnitude })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sum(values: &[f64]) -> Result<f64, Fault> {
        let mut sum = ExactSum::new();
        values.iter().for_each(|value| sum.add(*value));
        sum.value()
    }

    #[test]
    fn exact() {
        assert_eq!(sum(&[]), Ok(0.0));
        assert_eq!(sum(&[0.1; 10]), Ok(1.0));
        assert_eq!(sum(&[1e308, 1e308, -1e308]), Ok(1e308));
        assert_eq!(sum(&[1e308, 1e308]), Err(Fault::NotFinite));
        assert_eq!(sum(&[f64::MAX]), Ok(f64::MAX));
        assert_eq!(sum(&[-f64::MAX]), Ok(-f64::MAX));
        assert_eq!(sum(&[1.0, 1e100, 1.0, -1e100]), Ok(2.0));
        assert_eq!(sum(&[5e-324]), Ok(5e-324));
        assert_eq!(sum(&[5e-324, -1e-323]), Ok(-5e-324));
        assert_eq!(sum(&[f64::MIN_POSITIVE, -5e-324]), Ok(f64::MIN_POSITIVE - 5e-324));
        assert_eq!(sum(&[9007199254740992.0, 1.0]), Ok(9007199254740992.0));
        assert_eq!(sum(&[9007199254740992.0, 1.0, 5e-324]), Ok(9007199254740994.0));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn one_number_is_itself(value in prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL) {
            prop_assert_eq!(sum(&[value]), Ok(value));
        }
        #[test]
        fn two_numbers_are_their_rounded_sum(a in prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL, b in prop::num::f64::NORMAL) {
            prop_assume!((a + b).is_finite());
            prop_assert_eq!(sum(&[a, b]), Ok(a + b));
        }
        #[test]
        fn the_order_does_not_matter(mut values in prop::collection::vec(-1e300f64..1e300, 0..20), at in 0usize..20) {
            let whole = sum(&values);
            values.reverse();
            prop_assert_eq!(sum(&values), whole);
            let (mut left, mut right) = (ExactSum::new(), ExactSum::new());
            let at = at.min(values.len());
            values[..at].iter().for_each(|v| left.add(*v));
            values[at..].iter().for_each(|v| right.add(*v));
            left.merge(&right);
            prop_assert_eq!(left.value(), whole);
        }
    }
}
