//! How often an entry of an index stands in it beyond once.
//!
//! The versions of a row that follow each other with one value are a *run*, and each run has the entry of its value
//! once. A row that comes back to a value while older versions wait to be retired has the entry twice, and so on; it
//! goes with the last run. So neither adding nor removing an entry looks at other versions than the neighbour. Readers
//! see an entry once, however often it stands.

use std::hash::Hash;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use rustc_hash::FxHashMap;

/// See the module. Only the writer uses it. Most often it is empty, which costs one load.
#[derive(Debug)]
pub(crate) struct Repeats<E> {
    distinct: AtomicUsize,
    more: Mutex<FxHashMap<E, u32>>,
}

impl<E> Default for Repeats<E> {
    fn default() -> Repeats<E> {
        Repeats { distinct: AtomicUsize::new(0), more: Mutex::default() }
    }
}

impl<E: Hash + Eq> Repeats<E> {
    /// Once more an entry that is there.
    #[cold]
    pub(crate) fn add(&self, entry: E) {
        let mut more = self.more.lock();
        *more.entry(entry).or_default() += 1;
        self.distinct.store(more.len(), Ordering::Relaxed);
    }

    /// Once less; false if the entry stands only once.
    pub(crate) fn take(&self, entry: E) -> bool {
        self.distinct.load(Ordering::Relaxed) != 0 && self.take_one(entry)
    }

    #[cold]
    fn take_one(&self, entry: E) -> bool {
        let mut more = self.more.lock();
        let Some(count) = more.get_mut(&entry) else { return false };
        *count -= 1;
        if *count == 0 {
            more.remove(&entry);
            if more.is_empty() {
                // What a large transaction needed is given back.
                *more = FxHashMap::default();
            }
        }
        self.distinct.store(more.len(), Ordering::Relaxed);
        true
    }
}
