//! Tokens of the text form.

use super::ParseError;

/// A token.
#[derive(Clone, PartialEq, Debug)]
pub enum Token {
    /// A name, in backquotes if it was written so, and the number after `#`. `#3` alone has an empty name.
    Name(String, Option<u32>, bool),
    /// A number as written, with its sign and its suffix.
    Number(String),
    /// A text, unescaped.
    Text(String),
    /// Octets.
    Bytes(Vec<u8>),
    /// Punctuation.
    Punct(&'static str),
    /// The end.
    End,
}

/// Punctuation, longest first.
const PUNCTUATION: &[&str] = &[
    "->", "<-", "==", "!=", "<=", ">=", "=>", "..", "(", ")", "{", "}", "[", "]", "<", ">", "+", "-", "*", "@", "?",
    ":", ";", ",", "=", ".", "|", "&",
];

/// The tokens of a text, each with the offset where it begins, and one [`Token::End`].
pub fn tokens(text: &str) -> Result<Vec<(Token, usize)>, ParseError> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    let fail = |at: usize, message: &str| Err(ParseError::new(text, at, message.to_string()));
    while at < bytes.len() {
        let start = at;
        let c = bytes[at];
        if c.is_ascii_whitespace() {
            at += 1;
            continue;
        }
        if text[at..].starts_with("//") {
            at += text[at..].find('\n').unwrap_or(text.len() - at);
            continue;
        }
        if text[at..].starts_with("0x\"") {
            let Some(length) = text[at + 3..].find('"') else { return fail(start, "octets are not closed") };
            let digits = &text[at + 3..at + 3 + length];
            let Some(octets) = unhex(digits) else { return fail(start, "octets are pairs of hexadecimal digits") };
            out.push((Token::Bytes(octets), start));
            at += length + 4;
            continue;
        }
        let negative = c == b'-' && bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
        if c.is_ascii_digit() || negative {
            at += 1;
            while let Some(&d) = bytes.get(at) {
                let exponent_sign = matches!(d, b'-' | b'+') && matches!(bytes[at - 1], b'e' | b'E');
                let fraction = d == b'.' && bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
                if d.is_ascii_alphanumeric() || exponent_sign || fraction {
                    at += 1;
                } else {
                    break;
                }
            }
            out.push((Token::Number(text[start..at].to_string()), start));
            continue;
        }
        if c == b'"' {
            let (value, end) = quoted(text, at)?;
            out.push((Token::Text(value), start));
            at = end;
            continue;
        }
        if c.is_ascii_alphabetic() || matches!(c, b'_' | b'$' | b'`' | b'#') {
            let mut quoted = false;
            let name = if c == b'`' {
                quoted = true;
                let Some(length) = text[at + 1..].find('`') else { return fail(start, "a name is not closed") };
                at += length + 2;
                text[start + 1..at - 1].to_string()
            } else {
                while bytes.get(at).is_some_and(|&d| is_name_byte(d)) {
                    at += 1;
                }
                text[start..at].to_string()
            };
            let mut number = None;
            if bytes.get(at) == Some(&b'#') {
                let digits = at + 1;
                at = digits;
                while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                    at += 1;
                }
                match text[digits..at].parse() {
                    Ok(n) => number = Some(n),
                    Err(_) => return fail(start, "a number must follow `#`"),
                }
            }
            out.push((Token::Name(name, number, quoted), start));
            continue;
        }
        let Some(punct) = PUNCTUATION.iter().find(|p| text[at..].starts_with(**p)) else {
            return fail(start, "this character means nothing here");
        };
        out.push((Token::Punct(punct), start));
        at += punct.len();
    }
    out.push((Token::End, text.len()));
    Ok(out)
}

/// Whether a byte may stand in a bare name.
pub fn is_name_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$')
}

/// Whether a name can be written without backquotes.
pub fn is_bare(name: &str) -> bool {
    let bytes = name.as_bytes();
    bytes.first().is_some_and(|b| !b.is_ascii_digit()) && bytes.iter().all(|&b| is_name_byte(b))
}

/// Octets as pairs of hexadecimal digits.
pub fn hex(octets: &[u8]) -> String {
    octets.iter().map(|b| format!("{b:02x}")).collect()
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    let nibble = |b: u8| (b as char).to_digit(16).map(|n| n as u8);
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|pair| Some(nibble(pair[0])? << 4 | nibble(pair[1])?)).collect()
}

/// A text in quotes: quotes, backslashes and control characters are escaped.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => out.push_str(&format!("\\u{{{:x}}}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Reads the text whose opening quote stands at `start`, and where it ends.
fn quoted(text: &str, start: usize) -> Result<(String, usize), ParseError> {
    let fail = |message: &str| Err(ParseError::new(text, start, message.to_string()));
    let mut out = String::new();
    let mut chars = text[start + 1..].char_indices();
    while let Some((offset, c)) = chars.next() {
        match c {
            '"' => return Ok((out, start + 1 + offset + 1)),
            '\\' => match chars.next().map(|(_, c)| c) {
                Some('n') => out.push('\n'),
                Some(c @ ('"' | '\\')) => out.push(c),
                Some('u') => {
                    let digits: String =
                        chars.by_ref().map(|(_, c)| c).skip_while(|c| *c == '{').take_while(|c| *c != '}').collect();
                    match u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32) {
                        Some(c) => out.push(c),
                        None => return fail("an escape names no character"),
                    }
                }
                _ => return fail("an unknown escape"),
            },
            c => out.push(c),
        }
    }
    fail("a text is not closed")
}
