//! The primitives of the library over values: one function for each pure row of the language's table of primitives, found
//! by the row's id. Both engines call these; an engine may have a faster way for a primitive, and must then agree.
//!
//! A function gets its receiver and arguments in order, and the scale of its result where that is a Decimal. Arguments of
//! other kinds than the signature says are the fault `Internal`.

use crate::fault::Fault;
use crate::format::display;
use crate::time::{self, Zone};
use crate::value::Value;
use crate::{collation, decimal, float, identity, integer, text};

/// A primitive: from its arguments and the scale of its result.
pub type Function = fn(&[Value], u8) -> Result<Value, Fault>;

/// The primitive with this id.
pub fn find(id: &str) -> Option<Function> {
    TABLE.iter().find(|(own, _)| *own == id).map(|(_, function)| *function)
}

/// The ids of all primitives here.
pub fn ids() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|(id, _)| *id)
}

/// Rows of the table: the id, what the arguments must be, and the result.
macro_rules! table {
    ($($id:ident($($argument:pat),*) $(, $scale:ident)? => $result:expr;)*) => {
        const TABLE: &[(&str, Function)] = &[$((stringify!($id), |arguments, scale| {
            let _ = scale;
            $(let $scale = scale;)?
            match arguments {
                [$($argument),*] => $result,
                _ => Err(Fault::Internal),
            }
        }),)*];
    };
}

use Value::{Bag, Bool, Bytes, Date, DateTime, Duration, Float, Instant, Int, List, Map, Set, Text, Time};

table! {
    TextLength(Text(t)) => Ok(Int(text::length(t)));
    TextLower(Text(t)) => made(text::lower(t));
    TextUpper(Text(t)) => made(text::upper(t));
    TextCapitalise(Text(t)) => made(text::capitalise(t));
    TextTrim(Text(t)) => made(text::trim(t));
    TextTrimStart(Text(t)) => made(text::trim_start(t));
    TextTrimEnd(Text(t)) => made(text::trim_end(t));
    TextSlice(Text(t), Int(from), Int(to)) => made(text::slice(t, *from, *to));
    TextAt(Text(t), Int(at)) => Ok(Value::option(text::at(t, *at).map(Value::text)));
    TextFind(Text(t), Text(part)) => Ok(Value::option(text::find(t, part).map(Int)));
    TextContains(Text(t), Text(part)) => Ok(Bool(text::contains(t, part)));
    TextStartsWith(Text(t), Text(part)) => Ok(Bool(text::starts_with(t, part)));
    TextEndsWith(Text(t), Text(part)) => Ok(Bool(text::ends_with(t, part)));
    TextSplit(Text(t), Text(separator)) => Ok(texts(text::split(t, separator)));
    TextWords(Text(t)) => Ok(texts(text::words(t)));
    TextLines(Text(t)) => Ok(texts(text::lines(t)));
    TextReplace(Text(t), Text(part), Text(with)) => made(text::replace(t, part, with)?);
    TextRepeat(Text(t), Int(count)) => made(text::repeat(t, *count)?);
    TextPadStart(Text(t), Int(length), Text(with)) => made(text::pad_start(t, *length, with)?);
    TextPadEnd(Text(t), Int(length), Text(with)) => made(text::pad_end(t, *length, with)?);
    TextReverse(Text(t)) => made(text::reverse(t));
    TextNormalise(Text(t)) => made(text::normalise(t));
    TextInLanguage(Text(t), Text(language)) => {
        collation::key(t, language).map(|key| Bytes(key.into())).ok_or(Fault::BadArgument)
    };
    TextToInt(Text(t)) => Ok(Value::option(text::to_int(t).map(Int)));
    TextToFloat(Text(t)) => Ok(Value::option(text::to_float(t).map(Float)));
    TextToDecimal(Text(t), Int(_)), scale => {
        Ok(Value::option(decimal::parse(t, scale).ok().map(|unscaled| Value::Decimal { unscaled, scale })))
    };
    TextToDate(Text(t)) => Ok(Value::option(time::parse_date(t).map(Date)));
    TextToInstant(Text(t)) => Ok(Value::option(time::parse_instant(t).map(Instant)));
    TextToUuid(Text(t)) => Ok(Value::option(identity::parse(t).map(Value::Uuid)));
    TextJoin(List(parts), Text(separator)) => {
        let parts: Option<Vec<&str>> = parts.iter().map(as_text).collect();
        made(text::join(parts.ok_or(Fault::Internal)?, separator)?)
    };
    ToText(value) => made(display(value));

    IntAbs(Int(n)) => integer::abs(*n).map(Int);
    IntSign(Int(n)) => Ok(Int(n.signum()));
    IntPower(Int(n), Int(exponent)) => integer::pow(*n, *exponent).map(Int);
    IntToFloat(Int(n)) => Ok(Float(*n as f64));
    IntToDecimal(Int(n), Int(_)), scale => rescaled(*n, 0, scale);
    DecimalAbs(Value::Decimal { unscaled, scale }) => {
        Ok(Value::Decimal { unscaled: integer::abs(*unscaled)?, scale: *scale })
    };
    DecimalRound(Value::Decimal { unscaled, scale: from }, Int(_)), scale => rescaled(*unscaled, *from, scale);
    DecimalFloor(Value::Decimal { unscaled, scale }) => Ok(Int(decimal::floor(*unscaled, *scale)));
    DecimalCeil(Value::Decimal { unscaled, scale }) => Ok(Int(decimal::ceil(*unscaled, *scale)));
    DecimalToInt(Value::Decimal { unscaled, scale }) => Ok(Int(decimal::truncate(*unscaled, *scale)));
    DecimalToFloat(Value::Decimal { unscaled, scale }) => Ok(Float(decimal::to_float(*unscaled, *scale)));
    FloatAbs(Float(f)) => Value::float(f.abs());
    FloatFloor(Float(f)) => float::to_int(f.floor()).map(Int);
    FloatCeil(Float(f)) => float::to_int(f.ceil()).map(Int);
    FloatToInt(Float(f)) => float::to_int(f.trunc()).map(Int);
    FloatToDecimal(Float(f), Int(_)), scale => {
        Ok(Value::Decimal { unscaled: decimal::from_float(*f, scale)?, scale })
    };
    FloatSqrt(Float(f)) => Value::float(f.sqrt());
    FloatPower(Float(f), Float(exponent)) => Value::float(f.powf(*exponent));
    FloatLn(Float(f)) => Value::float(f.ln());
    FloatExp(Float(f)) => Value::float(f.exp());
    FloatSin(Float(f)) => Value::float(f.sin());
    FloatCos(Float(f)) => Value::float(f.cos());
    Min(a, b) => Ok(if b < a { b } else { a }.clone());
    Max(a, b) => Ok(if b > a { b } else { a }.clone());

    InstantUtc(Instant(at)) => Ok(DateTime(*at));
    InstantIn(Instant(at), Text(zone)) => named(zone)?.date_time(*at).map(DateTime);
    DateTimeInstant(DateTime(at), Text(zone)) => named(zone)?.instant(*at).map(Instant);
    DateTimeDate(DateTime(at)) => Ok(Date(time::split(*at).0));
    DateTimeTime(DateTime(at)) => Ok(Time(time::split(*at).1));
    DateTimeYear(DateTime(at)) => Ok(Int(parts(time::split(*at).0).0));
    DateTimeMonth(DateTime(at)) => Ok(Int(parts(time::split(*at).0).1));
    DateTimeDay(DateTime(at)) => Ok(Int(parts(time::split(*at).0).2));
    DateTimeHour(DateTime(at)) => Ok(Int(time::split(*at).1 / HOUR));
    DateTimeMinute(DateTime(at)) => Ok(Int(time::split(*at).1 / MINUTE % 60));
    DateTimeSecond(DateTime(at)) => Ok(Int(time::split(*at).1 / SECOND % 60));
    DateTimeWeekday(DateTime(at)) => Ok(Int(time::weekday(time::split(*at).0)));
    MakeDate(Int(year), Int(month), Int(day)) => {
        Ok(Value::option(time::date_from_parts(*year, *month, *day).map(Date)))
    };
    DateYear(Date(date)) => Ok(Int(parts(*date).0));
    DateMonth(Date(date)) => Ok(Int(parts(*date).1));
    DateDay(Date(date)) => Ok(Int(parts(*date).2));
    DateWeekday(Date(date)) => Ok(Int(time::weekday(*date)));
    DateDayOfYear(Date(date)) => Ok(Int(time::day_of_year(*date)));
    DateWeek(Date(date)) => Ok(Int(time::iso_week(*date).1));
    DateStartOfMonth(Date(date)) => Ok(Date(time::month_start(*date)));
    DateEndOfMonth(Date(date)) => Ok(Date(time::month_end(*date)));
    DateStartOfYear(Date(date)) => Ok(Date(time::year_start(*date)));
    DatePlusDays(Date(date), Int(days)) => time::days_plus(*date, *days).map(Date);
    DatePlusMonths(Date(date), Int(months)) => time::months_plus(*date, *months).map(Date);
    DateMonthsUntil(Date(date), Date(other)) => Ok(Int(time::months_between(*date, *other)));
    DateAt(Date(date), Time(at), Text(zone)) => named(zone)?.instant(time::compose(*date, *at)).map(Instant);
    TimeHour(Time(at)) => Ok(Int(at / HOUR));
    TimeMinute(Time(at)) => Ok(Int(at / MINUTE % 60));
    DurationDays(Duration(length)) => Ok(Int(length.div_euclid(time::DAY)));
    DurationHours(Duration(length)) => Ok(Int(length.div_euclid(HOUR)));
    DurationMinutes(Duration(length)) => Ok(Int(length.div_euclid(MINUTE)));
    DurationSeconds(Duration(length)) => Ok(Int(length.div_euclid(SECOND)));
    DurationMilliseconds(Duration(length)) => Ok(Int(length.div_euclid(1000)));

    Length(List(items)) => count(items.len());
    BagLength(Bag(items)) => count(items.len());
    SetLength(Set(items)) => count(items.len());
    MapLength(Map(pairs)) => count(pairs.len());
    BytesLength(Bytes(bytes)) => count(bytes.len());
    ListFirst(List(items)) => Ok(Value::option(items.first().cloned()));
    ListLast(List(items)) => Ok(Value::option(items.last().cloned()));
    ListAt(List(items), Int(at)) => {
        Ok(Value::option(usize::try_from(*at).ok().and_then(|at| items.get(at)).cloned()))
    };
    ListSlice(List(items), Int(from), Int(to)) => {
        Ok(Value::list(items.get(clamp(*from, items)..clamp(*to, items)).unwrap_or(&[])))
    };
    ListTake(List(items), Int(count)) => Ok(Value::list(&items[..clamp(*count, items)]));
    ListDrop(List(items), Int(count)) => Ok(Value::list(&items[clamp(*count, items)..]));
    ListReverse(List(items)) => Ok(list(items.iter().rev().cloned()));
    ListContains(List(items), item) => Ok(Bool(items.contains(item)));
    ListFind(List(items), item) => {
        Ok(Value::option(items.iter().position(|own| own == item).map(|at| Int(at as i64))))
    };
    ListDistinct(List(items)) => {
        let mut seen = rustc_hash::FxHashSet::default();
        Ok(list(items.iter().filter(|item| seen.insert(*item)).cloned()))
    };
    ListEnumerate(List(items)) => {
        Ok(list(items.iter().enumerate().map(|(at, item)| Value::record([Int(at as i64), item.clone()]))))
    };
    ListZip(List(left), List(right)) => {
        Ok(list(left.iter().zip(right.iter()).map(|(a, b)| Value::record([a.clone(), b.clone()]))))
    };
    ListToSet(List(items)) => Ok(Value::set(items.iter().cloned()));
    BagToSet(Bag(items)) => Ok(Value::set(items.iter().cloned()));
    BagToList(Bag(items)) => {
        let mut items = items.to_vec();
        items.sort();
        Ok(Value::list(items))
    };
    SetToList(Set(items)) => Ok(List(items.clone()));
    SetContains(Set(items), item) => Ok(Bool(items.binary_search(item).is_ok()));
    SetInsert(Set(items), item) => Ok(match items.binary_search(item) {
        Ok(_) => Set(items.clone()),
        Err(at) => Set(items[..at].iter().chain([item]).chain(&items[at..]).cloned().collect()),
    });
    SetRemove(Set(items), item) => Ok(match items.binary_search(item) {
        Ok(at) => Set(items[..at].iter().chain(&items[at + 1..]).cloned().collect()),
        Err(_) => Set(items.clone()),
    });
    SetUnion(Set(a), Set(b)) => Ok(Value::set(a.iter().chain(b.iter()).cloned()));
    SetIntersect(Set(a), Set(b)) => Ok(Set(a.iter().filter(|item| b.binary_search(item).is_ok()).cloned().collect()));
    SetMinus(Set(a), Set(b)) => Ok(Set(a.iter().filter(|item| b.binary_search(item).is_err()).cloned().collect()));
    ListToMap(List(entries)) => {
        let pairs: Option<Vec<(Value, Value)>> = entries.iter().map(as_pair).collect();
        Ok(Value::map(pairs.ok_or(Fault::Internal)?))
    };
    MapGet(Map(pairs), key) => Ok(Value::option(place(pairs, key).ok().map(|at| pairs[at].1.clone())));
    MapContains(Map(pairs), key) => Ok(Bool(place(pairs, key).is_ok()));
    MapInsert(Map(pairs), key, value) => {
        let (before, after) = match place(pairs, key) {
            Ok(at) => (&pairs[..at], &pairs[at + 1..]),
            Err(at) => (&pairs[..at], &pairs[at..]),
        };
        let new = (key.clone(), value.clone());
        Ok(Map(before.iter().chain([&new]).chain(after).cloned().collect()))
    };
    MapRemove(Map(pairs), key) => Ok(match place(pairs, key) {
        Ok(at) => Map(pairs[..at].iter().chain(&pairs[at + 1..]).cloned().collect()),
        Err(_) => Map(pairs.clone()),
    });
    MapKeys(Map(pairs)) => Ok(list(pairs.iter().map(|(key, _)| key.clone())));
    MapValues(Map(pairs)) => Ok(list(pairs.iter().map(|(_, value)| value.clone())));
    MapEntries(Map(pairs)) => {
        Ok(list(pairs.iter().map(|(key, value)| Value::record([key.clone(), value.clone()]))))
    };
}

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

fn made(text: impl Into<smol_str::SmolStr>) -> Result<Value, Fault> {
    Ok(Value::text(text))
}

fn texts(parts: Vec<&str>) -> Value {
    list(parts.into_iter().map(Value::text))
}

fn list(items: impl Iterator<Item = Value>) -> Value {
    Value::List(items.collect())
}

fn count(count: usize) -> Result<Value, Fault> {
    i64::try_from(count).map(Int).map_err(|_| Fault::Overflow)
}

fn as_text(value: &Value) -> Option<&str> {
    match value {
        Text(text) => Some(text),
        _ => None,
    }
}

fn as_pair(value: &Value) -> Option<(Value, Value)> {
    match value {
        Value::Record(fields) => match &**fields {
            [key, value] => Some((key.clone(), value.clone())),
            _ => None,
        },
        _ => None,
    }
}

fn rescaled(value: i64, from: u8, scale: u8) -> Result<Value, Fault> {
    Ok(Value::Decimal { unscaled: decimal::rescale(value, from, scale)?, scale })
}

fn named(zone: &str) -> Result<Zone, Fault> {
    Zone::named(zone).map_err(|_| Fault::BadArgument)
}

fn parts(date: i32) -> (i64, i64, i64) {
    let (year, month, day) = time::year_month_day(date);
    (year.into(), month.into(), day.into())
}

/// A position within a list or at its end.
fn clamp(position: i64, items: &[Value]) -> usize {
    usize::try_from(position.max(0)).map_or(items.len(), |position| position.min(items.len()))
}

fn place(pairs: &[(Value, Value)], key: &Value) -> Result<usize, usize> {
    pairs.binary_search_by(|(own, _)| own.cmp(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(id: &str, arguments: &[Value]) -> Result<Value, Fault> {
        find(id).expect(id)(arguments, 2)
    }

    fn numbers(items: &[i64]) -> Value {
        list(items.iter().map(|n| Int(*n)))
    }

    #[test]
    fn samples() {
        let decimal = |unscaled| Value::Decimal { unscaled, scale: 2 };
        let some = |value| Ok(Value::some(value));
        assert_eq!(call("TextSlice", &["abcd".into(), 1.into(), 3.into()]), Ok("bc".into()));
        assert_eq!(call("TextSlice", &["abcd".into(), Int(-2), Int(2)]), Ok("ab".into()));
        assert_eq!(call("TextToDecimal", &["1.5".into(), 2.into()]), some(decimal(150)));
        assert_eq!(call("TextToDecimal", &["1.555".into(), 2.into()]), Ok(Value::None));
        assert_eq!(call("DecimalRound", &[Value::Decimal { unscaled: 2345, scale: 3 }, 2.into()]), Ok(decimal(234)));
        assert_eq!(call("IntPower", &[2.into(), Int(-1)]), Ok(Int(0)));
        assert_eq!(call("FloatSqrt", &[Float(-1.0)]), Err(Fault::NotFinite));
        assert_eq!(call("FloatToInt", &[Float(1e19)]), Err(Fault::Overflow));
        assert_eq!(call("InstantIn", &[Instant(0), "Nowhere".into()]), Err(Fault::BadArgument));
        assert_eq!(call("ListSlice", &[numbers(&[1, 2, 3]), 1.into(), 9.into()]), Ok(numbers(&[2, 3])));
        assert_eq!(call("ListSlice", &[numbers(&[1, 2, 3]), 2.into(), 1.into()]), Ok(numbers(&[])));
        assert_eq!(call("ListDrop", &[numbers(&[1, 2, 3]), Int(-1)]), Ok(numbers(&[1, 2, 3])));
        assert_eq!(call("ListDistinct", &[numbers(&[2, 1, 2])]), Ok(numbers(&[2, 1])));
        assert_eq!(call("ListAt", &[numbers(&[2]), Int(-1)]), Ok(Value::None));
        let set = Value::set([1.into(), 3.into()]);
        assert_eq!(call("SetInsert", &[set.clone(), 2.into()]), Ok(Value::set([1.into(), 2.into(), 3.into()])));
        assert_eq!(call("SetRemove", &[set, 1.into()]), Ok(Value::set([3.into()])));
        let map = Value::map([("a".into(), 1.into())]);
        let more = call("MapInsert", &[map.clone(), "a".into(), 2.into()]).unwrap();
        assert_eq!(call("MapGet", &[more, "a".into()]), some(2.into()));
        assert_eq!(call("MapRemove", &[map, "a".into()]), Ok(Value::map([])));
        assert_eq!(call("DurationHours", &[Duration(-1)]), Ok(Int(-1)));
    }

    #[test]
    fn other_arguments_are_a_fault() {
        for id in ids().filter(|id| !["ToText", "Min", "Max"].contains(id)) {
            for arguments in
                [&[][..], &[Value::None], &[Value::None, Value::None], &[Value::None, Value::None, Value::None]]
            {
                assert_eq!(call(id, arguments), Err(Fault::Internal), "{id}");
            }
        }
    }
}
