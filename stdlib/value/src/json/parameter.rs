//! Values that are written as texts outside JSON: parts of a path, the query string, headers, cookies, cells of a table.
//!
//! Scalars are written as on the wire, without quotes. An option is its content; a list is several values of one
//! parameter; a record of scalars (a composite key) is its fields with commas between; anything else is JSON.

use super::decode::{Body, Decoder, Stop, enter_content, leave_content};
use crate::fault::Fault;
use crate::problem::{Place, ProblemCode};
use crate::shape::{Kind, ShapeId};
use crate::sink::{Collection, Sink};

impl Decoder<'_> {
    /// Decodes the values of one parameter into the present place: one value, and any number for a collection.
    pub fn parameter<S: Sink>(&mut self, place: Place, shape: ShapeId, values: &[&str], sink: &mut S) {
        self.begin_parameter(place);
        // Why it stopped is already written down.
        let _ = self.values(shape, values, sink);
    }

    fn values<S: Sink>(&mut self, id: ShapeId, values: &[&str], sink: &mut S) -> Result<(), Stop> {
        let shapes = self.shapes;
        let before = self.count();
        let (kind, element, word) = match shapes.get(id).kind {
            Kind::List(element) => (Collection::List, element, "elements"),
            Kind::Bag(element) => (Collection::Bag, element, "elements"),
            Kind::Set(element) => (Collection::Set, element, "elements"),
            Kind::Option(content) => {
                sink.enter_some();
                self.values(content, values, sink)?;
                sink.leave();
                return self.rules(id, before, sink);
            }
            _ => {
                return match values {
                    [value] => self.one(id, value, sink),
                    [] => self.problem(&[], ProblemCode::Missing, "is required"),
                    _ => self.problem(&[], ProblemCode::Duplicate, "is given twice"),
                };
            }
        };
        sink.collection(kind, shapes.lanes(element));
        for value in values {
            sink.enter_element();
            self.one(element, value, sink)?;
            sink.leave();
        }
        let complete = self.count() == before;
        match sink.end_collection(shapes, id, complete) {
            Ok(true) => {}
            Ok(false) => self.problem(&[], ProblemCode::Duplicate, "must not hold the same element twice")?,
            Err(fault) => return Err(self.fail(fault)),
        }
        self.length_rules(&[], shapes.get(id), word, || values.len() as u64)?;
        self.rules(id, before, sink)
    }

    fn rules<S: Sink>(&mut self, id: ShapeId, before: usize, sink: &mut S) -> Result<(), Stop> {
        if self.count() == before { self.predicates(&[], id, sink) } else { Ok(()) }
    }

    fn one<S: Sink>(&mut self, id: ShapeId, value: &str, sink: &mut S) -> Result<(), Stop> {
        let before = self.count();
        let shapes = self.shapes;
        match &shapes.get(id).kind {
            Kind::Bool => match value {
                "true" => sink.bool(true),
                "false" => sink.bool(false),
                _ => self.problem(&[], ProblemCode::Type, "must be true or false")?,
            },
            Kind::Int => self.int(&[], id, value, sink)?,
            Kind::Float => match crate::text::to_float(value) {
                Some(value) => sink.float(value),
                None => self.problem(&[], ProblemCode::Type, "must be a number")?,
            },
            Kind::Decimal { .. }
            | Kind::Text
            | Kind::Bytes
            | Kind::Instant
            | Kind::DateTime
            | Kind::Date
            | Kind::Time
            | Kind::Duration
            | Kind::Id
            | Kind::Uuid => self.scalar(&[], id, value, sink)?,
            Kind::Variant { bare: true, .. } => self.bare_case(&[], id, value, sink)?,
            Kind::Option(content) => {
                sink.enter_some();
                self.one(*content, value, sink)?;
                sink.leave();
            }
            Kind::Ref { relation, key, .. } => {
                sink.enter_reference(*relation).map_err(|fault| self.fail(fault))?;
                self.one(*key, value, sink)?;
                sink.leave();
            }
            Kind::Record { fields } if !value.starts_with('{') && !fields.is_empty() => {
                // The last field takes what is left, so that a text at the end may hold commas.
                let parts: Vec<&str> = value.splitn(fields.len(), ',').collect();
                if parts.len() != fields.len() {
                    let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
                    let detail = format!("must be {} values with commas between: {}", fields.len(), names.join(","));
                    return self.problem(&[], ProblemCode::Format, detail);
                }
                sink.record(fields.len());
                for (index, (field, part)) in fields.iter().zip(parts).enumerate() {
                    sink.enter_field(index, field.offset);
                    enter_content(shapes, field, sink);
                    self.one(field.shape, part, sink)?;
                    leave_content(shapes, field, sink);
                    sink.leave();
                }
                sink.end_record();
            }
            Kind::Row { .. } => return Err(self.fail(Fault::Internal)),
            Kind::Json
            | Kind::Record { .. }
            | Kind::Variant { .. }
            | Kind::Map { .. }
            | Kind::List(_)
            | Kind::Bag(_)
            | Kind::Set(_) => {
                // The rules of the shape are asked there.
                self.json(value, sink, Body::Value(id));
                return Ok(());
            }
        }
        self.rules(id, before, sink)
    }
}
