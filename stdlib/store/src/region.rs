//! Memory that grows in place: address space is reserved at once, pages are made usable as they are needed.
//! So the address of an element never changes, and generated code may keep it.

use std::io;
use std::sync::Arc;

/// A reserved range of addresses whose beginning is usable memory, zero at first.
#[derive(Debug)]
pub struct Region {
    base: *mut u8,
    reserved: usize,
    usable: usize,
    /// What the range is a part of.
    _mapping: Arc<Mapping>,
}

/// Address space that is given back when the last of its regions goes.
#[derive(Debug)]
struct Mapping {
    base: *mut u8,
    bytes: usize,
}

// SAFETY: a mapping is only a range of addresses.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

// SAFETY: a region is plain memory; who may touch which part is decided by its users.
unsafe impl Send for Region {}
// SAFETY: as above.
unsafe impl Sync for Region {}

/// The memory of a relation cannot grow.
#[derive(Debug)]
pub struct OutOfSpace;

const PAGE: usize = 4096;

/// From this size on memory is asked for in large pages, so that random access misses fewer translations.
const LARGE: usize = 4 << 20;

/// Asks for large pages for memory of this size; a hint that may have no effect.
pub(crate) fn prefer_large_pages(start: *mut u8, bytes: usize) {
    #[cfg(not(miri))]
    if bytes >= LARGE {
        let skip = start.align_offset(PAGE);
        // SAFETY: the range lies within memory that the caller owns; the advice changes no content.
        unsafe {
            libc::madvise(start.add(skip).cast(), (bytes - skip) & !(PAGE - 1), libc::MADV_HUGEPAGE);
        }
    }
    #[cfg(miri)]
    let _ = (start, bytes, LARGE);
}

impl Region {
    /// Reserves address space for several regions at once; none of it is usable yet. One mapping for all
    /// keeps what the system counts small while nothing is stored.
    #[cfg(not(miri))]
    pub fn reserve(sizes: impl IntoIterator<Item = usize>) -> io::Result<Vec<Region>> {
        let sizes: Vec<usize> = sizes.into_iter().map(|bytes| bytes.max(1).next_multiple_of(PAGE)).collect();
        let bytes = sizes.iter().sum::<usize>().max(PAGE);
        // SAFETY: a new private anonymous mapping anywhere; it touches no existing memory.
        let base = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                bytes,
                libc::PROT_NONE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let mapping = Arc::new(Mapping { base: base.cast(), bytes });
        let mut at = 0;
        let regions = sizes.into_iter().map(|reserved| {
            // SAFETY: the parts together are as large as the mapping.
            let base = unsafe { mapping.base.add(at) };
            at += reserved;
            Region { base, reserved, usable: 0, _mapping: mapping.clone() }
        });
        Ok(regions.collect())
    }

    /// Under miri, which has no reserved mappings, regions are small allocations.
    #[cfg(miri)]
    pub fn reserve(sizes: impl IntoIterator<Item = usize>) -> io::Result<Vec<Region>> {
        let regions = sizes.into_iter().map(|bytes| {
            let bytes = bytes.clamp(1, 1 << 16).next_multiple_of(PAGE);
            let layout = std::alloc::Layout::from_size_align(bytes, PAGE).expect("a small multiple of a page");
            // SAFETY: the layout's size is not zero.
            let base = unsafe { std::alloc::alloc_zeroed(layout) };
            Region { base, reserved: bytes, usable: bytes, _mapping: Arc::new(Mapping { base, bytes }) }
        });
        Ok(regions.collect())
    }

    /// The first address.
    #[inline]
    pub fn base(&self) -> *mut u8 {
        self.base
    }

    /// Bytes that can be read and written.
    #[inline]
    pub fn usable(&self) -> usize {
        self.usable
    }

    /// Makes at least the first `bytes` bytes usable.
    #[inline]
    pub fn ensure(&mut self, bytes: usize) -> Result<(), OutOfSpace> {
        if bytes <= self.usable { Ok(()) } else { self.extend(bytes) }
    }

    #[cold]
    fn extend(&mut self, bytes: usize) -> Result<(), OutOfSpace> {
        if bytes > self.reserved {
            return Err(OutOfSpace);
        }
        let target = bytes.max(self.usable.saturating_mul(2)).next_multiple_of(PAGE).min(self.reserved);
        // SAFETY: the range lies in this region's own mapping.
        let result = unsafe {
            libc::mprotect(self.base.add(self.usable).cast(), target - self.usable, libc::PROT_READ | libc::PROT_WRITE)
        };
        if result != 0 {
            return Err(OutOfSpace);
        }
        self.usable = target;
        prefer_large_pages(self.base, target);
        Ok(())
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        #[cfg(not(miri))]
        // SAFETY: the mapping was made by `reserve` and nobody can use it any more.
        unsafe {
            libc::munmap(self.base.cast(), self.bytes);
        }
        #[cfg(miri)]
        // SAFETY: allocated by `reserve` with this layout.
        unsafe {
            let layout = std::alloc::Layout::from_size_align(self.bytes, PAGE).expect("as in reserve");
            std::alloc::dealloc(self.base, layout);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_in_place_and_ends() {
        let mut regions = Region::reserve([10, 1 << 16]).expect("address space");
        let mut region = regions.pop().expect("two were reserved");
        assert_eq!(regions.len(), 1);
        let base = region.base();
        region.ensure(10).expect("fits");
        // SAFETY: byte 9 is usable.
        unsafe { base.add(9).write(7) };
        region.ensure(60_000).expect("fits");
        assert_eq!(base, region.base());
        // SAFETY: both bytes are usable.
        unsafe {
            assert_eq!(base.add(9).read(), 7);
            assert_eq!(base.add(59_999).read(), 0);
        }
        assert!(region.ensure((1 << 16) + 1).is_err());
    }
}
