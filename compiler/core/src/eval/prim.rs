//! Primitive operations over values.

use super::expr::lift;
use super::show;
use crate::ir::{Prim, Program, Type};
use std::cmp::Ordering;
use tenon_value::{Fault, Value, decimal, float, integer, text, time};

/// Applies a primitive to the values of its operands. What the verifier would have refused is the fault `Internal`.
pub(super) fn apply(
    program: &Program,
    prim: Prim,
    operands: &[Value],
    types: &[&Type],
    result: &Type,
) -> Result<Value, Fault> {
    match operands {
        [] => match prim {
            Prim::Concat => Ok(Value::text("")),
            _ => Err(Fault::Internal),
        },
        [one] if !matches!(prim, Prim::Concat) => unary(program, prim, one, types[0], result),
        [left, right] if prim == Prim::DivDecimal => divide(left, right, result),
        [left, right] if !matches!(prim, Prim::Concat) => binary(prim, left, right, types),
        several => concat(prim, several),
    }
}

fn concat(prim: Prim, operands: &[Value]) -> Result<Value, Fault> {
    if prim != Prim::Concat {
        return Err(Fault::Internal);
    }
    let mut out = String::new();
    for operand in operands {
        let Value::Text(text) = operand else { return Err(Fault::Internal) };
        out.push_str(text);
    }
    Ok(Value::text(out))
}

fn unary(program: &Program, prim: Prim, of: &Value, ty: &Type, result: &Type) -> Result<Value, Fault> {
    use Prim::*;
    Ok(match (prim, of) {
        (Not, Value::Bool(b)) => Value::Bool(!b),
        (NegInt, Value::Int(n)) => Value::Int(integer::neg(*n)?),
        (AbsInt, Value::Int(n)) => Value::Int(integer::abs(*n)?),
        (NegDecimal, Value::Decimal { unscaled, scale }) => dec(integer::neg(*unscaled)?, *scale),
        (AbsDecimal, Value::Decimal { unscaled, scale }) => dec(integer::abs(*unscaled)?, *scale),
        (Rescale, Value::Decimal { unscaled, scale }) => {
            let to = scale_of(result)?;
            dec(decimal::rescale(*unscaled, *scale, to)?, to)
        }
        (IntToDecimal, Value::Int(n)) => {
            let to = scale_of(result)?;
            dec(decimal::rescale(*n, 0, to)?, to)
        }
        (NegFloat, Value::Float(f)) => Value::Float(float::finite(-f)?),
        (AbsFloat, Value::Float(f)) => Value::Float(f.abs()),
        (IntToFloat, Value::Int(n)) => Value::Float(*n as f64),
        (NegDuration, Value::Duration(n)) => Value::Duration(integer::neg(*n)?),
        (ToText, value) => Value::text(show::display(program, ty, value)),
        (Length, value) => Value::Int(length(value)?),
        (ToSet, Value::List(items) | Value::Bag(items)) => Value::set(items.iter().cloned()),
        (ToList, Value::Set(items) | Value::Bag(items)) => Value::List(items.clone()),
        (ToBag, Value::List(items)) => Value::Bag(items.clone()),
        (ToMap, Value::List(items) | Value::Bag(items)) => {
            let pairs: Option<Vec<_>> = items
                .iter()
                .map(|item| match item {
                    Value::Record(fields) if fields.len() == 2 => Some((fields[0].clone(), fields[1].clone())),
                    _ => None,
                })
                .collect();
            Value::map(pairs.ok_or(Fault::Internal)?)
        }
        (Entries, Value::Map(pairs)) => {
            let entries: Vec<Value> =
                pairs.iter().map(|(key, value)| Value::record(vec![key.clone(), value.clone()])).collect();
            Value::list(entries)
        }
        (TagOf, Value::Variant { tag, .. }) => Value::variant(*tag, Vec::new()),
        _ => return Err(Fault::Internal),
    })
}

fn binary(prim: Prim, left: &Value, right: &Value, types: &[&Type]) -> Result<Value, Fault> {
    use Prim::*;
    let ordered = |holds: fn(Ordering) -> bool| Ok(Value::Bool(holds(left.cmp(right))));
    match prim {
        Eq => return ordered(Ordering::is_eq),
        Ne => return ordered(Ordering::is_ne),
        Lt => return ordered(Ordering::is_lt),
        Le => return ordered(Ordering::is_le),
        Gt => return ordered(Ordering::is_gt),
        Ge => return ordered(Ordering::is_ge),
        Contains => {
            return Ok(Value::Bool(match right {
                Value::List(items) | Value::Bag(items) | Value::Set(items) => items.contains(left),
                Value::Map(pairs) => pairs.iter().any(|(key, _)| key == left),
                _ => return Err(Fault::Internal),
            }));
        }
        Append => return append(left, right),
        _ => {}
    }
    Ok(match (prim, left, right) {
        (AddInt, Value::Int(a), Value::Int(b)) => Value::Int(integer::add(*a, *b)?),
        (SubInt, Value::Int(a), Value::Int(b)) => Value::Int(integer::sub(*a, *b)?),
        (MulInt, Value::Int(a), Value::Int(b)) => Value::Int(integer::mul(*a, *b)?),
        (DivInt, Value::Int(a), Value::Int(b)) => Value::Int(integer::div(*a, *b)?),
        (ModInt, Value::Int(a), Value::Int(b)) => Value::Int(integer::modulo(*a, *b)?),
        (AddDecimal, Value::Decimal { unscaled: a, scale }, Value::Decimal { unscaled: b, .. }) => {
            dec(integer::add(*a, *b)?, *scale)
        }
        (SubDecimal, Value::Decimal { unscaled: a, scale }, Value::Decimal { unscaled: b, .. }) => {
            dec(integer::sub(*a, *b)?, *scale)
        }
        (MulDecimal, Value::Decimal { unscaled: a, scale: x }, Value::Decimal { unscaled: b, scale: y }) => {
            dec(decimal::mul(*a, *b)?, x.checked_add(*y).ok_or(Fault::Internal)?)
        }
        (AddFloat, Value::Float(a), Value::Float(b)) => Value::Float(float::finite(a + b)?),
        (SubFloat, Value::Float(a), Value::Float(b)) => Value::Float(float::finite(a - b)?),
        (MulFloat, Value::Float(a), Value::Float(b)) => Value::Float(float::finite(a * b)?),
        (DivFloat, Value::Float(a), Value::Float(b)) => Value::Float(float::finite(a / b)?),
        (AddDuration, point, Value::Duration(d)) => moved(point, *d)?,
        (SubDuration, point, Value::Duration(d)) => moved(point, integer::neg(*d)?)?,
        (Elapsed, Value::Instant(a), Value::Instant(b)) | (Elapsed, Value::DateTime(a), Value::DateTime(b)) => {
            Value::Duration(integer::sub(*a, *b)?)
        }
        (Elapsed, Value::Date(a), Value::Date(b)) => {
            Value::Duration(integer::mul(i64::from(*a) - i64::from(*b), time::DAY)?)
        }
        (AddDurations, Value::Duration(a), Value::Duration(b)) => Value::Duration(integer::add(*a, *b)?),
        (SubDurations, Value::Duration(a), Value::Duration(b)) => Value::Duration(integer::sub(*a, *b)?),
        (ScaleDuration, Value::Duration(a), Value::Int(n)) => Value::Duration(integer::mul(*a, *n)?),
        (DivDuration, Value::Duration(a), Value::Int(n)) => Value::Duration(integer::div(*a, *n)?),
        (ElementAt, Value::List(items), Value::Int(at)) => {
            let element = types.first().and_then(|ty| ty.element()).ok_or(Fault::Internal)?;
            match usize::try_from(*at).ok().and_then(|at| items.get(at)) {
                Some(item) => lift(item.clone(), element),
                None => Value::None,
            }
        }
        (ValueAt, Value::Map(pairs), key) => {
            let Some(Type::Map(_, of)) = types.first() else { return Err(Fault::Internal) };
            match pairs.iter().find(|(k, _)| k == key) {
                Some((_, value)) => lift(value.clone(), of),
                None => Value::None,
            }
        }
        _ => return Err(Fault::Internal),
    })
}

/// The quotient of Decimals at the scale of the result's type.
fn divide(left: &Value, right: &Value, result: &Type) -> Result<Value, Fault> {
    let to = scale_of(result)?;
    match (left, right) {
        (Value::Decimal { unscaled: a, scale: x }, Value::Decimal { unscaled: b, scale: y }) => {
            Ok(dec(decimal::div(*a, *x, *b, *y, to)?, to))
        }
        _ => Err(Fault::Internal),
    }
}

fn dec(unscaled: i64, scale: u8) -> Value {
    Value::Decimal { unscaled, scale }
}

fn scale_of(ty: &Type) -> Result<u8, Fault> {
    match ty.present() {
        Type::Decimal(scale) => Ok(*scale),
        _ => Err(Fault::Internal),
    }
}

/// A time point and a Duration.
fn moved(point: &Value, by: i64) -> Result<Value, Fault> {
    match point {
        Value::Instant(at) => Ok(Value::Instant(time::check_instant(time::add_duration(*at, by)?)?)),
        Value::DateTime(at) => Ok(Value::DateTime(time::check_date_time(time::add_duration(*at, by)?)?)),
        _ => Err(Fault::Internal),
    }
}

fn length(value: &Value) -> Result<i64, Fault> {
    let length = match value {
        Value::Text(t) => return Ok(text::length(t)),
        Value::Bytes(octets) => octets.len(),
        Value::List(items) | Value::Bag(items) | Value::Set(items) => items.len(),
        Value::Map(pairs) => pairs.len(),
        _ => return Err(Fault::Internal),
    };
    i64::try_from(length).map_err(|_| Fault::Overflow)
}

fn append(left: &Value, right: &Value) -> Result<Value, Fault> {
    let both = |a: &[Value], b: &[Value]| -> Vec<Value> { a.iter().chain(b).cloned().collect() };
    Ok(match (left, right) {
        (Value::List(a), Value::List(b)) => Value::list(both(a, b)),
        (Value::Bag(a), Value::Bag(b)) => Value::bag(both(a, b)),
        (Value::Set(a), Value::Set(b)) => Value::set(both(a, b)),
        (Value::Map(a), Value::Map(b)) => Value::map(a.iter().chain(b.iter()).cloned()),
        _ => return Err(Fault::Internal),
    })
}
