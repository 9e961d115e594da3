//! Between lanes and dynamic values, and the order of lanes.

use std::cmp::Ordering;
use std::sync::Arc;

use super::Memory;
use crate::fault::Fault;
use crate::shape::{Field, Kind, MAX_NESTING, Presence, ShapeId, Shapes};
use crate::value::Value;

fn two(lanes: &[u64]) -> Result<&[u64; 2], Fault> {
    lanes.first_chunk().ok_or(Fault::Internal)
}

fn uuid(lanes: &[u64]) -> Result<u128, Fault> {
    two(lanes).map(|[high, low]| u128::from(*high) << 64 | u128::from(*low))
}

/// The lanes of a field within those of its record or variant.
pub(super) fn field_lanes<'a>(shapes: &Shapes, field: &Field, lanes: &'a [u64]) -> Result<&'a [u64], Fault> {
    let start = field.offset as usize;
    lanes.get(start..start + shapes.field_lanes(field) as usize).ok_or(Fault::Internal)
}

/// The value that lanes hold. References and rows have no key in their lanes and are the fault `Internal`: what leaves
/// the program has been turned into records before. A value that nests deeper than [`MAX_NESTING`] is the fault
/// `RecursionTooDeep`.
pub fn to_value<M: Memory + ?Sized>(
    shapes: &Shapes,
    shape: ShapeId,
    lanes: &[u64],
    memory: &M,
) -> Result<Value, Fault> {
    Read { shapes, memory, room: MAX_NESTING }.value(shape, lanes)
}

/// Reading values, with the levels that may still nest.
struct Read<'a, M: ?Sized> {
    shapes: &'a Shapes,
    memory: &'a M,
    room: u32,
}

/// The bytes of a shared value beside its content.
const SHARED: usize = 16;

impl<M: Memory + ?Sized> Read<'_, M> {
    fn within(&self) -> Result<Self, Fault> {
        let room = self.room.checked_sub(1).ok_or(Fault::RecursionTooDeep)?;
        Ok(Read { room, ..*self })
    }

    fn value(&self, shape: ShapeId, lanes: &[u64]) -> Result<Value, Fault> {
        let one = || lanes.first().copied().ok_or(Fault::Internal);
        Ok(match &self.shapes.get(shape).kind {
            Kind::Bool => Value::Bool(one()? != 0),
            Kind::Int => Value::Int(one()? as i64),
            Kind::Decimal { scale } => Value::Decimal { unscaled: one()? as i64, scale: *scale },
            Kind::Float => Value::Float(f64::from_bits(one()?)),
            Kind::Text => Value::text(self.text(lanes)?),
            Kind::Bytes => Value::Bytes(self.bytes(lanes)?.into()),
            Kind::Json => Value::Json(self.text(lanes)?.into()),
            Kind::Instant => Value::Instant(one()? as i64),
            Kind::DateTime => Value::DateTime(one()? as i64),
            Kind::Date => Value::Date(one()? as i32),
            Kind::Time => Value::Time(one()? as i64),
            Kind::Duration => Value::Duration(one()? as i64),
            Kind::Id => Value::Id(uuid(lanes)?),
            Kind::Uuid => Value::Uuid(uuid(lanes)?),
            Kind::Ref { relation, .. } | Kind::Row { relation, .. } => self.memory.row_value(*relation, lanes)?,
            kind => self.within()?.parts(kind, lanes)?,
        })
    }

    /// A value that consists of values.
    fn parts(&self, kind: &Kind, lanes: &[u64]) -> Result<Value, Fault> {
        let one = || lanes.first().copied().ok_or(Fault::Internal);
        Ok(match kind {
            Kind::Option(content) => self.option(*content, lanes)?,
            Kind::List(element) => Value::list(self.items(*element, one()?)?),
            Kind::Bag(element) => Value::bag(self.items(*element, one()?)?),
            Kind::Set(element) => Value::Set(self.items(*element, one()?)?.into()),
            Kind::Map { key, value } => {
                let behind = self.shapes.lanes(*key) as usize;
                let stride = behind + self.shapes.lanes(*value) as usize;
                let (count, elements) = self.memory.collection(one()?, stride);
                self.charge(count, size_of::<(Value, Value)>())?;
                let pairs: Result<Vec<(Value, Value)>, Fault> = (0..count)
                    .map(|index| {
                        let pair = elements.get(index * stride..(index + 1) * stride).ok_or(Fault::Internal)?;
                        let name = self.value(*key, &pair[..behind])?;
                        Ok((name, self.value(*value, &pair[behind..])?))
                    })
                    .collect();
                Value::Map(pairs?.into())
            }
            Kind::Record { fields } => Value::Record(self.fields(fields, lanes)?),
            Kind::Variant { cases, .. } => {
                let tag = one()?;
                let case = usize::try_from(tag).ok().and_then(|tag| cases.get(tag)).ok_or(Fault::Internal)?;
                Value::Variant { tag: tag as u32, fields: self.fields(&case.fields, lanes)? }
            }
            _ => return Err(Fault::Internal),
        })
    }

    /// Counts the memory of so many parts of a value.
    fn charge(&self, count: usize, size: usize) -> Result<(), Fault> {
        self.memory.charge(count.saturating_mul(size).saturating_add(SHARED))
    }

    fn bytes<'l>(&'l self, lanes: &'l [u64]) -> Result<&'l [u8], Fault> {
        let bytes = self.memory.bytes(two(lanes)?);
        if bytes.len() > size_of::<Value>() {
            self.charge(bytes.len(), 1)?;
        }
        Ok(bytes)
    }

    fn text<'l>(&'l self, lanes: &'l [u64]) -> Result<&'l str, Fault> {
        std::str::from_utf8(self.bytes(lanes)?).map_err(|_| Fault::Internal)
    }

    fn items(&self, element: ShapeId, collection: u64) -> Result<Vec<Value>, Fault> {
        let stride = self.shapes.lanes(element) as usize;
        let (count, elements) = self.memory.collection(collection, stride);
        self.charge(count, size_of::<Value>())?;
        (0..count)
            .map(|index| {
                let lanes = elements.get(index * stride..(index + 1) * stride).ok_or(Fault::Internal)?;
                self.value(element, lanes)
            })
            .collect()
    }

    fn option(&self, content: ShapeId, lanes: &[u64]) -> Result<Value, Fault> {
        match lanes.split_first() {
            None => Err(Fault::Internal),
            Some((0, _)) => Ok(Value::None),
            Some((_, rest)) => {
                self.charge(1, size_of::<Value>())?;
                self.value(content, rest).map(Value::some)
            }
        }
    }

    fn fields(&self, fields: &[Field], lanes: &[u64]) -> Result<Arc<[Value]>, Fault> {
        self.charge(fields.len(), size_of::<Value>())?;
        fields
            .iter()
            .map(|field| {
                let lanes = field_lanes(self.shapes, field, lanes)?;
                match field.presence {
                    Presence::Absentable => match lanes.split_first() {
                        None => Err(Fault::Internal),
                        Some((0, _)) => Ok(Value::None),
                        Some((_, rest)) => {
                            let content = self.value(field.shape, rest)?;
                            Ok(self.shapes.with_content(field, Some(content)))
                        }
                    },
                    _ => self.value(field.shape, lanes),
                }
            })
            .collect()
    }
}

/// Writes a value into lanes, which are as many as the shape has. All of them are written.
pub fn from_value<M: Memory + ?Sized>(
    shapes: &Shapes,
    shape: ShapeId,
    value: &Value,
    lanes: &mut [u64],
    memory: &mut M,
) -> Result<(), Fault> {
    lanes.fill(0);
    match (&shapes.get(shape).kind, value) {
        (Kind::Bool, Value::Bool(value)) => set(lanes, &[u64::from(*value)]),
        (Kind::Int, Value::Int(value))
        | (Kind::Instant, Value::Instant(value))
        | (Kind::DateTime, Value::DateTime(value))
        | (Kind::Time, Value::Time(value))
        | (Kind::Duration, Value::Duration(value)) => set(lanes, &[*value as u64]),
        (Kind::Decimal { scale }, Value::Decimal { unscaled, scale: own }) => {
            let value = crate::decimal::rescale_exact(*unscaled, *own, *scale).ok_or(Fault::Internal)?;
            set(lanes, &[value as u64])
        }
        (Kind::Float, Value::Float(value)) => set(lanes, &[value.to_bits()]),
        (Kind::Text, Value::Text(text)) => set(lanes, &memory.put_bytes(text.as_bytes())?),
        (Kind::Bytes, Value::Bytes(bytes)) => set(lanes, &memory.put_bytes(bytes)?),
        (Kind::Json, Value::Json(json)) => set(lanes, &memory.put_bytes(json.as_bytes())?),
        (Kind::Date, Value::Date(date)) => set(lanes, &[i64::from(*date) as u64]),
        (Kind::Id, Value::Id(id)) | (Kind::Uuid, Value::Uuid(id)) => set(lanes, &[(*id >> 64) as u64, *id as u64]),
        (Kind::Option(_), Value::None) => Ok(()),
        (Kind::Option(content), Value::Some(value)) => {
            set(lanes, &[1])?;
            from_value(shapes, *content, value, lanes.get_mut(1..).ok_or(Fault::Internal)?, memory)
        }
        (Kind::List(element), Value::List(items))
        | (Kind::Bag(element), Value::Bag(items))
        | (Kind::Set(element), Value::Set(items)) => {
            let stride = shapes.lanes(*element) as usize;
            let mut elements = vec![0; stride * items.len()];
            for (index, item) in items.iter().enumerate() {
                from_value(shapes, *element, item, &mut elements[index * stride..(index + 1) * stride], memory)?;
            }
            set(lanes, &[memory.put_collection(items.len(), &elements)?])
        }
        (Kind::Map { key, value: content }, Value::Map(pairs)) => {
            let behind = shapes.lanes(*key) as usize;
            let stride = behind + shapes.lanes(*content) as usize;
            let mut elements = vec![0; stride * pairs.len()];
            for (index, (name, value)) in pairs.iter().enumerate() {
                let (left, right) = elements[index * stride..(index + 1) * stride].split_at_mut(behind);
                from_value(shapes, *key, name, left, memory)?;
                from_value(shapes, *content, value, right, memory)?;
            }
            set(lanes, &[memory.put_collection(pairs.len(), &elements)?])
        }
        (Kind::Record { fields }, Value::Record(values)) => write_fields(shapes, fields, values, lanes, memory),
        (Kind::Variant { cases, .. }, Value::Variant { tag, fields: values }) => {
            let case = cases.get(*tag as usize).ok_or(Fault::Internal)?;
            set(lanes, &[u64::from(*tag)])?;
            write_fields(shapes, &case.fields, values, lanes, memory)
        }
        (Kind::Ref { relation, .. } | Kind::Row { relation, .. }, value) => memory.row_lanes(*relation, value, lanes),
        _ => Err(Fault::Internal),
    }
}

fn set(lanes: &mut [u64], values: &[u64]) -> Result<(), Fault> {
    lanes.get_mut(..values.len()).ok_or(Fault::Internal)?.copy_from_slice(values);
    Ok(())
}

fn write_fields<M: Memory + ?Sized>(
    shapes: &Shapes,
    fields: &[Field],
    values: &[Value],
    lanes: &mut [u64],
    memory: &mut M,
) -> Result<(), Fault> {
    if fields.len() != values.len() {
        return Err(Fault::Internal);
    }
    for (field, value) in fields.iter().zip(values) {
        let start = field.offset as usize;
        let end = start + shapes.field_lanes(field) as usize;
        let lanes = lanes.get_mut(start..end).ok_or(Fault::Internal)?;
        match shapes.content(field, value)? {
            None => {}
            Some(content) if field.presence == Presence::Absentable => {
                set(lanes, &[1])?;
                from_value(shapes, field.shape, content, &mut lanes[1..], memory)?;
            }
            Some(content) => from_value(shapes, field.shape, content, lanes, memory)?,
        }
    }
    Ok(())
}

/// The language's order of two values of a shape: the same as the order of [`Value`].
///
/// Lanes that are too few for the shape compare as equal; whoever made them has been told already.
pub fn compare<M: Memory + ?Sized>(shapes: &Shapes, shape: ShapeId, a: &[u64], b: &[u64], memory: &M) -> Ordering {
    let ([x, ..], [y, ..]) = (a, b) else {
        return Ordering::Equal;
    };
    let string = |lanes: &[u64]| two(lanes).copied().unwrap_or_default();
    match &shapes.get(shape).kind {
        Kind::Bool => x.cmp(y),
        Kind::Int
        | Kind::Decimal { .. }
        | Kind::Instant
        | Kind::DateTime
        | Kind::Date
        | Kind::Time
        | Kind::Duration => (*x as i64).cmp(&(*y as i64)),
        Kind::Float => (f64::from_bits(*x) + 0.0).total_cmp(&(f64::from_bits(*y) + 0.0)),
        Kind::Text | Kind::Bytes | Kind::Json => {
            let (a, b) = (string(a), string(b));
            memory.bytes(&a).cmp(memory.bytes(&b))
        }
        Kind::Id | Kind::Uuid | Kind::Row { .. } => a.cmp(b),
        Kind::Ref { .. } => x.cmp(y),
        Kind::Option(content) => option_order(shapes, *content, a, b, memory),
        Kind::List(element) | Kind::Set(element) => {
            let stride = shapes.lanes(*element) as usize;
            let ((n, left), (m, right)) = (memory.collection(*x, stride), memory.collection(*y, stride));
            for index in 0..n.min(m) {
                let range = index * stride..(index + 1) * stride;
                let (Some(a), Some(b)) = (left.get(range.clone()), right.get(range)) else {
                    return Ordering::Equal;
                };
                let order = compare(shapes, *element, a, b, memory);
                if order != Ordering::Equal {
                    return order;
                }
            }
            n.cmp(&m)
        }
        Kind::Bag(element) => {
            let stride = shapes.lanes(*element) as usize;
            let (left, right) = (
                sorted(shapes, *element, memory.collection(*x, stride), stride, memory),
                sorted(shapes, *element, memory.collection(*y, stride), stride, memory),
            );
            for (a, b) in left.iter().zip(&right) {
                let order = compare(shapes, *element, a, b, memory);
                if order != Ordering::Equal {
                    return order;
                }
            }
            left.len().cmp(&right.len())
        }
        Kind::Map { key, value } => {
            let behind = shapes.lanes(*key) as usize;
            let stride = behind + shapes.lanes(*value) as usize;
            let ((n, left), (m, right)) = (memory.collection(*x, stride), memory.collection(*y, stride));
            for index in 0..n.min(m) {
                let range = index * stride..(index + 1) * stride;
                let (Some(a), Some(b)) = (left.get(range.clone()), right.get(range)) else {
                    return Ordering::Equal;
                };
                let order = compare(shapes, *key, &a[..behind], &b[..behind], memory)
                    .then_with(|| compare(shapes, *value, &a[behind..], &b[behind..], memory));
                if order != Ordering::Equal {
                    return order;
                }
            }
            n.cmp(&m)
        }
        Kind::Record { fields } => compare_fields(shapes, fields, a, b, memory),
        Kind::Variant { cases, .. } => x.cmp(y).then_with(|| match cases.get(*x as usize) {
            Some(case) => compare_fields(shapes, &case.fields, a, b, memory),
            None => Ordering::Equal,
        }),
    }
}

fn sorted<'a, M: Memory + ?Sized>(
    shapes: &Shapes,
    element: ShapeId,
    (count, lanes): (usize, &'a [u64]),
    stride: usize,
    memory: &M,
) -> Vec<&'a [u64]> {
    let mut items: Vec<&[u64]> =
        (0..count).filter_map(|index| lanes.get(index * stride..(index + 1) * stride)).collect();
    items.sort_by(|a, b| compare(shapes, element, a, b, memory));
    items
}

fn option_order<M: Memory + ?Sized>(shapes: &Shapes, content: ShapeId, a: &[u64], b: &[u64], memory: &M) -> Ordering {
    match (a, b) {
        ([0, ..], [0, ..]) => Ordering::Equal,
        ([0, ..], _) => Ordering::Greater,
        (_, [0, ..]) => Ordering::Less,
        ([_, a @ ..], [_, b @ ..]) => compare(shapes, content, a, b, memory),
        _ => Ordering::Equal,
    }
}

fn compare_fields<M: Memory + ?Sized>(shapes: &Shapes, fields: &[Field], a: &[u64], b: &[u64], memory: &M) -> Ordering {
    for field in fields {
        let (Ok(a), Ok(b)) = (field_lanes(shapes, field, a), field_lanes(shapes, field, b)) else {
            return Ordering::Equal;
        };
        let order = match field.presence {
            Presence::Absentable => option_order(shapes, field.shape, a, b, memory),
            _ => compare(shapes, field.shape, a, b, memory),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}
