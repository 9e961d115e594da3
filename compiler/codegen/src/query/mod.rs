//! Queries: physical plans to machine code, one function per pipeline.
//!
//! A query becomes a *driver*, in the calling convention of functions, and a function per pipeline. What
//! pipelines leave for each other (parameters, buffers, hash tables, single values) lies in the *frame*, lanes
//! on the driver's stack. Emission has two phases: [`Emit::prepare`] visits the operators in the driver, emits
//! the pipelines that fill what a breaker materialises, and calls them in order; [`Emit::produce`] emits, inside
//! a pipeline, the loop over an operator's rows with its consumer inlined.

mod aggregate;
mod frame;
mod group;
mod join;
mod produce;
mod rows;
mod window;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use cranelift_codegen::ir::{InstBuilder, StackSlot, Value, types};
use rustc_hash::FxHashMap;
use tenon_core::ir::{Expr, QueryId, Type, VarId};
use tenon_plan::physical::{Op, OpKind, Output, Plan, TempId};
use tenon_runtime::contract;
use tenon_runtime::functions::RuntimeFn;

use crate::emit::{Emit, Lanes, plain};
use crate::error::{Error, Result};
use crate::unit::{Convention, Origin, Symbol, Unit};

/// What the driver and the pipelines of one query share while they are emitted.
pub(crate) struct QueryFrame<'p> {
    pub(crate) plan: &'p Plan,
    /// How many lanes of the frame are taken.
    lanes: Cell<usize>,
    /// What the breakers have stored, by operator.
    stored: RefCell<FxHashMap<u32, Stored>>,
    /// The buffers of intermediate results.
    temps: RefCell<FxHashMap<TempId, Stored>>,
    parts: Cell<u32>,
    /// Whether the query takes exact sums of floats, which it gives back at its end.
    pub(crate) takes_sums: Cell<bool>,
}

/// Where a breaker's rows are.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    /// The frame lane at which its buffer, table or other state begins.
    pub(crate) at: usize,
    /// The variables that its rows hold, with their first lane in a row.
    pub(crate) columns: Vec<(VarId, usize)>,
    /// Further frame lanes, as the operator needs.
    pub(crate) more: usize,
    /// The aggregates that its rows or the frame hold.
    pub(crate) aggregates: Vec<aggregate::Fold>,
}

impl<'p> QueryFrame<'p> {
    /// Takes lanes of the frame.
    pub(crate) fn take(&self, lanes: usize) -> usize {
        let at = self.lanes.get();
        self.lanes.set(at + lanes);
        at
    }

    /// What a breaker has stored.
    pub(crate) fn stored(&self, op: &Op) -> Result<Stored> {
        let missing = || Error::new(format!("operator {} of a plan was not prepared", op.id));
        self.stored.borrow().get(&op.id).cloned().ok_or_else(missing)
    }

    fn store(&self, op: &Op, stored: Stored) {
        self.stored.borrow_mut().insert(op.id, stored);
    }
}

/// How many rows the operators of a plan are expected to yield, all together.
pub(crate) fn rows_of(plan: &Plan) -> f64 {
    fn of(op: &Op) -> f64 {
        let inputs: f64 = match &op.kind {
            OpKind::Unit | OpKind::Scan { .. } | OpKind::CountRows { .. } | OpKind::ReadTemp { .. } => 0.0,
            OpKind::Lookup { input, .. }
            | OpKind::Filter { input, .. }
            | OpKind::Map { input, .. }
            | OpKind::Unnest { input, .. }
            | OpKind::Aggregate { input, .. }
            | OpKind::Window { input, .. }
            | OpKind::Sort { input, .. }
            | OpKind::Limit { input, .. } => of(input),
            OpKind::HashJoin { probe: a, build: b, .. }
            | OpKind::NestedLoop { outer: a, inner: b, .. }
            | OpKind::GroupJoin { left: a, right: b, .. }
            | OpKind::Fold { left: a, right: b, .. } => of(a) + of(b),
            OpKind::Concat { inputs, .. } => inputs.iter().map(|(input, _)| of(input)).sum(),
        };
        inputs + op.est_rows
    }
    plan.temps.iter().map(|temp| of(&temp.input)).sum::<f64>() + of(&plan.root)
}

impl<'p> Unit<'p> {
    fn plan(&self, id: QueryId) -> Result<&'p Plan> {
        let plan = self.plans.get(id.index()).filter(|plan| plan.query == id);
        plan.ok_or_else(|| Error::new(format!("query {} has no plan", id.0)))
    }

    /// The symbol of a query.
    pub(crate) fn query_symbol(&mut self, id: QueryId) -> Result<Symbol> {
        let plan = self.plan(id)?;
        let params: u32 = plan.params.iter().map(|p| self.layout.lanes(&plan.vars[p.index()].ty)).sum();
        let lanes = self.query_lanes(id)?;
        let words = params as usize + usize::from(lanes > 1);
        Ok(self.symbol(Origin::Query(id), Convention { words, results: 2 }))
    }

    /// The number of lanes of a query's result.
    pub(crate) fn query_lanes(&self, id: QueryId) -> Result<usize> {
        let lanes = match &self.plan(id)?.output {
            Output::Collect { .. } | Output::CollectMap { .. } | Output::Exists { .. } => 1,
            Output::First { element, .. } => match element.ty {
                Type::Option(_) => self.layout.lanes(&element.ty),
                _ => 1 + self.layout.lanes(&element.ty),
            },
            Output::One(element) => self.layout.lanes(&element.ty),
        };
        Ok(lanes as usize)
    }

    /// Defines a query.
    pub(crate) fn define_query(&mut self, symbol: Symbol, id: QueryId) -> Result<()> {
        let plan = self.plan(id)?;
        let lanes = self.query_lanes(id)?;
        self.define(symbol, |e, words| e.driver(plan, words, lanes))
    }
}

impl<'a, 'p> Emit<'a, 'p> {
    /// The query that is being emitted.
    pub(crate) fn query(&self) -> Result<Rc<QueryFrame<'p>>> {
        self.query.clone().ok_or_else(|| Error::new("an operator stands outside a query"))
    }

    /// The address of a frame lane.
    pub(crate) fn frame_address(&mut self, lane: usize) -> Value {
        self.b.ins().iadd_imm_s(self.frame, (lane * 8) as i64)
    }

    /// The type of a variable of the query.
    pub(crate) fn var_type(&self, var: VarId) -> Result<&'p Type> {
        let plan = self.query()?.plan;
        let info = plan.vars.get(var.index()).map(|v| &v.ty);
        info.ok_or_else(|| Error::at("a variable is not in its plan's table", plan.site))
    }

    fn driver(&mut self, plan: &'p Plan, words: &[Value], lanes: usize) -> Result<()> {
        let query = Rc::new(QueryFrame {
            plan,
            lanes: Cell::new(0),
            stored: RefCell::default(),
            temps: RefCell::default(),
            parts: Cell::new(0),
            takes_sums: Cell::new(false),
        });
        self.query = Some(query.clone());
        self.place = Some(plan.site);
        self.check_stack(plan.site);
        let (slot, address) = self.stack(1);
        self.frame = address;
        let sums = self.load(types::I64, self.ctx, contract::LIVE_SUMS);
        let mut words = words.iter().copied();
        for param in &plan.params {
            let count = self.lanes(self.var_type(*param)?);
            let values: Lanes = words.by_ref().take(count).collect();
            let at = query.take(count);
            self.store_lanes(self.frame, at, &values);
        }
        self.out = words.next();
        for (index, temp) in plan.temps.iter().enumerate() {
            let stored = self.materialise(&temp.input, &temp.vars, &format!("temp {index}"))?;
            query.temps.borrow_mut().insert(TempId(index as u32), stored);
        }
        self.prepare(&plan.root)?;
        let result = self.output(plan)?;
        self.expect_lanes(&result, lanes)?;
        if query.takes_sums.get() {
            self.b.ins().store(plain(), sums, self.ctx, contract::LIVE_SUMS);
        }
        self.return_lanes(&result)?;
        self.resize(slot, query.lanes.get());
        Ok(())
    }

    fn resize(&mut self, slot: StackSlot, lanes: usize) {
        self.b.func.sized_stack_slots[slot].size = u32::try_from(lanes.max(1) * 8).unwrap_or(u32::MAX);
    }

    /// Emits a pipeline as a function of its own and calls it. `body` emits its code; the frame and the parameters
    /// of the query are there.
    pub(crate) fn pipeline(&mut self, what: &str, body: impl FnOnce(&mut Emit<'_, 'p>) -> Result<()>) -> Result<()> {
        let query = self.query()?;
        let number = query.parts.get();
        query.parts.set(number + 1);
        let name = format!("query {} ({}), pipeline {number}: {what}", query.plan.name, query.plan.query.0);
        let symbol = self.unit.part(name, Convention { words: 1, results: 1 });
        self.unit.define(symbol, |e, words| {
            e.query = Some(query.clone());
            e.place = Some(query.plan.site);
            e.frame = words[0];
            e.bind_params()?;
            body(e)?;
            e.return_lanes(&[])
        })?;
        let frame = self.frame;
        self.call_symbol(symbol, &[frame], 0)?;
        Ok(())
    }

    /// Binds the parameters of the query from the frame.
    fn bind_params(&mut self) -> Result<()> {
        let plan = self.query()?.plan;
        let mut at = 0;
        for param in &plan.params {
            let count = self.lanes(self.var_type(*param)?);
            let lanes = self.load_lanes(self.frame, at, count);
            self.bind(*param, lanes);
            at += count;
        }
        Ok(())
    }

    /// Prepares an operator's rows, and stores these variables of them in a buffer.
    pub(crate) fn materialise(&mut self, op: &'p Op, vars: &[VarId], what: &str) -> Result<Stored> {
        self.prepare(op)?;
        let query = self.query()?;
        let (columns, lanes) = self.columns(vars, 0)?;
        let at = query.take(rows::ROWS);
        self.init_rows(at, lanes.max(1));
        self.pipeline(what, |e| {
            e.produce(op, &mut |e| {
                let values = e.read_all(vars)?;
                e.append(at, lanes.max(1), &values)
            })
        })?;
        self.seal(at);
        Ok(Stored { at, columns, more: 0, aggregates: Vec::new() })
    }

    /// The first lanes of variables that are stored one after the other, and the lane behind the last.
    pub(crate) fn columns(&self, vars: &[VarId], first: usize) -> Result<(Vec<(VarId, usize)>, usize)> {
        let mut at = first;
        let mut out = Vec::with_capacity(vars.len());
        for var in vars {
            out.push((*var, at));
            at += self.lanes(self.var_type(*var)?);
        }
        Ok((out, at))
    }

    /// The lanes of several variables.
    pub(crate) fn read_all(&mut self, vars: &[VarId]) -> Result<Lanes> {
        let mut out = Vec::new();
        for var in vars {
            out.extend(self.read(*var)?);
        }
        Ok(out)
    }

    /// Binds variables from a row in memory.
    pub(crate) fn bind_row(&mut self, row: Value, columns: &[(VarId, usize)]) -> Result<()> {
        for (var, first) in columns {
            let count = self.lanes(self.var_type(*var)?);
            let lanes = self.load_lanes(row, *first, count);
            self.bind(*var, lanes);
        }
        Ok(())
    }

    /// Folds the rows of the root into the result.
    fn output(&mut self, plan: &'p Plan) -> Result<Lanes> {
        let query = self.query()?;
        let root = &plan.root;
        match &plan.output {
            Output::Collect { element, set } => {
                let stride = self.lanes(&element.ty);
                let rows = self.collect_rows(root, std::slice::from_ref(element), stride)?;
                if *set { self.to_set(rows, &element.ty) } else { Ok(vec![rows]) }
            }
            Output::CollectMap { key, value } => {
                let stride = self.lanes(&key.ty) + self.lanes(&value.ty);
                let parts = [key.clone(), value.clone()];
                let rows = self.collect_rows(root, &parts, stride)?;
                self.to_map(rows, &key.ty, &value.ty)
            }
            Output::First { element, early_stop } => {
                let lanes = self.lanes(&element.ty);
                let at = query.take(1 + lanes);
                let zeros = self.zeros(1 + lanes);
                self.store_lanes(self.frame, at, &zeros);
                self.pipeline("first", |e| {
                    let end = e.block(false);
                    e.produce(root, &mut |e| {
                        // The element is evaluated on every row that is read: it may fail.
                        let values = e.expr(element)?;
                        let seen = e.load(types::I64, e.frame, crate::emit::offset(at));
                        let (take, next) = (e.block(false), e.block(false));
                        e.branch(seen, next, take);
                        e.at(take);
                        let one = e.int(1);
                        e.store_lanes(e.frame, at, &[one]);
                        e.store_lanes(e.frame, at + 1, &values);
                        e.jump(if *early_stop { end } else { next });
                        e.at(next);
                        Ok(())
                    })?;
                    e.jump(end);
                    e.at(end);
                    Ok(())
                })?;
                match element.ty {
                    Type::Option(_) => Ok(self.load_lanes(self.frame, at + 1, lanes)),
                    _ => Ok(self.load_lanes(self.frame, at, 1 + lanes)),
                }
            }
            Output::One(element) => {
                let lanes = self.lanes(&element.ty);
                let at = query.take(lanes.max(1));
                self.pipeline("one", |e| {
                    e.produce(root, &mut |e| {
                        let values = e.expr(element)?;
                        e.store_lanes(e.frame, at, &values);
                        Ok(())
                    })
                })?;
                Ok(self.load_lanes(self.frame, at, lanes))
            }
            Output::Exists { early_stop } => {
                let at = query.take(1);
                let zero = self.int(0);
                self.store_lanes(self.frame, at, &[zero]);
                self.pipeline("exists", |e| {
                    let end = e.block(false);
                    e.produce(root, &mut |e| {
                        let one = e.int(1);
                        e.store_lanes(e.frame, at, &[one]);
                        if *early_stop {
                            e.jump(end);
                            e.dead();
                        }
                        Ok(())
                    })?;
                    e.jump(end);
                    e.at(end);
                    Ok(())
                })?;
                Ok(self.load_lanes(self.frame, at, 1))
            }
        }
    }

    /// A list of the values of expressions over the rows of an operator.
    fn collect_rows(&mut self, root: &'p Op, parts: &[Expr], stride: usize) -> Result<Value> {
        let query = self.query()?;
        let at = query.take(rows::ROWS);
        self.init_rows(at, stride.max(1));
        self.pipeline("result", |e| {
            e.produce(root, &mut |e| {
                let values = e.concat(parts)?;
                e.append(at, stride.max(1), &values)
            })
        })?;
        let address = self.frame_address(at);
        let first = self.int(0);
        let lanes = self.int(stride as i64);
        Ok(self.call(RuntimeFn::rows_collect, &[address, first, lanes], None)[0])
    }

    /// Goes on in a block that nothing reaches, behind a jump out of a loop.
    pub(crate) fn dead(&mut self) {
        let block = self.block(true);
        self.at(block);
    }

    /// Writes one lane of the frame.
    pub(crate) fn put_frame(&mut self, lane: usize, value: Value) {
        self.b.ins().store(plain(), value, self.frame, crate::emit::offset(lane));
    }
}
