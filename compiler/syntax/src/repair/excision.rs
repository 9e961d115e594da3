//! A line that the grammar refuses is cut out, and the rest is read again.
//!
//! LALRPOP's recovery does not see brackets: it skips into a block and stops at the inner `}`. The line around
//! the error, found through the brackets, is replaced by one token that every kind of line accepts.

use super::put_in;
use crate::token::Token;
use crate::words::TokenKind as K;

/// Replaces the line around the token `at`, between `;` or the braces around it, by one `Cut`. Gives nothing if
/// there is no such line, or if it is cut already.
pub(crate) fn cut_line(tokens: &[Token], at: usize) -> Option<Vec<Token>> {
    let at = at.min(tokens.len().checked_sub(1)?);
    let start = line_start(tokens, at)?;
    let end = line_end(tokens, start, at);
    let line = tokens.get(start..end)?;
    if line.is_empty() || matches!(line, [only] if only.kind == K::Cut) {
        return None;
    }
    let first = line.first()?.range.start;
    let mut cut = put_in(K::Cut, first);
    cut.range.end = line.last()?.range.end;
    let mut out = Vec::with_capacity(tokens.len());
    out.extend_from_slice(tokens.get(..start)?);
    out.push(cut);
    out.extend_from_slice(tokens.get(end..)?);
    Some(out)
}

fn line_start(tokens: &[Token], at: usize) -> Option<usize> {
    let mut depth = 0;
    let mut start = at;
    loop {
        let before = tokens.get(start.checked_sub(1)?)?.kind;
        if depth == 0 && matches!(before, K::Semi | K::LBrace) {
            return Some(start);
        }
        if before.closes() {
            depth += 1;
        } else if before.opens() && depth > 0 {
            depth -= 1;
        }
        start -= 1;
    }
}

fn line_end(tokens: &[Token], start: usize, at: usize) -> usize {
    let mut depth = 0;
    let mut end = start;
    while let Some(token) = tokens.get(end) {
        if depth == 0 && (token.kind == K::RBrace || token.kind == K::Semi && end >= at) {
            break;
        }
        if token.kind.opens() {
            depth += 1;
        } else if token.kind.closes() {
            depth -= 1;
        }
        end += 1;
    }
    end
}
