//! Values and what can be done with them without a store: arithmetic, text, time, the wire, and the dispatch of a
//! request.
//!
//! | module | holds |
//! | --- | --- |
//! | [`value`] | the dynamic value and its order |
//! | [`fault`] | run-time faults and typed failures |
//! | [`integer`], [`decimal`], [`float`] | arithmetic that never wraps, and exact sums |
//! | [`text`], [`pattern`], [`collation`] | functions of Text, regular expressions, the order that a language has |
//! | [`time`], [`identity`], [`random`] | calendar, zones, notations; UUIDs; random values from a seed |
//! | [`library`] | the primitives of the library, by their ids |
//! | [`mod@format`] | values as texts for people |
//! | [`shape`] | what values look like on the wire and in native lanes |
//! | [`width`] | how many lanes values have, and may have |
//! | [`sink`], [`lanes`] | where decoded values go: dynamic values, or native lanes |
//! | [`json`], [`base64`], [`csv`], `ascii` | the wire |
//! | [`problem`] | what is wrong with a request |
//! | [`dispatch`] | from a request's bytes to a call, and from its outcome to a response |
//! | [`schema`] | the relations of a program as its store sees them, and which of them a store refuses |
//!
//! Invariants: no IO, no clock, no randomness, no threads (time and random bits are arguments); no input makes it panic;
//! it compiles to WebAssembly and depends on no other room.

mod ascii;
pub mod base64;
pub mod collation;
pub mod csv;
pub mod decimal;
pub mod dispatch;
pub mod fault;
pub mod float;
pub mod format;
pub mod identity;
pub mod integer;
pub mod json;
pub mod lanes;
pub mod library;
pub mod pattern;
pub mod problem;
pub mod random;
pub mod schema;
pub mod shape;
pub mod sink;
pub mod text;
pub mod time;
pub mod value;
pub mod width;

pub use fault::{BuiltIn, ErrorId, Failure, Fault};
pub use problem::{Place, Problem, ProblemCode};
pub use shape::{Shape, ShapeId, Shapes};
pub use value::Value;
