//! One relation of the image: its columns, its versions and its indexes.

use std::io;
use std::mem::offset_of;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::entity_table::EntityTable;
use crate::garbage::{Unlinked, WriteToken};
use crate::hash;
use crate::hash_index::HashIndex;
use crate::keys::Keys;
use crate::layout::{NEVER, NONE, RelationView, Row, Str, VERSION_STRIDE, Version};
use crate::meta::{Meta, Part, SchemaError};
use crate::order_key;
use crate::ordered_index::OrderedIndex;
use crate::region::{OutOfSpace, Region};
use crate::schema::rules::MAX_PART_LANES;
use crate::schema::{ColumnType, FieldId, IndexKind, RelationId, Schema};

/// A secondary index.
#[derive(Debug)]
pub enum Secondary {
    /// By equality.
    Hash(HashIndex),
    /// By order.
    Ordered(OrderedIndex),
}

/// One of the indexes of a relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The key.
    Key,
    /// A unique.
    Unique(usize),
    /// A secondary index.
    Index(usize),
}

/// The lanes of parts, with what texts in lower case need.
pub struct PartLanes {
    lanes: [u64; MAX_PART_LANES],
    len: usize,
    texts: Vec<String>,
}

impl PartLanes {
    fn new() -> PartLanes {
        PartLanes { lanes: [0; MAX_PART_LANES], len: 0, texts: Vec::new() }
    }

    fn push(&mut self, lane: u64) {
        self.lanes[self.len] = lane;
        self.len += 1;
    }

    /// The lanes.
    pub fn lanes(&self) -> &[u64] {
        &self.lanes[..self.len]
    }
}

/// A relation; see the module. Everything here is read without locks; the writer changes it under the
/// image's lock, by the protocol of [`crate::image`].
#[derive(Debug)]
pub struct Relation {
    pub(crate) id: RelationId,
    pub(crate) meta: Meta,
    pub(crate) view: Box<RelationView>,
    pub(crate) column_bases: Box<[*mut u8]>,
    pub(crate) keys: Keys,
    pub(crate) uniques: Vec<EntityTable>,
    pub(crate) indexes: Vec<Secondary>,
}

// SAFETY: the raw pointers lead to mappings that the image keeps; see `RelationView`.
unsafe impl Send for Relation {}
// SAFETY: as above.
unsafe impl Sync for Relation {}

/// The growing memory of a relation; the writer's own.
#[derive(Debug)]
pub(crate) struct Memory {
    /// The versions' records and the columns: what grows with the slots, each with its width.
    slots: Vec<(Region, usize)>,
    newest: Region,
    /// Where keys that are small numbers stand.
    pub(crate) dense: Region,
    max_rows: u32,
}

impl Memory {
    /// Makes a slot usable.
    pub(crate) fn ensure_slot(&mut self, slot: u32) -> Result<(), OutOfSpace> {
        if slot >= self.max_rows {
            return Err(OutOfSpace);
        }
        for (region, width) in &mut self.slots {
            region.ensure((slot as usize + 1) * *width)?;
        }
        Ok(())
    }

    /// Makes an entity usable.
    pub(crate) fn ensure_entity(&mut self, entity: u32) -> Result<(), OutOfSpace> {
        if entity >= self.max_rows {
            return Err(OutOfSpace);
        }
        self.newest.ensure((entity as usize + 1) * 4)
    }

    /// Bytes in use.
    pub(crate) fn usable(&self) -> usize {
        self.slots.iter().map(|(region, _)| region.usable()).sum::<usize>() + self.newest.usable() + self.dense.usable()
    }
}

impl Relation {
    pub(crate) fn new(schema: &Schema, id: RelationId, max_rows: u32) -> Result<(Relation, Memory), SchemaError> {
        let meta = Meta::new(schema, id);
        let failed = |error: io::Error| SchemaError::NoMemory(error.to_string());
        let widths: Vec<usize> =
            [VERSION_STRIDE].into_iter().chain(meta.columns.iter().map(|c| c.ty.width())).collect();
        // What grows with the slots; `newest`, which grows with the entities; and keys that are small numbers.
        let dense_width = if meta.key_word.is_some() { crate::dense_keys::WIDTH } else { 0 };
        let sizes = widths.iter().chain([&4, &dense_width]).map(|width| max_rows as usize * width);
        let mut regions = Region::reserve(sizes).map_err(failed)?;
        let dense = regions.pop().expect("a region was reserved for each size");
        let newest = regions.pop().expect("a region was reserved for each size");
        let slots: Vec<(Region, usize)> = regions.into_iter().zip(widths).collect();
        let column_bases: Box<[*mut u8]> = slots[1..].iter().map(|(region, _)| region.base()).collect();
        let versions = slots[0].0.base();
        let view = Box::new(RelationView {
            slots: AtomicU32::new(0),
            gaps: AtomicU32::new(0),
            last_commit: AtomicU64::new(0),
            live: AtomicU64::new(0),
            entities: AtomicU32::new(0),
            reserved: 0,
            begin: versions.wrapping_add(offset_of!(Version, begin)).cast(),
            end: versions.wrapping_add(offset_of!(Version, end)).cast(),
            prev: versions.wrapping_add(offset_of!(Version, prev)).cast(),
            entity: versions.wrapping_add(offset_of!(Version, entity)).cast(),
            newest: newest.base().cast(),
            columns: column_bases.as_ptr(),
        });
        let uniques = meta.uniques.iter().map(|_| EntityTable::new()).collect();
        let indexes = meta
            .indexes
            .iter()
            .map(|(_, kind)| match kind {
                IndexKind::Hash => Secondary::Hash(HashIndex::new()),
                IndexKind::Ordered => Secondary::Ordered(OrderedIndex::new()),
            })
            .collect();
        let keys = Keys::new(&dense);
        let relation = Relation { id, meta, view, column_bases, keys, uniques, indexes };
        Ok((relation, Memory { slots, newest, dense, max_rows }))
    }

    /// What generated code reads.
    pub fn view(&self) -> &RelationView {
        &self.view
    }

    /// What follows from the schema.
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    // SAFETY of both: slots and entities that reach these functions are below `slots` and `entities` of
    // the view, or were just made usable; the mappings are aligned, zeroed, and never move; all access goes
    // through atomics.

    #[inline]
    pub(crate) fn version(&self, slot: u32) -> &Version {
        // SAFETY: see above.
        unsafe { self.view.version(slot) }
    }

    #[inline]
    pub(crate) fn begin(&self, slot: u32) -> &AtomicU64 {
        &self.version(slot).begin
    }

    #[inline]
    pub(crate) fn end(&self, slot: u32) -> &AtomicU64 {
        &self.version(slot).end
    }

    #[inline]
    pub(crate) fn prev(&self, slot: u32) -> &AtomicU32 {
        &self.version(slot).prev
    }

    #[inline]
    pub(crate) fn entity_of(&self, slot: u32) -> &AtomicU32 {
        &self.version(slot).entity
    }

    #[inline]
    pub(crate) fn newest(&self, entity: u32) -> &AtomicU32 {
        // SAFETY: see above.
        unsafe { AtomicU32::from_ptr(self.view.newest.add(entity as usize)) }
    }

    /// The version of an entity that a snapshot sees.
    #[inline]
    pub fn visible(&self, snapshot: u64, entity: u32) -> Option<u32> {
        debug_assert!(entity < self.view.entities.load(Ordering::Acquire), "entities come from the store");
        self.visible_from(snapshot, self.newest(entity).load(Ordering::Acquire))
    }

    /// The version that a snapshot sees among one that was the newest and those before it.
    #[inline]
    pub(crate) fn visible_from(&self, snapshot: u64, newest: u32) -> Option<u32> {
        let mut slot = newest;
        while slot != NONE {
            if self.begin(slot).load(Ordering::Acquire) <= snapshot {
                return (snapshot < self.end(slot).load(Ordering::Acquire)).then_some(slot);
            }
            slot = self.prev(slot).load(Ordering::Acquire);
        }
        None
    }

    /// A version of an entity, visible or not: all have the entity's key. `None` once nothing is left of
    /// the entity.
    pub fn any_version(&self, entity: u32) -> Option<u32> {
        if entity >= self.view.entities.load(Ordering::Acquire) {
            return None;
        }
        let slot = self.newest(entity).load(Ordering::Acquire);
        (slot != NONE).then_some(slot)
    }

    /// Whether a snapshot sees a slot.
    #[inline]
    pub fn sees(&self, snapshot: u64, slot: u32) -> bool {
        self.begin(slot).load(Ordering::Acquire) <= snapshot && snapshot < self.end(slot).load(Ordering::Acquire)
    }

    /// The lanes of a column of a version.
    #[inline]
    pub fn read(&self, column: usize, slot: u32) -> (u64, u64) {
        let base = self.column_bases[column];
        let slot = slot as usize;
        // SAFETY: the slot is within the usable part of the column; a version's columns do not change
        // while anybody can see it. A reader that races with the reuse of a slot discards what it read.
        unsafe {
            match self.meta.columns[column].ty {
                ColumnType::U8 => (u64::from(*base.add(slot)), 0),
                ColumnType::I16 => (i64::from(*base.cast::<i16>().add(slot)) as u64, 0),
                ColumnType::I32 => (i64::from(*base.cast::<i32>().add(slot)) as u64, 0),
                ColumnType::U32 => (u64::from(*base.cast::<u32>().add(slot)), 0),
                ColumnType::I64 | ColumnType::F64 | ColumnType::Collection => (*base.cast::<u64>().add(slot), 0),
                ColumnType::Str | ColumnType::Id => {
                    let pair = *base.cast::<[u64; 2]>().add(slot);
                    (pair[0], pair[1])
                }
            }
        }
    }

    /// Writes a column of a slot that nobody reads yet.
    pub(crate) fn write(&self, column: usize, slot: u32, first: u64, second: u64) {
        let base = self.column_bases[column];
        let slot = slot as usize;
        // SAFETY: the slot is usable, and invisible until the writer publishes it.
        unsafe {
            match self.meta.columns[column].ty {
                ColumnType::U8 => base.add(slot).write(first as u8),
                ColumnType::I16 => base.cast::<i16>().add(slot).write(first as i16),
                ColumnType::I32 => base.cast::<i32>().add(slot).write(first as i32),
                ColumnType::U32 => base.cast::<u32>().add(slot).write(first as u32),
                ColumnType::I64 | ColumnType::F64 | ColumnType::Collection => base.cast::<u64>().add(slot).write(first),
                ColumnType::Str | ColumnType::Id => base.cast::<[u64; 2]>().add(slot).write([first, second]),
            }
        }
    }

    /// Copies the raw value of a column from one slot to another that nobody reads yet.
    pub(crate) fn copy(&self, column: usize, from: u32, to: u32) {
        let base = self.column_bases[column];
        let (from, to) = (from as usize, to as usize);
        // SAFETY: both slots are usable and differ; nobody reads the target.
        unsafe {
            match self.meta.columns[column].ty.width() {
                1 => *base.add(to) = *base.add(from),
                2 => *base.cast::<u16>().add(to) = *base.cast::<u16>().add(from),
                4 => *base.cast::<u32>().add(to) = *base.cast::<u32>().add(from),
                8 => *base.cast::<u64>().add(to) = *base.cast::<u64>().add(from),
                _ => *base.cast::<[u64; 2]>().add(to) = *base.cast::<[u64; 2]>().add(from),
            }
        }
    }

    /// The lanes of a whole row in a version.
    pub fn read_row(&self, slot: u32, out: &mut Vec<u64>) {
        for column in 0..self.meta.columns.len() {
            self.read_into(column, slot, out);
        }
    }

    /// The lanes of a field in a version.
    pub fn read_field(&self, field: FieldId, slot: u32, out: &mut Vec<u64>) {
        let starts = &self.meta.column_starts;
        for column in starts[field.index()]..starts[field.index() + 1] {
            self.read_into(column, slot, out);
        }
    }

    fn read_into(&self, column: usize, slot: u32, out: &mut Vec<u64>) {
        let (first, second) = self.read(column, slot);
        out.push(first);
        if self.meta.columns[column].ty.lanes() == 2 {
            out.push(second);
        }
    }

    /// The lanes of parts in a version. The version must be one that is not freed.
    pub(crate) fn part_lanes(&self, parts: &[Part], slot: u32) -> PartLanes {
        let mut out = PartLanes::new();
        for part in parts {
            for column in part.columns.clone() {
                let (first, second) = self.read(column, slot);
                match self.meta.columns[column].ty {
                    ColumnType::Str if part.lower => {
                        let text = Str { head: first, tail: second };
                        // SAFETY: the version is not freed.
                        let lower = lower_case(unsafe { text.bytes() });
                        let text = Str::new(lower.as_bytes());
                        out.push(text.head);
                        out.push(text.tail);
                        if !text.is_inline() {
                            out.texts.push(lower);
                        }
                    }
                    ColumnType::Str | ColumnType::Id => {
                        out.push(first);
                        out.push(second);
                    }
                    _ => out.push(first),
                }
            }
        }
        out
    }

    /// The hash of lanes of parts.
    ///
    /// # Safety
    /// Texts among the lanes must be valid, and the lanes those of the parts.
    pub(crate) unsafe fn hash_lanes(&self, parts: &[Part], lanes: &[u64]) -> u64 {
        let mut hash = hash::SEED;
        let mut lane = 0;
        for part in parts {
            for column in &self.meta.columns[part.columns.clone()] {
                match column.ty {
                    ColumnType::Str => {
                        // SAFETY: by the caller's promise.
                        hash = unsafe { hash::str(hash, Str { head: lanes[lane], tail: lanes[lane + 1] }) };
                    }
                    ColumnType::Id => hash = hash::word(hash::word(hash, lanes[lane]), lanes[lane + 1]),
                    _ => hash = hash::word(hash, lanes[lane]),
                }
                lane += column.ty.lanes();
            }
        }
        hash::finish(hash)
    }

    /// The hash of parts of a version that is not freed.
    pub(crate) fn hash_slot(&self, parts: &[Part], slot: u32) -> u64 {
        let lanes = self.part_lanes(parts, slot);
        // SAFETY: the lanes were just read; lower texts live in `lanes`.
        unsafe { self.hash_lanes(parts, lanes.lanes()) }
    }

    /// Whether parts of a version that is not freed have these lanes.
    ///
    /// # Safety
    /// Texts among the lanes must be valid.
    pub(crate) unsafe fn parts_are(&self, parts: &[Part], slot: u32, lanes: &[u64]) -> bool {
        let mut lane = 0;
        for part in parts {
            for column in part.columns.clone() {
                let (first, second) = self.read(column, slot);
                let same = match self.meta.columns[column].ty {
                    ColumnType::Str => {
                        let (here, there) =
                            (Str { head: first, tail: second }, Str { head: lanes[lane], tail: lanes[lane + 1] });
                        // SAFETY: the version is not freed; the lanes by the caller's promise.
                        unsafe {
                            if part.lower {
                                lower_case(here.bytes()).as_bytes() == there.bytes()
                            } else {
                                here.same(&there)
                            }
                        }
                    }
                    ColumnType::Id => first == lanes[lane] && second == lanes[lane + 1],
                    _ => first == lanes[lane],
                };
                if !same {
                    return false;
                }
                lane += self.meta.columns[column].ty.lanes();
            }
        }
        true
    }

    /// Whether two versions that are not freed agree in parts.
    pub(crate) fn parts_agree(&self, parts: &[Part], a: u32, b: u32) -> bool {
        // Most often nothing changed, and then the raw columns are the same.
        if parts.iter().flat_map(|p| p.columns.clone()).all(|c| self.read(c, a) == self.read(c, b)) {
            return true;
        }
        let lanes = self.part_lanes(parts, a);
        // SAFETY: the lanes were just read; lower texts live in `lanes`.
        unsafe { self.parts_are(parts, b, lanes.lanes()) }
    }

    /// The key of parts of a version, for an ordered index.
    pub(crate) fn order_key(&self, parts: &[Part], slot: u32) -> Vec<u8> {
        let lanes = self.part_lanes(parts, slot);
        // SAFETY: the lanes were just read; lower texts live in `lanes`.
        unsafe { self.order_key_of(parts, lanes.lanes(), usize::MAX) }
    }

    /// The key of the first lanes of parts, at most `columns` columns.
    ///
    /// # Safety
    /// Texts among the lanes must be valid.
    pub(crate) unsafe fn order_key_of(&self, parts: &[Part], lanes: &[u64], columns: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(24);
        let mut lane = 0;
        let all = parts.iter().flat_map(|p| p.columns.clone().map(move |c| (c, p.descending)));
        for (column, descending) in all.take(columns) {
            let column = &self.meta.columns[column];
            let second = if column.ty.lanes() == 2 { lanes[lane + 1] } else { 0 };
            // SAFETY: by the caller's promise.
            unsafe { order_key::push(&mut out, column.ty, column.option_tag, lanes[lane], second, descending) };
            lane += column.ty.lanes();
        }
        out
    }

    pub(crate) fn parts(&self, which: Which) -> &[Part] {
        match which {
            Which::Key => &self.meta.key,
            Which::Unique(n) => &self.meta.uniques[n].0,
            Which::Index(n) => &self.meta.indexes[n].0,
        }
    }

    /// Whether some of the columns are those of one of the fields.
    pub(crate) fn is_part_of(&self, columns: &std::ops::Range<usize>, fields: &[FieldId]) -> bool {
        let starts = &self.meta.column_starts;
        fields.iter().any(|f| starts[f.index()] < columns.end && columns.start < starts[f.index() + 1])
    }

    /// Whether a unique, or who is exempt from it, has to do with one of the fields.
    pub(crate) fn unique_has_part_in(&self, unique: usize, fields: &[FieldId]) -> bool {
        let (parts, present) = &self.meta.uniques[unique];
        parts.iter().any(|part| self.is_part_of(&part.columns, fields))
            || present.iter().any(|tag| self.is_part_of(&(*tag..*tag + 1), fields))
    }

    /// Whether a version is exempt from a unique.
    pub(crate) fn exempt(&self, which: Which, slot: u32) -> bool {
        match which {
            Which::Unique(n) => self.meta.uniques[n].1.iter().any(|tag| self.read(*tag, slot).0 == 0),
            _ => false,
        }
    }

    /// Whether two versions of an entity, which are not freed, stand in an index by one entry. Versions that follow each
    /// other and do so have it together, once.
    pub(crate) fn same_entry(&self, which: Which, a: u32, b: u32) -> bool {
        self.parts_agree(self.parts(which), a, b) && !self.exempt(which, a) && !self.exempt(which, b)
    }

    /// Adds the entity under the value that a version has.
    pub(crate) fn index_add(
        &self,
        token: &mut WriteToken,
        which: Which,
        slot: u32,
        entity: u32,
        unlinked: &mut Unlinked,
    ) {
        let parts = self.parts(which);
        match which {
            Which::Key => debug_assert!(false, "keys are entered by `enter_key`"),
            Which::Unique(n) => self.uniques[n].add(token, self.hash_slot(parts, slot), entity, unlinked),
            Which::Index(n) => match &self.indexes[n] {
                Secondary::Hash(index) => index.insert(token, self.hash_slot(parts, slot), entity, unlinked),
                Secondary::Ordered(index) => index.insert(token, &self.order_key(parts, slot), entity),
            },
        }
    }

    /// Removes the entity from under the value that a version has.
    pub(crate) fn index_remove(
        &self,
        token: &mut WriteToken,
        which: Which,
        slot: u32,
        entity: u32,
        unlinked: &mut Unlinked,
    ) {
        let parts = self.parts(which);
        let found = match which {
            Which::Key => self.remove_key(token, slot, entity),
            Which::Unique(n) => self.uniques[n].remove(token, self.hash_slot(parts, slot), entity),
            Which::Index(n) => match &self.indexes[n] {
                Secondary::Hash(index) => index.remove(token, self.hash_slot(parts, slot), entity, unlinked),
                Secondary::Ordered(index) => index.remove(token, &self.order_key(parts, slot), entity),
            },
        };
        debug_assert!(found, "the writer removes only entries that it added");
    }

    /// All indexes but the key's.
    pub(crate) fn all_indexes(&self) -> impl Iterator<Item = Which> + use<> {
        let (uniques, indexes) = (self.uniques.len(), self.indexes.len());
        (0..uniques).map(Which::Unique).chain((0..indexes).map(Which::Index))
    }

    /// The row with these unique values that a snapshot sees.
    ///
    /// # Safety
    /// As for [`Relation::find_by_key`], with the parts of the unique.
    pub unsafe fn find_unique(&self, snapshot: u64, unique: usize, lanes: &[u64]) -> Row {
        let which = Which::Unique(unique);
        let parts = self.parts(which);
        // SAFETY: by the caller's promise.
        let hash = unsafe { self.hash_lanes(parts, lanes) };
        for entity in self.uniques[unique].candidates(hash) {
            if let Some(slot) = self.visible(snapshot, entity) {
                // SAFETY: the version is visible.
                if unsafe { self.parts_are(parts, slot, lanes) } && !self.exempt(which, slot) {
                    return Row { entity, slot };
                }
            }
        }
        Row::NONE
    }
}

/// The text in lower case, as `.lower` gives it.
pub fn lower_case(bytes: &[u8]) -> String {
    // Texts are UTF-8; what is not stays as it is, byte for byte, as far as a comparison can tell.
    String::from_utf8_lossy(bytes).to_lowercase()
}

/// The commit number of a slot that holds nothing.
pub(crate) const FREE: u64 = NEVER;
