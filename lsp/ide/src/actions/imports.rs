//! `use` items for names that another module of the program declares.

use super::change::{Offered, finish};
use super::{ActionKind, CodeAction};
use crate::Analysis;
use crate::answer::{FileRange, TextEdit};
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
        if let Some(at) = last {
            return Some(TextEdit { range: Range::empty(at), text: format!("\n{line}") });
        }
        // Before the first item and its documentation, behind comments about the file.
        let first = all.first()?;
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
        Some(TextEdit { range: Range::empty(at + first.offset(db)), text: format!("{line}\n\n") })
    }
}
