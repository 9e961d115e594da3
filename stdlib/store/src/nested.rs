//! References inside records, variants and collections. What they lead to is checked when they are written; a row cannot be
//! deleted while one leads to it, for which the writer counts them.

use std::collections::BTreeMap;

use crate::layout::{COLLECTION_ELEMENTS, Collection};
use crate::schema::{DataType, FieldId, Relation, RelationId, Schema};

/// Which live rows refer to which from inside of their values, as the writer sees them.
#[derive(Debug)]
pub(crate) struct Referrers {
    /// Whether rows of a relation are ever deleted: otherwise nobody asks.
    counted: Vec<bool>,
    /// How often a row refers to another: relation and entity of the target, then relation, field and entity of the
    /// referrer.
    counts: BTreeMap<[u32; 5], u32>,
}

impl Referrers {
    pub(crate) fn new(schema: &Schema) -> Referrers {
        Referrers { counted: schema.relations.iter().map(|r| r.deletes).collect(), counts: BTreeMap::new() }
    }

    /// Counts the references in a value of a row, which has come or gone.
    ///
    /// # Safety
    /// As for [`visit`].
    pub(crate) unsafe fn count(&mut self, from: (RelationId, FieldId, u32), ty: &DataType, lanes: &[u64], come: bool) {
        let (relation, field, referrer) = from;
        // SAFETY: by the caller's promise.
        unsafe {
            visit(ty, lanes, &mut |target, entity| {
                if !self.counted.get(target as usize).is_some_and(|counted| *counted) {
                    return;
                }
                let count = self.counts.entry([target, entity, relation.0, field.0, referrer]).or_insert(0);
                *count = if come { *count + 1 } else { count.saturating_sub(1) };
                if *count == 0 {
                    self.counts.remove(&[target, entity, relation.0, field.0, referrer]);
                }
            });
        }
    }

    /// The first row outside of `going` that refers to a row in it.
    pub(crate) fn outside(&self, going: &[(RelationId, u32)]) -> Option<(RelationId, FieldId, u32)> {
        let referrers = going.iter().flat_map(|(target, entity)| {
            let (first, last) = ([target.0, *entity, 0, 0, 0], [target.0, *entity, u32::MAX, u32::MAX, u32::MAX]);
            let own = self
                .counts
                .range(first..=last)
                .map(|([.., relation, field, referrer], _)| (RelationId(*relation), FieldId(*field), *referrer));
            own.filter(|(relation, _, referrer)| !going.contains(&(*relation, *referrer))).take(1)
        });
        referrers.min()
    }
}

/// The fields of a relation that hold references and are not references themselves.
pub(crate) fn fields(relation: &Relation) -> Vec<(FieldId, DataType)> {
    let numbered = relation.fields.iter().enumerate().map(|(number, field)| (FieldId(number as u32), &field.ty));
    numbered
        .filter(|(id, ty)| holds_reference(ty) && relation.references.iter().all(|r| r.field != *id))
        .map(|(id, ty)| (id, ty.clone()))
        .collect()
}

fn holds_reference(ty: &DataType) -> bool {
    match ty {
        DataType::Ref(_) => true,
        DataType::Option(inner) | DataType::List(inner) | DataType::Bag(inner) | DataType::Set(inner) => {
            holds_reference(inner)
        }
        DataType::Map(key, value) => holds_reference(key) || holds_reference(value),
        DataType::Record(fields) => fields.iter().any(|field| holds_reference(&field.ty)),
        DataType::Variant(cases) => cases.iter().flat_map(|case| &case.fields).any(|field| holds_reference(&field.ty)),
        _ => false,
    }
}

/// Calls `visit` with relation and entity of every reference that is present in a value.
///
/// # Safety
/// The lanes must be those of a value of the type, and what they point to valid.
pub(crate) unsafe fn visit(ty: &DataType, lanes: &[u64], visit_one: &mut dyn FnMut(u32, u32)) {
    // SAFETY: by the caller's promise; parts of valid values are valid, and absent parts are not entered.
    unsafe {
        match ty {
            DataType::Ref(relation) => visit_one(relation.0, lanes[0] as u32),
            DataType::Option(inner) if lanes[0] != 0 => visit(inner, &lanes[1..], visit_one),
            DataType::Record(fields) => {
                let mut at = 0;
                for field in fields {
                    visit(&field.ty, &lanes[at..], visit_one);
                    at += field.ty.lanes();
                }
            }
            DataType::Variant(cases) => {
                let mut at = 1;
                for (number, case) in cases.iter().enumerate() {
                    for field in &case.fields {
                        if number as u64 == lanes[0] {
                            visit(&field.ty, &lanes[at..], visit_one);
                        }
                        at += field.ty.lanes();
                    }
                }
            }
            DataType::List(element) | DataType::Bag(element) | DataType::Set(element) => {
                for item in elements(lanes[0], element.lanes()) {
                    visit(element, item, visit_one);
                }
            }
            DataType::Map(key, value) => {
                for entry in elements(lanes[0], key.lanes() + value.lanes()) {
                    visit(key, entry, visit_one);
                    visit(value, &entry[key.lanes()..], visit_one);
                }
            }
            _ => {}
        }
    }
}

unsafe fn elements<'a>(lane: u64, stride: usize) -> std::slice::ChunksExact<'a, u64> {
    let stride = stride.max(1);
    let start = std::ptr::with_exposed_provenance::<Collection>(lane as usize);
    if start.is_null() {
        return [].chunks_exact(stride);
    }
    // SAFETY: by the caller's promise; a value that holds a reference has at least one lane.
    unsafe {
        let len = (*start).len as usize;
        std::slice::from_raw_parts(start.cast::<u8>().add(COLLECTION_ELEMENTS).cast::<u64>(), len * stride)
            .chunks_exact(stride)
    }
}
