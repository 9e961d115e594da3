//! The guided tour: its steps, and whether the task of a step is done.
//!
//! A step is a Markdown file under `playground/tour`: a title, a text, and sections. `Program` is what a step begins
//! with, `Task` what to do, `Check` a list of conditions as JSON, `Solution` the program that meets them, `Do` the requests
//! that meet them where a program is not enough, `Rows` what is stored at the beginning, `Panel` what the page shows.

use crate::instance::Instance;
use crate::protocol::{Result, Send};
use crate::{Engine, requests, rows, scenarios};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use tenon_core::eval::Inputs;

macro_rules! steps {
    ($($file:literal)*) => {
        /// The files of the steps, in order.
        const STEPS: &[&str] = &[$(include_str!(concat!("../../tour/", $file, ".md")),)*];
    };
}

steps! {
    "01-relation" "02-rows" "03-rules" "04-query" "05-request" "06-handler" "07-fix" "08-reference" "09-lookup"
    "10-guard" "11-at-once" "12-scenario" "13-group" "14-grain" "15-nested" "16-window" "17-variant" "18-transitions"
    "19-option" "20-rename"
}

/// A step as its file says it.
#[derive(Debug)]
struct Step<'a> {
    title: &'a str,
    text: &'a str,
    program: &'a str,
    task: &'a str,
    check: &'a str,
    solution: &'a str,
    requests: &'a str,
    rows: &'a str,
    panel: &'a str,
}

/// The text of a fenced block.
fn fenced(section: &str) -> &str {
    let Some((_, rest)) = section.split_once("```") else { return section };
    let body = rest.split_once('\n').map_or("", |(_, body)| body);
    body.rsplit_once("```").map_or(body, |(code, _)| code)
}

impl<'a> Step<'a> {
    fn read(file: &'a str) -> Step<'a> {
        let mut parts = file.split("\n## ");
        let head = parts.next().unwrap_or_default();
        let (title, text) = head.split_once('\n').unwrap_or((head, ""));
        let sections: Vec<(&str, &str)> = parts.map(|part| part.split_once('\n').unwrap_or((part, ""))).collect();
        let section =
            |name: &str| sections.iter().find(|(own, _)| own.trim() == name).map_or("", |(_, body)| body.trim());
        let program = fenced(section("Program"));
        Step {
            title: title.trim_start_matches('#').trim(),
            text: text.trim(),
            program,
            task: section("Task"),
            check: fenced(section("Check")),
            solution: match section("Solution") {
                // What is done by requests leaves the program as it is.
                "" => program,
                solution => fenced(solution),
            },
            requests: fenced(section("Do")),
            rows: fenced(section("Rows")),
            panel: section("Panel"),
        }
    }
}

fn parsed(text: &str, otherwise: Json) -> Json {
    if text.is_empty() { otherwise } else { serde_json::from_str(text).unwrap_or(otherwise) }
}

/// All steps: `[{title, text, task, program, solution, do, rows, panel}]`.
pub(crate) fn steps() -> Json {
    let steps = STEPS.iter().map(|file| {
        let step = Step::read(file);
        json!({
            "title": step.title,
            "text": step.text,
            "task": step.task,
            "program": step.program,
            "solution": step.solution,
            "do": parsed(step.requests, json!([])),
            "rows": parsed(step.rows, json!({})),
            "panel": step.panel,
        })
    });
    steps.collect()
}

/// A condition of a step.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Condition {
    is: String,
    /// What is still to do where the condition does not hold.
    missing: String,
    relation: String,
    /// Rows of a store made for this condition alone.
    given: Map<String, Json>,
    row: Json,
    key: Json,
    set: Json,
    accepted: bool,
    least: usize,
    endpoint: String,
    method: String,
    target: String,
    body: Json,
    status: u16,
    has: String,
}

/// Whether the task of a step is done: `{done, missing}`.
pub(crate) fn verdict(engine: &mut Engine, step: usize, inputs: &Inputs) -> Result<Json> {
    let file = STEPS.get(step).ok_or("the tour has no such step")?;
    let conditions: Vec<Condition> =
        serde_json::from_str(Step::read(file).check).map_err(|error| format!("the step is wrong: {error}"))?;
    let missing = conditions.iter().find(|condition| !holds(engine, condition, inputs));
    Ok(json!({ "done": missing.is_none(), "missing": missing.map_or("", |condition| condition.missing.as_str()) }))
}

fn holds(engine: &Engine, condition: &Condition, inputs: &Inputs) -> bool {
    let project = &engine.project;
    if condition.is == "code" {
        let squeezed = |text: &str| text.chars().filter(|letter| !letter.is_whitespace()).collect::<String>();
        return squeezed(&project.code()).contains(&squeezed(&condition.has));
    }
    let Some(live) = engine.instance.as_ref().filter(|_| engine.sound) else { return false };
    match condition.is.as_str() {
        "sound" => true,
        "rows" => live.relation(&condition.relation).is_some_and(|id| live.count(id) >= condition.least),
        "answered" => live
            .answered
            .iter()
            .any(|(endpoint, status)| *endpoint == condition.endpoint && *status == condition.status),
        "scenarios" => {
            let count = live.program.scenarios.len();
            count >= condition.least
                && (0..count)
                    .all(|at| scenarios::run(live, project, at, inputs.seed).is_ok_and(|r| r["passed"] == true))
        }
        "insert" | "edit" | "probe" => {
            let Ok(mut own) = Instance::beside(live, inputs) else { return false };
            for (relation, list) in &condition.given {
                for row in list.as_array().into_iter().flatten() {
                    if !accepted(rows::insert(&mut own, project, relation, row)) {
                        return false;
                    }
                }
            }
            match condition.is.as_str() {
                "insert" => {
                    accepted(rows::insert(&mut own, project, &condition.relation, &condition.row)) == condition.accepted
                }
                "edit" => {
                    let edited = rows::edit(&mut own, project, &condition.relation, &condition.key, &condition.set);
                    accepted(edited) == condition.accepted
                }
                _ => {
                    let answer = requests::send(&mut own, project, &condition.request());
                    answer["status"] == condition.status
                        && answer["body"].as_str().is_some_and(|body| body.contains(&condition.has))
                }
            }
        }
        _ => false,
    }
}

fn accepted(answer: Result<Json>) -> bool {
    answer.is_ok_and(|answer| answer["status"].as_u64().is_some_and(|status| status < 400))
}

impl Condition {
    fn request(&self) -> Send {
        let bodied = !self.body.is_null();
        Send {
            method: self.method.clone(),
            target: self.target.clone(),
            headers: if bodied { vec![("content-type".into(), "application/json".into())] } else { Vec::new() },
            body: if bodied { self.body.to_string() } else { String::new() },
        }
    }
}
