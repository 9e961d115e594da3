//! From lanes to JSON, by a shape, without a value in between.

use super::Memory;
use super::read::field_lanes;
use crate::fault::Fault;
use crate::json::encode as json;
use crate::shape::{Field, Kind, MAX_NESTING, Presence, ShapeId, Shapes};
use crate::time;

/// The JSON of the value that lanes hold. References and rows are the fault `Internal`, as in
/// [`to_value`](super::to_value).
pub fn encode_lanes<M: Memory + ?Sized>(
    shapes: &Shapes,
    shape: ShapeId,
    lanes: &[u64],
    memory: &M,
) -> Result<Vec<u8>, Fault> {
    let mut out = Vec::with_capacity(256);
    write_lanes(&mut out, shapes, shape, lanes, memory)?;
    Ok(out)
}

/// Appends what [`encode_lanes`] gives.
pub fn write_lanes<M: Memory + ?Sized>(
    out: &mut Vec<u8>,
    shapes: &Shapes,
    shape: ShapeId,
    lanes: &[u64],
    memory: &M,
) -> Result<(), Fault> {
    write(out, shapes, shape, lanes, memory, MAX_NESTING)
}

/// What an element of a collection or a field takes in JSON beside names and texts, roughly.
const PLAIN: usize = 4;

fn write<M: Memory + ?Sized>(
    out: &mut Vec<u8>,
    shapes: &Shapes,
    shape: ShapeId,
    lanes: &[u64],
    memory: &M,
    room: u32,
) -> Result<(), Fault> {
    let within = || room.checked_sub(1).ok_or(Fault::RecursionTooDeep);
    let one = lanes.first().copied();
    let first = || one.ok_or(Fault::Internal);
    let both = || lanes.first_chunk::<2>().ok_or(Fault::Internal);
    let bytes = || {
        let bytes = memory.bytes(both()?);
        memory.charge(bytes.len())?;
        Ok(bytes)
    };
    match &shapes.get(shape).kind {
        Kind::Bool => json::write_bool(out, first()? != 0),
        Kind::Int => json::write_integer(out, first()? as i64),
        Kind::Decimal { scale } => json::write_decimal(out, first()? as i64, *scale),
        Kind::Float => json::write_float(out, f64::from_bits(first()?)),
        Kind::Text => json::write_string(out, bytes()?),
        Kind::Bytes => json::write_bytes(out, bytes()?),
        Kind::Json => out.extend_from_slice(bytes()?),
        Kind::Instant => {
            let at = first()? as i64;
            json::write_quoted(out, &time::render_instant(at));
        }
        Kind::DateTime => {
            let at = first()? as i64;
            json::write_quoted(out, &time::render_date_time(at));
        }
        Kind::Date => {
            let date = first()? as i32;
            json::write_quoted(out, &time::render_date(date));
        }
        Kind::Time => {
            let at = first()? as i64;
            json::write_quoted(out, &time::render_time(at));
        }
        Kind::Duration => {
            let length = first()? as i64;
            json::write_quoted(out, &time::render_duration(length));
        }
        Kind::Id | Kind::Uuid => {
            let [high, low] = both()?;
            json::write_uuid(out, u128::from(*high) << 64 | u128::from(*low));
        }
        Kind::Option(content) => match lanes.split_first() {
            None => return Err(Fault::Internal),
            Some((0, _)) => out.extend_from_slice(b"null"),
            Some((_, rest)) => write(out, shapes, *content, rest, memory, within()?)?,
        },
        Kind::List(element) | Kind::Bag(element) | Kind::Set(element) => {
            let stride = shapes.lanes(*element) as usize;
            let room = within()?;
            let (count, elements) = memory.collection(first()?, stride);
            memory.charge(count.saturating_mul(PLAIN))?;
            out.push(b'[');
            for index in 0..count {
                json::comma(out, index);
                let lanes = elements.get(index * stride..(index + 1) * stride).ok_or(Fault::Internal)?;
                write(out, shapes, *element, lanes, memory, room)?;
            }
            out.push(b']');
        }
        Kind::Map { key, value } => {
            let behind = shapes.lanes(*key) as usize;
            let stride = behind + shapes.lanes(*value) as usize;
            let room = within()?;
            let (count, elements) = memory.collection(first()?, stride);
            memory.charge(count.saturating_mul(PLAIN))?;
            let named = shapes.get(*key).kind == Kind::Text;
            out.push(if named { b'{' } else { b'[' });
            for index in 0..count {
                json::comma(out, index);
                let pair = elements.get(index * stride..(index + 1) * stride).ok_or(Fault::Internal)?;
                out.extend_from_slice(if named { b"" } else { b"[" });
                write(out, shapes, *key, &pair[..behind], memory, room)?;
                out.push(if named { b':' } else { b',' });
                write(out, shapes, *value, &pair[behind..], memory, room)?;
                out.extend_from_slice(if named { b"" } else { b"]" });
            }
            out.push(if named { b'}' } else { b']' });
        }
        Kind::Record { fields } => {
            out.push(b'{');
            write_fields(out, shapes, fields, lanes, (memory, within()?), 0)?;
            out.push(b'}');
        }
        Kind::Variant { cases, bare } => {
            let tag = usize::try_from(first()?).map_err(|_| Fault::Internal)?;
            let case = cases.get(tag).ok_or(Fault::Internal)?;
            if *bare {
                json::write_string(out, case.name.as_bytes());
            } else {
                out.extend_from_slice(b"{\"type\":");
                json::write_string(out, case.name.as_bytes());
                write_fields(out, shapes, &case.fields, lanes, (memory, within()?), 1)?;
                out.push(b'}');
            }
        }
        Kind::Ref { .. } | Kind::Row { .. } => return Err(Fault::Internal),
    }
    Ok(())
}

fn write_fields<M: Memory + ?Sized>(
    out: &mut Vec<u8>,
    shapes: &Shapes,
    fields: &[Field],
    lanes: &[u64],
    (memory, room): (&M, u32),
    mut written: usize,
) -> Result<(), Fault> {
    let mut own = 0;
    for field in fields {
        let mut lanes = field_lanes(shapes, field, lanes)?;
        if field.presence == Presence::Absentable {
            match lanes.split_first() {
                None => return Err(Fault::Internal),
                Some((0, _)) => continue,
                Some((_, rest)) => lanes = rest,
            }
        }
        json::comma(out, written);
        written += 1;
        json::write_string(out, field.name.as_bytes());
        out.push(b':');
        own += field.name.len() + PLAIN;
        write(out, shapes, field.shape, lanes, memory, room)?;
    }
    memory.charge(own)
}
