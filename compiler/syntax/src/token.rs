//! Tokens, and the table of an item's tokens, which maps between the text of an item and its code.
//!
//! The *code* of an item is its text with the trivia (white space and comments) before the first token dropped
//! and every other run of trivia replaced by one space. All ranges in trees, tokens and errors are offsets into
//! the code: an edit of comments or white space changes neither the tree nor the code, so nothing that was
//! derived from them becomes stale. [`TokenTable::place`] turns a range of the code into one of the text.

use crate::words::{TokenClass, TokenKind};
use tenon_span::Range;

/// A token. Its text is the slice of the item's code under its range.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where, as a range of the code. Empty for tokens that repair has put in.
    pub range: Range,
    /// True if it is the first of its line.
    pub first_on_line: bool,
    /// True if white space, or the end of the text, follows.
    pub space_after: bool,
    /// The characters of white space before the first token of its line.
    pub indent: u16,
    /// 0, or one more than the index of the text that is meant, where repair replaced the one that is written.
    pub(crate) meant: u16,
}

/// All tokens of an item in order. Between them is only trivia: white space and comments.
///
/// Token texts and trivia in turn, and the trivia after the last token, are the item's text.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct TokenTable {
    pub(crate) tokens: Vec<Token>,
    /// Where each token starts in the text.
    starts: Vec<u32>,
    /// Where the text ends.
    end: u32,
    /// The starts, in the code, of the `}` at column 0.
    pub(crate) closing_braces_at_column_0: Vec<u32>,
}

impl TokenTable {
    /// Turns tokens whose ranges are ranges of `text` into a table and the code.
    pub(crate) fn new(text: &str, mut tokens: Vec<Token>) -> (TokenTable, String) {
        let mut code = String::with_capacity(text.len());
        let mut starts = Vec::with_capacity(tokens.len());
        let mut closing_braces_at_column_0 = Vec::new();
        let mut end = 0;
        for token in &mut tokens {
            let place = token.range;
            if !starts.is_empty() && place.start > end {
                code.push(' ');
            }
            starts.push(place.start);
            end = place.end;
            let start = code.len() as u32;
            code.push_str(place.slice(text));
            token.range = Range::new(start, start + place.len());
            if token.kind == TokenKind::RBrace && token.first_on_line && begins_line(text, place.start) {
                closing_braces_at_column_0.push(start);
            }
        }
        (TokenTable { tokens, starts, end: text.len() as u32, closing_braces_at_column_0 }, code)
    }

    /// The tokens. Words have the kind that they have where they stand; the words of a pair are separate
    /// here and have the kind of the pair.
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// Where a token stands in the text.
    pub fn token_place(&self, index: usize) -> Range {
        match (self.tokens.get(index), self.starts.get(index)) {
            (Some(token), Some(start)) => Range::new(*start, start + token.range.len()),
            _ => Range::empty(self.end),
        }
    }

    /// The range of the text for a range of the code. A blank of the code stands for the trivia there: what ends or lies
    /// behind it does so before the next token, what begins before it begins behind the token before.
    pub fn place(&self, range: Range) -> Range {
        let end = self.place_of_end(range.end);
        if range.is_empty() {
            return Range::empty(end);
        }
        let index = self.tokens.partition_point(|token| token.range.end <= range.start);
        let start = match (self.tokens.get(index), self.starts.get(index)) {
            (Some(token), Some(_)) if range.start < token.range.start && index > 0 => {
                self.token_place(index.saturating_sub(1)).end
            }
            (Some(token), Some(start)) => start + range.start.saturating_sub(token.range.start),
            _ => end,
        };
        Range::new(start, end)
    }

    fn place_of_end(&self, offset: u32) -> u32 {
        let after = self.tokens.partition_point(|token| token.range.start < offset);
        let Some(index) = after.checked_sub(1) else {
            return self.starts.first().copied().unwrap_or(0);
        };
        match (self.tokens.get(index), self.starts.get(index), self.starts.get(after)) {
            (Some(token), _, Some(next)) if offset > token.range.end => *next,
            (Some(token), Some(start), _) => start + offset.min(token.range.end).saturating_sub(token.range.start),
            _ => self.end,
        }
    }

    /// The offset in the code for an offset in the text; inside trivia, the end of the token before it.
    pub fn code_offset(&self, offset: u32) -> u32 {
        let index = self.starts.partition_point(|start| *start <= offset);
        let Some(index) = index.checked_sub(1) else { return 0 };
        match (self.tokens.get(index), self.starts.get(index)) {
            (Some(token), Some(start)) => token.range.start + (offset - start).min(token.range.len()),
            _ => 0,
        }
    }

    /// The trivia before the token of this index, in the text; for an index past the last token, the trivia at
    /// the end.
    pub fn trivia_before(&self, index: usize) -> Range {
        let start = match index.checked_sub(1) {
            Some(before) => self.token_place(before).end,
            None => 0,
        };
        Range::new(start, self.token_place(index).start)
    }

    /// The index of the token that covers or ends at an offset of the text; of two that meet there, the name or
    /// word rather than the sign.
    pub fn at(&self, offset: u32) -> Option<usize> {
        let candidate = self.starts.partition_point(|start| *start <= offset).checked_sub(1)?;
        let place = self.token_place(candidate);
        if place.start == offset
            && let Some(before) = candidate.checked_sub(1)
            && self.token_place(before).end == offset
            && self.is_sign(candidate)
            && !self.is_sign(before)
        {
            return Some(before);
        }
        place.touches(offset).then_some(candidate)
    }

    fn is_sign(&self, index: usize) -> bool {
        self.tokens.get(index).is_some_and(|token| token.kind.class() == TokenClass::Sign)
    }
}

fn begins_line(text: &str, at: u32) -> bool {
    match (at as usize).checked_sub(1) {
        None => true,
        Some(before) => text.as_bytes().get(before) == Some(&b'\n'),
    }
}

/// A comment in trivia.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Comment {
    /// From its slashes to the end of its line, without white space at the end; a range of the text.
    pub range: Range,
    /// `///` rather than `//`.
    pub documentation: bool,
    /// True if nothing but white space stands before it on its line.
    pub own_line: bool,
    /// True if an empty line stands before it.
    pub blank_before: bool,
}

/// The comments in a piece of trivia of `text`.
pub fn comments(text: &str, trivia: Range) -> Vec<Comment> {
    let mut found = Vec::new();
    let piece = trivia.slice(text);
    if !piece.contains("//") {
        return found;
    }
    let mut offset = trivia.start;
    let mut own_line = trivia.start == 0;
    let mut blank_before = false;
    for line in piece.split_inclusive('\n') {
        let trimmed = line.trim_matches([' ', '\t', '\r', '\n', '\u{feff}']);
        if trimmed.starts_with("//") {
            let lead = line.find("//").unwrap_or(0) as u32;
            let start = offset + lead;
            found.push(Comment {
                range: Range::new(start, start + trimmed.len() as u32),
                documentation: trimmed.starts_with("///"),
                own_line,
                blank_before,
            });
            blank_before = false;
        } else if own_line && line.ends_with('\n') {
            blank_before = true;
        }
        own_line |= line.ends_with('\n');
        offset += line.len() as u32;
    }
    found
}
