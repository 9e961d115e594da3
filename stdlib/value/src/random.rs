//! Random values of a call: a function of its seed, so that a run can be repeated, and so that every engine draws the
//! same values in the same order.

use crate::fault::Fault;
use crate::identity;

/// The most characters of a random text.
const TEXT_LIMIT: i64 = 1 << 20;

/// SplitMix64: small, fast, and every seed is a good one. Not for secrets.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// The sequence of this seed.
    pub fn new(seed: u64) -> Random {
        Random { state: seed }
    }

    /// The next 64 bits.
    pub fn word(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A float in `0 <= x < 1`, of 53 random bits.
    pub fn unit(&mut self) -> f64 {
        (self.word() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// A number in `0..bound`, without bias; 0 if the bound is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        // Lemire's method: reject the few low words that would make some results likelier.
        let threshold = bound.wrapping_neg() % bound;
        loop {
            let wide = u128::from(self.word()) * u128::from(bound);
            if wide as u64 >= threshold {
                return (wide >> 64) as u64;
            }
        }
    }

    /// The next 128 bits: the high half is drawn first.
    fn wide(&mut self) -> u128 {
        let high = self.word();
        u128::from(high) << 64 | u128::from(self.word())
    }

    /// A fresh identity at a moment, in microseconds since 1970.
    pub fn id(&mut self, now: i64) -> u128 {
        identity::generate(now, self.wide())
    }

    /// A fresh random identity.
    pub fn uuid(&mut self) -> u128 {
        identity::random(self.wide())
    }

    /// A number in `low..=high`; an empty range is the fault `BadArgument`.
    pub fn integer(&mut self, low: i64, high: i64) -> Result<i64, Fault> {
        if low > high {
            return Err(Fault::BadArgument);
        }
        let width = high.wrapping_sub(low) as u64;
        let offset = match width.checked_add(1) {
            Some(bound) => self.below(bound),
            None => self.word(),
        };
        Ok(low.wrapping_add(offset as i64))
    }

    /// So many characters of `a-z0-9`; a negative or very large number is the fault `BadArgument`.
    pub fn text(&mut self, length: i64) -> Result<String, Fault> {
        if !(0..=TEXT_LIMIT).contains(&length) {
            return Err(Fault::BadArgument);
        }
        const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
        Ok((0..length).map(|_| LETTERS[self.below(36) as usize] as char).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_stay_in_their_bounds() {
        let mut random = Random::new(7);
        for _ in 0..1000 {
            assert!((3..=5).contains(&random.integer(3, 5).unwrap()));
            assert!((0.0..1.0).contains(&random.unit()));
        }
        assert_eq!(random.integer(2, 1), Err(Fault::BadArgument));
        assert!(random.integer(i64::MIN, i64::MAX).is_ok());
        assert_eq!(random.text(20).unwrap().len(), 20);
        assert_eq!(random.text(-1), Err(Fault::BadArgument));
        assert_eq!(Random::new(1).id(5), Random::new(1).id(5));
        assert_ne!(random.uuid(), random.uuid());
    }
}
