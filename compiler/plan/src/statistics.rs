//! What the planner knows of the data.

use std::collections::BTreeMap;

use tenon_core::ir::{FieldId, Program, RelationId, Type};
use tenon_value::Value;

/// The source of statistics: the image, or a plain table. Planning runs on a thread of its own.
pub trait Statistics: Sync {
    /// The number of rows of a relation.
    fn rows(&self, relation: RelationId) -> f64;
    /// What is known of the values of a field.
    fn field(&self, relation: RelationId, field: FieldId) -> FieldStatistics;
}

/// What is known of the values of a field.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct FieldStatistics {
    /// The number of distinct present values, at least roughly; 0 if unknown.
    pub distinct: f64,
    /// The share of rows without a value, 0 to 1.
    pub none: f64,
    /// The least present value.
    pub min: Option<Value>,
    /// The greatest present value.
    pub max: Option<Value>,
    /// The most common present values with their shares of all rows, the most common first.
    pub common: Vec<(Value, f64)>,
}

/// Statistics without data: every relation has as many rows, and types tell of distinct values.
pub struct Assumed<'p> {
    program: &'p Program,
}

/// The number of rows that an unknown relation is assumed to have.
pub const ASSUMED_ROWS: f64 = 10_000.0;

impl<'p> Assumed<'p> {
    /// For a program.
    pub fn new(program: &'p Program) -> Assumed<'p> {
        Assumed { program }
    }
}

impl Statistics for Assumed<'_> {
    fn rows(&self, _: RelationId) -> f64 {
        ASSUMED_ROWS
    }

    fn field(&self, relation: RelationId, field: FieldId) -> FieldStatistics {
        FieldStatistics {
            distinct: assumed_distinct(self.program, relation, field, ASSUMED_ROWS),
            none: assumed_none(self.program, relation, field),
            ..Default::default()
        }
    }
}

/// How many distinct values a field has, as far as its type and the keys tell.
pub fn assumed_distinct(program: &Program, relation: RelationId, field: FieldId, rows: f64) -> f64 {
    let r = program.relation(relation);
    let alone = r.key == [field] || r.uniques.iter().any(|u| u.fields == [field]);
    if alone {
        return rows;
    }
    match r.field(field).ty.present() {
        Type::Bool => 2.0,
        Type::Variant(v) => program.variant(*v).cases.len() as f64,
        _ => (rows / 10.0).max(1.0),
    }
}

/// The share of rows that an unknown optional field is assumed to have no value in.
pub const ASSUMED_NONE: f64 = 0.1;

/// The share of rows without a value in a field, as far as its type tells.
pub fn assumed_none(program: &Program, relation: RelationId, field: FieldId) -> f64 {
    match program.relation(relation).field(field).ty {
        Type::Option(_) => ASSUMED_NONE,
        _ => 0.0,
    }
}

/// Statistics as plain data.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Table {
    /// Rows per relation.
    pub rows: BTreeMap<RelationId, f64>,
    /// What is known of fields.
    pub fields: BTreeMap<(RelationId, FieldId), FieldStatistics>,
}

impl Statistics for Table {
    fn rows(&self, relation: RelationId) -> f64 {
        self.rows.get(&relation).copied().unwrap_or(ASSUMED_ROWS)
    }

    fn field(&self, relation: RelationId, field: FieldId) -> FieldStatistics {
        self.fields.get(&(relation, field)).cloned().unwrap_or_default()
    }
}

/// Estimates over statistics.
pub struct Estimates<'a> {
    /// The program.
    pub program: &'a Program,
    /// The data.
    pub statistics: &'a dyn Statistics,
    /// Variables of one value: the parameters of the query.
    pub constants: &'a [tenon_core::ir::VarId],
}

impl Estimates<'_> {
    /// Rows of a relation, at least one so that costs stay comparable.
    pub fn rows(&self, relation: RelationId) -> f64 {
        self.statistics.rows(relation).max(1.0)
    }

    /// What is known of a field, with assumptions where nothing is.
    pub fn field(&self, relation: RelationId, field: FieldId) -> FieldStatistics {
        let mut out = self.statistics.field(relation, field);
        if out.distinct < 1.0 {
            // Where no row has a value, that is known.
            if out.none == 0.0 {
                out.none = assumed_none(self.program, relation, field);
            }
            out.distinct = assumed_distinct(self.program, relation, field, self.rows(relation));
        }
        out
    }

    /// The number of distinct values of an expression, if it is a path to a field or a row.
    pub fn distinct(&self, expr: &tenon_core::ir::Expr) -> Option<f64> {
        use tenon_core::ir::ExprKind;
        match &expr.kind {
            ExprKind::Field(e, i) => match &e.ty {
                Type::Row(r) => Some(self.field(*r, FieldId(*i)).distinct),
                _ => None,
            },
            ExprKind::Var(v) if self.constants.contains(v) => None,
            ExprKind::RefOf(e) => self.distinct(e),
            _ => match &expr.ty {
                Type::Row(r) | Type::Ref(r) => Some(self.rows(*r)),
                Type::Bool => Some(2.0),
                _ => None,
            },
        }
    }

    /// The share of the rows of a relation that have some given value in a field.
    pub fn share(&self, relation: RelationId, field: FieldId, predicate: &tenon_core::ir::Expr) -> f64 {
        let literal =
            crate::expr::equality(predicate).is_some_and(|(a, b)| constant(a).is_some() || constant(b).is_some());
        if literal { self.selectivity(predicate) } else { 1.0 / self.field(relation, field).distinct.max(1.0) }
    }

    /// The share of rows on which a predicate is expected to hold.
    pub fn selectivity(&self, predicate: &tenon_core::ir::Expr) -> f64 {
        use tenon_core::ir::{ExprKind, Prim};
        match &predicate.kind {
            ExprKind::Literal(Value::Bool(b)) => f64::from(u8::from(*b)),
            ExprKind::And(a, b) => self.selectivity(a) * self.selectivity(b),
            ExprKind::Or(a, b) => {
                let (a, b) = (self.selectivity(a), self.selectivity(b));
                a + b - a * b
            }
            ExprKind::IsSome(e) => 1.0 - self.of_field(e).map_or(ASSUMED_NONE, |f| f.none),
            ExprKind::IsCase(e, tag) => match self.of_field(e) {
                Some(f) => {
                    let known = f.common.iter().find(|(v, _)| matches!(v, Value::Variant { tag: t, .. } if t == tag));
                    known.map_or(1.0 / f.distinct.max(1.0), |(_, share)| *share)
                }
                None => 0.3,
            },
            ExprKind::Prim(Prim::Not, args, _) => args.first().map_or(0.5, |a| 1.0 - self.selectivity(a)),
            ExprKind::Prim(Prim::Eq, args, _) => self.equal(args),
            ExprKind::Prim(Prim::Ne, args, _) => 1.0 - self.equal(args),
            ExprKind::Prim(prim @ (Prim::Lt | Prim::Le | Prim::Gt | Prim::Ge), args, _) => self.compare(*prim, args),
            ExprKind::Prim(Prim::Contains, args, _) => match args.as_slice() {
                [x, c] => {
                    let n = match &c.kind {
                        ExprKind::Collection(es) => es.len() as f64,
                        ExprKind::Literal(Value::List(vs) | Value::Set(vs) | Value::Bag(vs)) => vs.len() as f64,
                        _ => 3.0,
                    };
                    (n / self.distinct(x).unwrap_or(10.0).max(1.0)).min(1.0)
                }
                _ => 0.25,
            },
            ExprKind::Field(..) | ExprKind::Var(_) => match self.of_field(predicate) {
                Some(f) => share_of(&f, &Value::Bool(true)).unwrap_or(0.5),
                None => 0.5,
            },
            _ => 0.25,
        }
    }

    fn of_field(&self, expr: &tenon_core::ir::Expr) -> Option<FieldStatistics> {
        match &expr.kind {
            tenon_core::ir::ExprKind::Field(e, i) => match &e.ty {
                Type::Row(r) => Some(self.field(*r, FieldId(*i))),
                _ => None,
            },
            _ => None,
        }
    }

    fn equal(&self, args: &[tenon_core::ir::Expr]) -> f64 {
        let [a, b] = args else { return 0.1 };
        for (x, y) in [(a, b), (b, a)] {
            if let (Some(f), Some(value)) = (self.of_field(x), constant(y)) {
                if value == Value::None {
                    return f.none;
                }
                let value = match value {
                    Value::Some(inner) => *inner,
                    value => value,
                };
                return match share_of(&f, &value) {
                    Some(share) => share,
                    None => {
                        let common: f64 = f.common.iter().map(|(_, s)| s).sum();
                        let rest = (f.distinct - f.common.len() as f64).max(1.0);
                        ((1.0 - f.none - common).max(0.0) / rest).max(1e-9)
                    }
                };
            }
        }
        let distinct = match (self.distinct(a), self.distinct(b)) {
            (Some(a), Some(b)) => a.max(b),
            (Some(n), None) | (None, Some(n)) => n,
            (None, None) => 10.0,
        };
        1.0 / distinct.max(1.0)
    }

    fn compare(&self, prim: tenon_core::ir::Prim, args: &[tenon_core::ir::Expr]) -> f64 {
        use tenon_core::ir::Prim;
        let [a, b] = args else { return 0.33 };
        let below = matches!(prim, Prim::Lt | Prim::Le);
        for (x, y, below) in [(a, b, below), (b, a, !below)] {
            if let (Some(f), Some(value)) = (self.of_field(x), constant(y))
                && let (Some(min), Some(max), Some(value)) =
                    (f.min.as_ref().and_then(number), f.max.as_ref().and_then(number), number(&value))
                && max > min
            {
                let share = ((value - min) / (max - min)).clamp(0.0, 1.0);
                let share = if below { share } else { 1.0 - share };
                return (share * (1.0 - f.none)).clamp(1e-6, 1.0);
            }
        }
        1.0 / 3.0
    }
}

fn share_of(f: &FieldStatistics, value: &Value) -> Option<f64> {
    f.common.iter().find(|(v, _)| v == value).map(|(_, share)| *share)
}

/// The value of a constant expression.
fn constant(expr: &tenon_core::ir::Expr) -> Option<Value> {
    use tenon_core::ir::ExprKind;
    match &expr.kind {
        ExprKind::Literal(v) => Some(v.clone()),
        ExprKind::None => Some(Value::None),
        ExprKind::Some(e) => constant(e).map(Value::some),
        ExprKind::Variant(tag, fields) if fields.is_empty() => Some(Value::variant(*tag, Vec::new())),
        _ => None,
    }
}

/// The place of a value on the number line, for interpolation.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(n) | Value::Instant(n) | Value::DateTime(n) | Value::Time(n) | Value::Duration(n) => Some(*n as f64),
        Value::Decimal { unscaled, scale } => Some(*unscaled as f64 / 10f64.powi(i32::from(*scale))),
        Value::Float(x) => Some(*x),
        Value::Date(d) => Some(f64::from(*d)),
        Value::Some(inner) => number(inner),
        _ => None,
    }
}
