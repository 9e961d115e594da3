//! Elements between parentheses and brackets without a comma between them: `f(a b)`, `[1 2]`, `(a: Int b: Int)`.

use super::Translator;
use crate::error::SyntaxError;
use crate::words::TokenKind as K;
use tenon_diagnostics::Code;
use tenon_span::Range;

impl Translator<'_> {
    pub(super) fn elements(&mut self) {
        let mut index = 1;
        while index < self.tokens.len() {
            if self.comma_is_missing(index) {
                let at = Range::empty(self.range(index - 1).end);
                let error = SyntaxError::new(Code::MissingComma, "elements stand between commas", self.range(index))
                    .label("I expected `,` before this")
                    .fix("write `,`", [(at, ",".to_string())], true);
                self.tell(error);
                self.insert(index, K::Comma);
            }
            index += 1;
        }
    }

    fn comma_is_missing(&self, index: usize) -> bool {
        let (Some(before), Some(kind)) = (self.kind_before(index), self.kind(index)) else { return false };
        let named = (self.is_name(index) || kind == K::UpperName) && self.kind(index + 1) == Some(K::Colon);
        let begins = named || kind == K::LowerName || is_literal(kind);
        let ended = is_literal(before)
            || matches!(before, K::LowerName | K::UpperName | K::RParen | K::RBracket | K::Question | K::TextTail);
        // What is not closed may hold anything, and in a broken query words stand side by side.
        begins && ended && self.enclosing(index).is_some_and(|open| self.is_closed(open)) && !self.in_query(index)
    }

    /// True for a parenthesis or bracket with its partner.
    fn is_closed(&self, open: usize) -> bool {
        let partner = match self.kind(open) {
            Some(K::LParen) => K::RParen,
            Some(K::LBracket) => K::RBracket,
            _ => return false,
        };
        self.closing(open).and_then(|close| self.kind(close)) == Some(partner)
    }
}

fn is_literal(kind: K) -> bool {
    matches!(
        kind,
        K::Int
            | K::Decimal
            | K::Float
            | K::Duration
            | K::Date
            | K::Instant
            | K::Text
            | K::RawText
            | K::KwTrue
            | K::KwFalse
            | K::KwNone
    )
}
