//! What lowering refuses of a program without errors. It needs the bodies of all functions that are called, so it is
//! looked for once per state of the program, when somebody asks: not at a keystroke, but when an editor has been quiet
//! for a while. Until then what was refused before stands where its items stand now.

use crate::Analysis;
use std::sync::{Arc, OnceLock};
pub use tenon_core::lower::Remains;
use tenon_core::lower::{CheckedProgram, refused};
use tenon_diagnostics::Diagnostic;

/// What is known of this in one state of the program.
#[derive(Clone, Default)]
pub(crate) struct Refused {
    /// What was refused when it was looked for last, in a state before.
    before: Arc<[Diagnostic]>,
    /// What is refused in this state, if it has been looked for.
    now: Arc<OnceLock<Arc<[Diagnostic]>>>,
}

impl Refused {
    /// The program changes.
    pub fn changed(&mut self) {
        if let Some(found) = self.now.get() {
            self.before = found.clone();
        }
        self.now = Arc::default();
    }

    fn known(&self) -> &Arc<[Diagnostic]> {
        self.now.get().unwrap_or(&self.before)
    }

    /// Somebody has lowered the program for another reason.
    pub fn tell(&self, found: Arc<[Diagnostic]>) {
        // Who was first has told the same.
        let _ = self.now.set(found);
    }
}

impl Analysis {
    /// Looks for what lowering refuses of the program, which takes as long as lowering it; from then on
    /// [`Analysis::diagnostics`] has it. Gives all of it, nothing while the program has errors. What takes long to drop
    /// goes to `remains`: whoever changes the program waits for snapshots, and need not wait for that.
    pub fn find_refused(&self, remains: &mut Remains) -> Arc<[Diagnostic]> {
        let found = self.refused.now.get_or_init(|| {
            if !self.is_sound() {
                return Arc::default();
            }
            let checked = CheckedProgram::new(&self.db);
            refused(&checked, &checked.settings(), remains).iter().map(|error| error.diagnostic(&checked)).collect()
        });
        found.clone()
    }

    /// What is known to be refused of a file.
    pub(crate) fn refused_in<'a>(&'a self, file: &'a str) -> impl Iterator<Item = &'a Diagnostic> {
        let stands = move |found: &&Diagnostic| {
            let location = &found.primary.location;
            &*location.file == file && location.item.as_ref().is_some_and(|item| self.db.item(item).is_some())
        };
        self.refused.known().iter().filter(stands)
    }
}
