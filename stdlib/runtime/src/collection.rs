//! Lists, sets and maps, for generated code. Elements have a stride in lanes; sets and maps are ascending.

use std::cmp::Ordering;

use tenon_store::Collection;
use tenon_value::Fault;
use tenon_value::shape::ShapeId;

use crate::context::CallContext;
use crate::text::context;
use crate::value::{Comparer, elements, lanes_at};

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

/// The number of elements.
pub(crate) fn count_of(collection: u64) -> usize {
    let header = std::ptr::with_exposed_provenance::<Collection>(collection as usize);
    // SAFETY: generated code passes collections.
    unsafe { (*header).len as usize }
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
    // SAFETY: generated code passes collections of this stride.
    let (first, second) = unsafe { (elements(a, stride as usize), elements(b, stride as usize)) };
    let both = [first, second].concat();
    collect(ctx, count_of(a) + count_of(b), &both)
}

/// The set of a list's elements: ascending, without duplicates; the first of equals stays.
pub unsafe extern "C" fn to_set(ctx: *mut CallContext, shape: u64, stride: u64, list: u64) -> u64 {
    context!(ctx);
    let (shape, stride) = (ShapeId(shape as u32), stride as usize);
    if stride == 0 {
        return collect(ctx, count_of(list).min(1), &[]);
    }
    // SAFETY: generated code passes a list whose elements have this shape and stride.
    unsafe {
        let comparer = Comparer::new(ctx);
        let mut items: Vec<&[u64]> = elements(list, stride).chunks_exact(stride).collect();
        items.sort_by(|a, b| comparer.compare(shape, a, b));
        items.dedup_by(|a, b| comparer.compare(shape, a, b) == Ordering::Equal);
        let lanes = items.concat();
        collect(ctx, items.len(), &lanes)
    }
}

/// The map of a list of entries, key first: ascending by key; the last of equal keys stays.
pub unsafe extern "C" fn to_map(ctx: *mut CallContext, key: u64, stride: u64, list: u64) -> u64 {
    context!(ctx);
    let (key, stride) = (ShapeId(key as u32), stride as usize);
    if stride == 0 {
        return collect(ctx, count_of(list).min(1), &[]);
    }
    // SAFETY: generated code passes a list of entries of this stride that begin with a key of this shape.
    unsafe {
        let comparer = Comparer::new(ctx);
        let mut items: Vec<&[u64]> = elements(list, stride).chunks_exact(stride).rev().collect();
        items.sort_by(|a, b| comparer.compare(key, a, b));
        items.dedup_by(|a, b| comparer.compare(key, a, b) == Ordering::Equal);
        let lanes = items.concat();
        collect(ctx, items.len(), &lanes)
    }
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
    if stride == 0 {
        return if count_of(set) == 0 { 0 } else { set };
    }
    // SAFETY: generated code passes an ascending collection of this stride and a value of the shape.
    unsafe {
        let comparer = Comparer::new(ctx);
        let wanted = lanes_at(wanted, comparer.lanes(shape));
        let all = elements(set, stride);
        let (mut low, mut high) = (0, all.len() / stride);
        while low < high {
            let middle = low + (high - low) / 2;
            let item = &all[middle * stride..(middle + 1) * stride];
            match comparer.compare(shape, item, wanted) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return item.as_ptr().expose_provenance() as u64,
            }
        }
        0
    }
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
    if stride == 0 {
        return if count_of(list) == 0 { 0 } else { list };
    }
    // SAFETY: generated code passes a collection of this stride and a value of the shape.
    unsafe {
        let comparer = Comparer::new(ctx);
        let wanted = lanes_at(wanted, comparer.lanes(shape));
        let found = elements(list, stride)
            .chunks_exact(stride)
            .find(|item| comparer.compare(shape, item, wanted) == Ordering::Equal);
        found.map_or(0, |item| item.as_ptr().expose_provenance() as u64)
    }
}
