//! Code lenses: each a command of this server, or one that the client says it has.

use crate::client::Lenses;
use crate::commands;
use crate::error::ResponseError;
use crate::view::View;
use ls_types::{CodeLens, CodeLensParams, Command};
use serde_json::{Value, json};
use tenon_ide::lenses::{LensCommand, LensSettings, RowLenses, RunnableKind};

/// A command of the client: runs the program. Takes `{ uri }`.
const RUN: &str = "tenon.client.run";
/// A command of the client: sends a request. Takes `{ uri, name, method, path }`.
const CALL: &str = "tenon.client.callEndpoint";
/// A command of the client: shows the rows of a relation. Takes `{ uri, name }`.
const ROWS: &str = "tenon.client.showRows";

/// `textDocument/codeLens`.
pub fn lenses(view: &View, params: CodeLensParams) -> Result<Option<Vec<CodeLens>>, ResponseError> {
    let settings = settings(&view.client.options.lenses);
    let uri = params.text_document.uri.as_str();
    let mut places = view.places();
    let mut convert = |lens: tenon_ide::lenses::CodeLens| {
        let (command, argument) = match lens.command {
            LensCommand::Run { runnable } => run(uri, runnable),
            LensCommand::Show { places: found } => {
                let found: Vec<_> = found.iter().filter_map(|place| places.location(place)).collect();
                (commands::SHOW_PLACES, json!({ "uri": uri, "places": found }))
            }
            LensCommand::Rows { relation } => (ROWS, json!({ "uri": uri, "name": relation })),
        };
        let of_client = [RUN, CALL, ROWS].contains(&command);
        if of_client && !view.client.options.commands.iter().any(|has| has == command) {
            return None;
        }
        let command = Command { title: lens.title, command: command.to_owned(), arguments: Some(vec![argument]) };
        Some(CodeLens { range: view.range(lens.range), command: Some(command), data: None })
    };
    let found = view.program.analysis.code_lenses(&view.file, &settings);
    Ok(Some(found.into_iter().filter_map(&mut convert).collect()))
}

fn run(uri: &str, runnable: RunnableKind) -> (&'static str, Value) {
    match runnable {
        RunnableKind::Scenario { title } => (commands::RUN_SCENARIO, json!({ "uri": uri, "name": title })),
        RunnableKind::Scenarios { .. } => (commands::RUN_SCENARIO, json!({ "uri": uri })),
        RunnableKind::Explain { name } => (commands::EXPLAIN, json!({ "uri": uri, "name": name })),
        RunnableKind::Main => (RUN, json!({ "uri": uri })),
        RunnableKind::Endpoint { name, method, path } => {
            (CALL, json!({ "uri": uri, "name": name, "method": method, "path": path }))
        }
    }
}

fn settings(lenses: &Lenses) -> LensSettings<'static> {
    let usual = LensSettings::default();
    LensSettings {
        run: lenses.run.unwrap_or(usual.run),
        call: lenses.call.unwrap_or(usual.call),
        explain: lenses.explain.unwrap_or(usual.explain),
        relations: lenses.relations.unwrap_or(usual.relations),
        fields: lenses.fields.unwrap_or(usual.fields),
        calls: lenses.calls.unwrap_or(usual.calls),
        rows: if lenses.rows.unwrap_or(true) { RowLenses::Uncounted } else { RowLenses::Never },
    }
}
