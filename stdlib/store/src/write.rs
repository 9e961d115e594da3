//! Transactions on the image. See [`crate::image`].

use std::sync::atomic::Ordering;

use parking_lot::MutexGuard;

use crate::frozen;
use crate::garbage::Garbage;
use crate::image::{Image, Reader};
use crate::layout::{NEVER, NONE, Row, Str};
use crate::meta::{Column, Part};
use crate::reclaim::{Ended, RECLAIM_BATCH, RECLAIM_EVERY, Undo, Writer};
use crate::relation::{Relation, Secondary, Which, lower_case};
use crate::row_size;
use crate::schema::{ColumnType, FieldId, RelationId};

/// A rule of the store that refuses a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// The key is taken.
    Key {
        /// The relation.
        relation: RelationId,
        /// Who has it.
        entity: u32,
    },
    /// A unique is taken.
    Unique {
        /// The relation.
        relation: RelationId,
        /// Which of its uniques.
        unique: usize,
        /// Who has it.
        entity: u32,
    },
    /// A reference leads to a row that is not there.
    Reference {
        /// The referring relation.
        relation: RelationId,
        /// The referring field.
        field: FieldId,
    },
    /// A row cannot be deleted while another refers to it.
    Restricted {
        /// The referring relation.
        relation: RelationId,
        /// The referring field.
        field: FieldId,
        /// The referring row.
        entity: u32,
    },
    /// The row to be changed is not there (any more).
    Missing {
        /// The relation.
        relation: RelationId,
        /// Which.
        entity: u32,
    },
    /// A key field cannot be changed by an update.
    KeyChanged {
        /// The relation.
        relation: RelationId,
        /// The field.
        field: FieldId,
    },
    /// The relation's memory is full.
    Full {
        /// The relation.
        relation: RelationId,
    },
    /// The row would be larger than [`crate::MAX_ROW_BYTES`].
    TooLarge {
        /// The relation.
        relation: RelationId,
    },
}

/// What happened to a row, for the authority. The version's columns say the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The relation.
    pub relation: RelationId,
    /// What happened.
    pub kind: ChangeKind,
    /// The row.
    pub entity: u32,
    /// The version that began (insert, update) or ended (delete).
    pub slot: u32,
}

/// See [`Change`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// The row is new.
    Insert,
    /// The row has a new version.
    Update,
    /// The row is gone.
    Delete,
}

/// A running transaction: the only writer. Dropping it undoes it.
#[derive(Debug)]
pub struct WriteTxn<'a> {
    image: &'a Image,
    pub(crate) writer: MutexGuard<'a, Writer>,
    commit: u64,
    sizes_count: bool,
    /// Bytes of texts and collections that were copied for new versions.
    copied: usize,
    /// Entries of indexes that were looked at for deletes.
    pub(crate) steps: usize,
}

/// A point to which a transaction can be undone.
#[derive(Clone, Copy, Debug)]
pub struct Savepoint {
    undo: usize,
    redo: usize,
}

/// The lanes of parts of a row that is not stored yet.
pub(crate) struct Parts {
    lanes: Vec<u64>,
    /// What texts in lower case point to.
    _texts: Vec<String>,
}

impl Parts {
    /// # Safety
    /// The lanes must be those of a whole row, and texts among them valid.
    pub(crate) unsafe fn of(relation: &Relation, parts: &[Part], row: &[u64]) -> Parts {
        let (mut lanes, mut texts) = (Vec::with_capacity(4), Vec::new());
        for part in parts {
            for column in &relation.meta.columns[part.columns.clone()] {
                if part.lower && column.ty == ColumnType::Str {
                    let text = Str { head: row[column.lane], tail: row[column.lane + 1] };
                    // SAFETY: by the caller's promise.
                    let lower = lower_case(unsafe { text.bytes() });
                    let text = Str::new(lower.as_bytes());
                    lanes.extend_from_slice(&[text.head, text.tail]);
                    texts.push(lower);
                } else {
                    lanes.extend_from_slice(&row[column.lane..column.lane + column.ty.lanes()]);
                }
            }
        }
        Parts { lanes, _texts: texts }
    }

    pub(crate) fn lanes(&self) -> &[u64] {
        &self.lanes
    }
}

impl<'a> WriteTxn<'a> {
    pub(crate) fn begin(image: &'a Image, writer: MutexGuard<'a, Writer>) -> WriteTxn<'a> {
        debug_assert!(writer.undo.is_empty() && writer.redo.is_empty(), "the last transaction ended");
        WriteTxn { image, commit: image.newest() + 1, writer, sizes_count: true, copied: 0, steps: 0 }
    }

    /// Bytes of texts and collections that the transaction has copied into the image so far.
    pub fn copied(&self) -> usize {
        self.copied
    }

    /// Entries of indexes that the transaction has looked at so far, where that depends on how many rows refer to one.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// The number that the transaction will have: what it reads as its snapshot.
    pub fn number(&self) -> u64 {
        self.commit
    }

    /// The image.
    pub fn image(&self) -> &'a Image {
        self.image
    }

    /// The transaction's own view: the newest commit and what it wrote itself. Rows and values read
    /// through it are valid until the transaction ends.
    pub fn reader(&self) -> Reader<'a> {
        Reader { image: self.image, snapshot: self.commit, own: true }
    }

    /// Takes rows of any size: they come from an authority, which has them already.
    pub fn take_any_size(&mut self) {
        self.sizes_count = false;
    }

    /// What happened so far, in order.
    pub fn changes(&self) -> &[Change] {
        &self.writer.redo
    }

    pub(crate) fn live(&self, relation: &Relation, entity: u32) -> Option<u32> {
        if entity >= relation.view.entities.load(Ordering::Relaxed) {
            return None;
        }
        let slot = relation.newest(entity).load(Ordering::Relaxed);
        (slot != NONE && relation.end(slot).load(Ordering::Relaxed) == NEVER).then_some(slot)
    }

    pub(crate) fn mark(&mut self, relation: &Relation) {
        if relation.view.last_commit.load(Ordering::Relaxed) != self.commit {
            relation.view.last_commit.store(self.commit, Ordering::Release);
        }
        self.writer.touch(relation.id);
    }

    pub(crate) fn take_slot(&mut self, relation: &Relation) -> Result<(u32, bool), Violation> {
        let growth = &mut self.writer.relations[relation.id.index()];
        if let Some(slot) = growth.free_slots.pop() {
            return Ok((slot, true));
        }
        let slot = relation.view.slots.load(Ordering::Relaxed);
        growth.memory.ensure_slot(slot).map_err(|_| Violation::Full { relation: relation.id })?;
        Ok((slot, false))
    }

    pub(crate) fn take_entity(&mut self, relation: &Relation) -> Result<u32, Violation> {
        let growth = &mut self.writer.relations[relation.id.index()];
        if let Some(entity) = growth.free_entities.pop() {
            return Ok(entity);
        }
        let entity = relation.view.entities.load(Ordering::Relaxed);
        growth.memory.ensure_entity(entity).map_err(|_| Violation::Full { relation: relation.id })?;
        relation.newest(entity).store(NONE, Ordering::Relaxed);
        relation.view.entities.store(entity + 1, Ordering::Release);
        Ok(entity)
    }

    /// Publishes a filled slot as a version of an entity.
    pub(crate) fn publish(&mut self, relation: &Relation, slot: u32, entity: u32, before: u32, end: u64) {
        relation.entity_of(slot).store(entity, Ordering::Relaxed);
        relation.prev(slot).store(before, Ordering::Relaxed);
        relation.end(slot).store(end, Ordering::Relaxed);
        // Release: whoever sees the version begun sees its columns.
        relation.begin(slot).store(self.commit, Ordering::Release);
    }

    /// Writes a value that comes from a call into a column: texts and collections are copied.
    ///
    /// # Safety
    /// The lanes must be those of the column's type, and what they point to valid.
    pub(crate) unsafe fn fill(&mut self, relation: &Relation, column: usize, slot: u32, first: u64, second: u64) {
        // SAFETY: by the caller's promise.
        let (first, second) = unsafe { self.copy_in(relation, column, slot, first, second) };
        let ty = relation.meta.columns[column].ty;
        self.writer.relations[relation.id.index()].sketches[column].add(ty, first, second);
    }

    /// As [`WriteTxn::fill`], for a version that statistics do not count. Yields the lanes as they are stored.
    ///
    /// # Safety
    /// As for [`WriteTxn::fill`].
    pub(crate) unsafe fn copy_in(
        &mut self,
        relation: &Relation,
        column: usize,
        slot: u32,
        first: u64,
        second: u64,
    ) -> (u64, u64) {
        let description = &relation.meta.columns[column];
        // SAFETY: by the caller's promise.
        let (first, second) = unsafe {
            match description.ty {
                ColumnType::Str => {
                    let frozen = frozen::freeze_text(Str { head: first, tail: second });
                    (frozen.head, frozen.tail)
                }
                ColumnType::Collection => (frozen::freeze_collection(first, &description.element), 0),
                _ => (first, second),
            }
        };
        // SAFETY: just frozen.
        if let Some((_, layout)) = unsafe { frozen::memory(description.ty, first, second) } {
            self.writer.text_bytes += layout.size();
            self.copied += layout.size();
        }
        relation.write(column, slot, first, second);
        (first, second)
    }

    pub(crate) fn add_entry(&mut self, relation: &Relation, which: Which, slot: u32, entity: u32) {
        let writer = &mut *self.writer;
        relation.index_add(&mut writer.token, which, slot, entity, &mut writer.unlinked);
        writer.undo.push(Undo::Index { relation: relation.id, which, slot, entity });
    }

    /// Inserts a row. Rules are tried in this order: the key, the uniques, the references, the size.
    ///
    /// # Safety
    /// The lanes must be those of a whole row of the relation, and what they point to valid.
    pub unsafe fn insert(&mut self, id: RelationId, lanes: &[u64]) -> Result<Row, Violation> {
        // SAFETY: by the caller's promise.
        unsafe { self.insert_row::<true>(id, lanes) }
    }

    /// Inserts a row; one that is not whole stands under its key alone, see [`WriteTxn::insert_open`].
    ///
    /// # Safety
    /// As for [`WriteTxn::insert`].
    pub(crate) unsafe fn insert_row<const WHOLE: bool>(
        &mut self,
        id: RelationId,
        lanes: &[u64],
    ) -> Result<Row, Violation> {
        let relation = self.image.relation(id);
        debug_assert_eq!(lanes.len(), relation.meta.lanes());
        let word;
        let parts;
        let key: &[u64] = match relation.meta.key_word {
            Some(column) => {
                word = [lanes[relation.meta.columns[column].lane]];
                &word
            }
            None => {
                // SAFETY: by the caller's promise.
                parts = unsafe { Parts::of(relation, &relation.meta.key, lanes) };
                &parts.lanes
            }
        };
        // SAFETY: by the caller's promise.
        let known = unsafe { relation.entity_by_key(key) };
        if let Some(entity) = known
            && self.live(relation, entity).is_some()
        {
            return Err(Violation::Key { relation: id, entity });
        }
        if WHOLE {
            // SAFETY: by the caller's promise.
            unsafe { self.check_constraints(relation, lanes, NONE)? };
        }
        let given = |field: FieldId| Some(relation.meta.lane_starts[field.index()]);
        // SAFETY: by the caller's promise.
        if self.sizes_count && unsafe { row_size::is_too_large(self.image, relation, lanes, NONE, given) } {
            return Err(Violation::TooLarge { relation: id });
        }
        let (slot, reused) = self.take_slot(relation)?;
        let entity = match known {
            Some(entity) => entity,
            None => match self.take_entity(relation) {
                Ok(entity) => entity,
                Err(full) => {
                    if reused {
                        self.writer.relations[id.index()].free_slots.push(slot);
                    }
                    return Err(full);
                }
            },
        };
        let before = relation.newest(entity).load(Ordering::Relaxed);
        self.mark(relation);
        for column in 0..relation.meta.columns.len() {
            let lane = relation.meta.columns[column].lane;
            let second = lanes.get(lane + 1).copied().unwrap_or(0);
            // SAFETY: by the caller's promise.
            unsafe { self.fill(relation, column, slot, lanes[lane], second) };
        }
        self.count_serial(relation, slot);
        self.publish(relation, slot, entity, before, NEVER);
        if WHOLE {
            self.writer.count_nested(relation, slot, entity, true);
        }
        if reused {
            relation.view.lower_gaps();
        } else {
            relation.view.slots.store(slot + 1, Ordering::Release);
        }
        relation.set_newest(&mut self.writer.token, entity, slot);
        relation.view.raise_live();
        self.writer.undo.push(Undo::Insert { relation: id, slot, entity, before });
        if before != NONE {
            self.writer.relations[id.index()].inserted_above.insert(before, slot);
        }
        if known.is_none() {
            let writer = &mut *self.writer;
            let region = &mut writer.relations[id.index()].memory.dense;
            // SAFETY: by the caller's promise.
            unsafe { relation.enter_key(&mut writer.token, region, key, entity, &mut writer.unlinked) };
            writer.undo.push(Undo::Index { relation: id, which: Which::Key, slot, entity });
        }
        for which in relation.all_indexes() {
            if WHOLE && !relation.exempt(which, slot) && (before == NONE || !relation.same_entry(which, before, slot)) {
                self.add_entry(relation, which, slot, entity);
            }
        }
        self.writer.redo.push(Change { relation: id, kind: ChangeKind::Insert, entity, slot });
        Ok(Row { entity, slot })
    }

    /// Keeps the relation's counter at or above the keys that were given.
    fn count_serial(&mut self, relation: &Relation, slot: u32) {
        let growth = &mut self.writer.relations[relation.id.index()];
        if let Some(column) = growth.serial_column {
            let (given, _) = relation.read(column, slot);
            if given as i64 > growth.serial {
                let before = std::mem::replace(&mut growth.serial, given as i64);
                self.writer.undo.push(Undo::Serial { relation: relation.id, before });
            }
        }
    }

    /// The next number of a relation's counter; `None` after the last.
    pub fn next_serial(&mut self, relation: RelationId) -> Option<i64> {
        let growth = &mut self.writer.relations[relation.index()];
        let before = growth.serial;
        growth.serial = before.checked_add(1)?;
        let next = growth.serial;
        self.writer.undo.push(Undo::Serial { relation, before });
        Some(next)
    }

    /// Where a relation's counter stands.
    pub fn serial(&self, relation: RelationId) -> i64 {
        self.writer.relations[relation.index()].serial
    }

    /// Sets a relation's counter, when the image is rebuilt.
    pub fn set_serial(&mut self, relation: RelationId, value: i64) {
        let growth = &mut self.writer.relations[relation.index()];
        growth.serial = growth.serial.max(value);
    }

    /// Gives a row new values of some fields: a new version. `lanes` are the lanes of these fields, one
    /// after the other. A field may stand once.
    ///
    /// # Safety
    /// The lanes must be those of the fields, and what they point to valid.
    pub unsafe fn update(
        &mut self,
        id: RelationId,
        entity: u32,
        fields: &[FieldId],
        lanes: &[u64],
    ) -> Result<Row, Violation> {
        let relation = self.image.relation(id);
        let Some(old) = self.live(relation, entity) else { return Err(Violation::Missing { relation: id, entity }) };
        let slot = if fields.iter().all(|field| relation.meta.bare[field.index()]) {
            // SAFETY: by the caller's promise.
            unsafe { self.new_version(relation, entity, old, fields, lanes)? }
        } else {
            // SAFETY: by the caller's promise.
            unsafe { self.update_checked(relation, entity, old, fields, lanes)? }
        };
        self.writer.redo.push(Change { relation: id, kind: ChangeKind::Update, entity, slot });
        Ok(Row { entity, slot })
    }

    /// Updates a live version where a rule, an index or the size of the row may have to do with the fields.
    ///
    /// # Safety
    /// As for [`WriteTxn::update`].
    unsafe fn update_checked(
        &mut self,
        relation: &Relation,
        entity: u32,
        old: u32,
        fields: &[FieldId],
        lanes: &[u64],
    ) -> Result<u32, Violation> {
        let meta = &relation.meta;
        let result = if fields.iter().all(|field| meta.plain[field.index()]) {
            Ok(())
        } else {
            // The row as it will be; texts that do not change are those of the old version.
            let mut row = std::mem::take(&mut self.writer.row);
            row.clear();
            relation.read_row(old, &mut row);
            // SAFETY: by the caller's promise.
            let result = unsafe { self.check_update(relation, entity, old, fields, lanes, &mut row) };
            self.writer.row = row;
            result
        };
        result?;
        let given = |wanted: FieldId| {
            let mut start = 0;
            for field in fields {
                if *field == wanted {
                    return Some(start);
                }
                start += meta.lane_starts[field.index() + 1] - meta.lane_starts[field.index()];
            }
            None
        };
        // SAFETY: by the caller's promise.
        if self.sizes_count
            && fields.iter().any(|field| meta.counted.field(*field))
            && unsafe { row_size::is_too_large(self.image, relation, lanes, old, given) }
        {
            return Err(Violation::TooLarge { relation: relation.id });
        }
        // SAFETY: by the caller's promise.
        let slot = unsafe { self.new_version(relation, entity, old, fields, lanes)? };
        self.writer.count_nested(relation, old, entity, false);
        self.writer.count_nested(relation, slot, entity, true);
        for which in relation.all_indexes() {
            let affected = match which {
                Which::Unique(unique) => relation.unique_has_part_in(unique, fields),
                _ => relation.parts(which).iter().any(|part| relation.is_part_of(&part.columns, fields)),
            };
            if affected && !relation.exempt(which, slot) && !relation.same_entry(which, old, slot) {
                self.add_entry(relation, which, slot, entity);
            }
        }
        Ok(slot)
    }

    /// Tries the rules for an update; `row` holds the lanes of the live version, and then of the row as it will be.
    ///
    /// # Safety
    /// As for [`WriteTxn::update`].
    unsafe fn check_update(
        &self,
        relation: &Relation,
        entity: u32,
        old: u32,
        fields: &[FieldId],
        lanes: &[u64],
        row: &mut [u64],
    ) -> Result<(), Violation> {
        let id = relation.id;
        let mut at = 0;
        for field in fields {
            let range = relation.meta.lane_starts[field.index()]..relation.meta.lane_starts[field.index() + 1];
            let given = &lanes[at..at + range.len()];
            at += range.len();
            row[range].copy_from_slice(given);
        }
        debug_assert_eq!(at, lanes.len());
        for part in &relation.meta.key {
            if relation.is_part_of(&part.columns, fields) {
                // SAFETY: by the caller's promise; the old version is live.
                let same = unsafe {
                    let value = Parts::of(relation, std::slice::from_ref(part), row);
                    relation.parts_are(std::slice::from_ref(part), old, &value.lanes)
                };
                if !same {
                    let field = fields.iter().find(|f| relation.meta.column_starts[f.index()] == part.columns.start);
                    let field = field.copied().unwrap_or(FieldId(0));
                    return Err(Violation::KeyChanged { relation: id, field });
                }
            }
        }
        for unique in 0..relation.uniques.len() {
            if relation.unique_has_part_in(unique, fields) {
                // SAFETY: by the caller's promise.
                unsafe { self.check_unique(relation, unique, row, entity)? };
            }
        }
        for reference in &relation.meta.references {
            if fields.contains(&reference.field) && reference.tag_lane.is_none_or(|tag| row[tag] != 0) {
                let target = self.image.relation(reference.target);
                if self.live(target, row[reference.lane] as u32).is_none() {
                    return Err(Violation::Reference { relation: id, field: reference.field });
                }
            }
        }
        for (field, ty) in relation.meta.nested.iter().filter(|(field, _)| fields.contains(field)) {
            // SAFETY: by the caller's promise.
            unsafe { self.check_nested(id, *field, ty, &row[relation.meta.lane_starts[field.index()]..])? };
        }
        Ok(())
    }

    /// Makes a new version of an entity from its live one and new values of some fields; yields its slot.
    ///
    /// # Safety
    /// As for [`WriteTxn::update`].
    unsafe fn new_version(
        &mut self,
        relation: &Relation,
        entity: u32,
        old: u32,
        fields: &[FieldId],
        lanes: &[u64],
    ) -> Result<u32, Violation> {
        let id = relation.id;
        let meta = &relation.meta;
        let (slot, reused) = self.take_slot(relation)?;
        self.mark(relation);
        for column in 0..meta.columns.len() {
            relation.copy(column, old, slot);
        }
        // The first lane of the next field among those given.
        let mut start = 0;
        for field in fields {
            let first = meta.lane_starts[field.index()];
            for column in meta.column_starts[field.index()]..meta.column_starts[field.index() + 1] {
                let Column { ty, lane, .. } = &meta.columns[column];
                let at = start + lane - first;
                let given = (lanes[at], if ty.lanes() == 2 { lanes[at + 1] } else { 0 });
                // A value that is the old version's own is shared with it.
                if relation.read(column, old) != given {
                    // SAFETY: by the caller's promise.
                    unsafe { self.fill(relation, column, slot, given.0, given.1) };
                }
            }
            start += meta.lane_starts[field.index() + 1] - first;
        }
        debug_assert_eq!(start, lanes.len());
        self.publish(relation, slot, entity, old, NEVER);
        relation.end(old).store(self.commit, Ordering::Release);
        relation.set_newest(&mut self.writer.token, entity, slot);
        if !reused {
            // Else one gap went and one came.
            relation.view.raise_gaps();
            relation.view.slots.store(slot + 1, Ordering::Release);
        }
        self.writer.ended.push_back(Ended { commit: self.commit, relation: id, slot: old, successor: slot });
        self.writer.undo.push(Undo::Update { relation: id, entity, old, new: slot });
        Ok(slot)
    }

    /// Freezes an ordered index as it is, so that a range of the transaction's own view stays valid while
    /// the transaction writes.
    pub fn freeze_index(&mut self, relation: RelationId, index: usize) {
        if let Secondary::Ordered(ordered) = &self.image.relation(relation).indexes[index] {
            ordered.freeze(&mut self.writer.token);
        }
    }

    /// Where the transaction stands.
    pub fn savepoint(&self) -> Savepoint {
        Savepoint { undo: self.writer.undo.len(), redo: self.writer.redo.len() }
    }

    /// Undoes what was done since a savepoint of this transaction.
    pub fn undo_to(&mut self, savepoint: Savepoint) {
        let image = self.image;
        let writer = &mut *self.writer;
        while writer.undo.len() > savepoint.undo {
            let Some(undo) = writer.undo.pop() else { break };
            match undo {
                Undo::Index { relation, which, slot, entity } => {
                    image.relation(relation).index_remove(&mut writer.token, which, slot, entity, &mut writer.unlinked);
                }
                Undo::Insert { relation: id, slot, entity, before } => {
                    let relation = image.relation(id);
                    writer.count_nested(relation, slot, entity, false);
                    relation.newest(entity).store(before, Ordering::Release);
                    if before != NONE {
                        // What was there before had been deleted.
                        writer.relations[id.index()].inserted_above.remove(&before);
                        relation.set_dead(&mut writer.token, entity, before);
                    }
                    relation.view.lower_live();
                    relation.view.raise_gaps();
                    writer.release(image, id, slot, NONE);
                    if before == NONE {
                        writer.limbo.push(image.readers.epoch(), Garbage::Entity(id.0, entity));
                    }
                }
                Undo::Update { relation: id, entity, old, new } => {
                    let relation = image.relation(id);
                    writer.count_nested(relation, new, entity, false);
                    writer.count_nested(relation, old, entity, true);
                    relation.end(old).store(NEVER, Ordering::Release);
                    relation.set_newest(&mut writer.token, entity, old);
                    // The old version is live again and the new one is not: the gaps stay as many.
                    writer.ended.pop_back();
                    writer.release(image, id, new, old);
                }
                Undo::Delete { relation: id, slot } => {
                    let relation = image.relation(id);
                    relation.end(slot).store(NEVER, Ordering::Release);
                    let entity = relation.entity_of(slot).load(Ordering::Relaxed);
                    writer.count_nested(relation, slot, entity, true);
                    relation.set_newest(&mut writer.token, entity, slot);
                    relation.view.raise_live();
                    relation.view.lower_gaps();
                    writer.ended.pop_back();
                }
                Undo::Serial { relation, before } => writer.relations[relation.index()].serial = before,
            }
        }
        writer.redo.truncate(savepoint.redo);
    }

    /// Makes everything visible as the next commit, and appends what happened to `changes`. Returns the
    /// number of the commit, or of the last one if nothing was changed.
    pub fn commit(mut self, changes: &mut Vec<Change>) -> u64 {
        self.finish(|writer, _| changes.append(&mut writer.redo))
    }

    /// As [`WriteTxn::commit`] where no authority has to hear of it: the commit is as durable as it will be.
    pub fn commit_volatile(mut self) -> u64 {
        self.finish(|writer, image| {
            writer.redo.clear();
            image.durable.store(image.newest(), Ordering::Release);
        })
    }

    fn finish(&mut self, hand_over: impl FnOnce(&mut Writer, &Image)) -> u64 {
        let image = self.image;
        let writer = &mut *self.writer;
        if writer.redo.is_empty() {
            writer.undo.clear();
            return self.commit - 1;
        }
        writer.publish_indexes(image);
        // Release: a reader that takes this number sees all that the transaction did.
        image.newest.store(self.commit, Ordering::Release);
        hand_over(writer, image);
        writer.undo.clear();
        writer.discard_unlinked(image);
        writer.commits += 1;
        if writer.commits.is_multiple_of(RECLAIM_EVERY) {
            // More after large transactions, so that the backlog shrinks.
            let budget = RECLAIM_BATCH + writer.ended.len() / 64;
            writer.reclaim(image, budget);
        }
        self.commit
    }

    /// Undoes everything.
    pub fn abort(self) {
        drop(self);
    }
}

impl Drop for WriteTxn<'_> {
    fn drop(&mut self) {
        self.undo_to(Savepoint { undo: 0, redo: 0 });
        self.writer.release_detached(self.image);
    }
}
