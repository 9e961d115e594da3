//! Run-time faults and typed failures: the two ways in which a call ends without an answer.
//!
//! A *fault* is a fault of the program or of its limits (overflow, a failed `assert`, no more fuel): the caller gets a
//! number and no data. A *failure* is part of a handler's interface (`fail NotFound("…")`): the caller gets a typed
//! problem document. The numbers of faults are shared by the evaluator, generated code and the server.

use std::fmt;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::value::Value;

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $message:literal;)*) => {
        /// A fault at run time. The discriminant is the number that generated code passes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[repr(u16)]
        pub enum Fault {
            $($(#[$doc])* $name = $code,)*
        }

        impl Fault {
            /// All faults, in the order of their numbers.
            pub const ALL: &'static [Fault] = &[$(Fault::$name,)*];

            /// The fault's number.
            pub fn code(self) -> u16 {
                self as u16
            }

            /// The fault with this number.
            pub fn from_code(code: u16) -> Option<Fault> {
                match code {
                    $($code => Some(Fault::$name),)*
                    _ => None,
                }
            }

            /// The fault's name, as tests and logs print it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Fault::$name => stringify!($name),)*
                }
            }

            /// One sentence for people who run the program.
            pub fn message(self) -> &'static str {
                match self {
                    $(Fault::$name => $message,)*
                }
            }
        }
    };
}

faults! {
    /// A result of Int or Decimal arithmetic, or a time, does not fit its type.
    Overflow = 1, "the result does not fit its type";
    /// A divisor was zero.
    DivisionByZero = 2, "division by zero";
    /// An `assert` did not hold.
    AssertFailed = 3, "an assertion does not hold";
    /// An obligation that was left to run time (a refinement, a precondition) did not hold.
    ObligationFailed = 4, "a rule that the program rests on does not hold";
    /// An `ensures` did not hold.
    EnsuresFailed = 5, "a promised result does not hold";
    /// A refinement of a stored field did not hold when a row was written.
    RefinementFailed = 6, "a value breaks the rule of its type";
    /// A row `check` did not hold when a row was written.
    CheckFailed = 7, "a row breaks a check of its relation";
    /// A `transitions` rule did not hold when a row was written.
    TransitionFailed = 8, "a field may not change in this way";
    /// A Float became NaN or infinite.
    NotFinite = 9, "a Float is not a finite number";
    /// A `!` met `none`.
    Missing = 10, "a value that must be present is none";
    /// A position is outside a text or a list.
    OutOfRange = 11, "a position is outside its text or list";
    /// An argument of a library function is not acceptable (an unknown time zone, a scale that is too large).
    BadArgument = 12, "an argument is not acceptable";
    /// A `unique` was broken and no `else` names a failure.
    DuplicateUnique = 14, "a row with these unique values exists";
    /// A reference points at no row, or the row that a reference points at was deleted.
    ReferenceFailed = 15, "a reference has no row";
    /// A row was used after it was deleted.
    RowDeleted = 16, "the row was deleted";
    /// The call used up its fuel.
    FuelExhausted = 32, "the call did more work than it may";
    /// The call used up its memory.
    MemoryExceeded = 33, "the call used more memory than it may";
    /// Functions called each other too deeply.
    RecursionTooDeep = 34, "functions call each other too deeply";
    /// The call took longer than it may.
    TimedOut = 35, "the call took longer than it may";
    /// A relation can hold no more rows.
    RelationFull = 36, "a relation is full";
    /// A row would be larger than a row may be.
    RowTooLarge = 37, "a row is larger than a row may be";
    /// A proof of the compiler, which took the place of a check, was wrong. Only programs that are lowered with their proofs
    /// as assertions end so.
    ProofWrong = 98, "what the compiler proved does not hold; this is a bug of Tenon";
    /// Generated code, the store or the authority broke an invariant of theirs: a bug of the implementation.
    Internal = 99, "the implementation is wrong here; this is a bug of Tenon";
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name(), self.message())
    }
}

impl std::error::Error for Fault {}

/// A number of an error type of a program: below [`FIRST_DECLARED`] a built-in one, from there on the declared ones in
/// the order of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ErrorId(pub u32);

/// The members that a problem document has of its own. The fields of an error stand beside them, so none of them is sent
/// under one of these names.
pub const PROBLEM_MEMBERS: [&str; 7] = ["type", "title", "status", "detail", "instance", "errors", "incident"];

/// The number of a program's first declared error.
pub const FIRST_DECLARED: u32 = 16;

macro_rules! built_in {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $status:literal, $title:literal;)*) => {
        /// The built-in errors.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[repr(u32)]
        pub enum BuiltIn {
            $($(#[$doc])* $name = $id,)*
        }

        impl BuiltIn {
            /// All built-in errors.
            pub const ALL: &'static [BuiltIn] = &[$(BuiltIn::$name,)*];

            /// The error's number.
            pub fn id(self) -> ErrorId {
                ErrorId(self as u32)
            }

            /// The built-in error with this number.
            pub fn from_id(id: ErrorId) -> Option<BuiltIn> {
                match id.0 {
                    $($id => Some(BuiltIn::$name),)*
                    _ => None,
                }
            }

            /// The built-in error with this name.
            pub fn from_name(name: &str) -> Option<BuiltIn> {
                match name {
                    $(stringify!($name) => Some(BuiltIn::$name),)*
                    _ => None,
                }
            }

            /// The error's name in programs.
            pub fn name(self) -> &'static str {
                match self {
                    $(BuiltIn::$name => stringify!($name),)*
                }
            }

            /// The HTTP status.
            pub fn status(self) -> u16 {
                match self {
                    $(BuiltIn::$name => $status,)*
                }
            }

            /// The title of the problem document.
            pub fn title(self) -> &'static str {
                match self {
                    $(BuiltIn::$name => $title,)*
                }
            }
        }
    };
}

built_in! {
    /// The request cannot be understood or breaks a rule.
    Invalid = 0, 422, "Invalid";
    /// The caller is not known.
    Unauthenticated = 1, 401, "Unauthenticated";
    /// The caller may not do this.
    Forbidden = 2, 403, "Forbidden";
    /// There is no such thing, or it may not be seen.
    NotFound = 3, 404, "Not found";
    /// The state of the store does not allow this.
    Conflict = 4, 409, "Conflict";
    /// The caller calls too often.
    TooMany = 5, 429, "Too many requests";
    /// The service cannot answer now.
    Busy = 6, 503, "Busy";
    /// An outside system did not answer (in workflows and reactions).
    Unreachable = 7, 502, "Unreachable";
    /// An outside system or a wait took too long (in workflows and reactions).
    TimedOut = 8, 504, "Timed out";
}

/// A typed failure of a handler: `fail OutOfStock(left: 3)`.
///
/// The name, status and wire names of the fields stand in the table of errors
/// ([`ErrorShape`](crate::dispatch::ErrorShape)) of the program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Which error.
    pub error: ErrorId,
    /// The error's fields, in the order of its declaration.
    pub fields: Vec<Value>,
    /// The message for people, already interpolated.
    pub message: SmolStr,
}

impl Failure {
    /// A failure with a built-in error.
    pub fn built_in(error: BuiltIn, message: impl Into<SmolStr>) -> Failure {
        Failure { error: error.id(), fields: Vec::new(), message: message.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lead_back() {
        for fault in Fault::ALL {
            assert_eq!(Fault::from_code(fault.code()), Some(*fault));
        }
        for error in BuiltIn::ALL {
            assert_eq!(BuiltIn::from_id(error.id()), Some(*error));
            assert_eq!(BuiltIn::from_name(error.name()), Some(*error));
            assert!(error.id().0 < FIRST_DECLARED);
        }
    }
}
