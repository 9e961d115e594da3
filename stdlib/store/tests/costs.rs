//! What a write costs does not grow with the versions that wait, nor with rows that have nothing to do with it. Each test
//! does so much that one step per waiting version, or per row, would take minutes of processor time.

use std::sync::Arc;
use std::time::Duration;

use tenon_store::schema::*;
use tenon_store::{Bound, Image, WriteTxn};

const ROW: RelationId = RelationId(0);
/// Far above what the work takes when it is linear, far below what it takes when it is quadratic.
const LIMIT: Duration = Duration::from_secs(10);

/// The processor time of this thread: other programs do not count.
fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock exists, and `time` is there to be written.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn within_limit(what: &str, work: impl FnOnce()) {
    let start = processor_time();
    work();
    let took = processor_time() - start;
    assert!(took < LIMIT, "{what} took {took:?}");
}

/// Rows of a key and a number; with a unique, an ordered and a hash index on the number.
fn image(unique: bool, ordered: bool, hash: bool) -> Image {
    let parts = || vec![IndexPart { part: KeyPart::Field(FieldId(1)), descending: false }];
    let mut indexes = Vec::new();
    if ordered {
        indexes.push(Index { parts: parts(), kind: IndexKind::Ordered });
    }
    if hash {
        indexes.push(Index { parts: parts(), kind: IndexKind::Hash });
    }
    let row = Relation {
        name: "Row".into(),
        fields: vec![Field::new("id", DataType::Int), Field::new("n", DataType::Int)],
        key: vec![FieldId(0)],
        uniques: if unique {
            vec![Unique { parts: vec![KeyPart::Field(FieldId(1))], where_present: vec![] }]
        } else {
            vec![]
        },
        references: vec![],
        indexes,
        deletes: true,
    };
    Image::new(Arc::new(Schema { relations: vec![row] })).expect("a good schema")
}

fn insert(txn: &mut WriteTxn<'_>, id: u64, n: u64) -> u32 {
    // SAFETY: the lanes are those of a row.
    unsafe { txn.insert(ROW, &[id, n]) }.expect("new").entity
}

fn set(txn: &mut WriteTxn<'_>, entity: u32, n: u64) {
    // SAFETY: the field is an Int.
    unsafe { txn.update(ROW, entity, &[FieldId(1)], &[n]) }.expect("allowed");
}

fn transaction(image: &Image, work: impl FnOnce(&mut WriteTxn<'_>)) {
    let mut txn = image.write();
    work(&mut txn);
    let number = txn.commit(&mut Vec::new());
    image.set_durable(number);
}

/// The image is as if only one row with this number had ever been there.
fn one_row_is_left(image: &Image, n: u64) {
    image.reclaim();
    let usage = image.usage();
    assert_eq!((usage.waiting_versions, usage.waiting_garbage), (0, 0));
    assert_eq!(usage.slots - usage.free_slots, 1);
    let reader = image.snapshot();
    assert_eq!(reader.count(ROW), 1);
    let meta = reader.relation(ROW).meta();
    if !meta.uniques.is_empty() {
        // SAFETY: the values of all these are Ints.
        unsafe {
            assert!(reader.find_unique(ROW, 0, &[n]).is_some());
            assert!(reader.find_unique(ROW, 0, &[n + 1]).is_none());
        }
    }
    for (index, (_, kind)) in meta.indexes.iter().enumerate() {
        let mut found = 0;
        match kind {
            // SAFETY: no bounds.
            IndexKind::Ordered => found = unsafe { reader.range(ROW, index, Bound::Open, Bound::Open) }.count(),
            // SAFETY: the value is an Int.
            IndexKind::Hash => unsafe { reader.find_all(ROW, index, &[n], |_| found += 1) },
        }
        assert_eq!(found, 1);
    }
}

#[test]
fn versions_of_one_transaction_are_retired_one_by_one() {
    let image = image(false, false, false);
    within_limit("retiring the versions of one transaction", || {
        transaction(&image, |txn| {
            let entity = insert(txn, 1, 0);
            (1..=150_000).for_each(|n| set(txn, entity, n));
        });
        one_row_is_left(&image, 150_000);
    });
}

#[test]
fn a_row_may_have_many_values_in_one_transaction() {
    for (unique, ordered, hash) in [(true, false, false), (false, true, false), (false, false, true)] {
        let image = image(unique, ordered, hash);
        within_limit("many values of one row", || {
            transaction(&image, |txn| {
                let entity = insert(txn, 1, 0);
                (1..=100_000).for_each(|n| set(txn, entity, n));
            });
            one_row_is_left(&image, 100_000);
        });
    }
}

#[test]
fn a_row_may_come_back_to_its_values() {
    let image = image(true, true, true);
    within_limit("the same values again and again", || {
        for round in 0..50 {
            transaction(&image, |txn| {
                let entity = if round == 0 { insert(txn, 1, 1_000) } else { 0 };
                (0..2_000).for_each(|n| set(txn, entity, n * 7 % 5 + n % 2 * 1_000));
            });
        }
        one_row_is_left(&image, 1_999 * 7 % 5 + 1_000);
    });
}

#[test]
fn a_key_may_be_inserted_and_deleted_again_and_again() {
    let image = image(true, true, true);
    within_limit("one key with many lives", || {
        transaction(&image, |txn| {
            for n in 0..60_000 {
                let entity = insert(txn, 5, n);
                txn.delete(ROW, entity).expect("nobody refers to it");
            }
            insert(txn, 5, 70_000);
        });
        one_row_is_left(&image, 70_000);
    });
}

#[test]
fn a_reader_held_open_makes_no_write_slower() {
    let image = image(true, true, true);
    transaction(&image, |txn| {
        insert(txn, 1, 0);
    });
    let held = image.snapshot();
    within_limit("single writes under a reader", || {
        for n in 1..=60_000 {
            transaction(&image, |txn| set(txn, 0, n));
        }
    });
    // SAFETY: the value is an Int.
    let row = unsafe { held.find_unique(ROW, 0, &[0]) }.expect("still there for the reader");
    assert_eq!(held.field(ROW, FieldId(1), row.slot), [0]);
    drop(held);
    within_limit("returning what the reader held", || one_row_is_left(&image, 60_000));
}

#[test]
fn rows_may_move_between_the_few_values_of_an_index() {
    let image = image(false, false, true);
    let rows = 20_000;
    transaction(&image, |txn| {
        (0..rows).for_each(|id| _ = insert(txn, id, 0));
    });
    let held = image.snapshot();
    within_limit("many rows under few values", || {
        for round in 1..=4u64 {
            transaction(&image, |txn| {
                for entity in 0..rows {
                    set(txn, entity as u32, (entity * 7 + round) % 4);
                }
            });
        }
        drop(held);
        image.reclaim();
    });
    let reader = image.snapshot();
    for value in 0..4 {
        let mut found = 0;
        // SAFETY: the value is an Int.
        unsafe { reader.find_all(ROW, 0, &[value], |_| found += 1) };
        assert_eq!(found, rows / 4);
    }
}

/// Rows that hold references inside of their values, and deletes of rows that nobody refers to, of the same relation as the
/// targets and of another one.
#[test]
fn deletes_read_no_rows_that_refer_to_others() {
    const OTHER: RelationId = RelationId(1);
    const HOLDER: RelationId = RelationId(2);
    const ROWS: u64 = 30_000;
    let relation = |name: &str, fields: Vec<Field>| Relation {
        name: name.into(),
        fields,
        key: vec![FieldId(0)],
        uniques: vec![],
        references: vec![],
        indexes: vec![],
        deletes: true,
    };
    let id = || Field::new("id", DataType::Int);
    let list = DataType::List(Box::new(DataType::Ref(ROW)));
    let relations = vec![
        relation("Row", vec![id()]),
        relation("Other", vec![id()]),
        relation("Holder", vec![id(), Field::new("rows", list)]),
    ];
    let image = Image::new(Arc::new(Schema { relations })).expect("a good schema");
    let mut rows = [Vec::new(), Vec::new()];
    transaction(&image, |txn| {
        for n in 0..2 * ROWS {
            for (relation, rows) in [ROW, OTHER].into_iter().zip(&mut rows) {
                // SAFETY: the lanes are those of a row.
                rows.push(unsafe { txn.insert(relation, &[n]) }.expect("new").entity);
            }
        }
        for n in 0..ROWS {
            let all = [2u64, 0, u64::from(rows[0][0]), u64::from(rows[0][n as usize])];
            // SAFETY: a list is its length, its capacity and its elements.
            unsafe { txn.insert(HOLDER, &[n, all.as_ptr().expose_provenance() as u64]) }.expect("new");
        }
    });
    within_limit("deleting", || {
        transaction(&image, |txn| {
            for n in ROWS as usize..2 * ROWS as usize {
                txn.delete(ROW, rows[0][n]).expect("nobody refers to it");
                txn.delete(OTHER, rows[1][n]).expect("nobody refers to it");
                assert!(txn.delete(ROW, rows[0][0]).is_err(), "all refer to it");
            }
        });
    });
}
