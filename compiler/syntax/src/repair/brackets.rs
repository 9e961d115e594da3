//! Brackets are balanced: what is open at its end is closed, what closes nothing is dropped.
//!
//! This is done twice. The first way finds which brackets have no partner: a statement word at the beginning of a line
//! closes parentheses and brackets; a `}` at column 0 closes the item, whatever is open; a closing bracket never closes
//! a brace that was opened after its partner; one that begins a line belongs to the line with its indent. The second
//! way closes each of those where its content most likely ends ([`Ending`]): a parenthesis at the end of a line that
//! the next one does not continue, a brace before a line that is not indented deeper than the brace's own.

mod ending;

use super::classes::{begins_statement, can_end};
use super::put_in;
use crate::error::SyntaxError;
use crate::token::Token;
use crate::words::TokenKind as K;
use ending::Ending;
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
    let surplus = Surplus::new(&tokens);
    let mut found = Balance::new(&tokens, surplus, &[]);
    found.run(closes_item);
    let mut alone = found.alone.clone();
    alone.sort_unstable();
    let mut closed = Balance::new(&tokens, surplus, &alone);
    closed.run(closes_item);
    // Closing early can leave a closing bracket over, which the first way had paired.
    let mut chosen = if closed.errors.len() <= found.errors.len() { closed } else { found };
    errors.append(&mut chosen.errors);
    chosen.out
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

/// By how many the closing brackets outnumber the opening ones.
#[derive(Clone, Copy)]
struct Surplus {
    parentheses: i64,
    brackets: i64,
    braces: i64,
}

impl Surplus {
    fn new(tokens: &[Token]) -> Self {
        let of = |opening: K, closing: K| {
            tokens.iter().map(|token| i64::from(token.kind == closing) - i64::from(token.kind == opening)).sum()
        };
        Surplus {
            parentheses: of(K::LParen, K::RParen),
            brackets: of(K::LBracket, K::RBracket),
            braces: of(K::LBrace, K::RBrace),
        }
    }

    fn of(self, closing: K) -> i64 {
        match closing {
            K::RParen => self.parentheses,
            K::RBracket => self.brackets,
            K::RBrace => self.braces,
            _ => 0,
        }
    }
}

/// An open bracket.
#[derive(Clone, Copy)]
struct Open {
    token: Token,
    /// The place of the token among all.
    index: usize,
    /// Its place in what is given out.
    at: usize,
}

struct Balance<'a> {
    tokens: &'a [Token],
    surplus: Surplus,
    /// The brackets that are known to have no partner, by their places, ascending.
    known: &'a [usize],
    out: Vec<Token>,
    open: Vec<Open>,
    /// The brackets that turned out to have no partner.
    alone: Vec<usize>,
    errors: Vec<SyntaxError>,
}

impl<'a> Balance<'a> {
    fn new(tokens: &'a [Token], surplus: Surplus, known: &'a [usize]) -> Self {
        let out = Vec::with_capacity(tokens.len() + 4);
        Balance { tokens, surplus, known, out, open: Vec::new(), alone: Vec::new(), errors: Vec::new() }
    }

    fn run(&mut self, closes_item: &[u32]) {
        for (index, token) in self.tokens.iter().enumerate() {
            self.token(index, token, closes_item.binary_search(&token.range.start).is_ok());
        }
        self.close_down_to(0, self.end_of_last());
    }

    fn token(&mut self, index: usize, token: &Token, closes_item: bool) {
        let before = self.out.last().map(|token| token.kind);
        let statement = begins_statement(token.kind) || token.kind == K::KwFail;
        if token.first_on_line && statement && before != Some(K::KwElse) && self.inside_braces() {
            while self.open.last().is_some_and(|open| matches!(open.token.kind, K::LParen | K::LBracket)) {
                self.close(self.end_of_last());
            }
        }
        self.close_what_ends(index, token);
        if self.ends_parameters(token.kind, before) {
            self.close(self.end_of_last());
        }
        if token.kind.opens() {
            self.open.push(Open { token: *token, index, at: self.out.len() });
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

    /// Closes brackets without a partner whose content ends before the token.
    fn close_what_ends(&mut self, index: usize, token: &Token) {
        while let Some(open) = self.open.last().filter(|open| self.known.binary_search(&open.index).is_ok()) {
            let header = open.at.checked_sub(1).and_then(|before| self.out.get(before));
            let ending = Ending {
                open: &open.token,
                header,
                content: self.out.get(open.at + 1..).unwrap_or(&[]),
                rest: self.tokens.get(index + 1..).unwrap_or(&[]),
                outermost: self.open.len() == 1,
            };
            if !ending.is_before(token) {
                return;
            }
            self.close(self.end_of_last());
        }
    }

    fn closing(&mut self, token: &Token) {
        let pair = self.pair(token);
        let within_brace =
            pair.is_some_and(|pair| self.open.iter().skip(pair + 1).all(|open| open.token.kind != K::LBrace));
        match pair {
            Some(pair) if token.kind == K::RBrace || within_brace => {
                let at = self.end_of_last();
                self.close_down_to(pair + 1, at);
                self.open.pop();
                self.out.push(*token);
            }
            _ if self.closes_another(token) => {}
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

    /// The open bracket that a closing one belongs to.
    fn pair(&self, token: &Token) -> Option<usize> {
        let innermost = self.open.iter().rposition(|open| partner(open.token.kind) == token.kind)?;
        if !token.first_on_line {
            return Some(innermost);
        }
        let (closing, indent) = (token.kind, token.indent);
        let same = |open: &Open| partner(open.token.kind) == closing && open.token.indent == indent;
        match (self.surplus.of(closing).signum(), self.open.iter().rposition(same)) {
            // One is missing: this one belongs to the line that is indented like it.
            (-1, Some(same)) => Some(same),
            // There is a brace too many: not the one that would close an item from within.
            (1, None) if closing == K::RBrace && innermost == 0 && indent > 0 => None,
            _ => Some(innermost),
        }
    }

    /// `f(a]`: one bracket is closed by another. True if that was told.
    fn closes_another(&mut self, token: &Token) -> bool {
        let Some(open) = self.open.last().copied() else { return false };
        let closing = partner(open.token.kind);
        let known = self.known.binary_search(&open.index).is_ok();
        if !known || token.kind == K::RBrace || !matches!(closing, K::RParen | K::RBracket) {
            return false;
        }
        let (opening, sign, wanted) = (spelling(open.token.kind), spelling(token.kind), spelling(closing));
        self.open.pop();
        self.alone.push(open.index);
        self.errors.push(
            SyntaxError::new(Code::Unclosed, format!("this `{opening}` is closed by `{sign}`"), open.token.range)
                .label("opened here")
                .because(token.range, format!("I expected `{wanted}`"))
                .fix(format!("write `{wanted}`"), [(token.range, wanted.to_string())], false),
        );
        self.out.push(Token { kind: closing, ..*token });
        true
    }

    /// `fn f(a: Int -> Int {`: the result type and the body stand behind the parameters.
    fn ends_parameters(&self, kind: K, before: Option<K>) -> bool {
        let only_parenthesis = matches!(self.open.as_slice(), [only] if only.token.kind == K::LParen);
        let in_header = only_parenthesis && self.out.iter().all(|token| token.kind != K::LBrace);
        in_header
            && match kind {
                K::Arrow => before != Some(K::RParen),
                K::LBrace => before != Some(K::FatArrow),
                _ => false,
            }
    }

    fn inside_braces(&self) -> bool {
        self.open.iter().any(|open| open.token.kind == K::LBrace)
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
        self.alone.push(open.index);
        let closing = partner(open.token.kind);
        let sign = spelling(closing);
        // An open text has its error from the lexer.
        if closing != K::TextTail {
            let opening = spelling(open.token.kind);
            self.errors.push(
                SyntaxError::new(Code::Unclosed, format!("this `{opening}` is never closed"), open.token.range)
                    .label("opened here")
                    .because(Range::empty(at), format!("I expected `{sign}` here"))
                    .fix(format!("add `{sign}`"), [(Range::empty(at), self.put(&open, closing))], false),
            );
        }
        self.out.push(put_in(closing, at));
    }

    /// What the fix puts in: it stands on a line of its own where the content does.
    fn put(&self, open: &Open, closing: K) -> String {
        let sign = spelling(closing);
        let content = self.out.get(open.at + 1..).unwrap_or(&[]);
        let lines = match closing {
            K::RBrace => content.iter().any(|token| token.first_on_line),
            _ => content.first().is_some_and(|token| token.first_on_line),
        };
        if lines {
            return format!("\n{}{sign}", " ".repeat(usize::from(open.token.indent)));
        }
        match closing == K::RBrace && content.last().is_some_and(|last| can_end(last.kind)) {
            true => format!(" {sign}"),
            false => sign.to_string(),
        }
    }
}
