//! Shapes of Core types, for the functions of the runtime that work on values of any type: they compare,
//! hash, print and convert by a shape of the program's table.

use rustc_hash::FxHashMap;
use tenon_core::ir::{Program, Type};
use tenon_value::shape::{Case, Field, Kind, Shape};
use tenon_value::{ShapeId, Shapes};

/// The table in the making: the shapes of the program's interface, and behind them those of types that the
/// code handles.
pub(crate) struct ShapeTable<'p> {
    program: &'p Program,
    pub(crate) shapes: Shapes,
    known: FxHashMap<Type, ShapeId>,
}

impl<'p> ShapeTable<'p> {
    /// Begins with the shapes of the interface, whose numbers stay as they are.
    pub(crate) fn new(program: &'p Program) -> ShapeTable<'p> {
        ShapeTable { program, shapes: program.api.shapes.clone(), known: FxHashMap::default() }
    }

    /// The shape of a type.
    pub(crate) fn of(&mut self, ty: &Type) -> ShapeId {
        if let Some(id) = self.known.get(ty) {
            return *id;
        }
        // Reserved first, because a variant type may contain itself through a collection.
        let id = self.shapes.reserve();
        self.known.insert(ty.clone(), id);
        let kind = self.kind(ty);
        self.shapes.define(id, Shape::new(kind));
        id
    }

    fn fields(&mut self, fields: &[(tenon_core::ir::Name, Type)]) -> Vec<Field> {
        fields.iter().map(|(name, ty)| Field::new(name.clone(), self.of(ty))).collect()
    }

    fn kind(&mut self, ty: &Type) -> Kind {
        match ty {
            Type::Unit => Kind::Record { fields: Vec::new() },
            Type::Bool => Kind::Bool,
            Type::Int => Kind::Int,
            Type::Decimal(scale) => Kind::Decimal { scale: *scale },
            Type::Float => Kind::Float,
            Type::Text => Kind::Text,
            Type::Bytes => Kind::Bytes,
            Type::Instant => Kind::Instant,
            Type::DateTime => Kind::DateTime,
            Type::Date => Kind::Date,
            Type::Time => Kind::Time,
            Type::Duration => Kind::Duration,
            Type::Id => Kind::Id,
            Type::Uuid => Kind::Uuid,
            Type::Json => Kind::Json,
            Type::Option(inner) => Kind::Option(self.of(inner)),
            Type::List(element) => Kind::List(self.of(element)),
            Type::Bag(element) => Kind::Bag(self.of(element)),
            Type::Set(element) => Kind::Set(self.of(element)),
            Type::Map(key, value) => Kind::Map { key: self.of(key), value: self.of(value) },
            Type::Record(record) => Kind::Record { fields: self.fields(&record.fields) },
            Type::Variant(id) => {
                let cases: Vec<Case> = self
                    .program
                    .variant(*id)
                    .cases
                    .iter()
                    .map(|c| Case {
                        name: c.wire.clone().unwrap_or_else(|| c.name.clone()),
                        fields: self.fields(&c.fields),
                    })
                    .collect();
                let bare = cases.iter().all(|c| c.fields.is_empty());
                Kind::Variant { cases, bare }
            }
            Type::Ref(relation) => Kind::Ref {
                relation: relation.0,
                name: self.program.relation(*relation).name.clone(),
                key: self.of(&key_type(self.program, *relation)),
            },
            Type::Row(relation) => {
                let program = self.program;
                let fields = &program.relation(*relation).fields;
                Kind::Row {
                    relation: relation.0,
                    name: program.relation(*relation).name.clone(),
                    key: self.of(&key_type(program, *relation)),
                    fields: fields
                        .iter()
                        .enumerate()
                        .map(|(index, field)| tenon_value::shape::RowField {
                            name: field.name.clone(),
                            shape: self.of(&field.ty),
                            field: index as u32,
                            doc: None,
                        })
                        .collect(),
                }
            }
        }
    }
}

/// The type of a relation's key: that of the one field, or a record of them.
pub(crate) fn key_type(program: &Program, relation: tenon_core::ir::RelationId) -> Type {
    let relation = program.relation(relation);
    match relation.key.as_slice() {
        [one] => relation.field(*one).ty.clone(),
        many => Type::record(
            many.iter().map(|id| (relation.field(*id).name.clone(), relation.field(*id).ty.clone())).collect(),
        ),
    }
}
