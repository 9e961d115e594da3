//! What pipelines of a query break on, for generated code: buffers of rows, sorting, join tables, group
//! tables. All of it lies in the arena of the call and goes with it.
//!
//! The layouts are public because generated code appends to buffers, probes tables and folds into groups
//! inline; it calls these functions only to make, grow, build and sort. A row here is `stride` lanes. In
//! the rows of a join or group table lane 0 is the hash of the row's key; the **upper** bits of hashes
//! choose the place, so they must be mixed well ([`tenon_store::hash`]).

use std::cmp::Ordering;

use tenon_store::NONE;
use tenon_value::Fault;
use tenon_value::shape::ShapeId;

use crate::context::CallContext;
use crate::text::context;
use crate::value::{Comparer, lanes_at};

/// Rows one after the other. Appending inline: if `len == capacity` call [`buffer_grow`]; store the lanes
/// at `rows + len * stride * 8`; add 1 to `len`.
#[repr(C)]
#[derive(Debug)]
pub struct Buffer {
    /// The first row; it moves when the buffer grows.
    pub rows: *mut u64,
    /// The number of rows.
    pub len: u64,
    /// How many rows have room.
    pub capacity: u64,
    /// Lanes of a row.
    pub stride: u64,
}

/// Finds the rows of a buffer by hash. Probing inline: `at = heads[hash >> shift]`; while `at != NONE`:
/// the row is at `rows + at * stride * 8`; it matches if its lane 0 is the hash and its key is equal;
/// `at = next[at]`. Rows of one place come in the order of the buffer.
#[repr(C)]
#[derive(Debug)]
pub struct JoinTable {
    /// Per place, the first row: 32 bits each.
    pub heads: *const u32,
    /// 64 minus the logarithm of the number of places.
    pub shift: u64,
    /// Per row, the next row of its place: 32 bits each.
    pub next: *const u32,
    /// The rows.
    pub rows: *const u64,
    /// Lanes of a row.
    pub stride: u64,
    /// The number of rows.
    pub len: u64,
}

/// Groups by hash. Finding inline: `place = hash >> shift`; `at = places[place]`; if `at == NONE` the
/// group is new: call [`group_insert`], which yields the address of its row, zero but for the hash in lane
/// 0; else the row is at `buffer.rows + at * stride * 8`; if its lane 0 is not the hash or its key is not
/// equal, go on with `place = (place + 1) & mask`.
#[repr(C)]
#[derive(Debug)]
pub struct GroupTable {
    /// The groups, in the order in which they were met.
    pub buffer: Buffer,
    /// Per place, the group: 32 bits each.
    pub places: *mut u32,
    /// 64 minus the logarithm of the number of places.
    pub shift: u64,
    /// The number of places minus 1.
    pub mask: u64,
}

/// What to sort by: one part of the order, most important first.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SortKey {
    /// The first lane of the part in a row.
    pub lane: u32,
    /// The shape of the part.
    pub shape: u32,
    /// [`DESCENDING`] and [`NONE_FIRST`].
    pub flags: u32,
    /// Zero.
    pub reserved: u32,
}

/// Largest first. `none` stays last.
pub const DESCENDING: u32 = 1;
/// `none` first.
pub const NONE_FIRST: u32 = 2;

/// Takes zeroed or filled arena memory for `count` words of 4 bytes.
fn words(ctx: &mut CallContext, count: usize, fill: u8) -> Option<*mut u32> {
    let start = ctx.allocate(count.checked_mul(4)?)?.as_ptr();
    // SAFETY: freshly allocated with room for `count` words.
    unsafe { start.write_bytes(fill, count * 4) };
    Some(start.cast())
}

fn rows(ctx: &mut CallContext, capacity: u64, stride: u64) -> Option<*mut u64> {
    let bytes = usize::try_from(capacity.checked_mul(stride)?.checked_mul(8)?).ok();
    match bytes {
        Some(bytes) => Some(ctx.allocate(bytes.max(8))?.as_ptr().cast()),
        None => {
            ctx.set_fault(Fault::MemoryExceeded);
            None
        }
    }
}

fn place<T>(ctx: &mut CallContext, value: T) -> *mut T {
    const { assert!(align_of::<T>() <= 8 && !std::mem::needs_drop::<T>()) };
    match ctx.allocate(size_of::<T>()) {
        Some(start) => {
            let start = start.as_ptr().cast::<T>();
            // SAFETY: freshly allocated with room, aligned to 8.
            unsafe { start.write(value) };
            start
        }
        None => std::ptr::null_mut(),
    }
}

fn new_buffer(ctx: &mut CallContext, stride: u64, capacity: u64) -> Option<Buffer> {
    let capacity = capacity.clamp(16, 1 << 16);
    Some(Buffer { rows: rows(ctx, capacity, stride)?, len: 0, capacity, stride })
}

/// A new buffer of rows of `stride` lanes; `capacity` is a guess. Null, with a fault, beyond the limit.
pub unsafe extern "C" fn buffer_new(ctx: *mut CallContext, stride: u64, capacity: u64) -> *mut Buffer {
    context!(ctx);
    match new_buffer(ctx, stride, capacity) {
        Some(buffer) => place(ctx, buffer),
        None => std::ptr::null_mut(),
    }
}

/// Makes room for at least one more row.
pub unsafe extern "C" fn buffer_grow(ctx: *mut CallContext, buffer: *mut Buffer) {
    context!(ctx);
    // SAFETY: generated code passes what `buffer_new` gave in this call.
    grow(ctx, unsafe { &mut *buffer });
}

fn grow(ctx: &mut CallContext, buffer: &mut Buffer) -> bool {
    let Some(capacity) = buffer.capacity.checked_mul(2).filter(|rows| *rows <= u64::from(NONE)) else {
        ctx.set_fault(Fault::MemoryExceeded);
        return false;
    };
    let Some(larger) = rows(ctx, capacity, buffer.stride) else { return false };
    // SAFETY: both hold `len` rows, and the new memory is apart from the old.
    unsafe { std::ptr::copy_nonoverlapping(buffer.rows, larger, (buffer.len * buffer.stride) as usize) };
    buffer.rows = larger;
    buffer.capacity = capacity;
    true
}

impl Buffer {
    /// # Safety
    /// The number must be below `len`.
    unsafe fn row<'a>(&self, number: u64) -> &'a [u64] {
        // SAFETY: by the caller's promise.
        unsafe { lanes_at(self.rows.add((number * self.stride) as usize), self.stride as usize) }
    }
}

/// Compares two rows by the parts of an order.
///
/// # Safety
/// The rows must hold values of the shapes at the lanes of the keys.
unsafe fn compare(comparer: &Comparer<'_>, keys: &[SortKey], a: &[u64], b: &[u64]) -> Ordering {
    use tenon_value::shape::Kind;
    for key in keys {
        let (a, b) = (&a[key.lane as usize..], &b[key.lane as usize..]);
        let shape = ShapeId(key.shape);
        // SAFETY: by the caller's promise.
        let order = unsafe {
            match (comparer.kind(shape), a[0], b[0]) {
                (Kind::Option(_), 0, 0) => Ordering::Equal,
                (Kind::Option(_), 0, _) | (Kind::Option(_), _, 0) => {
                    // Where `none` stands does not depend on the direction.
                    let last = if a[0] == 0 { Ordering::Greater } else { Ordering::Less };
                    if key.flags & NONE_FIRST != 0 { last.reverse() } else { last }
                }
                _ => {
                    let order = comparer.compare(shape, a, b);
                    if key.flags & DESCENDING != 0 { order.reverse() } else { order }
                }
            }
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

/// Sorts a buffer by `count` keys, stably. Texts, options and references are compared by their shapes.
pub unsafe extern "C" fn buffer_sort(ctx: *mut CallContext, buffer: *mut Buffer, keys: *const SortKey, count: u64) {
    context!(ctx);
    // SAFETY: generated code passes a buffer of this call and keys whose lanes are within its rows.
    unsafe {
        let buffer = &mut *buffer;
        let keys = std::slice::from_raw_parts(keys, count as usize);
        let comparer = Comparer::new(ctx);
        let len = buffer.len as usize;
        let stride = buffer.stride as usize;
        if len < 2 || stride == 0 {
            return;
        }
        // Numbers sort without looking at rows: the common case of one number, and ties by place.
        let mut order: Vec<u32> = (0..len as u32).collect();
        match keys {
            [key] if comparer.is_word(ShapeId(key.shape)) => {
                let descending = key.flags & DESCENDING != 0;
                let mut pairs: Vec<(i64, u32)> = order
                    .iter()
                    .map(|n| {
                        let lane = buffer.row(u64::from(*n))[key.lane as usize] as i64;
                        // Not, because negation has no place for the least number.
                        (if descending { !lane } else { lane }, *n)
                    })
                    .collect();
                pairs.sort_unstable();
                order = pairs.into_iter().map(|(_, n)| n).collect();
            }
            _ => order.sort_by(|a, b| {
                compare(&comparer, keys, buffer.row(u64::from(*a)), buffer.row(u64::from(*b)))
            }),
        }
        let Some(sorted) = rows(ctx, buffer.len.max(1), buffer.stride) else { return };
        for (to, from) in order.into_iter().enumerate() {
            let row = buffer.row(u64::from(from));
            std::ptr::copy_nonoverlapping(row.as_ptr(), sorted.add(to * stride), stride);
        }
        buffer.rows = sorted;
        buffer.capacity = buffer.len;
    }
}

/// Keeps the first `limit` rows of an order: offers a row to a buffer that is a heap of at most `limit`
/// rows, the last of the order on top. At the end, [`buffer_sort`] puts the heap in order. Rows that are
/// equal in all keys keep no order, so the keys must be total.
pub unsafe extern "C" fn top_offer(
    ctx: *mut CallContext,
    buffer: *mut Buffer,
    limit: u64,
    keys: *const SortKey,
    count: u64,
    row: *const u64,
) {
    context!(ctx);
    // SAFETY: as for `buffer_sort`; the row has the stride of the buffer.
    unsafe {
        let buffer = &mut *buffer;
        let keys = std::slice::from_raw_parts(keys, count as usize);
        let comparer = Comparer::new(ctx);
        let stride = buffer.stride as usize;
        let row = lanes_at(row, stride);
        if limit == 0 {
            return;
        }
        let store = |buffer: &Buffer, at: u64, row: &[u64]| {
            // The row may be one of the buffer itself.
            std::ptr::copy(row.as_ptr(), buffer.rows.add((at * buffer.stride) as usize), stride);
        };
        if buffer.len < limit {
            if buffer.len == buffer.capacity && !grow(ctx, buffer) {
                return;
            }
            let mut at = buffer.len;
            buffer.len += 1;
            while at > 0 {
                let parent = (at - 1) / 2;
                if compare(&comparer, keys, buffer.row(parent), row) != Ordering::Less {
                    break;
                }
                store(buffer, at, buffer.row(parent));
                at = parent;
            }
            store(buffer, at, row);
            return;
        }
        if compare(&comparer, keys, row, buffer.row(0)) != Ordering::Less {
            return;
        }
        let mut at = 0;
        loop {
            let mut child = 2 * at + 1;
            if child >= buffer.len {
                break;
            }
            if child + 1 < buffer.len
                && compare(&comparer, keys, buffer.row(child), buffer.row(child + 1)) == Ordering::Less
            {
                child += 1;
            }
            if compare(&comparer, keys, row, buffer.row(child)) != Ordering::Less {
                break;
            }
            store(buffer, at, buffer.row(child));
            at = child;
        }
        store(buffer, at, row);
    }
}

fn bits_for(rows: u64) -> u32 {
    (rows.max(4) * 2).next_power_of_two().trailing_zeros()
}

/// A join table over the rows of a buffer, which must not grow any more.
pub unsafe extern "C" fn join_build(ctx: *mut CallContext, buffer: *mut Buffer) -> *mut JoinTable {
    context!(ctx);
    // SAFETY: generated code passes a buffer of this call.
    let buffer = unsafe { &*buffer };
    let bits = bits_for(buffer.len);
    let Some(heads) = words(ctx, 1 << bits, 0xff) else { return std::ptr::null_mut() };
    let Some(next) = words(ctx, buffer.len as usize, 0xff) else { return std::ptr::null_mut() };
    let shift = u64::from(64 - bits);
    // From the last row to the first, so that places begin with their first rows.
    for number in (0..buffer.len).rev() {
        // SAFETY: the row is within the buffer, and has a hash; the place is below `1 << bits`.
        unsafe {
            let hash = buffer.row(number)[0];
            let head = heads.add((hash >> shift) as usize);
            next.add(number as usize).write(*head);
            head.write(number as u32);
        }
    }
    place(ctx, JoinTable { heads, shift, next, rows: buffer.rows, stride: buffer.stride, len: buffer.len })
}

/// A new group table of rows of `stride` lanes, hash included; `expected` is a guess.
pub unsafe extern "C" fn group_new(ctx: *mut CallContext, stride: u64, expected: u64) -> *mut GroupTable {
    context!(ctx);
    let expected = expected.clamp(16, 1 << 16);
    let bits = bits_for(expected);
    let Some(buffer) = new_buffer(ctx, stride, expected) else { return std::ptr::null_mut() };
    let Some(places) = words(ctx, 1 << bits, 0xff) else { return std::ptr::null_mut() };
    place(ctx, GroupTable { buffer, places, shift: u64::from(64 - bits), mask: (1 << bits) - 1 })
}

/// Adds a group with a hash that has no group with this key yet. Yields the address of its row, which is
/// zero but for the hash. Null, with a fault, beyond the limit.
pub unsafe extern "C" fn group_insert(ctx: *mut CallContext, table: *mut GroupTable, hash: u64) -> *mut u64 {
    context!(ctx);
    // SAFETY: generated code passes what `group_new` gave in this call.
    let table = unsafe { &mut *table };
    if table.buffer.len == table.buffer.capacity && !grow(ctx, &mut table.buffer) {
        return std::ptr::null_mut();
    }
    if (table.buffer.len + 1) * 2 > table.mask + 1 && !rehash(ctx, table) {
        return std::ptr::null_mut();
    }
    let number = table.buffer.len;
    table.buffer.len += 1;
    // SAFETY: the buffer has room for the row, and the table a free place.
    unsafe {
        link(table, hash, number as u32);
        let row = table.buffer.rows.add((number * table.buffer.stride) as usize);
        row.write_bytes(0, table.buffer.stride as usize);
        row.write(hash);
        row
    }
}

/// # Safety
/// The table must have a free place.
unsafe fn link(table: &mut GroupTable, hash: u64, number: u32) {
    let mut place = hash >> table.shift;
    // SAFETY: places are below `mask + 1`.
    unsafe {
        while *table.places.add(place as usize) != NONE {
            place = (place + 1) & table.mask;
        }
        table.places.add(place as usize).write(number);
    }
}

fn rehash(ctx: &mut CallContext, table: &mut GroupTable) -> bool {
    let bits = bits_for((table.mask + 1) * 2);
    let Some(places) = words(ctx, 1 << bits, 0xff) else { return false };
    table.places = places;
    table.shift = u64::from(64 - bits);
    table.mask = (1 << bits) - 1;
    for number in 0..table.buffer.len {
        // SAFETY: the row is within the buffer; the new table has more places than rows.
        unsafe {
            let hash = table.buffer.row(number)[0];
            link(table, hash, number as u32);
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::Limits;
    use std::collections::BTreeMap;
    use tenon_store::hash;

    fn hash_of(value: u64) -> u64 {
        hash::finish(hash::word(hash::SEED, value))
    }

    unsafe fn push(ctx: *mut CallContext, buffer: *mut Buffer, row: &[u64]) {
        // SAFETY: as generated code does it.
        unsafe {
            if (*buffer).len == (*buffer).capacity {
                buffer_grow(ctx, buffer);
            }
            let at = (*buffer).rows.add(((*buffer).len * (*buffer).stride) as usize);
            std::ptr::copy_nonoverlapping(row.as_ptr(), at, row.len());
            (*buffer).len += 1;
        }
    }

    #[test]
    fn join_tables_find_all_rows_in_order() {
        let mut ctx = CallContext::new(Limits::default(), 0, 0);
        let ctx = &raw mut ctx;
        // SAFETY: as generated code does it.
        unsafe {
            let buffer = buffer_new(ctx, 3, 0);
            for n in 0..1000u64 {
                push(ctx, buffer, &[hash_of(n % 37), n % 37, n]);
            }
            let table = &*join_build(ctx, buffer);
            for key in 0..40u64 {
                let mut found = Vec::new();
                let mut at = *table.heads.add((hash_of(key) >> table.shift) as usize);
                while at != NONE {
                    let row = lanes_at(table.rows.add(at as usize * 3), 3);
                    if row[0] == hash_of(key) && row[1] == key {
                        found.push(row[2]);
                    }
                    at = *table.next.add(at as usize);
                }
                let expected: Vec<u64> = (0..1000).filter(|n| n % 37 == key).collect();
                assert_eq!(found, expected);
            }
        }
    }

    #[test]
    fn groups_are_found_again() {
        let mut ctx = CallContext::new(Limits::default(), 0, 0);
        let ctx = &raw mut ctx;
        let mut model: BTreeMap<u64, u64> = BTreeMap::new();
        // SAFETY: as generated code does it.
        unsafe {
            let table = group_new(ctx, 3, 0);
            for n in 0..20_000u64 {
                let key = (n * n) % 1237;
                let hash = hash_of(key);
                let mut place = hash >> (*table).shift;
                let row = loop {
                    let at = *(*table).places.add(place as usize);
                    if at == NONE {
                        let row = group_insert(ctx, table, hash);
                        row.add(1).write(key);
                        break row;
                    }
                    let row = (*table).buffer.rows.add(at as usize * 3);
                    if *row == hash && *row.add(1) == key {
                        break row;
                    }
                    place = (place + 1) & (*table).mask;
                };
                *row.add(2) += n;
                *model.entry(key).or_default() += n;
            }
            let buffer = &(*table).buffer;
            let found: BTreeMap<u64, u64> = (0..buffer.len).map(|n| (buffer.row(n)[1], buffer.row(n)[2])).collect();
            assert_eq!(found, model);
        }
    }

    /// Rows of a text, an optional number and a number that tells them apart, in all directions.
    #[test]
    fn sorting_and_the_first_few_agree_with_a_vector() {
        use tenon_value::shape::{Kind, Shapes};
        let mut shapes = Shapes::new();
        let int = shapes.kind(Kind::Int);
        let text = shapes.kind(Kind::Text);
        let optional = shapes.kind(Kind::Option(int));
        shapes.finish().expect("shapes");
        let tables = crate::native::Tables {
            shapes,
            patterns: vec![],
            schema: tenon_value::schema::Schema::default(),
            keys: vec![],
            library: vec![],
            errors: vec![],
        };
        let mut ctx = CallContext::new(Limits::default(), 0, 0);
        ctx.tables = &raw const tables;
        let ctx = &raw mut ctx;
        let names = ["b", "a name that is longer than twelve", "a name that is longer", "", "a"];
        let row = |n: u64| {
            let name = tenon_store::Str::new(names[(n * 7 % 5) as usize].as_bytes());
            let tag = n % 4;
            [name.head, name.tail, u64::from(tag != 0), if tag == 0 { 0 } else { tag.wrapping_sub(2) }, n]
        };
        let model_key = |n: u64| (names[(n * 7 % 5) as usize], (n % 4 != 0).then(|| (n % 4) as i64 - 2), n);
        for flags in 0..4u32 {
            let keys = [
                SortKey { lane: 0, shape: text.0, flags: flags & DESCENDING, reserved: 0 },
                SortKey { lane: 2, shape: optional.0, flags, reserved: 0 },
                SortKey { lane: 4, shape: int.0, flags: 0, reserved: 0 },
            ];
            let mut expected: Vec<u64> = (0..500).collect();
            expected.sort_by(|a, b| {
                let (a, b) = (model_key(*a), model_key(*b));
                let turn = |order: Ordering| if flags & DESCENDING != 0 { order.reverse() } else { order };
                let absent = |order: Ordering| if flags & NONE_FIRST != 0 { order.reverse() } else { order };
                let options = match (a.1, b.1) {
                    (None, None) => Ordering::Equal,
                    (None, Some(_)) => absent(Ordering::Greater),
                    (Some(_), None) => absent(Ordering::Less),
                    (Some(x), Some(y)) => turn(x.cmp(&y)),
                };
                turn(a.0.cmp(b.0)).then(options).then(a.2.cmp(&b.2))
            });
            // SAFETY: as generated code does it.
            unsafe {
                let all = buffer_new(ctx, 5, 0);
                let first = buffer_new(ctx, 5, 0);
                for n in 0..500 {
                    push(ctx, all, &row(n));
                    top_offer(ctx, first, 20, keys.as_ptr(), 3, row(n).as_ptr());
                }
                let sorted = |buffer: *mut Buffer| -> Vec<u64> {
                    buffer_sort(ctx, buffer, keys.as_ptr(), 3);
                    (0..(*buffer).len).map(|n| (*buffer).row(n)[4]).collect()
                };
                assert_eq!(sorted(all), expected);
                assert_eq!(sorted(first), expected[..20]);
                let by_number = [SortKey { lane: 4, shape: int.0, flags: DESCENDING, reserved: 0 }];
                buffer_sort(ctx, all, by_number.as_ptr(), 1);
                let numbers: Vec<u64> = (0..500).map(|n| (*all).row(n)[4]).collect();
                assert!(numbers.iter().copied().eq((0..500).rev()));
            }
        }
    }

    #[test]
    fn limits_end_in_a_fault() {
        let mut ctx = CallContext::new(Limits { memory: 1 << 16, ..Limits::default() }, 0, 0);
        let ctx = &raw mut ctx;
        // SAFETY: as generated code does it.
        unsafe {
            let table = group_new(ctx, 8, 0);
            let mut n = 0;
            while !group_insert(ctx, table, hash_of(n)).is_null() {
                n += 1;
            }
            assert!(n > 100);
            assert_eq!((*ctx).fault.code, u32::from(Fault::MemoryExceeded.code()));
        }
    }
}
