//! Operators as loops: `prepare` fills what they materialise, `produce` emits their rows with the consumer inlined.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, InstBuilder, Value, types};
use rustc_hash::FxHashMap;
use tenon_core::ir::{Expr, ExprKind, Prim, RelationId, SiteId, Type, VarId};
use tenon_plan::physical::{GroupStrategy, Op, OpKind};
use tenon_runtime::contract;
use tenon_runtime::functions::RuntimeFn;

use super::rows::ROWS;
use super::{Emit, Stored};
use crate::emit::Hoisted;
use crate::error::{Error, Result};
use crate::expr::mistyped;

/// What is emitted for each row of an operator, with its variables bound.
pub(crate) type Consumer<'c, 'a, 'p> = &'c mut dyn FnMut(&mut Emit<'a, 'p>) -> Result<()>;

impl<'a, 'p> Emit<'a, 'p> {
    /// Emits the pipelines that fill what the operators below materialise, and calls them.
    pub(crate) fn prepare(&mut self, op: &'p Op) -> Result<()> {
        let query = self.query()?;
        match &op.kind {
            OpKind::Unit | OpKind::Scan { .. } | OpKind::CountRows { .. } | OpKind::ReadTemp { .. } => Ok(()),
            OpKind::Lookup { input, .. }
            | OpKind::Filter { input, .. }
            | OpKind::Map { input, .. }
            | OpKind::Unnest { input, .. }
            | OpKind::Limit { input, .. } => self.prepare(input),
            OpKind::HashJoin { probe, build, keys, payload, .. } => {
                let stored = self.build_table(build, keys, payload)?;
                query.store(op, stored);
                self.prepare(probe)
            }
            OpKind::NestedLoop { outer, inner, payload, .. } => {
                let stored = self.materialise(inner, payload, "inner rows")?;
                query.store(op, stored);
                self.prepare(outer)
            }
            OpKind::Aggregate { input, keys, payload, aggregates, all, strategy } => {
                self.prepare(input)?;
                if *strategy == GroupStrategy::Ordered {
                    return Ok(());
                }
                let stored = self.aggregate(input, keys, payload, aggregates, *all, strategy)?;
                query.store(op, stored);
                Ok(())
            }
            OpKind::GroupJoin { left, right, keys, aggregates, payload, .. } => {
                let stored = self.group_join(left, right, keys, aggregates, payload)?;
                query.store(op, stored);
                Ok(())
            }
            OpKind::Fold { left, right, .. } => {
                self.prepare(left)?;
                self.prepare(right)
            }
            OpKind::Window { input, partition, order, windows, payload, .. } => {
                self.prepare(input)?;
                let stored = self.window(input, partition, order, windows, payload)?;
                query.store(op, stored);
                Ok(())
            }
            OpKind::Sort { input, partition, keys, limit, offset, payload } => {
                self.prepare(input)?;
                let stored = self.sort(input, partition, keys, (limit.as_ref(), offset.as_ref()), payload)?;
                query.store(op, stored);
                Ok(())
            }
            OpKind::Concat { inputs, vars } => {
                let (columns, lanes) = self.columns(vars, 0)?;
                let at = query.take(ROWS);
                self.init_rows(at, lanes.max(1));
                for (input, own) in inputs {
                    self.prepare(input)?;
                    self.pipeline("one of several inputs", |e| {
                        e.produce(input, &mut |e| {
                            let values = e.read_all(own)?;
                            e.append(at, lanes.max(1), &values)
                        })
                    })?;
                }
                self.seal(at);
                query.store(op, Stored { at, columns, more: 0, aggregates: Vec::new() });
                Ok(())
            }
        }
    }

    /// Emits a loop over the rows of an operator.
    pub(crate) fn produce(&mut self, op: &'p Op, consume: Consumer<'_, 'a, 'p>) -> Result<()> {
        match &op.kind {
            OpKind::Unit => consume(self),
            OpKind::Scan { relation, var, predicates, .. } => self.scan(*relation, op.site, &mut |e, row| {
                e.bind(*var, row.to_vec());
                e.filtered(predicates, consume)
            }),
            OpKind::CountRows { relation, var } => {
                let number = self.int(i64::from(relation.0));
                let count = self.call(RuntimeFn::row_count, &[number], op.site);
                self.bind(*var, count);
                consume(self)
            }
            OpKind::ReadTemp { temp, columns } => {
                let query = self.query()?;
                let stored = query.temps.borrow().get(temp).cloned();
                let stored = stored.ok_or_else(|| Error::new("a plan reads a temp that it has not filled"))?;
                let mut own = Vec::with_capacity(columns.len());
                for (from, to) in columns {
                    let column = stored.columns.iter().find(|(var, _)| var == from);
                    let (_, first) = column.ok_or_else(|| Error::new("a temp lacks a column"))?;
                    own.push((*to, *first));
                }
                self.each_stored(&stored, &mut |e, row| {
                    e.bind_row(row, &own)?;
                    consume(e)
                })
            }
            OpKind::Lookup { input, relation, var, access, residual, kind, .. } => self.produce(input, &mut |e| {
                e.joined(kind, residual, &mut |e, each| e.accessed(*relation, *var, access, op.site, each), consume)
            }),
            OpKind::Filter { input, predicates } => self.produce(input, &mut |e| e.filtered(predicates, consume)),
            OpKind::Map { input, defs } => self.produce(input, &mut |e| {
                for (var, value) in defs {
                    let lanes = e.expr(value)?;
                    e.bind(*var, lanes);
                }
                consume(e)
            }),
            OpKind::Unnest { input, source, var, index } => {
                self.produce(input, &mut |e| e.unnest(source, *var, *index, op.site, consume))
            }
            OpKind::HashJoin { probe, kind, keys, residual, .. } => {
                let stored = self.query()?.stored(op)?;
                self.produce(probe, &mut |e| {
                    let types: Vec<_> = keys.iter().map(|(left, _)| left.ty.clone()).collect();
                    let lefts: Vec<Expr> = keys.iter().map(|(left, _)| left.clone()).collect();
                    let values = e.concat(&lefts)?;
                    e.joined(
                        kind,
                        residual,
                        &mut |e, each| {
                            let hash = e.hash_keys(&values, &types)?;
                            let table = e.frame_address(stored.at);
                            e.probe(table, hash, &values, &types, &mut |e, entry| {
                                let one = e.int(1);
                                e.burn(one, op.site);
                                e.bind_row(entry, &stored.columns)?;
                                each(e)
                            })
                        },
                        consume,
                    )
                })
            }
            OpKind::NestedLoop { outer, kind, predicates, .. } => {
                let stored = self.query()?.stored(op)?;
                self.produce(outer, &mut |e| {
                    e.joined(
                        kind,
                        predicates,
                        &mut |e, each| {
                            e.each_stored(&stored, &mut |e, row| {
                                let one = e.int(1);
                                e.burn(one, op.site);
                                e.bind_row(row, &stored.columns)?;
                                each(e)
                            })
                        },
                        consume,
                    )
                })
            }
            OpKind::Aggregate { .. } => self.produce_groups(op, consume),
            OpKind::GroupJoin { .. } => self.produce_group_join(op, consume),
            OpKind::Fold { left, right, aggregates } => {
                let folds = self.folds(aggregates, 0)?.0;
                self.produce(left, &mut |e| {
                    let state = e.start_registers(&folds)?;
                    e.produce(right, &mut |e| e.step_all(&folds, &state))?;
                    e.finish_all(&folds, &state)?;
                    consume(e)
                })
            }
            OpKind::Window { .. } => self.produce_windows(op, consume),
            OpKind::Sort { partition, limit, offset, .. } => {
                let stored = self.query()?.stored(op)?;
                self.produce_sorted(&stored, partition, limit.as_ref(), offset.as_ref(), consume)
            }
            OpKind::Limit { input, limit, offset, early_stop } => {
                let (most, skip) = self.bounds(limit.as_ref(), offset.as_ref())?;
                let seen = self.b.declare_var(types::I64);
                let zero = self.int(0);
                self.b.def_var(seen, zero);
                let end = self.block(false);
                self.produce(input, &mut |e| {
                    let (wanted, next) = (e.block(false), e.block(false));
                    let number = e.b.use_var(seen);
                    let after = e.b.ins().iadd_imm_s(number, 1);
                    e.b.def_var(seen, after);
                    let skipped = e.b.ins().icmp(IntCC::SignedLessThan, number, skip);
                    let inside = e.block(false);
                    e.branch(skipped, next, inside);
                    e.at(inside);
                    let own = e.b.ins().isub(number, skip);
                    let left = e.b.ins().icmp(IntCC::SignedLessThan, own, most);
                    e.branch(left, wanted, if *early_stop { end } else { next });
                    e.at(wanted);
                    consume(e)?;
                    if *early_stop {
                        // Behind the last row nothing needs to be read.
                        let number = e.b.use_var(seen);
                        let own = e.b.ins().isub(number, skip);
                        let more = e.b.ins().icmp(IntCC::SignedLessThan, own, most);
                        e.branch(more, next, end);
                    } else {
                        e.jump(next);
                    }
                    e.at(next);
                    Ok(())
                })?;
                self.jump(end);
                self.at(end);
                Ok(())
            }
            OpKind::Concat { .. } => {
                let stored = self.query()?.stored(op)?;
                self.each_stored(&stored, &mut |e, row| {
                    e.bind_row(row, &stored.columns)?;
                    consume(e)
                })
            }
        }
    }

    /// Consumes the present row if all predicates hold on it.
    pub(crate) fn filtered(&mut self, predicates: &[Expr], consume: Consumer<'_, 'a, 'p>) -> Result<()> {
        if predicates.is_empty() {
            return consume(self);
        }
        let next = self.block(false);
        self.all_hold(predicates, next)?;
        consume(self)?;
        self.jump(next);
        self.at(next);
        Ok(())
    }

    /// Goes to a block unless all predicates hold; they are evaluated in order, up to the first that does not. Range
    /// tests that follow each other are evaluated together: a branch that holds now and then costs more than a test.
    pub(crate) fn all_hold(&mut self, predicates: &[Expr], otherwise: Block) -> Result<()> {
        let mut each = Vec::with_capacity(predicates.len());
        predicates.iter().for_each(|predicate| conjuncts(predicate, &mut each));
        let mut rest = each.as_slice();
        while let Some((first, behind)) = rest.split_first() {
            let holds = self.block(false);
            let together = rest.iter().take_while(|predicate| is_range_test(predicate)).count();
            if together > 1 {
                let mut all = None;
                for predicate in &rest[..together] {
                    let condition = self.condition(predicate)?;
                    let bit = self.bit(condition);
                    all = Some(all.map_or(bit, |before| self.b.ins().band(before, bit)));
                }
                if let Some(all) = all {
                    self.branch(all, holds, otherwise);
                }
                rest = &rest[together..];
            } else {
                self.branch_on(first, holds, otherwise)?;
                rest = behind;
            }
            self.at(holds);
        }
        Ok(())
    }

    /// A limit and an offset as numbers that are not negative; no limit is the greatest number.
    pub(crate) fn bounds(&mut self, limit: Option<&Expr>, offset: Option<&Expr>) -> Result<(Value, Value)> {
        let zero = self.int(0);
        let most = match limit {
            Some(limit) => {
                let limit = self.word(limit)?;
                self.b.ins().smax(limit, zero)
            }
            None => self.int(i64::MAX),
        };
        let skip = match offset {
            Some(offset) => {
                let offset = self.word(offset)?;
                self.b.ins().smax(offset, zero)
            }
            None => zero,
        };
        Ok((most, skip))
    }

    /// Runs a body for each row of a sealed buffer of the frame.
    pub(crate) fn each_stored(
        &mut self,
        stored: &Stored,
        body: &mut dyn FnMut(&mut Self, Value) -> Result<()>,
    ) -> Result<()> {
        let rows = self.frame_address(stored.at);
        let stride = self.stride_of(&stored.columns)?;
        self.each_row(rows, stride, body)
    }

    /// The lanes of a row that ends with these columns.
    pub(crate) fn stride_of(&self, columns: &[(VarId, usize)]) -> Result<usize> {
        Ok(match columns.last() {
            Some((var, first)) => (first + self.lanes(self.var_type(*var)?)).max(1),
            None => 1,
        })
    }

    /// Emits a loop over the visible rows of a relation, in the order of their slots. There is no call in it.
    pub(crate) fn scan(
        &mut self,
        relation: RelationId,
        site: Option<SiteId>,
        body: &mut dyn FnMut(&mut Self, [Value; 2]) -> Result<()>,
    ) -> Result<()> {
        let view = self.relation_view(relation);
        // In this order: a slot that is counted is published, and what is said of all of them came later.
        let slots = self.b.ins().uload32(crate::emit::plain(), view, contract::VIEW_SLOTS);
        let gaps = self.load(types::I32, view, contract::VIEW_GAPS);
        let last = self.load(types::I64, view, contract::VIEW_LAST_COMMIT);
        let snapshot = self.load(types::I64, self.ctx, contract::SNAPSHOT);
        let none = self.b.ins().icmp_imm_u(IntCC::Equal, gaps, 0);
        let old = self.b.ins().icmp(IntCC::UnsignedLessThanOrEqual, last, snapshot);
        let all_visible = self.b.ins().band(none, old);
        self.burn(slots, site);
        let (head, round, test, alive, seen, next, end) = (
            self.block(false),
            self.block(false),
            self.block(false),
            self.block(false),
            self.block(false),
            self.block(false),
            self.block(false),
        );
        let counter = self.b.declare_var(types::I64);
        let zero = self.int(0);
        self.b.def_var(counter, zero);
        let before = self.b.ins().jump(head, &[]);
        let outermost = self.hoisted.is_none();
        if outermost {
            self.hoisted = Some(Hoisted { before, columns: FxHashMap::default() });
        }
        self.at(head);
        let slot = self.b.use_var(counter);
        let more = self.b.ins().icmp(IntCC::UnsignedLessThan, slot, slots);
        self.branch(more, round, end);
        self.at(round);
        self.branch(all_visible, seen, test);
        self.at(test);
        let begin = self.view_commit(view, contract::VIEW_BEGIN, slot);
        let begun = self.b.ins().icmp(IntCC::UnsignedLessThanOrEqual, begin, snapshot);
        self.branch(begun, alive, next);
        self.at(alive);
        let ended = self.view_commit(view, contract::VIEW_END, slot);
        let visible = self.b.ins().icmp(IntCC::UnsignedLessThan, snapshot, ended);
        self.branch(visible, seen, next);
        self.at(seen);
        let entity = self.entity_of(view, slot);
        body(self, [entity, slot])?;
        self.jump(next);
        self.at(next);
        let slot = self.b.use_var(counter);
        let slot = self.b.ins().iadd_imm_s(slot, 1);
        self.b.def_var(counter, slot);
        self.jump(head);
        self.at(end);
        if outermost {
            self.hoisted = None;
        }
        Ok(())
    }

    /// Consumes the elements of a collection, or the numbers of a range.
    fn unnest(
        &mut self,
        source: &Expr,
        var: VarId,
        index: Option<VarId>,
        site: Option<SiteId>,
        consume: Consumer<'_, 'a, 'p>,
    ) -> Result<()> {
        let plan = self.query()?.plan;
        let site = site.unwrap_or(plan.site);
        if let ExprKind::Range(from, to, inclusive) = &source.kind {
            let (from, to) = (self.word(from)?, self.word(to)?);
            return self.count_through(from, to, *inclusive, site, |e, i| {
                e.bind(var, vec![i]);
                if let Some(index) = index {
                    let position = e.b.ins().isub(i, from);
                    e.bind(index, vec![position]);
                }
                consume(e)?;
                Ok(true)
            });
        }
        let of = source.ty.element().ok_or_else(|| mistyped("a collection", &source.ty))?;
        let stride = self.lanes(of);
        let collection = self.word(source)?;
        let len = self.load(types::I64, collection, 0);
        let zero = self.int(0);
        self.count_through(zero, len, false, site, |e, i| {
            let at = e.b.ins().imul_imm_s(i, (stride * 8) as i64);
            let address = e.b.ins().iadd(collection, at);
            let lanes = e.load_lanes(address, contract::COLLECTION_ELEMENTS / 8, stride);
            e.bind(var, lanes);
            if let Some(index) = index {
                e.bind(index, vec![i]);
            }
            consume(e)?;
            Ok(true)
        })
    }
}

/// The parts of a conjunction, in order.
fn conjuncts<'e>(predicate: &'e Expr, into: &mut Vec<&'e Expr>) {
    if let ExprKind::And(a, b) = &predicate.kind {
        conjuncts(a, into);
        conjuncts(b, into);
    } else {
        into.push(predicate);
    }
}

/// Whether a predicate compares numbers or times at hand by their order: it cannot fail, and costs next to nothing.
fn is_range_test(predicate: &Expr) -> bool {
    let at_hand = |e: &Expr| match &e.kind {
        ExprKind::Literal(_) | ExprKind::Var(_) => true,
        ExprKind::Field(of, _) => matches!(of.kind, ExprKind::Var(_)) && matches!(of.ty, Type::Row(_)),
        _ => false,
    };
    let ordered = |ty: &Type| {
        matches!(
            ty,
            Type::Int | Type::Decimal(_) | Type::Date | Type::Instant | Type::DateTime | Type::Time | Type::Duration
        )
    };
    matches!(&predicate.kind, ExprKind::Prim(Prim::Lt | Prim::Le | Prim::Gt | Prim::Ge, args, _)
        if args.iter().all(|arg| at_hand(arg) && ordered(&arg.ty)))
}
