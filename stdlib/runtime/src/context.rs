//! The call context: everything that generated code reaches during one call, behind one pointer.
//!
//! The first fields are read and written by generated code itself, at the offsets in [`crate::contract`].
//! The arena of a call is bump-allocated: take `[arena_next, arena_next + n)` if that is not beyond
//! `arena_end`, else call `arena_grow`. Everything in it is gone when the call ends.

use std::alloc::{Layout, alloc, dealloc};
use std::cell::Cell;
use std::ptr::NonNull;

use tenon_store::{Collection, RelationView, Str};
use tenon_value::Fault;
use tenon_value::random::Random;

use crate::moment::{Moment, UNDRAWN};

/// How a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Status {
    /// Nothing is wrong.
    Ok = 0,
    /// A fault: a bug, an overflow or a limit; see [`CallContext::fault`]. The call ends.
    Fault = 1,
    /// A declared failure (`fail`); see [`CallContext::failure`]. The call ends, or an `attempt` takes it.
    Failure = 2,
    /// A rule of the store refused a write; see [`CallContext::violation`]. Generated code turns it into
    /// a failure.
    Violation = 3,
}

/// A fault with its place.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultRecord {
    /// What happened: the number of a [`Fault`], or 0.
    pub code: u32,
    /// Where, as the program numbers its places; [`NO_SITE`] where it is not known.
    pub site: u32,
}

/// The place that is not known (yet).
pub const NO_SITE: u32 = u32::MAX;

/// A declared failure.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Failure {
    /// Which, as the program numbers its errors.
    pub error: u32,
    /// The number of lanes of its fields.
    pub lanes: u32,
    /// Its message: a text.
    pub message: Str,
    /// Its fields, in the arena.
    pub payload: *const u64,
}

/// A rule of the store that refused a write.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ViolationRecord {
    /// What kind of rule; a [`ViolationKind`].
    pub kind: u32,
    /// The relation whose rule it is.
    pub relation: u32,
    /// Which of its uniques (for `Unique`) or fields (for `Reference`, `Restricted`).
    pub rule: u32,
    /// The row in the way, if there is one, else `NONE`: the holder of a key, a referring row.
    pub entity: u32,
}

/// See [`ViolationRecord`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum ViolationKind {
    /// No violation.
    None = 0,
    /// The key is taken.
    Key = 1,
    /// A unique is taken.
    Unique = 2,
    /// A reference leads to a row that is not there.
    Reference = 3,
    /// A row cannot be deleted while `relation` refers to it by the field `rule`.
    Restricted = 4,
    /// The row to be changed is not there (any more).
    Missing = 5,
}

/// Limits of one call.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Units of work: about one per loop iteration or row.
    pub fuel: i64,
    /// Bytes of arena.
    pub memory: usize,
    /// Nested calls.
    pub depth: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { fuel: 1_000_000_000, memory: 256 << 20, depth: 2_000 }
    }
}

/// The work of a call, as it is counted where values are only looked at.
///
/// Functions of the runtime take fuel for what they do without asking whether there is enough: what they work on is bounded
/// by the memory of the call, and generated code asks in every loop and in every function that calls itself.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Meter {
    /// Generated code subtracts from it, too, and faults below zero.
    pub(crate) fuel: Cell<i64>,
    /// How many bytes may still be taken.
    memory: Cell<usize>,
    /// How many of those that were taken are given back when the present function of the runtime ends.
    passing: Cell<usize>,
    /// Whether a value was met that nests too deep.
    too_deep: Cell<bool>,
}

/// So many elements, or so many bytes, that a function of the runtime walks through are one unit of fuel.
const ELEMENTS_PER_UNIT: usize = 4;
const BYTES_PER_UNIT: usize = 64;
/// So many bytes of values that are made for a moment are one unit.
const BYTES_PER_STEP: usize = 16;

impl Meter {
    fn new(fuel: i64, memory: usize) -> Meter {
        Meter { fuel: Cell::new(fuel), memory: Cell::new(memory), passing: Cell::new(0), too_deep: Cell::new(false) }
    }

    /// Takes bytes; false where there are not so many left.
    fn charge(&self, bytes: usize) -> bool {
        let left = self.memory.get().checked_sub(bytes);
        self.memory.set(left.unwrap_or(self.memory.get()));
        left.is_some()
    }

    /// Whether so many bytes are left, for what is taken outside of the arena for less than a call of the runtime.
    pub(crate) fn fits(&self, bytes: usize) -> bool {
        bytes <= self.memory.get()
    }

    /// Counts bytes that a function of the runtime takes outside of the arena for a value until it ends, and the work of
    /// making them.
    pub(crate) fn pass(&self, bytes: usize) -> Result<(), Fault> {
        self.take(bytes / BYTES_PER_STEP);
        if !self.charge(bytes) {
            return Err(Fault::MemoryExceeded);
        }
        self.passing.set(self.passing.get() + bytes);
        Ok(())
    }

    /// Gives back what [`Meter::pass`] took.
    pub(crate) fn passed(&self) {
        self.memory.set(self.memory.get() + self.passing.take());
    }

    fn take(&self, units: usize) {
        if units > 0 {
            self.fuel.set(self.fuel.get().saturating_sub_unsigned(units as u64));
        }
    }

    /// Counts steps that cost as much as a round of a loop.
    pub(crate) fn stepped(&self, steps: usize) {
        self.take(steps);
    }

    /// Counts elements that were walked through.
    pub(crate) fn worked(&self, elements: usize) {
        self.take(elements / ELEMENTS_PER_UNIT);
    }

    /// Counts bytes that were read or written.
    pub(crate) fn scanned(&self, bytes: usize) {
        self.take(bytes / BYTES_PER_UNIT);
    }

    /// Notes that a value nests deeper than the runtime follows; [`CallContext::settle`] makes a fault of it.
    #[cold]
    pub(crate) fn too_deep(&self) {
        self.too_deep.set(true);
    }
}

/// See the module.
#[repr(C)]
pub struct CallContext {
    /// A [`Status`].
    pub status: u32,
    /// How many nested calls are still allowed. Generated code subtracts on entry and adds on exit.
    pub depth: u32,
    /// How much work is still allowed.
    pub(crate) meter: Meter,
    /// The next free byte of the arena, aligned to 8.
    pub arena_next: *mut u8,
    /// The end of the arena's current chunk.
    pub arena_end: *mut u8,
    /// The commit number whose state the call reads; in a transaction, that of the transaction itself.
    pub snapshot: u64,
    /// The views of the relations, by relation number.
    pub relations: *const *const RelationView,
    /// The addresses of the runtime functions, in the order of the table.
    pub functions: *const *const (),
    /// Constant data of the program, for code that is loaded at any address.
    pub constants: *const u8,
    /// The address below which the stack must not grow: functions that call themselves fault there.
    pub stack_limit: usize,
    /// How many exact sums of floats are in use. A query takes some, and gives back what it took.
    pub live_sums: u64,
    /// What the functions of the runtime know of the program.
    pub tables: *const crate::native::Tables,
    /// The image that the call reads; null in a call without a store.
    pub image: *const tenon_store::Image,
    /// The transaction that the call runs in; null in a query.
    pub transaction: *mut tenon_store::WriteTxn<'static>,
    /// Set with [`Status::Fault`].
    pub fault: FaultRecord,
    /// Set with [`Status::Failure`].
    pub failure: Failure,
    /// Set with [`Status::Violation`].
    pub violation: ViolationRecord,
    /// Exact sums of floats; those behind the live ones wait for the next query.
    pub(crate) sums: Vec<tenon_value::float::ExactSum>,
    /// Lines for the operator that the call has written.
    pub log: Vec<String>,
    /// Problems of the request that the call has noted: a place and a message each.
    pub problems: Vec<(String, String)>,
    /// `now()` of the call, in microseconds, or [`UNDRAWN`].
    now: i64,
    /// The call's random state, once it was asked for.
    random: Option<Random>,
    /// Where both come from if they are not here yet; null where they were given.
    moment: *const Moment<'static>,
    chunks: Vec<Chunk>,
    /// The texts that were joined last, which may grow.
    tails: [Tail; TAILS],
    next_tail: usize,
}

/// Where a joined text ends, and where its room does.
#[derive(Clone, Copy, Debug, Default)]
struct Tail {
    end: usize,
    limit: usize,
}

/// How many texts may grow side by side, and from which length on.
const TAILS: usize = 4;
const SMALL: usize = 64;

/// A piece of the arena.
struct Chunk {
    start: NonNull<u8>,
    layout: Layout,
}

impl Drop for Chunk {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout by `CallContext::grow`, and freed once.
        unsafe { dealloc(self.start.as_ptr(), self.layout) }
    }
}

/// The size of the first chunk of an arena; later ones double up to a megabyte.
const FIRST_CHUNK: usize = 16 << 10;
const LARGEST_CHUNK: usize = 1 << 20;

/// How many lines, problems or sums a context keeps room for between calls.
const KEPT: usize = 64;

fn forget<T>(list: &mut Vec<T>) {
    list.clear();
    list.shrink_to(KEPT);
}

impl CallContext {
    /// A context that reads nothing yet: no relations, snapshot 0, no constants.
    pub fn new(limits: Limits, now: i64, seed: u64) -> CallContext {
        CallContext {
            status: Status::Ok as u32,
            depth: limits.depth,
            meter: Meter::new(limits.fuel, limits.memory),
            arena_next: std::ptr::null_mut(),
            arena_end: std::ptr::null_mut(),
            snapshot: 0,
            relations: std::ptr::null(),
            functions: crate::functions::addresses().as_ptr().cast(),
            constants: std::ptr::null(),
            stack_limit: 0,
            live_sums: 0,
            tables: std::ptr::null(),
            image: std::ptr::null(),
            transaction: std::ptr::null_mut(),
            sums: Vec::new(),
            log: Vec::new(),
            problems: Vec::new(),
            fault: FaultRecord { code: 0, site: NO_SITE },
            failure: Failure { error: 0, lanes: 0, message: Str { head: 0, tail: 0 }, payload: std::ptr::null() },
            violation: ViolationRecord { kind: ViolationKind::None as u32, relation: 0, rule: 0, entity: 0 },
            now,
            random: Some(Random::new(seed)),
            moment: std::ptr::null(),
            chunks: Vec::new(),
            tails: [Tail::default(); TAILS],
            next_tail: 0,
        }
    }

    /// Lets go of what the last call needed: what was in the arena is gone, one chunk is kept unless it is large. Threads
    /// keep their contexts, so what one call needed must not be held for good.
    pub fn clear(&mut self) {
        self.chunks.truncate(1);
        self.chunks.retain(|chunk| chunk.layout.size() <= LARGEST_CHUNK);
        (self.arena_next, self.arena_end) = match self.chunks.first() {
            Some(chunk) => {
                let start = chunk.start.as_ptr();
                // SAFETY: the chunk has `layout.size()` bytes.
                (start, unsafe { start.add(chunk.layout.size()) })
            }
            None => (std::ptr::null_mut(), std::ptr::null_mut()),
        };
        self.tails = [Tail::default(); TAILS];
        forget(&mut self.problems);
        forget(&mut self.log);
        forget(&mut self.sums);
        self.live_sums = 0;
    }

    /// Makes the context fresh for another call.
    pub fn reset(&mut self, limits: Limits, now: i64, seed: u64) {
        self.clear();
        self.status = Status::Ok as u32;
        self.depth = limits.depth;
        self.meter = Meter::new(limits.fuel, limits.memory.saturating_sub(self.held()));
        self.now = now;
        self.random = Some(Random::new(seed));
        self.moment = std::ptr::null();
    }

    /// Bytes of the arena's chunks.
    fn held(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.layout.size()).sum()
    }

    /// Lets the call draw its time and its randomness from a moment, which must outlive it.
    pub(crate) fn set_moment(&mut self, moment: &Moment<'_>) {
        self.now = moment.drawn().unwrap_or(UNDRAWN);
        self.random = None;
        self.moment = (&raw const *moment).cast();
    }

    /// `now()` of the call, in microseconds.
    pub fn now(&mut self) -> i64 {
        if self.now == UNDRAWN {
            // SAFETY: a time is missing only after `set_moment`, whose caller keeps the moment while calls run.
            self.now = unsafe { (*self.moment).now() };
        }
        self.now
    }

    /// The random values of the call.
    pub(crate) fn random(&mut self) -> &mut Random {
        let moment = self.moment;
        // SAFETY: as in `now`.
        self.random.get_or_insert_with(|| Random::new(unsafe { (*moment).seed() }))
    }

    /// Counts bytes that lie outside of the arena against the memory of the call. False, with the fault set, beyond the
    /// limit.
    pub fn charge(&mut self, bytes: usize) -> bool {
        let charged = self.meter.charge(bytes);
        if !charged {
            self.set_fault(Fault::MemoryExceeded);
        }
        charged
    }

    /// Takes `size` bytes of the arena, aligned to 8; `None`, with the fault set, beyond the limit.
    #[inline]
    pub fn allocate(&mut self, size: usize) -> Option<NonNull<u8>> {
        let rounded = size.checked_add(7)? & !7;
        if (self.arena_end as usize).wrapping_sub(self.arena_next as usize) < rounded || self.arena_next.is_null() {
            self.grow(rounded)?;
        }
        let start = NonNull::new(self.arena_next)?;
        // SAFETY: the chunk has at least `rounded` bytes left.
        self.arena_next = unsafe { self.arena_next.add(rounded) };
        Some(start)
    }

    /// Begins a new chunk with room for `size` bytes.
    #[cold]
    fn grow(&mut self, size: usize) -> Option<()> {
        let planned = (FIRST_CHUNK << self.chunks.len().min(6)).min(LARGEST_CHUNK).max(size);
        let bytes = planned.min(self.meter.memory.get()).max(size).max(8);
        let layout = Layout::from_size_align(bytes, 16).ok()?;
        if !self.meter.charge(bytes) {
            self.set_fault(Fault::MemoryExceeded);
            return None;
        }
        // SAFETY: the layout's size is not zero.
        let Some(start) = NonNull::new(unsafe { alloc(layout) }) else {
            self.set_fault(Fault::MemoryExceeded);
            return None;
        };
        self.chunks.push(Chunk { start, layout });
        self.arena_next = start.as_ptr();
        // SAFETY: the chunk has `bytes` bytes.
        self.arena_end = unsafe { start.as_ptr().add(bytes) };
        Some(())
    }

    /// Puts a text into the arena (or its lanes).
    pub fn text(&mut self, bytes: &[u8]) -> Str {
        if bytes.len() <= tenon_store::layout::INLINE {
            return Str::new(bytes);
        }
        match self.allocate(bytes.len()) {
            Some(start) => {
                // SAFETY: freshly allocated with room for all bytes.
                let copy = unsafe {
                    std::ptr::copy_nonoverlapping(bytes.as_ptr(), start.as_ptr(), bytes.len());
                    std::slice::from_raw_parts(start.as_ptr(), bytes.len())
                };
                Str::new(copy)
            }
            None => Str::default(),
        }
    }

    /// Where a text of `len` bytes that begins with `text` is to lie, and how much of it lies there already. A text that a
    /// loop builds is not copied each time: from the second time on there is room behind it. What lies behind a text is no
    /// part of it, so whoever holds the shorter one sees no difference.
    pub(crate) fn room_for(&mut self, text: Str, len: usize) -> Option<(*mut u8, usize)> {
        let more = len - text.len();
        let end = (text.tail as usize).wrapping_add(text.len());
        let grown = self.tails.iter().position(|tail| text.len() > SMALL && tail.end == end);
        if let Some(tail) = grown.and_then(|found| self.tails.get_mut(found))
            && tail.limit - tail.end >= more
        {
            tail.end += more;
            return Some((std::ptr::with_exposed_provenance_mut(text.tail as usize), text.len()));
        }
        let room = if grown.is_some() { len.saturating_mul(2) } else { len };
        let start = self.allocate(room)?.as_ptr();
        if len > SMALL {
            let place = grown.unwrap_or(self.next_tail % TAILS);
            self.next_tail = self.next_tail.wrapping_add(usize::from(grown.is_none()));
            let start = start.expose_provenance();
            self.tails[place] = Tail { end: start + len, limit: start + room };
        }
        Some((start, 0))
    }

    /// A new collection in the arena with room for `capacity` elements of `stride` lanes; null, with the
    /// fault set, beyond the limit.
    pub fn collection(&mut self, capacity: usize, stride: usize) -> *mut Collection {
        let bytes = capacity.checked_mul(stride * 8).and_then(|b| b.checked_add(size_of::<Collection>()));
        let Some(bytes) = bytes else {
            self.set_fault(Fault::MemoryExceeded);
            return std::ptr::null_mut();
        };
        match self.allocate(bytes) {
            Some(start) => {
                let header = start.as_ptr().cast::<Collection>();
                // SAFETY: freshly allocated, aligned to 8, with room for the header.
                unsafe { header.write(Collection { len: 0, capacity: capacity as u64 }) };
                header
            }
            None => std::ptr::null_mut(),
        }
    }

    /// Makes a fault of a value that nested too deep for what was just done with it.
    pub(crate) fn settle(&mut self) {
        if self.meter.too_deep.get() {
            self.set_fault(Fault::RecursionTooDeep);
        }
    }

    /// Records a fault without a place; the first one stays.
    #[cold]
    pub fn set_fault(&mut self, fault: Fault) {
        if self.status == Status::Ok as u32 {
            self.status = Status::Fault as u32;
            self.fault = FaultRecord { code: u32::from(fault.code()), site: NO_SITE };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_call_needed_is_not_kept() {
        let limits = Limits { memory: 64 << 20, ..Limits::default() };
        let mut ctx = CallContext::new(limits, 0, 0);
        // Of a large first chunk nothing stays, of many only the first one.
        for (sizes, kept) in [(vec![40 << 20], 0), (vec![100, 30 << 20], FIRST_CHUNK), (vec![50_000; 900], 50_000)] {
            ctx.reset(limits, 0, 0);
            for size in &sizes {
                assert!(ctx.allocate(*size).is_some(), "{size} of {sizes:?}");
            }
            ctx.log.extend((0..10_000).map(|n| n.to_string()));
            ctx.clear();
            assert_eq!(ctx.held(), kept, "{sizes:?}");
            assert!(ctx.log.capacity() <= KEPT);
            // What is left can be used again, up to the limit.
            ctx.reset(limits, 0, 0);
            assert!(ctx.allocate(limits.memory - kept - 16).is_some());
            assert!(ctx.allocate(64 << 10).is_none());
            ctx.clear();
            ctx.chunks.clear();
            ctx.clear();
        }
    }
}
