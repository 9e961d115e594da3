//! Line ends become `;`, directly inside braces only.
//!
//! A line ends where the token before can end one and the token behind cannot continue one. `;` is dropped
//! behind `{` and `;` and before `}`; outside of all brackets it is an error. A `;` that the writer forgot before a statement word is put in.

use super::classes::{begins_operand, begins_statement, can_end, continues_line};
use super::put_in;
use crate::error::SyntaxError;
use crate::token::Token;
use crate::words::TokenKind as K;
use tenon_diagnostics::Code;
use tenon_span::Range;

/// `when f(1) then e` on one line of a scenario: the words are keywords there, and an operand stands behind.
fn begins_scenario_line(tokens: &[Token], index: usize) -> bool {
    let scenario = tokens.first().is_some_and(|first| first.kind == K::ItemScenario);
    let word = tokens.get(index).is_some_and(|token| matches!(token.kind, K::WordThen | K::WordWhen | K::WordGiven));
    let next = tokens.get(index + 1);
    scenario && word && next.is_some_and(|next| !next.first_on_line && begins_operand(next.kind))
}

/// True behind a word of a rule or scenario that stands alone on its line, with a line indented deeper behind it:
/// `then`, and its condition below.
fn leads_on(out: &[Token], token: &Token) -> bool {
    let alone = |word: &Token| {
        matches!(word.kind, K::WordThen | K::WordGiven | K::WordWhen | K::WordCheck)
            && word.first_on_line
            && token.indent > word.indent
    };
    out.last().is_some_and(alone)
}

/// Gives the tokens with `;` where statements and members end.
pub(super) fn place(source: &str, tokens: Vec<Token>, errors: &mut Vec<SyntaxError>) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::with_capacity(tokens.len() + tokens.len() / 8);
    let mut open: Vec<K> = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let in_braces = open.last() == Some(&K::LBrace);
        let before = out.last().map(|token| token.kind);
        let line_end = out.last().map_or(token.range.start, |token| token.range.end);
        if in_braces && before.is_some_and(can_end) {
            let rest = tokens.get(index + 1..).unwrap_or(&[]);
            if token.first_on_line && !continues_line(token, rest) && !leads_on(&out, token) {
                out.push(put_in(K::Semi, line_end));
            } else if !token.first_on_line
                && (begins_statement(token.kind) || begins_scenario_line(tokens.as_slice(), index))
            {
                let word = token.range.slice(source);
                errors.push(
                    SyntaxError::new(Code::LineEnd, format!("`{word}` begins a new statement"), token.range)
                        .label("I expected a new line or `;` before it")
                        .fix("put `;` between the statements", [(Range::empty(line_end), ";".to_string())], true),
                );
                out.push(put_in(K::Semi, line_end));
            }
        }
        let before = out.last().map(|token| token.kind);
        if token.kind == K::Semi && open.is_empty() {
            errors.push(
                SyntaxError::new(
                    Code::LineEnd,
                    "`;` stands between statements or members, inside of braces",
                    token.range,
                )
                .label("nothing is separated here")
                .fix("remove it", [(token.range, String::new())], true),
            );
        }
        if token.kind == K::Semi && (!in_braces || matches!(before, Some(K::LBrace | K::Semi))) {
            continue;
        }
        if token.kind == K::RBrace {
            while out.pop_if(|last| last.kind == K::Semi).is_some() {}
        }
        if token.kind.opens() {
            open.push(token.kind);
        } else if token.kind.closes() {
            open.pop();
        }
        out.push(*token);
    }
    out
}
