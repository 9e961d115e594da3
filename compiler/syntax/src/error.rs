//! What is wrong with a text, before it is known whose text it is.

use tenon_diagnostics::{Code, Diagnostic, Edit, Fix, ItemPath, Label, Location};
use tenon_span::Range;

/// A syntax error, with ranges relative to the item's text. [`SyntaxError::diagnostic`] places it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct SyntaxError {
    /// Number and name.
    pub code: Code,
    /// One sentence that stands alone.
    pub message: String,
    /// What it is about.
    pub range: Range,
    /// What to say there; may be empty.
    pub label: String,
    /// Places that explain it.
    pub because: Vec<(Range, String)>,
    /// Further sentences.
    pub notes: Vec<String>,
    /// Ways to mend it, the likeliest first.
    pub fixes: Vec<SyntaxFix>,
}

/// A way to mend an error, as edits of the item's text.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct SyntaxFix {
    /// What it does, as an imperative.
    pub title: String,
    /// Replacements; they do not overlap.
    pub edits: Vec<(Range, String)>,
    /// True if it is certainly what was meant.
    pub certain: bool,
}

impl SyntaxError {
    /// An error without label, notes and fixes.
    pub fn new(code: Code, message: impl Into<String>, range: Range) -> Self {
        SyntaxError {
            code,
            message: message.into(),
            range,
            label: String::new(),
            because: Vec::new(),
            notes: Vec::new(),
            fixes: Vec::new(),
        }
    }

    /// Says something under the range.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds a place that explains.
    pub fn because(mut self, range: Range, label: impl Into<String>) -> Self {
        self.because.push((range, label.into()));
        self
    }

    /// Adds a sentence.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Adds a way to mend it.
    pub fn fix(
        mut self,
        title: impl Into<String>,
        edits: impl IntoIterator<Item = (Range, String)>,
        certain: bool,
    ) -> Self {
        self.fixes.push(SyntaxFix { title: title.into(), edits: edits.into_iter().collect(), certain });
        self
    }

    /// The diagnostic for the item at `path`.
    pub fn diagnostic(&self, path: &ItemPath) -> Diagnostic {
        let place = |range: Range| Location { item: Some(path.clone()), file: path.file.clone(), range };
        let label = |range: Range, message: &str| Label { location: place(range), message: message.to_string() };
        let mut diagnostic = Diagnostic::new(self.code, self.message.clone(), label(self.range, &self.label));
        diagnostic.secondary = self.because.iter().map(|(range, message)| label(*range, message)).collect();
        diagnostic.notes = self.notes.clone();
        diagnostic.fixes = self
            .fixes
            .iter()
            .map(|fix| Fix {
                title: fix.title.clone(),
                edits: fix
                    .edits
                    .iter()
                    .map(|(range, text)| Edit { location: place(*range), text: text.clone() })
                    .collect(),
                certain: fix.certain,
            })
            .collect();
        diagnostic
    }
}
