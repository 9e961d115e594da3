//! Patterns: a condition over a cheap expression, and bindings that project from it.

use super::expr::{is_case, literal_value};
use super::scope::{Scope, and, bool_literal, compare, is_some, not, or, some, unwrap};
use crate::ir::{Expr, ExprKind, Prim, Type};
use tenon_check::typed::{LocalId, Pattern, PatternKind};

impl Scope<'_, '_> {
    /// The condition under which the pattern matches a value that may be used many times; binds the pattern's
    /// locals to parts of the value, which are only read where the condition holds.
    pub fn test_and_bind(&mut self, pattern: &Pattern, value: Expr) -> Expr {
        self.test_under(pattern, value, &bool_literal(true))
    }

    /// As [`Scope::test_and_bind`], of a part of a value that is there where `path` holds.
    fn test_under(&mut self, pattern: &Pattern, value: Expr, path: &Expr) -> Expr {
        match &pattern.kind {
            PatternKind::Error | PatternKind::Wildcard => bool_literal(true),
            PatternKind::Bind(local) => {
                self.bind_part(*local, value, path);
                bool_literal(true)
            }
            PatternKind::Literal(literal) => {
                let constant = self.literal(literal, &pattern.ty);
                let constant = self.coerce(constant, &value.ty.clone());
                compare(Prim::Eq, value, constant)
            }
            PatternKind::Range(low, high, inclusive) => {
                let ty = value.ty.clone();
                let end = |l| Expr::new(ExprKind::Literal(literal_value(l, &ty)), ty.clone());
                let upper = if *inclusive { Prim::Le } else { Prim::Lt };
                and(compare(Prim::Ge, value.clone(), end(low)), compare(upper, value, end(high)))
            }
            PatternKind::Absent => match value.ty {
                Type::Option(_) => not(is_some(value)),
                _ => bool_literal(false),
            },
            PatternKind::Present(inner) => match value.ty {
                Type::Option(_) => {
                    let present = is_some(value.clone());
                    let rest = self.test_under(inner, unwrap(value), &and(path.clone(), present.clone()));
                    and(present, rest)
                }
                _ => self.test_under(inner, value, path),
            },
            PatternKind::Case(_, case, fields) => {
                let Type::Variant(id) = value.ty else { return bool_literal(false) };
                let variant = self.l.program.variant(id);
                let Some(tag) = variant.cases.iter().position(|c| c.name == *case) else { return bool_literal(false) };
                let names: Vec<_> = variant.cases[tag].fields.iter().map(|(n, _)| n.clone()).collect();
                let mut condition = is_case(value.clone(), tag as u32);
                for (name, field) in names.iter().zip(fields) {
                    let part = self.case_field(value.clone(), case, name);
                    let test = self.test_under(field, part, &and(path.clone(), condition.clone()));
                    condition = and(condition, test);
                }
                condition
            }
            PatternKind::Record(fields, rest) => {
                let mut condition = bool_literal(true);
                let value = self.row_under(value, path);
                for (name, field) in fields {
                    let path = and(path.clone(), condition.clone());
                    let always = matches!(path.kind, ExprKind::Literal(_));
                    if !always {
                        self.push_path(path.clone());
                    }
                    let part = match value.ty {
                        Type::Row(relation) | Type::Ref(relation) => {
                            let field = self.l.program.relation(relation).field_named(name);
                            field.map(|field| self.field_of_row(value.clone(), relation, field))
                        }
                        _ => self.raw_field(value.clone(), name),
                    };
                    let part = part.map(|part| self.name(part));
                    if !always {
                        self.pop_path();
                    }
                    let Some(part) = part else { continue };
                    let test = self.test_under(field, part, &path);
                    condition = and(condition, test);
                }
                if let Some(local) = rest {
                    let (_, ty) = self.local(*local);
                    let ty = self.ty(&ty);
                    let value = self.record_of(value, &ty);
                    self.bind(*local, value);
                }
                condition
            }
            PatternKind::Or(alternatives) => self.alternatives(alternatives, value, path),
        }
    }

    /// The row of a reference, read now, but only where `path` holds: without it there may be no reference.
    fn row_under(&mut self, value: Expr, path: &Expr) -> Expr {
        let Type::Ref(relation) = value.ty else { return value };
        if self.in_query() || matches!(path.kind, ExprKind::Literal(_)) {
            return value;
        }
        let option = Type::Row(relation).optional();
        let nothing = Expr::new(ExprKind::None, option.clone());
        let row = self.conditional(
            path.clone(),
            &option,
            |s| {
                let row = s.follow(value);
                some(row)
            },
            |_| nothing,
        );
        let row = self.name(row);
        unwrap(row)
    }

    fn bind_part(&mut self, local: LocalId, value: Expr, path: &Expr) {
        let (_, ty) = self.local(local);
        let mutable = self.frame.body.locals.get(local.0 as usize).is_some_and(|l| l.mutable);
        // A row that a name holds keeps its fields as read; inside one query everything reads one state.
        let value = if self.in_query() {
            value
        } else {
            let core = self.ty(&ty);
            match (&value.ty, &core) {
                (Type::Ref(_), Type::Row(_)) => {
                    let row = self.row_under(value, path);
                    self.coerce(row, &core)
                }
                (Type::Option(_), Type::Option(_)) if matches!(path.kind, ExprKind::Literal(_)) => {
                    self.coerce(value, &core)
                }
                (Type::Option(_), Type::Option(_)) if value.ty != core => {
                    let nothing = Expr::new(ExprKind::None, core.clone());
                    self.conditional(path.clone(), &core, |s| s.coerce(value, &core), |_| nothing)
                }
                _ => value,
            }
        };
        if mutable && !self.in_query() {
            self.declare_mutable(local, value);
            return;
        }
        self.bind(local, value);
    }

    /// The fields that a record type asks for, out of a row or record.
    pub fn record_of(&mut self, value: Expr, ty: &Type) -> Expr {
        let (Type::Row(relation) | Type::Ref(relation)) = value.ty else { return self.coerce(value, ty) };
        let Type::Record(record) = ty.clone() else { return value };
        let mut fields = Vec::new();
        for (name, want) in &record.fields {
            let Some(field) = self.l.program.relation(relation).field_named(name) else {
                fields.push(self.placeholder(want));
                continue;
            };
            let part = self.field_of_row(value.clone(), relation, field);
            fields.push(self.coerce(part, want));
        }
        Expr::new(ExprKind::Record(fields), ty.clone())
    }

    fn alternatives(&mut self, alternatives: &[Pattern], value: Expr, path: &Expr) -> Expr {
        let mut condition = bool_literal(false);
        let mut bound: Vec<(LocalId, Vec<(Expr, Expr)>)> = Vec::new();
        for alternative in alternatives {
            let before = self.frame.env.clone();
            let test = self.test_under(alternative, value.clone(), path);
            for local in pattern_locals(alternative) {
                let part = self.read_local(local, alternative.range);
                match bound.iter_mut().find(|(l, _)| *l == local) {
                    Some((_, parts)) => parts.push((test.clone(), part)),
                    None => bound.push((local, vec![(test.clone(), part)])),
                }
            }
            self.frame.env = before;
            condition = if matches!(&condition.kind, ExprKind::Literal(_)) { test } else { or(condition, test) };
        }
        for (local, parts) in bound {
            let mut parts = parts.into_iter().rev();
            let Some((_, mut chosen)) = parts.next() else { continue };
            for (test, part) in parts {
                let ty = part.ty.clone();
                chosen = Expr::new(ExprKind::If(Box::new(test), Box::new(part), Box::new(chosen)), ty);
            }
            self.bind(local, chosen);
        }
        condition
    }
}

/// The locals that a pattern binds.
pub(super) fn pattern_locals(pattern: &Pattern) -> Vec<LocalId> {
    let mut locals = Vec::new();
    collect(pattern, &mut locals);
    locals
}

fn collect(pattern: &Pattern, locals: &mut Vec<LocalId>) {
    match &pattern.kind {
        PatternKind::Bind(local) => locals.push(*local),
        PatternKind::Present(inner) => collect(inner, locals),
        PatternKind::Case(_, _, fields) => fields.iter().for_each(|f| collect(f, locals)),
        PatternKind::Record(fields, rest) => {
            fields.iter().for_each(|(_, f)| collect(f, locals));
            locals.extend(rest);
        }
        // All alternatives bind the same locals.
        PatternKind::Or(alternatives) => alternatives.iter().take(1).for_each(|a| collect(a, locals)),
        _ => {}
    }
}
