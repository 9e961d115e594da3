//! Expressions.

use super::scope::{
    Binding, Closure, Scope, and, bool_literal, compare, int_literal, is_some, none, not, or, some, text_literal, unit,
    unwrap,
};
use super::source::BodyPart;
use super::types::absentable;
use crate::ir::{CheckKind, Expr, ExprKind, FieldId, Prim, RelationId, Type};
use std::rc::Rc;
use tenon_check::ty::{RuleRef, Symbol, Ty};
use tenon_check::typed::{self, Conversion, ExprKind as T, Literal, TextPart};
use tenon_span::Range;
use tenon_value::Value;

impl Scope<'_, '_> {
    /// Lowers an expression. Rows may come as references; see the module documentation of lowering.
    pub fn expr(&mut self, expr: &typed::Expr) -> Expr {
        let range = expr.range;
        match &expr.kind {
            T::Error => {
                let ty = self.ty(&expr.ty);
                self.unsupported(range, "this did not check", &ty)
            }
            T::Literal(literal) => self.literal(literal, &expr.ty),
            T::Interpolate(parts) => self.interpolate(parts),
            T::Local(local) => self.read_local(*local, range),
            T::Const(symbol) => self.constant(symbol, range),
            T::RecordField(base, name) => {
                let base = self.expr(base);
                self.record_field(base, name, &expr.ty)
            }
            T::StoredField(base, name) => self.stored_field(base, name, range),
            T::ComputedField(base, name) => self.computed_field(base, name, range),
            T::Inverse { .. } | T::Rows(_) | T::Query(_) => self.query_expr(expr),
            T::Record(fields) => self.record(fields, &expr.ty),
            T::Absent => {
                let ty = self.ty(&expr.ty);
                none(absentable(ty))
            }
            T::PresentField(value) => {
                let value = self.expr(value);
                some(present_field(value))
            }
            T::Has(base, name) => {
                let base = self.expr(base);
                match self.raw_field(base, name) {
                    Some(field) => is_some(field),
                    None => bool_literal(false),
                }
            }
            T::Variant(_, case, fields) => self.variant(case, fields, &expr.ty),
            T::CaseField(base, case, field) => {
                let base = self.expr(base);
                let base = self.assert_case(base, case, range);
                self.case_field(base, case, field)
            }
            T::TagOf(value) => {
                let value = self.expr(value);
                let ty = self.ty(&expr.ty);
                Expr::new(ExprKind::Prim(Prim::TagOf, vec![value], crate::ir::SiteId(0)), ty)
            }
            T::Collection(items) => {
                let ty = self.ty(&expr.ty);
                let refs: Vec<_> = items.iter().collect();
                let values = self.all(&refs);
                let element = ty.element().cloned().unwrap_or(Type::Unit);
                let values = self.coerce_all(values, &element);
                Expr::new(ExprKind::Collection(values), ty)
            }
            T::Map(pairs) => {
                let ty = self.ty(&expr.ty);
                let refs: Vec<_> = pairs.iter().flat_map(|(k, v)| [k, v]).collect();
                let mut values = self.all(&refs).into_iter();
                let mut entries = Vec::new();
                while let (Some(k), Some(v)) = (values.next(), values.next()) {
                    entries.push((k, v));
                }
                Expr::new(ExprKind::Map(entries), ty)
            }
            T::Range(low, high, inclusive) => {
                let mut ends = self.all(&[low, high]);
                let high = ends.pop().unwrap_or_else(|| int_literal(0));
                let low = ends.pop().unwrap_or_else(|| int_literal(0));
                Expr::new(ExprKind::Range(Box::new(low), Box::new(high), *inclusive), Type::list(Type::Int))
            }
            T::InRange(value, low, high, inclusive) => {
                let mut values = self.all(&[value, low, high]).into_iter();
                let (Some(value), Some(low), Some(high)) = (values.next(), values.next(), values.next()) else {
                    return bool_literal(false);
                };
                let value = self.name(value);
                let upper = if *inclusive { Prim::Le } else { Prim::Lt };
                and(compare(Prim::Ge, value.clone(), low), compare(upper, value, high))
            }
            T::FieldDefault(rule) => self.record_default(rule, &expr.ty),
            T::MayBecome { relation, field, from, to } => {
                let mut values = self.all(&[from, to]).into_iter();
                let (Some(from), Some(to)) = (values.next(), values.next()) else { return bool_literal(false) };
                self.may_become(relation, field, from, to)
            }
            T::Negate(value) => self.negate(value, range),
            T::Not(value) => {
                let value = self.expr(value);
                not(value)
            }
            T::Binary(op, left, right) => self.binary(*op, left, right, &expr.ty, range),
            T::Matches(text, pattern) => {
                let text = self.expr(text);
                let regex = self.l.regex(pattern);
                let site = self.site(range);
                Expr::new(ExprKind::Prim(Prim::Matches(regex), vec![text], site), Type::Bool)
            }
            T::Is(value, pattern) => {
                let value = self.expr(value);
                let value = self.name(value);
                self.test_and_bind(pattern, value)
            }
            T::Convert(conversion, value) => self.convert(*conversion, value, &expr.ty, range),
            T::If(condition, then, otherwise) => {
                let condition = self.expr(condition);
                let ty = self.ty(&expr.ty);
                self.conditional(condition, &ty, |s| s.expr(then), |s| s.expr(otherwise))
            }
            T::Match(value, arms) => self.match_expr(value, arms, &expr.ty),
            T::Block(stmts, value) => self.block_expr(stmts, value.as_deref()),
            T::Lambda(..) | T::FnValue(..) => {
                let ty = self.ty(&expr.ty);
                self.unsupported(range, "a function value may only be passed to a function or bound by `let`", &ty)
            }
            T::Call { function, types, args } => self.call(function, types, args, &expr.ty, range),
            T::CallValue(callee, args) => self.call_value(callee, args, &expr.ty, range),
            T::Builtin(builtin, args) => self.builtin(*builtin, args, &expr.ty, range),
            T::Lookup { relation, unique, key } => self.lookup(relation, *unique, key, range),
            T::Index(base, index) => {
                let mut values = self.all(&[base, index]);
                let (Some(index), Some(base)) = (values.pop(), values.pop()) else { return unit() };
                let ty = self.ty(&expr.ty);
                let prim = if matches!(base.ty, Type::Map(..)) { Prim::ValueAt } else { Prim::ElementAt };
                let site = self.site(range);
                Expr::new(ExprKind::Prim(prim, vec![base, index], site), ty)
            }
            T::Force(value) => {
                let value = self.expr(value);
                let value = self.name(value);
                self.guarded(CheckKind::Present, is_some(value.clone()), unwrap(value), "!", range)
            }
            T::Coalesce(value, default) => {
                let value = self.expr(value);
                let value = self.name(value);
                let ty = self.ty(&expr.ty);
                let present = value.clone();
                let keeps_option = matches!(ty, Type::Option(_));
                self.conditional(
                    is_some(value),
                    &ty,
                    |_| if keeps_option { present } else { unwrap(present) },
                    |s| s.expr(default),
                )
            }
            T::Else(value, otherwise) => {
                let value = self.expr(value);
                let value = self.name(value);
                if value.ty == Type::Bool && matches!(expr.ty, Ty::Unit) {
                    self.conditional(value, &Type::Unit, |_| unit(), |s| s.expr(otherwise));
                    return unit();
                }
                if self.in_query() {
                    let ty = value.ty.clone();
                    return self.unsupported(range, "a query cannot leave in its middle: test before it", &ty);
                }
                self.conditional(not(is_some(value.clone())), &Type::Unit, |s| s.expr(otherwise), |_| unit());
                unwrap(value)
            }
            T::OptionMap(value, local, body) => {
                let value = self.expr(value);
                let value = self.name(value);
                let ty = self.ty(&expr.ty).optional();
                let inner = unwrap(value.clone());
                let ty_none = ty.clone();
                self.conditional(
                    is_some(value),
                    &ty,
                    |s| {
                        s.bind(*local, inner);
                        s.expr(body)
                    },
                    |_| none(ty_none),
                )
            }
            T::TryRefine(value) => {
                let value = self.expr(value);
                let value = self.name(value);
                let target = self.closed(&expr.ty);
                let Ty::Option(target) = target else { return value };
                let condition = self.satisfies(&value, &target, None).unwrap_or_else(|| bool_literal(true));
                let ty = value.ty.clone().optional();
                let ty_none = ty.clone();
                self.conditional(condition, &ty, |_| some(value), |_| none(ty_none))
            }
            T::Insert { .. } | T::Upsert { .. } | T::Update { .. } | T::Delete { .. } => self.write(expr),
            T::Fail { .. } | T::Assert(..) | T::Return(_) | T::Break | T::Continue => self.leave(expr),
            T::Outcomes(error) => self.outcomes(error.as_ref(), range),
        }
    }

    pub fn coerce_all(&mut self, values: Vec<Expr>, ty: &Type) -> Vec<Expr> {
        let mut out = Vec::with_capacity(values.len());
        let mut marks = Vec::with_capacity(values.len());
        for value in values {
            out.push(self.coerce(value, ty));
            marks.push(self.block.len());
        }
        self.keep_order(&mut out, &marks);
        out
    }

    pub fn literal(&mut self, literal: &Literal, ty: &Ty) -> Expr {
        let core = self.ty(ty);
        let value = match literal {
            Literal::None => return none(core.optional()),
            literal => literal_value(literal, &core),
        };
        Expr::new(ExprKind::Literal(value), core)
    }

    fn interpolate(&mut self, parts: &[TextPart]) -> Expr {
        let mut values = Vec::new();
        let mut marks = Vec::new();
        for part in parts {
            values.push(match part {
                TextPart::Text(text) => text_literal(text),
                TextPart::Hole(hole) => {
                    let value = self.expr(hole);
                    let value = self.as_key_if_row(value);
                    match value.ty {
                        Type::Text => value,
                        _ => {
                            let site = self.site(hole.range);
                            Expr::new(ExprKind::Prim(Prim::ToText, vec![value], site), Type::Text)
                        }
                    }
                }
            });
            marks.push(self.block.len());
        }
        self.keep_order(&mut values, &marks);
        match values.len() {
            0 => text_literal(""),
            1 => values.remove(0),
            _ => Expr::new(ExprKind::Prim(Prim::Concat, values, crate::ir::SiteId(0)), Type::Text),
        }
    }

    fn as_key_if_row(&mut self, value: Expr) -> Expr {
        match value.ty {
            Type::Row(r) | Type::Ref(r) => self.key_of(value, r),
            _ => value,
        }
    }

    pub fn read_local(&mut self, local: typed::LocalId, range: Range) -> Expr {
        match self.frame.env.get(&local).cloned() {
            Some(Binding::Code(expr)) if self.in_query() => self.capture(expr),
            Some(Binding::Code(expr) | Binding::Query(expr)) => expr,
            Some(Binding::Mutable(var, ty)) => {
                let expr = Expr::var(var, ty);
                if self.in_query() { self.capture(expr) } else { expr }
            }
            Some(Binding::Fields(relation, _)) => {
                let ty = Type::Row(relation);
                self.unsupported(range, "the row is not stored yet: use its fields", &ty)
            }
            Some(Binding::Closure(_) | Binding::Function(..)) | None => {
                let (name, ty) = self.local(local);
                let ty = self.ty(&ty);
                self.unsupported(range, format!("`{name}` cannot be used as a value here"), &ty)
            }
        }
    }

    fn constant(&mut self, symbol: &Symbol, range: Range) -> Expr {
        match self.l.source.body(symbol, BodyPart::Code) {
            Some(body) => self.inline_body(symbol, body, Vec::new(), Vec::new(), range),
            None => self.unsupported(range, "this constant has no value", &Type::Unit),
        }
    }

    /// A field as it lies in memory: an absent-able one as its option.
    pub fn raw_field(&mut self, base: Expr, name: &str) -> Option<Expr> {
        let Type::Record(record) = base.ty.clone() else { return None };
        let at = record.fields.iter().position(|(n, _)| n == name)?;
        if let ExprKind::Record(mut fields) = base.kind {
            return Some(fields.swap_remove(at));
        }
        let base = self.name(base);
        Some(Expr::new(ExprKind::Field(Box::new(base), at as u32), record.fields[at].1.clone()))
    }

    fn record_field(&mut self, base: Expr, name: &str, ty: &Ty) -> Expr {
        let core = self.ty(ty);
        let Some(field) = self.raw_field(base, name) else { return self.placeholder(&core) };
        self.flatten_absentable(field, &core)
    }

    /// What code sees of an absent-able field: absent and `none` are one.
    pub fn flatten_absentable(&mut self, field: Expr, seen: &Type) -> Expr {
        let wrapped = matches!((&field.ty, seen), (Type::Option(inner), Type::Option(_))
            if field.ty != *seen && matches!(**inner, Type::Record(ref r) if r.fields.len() == 1 && r.fields[0].0 == "0"));
        if !wrapped {
            return field;
        }
        let field = self.name(field);
        let held = unwrap(field.clone());
        let seen_none = seen.clone();
        self.conditional(
            is_some(field),
            seen,
            |_| {
                let ty = match &held.ty {
                    Type::Record(r) => r.fields[0].1.clone(),
                    ty => ty.clone(),
                };
                Expr::new(ExprKind::Field(Box::new(held), 0), ty)
            },
            |_| none(seen_none),
        )
    }

    /// The row behind an expression of row type, as read now where it is a reference.
    pub fn as_row(&mut self, value: Expr) -> Expr {
        match value.ty {
            Type::Ref(_) => self.follow(value),
            _ => value,
        }
    }

    pub fn field_of_row(&mut self, row: Expr, relation: RelationId, field: FieldId) -> Expr {
        let ty = self.l.program.relation(relation).field(field).ty.clone();
        let row = self.as_row(row);
        let row = self.name(row);
        Expr::new(ExprKind::Field(Box::new(row), field.0), ty)
    }

    fn stored_field(&mut self, base: &typed::Expr, name: &str, range: Range) -> Expr {
        if let T::Local(local) = &strip(base).kind
            && let Some(Binding::Fields(relation, fields)) = self.frame.env.get(local).cloned()
        {
            let field = self.l.program.relation(relation).field_named(name);
            return match field.and_then(|f| fields.get(f.index()).cloned()) {
                Some(value) if self.in_query() => self.capture(value),
                Some(value) => value,
                None => self.unsupported(range, "this field is not stored", &Type::Unit),
            };
        }
        let base = self.expr(base);
        let (Type::Row(relation) | Type::Ref(relation)) = base.ty else {
            return self.placeholder(&Type::Unit);
        };
        match self.l.program.relation(relation).field_named(name) {
            Some(field) => self.field_of_row(base, relation, field),
            None => self.unsupported(range, format!("`{name}` is not a stored field"), &Type::Unit),
        }
    }

    fn computed_field(&mut self, base: &typed::Expr, name: &str, range: Range) -> Expr {
        let Ty::Row(symbol) = base.ty.base().clone() else { return self.placeholder(&Type::Unit) };
        let part = self.l.relation_sig(&symbol).and_then(|sig| sig.fields.iter().position(|f| f.name == name));
        let body = part.and_then(|at| self.l.source.body(&symbol, BodyPart::Computed(at as u32)));
        let Some(body) = body else { return self.placeholder(&Type::Unit) };
        let argument = match &strip(base).kind {
            T::Local(local) if matches!(self.frame.env.get(local), Some(Binding::Fields(..))) => {
                self.frame.env[local].clone()
            }
            _ => {
                let row = self.expr(base);
                let row = self.as_row(row);
                let row = self.name(row);
                if self.in_query() { Binding::Query(row) } else { Binding::Code(row) }
            }
        };
        self.inline_body(&symbol, body, vec![argument], Vec::new(), range)
    }

    fn record(&mut self, fields: &[(smol_str::SmolStr, typed::Expr)], ty: &Ty) -> Expr {
        let core = self.ty(ty);
        let Type::Record(record) = core.clone() else { return self.placeholder(&core) };
        let refs: Vec<_> = fields.iter().map(|(_, e)| e).collect();
        let mut values = self.all(&refs);
        let mut ordered = Vec::with_capacity(record.fields.len());
        for (name, want) in &record.fields {
            let Some(at) = fields.iter().position(|(n, _)| n == name) else {
                ordered.push(none(want.clone()));
                continue;
            };
            let value = std::mem::replace(&mut values[at], unit());
            ordered.push(self.coerce(value, want));
        }
        Expr::new(ExprKind::Record(ordered), core)
    }

    fn variant(&mut self, case: &str, fields: &[typed::Expr], ty: &Ty) -> Expr {
        let closed = self.closed(ty);
        let core = self.l.lower_ty(&closed);
        let Type::Variant(id) = core else { return self.placeholder(&core) };
        let cases = &self.l.program.variant(id).cases;
        let Some(tag) = cases.iter().position(|c| c.name == case) else { return self.placeholder(&core) };
        let wanted: Vec<Type> = cases[tag].fields.iter().map(|(_, t)| t.clone()).collect();
        let refs: Vec<_> = fields.iter().collect();
        let values = self.all(&refs);
        let values = values.into_iter().zip(&wanted).map(|(v, t)| self.coerce(v, t)).collect();
        Expr::new(ExprKind::Variant(tag as u32, values), core)
    }

    pub fn case_field(&mut self, base: Expr, case: &str, field: &str) -> Expr {
        let Type::Variant(id) = base.ty else { return self.placeholder(&Type::Unit) };
        let variant = self.l.program.variant(id);
        let found = variant.cases.iter().position(|c| c.name == case).and_then(|tag| {
            let at = variant.cases[tag].fields.iter().position(|(n, _)| n == field)?;
            Some((tag as u32, at as u32, variant.cases[tag].fields[at].1.clone()))
        });
        let Some((tag, at, ty)) = found else { return self.placeholder(&Type::Unit) };
        Expr::new(ExprKind::CaseField(Box::new(base), tag, at), ty)
    }

    fn record_default(&mut self, rule: &RuleRef, ty: &Ty) -> Expr {
        match self.l.source.body(&rule.owner, BodyPart::RecordDefault(rule.index)) {
            Some(body) => self.inline_body(&rule.owner, body, Vec::new(), Vec::new(), Range::empty(0)),
            None => {
                let ty = self.ty(ty);
                self.placeholder(&ty)
            }
        }
    }

    /// Whether transitions allow a change; staying the same is always allowed. A case without its fields is some new value
    /// of it, so that the value stays in no way.
    pub fn may_become(&mut self, relation: &Symbol, field: &str, from: Expr, to: Expr) -> Expr {
        let from = self.name(from);
        let to = self.name(to);
        let mut allowed =
            if from.ty == to.ty { compare(Prim::Eq, from.clone(), to.clone()) } else { bool_literal(false) };
        let Some(sig) = self.l.relation_sig(relation) else { return allowed };
        let Some((_, pairs)) = sig.transitions.iter().find(|(f, _)| f == field) else { return bool_literal(true) };
        let tags = |s: &Self, value: &Expr, case: &str| match value.ty {
            Type::Variant(id) => s.l.program.variant(id).cases.iter().position(|c| c.name == case).map(|t| t as u32),
            _ => None,
        };
        for (a, b) in pairs {
            let (Some(a), Some(b)) = (tags(self, &from, a), tags(self, &to, b)) else { continue };
            let step = and(is_case(from.clone(), a), is_case(to.clone(), b));
            allowed = or(allowed, step);
        }
        allowed
    }

    /// The key of a row or reference: its one key field, or a record of them.
    pub fn key_of(&mut self, value: Expr, relation: RelationId) -> Expr {
        let row = self.as_row(value);
        let row = self.name(row);
        let keys = self.l.program.relation(relation).key.clone();
        let mut parts = Vec::new();
        for field in keys {
            let part = self.field_of_row(row.clone(), relation, field);
            let name = self.l.program.relation(relation).field(field).name.clone();
            let part = match part.ty {
                Type::Ref(target) => self.key_of(part, target),
                _ => part,
            };
            parts.push((name, part));
        }
        if parts.len() == 1 {
            return parts.remove(0).1;
        }
        let ty = Type::record(parts.iter().map(|(n, e)| (n.clone(), e.ty.clone())).collect());
        Expr::new(ExprKind::Record(parts.into_iter().map(|(_, e)| e).collect()), ty)
    }

    pub fn closure(&mut self, expr: &typed::Expr) -> Option<Binding> {
        match &strip(expr).kind {
            T::Lambda(params, body) => Some(Binding::Closure(Rc::new(Closure {
                params: params.clone(),
                body: (**body).clone(),
                frame: self.frame.clone(),
            }))),
            T::FnValue(symbol, types) => {
                let types = types.iter().map(|t| self.closed(t)).collect();
                Some(Binding::Function(symbol.clone(), types))
            }
            T::Local(local) => match self.frame.env.get(local) {
                Some(b @ (Binding::Closure(_) | Binding::Function(..))) => Some(b.clone()),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The expression below conversions that make no code.
pub(super) fn strip(expr: &typed::Expr) -> &typed::Expr {
    match &expr.kind {
        T::Convert(Conversion::Forget | Conversion::Unchecked | Conversion::Refine { checked: false }, inner) => {
            strip(inner)
        }
        _ => expr,
    }
}

pub(super) fn is_case(value: Expr, tag: u32) -> Expr {
    Expr::new(ExprKind::IsCase(Box::new(value), tag), Type::Bool)
}

/// `f?: T?`, present: wrapped so that a present `none` differs from an absent one.
fn present_field(value: Expr) -> Expr {
    match &value.ty {
        Type::Option(_) => {
            let ty = Type::record(vec![(crate::ir::Name::new_static("0"), value.ty.clone())]);
            Expr::new(ExprKind::Record(vec![value]), ty)
        }
        _ => value,
    }
}

pub(super) fn literal_value(literal: &Literal, ty: &Type) -> Value {
    match literal {
        Literal::None => Value::None,
        Literal::Bool(b) => Value::Bool(*b),
        Literal::Int(i) => Value::Int(*i),
        Literal::Decimal(unscaled) => match ty {
            Type::Decimal(scale) => Value::Decimal { unscaled: *unscaled, scale: *scale },
            _ => Value::Decimal { unscaled: *unscaled, scale: 0 },
        },
        Literal::Float(bits) => Value::Float(f64::from_bits(*bits)),
        Literal::Text(text) => Value::Text(text.clone()),
        Literal::Bytes(bytes) => Value::Bytes(bytes.clone().into()),
        Literal::Instant(us) => Value::Instant(*us),
        Literal::Date(days) => Value::Date(*days),
        Literal::Time(us) => Value::Time(*us),
        Literal::Duration(us) => Value::Duration(*us),
    }
}
