//! Text to syntax: characters, tokens, items, token repair, the grammar, the tree of one item, the formatter.
//!
//! ```text
//! file ── items ──▶ text of an item ── lexer ──▶ tokens ── repair ──▶ tokens ── grammar ──▶ tree
//!                                                   └── table (text ↔ code) ──▶ formatter, editor
//! ```
//!
//! Invariants:
//! - [`items`] gives texts that are the file when joined; nothing in an item depends on its place or on its
//!   neighbours.
//! - [`parse_item`] gives for every text whatsoever a [`Parsed`], without panic and in linear time; a tree
//!   without error nodes where there is no error, and an error wherever there is an error node.
//! - Ranges are ranges of the item's code (see [`token`]), so comments and white space change no tree.
//!
//! This room never asks what a name means, reads no file and keeps no state.

mod appendix;
pub mod ast;
pub mod case;
mod error;
mod format;
mod lexer;
mod parser;
mod repair;
mod split;
pub mod token;
pub mod words;

pub use appendix::grammar_appendix;
pub use error::{SyntaxError, SyntaxFix};
pub use format::{Formatted, NotFormatted, WIDTH, format, format_item};
pub use parser::expected::{Expected, expected_at};
pub use parser::{Parsed, parse_item};
pub use split::{ItemText, item_at, items};
