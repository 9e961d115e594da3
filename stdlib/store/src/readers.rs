//! Who is reading: snapshots register here, and the writer asks what nobody can see any more.
//!
//! A reader holds a *seat* with two numbers: its snapshot (a commit number) and the epoch in which it
//! sat down. The writer asks for the oldest of each ([`Readers::oldest`]):
//!
//! * a version that ended at or before the oldest snapshot is needed by nobody;
//! * what was unlinked before the oldest epoch is reached by nobody.
//!
//! Taking a seat never waits: seats come in chunks, and chunks are added but never removed.

use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering, compiler_fence, fence};

/// A sequentially consistent fence after a sequentially consistent exchange. On x86-64 the exchange, a locked instruction,
/// is one already, so there only the compiler is kept from moving loads before it.
#[inline]
fn full_barrier_after_exchange() {
    if cfg!(all(target_arch = "x86_64", not(miri))) {
        compiler_fence(Ordering::SeqCst);
    } else {
        fence(Ordering::SeqCst);
    }
}

/// One registered reader. `epoch == 0` means the seat is free; then `snapshot` is 0, so that a seat
/// that was just taken holds everything back until it says what it reads.
#[repr(align(64))]
#[derive(Debug, Default)]
struct Seat {
    epoch: AtomicU64,
    snapshot: AtomicU64,
}

#[derive(Debug)]
struct Chunk {
    seats: [Seat; 64],
    next: AtomicPtr<Chunk>,
}

impl Default for Chunk {
    fn default() -> Chunk {
        Chunk { seats: std::array::from_fn(|_| Seat::default()), next: AtomicPtr::default() }
    }
}

/// All readers of an image.
#[derive(Debug)]
pub struct Readers {
    first: Box<Chunk>,
    epoch: AtomicU64,
}

/// A taken seat. It must be given back with [`Readers::leave`].
#[derive(Debug)]
pub struct Ticket {
    seat: *const Seat,
}

// SAFETY: the seat lives as long as the registry, and is only touched through atomics.
unsafe impl Send for Ticket {}
// SAFETY: as above.
unsafe impl Sync for Ticket {}

impl Readers {
    /// A registry without readers.
    pub fn new() -> Readers {
        Readers { first: Box::default(), epoch: AtomicU64::new(1) }
    }

    /// Registers a reader of the snapshot that `choose` names. `choose` is called after the seat is
    /// taken; it must load a commit number that never decreases.
    pub fn enter(&self, choose: impl FnOnce() -> u64) -> (Ticket, u64) {
        let seat = self.take();
        // Either the writer's scan (after its own fence) sees this seat taken, and holds everything
        // back; or this fence comes after the writer's, and then all loads below see what the writer
        // stored before its scan: a commit number at least as high as the bound it computed, and
        // nothing that it had unlinked.
        full_barrier_after_exchange();
        let snapshot = choose();
        seat.snapshot.store(snapshot, Ordering::Release);
        (Ticket { seat }, snapshot)
    }

    fn take(&self) -> &Seat {
        let epoch = self.epoch.load(Ordering::Acquire);
        let mut chunk: &Chunk = &self.first;
        loop {
            for seat in &chunk.seats {
                if seat.epoch.load(Ordering::Relaxed) == 0
                    && seat.epoch.compare_exchange(0, epoch, Ordering::SeqCst, Ordering::Relaxed).is_ok()
                {
                    return seat;
                }
            }
            let mut next = chunk.next.load(Ordering::Acquire);
            if next.is_null() {
                let fresh = Box::into_raw(Box::<Chunk>::default());
                match chunk.next.compare_exchange(std::ptr::null_mut(), fresh, Ordering::AcqRel, Ordering::Acquire) {
                    Ok(_) => next = fresh,
                    Err(theirs) => {
                        // SAFETY: `fresh` came from a box just now and was not published.
                        drop(unsafe { Box::from_raw(fresh) });
                        next = theirs;
                    }
                }
            }
            // SAFETY: published chunks are freed only with the registry, which is borrowed.
            chunk = unsafe { &*next };
        }
    }

    /// Gives a seat back.
    pub fn leave(&self, ticket: Ticket) {
        // SAFETY: seats live as long as the registry.
        let seat = unsafe { &*ticket.seat };
        seat.snapshot.store(0, Ordering::Relaxed);
        // Release: all reads of the snapshot happen before the writer sees the seat free.
        seat.epoch.store(0, Ordering::Release);
    }

    fn each(&self, mut visit: impl FnMut(u64, u64)) {
        let mut chunk: Option<&Chunk> = Some(&self.first);
        while let Some(here) = chunk {
            for seat in &here.seats {
                let epoch = seat.epoch.load(Ordering::Acquire);
                if epoch != 0 {
                    visit(epoch, seat.snapshot.load(Ordering::Acquire));
                }
            }
            // SAFETY: published chunks are freed only with the registry, which is borrowed.
            chunk = unsafe { here.next.load(Ordering::Acquire).as_ref() };
        }
    }

    /// The oldest snapshot that a reader has or may yet take; `current` is the commit number that
    /// readers would take now, loaded before the call. With it the oldest epoch of a reader, or one
    /// beyond the current epoch if nobody reads.
    pub fn oldest(&self, current: u64) -> (u64, u64) {
        fence(Ordering::SeqCst);
        let (mut snapshot, mut epoch) = (current, self.epoch.load(Ordering::Relaxed) + 1);
        self.each(|e, s| {
            snapshot = snapshot.min(s);
            epoch = epoch.min(e);
        });
        (snapshot, epoch)
    }

    /// The current epoch: the tag of what is unlinked now.
    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Relaxed)
    }

    /// Begins a new epoch. Only the writer calls it, after it unlinked what carries the old epoch's tag.
    pub fn advance(&self) {
        let epoch = self.epoch.load(Ordering::Relaxed);
        // Release: a reader that sees the new epoch sees what was unlinked before it.
        self.epoch.store(epoch + 1, Ordering::Release);
    }

    /// How many readers are registered.
    pub fn count(&self) -> usize {
        let mut count = 0;
        self.each(|_, _| count += 1);
        count
    }
}

impl Default for Readers {
    fn default() -> Readers {
        Readers::new()
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        let mut next = *self.first.next.get_mut();
        while !next.is_null() {
            // SAFETY: each chunk was published from a box and is freed once, here.
            let mut chunk = unsafe { Box::from_raw(next) };
            next = *chunk.next.get_mut();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_hold_back_and_are_reused() {
        let readers = Readers::new();
        assert_eq!(readers.oldest(9), (9, 2));
        let (a, _) = readers.enter(|| 5);
        readers.advance();
        let (b, _) = readers.enter(|| 7);
        assert_eq!(readers.oldest(9), (5, 1));
        readers.leave(a);
        assert_eq!(readers.oldest(9), (7, 2));
        readers.leave(b);
        assert_eq!(readers.oldest(9), (9, 3));
        let many: Vec<_> = (0..200).map(|i| readers.enter(|| i + 1).0).collect();
        assert_eq!(readers.count(), 200);
        assert_eq!(readers.oldest(500).0, 1);
        many.into_iter().for_each(|t| readers.leave(t));
        assert_eq!(readers.count(), 0);
    }
}
