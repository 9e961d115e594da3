//! Problems with what a caller sent: every one of them, each with its place.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// Where in a request a problem stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Place {
    /// In the body: a JSON pointer (`/items/3/qty`; the empty text is the whole body).
    Body(String),
    /// A part of the path.
    Path(SmolStr),
    /// A parameter of the query string, and the place within it.
    Query(SmolStr),
    /// A header.
    Header(SmolStr),
    /// A cookie.
    Cookie(SmolStr),
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// The stable code for programs.
    pub code: ProblemCode,
    /// A sentence for people.
    pub detail: String,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// The codes of problems.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum ProblemCode {
            $($(#[$doc])* $name,)*
        }

        impl ProblemCode {
            /// All codes.
            pub const ALL: &'static [ProblemCode] = &[$(ProblemCode::$name,)*];

            /// The code as it is written in problem documents.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(ProblemCode::$name => $text,)*
                }
            }
        }
    };
}

codes! {
    /// The body is not JSON.
    Syntax = "syntax";
    /// The body is nested more deeply than allowed.
    TooDeep = "too_deep";
    /// Another type was expected.
    Type = "type";
    /// A required part is absent.
    Missing = "missing";
    /// There is no such field or parameter.
    Unknown = "unknown";
    /// A field or parameter is given twice.
    Duplicate = "duplicate";
    /// A number is outside its type or its bounds.
    Range = "range";
    /// A text, collection or bytes have a wrong length.
    Length = "length";
    /// A text does not have the form of its type (a date, a UUID, a pattern).
    Format = "format";
    /// There is no such case or value.
    Choice = "choice";
    /// A rule of the program does not hold.
    Rule = "rule";
    /// There is no such row.
    NotFound = "not_found";
    /// There are more problems than are listed.
    More = "more";
}
