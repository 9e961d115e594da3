//! Loops as other languages write them: `for (let i = 0; i < n; i++)`, `for (const x of xs)`, `loop`, `do … while`,
//! `unless`, `[e for x in xs]`.

use super::Translator;
use crate::error::SyntaxError;
use crate::words::TokenKind as K;
use tenon_diagnostics::Code;
use tenon_span::Range;

impl Translator<'_> {
    pub(super) fn loops(&mut self) {
        let mut index = self.header_end() + 1;
        while let Some(kind) = self.kind(index) {
            match kind {
                K::KwFor if self.kind(index + 1) == Some(K::LParen) && self.counts(index + 2).is_some() => {
                    self.counting_loop(index);
                }
                K::KwFor => self.loop_over(index),
                K::LowerName if self.begins_line(index) => self.loop_word(index),
                _ => {}
            }
            index += 1;
        }
    }

    /// `let i = 0; i < n; i++` from `index` on: the places of `i`, `=`, the first `;`, and the second.
    fn counts(&self, index: usize) -> Option<[usize; 4]> {
        let declared = matches!(self.kind(index), Some(K::KwLet | K::KwVar)) || self.is_name(index + 1);
        let name = index + usize::from(declared);
        let equal = name + 1;
        if !self.is_name(name) || !matches!(self.kind(equal), Some(K::Equal)) {
            return None;
        }
        let first = self.find(equal, |this, at| this.kind(at) == Some(K::Semi));
        let second = self.find(first + 1, |this, at| this.kind(at) == Some(K::Semi));
        let compares =
            self.text(first + 1) == self.text(name) && matches!(self.kind(first + 2), Some(K::Less | K::LessEqual));
        (compares && self.kind(first) == Some(K::Semi) && self.kind(second) == Some(K::Semi))
            .then_some([name, equal, first, second])
    }

    fn counting_loop(&mut self, index: usize) {
        let (Some([name, equal, first, second]), Some(close)) = (self.counts(index + 2), self.closing(index + 1))
        else {
            return;
        };
        let inclusive = self.kind(first + 2) == Some(K::LessEqual);
        let dots = if inclusive { "..=" } else { ".." };
        let gap = |this: &Self, from: usize, to: usize| Range::new(this.range(from).end, this.range(to).start);
        let edits = [
            (Range::new(self.range(index + 1).start, self.range(name).start), String::new()),
            (gap(self, name, equal + 1), " in ".to_string()),
            (gap(self, first - 1, first + 3), dots.to_string()),
            (Range::new(self.range(second - 1).end, self.range(close).end), String::new()),
        ];
        let place = self.range(index + 1).cover(self.range(close));
        self.tell(SyntaxError::new(Code::ForeignWord, "`for` goes over a range", place).fix(
            format!("write `for {} in …{dots}…`", self.text(name)),
            edits,
            false,
        ));
        self.remove(second, close + 1);
        self.remove(first + 1, first + 3);
        self.become_kind(first, if inclusive { K::DotDotEqual } else { K::DotDot });
        self.become_kind(equal, K::KwIn);
        self.remove(index + 1, name);
    }

    /// `for (const x of xs)`, `for x of xs`
    fn loop_over(&mut self, index: usize) {
        let parenthesis = self.kind(index + 1) == Some(K::LParen);
        let at = index + 1 + usize::from(parenthesis);
        let declared =
            matches!(self.kind(at), Some(K::KwLet | K::KwVar)) || self.text(at) == "const" && self.is_name(at + 1);
        let name = at + usize::from(declared);
        let of = self.text(name + 1) == "of";
        if !self.is_name(name) || !(of || self.kind(name + 1) == Some(K::KwIn)) || !(of || declared) {
            return;
        }
        let mut edits = Vec::new();
        let close = self.closing(index + 1).filter(|_| parenthesis);
        if name > index + 1 {
            edits.push((Range::new(self.range(index + 1).start, self.range(name).start), String::new()));
        }
        edits.push((self.range(name + 1), "in".to_string()));
        edits.extend(close.map(|close| (self.range(close), String::new())));
        let place = self.range(index + 1).cover(self.range(name + 1));
        let text = format!("for {} in …", self.text(name));
        self.tell(SyntaxError::new(Code::ForeignWord, format!("this is written `{text}`"), place).fix(
            format!("write `{text}`"),
            edits,
            true,
        ));
        if let Some(close) = close {
            self.remove(close, close + 1);
        }
        self.become_kind(name + 1, K::KwIn);
        self.remove(index + 1, name);
    }

    /// `loop { … }`, `unless c { … }`, `until c { … }`, `do { … } while c`
    fn loop_word(&mut self, index: usize) {
        let range = self.range(index);
        match self.text(index) {
            "loop" | "forever" if self.kind(index + 1) == Some(K::LBrace) => {
                self.replaced(index, "while true");
                self.become_kind(index, K::KwWhile);
                self.insert(index + 1, K::KwTrue);
            }
            word @ ("unless" | "until") if self.block_follows(index) => {
                let open = self.find(index + 1, |this, at| this.kind(at) == Some(K::LBrace));
                let meant = if word == "unless" { "if" } else { "while" };
                let edits = [
                    (Range::new(range.start, self.range(index + 1).start), format!("{meant} not (")),
                    (Range::empty(self.range(open - 1).end), ")".to_string()),
                ];
                self.tell(
                    SyntaxError::new(Code::ForeignWord, format!("`{word}` is written `{meant} not`"), range).fix(
                        format!("write `{meant} not (…)`"),
                        edits,
                        true,
                    ),
                );
                self.insert(open, K::RParen);
                self.become_kind(index, Self::keyword_kind(meant));
                self.insert(index + 1, K::KwNot);
                self.insert(index + 2, K::LParen);
            }
            "do" if self.kind(index + 1) == Some(K::LBrace) => self.do_while(index),
            _ => {}
        }
    }

    fn do_while(&mut self, index: usize) {
        let Some(close) = self.closing(index + 1) else { return };
        if self.kind(close + 1) != Some(K::KwWhile) {
            return;
        }
        let end = self.expression_end(close + 2);
        let condition = self.range(close + 2).cover(self.range(end.saturating_sub(1)));
        let indent = self.token(index).map_or(0, |token| usize::from(token.indent));
        let lines = self.token(close).is_some_and(|token| token.first_on_line);
        let test = format!("if not ({}) {{ break }}", condition.slice(self.source));
        let last = match lines {
            true => format!("\n{0}  {test}\n{0}}}", " ".repeat(indent)),
            false => format!("; {test} }}"),
        };
        let place = Range::new(self.range(close - 1).end, condition.end);
        let edits = [(self.range(index), "while true".to_string()), (place, last)];
        self.tell(
            SyntaxError::new(Code::ForeignWord, "there is no `do … while`", self.range(index))
                .label("a loop that tests at its end is `while true { …; if not c { break } }`")
                .fix("write `while true`", edits, true),
        );
        self.remove(close + 1, end);
        self.become_kind(index, K::KwWhile);
        self.insert(index + 1, K::KwTrue);
    }

    /// `[e for x in xs]`, `[e for x in xs if c]`
    pub(super) fn comprehension(&mut self, index: usize) {
        let Some(close) = self.closing(index) else { return };
        let word = self.find(index + 1, |this, at| this.kind(at) == Some(K::KwFor));
        let inside = self.find(word, |this, at| this.kind(at) == Some(K::KwIn));
        if word >= close || inside >= close || word == index + 1 {
            return;
        }
        let filter = self.find(inside, |this, at| this.kind(at) == Some(K::KwIf));
        let text = |from: usize, to: usize| self.range(from).cover(self.range(to.saturating_sub(1))).slice(self.source);
        let (element, variable) = (text(index + 1, word), text(word + 1, inside));
        let source = text(inside + 1, filter.min(close));
        let mut query = format!("(from {variable} in {source}");
        if filter < close {
            query += &format!(" where {}", text(filter + 1, close));
        }
        query += &format!(" select {element})");
        let whole = self.range(index).cover(self.range(close));
        self.tell(
            SyntaxError::new(Code::ForeignWord, "a list is made from another one by a query", self.range(word))
                .label("I expected `from x in xs select e`")
                .fix(format!("write `{query}`"), [(whole, query)], true),
        );
        self.cut(index, close + 1);
    }

    /// Tells that a word is written otherwise.
    fn replaced(&mut self, index: usize, meant: &str) {
        let word = self.text(index);
        let (title, edits) = self.word_fix(index, meant);
        let error = SyntaxError::new(Code::ForeignWord, format!("`{word}` is written `{meant}`"), self.range(index));
        self.tell(error.fix(title, edits, true));
    }
}
