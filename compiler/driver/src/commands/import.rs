//! `tenon import`: the rows of a CSV or JSON-lines file into a relation, all or none.
//!
//! Each row goes the way of a handler's `insert`: decoded by the same shapes, checked by the same rules, with the same
//! defaults, in one transaction. A reference may name a row that comes later in the file: an optional one is set after
//! the last row, a row with a required one waits.

use crate::cli::Data;
use crate::compile::Checked;
use crate::engine::{Native, limits};
use crate::project::Project;
use crate::report::{Stop, Voice, counted};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use std::path::PathBuf;
use tenon_core::lower::import_name;
use tenon_runtime::native::Ended;
use tenon_runtime::service::{Batch, NativeService};
use tenon_value::json::{self, Options};
use tenon_value::schema::{DataType, FieldId, RelationId, Schema};
use tenon_value::shape::{Field, Kind, PredicateId, Presence, ShapeId, Shapes};
use tenon_value::sink::Predicates;
use tenon_value::{Fault, Value};

/// See the module documentation.
#[derive(Args, Debug)]
pub struct Import {
    /// The relation
    relation: String,
    /// A `.csv` file with a header line, or a `.jsonl` file with one object per line
    file: PathBuf,
    /// A `.tn` file, or a folder with `tenon.toml`
    #[arg(long, default_value = ".")]
    program: PathBuf,
    #[command(flatten)]
    data: Data,
    /// A column that is called otherwise than its field: `Column=field`, or `Column=` to leave it out
    #[arg(long, value_name = "COLUMN=FIELD")]
    map: Vec<String>,
}

/// A row of the file: its line, and the JSON text of each field that has a value.
struct Row {
    line: u64,
    fields: Vec<(usize, String)>,
}

/// A row that cannot be stored.
struct BadRow {
    line: u64,
    problems: Vec<String>,
}

/// Bad rows that are shown to people; `--json` shows all.
const SHOWN: usize = 20;

impl Import {
    /// Runs the command.
    ///
    /// # Errors
    /// The file does not fit, a row breaks a rule (then nothing is stored), or somebody else holds the store.
    pub fn run(self, voice: Voice) -> Result<(), Stop> {
        let project = Project::read(&self.program)?;
        let checked = Checked::new(&project);
        checked.require_sound(voice)?;
        let lowered = checked.lower(voice)?;
        let api = &lowered.core.api;
        let Some(endpoint) = api.endpoint_named(&import_name(&self.relation)) else {
            if lowered.core.relations.iter().any(|r| r.name == self.relation) {
                let why = "holds references inside of variants: such rows come through handlers";
                return Err(Stop::failed(format!("`{}` {why}", self.relation)));
            }
            let names: Vec<_> = lowered.core.relations.iter().map(|r| r.name.as_str()).collect();
            return Err(Stop::usage(format!(
                "there is no relation `{}`; there are: {}",
                self.relation,
                names.join(", ")
            )));
        };
        let description = &api.endpoints[endpoint as usize];
        let Kind::Record { fields } = &api.shapes.get(description.arguments).kind else {
            return Err(Stop::failed("the relation cannot be imported"));
        };
        let native = Native::compile(&lowered.core, true)?;
        let schema = &native.planned.schema;
        let relation = schema.relations.iter().position(|r| r.name == self.relation).map(|n| RelationId(n as u32));
        let Some(relation) = relation else { return Err(Stop::failed("the relation is not stored")) };
        let columns = Columns { fields, shapes: &api.shapes, schema, relation, map: self.mapping()? };
        let rows = self.read(&columns)?;
        let database = native.open(&self.data.data)?;
        let service = NativeService::new(
            native.loaded.clone(),
            database.clone(),
            limits(&project.config.limits),
            tenon_launcher::serve::log_to_stderr(),
        );
        let bar = if voice.json { ProgressBar::hidden() } else { ProgressBar::new(rows.len() as u64) };
        bar.set_style(
            ProgressStyle::with_template("{bar:40} {pos}/{len} rows").unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        let function = lowered.core.endpoints[endpoint as usize].function.0;
        let loader = Loader { columns: &columns, arguments: description.arguments, function, bar: &bar };
        let stopped = Failure::Stopped;
        let result = service.batch(stopped, |batch| {
            let bad = loader.load(batch, rows);
            if bad.is_empty() { Ok(loader.bar.position()) } else { Err(Failure::Rows(bad)) }
        });
        bar.finish_and_clear();
        let count = match result {
            Ok((count, commit)) => {
                database.wait(commit).map_err(|error| Stop::failed(error.to_string()))?;
                count
            }
            Err(Failure::Stopped) => {
                return Err(Stop::failed(
                    database
                        .failure()
                        .map_or_else(|| "the store does not write any more".to_owned(), |lost| lost.to_string()),
                ));
            }
            Err(Failure::Rows(bad)) => return Err(refuse(voice, &self.file, &bad)),
        };
        if voice.json {
            voice.answer(&serde_json::json!({ "relation": self.relation, "rows": count }));
        }
        voice.say(format!(
            "{} of `{}` stored",
            counted(usize::try_from(count).unwrap_or(usize::MAX), "row"),
            self.relation
        ));
        Ok(())
    }

    fn mapping(&self) -> Result<Vec<(String, Option<String>)>, Stop> {
        self.map
            .iter()
            .map(|entry| match entry.split_once('=') {
                Some((column, "")) => Ok((column.to_owned(), None)),
                Some((column, field)) => Ok((column.to_owned(), Some(field.to_owned()))),
                None => Err(Stop::usage(format!("`--map {entry}` should look like `--map Column=field`"))),
            })
            .collect()
    }

    fn read(&self, columns: &Columns<'_>) -> Result<Vec<Row>, Stop> {
        match self.file.extension().and_then(|e| e.to_str()) {
            Some("csv") => self.read_csv(columns),
            Some("jsonl" | "ndjson") => self.read_lines(columns),
            _ => Err(Stop::usage(format!("`{}` is neither a `.csv` nor a `.jsonl` file", self.file.display()))),
        }
    }

    fn io(&self, error: impl std::fmt::Display) -> Stop {
        Stop::failed(format!("`{}`: {error}", self.file.display()))
    }

    fn read_csv(&self, columns: &Columns<'_>) -> Result<Vec<Row>, Stop> {
        let mut reader = csv::Reader::from_path(&self.file).map_err(|e| self.io(e))?;
        let header = reader.headers().map_err(|e| self.io(e))?.clone();
        let mut places = Vec::new();
        for name in &header {
            places.push(columns.place(name.trim_start_matches('\u{feff}'))?);
        }
        columns.require(&places)?;
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|e| self.io(e))?;
            let line = record.position().map_or(0, csv::Position::line);
            let mut fields = Vec::new();
            for (cell, place) in record.iter().zip(&places) {
                if let Some(at) = place
                    && !cell.is_empty()
                {
                    fields.push((*at, columns.cell(*at, cell)));
                }
            }
            rows.push(Row { line, fields });
        }
        Ok(rows)
    }

    fn read_lines(&self, columns: &Columns<'_>) -> Result<Vec<Row>, Stop> {
        let text = std::fs::read_to_string(&self.file).map_err(|e| self.io(e))?;
        let mut rows = Vec::new();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let line_number = number as u64 + 1;
            let object: serde_json::Map<String, serde_json::Value> =
                serde_json::from_str(line).map_err(|e| self.io(format!("line {line_number}: {e}")))?;
            let mut fields = Vec::new();
            for (name, value) in object {
                if let Some(at) = columns.place(&name)?
                    && !value.is_null()
                {
                    fields.push((at, value.to_string()));
                }
            }
            rows.push(Row { line: line_number, fields });
        }
        Ok(rows)
    }
}

enum Failure {
    Stopped,
    Rows(Vec<BadRow>),
}

fn refuse(voice: Voice, file: &std::path::Path, bad: &[BadRow]) -> Stop {
    if voice.json {
        let rows: Vec<_> =
            bad.iter().map(|row| serde_json::json!({ "line": row.line, "problems": row.problems })).collect();
        voice.answer(&serde_json::json!({ "rows": 0, "bad": rows }));
        return Stop::said();
    }
    for row in bad.iter().take(SHOWN) {
        eprintln!("{}:{}: {}", file.display(), row.line, row.problems.join("; "));
    }
    if bad.len() > SHOWN {
        eprintln!("… and {} more", bad.len() - SHOWN);
    }
    Stop::failed(format!("{} cannot be stored; nothing was imported", counted(bad.len(), "row")))
}

/// Which column is which field.
struct Columns<'a> {
    fields: &'a [Field],
    shapes: &'a Shapes,
    schema: &'a Schema,
    relation: RelationId,
    map: Vec<(String, Option<String>)>,
}

impl Columns<'_> {
    /// The field of a column; `None` if the column is left out.
    fn place(&self, column: &str) -> Result<Option<usize>, Stop> {
        if let Some((_, field)) = self.map.iter().find(|(name, _)| name == column) {
            let Some(field) = field else { return Ok(None) };
            return match self.fields.iter().position(|f| f.name == *field) {
                Some(at) => Ok(Some(at)),
                None => Err(Stop::usage(format!("there is no field `{field}`; there are: {}", self.names()))),
            };
        }
        let wanted = plain(column);
        let found = (0..self.fields.len()).find(|at| self.spellings(*at).contains(&wanted));
        match found {
            Some(at) => Ok(Some(at)),
            None => Err(Stop::usage(format!(
                "no field goes by the name of column `{column}`; the fields are: {}; say `--map {column}=field`, or `--map {column}=` to leave it out",
                self.names()
            ))),
        }
    }

    /// The names of a field without case and signs: its own, with `id` for references, with the relation's name for `id`.
    fn spellings(&self, at: usize) -> Vec<String> {
        let name = plain(&self.fields[at].name);
        let relation = self.schema.relation(self.relation);
        let mut all = vec![name.clone()];
        if self.target(at).is_some() {
            all.push(format!("{name}id"));
        }
        if relation.key.len() == 1 && relation.key.first().is_some_and(|f| f.0 as usize == at) {
            all.push(format!("{}{name}", plain(&relation.name)));
        }
        all
    }

    fn names(&self) -> String {
        self.fields.iter().map(|f| f.name.to_string()).collect::<Vec<_>>().join(", ")
    }

    /// Fields that must have a column and have none.
    fn require(&self, places: &[Option<usize>]) -> Result<(), Stop> {
        let missing: Vec<_> = self
            .fields
            .iter()
            .enumerate()
            .filter(|(at, field)| field.presence == Presence::Required && !places.contains(&Some(*at)))
            .map(|(_, field)| field.name.to_string())
            .collect();
        if missing.is_empty() { Ok(()) } else { Err(Stop::failed(format!("no column for: {}", missing.join(", ")))) }
    }

    /// The relation that a field refers to.
    fn target(&self, at: usize) -> Option<RelationId> {
        match &self.schema.relation(self.relation).fields.get(at)?.ty {
            DataType::Ref(relation) => Some(*relation),
            DataType::Option(inner) => match &**inner {
                DataType::Ref(relation) => Some(*relation),
                _ => None,
            },
            _ => None,
        }
    }

    /// A cell as the JSON text that the field's decoder reads.
    fn cell(&self, at: usize, cell: &str) -> String {
        self.text(self.fields[at].shape, cell)
    }

    fn text(&self, shape: ShapeId, cell: &str) -> String {
        let quoted = || serde_json::Value::from(cell).to_string();
        match &self.shapes.get(shape).kind {
            Kind::Option(inner) => self.text(*inner, cell),
            Kind::Int | Kind::Float | Kind::Decimal { .. } => {
                let number = cell.trim();
                if serde_json::from_str::<serde_json::Number>(number).is_ok() { number.to_owned() } else { quoted() }
            }
            Kind::Bool => match cell.trim() {
                "true" | "TRUE" | "True" | "1" => "true".into(),
                "false" | "FALSE" | "False" | "0" => "false".into(),
                _ => quoted(),
            },
            Kind::Json | Kind::List(_) | Kind::Bag(_) | Kind::Set(_) | Kind::Map { .. } | Kind::Record { .. } => {
                cell.to_owned()
            }
            Kind::Variant { bare: false, .. } => cell.to_owned(),
            _ => quoted(),
        }
    }
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

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

struct Loader<'a> {
    columns: &'a Columns<'a>,
    arguments: ShapeId,
    function: u32,
    bar: &'a ProgressBar,
}

/// A decoded row.
struct Decoded {
    line: u64,
    values: Vec<Value>,
}

/// A reference to be set after the last row.
struct Later {
    line: u64,
    row: Value,
    field: usize,
    target: RelationId,
    key: Value,
}

impl Loader<'_> {
    fn load(&self, batch: &mut Batch<'_, '_>, rows: Vec<Row>) -> Vec<BadRow> {
        let mut bad = Vec::new();
        let mut waiting = Vec::new();
        let mut later = Vec::new();
        for row in rows {
            match self.decode(batch, &row) {
                Ok(values) => {
                    if let Some(row) = self.store(batch, Decoded { line: row.line, values }, &mut later, &mut bad) {
                        waiting.push(row);
                    }
                }
                Err(problems) => bad.push(BadRow { line: row.line, problems }),
            }
        }
        // Rows that wait for others of this file: each round stores at least one, or what is left names nothing.
        loop {
            let before = waiting.len();
            let round = std::mem::take(&mut waiting);
            for row in round {
                waiting.extend(self.store(batch, row, &mut later, &mut bad));
            }
            if waiting.is_empty() || waiting.len() == before {
                break;
            }
        }
        for row in waiting {
            let problems = self.missing(batch, &row.values);
            bad.push(BadRow { line: row.line, problems });
        }
        for reference in later {
            self.refer(batch, reference, &mut bad);
        }
        bad.sort_by_key(|row| row.line);
        bad
    }

    fn decode(&self, batch: &mut Batch<'_, '_>, row: &Row) -> Result<Vec<Value>, Vec<String>> {
        let members: Vec<String> = row
            .fields
            .iter()
            .map(|(at, text)| format!("{}:{text}", serde_json::Value::from(self.columns.fields[*at].name.as_str())))
            .collect();
        let text = format!("{{{}}}", members.join(","));
        let decoded =
            json::decode_value(self.columns.shapes, self.arguments, text.as_bytes(), Options::default(), Rules(batch));
        match decoded {
            Ok(Value::Record(values)) => Ok(values.to_vec()),
            Ok(_) => Err(vec!["the row is not a record".into()]),
            Err(json::DecodeError::Problems(problems)) => Err(problems.iter().map(describe).collect()),
            Err(json::DecodeError::Fault(fault)) => Err(vec![fault.message().to_owned()]),
        }
    }

    /// Stores a row; gives it back if a required reference names a row that is not there yet.
    fn store(
        &self,
        batch: &mut Batch<'_, '_>,
        row: Decoded,
        later: &mut Vec<Later>,
        bad: &mut Vec<BadRow>,
    ) -> Option<Decoded> {
        let mut values = row.values.clone();
        let mut postponed = Vec::new();
        for (at, value) in values.iter_mut().enumerate() {
            let Some(target) = self.columns.target(at) else { continue };
            let optional = self.columns.fields[at].presence != Presence::Required;
            let key = match &*value {
                Value::None => continue,
                Value::Some(key) if optional => (**key).clone(),
                key => key.clone(),
            };
            if batch.transaction().values().find(target, &key).is_some() {
                continue;
            }
            if !optional {
                return Some(row);
            }
            postponed.push((at, target, key));
            *value = Value::None;
        }
        match batch.call(self.function, &[Value::Record(values.into())]) {
            Ok(key) => {
                self.bar.inc(1);
                later.extend(postponed.into_iter().map(|(field, target, reference)| Later {
                    line: row.line,
                    row: key.clone(),
                    field,
                    target,
                    key: reference,
                }));
            }
            Err(ended) => bad.push(BadRow { line: row.line, problems: vec![ended.told(|_| None)] }),
        }
        None
    }

    fn refer(&self, batch: &mut Batch<'_, '_>, later: Later, bad: &mut Vec<BadRow>) {
        let missing = batch.transaction().values().find(later.target, &later.key).is_none();
        let problem = if missing {
            Some(self.nothing_there(later.field, later.target, &later.key))
        } else {
            let reference = Value::some(Value::Ref { relation: later.target.0, key: std::sync::Arc::new(later.key) });
            let changes = [(FieldId(later.field as u32), reference)];
            let result = batch.transaction().update(self.columns.relation, &later.row, &changes);
            result.err().map(|error| format!("{error:?}"))
        };
        if let Some(problem) = problem {
            bad.push(BadRow { line: later.line, problems: vec![problem] });
        }
    }

    fn missing(&self, batch: &mut Batch<'_, '_>, values: &[Value]) -> Vec<String> {
        let mut problems = Vec::new();
        for (at, value) in values.iter().enumerate() {
            let Some(target) = self.columns.target(at) else { continue };
            if self.columns.fields[at].presence == Presence::Required
                && batch.transaction().values().find(target, value).is_none()
            {
                problems.push(self.nothing_there(at, target, value));
            }
        }
        problems
    }

    fn nothing_there(&self, at: usize, target: RelationId, key: &Value) -> String {
        let name = &self.columns.schema.relation(target).name;
        format!("{}: there is no `{name}` with the key {}", self.columns.fields[at].name, show(key))
    }
}

fn show(key: &Value) -> String {
    match key {
        Value::Int(n) => n.to_string(),
        Value::Text(text) => format!("{text:?}"),
        Value::Id(id) | Value::Uuid(id) => tenon_value::identity::to_text(*id),
        Value::Record(parts) => format!("({})", parts.iter().map(show).collect::<Vec<_>>().join(", ")),
        other => format!("{other:?}"),
    }
}

fn describe(problem: &tenon_value::Problem) -> String {
    match &problem.place {
        tenon_value::Place::Body(pointer) => format!("{}: {}", pointer.trim_start_matches('/'), problem.detail),
        _ => problem.detail.clone(),
    }
}
