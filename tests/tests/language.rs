//! Programs of scenarios under `language/`, and the examples of the library, run by the evaluator.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::sync::Arc;
use tenon_check::builtins::BUILTINS;
use tenon_check::db::{CheckDatabase, Settings};
use tenon_check::program::check;
use tenon_core::eval::{Evaluator, Limits};
use tenon_core::lower::{CheckedProgram, lower};
use tenon_core::scenario::{self, EvaluatorEngine};
use tenon_diagnostics::{Severity, render_terminal};

/// The evaluator recurses on the stack of its thread.
const STACK: usize = 64 << 20;

fn texts(folder: &str, prefix: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "tn") {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            found.push((format!("{prefix}{name}"), std::fs::read_to_string(&path).unwrap()));
        }
    }
    found.sort();
    found
}

/// Runs all scenarios of a program; what does not hold.
fn run(name: &str, text: &str) -> Vec<String> {
    let (name, text) = (name.to_owned(), text.to_owned());
    let worker = std::thread::Builder::new().stack_size(STACK).spawn(move || {
        let library = texts("../stdlib/tenon", "tenon/");
        let library: Vec<(&str, &str)> = library.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect();
        let mut db = CheckDatabase::new(&library);
        db.set_settings(Settings { name: "test".into(), ..Settings::default() });
        db.set_file("test.tn", &text);
        let found = check(&db);
        let errors: Vec<String> = found
            .iter()
            .filter(|d| d.severity == Severity::Error)
            .map(|d| format!("{name}: {}", render_terminal(d, &db, false)))
            .collect();
        if !errors.is_empty() {
            return errors;
        }
        let program = CheckedProgram::new(&db);
        let core = match lower(&program, &program.settings()) {
            Ok(core) => Arc::new(core),
            Err(errors) => return errors.iter().map(|e| format!("{name}: does not lower: {}", e.message)).collect(),
        };
        let mut broken = Vec::new();
        for scenario in &core.scenarios {
            let limits = Limits { stack: STACK / 2, ..Limits::default() };
            let mut engine = EvaluatorEngine::new(Evaluator::with_limits(core.clone(), limits));
            let report = scenario::run(&core, scenario, &mut engine, 1);
            if let Some(what) = report.broken {
                broken.push(format!("{name}, {}: {what:?}", scenario.name));
            }
        }
        assert!(!core.scenarios.is_empty(), "{name} has no scenario");
        broken
    });
    worker.unwrap().join().unwrap()
}

#[test]
fn programs_of_scenarios_hold() {
    let broken: Vec<String> = texts("language", "").iter().flat_map(|(name, text)| run(name, text)).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_examples_of_the_library_hold() {
    let mut examples: Vec<(String, String)> =
        BUILTINS.iter().filter(|b| !b.example.is_empty()).map(|b| (b.id.to_string(), b.example.to_string())).collect();
    for (path, text) in texts("../stdlib/tenon", "tenon/") {
        let mut example = None;
        for line in text.lines() {
            if let Some(found) = line.strip_prefix("/// `").and_then(|l| l.strip_suffix('`')) {
                example = Some(found.to_string());
            } else if let Some(rest) = line.strip_prefix("fn ") {
                let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let example = example.take().unwrap_or_else(|| panic!("{path}: `{name}` has no example"));
                examples.push((format!("{path}:{name}"), example));
            }
        }
    }
    let text: String = examples.iter().map(|(name, e)| format!("scenario \"{name}\" {{\n  then {e}\n}}\n")).collect();
    let broken = run("library", &text);
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
