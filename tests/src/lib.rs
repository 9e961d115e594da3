//! Programs, applications and harnesses that test the whole of Tenon.

pub mod draw;
pub mod queries;
