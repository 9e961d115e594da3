//! From a project to a checked program.

use crate::library::LIBRARY;
use crate::project::Project;
use crate::report::{Stop, Voice};
use tenon_check::db::CheckDatabase;
use tenon_check::program::{check, is_sound};
use tenon_diagnostics::Diagnostic;

/// A program in the checker's database.
pub struct Checked {
    /// The database.
    pub db: CheckDatabase,
    /// All diagnostics, in the order of places.
    pub diagnostics: Vec<Diagnostic>,
}

impl Checked {
    /// Checks a project from scratch.
    pub fn new(project: &Project) -> Checked {
        let mut db = CheckDatabase::new(LIBRARY);
        fill(&mut db, project);
        let diagnostics = check(&db);
        Checked { db, diagnostics }
    }

    /// Checks a project again after files have changed; only what the change reaches is done again.
    pub fn update(&mut self, project: &Project) {
        fill(&mut self.db, project);
        self.diagnostics = check(&self.db);
    }

    /// True if nothing keeps the program from running.
    pub fn is_sound(&self) -> bool {
        is_sound(&self.diagnostics)
    }

    /// Shows what is wrong and stops if it cannot run; warnings are shown and do not stop.
    ///
    /// # Errors
    /// The program has errors; they have been shown.
    pub fn require_sound(&self, voice: Voice) -> Result<(), Stop> {
        if !self.is_sound() || !voice.json {
            voice.diagnostics(&self.diagnostics, &self.db);
        }
        if self.is_sound() { Ok(()) } else { Err(Stop::said()) }
    }
}

fn fill(db: &mut CheckDatabase, project: &Project) {
    db.set_settings(project.settings());
    db.set_files(project.files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
}
