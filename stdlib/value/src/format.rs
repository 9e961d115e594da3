//! Values as texts for people: interpolation, messages, tables, test reports.
//!
//! [`display`] is what `"{e}"` gives. Records and variants need their names, which a shape gives: [`literal`] writes any
//! value as a program would write it.

use std::fmt::Write;

use crate::json::write_string;
use crate::shape::{Field, Kind, ShapeId, Shapes};
use crate::value::Value;
use crate::{base64, decimal, identity, time};

/// The text of a value in interpolation: texts as they are, decimals with all digits of their scale, times as on the
/// wire, durations as in programs (`1h30min`), `none` for what is absent. Without a shape, cases have no names: they are
/// written as `#1`.
pub fn display(value: &Value) -> String {
    let mut out = String::new();
    write_display(&mut out, None, value);
    out
}

/// The text of a value in interpolation, with the names of its shape: `Open`, `Paid(by: Bo)`, `(sku: tee, qty: 3)`.
pub fn display_as(shapes: &Shapes, shape: ShapeId, value: &Value) -> String {
    let mut out = String::new();
    write_display(&mut out, Some((shapes, shape)), value);
    out
}

fn write_display(out: &mut String, shape: Option<(&Shapes, ShapeId)>, value: &Value) {
    let kind = shape.map(|(shapes, shape)| &shapes.get(shape).kind);
    let part = |id: &ShapeId| shape.map(|(shapes, _)| (shapes, *id));
    let fields = |out: &mut String, fields: &[Field], values: &[Value]| {
        out.push('(');
        for (index, value) in values.iter().enumerate() {
            separate(out, index);
            let field = fields.get(index);
            if let Some(field) = field {
                out.push_str(&field.name);
                out.push_str(": ");
            }
            let content = match (shape, field) {
                (Some((shapes, _)), Some(field)) => shapes.content(field, value).ok().flatten().unwrap_or(value),
                _ => value,
            };
            write_display(out, field.and_then(|field| part(&field.shape)), content);
        }
        out.push(')');
    };
    match (value, kind) {
        (Value::Text(text), _) => out.push_str(text),
        (Value::Some(content), Some(Kind::Option(inner))) => write_display(out, part(inner), content),
        (Value::Some(content), _) => write_display(out, shape, content),
        (Value::List(items) | Value::Bag(items) | Value::Set(items), kind) => {
            let element = match kind {
                Some(Kind::List(element) | Kind::Bag(element) | Kind::Set(element)) => part(element),
                _ => None,
            };
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                separate(out, index);
                write_display(out, element, item);
            }
            out.push(']');
        }
        (Value::Map(pairs), kind) => {
            let parts = match kind {
                Some(Kind::Map { key, value }) => (part(key), part(value)),
                _ => (None, None),
            };
            out.push('[');
            for (index, (key, value)) in pairs.iter().enumerate() {
                separate(out, index);
                write_display(out, parts.0, key);
                out.push_str(": ");
                write_display(out, parts.1, value);
            }
            out.push(']');
        }
        (Value::Record(values), Some(Kind::Record { fields: own })) => fields(out, own, values),
        (Value::Record(values), _) => fields(out, &[], values),
        (Value::Variant { tag, fields: values }, kind) => {
            let case = match kind {
                Some(Kind::Variant { cases, .. }) => cases.get(*tag as usize),
                _ => None,
            };
            match case {
                Some(case) => out.push_str(&case.name),
                // Writing to a String cannot fail.
                None => {
                    let _ = write!(out, "#{tag}");
                }
            }
            if !values.is_empty() {
                fields(out, case.map_or(&[], |case| case.fields.as_slice()), values);
            }
        }
        (Value::Ref { key, .. } | Value::Row { key, .. }, _) => write_display(out, None, key),
        (scalar, _) => write_scalar(out, scalar),
    }
}

/// A value that has no parts, and no quotes.
fn write_scalar(out: &mut String, value: &Value) {
    match value {
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Int(value) => {
            let _ = write!(out, "{value}");
        }
        Value::Decimal { unscaled, scale } => decimal::write(out, *unscaled, *scale),
        Value::Float(value) => {
            let _ = write!(out, "{value:?}");
        }
        Value::Bytes(bytes) => {
            let mut encoded = Vec::new();
            base64::write(&mut encoded, bytes);
            out.extend(encoded.iter().map(|byte| *byte as char));
        }
        Value::Instant(instant) => time::write_instant(out, *instant),
        Value::DateTime(date_time) => time::write_date_time(out, *date_time),
        Value::Date(date) => time::write_date(out, *date),
        Value::Time(time) => time::write_time(out, *time),
        Value::Duration(duration) => time::write_duration_literal(out, *duration),
        Value::Id(id) | Value::Uuid(id) => identity::write(out, *id),
        Value::Json(json) => out.push_str(json),
        Value::None => out.push_str("none"),
        _ => {}
    }
}

/// A value as a program would write it: texts in quotes, records and cases with the names of their shape. A value that
/// does not fit the shape is written without names.
pub fn literal(shapes: &Shapes, shape: ShapeId, value: &Value) -> String {
    let mut out = String::new();
    write_literal(&mut out, shapes, Some(shape), value);
    out
}

/// A value near to how a program would write it, without a shape: fields have no names, and cases are written as `#1`.
pub fn literal_without_names(value: &Value) -> String {
    let mut out = String::new();
    write_literal(&mut out, &Shapes::default(), None, value);
    out
}

fn write_literal(out: &mut String, shapes: &Shapes, shape: Option<ShapeId>, value: &Value) {
    let kind = shape.map(|shape| &shapes.get(shape).kind);
    match (value, kind) {
        (Value::Text(text), _) => {
            let mut quoted = Vec::new();
            write_string(&mut quoted, text.as_bytes());
            out.push_str(&String::from_utf8_lossy(&quoted));
        }
        (Value::Instant(_) | Value::DateTime(_) | Value::Date(_), _) => {
            out.push('@');
            write_scalar(out, value);
        }
        (Value::Bytes(bytes), _) => {
            out.push_str("0x\"");
            for byte in bytes.iter() {
                let _ = write!(out, "{byte:02x}");
            }
            out.push('"');
        }
        (Value::Float(_), _) => {
            write_scalar(out, value);
            out.push('f');
        }
        (Value::Some(content), Some(Kind::Option(inner))) => write_literal(out, shapes, Some(*inner), content),
        (Value::Some(content), _) => write_literal(out, shapes, shape, content),
        (Value::List(items) | Value::Bag(items) | Value::Set(items), kind) => {
            let element = match kind {
                Some(Kind::List(element) | Kind::Bag(element) | Kind::Set(element)) => Some(*element),
                _ => None,
            };
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                separate(out, index);
                write_literal(out, shapes, element, item);
            }
            out.push(']');
        }
        (Value::Map(pairs), kind) => {
            let parts = match kind {
                Some(Kind::Map { key, value }) => (Some(*key), Some(*value)),
                _ => (None, None),
            };
            out.push('[');
            for (index, (key, value)) in pairs.iter().enumerate() {
                separate(out, index);
                write_literal(out, shapes, parts.0, key);
                out.push_str(": ");
                write_literal(out, shapes, parts.1, value);
            }
            out.push(']');
        }
        (Value::Record(values), Some(Kind::Record { fields })) => write_fields(out, shapes, fields, values),
        (Value::Record(values), _) => write_fields(out, shapes, &[], values),
        (Value::Variant { tag, fields: values }, kind) => {
            let case = match kind {
                Some(Kind::Variant { cases, .. }) => cases.get(*tag as usize),
                _ => None,
            };
            match case {
                Some(case) => out.push_str(&case.name),
                None => {
                    let _ = write!(out, "#{tag}");
                }
            }
            if !values.is_empty() {
                write_fields(out, shapes, case.map_or(&[], |case| case.fields.as_slice()), values);
            }
        }
        (Value::Ref { key, .. }, Some(Kind::Ref { name, key: shape, .. } | Kind::Row { name, key: shape, .. })) => {
            out.push_str(name);
            out.push('[');
            write_literal(out, shapes, Some(*shape), key);
            out.push(']');
        }
        (Value::Row { fields: values, .. }, Some(Kind::Row { name, fields, .. })) => {
            out.push_str(name);
            out.push('(');
            for (index, field) in fields.iter().enumerate() {
                separate(out, index);
                out.push_str(&field.name);
                out.push_str(": ");
                if let Some(value) = values.get(field.field as usize) {
                    write_literal(out, shapes, Some(field.shape), value);
                }
            }
            out.push(')');
        }
        (Value::Ref { key, .. } | Value::Row { key, .. }, _) => write_literal(out, shapes, None, key),
        (scalar, _) => write_scalar(out, scalar),
    }
}

fn separate(out: &mut String, index: usize) {
    if index > 0 {
        out.push_str(", ");
    }
}

fn write_fields(out: &mut String, shapes: &Shapes, fields: &[Field], values: &[Value]) {
    out.push('(');
    let mut written = 0;
    for (index, value) in values.iter().enumerate() {
        let field = fields.get(index);
        let content = match field.map(|field| shapes.content(field, value)) {
            Some(Ok(None)) => continue,
            Some(Ok(Some(content))) => content,
            // A value that does not fit is shown as it is.
            Some(Err(_)) | None => value,
        };
        separate(out, written);
        written += 1;
        if let Some(field) = field {
            out.push_str(&field.name);
            out.push_str(": ");
        }
        write_literal(out, shapes, field.map(|field| field.shape), content);
    }
    out.push(')');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::{Case, Presence};

    #[test]
    fn interpolation() {
        for (value, text) in [
            (Value::text("a \"b\""), "a \"b\""),
            (Value::Decimal { unscaled: 1250, scale: 2 }, "12.50"),
            (Value::Duration(5_400_000_000), "1h30min"),
            (Value::Float(1.0), "1.0"),
            (Value::some(3.into()), "3"),
            (Value::None, "none"),
            (Value::Date(0), "1970-01-01"),
            (Value::list([1.into(), "x".into()]), "[1, x]"),
        ] {
            assert_eq!(display(&value), text);
        }
    }

    #[test]
    fn literals_have_names() {
        let mut shapes = Shapes::new();
        let int = shapes.kind(Kind::Int);
        let text = shapes.kind(Kind::Text);
        let state = shapes.kind(Kind::Variant {
            cases: vec![
                Case { name: "Open".into(), fields: vec![] },
                Case { name: "Paid".into(), fields: vec![Field::new("by", text)] },
            ],
            bare: false,
        });
        let record = shapes.record([
            Field::new("qty", int),
            Field::new("state", state),
            Field::new("note", text).presence(Presence::Absentable),
        ]);
        let value = Value::record([3.into(), Value::variant(1, ["Bo".into()]), Value::None]);
        assert_eq!(literal(&shapes, record, &value), "(qty: 3, state: Paid(by: \"Bo\"))");
        assert_eq!(literal(&shapes, state, &Value::variant(0, [])), "Open");
        assert_eq!(literal(&shapes, int, &value), "(3, #1(\"Bo\"), none)");
    }
}
