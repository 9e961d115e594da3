//! Every step of the tour: it does not pass as it begins, and its solution passes. Every example runs.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::{Value as Json, json};
use std::sync::atomic::{AtomicU64, Ordering};
use tenon_playground::Engine;

/// No two requests draw the same identities.
static SEED: AtomicU64 = AtomicU64::new(1);

fn ask(engine: &mut Engine, mut request: Json) -> Json {
    request["now"] = json!(1_767_225_600_000.0);
    request["seed"] = json!(SEED.fetch_add(1000, Ordering::Relaxed));
    let answer: Json = serde_json::from_str(&engine.handle(&request.to_string())).unwrap();
    assert!(answer.get("ok").is_some(), "{request} gives {answer}");
    answer["ok"].clone()
}

fn open(engine: &mut Engine, files: &Json, rows: &Json, fresh: bool, name: &str) -> Json {
    let opened = ask(engine, json!({ "do": "open", "files": files, "fresh": fresh, "rows": rows }));
    // What a solution changes may leave rows behind.
    assert!(!fresh || opened["leftOut"] == json!([]), "{name}: {}", opened["leftOut"]);
    opened
}

fn file(text: &Json) -> Json {
    json!([{ "path": "main.tn", "text": text }])
}

#[test]
fn every_step_can_be_solved_and_is_not_solved_at_first() {
    let steps = ask(&mut Engine::new(), json!({ "do": "tour" }));
    let steps = steps.as_array().unwrap();
    assert_eq!(steps.len(), 20);
    let mut wrong = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        let title = step["title"].as_str().unwrap();
        let mut engine = Engine::new();
        let verdict = |engine: &mut Engine| ask(engine, json!({ "do": "verdict", "step": index }));
        open(&mut engine, &file(&step["program"]), &step["rows"], true, title);
        let before = verdict(&mut engine);
        if before["done"] != false {
            wrong.push(format!("{title}: is done at the beginning"));
        }
        if before["missing"].as_str().is_none_or(str::is_empty) {
            wrong.push(format!("{title}: does not say what is missing"));
        }
        let opened = open(&mut engine, &file(&step["solution"]), &json!({}), false, title);
        if opened["sound"] != true {
            wrong.push(format!("{title}: {}", opened["problems"]));
            continue;
        }
        for request in step["do"].as_array().unwrap() {
            ask(&mut engine, request.clone());
        }
        let after = verdict(&mut engine);
        if after["done"] != true {
            wrong.push(format!("{title}: the solution does not pass: {after}"));
        }
        for part in ["title", "text", "task"] {
            if step[part].as_str().is_none_or(str::is_empty) {
                wrong.push(format!("{title}: has no {part}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_example_runs_with_its_rows() {
    let examples = ask(&mut Engine::new(), json!({ "do": "examples" }));
    let examples = examples.as_array().unwrap();
    assert!(examples.len() >= 6);
    for example in examples {
        let name = example["name"].as_str().unwrap();
        let mut engine = Engine::new();
        let opened = open(&mut engine, &example["files"], &example["rows"], true, name);
        assert_eq!(opened["sound"], true, "{name}: {}", opened["problems"]);
        assert!(!example["rows"].as_object().unwrap().is_empty(), "{name} begins without rows");
        let endpoints = opened["program"]["endpoints"].as_array().unwrap();
        assert!(!endpoints.is_empty(), "{name} has nothing to call");
        for index in 0..opened["program"]["scenarios"].as_array().unwrap().len() {
            let report = ask(&mut engine, json!({ "do": "scenario", "index": index }));
            assert_eq!(report["passed"], true, "{name}: {report}");
        }
    }
}
