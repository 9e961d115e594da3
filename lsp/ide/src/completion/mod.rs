//! What may be written at the cursor.
//!
//! The word under the cursor is replaced by a marker, the item is read with it, and its place in the tree says what
//! kind of thing may stand there (`site`). Inference looks around at the marker: which names are in sight, what type
//! is wanted, what a dot follows. None of this touches the answers of the database: the marked text is tried beside
//! them. Words of the language come from the grammar, which says what it would take after the text before the cursor.
//! Nothing is offered that the grammar would refuse there.

mod collect;
mod import;
mod members;
mod names;
mod site;
mod words;

use crate::Analysis;
use crate::answer::{FilePosition, SymbolKind, TextEdit};
use crate::markup::Markup;
use collect::Collector;
use serde::Serialize;
use site::{Marked, Site};
use tenon_span::Range;

/// How many items an answer has at most.
pub const LIMIT: usize = 200;

/// What may be written at a place.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Completions {
    /// The word that a choice replaces; empty where none is written yet.
    pub range: Range,
    /// The choices, the best first.
    pub items: Vec<CompletionItem>,
    /// True if there are more: ask again when more is typed.
    pub incomplete: bool,
}

/// A choice.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct CompletionItem {
    /// What is shown, and what the typed word is compared with.
    pub label: String,
    /// What it is.
    pub kind: SymbolKind,
    /// Its type or signature, in a line.
    pub detail: Option<String>,
    /// Its documentation.
    pub documentation: Option<Markup>,
    /// What replaces the word.
    pub insert: String,
    /// True if `insert` has stops: `$1`, `${2:text}`, and `$0` where the cursor ends; `\` stands before a `$`, `}` or
    /// `\` that is meant as it is.
    pub snippet: bool,
    /// Further edits: a `use`, a `?.`.
    pub additional: Vec<TextEdit>,
    /// How well it fits; compares the items of one answer.
    pub relevance: i32,
}

impl Analysis {
    /// What may be written at a position.
    pub fn completion(&self, position: &FilePosition) -> Completions {
        let Some(place) = self.locate(position) else { return Completions::default() };
        let Some(marked) = Marked::new(&self.db, &place) else { return Completions::default() };
        let range = marked.word.shifted(place.item.offset(&self.db));
        let mut collector = Collector::new(self, &place, &marked);
        collector.words();
        match marked.site() {
            Site::Item | Site::Unknown => {}
            Site::Value(around) => collector.values(&around),
            Site::Member(around) => collector.members(&around),
            Site::Cases(owner) => collector.cases_of(&owner),
            Site::InModule(module) => collector.module(&module),
            Site::Type => collector.types(),
            Site::Relation => collector.relations(),
            Site::Error => collector.errors(),
            Site::ErrorBase => collector.built_in_errors(),
            Site::Pattern => collector.patterns(),
            Site::Assigned(set) => collector.assigned(&set),
            Site::OwnFields => collector.own_fields(),
            Site::OwnCases(field) => collector.transition_cases(&field),
            Site::Parameters => collector.parameters(),
            Site::Modules(path) => collector.modules(&path),
            Site::Imported(path, taken) => collector.imported(&path, &taken),
        }
        let (items, incomplete) = collector.finish();
        Completions { range, items, incomplete }
    }
}
