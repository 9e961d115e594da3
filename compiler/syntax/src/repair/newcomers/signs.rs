//! Signs and words of other languages: `&&`, `!x`, `null`, `'a'`, `x++`.

use super::Translator;
use crate::error::SyntaxError;
use crate::repair::classes::{begins_operand, can_end};
use crate::words::{TokenClass, TokenKind as K, keyword};
use tenon_diagnostics::Code;
use tenon_span::Range;

impl Translator<'_> {
    pub(super) fn signs(&mut self) {
        let mut index = 0;
        while let Some(token) = self.token(index) {
            match token.kind {
                K::QuotedText => self.quoted_text(index),
                K::Amp | K::AmpAmp if self.begins_reference(index) => {
                    self.reference(index);
                    continue;
                }
                K::BarBar if self.is_between_cases(index) => self.between_cases(index),
                K::BarBar | K::Amp if self.is_beside_text(index) => self.joins(index, index + 1),
                K::BackText => self.back_text(index),
                K::ColonEqual => self.colon_equal(index),
                kind if kind.class() == TokenClass::Foreign => self.foreign_operator(index),
                K::Bang if self.is_prefix(index) => self.not(index),
                K::Plus if self.kind(index + 1) == Some(K::Plus) && self.is_between_operands(index) => {
                    self.joins(index, index + 2);
                }
                K::Minus if self.begins_comment(index) => self.dash_comment(index),
                K::Star if self.is_power(index) => self.power(index),
                K::Bar if self.kind(index + 1) == Some(K::Greater) && self.glued(index) => self.access(index, 2, "|>"),
                K::Colon if self.kind(index + 1) == Some(K::Colon) && self.glued(index) => self.access(index, 2, "::"),
                K::Arrow if self.is_access(index) => self.access(index, 1, "->"),
                K::DotDot if self.is_three_dots(index) && self.is_list_element(index) => self.spread(index),
                K::DotDot if self.is_three_dots(index) => self.three_dots(index),
                K::Plus | K::Minus if self.kind(index + 1) == Some(token.kind) && self.glued(index) => {
                    self.increment(index);
                }
                K::LowerName | K::UpperName => self.null(index),
                _ => {}
            }
            index += 1;
        }
    }

    /// `x := 3`: a declaration where nothing of that name is assigned to before.
    fn colon_equal(&mut self, index: usize) {
        let range = self.range(index);
        let Some(name) = index.checked_sub(1).filter(|name| self.is_name(*name) && self.begins_line(*name)) else {
            self.assignment(range);
            self.become_kind(index, K::Equal);
            return;
        };
        let declared = (0..name).any(|at| self.text(at) == self.text(name) && !self.begins_line(at));
        if declared {
            self.assignment(range);
        } else {
            let assigned = (index..self.tokens.len()).any(|at| {
                self.text(at) == self.text(name)
                    && matches!(
                        self.kind(at + 1),
                        Some(K::Equal | K::PlusEqual | K::MinusEqual | K::StarEqual | K::ColonEqual)
                    )
            });
            let word = if assigned { "var" } else { "let" };
            let place = Range::empty(self.range(name).start);
            let edits = [(place, format!("{word} ")), (range, "=".to_string())];
            self.tell(
                SyntaxError::new(Code::ForeignWord, "a value is named by `let`, a variable by `var`", range)
                    .label(format!("I expected `{word} {} = …`", self.text(name)))
                    .fix(format!("write `{word}`"), edits, true),
            );
            let first = self.token(name).is_some_and(|token| token.first_on_line);
            self.become_kind(index, K::Equal);
            self.insert(name, Self::keyword_kind(word));
            if let Some(keyword) = self.tokens.get_mut(name) {
                keyword.first_on_line = first;
            }
            if let Some(name) = self.tokens.get_mut(name + 1) {
                name.first_on_line = false;
            }
            return;
        }
        self.become_kind(index, K::Equal);
    }

    fn assignment(&mut self, range: Range) {
        self.tell(SyntaxError::new(Code::ForeignOperator, "an assignment is written `=`", range).fix(
            "write `=`",
            [(range, "=".to_string())],
            true,
        ));
    }

    fn foreign_operator(&mut self, index: usize) {
        let Some(token) = self.token(index) else { return };
        let info = token.kind.info();
        let meant = info.meant;
        let space = |glued: bool| if glued && meant.starts_with(char::is_alphabetic) { " " } else { "" };
        let before = index.checked_sub(1).is_some_and(|before| self.glued(before));
        let edit = format!("{}{meant}{}", space(before), space(self.glued(index)));
        self.tell(
            SyntaxError::new(Code::ForeignOperator, format!("`{}` is written `{meant}`", info.spelling), token.range)
                .fix(format!("write `{meant}`"), [(token.range, edit)], true),
        );
        let kind = match meant {
            "and" => K::KwAnd,
            "or" => K::KwOr,
            "mod" => K::SoftMod,
            "==" => K::EqualEqual,
            _ => K::BangEqual,
        };
        self.become_kind(index, kind);
    }

    /// True if the sign joins a text with something.
    fn is_beside_text(&self, index: usize) -> bool {
        let text = |kind: Option<K>| matches!(kind, Some(K::Text | K::TextHead | K::TextTail | K::QuotedText));
        text(self.kind_before(index)) || text(self.kind(index + 1))
    }

    /// `a ++ b`, but not `a++` at the end of a line.
    fn is_between_operands(&self, index: usize) -> bool {
        let behind =
            self.kind(index + 2).is_some_and(|kind| begins_operand(kind) || kind == K::LParen || kind == K::LBracket);
        self.glued(index)
            && behind
            && !self.begins_line(index + 2)
            && self.kind_before(index).is_some_and(can_end)
            && !self.begins_line(index)
    }

    /// The sign up to `end` joins texts.
    fn joins(&mut self, index: usize, end: usize) {
        let range = self.range(index).cover(self.range(end - 1));
        let written = range.slice(self.source);
        self.tell(SyntaxError::new(Code::ForeignOperator, format!("`{written}` is written `+`"), range).fix(
            "write `+`",
            [(range, "+".to_string())],
            true,
        ));
        self.become_kind(index, K::Plus);
        self.remove(index + 1, end);
    }

    /// `a ** 2`; `a ** b ** 2` is `a ** (b ** 2)`.
    fn power(&mut self, index: usize) {
        let range = self.range(index).cover(self.range(index + 1));
        let mut error = SyntaxError::new(Code::ForeignOperator, "`a ** b` is written `a.power(b)`", range);
        let mut signs = vec![index];
        let mut edits = Vec::new();
        let mut exponent = self.chain_end(index + 2);
        while let (Some(end), Some(sign)) = (exponent, signs.last().copied()) {
            let place = Range::new(self.range(sign.saturating_sub(1)).end, self.range(sign + 2).start);
            edits.push((place, ".power(".to_string()));
            if !self.is_power(end) {
                edits.push((Range::empty(self.range(end - 1).end), ")".repeat(signs.len())));
                break;
            }
            signs.push(end);
            exponent = self.chain_end(end + 2);
        }
        let base = self.kind_before(index);
        if exponent.is_some() && matches!(base, Some(K::LowerName | K::Int | K::RParen | K::RBracket)) {
            error = error.fix("write `.power(…)`", edits, base != Some(K::RParen));
        }
        self.tell(error);
        for sign in signs.into_iter().rev() {
            self.remove(sign + 1, sign + 2);
        }
    }

    fn is_power(&self, index: usize) -> bool {
        self.kind(index) == Some(K::Star) && self.kind(index + 1) == Some(K::Star) && self.glued(index)
    }

    /// Where the operand ends that begins at the token: a name or a literal with what stands behind it, `b.c(1)[2]`.
    /// Nothing for any other operand.
    pub(super) fn chain_end(&self, index: usize) -> Option<usize> {
        let mut end = match self.kind(index)? {
            K::LowerName | K::UpperName | K::Int | K::Decimal | K::Float => index + 1,
            K::LParen | K::LBracket => self.closing(index)? + 1,
            _ => return None,
        };
        loop {
            end = match self.kind(end) {
                Some(K::Dot | K::QuestionDot) if self.is_name(end + 1) => end + 2,
                Some(K::LParen | K::LBracket) if self.glued(end - 1) => self.closing(end)? + 1,
                _ => return Some(end),
            };
        }
    }

    /// `&` and `&&` before an operand, as references are written.
    fn begins_reference(&self, index: usize) -> bool {
        !self.kind_before(index).is_some_and(|kind| can_end(kind) && kind != K::KwReturn)
    }

    /// `&x`, `&mut x`
    fn reference(&mut self, index: usize) {
        let range = self.range(index);
        let end = index + 1 + usize::from(self.text(index + 1) == "mut");
        let place = Range::new(range.start, self.range(end).start.max(range.end));
        let written = range.slice(self.source);
        self.tell(
            SyntaxError::new(Code::ForeignOperator, "there are no references; a value is named as it is", range).fix(
                format!("remove `{written}`"),
                [(place, String::new())],
                true,
            ),
        );
        self.remove(index, end);
    }

    /// `a->b` behind a value, without blanks.
    fn is_access(&self, index: usize) -> bool {
        let Some(before) = index.checked_sub(1) else { return false };
        index > self.header_end()
            && self.glued(before)
            && self.glued(index)
            && self.is_name(before)
            && self.is_name(index + 1)
            && !matches!(self.kind_before(before), Some(K::LParen | K::Comma))
            && !matches!(self.item_word().1, Some(K::ItemRelation | K::ItemType | K::ItemBinding | K::ItemEvolve))
    }

    /// What stands behind a value is reached by `.`.
    fn access(&mut self, index: usize, length: usize, written: &str) {
        let range = self.range(index).cover(self.range(index + length - 1));
        let place = match written {
            "|>" => Range::new(self.range(index.saturating_sub(1)).end, self.range(index + length).start),
            _ => range,
        };
        self.tell(SyntaxError::new(Code::ForeignOperator, format!("`{written}` is written `.`"), range).fix(
            "write `.`",
            [(place, ".".to_string())],
            true,
        ));
        self.become_kind(index, K::Dot);
        self.remove(index + 1, index + length);
    }

    /// `...p` in a record, `0...3` as a range.
    fn three_dots(&mut self, index: usize) {
        let range = self.range(index).cover(self.range(index + 1));
        let (meant, kind) = match self.kind_before(index).is_some_and(can_end) {
            true => ("..=", K::DotDotEqual),
            false => ("..", K::DotDot),
        };
        self.tell(SyntaxError::new(Code::ForeignOperator, format!("`...` is written `{meant}`"), range).fix(
            format!("write `{meant}`"),
            [(range, meant.to_string())],
            true,
        ));
        self.become_kind(index, kind);
        self.remove(index + 1, index + 2);
    }

    /// `A || B` in the declaration of a variant type, and as the pattern of an arm.
    fn is_between_cases(&self, index: usize) -> bool {
        if self.item_word().1 == Some(K::ItemType) {
            return (0..index).all(|at| self.kind(at) != Some(K::KwWhere));
        }
        let Some(open) = self.enclosing(index).filter(|open| self.kind(*open) == Some(K::LBrace)) else { return false };
        let line = (0..open).rev().take_while(|at| !matches!(self.kind(*at), Some(K::Semi | K::LBrace | K::RBrace)));
        let in_match = line.into_iter().any(|at| self.kind(at) == Some(K::KwMatch));
        let arrow = self.find(index, |this, at| {
            matches!(this.kind(at), Some(K::FatArrow | K::Arrow | K::Comma | K::KwIf))
                || this.token(at).is_some_and(|token| token.first_on_line)
        });
        in_match && matches!(self.kind(arrow), Some(K::FatArrow | K::Arrow | K::KwIf))
    }

    fn between_cases(&mut self, index: usize) {
        let range = self.range(index);
        self.tell(SyntaxError::new(Code::ForeignOperator, "between cases stands `|`", range).fix(
            "write `|`",
            [(range, "|".to_string())],
            true,
        ));
        self.become_kind(index, K::Bar);
    }

    /// A text, or a name as some languages write names.
    fn back_text(&mut self, index: usize) {
        let range = self.range(index);
        let inner = self.text(index).trim_matches('`').to_string();
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let is_word = inner.starts_with(|c: char| c.is_ascii_alphabetic()) && inner.chars().all(plain);
        let name_place = matches!(self.kind(index + 1), Some(K::Colon | K::KwIn))
            || matches!(self.kind_before(index), Some(K::Dot | K::KwLet | K::KwVar));
        if is_word && name_place {
            let kind = if inner.starts_with(|c: char| c.is_ascii_uppercase()) { K::UpperName } else { K::LowerName };
            self.tell(SyntaxError::new(Code::ForeignLiteral, "names are written without quotes", range).fix(
                format!("write `{inner}`"),
                [(range, inner.clone())],
                true,
            ));
            self.become_text(index, kind, inner);
            return;
        }
        let holes = inner.replace('"', "\\\"").split("${").map(|part| part.replace('{', "\\{")).collect::<Vec<_>>();
        let text = format!("\"{}\"", holes.join("{"));
        self.tell(SyntaxError::new(Code::ForeignLiteral, "texts stand in double quotes", range).fix(
            format!("write `{text}`"),
            [(range, text.clone())],
            true,
        ));
        // What its holes say is read when the fix is made.
        match inner.contains("${") {
            true => self.cut(index, index + 1),
            false => self.become_text(index, K::Text, text),
        }
    }

    fn quoted_text(&mut self, index: usize) {
        let range = self.range(index);
        let inner = self.text(index).trim_matches('\'').replace('"', "\\\"").replace('{', "\\{");
        let text = format!("\"{inner}\"");
        self.tell(SyntaxError::new(Code::ForeignLiteral, "texts stand in double quotes", range).fix(
            format!("write `{text}`"),
            [(range, text.clone())],
            true,
        ));
        self.become_text(index, K::Text, text);
    }

    /// A `!` is postfix behind a value on the same line.
    fn is_prefix(&self, index: usize) -> bool {
        let first_on_line = self.token(index).is_some_and(|token| token.first_on_line);
        let before = self.kind_before(index);
        let followed = self.token(index + 1).is_some_and(|next| !next.first_on_line)
            && matches!(
                self.kind(index + 1),
                Some(K::LowerName | K::UpperName | K::LParen | K::Bang | K::KwTrue | K::KwFalse)
            );
        let behind_value = before.is_some_and(|kind| can_end(kind) && kind != K::KwReturn);
        followed && (first_on_line || !behind_value)
    }

    fn not(&mut self, index: usize) {
        let range = self.range(index);
        self.tell(
            SyntaxError::new(Code::ForeignOperator, "`!` is written `not`", range)
                .label("behind a value `!` says that it is present")
                .fix("write `not`", [(range, "not ".to_string())], true),
        );
        self.become_kind(index, K::KwNot);
    }

    /// `-- said`, as SQL comments.
    fn begins_comment(&self, index: usize) -> bool {
        let twice = self.kind(index + 1) == Some(K::Minus) && self.glued(index);
        twice
            && !self.glued(index + 1)
            && !self.begins_line(index + 2)
            && (self.begins_line(index) || self.token(index - 1).is_some_and(|before| before.space_after))
    }

    fn dash_comment(&mut self, index: usize) {
        let range = self.range(index).cover(self.range(index + 1));
        let end = (index + 1..self.tokens.len()).find(|at| self.token(*at).is_some_and(|token| token.first_on_line));
        self.tell(
            SyntaxError::new(Code::ForeignComment, "`--` begins no comment", range)
                .label("a comment is `//` and the rest of its line")
                .fix("write `//`", [(range, "//".to_string())], true),
        );
        self.remove(index, end.unwrap_or(self.tokens.len()));
    }

    /// `x++` at the end of a line, `++x` at its beginning.
    fn increment(&mut self, index: usize) {
        if self.begins_line(index) && self.is_name(index + 2) && self.begins_line(index + 3) {
            self.increment_before(index);
            return;
        }
        if !self.begins_line(index + 2) || !self.kind_before(index).is_some_and(K::is_name) {
            return;
        }
        let (kind, sign) = match self.kind(index) {
            Some(K::Plus) => (K::PlusEqual, "+="),
            _ => (K::MinusEqual, "-="),
        };
        let range = self.range(index).cover(self.range(index + 1));
        self.tell(SyntaxError::new(Code::ForeignOperator, format!("counting is written `{sign} 1`"), range).fix(
            format!("write `{sign} 1`"),
            [(range, format!(" {sign} 1"))],
            true,
        ));
        self.become_kind(index, kind);
        self.become_text(index + 1, K::Int, "1");
    }

    /// `++x` as a statement.
    fn increment_before(&mut self, index: usize) {
        let sign = if self.kind(index) == Some(K::Plus) { "+=" } else { "-=" };
        let (signs, name) = (self.range(index).cover(self.range(index + 1)), self.range(index + 2));
        let edits = [(signs, String::new()), (Range::empty(name.end), format!(" {sign} 1"))];
        self.tell(SyntaxError::new(Code::ForeignOperator, format!("counting is written `{sign} 1`"), signs).fix(
            format!("write `{sign} 1`"),
            edits,
            true,
        ));
        self.remove(index, index + 2);
        self.insert(index + 1, if sign == "+=" { K::PlusEqual } else { K::MinusEqual });
        self.insert_text(index + 2, K::Int, "1");
    }

    fn null(&mut self, index: usize) {
        let word = self.text(index);
        let in_type = self.kind_before(index) == Some(K::Bar)
            && index.checked_sub(2).is_some_and(|at| self.kind(at) == Some(K::UpperName))
            && (index < self.header_end() || matches!(self.item_word().1, Some(K::ItemRelation | K::ItemEvent)));
        let plain = !in_type
            && !matches!(self.kind_before(index), Some(K::Dot | K::QuestionDot))
            && !matches!(self.kind(index + 1), Some(K::Colon | K::LParen | K::Equal));
        if plain && matches!(word, "null" | "nil" | "undefined" | "NULL") {
            let range = self.range(index);
            // `not null` behind a column is told as a whole.
            let column = matches!(self.item_word().1, Some(K::ItemRelation | K::ItemEvent));
            if column && self.kind_before(index) == Some(K::KwNot) && !self.begins_line(index - 1) {
                self.become_kind(index, K::KwNone);
                return;
            }
            self.tell(SyntaxError::new(Code::Null, "there is no null; an absent value is `none`", range).fix(
                "write `none`",
                [(range, "none".to_string())],
                true,
            ));
            self.become_kind(index, K::KwNone);
        }
    }

    /// The fix that replaces the token's text by another word.
    pub(super) fn word_fix(&self, index: usize, word: &str) -> (String, [(Range, String); 1]) {
        (format!("write `{word}`"), [(self.range(index), word.to_string())])
    }

    /// The kind of a keyword by its spelling.
    pub(super) fn keyword_kind(word: &str) -> K {
        keyword(word).unwrap_or(K::LowerName)
    }
}
