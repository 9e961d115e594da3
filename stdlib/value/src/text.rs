//! Functions of Text. Positions and lengths count code points; comparison is by code points.

use unicode_normalization::UnicodeNormalization;

use crate::fault::Fault;

/// The longest text that a function makes, in bytes: what repeats or pads beyond it is `MemoryExceeded`.
pub const MAX_LENGTH: usize = 1 << 28;

/// The number of code points.
pub fn length(text: &str) -> i64 {
    // Continuation bytes are those that do not start a code point.
    text.as_bytes().iter().filter(|byte| (**byte as i8) >= -0x40).count() as i64
}

/// Lower case, by Unicode.
pub fn lower(text: &str) -> String {
    text.to_lowercase()
}

/// Upper case, by Unicode.
pub fn upper(text: &str) -> String {
    text.to_uppercase()
}

/// The first letter in upper case, the rest as it is.
pub fn capitalise(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Without white space at both ends.
pub fn trim(text: &str) -> &str {
    text.trim()
}

/// Without white space at the start.
pub fn trim_start(text: &str) -> &str {
    text.trim_start()
}

/// Without white space at the end.
pub fn trim_end(text: &str) -> &str {
    text.trim_end()
}

/// The byte offset of code point `position`; positions outside are moved to the nearest end.
fn offset(text: &str, position: i64) -> usize {
    match usize::try_from(position) {
        Ok(position) => text.char_indices().nth(position).map_or(text.len(), |(at, _)| at),
        Err(_) if position < 0 => 0,
        Err(_) => text.len(),
    }
}

/// The code points from `start` up to and without `end`. Positions outside are moved to the nearest end, and an end
/// before the start gives the empty text.
pub fn slice(text: &str, start: i64, end: i64) -> &str {
    let (start, end) = (offset(text, start), offset(text, end));
    text.get(start..end).unwrap_or("")
}

/// The code point at a position as a text.
pub fn at(text: &str, position: i64) -> Option<&str> {
    let position = usize::try_from(position).ok()?;
    let (start, letter) = text.char_indices().nth(position)?;
    text.get(start..start + letter.len_utf8())
}

/// The position of the first occurrence.
pub fn find(text: &str, part: &str) -> Option<i64> {
    text.find(part).map(|at| length(&text[..at]))
}

/// Whether a text contains another.
pub fn contains(text: &str, part: &str) -> bool {
    text.contains(part)
}

/// Whether a text starts with another.
pub fn starts_with(text: &str, part: &str) -> bool {
    text.starts_with(part)
}

/// Whether a text ends with another.
pub fn ends_with(text: &str, part: &str) -> bool {
    text.ends_with(part)
}

/// The parts between separators. The empty separator gives the code points.
pub fn split<'a>(text: &'a str, separator: &str) -> Vec<&'a str> {
    if separator.is_empty() {
        return text.char_indices().map(|(at, letter)| &text[at..at + letter.len_utf8()]).collect();
    }
    text.split(separator).collect()
}

/// The parts between runs of white space.
pub fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

/// The lines, without their ends.
pub fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

/// Every occurrence of `part` replaced; the empty part is nowhere.
pub fn replace(text: &str, part: &str, with: &str) -> Result<String, Fault> {
    if part.is_empty() {
        return Ok(text.to_owned());
    }
    let count = text.matches(part).count();
    bounded(text.len().saturating_add(count.saturating_mul(with.len())))?;
    Ok(text.replace(part, with))
}

/// The texts with a separator between them.
pub fn join<'a>(parts: impl IntoIterator<Item = &'a str>, separator: &str) -> Result<String, Fault> {
    let mut out = String::new();
    for (index, part) in parts.into_iter().enumerate() {
        if index > 0 {
            out.push_str(separator);
        }
        out.push_str(part);
        bounded(out.len())?;
    }
    Ok(out)
}

/// The text `count` times; a negative count is none.
pub fn repeat(text: &str, count: i64) -> Result<String, Fault> {
    let count = usize::try_from(count.max(0)).map_err(|_| Fault::MemoryExceeded)?;
    bounded(text.len().saturating_mul(count))?;
    Ok(text.repeat(count))
}

/// The text with copies of `with` before it, up to `length` code points.
pub fn pad_start(text: &str, length: i64, with: &str) -> Result<String, Fault> {
    let mut out = padding(text, length, with)?;
    out.push_str(text);
    Ok(out)
}

/// The text with copies of `with` after it, up to `length` code points.
pub fn pad_end(text: &str, length: i64, with: &str) -> Result<String, Fault> {
    Ok(format!("{text}{}", padding(text, length, with)?))
}

fn padding(text: &str, wanted: i64, with: &str) -> Result<String, Fault> {
    let missing = usize::try_from(wanted.saturating_sub(length(text)).max(0)).map_err(|_| Fault::MemoryExceeded)?;
    if missing == 0 || with.is_empty() {
        return Ok(String::new());
    }
    bounded(missing.saturating_mul(4).saturating_add(text.len()))?;
    Ok(with.chars().cycle().take(missing).collect())
}

/// The code points in the opposite order.
pub fn reverse(text: &str) -> String {
    text.chars().rev().collect()
}

/// Normalisation form C: what people see as equal becomes equal.
pub fn normalise(text: &str) -> String {
    text.nfc().collect()
}

/// The Int that a text writes: digits with an optional sign, nothing else.
pub fn to_int(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// The finite Float that a text writes in decimal.
pub fn to_float(text: &str) -> Option<f64> {
    let digit = text.bytes().any(|byte| byte.is_ascii_digit());
    let form = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E'));
    if !digit || !form {
        return None;
    }
    text.parse::<f64>().ok().filter(|value| value.is_finite()).map(|value| value + 0.0)
}

/// Whether a text may be a Text: U+0000 is refused.
pub fn is_acceptable(text: &str) -> bool {
    !text.as_bytes().contains(&0)
}

fn bounded(bytes: usize) -> Result<(), Fault> {
    if bytes <= MAX_LENGTH { Ok(()) } else { Err(Fault::MemoryExceeded) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn positions_are_code_points() {
        assert_eq!(length("blåbær"), 6);
        assert_eq!(slice("blåbær", 2, 4), "åb");
        assert_eq!(slice("blåbær", -3, 3), "blå");
        assert_eq!(slice("blåbær", 4, 2), "");
        assert_eq!(slice("blåbær", i64::MIN, i64::MAX), "blåbær");
        assert_eq!(slice("", -1, 1), "");
        assert_eq!(at("blåbær", 2), Some("å"));
        assert_eq!((at("a", 1), at("a", -1)), (None, None));
        assert_eq!(find("blåbær", "bær"), Some(3));
        assert_eq!(reverse("åb"), "bå");
    }

    #[test]
    fn parts() {
        assert_eq!(split("a,b,,c", ","), ["a", "b", "", "c"]);
        assert_eq!(split("åb", ""), ["å", "b"]);
        assert_eq!(split("", ","), [""]);
        assert_eq!(words("  a  b\tc "), ["a", "b", "c"]);
        assert_eq!(lines("a\r\nb\n"), ["a", "b"]);
        assert_eq!(join(["a", "b"], ", "), Ok("a, b".to_owned()));
        assert_eq!(replace("aaa", "aa", "b"), Ok("ba".to_owned()));
        assert_eq!(replace("abc", "", "x"), Ok("abc".to_owned()));
    }

    #[test]
    fn lengths_are_bounded() {
        assert_eq!(repeat("ab", 3), Ok("ababab".to_owned()));
        assert_eq!(repeat("ab", -1), Ok(String::new()));
        assert_eq!(repeat("ab", i64::MAX), Err(Fault::MemoryExceeded));
        assert_eq!(pad_start("7", 3, "0"), Ok("007".to_owned()));
        assert_eq!(pad_end("å", 4, "xy"), Ok("åxyx".to_owned()));
        assert_eq!(pad_start("a", i64::MAX, " "), Err(Fault::MemoryExceeded));
        assert_eq!(pad_start("abc", 2, "0"), Ok("abc".to_owned()));
    }

    #[test]
    fn cases_and_forms() {
        assert_eq!(
            (lower("ÆØÅ").as_str(), upper("straße").as_str(), capitalise("élan").as_str()),
            ("æøå", "STRASSE", "Élan")
        );
        assert_eq!(normalise("e\u{301}"), "é");
    }

    #[test]
    fn numbers() {
        assert_eq!(
            (to_int("-42"), to_int("+1"), to_int(""), to_int("9223372036854775808")),
            (Some(-42), None, None, None)
        );
        assert_eq!(
            (to_float("1e3"), to_float("inf"), to_float("nan"), to_float("1e999")),
            (Some(1000.0), None, None, None)
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn slices_are_those_of_the_letters(text in "\\PC{0,12}", start in -15i64..15, end in -15i64..15) {
            let letters: Vec<char> = text.chars().collect();
            let n = letters.len() as i64;
            let place = |p: i64| p.clamp(0, n) as usize;
            let expected: String = letters.get(place(start)..place(end)).unwrap_or(&[]).iter().collect();
            prop_assert_eq!(slice(&text, start, end), expected);
            prop_assert_eq!(length(&text), n);
        }
    }
}
