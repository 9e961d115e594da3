//! The formatter: one style, all comments kept, and the same tokens for the grammar as before.
//!
//! Lines break where the writer broke them, with these rules: two spaces of indent for each level; what a bracket
//! holds is either on one line or has lines of its own; the clauses of a long header stand on lines of their own
//! and its `{` at column 0; a line longer than [`WIDTH`] is broken at its outermost part; at most one empty line;
//! `;` only between statements on one line; nothing is aligned.
//!
//! The result is read again and compared: if the grammar would see other tokens, or a comment were lost, the
//! item stays as it is and the caller is told. A broken item is never touched.

mod layout;
mod pieces;
mod spacing;
mod wrap;

use crate::lexer;
use crate::parser::parse_item;
use crate::repair::{self, Repaired};
use crate::split::items;
use crate::token::{TokenTable, comments};
use crate::words::TokenKind;

/// The columns of a line.
pub const WIDTH: usize = 100;

/// How often a text is laid out until it stays the same.
const ROUNDS: usize = 6;

/// Why an item was left as it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum NotFormatted {
    /// The item has errors.
    Broken,
    /// The layout would have changed what the item says: a defect of the formatter.
    Unfaithful,
}

/// A formatted file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Formatted {
    /// The text of the file.
    pub text: String,
    /// The items, by their index in [`items`], that were left as they are.
    pub left: Vec<(usize, NotFormatted)>,
}

/// Formats a file item by item. Between items stands an empty line if the writer put one there, or if one of
/// the two has several lines.
pub fn format(file: &str) -> Formatted {
    let mut text = String::with_capacity(file.len() + file.len() / 8);
    let mut left = Vec::new();
    let mut several_lines = false;
    for (index, item) in items(file).iter().enumerate() {
        let source = item.text(file);
        match format_item(source) {
            Ok(formatted) => {
                let before = std::mem::replace(&mut several_lines, formatted.lines().nth(1).is_some());
                let apart = before || several_lines || begins_with_empty_line(source);
                if apart && !text.is_empty() && !text.ends_with("\n\n") && !formatted.is_empty() {
                    text.push('\n');
                }
                text.push_str(&formatted);
            }
            Err(reason) => {
                several_lines = false;
                left.push((index, reason));
                text.push_str(source);
                if !text.ends_with('\n') && !text.is_empty() {
                    text.push('\n');
                }
            }
        }
    }
    Formatted { text, left }
}

/// Formats one item, with the comments before it and without empty lines before them; it ends with a newline
/// unless it is empty.
pub fn format_item(source: &str) -> Result<String, NotFormatted> {
    if !parse_item(source).errors.is_empty() {
        return Err(NotFormatted::Broken);
    }
    let before = Reading::new(source);
    let mut text = before.laid_out(source);
    for _ in 0..ROUNDS {
        let reading = Reading::new(&text);
        if !reading.agrees(&text, &before, source) {
            return Err(NotFormatted::Unfaithful);
        }
        let next = reading.laid_out(&text);
        if next == text {
            return Ok(text);
        }
        text = next;
    }
    Err(NotFormatted::Unfaithful)
}

/// True if an empty line stands before the first comment or token.
fn begins_with_empty_line(source: &str) -> bool {
    source.split('\n').next().is_some_and(|line| line.trim().is_empty())
        && source.contains(|c: char| !c.is_whitespace())
}

/// The tokens of an item as the grammar sees them.
struct Reading {
    table: TokenTable,
    code: String,
    repaired: Repaired,
}

impl Reading {
    fn new(source: &str) -> Reading {
        let mut errors = Vec::new();
        let (mut table, code) = TokenTable::new(source, lexer::lex(source, &mut errors));
        let repaired = repair::repair(&code, &mut table, &mut errors);
        Reading { table, code, repaired }
    }

    fn laid_out(&self, source: &str) -> String {
        let mut pieces = pieces::Pieces::new(source, self);
        pieces.breaks_of_writer();
        loop {
            let (text, lines) = layout::lay_out(&pieces);
            if !wrap::wrap(&mut pieces, &lines) {
                return text;
            }
        }
    }

    /// True if the grammar sees the same tokens, and the comments are the same.
    fn agrees(&self, source: &str, other: &Reading, other_source: &str) -> bool {
        let words = |reading: &Reading| -> Vec<(TokenKind, String)> {
            let tokens = reading.repaired.tokens.iter();
            tokens
                .map(|token| {
                    let text = if token.kind == TokenKind::Semi { "" } else { token.range.slice(&reading.code) };
                    (token.kind, text.to_string())
                })
                .collect()
        };
        let all_comments = |reading: &Reading, source: &str| -> Vec<String> {
            (0..=reading.table.tokens().len())
                .flat_map(|index| comments(source, reading.table.trivia_before(index)))
                .map(|comment| comment.range.slice(source).to_string())
                .collect()
        };
        words(self) == words(other) && all_comments(self, source) == all_comments(other, other_source)
    }
}
