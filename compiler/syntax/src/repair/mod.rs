//! Tokens are repaired before the grammar sees them, so that it nearly always reads a legal sequence.
//!
//! In this order: words become keywords where they are ([`keywords`]); brackets are balanced ([`brackets`]);
//! holes are put where an operand is missing ([`holes`]); line ends become `;` ([`terminators`]). What the
//! grammar then still refuses is cut out by lines ([`excision`]). Only in an item that has errors, what
//! newcomers write is replaced by what Tenon writes before brackets are balanced ([`newcomers`]); so that part
//! may guess freely: a correct item never meets it.
//!
//! Every token that is put in, and every one that is taken away, has its error. Whoever repairs says so: an
//! item with such an error gets no further errors from the grammar, for they would be its consequences.

mod brackets;
pub(crate) mod classes;
pub(crate) mod depth;
pub(crate) mod excision;
mod holes;
mod keywords;
mod newcomers;
mod terminators;

use crate::error::SyntaxError;
use crate::token::{Token, TokenTable};
use crate::words::{TokenClass, TokenKind};
use smol_str::SmolStr;
use tenon_span::Range;

/// The tokens of an item, ready for the grammar.
pub(crate) struct Repaired {
    /// In order; those that were put in are empty.
    pub tokens: Vec<Token>,
    /// The texts that are meant where others, or none, are written.
    pub meant: Vec<SmolStr>,
    /// Something was replaced of which the checker tells.
    pub told_later: bool,
}

impl Repaired {
    /// The text of a token: what is meant, or else what is written.
    pub(crate) fn text<'a>(&'a self, source: &'a str, token: &Token) -> &'a str {
        match token.meant.checked_sub(1).and_then(|index| self.meant.get(usize::from(index))) {
            Some(meant) => meant,
            None => token.range.slice(source),
        }
    }
}

/// Repairs the tokens of an item. `table` keeps all of them; its words get their kinds.
pub(crate) fn repair(source: &str, table: &mut TokenTable, errors: &mut Vec<SyntaxError>) -> Repaired {
    let tokens = keywords::promote(source, &mut table.tokens);
    let tokens = finish(source, tokens, table, errors);
    Repaired { tokens, meant: Vec::new(), told_later: false }
}

/// Repairs the tokens of an item that has errors: what newcomers write is translated first.
pub(crate) fn repair_broken(source: &str, table: &TokenTable, errors: &mut Vec<SyntaxError>) -> Repaired {
    let mut table = table.clone();
    without_comments(&mut table.tokens);
    for token in &mut table.tokens {
        // Keywords are found anew from plain words.
        if !matches!(
            token.kind.class(),
            TokenClass::Sign | TokenClass::Literal | TokenClass::Repair | TokenClass::Foreign
        ) {
            token.kind = TokenKind::LowerName;
        }
    }
    let tokens = keywords::promote(source, &mut table.tokens);
    let translated = newcomers::translate(source, tokens, errors);
    let tokens = finish(source, translated.tokens, &table, errors);
    Repaired { tokens, ..translated }
}

/// Takes block comments away; what stands behind one begins the line that it began.
fn without_comments(tokens: &mut Vec<Token>) {
    let mut begins_line = false;
    tokens.retain_mut(|token| {
        let comment = token.kind == TokenKind::ForeignComment;
        match comment {
            true => begins_line |= token.first_on_line,
            false => token.first_on_line |= std::mem::take(&mut begins_line),
        }
        !comment
    });
}

fn finish(source: &str, tokens: Vec<Token>, table: &TokenTable, errors: &mut Vec<SyntaxError>) -> Vec<Token> {
    let tokens = brackets::balance(tokens, &table.closing_braces_at_column_0, errors);
    let tokens = holes::fill(source, tokens, errors);
    terminators::place(source, tokens, errors)
}

/// The tokens of a text that stops somewhere, words turned into keywords and nothing put in. A word at the end that is
/// a keyword only before an operand is read as if one followed.
pub(crate) fn words_of(source: &str, table: &mut TokenTable) -> Vec<Token> {
    let count = table.tokens.len();
    let end = table.tokens.last().map_or(0, |token| token.range.end);
    let mut with_operand = table.tokens.clone();
    with_operand.push(Token { kind: TokenKind::Int, ..put_in(TokenKind::Int, end) });
    if let Some(last) = with_operand.get_mut(count.saturating_sub(1)) {
        last.space_after = true;
    }
    let mut tokens = keywords::promote(source, &mut with_operand);
    tokens.pop();
    tokens
}

/// Tokens of a text that stops somewhere, with `;` where lines end. `ended`: a statement ends at the end too; `None`
/// where none can.
pub(crate) fn lines_of(tokens: Vec<Token>, ended: bool) -> Option<Vec<Token>> {
    let mut tokens = terminators::place("", tokens, &mut Vec::new());
    if ended {
        if !could_end(&tokens) || !directly_in_braces(&tokens) {
            return None;
        }
        let end = tokens.last().map_or(0, |token| token.range.end);
        tokens.push(put_in(TokenKind::Semi, end));
    }
    Some(tokens)
}

/// True if the last token may be the last of a statement.
pub(crate) fn could_end(tokens: &[Token]) -> bool {
    tokens.last().is_some_and(|token| classes::can_end(token.kind))
}

fn directly_in_braces(tokens: &[Token]) -> bool {
    let mut open = Vec::new();
    for token in tokens {
        if token.kind.opens() {
            open.push(token.kind);
        } else if token.kind.closes() {
            open.pop();
        }
    }
    open.last() == Some(&TokenKind::LBrace)
}

/// True for a word that may stand first on a line and go on with the line before.
pub(crate) fn continues(word: &str) -> bool {
    let kind = crate::words::TOKENS.iter().find(|row| row.spelling == word).map(|row| row.kind);
    kind.is_some_and(classes::word_continues)
}

/// A token that is not in the text.
pub(crate) fn put_in(kind: TokenKind, at: u32) -> Token {
    Token { kind, range: Range::empty(at), first_on_line: false, space_after: true, indent: 0, meant: 0 }
}
