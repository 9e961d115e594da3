//! Windows: rows are stored, sorted by partition and order, and folded partition by partition.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use tenon_core::ir::{Bound, Expr, Frame, SortKey, Type, VarId, WindowFn};
use tenon_plan::physical::{Op, OpKind, WindowValue};
use tenon_runtime::functions::RuntimeFn;

use super::frame::Framed;
use super::produce::Consumer;
use super::rows::{Order, ROWS};
use super::{Emit, Stored};
use crate::emit::Lanes;
use crate::error::{Error, Result};

impl<'a, 'p> Emit<'a, 'p> {
    /// Emits the pipeline that stores the rows of a window, and puts them in order.
    pub(crate) fn window(
        &mut self,
        input: &'p Op,
        partition: &[Expr],
        order: &[SortKey],
        windows: &[(VarId, WindowValue)],
        payload: &[VarId],
    ) -> Result<Stored> {
        let query = self.query()?;
        let (mut by, behind) = self.plain_order(partition.iter().map(|e| &e.ty), 0);
        let (keys, behind) = self.order_of(order, behind);
        by.extend(keys);
        let first_argument = behind;
        let mut lanes = behind;
        let kept: Vec<&Expr> = windows.iter().flat_map(|(_, w)| kept(w, &query.plan.params)).collect();
        for e in &kept {
            lanes += self.lanes(&e.ty);
        }
        let (columns, stride) = self.columns(payload, lanes)?;
        let stride = stride.max(1);
        let at = query.take(ROWS);
        let array = query.take(2);
        self.init_rows(at, stride);
        self.pipeline("window", |e| {
            e.produce(input, &mut |e| {
                let mut values = e.concat(partition)?;
                for key in order {
                    values.extend(e.expr(&key.expr)?);
                }
                for of_row in &kept {
                    values.extend(e.expr(of_row)?);
                }
                debug_assert!(values.len() >= first_argument);
                values.extend(e.read_all(payload)?);
                e.append(at, stride, &values)
            })
        })?;
        let comparator = if by.is_empty() { None } else { Some(self.comparator(&by)?) };
        let rows = self.frame_address(at);
        let none = self.int(0);
        let compare = self.comparator_address(comparator);
        let sorted = self.call(RuntimeFn::rows_pointers, &[rows, none, compare], None);
        self.store_lanes(self.frame, array, &sorted);
        Ok(Stored { at, columns, more: array, aggregates: Vec::new() })
    }

    /// Emits the rows with their window values.
    pub(crate) fn produce_windows(&mut self, op: &'p Op, consume: Consumer<'_, 'a, 'p>) -> Result<()> {
        let stored = self.query()?.stored(op)?;
        let OpKind::Window { partition, order, peers, windows, .. } = &op.kind else {
            return Err(Error::new("not a window"));
        };
        let (by_partition, behind) = self.plain_order(partition.iter().map(|e| &e.ty), 0);
        let peer_keys = order.get(..*peers).ok_or_else(|| Error::new("a window has more peer keys than keys"))?;
        let by_peers = self.order_of(peer_keys, behind).0;
        let mut argument = self.order_of(order, behind).1;
        let array = self.load(types::I64, self.frame, crate::emit::offset(stored.more));
        let count = self.load(types::I64, self.frame, crate::emit::offset(stored.more + 1));
        let zero = self.int(0);
        // The partition `start..end` of the present row, its peers `first..last`, and how many groups of peers
        // there were before.
        let [start, end, first, last, dense] = std::array::from_fn(|_| {
            let variable = self.b.declare_var(types::I64);
            self.b.def_var(variable, zero);
            variable
        });
        let mut places = Vec::new();
        for (var, window) in windows {
            let mut own = Vec::new();
            for e in kept(window, &self.query()?.plan.params) {
                let lanes = self.lanes(&e.ty);
                own.push((argument, lanes));
                argument += lanes;
            }
            let framed = match window.function {
                WindowFn::Aggregate(function) => {
                    let own = own.iter().take(window.arguments.len());
                    Some(self.framed(*var, function, window, own.copied().next(), count)?)
                }
                _ => None,
            };
            places.push((*var, window, own, framed));
        }
        self.each_pointer(array, zero, count, &mut |e, row, i| {
            // At the end of a partition the next one begins.
            let (new_partition, peers, new_peers, go_on) =
                (e.block(false), e.block(false), e.block(false), e.block(false));
            let behind = e.b.use_var(end);
            let over = e.b.ins().icmp(IntCC::SignedGreaterThanOrEqual, i, behind);
            e.branch(over, new_partition, peers);
            e.at(new_partition);
            e.b.def_var(start, i);
            let found = e.run_end(array, i, count, &by_partition)?;
            e.b.def_var(end, found);
            let none = e.int(0);
            e.b.def_var(dense, none);
            e.b.def_var(last, i);
            for (.., framed) in &places {
                if let Some(framed) = framed {
                    e.frame_partition(framed, array, i, found)?;
                }
            }
            e.jump(peers);
            e.at(peers);
            let behind = e.b.use_var(last);
            let over = e.b.ins().icmp(IntCC::SignedGreaterThanOrEqual, i, behind);
            e.branch(over, new_peers, go_on);
            e.at(new_peers);
            e.b.def_var(first, i);
            let limit = e.b.use_var(end);
            let found = e.run_end(array, i, limit, &by_peers)?;
            e.b.def_var(last, found);
            let number = e.b.use_var(dense);
            let number = e.b.ins().iadd_imm_s(number, 1);
            e.b.def_var(dense, number);
            for (.., framed) in &places {
                if let Some(framed) = framed {
                    let start = e.b.use_var(start);
                    e.frame_peers(framed, array, start, i, found)?;
                }
            }
            e.jump(go_on);
            e.at(go_on);
            let part = Partition {
                array,
                at: i,
                start: e.b.use_var(start),
                end: e.b.use_var(end),
                first: e.b.use_var(first),
                last: e.b.use_var(last),
                dense: e.b.use_var(dense),
            };
            for (var, window, own, framed) in &places {
                let ty = e.var_type(*var)?;
                let lanes = e.window_value(window, own, row, &part, framed.as_ref(), ty)?;
                let expected = e.lanes(ty);
                e.expect_lanes(&lanes, expected)?;
                e.bind(*var, lanes);
            }
            e.bind_row(row, &stored.columns)?;
            consume(e)
        })
    }

    /// The first position behind `from`, up to `limit`, whose row differs from that at `from` in these parts.
    fn run_end(&mut self, array: Value, from: Value, limit: Value, parts: &[Order]) -> Result<Value> {
        if parts.is_empty() {
            return Ok(limit);
        }
        let (head, test, next, done) = (self.block(false), self.block(false), self.block(false), self.block(false));
        let position = self.b.declare_var(types::I64);
        let begin = self.b.ins().iadd_imm_s(from, 1);
        self.b.def_var(position, begin);
        let base = self.pointer_at(array, from);
        self.jump(head);
        self.at(head);
        let i = self.b.use_var(position);
        let more = self.b.ins().icmp(IntCC::SignedLessThan, i, limit);
        self.branch(more, test, done);
        self.at(test);
        let other = self.pointer_at(array, i);
        for part in parts {
            let lanes = self.lanes(&part.ty);
            let (x, y) = (self.load_lanes(base, part.at, lanes), self.load_lanes(other, part.at, lanes));
            let same = self.equal(&x, &y, &part.ty)?;
            let go_on = self.block(false);
            self.branch(same, go_on, done);
            self.at(go_on);
        }
        self.jump(next);
        self.at(next);
        let i = self.b.use_var(position);
        let i = self.b.ins().iadd_imm_s(i, 1);
        self.b.def_var(position, i);
        self.jump(head);
        self.at(done);
        Ok(self.b.use_var(position))
    }

    fn window_value(
        &mut self,
        window: &WindowValue,
        arguments: &[(usize, usize)],
        row: Value,
        part: &Partition,
        framed: Option<&Framed>,
        ty: &Type,
    ) -> Result<Lanes> {
        let lacks = || Error::new("a window value lacks an argument");
        Ok(match window.function {
            WindowFn::RowNumber => {
                let own = self.b.ins().isub(part.at, part.start);
                vec![self.b.ins().iadd_imm_s(own, 1)]
            }
            WindowFn::Rank => {
                let own = self.b.ins().isub(part.first, part.start);
                vec![self.b.ins().iadd_imm_s(own, 1)]
            }
            WindowFn::DenseRank => vec![part.dense],
            WindowFn::Lag | WindowFn::Lead => {
                let (first, lanes) = *arguments.first().ok_or_else(lacks)?;
                let of = &window.arguments.first().ok_or_else(lacks)?.ty;
                let steps = match arguments.get(1) {
                    Some((at, _)) => self.load(types::I64, row, crate::emit::offset(*at)),
                    None => self.int(1),
                };
                // A step that does not fit leads out of the partition.
                let (position, overflow) = if window.function == WindowFn::Lag {
                    self.b.ins().ssub_overflow(part.at, steps)
                } else {
                    self.b.ins().sadd_overflow(part.at, steps)
                };
                let above = self.b.ins().icmp(IntCC::SignedGreaterThanOrEqual, position, part.start);
                let below = self.b.ins().icmp(IntCC::SignedLessThan, position, part.end);
                let inside = self.b.ins().band(above, below);
                let fits = self.b.ins().bxor_imm_u(overflow, 1);
                let inside = self.b.ins().band(inside, fits);
                let count = self.lanes(ty);
                let optional = matches!(of, Type::Option(_));
                let array = part.array;
                self.select(
                    inside,
                    count,
                    |e| {
                        let other = e.pointer_at(array, position);
                        let mut out = Vec::new();
                        if !optional {
                            out.push(e.int(1));
                        }
                        out.extend(e.load_lanes(other, first, lanes));
                        Ok(out)
                    },
                    |e| Ok(e.zeros(count)),
                )?
            }
            WindowFn::Aggregate(_) => {
                let framed = framed.ok_or_else(lacks)?;
                let bounds = arguments.get(window.arguments.len()..).unwrap_or_default();
                self.frame_value(framed, &window.frame, bounds, part)?
            }
        })
    }

    /// The rows of a frame: from one position up to another, inside the partition. `kept`: where the row at hand has those
    /// of its bounds that are its own.
    pub(super) fn frame_of(
        &mut self,
        frame: &Frame,
        kept: &[(usize, usize)],
        part: &Partition,
    ) -> Result<(Value, Value)> {
        let mut kept = kept.iter();
        Ok(match frame {
            Frame::Partition => (part.start, part.end),
            Frame::ToCurrent => (part.start, part.last),
            Frame::Rows(from, to) => {
                let from = self.bound_of(from, &mut kept, part)?;
                let to = self.bound_of(to, &mut kept, part)?;
                // The end may be the greatest number.
                let last = self.b.ins().smin(to, part.end);
                let to = self.b.ins().iadd_imm_s(last, 1);
                let to = self.b.ins().smin(to, part.end);
                let from = self.b.ins().smax(from, part.start);
                (from, to)
            }
        })
    }

    /// The position of a bound; one that does not fit is as far away as possible.
    fn bound_of(
        &mut self,
        bound: &Bound,
        kept: &mut std::slice::Iter<'_, (usize, usize)>,
        part: &Partition,
    ) -> Result<Value> {
        let (n, before) = match bound {
            Bound::Current => return Ok(part.at),
            Bound::Before(n) => (n, true),
            Bound::After(n) => (n, false),
        };
        let n = if is_fixed(n, &self.query()?.plan.params) {
            self.word(n)?
        } else {
            let (at, _) = *kept.next().ok_or_else(|| Error::new("a row lacks a bound of its frame"))?;
            let row = self.pointer_at(part.array, part.at);
            self.load(types::I64, row, crate::emit::offset(at))
        };
        let (position, overflow) =
            if before { self.b.ins().ssub_overflow(part.at, n) } else { self.b.ins().sadd_overflow(part.at, n) };
        // Positions are not negative, so an overflow has the sign of the step.
        let negative = self.b.ins().icmp_imm_s(IntCC::SignedLessThan, n, 0);
        let down = if before { self.b.ins().bxor_imm_u(negative, 1) } else { negative };
        // The ends stay clear of the greatest and least numbers, so that one can be added.
        let (least, most) = (self.int(i64::MIN + 1), self.int(i64::MAX - 1));
        let far = self.b.ins().select(down, least, most);
        Ok(self.b.ins().select(overflow, far, position))
    }
}

/// What a row keeps for a window value: its arguments, then the bounds of its frame that are not the same for all rows.
fn kept<'w>(window: &'w WindowValue, params: &[VarId]) -> Vec<&'w Expr> {
    let own = |bound: &&Expr| !is_fixed(bound, params);
    window.arguments.iter().chain(window.bounds().filter(own)).collect()
}

/// Whether an expression is the same for all rows of a query.
fn is_fixed(expr: &Expr, params: &[VarId]) -> bool {
    tenon_plan::free(expr).iter().all(|v| params.contains(v))
}

/// Whether the frames of a window move from row to row by the same steps.
pub(super) fn moves_evenly(window: &WindowValue, params: &[VarId]) -> bool {
    window.bounds().all(|bound| is_fixed(bound, params))
}

/// Where the present row stands among the sorted rows.
pub(super) struct Partition {
    pub(super) array: Value,
    at: Value,
    start: Value,
    end: Value,
    first: Value,
    last: Value,
    dense: Value,
}
