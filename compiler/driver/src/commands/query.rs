//! `tenon query`: runs a query that is typed now against a store, and prints its answer as a table.

use crate::cli::Data;
use crate::compile::{Checked, Lowered};
use crate::engine::{Native, limits};
use crate::project::Project;
use crate::report::{Stop, Voice};
use crate::table::table;
use clap::Args;
use std::path::{Path, PathBuf};
use tenon_core::ir::SiteId;
use tenon_runtime::service::NativeService;
use tenon_value::Fault;
use tenon_value::dispatch::{OwnedRequest, call_endpoint};

/// See the module documentation.
#[derive(Args, Debug)]
pub struct Query {
    /// A `.tn` file, or a folder with `tenon.toml`
    program: PathBuf,
    /// The query: an expression, or statements that end with one
    text: String,
    #[command(flatten)]
    data: Data,
}

/// The name of the item that holds the text.
const NAME: &str = "ad_hoc_query";
/// The name of the file that holds it; files of programs end in `.tn`.
const FILE: &str = "query";
/// What stands before each query: its first line is the second of the file, behind so many blanks.
const INDENT: u32 = 2;

impl Query {
    /// Runs the command. The store is read as it is durable now, also beside a running server.
    ///
    /// # Errors
    /// The text or the program has errors, or the store cannot be read.
    pub fn run(self, voice: Voice) -> Result<(), Stop> {
        one_query(&self.text)?;
        let Some(asked) = Asked::new(voice, &self.program, "", &self.text)? else { return Err(Stop::said()) };
        let answer = asked.answer(&self.data.data)?;
        if voice.json { voice.answer(&answer) } else { voice.say(table(&answer)) }
    }
}

/// The text must be the inside of one query, or it would mean something else than it says.
fn one_query(text: &str) -> Result<(), Stop> {
    let tokens = tenon_syntax::parse_item(text).tokens;
    if tokens.tokens().is_empty() {
        return Err(Stop::usage(
            "the query is empty: write an expression, such as 'from p in Product where p.stock < 5'",
        ));
    }
    if tenon_syntax::items(&file("", text)).len() > 1 {
        return Err(Stop::usage(
            "the text is more than one query: write what stands inside of its braces, and nothing behind",
        ));
    }
    Ok(())
}

fn file(uses: &str, text: &str) -> String {
    let blanks = " ".repeat(INDENT as usize);
    format!("{uses}query {NAME}() at GET \"/{NAME}\" public {{\n{blanks}{text}\n}}\n")
}

/// A program with a question to its store.
pub struct Asked {
    /// The program, with the question as one of its files.
    pub project: Project,
    /// The same, checked.
    pub checked: Checked,
    /// The same in Core.
    pub lowered: Lowered,
    /// The endpoint that answers the question.
    pub endpoint: u32,
}

impl Asked {
    /// Reads a program and a question to it, behind `use` items for the names of modules that it says. `None` if they have
    /// errors, which have been shown.
    ///
    /// # Errors
    /// The program cannot be read or run.
    pub fn new(voice: Voice, program: &Path, uses: &str, text: &str) -> Result<Option<Asked>, Stop> {
        let asked = Asked::checked(program, uses, text)?;
        let (project, checked) = asked;
        if !checked.is_sound() {
            voice.diagnostics(&checked.diagnostics, &checked.sources())?;
            return Ok(None);
        }
        Asked::lowered(voice, project, checked).map(Some)
    }

    /// A program and a question to it, checked.
    ///
    /// # Errors
    /// The program cannot be read.
    pub fn checked(program: &Path, uses: &str, text: &str) -> Result<(Project, Checked), Stop> {
        let mut project = Project::read(program)?;
        project.files.push((FILE.to_owned(), file(uses, text)));
        project.files.sort();
        let checked = Checked::new(&project);
        Ok((project, checked))
    }

    /// The same, if they have no errors.
    ///
    /// # Errors
    /// They use what cannot be run; it has been shown.
    pub fn lowered(voice: Voice, project: Project, checked: Checked) -> Result<Asked, Stop> {
        let lowered = checked.lower(voice)?;
        match lowered.core.api.endpoint_named(NAME) {
            Some(endpoint) => Ok(Asked { project, checked, lowered, endpoint }),
            None => Err(Stop::failed("the text is not a query")),
        }
    }

    fn answer(&self, data: &Path) -> Result<serde_json::Value, Stop> {
        let native = Native::compile(&self.lowered.core, false)?;
        let database = native.open_read_only(data)?;
        let service = NativeService::new(
            native.loaded.clone(),
            database,
            limits(&self.project.config.limits),
            tenon_launcher::serve::log_to_stderr(),
        );
        let request = OwnedRequest { method: "GET".into(), target: format!("/{NAME}"), ..OwnedRequest::default() };
        let dispatched = call_endpoint(&service, self.endpoint, &request, 0);
        // A server tells callers nothing of a fault; whoever types a query is to know what is wrong with it.
        if let Some((fault, site)) = dispatched.fault {
            let at = self.place(SiteId(site)).map(|at| format!("{at}: ")).unwrap_or_default();
            return Err(Stop::failed(format!("{at}{}{}", fault.message(), remedy(fault))));
        }
        let response = dispatched.response;
        let body: serde_json::Value = if response.body.is_empty() {
            serde_json::Value::Null
        } else {
            serde_json::from_slice(&response.body).map_err(|error| Stop::failed(error.to_string()))?
        };
        if response.status >= 400 {
            let detail = body.get("detail").or_else(|| body.get("title")).and_then(|d| d.as_str());
            return Err(Stop::failed(detail.unwrap_or("the query failed")));
        }
        Ok(body)
    }

    /// Where a place is: in the text that was typed, or in a file of the program.
    fn place(&self, site: SiteId) -> Option<String> {
        let sources = self.checked.sources();
        match super::test::place(&self.lowered.core, site, &sources)? {
            (file, line, column) if file == FILE => {
                let line = line.saturating_sub(1);
                let column = if line == 1 { column.saturating_sub(INDENT) } else { column };
                Some(format!("line {line}, column {column} of the query"))
            }
            _ => super::test::place_shown(&self.lowered.core, site, &sources),
        }
    }
}

/// What to do about a call that met a limit.
fn remedy(fault: Fault) -> String {
    let limit = match fault {
        Fault::FuelExhausted => "fuel",
        Fault::MemoryExceeded => "memory",
        Fault::RecursionTooDeep => "depth",
        _ => return String::new(),
    };
    format!("; ask for less, or raise `{limit}` under `[limits]` in `tenon.toml`")
}

#[cfg(test)]
mod tests {
    use super::one_query;

    #[test]
    fn a_text_is_one_query() {
        for text in ["1", "let a = 1\na + 1", "from p in Product\nwhere p.stock < 5"] {
            assert!(one_query(text).is_ok(), "{text}");
        }
        for text in ["", "  \n", "// c", "1 }\nquery y() -> Int { 2", "1 }\nrelation R { key a: Int }\nfn f() -> Int {"]
        {
            assert!(one_query(text).is_err(), "{text}");
        }
    }
}
