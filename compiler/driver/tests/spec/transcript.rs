//! Transcripts: requests and what is answered, on every engine.

use super::program::compile;
use std::sync::Arc;
use tenon_core::eval::Inputs;
use tenon_core::{ir, scenario};
use tenon_driver::engine::scenario_engine;
use tenon_value::dispatch::{OwnedRequest, Router, dispatch};

/// Stands for any value, or any end of a text.
const ANYTHING: &str = "…";

/// Makes the requests of a transcript, in order, to a program with an empty store, and compares the answers: a line with
/// method, path and perhaps a JSON body, then a line with the status and perhaps the JSON that is answered.
pub fn follow(program: &Arc<ir::Program>, transcript: &str) -> Result<(), String> {
    let native = compile(program)?;
    let router = Router::new(&program.api).map_err(|error| error.to_string())?;
    for (name, native) in [("evaluator", None), ("native", Some(&native))] {
        let mut engine = scenario_engine(program, native).map_err(|stop| stop.message)?;
        let lines: Vec<&str> = transcript.lines().filter(|line| !line.trim().is_empty()).collect();
        for (number, pair) in lines.chunks(2).enumerate() {
            let [asked, wanted] = pair else { return Err(format!("`{}` has no answer", pair[0])) };
            let mut words = asked.splitn(3, ' ');
            let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            let body = words.next().unwrap_or_default();
            let headers = match body {
                "" => Vec::new(),
                _ => vec![("content-type".to_owned(), b"application/json".to_vec())],
            };
            let request =
                OwnedRequest { method: method.into(), target: target.into(), headers, body: body.as_bytes().to_vec() };
            engine.set_inputs(Inputs { now: scenario::START, seed: number as u64 });
            let response = dispatch(&router, engine.service(), &request.borrow(number as u64)).response;
            let (status, wanted) = wanted.split_once(' ').unwrap_or((wanted, ""));
            let found = String::from_utf8_lossy(&response.body).into_owned();
            let same = match (serde_json::from_str(wanted), serde_json::from_str(&found)) {
                (Ok(wanted), Ok(found)) => fits(&wanted, &found),
                _ => wanted.is_empty() && found.is_empty(),
            };
            if status != response.status.to_string() || !same {
                return Err(format!("{name}: `{asked}` is answered {} {found}", response.status));
            }
        }
    }
    Ok(())
}

fn fits(wanted: &serde_json::Value, found: &serde_json::Value) -> bool {
    use serde_json::Value as V;
    match (wanted, found) {
        (V::String(wanted), _) if wanted == ANYTHING => true,
        (V::String(wanted), V::String(found)) => match wanted.strip_suffix(ANYTHING) {
            Some(start) => found.starts_with(start),
            None => wanted == found,
        },
        (V::Array(wanted), V::Array(found)) => {
            wanted.len() == found.len() && wanted.iter().zip(found).all(|(wanted, found)| fits(wanted, found))
        }
        (V::Object(wanted), V::Object(found)) => {
            wanted.len() == found.len()
                && wanted.iter().all(|(name, wanted)| found.get(name).is_some_and(|found| fits(wanted, found)))
        }
        _ => wanted == found,
    }
}
