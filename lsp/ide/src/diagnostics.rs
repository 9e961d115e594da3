//! What is wrong with a file.

use crate::Analysis;
use crate::answer::{FileRange, TextEdit, WorkspaceEdit};
use serde::Serialize;
use tenon_check::program::{check_file, prepare_file};
use tenon_span::Range;

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The program cannot run.
    Error,
    /// The program runs, but probably not as meant.
    Warning,
    /// A better way to write it.
    Hint,
}

/// One message about one cause.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Diagnostic {
    /// `T0210`: `tenon error T0210` shows its page.
    pub code: String,
    /// The code's name: `unknown-field`.
    pub name: String,
    /// How bad.
    pub severity: Severity,
    /// One sentence that stands alone.
    pub message: String,
    /// The place that it is about.
    pub range: Range,
    /// What the place is, in a few words; may be empty.
    pub label: String,
    /// Places that explain it.
    pub related: Vec<Related>,
    /// Further sentences.
    pub notes: Vec<String>,
    /// Ways to mend it, the likeliest first.
    pub fixes: Vec<Fix>,
}

/// A place that explains a message.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Related {
    /// Where.
    pub place: FileRange,
    /// What it has to do with it.
    pub message: String,
}

/// A way to mend the cause.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Fix {
    /// What it does: "write `==`".
    pub title: String,
    /// The edits.
    pub edit: WorkspaceEdit,
    /// True if it is certainly what was meant, so that it may be taken without asking.
    pub certain: bool,
}

impl Analysis {
    /// Everything that is wrong with a file of the program, in the order of places: exactly what `tenon check` says of
    /// it, once [`Analysis::find_refused`] has looked at the program. Nothing for a file of the library.
    pub fn diagnostics(&self, file: &str) -> Vec<Diagnostic> {
        let Some(source) = self.db.file(file) else { return Vec::new() };
        let checked = check_file(&self.db, source).iter().map(|diagnostic| self.diagnostic(diagnostic));
        let mut found: Vec<Diagnostic> = checked.collect();
        let count = found.len();
        found.extend(self.refused_in(file).map(|diagnostic| self.diagnostic(diagnostic)));
        if found.len() > count {
            found.sort_by_key(|diagnostic| diagnostic.range.start);
        }
        found
    }

    /// Does of the program's check what [`Analysis::diagnostics`] of any file needs of all files, from the last file to the
    /// first: who asks for diagnostics meanwhile goes the other way, and they meet.
    pub fn prepare(&self) {
        self.db.program().files(&self.db).iter().rev().for_each(|file| prepare_file(&self.db, *file));
    }

    fn diagnostic(&self, found: &tenon_diagnostics::Diagnostic) -> Diagnostic {
        let edit = |edit: &tenon_diagnostics::Edit| {
            let FileRange { file, range } = self.resolve_location(&edit.location);
            (file, TextEdit { range, text: edit.text.clone() })
        };
        Diagnostic {
            code: found.code.to_string(),
            name: found.code.info().name.to_owned(),
            severity: match found.severity {
                tenon_diagnostics::Severity::Error => Severity::Error,
                tenon_diagnostics::Severity::Warning => Severity::Warning,
                tenon_diagnostics::Severity::Hint => Severity::Hint,
            },
            message: found.message.clone(),
            range: self.resolve_location(&found.primary.location).range,
            label: found.primary.message.clone(),
            related: found
                .secondary
                .iter()
                .map(|label| Related { place: self.resolve_location(&label.location), message: label.message.clone() })
                .collect(),
            notes: found.notes.clone(),
            fixes: found
                .fixes
                .iter()
                .map(|fix| Fix {
                    title: fix.title.clone(),
                    edit: WorkspaceEdit::new(fix.edits.iter().map(edit)),
                    certain: fix.certain,
                })
                .collect(),
        }
    }
}
