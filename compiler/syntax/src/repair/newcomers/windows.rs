//! Frames of windows as SQL writes them: `rows between 2 preceding and current row`, `rows unbounded preceding`,
//! `rows start to current`.

use super::{Translator, put_in};
use crate::error::SyntaxError;
use crate::words::TokenKind as K;
use tenon_diagnostics::Code;
use tenon_span::Range;

/// An end of a frame. Numbers are tokens from the first to behind the last.
#[derive(Clone, Copy, PartialEq)]
enum End {
    /// `unbounded preceding`, `start`
    First,
    Before(usize, usize),
    Current,
    After(usize, usize),
    /// `unbounded following`, `end`
    Last,
}

impl Translator<'_> {
    pub(super) fn windows(&mut self) {
        let mut index = self.header_end() + 1;
        while index < self.tokens.len() {
            if matches!(self.text(index), "rows" | "range" | "groups" | "ROWS" | "RANGE" | "GROUPS")
                && let Some(open) = self.enclosing(index)
                && self.kind(open) == Some(K::LParen)
                && open.checked_sub(1).is_some_and(|over| self.text(over).eq_ignore_ascii_case("over"))
                && let Some(close) = self.closing(open)
            {
                self.frame(open, index, close);
            }
            index += 1;
        }
    }

    /// The frame from `index` up to the end of its window.
    fn frame(&mut self, open: usize, index: usize, close: usize) {
        let mut foreign = self.text(index) != "rows";
        let between = self.says(index + 1, "between");
        foreign |= between;
        let start = index + 1 + usize::from(between);
        let Some((from, behind, strange)) = self.end_of_frame(start, close) else { return };
        foreign |= strange;
        let (to, behind) = if behind == close {
            // `rows 2 preceding` reaches to the row itself.
            foreign = true;
            (End::Current, behind)
        } else {
            if !self.says(behind, "and") && self.text(behind) != "to" {
                return;
            }
            foreign |= self.text(behind) != "to";
            let Some((to, behind, strange)) = self.end_of_frame(behind + 1, close) else { return };
            foreign |= strange;
            (to, behind)
        };
        if !foreign || behind != close {
            return;
        }
        let frame = self.range(index).cover(self.range(close - 1));
        let ordered = (open..index)
            .any(|at| self.kind(at) == Some(K::PairOrderBy) || self.says(at, "order") && self.says(at + 1, "by"));
        let whole = Range::new(self.range(index - 1).end, frame.end);
        match (from, to) {
            (End::First, End::Current) if ordered => {
                let message = "an ordered window reaches from the first row to the current one by itself";
                self.tell(SyntaxError::new(Code::ForeignWord, message, frame).label("this is so without a frame").fix(
                    "remove the frame",
                    [(whole, String::new())],
                    true,
                ));
                self.remove(index, close);
            }
            (End::First, End::Last) if !ordered => {
                let message = "a window without an order is the whole part by itself";
                self.tell(SyntaxError::new(Code::ForeignWord, message, frame).label("this is so without a frame").fix(
                    "remove the frame",
                    [(whole, String::new())],
                    true,
                ));
                self.remove(index, close);
            }
            (End::First | End::Last, _) | (_, End::First | End::Last) => {
                let label = match (from, to) {
                    (End::First, End::Current) => "with an `order by` this is so without a frame",
                    (End::Current, End::Last) => {
                        "with the order turned around, this is so without a frame: `order by x desc`"
                    }
                    (End::First, End::Last) => "without `order by` this is so without a frame",
                    _ => "I expected `n before`, `current` or `n after`",
                };
                let message = "a frame says both of its ends, counted from the current row";
                self.tell(SyntaxError::new(Code::ForeignWord, message, frame).label(label));
                self.remove(index, close);
            }
            (from, to) => {
                let text = format!("rows {} to {}", self.end_text(from), self.end_text(to));
                self.tell(
                    SyntaxError::new(
                        Code::ForeignWord,
                        "a frame says both of its ends, counted from the current row",
                        frame,
                    )
                    .label(format!("I expected `{text}`"))
                    .fix(format!("write `{text}`"), [(frame, text)], true),
                );
                self.rewrite_frame(index, close, from, to);
            }
        }
    }

    fn says(&self, index: usize, word: &str) -> bool {
        self.text(index).eq_ignore_ascii_case(word)
    }

    /// An end of a frame, where it ends, and whether Tenon writes it otherwise.
    fn end_of_frame(&self, index: usize, close: usize) -> Option<(End, usize, bool)> {
        if self.says(index, "unbounded") {
            let end = match self.text(index + 1).to_ascii_lowercase().as_str() {
                "preceding" | "before" => End::First,
                "following" | "after" => End::Last,
                _ => return None,
            };
            return Some((end, index + 2, true));
        }
        if self.says(index, "current") {
            let row = self.says(index + 1, "row");
            return Some((End::Current, index + 1 + usize::from(row), row || self.text(index) != "current"));
        }
        let one_word = index + 1 == close || self.says(index + 1, "and") || self.text(index + 1) == "to";
        match self.text(index) {
            "start" | "first" | "begin" | "beginning" if one_word => return Some((End::First, index + 1, true)),
            "end" | "last" if one_word => return Some((End::Last, index + 1, true)),
            _ => {}
        }
        let direction = self.find(index, |this, at| {
            ["preceding", "following", "before", "after"].iter().any(|word| this.says(at, word))
        });
        if direction <= index || direction >= close {
            return None;
        }
        let word = self.text(direction);
        let end = match word.to_ascii_lowercase().as_str() {
            "preceding" | "before" => End::Before(index, direction),
            _ => End::After(index, direction),
        };
        Some((end, direction + 1, !matches!(word, "before" | "after")))
    }

    fn end_text(&self, end: End) -> String {
        let number = |from: usize, to: usize| {
            self.range(from).cover(self.range(to.saturating_sub(1))).slice(self.source).to_string()
        };
        match end {
            End::Before(from, to) => format!("{} before", number(from, to)),
            End::After(from, to) => format!("{} after", number(from, to)),
            End::First | End::Current | End::Last => "current".to_string(),
        }
    }

    /// Makes the tokens what the message says.
    fn rewrite_frame(&mut self, index: usize, close: usize, from: End, to: End) {
        let Some(mut rows) = self.token(index) else { return };
        rows.kind = K::WordRows;
        let mut frame = vec![rows];
        for end in [from, to] {
            if frame.len() > 1 {
                frame.extend(frame.last().map(|last| put_in(K::WordTo, last.range.end)));
            }
            let (numbers, kind) = match end {
                End::Before(from, to) => (from..to + 1, K::WordBefore),
                End::After(from, to) => (from..to + 1, K::WordAfter),
                End::First | End::Current | End::Last => {
                    frame.extend(frame.last().map(|last| put_in(K::WordCurrent, last.range.end)));
                    continue;
                }
            };
            frame.extend(numbers.filter_map(|at| self.token(at)));
            if let Some(word) = frame.last_mut() {
                word.kind = kind;
            }
        }
        self.tokens.splice(index..close, frame);
    }
}
