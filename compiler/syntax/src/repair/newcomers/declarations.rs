//! Declarations: the case of names, items inside items, members of relations, parameters without types.

use super::Translator;
use crate::case::{lower_snake, upper_camel};
use crate::error::SyntaxError;
use crate::words::counts_rows;
use crate::words::{self, TokenKind as K};
use tenon_diagnostics::Code;
use tenon_span::Range;

impl Translator<'_> {
    /// An item word inside an item, with what an item begins with behind it, begins an item at the wrong place.
    pub(super) fn items_inside(&mut self) {
        let (first, _) = self.item_word();
        let mut index = first + 1;
        while index < self.tokens.len() {
            if self.is_item_inside(index) {
                let end = self.end_of_item(index);
                let range = self.range(index);
                let word = self.text(index).to_string();
                let alone = self.token(index).is_some_and(|token| token.first_on_line);
                let what = if alone { "without indent" } else { "on a line of its own, without indent" };
                self.tell(
                    SyntaxError::new(Code::ItemColumn, format!("an item begins at column 0: `{word}`"), range)
                        .label(format!("I expected this {what}, outside of other items")),
                );
                let in_braces = self.header_end() < index;
                if in_braces {
                    self.cut(index, end);
                    self.become_kind(index, K::Cut);
                } else {
                    self.remove(index, end);
                }
            }
            index += 1;
        }
    }

    fn is_item_inside(&self, index: usize) -> bool {
        let word = self.text(index);
        if !words::begins_item(word) || matches!(self.kind_before(index), Some(K::Dot | K::Colon | K::Comma)) {
            return false;
        }
        let (second, third) = (self.kind(index + 1), self.kind(index + 2));
        match word {
            "fn" | "query" | "handler" | "workflow" | "page" => {
                self.is_name(index + 1) && matches!(third, Some(K::LParen | K::LBracket)) && self.begins_line(index)
            }
            "type" | "relation" | "event" | "view" | "error" | "policy" | "actor" | "binding" => {
                second == Some(K::UpperName)
                    && (matches!(third, Some(K::Equal | K::LBrace)) || self.text(index + 2) == "is")
            }
            "scenario" | "property" | "invariant" | "goal" => second == Some(K::Text) && third == Some(K::LBrace),
            _ => false,
        }
    }

    /// The end of the item that begins inside another: behind its braces, or at the end of its line.
    fn end_of_item(&self, index: usize) -> usize {
        let brace = self.find(index + 1, |this, at| {
            this.kind(at) == Some(K::LBrace) || this.token(at).is_some_and(|token| token.first_on_line)
        });
        match self.kind(brace) {
            Some(K::LBrace) => self.closing(brace).map_or(self.tokens.len(), |end| end + 1),
            _ => brace,
        }
    }

    /// The names of the item, of its parameters and of its members have the case that they must have.
    pub(super) fn names_in_declarations(&mut self) {
        let (first, Some(word)) = self.item_word() else { return };
        let upper = matches!(
            word,
            K::ItemType
                | K::ItemRelation
                | K::ItemEvent
                | K::ItemView
                | K::ItemError
                | K::ItemActor
                | K::ItemPolicy
                | K::ItemBinding
                | K::ItemEvolve
                | K::ItemRepair
        );
        let lower =
            matches!(word, K::KwFn | K::ItemQuery | K::ItemHandler | K::ItemWorkflow | K::ItemPage | K::ItemConst);
        match self.kind(first + 1) {
            Some(kind) if upper && kind.is_name() => self.wrong_case(first + 1, true),
            Some(K::UpperName) if lower => self.wrong_case(first + 1, false),
            _ => {}
        }
        if word == K::ItemType {
            self.cases(first + 2);
        }
        if upper || lower {
            self.parameters();
        }
    }

    fn wrong_case(&mut self, index: usize, upper: bool) {
        let name = self.text(index);
        let (meant, kind, rule) = if upper {
            (upper_camel(name), K::UpperName, "must begin with a capital")
        } else {
            (lower_snake(name), K::LowerName, "must be written in lower case")
        };
        let range = self.range(index);
        self.tell(
            SyntaxError::new(Code::Case, format!("`{name}` {rule}: `{meant}`"), range)
                .label("types, relations, variants and errors have capitals, everything else has none")
                .fix(format!("write `{meant}`"), [(range, meant.clone())], false),
        );
        self.become_text(index, kind, meant);
    }

    /// The cases of a variant type.
    fn cases(&mut self, from: usize) {
        for index in from..self.tokens.len() {
            let bar = |at: Option<K>| at == Some(K::Bar);
            let case =
                bar(self.kind_before(index)) || self.kind_before(index) == Some(K::Equal) && bar(self.kind(index + 1));
            if case && self.is_name(index) {
                self.wrong_case(index, true);
            }
        }
    }

    /// Parameters: their case, and that they have a type.
    fn parameters(&mut self) {
        let end = self.header_end();
        let mut depth = 0usize;
        let mut index = 0;
        let (first, word) = self.item_word();
        let declares = matches!(
            word,
            Some(K::KwFn | K::ItemQuery | K::ItemHandler | K::ItemWorkflow | K::ItemView | K::ItemError | K::ItemPage)
        );
        let list = (first..end).find(|at| self.kind(*at) == Some(K::LParen)).filter(|_| declares);
        let list_end = list.and_then(|list| self.closing(list)).unwrap_or(0);
        let mut end = end;
        let mut list_end = list_end;
        while index < end {
            let begins = matches!(self.kind_before(index), Some(K::LParen | K::Comma));
            match self.kind(index) {
                Some(K::LParen | K::LBracket) => depth += 1,
                Some(K::RParen | K::RBracket) => depth = depth.saturating_sub(1),
                Some(K::UpperName) if begins && self.kind(index + 1) == Some(K::Colon) => self.wrong_case(index, false),
                Some(kind)
                    if kind.is_name()
                        && begins
                        && depth == 1
                        && index < list_end
                        && matches!(self.kind(index + 1), Some(K::Comma | K::RParen)) =>
                {
                    let range = self.range(index);
                    let name = self.text(index).to_string();
                    self.tell(
                        SyntaxError::new(Code::ParameterType, format!("the parameter `{name}` has no type"), range)
                            .label(format!("I expected a type, as in `{name}: Int`")),
                    );
                    self.insert(index + 1, K::Colon);
                    self.insert(index + 2, K::Hole);
                    end += 2;
                    list_end += 2;
                }
                _ => {}
            }
            index += 1;
        }
    }

    /// The lines of a relation: commas, `key id`, fields without colon or type, the case of names.
    pub(super) fn members(&mut self) {
        if !matches!(self.item_word().1, Some(K::ItemRelation | K::ItemEvent)) {
            return;
        }
        self.members_in_parentheses();
        let mut depth = 0usize;
        let mut index = self.header_end();
        while let Some(kind) = self.kind(index) {
            if depth == 1 {
                self.member_token(index, kind);
            }
            let kind = self.kind(index).unwrap_or(kind);
            if kind.opens() {
                depth += 1;
            } else if kind.closes() {
                depth = depth.saturating_sub(1);
            }
            index += 1;
        }
    }

    fn member_token(&mut self, index: usize, kind: K) {
        let begins = self.begins_line(index) || matches!(self.kind_before(index), Some(K::WordKey | K::WordSecret));
        if kind == K::Comma && self.begins_line(index + 1) {
            let range = self.range(index);
            self.tell(SyntaxError::new(Code::MemberComma, "the lines of a relation have no commas", range).fix(
                "remove the comma",
                [(range, String::new())],
                true,
            ));
            self.become_kind(index, K::Semi);
        } else if !begins && self.column_word(index) {
        } else if kind == K::Colon {
            self.cases_in_field(index);
        } else if begins && kind == K::UpperName && self.is_name(index + 1) && !self.begins_line(index + 1) {
            self.type_before_name(index);
        } else if kind == K::WordKey && self.is_name(index + 1) && self.begins_line(index + 2) {
            self.key_behind_field(index);
        } else if begins && kind == K::UpperName && self.kind(index + 1) == Some(K::Colon) {
            self.wrong_case(index, false);
        } else if begins && kind == K::LowerName && self.begins_line(index + 1) {
            let range = self.range(index);
            let name = self.text(index).to_string();
            self.tell(
                SyntaxError::new(Code::ParameterType, format!("the field `{name}` has no type"), range)
                    .label(format!("I expected a type, as in `{name}: Int`")),
            );
            self.insert(index + 1, K::Colon);
            self.insert(index + 2, K::Hole);
        } else if begins && kind == K::LowerName && self.kind(index + 1) == Some(K::UpperName) {
            let at = Range::empty(self.range(index).end);
            let name = self.text(index).to_string();
            self.tell(
                SyntaxError::new(Code::Missing, format!("`:` is missing behind `{name}`"), self.range(index))
                    .label("I expected `:` between the field and its type")
                    .fix("write `:`", [(at, ":".to_string())], true),
            );
            self.insert(index + 1, K::Colon);
        }
    }

    fn mark_as_key(&mut self, field: usize) {
        self.insert_text(field, K::WordKey, "key");
        let first = self.token(field + 1).is_some_and(|token| token.first_on_line);
        if let Some(key) = self.tokens.get_mut(field) {
            key.first_on_line = first;
        }
        if let Some(name) = self.tokens.get_mut(field + 1) {
            name.first_on_line = false;
        }
    }

    /// `relation R (key id: Int, name: Text)`
    fn members_in_parentheses(&mut self) {
        let open = self.item_word().0 + 2;
        let Some(close) = self.closing(open).filter(|_| self.kind(open) == Some(K::LParen)) else { return };
        if close + 1 != self.tokens.len() {
            return;
        }
        let (open_range, close_range) = (self.range(open), self.range(close));
        let mut edits = vec![(open_range, "{ ".to_string())];
        for at in open + 1..close {
            if self.kind(at) == Some(K::Comma) && self.enclosing(at) == Some(open) {
                edits.push((self.range(at), ";".to_string()));
                self.become_kind(at, K::Semi);
            }
        }
        edits.push((close_range, " }".to_string()));
        self.tell(SyntaxError::new(Code::BlockNeeded, "the fields of a relation stand in braces", open_range).fix(
            "put them in braces",
            edits,
            true,
        ));
        self.become_kind(open, K::LBrace);
        self.become_kind(close, K::RBrace);
    }

    /// `Int count`, as other languages declare fields.
    fn type_before_name(&mut self, index: usize) {
        let (type_range, name_range) = (self.range(index), self.range(index + 1));
        let text = format!("{}: {}", self.text(index + 1), self.text(index));
        self.tell(SyntaxError::new(Code::Missing, "the name of a field comes before its type", type_range).fix(
            format!("write `{text}`"),
            [(type_range.cover(name_range), text)],
            true,
        ));
        let (name, kind) = (self.text(index + 1).to_string(), self.text(index).to_string());
        self.become_text(index, K::LowerName, name);
        self.become_text(index + 1, K::UpperName, kind);
        self.insert(index + 1, K::Colon);
    }

    /// `state: Open | Closed`, `state: "open" | "closed"`
    fn cases_in_field(&mut self, colon: usize) {
        let end = self.find(colon + 1, |this, at| {
            !matches!(this.kind(at), Some(K::Bar | K::UpperName | K::Text | K::QuotedText))
                || at > colon + 1 && this.token(at).is_some_and(|token| token.first_on_line)
        });
        let bars = (colon + 1..end).filter(|at| self.kind(*at) == Some(K::Bar)).count();
        let (true, Some(name)) = (bars > 0 && end == colon + 2 + 2 * bars, colon.checked_sub(1)) else { return };
        let cases: Vec<String> = (colon + 1..end)
            .step_by(2)
            .map(|at| upper_camel(&self.text(at).trim_matches(['"', '\'']).replace([' ', '-'], "_")))
            .collect();
        let known = cases.iter().all(|case| case.chars().all(|c| c.is_ascii_alphanumeric()) && !case.is_empty());
        let meant = upper_camel(self.text(name));
        let declared = format!("type {meant} = {}", cases.join(" | "));
        let range = self.range(colon + 1).cover(self.range(end - 1));
        let mut error = SyntaxError::new(Code::Missing, "cases are declared by a type of their own", range)
            .label(format!("I expected a type here, and `{declared}` as an item"));
        if known {
            let edits = [(Range::empty(0), format!("{declared}\n\n")), (range, meant)];
            error = error.fix(format!("declare `{declared}`"), edits, false);
        }
        self.tell(error);
        self.remove(colon + 2, end);
        self.become_kind(colon + 1, K::Hole);
    }

    /// What SQL writes behind a column: `primary key`, `not null`, `references B`, `auto_increment`, `default 1`. True if
    /// that stood here.
    fn column_word(&mut self, index: usize) -> bool {
        let range = self.range(index);
        let behind = Range::new(self.range(index.saturating_sub(1)).end, range.end);
        match self.text(index) {
            "key" if self.begins_line(index + 1) => {
                let field = (0..index).rev().find(|at| self.begins_line(*at)).unwrap_or(index);
                let edits = [(self.range(field), format!("key {}", self.text(field))), (behind, String::new())];
                self.tell(SyntaxError::new(Code::KeyForm, "`key` comes before the field that it marks", range).fix(
                    "write `key` before the field",
                    edits,
                    true,
                ));
                self.remove(index, index + 1);
                self.mark_as_key(field);
            }
            "primary" if self.text(index + 1) == "key" => {
                let field = (0..index).rev().find(|at| self.begins_line(*at)).unwrap_or(index);
                let whole = Range::new(behind.start, self.range(index + 1).end);
                let edits = [(self.range(field), format!("key {}", self.text(field))), (whole, String::new())];
                self.tell(
                    SyntaxError::new(
                        Code::KeyForm,
                        "`key` comes before the field that it marks",
                        range.cover(self.range(index + 1)),
                    )
                    .fix("write `key` before the field", edits, true),
                );
                self.remove(index, index + 2);
                self.mark_as_key(field);
            }
            word if counts_rows(word) && self.kind_before(index) == Some(K::UpperName) => {
                self.tell(
                    SyntaxError::new(Code::ForeignWord, "a key that counts has the default `serial()`", range).fix(
                        "write `= serial()`",
                        [(range, "= serial()".to_string())],
                        true,
                    ),
                );
                self.become_text(index, K::LowerName, "serial");
                self.insert(index + 1, K::LParen);
                self.insert(index + 2, K::RParen);
                self.insert(index, K::Equal);
            }
            "default"
                if self
                    .kind_before(index)
                    .is_some_and(|kind| matches!(kind, K::UpperName | K::RParen | K::Question)) =>
            {
                self.tell(SyntaxError::new(Code::ForeignWord, "a default stands behind `=`", range).fix(
                    "write `=`",
                    [(range, "=".to_string())],
                    true,
                ));
                self.become_kind(index, K::Equal);
            }
            "references"
                if self.kind(index + 1) == Some(K::UpperName) && self.kind_before(index) == Some(K::UpperName) =>
            {
                let target = self.text(index + 1).to_string();
                let whole = self.range(index - 1).cover(self.range(index + 1));
                self.tell(
                    SyntaxError::new(
                        Code::ForeignWord,
                        format!("a field that refers to `{target}` has that type"),
                        range.cover(self.range(index + 1)),
                    )
                    .label("a reference needs no key of its own")
                    .fix(format!("write `{target}`"), [(whole, target.clone())], true),
                );
                self.become_text(index - 1, K::UpperName, target);
                self.remove(index, index + 2);
            }
            "not" if self.kind(index + 1) == Some(K::KwNone) && self.text(index + 1) != "none" => {
                let whole = Range::new(behind.start, self.range(index + 1).end);
                self.tell(
                    SyntaxError::new(
                        Code::Null,
                        "a field always has a value unless its type ends in `?`",
                        range.cover(self.range(index + 1)),
                    )
                    .fix("remove it", [(whole, String::new())], true),
                );
                self.remove(index, index + 2);
            }
            _ => return false,
        }
        true
    }

    /// `key id` without a type: the field stands elsewhere.
    fn key_behind_field(&mut self, index: usize) {
        let (key, name) = (self.range(index), self.range(index + 1));
        let field = self.text(index + 1);
        let declared = (0..self.tokens.len())
            .find(|at| self.text(*at) == field && self.kind(at + 1) == Some(K::Colon) && self.begins_line(*at));
        let mut error = SyntaxError::new(Code::KeyForm, "`key` comes before the field that it marks", key.cover(name))
            .label(format!("to mark a field that is declared: `key ({field})`"));
        if let Some(declared) = declared {
            let start = Range::empty(self.range(declared).start);
            let from = match index.checked_sub(1).filter(|before| self.kind(*before) == Some(K::Semi)) {
                Some(semicolon) => self.range(semicolon),
                None => key,
            };
            let edits = [(start, "key ".to_string()), (from.cover(name), String::new())];
            error = error.because(self.range(declared), "the field").fix("write `key` before the field", edits, true);
        }
        self.tell(error);
        self.insert(index + 1, K::LParen);
        self.insert(index + 3, K::RParen);
    }
}
