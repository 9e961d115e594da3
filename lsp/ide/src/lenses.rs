//! Lines above declarations that say something of them or offer to run them, and what of a file can be run.

use crate::Analysis;
use crate::access::{touched, touches};
use crate::answer::FileRange;
use crate::models::full_name;
use rustc_hash::FxHashMap;
use serde::Serialize;
use smol_str::SmolStr;
use tenon_check::db::SourceFile;
use tenon_check::declare::{name_range, signature};
use tenon_check::items::{Item, items, tree};
use tenon_check::names::symbol_of;
use tenon_check::signature::{FunctionSig, Signature};
use tenon_check::ty::Symbol;
use tenon_check::uses::{Form, Meaning, Role};
use tenon_span::Range;
use tenon_syntax::ast::{ItemKind, Member};

/// Something that can be run.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum RunnableKind {
    /// A scenario, by its title.
    Scenario {
        /// Its title.
        title: String,
    },
    /// All scenarios of the file.
    Scenarios {
        /// How many there are.
        count: usize,
    },
    /// `fn main`.
    Main,
    /// An endpoint: a request can be sent to it.
    Endpoint {
        /// The query or handler.
        name: String,
        /// `POST`
        method: String,
        /// The path with the program's prefix, parameters in braces.
        path: String,
    },
    /// The plans of a query.
    Explain {
        /// The query.
        name: String,
    },
}

/// Something that can be run, and where it stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Runnable {
    /// What.
    pub kind: RunnableKind,
    /// What to show: `run "the last item is sold once"`.
    pub label: String,
    /// The file.
    pub file: String,
    /// The declaration, without comments before it.
    pub full: Range,
    /// Its name.
    pub focus: Range,
}

/// What a lens does when it is taken.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "does")]
pub enum LensCommand {
    /// Runs something.
    Run {
        /// What.
        runnable: RunnableKind,
    },
    /// Shows places.
    Show {
        /// The places, in the order of files.
        places: Vec<FileRange>,
    },
    /// Shows the rows of a relation.
    Rows {
        /// The relation's name across modules: `billing.Invoice`.
        relation: String,
    },
}

/// A line above a declaration.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct CodeLens {
    /// The name that it is about.
    pub range: Range,
    /// What it says.
    pub title: String,
    /// What it does.
    pub command: LensCommand,
}

/// Which lenses are given.
#[derive(Clone, Copy)]
pub struct LensSettings<'a> {
    /// Run a scenario, all scenarios, `main`.
    pub run: bool,
    /// Call an endpoint.
    pub call: bool,
    /// Explain a query.
    pub explain: bool,
    /// Reads and writes of relations.
    pub relations: bool,
    /// Reads and writes of fields, each above its line.
    pub fields: bool,
    /// Calls of functions, queries and handlers.
    pub calls: bool,
    /// Rows of a relation.
    pub rows: RowLenses<'a>,
}

/// Lenses that show the rows of a relation, for a host that has them.
#[derive(Clone, Copy, Default)]
pub enum RowLenses<'a> {
    /// There are none.
    #[default]
    Never,
    /// They say no number.
    Uncounted,
    /// They say how many rows there are: who knows is asked with the relation's name across modules. One of which
    /// nothing is known has no lens.
    Counted(&'a dyn Fn(&str) -> Option<u64>),
}

impl Default for LensSettings<'_> {
    fn default() -> Self {
        LensSettings {
            run: true,
            call: true,
            explain: true,
            relations: true,
            fields: false,
            calls: false,
            rows: RowLenses::Never,
        }
    }
}

/// Places of reads and of writes.
#[derive(Default)]
struct Places {
    reads: Vec<FileRange>,
    writes: Vec<FileRange>,
}

impl Analysis {
    /// What of a file can be run, in the order of places; all scenarios together stand at the first.
    pub fn runnables(&self, file: &str) -> Vec<Runnable> {
        let Some(file) = self.db.any_file(file) else { return Vec::new() };
        let all = items(&self.db, file);
        let scenarios = all.iter().filter(|item| item.word(&self.db) == "scenario").count();
        let mut found = Vec::new();
        for item in all {
            let mut add = |kind: RunnableKind, label: String| {
                let target = self.target_of(*item);
                let path = file.path(&self.db).to_string();
                found.push(Runnable { kind, label, file: path, full: target.full, focus: target.focus });
            };
            if item.word(&self.db) == "scenario" {
                let title = item.name(&self.db).to_string();
                let first = all.iter().find(|other| other.word(&self.db) == "scenario") == Some(item);
                if first && scenarios > 1 {
                    let label = format!("run all {scenarios} scenarios");
                    add(RunnableKind::Scenarios { count: scenarios }, label);
                }
                add(RunnableKind::Scenario { title: title.clone() }, format!("run \"{title}\""));
                continue;
            }
            let Some(Signature::Function(sig)) = symbol_of(&self.db, *item).and_then(|of| signature(&self.db, &of))
            else {
                continue;
            };
            let name = sig.symbol.name.to_string();
            if let Some(endpoint) = &sig.endpoint {
                let path = self.endpoint_path(sig);
                let method = endpoint.method.to_string();
                let label = format!("call {method} {path}");
                add(RunnableKind::Endpoint { name: name.clone(), method, path }, label);
            }
            if item.word(&self.db) == "query" {
                add(RunnableKind::Explain { name: name.clone() }, format!("explain {name}"));
            }
            if item.word(&self.db) == "fn" && name == "main" && sig.symbol.module.is_empty() {
                add(RunnableKind::Main, String::from("run main"));
            }
        }
        found
    }

    /// The path of an endpoint with the program's prefix; empty for what is none.
    pub(crate) fn endpoint_path(&self, sig: &FunctionSig) -> String {
        let prefix = &self.db.program().settings(&self.db).prefix;
        sig.endpoint.as_ref().map_or_else(String::new, |endpoint| format!("{prefix}{}", endpoint.path))
    }

    /// The lenses of a file, in the order of places.
    pub fn code_lenses(&self, file: &str, settings: &LensSettings<'_>) -> Vec<CodeLens> {
        let mut found = Vec::new();
        for runnable in self.runnables(file) {
            let (wanted, title) = match &runnable.kind {
                RunnableKind::Scenario { .. } => (settings.run, String::from("run")),
                RunnableKind::Scenarios { .. } | RunnableKind::Main => (settings.run, runnable.label.clone()),
                RunnableKind::Endpoint { .. } => (settings.call, runnable.label.clone()),
                RunnableKind::Explain { .. } => (settings.explain, String::from("explain")),
            };
            if wanted {
                let command = LensCommand::Run { runnable: runnable.kind };
                found.push(CodeLens { range: runnable.focus, title, command });
            }
        }
        let Some(file) = self.db.file(file) else { return found };
        self.relation_lenses(file, settings, &mut found);
        if settings.calls {
            self.call_lenses(file, &mut found);
        }
        found.sort_by_key(|lens| lens.range.start);
        found
    }

    fn relation_lenses(&self, file: SourceFile, settings: &LensSettings<'_>, found: &mut Vec<CodeLens>) {
        let relations: Vec<(Item<'_>, Symbol)> = items(&self.db, file)
            .iter()
            .filter(|item| item.is_relation(&self.db))
            .filter_map(|item| Some((*item, symbol_of(&self.db, *item)?)))
            .collect();
        if relations.is_empty() {
            return;
        }
        let counted = settings.relations || settings.fields;
        let places = if counted { self.places_of(&relations) } else { FxHashMap::default() };
        let nothing = Places::default();
        for (item, symbol) in &relations {
            let name = self.range_in_file(*item, name_range(&self.db, *item));
            let relation = full_name(symbol);
            let title = match settings.rows {
                RowLenses::Never => None,
                RowLenses::Uncounted => Some(String::from("rows")),
                RowLenses::Counted(known) => known(&relation).map(|rows| match rows {
                    1 => String::from("1 row"),
                    rows => format!("{rows} rows"),
                }),
            };
            if let Some(title) = title {
                found.push(CodeLens { range: name, title, command: LensCommand::Rows { relation } });
            }
            let of = |field: Option<SmolStr>| places.get(&(symbol.clone(), field)).unwrap_or(&nothing);
            if settings.relations {
                found.push(of(None).lens(name));
            }
            if let Some(tree) = tree(&self.db, *item)
                && let ItemKind::Relation(relation) = &tree.kind
                && settings.fields
            {
                for member in &relation.members {
                    if let Member::Field(field) = member {
                        let range = self.range_in_file(*item, field.name.range);
                        found.push(of(Some(field.name.text.clone())).lens(range));
                    }
                }
            }
        }
    }

    /// The places that read and write relations and their fields, in code and not in scenarios.
    fn places_of(&self, relations: &[(Item<'_>, Symbol)]) -> FxHashMap<(Symbol, Option<SmolStr>), Places> {
        let mut places: FxHashMap<(Symbol, Option<SmolStr>), Places> = FxHashMap::default();
        for file in self.db.program().files(&self.db) {
            let (all, index) = (items(&self.db, *file), touched(&self.db, *file));
            for (_, symbol) in relations {
                for item in index.get(symbol).into_iter().flatten().filter_map(|at| all.get(*at)) {
                    for touch in touches(&self.db, *item).iter().filter(|touch| touch.relation == *symbol) {
                        let of = places.entry((symbol.clone(), touch.field.clone())).or_default();
                        let list = if touch.write { &mut of.writes } else { &mut of.reads };
                        list.push(self.file_range(*item, touch.range));
                    }
                }
            }
        }
        places
    }

    fn call_lenses(&self, file: SourceFile, found: &mut Vec<CodeLens>) {
        for item in items(&self.db, file) {
            let Some(symbol) = symbol_of(&self.db, *item) else { continue };
            if self.function(&symbol).is_none() {
                continue;
            }
            let mut places = Vec::new();
            self.each_use(&Meaning::Item(symbol), &mut |of, one| {
                if one.role != Role::Definition && one.form != Form::Positional {
                    places.push(self.file_range(of, one.range));
                }
            });
            let title = count(places.len(), "call");
            let range = self.range_in_file(*item, name_range(&self.db, *item));
            found.push(CodeLens { range, title, command: LensCommand::Show { places } });
        }
    }
}

impl Places {
    fn lens(&self, range: Range) -> CodeLens {
        let title = format!("{}, {}", count(self.reads.len(), "read"), count(self.writes.len(), "write"));
        let mut places: Vec<FileRange> = self.reads.iter().chain(&self.writes).cloned().collect();
        places.sort();
        places.dedup();
        CodeLens { range, title, command: LensCommand::Show { places } }
    }
}

fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}
