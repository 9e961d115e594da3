//! A program that runs, with its rows.
//!
//! When the text changes, a new instance takes the place of the old one. Where no declaration changed that rows depend on
//! (relations, types, constants, functions), the store moves over as it is. Otherwise every row goes the way of an
//! import: written as JSON by the old program, read, checked and completed by the new one. What does not fit any more is
//! left out, and the page says how many and why.

use crate::forms;
use crate::project::Project;
use crate::protocol::File;
use crate::rows::Table;
use crate::{Engine, requests};
use serde_json::{Map, Value as Json, json};
use std::sync::{Arc, Mutex, PoisonError};
use tenon_check::items::{code, program_items};
use tenon_core::eval::service::EvaluatorService;
use tenon_core::eval::{Evaluator, Inputs, Limits, MemoryStore, Store};
use tenon_core::ir::{Program, RelationId};
use tenon_value::dispatch::Router;

/// Rows of a relation as the JSON of imports.
pub(crate) type Rows = (String, Vec<Json>);

/// What one call may use. Small enough that a program that never ends gives the page back within about a second, and
/// that recursion ends before a browser's stack does.
pub(crate) const LIMITS: Limits = Limits { fuel: 2_000_000, memory: 64 << 20, depth: 400, stack: 400 << 10 };

/// So many rows are carried over to a changed program one by one; more begin again.
const MOST_CARRIED: usize = 5_000;

/// A program that runs.
pub(crate) struct Instance {
    pub program: Arc<Program>,
    pub service: EvaluatorService,
    pub router: Router,
    /// What the next call gets from the world.
    inputs: Arc<Mutex<Inputs>>,
    /// Calls so far: the number of the next one is shown by faults.
    pub calls: u64,
    /// The code of all declarations that rows depend on.
    declarations: String,
    /// Endpoints that were called since the store was empty, with the statuses of their answers.
    pub answered: Vec<(String, u16)>,
}

impl Instance {
    fn new(
        program: Arc<Program>,
        declarations: String,
        store: MemoryStore,
        inputs: &Inputs,
    ) -> Result<Instance, String> {
        let router = Router::new(&program.api).map_err(|error| error.to_string())?;
        let inputs = Arc::new(Mutex::new(inputs.clone()));
        let shared = inputs.clone();
        let evaluator = Evaluator::with_limits(program.clone(), LIMITS);
        let service = EvaluatorService::with_store(evaluator, store, move || {
            let mut next = shared.lock().unwrap_or_else(PoisonError::into_inner);
            let now = next.clone();
            // One request may run several calls, and no two of them draw the same identities.
            next.seed = next.seed.wrapping_add(1);
            now
        });
        Ok(Instance { program, service, router, inputs, calls: 0, declarations, answered: Vec::new() })
    }

    /// The same program over an empty store.
    pub fn beside(other: &Instance, inputs: &Inputs) -> Result<Instance, String> {
        let store = MemoryStore::new(&other.program);
        Instance::new(other.program.clone(), other.declarations.clone(), store, inputs)
    }

    /// Removes all rows.
    pub fn empty(&mut self) {
        let store = MemoryStore::new(&self.program);
        self.service.with(|rows| *rows = store);
        self.answered.clear();
    }

    /// Sets what the next call gets from the world.
    pub fn set_inputs(&self, inputs: &Inputs) {
        *self.inputs.lock().unwrap_or_else(PoisonError::into_inner) = inputs.clone();
    }

    /// The relation of a name.
    pub fn relation(&self, name: &str) -> Option<RelationId> {
        self.program.relations.iter().position(|relation| relation.name == name).map(|at| RelationId(at as u32))
    }

    /// The number of rows of a relation.
    pub fn count(&self, relation: RelationId) -> usize {
        self.service.with(|store| store.count(relation))
    }
}

impl Engine {
    /// Takes the text, and runs the program if it has no errors. With `rows` the store begins anew with them, as soon as
    /// the program runs; without, the rows that are there are kept where they fit.
    pub(crate) fn open(&mut self, files: &[File], name: &str, rows: Option<Vec<Rows>>, inputs: &Inputs) -> Json {
        let fresh = rows.is_some();
        self.waiting = rows.unwrap_or_else(|| std::mem::take(&mut self.waiting));
        let project = std::mem::replace(&mut self.project, Project::new());
        self.project = project.set(files, name);
        let (diagnostics, core) = self.project.check();
        self.sound = core.is_some();
        let mut left_out = Vec::new();
        let mut refused = None;
        if let Some(core) = core {
            let old = self.instance.take().filter(|_| !fresh);
            let answered = old.as_ref().map(|old| old.answered.clone()).unwrap_or_default();
            match start(&self.project, core, old, inputs, &mut left_out) {
                Ok(instance) => {
                    let mut instance = Instance { answered, ..instance };
                    store(&mut instance, &self.project, std::mem::take(&mut self.waiting), &mut left_out);
                    self.instance = Some(instance);
                }
                Err(why) => refused = Some(why),
            }
        } else if fresh {
            self.instance = None;
        }
        let problems: Vec<Json> = diagnostics.iter().map(|found| self.project.problem(found)).collect();
        let mut answer = Map::new();
        answer.insert("sound".into(), self.sound.into());
        answer.insert("problems".into(), problems.into());
        answer.insert("leftOut".into(), left_out.into());
        answer.insert("refused".into(), refused.into());
        if let Some(instance) = &self.instance {
            answer.insert("program".into(), describe(instance, &self.project));
        }
        Json::Object(answer)
    }
}

/// The new instance, with the rows of the old one that fit.
fn start(
    project: &Project,
    core: Arc<Program>,
    old: Option<Instance>,
    inputs: &Inputs,
    left_out: &mut Vec<Json>,
) -> Result<Instance, String> {
    let declarations = declarations(project);
    let Some(old) = old else {
        let store = MemoryStore::new(&core);
        return Instance::new(core, declarations, store, inputs);
    };
    if old.declarations == declarations && same_relations(&old.program, &core) {
        let store = old.service.with(std::mem::take);
        return Instance::new(core, declarations, store, inputs);
    }
    let store = MemoryStore::new(&core);
    let mut new = Instance::new(core, declarations, store, inputs)?;
    carry(&old, &mut new, project, left_out);
    Ok(new)
}

/// The code of everything that a row's shape and rules can depend on.
fn declarations(project: &Project) -> String {
    let mut out = String::new();
    for item in program_items(project.db()) {
        if matches!(item.word(project.db()), "relation" | "event" | "type" | "const" | "fn" | "use") {
            out.push_str(item.file(project.db()).path(project.db()));
            out.push('\n');
            out.push_str(code(project.db(), item));
            out.push('\n');
        }
    }
    out
}

/// What the page says of rows that found no place.
fn left(relation: &str, rows: usize, why: &str) -> Json {
    json!({ "relation": relation, "rows": rows, "why": why })
}

/// Whether numbers of relations and variants mean the same in both programs.
fn same_relations(old: &Program, new: &Program) -> bool {
    let names = |program: &Program| program.relations.iter().map(|r| r.name.clone()).collect::<Vec<_>>();
    names(old) == names(new)
}

/// Brings the rows of one instance into another.
fn carry(old: &Instance, new: &mut Instance, project: &Project, left_out: &mut Vec<Json>) {
    let total: usize = (0..old.program.relations.len()).map(|at| old.count(RelationId(at as u32))).sum();
    if total > MOST_CARRIED {
        return left_out.push(left("", total, "more rows than are carried over to a changed program"));
    }
    let mut waiting: Vec<Rows> = Vec::new();
    for (at, relation) in old.program.relations.iter().enumerate() {
        let count = old.count(RelationId(at as u32));
        if count == 0 {
            continue;
        }
        let Some(target) = new.relation(&relation.name) else {
            left_out.push(left(&relation.name, count, "the relation is gone"));
            continue;
        };
        let table = Table::of(old, RelationId(at as u32));
        let fields = Table::of(new, target).names();
        let rows = table.insertable().then(|| {
            let rows = old.service.with(|store| store.rows(RelationId(at as u32)));
            rows.iter()
                .map(|(_, row)| {
                    let mut row = table.row(row);
                    // A field that is gone takes nothing else with it.
                    if let Some(members) = row.as_object_mut() {
                        members.retain(|name, _| fields.iter().any(|field| field == name));
                    }
                    row
                })
                .collect::<Vec<Json>>()
        });
        match rows {
            Some(rows) => waiting.push((relation.name.to_string(), rows)),
            None => left_out.push(left(&relation.name, count, "its rows have references inside of variants")),
        }
    }
    store(new, project, waiting, left_out);
}

/// Stores rows by the rules of imports, in whatever order they come: one that refers to a row that is not there yet waits,
/// and what still waits at the end is left out.
fn store(instance: &mut Instance, project: &Project, mut waiting: Vec<Rows>, left_out: &mut Vec<Json>) {
    loop {
        let before: usize = waiting.iter().map(|(_, rows)| rows.len()).sum();
        let mut why: Vec<Option<String>> = vec![None; waiting.len()];
        for ((name, rows), why) in waiting.iter_mut().zip(&mut why) {
            rows.retain(|row| {
                match requests::internal(instance, project, &tenon_core::lower::import_name(name), row) {
                    Ok(response) if response.status < 400 => false,
                    Ok(response) => {
                        why.get_or_insert_with(|| response.detail());
                        true
                    }
                    Err(message) => {
                        why.get_or_insert(message);
                        true
                    }
                }
            });
        }
        let after: usize = waiting.iter().map(|(_, rows)| rows.len()).sum();
        if after == 0 || after == before {
            for ((name, rows), why) in waiting.iter().zip(why).filter(|((_, rows), _)| !rows.is_empty()) {
                left_out.push(left(name, rows.len(), &why.unwrap_or_default()));
            }
            return;
        }
    }
}

/// What the page shows of a running program.
fn describe(instance: &Instance, project: &Project) -> Json {
    let program = &instance.program;
    let relations: Vec<Json> = (0..program.relations.len())
        .map(|at| {
            let id = RelationId(at as u32);
            let relation = program.relation(id);
            let table = Table::of(instance, id);
            json!({
                "name": relation.name.as_str(),
                "event": relation.event,
                "count": instance.count(id),
                "insertable": table.insertable(),
                "editable": table.editable(),
                "columns": table.columns(project),
                "at": project.site(program, relation.site),
            })
        })
        .collect();
    let scenarios: Vec<Json> = program
        .scenarios
        .iter()
        .map(|scenario| json!({ "name": scenario.name, "at": project.site(program, scenario.site) }))
        .collect();
    json!({
        "relations": relations,
        "endpoints": forms::endpoints(instance, project),
        "scenarios": scenarios,
    })
}
