//! What was unlinked and waits until no reader can still be looking at it.
//!
//! The writer unlinks something (a table it replaced, a node it copied, a version nobody needs), tags it
//! with the current epoch and puts it here. Once every registered reader sat down in a later epoch,
//! nobody can reach it: memory is freed, slots and entities can be used again.

use std::alloc::{Layout, dealloc};
use std::collections::VecDeque;
use std::ptr::NonNull;

/// The right to change indexes: there is one per image, under the writer's lock.
#[derive(Debug)]
pub struct WriteToken(());

impl WriteToken {
    pub(crate) fn new() -> WriteToken {
        WriteToken(())
    }
}

/// Something unlinked.
#[derive(Debug)]
pub enum Garbage {
    /// Memory.
    Memory(NonNull<u8>, Layout),
    /// A slot of a relation.
    Slot(u32, u32),
    /// An entity of a relation.
    Entity(u32, u32),
}

// SAFETY: memory in here is reachable through the entry alone, apart from readers that only read it.
unsafe impl Send for Garbage {}

/// All that waits, oldest first.
#[derive(Debug, Default)]
pub struct Limbo {
    waiting: VecDeque<(u64, Garbage)>,
}

impl Limbo {
    /// Adds something unlinked in this epoch.
    pub fn push(&mut self, epoch: u64, garbage: Garbage) {
        self.waiting.push_back((epoch, garbage));
    }

    /// How much waits.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// The epoch of what waits longest.
    pub fn oldest(&self) -> Option<u64> {
        self.waiting.front().map(|(epoch, _)| *epoch)
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Takes the next thing that was unlinked before this epoch. Memory is freed here; slots and
    /// entities are handed to `reuse`.
    pub fn collect(&mut self, oldest_epoch: u64, mut reuse: impl FnMut(Garbage)) {
        while let Some((epoch, _)) = self.waiting.front() {
            if *epoch >= oldest_epoch {
                return;
            }
            match self.waiting.pop_front() {
                // SAFETY: it was allocated with this layout, and by the epoch rule nobody reaches it.
                Some((_, Garbage::Memory(start, layout))) => unsafe { dealloc(start.as_ptr(), layout) },
                Some((_, other)) => reuse(other),
                None => return,
            }
        }
    }
}

impl Drop for Limbo {
    fn drop(&mut self) {
        // The image is going, so nobody reads.
        self.collect(u64::MAX, |_| {});
    }
}

/// Frees nothing itself: collects what an operation on an index unlinked.
#[derive(Debug, Default)]
pub struct Unlinked(pub Vec<(NonNull<u8>, Layout)>);

// SAFETY: as for `Garbage`.
unsafe impl Send for Unlinked {}

impl Unlinked {
    /// Adds memory.
    pub fn push(&mut self, start: NonNull<u8>, layout: Layout) {
        self.0.push((start, layout));
    }
}

impl Drop for Unlinked {
    fn drop(&mut self) {
        for (start, layout) in self.0.drain(..) {
            // SAFETY: allocated with this layout; dropped only with the image.
            unsafe { dealloc(start.as_ptr(), layout) }
        }
    }
}
