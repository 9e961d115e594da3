//! Where decoded values go: one interface for the evaluator's values and for native lanes.
//!
//! The decoder walks a shape and tells the sink, at each place, what stands there. A *place* is a spot for one value; the
//! sink starts at the root place. Composite values open places inside the present one, in any order for fields:
//!
//! ```text
//! record(3) · enter_field(2, …) int(5) leave · enter_field(0, …) text("a") leave · … · end_record
//! ```
//!
//! The decoder guarantees: every place that it leaves without having reported a problem holds exactly one value of its
//! shape; after the first problem places may stay empty, and what the sink holds must not be used (but the sink must
//! stay safe). It calls [`Sink::check`] only for a place that is complete and free of problems.

use crate::fault::Fault;
use crate::shape::{PredicateId, ShapeId, Shapes};
use crate::value::Value;

/// Receives the parts of a value. Every method speaks about the present place.
pub trait Sink {
    /// A Bool.
    fn bool(&mut self, value: bool);
    /// An Int, Instant, DateTime, Time, Duration, or the days of a Date, as the shape says.
    fn integer(&mut self, kind: Integer, value: i64);
    /// A Decimal at the scale of its shape.
    fn decimal(&mut self, unscaled: i64, scale: u8);
    /// A Float; it is finite.
    fn float(&mut self, value: f64);
    /// A Text.
    fn text(&mut self, value: &str) -> Result<(), Fault>;
    /// Bytes.
    fn bytes(&mut self, value: &[u8]) -> Result<(), Fault>;
    /// Json: canonical compact text.
    fn json(&mut self, value: &str) -> Result<(), Fault>;
    /// An Id or a Uuid.
    fn uuid(&mut self, generated: bool, value: u128);
    /// The absent optional value; the present place has `lanes` lanes.
    fn none(&mut self, lanes: u32);
    /// A present optional value: the place of its content becomes the present place, until [`Sink::leave`].
    fn enter_some(&mut self);
    /// Starts a record (or the fields of a variant) of `fields` fields.
    fn record(&mut self, fields: u32);
    /// Ends a record.
    fn end_record(&mut self);
    /// Starts a case with `fields` fields of a variant of `lanes` lanes.
    fn variant(&mut self, tag: u32, fields: u32, lanes: u32);
    /// Ends a case.
    fn end_variant(&mut self);
    /// The place of a field, `offset` lanes from the start of its record or variant, becomes the present place.
    fn enter_field(&mut self, index: u32, offset: u32);
    /// Leaves the place that the last `enter` made the present one.
    fn leave(&mut self);
    /// Starts a collection whose elements (of a map: pairs) have `stride` lanes.
    fn collection(&mut self, kind: Collection, stride: u32);
    /// Starts the next element, whose place becomes the present one, until [`Sink::leave`]. In a map the key comes
    /// first (`offset` 0), then its value (`offset` the lanes of the key) as the same element.
    fn enter_element(&mut self, offset: u32) -> Result<(), Fault>;
    /// Ends the collection. `Ok(false)` tells that a set has equal elements or a map equal keys.
    fn end_collection(&mut self, shapes: &Shapes, shape: ShapeId) -> Result<bool, Fault>;
    /// A constant: the default of a field.
    fn constant(&mut self, shapes: &Shapes, shape: ShapeId, value: &Value) -> Result<(), Fault>;
    /// Starts a reference: the key's place becomes the present one, until [`Sink::end_reference`].
    fn reference(&mut self, shapes: &Shapes, relation: u32, key: ShapeId);
    /// Ends a reference, its key being complete if `complete`. `Ok(false)` tells that there is no such row.
    fn end_reference(&mut self, complete: bool) -> Result<bool, Fault>;
    /// Asks a predicate of the program about the value at the present place.
    fn check(
        &mut self,
        shapes: &Shapes,
        shape: ShapeId,
        predicate: PredicateId,
    ) -> Result<bool, Fault>;
}

/// What one 64-bit integer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Integer {
    /// An Int.
    Int,
    /// An Instant.
    Instant,
    /// A DateTime.
    DateTime,
    /// A Date.
    Date,
    /// A Time.
    Time,
    /// A Duration.
    Duration,
}

/// The kinds of collections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collection {
    /// In order.
    List,
    /// In the program's order.
    Bag,
    /// Sorted, without equal elements.
    Set,
    /// Sorted by key, without equal keys.
    Map,
}
