//! The stored shape of a program: relations, their fields, keys, uniques, references and indexes.
//!
//! A [`Schema`] is plain data. The checker and the planner produce it, the image lays its columns out
//! by it, the authority makes its tables by it, and it is written beside the data so that a store can
//! say what it holds. Two things follow from a field's [`DataType`] and are defined here once:
//!
//! * its **lanes**: the 64-bit words that a value of the type has in registers, in rows handed to the
//!   runtime and in collections ([`DataType::lanes`]);
//! * its **columns**: what a value of the type has in the image ([`DataType::columns`]). Columns mirror
//!   lanes in order: a column of 16 bytes stands for two lanes, every other column for one. The columns of its
//!   table stand in [`columns`].
//!
//! What a store refuses of a schema stands in [`rules`].
//!
//! Lanes of what is not there (the payload of an absent option, the payloads of the cases that a
//! variant is not) are zero. So equal values have equal lanes, except for long texts and collections,
//! which are compared through their pointers.

pub mod columns;
pub mod rules;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::value::Value;
use crate::width::{Atom, TAG};

/// The number of a relation in its schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RelationId(pub u32);

/// The number of a field in its relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
#[repr(transparent)]
pub struct FieldId(pub u32);

impl RelationId {
    /// The number as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl FieldId {
    /// The number as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The type of a stored value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DataType {
    /// `true` or `false`: one lane, 0 or 1.
    Bool,
    /// A 64-bit integer.
    Int,
    /// A scaled integer with so many fractional digits.
    Decimal(u8),
    /// A finite float, as its bits.
    Float,
    /// Text: two lanes, see [`crate::schema`].
    Text,
    /// Bytes, laid out as text.
    Bytes,
    /// Untyped JSON, as its text.
    Json,
    /// Microseconds since 1970-01-01T00:00Z.
    Instant,
    /// Microseconds since 1970-01-01T00:00 in no zone.
    DateTime,
    /// Days since 1970-01-01.
    Date,
    /// Microseconds since midnight.
    Time,
    /// Microseconds.
    Duration,
    /// A time-ordered 128-bit identity: two lanes, the more significant half first.
    Id,
    /// A 128-bit identity from elsewhere, laid out as an `Id`.
    Uuid,
    /// A reference to a row: one lane, its entity number.
    Ref(RelationId),
    /// A tag lane (0 absent, 1 present) and the lanes of the payload.
    Option(Box<DataType>),
    /// The lanes of the fields in order.
    Record(Vec<NamedType>),
    /// A tag lane (the case's number) and the lanes of the payloads of all cases in order.
    Variant(Vec<Case>),
    /// One lane: a pointer to a collection of elements.
    List(Box<DataType>),
    /// As a list, without an order.
    Bag(Box<DataType>),
    /// As a list, ascending and without duplicates.
    Set(Box<DataType>),
    /// As a list of entries (key lanes, then value lanes), ascending by key.
    Map(Box<DataType>, Box<DataType>),
}

/// A name with its type: a field of a record.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NamedType {
    /// The field's name.
    pub name: SmolStr,
    /// The field's type.
    pub ty: DataType,
}

/// A case of a variant.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Case {
    /// The case's name.
    pub name: SmolStr,
    /// Its payload; empty for a bare case.
    pub fields: Vec<NamedType>,
}

/// The type of a column of the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ColumnType {
    /// One byte, zero-extended: booleans, tags of options and variants.
    U8,
    /// Two bytes, sign-extended: integers that a refinement keeps small.
    I16,
    /// Four bytes, sign-extended: dates, and integers that a refinement keeps small.
    I32,
    /// Four bytes, zero-extended: entity numbers.
    U32,
    /// Eight bytes.
    I64,
    /// Eight bytes, the bits of a float.
    F64,
    /// Sixteen bytes: a text, bytes or JSON. Two lanes.
    Str,
    /// Sixteen bytes: the two halves of an identity, the more significant one first. Two lanes.
    Id,
    /// Eight bytes: a pointer to a frozen collection, or zero where there is none.
    Collection,
}

impl ColumnType {
    /// Bytes per row.
    pub fn width(self) -> usize {
        match self {
            ColumnType::U8 => 1,
            ColumnType::I16 => 2,
            ColumnType::I32 | ColumnType::U32 => 4,
            ColumnType::I64 | ColumnType::F64 | ColumnType::Collection => 8,
            ColumnType::Str | ColumnType::Id => 16,
        }
    }

    /// Lanes per value: two for sixteen bytes, else one.
    pub fn lanes(self) -> usize {
        if self.width() == 16 { 2 } else { 1 }
    }
}

impl DataType {
    /// How many 64-bit lanes a value has.
    pub fn lanes(&self) -> usize {
        let atom = match self {
            DataType::Bool => Atom::Bool,
            DataType::Int => Atom::Int,
            DataType::Decimal(_) => Atom::Decimal,
            DataType::Float => Atom::Float,
            DataType::Text => Atom::Text,
            DataType::Bytes => Atom::Bytes,
            DataType::Json => Atom::Json,
            DataType::Instant => Atom::Instant,
            DataType::DateTime => Atom::DateTime,
            DataType::Date => Atom::Date,
            DataType::Time => Atom::Time,
            DataType::Duration => Atom::Duration,
            DataType::Id => Atom::Id,
            DataType::Uuid => Atom::Uuid,
            DataType::Ref(_) => Atom::Ref,
            DataType::List(_) | DataType::Bag(_) | DataType::Set(_) | DataType::Map(..) => Atom::Collection,
            DataType::Option(inner) => return TAG as usize + inner.lanes(),
            DataType::Record(fields) => return fields.iter().map(|f| f.ty.lanes()).sum(),
            DataType::Variant(cases) => {
                return TAG as usize + cases.iter().flat_map(|c| &c.fields).map(|f| f.ty.lanes()).sum::<usize>();
            }
        };
        atom.lanes() as usize
    }

    /// The columns of a value, in the order of its lanes.
    pub fn columns(&self) -> Vec<ColumnType> {
        let mut out = Vec::new();
        self.push_columns(&mut out);
        out
    }

    fn push_columns(&self, out: &mut Vec<ColumnType>) {
        match self {
            DataType::Bool => out.push(ColumnType::U8),
            DataType::Int
            | DataType::Decimal(_)
            | DataType::Instant
            | DataType::DateTime
            | DataType::Time
            | DataType::Duration => out.push(ColumnType::I64),
            DataType::Float => out.push(ColumnType::F64),
            DataType::Date => out.push(ColumnType::I32),
            DataType::Text | DataType::Bytes | DataType::Json => out.push(ColumnType::Str),
            DataType::Id | DataType::Uuid => out.push(ColumnType::Id),
            DataType::Ref(_) => out.push(ColumnType::U32),
            DataType::Option(inner) => {
                out.push(ColumnType::U8);
                inner.push_columns(out);
            }
            DataType::Record(fields) => fields.iter().for_each(|f| f.ty.push_columns(out)),
            DataType::Variant(cases) => {
                // A variant of more than 256 cases still has a tag that fits.
                out.push(if cases.len() <= 256 { ColumnType::U8 } else { ColumnType::I32 });
                cases.iter().flat_map(|c| &c.fields).for_each(|f| f.ty.push_columns(out));
            }
            DataType::List(_) | DataType::Bag(_) | DataType::Set(_) | DataType::Map(..) => {
                out.push(ColumnType::Collection);
            }
        }
    }

    /// Whether every case is bare, so that the variant travels and is stored as a name.
    pub fn is_bare_variant(&self) -> bool {
        matches!(self, DataType::Variant(cases) if cases.iter().all(|c| c.fields.is_empty()))
    }
}

/// How a field without a given value gets one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Generated {
    /// A fresh time-ordered identity.
    Id,
    /// The next number of the relation's counter, from 1.
    Serial,
}

/// A stored field of a relation. Computed fields are not stored and do not stand here.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Field {
    /// The name in the program.
    pub name: SmolStr,
    /// The type.
    pub ty: DataType,
    /// A narrower column for an `Int` whose refinement bounds it; `None` for the type's own columns.
    pub narrow: Option<ColumnType>,
    /// Set for generated keys.
    pub generated: Option<Generated>,
    /// The value that rows stored before the field existed receive. An optional field needs none: such
    /// rows have no value.
    pub default: Option<Value>,
    /// What a field that the program does not have holds for a unique, as the program writes it.
    #[serde(default)]
    pub derived: Option<SmolStr>,
}

/// The name of the field that holds a part of a unique which is more than a field: part `part` of unique `unique`, made
/// from `field`. No field of a program can have it.
pub fn derived_name(field: &str, unique: usize, part: usize) -> SmolStr {
    smol_str::format_smolstr!("{field}${unique}_{part}")
}

impl Field {
    /// A field with the plain columns of its type, not generated, without a default.
    pub fn new(name: impl Into<SmolStr>, ty: DataType) -> Field {
        Field { name: name.into(), ty, narrow: None, generated: None, default: None, derived: None }
    }

    /// What people know it by. Names of derived fields are made up: the field that they begin with, and a `$`.
    pub fn shown(&self) -> &str {
        match &self.derived {
            Some(derived) => derived,
            None => self.name.split('$').next().unwrap_or_default(),
        }
    }

    /// True for a field that the program does not have: it holds what a unique compares.
    pub fn is_derived(&self) -> bool {
        self.name.contains('$')
    }

    /// The columns of the field.
    pub fn columns(&self) -> Vec<ColumnType> {
        match self.narrow {
            Some(column) => vec![column],
            None => self.ty.columns(),
        }
    }
}

/// What happens to a reference when its target is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum OnDelete {
    /// The delete is refused.
    Restrict,
    /// The (optional) reference becomes `none`.
    Clear,
    /// The referring row is deleted too.
    Cascade,
}

/// A reference: a field of type `Ref(target)` or `Option(Ref(target))`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reference {
    /// The referring field.
    pub field: FieldId,
    /// The relation referred to.
    pub target: RelationId,
    /// What a delete of the target does.
    pub on_delete: OnDelete,
}

/// A part of a unique or an index.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum KeyPart {
    /// The whole value of a field.
    Field(FieldId),
    /// The text of a field in lower case (`unique email.lower`).
    Lower(FieldId),
}

impl KeyPart {
    /// The field that the part reads.
    pub fn field(&self) -> FieldId {
        match self {
            KeyPart::Field(f) | KeyPart::Lower(f) => *f,
        }
    }
}

/// A uniqueness rule beyond the key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Unique {
    /// What is unique together.
    pub parts: Vec<KeyPart>,
    /// `unique f where f != none`: rows in which one of these optional fields is absent are exempt.
    pub where_present: Vec<FieldId>,
}

/// How an index is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum IndexKind {
    /// By equality of all parts.
    Hash,
    /// By a prefix of the parts and a range of the next one, in both directions.
    Ordered,
}

/// A secondary index.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Index {
    /// What is indexed.
    pub parts: Vec<IndexPart>,
    /// How it is searched.
    pub kind: IndexKind,
}

/// A part of an index with its direction.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct IndexPart {
    /// What is indexed.
    pub part: KeyPart,
    /// Largest first. Means nothing in a hash index.
    pub descending: bool,
}

/// A relation.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Relation {
    /// The name in the program.
    pub name: SmolStr,
    /// The stored fields.
    pub fields: Vec<Field>,
    /// The fields of the key, in the order of the declaration; never empty.
    pub key: Vec<FieldId>,
    /// Uniqueness rules beyond the key.
    pub uniques: Vec<Unique>,
    /// References, at most one per field.
    pub references: Vec<Reference>,
    /// Secondary indexes. The image adds a hash index per reference by itself; see `tenon-store`.
    pub indexes: Vec<Index>,
    /// Whether the program ever deletes rows of this relation.
    pub deletes: bool,
}

impl Relation {
    /// The field of this name.
    pub fn field_named(&self, name: &str) -> Option<FieldId> {
        self.fields.iter().position(|f| f.name == name).map(|i| FieldId(i as u32))
    }

    /// The field with this number.
    pub fn field(&self, id: FieldId) -> &Field {
        &self.fields[id.index()]
    }

    /// The number of the first column of each field, and at the end the number of all columns.
    pub fn column_starts(&self) -> Vec<usize> {
        starts(self.fields.iter().map(|f| f.columns().len()))
    }

    /// The number of the first lane of each field in a row of lanes, and at the end the number of all lanes.
    pub fn lane_starts(&self) -> Vec<usize> {
        starts(self.fields.iter().map(|f| f.ty.lanes()))
    }
}

fn starts(lengths: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut out = vec![0];
    let mut sum = 0;
    for length in lengths {
        sum += length;
        out.push(sum);
    }
    out
}

/// The stored shape of a program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Schema {
    /// The relations, numbered by their place.
    pub relations: Vec<Relation>,
}

impl Schema {
    /// The relation with this number.
    pub fn relation(&self, id: RelationId) -> &Relation {
        &self.relations[id.index()]
    }

    /// The relation of this name.
    pub fn relation_named(&self, name: &str) -> Option<RelationId> {
        self.relations.iter().position(|r| r.name == name).map(|i| RelationId(i as u32))
    }
}
