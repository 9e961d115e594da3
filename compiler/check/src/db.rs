//! The database and its inputs. One database holds one program.
//!
//! Inputs are the only things that change: the text of a [`SourceFile`], the list of files and the settings of
//! the [`Program`]. Everything else is a query over them. The library's files are inputs of high durability, so
//! that an edit of the program does not even look at what depends on the library alone.
//!
//! Durability does the same among the program's files. The text of a file that is edited is of low durability, that of
//! the others of medium. What everybody asks of all files together (which names there are, which aliases lead to each
//! other, which inverses a relation has) would be as fickle as the file that is edited, and everything with it; so these
//! answers are inputs too, of medium durability: computed by queries after each change, and set only where they differ.
//! An edit of a body then looks at what depends on its file, and at nothing else.

#![allow(missing_docs, reason = "the macros of salsa make functions that carry no documentation")]

use crate::declare::{Aliases, Inverse, aliases_now, inverses_now};
use crate::names::{Outline, outline_of};
use crate::ty::Symbol;
use rustc_hash::FxHashMap;
use salsa::{Durability, Setter};
use smol_str::SmolStr;
use std::sync::Arc;

/// What queries see of the database.
#[salsa::db]
pub trait Db: salsa::Database {}

/// A file of the program or of the library.
#[salsa::input(debug)]
pub struct SourceFile {
    /// Its path relative to the program's folder, with `/`; for the library `tenon/text.tn`.
    #[returns(ref)]
    pub path: Arc<str>,
    /// The module it belongs to: the dotted path of its folder; empty for the program's own folder;
    /// `tenon.text` for a file of the library.
    #[returns(ref)]
    pub module: SmolStr,
    /// Its text.
    #[returns(ref)]
    pub text: Arc<str>,
    /// What it declares, as far as names elsewhere depend on it: what [`outline_of`] says of its text.
    #[returns(ref)]
    pub outline: Outline,
}

/// The program. There is one per database.
#[salsa::input(singleton)]
pub struct Program {
    /// The files of the library.
    #[returns(ref)]
    pub library: Vec<SourceFile>,
    /// The files of the program, in the order of their paths.
    #[returns(ref)]
    pub files: Vec<SourceFile>,
    /// What `tenon.toml` says.
    #[returns(ref)]
    pub settings: Settings,
    /// Its aliases: what [`aliases_now`] says.
    #[returns(ref)]
    pub aliases: Aliases,
    /// Its inverses by the relation that they belong to: what [`inverses_now`] says.
    #[returns(ref)]
    pub inverses: FxHashMap<Symbol, Vec<Inverse>>,
}

/// What `tenon.toml` says about the language side of a program.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Settings {
    /// `name`: the first step of the program's own modules in `use`.
    pub name: SmolStr,
    /// `[http] names`: how names are spelled on the wire.
    pub names: WireNames,
    /// `[http] prefix`: stands before the path of every endpoint.
    pub prefix: SmolStr,
}

/// How names are spelled on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum WireNames {
    /// As in the program.
    #[default]
    AsWritten,
    /// `camelCase`
    Camel,
}

impl WireNames {
    /// A name of the program as the wire spells it.
    pub fn spell(self, name: &str) -> SmolStr {
        if self == WireNames::AsWritten {
            return name.into();
        }
        let mut out = String::with_capacity(name.len());
        let mut upper = false;
        for c in name.chars() {
            match c {
                '_' if !out.is_empty() => upper = true,
                c if upper => {
                    out.extend(c.to_uppercase());
                    upper = false;
                }
                c => out.push(c),
            }
        }
        out.into()
    }
}

/// Hears of every query that runs; see [`CheckDatabase::with_listener`].
pub type Listener = Box<dyn Fn(&str) + Send + Sync>;

/// The database of one program.
#[salsa::db]
#[derive(Clone)]
pub struct CheckDatabase {
    storage: salsa::Storage<Self>,
}

#[salsa::db]
impl salsa::Database for CheckDatabase {}

#[salsa::db]
impl Db for CheckDatabase {}

impl CheckDatabase {
    /// A program without files over a library, given as paths (`tenon/text.tn`) and texts.
    pub fn new(library: &[(&str, &str)]) -> CheckDatabase {
        CheckDatabase::with_storage(salsa::Storage::new(None), library)
    }

    /// As [`CheckDatabase::new`], with somebody who hears `query(key)` of every query that runs. Tests of
    /// incrementality listen.
    pub fn with_listener(library: &[(&str, &str)], listener: Listener) -> CheckDatabase {
        let storage = salsa::Storage::new(Some(Box::new(move |event: salsa::Event| {
            if let salsa::EventKind::WillExecute { database_key } = event.kind {
                listener(&format!("{database_key:?}"));
            }
        })));
        CheckDatabase::with_storage(storage, library)
    }

    fn with_storage(storage: salsa::Storage<Self>, library: &[(&str, &str)]) -> CheckDatabase {
        let mut db = CheckDatabase { storage };
        let library: Vec<SourceFile> = library
            .iter()
            .map(|(path, text)| {
                SourceFile::builder(Arc::from(*path), library_module(path), Arc::from(*text), Outline::default())
                    .durability(Durability::HIGH)
                    .new(&db)
            })
            .collect();
        let (aliases, inverses) = (Aliases::default(), FxHashMap::default());
        let _ = Program::builder(library.clone(), Vec::new(), Settings::default(), aliases, inverses)
            .library_durability(Durability::HIGH)
            .files_durability(Durability::MEDIUM)
            .settings_durability(Durability::MEDIUM)
            .aliases_durability(Durability::MEDIUM)
            .inverses_durability(Durability::MEDIUM)
            .new(&db);
        for file in library {
            let outline = outline_of(&db, file).clone();
            file.set_outline(&mut db).to(outline);
        }
        db.settle();
        db
    }

    /// The program.
    pub fn program(&self) -> Program {
        Program::get(self)
    }

    /// Sets the settings.
    pub fn set_settings(&mut self, settings: Settings) {
        let program = self.program();
        if program.settings(self) != &settings {
            program.set_settings(self).to(settings);
            self.settle();
        }
    }

    /// Adds a file, or sets the text of the one with this path; either way it counts as one that is edited. Paths are
    /// relative to the program's folder.
    pub fn set_file(&mut self, path: &str, text: &str) -> SourceFile {
        if let Some(file) = self.file(path) {
            self.edit(file, text);
            self.settle();
            return file;
        }
        let file = self.new_file(path, text, Durability::LOW);
        let program = self.program();
        let mut files = program.files(self).clone();
        let at = files.partition_point(|other| &**other.path(self) < path);
        files.insert(at, file);
        program.set_files(self).to(files);
        self.outline(file);
        self.settle();
        file
    }

    fn new_file(&self, path: &str, text: &str, durability: Durability) -> SourceFile {
        SourceFile::builder(Arc::from(path), module_of_path(path), Arc::from(text), Outline::default())
            .durability(Durability::MEDIUM)
            .text_durability(durability)
            .new(self)
    }

    /// Sets the text of a file, which from then on counts as one that is edited.
    fn edit(&mut self, file: SourceFile, text: &str) {
        if &**file.text(self) != text {
            file.set_text(self).with_durability(Durability::LOW).to(Arc::from(text));
            self.outline(file);
        }
    }

    /// Sets what a file declares, after its text.
    fn outline(&mut self, file: SourceFile) {
        let outline = outline_of(self, file);
        if file.outline(self) != outline {
            let outline = outline.clone();
            file.set_outline(self).to(outline);
        }
    }

    /// Sets what is asked of all files together, after a change of some.
    fn settle(&mut self) {
        let program = self.program();
        let aliases = aliases_now(self);
        if program.aliases(self) != aliases {
            let aliases = aliases.clone();
            program.set_aliases(self).to(aliases);
        }
        let inverses = inverses_now(self);
        if program.inverses(self) != inverses {
            let inverses = inverses.clone();
            program.set_inverses(self).to(inverses);
        }
    }

    /// Says that a file is about to be edited, so that its first edit is as quick as the next.
    pub fn open_file(&mut self, path: &str) {
        if let Some(file) = self.file(path) {
            let text = file.text(self).clone();
            file.set_text(self).with_durability(Durability::LOW).to(text);
        }
    }

    /// Says that a file is not edited any more.
    pub fn close_file(&mut self, path: &str) {
        if let Some(file) = self.file(path) {
            let text = file.text(self).clone();
            file.set_text(self).with_durability(Durability::MEDIUM).to(text);
        }
    }

    /// Sets all files at once; those that were there and are not named are removed.
    pub fn set_files<'a>(&mut self, files: impl IntoIterator<Item = (&'a str, &'a str)>) {
        let program = self.program();
        let mut old: std::collections::BTreeMap<Arc<str>, SourceFile> =
            program.files(self).iter().map(|file| (file.path(self).clone(), *file)).collect();
        let mut new = std::collections::BTreeMap::new();
        for (path, text) in files {
            let file = match old.remove(path) {
                Some(file) => {
                    self.edit(file, text);
                    file
                }
                None => {
                    let file = self.new_file(path, text, Durability::MEDIUM);
                    self.outline(file);
                    file
                }
            };
            new.insert(Arc::<str>::from(path), file);
        }
        let files: Vec<SourceFile> = new.into_values().collect();
        if program.files(self) != &files {
            program.set_files(self).to(files);
        }
        self.settle();
    }

    /// Removes a file.
    pub fn remove_file(&mut self, path: &str) {
        let program = self.program();
        let mut files = program.files(self).clone();
        files.retain(|file| &**file.path(self) != path);
        if files.len() != program.files(self).len() {
            program.set_files(self).to(files);
            self.settle();
        }
    }

    /// Finds a file of the program by its path.
    pub fn file(&self, path: &str) -> Option<SourceFile> {
        let files = self.program().files(self);
        files.binary_search_by(|file| (**file.path(self)).cmp(path)).ok().and_then(|at| files.get(at).copied())
    }
}

/// The module of a file of the program: `billing/eu/invoice.tn` lies in `billing.eu`; `shop.tn` in the root.
pub fn module_of_path(path: &str) -> SmolStr {
    match path.rsplit_once('/') {
        Some((folder, _)) => {
            folder.split('/').filter(|step| !matches!(*step, "" | ".")).collect::<Vec<_>>().join(".").into()
        }
        None => SmolStr::default(),
    }
}

/// Each file of the library is a module of its own: `tenon/text.tn` is `tenon.text`.
fn library_module(path: &str) -> SmolStr {
    path.strip_suffix(".tn").unwrap_or(path).replace('/', ".").into()
}
