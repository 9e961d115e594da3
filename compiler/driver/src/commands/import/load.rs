//! Stores decoded rows in one transaction, in an order in which each finds the rows that it refers to.
//!
//! A row that refers to one that comes later in the file waits for it, so that every rule sees rows as they are meant.
//! Rows that lead to each other in a circle cannot all wait: there a reference that need not be there is left out at
//! first, and set, under the rules of an update, once all rows are stored.

use super::columns::Columns;
use super::rows::{BadRow, Given, Row};
use crate::cells;
use crate::report::visible;
use indicatif::ProgressBar;
use std::collections::{BTreeMap, HashMap, VecDeque};
use tenon_runtime::native::Ended;
use tenon_runtime::service::Batch;
use tenon_value::json::{self, DecodeError, Options};
use tenon_value::schema::RelationId;
use tenon_value::shape::{Kind, PredicateId, Presence, ShapeId};
use tenon_value::sink::Predicates;
use tenon_value::{Fault, Place, Problem, Value};

/// Refinements that shapes cannot express are functions of the program.
struct Rules<'b, 'a, 'c>(&'b mut Batch<'a, 'c>);

impl Predicates for Rules<'_, '_, '_> {
    fn holds(&mut self, predicate: PredicateId, value: &Value) -> Result<bool, Fault> {
        match self.0.call(predicate.0, std::slice::from_ref(value)) {
            Ok(Value::Bool(holds)) => Ok(holds),
            Ok(_) => Err(Fault::Internal),
            Err(Ended::Fault(fault, _)) => Err(fault),
            Err(_) => Err(Fault::Internal),
        }
    }
}

/// A function of the program, with the shape of what it takes.
#[derive(Clone, Copy)]
pub struct Step {
    /// The function's number.
    pub function: u32,
    /// The record of its arguments.
    pub arguments: ShapeId,
}

/// What stores rows.
pub struct Loader<'a> {
    /// The columns and the fields.
    pub columns: &'a Columns<'a>,
    /// Stores a row and answers with its key.
    pub insert: Step,
    /// The shape of that key.
    pub key: ShapeId,
    /// Sets fields of a row; only relations that lead to themselves have it.
    pub edit: Option<Step>,
    /// Where a place of the program is.
    pub place: &'a dyn Fn(u32) -> Option<String>,
    /// How far it is.
    pub bar: &'a ProgressBar,
}

/// A decoded row.
struct Decoded {
    line: u64,
    values: Vec<Value>,
}

/// A stored row with references that are not set yet.
struct Unfinished {
    line: u64,
    key: Value,
    references: Vec<Reference>,
}

/// A reference that leads nowhere yet.
#[derive(Clone)]
struct Reference {
    field: usize,
    target: RelationId,
    key: Value,
}

/// Rows of a load.
#[derive(Default)]
struct State {
    /// Rows that wait, by their lines.
    waiting: BTreeMap<u64, Decoded>,
    /// The lines of rows that wait for a key.
    by_key: HashMap<Value, Vec<u64>>,
    unfinished: Vec<Unfinished>,
    bad: Vec<BadRow>,
}

impl Loader<'_> {
    /// Stores all rows; yields those that cannot be stored, in the order of their lines.
    pub fn load(&self, batch: &mut Batch<'_, '_>, rows: Vec<Row<'_>>, bad: Vec<BadRow>) -> Vec<BadRow> {
        let mut state = State { bad, ..State::default() };
        for row in rows {
            match self.decode(batch, &row) {
                Ok(values) => self.put(batch, Decoded { line: row.line, values }, &mut state),
                Err(problems) => state.bad.push(BadRow { line: row.line, problems }),
            }
        }
        // What waits now leads in circles, or nowhere.
        loop {
            let lines: Vec<u64> = state.waiting.keys().copied().collect();
            let before = lines.len();
            for line in lines {
                let Some(row) = state.waiting.remove(&line) else { continue };
                let missing = self.missing(batch, &row.values);
                if self.edit.is_some() && missing.iter().all(|reference| self.may_follow(reference.field)) {
                    self.store(batch, row, missing, &mut state);
                } else {
                    state.waiting.insert(line, row);
                }
            }
            if state.waiting.is_empty() || state.waiting.len() == before {
                break;
            }
        }
        for (line, row) in std::mem::take(&mut state.waiting) {
            let missing = self.missing(batch, &row.values);
            state.bad.push(BadRow { line, problems: missing.iter().map(|r| self.nothing_there(r)).collect() });
        }
        for row in std::mem::take(&mut state.unfinished) {
            if let Err(problems) = self.finish(batch, &row) {
                state.bad.push(BadRow { line: row.line, problems });
            }
        }
        state.bad.sort_by_key(|row| row.line);
        state.bad
    }

    fn decode(&self, batch: &mut Batch<'_, '_>, row: &Row<'_>) -> Result<Vec<Value>, Vec<String>> {
        let fields = self.columns.fields;
        let mut values: Vec<Option<Value>> = vec![None; fields.len()];
        let mut problems = Vec::new();
        let mut given = vec![false; fields.len()];
        for (column, text) in &row.given {
            let Some(at) = self.columns.field(*column) else { continue };
            given[at] = true;
            match self.content(batch, at, text) {
                Ok(content) => values[at] = content,
                Err(found) => {
                    let name = visible(self.columns.name(*column));
                    problems.extend(found.into_iter().map(|(inside, what)| format!("{name}{inside}: {what}")));
                }
            }
        }
        for ((field, value), given) in fields.iter().zip(&mut values).zip(given) {
            match (&field.presence, value.is_none()) {
                (Presence::Required, true) if !given => problems.push(format!("{}: is required", field.name)),
                (Presence::Default(default), true) => *value = Some(default.clone()),
                _ => {}
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(fields.iter().zip(values).map(|(field, value)| self.columns.shapes.with_content(field, value)).collect())
    }

    /// What a row gives for a field; nothing if the field takes its default. Problems come with their places inside.
    fn content(
        &self,
        batch: &mut Batch<'_, '_>,
        at: usize,
        given: &Given<'_>,
    ) -> Result<Option<Value>, Vec<(String, String)>> {
        let (shapes, field) = (self.columns.shapes, &self.columns.fields[at]);
        let nothing = matches!(given, Given::Nothing) || matches!(given, Given::Json(text) if *text == "null");
        if nothing && self.columns.is_optional(at) {
            // Only where leaving it out means a default must `none` be said.
            return Ok(shapes.is_held(field).then_some(Value::None));
        }
        let decoded = match given {
            Given::Nothing if field.presence != Presence::Required => return Ok(None),
            Given::Nothing => {
                let hint = match shapes.get(field.shape).kind {
                    Kind::Text => " (the empty text is written `\"\"`)",
                    _ => "",
                };
                return Err(vec![(String::new(), format!("is required{hint}"))]);
            }
            Given::Cell(text) => cells::read(shapes, field.shape, text, Rules(batch)),
            Given::Json(text) => {
                json::decode_value(shapes, field.shape, text.as_bytes(), Options::default(), Rules(batch))
            }
        };
        match decoded {
            Ok(value) => Ok(Some(value)),
            Err(DecodeError::Problems(problems)) => Err(problems.iter().map(inside).collect()),
            Err(DecodeError::Fault(fault)) => Err(vec![(String::new(), fault.message().to_owned())]),
        }
    }

    /// Stores a row, and all that waited for it, or lets it wait.
    fn put(&self, batch: &mut Batch<'_, '_>, row: Decoded, state: &mut State) {
        let mut ready = VecDeque::from([row]);
        while let Some(row) = ready.pop_front() {
            let missing = self.missing(batch, &row.values);
            if missing.is_empty() {
                self.insert(batch, row, Vec::new(), state, &mut ready);
                continue;
            }
            // Rows of other relations cannot come with this file.
            let nowhere: Vec<_> = missing.iter().filter(|r| r.target != self.columns.relation).collect();
            if !nowhere.is_empty() {
                let problems = nowhere.into_iter().map(|r| self.nothing_there(r)).collect();
                state.bad.push(BadRow { line: row.line, problems });
                continue;
            }
            // What must be there decides; the rest may follow.
            let first = missing.iter().find(|r| !self.may_follow(r.field)).unwrap_or(&missing[0]);
            state.by_key.entry(first.key.clone()).or_default().push(row.line);
            state.waiting.insert(row.line, row);
        }
    }

    /// Stores a row without some of its references, and all that waited for it.
    fn store(&self, batch: &mut Batch<'_, '_>, row: Decoded, without: Vec<Reference>, state: &mut State) {
        let mut ready = VecDeque::new();
        self.insert(batch, row, without, state, &mut ready);
        for row in ready {
            self.put(batch, row, state);
        }
    }

    fn insert(
        &self,
        batch: &mut Batch<'_, '_>,
        row: Decoded,
        without: Vec<Reference>,
        state: &mut State,
        ready: &mut VecDeque<Decoded>,
    ) {
        let Decoded { line, mut values } = row;
        for reference in &without {
            let field = &self.columns.fields[reference.field];
            let none = self.columns.shapes.is_held(field).then_some(Value::None);
            values[reference.field] = self.columns.shapes.with_content(field, none);
        }
        match batch.call(self.insert.function, &[Value::Record(values.into())]) {
            Ok(key) => {
                self.bar.inc(1);
                let woken = state.by_key.remove(&plain_key(&key)).unwrap_or_default();
                ready.extend(woken.into_iter().filter_map(|line| state.waiting.remove(&line)));
                if !without.is_empty() {
                    state.unfinished.push(Unfinished { line, key, references: without });
                }
            }
            Err(ended) => state.bad.push(BadRow { line, problems: vec![ended.told(self.place)] }),
        }
    }

    /// Sets the references that a row was stored without.
    fn finish(&self, batch: &mut Batch<'_, '_>, row: &Unfinished) -> Result<(), Vec<String>> {
        let found = |r: &&Reference, batch: &mut Batch<'_, '_>| batch.transaction().values().find(r.target, &r.key);
        let missing: Vec<String> = row
            .references
            .iter()
            .filter(|reference| found(reference, batch).is_none())
            .map(|reference| self.nothing_there(reference))
            .collect();
        if !missing.is_empty() {
            return Err(missing);
        }
        let shapes = self.columns.shapes;
        let internal = |_| vec![Fault::Internal.message().to_owned()];
        let Some(edit) = self.edit else { return Err(internal(Fault::Internal)) };
        let mut text = b"{\"row\":".to_vec();
        json::write_value(&mut text, shapes, self.key, &row.key).map_err(internal)?;
        text.extend_from_slice(b",\"set\":{");
        for (number, reference) in row.references.iter().enumerate() {
            let field = &self.columns.fields[reference.field];
            text.extend_from_slice(if number > 0 { b"," } else { b"" });
            json::write_string(&mut text, field.name.as_bytes());
            text.push(b':');
            json::write_value(&mut text, shapes, self.bare_shape(reference.field), &reference.key).map_err(internal)?;
        }
        text.extend_from_slice(b"}}");
        let options = Options::default();
        let arguments = json::decode_value(shapes, edit.arguments, &text, options, Rules(batch));
        let arguments = arguments.map_err(|_| internal(Fault::Internal))?;
        match batch.call(edit.function, &[arguments]) {
            Ok(_) => Ok(()),
            Err(ended) => Err(vec![ended.told(self.place)]),
        }
    }

    /// The references of a row that lead nowhere now.
    fn missing(&self, batch: &mut Batch<'_, '_>, values: &[Value]) -> Vec<Reference> {
        let mut missing = Vec::new();
        for (at, value) in values.iter().enumerate() {
            let Some(target) = self.columns.target(at) else { continue };
            let Ok(Some(content)) = self.columns.shapes.content(&self.columns.fields[at], value) else { continue };
            let key = match content {
                Value::None => continue,
                Value::Some(key) => plain_key(key),
                key => plain_key(key),
            };
            if batch.transaction().values().find(target, &key).is_none() {
                missing.push(Reference { field: at, target, key });
            }
        }
        missing
    }

    /// Whether a reference may be set after its row is stored.
    fn may_follow(&self, at: usize) -> bool {
        self.columns.is_optional(at)
            && !self.columns.schema.relation(self.columns.relation).key.iter().any(|f| f.index() == at)
    }

    /// The shape of a field's value, without what says that it may be `none`.
    fn bare_shape(&self, at: usize) -> ShapeId {
        let shape = self.columns.fields[at].shape;
        match self.columns.shapes.get(shape).kind {
            Kind::Option(content) => content,
            _ => shape,
        }
    }

    fn nothing_there(&self, reference: &Reference) -> String {
        let name = &self.columns.schema.relation(reference.target).name;
        let key = tenon_value::format::literal(self.columns.shapes, self.bare_shape(reference.field), &reference.key);
        format!("{}: there is no `{name}` with the key {key}", self.columns.fields[reference.field].name)
    }
}

/// The key that a reference holds, or the key itself.
fn plain_key(key: &Value) -> Value {
    match key {
        Value::Ref { key, .. } | Value::Row { key, .. } => plain_key(key),
        key => key.clone(),
    }
}

/// A problem with its place inside of a value.
fn inside(problem: &Problem) -> (String, String) {
    match &problem.place {
        Place::Body(pointer) => (pointer.clone(), problem.detail.clone()),
        _ => (String::new(), problem.detail.clone()),
    }
}
