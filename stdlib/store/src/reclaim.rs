//! What the writer owns, and the return of what transactions leave behind. See [`crate::image`].

use std::collections::VecDeque;
use std::sync::atomic::Ordering;

use rustc_hash::FxHashMap;

use crate::detached::Detached;
use crate::frozen;
use crate::garbage::{Garbage, Limbo, Unlinked, WriteToken};
use crate::image::{Image, Usage};
use crate::layout::NONE;
use crate::nested::Referrers;
use crate::relation::{FREE, Memory, Relation, Secondary, Which};
use crate::schema::{ColumnType, Generated, RelationId, Schema};
use crate::statistics::Sketch;
use crate::write::Change;

/// How a step of a transaction is undone.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Undo {
    Insert { relation: RelationId, slot: u32, entity: u32, before: u32 },
    Update { relation: RelationId, entity: u32, old: u32, new: u32 },
    Delete { relation: RelationId, slot: u32 },
    Index { relation: RelationId, which: Which, slot: u32, entity: u32 },
    Serial { relation: RelationId, before: i64 },
}

/// A version that ended and waits until nobody can see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended {
    pub(crate) commit: u64,
    pub(crate) relation: RelationId,
    pub(crate) slot: u32,
    /// The version that an update made of it, which shares its memory; [`NONE`] after a delete.
    pub(crate) successor: u32,
}

/// What the writer keeps of a relation.
#[derive(Debug)]
pub(crate) struct Growth {
    pub(crate) memory: Memory,
    pub(crate) free_slots: Vec<u32>,
    pub(crate) free_entities: Vec<u32>,
    /// Versions that a delete ended and that are not retired yet, with the version that a later insert put above them.
    pub(crate) inserted_above: FxHashMap<u32, u32>,
    pub(crate) sketches: Vec<Sketch>,
    pub(crate) serial: i64,
    /// The key field that is counted, if there is one.
    pub(crate) serial_column: Option<usize>,
    pub(crate) touched: bool,
}

/// What the holder of the lock owns.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) token: WriteToken,
    pub(crate) unlinked: Unlinked,
    pub(crate) limbo: Limbo,
    pub(crate) ended: VecDeque<Ended>,
    pub(crate) relations: Vec<Growth>,
    pub(crate) touched: Vec<RelationId>,
    pub(crate) undo: Vec<Undo>,
    pub(crate) redo: Vec<Change>,
    pub(crate) detached: Vec<Detached>,
    /// References inside of values.
    pub(crate) referrers: Referrers,
    /// A row while it is updated, kept for its memory.
    pub(crate) row: Vec<u64>,
    pub(crate) text_bytes: usize,
    pub(crate) commits: u64,
}

/// How many versions a commit returns in passing, and how often commits look.
pub(crate) const RECLAIM_BATCH: usize = 512;
pub(crate) const RECLAIM_EVERY: u64 = 32;

impl Writer {
    pub(crate) fn new(schema: &Schema, memories: Vec<Memory>) -> Writer {
        let relations = schema.relations.iter().zip(memories).map(|(relation, memory)| {
            let starts = relation.column_starts();
            let counted = relation.fields.iter().position(|f| f.generated == Some(Generated::Serial));
            Growth {
                memory,
                free_slots: Vec::new(),
                free_entities: Vec::new(),
                inserted_above: FxHashMap::default(),
                sketches: vec![Sketch::new(); *starts.last().unwrap_or(&0)],
                serial: 0,
                serial_column: counted.map(|field| starts[field]),
                touched: false,
            }
        });
        Writer {
            token: WriteToken::new(),
            unlinked: Unlinked::default(),
            limbo: Limbo::default(),
            ended: VecDeque::new(),
            relations: relations.collect(),
            touched: Vec::new(),
            undo: Vec::new(),
            redo: Vec::new(),
            detached: Vec::new(),
            referrers: Referrers::new(schema),
            row: Vec::new(),
            text_bytes: 0,
            commits: 0,
        }
    }

    pub(crate) fn sketches(&self, relation: RelationId) -> &[Sketch] {
        &self.relations[relation.index()].sketches
    }

    pub(crate) fn usage(&self, image: &Image) -> Usage {
        Usage {
            column_bytes: self.relations.iter().map(|r| r.memory.usable()).sum(),
            text_bytes: self.text_bytes,
            slots: image.relations().iter().map(|r| r.view.slots.load(Ordering::Relaxed) as usize).sum(),
            free_slots: self.relations.iter().map(|r| r.free_slots.len()).sum(),
            waiting_versions: self.ended.len(),
            waiting_garbage: self.limbo.len(),
        }
    }

    /// Returns at most `budget` versions, and all garbage that nobody reaches.
    pub(crate) fn reclaim(&mut self, image: &Image, budget: usize) {
        let (mut left, mut again) = (budget, true);
        while again {
            let current = image.durable();
            let (oldest, epoch) = image.readers.oldest(current);
            let relations = &mut self.relations;
            self.limbo.collect(epoch, |garbage| match garbage {
                Garbage::Slot(relation, slot) => relations[relation as usize].free_slots.push(slot),
                Garbage::Entity(relation, entity) => relations[relation as usize].free_entities.push(entity),
                Garbage::Memory(..) => {}
            });
            while left > 0 && self.ended.front().is_some_and(|ended| ended.commit <= oldest) {
                let Some(ended) = self.ended.pop_front() else { break };
                self.retire(image, ended);
                left -= 1;
            }
            self.publish_indexes(image);
            let anything = self.discard_unlinked(image);
            image.readers.advance();
            // With an unlimited budget, once more: what was unlinked just now may be free at once.
            again = budget == usize::MAX && (anything || !self.limbo.is_empty()) && {
                let (_, epoch) = image.readers.oldest(image.durable());
                self.limbo.oldest().is_some_and(|tag| tag < epoch)
            };
        }
    }

    /// Whether something waits that may be returned.
    pub(crate) fn has_waiting(&self) -> bool {
        !self.ended.is_empty() || !self.limbo.is_empty()
    }

    /// Tags what was unlinked with the epoch.
    pub(crate) fn discard_unlinked(&mut self, image: &Image) -> bool {
        let epoch = image.readers.epoch();
        let anything = !self.unlinked.0.is_empty();
        for (start, layout) in self.unlinked.0.drain(..) {
            self.limbo.push(epoch, Garbage::Memory(start, layout));
        }
        anything
    }

    pub(crate) fn publish_indexes(&mut self, image: &Image) {
        for id in self.touched.drain(..) {
            self.relations[id.index()].touched = false;
            for index in &image.relation(id).indexes {
                if let Secondary::Ordered(index) = index {
                    index.publish(&mut self.token, &mut self.unlinked);
                }
            }
        }
    }

    /// Counts the references inside of the values of a version that has come to live, or lives no more.
    pub(crate) fn count_nested(&mut self, relation: &Relation, slot: u32, entity: u32, come: bool) {
        for (field, ty) in &relation.meta.nested {
            let mut lanes = Vec::new();
            relation.read_field(*field, slot, &mut lanes);
            // SAFETY: the lanes are those of the field in a version that the writer has not released.
            unsafe { self.referrers.count((relation.id, *field, entity), ty, &lanes, come) };
        }
    }

    pub(crate) fn touch(&mut self, relation: RelationId) {
        let growth = &mut self.relations[relation.index()];
        if !growth.touched {
            growth.touched = true;
            self.touched.push(relation);
        }
    }

    /// Takes the oldest version of an entity out of its chain and of the indexes. What it costs depends on the one
    /// version above it alone.
    fn retire(&mut self, image: &Image, ended: Ended) {
        let relation = image.relation(ended.relation);
        let slot = ended.slot;
        let entity = relation.entity_of(slot).load(Ordering::Relaxed);
        let above = match ended.successor {
            NONE => self.relations[ended.relation.index()].inserted_above.remove(&slot).unwrap_or(NONE),
            successor => successor,
        };
        self.touch(ended.relation);
        for which in relation.all_indexes() {
            if !relation.exempt(which, slot) && (above == NONE || !relation.same_entry(which, slot, above)) {
                relation.index_remove(&mut self.token, which, slot, entity, &mut self.unlinked);
            }
        }
        if above != NONE {
            debug_assert_eq!(relation.prev(above).load(Ordering::Relaxed), slot, "versions are retired oldest first");
            relation.prev(above).store(NONE, Ordering::Release);
        } else {
            // Deleted, and not inserted again: nothing of the entity is left.
            debug_assert_eq!(relation.newest(entity).load(Ordering::Relaxed), slot);
            relation.index_remove(&mut self.token, Which::Key, slot, entity, &mut self.unlinked);
            relation.newest(entity).store(NONE, Ordering::Release);
            self.limbo.push(image.readers.epoch(), Garbage::Entity(ended.relation.0, entity));
        }
        self.release(image, ended.relation, slot, ended.successor);
    }

    /// Makes a slot invisible for good; it and the memory that `keeper` does not share wait for readers.
    pub(crate) fn release(&mut self, image: &Image, id: RelationId, slot: u32, keeper: u32) {
        let relation = image.relation(id);
        relation.begin(slot).store(FREE, Ordering::Release);
        let epoch = image.readers.epoch();
        for_each_memory(relation, slot, keeper, |start, layout| {
            self.text_bytes -= layout.size();
            self.limbo.push(epoch, Garbage::Memory(start, layout));
        });
        self.limbo.push(epoch, Garbage::Slot(id.0, slot));
    }

    /// Frees the texts and collections of all versions; for the end of the image.
    pub(crate) fn free_everything(&mut self, relations: &[Relation]) {
        let free = |start: std::ptr::NonNull<u8>, layout| {
            // SAFETY: frozen memory belongs to one version, or to the last of those that share it.
            unsafe { std::alloc::dealloc(start.as_ptr(), layout) }
        };
        for ended in std::mem::take(&mut self.ended) {
            let relation = &relations[ended.relation.index()];
            for_each_memory(relation, ended.slot, ended.successor, free);
            relation.begin(ended.slot).store(FREE, Ordering::Relaxed);
        }
        for relation in relations {
            for slot in 0..relation.view.slots.load(Ordering::Relaxed) {
                if relation.begin(slot).load(Ordering::Relaxed) != FREE {
                    for_each_memory(relation, slot, NONE, free);
                }
            }
        }
    }
}

/// Visits the memory of a version that `keeper` does not share.
fn for_each_memory(
    relation: &Relation,
    slot: u32,
    keeper: u32,
    mut visit: impl FnMut(std::ptr::NonNull<u8>, std::alloc::Layout),
) {
    for (number, column) in relation.meta.columns.iter().enumerate() {
        if !matches!(column.ty, ColumnType::Str | ColumnType::Collection) {
            continue;
        }
        let (first, second) = relation.read(number, slot);
        if keeper != NONE && relation.read(number, keeper) == (first, second) {
            continue;
        }
        // SAFETY: the columns of a version that is not freed hold frozen values.
        if let Some((start, layout)) = unsafe { frozen::memory(column.ty, first, second) } {
            visit(start, layout);
        }
    }
}
