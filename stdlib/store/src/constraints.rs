//! What must hold of a row beside the others: its uniques, and that the rows which it refers to are there.

use crate::nested;
use crate::relation::{Relation, Which};
use crate::schema::{DataType, FieldId, RelationId};
use crate::write::{Parts, Violation, WriteTxn};

impl WriteTxn<'_> {
    /// Tries the uniques, then the references, of a row; `own` is its entity, or `NONE` for a new one.
    ///
    /// # Safety
    /// As for [`WriteTxn::insert`].
    pub(crate) unsafe fn check_constraints(
        &self,
        relation: &Relation,
        lanes: &[u64],
        own: u32,
    ) -> Result<(), Violation> {
        let id = relation.id;
        for unique in 0..relation.uniques.len() {
            // SAFETY: by the caller's promise.
            unsafe { self.check_unique(relation, unique, lanes, own)? };
        }
        for reference in &relation.meta.references {
            if reference.tag_lane.is_none_or(|tag| lanes[tag] != 0) {
                let target = self.image().relation(reference.target);
                if self.live(target, lanes[reference.lane] as u32).is_none() {
                    return Err(Violation::Reference { relation: id, field: reference.field });
                }
            }
        }
        for (field, ty) in &relation.meta.nested {
            // SAFETY: by the caller's promise.
            unsafe { self.check_nested(id, *field, ty, &lanes[relation.meta.lane_starts[field.index()]..])? };
        }
        Ok(())
    }

    /// Whether all rows that stand inside of a field's value are there.
    ///
    /// # Safety
    /// The lanes must be those of a value of the type, and what they point to valid.
    pub(crate) unsafe fn check_nested(
        &self,
        relation: RelationId,
        field: FieldId,
        ty: &DataType,
        lanes: &[u64],
    ) -> Result<(), Violation> {
        let mut all_there = true;
        // SAFETY: by the caller's promise.
        unsafe {
            nested::visit(ty, lanes, &mut |target, entity| {
                all_there &= self.live(self.image().relation(RelationId(target)), entity).is_some();
            });
        }
        if all_there { Ok(()) } else { Err(Violation::Reference { relation, field }) }
    }

    /// Whether no other row has what a unique says of a row.
    ///
    /// # Safety
    /// As for [`WriteTxn::insert`].
    pub(crate) unsafe fn check_unique(
        &self,
        relation: &Relation,
        unique: usize,
        lanes: &[u64],
        own: u32,
    ) -> Result<(), Violation> {
        let (parts, present) = &relation.meta.uniques[unique];
        if present.iter().any(|tag| lanes[relation.meta.columns[*tag].lane] == 0) {
            return Ok(());
        }
        // SAFETY: by the caller's promise; a live version is not freed.
        unsafe {
            let value = Parts::of(relation, parts, lanes);
            let hash = relation.hash_lanes(parts, value.lanes());
            for entity in relation.uniques[unique].candidates(hash) {
                if entity == own {
                    continue;
                }
                if let Some(slot) = self.live(relation, entity)
                    && relation.parts_are(parts, slot, value.lanes())
                    && !relation.exempt(Which::Unique(unique), slot)
                {
                    return Err(Violation::Unique { relation: relation.id, unique, entity });
                }
            }
        }
        Ok(())
    }
}
