//! The secondary indexes of a whole program, with the reasons for each, and the schema with them.

use std::collections::BTreeMap;

use tenon_core::ir::{Generated, OnDelete, Program, Type};
use tenon_value::schema;

use crate::access::{IndexShape, Reason};
use crate::query::{on_deep_stack, plan_with};
use crate::statistics::Assumed;
use crate::{NotPlanned, PlanError};

/// A secondary index of a program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChosenIndex {
    /// What it is.
    pub shape: IndexShape,
    /// The program's text asks for it.
    pub hinted: bool,
    /// Which queries use it, and for what.
    pub reasons: Vec<Reason>,
}

/// Chooses the secondary indexes of a program, per relation.
pub fn choose_indexes(program: &Program) -> Result<Vec<Vec<ChosenIndex>>, NotPlanned> {
    on_deep_stack(|| choose_here(program))
}

fn choose_here(program: &Program) -> Result<Vec<Vec<ChosenIndex>>, NotPlanned> {
    let hinted: Vec<Vec<IndexShape>> = program
        .relations
        .iter()
        .map(|r| {
            let mut shapes: Vec<IndexShape> = Vec::new();
            for hint in &r.indexes {
                let shape = IndexShape { parts: hint.fields.clone(), ordered: true };
                if !shapes.contains(&shape) {
                    shapes.push(shape);
                }
            }
            shapes
        })
        .collect();
    let statistics = Assumed::new(program);
    // First every index that could help, then those that were used, as long as one stands for another.
    let mut kept = hinted.clone();
    let mut all = hinted.clone();
    let mut wanted: Vec<BTreeMap<Vec<(u32, bool)>, IndexShape>> = vec![BTreeMap::new(); program.relations.len()];
    for query in &program.queries {
        let (_, uses) = plan_with(program, query, false, &statistics, &mut all, true).map_err(NotPlanned::of(query))?;
        for (relation, shape, _) in uses {
            let key = shape.parts.iter().map(|(f, d)| (f.0, *d)).chain([(u32::MAX, shape.ordered)]).collect();
            wanted[relation.index()].insert(key, shape);
        }
    }
    for (r, wanted) in wanted.into_iter().enumerate() {
        let shapes: Vec<IndexShape> = wanted.into_values().collect();
        for shape in &shapes {
            // An ordered index that begins with the same fields answers equality as well.
            let covered = |other: &IndexShape| {
                other.ordered
                    && other.parts.len() >= shape.parts.len()
                    && (other != shape)
                    && if shape.ordered {
                        other.parts[..shape.parts.len()] == shape.parts[..]
                    } else {
                        shape.parts.iter().all(|(f, _)| other.parts[..shape.parts.len()].iter().any(|(g, _)| f == g))
                    }
            };
            let wanted = !kept[r].contains(shape) && !kept[r].iter().any(covered) && !shapes.iter().any(covered);
            if wanted && fits(program, r, shape) {
                kept[r].push(shape.clone());
            }
        }
    }
    // The reasons are those of the plans that the chosen indexes give.
    let mut chosen: Vec<Vec<ChosenIndex>> = kept
        .iter()
        .enumerate()
        .map(|(r, shapes)| {
            shapes
                .iter()
                .map(|shape| ChosenIndex {
                    shape: shape.clone(),
                    hinted: hinted[r].contains(shape),
                    reasons: Vec::new(),
                })
                .collect()
        })
        .collect();
    for query in &program.queries {
        let (_, uses) =
            plan_with(program, query, false, &statistics, &mut kept, false).map_err(NotPlanned::of(query))?;
        for (relation, shape, reason) in uses {
            if let Some(index) = chosen[relation.index()].iter_mut().find(|i| i.shape == shape)
                && !index.reasons.contains(&reason)
            {
                index.reasons.push(reason);
            }
        }
    }
    Ok(chosen)
}

/// Whether a store can have an index: what is too wide for one is looked for without.
fn fits(program: &Program, relation: usize, shape: &IndexShape) -> bool {
    let types = shape.parts.iter().map(|(field, _)| data_type(program, &program.relations[relation].field(*field).ty));
    let mut lanes = 0;
    for ty in types {
        lanes += ty.lanes();
        if schema::rules::has_collection(&ty) {
            return false;
        }
    }
    lanes <= schema::rules::MAX_PART_LANES
}

/// Refuses stored types that contain themselves: they have no fixed layout.
pub(crate) fn check_stored(program: &Program) -> Result<(), PlanError> {
    fn visit(program: &Program, ty: &Type, within: &mut Vec<tenon_core::ir::VariantId>) -> Result<(), PlanError> {
        match ty {
            Type::Option(t) | Type::List(t) | Type::Bag(t) | Type::Set(t) => visit(program, t, within),
            Type::Map(k, v) => {
                visit(program, k, within)?;
                visit(program, v, within)
            }
            Type::Record(r) => r.fields.iter().try_for_each(|(_, t)| visit(program, t, within)),
            Type::Variant(v) => {
                if within.contains(v) {
                    return Err(PlanError::RecursiveType(program.variant(*v).name.clone()));
                }
                within.push(*v);
                let fields = program.variant(*v).cases.iter().flat_map(|c| &c.fields);
                fields.clone().try_for_each(|(_, t)| visit(program, t, within))?;
                within.pop();
                Ok(())
            }
            _ => Ok(()),
        }
    }
    let mut fields = program.relations.iter().flat_map(|r| &r.fields);
    fields.try_for_each(|f| visit(program, &f.ty, &mut Vec::new()))
}

/// The schema of a program with these indexes; `indexes[relation][i]` is index `i` of the relation.
pub fn schema(program: &Program, indexes: &[Vec<ChosenIndex>]) -> schema::Schema {
    let deletes = deleted(program);
    let relations = program
        .relations
        .iter()
        .enumerate()
        .map(|(r, relation)| {
            let field = |f: &tenon_core::ir::FieldId| schema::FieldId(f.0);
            let part = |f: &tenon_core::ir::FieldId| schema::KeyPart::Field(schema::FieldId(f.0));
            let fields = relation
                .fields
                .iter()
                .enumerate()
                .map(|(i, f)| {
                    let mut out = schema::Field::new(f.name.clone(), data_type(program, &f.ty));
                    out.default = f.initial.clone();
                    out.derived = f.derived.clone();
                    if relation.key == [tenon_core::ir::FieldId(i as u32)] {
                        out.generated = match relation.generated {
                            Generated::No => None,
                            Generated::Id => Some(schema::Generated::Id),
                            Generated::Serial => Some(schema::Generated::Serial),
                        };
                    }
                    out
                })
                .collect();
            let references = relation
                .fields
                .iter()
                .enumerate()
                .filter_map(|(i, f)| {
                    let Type::Ref(target) = f.ty.present() else { return None };
                    let on_delete = match f.on_delete {
                        OnDelete::Restrict => schema::OnDelete::Restrict,
                        OnDelete::Clear => schema::OnDelete::Clear,
                    };
                    Some(schema::Reference {
                        field: schema::FieldId(i as u32),
                        target: schema::RelationId(target.0),
                        on_delete,
                    })
                })
                .collect();
            let uniques = relation
                .uniques
                .iter()
                .map(|u| schema::Unique {
                    parts: u.fields.iter().map(part).collect(),
                    where_present: if u.skip_none {
                        let optional = |f: &&tenon_core::ir::FieldId| matches!(relation.field(**f).ty, Type::Option(_));
                        u.fields.iter().filter(optional).map(field).collect()
                    } else {
                        Vec::new()
                    },
                })
                .collect();
            let indexes = indexes
                .get(r)
                .map(|of| {
                    of.iter()
                        .map(|i| schema::Index {
                            parts: i
                                .shape
                                .parts
                                .iter()
                                .map(|(f, descending)| schema::IndexPart { part: part(f), descending: *descending })
                                .collect(),
                            kind: if i.shape.ordered { schema::IndexKind::Ordered } else { schema::IndexKind::Hash },
                        })
                        .collect()
                })
                .unwrap_or_default();
            schema::Relation {
                name: relation.name.clone(),
                fields,
                key: relation.key.iter().map(field).collect(),
                uniques,
                references,
                indexes,
                deletes: deletes[r],
            }
        })
        .collect();
    schema::Schema { relations }
}

/// Which relations the program ever deletes from.
fn deleted(program: &Program) -> Vec<bool> {
    use tenon_core::ir::{Command, Stmt};
    fn visit(block: &[Stmt], out: &mut [bool]) {
        for stmt in block {
            match stmt {
                Stmt::Do(_, Command::Delete { relation, .. }, _) => out[relation.index()] = true,
                Stmt::If(_, a, b) => {
                    visit(a, out);
                    visit(b, out);
                }
                Stmt::Loop(b) | Stmt::ForEach(_, _, b) => visit(b, out),
                _ => {}
            }
        }
    }
    let mut out = vec![false; program.relations.len()];
    for function in &program.functions {
        visit(&function.body, &mut out);
    }
    out
}

/// The stored form of a type.
pub fn data_type(program: &Program, ty: &Type) -> schema::DataType {
    use schema::DataType as D;
    let inner = |t: &Type| Box::new(data_type(program, t));
    match ty {
        Type::Unit => D::Record(Vec::new()),
        Type::Bool => D::Bool,
        Type::Int => D::Int,
        Type::Decimal(s) => D::Decimal(*s),
        Type::Float => D::Float,
        Type::Text => D::Text,
        Type::Bytes => D::Bytes,
        Type::Json => D::Json,
        Type::Instant => D::Instant,
        Type::DateTime => D::DateTime,
        Type::Date => D::Date,
        Type::Time => D::Time,
        Type::Duration => D::Duration,
        Type::Id => D::Id,
        Type::Uuid => D::Uuid,
        Type::Option(t) => D::Option(inner(t)),
        Type::List(t) => D::List(inner(t)),
        Type::Bag(t) => D::Bag(inner(t)),
        Type::Set(t) => D::Set(inner(t)),
        Type::Map(k, v) => D::Map(inner(k), inner(v)),
        Type::Record(r) => D::Record(
            r.fields
                .iter()
                .map(|(name, t)| schema::NamedType { name: name.clone(), ty: data_type(program, t) })
                .collect(),
        ),
        Type::Variant(v) => D::Variant(
            program
                .variant(*v)
                .cases
                .iter()
                .map(|c| schema::Case {
                    name: c.name.clone(),
                    fields: c
                        .fields
                        .iter()
                        .map(|(name, t)| schema::NamedType { name: name.clone(), ty: data_type(program, t) })
                        .collect(),
                })
                .collect(),
        ),
        // A row is stored as the reference to it.
        Type::Ref(r) | Type::Row(r) => D::Ref(schema::RelationId(r.0)),
    }
}
