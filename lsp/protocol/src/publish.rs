//! Diagnostics for a client that does not ask for them, those of `tenon.toml`, which no client asks for, and those that
//! are looked for when the client has been quiet for a while.

use crate::diagnostics::{hash, of_file};
use crate::lines::Lines;
use crate::session::Session;
use crate::task::{Found, Task};
use crate::uri::uri_of;
use crate::workspace::ProgramView;
use ls_types::{Diagnostic, DiagnosticSeverity, PublishDiagnosticsParams, Uri};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tenon_ide::Remains;

/// What a task found that nobody asked for.
#[derive(Clone, PartialEq, Debug)]
pub enum Finding {
    /// Diagnostics.
    Publications(Publications),
    /// What lowering refuses, of each program of which it refuses something.
    Refused(Vec<Arc<[tenon_diagnostics::Diagnostic]>>),
    /// Nothing but that the programs have been looked at once.
    Prepared,
}

/// The diagnostics of documents.
#[derive(Clone, PartialEq, Debug)]
pub struct Publications {
    /// The state of the programs that it looked at.
    generation: u64,
    list: Vec<PublishDiagnosticsParams>,
    /// True if documents that are not in the list have no diagnostics.
    complete: bool,
}

/// What the client was told.
#[derive(Debug, Default)]
pub struct Published {
    generation: u64,
    /// A number for the diagnostics of each document that has some.
    told: HashMap<Uri, u64>,
    /// The same for each `tenon.toml`.
    configs: HashMap<Uri, u64>,
}

impl Published {
    /// What the client does not know yet, as parameters of `textDocument/publishDiagnostics`. Nothing if the programs
    /// have changed meanwhile: then another task looks.
    pub fn accept(&mut self, found: Publications) -> Vec<Value> {
        if found.generation != self.generation {
            return Vec::new();
        }
        let mut news = Vec::new();
        let listed: HashSet<Uri> = found.list.iter().map(|params| params.uri.clone()).collect();
        for params in found.list {
            let number = hash(&params.diagnostics);
            let known = if params.diagnostics.is_empty() {
                self.told.remove(&params.uri).is_none()
            } else {
                self.told.insert(params.uri.clone(), number) == Some(number)
            };
            if !known {
                news.push(params);
            }
        }
        if found.complete {
            let gone: Vec<Uri> = self.told.keys().filter(|uri| !listed.contains(*uri)).cloned().collect();
            for uri in gone {
                self.told.remove(&uri);
                news.push(PublishDiagnosticsParams { uri, diagnostics: Vec::new(), version: None });
            }
        }
        news.into_iter().filter_map(|params| serde_json::to_value(params).ok()).collect()
    }
}

impl Session {
    /// Begins to look for diagnostics that nobody asks for: of open documents first, then of all others.
    pub(crate) fn begin_publishing(&mut self) {
        self.publish_configs();
        self.published.generation += 1;
        if self.client.pulls_diagnostics {
            return;
        }
        let generation = self.published.generation;
        for complete in [false, true] {
            let programs = self.programs();
            let client = self.client.clone();
            let work = move || {
                let list = programs.iter().flat_map(|program| {
                    let files = program.analysis.files().into_iter();
                    let files = files.filter(move |file| complete || program.version(file).is_some());
                    files.filter_map(|file| publication(program, &client, &file)).collect::<Vec<_>>()
                });
                let found = Publications { generation, list: list.collect(), complete };
                Ok(Found::Finding(Finding::Publications(found)))
            };
            self.work(Task::background(None, Box::new(work)));
        }
    }

    /// Begins to look for what lowering refuses of the programs that have changed.
    pub(crate) fn begin_lowering(&mut self) {
        let programs = self.programs();
        let work = move || {
            // Dropped after the snapshots, also where an edit ends this.
            let mut remains = Remains::default();
            let programs = programs;
            let refused = programs.iter().map(|program| program.analysis.find_refused(&mut remains));
            Ok(Found::Finding(Finding::Refused(refused.filter(|refused| !refused.is_empty()).collect())))
        };
        self.work(Task::background(None, Box::new(work)));
    }

    /// Tells what is wrong with each `tenon.toml`, where that has changed.
    fn publish_configs(&mut self) {
        let mut found: Vec<PublishDiagnosticsParams> = Vec::new();
        for (path, wrong) in self.workspace.configs() {
            let Some(uri) = uri_of(&path) else { continue };
            let diagnostics = wrong.map(|(error, text)| {
                let lines = Lines::new(text.into(), self.client.encoding);
                let range = error.range.clone().unwrap_or(0..0);
                let range = tenon_span::Range::new(range.start as u32, range.end as u32);
                Diagnostic {
                    range: lines.range(range),
                    severity: Some(DiagnosticSeverity::ERROR),
                    source: Some("tenon".to_owned()),
                    message: error.message.clone(),
                    ..Diagnostic::default()
                }
            });
            found.push(PublishDiagnosticsParams { uri, diagnostics: diagnostics.into_iter().collect(), version: None });
        }
        let now: HashMap<Uri, u64> = found
            .iter()
            .filter(|params| !params.diagnostics.is_empty())
            .map(|params| (params.uri.clone(), hash(&params.diagnostics)))
            .collect();
        let before = std::mem::replace(&mut self.published.configs, now);
        let now = &self.published.configs;
        let gone = before.keys().filter(|uri| !now.contains_key(*uri)).cloned();
        let mut news: Vec<PublishDiagnosticsParams> =
            gone.map(|uri| PublishDiagnosticsParams { uri, diagnostics: Vec::new(), version: None }).collect();
        news.extend(
            found
                .into_iter()
                .filter(|params| now.get(&params.uri).is_some_and(|number| before.get(&params.uri) != Some(number))),
        );
        for params in news {
            if let Ok(params) = serde_json::to_value(params) {
                self.tell("textDocument/publishDiagnostics", params);
            }
        }
    }
}

fn publication(
    program: &ProgramView,
    client: &Arc<crate::client::Client>,
    file: &str,
) -> Option<PublishDiagnosticsParams> {
    let uri = program.uri(file)?;
    let diagnostics = of_file(program, client, file, None);
    Some(PublishDiagnosticsParams { uri, diagnostics, version: program.version(file) })
}
