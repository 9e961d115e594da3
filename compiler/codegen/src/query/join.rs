//! Joins: what found rows do to the left row, how rows are found, sorting.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use tenon_core::ir::{Expr, RelationId, SiteId, SortKey, Type, VarId};
use tenon_plan::physical::{Access, Kind, Op};
use tenon_runtime::functions::RuntimeFn;
use tenon_store::layout::NONE;

use super::produce::Consumer;
use super::rows::{KEYS, ROWS, TABLE};
use super::{Emit, Stored};
use crate::error::{Error, Result};

/// Emits an enumeration of right rows; calls back where one is bound.
pub(crate) type Enumerate<'c, 'a, 'p> =
    &'c mut dyn FnMut(&mut Emit<'a, 'p>, Consumer<'_, 'a, 'p>) -> Result<()>;

impl<'a, 'p> Emit<'a, 'p> {
    /// What partners do to the present left row: `enumerate` emits the loop over candidates, `residual` decides
    /// which of them are partners.
    pub(crate) fn joined(
        &mut self,
        kind: &Kind,
        site: Option<SiteId>,
        residual: &[Expr],
        enumerate: Enumerate<'_, 'a, 'p>,
        consume: Consumer<'_, 'a, 'p>,
    ) -> Result<()> {
        let _ = site;
        match kind {
            Kind::Inner => enumerate(self, &mut |e| e.filtered(residual, consume)),
            Kind::Semi => {
                let (found, end) = (self.block(false), self.block(false));
                enumerate(self, &mut |e| e.partner(residual, found))?;
                self.jump(end);
                self.at(found);
                consume(self)?;
                self.jump(end);
                self.at(end);
                Ok(())
            }
            Kind::Anti => {
                let end = self.block(false);
                enumerate(self, &mut |e| e.partner(residual, end))?;
                consume(self)?;
                self.jump(end);
                self.at(end);
                Ok(())
            }
            Kind::Mark(var) => {
                let (found, join) = (self.block(false), self.block(false));
                let flag = self.b.append_block_param(join, types::I64);
                enumerate(self, &mut |e| e.partner(residual, found))?;
                let no = self.int(0);
                self.jump_with(join, &[no]);
                self.at(found);
                let yes = self.int(1);
                self.jump_with(join, &[yes]);
                self.at(join);
                self.bind(*var, vec![flag]);
                consume(self)
            }
            Kind::Left(lifts) => {
                let mut spans = Vec::with_capacity(lifts.len());
                let mut total = 0;
                for lift in lifts {
                    let ty = self.var_type(lift.from)?;
                    let lanes = self.lanes(ty);
                    spans.push((lift.to, total, lanes, matches!(ty, Type::Option(_))));
                    total += lanes;
                }
                // The consumer is emitted once: for partners, and for the one row without any.
                let (body, end) = (self.block(false), self.block(false));
                let tag = self.b.append_block_param(body, types::I64);
                let lanes: Vec<Value> = (0..total).map(|_| self.b.append_block_param(body, types::I64)).collect();
                let matched = self.b.declare_var(types::I64);
                let zero = self.int(0);
                self.b.def_var(matched, zero);
                let resume = self.block(false);
                enumerate(self, &mut |e| {
                    let next = e.block(false);
                    e.all_hold(residual, next)?;
                    let one = e.int(1);
                    e.b.def_var(matched, one);
                    let mut values = vec![one];
                    for lift in lifts {
                        values.extend(e.read(lift.from)?);
                    }
                    e.jump_with(body, &values);
                    e.at(resume);
                    e.jump(next);
                    e.at(next);
                    Ok(())
                })?;
                let some = self.b.use_var(matched);
                let alone = self.block(false);
                self.branch(some, end, alone);
                self.at(alone);
                let zeros = self.zeros(1 + total);
                self.jump_with(body, &zeros);
                self.at(body);
                for (to, first, count, optional) in spans {
                    let own = &lanes[first..first + count];
                    // An option of an option is the option itself.
                    let value = if optional { own.to_vec() } else { [&[tag][..], own].concat() };
                    self.bind(to, value);
                }
                consume(self)?;
                self.branch(tag, resume, end);
                self.at(end);
                Ok(())
            }
        }
    }

    /// Leaves the enumeration of candidates if the present one is a partner.
    fn partner(&mut self, residual: &[Expr], found: cranelift_codegen::ir::Block) -> Result<()> {
        let next = self.block(false);
        self.all_hold(residual, next)?;
        self.jump(found);
        self.at(next);
        Ok(())
    }

    /// Emits the enumeration of the rows that an access finds.
    pub(crate) fn accessed(
        &mut self,
        relation: RelationId,
        var: VarId,
        access: &Access,
        site: Option<SiteId>,
        each: Consumer<'_, 'a, 'p>,
    ) -> Result<()> {
        match access {
            Access::Reference(reference) => {
                let entity = self.word(reference)?;
                let row = self.follow(relation, entity)?;
                self.bind(var, row);
                each(self)
            }
            Access::Key(key) => {
                let key = self.concat(key)?;
                let row = self.find(relation, None, &key, site);
                self.if_found(row, var, each)
            }
            Access::Unique(unique, key) => {
                let key = self.concat(key)?;
                let row = self.find(relation, Some(*unique), &key, site);
                self.if_found(row, var, each)
            }
            Access::Index { index, equal, lower, upper, reverse } => {
                let equal_lanes = self.concat(equal)?;
                let low = match lower {
                    Some(limit) => self.expr(&limit.value)?,
                    None => Vec::new(),
                };
                let high = match upper {
                    Some(limit) => self.expr(&limit.value)?,
                    None => Vec::new(),
                };
                let flags = i64::from(*reverse)
                    | i64::from(lower.is_some()) << 1
                    | i64::from(upper.is_some()) << 2
                    | i64::from(lower.as_ref().is_some_and(|l| l.inclusive)) << 3
                    | i64::from(upper.as_ref().is_some_and(|l| l.inclusive)) << 4;
                let (equal, low, high) = (self.spill(&equal_lanes), self.spill(&low), self.spill(&high));
                let relation = self.int(i64::from(relation.0));
                let parts = self.int(accessed_parts(access));
                let index = self.int(i64::from(*index));
                let flags = self.int(flags);
                // The rows that the index names, as pairs of entity and slot.
                let found = self.call(
                    RuntimeFn::index_rows,
                    &[relation, index, parts, equal, low, high, flags],
                    site,
                );
                let (array, count) = (found[0], found[1]);
                self.burn(count, site);
                let (head, round, end) = (self.block(false), self.block(false), self.block(false));
                let at = self.b.declare_var(types::I64);
                let bytes = self.b.ins().ishl_imm_u(count, 3);
                let limit = self.b.ins().iadd(array, bytes);
                self.b.def_var(at, array);
                self.jump(head);
                self.at(head);
                let here = self.b.use_var(at);
                let more = self.b.ins().icmp(IntCC::UnsignedLessThan, here, limit);
                self.branch(more, round, end);
                self.at(round);
                let here = self.b.use_var(at);
                let entity = self.b.ins().uload32(crate::emit::plain(), here, 0);
                let slot = self.b.ins().uload32(crate::emit::plain(), here, 4);
                self.bind(var, vec![entity, slot]);
                each(self)?;
                let here = self.b.use_var(at);
                let here = self.b.ins().iadd_imm_s(here, 8);
                self.b.def_var(at, here);
                self.jump(head);
                self.at(end);
                Ok(())
            }
        }
    }

    fn if_found(&mut self, row: [Value; 2], var: VarId, each: Consumer<'_, 'a, 'p>) -> Result<()> {
        let (there, end) = (self.block(false), self.block(false));
        let absent = self.b.ins().icmp_imm_u(IntCC::Equal, row[1], i64::from(NONE));
        self.branch(absent, end, there);
        self.at(there);
        self.bind(var, row.to_vec());
        each(self)?;
        self.jump(end);
        self.at(end);
        Ok(())
    }

    /// The row under a key or unique; its slot is `NONE` if it is not there.
    pub(crate) fn find(
        &mut self,
        relation: RelationId,
        unique: Option<u32>,
        key: &[Value],
        site: Option<SiteId>,
    ) -> [Value; 2] {
        let number = self.int(i64::from(relation.0));
        let unique = self.int(unique.map_or(-1, i64::from));
        let key = self.spill(key);
        let found = self.call(RuntimeFn::store_lookup, &[number, unique, key], site);
        [found[0], found[1]]
    }

    /// Builds the table of a hash join.
    pub(crate) fn build_table(&mut self, build: &'p Op, keys: &[(Expr, Expr)], payload: &[VarId]) -> Result<Stored> {
        self.prepare(build)?;
        let query = self.query()?;
        let rights: Vec<Expr> = keys.iter().map(|(_, right)| right.clone()).collect();
        let types: Vec<Type> = rights.iter().map(|e| e.ty.clone()).collect();
        let key_lanes: usize = types.iter().map(|ty| self.lanes(ty)).sum();
        let (columns, stride) = self.columns(payload, KEYS + key_lanes)?;
        let at = query.take(TABLE);
        self.init_rows(at, stride);
        let zeros = self.zeros(TABLE - ROWS);
        self.store_lanes(self.frame, at + ROWS, &zeros);
        self.pipeline("build", |e| {
            e.produce(build, &mut |e| {
                let values = e.concat(&rights)?;
                let hash = e.hash_keys(&values, &types)?;
                let table = e.frame_address(at);
                let entry = e.add_entry(table, stride, hash, &values);
                let stored = e.read_all(payload)?;
                e.store_lanes(entry, KEYS + key_lanes, &stored);
                Ok(())
            })
        })?;
        let table = self.frame_address(at);
        self.call(RuntimeFn::table_link, &[table], None);
        Ok(Stored { at, columns, more: 0, aggregates: Vec::new() })
    }

    /// Stores the rows of a sort and puts them in order: an array of their addresses, and its length, in the frame.
    pub(crate) fn sort(
        &mut self,
        input: &'p Op,
        partition: &[Expr],
        keys: &[SortKey],
        bounds: (Option<&Expr>, Option<&Expr>),
        payload: &[VarId],
    ) -> Result<Stored> {
        let query = self.query()?;
        let (mut order, behind) = self.plain_order(partition.iter().map(|e| &e.ty), 0);
        let (by_keys, behind) = self.order_of(keys, behind);
        order.extend(by_keys);
        let (columns, lanes) = self.columns(payload, behind)?;
        let stride = lanes.max(1);
        let at = query.take(ROWS);
        let array = query.take(2);
        self.init_rows(at, stride);
        let comparator = self.comparator(&order)?;
        self.pipeline("sort", |e| {
            // Of many rows only the first ones are kept: now and then the others are dropped.
            let most = match bounds {
                (Some(limit), offset) if partition.is_empty() => {
                    let (most, skip) = e.bounds(Some(limit), offset)?;
                    let keep = e.b.ins().uadd_sat_64(most, skip);
                    Some(keep)
                }
                _ => None,
            };
            let kept = e.b.declare_var(types::I64);
            let zero = e.int(0);
            e.b.def_var(kept, zero);
            e.produce(input, &mut |e| {
                let mut values = e.concat(partition)?;
                for key in keys {
                    values.extend(e.expr(&key.expr)?);
                }
                values.extend(e.read_all(payload)?);
                e.append(at, stride, &values)?;
                if let Some(keep) = most {
                    let count = e.b.use_var(kept);
                    let count = e.b.ins().iadd_imm_s(count, 1);
                    e.b.def_var(kept, count);
                    // Pruning sorts, so it must be rare: when there are at least as many rows too many as are kept.
                    let slack = e.b.ins().isub(count, keep);
                    let thousand = e.int(1024);
                    let room = e.b.ins().smax(keep, thousand);
                    let many = e.b.ins().icmp(IntCC::SignedGreaterThan, slack, room);
                    let (prune, next) = (e.block(true), e.block(false));
                    e.branch(many, prune, next);
                    e.at(prune);
                    let rows = e.frame_address(at);
                    let compare = e.comparator_address(Some(comparator));
                    e.call(RuntimeFn::rows_prune, &[rows, compare, keep], None);
                    e.b.def_var(kept, keep);
                    e.jump(next);
                    e.at(next);
                }
                Ok(())
            })
        })?;
        let rows = self.frame_address(at);
        let none = self.int(0);
        let compare = self.comparator_address(Some(comparator));
        let sorted = self.call(RuntimeFn::rows_pointers, &[rows, none, compare], None);
        self.store_lanes(self.frame, array, &sorted);
        Ok(Stored { at, columns, more: array, aggregates: Vec::new() })
    }

    /// Emits the rows of a sort.
    pub(crate) fn produce_sorted(
        &mut self,
        stored: &Stored,
        partition: &[Expr],
        limit: Option<&Expr>,
        offset: Option<&Expr>,
        consume: Consumer<'_, 'a, 'p>,
    ) -> Result<()> {
        let (most, skip) = self.bounds(limit, offset)?;
        let array = self.load(types::I64, self.frame, crate::emit::offset(stored.more));
        let count = self.load(types::I64, self.frame, crate::emit::offset(stored.more + 1));
        if partition.is_empty() {
            let end = self.b.ins().uadd_sat_64(most, skip);
            let end = self.b.ins().smin(end, count);
            return self.each_pointer(array, skip, end, &mut |e, row, _| {
                e.bind_row(row, &stored.columns)?;
                consume(e)
            });
        }
        // The number of the row in its partition decides.
        let types: Vec<Type> = partition.iter().map(|e| e.ty.clone()).collect();
        let lanes: usize = types.iter().map(|ty| self.lanes(ty)).sum();
        let number = self.b.declare_var(types::I64);
        let before = self.b.declare_var(types::I64);
        let zero = self.int(0);
        self.b.def_var(number, zero);
        self.b.def_var(before, zero);
        let end = self.b.ins().uadd_sat_64(most, skip);
        self.each_pointer(array, zero, count, &mut |e, row, _| {
            let earlier = e.b.use_var(before);
            e.b.def_var(before, row);
            let (compare, fresh, go_on, wanted, next) =
                (e.block(false), e.block(false), e.block(false), e.block(false), e.block(false));
            e.branch(earlier, compare, fresh);
            e.at(compare);
            let (a, b) = (e.load_lanes(earlier, 0, lanes), e.load_lanes(row, 0, lanes));
            let same = e.equal(&a, &b, &super::rows::key_record(&types))?;
            e.branch(same, go_on, fresh);
            e.at(fresh);
            let zero = e.int(0);
            e.b.def_var(number, zero);
            e.jump(go_on);
            e.at(go_on);
            let own = e.b.use_var(number);
            let after = e.b.ins().iadd_imm_s(own, 1);
            e.b.def_var(number, after);
            let behind = e.b.ins().icmp(IntCC::SignedGreaterThanOrEqual, own, skip);
            let inside = e.b.ins().icmp(IntCC::SignedLessThan, own, end);
            let both = e.b.ins().band(behind, inside);
            e.branch(both, wanted, next);
            e.at(wanted);
            e.bind_row(row, &stored.columns)?;
            consume(e)?;
            e.jump(next);
            e.at(next);
            Ok(())
        })
    }
}

/// How many parts of the index the equal values are, as its number of parts.
fn accessed_parts(access: &Access) -> i64 {
    match access {
        Access::Index { equal, .. } => equal.len() as i64,
        _ => 0,
    }
}

/// Addition that stops at the greatest number, of numbers that are not negative.
trait SaturatingAdd {
    fn uadd_sat_64(self, a: Value, b: Value) -> Value;
}

impl<'f, T: InstBuilder<'f>> SaturatingAdd for T {
    fn uadd_sat_64(self, a: Value, b: Value) -> Value {
        self.iadd(a, b)
    }
}

/// A plan that breaks its own rules.
#[allow(dead_code)]
fn broken(what: &str) -> Error {
    Error::new(format!("a plan is not right: {what}"))
}
