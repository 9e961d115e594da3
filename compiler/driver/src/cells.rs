//! Cells of a CSV file, by the shape of their field: what export writes and import reads.
//!
//! A scalar is written as on the wire, without quotes; a reference is the key of its row; all else, and every value of type
//! `Json`, is JSON. Nothing in a cell is `none`; a quoted empty cell is the empty text.

use tenon_value::json::{DecodeError, Decoder, Options, decode_value, encode_value};
use tenon_value::shape::{Kind, ShapeId, Shapes};
use tenon_value::sink::{Predicates, ValueSink};
use tenon_value::{Fault, Place, Value};

/// What a value says in its cell; `None` is a cell with nothing in it.
///
/// # Errors
/// The value is not of the shape.
pub fn write(shapes: &Shapes, shape: ShapeId, value: &Value) -> Result<Option<String>, Fault> {
    let kind = &shapes.get(shape).kind;
    match (kind, value) {
        (Kind::Option(_), Value::None) => return Ok(None),
        (Kind::Option(content), Value::Some(value)) => return write(shapes, *content, value),
        (Kind::Ref { key, .. }, Value::Ref { key: value, .. }) => return write(shapes, *key, value),
        (Kind::Text, Value::Text(text)) => return Ok(Some(text.to_string())),
        (Kind::Variant { cases, bare: true }, Value::Variant { tag, .. }) => {
            let case = cases.get(*tag as usize).ok_or(Fault::Internal)?;
            return Ok(Some(case.name.to_string()));
        }
        _ => {}
    }
    let text = String::from_utf8(encode_value(shapes, shape, value)?).map_err(|_| Fault::Internal)?;
    if is_json(kind) {
        return Ok(Some(text));
    }
    // The JSON of the scalars that are left has no escapes.
    let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    Ok(Some(quoted.map(str::to_owned).unwrap_or(text)))
}

/// The value of a cell that says something.
///
/// # Errors
/// What is wrong with it, with places inside of the cell.
pub fn read(shapes: &Shapes, shape: ShapeId, text: &str, rules: impl Predicates) -> Result<Value, DecodeError> {
    let mut content = shape;
    while let Kind::Option(inner) | Kind::Ref { key: inner, .. } = &shapes.get(content).kind {
        content = *inner;
    }
    let kind = &shapes.get(content).kind;
    // `null` in a cell of an optional Json is the JSON null: nothing in the cell is `none`.
    if is_json(kind) && *kind != Kind::Json {
        return decode_value(shapes, shape, text.as_bytes(), Options::default(), rules);
    }
    let text = match kind {
        Kind::Int | Kind::Float | Kind::Decimal { .. } => text.trim(),
        // As spreadsheets and databases write it.
        Kind::Bool => match text.trim() {
            "TRUE" | "True" | "1" => "true",
            "FALSE" | "False" | "0" => "false",
            text => text,
        },
        _ => text,
    };
    let mut sink = ValueSink::new(rules);
    let mut decoder = Decoder::new(shapes, Options::default());
    decoder.parameter(Place::Body(String::new()), shape, &[text], &mut sink);
    decoder.finish()?;
    sink.finish().ok_or(DecodeError::Fault(Fault::Internal))
}

/// Whether cells of a shape are JSON.
fn is_json(kind: &Kind) -> bool {
    match kind {
        Kind::Json
        | Kind::List(_)
        | Kind::Bag(_)
        | Kind::Set(_)
        | Kind::Map { .. }
        | Kind::Record { .. }
        | Kind::Row { .. }
        | Kind::Variant { bare: false, .. } => true,
        Kind::Bool
        | Kind::Int
        | Kind::Decimal { .. }
        | Kind::Float
        | Kind::Text
        | Kind::Bytes
        | Kind::Instant
        | Kind::DateTime
        | Kind::Date
        | Kind::Time
        | Kind::Duration
        | Kind::Id
        | Kind::Uuid
        | Kind::Option(_)
        | Kind::Ref { .. }
        | Kind::Variant { bare: true, .. } => false,
    }
}
