//! The table of functions that generated code may call.
//!
//! There is one table ([`crate::functions::TABLE`]), made by one macro from Rust functions; their
//! signatures are derived from the Rust types, so a description cannot differ from what it describes.
//! Generated code calls them with the System V convention: each parameter is one register or stack
//! word, a text is two words, and a result is nothing, one word, or two words ([`Pair`]).
//!
//! A function marked *fallible* reports a problem in [`crate::context::CallContext::status`], which the
//! caller must test after the call; its result then means nothing.

use tenon_store::{Row, Str};

/// How a word is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// A 64-bit integer register.
    I64,
    /// A 32-bit integer in an integer register; the upper half means nothing.
    I32,
    /// A 64-bit float register.
    F64,
}

/// Two words returned together.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The first word.
    pub first: u64,
    /// The second word.
    pub second: u64,
}

impl From<Str> for Pair {
    fn from(text: Str) -> Pair {
        Pair { first: text.head, second: text.tail }
    }
}

impl From<Row> for Pair {
    fn from(row: Row) -> Pair {
        Pair { first: u64::from(row.entity), second: u64::from(row.slot) }
    }
}

/// What a call may do besides computing its result; the weakest that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Depends on its arguments and what they point to alone; may take arena memory.
    Pure,
    /// Also reads the store.
    Reads,
    /// Also writes the store, or changes a collection, table or cursor that it is given.
    Writes,
}

/// A function that generated code may call.
#[derive(Debug)]
pub struct Function {
    /// The name: its symbol, and how the code generator asks for it.
    pub name: &'static str,
    /// The names of the parameters, word by word.
    pub parameters: &'static [&'static str],
    /// How each word is passed.
    pub words: &'static [Word],
    /// The words of the result.
    pub results: &'static [Word],
    /// Whether `status` must be tested after the call.
    pub fallible: bool,
    /// What the call may do.
    pub effect: Effect,
    /// Where the function is.
    pub address: Address,
}

/// The address of a function.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Address(pub *const ());

// SAFETY: the address of a function is a constant.
unsafe impl Send for Address {}
// SAFETY: as above.
unsafe impl Sync for Address {}

/// A type that is passed as one word.
pub trait Argument {
    /// How.
    const WORD: Word;
}

macro_rules! arguments {
    ($($ty:ty => $word:ident),*) => { $(impl Argument for $ty { const WORD: Word = Word::$word; })* };
}
arguments!(u64 => I64, i64 => I64, usize => I64, u32 => I32, i32 => I32, f64 => F64);
impl<T> Argument for *const T {
    const WORD: Word = Word::I64;
}
impl<T> Argument for *mut T {
    const WORD: Word = Word::I64;
}

/// A type that is returned in registers.
pub trait Returned {
    /// Its words.
    const WORDS: &'static [Word];
}
impl Returned for () {
    const WORDS: &'static [Word] = &[];
}
impl Returned for Pair {
    const WORDS: &'static [Word] = &[Word::I64, Word::I64];
}
macro_rules! returned {
    ($($ty:ty),*) => { $(impl Returned for $ty { const WORDS: &'static [Word] = &[<$ty as Argument>::WORD]; })* };
}
returned!(u64, i64, usize, u32, i32, f64);
impl<T> Returned for *const T {
    const WORDS: &'static [Word] = &[Word::I64];
}
impl<T> Returned for *mut T {
    const WORDS: &'static [Word] = &[Word::I64];
}

/// A function pointer type whose signature is known.
pub trait Signature {
    /// The words of the parameters.
    const PARAMETERS: &'static [Word];
    /// The words of the result.
    const RESULTS: &'static [Word];
}

macro_rules! signatures {
    ($(($($p:ident)*))*) => { $(
        impl<Z: Returned, $($p: Argument),*> Signature for unsafe extern "C" fn($($p),*) -> Z {
            const PARAMETERS: &'static [Word] = &[$($p::WORD),*];
            const RESULTS: &'static [Word] = Z::WORDS;
        }
    )* };
}
signatures! {
    (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H)
    (A B C D E F G H I) (A B C D E F G H I J)
}

/// The signature of a function pointer, as constants.
pub const fn signature<S: Signature + Copy>(_: S) -> (&'static [Word], &'static [Word]) {
    (S::PARAMETERS, S::RESULTS)
}
