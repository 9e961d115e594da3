//! The arena of a call as the memory of native values.

use std::sync::Arc;

use std::sync::atomic::Ordering;

use tenon_store::{NONE, RelationView, Str};
use tenon_value::lanes::{Memory, from_value, to_value};
use tenon_value::{Fault, Value};

use crate::collection::collect;
use crate::context::{CallContext, Status};
use crate::native::{RelationKey, Tables};
use crate::value::{Comparer, elements, read_columns};

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
        let text = self.ctx.text(bytes);
        if self.ctx.status == Status::Ok as u32 { Ok([text.head, text.tail]) } else { Err(Fault::MemoryExceeded) }
    }

    fn bytes<'a>(&'a self, string: &'a [u64; 2]) -> &'a [u8] {
        // SAFETY: `Str` is two words in the order of `string`, without padding.
        let text = unsafe { &*string.as_ptr().cast::<Str>() };
        // SAFETY: by the promise made to `new`.
        unsafe { text.bytes() }
    }

    fn put_collection(&mut self, count: usize, elements: &[u64]) -> Result<u64, Fault> {
        match collect(self.ctx, count, elements) {
            0 => Err(Fault::MemoryExceeded),
            lane => Ok(lane),
        }
    }

    fn collection(&self, collection: u64, stride: usize) -> (usize, &[u64]) {
        // SAFETY: by the promise made to `new`.
        let all = unsafe { elements(collection, stride) };
        (crate::collection::count_of(collection), all)
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
        let mut slot = found.second as u32;
        if slot == NONE {
            return Err(Fault::RowDeleted);
        }
        // A row keeps its fields as they were read: the version that has them, if it is still there.
        if let Value::Row { fields, .. } = value {
            let newest = slot;
            loop {
                let as_read = self.row_value(relation, &[found.first, u64::from(slot)])?;
                if matches!(&as_read, Value::Row { fields: now, .. } if now == fields) {
                    break;
                }
                // SAFETY: the chain of versions of a row that the call sees.
                slot = unsafe { view.version(slot) }.prev.load(Ordering::Acquire);
                if slot == NONE {
                    slot = newest;
                    break;
                }
            }
        }
        for (lane, word) in lanes.iter_mut().zip([found.first, u64::from(slot)]) {
            *lane = word;
        }
        Ok(())
    }
}

impl ArenaMemory<'_> {
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
