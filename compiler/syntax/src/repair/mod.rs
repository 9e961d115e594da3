//! Tokens are repaired before the grammar sees them, so that it nearly always reads a legal sequence.
//!
//! In this order: words become keywords where they are ([`keywords`]); what newcomers write is replaced by what
//! Tenon writes, with a message ([`newcomers`]); brackets are balanced ([`brackets`]); holes are put where an
//! operand is missing ([`holes`]); line ends become `;` ([`terminators`]). What the grammar then still refuses
//! is cut out by lines ([`excision`]).
//!
//! Every token that is put in, and every one that is taken away, has its error. Whoever repairs says so: an
//! item with such an error gets no further errors from the grammar, for they would be its consequences.

mod brackets;
mod classes;
pub(crate) mod depth;
pub(crate) mod excision;
mod holes;
mod keywords;
mod newcomers;
mod terminators;

use crate::error::SyntaxError;
use crate::token::{Token, TokenTable};
use crate::words::TokenKind;
use smol_str::SmolStr;
use tenon_span::Range;

/// The tokens of an item, ready for the grammar.
pub(crate) struct Repaired {
    /// In order, not overlapping; those that were put in are empty.
    pub tokens: Vec<Token>,
    /// Texts that differ from the source, by the start of their token, in order.
    pub meant: Vec<(u32, SmolStr)>,
}

impl Repaired {
    /// The text of a token: what is meant, or else what is written.
    pub(crate) fn text<'a>(&'a self, source: &'a str, token: &Token) -> &'a str {
        if !self.meant.is_empty()
            && let Ok(index) = self.meant.binary_search_by_key(&token.range.start, |(start, _)| *start)
            && let Some((_, text)) = self.meant.get(index)
            && !token.range.is_empty()
        {
            return text;
        }
        token.range.slice(source)
    }
}

/// Repairs the tokens of an item. `table` keeps all of them; its words get their kinds.
pub(crate) fn repair(source: &str, table: &mut TokenTable, errors: &mut Vec<SyntaxError>) -> Repaired {
    let mut tokens = keywords::promote(source, &mut table.tokens);
    let meant = newcomers::translate(source, &mut tokens, errors);
    let tokens = brackets::balance(tokens, &table.closing_braces_at_column_0, errors);
    let tokens = holes::fill(source, tokens, errors);
    let tokens = terminators::place(source, tokens, errors);
    Repaired { tokens, meant }
}

/// A token that is not in the text.
fn put_in(kind: TokenKind, at: u32) -> Token {
    Token { kind, range: Range::empty(at), first_on_line: false, space_after: true }
}
