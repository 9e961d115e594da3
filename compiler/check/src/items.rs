//! From the text of a file to one syntax tree per item.
//!
//! An [`Item`] is a tracked struct. Its identity is what people would call it: file, word, name, and the
//! how-many-eth of that name; its text and offset are tracked one by one. So an edit in one item leaves every
//! other item as it was, even where it moves them, and a query that does not read the offset does not run again
//! when an item moves. [`parse`] reads only the text. [`tree`] is the firewall between the text and its meaning:
//! ranges count code, not blanks and comments, so after an edit of either the tree is equal to the old one.

#![allow(missing_docs, reason = "the macros of salsa make functions that carry no documentation")]

use crate::db::{Db, Program, SourceFile};
use crate::names::is_library_module;
use smol_str::SmolStr;
use std::sync::Arc;
use tenon_diagnostics::{Diagnostic, Edit, Fix, ItemPath, Label, Location};
use tenon_span::Range;
use tenon_syntax::{Parsed, ast};

/// An item of a file.
#[salsa::tracked(debug)]
pub struct Item<'db> {
    /// Its file.
    #[returns(copy)]
    pub file: SourceFile,
    /// Its item word: `relation`, `fn`, …
    #[returns(copy)]
    pub word: &'static str,
    /// Its name, title for scenarios and invariants, or nothing.
    #[returns(ref)]
    pub name: SmolStr,
    /// 0 for the first item of that word and name in the file.
    #[returns(copy)]
    pub nth: u32,
    /// Its text, with what stands before it since the item before.
    #[tracked]
    #[returns(ref)]
    pub text: Arc<str>,
    /// Where its text begins in the file. Only the edge reads it.
    #[tracked]
    #[returns(copy)]
    pub offset: u32,
}

impl<'db> Item<'db> {
    /// The item's identity outside of the database.
    pub fn path(self, db: &'db dyn Db) -> ItemPath {
        ItemPath {
            file: self.file(db).path(db).clone(),
            kind: Arc::from(self.word(db)),
            name: Arc::from(self.name(db).as_str()),
            nth: self.nth(db),
        }
    }

    /// A place in the item.
    pub fn location(self, db: &'db dyn Db, range: Range) -> Location {
        Location { item: Some(self.path(db)), file: self.file(db).path(db).clone(), range }
    }

    /// True for what has rows: a relation or an event.
    pub fn is_relation(self, db: &dyn Db) -> bool {
        matches!(self.word(db), "relation" | "event")
    }

    /// Words under a place in the item.
    pub fn label(self, db: &'db dyn Db, range: Range, message: impl Into<String>) -> Label {
        Label { location: self.location(db, range), message: message.into() }
    }

    /// A fix by one edit of the item.
    pub fn fix(
        self,
        db: &'db dyn Db,
        title: impl Into<String>,
        range: Range,
        text: impl Into<String>,
        certain: bool,
    ) -> Fix {
        Fix {
            title: title.into(),
            edits: vec![Edit { location: self.location(db, range), text: text.into() }],
            certain,
        }
    }

    /// True for an item of the library.
    pub fn is_library(self, db: &'db dyn Db) -> bool {
        is_library_module(self.file(db).module(db))
    }
}

/// The items of a file, in order. Runs again at every edit of the file, and then yields the same items unless
/// one came, went or changed its name.
#[salsa::tracked(returns(ref))]
pub fn items<'db>(db: &'db dyn Db, file: SourceFile) -> Vec<Item<'db>> {
    let text = file.text(db);
    let pieces = tenon_syntax::items(text);
    pieces
        .into_iter()
        .map(|piece| {
            Item::new(
                db,
                file,
                piece.word,
                piece.name.clone(),
                piece.nth,
                Arc::from(piece.text(text)),
                piece.range.start,
            )
        })
        .collect()
}

/// All items of the program without the library, in the order of files and lines.
pub fn program_items<'db>(db: &'db dyn Db) -> impl Iterator<Item = Item<'db>> {
    Program::get(db).files(db).iter().flat_map(move |file| items(db, *file).iter().copied())
}

/// The tree of an item; `None` for an item of which no more than word and name could be read. Hands out what
/// [`parse`] made. It is a query of its own so that whoever asks about meaning does not run again when an edit
/// changed blanks or comments only.
#[salsa::tracked(returns(ref))]
pub fn tree<'db>(db: &'db dyn Db, item: Item<'db>) -> Option<Arc<ast::Item>> {
    parse(db, item).item.clone()
}

/// Parses one item. Reads its text and nothing else. Not compared with what it was before: the tree is, by
/// [`tree`], and the code by [`code`].
#[salsa::tracked(returns(ref), no_eq)]
pub fn parse<'db>(db: &'db dyn Db, item: Item<'db>) -> Parsed {
    tenon_syntax::parse_item(item.text(db))
}

/// The code of an item: its text without comments, blanks as one space. Ranges of the tree are ranges of it.
#[salsa::tracked(returns(ref))]
pub fn code<'db>(db: &'db dyn Db, item: Item<'db>) -> Arc<str> {
    parse(db, item).code.clone()
}

/// What is wrong with the text of an item.
pub fn syntax_errors<'db>(db: &'db dyn Db, item: Item<'db>) -> Vec<Diagnostic> {
    let errors = &parse(db, item).errors;
    if errors.is_empty() {
        return Vec::new();
    }
    let path = item.path(db);
    errors.iter().map(|error| error.diagnostic(&path)).collect()
}
