//! Requests and answers as JSON.
//!
//! | `do` | with | answers |
//! | --- | --- | --- |
//! | `open` | `files: [{path, text}]`, `name`, `fresh`, `rows` | the program: problems, relations, endpoints, scenarios, what became of the rows |
//! | `empty` | | nothing; the program goes on without rows |
//! | `rows` | `relation`, `offset`, `limit` | a part of a table; keys and fields as texts of JSON |
//! | `insert` | `relation`, `row` | a response |
//! | `edit` | `relation`, `key`, `set` | a response |
//! | `delete` | `relation`, `key` | a response |
//! | `send` | `method`, `target`, `headers`, `body` | a response |
//! | `scenario` | `index` | a report |
//! | `explain` | `file`, `offset` | plans of the item there |
//! | `phases` | `file`, `offset` | the item there in every phase of the compiler |
//! | `schema` | | entities, references, and who reads and writes |
//! | `lsp` | `message` | what the language server says to a message of its client |
//! | `tour` | | the steps of the tour |
//! | `verdict` | `step` | whether the task of a step is done |
//! | `examples` | | the programs of the gallery |
//!
//! Every request has `now`, milliseconds since 1970, and `seed`, any whole number. Offsets count UTF-16 units. With
//! `fresh` the store begins with `rows`, lists of rows by relation, which wait while the program has errors; otherwise
//! rows are kept where they still fit.

use crate::{Engine, examples, explain, models, requests, rows, scenarios, tour};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};
use tenon_core::eval::Inputs;

/// What one request to the engine gives, or one sentence about why not.
pub(crate) type Result<T> = std::result::Result<T, String>;

#[derive(Deserialize)]
struct World {
    #[serde(default)]
    now: f64,
    #[serde(default)]
    seed: u64,
}

#[derive(Deserialize)]
struct Open {
    files: Vec<File>,
    #[serde(default)]
    name: String,
    #[serde(default)]
    fresh: bool,
    #[serde(default)]
    rows: Map<String, Json>,
}

/// A file of the program.
#[derive(Deserialize)]
pub(crate) struct File {
    /// Its path in the program's folder.
    pub path: String,
    /// Its text.
    pub text: String,
}

#[derive(Deserialize)]
struct Page {
    relation: String,
    #[serde(default)]
    offset: usize,
    #[serde(default = "page_length")]
    limit: usize,
}

fn page_length() -> usize {
    200
}

#[derive(Deserialize)]
struct Change {
    relation: String,
    #[serde(default)]
    key: Json,
    #[serde(default)]
    row: Json,
    #[serde(default)]
    set: Json,
}

/// A request to an endpoint.
#[derive(Deserialize)]
pub(crate) struct Send {
    /// The method, in capitals.
    pub method: String,
    /// The path with the query string.
    pub target: String,
    /// Name and value.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// The body as text.
    #[serde(default)]
    pub body: String,
}

#[derive(Deserialize)]
struct Scenario {
    index: usize,
}

#[derive(Deserialize)]
struct Message {
    message: String,
}

#[derive(Deserialize)]
struct Verdict {
    step: usize,
}

#[derive(Deserialize)]
struct Place {
    file: String,
    offset: u32,
}

fn read<T: DeserializeOwned>(request: &Json) -> Result<T> {
    T::deserialize(request).map_err(|error| format!("the request cannot be read: {error}"))
}

/// Does what a request asks for.
pub(crate) fn handle(engine: &mut Engine, request: &str) -> Result<Json> {
    let request: Json = serde_json::from_str(request).map_err(|error| format!("the request is not JSON: {error}"))?;
    let world: World = read(&request)?;
    let inputs = Inputs { now: (world.now * 1000.0) as i64, seed: world.seed };
    let what = request.get("do").and_then(Json::as_str).unwrap_or_default();
    if what == "open" {
        let Open { files, name, fresh, rows } = read(&request)?;
        let list = |(relation, rows): (String, Json)| read(&rows).map(|rows| (relation, rows));
        let rows = if fresh { Some(rows.into_iter().map(list).collect::<Result<_>>()?) } else { None };
        return Ok(engine.open(&files, &name, rows, &inputs));
    }
    if what == "explain" {
        let Place { file, offset } = read(&request)?;
        let instance = engine.instance.as_ref();
        return Ok(explain::at(&engine.project, instance, &file, offset));
    }
    if what == "lsp" {
        let Message { message } = read(&request)?;
        return Ok(engine.language.handle(&message).into());
    }
    if what == "schema" {
        return Ok(models::schema(&engine.project));
    }
    if what == "phases" {
        let Place { file, offset } = read(&request)?;
        return Ok(models::phases(&engine.project, &file, offset));
    }
    if what == "tour" {
        return Ok(tour::steps());
    }
    if what == "examples" {
        return Ok(examples::examples());
    }
    if what == "verdict" {
        let Verdict { step } = read(&request)?;
        return tour::verdict(engine, step, &inputs);
    }
    let project = &engine.project;
    let instance = engine.instance.as_mut().ok_or("no program runs yet: it has errors")?;
    instance.set_inputs(&inputs);
    match what {
        "empty" => {
            instance.empty();
            engine.waiting.clear();
            Ok(Json::Null)
        }
        "rows" => {
            let Page { relation, offset, limit } = read(&request)?;
            rows::page(instance, &relation, offset, limit)
        }
        "insert" => {
            let Change { relation, row, .. } = read(&request)?;
            rows::insert(instance, project, &relation, &row)
        }
        "edit" => {
            let Change { relation, key, set, .. } = read(&request)?;
            rows::edit(instance, project, &relation, &key, &set)
        }
        "delete" => {
            let Change { relation, key, .. } = read(&request)?;
            rows::delete(instance, project, &relation, &key)
        }
        "send" => Ok(requests::send(instance, project, &read(&request)?)),
        "scenario" => {
            let Scenario { index } = read(&request)?;
            scenarios::run(instance, project, index, world.seed)
        }
        _ => Err(format!("there is nothing called {what:?} to do")),
    }
}
