//! The kinds of tokens and the words of the language, made by the build script from `tokens.txt`.

include!(concat!(env!("OUT_DIR"), "/token_kind.rs"));

/// The class of a token kind; `tokens.txt` says what each means.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TokenClass {
    /// A mark.
    Sign,
    /// A token with text.
    Literal,
    /// Made by the repair of tokens only.
    Repair,
    /// A mark of other languages.
    Foreign,
    /// Begins an item.
    Item,
    /// A keyword.
    Reserved,
    /// A keyword by position.
    Soft,
    /// Two or three words that are one keyword.
    Pair,
    /// A keyword where the grammar asks for it, and a name elsewhere.
    Contextual,
}

/// A row of the table of tokens.
#[derive(Clone, Copy, Debug)]
pub struct TokenInfo {
    /// The kind.
    pub kind: TokenKind,
    /// Its class.
    pub class: TokenClass,
    /// As it is written; for literals the terminal's name in the grammar.
    pub spelling: &'static str,
    /// For foreign marks, what Tenon writes instead.
    pub meant: &'static str,
}

impl TokenKind {
    /// The row of the table.
    pub fn info(self) -> &'static TokenInfo {
        &TOKENS[self as usize]
    }

    /// The class.
    pub fn class(self) -> TokenClass {
        self.info().class
    }

    /// True for `( [ {` and the head of a text with holes.
    pub fn opens(self) -> bool {
        matches!(self, TokenKind::LParen | TokenKind::LBracket | TokenKind::LBrace | TokenKind::TextHead)
    }

    /// True for `) ] }` and the tail of a text with holes.
    pub fn closes(self) -> bool {
        matches!(self, TokenKind::RParen | TokenKind::RBracket | TokenKind::RBrace | TokenKind::TextTail)
    }

    /// True for a name in lower case, contextual words included.
    pub fn is_name(self) -> bool {
        self == TokenKind::LowerName || self.class() == TokenClass::Contextual
    }
}

/// The words that start an item, in the order of the table.
pub fn item_words() -> impl Iterator<Item = &'static str> {
    TOKENS.iter().filter(|row| row.class == TokenClass::Item).map(|row| row.spelling).chain(["fn"])
}

/// True for a word that begins an item at column 0.
pub fn begins_item(word: &str) -> bool {
    word == "fn" || item_word(word).is_some()
}

/// True for a word that is a name only behind `.` and before `:`.
pub fn is_reserved(word: &str) -> bool {
    keyword(word).is_some_and(|kind| kind.class() == TokenClass::Reserved)
}

/// What other languages call the base types, in lower case.
const FOREIGN_TYPES: &[(&str, &str)] = &[
    ("string", "Text"),
    ("str", "Text"),
    ("varchar", "Text"),
    ("char", "Text"),
    ("text", "Text"),
    ("int", "Int"),
    ("integer", "Int"),
    ("bigint", "Int"),
    ("i64", "Int"),
    ("long", "Int"),
    ("number", "Int"),
    ("bool", "Bool"),
    ("boolean", "Bool"),
    ("float", "Float"),
    ("double", "Float"),
    ("real", "Float"),
    ("f64", "Float"),
    ("decimal", "Decimal"),
    ("numeric", "Decimal"),
    ("money", "Decimal(2)"),
    ("date", "Date"),
    ("datetime", "Instant"),
    ("timestamp", "Instant"),
    ("timestamptz", "Instant"),
    ("interval", "Duration"),
    ("uuid", "Uuid"),
    ("bytes", "Bytes"),
    ("blob", "Bytes"),
    ("bytea", "Bytes"),
    ("json", "Json"),
    ("object", "Json"),
    ("any", "Json"),
];

/// What a type of other languages is called here. They write it in lower case, or with a capital.
pub fn foreign_type(word: &str) -> Option<&'static str> {
    let lowered = word.to_lowercase();
    FOREIGN_TYPES.iter().find(|(foreign, _)| *foreign == lowered).map(|(_, meant)| *meant)
}

/// What other languages call a number that counts the rows, as a type or behind one.
pub fn counts_rows(word: &str) -> bool {
    let words = ["serial", "bigserial", "smallserial", "auto_increment", "autoincrement", "identity"];
    words.iter().any(|known| word.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_where_their_kinds_say() {
        for (index, row) in TOKENS.iter().enumerate() {
            assert_eq!(row.kind as usize, index);
        }
        assert!(begins_item("relation") && begins_item("fn") && !begins_item("let"));
    }
}
