//! Expressions that are constants in so many words, as values: defaults that old rows get, and those that a decoder supplies.

use super::Lowering;
use super::source::BodyPart;
use crate::ir::Type;
use tenon_check::ty::Ty;
use tenon_check::typed::{Conversion, Expr, ExprKind};
use tenon_value::Value;
use tenon_value::decimal;

/// How deep constants are looked into.
const DEPTH: u32 = 64;

impl Lowering<'_> {
    /// The value of an expression that is a constant: literals, and records, cases, collections and names of such.
    pub(super) fn constant_value(&mut self, expr: &Expr) -> Option<Value> {
        self.constant(expr, DEPTH)
    }

    fn constant(&mut self, expr: &Expr, depth: u32) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        match &expr.kind {
            ExprKind::Literal(literal) => Some(super::expr::literal_value(literal, &self.stored_type(&expr.ty))),
            ExprKind::Negate(inner) => match self.constant(inner, depth)? {
                Value::Int(value) => Some(Value::Int(value.checked_neg()?)),
                Value::Decimal { unscaled, scale } => Some(Value::Decimal { unscaled: unscaled.checked_neg()?, scale }),
                Value::Float(value) => Some(Value::Float(-value)),
                Value::Duration(value) => Some(Value::Duration(value.checked_neg()?)),
                _ => None,
            },
            ExprKind::Const(symbol) => {
                let body = self.source.body(symbol, BodyPart::Code)?;
                self.constant(&body.value, depth)
            }
            ExprKind::FieldDefault(default) => {
                let body = self.source.body(&default.owner, BodyPart::RecordDefault(default.index))?;
                self.constant(&body.value, depth)
            }
            ExprKind::Block(stmts, Some(value)) if stmts.is_empty() => self.constant(value, depth),
            ExprKind::Convert(conversion, inner) => {
                let value = self.constant(inner, depth)?;
                converted(*conversion, value, &inner.ty, &expr.ty)
            }
            ExprKind::Record(given) => {
                let Type::Record(record) = self.stored_type(&expr.ty) else { return None };
                let mut fields = Vec::with_capacity(record.fields.len());
                for (name, _) in &record.fields {
                    let (_, value) = given.iter().find(|(given, _)| given == name)?;
                    fields.push(self.part(value, depth)?);
                }
                Some(Value::record(fields))
            }
            ExprKind::Variant(_, case, given) => {
                let Type::Variant(id) = self.stored_type(&expr.ty) else { return None };
                let tag = self.program.variant(id).cases.iter().position(|c| c.name == *case)?;
                let fields: Option<Vec<Value>> = given.iter().map(|value| self.part(value, depth)).collect();
                Some(Value::variant(tag as u32, fields?))
            }
            ExprKind::Collection(items) => {
                let values: Option<Vec<Value>> = items.iter().map(|item| self.constant(item, depth)).collect();
                let values = values?;
                match self.stored_type(&expr.ty) {
                    Type::List(_) => Some(Value::list(values)),
                    Type::Set(_) => Some(Value::set(values)),
                    Type::Map(..) if values.is_empty() => Some(Value::map(Vec::new())),
                    Type::Bag(_) if values.is_empty() => Some(Value::bag(values)),
                    _ => None,
                }
            }
            ExprKind::Map(pairs) => {
                let mut values = Vec::with_capacity(pairs.len());
                for (key, value) in pairs {
                    values.push((self.constant(key, depth)?, self.constant(value, depth)?));
                }
                Some(Value::map(values))
            }
            _ => None,
        }
    }

    /// A field of a record or case: one that may be absent lies in an option.
    fn part(&mut self, expr: &Expr, depth: u32) -> Option<Value> {
        match &expr.kind {
            ExprKind::Absent => Some(Value::None),
            ExprKind::PresentField(inner) => {
                let held = matches!(self.stored_type(&inner.ty), Type::Option(_));
                let value = self.constant(inner, depth)?;
                Some(Value::some(if held { Value::record([value]) } else { value }))
            }
            _ => self.constant(expr, depth),
        }
    }
}

fn converted(conversion: Conversion, value: Value, from: &Ty, to: &Ty) -> Option<Value> {
    match conversion {
        Conversion::Forget | Conversion::Unchecked | Conversion::Refine { checked: false } => Some(value),
        Conversion::Some => Some(Value::some(value)),
        Conversion::IntToDecimal | Conversion::WidenDecimal => {
            let Ty::Decimal(scale) = to.base() else { return None };
            let (unscaled, own) = match value {
                Value::Int(value) => (value, 0),
                Value::Decimal { unscaled, scale } => (unscaled, scale),
                _ => return None,
            };
            Some(Value::Decimal { unscaled: decimal::rescale_exact(unscaled, own, *scale)?, scale: *scale })
        }
        Conversion::Reshape => {
            let (Ty::Record(from), Ty::Record(to), Value::Record(values)) = (from.base(), to.base(), &value) else {
                return None;
            };
            let mut fields = Vec::with_capacity(to.fields.len());
            for field in &to.fields {
                let at = from.fields.iter().position(|own| own.name == field.name)?;
                let own = &from.fields[at];
                if own.ty.base() != field.ty.base() || own.absent != field.absent {
                    return None;
                }
                fields.push(values.get(at)?.clone());
            }
            Some(Value::record(fields))
        }
        _ => None,
    }
}
