//! Whether a space stands between two tokens on one line.

use super::pieces::Pieces;
use crate::repair::classes::can_end;
use crate::words::{TokenClass, TokenKind as K};

/// True if a space stands before the piece at `index`, which is not the first of its line.
pub(super) fn space_before(pieces: &Pieces, index: usize) -> bool {
    let Some(before) = index.checked_sub(1) else { return false };
    let (Some(left), Some(right)) = (pieces.list.get(before), pieces.list.get(index)) else { return false };
    match (left.token.kind, right.token.kind) {
        (K::LBrace, K::RBrace) => false,
        (K::LParen | K::LBracket | K::Dot | K::QuestionDot | K::DotDot | K::DotDotEqual, _) => false,
        (K::TextHead | K::TextMiddle, _) | (_, K::TextMiddle | K::TextTail) => false,
        (
            _,
            K::RParen
            | K::RBracket
            | K::Comma
            | K::Colon
            | K::Dot
            | K::QuestionDot
            | K::Question
            | K::Bang
            | K::DotDotEqual,
        ) => false,
        (kind, K::DotDot) => !ends_operand(kind),
        (K::Minus, _) => !is_prefix(pieces, before),
        (kind, K::LParen | K::LBracket) => space_before_bracket(kind, left.token.space_after),
        _ => true,
    }
}

fn ends_operand(kind: K) -> bool {
    can_end(kind) && kind != K::KwReturn
}

/// A minus without an operand before it.
fn is_prefix(pieces: &Pieces, index: usize) -> bool {
    match index.checked_sub(1).and_then(|before| pieces.list.get(before)) {
        None => true,
        Some(_) if pieces.list.get(index).is_some_and(|piece| piece.ends_statement) => true,
        Some(before) => !ends_operand(before.token.kind),
    }
}

/// Calls, look-ups and arguments of types are glued to what they belong to. A word that may be a keyword keeps
/// the writer's choice, which tells a clause from a call.
fn space_before_bracket(kind: K, written: bool) -> bool {
    match kind {
        K::LowerName | K::RParen | K::RBracket | K::KwFn | K::Bang | K::Text | K::TextTail => false,
        K::UpperName => written,
        kind if kind.class() == TokenClass::Contextual => written,
        _ => true,
    }
}
