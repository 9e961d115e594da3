//! `tenon export`: the rows of a relation as CSV or as JSON lines. Secret fields stay where they are.

use crate::cli::Data;
use crate::report::{Stop, Voice, counted};
use clap::Args;
use std::io::Write;
use std::path::PathBuf;

/// See the module documentation.
#[derive(Args, Debug)]
pub struct Export {
    /// The relation; one of a module as `shop.billing.Invoice`
    relation: String,
    /// Where to write: `.csv` or `.jsonl`; without it JSON lines on standard output
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
            Some("jsonl") | None => false,
            Some(other) => return Err(Stop::usage(format!("`.{other}` is neither `.csv` nor `.jsonl`"))),
        };
        let fits =
            self.relation.rsplit('.').next().is_some_and(|name| name.starts_with(|c: char| c.is_ascii_uppercase()))
                && self.relation.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
        if !fits {
            return Err(Stop::usage(format!("`{}` is not the name of a relation", self.relation)));
        }
        let (module, name) = match self.relation.rsplit_once('.') {
            Some((module, name)) => (Some(module), name),
            None => (None, self.relation.as_str()),
        };
        let limit = self.limit.map(|most| format!(" limit {most}")).unwrap_or_default();
        let text = format!("from row in {name}{limit}");
        let uses = module.map(|module| format!("use {module} {{ {name} }}\n")).unwrap_or_default();
        let answer = super::query::ask(voice, &self.program, &uses, &text, &self.data.data)?;
        let rows = answer.as_array().cloned().unwrap_or_default();
        let mut out = Vec::new();
        if csv {
            write_csv(&rows, &mut out).map_err(|error| Stop::failed(error.to_string()))?;
        } else {
            for row in &rows {
                writeln!(out, "{row}")?;
            }
        }
        match &self.file {
            Some(file) => {
                std::fs::write(file, &out).map_err(|error| Stop::failed(format!("`{}`: {error}", file.display())))?;
                if voice.json {
                    voice.answer(&serde_json::json!({ "rows": rows.len(), "file": file }));
                }
                voice.say(format!("{} in `{}`", counted(rows.len(), "row"), file.display()));
            }
            None => std::io::stdout().lock().write_all(&out)?,
        }
        Ok(())
    }
}

fn write_csv(rows: &[serde_json::Value], out: &mut Vec<u8>) -> Result<(), csv::Error> {
    let mut writer = csv::Writer::from_writer(out);
    if let Some(first) = rows.first().and_then(|r| r.as_object()) {
        writer.write_record(first.keys())?;
    }
    for row in rows.iter().filter_map(|r| r.as_object()) {
        writer.write_record(row.values().map(|value| match value {
            serde_json::Value::Null => String::new(),
            serde_json::Value::String(text) => text.clone(),
            value => value.to_string(),
        }))?;
    }
    writer.flush()?;
    Ok(())
}
