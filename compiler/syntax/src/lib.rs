//! Text to syntax: characters, tokens, items, token repair, the grammar, the tree of one item, the formatter.
//!
//! This room never asks what a name means, reads no file and keeps no state. Nothing in it fails or panics,
//! whatever the text.

pub mod ast;
