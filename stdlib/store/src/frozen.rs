//! Texts and collections that belong to the image: copies that live as long as a version needs them.
//!
//! A version's long texts and collections are copied once, when the version is made from values of a
//! call. The next version of the row shares what it does not change; whoever drops a version frees only
//! what its successor does not hold. A collection is one block: its elements, the elements of inner
//! collections and all long texts lie behind one another, so freeing it is freeing one block.

use std::alloc::{Layout, alloc, handle_alloc_error};
use std::ptr::NonNull;

use crate::layout::{COLLECTION_ELEMENTS, Collection, Str};
use crate::schema::ColumnType;
use crate::shape::{self, Step};

fn allocate(layout: Layout) -> NonNull<u8> {
    // SAFETY: callers never ask for zero bytes.
    match NonNull::new(unsafe { alloc(layout) }) {
        Some(start) => start,
        None => handle_alloc_error(layout),
    }
}

fn text_layout(len: usize) -> Layout {
    Layout::from_size_align(len, 1).expect("a text is below 4 GiB")
}

fn block_layout(size: usize) -> Layout {
    Layout::from_size_align(size, 8).expect("a collection is below the arena's limit")
}

/// A copy of a text that belongs to the image.
///
/// # Safety
/// The text must be valid.
pub unsafe fn freeze_text(text: Str) -> Str {
    if text.is_inline() {
        return text;
    }
    // SAFETY: by the caller's promise; the copy goes to fresh memory of the same length.
    unsafe {
        let bytes = text.bytes();
        let start = allocate(text_layout(bytes.len()));
        std::ptr::copy_nonoverlapping(bytes.as_ptr(), start.as_ptr(), bytes.len());
        Str::new(std::slice::from_raw_parts(start.as_ptr(), bytes.len()))
    }
}

/// A copy of a collection that belongs to the image; the lane 0 (no collection) stays.
///
/// # Safety
/// The collection must be valid, and its elements of this shape.
pub unsafe fn freeze_collection(lane: u64, element: &[u8]) -> u64 {
    let Some(source) = at(lane) else { return 0 };
    // SAFETY: by the caller's promise; `measure` counts exactly what `copy` writes.
    unsafe {
        let size = measure(source, element);
        let start = allocate(block_layout(size));
        let mut next = start.as_ptr();
        let copied = copy(source, element, &mut next);
        debug_assert_eq!(next as usize - start.as_ptr() as usize, size);
        (*copied).capacity = size as u64;
        copied.expose_provenance() as u64
    }
}

fn at(lane: u64) -> Option<NonNull<Collection>> {
    NonNull::new(std::ptr::with_exposed_provenance_mut::<Collection>(lane as usize))
}

fn padded(len: usize) -> usize {
    (len + 7) & !7
}

/// The lanes of a collection's elements.
///
/// # Safety
/// The collection must be valid, with elements of so many lanes.
pub unsafe fn elements<'a>(collection: NonNull<Collection>, stride: usize) -> &'a [u64] {
    // SAFETY: by the caller's promise.
    unsafe {
        let start = collection.as_ptr().cast::<u8>().add(COLLECTION_ELEMENTS).cast::<u64>();
        std::slice::from_raw_parts(start, (*collection.as_ptr()).len as usize * stride)
    }
}

/// How many bytes a collection takes in the image; 0 for none. Elements of no lanes count as if they had one.
///
/// # Safety
/// The collection must be valid, and its elements of this shape.
pub unsafe fn size(lane: u64, element: &[u8]) -> usize {
    let Some(source) = at(lane) else { return 0 };
    // SAFETY: by the caller's promise.
    unsafe {
        if element.is_empty() {
            return ((*source.as_ptr()).len as usize).saturating_mul(8);
        }
        measure(source, element)
    }
}

unsafe fn measure(source: NonNull<Collection>, element: &[u8]) -> usize {
    let stride = shape::lanes(element);
    // SAFETY: by the callers' promise.
    let lanes = unsafe { elements(source, stride) };
    let mut size = COLLECTION_ELEMENTS + lanes.len() * 8;
    if !shape::steps(element).any(|step| matches!(step, Step::Str | Step::Collection(_))) {
        return size;
    }
    for lanes in lanes.chunks_exact(stride.max(1)) {
        let mut lane = 0;
        for step in shape::steps(element) {
            match step {
                Step::Str => {
                    let text = Str { head: lanes[lane], tail: lanes[lane + 1] };
                    if !text.is_inline() {
                        size += padded(text.len());
                    }
                }
                Step::Collection(inner) => {
                    if let Some(inside) = at(lanes[lane]) {
                        // SAFETY: elements of a valid collection are valid.
                        size += unsafe { measure(inside, inner) };
                    }
                }
                _ => {}
            }
            lane += step.lanes();
        }
    }
    size
}

unsafe fn copy(source: NonNull<Collection>, element: &[u8], next: &mut *mut u8) -> *mut Collection {
    let stride = shape::lanes(element);
    // SAFETY: by the callers' promise the block has room for all that `measure` counted.
    unsafe {
        let target = (*next).cast::<Collection>();
        let lanes = elements(source, stride);
        *next = (*next).add(COLLECTION_ELEMENTS + lanes.len() * 8);
        let len = (*source.as_ptr()).len;
        target.write(Collection { len, capacity: len });
        let out = target.cast::<u8>().add(COLLECTION_ELEMENTS).cast::<u64>();
        std::ptr::copy_nonoverlapping(lanes.as_ptr(), out, lanes.len());
        for (row, lanes) in lanes.chunks_exact(stride.max(1)).enumerate() {
            let mut lane = 0;
            for step in shape::steps(element) {
                let slot = out.add(row * stride + lane);
                match step {
                    Step::Str => {
                        let text = Str { head: lanes[lane], tail: lanes[lane + 1] };
                        if !text.is_inline() {
                            let bytes = text.bytes();
                            std::ptr::copy_nonoverlapping(bytes.as_ptr(), *next, bytes.len());
                            slot.add(1).write((*next).expose_provenance() as u64);
                            *next = (*next).add(padded(bytes.len()));
                        }
                    }
                    Step::Collection(inner) => {
                        if let Some(inside) = at(lanes[lane]) {
                            let copied = copy(inside, inner, next);
                            slot.write(copied.expose_provenance() as u64);
                        }
                    }
                    _ => {}
                }
                lane += step.lanes();
            }
        }
        target
    }
}

/// The memory that a frozen value of a column holds, if any.
///
/// # Safety
/// The lanes must be those of a frozen value that was not freed.
pub unsafe fn memory(ty: ColumnType, first: u64, second: u64) -> Option<(NonNull<u8>, Layout)> {
    match ty {
        ColumnType::Str => {
            let text = Str { head: first, tail: second };
            if text.is_inline() {
                return None;
            }
            let start = NonNull::new(std::ptr::with_exposed_provenance_mut::<u8>(text.tail as usize))?;
            Some((start, text_layout(text.len())))
        }
        ColumnType::Collection => {
            let start = at(first)?;
            // SAFETY: by the caller's promise; a frozen collection's `capacity` is its size.
            let size = unsafe { start.as_ref() }.capacity as usize;
            Some((start.cast(), block_layout(size)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::DataType;

    #[test]
    fn nested_collections_are_copied_whole() {
        let inner_type = DataType::List(Box::new(DataType::Text));
        let element = shape::shape_of(&inner_type);
        let long = String::from("a text of more than twelve bytes");
        let build = |lanes: &[u64], stride: usize| {
            let mut block = vec![(lanes.len() / stride) as u64, 0];
            block.extend_from_slice(lanes);
            block
        };
        let text = Str::new(long.as_bytes());
        let inner = build(&[text.head, text.tail, 0, 0], 2);
        let outer = build(&[inner.as_ptr().expose_provenance() as u64, 0], 1);
        // SAFETY: built as described.
        unsafe {
            let frozen = freeze_collection(outer.as_ptr().expose_provenance() as u64, &element);
            drop((outer, inner, long));
            let lists = elements(at(frozen).expect("there"), 1);
            assert_eq!(lists.len(), 2);
            assert_eq!(lists[1], 0);
            let texts = elements(at(lists[0]).expect("there"), 2);
            let copied = Str { head: texts[0], tail: texts[1] };
            assert_eq!(copied.bytes(), b"a text of more than twelve bytes");
            assert!(Str { head: texts[2], tail: texts[3] }.is_empty());
            let (start, layout) = memory(ColumnType::Collection, frozen, 0).expect("memory");
            std::alloc::dealloc(start.as_ptr(), layout);
        }
    }
}
