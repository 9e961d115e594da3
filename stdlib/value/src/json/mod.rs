//! JSON, driven by shapes: one pass from bytes into a [`Sink`](crate::sink::Sink), and from values or lanes to bytes.
//!
//! No tree of JSON lies between, except for the type `Json`, which is its own canonical text.
//!
//! Invariants: every problem of a text is reported with its place, up to a bound; a text that is not JSON ends decoding
//! at the first place where it is not; nesting is bounded, so no input exhausts the stack; numbers are read exactly;
//! `decode(encode(v)) == v` for every value of every shape that can be sent.

mod canonical;
mod decode;
pub(crate) mod encode;
mod names;
mod parameter;
mod reader;
mod scan;

pub use canonical::{NotCanonical, canonical};
pub use decode::{Body, DecodeError, Decoder, Options, Unknown, decode, decode_value, enter_content, leave_content};
pub use encode::{encode_value, write_integer, write_string, write_value};
pub use names::closest_name;
pub use scan::{Scanner, Start, SyntaxError};

/// How deeply a text may nest.
pub const MAX_DEPTH: usize = 128;
