//! The program as a whole: every diagnostic, and where items lie in files.

use crate::agreement::{agreement, overlapping_endpoints, repeated_names};
use crate::bodies::body_diagnostics;
use crate::db::{CheckDatabase, Db, Program, SourceFile};
use crate::declare::{declared, settle_aliases};
use crate::effects::circular_fields;
use crate::items::{Item, items, parse, program_items, syntax_errors};
use crate::names::{ModuleKey, item_of, modules, symbol_of};
use crate::ty::Symbol;
use rustc_hash::FxHashSet;
use std::sync::Arc;
use tenon_diagnostics::{Code, Diagnostic, ItemPath, Severity, Sources};
use tenon_span::Range;

/// Everything that is wrong with the program, in the order of files and places, each cause once. The library is
/// not looked at; see [`check_library`].
pub fn check(db: &CheckDatabase) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    settle_aliases(db);
    for item in program_items(db) {
        item_diagnostics(db, item, &mut found);
    }
    for module in modules(db).iter().filter(|module| !crate::names::is_library_module(module)) {
        found.extend(repeated_names(db, ModuleKey::new(db, module.clone())).iter().cloned());
    }
    found.extend(overlapping_endpoints(db).iter().cloned());
    found.extend(circular_fields(db).iter().cloned());
    ordered(db, found)
}

/// Everything that is wrong with the library.
pub fn check_library(db: &CheckDatabase) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for item in Program::get(db).library(db).iter().flat_map(|file| items(db, *file)) {
        item_diagnostics(db, *item, &mut found);
    }
    for module in modules(db).iter().filter(|module| crate::names::is_library_module(module)) {
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
fn ordered(db: &CheckDatabase, found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut placed: Vec<(Arc<str>, Range, Diagnostic)> = found
        .into_iter()
        .map(|diagnostic| {
            let location = &diagnostic.primary.location;
            let range = match &location.item {
                Some(item) => db.place(item, location.range).unwrap_or_default(),
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
        self.file(path).or_else(|| self.program().library(self).iter().copied().find(|file| &**file.path(self) == path))
    }

    /// Finds an item by its path.
    pub fn item(&self, path: &ItemPath) -> Option<Item<'_>> {
        let file = self.any_file(&path.file)?;
        items(self, file).iter().copied().find(|item| {
            item.nth(self) == path.nth && item.word(self) == &*path.kind && item.name(self).as_str() == &*path.name
        })
    }
}

impl Sources for CheckDatabase {
    fn text(&self, file: &str) -> Option<Arc<str>> {
        Some(self.any_file(file)?.text(self).clone())
    }

    fn place(&self, item: &ItemPath, range: Range) -> Option<Range> {
        let item = self.item(item)?;
        Some(parse(self, item).place(range).shifted(item.offset(self)))
    }
}
