//! Percent-encoding, query strings and cookies.

use std::borrow::Cow;

/// Decodes `%20`; and `+` as a space, where `plus` says so. `None` if an escape is broken or the result is not UTF-8.
pub fn decode_percent(text: &str, plus: bool) -> Option<Cow<'_, str>> {
    if !(text.contains('%') || plus && text.contains('+')) {
        return Some(Cow::Borrowed(text));
    }
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => {
                let mut digit = || (bytes.next()? as char).to_digit(16);
                (digit()? << 4 | digit()?) as u8
            }
            b'+' if plus => b' ',
            byte => byte,
        });
    }
    String::from_utf8(out).ok().map(Cow::Owned)
}

/// Encodes everything but the unreserved letters of RFC 3986.
pub fn encode_percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(byte as char);
        } else {
            let digit = |n: u8| b"0123456789ABCDEF"[usize::from(n & 15)] as char;
            out.extend(['%', digit(byte >> 4), digit(byte)]);
        }
    }
    out
}

/// The pairs of a query string or a form; a broken escape gives the name as it is written, and no value.
pub(super) fn pairs(query: &str) -> impl Iterator<Item = (Cow<'_, str>, Option<Cow<'_, str>>)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match decode_percent(name, true) {
            Some(name) => (name, decode_percent(value, true)),
            None => (Cow::Borrowed(name), None),
        }
    })
}

/// A cookie's value in a `Cookie` header.
pub(super) fn cookie<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    header.split(';').find_map(|pair| {
        let (own, value) = pair.trim().split_once('=')?;
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
        (own == name).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes() {
        assert_eq!(decode_percent("a%20b+c", true).as_deref(), Some("a b c"));
        assert_eq!(decode_percent("a%20b+c", false).as_deref(), Some("a b+c"));
        for bad in ["%", "%2", "%zz", "%ff"] {
            assert_eq!(decode_percent(bad, true), None, "{bad}");
        }
        assert_eq!(cookie("a=1; b=\"2\"; c", "b"), Some("2"));
        assert_eq!(cookie("a=1", "b"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]
        #[test]
        fn leads_back(text in "\\PC{0,20}") {
            let encoded = encode_percent(&text);
            let decoded = decode_percent(&encoded, true);
            prop_assert_eq!(decoded.as_deref(), Some(text.as_str()));
        }
    }
}
