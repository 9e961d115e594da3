//! The store without generated code: point reads, transfers in memory, transfers made durable.
//! `cargo bench -p tenon-runtime`.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use tenon_authority::{MemoryAuthority, SqliteAuthority};
use tenon_runtime::{Database, SystemWorld};
use tenon_store::schema::*;

const ACCOUNT: RelationId = RelationId(0);
const TRANSFER: RelationId = RelationId(1);
const ACCOUNTS: u64 = 100_000;

fn relation(name: &str, fields: Vec<Field>) -> Relation {
    Relation {
        name: name.into(),
        fields,
        key: vec![FieldId(0)],
        uniques: vec![],
        references: vec![],
        indexes: vec![],
        deletes: false,
    }
}

fn schema() -> Schema {
    let account = relation(
        "Account",
        vec![
            Field::new("id", DataType::Int),
            Field::new("owner", DataType::Text),
            Field::new("balance", DataType::Int),
        ],
    );
    let mut id = Field::new("id", DataType::Int);
    id.generated = Some(Generated::Serial);
    let mut transfer = relation(
        "Transfer",
        vec![
            id,
            Field::new("source", DataType::Ref(ACCOUNT)),
            Field::new("target", DataType::Ref(ACCOUNT)),
            Field::new("amount", DataType::Int),
            Field::new("at", DataType::Instant),
        ],
    );
    for field in [1, 2] {
        transfer.references.push(Reference { field: FieldId(field), target: ACCOUNT, on_delete: OnDelete::Restrict });
    }
    Schema { relations: vec![account, transfer] }
}

fn fill(database: &Database) {
    let mut txn = database.write().expect("serves");
    for id in 0..ACCOUNTS {
        let owner = tenon_store::Str::new(b"owner");
        // SAFETY: the lanes are those of an account.
        unsafe { txn.store().insert(ACCOUNT, &[id, owner.head, owner.tail, 1_000_000]) }.expect("new");
    }
    let number = txn.commit();
    database.wait(number).expect("durable");
}

fn transfer(database: &Database, random: &mut u64) -> u64 {
    *random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
    let (from, to) = ((*random >> 33) % ACCOUNTS, (*random >> 13) % ACCOUNTS);
    let mut txn = database.write().expect("serves");
    let (reader, now) = (txn.reader(), txn.now());
    let store = txn.store();
    // SAFETY: the lanes are those of the keys, fields and rows.
    unsafe {
        let source = reader.find_by_key(ACCOUNT, &[from]).expect("there");
        let target = reader.find_by_key(ACCOUNT, &[to]).expect("there");
        let accounts = reader.relation(ACCOUNT);
        let balance = accounts.read(2, source.slot).0;
        store.update(ACCOUNT, source.entity, &[FieldId(2)], &[balance.wrapping_sub(1)]).expect("allowed");
        let slot = accounts.visible(reader.number(), target.entity).expect("there");
        let balance = accounts.read(2, slot).0;
        store.update(ACCOUNT, target.entity, &[FieldId(2)], &[balance.wrapping_add(1)]).expect("allowed");
        let id = store.next_serial(TRANSFER).expect("numbers") as u64;
        let row = [id, u64::from(source.entity), u64::from(target.entity), 1, now as u64];
        store.insert(TRANSFER, &row).expect("allowed");
    }
    txn.commit()
}

/// The time that this thread worked, in seconds: on a busy machine it says more than the clock.
fn worked() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock exists on Linux, and the structure is ours.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

fn report(what: &str, count: u64, start: (Instant, f64)) {
    let (clock, thread) = (start.0.elapsed().as_secs_f64(), worked() - start.1);
    let each = |seconds: f64| seconds * 1e9 / count as f64;
    println!(
        "{what:<44} {:>9.1} ns each {:>11.0}/s; {:>8.1} ns of this thread",
        each(clock),
        count as f64 / clock,
        each(thread)
    );
}

fn main() {
    let schema = Arc::new(schema());
    let world = Arc::new(SystemWorld::new());
    let database = Database::start(schema.clone(), Box::new(MemoryAuthority::new()), world.clone()).expect("starts");
    fill(&database);
    let mut random = 7u64;

    let reads = 5_000_000;
    let query = database.read();
    let reader = query.reader();
    let start = (Instant::now(), worked());
    for _ in 0..reads {
        random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        // SAFETY: the lanes are those of the key.
        let row = unsafe { reader.find_by_key(ACCOUNT, &[(random >> 33) % ACCOUNTS]) }.expect("there");
        black_box(reader.relation(ACCOUNT).read(2, row.slot));
    }
    report("point read by key, one snapshot", reads, start);
    drop(query);
    let start = (Instant::now(), worked());
    for _ in 0..reads / 5 {
        random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let query = database.read();
        // SAFETY: the lanes are those of the key.
        let row = unsafe { query.reader().find_by_key(ACCOUNT, &[(random >> 33) % ACCOUNTS]) }.expect("there");
        black_box(query.reader().relation(ACCOUNT).read(2, row.slot));
    }
    report("point read by key, a query each", reads / 5, start);

    let transfers = 2_000_000;
    let start = (Instant::now(), worked());
    for _ in 0..transfers {
        transfer(&database, &mut random);
    }
    report("transfer in memory", transfers, start);
    let usage = database.image().usage();
    println!("{usage:?}");
    drop(database);

    let directory = std::env::temp_dir().join(format!("tenon-bench-{}", std::process::id()));
    for clients in [1u64, 64] {
        let _ = std::fs::remove_dir_all(&directory);
        let authority = SqliteAuthority::open(&directory, &schema, &|_, _| Err("none".into())).expect("opens");
        let database = Database::start(schema.clone(), Box::new(authority), world.clone()).expect("starts");
        fill(&database);
        let each = if clients == 1 { 2_000 } else { 1_000 };
        let start = (Instant::now(), worked());
        std::thread::scope(|scope| {
            for client in 0..clients {
                let database = &database;
                scope.spawn(move || {
                    let mut random = client + 1;
                    for _ in 0..each {
                        let number = transfer(database, &mut random);
                        database.wait(number).expect("durable");
                    }
                });
            }
        });
        report(&format!("durable transfer, {clients} in flight"), clients * each, start);
        if clients > 1 {
            // As a server has them: one thread, many calls waiting.
            let mut pending = std::collections::VecDeque::new();
            let total = 200_000;
            let start = (Instant::now(), worked());
            for n in 0..total {
                pending.push_back(transfer(&database, &mut random));
                if n >= clients - 1 {
                    database.wait(pending.pop_front().expect("pending")).expect("durable");
                }
            }
            report("durable transfer, 64 in flight, one thread", total, start);
        }
        drop(database);
        let start = (Instant::now(), worked());
        let authority = SqliteAuthority::open(&directory, &schema, &|_, _| Err("none".into())).expect("opens");
        let database = Database::start(schema.clone(), Box::new(authority), world.clone()).expect("starts");
        let rows: u64 = [ACCOUNT, TRANSFER].iter().map(|id| database.read().reader().count(*id)).sum();
        report("start, per row", rows, start);
    }
    let _ = std::fs::remove_dir_all(&directory);
}
