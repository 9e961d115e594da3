//! Words of other languages: `const` in a body, `elif`, `throw`, `await`, `new`, `try … catch`, `yield`.

use super::Translator;
use crate::error::SyntaxError;
use crate::repair::classes::{begins_operand, word_continues};
use crate::words::TokenKind as K;
use tenon_diagnostics::Code;
use tenon_span::Range;

impl Translator<'_> {
    pub(super) fn foreign_words(&mut self) {
        let mut index = self.header_end() + 1;
        while let Some(kind) = self.kind(index) {
            match kind {
                K::LowerName => self.foreign_word(index),
                K::LBracket if !self.kind_before(index).is_some_and(can_end_value) => self.comprehension(index),
                _ => {}
            }
            index += 1;
        }
    }

    fn foreign_word(&mut self, index: usize) {
        let word = self.text(index);
        let next = self.kind(index + 1);
        let operand = next.is_some_and(begins_operand) && !self.begins_line(index + 1);
        let begins = self.begins_line(index);
        let next_name = self.is_name(index + 1);
        let assigned = matches!(self.kind(index + 2), Some(K::Equal | K::Colon));
        match word {
            "mut" if self.kind_before(index) == Some(K::KwLet) && next_name => {
                let range = self.range(index - 1).cover(self.range(index));
                self.tell(SyntaxError::new(Code::ForeignWord, "a variable is declared with `var`", range).fix(
                    "write `var`",
                    [(range, "var".to_string())],
                    true,
                ));
                self.become_kind(index - 1, K::KwVar);
                self.remove(index, index + 1);
            }
            "const" | "val" if begins && next_name && assigned => self.replace_word(index, "let"),
            "elif" | "elsif" | "elseif" if self.kind_before(index) == Some(K::RBrace) => {
                let range = self.range(index);
                self.tell(SyntaxError::new(Code::ForeignWord, format!("`{word}` is written `else if`"), range).fix(
                    "write `else if`",
                    [(range, "else if".to_string())],
                    true,
                ));
                self.become_kind(index, K::KwElse);
                self.insert(index + 1, K::KwIf);
            }
            "foreach" if begins => self.replace_word(index, "for"),
            "instanceof" if next == Some(K::UpperName) => self.replace_word(index, "is"),
            "await" if operand || next == Some(K::LParen) => {
                self.dropped(index, "a call gives its value: nothing is awaited")
            }
            "new" if next == Some(K::UpperName) => self.dropped(index, "a value is made without `new`"),
            "guard" if begins && next == Some(K::KwLet) => self.dropped(index, "`let … else …` needs no `guard`"),
            "try" if next == Some(K::LBrace) => self.try_block(index),
            "try" if operand => self.dropped(index, "a failure passes on by itself, without `try`"),
            "yield" if begins && operand => self.yields(index),
            "elif" | "elsif" | "elseif" if begins => self.replace_word(index, "else if"),
            "f" if self.glued(index) && matches!(self.kind(index + 1), Some(K::Text | K::TextHead)) => {
                let range = self.range(index);
                self.tell(
                    SyntaxError::new(Code::ForeignLiteral, "every text may have holes, without a prefix", range).fix(
                        "remove `f`",
                        [(range, String::new())],
                        true,
                    ),
                );
                self.remove(index, index + 1);
            }
            "throw" | "raise" if begins => self.replace_word(index, "fail"),
            _ => {}
        }
    }

    pub(super) fn block_follows(&self, index: usize) -> bool {
        let stop = |this: &Self, at: usize| {
            this.kind(at) == Some(K::LBrace) || this.token(at).is_some_and(|token| token.first_on_line)
        };
        self.kind(self.find(index + 1, stop)) == Some(K::LBrace)
    }

    pub(super) fn replace_word(&mut self, index: usize, meant: &str) {
        let word = self.text(index).to_string();
        let (title, edits) = self.word_fix(index, meant);
        self.tell(
            SyntaxError::new(Code::ForeignWord, format!("`{word}` is written `{meant}`"), self.range(index))
                .fix(title, edits, true),
        );
        self.become_kind(index, Self::keyword_kind(meant));
    }

    /// A word that Tenon does without.
    fn dropped(&mut self, index: usize, message: &str) {
        let range = self.range(index);
        let place = Range::new(range.start, self.range(index + 1).start);
        self.tell(SyntaxError::new(Code::ForeignWord, message, range).fix("remove it", [(place, String::new())], true));
        self.remove(index, index + 1);
    }

    /// `try { … } catch (e) { … } finally { … }`
    fn try_block(&mut self, index: usize) {
        let mut end = index + 1;
        loop {
            let open = self.find(end, |this, at| {
                this.kind(at) == Some(K::LBrace) || at > end && this.token(at).is_some_and(|token| token.first_on_line)
            });
            let Some(close) = self.closing(open).filter(|_| self.kind(open) == Some(K::LBrace)) else { break };
            end = close + 1;
            if !matches!(self.text(end), "catch" | "except" | "rescue" | "finally" | "ensure" | "else") {
                break;
            }
        }
        self.tell(
            SyntaxError::new(
                Code::ForeignWord,
                "there is no `try`: a failure ends the handler and undoes all that it did",
                self.range(index),
            )
            .label("no code runs behind a failure")
            .note("the failures of one call are answered by `attempt f(x) { ok(v) => …, Conflict(_) => … }`"),
        );
        self.cut(index, end);
    }

    /// Several lines below a `then`, `given` or `when` that stands alone.
    pub(super) fn scenario_lines(&mut self) {
        if self.item_word().1 != Some(K::ItemScenario) {
            return;
        }
        let mut depth = 0usize;
        let mut word: Option<usize> = None;
        let mut index = 0;
        while let Some(token) = self.token(index) {
            let begins = depth == 1 && token.first_on_line;
            if begins && matches!(token.kind, K::WordThen | K::WordGiven | K::WordWhen) {
                let next = self.token(index + 1);
                word = next.filter(|next| next.first_on_line && next.indent > token.indent).map(|_| index);
            } else if begins
                && let Some(at) = word.filter(|at| at + 1 != index)
                && self.token(at + 1).is_some_and(|first| first.indent == token.indent)
                && !token.kind.closes()
                && !word_continues(token.kind)
            {
                let (kind, meant) = (self.kind(at).unwrap_or(K::WordThen), self.text(at));
                let range = token.range;
                let text = format!("{meant} {}", range.slice(self.source));
                self.tell(
                    SyntaxError::new(Code::Missing, format!("every line of a scenario has its `{meant}`"), range)
                        .label(format!("I expected `{meant}` before this"))
                        .fix(format!("write `{meant}`"), [(range, text)], true),
                );
                self.insert(index, kind);
                if let Some(inserted) = self.tokens.get_mut(index) {
                    inserted.first_on_line = true;
                    inserted.indent = token.indent;
                }
                if let Some(token) = self.tokens.get_mut(index + 1) {
                    token.first_on_line = false;
                }
                index += 1;
            } else if begins && word.is_none_or(|at| at + 1 != index) {
                word = None;
            }
            if token.kind.opens() {
                depth += 1;
            } else if token.kind.closes() {
                depth = depth.saturating_sub(1);
            }
            index += 1;
        }
    }

    /// `yield e`
    fn yields(&mut self, index: usize) {
        let end = self.expression_end(index + 1);
        self.tell(
            SyntaxError::new(Code::ForeignWord, "there is no `yield`: a list is made as a whole", self.range(index))
                .label("by a query, `from x in xs select …`, or by adding to a `var`: `found += [x]`"),
        );
        self.cut(index, end);
    }
}

fn can_end_value(kind: K) -> bool {
    matches!(kind, K::LowerName | K::UpperName | K::RParen | K::RBracket | K::Text | K::TextTail)
}
