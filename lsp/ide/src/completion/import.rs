//! `use`: its modules and names, and names that a choice brings with a `use` of their own.

use super::collect::{Choice, Collector};
use crate::answer::{SymbolKind, TextEdit};
use smol_str::SmolStr;
use tenon_check::db::Program;
use tenon_check::items::{Item, items, parse, tree};
use tenon_check::names::{ModuleKey, is_library_module, is_private, module_items, modules};
use tenon_span::Range;
use tenon_syntax::ast::{self, ItemKind};
use tenon_syntax::words::TokenKind;

/// How many names of other modules are offered.
const OTHERS: usize = 40;

impl<'db> Collector<'_, 'db> {
    /// The next steps of a module's path.
    pub fn modules(&mut self, before: &[SmolStr]) {
        self.clear_words();
        let analysis = self.analysis;
        for path in known_modules(&analysis.db) {
            let steps: Vec<&str> = path.split('.').collect();
            let leads = steps.len() > before.len() && steps.iter().zip(before).all(|(a, b)| a == b);
            if let Some(next) = steps.get(before.len()).filter(|_| leads) {
                let choice = Choice { detail: Some(format!("module {path}")), ..Choice::default() };
                self.add(next, SymbolKind::Module, 60, choice);
            }
        }
    }

    /// The public names of a module that a `use` does not name yet.
    pub fn imported(&mut self, path: &[SmolStr], taken: &[SmolStr]) {
        self.clear_words();
        let analysis = self.analysis;
        let db = &analysis.db;
        let whole = path.join(".");
        let Some(module) = module_of(db, &whole) else { return };
        let all = &module_items(db, ModuleKey::new(db, module)).by_name;
        for (name, item) in all.iter().filter(|(name, _)| !name.starts_with('"')) {
            if self.score(name).is_some() && !taken.iter().any(|other| **other == **name) && !is_private(db, *item) {
                let kind = analysis.kind_of_item(*item);
                self.add(name, kind, 60, Choice::default());
            }
        }
    }

    /// Public names of other modules of the program, each with the `use` that brings it.
    pub fn not_yet_imported(&mut self, wanted: &dyn Fn(SymbolKind) -> bool) {
        if self.marked.typed.chars().count() < 2 {
            return;
        }
        let analysis = self.analysis;
        let db = &analysis.db;
        let own = self.place.file.module(db);
        let program = Program::get(db).settings(db).name.clone();
        if program.is_empty() {
            return;
        }
        let mut found: Vec<(i32, SmolStr, Item<'db>, SmolStr)> = Vec::new();
        for module in modules(db).iter().filter(|module| *module != own && !is_library_module(module)) {
            // The program's own folder has no path that a `use` could name beyond the program's name.
            let path = match module.is_empty() {
                true => continue,
                false => smol_str::format_smolstr!("{program}.{module}"),
            };
            for (name, item) in &module_items(db, ModuleKey::new(db, module.clone())).by_name {
                if let Some(score) = self.score(name).filter(|_| !name.starts_with('"')) {
                    found.push((score, SmolStr::from(&**name), *item, path.clone()));
                }
            }
        }
        found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        if found.len() > OTHERS {
            found.truncate(OTHERS);
            self.cut();
        }
        for (_, name, item, path) in found {
            let kind = analysis.kind_of_item(item);
            if !wanted(kind) || is_private(db, item) {
                continue;
            }
            // What is in sight under this name already is meant by it.
            if !matches!(
                tenon_check::names::resolve(db, self.place.file, name.clone()),
                tenon_check::names::Resolution::Unknown
            ) {
                continue;
            }
            let choice = Choice {
                detail: Some(format!("use {path}")),
                additional: vec![self.use_of(&path, &name)],
                ..Choice::default()
            };
            self.add(&name, kind, -10, choice);
        }
    }

    /// The edit that brings a name: into the braces of a `use` of its module, or a `use` of its own behind the others.
    fn use_of(&self, path: &str, name: &str) -> TextEdit {
        let db = &self.analysis.db;
        let mut last: Option<Item<'_>> = None;
        for item in items(db, self.place.file).iter().filter(|item| item.word(db) == "use") {
            last = Some(*item);
            let Some(ItemKind::Use(import)) = tree(db, *item).as_deref().map(|tree| &tree.kind) else { continue };
            let same = import.path.iter().map(|step| step.text.as_str()).collect::<Vec<_>>().join(".") == path;
            if let Some(names) = &import.names
                && same
            {
                // Behind the last name, or into empty braces.
                let (range, text) = match names.last() {
                    Some(ast::Ident { range, .. }) => (*range, format!(", {name}")),
                    None => {
                        let tokens = parse(db, *item).tokens.tokens();
                        let Some(brace) = tokens.iter().find(|token| token.kind == TokenKind::LBrace) else { continue };
                        (brace.range, format!(" {name}"))
                    }
                };
                let end = self.analysis.range_in_file(*item, range).end;
                return TextEdit { range: Range::empty(end), text };
            }
        }
        match last {
            Some(item) => {
                let tokens = parse(db, item).tokens.tokens();
                let end = tokens.last().map_or(0, |token| token.range.end);
                let at = self.analysis.range_in_file(item, Range::new(end.saturating_sub(1), end)).end;
                TextEdit { range: Range::empty(at), text: format!("\nuse {path} {{ {name} }}") }
            }
            None => TextEdit { range: Range::empty(0), text: format!("use {path} {{ {name} }}\n\n") },
        }
    }
}

/// The modules as a `use` names them.
fn known_modules(db: &dyn tenon_check::db::Db) -> Vec<SmolStr> {
    let program = &Program::get(db).settings(db).name;
    let named = modules(db).iter().filter(|module| !module.is_empty());
    named
        .map(|module| match is_library_module(module) {
            true => module.clone(),
            false => smol_str::format_smolstr!("{program}.{module}"),
        })
        .collect()
}

fn module_of(db: &dyn tenon_check::db::Db, path: &str) -> Option<SmolStr> {
    let program = &Program::get(db).settings(db).name;
    let module = match is_library_module(path) {
        true => SmolStr::new(path),
        false => SmolStr::new(path.strip_prefix(program.as_str())?.strip_prefix('.')?),
    };
    modules(db).contains(&module).then_some(module)
}
