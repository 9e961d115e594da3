//! Rows that lead to rows which come later, while an image is rebuilt from what is stored.
//!
//! Stored rows were valid together, whatever order they come in, and they may lead to each other in circles. So a row
//! whose references cannot be told yet is inserted *open*: it stands under its key, where others find it, but in no
//! unique and no index, and no rule is tried on it. Once all rows are there it is completed in place, and then what
//! holds for every row is tried on it, too. Each row is touched at most twice.

use crate::layout::Row;
use crate::schema::{FieldId, RelationId};
use crate::write::{Violation, WriteTxn};

impl WriteTxn<'_> {
    /// Inserts a row of which some fields outside of its key are not known yet; their lanes are 0. Until
    /// [`WriteTxn::complete`] has been called for it, nothing else may be done with the row than refer to it.
    ///
    /// # Safety
    /// As for [`WriteTxn::insert`]; a reference of 0 is followed by nobody.
    pub unsafe fn insert_open(&mut self, id: RelationId, lanes: &[u64]) -> Result<Row, Violation> {
        // SAFETY: by the caller's promise.
        unsafe { self.insert_row::<false>(id, lanes) }
    }

    /// Gives an open row of this transaction the fields that it lacked, each with its lanes, and tries all rules on it.
    ///
    /// # Safety
    /// The lanes must be those of their fields, and what they point to valid.
    pub unsafe fn complete(
        &mut self,
        id: RelationId,
        entity: u32,
        fields: &[(FieldId, Vec<u64>)],
    ) -> Result<(), Violation> {
        let relation = self.image().relation(id);
        let slot = relation.any_version(entity).ok_or(Violation::Missing { relation: id, entity })?;
        for (field, lanes) in fields {
            let first = relation.meta.lane_starts[field.index()];
            for column in relation.meta.column_starts[field.index()]..relation.meta.column_starts[field.index() + 1] {
                let at = relation.meta.columns[column].lane - first;
                // SAFETY: by the caller's promise.
                unsafe { self.fill(relation, column, slot, lanes[at], lanes.get(at + 1).copied().unwrap_or(0)) };
            }
        }
        let mut lanes = Vec::with_capacity(relation.meta.lanes());
        relation.read_row(slot, &mut lanes);
        // SAFETY: the lanes of a version that this transaction made.
        unsafe { self.check_constraints(relation, &lanes, entity)? };
        self.writer.count_nested(relation, slot, entity, true);
        for which in relation.all_indexes() {
            if !relation.exempt(which, slot) {
                self.add_entry(relation, which, slot, entity);
            }
        }
        Ok(())
    }
}
