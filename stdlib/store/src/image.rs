//! The image: all relations, the commit numbers, and who reads what.
//!
//! **Numbers.** Commits are numbered from 1. `newest` is the last commit whose changes are in the image,
//! `durable` the last that the authority holds; `durable <= newest`. A snapshot is a number: it sees the
//! versions that began at or before it and did not end at or before it.
//!
//! **Writing.** One writer at a time holds the lock. It works as commit `newest + 1`, so no reader sees
//! what it does; storing `newest` publishes all of it at once. It never changes a version: an update
//! makes a new slot, also of a row that the same transaction made. It publishes in this order: columns,
//! `entity`, `prev`, `end` of the new slot; its `begin`; `end` of the old slot; `newest[entity]`; the
//! index entries. Undoing walks back and sets `begin` to [`NEVER`](crate::layout::NEVER).
//!
//! **Reading.** A reader registers a number ([`Image::snapshot`]) and then takes no lock: it scans slots
//! and tests `begin` and `end`, or walks from an index to an entity and its chain of versions. Index
//! entries cover every version that any snapshot may see; a reader compares the value in the version
//! that it sees.
//!
//! **Returning.** A version that ended at commit `c` is *retired* once `c` is at most the oldest number
//! that a reader has or may take, and durable: its index entries go (unless its successor has the same
//! value; `repeats.rs` counts the others), its successor's `prev` is cut, its `begin` becomes `NEVER`. Readers that registered before
//! that may still hold its number or probe its columns, so the slot, its texts and (after a delete) its
//! entity wait until all of those have left (`garbage.rs`). Until then a slot is not reused, so no
//! reader ever sees a slot change its meaning.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Mutex, MutexGuard};

use crate::layout::{RelationView, Row};
use crate::meta::SchemaError;
use crate::ordered_index::Cursor;
use crate::readers::{Readers, Ticket};
use crate::reclaim::Writer;
use crate::relation::{Relation, Secondary, Which};
use crate::schema::{FieldId, RelationId, Schema, rules};
use crate::statistics::RelationStatistics;
use crate::write::WriteTxn;

/// The most rows of a relation, unless the caller says otherwise.
pub const DEFAULT_MAX_ROWS: u32 = 1 << 28;

/// See the module.
#[derive(Debug)]
pub struct Image {
    schema: Arc<Schema>,
    relations: Box<[Relation]>,
    views: Box<[Address]>,
    pub(crate) newest: AtomicU64,
    pub(crate) durable: AtomicU64,
    pub(crate) readers: Readers,
    writer: Mutex<Writer>,
}

/// The address of a view, for generated code.
#[derive(Debug)]
#[repr(transparent)]
struct Address(*const RelationView);
// SAFETY: views are only read, through atomics where they change.
unsafe impl Send for Address {}
// SAFETY: as above.
unsafe impl Sync for Address {}

impl Image {
    /// An empty image of a schema.
    pub fn new(schema: Arc<Schema>) -> Result<Image, SchemaError> {
        Image::with_max_rows(schema, DEFAULT_MAX_ROWS)
    }

    /// An empty image whose relations hold at most so many versions each.
    pub fn with_max_rows(schema: Arc<Schema>, max_rows: u32) -> Result<Image, SchemaError> {
        if let Some(refusal) = rules::refusals(&schema).into_iter().next() {
            return Err(SchemaError::Refused(refusal));
        }
        let mut relations = Vec::new();
        let mut memories = Vec::new();
        for number in 0..schema.relations.len() {
            let (relation, memory) = Relation::new(&schema, RelationId(number as u32), max_rows)?;
            relations.push(relation);
            memories.push(memory);
        }
        let relations: Box<[Relation]> = relations.into();
        let views = relations.iter().map(|r| Address(r.view())).collect();
        let writer = Writer::new(&schema, memories);
        Ok(Image {
            schema,
            relations,
            views,
            newest: AtomicU64::new(0),
            durable: AtomicU64::new(0),
            readers: Readers::new(),
            writer: Mutex::new(writer),
        })
    }

    /// The schema.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// A relation.
    pub fn relation(&self, id: RelationId) -> &Relation {
        &self.relations[id.index()]
    }

    /// All relations in order.
    pub fn relations(&self) -> &[Relation] {
        &self.relations
    }

    /// The views of all relations, for generated code.
    pub fn views(&self) -> *const *const RelationView {
        self.views.as_ptr().cast()
    }

    /// The last commit in the image.
    pub fn newest(&self) -> u64 {
        self.newest.load(Ordering::Acquire)
    }

    /// The last commit that the authority holds.
    pub fn durable(&self) -> u64 {
        self.durable.load(Ordering::Acquire)
    }

    /// Says that the authority holds all commits up to this one.
    pub fn set_durable(&self, commit: u64) {
        self.durable.fetch_max(commit, Ordering::AcqRel);
    }

    /// Registers a reader of the last durable commit.
    pub fn snapshot(&self) -> Snapshot<'_> {
        let (ticket, number) = self.readers.enter(|| self.durable.load(Ordering::Acquire));
        Snapshot { reader: Reader { image: self, snapshot: number, own: false }, ticket: Some(ticket) }
    }

    /// Registers a reader of the newest commit, which may not be durable yet.
    pub fn newest_snapshot(&self) -> Snapshot<'_> {
        let (ticket, number) = self.readers.enter(|| self.newest.load(Ordering::Acquire));
        Snapshot { reader: Reader { image: self, snapshot: number, own: false }, ticket: Some(ticket) }
    }

    /// Begins a transaction, after the one that runs.
    pub fn write(&self) -> WriteTxn<'_> {
        WriteTxn::begin(self, self.writer.lock())
    }

    pub(crate) fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock()
    }

    /// How many readers are registered.
    pub fn readers(&self) -> usize {
        self.readers.count()
    }

    /// Returns what no reader can see any more. Transactions do this in passing; this does all of it.
    pub fn reclaim(&self) {
        self.writer().reclaim(self, usize::MAX);
    }

    /// Returns a little of what no reader can see any more, holding the lock only briefly. Returns whether
    /// there was anything to look at.
    pub fn reclaim_some(&self) -> bool {
        let mut writer = self.writer();
        let before = writer.has_waiting();
        if before {
            writer.reclaim(self, 256);
        }
        before
    }

    /// What is in use and what waits to be returned.
    pub fn usage(&self) -> Usage {
        self.writer().usage(self)
    }

    /// The statistics of all relations, for the planner.
    pub fn statistics(&self) -> Vec<RelationStatistics> {
        let snapshot = self.snapshot();
        let writer = self.writer();
        self.relations.iter().map(|r| crate::statistics::summarise(r, writer.sketches(r.id), &snapshot)).collect()
    }
}

/// See [`Image::usage`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes of usable column memory.
    pub column_bytes: usize,
    /// Bytes of long texts and collections.
    pub text_bytes: usize,
    /// Slots that were ever used.
    pub slots: usize,
    /// Of these, ready to be used again.
    pub free_slots: usize,
    /// Versions that ended and wait for readers.
    pub waiting_versions: usize,
    /// Things that are unlinked and wait for readers.
    pub waiting_garbage: usize,
}

/// How the image looks at one commit. Reading is valid while the snapshot, or the transaction, that it
/// came from lives.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    pub(crate) image: &'a Image,
    pub(crate) snapshot: u64,
    /// Whether this is the running transaction's own view.
    pub(crate) own: bool,
}

/// A registered reader.
#[derive(Debug)]
pub struct Snapshot<'a> {
    reader: Reader<'a>,
    ticket: Option<Ticket>,
}

impl<'a> std::ops::Deref for Snapshot<'a> {
    type Target = Reader<'a>;

    fn deref(&self) -> &Reader<'a> {
        &self.reader
    }
}

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.reader.image.readers.leave(ticket);
        }
    }
}

impl<'a> Reader<'a> {
    /// How the image looks at a commit.
    ///
    /// # Safety
    /// For as long as anything is read, a snapshot of this number must be registered.
    pub unsafe fn at(image: &'a Image, snapshot: u64) -> Reader<'a> {
        Reader { image, snapshot, own: false }
    }

    /// The commit that is seen.
    pub fn number(&self) -> u64 {
        self.snapshot
    }

    /// The image.
    pub fn image(&self) -> &'a Image {
        self.image
    }

    /// A relation.
    pub fn relation(&self, id: RelationId) -> &'a Relation {
        self.image.relation(id)
    }

    /// The visible version of an entity.
    pub fn row(&self, relation: RelationId, entity: u32) -> Option<Row> {
        let relation = self.relation(relation);
        if entity >= relation.view().entities.load(Ordering::Acquire) {
            return None;
        }
        relation.visible(self.snapshot, entity).map(|slot| Row { entity, slot })
    }

    /// The row with this key.
    ///
    /// # Safety
    /// The lanes must be those of the key, and texts among them valid.
    pub unsafe fn find_by_key(&self, relation: RelationId, lanes: &[u64]) -> Option<Row> {
        // SAFETY: by the caller's promise.
        unsafe { self.relation(relation).find_by_key(self.snapshot, lanes) }.some()
    }

    /// The row with these unique values.
    ///
    /// # Safety
    /// The lanes must be those of the unique's parts, and texts among them valid.
    pub unsafe fn find_unique(&self, relation: RelationId, unique: usize, lanes: &[u64]) -> Option<Row> {
        // SAFETY: by the caller's promise.
        unsafe { self.relation(relation).find_unique(self.snapshot, unique, lanes) }.some()
    }

    /// The rows that have these values in a hash index, in no order.
    ///
    /// # Safety
    /// The lanes must be those of the index's parts, and texts among them valid.
    pub unsafe fn find_all(&self, relation: RelationId, index: usize, lanes: &[u64], mut each: impl FnMut(Row)) {
        // SAFETY: by the caller's promise.
        unsafe {
            self.find_while(relation, index, lanes, |row| {
                each(row);
                ControlFlow::Continue(())
            })
        };
    }

    /// As [`Reader::find_all`], until `each` breaks. Yields how many entries of the index were looked at: those of rows that
    /// are not seen, too.
    ///
    /// # Safety
    /// As for [`Reader::find_all`].
    pub unsafe fn find_while(
        &self,
        relation: RelationId,
        index: usize,
        lanes: &[u64],
        mut each: impl FnMut(Row) -> ControlFlow<()>,
    ) -> usize {
        let mut steps = 0;
        let relation = self.relation(relation);
        let parts = relation.parts(Which::Index(index));
        let Secondary::Hash(hash_index) = &relation.indexes[index] else {
            debug_assert!(false, "an ordered index is searched with a cursor");
            return steps;
        };
        // SAFETY: by the caller's promise; a visible version is not freed.
        unsafe {
            let hash = relation.hash_lanes(parts, lanes);
            for entity in hash_index.find(hash) {
                steps += 1;
                if let Some(slot) = relation.visible(self.snapshot, entity)
                    && relation.parts_are(parts, slot, lanes)
                    && each(Row { entity, slot }).is_break()
                {
                    break;
                }
            }
        }
        steps
    }

    /// A walk over the rows of an ordered index between two bounds.
    ///
    /// # Safety
    /// The bounds' lanes must be those of the first columns of the index, and texts among them valid.
    pub unsafe fn range(&self, relation: RelationId, index: usize, low: Bound<'_>, high: Bound<'_>) -> Range<'a> {
        let here = self.relation(relation);
        let parts = here.parts(Which::Index(index));
        let ordered = match &here.indexes[index] {
            Secondary::Ordered(ordered) => Some(ordered),
            Secondary::Hash(_) => None,
        };
        debug_assert!(ordered.is_some(), "a range needs an ordered index");
        // A bound is the place before all keys that begin with it, or behind all of them.
        let place = |bound: Bound<'_>, behind: bool| -> Place {
            let Some(lanes) = bound.lanes() else { return Place::Open };
            // SAFETY: by the caller's promise.
            let key = unsafe { here.order_key_of(parts, lanes, bound.columns()) };
            if !behind {
                return Place::At(key);
            }
            crate::order_key::after(key).map_or(Place::End, Place::At)
        };
        let low = place(low, matches!(low, Bound::Excluded { .. }));
        let high = place(high, matches!(high, Bound::Included { .. }));
        let cursor = match low {
            // Nothing stands behind the greatest keys.
            Place::End => None,
            low => ordered.map(|ordered| ordered.cursor(low.key(), high.key(), self.own)),
        };
        Range { reader: *self, relation: here, index, cursor, passed: 0 }
    }

    /// All visible rows, in the order of their slots.
    pub fn scan(&self, relation: RelationId) -> impl Iterator<Item = Row> + use<'a> {
        let here = self.relation(relation);
        let snapshot = self.snapshot;
        let slots = here.view().slots.load(Ordering::Acquire);
        (0..slots)
            .filter(move |slot| here.sees(snapshot, *slot))
            .map(move |slot| Row { entity: here.entity_of(slot).load(Ordering::Relaxed), slot })
    }

    /// The number of visible rows.
    pub fn count(&self, relation: RelationId) -> u64 {
        self.count_kept(relation).unwrap_or_else(|| self.scan(relation).count() as u64)
    }

    /// The number of visible rows, where it is kept: unless others have written since.
    pub fn count_kept(&self, relation: RelationId) -> Option<u64> {
        let view = self.relation(relation).view();
        let live = view.live.load(Ordering::Acquire);
        (view.last_commit.load(Ordering::Acquire) <= self.snapshot).then_some(live)
    }

    /// The lanes of a field of a row.
    pub fn field(&self, relation: RelationId, field: FieldId, slot: u32) -> Vec<u64> {
        let mut out = Vec::new();
        self.relation(relation).read_field(field, slot, &mut out);
        out
    }
}

/// A place among the keys of an ordered index.
enum Place {
    /// No bound.
    Open,
    /// Before this key.
    At(Vec<u8>),
    /// Behind all keys that there can be.
    End,
}

impl Place {
    fn key(&self) -> Option<&[u8]> {
        match self {
            Place::Open | Place::End => None,
            Place::At(key) => Some(key),
        }
    }
}

/// A bound of a range: lanes of the first columns of the index. Bounds follow the order of the index:
/// in a descending part the low bound is the larger value.
#[derive(Clone, Copy, Debug)]
pub enum Bound<'a> {
    /// No bound.
    Open,
    /// Keys that begin with it are in.
    Included {
        /// The lanes.
        lanes: &'a [u64],
        /// How many columns they are.
        columns: usize,
    },
    /// Keys that begin with it are out.
    Excluded {
        /// The lanes.
        lanes: &'a [u64],
        /// How many columns they are.
        columns: usize,
    },
}

impl<'a> Bound<'a> {
    fn lanes(&self) -> Option<&'a [u64]> {
        match self {
            Bound::Open => None,
            Bound::Included { lanes, .. } | Bound::Excluded { lanes, .. } => Some(lanes),
        }
    }

    fn columns(&self) -> usize {
        match self {
            Bound::Open => 0,
            Bound::Included { columns, .. } | Bound::Excluded { columns, .. } => *columns,
        }
    }
}

/// A walk over visible rows in the order of an index.
pub struct Range<'a> {
    reader: Reader<'a>,
    relation: &'a Relation,
    index: usize,
    /// `None`: there is nothing between the bounds.
    cursor: Option<Cursor>,
    /// Entries of rows that are not seen, or have another value now, since it was last asked.
    passed: usize,
}

impl Range<'_> {
    /// The next row from one end.
    pub fn step(&mut self, backward: bool) -> Option<Row> {
        let cursor = self.cursor.as_mut()?;
        loop {
            let found = if backward { cursor.previous() } else { cursor.next() }?;
            let entity = found.entity();
            let Some(slot) = self.relation.visible(self.reader.snapshot, entity) else {
                self.passed += 1;
                continue;
            };
            // The entry may be that of an older or newer version with another value.
            let parts = self.relation.parts(Which::Index(self.index));
            if found.has_key(&self.relation.order_key(parts, slot)) {
                return Some(Row { entity, slot });
            }
            self.passed += 1;
        }
    }

    /// How many entries were passed over since this was last asked.
    pub fn take_passed(&mut self) -> usize {
        std::mem::take(&mut self.passed)
    }
}

impl Iterator for Range<'_> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        self.step(false)
    }
}

impl DoubleEndedIterator for Range<'_> {
    fn next_back(&mut self) -> Option<Row> {
        self.step(true)
    }
}

impl Image {
    /// Says where the numbering of commits goes on: after this one. For an image that is being rebuilt.
    pub fn resume_after(&self, commit: u64) {
        self.newest.fetch_max(commit, Ordering::AcqRel);
        self.set_durable(commit);
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        self.writer.get_mut().free_everything(&self.relations);
    }
}
