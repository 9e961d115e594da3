//! Aggregates over the frames of windows. A frame is not folded again for every row: what all rows of a partition or all
//! peers share is computed once for them, and a frame that moves takes in the rows at its end and lets go of those at
//! its beginning. Sums and counts let rows go by subtraction, which is exact; for the least, the greatest and the first
//! value a queue holds the positions of rows that are or may yet become the answer.
//!
//! What needs all values of a frame at once (lists, distinct values, percentiles, deviations) is folded anew where the
//! frame changes, and so is everything where each row says how wide its frame is.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use cranelift_frontend::Variable;
use tenon_core::ir::{AggregateFn, Frame, Type, VarId};
use tenon_plan::physical::{Aggregate, WindowValue};
use tenon_runtime::functions::RuntimeFn;

use super::aggregate::{Fold, Method, State};
use super::window::{Partition, moves_evenly};
use crate::emit::{Emit, Lanes};
use crate::error::{Error, Result};

/// How an aggregate over a frame is computed, with what is kept between rows.
pub(super) struct Framed {
    fold: Fold,
    way: Way,
    /// The first lane of the argument in a row of the window's buffer, and its lanes; none for a count of rows.
    argument: Option<(usize, usize)>,
    ty: Type,
}

enum Way {
    /// The same for a whole partition.
    Partition { result: Vec<Variable> },
    /// The same for peers, from the state of the peers before.
    Running { state: State, result: Vec<Variable> },
    /// The same for peers, folded anew for each group of them.
    Peers { result: Vec<Variable> },
    /// The state of the rows `low..high`.
    Sliding { state: State, low: Variable, high: Variable },
    /// Positions `head..tail` of an array hold rows below `high` that are, or may become, the answer.
    Queue { positions: Value, head: Variable, tail: Variable, high: Variable },
    /// Folded anew for each row.
    Each,
}

impl<'p> Emit<'_, 'p> {
    /// Prepares an aggregate over frames of a window of so many rows, before the loop over them.
    pub(super) fn framed(
        &mut self,
        var: VarId,
        function: AggregateFn,
        window: &WindowValue,
        argument: Option<(usize, usize)>,
        rows: Value,
    ) -> Result<Framed> {
        let aggregate = Aggregate {
            function,
            argument: window.arguments.first().cloned(),
            keep_none: false,
            grain: None,
            filter: Vec::new(),
            order: Vec::new(),
            limit: None,
            offset: None,
        };
        let ty = self.var_type(var)?.clone();
        let mut fold = self.fold_of(var, aggregate, 0)?;
        let collected = fold.method == Method::Collected;
        let way = match &window.frame {
            Frame::Partition => Way::Partition { result: self.variables(self.lanes(&ty)) },
            Frame::ToCurrent if collected => Way::Peers { result: self.variables(self.lanes(&ty)) },
            Frame::ToCurrent => {
                let state = State::Registers(self.variables(self.state_lanes(&fold)));
                Way::Running { state, result: self.variables(self.lanes(&ty)) }
            }
            Frame::Rows(..) if !moves_evenly(window, &self.query()?.plan.params) => Way::Each,
            Frame::Rows(..) => match fold.method {
                Method::Collected => Way::Each,
                Method::Least | Method::Greatest | Method::First => {
                    let positions = self.call(RuntimeFn::zeroed, &[rows], None)[0];
                    let [head, tail, high] = self.three();
                    Way::Queue { positions, head, tail, high }
                }
                method => {
                    fold.method = match method {
                        Method::Any => Method::Trues,
                        Method::All => Method::Falses,
                        method => method,
                    };
                    let state = State::Registers(self.variables(self.state_lanes(&fold)));
                    let [low, high, _] = self.three();
                    Way::Sliding { state, low, high }
                }
            },
        };
        Ok(Framed { fold, way, argument, ty })
    }

    /// So many new variables, zero at first.
    fn variables(&mut self, count: usize) -> Vec<Variable> {
        let zero = self.int(0);
        let fresh = (0..count).map(|_| {
            let variable = self.b.declare_var(types::I64);
            self.b.def_var(variable, zero);
            variable
        });
        fresh.collect()
    }

    fn three(&mut self) -> [Variable; 3] {
        let zero = self.int(0);
        std::array::from_fn(|_| {
            let variable = self.b.declare_var(types::I64);
            self.b.def_var(variable, zero);
            variable
        })
    }

    /// At the first row of a partition.
    pub(super) fn frame_partition(&mut self, framed: &Framed, array: Value, start: Value, end: Value) -> Result<()> {
        match &framed.way {
            Way::Partition { result } => self.fold_into(framed, array, (start, end), result),
            Way::Running { state, .. } => self.start_all(std::slice::from_ref(&framed.fold), state),
            Way::Sliding { state, low, high } => {
                self.b.def_var(*low, start);
                self.b.def_var(*high, start);
                self.start_all(std::slice::from_ref(&framed.fold), state)
            }
            Way::Queue { head, tail, high, .. } => {
                let zero = self.int(0);
                self.b.def_var(*head, zero);
                self.b.def_var(*tail, zero);
                self.b.def_var(*high, start);
                Ok(())
            }
            Way::Peers { .. } | Way::Each => Ok(()),
        }
    }

    /// At the first row of a group of peers `first..last` of a partition that began at `start`.
    pub(super) fn frame_peers(
        &mut self,
        framed: &Framed,
        array: Value,
        start: Value,
        first: Value,
        last: Value,
    ) -> Result<()> {
        match &framed.way {
            Way::Running { state, result } => {
                self.step_rows(framed, array, first, last, state)?;
                let lanes = self.finish_one(&framed.fold, state, &framed.ty)?;
                self.keep(result, &lanes)
            }
            Way::Peers { result } => self.fold_into(framed, array, (start, last), result),
            _ => Ok(()),
        }
    }

    /// The value for the present row.
    pub(super) fn frame_value(
        &mut self,
        framed: &Framed,
        frame: &Frame,
        bounds: &[(usize, usize)],
        part: &Partition,
    ) -> Result<Lanes> {
        match &framed.way {
            Way::Partition { result } | Way::Running { result, .. } | Way::Peers { result } => {
                Ok(result.iter().map(|variable| self.b.use_var(*variable)).collect())
            }
            Way::Sliding { state, low, high } => {
                let (from, to) = self.frame_of(frame, bounds, part)?;
                self.advance(*high, to, &mut |e, position| {
                    let one = e.int(1);
                    e.burn(one, None);
                    let value = e.argument_at(framed, part.array, position);
                    e.step_value(&framed.fold, state, value)
                })?;
                let reached = self.b.use_var(*high);
                let from = self.b.ins().smin(from, reached);
                self.advance(*low, from, &mut |e, position| {
                    let value = e.argument_at(framed, part.array, position);
                    e.unstep_value(&framed.fold, state, value)
                })?;
                self.finish_one(&framed.fold, state, &framed.ty)
            }
            Way::Queue { positions, head, tail, high } => {
                let (positions, head, tail) = (*positions, *head, *tail);
                let (from, to) = self.frame_of(frame, bounds, part)?;
                self.advance(*high, to, &mut |e, position| {
                    let one = e.int(1);
                    e.burn(one, None);
                    e.enqueue(framed, part.array, position, (positions, head, tail))
                })?;
                self.dequeue(positions, head, tail, from);
                let (first, last) = (self.b.use_var(head), self.b.use_var(tail));
                let any = self.b.ins().icmp(IntCC::SignedLessThan, first, last);
                let lanes = self.lanes(&framed.ty);
                let (array, ty) = (part.array, framed.ty.clone());
                self.select(
                    any,
                    lanes,
                    |e| {
                        let first = e.b.use_var(head);
                        let position = e.pointer_at(positions, first);
                        let mut value = e.argument_at(framed, array, position);
                        let skips = framed.skips_none();
                        match (&ty, skips) {
                            // The argument has the tag of an option already, or the result has none.
                            (Type::Option(_), false) => value.insert(0, e.int(1)),
                            (Type::Option(_), true) => {}
                            (_, true) => drop(value.remove(0)),
                            (_, false) => {}
                        }
                        Ok(value)
                    },
                    |e| Ok(e.zeros(lanes)),
                )
            }
            Way::Each => {
                let (from, to) = self.frame_of(frame, bounds, part)?;
                self.fold_rows(framed, part.array, from, to)
            }
        }
    }

    /// The argument of the row at a position.
    fn argument_at(&mut self, framed: &Framed, array: Value, position: Value) -> Lanes {
        match framed.argument {
            Some((first, lanes)) => {
                let row = self.pointer_at(array, position);
                self.load_lanes(row, first, lanes)
            }
            None => Vec::new(),
        }
    }

    /// Folds rows into a state.
    fn step_rows(&mut self, framed: &Framed, array: Value, from: Value, to: Value, state: &State) -> Result<()> {
        let length = self.b.ins().isub(to, from);
        let zero = self.int(0);
        let length = self.b.ins().smax(length, zero);
        self.burn(length, None);
        self.each_pointer(array, from, to, &mut |e, row, _| {
            let value = match framed.argument {
                Some((first, lanes)) => e.load_lanes(row, first, lanes),
                None => Vec::new(),
            };
            e.step_value(&framed.fold, state, value)
        })
    }

    /// The fold over some rows alone.
    fn fold_rows(&mut self, framed: &Framed, array: Value, from: Value, to: Value) -> Result<Lanes> {
        let state = self.start_registers(std::slice::from_ref(&framed.fold))?;
        self.step_rows(framed, array, from, to, &state)?;
        self.finish_one(&framed.fold, &state, &framed.ty)
    }

    fn fold_into(&mut self, framed: &Framed, array: Value, rows: (Value, Value), result: &[Variable]) -> Result<()> {
        let lanes = self.fold_rows(framed, array, rows.0, rows.1)?;
        self.keep(result, &lanes)
    }

    fn keep(&mut self, variables: &[Variable], lanes: &[Value]) -> Result<()> {
        self.expect_lanes(lanes, variables.len())?;
        for (variable, lane) in variables.iter().zip(lanes) {
            self.b.def_var(*variable, *lane);
        }
        Ok(())
    }

    /// Moves a position forward up to another, with a body for each that is passed.
    fn advance(
        &mut self,
        position: Variable,
        to: Value,
        body: &mut dyn FnMut(&mut Self, Value) -> Result<()>,
    ) -> Result<()> {
        let (head, round, end) = (self.block(false), self.block(false), self.block(false));
        self.jump(head);
        self.at(head);
        let here = self.b.use_var(position);
        let more = self.b.ins().icmp(IntCC::SignedLessThan, here, to);
        self.branch(more, round, end);
        self.at(round);
        body(self, here)?;
        let here = self.b.use_var(position);
        let next = self.b.ins().iadd_imm_s(here, 1);
        self.b.def_var(position, next);
        self.jump(head);
        self.at(end);
        Ok(())
    }

    /// Adds a row at the end of a queue, after those went that it is better than: they cannot become the answer any
    /// more. Among equals the first stays in front.
    fn enqueue(
        &mut self,
        framed: &Framed,
        array: Value,
        position: Value,
        (positions, head, tail): (Value, Variable, Variable),
    ) -> Result<()> {
        let mut value = self.argument_at(framed, array, position);
        let done = self.block(false);
        if framed.skips_none() {
            let there = self.block(false);
            self.branch(value[0], there, done);
            self.at(there);
            value.remove(0);
        }
        if framed.fold.method != Method::First {
            let of = framed.fold.of.clone().ok_or_else(|| Error::new("an aggregate lacks its argument"))?;
            let (test, compare, pop, push) =
                (self.block(false), self.block(false), self.block(false), self.block(false));
            self.jump(test);
            self.at(test);
            let (first, last) = (self.b.use_var(head), self.b.use_var(tail));
            let any = self.b.ins().icmp(IntCC::SignedLessThan, first, last);
            self.branch(any, compare, push);
            self.at(compare);
            let before = self.b.ins().iadd_imm_s(last, -1);
            let other = self.pointer_at(positions, before);
            let mut held = self.argument_at(framed, array, other);
            if framed.skips_none() {
                held.remove(0);
            }
            let order = self.order(&value, &held, &of)?;
            let better =
                if framed.fold.method == Method::Least { IntCC::SignedLessThan } else { IntCC::SignedGreaterThan };
            let better = self.b.ins().icmp_imm_s(better, order, 0);
            self.branch(better, pop, push);
            self.at(pop);
            let last = self.b.use_var(tail);
            let before = self.b.ins().iadd_imm_s(last, -1);
            self.b.def_var(tail, before);
            self.jump(test);
            self.at(push);
        }
        let last = self.b.use_var(tail);
        let bytes = self.b.ins().ishl_imm_u(last, 3);
        let place = self.b.ins().iadd(positions, bytes);
        self.store_lanes(place, 0, &[position]);
        let after = self.b.ins().iadd_imm_s(last, 1);
        self.b.def_var(tail, after);
        self.jump(done);
        self.at(done);
        Ok(())
    }

    /// Lets go of the rows of a queue before a position.
    fn dequeue(&mut self, positions: Value, head: Variable, tail: Variable, from: Value) {
        let (test, look, pop, done) = (self.block(false), self.block(false), self.block(false), self.block(false));
        self.jump(test);
        self.at(test);
        let (first, last) = (self.b.use_var(head), self.b.use_var(tail));
        let any = self.b.ins().icmp(IntCC::SignedLessThan, first, last);
        self.branch(any, look, done);
        self.at(look);
        let position = self.pointer_at(positions, first);
        let gone = self.b.ins().icmp(IntCC::SignedLessThan, position, from);
        self.branch(gone, pop, done);
        self.at(pop);
        let first = self.b.use_var(head);
        let next = self.b.ins().iadd_imm_s(first, 1);
        self.b.def_var(head, next);
        self.jump(test);
        self.at(done);
    }
}

impl Framed {
    /// Whether the argument is an option whose absent values are skipped.
    fn skips_none(&self) -> bool {
        self.fold.skips_none()
    }
}
