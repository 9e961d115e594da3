//! The tokens of an item with what stands before them, and where lines break.

use super::Reading;
use crate::repair::classes::{begins_query_clause, needs_operand};
use crate::token::{Token, comments};
use crate::words::TokenKind as K;

/// A comment before a piece.
pub(super) struct Remark {
    pub text: String,
    /// Alone on its line.
    pub own_line: bool,
    pub blank_before: bool,
}

/// A token and the gap before it.
pub(super) struct Piece {
    pub token: Token,
    pub text: String,
    pub remarks: Vec<Remark>,
    /// The writer began a line here.
    pub newline: bool,
    /// An empty line stands before the piece, behind all remarks.
    pub blank: bool,
    /// A statement ends before it.
    pub ends_statement: bool,
    /// The innermost bracket around it.
    pub parent: Option<usize>,
    /// For brackets, the other one.
    pub partner: Option<usize>,
    pub depth: usize,
    /// The decision: a line begins here.
    pub breaks: bool,
}

/// All pieces of an item.
pub(super) struct Pieces {
    pub list: Vec<Piece>,
    /// Comments behind the last token.
    pub tail: Vec<Remark>,
    /// The `{` of the item's body.
    pub body: Option<usize>,
}

impl Pieces {
    pub(super) fn new(source: &str, reading: &Reading) -> Pieces {
        let mut list: Vec<Piece> = Vec::with_capacity(reading.repaired.tokens.len());
        let mut open: Vec<usize> = Vec::new();
        let mut next_in_table = 0;
        let mut remarks = Vec::new();
        let (mut newline, mut blank, mut ends_statement) = (false, false, false);
        for token in &reading.repaired.tokens {
            if token.kind == K::Semi {
                ends_statement = true;
                continue;
            }
            // Every token of the table up to this one, `;` included, adds its trivia.
            while let Some(raw) = reading.table.tokens().get(next_in_table) {
                if raw.range.start >= token.range.end {
                    break;
                }
                gather(source, reading, next_in_table, &mut remarks, &mut blank);
                newline |= raw.first_on_line;
                next_in_table += 1;
            }
            let index = list.len();
            let mut partner = None;
            if token.kind.closes() {
                partner = open.pop();
            }
            if let Some(opener) = partner.and_then(|opener| list.get_mut(opener)) {
                opener.partner = Some(index);
            }
            let text = words(token.range.slice(&reading.code), token.kind);
            list.push(Piece {
                token: *token,
                text,
                remarks: std::mem::take(&mut remarks),
                newline,
                blank,
                ends_statement,
                parent: open.last().copied(),
                partner,
                depth: open.len(),
                breaks: false,
            });
            (newline, blank, ends_statement) = (false, false, false);
            if token.kind.opens() {
                open.push(index);
            }
        }
        let mut tail = Vec::new();
        let count = reading.table.tokens().len();
        for index in next_in_table..=count {
            gather(source, reading, index, &mut tail, &mut blank);
        }
        let body = list.iter().position(|piece| piece.depth == 0 && piece.token.kind == K::LBrace);
        Pieces { list, tail, body }
    }

    pub(super) fn kind(&self, index: usize) -> Option<K> {
        self.list.get(index).map(|piece| piece.token.kind)
    }

    /// The pieces directly inside the bracket at `opener`, and its partner.
    pub(super) fn children(&self, opener: usize) -> Vec<usize> {
        let close = self.list.get(opener).and_then(|piece| piece.partner).unwrap_or(self.list.len());
        let mut children: Vec<usize> = (opener + 1..close)
            .filter(|index| self.list.get(*index).is_some_and(|piece| piece.parent == Some(opener)))
            .collect();
        children.extend((close < self.list.len()).then_some(close));
        children
    }

    /// Takes over the line breaks of the writer, so that each bracket is either on one line or has its own lines.
    pub(super) fn breaks_of_writer(&mut self) {
        for index in 1..self.list.len() {
            let breaks = self.breaks_at(index);
            if let Some(piece) = self.list.get_mut(index) {
                piece.breaks = breaks;
            }
        }
        self.header();
        for opener in 0..self.list.len() {
            match self.kind(opener) {
                Some(K::LParen | K::LBracket) => {
                    let children = self.children(opener);
                    let first = children.first().copied();
                    let own_lines = children.iter().any(|child| {
                        self.list.get(*child).is_some_and(|piece| piece.breaks)
                            && (Some(*child) == first
                                || self.kind(*child - 1) == Some(K::Comma)
                                || Some(*child) == children.last().copied())
                    });
                    if own_lines {
                        self.set_break(first);
                        self.set_break(children.last().copied());
                    }
                }
                Some(K::LBrace) => {
                    let children = self.children(opener);
                    let broken = children.iter().any(|child| self.list.get(*child).is_some_and(|piece| piece.breaks));
                    if broken || self.list.get(opener).is_some_and(|piece| piece.breaks) {
                        self.open_block(opener);
                    }
                }
                _ => {}
            }
        }
    }

    fn breaks_at(&self, index: usize) -> bool {
        let Some(piece) = self.list.get(index) else { return false };
        if !piece.remarks.is_empty() {
            return true;
        }
        let in_hole = piece.parent.is_some_and(|parent| self.kind(parent) == Some(K::TextHead));
        let before = self.kind(index - 1);
        let joins = in_hole
            || matches!(piece.token.kind, K::TextMiddle | K::TextTail)
            || piece.token.kind == K::LBrace && !piece.ends_statement
            || piece.token.kind == K::KwElse && before == Some(K::RBrace)
            || piece.token.kind == K::PairFailedAs
            || piece.token.kind == K::RBrace && before == Some(K::LBrace);
        piece.newline && !joins
    }

    /// If a line of the header begins between brackets, the body's `{` has a line of its own.
    fn header(&mut self) {
        let Some(body) = self.body else { return };
        let broken = self.list.iter().take(body).any(|piece| piece.depth == 0 && piece.breaks);
        if broken {
            self.set_break(Some(body));
        }
    }

    pub(super) fn set_break(&mut self, index: Option<usize>) {
        if let Some(piece) = index.and_then(|index| self.list.get_mut(index)) {
            piece.breaks = true;
        }
    }

    /// Gives every statement of a block a line of its own. True if something changed.
    pub(super) fn open_block(&mut self, opener: usize) -> bool {
        let children = self.children(opener);
        if children.len() < 2 {
            return false;
        }
        let mut changed = false;
        for (place, child) in children.iter().enumerate() {
            let ends = place == 0 || place + 1 == children.len();
            if let Some(piece) = self.list.get_mut(*child)
                && (ends || piece.ends_statement)
            {
                changed |= !piece.breaks;
                piece.breaks = true;
            }
        }
        changed
    }

    /// Gives every element between parentheses or brackets a line of its own. True if something changed.
    pub(super) fn open_list(&mut self, opener: usize) -> bool {
        let children = self.children(opener);
        if children.len() < 2 {
            return false;
        }
        let mut changed = false;
        for (place, child) in children.iter().enumerate() {
            let ends = place == 0 || place + 1 == children.len();
            if ends || self.kind(*child - 1) == Some(K::Comma) {
                changed |= self.list.get(*child).is_some_and(|piece| !piece.breaks);
                self.set_break(Some(*child));
            }
        }
        changed
    }

    /// True if the piece begins a clause of a query that `from` begins at the same level.
    pub(super) fn begins_clause(&self, index: usize) -> bool {
        let Some(piece) = self.list.get(index) else { return false };
        let kind = piece.token.kind;
        let clause = begins_query_clause(kind) || matches!(kind, K::KwUnion | K::KwExcept | K::KwIntersect);
        clause && index > 0 && !self.kind(index - 1).is_some_and(needs_operand)
    }
}

/// The text of a token; the words of a pair with one space between.
fn words(text: &str, kind: K) -> String {
    match kind.class() {
        crate::words::TokenClass::Pair => text.split_whitespace().collect::<Vec<_>>().join(" "),
        _ => text.to_string(),
    }
}

fn gather(source: &str, reading: &Reading, index: usize, remarks: &mut Vec<Remark>, blank: &mut bool) {
    let trivia = reading.table.trivia_before(index);
    let found = comments(source, trivia);
    let piece = trivia.slice(source);
    let last = match found.last() {
        Some(last) => source.get(last.range.end as usize..trivia.end as usize).unwrap_or(""),
        None => piece,
    };
    *blank |= last.bytes().filter(|byte| *byte == b'\n').count() > 1;
    remarks.extend(found.into_iter().map(|comment| Remark {
        text: comment.range.slice(source).to_string(),
        own_line: comment.own_line,
        blank_before: comment.blank_before,
    }));
}
