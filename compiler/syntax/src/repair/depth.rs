//! How deep a tree may get. Trees are walked by recursion, here (to drop them) and in every later room, so
//! their depth is bounded before there is a tree.
//!
//! Depth grows with brackets, and with operators and steps that hang on each other: `a + b + c`, `a.b.c`,
//! `if … else if …`. Commas, line ends and clause words begin anew at their level.

use super::classes::begins_query_clause;
use crate::error::SyntaxError;
use crate::token::Token;
use crate::words::{TokenClass, TokenKind as K};
use tenon_diagnostics::Code;

/// Brackets inside each other.
const BRACKETS: u32 = 120;
/// Brackets, operators and steps on the way from an item to its deepest part.
const STEPS: u32 = 500;

/// The error if the tokens, which are balanced, are nested too deeply.
pub(crate) fn check(tokens: &[Token]) -> Option<SyntaxError> {
    // For each open bracket: how many steps hang on each other in it, and how many set operators.
    let mut levels: Vec<(u32, u32)> = vec![(0, 0)];
    let mut total = 0;
    for token in tokens {
        if token.kind.opens() {
            levels.push((0, 0));
            total += 1;
        } else if token.kind.closes() {
            if let Some((chain, sets)) = levels.pop() {
                total -= chain + sets + 1;
            }
            // What is closed may be a step of a chain: `f(x)(y)`.
            if let Some((chain, _)) = levels.last_mut() {
                *chain += 1;
                total += 1;
            }
        } else if let Some((chain, sets)) = levels.last_mut() {
            if matches!(token.kind, K::Comma | K::Semi | K::TextMiddle) || begins_query_clause(token.kind) {
                total -= *chain;
                *chain = 0;
                if matches!(token.kind, K::Comma | K::Semi) {
                    total -= *sets;
                    *sets = 0;
                }
            } else if matches!(token.kind, K::KwUnion | K::KwExcept | K::KwIntersect) {
                *sets += 1;
                total += 1;
            } else if hangs_on(token.kind) {
                *chain += 1;
                total += 1;
            }
        }
        let brackets = levels.len() as u32 - 1;
        if brackets > BRACKETS || total > STEPS {
            return Some(
                SyntaxError::new(Code::TooDeep, "this is nested too deeply", token.range)
                    .label(format!("more than {BRACKETS} brackets or {STEPS} steps inside each other"))
                    .note("give parts of it names: `let`, `with`, a `fn` of its own"),
            );
        }
    }
    None
}

fn hangs_on(kind: K) -> bool {
    match kind.class() {
        TokenClass::Sign => !matches!(kind, K::Colon | K::Equal | K::Underscore),
        TokenClass::Reserved => !matches!(kind, K::KwTrue | K::KwFalse | K::KwNone),
        TokenClass::Soft => true,
        _ => matches!(kind, K::PairAsOf | K::PairAnyOrderExplains),
    }
}
