//! `tenon query`: runs a query that is typed now against a store, and prints its answer as a table.

use crate::cli::Data;
use crate::compile::Checked;
use crate::engine::{Native, limits};
use crate::project::Project;
use crate::report::{Stop, Voice};
use crate::table::table;
use clap::Args;
use std::path::{Path, PathBuf};
use tenon_runtime::service::NativeService;
use tenon_value::dispatch::{Dispatched, OwnedRequest, call_endpoint};

/// See the module documentation.
#[derive(Args, Debug)]
pub struct Query {
    /// A `.tn` file, or a folder with `tenon.toml`
    program: PathBuf,
    /// The query
    text: String,
    #[command(flatten)]
    data: Data,
}

/// The name of the item that holds the text.
const NAME: &str = "ad_hoc_query";

impl Query {
    /// Runs the command. The store is read as it is durable now, also beside a running server.
    ///
    /// # Errors
    /// The text or the program has errors, or the store cannot be read.
    pub fn run(self, voice: Voice) -> Result<(), Stop> {
        let answer = ask(voice, &self.program, "", &self.text, &self.data.data)?;
        if voice.json {
            voice.answer(&answer);
        } else {
            voice.say(table(&answer));
        }
        Ok(())
    }
}

/// The answer of a query text, behind `use` items for the names of modules that it says.
pub fn ask(voice: Voice, program: &Path, uses: &str, text: &str, data: &Path) -> Result<serde_json::Value, Stop> {
    let mut project = Project::read(program)?;
    project
        .files
        .push(("query".to_owned(), format!("{uses}query {NAME}() at GET \"/{NAME}\" public {{\n  {text}\n}}\n")));
    project.files.sort();
    let checked = Checked::new(&project);
    if !checked.is_sound() {
        voice.diagnostics(&checked.diagnostics, &checked.sources());
        return Err(Stop::said());
    }
    let lowered = checked.lower(voice)?;
    let native = Native::compile(&lowered.core, false)?;
    let database = native.open_read_only(data)?;
    let Some(endpoint) = lowered.core.api.endpoint_named(NAME) else {
        return Err(Stop::failed("the text is not a query"));
    };
    let service = NativeService::new(
        native.loaded.clone(),
        database,
        limits(&project.config.limits),
        tenon_launcher::serve::log_to_stderr(),
    );
    let request = OwnedRequest { method: "GET".into(), target: format!("/{NAME}"), ..OwnedRequest::default() };
    let Dispatched { response, .. } = call_endpoint(&service, endpoint, &request, 0);
    let body: serde_json::Value = if response.body.is_empty() {
        serde_json::Value::Null
    } else {
        serde_json::from_slice(&response.body).map_err(|error| Stop::failed(error.to_string()))?
    };
    if response.status >= 400 {
        let detail =
            body.get("detail").or_else(|| body.get("title")).and_then(|d| d.as_str()).unwrap_or("the query failed");
        return Err(Stop::failed(detail.to_owned()));
    }
    Ok(body)
}
