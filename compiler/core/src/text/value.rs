//! Constants of the text form. They do not say their type: the expression or the field does.

use super::lex::{hex, quote};
use std::fmt::Write;
use tenon_value::Value;

/// Writes a constant.
pub(super) fn print(out: &mut String, value: &Value) {
    let _ = match value {
        Value::Bool(b) => write!(out, "{b}"),
        Value::Int(n) => write!(out, "{n}"),
        Value::Decimal { unscaled, scale } => {
            out.push_str(&decimal(*unscaled, *scale));
            Ok(())
        }
        Value::Float(f) => write!(out, "{f:?}f"),
        Value::Text(text) => write!(out, "{}", quote(text)),
        Value::Bytes(octets) => write!(out, "0x\"{}\"", hex(octets)),
        Value::Instant(n) => write!(out, "instant({n})"),
        Value::DateTime(n) => write!(out, "datetime({n})"),
        Value::Date(n) => write!(out, "date({n})"),
        Value::Time(n) => write!(out, "time({n})"),
        Value::Duration(n) => write!(out, "duration({n})"),
        Value::Id(n) => write!(out, "id(0x\"{n:032x}\")"),
        Value::Uuid(n) => write!(out, "uuid(0x\"{n:032x}\")"),
        Value::Json(text) => write!(out, "json({})", quote(text)),
        Value::Some(value) => {
            out.push_str("some");
            several(out, std::slice::from_ref(&**value));
            Ok(())
        }
        Value::None => write!(out, "none"),
        Value::List(items) => {
            out.push_str("list");
            several(out, items);
            Ok(())
        }
        Value::Bag(items) => {
            out.push_str("bag");
            several(out, items);
            Ok(())
        }
        Value::Set(items) => {
            out.push_str("set");
            several(out, items);
            Ok(())
        }
        Value::Record(items) => {
            out.push_str("record");
            several(out, items);
            Ok(())
        }
        Value::Map(pairs) => {
            out.push_str("map(");
            for (i, (key, value)) in pairs.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                print(out, key);
                out.push_str(" => ");
                print(out, value);
            }
            out.push(')');
            Ok(())
        }
        Value::Variant { tag, fields } => {
            let _ = write!(out, "case#{tag}");
            several(out, fields);
            Ok(())
        }
        Value::Ref { relation, key } => {
            let _ = write!(out, "ref#{relation}");
            several(out, std::slice::from_ref(&**key));
            Ok(())
        }
        Value::Row { relation, key, fields } => {
            let _ = write!(out, "row#{relation}(");
            print(out, key);
            for field in fields.iter() {
                out.push_str(", ");
                print(out, field);
            }
            out.push(')');
            Ok(())
        }
    };
}

fn several(out: &mut String, values: &[Value]) {
    out.push('(');
    for (i, value) in values.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        print(out, value);
    }
    out.push(')');
}

/// A decimal with all its fractional digits and the suffix `d`: `12.50d`.
fn decimal(unscaled: i64, scale: u8) -> String {
    let digits = format!("{:0width$}", unscaled.unsigned_abs(), width = scale as usize + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale as usize);
    let sign = if unscaled < 0 { "-" } else { "" };
    match fraction {
        "" => format!("{sign}{whole}d"),
        fraction => format!("{sign}{whole}.{fraction}d"),
    }
}

/// The constant of a number as written.
pub(super) fn number(text: &str) -> Option<Value> {
    if let Some(digits) = text.strip_suffix('d') {
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let unscaled = format!("{whole}{fraction}").parse().ok()?;
        return Some(Value::Decimal { unscaled, scale: u8::try_from(fraction.len()).ok()? });
    }
    if let Some(digits) = text.strip_suffix('f') {
        return Value::float(digits.parse().ok()?).ok();
    }
    text.replace('_', "").parse().ok().map(Value::Int)
}
