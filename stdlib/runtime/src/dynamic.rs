//! The store by values: for imports, ad-hoc queries, tests and tools. Compiled code does not come here.

use tenon_store::image::Reader;
use tenon_store::schema::{FieldId, Generated, RelationId};
use tenon_store::{Row, Violation};
use tenon_value::Value;
use tenon_value::random::Random;

use crate::context::{CallContext, Limits};
use crate::database::{Query, Transaction, describe};
use crate::stored::{Stored, ValueError};

/// Why a write by values was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteError {
    /// A rule of the store.
    Violation(Violation),
    /// A value that does not fit.
    Value {
        /// The field.
        field: FieldId,
        /// What is wrong.
        error: ValueError,
    },
    /// The key is not of the form that the relation needs.
    Key(ValueError),
    /// A field that has no value and is not generated.
    Absent(FieldId),
    /// The relation's counter has reached its end.
    NoMoreNumbers,
}

impl WriteError {
    /// The error in words, with the names of a schema.
    pub fn describe(&self, stored: &Stored, relation: RelationId) -> String {
        let schema = stored.schema();
        let name = |field: &FieldId| schema.relation(relation).field(*field).name.clone();
        match self {
            WriteError::Violation(violation) => describe(schema, violation),
            WriteError::Value { field, error } => format!("{}: {error}", name(field)),
            WriteError::Key(error) => error.to_string(),
            WriteError::Absent(field) => format!("{} has no value", name(field)),
            WriteError::NoMoreNumbers => "there are no more numbers".into(),
        }
    }
}

/// A state of the store, read by values.
#[derive(Clone, Copy)]
pub struct Values<'a> {
    stored: &'a Stored,
    reader: Reader<'a>,
}

impl<'a> Values<'a> {
    /// The store that a reader sees.
    pub fn new(stored: &'a Stored, reader: Reader<'a>) -> Values<'a> {
        Values { stored, reader }
    }

    /// The row with a key: the value of the key field, or a record of several.
    pub fn find(&self, relation: RelationId, key: &Value) -> Option<Row> {
        let mut arena = CallContext::new(Limits::default(), 0, 0);
        let lanes = self.stored.key_lanes(&mut arena, &self.reader, relation, key).ok()?;
        // SAFETY: the lanes are those of the key; texts lie in the arena.
        unsafe { self.reader.find_by_key(relation, &lanes) }
    }

    /// The fields of the row with a key.
    pub fn lookup(&self, relation: RelationId, key: &Value) -> Option<Vec<Value>> {
        self.find(relation, key).map(|row| self.fields(relation, row))
    }

    /// The fields of a row.
    pub fn fields(&self, relation: RelationId, row: Row) -> Vec<Value> {
        self.stored.row(&self.reader, relation, row.slot)
    }

    /// The key of a row.
    pub fn key(&self, relation: RelationId, row: Row) -> Value {
        self.stored.key_of(&self.reader, relation, row.entity)
    }

    /// All rows, in no order.
    pub fn scan(&self, relation: RelationId) -> impl Iterator<Item = Vec<Value>> + use<'a> {
        let this = *self;
        self.reader.scan(relation).map(move |row| this.fields(relation, row))
    }

    /// All rows, by key.
    pub fn sorted(&self, relation: RelationId) -> Vec<Vec<Value>> {
        let mut rows: Vec<(Value, Vec<Value>)> =
            self.reader.scan(relation).map(|row| (self.key(relation, row), self.fields(relation, row))).collect();
        rows.sort_by(|a, b| a.0.cmp(&b.0));
        rows.into_iter().map(|(_, fields)| fields).collect()
    }

    /// The number of rows.
    pub fn count(&self, relation: RelationId) -> u64 {
        self.reader.count(relation)
    }
}

impl<'a> Query<'a> {
    /// What the query reads, by values.
    pub fn values(&self, stored: &'a Stored) -> Values<'a> {
        Values::new(stored, self.reader())
    }
}

impl<'a> Transaction<'a> {
    /// What the transaction reads, by values. Valid until its next write.
    pub fn values(&self) -> Values<'a> {
        Values::new(self.database().stored(), self.reader())
    }

    fn lanes(
        &self,
        arena: &mut CallContext,
        relation: RelationId,
        field: FieldId,
        value: &Value,
        out: &mut Vec<u64>,
    ) -> Result<(), WriteError> {
        let stored = self.database().stored();
        let ty = &stored.schema().relation(relation).field(field).ty;
        stored.push_lanes(arena, &self.reader(), ty, value, out).map_err(|error| WriteError::Value { field, error })
    }

    /// Inserts a row: a value per field in order, `None` for one that is generated. Returns the key.
    pub fn insert(&mut self, relation: RelationId, fields: &[Option<Value>]) -> Result<Value, WriteError> {
        self.with_arena(|this, arena| this.insert_with(arena, relation, fields))
    }

    fn insert_with(
        &mut self,
        arena: &mut CallContext,
        relation: RelationId,
        fields: &[Option<Value>],
    ) -> Result<Value, WriteError> {
        let database = self.database();
        let description = database.schema().relation(relation);
        let mut lanes = Vec::new();
        for (number, field) in description.fields.iter().enumerate() {
            let id = FieldId(number as u32);
            match (fields.get(number).and_then(Option::as_ref), field.generated) {
                (Some(value), _) => self.lanes(arena, relation, id, value, &mut lanes)?,
                (None, Some(Generated::Serial)) => {
                    let next = self.store().next_serial(relation).ok_or(WriteError::NoMoreNumbers)?;
                    lanes.push(next as u64);
                }
                (None, Some(Generated::Id)) => {
                    let fresh = Random::new(database.world().seed()).id(self.now());
                    lanes.extend([(fresh >> 64) as u64, fresh as u64]);
                }
                (None, None) => return Err(WriteError::Absent(id)),
            }
        }
        // SAFETY: the lanes were made for all fields in order; texts lie in the arena.
        let row = unsafe { self.store().insert(relation, &lanes) }.map_err(WriteError::Violation)?;
        Ok(database.stored().key_of(&self.reader(), relation, row.entity))
    }

    fn entity(&self, arena: &mut CallContext, relation: RelationId, key: &Value) -> Result<u32, WriteError> {
        let reader = self.reader();
        let lanes = self.database().stored().key_lanes(arena, &reader, relation, key).map_err(WriteError::Key)?;
        // SAFETY: the lanes are those of the key; texts lie in the arena.
        match unsafe { reader.find_by_key(relation, &lanes) } {
            Some(row) => Ok(row.entity),
            None => Err(WriteError::Key(ValueError::NoRow { relation })),
        }
    }

    /// Gives the row with a key new values of some fields.
    pub fn update(
        &mut self,
        relation: RelationId,
        key: &Value,
        changes: &[(FieldId, Value)],
    ) -> Result<(), WriteError> {
        self.with_arena(|this, arena| {
            let entity = this.entity(arena, relation, key)?;
            let (mut fields, mut lanes) = (Vec::new(), Vec::new());
            for (field, value) in changes {
                fields.push(*field);
                this.lanes(arena, relation, *field, value, &mut lanes)?;
            }
            // SAFETY: the lanes were made for the fields in order; texts lie in the arena.
            unsafe { this.store().update(relation, entity, &fields, &lanes) }.map_err(WriteError::Violation)?;
            Ok(())
        })
    }

    /// Deletes the row with a key.
    pub fn delete(&mut self, relation: RelationId, key: &Value) -> Result<(), WriteError> {
        let entity = self.with_arena(|this, arena| this.entity(arena, relation, key))?;
        self.store().delete(relation, entity).map_err(WriteError::Violation)
    }
}
