//! Commands: what a client can have done beside asking. Each takes one object that names a document, and looks at the
//! program that the document belongs to, as it stands in the editor, saved or not.
//!
//! | command | takes, beside `uri` | gives |
//! | --- | --- | --- |
//! | `tenon.runScenario` | `name`: a title; without it all scenarios of the document, with `"*"` all of the program. `seed` | `{ scenarios, failed }` |
//! | `tenon.explain` | `name`: an item; without it all queries of the document | `{ queries: [{ name, at, text, plan }] }` |
//! | `tenon.showCore` | – | `{ text }`: the program in Core |
//! | `tenon.showPhases` | `position` | the item there in every phase: [`Phases`](tenon_ide::models::phases::Phases) |
//! | `tenon.showSchema` | – | [`Schema`](tenon_ide::models::schema::Schema) |
//! | `tenon.showEndpoints` | – | `{ endpoints }`: [`Endpoint`](tenon_ide::models::endpoints::Endpoint) |
//! | `tenon.showRunnables` | – | `{ runnables }`: what of the document can be run, [`Runnable`](tenon_ide::lenses::Runnable) |
//! | `tenon.showPlaces` | `places` | `{ places }`, as they were given: for a client that shows what commands give |
//!
//! A run of scenarios ends soon after the request is cancelled. A scenario is `{ name, at, seed, passed, broken }`; what broke is `{ at, message, text, parts: [{ text, value }],
//! cause }`. `at` and `cause` are locations. What needs a program that runs fails for one with errors, and says so; the
//! schema, endpoints, phases and runnables of a broken program are those that can be told. Ranges and places in what
//! `tenon-ide` gives are the client's: lines and columns, URIs.

use crate::error::{ErrorKind, ResponseError};
use crate::session::Session;
use crate::task::{Canceller, Found, Work};
use crate::view::{Places, View};
use ls_types::{ExecuteCommandParams, Location, Position, Uri};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tenon_core::eval::{Evaluator, Limits};
use tenon_core::ir::{self, SiteId};
use tenon_core::lower::{CheckedProgram, lower};
use tenon_core::scenario::{Broken, EvaluatorEngine, run};
use tenon_diagnostics::ItemPath;
use tenon_ide::FileRange;
use tenon_plan::explain::Explain;
use tenon_plan::plan;
use tenon_plan::statistics::Assumed;

/// A command.
pub struct Command {
    /// Its name.
    pub name: &'static str,
    run: fn(View, Arguments, &Canceller) -> Result<Value, ResponseError>,
}

/// Runs scenarios.
pub const RUN_SCENARIO: &str = "tenon.runScenario";
/// Shows plans.
pub const EXPLAIN: &str = "tenon.explain";
/// Shows places.
pub const SHOW_PLACES: &str = "tenon.showPlaces";

/// All commands.
pub static COMMANDS: &[Command] = &[
    Command { name: RUN_SCENARIO, run: run_scenario },
    Command { name: EXPLAIN, run: explain },
    Command { name: "tenon.showCore", run: show_core },
    Command { name: "tenon.showPhases", run: show_phases },
    Command { name: "tenon.showSchema", run: show_schema },
    Command { name: "tenon.showEndpoints", run: show_endpoints },
    Command { name: "tenon.showRunnables", run: show_runnables },
    Command { name: SHOW_PLACES, run: show_places },
];

/// What a command takes.
#[derive(Deserialize)]
struct Arguments {
    uri: Uri,
    name: Option<String>,
    seed: Option<u64>,
    position: Option<Position>,
    places: Option<Value>,
}

/// The steps of one call; more than any scenario takes that comes to an end.
const FUEL: u64 = 100_000_000;

/// `workspace/executeCommand`.
pub fn begin(session: &Session, params: ExecuteCommandParams) -> Result<(Option<Canceller>, Work), ResponseError> {
    let command = COMMANDS.iter().find(|command| command.name == params.command);
    let command =
        command.ok_or_else(|| ResponseError::invalid_params(format!("there is no command `{}`", params.command)))?;
    let first = params.arguments.into_iter().next().unwrap_or_default();
    let arguments: Arguments =
        serde_json::from_value(first).map_err(|error| ResponseError::invalid_params(error.to_string()))?;
    let view = session.document(&arguments.uri)?;
    let canceller = view.program.analysis.canceller();
    let stop = canceller.clone();
    Ok((Some(canceller), Box::new(move || (command.run)(view, arguments, &stop).map(Found::Answer))))
}

/// A program in Core, and where its pieces stand. It holds no snapshot.
struct Lowered {
    core: Arc<ir::Program>,
    /// By the numbers of sites.
    places: Vec<Option<Location>>,
    /// The file of the document, as sites name it.
    file: String,
}

impl Lowered {
    fn new(view: &View) -> Result<Lowered, ResponseError> {
        let analysis = &view.program.analysis;
        if !analysis.is_sound() {
            return Err(ResponseError::failed("the program has errors"));
        }
        let checked = CheckedProgram::new(analysis.database());
        let core = lower(&checked, &checked.settings()).map_err(|errors| {
            let first = errors.first().map(|error| error.message.clone()).unwrap_or_default();
            ResponseError::failed(format!("the program cannot run: {first}"))
        })?;
        let mut places = Places::new(&view.program, &view.client);
        let places = core.sites.iter().map(|site| place(view, &mut places, site)).collect();
        Ok(Lowered { core: Arc::new(core), places, file: view.file.clone() })
    }

    fn at(&self, site: SiteId) -> Option<&Location> {
        self.places.get(site.index()).and_then(Option::as_ref)
    }

    fn stands_here(&self, site: SiteId) -> bool {
        self.core.sites.get(site.index()).is_some_and(|site| *site.file == *self.file)
    }
}

fn place(view: &View, places: &mut Places<'_>, site: &ir::Site) -> Option<Location> {
    let item = ItemPath {
        file: site.file.as_str().into(),
        kind: site.kind.as_str().into(),
        name: site.item.as_str().into(),
        nth: site.nth,
    };
    let location = tenon_diagnostics::Location { file: item.file.clone(), item: Some(item), range: site.range };
    places.location(&view.program.analysis.resolve_location(&location))
}

fn run_scenario(view: View, arguments: Arguments, stop: &Canceller) -> Result<Value, ResponseError> {
    let lowered = Lowered::new(&view)?;
    // What runs does not keep the program from being edited.
    drop(view);
    let wanted = |scenario: &&ir::Scenario| match arguments.name.as_deref() {
        Some("*") => true,
        Some(name) => scenario.name == name,
        None => lowered.stands_here(scenario.site),
    };
    let chosen: Vec<&ir::Scenario> = lowered.core.scenarios.iter().filter(wanted).collect();
    if let (true, Some(name)) = (chosen.is_empty(), &arguments.name) {
        return Err(ResponseError::failed(format!("there is no scenario \"{name}\"")));
    }
    let seed = arguments.seed.unwrap_or(1);
    let mut failed = 0;
    let mut list = Vec::new();
    for scenario in chosen {
        let mut limits = Limits { fuel: FUEL, ..Limits::default() };
        if !cfg!(target_arch = "wasm32") {
            // The threads of a server have large stacks.
            limits.stack = 32 << 20;
        }
        let evaluator = Evaluator::with_limits(lowered.core.clone(), limits).stopped_by(stop.used().clone());
        let report = run(&lowered.core, scenario, &mut EvaluatorEngine::new(evaluator), seed);
        // The snapshot has gone, so nothing else would tell.
        if stop.used().load(Ordering::Relaxed) {
            return Err(ResponseError::new(ErrorKind::RequestCancelled, "the client cancelled"));
        }
        failed += usize::from(report.broken.is_some());
        list.push(json!({
            "name": report.name,
            "at": lowered.at(report.site),
            "seed": report.seed,
            "passed": report.broken.is_none(),
            "broken": report.broken.as_ref().map(|broken| broken_json(broken, &lowered)),
        }));
    }
    Ok(json!({ "scenarios": list, "failed": failed }))
}

fn broken_json(broken: &Broken, lowered: &Lowered) -> Value {
    let parts = broken.parts.iter().map(|(text, value)| json!({ "text": text, "value": value }));
    json!({
        "at": lowered.at(broken.site),
        "message": broken.message,
        "text": broken.text,
        "parts": parts.collect::<Vec<_>>(),
        "cause": broken.cause.and_then(|site| lowered.at(site)),
    })
}

fn explain(view: View, arguments: Arguments, _: &Canceller) -> Result<Value, ResponseError> {
    let lowered = Lowered::new(&view)?;
    drop(view);
    let core = &lowered.core;
    let planned = plan(core, &Assumed::new(core)).map_err(|error| ResponseError::failed(error.to_string()))?;
    let place = |site| lowered.at(site).map(|at| format!("{}:{}", file_of(&at.uri), at.range.start.line + 1));
    let explain = Explain { program: core, indexes: &planned.indexes, real: None, place: &place };
    let wanted = planned.queries.iter().filter(|plan| match &arguments.name {
        Some(name) => plan.name == *name,
        None => lowered.stands_here(plan.site),
    });
    let queries: Vec<Value> = wanted
        .map(|plan| {
            json!({
                "name": plan.name,
                "at": lowered.at(plan.site),
                "text": explain.text(plan),
                "plan": explain.json(plan),
            })
        })
        .collect();
    // A query that only looks up a row has no plan; one that is not there is a mistake.
    match &arguments.name {
        Some(name) if queries.is_empty() && core.functions.iter().all(|function| *function.name != **name) => {
            Err(ResponseError::failed(format!("there is no query in an item called `{name}`")))
        }
        _ => Ok(json!({ "queries": queries })),
    }
}

fn file_of(uri: &Uri) -> String {
    uri.as_str().rsplit('/').next().unwrap_or_default().to_owned()
}

fn show_core(view: View, _: Arguments, _: &Canceller) -> Result<Value, ResponseError> {
    let lowered = Lowered::new(&view)?;
    drop(view);
    Ok(json!({ "text": tenon_core::text::print(&lowered.core) }))
}

fn show_phases(view: View, arguments: Arguments, _: &Canceller) -> Result<Value, ResponseError> {
    let position = arguments.position.ok_or_else(|| ResponseError::invalid_params("`position` is missing"))?;
    localized(&view, view.program.analysis.phases(&view.position(position)))
}

fn show_schema(view: View, _: Arguments, _: &Canceller) -> Result<Value, ResponseError> {
    localized(&view, view.program.analysis.schema())
}

fn show_endpoints(view: View, _: Arguments, _: &Canceller) -> Result<Value, ResponseError> {
    Ok(json!({ "endpoints": localized(&view, view.program.analysis.endpoints())? }))
}

fn show_runnables(view: View, _: Arguments, _: &Canceller) -> Result<Value, ResponseError> {
    Ok(json!({ "runnables": localized(&view, view.program.analysis.runnables(&view.file))? }))
}

fn show_places(_: View, arguments: Arguments, _: &Canceller) -> Result<Value, ResponseError> {
    Ok(json!({ "places": arguments.places }))
}

/// An answer of `tenon-ide` as JSON, its places turned into the client's: a range with its file becomes a location, a
/// range alone one of the document.
fn localized(view: &View, answer: impl Serialize) -> Result<Value, ResponseError> {
    let mut value = serde_json::to_value(answer).map_err(|error| ResponseError::failed(error.to_string()))?;
    localize(view, &mut view.places(), &mut value);
    Ok(value)
}

fn localize(view: &View, places: &mut Places<'_>, value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(|one| localize(view, places, one)),
        Value::Object(fields) => {
            let range = |value: Option<&Value>| -> Option<tenon_span::Range> {
                let fields = value?.as_object().filter(|fields| fields.len() == 2)?;
                let end = |name: &str| fields.get(name)?.as_u64()?.try_into().ok();
                Some(tenon_span::Range::new(end("start")?, end("end")?))
            };
            let file = fields.get("file").and_then(Value::as_str);
            let place = file.zip(range(fields.get("range"))).filter(|_| fields.len() == 2);
            if let Some((file, range)) = place {
                let place = FileRange { file: file.to_owned(), range };
                *value = serde_json::to_value(places.location(&place)).unwrap_or_default();
            } else if let Some(alone) =
                (fields.len() == 2).then(|| range(Some(&Value::Object(fields.clone())))).flatten()
            {
                *value = serde_json::to_value(view.range(alone)).unwrap_or_default();
            } else {
                fields.values_mut().for_each(|one| localize(view, places, one));
            }
        }
        _ => {}
    }
}
