//! Writing the store: defaults, derived fields, and the checks that guard a row, written out before the command.
//! Obligations of writes that nothing proves become [`Stmt::Check`](crate::ir::Stmt) here.

use super::scope::{Binding, Scope, bool_literal, is_some, none, text_literal, unit, unwrap};
use super::source::BodyPart;
use crate::ir::{CheckKind, Command, Expr, ExprKind, FailWith, FieldId, Generated, RelationId, SiteId, Stmt, Type};
use smol_str::SmolStr;
use std::rc::Rc;
use std::sync::Arc;
use tenon_check::signature::{GeneratedKey, RelationSig};
use tenon_check::ty::{Symbol, Ty};
use tenon_check::typed::any;
use tenon_check::typed::{self, ExprKind as T, FieldSet};
use tenon_span::Range;
use tenon_value::BuiltIn;
use tenon_value::schema::derived_name;

impl Scope<'_, '_> {
    pub fn write(&mut self, expr: &typed::Expr) -> Expr {
        let range = expr.range;
        if self.in_query() {
            let ty = self.ty(&expr.ty);
            return self.unsupported(range, "a query cannot write", &ty);
        }
        match &expr.kind {
            T::Insert { relation, fields, spread } => {
                let given = self.given_fields(fields);
                let spread = spread.as_ref().map(|s| (s.ty.clone(), self.expr(s)));
                self.insert(relation, given, spread, range)
            }
            T::Upsert { relation, fields, unique } => self.upsert(relation, fields, *unique, range),
            T::Update { relation, row, sets, spread } => {
                let row = self.expr(row);
                let id = self.l.relation_id(relation);
                let target = self.coerce(row, &Type::Ref(id));
                let target = self.name(target);
                let spread = spread.as_ref().map(|s| (s.ty.clone(), self.expr(s)));
                self.update(relation, target, sets, spread, range)
            }
            T::Delete { relation, row } => {
                let row = self.expr(row);
                self.delete(relation, row, range)
            }
            _ => unit(),
        }
    }

    fn given_fields(&mut self, fields: &[(SmolStr, typed::Expr)]) -> Vec<(SmolStr, Expr)> {
        let refs: Vec<_> = fields.iter().map(|(_, e)| e).collect();
        let values = self.all(&refs);
        fields.iter().map(|(n, _)| n.clone()).zip(values).collect()
    }

    pub fn insert(
        &mut self,
        relation: &Symbol,
        given: Vec<(SmolStr, Expr)>,
        spread: Option<(Ty, Expr)>,
        range: Range,
    ) -> Expr {
        let Some(sig) = self.l.relation_sig(relation) else { return unit() };
        let id = self.l.relation_id(relation);
        let spread = spread.map(|(ty, value)| (self.closed(&ty), self.name(value)));
        let stored: Vec<(SmolStr, Type, bool)> = self
            .l
            .program
            .relation(id)
            .fields
            .iter()
            .map(|f| (f.name.clone(), f.ty.clone(), f.derived.is_some()))
            .collect();
        let mut given: Vec<(SmolStr, Expr)> = given.into_iter().map(|(n, v)| (n, self.name(v))).collect();
        let mut values: Vec<Expr> = Vec::new();
        for (name, ty, derived) in &stored {
            if *derived {
                let placeholder = none(ty.clone().optional());
                values.push(placeholder);
                continue;
            }
            let value = match given.iter().position(|(n, _)| n == name) {
                Some(at) => given.swap_remove(at).1,
                None => match spread.clone().and_then(|s| self.spread_field(relation, &s, name, ty, range)) {
                    Some((present, value)) => {
                        let ty = ty.clone();
                        self.conditional(
                            present,
                            &ty.clone(),
                            |_| value,
                            |s| s.default_field(relation, sig, id, name, &ty, range),
                        )
                    }
                    None => self.default_field(relation, sig, id, name, ty, range),
                },
            };
            let value = self.coerce(value, ty);
            values.push(self.name(value));
        }
        self.row_checks(sig, id, &values, None, CheckKind::RowCheck, range);
        self.assert_row(sig, id, &values, None, range);
        self.derive(sig, id, &mut values, range);
        let on_unique = self.unique_failures(sig, id, &values, range);
        let key = key_words(sig);
        let on_key =
            builtin_failure(BuiltIn::Conflict, &format!("there is a row of {} with this {key} already", relation.name));
        self.run_command("inserted", Type::Row(id), Command::Insert { relation: id, values, on_key, on_unique }, range)
    }

    /// What a spread record says of a field: whether it sets it, and to what.
    fn spread_field(
        &mut self,
        relation: &Symbol,
        spread: &(Ty, Expr),
        name: &str,
        stored: &Type,
        range: Range,
    ) -> Option<(Expr, Expr)> {
        let Ty::Record(record) = spread.0.base().clone() else { return None };
        let field = record.field(name)?.clone();
        let raw = self.raw_field(spread.1.clone(), name)?;
        let raw = self.name(raw);
        let target = self.l.field_ty(relation, name);
        let (present, value) = if field.absent {
            let seen = self.ty(&field.ty);
            let held = unwrap(raw.clone());
            let held = match &held.ty {
                Type::Record(r) if matches!(seen, Type::Option(_)) && r.fields.len() == 1 => {
                    let ty = r.fields[0].1.clone();
                    Expr::new(ExprKind::Field(Box::new(held), 0), ty)
                }
                _ => held,
            };
            (is_some(raw), held)
        } else {
            (bool_literal(true), raw)
        };
        let target = match (&value.ty, target) {
            (Type::Option(_), target) => target,
            (_, Ty::Option(inner)) => (*inner).clone(),
            (_, target) => target,
        };
        // The rules of the field that the record's own type does not have.
        if super::conversions::has_rules(&target) {
            let text = self.rule_text(&target);
            let checked = self.conditional(
                present.clone(),
                &Type::Bool,
                |s| s.satisfies(&value, &target, Some(&field.ty)).unwrap_or_else(|| bool_literal(true)),
                |_| bool_literal(true),
            );
            self.check(CheckKind::Refinement, checked, &text, range);
        }
        let value = self.coerce_if(present.clone(), value, stored);
        Some((present, value))
    }

    fn coerce_if(&mut self, present: Expr, value: Expr, ty: &Type) -> Expr {
        if value.ty == *ty {
            return value;
        }
        match &value.ty {
            // Reading through an absent value must not happen, so the conversion stands under the condition.
            Type::Row(_) | Type::Ref(_) => {
                let option = ty.clone().optional();
                let inner = ty.present().clone();
                let none_ty = option.clone();
                let named = self.conditional(
                    present,
                    &option,
                    |s| {
                        let v = s.coerce(value, &inner);
                        super::scope::some(v)
                    },
                    |_| none(none_ty),
                );
                let named = self.name(named);
                if matches!(ty, Type::Option(_)) { named } else { unwrap(named) }
            }
            Type::Option(held) if matches!(**held, Type::Row(_) | Type::Ref(_)) => {
                let without = none(ty.clone());
                self.conditional(present, ty, |s| s.coerce(value, ty), |_| without)
            }
            _ => self.coerce(value, ty),
        }
    }

    fn default_field(
        &mut self,
        relation: &Symbol,
        sig: &RelationSig,
        id: RelationId,
        name: &str,
        ty: &Type,
        range: Range,
    ) -> Expr {
        if sig.key.iter().any(|k| k == name) {
            match self.l.program.relation(id).generated {
                Generated::Id => return self.run_command("id", Type::Id, Command::NewId, range),
                Generated::Serial => return self.run_command("serial", Type::Int, Command::Serial(id), range),
                Generated::No => {}
            }
        }
        debug_assert!(sig.generated != GeneratedKey::Id || !sig.key.is_empty());
        let at = sig.fields.iter().position(|f| f.name == name).unwrap_or_default();
        match self.l.source.body(relation, BodyPart::Default(at as u32)) {
            Some(body) => {
                let value = self.inline_body(relation, body, Vec::new(), Vec::new(), range);
                self.coerce(value, ty)
            }
            None if matches!(ty, Type::Option(_)) => none(ty.clone()),
            None => self.unsupported(range, format!("`{name}` has no value"), ty),
        }
    }

    /// Checks the row rules that may have changed: all of them for a new row, those that speak of a changed field
    /// otherwise.
    pub fn row_checks(
        &mut self,
        sig: &RelationSig,
        id: RelationId,
        values: &[Expr],
        changed: Option<&[SmolStr]>,
        kind: CheckKind,
        range: Range,
    ) {
        let fields = Rc::new(values.to_vec());
        for n in 0..sig.checks {
            let Some(rule) = self.l.source.rule(&sig.symbol, BodyPart::Check(n)) else { continue };
            if changed.is_some_and(|names| !mentions(&rule.body.value, names)) {
                continue;
            }
            let body = Arc::new(rule.body.clone());
            let condition =
                self.inline_body(&sig.symbol, body, vec![Binding::Fields(id, fields.clone())], Vec::new(), range);
            self.check(kind, condition, &rule.text, range);
        }
    }

    /// Computes derived fields from the others.
    fn derive(&mut self, sig: &RelationSig, id: RelationId, values: &mut [Expr], range: Range) {
        for (u, unique) in sig.uniques.iter().enumerate() {
            for (p, part) in unique.parts.iter().enumerate() {
                if !part.derived {
                    continue;
                }
                let name = derived_name(&part.field, u, p);
                let Some(field) = self.l.program.relation(id).field_named(&name) else { continue };
                let Some(body) = self.l.source.body(&sig.symbol, BodyPart::UniquePart(u as u32, p as u32)) else {
                    continue;
                };
                let fields = Rc::new(values.to_vec());
                let value = self.inline_body(&sig.symbol, body, vec![Binding::Fields(id, fields)], Vec::new(), range);
                let ty = self.l.program.relation(id).field(field).ty.clone();
                let value = self.coerce(value, &ty);
                values[field.index()] = self.name(value);
            }
        }
    }

    /// The value of a derived part of a unique that a row with these fields has.
    fn derived_part(
        &mut self,
        sig: &RelationSig,
        id: RelationId,
        (unique, part): (u32, u32),
        given: &[(SmolStr, Expr)],
        range: Range,
    ) -> Expr {
        // A part is made of one field, which is given; the others are not looked at.
        let fields: Vec<(SmolStr, Type)> =
            self.l.program.relation(id).fields.iter().map(|f| (f.name.clone(), f.ty.clone())).collect();
        let values = fields.iter().map(|(name, ty)| match given.iter().find(|(given, _)| given == name) {
            Some((_, value)) => value.clone(),
            None => self.placeholder(ty),
        });
        let row = Binding::Fields(id, Rc::new(values.collect()));
        match self.l.source.body(&sig.symbol, BodyPart::UniquePart(unique, part)) {
            Some(body) => self.inline_body(&sig.symbol, body, vec![row], Vec::new(), range),
            None => unit(),
        }
    }

    fn unique_failures(&mut self, sig: &RelationSig, id: RelationId, values: &[Expr], range: Range) -> Vec<FailWith> {
        let fields = Rc::new(values.to_vec());
        let mut out = Vec::new();
        for (n, unique) in sig.uniques.iter().enumerate() {
            let words: Vec<_> = unique.parts.iter().map(|p| p.field.to_string()).collect();
            let standard = || {
                builtin_failure(
                    BuiltIn::Conflict,
                    &format!("there is a row of {} with this {} already", sig.symbol.name, words.join(" and ")),
                )
            };
            let own =
                unique.failure.then(|| self.l.source.body(&sig.symbol, BodyPart::UniqueFailure(n as u32))).flatten();
            out.push(match own {
                Some(body) => self
                    .failure_of(&sig.symbol, body, Binding::Fields(id, fields.clone()), range)
                    .unwrap_or_else(standard),
                None => standard(),
            });
        }
        out
    }

    /// The failure that a body ending in `fail E(…)` says, without failing.
    fn failure_of(&mut self, item: &Symbol, body: Arc<typed::Body>, row: Binding, range: Range) -> Option<FailWith> {
        let (block, ()) = self.in_block(|s| {
            s.inline_body(item, body, vec![row], Vec::new(), range);
        });
        let mut block = block;
        let last = block.pop();
        for stmt in block {
            self.emit(stmt);
        }
        match last {
            Some(Stmt::Fail(with, _)) => Some(with),
            _ => None,
        }
    }

    pub fn delete(&mut self, relation: &Symbol, row: Expr, range: Range) -> Expr {
        let id = self.l.relation_id(relation);
        let target = self.coerce(row, &Type::Ref(id));
        let name = relation.name.clone();
        let command = Command::Delete {
            relation: id,
            target,
            on_gone: gone(&name),
            on_restrict: builtin_failure(BuiltIn::Conflict, &format!("this {name} is still referred to")),
        };
        self.run_command("deleted", Type::Unit, command, range)
    }

    pub fn update(
        &mut self,
        relation: &Symbol,
        target: Expr,
        sets: &[FieldSet],
        spread: Option<(Ty, Expr)>,
        range: Range,
    ) -> Expr {
        let Some(sig) = self.l.relation_sig(relation) else { return unit() };
        let id = self.l.relation_id(relation);
        let spread = spread.map(|(ty, value)| (self.closed(&ty), self.name(value)));
        let refs: Vec<_> = sets.iter().map(|s| &s.value).collect();
        let operands = self.all(&refs);
        let operands: Vec<Expr> = operands.into_iter().map(|v| self.name(v)).collect();
        let mut changed: Vec<(SmolStr, Expr)> = Vec::new();
        // What `+=`, checks and transitions compare with is the store's row at this moment.
        let current = self.follow(target.clone());
        for (set, operand) in sets.iter().zip(operands) {
            let before = changed.iter().find(|(n, _)| *n == set.field).map(|(_, v)| v.clone());
            let value = self.set_value(relation, id, set, operand, &current, before);
            match changed.iter_mut().find(|(n, _)| *n == set.field) {
                Some((_, v)) => *v = value,
                None => changed.push((set.field.clone(), value)),
            }
        }
        if let Some(spread) = &spread {
            let names: Vec<_> = sig.fields.iter().filter(|f| !f.computed).map(|f| f.name.clone()).collect();
            for name in names {
                if changed.iter().any(|(n, _)| *n == name) {
                    continue;
                }
                let Some(field) = self.l.program.relation(id).field_named(&name) else { continue };
                let ty = self.l.program.relation(id).field(field).ty.clone();
                let Some((present, value)) = self.spread_field(relation, spread, &name, &ty, range) else { continue };
                let kept = self.field_of_row(current.clone(), id, field);
                let before = kept.clone();
                let value = self.conditional(present, &ty, |_| value, |_| kept);
                let value = self.name(value);
                if sig.transitions.iter().any(|(field, _)| *field == name) {
                    let allowed = self.may_become(relation, &name, before, value.clone());
                    self.check(CheckKind::Transition, allowed, &format!("transitions {name}"), range);
                }
                changed.push((name, value));
            }
        }
        for field in sig.fields.iter().filter(|f| f.on_update && !f.computed) {
            if changed.iter().any(|(n, _)| *n == field.name) {
                continue;
            }
            let Some(at) = self.l.program.relation(id).field_named(&field.name) else { continue };
            let ty = self.l.program.relation(id).field(at).ty.clone();
            let value = self.default_field(relation, sig, id, &field.name, &ty, range);
            let value = self.name(value);
            changed.push((field.name.clone(), value));
        }
        self.write_changes(relation, sig, id, target, current, changed, range)
    }

    /// The command, with the checks on the row as it will be.
    #[expect(clippy::too_many_arguments, reason = "a write is one step with many parts")]
    fn write_changes(
        &mut self,
        relation: &Symbol,
        sig: &RelationSig,
        id: RelationId,
        target: Expr,
        current: Expr,
        changed: Vec<(SmolStr, Expr)>,
        range: Range,
    ) -> Expr {
        let count = self.l.program.relation(id).fields.len();
        let mut values = Vec::with_capacity(count);
        for at in 0..count {
            let field = FieldId(at as u32);
            let name = self.l.program.relation(id).field(field).name.clone();
            values.push(match changed.iter().find(|(n, _)| *n == name) {
                Some((_, value)) => value.clone(),
                None => self.field_of_row(current.clone(), id, field),
            });
        }
        let names: Vec<SmolStr> = changed.iter().map(|(n, _)| n.clone()).collect();
        self.row_checks(sig, id, &values, Some(&names), CheckKind::RowCheck, range);
        self.assert_row(sig, id, &values, Some(&current), range);
        let mut sets: Vec<(FieldId, Expr)> = Vec::new();
        for (name, value) in changed {
            if let Some(field) = self.l.program.relation(id).field_named(&name) {
                sets.push((field, value));
            }
        }
        let touches_derived = sig.uniques.iter().flat_map(|u| &u.parts).any(|p| p.derived && names.contains(&p.field));
        if touches_derived {
            self.derive(sig, id, &mut values, range);
            for (at, value) in values.iter().enumerate() {
                let field = FieldId(at as u32);
                if self.l.program.relation(id).field(field).derived.is_some() {
                    sets.push((field, value.clone()));
                }
            }
        }
        let on_unique = self.unique_failures(sig, id, &values, range);
        let command = Command::Update { relation: id, target, sets, on_gone: gone(&relation.name), on_unique };
        self.run_command("updated", Type::Row(id), command, range)
    }

    fn set_value(
        &mut self,
        relation: &Symbol,
        id: RelationId,
        set: &FieldSet,
        operand: Expr,
        current: &Expr,
        before: Option<Expr>,
    ) -> Expr {
        let Some(field) = self.l.program.relation(id).field_named(&set.field) else { return operand };
        let ty = self.l.program.relation(id).field(field).ty.clone();
        let old = match before {
            Some(value) => value,
            None => self.field_of_row(current.clone(), id, field),
        };
        let target = self.l.field_ty(relation, &set.field);
        let value = if set.path.is_empty() {
            match set.op {
                Some(op) => {
                    let base = target.base().clone();
                    self.apply_binary(op, old.clone(), operand, &base, set.range)
                }
                None => operand,
            }
        } else {
            self.set_path(old.clone(), &set.path, set, operand)
        };
        let value = self.coerce(value, &ty);
        let value = self.name(value);
        if set.checked
            && let Some(condition) = self.satisfies(&value, &target, None)
        {
            let rule = self.rule_text(&target);
            self.check(CheckKind::Refinement, condition, &rule, set.range);
        }
        if set.transition_checked {
            let allowed = self.may_become(relation, &set.field, old, value.clone());
            self.check(CheckKind::Transition, allowed, &format!("transitions {}", set.field), set.range);
        }
        value
    }

    /// A record with one field deep inside replaced.
    fn set_path(&mut self, record: Expr, path: &[SmolStr], set: &FieldSet, operand: Expr) -> Expr {
        let Some((name, rest)) = path.split_first() else {
            return match set.op {
                Some(op) => {
                    let ty = set.value.ty.base().clone();
                    self.apply_binary(op, record, operand, &ty, set.range)
                }
                None => operand,
            };
        };
        let Type::Record(ty) = record.ty.clone() else { return record };
        let record = self.name(record);
        let mut fields = Vec::new();
        for (at, (field, field_ty)) in ty.fields.iter().enumerate() {
            let part = Expr::new(ExprKind::Field(Box::new(record.clone()), at as u32), field_ty.clone());
            fields.push(if field == name {
                let value = self.set_path(part, rest, set, operand.clone());
                self.coerce(value, field_ty)
            } else {
                part
            });
        }
        Expr::new(ExprKind::Record(fields), record.ty)
    }

    fn upsert(
        &mut self,
        relation: &Symbol,
        fields: &[(SmolStr, typed::Expr)],
        unique: Option<u32>,
        range: Range,
    ) -> Expr {
        let Some(sig) = self.l.relation_sig(relation) else { return unit() };
        let id = self.l.relation_id(relation);
        let given = self.given_fields(fields);
        let given: Vec<(SmolStr, Expr)> = given
            .into_iter()
            .map(|(n, v)| {
                let ty = self
                    .l
                    .program
                    .relation(id)
                    .field_named(&n)
                    .map(|f| self.l.program.relation(id).field(f).ty.clone());
                let v = match ty {
                    Some(ty) => self.coerce(v, &ty),
                    None => v,
                };
                (n, self.name(v))
            })
            .collect();
        // The fields that name the row, each with whether something made of it does: `email.lower`.
        let parts: Vec<(SmolStr, bool)> = match unique {
            Some(n) => sig
                .uniques
                .get(n as usize)
                .map(|u| u.parts.iter().map(|p| (p.field.clone(), p.derived)).collect())
                .unwrap_or_default(),
            None => sig.key.iter().map(|k| (k.clone(), false)).collect(),
        };
        let mut key = Vec::with_capacity(parts.len());
        for (at, (name, derived)) in parts.iter().enumerate() {
            let Some((_, value)) = given.iter().find(|(given, _)| given == name) else { continue };
            key.push(match (derived, unique) {
                (true, Some(unique)) => self.derived_part(sig, id, (unique, at as u32), &given, range),
                _ => value.clone(),
            });
        }
        let found = self.lookup_values(id, unique, key, range);
        let found = self.name(found);
        let existing = unwrap(found.clone());
        // The row has these values already.
        let found_by =
            |name: &SmolStr| sig.key.contains(name) || parts.iter().any(|(part, derived)| part == name && !derived);
        let updates: Vec<(SmolStr, Expr)> = given.iter().filter(|(name, _)| !found_by(name)).cloned().collect();
        self.conditional(
            is_some(found),
            &Type::Row(id),
            |s| {
                let mut updates = updates;
                for (name, value) in &updates {
                    if sig.transitions.iter().any(|(field, _)| field == name)
                        && let Some(field) = s.l.program.relation(id).field_named(name)
                    {
                        let before = s.field_of_row(existing.clone(), id, field);
                        let allowed = s.may_become(relation, name, before, value.clone());
                        s.check(CheckKind::Transition, allowed, &format!("transitions {name}"), range);
                    }
                }
                for field in sig.fields.iter().filter(|f| f.on_update && !f.computed) {
                    if updates.iter().all(|(n, _)| *n != field.name)
                        && let Some(at) = s.l.program.relation(id).field_named(&field.name)
                    {
                        let ty = s.l.program.relation(id).field(at).ty.clone();
                        let value = s.default_field(relation, sig, id, &field.name, &ty, range);
                        let value = s.name(value);
                        updates.push((field.name.clone(), value));
                    }
                }
                let target = s.coerce(existing.clone(), &Type::Ref(id));
                s.write_changes(relation, sig, id, target, existing, updates, range)
            },
            |s| s.insert(relation, given, None, range),
        )
    }
}

/// True if a rule over a row speaks of one of these fields, or of a computed one, which may rest on any.
fn mentions(rule: &typed::Expr, names: &[SmolStr]) -> bool {
    any(rule, &|e| match &e.kind {
        T::StoredField(_, name) => names.contains(name),
        T::ComputedField(..) => true,
        _ => false,
    })
}

fn key_words(sig: &RelationSig) -> String {
    let words: Vec<_> = sig.key.iter().map(|k| k.to_string()).collect();
    words.join(" and ")
}

fn gone(relation: &str) -> FailWith {
    builtin_failure(BuiltIn::NotFound, &format!("this {relation} does not exist any more"))
}

/// A failure of a built-in error with a constant message.
pub(super) fn builtin_failure(error: BuiltIn, message: &str) -> FailWith {
    FailWith { error: error.id(), fields: Vec::new(), message: text_literal(message) }
}

/// A failure as a statement.
pub(super) fn fail(error: BuiltIn, message: Expr, site: SiteId) -> Stmt {
    Stmt::Fail(FailWith { error: error.id(), fields: Vec::new(), message }, site)
}
