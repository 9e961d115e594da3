//! Rows that the store does not have any more, as a call remembers them: versions that nobody sees and nobody finds,
//! until the transaction ends. Code that is given such a row reads its fields as it reads those of any row; whoever
//! follows it, changes it or looks it up finds that it is gone.

use std::sync::atomic::Ordering;

use crate::garbage::Garbage;
use crate::image::Image;
use crate::layout::{NONE, Row};
use crate::reclaim::Writer;
use crate::relation::Relation;
use crate::schema::RelationId;
use crate::write::{Parts, Violation, WriteTxn};

/// A version that ends with its transaction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Detached {
    relation: RelationId,
    slot: u32,
    entity: u32,
    /// Whether the entity was made for it: the store knows no row of its key.
    made: bool,
}

impl WriteTxn<'_> {
    /// A version with these fields, which is nobody's. Its entity is that of its key if the store knows one.
    ///
    /// # Safety
    /// The lanes must be those of a whole row of the relation, and what they point to valid. A collection may be 0.
    pub unsafe fn detach(&mut self, id: RelationId, lanes: &[u64]) -> Result<Row, Violation> {
        let relation = self.image().relation(id);
        // SAFETY: by the caller's promise.
        let known = unsafe {
            let key = Parts::of(relation, &relation.meta().key, lanes);
            let stored = relation.entity_by_key(key.lanes());
            stored.or_else(|| {
                let own = self.writer.detached.iter().filter(|d| d.made && d.relation == id);
                own.map(|d| (d.entity, d.slot))
                    .find(|(_, slot)| relation.parts_are(&relation.meta().key, *slot, key.lanes()))
                    .map(|(entity, _)| entity)
            })
        };
        let (slot, reused) = self.take_slot(relation)?;
        let entity = match known.map_or_else(|| self.take_entity(relation), Ok) {
            Ok(entity) => entity,
            Err(full) => {
                if reused {
                    self.writer.relations[id.index()].free_slots.push(slot);
                }
                return Err(full);
            }
        };
        for column in 0..relation.meta().columns.len() {
            let lane = relation.meta().columns[column].lane;
            let second = lanes.get(lane + 1).copied().unwrap_or(0);
            // SAFETY: by the caller's promise.
            unsafe { self.copy_in(relation, column, slot, lanes[lane], second) };
        }
        // It ended before everything, so no snapshot ever sees it.
        self.publish(relation, slot, entity, NONE, 0);
        if !reused {
            relation.view().raise_gaps();
            relation.view().slots.store(slot + 1, Ordering::Release);
        }
        if known.is_none() {
            relation.newest(entity).store(slot, Ordering::Release);
        }
        self.writer.detached.push(Detached { relation: id, slot, entity, made: known.is_none() });
        Ok(Row { entity, slot })
    }
}

impl Writer {
    /// Lets go of the detached versions of the transaction that ends.
    pub(crate) fn release_detached(&mut self, image: &Image) {
        while let Some(Detached { relation: id, slot, entity, made }) = self.detached.pop() {
            let relation: &Relation = image.relation(id);
            self.release(image, id, slot, NONE);
            if made {
                relation.newest(entity).store(NONE, Ordering::Release);
                self.limbo.push(image.readers.epoch(), Garbage::Entity(id.0, entity));
            }
        }
    }
}
