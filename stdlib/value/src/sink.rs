//! Where decoded values go: one interface for the evaluator's values and for native lanes.
//!
//! The decoder walks a shape and tells the sink, at each place, what stands there. A *place* is a spot for one value; the
//! sink starts at the root place. Composite values open places inside the present one, in any order for fields:
//!
//! ```text
//! record(3) · enter_field(2, …) integer(5) leave · enter_field(0, …) text("a") leave · … · end_record
//! ```
//!
//! The decoder guarantees: every place that it leaves without having reported a problem holds exactly one value of its
//! shape; after the first problem places may stay empty, and what the sink holds must not be used (but the sink must
//! stay safe). It calls [`Sink::check`] only at a place that is complete and free of problems.

use std::sync::Arc;

use crate::fault::Fault;
use crate::shape::{PredicateId, ShapeId, Shapes};
use crate::value::Value;

/// Receives the parts of a value. Every method speaks about the present place.
pub trait Sink {
    /// A Bool.
    fn bool(&mut self, value: bool);
    /// A value that is one 64-bit integer.
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
    /// A Uuid, or an Id if it is `generated`.
    fn uuid(&mut self, generated: bool, value: u128);
    /// The absent optional value.
    fn none(&mut self);
    /// A present optional value: the place of its content becomes the present place, until [`Sink::leave`].
    fn enter_some(&mut self);
    /// Starts a record of `fields` fields.
    fn record(&mut self, fields: usize);
    /// Ends a record.
    fn end_record(&mut self);
    /// Starts a case with `fields` fields.
    fn variant(&mut self, tag: u32, fields: usize);
    /// Ends a case.
    fn end_variant(&mut self);
    /// The place of a field, `offset` lanes from the start of its record or variant, becomes the present place, until
    /// [`Sink::leave`].
    fn enter_field(&mut self, index: usize, offset: u32);
    /// Starts a collection of this shape whose elements (of a map: pairs) have `stride` lanes.
    fn collection(&mut self, kind: Collection, stride: u32);
    /// Starts the next element, whose place becomes the present one, until [`Sink::leave`]. In a map that is the key.
    fn enter_element(&mut self);
    /// The place of the map's value that belongs to the last key, `offset` lanes behind it, becomes the present one,
    /// until [`Sink::leave`].
    fn enter_value(&mut self, offset: u32);
    /// Ends the collection. Where it is not `complete`, something in it had a problem. `Ok(false)` tells that a set has
    /// equal elements or a map has equal keys.
    fn end_collection(&mut self, shapes: &Shapes, shape: ShapeId, complete: bool) -> Result<bool, Fault>;
    /// A constant: the default of a field.
    fn constant(&mut self, shapes: &Shapes, shape: ShapeId, value: &Value) -> Result<(), Fault>;
    /// A reference to a row of a relation: the key's place becomes the present one, until [`Sink::leave`].
    fn enter_reference(&mut self, relation: u32) -> Result<(), Fault>;
    /// Leaves the place that the last `enter` made the present one.
    fn leave(&mut self);
    /// Asks a predicate of the program about the value at the present place.
    fn check(&mut self, shapes: &Shapes, shape: ShapeId, predicate: PredicateId) -> Result<bool, Fault>;
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

/// Answers predicates about values: the evaluator's part in decoding.
pub trait Predicates {
    /// Whether the value keeps the rule.
    fn holds(&mut self, predicate: PredicateId, value: &Value) -> Result<bool, Fault>;
}

/// For shapes that have no predicates; a predicate that is asked all the same is the fault `Internal`.
pub struct NoPredicates;

impl Predicates for NoPredicates {
    fn holds(&mut self, _: PredicateId, _: &Value) -> Result<bool, Fault> {
        Err(Fault::Internal)
    }
}

impl<F: FnMut(PredicateId, &Value) -> Result<bool, Fault>> Predicates for F {
    fn holds(&mut self, predicate: PredicateId, value: &Value) -> Result<bool, Fault> {
        self(predicate, value)
    }
}

/// Builds a [`Value`].
pub struct ValueSink<P> {
    predicates: P,
    /// The value at the present place, once it is there.
    present: Option<Value>,
    /// What to do with the present value when its place is left.
    places: Vec<PlaceInside>,
    /// The composite values that are being built.
    open: Vec<Open>,
}

enum PlaceInside {
    Some,
    Field(usize),
    Element,
    Value,
    Reference(u32),
}

enum Open {
    Fields(Option<u32>, Vec<Option<Value>>),
    Items(Collection, Vec<Value>),
    Pairs(Vec<Value>, Vec<Value>),
}

impl<P: Predicates> ValueSink<P> {
    /// An empty sink.
    pub fn new(predicates: P) -> ValueSink<P> {
        ValueSink { predicates, present: None, places: Vec::new(), open: Vec::new() }
    }

    /// The value at the root place. `None` if decoding met a problem.
    pub fn finish(self) -> Option<Value> {
        if self.places.is_empty() && self.open.is_empty() { self.present } else { None }
    }

    fn close(&mut self) {
        // A missing field means that a problem was reported; the place then stays empty.
        self.present = match self.open.pop() {
            Some(Open::Fields(tag, fields)) => {
                let fields: Option<Arc<[Value]>> = fields.into_iter().collect();
                fields.map(|fields| match tag {
                    Some(tag) => Value::Variant { tag, fields },
                    None => Value::Record(fields),
                })
            }
            _ => None,
        };
    }
}

impl<P: Predicates> Sink for ValueSink<P> {
    fn bool(&mut self, value: bool) {
        self.present = Some(Value::Bool(value));
    }

    fn integer(&mut self, kind: Integer, value: i64) {
        self.present = Some(match kind {
            Integer::Int => Value::Int(value),
            Integer::Instant => Value::Instant(value),
            Integer::DateTime => Value::DateTime(value),
            Integer::Date => Value::Date(value as i32),
            Integer::Time => Value::Time(value),
            Integer::Duration => Value::Duration(value),
        });
    }

    fn decimal(&mut self, unscaled: i64, scale: u8) {
        self.present = Some(Value::Decimal { unscaled, scale });
    }

    fn float(&mut self, value: f64) {
        self.present = Some(Value::Float(value + 0.0));
    }

    fn text(&mut self, value: &str) -> Result<(), Fault> {
        self.present = Some(Value::text(value));
        Ok(())
    }

    fn bytes(&mut self, value: &[u8]) -> Result<(), Fault> {
        self.present = Some(Value::Bytes(value.into()));
        Ok(())
    }

    fn json(&mut self, value: &str) -> Result<(), Fault> {
        self.present = Some(Value::Json(value.into()));
        Ok(())
    }

    fn uuid(&mut self, generated: bool, value: u128) {
        self.present = Some(if generated { Value::Id(value) } else { Value::Uuid(value) });
    }

    fn none(&mut self) {
        self.present = Some(Value::None);
    }

    fn enter_some(&mut self) {
        self.present = None;
        self.places.push(PlaceInside::Some);
    }

    fn record(&mut self, fields: usize) {
        self.open.push(Open::Fields(None, vec![None; fields]));
    }

    fn end_record(&mut self) {
        self.close();
    }

    fn variant(&mut self, tag: u32, fields: usize) {
        self.open.push(Open::Fields(Some(tag), vec![None; fields]));
    }

    fn end_variant(&mut self) {
        self.close();
    }

    fn enter_field(&mut self, index: usize, _offset: u32) {
        self.present = None;
        self.places.push(PlaceInside::Field(index));
    }

    fn collection(&mut self, kind: Collection, _stride: u32) {
        self.open.push(match kind {
            Collection::Map => Open::Pairs(Vec::new(), Vec::new()),
            _ => Open::Items(kind, Vec::new()),
        });
    }

    fn enter_element(&mut self) {
        self.present = None;
        self.places.push(PlaceInside::Element);
    }

    fn enter_value(&mut self, _offset: u32) {
        self.present = None;
        self.places.push(PlaceInside::Value);
    }

    fn end_collection(&mut self, _: &Shapes, _: ShapeId, complete: bool) -> Result<bool, Fault> {
        self.present = None;
        let (value, distinct) = match self.open.pop() {
            Some(Open::Items(Collection::Set, items)) => {
                let count = items.len();
                let set = Value::set(items);
                let distinct = matches!(&set, Value::Set(items) if items.len() == count);
                (set, distinct)
            }
            Some(Open::Items(Collection::Bag, items)) => (Value::bag(items), true),
            Some(Open::Items(_, items)) => (Value::list(items), true),
            Some(Open::Pairs(keys, values)) => {
                let count = keys.len();
                let map = Value::map(keys.into_iter().zip(values));
                let distinct = matches!(&map, Value::Map(pairs) if pairs.len() == count);
                (map, distinct)
            }
            _ => return Err(Fault::Internal),
        };
        if complete {
            self.present = Some(value);
        }
        Ok(distinct || !complete)
    }

    fn constant(&mut self, _: &Shapes, _: ShapeId, value: &Value) -> Result<(), Fault> {
        self.present = Some(value.clone());
        Ok(())
    }

    fn enter_reference(&mut self, relation: u32) -> Result<(), Fault> {
        self.present = None;
        self.places.push(PlaceInside::Reference(relation));
        Ok(())
    }

    fn leave(&mut self) {
        let value = self.present.take();
        match (self.places.pop(), value) {
            (Some(PlaceInside::Some), value) => self.present = value.map(Value::some),
            (Some(PlaceInside::Reference(relation)), value) => {
                self.present = value.map(|key| Value::Ref { relation, key: Arc::new(key) });
            }
            (Some(PlaceInside::Field(index)), value) => {
                if let Some(Open::Fields(_, fields)) = self.open.last_mut()
                    && let Some(field) = fields.get_mut(index)
                {
                    *field = value;
                }
            }
            (Some(PlaceInside::Element), Some(value)) => match self.open.last_mut() {
                Some(Open::Items(_, items)) => items.push(value),
                Some(Open::Pairs(keys, _)) => keys.push(value),
                _ => {}
            },
            (Some(PlaceInside::Value), Some(value)) => {
                if let Some(Open::Pairs(_, values)) = self.open.last_mut() {
                    values.push(value);
                }
            }
            (Some(PlaceInside::Element | PlaceInside::Value) | None, _) => {}
        }
    }

    fn check(&mut self, _: &Shapes, _: ShapeId, predicate: PredicateId) -> Result<bool, Fault> {
        match &self.present {
            Some(value) => self.predicates.holds(predicate, value),
            None => Err(Fault::Internal),
        }
    }
}
