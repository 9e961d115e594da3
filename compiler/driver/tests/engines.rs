//! Both engines run every scenario of every program here, of the apps, of the template and of the library's
//! examples, and tell the same about it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tenon_check::builtins::BUILTINS;
use tenon_check::db::CheckDatabase;
use tenon_check::program::{check, is_sound};
use tenon_core::eval::Inputs;
use tenon_core::ir::Program;
use tenon_core::lower::{CheckedProgram, Settings, import_name, lower};
use tenon_core::scenario::{Report, START, run};
use tenon_diagnostics::{Severity, render_terminal};
use tenon_driver::engine::{EVALUATOR_STACK, Native, scenario_engine};
use tenon_driver::library::LIBRARY;
use tenon_driver::project::Project;
use tenon_value::dispatch::{OwnedRequest, call_endpoint};

/// Calls at once run in orders drawn from these.
const SEEDS: [u64; 2] = [1, 77];

fn top(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The program of some files, in Core.
fn core(name: &str, files: &[(String, String)]) -> Result<Program, String> {
    lowered(name, files, false)
}

/// The program of some files, in Core; with what the checker proved as assertions, if asked for.
fn lowered(name: &str, files: &[(String, String)], assert_proofs: bool) -> Result<Program, String> {
    let mut db = CheckDatabase::new(LIBRARY);
    db.set_files(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let found = check(&db);
    if !is_sound(&found) {
        let errors = found.iter().filter(|d| d.severity == Severity::Error);
        return Err(errors.map(|d| format!("{name}: {}", render_terminal(d, &db, false))).collect());
    }
    let typed = CheckedProgram::new(&db);
    lower(&typed, &Settings { assert_proofs, ..typed.settings() })
        .map_err(|errors| errors.iter().map(|e| format!("{name} does not lower: {}\n", e.message)).collect())
}

/// What both engines report of each scenario, under each seed.
fn reports(name: &str, program: Program) -> Result<Vec<(Report, Report)>, String> {
    // Other tests run optimised code.
    let native = Native::compile(&program, false).map_err(|stop| format!("{name}: {}", stop.message))?;
    let program = Arc::new(program);
    let on = |native, scenario, seed| -> Result<Report, String> {
        let mut engine = scenario_engine(&program, native).map_err(|stop| format!("{name}: {}", stop.message))?;
        Ok(run(&program, scenario, engine.as_mut(), seed))
    };
    let mut found = Vec::new();
    for scenario in &program.scenarios {
        for seed in SEEDS {
            found.push((on(None, scenario, seed)?, on(Some(&native), scenario, seed)?));
        }
    }
    Ok(found)
}

/// What the evaluator reports of scenarios of a program that asserts what the checker proved.
fn asserted(name: &str, files: &[(String, String)]) -> Result<Vec<Report>, String> {
    let program = Arc::new(lowered(name, files, true)?);
    let run_one = |scenario| -> Result<Report, String> {
        let mut engine = scenario_engine(&program, None).map_err(|stop| format!("{name}: {}", stop.message))?;
        Ok(run(&program, scenario, engine.as_mut(), SEEDS[0]))
    };
    program.scenarios.iter().map(run_one).collect()
}

/// What is wrong with a program whose scenarios all hold.
fn faults(name: &str, files: &[(String, String)], wants_scenarios: bool) -> Vec<String> {
    let reports = match core(name, files).and_then(|program| reports(name, program)) {
        Ok(reports) => reports,
        Err(error) => return vec![error],
    };
    if wants_scenarios && reports.is_empty() {
        return vec![format!("{name} has no scenario")];
    }
    let mut faults = Vec::new();
    match asserted(name, files) {
        Ok(reports) => {
            let broken = reports.into_iter().filter_map(|r| Some((r.name, r.broken?)));
            faults.extend(broken.map(|(title, broken)| format!("{name}, with proofs asserted: `{title}` {broken:#?}")));
        }
        Err(error) => faults.push(error),
    }
    for (evaluator, native) in reports {
        for (engine, report) in [("evaluator", evaluator), ("native", native)] {
            if let Some(broken) = report.broken {
                faults.push(format!("{name}, {engine}, seed {}: `{}` {broken:#?}", report.seed, report.name));
            }
        }
    }
    faults
}

/// Runs many programs on threads with a roomy stack and panics with all that is wrong.
fn check_all(programs: Vec<(String, Vec<(String, String)>, bool)>) {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut found = Vec::new();
        while let Some((name, files, wants)) = programs.get(next.fetch_add(1, Ordering::Relaxed)) {
            found.extend(faults(name, files, *wants));
        }
        found
    };
    let found: Vec<String> = std::thread::scope(|scope| {
        let spawn = |_| std::thread::Builder::new().stack_size(EVALUATOR_STACK).spawn_scoped(scope, worker).unwrap();
        let workers: Vec<_> = (0..2).map(spawn).collect();
        workers.into_iter().flat_map(|w| w.join().unwrap()).collect()
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}

fn folder(path: &str) -> Vec<(String, Vec<(String, String)>, bool)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(top(path)).unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_some_and(|e| e == "tn") {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&file).unwrap();
            found.push((name.clone(), vec![(name, text)], true));
        }
    }
    found.sort();
    assert!(!found.is_empty(), "{path} has no program");
    found
}

#[test]
fn programs_run_alike() {
    check_all(folder("tests/programs"));
}

#[test]
fn language_programs_run_alike() {
    check_all(folder("tests/language"));
}

#[test]
fn apps_run_alike() {
    let app = |path: &str| {
        let project = Project::read(&top(path)).unwrap();
        (project.name.clone(), project.files, project.name != "chinook")
    };
    let template = |name: &str| {
        let files = folder(&format!("compiler/driver/templates/{name}"));
        (name.to_owned(), files.into_iter().flat_map(|(_, files, _)| files).collect(), true)
    };
    check_all(vec![
        app("tests/apps/shop/shop.tn"),
        app("tests/apps/chinook"),
        app("compiler/driver/templates/service/main.tn"),
        template("todo"),
        template("analytics"),
    ]);
}

#[test]
fn examples_of_the_library_run_alike() {
    let mut examples: Vec<(String, &str)> =
        BUILTINS.iter().filter(|b| !b.example.is_empty()).map(|b| (b.id.to_string(), b.example)).collect();
    for (path, text) in LIBRARY {
        let mut last = None;
        for line in text.lines() {
            if let Some(example) = line.strip_prefix("/// `").and_then(|l| l.strip_suffix('`')) {
                last = Some(example);
            } else if let Some(rest) = line.strip_prefix("fn ") {
                let name = rest.split(['(', '[']).next().unwrap_or(rest);
                examples.extend(last.take().map(|example| (format!("{path}:{name}"), example)));
            }
        }
    }
    assert!(examples.len() > BUILTINS.len() / 2, "the examples were not found");
    let text = examples.iter().map(|(name, e)| format!("scenario \"{name}\" {{\n  then {e}\n}}\n")).collect();
    check_all(vec![("library".to_owned(), vec![("library.tn".to_owned(), text)], true)]);
}

/// A relation with rules of every kind that a row from a file may break.
const IMPORTED: &str = r#"
type Code = Text where it matches r"[A-Z]{2}[0-9]+" else "two letters and digits"
type Even = Int where it mod 2 == 0
relation Group { key name: Text where it.length in 1..=10 }
relation Part {
  key code: Code
  group: Group?
  size: Even where it < 100 = 4
  weights: [Even] = []
  note: Text?
  unique note where note != none
  check weights.length <= size else "too many weights"
}
"#;

/// The endpoint of a relation's imports, the row, and the beginning of what is answered.
const ROWS: &[(&str, &str, u16)] = &[
    ("Group", r#"{"name": "a"}"#, 200),
    ("Group", r#"{"name": ""}"#, 422),
    ("Group", r#"{"name": "a"}"#, 409),
    ("Group", r#"{"name": 4}"#, 422),
    ("Part", r#"{"code": "AB1"}"#, 200),
    ("Part", r#"{"code": "AB1", "size": 6}"#, 409),
    ("Part", r#"{"code": "ab1", "size": 3, "weights": [2, 3]}"#, 422),
    ("Part", r#"{"code": "AB2", "size": 102}"#, 422),
    ("Part", r#"{"code": "AB2", "size": 2, "weights": [2, 4], "group": "a", "note": "n"}"#, 200),
    ("Part", r#"{"code": "AB3", "size": 2, "weights": [2, 4, 6]}"#, 500),
    ("Part", r#"{"code": "AB3", "group": "b"}"#, 422),
    ("Part", r#"{"code": "AB3", "note": "n"}"#, 409),
    ("Part", r#"{"size": 4}"#, 422),
    ("Part", r#"{"code": "AB3", "colour": "red"}"#, 422),
];

#[test]
fn imports_run_alike() {
    let worker = std::thread::Builder::new().stack_size(EVALUATOR_STACK).spawn(|| {
        let program =
            core("imported", &[("imported.tn".to_owned(), IMPORTED.to_owned())]).unwrap_or_else(|e| panic!("{e}"));
        let native = Native::compile(&program, false).unwrap_or_else(|stop| panic!("{}", stop.message));
        let program = Arc::new(program);
        let mut engines =
            [None, Some(&native)].map(|n| scenario_engine(&program, n).unwrap_or_else(|s| panic!("{}", s.message)));
        for (number, (relation, row, status)) in ROWS.iter().enumerate() {
            let endpoint = program.api.endpoint_named(&import_name(relation)).unwrap();
            let mut answers = engines.iter_mut().map(|engine| {
                engine.set_inputs(Inputs { now: START, seed: number as u64 });
                let headers = vec![("content-type".into(), b"application/json".to_vec())];
                let request = OwnedRequest {
                    method: "POST".into(),
                    target: String::new(),
                    headers,
                    body: row.as_bytes().to_vec(),
                };
                let response = call_endpoint(engine.service(), endpoint, &request, number as u64).response;
                (response.status, String::from_utf8(response.body).unwrap())
            });
            let (evaluator, native) = (answers.next().unwrap(), answers.next().unwrap());
            assert_eq!(evaluator, native, "{row}");
            assert_eq!(evaluator.0, *status, "{row}: {}", evaluator.1);
        }
    });
    worker.unwrap().join().unwrap();
}

/// Scenarios that do not hold, each in its own way.
const BROKEN: &str = r#"
relation Box { key name: Text; size: Int where it >= 0; unique size else Taken(size: size); check size < 1_000 else "too big" }
error Taken(size: Int) is Conflict "{size} is taken"
handler put(name: Text, size: Int where it >= 0) -> Box { insert Box(name, size) }
handler grow(name: Text) -> Box {
  let b = Box[name] else fail NotFound("no box {name}")
  update b set size = b.size * 9_000_000_000_000_000
}
handler must(name: Text) { let b = Box[name] else fail NotFound("no box {name}"); assert b.size > 5 }

scenario "a condition" {
  when b = put(name: "a", size: 3)
  then b.size == 4 and count(Box) == 1
}
scenario "a value that overflows" {
  given Box(name: "a", size: 999)
  when grow(name: "a")
}
scenario "an assertion" {
  given Box(name: "a", size: 3)
  when must(name: "a")
}
scenario "a failure" {
  when must(name: "nobody")
}
scenario "a failure of another kind" {
  given Box(name: "a", size: 3)
  when put(name: "b", size: 3) fails NotFound
}
scenario "a failure with other fields" {
  given Box(name: "a", size: 3)
  when put(name: "b", size: 3) fails Taken(size: 4)
}
scenario "no failure" {
  when put(name: "b", size: 3) fails Taken
}
scenario "a row that breaks its check" {
  when put(name: "a", size: 1_000)
}
scenario "a key that exists" {
  given Box(name: "a", size: 3)
  when put(name: "a", size: 4)
}
scenario "counts" {
  when 3 at once put(name: "a", size: 3)
  then succeeded == 2
}
scenario "a row that is not there" {
  then Box["a"]!.size == 1
}
"#;

/// Only the evaluator tells which rule a value broke that must be present.
fn plain(mut report: Report) -> Report {
    if let Some(broken) = &mut report.broken {
        broken.message = broken.message.replace(" is none: !", " is none");
        for (_, value) in &mut broken.parts {
            *value = value.replace(" is none: !", " is none");
        }
    }
    report
}

#[test]
fn what_does_not_hold_is_told_alike() {
    let worker = std::thread::Builder::new().stack_size(EVALUATOR_STACK).spawn(|| {
        let program = core("broken", &[("broken.tn".to_owned(), BROKEN.to_owned())]).unwrap_or_else(|e| panic!("{e}"));
        let reports = reports("broken", program).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(reports.len(), 11 * SEEDS.len());
        for (evaluator, native) in reports {
            assert!(evaluator.broken.is_some(), "`{}` holds", evaluator.name);
            assert_eq!(plain(evaluator), plain(native));
        }
    });
    worker.unwrap().join().unwrap();
}
