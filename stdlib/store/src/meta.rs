//! What the image knows of a relation before it holds a row: columns, keys, indexes, and who refers to whom.

use crate::row_size::Counted;
use crate::schema::rules::Refusal;
use crate::schema::{
    ColumnType, DataType, FieldId, Index, IndexKind, IndexPart, KeyPart, OnDelete, RelationId, Schema,
};
use crate::shape::{self, Step};

/// A column of a relation.
#[derive(Clone, Debug)]
pub struct Column {
    /// How it is stored.
    pub ty: ColumnType,
    /// The first lane of its value in a row of lanes.
    pub lane: usize,
    /// Whether it is the tag of an option.
    pub option_tag: bool,
    /// The shape of a collection's elements; empty for other columns.
    pub element: Box<[u8]>,
}

/// A part of a key, unique or index: columns, and what is made of them.
#[derive(Clone, Debug)]
pub struct Part {
    /// The columns, in order.
    pub columns: std::ops::Range<usize>,
    /// Whether the text is taken in lower case.
    pub lower: bool,
    /// Largest first, in an ordered index.
    pub descending: bool,
}

/// A field that refers to this relation.
#[derive(Clone, Debug)]
pub struct Referrer {
    /// Whose field.
    pub relation: RelationId,
    /// The field.
    pub field: FieldId,
    /// What a delete of the target does.
    pub on_delete: OnDelete,
    /// The referring relation's hash index on the field.
    pub index: usize,
}

/// A reference of this relation.
#[derive(Clone, Debug)]
pub struct ReferenceColumn {
    /// The field.
    pub field: FieldId,
    /// The lane of the tag, if the reference is optional.
    pub tag_lane: Option<usize>,
    /// The lane of the entity number.
    pub lane: usize,
    /// The relation referred to.
    pub target: RelationId,
}

/// What follows from the schema, computed once.
#[derive(Debug)]
pub struct Meta {
    /// The columns.
    pub columns: Vec<Column>,
    /// First column per field, and their number at the end.
    pub column_starts: Vec<usize>,
    /// First lane per field, and their number at the end.
    pub lane_starts: Vec<usize>,
    /// The key.
    pub key: Vec<Part>,
    /// The column of a key of one column of one lane, which is found fastest.
    pub key_word: Option<usize>,
    /// The lanes of the key.
    pub key_lanes: usize,
    /// The uniques: their parts and the tag columns that must be 1.
    pub uniques: Vec<(Vec<Part>, Vec<usize>)>,
    /// The indexes: those of the schema, then those that deleting needs.
    pub indexes: Vec<(Vec<Part>, IndexKind)>,
    /// The references of this relation.
    pub references: Vec<ReferenceColumn>,
    /// Who refers to this relation.
    pub referrers: Vec<Referrer>,
    /// Fields that hold references inside, with their types.
    pub nested: Vec<(FieldId, DataType)>,
    /// Per field: whether no key, unique, reference or index has to do with it, so that an update of it needs no more
    /// than a new version.
    pub plain: Vec<bool>,
    /// Per field: whether it is plain and has no part in the size of its row either.
    pub(crate) bare: Vec<bool>,
    /// What is counted of the size of a row.
    pub(crate) counted: Counted,
}

/// A schema cannot have an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaError {
    /// It asks for something that no store has.
    Refused(Refusal),
    /// Address space could not be reserved.
    NoMemory(String),
}

impl std::fmt::Display for SchemaError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SchemaError::Refused(refusal) => refusal.fmt(f),
            SchemaError::NoMemory(why) => write!(f, "address space for a relation could not be reserved: {why}"),
        }
    }
}

impl std::error::Error for SchemaError {}

/// The indexes of a relation as the image has them: those of the schema, and a hash index for each
/// reference to a relation that deletes, unless the schema has one.
pub fn indexes_of(schema: &Schema, relation: RelationId) -> Vec<Index> {
    let description = schema.relation(relation);
    let mut indexes = description.indexes.clone();
    for reference in &description.references {
        if schema.relation(reference.target).deletes && position_on(&indexes, reference.field).is_none() {
            let part = IndexPart { part: KeyPart::Field(reference.field), descending: false };
            indexes.push(Index { parts: vec![part], kind: IndexKind::Hash });
        }
    }
    indexes
}

/// The hash index on exactly this field.
pub fn position_on(indexes: &[Index], field: FieldId) -> Option<usize> {
    indexes.iter().position(|index| {
        index.kind == IndexKind::Hash && index.parts.len() == 1 && index.parts[0].part == KeyPart::Field(field)
    })
}

impl Meta {
    /// Of a relation of a schema that no rule refuses.
    pub(crate) fn new(schema: &Schema, id: RelationId) -> Meta {
        let relation = schema.relation(id);
        let column_starts = relation.column_starts();
        let lane_starts = relation.lane_starts();
        let mut columns = Vec::new();
        for (field, start) in relation.fields.iter().zip(&lane_starts) {
            let shape = shape::shape_of(&field.ty);
            let mut lane = *start;
            for (ty, step) in field.columns().into_iter().zip(shape::steps(&shape)) {
                let element = if let Step::Collection(inner) = step { inner.into() } else { Box::default() };
                columns.push(Column { ty, lane, option_tag: step == Step::Option, element });
                lane += step.lanes();
            }
        }
        let part = |part: &KeyPart, descending: bool| {
            let field = part.field();
            let columns = column_starts[field.index()]..column_starts[field.index() + 1];
            Part { columns, lower: matches!(part, KeyPart::Lower(_)), descending }
        };
        let key: Vec<Part> = relation.key.iter().map(|f| part(&KeyPart::Field(*f), false)).collect();
        let key_word = match key.as_slice() {
            [part] if part.columns.len() == 1 && columns[part.columns.start].ty.lanes() == 1 => {
                Some(part.columns.start)
            }
            _ => None,
        };
        let key_columns = key.iter().flat_map(|part: &Part| &columns[part.columns.clone()]);
        let key_lanes = key_columns.map(|column| column.ty.lanes()).sum();
        let mut uniques = Vec::new();
        for unique in &relation.uniques {
            let parts: Vec<Part> = unique.parts.iter().map(|p| part(p, false)).collect();
            let present: Vec<usize> = unique.where_present.iter().map(|f| column_starts[f.index()]).collect();
            uniques.push((parts, present));
        }
        let mut indexes = Vec::new();
        for index in indexes_of(schema, id) {
            let parts: Vec<Part> = index.parts.iter().map(|p| part(&p.part, p.descending)).collect();
            indexes.push((parts, index.kind));
        }
        let mut references = Vec::new();
        for reference in &relation.references {
            let lane = lane_starts[reference.field.index()];
            let (tag_lane, lane) = match &relation.field(reference.field).ty {
                DataType::Option(_) => (Some(lane), lane + 1),
                _ => (None, lane),
            };
            references.push(ReferenceColumn { field: reference.field, tag_lane, lane, target: reference.target });
        }
        let mut referrers = Vec::new();
        if relation.deletes {
            for (number, other) in schema.relations.iter().enumerate() {
                let other_id = RelationId(number as u32);
                let indexes = indexes_of(schema, other_id);
                for reference in other.references.iter().filter(|r| r.target == id) {
                    let index = position_on(&indexes, reference.field).expect("`indexes_of` adds what is missing");
                    referrers.push(Referrer {
                        relation: other_id,
                        field: reference.field,
                        on_delete: reference.on_delete,
                        index,
                    });
                }
            }
        }
        let nested = crate::nested::fields(relation);
        let ruled_parts =
            uniques.iter().map(|(parts, _)| parts).chain(indexes.iter().map(|(parts, _)| parts)).chain([&key]);
        let ruled: Vec<std::ops::Range<usize>> = ruled_parts
            .flatten()
            .map(|part: &Part| part.columns.clone())
            .chain(uniques.iter().flat_map(|(_, present)| present.iter().map(|tag| *tag..*tag + 1)))
            .collect();
        let plain = (0..relation.fields.len()).map(|number| {
            let field = FieldId(number as u32);
            let own = column_starts[number]..column_starts[number + 1];
            references.iter().all(|r| r.field != field)
                && nested.iter().all(|(f, _)| *f != field)
                && ruled.iter().all(|of| of.end <= own.start || own.end <= of.start)
        });
        let plain: Vec<bool> = plain.collect();
        let counted = Counted::new(schema, id, &columns, &column_starts);
        let bare = plain.iter().enumerate().map(|(n, plain)| *plain && !counted.field(FieldId(n as u32))).collect();
        Meta {
            plain,
            bare,
            counted,
            nested,
            key_word,
            key_lanes,
            columns,
            column_starts,
            lane_starts,
            key,
            uniques,
            indexes,
            references,
            referrers,
        }
    }

    /// The lanes of a whole row.
    pub fn lanes(&self) -> usize {
        self.lane_starts.last().copied().unwrap_or(0)
    }

    /// How many lanes the parts have together.
    pub fn part_lanes(&self, parts: &[Part]) -> usize {
        parts.iter().flat_map(|p| &self.columns[p.columns.clone()]).map(|c| c.ty.lanes()).sum()
    }
}
