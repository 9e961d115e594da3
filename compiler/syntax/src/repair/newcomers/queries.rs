//! Queries as SQL writes them: `from Product p`, `select … as title`, `having`, `order x`, `let` between clauses.

use super::Translator;
use crate::error::SyntaxError;
use crate::parser::context::let_in_query;
use crate::repair::classes::{begins_operand, begins_query_clause, begins_statement, can_end};
use crate::words::TokenKind as K;
use tenon_diagnostics::Code;
use tenon_span::Range;

impl Translator<'_> {
    pub(super) fn queries(&mut self) {
        let mut index = self.header_end() + 1;
        while let Some(kind) = self.kind(index) {
            let word = self.text(index);
            match kind {
                K::KwSelect | K::UpperName if self.begins_sql(index) => self.sql(index),
                K::UpperName | K::LowerName if self.is_sql_word(index) => self.sql_word(index),
                K::LowerName
                    if word == "from" && !self.after_dot(index) && self.kind_before(index) != Some(K::KwDelete) =>
                {
                    self.binder_without_in(index)
                }
                K::LowerName if word == "join" && self.kind(index + 1) == Some(K::UpperName) => {
                    self.become_kind(index, K::SoftJoin);
                    self.source_without_in(index, "join");
                }
                K::PairLeftJoin | K::PairCrossJoin if self.kind(index + 1) == Some(K::UpperName) => {
                    self.source_without_in(index, word);
                }
                K::LowerName if self.begins_clause(index) => self.clause_word(index, word),
                K::KwSelect => {
                    self.aliases(index);
                    self.several_selected(index);
                }
                K::KwReturn if !self.begins_line(index) && self.in_query(index) => {
                    let (title, edits) = self.word_fix(index, "select");
                    self.tell(
                        SyntaxError::new(
                            Code::ClauseWords,
                            "a query says what its rows become with `select`",
                            self.range(index),
                        )
                        .fix(title, edits, true),
                    );
                    self.become_kind(index, K::KwSelect);
                }
                K::KwLet if self.in_query(index) => self.let_in_query(index),
                K::KwWhere if self.kind_before(index) == Some(K::LParen) && self.is_name(index.wrapping_sub(2)) => {
                    self.condition_without_subject(index);
                }
                K::Comma if self.is_name(index + 1) && self.kind(index + 2) == Some(K::KwIn) => {
                    self.comma_between_sources(index);
                }
                _ => {}
            }
            if self.kind(index) == Some(K::KwIn) {
                self.list_in_parentheses(index);
            }
            index += 1;
        }
    }

    /// `count(where p.stock == 0)`
    fn condition_without_subject(&mut self, index: usize) {
        let source = (0..index).rev().find(|at| self.kind(*at) == Some(K::SoftFrom) && self.is_name(at + 1));
        let variable = source.map_or("", |at| self.text(at + 1)).to_string();
        let range = self.range(index);
        let function = self.text(index - 2);
        let mut error = SyntaxError::new(
            Code::Missing,
            format!("`{function}` of what? The `where` says only of which ones"),
            range,
        )
        .label("I expected a value before this");
        if !variable.is_empty() {
            let edits = [(Range::empty(range.start), format!("{variable} "))];
            error = error.fix(format!("write `{function}({variable} where …)`"), edits, true);
            self.insert_text(index, K::LowerName, variable);
        } else {
            self.insert(index, K::Hole);
        }
        self.tell(error);
    }

    fn after_dot(&self, index: usize) -> bool {
        matches!(self.kind_before(index), Some(K::Dot | K::QuestionDot))
    }

    /// A word at the place of a clause, with an operand behind it.
    fn begins_clause(&self, index: usize) -> bool {
        let next = self.kind(index + 1);
        !self.after_dot(index)
            && self.kind_before(index).is_some_and(can_end)
            && next.is_some_and(|kind| begins_operand(kind) || kind == K::LParen || kind.is_name())
            && self.in_query(index)
    }

    /// True if a `from` stands before the token, at its level and in its statement.
    pub(super) fn in_query(&self, index: usize) -> bool {
        let mut depth = 0usize;
        for at in (0..index).rev() {
            match self.kind(at) {
                Some(kind) if kind.closes() => depth += 1,
                Some(kind) if kind.opens() => {
                    if depth == 0 {
                        return false;
                    }
                    depth -= 1;
                }
                Some(K::SoftFrom) if depth == 0 => return true,
                Some(K::Semi) if depth == 0 => return false,
                Some(kind) if depth == 0 && begins_statement(kind) && kind != K::KwLet => return false,
                _ => {}
            }
        }
        false
    }

    /// True in a query, and in parentheses and brackets of one.
    fn in_part_of_query(&self, index: usize) -> bool {
        let mut at = index;
        loop {
            if self.in_query(at) {
                return true;
            }
            match self.enclosing(at) {
                Some(open) if matches!(self.kind(open), Some(K::LParen | K::LBracket)) => at = open,
                _ => return false,
            }
        }
    }

    fn clause_word(&mut self, index: usize, word: &str) {
        let range = self.range(index);
        let (kind, meant) = match word {
            "having" => {
                self.tell(SyntaxError::new(Code::Having, "a `where` behind `group by` filters groups", range).fix(
                    "write `where`",
                    [(range, "where".to_string())],
                    true,
                ));
                self.become_kind(index, K::KwWhere);
                return;
            }
            "order" | "orderby" | "order_by" | "sort" | "sortby" | "sort_by" => (K::PairOrderBy, "order by"),
            "group" | "groupby" | "group_by" => (K::PairGroupBy, "group by"),
            "skip" => (K::SoftOffset, "offset"),
            "take" | "top" => (K::SoftLimit, "limit"),
            _ => return,
        };
        let with_by = self.text(index + 1) == "by";
        let range = if with_by { range.cover(self.range(index + 1)) } else { range };
        self.tell(SyntaxError::new(Code::ClauseWords, format!("the clause is called `{meant}`"), range).fix(
            format!("write `{meant}`"),
            [(range, meant.to_string())],
            true,
        ));
        self.become_kind(index, kind);
        if with_by {
            self.remove(index + 1, index + 2);
        }
    }

    /// `from Product p`, `from Product as p`, `from Product`
    fn binder_without_in(&mut self, index: usize) {
        if self.kind(index + 1) == Some(K::UpperName) {
            self.become_kind(index, K::SoftFrom);
            self.source_without_in(index, "from");
        } else if self.is_name(index + 1) && self.kind(index + 2) == Some(K::UpperName) {
            // `from p Product`
            let at = Range::empty(self.range(index + 1).end);
            self.tell(
                SyntaxError::new(
                    Code::FromIn,
                    "`in` stands between the row and what it ranges over",
                    self.range(index + 1),
                )
                .fix("write `in`", [(at, " in".to_string())], true),
            );
            self.become_kind(index, K::SoftFrom);
            self.insert(index + 2, K::KwIn);
        }
    }

    /// The relation stands at `index + 1`, and perhaps its row variable behind it.
    fn source_without_in(&mut self, index: usize, word: &str) {
        let relation = self.text(index + 1).to_string();
        let relation_range = self.range(index + 1);
        let with_as = self.kind(index + 2) == Some(K::KwAs);
        let name_at = index + 2 + usize::from(with_as);
        let named = self.is_name(name_at)
            && self.token(name_at).is_some_and(|token| !token.first_on_line)
            && !self.kind(name_at + 1).is_some_and(|kind| matches!(kind, K::LParen | K::Dot));
        let name = match named {
            true => self.text(name_at).to_string(),
            false => relation.chars().next().map(|first| first.to_lowercase().collect()).unwrap_or_default(),
        };
        let end = if named { self.range(name_at) } else { relation_range };
        let range = relation_range.cover(end);
        let text = format!("{name} in {relation}");
        self.tell(
            SyntaxError::new(Code::FromIn, format!("`{word}` names the row before the relation"), range)
                .label(format!("I expected `{text}`"))
                .fix(format!("write `{word} {text}`"), [(range, text)], named),
        );
        if named {
            self.remove(index + 2, name_at + 1);
        }
        self.insert_text(index + 1, K::LowerName, name);
        self.insert(index + 2, K::KwIn);
        if let (Some(variable), true) = (self.tokens.get_mut(index + 1), named) {
            variable.range = end;
        }
    }

    /// `from p in People, o in Orders`
    fn comma_between_sources(&mut self, index: usize) {
        if !self.in_query(index) {
            return;
        }
        let range = self.range(index);
        self.tell(
            SyntaxError::new(Code::FromIn, "further relations are joined", range)
                .label("I expected `join … on …`, or `cross join`")
                .fix("write `cross join`", [(range, " cross join".to_string())], false),
        );
        self.become_kind(index, K::PairCrossJoin);
    }

    /// `let` before another clause of a query. A query that is its value stands in parentheses.
    fn let_in_query(&mut self, index: usize) {
        let first = self.token(index).is_some_and(|token| token.first_on_line);
        let next = self.find(index + 1, |this, at| {
            this.token(at).is_some_and(|token| token.first_on_line)
                || !first && this.kind(at).is_some_and(begins_query_clause)
        });
        if !self.kind(next).is_some_and(begins_query_clause) {
            return;
        }
        let word = self.range(index);
        let mut edits = vec![(word, "with".to_string())];
        self.become_kind(index, K::SoftWith);
        let value = self.find(index + 1, |this, at| at >= next || this.kind(at) == Some(K::Equal)) + 1;
        if self.kind(value) == Some(K::SoftFrom) && value < next {
            edits.push((self.range(value), "(from".to_string()));
            edits.push((Range::empty(self.range(next - 1).end), ")".to_string()));
            self.insert(next, K::RParen);
            self.insert(value, K::LParen);
        }
        self.tell(let_in_query(word).fix("write `with`", edits, true));
    }

    /// `select p.a, p.b` in braces.
    fn several_selected(&mut self, index: usize) {
        let start = index + 1 + usize::from(self.kind(index + 1) == Some(K::KwDistinct));
        if self.enclosing(index).is_some_and(|open| self.kind(open) != Some(K::LBrace)) {
            return;
        }
        let ends = |this: &Self, at: usize| {
            let kind = this.kind(at);
            kind == Some(K::Semi)
                || kind.is_some_and(|kind| begins_query_clause(kind) || kind == K::KwUnion)
                || this.token(at).is_some_and(|token| token.first_on_line) && this.kind_before(at) != Some(K::Comma)
        };
        let comma = self.find(start, |this, at| this.kind(at) == Some(K::Comma) || at > start && ends(this, at));
        if self.kind(comma) != Some(K::Comma) {
            return;
        }
        let end = self.find(comma, |this, at| at > comma && ends(this, at));
        let range = self.range(start).cover(self.range(end.saturating_sub(1)));
        let edits = [(Range::empty(range.start), "(".to_string()), (Range::empty(range.end), ")".to_string())];
        self.tell(
            SyntaxError::new(Code::BraceRecord, "several values are a record, which stands in parentheses", range).fix(
                "put them in parentheses",
                edits,
                true,
            ),
        );
        self.insert(end, K::RParen);
        self.insert(start, K::LParen);
    }

    /// A word of SQL's expressions behind an operand of a query.
    fn is_sql_word(&self, index: usize) -> bool {
        let word = self.text(index);
        let known = match self.kind(index) {
            Some(K::UpperName) => {
                matches!(word, "DESC" | "ASC" | "AND" | "OR" | "IN" | "IS" | "BETWEEN" | "LIKE" | "ILIKE" | "NOT")
            }
            _ => matches!(word, "between" | "like" | "ilike") || word == "count" && self.counts_star(index),
        };
        let place = word == "NOT" || word == "count" || self.kind_before(index).is_some_and(can_end);
        let counts = word == "count" && self.in_part_of_query(index);
        known && place && !self.after_dot(index) && (counts || self.in_query(index))
    }

    fn counts_star(&self, index: usize) -> bool {
        self.kind(index + 1) == Some(K::LParen)
            && self.kind(index + 2) == Some(K::Star)
            && self.kind(index + 3) == Some(K::RParen)
    }

    fn sql_word(&mut self, index: usize) {
        let range = self.range(index);
        match self.text(index).to_ascii_lowercase().as_str() {
            "count" => {
                let star = self.range(index + 2);
                let message = "`count()` counts all combinations";
                self.tell(SyntaxError::new(Code::ForeignWord, message, star).fix(
                    "remove `*`",
                    [(star, String::new())],
                    true,
                ));
                self.remove(index + 2, index + 3);
            }
            "between" => {
                let and = self.find(index + 1, |this, at| matches!(this.text(at), "and" | "AND"));
                if self.text(and).eq_ignore_ascii_case("and") {
                    let gap = Range::new(self.range(and.saturating_sub(1)).end, self.range(and + 1).start);
                    let edits = [(range, "in".to_string()), (gap, "..=".to_string())];
                    self.tell(
                        SyntaxError::new(Code::ForeignOperator, "`between a and b` is written `in a..=b`", range).fix(
                            "write `in a..=b`",
                            edits,
                            true,
                        ),
                    );
                    self.become_kind(and, K::DotDotEqual);
                    self.become_kind(index, K::KwIn);
                }
            }
            "like" | "ilike" => {
                self.tell(
                    SyntaxError::new(Code::ForeignOperator, "texts are tested with functions", range)
                        .label("`.starts_with(…)`, `.contains(…)`, or `matches r\"…\"`"),
                );
                self.become_kind(index, K::EqualEqual);
            }
            word => {
                let meant = word.to_string();
                self.replace_word(index, &meant);
            }
        }
    }

    /// `select p.name as title, p.price as cost`
    fn aliases(&mut self, index: usize) {
        let start = index + 1 + usize::from(self.kind(index + 1) == Some(K::KwDistinct));
        let end = self.find(start, |this, at| {
            let kind = this.kind(at);
            kind == Some(K::Semi)
                || kind.is_some_and(|kind| begins_query_clause(kind) || kind == K::KwUnion)
                || at > start
                    && this.token(at).is_some_and(|token| token.first_on_line && kind != Some(K::KwAs))
                    && this.kind_before(at) != Some(K::Comma)
        });
        // A list in parentheses: `select (p.name as title)`.
        let (start, end, parentheses) = match (self.kind(start), self.closing(start)) {
            (Some(K::LParen), Some(close)) if close + 1 == end => (start + 1, close, true),
            _ => (start, end, false),
        };
        let mut parts = vec![];
        let mut part = start;
        while part < end {
            let comma = self.find(part, |this, at| at >= end || this.kind(at) == Some(K::Comma)).min(end);
            parts.push((part, comma));
            part = comma + 1;
        }
        let alias = |this: &Self, (from, to): (usize, usize)| {
            to >= from + 3
                && this.kind(to - 2) == Some(K::KwAs)
                && matches!(this.kind(to - 1), Some(kind) if kind.is_name() || kind == K::UpperName)
        };
        let Some(first) = parts.iter().copied().find(|part| alias(self, *part)) else { return };
        let mut edits = Vec::new();
        if !parentheses {
            edits.push((Range::empty(self.range(start).start), "(".to_string()));
        }
        for (from, to) in parts.iter().copied().filter(|part| alias(self, *part)) {
            edits.push((Range::empty(self.range(from).start), format!("{}: ", self.text(to - 1))));
            let behind = Range::new(self.range(to - 3).end, self.range(to - 1).end);
            edits.push((behind, String::new()));
        }
        let last = self.range(end.saturating_sub(1)).end;
        if !parentheses {
            edits.push((Range::empty(last), ")".to_string()));
        }
        let at = self.range(first.1 - 2).cover(self.range(first.1 - 1));
        self.tell(
            SyntaxError::new(Code::AsAlias, "a name comes before its value", at)
                .label(format!("I expected `({}: …)`", self.text(first.1 - 1)))
                .fix("write the names before the values", edits, true),
        );
        if !parentheses {
            self.insert(end, K::RParen);
        }
        for (from, to) in parts.into_iter().rev() {
            if alias(self, (from, to)) {
                let name = self.text(to - 1).to_string();
                self.remove(to - 2, to);
                self.insert_text(from, K::LowerName, name);
                self.insert(from + 1, K::Colon);
            }
        }
        if !parentheses {
            self.insert(start, K::LParen);
        }
    }

    /// `SELECT …` anywhere at the beginning of a statement, and `select` where no `from` came before it.
    fn begins_sql(&self, index: usize) -> bool {
        let begins =
            self.begins_line(index) || matches!(self.kind_before(index), Some(K::Equal | K::LParen | K::KwReturn));
        match self.kind(index) {
            Some(K::UpperName) => {
                begins && matches!(self.text(index), "SELECT" | "INSERT" | "UPDATE" | "DELETE" | "CREATE")
            }
            _ => begins && !self.in_query(index),
        }
    }

    fn sql(&mut self, index: usize) {
        let line = self.find(index + 1, |this, at| {
            let first = this.token(at).is_some_and(|token| token.first_on_line);
            let word = this.text(at).to_ascii_lowercase();
            this.kind(at) == Some(K::Semi)
                || first
                    && !matches!(
                        word.as_str(),
                        "from" | "where" | "order" | "group" | "having" | "limit" | "join" | "left" | "and" | "or"
                    )
        });
        let range = self.range(index).cover(self.range(line.saturating_sub(1)));
        let mut error = SyntaxError::new(Code::Sql, "this is SQL; here a query begins with `from`", self.range(index))
            .label("the clauses run from top to bottom, `select` last");
        if let Some(text) = self.query_for_sql(index, line) {
            error = error.fix(format!("write `{text}`"), [(range, text)], false);
        }
        self.tell(error);
        self.cut(index, line);
    }

    /// `SELECT a, b FROM R WHERE c` as a query; nothing for anything larger.
    fn query_for_sql(&self, start: usize, end: usize) -> Option<String> {
        let find = |word: &str| (start..end).find(|at| self.text(*at).eq_ignore_ascii_case(word));
        let from = find("from")?;
        let relation = self.text(from + 1);
        let filter = find("where");
        if filter.unwrap_or(end) != from + 2 || self.kind(from + 1) != Some(K::UpperName) {
            return None;
        }
        let variable: String = relation.chars().next()?.to_lowercase().collect();
        let mut out = format!("from {variable} in {relation}");
        if let Some(filter) = filter {
            out += &format!(" where {}", self.words_text(Some(&variable), filter + 1, end));
        }
        let columns: Vec<String> = (start + 1..from)
            .filter(|at| self.is_name(*at))
            .map(|at| format!("{variable}.{}", self.text(at)))
            .collect();
        if (start + 1..from).any(|at| !self.is_name(at) && !matches!(self.text(at), "," | "*")) {
            return None;
        }
        match columns.as_slice() {
            [] => {}
            [only] => out += &format!(" select {only}"),
            several => out += &format!(" select ({})", several.join(", ")),
        }
        Some(out)
    }
}
