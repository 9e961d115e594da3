//! Links in a file: modules of `use`, addresses, error codes in comments.

use crate::Analysis;
use serde::Serialize;
use tenon_check::items::{items, parse, tree};
use tenon_check::names::module_path;
use tenon_span::Range;
use tenon_syntax::ast::ItemKind;
use tenon_syntax::token::comments;
use tenon_syntax::words::TokenKind;

/// Where a link leads.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkTarget {
    /// To a file of the program or of the library.
    File(String),
    /// To an address.
    Url(String),
    /// To the page of an error code: `T0123`.
    Code(String),
}

/// A link.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct DocumentLink {
    /// What can be followed.
    pub range: Range,
    /// Where to.
    pub target: LinkTarget,
}

impl Analysis {
    /// The links of a file, in the order of places.
    pub fn document_links(&self, file: &str) -> Vec<DocumentLink> {
        let Some(file) = self.db.any_file(file) else { return Vec::new() };
        let mut found = Vec::new();
        for item in items(&self.db, file) {
            let parsed = parse(&self.db, *item);
            let text = item.text(&self.db);
            let offset = item.offset(&self.db);
            if let Some(tree) = tree(&self.db, *item)
                && let ItemKind::Use(import) = &tree.kind
                && let (Some(first), Some(last)) = (import.path.first(), import.path.last())
                && let Some(target) =
                    module_path(&self.db, &import.path).and_then(|module| self.file_of_module(&module))
            {
                let range = self.range_in_file(*item, first.range.cover(last.range));
                found.push(DocumentLink { range, target: LinkTarget::File(target) });
            }
            for index in 0..=parsed.tokens.tokens().len() {
                for comment in comments(text, parsed.tokens.trivia_before(index)) {
                    let range = comment.range.shifted(offset);
                    let words = comment.range.slice(text);
                    addresses(words, range.start, &mut found);
                    codes(words, range.start, &mut found);
                }
                let kind = parsed.tokens.tokens().get(index).map(|token| token.kind);
                if matches!(kind, Some(TokenKind::Text | TokenKind::RawText)) {
                    let place = parsed.tokens.token_place(index);
                    addresses(place.slice(text), place.start + offset, &mut found);
                }
            }
        }
        found.sort_by_key(|link| (link.range.start, link.range.end));
        found
    }

    /// The first file of a module.
    fn file_of_module(&self, module: &str) -> Option<String> {
        let program = self.db.program();
        let mut all = program.files(&self.db).iter().chain(program.library(&self.db));
        all.find(|file| file.module(&self.db) == module).map(|file| file.path(&self.db).to_string())
    }
}

/// `https://…` and `http://…`, without the punctuation of the sentence around them.
fn addresses(text: &str, start: u32, found: &mut Vec<DocumentLink>) {
    let mut from = 0;
    while let Some(rest) = text.get(from..) {
        let next =
            ["https://", "http://"].iter().filter_map(|scheme| rest.find(scheme).map(|at| (at, scheme.len()))).min();
        let Some((at, scheme)) = next else { return };
        let begin = from + at;
        let tail = text.get(begin..).unwrap_or("");
        let stops = |c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>' | '`' | '{' | '}');
        let mut end = tail.find(stops).unwrap_or(tail.len());
        while let Some(address) = tail.get(..end) {
            let closes_nothing = |open: char, close: char| {
                address.ends_with(close) && address.matches(open).count() < address.matches(close).count()
            };
            let punctuation = address.ends_with(['.', ',', ';', ':', '!', '?', '\'']);
            if !(punctuation || closes_nothing('(', ')') || closes_nothing('[', ']')) {
                break;
            }
            end -= 1;
        }
        if end > scheme {
            let range = Range::new(start + begin as u32, start + (begin + end) as u32);
            let target = LinkTarget::Url(tail.get(..end).unwrap_or("").to_owned());
            found.push(DocumentLink { range, target });
        }
        from = begin + end.max(scheme);
    }
}

/// `T0123`, where there is such a code.
fn codes(text: &str, start: u32, found: &mut Vec<DocumentLink>) {
    let bytes = text.as_bytes();
    for (at, _) in text.match_indices('T') {
        let Some(code) = text.get(at..at + 5) else { continue };
        let digits = code.bytes().skip(1).all(|byte| byte.is_ascii_digit());
        let alone = |neighbour: Option<&u8>| neighbour.is_none_or(|byte| !byte.is_ascii_alphanumeric());
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        if digits && alone(before) && alone(bytes.get(at + 5)) && tenon_diagnostics::find_code(code).is_some() {
            let range = Range::new(start + at as u32, start + at as u32 + 5);
            found.push(DocumentLink { range, target: LinkTarget::Code(code.to_owned()) });
        }
    }
}
