//! Headers of functions: a result without `->`, a body without braces, parameters called by reserved words, and the
//! clause that exposes an endpoint.

use super::Translator;
use crate::error::SyntaxError;
use crate::repair::classes::can_end;
use crate::words::{TokenClass, TokenKind as K, is_reserved};
use tenon_diagnostics::Code;
use tenon_span::Range;

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

impl Translator<'_> {
    pub(super) fn header(&mut self) {
        let (first, word) = self.item_word();
        if !matches!(word, Some(K::KwFn | K::ItemQuery | K::ItemHandler)) {
            return;
        }
        self.generics_in_angles(first + 2);
        let Some(open) = (first..self.header_end()).find(|at| self.kind(*at) == Some(K::LParen)) else { return };
        let Some(close) = self.closing(open) else { return };
        self.reserved_parameters(open, close);
        self.result_arrow(close + 1);
        self.tuple_result(close + 2);
        self.endpoint(close + 1, word == Some(K::ItemHandler));
        self.body_without_braces(close + 1);
    }

    /// The checker refuses parameters called by reserved words; here their uses become names.
    fn reserved_parameters(&mut self, open: usize, close: usize) {
        let declared: Vec<&str> = (open + 1..close)
            .filter(|at| matches!(self.kind_before(*at), Some(K::LParen | K::Comma)))
            .map(|at| self.text(at))
            .filter(|name| is_reserved(name))
            .collect();
        for index in close + 1..self.tokens.len() {
            let operand = !self.kind_before(index).is_some_and(can_end) || self.begins_line(index);
            if operand && declared.contains(&self.text(index)) {
                self.become_kind(index, K::LowerName);
                self.told_later = true;
            }
        }
    }

    /// `fn f<T>(a: T)`
    fn generics_in_angles(&mut self, index: usize) {
        let close = (index..self.header_end()).find(|at| self.kind(*at) == Some(K::Greater));
        let (Some(K::Less), Some(close)) = (self.kind(index), close) else { return };
        let (open, end) = (self.range(index), self.range(close));
        self.tell(SyntaxError::new(Code::AngleType, "parameters of types stand in brackets", open.cover(end)).fix(
            "write brackets",
            [(open, "[".to_string()), (end, "]".to_string())],
            true,
        ));
        self.become_kind(index, K::LBracket);
        self.become_kind(close, K::RBracket);
    }

    /// `-> (Int, Text)`
    fn tuple_result(&mut self, open: usize) {
        let Some(close) = self.closing(open).filter(|_| self.kind(open) == Some(K::LParen)) else { return };
        let types: Vec<usize> = (open + 1..close)
            .filter(|at| {
                matches!(self.kind_before(*at), Some(K::LParen | K::Comma)) && self.enclosing(*at) == Some(open)
            })
            .filter(|at| matches!(self.kind(*at), Some(K::UpperName | K::LBracket)))
            .collect();
        let (Some(first), Some(_)) = (types.first(), types.get(1)) else { return };
        let name = |number: usize| ["first", "second", "third", "fourth"].get(number).copied().unwrap_or("next");
        let edits: Vec<(Range, String)> = types
            .iter()
            .enumerate()
            .map(|(number, at)| (Range::empty(self.range(*at).start), format!("{}: ", name(number))))
            .collect();
        self.tell(
            SyntaxError::new(Code::ParameterType, "the fields of a record have names", self.range(*first))
                .label("I expected a name and `:` before the type")
                .fix("name them", edits, false),
        );
        for (number, at) in types.into_iter().enumerate().rev() {
            self.insert_text(at, K::LowerName, name(number));
            self.insert(at + 1, K::Colon);
        }
    }

    /// `fn f(a: Int) Int {`, `fn f(a: Int) => Int {`
    fn result_arrow(&mut self, index: usize) {
        match self.kind(index) {
            Some(K::FatArrow) if self.header_end() == self.tokens.len() => {
                let (range, last) = (self.range(index), self.range(self.tokens.len() - 1));
                let edits = [(range, "-> _ {".to_string()), (Range::empty(last.end), " }".to_string())];
                self.tell(
                    SyntaxError::new(Code::BlockNeeded, "the body of a function stands in braces", range)
                        .label("I expected `-> Type { … }`")
                        .fix("put it in braces", edits, true),
                );
                self.become_kind(index, K::LBrace);
                self.insert(index, K::Underscore);
                self.insert(index, K::Arrow);
                self.insert(self.tokens.len(), K::RBrace);
            }
            Some(K::FatArrow) => {
                let range = self.range(index);
                self.tell(
                    SyntaxError::new(Code::ForeignOperator, "the type of the result stands behind `->`", range).fix(
                        "write `->`",
                        [(range, "->".to_string())],
                        true,
                    ),
                );
                self.become_kind(index, K::Arrow);
            }
            Some(K::UpperName | K::LBracket | K::LParen) if !METHODS.contains(&self.text(index)) => {
                let at = Range::empty(self.range(index - 1).end);
                self.tell(
                    SyntaxError::new(Code::Missing, "`->` is missing before the type of the result", self.range(index))
                        .label("I expected `->` before this")
                        .fix("write `->`", [(at, " ->".to_string())], true),
                );
                self.insert(index, K::Arrow);
            }
            _ => {}
        }
    }

    /// `GET "/x"` without `at`, `at get "/x"`, `at "/x"`
    fn endpoint(&mut self, from: usize, writes: bool) {
        let path = |this: &Self, at: usize| matches!(this.kind(at), Some(K::Text | K::TextHead));
        for index in from..self.header_end() {
            let (word, range) = (self.text(index), self.range(index));
            let behind_at = index > 0 && self.text(index - 1) == "at";
            let capitals = word.to_ascii_uppercase();
            if METHODS.contains(&capitals.as_str()) && path(self, index + 1) {
                // A word before it that means nothing may be meant for `at`.
                if !behind_at && self.kind_before(index) == Some(K::LowerName) {
                    return;
                }
                if !behind_at {
                    let at = Range::empty(range.start);
                    self.tell(
                        SyntaxError::new(Code::Missing, "`at` is missing before the method", range)
                            .label("an endpoint is declared by `at METHOD \"/path\"`")
                            .fix("write `at`", [(at, "at ".to_string())], true),
                    );
                    self.insert_text(index, K::WordAt, "at");
                    return;
                }
                if capitals != word {
                    let (title, edits) = self.word_fix(index, &capitals);
                    self.tell(
                        SyntaxError::new(Code::Case, format!("`{word}` is written `{capitals}`"), range)
                            .fix(title, edits, true),
                    );
                    self.become_text(index, K::UpperName, capitals);
                    return;
                }
            }
            if word == "at" && path(self, index + 1) {
                let method = if writes { "POST" } else { "GET" };
                let at = Range::empty(range.end);
                self.tell(
                    SyntaxError::new(Code::Missing, "a method is missing behind `at`", range)
                        .label("I expected `GET`, `POST`, `PUT`, `PATCH` or `DELETE` behind this")
                        .fix(format!("write `{method}`"), [(at, format!(" {method}"))], !writes),
                );
                self.insert_text(index + 1, K::UpperName, method);
                return;
            }
        }
    }

    /// `fn f() -> Int = 1`, and a body that stands below the header without braces.
    fn body_without_braces(&mut self, from: usize) {
        let header = self.header_end();
        let equal = (from..header).find(|at| self.kind(*at) == Some(K::Equal) && self.enclosing(*at).is_none());
        let below = (from..self.tokens.len()).find(|at| {
            let token = self.token(*at);
            let clause = self.kind(*at).is_some_and(|kind| kind.class() == TokenClass::Contextual);
            token.is_some_and(|token| token.first_on_line && token.indent > 0) && !clause
        });
        let last = self.range(self.tokens.len().saturating_sub(1));
        let (start, edit) = match (equal, below) {
            (Some(equal), _) => (equal, (self.range(equal), "{".to_string())),
            (None, Some(below)) if header == self.tokens.len() => {
                (below, (Range::empty(self.range(below - 1).end), " {".to_string()))
            }
            _ => return,
        };
        let edits = [edit, (Range::empty(last.end), if equal.is_some() { " }" } else { "\n}" }.to_string())];
        let place = self.range(start);
        self.tell(
            SyntaxError::new(Code::BlockNeeded, "the body of a function stands in braces", place)
                .label("I expected `{ … }`")
                .fix("put it in braces", edits, true),
        );
        if equal.is_some() {
            self.become_kind(start, K::LBrace);
        } else {
            self.insert(start, K::LBrace);
        }
        self.insert(self.tokens.len(), K::RBrace);
    }
}
