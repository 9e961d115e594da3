//! Random numbers of a call: the generator of the evaluator too, so that both engines draw the same values.

pub use tenon_value::random::Random;
