//! Questions about a whole program, as datafrog programs: facts in, tuples out. Each stands in a file of its
//! own with its rules at the top. Nothing here knows syntax, types, salsa or diagnostics; whoever asks gives
//! numbers to things and reads the answers back.

pub mod circles;
pub mod effects;
pub mod secrets;
