//! Types: names of other languages, `Set<T>`, `T[]`, `: T` for the result.

use super::Translator;
use crate::case::upper_camel;
use crate::error::SyntaxError;
use crate::words::{TokenKind as K, counts_rows, foreign_type};
use tenon_diagnostics::Code;
use tenon_span::Range;

impl Translator<'_> {
    pub(super) fn types(&mut self) {
        self.record_in_braces();
        self.result_colon();
        let mut index = 0;
        while index < self.tokens.len() {
            if self.kind(index) == Some(K::Less) && self.begins_type_arguments(index) {
                self.angle_arguments(index);
            }
            index += 1;
        }
        let mut header = self.header_end();
        let mut index = 1;
        while index < self.tokens.len() {
            let candidate = self.is_name(index) || self.kind(index) == Some(K::UpperName);
            if candidate && self.begins_type(index, header) {
                let before = self.tokens.len();
                self.optional_type(index);
                self.type_name(index);
                self.postfix_list(index);
                header = header + self.tokens.len() - before;
            }
            index += 1;
        }
    }

    /// `type P = { a: Int, b: Int }`, `type P { a: Int; b: Int }`
    fn record_in_braces(&mut self) {
        let (first, word) = self.item_word();
        let equal = self.kind(first + 2) == Some(K::Equal);
        let open = first + 2 + usize::from(equal);
        let Some(close) = self.closing(open).filter(|_| word == Some(K::ItemType)) else { return };
        if self.kind(open) != Some(K::LBrace) || close + 1 != self.tokens.len() {
            return;
        }
        let (open_range, close_range) = (self.range(open), self.range(close));
        let mut edits = vec![(open_range, if equal { "(" } else { "= (" }.to_string())];
        let parts: Vec<usize> = (open + 2..close)
            .filter(|at| self.enclosing(*at) == Some(open) && self.begins_line(*at) && self.kind(*at) != Some(K::Semi))
            .collect();
        for at in parts.into_iter().rev() {
            match self.kind(at - 1) {
                Some(K::Comma) => {}
                Some(K::Semi) => {
                    edits.push((self.range(at - 1), ",".to_string()));
                    self.become_kind(at - 1, K::Comma);
                }
                _ => {
                    edits.push((Range::empty(self.range(at - 1).end), ",".to_string()));
                    self.insert(at, K::Comma);
                }
            }
        }
        edits.push((close_range, ")".to_string()));
        edits.sort_by_key(|(range, _)| range.start);
        self.tell(
            SyntaxError::new(Code::BraceRecord, "records are written with parentheses; braces hold code", open_range)
                .label("I expected `= (a: A, b: B)`")
                .fix("write `(…)`", edits, true),
        );
        let close = self.closing(open).unwrap_or(close);
        self.become_kind(close, K::RParen);
        self.become_kind(open, K::LParen);
        if !equal {
            self.insert(open, K::Equal);
        }
    }

    /// `fn f(a: Int): Int {`
    fn result_colon(&mut self) {
        let declares = matches!(self.item_word().1, Some(K::KwFn | K::ItemQuery | K::ItemHandler | K::ItemWorkflow));
        let end = self.header_end();
        let colon = (1..end).find(|at| self.kind(*at) == Some(K::Colon) && self.kind(at - 1) == Some(K::RParen));
        if let Some(colon) = colon.filter(|_| declares) {
            let range = self.range(colon);
            self.tell(SyntaxError::new(Code::ForeignOperator, "the type of the result stands behind `->`", range).fix(
                "write `->`",
                [(range, " ->".to_string())],
                true,
            ));
            self.become_kind(colon, K::Arrow);
        }
    }

    /// True if a type is written at `index`: behind the colon of a declaration, behind `->`, or inside a type.
    fn begins_type(&self, index: usize, header_end: usize) -> bool {
        let mut at = index;
        loop {
            let in_header = at < header_end;
            match self.kind_before(at) {
                Some(K::Arrow) => return in_header,
                Some(K::Colon) => return self.declares(at - 1, in_header),
                Some(K::Equal) => return self.item_word().1 == Some(K::ItemType) && at < 5,
                Some(K::LBracket | K::Comma) => match self.enclosing_bracket(at) {
                    Some(open) if self.kind_before(open) == Some(K::UpperName) => at = open - 1,
                    Some(open) => at = open,
                    None => return false,
                },
                _ => return false,
            }
        }
    }

    /// The `[` around the token, if that is the innermost bracket.
    fn enclosing_bracket(&self, index: usize) -> Option<usize> {
        let mut depth = 0usize;
        for at in (0..index).rev() {
            let kind = self.kind(at)?;
            if kind.closes() {
                depth += 1;
            } else if kind.opens() {
                match depth.checked_sub(1) {
                    Some(less) => depth = less,
                    None => return (kind == K::LBracket).then_some(at),
                }
            }
        }
        None
    }

    fn declares(&self, colon: usize, in_header: bool) -> bool {
        let Some(name) = colon.checked_sub(1) else { return false };
        let name = if self.kind(name) == Some(K::Question) { name.saturating_sub(1) } else { name };
        let before = self.kind_before(name);
        if in_header {
            return matches!(before, Some(K::LParen | K::Comma | K::KwAs)) || self.item_word().0 + 1 == name;
        }
        let relation = matches!(self.item_word().1, Some(K::ItemRelation | K::ItemEvent));
        relation && (self.begins_line(name) || matches!(before, Some(K::WordKey | K::WordSecret)))
            || matches!(before, Some(K::KwLet | K::KwVar))
    }

    fn type_name(&mut self, index: usize) {
        let new_line = self.token(index).is_some_and(|token| token.first_on_line);
        if !self.is_name(index) || self.kind(index + 1) == Some(K::Dot) || new_line {
            return;
        }
        let (word, range) = (self.text(index), self.range(index));
        if matches!(word, "void" | "unit" | "nothing") && self.kind_before(index) == Some(K::Arrow) {
            let whole = Range::new(self.range(index.saturating_sub(2)).end, range.end);
            self.tell(SyntaxError::new(Code::ForeignType, "what gives no value has no `->`", range).fix(
                "remove the type",
                [(whole, String::new())],
                true,
            ));
            self.remove(index - 1, index + 1);
            return;
        }
        if counts_rows(word) {
            return self.counting_type(index);
        }
        let (code, meant, message) = match foreign_type(word) {
            Some(meant) => (Code::ForeignType, meant.to_string(), format!("the type is called `{meant}`")),
            None => {
                let meant = upper_camel(word);
                let message = format!("`{word}` must begin with a capital: `{meant}`");
                (Code::Case, meant, message)
            }
        };
        self.tell(SyntaxError::new(code, message, range).fix(
            format!("write `{meant}`"),
            [(range, meant.clone())],
            code == Code::ForeignType,
        ));
        let name = meant.split('(').next().unwrap_or(&meant).to_string();
        self.become_text(index, K::UpperName, name);
    }

    /// `key id: serial`, `key id: serial()`
    fn counting_type(&mut self, index: usize) {
        let called = self.kind(index + 1) == Some(K::LParen) && self.kind(index + 2) == Some(K::RParen);
        let end = index + if called { 3 } else { 1 };
        let range = self.range(index).cover(self.range(end - 1));
        let relation = matches!(self.item_word().1, Some(K::ItemRelation));
        let counts = relation && self.kind(end) != Some(K::Equal);
        let meant = if counts { "Int = serial()" } else { "Int" };
        self.tell(
            SyntaxError::new(Code::ForeignType, "a key that counts is an `Int` with the default `serial()`", range)
                .fix(format!("write `{meant}`"), [(range, meant.to_string())], true),
        );
        self.remove(index + 1, end);
        if counts {
            self.insert(index + 1, K::RParen);
            self.insert(index + 1, K::LParen);
            self.insert_text(index + 1, K::LowerName, "serial");
            self.insert(index + 1, K::Equal);
        }
        self.become_text(index, K::UpperName, "Int");
    }

    /// `Optional[Int]`, `Int | null`
    fn optional_type(&mut self, index: usize) {
        let range = self.range(index);
        let optional = matches!(self.text(index), "Option" | "Optional" | "Maybe" | "Nullable");
        if let Some(close) = self.closing(index + 1).filter(|_| optional && self.kind(index + 1) == Some(K::LBracket)) {
            let edits = [(range.cover(self.range(index + 1)), String::new()), (self.range(close), "?".to_string())];
            self.tell(SyntaxError::new(Code::ForeignType, "an optional type ends in `?`", range).fix(
                "write `?`",
                edits,
                true,
            ));
            self.become_kind(close, K::Question);
            self.remove(index, index + 2);
        } else if self.kind(index + 1) == Some(K::Bar)
            && matches!(self.text(index + 2), "null" | "none" | "undefined" | "nil" | "None")
        {
            let place = Range::new(range.end, self.range(index + 2).end);
            self.tell(SyntaxError::new(Code::ForeignType, "an optional type ends in `?`", place).fix(
                "write `?`",
                [(place, "?".to_string())],
                true,
            ));
            self.become_kind(index + 1, K::Question);
            self.remove(index + 2, index + 3);
        }
    }

    /// `Text[]`
    fn postfix_list(&mut self, index: usize) {
        if self.kind(index) != Some(K::UpperName)
            || self.kind(index + 1) != Some(K::LBracket)
            || self.kind(index + 2) != Some(K::RBracket)
        {
            return;
        }
        let name = self.range(index);
        let brackets = self.range(index + 1).cover(self.range(index + 2));
        let edits = [(Range::empty(name.start), "[".to_string()), (brackets, "]".to_string())];
        self.tell(SyntaxError::new(Code::AngleType, "a list type stands between brackets", name.cover(brackets)).fix(
            "put the brackets around the type",
            edits,
            true,
        ));
        self.remove(index + 1, index + 2);
        self.insert(index, K::LBracket);
    }

    /// A `<` glued to a name with a capital, with only parts of types up to its `>`.
    fn begins_type_arguments(&self, index: usize) -> bool {
        let Some(name) = index.checked_sub(1) else { return false };
        self.kind(name) == Some(K::UpperName) && self.glued(name) && self.closing_angle(index).is_some()
    }

    fn closing_angle(&self, index: usize) -> Option<usize> {
        let mut depth = 0usize;
        for at in index..(index + 30).min(self.tokens.len()) {
            match self.kind(at)? {
                K::Less => depth += 1,
                K::Greater => {
                    depth -= 1;
                    if depth == 0 {
                        return Some(at);
                    }
                }
                kind if kind.is_name() => {}
                K::UpperName
                | K::Comma
                | K::Dot
                | K::Question
                | K::LBracket
                | K::RBracket
                | K::LParen
                | K::RParen
                | K::Int => {}
                _ => return None,
            }
        }
        None
    }

    fn angle_arguments(&mut self, index: usize) {
        let Some(close) = self.closing_angle(index) else { return };
        let (open_range, close_range) = (self.range(index), self.range(close));
        let name_range = self.range(index - 1);
        let (open, end, drops_name) = match self.text(index - 1) {
            "List" | "Array" | "Vec" | "Sequence" => ("[", "]", true),
            "Option" | "Optional" | "Maybe" | "Nullable" => ("", "?", true),
            _ => ("[", "]", false),
        };
        let from = if drops_name { name_range.cover(open_range) } else { open_range };
        self.tell(
            SyntaxError::new(Code::AngleType, "arguments of types stand in brackets", open_range.cover(close_range))
                .label("read as a comparison")
                .fix("write brackets", [(from, open.to_string()), (close_range, end.to_string())], true),
        );
        self.become_kind(close, if end == "?" { K::Question } else { K::RBracket });
        match (drops_name, open) {
            (true, "") => self.remove(index - 1, index + 1),
            (true, _) => {
                self.become_kind(index, K::LBracket);
                self.remove(index - 1, index);
            }
            _ => self.become_kind(index, K::LBracket),
        }
    }
}
