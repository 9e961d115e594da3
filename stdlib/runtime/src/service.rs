//! A native program behind the interface of every engine: requests over bytes, functions with values.
//!
//! The arguments of a call are decoded straight into lanes in the call's arena, a query runs on a snapshot of
//! the durable state, a handler in a transaction, and the answer is encoded from lanes. A handler's answer is
//! encoded before its transaction commits, so a call that cannot be answered changes nothing.

use std::cell::Cell;
use std::sync::Arc;

use tenon_value::dispatch::{Api, Call, EndpointKind, Outcome, Reply, Service, UNKNOWN_SITE};
use tenon_value::lanes::{LanePredicates, LaneSink, Memory};
use tenon_value::shape::{PredicateId, ShapeId};
use tenon_value::{BuiltIn, Failure, Fault, Value};

use crate::arena::ArenaMemory;
use crate::context::{CallContext, Limits, Status};
use crate::database::{Database, Stopped, Transaction};
use crate::durable::CommitLost;
use crate::native::{Ended, Loaded};

/// Takes the lines that calls write for the operator.
pub type LogSink = Arc<dyn Fn(&str) + Send + Sync>;

/// See the module.
pub struct NativeService {
    loaded: Arc<Loaded>,
    database: Arc<Database>,
    limits: Limits,
    log: LogSink,
}

thread_local! {
    /// The context of the last call of this thread, whose memory the next one uses again.
    static CONTEXT: Cell<Option<Box<CallContext>>> = const { Cell::new(None) };
}

/// The memory of a call whose decoder asks predicates of the program.
struct CallMemory<'a> {
    arena: ArenaMemory<'a>,
    loaded: &'a Loaded,
}

impl Memory for CallMemory<'_> {
    fn put_bytes(&mut self, bytes: &[u8]) -> Result<[u64; 2], Fault> {
        self.arena.put_bytes(bytes)
    }

    fn bytes<'a>(&'a self, string: &'a [u64; 2]) -> &'a [u8] {
        self.arena.bytes(string)
    }

    fn put_collection(&mut self, count: usize, elements: &[u64]) -> Result<u64, Fault> {
        self.arena.put_collection(count, elements)
    }

    fn collection(&self, collection: u64, stride: usize) -> (usize, &[u64]) {
        self.arena.collection(collection, stride)
    }
}

impl LanePredicates for CallMemory<'_> {
    fn holds(&mut self, predicate: PredicateId, _: ShapeId, value: &[u64]) -> Result<bool, Fault> {
        let entry = self.loaded.entry(predicate.0).ok_or(Fault::Internal)?;
        if entry.arguments as usize != value.len() || entry.results != 1 {
            return Err(Fault::Internal);
        }
        let mut result = [0];
        let ctx = self.arena.context();
        match self.loaded.call(entry, ctx, value, &mut result) {
            Status::Ok => Ok(result[0] != 0),
            _ => match self.loaded.ended(ctx) {
                Ended::Fault(fault, _) => Err(fault),
                Ended::Failure(_) | Ended::Invalid(_) => Err(Fault::Internal),
            },
        }
    }
}

impl NativeService {
    /// A program over a database of its schema.
    pub fn new(loaded: Arc<Loaded>, database: Arc<Database>, limits: Limits, log: LogSink) -> NativeService {
        NativeService { loaded, database, limits, log }
    }

    /// The program.
    pub fn loaded(&self) -> &Arc<Loaded> {
        &self.loaded
    }

    /// The database.
    pub fn database(&self) -> &Arc<Database> {
        &self.database
    }

    /// Runs with a context that is ready for the program's code and reads nothing yet.
    fn with_context<T>(&self, run: impl FnOnce(&mut CallContext) -> T) -> T {
        let mut ctx = CONTEXT.take().unwrap_or_else(|| Box::new(CallContext::new(self.limits, 0, 0)));
        ctx.reset(self.limits, 0, 0);
        self.loaded.prepare(&mut ctx);
        ctx.relations = std::ptr::null();
        ctx.image = std::ptr::null();
        ctx.transaction = std::ptr::null_mut();
        let result = run(&mut ctx);
        for line in ctx.log.drain(..) {
            (self.log)(&line);
        }
        ctx.transaction = std::ptr::null_mut();
        ctx.clear();
        CONTEXT.set(Some(ctx));
        result
    }

    /// Runs a function with values in a transaction of its own, and waits until what it wrote is durable.
    ///
    /// # Errors
    /// How the function ended, if it gave no value; `Busy` where the store does not write any more, or could not write this.
    pub fn run(&self, function: u32, args: &[Value]) -> Result<Value, Ended> {
        let stopped = |Stopped| Ended::Failure(Failure::built_in(BuiltIn::Busy, "the store does not write any more"));
        let lost = |lost: CommitLost| {
            Ended::Failure(Failure::built_in(BuiltIn::Busy, format!("what it wrote is not stored: {lost}")))
        };
        self.with_context(|ctx| {
            let mut transaction = self.database.write().map_err(stopped)?;
            transaction.bind(ctx);
            let result = self.loaded.call_values(function, ctx, args);
            ctx.transaction = std::ptr::null_mut();
            match result {
                Ok(value) => {
                    transaction.commit_durably().map_err(lost)?;
                    Ok(value)
                }
                Err(ended) => {
                    ctx.log.clear();
                    transaction.abort();
                    Err(ended)
                }
            }
        })
    }

    /// Runs many calls in one transaction, which is committed if `work` succeeds and undone otherwise. Yields the
    /// commit that makes it durable.
    ///
    /// # Errors
    /// Those of `work`, or `stopped` where the store does not write any more.
    pub fn batch<T, E>(
        &self,
        stopped: E,
        work: impl FnOnce(&mut Batch<'_, '_>) -> Result<T, E>,
    ) -> Result<(T, u64), E> {
        self.with_context(|ctx| {
            let Ok(transaction) = self.database.write() else { return Err(stopped) };
            let mut batch = Batch { service: self, transaction, ctx };
            let result = work(&mut batch);
            let Batch { transaction, ctx, .. } = batch;
            ctx.transaction = std::ptr::null_mut();
            match result {
                Ok(value) => Ok((value, transaction.commit())),
                Err(error) => {
                    transaction.abort();
                    Err(error)
                }
            }
        })
    }

    fn outcome(&self, call: &Call<'_>, ctx: &mut CallContext) -> Outcome {
        match self.loaded.ended(ctx) {
            Ended::Fault(fault, site) => Outcome::Faulted { fault, site: site.unwrap_or(UNKNOWN_SITE) },
            Ended::Failure(failure) => Outcome::Failed(failure),
            // Wrappers note rows that are not there; all other rules of arguments are the decoder's.
            Ended::Invalid(problems) => call.no_such_rows(problems),
        }
    }

    /// Calls the code of an endpoint with decoded arguments and encodes its answer.
    fn answer(&self, call: &Call<'_>, function: u32, ctx: &mut CallContext, arguments: &[u64]) -> Outcome {
        let Some(entry) = self.loaded.entry(function) else { return Fault::Internal.into() };
        if entry.arguments as usize != arguments.len() {
            return Fault::Internal.into();
        }
        let mut results = vec![0; entry.results as usize];
        match self.loaded.call(entry, ctx, arguments, &mut results) {
            Status::Ok => {
                // SAFETY: the lanes of this call's result.
                let memory = unsafe { ArenaMemory::new(ctx) };
                call.answer_lanes(&results, &memory)
            }
            _ => self.outcome(call, ctx),
        }
    }
}

/// A transaction of many calls; see [`NativeService::batch`].
pub struct Batch<'a, 'c> {
    service: &'a NativeService,
    transaction: Transaction<'a>,
    ctx: &'c mut CallContext,
}

impl<'a> Batch<'a, '_> {
    /// Calls a function. A call that fails leaves what it had written; functions whose last act is their only write
    /// leave nothing.
    ///
    /// # Errors
    /// How the call ended.
    pub fn call(&mut self, function: u32, args: &[Value]) -> Result<Value, Ended> {
        self.ctx.reset(self.service.limits, 0, 0);
        self.service.loaded.prepare(self.ctx);
        self.transaction.forget_seed();
        self.transaction.bind(self.ctx);
        let result = self.service.loaded.call_values(function, self.ctx, args);
        self.ctx.transaction = std::ptr::null_mut();
        result
    }

    /// The transaction, between calls.
    pub fn transaction(&mut self) -> &mut Transaction<'a> {
        &mut self.transaction
    }
}

impl Service for NativeService {
    fn api(&self) -> &Api {
        &self.loaded.interface().api
    }

    fn is_heavy(&self, endpoint: u32) -> bool {
        self.loaded.interface().heavy.get(endpoint as usize).copied().unwrap_or(false)
    }

    fn describe_site(&self, site: u32) -> Option<String> {
        self.loaded.interface().sites.get(site as usize).cloned()
    }

    fn call(&self, call: &Call<'_>) -> Reply {
        let interface = self.loaded.interface();
        let Some(function) = interface.endpoints.get(call.endpoint as usize).copied() else {
            return Outcome::from(Fault::Internal).into();
        };
        let endpoint = call.description();
        self.with_context(|ctx| {
            let lanes = interface.api.shapes.lanes(endpoint.arguments);
            // SAFETY: the lanes that are decoded here are those of this call.
            let arena = unsafe { ArenaMemory::new(ctx) };
            let mut memory = CallMemory { arena, loaded: &self.loaded };
            let mut sink = LaneSink::new(lanes, &mut memory);
            if let Err(outcome) = call.decode(&mut sink) {
                return outcome.into();
            }
            let arguments = sink.finish();
            match endpoint.kind {
                EndpointKind::Query => {
                    let query = self.database.read();
                    query.bind(ctx);
                    self.answer(call, function, ctx, &arguments).into()
                }
                EndpointKind::Handler => {
                    let Ok(mut transaction) = self.database.write() else {
                        if self.database.is_closed() && self.database.failure().is_none() {
                            return Outcome::HandedOver.into();
                        }
                        let busy = Failure::built_in(BuiltIn::Busy, "the store does not write any more");
                        return Outcome::Failed(busy).into();
                    };
                    transaction.bind(ctx);
                    let outcome = self.answer(call, function, ctx, &arguments);
                    ctx.transaction = std::ptr::null_mut();
                    let durable = match outcome {
                        Outcome::Answer(_) => transaction.commit(),
                        _ => {
                            ctx.log.clear();
                            transaction.abort()
                        }
                    };
                    Reply { outcome, durable: Some(durable) }
                }
            }
        })
    }
}
