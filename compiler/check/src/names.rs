//! Names: what a name means in a file.
//!
//! A name is looked for in the file's module, then among what the file's `use` items bring, then in the
//! library, whose public items are in sight everywhere. Case separates types from values, so one name has one
//! meaning. [`resolve`] is a query per file and name: an item that comes or goes re-runs the look-ups of names
//! (cheap), but only those whose answer changed reach a body.

#![allow(missing_docs, reason = "the macros of salsa make functions that carry no documentation")]

use crate::db::{Db, Program, SourceFile};
use crate::items::{Item, items, tree};
use crate::ty::Symbol;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;
use std::sync::Arc;
use tenon_syntax::ast::{ItemKind, TypeBody};

/// What a name means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Resolution {
    /// An item.
    Item(Symbol),
    /// A module that a `use` without braces brought: `text` after `use tenon.text`.
    Module(SmolStr),
    /// Nothing of that name is in sight.
    Unknown,
    /// Reported already, at the `use` that should have brought it.
    Error,
}

/// A symbol as the key of a query.
#[salsa::interned(debug)]
pub struct SymbolKey<'db> {
    /// The symbol.
    #[returns(ref)]
    pub symbol: Symbol,
}

/// A module as the key of a query.
#[salsa::interned(debug)]
pub struct ModuleKey<'db> {
    /// Its dotted path.
    #[returns(ref)]
    pub path: SmolStr,
}

/// What a file declares, as far as names elsewhere depend on it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outline {
    items: Vec<Outlined>,
}

/// A named item of an [`Outline`].
#[derive(Clone, PartialEq, Eq, Debug)]
struct Outlined {
    word: &'static str,
    name: SmolStr,
    nth: u32,
    /// See [`symbol_name`].
    symbol: SmolStr,
    /// Of a variant type its cases.
    cases: Vec<SmolStr>,
}

/// What a file declares. Asked after each change of it, and kept as [`SourceFile::outline`].
#[salsa::tracked(returns(ref))]
pub fn outline_of(db: &dyn Db, file: SourceFile) -> Outline {
    let cases = |item: &Item<'_>| match tree(db, *item).as_deref().map(|tree| &tree.kind) {
        Some(ItemKind::Type(tenon_syntax::ast::TypeDecl { body: TypeBody::Variants { cases, .. }, .. })) => {
            cases.iter().map(|case| case.name.text.clone()).collect()
        }
        _ => Vec::new(),
    };
    let named = items(db, file).iter().filter_map(|item| {
        Some(Outlined {
            word: item.word(db),
            name: item.name(db).clone(),
            nth: item.nth(db),
            symbol: symbol_name(db, *item)?,
            cases: if item.word(db) == "type" { cases(item) } else { Vec::new() },
        })
    });
    Outline { items: named.collect() }
}

/// The items of a file by what identifies them.
#[salsa::tracked(returns(ref))]
fn items_by_identity<'db>(db: &'db dyn Db, file: SourceFile) -> Identities<'db> {
    let named = |item: &Item<'db>| ((item.word(db), item.nth(db), Arc::from(item.name(db).as_str())), *item);
    Identities { items: items(db, file).iter().map(named).collect() }
}

#[derive(Clone, PartialEq, Eq, Debug, Default, salsa::SalsaValue)]
struct Identities<'db> {
    items: FxHashMap<(&'static str, u32, Arc<str>), Item<'db>>,
}

/// Where the items of a module are declared, by symbol name. The first of a name wins.
#[salsa::tracked(returns(ref))]
fn module_outline<'db>(db: &'db dyn Db, module: ModuleKey<'db>) -> FxHashMap<SmolStr, (SourceFile, u32)> {
    let mut found = FxHashMap::default();
    for file in files_of(db, module.path(db)) {
        for (n, item) in file.outline(db).items.iter().enumerate() {
            found.entry(item.symbol.clone()).or_insert((file, n as u32));
        }
    }
    found
}

fn files_of<'db>(db: &'db dyn Db, module: &'db str) -> impl Iterator<Item = SourceFile> {
    let program = Program::get(db);
    let files: &[SourceFile] = if is_library_module(module) { program.library(db) } else { program.files(db) };
    files.iter().copied().filter(move |file| file.module(db) == module)
}

/// The items of a module by name. The first of a name wins; the others are in `repeated`, each with the first.
#[derive(Clone, PartialEq, Eq, Debug, Default, salsa::SalsaValue)]
pub struct ModuleItems<'db> {
    /// By name: as written for what has a name, in quotes for what has a title.
    pub by_name: FxHashMap<Arc<str>, Item<'db>>,
    /// Later items of a name that is taken, and the first.
    pub repeated: Vec<(Item<'db>, Item<'db>)>,
}

/// The name by which an item is found: its name, or its title in quotes. `None` for an item without either,
/// such as `use` and `policy`.
pub fn symbol_name<'db>(db: &'db dyn Db, item: Item<'db>) -> Option<SmolStr> {
    let name = item.name(db);
    if name.is_empty() {
        return None;
    }
    match item.word(db) {
        "const" | "type" | "relation" | "event" | "view" | "fn" | "query" | "handler" | "error" | "binding"
        | "workflow" | "page" | "schedule" => Some(name.clone()),
        "scenario" | "property" | "goal" | "invariant" => Some(smol_str::format_smolstr!("\"{name}\"")),
        _ => None,
    }
}

/// The symbol of an item.
pub fn symbol_of<'db>(db: &'db dyn Db, item: Item<'db>) -> Option<Symbol> {
    symbol_name(db, item).map(|name| Symbol { module: item.file(db).module(db).clone(), name })
}

/// The items of a module. Depends on which items exist, not on what they say. Runs again with every edit of one of its
/// files that adds or removes an item; single names are looked up by [`item_of`], which does not.
#[salsa::tracked(returns(ref))]
pub fn module_items<'db>(db: &'db dyn Db, module: ModuleKey<'db>) -> ModuleItems<'db> {
    let path = module.path(db);
    let mut found = ModuleItems::default();
    for file in files_of(db, path) {
        for item in items(db, file) {
            let Some(name) = symbol_name(db, *item) else { continue };
            match found.by_name.entry(Arc::from(name.as_str())) {
                std::collections::hash_map::Entry::Vacant(slot) => {
                    slot.insert(*item);
                }
                std::collections::hash_map::Entry::Occupied(first) => found.repeated.push((*item, *first.get())),
            }
        }
    }
    found
}

/// True for a module of the library.
pub fn is_library_module(path: &str) -> bool {
    path == "tenon" || path.starts_with("tenon.")
}

/// True for a name that a module of the library does not declare because the language has it itself.
pub fn is_primitive(module: &str, name: &str) -> bool {
    is_library_module(module) && !crate::builtins::Builtin::named(name).is_empty()
}

/// The modules of the program and of the library.
#[salsa::tracked(returns(ref))]
pub fn modules(db: &dyn Db) -> Vec<SmolStr> {
    let program = Program::get(db);
    let mut found: Vec<SmolStr> =
        program.library(db).iter().chain(program.files(db)).map(|file| file.module(db).clone()).collect();
    found.sort();
    found.dedup();
    found
}

/// The item that a symbol names. A query of its own, so that an item that comes or goes elsewhere reaches nobody.
#[salsa::tracked(returns(copy))]
fn item_by_key<'db>(db: &'db dyn Db, key: SymbolKey<'db>) -> Option<Item<'db>> {
    let symbol = key.symbol(db);
    let module = module_outline(db, ModuleKey::new(db, symbol.module.clone()));
    let (file, at) = module.get(&symbol.name)?;
    let Outlined { word, name, nth, .. } = file.outline(db).items.get(*at as usize)?;
    items_by_identity(db, *file).items.get(&(*word, *nth, Arc::from(name.as_str()))).copied()
}

/// The item that a symbol names.
pub fn item_of<'db>(db: &'db dyn Db, symbol: &Symbol) -> Option<Item<'db>> {
    item_by_key(db, SymbolKey::new(db, symbol.clone()))
}

/// The public names of the library: in sight everywhere, unless the program has the name itself.
#[salsa::tracked(returns(ref))]
pub fn prelude(db: &dyn Db) -> FxHashMap<SmolStr, Symbol> {
    let mut found = FxHashMap::default();
    for file in Program::get(db).library(db) {
        for item in items(db, *file) {
            if let Some(symbol) = symbol_of(db, *item)
                && !is_private(db, *item)
            {
                found.entry(symbol.name.clone()).or_insert(symbol);
            }
        }
    }
    found
}

/// True for an item that says `private`.
#[salsa::tracked(returns(copy))]
pub fn is_private<'db>(db: &'db dyn Db, item: Item<'db>) -> bool {
    tree(db, item).as_ref().is_some_and(|item| item.private.is_some())
}

/// What the `use` items of a file bring.
#[salsa::tracked(returns(ref))]
pub fn imports(db: &dyn Db, file: SourceFile) -> FxHashMap<SmolStr, Resolution> {
    let mut found = FxHashMap::default();
    for item in items(db, file).iter().filter(|item| item.word(db) == "use") {
        let Some(tree) = tree(db, *item) else { continue };
        let ItemKind::Use(import) = &tree.kind else { continue };
        let module = module_path(db, &import.path);
        match (&import.names, module) {
            (None, module) => {
                let Some(last) = import.path.last() else { continue };
                found.insert(last.text.clone(), module.map_or(Resolution::Error, Resolution::Module));
            }
            (Some(names), None) => found.extend(names.iter().map(|name| (name.text.clone(), Resolution::Error))),
            (Some(names), Some(module)) => {
                for name in names {
                    // Primitives are in sight everywhere; a `use` that names one says nothing new.
                    if is_primitive(&module, &name.text) {
                        continue;
                    }
                    let symbol = Symbol { module: module.clone(), name: name.text.clone() };
                    let meaning = match item_of(db, &symbol) {
                        Some(target) if !is_private(db, target) => Resolution::Item(symbol),
                        _ => Resolution::Error,
                    };
                    found.insert(name.text.clone(), meaning);
                }
            }
        }
    }
    found
}

/// The module that the path of a `use` means: `tenon.…` is the library's, the program's own begin with its name.
pub fn module_path(db: &dyn Db, path: &[tenon_syntax::ast::Ident]) -> Option<SmolStr> {
    let dotted = |path: &[tenon_syntax::ast::Ident]| -> SmolStr {
        path.iter().map(|step| step.text.as_str()).collect::<Vec<_>>().join(".").into()
    };
    let whole = dotted(path);
    let module = if is_library_module(&whole) {
        whole
    } else {
        let (first, rest) = path.split_first()?;
        if first.text != Program::get(db).settings(db).name {
            return None;
        }
        dotted(rest)
    };
    modules(db).binary_search(&module).is_ok().then_some(module)
}

/// What a name means in a file.
#[salsa::tracked(returns(ref))]
pub fn resolve(db: &dyn Db, file: SourceFile, name: SmolStr) -> Resolution {
    let module = file.module(db);
    if module_outline(db, ModuleKey::new(db, module.clone())).contains_key(&name) {
        return Resolution::Item(Symbol { module: module.clone(), name });
    }
    if let Some(found) = imports(db, file).get(&name) {
        return found.clone();
    }
    match prelude(db).get(&name) {
        Some(symbol) => Resolution::Item(symbol.clone()),
        None => Resolution::Unknown,
    }
}

/// What `module.name` means, where `module` is what [`resolve`] gave for the step before the dot.
#[salsa::tracked(returns(ref))]
pub fn resolve_in(db: &dyn Db, module: SmolStr, name: SmolStr) -> Resolution {
    let symbol = Symbol { module, name };
    match item_of(db, &symbol) {
        Some(item) if !is_private(db, item) => Resolution::Item(symbol),
        _ => Resolution::Unknown,
    }
}

/// The names in upper case that are in sight of a file. Asked for only where a diagnostic is made.
pub fn type_names(db: &dyn Db, file: SourceFile) -> impl Iterator<Item = &SmolStr> {
    names(db, file).iter().filter(|name| name.chars().next().is_some_and(char::is_uppercase))
}

/// All names that are in sight of a file. Asked for only where a diagnostic is made; a query, since a file that is
/// being written may need many.
#[salsa::tracked(returns(ref))]
pub fn names(db: &dyn Db, file: SourceFile) -> Vec<SmolStr> {
    let module = module_items(db, ModuleKey::new(db, file.module(db).clone()));
    let mut found: Vec<SmolStr> =
        module.by_name.keys().filter(|name| !name.starts_with('"')).map(|name| SmolStr::from(&**name)).collect();
    found.extend(imports(db, file).keys().cloned());
    found.extend(prelude(db).keys().cloned());
    found.sort();
    found.dedup();
    found
}

/// The variant types of a module by the names of their cases.
#[salsa::tracked(returns(ref))]
fn module_cases<'db>(db: &'db dyn Db, module: ModuleKey<'db>) -> FxHashMap<SmolStr, Vec<Symbol>> {
    let mut found: FxHashMap<SmolStr, Vec<Symbol>> = FxHashMap::default();
    let path = module.path(db);
    for (name, (file, at)) in module_outline(db, module) {
        let cases = file.outline(db).items.get(*at as usize).map(|item| &item.cases);
        for case in cases.into_iter().flatten() {
            let symbol = Symbol { module: path.clone(), name: name.clone() };
            found.entry(case.clone()).or_default().push(symbol);
        }
    }
    for symbols in found.values_mut() {
        symbols.sort();
        symbols.dedup();
    }
    found
}

/// The variant types in sight of a file that have a case of this name: the module's own; without one, those that
/// `use` brought; without those, the library's.
#[salsa::tracked(returns(ref))]
pub fn cases_in_sight(db: &dyn Db, file: SourceFile, case: SmolStr) -> Vec<Symbol> {
    let own = ModuleKey::new(db, file.module(db).clone());
    if let Some(symbols) = module_cases(db, own).get(&case) {
        return symbols.clone();
    }
    let has_case = |symbol: &Symbol| {
        let cases = module_cases(db, ModuleKey::new(db, symbol.module.clone()));
        cases.get(&case).is_some_and(|symbols| symbols.contains(symbol))
    };
    let brought = imports(db, file).values().filter_map(|meaning| match meaning {
        Resolution::Item(symbol) => Some(symbol),
        _ => None,
    });
    let mut found: Vec<Symbol> = brought.filter(|symbol| has_case(symbol)).cloned().collect();
    if found.is_empty() {
        found = prelude(db).values().filter(|symbol| has_case(symbol)).cloned().collect();
    }
    found.sort();
    found.dedup();
    found
}
