//! Decoding straight into lanes.
//!
//! The lanes of the root value and the elements of each open collection grow in buffers of the sink; when a collection
//! ends, its elements move to the memory at once, in their final number. A place is a buffer and an offset, so growing a
//! buffer moves no place.

use std::cmp::Ordering;

use super::{LanePredicates, compare, from_value};
use crate::fault::Fault;
use crate::shape::{Kind, PredicateId, ShapeId, Shapes};
use crate::sink::{Collection, Integer, Sink};
use crate::value::Value;

/// Writes lanes.
pub struct LaneSink<'m, M> {
    memory: &'m mut M,
    /// The root's lanes, then the elements of each open collection.
    buffers: Vec<Vec<u64>>,
    /// How many buffers are in use; the others wait for the next collection.
    used: usize,
    /// The open collections: kind, stride, number of elements.
    open: Vec<(Collection, usize, usize)>,
    /// The places around the present one.
    places: Vec<(usize, usize)>,
    /// The present place: buffer and offset.
    present: (usize, usize),
}

impl<'m, M: LanePredicates> LaneSink<'m, M> {
    /// A sink for a value of `lanes` lanes.
    pub fn new(lanes: u32, memory: &'m mut M) -> LaneSink<'m, M> {
        LaneSink {
            memory,
            buffers: vec![vec![0; lanes as usize]],
            used: 1,
            open: Vec::new(),
            places: Vec::new(),
            present: (0, 0),
        }
    }

    /// The lanes of the root value; they mean something only if decoding met no problem.
    pub fn finish(mut self) -> Vec<u64> {
        self.buffers.swap_remove(0)
    }

    /// The lanes of the root value as they are now.
    pub fn lanes(&self) -> &[u64] {
        &self.buffers[0]
    }

    /// Writes at the present place. Decoders keep within the lanes of the shape; what would not fit is dropped.
    fn put(&mut self, lanes: &[u64]) {
        let (buffer, offset) = self.present;
        if let Some(there) = self.buffers[buffer].get_mut(offset..offset + lanes.len()) {
            there.copy_from_slice(lanes);
        }
    }

    fn enter(&mut self, buffer: usize, offset: usize) {
        self.places.push(self.present);
        self.present = (buffer, offset);
    }
}

impl<M: LanePredicates> Sink for LaneSink<'_, M> {
    fn bool(&mut self, value: bool) {
        self.put(&[u64::from(value)]);
    }

    fn integer(&mut self, _: Integer, value: i64) {
        self.put(&[value as u64]);
    }

    fn decimal(&mut self, unscaled: i64, _: u8) {
        self.put(&[unscaled as u64]);
    }

    fn float(&mut self, value: f64) {
        self.put(&[(value + 0.0).to_bits()]);
    }

    fn text(&mut self, value: &str) -> Result<(), Fault> {
        self.bytes(value.as_bytes())
    }

    fn bytes(&mut self, value: &[u8]) -> Result<(), Fault> {
        let lanes = self.memory.put_bytes(value)?;
        self.put(&lanes);
        Ok(())
    }

    fn json(&mut self, value: &str) -> Result<(), Fault> {
        self.bytes(value.as_bytes())
    }

    fn uuid(&mut self, _: bool, value: u128) {
        self.put(&[(value >> 64) as u64, value as u64]);
    }

    fn none(&mut self) {
        self.put(&[0]);
    }

    fn enter_some(&mut self) {
        self.put(&[1]);
        let (buffer, offset) = self.present;
        self.enter(buffer, offset + 1);
    }

    fn record(&mut self, _: usize) {}

    fn end_record(&mut self) {}

    fn variant(&mut self, tag: u32, _: usize) {
        self.put(&[u64::from(tag)]);
    }

    fn end_variant(&mut self) {}

    fn enter_field(&mut self, _: usize, offset: u32) {
        let (buffer, start) = self.present;
        self.enter(buffer, start + offset as usize);
    }

    fn collection(&mut self, kind: Collection, stride: u32) {
        if self.used == self.buffers.len() {
            self.buffers.push(Vec::new());
        }
        self.buffers[self.used].clear();
        self.used += 1;
        self.open.push((kind, stride as usize, 0));
    }

    fn enter_element(&mut self) {
        let buffer = self.used - 1;
        let mut offset = 0;
        if let Some((_, stride, count)) = self.open.last_mut() {
            offset = *stride * *count;
            *count += 1;
            let lanes = offset + *stride;
            self.buffers[buffer].resize(lanes, 0);
        }
        self.enter(buffer, offset);
    }

    fn enter_value(&mut self, behind: u32) {
        let offset = match self.open.last() {
            Some((_, stride, count)) => *stride * count.saturating_sub(1) + behind as usize,
            None => 0,
        };
        self.enter(self.used - 1, offset);
    }

    fn end_collection(&mut self, shapes: &Shapes, shape: ShapeId, complete: bool) -> Result<bool, Fault> {
        let Some((kind, stride, count)) = self.open.pop() else {
            return Err(Fault::Internal);
        };
        self.used -= 1;
        if !complete {
            return Ok(true);
        }
        let mut elements = std::mem::take(&mut self.buffers[self.used]);
        let mut distinct = true;
        if matches!(kind, Collection::Set | Collection::Map) {
            let sorted_by = match shapes.get(shape).kind {
                Kind::Set(element) => element,
                Kind::Map { key, .. } => key,
                _ => return Err(Fault::Internal),
            };
            distinct = sort(shapes, sorted_by, &mut elements, stride, count, self.memory);
        }
        let lane = self.memory.put_collection(count, &elements);
        self.buffers[self.used] = elements;
        self.put(&[lane?]);
        Ok(distinct)
    }

    fn constant(&mut self, shapes: &Shapes, shape: ShapeId, value: &Value) -> Result<(), Fault> {
        let (buffer, offset) = self.present;
        let lanes = offset..offset + shapes.lanes(shape) as usize;
        let there = self.buffers[buffer].get_mut(lanes).ok_or(Fault::Internal)?;
        from_value(shapes, shape, value, there, self.memory)
    }

    fn enter_reference(&mut self, _: u32) -> Result<(), Fault> {
        // An entity number is the store's; endpoints take keys and look rows up themselves.
        Err(Fault::Internal)
    }

    fn leave(&mut self) {
        if let Some(outer) = self.places.pop() {
            self.present = outer;
        }
    }

    fn check(&mut self, shapes: &Shapes, shape: ShapeId, predicate: PredicateId) -> Result<bool, Fault> {
        let (buffer, offset) = self.present;
        let lanes = offset..offset + shapes.lanes(shape) as usize;
        let value = self.buffers[buffer].get(lanes).ok_or(Fault::Internal)?;
        self.memory.holds(predicate, shape, value)
    }
}

/// Sorts elements by a shape that each starts with, and tells whether they are all different.
fn sort<M: LanePredicates>(
    shapes: &Shapes,
    sorted_by: ShapeId,
    elements: &mut Vec<u64>,
    stride: usize,
    count: usize,
    memory: &M,
) -> bool {
    if stride == 0 {
        // Elements without lanes are all alike.
        return count <= 1;
    }
    let lanes = shapes.lanes(sorted_by) as usize;
    let order = |a: &[u64], b: &[u64]| compare(shapes, sorted_by, &a[..lanes], &b[..lanes], memory);
    let mut items: Vec<&[u64]> = elements.chunks_exact(stride).collect();
    items.sort_by(|a, b| order(a, b));
    let distinct = items.windows(2).all(|pair| order(pair[0], pair[1]) != Ordering::Equal);
    *elements = items.concat();
    distinct
}
