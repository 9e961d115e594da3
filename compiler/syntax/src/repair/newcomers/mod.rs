//! What newcomers write, replaced by what Tenon writes, with one message for each kind of mistake.
//!
//! Only items that have errors come here, so a rule may take the likely meaning for the meant one. Each rule
//! looks for one mistake, says what Tenon writes, offers that as a fix, and leaves tokens that the grammar
//! accepts, so that the rest of the item is still read and checked.

mod choices;
mod code;
mod declarations;
mod elements;
mod functions;
mod headers;
mod lists;
mod loops;
mod queries;
mod signs;
mod types;
mod windows;
mod words;
mod writes;

use super::{Repaired, put_in};
use crate::error::SyntaxError;
use crate::token::Token;
use crate::words::TokenKind as K;
use smol_str::SmolStr;
use tenon_diagnostics::Code;
use tenon_span::Range;

/// Items with more tokens are not looked at: the rules look around freely, so their time may grow with the square.
const TOKENS: usize = 8_000;

/// Gives the tokens with all replacements, and the texts that are meant.
pub(super) fn translate(source: &str, tokens: Vec<Token>, errors: &mut Vec<SyntaxError>) -> Repaired {
    let mut translator = Translator { source, tokens, errors, meant: Vec::new(), told_later: false };
    if translator.tokens.len() <= TOKENS {
        translator.all();
    }
    Repaired { tokens: translator.tokens, meant: translator.meant, told_later: translator.told_later }
}

struct Translator<'a> {
    source: &'a str,
    tokens: Vec<Token>,
    errors: &'a mut Vec<SyntaxError>,
    meant: Vec<SmolStr>,
    told_later: bool,
}

impl<'a> Translator<'a> {
    fn all(&mut self) {
        self.items_inside();
        self.signs();
        self.header();
        self.names_in_declarations();
        self.types();
        self.members();
        self.writes();
        self.queries();
        self.windows();
        self.loops();
        self.foreign_words();
        self.scenario_lines();
        self.choices();
        self.function_values();
        self.code();
        self.elements();
    }

    fn token(&self, index: usize) -> Option<Token> {
        self.tokens.get(index).copied()
    }

    fn kind(&self, index: usize) -> Option<K> {
        self.tokens.get(index).map(|token| token.kind)
    }

    fn kind_before(&self, index: usize) -> Option<K> {
        self.kind(index.checked_sub(1)?)
    }

    fn text(&self, index: usize) -> &'a str {
        self.tokens.get(index).map_or("", |token| token.range.slice(self.source))
    }

    fn range(&self, index: usize) -> Range {
        self.tokens.get(index).map_or(Range::empty(self.source.len() as u32), |token| token.range)
    }

    fn is_name(&self, index: usize) -> bool {
        self.kind(index).is_some_and(K::is_name)
    }

    /// True if a line, statement or block ends before the token.
    fn begins_line(&self, index: usize) -> bool {
        match (self.token(index), self.kind_before(index)) {
            (None, _) | (_, None | Some(K::LBrace | K::Semi)) => true,
            (Some(token), _) => token.first_on_line || token.kind == K::RBrace || token.kind == K::Semi,
        }
    }

    /// True if nothing stands between the token and the next one.
    fn glued(&self, index: usize) -> bool {
        self.range(index).end == self.range(index + 1).start && index + 1 < self.tokens.len()
    }

    /// The item word, behind `private` if that is there.
    fn item_word(&self) -> (usize, Option<K>) {
        let index = usize::from(self.kind(0) == Some(K::ItemPrivate));
        (index, self.kind(index))
    }

    /// The index of the brace that opens the item's body, or the number of tokens.
    fn header_end(&self) -> usize {
        let mut depth = 0usize;
        for (index, token) in self.tokens.iter().enumerate() {
            match token.kind {
                K::LBrace if depth == 0 => return index,
                K::LParen | K::LBracket | K::TextHead => depth += 1,
                K::RParen | K::RBracket | K::TextTail => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        self.tokens.len()
    }

    /// The partner of the opening token at `index`.
    fn closing(&self, index: usize) -> Option<usize> {
        let mut depth = 0usize;
        for (at, token) in self.tokens.iter().enumerate().skip(index) {
            if token.kind.opens() {
                depth += 1;
            } else if token.kind.closes() {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at);
                }
            }
        }
        None
    }

    /// The opening token around the one at `index`.
    fn enclosing(&self, index: usize) -> Option<usize> {
        let mut depth = 0usize;
        for at in (0..index).rev() {
            let kind = self.kind(at)?;
            if kind.closes() {
                depth += 1;
            } else if kind.opens() {
                match depth.checked_sub(1) {
                    Some(less) => depth = less,
                    None => return Some(at),
                }
            }
        }
        None
    }

    /// The first token from `index` on, at its level, for which `stop` holds, or the end of the level.
    fn find(&self, index: usize, stop: impl Fn(&Self, usize) -> bool) -> usize {
        let mut depth = 0usize;
        let mut at = index;
        while let Some(kind) = self.kind(at) {
            if depth == 0 && (kind.closes() || stop(self, at)) {
                return at;
            }
            if kind.opens() {
                depth += 1;
            } else if kind.closes() {
                depth -= 1;
            }
            at += 1;
        }
        at
    }

    fn become_kind(&mut self, index: usize, kind: K) {
        if let Some(token) = self.tokens.get_mut(index) {
            token.kind = kind;
        }
    }

    /// Makes the token one with another text.
    fn become_text(&mut self, index: usize, kind: K, text: impl Into<SmolStr>) {
        let meant = self.mean(text.into());
        if let Some(token) = self.tokens.get_mut(index) {
            token.kind = kind;
            token.meant = meant;
        }
    }

    fn mean(&mut self, text: SmolStr) -> u16 {
        self.meant.push(text);
        u16::try_from(self.meant.len()).unwrap_or(0)
    }

    fn insert(&mut self, index: usize, kind: K) {
        let at = match index.checked_sub(1).and_then(|before| self.token(before)) {
            Some(before) => before.range.end,
            None => 0,
        };
        self.tokens.insert(index.min(self.tokens.len()), put_in(kind, at));
    }

    fn insert_text(&mut self, index: usize, kind: K, text: impl Into<SmolStr>) {
        let meant = self.mean(text.into());
        self.insert(index, kind);
        if let Some(token) = self.tokens.get_mut(index) {
            token.meant = meant;
        }
    }

    /// Takes tokens away; the first one that stays takes over whether it begins a line.
    fn remove(&mut self, from: usize, to: usize) {
        let first = self.token(from);
        let to = to.min(self.tokens.len());
        if from < to {
            self.tokens.drain(from..to);
            if let (Some(first), Some(token)) = (first, self.tokens.get_mut(from)) {
                token.first_on_line |= first.first_on_line;
            }
        }
    }

    /// Replaces tokens by one that stands for something that cannot be read, which was told; what else was told about them
    /// goes with it.
    fn cut(&mut self, from: usize, to: usize) {
        let range = self.range(from).cover(self.range(to.saturating_sub(1)));
        let told = self.errors.len().saturating_sub(1);
        let mut index = 0;
        self.errors.retain(|error| {
            index += 1;
            index > told || !(range.start <= error.range.start && error.range.end <= range.end)
        });
        if let Some(mut token) = self.token(from) {
            token.kind = K::Bad;
            token.range = range;
            let to = to.min(self.tokens.len());
            self.tokens.splice(from..to, [token]);
        }
    }

    /// Adds an error. The same kind of mistake in one item is one message with several places and one fix.
    fn tell(&mut self, error: SyntaxError) {
        let once = matches!(
            error.code,
            Code::ForeignOperator
                | Code::MemberComma
                | Code::MatchArrow
                | Code::ForeignType
                | Code::Null
                | Code::ForeignLiteral
                | Code::ClauseWords
                | Code::AngleType
                | Code::MissingComma
        );
        let earlier = self.errors.iter_mut().find(|earlier| once && earlier.code == error.code);
        let Some(earlier) = earlier else {
            self.errors.push(error);
            return;
        };
        earlier.because.push((error.range, "here too".to_string()));
        if let (Some(fix), Some(more)) = (earlier.fixes.first_mut(), error.fixes.into_iter().next()) {
            if !fix.title.contains(&more.title) {
                fix.title = format!("{}; {}", fix.title, more.title);
            }
            fix.edits.extend(more.edits);
        }
    }
}
