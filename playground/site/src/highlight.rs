//! The classes of a program's tokens, from the real lexer: a soft word is coloured as a keyword where it is one.

use tenon_span::Range;
use tenon_syntax::token::{TokenTable, comments};
use tenon_syntax::words::{TokenClass, TokenKind};
use tenon_syntax::{items, parse_item};

/// A coloured piece of a program; pieces do not overlap and come in order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Piece {
    /// Where, in the program.
    pub range: Range,
    /// The class in the style sheet.
    pub class: &'static str,
}

/// The pieces of a program, or of anything that looks like one: this never fails.
pub fn pieces(program: &str) -> Vec<Piece> {
    let mut found = Vec::new();
    for item in items(program) {
        let text = item.text(program);
        let parsed = parse_item(text);
        let table = &parsed.tokens;
        for index in 0..=table.tokens().len() {
            let trivia = table.trivia_before(index);
            found.extend(comments(text, trivia).iter().map(|comment| Piece {
                range: comment.range.shifted(item.range.start),
                class: if comment.documentation { "doc" } else { "comment" },
            }));
            if let Some(class) = class(&parsed.code, table, index) {
                found.push(Piece { range: table.token_place(index).shifted(item.range.start), class });
            }
        }
    }
    found
}

fn class(code: &str, table: &TokenTable, index: usize) -> Option<&'static str> {
    use TokenKind as K;
    let tokens = table.tokens();
    let token = tokens.get(index)?;
    let before = index.checked_sub(1).and_then(|at| tokens.get(at)).map(|t| t.kind);
    let after = tokens.get(index + 1).map(|t| t.kind);
    let name = || match (before, after) {
        (_, Some(K::LParen)) => "function",
        (Some(K::Dot | K::QuestionDot), _) => "field",
        (Some(K::KwFn | K::ItemQuery | K::ItemHandler), _) => "function",
        (_, Some(K::Colon)) => "field",
        _ => "name",
    };
    Some(match token.kind.class() {
        TokenClass::Item | TokenClass::Reserved | TokenClass::Soft | TokenClass::Pair => match token.kind {
            K::KwTrue | K::KwFalse | K::KwNone => "number",
            _ => "keyword",
        },
        TokenClass::Contextual if is_keyword(code, table, index) => "keyword",
        TokenClass::Contextual => name(),
        TokenClass::Literal => match token.kind {
            K::LowerName => name(),
            K::UpperName => "type",
            K::Text | K::RawText | K::TextHead | K::TextMiddle | K::TextTail => "text",
            _ => "number",
        },
        TokenClass::Sign => "sign",
        TokenClass::Repair | TokenClass::Foreign => return None,
    })
}

/// Whether a contextual word stands where the grammar asks for it rather than for a name.
fn is_keyword(code: &str, table: &TokenTable, index: usize) -> bool {
    use TokenKind as K;
    let tokens = table.tokens();
    let Some(token) = tokens.get(index) else { return false };
    let before = index.checked_sub(1).and_then(|at| tokens.get(at));
    let after = tokens.get(index + 1);
    let ends_operand = |kind: K| {
        matches!(kind, K::RParen | K::RBracket | K::UpperName | K::Int | K::Text | K::WordPublic) || kind.is_name()
    };
    let begins_operand = |kind: K| {
        matches!(kind, K::LParen | K::UpperName | K::Text | K::Int | K::Decimal | K::KwIf | K::KwNot) || kind.is_name()
    };
    let follows = before.is_some_and(|t| ends_operand(t.kind));
    let leads = after.is_some_and(|t| begins_operand(t.kind) && !t.first_on_line);
    match token.range.slice(code) {
        "public" | "live" | "asc" | "desc" | "current" | "before" | "after" => follows || token.first_on_line && leads,
        "at" | "status" | "per" | "to" | "by" | "rows" => leads && (follows || token.first_on_line),
        "min" | "max" => token.first_on_line && leads && after.is_some_and(|t| t.kind.is_name()),
        "of" | "header" | "next" | "timeout" | "drop" | "read" => false,
        _ => leads && (token.first_on_line || before.is_none_or(|t| matches!(t.kind, K::LBrace | K::Semi))),
    }
}

#[cfg(test)]
mod tests {
    use super::pieces;

    /// The words of a class, in order.
    fn words<'a>(program: &'a str, class: &str) -> Vec<&'a str> {
        pieces(program)
            .into_iter()
            .filter(|piece| piece.class == class)
            .map(|piece| piece.range.slice(program))
            .collect()
    }

    #[test]
    fn soft_words_are_keywords_where_they_are() {
        let program = "query q(limit: Int, from: Int) -> [Int] { from x in 0..10 where x >= from limit limit }";
        assert_eq!(words(program, "keyword"), ["query", "from", "in", "where", "limit"]);
        let program = "relation R {\n  key id: Id\n  key: Text\n  status: Int\n  check status > 0\n}\n";
        assert_eq!(words(program, "keyword"), ["relation", "key", "check"]);
        let program = "handler h() -> R at POST \"/r\" public status 201 { insert R() }";
        assert_eq!(words(program, "keyword"), ["handler", "at", "public", "status", "insert"]);
    }

    #[test]
    fn everything_else_has_its_class() {
        let program = "/// Doc.\nfn f(t: Text) -> Int { g(t.length, \"a {t} b\", 12) } // end\n";
        assert_eq!(words(program, "doc"), ["/// Doc."]);
        assert_eq!(words(program, "comment"), ["// end"]);
        assert_eq!(words(program, "type"), ["Text", "Int"]);
        assert_eq!(words(program, "function"), ["f", "g"]);
        assert_eq!(words(program, "text"), ["\"a {", "} b\""]);
        assert_eq!(words(program, "number"), ["12"]);
        assert!(pieces("").is_empty() && !pieces("no program (").is_empty());
    }
}
