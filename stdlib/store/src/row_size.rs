//! How large a row may be. An authority takes no row beyond a billion bytes, and a row that it does not take would end the
//! service when it is written, long after the call that made it was told that all is well. So the call is told.
//!
//! Counted is what has no bound by its type: texts, bytes and JSON by their bytes, collections by the bytes that they have
//! in the image, and the keys of what collections refer to. A collection is stored as JSON, which is longer; for most types
//! by far less than there is room between the two limits, and collections of other types count several times.

use crate::frozen;
use crate::image::Image;
use crate::layout::{NONE, Str};
use crate::meta::Column;
use crate::nested;
use crate::relation::Relation;
use crate::schema::{ColumnType, DataType, FieldId, NamedType, RelationId, Schema};

/// The most bytes that a row may have.
pub const MAX_ROW_BYTES: usize = 64 << 20;
/// How many times as large a row may be where it is stored: 64 MiB times this are below a billion.
const ROOM: usize = 14;
/// The most bytes that one byte of a text has in JSON: `\u0000`.
const ESCAPED: usize = 6;

/// What of a relation's rows is counted.
#[derive(Debug)]
pub(crate) struct Counted {
    /// The columns of texts and collections, and how many times each counts.
    columns: Vec<(usize, usize)>,
    /// The fields that refer to relations with a text in their key, with their types.
    keys: Vec<(FieldId, DataType)>,
    /// Per field: whether it has to do with any of these.
    fields: Vec<bool>,
}

impl Counted {
    pub(crate) fn new(schema: &Schema, id: RelationId, columns: &[Column], starts: &[usize]) -> Counted {
        let relation = schema.relation(id);
        let (mut counted, mut keys, mut fields) = (Vec::new(), Vec::new(), Vec::new());
        for (number, field) in relation.fields.iter().enumerate() {
            let before = counted.len();
            let own = starts[number]..starts[number + 1];
            for (column, description) in own.clone().zip(&columns[own]) {
                match description.ty {
                    ColumnType::Str => counted.push((column, 1)),
                    ColumnType::Collection => counted.push((column, weight(&field.ty))),
                    _ => {}
                }
            }
            let carries = refers_to_texts(schema, &field.ty, &mut vec![id]);
            if carries {
                keys.push((FieldId(number as u32), field.ty.clone()));
            }
            fields.push(carries || counted.len() > before);
        }
        Counted { columns: counted, keys, fields }
    }

    /// Whether a field has to do with the size of its row.
    pub(crate) fn field(&self, field: FieldId) -> bool {
        self.fields[field.index()]
    }
}

/// Whether a value of the type refers to rows whose key holds a text; `within` are the relations that are being looked at.
fn refers_to_texts(schema: &Schema, ty: &DataType, within: &mut Vec<RelationId>) -> bool {
    let mut any = |mut types: &mut dyn Iterator<Item = &DataType>| {
        Iterator::any(&mut types, |ty| refers_to_texts(schema, ty, within))
    };
    match ty {
        DataType::Ref(target) => {
            let key = schema.relation(*target).key.iter().map(|field| &schema.relation(*target).field(*field).ty);
            let texts = |ty: &DataType| ty.columns().contains(&ColumnType::Str);
            if key.clone().any(texts) {
                return true;
            }
            if within.contains(target) {
                return false;
            }
            within.push(*target);
            let found = key.into_iter().any(|ty| refers_to_texts(schema, ty, within));
            within.pop();
            found
        }
        DataType::Option(inner) | DataType::List(inner) | DataType::Bag(inner) | DataType::Set(inner) => {
            any(&mut std::iter::once(&**inner))
        }
        DataType::Map(key, value) => any(&mut [&**key, &**value].into_iter()),
        DataType::Record(fields) => any(&mut fields.iter().map(|field| &field.ty)),
        DataType::Variant(cases) => any(&mut cases.iter().flat_map(|case| &case.fields).map(|field| &field.ty)),
        _ => false,
    }
}

/// How many times a collection within a field of this type counts, so that its JSON has room.
fn weight(ty: &DataType) -> usize {
    growth(ty).div_ceil(ROOM).max(1)
}

/// How many bytes of JSON the collections within a type have at most for each byte in the image.
fn growth(ty: &DataType) -> usize {
    let of = |elements: &[&DataType]| {
        let text: usize = elements.iter().map(|ty| json(ty)).sum::<usize>() + elements.len() + 2;
        let lanes: usize = elements.iter().map(|ty| ty.lanes()).sum();
        let own = text.div_ceil(8 * lanes.max(1));
        elements.iter().map(|ty| growth(ty)).max().unwrap_or(0).max(own).max(ESCAPED)
    };
    match ty {
        DataType::Option(inner) => growth(inner),
        DataType::Record(fields) => fields.iter().map(|field| growth(&field.ty)).max().unwrap_or(0),
        DataType::Variant(cases) => {
            cases.iter().flat_map(|case| &case.fields).map(|field| growth(&field.ty)).max().unwrap_or(0)
        }
        DataType::List(element) | DataType::Bag(element) | DataType::Set(element) => of(&[element]),
        DataType::Map(key, value) => of(&[key, value]),
        _ => 0,
    }
}

/// The most bytes of JSON that a value has without its long texts and without what is in its collections.
fn json(ty: &DataType) -> usize {
    let names = |fields: &[NamedType]| fields.iter().map(|field| field.name.len() + 4 + json(&field.ty)).sum::<usize>();
    match ty {
        DataType::Bool => 5,
        DataType::Option(inner) => json(inner).max(4),
        DataType::Record(fields) => 2 + names(fields),
        DataType::Variant(cases) => {
            cases.iter().map(|case| 12 + case.name.len() + names(&case.fields)).max().unwrap_or(0)
        }
        // A short text stands in its lanes, and may be all escapes.
        DataType::Text | DataType::Bytes | DataType::Json => 2 + 12 * ESCAPED,
        // The members of a key of several fields are named, and are few; texts in them are counted row by row.
        DataType::Ref(_) => 64,
        // Numbers, times and identities.
        _ => 40,
    }
}

/// The bytes of the texts in the key of a row, as they are in JSON.
fn key_bytes(image: &Image, relation: RelationId, entity: u32) -> usize {
    let relation = image.relation(relation);
    let Some(slot) = relation.any_version(entity) else { return 0 };
    let mut bytes = 0;
    for part in &relation.meta().key {
        for column in part.columns.clone() {
            if relation.meta().columns[column].ty == ColumnType::Str {
                let (head, tail) = relation.read(column, slot);
                bytes += ESCAPED * Str { head, tail }.len();
            }
        }
    }
    let fields = relation.meta().counted.keys.iter();
    for (field, ty) in fields.filter(|(field, _)| image.schema().relation(relation.id).key.contains(field)) {
        let mut lanes = Vec::new();
        relation.read_field(*field, slot, &mut lanes);
        // SAFETY: the lanes are those of the field in a version that is not freed.
        bytes += unsafe { keys_bytes(image, ty, &lanes) };
    }
    bytes
}

/// # Safety
/// The lanes must be those of a value of the type, and what they point to valid.
unsafe fn keys_bytes(image: &Image, ty: &DataType, lanes: &[u64]) -> usize {
    let mut bytes: usize = 0;
    // SAFETY: by the caller's promise.
    unsafe {
        nested::visit(ty, lanes, &mut |target, entity| {
            bytes = bytes.saturating_add(key_bytes(image, RelationId(target), entity));
        });
    }
    bytes
}

/// Whether a row is larger than a row may be. `given` says where the lanes of a field are among those of a call, if they
/// are; the others are those of the version `old`.
///
/// # Safety
/// The lanes must be those of the fields, and what they point to valid.
pub(crate) unsafe fn is_too_large(
    image: &Image,
    relation: &Relation,
    lanes: &[u64],
    old: u32,
    given: impl Fn(FieldId) -> Option<usize>,
) -> bool {
    let meta = relation.meta();
    let mut bytes: usize = 0;
    let mut field = 0;
    for (column, times) in &meta.counted.columns {
        while meta.column_starts[field + 1] <= *column {
            field += 1;
        }
        let description = &meta.columns[*column];
        let own = match (given(FieldId(field as u32)), description.ty) {
            (Some(start), ty) => {
                let at = start + description.lane - meta.lane_starts[field];
                match ty {
                    ColumnType::Str => Str { head: lanes[at], tail: lanes[at + 1] }.len(),
                    // SAFETY: by the caller's promise.
                    _ => unsafe { frozen::size(lanes[at], &description.element) },
                }
            }
            (None, ty) => {
                let (first, second) = relation.read(*column, old);
                // SAFETY: the old version is live, so what it holds is frozen and not freed.
                unsafe { frozen::memory(ty, first, second) }.map_or(0, |(_, layout)| layout.size())
            }
        };
        bytes = bytes.saturating_add(own.saturating_mul(*times));
    }
    for (field, ty) in &meta.counted.keys {
        // SAFETY: by the caller's promise; the old version is live.
        let own = unsafe {
            match given(*field) {
                Some(start) => keys_bytes(image, ty, &lanes[start..]),
                None => {
                    debug_assert_ne!(old, NONE);
                    let mut lanes = Vec::new();
                    relation.read_field(*field, old, &mut lanes);
                    keys_bytes(image, ty, &lanes)
                }
            }
        };
        // Of the room, that is.
        bytes = bytes.saturating_add(own / ROOM);
    }
    bytes > MAX_ROW_BYTES
}
