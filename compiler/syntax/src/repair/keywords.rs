//! Words become keywords where they are keywords.
//!
//! After `.` and before `:` any word is a name. Item words are words only at the beginning of the item. Pairs
//! are fused. A soft word is a keyword exactly where two operands would otherwise stand side by side: a clause
//! word where an operand has just ended and another begins, a prefix word where an operand is due and two
//! names would stand in a row. Reserved and contextual words are what they are; the grammar takes contextual
//! words as names where it does not ask for them.

use super::classes::{begins_operand, can_end};
use crate::token::Token;
use crate::words::{self, TokenClass, TokenKind as K};

/// Gives the words of `table` their kinds and returns the tokens with pairs fused.
pub(super) fn promote(source: &str, table: &mut [Token]) -> Vec<Token> {
    let mut promotion = Promotion { source, table, out: Vec::new() };
    promotion.out.reserve(promotion.table.len() + 8);
    let mut index = 0;
    while index < promotion.table.len() {
        index += promotion.step(index);
    }
    promotion.out
}

struct Promotion<'a> {
    source: &'a str,
    table: &'a mut [Token],
    out: Vec<Token>,
}

impl<'a> Promotion<'a> {
    fn kind(&self, index: usize) -> Option<K> {
        self.table.get(index).map(|token| token.kind)
    }

    fn text(&self, index: usize) -> &'a str {
        self.table.get(index).map_or("", |token| token.range.slice(self.source))
    }

    /// The word at `index`, which lies ahead, or nothing if another token stands there.
    fn word(&self, index: usize) -> &'a str {
        if self.kind(index) == Some(K::LowerName) { self.text(index) } else { "" }
    }

    /// Handles the token at `index` and gives the number of tokens used.
    fn step(&mut self, index: usize) -> usize {
        let Some(token) = self.table.get(index).copied() else { return 1 };
        if token.kind != K::LowerName {
            self.out.push(token);
            return 1;
        }
        if self.is_plain_name(index, &token) {
            self.out.push(token);
            return 1;
        }
        let text = token.range.slice(self.source);
        let at_beginning = index == 0 || index == 1 && self.out.first().is_some_and(|t| t.kind == K::ItemPrivate);
        if at_beginning && let Some(kind) = words::item_word(text) {
            return self.emit(index, 1, kind);
        }
        if words::begins_pair(text)
            && let Some((kind, count)) = self.pair(index, text)
        {
            return self.emit(index, count, kind);
        }
        match words::keyword(text) {
            Some(K::SoftFrom) if index == 2 && self.out.first().is_some_and(|t| t.kind == K::ItemEvolve) => {
                self.emit(index, 1, K::SoftFrom)
            }
            Some(kind) if kind.class() != TokenClass::Soft || self.is_soft_keyword(index, &token, kind) => {
                self.emit(index, 1, kind)
            }
            _ => {
                self.out.push(token);
                1
            }
        }
    }

    fn emit(&mut self, index: usize, count: usize, kind: K) -> usize {
        let mut fused: Option<Token> = None;
        for token in self.table.iter_mut().skip(index).take(count) {
            token.kind = kind;
            fused = Some(match fused {
                None => *token,
                Some(first) => Token { range: first.range.cover(token.range), space_after: token.space_after, ..first },
            });
        }
        self.out.extend(fused);
        count
    }

    /// After `.` and before `:` or `?:` any word is a name; also at the start of a line before `was` and
    /// `as "…"`.
    fn is_plain_name(&self, index: usize, token: &Token) -> bool {
        let before = index.checked_sub(1).and_then(|before| self.kind(before));
        let (next, second) = (self.kind(index + 1), self.kind(index + 2));
        matches!(before, Some(K::Dot | K::QuestionDot))
            || next == Some(K::Colon)
            || next == Some(K::Question) && second == Some(K::Colon)
            || token.first_on_line && index > 0 && self.renamed(index + 1)
    }

    fn renamed(&self, index: usize) -> bool {
        match self.word(index) {
            "was" => true,
            "as" => self.kind(index + 1) == Some(K::Text),
            _ => false,
        }
    }

    fn pair(&self, index: usize, first: &str) -> Option<(K, usize)> {
        let (kind, count) = words::pair(first, self.word(index + 1), self.word(index + 2))?;
        let holds = match kind {
            K::PairAsOf => self.kind(index + 2) != Some(K::Colon),
            K::PairFromHeader | K::PairFromCookie | K::PairFromQuery | K::PairFromBody => {
                matches!(self.kind(index + 2), Some(K::Text | K::Comma | K::RParen | K::Equal))
                    || self.word(index + 2) == "as"
            }
            _ => true,
        };
        holds.then_some((kind, count))
    }

    /// The kind that the token at `index`, which lies ahead, would have, soft words counting as names.
    fn kind_ahead(&self, index: usize) -> Option<K> {
        let kind = self.kind(index)?;
        if kind != K::LowerName {
            return Some(kind);
        }
        match words::keyword(self.text(index)) {
            Some(word) if word.class() != TokenClass::Soft => Some(word),
            _ => Some(kind),
        }
    }

    fn is_soft_keyword(&self, index: usize, token: &Token, kind: K) -> bool {
        let next = self.table.get(index + 1);
        let next_kind = self.kind_ahead(index + 1);
        let contextual = |kind: K| kind.class() == TokenClass::Contextual;
        let name_next = next_kind.is_some_and(|kind| kind == K::LowerName || contextual(kind));
        let bracket_next = token.space_after && matches!(next_kind, Some(K::LParen | K::LBracket));
        // `limit div 2`: the next word is an operator, so this one is its operand.
        let operator_next = matches!(self.word(index + 1), "div" | "mod")
            && self.table.get(index + 2).is_some_and(|after| {
                begins_operand(after.kind)
                    || after.kind == K::LParen && next.is_some_and(|operator| operator.space_after)
            });
        let operand_next =
            !operator_next && (next_kind.is_some_and(|kind| begins_operand(kind) || contextual(kind)) || bracket_next);
        let same_line = next.is_some_and(|next| !next.first_on_line);
        let before = self.out.last().map(|token| token.kind);
        if before == Some(K::KwAs) {
            return false;
        }
        let operand_ended = before.is_some_and(can_end) && (!token.first_on_line || continues_query(kind));
        let name_ended = operand_ended && !before.is_some_and(contextual);
        match kind {
            K::SoftOver => before == Some(K::RParen) && next_kind == Some(K::LParen),
            K::SoftFrom | K::SoftEvery | K::SoftSome | K::SoftJoin => {
                let binder = self.word(index + 2) == "in" || !self.is_soft_word(index + 1);
                let place = match kind {
                    K::SoftJoin => operand_ended,
                    _ => token.first_on_line || !name_ended,
                };
                name_next && same_line && binder && place
            }
            K::SoftSet => {
                let assigns = self.table.get(index + 2).is_none_or(|token| {
                    matches!(token.kind, K::Equal | K::PlusEqual | K::MinusEqual | K::StarEqual | K::Dot | K::LowerName)
                });
                operand_ended && (next_kind == Some(K::DotDot) || name_next && assigns)
            }
            K::SoftFails => operand_ended && next_kind == Some(K::UpperName),
            K::SoftDiv | K::SoftMod => operand_ended && operand_next && !token.first_on_line,
            K::SoftParallel => next_kind == Some(K::LBrace) && (token.first_on_line || !operand_ended),
            K::SoftWith
            | K::SoftLimit
            | K::SoftOffset
            | K::SoftPage
            | K::SoftUndo
            | K::SoftRetry
            | K::SoftWithin
            | K::SoftInverse
            | K::SoftPages
            | K::SoftSigned => operand_ended && operand_next && same_line,
            _ => operand_next && same_line && (token.first_on_line || !name_ended),
        }
    }

    fn is_soft_word(&self, index: usize) -> bool {
        words::keyword(self.word(index)).is_some_and(|kind| kind.class() == TokenClass::Soft)
    }
}

/// Soft words that may stand first on a line and belong to the line before.
fn continues_query(kind: K) -> bool {
    matches!(
        kind,
        K::SoftJoin
            | K::SoftWith
            | K::SoftLimit
            | K::SoftOffset
            | K::SoftPage
            | K::SoftPages
            | K::SoftSigned
            | K::SoftSet
            | K::SoftUndo
            | K::SoftRetry
            | K::SoftWithin
            | K::SoftOver
            | K::SoftFails
            | K::SoftInverse
    )
}
