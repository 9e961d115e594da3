//! What the parts of an expression say about its type.
//!
//! One function serves three readers: the text form (which writes a type only where the parts do not determine
//! it), its parser, and the verifier.

use crate::ir::{AggregateFn, Expr, ExprKind, Prim, Program, RecordType, Type, VarInfo};
use std::sync::Arc;
use tenon_value::Value;

/// What the types of a node depend on: the program's tables and the variables in sight.
#[derive(Clone, Copy)]
pub struct Typing<'a> {
    /// The program.
    pub program: &'a Program,
    /// The variables of the function or query.
    pub vars: &'a [VarInfo],
}

impl Typing<'_> {
    /// The type of a node of this form, where its parts determine it. Parts that do not fit yield `None`.
    pub fn of(&self, kind: &ExprKind) -> Option<Type> {
        Some(match kind {
            ExprKind::Literal(value) => of_scalar(value)?,
            ExprKind::Var(var) => self.vars.get(var.index())?.ty.clone(),
            ExprKind::Field(of, index) => self.field(&of.ty, *index)?.1.clone(),
            ExprKind::Record(_) | ExprKind::None | ExprKind::Query(..) => return None,
            // The case tells a tag, not which variant type it is of.
            ExprKind::Variant(..) => return None,
            ExprKind::IsCase(..) | ExprKind::IsSome(_) | ExprKind::And(..) | ExprKind::Or(..) => Type::Bool,
            ExprKind::CaseField(of, tag, index) => {
                let Type::Variant(variant) = &of.ty else { return None };
                let case = self.program.variants.get(variant.index())?.cases.get(*tag as usize)?;
                case.fields.get(*index as usize)?.1.clone()
            }
            ExprKind::Some(of) => Type::Option(Arc::new(of.ty.clone())),
            ExprKind::Unwrap(of) => match &of.ty {
                Type::Option(inner) => (**inner).clone(),
                _ => return None,
            },
            ExprKind::Collection(elements) => Type::list(elements.first()?.ty.clone()),
            ExprKind::Map(pairs) => {
                let (key, value) = pairs.first()?;
                Type::Map(Arc::new(key.ty.clone()), Arc::new(value.ty.clone()))
            }
            ExprKind::Range(..) => Type::list(Type::Int),
            ExprKind::If(_, then, _) => then.ty.clone(),
            ExprKind::Let(_, _, body) => body.ty.clone(),
            ExprKind::Prim(prim, operands, _) => {
                let types: Vec<&Type> = operands.iter().map(|e| &e.ty).collect();
                prim_result(*prim, &types)?
            }
            ExprKind::Call(function, ..) => self.program.functions.get(function.index())?.result.clone(),
            ExprKind::Follow(of) => match &of.ty {
                Type::Ref(relation) => Type::Row(*relation),
                _ => return None,
            },
            ExprKind::RefOf(of) => match &of.ty {
                Type::Row(relation) => Type::Ref(*relation),
                _ => return None,
            },
        })
    }

    /// Name and type of field number `index` of a record or of a row.
    pub fn field<'b>(&'b self, of: &'b Type, index: u32) -> Option<(&'b str, &'b Type)> {
        match of {
            Type::Record(record) => record.fields.get(index as usize).map(|(name, ty)| (name.as_str(), ty)),
            Type::Row(relation) => {
                let field = self.program.relations.get(relation.index())?.fields.get(index as usize)?;
                Some((field.name.as_str(), &field.ty))
            }
            _ => None,
        }
    }

    /// Numbers of the fields of a record or row that have this name.
    pub fn field_named(&self, of: &Type, name: &str) -> Option<u32> {
        let at = match of {
            Type::Record(record) => record.fields.iter().position(|(n, _)| n == name),
            Type::Row(relation) => {
                self.program.relations.get(relation.index())?.fields.iter().position(|f| f.name == name)
            }
            _ => None,
        };
        at.map(|index| index as u32)
    }
}

/// The record type of these names over these expressions.
pub fn record_of(names: Vec<crate::ir::Name>, fields: &[Expr]) -> Type {
    let fields = names.into_iter().zip(fields.iter().map(|e| e.ty.clone())).collect();
    Type::Record(Arc::new(RecordType { fields }))
}

/// The type of a constant that tells its type by itself.
fn of_scalar(value: &Value) -> Option<Type> {
    Some(match value {
        Value::Bool(_) => Type::Bool,
        Value::Int(_) => Type::Int,
        Value::Decimal { scale, .. } => Type::Decimal(*scale),
        Value::Float(_) => Type::Float,
        Value::Text(_) => Type::Text,
        Value::Bytes(_) => Type::Bytes,
        Value::Instant(_) => Type::Instant,
        Value::DateTime(_) => Type::DateTime,
        Value::Date(_) => Type::Date,
        Value::Time(_) => Type::Time,
        Value::Duration(_) => Type::Duration,
        Value::Id(_) => Type::Id,
        Value::Uuid(_) => Type::Uuid,
        Value::Json(_) => Type::Json,
        _ => return None,
    })
}

/// Whether a type is a moment on a line: what a Duration can be added to.
fn is_time_point(ty: &Type) -> bool {
    matches!(ty, Type::Instant | Type::DateTime)
}

/// The type of a primitive's result, where its operands fit and determine it. [`Prim::Rescale`],
/// [`Prim::DivDecimal`], [`Prim::IntToDecimal`], [`Prim::ToMap`], [`Prim::Entries`], [`Prim::TagOf`] and library functions are
/// not determined by their operands; see [`prim_accepts`].
pub fn prim_result(prim: Prim, operands: &[&Type]) -> Option<Type> {
    use Prim::*;
    let arity = |n: usize| operands.len() == n;
    let all = |ty: Type| (operands.iter().all(|o| **o == ty)).then_some(ty);
    let same = || arity(2) && operands[0] == operands[1];
    match prim {
        Not => all(Type::Bool).filter(|_| arity(1)),
        Eq | Ne | Lt | Le | Gt | Ge => same().then_some(Type::Bool),
        AddInt | SubInt | MulInt | DivInt | ModInt => all(Type::Int).filter(|_| arity(2)),
        NegInt | AbsInt => all(Type::Int).filter(|_| arity(1)),
        AddDecimal | SubDecimal => match operands {
            [Type::Decimal(a), Type::Decimal(b)] if a == b => Some(Type::Decimal(*a)),
            _ => None,
        },
        MulDecimal => match operands {
            [Type::Decimal(a), Type::Decimal(b)] => a.checked_add(*b).map(Type::Decimal),
            _ => None,
        },
        NegDecimal | AbsDecimal => match operands {
            [Type::Decimal(a)] => Some(Type::Decimal(*a)),
            _ => None,
        },
        DivDecimal | Rescale | IntToDecimal | ToMap | Entries | TagOf | Builtin(_) => None,
        AddFloat | SubFloat | MulFloat | DivFloat => all(Type::Float).filter(|_| arity(2)),
        NegFloat | AbsFloat => all(Type::Float).filter(|_| arity(1)),
        IntToFloat => matches!(operands, [Type::Int]).then_some(Type::Float),
        AddDuration | SubDuration => match operands {
            [point, Type::Duration] if is_time_point(point) => Some((*point).clone()),
            _ => None,
        },
        Elapsed => (same() && (is_time_point(operands[0]) || *operands[0] == Type::Date)).then_some(Type::Duration),
        AddDurations | SubDurations => all(Type::Duration).filter(|_| arity(2)),
        ScaleDuration => matches!(operands, [Type::Duration, Type::Int]).then_some(Type::Duration),
        NegDuration => all(Type::Duration).filter(|_| arity(1)),
        Concat => all(Type::Text),
        ToText => arity(1).then_some(Type::Text),
        Matches(_) => matches!(operands, [Type::Text]).then_some(Type::Bool),
        Contains => match operands {
            [element, Type::List(of) | Type::Bag(of) | Type::Set(of) | Type::Map(of, _)] if **element == **of => {
                Some(Type::Bool)
            }
            _ => None,
        },
        Length => match operands {
            [Type::List(_) | Type::Bag(_) | Type::Set(_) | Type::Map(..) | Type::Text | Type::Bytes] => Some(Type::Int),
            _ => None,
        },
        ElementAt => match operands {
            [Type::List(of), Type::Int] => Some((**of).clone().optional()),
            _ => None,
        },
        ValueAt => match operands {
            [Type::Map(key, value), k] if **key == **k => Some((**value).clone().optional()),
            _ => None,
        },
        Append => {
            let collection = |ty: &Type| ty.element().is_some() || matches!(ty, Type::Map(..));
            (same() && collection(operands[0])).then(|| operands[0].clone())
        }
        ToSet => match operands {
            [Type::List(of) | Type::Bag(of)] => Some(Type::Set(of.clone())),
            _ => None,
        },
        ToList => match operands {
            [Type::Set(of) | Type::Bag(of)] => Some(Type::List(of.clone())),
            _ => None,
        },
        ToBag => match operands {
            [Type::List(of) | Type::Set(of)] => Some(Type::Bag(of.clone())),
            _ => None,
        },
        Guard(_) => match operands {
            [Type::Bool, value] => Some((*value).clone()),
            _ => None,
        },
        DivDuration => matches!(operands, [Type::Duration, Type::Int]).then_some(Type::Duration),
    }
}

/// Whether a primitive may yield this type from these operands.
pub fn prim_accepts(program: &Program, prim: Prim, operands: &[&Type], result: &Type) -> bool {
    use Prim::*;
    /// The key and value types of a list of pairs.
    fn pairs(ty: &Type) -> Option<(&Type, &Type)> {
        match ty.element()? {
            Type::Record(record) => match record.fields.as_slice() {
                [(_, key), (_, value)] => Some((key, value)),
                _ => None,
            },
            _ => None,
        }
    }
    match (prim, operands, result) {
        (DivDecimal, [Type::Decimal(_), Type::Decimal(_)], Type::Decimal(_)) => true,
        (Rescale, [Type::Decimal(_)], Type::Decimal(_)) => true,
        (IntToDecimal, [Type::Int], Type::Decimal(_)) => true,
        (ToMap, [of @ (Type::List(_) | Type::Bag(_))], Type::Map(key, value)) => {
            pairs(of) == Some((key.as_ref(), value.as_ref()))
        }
        (Entries, [Type::Map(key, value)], of @ Type::List(_)) => pairs(of) == Some((key.as_ref(), value.as_ref())),
        (TagOf, [Type::Variant(of)], Type::Variant(tag)) => {
            match (program.variants.get(of.index()), program.variants.get(tag.index())) {
                (Some(of), Some(tag)) => {
                    of.cases.len() == tag.cases.len()
                        && of.cases.iter().zip(&tag.cases).all(|(a, b)| a.name == b.name)
                        && tag.cases.iter().all(|case| case.fields.is_empty())
                }
                _ => false,
            }
        }
        (Builtin(_), ..) => true,
        _ => prim_result(prim, operands).as_ref() == Some(result),
    }
}

/// Whether an aggregate may yield this type over values of this type (`None`: it has no argument). The argument
/// is given with its option, which the aggregate skips.
pub fn aggregate_accepts(function: AggregateFn, argument: Option<&Type>, result: &Type) -> bool {
    use AggregateFn::*;
    let present = argument.map(Type::present);
    let number = |ty: &Type| matches!(ty, Type::Int | Type::Decimal(_) | Type::Float | Type::Duration);
    match function {
        Count => argument.is_none() && *result == Type::Int,
        CountDistinct => argument.is_some() && *result == Type::Int,
        Any | All => present == Some(&Type::Bool) && *result == Type::Bool,
        Sum | SumDistinct => present.is_some_and(|ty| number(ty) && ty == result),
        Avg | AvgDistinct => matches!(
            (present, result.present()),
            (Some(Type::Int | Type::Decimal(_)), Type::Decimal(_))
                | (Some(Type::Float), Type::Float)
                | (Some(Type::Duration), Type::Duration)
        ),
        Min | Max | Percentile(_) => present == Some(result.present()),
        First => present == Some(result.present()) && matches!(result, Type::Option(_)),
        List | ListDistinct => match result {
            Type::List(of) | Type::Bag(of) | Type::Set(of) => present == Some(of),
            _ => false,
        },
        StdDev => present.is_some_and(number) && *result.present() == Type::Float,
    }
}

/// The type of a command's result; `None` for a command without one.
pub fn command_result(program: &Program, command: &crate::ir::Command) -> Option<Type> {
    use crate::ir::Command::*;
    Some(match command {
        Call(function, _) => match &program.functions.get(function.index())?.result {
            Type::Unit => return None,
            ty => ty.clone(),
        },
        Lookup { relation, .. } => Type::Row(*relation).optional(),
        Insert { relation, .. } | Update { relation, .. } => Type::Row(*relation),
        Delete { .. } | Log(_) => return None,
        Now => Type::Instant,
        NewId => Type::Id,
        NewUuid => Type::Uuid,
        RandomFloat => Type::Float,
        RandomInt(..) | Serial(_) => Type::Int,
        RandomText(_) => Type::Text,
    })
}

/// Whether a value is one of a type. A reference need not lead to a row.
pub fn is_of(program: &Program, value: &Value, ty: &Type) -> bool {
    match (value, ty) {
        (Value::Bool(_), Type::Bool)
        | (Value::Int(_), Type::Int)
        | (Value::Float(_), Type::Float)
        | (Value::Text(_), Type::Text)
        | (Value::Bytes(_), Type::Bytes)
        | (Value::Instant(_), Type::Instant)
        | (Value::DateTime(_), Type::DateTime)
        | (Value::Date(_), Type::Date)
        | (Value::Time(_), Type::Time)
        | (Value::Duration(_), Type::Duration)
        | (Value::Id(_), Type::Id)
        | (Value::Uuid(_), Type::Uuid)
        | (Value::Json(_), Type::Json)
        | (Value::None, Type::Option(_)) => true,
        (Value::Decimal { scale, .. }, Type::Decimal(s)) => scale == s,
        (Value::Some(value), Type::Option(ty)) => is_of(program, value, ty),
        (Value::List(items), Type::List(ty))
        | (Value::Bag(items), Type::Bag(ty))
        | (Value::Set(items), Type::Set(ty)) => items.iter().all(|item| is_of(program, item, ty)),
        (Value::Map(pairs), Type::Map(key, value)) => {
            pairs.iter().all(|(k, v)| is_of(program, k, key) && is_of(program, v, value))
        }
        (Value::Record(fields), Type::Unit) => fields.is_empty(),
        (Value::Record(fields), Type::Record(record)) => {
            fields.len() == record.fields.len()
                && fields.iter().zip(&record.fields).all(|(field, (_, ty))| is_of(program, field, ty))
        }
        (Value::Variant { tag, fields }, Type::Variant(id)) => {
            match program.variants.get(id.index()).and_then(|v| v.cases.get(*tag as usize)) {
                Some(case) => {
                    fields.len() == case.fields.len()
                        && fields.iter().zip(&case.fields).all(|(field, (_, ty))| is_of(program, field, ty))
                }
                None => false,
            }
        }
        (Value::Ref { relation, key }, Type::Ref(id)) => *relation == id.0 && is_key(program, *id, key),
        (Value::Row { relation, key, fields }, Type::Row(id)) => {
            let table = program.relation(*id);
            *relation == id.0
                && is_key(program, *id, key)
                && fields.len() == table.fields.len()
                && fields.iter().zip(&table.fields).all(|(field, info)| is_of(program, field, &info.ty))
        }
        _ => false,
    }
}

/// Whether a value can be a key of a relation.
fn is_key(program: &Program, id: crate::ir::RelationId, key: &Value) -> bool {
    let Some(relation) = program.relations.get(id.index()) else { return false };
    match (relation.key.as_slice(), key) {
        ([field], key) => is_of(program, key, &relation.field(*field).ty),
        (several, Value::Record(parts)) => {
            several.len() == parts.len()
                && several
                    .iter()
                    .zip(parts.iter())
                    .all(|(field, part)| is_of(program, part, &relation.field(*field).ty))
        }
        _ => false,
    }
}
