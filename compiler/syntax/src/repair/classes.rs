//! Which tokens begin and end operands, continue lines, begin statements.

use crate::token::Token;
use crate::words::{TokenClass, TokenKind as K};

/// True for a token that can begin an operand.
pub(crate) fn begins_operand(kind: K) -> bool {
    matches!(
        kind,
        K::LowerName
            | K::UpperName
            | K::Int
            | K::Decimal
            | K::Float
            | K::Duration
            | K::Date
            | K::Instant
            | K::Bytes
            | K::Time
            | K::RawText
            | K::Text
            | K::TextHead
            | K::QuotedText
            | K::KwNone
            | K::KwTrue
            | K::KwFalse
            | K::KwInsert
            | K::KwUpsert
            | K::KwIf
            | K::KwMatch
            | K::KwNot
    )
}

/// True for a token that can end an operand or a line.
pub(crate) fn can_end(kind: K) -> bool {
    kind.class() == TokenClass::Contextual
        || matches!(
            kind,
            K::LowerName
                | K::UpperName
                | K::Int
                | K::Decimal
                | K::Float
                | K::Duration
                | K::Date
                | K::Instant
                | K::Bytes
                | K::Time
                | K::RawText
                | K::Text
                | K::TextTail
                | K::QuotedText
                | K::RParen
                | K::RBracket
                | K::RBrace
                | K::Question
                | K::Bang
                | K::Underscore
                | K::KwNone
                | K::KwTrue
                | K::KwFalse
                | K::KwBreak
                | K::KwContinue
                | K::KwReturn
                | K::PairGroupAll
                | K::PairNoneFirst
                | K::PairOnUpdate
                | K::PairWorkflowsFinish
                | K::PairFromHeader
                | K::PairFromCookie
                | K::PairFromQuery
                | K::PairFromBody
                | K::Hole
                | K::Bad
                | K::Cut
        )
}

/// True for a word that begins a statement wherever it stands.
pub(crate) fn begins_statement(kind: K) -> bool {
    matches!(kind, K::KwLet | K::KwVar | K::KwReturn | K::KwFor | K::KwWhile | K::KwAssert | K::KwBreak | K::KwContinue)
}

/// True for the words of query clauses.
pub(crate) fn begins_query_clause(kind: K) -> bool {
    matches!(
        kind,
        K::KwWhere
            | K::KwSelect
            | K::PairOrderBy
            | K::PairGroupBy
            | K::PairGroupAll
            | K::PairLeftJoin
            | K::PairCrossJoin
            | K::SoftJoin
            | K::SoftWith
            | K::SoftLimit
            | K::SoftOffset
            | K::SoftPage
    )
}

/// True if `token`, the first of its line, continues the line before. `rest` are the tokens behind it.
pub(crate) fn continues_line(token: &Token, rest: &[Token]) -> bool {
    let next = rest.first().map(|token| token.kind);
    match token.kind {
        K::Minus => token.space_after,
        // `on POST "/hook" …` begins a line of a binding.
        K::KwOn => {
            !(next == Some(K::UpperName)
                && rest.get(1).is_some_and(|second| matches!(second.kind, K::Text | K::TextHead)))
        }
        K::KwNot => next == Some(K::KwIn),
        kind => begins_query_clause(kind) || continues_always(kind),
    }
}

/// True for a word that continues the line before wherever it stands.
pub(crate) fn word_continues(kind: K) -> bool {
    begins_query_clause(kind) || continues_always(kind)
}

fn continues_always(kind: K) -> bool {
    matches!(
        kind,
        K::RParen
            | K::RBracket
            | K::RBrace
            | K::LBrace
            | K::Comma
            | K::Dot
            | K::QuestionDot
            | K::QuestionQuestion
            | K::FatArrow
            | K::Arrow
            | K::Equal
            | K::PlusEqual
            | K::MinusEqual
            | K::StarEqual
            | K::EqualEqual
            | K::BangEqual
            | K::Less
            | K::LessEqual
            | K::Greater
            | K::GreaterEqual
            | K::Plus
            | K::Star
            | K::Slash
            | K::SlashQuestion
            | K::DotDot
            | K::DotDotEqual
            | K::Bar
            | K::TextMiddle
            | K::TextTail
            | K::Semi
            | K::KwElse
            | K::KwAnd
            | K::KwOr
            | K::KwImplies
            | K::KwIn
            | K::KwIs
            | K::KwMatches
            | K::KwAs
            | K::KwUnion
            | K::KwExcept
            | K::KwIntersect
            | K::KwSatisfies
            | K::PairOnUpdate
            | K::PairPartitionBy
            | K::PairAsOf
            | K::PairOnceBy
            | K::PairNoneFirst
            | K::SoftPages
            | K::SoftSigned
            | K::SoftDiv
            | K::SoftMod
            | K::SoftSet
            | K::SoftUndo
            | K::SoftRetry
            | K::SoftWithin
            | K::SoftOver
            | K::SoftFails
            | K::SoftInverse
    )
}

/// True for a token behind which an operand must stand.
pub(crate) fn needs_operand(kind: K) -> bool {
    matches!(
        kind,
        K::Dot
            | K::QuestionDot
            | K::Equal
            | K::PlusEqual
            | K::MinusEqual
            | K::StarEqual
            | K::Plus
            | K::Minus
            | K::Star
            | K::Slash
            | K::SlashQuestion
            | K::SoftDiv
            | K::SoftMod
            | K::EqualEqual
            | K::BangEqual
            | K::Less
            | K::LessEqual
            | K::Greater
            | K::GreaterEqual
            | K::KwAnd
            | K::KwOr
            | K::KwNot
            | K::KwImplies
            | K::KwIn
            | K::KwIs
            | K::KwMatches
            | K::QuestionQuestion
            | K::FatArrow
            | K::Arrow
            | K::Colon
            | K::Bar
            | K::KwWhere
            | K::KwOn
            | K::KwSelect
            | K::SoftSet
            | K::KwIf
            | K::KwWhile
            | K::KwMatch
            | K::KwFail
            | K::KwAssert
            | K::PairOrderBy
            | K::PairGroupBy
            | K::PairAsOf
            | K::SoftWith
            | K::SoftLimit
            | K::KwSatisfies
    )
}

/// True for a token that can not begin an operand.
pub(crate) fn begins_no_operand(kind: K) -> bool {
    begins_statement(kind)
        || (begins_query_clause(kind))
        || matches!(
            kind,
            K::RParen
                | K::RBracket
                | K::RBrace
                | K::Comma
                | K::Semi
                | K::Colon
                | K::Dot
                | K::QuestionDot
                | K::Equal
                | K::PlusEqual
                | K::MinusEqual
                | K::StarEqual
                | K::Plus
                | K::Star
                | K::Slash
                | K::SlashQuestion
                | K::EqualEqual
                | K::BangEqual
                | K::Less
                | K::LessEqual
                | K::Greater
                | K::GreaterEqual
                | K::KwAnd
                | K::KwOr
                | K::KwImplies
                | K::KwIn
                | K::KwIs
                | K::KwMatches
                | K::QuestionQuestion
                | K::FatArrow
                | K::Arrow
                | K::KwElse
                | K::KwUnion
                | K::TextMiddle
                | K::TextTail
                | K::KwFail
        )
}
