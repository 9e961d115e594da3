//! Values of any type, for generated code: compared, hashed and copied by a shape of the program's table.
//!
//! A value is given by the address of its lanes. Shapes are numbers of [`crate::native::Tables::shapes`].

use std::cmp::Ordering;
use std::hash::Hasher;

use rustc_hash::FxHasher;
use tenon_store::layout::{COLLECTION_ELEMENTS, NONE};
use tenon_store::{Collection, RelationView, Str};
use tenon_value::schema::ColumnType;
use tenon_value::shape::{Field, Kind, MAX_NESTING, Presence, ShapeId};

use crate::context::{CallContext, Meter};
use crate::native::Tables;
use crate::text::context;

/// The elements of a collection, as lanes. Lanes of what is not there are zero, and such a collection has none.
///
/// # Safety
/// `collection` is zero or the lane of a collection whose elements have `stride` lanes, and it stays so for `'a`.
pub(crate) unsafe fn elements<'a>(collection: u64, stride: usize) -> &'a [u64] {
    let header = std::ptr::with_exposed_provenance::<Collection>(collection as usize);
    if header.is_null() {
        return &[];
    }
    // SAFETY: by the caller's promise a header stands there, and behind it `len` elements.
    unsafe {
        let len = (*header).len as usize;
        std::slice::from_raw_parts(header.cast::<u8>().add(COLLECTION_ELEMENTS).cast::<u64>(), len * stride)
    }
}

/// The elements of a collection, each of `stride` lanes. Elements without lanes are counted all the same.
///
/// # Safety
/// As for [`elements`].
pub(crate) unsafe fn items<'a>(
    collection: u64,
    stride: usize,
) -> impl ExactSizeIterator<Item = &'a [u64]> + DoubleEndedIterator {
    // SAFETY: by the caller's promise.
    let (all, count) = unsafe { (elements(collection, stride), count_of(collection)) };
    (0..count).map(move |index| &all[index * stride..(index + 1) * stride])
}

/// The number of elements of a collection.
///
/// # Safety
/// `collection` is zero or the lane of a collection.
pub(crate) unsafe fn count_of(collection: u64) -> usize {
    let header = std::ptr::with_exposed_provenance::<Collection>(collection as usize);
    // SAFETY: by the caller's promise.
    unsafe { header.as_ref() }.map_or(0, |header| header.len as usize)
}

/// What comparing and hashing need: the shapes, and the keys of rows. Their work is counted against the call, which ends
/// with a fault if a value nests deeper than [`MAX_NESTING`]; what they answer then means nothing.
#[derive(Clone, Copy)]
pub(crate) struct Comparer<'a> {
    tables: &'a Tables,
    relations: *const *const tenon_store::RelationView,
    meter: &'a Meter,
    /// How many levels may still nest.
    room: u32,
}

impl<'a> Comparer<'a> {
    /// The comparer of a call.
    ///
    /// # Safety
    /// The context's tables and relations are those of the program whose values are compared.
    pub(crate) unsafe fn new(ctx: &CallContext) -> Comparer<'a> {
        let meter: *const Meter = &ctx.meter;
        // SAFETY: a context that runs code has the tables of its program, which outlive the call; the meter lies in the
        // context, and nothing refers to it but shared references.
        let (tables, meter) = unsafe { (&*ctx.tables, &*meter) };
        Comparer { tables, relations: ctx.relations, meter, room: MAX_NESTING }
    }

    /// The comparer of the parts of a value; none where it nests too deep.
    fn within(self) -> Option<Comparer<'a>> {
        let room = self.room.checked_sub(1);
        if room.is_none() {
            self.meter.too_deep();
        }
        room.map(|room| Comparer { room, ..self })
    }

    /// The number of lanes of a shape.
    pub(crate) fn lanes(&self, shape: ShapeId) -> usize {
        self.tables.shapes.lanes(shape) as usize
    }

    /// Compares two values.
    ///
    /// # Safety
    /// `a` and `b` hold the lanes of values of the shape, whose texts and collections are valid.
    pub(crate) unsafe fn compare(&self, shape: ShapeId, a: &[u64], b: &[u64]) -> Ordering {
        // SAFETY: parts of valid values are valid; by the caller's promise.
        unsafe {
            match &self.tables.shapes.get(shape).kind {
                Kind::Bool
                | Kind::Int
                | Kind::Decimal { .. }
                | Kind::Instant
                | Kind::DateTime
                | Kind::Date
                | Kind::Time
                | Kind::Duration => (a[0] as i64).cmp(&(b[0] as i64)),
                Kind::Float => (f64::from_bits(a[0]) + 0.0).total_cmp(&(f64::from_bits(b[0]) + 0.0)),
                Kind::Text | Kind::Bytes | Kind::Json => {
                    let (a, b) = (Str { head: a[0], tail: a[1] }, Str { head: b[0], tail: b[1] });
                    self.meter.scanned(a.len().min(b.len()));
                    a.bytes().cmp(b.bytes())
                }
                Kind::Id | Kind::Uuid => (a[0], a[1]).cmp(&(b[0], b[1])),
                Kind::Ref { relation, .. } | Kind::Row { relation, .. } => {
                    self.compare_entities(*relation, a[0] as u32, b[0] as u32)
                }
                kind => match self.within() {
                    Some(inside) => inside.compare_parts(kind, a, b),
                    None => Ordering::Equal,
                },
            }
        }
    }

    /// Compares two values that consist of values.
    unsafe fn compare_parts(&self, kind: &Kind, a: &[u64], b: &[u64]) -> Ordering {
        // SAFETY: as for `compare`.
        unsafe {
            match kind {
                Kind::Option(content) => match (a[0], b[0]) {
                    (0, 0) => Ordering::Equal,
                    (0, _) => Ordering::Greater,
                    (_, 0) => Ordering::Less,
                    _ => self.compare(*content, &a[1..], &b[1..]),
                },
                Kind::Record { fields } => self.compare_fields(fields, a, b),
                Kind::Variant { cases, .. } => a[0].cmp(&b[0]).then_with(|| {
                    cases.get(a[0] as usize).map_or(Ordering::Equal, |case| self.compare_fields(&case.fields, a, b))
                }),
                Kind::List(of) | Kind::Set(of) => {
                    let stride = self.lanes(*of);
                    self.compare_items(items(a[0], stride), items(b[0], stride), |x, y| self.compare(*of, x, y))
                }
                Kind::Bag(of) => {
                    let (a, b) = (self.sorted(*of, a[0]), self.sorted(*of, b[0]));
                    self.compare_items(a.into_iter(), b.into_iter(), |x, y| self.compare(*of, x, y))
                }
                Kind::Map { key, value } => {
                    let split = self.lanes(*key);
                    let stride = split + self.lanes(*value);
                    self.compare_items(items(a[0], stride), items(b[0], stride), |x, y| {
                        self.compare(*key, x, y).then_with(|| self.compare(*value, &x[split..], &y[split..]))
                    })
                }
                _ => Ordering::Equal,
            }
        }
    }

    unsafe fn compare_fields(&self, fields: &[Field], a: &[u64], b: &[u64]) -> Ordering {
        for field in fields {
            let at = field.offset as usize;
            let (a, b) = (&a[at..], &b[at..]);
            // SAFETY: by the caller's promise.
            let order = unsafe {
                match (&field.presence, a.first(), b.first()) {
                    (Presence::Absentable, Some(0), Some(0)) => Ordering::Equal,
                    (Presence::Absentable, Some(0), _) => Ordering::Greater,
                    (Presence::Absentable, _, Some(0)) => Ordering::Less,
                    (Presence::Absentable, ..) => self.compare(field.shape, &a[1..], &b[1..]),
                    _ => self.compare(field.shape, a, b),
                }
            };
            if order != Ordering::Equal {
                return order;
            }
        }
        Ordering::Equal
    }

    /// Compares elements pair by pair, then by their number. Every comparer of collections ends here.
    fn compare_items<'i>(
        &self,
        a: impl ExactSizeIterator<Item = &'i [u64]>,
        b: impl ExactSizeIterator<Item = &'i [u64]>,
        compare: impl Fn(&'i [u64], &'i [u64]) -> Ordering,
    ) -> Ordering {
        let (m, n) = (a.len(), b.len());
        let mut compared = 0;
        let differs = a.zip(b).find_map(|(x, y)| {
            compared += 1;
            Some(compare(x, y)).filter(|order| *order != Ordering::Equal)
        });
        self.meter.worked(compared);
        differs.unwrap_or_else(|| m.cmp(&n))
    }

    unsafe fn sorted(&self, of: ShapeId, bag: u64) -> Vec<&'a [u64]> {
        let stride = self.lanes(of);
        // SAFETY: by the caller's promise.
        unsafe {
            let mut items: Vec<&[u64]> = items(bag, stride).collect();
            self.meter.worked(items.len());
            items.sort_by(|x, y| self.compare(of, x, y));
            items
        }
    }

    /// Compares two rows of a relation by their keys.
    ///
    /// # Safety
    /// The entities are those of rows that the call can see.
    pub(crate) unsafe fn compare_entities(&self, relation: u32, a: u32, b: u32) -> Ordering {
        if a == b {
            return Ordering::Equal;
        }
        let Some(keys) = self.tables.keys.get(relation as usize) else { return a.cmp(&b) };
        // SAFETY: by the caller's promise.
        match unsafe { (self.key(relation, a), self.key(relation, b)) } {
            // SAFETY: lanes of stored keys.
            (Some(x), Some(y)) => unsafe { self.compare(keys.shape, &x, &y) },
            _ => a.cmp(&b),
        }
    }

    /// The key of a row, as lanes. A key never changes, so that of the newest version is that of all.
    ///
    /// # Safety
    /// The entity is that of a row that the call can see.
    pub(crate) unsafe fn key(&self, relation: u32, entity: u32) -> Option<Vec<u64>> {
        let keys = self.tables.keys.get(relation as usize)?;
        // SAFETY: relations of the program are in the table, and entities of visible rows have a newest version.
        unsafe {
            let view = &**self.relations.add(relation as usize);
            let slot = *view.newest.add(entity as usize);
            (slot != NONE).then(|| read_columns(view, &keys.columns, slot))
        }
    }

    /// Adds a value to a hash.
    ///
    /// # Safety
    /// As for [`Comparer::compare`].
    pub(crate) unsafe fn hash(&self, shape: ShapeId, a: &[u64], into: &mut FxHasher) {
        // SAFETY: by the caller's promise.
        unsafe {
            match &self.tables.shapes.get(shape).kind {
                Kind::Text | Kind::Bytes | Kind::Json => {
                    let text = Str { head: a[0], tail: a[1] };
                    self.meter.scanned(text.len());
                    into.write(text.bytes());
                }
                Kind::Id | Kind::Uuid => {
                    into.write_u64(a[0]);
                    into.write_u64(a[1]);
                }
                kind @ (Kind::Option(_)
                | Kind::Record { .. }
                | Kind::Variant { .. }
                | Kind::List(_)
                | Kind::Set(_)
                | Kind::Bag(_)
                | Kind::Map { .. }) => {
                    if let Some(inside) = self.within() {
                        inside.hash_parts(kind, a, into);
                    }
                }
                _ => into.write_u64(a[0]),
            }
        }
    }

    unsafe fn hash_parts(&self, kind: &Kind, a: &[u64], into: &mut FxHasher) {
        // SAFETY: as for `hash`.
        unsafe {
            match kind {
                Kind::Option(content) => {
                    into.write_u64(a[0]);
                    if a[0] != 0 {
                        self.hash(*content, &a[1..], into);
                    }
                }
                Kind::Record { fields } => self.hash_fields(fields, a, into),
                Kind::Variant { cases, .. } => {
                    into.write_u64(a[0]);
                    if let Some(case) = cases.get(a[0] as usize) {
                        self.hash_fields(&case.fields, a, into);
                    }
                }
                Kind::List(of) | Kind::Set(of) => {
                    let items = items(a[0], self.lanes(*of));
                    self.hash_count(items.len(), into);
                    items.for_each(|item| self.hash(*of, item, into));
                }
                Kind::Bag(of) => {
                    let items = self.sorted(*of, a[0]);
                    self.hash_count(items.len(), into);
                    items.into_iter().for_each(|item| self.hash(*of, item, into));
                }
                Kind::Map { key, value } => {
                    let split = self.lanes(*key);
                    let items = items(a[0], split + self.lanes(*value));
                    self.hash_count(items.len(), into);
                    for item in items {
                        self.hash(*key, item, into);
                        self.hash(*value, &item[split..], into);
                    }
                }
                _ => {}
            }
        }
    }

    /// The number of elements goes into the hash, too: elements without lanes have nothing else.
    fn hash_count(&self, count: usize, into: &mut FxHasher) {
        self.meter.worked(count);
        into.write_usize(count);
    }

    unsafe fn hash_fields(&self, fields: &[Field], a: &[u64], into: &mut FxHasher) {
        for field in fields {
            let own = &a[field.offset as usize..];
            // SAFETY: by the caller's promise.
            unsafe {
                match field.presence {
                    Presence::Absentable => {
                        into.write_u64(own[0]);
                        if own[0] != 0 {
                            self.hash(field.shape, &own[1..], into);
                        }
                    }
                    _ => self.hash(field.shape, own, into),
                }
            }
        }
    }
}

/// The lanes of some columns of a row version.
///
/// # Safety
/// The columns are those of the relation, and the slot is that of a version that the call can see.
pub(crate) unsafe fn read_columns(view: &RelationView, columns: &[(u32, ColumnType)], slot: u32) -> Vec<u64> {
    use ColumnType as C;
    let slot = slot as usize;
    let mut lanes = Vec::with_capacity(columns.len());
    // SAFETY: by the caller's promise.
    unsafe {
        for (column, ty) in columns {
            let base = *view.columns.add(*column as usize);
            match ty {
                C::U8 => lanes.push(u64::from(*base.add(slot))),
                C::I16 => lanes.push(i64::from(*base.cast::<i16>().add(slot)) as u64),
                C::I32 => lanes.push(i64::from(*base.cast::<i32>().add(slot)) as u64),
                C::U32 => lanes.push(u64::from(*base.cast::<u32>().add(slot))),
                C::I64 | C::F64 | C::Collection => lanes.push(*base.cast::<u64>().add(slot)),
                C::Str | C::Id => {
                    lanes.push(*base.cast::<u64>().add(slot * 2));
                    lanes.push(*base.cast::<u64>().add(slot * 2 + 1));
                }
            }
        }
    }
    lanes
}

/// The lanes of a value behind a pointer.
///
/// # Safety
/// So many lanes stand there.
pub(crate) unsafe fn lanes_at<'a>(at: *const u64, count: usize) -> &'a [u64] {
    if count == 0 {
        return &[];
    }
    // SAFETY: by the caller's promise.
    unsafe { std::slice::from_raw_parts(at, count) }
}

/// -1, 0 or 1 as `a` sorts before, with or after `b`.
pub unsafe extern "C" fn value_compare(ctx: *mut CallContext, shape: u64, a: *const u64, b: *const u64) -> i64 {
    context!(ctx);
    let shape = ShapeId(shape as u32);
    // SAFETY: generated code passes shapes of its program and values of them.
    unsafe {
        let comparer = Comparer::new(ctx);
        let lanes = comparer.lanes(shape);
        let order = comparer.compare(shape, lanes_at(a, lanes), lanes_at(b, lanes)) as i64;
        ctx.settle();
        order
    }
}

/// The hash of a value.
pub unsafe extern "C" fn value_hash(ctx: *mut CallContext, shape: u64, a: *const u64) -> u64 {
    context!(ctx);
    let shape = ShapeId(shape as u32);
    let mut hasher = FxHasher::default();
    // SAFETY: as for `value_compare`.
    unsafe {
        let comparer = Comparer::new(ctx);
        comparer.hash(shape, lanes_at(a, comparer.lanes(shape)), &mut hasher);
        ctx.settle();
    }
    hasher.finish()
}

/// -1, 0 or 1 as the key of one row sorts before, with or after that of another.
pub unsafe extern "C" fn entity_compare(ctx: *mut CallContext, relation: u64, a: u64, b: u64) -> i64 {
    context!(ctx);
    // SAFETY: generated code passes entities of rows that the call sees.
    unsafe { Comparer::new(ctx).compare_entities(relation as u32, a as u32, b as u32) as i64 }
}
