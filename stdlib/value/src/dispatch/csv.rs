//! Lists of flat records as comma-separated values: a header line with the fields' wire names, then one line per record. An
//! empty cell is an absent option, a quoted empty one a text.

use std::borrow::Cow;

use crate::csv::{BadQuote, Records, write_record};
use crate::fault::Fault;
use crate::json::{Decoder, enter_content, leave_content};
use crate::problem::{Place, Problem, ProblemCode};
use crate::shape::{Field, Kind, Presence, ShapeId, Shapes};
use crate::sink::{Collection, Sink};
use crate::value::Value;

/// The fields of the records of a list.
fn columns(shapes: &Shapes, list: ShapeId) -> Option<(Collection, ShapeId, &[Field])> {
    let (kind, element) = match shapes.get(list).kind {
        Kind::List(element) => (Collection::List, element),
        Kind::Bag(element) => (Collection::Bag, element),
        Kind::Set(element) => (Collection::Set, element),
        _ => return None,
    };
    match &shapes.get(element).kind {
        Kind::Record { fields } => Some((kind, element, fields)),
        _ => None,
    }
}

/// Writes a list.
pub(super) fn write(shapes: &Shapes, shape: ShapeId, value: &Value) -> Result<Vec<u8>, Fault> {
    let (_, _, fields) = columns(shapes, shape).ok_or(Fault::Internal)?;
    let (Value::List(items) | Value::Bag(items) | Value::Set(items)) = value else {
        return Err(Fault::Internal);
    };
    let mut out = String::new();
    let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    write_record(&mut out, names.iter().map(|name| Some(Cow::Borrowed(*name))));
    for item in items.iter() {
        let Value::Record(values) = item else {
            return Err(Fault::Internal);
        };
        let mut cells = Vec::with_capacity(fields.len());
        for (field, value) in fields.iter().zip(values.iter()) {
            let text = match shapes.content(field, value)? {
                Some(content) => super::client::parameter_text(shapes, field.shape, content)?,
                None => None,
            };
            cells.push(text.map(Cow::Owned));
        }
        write_record(&mut out, cells);
    }
    Ok(out.into_bytes())
}

/// Reads a list.
pub(super) fn read<S: Sink>(decoder: &mut Decoder<'_>, shape: ShapeId, text: &str, sink: &mut S) {
    let shapes = decoder.shapes();
    let Some((kind, element, fields)) = columns(shapes, shape) else {
        return decoder.stop(Fault::Internal);
    };
    let problem =
        |place: String, code, detail: &str| Problem { place: Place::Body(place), code, detail: detail.into() };
    let quote =
        |place: String, bad: BadQuote| problem(place, ProblemCode::Syntax, &format!("line {} {}", bad.line, bad.what));
    let mut records = Records::new(text);
    let header = match records.next() {
        None => {
            return decoder.add(problem(String::new(), ProblemCode::Missing, "must start with a line of column names"));
        }
        Some(Err(bad)) => return decoder.add(quote(String::new(), bad)),
        Some(Ok(header)) => header.cells,
    };
    let mut places: Vec<Option<usize>> = Vec::new();
    for name in header.iter().map(|cell| &cell.text) {
        let index = fields.iter().position(|field| field.name == *name.trim());
        match index {
            None => decoder.add(problem(format!("/0/{name}"), ProblemCode::Unknown, "is not a known column")),
            Some(index) if places.contains(&Some(index)) => {
                decoder.add(problem(format!("/0/{name}"), ProblemCode::Duplicate, "is given twice"));
            }
            Some(_) => {}
        }
        places.push(index);
    }
    sink.collection(kind, shapes.lanes(element));
    for (row, record) in records.enumerate() {
        let cells = match record {
            Ok(record) => record.cells,
            Err(bad) => {
                decoder.add(quote(format!("/{row}"), bad));
                break;
            }
        };
        if cells.len() != header.len() {
            let detail = format!("must have {} cells, and has {}", header.len(), cells.len());
            decoder.add(problem(format!("/{row}"), ProblemCode::Length, &detail));
            continue;
        }
        sink.enter_element();
        sink.record(fields.len());
        for (index, field) in fields.iter().enumerate() {
            let place = || Place::Body(format!("/{row}/{}", field.name));
            let cell = places.iter().position(|place| *place == Some(index)).and_then(|at| cells.get(at));
            let optional =
                field.presence != Presence::Required || matches!(shapes.get(field.shape).kind, Kind::Option(_));
            sink.enter_field(index, field.offset);
            match (cell, &field.presence) {
                (Some(cell), _) if !(cell.is_nothing() && optional) => {
                    enter_content(shapes, field, sink);
                    decoder.parameter(place(), field.shape, &[&cell.text], sink);
                    leave_content(shapes, field, sink);
                }
                (_, Presence::Default(value)) => {
                    if let Err(fault) = sink.constant(shapes, field.shape, value) {
                        decoder.stop(fault);
                    }
                }
                _ if optional => sink.none(),
                _ => decoder.add(Problem { place: place(), code: ProblemCode::Missing, detail: "is required".into() }),
            }
            sink.leave();
        }
        sink.end_record();
        sink.leave();
    }
    match sink.end_collection(shapes, shape, decoder.is_clean()) {
        Ok(true) => {}
        Ok(false) => {
            decoder.add(problem(String::new(), ProblemCode::Duplicate, "must not hold the same element twice"));
        }
        Err(fault) => decoder.stop(fault),
    }
}
