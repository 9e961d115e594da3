//! Every answer that an editor asks for, as plain data.
//!
//! One [`Ide`] owns the database of one program, the same that the compiler uses. Changes go through it;
//! [`Ide::analysis`] gives a snapshot, which answers. What an answer needs comes from the queries of the database, so
//! what the program's check computed is not computed again, and an edit does again only what it reaches.
//!
//! The edge (the language server, the page, a command) turns answers into its own terms. This crate knows no protocol,
//! reads no file, starts no thread and asks no clock.
//!
//! - A *file* is its path relative to the program's folder, with `/`; library files are `tenon/text.tn` and so on.
//! - A *position* is a file and a byte offset in its whole text. An offset past the end, or inside a character, counts
//!   as the nearest one before it.
//! - A *range* in an answer is a byte range of its whole file.
//! - An unknown file has empty answers.
//!
//! Everything works while the program is broken: what cannot be read has tokens at least, and what does not type has
//! an error type.
//!
//! | module | holds |
//! | --- | --- |
//! | [`answer`], [`markup`] | the types that answers share; words for people |
//! | [`locate`] | from a position to item, token and node; from places in items to places in files |
//! | [`node`] | one view of every node of a tree |
//! | [`occurrences`], `typing` | every name and what it stands for; types of names and expressions |
//! | [`navigation`], [`references`], [`rename`] | what declares a name, where it is used; another name for it |
//! | [`moves`] | what `use` items say after files have moved |
//! | [`completion`] | what may be written at the cursor |
//! | [`hover`], `plans`, [`signature_help`] | what is to be known of a thing; plans of queries; what a call takes |
//! | [`diagnostics`], `refused` | what is wrong with a file; what of it only the whole program tells |
//! | [`symbols`], [`fuzzy`] | the outline of a file; finding a name anywhere |
//! | [`folding`], [`selection`], [`links`] | folds, growing selections, links |
//! | [`formatting`] | the one style, for a file, a range, while typing |
//! | [`actions`] | changes that are offered at a place |
//! | [`limits`] | what refinements say of a value |
//! | [`tokens`] | what each word is |
//! | [`hierarchy`], [`lenses`] | who calls, reads and writes what; what can be run |
//! | [`models`] | what a page draws: data, endpoints, phases |
//! | [`hints`] | what was inferred, shown in the text |
//! | [`cancel`] | answers that are stopped before they are found |

mod access;
pub mod actions;
pub mod answer;
pub mod cancel;
pub mod completion;
pub mod diagnostics;
pub mod folding;
pub mod formatting;
pub mod fuzzy;
pub mod hierarchy;
pub mod hints;
pub mod hover;
pub mod lenses;
pub mod limits;
mod lines;
pub mod links;
pub mod locate;
pub mod markup;
pub mod models;
pub mod moves;
pub mod navigation;
pub mod node;
pub mod occurrences;
mod plans;
pub mod references;
mod refused;
pub mod rename;
pub mod selection;
pub mod signature_help;
pub mod symbols;
pub mod tokens;
mod typing;

pub use answer::{FileEdits, FilePosition, FileRange, NavigationTarget, SymbolKind, TextEdit, WorkspaceEdit};
pub use markup::Markup;
pub use refused::Remains;

use tenon_check::db::{CheckDatabase, Listener, Settings};

/// The one owner of a program's database: the only place where the program changes.
pub struct Ide {
    db: CheckDatabase,
    plans: plans::Plans,
    refused: refused::Refused,
}

/// A snapshot of the program, cheap to make and to clone, which answers requests.
///
/// While a snapshot lives, a change of the program waits for it: the change raises salsa's cancellation in the threads
/// that hold snapshots (`salsa::Cancelled` unwinds their request) and goes on once they have dropped them. So drop a
/// snapshot before changing the program on the same thread.
#[derive(Clone)]
pub struct Analysis {
    pub(crate) db: CheckDatabase,
    plans: plans::Plans,
    refused: refused::Refused,
}

impl Default for Ide {
    fn default() -> Self {
        Ide::new()
    }
}

impl Ide {
    /// A program without files, over the standard library.
    pub fn new() -> Ide {
        Ide::over(CheckDatabase::new(tenon_check::library::LIBRARY))
    }

    /// As [`Ide::new`], with somebody who hears of every query that runs. Tests of incrementality listen.
    pub fn with_listener(listener: Listener) -> Ide {
        Ide::over(CheckDatabase::with_listener(tenon_check::library::LIBRARY, listener))
    }

    fn over(db: CheckDatabase) -> Ide {
        Ide { db, plans: plans::Plans::default(), refused: refused::Refused::default() }
    }

    /// Adds a file, or sets the text of the one with this path.
    pub fn set_file(&mut self, path: &str, text: &str) {
        self.changed().set_file(path, text);
    }

    /// Says that a file is about to be edited: its first edit is then as quick as the next.
    pub fn open_file(&mut self, path: &str) {
        self.db.open_file(path);
    }

    /// Says that a file is not edited any more: edits of others need not look at it then.
    pub fn close_file(&mut self, path: &str) {
        self.db.close_file(path);
    }

    /// Removes a file; nothing happens if there is none.
    pub fn remove_file(&mut self, path: &str) {
        self.changed().remove_file(path);
    }

    /// Sets all files at once, as paths and texts; those that were there and are not named are removed.
    pub fn set_files<'a>(&mut self, files: impl IntoIterator<Item = (&'a str, &'a str)>) {
        self.changed().set_files(files);
    }

    /// Sets what `tenon.toml` says.
    pub fn set_settings(&mut self, settings: Settings) {
        self.changed().set_settings(settings);
    }

    /// The database, to be changed: what was known of this state of the program ends.
    fn changed(&mut self) -> &mut CheckDatabase {
        self.plans = plans::Plans::default();
        self.refused.changed();
        &mut self.db
    }

    /// A snapshot.
    pub fn analysis(&self) -> Analysis {
        Analysis { db: self.db.clone(), plans: self.plans.clone(), refused: self.refused.clone() }
    }
}

impl Analysis {
    /// The database, for whoever asks what no answer here says.
    pub fn database(&self) -> &CheckDatabase {
        &self.db
    }

    /// The paths of the program's files, in order; the library is not among them.
    pub fn files(&self) -> Vec<String> {
        self.db.program().files(&self.db).iter().map(|file| file.path(&self.db).to_string()).collect()
    }

    /// The text of a file of the program or of the library.
    pub fn text(&self, file: &str) -> Option<std::sync::Arc<str>> {
        self.db.any_file(file).map(|file| file.text(&self.db).clone())
    }
}
