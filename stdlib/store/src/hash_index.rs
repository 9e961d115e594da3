//! A hash index from values to all entities that have them, which one writer changes while many read.
//!
//! A table (open addressing, two words per place) leads from the hash of a value to a *posting*: either
//! one entity, in the word itself, or the address of a list of entities. Hashes stand for values: two
//! values with one hash share a posting, and a reader compares the values in the version that it sees.
//!
//! Lists grow at the end, by publishing a longer copy when they are full. An entity is removed by
//! writing [`NONE`] over it; readers skip that; when a list is mostly holes, it is replaced by a copy
//! without them. The writer knows where each entity stands, so that nothing is ever searched for. An entry
//! may be added several times; it goes when it has been removed as often (see [`crate::repeats`]).

use std::alloc::{Layout, alloc, alloc_zeroed, dealloc, handle_alloc_error};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};

use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use crate::garbage::{Unlinked, WriteToken};
use crate::layout::NONE;
use crate::repeats::Repeats;

/// See the module.
#[derive(Debug)]
pub struct HashIndex {
    table: AtomicPtr<Table>,
    used: AtomicUsize,
    /// Only the writer uses these.
    positions: Mutex<Positions>,
    repeats: Repeats<(u64, u32)>,
}

/// Where the entities stand in their lists. Most entities stand in one list, and in two between an update and the time
/// when the older version is retired; a row that has had many values while somebody reads stands in more.
#[derive(Debug, Default)]
struct Positions {
    /// Per entity two of its positions, or [`NONE`], without saying of which list: there is one in which it stands
    /// there. So if two are equal, either may stand for either.
    two: Vec<[u32; 2]>,
    /// The position in the list of this hash, of entities that had two others.
    more: FxHashMap<(u64, u32), u32>,
}

impl Positions {
    /// Where an entity stands in the list of a hash.
    fn find(&self, hash: u64, list: &[AtomicU32], entity: u32) -> Option<u32> {
        if let Some(position) = self.more(hash, entity) {
            return Some(position);
        }
        let here = |at: &&u32| list.get(**at as usize).is_some_and(|item| item.load(Ordering::Relaxed) == entity);
        self.two.get(entity as usize)?.iter().find(here).copied()
    }

    fn more(&self, hash: u64, entity: u32) -> Option<u32> {
        if self.more.is_empty() { None } else { self.more.get(&(hash, entity)).copied() }
    }

    fn add(&mut self, hash: u64, entity: u32, position: u32) {
        let index = entity as usize;
        if self.two.len() <= index {
            self.two.resize((index + 1).next_power_of_two(), [NONE; 2]);
        }
        match self.two[index].iter_mut().find(|at| **at == NONE) {
            Some(free) => *free = position,
            None => _ = self.more.insert((hash, entity), position),
        }
    }

    /// The entity stands elsewhere in the list now, or no longer there at all (`NONE`).
    fn change(&mut self, hash: u64, entity: u32, before: u32, now: u32) {
        if self.more(hash, entity).is_some() {
            if now != NONE {
                self.more.insert((hash, entity), now);
            } else {
                self.more.remove(&(hash, entity));
                if self.more.is_empty() {
                    // What a large transaction needed is given back.
                    self.more = FxHashMap::default();
                }
            }
        } else if let Some(at) =
            self.two.get_mut(entity as usize).and_then(|two| two.iter_mut().find(|at| **at == before))
        {
            *at = now;
        } else {
            debug_assert!(false, "positions are known of all entities that stand in lists");
        }
    }
}

/// The beginning of a table; its places follow.
#[repr(C)]
struct Table {
    bits: u64,
}

/// A place: hash 0 means it is free.
#[repr(C)]
struct Place {
    hash: AtomicU64,
    /// 0: no entity. Odd: one entity, shifted by one. Else: the address of a [`List`].
    posting: AtomicU64,
}

/// The beginning of a list; its entities follow.
#[repr(C)]
struct List {
    len: AtomicU32,
    capacity: u32,
    /// How many of `len` are [`NONE`]. The writer's own.
    holes: AtomicU32,
    padding: u32,
}

fn table_layout(bits: u64) -> Layout {
    Layout::from_size_align(size_of::<Table>() + (size_of::<Place>() << bits), 16).expect("a table fits")
}

fn list_layout(capacity: u32) -> Layout {
    Layout::from_size_align(size_of::<List>() + 4 * capacity as usize, 16).expect("a list fits")
}

fn allocate_table(bits: u64) -> NonNull<Table> {
    // SAFETY: the layout's size is not zero; zeros are free places.
    let Some(start) = NonNull::new(unsafe { alloc_zeroed(table_layout(bits)) }) else {
        handle_alloc_error(table_layout(bits))
    };
    // SAFETY: freshly allocated with room for the header.
    unsafe { start.cast::<Table>().write(Table { bits }) };
    start.cast()
}

fn allocate_list(capacity: u32) -> NonNull<List> {
    // SAFETY: the layout's size is not zero.
    let Some(start) = NonNull::new(unsafe { alloc(list_layout(capacity)) }) else {
        handle_alloc_error(list_layout(capacity))
    };
    let header = List { len: AtomicU32::new(0), capacity, holes: AtomicU32::new(0), padding: 0 };
    // SAFETY: freshly allocated with room for the header.
    unsafe { start.cast::<List>().write(header) };
    start.cast()
}

impl Table {
    fn places(&self) -> &[Place] {
        // SAFETY: tables are allocated with `1 << bits` places behind the header, and zeroed.
        unsafe { std::slice::from_raw_parts((&raw const *self).add(1).cast::<Place>(), 1 << self.bits) }
    }

    fn start(&self, hash: u64) -> usize {
        (hash >> (64 - self.bits)) as usize
    }

    fn find(&self, hash: u64) -> Option<&Place> {
        let places = self.places();
        let mut at = self.start(hash);
        loop {
            let place = &places[at & (places.len() - 1)];
            match place.hash.load(Ordering::Acquire) {
                0 => return None,
                found if found == hash => return Some(place),
                _ => at += 1,
            }
        }
    }

    /// The place of this hash, or a free one for it.
    fn place_for(&self, hash: u64) -> &Place {
        let places = self.places();
        let mut at = self.start(hash);
        loop {
            let place = &places[at & (places.len() - 1)];
            let found = place.hash.load(Ordering::Relaxed);
            if found == 0 || found == hash {
                return place;
            }
            at += 1;
        }
    }
}

impl List {
    fn items(&self) -> &[AtomicU32] {
        let len = self.len.load(Ordering::Acquire);
        // SAFETY: the first `len` entities are initialised before `len` is published.
        unsafe { std::slice::from_raw_parts((&raw const *self).add(1).cast::<AtomicU32>(), len as usize) }
    }

    /// Adds an entity to a list that is not full.
    fn push(&self, entity: u32) -> u32 {
        let len = self.len.load(Ordering::Relaxed);
        debug_assert!(len < self.capacity, "the list has room");
        // SAFETY: place `len` is within the capacity and not yet published.
        unsafe {
            (&raw const *self).add(1).cast::<AtomicU32>().add(len as usize).cast_mut().write(AtomicU32::new(entity))
        };
        self.len.store(len + 1, Ordering::Release);
        len
    }
}

fn normal(hash: u64) -> u64 {
    if hash == 0 { 1 } else { hash }
}

fn list_at(posting: u64) -> Option<NonNull<List>> {
    if posting == 0 || posting & 1 == 1 {
        return None;
    }
    NonNull::new(std::ptr::with_exposed_provenance_mut::<List>(posting as usize))
}

fn address(list: NonNull<List>) -> u64 {
    list.as_ptr().expose_provenance() as u64
}

/// Publishes a copy of a list without holes and with room for more.
fn replace(
    positions: &mut Positions,
    hash: u64,
    place: &Place,
    list: NonNull<List>,
    unlinked: &mut Unlinked,
) -> NonNull<List> {
    // SAFETY: published lists stay until the writer unlinks them.
    let old = unsafe { list.as_ref() };
    let live = old.len.load(Ordering::Relaxed) - old.holes.load(Ordering::Relaxed);
    let fresh = allocate_list((live + 2).next_power_of_two().max(4));
    for (before, item) in old.items().iter().enumerate() {
        let entity = item.load(Ordering::Relaxed);
        if entity != NONE {
            // SAFETY: just made, with room for all that live.
            let now = unsafe { fresh.as_ref() }.push(entity);
            if now as usize != before {
                positions.change(hash, entity, before as u32, now);
            }
        }
    }
    place.posting.store(address(fresh), Ordering::Release);
    unlinked.push(list.cast(), list_layout(old.capacity));
    fresh
}

impl HashIndex {
    /// An empty index.
    pub fn new() -> HashIndex {
        HashIndex {
            table: AtomicPtr::new(allocate_table(4).as_ptr()),
            used: AtomicUsize::new(0),
            positions: Mutex::default(),
            repeats: Repeats::default(),
        }
    }

    fn table(&self) -> &Table {
        // SAFETY: published tables stay until no reader can be in them.
        unsafe { &*self.table.load(Ordering::Acquire) }
    }

    /// The entities whose value may have this hash.
    pub fn find(&self, hash: u64) -> Posting<'_> {
        let posting = self.table().find(normal(hash)).map_or(0, |place| place.posting.load(Ordering::Acquire));
        if posting & 1 == 1 {
            return Posting { one: Some((posting >> 1) as u32), items: [].iter() };
        }
        match list_at(posting) {
            // SAFETY: published lists stay until no reader can be in them.
            Some(list) => Posting { one: None, items: unsafe { list.as_ref() }.items().iter() },
            None => Posting { one: None, items: [].iter() },
        }
    }

    /// Adds an entity under a hash; it may be there already.
    pub fn insert(&self, token: &mut WriteToken, hash: u64, entity: u32, unlinked: &mut Unlinked) {
        let hash = normal(hash);
        let used = self.used.load(Ordering::Relaxed);
        if (used + 1) * 8 > self.table().places().len() * 5 {
            self.rebuild(token, unlinked);
        }
        let place = self.table().place_for(hash);
        let posting = place.posting.load(Ordering::Relaxed);
        let mut positions = self.positions.lock();
        if posting == 0 {
            place.posting.store((u64::from(entity) << 1) | 1, Ordering::Release);
            if place.hash.load(Ordering::Relaxed) == 0 {
                // Release: whoever sees the hash sees the posting.
                place.hash.store(hash, Ordering::Release);
                self.used.fetch_add(1, Ordering::Relaxed);
            }
        } else if posting & 1 == 1 {
            let other = (posting >> 1) as u32;
            if other == entity {
                return self.repeats.add((hash, entity));
            }
            let list = allocate_list(4);
            for each in [other, entity] {
                // SAFETY: just made, with room for four.
                positions.add(hash, each, unsafe { list.as_ref() }.push(each));
            }
            place.posting.store(address(list), Ordering::Release);
        } else if let Some(list) = list_at(posting) {
            // SAFETY: published lists stay until the writer unlinks them.
            let known = unsafe { list.as_ref() };
            if positions.find(hash, known.items(), entity).is_some() {
                return self.repeats.add((hash, entity));
            }
            let position = if known.len.load(Ordering::Relaxed) == known.capacity {
                let list = replace(&mut positions, hash, place, list, unlinked);
                // SAFETY: `replace` leaves room.
                unsafe { list.as_ref() }.push(entity)
            } else {
                known.push(entity)
            };
            positions.add(hash, entity, position);
        }
    }

    /// Removes an entity from under a hash, once. Returns whether it was there.
    pub fn remove(&self, _: &mut WriteToken, hash: u64, entity: u32, unlinked: &mut Unlinked) -> bool {
        let hash = normal(hash);
        let Some(place) = self.table().find(hash) else { return false };
        let posting = place.posting.load(Ordering::Relaxed);
        if posting & 1 == 1 {
            let found = (posting >> 1) as u32 == entity;
            if found && !self.repeats.take((hash, entity)) {
                place.posting.store(0, Ordering::Release);
            }
            return found;
        }
        let Some(list) = list_at(posting) else { return false };
        // SAFETY: published lists stay until the writer unlinks them.
        let known = unsafe { list.as_ref() };
        let items = known.items();
        let mut positions = self.positions.lock();
        let Some(at) = positions.find(hash, items, entity) else { return false };
        if self.repeats.take((hash, entity)) {
            return true;
        }
        positions.change(hash, entity, at, NONE);
        items[at as usize].store(NONE, Ordering::Release);
        let holes = known.holes.load(Ordering::Relaxed) + 1;
        known.holes.store(holes, Ordering::Relaxed);
        let len = items.len() as u32;
        if holes == len {
            place.posting.store(0, Ordering::Release);
            unlinked.push(list.cast(), list_layout(known.capacity));
        } else if holes > 16 && holes > len / 2 {
            replace(&mut positions, hash, place, list, unlinked);
        }
        true
    }

    #[cold]
    fn rebuild(&self, _: &mut WriteToken, unlinked: &mut Unlinked) {
        let old = self.table();
        let live = old.places().iter().filter(|p| p.posting.load(Ordering::Relaxed) != 0).count();
        let bits = u64::from(((live + 1) * 2).next_power_of_two().trailing_zeros().max(4));
        let fresh = allocate_table(bits);
        // SAFETY: just made.
        let table = unsafe { fresh.as_ref() };
        for place in old.places() {
            let posting = place.posting.load(Ordering::Relaxed);
            if posting != 0 {
                let hash = place.hash.load(Ordering::Relaxed);
                let target = table.place_for(hash);
                target.posting.store(posting, Ordering::Relaxed);
                target.hash.store(hash, Ordering::Relaxed);
            }
        }
        self.used.store(live, Ordering::Relaxed);
        let start = NonNull::from(old).cast();
        let layout = table_layout(old.bits);
        self.table.store(fresh.as_ptr(), Ordering::Release);
        unlinked.push(start, layout);
    }

    /// The number of distinct hashes. For the writer and for statistics.
    pub fn distinct(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }
}

impl Default for HashIndex {
    fn default() -> HashIndex {
        HashIndex::new()
    }
}

impl Drop for HashIndex {
    fn drop(&mut self) {
        let table = self.table();
        for place in table.places() {
            if let Some(list) = list_at(place.posting.load(Ordering::Relaxed)) {
                // SAFETY: the list is reachable from here alone and was allocated with this layout.
                unsafe { dealloc(list.as_ptr().cast(), list_layout(list.as_ref().capacity)) }
            }
        }
        let layout = table_layout(table.bits);
        // SAFETY: as for the lists.
        unsafe { dealloc((*self.table.get_mut()).cast(), layout) }
    }
}

/// The entities found; see [`HashIndex::find`].
pub struct Posting<'a> {
    one: Option<u32>,
    items: std::slice::Iter<'a, AtomicU32>,
}

impl Posting<'_> {
    /// At most so many entities.
    pub fn bound(&self) -> usize {
        self.items.len() + usize::from(self.one.is_some())
    }
}

impl Iterator for Posting<'_> {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        if let Some(one) = self.one.take() {
            return Some(one);
        }
        self.items.by_ref().map(|item| item.load(Ordering::Acquire)).find(|entity| *entity != NONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};
    use std::sync::atomic::AtomicBool;

    fn hash(n: u64) -> u64 {
        n.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    #[test]
    fn agrees_with_a_map_of_counts() {
        let index = HashIndex::new();
        let mut token = WriteToken::new();
        let mut unlinked = Unlinked::default();
        let mut model: BTreeMap<u64, BTreeMap<u32, u32>> = BTreeMap::new();
        let mut random = 7u64;
        for step in 0..if cfg!(miri) { 600 } else { 60_000 } {
            random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            // Value 0 is hot; few entities stand under many values.
            let value = if random >> 63 == 0 { 0 } else { (random >> 50) % 300 };
            let entity = (random >> 20) as u32 % if random >> 62 == 3 { 5 } else { 500 };
            let of = model.entry(value).or_default();
            if step % 5 < 2 {
                let count = of.get_mut(&entity);
                assert_eq!(index.remove(&mut token, hash(value), entity, &mut unlinked), count.is_some());
                if let Some(count) = count {
                    *count -= 1;
                    of.retain(|_, count| *count > 0);
                }
            } else {
                index.insert(&mut token, hash(value), entity, &mut unlinked);
                *of.entry(entity).or_default() += 1;
            }
            if step % 500 == 0 {
                compare(&index, &model);
            }
        }
        compare(&index, &model);
        for (value, of) in &model {
            for (entity, count) in of {
                for _ in 0..*count {
                    assert!(index.remove(&mut token, hash(*value), *entity, &mut unlinked));
                }
                assert!(!index.remove(&mut token, hash(*value), *entity, &mut unlinked));
            }
        }
        let positions = index.positions.lock();
        assert!(positions.more.is_empty() && positions.two.iter().flatten().all(|at| *at == NONE));
    }

    /// An entity is found once under each of its values, however often it was added.
    fn compare(index: &HashIndex, model: &BTreeMap<u64, BTreeMap<u32, u32>>) {
        for (value, of) in model {
            let mut found: Vec<u32> = index.find(hash(*value)).collect();
            found.sort_unstable();
            assert_eq!(found, of.keys().copied().collect::<Vec<_>>());
        }
    }

    #[test]
    fn readers_find_what_was_there() {
        let index = HashIndex::new();
        let mut token = WriteToken::new();
        let mut unlinked = Unlinked::default();
        for n in 0..300u32 {
            index.insert(&mut token, hash(u64::from(n % 3)), n, &mut unlinked);
        }
        let done = AtomicBool::new(false);
        let rounds = if cfg!(miri) { 500 } else { 60_000 };
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    for value in 0..3u32 {
                        let found: BTreeSet<u32> = index.find(hash(u64::from(value))).collect();
                        assert!((0..300).filter(|n| n % 3 == value).all(|n| found.contains(&n)));
                    }
                }
            });
            for n in 300..rounds {
                index.insert(&mut token, hash(u64::from(n % 50)), n, &mut unlinked);
                if n % 4 != 0 {
                    assert!(index.remove(&mut token, hash(u64::from(n % 50)), n, &mut unlinked));
                }
            }
            done.store(true, Ordering::Relaxed);
        });
    }
}
