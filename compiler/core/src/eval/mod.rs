//! The evaluator: runs Core by the book, slowly. It is the oracle of native code and the engine of the browser.
//!
//! | module | holds |
//! | --- | --- |
//! | [`store`] | the plain store |
//! | `machine` | a call: functions, statements, limits |
//! | `expr`, `prim`, `builtin` | expressions |
//! | `query`, `aggregate` | queries: every operator computes all its rows, `Apply` literally |
//! | `write` | what a command does to the store: keys, uniques, references |
//! | [`show`] | values as texts with the names of their types |
//! | [`service`] | a program that answers requests over bytes |
//!
//! What a run gives is a function of the program, the store, the arguments and the [`Inputs`]. There is no IO, no clock
//! and no thread here, and no input makes it panic or overflow the stack: a call has [`Limits`].
//!
//! The order of rows is part of the meaning of an operator: a scan in key order, an unnesting in the order of its
//! source, a group ascending by its keys, `Distinct` and the distinct set operators ascending by their variables, joins in
//! the order of the left rows and then of the right ones, a sort by its keys with ties in input order; the others keep
//! the order of their input. Everything is evaluated eagerly: an expression of an operator on all rows of its input.

mod aggregate;
mod builtin;
mod expr;
mod machine;
mod prim;
mod query;
pub mod service;
pub mod show;
pub mod store;
mod write;

pub use store::{MemoryStore, Store};
pub(crate) use write::references;

use crate::ir::{FunctionId, Name, Program, QueryId, SiteId, Type};
use machine::Machine;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tenon_value::pattern::Pattern;
use tenon_value::random::Random;
use tenon_value::{Failure, Fault, Value};

/// Why a call ended without a value. The transaction has been undone.
#[derive(Clone, Debug, PartialEq)]
pub enum Stop {
    /// A fault of the program, or a limit: 500 with an incident.
    Fault {
        /// Which.
        fault: Fault,
        /// Where.
        site: SiteId,
        /// For the log: the rule that does not hold.
        detail: Option<Name>,
    },
    /// A typed problem.
    Fail(Failure, SiteId),
    /// Problems that an endpoint's wrapper found in the arguments: place (a JSON pointer, or the name of a parameter) and
    /// message.
    Invalid(Vec<(String, String)>),
}

/// What a part of a run gives. A stop is rare and large, so it stands in a box.
type Run<T> = Result<T, Box<Stop>>;

/// What a call gets from the world.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// The moment of the transaction, in microseconds since 1970.
    pub now: i64,
    /// Where its random values come from.
    pub seed: u64,
}

/// What a call may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Rounds of loops, calls and rows.
    pub fuel: u64,
    /// Bytes of texts and collections, counted as they are made and never given back.
    pub memory: u64,
    /// Calls in calls, of functions that may call themselves.
    pub depth: u32,
    /// Bytes of the thread's stack. Whoever allows more must run the evaluator on a thread with a larger stack.
    pub stack: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { fuel: 1_000_000_000, memory: 1 << 30, depth: 2_000, stack: 1 << 20 }
    }
}

/// What a call that ended well leaves.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Its value; of a function without one, the empty record.
    pub value: Value,
    /// The lines for the operator.
    pub log: Vec<String>,
}

/// A program that is ready to run.
pub struct Evaluator {
    program: Arc<Program>,
    patterns: Vec<Option<Pattern>>,
    /// For each variant type, whether its values may hold others of it.
    recursive: Vec<bool>,
    /// For each function, whether it may call itself: only those are counted, so only they can go too deep.
    returning: Vec<bool>,
    limits: Limits,
    stop: Arc<AtomicBool>,
}

impl Evaluator {
    /// An evaluator with the usual limits.
    pub fn new(program: Arc<Program>) -> Evaluator {
        Evaluator::with_limits(program, Limits::default())
    }

    /// An evaluator with limits.
    pub fn with_limits(program: Arc<Program>, limits: Limits) -> Evaluator {
        let patterns = program.regexes.iter().map(|text| Pattern::new(text).ok()).collect();
        let recursive = program.recursive_variants();
        let returning = crate::calls::recursive(&program);
        Evaluator { program, patterns, recursive, returning, limits, stop: Arc::default() }
    }

    /// The evaluator with what ends its calls from another thread: once it is set they have no fuel left.
    pub fn stopped_by(self, stop: Arc<AtomicBool>) -> Evaluator {
        Evaluator { stop, ..self }
    }

    /// The program.
    pub fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// Calls a function in a transaction of its own, which is undone unless the call ends well.
    pub fn run(
        &self,
        store: &mut dyn Store,
        function: FunctionId,
        arguments: Vec<Value>,
        inputs: &Inputs,
    ) -> Result<Finished, Stop> {
        self.transaction(store, inputs, |machine| machine.call(function, arguments))
    }

    /// Runs a query; `ty` is the type of its result.
    pub fn query(
        &self,
        store: &mut dyn Store,
        query: QueryId,
        arguments: Vec<Value>,
        ty: &Type,
        inputs: &Inputs,
    ) -> Result<Finished, Stop> {
        self.transaction(store, inputs, |machine| machine.query(query, arguments, ty))
    }

    /// Whether a predicate of the program's shapes, a function of one value, holds.
    pub fn predicate(&self, store: &mut dyn Store, function: FunctionId, value: Value) -> Result<bool, Fault> {
        let inputs = Inputs { now: 0, seed: 0 };
        let mut machine = Machine::new(self, store, &inputs);
        match machine.call(function, vec![value]) {
            Ok(Value::Bool(holds)) => Ok(holds),
            Ok(_) => Err(Fault::Internal),
            Err(stop) => Err(match *stop {
                Stop::Fault { fault, .. } => fault,
                _ => Fault::Internal,
            }),
        }
    }

    fn transaction(
        &self,
        store: &mut dyn Store,
        inputs: &Inputs,
        run: impl FnOnce(&mut Machine<'_>) -> Run<Value>,
    ) -> Result<Finished, Stop> {
        store.begin();
        let mut machine = Machine::new(self, store, inputs);
        let result = run(&mut machine);
        let log = std::mem::take(&mut machine.log);
        match result {
            Ok(value) => {
                store.commit();
                Ok(Finished { value, log })
            }
            Err(stop) => {
                store.rollback();
                Err(*stop)
            }
        }
    }
}

/// Where the random values of a call come from.
fn random(inputs: &Inputs) -> Random {
    Random::new(inputs.seed)
}
