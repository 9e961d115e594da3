//! The arena of a call as the memory of native values.

use std::sync::Arc;

use std::sync::atomic::Ordering;

use tenon_store::schema::RelationId;
use tenon_store::{NONE, RelationView, Str};
use tenon_value::lanes::{Memory, from_value, to_value};
use tenon_value::{Fault, Value};

use crate::collection::collect;
use crate::context::{CallContext, Status};
use crate::native::{RelationKey, Tables};
use crate::value::{Comparer, count_of, elements, read_columns};

/// See the module.
pub struct ArenaMemory<'a> {
    ctx: &'a mut CallContext,
}

impl<'a> ArenaMemory<'a> {
    /// The arena of a call.
    ///
    /// # Safety
    /// Lanes that are handed to this memory are those of values that are valid during the call.
    pub unsafe fn new(ctx: &'a mut CallContext) -> ArenaMemory<'a> {
        ArenaMemory { ctx }
    }

    /// The call.
    pub fn context(&mut self) -> &mut CallContext {
        self.ctx
    }
}

impl Memory for ArenaMemory<'_> {
    fn put_bytes(&mut self, bytes: &[u8]) -> Result<[u64; 2], Fault> {
        self.ctx.meter.scanned(bytes.len());
        let text = self.ctx.text(bytes);
        if self.ctx.status == Status::Ok as u32 { Ok([text.head, text.tail]) } else { Err(Fault::MemoryExceeded) }
    }

    fn bytes<'a>(&'a self, string: &'a [u64; 2]) -> &'a [u8] {
        // SAFETY: `Str` is two words in the order of `string`, without padding.
        let text = unsafe { &*string.as_ptr().cast::<Str>() };
        self.ctx.meter.scanned(text.len());
        // SAFETY: by the promise made to `new`.
        unsafe { text.bytes() }
    }

    fn put_collection(&mut self, count: usize, elements: &[u64]) -> Result<u64, Fault> {
        self.ctx.meter.worked(elements.len());
        match collect(self.ctx, count, elements) {
            0 => Err(Fault::MemoryExceeded),
            lane => Ok(lane),
        }
    }

    fn collection(&self, collection: u64, stride: usize) -> (usize, &[u64]) {
        // SAFETY: by the promise made to `new`.
        let (count, all) = unsafe { (count_of(collection), elements(collection, stride)) };
        self.ctx.meter.worked(count);
        (count, all)
    }

    fn charge(&self, bytes: usize) -> Result<(), Fault> {
        self.ctx.meter.pass(bytes)
    }

    fn row_value(&self, relation: u32, lanes: &[u64]) -> Result<Value, Fault> {
        let (tables, view, keys) = self.relation(relation)?;
        let entity = *lanes.first().ok_or(Fault::Internal)?;
        // SAFETY: by the promise made to `new`, the lanes are those of a row that the call sees.
        let key = unsafe { Comparer::new(self.ctx).key(relation, entity as u32) }.ok_or(Fault::RowDeleted)?;
        let key = Arc::new(to_value(&tables.shapes, keys.shape, &key, self)?);
        let Some(slot) = lanes.get(1) else { return Ok(Value::Ref { relation, key }) };
        let mut fields = Vec::with_capacity(keys.fields.len());
        for (shape, columns) in &keys.fields {
            // SAFETY: as above.
            let lanes = unsafe { read_columns(view, columns, *slot as u32) };
            fields.push(to_value(&tables.shapes, *shape, &lanes, self)?);
        }
        Ok(Value::Row { relation, key, fields: fields.into() })
    }

    fn row_lanes(&mut self, relation: u32, value: &Value, lanes: &mut [u64]) -> Result<(), Fault> {
        let (tables, view, keys) = self.relation(relation)?;
        let (Value::Ref { key, .. } | Value::Row { key, .. }) = value else { return Err(Fault::Internal) };
        let mut own = vec![0; tables.shapes.lanes(keys.shape) as usize];
        from_value(&tables.shapes, keys.shape, key, &mut own, self)?;
        // SAFETY: the lanes of the relation's key, in a call that reads the store.
        let found = unsafe { crate::rows::row_by_key(self.ctx, relation, own.as_ptr()) };
        let mut row = [found.first, found.second];
        match value {
            // A row keeps its fields as they were read: the version that has them, if it is still there.
            Value::Row { fields, .. } => loop {
                let slot = row[1] as u32;
                if slot == NONE {
                    row = self.detached_row(relation, fields)?;
                    break;
                }
                if matches!(self.row_value(relation, &row)?, Value::Row { fields: now, .. } if now == *fields) {
                    break;
                }
                // SAFETY: the chain of versions of a row that the call sees.
                row[1] = u64::from(unsafe { view.version(slot) }.prev.load(Ordering::Acquire));
            },
            // A reference to a row that is gone has nothing but its key.
            _ if found.second as u32 == NONE => row = self.detached_key(relation, key)?,
            _ => {}
        }
        for (lane, word) in lanes.iter_mut().zip(row) {
            *lane = word;
        }
        Ok(())
    }
}

impl ArenaMemory<'_> {
    /// A row with these fields that the store does not have.
    fn detached_row(&mut self, relation: u32, fields: &[Value]) -> Result<[u64; 2], Fault> {
        let (tables, _, keys) = self.relation(relation)?;
        if fields.len() != keys.fields.len() {
            return Err(Fault::Internal);
        }
        let mut lanes = Vec::new();
        for ((shape, _), value) in keys.fields.iter().zip(fields) {
            let start = lanes.len();
            lanes.resize(start + tables.shapes.lanes(*shape) as usize, 0);
            from_value(&tables.shapes, *shape, value, &mut lanes[start..], self)?;
        }
        self.detach(relation, &lanes)
    }

    /// A row that the store does not have, of which only the key is known: nothing reads its other fields, because
    /// following a reference asks whether the row is there.
    fn detached_key(&mut self, relation: u32, key: &Value) -> Result<[u64; 2], Fault> {
        let (tables, _, keys) = self.relation(relation)?;
        let description = tables.schema.relations.get(relation as usize).ok_or(Fault::Internal)?;
        let parts = match (key, description.key.as_slice()) {
            (key, [_]) => vec![key.clone()],
            (Value::Record(parts), own) if parts.len() == own.len() => parts.to_vec(),
            _ => return Err(Fault::Internal),
        };
        let starts = description.lane_starts();
        let mut lanes = vec![0; starts.last().copied().unwrap_or(0)];
        for (field, part) in description.key.iter().zip(&parts) {
            let own = lanes.get_mut(starts[field.index()]..starts[field.index() + 1]).ok_or(Fault::Internal)?;
            from_value(&tables.shapes, keys.fields[field.index()].0, part, own, self)?;
        }
        self.detach(relation, &lanes)
    }

    fn detach(&mut self, relation: u32, lanes: &[u64]) -> Result<[u64; 2], Fault> {
        // SAFETY: the pointer is null or leads to the call's transaction, which nobody else uses meanwhile.
        let Some(transaction) = (unsafe { self.ctx.transaction.as_mut() }) else { return Err(Fault::RowDeleted) };
        // SAFETY: the lanes are those of a whole row, made just now in the arena of the call.
        match unsafe { transaction.detach(RelationId(relation), lanes) } {
            Ok(row) => Ok([u64::from(row.entity), u64::from(row.slot)]),
            Err(_) => Err(Fault::RelationFull),
        }
    }

    /// What is known of a relation.
    fn relation<'t>(&self, relation: u32) -> Result<(&'t Tables, &'t RelationView, &'t RelationKey), Fault> {
        if self.ctx.tables.is_null() || self.ctx.relations.is_null() {
            return Err(Fault::Internal);
        }
        // SAFETY: a context that is ready to call code has the tables of its program and the views of its image,
        // which outlive the call; relations of the program are in both.
        unsafe {
            let tables = &*self.ctx.tables;
            let keys = tables.keys.get(relation as usize).ok_or(Fault::Internal)?;
            Ok((tables, &**self.ctx.relations.add(relation as usize), keys))
        }
    }
}
