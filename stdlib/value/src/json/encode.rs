//! From values to bytes, by a shape.

use std::fmt::Write;

use crate::ascii::Ascii;
use crate::fault::Fault;
use crate::shape::{Case, Field, Kind, ShapeId, Shapes};
use crate::value::Value;
use crate::{base64, decimal, identity, time};

/// The JSON of a value. A value that is not of the shape is the fault `Internal`.
pub fn encode_value(shapes: &Shapes, shape: ShapeId, value: &Value) -> Result<Vec<u8>, Fault> {
    let mut out = Vec::with_capacity(128);
    write_value(&mut out, shapes, shape, value)?;
    Ok(out)
}

/// Appends the JSON of a value. A value that is not of the shape is the fault `Internal`.
pub fn write_value(out: &mut Vec<u8>, shapes: &Shapes, shape: ShapeId, value: &Value) -> Result<(), Fault> {
    match (&shapes.get(shape).kind, value) {
        (Kind::Bool, Value::Bool(value)) => write_bool(out, *value),
        (Kind::Int, Value::Int(value)) => write_integer(out, *value),
        (Kind::Decimal { scale }, Value::Decimal { unscaled, scale: own }) => {
            write_decimal(out, decimal::rescale_exact(*unscaled, *own, *scale).ok_or(Fault::Internal)?, *scale);
        }
        (Kind::Float, Value::Float(value)) => write_float(out, *value),
        (Kind::Text, Value::Text(text)) => write_string(out, text.as_bytes()),
        (Kind::Bytes, Value::Bytes(bytes)) => write_bytes(out, bytes),
        (Kind::Instant, Value::Instant(at)) => write_quoted(out, &time::render_instant(*at)),
        (Kind::DateTime, Value::DateTime(at)) => write_quoted(out, &time::render_date_time(*at)),
        (Kind::Date, Value::Date(date)) => write_quoted(out, &time::render_date(*date)),
        (Kind::Time, Value::Time(time)) => write_quoted(out, &time::render_time(*time)),
        (Kind::Duration, Value::Duration(length)) => write_quoted(out, &time::render_duration(*length)),
        (Kind::Id, Value::Id(id)) | (Kind::Uuid, Value::Uuid(id)) => write_uuid(out, *id),
        (Kind::Json, Value::Json(json)) => out.extend_from_slice(json.as_bytes()),
        (Kind::Option(_), Value::None) => out.extend_from_slice(b"null"),
        (Kind::Option(content), Value::Some(value)) => write_value(out, shapes, *content, value)?,
        (Kind::List(element), Value::List(items))
        | (Kind::Bag(element), Value::Bag(items))
        | (Kind::Set(element), Value::Set(items)) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                comma(out, index);
                write_value(out, shapes, *element, item)?;
            }
            out.push(b']');
        }
        (Kind::Map { key, value: content }, Value::Map(pairs)) => {
            let named = shapes.get(*key).kind == Kind::Text;
            out.push(if named { b'{' } else { b'[' });
            for (index, (name, value)) in pairs.iter().enumerate() {
                comma(out, index);
                out.extend_from_slice(if named { b"" } else { b"[" });
                write_value(out, shapes, *key, name)?;
                out.push(if named { b':' } else { b',' });
                write_value(out, shapes, *content, value)?;
                out.extend_from_slice(if named { b"" } else { b"]" });
            }
            out.push(if named { b'}' } else { b']' });
        }
        (Kind::Record { fields }, Value::Record(values)) => {
            out.push(b'{');
            write_fields(out, shapes, fields, values, 0)?;
            out.push(b'}');
        }
        (Kind::Variant { cases, bare }, Value::Variant { tag, fields: values }) => {
            let case: &Case = cases.get(*tag as usize).ok_or(Fault::Internal)?;
            if *bare {
                write_string(out, case.name.as_bytes());
            } else {
                out.extend_from_slice(b"{\"type\":");
                write_string(out, case.name.as_bytes());
                write_fields(out, shapes, &case.fields, values, 1)?;
                out.push(b'}');
            }
        }
        (Kind::Ref { key: shape, .. }, Value::Ref { key, .. } | Value::Row { key, .. }) => {
            write_value(out, shapes, *shape, key)?;
        }
        (Kind::Row { fields, .. }, Value::Row { fields: values, .. }) => {
            out.push(b'{');
            for (index, field) in fields.iter().enumerate() {
                comma(out, index);
                write_string(out, field.name.as_bytes());
                out.push(b':');
                let value = values.get(field.field as usize).ok_or(Fault::Internal)?;
                write_value(out, shapes, field.shape, value)?;
            }
            out.push(b'}');
        }
        _ => return Err(Fault::Internal),
    }
    Ok(())
}

/// The members of a record or case; `written` members stand before them.
fn write_fields(
    out: &mut Vec<u8>,
    shapes: &Shapes,
    fields: &[Field],
    values: &[Value],
    mut written: usize,
) -> Result<(), Fault> {
    if fields.len() != values.len() {
        return Err(Fault::Internal);
    }
    for (field, value) in fields.iter().zip(values) {
        let Some(value) = shapes.content(field, value)? else { continue };
        comma(out, written);
        written += 1;
        write_string(out, field.name.as_bytes());
        out.push(b':');
        write_value(out, shapes, field.shape, value)?;
    }
    Ok(())
}

/// A comma before every element but the first.
pub(crate) fn comma(out: &mut Vec<u8>, index: usize) {
    if index > 0 {
        out.push(b',');
    }
}

/// `true` or `false`.
pub(crate) fn write_bool(out: &mut Vec<u8>, value: bool) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

/// The digits of an integer.
pub fn write_integer(out: &mut Vec<u8>, value: i64) {
    const PAIRS: &[u8; 200] = b"0001020304050607080910111213141516171819\
        2021222324252627282930313233343536373839\
        4041424344454647484950515253545556575859\
        6061626364656667686970717273747576777879\
        8081828384858687888990919293949596979899";
    let mut buffer = [0u8; 20];
    let mut at = buffer.len();
    let mut rest = value.unsigned_abs();
    while rest >= 100 {
        let pair = (rest % 100) as usize * 2;
        rest /= 100;
        at -= 2;
        buffer[at..at + 2].copy_from_slice(&PAIRS[pair..pair + 2]);
    }
    if rest >= 10 {
        let pair = rest as usize * 2;
        at -= 2;
        buffer[at..at + 2].copy_from_slice(&PAIRS[pair..pair + 2]);
    } else {
        at -= 1;
        buffer[at] = b'0' + rest as u8;
    }
    if value < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&buffer[at..]);
}

/// A float: the shortest digits that lead back to it.
pub(crate) fn write_float(out: &mut Vec<u8>, value: f64) {
    let mut text = Ascii::new();
    // Writing there cannot fail, and the longest text of a float has 24 letters.
    let _ = write!(text, "{value:?}");
    out.extend_from_slice(text.as_bytes());
}

/// A decimal as a string.
pub(crate) fn write_decimal(out: &mut Vec<u8>, unscaled: i64, scale: u8) {
    write_quoted(out, &decimal::render(unscaled, scale));
}

/// Bytes as a string of base64.
pub(crate) fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    base64::write(out, bytes);
    out.push(b'"');
}

/// A UUID as a string.
pub(crate) fn write_uuid(out: &mut Vec<u8>, value: u128) {
    write_quoted(out, &identity::render(value));
}

/// A text without letters that need an escape, as a string.
pub(crate) fn write_quoted(out: &mut Vec<u8>, text: &Ascii) {
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

/// A text as a string; runs of letters that stand for themselves are copied at once.
pub fn write_string(out: &mut Vec<u8>, text: &[u8]) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let mut rest = text;
    while let Some(plain) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)) {
        out.extend_from_slice(&rest[..plain]);
        match rest[plain] {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            control => {
                let digit = |n: u8| b"0123456789abcdef"[usize::from(n & 15)];
                out.extend_from_slice(b"\\u00");
                out.extend([digit(control >> 4), digit(control)]);
            }
        }
        rest = &rest[plain + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}
