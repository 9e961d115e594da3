//! Joins: what found rows do to the left row, how rows are found, sorting.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use tenon_core::ir::{Expr, RelationId, SiteId, SortKey, Type, VarId};
use tenon_plan::physical::{Access, Kind, Limit, Op};
use tenon_runtime::contract;
use tenon_runtime::functions::RuntimeFn;
use tenon_value::schema::{DataType, Field, Index, IndexKind};

use super::produce::Consumer;
use super::rows::{KEYS, ROWS, TABLE};
use super::{Emit, Stored};
use crate::emit::Lanes;
use crate::error::{Error, Result};

/// Emits an enumeration of right rows; calls back where one is bound. A left join comes back to the place behind the
/// call also by a way that does not lead through it (see `Kind::Left` in [`Emit::joined`]): what an enumeration uses
/// there it keeps in variables, unless it is computed on every way to its end.
pub(crate) type Enumerate<'c, 'a, 'p> = &'c mut dyn FnMut(&mut Emit<'a, 'p>, Consumer<'_, 'a, 'p>) -> Result<()>;

impl<'a, 'p> Emit<'a, 'p> {
    /// What partners do to the present left row: `enumerate` emits the loop over candidates, `residual` decides
    /// which of them are partners.
    pub(crate) fn joined(
        &mut self,
        kind: &Kind,
        residual: &[Expr],
        enumerate: Enumerate<'_, 'a, 'p>,
        consume: Consumer<'_, 'a, 'p>,
    ) -> Result<()> {
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
                let schema = self.unit.schema;
                let described = schema.relations.get(relation.index()).and_then(|r| r.indexes.get(*index as usize));
                let described = described.ok_or_else(|| Error::new("a plan uses an index that the image lacks"))?;
                let prefix = self.index_values(relation, described, equal)?;
                match described.kind {
                    IndexKind::Hash => {
                        let (number, index) = (self.int(i64::from(relation.0)), self.int(i64::from(*index)));
                        let lanes = self.spill(&prefix.lanes);
                        let list = self.call(RuntimeFn::rows_by_index, &[number, index, lanes], site)[0];
                        let len = self.load(types::I64, list, 0);
                        let first = self.b.ins().iadd_imm_s(list, contract::COLLECTION_ELEMENTS as i64);
                        self.burn(len, site);
                        self.each_found(var, first, len, each)
                    }
                    IndexKind::Ordered => {
                        let bounds = Bounds { lower: lower.as_ref(), upper: upper.as_ref(), reverse: *reverse };
                        self.walked(relation, var, *index, described, equal.len(), &prefix, &bounds, site, each)
                    }
                }
            }
        }
    }

    /// The values of the first parts of an index, as its columns have them.
    fn index_values(&mut self, relation: RelationId, index: &Index, values: &[Expr]) -> Result<IndexPlace> {
        let mut place = IndexPlace { lanes: Vec::new(), columns: 0 };
        for (number, value) in values.iter().enumerate() {
            let lanes = self.expr(value)?;
            self.index_part(relation, index, number, &value.ty, lanes, &mut place)?;
        }
        Ok(place)
    }

    /// Adds the value of one part. A present value of an optional field receives the tag that its column has.
    fn index_part(
        &mut self,
        relation: RelationId,
        index: &Index,
        part: usize,
        ty: &Type,
        lanes: Lanes,
        place: &mut IndexPlace,
    ) -> Result<()> {
        let field = self.part_field(relation, index, part)?;
        let columns = field.columns().len();
        if matches!(field.ty, DataType::Option(_)) && !matches!(ty, Type::Option(_)) {
            let one = self.int(1);
            place.lanes.push(one);
        }
        place.lanes.extend(lanes);
        place.columns += columns;
        Ok(())
    }

    fn part_field(&self, relation: RelationId, index: &Index, part: usize) -> Result<&'p Field> {
        let schema = self.unit.schema;
        let part = index.parts.get(part).ok_or_else(|| Error::new("a plan uses more parts than an index has"))?;
        let field = schema.relations[relation.index()].fields.get(part.part.field().index());
        field.ok_or_else(|| Error::new("an index names a field that is not stored"))
    }

    /// Emits a walk over a range of an ordered index, in batches of rows.
    #[expect(clippy::too_many_arguments, reason = "the parts of one range, where it lies and what its rows are for")]
    fn walked(
        &mut self,
        relation: RelationId,
        var: VarId,
        number: u32,
        index: &Index,
        part: usize,
        prefix: &IndexPlace,
        bounds: &Bounds<'_>,
        site: Option<SiteId>,
        each: Consumer<'_, 'a, 'p>,
    ) -> Result<()> {
        // Bounds follow the order of the index: in a descending part the first bound is the larger value.
        let descending = index.parts.get(part).is_some_and(|p| p.descending);
        let (low, high) = if descending { (bounds.upper, bounds.lower) } else { (bounds.lower, bounds.upper) };
        let ranged = low.is_some() || high.is_some();
        let optional = ranged && matches!(self.part_field(relation, index, part)?.ty, DataType::Option(_));
        let mut flags = if bounds.reverse { 4 } else { 0 };
        let mut places = Vec::new();
        for (limit, out) in [(low, 1), (high, 2)] {
            let mut place = prefix.clone();
            match limit {
                Some(limit) => {
                    let lanes = self.expr(&limit.value)?;
                    self.index_part(relation, index, part, &limit.value.ty, lanes, &mut place)?;
                    if !limit.inclusive {
                        flags |= out;
                    }
                }
                // A range of an optional field does not reach the rows where it is absent.
                None if optional => {
                    let one = self.int(1);
                    place.lanes.push(one);
                    place.columns += 1;
                }
                None => {}
            }
            places.push(place);
        }
        let (first, second) = (self.spill(&places[0].lanes), self.spill(&places[1].lanes));
        let mut words = vec![self.int(i64::from(relation.0)), self.int(i64::from(number))];
        for (address, place) in [(first, &places[0]), (second, &places[1])] {
            words.push(address);
            words.push(self.int(place.columns as i64));
        }
        words.push(self.int(flags));
        let cursor = self.call(RuntimeFn::range_open, &words, site)[0];
        let (_, batch) = self.stack(BATCH * 2);
        let (fetch, some, end) = (self.block(false), self.block(false), self.block(false));
        self.jump(fetch);
        self.at(fetch);
        let capacity = self.int(BATCH as i64);
        let count = self.call(RuntimeFn::range_next, &[cursor, capacity, batch], site)[0];
        self.branch(count, some, end);
        self.at(some);
        self.burn(count, site);
        self.each_found(var, batch, count, each)?;
        self.jump(fetch);
        self.at(end);
        Ok(())
    }

    /// Binds each of the rows that lie in memory, two lanes each.
    fn each_found(&mut self, var: VarId, first: Value, count: Value, each: Consumer<'_, 'a, 'p>) -> Result<()> {
        let (head, round, end) = (self.block(false), self.block(false), self.block(false));
        let at = self.b.declare_var(types::I64);
        // A walk over an index ends without having been here, so the limit is a variable, too.
        let limit = self.b.declare_var(types::I64);
        let bytes = self.b.ins().ishl_imm_u(count, 4);
        let behind = self.b.ins().iadd(first, bytes);
        self.b.def_var(limit, behind);
        self.b.def_var(at, first);
        self.jump(head);
        self.at(head);
        let here = self.b.use_var(at);
        let limit = self.b.use_var(limit);
        let more = self.b.ins().icmp(IntCC::UnsignedLessThan, here, limit);
        self.branch(more, round, end);
        self.at(round);
        let here = self.b.use_var(at);
        let row = self.load_lanes(here, 0, 2);
        self.bind(var, row);
        each(self)?;
        let here = self.b.use_var(at);
        let here = self.b.ins().iadd_imm_s(here, 16);
        self.b.def_var(at, here);
        self.jump(head);
        self.at(end);
        Ok(())
    }

    fn if_found(&mut self, row: [Value; 2], var: VarId, each: Consumer<'_, 'a, 'p>) -> Result<()> {
        let (there, end) = (self.block(false), self.block(false));
        let absent = self.b.ins().icmp_imm_u(IntCC::Equal, row[1], contract::NONE);
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
        let key = self.spill(key);
        let found = match unique {
            Some(unique) => {
                let unique = self.int(i64::from(unique));
                self.call(RuntimeFn::row_by_unique, &[number, unique, key], site)
            }
            None => self.call(RuntimeFn::row_by_key, &[number, key], site),
        };
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
                    Some(e.capped_sum(most, skip))
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

    /// The sum of two numbers that are not negative, at most the greatest number.
    fn capped_sum(&mut self, a: Value, b: Value) -> Value {
        let (sum, overflow) = self.b.ins().sadd_overflow(a, b);
        let most = self.int(i64::MAX);
        self.b.ins().select(overflow, most, sum)
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
            let end = self.capped_sum(most, skip);
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
        let end = self.capped_sum(most, skip);
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

/// How many rows a walk over an index fetches at once.
const BATCH: usize = 32;

/// The beginning of an index key: lanes of its first columns.
#[derive(Clone)]
struct IndexPlace {
    lanes: Lanes,
    columns: usize,
}

/// The range of the part of an ordered index behind the equal ones.
struct Bounds<'e> {
    lower: Option<&'e Limit>,
    upper: Option<&'e Limit>,
    reverse: bool,
}
