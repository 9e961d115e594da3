//! Native values: sequences of 64-bit lanes, laid out as [`shape`](crate::shape) says.
//!
//! What lies behind a pointer (long strings, elements of collections) belongs to the runtime: this room only asks a
//! [`Memory`] to put it there and to show it. So nothing here is `unsafe`, and the code is the same for an arena, a test
//! and a copy of a call.
//!
//! Invariants of lanes, kept by everything that writes them here:
//! - lanes that the present case of a variant or an absent option does not use are zero, so equal values have equal lanes
//!   except for pointers;
//! - a Bool is 0 or 1, a Date is sign-extended, a Float is finite and never negative zero;
//! - sets and maps are sorted in the order of [`compare`] and have no equal elements or keys.

mod encode;
mod read;
mod sink;

pub use encode::{encode_lanes, write_lanes};
pub use read::{compare, from_value, to_value};
pub use sink::LaneSink;

use crate::fault::Fault;
use crate::shape::{PredicateId, ShapeId};
use crate::value::Value;

/// What lies behind lanes.
pub trait Memory {
    /// Puts a string (a Text, Bytes or Json) and gives its two lanes.
    fn put_bytes(&mut self, bytes: &[u8]) -> Result<[u64; 2], Fault>;
    /// The content of a string.
    fn bytes<'a>(&'a self, string: &'a [u64; 2]) -> &'a [u8];
    /// Puts the elements of a collection, one after the other, and gives its one lane. `elements.len()` is `count` times
    /// the stride of the shape.
    fn put_collection(&mut self, count: usize, elements: &[u64]) -> Result<u64, Fault>;
    /// The elements of a collection with this stride: their number, and their lanes.
    fn collection(&self, collection: u64, stride: usize) -> (usize, &[u64]);
    /// Counts bytes that are taken for a value outside of this memory, before they are taken.
    fn charge(&self, bytes: usize) -> Result<(), Fault> {
        let _ = bytes;
        Ok(())
    }
    /// The reference or row of a relation that these lanes are: a reference has one, a row two. A memory without a
    /// store has neither.
    fn row_value(&self, relation: u32, lanes: &[u64]) -> Result<Value, Fault> {
        let _ = (relation, lanes);
        Err(Fault::Internal)
    }
    /// The lanes of a reference or row: as many as there are.
    fn row_lanes(&mut self, relation: u32, value: &Value, lanes: &mut [u64]) -> Result<(), Fault> {
        let _ = (relation, value, lanes);
        Err(Fault::Internal)
    }
}

/// A memory that can ask the program's predicates.
pub trait LanePredicates: Memory {
    /// Whether a value of a shape keeps the rule.
    fn holds(&mut self, predicate: PredicateId, shape: ShapeId, value: &[u64]) -> Result<bool, Fault>;
}

/// The 16-byte string of lanes: how Text, Bytes and Json lie in native memory, in little-endian order of bytes.
///
/// | bytes | short (at most 12) | long |
/// | --- | --- | --- |
/// | 0..4 | length | length |
/// | 4..8 | content, padded with zeros | the first four bytes |
/// | 8..16 | content, padded with zeros | pointer |
pub struct StringLanes;

impl StringLanes {
    /// The longest string without a pointer.
    pub const SHORT: usize = 12;
    /// The longest string.
    pub const LONGEST: usize = u32::MAX as usize;

    /// The length in bytes.
    pub fn length(string: &[u64; 2]) -> usize {
        string[0] as u32 as usize
    }

    /// The lanes of a short string; `None` for a longer one.
    pub fn short(bytes: &[u8]) -> Option<[u64; 2]> {
        let mut all = [0u8; 16];
        all[..4].copy_from_slice(&(bytes.len() as u32).to_le_bytes());
        all.get_mut(4..4 + bytes.len())?.copy_from_slice(bytes);
        let (low, high) = all.split_at(8);
        let lane = |half: &[u8]| half.iter().rev().fold(0, |lane, byte| lane << 8 | u64::from(*byte));
        Some([lane(low), lane(high)])
    }

    /// The lanes of a long string whose content lies at `pointer`; `None` if it is short, or longer than a string can be.
    pub fn long(bytes: &[u8], pointer: u64) -> Option<[u64; 2]> {
        if bytes.len() <= Self::SHORT || bytes.len() > Self::LONGEST {
            return None;
        }
        let prefix = bytes.iter().take(4).rev().fold(0, |prefix, byte| prefix << 8 | u64::from(*byte));
        Some([prefix << 32 | bytes.len() as u64, pointer])
    }

    /// The content of a short string, copied out; `None` for a long one, whose content lies at the second lane.
    pub fn short_content(string: &[u64; 2]) -> Option<([u8; 12], usize)> {
        let length = Self::length(string);
        if length > Self::SHORT {
            return None;
        }
        let mut content = [0; 12];
        content[..4].copy_from_slice(&string[0].to_le_bytes()[4..]);
        content[4..].copy_from_slice(&string[1].to_le_bytes());
        Some((content, length))
    }
}

/// A memory of safe vectors, for tests and for values that live only a moment: a pointer is a position.
#[derive(Debug, Default)]
pub struct VectorMemory {
    strings: Vec<Vec<u8>>,
    collections: Vec<(usize, Vec<u64>)>,
}

impl VectorMemory {
    /// An empty memory.
    pub fn new() -> VectorMemory {
        VectorMemory::default()
    }
}

impl Memory for VectorMemory {
    fn put_bytes(&mut self, bytes: &[u8]) -> Result<[u64; 2], Fault> {
        // Every string is a position here, with its length beside it.
        self.strings.push(bytes.to_vec());
        Ok([bytes.len() as u64, self.strings.len() as u64 - 1])
    }

    fn bytes<'a>(&'a self, string: &'a [u64; 2]) -> &'a [u8] {
        self.strings.get(string[1] as usize).map_or(&[], Vec::as_slice)
    }

    fn put_collection(&mut self, count: usize, elements: &[u64]) -> Result<u64, Fault> {
        self.collections.push((count, elements.to_vec()));
        Ok(self.collections.len() as u64 - 1)
    }

    fn collection(&self, collection: u64, _stride: usize) -> (usize, &[u64]) {
        self.collections.get(collection as usize).map_or((0, &[]), |(count, elements)| (*count, elements))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]
        #[test]
        fn strings_lead_back(bytes in prop::collection::vec(any::<u8>(), 0..20)) {
            match StringLanes::short(&bytes) {
                Some(lanes) => {
                    prop_assert!(bytes.len() <= 12);
                    let (content, length) = StringLanes::short_content(&lanes).unwrap();
                    prop_assert_eq!(&content[..length], &bytes[..]);
                    prop_assert_eq!(StringLanes::long(&bytes, 7), None);
                }
                None => {
                    let lanes = StringLanes::long(&bytes, 7).unwrap();
                    prop_assert_eq!(StringLanes::length(&lanes), bytes.len());
                    prop_assert_eq!(&lanes[0].to_le_bytes()[4..], &bytes[..4]);
                    prop_assert_eq!(StringLanes::short_content(&lanes), None);
                    prop_assert_eq!(lanes[1], 7);
                }
            }
        }
    }
}
