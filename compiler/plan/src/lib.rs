//! From Core's queries to physical plans.
//!
//! Planning is a pure function of the program and of statistics: the same inputs give the same plans,
//! indexes and numbers, whatever the machine.

pub mod physical;
