//! Choices as other languages write them: `c ? a : b`, `a if c else b`, `if c then a else b`, `if c:`, arms with `case`.

use super::Translator;
use crate::error::SyntaxError;
use crate::repair::classes::{begins_operand, begins_query_clause, begins_statement, can_end, word_continues};
use crate::words::TokenKind as K;
use tenon_diagnostics::Code;
use tenon_span::Range;

impl Translator<'_> {
    pub(super) fn choices(&mut self) {
        let mut index = self.header_end() + 1;
        while let Some(kind) = self.kind(index) {
            match kind {
                K::Question => self.question(index),
                K::QuestionQuestion if self.kind(index + 1) == Some(K::Equal) && self.glued(index) => {
                    self.coalescing_assignment(index);
                }
                K::KwIf if self.is_condition_behind(index) => self.condition_behind(index),
                K::KwIf => self.then_branch(index),
                K::Colon if self.ends_block_header(index) => self.colon_block(index),
                K::Colon if self.ends_header_of_line(index) => self.colon_line(index),
                K::KwMatch => self.case_arms(index),
                _ if matches!(self.text(index), "switch" | "when")
                    && self.begins_line(index)
                    && !matches!(self.item_word().1, Some(K::ItemScenario | K::ItemPolicy))
                    && self.block_follows(index) =>
                {
                    self.replace_word(index, "match");
                    self.case_arms(index);
                }
                _ => {}
            }
            index += 1;
        }
    }

    /// Where the expression begins that ends before the token.
    pub(super) fn expression_start(&self, index: usize) -> usize {
        let mut depth = 0usize;
        let mut start = index;
        while let Some(kind) = self.kind_before(start) {
            if depth == 0
                && (kind.opens()
                    || begins_statement(kind)
                    || begins_query_clause(kind)
                    || matches!(
                        kind,
                        K::Semi
                            | K::Comma
                            | K::Equal
                            | K::PlusEqual
                            | K::MinusEqual
                            | K::StarEqual
                            | K::Colon
                            | K::FatArrow
                            | K::Arrow
                            | K::KwElse
                            | K::KwFail
                            | K::WordThen
                            | K::WordCheck
                            | K::SoftSet
                            | K::RBrace
                    ))
            {
                break;
            }
            if kind.closes() {
                depth += 1;
            } else if kind.opens() {
                depth -= 1;
            }
            start -= 1;
            let first = self.token(start).is_some_and(|token| token.first_on_line && !word_continues(token.kind));
            if depth == 0 && first {
                break;
            }
        }
        start
    }

    /// Where the expression ends that begins at the token.
    pub(super) fn expression_end(&self, index: usize) -> usize {
        self.find(index, |this, at| {
            let Some(token) = this.token(at) else { return true };
            matches!(token.kind, K::Semi | K::Comma | K::KwElse | K::Colon)
                || begins_query_clause(token.kind)
                || at > index && token.first_on_line && !word_continues(token.kind)
        })
    }

    fn source_of(&self, from: usize, to: usize) -> &str {
        self.range(from).cover(self.range(to.saturating_sub(1))).slice(self.source)
    }

    /// From the end of the token before to the beginning of the one behind.
    fn gap(&self, index: usize) -> Range {
        Range::new(self.range(index.saturating_sub(1)).end, self.range(index + 1).start)
    }

    /// `a ? b : c`, `a ?: b`, `xs?[0]`, `f()?`
    fn question(&mut self, index: usize) {
        if !self.kind_before(index).is_some_and(can_end) || self.in_declared_type(index) {
            return;
        }
        let range = self.range(index);
        if self.kind(index + 1) == Some(K::Colon) && self.glued(index) {
            let range = range.cover(self.range(index + 1));
            self.tell(SyntaxError::new(Code::ForeignOperator, "`?:` is written `??`", range).fix(
                "write `??`",
                [(range, "??".to_string())],
                true,
            ));
            self.become_kind(index, K::QuestionQuestion);
            self.remove(index + 1, index + 2);
            return;
        }
        let next = self.kind(index + 1);
        let operand = next.is_some_and(begins_operand) || matches!(next, Some(K::LParen | K::LBracket | K::Minus));
        let colon = self.expression_end(index + 1);
        if operand && self.kind(colon) == Some(K::Colon) {
            self.ternary(index, colon);
            return;
        }
        self.tell(
            SyntaxError::new(
                Code::ForeignOperator,
                "`?` marks an optional type; behind a value it says nothing",
                range,
            )
            .note("a failure passes on by itself; what may be `none` is taken by `x?.f`, `x ?? d` or `x else …`")
            .fix("remove it", [(range, String::new())], false),
        );
        self.remove(index, index + 1);
    }

    /// True behind the colon of a declaration: there the mark belongs to a type.
    fn in_declared_type(&self, index: usize) -> bool {
        let start = self.expression_start(index);
        let declared = self.kind_before(start) == Some(K::Colon);
        let declares = start.checked_sub(3).is_some_and(|at| matches!(self.kind(at), Some(K::KwLet | K::KwVar)));
        let relation = matches!(
            self.item_word().1,
            Some(K::ItemRelation | K::ItemEvent | K::ItemType | K::ItemError | K::ItemBinding)
        );
        declared && (declares || relation)
    }

    fn ternary(&mut self, index: usize, colon: usize) {
        let start = self.expression_start(index);
        let mut end = self.expression_end(colon + 1);
        // `a ? 1 : b ? 2 : 3`
        while self.kind(end) == Some(K::Colon) {
            end = self.expression_end(end + 1);
        }
        let edits = [
            (Range::empty(self.range(start).start), "if ".to_string()),
            (self.gap(index), " { ".to_string()),
            (self.gap(colon), " } else { ".to_string()),
            (Range::empty(self.range(end.saturating_sub(1)).end), " }".to_string()),
        ];
        self.tell(
            SyntaxError::new(Code::Ternary, "there is no `? :`; an `if` has a value", self.range(index))
                .label("I expected `if a { b } else { c }`")
                .fix("write an `if`", edits, true),
        );
        self.value_before_colon(colon);
        self.insert(end, K::RBrace);
        self.become_kind(colon, K::RBrace);
        self.insert(colon + 1, K::KwElse);
        self.insert(colon + 2, K::LBrace);
        self.become_kind(index, K::LBrace);
        self.insert(start, K::KwIf);
        let first = self.token(start + 1).is_some_and(|token| token.first_on_line);
        if let (Some(word), true) = (self.tokens.get_mut(start), first) {
            word.first_on_line = true;
        }
        if let Some(condition) = self.tokens.get_mut(start + 1) {
            condition.first_on_line = false;
        }
    }

    /// Before `:` every word is a name; here it is a value.
    fn value_before_colon(&mut self, colon: usize) {
        if let Some(value) = colon.checked_sub(1).filter(|at| self.kind(*at) == Some(K::LowerName)) {
            let kind = match self.text(value) {
                "true" => K::KwTrue,
                "false" => K::KwFalse,
                "none" | "null" | "nil" => K::KwNone,
                _ => K::LowerName,
            };
            self.become_kind(value, kind);
        }
    }

    /// `b ??= 3`
    fn coalescing_assignment(&mut self, index: usize) {
        let name = self.text(index.saturating_sub(1)).to_string();
        let range = self.range(index).cover(self.range(index + 1));
        if !self.kind_before(index).is_some_and(K::is_name) {
            return;
        }
        let meant = format!("= {name} ??");
        self.tell(SyntaxError::new(Code::ForeignOperator, format!("`??=` is written `{meant}`"), range).fix(
            format!("write `{meant}`"),
            [(range, meant)],
            true,
        ));
        self.become_kind(index, K::Equal);
        self.become_kind(index + 1, K::QuestionQuestion);
        self.insert_text(index + 1, K::LowerName, name);
    }

    /// `1 if a else 2`
    fn is_condition_behind(&self, index: usize) -> bool {
        let behind_value = self.kind_before(index).is_some_and(can_end) && !self.begins_line(index);
        let other = self.find(index + 1, |this, at| {
            matches!(this.kind(at), Some(K::KwElse | K::LBrace | K::Semi | K::FatArrow))
                || this.token(at).is_some_and(|token| token.first_on_line)
        });
        behind_value && self.kind(other) == Some(K::KwElse) && other > index + 1
    }

    fn condition_behind(&mut self, index: usize) {
        let start = self.expression_start(index);
        let other = self.find(index + 1, |this, at| this.kind(at) == Some(K::KwElse));
        let end = self.expression_end(other + 1);
        let (value, condition, rest) =
            (self.source_of(start, index), self.source_of(index + 1, other), self.source_of(other + 1, end));
        let text = format!("if {condition} {{ {value} }} else {{ {rest} }}");
        let whole = self.range(start).cover(self.range(end.saturating_sub(1)));
        self.tell(
            SyntaxError::new(Code::Ternary, "an `if` begins with its condition", self.range(index))
                .label("I expected `if a { b } else { c }`")
                .fix(format!("write `{text}`"), [(whole, text)], true),
        );
        self.cut(start, end);
    }

    /// `if c then a else b`, on one line or on several with `end`.
    fn then_branch(&mut self, index: usize) {
        let then = self
            .find(index + 1, |this, at| this.text(at) == "then" || matches!(this.kind(at), Some(K::LBrace | K::Semi)));
        if self.text(then) != "then" || then == index + 1 {
            return;
        }
        let word = |this: &Self, at: usize, word: &str| this.text(at) == word && this.begins_line(at);
        let end = self.find(then + 1, |this, at| word(this, at, "end"));
        let closed = self.text(end) == "end" && self.begins_line(end + 1);
        let other = match closed {
            true => self.find(then + 1, |this, at| at >= end || this.kind(at) == Some(K::KwElse)),
            false => self.find(then + 1, |this, at| {
                let first = at > then + 1 && this.token(at).is_some_and(|token| token.first_on_line);
                matches!(this.kind(at), Some(K::KwElse | K::Semi | K::Comma)) || first && this.kind(at) != Some(K::Dot)
            }),
        };
        let with_other = self.kind(other) == Some(K::KwElse) && self.kind(other + 1) != Some(K::KwIf);
        let last = match (closed, with_other) {
            (true, _) => end,
            (false, true) => self.expression_end(other + 1),
            (false, false) => other,
        };
        let on_lines = self.token(then + 1).is_some_and(|token| token.first_on_line);
        let (open, close) = match on_lines {
            true => (Range::new(self.range(then - 1).end, self.range(then).end), " {"),
            false => (self.gap(then), " { "),
        };
        let mut edits = vec![(open, close.to_string())];
        let behind = |this: &Self, at: usize| Range::empty(this.range(at.saturating_sub(1)).end);
        if with_other {
            let place = if on_lines { self.range(other) } else { self.gap(other) };
            edits.push((place, if on_lines { "} else {" } else { " } else { " }.to_string()));
        } else if self.kind(other) == Some(K::KwElse) {
            edits.push((Range::empty(self.range(other).start), "} ".to_string()));
        }
        match closed {
            true => edits.push((self.range(end), "}".to_string())),
            false if self.kind(other) == Some(K::KwElse) && !with_other => {}
            false => edits.push((behind(self, last), " }".to_string())),
        }
        self.tell(
            SyntaxError::new(Code::BlockNeeded, "what follows a condition stands in braces", self.range(then))
                .label("I expected `{ … }`, without `then`")
                .fix("put it in braces", edits, true),
        );
        // From the end, so that places stay.
        match closed {
            true => self.become_kind(end, K::RBrace),
            false if self.kind(other) == Some(K::KwElse) && !with_other => {}
            false => self.insert(last, K::RBrace),
        }
        if with_other {
            self.insert(other + 1, K::LBrace);
            self.insert(other, K::RBrace);
        } else if self.kind(other) == Some(K::KwElse) {
            self.insert(other, K::RBrace);
        }
        self.become_kind(then, K::LBrace);
    }

    /// The colon at the end of `if c:`, `else:`, `while c:`, `for x in xs:`.
    fn ends_block_header(&self, index: usize) -> bool {
        if !self.token(index + 1).is_some_and(|next| next.first_on_line) {
            return false;
        }
        let Some(first) = (0..=index).rev().find(|at| self.begins_line(*at)) else { return false };
        let header = self.kind(first).is_some_and(|kind| matches!(kind, K::KwIf | K::KwWhile | K::KwFor | K::KwElse))
            || matches!(self.text(first), "else" | "elif");
        header && self.token(index + 1).map(|next| next.indent) > self.token(first).map(|word| word.indent)
    }

    fn colon_block(&mut self, index: usize) {
        let Some(first) = (0..=index).rev().find(|at| self.begins_line(*at)) else { return };
        let indent = self.token(first).map_or(0, |word| word.indent);
        let end = self.find(index + 1, |this, at| {
            this.token(at).is_some_and(|token| token.first_on_line && token.indent <= indent)
        });
        let last = self.range(end.saturating_sub(1)).end;
        let edits = [
            (self.range(index), " {".to_string()),
            (Range::empty(last), format!("\n{}}}", " ".repeat(usize::from(indent)))),
        ];
        self.told_colon(index, edits, true);
        self.braces_for_colon(first, index, end);
    }

    fn told_colon(&mut self, colon: usize, edits: [(Range, String); 2], certain: bool) {
        self.tell(
            SyntaxError::new(Code::BlockNeeded, "what follows a condition stands in braces", self.range(colon))
                .label("I expected `{ … }`, without `:`")
                .fix("put it in braces", edits, certain),
        );
    }

    fn braces_for_colon(&mut self, first: usize, colon: usize, end: usize) {
        if self.text(first) == "else" {
            self.become_kind(first, K::KwElse);
        }
        if colon > first + 1 {
            self.value_before_colon(colon);
        }
        self.insert(end, K::RBrace);
        self.become_kind(colon, K::LBrace);
    }

    /// The colon of `if c: return 1`, where the body stands on the same line.
    fn ends_header_of_line(&self, index: usize) -> bool {
        let Some(first) = (0..index).rev().find(|at| self.begins_line(*at)) else { return false };
        let header = match self.kind(first) {
            Some(K::KwFor) => (first..index).any(|at| self.kind(at) == Some(K::KwIn)),
            Some(K::KwIf | K::KwWhile) => true,
            _ => matches!(self.text(first), "else" | "elif"),
        };
        let body = self.token(index + 1).is_some_and(|next| {
            !next.first_on_line && !next.kind.closes() && !matches!(next.kind, K::LBrace | K::Semi)
        });
        let level = self.enclosing(first);
        let binds = (first..index).any(|at| {
            matches!(self.kind(at), Some(K::KwLet | K::KwVar | K::LBrace | K::Question | K::FatArrow))
                || self.kind(at) == Some(K::Colon) && self.enclosing(at) == level
        });
        header && body && !binds && self.enclosing(index) == level
    }

    fn colon_line(&mut self, index: usize) {
        let Some(first) = (0..index).rev().find(|at| self.begins_line(*at)) else { return };
        let end = self.find(index + 1, |this, at| this.token(at).is_some_and(|token| token.first_on_line));
        let several = (index + 1..end).any(|at| self.kind(at) == Some(K::Semi));
        let last = self.range(end.saturating_sub(1)).end;
        let place = Range::new(self.range(index).start, self.range(index + 1).start);
        self.told_colon(index, [(place, " { ".to_string()), (Range::empty(last), " }".to_string())], !several);
        self.braces_for_colon(first, index, end);
    }

    /// `case 1: …`, `default: …`, `else -> …` as arms of the `match` at `index`.
    fn case_arms(&mut self, index: usize) {
        let open = self.find(index + 1, |this, at| this.kind(at) == Some(K::LBrace));
        let Some(close) = self.closing(open).filter(|_| self.kind(open) == Some(K::LBrace)) else { return };
        let mut arms: Vec<(usize, usize)> = Vec::new();
        let mut depth = 0usize;
        for at in open + 1..close {
            let Some(kind) = self.kind(at) else { break };
            if kind.opens() {
                depth += 1;
            } else if kind.closes() {
                depth = depth.saturating_sub(1);
            } else if depth == 0 && self.begins_arm(at) {
                let sign = self
                    .find(at, |this, at| matches!(this.kind(at), Some(K::Colon | K::Arrow | K::FatArrow | K::Semi)));
                if matches!(self.kind(sign), Some(K::Colon | K::Arrow | K::FatArrow)) {
                    arms.push((at, sign));
                }
            }
        }
        // `default => 1` alone names what is matched.
        let foreign =
            |(word, sign): &(usize, usize)| self.text(*word) != "default" || self.kind(*sign) != Some(K::FatArrow);
        let Some(first) = arms.first().copied().filter(|_| arms.iter().any(foreign)) else { return };
        let mut edits = Vec::new();
        // From the last to the first, so that places stay.
        for (number, (word, sign)) in arms.iter().copied().enumerate().rev() {
            let end = arms.get(number + 1).map_or_else(|| self.closing(open).unwrap_or(close), |(word, _)| *word);
            let joined = number.checked_sub(1).and_then(|at| arms.get(at)).is_some_and(|(_, sign)| sign + 1 == word);
            self.case_arm(word, sign, end, joined, &mut edits);
        }
        edits.sort_by_key(|(range, _)| (range.start, range.end));
        let place = self.range(first.0);
        self.tell(
            SyntaxError::new(Code::MatchArrow, "an arm of `match` is written `pattern => value`", place)
                .label("`_ => …` is the arm of all the others")
                .fix("write the arms with `=>`", edits, true),
        );
    }

    fn begins_arm(&self, index: usize) -> bool {
        let first = self.begins_line(index) || self.kind_before(index) == Some(K::Colon);
        let sign = matches!(self.kind(index + 1), Some(K::Colon | K::Arrow | K::FatArrow));
        match self.text(index) {
            "case" => first && !sign,
            "default" | "else" => first && sign,
            _ => false,
        }
    }

    /// The arm whose word stands at `word`, whose sign at `sign`, up to `end`. `joined` says that the one before it has
    /// nothing behind its sign, so that both are one arm.
    fn case_arm(&mut self, word: usize, sign: usize, end: usize, joined: bool, edits: &mut Vec<(Range, String)>) {
        // Behind the `break` at its end nothing runs.
        let mut last = end;
        while last > sign + 1 && matches!(self.kind(last - 1), Some(K::Semi)) {
            last -= 1;
        }
        if last > sign + 1 && self.kind(last - 1) == Some(K::KwBreak) {
            let place = Range::new(self.range(last - 2).end, self.range(end - 1).end);
            edits.push((place, String::new()));
            self.remove(last - 1, end);
            last -= 1;
        }
        let empty = last == sign + 1;
        let goes_on = empty && self.kind(last) == Some(K::Bar);
        let lines = (sign + 2..last).any(|at| self.token(at).is_some_and(|token| token.first_on_line));
        let statement = self.kind(sign + 1).is_some_and(|kind| begins_statement(kind) && kind != K::KwReturn);
        if (lines || statement || empty) && !goes_on {
            let indent = self.token(word).map_or(0, |word| usize::from(word.indent));
            edits.push((
                Range::empty(self.range(last - 1).end),
                match lines {
                    true => format!("\n{}}}", " ".repeat(indent)),
                    false => " }".to_string(),
                },
            ));
            self.insert(last, K::RBrace);
            self.insert(sign + 1, K::LBrace);
            edits.push((self.sign_place(sign), " => {".to_string()));
        } else {
            edits.push((self.sign_place(sign), if goes_on { "" } else { " =>" }.to_string()));
        }
        match goes_on {
            true => self.remove(sign, sign + 1),
            false => self.become_kind(sign, K::FatArrow),
        }
        match self.text(word) {
            "case" if joined => {
                edits.push((self.range(word), "|".to_string()));
                self.become_kind(word, K::Bar);
            }
            "case" => {
                edits.push((Range::new(self.range(word).start, self.range(word + 1).start), String::new()));
                self.remove(word, word + 1);
            }
            _ => {
                edits.push((self.range(word), "_".to_string()));
                self.become_kind(word, K::Underscore);
            }
        }
    }

    /// The sign with the blank before it.
    fn sign_place(&self, sign: usize) -> Range {
        Range::new(self.range(sign.saturating_sub(1)).end, self.range(sign).end)
    }
}
