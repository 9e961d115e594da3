//! The keys of a relation: which entity has one. See [`crate::dense_keys`] for keys that are small numbers,
//! [`crate::entity_table`] for all others. An entity has one key for all its time.

use std::sync::atomic::Ordering;

use crate::dense_keys::DenseKeys;
use crate::entity_table::EntityTable;
use crate::garbage::{Unlinked, WriteToken};
use crate::hash;
use crate::layout::{NONE, Row};
use crate::region::Region;
use crate::relation::Relation;

/// See the module.
#[derive(Debug)]
pub(crate) struct Keys {
    dense: DenseKeys,
    table: EntityTable,
}

impl Keys {
    /// No keys; `dense` is the region for those that are small numbers.
    pub(crate) fn new(dense: &Region) -> Keys {
        Keys { dense: DenseKeys::new(dense), table: EntityTable::new() }
    }
}

/// Asks for the line of memory at an address, which need not be usable.
#[inline]
fn prefetch(address: *const u8) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch reads nothing that the program sees, and never faults.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(address.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}

impl Relation {
    /// The row with a key that a snapshot sees.
    ///
    /// # Safety
    /// Texts among the lanes must be valid, and the lanes those of the key.
    #[inline]
    pub unsafe fn find_by_key(&self, snapshot: u64, lanes: &[u64]) -> Row {
        if self.meta.key_word.is_some()
            && let Some((entity, newest)) = self.keys.dense.find(lanes[0])
            && newest != NONE
        {
            // A writer says that it writes before it names a version here. So if what was written last is seen by the
            // snapshot, this is the version that it sees, and there is no need to look at when it began.
            if self.view.last_commit.load(Ordering::Acquire) <= snapshot {
                return Row { entity, slot: newest };
            }
            return self.visible_from(snapshot, newest).map_or(Row::NONE, |slot| Row { entity, slot });
        }
        // SAFETY: by the caller's promise.
        match unsafe { self.entity_by_key(lanes) } {
            Some(entity) => self.visible(snapshot, entity).map_or(Row::NONE, |slot| Row { entity, slot }),
            None => Row::NONE,
        }
    }

    /// Asks the memory for a version and its columns, which a transaction that found the row will soon read or copy; so
    /// that the misses of several rows overlap. A hint without any effect on what is read.
    #[inline]
    pub fn fetch_ahead(&self, slot: u32) {
        /// Wider rows are seldom copied whole at once, and there are only so many misses under way.
        const COLUMNS: usize = 8;
        prefetch(std::ptr::from_ref(self.version(slot)).cast());
        for (column, base) in self.meta.columns.iter().zip(&self.column_bases).take(COLUMNS) {
            prefetch(base.wrapping_add(slot as usize * column.ty.width()));
        }
    }

    /// The hash of a key.
    ///
    /// # Safety
    /// As for [`Relation::find_by_key`].
    #[inline]
    unsafe fn key_hash(&self, lanes: &[u64]) -> u64 {
        if self.meta.key_word.is_some() {
            return hash::finish(hash::word(hash::SEED, lanes[0]));
        }
        // SAFETY: by the caller's promise.
        unsafe { self.hash_lanes(&self.meta.key, lanes) }
    }

    /// The entity of a key, whether or not a row is visible.
    ///
    /// # Safety
    /// As for [`Relation::find_by_key`].
    #[inline]
    pub(crate) unsafe fn entity_by_key(&self, lanes: &[u64]) -> Option<u32> {
        if let Some(column) = self.meta.key_word {
            let key = lanes[0];
            let dense = self.keys.dense.find(key).map(|(entity, _)| entity);
            return dense.or_else(|| self.entity_of_word(column, key));
        }
        // SAFETY: by the caller's promise; a version that is newest is not freed before its entity left the table and
        // all readers that could have found it there are gone.
        unsafe {
            self.keys.table.candidates(self.key_hash(lanes)).find(|entity| {
                let slot = self.newest(*entity).load(Ordering::Acquire);
                slot != NONE && self.parts_are(&self.meta.key, slot, lanes)
            })
        }
    }

    /// The entity of a key of one word that is not dense.
    fn entity_of_word(&self, column: usize, key: u64) -> Option<u32> {
        let hash = hash::finish(hash::word(hash::SEED, key));
        self.keys.table.candidates(hash).find(|entity| {
            let slot = self.newest(*entity).load(Ordering::Acquire);
            slot != NONE && self.read(column, slot).0 == key
        })
    }

    /// Makes a version, which is published, the newest of an entity.
    pub(crate) fn set_newest(&self, token: &mut WriteToken, entity: u32, slot: u32) {
        self.newest(entity).store(slot, Ordering::Release);
        if let Some(column) = self.meta.key_word {
            self.keys.dense.set_newest(token, self.read(column, slot).0, entity, slot);
        }
    }

    /// Says that no version of an entity is live any more; `slot` is one of its versions.
    pub(crate) fn set_dead(&self, token: &mut WriteToken, entity: u32, slot: u32) {
        if let Some(column) = self.meta.key_word {
            self.keys.dense.set_newest(token, self.read(column, slot).0, entity, NONE);
        }
    }

    /// Enters the key of a new entity, whose first version is published.
    ///
    /// # Safety
    /// As for [`Relation::find_by_key`].
    pub(crate) unsafe fn enter_key(
        &self,
        token: &mut WriteToken,
        region: &mut Region,
        lanes: &[u64],
        entity: u32,
        unlinked: &mut Unlinked,
    ) {
        if self.meta.key_word.is_some() {
            let entities = self.view.entities.load(Ordering::Relaxed);
            let dense = &self.keys.dense;
            if dense.admits(lanes[0], entities)
                && dense.insert(token, region, lanes[0], entity, self.newest(entity).load(Ordering::Relaxed))
            {
                return;
            }
        }
        // SAFETY: by the caller's promise.
        let hash = unsafe { self.key_hash(lanes) };
        self.keys.table.insert(token, hash, entity, unlinked);
    }

    /// Removes the key of an entity, which a version of it has; returns whether it was there.
    pub(crate) fn remove_key(&self, token: &mut WriteToken, slot: u32, entity: u32) -> bool {
        if let Some(column) = self.meta.key_word
            && self.keys.dense.remove(token, self.read(column, slot).0, entity)
        {
            return true;
        }
        self.keys.table.remove(token, self.hash_slot(&self.meta.key, slot), entity)
    }
}
