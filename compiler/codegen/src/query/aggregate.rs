//! Folds over rows: their state, a step, the result.
//!
//! The state of a fold is some lanes, in registers where there is one group, else in the entry of the group.
//! Folds that need all their values at once (distinct ones, ordered ones, lists) keep them in a buffer whose
//! address is their state, and are computed from it at the end.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value, types};
use cranelift_frontend::Variable;
use tenon_core::ir::{AggregateFn, Expr, Type, VarId};
use tenon_plan::physical::Aggregate;
use tenon_runtime::functions::RuntimeFn;
use tenon_value::Fault;

use super::Emit;
use super::rows::Order;
use crate::emit::{Lanes, plain};
use crate::error::{Error, Result};

/// A fold of a plan with the place of its state.
#[derive(Clone, Debug)]
pub(crate) struct Fold {
    /// The variable that its result is bound to.
    pub(crate) var: VarId,
    aggregate: Aggregate,
    pub(super) method: Method,
    /// The first lane of its state.
    at: usize,
    /// The type of what is folded, without the option whose absent values are skipped.
    pub(super) of: Option<Type>,
}

impl Fold {
    /// Whether the argument is an option whose absent values are skipped.
    pub(super) fn skips_none(&self) -> bool {
        let argument = self.aggregate.argument.as_ref();
        argument.is_some_and(|argument| matches!(argument.ty, Type::Option(_))) && !self.aggregate.keep_none
    }
}

/// How a fold is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Method {
    /// A number.
    Count,
    /// 128 bits.
    Sum,
    /// 128 bits and a number.
    Mean,
    /// The number of an exact sum in the context.
    FloatSum,
    /// As `FloatSum`, and a number.
    FloatMean,
    /// Whether there is a value, and the value.
    Least,
    /// As `Least`.
    Greatest,
    /// As `Least`.
    First,
    /// A Bool.
    Any,
    /// A Bool.
    All,
    /// As `Any`, of values that may go again: how many are true.
    Trues,
    /// As `All`, of values that may go again: how many are false.
    Falses,
    /// The address of a buffer.
    Collected,
}

/// Where the states of folds are.
pub(crate) enum State {
    /// In SSA variables, by lane.
    Registers(Vec<Variable>),
    /// In memory: the states begin at this address.
    Memory(Value),
}

impl<'a, 'p> Emit<'a, 'p> {
    /// The folds of aggregates whose states lie one after the other from a lane on, and the lane behind the last.
    pub(crate) fn folds(&self, aggregates: &[(VarId, Aggregate)], first: usize) -> Result<(Vec<Fold>, usize)> {
        let mut at = first;
        let mut out = Vec::with_capacity(aggregates.len());
        for (var, aggregate) in aggregates {
            let fold = self.fold_of(*var, aggregate.clone(), at)?;
            at += self.state_lanes(&fold);
            out.push(fold);
        }
        Ok((out, at))
    }

    pub(super) fn fold_of(&self, var: VarId, aggregate: Aggregate, at: usize) -> Result<Fold> {
        let of = aggregate.argument.as_ref().map(|e| if aggregate.keep_none { &e.ty } else { e.ty.present() }).cloned();
        let float = of == Some(Type::Float);
        let simple = aggregate.grain.is_none() && aggregate.order.is_empty();
        let method = match aggregate.function {
            _ if !simple => Method::Collected,
            AggregateFn::Count => Method::Count,
            AggregateFn::Sum if float => Method::FloatSum,
            AggregateFn::Sum => Method::Sum,
            AggregateFn::Avg if float => Method::FloatMean,
            AggregateFn::Avg => Method::Mean,
            AggregateFn::Min => Method::Least,
            AggregateFn::Max => Method::Greatest,
            AggregateFn::First => Method::First,
            AggregateFn::Any => Method::Any,
            AggregateFn::All => Method::All,
            _ => Method::Collected,
        };
        if of.is_none() && aggregate.function != AggregateFn::Count {
            return Err(Error::new("an aggregate of a plan lacks its argument"));
        }
        Ok(Fold { var, aggregate, method, at, of })
    }

    pub(super) fn state_lanes(&self, fold: &Fold) -> usize {
        match fold.method {
            Method::Count | Method::FloatSum | Method::Any | Method::All => 1,
            Method::Trues | Method::Falses | Method::Collected => 1,
            Method::Sum | Method::FloatMean => 2,
            Method::Mean => 3,
            Method::Least | Method::Greatest | Method::First => 1 + fold.of.as_ref().map_or(0, |ty| self.lanes(ty)),
        }
    }

    pub(super) fn get(&mut self, state: &State, lane: usize) -> Value {
        match state {
            State::Registers(variables) => self.b.use_var(variables[lane]),
            State::Memory(base) => self.load(types::I64, *base, crate::emit::offset(lane)),
        }
    }

    fn set(&mut self, state: &State, lane: usize, value: Value) {
        match state {
            State::Registers(variables) => self.b.def_var(variables[lane], value),
            State::Memory(base) => {
                self.b.ins().store(plain(), value, *base, crate::emit::offset(lane));
            }
        }
    }

    /// Begins folds in registers; their states begin at lane 0.
    pub(crate) fn start_registers(&mut self, folds: &[Fold]) -> Result<State> {
        let count = folds.last().map_or(0, |fold| fold.at + self.state_lanes(fold));
        let variables = (0..count).map(|_| self.b.declare_var(types::I64)).collect();
        let state = State::Registers(variables);
        self.start_all(folds, &state)?;
        Ok(state)
    }

    /// Begins folds.
    pub(super) fn start_all(&mut self, folds: &[Fold], state: &State) -> Result<()> {
        for fold in folds {
            let mut first = self.int(i64::from(fold.method == Method::All));
            match fold.method {
                Method::Collected => {
                    let stride = self.collected(fold).stride;
                    let stride = self.int(stride as i64);
                    first = self.call(RuntimeFn::rows_new, &[stride], None)[0];
                }
                Method::FloatSum | Method::FloatMean => {
                    self.query()?.takes_sums.set(true);
                    first = self.call(RuntimeFn::float_sum_new, &[], None)[0];
                }
                _ => {}
            }
            let zero = self.int(0);
            self.set(state, fold.at, first);
            for lane in 1..self.state_lanes(fold) {
                self.set(state, fold.at + lane, zero);
            }
        }
        Ok(())
    }

    /// Folds the present row into all states.
    pub(crate) fn step_all(&mut self, folds: &[Fold], state: &State) -> Result<()> {
        for fold in folds {
            let next = self.block(false);
            self.all_hold(&fold.aggregate.filter, next)?;
            let value = match &fold.aggregate.argument {
                Some(argument) => self.expr(argument)?,
                None => Vec::new(),
            };
            self.step_value(fold, state, value)?;
            self.jump(next);
            self.at(next);
        }
        Ok(())
    }

    /// Folds a value of the argument's type into a state; `none` is skipped where the fold says so.
    pub(crate) fn step_value(&mut self, fold: &Fold, state: &State, mut value: Lanes) -> Result<()> {
        let next = self.block(false);
        if fold.skips_none() {
            let there = self.block(false);
            self.branch(value[0], there, next);
            self.at(there);
            value.remove(0);
        }
        if fold.method == Method::Collected {
            self.collect_value(fold, state, value)?;
        } else {
            self.accumulate(fold, state, &value)?;
        }
        self.jump(next);
        self.at(next);
        Ok(())
    }

    /// Takes a value out of a state that it was folded into.
    pub(super) fn unstep_value(&mut self, fold: &Fold, state: &State, mut value: Lanes) -> Result<()> {
        let next = self.block(false);
        if fold.skips_none() {
            let there = self.block(false);
            self.branch(value[0], there, next);
            self.at(there);
            value.remove(0);
        }
        self.withdraw(fold, state, &value)?;
        self.jump(next);
        self.at(next);
        Ok(())
    }

    /// The reverse of `accumulate`, for the methods that have one.
    fn withdraw(&mut self, fold: &Fold, state: &State, value: &[Value]) -> Result<()> {
        let at = fold.at;
        let less_one = |e: &mut Self, lane: usize| {
            let count = e.get(state, lane);
            let count = e.b.ins().iadd_imm_s(count, -1);
            e.set(state, lane, count);
        };
        match fold.method {
            Method::Count => less_one(self, at),
            Method::Sum | Method::Mean => {
                let (low, high) = (self.get(state, at), self.get(state, at + 1));
                let sum = self.b.ins().iconcat(low, high);
                let wide = self.b.ins().sextend(types::I128, value[0]);
                let sum = self.b.ins().isub(sum, wide);
                let (low, high) = self.b.ins().isplit(sum);
                self.set(state, at, low);
                self.set(state, at + 1, high);
                if fold.method == Method::Mean {
                    less_one(self, at + 2);
                }
            }
            Method::FloatSum | Method::FloatMean => {
                // Exact sums lose a term by adding its opposite.
                let sum = self.get(state, at);
                let sign = self.int(i64::MIN);
                let opposite = self.b.ins().bxor(value[0], sign);
                self.call(RuntimeFn::float_sum_add, &[sum, opposite], None);
                if fold.method == Method::FloatMean {
                    less_one(self, at + 1);
                }
            }
            Method::Trues | Method::Falses => {
                let counted = self.counted(fold, value[0]);
                let before = self.get(state, at);
                let after = self.b.ins().isub(before, counted);
                self.set(state, at, after);
            }
            Method::Least | Method::Greatest | Method::First | Method::Any | Method::All | Method::Collected => {
                return Err(Error::new("an aggregate cannot let go of a value"));
            }
        }
        Ok(())
    }

    /// What `Trues` and `Falses` add for a Bool.
    fn counted(&mut self, fold: &Fold, value: Value) -> Value {
        if fold.method == Method::Trues { value } else { self.b.ins().bxor_imm_u(value, 1) }
    }

    /// The result of a fold whose variable has this type.
    pub(crate) fn finish_one(&mut self, fold: &Fold, state: &State, ty: &Type) -> Result<Lanes> {
        if fold.method == Method::Collected {
            self.finish_collected(fold, state, ty)
        } else {
            self.finish_simple(fold, state, ty)
        }
    }

    fn accumulate(&mut self, fold: &Fold, state: &State, value: &[Value]) -> Result<()> {
        let at = fold.at;
        match fold.method {
            Method::Count => {
                let count = self.get(state, at);
                let count = self.b.ins().iadd_imm_s(count, 1);
                self.set(state, at, count);
            }
            Method::Sum | Method::Mean => {
                let (low, high) = (self.get(state, at), self.get(state, at + 1));
                let sum = self.b.ins().iconcat(low, high);
                let wide = self.b.ins().sextend(types::I128, value[0]);
                let sum = self.b.ins().iadd(sum, wide);
                let (low, high) = self.b.ins().isplit(sum);
                self.set(state, at, low);
                self.set(state, at + 1, high);
                if fold.method == Method::Mean {
                    let count = self.get(state, at + 2);
                    let count = self.b.ins().iadd_imm_s(count, 1);
                    self.set(state, at + 2, count);
                }
            }
            Method::FloatSum | Method::FloatMean => {
                let sum = self.get(state, at);
                self.call(RuntimeFn::float_sum_add, &[sum, value[0]], None);
                if fold.method == Method::FloatMean {
                    let count = self.get(state, at + 1);
                    let count = self.b.ins().iadd_imm_s(count, 1);
                    self.set(state, at + 1, count);
                }
            }
            Method::Any => {
                let before = self.get(state, at);
                let after = self.b.ins().bor(before, value[0]);
                self.set(state, at, after);
            }
            Method::All => {
                let before = self.get(state, at);
                let after = self.b.ins().band(before, value[0]);
                self.set(state, at, after);
            }
            Method::Trues | Method::Falses => {
                let counted = self.counted(fold, value[0]);
                let before = self.get(state, at);
                let after = self.b.ins().iadd(before, counted);
                self.set(state, at, after);
            }
            Method::Least | Method::Greatest | Method::First => {
                let ty = fold.of.clone().ok_or_else(|| Error::new("an aggregate lacks its argument"))?;
                let (compare, take, next) = (self.block(false), self.block(false), self.block(false));
                let seen = self.get(state, at);
                self.branch(seen, compare, take);
                self.at(compare);
                if fold.method == Method::First {
                    self.jump(next);
                } else {
                    let held: Lanes = (0..value.len()).map(|i| self.get(state, at + 1 + i)).collect();
                    let order = self.order(value, &held, &ty)?;
                    let code =
                        if fold.method == Method::Least { IntCC::SignedLessThan } else { IntCC::SignedGreaterThan };
                    let better = self.b.ins().icmp_imm_s(code, order, 0);
                    self.branch(better, take, next);
                }
                self.at(take);
                let one = self.int(1);
                self.set(state, at, one);
                for (i, lane) in value.iter().enumerate() {
                    self.set(state, at + 1 + i, *lane);
                }
                self.jump(next);
                self.at(next);
            }
            Method::Collected => return Err(Error::new("a collected aggregate has no step")),
        }
        Ok(())
    }

    /// Binds the results of folds.
    pub(crate) fn finish_all(&mut self, folds: &[Fold], state: &State) -> Result<()> {
        for fold in folds {
            let ty = self.var_type(fold.var)?;
            let lanes = self.finish_one(fold, state, ty)?;
            let expected = self.lanes(ty);
            self.expect_lanes(&lanes, expected)?;
            self.bind(fold.var, lanes);
        }
        Ok(())
    }

    fn finish_simple(&mut self, fold: &Fold, state: &State, ty: &Type) -> Result<Lanes> {
        let at = fold.at;
        let optional = matches!(ty, Type::Option(_));
        let of = fold.of.clone();
        Ok(match fold.method {
            Method::Count | Method::Any | Method::All => vec![self.get(state, at)],
            Method::Trues | Method::Falses => {
                let code = if fold.method == Method::Trues { IntCC::NotEqual } else { IntCC::Equal };
                let count = self.get(state, at);
                let holds = self.b.ins().icmp_imm_s(code, count, 0);
                vec![self.flag(holds)]
            }
            Method::Sum => {
                let (low, high) = (self.get(state, at), self.get(state, at + 1));
                vec![self.narrow(low, high)]
            }
            Method::FloatSum => {
                let sum = self.get(state, at);
                self.call(RuntimeFn::float_sum_value, &[sum], None)
            }
            Method::Mean => {
                let count = self.get(state, at + 2);
                let (low, high) = (self.get(state, at), self.get(state, at + 1));
                let from = match of {
                    Some(Type::Decimal(scale)) => scale,
                    _ => 0,
                };
                let to = match ty.present() {
                    Type::Decimal(scale) => *scale,
                    _ => 0,
                };
                let (from, to) = (self.int(from.into()), self.int(to.into()));
                let mean = |e: &mut Self| e.call(RuntimeFn::decimal_mean, &[low, high, count, from, to], None)[0];
                self.if_any(count, optional, 1, |e| Ok(vec![mean(e)]))?
            }
            Method::FloatMean => {
                let (sum, count) = (self.get(state, at), self.get(state, at + 1));
                self.if_any(count, optional, 1, |e| {
                    let sum = e.call(RuntimeFn::float_sum_value, &[sum], None)[0];
                    let sum = e.b.ins().bitcast(types::F64, MemFlagsData::new(), sum);
                    let count = e.b.ins().fcvt_from_sint(types::F64, count);
                    let mean = e.b.ins().fdiv(sum, count);
                    Ok(vec![e.finite(mean, None)])
                })?
            }
            Method::Least | Method::Greatest | Method::First => {
                let lanes = of.map_or(0, |ty| self.lanes(&ty));
                let first = if optional && self.lanes(ty) == lanes + 1 { 0 } else { 1 };
                (first..1 + lanes).map(|i| self.get(state, at + i)).collect()
            }
            Method::Collected => return Err(Error::new("a collected aggregate is finished otherwise")),
        })
    }

    /// A value that there is only if a count is not zero, as an option if it is one.
    fn if_any(
        &mut self,
        count: Value,
        optional: bool,
        lanes: usize,
        value: impl FnOnce(&mut Self) -> Result<Lanes>,
    ) -> Result<Lanes> {
        self.select(
            count,
            lanes + usize::from(optional),
            |e| {
                let mut out = Vec::new();
                if optional {
                    out.push(e.int(1));
                }
                out.extend(value(e)?);
                Ok(out)
            },
            |e| Ok(e.zeros(lanes + usize::from(optional))),
        )
    }

    /// A sum of 128 bits as 64; overflow if it does not fit.
    fn narrow(&mut self, low: Value, high: Value) -> Value {
        let sign = self.b.ins().sshr_imm_u(low, 63);
        let wrong = self.b.ins().icmp(IntCC::NotEqual, sign, high);
        self.raise_if(wrong, Fault::Overflow, None);
        low
    }

    // Collected values.

    /// How the rows of a fold's buffer lie.
    fn collected(&self, fold: &Fold) -> Collected {
        let of = fold.of.clone();
        let distinct = matches!(
            fold.aggregate.function,
            AggregateFn::ListDistinct
                | AggregateFn::CountDistinct
                | AggregateFn::SumDistinct
                | AggregateFn::AvgDistinct
        );
        let grain: &[Expr] = match &fold.aggregate.grain {
            Some(grain) if !distinct => grain,
            _ => &[],
        };
        let (grain_order, behind) = self.plain_order(grain.iter().map(|e| &e.ty), 0);
        let (mut order, value) = self.order_of(&fold.aggregate.order, behind);
        let stride = value + of.as_ref().map_or(0, |ty| self.lanes(ty));
        let own = self.plain_order(of.iter(), value).0;
        let by_grain = match (distinct, fold.aggregate.grain.is_some()) {
            (true, _) => Some(own.clone()),
            (false, true) => Some(grain_order),
            (false, false) => None,
        };
        if matches!(fold.aggregate.function, AggregateFn::ListDistinct | AggregateFn::Percentile(_)) {
            order = own;
        }
        Collected { distinct, by_grain, order, value, stride: stride.max(1) }
    }

    fn collect_value(&mut self, fold: &Fold, state: &State, value: Lanes) -> Result<()> {
        let layout = self.collected(fold);
        let mut lanes = Vec::new();
        if !layout.distinct {
            for e in fold.aggregate.grain.iter().flatten() {
                lanes.extend(self.expr(e)?);
            }
        }
        for key in &fold.aggregate.order {
            lanes.extend(self.expr(&key.expr)?);
        }
        lanes.extend(value);
        let rows = self.get(state, fold.at);
        let row = self.new_row(rows, layout.stride);
        self.store_lanes(row, 0, &lanes);
        Ok(())
    }

    fn finish_collected(&mut self, fold: &Fold, state: &State, ty: &Type) -> Result<Lanes> {
        let layout = self.collected(fold);
        let rows = self.get(state, fold.at);
        let distinct = match &layout.by_grain {
            Some(order) => Some(self.comparator(order)?),
            None => None,
        };
        let order = if layout.order.is_empty() { None } else { Some(self.comparator(&layout.order)?) };
        let (distinct, order) = (self.comparator_address(distinct), self.comparator_address(order));
        let pair = self.call(RuntimeFn::rows_pointers, &[rows, distinct, order], None);
        let (array, count) = (pair[0], pair[1]);
        let lanes = fold.of.as_ref().map_or(0, |ty| self.lanes(ty));
        let optional = matches!(ty, Type::Option(_));
        match fold.aggregate.function {
            AggregateFn::Count | AggregateFn::CountDistinct => Ok(vec![count]),
            AggregateFn::List | AggregateFn::ListDistinct => {
                let (most, skip) = self.bounds(fold.aggregate.limit.as_ref(), fold.aggregate.offset.as_ref())?;
                let skip = self.b.ins().smin(skip, count);
                let left = self.b.ins().isub(count, skip);
                let left = self.b.ins().smin(left, most);
                let bytes = self.b.ins().ishl_imm_u(skip, 3);
                let array = self.b.ins().iadd(array, bytes);
                let (first, span) = (self.int(layout.value as i64), self.int(lanes as i64));
                let list = self.call(RuntimeFn::pointers_collect, &[array, left, first, span], None)[0];
                match ty {
                    Type::Set(of) => self.to_set(list, of),
                    _ => Ok(vec![list]),
                }
            }
            AggregateFn::First => self.if_any(count, optional && self.lanes(ty) == lanes + 1, lanes, |e| {
                let zero = e.int(0);
                let row = e.pointer_at(array, zero);
                Ok(e.load_lanes(row, layout.value, lanes))
            }),
            AggregateFn::Percentile(parts) => self.if_any(count, optional, lanes, |e| {
                // The least value that at least so many parts per million of the values do not exceed.
                let parts = e.int(i64::from(parts));
                let product = e.b.ins().imul(count, parts);
                let up = e.b.ins().iadd_imm_s(product, 999_999);
                let million = e.int(1_000_000);
                let rank = e.b.ins().udiv(up, million);
                let one = e.int(1);
                let rank = e.b.ins().smax(rank, one);
                let rank = e.b.ins().smin(rank, count);
                let index = e.b.ins().iadd_imm_s(rank, -1);
                let row = e.pointer_at(array, index);
                Ok(e.load_lanes(row, layout.value, lanes))
            }),
            AggregateFn::StdDev => {
                let scale = match fold.of {
                    Some(Type::Decimal(scale)) => i64::from(scale),
                    Some(Type::Float) => -1,
                    _ => 0,
                };
                let scale = self.int(scale);
                let first = self.int(layout.value as i64);
                let enough = self.b.ins().icmp_imm_s(IntCC::SignedGreaterThan, count, 1);
                self.if_any(enough, optional, 1, |e| {
                    Ok(e.call(RuntimeFn::deviation, &[array, count, first, scale], None))
                })
            }
            _ => {
                let function = match fold.aggregate.function {
                    AggregateFn::SumDistinct => AggregateFn::Sum,
                    AggregateFn::AvgDistinct => AggregateFn::Avg,
                    other => other,
                };
                let plain = Aggregate { function, grain: None, order: Vec::new(), ..fold.aggregate.clone() };
                let inner = self.fold_of(fold.var, plain, 0)?;
                let state = self.start_registers(std::slice::from_ref(&inner))?;
                let zero = self.int(0);
                self.each_pointer(array, zero, count, &mut |e, row, _| {
                    let value = e.load_lanes(row, layout.value, lanes);
                    e.accumulate(&inner, &state, &value)
                })?;
                self.finish_simple(&inner, &state, ty)
            }
        }
    }
}

/// How the rows of the buffer of a collected fold lie: grain, order, value.
struct Collected {
    /// Whether only distinct values count.
    distinct: bool,
    /// What makes rows count once.
    by_grain: Option<Vec<Order>>,
    /// The order of the values.
    order: Vec<Order>,
    /// The first lane of the value.
    value: usize,
    /// The lanes of a row.
    stride: usize,
}
