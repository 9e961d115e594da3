//! Lists, sets and maps, for generated code. Elements have a stride in lanes; sets and maps are ascending.

use std::cmp::Ordering;

use tenon_store::layout::COLLECTION_ELEMENTS;
use tenon_value::Fault;
use tenon_value::shape::ShapeId;

use crate::context::CallContext;
use crate::text::context;
use crate::value::{Comparer, count_of, elements, items, lanes_at};

/// A new collection of these elements; null, with a fault, beyond the limit.
pub(crate) fn collect(ctx: &mut CallContext, count: usize, lanes: &[u64]) -> u64 {
    let stride = lanes.len().checked_div(count).unwrap_or(0);
    let header = ctx.collection(count, stride);
    if header.is_null() {
        return 0;
    }
    // SAFETY: the arena gave room for the header and `count * stride` lanes behind it.
    unsafe {
        (*header).len = count as u64;
        let start = header.add(1).cast::<u64>();
        std::ptr::copy_nonoverlapping(lanes.as_ptr(), start, lanes.len());
    }
    header.expose_provenance() as u64
}

/// The list of the Ints from `from` to `to`, the end included if `inclusive`.
pub unsafe extern "C" fn range(ctx: *mut CallContext, from: i64, to: i64, inclusive: u64) -> u64 {
    context!(ctx);
    let count = (i128::from(to) - i128::from(from) + i128::from(inclusive)).max(0);
    let Ok(count) = usize::try_from(count) else {
        ctx.set_fault(Fault::MemoryExceeded);
        return 0;
    };
    let header = ctx.collection(count, 1);
    if header.is_null() {
        return 0;
    }
    ctx.meter.worked(count);
    // SAFETY: the arena gave room for the header and `count` lanes behind it.
    unsafe {
        (*header).len = count as u64;
        let start = header.add(1).cast::<i64>();
        for i in 0..count {
            start.add(i).write(from.wrapping_add(i as i64));
        }
    }
    header.expose_provenance() as u64
}

/// Two collections, one after the other.
pub unsafe extern "C" fn append(ctx: *mut CallContext, stride: u64, a: u64, b: u64) -> u64 {
    context!(ctx);
    let stride = stride as usize;
    // SAFETY: generated code passes collections of this stride.
    let (counts, parts) = unsafe { ([count_of(a), count_of(b)], [elements(a, stride), elements(b, stride)]) };
    let count = counts.iter().sum();
    ctx.meter.worked(count);
    let header = ctx.collection(count, stride);
    if header.is_null() {
        return 0;
    }
    // SAFETY: the arena gave room for the header and the elements of both behind it.
    unsafe {
        (*header).len = count as u64;
        let mut next = header.add(1).cast::<u64>();
        for part in parts {
            std::ptr::copy_nonoverlapping(part.as_ptr(), next, part.len());
            next = next.add(part.len());
        }
    }
    header.expose_provenance() as u64
}

/// The set of a list's elements: ascending, without duplicates; the first of equals stays.
pub unsafe extern "C" fn to_set(ctx: *mut CallContext, shape: u64, stride: u64, list: u64) -> u64 {
    context!(ctx);
    // SAFETY: generated code passes a list whose elements have this shape and stride.
    unsafe { distinct(ctx, ShapeId(shape as u32), items(list, stride as usize)) }
}

/// The map of a list of entries, key first: ascending by key; the last of equal keys stays.
pub unsafe extern "C" fn to_map(ctx: *mut CallContext, key: u64, stride: u64, list: u64) -> u64 {
    context!(ctx);
    // SAFETY: generated code passes a list of entries of this stride that begin with a key of this shape.
    unsafe { distinct(ctx, ShapeId(key as u32), items(list, stride as usize).rev()) }
}

/// A new collection of elements in the order of a shape that each begins with; the first of equals stays.
///
/// # Safety
/// The elements begin with values of the shape.
pub(crate) unsafe fn distinct<'a>(
    ctx: &mut CallContext,
    shape: ShapeId,
    all: impl ExactSizeIterator<Item = &'a [u64]>,
) -> u64 {
    let count = all.len();
    ctx.meter.worked(count);
    if let Err(fault) = ctx.meter.pass(count.saturating_mul(size_of::<&[u64]>())) {
        ctx.set_fault(fault);
        return 0;
    }
    // SAFETY: by the caller's promise.
    let order = unsafe {
        let comparer = Comparer::new(ctx);
        move |a: &[u64], b: &[u64]| comparer.compare(shape, a, b)
    };
    let mut sorted: Vec<&[u64]> = all.collect();
    sorted.sort_by(|a, b| order(a, b));
    sorted.dedup_by(|a, b| order(a, b) == Ordering::Equal);
    let made = gather(ctx, &sorted);
    drop(sorted);
    ctx.meter.passed();
    ctx.settle();
    made
}

/// A new collection of elements that lie anywhere; null, with a fault, beyond the limit.
fn gather(ctx: &mut CallContext, all: &[&[u64]]) -> u64 {
    let stride = all.first().map_or(0, |first| first.len());
    let header = ctx.collection(all.len(), stride);
    if header.is_null() {
        return 0;
    }
    // SAFETY: the arena gave room for the header and the elements behind it.
    unsafe {
        (*header).len = all.len() as u64;
        let mut next = header.add(1).cast::<u64>();
        for item in all {
            std::ptr::copy_nonoverlapping(item.as_ptr(), next, item.len());
            next = next.add(stride);
        }
    }
    header.expose_provenance() as u64
}

/// The address of the entry under a key of a map, or null.
pub unsafe extern "C" fn map_find(ctx: *mut CallContext, key: u64, stride: u64, wanted: *const u64, map: u64) -> u64 {
    // SAFETY: an entry of a map begins with its key, and maps are ordered like sets.
    unsafe { set_find(ctx, key, stride, wanted, map) }
}

/// The address of an element of a set, or null.
pub unsafe extern "C" fn set_find(ctx: *mut CallContext, shape: u64, stride: u64, wanted: *const u64, set: u64) -> u64 {
    context!(ctx);
    let (shape, stride) = (ShapeId(shape as u32), stride as usize);
    // SAFETY: generated code passes an ascending collection of this stride and a value of the shape.
    unsafe {
        if stride == 0 {
            return if count_of(set) == 0 { 0 } else { set };
        }
        let found = place(&Comparer::new(ctx), shape, stride, wanted, set);
        ctx.settle();
        found.map_or(0, |at| element_address(set, at, stride))
    }
}

/// Where an element stands in an ascending collection, or where it would.
///
/// # Safety
/// `set` is an ascending collection whose elements, of this stride, begin with values of the shape; `wanted` is one.
pub(crate) unsafe fn place(
    comparer: &Comparer<'_>,
    shape: ShapeId,
    stride: usize,
    wanted: *const u64,
    set: u64,
) -> Result<usize, usize> {
    // SAFETY: by the caller's promise.
    unsafe {
        let wanted = lanes_at(wanted, comparer.lanes(shape));
        let all = elements(set, stride);
        let (mut low, mut high) = (0, count_of(set));
        while low < high {
            let middle = low + (high - low) / 2;
            let item = &all[middle * stride..(middle + 1) * stride];
            match comparer.compare(shape, item, wanted) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return Ok(middle),
            }
        }
        Err(low)
    }
}

/// The address of an element that has lanes.
fn element_address(collection: u64, index: usize, stride: usize) -> u64 {
    collection + (COLLECTION_ELEMENTS + index * stride * 8) as u64
}

/// The address of the first element of a list that equals a value, or null.
pub unsafe extern "C" fn list_find(
    ctx: *mut CallContext,
    shape: u64,
    stride: u64,
    wanted: *const u64,
    list: u64,
) -> u64 {
    context!(ctx);
    let (shape, stride) = (ShapeId(shape as u32), stride as usize);
    // SAFETY: generated code passes a collection of this stride and a value of the shape.
    unsafe {
        if stride == 0 {
            return if count_of(list) == 0 { 0 } else { list };
        }
        let comparer = Comparer::new(ctx);
        let wanted = lanes_at(wanted, comparer.lanes(shape));
        let found = items(list, stride).position(|item| comparer.compare(shape, item, wanted) == Ordering::Equal);
        ctx.meter.worked(found.unwrap_or(count_of(list)));
        ctx.settle();
        found.map_or(0, |at| element_address(list, at, stride))
    }
}
