//! What may stand at a place: asked of the grammar itself, for completion.
//!
//! The tokens before the place are read as they are, without repair, and the grammar says where it stops which
//! terminals it would have taken. Where a line could end before the place, it is read both ways: as the end of a
//! statement, and as a line that goes on.

use super::context::{Context, Failure};
use super::grammar;
use crate::lexer;
use crate::repair;
use crate::token::{Token, TokenTable};
use crate::words::{self, TOKENS, TokenClass, TokenKind};
use std::convert::Infallible;

/// What may stand at a place of an item.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Expected {
    /// Words of the language, in the order of their table: `where`, `order by`.
    pub words: Vec<&'static str>,
    /// A name in lower case may stand here: a value, a field, a new name.
    pub lower: bool,
    /// A name in upper case may stand here: a type, a relation, a case.
    pub upper: bool,
}

/// What may stand at an offset of an item's text, where a word begins or could begin. `None` where the text before
/// cannot be read.
pub fn expected_at(text: &str, offset: u32) -> Option<Expected> {
    let before = text.get(..offset as usize)?;
    let mut errors = Vec::new();
    let lexed = lexer::lex(before, &mut errors);
    let (mut table, code) = TokenTable::new(before, lexed);
    // A word that is a keyword only before an operand is read as if one followed.
    let tokens = repair::words_of(&code, &mut table);
    if tokens.is_empty() {
        return Some(Expected { words: words::item_words().collect(), lower: false, upper: false });
    }
    let new_line = before.trim_end_matches([' ', '\t']).ends_with('\n');
    let mut found: Option<Expected> = None;
    for ended in [false, true].into_iter().filter(|ended| !ended || new_line) {
        let tokens = repair::lines_of(tokens.clone(), ended);
        let Some(tokens) = tokens else { continue };
        // What goes on after a line end is a clause word or a sign; a name would begin a statement.
        let goes_on = new_line && !ended && repair::could_end(&tokens);
        let Some(expected) = read(&code, &tokens) else { continue };
        let all = found.get_or_insert_with(Expected::default);
        for word in expected.words {
            let fits = !goes_on || repair::continues(word);
            if fits && !all.words.contains(&word) {
                all.words.push(word);
            }
        }
        all.lower |= expected.lower && !goes_on;
        all.upper |= expected.upper && !goes_on;
    }
    found
}

fn read(code: &str, tokens: &[Token]) -> Option<Expected> {
    let mut context = Context::new(&[]);
    let stream = tokens
        .iter()
        .map(|token| Ok::<_, Infallible>((token.range.start, (token.kind, token.range.slice(code)), token.range.end)));
    let end = grammar::ItemParser::new().parse(&mut context, stream).err().map(Failure::new);
    // The first failure tells; one before the end says that the text before cannot be read.
    let first = context.failures.into_iter().next().or(end)?;
    if first.found.is_some() {
        return None;
    }
    let terminals: Vec<&str> = first.expected.iter().map(|terminal| terminal.trim_matches('"')).collect();
    let has = |kind: TokenKind| terminals.contains(&kind.info().spelling);
    let (lower, upper) = (has(TokenKind::LowerName), has(TokenKind::UpperName));
    let words = TOKENS
        .iter()
        .filter(|row| terminals.contains(&row.spelling))
        .filter(|row| match row.class {
            TokenClass::Reserved | TokenClass::Soft | TokenClass::Pair => true,
            // Behind `private`; everywhere else they are names.
            TokenClass::Item => !lower,
            // Where a name may stand, every contextual word is a name; it is a word too if a name may follow it.
            TokenClass::Contextual => !lower || leads_on(code, tokens, row.kind),
            _ => false,
        })
        .map(|row| row.spelling)
        .collect();
    Some(Expected { words, lower, upper })
}

/// True if the grammar takes a word and a name behind it, which it would not behind a name.
fn leads_on(code: &str, tokens: &[Token], word: TokenKind) -> bool {
    let end = tokens.last().map_or(0, |token| token.range.end);
    let more = [word, TokenKind::LowerName].map(|kind| repair::put_in(kind, end));
    let mut context = Context::new(&[]);
    let stream = tokens
        .iter()
        .chain(&more)
        .map(|token| Ok::<_, Infallible>((token.range.start, (token.kind, token.range.slice(code)), token.range.end)));
    let ended = grammar::ItemParser::new().parse(&mut context, stream).err().map(Failure::new);
    context.failures.into_iter().next().or(ended).is_none_or(|failure| failure.found.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is expected at the `|`.
    fn expected(text: &str) -> Expected {
        let at = text.find('|').expect("a place");
        expected_at(text, at as u32).unwrap_or_else(|| panic!("{text} cannot be read"))
    }

    fn has(text: &str, words: &[&str], not: &[&str]) {
        let found = expected(text);
        for word in words {
            assert!(found.words.contains(word), "`{word}` may stand in {text}: {found:?}");
        }
        for word in not {
            assert!(!found.words.contains(word), "`{word}` may not stand in {text}: {found:?}");
        }
    }

    #[test]
    fn clauses_of_a_query() {
        has(
            "query q() {\n  from o in Order |",
            &["where", "join", "left join", "group by", "select", "order by", "limit"],
            &["let", "on"],
        );
        has("query q() {\n  from o in Order\n  |", &["where", "select", "let"], &["on"]);
        has("query q() {\n  from o in Order\n  join c in Customer |", &["on", "where"], &["let"]);
        has("query q() { from o in Order order by o.at |", &["desc", "limit", "none first"], &["let"]);
        has("query q() { from o in Order where |", &["not", "let"], &["select", "after"]);
    }

    #[test]
    fn statements_headers_and_members() {
        has("fn f() {\n  |", &["let", "var", "if", "for", "while", "return", "match"], &["where", "at"]);
        has("fn f() {\n  let x = 1\n  |", &["let", "return"], &["at"]);
        has("handler h() |", &["at", "public", "status"], &["let", "where"]);
        has("query q() -> Int at GET \"/x\" |", &["public", "live"], &["let"]);
        has("relation R {\n  key id: Id\n  |", &["unique", "check", "key", "index", "secret"], &["let"]);
        has("scenario \"s\" {\n  |", &["given", "when", "then", "after"], &["let"]);
        has("handler h() { update p |", &["set"], &["let"]);
    }

    #[test]
    fn names() {
        assert!(expected("fn f(x: |").upper);
        assert!(!expected("handler h() { insert |").words.contains(&"let"));
        assert!(expected("handler h() { insert |").upper);
        assert!(expected("fn f() { x + |").lower);
        assert_eq!(expected_at("fn f( { ) } x", 13), None);
    }
}
