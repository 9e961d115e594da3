//! Programs of examples: checked, and run on every engine.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tenon_core::eval::{Evaluator, Inputs, Limits as EvaluatorLimits, MemoryStore};
use tenon_core::lower::{CheckedProgram, Settings, lower};
use tenon_core::verify::verify;
use tenon_core::{ir, scenario};
use tenon_diagnostics::render_line;
use tenon_driver::compile::Checked;
use tenon_driver::engine::{EVALUATOR_STACK, Native, scenario_engine};
use tenon_driver::project::{Config, Project};
use tenon_runtime::context::Limits;
use tenon_runtime::service::{LogSink, NativeService};
use tenon_runtime::world::SystemWorld;
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
    let project = Project { root: PathBuf::from("."), files, config: Config::default(), name: "example".to_owned() };
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

/// Runs all scenarios of a sound program with just these warnings: on the evaluator, as machine code, and on the evaluator
/// with what the checker proved as assertions.
pub fn run(text: &str, warnings: &[&str]) -> Result<(), String> {
    let program = &checked(text, warnings)?;
    if program.scenarios.is_empty() {
        return Ok(());
    }
    let native = compile(program)?;
    let typed = check(text);
    let typed = CheckedProgram::new(&typed.db);
    let asserted = lower(&typed, &Settings { assert_proofs: true, ..typed.settings() })
        .map_err(|errors| format!("cannot be lowered with its proofs: {errors:?}"))?;
    let asserted = &Arc::new(asserted);
    let mut wrong = Vec::new();
    for (name, program, native) in
        [("evaluator", program, None), ("native", program, Some(&native)), ("proofs asserted", asserted, None)]
    {
        for scenario in &program.scenarios {
            let mut engine = scenario_engine(program, native).map_err(|stop| stop.message)?;
            let report = scenario::run(program, scenario, &mut *engine, 1);
            if let Some(broken) = report.broken {
                let (title, what, text, parts) = (report.name, broken.message, broken.text, broken.parts);
                wrong.push(format!("{name}: scenario \"{title}\": {what} {text:?} {parts:?}"));
            }
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// The program as machine code.
pub fn compile(program: &ir::Program) -> Result<Native, String> {
    Native::compile(program, false).map_err(|stop| stop.message)
}

/// What `fn main` logs: the same on the evaluator and as machine code.
pub fn output(program: &Arc<ir::Program>) -> Result<String, String> {
    let main = program.main.ok_or("the program above has no `fn main`")?;
    // `main` takes the arguments of the command line, or nothing.
    let takes = program.functions[main.0 as usize].params.len();
    let no_arguments = || vec![Value::List(Vec::new().into()); takes];
    let inputs = Inputs { now: scenario::START, seed: 1 };
    let limits = EvaluatorLimits { stack: EVALUATOR_STACK / 2, ..EvaluatorLimits::default() };
    let finished = Evaluator::with_limits(program.clone(), limits)
        .run(&mut MemoryStore::new(program), main, no_arguments(), &inputs)
        .map_err(|stop| format!("`main` ends with {stop:?}"))?;
    let native = compile(program)?;
    let database = native.in_memory(Arc::new(SystemWorld::new())).map_err(|stop| stop.message)?;
    let lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let sink = lines.clone();
    let log: LogSink = Arc::new(move |line| sink.lock().expect("a log that nobody broke").push(line.to_owned()));
    NativeService::new(native.loaded.clone(), database, Limits::default(), log)
        .run(main.0, &no_arguments())
        .map_err(|ended| format!("native `main` ends with {ended:?}"))?;
    let lines = lines.lock().expect("a log that nobody broke").clone();
    if lines != finished.log {
        return Err(format!("the evaluator prints {:?}, machine code {lines:?}", finished.log));
    }
    Ok(lines.iter().map(|line| format!("{line}\n")).collect())
}

/// What a program's `main` logs over the store that another program's `main` left; or, where the store is refused, why.
pub fn reopened(before: &Arc<ir::Program>, program: &Arc<ir::Program>) -> Result<Result<String, String>, String> {
    let folder =
        std::env::temp_dir().join(format!("tenon-spec-{}-{:?}", std::process::id(), std::thread::current().id()));
    let _ = std::fs::remove_dir_all(&folder);
    let mut said = Ok(String::new());
    for program in [before, program] {
        let native = compile(program)?;
        let database = match native.open(&folder) {
            Ok(database) => database,
            Err(stop) => {
                said = Err(format!("{}\n", stop.message));
                break;
            }
        };
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let sink = lines.clone();
        let log: LogSink = Arc::new(move |line| sink.lock().expect("a log that nobody broke").push(line.to_owned()));
        let service = NativeService::new(native.loaded.clone(), database, Limits::default(), log);
        if let Some(main) = program.main {
            service.run(main.0, &[]).map_err(|ended| format!("`main` ends with {ended:?}"))?;
        }
        let lines = lines.lock().expect("a log that nobody broke").clone();
        said = Ok(lines.iter().map(|line| format!("{line}\n")).collect());
    }
    let _ = std::fs::remove_dir_all(&folder);
    Ok(said)
}
