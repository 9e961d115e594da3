//! Keys that are small whole numbers: an array from the key to its entity and its live version, beside the table of all
//! other keys.
//!
//! Serial numbers and other keys that lie close together are found by one access to memory, without a hash. The element
//! also names the live version, so that its columns can be fetched at once; it is [`NONE`](crate::layout::NONE) while the
//! newest state has no row of the key. A key is taken in when the array is not much larger than the number of entities would ask for
//! ([`DenseKeys::admits`]); whatever it does not take in stands in the hash table, for good. So a reader who finds
//! nothing here looks there.
//!
//! Readers load the length and then an element, both with `Acquire`; the writer stores an element with `Release` after
//! what it leads to. The memory is reserved at once, so the array never moves.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::garbage::WriteToken;
use crate::region::Region;

/// The array may have so many elements for each entity: the table takes about half of that memory.
const SPREAD: u64 = 4;
/// And so many besides, for relations of few rows.
const SLACK: u64 = 1024;

/// See the module.
#[derive(Debug)]
pub struct DenseKeys {
    /// An element is the live version in its upper half, and the entity plus one in its lower, or 0.
    base: *mut u64,
    /// How many elements can be read.
    len: AtomicUsize,
}

/// Bytes of an element.
pub(crate) const WIDTH: usize = size_of::<u64>();

// SAFETY: the array lies in a mapping that the image keeps; all access goes through atomics.
unsafe impl Send for DenseKeys {}
// SAFETY: as above.
unsafe impl Sync for DenseKeys {}

fn word(entity: u32, newest: u32) -> u64 {
    u64::from(newest) << 32 | (u64::from(entity) + 1)
}

impl DenseKeys {
    /// An empty array in a region, which must live as long and be used for nothing else.
    pub fn new(region: &Region) -> DenseKeys {
        DenseKeys { base: region.base().cast(), len: AtomicUsize::new(region.usable() / WIDTH) }
    }

    #[inline]
    fn element(&self, key: u64) -> Option<&AtomicU64> {
        if key >= self.len.load(Ordering::Acquire) as u64 {
            return None;
        }
        // SAFETY: the elements below the length are usable, zero at first, and never move.
        Some(unsafe { AtomicU64::from_ptr(self.base.add(key as usize)) })
    }

    /// The entity of a key that is here, and its live version or `NONE`.
    #[inline]
    pub fn find(&self, key: u64) -> Option<(u32, u32)> {
        let word = self.element(key)?.load(Ordering::Acquire);
        Some(((word as u32).checked_sub(1)?, (word >> 32) as u32))
    }

    /// Whether a key may stand here when there are so many entities.
    pub fn admits(&self, key: u64, entities: u32) -> bool {
        key < self.len.load(Ordering::Relaxed) as u64 || key < u64::from(entities) * SPREAD + SLACK
    }

    /// Adds a key; `false`, with nothing changed, where the memory does not reach. What it leads to must be stored before.
    pub fn insert(&self, _: &mut WriteToken, region: &mut Region, key: u64, entity: u32, newest: u32) -> bool {
        debug_assert_eq!(region.base().cast(), self.base, "the region of these keys");
        if key >= self.len.load(Ordering::Relaxed) as u64 {
            let Some(bytes) = usize::try_from(key).ok().and_then(|key| key.checked_add(1)?.checked_mul(WIDTH)) else {
                return false;
            };
            if region.ensure(bytes).is_err() {
                return false;
            }
            self.len.store(region.usable() / WIDTH, Ordering::Release);
        }
        let Some(element) = self.element(key) else { return false };
        debug_assert_eq!(element.load(Ordering::Relaxed), 0, "a key has one entity");
        element.store(word(entity, newest), Ordering::Release);
        true
    }

    /// Says which version of an entity is live now, or `NONE`, if its key stands here.
    pub fn set_newest(&self, _: &mut WriteToken, key: u64, entity: u32, newest: u32) {
        if let Some(element) = self.element(key)
            && element.load(Ordering::Relaxed) as u32 == entity + 1
        {
            element.store(word(entity, newest), Ordering::Release);
        }
    }

    /// Removes a key if it stands here with this entity; returns whether it did.
    pub fn remove(&self, _: &mut WriteToken, key: u64, entity: u32) -> bool {
        match self.element(key) {
            Some(element) if element.load(Ordering::Relaxed) as u32 == entity + 1 => {
                element.store(0, Ordering::Release);
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_in_what_lies_close() {
        let mut region = Region::reserve([1 << 16]).expect("address space").pop().expect("one was reserved");
        let keys = DenseKeys::new(&region);
        let mut token = WriteToken::new();
        assert!(keys.admits(1023, 0) || cfg!(miri));
        assert!(!keys.admits(1 << 40, 1000));
        assert!(keys.admits(4000, 1000));
        assert_eq!(keys.find(7), None);
        assert!(keys.insert(&mut token, &mut region, 7, 0, 70));
        assert!(keys.insert(&mut token, &mut region, 5000, 1, 71));
        assert_eq!((keys.find(7), keys.find(5000)), (Some((0, 70)), Some((1, 71))));
        assert_eq!((keys.find(8), keys.find(u64::MAX)), (None, None));
        // Beyond the reserved memory the table has to do.
        assert!(!keys.insert(&mut token, &mut region, 1 << 20, 2, 72));
        assert!(!keys.insert(&mut token, &mut region, u64::MAX, 2, 72));
        keys.set_newest(&mut token, 7, 0, 80);
        keys.set_newest(&mut token, 5000, 9, 81);
        keys.set_newest(&mut token, 8, 0, 82);
        assert_eq!((keys.find(7), keys.find(5000), keys.find(8)), (Some((0, 80)), Some((1, 71)), None));
        assert!(!keys.remove(&mut token, 7, 1));
        assert!(keys.remove(&mut token, 7, 0));
        assert_eq!(keys.find(7), None);
        assert!(keys.insert(&mut token, &mut region, 7, 3, 73));
        assert_eq!(keys.find(7), Some((3, 73)));
    }
}
