//! The dynamic value: what the evaluator computes with, what an authority stores and what imports and tests build.
//!
//! A value does not carry its type's names: record fields and variant cases stand by position, and a
//! [`Shape`](crate::shape::Shape) (or a type of Core) gives them names.
//!
//! Invariants, kept by the constructors:
//! - a `Float` is finite and never negative zero ([`Value::float`]);
//! - a `Set` is sorted and has no equal elements ([`Value::set`]);
//! - a `Map` is sorted by key and has no equal keys ([`Value::map`]);
//! - a `Json` is canonical compact text ([`crate::json::canonical`]): members sorted, no spaces;
//! - a `Text` has no U+0000.
//!
//! The order is the language's: `none` after everything else, text by code points, records field by field, variants by
//! tag and then by fields, identities by bytes, bags as sorted sequences, rows and references by key. Values of
//! different kinds never meet in a typed program; they are ordered by kind so that the order is total.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::fault::Fault;

/// A value of any type of the language.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A 64-bit integer.
    Int(i64),
    /// A decimal: `unscaled / 10^scale`. The scale is the type's.
    Decimal {
        /// The value times `10^scale`.
        unscaled: i64,
        /// The number of fractional digits.
        scale: u8,
    },
    /// A finite floating-point number.
    Float(f64),
    /// A text without U+0000.
    Text(SmolStr),
    /// Bytes.
    Bytes(Arc<[u8]>),
    /// Microseconds since 1970-01-01T00:00:00Z.
    Instant(i64),
    /// Microseconds since 1970-01-01T00:00:00 of a calendar without a zone.
    DateTime(i64),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since midnight, below 24 hours.
    Time(i64),
    /// Microseconds.
    Duration(i64),
    /// A generated identity (UUIDv7), as a big-endian number.
    Id(u128),
    /// Any UUID, as a big-endian number.
    Uuid(u128),
    /// Untyped edge data: canonical compact JSON text.
    Json(Arc<str>),
    /// A present optional value.
    Some(Box<Value>),
    /// A list, in its order.
    List(Arc<[Value]>),
    /// A bag, in the order in which it leaves the program; equality ignores the order.
    Bag(Arc<[Value]>),
    /// A set, sorted.
    Set(Arc<[Value]>),
    /// A map, sorted by key.
    Map(Arc<[(Value, Value)]>),
    /// A record: its fields in the order of its type.
    Record(Arc<[Value]>),
    /// A case of a variant type.
    Variant {
        /// The case's position in its type.
        tag: u32,
        /// The case's fields in order.
        fields: Arc<[Value]>,
    },
    /// A reference to a row.
    Ref {
        /// The relation's number in its program.
        relation: u32,
        /// The row's key: the field itself for a single key, a record for a composite one.
        key: Arc<Value>,
    },
    /// A row as it was read: its key and a copy of its fields.
    Row {
        /// The relation's number in its program.
        relation: u32,
        /// The row's key, as in `Ref`.
        key: Arc<Value>,
        /// All stored fields in the order of the relation, key fields included.
        fields: Arc<[Value]>,
    },
    /// The absent optional value.
    None,
}

impl Value {
    /// The value of an expression that yields nothing.
    pub fn unit() -> Value {
        Value::Record(Arc::from([]))
    }

    /// A text value.
    pub fn text(text: impl Into<SmolStr>) -> Value {
        Value::Text(text.into())
    }

    /// A finite float; NaN and infinity are the fault `NotFinite`, negative zero becomes zero.
    pub fn float(float: f64) -> Result<Value, Fault> {
        if float.is_finite() { Ok(Value::Float(float + 0.0)) } else { Err(Fault::NotFinite) }
    }

    /// A present optional value.
    pub fn some(value: Value) -> Value {
        Value::Some(Box::new(value))
    }

    /// An optional value from an option.
    pub fn option(value: Option<Value>) -> Value {
        value.map_or(Value::None, Value::some)
    }

    /// A list.
    pub fn list(items: impl Into<Arc<[Value]>>) -> Value {
        Value::List(items.into())
    }

    /// A bag.
    pub fn bag(items: impl Into<Arc<[Value]>>) -> Value {
        Value::Bag(items.into())
    }

    /// A set: sorts, and drops equal elements.
    pub fn set(items: impl IntoIterator<Item = Value>) -> Value {
        let mut items: Vec<Value> = items.into_iter().collect();
        items.sort();
        items.dedup();
        Value::Set(items.into())
    }

    /// A map: sorts by key; of equal keys the last pair stays.
    pub fn map(pairs: impl IntoIterator<Item = (Value, Value)>) -> Value {
        let mut pairs: Vec<(Value, Value)> = pairs.into_iter().collect();
        pairs.reverse();
        pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
        pairs.dedup_by(|(a, _), (b, _)| a == b);
        Value::Map(pairs.into())
    }

    /// A record from its fields in order.
    pub fn record(fields: impl Into<Arc<[Value]>>) -> Value {
        Value::Record(fields.into())
    }

    /// A case of a variant type.
    pub fn variant(tag: u32, fields: impl Into<Arc<[Value]>>) -> Value {
        Value::Variant { tag, fields: fields.into() }
    }

    /// Whether this is the absent optional value.
    pub fn is_none(&self) -> bool {
        matches!(self, Value::None)
    }

    /// Whether at most so many values stand within each other here, the value itself included where it consists of others.
    pub fn nests_within(&self, levels: u32) -> bool {
        let all = |parts: &[Value]| match levels.checked_sub(1) {
            Some(levels) => parts.iter().all(|part| part.nests_within(levels)),
            None => false,
        };
        match self {
            Value::Some(content) => all(std::slice::from_ref(&**content)),
            Value::List(items) | Value::Bag(items) | Value::Set(items) | Value::Record(items) => all(items),
            Value::Variant { fields, .. } => all(fields),
            Value::Map(pairs) => match levels.checked_sub(1) {
                Some(levels) => pairs.iter().all(|(k, v)| k.nests_within(levels) && v.nests_within(levels)),
                None => false,
            },
            _ => true,
        }
    }

    /// The word for this kind of value in messages for implementers.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Bool(_) => "Bool",
            Value::Int(_) => "Int",
            Value::Decimal { .. } => "Decimal",
            Value::Float(_) => "Float",
            Value::Text(_) => "Text",
            Value::Bytes(_) => "Bytes",
            Value::Instant(_) => "Instant",
            Value::DateTime(_) => "DateTime",
            Value::Date(_) => "Date",
            Value::Time(_) => "Time",
            Value::Duration(_) => "Duration",
            Value::Id(_) => "Id",
            Value::Uuid(_) => "Uuid",
            Value::Json(_) => "Json",
            Value::Some(_) => "some",
            Value::None => "none",
            Value::List(_) => "List",
            Value::Bag(_) => "Bag",
            Value::Set(_) => "Set",
            Value::Map(_) => "Map",
            Value::Record(_) => "Record",
            Value::Variant { .. } => "Variant",
            Value::Ref { .. } => "Ref",
            Value::Row { .. } => "Row",
        }
    }

    /// The place of this kind in the order of kinds. Rows and references share one, because they compare by key.
    fn rank(&self) -> u8 {
        match self {
            Value::Bool(_) => 0,
            Value::Int(_) => 1,
            Value::Decimal { .. } => 2,
            Value::Float(_) => 3,
            Value::Text(_) => 4,
            Value::Bytes(_) => 5,
            Value::Instant(_) => 6,
            Value::DateTime(_) => 7,
            Value::Date(_) => 8,
            Value::Time(_) => 9,
            Value::Duration(_) => 10,
            Value::Id(_) => 11,
            Value::Uuid(_) => 12,
            Value::Json(_) => 13,
            Value::List(_) => 14,
            Value::Bag(_) => 15,
            Value::Set(_) => 16,
            Value::Map(_) => 17,
            Value::Record(_) => 18,
            Value::Variant { .. } => 19,
            Value::Ref { .. } | Value::Row { .. } => 20,
            Value::Some(_) => 21,
            Value::None => 22,
        }
    }
}

/// The elements of a bag in order, for comparisons that ignore how the bag lies.
fn sorted(items: &[Value]) -> Vec<&Value> {
    let mut items: Vec<&Value> = items.iter().collect();
    items.sort();
    items
}

/// Compares `a / 10^x` with `b / 10^y` exactly.
fn compare_decimals(a: i64, x: u8, b: i64, y: u8) -> Ordering {
    if x == y {
        return a.cmp(&b);
    }
    // Both scales are at most 18 in the language; a wider gap than i128 can hold is decided by the sign alone.
    let widen = |n: i64, by: u8| 10i128.checked_pow(u32::from(by)).and_then(|p| p.checked_mul(i128::from(n)));
    let (left, right) = (widen(a, y.saturating_sub(x)), widen(b, x.saturating_sub(y)));
    match (left, right) {
        (Some(left), Some(right)) => left.cmp(&right),
        (None, _) => a.cmp(&0),
        (_, None) => 0.cmp(&b),
    }
}

/// The same decimal with the least scale, so that equal decimals hash alike.
fn least_scale(mut unscaled: i64, mut scale: u8) -> (i64, u8) {
    if unscaled == 0 {
        return (0, 0);
    }
    while scale > 0 && unscaled % 10 == 0 {
        unscaled /= 10;
        scale -= 1;
    }
    (unscaled, scale)
}

impl Value {
    /// The value as it travels: references as the keys of their rows.
    pub fn to_wire(&self) -> Value {
        let all = |values: &[Value]| values.iter().map(Value::to_wire).collect::<Vec<_>>();
        match self {
            Value::Ref { key, .. } | Value::Row { key, .. } => key.to_wire(),
            Value::Some(inner) => Value::some(inner.to_wire()),
            Value::List(values) => Value::list(all(values)),
            Value::Bag(values) => Value::bag(all(values)),
            // Sets of rows are lists of keys there.
            Value::Set(values) if values.iter().any(|v| matches!(v, Value::Ref { .. })) => Value::list(all(values)),
            Value::Set(values) => Value::set(all(values)),
            Value::Map(pairs) => Value::map(pairs.iter().map(|(key, value)| (key.to_wire(), value.to_wire()))),
            Value::Record(values) => Value::record(all(values)),
            Value::Variant { tag, fields } => Value::variant(*tag, all(fields)),
            other => other.clone(),
        }
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        use Value::*;
        match (self, other) {
            (Bool(a), Bool(b)) => a.cmp(b),
            (Int(a), Int(b)) => a.cmp(b),
            (Decimal { unscaled: a, scale: x }, Decimal { unscaled: b, scale: y }) => compare_decimals(*a, *x, *b, *y),
            (Float(a), Float(b)) => (a + 0.0).total_cmp(&(b + 0.0)),
            (Text(a), Text(b)) => a.as_bytes().cmp(b.as_bytes()),
            (Bytes(a), Bytes(b)) => a.cmp(b),
            (Instant(a), Instant(b)) | (DateTime(a), DateTime(b)) | (Time(a), Time(b)) | (Duration(a), Duration(b)) => {
                a.cmp(b)
            }
            (Date(a), Date(b)) => a.cmp(b),
            (Id(a), Id(b)) | (Uuid(a), Uuid(b)) => a.cmp(b),
            (Json(a), Json(b)) => a.as_bytes().cmp(b.as_bytes()),
            (Some(a), Some(b)) => a.cmp(b),
            (List(a), List(b)) | (Set(a), Set(b)) | (Record(a), Record(b)) => a.cmp(b),
            (Bag(a), Bag(b)) => sorted(a).cmp(&sorted(b)),
            (Map(a), Map(b)) => a.cmp(b),
            (Variant { tag: s, fields: a }, Variant { tag: t, fields: b }) => s.cmp(t).then_with(|| a.cmp(b)),
            (
                Ref { relation: r, key: a } | Row { relation: r, key: a, .. },
                Ref { relation: s, key: b } | Row { relation: s, key: b, .. },
            ) => r.cmp(s).then_with(|| a.cmp(b)),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Value {}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.rank().hash(state);
        match self {
            Value::Bool(a) => a.hash(state),
            Value::Int(a) | Value::Instant(a) | Value::DateTime(a) | Value::Time(a) | Value::Duration(a) => {
                a.hash(state)
            }
            Value::Decimal { unscaled, scale } => least_scale(*unscaled, *scale).hash(state),
            Value::Float(a) => (a + 0.0).to_bits().hash(state),
            Value::Text(a) => a.hash(state),
            Value::Bytes(a) => a.hash(state),
            Value::Date(a) => a.hash(state),
            Value::Id(a) | Value::Uuid(a) => a.hash(state),
            Value::Json(a) => a.hash(state),
            Value::Some(a) => a.hash(state),
            Value::None => {}
            Value::List(a) | Value::Set(a) | Value::Record(a) => a.hash(state),
            Value::Bag(a) => sorted(a).hash(state),
            Value::Map(a) => a.hash(state),
            Value::Variant { tag, fields } => (tag, fields).hash(state),
            Value::Ref { relation, key } | Value::Row { relation, key, .. } => (relation, key).hash(state),
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Value {
        Value::Int(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Value {
        Value::text(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(value: &Value) -> u64 {
        use std::hash::BuildHasher;
        rustc_hash::FxBuildHasher.hash_one(value)
    }

    #[test]
    fn none_is_last() {
        assert!(Value::some(Value::Int(i64::MAX)) < Value::None);
        assert_eq!(Value::None, Value::None);
        let mut values = vec![Value::None, Value::some(Value::Int(2)), Value::some(Value::Int(1))];
        values.sort();
        assert_eq!(values, [Value::some(Value::Int(1)), Value::some(Value::Int(2)), Value::None]);
    }

    #[test]
    fn decimals_compare_by_number() {
        let decimal = |unscaled, scale| Value::Decimal { unscaled, scale };
        assert_eq!(decimal(150, 2), decimal(15, 1));
        assert_eq!(hash(&decimal(150, 2)), hash(&decimal(15, 1)));
        assert!(decimal(-151, 2) < decimal(-15, 1));
        assert!(decimal(i64::MAX, 0) > decimal(1, 200));
        assert!(decimal(i64::MIN, 0) < decimal(1, 200));
    }

    #[test]
    fn sets_and_maps_are_canonical() {
        assert_eq!(Value::set([3.into(), 1.into(), 3.into()]), Value::set([1.into(), 3.into()]));
        let map = Value::map([("a".into(), 1.into()), ("b".into(), 2.into()), ("a".into(), 3.into())]);
        assert_eq!(map, Value::Map(Arc::from([("a".into(), 3.into()), ("b".into(), 2.into())])));
    }

    #[test]
    fn bags_ignore_order() {
        let (a, b) = (Value::bag([1.into(), 2.into(), 2.into()]), Value::bag([2.into(), 1.into(), 2.into()]));
        assert_eq!(a, b);
        assert_eq!(hash(&a), hash(&b));
        assert_ne!(a, Value::bag([1.into(), 2.into()]));
    }

    #[test]
    fn rows_and_references_compare_by_key() {
        let key = Arc::new(Value::text("tee"));
        let row = Value::Row { relation: 1, key: key.clone(), fields: Arc::from(["tee".into(), 3.into()]) };
        let reference = Value::Ref { relation: 1, key };
        assert_eq!(row, reference);
        assert_eq!(hash(&row), hash(&reference));
    }

    #[test]
    fn floats_are_finite_and_have_one_zero() {
        assert_eq!(Value::float(f64::NAN), Err(Fault::NotFinite));
        assert_eq!(Value::float(f64::INFINITY), Err(Fault::NotFinite));
        assert_eq!(Value::float(-0.0), Value::float(0.0));
    }
}
