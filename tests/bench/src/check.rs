//! How fast a large program is checked, and how long the shop takes from text to its first answer.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tenon_check::db::CheckDatabase;
use tenon_check::program::check;
use tenon_core::lower::{CheckedProgram, lower};
use tenon_driver::compile::Checked;
use tenon_driver::engine::Native;
use tenon_driver::library::LIBRARY;
use tenon_driver::project::Project;
use tenon_driver::report::Stop;
use tenon_plan::plan;
use tenon_plan::statistics::Assumed;
use tenon_runtime::SystemWorld;

use crate::measure::{line, median, per_second, ratio};
use crate::program::{Running, file};

const LINES: usize = 50_000;
const LINES_OF_FILE: usize = 2_000;
const ROUNDS: usize = 5;

/// A shop whose names end in its number and which uses the one before.
const SHOP: &str = include_str!("../programs/shop_of_many.txt");

/// Runs the part.
pub fn run() -> Result<(), Stop> {
    let files = large_program();
    let total: usize = files.iter().map(|(_, text)| text.lines().count()).sum();
    println!("check: a program of {total} lines in {} files, one thread", files.len());
    let mut rates = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let mut db = CheckDatabase::new(LIBRARY);
        db.set_files(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        let found = check(&db);
        rates.push(total as f64 / start.elapsed().as_secs_f64());
        if let Some(first) = found.first() {
            return Err(Stop::failed(format!("the large program has {} messages: {}", found.len(), first.message)));
        }
    }
    let rate = median(rates);
    line("check from nothing", "Tenon", &per_second(rate).replace("/s", "lines/s"));
    ratio("check, of 100,000 lines/s", rate / 100_000.0, Some((1.0, ">= 100,000 lines/s on one core")));
    shop(&file("../apps/shop/shop.tn"))
}

fn large_program() -> Vec<(String, String)> {
    let (mut files, mut total, mut number) = (Vec::new(), 0, 0usize);
    while total < LINES {
        let mut text = String::new();
        let mut lines = 0;
        while lines < LINES_OF_FILE && total + lines < LINES {
            let one =
                SHOP.replace("@BEFORE@", &number.saturating_sub(1).to_string()).replace("@N@", &number.to_string());
            lines += one.lines().count();
            text.push_str(&one);
            number += 1;
        }
        total += lines;
        files.push((format!("part{:03}.tn", files.len()), text));
    }
    files
}

/// The stages from a program's text to its first answer.
#[derive(Default)]
struct Stages {
    check: Vec<f64>,
    lower: Vec<f64>,
    plan: Vec<f64>,
    code: Vec<f64>,
    answer: Vec<f64>,
    whole: Vec<f64>,
}

fn shop(path: &Path) -> Result<(), Stop> {
    println!("shop: from text to the first answer, everything from nothing");
    let project = Project::read(path)?;
    let mut stages = Stages::default();
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        let checked = Checked::new(&project);
        if !checked.is_sound() {
            return Err(Stop::failed("the shop has errors"));
        }
        stages.check.push(milliseconds(begin.elapsed()));
        let start = Instant::now();
        let program = CheckedProgram::new(&checked.db);
        let core = lower(&program, &program.settings());
        let core = core.map_err(|errors| Stop::failed(format!("the shop does not lower: {} errors", errors.len())))?;
        stages.lower.push(milliseconds(start.elapsed()));
        let start = Instant::now();
        let planned = plan(&core, &Assumed::new(&core)).map_err(|error| Stop::failed(error.to_string()))?;
        stages.plan.push(milliseconds(start.elapsed()));
        let start = Instant::now();
        let options = tenon_codegen::Options { optimize: true, ..Default::default() };
        let compiled = tenon_codegen::compile(&core, &planned.schema, &planned.queries, &[], &options);
        let image = compiled.map_err(|error| Stop::failed(error.message))?.image;
        let loaded = tenon_runtime::native::load(image.clone()).map_err(|error| Stop::failed(error.to_string()))?;
        stages.code.push(milliseconds(start.elapsed()));
        let start = Instant::now();
        let native = Native { planned, image, loaded };
        let shop = Running::new(&native, native.in_memory(Arc::new(SystemWorld::new()))?)?;
        shop.request("GET", "/revenue", b"")?;
        stages.answer.push(milliseconds(start.elapsed()));
        stages.whole.push(milliseconds(begin.elapsed()));
    }
    let code = median(stages.code);
    for (what, times) in [("check", stages.check), ("lower", stages.lower), ("plan", stages.plan)] {
        line(what, "Tenon", &format!("{:.2} ms", median(times)));
    }
    line("machine code, mapped", "Tenon", &format!("{code:.2} ms"));
    line("empty store and first answer", "Tenon", &format!("{:.2} ms", median(stages.answer)));
    line("altogether", "Tenon", &format!("{:.2} ms", median(stages.whole)));
    ratio("JIT of the shop, of 50 ms", 50.0 / code, Some((1.0, "<= 50 ms")));
    Ok(())
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_large_program_is_sound() {
        let mut files = large_program();
        files.truncate(1);
        let mut db = CheckDatabase::new(LIBRARY);
        db.set_files(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        assert!(check(&db).is_empty());
    }
}
