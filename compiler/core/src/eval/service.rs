//! A program that answers requests over bytes, run by the evaluator.

use super::{Evaluator, Inputs, MemoryStore, Stop};
use crate::ir::FunctionId;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tenon_value::dispatch::{Api, Call, Outcome, Reply, Service};
use tenon_value::shape::PredicateId;
use tenon_value::sink::Predicates;
use tenon_value::{Fault, Value};

/// A program with a store in memory, behind the interface of every engine.
pub struct EvaluatorService {
    evaluator: Evaluator,
    state: Mutex<State>,
}

/// What calls change.
struct State {
    store: MemoryStore,
    /// What the next call gets from the world; asked once per call.
    inputs: Box<dyn FnMut() -> Inputs + Send>,
    /// The moment of the last call: time never goes back.
    now: i64,
    /// The lines for the operator that nobody has taken yet.
    log: Vec<String>,
}

/// Refinements that shapes cannot express are functions of the program.
struct ProgramPredicates<'a> {
    evaluator: &'a Evaluator,
    store: &'a mut MemoryStore,
}

impl Predicates for ProgramPredicates<'_> {
    fn holds(&mut self, predicate: PredicateId, value: &Value) -> Result<bool, Fault> {
        self.evaluator.predicate(self.store, FunctionId(predicate.0), value.clone())
    }
}

impl EvaluatorService {
    /// A service over an empty store. `inputs` is asked for the moment and the seed of each call.
    pub fn new(evaluator: Evaluator, inputs: impl FnMut() -> Inputs + Send + 'static) -> EvaluatorService {
        let store = MemoryStore::new(evaluator.program());
        EvaluatorService::with_store(evaluator, store, inputs)
    }

    /// A service over a store.
    pub fn with_store(
        evaluator: Evaluator,
        store: MemoryStore,
        inputs: impl FnMut() -> Inputs + Send + 'static,
    ) -> EvaluatorService {
        let state = State { store, inputs: Box::new(inputs), now: i64::MIN, log: Vec::new() };
        EvaluatorService { evaluator, state: Mutex::new(state) }
    }

    /// The evaluator.
    pub fn evaluator(&self) -> &Evaluator {
        &self.evaluator
    }

    /// Runs a function in a transaction of its own.
    pub fn run(&self, function: FunctionId, arguments: Vec<Value>) -> Result<Value, Stop> {
        let mut state = self.state();
        let inputs = state.next_inputs();
        let State { store, log, .. } = &mut *state;
        let finished = self.evaluator.run(store, function, arguments, &inputs)?;
        log.extend(finished.log);
        Ok(finished.value)
    }

    /// Takes the lines that calls have logged since the last time.
    pub fn take_log(&self) -> Vec<String> {
        std::mem::take(&mut self.state().log)
    }

    /// Does something with the store between calls.
    pub fn with<T>(&self, use_store: impl FnOnce(&mut MemoryStore) -> T) -> T {
        use_store(&mut self.state().store)
    }

    /// The state. A call that panicked elsewhere has left the store as its transaction did.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn outcome(&self, call: &Call<'_>, stop: Stop) -> Outcome {
        match stop {
            Stop::Fault { fault, site, .. } => Outcome::Faulted { fault, site: site.0 },
            Stop::Fail(failure, _) => Outcome::Failed(failure),
            // Wrappers note rows that are not there; all other rules of arguments are the decoder's.
            Stop::Invalid(problems) => call.no_such_rows(problems),
        }
    }
}

impl State {
    fn next_inputs(&mut self) -> Inputs {
        let mut inputs = (self.inputs)();
        self.now = self.now.max(inputs.now);
        inputs.now = self.now;
        inputs
    }
}

impl Service for EvaluatorService {
    fn api(&self) -> &Api {
        &self.evaluator.program().api
    }

    fn describe_site(&self, site: u32) -> Option<String> {
        let site = self.evaluator.program().sites.get(site as usize)?;
        Some(format!("{}: {} {}", site.file, site.kind, site.item))
    }

    fn call(&self, call: &Call<'_>) -> Reply {
        let Some(endpoint) = self.evaluator.program().endpoints.get(call.endpoint as usize) else {
            return Outcome::from(Fault::Internal).into();
        };
        let mut state = self.state();
        let predicates = ProgramPredicates { evaluator: &self.evaluator, store: &mut state.store };
        let arguments = match call.decode_value(predicates) {
            Ok(arguments) => arguments,
            Err(outcome) => return outcome.into(),
        };
        let inputs = state.next_inputs();
        let State { store, log, .. } = &mut *state;
        let outcome = match self.evaluator.run(store, endpoint.function, vec![arguments], &inputs) {
            Ok(finished) => {
                log.extend(finished.log);
                call.answer(&finished.value)
            }
            Err(stop) => self.outcome(call, stop),
        };
        outcome.into()
    }
}
