//! Regular expressions: `t matches r"…"`, which speaks about the whole text and takes linear time.
//!
//! Back-references and look-around do not exist; the `regex` crate has neither. A compiled pattern and its lazy automaton
//! are bounded in memory, so a pattern of a few characters cannot take the machine.

use std::fmt;

/// The largest compiled pattern, in bytes.
const SIZE_LIMIT: usize = 1 << 20;
/// The largest cache of a matcher, in bytes.
const CACHE_LIMIT: usize = 1 << 20;
/// The longest pattern, in bytes.
const TEXT_LIMIT: usize = 1 << 14;
/// The deepest nesting of groups.
const NEST_LIMIT: u32 = 64;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Pattern {
    whole: regex::Regex,
}

/// Why a pattern is not acceptable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadPattern(String);

impl fmt::Display for BadPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadPattern {}

impl Pattern {
    /// Compiles a pattern that is to match whole texts.
    pub fn new(text: &str) -> Result<Pattern, BadPattern> {
        if text.len() > TEXT_LIMIT {
            return Err(BadPattern(format!("the pattern is longer than {TEXT_LIMIT} bytes")));
        }
        let build = |text: &str| {
            regex::RegexBuilder::new(text)
                .size_limit(SIZE_LIMIT)
                .dfa_size_limit(CACHE_LIMIT)
                .nest_limit(NEST_LIMIT)
                .build()
                .map_err(|error| BadPattern(describe(&error)))
        };
        // The bare text is compiled first: `a)(b` must not become acceptable through the group put around it.
        build(text)?;
        // A pattern in the `x` mode may end with a comment, which a new line ends.
        let whole = build(&format!("\\A(?:{text})\\z")).or_else(|_| build(&format!("\\A(?:{text}\n)\\z")))?;
        Ok(Pattern { whole })
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        self.whole.is_match(text)
    }
}

/// One sentence from the last line of the library's drawing of a syntax error.
fn describe(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(limit) => {
            format!("the pattern needs more than {limit} bytes when compiled")
        }
        other => {
            let text = other.to_string();
            let last = text.lines().rev().find_map(|line| line.strip_prefix("error: ")).unwrap_or(&text);
            format!("the pattern is not acceptable: {last}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_text() {
        let pattern = Pattern::new("a|ab").unwrap();
        assert!(pattern.matches("ab"));
        assert!(!pattern.matches("abc"));
        assert!(!Pattern::new("a").unwrap().matches("a\n"));
        assert!(Pattern::new("(?x) a b # both").unwrap().matches("ab"));
        assert!(Pattern::new("\\d{3}-\\p{Lu}+").unwrap().matches("123-ÆØÅ"));
    }

    #[test]
    fn bad_patterns() {
        for bad in ["(", "a)(b", "(a)\\1", "(?=a)", "a{1000}{1000}{1000}", &"(".repeat(10_000), &"a".repeat(100_000)] {
            assert!(Pattern::new(bad).is_err(), "{}", &bad[..bad.len().min(40)]);
        }
        assert!(Pattern::new("(").unwrap_err().to_string().contains("unclosed group"));
    }
}
