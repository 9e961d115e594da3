//! Scenarios, each in an instance of its own with an empty store.

use crate::instance::{Instance, LIMITS};
use crate::project::Project;
use crate::protocol::Result;
use serde_json::{Value as Json, json};
use tenon_core::eval::Evaluator;
use tenon_core::scenario::{self, EvaluatorEngine};

/// Runs a scenario: `{name, passed, seed, at, broken?: {at, message, text?, parts, cause?}}`.
pub(crate) fn run(instance: &Instance, project: &Project, index: usize, seed: u64) -> Result<Json> {
    let program = &instance.program;
    let scenario = program.scenarios.get(index).ok_or("there is no such scenario")?;
    let mut engine = EvaluatorEngine::new(Evaluator::with_limits(program.clone(), LIMITS));
    let report = scenario::run(program, scenario, &mut engine, seed);
    let broken = report.broken.map(|broken| {
        let parts: Vec<Json> =
            broken.parts.iter().map(|(text, value)| json!({ "text": text, "value": value })).collect();
        json!({
            "at": project.site(program, broken.site),
            "message": broken.message,
            "text": broken.text,
            "parts": parts,
            "cause": broken.cause.and_then(|site| project.site(program, site)),
        })
    });
    Ok(json!({
        "name": report.name,
        "passed": broken.is_none(),
        "seed": report.seed,
        "at": project.site(program, report.site),
        "broken": broken,
    }))
}
