//! Where the content of a bracket ends that has no partner.

use crate::repair::classes::{begins_query_clause, can_end, continues_line};
use crate::token::Token;
use crate::words::TokenKind as K;

/// How many tokens are looked back at, so that time does not grow with the square.
const FAR: usize = 2_000;

/// A bracket without a partner, and what has been read behind it.
pub(super) struct Ending<'a> {
    /// The bracket.
    pub open: &'a Token,
    /// What stands before it.
    pub header: Option<&'a Token>,
    /// The tokens behind it; what is opened in them is closed.
    pub content: &'a [Token],
    /// The tokens behind the one that is asked about.
    pub rest: &'a [Token],
    /// No other bracket is open.
    pub outermost: bool,
}

impl Ending<'_> {
    /// True if the content most likely ends before the token.
    pub(super) fn is_before(&self, token: &Token) -> bool {
        match self.open.kind {
            K::LParen | K::LBracket => self.data_ends_before(token),
            K::LBrace => self.code_ends_before(token),
            _ => false,
        }
    }

    /// Parentheses and brackets hold data, which ends with its line unless that goes on.
    fn data_ends_before(&self, token: &Token) -> bool {
        let Some(last) = self.content.last() else { return token.kind == K::Semi };
        if !can_end(last.kind) {
            return false;
        }
        let clause = begins_query_clause(token.kind) && !self.has(|kind| kind == K::SoftFrom);
        if token.first_on_line {
            return match token.kind {
                K::LBrace => self.holds_no_block(),
                K::KwElse => !self.has(|kind| kind == K::KwIf),
                _ => clause || !continues_line(token, self.rest),
            };
        }
        match token.kind {
            K::Semi => true,
            K::LBrace => self.holds_no_block(),
            K::FatArrow => self.is_pattern(),
            // `f(e where c)` and `over (order by e)` are no clauses of a query.
            K::KwWhere => false,
            _ => clause && self.header.is_none_or(|header| header.kind != K::SoftOver),
        }
    }

    /// A `{` behind `if (a > 1` is the block of the condition.
    fn holds_no_block(&self) -> bool {
        let takes_block =
            |kind: K| matches!(kind, K::FatArrow | K::KwIf | K::KwElse | K::KwMatch | K::KwFor | K::KwWhile);
        !self.has(takes_block) && !self.has(|kind| kind == K::SoftAttempt)
    }

    /// `B(x => 2` as an arm of a `match`.
    fn is_pattern(&self) -> bool {
        self.header.is_some_and(|header| header.kind == K::UpperName && header.first_on_line)
    }

    /// Braces hold code, which ends before a line that is not indented deeper than the line of the brace. The brace of
    /// an item goes on to the item's end.
    fn code_ends_before(&self, token: &Token) -> bool {
        !self.outermost && token.first_on_line && token.kind != K::RBrace && token.indent <= self.open.indent
    }

    /// True if a token at the level of the content, and not too far back, is of that kind.
    fn has(&self, wanted: impl Fn(K) -> bool) -> bool {
        let mut depth = 0usize;
        for token in self.content.iter().rev().take(FAR) {
            if token.kind.closes() {
                depth += 1;
            } else if token.kind.opens() {
                depth = depth.saturating_sub(1);
            } else if depth == 0 && wanted(token.kind) {
                return true;
            }
        }
        false
    }
}
