//! Stored values in two of their forms: lanes in memory, and [`Value`]s for tools. [`crate::cells`] has the third.
//!
//! All conversions follow the [`DataType`] of a field. A reference is an entity number in lanes and a key
//! in the other forms, so going there needs a reader, and coming back needs to find the row.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use tenon_authority::columns;
use tenon_store::Str;
use tenon_store::image::Reader;
use tenon_store::schema::{DataType, FieldId, NamedType, RelationId, Schema};
use tenon_value::json::{Options, decode_value, encode_value};
use tenon_value::shape::{self, Kind, ShapeId, Shapes};
use tenon_value::sink::NoPredicates;
use tenon_value::{Fault, Value};

use crate::context::CallContext;
use crate::value::items;

/// Why a value cannot be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueError {
    /// The value is not of the field's type.
    Type {
        /// What the field holds.
        expected: String,
        /// The kind of the value.
        found: &'static str,
    },
    /// A reference leads to no row.
    NoRow {
        /// The relation.
        relation: RelationId,
    },
    /// There is not enough memory.
    Memory,
}

impl std::fmt::Display for ValueError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ValueError::Type { expected, found } => write!(f, "a value of type {expected} is needed, not {found}"),
            ValueError::NoRow { .. } => f.write_str("the referenced row is not there"),
            ValueError::Memory => f.write_str("there is not enough memory"),
        }
    }
}

impl std::error::Error for ValueError {}

/// What the conversions know of a schema.
#[derive(Debug)]
pub struct Stored {
    schema: Arc<Schema>,
    shapes: Shapes,
    by_type: FxHashMap<DataType, ShapeId>,
}

impl Stored {
    /// Prepares the conversions of a schema.
    pub fn new(schema: Arc<Schema>) -> Result<Stored, String> {
        let mut stored = Stored { schema: schema.clone(), shapes: Shapes::new(), by_type: FxHashMap::default() };
        for field in schema.relations.iter().flat_map(|r| &r.fields) {
            stored.shape(&field.ty);
        }
        stored.shapes.finish().map_err(|error| error.to_string())?;
        Ok(stored)
    }

    /// The schema.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    fn shape(&mut self, ty: &DataType) -> ShapeId {
        if let Some(known) = self.by_type.get(ty) {
            return *known;
        }
        let kind = match ty {
            DataType::Bool => Kind::Bool,
            DataType::Int => Kind::Int,
            DataType::Decimal(scale) => Kind::Decimal { scale: *scale },
            DataType::Float => Kind::Float,
            DataType::Text => Kind::Text,
            DataType::Bytes => Kind::Bytes,
            DataType::Json => Kind::Json,
            DataType::Instant => Kind::Instant,
            DataType::DateTime => Kind::DateTime,
            DataType::Date => Kind::Date,
            DataType::Time => Kind::Time,
            DataType::Duration => Kind::Duration,
            DataType::Id => Kind::Id,
            DataType::Uuid => Kind::Uuid,
            DataType::Option(content) => Kind::Option(self.shape(content)),
            DataType::List(element) => Kind::List(self.shape(element)),
            DataType::Bag(element) => Kind::Bag(self.shape(element)),
            DataType::Set(element) => Kind::Set(self.shape(element)),
            DataType::Map(key, value) => Kind::Map { key: self.shape(key), value: self.shape(value) },
            DataType::Record(fields) => Kind::Record { fields: self.fields(fields) },
            DataType::Variant(cases) => Kind::Variant {
                bare: ty.is_bare_variant(),
                cases: cases
                    .iter()
                    .map(|case| shape::Case { name: case.name.clone(), fields: self.fields(&case.fields) })
                    .collect(),
            },
            DataType::Ref(relation) => {
                let description = self.schema.relation(*relation).clone();
                let key = match description.key.as_slice() {
                    [single] => self.shape(&description.field(*single).ty),
                    several => {
                        let parts: Vec<NamedType> = several
                            .iter()
                            .map(|f| description.field(*f))
                            .map(|f| NamedType { name: f.name.clone(), ty: f.ty.clone() })
                            .collect();
                        self.shape(&DataType::Record(parts))
                    }
                };
                Kind::Ref { relation: relation.0, name: description.name, key }
            }
        };
        let id = self.shapes.kind(kind);
        self.by_type.insert(ty.clone(), id);
        id
    }

    fn fields(&mut self, fields: &[NamedType]) -> Vec<shape::Field> {
        fields.iter().map(|field| shape::Field::new(field.name.clone(), self.shape(&field.ty))).collect()
    }

    pub(crate) fn json(&self, ty: &DataType, value: &Value) -> Result<String, Fault> {
        let shape = self.by_type.get(ty).ok_or(Fault::Internal)?;
        let bytes = encode_value(&self.shapes, *shape, value)?;
        String::from_utf8(bytes).map_err(|_| Fault::Internal)
    }

    /// A value from its JSON on the wire.
    pub fn from_json(&self, ty: &DataType, text: &str) -> Result<Value, String> {
        let shape = self.by_type.get(ty).ok_or("the type is not stored")?;
        // What was accepted is read: the type nests, and a value of type `Json` in it may nest as deeply as any.
        let max_depth = tenon_value::json::MAX_DEPTH + self.nesting(ty);
        decode_value(&self.shapes, *shape, text.as_bytes(), Options { max_depth, ..Options::default() }, NoPredicates)
            .map_err(|error| format!("{error:?}"))
    }

    /// How deeply the JSON of a type nests, without what stands in a value of type `Json`.
    fn nesting(&self, ty: &DataType) -> usize {
        let deepest = |fields: &[NamedType]| fields.iter().map(|field| self.nesting(&field.ty)).max().unwrap_or(0);
        match ty {
            DataType::Option(content) => self.nesting(content),
            DataType::List(element) | DataType::Bag(element) | DataType::Set(element) => 1 + self.nesting(element),
            // A map is an object, or a list of pairs.
            DataType::Map(key, value) => 2 + self.nesting(key).max(self.nesting(value)),
            DataType::Record(fields) => 1 + deepest(fields),
            DataType::Variant(cases) => 1 + cases.iter().map(|case| deepest(&case.fields)).max().unwrap_or(0),
            DataType::Ref(relation) => {
                let relation = self.schema.relation(*relation);
                // Several key fields are a record.
                1 + relation.key.iter().map(|field| self.nesting(&relation.field(*field).ty)).max().unwrap_or(0)
            }
            _ => 0,
        }
    }

    // From lanes to values.

    /// The value that lanes hold.
    ///
    /// # Safety
    /// The lanes must be those of a value of the type, valid while the reader is.
    pub unsafe fn to_value(&self, reader: &Reader<'_>, ty: &DataType, lanes: &[u64]) -> Value {
        let mut lanes = lanes;
        // SAFETY: by the caller's promise.
        unsafe { self.take_value(reader, ty, &mut lanes) }
    }

    pub(crate) unsafe fn take_value(&self, reader: &Reader<'_>, ty: &DataType, lanes: &mut &[u64]) -> Value {
        // SAFETY: by the caller's promise; parts of valid values are valid.
        unsafe {
            match ty {
                DataType::Bool => Value::Bool(take(lanes) != 0),
                DataType::Int => Value::Int(take(lanes) as i64),
                DataType::Decimal(scale) => Value::Decimal { unscaled: take(lanes) as i64, scale: *scale },
                DataType::Float => Value::Float(f64::from_bits(take(lanes))),
                DataType::Text => Value::text(utf8(take_str(lanes).bytes())),
                DataType::Json => Value::Json(utf8(take_str(lanes).bytes()).into()),
                DataType::Bytes => Value::Bytes(take_str(lanes).bytes().into()),
                DataType::Instant => Value::Instant(take(lanes) as i64),
                DataType::DateTime => Value::DateTime(take(lanes) as i64),
                DataType::Date => Value::Date(take(lanes) as i32),
                DataType::Time => Value::Time(take(lanes) as i64),
                DataType::Duration => Value::Duration(take(lanes) as i64),
                DataType::Id => Value::Id(take_id(lanes)),
                DataType::Uuid => Value::Uuid(take_id(lanes)),
                DataType::Ref(relation) => {
                    let key = Arc::new(self.key_of(reader, *relation, take(lanes) as u32));
                    Value::Ref { relation: relation.0, key }
                }
                DataType::Option(content) => {
                    if take(lanes) == 0 {
                        skip(content, lanes);
                        Value::None
                    } else {
                        Value::some(self.take_value(reader, content, lanes))
                    }
                }
                DataType::Record(fields) => Value::record(self.take_fields(reader, fields, lanes)),
                DataType::Variant(cases) => {
                    let tag = take(lanes) as u32;
                    let mut found = Vec::new();
                    for (number, case) in cases.iter().enumerate() {
                        if number as u32 == tag {
                            found = self.take_fields(reader, &case.fields, lanes);
                        } else {
                            case.fields.iter().for_each(|field| skip(&field.ty, lanes));
                        }
                    }
                    Value::variant(tag, found)
                }
                DataType::List(element) => Value::list(self.take_items(reader, element, lanes)),
                DataType::Bag(element) => Value::bag(self.take_items(reader, element, lanes)),
                DataType::Set(element) => Value::set(self.take_items(reader, element, lanes)),
                DataType::Map(key, value) => {
                    let stride = key.lanes() + value.lanes();
                    Value::map(items(take(lanes), stride).map(|mut entry| {
                        (self.take_value(reader, key, &mut entry), self.take_value(reader, value, &mut entry))
                    }))
                }
            }
        }
    }

    unsafe fn take_fields(&self, reader: &Reader<'_>, fields: &[NamedType], lanes: &mut &[u64]) -> Vec<Value> {
        // SAFETY: by the caller's promise.
        fields.iter().map(|field| unsafe { self.take_value(reader, &field.ty, lanes) }).collect()
    }

    unsafe fn take_items(&self, reader: &Reader<'_>, element: &DataType, lanes: &mut &[u64]) -> Vec<Value> {
        let stride = element.lanes();
        // SAFETY: by the caller's promise.
        unsafe { items(take(lanes), stride).map(|mut item| self.take_value(reader, element, &mut item)).collect() }
    }

    /// The key of an entity: the field itself, or a record of several.
    pub fn key_of(&self, reader: &Reader<'_>, relation: RelationId, entity: u32) -> Value {
        let description = self.schema.relation(relation);
        let Some(slot) = reader.relation(relation).any_version(entity) else { return Value::None };
        let mut parts = description.key.iter().map(|field| self.field(reader, relation, *field, slot));
        match description.key.len() {
            1 => parts.next().unwrap_or(Value::None),
            _ => Value::record(parts.collect::<Vec<_>>()),
        }
    }

    /// A field of a version.
    pub fn field(&self, reader: &Reader<'_>, relation: RelationId, field: FieldId, slot: u32) -> Value {
        let lanes = reader.field(relation, field, slot);
        // SAFETY: the lanes are those of the field, in a version that the reader sees or that has a key.
        unsafe { self.to_value(reader, &self.schema.relation(relation).field(field).ty, &lanes) }
    }

    /// All fields of a version.
    pub fn row(&self, reader: &Reader<'_>, relation: RelationId, slot: u32) -> Vec<Value> {
        let fields = self.schema.relation(relation).fields.len() as u32;
        (0..fields).map(|field| self.field(reader, relation, FieldId(field), slot)).collect()
    }

    // From values to lanes.

    /// Appends the lanes of a value. Texts and collections go to the arena of `ctx`.
    pub fn push_lanes(
        &self,
        ctx: &mut CallContext,
        reader: &Reader<'_>,
        ty: &DataType,
        value: &Value,
        out: &mut Vec<u64>,
    ) -> Result<(), ValueError> {
        match (ty, value) {
            (DataType::Bool, Value::Bool(value)) => out.push(u64::from(*value)),
            (DataType::Int, Value::Int(value))
            | (DataType::Instant, Value::Instant(value))
            | (DataType::DateTime, Value::DateTime(value))
            | (DataType::Time, Value::Time(value))
            | (DataType::Duration, Value::Duration(value)) => out.push(*value as u64),
            (DataType::Decimal(scale), Value::Decimal { unscaled, scale: own }) => {
                match tenon_value::decimal::rescale_exact(*unscaled, *own, *scale) {
                    Some(value) => out.push(value as u64),
                    None => return Err(self.wrong(ty, value)),
                }
            }
            (DataType::Decimal(scale), Value::Int(whole)) => {
                match tenon_value::decimal::rescale_exact(*whole, 0, *scale) {
                    Some(value) => out.push(value as u64),
                    None => return Err(self.wrong(ty, value)),
                }
            }
            (DataType::Float, Value::Float(value)) => out.push((value + 0.0).to_bits()),
            (DataType::Text, Value::Text(text)) => self.push_text(ctx, text.as_bytes(), out)?,
            (DataType::Json, Value::Json(text)) => self.push_text(ctx, text.as_bytes(), out)?,
            (DataType::Bytes, Value::Bytes(bytes)) => self.push_text(ctx, bytes, out)?,
            (DataType::Date, Value::Date(date)) => out.push(i64::from(*date) as u64),
            (DataType::Id, Value::Id(id)) | (DataType::Uuid, Value::Uuid(id)) => {
                out.extend([(id >> 64) as u64, *id as u64]);
            }
            (DataType::Ref(relation), Value::Ref { key, .. } | Value::Row { key, .. }) => {
                out.push(u64::from(self.entity(ctx, reader, *relation, key)?));
            }
            (DataType::Option(content), Value::None) => out.resize(out.len() + 1 + content.lanes(), 0),
            (DataType::Option(content), Value::Some(value)) => {
                out.push(1);
                self.push_lanes(ctx, reader, content, value, out)?;
            }
            (DataType::Record(fields), Value::Record(values)) if fields.len() == values.len() => {
                for (field, value) in fields.iter().zip(values.iter()) {
                    self.push_lanes(ctx, reader, &field.ty, value, out)?;
                }
            }
            (DataType::Variant(cases), Value::Variant { tag, fields }) => {
                let fits = cases.get(*tag as usize).is_some_and(|case| case.fields.len() == fields.len());
                if !fits {
                    return Err(self.wrong(ty, value));
                }
                out.push(u64::from(*tag));
                for (number, case) in cases.iter().enumerate() {
                    for (place, field) in case.fields.iter().enumerate() {
                        if number as u32 == *tag {
                            self.push_lanes(ctx, reader, &field.ty, &fields[place], out)?;
                        } else {
                            out.resize(out.len() + field.ty.lanes(), 0);
                        }
                    }
                }
            }
            (DataType::List(element), Value::List(items))
            | (DataType::Bag(element), Value::Bag(items))
            | (DataType::Set(element), Value::Set(items)) => {
                let mut lanes = Vec::with_capacity(items.len() * element.lanes());
                for item in items.iter() {
                    self.push_lanes(ctx, reader, element, item, &mut lanes)?;
                }
                self.push_collection(ctx, items.len(), &lanes, out)?;
            }
            (DataType::Map(key, content), Value::Map(entries)) => {
                let mut lanes = Vec::new();
                for (name, value) in entries.iter() {
                    self.push_lanes(ctx, reader, key, name, &mut lanes)?;
                    self.push_lanes(ctx, reader, content, value, &mut lanes)?;
                }
                self.push_collection(ctx, entries.len(), &lanes, out)?;
            }
            _ => return Err(self.wrong(ty, value)),
        }
        Ok(())
    }

    fn push_text(&self, ctx: &mut CallContext, bytes: &[u8], out: &mut Vec<u64>) -> Result<(), ValueError> {
        let text = ctx.text(bytes);
        if text.len() != bytes.len() {
            return Err(ValueError::Memory);
        }
        out.extend([text.head, text.tail]);
        Ok(())
    }

    fn push_collection(
        &self,
        ctx: &mut CallContext,
        count: usize,
        lanes: &[u64],
        out: &mut Vec<u64>,
    ) -> Result<(), ValueError> {
        match crate::collection::collect(ctx, count, lanes) {
            0 => Err(ValueError::Memory),
            lane => {
                out.push(lane);
                Ok(())
            }
        }
    }

    fn wrong(&self, ty: &DataType, value: &Value) -> ValueError {
        ValueError::Type { expected: columns::show(&self.schema, ty), found: value.kind() }
    }

    /// The lanes of a key: of a field, or of a record of several.
    pub fn key_lanes(
        &self,
        ctx: &mut CallContext,
        reader: &Reader<'_>,
        relation: RelationId,
        key: &Value,
    ) -> Result<Vec<u64>, ValueError> {
        let description = self.schema.relation(relation);
        let mut lanes = Vec::new();
        match (description.key.as_slice(), key) {
            ([single], key) => self.push_lanes(ctx, reader, &description.field(*single).ty, key, &mut lanes)?,
            (several, Value::Record(parts)) if parts.len() == several.len() => {
                for (field, part) in several.iter().zip(parts.iter()) {
                    self.push_lanes(ctx, reader, &description.field(*field).ty, part, &mut lanes)?;
                }
            }
            (_, other) => {
                let expected = format!("the key of {}", description.name);
                return Err(ValueError::Type { expected, found: other.kind() });
            }
        }
        Ok(lanes)
    }

    fn entity(
        &self,
        ctx: &mut CallContext,
        reader: &Reader<'_>,
        relation: RelationId,
        key: &Value,
    ) -> Result<u32, ValueError> {
        let lanes = self.key_lanes(ctx, reader, relation, key)?;
        // SAFETY: the lanes are those of the key; texts lie in the arena.
        match unsafe { reader.find_by_key(relation, &lanes) } {
            Some(row) => Ok(row.entity),
            None => Err(ValueError::NoRow { relation }),
        }
    }
}

pub(crate) fn take(lanes: &mut &[u64]) -> u64 {
    match lanes.split_first() {
        Some((first, rest)) => {
            *lanes = rest;
            *first
        }
        None => {
            debug_assert!(false, "a value has the lanes of its type");
            0
        }
    }
}

pub(crate) fn take_str(lanes: &mut &[u64]) -> Str {
    let head = take(lanes);
    Str { head, tail: take(lanes) }
}

pub(crate) fn take_id(lanes: &mut &[u64]) -> u128 {
    let high = take(lanes);
    u128::from(high) << 64 | u128::from(take(lanes))
}

pub(crate) fn skip(ty: &DataType, lanes: &mut &[u64]) {
    *lanes = lanes.get(ty.lanes()..).unwrap_or(&[]);
}

pub(crate) fn utf8(bytes: &[u8]) -> &str {
    crate::text::utf8(bytes)
}
