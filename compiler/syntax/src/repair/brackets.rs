//! Brackets are balanced: what is open at its end is closed, what closes nothing is dropped.
//!
//! A statement word at the beginning of a line closes parentheses and brackets; a `}` at column 0 closes the
//! item, whatever is open; a closing bracket never closes a brace that was opened after its partner.

use super::classes::begins_statement;
use super::put_in;
use crate::error::SyntaxError;
use crate::token::Token;
use crate::words::TokenKind as K;
use tenon_diagnostics::Code;
use tenon_span::Range;

fn partner(kind: K) -> K {
    match kind {
        K::LParen => K::RParen,
        K::LBracket => K::RBracket,
        K::LBrace => K::RBrace,
        _ => K::TextTail,
    }
}

fn spelling(closing: K) -> &'static str {
    match closing {
        K::TextTail => "\"",
        other => other.info().spelling,
    }
}

/// Gives the tokens with every bracket paired. `closes_item` says which `}` stand at column 0.
pub(super) fn balance(tokens: Vec<Token>, closes_item: &[u32], errors: &mut Vec<SyntaxError>) -> Vec<Token> {
    if is_balanced(&tokens) {
        return tokens;
    }
    let mut balance = Balance { out: Vec::with_capacity(tokens.len() + 4), open: Vec::new(), errors };
    let end = tokens.last().map_or(0, |token| token.range.end);
    for token in &tokens {
        balance.token(token, closes_item.binary_search(&token.range.start).is_ok());
    }
    balance.close_down_to(0, end);
    balance.out
}

/// True if nothing has to be repaired, which is the rule.
fn is_balanced(tokens: &[Token]) -> bool {
    let mut open = Vec::new();
    for token in tokens {
        let breaks_out = token.first_on_line
            && (begins_statement(token.kind) || token.kind == K::KwFail)
            && matches!(open.last(), Some(K::RParen | K::RBracket))
            && open.contains(&K::RBrace);
        if breaks_out || token.kind.closes() && open.pop() != Some(token.kind) {
            return false;
        }
        if token.kind.opens() {
            open.push(partner(token.kind));
        }
    }
    open.is_empty()
}

struct Balance<'a> {
    out: Vec<Token>,
    open: Vec<Token>,
    errors: &'a mut Vec<SyntaxError>,
}

impl Balance<'_> {
    fn token(&mut self, token: &Token, closes_item: bool) {
        let before = self.out.last().map(|token| token.kind);
        let statement = begins_statement(token.kind) || token.kind == K::KwFail;
        if token.first_on_line && statement && before != Some(K::KwElse) && self.inside_braces() {
            while self.open.last().is_some_and(|open| matches!(open.kind, K::LParen | K::LBracket)) {
                self.close(self.end_of_last());
            }
        }
        if self.ends_parameters(token.kind, before) {
            self.close(self.end_of_last());
        }
        if token.kind.opens() {
            self.open.push(*token);
            self.out.push(*token);
        } else if token.kind.closes() {
            if token.kind == K::RBrace && closes_item {
                let at = self.end_of_last();
                self.close_down_to(1, at);
            }
            self.closing(token);
        } else {
            self.out.push(*token);
        }
    }

    fn closing(&mut self, token: &Token) {
        let pair = self.open.iter().rposition(|open| partner(open.kind) == token.kind);
        let within_brace = pair.is_some_and(|pair| self.open.iter().skip(pair + 1).all(|open| open.kind != K::LBrace));
        match pair {
            Some(pair) if token.kind == K::RBrace || within_brace => {
                let at = self.end_of_last();
                self.close_down_to(pair + 1, at);
                self.open.pop();
                self.out.push(*token);
            }
            _ => {
                let sign = spelling(token.kind);
                self.errors.push(
                    SyntaxError::new(Code::Unopened, format!("nothing is open that `{sign}` could close"), token.range)
                        .label("has no partner")
                        .fix("remove it", [(token.range, String::new())], false),
                );
            }
        }
    }

    /// `fn f(a: Int -> Int {`: the result type and the body stand behind the parameters.
    fn ends_parameters(&self, kind: K, before: Option<K>) -> bool {
        let only_parenthesis = matches!(self.open.as_slice(), [only] if only.kind == K::LParen);
        let in_header = only_parenthesis && self.out.iter().all(|token| token.kind != K::LBrace);
        in_header
            && match kind {
                K::Arrow => before != Some(K::RParen),
                K::LBrace => before != Some(K::FatArrow),
                _ => false,
            }
    }

    fn inside_braces(&self) -> bool {
        self.open.iter().any(|open| open.kind == K::LBrace)
    }

    fn end_of_last(&self) -> u32 {
        self.out.last().map_or(0, |token| token.range.end)
    }

    fn close_down_to(&mut self, depth: usize, at: u32) {
        while self.open.len() > depth {
            self.close(at);
        }
    }

    fn close(&mut self, at: u32) {
        let Some(open) = self.open.pop() else { return };
        let closing = partner(open.kind);
        let sign = spelling(closing);
        // An open text has its error from the lexer.
        if closing != K::TextTail {
            self.errors.push(
                SyntaxError::new(Code::Unclosed, format!("this `{}` is never closed", spelling(open.kind)), open.range)
                    .label("opened here")
                    .because(Range::empty(at), format!("I expected `{sign}` here at the latest"))
                    .fix(format!("add `{sign}`"), [(Range::empty(at), sign.to_string())], false),
            );
        }
        self.out.push(put_in(closing, at));
    }
}
