//! Code: records and rows in braces, `=` in conditions, arms with `->`, blocks without braces, words of other
//! languages.

use super::Translator;
use crate::error::SyntaxError;
use crate::repair::classes::begins_query_clause;
use crate::words::TokenKind as K;
use tenon_diagnostics::Code;
use tenon_span::Range;

impl Translator<'_> {
    pub(super) fn code(&mut self) {
        let first = self.header_end();
        let mut index = 1;
        while let Some(kind) = self.kind(index) {
            match kind {
                K::LBrace if index > first => self.braces_for_data(index),
                K::LParen if index > first => self.named_with_equals(index),
                K::KwIf | K::KwWhile if index > first => {
                    self.block_of_condition(index);
                    self.comparison(index, |this, at| this.kind(at) == Some(K::LBrace));
                }
                K::KwWhere | K::KwOn | K::KwAssert | K::KwSatisfies if index > first && !self.in_type(index) => {
                    self.comparison(index, ends_clause);
                }
                K::WordCheck | K::WordThen if index > first && self.begins_line(index) => {
                    self.comparison(index, ends_clause);
                }
                K::WordRequires | K::WordEnsures if index < first => {
                    self.comparison(index, |this, at| at >= first || this.token(at).is_some_and(|t| t.first_on_line));
                }
                K::KwFor if index > first && self.kind(index + 1) == Some(K::LParen) => self.for_in_parentheses(index),
                K::KwMatch | K::SoftAttempt if index > first => self.arms(index),
                K::LowerName if index > first => self.foreign_word(index),
                K::KwInsert if self.text(index + 1) == "into" => self.word_too_many(index + 1, "insert"),
                K::KwDelete if self.text(index + 1) == "from" && self.kind(index + 2) == Some(K::UpperName) => {
                    self.delete_from(index);
                }
                _ => {}
            }
            index += 1;
        }
    }

    /// True if the `where` at `index` refines a type rather than filters rows.
    fn in_type(&self, index: usize) -> bool {
        let relation = matches!(self.item_word().1, Some(K::ItemRelation | K::ItemEvent | K::ItemType));
        relation && self.kind(index) == Some(K::KwWhere)
            || self.kind(index) == Some(K::KwOn) && matches!(self.kind(index + 1), Some(K::KwDelete | K::KwUpdate))
    }

    /// `return { a: 1 }`, `insert R { a: 1 }`, `R{a: 1}`, `{ "a": 1 }`
    fn braces_for_data(&mut self, index: usize) {
        let colon = self.kind(index + 2) == Some(K::Colon);
        let names = self.is_name(index + 1) && colon;
        let texts = self.kind(index + 1) == Some(K::Text) && colon;
        let Some(close) = self.closing(index).filter(|_| names || texts) else { return };
        let row = self.kind_before(index) == Some(K::UpperName);
        let (open_range, close_range) = (self.range(index), self.range(close));
        let (open, end) = if texts { ("[", "]") } else { ("(", ")") };
        let edits = [(open_range, open.to_string()), (close_range, end.to_string())];
        let (code, message) = match (row, texts) {
            (true, _) => (Code::BraceRow, "rows and cases are written with parentheses"),
            (_, true) => (Code::BraceRecord, "maps are written with brackets; braces hold code"),
            _ => (Code::BraceRecord, "records are written with parentheses; braces hold code"),
        };
        self.tell(SyntaxError::new(code, message, open_range).label("read as a block").fix(
            format!("write `{open}…{end}`"),
            edits,
            true,
        ));
        let (open, end) = if texts { (K::LBracket, K::RBracket) } else { (K::LParen, K::RParen) };
        self.become_kind(index, open);
        self.become_kind(close, end);
    }

    /// `f(a = 1, b = 2)`
    fn named_with_equals(&mut self, index: usize) {
        let Some(close) = self.closing(index) else { return };
        if !(self.is_name(index + 1) && self.kind(index + 2) == Some(K::Equal)) {
            return;
        }
        let mut edits = Vec::new();
        let mut at = index;
        while at < close {
            if self.is_name(at + 1) && self.kind(at + 2) == Some(K::Equal) {
                let name_end = self.range(at + 1).end;
                edits.push((Range::new(name_end, self.range(at + 2).end), ":".to_string()));
                self.become_kind(at + 2, K::Colon);
            }
            at = self.find(at + 1, |this, at| this.kind(at) == Some(K::Comma));
            if self.kind(at) != Some(K::Comma) {
                break;
            }
        }
        let range = self.range(index + 2);
        self.tell(SyntaxError::new(Code::NamedArgument, "a named argument is written with `:`", range).fix(
            "write `:`",
            edits,
            true,
        ));
    }

    /// `=` in a condition, which ends where `stop` says.
    fn comparison(&mut self, index: usize, stop: impl Fn(&Self, usize) -> bool) {
        if self.kind(index + 1) == Some(K::KwLet) {
            return;
        }
        let end = self.find(index + 1, stop);
        let mut at = index + 1;
        let mut depth = 0usize;
        while at < end {
            match self.kind(at) {
                Some(kind) if kind.opens() => depth += 1,
                Some(kind) if kind.closes() => depth = depth.saturating_sub(1),
                Some(K::Equal) if depth == 0 => {
                    let range = self.range(at);
                    self.tell(
                        SyntaxError::new(
                            Code::AssignCompare,
                            "`=` gives a value to a name; to compare write `==`",
                            range,
                        )
                        .fix("write `==`", [(range, "==".to_string())], true),
                    );
                    self.become_kind(at, K::EqualEqual);
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// `if a > 1 return 2`
    fn block_of_condition(&mut self, index: usize) {
        let leaves = self.find(index + 1, |this, at| {
            matches!(this.kind(at), Some(K::LBrace | K::KwReturn | K::KwFail | K::KwBreak | K::KwContinue))
                || this.token(at).is_some_and(|token| token.first_on_line)
        });
        let statement = matches!(self.kind(leaves), Some(K::KwReturn | K::KwFail | K::KwBreak | K::KwContinue))
            && self.token(leaves).is_some_and(|token| !token.first_on_line);
        if !statement {
            return;
        }
        let end = self.find(leaves + 1, |this, at| {
            this.kind(at) == Some(K::Semi) || this.token(at).is_some_and(|token| token.first_on_line)
        });
        let range = self.range(leaves).cover(self.range(end.saturating_sub(1)));
        let edits = [(Range::empty(range.start), "{ ".to_string()), (Range::empty(range.end), " }".to_string())];
        self.tell(
            SyntaxError::new(Code::BlockNeeded, "what follows a condition stands in braces", range)
                .label("I expected `{ … }`")
                .fix("put it in braces", edits, true),
        );
        self.insert(end, K::RBrace);
        self.insert(leaves, K::LBrace);
    }

    /// `A -> 1` in a `match`
    fn arms(&mut self, index: usize) {
        let open = self.find(index + 1, |this, at| this.kind(at) == Some(K::LBrace));
        let Some(close) = self.closing(open).filter(|_| self.kind(open) == Some(K::LBrace)) else { return };
        let mut depth = 0usize;
        for at in open + 1..close {
            match self.kind(at) {
                Some(kind) if kind.opens() => depth += 1,
                Some(kind) if kind.closes() => depth = depth.saturating_sub(1),
                Some(K::Arrow) if depth == 0 => {
                    let range = self.range(at);
                    self.tell(SyntaxError::new(Code::MatchArrow, "an arm of `match` is written with `=>`", range).fix(
                        "write `=>`",
                        [(range, "=>".to_string())],
                        true,
                    ));
                    self.become_kind(at, K::FatArrow);
                }
                _ => {}
            }
        }
    }

    fn foreign_word(&mut self, index: usize) {
        let word = self.text(index);
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
            "throw" | "raise" if begins => self.replace_word(index, "fail"),
            _ => {}
        }
    }

    fn replace_word(&mut self, index: usize, meant: &str) {
        let word = self.text(index).to_string();
        let (title, edits) = self.word_fix(index, meant);
        self.tell(
            SyntaxError::new(Code::ForeignWord, format!("`{word}` is written `{meant}`"), self.range(index))
                .fix(title, edits, true),
        );
        self.become_kind(index, Self::keyword_kind(meant));
    }

    /// `for (x in xs) { … }`
    fn for_in_parentheses(&mut self, index: usize) {
        let Some(close) = self.closing(index + 1) else { return };
        let inside = self.find(index + 2, |this, at| this.kind(at) == Some(K::KwIn));
        if inside >= close || self.kind(close + 1) != Some(K::LBrace) {
            return;
        }
        let (open, end) = (self.range(index + 1), self.range(close));
        self.tell(SyntaxError::new(Code::ForeignWord, "`for` takes no parentheses", open.cover(end)).fix(
            "remove them",
            [(open, String::new()), (end, String::new())],
            true,
        ));
        self.remove(close, close + 1);
        self.remove(index + 1, index + 2);
    }

    fn word_too_many(&mut self, index: usize, after: &str) {
        let word = self.text(index).to_string();
        let range = self.range(index);
        self.tell(SyntaxError::new(Code::ForeignWord, format!("`{after}` takes no `{word}`"), range).fix(
            "remove it",
            [(range, String::new())],
            true,
        ));
        self.remove(index, index + 1);
    }

    /// `delete from Order where …`
    fn delete_from(&mut self, index: usize) {
        let relation = self.text(index + 2).to_string();
        let name: String = relation.chars().next().map(|first| first.to_lowercase().collect()).unwrap_or_default();
        let range = self.range(index + 1).cover(self.range(index + 2));
        let text = format!("{name} in {relation}");
        self.tell(
            SyntaxError::new(Code::FromIn, "`delete` names the row before the relation", range)
                .label(format!("I expected `delete {text}`"))
                .fix(format!("write `delete {text}`"), [(range, text)], false),
        );
        self.become_text(index + 1, K::LowerName, name);
        self.insert(index + 2, K::KwIn);
    }
}

fn ends_clause(this: &Translator<'_>, at: usize) -> bool {
    let Some(token) = this.token(at) else { return true };
    begins_query_clause(token.kind)
        || matches!(
            token.kind,
            K::Semi | K::Comma | K::SoftSet | K::KwElse | K::KwUnion | K::KwExcept | K::KwIntersect | K::LBrace
        )
        || token.first_on_line && !matches!(token.kind, K::KwAnd | K::KwOr | K::KwImplies)
}
