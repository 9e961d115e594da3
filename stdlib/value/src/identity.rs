//! Identities: 128-bit UUIDs, as big-endian numbers. A generated one is of version 7: its order is the order of time.

use crate::ascii::Ascii;

/// A generated identity from the time of its transaction and random bits. `time` is in microseconds since 1970; times
/// before 1970 count as 1970, because version 7 has no place for a sign.
pub fn generate(time: i64, random: u128) -> u128 {
    let milliseconds = (time.max(0) / 1000) as u128 & ((1 << 48) - 1);
    let random_a = random >> 64 & 0xfff;
    let random_b = random & ((1 << 62) - 1);
    milliseconds << 80 | 0x7 << 76 | random_a << 64 | 0b10 << 62 | random_b
}

/// A random identity of version 4 from random bits: the language's `uuid()`.
pub fn random(bits: u128) -> u128 {
    bits & !(0xf << 76) & !(0b11 << 62) | 0x4 << 76 | 0b10 << 62
}

/// Reads the form `018f2b6e-7d3a-7c11-8000-0123456789ab`, in any case.
pub fn parse(text: &str) -> Option<u128> {
    let bytes = text.as_bytes();
    if bytes.len() != 36 {
        return None;
    }
    let mut value = 0u128;
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 8 | 13 | 18 | 23) {
            if *byte != b'-' {
                return None;
            }
            continue;
        }
        let digit = (*byte as char).to_digit(16)?;
        value = value << 4 | u128::from(digit);
    }
    Some(value)
}

/// Writes the form that [`parse`] reads, in lower case.
pub fn write(out: &mut String, value: u128) {
    out.push_str(render(value).as_str());
}

pub(crate) fn render(value: u128) -> Ascii {
    let mut out = Ascii::new();
    for (shift, digits) in [(96, 8), (80, 4), (64, 4), (48, 4), (0, 12)] {
        if shift < 96 {
            out.push(b'-');
        }
        out.hexadecimal(value >> shift, digits);
    }
    out
}

/// The form that [`parse`] reads.
pub fn to_text(value: u128) -> String {
    let mut out = String::with_capacity(36);
    write(&mut out, value);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn generated_identities_follow_time() {
        let early = generate(1_700_000_000_000_000, u128::MAX);
        let late = generate(1_700_000_000_001_000, 0);
        assert!(early < late);
        let uuid = uuid::Uuid::from_u128(early);
        assert_eq!(uuid.get_version_num(), 7);
        assert_eq!(uuid.get_variant(), uuid::Variant::RFC4122);
        assert_eq!(uuid::Uuid::from_u128(random(u128::MAX)).get_version_num(), 4);
        assert_eq!(uuid::Uuid::from_u128(random(0)).get_variant(), uuid::Variant::RFC4122);
    }

    #[test]
    fn other_forms_are_refused() {
        for bad in [
            "",
            "018f2b6e7d3a7c1180000123456789ab",
            "018f2b6e-7d3a-7c11-8000-0123456789ag",
            "{018f2b6e-7d3a-7c11-8000-0123456789}",
            "018f2b6e-7d3a-7c11-8000+0123456789ab",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]
        #[test]
        fn text_leads_back(value: u128) {
            prop_assert_eq!(parse(&to_text(value)), Some(value));
            prop_assert_eq!(to_text(value), uuid::Uuid::from_u128(value).to_string());
        }
    }
}
