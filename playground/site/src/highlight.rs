//! The classes of a program's tokens: what the editor knows of them, so a soft word is coloured as a keyword exactly where
//! it is one, and a name by what it stands for.

use tenon_ide::Ide;
use tenon_ide::tokens::{SemanticToken, TokenModifier, TokenType};
use tenon_span::Range;

/// A coloured piece of a program; pieces do not overlap and come in order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Piece {
    /// Where, in the program.
    pub range: Range,
    /// The class in the style sheet.
    pub class: &'static str,
}

/// The pieces of a file of a program, or of anything that looks like one: this never fails. `beside` are the program's other
/// files, path and text.
pub fn pieces(text: &str, beside: &[(String, String)]) -> Vec<Piece> {
    const FILE: &str = "shown here.tn";
    let mut ide = Ide::new();
    ide.set_files([(FILE, text)].into_iter().chain(beside.iter().map(|(path, text)| (&**path, &**text))));
    let tokens = ide.analysis().semantic_tokens(FILE);
    tokens.iter().map(|token| Piece { range: token.range, class: class(token) }).collect()
}

/// The pieces of an expression by itself.
pub fn pieces_of_expression(text: &str) -> Vec<Piece> {
    const BEFORE: &str = "scenario \"\" {\n  then ";
    let start = BEFORE.len() as u32;
    let end = start + text.len() as u32;
    pieces(&format!("{BEFORE}{text}\n}}\n"), &[])
        .into_iter()
        .filter(|piece| piece.range.start >= start && piece.range.end <= end)
        .map(|piece| Piece { range: Range::new(piece.range.start - start, piece.range.end - start), ..piece })
        .collect()
}

fn class(token: &SemanticToken) -> &'static str {
    match token.kind {
        TokenType::Class | TokenType::Event => "relation",
        TokenType::Type | TokenType::Enum | TokenType::TypeParameter | TokenType::Struct => "type",
        TokenType::EnumMember => "case",
        TokenType::Namespace | TokenType::Parameter | TokenType::Variable => "name",
        TokenType::Property => "field",
        TokenType::Function | TokenType::Method => "function",
        TokenType::Keyword | TokenType::Modifier => "keyword",
        TokenType::Comment if token.is(TokenModifier::Documentation) => "doc",
        TokenType::Comment => "comment",
        TokenType::String | TokenType::Regexp => "text",
        TokenType::Number => "number",
        TokenType::Operator => "sign",
    }
}

#[cfg(test)]
mod tests {
    use super::{pieces, pieces_of_expression};

    /// The words of a class, in order.
    fn words<'a>(program: &'a str, class: &str) -> Vec<&'a str> {
        let pieces = pieces(program, &[]).into_iter().filter(|piece| piece.class == class);
        pieces.map(|piece| piece.range.slice(program)).collect()
    }

    #[test]
    fn soft_words_are_keywords_where_they_are() {
        let program = "query q(limit: Int, from: Int) -> [Int] { from x in 0..10 where x >= from limit limit }";
        assert_eq!(words(program, "keyword"), ["query", "from", "in", "where", "limit"]);
        let program = "relation R {\n  key id: Id\n  key: Text\n  status: Int\n  check status > 0\n}\n";
        assert_eq!(words(program, "keyword"), ["relation", "key", "check"]);
        let program = "handler h() -> R at POST \"/r\" public status 201 { insert R() }";
        assert_eq!(words(program, "keyword"), ["handler", "at", "POST", "public", "status", "insert"]);
    }

    #[test]
    fn names_are_what_they_stand_for() {
        let program = "relation R { key id: Int; s: S }\ntype S = A | B\nfn f(r: R) -> Bool { r.s == A }\n";
        assert_eq!(words(program, "relation"), ["R", "R"]);
        assert_eq!(words(program, "case"), ["A", "B", "A"]);
        assert_eq!(words(program, "field"), ["id", "s", "s"]);
        let beside = [("other.tn".to_owned(), "relation R { key id: Int }\n".to_owned())];
        let query = "query q() -> [R] { from r in R }";
        assert_eq!(pieces(query, &beside).iter().filter(|piece| piece.class == "relation").count(), 2);
    }

    #[test]
    fn what_is_no_program_is_coloured_as_far_as_it_can_be() {
        assert!(pieces("", &[]).is_empty() && !pieces("no program (", &[]).is_empty());
        let text = "\"abc\".length == 3";
        let classes: Vec<&str> = pieces_of_expression(text).iter().map(|piece| piece.class).collect();
        assert_eq!(classes, ["text", "function", "sign", "number"]);
    }
}
