//! The diagnostic itself.

use crate::Code;
use tenon_span::Range;

/// How bad it is. Only an error keeps a program from running.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum Severity {
    /// The program cannot run.
    Error,
    /// The program runs, but probably not as meant.
    Warning,
    /// A better way to write it.
    Hint,
}

/// The stable identity of an item: its file, its kind, its name, and the how-many-eth of that name it is.
#[derive(Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct ItemPath {
    /// Path of the file as the program knows it.
    pub file: std::sync::Arc<str>,
    /// The item's keyword, such as `relation`.
    pub kind: std::sync::Arc<str>,
    /// The item's name; empty if it has none.
    pub name: std::sync::Arc<str>,
    /// 0 for the first item of that kind and name in the file.
    pub nth: u32,
}

/// A place: an item, and a range relative to the item's text. Without an item, relative to the file.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Location {
    /// The item; `None` for a place that belongs to the file itself.
    pub item: Option<ItemPath>,
    /// The file.
    pub file: std::sync::Arc<str>,
    /// The range, relative to the item or else to the file.
    pub range: Range,
}

/// Words under a place. The primary label says what, the others say because.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Label {
    /// Where.
    pub location: Location,
    /// What to say there; may be empty.
    pub message: String,
}

/// One replacement of text.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Edit {
    /// What is replaced; an empty range inserts.
    pub location: Location,
    /// By what.
    pub text: String,
}

/// A way to mend the cause, as edits. A fix that cannot be written as edits is a note, not a fix.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Fix {
    /// What it does, as an imperative: "write `==`".
    pub title: String,
    /// The edits; they do not overlap.
    pub edits: Vec<Edit>,
    /// True if `tenon check --fix` may apply it without asking: it is certainly what was meant.
    pub certain: bool,
}

/// One message about one cause.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Diagnostic {
    /// Number and name.
    pub code: Code,
    /// How bad.
    pub severity: Severity,
    /// One sentence that stands alone: lower case, no full stop, code in backticks.
    pub message: String,
    /// The place that it is about.
    pub primary: Label,
    /// Places that explain it, at most two are shown.
    pub secondary: Vec<Label>,
    /// Further sentences.
    pub notes: Vec<String>,
    /// Ways to mend it, the likeliest first.
    pub fixes: Vec<Fix>,
}

impl Diagnostic {
    /// A diagnostic with the severity that its code has in the catalogue.
    pub fn new(code: Code, message: impl Into<String>, primary: Label) -> Self {
        Diagnostic {
            code,
            severity: code.info().severity,
            message: message.into(),
            primary,
            secondary: Vec::new(),
            notes: Vec::new(),
            fixes: Vec::new(),
        }
    }

    /// Adds a place that explains.
    pub fn because(mut self, label: Label) -> Self {
        self.secondary.push(label);
        self
    }

    /// Adds a sentence.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Adds a way to mend it.
    pub fn fix(mut self, fix: Fix) -> Self {
        self.fixes.push(fix);
        self
    }

    /// Asks in the primary place whether another name was meant, and offers to write it there; says nothing where none
    /// is near.
    pub fn did_you_mean(&mut self, near: Option<&str>) -> &mut Self {
        if let Some(near) = near {
            self.primary.message = format!("did you mean `{near}`?");
            self.fixes.push(Fix {
                title: format!("write `{near}`"),
                edits: vec![Edit { location: self.primary.location.clone(), text: near.to_owned() }],
                certain: false,
            });
        }
        self
    }
}
