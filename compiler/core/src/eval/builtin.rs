//! Library primitives: the rows of `tenon_check::builtins`, by the functions of `tenon_value`.
//!
//! Operands are the receiver and then the parameters. What a library function means is written in the table; what it
//! does with texts, numbers and times is in `tenon_value`, which native code calls too.

use super::expr::lift;
use super::show;
use crate::ir::{Program, Type};
use tenon_check::builtins::Builtin;
use tenon_value::time::{self, Zone};
use tenon_value::{Fault, Value, decimal, float, identity, integer, text};

type Made = Result<Value, Fault>;

/// Calls a library primitive. What the verifier would have refused, or a primitive that touches the world and therefore
/// is a command, is the fault `Internal`.
pub(super) fn call(program: &Program, number: u16, operands: &[Value], types: &[&Type], result: &Type) -> Made {
    let builtin = Builtin(number);
    if builtin == Builtin::ToText {
        return match (operands, types) {
            ([value], [ty]) => Ok(Value::text(show::display(program, ty, value))),
            _ => Err(Fault::Internal),
        };
    }
    if builtin == Builtin::Min || builtin == Builtin::Max {
        let [a, b] = operands else { return Err(Fault::Internal) };
        let first = if builtin == Builtin::Min { a <= b } else { a >= b };
        return Ok(if first { a.clone() } else { b.clone() });
    }
    match operands.first() {
        Some(Value::Text(of)) => on_text(builtin, of, &operands[1..], result),
        Some(Value::Int(_) | Value::Decimal { .. } | Value::Float(_)) => on_number(builtin, operands, result),
        Some(
            Value::Instant(_) | Value::DateTime(_) | Value::Date(_) | Value::Time(_) | Value::Duration(_),
        ) => on_time(builtin, operands),
        Some(Value::List(items)) => on_list(builtin, items, &operands[1..], types),
        Some(Value::Bag(_) | Value::Set(_) | Value::Map(_) | Value::Bytes(_)) => on_collection(builtin, operands, types),
        _ => Err(Fault::Internal),
    }
}

fn option<T>(value: Option<T>, make: impl FnOnce(T) -> Value) -> Made {
    Ok(Value::option(value.map(make)))
}

fn texts<'t>(parts: impl IntoIterator<Item = &'t str>) -> Made {
    Ok(Value::list(parts.into_iter().map(Value::text).collect::<Vec<_>>()))
}

/// The scale of a Decimal, or of a Decimal option.
fn scale(ty: &Type) -> Result<u8, Fault> {
    match ty.present() {
        Type::Decimal(scale) => Ok(*scale),
        _ => Err(Fault::Internal),
    }
}

fn dec(unscaled: i64, scale: u8) -> Value {
    Value::Decimal { unscaled, scale }
}

fn count(n: usize) -> Made {
    i64::try_from(n).map(Value::Int).map_err(|_| Fault::Overflow)
}

fn on_text(builtin: Builtin, of: &str, rest: &[Value], result: &Type) -> Made {
    let made = |t: &str| Ok(Value::text(t));
    match (builtin, rest) {
        (Builtin::TextLength, []) => Ok(Value::Int(text::length(of))),
        (Builtin::TextLower, []) => made(&text::lower(of)),
        (Builtin::TextUpper, []) => made(&text::upper(of)),
        (Builtin::TextCapitalise, []) => made(&text::capitalise(of)),
        (Builtin::TextTrim, []) => made(text::trim(of)),
        (Builtin::TextTrimStart, []) => made(text::trim_start(of)),
        (Builtin::TextTrimEnd, []) => made(text::trim_end(of)),
        (Builtin::TextSlice, [Value::Int(from), Value::Int(to)]) => made(text::slice(of, *from, *to)),
        (Builtin::TextAt, [Value::Int(at)]) => option(text::at(of, *at), Value::text),
        (Builtin::TextFind, [Value::Text(part)]) => option(text::find(of, part), Value::Int),
        (Builtin::TextContains, [Value::Text(part)]) => Ok(Value::Bool(text::contains(of, part))),
        (Builtin::TextStartsWith, [Value::Text(part)]) => Ok(Value::Bool(text::starts_with(of, part))),
        (Builtin::TextEndsWith, [Value::Text(part)]) => Ok(Value::Bool(text::ends_with(of, part))),
        (Builtin::TextSplit, [Value::Text(separator)]) => texts(text::split(of, separator)),
        (Builtin::TextWords, []) => texts(text::words(of)),
        (Builtin::TextLines, []) => texts(text::lines(of)),
        (Builtin::TextReplace, [Value::Text(part), Value::Text(with)]) => made(&text::replace(of, part, with)?),
        (Builtin::TextRepeat, [Value::Int(times)]) => made(&text::repeat(of, *times)?),
        (Builtin::TextPadStart, [Value::Int(length), Value::Text(with)]) => made(&text::pad_start(of, *length, with)?),
        (Builtin::TextPadEnd, [Value::Int(length), Value::Text(with)]) => made(&text::pad_end(of, *length, with)?),
        (Builtin::TextReverse, []) => made(&text::reverse(of)),
        (Builtin::TextNormalise, []) => made(&text::normalise(of)),
        (Builtin::TextToInt, []) => option(text::to_int(of), Value::Int),
        (Builtin::TextToFloat, []) => option(text::to_float(of), Value::Float),
        (Builtin::TextToDecimal, [_]) => {
            let scale = scale(result)?;
            option(decimal::parse(of, scale).ok(), |unscaled| dec(unscaled, scale))
        }
        (Builtin::TextToDate, []) => option(time::parse_date(of), Value::Date),
        (Builtin::TextToInstant, []) => option(time::parse_instant(of), Value::Instant),
        (Builtin::TextToUuid, []) => option(identity::parse(of), Value::Uuid),
        _ => Err(Fault::Internal),
    }
}

/// A whole Float as an Int.
fn whole(value: f64) -> Made {
    // Both bounds are powers of two, which a Float holds exactly.
    if value >= -(2f64.powi(63)) && value < 2f64.powi(63) { Ok(Value::Int(value as i64)) } else { Err(Fault::Overflow) }
}

fn on_number(builtin: Builtin, operands: &[Value], result: &Type) -> Made {
    use Value::{Decimal, Float, Int};
    match (builtin, operands) {
        (Builtin::IntAbs, [Int(n)]) => Ok(Int(integer::abs(*n)?)),
        (Builtin::IntSign, [Int(n)]) => Ok(Int(n.signum())),
        (Builtin::IntPower, [Int(n), Int(exponent)]) => Ok(Int(integer::pow(*n, *exponent)?)),
        (Builtin::IntToFloat, [Int(n)]) => Ok(Float(*n as f64)),
        (Builtin::IntToDecimal, [Int(n), _]) => Ok(dec(decimal::rescale(*n, 0, scale(result)?)?, scale(result)?)),
        (Builtin::MakeDate, [Int(year), Int(month), Int(day)]) => {
            option(time::date_from_parts(*year, *month, *day), Value::Date)
        }
        (Builtin::DecimalAbs, [Decimal { unscaled, scale }]) => Ok(dec(integer::abs(*unscaled)?, *scale)),
        (Builtin::DecimalRound, [Decimal { unscaled, scale: from }, _]) => {
            let to = scale(result)?;
            Ok(dec(decimal::rescale(*unscaled, *from, to)?, to))
        }
        (Builtin::DecimalFloor, [Decimal { unscaled, scale }]) => Ok(Int(decimal::floor(*unscaled, *scale))),
        (Builtin::DecimalCeil, [Decimal { unscaled, scale }]) => Ok(Int(decimal::ceil(*unscaled, *scale))),
        (Builtin::DecimalToInt, [Decimal { unscaled, scale }]) => Ok(Int(decimal::truncate(*unscaled, *scale))),
        (Builtin::DecimalToFloat, [Decimal { unscaled, scale }]) => Ok(Float(decimal::to_float(*unscaled, *scale))),
        (Builtin::FloatAbs, [Float(f)]) => Ok(Float(f.abs())),
        (Builtin::FloatFloor, [Float(f)]) => whole(f.floor()),
        (Builtin::FloatCeil, [Float(f)]) => whole(f.ceil()),
        (Builtin::FloatToInt, [Float(f)]) => whole(f.trunc()),
        (Builtin::FloatToDecimal, [Float(f), _]) => {
            let to = scale(result)?;
            Ok(dec(decimal::from_float(*f, to)?, to))
        }
        (Builtin::FloatSqrt, [Float(f)]) => finite(f.sqrt()),
        (Builtin::FloatPower, [Float(f), Float(exponent)]) => finite(f.powf(*exponent)),
        (Builtin::FloatLn, [Float(f)]) => finite(f.ln()),
        (Builtin::FloatExp, [Float(f)]) => finite(f.exp()),
        (Builtin::FloatSin, [Float(f)]) => finite(f.sin()),
        (Builtin::FloatCos, [Float(f)]) => finite(f.cos()),
        _ => Err(Fault::Internal),
    }
}

fn finite(value: f64) -> Made {
    Ok(Value::Float(float::finite(value)?))
}

fn zone(name: &str) -> Result<Zone, Fault> {
    Zone::named(name).map_err(|_| Fault::BadArgument)
}

fn on_time(builtin: Builtin, operands: &[Value]) -> Made {
    use Value::{Date, DateTime, Duration, Instant, Int, Text, Time};
    let part = |of: i64, unit: i64, wrap: i64| Ok(Int(of.div_euclid(unit).rem_euclid(wrap)));
    const SECOND: i64 = 1_000_000;
    match (builtin, operands) {
        (Builtin::InstantUtc, [Instant(at)]) => Ok(DateTime(Zone::utc().date_time(*at)?)),
        (Builtin::InstantIn, [Instant(at), Text(name)]) => Ok(DateTime(zone(name)?.date_time(*at)?)),
        (Builtin::DateTimeInstant, [DateTime(at), Text(name)]) => Ok(Instant(zone(name)?.instant(*at)?)),
        (Builtin::DateTimeDate, [DateTime(at)]) => Ok(Date(time::split(*at).0)),
        (Builtin::DateTimeTime, [DateTime(at)]) => Ok(Time(time::split(*at).1)),
        (Builtin::DateTimeYear, [DateTime(at)]) => Ok(Int(time::year_month_day(time::split(*at).0).0.into())),
        (Builtin::DateTimeMonth, [DateTime(at)]) => Ok(Int(time::year_month_day(time::split(*at).0).1.into())),
        (Builtin::DateTimeDay, [DateTime(at)]) => Ok(Int(time::year_month_day(time::split(*at).0).2.into())),
        (Builtin::DateTimeHour, [DateTime(at)]) => part(time::split(*at).1, 3600 * SECOND, 24),
        (Builtin::DateTimeMinute, [DateTime(at)]) => part(time::split(*at).1, 60 * SECOND, 60),
        (Builtin::DateTimeSecond, [DateTime(at)]) => part(time::split(*at).1, SECOND, 60),
        (Builtin::DateTimeWeekday, [DateTime(at)]) => Ok(Int(time::weekday(time::split(*at).0))),
        (Builtin::DateYear, [Date(d)]) => Ok(Int(time::year_month_day(*d).0.into())),
        (Builtin::DateMonth, [Date(d)]) => Ok(Int(time::year_month_day(*d).1.into())),
        (Builtin::DateDay, [Date(d)]) => Ok(Int(time::year_month_day(*d).2.into())),
        (Builtin::DateWeekday, [Date(d)]) => Ok(Int(time::weekday(*d))),
        (Builtin::DateDayOfYear, [Date(d)]) => Ok(Int(time::day_of_year(*d))),
        (Builtin::DateWeek, [Date(d)]) => Ok(Int(time::iso_week(*d).1)),
        (Builtin::DateStartOfMonth, [Date(d)]) => Ok(Date(time::month_start(*d))),
        (Builtin::DateEndOfMonth, [Date(d)]) => Ok(Date(time::month_end(*d))),
        (Builtin::DateStartOfYear, [Date(d)]) => Ok(Date(time::year_start(*d))),
        (Builtin::DatePlusDays, [Date(d), Int(n)]) => Ok(Date(time::days_plus(*d, *n)?)),
        (Builtin::DatePlusMonths, [Date(d), Int(n)]) => Ok(Date(time::months_plus(*d, *n)?)),
        (Builtin::DateMonthsUntil, [Date(from), Date(to)]) => Ok(Int(time::months_between(*from, *to))),
        (Builtin::DateAt, [Date(d), Time(t), Text(name)]) => Ok(Instant(zone(name)?.instant(time::compose(*d, *t))?)),
        (Builtin::TimeHour, [Time(t)]) => part(*t, 3600 * SECOND, 24),
        (Builtin::TimeMinute, [Time(t)]) => part(*t, 60 * SECOND, 60),
        (Builtin::DurationDays, [Duration(d)]) => Ok(Int(d.div_euclid(time::DAY))),
        (Builtin::DurationHours, [Duration(d)]) => Ok(Int(d.div_euclid(3600 * SECOND))),
        (Builtin::DurationMinutes, [Duration(d)]) => Ok(Int(d.div_euclid(60 * SECOND))),
        (Builtin::DurationSeconds, [Duration(d)]) => Ok(Int(d.div_euclid(SECOND))),
        (Builtin::DurationMilliseconds, [Duration(d)]) => Ok(Int(d.div_euclid(1000))),
        _ => Err(Fault::Internal),
    }
}

/// A position in a list of so many elements: a negative one counts from the end, one outside is moved to the nearest end.
fn position(at: i64, length: usize) -> usize {
    let length = length as i128;
    let at = i128::from(at);
    (if at < 0 { at + length } else { at }).clamp(0, length) as usize
}

fn element<'t>(types: &[&'t Type]) -> Result<&'t Type, Fault> {
    types.first().and_then(|ty| ty.element()).ok_or(Fault::Internal)
}

fn on_list(builtin: Builtin, items: &[Value], rest: &[Value], types: &[&Type]) -> Made {
    let lifted = |item: Option<&Value>| -> Made {
        Ok(match item {
            Some(item) => lift(item.clone(), element(types)?),
            None => Value::None,
        })
    };
    match (builtin, rest) {
        (Builtin::Length, []) => count(items.len()),
        (Builtin::TextJoin, [Value::Text(separator)]) => {
            let parts: Option<Vec<&str>> = items
                .iter()
                .map(|item| match item {
                    Value::Text(t) => Some(t.as_str()),
                    _ => None,
                })
                .collect();
            Ok(Value::text(text::join(parts.ok_or(Fault::Internal)?, separator)?))
        }
        (Builtin::ListFirst, []) => lifted(items.first()),
        (Builtin::ListLast, []) => lifted(items.last()),
        (Builtin::ListAt, [Value::Int(at)]) => lifted(usize::try_from(*at).ok().and_then(|at| items.get(at))),
        (Builtin::ListSlice, [Value::Int(from), Value::Int(to)]) => {
            let (from, to) = (position(*from, items.len()), position(*to, items.len()));
            Ok(Value::list(items.get(from..to).unwrap_or(&[])))
        }
        (Builtin::ListTake, [Value::Int(n)]) => Ok(Value::list(&items[..position((*n).max(0), items.len())])),
        (Builtin::ListDrop, [Value::Int(n)]) => Ok(Value::list(&items[position((*n).max(0), items.len())..])),
        (Builtin::ListReverse, []) => Ok(Value::list(items.iter().rev().cloned().collect::<Vec<_>>())),
        (Builtin::ListContains, [item]) => Ok(Value::Bool(items.contains(item))),
        (Builtin::ListFind, [item]) => match items.iter().position(|i| i == item) {
            Some(at) => Ok(Value::some(count(at)?)),
            None => Ok(Value::None),
        },
        (Builtin::ListDistinct, []) => {
            let mut seen = std::collections::BTreeSet::new();
            Ok(Value::list(items.iter().filter(|item| seen.insert(*item)).cloned().collect::<Vec<_>>()))
        }
        (Builtin::ListEnumerate, []) => {
            let pairs: Result<Vec<Value>, Fault> =
                items.iter().enumerate().map(|(at, item)| Ok(Value::record(vec![count(at)?, item.clone()]))).collect();
            Ok(Value::list(pairs?))
        }
        (Builtin::ListZip, [Value::List(other)]) => {
            let pairs = items.iter().zip(other.iter()).map(|(l, r)| Value::record(vec![l.clone(), r.clone()]));
            Ok(Value::list(pairs.collect::<Vec<_>>()))
        }
        (Builtin::ListToSet, []) => Ok(Value::set(items.iter().cloned())),
        (Builtin::ListToMap, []) => {
            let pairs: Option<Vec<(Value, Value)>> = items
                .iter()
                .map(|item| match item {
                    Value::Record(fields) if fields.len() == 2 => Some((fields[0].clone(), fields[1].clone())),
                    _ => None,
                })
                .collect();
            Ok(Value::map(pairs.ok_or(Fault::Internal)?))
        }
        _ => Err(Fault::Internal),
    }
}

fn on_collection(builtin: Builtin, operands: &[Value], types: &[&Type]) -> Made {
    use Value::{Bag, Map, Set};
    match (builtin, operands) {
        (Builtin::BagLength, [Bag(items)]) | (Builtin::SetLength, [Set(items)]) => count(items.len()),
        (Builtin::MapLength, [Map(pairs)]) => count(pairs.len()),
        (Builtin::BytesLength, [Value::Bytes(octets)]) => count(octets.len()),
        (Builtin::BagToSet, [Bag(items)]) => Ok(Value::set(items.iter().cloned())),
        (Builtin::BagToList, [Bag(items)]) | (Builtin::SetToList, [Set(items)]) => Ok(Value::List(items.clone())),
        (Builtin::SetContains, [Set(items), item]) => Ok(Value::Bool(items.contains(item))),
        (Builtin::SetInsert, [Set(items), item]) => Ok(Value::set(items.iter().chain([item]).cloned())),
        (Builtin::SetRemove, [Set(items), item]) => Ok(Value::set(items.iter().filter(|i| *i != item).cloned())),
        (Builtin::SetUnion, [Set(a), Set(b)]) => Ok(Value::set(a.iter().chain(b.iter()).cloned())),
        (Builtin::SetIntersect, [Set(a), Set(b)]) => Ok(Value::set(a.iter().filter(|i| b.contains(i)).cloned())),
        (Builtin::SetMinus, [Set(a), Set(b)]) => Ok(Value::set(a.iter().filter(|i| !b.contains(i)).cloned())),
        (Builtin::MapGet, [Map(pairs), key]) => {
            let Some(Type::Map(_, of)) = types.first() else { return Err(Fault::Internal) };
            Ok(match pairs.iter().find(|(k, _)| k == key) {
                Some((_, value)) => lift(value.clone(), of),
                None => Value::None,
            })
        }
        (Builtin::MapContains, [Map(pairs), key]) => Ok(Value::Bool(pairs.iter().any(|(k, _)| k == key))),
        (Builtin::MapInsert, [Map(pairs), key, value]) => {
            Ok(Value::map(pairs.iter().cloned().chain([(key.clone(), value.clone())])))
        }
        (Builtin::MapRemove, [Map(pairs), key]) => Ok(Value::map(pairs.iter().filter(|(k, _)| k != key).cloned())),
        (Builtin::MapKeys, [Map(pairs)]) => Ok(Value::list(pairs.iter().map(|(k, _)| k.clone()).collect::<Vec<_>>())),
        (Builtin::MapValues, [Map(pairs)]) => Ok(Value::list(pairs.iter().map(|(_, v)| v.clone()).collect::<Vec<_>>())),
        (Builtin::MapEntries, [Map(pairs)]) => {
            let entries = pairs.iter().map(|(k, v)| Value::record(vec![k.clone(), v.clone()]));
            Ok(Value::list(entries.collect::<Vec<_>>()))
        }
        _ => Err(Fault::Internal),
    }
}
