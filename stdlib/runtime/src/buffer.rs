//! Rows between the pipelines of a query: buffers, hash tables and sorting, for generated code.
//!
//! Everything lies in the arena of the call and dies with it. Generated code appends rows and walks chains
//! by itself; it calls in here when memory has to be taken, tables grow, or rows are ordered.

use crate::abi::Pair;
use crate::context::{CallContext, Status};
use crate::text::context;

/// A growing buffer of rows of equal size.
#[repr(C)]
#[derive(Debug)]
pub struct Rows {
    /// Where the next row goes.
    pub next: *mut u64,
    /// Where the present chunk ends: the next row needs a new one.
    pub end: *mut u64,
    /// Lanes of a row; at least one.
    pub stride: u64,
    /// The first chunk, or null.
    pub first: *mut Chunk,
    /// The present chunk, or null.
    pub last: *mut Chunk,
}

/// The head of a piece of a buffer; rows follow.
#[repr(C)]
#[derive(Debug)]
pub struct Chunk {
    /// The next chunk, or null.
    pub next: *mut Chunk,
    /// Where its rows end; for the last chunk only after [`rows_seal`].
    pub limit: *mut u64,
    /// Where its room ends.
    pub end: *mut u64,
}

/// A hash table over a buffer of entries. An entry begins with the next entry of its chain, or null, and its hash.
#[repr(C)]
#[derive(Debug)]
pub struct Table {
    /// The entries.
    pub rows: Rows,
    /// The heads of the chains: 48 bits of address; bit `48 + h` says that a hash ending in `h` may be in the chain.
    pub directory: *mut u64,
    /// The chain of a hash is number `hash >> shift`.
    pub shift: u64,
    /// How many entries there are.
    pub count: u64,
    /// How many entries there may be until the table must grow.
    pub limit: u64,
}

/// The address bits of a head.
pub const ADDRESS: u64 = (1 << 48) - 1;

/// Bytes of the first chunk of a buffer, and of the largest.
const FIRST: usize = 1 << 10;
const LARGEST: usize = 1 << 18;

/// A comparison that the code generator made.
type Comparator = unsafe extern "C" fn(*mut CallContext, *const u64, *const u64) -> i64;

/// Where the rows of a chunk begin.
unsafe fn start(chunk: *mut Chunk) -> *mut u64 {
    // SAFETY: rows follow the head.
    unsafe { chunk.add(1).cast() }
}

impl Rows {
    fn seal(&mut self) {
        if !self.last.is_null() {
            // SAFETY: the last chunk lives in the arena.
            unsafe { (*self.last).limit = self.next };
        }
    }

    /// The chunks in order.
    fn chunks(&self) -> impl Iterator<Item = *mut Chunk> {
        let mut at = self.first;
        std::iter::from_fn(move || {
            let chunk = at;
            if chunk.is_null() {
                return None;
            }
            // SAFETY: chunks live in the arena of the call.
            at = unsafe { (*chunk).next };
            Some(chunk)
        })
    }

    /// The addresses of all rows in order.
    fn pointers(&mut self) -> Vec<*mut u64> {
        self.seal();
        let stride = self.stride as usize;
        let mut out = Vec::new();
        for chunk in self.chunks() {
            // SAFETY: a chunk's rows lie between its start and its limit.
            unsafe {
                let mut row = start(chunk);
                while row < (*chunk).limit {
                    out.push(row);
                    row = row.add(stride);
                }
            }
        }
        out
    }
}

/// An empty buffer in the arena.
pub unsafe extern "C" fn rows_new(ctx: *mut CallContext, stride: u64) -> *mut Rows {
    context!(ctx);
    let Some(place) = ctx.allocate(size_of::<Rows>()) else { return std::ptr::null_mut() };
    let rows = place.as_ptr().cast::<Rows>();
    let (none, empty) = (std::ptr::null_mut(), std::ptr::null_mut());
    // SAFETY: freshly taken, aligned to 8.
    unsafe { rows.write(Rows { next: empty, end: empty, stride, first: none, last: none }) };
    rows
}

/// Room for one more row of a buffer whose present chunk is full; the row's address. Does not count it yet:
/// the caller moves `next` on.
pub unsafe extern "C" fn rows_grow(ctx: *mut CallContext, rows: *mut Rows) -> *mut u64 {
    context!(ctx);
    // SAFETY: generated code passes a buffer of its call.
    let rows = unsafe { &mut *rows };
    rows.seal();
    // After pruning there are chunks behind the last one that are empty.
    // SAFETY: chunks live in the arena of the call.
    let spare = if rows.last.is_null() { rows.last } else { unsafe { (*rows.last).next } };
    if !spare.is_null() {
        // SAFETY: as above.
        unsafe {
            rows.last = spare;
            rows.next = start(spare);
            rows.end = (*spare).end;
        }
        return rows.next;
    }
    let row = (rows.stride as usize).max(1) * 8;
    let before = if rows.last.is_null() {
        FIRST / 2
    } else {
        // SAFETY: rows of a chunk lie between its start and its limit.
        unsafe { (rows.next as usize) - (start(rows.last) as usize) }
    };
    let bytes = (before * 2).min(LARGEST).max(row);
    let bytes = bytes / row * row;
    let Some(place) = ctx.allocate(size_of::<Chunk>() + bytes) else { return std::ptr::null_mut() };
    let chunk = place.as_ptr().cast::<Chunk>();
    // SAFETY: freshly taken, with room for the head and the rows.
    unsafe {
        let end = start(chunk).add(bytes / 8);
        chunk.write(Chunk { next: std::ptr::null_mut(), limit: start(chunk), end });
        if rows.last.is_null() {
            rows.first = chunk;
        } else {
            (*rows.last).next = chunk;
        }
        rows.last = chunk;
        rows.next = start(chunk);
        rows.end = end;
    }
    rows.next
}

/// Ends the last chunk, so that the chunks can be walked.
pub unsafe extern "C" fn rows_seal(rows: *mut Rows) {
    // SAFETY: generated code passes a buffer of its call.
    unsafe { (*rows).seal() }
}

/// Moves the pointers of rows into the arena.
fn keep(ctx: &mut CallContext, pointers: &[*mut u64]) -> Pair {
    let Some(place) = ctx.allocate(pointers.len() * 8) else { return Pair { first: 0, second: 0 } };
    let to = place.as_ptr().cast::<*mut u64>();
    // SAFETY: freshly taken, with room for all.
    unsafe { std::ptr::copy_nonoverlapping(pointers.as_ptr(), to, pointers.len()) };
    Pair { first: to.expose_provenance() as u64, second: pointers.len() as u64 }
}

/// The addresses of the rows of a buffer, as an array and its length: the first of those that `distinct` finds
/// equal (all, if it is null), in the order of `order` (of the buffer, if it is null), which is stable.
pub unsafe extern "C" fn rows_pointers(ctx: *mut CallContext, rows: *mut Rows, distinct: u64, order: u64) -> Pair {
    // SAFETY: generated code passes a buffer of its call, and comparators that it made for its rows.
    let (mut pointers, distinct, order) = unsafe { ((*rows).pointers(), comparator(distinct), comparator(order)) };
    {
        context!(ctx);
        // A pointer for each row, and where rows are told apart its number beside it.
        let each = if distinct.is_some() { 24 } else { 8 };
        ctx.meter.worked(pointers.len());
        if !ctx.meter.fits(pointers.len() * each) {
            ctx.set_fault(tenon_value::Fault::MemoryExceeded);
            return Pair { first: 0, second: 0 };
        }
    }
    if let Some(compare) = distinct {
        let mut all: Vec<(usize, *mut u64)> = pointers.iter().copied().enumerate().collect();
        // SAFETY: as above; the context is not borrowed here.
        all.sort_by(|(_, a), (_, b)| unsafe { compare(ctx, *a, *b) }.cmp(&0));
        // SAFETY: as above.
        all.dedup_by(|(_, b), (_, a)| unsafe { compare(ctx, *a, *b) } == 0);
        all.sort_unstable_by_key(|(index, _)| *index);
        pointers = all.into_iter().map(|(_, row)| row).collect();
    }
    if let Some(compare) = order {
        // SAFETY: as above.
        pointers.sort_by(|a, b| unsafe { compare(ctx, *a, *b) }.cmp(&0));
    }
    context!(ctx);
    keep(ctx, &pointers)
}

/// A comparator from its address.
unsafe fn comparator(address: u64) -> Option<Comparator> {
    let address = std::ptr::with_exposed_provenance::<u8>(address as usize);
    // SAFETY: generated code passes null or the address of a comparator that it made.
    unsafe { std::mem::transmute::<*const u8, Option<Comparator>>(address) }
}

/// Leaves only the first `keep` rows of a buffer in the order of `order`: for the first rows of many.
pub unsafe extern "C" fn rows_prune(ctx: *mut CallContext, rows: *mut Rows, order: u64, keep: u64) {
    // SAFETY: generated code passes a buffer of its call, and a comparator that it made for its rows.
    unsafe {
        let mut pointers = (*rows).pointers();
        let Some(compare) = comparator(order) else { return };
        pointers.sort_by(|a, b| compare(ctx, *a, *b).cmp(&0));
        pointers.truncate(keep as usize);
        let stride = (*rows).stride as usize;
        let mut copy = Vec::with_capacity(pointers.len() * stride);
        for row in pointers {
            copy.extend_from_slice(std::slice::from_raw_parts(row, stride));
        }
        // The rows that stay are written over those that were there first; the chunks behind them stay, empty.
        let mut at = 0;
        let mut ended = false;
        let chunks: Vec<*mut Chunk> = (*rows).chunks().collect();
        for chunk in chunks {
            let room = ((*chunk).end as usize - start(chunk) as usize) / 8;
            let now = if ended { 0 } else { room.min(copy.len() - at) };
            std::ptr::copy_nonoverlapping(copy.as_ptr().add(at), start(chunk), now);
            at += now;
            (*chunk).limit = start(chunk).add(now);
            if !ended && at == copy.len() {
                ended = true;
                (*rows).next = (*chunk).limit;
                (*rows).end = (*chunk).end;
                (*rows).last = chunk;
            }
        }
    }
}

/// A list of `lanes` lanes from lane `first` on of each row of a buffer, in order.
pub unsafe extern "C" fn rows_collect(ctx: *mut CallContext, rows: *mut Rows, first: u64, lanes: u64) -> u64 {
    // SAFETY: generated code passes a buffer of its call.
    let pointers = unsafe { (*rows).pointers() };
    context!(ctx);
    // SAFETY: the rows have those lanes.
    unsafe { gather(ctx, &pointers, first as usize, lanes as usize) }
}

/// As [`rows_collect`], of rows given by their addresses.
pub unsafe extern "C" fn pointers_collect(
    ctx: *mut CallContext,
    pointers: *const *mut u64,
    count: u64,
    first: u64,
    lanes: u64,
) -> u64 {
    context!(ctx);
    // SAFETY: generated code passes an array of `rows_pointers`, or a part of it.
    unsafe {
        let pointers = if count == 0 { &[][..] } else { std::slice::from_raw_parts(pointers, count as usize) };
        gather(ctx, pointers, first as usize, lanes as usize)
    }
}

unsafe fn gather(ctx: &mut CallContext, pointers: &[*mut u64], first: usize, lanes: usize) -> u64 {
    let header = ctx.collection(pointers.len(), lanes);
    if header.is_null() {
        return 0;
    }
    // SAFETY: the arena gave room for all elements; by the caller's promise the rows have those lanes.
    unsafe {
        (*header).len = pointers.len() as u64;
        let mut to = header.add(1).cast::<u64>();
        for row in pointers {
            std::ptr::copy_nonoverlapping(row.add(first), to, lanes);
            to = to.add(lanes);
        }
    }
    header.expose_provenance() as u64
}

/// Makes the directory of a table anew, with room for twice as many entries as there are. Entries of one hash
/// stand in their chain in the order in which they came.
pub unsafe extern "C" fn table_link(ctx: *mut CallContext, table: *mut Table) {
    context!(ctx);
    // SAFETY: generated code passes a table of its call.
    let table = unsafe { &mut *table };
    let mut pointers = table.rows.pointers();
    let slots = (pointers.len() * 2).max(64).next_power_of_two();
    let Some(place) = ctx.allocate(slots * 8) else { return };
    let directory = place.as_ptr().cast::<u64>();
    // SAFETY: freshly taken, with room for all heads.
    unsafe { directory.write_bytes(0, slots) };
    let shift = 64 - slots.trailing_zeros();
    pointers.reverse();
    for entry in &pointers {
        // SAFETY: an entry begins with its link and its hash; the directory has a head for each value of the
        // highest bits.
        unsafe {
            let hash = *entry.add(1);
            let head = directory.add((hash >> shift) as usize);
            entry.write(*head & ADDRESS);
            *head = (*head & !ADDRESS) | entry.expose_provenance() as u64 | (1 << (48 + (hash & 15)));
        }
    }
    table.directory = directory;
    table.shift = u64::from(shift);
    table.count = pointers.len() as u64;
    table.limit = slots as u64;
}

/// So many lanes of zeros.
pub unsafe extern "C" fn zeroed(ctx: *mut CallContext, lanes: u64) -> *mut u64 {
    context!(ctx);
    let bytes = usize::try_from(lanes).ok().and_then(|n| n.checked_mul(8)).unwrap_or(usize::MAX);
    match ctx.allocate(bytes) {
        Some(place) => {
            let to = place.as_ptr().cast::<u64>();
            // SAFETY: freshly taken, with room for all.
            unsafe { to.write_bytes(0, lanes as usize) };
            to
        }
        None => {
            if ctx.status == Status::Ok as u32 {
                ctx.set_fault(tenon_value::Fault::MemoryExceeded);
            }
            std::ptr::null_mut()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    unsafe extern "C" fn by_first(_: *mut CallContext, a: *const u64, b: *const u64) -> i64 {
        // SAFETY: the rows of the test have one lane.
        unsafe { (*a).cmp(&*b) as i64 }
    }

    #[test]
    fn pruning_keeps_the_first_rows_and_takes_no_more_memory() {
        let limits = Limits { memory: 1 << 20, ..Limits::default() };
        let mut ctx = CallContext::new(limits, 0, 1);
        let ctx: *mut CallContext = &mut ctx;
        let order = by_first as *const u8 as u64;
        // SAFETY: a buffer of this context, with rows of one lane.
        unsafe {
            let rows = rows_new(ctx, 1);
            let mut random = 1u64;
            let mut all = Vec::new();
            for i in 0..400_000u64 {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let value = random >> 20;
                all.push(value);
                let mut row = (*rows).next;
                if row == (*rows).end {
                    row = rows_grow(ctx, rows);
                    assert!(!row.is_null(), "{i} rows took more memory than there is");
                }
                row.write(value);
                (*rows).next = row.add(1);
                if i % 2_000 == 1_999 {
                    rows_prune(ctx, rows, order, 500);
                    let left: u64 = (*rows).pointers().len() as u64;
                    assert_eq!(left, 500);
                }
            }
            all.sort_unstable();
            let sorted = rows_pointers(ctx, rows, 0, order);
            let pointers = std::slice::from_raw_parts(sorted.first as *const *const u64, sorted.second as usize);
            let first: Vec<u64> = pointers.iter().map(|row| **row).collect();
            assert_eq!(first, all[..500]);
        }
    }
}
