//! Groups: found by hash, by entity, or in the order in which their rows come; group joins.
//!
//! Groups in order are no breaker: the group under way lies in registers, and it leaves when the next one begins. So a
//! consumer that has enough ends the loop over the input.

use cranelift_codegen::ir::{InstBuilder, Value, types};
use cranelift_frontend::Variable;
use tenon_core::ir::{Expr, Type, VarId};
use tenon_plan::physical::{Aggregate, GroupStrategy, Op, OpKind};
use tenon_runtime::contract;
use tenon_runtime::functions::RuntimeFn;

use super::aggregate::{Fold, State};
use super::produce::Consumer;
use super::rows::{KEYS, ROWS, TABLE, key_record};
use super::{Emit, Stored};
use crate::emit::plain;
use crate::error::{Error, Result};

impl<'a, 'p> Emit<'a, 'p> {
    /// Emits the pipeline that groups the rows of an operator.
    pub(crate) fn aggregate(
        &mut self,
        input: &'p Op,
        keys: &[(VarId, Expr)],
        payload: &[VarId],
        aggregates: &[(VarId, Aggregate)],
        all: bool,
        strategy: &GroupStrategy,
    ) -> Result<Stored> {
        let query = self.query()?;
        if keys.is_empty() {
            return self.aggregate_single(input, payload, aggregates, all);
        }
        let key_vars: Vec<VarId> = keys.iter().map(|(var, _)| *var).collect();
        let exprs: Vec<Expr> = keys.iter().map(|(_, e)| e.clone()).collect();
        let types: Vec<Type> = exprs.iter().map(|e| e.ty.clone()).collect();
        let (mut columns, behind) = self.columns(&key_vars, KEYS)?;
        let (kept, behind) = self.columns(payload, behind)?;
        let first_kept = kept.first().map_or(behind, |(_, at)| *at);
        columns.extend(kept);
        let (folds, stride) = self.folds(aggregates, behind)?;
        let at = query.take(TABLE);
        let fresh_folds = folds.clone();
        let fill = |e: &mut Emit<'_, 'p>, entry: Value| -> Result<()> {
            let values = e.read_all(payload)?;
            e.store_lanes(entry, first_kept, &values);
            e.start_all(&fresh_folds, &State::Memory(entry))
        };
        match (strategy, types.as_slice()) {
            (GroupStrategy::Entity(relation), [Type::Ref(_) | Type::Row(_)]) => {
                // An array by entity number holds the addresses of the entries.
                let relation = *relation;
                let array = query.take(1);
                self.init_rows(at, stride);
                let view = self.relation_view(relation);
                let entities = self.b.ins().uload32(plain(), view, contract::VIEW_ENTITIES);
                let zeros = self.call(RuntimeFn::zeroed, &[entities], None);
                self.store_lanes(self.frame, array, &zeros);
                self.pipeline("group by entity", |e| {
                    let base = e.load(types::I64, e.frame, crate::emit::offset(array));
                    let rows = e.frame_address(at);
                    e.produce(input, &mut |e| {
                        let key = e.concat(&exprs)?;
                        let place = e.b.ins().ishl_imm_u(key[0], 3);
                        let place = e.b.ins().iadd(base, place);
                        let known = e.load(types::I64, place, 0);
                        let (add, join) = (e.block(true), e.block(false));
                        let entry = e.b.append_block_param(join, types::I64);
                        e.b.ins().brif(known, join, &[known.into()], add, &[]);
                        e.at(add);
                        let none = e.int(0);
                        let new = e.add_entry(rows, stride, none, &key);
                        fill(e, new)?;
                        e.store_lanes(place, 0, &[new]);
                        e.jump_with(join, &[new]);
                        e.at(join);
                        e.step_all(&folds, &State::Memory(entry))
                    })
                })?;
            }
            _ => {
                self.init_table(at, stride);
                self.pipeline("group", |e| {
                    let table = e.frame_address(at);
                    e.produce(input, &mut |e| {
                        let key = e.concat(&exprs)?;
                        let entry = e.find_or_add(table, stride, &key, &types, &mut |e, entry| fill(e, entry))?;
                        e.step_all(&folds, &State::Memory(entry))
                    })
                })?;
            }
        }
        self.seal(at);
        Ok(Stored { at, columns, more: stride, aggregates: folds })
    }

    /// One group over everything: its state is kept in registers and left in the frame.
    fn aggregate_single(
        &mut self,
        input: &'p Op,
        payload: &[VarId],
        aggregates: &[(VarId, Aggregate)],
        all: bool,
    ) -> Result<Stored> {
        let query = self.query()?;
        let (folds, count) = self.folds(aggregates, 0)?;
        let (columns, kept) = self.columns(payload, 0)?;
        // Whether there was a row, then what is kept of the first one, then the states.
        let at = query.take(1 + kept + count);
        let zeros = self.zeros(1 + kept);
        self.store_lanes(self.frame, at, &zeros);
        self.pipeline("fold", |e| {
            let state = e.start_registers(&folds)?;
            let seen = e.b.declare_var(types::I64);
            let begin = e.int(i64::from(all));
            e.b.def_var(seen, begin);
            e.produce(input, &mut |e| {
                if !payload.is_empty() {
                    let before = e.b.use_var(seen);
                    let (first, next) = (e.block(true), e.block(false));
                    e.branch(before, next, first);
                    e.at(first);
                    let values = e.read_all(payload)?;
                    e.store_lanes(e.frame, at + 1, &values);
                    e.jump(next);
                    e.at(next);
                }
                let one = e.int(1);
                e.b.def_var(seen, one);
                e.step_all(&folds, &state)
            })?;
            let some = e.b.use_var(seen);
            e.put_frame(at, some);
            for lane in 0..count {
                let value = e.get(&state, lane);
                e.put_frame(at + 1 + kept + lane, value);
            }
            Ok(())
        })?;
        Ok(Stored { at, columns, more: kept, aggregates: folds })
    }

    /// Emits the groups.
    pub(crate) fn produce_groups(&mut self, op: &'p Op, consume: Consumer<'_, 'a, 'p>) -> Result<()> {
        if let OpKind::Aggregate { strategy: GroupStrategy::Ordered, .. } = &op.kind {
            return self.produce_in_order(op, consume);
        }
        let stored = self.query()?.stored(op)?;
        let OpKind::Aggregate { keys, .. } = &op.kind else { return Err(Error::new("not an aggregation")) };
        if keys.is_empty() {
            let (there, end) = (self.block(false), self.block(false));
            let some = self.load(types::I64, self.frame, crate::emit::offset(stored.at));
            self.branch(some, there, end);
            self.at(there);
            let row = self.frame_address(stored.at + 1);
            self.bind_row(row, &stored.columns)?;
            let states = self.frame_address(stored.at + 1 + stored.more);
            self.finish_all(&stored.aggregates, &State::Memory(states))?;
            consume(self)?;
            self.jump(end);
            self.at(end);
            return Ok(());
        }
        let rows = self.frame_address(stored.at);
        self.each_row(rows, stored.more, &mut |e, entry| {
            e.bind_row(entry, &stored.columns)?;
            e.finish_all(&stored.aggregates, &State::Memory(entry))?;
            consume(e)
        })
    }

    /// Emits the pipelines of a group join: left rows are stored, each with the group of its key; right rows are
    /// folded into the groups that there are.
    pub(crate) fn group_join(
        &mut self,
        left: &'p Op,
        right: &'p Op,
        keys: &[(Expr, Expr)],
        aggregates: &[(VarId, Aggregate)],
        payload: &[VarId],
    ) -> Result<Stored> {
        let query = self.query()?;
        let lefts: Vec<Expr> = keys.iter().map(|(l, _)| l.clone()).collect();
        let rights: Vec<Expr> = keys.iter().map(|(_, r)| r.clone()).collect();
        let types: Vec<Type> = lefts.iter().map(|e| e.ty.clone()).collect();
        let key_lanes: usize = types.iter().map(|ty| self.lanes(ty)).sum();
        let (folds, stride) = self.folds(aggregates, KEYS + key_lanes)?;
        let (columns, width) = self.columns(payload, 1)?;
        let at = query.take(ROWS);
        let groups = query.take(TABLE);
        self.init_rows(at, width);
        self.init_table(groups, stride);
        self.prepare(left)?;
        self.pipeline("left rows", |e| {
            let table = e.frame_address(groups);
            e.produce(left, &mut |e| {
                let key = e.concat(&lefts)?;
                let entry = e.find_or_add(table, stride, &key, &types, &mut |e, entry| {
                    e.start_all(&folds, &State::Memory(entry))
                })?;
                let mut values = vec![entry];
                values.extend(e.read_all(payload)?);
                e.append(at, width, &values)
            })
        })?;
        self.seal(at);
        self.prepare(right)?;
        self.pipeline("fold into groups", |e| {
            let table = e.frame_address(groups);
            e.produce(right, &mut |e| {
                let key = e.concat(&rights)?;
                let hash = e.hash_keys(&key, &types)?;
                let end = e.block(false);
                e.probe(table, hash, &key, &types, &mut |e, entry| {
                    e.step_all(&folds, &State::Memory(entry))?;
                    e.jump(end);
                    e.dead();
                    Ok(())
                })?;
                e.jump(end);
                e.at(end);
                Ok(())
            })
        })?;
        Ok(Stored { at, columns, more: width, aggregates: folds })
    }

    /// Emits the left rows of a group join with their folds.
    pub(crate) fn produce_group_join(&mut self, op: &'p Op, consume: Consumer<'_, 'a, 'p>) -> Result<()> {
        let stored = self.query()?.stored(op)?;
        let rows = self.frame_address(stored.at);
        self.each_row(rows, stored.more, &mut |e, row| {
            let entry = e.load(types::I64, row, 0);
            e.bind_row(row, &stored.columns)?;
            e.finish_all(&stored.aggregates, &State::Memory(entry))?;
            consume(e)
        })
    }

    /// Emits the groups of rows of which those of one group come one after the other.
    pub(crate) fn produce_in_order(&mut self, op: &'p Op, consume: Consumer<'_, 'a, 'p>) -> Result<()> {
        let OpKind::Aggregate { input, keys, payload, aggregates, .. } = &op.kind else {
            return Err(Error::new("not an aggregation"));
        };
        let exprs: Vec<Expr> = keys.iter().map(|(_, e)| e.clone()).collect();
        let types: Vec<Type> = exprs.iter().map(|e| e.ty.clone()).collect();
        // The lanes of a group: its states, then its keys, then what is kept of its first row.
        let (folds, states) = self.folds(aggregates, 0)?;
        let key_vars: Vec<VarId> = keys.iter().map(|(var, _)| *var).collect();
        let (mut columns, kept_at) = self.columns(&key_vars, states)?;
        let (kept, lanes) = self.columns(payload, kept_at)?;
        columns.extend(kept);
        let mut present = match self.start_registers(&folds)? {
            State::Registers(variables) => variables,
            State::Memory(_) => return Err(Error::new("states in registers are in memory")),
        };
        let zero = self.int(0);
        let declare = |e: &mut Self| {
            let variable = e.b.declare_var(types::I64);
            e.b.def_var(variable, zero);
            variable
        };
        while present.len() < lanes {
            present.push(declare(self));
        }
        let done: Vec<_> = (0..lanes).map(|_| declare(self)).collect();
        let (seen, complete) = (declare(self), declare(self));
        let state = State::Registers(present[..states].to_vec());
        self.produce(input, &mut |e| {
            let (compare, change, begin, step) = (e.block(false), e.block(false), e.block(false), e.block(false));
            let key = e.concat(&exprs)?;
            let known = e.b.use_var(seen);
            e.branch(known, compare, begin);
            e.at(compare);
            let before: Vec<Value> = present[states..kept_at].iter().map(|v| e.b.use_var(*v)).collect();
            let same = e.equal(&key, &before, &key_record(&types))?;
            e.branch(same, step, change);
            e.at(change);
            for (from, to) in present.iter().zip(&done) {
                let value = e.b.use_var(*from);
                e.b.def_var(*to, value);
            }
            let one = e.int(1);
            e.b.def_var(complete, one);
            e.jump(begin);
            e.at(begin);
            let one = e.int(1);
            e.b.def_var(seen, one);
            let first = e.read_all(payload)?;
            for (variable, value) in present[states..].iter().zip(key.iter().chain(&first)) {
                e.b.def_var(*variable, *value);
            }
            e.start_all(&folds, &state)?;
            e.jump(step);
            e.at(step);
            e.step_all(&folds, &state)?;
            let (leave, next) = (e.block(false), e.block(false));
            let leaves = e.b.use_var(complete);
            e.branch(leaves, leave, next);
            e.at(leave);
            let none = e.int(0);
            e.b.def_var(complete, none);
            e.leave_group(&folds, &columns, &done, consume)?;
            e.jump(next);
            e.at(next);
            Ok(())
        })?;
        // The last group ends with the input. The consumer is emitted a second time, since code behind a loop cannot go
        // back into it.
        let (last, end) = (self.block(false), self.block(false));
        let any = self.b.use_var(seen);
        self.branch(any, last, end);
        self.at(last);
        self.leave_group(&folds, &columns, &present, consume)?;
        self.jump(end);
        self.at(end);
        Ok(())
    }

    /// Emits a complete group whose lanes are in variables: the states first.
    fn leave_group(
        &mut self,
        folds: &[Fold],
        columns: &[(VarId, usize)],
        group: &[Variable],
        consume: Consumer<'_, 'a, 'p>,
    ) -> Result<()> {
        for (var, first) in columns {
            let count = self.lanes(self.var_type(*var)?);
            let lanes = group[*first..*first + count].iter().map(|lane| self.b.use_var(*lane)).collect();
            self.bind(*var, lanes);
        }
        self.finish_all(folds, &State::Registers(group.to_vec()))?;
        consume(self)
    }
}
