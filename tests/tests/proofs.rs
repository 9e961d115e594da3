//! No proof of the checker is wrong: drawn programs run with all that was proved as assertions, and do what they do without.
//!
//! `TENON_SEED` is the first seed and `TENON_CASES` the number of programs; a wrong proof names its own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::sync::Arc;
use tenon_check::db::CheckDatabase;
use tenon_check::program::check;
use tenon_core::eval::{Evaluator, Inputs, Limits, MemoryStore, Stop};
use tenon_core::ir::{FunctionId, Program};
use tenon_core::lower::{CheckedProgram, Settings, lower};
use tenon_diagnostics::{Severity, render_line};
use tenon_tests::draw::{self, Function};
use tenon_value::random::Random;
use tenon_value::{Fault, Value};

/// The evaluator recurses on the stack of its thread.
const STACK: usize = 64 << 20;

/// How many functions a program has before some are refused.
const FUNCTIONS: usize = 24;

/// How many times statements are left out of a function before it goes as a whole.
const ROUNDS: usize = 6;

/// How many times each function is called.
const CALLS: usize = 12;

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise)
}

/// A program that checks: statements on a line of their own that the checker refuses are left out, and what needs them,
/// then functions. What was refused is counted by its code.
fn sound(mut functions: Vec<Function>, refused: &mut BTreeMap<String, usize>) -> (Vec<Function>, CheckDatabase) {
    let mut db = CheckDatabase::new(&[]);
    for round in 0.. {
        db.set_file("main.tn", &draw::program(&functions));
        let mut wrong: Vec<usize> = Vec::new();
        for found in check(&db).into_iter().filter(|d| d.severity == Severity::Error) {
            let told = render_line(&found, &db);
            let line = told.split(':').nth(1).and_then(|line| line.parse().ok()).unwrap();
            if !wrong.contains(&line) {
                *refused.entry(found.code.to_string()).or_default() += 1;
                wrong.push(line);
            }
        }
        if wrong.is_empty() {
            break;
        }
        let mut first = draw::DECLARATIONS.lines().count() + 1;
        assert!(wrong.iter().all(|line| *line >= first), "the declarations do not check: {:#?}", check(&db));
        functions.retain_mut(|function| {
            let lines: Vec<&str> = function.text.lines().collect();
            let own: Vec<usize> =
                wrong.iter().filter_map(|line| line.checked_sub(first)).filter(|at| *at < lines.len()).collect();
            first += lines.len();
            let may_go = |at: &usize| lines[*at].matches('{').count() == lines[*at].matches('}').count();
            // The first and the last line are the header and the end, the one before is the value.
            let keep = own.is_empty()
                || round < ROUNDS && own.iter().all(|at| (1..lines.len() - 2).contains(at) && may_go(at));
            let left = lines.iter().enumerate().filter(|(at, _)| !own.contains(at));
            function.text = left.flat_map(|(_, line)| [line, "\n"]).collect();
            keep
        });
    }
    (functions, db)
}

fn lowered(db: &CheckDatabase, assert_proofs: bool) -> Result<Arc<Program>, String> {
    let checked = CheckedProgram::new(db);
    let settings = Settings { assert_proofs, ..checked.settings() };
    lower(&checked, &settings).map(Arc::new).map_err(|errors| {
        let told: Vec<String> = errors.iter().map(|e| e.message.clone()).collect();
        told.join("\n")
    })
}

/// A program that runs, with its store.
struct Running {
    evaluator: Evaluator,
    store: MemoryStore,
}

impl Running {
    fn new(program: &Arc<Program>) -> Running {
        let limits = Limits { fuel: 50_000, memory: 64 << 20, stack: STACK / 2, ..Limits::default() };
        let evaluator = Evaluator::with_limits(program.clone(), limits);
        Running { evaluator, store: MemoryStore::new(program) }
    }

    fn call(&mut self, name: &str, arguments: Vec<Value>, seed: u64) -> Result<Value, Stop> {
        let program = self.evaluator.program();
        let at = program.functions.iter().position(|f| f.name == name).unwrap();
        let inputs = Inputs { now: 1_700_000_000_000_000, seed };
        self.evaluator.run(&mut self.store, FunctionId(at as u32), arguments, &inputs).map(|finished| finished.value)
    }
}

/// Runs the program of a seed; how many functions it has, how many calls ended with a value, and what is wrong.
fn run(seed: u64, refused: &mut BTreeMap<String, usize>) -> (usize, usize, Vec<String>) {
    let (functions, db) = sound(draw::functions(seed, FUNCTIONS), refused);
    let told = |what: String| format!("seed {seed}: {what}");
    let programs = lowered(&db, false).and_then(|plain| Ok((plain, lowered(&db, true)?)));
    let (plain, asserted) = match programs {
        Ok(programs) => programs,
        // Lowering refuses some of what queries call.
        Err(why) => {
            *refused.entry(why).or_default() += 1;
            return (0, 0, Vec::new());
        }
    };
    let (mut values, mut wrong) = (0, Vec::new());
    let mut random = Random::new(seed);
    for function in &functions {
        let (mut plain, mut asserted) = (Running::new(&plain), Running::new(&asserted));
        for n in 0..CALLS {
            if n % 4 == 0 {
                (plain.store, asserted.store) =
                    (MemoryStore::new(plain.evaluator.program()), MemoryStore::new(asserted.evaluator.program()));
                plain.call("fill", Vec::new(), 0).unwrap();
                asserted.call("fill", Vec::new(), 0).unwrap();
            }
            let arguments: Vec<Value> =
                function.params.iter().map(|(_, ty)| draw::argument(&mut random, *ty)).collect();
            let expected = plain.call(&function.name, arguments.clone(), n as u64);
            let found = asserted.call(&function.name, arguments.clone(), n as u64);
            values += usize::from(found.is_ok());
            if let Some(what) = judge(&expected, &found, asserted.evaluator.program()) {
                let text = draw::program(std::slice::from_ref(function));
                wrong.push(told(format!("{}({arguments:?}): {what}\n{text}", function.name)));
                break;
            }
        }
    }
    (functions.len(), values, wrong)
}

/// What is wrong with how a call ended with assertions, beside how it ended without.
fn judge(expected: &Result<Value, Stop>, found: &Result<Value, Stop>, program: &Program) -> Option<String> {
    let limit = |result: &Result<Value, Stop>| {
        use Fault::{FuelExhausted, MemoryExceeded, RecursionTooDeep};
        matches!(result, Err(Stop::Fault { fault: FuelExhausted | MemoryExceeded | RecursionTooDeep, .. }))
    };
    for (engine, result) in [("without assertions", expected), ("", found)] {
        if let Err(Stop::Fault { fault: fault @ (Fault::ProofWrong | Fault::Internal), site, detail }) = result {
            let place = program.sites.get(site.0 as usize);
            return Some(format!("{engine} {fault:?} {detail:?} at {place:?}"));
        }
    }
    if limit(expected) || limit(found) {
        return None;
    }
    let ended = |result: &Result<Value, Stop>| match result {
        Ok(value) => format!("{value:?}"),
        Err(Stop::Fault { fault, .. }) => fault.name().to_owned(),
        Err(Stop::Fail(failure, _)) => format!("{failure:?}"),
        Err(Stop::Invalid(problems)) => format!("{problems:?}"),
    };
    let (expected, found) = (ended(expected), ended(found));
    (expected != found).then(|| format!("ends with {found}, without assertions with {expected}"))
}

#[test]
fn drawn_programs() {
    let (first, count) = (setting("TENON_SEED", 0), setting("TENON_CASES", 25));
    let worker = move || {
        let (mut functions, mut values, mut wrong) = (0, 0, Vec::new());
        let mut refused = BTreeMap::new();
        for seed in first..first + count {
            let (of_seed, values_of_seed, wrong_of_seed) = run(seed, &mut refused);
            functions += of_seed;
            values += values_of_seed;
            wrong.extend(wrong_of_seed);
        }
        wrong.sort_by_key(String::len);
        let summary = format!("{functions} functions, {values} values; refused: {refused:#?}");
        println!("{summary}");
        assert!(wrong.is_empty(), "{} proofs are wrong; the shortest program:\n{}\n{summary}", wrong.len(), wrong[0]);
        // Most functions check, most calls end well.
        assert!(functions as u64 > count * 6 && values > functions * 2, "{summary}");
    };
    std::thread::Builder::new().stack_size(STACK).spawn(worker).unwrap().join().unwrap();
}
