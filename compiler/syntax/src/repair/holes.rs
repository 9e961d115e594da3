//! A hole is put where an operand is missing, so that the rest of the line keeps its meaning.

use super::classes::{begins_no_operand, needs_operand};
use super::put_in;
use crate::error::SyntaxError;
use crate::token::Token;
use crate::words::TokenKind as K;
use tenon_diagnostics::Code;
use tenon_span::Range;

/// Puts holes behind tokens that need an operand and have none.
pub(super) fn fill(source: &str, tokens: Vec<Token>, errors: &mut Vec<SyntaxError>) -> Vec<Token> {
    let missing = |index: usize, token: &Token| lacks_operand(index, token, tokens.get(index + 1));
    if !tokens.iter().enumerate().any(|(index, token)| missing(index, token)) {
        return tokens;
    }
    let mut out = Vec::with_capacity(tokens.len() + 4);
    for (index, token) in tokens.iter().enumerate() {
        out.push(*token);
        if missing(index, token) {
            let at = Range::empty(token.range.end);
            let what = match token.kind {
                K::Dot | K::QuestionDot => "a field",
                K::Arrow => "a type",
                K::Colon => "a type or a value",
                K::Bar => "a case",
                _ => "an expression",
            };
            let written = token.range.slice(source);
            errors.push(
                SyntaxError::new(Code::Missing, format!("{what} is missing after `{written}`"), token.range)
                    .label(format!("I expected {what} behind this")),
            );
            out.push(put_in(K::Hole, at.start));
        }
    }
    out
}

fn lacks_operand(index: usize, token: &Token, next: Option<&Token>) -> bool {
    if !needs_operand(token.kind) {
        return false;
    }
    let Some(next) = next else { return true };
    let allowed = match (token.kind, next.kind) {
        // `on delete cascade`
        (K::KwOn, K::KwDelete | K::KwUpdate) => true,
        (K::KwOn, _) if index == 0 => true,
        (K::KwIf | K::KwWhere, K::KwLet) => true,
        (K::KwNot, K::KwIn) | (K::KwIs, K::KwNot) => true,
        // `type S = | Only`
        (K::Equal, K::Bar) => true,
        (K::FatArrow, K::KwFail | K::KwReturn | K::LBrace) => true,
        // `with`, `limit` and the like as the value of a clause: `select distinct`
        (K::KwSelect, K::KwDistinct) => true,
        _ => false,
    };
    if allowed {
        return false;
    }
    begins_no_operand(next.kind)
        || next.kind == K::LBrace
        || matches!(token.kind, K::Dot | K::QuestionDot)
            && (next.first_on_line || !matches!(next.kind, K::LowerName | K::UpperName | K::LParen))
        || token.kind == K::Arrow
            && !matches!(
                next.kind,
                K::UpperName | K::LowerName | K::LBracket | K::LParen | K::KwFn | K::Underscore | K::Hole
            )
}
