//! Expressions.

use super::Run;
use super::machine::{Env, Machine, fault, malformed};
use crate::ir::*;
use smol_str::SmolStr;
use tenon_value::shape::MAX_NESTING;
use tenon_value::{Fault, Value};

impl<'a> Machine<'a> {
    /// The value of an expression. The match stands in parts, so that one level of it takes little of the stack.
    pub(super) fn expr(&mut self, expr: &'a Expr, env: &mut Env) -> Run<Value> {
        self.descend()?;
        match &expr.kind {
            ExprKind::Literal(value) => Ok(value.clone()),
            ExprKind::Var(var) => match &env[var.index()] {
                Some(value) => Ok(value.clone()),
                None => malformed("a variable is read before it is bound"),
            },
            ExprKind::None => Ok(Value::None),
            ExprKind::If(condition, then, otherwise) => {
                let branch = if self.bool(condition, env)? { then } else { otherwise };
                self.expr(branch, env)
            }
            ExprKind::Let(var, value, body) => {
                let value = self.expr(value, env)?;
                env[var.index()] = Some(value);
                self.expr(body, env)
            }
            ExprKind::And(left, right) => Ok(Value::Bool(self.bool(left, env)? && self.bool(right, env)?)),
            ExprKind::Or(left, right) => Ok(Value::Bool(self.bool(left, env)? || self.bool(right, env)?)),
            ExprKind::Field(of, index) => {
                let of = self.expr(of, env)?;
                field(&of, *index)
            }
            ExprKind::Some(of) => Ok(Value::some(self.expr(of, env)?)),
            ExprKind::IsSome(of) => Ok(Value::Bool(!self.expr(of, env)?.is_none())),
            ExprKind::Unwrap(of) => match self.expr(of, env)? {
                Value::Some(inner) => Ok(*inner),
                _ => malformed("an absent option is unwrapped"),
            },
            ExprKind::Prim(prim, operands, site) => self.prim_expr(*prim, operands, *site, &expr.ty, env),
            ExprKind::Call(function, arguments, site) => {
                self.place = *site;
                let arguments = self.exprs(arguments, env)?;
                self.call(*function, arguments)
            }
            ExprKind::Query(query, arguments) => {
                let arguments = self.exprs(arguments, env)?;
                self.query(*query, arguments, &expr.ty)
            }
            ExprKind::Follow(of) => {
                let of = self.expr(of, env)?;
                self.follow(&of)
            }
            ExprKind::RefOf(of) => match self.expr(of, env)? {
                Value::Row { relation, key, .. } => Ok(Value::Ref { relation, key }),
                _ => malformed("a row is expected"),
            },
            _ => self.composite(expr, env),
        }
    }

    /// Expressions that build values, or take variants apart.
    fn composite(&mut self, expr: &'a Expr, env: &mut Env) -> Run<Value> {
        match &expr.kind {
            ExprKind::Record(fields) => Ok(Value::record(self.exprs(fields, env)?)),
            ExprKind::Variant(tag, fields) => {
                let made = Value::variant(*tag, self.exprs(fields, env)?);
                // Comparing, showing and dropping a value walk through it by recursion, so no deeper one may come to be.
                let bounded = !matches!(expr.ty, Type::Variant(id) if self.recursive.get(id.index()) == Some(&true));
                if bounded || made.nests_within(MAX_NESTING) {
                    Ok(made)
                } else {
                    fault(Fault::RecursionTooDeep, self.place)
                }
            }
            ExprKind::IsCase(of, tag) => match self.expr(of, env)? {
                Value::Variant { tag: t, .. } => Ok(Value::Bool(t == *tag)),
                _ => malformed("a variant is expected"),
            },
            ExprKind::CaseField(of, tag, index) => match self.expr(of, env)? {
                Value::Variant { tag: t, fields } if t == *tag && fields.len() > *index as usize => {
                    Ok(fields[*index as usize].clone())
                }
                _ => malformed("a field of another case is read"),
            },
            ExprKind::Collection(elements) => {
                let elements = self.exprs(elements, env)?;
                self.collection(elements, &expr.ty)
            }
            ExprKind::Map(pairs) => {
                let mut out = Vec::with_capacity(pairs.len());
                for (key, value) in pairs {
                    out.push((self.expr(key, env)?, self.expr(value, env)?));
                }
                Ok(Value::map(out))
            }
            ExprKind::Range(from, to, included) => {
                let from = i128::from(self.int(from, env)?);
                let to = i128::from(self.int(to, env)?) + i128::from(*included);
                let length = (to - from).max(0);
                let Ok(length) = u64::try_from(length) else { return fault(Fault::MemoryExceeded, self.place) };
                self.burn(length)?;
                self.allocate(usize::try_from(length.saturating_mul(8)).unwrap_or(usize::MAX))?;
                // Both ends are Ints and the range is not empty, so every number of it is one.
                let numbers: Vec<Value> = (0..length).map(|n| Value::Int((from + i128::from(n)) as i64)).collect();
                Ok(Value::list(numbers))
            }
            _ => malformed("an unknown form of expression"),
        }
    }

    /// A collection of a type from its elements.
    pub(super) fn collection(&mut self, elements: Vec<Value>, ty: &Type) -> Run<Value> {
        self.allocate(elements.len().saturating_mul(std::mem::size_of::<Value>()))?;
        match ty {
            Type::List(_) => Ok(Value::list(elements)),
            Type::Bag(_) => Ok(Value::bag(elements)),
            Type::Set(_) => Ok(Value::set(elements)),
            _ => malformed("a collection has another type"),
        }
    }

    /// The row that a reference names, as it is now.
    pub(super) fn follow(&mut self, of: &Value) -> Run<Value> {
        match of {
            Value::Ref { relation, key } | Value::Row { relation, key, .. } => {
                match self.store.row(RelationId(*relation), key) {
                    Some(fields) => Ok(Value::Row { relation: *relation, key: key.clone(), fields }),
                    None => fault(Fault::RowDeleted, self.place),
                }
            }
            _ => malformed("a reference is expected"),
        }
    }

    fn prim_expr(&mut self, prim: Prim, operands: &'a [Expr], site: SiteId, ty: &Type, env: &mut Env) -> Run<Value> {
        if let (Prim::Guard(kind), [condition, value]) = (prim, operands) {
            if !self.bool(condition, env)? {
                return fault(kind.fault(), site);
            }
            return self.expr(value, env);
        }
        self.place = site;
        let values = self.exprs(operands, env)?;
        self.place = site;
        let types: Vec<&Type> = operands.iter().map(|operand| &operand.ty).collect();
        let value = match prim {
            Prim::Matches(regex) => match (self.patterns.get(regex.index()), values.first()) {
                (Some(Some(pattern)), Some(Value::Text(text))) => Value::Bool(pattern.matches(text)),
                _ => return malformed("a regular expression that does not compile"),
            },
            Prim::Builtin(number) => match super::builtin::call(self.program, number, &values, &types, ty) {
                Ok(value) => value,
                Err(f) => return fault(f, site),
            },
            prim => match super::prim::apply(self.program, prim, &values, &types, ty) {
                Ok(value) => value,
                Err(f) => return fault(f, site),
            },
        };
        self.allocate(size(&value))?;
        Ok(value)
    }

    /// The value of a Bool.
    pub(super) fn bool(&mut self, expr: &'a Expr, env: &mut Env) -> Run<bool> {
        match self.expr(expr, env)? {
            Value::Bool(b) => Ok(b),
            _ => malformed("a Bool is expected"),
        }
    }

    /// The value of an Int.
    pub(super) fn int(&mut self, expr: &'a Expr, env: &mut Env) -> Run<i64> {
        match self.expr(expr, env)? {
            Value::Int(n) => Ok(n),
            _ => malformed("an Int is expected"),
        }
    }

    /// The value of a Text.
    pub(super) fn text(&mut self, expr: &'a Expr, env: &mut Env) -> Run<SmolStr> {
        match self.expr(expr, env)? {
            Value::Text(text) => Ok(text),
            _ => malformed("a Text is expected"),
        }
    }
}

/// Field number `index` of a record or row.
fn field(of: &Value, index: u32) -> Run<Value> {
    match of {
        Value::Record(fields) | Value::Row { fields, .. } if fields.len() > index as usize => {
            Ok(fields[index as usize].clone())
        }
        _ => malformed("a field that is not there"),
    }
}

/// About how many bytes a fresh value takes beside the frame that holds it.
fn size(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::Bytes(octets) => octets.len(),
        Value::Json(text) => text.len(),
        Value::List(items) | Value::Bag(items) | Value::Set(items) => items.len() * std::mem::size_of::<Value>(),
        Value::Map(pairs) => pairs.len() * 2 * std::mem::size_of::<Value>(),
        _ => 0,
    }
}

/// A value of type `T` where `T?` is wanted: an option stays as it is.
pub(super) fn lift(value: Value, ty: &Type) -> Value {
    match ty {
        Type::Option(_) => value,
        _ => Value::some(value),
    }
}
