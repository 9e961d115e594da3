//! Scenarios: `given`, `when`, `then` over any engine.
//!
//! A scenario runs in a program instance of its own. A `when` goes through the wire: its arguments are encoded, sent
//! through dispatch, decoded, and so is the answer; `N at once` is N calls in an order drawn from the seed. Everything
//! else runs as a function of the program in a transaction of its own. Time stands still but for one millisecond per
//! call, and for what `after` adds.
//!
//! The runner knows an [`Engine`] alone, so the evaluator and native code run the same scenarios. It has no threads: running
//! several side by side is the business of whoever calls.

use crate::eval::service::EvaluatorService;
use crate::eval::show::literal;
use crate::eval::{Evaluator, Inputs, Stop};
use crate::ir::{ErrorId, FunctionId, Program, Scenario, ScenarioStep, SiteId, ThenPart, VarId};
use std::sync::{Arc, Mutex, PoisonError};
use tenon_value::dispatch::{Failed, OwnedRequest, Response, Service, call_endpoint, read_response, write_request};
use tenon_value::random::Random;
use tenon_value::{BuiltIn, Value};

/// The moment at which scenarios begin: 2026-01-01T00:00:00Z.
pub const START: i64 = 1_767_225_600_000_000;

/// A program instance with an empty store in memory.
pub trait Engine {
    /// What answers requests.
    fn service(&self) -> &dyn Service;

    /// Runs a function of the program in a transaction of its own.
    fn run(&mut self, function: FunctionId, arguments: Vec<Value>) -> Result<Value, Stop>;

    /// Sets what the next call, through the wire or not, gets from the world.
    fn set_inputs(&mut self, inputs: Inputs);
}

/// How a scenario went.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Its title.
    pub name: String,
    /// Where it stands.
    pub site: SiteId,
    /// The seed that it ran with; the same seed gives the same run.
    pub seed: u64,
    /// What did not hold; `None` if it passed.
    pub broken: Option<Broken>,
}

/// A step that did not go as the scenario says.
#[derive(Clone, Debug, PartialEq)]
pub struct Broken {
    /// Where the step stands.
    pub site: SiteId,
    /// One sentence.
    pub message: String,
    /// For a `then`: its text.
    pub text: Option<String>,
    /// Parts of the expression with their values, as a program would write them.
    pub parts: Vec<(String, String)>,
    /// Where in the program the call ended, if it ended with a fault or a failure and the engine knows.
    pub cause: Option<SiteId>,
}

/// An engine of the evaluator.
pub struct EvaluatorEngine {
    service: EvaluatorService,
    inputs: Arc<Mutex<Inputs>>,
}

impl EvaluatorEngine {
    /// A program with an empty store.
    pub fn new(evaluator: Evaluator) -> EvaluatorEngine {
        let inputs = Arc::new(Mutex::new(Inputs { now: START, seed: 0 }));
        let shared = inputs.clone();
        let service =
            EvaluatorService::new(evaluator, move || shared.lock().unwrap_or_else(PoisonError::into_inner).clone());
        EvaluatorEngine { service, inputs }
    }
}

impl Engine for EvaluatorEngine {
    fn service(&self) -> &dyn Service {
        &self.service
    }

    fn run(&mut self, function: FunctionId, arguments: Vec<Value>) -> Result<Value, Stop> {
        self.service.run(function, arguments)
    }

    fn set_inputs(&mut self, inputs: Inputs) {
        *self.inputs.lock().unwrap_or_else(PoisonError::into_inner) = inputs;
    }
}

/// Runs a scenario of a program on an engine of it.
pub fn run(program: &Program, scenario: &Scenario, engine: &mut dyn Engine, seed: u64) -> Report {
    let mut vars = vec![None; scenario.vars.len()];
    // Before the first `when` nothing has succeeded and nothing has failed.
    for var in counted(scenario) {
        if let Some(count) = vars.get_mut(var.index()) {
            *count = Some(Value::Int(0));
        }
    }
    let mut runner =
        Runner { program, engine, vars, now: START, random: Random::new(seed), calls: 0, outcomes: Vec::new() };
    let broken = scenario.steps.iter().find_map(|step| runner.step(step).err());
    Report { name: scenario.name.clone(), site: scenario.site, seed, broken }
}

/// The variables that hold counts of outcomes; they are bound from the start.
pub fn counted(scenario: &Scenario) -> impl Iterator<Item = VarId> {
    scenario.steps.iter().flat_map(|step| match step {
        ScenarioStep::Counts(counts) => counts.iter().map(|(var, _)| *var).collect(),
        _ => Vec::new(),
    })
}

/// A running scenario.
struct Runner<'a> {
    program: &'a Program,
    engine: &'a mut dyn Engine,
    vars: Vec<Option<Value>>,
    now: i64,
    random: Random,
    calls: u64,
    /// How the calls of the last `when` ended: `None` for an answer.
    outcomes: Vec<Option<ErrorId>>,
}

type Step<T> = Result<T, Broken>;

fn broken(site: SiteId, message: impl Into<String>) -> Broken {
    Broken { site, message: message.into(), text: None, parts: Vec::new(), cause: None }
}

impl Runner<'_> {
    /// Gives the next call its moment and its seed.
    fn prepare(&mut self) {
        self.now += 1000;
        let seed = self.random.word();
        self.engine.set_inputs(Inputs { now: self.now, seed });
    }

    fn function(&mut self, function: FunctionId, arguments: Vec<Value>, site: SiteId) -> Step<Value> {
        self.prepare();
        self.engine.run(function, arguments).map_err(|stop| self.stopped(stop, site))
    }

    /// The values of bindings.
    fn values(&self, vars: &[VarId], site: SiteId) -> Step<Vec<Value>> {
        vars.iter()
            .map(|var| match self.vars.get(var.index()) {
                Some(Some(value)) => Ok(value.clone()),
                _ => Err(broken(site, "a binding is used that no earlier step has made")),
            })
            .collect()
    }

    fn bind(&mut self, var: VarId, value: Value) {
        if let Some(place) = self.vars.get_mut(var.index()) {
            *place = Some(value);
        }
    }

    fn error_name(&self, error: ErrorId) -> String {
        self.program.api.error_name(error).map_or_else(|| format!("error {}", error.0), str::to_string)
    }

    /// A call that ended without a value where one was wanted.
    fn stopped(&self, stop: Stop, site: SiteId) -> Broken {
        match stop {
            Stop::Fault { fault, site: cause, detail } => {
                let detail = detail.map_or_else(String::new, |detail| format!(": {detail}"));
                Broken { cause: Some(cause), ..broken(site, format!("{}: {}{detail}", fault.name(), fault.message())) }
            }
            Stop::Fail(failure, cause) => {
                let message = format!("failed with {}: {}", self.error_name(failure.error), failure.message);
                Broken { cause: Some(cause), ..broken(site, message) }
            }
            Stop::Invalid(problems) => {
                let all: Vec<String> =
                    problems.into_iter().map(|(place, message)| format!("{place}: {message}")).collect();
                broken(site, format!("the arguments have problems: {}", all.join("; ")))
            }
        }
    }

    fn step(&mut self, step: &ScenarioStep) -> Step<()> {
        match step {
            ScenarioStep::Given { function, args, bind, site } => {
                let arguments = self.values(args, *site)?;
                let value = self.function(*function, arguments, *site)?;
                if let Some(var) = bind {
                    self.bind(*var, value);
                }
                Ok(())
            }
            ScenarioStep::When { endpoint, arguments, args, times, more, bind, fails, site } => {
                let inputs = self.values(args, *site)?;
                let record = self.function(*arguments, inputs.clone(), *site)?;
                let mut requests = vec![self.request(*endpoint, &record, *site)?; *times as usize];
                for (endpoint, arguments) in more {
                    let record = self.function(*arguments, inputs.clone(), *site)?;
                    requests.push(self.request(*endpoint, &record, *site)?);
                }
                let several = requests.len() != 1;
                let results = self.calls(&requests);
                self.outcomes = results.iter().map(|result| self.outcome(result)).collect();
                match fails {
                    Some((error, condition)) => self.must_fail(&results, *error, *condition, &inputs, *site)?,
                    // Where the outcomes of several calls are counted, a failure is no surprise.
                    None if several => {}
                    None => {
                        if let Some(Err(failed)) = results.first() {
                            return Err(broken(*site, self.told(failed)));
                        }
                    }
                }
                if let (Some((var, decode)), Some(Ok(answer))) = (bind, results.into_iter().find(Result::is_ok)) {
                    let value = self.function(*decode, vec![answer], *site)?;
                    self.bind(*var, value);
                }
                Ok(())
            }
            ScenarioStep::After { function, args, site } => {
                let arguments = self.values(args, *site)?;
                let Value::Duration(duration) = self.function(*function, arguments, *site)? else {
                    return Err(broken(*site, "`after` takes a Duration"));
                };
                match self.now.checked_add(duration) {
                    Some(now) if duration >= 0 => {
                        self.now = now;
                        Ok(())
                    }
                    _ => Err(broken(*site, "time only goes forward, and not beyond its end")),
                }
            }
            ScenarioStep::Then { function, args, parts, text, site } => {
                let arguments = self.values(args, *site)?;
                let result = self.function(*function, arguments.clone(), *site);
                let mut failure = match result {
                    Ok(Value::Bool(true)) => return Ok(()),
                    Ok(_) => broken(*site, "this does not hold"),
                    Err(broken) => broken,
                };
                failure.text = Some(text.clone());
                for part in parts {
                    let shown = self.part(part, &arguments);
                    failure.parts.push((part.text.clone(), shown));
                }
                Err(failure)
            }
            ScenarioStep::Counts(counts) => {
                for (var, error) in counts {
                    let count = self.outcomes.iter().filter(|outcome| **outcome == *error).count();
                    self.bind(*var, Value::Int(count as i64));
                }
                Ok(())
            }
        }
    }

    /// A part's value as a program would write it, or how its evaluation ended.
    fn part(&mut self, part: &ThenPart, arguments: &[Value]) -> String {
        self.prepare();
        match self.engine.run(part.function, arguments.to_vec()) {
            Ok(value) => literal(self.program, &self.program.function(part.function).result, &value),
            Err(stop) => format!("({})", self.stopped(stop, SiteId(0)).message),
        }
    }

    fn request(&self, endpoint: u32, record: &Value, site: SiteId) -> Step<(u32, OwnedRequest)> {
        let request = write_request(&self.program.api, endpoint, record)
            .map_err(|fault| broken(site, format!("the arguments cannot be sent: {fault}")))?;
        Ok((endpoint, request))
    }

    /// Makes calls at once, in an order drawn from the seed; the results stand in the order of the requests.
    fn calls(&mut self, requests: &[(u32, OwnedRequest)]) -> Vec<Result<Value, Failed>> {
        let mut order: Vec<usize> = (0..requests.len()).collect();
        // Fisher and Yates: every order is equally likely.
        for last in (1..order.len()).rev() {
            let other = self.random.below(last as u64 + 1) as usize;
            order.swap(last, other);
        }
        let mut results: Vec<Option<Result<Value, Failed>>> = vec![None; order.len()];
        for index in order {
            self.prepare();
            self.calls += 1;
            let (endpoint, request) = &requests[index];
            let response: Response = call_endpoint(self.engine.service(), *endpoint, request, self.calls).response;
            results[index] = Some(read_response(&self.program.api, *endpoint, &response));
        }
        results.into_iter().flatten().collect()
    }

    /// The error of a call. What is no error of the program (a fault) counts as none of them.
    fn outcome(&self, result: &Result<Value, Failed>) -> Option<ErrorId> {
        match result {
            Ok(_) => None,
            Err(failed) => Some(failed.error.unwrap_or(ErrorId(u32::MAX))),
        }
    }

    fn told(&self, failed: &Failed) -> String {
        match failed.error {
            Some(error) => format!("failed with {} ({}): {}", self.error_name(error), failed.status, failed.detail),
            None => format!("answered with status {}: {}", failed.status, failed.detail),
        }
    }

    fn must_fail(
        &mut self,
        results: &[Result<Value, Failed>],
        error: ErrorId,
        condition: Option<FunctionId>,
        inputs: &[Value],
        site: SiteId,
    ) -> Step<()> {
        let wanted = self.error_name(error);
        for result in results {
            let failed = match result {
                Ok(_) => return Err(broken(site, format!("succeeded, but should have failed with {wanted}"))),
                Err(failed) => failed,
            };
            // A declared error is also what it is declared to be.
            let is_it = failed.error == Some(error)
                || failed.error.and_then(|found| self.program.api.error_base(found)).map(BuiltIn::id) == Some(error);
            if !is_it {
                return Err(broken(site, format!("{}, but should have failed with {wanted}", self.told(failed))));
            }
            if let Some(condition) = condition {
                let arguments = failed.fields.iter().chain(inputs).cloned().collect();
                if self.function(condition, arguments, site)? != Value::Bool(true) {
                    let fields: Vec<String> = match self.program.api.declared(error).map(|shape| shape.fields) {
                        Some(shape) => {
                            let record = Value::record(failed.fields.clone());
                            vec![tenon_value::format::literal(&self.program.api.shapes, shape, &record)]
                        }
                        None => failed.fields.iter().map(tenon_value::format::display).collect(),
                    };
                    let message = format!("failed with {wanted}, but with other fields: {}", fields.join(", "));
                    return Err(broken(site, message));
                }
            }
        }
        Ok(())
    }
}
