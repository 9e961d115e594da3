//! Growing selections: from the word at the cursor through everything that holds it to the file.

use crate::Analysis;
use crate::answer::FilePosition;
use crate::node::Node;
use tenon_span::Range;
use tenon_syntax::token::comments;
use tenon_syntax::words::{TokenClass, TokenKind};

impl Analysis {
    /// The ranges around a position, from the smallest to the whole file; each lies within the next. They follow the
    /// tree; where the program cannot be read, brackets and lines.
    pub fn selection_ranges(&self, position: &FilePosition) -> Vec<Range> {
        let Some(place) = self.locate(position) else { return Vec::new() };
        let text = place.item.text(&self.db);
        let whole_file = Range::new(0, place.file.text(&self.db).len() as u32);
        let tokens = &place.parsed.tokens;
        let mut found: Vec<Range> = Vec::new();
        // Within the item's text.
        match place.token {
            Some(index) => {
                let token = tokens.token_place(index);
                let kind = tokens.tokens().get(index).map(|token| token.kind);
                found.push(token);
                if is_text(kind) {
                    found.extend(word_at(text, token, place.offset));
                    found.extend(inside_of_quotes(text, token));
                    if !matches!(kind, Some(TokenKind::Text | TokenKind::RawText)) {
                        // A piece between holes has no quotes of its own.
                        found.remove(0);
                    }
                } else if kind.is_some_and(|kind| kind.class() == TokenClass::Sign) && token.start != place.offset {
                    // Behind a sign nothing smaller than what surrounds it is meant.
                    found.pop();
                }
            }
            None => {
                let next = tokens.tokens().partition_point(|token| token.range.end <= place.code_offset);
                let mut block: Option<Range> = None;
                for index in next.saturating_sub(1)..=next.saturating_add(1) {
                    for comment in comments(text, tokens.trivia_before(index)) {
                        block = match block {
                            Some(block) if comment.own_line && !comment.blank_before => {
                                Some(block.cover(comment.range))
                            }
                            _ => Some(comment.range),
                        };
                        if comment.range.touches(place.offset) {
                            found.push(comment.range);
                            found.extend(word_at(text, comment.range, place.offset));
                        }
                        found.extend(block);
                    }
                }
            }
        }
        found.extend(self.bracket_ranges(&place));
        if let Some(item) = &place.parsed.item
            && place.token.is_some()
        {
            // With the parentheses around a node, which its range leaves out.
            for node in Node::Item(item).path_to(place.code_offset) {
                found.push(tokens.place(node.range()));
            }
        }
        if let (Some(_), Some(last)) = (tokens.tokens().first(), tokens.tokens().len().checked_sub(1)) {
            let item = tokens.token_place(0).cover(tokens.token_place(last));
            let documentation = comments(text, tokens.trivia_before(0));
            found.push(item);
            found.push(documentation.iter().fold(item, |range, comment| range.cover(comment.range)));
        }
        let offset = place.item.offset(&self.db);
        let mut found: Vec<Range> = found.into_iter().map(|range| range.shifted(offset)).collect();
        found.push(whole_file);
        let at = offset + place.offset;
        nested(found, at)
    }

    /// What the brackets around a place hold, without and with them.
    fn bracket_ranges(&self, place: &crate::locate::Place<'_>) -> Vec<Range> {
        let tokens = &place.parsed.tokens;
        let mut open: Vec<Range> = Vec::new();
        let mut found = Vec::new();
        for (index, token) in tokens.tokens().iter().enumerate() {
            let at = tokens.token_place(index);
            if token.kind.opens() {
                open.push(at);
            } else if token.kind.closes()
                && let Some(opening) = open.pop()
                && opening.start <= place.offset
                && place.offset <= at.end
            {
                let text = place.item.text(&self.db);
                found.push(trimmed(text, Range::new(opening.end, at.start)));
                found.push(opening.cover(at));
            }
        }
        found
    }
}

/// Keeps the ranges that hold `at`, sorts them from the smallest, and drops those that do not lie in the next.
fn nested(mut found: Vec<Range>, at: u32) -> Vec<Range> {
    found.retain(|range| range.touches(at) && !range.is_empty());
    found.sort_by_key(|range| (range.len(), range.start));
    found.dedup();
    let mut chain: Vec<Range> = Vec::new();
    for range in found {
        if chain.last().is_none_or(|last| range.start <= last.start && last.end <= range.end) {
            chain.push(range);
        }
    }
    chain
}

fn is_text(kind: Option<TokenKind>) -> bool {
    matches!(
        kind,
        Some(TokenKind::Text | TokenKind::RawText | TokenKind::TextHead | TokenKind::TextMiddle | TokenKind::TextTail)
    )
}

/// The word around an offset, within a range.
fn word_at(text: &str, within: Range, offset: u32) -> Option<Range> {
    let is_word = |c: &char| c.is_alphanumeric() || *c == '_';
    let before = Range::new(within.start, offset).slice(text);
    let after = Range::new(offset, within.end).slice(text);
    let back: usize = before.chars().rev().take_while(is_word).map(char::len_utf8).sum();
    let forth: usize = after.chars().take_while(is_word).map(char::len_utf8).sum();
    (back + forth > 0).then(|| Range::new(offset - back as u32, offset + forth as u32))
}

/// A text without its quotes.
fn inside_of_quotes(text: &str, token: Range) -> Option<Range> {
    let written = token.slice(text);
    let opening = written.find('"').filter(|at| *at <= 1).map_or(0, |at| {
        let quotes = written.get(at..).map_or(0, |rest| rest.len() - rest.trim_start_matches('"').len());
        at + if quotes >= 3 { 3 } else { 1 }
    });
    let opening = if written.starts_with('}') { 1 } else { opening };
    let closing = if written.ends_with("\"\"\"") && opening >= 3 { 3 } else { 1 };
    let range = Range::new(token.start + opening as u32, token.end.saturating_sub(closing));
    (opening > 0 && range.start < range.end).then_some(range)
}

fn trimmed(text: &str, range: Range) -> Range {
    let inside = range.slice(text);
    let start = range.start + (inside.len() - inside.trim_start().len()) as u32;
    Range::new(start, range.start + inside.trim_end().len() as u32)
}
