//! Function values as other languages write them: `x -> e`, `|x| e`, `lambda x: e`, `fn(x) { e }`, `f { it }`.

use super::Translator;
use crate::error::SyntaxError;
use crate::words::TokenKind as K;
use tenon_diagnostics::Code;
use tenon_span::Range;

impl Translator<'_> {
    pub(super) fn function_values(&mut self) {
        let mut index = self.header_end() + 1;
        while let Some(kind) = self.kind(index) {
            match kind {
                K::Arrow if self.is_arrow_of_value(index) => {
                    let range = self.range(index);
                    self.told_arrow(range, [(range, "=>".to_string())]);
                    self.become_kind(index, K::FatArrow);
                }
                K::Bar if self.begins_value(index) => self.bars(index),
                K::LowerName if self.text(index) == "lambda" && self.begins_value(index) => self.lambda(index),
                K::KwFn if self.begins_value(index) => self.function_word(index),
                K::LowerName if matches!(self.text(index), "function" | "func") && self.begins_value(index) => {
                    self.function_word(index);
                }
                K::LBrace if self.is_block_as_value(index) => self.block_as_value(index),
                _ => {}
            }
            index += 1;
        }
    }

    fn told_arrow(&mut self, place: Range, edits: impl IntoIterator<Item = (Range, String)>) {
        self.tell(SyntaxError::new(Code::ForeignOperator, "a function value is written `x => e`", place).fix(
            "write `=>`",
            edits,
            true,
        ));
    }

    /// True where an argument, an element or the value of a name begins.
    fn begins_value(&self, index: usize) -> bool {
        matches!(self.kind_before(index), Some(K::LParen | K::LBracket | K::Comma | K::Colon | K::Equal))
            && !matches!(self.item_word().1, Some(K::ItemType))
    }

    /// `x -> e` and `(a, b) -> e` as an argument or the value of a name.
    fn is_arrow_of_value(&self, index: usize) -> bool {
        let Some(before) = index.checked_sub(1) else { return false };
        match self.kind(before) {
            Some(K::LowerName) => self.begins_value(before),
            Some(K::RParen) => {
                let open = self.enclosing(before);
                open.is_some_and(|open| self.begins_value(open) && self.kind(open) == Some(K::LParen))
            }
            _ => false,
        }
    }

    /// `|x| e`, `|a, b| e`
    fn bars(&mut self, index: usize) {
        let end =
            self.find(index + 1, |this, at| !matches!(this.kind(at), Some(K::LowerName | K::Comma | K::Underscore)));
        if self.kind(end) != Some(K::Bar) {
            return;
        }
        let several = end != index + 2;
        let (open, close) = if several { ("(", ") =>") } else { ("", " =>") };
        let (first, last) = (self.range(index), self.range(end));
        self.told_arrow(first.cover(last), [(first, open.to_string()), (last, close.to_string())]);
        self.become_kind(end, K::FatArrow);
        if several {
            self.insert(end, K::RParen);
            self.become_kind(index, K::LParen);
        } else {
            self.remove(index, index + 1);
        }
    }

    /// `lambda x: e`, `lambda a, b: e`
    fn lambda(&mut self, index: usize) {
        let colon = self.find(index + 1, |this, at| !matches!(this.kind(at), Some(K::LowerName | K::Comma)));
        if self.kind(colon) != Some(K::Colon) {
            return;
        }
        let several = colon != index + 2;
        let word = Range::new(self.range(index).start, self.range(index + 1).start);
        let sign = self.range(colon);
        let (open, close) = if several { ("(", ") =>") } else { ("", " =>") };
        self.told_arrow(self.range(index), [(word, open.to_string()), (sign, close.to_string())]);
        self.become_kind(colon, K::FatArrow);
        if several {
            self.insert(colon, K::RParen);
            self.become_kind(index, K::LParen);
        } else {
            self.remove(index, index + 1);
        }
    }

    /// `fn(x) { e }`, `function (x) { return e }`
    fn function_word(&mut self, index: usize) {
        let Some(close) = self.closing(index + 1).filter(|_| self.kind(index + 1) == Some(K::LParen)) else { return };
        let block = self.find(close + 1, |this, at| this.kind(at) == Some(K::LBrace));
        if self.kind(block) != Some(K::LBrace) {
            return;
        }
        let word = Range::new(self.range(index).start, self.range(index + 1).start);
        let result = Range::new(self.range(close).end, self.range(block).start);
        let mut edits = vec![(word, String::new()), (result, " => ".to_string())];
        let returns = self.kind(block + 1) == Some(K::KwReturn);
        if returns {
            edits.push((Range::new(self.range(block + 1).start, self.range(block + 2).start), String::new()));
        }
        self.told_arrow(self.range(index), edits);
        if returns {
            self.remove(block + 1, block + 2);
        }
        self.remove(close + 1, block);
        self.insert(close + 1, K::FatArrow);
        self.remove(index, index + 1);
    }

    /// `f({ x -> e })`, `xs.map { it + 1 }`, where no statement could take the block.
    fn is_block_as_value(&self, index: usize) -> bool {
        let arrow = self.kind(index + 1) == Some(K::LowerName) && self.kind(index + 2) == Some(K::Arrow);
        match self.kind_before(index) {
            Some(K::LParen | K::Comma) => arrow,
            Some(K::LowerName) => {
                let method = index.checked_sub(2).is_some_and(|at| self.kind(at) == Some(K::Dot));
                let start = self.expression_start(index);
                let header = (start.saturating_sub(1)..index)
                    .any(|at| matches!(self.kind(at), Some(K::KwIf | K::KwWhile | K::KwFor | K::KwMatch | K::KwIn)));
                method && !header
            }
            _ => false,
        }
    }

    fn block_as_value(&mut self, index: usize) {
        let Some(close) = self.closing(index) else { return };
        let (open_range, close_range) = (self.range(index), self.range(close));
        let arrow = (self.kind(index + 2) == Some(K::Arrow)).then(|| self.range(index + 2));
        let in_parentheses = self.kind_before(index) != Some(K::LowerName);
        let inner = Range::new(open_range.start, self.range(index + 1).start);
        let end = Range::new(self.range(close - 1).end, close_range.end);
        let (open, shut) = if in_parentheses { ("", "") } else { ("(", ")") };
        let before = match in_parentheses {
            true => inner,
            false => Range::new(self.range(index - 1).end, inner.end),
        };
        let mut edits = vec![(before, format!("{open}{}", if arrow.is_some() { "" } else { "it => " }))];
        edits.extend(arrow.map(|arrow| (arrow, "=>".to_string())));
        edits.push((end, shut.to_string()));
        self.tell(
            SyntaxError::new(Code::ForeignOperator, "a function value is written `x => e`", open_range)
                .label("braces hold code; arguments stand in parentheses")
                .fix("write `x => …`", edits, true),
        );
        match arrow {
            Some(_) => self.become_kind(index + 2, K::FatArrow),
            None => {
                self.insert_text(index + 1, K::LowerName, "it");
                self.insert(index + 2, K::FatArrow);
            }
        }
        let close = self.closing(index).unwrap_or(close);
        if in_parentheses {
            self.remove(close, close + 1);
            self.remove(index, index + 1);
        } else {
            self.become_kind(close, K::RParen);
            self.become_kind(index, K::LParen);
        }
    }
}
