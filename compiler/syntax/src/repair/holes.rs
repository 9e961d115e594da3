//! A hole is put where an operand is missing, so that the rest of the line keeps its meaning.

use super::classes::{begins_no_operand, needs_operand};
use super::put_in;
use crate::error::SyntaxError;
use crate::token::Token;
use crate::words::TokenKind as K;
use tenon_diagnostics::Code;

/// Puts holes behind tokens that need an operand and have none.
pub(super) fn fill(source: &str, tokens: Vec<Token>, errors: &mut Vec<SyntaxError>) -> Vec<Token> {
    let mut out: Option<Vec<Token>> = None;
    // The open brackets; for braces with the indent of their first statement.
    let mut open: Vec<(K, u16)> = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        if token.kind.opens() {
            open.push((token.kind, tokens.get(index + 1).map_or(0, |first| first.indent)));
        } else if token.kind.closes() {
            open.pop();
        }
        if let Some(out) = &mut out {
            out.push(*token);
        }
        let next = tokens.get(index + 1);
        let statements = open.last().filter(|(kind, _)| *kind == K::LBrace).map(|(_, indent)| *indent);
        let error = if lacks_operand(index, token, next) {
            missing(source, token)
        } else if let (Some(indent), Some(next)) = (statements, next)
            && falls_back(token, next, indent)
        {
            missing(source, token).note("or the next line belongs to this one: then it is indented deeper")
        } else {
            continue;
        };
        errors.push(error);
        let out = out.get_or_insert_with(|| tokens.get(..=index).unwrap_or(&[]).to_vec());
        out.push(put_in(K::Hole, token.range.end));
    }
    out.unwrap_or(tokens)
}

/// The law: a line that continues another one is indented deeper than the statements of its block.
fn falls_back(token: &Token, next: &Token, statements: u16) -> bool {
    needs_operand(token.kind) && next.first_on_line && next.indent <= statements
}

fn missing(source: &str, token: &Token) -> SyntaxError {
    let what = match token.kind {
        K::Dot | K::QuestionDot => "a field",
        K::Arrow => "a type",
        K::Colon => "a type or a value",
        K::Bar => "a case",
        _ => "an expression",
    };
    let written = match token.range.slice(source) {
        "" => token.kind.info().spelling,
        text => text,
    };
    SyntaxError::new(Code::Missing, format!("{what} is missing after `{written}`"), token.range)
        .label(format!("I expected {what} behind this"))
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
