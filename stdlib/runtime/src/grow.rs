//! Collections that a loop builds: elements are put into the collection itself, where nobody else holds it.
//!
//! Generated code knows whether it does: a collection is *owned* if one of these functions made it and the variable that it
//! was assigned to has not been read since but for its elements. What is owned has room behind its elements, as much
//! as its `capacity` says; what is not is copied first. So a list of `n` elements that are appended one by one takes
//! time and memory in proportion to `n`.

use tenon_store::Collection;
use tenon_value::shape::ShapeId;

use crate::collection::{distinct, place};
use crate::context::CallContext;
use crate::text::context;
use crate::value::{Comparer, count_of, elements, items, lanes_at};

/// Room that a copy gets beyond its elements when it begins to grow.
const FIRST: usize = 4;

/// So many entries are put one by one into a set or map of any size; of more, all are sorted together.
const FEW: usize = 8;

/// A collection that can take `more` elements: the collection itself if it is owned and has room, else a copy. Null, with a
/// fault, beyond the limit.
///
/// # Safety
/// `collection` has elements of this stride; if it is owned, it was made here.
unsafe fn room(
    ctx: &mut CallContext,
    collection: u64,
    stride: usize,
    more: usize,
    owned: bool,
) -> Option<*mut Collection> {
    // SAFETY: by the caller's promise.
    unsafe {
        let count = count_of(collection);
        let old = std::ptr::with_exposed_provenance_mut::<Collection>(collection as usize);
        let wanted = count.checked_add(more)?;
        if owned && !old.is_null() && (*old).capacity as usize >= wanted {
            return Some(old);
        }
        let capacity = if owned { wanted.saturating_mul(2) } else { wanted.saturating_add(FIRST) };
        ctx.meter.worked(count);
        let new = ctx.collection(capacity, stride);
        if new.is_null() {
            return None;
        }
        let all = elements(collection, stride);
        std::ptr::copy_nonoverlapping(all.as_ptr(), first(new), all.len());
        (*new).len = count as u64;
        Some(new)
    }
}

/// Where the elements begin.
fn first(collection: *mut Collection) -> *mut u64 {
    collection.wrapping_add(1).cast()
}

fn lane(collection: *mut Collection) -> u64 {
    collection.expose_provenance() as u64
}

/// `a` with the elements of `b` behind its own.
pub unsafe extern "C" fn extend(ctx: *mut CallContext, stride: u64, a: u64, b: u64, owned: u64) -> u64 {
    context!(ctx);
    let stride = stride as usize;
    // SAFETY: generated code passes collections of this stride, and says whether it owns `a`.
    unsafe {
        let (more, count) = (elements(b, stride), count_of(b));
        let Some(to) = room(ctx, a, stride, count, owned != 0) else { return 0 };
        ctx.meter.worked(count);
        std::ptr::copy_nonoverlapping(more.as_ptr(), first(to).add((*to).len as usize * stride), more.len());
        (*to).len += count as u64;
        lane(to)
    }
}

/// Whether entries of this stride have nothing but their key. In a set the element that is there stays, in a map the new
/// entry replaces the old one.
///
/// # Safety
/// The shape is one of the program.
unsafe fn is_set(ctx: &CallContext, key: ShapeId, stride: usize) -> bool {
    // SAFETY: by the caller's promise.
    unsafe { Comparer::new(ctx) }.lanes(key) == stride
}

/// The set or map `a` with the entries of `b`.
pub unsafe extern "C" fn unite(ctx: *mut CallContext, key: u64, stride: u64, a: u64, b: u64, owned: u64) -> u64 {
    // SAFETY: generated code passes ascending collections whose entries begin with a key of this shape.
    unsafe {
        let width = stride as usize;
        if width == 0 || count_of(b) > FEW + count_of(a) / FEW {
            let shape = ShapeId(key as u32);
            let (old, new) = (items(a, width), items(b, width));
            // The first of equals stays.
            let both = if is_set(&*ctx, shape, width) { both(old, new) } else { both(new, old) };
            return distinct(&mut *ctx, shape, both);
        }
        let (mut into, mut owned) = (a, owned);
        for entry in items(b, width) {
            into = put(ctx, key, stride, entry.as_ptr(), into, owned);
            owned = 1;
            if into == 0 {
                return 0;
            }
        }
        if owned == 0 {
            into = room(&mut *ctx, a, width, 0, false).map_or(0, lane);
        }
        into
    }
}

/// Elements one after the other, whose number is known.
fn both<'a>(
    a: impl ExactSizeIterator<Item = &'a [u64]>,
    b: impl ExactSizeIterator<Item = &'a [u64]>,
) -> impl ExactSizeIterator<Item = &'a [u64]> {
    let mut all: Vec<&[u64]> = Vec::with_capacity(a.len() + b.len());
    all.extend(a);
    all.extend(b);
    all.into_iter()
}

/// The set or map `a` with an entry.
pub unsafe extern "C" fn put(
    ctx: *mut CallContext,
    key: u64,
    stride: u64,
    entry: *const u64,
    a: u64,
    owned: u64,
) -> u64 {
    context!(ctx);
    let (key, stride) = (ShapeId(key as u32), stride as usize);
    // SAFETY: generated code passes an ascending collection whose entries, like `entry`, begin with a key of this shape.
    unsafe {
        let found = place(&Comparer::new(ctx), key, stride, entry, a);
        ctx.settle();
        let Some(to) = room(ctx, a, stride, usize::from(found.is_err()), owned != 0) else { return 0 };
        let (Ok(at) | Err(at)) = found;
        let place = first(to).add(at * stride);
        if found.is_err() {
            let behind = ((*to).len as usize - at) * stride;
            ctx.meter.scanned(behind * 8);
            std::ptr::copy(place, place.add(stride), behind);
            (*to).len += 1;
        }
        if found.is_err() || !is_set(ctx, key, stride) {
            std::ptr::copy(lanes_at(entry, stride).as_ptr(), place, stride);
        }
        lane(to)
    }
}

/// The set or map `a` without the entry under a key.
pub unsafe extern "C" fn remove(
    ctx: *mut CallContext,
    key: u64,
    stride: u64,
    wanted: *const u64,
    a: u64,
    owned: u64,
) -> u64 {
    context!(ctx);
    let (key, stride) = (ShapeId(key as u32), stride as usize);
    // SAFETY: generated code passes an ascending collection whose entries, like `wanted`, begin with a key of this shape.
    unsafe {
        let found = place(&Comparer::new(ctx), key, stride, wanted, a);
        ctx.settle();
        let Some(from) = room(ctx, a, stride, 0, owned != 0) else { return 0 };
        if let Ok(at) = found {
            let place = first(from).add(at * stride);
            let behind = ((*from).len as usize - at - 1) * stride;
            ctx.meter.scanned(behind * 8);
            std::ptr::copy(place.add(stride), place, behind);
            (*from).len -= 1;
        }
        lane(from)
    }
}
