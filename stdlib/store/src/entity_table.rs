//! A hash table from values to entities that one writer changes while many read.
//!
//! Open addressing with linear probing over words of 8 bytes: the upper half is a tag (the upper 32 bits
//! of the hash, whose highest bits also choose the place), the lower half the entity plus 2. The word 0
//! is an empty place and ends a probe, the word 1 a place that was emptied. The values themselves are
//! not here: a reader compares them in the version that it sees. Several entities may have one tag.
//!
//! Readers load the table's address and words with `Acquire`; the writer stores them with `Release`
//! after what they lead to. Growing copies the words into a new table and publishes its address; the
//! old table is unlinked and freed when no reader can be in it (see [`crate::garbage`]). A reader in an
//! old table misses only what was added later, which its snapshot cannot see.
//!
//! An entry is a tag with an entity, and may be added several times ([`EntityTable::add`]); it goes when it
//! has been removed as often.

use std::alloc::{Layout, alloc_zeroed, handle_alloc_error};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering};

use crate::garbage::{Unlinked, WriteToken};
use crate::repeats::Repeats;

const EMPTY: u64 = 0;
const EMPTIED: u64 = 1;
const HEADER: usize = 1;

/// See the module. The first word of a table's memory is the logarithm of its size.
#[derive(Debug)]
pub struct EntityTable {
    words: AtomicPtr<AtomicU64>,
    /// Places that are not empty, emptied ones included. The writer's own, as all counts here.
    used: AtomicUsize,
    live: AtomicUsize,
    repeats: Repeats<u64>,
}

fn layout(bits: u32) -> Layout {
    Layout::array::<u64>((1usize << bits) + HEADER).expect("a table is far smaller than the address space")
}

fn allocate(bits: u32) -> NonNull<AtomicU64> {
    // SAFETY: the layout's size is not zero.
    let start = unsafe { alloc_zeroed(layout(bits)) };
    let Some(start) = NonNull::new(start.cast::<AtomicU64>()) else { handle_alloc_error(layout(bits)) };
    crate::region::prefer_large_pages(start.as_ptr().cast(), layout(bits).size());
    // SAFETY: freshly allocated, zeroed, at least one word.
    unsafe { start.as_ref() }.store(u64::from(bits), Ordering::Relaxed);
    start
}

#[inline]
fn word(hash: u64, entity: u32) -> u64 {
    (hash & 0xffff_ffff_0000_0000) | (u64::from(entity) + 2)
}

/// The places of one table.
#[derive(Clone, Copy)]
struct Places<'a> {
    words: &'a [AtomicU64],
    bits: u32,
}

impl Places<'_> {
    #[inline]
    fn start(self, hash: u64) -> usize {
        (hash >> (64 - self.bits)) as usize
    }
}

impl EntityTable {
    /// An empty table.
    pub fn new() -> EntityTable {
        EntityTable {
            words: AtomicPtr::new(allocate(4).as_ptr()),
            used: AtomicUsize::new(0),
            live: AtomicUsize::new(0),
            repeats: Repeats::default(),
        }
    }

    #[inline]
    fn places(&self) -> Places<'_> {
        let start = self.words.load(Ordering::Acquire);
        // SAFETY: published tables are initialised and stay until no reader can be in them; the first
        // word gives the size.
        unsafe {
            let bits = (*start).load(Ordering::Relaxed) as u32;
            Places { words: std::slice::from_raw_parts(start.add(HEADER), 1 << bits), bits }
        }
    }

    /// How many entries there are. For the writer.
    pub fn len(&self) -> usize {
        self.live.load(Ordering::Relaxed)
    }

    /// The entities whose value may have this hash.
    #[inline]
    pub fn candidates(&self, hash: u64) -> Candidates<'_> {
        let places = self.places();
        Candidates { at: places.start(hash), places, tag: hash >> 32 }
    }

    /// Adds an entry that may be there already. What it leads to must be stored before.
    pub fn add(&self, token: &mut WriteToken, hash: u64, entity: u32, unlinked: &mut Unlinked) {
        if self.place_of(hash, entity).is_some() {
            self.repeats.add(word(hash, entity));
        } else {
            self.insert(token, hash, entity, unlinked);
        }
    }

    /// Where an entry stands.
    fn place_of(&self, hash: u64, entity: u32) -> Option<&AtomicU64> {
        let places = self.places();
        let mask = places.words.len() - 1;
        let wanted = word(hash, entity);
        let mut at = places.start(hash);
        loop {
            match places.words[at].load(Ordering::Relaxed) {
                EMPTY => return None,
                found if found == wanted => return Some(&places.words[at]),
                _ => at = (at + 1) & mask,
            }
        }
    }

    /// Adds an entry that is not there. What it leads to must be stored before.
    pub fn insert(&self, token: &mut WriteToken, hash: u64, entity: u32, unlinked: &mut Unlinked) {
        let capacity = self.places().words.len();
        if (self.used.load(Ordering::Relaxed) + 1) * 8 > capacity * 5 {
            self.rebuild(token, unlinked);
        }
        let places = self.places();
        let mask = places.words.len() - 1;
        let mut at = places.start(hash);
        loop {
            match places.words[at].load(Ordering::Relaxed) {
                EMPTY => {
                    self.used.fetch_add(1, Ordering::Relaxed);
                    break;
                }
                EMPTIED => break,
                _ => at = (at + 1) & mask,
            }
        }
        places.words[at].store(word(hash, entity), Ordering::Release);
        self.live.fetch_add(1, Ordering::Relaxed);
    }

    /// Removes an entry, once; returns whether it was there.
    pub fn remove(&self, _: &mut WriteToken, hash: u64, entity: u32) -> bool {
        let Some(place) = self.place_of(hash, entity) else { return false };
        if !self.repeats.take(word(hash, entity)) {
            place.store(EMPTIED, Ordering::Release);
            self.live.fetch_sub(1, Ordering::Relaxed);
        }
        true
    }

    #[cold]
    fn rebuild(&self, _: &mut WriteToken, unlinked: &mut Unlinked) {
        let old = self.places();
        let (old_start, old_bits) = (self.words.load(Ordering::Relaxed), old.bits);
        // At most half full after it, so that a table full of emptied places does not grow.
        let bits = ((self.len() + 1) * 2).next_power_of_two().trailing_zeros().max(4);
        let fresh = allocate(bits);
        // SAFETY: just allocated with this size.
        let words = unsafe { std::slice::from_raw_parts(fresh.as_ptr().add(HEADER), 1 << bits) };
        let places = Places { words, bits };
        let mask = words.len() - 1;
        for word in old.words {
            let word = word.load(Ordering::Relaxed);
            if word == EMPTY || word == EMPTIED {
                continue;
            }
            let mut at = places.start(word);
            while words[at].load(Ordering::Relaxed) != EMPTY {
                at = (at + 1) & mask;
            }
            words[at].store(word, Ordering::Relaxed);
        }
        self.used.store(self.len(), Ordering::Relaxed);
        self.words.store(fresh.as_ptr(), Ordering::Release);
        let start = NonNull::new(old_start.cast()).expect("a published table has an address");
        unlinked.push(start, layout(old_bits));
    }
}

impl Default for EntityTable {
    fn default() -> EntityTable {
        EntityTable::new()
    }
}

impl Drop for EntityTable {
    fn drop(&mut self) {
        let bits = self.places().bits;
        // SAFETY: the table was allocated with this layout, and nobody can read it any more.
        unsafe { std::alloc::dealloc((*self.words.get_mut()).cast(), layout(bits)) }
    }
}

/// See [`EntityTable::candidates`].
pub struct Candidates<'a> {
    places: Places<'a>,
    tag: u64,
    at: usize,
}

impl Iterator for Candidates<'_> {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        let mask = self.places.words.len() - 1;
        loop {
            let word = self.places.words[self.at & mask].load(Ordering::Acquire);
            if word == EMPTY {
                return None;
            }
            self.at += 1;
            if word >> 32 == self.tag && word != EMPTIED {
                return Some((word as u32).wrapping_sub(2));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn hash(n: u64) -> u64 {
        n.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    #[test]
    fn agrees_with_a_map_of_counts() {
        let table = EntityTable::new();
        let mut token = WriteToken::new();
        let mut model: HashMap<(u64, u32), u32> = HashMap::new();
        let mut unlinked = Unlinked::default();
        let mut random = 1u64;
        for step in 0..20_000u64 {
            random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let (value, entity) = (random >> 53, (random >> 40) as u32 % 8);
            if step % 3 == 0 {
                let count = model.get_mut(&(value, entity));
                assert_eq!(table.remove(&mut token, hash(value), entity), count.is_some());
                if let Some(count) = count {
                    *count -= 1;
                    if *count == 0 {
                        model.remove(&(value, entity));
                    }
                }
            } else {
                table.add(&mut token, hash(value), entity, &mut unlinked);
                *model.entry((value, entity)).or_default() += 1;
            }
        }
        assert_eq!(table.len(), model.len());
        for value in 0..2048 {
            let mut found: Vec<u32> = table.candidates(hash(value)).collect();
            found.sort_unstable();
            let mut expected: Vec<u32> = (0..8).filter(|e| model.contains_key(&(value, *e))).collect();
            expected.sort_unstable();
            assert_eq!(found, expected);
        }
    }

    /// A reader that never leaves finds everything that was there when it came, while the writer adds,
    /// removes and grows.
    #[test]
    fn readers_find_what_was_there() {
        let table = EntityTable::new();
        let mut token = WriteToken::new();
        let mut unlinked = Unlinked::default();
        for n in 0..500u32 {
            table.insert(&mut token, hash(u64::from(n)), n, &mut unlinked);
        }
        let done = std::sync::atomic::AtomicBool::new(false);
        let rounds: u32 = if cfg!(miri) { 200 } else { 100_000 };
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !done.load(Ordering::Relaxed) {
                        for n in 0..500u32 {
                            assert!(table.candidates(hash(u64::from(n))).any(|e| e == n));
                        }
                    }
                });
            }
            for n in 500..rounds {
                table.insert(&mut token, hash(u64::from(n)), n, &mut unlinked);
                if n % 2 == 0 {
                    table.remove(&mut token, hash(u64::from(n)), n);
                }
            }
            done.store(true, Ordering::Relaxed);
        });
    }
}
