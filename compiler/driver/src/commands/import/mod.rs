//! `tenon import`: the rows of a CSV or JSON-lines file into a relation, all or none.
//!
//! Each row goes the way of a handler's `insert`: decoded by the same shapes, checked by the same rules, with the same
//! defaults, in one transaction. A reference may name a row that comes later in the file.

mod columns;
mod load;
mod rows;

use crate::cli::Data;
use crate::compile::Checked;
use crate::engine::{Native, limits};
use crate::project::Project;
use crate::report::{Stop, Voice, counted, visible};
use clap::Args;
use columns::Columns;
use indicatif::{ProgressBar, ProgressStyle};
use load::{Loader, Step};
use rows::BadRow;
use std::path::PathBuf;
use tenon_core::ir::SiteId;
use tenon_core::lower::{edit_name, import_name};
use tenon_runtime::service::NativeService;
use tenon_value::schema::RelationId;
use tenon_value::shape::Kind;

/// See the module documentation.
#[derive(Args, Debug)]
pub struct Import {
    /// The relation
    relation: String,
    /// A `.csv` file whose first line names its columns, or a `.jsonl` file with one object per line. A cell with nothing in
    /// it, and `null`, is `none` where the field is optional; `""` is the empty text; a column or member that is not there
    /// takes the default of its field
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
        let mut columns = Columns::new(fields, &api.shapes, schema, relation, self.mapping()?);
        let text = self.text()?;
        let (rows, bad) = self.rows(&text, &mut columns)?;
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
        let step = |endpoint: u32| Step {
            function: lowered.core.endpoints[endpoint as usize].function.0,
            arguments: api.endpoints[endpoint as usize].arguments,
        };
        let place = |site| super::test::place_shown(&lowered.core, SiteId(site), &checked.sources());
        let loader = Loader {
            columns: &columns,
            insert: step(endpoint),
            key: description.answer.unwrap_or(description.arguments),
            edit: api.endpoint_named(&edit_name(&self.relation)).map(step),
            place: &place,
            bar: &bar,
        };
        let stopped = Failure::Stopped;
        let result = service.batch(stopped, |batch| {
            let bad = loader.load(batch, rows, bad);
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
            Err(Failure::Rows(bad)) => return refuse(voice, &self.file, &bad),
        };
        if voice.json {
            voice.answer(&serde_json::json!({ "relation": self.relation, "rows": count }))?;
        }
        voice.say(format!(
            "{} of `{}` stored",
            counted(usize::try_from(count).unwrap_or(usize::MAX), "row"),
            self.relation
        ))?;
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

    fn text(&self) -> Result<String, Stop> {
        let shown = self.file.display();
        let bytes = std::fs::read(&self.file).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Stop::failed(format!("there is no `{shown}`")),
            _ => Stop::failed(format!("`{shown}`: {error}")),
        })?;
        String::from_utf8(bytes).map_err(|error| {
            let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            Stop::failed(format!("`{shown}` is not UTF-8 text: see line {line}"))
        })
    }

    fn rows<'a>(&self, text: &'a str, columns: &mut Columns<'_>) -> Result<(Vec<rows::Row<'a>>, Vec<BadRow>), Stop> {
        let read = match self.file.extension().and_then(|e| e.to_str()) {
            Some("csv") => rows::csv(text, columns),
            Some("jsonl" | "ndjson") => rows::json_lines(text, columns),
            _ => {
                let shown = self.file.display();
                return Err(Stop::usage(format!("`{shown}` is neither a `.csv` nor a `.jsonl` file")));
            }
        };
        read.map_err(|stop| Stop { message: format!("`{}`: {}", self.file.display(), stop.message), ..stop })
    }
}

enum Failure {
    Stopped,
    Rows(Vec<BadRow>),
}

fn refuse(voice: Voice, file: &std::path::Path, bad: &[BadRow]) -> Result<(), Stop> {
    if voice.json {
        let rows: Vec<_> =
            bad.iter().map(|row| serde_json::json!({ "line": row.line, "problems": row.problems })).collect();
        voice.answer(&serde_json::json!({ "rows": 0, "bad": rows }))?;
        return Err(Stop::said());
    }
    for row in bad.iter().take(SHOWN) {
        eprintln!("{}:{}: {}", file.display(), row.line, visible(&row.problems.join("; ")));
    }
    if bad.len() > SHOWN {
        eprintln!("… and {} more", bad.len() - SHOWN);
    }
    Err(Stop::failed(format!("{} cannot be stored; nothing was imported", counted(bad.len(), "row"))))
}
