//! Offsets, ranges and lines. Every other room speaks of source positions through these types only.
//!
//! A [`Range`] is relative to the text it was made for: inside an item that is the item's own text, so
//! that moving an item changes none of its ranges. Only the edge (rendering, the editor) turns an item
//! range into a file range, by adding the item's offset.

mod line_index;

pub use line_index::{LineIndex, Position, WidePosition};

/// A half-open byte range `start..end` in some text. Both ends lie on character boundaries.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, serde::Serialize, serde::Deserialize)]
pub struct Range {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Range {
    /// The range `start..end`; a reversed pair gives the empty range at `start`.
    #[inline]
    pub fn new(start: u32, end: u32) -> Self {
        Range { start, end: end.max(start) }
    }

    /// The empty range at `at`.
    #[inline]
    pub fn empty(at: u32) -> Self {
        Range { start: at, end: at }
    }

    /// The smallest range that covers both.
    #[inline]
    pub fn cover(self, other: Range) -> Range {
        Range { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The same range moved right by `by` bytes.
    #[inline]
    pub fn shifted(self, by: u32) -> Range {
        Range { start: self.start.saturating_add(by), end: self.end.saturating_add(by) }
    }

    /// Length in bytes.
    #[inline]
    pub fn len(self) -> u32 {
        self.end - self.start
    }

    /// True for a range without bytes.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// True if `at` lies inside, or at the end of, the range.
    #[inline]
    pub fn touches(self, at: u32) -> bool {
        self.start <= at && at <= self.end
    }

    /// The text under the range; empty if the range lies outside of `text` or inside a character.
    #[inline]
    pub fn slice(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or("")
    }
}

impl std::fmt::Debug for Range {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}
