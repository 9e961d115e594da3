//! `use` items for names that another module of the program declares.

use super::change::{Offered, finish};
use super::{ActionKind, CodeAction};
use crate::Analysis;
use crate::answer::{FileRange, TextEdit};
use rustc_hash::FxHashSet;
use smol_str::SmolStr;
use std::collections::{BTreeMap, BTreeSet};
use tenon_check::items::{items, parse, tree};
use tenon_check::names::{ModuleKey, is_library_module, is_private, module_items, module_path, modules};
use tenon_span::Range;
use tenon_syntax::ast::ItemKind;
use tenon_syntax::token::comments;

/// The diagnostics that a `use` may mend: unknown names and types.
const UNKNOWN: [&str; 2] = ["unknown-name", "unknown-type"];

pub(super) fn offer(analysis: &Analysis, range: &FileRange, found: &mut Vec<CodeAction>) {
    let Some(file) = analysis.db.file(&range.file) else { return };
    let text = file.text(&analysis.db);
    for diagnostic in analysis.diagnostics(&range.file) {
        let here = diagnostic.range.start <= range.range.end && range.range.start <= diagnostic.range.end;
        if !here || !UNKNOWN.contains(&diagnostic.name.as_str()) {
            continue;
        }
        let name = diagnostic.range.slice(text);
        for path in analysis.modules_with(file.module(&analysis.db), name) {
            let offered = Offered {
                id: "add-use",
                title: format!("add `use {path} {{ {name} }}`"),
                kind: ActionKind::QuickFix,
                select: None,
            };
            let Some(edit) = analysis.use_edit(file, &path, name) else { continue };
            let mut action = finish(analysis, vec![(range.file.clone(), vec![edit])], offered);
            action.mends.push((diagnostic.code.clone(), diagnostic.range));
            action.preferred = true;
            found.push(action);
        }
    }
}

impl Analysis {
    /// An action that leaves out the `use` items and names that a file does not need, joins those of one module and
    /// puts them in order; `None` where there is nothing to do. Comments before a `use` stay.
    pub fn organize_uses(&self, file: &str) -> Option<CodeAction> {
        let source = self.db.file(file)?;
        let all = items(&self.db, source);
        // A file that could not be read as a whole may use what it does not seem to.
        if all.iter().any(|item| tree(&self.db, *item).is_none() || !parse(&self.db, *item).errors.is_empty()) {
            return None;
        }
        let mut said: FxHashSet<SmolStr> = FxHashSet::default();
        for item in all.iter().filter(|item| item.word(&self.db) != "use") {
            let parsed = parse(&self.db, *item);
            said.extend(parsed.tokens.tokens().iter().map(|token| SmolStr::from(token.range.slice(&parsed.code))));
        }
        // Per module: the module itself, and names of it.
        let mut wanted: BTreeMap<String, (bool, BTreeSet<SmolStr>)> = BTreeMap::new();
        let mut places: Vec<Range> = Vec::new();
        let mut written: Vec<String> = Vec::new();
        for item in all.iter().filter(|item| item.word(&self.db) == "use") {
            let Some(tree) = tree(&self.db, *item) else { continue };
            let ItemKind::Use(import) = &tree.kind else { continue };
            let path: Vec<&str> = import.path.iter().map(|step| step.text.as_str()).collect();
            let of = wanted.entry(path.join(".")).or_default();
            match &import.names {
                None => of.0 |= import.path.last().is_some_and(|last| said.contains(&last.text)),
                Some(names) => {
                    of.1.extend(names.iter().map(|name| name.text.clone()).filter(|name| said.contains(name)))
                }
            }
            places.push(self.range_in_file(*item, tree.range));
            written.push(tree.range.slice(&parse(&self.db, *item).code).to_owned());
        }
        let mut lines = Vec::new();
        for (path, (module, names)) in &wanted {
            if *module {
                lines.push(format!("use {path}"));
            }
            if !names.is_empty() {
                lines.push(format!(
                    "use {path} {{ {} }}",
                    names.iter().map(SmolStr::as_str).collect::<Vec<_>>().join(", ")
                ));
            }
        }
        if lines == written {
            return None;
        }
        let text = source.text(&self.db);
        let mut edits = Vec::new();
        for (n, place) in places.iter().enumerate() {
            let new = if n == 0 { lines.join("\n") } else { String::new() };
            // With its line, where nothing is left of it.
            let rest = text.get(place.end as usize..).unwrap_or("");
            let end = if new.is_empty() && rest.starts_with('\n') { place.end + 1 } else { place.end };
            edits.push(TextEdit { range: Range::new(place.start, end), text: new });
        }
        let offered = Offered {
            id: "organize-uses",
            title: String::from("put the `use` items in order"),
            kind: ActionKind::Organize,
            select: None,
        };
        Some(finish(self, vec![(file.to_owned(), edits)], offered)).filter(|action| !action.edit.is_empty())
    }

    /// The modules of the program, as `use` writes them, that have a public item of this name; without `own`.
    pub(crate) fn modules_with(&self, own: &str, name: &str) -> Vec<String> {
        let db = &self.db;
        let program = &db.program().settings(db).name;
        if program.is_empty() || name.is_empty() {
            return Vec::new();
        }
        let has = |module: &str| {
            let items = module_items(db, ModuleKey::new(db, smol_str::SmolStr::from(module)));
            items.by_name.get(name).is_some_and(|item| !is_private(db, *item))
        };
        let others = modules(db).iter().filter(|module| *module != own && !is_library_module(module) && has(module));
        others
            .map(|module| if module.is_empty() { program.to_string() } else { format!("{program}.{module}") })
            .collect()
    }

    /// The edit that makes a file use a name of a module: in a `use` that is there, else on a line of its own.
    pub(crate) fn use_edit(&self, file: tenon_check::db::SourceFile, path: &str, name: &str) -> Option<TextEdit> {
        let db = &self.db;
        let all = items(db, file);
        let mut last = None;
        for item in all.iter().filter(|item| item.word(db) == "use") {
            let Some(tree) = tree(db, *item) else { continue };
            let ItemKind::Use(import) = &tree.kind else { continue };
            last = Some(self.range_in_file(*item, tree.range).end);
            let written: Vec<&str> = import.path.iter().map(|step| step.text.as_str()).collect();
            if written.join(".") == path
                && module_path(db, &import.path).is_some()
                && let Some(names) = &import.names
                && let Some(behind) = names.last()
            {
                let at = self.range_in_file(*item, behind.range).end;
                return Some(TextEdit { range: Range::empty(at), text: format!(", {name}") });
            }
        }
        let line = format!("use {path} {{ {name} }}");
        match last {
            Some(at) => Some(TextEdit { range: Range::empty(at), text: format!("\n{line}") }),
            None => self.first_uses_edit(file, &line),
        }
    }

    /// The edit that writes `use` items into a file without one: before the first item and its documentation, behind
    /// comments about the file.
    pub(crate) fn first_uses_edit(&self, file: tenon_check::db::SourceFile, lines: &str) -> Option<TextEdit> {
        let db = &self.db;
        let first = items(db, file).first()?;
        let parsed = parse(db, *first);
        let text = first.text(db);
        let mut at = parsed.tokens.token_place(0).start;
        for comment in comments(text, parsed.tokens.trivia_before(0)).iter().rev() {
            let between = Range::new(comment.range.end, at).slice(text);
            if between.matches('\n').count() > 1 {
                break;
            }
            at = comment.range.start;
        }
        Some(TextEdit { range: Range::empty(at + first.offset(db)), text: format!("{lines}\n\n") })
    }
}
