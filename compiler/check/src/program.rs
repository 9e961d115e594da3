//! The program as a whole: every diagnostic, and where items lie in files.

#![allow(missing_docs, reason = "the macros of salsa make functions that carry no documentation")]

use crate::agreement::{agreement, overlapping_endpoints, repeated_names};
use crate::bodies::body_diagnostics;
use crate::db::{CheckDatabase, Db, Program, SourceFile};
use crate::declare::{aliases_settled, declared, name_range};
use crate::effects::{circular_fields, file_may_circle};
use crate::items::{Item, items, parse, program_items, syntax_errors};
use crate::names::{ModuleKey, SymbolKey, is_library_module, item_of, modules, symbol_of};
use crate::stored::{refused_names, refused_shape, relations_in};
use crate::ty::Symbol;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;
use tenon_diagnostics::{Code, Diagnostic, ItemPath, Label, Location, Severity, Sources};
use tenon_span::Range;

/// Everything that is wrong with the program, in the order of files and places, each cause once. The library is
/// not looked at; see [`check_library`].
pub fn check(db: &CheckDatabase) -> Vec<Diagnostic> {
    Program::get(db).files(db).iter().flat_map(|file| check_file(db, *file)).cloned().collect()
}

/// What [`check`] says of one file of the program. A query per file, so that an edit looks again at the files that it
/// reaches; what concerns items together comes to it through [`found_together`].
#[salsa::tracked(returns(ref))]
pub fn check_file(db: &dyn Db, file: SourceFile) -> Vec<Diagnostic> {
    aliases_settled(db);
    if is_library_module(file.module(db)) {
        return named_like_the_library(db, file).into_iter().collect();
    }
    let mut found = Vec::new();
    for item in items(db, file) {
        item_diagnostics(db, *item, &mut found);
    }
    for relation in relations_in(db, file) {
        found.extend(refused_shape(db, SymbolKey::new(db, relation.clone())).iter().cloned());
    }
    found.extend(found_together(db, file).iter().cloned());
    ordered(db, found)
}

/// What is said of a folder of the program that is called like the library: at the first of its files, and nothing else
/// about any of them, since its modules are out of reach.
fn named_like_the_library(db: &dyn Db, file: SourceFile) -> Option<Diagnostic> {
    let first = Program::get(db).files(db).iter().find(|file| is_library_module(file.module(db)));
    if first != Some(&file) {
        return None;
    }
    let range = items(db, file)
        .first()
        .map_or(Range::empty(0), |item| place(db, &item.path(db), name_range(db, *item)).unwrap_or_default());
    let location = Location { item: None, file: file.path(db).clone(), range };
    let label = Label { location, message: "rename the folder".to_owned() };
    let message = "`tenon` is the library: a folder of the program cannot be called so";
    Some(Diagnostic::new(Code::ReservedName, message, label))
}

/// What is wrong with items together, by the path of the file in which it is said.
#[salsa::tracked(returns(ref))]
fn all_found_together(db: &dyn Db) -> FxHashMap<Arc<str>, Vec<Diagnostic>> {
    let mut found: FxHashMap<Arc<str>, Vec<Diagnostic>> = FxHashMap::default();
    let modules = modules(db).iter().filter(|module| !is_library_module(module));
    let repeated = modules.flat_map(|module| repeated_names(db, ModuleKey::new(db, module.clone())));
    let together = overlapping_endpoints(db).iter().chain(circular_fields(db)).chain(refused_names(db));
    for diagnostic in repeated.chain(together) {
        found.entry(diagnostic.primary.location.file.clone()).or_default().push(diagnostic.clone());
    }
    found
}

#[salsa::tracked(returns(ref))]
fn found_together(db: &dyn Db, file: SourceFile) -> Vec<Diagnostic> {
    all_found_together(db).get(file.path(db)).cloned().unwrap_or_default()
}

/// Asks of a file what [`check_file`] of any other asks of it: its bodies, which take most of the time of a check. Several
/// threads share the work where each begins with other files.
pub fn prepare_file(db: &CheckDatabase, file: SourceFile) {
    file_may_circle(db, file);
}

/// Everything that is wrong with the library.
pub fn check_library(db: &CheckDatabase) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for item in Program::get(db).library(db).iter().flat_map(|file| items(db, *file)) {
        item_diagnostics(db, *item, &mut found);
    }
    for module in modules(db).iter().filter(|module| is_library_module(module)) {
        found.extend(repeated_names(db, ModuleKey::new(db, module.clone())).iter().cloned());
    }
    ordered(db, found)
}

/// True if nothing keeps the program from running.
pub fn is_sound(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().all(|diagnostic| diagnostic.severity != Severity::Error)
}

/// The symbols of all named items, the library's first, in the order of files and lines; of a name that is
/// declared twice the first.
pub fn named_items(db: &CheckDatabase) -> Vec<Symbol> {
    let program = Program::get(db);
    let all = program.library(db).iter().chain(program.files(db)).flat_map(|file| items(db, *file));
    all.filter_map(|item| symbol_of(db, *item).filter(|symbol| item_of(db, symbol) == Some(*item))).collect()
}

/// The symbols of the program's scenarios, in the order of files and lines.
pub fn scenarios(db: &CheckDatabase) -> Vec<Symbol> {
    let all = program_items(db).filter(|item| item.word(db) == "scenario");
    all.filter_map(|item| symbol_of(db, item).filter(|symbol| item_of(db, symbol) == Some(item))).collect()
}

fn item_diagnostics<'db>(db: &'db dyn Db, item: Item<'db>, found: &mut Vec<Diagnostic>) {
    found.extend(syntax_errors(db, item));
    found.extend(declared(db, item).diagnostics.iter().cloned());
    found.extend(agreement(db, item).iter().cloned());
    body_diagnostics(db, item, found);
}

/// Sorts by place. Of messages with the same code at the same place the first stays.
fn ordered(db: &dyn Db, found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut placed: Vec<(Arc<str>, Range, Diagnostic)> = found
        .into_iter()
        .map(|diagnostic| {
            let location = &diagnostic.primary.location;
            let range = match &location.item {
                Some(item) => place(db, item, location.range).unwrap_or_default(),
                None => location.range,
            };
            (location.file.clone(), range, diagnostic)
        })
        .collect();
    placed.sort_by(|a, b| {
        (&a.0, a.1.start, a.2.severity, a.2.code, a.1.end).cmp(&(&b.0, b.1.start, b.2.severity, b.2.code, b.1.end))
    });
    let mut seen: FxHashSet<(Arc<str>, Range, Code)> = FxHashSet::default();
    placed.retain(|(file, range, diagnostic)| seen.insert((file.clone(), *range, diagnostic.code)));
    // A word that is spelled wrong is understood as it should be spelled; what follows from that is no second cause.
    let is_spelling = |diagnostic: &Diagnostic| diagnostic.code == Code::Case;
    let misspelt: FxHashSet<(Arc<str>, Range)> = placed
        .iter()
        .filter(|(.., diagnostic)| is_spelling(diagnostic))
        .map(|(file, range, _)| (file.clone(), *range))
        .collect();
    placed.retain(|(file, range, diagnostic)| is_spelling(diagnostic) || !misspelt.contains(&(file.clone(), *range)));
    placed.into_iter().map(|(_, _, diagnostic)| diagnostic).collect()
}

impl CheckDatabase {
    /// A file of the program or of the library by its path.
    pub fn any_file(&self, path: &str) -> Option<SourceFile> {
        file_of(self, path)
    }

    /// Finds an item by its path.
    pub fn item(&self, path: &ItemPath) -> Option<Item<'_>> {
        item_at(self, path)
    }
}

impl Sources for CheckDatabase {
    fn text(&self, file: &str) -> Option<Arc<str>> {
        Some(self.any_file(file)?.text(self).clone())
    }

    fn place(&self, item: &ItemPath, range: Range) -> Option<Range> {
        place(self, item, range)
    }
}

fn file_of(db: &dyn Db, path: &str) -> Option<SourceFile> {
    let program = Program::get(db);
    let files = program.files(db);
    let own = files.binary_search_by(|file| (**file.path(db)).cmp(path)).ok().and_then(|at| files.get(at).copied());
    own.or_else(|| program.library(db).iter().copied().find(|file| &**file.path(db) == path))
}

fn item_at<'db>(db: &'db dyn Db, path: &ItemPath) -> Option<Item<'db>> {
    let file = file_of(db, &path.file)?;
    items(db, file)
        .iter()
        .copied()
        .find(|item| item.nth(db) == path.nth && item.word(db) == &*path.kind && item.name(db).as_str() == &*path.name)
}

fn place(db: &dyn Db, item: &ItemPath, range: Range) -> Option<Range> {
    let item = item_at(db, item)?;
    Some(parse(db, item).place(range).shifted(item.offset(db)))
}
