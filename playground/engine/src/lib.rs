//! A running Tenon program as the page shows it: text in, tables, answers, plans and reports out, all as JSON.
//!
//! The same engine runs as WebAssembly in a worker of the page and natively behind `tenon playground`. It stands on the
//! checker, on Core's evaluator and its plain store, and on the dispatch of the real server, so a request that is
//! sent here has the bytes that it has over a socket. It has no clock, no randomness and no IO: whoever calls gives the
//! moment and the seed with every request.
//!
//! | module | holds |
//! | --- | --- |
//! | `protocol` | requests and answers as JSON |
//! | `project` | the text: files, diagnostics, places |
//! | `instance` | a program that runs, with its rows; what an edit of the program does to them |
//! | `rows` | relations as tables that can be edited |
//! | `forms` | what the page needs to draw a form for a shape |
//! | `requests` | requests to endpoints |
//! | `scenarios` | scenarios with what broke |
//! | `language` | the language server |
//! | `models` | the schema, and an item in every phase, by the editor's models |
//! | `explain` | plans of the item under the cursor |
//! | `tour`, `examples` | the guided tour with its checks, the gallery |
//!
//! Invariants: no input makes it panic; a call ends within its limits (`instance::LIMITS`); while the text has errors, the
//! last program that had none goes on running.

mod examples;
mod explain;
mod forms;
mod instance;
mod language;
mod models;
mod project;
mod protocol;
mod requests;
mod rows;
mod scenarios;
mod tour;

use instance::{Instance, Rows};
use language::Language;
use project::Project;

/// A playground: one program as text, and the instance of it that runs.
pub struct Engine {
    project: Project,
    instance: Option<Instance>,
    /// Whether the instance runs the text as it is now.
    sound: bool,
    /// What is stored as soon as the program runs.
    waiting: Vec<Rows>,
    language: Language,
}

impl Default for Engine {
    fn default() -> Engine {
        Engine {
            project: Project::new(),
            instance: None,
            sound: false,
            waiting: Vec::new(),
            language: Language::default(),
        }
    }
}

impl Engine {
    /// A playground without a program.
    pub fn new() -> Engine {
        Engine::default()
    }

    /// Answers a request. Both are JSON objects: the request names what to do in `do`, the answer has the result in
    /// `ok`, or one sentence in `error`. See the module `protocol` for what there is.
    pub fn handle(&mut self, request: &str) -> String {
        let answer = match protocol::handle(self, request) {
            Ok(result) => serde_json::json!({ "ok": result }),
            Err(message) => serde_json::json!({ "error": message }),
        };
        answer.to_string()
    }
}
