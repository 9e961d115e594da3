//! Between the program's values and the wire: a row leaves as a record of its fields, and comes in as its key.
//! Wire types contain neither rows nor references, so that coding needs no store.

use super::Lowering;
use super::scope::{Binding, Scope, is_some, not, text_literal, unwrap};
use super::source::{BodyPart, refinement_part};
use super::types::{absentable, bind_generics, substitute};
use crate::ir::{Case, Expr, ExprKind, Function, FunctionKind, Name, Prim, SiteId, Stmt, Type, VariantType};
use rustc_hash::FxHashMap;
use std::sync::Arc;
use tenon_check::signature::{ErrorSig, Signature, TypeBody};
use tenon_check::ty::{RuleRef, Symbol, Ty};
use tenon_check::typed::{self, BinaryOp, ExprKind as T, Literal};
use tenon_span::Range;
use tenon_value::BuiltIn;
use tenon_value::dispatch::ErrorShape;
use tenon_value::shape::{self, Check, Field, Kind, Presence, Rule, Shape, ShapeId};

/// Which way a value travels.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Way {
    /// From a caller.
    In,
    /// To a caller.
    Out,
}

/// Shapes made so far.
#[derive(Default)]
pub(super) struct ShapeMemo {
    shapes: FxHashMap<(Ty, Way), ShapeId>,
    variants: FxHashMap<(Symbol, Vec<Type>), crate::ir::VariantId>,
    predicates: FxHashMap<RuleRef, crate::ir::FunctionId>,
    /// Types whose shape is being made, for recursion through collections.
    open: Vec<(Ty, Way, ShapeId)>,
}

/// True if a value of the type contains a row.
pub(super) fn contains_row(lowering: &Lowering<'_>, ty: &Ty) -> bool {
    row_inside(lowering, ty, &mut Vec::new())
}

fn row_inside(lowering: &Lowering<'_>, ty: &Ty, seen: &mut Vec<Symbol>) -> bool {
    match ty {
        Ty::Row(_) => true,
        Ty::Option(t) | Ty::List(t) | Ty::Bag(t) | Ty::Set(t) | Ty::Refined(t, _) => row_inside(lowering, t, seen),
        Ty::Map(k, v) => row_inside(lowering, k, seen) || row_inside(lowering, v, seen),
        Ty::Record(r) => r.fields.iter().any(|f| row_inside(lowering, &f.ty, seen)),
        Ty::Variant(symbol, args) => {
            if seen.contains(symbol) {
                return false;
            }
            seen.push(symbol.clone());
            let Some(Signature::Type(sig)) = lowering.source.signature(symbol) else { return false };
            let TypeBody::Variant(cases) = &sig.body else { return false };
            let bound = bind_generics(&sig.generics, args);
            cases.iter().flat_map(|c| &c.fields).any(|f| row_inside(lowering, &substitute(&f.ty, &bound), seen))
        }
        _ => false,
    }
}

impl Lowering<'_> {
    /// The Core type of an answer.
    pub(super) fn wire_type(&mut self, ty: &Ty) -> Type {
        self.wire_type_way(ty, Way::Out)
    }

    pub(super) fn wire_type_way(&mut self, ty: &Ty, way: Way) -> Type {
        match ty {
            Ty::Row(symbol) => match way {
                Way::In => self.key_type(symbol),
                Way::Out => self.row_record(symbol),
            },
            Ty::Refined(t, _) => self.wire_type_way(t, way),
            Ty::Option(t) => self.wire_type_way(t, way).optional(),
            Ty::List(t) | Ty::Bag(t) => Type::list(self.wire_type_way(t, way)),
            Ty::Set(t) if contains_row(self, t) => Type::list(self.wire_type_way(t, way)),
            Ty::Map(k, v) => Type::Map(Arc::new(self.wire_type_way(k, way)), Arc::new(self.wire_type_way(v, way))),
            Ty::Record(record) => {
                let mut fields = Vec::new();
                for field in &record.fields {
                    let ty = self.wire_type_way(&field.ty, way);
                    fields.push((field.name.clone(), if field.absent { absentable(ty) } else { ty }));
                }
                Type::record(fields)
            }
            Ty::Variant(symbol, args) if contains_row(self, ty) => Type::Variant(self.wire_variant(symbol, args)),
            _ => self.lower_ty(ty),
        }
    }

    /// The record that a row travels as: its stored fields that are not secret, references as keys.
    fn row_record(&mut self, symbol: &Symbol) -> Type {
        let Some(sig) = self.relation_sig(symbol) else { return Type::Unit };
        let mut fields = Vec::new();
        for field in sig.fields.iter().filter(|f| !f.computed && !f.secret) {
            fields.push((field.name.clone(), self.wire_type_way(&field.ty, Way::In)));
        }
        Type::record(fields)
    }

    /// The variant whose payloads have keys in place of references.
    fn wire_variant(&mut self, symbol: &Symbol, args: &[Ty]) -> crate::ir::VariantId {
        let key = (symbol.clone(), args.iter().map(|t| self.lower_ty(t)).collect::<Vec<_>>());
        if let Some(id) = self.shapes.variants.get(&key) {
            return *id;
        }
        let id = crate::ir::VariantId(self.program.variants.len() as u32);
        self.program
            .variants
            .push(VariantType { name: Name::from(format!("{}$wire", symbol.name)), cases: Vec::new() });
        self.shapes.variants.insert(key, id);
        if self.limits.is_refused(symbol) {
            return id;
        }
        let Some(Signature::Type(sig)) = self.source.signature(symbol) else { return id };
        let TypeBody::Variant(cases) = &sig.body else { return id };
        let bound = bind_generics(&sig.generics, args);
        let mut lowered = Vec::new();
        for case in cases {
            let mut fields = Vec::new();
            for field in &case.fields {
                let ty = substitute(&field.ty, &bound);
                let ty = self.wire_type_way(&ty, Way::In);
                fields.push((field.name.clone(), if field.absent { absentable(ty) } else { ty }));
            }
            lowered.push(Case { name: case.name.clone(), wire: case.wire.clone(), fields });
        }
        self.program.variants[id.index()].cases = lowered;
        id
    }

    // ---- shapes

    pub(super) fn shape(&mut self, ty: &Ty, way: Way) -> ShapeId {
        let key = (ty.clone(), way);
        if let Some(id) = self.shapes.shapes.get(&key) {
            return *id;
        }
        if let Some((.., id)) = self.shapes.open.iter().find(|(t, w, _)| t == ty && *w == way) {
            return *id;
        }
        let id = self.program.api.shapes.reserve();
        self.shapes.open.push((ty.clone(), way, id));
        let shape = self.make_shape(ty, way);
        self.shapes.open.pop();
        self.program.api.shapes.define(id, shape);
        self.shapes.shapes.insert(key, id);
        id
    }

    fn make_shape(&mut self, ty: &Ty, way: Way) -> Shape {
        let kind = match ty {
            Ty::Refined(base, rule) => {
                let mut shape = self.make_shape(base, way);
                if way == Way::In {
                    shape.checks.push(self.rule_check(rule, base));
                }
                if rule.index == 0
                    && let Some(Signature::Type(sig)) = self.source.signature(&rule.owner)
                {
                    shape.name = Some(rule.owner.name.clone());
                    shape.doc = (!sig.doc.is_empty()).then(|| sig.doc.clone());
                }
                return shape;
            }
            Ty::Row(symbol) => {
                return match way {
                    Way::In => self.key_shape(symbol),
                    Way::Out => self.row_shape(symbol),
                };
            }
            Ty::Key(symbol) => return self.key_shape(symbol),
            Ty::Variant(symbol, args) => return self.variant_shape(symbol, args, ty, way),
            Ty::Tag(symbol) => return self.tag_shape(symbol),
            Ty::Bool => Kind::Bool,
            Ty::Int => Kind::Int,
            Ty::Decimal(scale) => Kind::Decimal { scale: *scale },
            Ty::Float => Kind::Float,
            Ty::Text => Kind::Text,
            Ty::Bytes => Kind::Bytes,
            Ty::Instant => Kind::Instant,
            Ty::DateTime => Kind::DateTime,
            Ty::Date => Kind::Date,
            Ty::Time => Kind::Time,
            Ty::Duration => Kind::Duration,
            Ty::Id => Kind::Id,
            Ty::Uuid => Kind::Uuid,
            Ty::Json => Kind::Json,
            Ty::Option(t) => Kind::Option(self.shape(t, way)),
            Ty::List(t) | Ty::Bag(t) => Kind::List(self.shape(t, way)),
            Ty::Set(t) if contains_row(self, t) => Kind::List(self.shape(t, way)),
            Ty::Set(t) => Kind::Set(self.shape(t, way)),
            Ty::Map(k, v) => {
                let key = self.shape(k, way);
                Kind::Map { key, value: self.shape(v, way) }
            }
            Ty::Record(record) => {
                let mut fields = Vec::new();
                for field in &record.fields {
                    let shape = self.shape(&field.ty, way);
                    let name = field.wire.clone().unwrap_or_else(|| self.wire_name(&field.name));
                    let presence =
                        if field.absent { Presence::Absentable } else { self.record_default_presence(field, way) };
                    fields.push(Field::new(name, shape).presence(presence));
                }
                Kind::Record { fields }
            }
            Ty::Error | Ty::Never | Ty::Unit | Ty::Fn(..) | Ty::Param(_) | Ty::Infer(_) => {
                Kind::Record { fields: Vec::new() }
            }
        };
        Shape::new(kind)
    }

    /// Declared record types may have constant defaults.
    fn record_default_presence(&mut self, field: &tenon_check::ty::FieldTy, way: Way) -> Presence {
        if way == Way::Out {
            return Presence::Required;
        }
        let Some(default) = &field.default else { return Presence::Required };
        let Some(body) = self.source.body(&default.owner, BodyPart::RecordDefault(default.index)) else {
            return Presence::Required;
        };
        self.constant_value(&body.value).map_or(Presence::Required, Presence::Default)
    }

    fn key_shape(&mut self, symbol: &Symbol) -> Shape {
        let Some(sig) = self.relation_sig(symbol) else { return Shape::new(Kind::Bool) };
        let mut parts = Vec::new();
        for name in &sig.key {
            if let Some(field) = sig.fields.iter().find(|f| f.name == *name) {
                parts.push((field.wire.clone().unwrap_or_else(|| self.wire_name(name)), field.ty.clone()));
            }
        }
        if parts.len() == 1 {
            // The rules of a key's own type are the business of whoever stores it: a key that breaks them names no row.
            let ty = parts[0].1.base().clone();
            return self.make_shape(&ty, Way::In);
        }
        let mut fields = Vec::new();
        for (name, ty) in parts {
            let shape = self.shape(&ty.base().clone(), Way::In);
            fields.push(Field::new(name, shape));
        }
        Shape::new(Kind::Record { fields })
    }

    fn row_shape(&mut self, symbol: &Symbol) -> Shape {
        let Some(sig) = self.relation_sig(symbol) else { return Shape::new(Kind::Bool) };
        let mut fields = Vec::new();
        for field in sig.fields.iter().filter(|f| !f.computed && !f.secret) {
            let shape = self.key_of_rows_shape(&field.ty);
            let mut out = Field::new(field.wire.clone().unwrap_or_else(|| self.wire_name(&field.name)), shape);
            out.doc = (!field.doc.is_empty()).then(|| field.doc.clone());
            fields.push(out);
        }
        let mut shape = Shape::new(Kind::Record { fields }).named(symbol.name.clone());
        shape.doc = (!sig.doc.is_empty()).then(|| sig.doc.clone());
        shape
    }

    /// The shape of a stored field in an answer: references are keys there, and no rule is checked.
    fn key_of_rows_shape(&mut self, ty: &Ty) -> ShapeId {
        match ty {
            Ty::Row(symbol) => {
                let key = Ty::Key(symbol.clone());
                self.shape(&key, Way::Out)
            }
            Ty::Option(t) if contains_row(self, t) => {
                let inner = self.key_of_rows_shape(t);
                self.program.api.shapes.kind(Kind::Option(inner))
            }
            _ => self.shape(ty, Way::Out),
        }
    }

    fn variant_shape(&mut self, symbol: &Symbol, args: &[Ty], ty: &Ty, way: Way) -> Shape {
        let Some(Signature::Type(sig)) = self.source.signature(symbol) else { return Shape::new(Kind::Bool) };
        let TypeBody::Variant(cases) = &sig.body else { return Shape::new(Kind::Bool) };
        // Tells whether the type can be closed at all.
        self.lower_ty(ty);
        if self.limits.is_refused(symbol) {
            return Shape::new(Kind::Bool);
        }
        let bound = bind_generics(&sig.generics, args);
        let rows = contains_row(self, ty);
        let mut out = Vec::new();
        for case in cases {
            let mut fields = Vec::new();
            for field in &case.fields {
                let closed = substitute(&field.ty, &bound);
                let shape = if rows { self.shape(&closed, Way::In) } else { self.shape(&closed, way) };
                let name = field.wire.clone().unwrap_or_else(|| self.wire_name(&field.name));
                let presence =
                    if field.absent { Presence::Absentable } else { self.record_default_presence(field, way) };
                fields.push(Field::new(name, shape).presence(presence));
            }
            out.push(shape::Case { name: case.wire.clone().unwrap_or_else(|| case.name.clone()), fields });
        }
        let bare = out.iter().all(|c| c.fields.is_empty());
        let mut shape = Shape::new(Kind::Variant { cases: out, bare }).named(symbol.name.clone());
        shape.doc = (!sig.doc.is_empty()).then(|| sig.doc.clone());
        shape
    }

    fn tag_shape(&mut self, symbol: &Symbol) -> Shape {
        let Some(Signature::Type(sig)) = self.source.signature(symbol) else { return Shape::new(Kind::Bool) };
        let TypeBody::Variant(cases) = &sig.body else { return Shape::new(Kind::Bool) };
        let cases = cases
            .iter()
            .map(|c| shape::Case { name: c.wire.clone().unwrap_or_else(|| c.name.clone()), fields: Vec::new() })
            .collect();
        Shape::new(Kind::Variant { cases, bare: true }).named(format!("{}Tag", symbol.name))
    }

    pub(super) fn error_shape(&mut self, sig: &ErrorSig) -> ErrorShape {
        let mut fields = Vec::new();
        for field in &sig.fields {
            let shape = self.shape(&field.ty, Way::Out);
            let name = field.wire.clone().unwrap_or_else(|| self.wire_name(&field.name));
            let presence = if field.absent { Presence::Absentable } else { Presence::Required };
            fields.push(Field::new(name, shape).presence(presence));
        }
        let fields = self.program.api.shapes.record(fields);
        ErrorShape {
            name: sig.symbol.name.clone(),
            base: BuiltIn::from_name(&sig.is).unwrap_or(BuiltIn::Conflict),
            fields,
            doc: (!sig.doc.is_empty()).then(|| sig.doc.clone()),
        }
    }

    // ---- rules of refined types

    fn rule_check(&mut self, rule: &RuleRef, base: &Ty) -> Check {
        let Some(body) = self.source.rule(&rule.owner, refinement_part(rule)) else {
            return Check { rule: Rule::OneOf(Vec::new()), message: None };
        };
        let simple = self.simple_rule(&body.body.value, base);
        let rule = match simple {
            Some(rule) => rule,
            None => {
                Rule::Predicate { predicate: shape::PredicateId(self.predicate(rule, base).0), text: body.text.clone() }
            }
        };
        Check { rule, message: body.message.clone() }
    }

    /// The rule in the decoder's own words, where it has them.
    fn simple_rule(&mut self, condition: &typed::Expr, base: &Ty) -> Option<Rule> {
        let bounds = Bounds::of(condition)?;
        let min = bounds.min;
        let max = bounds.max;
        match (bounds.subject, base.base()) {
            (Subject::Value, Ty::Int) => Some(Rule::IntRange { min, max }),
            (Subject::Value, Ty::Decimal(_)) => Some(Rule::DecimalRange { min, max }),
            (Subject::Length, Ty::Text | Ty::Bytes | Ty::List(_)) => {
                Some(Rule::Length { min: min.map(|n| n.max(0) as u64), max: max.map(|n| n.max(0) as u64) })
            }
            (Subject::Pattern(pattern), Ty::Text) => Some(Rule::Matches(self.program.api.shapes.pattern(pattern))),
            _ => None,
        }
    }

    /// The rule as a function of Core, for the decoder to call back.
    fn predicate(&mut self, rule: &RuleRef, base: &Ty) -> crate::ir::FunctionId {
        if let Some(id) = self.shapes.predicates.get(rule) {
            return *id;
        }
        let id = self.reserve_function(&format!("{}.rule{}", rule.owner.name, rule.index));
        self.shapes.predicates.insert(rule.clone(), id);
        let Some(body) = self.source.rule(&rule.owner, refinement_part(rule)) else { return id };
        let ty = self.wire_type_way(base, Way::In);
        let site = self.site(&rule.owner, Range::empty(0));
        let body = Arc::new(body.body.clone());
        let mut scope = Scope::new(self, body.clone(), rule.owner.clone(), Vec::new());
        let var = scope.fresh("it", ty.clone(), false);
        let condition =
            scope.inline_body(&rule.owner, body, vec![Binding::Code(Expr::var(var, ty))], Vec::new(), Range::empty(0));
        scope.emit(Stmt::Return(condition));
        let (vars, block) = (scope.vars, scope.block);
        let name = self.program.function(id).name.clone();
        let (params, result) = (vec![var], Type::Bool);
        self.set_function(id, Function { name, kind: FunctionKind::Pure, params, result, vars, body: block, site });
        id
    }
}

/// What a simple rule speaks of.
#[derive(Clone, PartialEq)]
enum Subject {
    Value,
    Length,
    Pattern(Name),
}

/// Inclusive bounds, as whole or unscaled numbers.
struct Bounds {
    subject: Subject,
    min: Option<i64>,
    max: Option<i64>,
}

impl Bounds {
    fn of(condition: &typed::Expr) -> Option<Bounds> {
        match &super::expr::strip(condition).kind {
            T::Binary(BinaryOp::And, a, b) => {
                let (a, b) = (Bounds::of(a)?, Bounds::of(b)?);
                if a.subject != b.subject || matches!(a.subject, Subject::Pattern(_)) {
                    return None;
                }
                let tighter = |x: Option<i64>, y: Option<i64>, pick: fn(i64, i64) -> i64| match (x, y) {
                    (Some(x), Some(y)) => Some(pick(x, y)),
                    (x, y) => x.or(y),
                };
                Some(Bounds {
                    subject: a.subject,
                    min: tighter(a.min, b.min, i64::max),
                    max: tighter(a.max, b.max, i64::min),
                })
            }
            T::Binary(op, a, b) => {
                if let (Some(subject), Some(n)) = (subject(a), number(b)) {
                    return Bounds::compare(*op, subject, n);
                }
                let flipped = match op {
                    BinaryOp::Lt => BinaryOp::Gt,
                    BinaryOp::Le => BinaryOp::Ge,
                    BinaryOp::Gt => BinaryOp::Lt,
                    BinaryOp::Ge => BinaryOp::Le,
                    op => *op,
                };
                Bounds::compare(flipped, subject(b)?, number(a)?)
            }
            T::InRange(value, low, high, inclusive) => {
                let max = number(high)?;
                let max = if *inclusive { max } else { max.checked_sub(1)? };
                Some(Bounds { subject: subject(value)?, min: Some(number(low)?), max: Some(max) })
            }
            T::Matches(value, pattern) => match subject(value)? {
                Subject::Value => Some(Bounds { subject: Subject::Pattern(pattern.clone()), min: None, max: None }),
                _ => None,
            },
            _ => None,
        }
    }

    fn compare(op: BinaryOp, subject: Subject, n: i64) -> Option<Bounds> {
        let (min, max) = match op {
            BinaryOp::Ge => (Some(n), None),
            BinaryOp::Gt => (Some(n.checked_add(1)?), None),
            BinaryOp::Le => (None, Some(n)),
            BinaryOp::Lt => (None, Some(n.checked_sub(1)?)),
            BinaryOp::Eq => (Some(n), Some(n)),
            _ => return None,
        };
        Some(Bounds { subject, min, max })
    }
}

fn subject(expr: &typed::Expr) -> Option<Subject> {
    use tenon_check::builtins::Builtin;
    match &super::expr::strip(expr).kind {
        T::Local(local) if local.0 == 0 => Some(Subject::Value),
        T::Builtin(Builtin::TextLength | Builtin::Length | Builtin::BytesLength, args) => match subject(args.first()?)?
        {
            Subject::Value => Some(Subject::Length),
            _ => None,
        },
        _ => None,
    }
}

fn number(expr: &typed::Expr) -> Option<i64> {
    match &super::expr::strip(expr).kind {
        T::Literal(Literal::Int(n) | Literal::Decimal(n)) => Some(*n),
        T::Negate(inner) => number(inner)?.checked_neg(),
        _ => None,
    }
}

impl Scope<'_, '_> {
    /// A value as it leaves the program.
    pub fn to_wire(&mut self, value: Expr, ty: &Ty) -> Expr {
        let target = self.l.wire_type(ty);
        if !contains_row(self.l, ty) {
            return self.coerce(value, &target);
        }
        match ty {
            Ty::Refined(t, _) => self.to_wire(value, t),
            Ty::Row(symbol) => self.row_to_wire(value, symbol, &target),
            Ty::Option(inner) => {
                let value = self.name(value);
                let held = unwrap(value.clone());
                let none_ty = target.clone();
                self.conditional(
                    is_some(value),
                    &target,
                    |s| {
                        let inner_value = s.to_wire(held, inner);
                        super::scope::some(inner_value)
                    },
                    |_| super::scope::none(none_ty),
                )
            }
            Ty::List(inner) | Ty::Bag(inner) | Ty::Set(inner) => {
                let inner = (**inner).clone();
                let value = match value.ty {
                    Type::List(_) => value,
                    _ => {
                        let list = Type::list(value.ty.element().cloned().unwrap_or(Type::Unit));
                        self.coerce(value, &list)
                    }
                };
                self.map_collection(value, &target, move |s, e| s.to_wire(e, &inner))
            }
            Ty::Record(record) => {
                let Type::Record(into) = target.clone() else { return value };
                let value = self.name(value);
                let mut fields = Vec::new();
                for (field, (_, want)) in record.fields.iter().zip(&into.fields) {
                    let Some(part) = self.raw_field(value.clone(), &field.name) else { continue };
                    if !contains_row(self.l, &field.ty) {
                        fields.push(self.coerce(part, want));
                        continue;
                    }
                    let field_ty = if field.absent { Ty::Option(Arc::new(field.ty.clone())) } else { field.ty.clone() };
                    let part = self.to_wire(part, &field_ty);
                    fields.push(self.coerce(part, want));
                }
                Expr::new(ExprKind::Record(fields), target)
            }
            Ty::Variant(symbol, args) => self.variant_to_wire(value, symbol, args, &target),
            Ty::Map(..) => self.unsupported(
                Range::empty(0),
                "a map of rows cannot leave the program: select fields of them",
                &target,
            ),
            _ => self.coerce(value, &target),
        }
    }

    fn row_to_wire(&mut self, value: Expr, symbol: &Symbol, target: &Type) -> Expr {
        let relation = self.l.relation_id(symbol);
        let row = self.as_row(value);
        let row = self.name(row);
        let Type::Record(into) = target.clone() else { return row };
        let mut fields = Vec::new();
        for (name, want) in &into.fields {
            let Some(field) = self.l.program.relation(relation).field_named(name) else { continue };
            let part = self.field_of_row(row.clone(), relation, field);
            let ty = self.l.field_ty(symbol, name);
            let part = self.stored_to_wire(part, &ty);
            fields.push(self.coerce(part, want));
        }
        Expr::new(ExprKind::Record(fields), target.clone())
    }

    /// A stored field as it travels in its row: references as keys.
    fn stored_to_wire(&mut self, value: Expr, ty: &Ty) -> Expr {
        match ty.base() {
            Ty::Row(_) => match value.ty {
                Type::Ref(r) | Type::Row(r) => self.key_of(value, r),
                _ => value,
            },
            Ty::Option(inner) if matches!(inner.base(), Ty::Row(_)) => {
                let Type::Option(held_ty) = value.ty.clone() else { return value };
                let (Type::Ref(relation) | Type::Row(relation)) = *held_ty else { return value };
                let symbol = match inner.base() {
                    Ty::Row(s) => s.clone(),
                    _ => return value,
                };
                let target = self.l.key_type(&symbol).optional();
                let value = self.name(value);
                let held = unwrap(value.clone());
                let none_ty = target.clone();
                self.conditional(
                    is_some(value),
                    &target,
                    |s| {
                        let key = s.key_of(held, relation);
                        super::scope::some(key)
                    },
                    |_| super::scope::none(none_ty),
                )
            }
            ty if contains_row(self.l, ty) => {
                let ty = ty.clone();
                self.to_wire(value, &ty)
            }
            _ => value,
        }
    }

    fn variant_to_wire(&mut self, value: Expr, symbol: &Symbol, args: &[Ty], target: &Type) -> Expr {
        let (Type::Variant(from), Type::Variant(to)) = (value.ty.clone(), target.clone()) else { return value };
        let Some(Signature::Type(sig)) = self.l.source.signature(symbol) else { return value };
        let TypeBody::Variant(cases) = &sig.body else { return value };
        let bound = bind_generics(&sig.generics, args);
        let value = self.name(value);
        let count = self.l.program.variant(from).cases.len();
        self.variant_case(value, from, to, 0, count, cases, &bound)
    }

    #[expect(clippy::too_many_arguments, reason = "the state of one recursion over cases")]
    fn variant_case(
        &mut self,
        value: Expr,
        from: crate::ir::VariantId,
        to: crate::ir::VariantId,
        tag: usize,
        count: usize,
        cases: &[tenon_check::signature::CaseSig],
        bound: &[(Name, Ty)],
    ) -> Expr {
        let target = Type::Variant(to);
        let build = |s: &mut Self, value: &Expr| {
            let case = s.l.program.variant(from).cases[tag].clone();
            let wanted: Vec<Type> = s.l.program.variant(to).cases[tag].fields.iter().map(|(_, t)| t.clone()).collect();
            let mut fields = Vec::new();
            for (at, ((_, ty), want)) in case.fields.iter().zip(&wanted).enumerate() {
                let part = Expr::new(ExprKind::CaseField(Box::new(value.clone()), tag as u32, at as u32), ty.clone());
                let declared =
                    cases.get(tag).and_then(|c| c.fields.get(at)).map_or(Ty::Error, |f| substitute(&f.ty, bound));
                let part = s.stored_to_wire(part, &declared);
                fields.push(s.coerce(part, want));
            }
            Expr::new(ExprKind::Variant(tag as u32, fields), Type::Variant(to))
        };
        if tag + 1 >= count {
            return build(self, &value);
        }
        let condition = super::expr::is_case(value.clone(), tag as u32);
        let again = value.clone();
        self.conditional(
            condition,
            &target,
            |s| build(s, &value),
            |s| s.variant_case(again, from, to, tag + 1, count, cases, bound),
        )
    }

    /// A value as the program takes it, from what came in. `place` is its JSON pointer or parameter name; a key
    /// without a row is noted there, or, in a path, answered by `NotFound`.
    pub fn from_wire(&mut self, value: Expr, ty: &Ty, place: &str, in_path: bool, site: SiteId) -> Expr {
        let target = self.ty(ty);
        if !contains_row(self.l, ty) {
            return self.coerce(value, &target);
        }
        match ty.base().clone() {
            Ty::Row(symbol) => {
                let relation = self.l.relation_id(&symbol);
                let found = self.lookup_values(relation, None, vec![value], Range::empty(0));
                let found = self.name(found);
                self.require_row(found.clone(), &symbol, place, in_path, site);
                unwrap(found)
            }
            Ty::Option(inner) => {
                let value = self.name(value);
                let held = unwrap(value.clone());
                let none_ty = target.clone();
                self.conditional(
                    is_some(value),
                    &target,
                    |s| {
                        let inner_value = s.from_wire(held, &inner, place, in_path, site);
                        super::scope::some(inner_value)
                    },
                    |_| super::scope::none(none_ty),
                )
            }
            Ty::Record(record) => {
                let Type::Record(into) = target.clone() else { return value };
                let value = self.name(value);
                let mut fields = Vec::new();
                for (field, (_, want)) in record.fields.iter().zip(&into.fields) {
                    let Some(part) = self.raw_field(value.clone(), &field.name) else { continue };
                    if !contains_row(self.l, &field.ty) {
                        fields.push(self.coerce(part, want));
                        continue;
                    }
                    let place = format!("{place}/{}", field.name);
                    if field.absent && matches!(field.ty.base(), Ty::Option(_)) {
                        fields.push(self.held_from_wire(part, &field.ty, want, &place, in_path, site));
                        continue;
                    }
                    let field_ty = if field.absent { Ty::Option(Arc::new(field.ty.clone())) } else { field.ty.clone() };
                    let part = self.from_wire(part, &field_ty, &place, in_path, site);
                    fields.push(self.coerce(part, want));
                }
                Expr::new(ExprKind::Record(fields), target)
            }
            Ty::List(inner) | Ty::Bag(inner) | Ty::Set(inner) if matches!(inner.base(), Ty::Row(_)) => {
                self.rows_from_wire(value, &inner, &target, place, site)
            }
            _ => self.unsupported(
                Range::empty(0),
                "rows this deep inside of a parameter cannot be looked up: take their keys",
                &target,
            ),
        }
    }

    /// A field that may be absent and may be `none`: an option of a record that holds the option.
    fn held_from_wire(&mut self, part: Expr, ty: &Ty, want: &Type, place: &str, in_path: bool, site: SiteId) -> Expr {
        let Type::Record(record) = want.present().clone() else { return part };
        let part = self.name(part);
        let held = unwrap(part.clone());
        let absent = want.clone();
        self.conditional(
            is_some(part),
            want,
            |s| {
                let Some(value) = s.raw_field(held, "0") else { return super::scope::none(want.clone()) };
                let value = s.from_wire(value, ty, place, in_path, site);
                let value = s.coerce(value, &record.fields[0].1);
                super::scope::some(Expr::new(ExprKind::Record(vec![value]), Type::Record(record.clone())))
            },
            |_| super::scope::none(absent),
        )
    }

    fn require_row(&mut self, found: Expr, symbol: &Symbol, place: &str, in_path: bool, site: SiteId) {
        let message = format!("there is no such {}", symbol.name);
        let (block, ()) = self.in_block(|s| {
            if in_path {
                s.emit(super::write::fail(BuiltIn::NotFound, text_literal(&message), site));
            } else {
                s.emit(Stmt::Problem(text_literal(place), text_literal(&message)));
                s.emit(Stmt::RejectProblems);
            }
        });
        self.emit(Stmt::If(not(is_some(found)), block, Vec::new()));
    }

    fn rows_from_wire(&mut self, value: Expr, inner: &Ty, target: &Type, place: &str, site: SiteId) -> Expr {
        let Ty::Row(symbol) = inner.base().clone() else { return value };
        let relation = self.l.relation_id(&symbol);
        let option = Type::Row(relation).optional();
        let found = self.map_collection(value, &Type::list(option.clone()), move |s, key| {
            s.lookup_values(relation, None, vec![key], Range::empty(0))
        });
        let found = self.name(found);
        let each = self.fresh("each", option.clone(), false);
        let position = self.fresh("position", Type::Int, true);
        self.emit(Stmt::Let(position, super::scope::int_literal(0)));
        let (body, ()) = self.in_block(|s| {
            let index = Expr::var(position, Type::Int);
            let text = Expr::new(ExprKind::Prim(Prim::ToText, vec![index.clone()], site), Type::Text);
            let pointer = Expr::new(
                ExprKind::Prim(Prim::Concat, vec![text_literal(place), text_literal("/"), text], site),
                Type::Text,
            );
            let message = text_literal(&format!("there is no such {}", symbol.name));
            let missing = not(is_some(Expr::var(each, option.clone())));
            s.emit(Stmt::If(missing, vec![Stmt::Problem(pointer, message)], Vec::new()));
            let next =
                Expr::new(ExprKind::Prim(Prim::AddInt, vec![index, super::scope::int_literal(1)], site), Type::Int);
            s.emit(Stmt::Let(position, next));
        });
        self.emit(Stmt::ForEach(each, found.clone(), body));
        self.emit(Stmt::RejectProblems);
        self.map_collection(found, target, |_, e| unwrap(e))
    }
}
