//! Code actions: changes of the text that an editor offers at a place.
//!
//! Each module offers some, given a `Context`; none of them changes anything by itself. What an action writes checks
//! without new errors, and items that were in the one style stay in it (see `change`).
//!
//! | module | offers |
//! | --- | --- |
//! | `fixes` | what diagnostics propose, one by one and all of a kind |
//! | `fields` | missing fields, missing arms |
//! | `guards` | guards, `let … else` |
//! | `extract`, `inline` | taking code out of its place and putting it back |
//! | `rewrite` | one form into another |
//! | `stubs` | scenarios, endpoints, types that are inferred |
//! | `imports` | `use` items |
//! | `scope`, `values` | what is in sight at a place; values to begin with |

mod change;
mod extract;
mod fields;
mod fixes;
mod guards;
mod imports;
mod inline;
mod rewrite;
mod scope;
mod stubs;
mod values;

use crate::Analysis;
use crate::answer::{FileRange, WorkspaceEdit};
use crate::node::Node;
use crate::typing::typed_code;
use serde::Serialize;
use tenon_check::items::{Item, items, parse};
use tenon_check::typed;
use tenon_span::Range;
use tenon_syntax::{Parsed, ast};

/// Every action by its stable name, and what it does.
pub const ACTIONS: &[(&str, &str)] = &[
    ("fix", "what a diagnostic proposes"),
    ("fix-all", "the first fix of all diagnostics of a kind in the file"),
    ("add-use", "a `use` for a name of another module"),
    ("organize-uses", "the `use` items joined, in order, without what is not needed"),
    ("fill-fields", "the missing fields of a new row, a case or an error"),
    ("fill-record", "the missing fields of a record that a function gives"),
    ("fill-arguments", "the missing arguments of a call"),
    ("fill-arms", "the missing arms of a `match`"),
    ("let-else", "`let p = R[k]` to `let p = R[k] else fail …`"),
    ("bind-first", "what may be absent to a `let … else` before its statement"),
    ("guard-none", "`if x == none { fail … }` before the statement"),
    ("add-guard", "a guard for a rule that is otherwise checked when it runs"),
    ("if-let-to-let-else", "`if let p = e { … }` to `let p = e else …`"),
    ("if-to-match", "`if x is A { … } else …` and `if let` to `match`"),
    ("match-to-if", "a `match` with two arms to `if`"),
    ("invert-if", "the condition turned around, the branches exchanged"),
    ("name-arguments", "`f(1, 2)` to `f(a: 1, b: 2)`"),
    ("extract-let", "an expression to a `let` before its statement"),
    ("extract-with", "a part of a clause to a `with` before it"),
    ("extract-function", "an expression or statements to a function"),
    ("extract-query", "a query to a `query` of its own"),
    ("inline-let", "the value of a `let` to the places that use it"),
    ("add-scenario", "a scenario that calls a handler or query"),
    ("expose", "`at METHOD \"/path\" public` for a handler or query"),
    ("write-type", "the type that was inferred"),
];

/// What an action is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    /// Mends a diagnostic.
    QuickFix,
    /// Mends all diagnostics of a kind in the file.
    FixAll,
    /// Puts the `use` items of the file in order.
    Organize,
    /// Writes what is missing.
    Generate,
    /// Takes code out of its place.
    Extract,
    /// Puts code into the places that use it.
    Inline,
    /// Writes the same in another form.
    Rewrite,
}

/// A change that is offered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct CodeAction {
    /// Its stable name: `fill-fields`.
    pub id: &'static str,
    /// What it does, as an imperative.
    pub title: String,
    /// What it is for.
    pub kind: ActionKind,
    /// The codes and ranges of the diagnostics that it mends.
    pub mends: Vec<(String, Range)>,
    /// True for the one that is most likely meant, at most one for each diagnostic.
    pub preferred: bool,
    /// The change. Only whole lines are replaced.
    pub edit: WorkspaceEdit,
    /// A name that the action made up, in the text after the change: to be selected or renamed at once.
    pub select: Option<FileRange>,
}

/// What stands at the place for which actions are wanted.
pub(crate) struct Context<'a> {
    pub analysis: &'a Analysis,
    pub item: Item<'a>,
    pub tree: &'a ast::Item,
    pub parsed: &'a Parsed,
    /// The selection, as a range of the item's code, without blanks at its ends; empty at a cursor.
    pub selection: Range,
    /// The nodes around the selection, from the item in.
    pub path: Vec<Node<'a>>,
}

impl Analysis {
    /// What can be done at a selection, or at a cursor where the range is empty; fixes first.
    pub fn code_actions(&self, range: &FileRange) -> Vec<CodeAction> {
        let mut found = Vec::new();
        fixes::offer(self, range, &mut found);
        imports::offer(self, range, &mut found);
        if let Some(context) = self.action_context(range) {
            if matches!(context.tree.kind, ast::ItemKind::Use(_)) {
                found.extend(self.organize_uses(&range.file));
            }
            fields::offer(&context, &mut found);
            guards::offer(&context, &mut found);
            rewrite::offer(&context, &mut found);
            extract::offer(&context, &mut found);
            inline::offer(&context, &mut found);
            stubs::offer(&context, &mut found);
        }
        // An action that knows what to write says more than a fix that leaves it open.
        let filled: Vec<(String, Range)> =
            found.iter().filter(|action| action.id == "fill-fields").flat_map(|action| action.mends.clone()).collect();
        found.retain(|action| action.id != "fix" || !action.mends.iter().any(|mended| filled.contains(mended)));
        found
    }

    fn action_context(&self, range: &FileRange) -> Option<Context<'_>> {
        let file = self.db.any_file(&range.file)?;
        let text = file.text(&self.db);
        let chosen = range.range.slice(text);
        let selected = !chosen.trim().is_empty();
        let start = range.range.start + if selected { (chosen.len() - chosen.trim_start().len()) as u32 } else { 0 };
        let all = items(&self.db, file);
        let after = all.partition_point(|item| item.offset(&self.db) <= start);
        let item = *all.get(after.checked_sub(1)?)?;
        let parsed = parse(&self.db, item);
        let tree = parsed.item.as_deref()?;
        let offset = item.offset(&self.db);
        let from = parsed.tokens.code_offset(start.saturating_sub(offset));
        let (selection, path) = if selected {
            let end = range.range.start + chosen.trim_end().len() as u32;
            // The code offset of a place inside of blanks lies before them: the selection begins with a token.
            let first = parsed.tokens.tokens().iter().find(|token| token.range.end > from)?;
            let start = first.range.start.max(from);
            let selection = Range::new(start, parsed.tokens.code_offset(end.saturating_sub(offset)));
            (selection, Node::Item(tree).path_over(selection))
        } else {
            (Range::empty(from), Node::Item(tree).path_to(from))
        };
        Some(Context { analysis: self, item, tree, parsed, selection, path })
    }
}

impl<'a> Context<'a> {
    /// The source text of a range of the item's code.
    pub fn source(&self, range: Range) -> &'a str {
        range.slice(&self.parsed.code)
    }

    /// The place of a range of the item's code in the file.
    pub fn place(&self, range: Range) -> Range {
        self.analysis.range_in_file(self.item, range)
    }

    /// The file.
    pub fn file(&self) -> String {
        self.item.file(&self.analysis.db).path(&self.analysis.db).to_string()
    }

    /// The text of a range of the item's code as it stands in the file, with its comments and lines.
    pub fn written(&self, range: Range) -> &'a str {
        self.place(range).slice(self.item.file(&self.analysis.db).text(&self.analysis.db))
    }

    /// The innermost node around the selection of which `f` makes something.
    pub fn innermost<T>(&self, f: impl Fn(Node<'a>) -> Option<T>) -> Option<T> {
        self.path.iter().rev().find_map(|node| f(*node))
    }

    /// The typed trees of the item's code.
    pub fn typed_roots(&self) -> Vec<&'a typed::Expr> {
        let code = typed_code(&self.analysis.db, self.item);
        code.into_iter().flat_map(|code| code.roots).collect()
    }

    /// The typed expressions that stand at a range of the item's code, the outermost first: conversions stand around
    /// what they convert.
    pub fn typed(&self, range: Range) -> Vec<&'a typed::Expr> {
        let mut found = Vec::new();
        for root in self.typed_roots() {
            let mut open = vec![root];
            while let Some(expr) = open.pop() {
                if expr.range == range {
                    found.push(expr);
                }
                open.extend(tenon_check::typed::children(expr).into_iter().rev());
            }
        }
        found
    }

    /// True for an item of the library, which nobody changes.
    pub fn is_library(&self) -> bool {
        self.item.is_library(&self.analysis.db)
    }
}
