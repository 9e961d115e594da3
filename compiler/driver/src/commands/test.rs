//! `tenon test`: runs scenarios, each in an instance of its own, side by side.

use crate::cli::Program;
use crate::compile::Checked;
use crate::engine::{EVALUATOR_STACK, Engine};
use crate::project::Project;
use crate::report::{Stop, Voice};
use clap::Args;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tenon_core::ir;
use tenon_core::scenario::{Broken, Report};
use tenon_diagnostics::{Resolved, Sources};
use tenon_runtime::crash;
use tenon_span::LineIndex;

/// See the module documentation.
#[derive(Args, Debug)]
pub struct Test {
    #[command(flatten)]
    program: Program,
    /// Only scenarios whose title contains this; may stand several times
    #[arg(long)]
    only: Vec<String>,
    /// What `--only` names is the whole title
    #[arg(long, requires = "only")]
    exact: bool,
    /// Tell which scenarios there are, without running them
    #[arg(long, conflicts_with_all = ["seed", "engine"])]
    list: bool,
    /// The seed of calls at once; a report prints the one it used
    #[arg(long)]
    seed: Option<u64>,
    /// What runs the program
    #[arg(long, value_enum, default_value_t = Engine::Native)]
    engine: Engine,
}

impl Test {
    /// Runs the command.
    ///
    /// # Errors
    /// The program has errors, or a scenario does not hold.
    pub fn run(self, voice: Voice) -> Result<(), Stop> {
        let project = Project::read(&self.program.program)?;
        let checked = Checked::new(&project);
        checked.require_sound(voice)?;
        let lowered = checked.lower(voice)?;
        if self.list {
            let chosen: Vec<&ir::Scenario> = lowered.core.scenarios.iter().filter(|s| self.chooses(&s.name)).collect();
            self.something(&chosen, &lowered.core)?;
            return list(voice, &chosen, &lowered.core, &checked.sources());
        }
        let compiled = lowered.compile(self.engine)?;
        let chosen: Vec<&ir::Scenario> = compiled.core().scenarios.iter().filter(|s| self.chooses(&s.name)).collect();
        self.something(&chosen, compiled.core())?;
        let seed = self.seed.unwrap_or_else(crate::compile::fresh_seed);
        // A fault in machine code ends the process: then its last words name the scenario.
        crash::install()?;
        let start = Instant::now();
        let reports = Mutex::new(Vec::new());
        let next = AtomicUsize::new(0);
        let workers = std::thread::available_parallelism().map_or(1, |n| n.get()).min(chosen.len().max(1));
        let stopped: Mutex<Option<Stop>> = Mutex::new(None);
        std::thread::scope(|scope| {
            for _ in 0..workers {
                let worker = std::thread::Builder::new().stack_size(EVALUATOR_STACK).spawn_scoped(scope, || {
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let Some(scenario) = chosen.get(at) else { break };
                        match crash::named(&scenario.name, || compiled.run_scenario(scenario, seed)) {
                            Ok(report) => reports.lock().unwrap_or_else(PoisonError::into_inner).push((at, report)),
                            Err(stop) => *stopped.lock().unwrap_or_else(PoisonError::into_inner) = Some(stop),
                        }
                    }
                });
                if let Err(error) = worker {
                    *stopped.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.into());
                }
            }
        });
        if let Some(stop) = stopped.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(stop);
        }
        let mut reports = reports.into_inner().unwrap_or_else(PoisonError::into_inner);
        reports.sort_by_key(|(at, _)| *at);
        let reports: Vec<Report> = reports.into_iter().map(|(_, report)| report).collect();
        show(voice, &reports, compiled.core(), &checked.sources(), start.elapsed())
    }
}

impl Test {
    /// True for the title of a scenario that is wanted.
    fn chooses(&self, title: &str) -> bool {
        let fits = |only: &String| if self.exact { title == only } else { title.contains(only) };
        self.only.is_empty() || self.only.iter().any(fits)
    }

    /// What `--only` names must be there: a misspelt title would pass as a run without failures.
    fn something(&self, chosen: &[&ir::Scenario], program: &ir::Program) -> Result<(), Stop> {
        if self.only.is_empty() || !chosen.is_empty() {
            return Ok(());
        }
        let asked = self.only.iter().map(|only| format!("`{only}`")).collect::<Vec<_>>().join(" or ");
        if program.scenarios.is_empty() {
            return Err(Stop::failed(format!("no scenario is called {asked}: this program has none")));
        }
        let titles: String = program.scenarios.iter().map(|scenario| format!("\n  {}", scenario.name)).collect();
        Err(Stop::failed(format!("no scenario is called {asked}; there are:{titles}")))
    }
}

fn list(voice: Voice, scenarios: &[&ir::Scenario], program: &ir::Program, sources: &dyn Sources) -> Result<(), Stop> {
    if voice.json {
        let list: Vec<_> = scenarios
            .iter()
            .map(|scenario| {
                serde_json::json!({ "name": scenario.name, "at": place_json(program, scenario.site, sources) })
            })
            .collect();
        voice.answer(&serde_json::json!({ "scenarios": list }))?;
    }
    for scenario in scenarios {
        let at = place_shown(program, scenario.site, sources).map(|at| format!("{at}: ")).unwrap_or_default();
        voice.say(format!("{at}{}", scenario.name))?;
    }
    Ok(())
}

fn place_json(program: &ir::Program, site: ir::SiteId, sources: &dyn Sources) -> Option<serde_json::Value> {
    place(program, site, sources)
        .map(|(file, line, column)| serde_json::json!({ "file": file, "line": line, "column": column }))
}

fn show(
    voice: Voice,
    reports: &[Report],
    program: &ir::Program,
    sources: &dyn Sources,
    took: std::time::Duration,
) -> Result<(), Stop> {
    let failed = reports.iter().filter(|r| r.broken.is_some()).count();
    if voice.json {
        let list: Vec<_> = reports.iter().map(|report| report_json(report, program, sources)).collect();
        voice.answer(&serde_json::json!({ "scenarios": list, "failed": failed }))?;
    }
    for report in reports {
        match &report.broken {
            None => voice.say(format!("ok    {}", report.name))?,
            Some(broken) => {
                voice.say(format!("FAIL  {}", report.name))?;
                voice.say(describe(broken, report.seed, program, sources))?;
            }
        }
    }
    let passed = reports.len() - failed;
    voice.say(format!("{passed} passed, {failed} failed, in {:.0?}", took))?;
    if failed > 0 { Err(Stop::said()) } else { Ok(()) }
}

/// Where a site lies, so that a terminal can follow it.
pub fn place_shown(program: &ir::Program, site: ir::SiteId, sources: &dyn Sources) -> Option<String> {
    place(program, site, sources).map(|(file, line, column)| format!("{}:{line}:{column}", sources.shown(&file)))
}

/// Where a site lies: file, line and column from 1.
pub fn place(program: &ir::Program, site: ir::SiteId, sources: &dyn Sources) -> Option<(String, u32, u32)> {
    let site = program.sites.get(site.index())?;
    let location = location(site);
    let resolved = Resolved::new(&location, sources);
    let position = LineIndex::new(&resolved.text).position(resolved.range.start);
    Some((resolved.file.to_string(), position.line + 1, position.column + 1))
}

/// Where each site of a program lies, as file, line and column, for logs.
pub fn places(program: &ir::Program, sources: &dyn Sources) -> Vec<String> {
    let mut lines: BTreeMap<Arc<str>, LineIndex> = BTreeMap::new();
    let place = |site: &ir::Site| {
        let location = location(site);
        let resolved = Resolved::new(&location, sources);
        let index = lines.entry(resolved.file.as_ref().into()).or_insert_with(|| LineIndex::new(&resolved.text));
        let position = index.position(resolved.range.start);
        format!("{}:{}:{}", resolved.file, position.line + 1, position.column + 1)
    };
    program.sites.iter().map(place).collect()
}

fn location(site: &ir::Site) -> tenon_diagnostics::Location {
    tenon_diagnostics::Location {
        item: Some(tenon_diagnostics::ItemPath {
            file: site.file.as_str().into(),
            kind: site.kind.as_str().into(),
            name: site.item.as_str().into(),
            nth: site.nth,
        }),
        file: site.file.as_str().into(),
        range: site.range,
    }
}

fn describe(broken: &Broken, seed: u64, program: &ir::Program, sources: &dyn Sources) -> String {
    let mut lines = Vec::new();
    let at = place_shown(program, broken.site, sources).map(|at| format!("{at}: ")).unwrap_or_default();
    lines.push(format!("      {at}{}", broken.message));
    if let Some(text) = &broken.text {
        lines.push(format!("        {text}"));
    }
    let width = broken.parts.iter().map(|(text, _)| text.chars().count()).max().unwrap_or(0);
    for (text, value) in &broken.parts {
        lines.push(format!("        {text:<width$} is {value}"));
    }
    if let Some(at) = broken.cause.and_then(|site| place_shown(program, site, sources)) {
        lines.push(format!("      it ended at {at}"));
    }
    lines.push(format!("      again with: --seed {seed}"));
    lines.join("\n")
}

fn report_json(report: &Report, program: &ir::Program, sources: &dyn Sources) -> serde_json::Value {
    let at = |site| place_json(program, site, sources);
    serde_json::json!({
        "name": report.name,
        "at": at(report.site),
        "seed": report.seed,
        "passed": report.broken.is_none(),
        "broken": report.broken.as_ref().map(|broken| serde_json::json!({
            "at": at(broken.site),
            "message": broken.message,
            "text": broken.text,
            "parts": broken.parts.iter().map(|(text, value)| serde_json::json!({ "text": text, "value": value })).collect::<Vec<_>>(),
            "cause": broken.cause.and_then(at),
        })),
    })
}
