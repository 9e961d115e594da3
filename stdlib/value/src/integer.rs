//! Arithmetic of Int: 64 bits, never wrapping. `div` rounds down and `mod` has the sign of the divisor.

use crate::fault::Fault;

/// `a + b`.
pub fn add(a: i64, b: i64) -> Result<i64, Fault> {
    a.checked_add(b).ok_or(Fault::Overflow)
}

/// `a - b`.
pub fn sub(a: i64, b: i64) -> Result<i64, Fault> {
    a.checked_sub(b).ok_or(Fault::Overflow)
}

/// `a * b`.
pub fn mul(a: i64, b: i64) -> Result<i64, Fault> {
    a.checked_mul(b).ok_or(Fault::Overflow)
}

/// `-a`.
pub fn neg(a: i64) -> Result<i64, Fault> {
    a.checked_neg().ok_or(Fault::Overflow)
}

/// `a.abs`.
pub fn abs(a: i64) -> Result<i64, Fault> {
    a.checked_abs().ok_or(Fault::Overflow)
}

/// `a div b`: the quotient rounded towards negative infinity.
pub fn div(a: i64, b: i64) -> Result<i64, Fault> {
    if b == 0 {
        return Err(Fault::DivisionByZero);
    }
    let quotient = a.checked_div(b).ok_or(Fault::Overflow)?;
    // The truncated quotient is one too large where the signs differ and something is left over.
    Ok(if a % b != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient })
}

/// `a mod b`: what `div` leaves over, `0 <= result < b` for a positive `b`.
pub fn modulo(a: i64, b: i64) -> Result<i64, Fault> {
    if b == 0 {
        return Err(Fault::DivisionByZero);
    }
    // `i64::MIN % -1` is 0; only the processor's division overflows there.
    let rest = a.wrapping_rem(b);
    Ok(if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest })
}

/// `a` to the power `exponent`; a negative exponent gives 0.
pub fn pow(a: i64, exponent: i64) -> Result<i64, Fault> {
    let Ok(exponent) = u64::try_from(exponent) else {
        return Ok(0);
    };
    match a {
        0 | 1 => Ok(if exponent == 0 { 1 } else { a }),
        -1 => Ok(if exponent % 2 == 0 { 1 } else { -1 }),
        _ => u32::try_from(exponent).ok().and_then(|e| a.checked_pow(e)).ok_or(Fault::Overflow),
    }
}

/// Narrows a sum that was accumulated in 128 bits.
pub fn narrow(sum: i128) -> Result<i64, Fault> {
    i64::try_from(sum).map_err(|_| Fault::Overflow)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn edges() {
        assert_eq!(div(-7, 2), Ok(-4));
        assert_eq!(modulo(-7, 2), Ok(1));
        assert_eq!(div(7, -2), Ok(-4));
        assert_eq!(modulo(7, -2), Ok(-1));
        assert_eq!(div(i64::MIN, -1), Err(Fault::Overflow));
        assert_eq!(modulo(i64::MIN, -1), Ok(0));
        assert_eq!(div(1, 0), Err(Fault::DivisionByZero));
        assert_eq!(pow(2, 62), Ok(1 << 62));
        assert_eq!(pow(2, 63), Err(Fault::Overflow));
        assert_eq!(pow(-1, i64::MAX), Ok(-1));
        assert_eq!(pow(0, 0), Ok(1));
        assert_eq!(pow(2, -1), Ok(0));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn division_is_euclidean_for_the_divisor_sign(a: i64, b: i64) {
            prop_assume!(b != 0 && !(a == i64::MIN && b == -1));
            let (q, r) = (div(a, b).unwrap(), modulo(a, b).unwrap());
            prop_assert_eq!(i128::from(q) * i128::from(b) + i128::from(r), i128::from(a));
            prop_assert!(r == 0 || (r < 0) == (b < 0));
            prop_assert!(i128::from(r).abs() < i128::from(b).abs());
        }
    }
}
