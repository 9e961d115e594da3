//! How deep a tree may get. Trees are walked by recursion, here (to drop them) and in every later room, so
//! their depth is bounded before there is a tree.
//!
//! Depth grows with brackets, and with what hangs on each other: operators as in `a + b + c`, steps as in `a.b.c`,
//! branches as in `if … else if …`. Commas, line ends and clause words begin anew at their level.

use super::classes::begins_query_clause;
use crate::error::SyntaxError;
use crate::token::Token;
use crate::words::{TokenClass, TokenKind as K};
use tenon_diagnostics::Code;

/// Brackets inside each other.
const BRACKETS: usize = 120;
/// Brackets, operators and steps on the way from an item to its deepest part.
const STEPS: u32 = 500;

/// What hangs on each other inside one bracket, up to the current token.
#[derive(Clone, Copy, Default)]
struct Level {
    /// Branches of `if … else if …`, and queries joined by set operators.
    branches: u32,
    /// `and`, `or` and `implies` of the current condition.
    conditions: u32,
    /// Other operators of the current part of it.
    operators: u32,
    /// Steps of the current operand: `a.b(c).d`.
    steps: u32,
}

impl Level {
    fn depth(self) -> u32 {
        self.branches + self.conditions + self.operators + self.steps
    }

    fn after(self, kind: K) -> Level {
        match kind {
            K::Comma | K::Semi | K::TextMiddle => Level::default(),
            K::KwUnion | K::KwExcept | K::KwIntersect | K::KwElse => {
                Level { branches: self.branches + 1, ..Level::default() }
            }
            kind if begins_query_clause(kind) => Level { branches: self.branches, ..Level::default() },
            K::KwAnd | K::KwOr | K::KwImplies => {
                Level { branches: self.branches, conditions: self.conditions + 1, ..Level::default() }
            }
            // The alternatives of variants and patterns lie side by side.
            K::Bar => Level { steps: 0, ..self },
            K::Dot | K::QuestionDot | K::Bang | K::Question => Level { steps: self.steps + 1, ..self },
            // What is closed may be a step: `f(x)(y)`.
            kind if kind.closes() => Level { steps: self.steps + 1, ..self },
            kind if hangs_on(kind) => Level { operators: self.operators + 1, steps: 0, ..self },
            _ => self,
        }
    }
}

/// The error if the tokens, which are balanced, are nested too deeply.
pub(crate) fn check(tokens: &[Token]) -> Option<SyntaxError> {
    let mut outer: Vec<Level> = Vec::new();
    let mut level = Level::default();
    let mut outer_depth = 0;
    for token in tokens {
        if token.kind.opens() {
            outer_depth += level.depth() + 1;
            outer.push(level);
            level = Level::default();
        } else {
            if token.kind.closes()
                && let Some(around) = outer.pop()
            {
                outer_depth -= around.depth() + 1;
                level = around;
            }
            level = level.after(token.kind);
        }
        if outer.len() > BRACKETS || outer_depth + level.depth() > STEPS {
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
