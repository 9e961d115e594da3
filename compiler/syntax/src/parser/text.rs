//! Texts: escapes, block indent, and the pieces between holes.

use crate::ast::{Expr, Text, TextForm, TextPart};
use crate::error::SyntaxError;
use smol_str::SmolStr;
use tenon_diagnostics::Code;
use tenon_span::Range;

/// `r"…"`
pub(crate) fn raw(range: Range, source: &str) -> Text {
    let inner = source.strip_prefix("r\"").unwrap_or(source);
    let inner = inner.strip_suffix('"').unwrap_or(inner);
    let inner_range = Range::new(range.start + 2, range.start + 2 + inner.len() as u32);
    let parts = match inner {
        "" => Vec::new(),
        _ => vec![TextPart::Chars { text: SmolStr::new(inner), range: inner_range }],
    };
    Text { range, form: TextForm::Raw, parts }
}

/// `"…"` or `"""…"""`
pub(crate) fn without_holes(range: Range, source: &str, errors: &mut Vec<SyntaxError>) -> Text {
    with_holes(range, &[(range.start, source)], Vec::new(), errors)
}

/// Pieces and the holes between them: there is one piece more than holes. The pieces include their quotes and
/// braces.
pub(crate) fn with_holes(
    range: Range,
    pieces: &[(u32, &str)],
    holes: Vec<Expr>,
    errors: &mut Vec<SyntaxError>,
) -> Text {
    let block = pieces.first().is_some_and(|(_, source)| source.starts_with("\"\"\""));
    let quote = if block { "\"\"\"" } else { "\"" };
    let last = pieces.len().saturating_sub(1);
    let mut inner: Vec<(u32, &str)> = Vec::with_capacity(pieces.len());
    for (index, (start, source)) in pieces.iter().enumerate() {
        let opening = if index == 0 { quote } else { "}" };
        let closing = if index == last { quote } else { "{" };
        let rest = source.strip_prefix(opening).unwrap_or(source);
        let lead = (source.len() - rest.len()) as u32;
        inner.push((start + lead, rest.strip_suffix(closing).unwrap_or(rest)));
    }
    let indent = if block { Some(common_indent(&inner)) } else { None };
    let mut parts = Vec::with_capacity(inner.len() * 2);
    let mut holes = holes.into_iter();
    for (index, (start, source)) in inner.iter().enumerate() {
        let text = match indent {
            None => unescape(*start, source, errors),
            Some(indent) => block_lines(*start, source, index == 0, index == last, indent, errors),
        };
        if !text.is_empty() {
            let range = Range::new(*start, start + source.len() as u32);
            parts.push(TextPart::Chars { text: SmolStr::from(text), range });
        }
        parts.extend(holes.next().map(TextPart::Hole));
    }
    let form = if block { TextForm::Block } else { TextForm::Quoted };
    Text { range, form, parts }
}

/// The least indent of the lines that begin inside the block and are not blank. The first line, on which the
/// quotes stand, does not count.
fn common_indent(pieces: &[(u32, &str)]) -> usize {
    let last = pieces.len().saturating_sub(1);
    let mut least: Option<usize> = None;
    for (index, (_, source)) in pieces.iter().enumerate() {
        let mut lines = source.split('\n').skip(1).peekable();
        while let Some(line) = lines.next() {
            let content = line.trim_start_matches([' ', '\t']);
            let ends_in_hole = lines.peek().is_none() && index != last;
            if content.trim_end_matches('\r').is_empty() && !ends_in_hole {
                continue;
            }
            let indent = line.len() - content.len();
            least = Some(least.map_or(indent, |least| least.min(indent)));
        }
    }
    least.unwrap_or(0)
}

/// The characters of one piece of a block text: without the common indent, without the line break after the
/// opening quotes and the one before the closing quotes.
fn block_lines(
    start: u32,
    source: &str,
    first: bool,
    last: bool,
    indent: usize,
    errors: &mut Vec<SyntaxError>,
) -> String {
    let mut out = String::with_capacity(source.len());
    let line_count = source.split('\n').count();
    let mut offset = start;
    for (index, line) in source.split('\n').enumerate() {
        let line_start = offset;
        offset += line.len() as u32 + 1;
        let line = line.strip_suffix('\r').unwrap_or(line);
        let is_last = index + 1 == line_count;
        if index == 0 {
            if !(first && line_count > 1 && line.trim().is_empty()) {
                out.push_str(&unescape(line_start, line, errors));
            }
            continue;
        }
        if is_last && last && line.trim().is_empty() {
            break;
        }
        let after_opening = index == 1 && first && out.is_empty();
        if !after_opening {
            out.push('\n');
        }
        let blank = line.trim_start_matches([' ', '\t']);
        let stripped = indent.min(line.len() - blank.len());
        let content = line.get(stripped..).unwrap_or("");
        let before_hole = is_last && !last;
        if !blank.is_empty() || before_hole {
            out.push_str(&unescape(line_start + stripped as u32, content, errors));
        }
    }
    out
}

/// Resolves `\n \r \t \\ \" \{ \} \u{1f600}`.
fn unescape(start: u32, source: &str, errors: &mut Vec<SyntaxError>) -> String {
    if !source.contains('\\') {
        return source.to_string();
    }
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let escape = &rest[at..];
        let offset = start + (source.len() - escape.len()) as u32;
        let length = match escape[1..].chars().next() {
            Some('n') => put(&mut out, '\n'),
            Some('r') => put(&mut out, '\r'),
            Some('t') => put(&mut out, '\t'),
            Some(c @ ('\\' | '"' | '{' | '}')) => put(&mut out, c),
            Some('u') if escape[2..].starts_with('{') => code_point(&mut out, offset, escape, errors),
            Some(other) => {
                let range = Range::new(offset, offset + 1 + other.len_utf8() as u32);
                errors.push(
                    SyntaxError::new(Code::BadEscape, format!("there is no escape `\\{other}`"), range)
                        .note("escapes: `\\n \\r \\t \\\\ \\\" \\{ \\}` and `\\u{1f600}`; a raw text `r\"…\"` has none")
                        .fix("write the backslash itself", [(Range::empty(offset), "\\".to_string())], false),
                );
                out.push('\\');
                put(&mut out, other) - 1 + other.len_utf8()
            }
            None => {
                out.push('\\');
                1
            }
        };
        rest = &escape[length..];
    }
    out.push_str(rest);
    out
}

/// Puts the character of a two-byte escape and gives the escape's length.
fn put(out: &mut String, character: char) -> usize {
    out.push(character);
    2
}

/// `\u{…}`; gives its length.
fn code_point(out: &mut String, offset: u32, escape: &str, errors: &mut Vec<SyntaxError>) -> usize {
    let digits_start = 3;
    let digits =
        escape[digits_start..].find(|c: char| !c.is_ascii_hexdigit()).map(|end| &escape[digits_start..][..end]);
    let closed = digits.is_some_and(|digits| escape[digits_start + digits.len()..].starts_with('}'));
    let digits = digits.unwrap_or("");
    let length = digits_start + digits.len() + usize::from(closed);
    let character = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32).filter(|c| *c != '\0');
    match character {
        Some(character) if closed => out.push(character),
        _ => errors.push(
            SyntaxError::new(
                Code::BadEscape,
                "`\\u{…}` holds the hexadecimal number of a character",
                Range::new(offset, offset + length as u32),
            )
            .note("U+0000 and surrogates are no characters of a text"),
        ),
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(source: &str) -> String {
        let mut errors = Vec::new();
        let text = without_holes(Range::new(0, source.len() as u32), source, &mut errors);
        assert_eq!(errors, vec![]);
        text.plain().expect("there are no holes").to_string()
    }

    #[test]
    fn escapes_are_resolved() {
        assert_eq!(decoded(r#""a\n\"b\" \{x\} \u{1f600}\\""#), "a\n\"b\" {x} \u{1f600}\\");
        assert_eq!(decoded("\"\""), "");
    }

    #[test]
    fn block_texts_lose_their_common_indent() {
        assert_eq!(decoded("\"\"\"\n    a\n\n      b\n    c\n  \"\"\""), "a\n\n  b\nc");
        assert_eq!(decoded("\"\"\"one line\"\"\""), "one line");
        assert_eq!(decoded("\"\"\"\r\n  a\r\n  b\r\n  \"\"\""), "a\nb");
    }

    #[test]
    fn unknown_escapes_are_errors() {
        for (source, meant) in [
            (r#""\q""#, r"\q"),
            (r#""\u{}""#, ""),
            (r#""\u{110000}""#, ""),
            (r#""\u{0}""#, ""),
            (r#""\å""#, r"\å"),
            (r#""\u{12""#, "12"),
        ] {
            let mut errors = Vec::new();
            let text = without_holes(Range::new(0, source.len() as u32), source, &mut errors);
            assert_eq!((text.plain(), errors.len()), (Some(meant), 1), "{source}");
        }
    }

    /// The lexer has said that the text does not end.
    #[test]
    fn a_backslash_at_the_end_is_itself() {
        assert_eq!(decoded("\"a\\"), "a\\");
    }
}
