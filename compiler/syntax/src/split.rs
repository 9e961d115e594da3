//! A file falls into items without being lexed: an item word at column 0 begins one.
//!
//! Item texts in order are the file. White space and comments between two items belong to the second one.
//! Where a word that is no item word stands at column 0 behind a closed item, it is taken for a misspelt item
//! word and begins an item of its own, so that the mistake stays with it.

use crate::lexer;
use crate::words::{self, TokenKind};
use smol_str::SmolStr;
use std::collections::HashMap;
use tenon_span::Range;

/// One item of a file, before it is read.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ItemText {
    /// The item word: `relation`, `fn`, …; for `private fn` it is `fn`. Empty if there is none.
    pub word: &'static str,
    /// The name, as far as it can be told: `Order`, `shop.billing`, the text of a scenario; empty if none.
    pub name: SmolStr,
    /// 0 for the first item of that word and name in the file.
    pub nth: u32,
    /// The item's text as a range of the file.
    pub range: Range,
}

impl ItemText {
    /// The item's text.
    pub fn text<'a>(&self, file: &'a str) -> &'a str {
        self.range.slice(file)
    }
}

/// How many tokens at the beginning of an item may tell its name.
const HEAD: usize = 12;

/// Splits a file. A file without tokens is one item without word and name.
pub fn items(file: &str) -> Vec<ItemText> {
    let mut starts = Vec::new();
    let mut previous = 0;
    for start in item_starts(file) {
        stray_starts(file, previous, start, &mut starts);
        starts.push(start);
        previous = start;
    }
    stray_starts(file, previous, file.len(), &mut starts);
    let mut items = Vec::with_capacity(starts.len() + 1);
    let mut counts: HashMap<(&'static str, SmolStr), u32> = HashMap::new();
    let mut begin = 0;
    for (index, keyword) in starts.iter().enumerate() {
        let end = match starts.get(index + 1) {
            Some(next) => trivia_start(file, *keyword, *next),
            None => file.len(),
        };
        let (word, name) = head(file.get(*keyword..end).unwrap_or(""));
        let nth = counts.entry((word, name.clone())).and_modify(|n| *n += 1).or_insert(0);
        items.push(ItemText { word, name, nth: *nth, range: Range::new(begin as u32, end as u32) });
        begin = end;
    }
    if items.is_empty() {
        let range = Range::new(0, file.len() as u32);
        items.push(ItemText { word: "", name: SmolStr::default(), nth: 0, range });
    }
    items
}

/// The index of the item that holds an offset of the file.
pub fn item_at(items: &[ItemText], offset: u32) -> Option<usize> {
    let after = items.partition_point(|item| item.range.start <= offset);
    let index = after.checked_sub(1)?;
    items.get(index).filter(|item| item.range.touches(offset)).map(|_| index)
}

/// The offsets of all lines that begin with an item word.
fn item_starts(file: &str) -> impl Iterator<Item = usize> {
    let mut offset = 0;
    file.split_inclusive('\n').filter_map(move |line| {
        let start = offset;
        offset += line.len();
        let bom = if start == 0 && line.starts_with('\u{feff}') { 3 } else { 0 };
        line_begins_item(line.get(bom..).unwrap_or("")).then_some(start + bom)
    })
}

fn line_begins_item(line: &str) -> bool {
    let (word, rest) = leading_word(line);
    if !words::begins_item(word) {
        return false;
    }
    let spaced = rest.starts_with([' ', '\t', '\r', '\n', '"', '{']) || rest.is_empty();
    let next = rest.trim_start().chars().next();
    let declares = match next {
        None => true,
        Some(c) => c.is_alphanumeric() || matches!(c, '_' | '"' | '{' | '@' | '/'),
    };
    spaced && declares && (word != "private" || words::begins_item(leading_word(rest.trim_start()).0))
}

fn leading_word(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    text.split_at(end)
}

/// Finds misspelt item words between the item word at `from` and the next one at `to`.
fn stray_starts(file: &str, from: usize, to: usize, starts: &mut Vec<usize>) {
    let piece = file.get(from..to).unwrap_or("");
    let before_first = starts.is_empty() && from == 0 && !line_begins_item(piece.trim_start_matches('\u{feff}'));
    if !before_first && !has_word_at_column_0(piece) {
        return;
    }
    let mut depth = 0i32;
    let mut closed = before_first;
    for token in lexer::lex(piece, &mut Vec::new()) {
        if token.kind == TokenKind::ForeignComment {
            continue;
        }
        let at = token.range.start as usize;
        let column_0 = at == 0 || piece.as_bytes().get(at - 1) == Some(&b'\n');
        let first = before_first && starts.is_empty();
        if closed && depth <= 0 && (first || column_0 && token.kind == TokenKind::LowerName) {
            starts.push(from + at);
            depth = 0;
        }
        if token.kind.opens() {
            depth += 1;
        } else if token.kind.closes() {
            depth -= 1;
        }
        closed = token.kind == TokenKind::RBrace;
    }
}

/// True if a line but the first begins with a lower-case letter at column 0.
fn has_word_at_column_0(piece: &str) -> bool {
    piece.as_bytes().windows(2).any(|pair| matches!(pair, [b'\n', b'a'..=b'z']))
}

/// Where the white space and comments before the item at `next` begin, but not before `after`.
fn trivia_start(file: &str, after: usize, next: usize) -> usize {
    let mut start = next;
    while let Some(before) = file.get(after..start).filter(|text| !text.is_empty()) {
        let line_start = before.strip_suffix('\n').unwrap_or(before).rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.get(line_start..).unwrap_or("").trim();
        if line_start == 0 || !(line.is_empty() || line.starts_with("//")) {
            break;
        }
        start = after + line_start;
    }
    start
}

/// The item word and the name in the first tokens of an item.
fn head(text: &str) -> (&'static str, SmolStr) {
    let tokens = lexer::lex_first(text, HEAD);
    let tokens = tokens.iter().filter(|token| token.kind != TokenKind::ForeignComment);
    let mut tokens = tokens.map(|token| (token.kind, token.range.slice(text))).peekable();
    tokens.next_if(|(_, text)| *text == "private");
    let Some(word) = tokens.next().and_then(|(_, first)| words::item_words().find(|word| *word == first)) else {
        return ("", SmolStr::default());
    };
    let name = match word {
        "after" => tokens
            .take_while(|(kind, _)| *kind != TokenKind::LBrace)
            .map(|(_, text)| text)
            .collect::<Vec<_>>()
            .join(" "),
        "policy" => tokens.take_while(|(kind, _)| *kind != TokenKind::LBrace).map(|(_, text)| text).collect(),
        "schedule" | "seed" => String::new(),
        _ => match tokens.next() {
            Some((TokenKind::LowerName | TokenKind::UpperName, first)) => {
                let mut name = first.to_string();
                while word == "use" && tokens.next_if(|(kind, _)| *kind == TokenKind::Dot).is_some() {
                    name.push('.');
                    name.extend(tokens.next_if(|(kind, _)| *kind == TokenKind::LowerName).map(|(_, text)| text));
                }
                name
            }
            Some((TokenKind::Text | TokenKind::TextHead, text)) => text.trim_matches('"').to_string(),
            _ => String::new(),
        },
    };
    (word, SmolStr::from(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heads(file: &str) -> Vec<(&'static str, String, u32)> {
        let items = items(file);
        let whole: String = items.iter().map(|item| item.text(file)).collect();
        assert_eq!(whole, file);
        items.into_iter().map(|item| (item.word, item.name.to_string(), item.nth)).collect()
    }

    #[test]
    fn item_words_at_column_0_begin_items() {
        let file = "// a file\nuse shop.billing { A }\n\n/// doc\nrelation Order {\n  type: Text\n}\n// tail\nprivate fn f() {\n  type\n}\nfn f() { 2 }\nafter insert Order as o { f() }\n";
        let expected = [
            ("use", "shop.billing", 0),
            ("relation", "Order", 0),
            ("fn", "f", 0),
            ("fn", "f", 1),
            ("after", "insert Order as o", 0),
        ];
        let expected: Vec<_> = expected.iter().map(|(word, name, nth)| (*word, name.to_string(), *nth)).collect();
        assert_eq!(heads(file), expected);
        let items = items(file);
        assert!(items[1].text(file).starts_with("\n/// doc\nrelation"));
        assert!(items[2].text(file).starts_with("// tail\nprivate"));
    }

    #[test]
    fn a_misspelt_word_stays_alone() {
        let file = "fn a() { 1 }\n\nhandlr h() {\n  1\n}\n\nfn b() { 2 }\n";
        let words: Vec<_> = heads(file).into_iter().map(|(word, ..)| word).collect();
        assert_eq!(words, ["fn", "", "fn"]);
        assert_eq!(heads("x y\nfn a() { 1 }").len(), 2);
        assert_eq!(heads("// only\n").len(), 1);
        assert_eq!(heads("").len(), 1);
    }

    #[test]
    fn names_that_look_like_item_words_do_not_begin_items() {
        assert_eq!(heads("fn f() {\nerror = 3\nquery.x\ntype: Int\n}\n").len(), 1);
    }
}
