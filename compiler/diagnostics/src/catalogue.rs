//! The one table of diagnostic codes. Documents, `tenon error`, tests and the editor derive from it.
//!
//! Numbers never change their meaning. Ranges: 00xx the language's limits, 01xx words and shapes,
//! 02xx names and types, 03xx facts, 05xx relations, 06xx queries, 07xx rules, callers and the wire,
//! 08xx change, 09xx scenarios.

use crate::Severity;

/// Everything that is known about one code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CodeInfo {
    /// The number, printed as `T0123`.
    pub number: u16,
    /// The stable name that people search for.
    pub name: &'static str,
    /// Its severity.
    pub severity: Severity,
    /// One sentence: what the rule is.
    pub rule: &'static str,
    /// A page of text for `tenon error`, in Markdown, with a bad and a good program in `tenon` fences.
    pub page: &'static str,
}

macro_rules! catalogue {
    ($($id:ident = $number:literal $name:literal $severity:ident $rule:literal;)*) => {
        /// A diagnostic code.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $rule] $id,)*
        }

        /// All codes, in the order of their numbers.
        pub const CATALOGUE: &[(Code, CodeInfo)] = &[
            $((Code::$id, CodeInfo {
                number: $number,
                name: $name,
                severity: Severity::$severity,
                rule: $rule,
                page: include_str!(concat!("../pages/", $name, ".md")),
            }),)*
        ];

        impl Code {
            /// The row of the catalogue.
            pub fn info(self) -> &'static CodeInfo {
                &CATALOGUE[self as usize].1
            }
        }
    };
}

catalogue! {
    NotSupported = 1 "not-supported" Error "a part of the language that this version does not run yet";
    Syntax = 100 "syntax" Error "something stands where the grammar has no place for it";
    Case = 101 "case" Error "types, relations, variants and errors are written UpperCamel, everything else lower_snake";
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "T{:04}", self.info().number)
    }
}

/// Finds a code by `T0123`, `123` or its name.
pub fn find(text: &str) -> Option<Code> {
    let digits = text.strip_prefix(['T', 't']).unwrap_or(text);
    let number = digits.parse::<u16>().ok();
    CATALOGUE.iter().find(|(_, info)| Some(info.number) == number || info.name == text).map(|(code, _)| *code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_and_names_are_unique() {
        for pair in CATALOGUE.windows(2) {
            assert!(pair[0].1.number < pair[1].1.number, "{} and {}", pair[0].1.name, pair[1].1.name);
        }
        let mut names: Vec<_> = CATALOGUE.iter().map(|(_, info)| info.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), CATALOGUE.len());
        assert_eq!(find("T0101"), Some(Code::Case));
        assert_eq!(find("case"), Some(Code::Case));
    }
}
