//! The image: the state of a program in memory, as typed columns of row versions.
//!
//! See [`layout`] for what generated code may rely on.

pub mod layout;
pub mod shape;

pub use layout::{Collection, NEVER, NONE, RelationView, Row, Str};
pub use tenon_value::schema;
