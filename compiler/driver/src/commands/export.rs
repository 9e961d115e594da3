//! `tenon export`: the rows of a relation as CSV or as JSON lines, in the order of keys. Secret fields stay where they are.
//!
//! Rows are written one by one from a snapshot of the store: no limit of a call is in the way, and no answer is gathered.

use super::query::Asked;
use crate::cells;
use crate::cli::Data;
use crate::compile::Checked;
use crate::project::Project;
use crate::report::{Stop, Voice, counted, not_written};
use clap::Args;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use tenon_check::db::module_of_path;
use tenon_plan::plan;
use tenon_plan::statistics::Assumed;
use tenon_runtime::database::Database;
use tenon_value::csv::write_record;
use tenon_value::json::{write_string, write_value};
use tenon_value::schema::{FieldId, RelationId};
use tenon_value::shape::{Field, Kind, Shapes};
use tenon_value::{Fault, Value};

/// See the module documentation.
#[derive(Args, Debug)]
pub struct Export {
    /// The relation; one of a module as `shop.billing.Invoice`
    relation: String,
    /// Where to write: `.csv` or `.jsonl`; without it JSON lines on standard output. In a CSV, nothing in a cell is `none` and
    /// `""` the empty text; lists, maps, records, variants with fields and values of type `Json` are JSON
    file: Option<PathBuf>,
    /// A `.tn` file, or a folder with `tenon.toml`
    #[arg(long, default_value = ".")]
    program: PathBuf,
    /// Write so many rows at most, the first by key
    #[arg(long)]
    limit: Option<u64>,
    #[command(flatten)]
    data: Data,
}

impl Export {
    /// Runs the command.
    ///
    /// # Errors
    /// There is no such relation, the store cannot be read, or the file cannot be written.
    pub fn run(self, voice: Voice) -> Result<(), Stop> {
        let csv = match self.file.as_deref().and_then(|f| f.extension()).and_then(|e| e.to_str()) {
            Some("csv") => true,
            Some("jsonl" | "ndjson") => false,
            None if self.file.is_none() => false,
            _ => {
                let shown = self.file.as_deref().unwrap_or_else(|| std::path::Path::new("")).display();
                return Err(Stop::usage(format!("`{shown}` is neither a `.csv` nor a `.jsonl` file")));
            }
        };
        let asked = self.asked(voice)?;
        let api = &asked.lowered.core.api;
        let shapes = &api.shapes;
        let internal = || Stop::failed(Fault::Internal.message());
        let row = match api.endpoints[asked.endpoint as usize].answer.map(|answer| &shapes.get(answer).kind) {
            Some(Kind::List(row) | Kind::Bag(row) | Kind::Set(row)) => *row,
            _ => return Err(internal()),
        };
        let Kind::Record { fields: shown } = &shapes.get(row).kind else { return Err(internal()) };
        let name = self.relation.rsplit('.').next().unwrap_or_default();
        let relations = &asked.lowered.core.relations;
        let relation = relations.iter().position(|relation| relation.name == name).ok_or_else(internal)?;
        // A row is answered as its stored fields without those that are secret.
        let stored =
            relations[relation].fields.iter().enumerate().filter(|(_, field)| !field.secret && field.derived.is_none());
        let fields: Vec<(FieldId, &Field)> = stored.map(|(at, _)| FieldId(at as u32)).zip(shown).collect();
        if fields.len() != shown.len() {
            return Err(internal());
        }
        let planned = plan(&asked.lowered.core, &Assumed::new(&asked.lowered.core))
            .map_err(|error| Stop::failed(format!("cannot plan: {error}")))?;
        let database = tenon_launcher::open_read_only(&planned.schema, &self.data.data).map_err(Stop::failed)?;
        let rows =
            Rows { database: &database, shapes, relation: RelationId(relation as u32), fields, limit: self.limit };
        match &self.file {
            Some(file) => {
                let refused = |error: std::io::Error| Stop::failed(format!("`{}`: {error}", file.display()));
                let mut out = BufWriter::new(std::fs::File::create(file).map_err(refused)?);
                let count = rows.write(csv, &mut out, &refused)?;
                if voice.json {
                    voice.answer(&serde_json::json!({ "rows": count, "file": file }))?;
                }
                voice.say(format!("{} in `{}`", counted(count, "row"), file.display()))
            }
            None => rows.write(csv, &mut BufWriter::new(std::io::stdout().lock()), &not_written).map(drop),
        }
    }

    /// The program with a query over the relation, whose answer says which fields are shown, and how.
    fn asked(&self, voice: Voice) -> Result<Asked, Stop> {
        let fits =
            self.relation.rsplit('.').next().is_some_and(|name| name.starts_with(|c: char| c.is_ascii_uppercase()))
                && self.relation.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
        if fits {
            let (uses, name) = match self.relation.rsplit_once('.') {
                Some((module, name)) => (format!("use {module} {{ {name} }}\n"), name),
                None => (String::new(), self.relation.as_str()),
            };
            let (project, checked) = Asked::checked(&self.program, &uses, &format!("from row in {name}"))?;
            if checked.is_sound() {
                return Asked::lowered(voice, project, checked);
            }
        }
        // Is it the program, or the name?
        let project = Project::read(&self.program)?;
        let checked = Checked::new(&project);
        checked.require_sound(voice)?;
        let there_are = relations(voice, &project.name, &checked)?;
        Err(Stop::usage(format!("there is no relation `{}`; {there_are}", self.relation)))
    }
}

/// Which relations there are, under the names that export takes.
fn relations(voice: Voice, program: &str, checked: &Checked) -> Result<String, Stop> {
    let core = checked.lower(voice)?.core;
    let name = |relation: &tenon_core::ir::Relation| {
        let module = core.sites.get(relation.site.index()).map(|site| module_of_path(&site.file)).unwrap_or_default();
        match module.as_str() {
            "" => relation.name.to_string(),
            module => format!("{program}.{module}.{}", relation.name),
        }
    };
    let names: Vec<String> = core.relations.iter().map(name).collect();
    Ok(if names.is_empty() { "this program has none".to_owned() } else { format!("there are: {}", names.join(", ")) })
}

/// The rows of a relation, as far as they are shown.
struct Rows<'a> {
    database: &'a Database,
    shapes: &'a Shapes,
    relation: RelationId,
    fields: Vec<(FieldId, &'a Field)>,
    limit: Option<u64>,
}

impl Rows<'_> {
    /// Writes the rows and tells how many there are.
    fn write(&self, csv: bool, out: &mut dyn Write, refused: &dyn Fn(std::io::Error) -> Stop) -> Result<usize, Stop> {
        let query = self.database.read();
        let reader = query.reader();
        let stored = self.database.stored();
        let field = |id: FieldId, slot: u32| stored.field(&reader, self.relation, id, slot);
        let key = &self.database.schema().relation(self.relation).key;
        let by_key = |a: &u32, b: &u32| {
            key.iter()
                .map(|id| field(*id, *a).cmp(&field(*id, *b)))
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
        };
        // Rows of a store that was just opened lie in the order of keys already, which takes one look at each.
        let mut slots: Vec<u32> = reader.scan(self.relation).map(|row| row.slot).collect();
        slots.sort_by(by_key);
        if let Some(limit) = self.limit {
            slots.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        }
        let mut line = Vec::new();
        if csv {
            let mut names = String::new();
            write_record(&mut names, self.fields.iter().map(|(_, field)| Some(Cow::Borrowed(field.name.as_str()))));
            out.write_all(names.as_bytes()).map_err(refused)?;
        }
        for slot in &slots {
            let values: Vec<Value> = self.fields.iter().map(|(id, _)| field(*id, *slot).to_wire()).collect();
            line.clear();
            self.line(csv, &values, &mut line).map_err(|fault| Stop::failed(fault.message()))?;
            out.write_all(&line).map_err(refused)?;
        }
        out.flush().map_err(refused)?;
        Ok(slots.len())
    }

    fn line(&self, csv: bool, values: &[Value], line: &mut Vec<u8>) -> Result<(), Fault> {
        if csv {
            let cells =
                self.fields.iter().zip(values).map(|((_, field), value)| cells::write(self.shapes, field.shape, value));
            let cells = cells.collect::<Result<Vec<_>, Fault>>()?;
            let mut text = String::new();
            write_record(&mut text, cells.into_iter().map(|cell| cell.map(Cow::Owned)));
            line.extend_from_slice(text.as_bytes());
            return Ok(());
        }
        line.push(b'{');
        for (number, ((_, field), value)) in self.fields.iter().zip(values).enumerate() {
            line.extend_from_slice(if number > 0 { b"," } else { b"" });
            write_string(line, field.name.as_bytes());
            line.push(b':');
            write_value(line, self.shapes, field.shape, value)?;
        }
        line.extend_from_slice(b"}\n");
        Ok(())
    }
}
