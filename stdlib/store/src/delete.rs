//! Deletes: what goes with a row, what is cleared, and what stands in the way.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

use crate::layout::NONE;
use crate::reclaim::{Ended, Undo};
use crate::schema::{FieldId, OnDelete, RelationId};
use crate::write::{Change, ChangeKind, Violation, WriteTxn};

impl WriteTxn<'_> {
    /// Deletes a row, and what its referrers say about that.
    pub fn delete(&mut self, id: RelationId, entity: u32) -> Result<(), Violation> {
        if self.live(self.image().relation(id), entity).is_none() {
            return Err(Violation::Missing { relation: id, entity });
        }
        // The closure of what goes, then what stands in the way, then what is cleared.
        let mut going = vec![(id, entity)];
        let mut clear = Vec::new();
        let mut restricted = Vec::new();
        let mut next = 0;
        while let Some((target, gone)) = going.get(next).copied() {
            next += 1;
            let referrers = &self.image().relation(target).meta.referrers;
            let cascades = next > 1 || referrers.iter().any(|referrer| referrer.on_delete == OnDelete::Cascade);
            for referrer in referrers {
                let optional = self.is_optional(referrer.relation, referrer.field);
                let lanes = [1, u64::from(gone)];
                let lanes = if optional { &lanes[..] } else { &lanes[1..] };
                let mut found = Vec::new();
                // SAFETY: the lanes are those of the reference, which holds no text.
                self.steps += unsafe {
                    self.reader().find_while(referrer.relation, referrer.index, lanes, |row| {
                        // Where nothing else goes, one row that stands in the way is enough, and there may be many.
                        let alone = !cascades && referrer.on_delete == OnDelete::Restrict;
                        let itself = (referrer.relation, row.entity) == (id, entity);
                        if !alone || !itself {
                            found.push(row.entity);
                        }
                        if alone && !found.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                    })
                };
                found.sort_unstable();
                for other in found {
                    match referrer.on_delete {
                        OnDelete::Restrict => restricted.push((referrer.relation, referrer.field, other)),
                        OnDelete::Clear => clear.push((referrer.relation, referrer.field, other)),
                        OnDelete::Cascade if !going.contains(&(referrer.relation, other)) => {
                            going.push((referrer.relation, other));
                        }
                        OnDelete::Cascade => {}
                    }
                }
            }
        }
        let restricted = restricted.into_iter().find(|(r, _, e)| !going.contains(&(*r, *e)));
        if let Some((relation, field, entity)) = restricted.or_else(|| self.writer.referrers.outside(&going)) {
            return Err(Violation::Restricted { relation, field, entity });
        }
        let start = self.savepoint();
        for (relation, field, other) in clear {
            if going.contains(&(relation, other)) {
                continue;
            }
            // SAFETY: an optional reference has two lanes, and no text.
            if let Err(violation) = unsafe { self.update(relation, other, &[field], &[0, 0]) } {
                self.undo_to(start);
                return Err(violation);
            }
        }
        for (relation, gone) in going.into_iter().rev() {
            self.end_row(relation, gone);
        }
        Ok(())
    }

    fn is_optional(&self, relation: RelationId, field: FieldId) -> bool {
        let meta = &self.image().relation(relation).meta;
        meta.references.iter().any(|r| r.field == field && r.tag_lane.is_some())
    }

    fn end_row(&mut self, id: RelationId, entity: u32) {
        let relation = self.image().relation(id);
        let Some(slot) = self.live(relation, entity) else { return };
        self.mark(relation);
        self.writer.count_nested(relation, slot, entity, false);
        relation.end(slot).store(self.number(), Ordering::Release);
        relation.set_dead(&mut self.writer.token, entity, slot);
        relation.view.raise_gaps();
        relation.view.lower_live();
        let commit = self.number();
        self.writer.ended.push_back(Ended { commit, relation: id, slot, successor: NONE });
        self.writer.undo.push(Undo::Delete { relation: id, slot });
        self.writer.redo.push(Change { relation: id, kind: ChangeKind::Delete, entity, slot });
    }
}
