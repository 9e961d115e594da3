//! Code: records and rows in braces, `=` in conditions, arms with `->`, blocks without braces, fields that are assigned.

use super::Translator;
use crate::error::SyntaxError;
use crate::repair::classes::{begins_operand, begins_query_clause, begins_statement, can_end, word_continues};
use crate::words::TokenKind as K;
use tenon_diagnostics::Code;
use tenon_span::Range;

impl Translator<'_> {
    pub(super) fn code(&mut self) {
        let first = self.header_end();
        let declares =
            matches!(self.item_word().1, Some(K::ItemPolicy | K::ItemRelation | K::ItemEvent | K::ItemBinding));
        let mut index = 1;
        while let Some(kind) = self.kind(index) {
            match kind {
                K::LBrace if index > first => self.braces_for_data(index),
                K::LParen if index > first => self.named_with_equals(index),
                K::KwFor if index > first && self.kind(index + 1) != Some(K::LParen) => self.block_of_condition(index),
                K::KwIf | K::KwWhile if index > first && !declares => {
                    self.block_of_condition(index);
                    self.comparison(index, |this, at| this.kind(at) == Some(K::LBrace));
                }
                K::KwWhere | K::KwOn | K::KwAssert | K::KwSatisfies if index > first && !self.in_type(index) => {
                    self.comparison(index, ends_clause);
                }
                K::WordThen if self.failure_after_then(index).is_some() => self.then_fails(index),
                K::WordCheck | K::WordThen if index > first && self.begins_line(index) => {
                    self.comparison(index, ends_clause);
                }
                K::WordRequires | K::WordEnsures if index < first => {
                    self.comparison(index, |this, at| at >= first || this.token(at).is_some_and(|t| t.first_on_line));
                }
                K::KwFor if index > first && self.kind(index + 1) == Some(K::LParen) => self.for_in_parentheses(index),
                K::KwMatch | K::SoftAttempt if index > first => self.arms(index),
                K::KwElse if index > first => self.block_of_else(index),
                K::KwReturn if index > first => {
                    self.return_of_query(index);
                    self.several_returned(index);
                }
                K::KwLet if index > first && self.kind(index + 1) == Some(K::LBrace) => {
                    self.fields_in_braces(index + 1)
                }
                K::Equal if index > first && self.is_element_assigned(index) => self.element_assigned(index),
                K::LowerName if index > first && self.begins_line(index) && self.assigned_field(index).is_some() => {
                    self.field_assignment(index);
                }
                K::LowerName | K::UpperName if index > first && self.begins_line(index) && self.typed_first(index) => {
                    self.typed_binding(index);
                }
                K::KwInsert if self.text(index + 1) == "into" => self.word_too_many(index + 1, "insert"),
                _ => {}
            }
            index += 1;
        }
    }

    /// The `fails` in `then f(x) fails E`.
    fn failure_after_then(&self, index: usize) -> Option<usize> {
        let is_fails = |this: &Self, at: usize| this.text(at) == "fails" && this.kind(at + 1) == Some(K::UpperName);
        let ends = |this: &Self, at: usize| this.token(at).is_some_and(|token| token.first_on_line);
        let at = self.find(index + 1, |this, at| ends(this, at) || is_fails(this, at));
        (self.item_word().1 == Some(K::ItemScenario) && self.begins_line(index) && is_fails(self, at)).then_some(at)
    }

    fn then_fails(&mut self, index: usize) {
        let Some(fails) = self.failure_after_then(index) else { return };
        let range = self.range(index);
        self.tell(
            SyntaxError::new(Code::ScenarioLine, "a call that is to fail is a `when`", range)
                .label("`then` is a condition")
                .fix("write `when`", [(range, "when".to_string())], true),
        );
        self.become_kind(index, K::WordWhen);
        self.become_kind(fails, K::SoftFails);
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
        let names = self.is_name(index + 1) && colon
            || self.kind_before(index) == Some(K::KwSelect)
            || self.names_behind_comma(index);
        let texts = self.kind(index + 1) == Some(K::Text) && colon;
        let spread = self.kind(index + 1) == Some(K::DotDot);
        let Some(close) = self.closing(index).filter(|_| names || texts || spread) else { return };
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

    /// `{ p.name, cost: p.price }`: no block has a comma before a name with a colon.
    fn names_behind_comma(&self, open: usize) -> bool {
        let is_named = |this: &Self, at: usize| {
            this.kind(at) == Some(K::Comma) && this.is_name(at + 1) && this.kind(at + 2) == Some(K::Colon)
        };
        let at = self.find(open + 1, |this, at| this.kind(at) == Some(K::Semi) || is_named(this, at));
        is_named(self, at)
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

    /// `if a > 1 return 2`, `if a > 1 2 else 3`, and the same on lines of their own.
    fn block_of_condition(&mut self, index: usize) {
        let block = self.find(index + 1, |this, at| {
            let begins =
                this.kind(at).is_some_and(|kind| begins_statement(kind) || begins_operand(kind) || kind == K::KwFail);
            let ended = at > index + 1 && this.kind_before(at).is_some_and(can_end);
            matches!(this.kind(at), Some(K::LBrace | K::Semi))
                || begins && ended
                || this.token(at).is_some_and(|token| token.first_on_line) && ended
        });
        let begins = self.kind(block).is_some_and(|kind| {
            begins_statement(kind)
                || begins_operand(kind)
                || matches!(kind, K::KwFail | K::KwUpdate | K::KwDelete | K::LParen)
        });
        if begins && (self.kind(block) != Some(K::LParen) || self.begins_line(block)) {
            self.put_in_braces(block, "what follows a condition stands in braces");
        }
    }

    /// `else 3`, behind a block.
    fn block_of_else(&mut self, index: usize) {
        let next = self.kind(index + 1);
        if self.kind_before(index) == Some(K::RBrace)
            && !matches!(next, Some(K::LBrace | K::KwIf) | None)
            && !next.is_some_and(K::closes)
        {
            self.put_in_braces(index + 1, "what follows `else` stands in braces");
        }
    }

    /// Puts the statement that begins at `start` in braces.
    fn put_in_braces(&mut self, start: usize, message: &str) {
        let line = |this: &Self, at: usize| this.token(at).is_some_and(|token| token.first_on_line);
        let end = self.find(start + 1, |this, at| {
            matches!(this.kind(at), Some(K::Semi | K::KwElse))
                || line(this, at) && !this.kind(at).is_some_and(word_continues)
        });
        let range = self.range(start).cover(self.range(end.saturating_sub(1)));
        let open = match line(self, start) {
            true => (Range::empty(self.range(start - 1).end), " {".to_string()),
            false => (Range::empty(range.start), "{ ".to_string()),
        };
        let edits = [open, (Range::empty(range.end), " }".to_string())];
        self.tell(SyntaxError::new(Code::BlockNeeded, message, range).label("I expected `{ … }`").fix(
            "put it in braces",
            edits,
            true,
        ));
        self.insert(end, K::RBrace);
        self.insert(start, K::LBrace);
    }

    /// `return from p in P …` as the whole body.
    fn return_of_query(&mut self, index: usize) {
        let query = self.text(index + 1) == "from" && self.text(index + 3) == "in";
        if !query || self.kind_before(index) != Some(K::LBrace) {
            return;
        }
        let range = self.range(index);
        let whole = Range::new(range.start, self.range(index + 1).start);
        self.tell(
            SyntaxError::new(Code::ForeignWord, "a query stands without `return`", range)
                .label("the last expression of a block is its value")
                .fix("remove `return`", [(whole, String::new())], true),
        );
        self.become_kind(index + 1, K::SoftFrom);
        self.remove(index, index + 1);
    }

    /// `return 1, 2`
    fn several_returned(&mut self, index: usize) {
        let comma = self.find(index + 1, |this, at| {
            matches!(this.kind(at), Some(K::Comma | K::Semi)) || this.token(at).is_some_and(|token| token.first_on_line)
        });
        let in_braces = self.enclosing(index).is_some_and(|open| self.kind(open) == Some(K::LBrace));
        if self.kind(comma) != Some(K::Comma) || !in_braces || self.in_arm(index) {
            return;
        }
        let end = self.find(comma + 1, |this, at| {
            this.kind(at) == Some(K::Semi) || this.token(at).is_some_and(|token| token.first_on_line)
        });
        let range = self.range(index + 1).cover(self.range(end.saturating_sub(1)));
        let message = "several values are a record, whose fields have names";
        self.tell(SyntaxError::new(Code::BraceRecord, message, range).label("I expected `(a: …, b: …)`"));
        self.cut(index + 1, end);
    }

    /// True if the token stands in an arm of a `match`, behind which a comma may stand.
    fn in_arm(&self, index: usize) -> bool {
        let start = (0..index).rev().find(|at| self.begins_line(*at)).unwrap_or(0);
        (start..index).any(|at| self.kind(at) == Some(K::FatArrow))
    }

    /// `let { a, b } = p`
    fn fields_in_braces(&mut self, index: usize) {
        let Some(close) = self.closing(index) else { return };
        let (open_range, close_range) = (self.range(index), self.range(close));
        self.tell(
            SyntaxError::new(Code::BraceRecord, "a record is taken apart in parentheses; braces hold code", open_range)
                .label("I expected `let (a, b) = …`")
                .fix("write `(…)`", [(open_range, "(".to_string()), (close_range, ")".to_string())], true),
        );
        self.become_kind(index, K::LParen);
        self.become_kind(close, K::RParen);
    }

    /// `xs[0] = 3` at the beginning of a statement.
    fn is_element_assigned(&self, index: usize) -> bool {
        let Some(bracket) = index.checked_sub(1).filter(|at| self.kind(*at) == Some(K::RBracket)) else { return false };
        let start = self.expression_start(index);
        self.is_name(start) && self.begins_line(start) && self.closing(start + 1) == Some(bracket)
    }

    fn element_assigned(&mut self, index: usize) {
        let start = self.expression_start(index);
        let end = self.find(index, |this, at| {
            this.kind(at) == Some(K::Semi) || at > index && this.token(at).is_some_and(|token| token.first_on_line)
        });
        let place = self.range(start).cover(self.range(index));
        self.tell(
            SyntaxError::new(Code::FieldAssign, "an element is not assigned to: collections do not change", place)
                .label("make a new one, as in `xs.map(x => …)` or `xs += [x]`"),
        );
        self.cut(start, end);
    }

    /// The dot and the sign of `x.f = e`, `x.f += e` at the beginning of a statement.
    fn assigned_field(&self, index: usize) -> Option<(usize, usize)> {
        let mut at = index;
        while self.kind(at + 1) == Some(K::Dot) && self.is_name(at + 2) {
            at += 2;
        }
        let assigns = matches!(self.kind(at + 1), Some(K::Equal | K::PlusEqual | K::MinusEqual | K::StarEqual));
        // Behind a comma it is one of several assignments of an update.
        (at > index && assigns && self.kind_before(index) != Some(K::Comma)).then(|| (at - 1, at + 1))
    }

    /// `p.stock = 4`
    fn field_assignment(&mut self, index: usize) {
        let Some((dot, sign)) = self.assigned_field(index) else { return };
        let row = Range::new(self.range(index).start, self.range(dot).start).slice(self.source);
        let set = Range::new(self.range(dot + 1).start, self.range(sign).end).slice(self.source);
        let edits =
            [(self.range(index), format!("update {}", self.text(index))), (self.range(dot), " set ".to_string())];
        let place = self.range(index).cover(self.range(sign));
        self.tell(
            SyntaxError::new(Code::FieldAssign, "a field is not assigned to; `update` changes a row", place)
                .label(format!("I expected `update {row} set {set} …`"))
                .fix("write an `update`", edits, false),
        );
        self.become_kind(dot, K::SoftSet);
        self.insert(index, K::KwUpdate);
    }

    /// `int x = 5`, `Text t = "a"`
    fn typed_first(&self, index: usize) -> bool {
        let is_type = self.kind(index) == Some(K::UpperName) || crate::words::foreign_type(self.text(index)).is_some();
        is_type
            && self.kind(index + 1) == Some(K::LowerName)
            && self.kind(index + 2) == Some(K::Equal)
            && self.token(index + 1).is_some_and(|token| !token.first_on_line)
    }

    fn typed_binding(&mut self, index: usize) {
        let (title, edits) = self.word_fix(index, "let");
        let range = self.range(index).cover(self.range(index + 1));
        self.tell(
            SyntaxError::new(Code::ForeignWord, "a value is named by `let`, a variable by `var`", range)
                .label("a type, where it is needed, stands behind the name: `let x: Int = 1`")
                .fix(title, edits, true),
        );
        self.become_kind(index, K::KwLet);
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
