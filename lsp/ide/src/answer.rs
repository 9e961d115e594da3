//! The types that answers share. All are plain data: they can be cloned, compared, and written as JSON.

use serde::Serialize;
use tenon_span::Range;

/// A position: a file and a byte offset in its text.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct FilePosition {
    /// The file.
    pub file: String,
    /// Bytes from its beginning.
    pub offset: u32,
}

impl FilePosition {
    /// The position `offset` in `file`.
    pub fn new(file: impl Into<String>, offset: u32) -> FilePosition {
        FilePosition { file: file.into(), offset }
    }
}

/// A range of a file.
#[derive(Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord, Serialize)]
pub struct FileRange {
    /// The file.
    pub file: String,
    /// Bytes of its text.
    pub range: Range,
}

/// One replacement of text in a file.
#[derive(Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord, Serialize)]
pub struct TextEdit {
    /// What is replaced; an empty range inserts.
    pub range: Range,
    /// By what.
    pub text: String,
}

/// The edits of one file. They are in the order of their ranges and do not overlap.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct FileEdits {
    /// The file.
    pub file: String,
    /// The edits.
    pub edits: Vec<TextEdit>,
}

impl FileEdits {
    /// The text after the edits.
    pub fn apply(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut from = 0;
        for edit in &self.edits {
            out.push_str(Range::new(from, edit.range.start).slice(text));
            out.push_str(&edit.text);
            from = edit.range.end;
        }
        out.push_str(Range::new(from, text.len() as u32).slice(text));
        out
    }
}

/// A change of the program's texts.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize)]
pub struct WorkspaceEdit {
    /// Each file once, in the order of paths.
    pub files: Vec<FileEdits>,
}

impl WorkspaceEdit {
    /// The edits, which may come in any order, put in order. Of equal edits one stays; an edit that overlaps with one
    /// before it is left out.
    pub fn new(edits: impl IntoIterator<Item = (String, TextEdit)>) -> WorkspaceEdit {
        let mut all: Vec<(String, TextEdit)> = edits.into_iter().collect();
        all.sort();
        all.dedup();
        let mut files: Vec<FileEdits> = Vec::new();
        for (file, edit) in all {
            match files.last_mut() {
                Some(last) if last.file == file => {
                    if last.edits.last().is_none_or(|before| before.range.end <= edit.range.start) {
                        last.edits.push(edit);
                    }
                }
                _ => files.push(FileEdits { file, edits: vec![edit] }),
            }
        }
        WorkspaceEdit { files }
    }

    /// True if nothing changes.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

/// What a name stands for, as an editor shows it with an icon.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SymbolKind {
    /// A module.
    Module,
    /// A relation.
    Relation,
    /// An event: a relation that is only added to.
    Event,
    /// A view.
    View,
    /// An alias or refinement.
    TypeAlias,
    /// A variant type.
    Variant,
    /// A case of a variant type.
    Case,
    /// A field of a relation, record, case or error.
    Field,
    /// The rows that refer to a row.
    Inverse,
    /// A function.
    Function,
    /// A query with a name.
    Query,
    /// A handler.
    Handler,
    /// A constant.
    Constant,
    /// An error.
    Error,
    /// A scenario.
    Scenario,
    /// A parameter.
    Parameter,
    /// A type parameter.
    TypeParameter,
    /// A local: `let`, a row variable, what a pattern binds.
    Local,
    /// A type of the language.
    BuiltinType,
    /// A word of the language.
    Keyword,
    /// Any other item.
    Item,
}

/// A place to go to.
#[derive(Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord, Serialize)]
pub struct NavigationTarget {
    /// The file.
    pub file: String,
    /// The whole of what is there: an item without the comments before it, a field with its clauses.
    pub full: Range,
    /// Its name, within `full`: where the cursor goes.
    pub focus: Range,
    /// The name.
    pub name: String,
    /// What it is.
    pub kind: SymbolKind,
    /// The item that it belongs to, if it is not one itself.
    pub container: Option<String>,
}
