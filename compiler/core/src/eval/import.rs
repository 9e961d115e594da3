//! Rows from outside into the evaluator's store: all or nothing, with everything that is wrong.

use super::Store;
use super::store::key_of;
use super::write::references;
use crate::ir::{Generated, Program, RelationId};
use crate::typing::is_of;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use tenon_value::Value;

/// Rows of one relation, each with a value for every stored field, derived ones included.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The relation.
    pub relation: RelationId,
    /// The rows.
    pub rows: Vec<Vec<Value>>,
}

/// A row that cannot be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// Its relation.
    pub relation: RelationId,
    /// Its position in its batch, from 0.
    pub row: usize,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}: {}", self.row, self.message)
    }
}

/// Stores the rows of all batches, or none of them. References are checked after the last row, so batches may refer to
/// each other in any order. Rules of types and rows are functions of the program and not checked here.
pub fn import(program: &Program, store: &mut dyn Store, batches: &[Batch]) -> Result<(), Vec<BadRow>> {
    store.begin();
    let mut bad = Vec::new();
    for batch in batches {
        put(program, store, batch, &mut bad);
    }
    for batch in batches {
        check(program, store, batch, &mut bad);
    }
    if bad.is_empty() {
        store.commit();
        Ok(())
    } else {
        store.rollback();
        Err(bad)
    }
}

/// Stores rows whose values are of the types of their fields and whose keys are new.
fn put(program: &Program, store: &mut dyn Store, batch: &Batch, bad: &mut Vec<BadRow>) {
    let id = batch.relation;
    let relation = program.relation(id);
    for (row, fields) in batch.rows.iter().enumerate() {
        let mut wrong = |message: String| bad.push(BadRow { relation: id, row, message });
        if fields.len() != relation.fields.len() {
            wrong(format!("has {} values for {} fields", fields.len(), relation.fields.len()));
            continue;
        }
        let misfit = fields.iter().zip(&relation.fields).find(|(value, field)| !is_of(program, value, &field.ty));
        if let Some((_, field)) = misfit {
            wrong(format!("the value of {} is not of its type", field.name));
            continue;
        }
        let key = key_of(relation, fields);
        if store.row(id, &key).is_some() {
            wrong("the key exists already".to_string());
            continue;
        }
        if let (Generated::Serial, Value::Int(number)) = (relation.generated, &key)
            && *number > store.serial(id)
        {
            store.set_serial(id, *number);
        }
        store.put(id, Arc::new(key), fields.as_slice().into());
    }
}

/// Checks uniques and references of the rows of a batch against the store as it is now.
fn check(program: &Program, store: &dyn Store, batch: &Batch, bad: &mut Vec<BadRow>) {
    let id = batch.relation;
    let relation = program.relation(id);
    for unique in &relation.uniques {
        // Every value that stands twice is remembered, so that each of its rows in the batch is told.
        let mut seen = BTreeSet::new();
        let mut twice = BTreeSet::new();
        let values = |fields: &[Value]| -> Option<Vec<Value>> {
            let values: Vec<Value> = unique.fields.iter().map(|field| fields[field.index()].clone()).collect();
            let counts = !(unique.skip_none && values.iter().any(Value::is_none));
            counts.then_some(values)
        };
        for (_, fields) in store.rows(id) {
            if let Some(values) = values(&fields)
                && !seen.insert(values.clone())
            {
                twice.insert(values);
            }
        }
        for (row, fields) in batch.rows.iter().enumerate() {
            if fields.len() == relation.fields.len() && values(fields).is_some_and(|values| twice.contains(&values)) {
                let names: Vec<&str> = unique.fields.iter().map(|field| relation.field(*field).name.as_str()).collect();
                bad.push(BadRow { relation: id, row, message: format!("{} exists twice", names.join(", ")) });
            }
        }
    }
    for (row, fields) in batch.rows.iter().enumerate() {
        for (value, field) in fields.iter().zip(&relation.fields) {
            let mut missing = false;
            references(value, &mut |target, key| {
                missing = missing || target.index() >= program.relations.len() || store.row(target, key).is_none();
            });
            if missing {
                bad.push(BadRow { relation: id, row, message: format!("{} refers to no row", field.name) });
            }
        }
    }
}
