//! What the image knows of its data, as the planner asks for it.

use std::collections::BTreeMap;
use tenon_core::ir::{FieldId, Program, RelationId};
use tenon_plan::statistics::{FieldStatistics, Statistics, assumed_distinct};
use tenon_store::image::Image;
use tenon_store::statistics::{ColumnStatistics, RelationStatistics, float_of_ordinal};
use tenon_value::Value;
use tenon_value::schema::{DataType, Schema};

/// A relation that has no rows yet will have some by the time its plans run.
const FEWEST_ROWS: f64 = 1_000.0;

/// The statistics of an image at one moment.
pub struct Real<'p> {
    program: &'p Program,
    relations: Vec<f64>,
    fields: BTreeMap<(u32, u32), FieldStatistics>,
}

impl<'p> Real<'p> {
    /// Reads the statistics of an image of the program's schema; `None` where nothing is stored yet.
    pub fn read(program: &'p Program, schema: &Schema, image: &Image) -> Option<Real<'p>> {
        let statistics = image.statistics();
        if statistics.iter().all(|relation| relation.rows == 0) {
            return None;
        }
        let mut fields = BTreeMap::new();
        for (number, (relation, known)) in schema.relations.iter().zip(&statistics).enumerate() {
            let mut column = 0;
            for (field, description) in relation.fields.iter().enumerate() {
                if known.rows > 0 {
                    fields.insert((number as u32, field as u32), field_statistics(&description.ty, known, column));
                }
                column += columns(&description.ty);
            }
        }
        let relations = statistics.iter().map(|relation| relation.rows as f64).collect();
        Some(Real { program, relations, fields })
    }
}

impl Statistics for Real<'_> {
    fn rows(&self, relation: RelationId) -> f64 {
        self.relations.get(relation.index()).copied().unwrap_or(0.0).max(FEWEST_ROWS)
    }

    fn field(&self, relation: RelationId, field: FieldId) -> FieldStatistics {
        self.fields.get(&(relation.0, field.0)).cloned().unwrap_or_else(|| FieldStatistics {
            distinct: assumed_distinct(self.program, relation, field, self.rows(relation)),
            ..FieldStatistics::default()
        })
    }
}

/// The number of columns that a type has in the image.
fn columns(ty: &DataType) -> usize {
    match ty {
        DataType::Option(inner) => 1 + columns(inner),
        DataType::Record(fields) => fields.iter().map(|field| columns(&field.ty)).sum(),
        DataType::Variant(cases) => {
            1 + cases.iter().flat_map(|case| &case.fields).map(|field| columns(&field.ty)).sum::<usize>()
        }
        _ => 1,
    }
}

fn field_statistics(ty: &DataType, relation: &RelationStatistics, column: usize) -> FieldStatistics {
    let (ty, column, none) = match ty {
        DataType::Option(inner) => (&**inner, column + 1, absent(relation.columns.get(column))),
        ty => (ty, column, 0.0),
    };
    let Some(known) = relation.columns.get(column) else { return FieldStatistics::default() };
    FieldStatistics {
        distinct: known.distinct,
        none,
        min: known.min.and_then(|n| value(ty, n)),
        max: known.max.and_then(|n| value(ty, n)),
        common: known.common.iter().filter_map(|c| Some((value(ty, c.value?)?, c.fraction))).collect(),
    }
}

/// The share of rows without a value, by the column that tells presence.
fn absent(presence: Option<&ColumnStatistics>) -> f64 {
    let Some(presence) = presence else { return 0.0 };
    match presence.common.iter().find(|c| c.value == Some(0)) {
        Some(common) => common.fraction,
        None if presence.max == Some(0) => 1.0,
        None => 0.0,
    }
}

/// The value that an ordinal stands for, where the type has ordinals.
fn value(ty: &DataType, ordinal: i64) -> Option<Value> {
    Some(match ty {
        DataType::Bool => Value::Bool(ordinal != 0),
        DataType::Int => Value::Int(ordinal),
        DataType::Decimal(scale) => Value::Decimal { unscaled: ordinal, scale: *scale },
        DataType::Float => Value::Float(float_of_ordinal(ordinal)),
        DataType::Instant => Value::Instant(ordinal),
        DataType::DateTime => Value::DateTime(ordinal),
        DataType::Date => Value::Date(i32::try_from(ordinal).ok()?),
        DataType::Time => Value::Time(ordinal),
        DataType::Duration => Value::Duration(ordinal),
        _ => return None,
    })
}
