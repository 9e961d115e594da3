//! How values lie in memory: the contract between generated code, the runtime and the image.
//!
//! A value is a fixed number of 64-bit lanes (see `tenon_value::schema`). This module says what the
//! lanes of texts, collections and rows mean, and where generated code finds the columns of a relation.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// No entity, no slot: the value of an entity or slot number that means nothing.
pub const NONE: u32 = u32::MAX;

/// The commit number that no snapshot ever reaches: `begin` of a free slot, `end` of a live version.
pub const NEVER: u64 = u64::MAX;

/// The longest text that lies in its two lanes.
pub const INLINE: usize = 12;

/// A text (or bytes, or JSON text) in its two lanes.
///
/// * Bytes 0..4: the length in bytes, little endian.
/// * Up to [`INLINE`] bytes: bytes 4..16 are the text, padded with zeros. So short texts are equal
///   exactly if their lanes are.
/// * Longer: bytes 4..8 are the first four bytes of the text, bytes 8..16 are its address.
///
/// The empty text is all zeros.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Str {
    /// Length and the first four bytes.
    pub head: u64,
    /// Bytes 4..12 of a short text, the address of a long one.
    pub tail: u64,
}

impl Str {
    /// The lanes of a text whose bytes, if they do not fit in the lanes, stay at their address for as
    /// long as the lanes are used. Texts above 4 GiB do not exist: the arena's limit is far below.
    pub fn new(bytes: &[u8]) -> Str {
        let len = bytes.len();
        debug_assert!(len <= u32::MAX as usize, "a text has at most 4 GiB");
        if len <= INLINE {
            let mut raw = [0u8; 16];
            raw[4..4 + len].copy_from_slice(bytes);
            let head = u64::from_le_bytes([raw[0], raw[1], raw[2], raw[3], raw[4], raw[5], raw[6], raw[7]]);
            let tail = u64::from_le_bytes([raw[8], raw[9], raw[10], raw[11], raw[12], raw[13], raw[14], raw[15]]);
            Str { head: head | len as u64, tail }
        } else {
            let prefix = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            Str { head: (len as u64) | (u64::from(prefix) << 32), tail: bytes.as_ptr().expose_provenance() as u64 }
        }
    }

    /// The length in bytes.
    #[inline]
    pub fn len(self) -> usize {
        (self.head & 0xffff_ffff) as usize
    }

    /// Whether the text is empty.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Whether the bytes lie in the lanes themselves.
    #[inline]
    pub fn is_inline(self) -> bool {
        self.len() <= INLINE
    }

    /// The bytes.
    ///
    /// # Safety
    /// A long text's address must still be valid, and stay so for as long as the result is used.
    #[inline]
    pub unsafe fn bytes(&self) -> &[u8] {
        let len = self.len();
        if len <= INLINE {
            let start = (&raw const *self).cast::<u8>();
            // SAFETY: bytes 4..16 of `self` are initialised and `len` is at most 12.
            unsafe { std::slice::from_raw_parts(start.add(4), len) }
        } else {
            let start = std::ptr::with_exposed_provenance::<u8>(self.tail as usize);
            // SAFETY: by the caller's promise the address holds `len` bytes.
            unsafe { std::slice::from_raw_parts(start, len) }
        }
    }

    /// Whether two texts are equal.
    ///
    /// # Safety
    /// As for [`Str::bytes`], for both.
    #[inline]
    pub unsafe fn same(&self, other: &Str) -> bool {
        if self.head != other.head {
            return false;
        }
        if self.tail == other.tail {
            return true;
        }
        // SAFETY: by the caller's promise.
        !self.is_inline() && unsafe { self.bytes() == other.bytes() }
    }
}

/// The beginning of a collection in memory: its elements follow at once, each `lanes of the element
/// type` × 8 bytes. The lane of a collection that is there is never null; an absent one's lane is zero.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Collection {
    /// The number of elements.
    pub len: u64,
    /// How many elements fit before the collection must move. In a collection frozen in the image: the
    /// size of its whole memory in bytes.
    pub capacity: u64,
}

/// Where the elements of a collection begin, in bytes from its address.
pub const COLLECTION_ELEMENTS: usize = size_of::<Collection>();

/// A row as read: which row, and in which state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(C)]
pub struct Row {
    /// The row through time.
    pub entity: u32,
    /// The version that was read.
    pub slot: u32,
}

impl Row {
    /// The row that is not there.
    pub const NONE: Row = Row { entity: NONE, slot: NONE };

    /// Whether the row is there.
    pub fn is_some(self) -> bool {
        self.slot != NONE
    }

    /// `Some` if the row is there.
    pub fn some(self) -> Option<Row> {
        if self.is_some() { Some(self) } else { None }
    }
}

/// What is known of a slot besides its columns; one record per slot, so that looking at a version touches
/// one line of memory.
#[repr(C)]
#[derive(Debug)]
pub struct Version {
    /// The commit that began the version, or [`NEVER`].
    pub begin: AtomicU64,
    /// The commit that ended it, or [`NEVER`].
    pub end: AtomicU64,
    /// The version before it, or [`NONE`].
    pub prev: AtomicU32,
    /// Its entity.
    pub entity: AtomicU32,
}

/// The distance of the records of two slots that follow each other: what the index of `begin`, `end`,
/// `prev` and `entity` of a [`RelationView`] is multiplied by.
pub const VERSION_STRIDE: usize = size_of::<Version>();

/// What generated code and kernels read of a relation. The addresses never change while the image lives.
///
/// A slot is **visible** to snapshot `s` if `begin[slot] <= s && s < end[slot]`; only then may pointers
/// in its columns be followed. Every slot in `0..slots` can be tested. If `gaps == 0` and
/// `last_commit <= s`, loaded in the order `slots`, `gaps`, `last_commit`, then all slots in `0..slots`
/// are visible and need no test.
///
/// `begin`, `end`, `prev` and `entity` are the addresses of the fields of the first slot's [`Version`]; the
/// next slot's are [`VERSION_STRIDE`] bytes further. `newest` and the columns are plain arrays.
///
/// The visible version of an entity is found by following `newest[entity]`, then `prev`, until
/// `begin[slot] <= s`; it is there if also `s < end[slot]`. The chain ends with [`NONE`].
#[repr(C)]
#[derive(Debug)]
pub struct RelationView {
    /// One more than the highest slot that was ever used.
    pub slots: AtomicU32,
    /// Slots below `slots` that hold no version that is live in the newest state.
    pub gaps: AtomicU32,
    /// The commit that last wrote to the relation; set before its first write.
    pub last_commit: AtomicU64,
    /// Rows that are live in the newest state. Exact for `s` if `last_commit <= s`, loaded after it.
    pub live: AtomicU64,
    /// One more than the highest entity that was ever used.
    pub entities: AtomicU32,
    /// Padding, zero.
    pub reserved: u32,
    /// The first slot's [`Version::begin`].
    pub begin: *mut u64,
    /// The first slot's [`Version::end`].
    pub end: *mut u64,
    /// The first slot's [`Version::prev`].
    pub prev: *mut u32,
    /// The first slot's [`Version::entity`].
    pub entity: *mut u32,
    /// Per entity: its newest version, or [`NONE`].
    pub newest: *mut u32,
    /// The addresses of the columns, in the order of fields and their columns.
    pub columns: *const *mut u8,
}

impl RelationView {
    /// The record of a slot.
    ///
    /// # Safety
    /// The slot must be below `slots`, or have just been made usable.
    #[inline]
    pub unsafe fn version(&self, slot: u32) -> &Version {
        // SAFETY: by the caller's promise; `begin` is the first field of a record.
        unsafe { &*self.begin.cast::<Version>().add(slot as usize) }
    }

    // There is one writer, so a count is changed by a load and a store.

    /// One more gap. For the writer.
    pub(crate) fn raise_gaps(&self) {
        self.gaps.store(self.gaps.load(Ordering::Relaxed) + 1, Ordering::Release);
    }

    /// One gap less. For the writer.
    pub(crate) fn lower_gaps(&self) {
        self.gaps.store(self.gaps.load(Ordering::Relaxed) - 1, Ordering::Release);
    }

    /// One more live row. For the writer.
    pub(crate) fn raise_live(&self) {
        self.live.store(self.live.load(Ordering::Relaxed) + 1, Ordering::Release);
    }

    /// One live row less. For the writer.
    pub(crate) fn lower_live(&self) {
        self.live.store(self.live.load(Ordering::Relaxed) - 1, Ordering::Release);
    }
}

// SAFETY: the pointers lead to mappings that live as long as the image; all access to what they lead to
// follows the publication protocol described in `crate::image`.
unsafe impl Send for RelationView {}
// SAFETY: as above.
unsafe impl Sync for RelationView {}
