//! The store, for generated code: rows found, counted, walked, inserted, updated, deleted.
//!
//! A row is two words, entity and slot; a row that is not there has the slot [`NONE`]. Lanes are those
//! of `tenon_value::schema`: a whole row is the lanes of its fields in order; a key, a unique or an index
//! is the lanes of its parts in order. A write that a rule of the store refuses sets
//! [`Status::Violation`] and the context's `violation`.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

use tenon_store::image::Reader;
use tenon_store::layout::VERSION_STRIDE;
use tenon_store::schema::{FieldId, RelationId};
use tenon_store::{Bound, Image, NONE, Range, Row, Violation, WriteTxn};
use tenon_value::Fault;

use crate::abi::Pair;
use crate::collection::collect;
use crate::context::{CallContext, Status, ViolationKind, ViolationRecord};
use crate::text::context;
use crate::value::lanes_at;

/// What a call reads.
///
/// # Safety
/// The context must have an image, and be registered as a reader of its snapshot or hold its transaction.
unsafe fn reader<'a>(ctx: &CallContext) -> Reader<'a> {
    // SAFETY: by the caller's promise; the image outlives the call.
    let image: &'a Image = unsafe { &*ctx.image };
    if ctx.transaction.is_null() {
        // SAFETY: by the caller's promise.
        return unsafe { Reader::at(image, ctx.snapshot) };
    }
    // SAFETY: the transaction lives as long as the call.
    unsafe { (*ctx.transaction).reader() }
}

/// The transaction of a call; without one, the fault `Internal`, because a query does not write.
fn transaction<'a>(ctx: &mut CallContext) -> Option<&'a mut WriteTxn<'static>> {
    // SAFETY: whoever runs a handler sets the pointer to a transaction that nobody else uses meanwhile.
    let transaction = unsafe { ctx.transaction.as_mut() };
    if transaction.is_none() {
        ctx.set_fault(Fault::Internal);
    }
    transaction
}

/// Records a refused write.
#[cold]
pub(crate) fn violated(ctx: &mut CallContext, violation: Violation) {
    let record = |kind: ViolationKind, relation: RelationId, rule: u32, entity: u32| ViolationRecord {
        kind: kind as u32,
        relation: relation.0,
        rule,
        entity,
    };
    ctx.violation = match violation {
        Violation::Key { relation, entity } => record(ViolationKind::Key, relation, 0, entity),
        Violation::Unique { relation, unique, entity } => {
            record(ViolationKind::Unique, relation, unique as u32, entity)
        }
        Violation::Reference { relation, field } => record(ViolationKind::Reference, relation, field.0, NONE),
        Violation::Restricted { relation, field, entity } => {
            record(ViolationKind::Restricted, relation, field.0, entity)
        }
        Violation::Missing { relation, entity } => record(ViolationKind::Missing, relation, 0, entity),
        Violation::Full { .. } => return ctx.set_fault(Fault::RelationFull),
        Violation::TooLarge { .. } => return ctx.set_fault(Fault::RowTooLarge),
        Violation::KeyChanged { .. } => return ctx.set_fault(Fault::Internal),
    };
    if ctx.status == Status::Ok as u32 {
        ctx.status = Status::Violation as u32;
    }
}

/// The row with a key.
pub unsafe extern "C" fn row_by_key(ctx: *mut CallContext, relation: u32, key: *const u64) -> Pair {
    context!(ctx);
    // SAFETY: generated code passes the lanes of the relation's key, with valid texts.
    unsafe {
        let reader = reader(ctx);
        let relation = reader.relation(RelationId(relation));
        let lanes = lanes_at(key, relation.meta().key_lanes);
        let row = relation.find_by_key(reader.number(), lanes);
        // A handler that looks a row up mostly reads or changes it soon.
        if !ctx.transaction.is_null() && row.is_some() {
            relation.fetch_ahead(row.slot);
        }
        row.into()
    }
}

/// The row with the values of a unique.
pub unsafe extern "C" fn row_by_unique(ctx: *mut CallContext, relation: u32, unique: u32, lanes: *const u64) -> Pair {
    context!(ctx);
    // SAFETY: generated code passes the lanes of the unique's parts, with valid texts.
    unsafe {
        let reader = reader(ctx);
        let relation = reader.relation(RelationId(relation));
        let lanes = lanes_at(lanes, relation.meta().part_lanes(&relation.meta().uniques[unique as usize].0));
        relation.find_unique(reader.number(), unique as usize, lanes).into()
    }
}

/// The rows with the values of a hash index: a collection of rows, in no order.
pub unsafe extern "C" fn rows_by_index(ctx: *mut CallContext, relation: u32, index: u32, lanes: *const u64) -> u64 {
    context!(ctx);
    let mut rows: Vec<u64> = Vec::new();
    // SAFETY: generated code passes the lanes of the index's parts, with valid texts.
    let steps = unsafe {
        let reader = reader(ctx);
        let id = RelationId(relation);
        let meta = reader.relation(id).meta();
        let lanes = lanes_at(lanes, meta.part_lanes(&meta.indexes[index as usize].0));
        reader.find_while(id, index as usize, lanes, |row| {
            rows.extend([u64::from(row.entity), u64::from(row.slot)]);
            // They are copied to the arena then, which has no room for more.
            if ctx.meter.fits(size_of_val(rows.as_slice())) {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })
    };
    // Generated code counts the rows that were found.
    ctx.meter.stepped(steps.saturating_sub(rows.len() / 2));
    collect(ctx, rows.len() / 2, &rows)
}

/// The visible version of an entity: its slot, or `NONE`.
pub unsafe extern "C" fn row_visible(ctx: *mut CallContext, relation: u32, entity: u32) -> u64 {
    context!(ctx);
    // SAFETY: the context is that of a call that reads.
    let reader = unsafe { reader(ctx) };
    u64::from(reader.row(RelationId(relation), entity).map_or(NONE, |row| row.slot))
}

/// The number of rows of a relation.
pub unsafe extern "C" fn row_count(ctx: *mut CallContext, relation: u32) -> u64 {
    context!(ctx);
    // SAFETY: the context is that of a call that reads.
    let (reader, relation) = (unsafe { reader(ctx) }, RelationId(relation));
    if let Some(count) = reader.count_kept(relation) {
        return count;
    }
    ctx.meter.worked(reader.relation(relation).view().slots.load(Ordering::Acquire) as usize);
    reader.count(relation)
}

/// A walk over the rows of an ordered index, in the order of the index. The bounds are lanes of its
/// first `low_columns` and `high_columns` columns (0: no bound). Flags: 1 the low bound is out, 2 the
/// high bound is out, 4 backwards. The walk sees the index as it is now.
pub unsafe extern "C" fn range_open(
    ctx: *mut CallContext,
    relation: u32,
    index: u32,
    low: *const u64,
    low_columns: u32,
    high: *const u64,
    high_columns: u32,
    flags: u32,
) -> *mut u64 {
    context!(ctx);
    let (id, index) = (RelationId(relation), index as usize);
    // SAFETY: the pointer is null or leads to the call's transaction.
    if let Some(transaction) = unsafe { ctx.transaction.as_mut() } {
        transaction.freeze_index(id, index);
    }
    // SAFETY: generated code passes as many lanes as the columns have, with valid texts; what is read
    // stays valid for the call.
    let walk = unsafe {
        let reader = reader(ctx);
        let meta = reader.relation(id).meta();
        let lanes_of = |columns: u32| -> usize {
            let all = meta.indexes[index].0.iter().flat_map(|part| &meta.columns[part.columns.clone()]);
            all.take(columns as usize).map(|column| column.ty.lanes()).sum()
        };
        let bound = |lanes: *const u64, columns: u32, out: bool| match (columns, out) {
            (0, _) => Bound::Open,
            (_, false) => Bound::Included { lanes: lanes_at(lanes, lanes_of(columns)), columns: columns as usize },
            (_, true) => Bound::Excluded { lanes: lanes_at(lanes, lanes_of(columns)), columns: columns as usize },
        };
        let (low, high) = (bound(low, low_columns, flags & 1 != 0), bound(high, high_columns, flags & 2 != 0));
        reader.range(id, index, low, high)
    };
    let walk = Walk { range: walk, backward: flags & 4 != 0 };
    match ctx.allocate(size_of::<Walk<'_>>()) {
        Some(start) => {
            let start = start.as_ptr().cast::<Walk<'_>>();
            // SAFETY: freshly allocated with room; the arena aligns to 8, as the walk needs.
            unsafe { start.write(walk) };
            start.cast()
        }
        None => std::ptr::null_mut(),
    }
}

/// What `range_open` leaves in the arena; it owns no memory of its own.
struct Walk<'a> {
    range: Range<'a>,
    backward: bool,
}

const _: () = assert!(align_of::<Walk<'static>>() <= 8 && !std::mem::needs_drop::<Walk<'static>>());

/// The next rows of a walk, at most `capacity`, two words each, at `out`. Returns how many; fewer than
/// `capacity` only at the end.
pub unsafe extern "C" fn range_next(ctx: *mut CallContext, cursor: *mut u64, capacity: u64, out: *mut u64) -> u64 {
    context!(ctx);
    // SAFETY: generated code passes what `range_open` gave in this call, and room for `capacity` rows.
    unsafe {
        let walk = &mut *cursor.cast::<Walk<'_>>();
        let mut count = 0;
        while count < capacity {
            let Some(Row { entity, slot }) = walk.range.step(walk.backward) else { break };
            out.add(2 * count as usize).write(u64::from(entity));
            out.add(2 * count as usize + 1).write(u64::from(slot));
            count += 1;
        }
        // Generated code counts the rows that were found.
        ctx.meter.stepped(walk.range.take_passed());
        count
    }
}

/// Counts what a write put into the image against the memory of the call: a version of so many lanes, and what was copied
/// since `before`.
fn charge(ctx: &mut CallContext, lanes: usize, before: usize) {
    // SAFETY: as in `transaction`, which gave it for the write.
    let copied = unsafe { ctx.transaction.as_ref() }.map_or(0, WriteTxn::copied);
    ctx.charge(VERSION_STRIDE + lanes * 8 + copied.saturating_sub(before));
}

/// Inserts a row: its lanes, whole. Yields the row.
pub unsafe extern "C" fn insert_row(ctx: *mut CallContext, relation: u32, lanes: *const u64) -> Pair {
    context!(ctx);
    let Some(transaction) = transaction(ctx) else { return Row::NONE.into() };
    let id = RelationId(relation);
    // SAFETY: generated code passes the lanes of a whole row, and what they point to is valid.
    let before = transaction.copied();
    let (done, count) = unsafe {
        let count = transaction.image().relation(id).meta().lanes();
        (transaction.insert(id, lanes_at(lanes, count)), count)
    };
    match done {
        Ok(row) => {
            charge(ctx, count, before);
            row.into()
        }
        Err(violation) => {
            violated(ctx, violation);
            Row::NONE.into()
        }
    }
}

/// Gives a row new values of some fields. `fields` are their numbers, 32 bits each; `lanes` are their
/// lanes, one field after the other. Yields the row as it is now.
pub unsafe extern "C" fn update_row(
    ctx: *mut CallContext,
    relation: u32,
    entity: u32,
    fields: *const u32,
    count: u32,
    lanes: *const u64,
) -> Pair {
    context!(ctx);
    let Some(transaction) = transaction(ctx) else { return Row::NONE.into() };
    let id = RelationId(relation);
    // SAFETY: generated code passes `count` fields and as many lanes as they have; what they point to is
    // valid. A field's number is one 32-bit word.
    let before = transaction.copied();
    let (done, count) = unsafe {
        let fields = std::slice::from_raw_parts(fields.cast::<FieldId>(), count as usize);
        let meta = transaction.image().relation(id).meta();
        let all = fields.iter().map(|f| meta.lane_starts[f.index() + 1] - meta.lane_starts[f.index()]).sum();
        (transaction.update(id, entity, fields, lanes_at(lanes, all)), meta.lanes())
    };
    match done {
        Ok(row) => {
            charge(ctx, count, before);
            row.into()
        }
        Err(violation) => {
            violated(ctx, violation);
            Row::NONE.into()
        }
    }
}

/// Deletes a row.
pub unsafe extern "C" fn delete_row(ctx: *mut CallContext, relation: u32, entity: u32) {
    context!(ctx);
    let Some(transaction) = transaction(ctx) else { return };
    let before = transaction.steps();
    let done = transaction.delete(RelationId(relation), entity);
    ctx.meter.stepped(transaction.steps() - before);
    if let Err(violation) = done {
        violated(ctx, violation);
    }
}

/// The next number of a relation's counter.
pub unsafe extern "C" fn next_serial(ctx: *mut CallContext, relation: u32) -> i64 {
    context!(ctx);
    let Some(transaction) = transaction(ctx) else { return 0 };
    match transaction.next_serial(RelationId(relation)) {
        Some(next) => next,
        None => {
            ctx.set_fault(Fault::Overflow);
            0
        }
    }
}
