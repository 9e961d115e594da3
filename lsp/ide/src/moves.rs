//! Files that move. A folder is a module, so a file that changes its folder changes under which path its items are used:
//! `use` items elsewhere name the new one, files that shared a module and do not any more use each other's items, and
//! those that share one now need no `use`.

use crate::Analysis;
use crate::answer::{TextEdit, WorkspaceEdit};
use crate::occurrences::occurrences;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;
use std::collections::{BTreeMap, BTreeSet};
use tenon_check::db::{SourceFile, module_of_path};
use tenon_check::items::{code, items, tree};
use tenon_check::names::{is_library_module, item_of, module_path};
use tenon_check::ty::Symbol;
use tenon_check::uses::Meaning;
use tenon_span::Range;
use tenon_syntax::ast::ItemKind;

/// Which module each file of the program lies in after the move.
struct Moved<'a> {
    analysis: &'a Analysis,
    modules: FxHashMap<SourceFile, SmolStr>,
}

/// What a `use` says: the module itself, names of it.
#[derive(Clone, PartialEq, Eq, Default)]
struct Used {
    whole: bool,
    names: Vec<SmolStr>,
}

/// A `use` item that is there, and what stands in its place: modules in the order in which they are met.
struct Written {
    place: Range,
    before: Vec<(SmolStr, Used)>,
    after: Vec<(SmolStr, Used)>,
}

impl Analysis {
    /// The edits that keep names in sight when files move, as pairs of paths in the program: where they are, where
    /// they will be. The edits are of the files where they are now. What moves within its folder changes nothing.
    pub fn move_files(&self, moves: &[(String, String)]) -> WorkspaceEdit {
        let files = self.db.program().files(&self.db);
        let to: BTreeMap<&str, &str> = moves.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
        let modules = files.iter().map(|file| {
            let path = self.path(*file);
            (*file, to.get(path.as_str()).map_or_else(|| file.module(&self.db).clone(), |to| module_of_path(to)))
        });
        let moved = Moved { analysis: self, modules: modules.collect() };
        let changes = |file: &SourceFile| moved.modules.get(file).is_some_and(|new| new != file.module(&self.db));
        if !files.iter().any(changes) || self.db.program().settings(&self.db).name.is_empty() {
            return WorkspaceEdit::default();
        }
        let mut edits: Vec<(String, TextEdit)> = Vec::new();
        for file in files {
            let path = self.path(*file);
            edits.extend(moved.edits(*file).into_iter().map(|edit| (path.clone(), edit)));
        }
        WorkspaceEdit::new(edits)
    }
}

impl Moved<'_> {
    /// The module that an item lies in after the move; nothing for one of the library or one that is not there.
    fn module_of(&self, symbol: &Symbol) -> Option<SmolStr> {
        self.modules.get(&item_of(&self.analysis.db, symbol)?.file(&self.analysis.db)).cloned()
    }

    /// Where a module has gone as a whole; where it is, if it has not.
    fn whole(&self, module: &SmolStr) -> SmolStr {
        let of = self.modules.iter().filter(|(file, _)| file.module(&self.analysis.db) == module);
        let targets: BTreeSet<&SmolStr> = of.map(|(_, target)| target).collect();
        match targets.into_iter().collect::<Vec<_>>().as_slice() {
            [one] => (*one).clone(),
            _ => module.clone(),
        }
    }

    fn edits(&self, file: SourceFile) -> Vec<TextEdit> {
        let db = &self.analysis.db;
        let (old, Some(new)) = (file.module(db), self.modules.get(&file)) else { return Vec::new() };
        let mut edits = Vec::new();
        let mut written = self.written(file, new);
        // What the code names and no `use` brings yet.
        let mut missing: Vec<(SmolStr, Used)> = Vec::new();
        for item in items(db, file).iter().filter(|item| item.word(db) != "use") {
            let uses = occurrences(db, *item);
            let code = code(db, *item);
            for one in uses {
                let Meaning::Item(symbol) = &one.meaning else { continue };
                let Some(target) = self.module_of(symbol) else { continue };
                let qualifier = uses.iter().find(|other| {
                    matches!(other.meaning, Meaning::Module(_))
                        && Range::new(other.range.end, one.range.start).slice(code).trim() == "."
                });
                match qualifier {
                    Some(step) => {
                        if target == symbol.module {
                            continue;
                        }
                        let through = Range::new(step.range.start, one.range.start);
                        let (range, text) = match target == *new {
                            true => (through, String::new()),
                            false => (step.range, last_step(&self.path(&target)).to_owned()),
                        };
                        edits.push(TextEdit { range: self.analysis.range_in_file(*item, range), text });
                        if target != *new {
                            add(&mut missing, &target, None);
                        }
                    }
                    None if symbol.module == *old && target != *new => {
                        add(&mut missing, &target, Some(&symbol.name));
                    }
                    None => {}
                }
            }
        }
        for (target, used) in missing {
            let is_there =
                |of: &Used| (!used.whole || of.whole) && used.names.iter().all(|name| of.names.contains(name));
            if written.iter().flat_map(|of| &of.after).any(|(module, of)| *module == target && is_there(of)) {
                continue;
            }
            let at = written.iter().position(|of| of.after.iter().any(|(module, _)| *module == target));
            match at.or_else(|| written.len().checked_sub(1)).and_then(|at| written.get_mut(at)) {
                Some(of) => {
                    if used.whole {
                        add(&mut of.after, &target, None);
                    }
                    used.names.iter().for_each(|name| add(&mut of.after, &target, Some(name)));
                }
                None => {
                    let mut after = vec![(target, used)];
                    after.sort_by(|(a, _), (b, _)| a.cmp(b));
                    written.push(Written { place: Range::empty(0), before: Vec::new(), after });
                }
            }
        }
        edits.extend(written.iter().filter_map(|of| self.rewritten(file, of)));
        edits.sort_by_key(|edit| edit.range);
        edits.dedup();
        edits
    }

    /// The `use` items of a file, each with what it says after the move.
    fn written(&self, file: SourceFile, new: &SmolStr) -> Vec<Written> {
        let db = &self.analysis.db;
        let mut found = Vec::new();
        for item in items(db, file).iter().filter(|item| item.word(db) == "use") {
            let Some(tree) = tree(db, *item) else { continue };
            let ItemKind::Use(import) = &tree.kind else { continue };
            let Some(module) = module_path(db, &import.path).filter(|module| !is_library_module(module)) else {
                continue;
            };
            let (mut before, mut after) = (Vec::new(), Vec::new());
            match &import.names {
                None => {
                    add(&mut before, &module, None);
                    let target = self.whole(&module);
                    if target != *new {
                        add(&mut after, &target, None);
                    }
                }
                Some(names) => {
                    for name in names {
                        add(&mut before, &module, Some(&name.text));
                        let symbol = Symbol { module: module.clone(), name: name.text.clone() };
                        let target = self.module_of(&symbol).unwrap_or_else(|| self.whole(&module));
                        if target != *new {
                            add(&mut after, &target, Some(&name.text));
                        }
                    }
                }
            }
            found.push(Written { place: self.analysis.range_in_file(*item, tree.range), before, after });
        }
        found
    }

    /// The edit of a `use` item; nothing where it says what it said.
    fn rewritten(&self, file: SourceFile, of: &Written) -> Option<TextEdit> {
        if of.before == of.after {
            return None;
        }
        let mut lines = Vec::new();
        for (module, used) in &of.after {
            let path = self.path(module);
            if used.whole {
                lines.push(format!("use {path}"));
            }
            if !used.names.is_empty() {
                let names: Vec<&str> = used.names.iter().map(SmolStr::as_str).collect();
                lines.push(format!("use {path} {{ {} }}", names.join(", ")));
            }
        }
        let text = lines.join("\n");
        if of.before.is_empty() {
            return self.analysis.first_uses_edit(file, &text);
        }
        // With its line, where nothing is left of it.
        let rest = file.text(&self.analysis.db).get(of.place.end as usize..).unwrap_or("");
        let end = if text.is_empty() && rest.starts_with('\n') { of.place.end + 1 } else { of.place.end };
        Some(TextEdit { range: Range::new(of.place.start, end), text })
    }

    /// A module as `use` writes it.
    fn path(&self, module: &str) -> String {
        let db = &self.analysis.db;
        let program = &db.program().settings(db).name;
        if module.is_empty() { program.to_string() } else { format!("{program}.{module}") }
    }
}

fn last_step(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// Adds a name of a module to what is used, or the module itself.
fn add(list: &mut Vec<(SmolStr, Used)>, module: &SmolStr, name: Option<&SmolStr>) {
    let at = list.iter().position(|(of, _)| of == module).unwrap_or_else(|| {
        list.push((module.clone(), Used::default()));
        list.len() - 1
    });
    let Some((_, used)) = list.get_mut(at) else { return };
    match name {
        None => used.whole = true,
        Some(name) if !used.names.contains(name) => used.names.push(name.clone()),
        Some(_) => {}
    }
}
