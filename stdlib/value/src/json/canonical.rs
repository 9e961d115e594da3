//! The canonical text of untyped JSON: no white space, members sorted by name, strings with the fewest escapes. Numbers
//! keep their digits, because cutting them to a machine's number would lose some. Two Json values are equal if and only
//! if their canonical texts are.

use super::encode::write_string;
use super::scan::{Scanner, Start, SyntaxError};

/// Why a JSON value cannot be a Json.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotCanonical {
    /// It is not JSON.
    Syntax(SyntaxError),
    /// An object names a member twice.
    Duplicate(String),
    /// A string holds U+0000.
    Zero,
}

impl From<SyntaxError> for NotCanonical {
    fn from(error: SyntaxError) -> Self {
        NotCanonical::Syntax(error)
    }
}

impl std::fmt::Display for NotCanonical {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NotCanonical::Syntax(error) => {
                write!(f, "not JSON at byte {}: {}", error.at, error.what)
            }
            NotCanonical::Duplicate(name) => write!(f, "the member {name:?} is given twice"),
            NotCanonical::Zero => f.write_str("a string holds U+0000"),
        }
    }
}

impl std::error::Error for NotCanonical {}

/// The canonical text of a JSON text.
pub fn canonical(text: &str) -> Result<String, NotCanonical> {
    let mut scanner = Scanner::new(text, super::MAX_DEPTH);
    let mut out = Vec::with_capacity(text.len());
    write_canonical(&mut scanner, &mut out)?;
    scanner.end()?;
    // Only pieces of a valid text and ASCII were written.
    Ok(String::from_utf8(out).unwrap_or_default())
}

/// Consumes one value and appends its canonical text.
pub(super) fn write_canonical(scanner: &mut Scanner<'_>, out: &mut Vec<u8>) -> Result<(), NotCanonical> {
    match scanner.start()? {
        Start::Null => {
            scanner.null()?;
            out.extend(b"null");
        }
        Start::Bool => out.extend(if scanner.bool()? { "true" } else { "false" }.as_bytes()),
        Start::Number => out.extend(scanner.number()?.as_bytes()),
        Start::String => write_text(&scanner.string()?, out)?,
        Start::Array => {
            out.push(b'[');
            let mut more = scanner.open(b']')?;
            while more {
                write_canonical(scanner, out)?;
                more = scanner.next(b']')?;
                if more {
                    out.push(b',');
                }
            }
            out.push(b']');
        }
        Start::Object => {
            let mut members: Vec<(String, Vec<u8>)> = Vec::new();
            let mut more = scanner.open(b'}')?;
            while more {
                let name = scanner.name()?.into_owned();
                let mut content = Vec::new();
                write_canonical(scanner, &mut content)?;
                members.push((name, content));
                more = scanner.next(b'}')?;
            }
            members.sort_by(|(a, _), (b, _)| a.cmp(b));
            if let Some(twice) = members.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                return Err(NotCanonical::Duplicate(twice[0].0.clone()));
            }
            out.push(b'{');
            for (index, (name, content)) in members.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_text(name, out)?;
                out.push(b':');
                out.extend(content);
            }
            out.push(b'}');
        }
    }
    Ok(())
}

fn write_text(text: &str, out: &mut Vec<u8>) -> Result<(), NotCanonical> {
    if text.contains('\0') {
        return Err(NotCanonical::Zero);
    }
    write_string(out, text.as_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_for_equal_values() {
        assert_eq!(canonical(r#" { "b" : [ 1.50, "\u00e5\/" ], "a" : { } } "#).unwrap(), r#"{"a":{},"b":[1.50,"å/"]}"#);
        assert_eq!(canonical(r#"{"a":1,"\u0061":2}"#), Err(NotCanonical::Duplicate("a".into())));
        assert_eq!(canonical(r#""\u0000""#), Err(NotCanonical::Zero));
        assert!(matches!(canonical("[1"), Err(NotCanonical::Syntax(_))));
        assert!(matches!(
            canonical(&"[".repeat(100_000)),
            Err(NotCanonical::Syntax(SyntaxError { too_deep: true, .. }))
        ));
    }
}
