//! Readers and the writer side by side: neither waits, every snapshot stays what it was, memory returns.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tenon_store::schema::*;
use tenon_store::{Bound, Image, Reader, Str};

const ACCOUNT: RelationId = RelationId(0);

/// Accounts with a long text, an ordered index on the balance and a hash index on the branch.
fn image() -> Image {
    let account = Relation {
        name: "Account".into(),
        fields: vec![
            Field::new("id", DataType::Int),
            Field::new("balance", DataType::Int),
            Field::new("branch", DataType::Int),
            Field::new("note", DataType::Text),
        ],
        key: vec![FieldId(0)],
        uniques: vec![],
        references: vec![],
        indexes: vec![
            Index {
                parts: vec![IndexPart { part: KeyPart::Field(FieldId(1)), descending: false }],
                kind: IndexKind::Ordered,
            },
            Index {
                parts: vec![IndexPart { part: KeyPart::Field(FieldId(2)), descending: false }],
                kind: IndexKind::Hash,
            },
        ],
        deletes: true,
    };
    Image::new(Arc::new(Schema { relations: vec![account] })).expect("a good schema")
}

fn note(commit: u64) -> String {
    format!("the note that commit {commit} wrote, long enough for memory of its own")
}

fn fill(image: &Image, accounts: u64) {
    let mut changes = Vec::new();
    let mut txn = image.write();
    for id in 0..accounts {
        let text = note(0);
        let text = Str::new(text.as_bytes());
        // SAFETY: the lanes are those of an account.
        unsafe { txn.insert(ACCOUNT, &[id, 100, id % 10, text.head, text.tail]) }.expect("new");
    }
    let number = txn.commit(&mut changes);
    image.set_durable(number);
}

/// Moves 1 from one account to another, and the first to another branch.
fn transfer(image: &Image, from: u64, to: u64) {
    let mut txn = image.write();
    let reader = txn.reader();
    let text = note(txn.number());
    let text = Str::new(text.as_bytes());
    for (id, by) in [(from, -1i64), (to, 1)] {
        // SAFETY: the key is an Int.
        let row = unsafe { reader.find_by_key(ACCOUNT, &[id]) }.expect("there");
        let balance = reader.field(ACCOUNT, FieldId(1), row.slot)[0] as i64 + by;
        let branch = (reader.field(ACCOUNT, FieldId(2), row.slot)[0] + 1) % 10;
        let lanes = [balance as u64, branch, text.head, text.tail];
        // SAFETY: the lanes are those of the fields.
        unsafe { txn.update(ACCOUNT, row.entity, &[FieldId(1), FieldId(2), FieldId(3)], &lanes) }.expect("allowed");
    }
    let number = txn.commit(&mut Vec::new());
    image.set_durable(number);
}

/// The sum of all balances by scan, by the ordered index and by the hash index, and by key.
fn sums(reader: &Reader<'_>, accounts: u64) -> [i64; 4] {
    let balance = |slot: u32| {
        let lanes = reader.field(ACCOUNT, FieldId(3), slot);
        let text = Str { head: lanes[0], tail: lanes[1] };
        // SAFETY: the version is visible.
        assert!(unsafe { text.bytes() }.starts_with(b"the note that commit "));
        reader.field(ACCOUNT, FieldId(1), slot)[0] as i64
    };
    let scan = reader.scan(ACCOUNT).map(|row| balance(row.slot)).sum();
    // SAFETY: no bounds; then an Int.
    let ordered = unsafe { reader.range(ACCOUNT, 0, Bound::Open, Bound::Open) }.map(|row| balance(row.slot)).sum();
    let mut hashed = 0;
    for branch in 0..10 {
        // SAFETY: the value is an Int.
        unsafe { reader.find_all(ACCOUNT, 1, &[branch], |row| hashed += balance(row.slot)) };
    }
    // SAFETY: the key is an Int.
    let keyed =
        (0..accounts).map(|id| balance(unsafe { reader.find_by_key(ACCOUNT, &[id]) }.expect("there").slot)).sum();
    [scan, ordered, hashed, keyed]
}

#[test]
fn a_reader_held_open_blocks_nothing_and_memory_returns() {
    let image = image();
    fill(&image, 100);
    image.reclaim();
    let before = image.usage();
    let held = image.snapshot();
    let mut longest = Duration::ZERO;
    for n in 0..10_000u64 {
        let start = Instant::now();
        transfer(&image, n % 100, (n * 7 + 1) % 100);
        longest = longest.max(start.elapsed());
        if n % 1_000 == 0 {
            // The reader reads in the middle of it all.
            assert_eq!(held.scan(ACCOUNT).count(), 100);
        }
    }
    assert!(longest < Duration::from_secs(1), "a commit waited for the reader: {longest:?}");
    assert_eq!(sums(&held, 100), [10_000; 4]);
    assert!(held.scan(ACCOUNT).all(|row| held.field(ACCOUNT, FieldId(1), row.slot)[0] == 100));
    assert!(image.usage().waiting_versions > 9_000);
    drop(held);
    image.reclaim();
    let after = image.usage();
    assert_eq!((after.waiting_versions, after.waiting_garbage), (0, 0));
    assert_eq!(after.slots - after.free_slots, 100);
    assert!(after.text_bytes < before.text_bytes * 2, "{before:?} {after:?}");
    let slots = after.slots;
    for n in 0..10_000u64 {
        transfer(&image, n % 100, (n * 7 + 1) % 100);
    }
    assert_eq!(image.usage().slots, slots, "slots are used again");
}

#[test]
fn snapshots_stay_what_they_were_while_others_write() {
    let image = image();
    let accounts = 200;
    fill(&image, accounts);
    let done = AtomicBool::new(false);
    let rounds = 3_000u64;
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut snapshots = 0;
                while !done.load(Ordering::Relaxed) || snapshots < 3 {
                    let snapshot = image.snapshot();
                    let expected = accounts as i64 * 100;
                    assert_eq!(sums(&snapshot, accounts), [expected; 4]);
                    assert_eq!(snapshot.count(ACCOUNT), accounts);
                    assert_eq!(sums(&snapshot, accounts), [expected; 4]);
                    snapshots += 1;
                }
            });
        }
        for n in 0..rounds {
            transfer(&image, (n * 31) % accounts, (n * 17 + 5) % accounts);
            if n % 7 == 0 {
                // An aborted transaction leaves no trace.
                let mut txn = image.write();
                // SAFETY: the key is an Int; the lanes are those of the field.
                unsafe {
                    let row = txn.reader().find_by_key(ACCOUNT, &[n % accounts]).expect("there");
                    txn.update(ACCOUNT, row.entity, &[FieldId(1)], &[1_000_000]).expect("allowed");
                }
                drop(txn);
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    image.reclaim();
    let usage = image.usage();
    assert_eq!((usage.waiting_versions, usage.waiting_garbage), (0, 0));
}
