//! From a position to what stands there, and from places in items to places in files.
//!
//! Trees count the *code* of their item: its text without comments, blanks as one space. A [`Place`] holds both
//! offsets, so whoever looks at the tree and whoever looks at the text begin with the same thing. It exists for items
//! that could not be read too: these have tokens.

use crate::Analysis;
use crate::answer::{FilePosition, FileRange};
use tenon_check::db::SourceFile;
use tenon_check::items::{Item, items, parse};
use tenon_diagnostics::{Location, Sources};
use tenon_span::Range;
use tenon_syntax::Parsed;
use tenon_syntax::token::Token;

/// What stands at a position.
#[derive(Clone, Copy)]
pub struct Place<'db> {
    /// The file.
    pub file: SourceFile,
    /// The item whose text, with the blanks and comments before it, holds the position.
    pub item: Item<'db>,
    /// The item's tokens and tree.
    pub parsed: &'db Parsed,
    /// The offset in the item's text.
    pub offset: u32,
    /// The offset in the item's code; inside of blanks and comments the end of the token before.
    pub code_offset: u32,
    /// The index of the token that covers or ends at the position; of two that meet there the name or word.
    pub token: Option<usize>,
}

impl<'db> Place<'db> {
    /// The token at the position.
    pub fn token(&self) -> Option<&'db Token> {
        self.parsed.tokens.tokens().get(self.token?)
    }
}

impl Analysis {
    /// What stands at a position; `None` for an unknown file.
    pub fn locate(&self, position: &FilePosition) -> Option<Place<'_>> {
        let file = self.db.any_file(&position.file)?;
        let text = file.text(&self.db);
        let mut at = (position.offset as usize).min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let all = items(&self.db, file);
        let after = all.partition_point(|item| item.offset(&self.db) <= at as u32);
        let item = *all.get(after.checked_sub(1)?)?;
        let parsed = parse(&self.db, item);
        let offset = at as u32 - item.offset(&self.db);
        let token = parsed.tokens.at(offset);
        Some(Place { file, item, parsed, offset, code_offset: parsed.tokens.code_offset(offset), token })
    }

    /// The range of the file for a range of an item's code.
    pub fn range_in_file(&self, item: Item<'_>, range: Range) -> Range {
        parse(&self.db, item).place(range).shifted(item.offset(&self.db))
    }

    /// The file and range for a range of an item's code.
    pub fn file_range(&self, item: Item<'_>, range: Range) -> FileRange {
        FileRange { file: item.file(&self.db).path(&self.db).to_string(), range: self.range_in_file(item, range) }
    }

    /// The file and range of a diagnostic's place; the beginning of its file for an item that is gone.
    pub fn resolve_location(&self, location: &Location) -> FileRange {
        let range = match &location.item {
            Some(item) => self.db.place(item, location.range).unwrap_or_default(),
            None => location.range,
        };
        FileRange { file: location.file.to_string(), range }
    }
}
