//! From a project to a checked program, to Core, to something that runs.

use crate::engine::{Engine, Native, scenario_engine};
use crate::library::LIBRARY;
use crate::project::Project;
use crate::report::{Stop, Voice};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tenon_check::db::CheckDatabase;
use tenon_check::names::is_library_module;
use tenon_check::program::{check, is_sound};
use tenon_core::ir;
use tenon_core::lower::{CheckedProgram, lower};
use tenon_core::scenario::{self, Report};
use tenon_diagnostics::{Diagnostic, ItemPath, Sources};
use tenon_project::members::is_source;
use tenon_span::Range;

/// A program in the checker's database.
pub struct Checked {
    /// The database.
    pub db: CheckDatabase,
    /// All diagnostics, in the order of places.
    pub diagnostics: Vec<Diagnostic>,
    root: PathBuf,
}

/// The program's texts, under the names by which files are found from the current folder.
struct FromHere<'a> {
    db: &'a CheckDatabase,
    root: &'a Path,
}

impl Sources for FromHere<'_> {
    fn text(&self, file: &str) -> Option<Arc<str>> {
        self.db.text(file)
    }

    fn place(&self, item: &ItemPath, range: Range) -> Option<Range> {
        self.db.place(item, range)
    }

    fn shown(&self, file: &str) -> String {
        // The library's files lie nowhere, nor does the text of a question.
        let is_own = self.db.any_file(file).is_some_and(|own| !is_library_module(own.module(self.db)));
        if !is_own || !is_source(Path::new(file)) || self.root == Path::new(".") {
            return file.to_owned();
        }
        self.root.join(file).display().to_string()
    }
}

impl Checked {
    /// Checks a project from scratch.
    pub fn new(project: &Project) -> Checked {
        let mut db = CheckDatabase::new(LIBRARY);
        fill(&mut db, project);
        let diagnostics = check(&db);
        Checked { db, diagnostics, root: project.root.clone() }
    }

    /// Checks a project again after files have changed; only what the change reaches is done again.
    pub fn update(&mut self, project: &Project) {
        fill(&mut self.db, project);
        self.diagnostics = check(&self.db);
    }

    /// The texts, as what is told to people names them: with paths from the current folder.
    pub fn sources(&self) -> impl Sources {
        FromHere { db: &self.db, root: &self.root }
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
            voice.diagnostics(&self.diagnostics, &self.sources())?;
        }
        if self.is_sound() { Ok(()) } else { Err(Stop::said()) }
    }
}

fn fill(db: &mut CheckDatabase, project: &Project) {
    db.set_settings(project.settings());
    db.set_files(project.files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
}

/// A program in Core.
pub struct Lowered {
    /// The program.
    pub core: Arc<ir::Program>,
}

impl Checked {
    /// Lowers a sound program to Core.
    ///
    /// # Errors
    /// Constructs that cannot be run; they have been shown.
    pub fn lower(&self, voice: Voice) -> Result<Lowered, Stop> {
        let program = CheckedProgram::new(&self.db);
        match lower(&program, &program.settings()) {
            Ok(core) => Ok(Lowered { core: Arc::new(core) }),
            Err(errors) => {
                let found: Vec<Diagnostic> = errors.iter().map(|error| error.diagnostic(&program)).collect();
                voice.diagnostics(&found, &self.sources())?;
                Err(Stop::said())
            }
        }
    }

    /// What a sound program uses that cannot be run.
    pub fn not_run(&self) -> Vec<Diagnostic> {
        let program = CheckedProgram::new(&self.db);
        let errors = lower(&program, &program.settings()).err().unwrap_or_default();
        errors.iter().map(|error| error.diagnostic(&program)).collect()
    }
}

/// A program that can run.
pub struct Compiled {
    core: Arc<ir::Program>,
    native: Option<Native>,
}

impl Lowered {
    /// Makes the program ready to run.
    ///
    /// # Errors
    /// What cannot be compiled.
    pub fn compile(self, engine: Engine) -> Result<Compiled, Stop> {
        let native = match engine {
            Engine::Native => Some(Native::compile(&self.core, true)?),
            Engine::Evaluator => None,
        };
        Ok(Compiled { core: self.core, native })
    }
}

impl Compiled {
    /// The program in Core.
    pub fn core(&self) -> &ir::Program {
        &self.core
    }

    /// Runs a scenario in an instance of its own.
    ///
    /// # Errors
    /// The instance could not be made.
    pub fn run_scenario(&self, scenario: &ir::Scenario, seed: u64) -> Result<Report, Stop> {
        let mut engine = scenario_engine(&self.core, self.native.as_ref())?;
        Ok(scenario::run(&self.core, scenario, engine.as_mut(), seed))
    }
}

/// A seed that differs from run to run.
pub fn fresh_seed() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    // The standard hasher's keys are drawn from the system; twenty bits are enough to type again.
    std::collections::hash_map::RandomState::new().build_hasher().finish() & 0xf_ffff
}
