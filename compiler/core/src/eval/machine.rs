//! A call: functions, statements and limits.

use super::store::key_of;
use super::{Evaluator, Inputs, Run, Stop, Store};
use crate::ir::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tenon_value::pattern::Pattern;
use tenon_value::random::Random;
use tenon_value::{Failure, Fault, Value};

/// The variables of one call of a function, or of one row of a query: `None` until bound.
pub(super) type Env = Vec<Option<Value>>;

/// A running transaction.
pub(super) struct Machine<'a> {
    pub(super) program: &'a Program,
    pub(super) patterns: &'a [Option<Pattern>],
    pub(super) recursive: &'a [bool],
    returning: &'a [bool],
    pub(super) store: &'a mut dyn Store,
    pub(super) now: i64,
    pub(super) random: Random,
    pub(super) log: Vec<String>,
    problems: Vec<(String, String)>,
    stop: &'a AtomicBool,
    /// The place that is being run, for limits: the last primitive or function.
    pub(super) place: SiteId,
    fuel: u64,
    memory: u64,
    depth: u32,
    stack: usize,
    stack_start: usize,
}

/// How a statement ends.
enum Flow {
    Next,
    Break,
    Continue,
    Return(Value),
}

/// An address on the present frame, to measure how much of the stack is in use.
fn stack_address() -> usize {
    let here = 0u8;
    (&raw const here).addr()
}

/// A fault.
pub(super) fn fault<T>(fault: Fault, site: SiteId) -> Run<T> {
    Err(Box::new(Stop::Fault { fault, site, detail: None }))
}

/// What cannot happen in a program that the verifier accepts.
pub(super) fn malformed<T>(detail: &str) -> Run<T> {
    Err(Box::new(Stop::Fault { fault: Fault::Internal, site: SiteId(0), detail: Some(detail.into()) }))
}

impl<'a> Machine<'a> {
    pub(super) fn new(evaluator: &'a Evaluator, store: &'a mut dyn Store, inputs: &Inputs) -> Machine<'a> {
        let limits = evaluator.limits;
        Machine {
            program: &evaluator.program,
            patterns: &evaluator.patterns,
            recursive: &evaluator.recursive,
            returning: &evaluator.returning,
            store,
            stop: &evaluator.stop,
            now: inputs.now,
            random: super::random(inputs),
            log: Vec::new(),
            problems: Vec::new(),
            place: SiteId(0),
            fuel: limits.fuel,
            memory: limits.memory,
            depth: limits.depth,
            stack: limits.stack,
            stack_start: stack_address(),
        }
    }

    /// Uses fuel.
    pub(super) fn burn(&mut self, amount: u64) -> Run<()> {
        match self.fuel.checked_sub(amount) {
            Some(rest) if !self.stop.load(Ordering::Relaxed) => {
                self.fuel = rest;
                Ok(())
            }
            _ => fault(Fault::FuelExhausted, self.place),
        }
    }

    /// Uses memory.
    pub(super) fn allocate(&mut self, bytes: usize) -> Run<()> {
        match self.memory.checked_sub(bytes as u64) {
            Some(rest) => {
                self.memory = rest;
                Ok(())
            }
            None => fault(Fault::MemoryExceeded, self.place),
        }
    }

    /// Stops before the thread's stack overflows. Stands where evaluation descends.
    pub(super) fn descend(&self) -> Run<()> {
        if self.stack_start.abs_diff(stack_address()) > self.stack {
            return fault(Fault::RecursionTooDeep, self.place);
        }
        Ok(())
    }

    /// Calls a function.
    pub(super) fn call(&mut self, id: FunctionId, arguments: Vec<Value>) -> Run<Value> {
        let program = self.program;
        let Some(function) = program.functions.get(id.index()) else { return malformed("no such function") };
        if arguments.len() != function.params.len() {
            return malformed("a function is called with a wrong number of arguments");
        }
        let outer = std::mem::replace(&mut self.place, function.site);
        self.burn(1)?;
        self.descend()?;
        let levels = u32::from(self.returning.get(id.index()) == Some(&true));
        let Some(depth) = self.depth.checked_sub(levels) else {
            return fault(Fault::RecursionTooDeep, function.site);
        };
        self.depth = depth;
        let mut env: Env = vec![None; function.vars.len()];
        for (var, argument) in function.params.iter().zip(arguments) {
            env[var.index()] = Some(argument);
        }
        let flow = self.block(&function.body, &mut env)?;
        self.depth += levels;
        self.place = outer;
        match flow {
            Flow::Return(value) => Ok(value),
            _ => malformed("a function ends without returning"),
        }
    }

    fn block(&mut self, block: &'a [Stmt], env: &mut Env) -> Run<Flow> {
        for stmt in block {
            match self.statement(stmt, env)? {
                Flow::Next => {}
                flow => return Ok(flow),
            }
        }
        Ok(Flow::Next)
    }

    fn statement(&mut self, stmt: &'a Stmt, env: &mut Env) -> Run<Flow> {
        match stmt {
            Stmt::Let(var, value) => {
                let value = self.expr(value, env)?;
                env[var.index()] = Some(value);
            }
            Stmt::Do(var, command, site) => {
                let value = self.command(command, *site, env)?;
                if let Some(var) = var {
                    env[var.index()] = Some(value);
                }
            }
            Stmt::If(condition, then, otherwise) => {
                let branch = if self.bool(condition, env)? { then } else { otherwise };
                return self.block(branch, env);
            }
            Stmt::Loop(body) => loop {
                self.burn(1)?;
                match self.block(body, env)? {
                    Flow::Next | Flow::Continue => {}
                    Flow::Break => break,
                    flow @ Flow::Return(_) => return Ok(flow),
                }
            },
            Stmt::ForEach(var, of, body) => {
                let of = self.expr(of, env)?;
                for element in self.elements(of)?.iter() {
                    self.burn(1)?;
                    env[var.index()] = Some(element.clone());
                    match self.block(body, env)? {
                        Flow::Next | Flow::Continue => {}
                        Flow::Break => break,
                        flow @ Flow::Return(_) => return Ok(flow),
                    }
                }
            }
            Stmt::Break => return Ok(Flow::Break),
            Stmt::Continue => return Ok(Flow::Continue),
            Stmt::Return(value) => return Ok(Flow::Return(self.expr(value, env)?)),
            Stmt::Fail(with, site) => return self.fail(with, *site, env),
            Stmt::Check(check, site) => {
                if !self.bool(&check.condition, env)? {
                    return Err(Box::new(Stop::Fault {
                        fault: check.kind.fault(),
                        site: *site,
                        detail: Some(check.rule.clone()),
                    }));
                }
            }
            Stmt::Problem(place, message) => {
                let place = self.text(place, env)?;
                let message = self.text(message, env)?;
                self.problems.push((place.to_string(), message.to_string()));
            }
            Stmt::RejectProblems => {
                if !self.problems.is_empty() {
                    return Err(Box::new(Stop::Invalid(std::mem::take(&mut self.problems))));
                }
            }
        }
        Ok(Flow::Next)
    }

    /// Ends the call with a typed problem.
    pub(super) fn fail<T>(&mut self, with: &'a FailWith, site: SiteId, env: &mut Env) -> Run<T> {
        let mut fields = Vec::with_capacity(with.fields.len());
        for field in &with.fields {
            fields.push(self.expr(field, env)?);
        }
        let message = self.text(&with.message, env)?;
        Err(Box::new(Stop::Fail(Failure { error: with.error, fields, message }, site)))
    }

    /// The elements of a list, bag or set.
    pub(super) fn elements(&self, of: Value) -> Run<Arc<[Value]>> {
        match of {
            Value::List(items) | Value::Bag(items) | Value::Set(items) => Ok(items),
            _ => malformed("a collection is expected"),
        }
    }

    /// Values of expressions, from left to right.
    pub(super) fn exprs(&mut self, exprs: &'a [Expr], env: &mut Env) -> Run<Vec<Value>> {
        let mut values = Vec::with_capacity(exprs.len());
        for expr in exprs {
            values.push(self.expr(expr, env)?);
        }
        Ok(values)
    }

    fn command(&mut self, command: &'a Command, site: SiteId, env: &mut Env) -> Run<Value> {
        match command {
            Command::Call(function, arguments) => {
                let arguments = self.exprs(arguments, env)?;
                self.call(*function, arguments)
            }
            Command::Lookup { relation, unique, key } => {
                let key = self.exprs(key, env)?;
                self.lookup(*relation, *unique, &key)
            }
            Command::Insert { relation, values, on_key, on_unique } => {
                let fields = self.exprs(values, env)?;
                self.insert(*relation, fields, (on_key, on_unique), site, env)
            }
            Command::Update { relation, target, sets, on_gone, on_unique } => {
                let target = self.expr(target, env)?;
                let mut values = Vec::with_capacity(sets.len());
                for (field, value) in sets {
                    values.push((*field, self.expr(value, env)?));
                }
                self.update(*relation, &target, values, (on_gone, on_unique), site, env)
            }
            Command::Delete { relation, target, on_gone, on_restrict } => {
                let target = self.expr(target, env)?;
                self.delete(*relation, &target, (on_gone, on_restrict), site, env)
            }
            Command::Now => Ok(Value::Instant(self.now)),
            Command::NewId => Ok(Value::Id(self.random.id(self.now))),
            Command::NewUuid => Ok(Value::Uuid(self.random.uuid())),
            Command::RandomFloat => Ok(Value::Float(self.random.unit())),
            Command::RandomInt(low, high) => {
                let (low, high) = (self.int(low, env)?, self.int(high, env)?);
                match self.random.integer(low, high) {
                    Ok(n) => Ok(Value::Int(n)),
                    Err(f) => fault(f, site),
                }
            }
            Command::RandomText(length) => {
                let length = self.int(length, env)?;
                match self.random.text(length) {
                    Ok(text) => Ok(Value::text(text)),
                    Err(f) => fault(f, site),
                }
            }
            Command::Serial(relation) => {
                let Some(next) = self.store.serial(*relation).checked_add(1) else {
                    return fault(Fault::Overflow, site);
                };
                self.store.set_serial(*relation, next);
                Ok(Value::Int(next))
            }
            Command::Log(value) => {
                let ty = &value.ty;
                let value = self.expr(value, env)?;
                let line = super::show::display(self.program, ty, &value);
                self.allocate(line.len())?;
                self.log.push(line);
                Ok(Value::unit())
            }
        }
    }

    /// The row that a key (or the values of a unique) leads to, as an option.
    fn lookup(&mut self, relation: RelationId, unique: Option<u32>, key: &[Value]) -> Run<Value> {
        let table = self.program.relation(relation);
        match unique {
            None => {
                let key = match key {
                    [single] => single.clone(),
                    several => Value::record(several.to_vec()),
                };
                let fields = self.store.row(relation, &key);
                Ok(Value::option(fields.map(|fields| Value::Row { relation: relation.0, key: Arc::new(key), fields })))
            }
            Some(index) => {
                let Some(unique) = table.uniques.get(index as usize) else { return malformed("no such unique") };
                if unique.skip_none && key.iter().any(Value::is_none) {
                    return Ok(Value::None);
                }
                for (row_key, fields) in self.store.rows(relation) {
                    self.burn(1)?;
                    if unique.fields.iter().zip(key).all(|(field, value)| fields[field.index()] == *value) {
                        return Ok(Value::some(Value::Row { relation: relation.0, key: row_key, fields }));
                    }
                }
                Ok(Value::None)
            }
        }
    }

    /// The row as a value.
    pub(super) fn row_value(&self, relation: RelationId, fields: Arc<[Value]>) -> Value {
        let key = key_of(self.program.relation(relation), &fields);
        Value::Row { relation: relation.0, key: Arc::new(key), fields }
    }
}
