//! Programs of examples: checked, and run on every engine.

use std::path::PathBuf;
use std::sync::Arc;
use tenon_core::eval::{Evaluator, Inputs, Limits, MemoryStore};
use tenon_core::lower::{CheckedProgram, lower};
use tenon_core::verify::verify;
use tenon_core::{ir, scenario};
use tenon_diagnostics::render_line;
use tenon_driver::compile::Checked;
use tenon_driver::engine::EVALUATOR_STACK;
use tenon_driver::project::{Config, Project};
use tenon_value::Value;

/// Checking and evaluating recurse; a test's thread has a small stack.
pub fn on_a_deep_stack(run: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(EVALUATOR_STACK).spawn(run).expect("a thread");
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

fn check(text: &str) -> Checked {
    let mut files: Vec<(String, String)> = vec![("example.tn".to_owned(), String::new())];
    for line in text.lines() {
        if let Some(path) = line.strip_prefix("//// file ") {
            files.push((path.trim().to_owned(), String::new()));
        } else if let Some((_, text)) = files.last_mut() {
            text.push_str(line);
            text.push('\n');
        }
    }
    let project =
        Project { root: PathBuf::from("."), files, config: Config::default(), name: "example".to_owned() };
    Checked::new(&project)
}

/// The codes that a program gives, each once, in order, and its diagnostics as lines.
pub fn codes(text: &str) -> (Vec<String>, String) {
    let checked = check(text);
    let mut found: Vec<String> = checked.diagnostics.iter().map(|d| d.code.to_string()).collect();
    found.sort();
    found.dedup();
    let told: Vec<String> = checked.diagnostics.iter().map(|d| render_line(d, &checked.db)).collect();
    (found, told.join("\n"))
}

/// A sound program with just these warnings, in Core.
pub fn checked(text: &str, warnings: &[&str]) -> Result<Arc<ir::Program>, String> {
    let (mut found, told) = codes(text);
    found.retain(|code| !warnings.contains(&code.as_str()) || !told.contains(code.as_str()));
    let silent = warnings.iter().find(|code| !told.contains(**code));
    if !found.is_empty() || silent.is_some() {
        return Err(format!("gives {found:?}, misses {silent:?}\n{told}"));
    }
    let checked = check(text);
    if !checked.is_sound() {
        return Err(format!("is not sound\n{told}"));
    }
    let program = CheckedProgram::new(&checked.db);
    let core = lower(&program, &program.settings()).map_err(|errors| format!("cannot be lowered: {errors:?}"))?;
    let faults = verify(&core);
    if faults.is_empty() { Ok(Arc::new(core)) } else { Err(format!("lowers to Core that does not verify: {faults:?}")) }
}

fn evaluator(program: &Arc<ir::Program>) -> Evaluator {
    Evaluator::with_limits(program.clone(), Limits { stack: EVALUATOR_STACK / 2, ..Limits::default() })
}

/// Runs all scenarios.
pub fn run(program: &Arc<ir::Program>) -> Result<(), String> {
    let mut wrong = Vec::new();
    for scenario in &program.scenarios {
        let mut engine = scenario::EvaluatorEngine::new(evaluator(program));
        let report = scenario::run(program, scenario, &mut engine, 1);
        if let Some(broken) = report.broken {
            wrong.push(format!("scenario \"{}\": {} {:?} {:?}", report.name, broken.message, broken.text, broken.parts));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// What `fn main` logs.
pub fn output(program: &Arc<ir::Program>) -> Result<String, String> {
    let main = program.main.ok_or("the program above has no `fn main`")?;
    let inputs = Inputs { now: scenario::START, seed: 1 };
    let finished = evaluator(program)
        .run(&mut MemoryStore::new(program), main, vec![Value::List(Vec::new().into())], &inputs)
        .map_err(|stop| format!("`main` ends with {stop:?}"))?;
    Ok(finished.log.iter().map(|line| format!("{line}\n")).collect())
}
