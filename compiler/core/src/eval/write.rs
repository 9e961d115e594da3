//! What commands do to the store: keys, uniques and references hold after each of them.
//!
//! A violated key is answered before a violated unique, uniques in the order of the relation, and a reference without
//! a row (which only a stale reference can be) comes last, as a fault.

use super::Run;
use super::machine::{Env, Machine, fault, malformed};
use super::store::key_of;
use crate::ir::*;
use std::sync::Arc;
use tenon_value::{Fault, Value};

/// About what a stored row takes beside what its texts and collections did when they were made: its fields, its key, its
/// place in the store and a step of undo.
fn stored_size(fields: &[Value]) -> usize {
    std::mem::size_of_val(fields) + 6 * std::mem::size_of::<Value>()
}

/// The relation that a field refers to, if it is a reference.
fn target_of(ty: &Type) -> Option<RelationId> {
    match ty.present() {
        Type::Ref(relation) => Some(*relation),
        _ => None,
    }
}

/// Calls `f` on each reference in a stored value: relation and key.
pub(crate) fn references<'v>(value: &'v Value, f: &mut dyn FnMut(RelationId, &'v Value)) {
    match value {
        Value::Ref { relation, key } | Value::Row { relation, key, .. } => f(RelationId(*relation), key),
        Value::Some(inner) => references(inner, f),
        Value::List(items) | Value::Bag(items) | Value::Set(items) | Value::Record(items) => {
            items.iter().for_each(|item| references(item, f));
        }
        Value::Variant { fields, .. } => fields.iter().for_each(|field| references(field, f)),
        Value::Map(pairs) => pairs.iter().for_each(|(key, value)| {
            references(key, f);
            references(value, f);
        }),
        _ => {}
    }
}

/// Why a row cannot be stored.
pub(super) enum Violation {
    /// Another row has these values of the unique of this number.
    Unique(usize),
    /// A reference leads nowhere.
    Reference,
}

impl<'a> Machine<'a> {
    /// What a row would violate, beside its key. The row under its own key does not count.
    pub(super) fn violation(&mut self, id: RelationId, key: &Value, fields: &[Value]) -> Run<Option<Violation>> {
        let relation = self.program.relation(id);
        for (index, unique) in relation.uniques.iter().enumerate() {
            if unique.skip_none && unique.fields.iter().any(|field| fields[field.index()].is_none()) {
                continue;
            }
            for (other_key, other) in self.store.rows(id) {
                self.burn(1)?;
                let same = unique.fields.iter().all(|field| other[field.index()] == fields[field.index()]);
                if same && *other_key != *key {
                    return Ok(Some(Violation::Unique(index)));
                }
            }
        }
        let mut broken = false;
        for field in fields {
            references(field, &mut |target, target_key| {
                let itself = target == id && target_key == key;
                broken = broken || (!itself && self.store.row(target, target_key).is_none());
            });
        }
        Ok(broken.then_some(Violation::Reference))
    }

    fn answer<T>(&mut self, violation: Violation, on_unique: &'a [FailWith], site: SiteId, env: &mut Env) -> Run<T> {
        match violation {
            Violation::Unique(index) => match on_unique.get(index) {
                Some(with) => self.fail(with, site, env),
                None => fault(Fault::DuplicateUnique, site),
            },
            Violation::Reference => fault(Fault::ReferenceFailed, site),
        }
    }

    pub(super) fn insert(
        &mut self,
        id: RelationId,
        fields: Vec<Value>,
        (on_key, on_unique): (&'a FailWith, &'a [FailWith]),
        site: SiteId,
        env: &mut Env,
    ) -> Run<Value> {
        let relation = self.program.relation(id);
        if fields.len() != relation.fields.len() {
            return malformed("an insert has a wrong number of fields");
        }
        let key = key_of(relation, &fields);
        if self.store.row(id, &key).is_some() {
            return self.fail(on_key, site, env);
        }
        if let Some(violation) = self.violation(id, &key, &fields)? {
            return self.answer(violation, on_unique, site, env);
        }
        // A number that was given is not drawn again.
        if let (Generated::Serial, Value::Int(number)) = (relation.generated, &key)
            && *number > self.store.serial(id)
        {
            self.store.set_serial(id, *number);
        }
        let fields: Arc<[Value]> = fields.into();
        self.allocate(stored_size(&fields))?;
        self.store.put(id, Arc::new(key), fields.clone());
        Ok(self.row_value(id, fields))
    }

    /// The key that a reference or a row names.
    fn target(&self, id: RelationId, target: &Value) -> Run<Arc<Value>> {
        match target {
            Value::Ref { relation, key } | Value::Row { relation, key, .. } if *relation == id.0 => Ok(key.clone()),
            _ => malformed("a reference is expected"),
        }
    }

    pub(super) fn update(
        &mut self,
        id: RelationId,
        target: &Value,
        sets: Vec<(FieldId, Value)>,
        (on_gone, on_unique): (&'a FailWith, &'a [FailWith]),
        site: SiteId,
        env: &mut Env,
    ) -> Run<Value> {
        let relation = self.program.relation(id);
        let key = self.target(id, target)?;
        let Some(before) = self.store.row(id, &key) else { return self.fail(on_gone, site, env) };
        let mut fields = before.to_vec();
        for (field, value) in sets {
            if relation.key.contains(&field) {
                return malformed("an update changes a key");
            }
            fields[field.index()] = value;
        }
        if let Some(violation) = self.violation(id, &key, &fields)? {
            return self.answer(violation, on_unique, site, env);
        }
        let fields: Arc<[Value]> = fields.into();
        self.allocate(stored_size(&fields))?;
        self.store.put(id, key, fields.clone());
        Ok(self.row_value(id, fields))
    }

    pub(super) fn delete(
        &mut self,
        id: RelationId,
        target: &Value,
        (on_gone, on_restrict): (&'a FailWith, &'a FailWith),
        site: SiteId,
        env: &mut Env,
    ) -> Run<Value> {
        let key = self.target(id, target)?;
        if self.store.row(id, &key).is_none() {
            return self.fail(on_gone, site, env);
        }
        // All references are looked at before the first is cleared: a refused delete changes nothing.
        let mut cleared: Vec<(RelationId, Arc<Value>, Vec<Value>)> = Vec::new();
        for (index, holder) in self.program.relations.iter().enumerate() {
            let holder_id = RelationId(index as u32);
            for (holder_key, fields) in self.store.rows(holder_id) {
                self.burn(1)?;
                // A row that refers to itself goes with its reference.
                if holder_id == id && holder_key == key {
                    continue;
                }
                let mut changed = None;
                for (at, (value, field)) in fields.iter().zip(&holder.fields).enumerate() {
                    let mut refers = false;
                    references(value, &mut |target, target_key| {
                        refers = refers || (target == id && *target_key == *key)
                    });
                    // Only a field that is a reference by itself can be cleared.
                    match field.on_delete {
                        _ if !refers => {}
                        OnDelete::Clear if target_of(&field.ty) == Some(id) => {
                            changed.get_or_insert_with(|| fields.to_vec())[at] = Value::None;
                        }
                        _ => return self.fail(on_restrict, site, env),
                    }
                }
                if let Some(fields) = changed {
                    cleared.push((holder_id, holder_key, fields));
                }
            }
        }
        self.store.remove(id, &key);
        for (holder, holder_key, fields) in cleared {
            if let Some(Violation::Unique(_)) = self.violation(holder, &holder_key, &fields)? {
                return fault(Fault::DuplicateUnique, site);
            }
            self.store.put(holder, holder_key, fields.into());
        }
        Ok(Value::unit())
    }
}
