//! Random well-typed programs: machine code and the evaluator must agree on every call.

mod harness;

use harness::{Both, Outcome};
use tenon_codegen::Options;
use tenon_core::eval::Stop;
use tenon_core::generate::{Case, Config, agree, case, expected, inputs};
use tenon_core::ir::SiteId;

fn stop(outcome: Outcome) -> Result<tenon_value::Value, Stop> {
    match outcome {
        Outcome::Value(value) => Ok(value),
        Outcome::Fault(fault) => Err(Stop::Fault { fault, site: SiteId(0), detail: None }),
        Outcome::Failure(failure) => Err(Stop::Fail(failure, SiteId(0))),
        Outcome::Invalid(problems) => Err(Stop::Invalid(problems)),
    }
}

/// The first call on which the engines do not agree.
fn disagreement(case: &Case, optimize: bool) -> Option<String> {
    let options = Options { optimize, verify: true, ..Options::default() };
    let mut both = match Both::of(case.program.clone(), options) {
        Ok(both) => both,
        Err(error) => return Some(format!("it is not compiled: {error}")),
    };
    let wanted = expected(case);
    for (n, (function, wanted)) in case.run.iter().zip(&wanted).enumerate() {
        let own = inputs(n);
        let found = stop(both.run(function.0, &[], own.now, own.seed));
        if !agree(wanted, &found) {
            let text = tenon_core::text::print_function(&case.program, *function);
            return Some(format!("call {n}: {text}\nevaluator {wanted:?}\nnative    {found:?}"));
        }
    }
    None
}

/// The disagreements of some programs. Both ways to compile are tried.
fn wrong(seeds: impl IntoIterator<Item = u64>, times: bool) -> Vec<String> {
    let found = seeds.into_iter().filter_map(|seed| {
        let config = Config { faults: seed % 3 == 0, times, ..Config::default() };
        let what = disagreement(&case(seed, &config), seed % 2 == 0)?;
        Some(format!("seed {seed}: {}", what.chars().take(6000).collect::<String>()))
    });
    found.collect()
}

#[test]
fn engines_agree() {
    let first: u64 = std::env::var("TENON_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(0);
    let count: u64 = std::env::var("TENON_CASES").ok().and_then(|s| s.parse().ok()).unwrap_or(12);
    let wrong = wrong(first..first + count, true);
    assert!(wrong.is_empty(), "{} of {count} programs:\n{}", wrong.len(), wrong.join("\n\n"));
}

/// Programs on which something was wrong once, drawn without times.
const FOUND: [u64; 1] = [283_852_967];

#[test]
fn engines_agree_where_they_did_not() {
    assert_eq!(wrong(FOUND, false), Vec::<String>::new());
}
