//! What can be folded: items, whatever brackets hold, comments, block texts, `use` items in a row, regions.
//!
//! Made from tokens, so it is the same whether the program can be read or not.

use crate::Analysis;
use serde::Serialize;
use std::cmp::Reverse;
use tenon_check::items::{items, parse};
use tenon_span::{LineIndex, Range};
use tenon_syntax::token::{Comment, comments};
use tenon_syntax::words::TokenKind;

/// What is folded.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FoldingKind {
    /// An item, block, list, argument list or block text.
    Code,
    /// Comments in a row.
    Comment,
    /// `use` items in a row.
    Imports,
    /// From `// region` to `// endregion`.
    Region,
}

/// A piece of text that can be hidden.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct FoldingRange {
    /// What is hidden where characters can be: what stands between the brackets, the rest of an item or comment.
    pub range: Range,
    /// The line, from 0, that stays.
    pub first_line: u32,
    /// The last line that is hidden where only whole lines can be; a closing bracket's line stays.
    pub last_line: u32,
    /// What it is.
    pub kind: FoldingKind,
}

impl Analysis {
    /// What can be folded in a file, in the order of places. Each fold hides at least one line.
    pub fn folding_ranges(&self, file: &str) -> Vec<FoldingRange> {
        let Some(file) = self.db.any_file(file) else { return Vec::new() };
        let text = file.text(&self.db);
        let lines = LineIndex::new(text);
        let mut folds = Folds { text, lines: &lines, found: Vec::new(), regions: Vec::new() };
        let mut imports: Option<Range> = None;
        for item in items(&self.db, file) {
            let parsed = parse(&self.db, *item);
            let offset = item.offset(&self.db);
            let tokens = parsed.tokens.tokens();
            let place = |index: usize| parsed.tokens.token_place(index).shifted(offset);
            let mut own_line: Vec<Comment> = Vec::new();
            for index in 0..=tokens.len() {
                let trivia = parsed.tokens.trivia_before(index);
                let mut found = comments(item.text(&self.db), trivia);
                found.iter_mut().for_each(|comment| comment.range = comment.range.shifted(offset));
                own_line.extend(found.into_iter().filter(|comment| comment.own_line));
                folds.comments(&mut own_line);
            }
            let mut open: Vec<(TokenKind, Range)> = Vec::new();
            for (index, token) in tokens.iter().enumerate() {
                let at = place(index);
                if token.kind.opens() {
                    open.push((token.kind, at));
                } else if token.kind.closes() {
                    // Where a bracket was forgotten, the next outer one of the same form is closed.
                    if let Some(with) = open.iter().rposition(|(kind, _)| closes(*kind, token.kind)) {
                        if let Some((_, opening)) = open.get(with) {
                            folds.code(Range::new(opening.end, at.start));
                        }
                        open.truncate(with);
                    }
                } else if matches!(token.kind, TokenKind::Text | TokenKind::RawText) {
                    folds.code(at);
                }
            }
            let Some(last) = tokens.len().checked_sub(1) else { continue };
            let whole = place(0).cover(place(last));
            folds.item(whole, matches!(tokens.last().map(|token| token.kind), Some(TokenKind::RBrace)));
            match (item.word(&self.db), &mut imports) {
                ("use", Some(range)) => *range = range.cover(whole),
                ("use", none) => *none = Some(whole),
                (_, imports) => folds.imports(imports.take()),
            }
        }
        folds.imports(imports);
        folds.finish()
    }
}

fn closes(open: TokenKind, close: TokenKind) -> bool {
    matches!(
        (open, close),
        (TokenKind::LBrace, TokenKind::RBrace)
            | (TokenKind::LParen, TokenKind::RParen)
            | (TokenKind::LBracket, TokenKind::RBracket)
            | (TokenKind::TextHead, TokenKind::TextTail)
    )
}

struct Folds<'a> {
    text: &'a str,
    lines: &'a LineIndex,
    found: Vec<FoldingRange>,
    /// Where regions began that are not ended yet.
    regions: Vec<Range>,
}

impl Folds<'_> {
    fn line(&self, offset: u32) -> u32 {
        self.lines.position(offset).line
    }

    fn add(&mut self, range: Range, kind: FoldingKind, last_line: u32) {
        let first_line = self.line(range.start);
        if first_line < last_line {
            self.found.push(FoldingRange { range, first_line, last_line, kind });
        }
    }

    /// Something that a token closes: the line of that token stays, if nothing else stands before it there.
    fn code(&mut self, range: Range) {
        let end = self.line(range.end);
        let (start, _) = self.lines.line_range(end);
        let alone = Range::new(start, range.end).slice(self.text).trim().is_empty();
        self.add(range, FoldingKind::Code, if alone { end.saturating_sub(1) } else { end });
    }

    /// From the end of the item's first line.
    fn item(&mut self, whole: Range, closed_by_brace: bool) {
        let (_, end_of_line) = self.lines.line_range(self.line(whole.start));
        if end_of_line < whole.end {
            let end = if closed_by_brace { whole.end.saturating_sub(1) } else { whole.end };
            let range = Range::new(end_of_line, end.max(end_of_line));
            if closed_by_brace { self.code(range) } else { self.add(range, FoldingKind::Code, self.line(range.end)) }
        }
    }

    fn imports(&mut self, range: Option<Range>) {
        if let Some(range) = range {
            self.add(range, FoldingKind::Imports, self.line(range.end));
        }
    }

    /// Comments that stand in one piece of trivia, in groups without empty lines between.
    fn comments(&mut self, comments: &mut Vec<Comment>) {
        let mut group: Option<Range> = None;
        for comment in comments.drain(..) {
            let words = comment.range.slice(self.text).trim_start_matches('/').trim_start();
            if words.starts_with("region") {
                self.regions.push(comment.range);
            } else if words.starts_with("endregion")
                && let Some(begin) = self.regions.pop()
            {
                self.add(begin.cover(comment.range), FoldingKind::Region, self.line(comment.range.end));
            }
            match &mut group {
                Some(range) if !comment.blank_before => *range = range.cover(comment.range),
                _ => {
                    if let Some(range) = group.replace(comment.range) {
                        self.add(range, FoldingKind::Comment, self.line(range.end));
                    }
                }
            }
        }
        if let Some(range) = group {
            self.add(range, FoldingKind::Comment, self.line(range.end));
        }
    }

    /// In order, of those that begin on one line the largest first: editors take that. Of two that hide the same
    /// lines the wider range stays.
    fn finish(mut self) -> Vec<FoldingRange> {
        self.found
            .sort_by_key(|fold| (fold.first_line, Reverse(fold.last_line), fold.range.start, Reverse(fold.range.end)));
        self.found.dedup_by_key(|fold| (fold.first_line, fold.last_line));
        self.found
    }
}
