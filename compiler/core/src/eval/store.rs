//! The evaluator's store: ordered maps from keys to rows, and nothing else.
//!
//! Deliberately not the image of the runtime: code that is shared with what it checks cannot be an oracle.

use crate::ir::{Program, Relation, RelationId};
use std::collections::BTreeMap;
use std::sync::Arc;
use tenon_value::Value;

/// A row: its key, and all stored fields in the order of the relation.
pub type Row = (Arc<Value>, Arc<[Value]>);

/// What the evaluator needs of a store. It knows keys; uniques and references are the evaluator's business.
pub trait Store {
    /// The fields of the row under a key.
    fn row(&self, relation: RelationId, key: &Value) -> Option<Arc<[Value]>>;
    /// All rows, ascending by key.
    fn rows(&self, relation: RelationId) -> Vec<Row>;
    /// Stores a row, in place of the one under its key.
    fn put(&mut self, relation: RelationId, key: Arc<Value>, fields: Arc<[Value]>);
    /// Removes the row under a key, if there is one.
    fn remove(&mut self, relation: RelationId, key: &Value);
    /// The last number that a serial key got; 0 at first.
    fn serial(&self, relation: RelationId) -> i64;
    /// Sets that number.
    fn set_serial(&mut self, relation: RelationId, last: i64);
    /// Begins a transaction.
    fn begin(&mut self);
    /// Keeps what the transaction did.
    fn commit(&mut self);
    /// Undoes what the transaction did, serial numbers included.
    fn rollback(&mut self);
}

/// A step back.
enum Undo {
    /// What stood under a key.
    Row(RelationId, Arc<Value>, Option<Arc<[Value]>>),
    /// The last serial number.
    Serial(RelationId, i64),
}

/// A store in memory.
#[derive(Default)]
pub struct MemoryStore {
    relations: Vec<BTreeMap<Arc<Value>, Arc<[Value]>>>,
    serials: Vec<i64>,
    /// What to undo, newest last, while a transaction runs.
    undo: Vec<Undo>,
}

impl MemoryStore {
    /// An empty store for a program.
    pub fn new(program: &Program) -> MemoryStore {
        MemoryStore {
            relations: program.relations.iter().map(|_| BTreeMap::new()).collect(),
            serials: vec![0; program.relations.len()],
            undo: Vec::new(),
        }
    }

    /// The number of rows of a relation.
    pub fn count(&self, relation: RelationId) -> usize {
        self.relations[relation.index()].len()
    }
}

impl Store for MemoryStore {
    fn row(&self, relation: RelationId, key: &Value) -> Option<Arc<[Value]>> {
        self.relations[relation.index()].get(key).cloned()
    }

    fn rows(&self, relation: RelationId) -> Vec<Row> {
        self.relations[relation.index()].iter().map(|(key, fields)| (key.clone(), fields.clone())).collect()
    }

    fn put(&mut self, relation: RelationId, key: Arc<Value>, fields: Arc<[Value]>) {
        let before = self.relations[relation.index()].insert(key.clone(), fields);
        self.undo.push(Undo::Row(relation, key, before));
    }

    fn remove(&mut self, relation: RelationId, key: &Value) {
        if let Some((key, before)) = self.relations[relation.index()].remove_entry(key) {
            self.undo.push(Undo::Row(relation, key, Some(before)));
        }
    }

    fn serial(&self, relation: RelationId) -> i64 {
        self.serials[relation.index()]
    }

    fn set_serial(&mut self, relation: RelationId, last: i64) {
        self.undo.push(Undo::Serial(relation, self.serials[relation.index()]));
        self.serials[relation.index()] = last;
    }

    fn begin(&mut self) {
        self.undo.clear();
    }

    fn commit(&mut self) {
        self.undo.clear();
    }

    fn rollback(&mut self) {
        while let Some(step) = self.undo.pop() {
            match step {
                Undo::Row(relation, key, Some(before)) => {
                    self.relations[relation.index()].insert(key, before);
                }
                Undo::Row(relation, key, None) => {
                    self.relations[relation.index()].remove(&key);
                }
                Undo::Serial(relation, last) => self.serials[relation.index()] = last,
            }
        }
    }
}

/// The key of a row: the field itself, or a record where the key has several.
pub fn key_of(relation: &Relation, fields: &[Value]) -> Value {
    match relation.key.as_slice() {
        [field] => fields[field.index()].clone(),
        several => Value::record(several.iter().map(|field| fields[field.index()].clone()).collect::<Vec<_>>()),
    }
}
