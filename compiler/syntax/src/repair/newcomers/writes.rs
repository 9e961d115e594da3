//! Writes as SQL says them: `update R set … where …`, `delete from R where …`, `insert into R (…) values (…)`.

use super::Translator;
use crate::case::lower_snake;
use crate::error::SyntaxError;
use crate::words::TokenKind as K;
use tenon_diagnostics::Code;
use tenon_span::Range;

impl Translator<'_> {
    pub(super) fn writes(&mut self) {
        let mut index = self.header_end() + 1;
        while index < self.tokens.len() {
            let word = self.text(index);
            if !matches!(word, "update" | "UPDATE" | "delete" | "DELETE" | "insert" | "INSERT") {
                index += 1;
                continue;
            }
            let begins = self.begins_line(index);
            let end = self.statement_end(index);
            if begins && word == "update" {
                self.fields_without_values(index);
                self.assignments_in_braces(index, end);
            }
            let said = match word {
                "update" | "UPDATE" if begins => self.update(index, end),
                "delete" | "DELETE" if begins => self.delete(index, end),
                "insert" | "INSERT" if begins || self.kind_before(index) == Some(K::Equal) => {
                    self.insert_into(index, end)
                }
                _ => None,
            };
            if let Some((code, message, label, text)) = said {
                let whole = self.range(index).cover(self.range(end.saturating_sub(1)));
                let mut error = SyntaxError::new(code, message, self.range(index)).label(label);
                if let Some(text) = text {
                    error = error.fix(format!("write `{text}`"), [(whole, text)], false);
                }
                self.tell(error);
                self.cut(index, end);
            }
            index += 1;
        }
    }

    /// `update p set stock`: what a record may leave out, an update may not.
    fn fields_without_values(&mut self, index: usize) {
        let ends = |this: &Self, at: usize| {
            let new_line = this.token(at).is_some_and(|token| token.first_on_line);
            this.kind(at) == Some(K::Semi)
                || new_line && this.kind_before(at) != Some(K::Comma) && this.text(at) != "set"
        };
        let set = self.find(index + 1, |this, at| this.text(at) == "set" || ends(this, at));
        // `set` is the row itself in `update set …`.
        if self.text(set) != "set" || set == index + 1 || self.kind(index + 1) == Some(K::UpperName) {
            return;
        }
        let mut at = set + 1;
        while self.is_name(at) {
            let name = at;
            while self.kind(at + 1) == Some(K::Dot) && self.is_name(at + 2) {
                at += 2;
            }
            let (field, behind) = (self.range(name).cover(self.range(at)), self.range(at).end);
            let last = self.find(at + 1, |this, at| this.kind(at) == Some(K::Comma) || ends(this, at)) == at + 1;
            if last {
                let field = field.slice(self.source).to_string();
                let value = self.text(at).to_string();
                let error =
                    SyntaxError::new(Code::Missing, format!("`set` gives `{field}` no value"), self.range(name))
                        .label(format!("I expected `{field} = …`"))
                        .fix(
                            format!("write `{field} = {value}`"),
                            [(Range::empty(behind), format!(" = {value}"))],
                            false,
                        );
                self.tell(error);
                self.become_kind(set, K::SoftSet);
                self.insert_text(at + 1, K::LowerName, value);
                self.insert(at + 1, K::Equal);
                at += 2;
            }
            at = self.find(at + 1, |this, at| this.kind(at) == Some(K::Comma) || ends(this, at));
            if self.kind(at) != Some(K::Comma) {
                return;
            }
            at += 1;
        }
    }

    /// `update p { goals: 3 }`, `update p set { goals: 3 }`
    fn assignments_in_braces(&mut self, index: usize, end: usize) {
        let open = self.find(index + 1, |this, at| at >= end || this.kind(at) == Some(K::LBrace));
        let with_set = self.text(open.saturating_sub(1)) == "set" && open > index + 2;
        let row = open - usize::from(with_set);
        let field = |this: &Self, at: usize| {
            this.is_name(at) && matches!(this.kind(at + 1), Some(K::Colon | K::Equal)) && at + 2 < end
        };
        let Some(close) = self.closing(open).filter(|_| self.kind(open) == Some(K::LBrace)) else { return };
        let target = self.kind_before(row).is_some_and(|kind| kind.is_name() || kind == K::RBracket) || with_set;
        // `update R set { … }` names no row.
        let relation = self.kind(index + 1) == Some(K::UpperName) && self.kind(index + 2) != Some(K::LBracket);
        if row == index + 1 || relation || !target || self.kind(close) != Some(K::RBrace) {
            return;
        }
        let mut fields = Vec::new();
        let mut at = open + 1;
        while at < close {
            let next = self.find(at + 1, |this, to| {
                matches!(this.kind(to), Some(K::Comma | K::Semi))
                    || this.token(to).is_some_and(|token| token.first_on_line) && field(this, to)
            });
            if !field(self, at) || at + 2 >= next {
                return;
            }
            fields.push((at, next));
            at = next + usize::from(matches!(self.kind(next), Some(K::Comma | K::Semi)));
        }
        let (Some((first, _)), Some((_, last))) = (fields.first().copied(), fields.last().copied()) else { return };
        let place = Range::new(self.range(row - 1).end, self.range(first).start);
        let mut edits = vec![(place, " set ".to_string())];
        for (number, (name, next)) in fields.iter().copied().enumerate() {
            edits.push((Range::new(self.range(name).end, self.range(name + 2).start), " = ".to_string()));
            if let Some((following, _)) = fields.get(number + 1) {
                edits.push((Range::new(self.range(next - 1).end, self.range(*following).start), ", ".to_string()));
            }
        }
        edits.push((Range::new(self.range(last - 1).end, self.range(close).end), String::new()));
        let braces = self.range(open).cover(self.range(close));
        self.tell(
            SyntaxError::new(Code::BraceRecord, "`set` names the fields without braces", braces)
                .label("I expected `set field = value, …`")
                .fix("write `set … = …`", edits, true),
        );
        // From the end, so that places stay.
        self.remove(last, close + 1);
        for (number, (name, next)) in fields.iter().copied().enumerate().rev() {
            if number + 1 < fields.len() {
                match self.kind(next) {
                    Some(K::Comma | K::Semi) => self.become_kind(next, K::Comma),
                    _ => self.insert(next, K::Comma),
                }
            }
            self.become_kind(name + 1, K::Equal);
            if let Some(token) = self.tokens.get_mut(name) {
                token.first_on_line = false;
            }
        }
        self.become_kind(open, K::SoftSet);
        self.remove(row, open);
    }

    /// Where the statement ends: SQL's clauses may stand on lines of their own.
    fn statement_end(&self, index: usize) -> usize {
        self.find(index + 1, |this, at| {
            let word = this.text(at).to_ascii_lowercase();
            let goes_on = matches!(word.as_str(), "set" | "where" | "and" | "or" | "values" | "from" | "into");
            this.kind(at) == Some(K::Semi) || this.token(at).is_some_and(|token| token.first_on_line) && !goes_on
        })
    }

    fn word_in(&self, from: usize, to: usize, word: &str) -> usize {
        (from..to).find(|at| self.text(*at).eq_ignore_ascii_case(word)).unwrap_or(to)
    }

    /// The name of the row: its relation's first letter, or all of its name where the item calls something else so.
    fn variable(&self, relation: usize) -> String {
        let name = self.text(relation);
        let letter: String = name.chars().take(1).flat_map(char::to_lowercase).collect();
        let whole = lower_snake(name);
        match (self.is_taken(&letter), self.is_taken(&whole)) {
            (false, _) => letter,
            (true, false) => whole,
            (true, true) => format!("{whole}_row"),
        }
    }

    /// True if the item has a parameter, variable or named value of that name.
    fn is_taken(&self, name: &str) -> bool {
        let header = self.header_end();
        (0..self.tokens.len()).any(|at| {
            let declared = match at < header {
                true => self.kind(at + 1) == Some(K::Colon),
                false => matches!(self.kind_before(at), Some(K::KwLet | K::KwVar | K::KwFor)),
            };
            declared && self.is_name(at) && self.text(at) == name
        })
    }

    /// `update R set n = 3 where id = 4`, `UPDATE …`, `update R where … set …`
    fn update(&mut self, index: usize, end: usize) -> Option<(Code, String, String, Option<String>)> {
        let relation = index + 1;
        if self.kind(relation) != Some(K::UpperName) {
            return None;
        }
        let set = self.word_in(relation + 1, end, "set");
        let filter = self.word_in(relation + 1, end, "where");
        if set == end || !(set == relation + 1 || filter == relation + 1) {
            return None;
        }
        let variable = self.variable(relation);
        let (assigned, asked) =
            if set < filter { ((set + 1, filter), (filter + 1, end)) } else { ((set + 1, end), (filter + 1, set)) };
        let mut text = format!("update {variable} in {}", self.text(relation));
        if filter < end {
            text += &format!(" where {}", self.words_text(Some(&variable), asked.0, asked.1));
        }
        text += &format!(" set {}", self.words_text(None, assigned.0, assigned.1));
        let message = "`update` names the row before the relation, and its condition before `set`".to_string();
        let row = format!("I expected `update {variable} in {} where … set …`", self.text(relation));
        Some((Code::FromIn, message, row, Some(text)))
    }

    /// `delete from R where id = 4`, `delete R where …`, `DELETE …`
    fn delete(&mut self, index: usize, end: usize) -> Option<(Code, String, String, Option<String>)> {
        let from = usize::from(self.text(index + 1).eq_ignore_ascii_case("from"));
        let relation = index + 1 + from;
        let filter = relation + 1;
        let filtered = filter < end && self.text(filter).eq_ignore_ascii_case("where");
        if self.kind(relation) != Some(K::UpperName) || !(filtered || from == 1 && filter == end) {
            return None;
        }
        let variable = self.variable(relation);
        let mut text = format!("delete {variable} in {}", self.text(relation));
        let label = format!("I expected `{text}`");
        if filtered {
            text += &format!(" where {}", self.words_text(Some(&variable), filter + 1, end));
        }
        Some((Code::FromIn, "`delete` names the row before the relation".to_string(), label, Some(text)))
    }

    /// `insert into R (a, b) values (1, 2)`
    fn insert_into(&mut self, index: usize, end: usize) -> Option<(Code, String, String, Option<String>)> {
        let relation = index + 2;
        let values = self.word_in(index, end, "values");
        if !self.text(index + 1).eq_ignore_ascii_case("into")
            || self.kind(relation) != Some(K::UpperName)
            || values == end
        {
            return None;
        }
        let elements = |open: usize| -> Option<Vec<String>> {
            let close = self.closing(open).filter(|_| self.kind(open) == Some(K::LParen))?;
            let mut found = Vec::new();
            let mut from = open + 1;
            while from < close {
                let comma = self.find(from, |this, at| this.kind(at) == Some(K::Comma)).min(close);
                let part = self.range(from).cover(self.range(comma.saturating_sub(1))).slice(self.source);
                found.push(part.to_string());
                from = comma + 1;
            }
            Some(found)
        };
        let text = match (elements(relation + 1), elements(values + 1)) {
            (Some(names), Some(values)) if names.len() == values.len() => {
                let fields: Vec<String> =
                    names.iter().zip(values).map(|(name, value)| format!("{name}: {}", as_text(&value))).collect();
                Some(format!("insert {}({})", self.text(relation), fields.join(", ")))
            }
            _ => None,
        };
        let label = format!("I expected `insert {}(name: value, …)`", self.text(relation));
        Some((Code::Sql, "this is SQL; a row is written like a record".to_string(), label, text))
    }

    /// SQL's words as Tenon writes them: a condition, where its names are fields of the row variable, or assignments.
    pub(super) fn words_text(&self, variable: Option<&str>, from: usize, to: usize) -> String {
        let mut out = String::new();
        for at in from..to {
            let text = self.text(at);
            let plain = self.is_name(at)
                && !matches!(self.kind_before(at), Some(K::Dot | K::QuestionDot))
                && !matches!(self.kind(at + 1), Some(K::LParen | K::Dot));
            let word = match text {
                "=" if variable.is_some() => "==".to_string(),
                "<>" => "!=".to_string(),
                "AND" | "OR" | "NOT" => text.to_ascii_lowercase(),
                "null" | "NULL" => "none".to_string(),
                _ => match variable.filter(|_| plain) {
                    Some(variable) => format!("{variable}.{text}"),
                    None => as_text(text),
                },
            };
            let gap = at > from && self.range(at - 1).end < self.range(at).start;
            if gap {
                out.push(' ');
            }
            out += &word;
        }
        out
    }
}

/// A text in single quotes as one in double quotes; anything else as it is.
fn as_text(written: &str) -> String {
    match written.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        Some(inner) => format!("\"{}\"", inner.replace('"', "\\\"").replace('{', "\\{")),
        None => written.to_string(),
    }
}
