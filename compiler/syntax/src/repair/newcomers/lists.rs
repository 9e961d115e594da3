//! Lists as other languages write them: `[...xs, 3]`, `x in (1, 2)`.

use super::Translator;
use crate::error::SyntaxError;
use crate::repair::classes::can_end;
use crate::words::TokenKind as K;
use tenon_diagnostics::Code;
use tenon_span::Range;

impl Translator<'_> {
    pub(super) fn is_three_dots(&self, index: usize) -> bool {
        self.kind(index) == Some(K::DotDot) && self.kind(index + 1) == Some(K::Dot) && self.glued(index)
    }

    /// True where an element of a list begins.
    pub(super) fn is_list_element(&self, index: usize) -> bool {
        matches!(self.kind_before(index), Some(K::LBracket | K::Comma))
            && self.enclosing(index).is_some_and(|open| {
                let indexes = open.checked_sub(1).is_some_and(|before| {
                    self.kind(before).is_some_and(can_end) && self.glued(before) && !self.begins_line(open)
                });
                self.kind(open) == Some(K::LBracket) && !indexes
            })
    }

    /// `[...xs, 3]`: lists are joined with `+`.
    pub(super) fn spread(&mut self, index: usize) {
        let range = self.range(index).cover(self.range(index + 1));
        let error = SyntaxError::new(Code::ForeignOperator, "lists are joined with `+`", range)
            .label("I expected `xs + [3]`, without `...`");
        let list = self.enclosing(index).and_then(|open| Some((open, self.closing(open)?)));
        let Some((open, close)) = list else {
            self.tell(error);
            self.remove(index, index + 2);
            return;
        };
        // The elements, whether each is spread, without its dots.
        let mut elements: Vec<(usize, usize, bool)> = Vec::new();
        let mut from = open + 1;
        while from < close {
            let comma = self.find(from, |this, at| this.kind(at) == Some(K::Comma)).min(close);
            let dots = self.is_three_dots(from);
            elements.push((if dots { from + 2 } else { from }, comma, dots));
            from = comma + 1;
        }
        let whole =
            elements.iter().all(|(from, to, spread)| from < to && (!spread || self.chain_end(*from) == Some(*to)));
        if self.kind(close) != Some(K::RBracket) || !whole {
            self.tell(error);
            self.cut(open, close + 1);
            return;
        }
        let alone = elements.len() == 1 || self.stands_alone(open, close);
        let (paren, end_paren) = if alone { ("", "") } else { ("(", ")") };
        let mut edits = Vec::new();
        let mut before: Option<(usize, bool)> = None;
        for (from, to, spread) in elements.iter().copied() {
            let start = self.range(from).start;
            match before {
                None => {
                    let bracket = if spread { "" } else { "[" };
                    edits.push((Range::new(self.range(open).start, start), format!("{paren}{bracket}")));
                }
                Some((_, false)) if !spread => {}
                Some((end, was_spread)) => {
                    let (shut, opened) = (if was_spread { "" } else { "]" }, if spread { "" } else { "[" });
                    edits.push((Range::new(self.range(end - 1).end, start), format!("{shut} + {opened}")));
                }
            }
            before = Some((to, spread));
        }
        if let Some((end, spread)) = before {
            let bracket = if spread { "" } else { "]" };
            edits.push((Range::new(self.range(end - 1).end, self.range(close).end), format!("{bracket}{end_paren}")));
        }
        self.tell(error.fix("join them with `+`", edits, true));
        // From the end, so that places stay. The list becomes a sum in parentheses.
        self.become_kind(close, K::RParen);
        for (number, (from, to, spread)) in elements.iter().copied().enumerate().rev() {
            let next = elements.get(number + 1).map(|(.., spread)| *spread);
            match next {
                // A comma may stand behind the last.
                None if self.kind(to) == Some(K::Comma) => self.remove(to, to + 1),
                None => {}
                Some(false) if !spread => {}
                Some(next_spread) => {
                    self.become_kind(to, K::Plus);
                    if !next_spread {
                        self.insert(to + 1, K::LBracket);
                    }
                }
            }
            if !spread && next != Some(false) {
                self.insert(to, K::RBracket);
            }
            if spread {
                self.remove(from - 2, from);
            } else if number == 0 {
                self.insert(from, K::LBracket);
            }
        }
        self.become_kind(open, K::LParen);
    }

    /// True if nothing beside the brackets could bind closer than `+`.
    fn stands_alone(&self, open: usize, close: usize) -> bool {
        let before = self.begins_line(open)
            || matches!(
                self.kind_before(open),
                Some(K::Equal | K::LParen | K::LBracket | K::Comma | K::Colon | K::FatArrow | K::KwReturn)
            );
        let behind = self.begins_line(close + 1) && self.kind(close + 1) != Some(K::Dot)
            || matches!(self.kind(close + 1), Some(K::RParen | K::RBracket | K::Comma));
        before && behind
    }

    /// `in ("a", "b")`
    pub(super) fn list_in_parentheses(&mut self, index: usize) {
        let open = index + 1;
        let Some(close) = self.closing(open).filter(|close| self.kind(*close) == Some(K::RParen)) else { return };
        let literal = |kind: Option<K>| {
            matches!(kind, Some(K::Int | K::Decimal | K::Text | K::RawText | K::QuotedText | K::Date | K::Instant))
        };
        let comma = self.find(open + 1, |this, at| this.kind(at) == Some(K::Comma));
        let named = self.is_name(open + 1) && self.kind(open + 2) == Some(K::Colon);
        let query = matches!(self.text(open + 1), "from" | "select" | "FROM" | "SELECT");
        let single = literal(self.kind(open + 1)) && close == open + 2;
        if named || query || self.kind(open) != Some(K::LParen) || comma >= close && !single {
            return;
        }
        let (first, last) = (self.range(open), self.range(close));
        self.tell(SyntaxError::new(Code::ForeignLiteral, "a list stands in brackets", first.cover(last)).fix(
            "write brackets",
            [(first, "[".to_string()), (last, "]".to_string())],
            true,
        ));
        self.become_kind(close, K::RBracket);
        self.become_kind(open, K::LBracket);
    }
}
