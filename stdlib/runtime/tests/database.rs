//! Databases over memory and over SQLite: what is written comes back after a restart, answers wait for
//! durability, refused writes leave no trace.

use std::path::PathBuf;
use std::sync::Arc;

use tenon_authority::sqlite::Defaults;
use tenon_authority::{Authority, MemoryAuthority, OpenError, SqliteAuthority};
use tenon_runtime::dynamic::WriteError;
use tenon_runtime::{Database, StartError, TestWorld};
use tenon_store::Violation;
use tenon_store::schema::*;
use tenon_value::Value;

const NO_DEFAULTS: &Defaults<'static> = &|_, _| Err("no default".into());

struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Directory {
        let path = std::env::temp_dir().join(format!("tenon-database-{name}-{}", std::process::id()));
        // A leftover of an earlier run would change the test.
        let _ = std::fs::remove_dir_all(&path);
        Directory(path)
    }

    fn open(&self, schema: &Schema) -> Database {
        let authority = SqliteAuthority::open(&self.0, schema, NO_DEFAULTS).expect("opens");
        start(schema, Box::new(authority))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn start(schema: &Schema, authority: Box<dyn Authority>) -> Database {
    let world = Arc::new(TestWorld::new(1, 1_000_000));
    Database::start(Arc::new(schema.clone()), authority, world).expect("starts")
}

fn named(name: &str, ty: DataType) -> NamedType {
    NamedType { name: name.into(), ty }
}

fn optional(ty: DataType) -> DataType {
    DataType::Option(Box::new(ty))
}

fn list(ty: DataType) -> DataType {
    DataType::List(Box::new(ty))
}

fn relation(name: &str, fields: Vec<Field>, key: &[u32]) -> Relation {
    Relation {
        name: name.into(),
        fields,
        key: key.iter().map(|n| FieldId(*n)).collect(),
        uniques: vec![],
        references: vec![],
        indexes: vec![],
        deletes: true,
    }
}

const PERSON: RelationId = RelationId(0);
const THING: RelationId = RelationId(1);
const MARK: RelationId = RelationId(2);

/// People who may have a boss among themselves; things of all types; marks under a composite key.
fn schema() -> Schema {
    let mut number = Field::new("id", DataType::Int);
    number.generated = Some(Generated::Serial);
    let mut person = relation(
        "Person",
        vec![number, Field::new("name", DataType::Text), Field::new("boss", optional(DataType::Ref(PERSON)))],
        &[0],
    );
    person.references.push(Reference { field: FieldId(2), target: PERSON, on_delete: OnDelete::Clear });
    person.uniques.push(Unique { parts: vec![KeyPart::Lower(FieldId(1))], where_present: vec![] });
    let status = DataType::Variant(vec![
        Case { name: "New".into(), fields: vec![] },
        Case { name: "Sold".into(), fields: vec![named("to", DataType::Ref(PERSON)), named("at", DataType::Instant)] },
    ]);
    let colour = DataType::Variant(vec![
        Case { name: "Red".into(), fields: vec![] },
        Case { name: "Green".into(), fields: vec![] },
    ]);
    let mut id = Field::new("id", DataType::Id);
    id.generated = Some(Generated::Id);
    let place = DataType::Record(vec![named("street", DataType::Text), named("number", optional(DataType::Int))]);
    let mut thing = relation(
        "Thing",
        vec![
            id,
            Field::new("ok", DataType::Bool),
            Field::new("price", DataType::Decimal(2)),
            Field::new("weight", DataType::Float),
            Field::new("raw", DataType::Bytes),
            Field::new("extra", DataType::Json),
            Field::new("at", DataType::Instant),
            Field::new("local", DataType::DateTime),
            Field::new("day", DataType::Date),
            Field::new("hour", DataType::Time),
            Field::new("took", DataType::Duration),
            Field::new("other", DataType::Uuid),
            Field::new("owner", DataType::Ref(PERSON)),
            Field::new("status", status),
            Field::new("colour", optional(colour)),
            Field::new("place", optional(place)),
            Field::new("twice", optional(optional(DataType::Int))),
            Field::new("tags", list(optional(DataType::Text))),
            Field::new("parents", DataType::Set(Box::new(DataType::Int))),
            Field::new("prices", DataType::Map(Box::new(DataType::Text), Box::new(DataType::Decimal(2)))),
            Field::new(
                "rows",
                list(DataType::Record(vec![named("who", DataType::Ref(PERSON)), named("days", list(DataType::Date))])),
            ),
        ],
        &[0],
    );
    thing.references.push(Reference { field: FieldId(12), target: PERSON, on_delete: OnDelete::Restrict });
    let mut mark = relation(
        "Mark",
        vec![
            Field::new("person", DataType::Ref(PERSON)),
            Field::new("line", DataType::Int),
            Field::new("before", optional(DataType::Ref(MARK))),
        ],
        &[0, 1],
    );
    mark.references.push(Reference { field: FieldId(0), target: PERSON, on_delete: OnDelete::Cascade });
    mark.references.push(Reference { field: FieldId(2), target: MARK, on_delete: OnDelete::Clear });
    Schema { relations: vec![person, thing, mark] }
}

fn person(id: i64) -> Value {
    Value::Ref { relation: 0, key: Arc::new(Value::Int(id)) }
}

fn some(value: Value) -> Option<Value> {
    Some(value)
}

fn thing(n: i64) -> Vec<Option<Value>> {
    let decimal = |unscaled| Value::Decimal { unscaled, scale: 2 };
    let status = if n % 2 == 0 { Value::variant(0, []) } else { Value::variant(1, [person(1), Value::Instant(-5)]) };
    let colour = if n % 3 == 0 { Value::None } else { Value::some(Value::variant(1, [])) };
    let place =
        Value::record([Value::text("a street with a long name"), Value::option((n % 2 == 0).then_some(Value::Int(n)))]);
    let twice = [Value::None, Value::some(Value::None), Value::some(Value::some(Value::Int(4)))];
    vec![
        None,
        some(Value::Bool(n % 2 == 0)),
        some(decimal(-1250 + n)),
        some(Value::Float(1.5e-7)),
        some(Value::Bytes(vec![0, 255, n as u8].into())),
        some(Value::Json(r#"{"a":[1,2]}"#.into())),
        some(Value::Instant(1_700_000_000_123_456)),
        some(Value::DateTime(-86_400_000_000 * 365 * 400)),
        some(Value::Date(-1)),
        some(Value::Time(86_399_999_999)),
        some(Value::Duration(-7)),
        some(Value::Uuid(1 << 127 | 5)),
        some(person(1)),
        some(status),
        some(colour),
        some(if n % 2 == 0 { Value::some(place) } else { Value::None }),
        some(twice[n as usize % 3].clone()),
        some(Value::list([Value::some(Value::text("a tag that is longer than twelve")), Value::None])),
        some(Value::set([Value::Int(3), Value::Int(1)])),
        some(Value::map([(Value::text("x"), decimal(100)), (Value::text("a long key of the map"), decimal(7))])),
        some(Value::list([Value::record([person(2), Value::list([Value::Date(1), Value::Date(2)])])])),
    ]
}

fn all_rows(database: &Database) -> Vec<Vec<Vec<Value>>> {
    let query = database.read();
    let values = query.values(database.stored());
    [PERSON, THING, MARK].into_iter().map(|relation| values.sorted(relation)).collect()
}

fn mark(person_id: i64, line: i64) -> Value {
    let key = Value::record([person(person_id), Value::Int(line)]);
    Value::Ref { relation: MARK.0, key: Arc::new(key) }
}

fn fill(database: &Database) -> u64 {
    let mut txn = database.write().expect("serves");
    for name in ["Ada", "Bob", "Cleo with a name that is long"] {
        txn.insert(PERSON, &[None, some(Value::text(name)), some(Value::None)]).expect("allowed");
    }
    // A circle: the first leads to the last.
    let boss = |id| (FieldId(2), Value::some(person(id)));
    txn.update(PERSON, &Value::Int(1), &[boss(3)]).expect("allowed");
    txn.update(PERSON, &Value::Int(3), &[boss(1)]).expect("allowed");
    for n in 0..6 {
        txn.insert(THING, &thing(n)).expect("allowed");
    }
    for line in 0..3 {
        let before = if line == 0 { Value::None } else { Value::some(mark(2, line - 1)) };
        txn.insert(MARK, &[some(person(2)), some(Value::Int(line)), some(before)]).expect("allowed");
    }
    txn.commit()
}

#[test]
fn everything_comes_back_after_a_restart() {
    let directory = Directory::new("restart");
    let schema = schema();
    let database = directory.open(&schema);
    let number = fill(&database);
    database.wait(number).expect("durable");
    let before = all_rows(&database);
    assert_eq!(before.iter().map(Vec::len).collect::<Vec<_>>(), [3, 6, 3]);
    drop(database);

    let database = directory.open(&schema);
    assert_eq!(all_rows(&database), before);
    assert_eq!(database.image().newest(), number);
    let mut txn = database.write().expect("serves");
    assert_eq!(txn.insert(PERSON, &[None, some(Value::text("Dan")), some(Value::None)]), Ok(Value::Int(4)));
    // Bob stands in lists of things; when these are gone, his marks go with him.
    let refused = txn.delete(PERSON, &Value::Int(2));
    assert!(matches!(refused, Err(WriteError::Violation(Violation::Restricted { relation: THING, .. }))));
    for fields in txn.values().sorted(THING) {
        txn.update(THING, &fields[0], &[(FieldId(20), Value::list([]))]).expect("allowed");
    }
    txn.delete(PERSON, &Value::Int(2)).expect("allowed");
    let number = txn.commit();
    database.wait(number).expect("durable");
    let before = all_rows(&database);
    assert_eq!(before.iter().map(Vec::len).collect::<Vec<_>>(), [3, 6, 0]);
    drop(database);

    let read_only = SqliteAuthority::open_read_only(&directory.0, &schema).expect("readable");
    assert_eq!(all_rows(&start(&schema, Box::new(read_only))), before);
}

/// References that a row cannot be without, to rows that are read after it: in a record, and in a unique, where rows
/// with another parent would look alike if they had none.
#[test]
fn rows_wait_for_those_that_they_lead_to() {
    let (link, target, node) = (RelationId(0), RelationId(1), RelationId(2));
    let to = |relation: RelationId, id: i64| Value::Ref { relation: relation.0, key: Arc::new(Value::Int(id)) };
    let pair = DataType::Record(vec![named("to", DataType::Ref(target)), named("n", DataType::Int)]);
    let mut nodes = relation(
        "Node",
        vec![
            Field::new("id", DataType::Int),
            Field::new("parent", optional(DataType::Ref(node))),
            Field::new("name", DataType::Text),
        ],
        &[0],
    );
    let parts = vec![KeyPart::Field(FieldId(1)), KeyPart::Field(FieldId(2))];
    nodes.uniques.push(Unique { parts, where_present: vec![] });
    nodes.references.push(Reference { field: FieldId(1), target: node, on_delete: OnDelete::Restrict });
    let schema = Schema {
        relations: vec![
            relation("Link", vec![Field::new("id", DataType::Int), Field::new("pair", pair)], &[0]),
            relation("Target", vec![Field::new("id", DataType::Int)], &[0]),
            nodes,
        ],
    };
    let directory = Directory::new("waiting");
    let database = directory.open(&schema);
    let mut txn = database.write().expect("serves");
    for id in 1..=5 {
        txn.insert(target, &[some(Value::Int(id))]).expect("allowed");
        let pair = Value::record([to(target, id), Value::Int(id)]);
        txn.insert(link, &[some(Value::Int(id)), some(pair)]).expect("allowed");
    }
    // A chain whose first link is read last, and one whose links come in order; siblings of one name under each.
    txn.insert(node, &[some(Value::Int(1000)), some(Value::None), some(Value::text("root"))]).expect("allowed");
    txn.insert(node, &[some(Value::Int(0)), some(Value::some(to(node, 1000))), some(Value::text("y"))])
        .expect("allowed");
    for n in 0..400 {
        for id in [999 - n, n + 1] {
            let parent = if id > 500 { id + 1 } else { id - 1 };
            let fields = [some(Value::Int(id)), some(Value::some(to(node, parent))), some(Value::text("x"))];
            txn.insert(node, &fields).expect("allowed");
        }
    }
    // Two that lead to each other wait for nobody.
    txn.insert(node, &[some(Value::Int(2000)), some(Value::None), some(Value::text("a"))]).expect("allowed");
    txn.insert(node, &[some(Value::Int(2001)), some(Value::some(to(node, 2000))), some(Value::text("b"))])
        .expect("allowed");
    txn.update(node, &Value::Int(2000), &[(FieldId(1), Value::some(to(node, 2001)))]).expect("allowed");
    let number = txn.commit();
    database.wait(number).expect("durable");
    let rows = |database: &Database| {
        let query = database.read();
        let values = query.values(database.stored());
        [link, target, node].map(|relation| values.sorted(relation))
    };
    let before = rows(&database);
    assert_eq!(before.each_ref().map(Vec::len), [5, 5, 804]);
    drop(database);
    assert_eq!(rows(&directory.open(&schema)), before);
}

/// Rows that lead to each other in circles, through a required reference, inside of a variant and in a unique; and a long
/// chain in no order, whose rows would look alike without what they lead to.
#[test]
fn rows_that_lead_to_each_other_come_back() {
    let (worker, job, ring) = (RelationId(0), RelationId(1), RelationId(2));
    let to = |relation: RelationId, id: i64| Value::Ref { relation: relation.0, key: Arc::new(Value::Int(id)) };
    let id = || Field::new("id", DataType::Int);
    let state = DataType::Variant(vec![
        Case { name: "Idle".into(), fields: vec![] },
        Case { name: "Busy".into(), fields: vec![named("job", DataType::Ref(job))] },
    ]);
    let mut jobs = relation("Job", vec![id(), Field::new("worker", DataType::Ref(worker))], &[0]);
    jobs.references.push(Reference { field: FieldId(1), target: worker, on_delete: OnDelete::Restrict });
    let mut rings = relation("Ring", vec![id(), Field::new("before", optional(DataType::Ref(ring)))], &[0]);
    rings.references.push(Reference { field: FieldId(1), target: ring, on_delete: OnDelete::Restrict });
    rings.uniques.push(Unique { parts: vec![KeyPart::Field(FieldId(1))], where_present: vec![] });
    let schema =
        Schema { relations: vec![relation("Worker", vec![id(), Field::new("state", state)], &[0]), jobs, rings] };
    let directory = Directory::new("circles");
    let database = directory.open(&schema);
    let mut txn = database.write().expect("serves");
    txn.insert(worker, &[some(Value::Int(1)), some(Value::variant(0, []))]).expect("allowed");
    txn.insert(job, &[some(Value::Int(7)), some(to(worker, 1))]).expect("allowed");
    txn.update(worker, &Value::Int(1), &[(FieldId(1), Value::variant(1, [to(job, 7)]))]).expect("allowed");
    // One circle of all rows: 1 -> 6000 -> ... in steps that meet every number, closed at the end.
    const ROWS: i64 = 3001;
    let place = |n: i64| n * 1009 % ROWS;
    txn.insert(ring, &[some(Value::Int(place(0))), some(Value::None)]).expect("allowed");
    for n in 1..ROWS {
        let before = Value::some(to(ring, place(n - 1)));
        txn.insert(ring, &[some(Value::Int(place(n))), some(before)]).expect("allowed");
    }
    let last = Value::some(to(ring, place(ROWS - 1)));
    txn.update(ring, &Value::Int(place(0)), &[(FieldId(1), last.clone())]).expect("allowed");
    let number = txn.commit();
    database.wait(number).expect("durable");
    let rows = |database: &Database| {
        let query = database.read();
        let values = query.values(database.stored());
        [worker, job, ring].map(|relation| values.sorted(relation))
    };
    let before = rows(&database);
    drop(database);
    let database = directory.open(&schema);
    assert_eq!(rows(&database), before);

    // The rules hold on rows that were completed as on all others.
    let mut txn = database.write().expect("serves");
    txn.insert(ring, &[some(Value::Int(9999)), some(last)]).expect_err("a second row with what another leads to");
    txn.delete(job, &Value::Int(7)).expect_err("a worker is busy with it");
    txn.delete(worker, &Value::Int(1)).expect_err("a job has it");
    txn.update(worker, &Value::Int(1), &[(FieldId(1), Value::variant(0, []))]).expect("allowed");
    txn.delete(job, &Value::Int(7)).expect("nobody has it");
    txn.delete(worker, &Value::Int(1)).expect("nobody has it");
    txn.commit();
}

#[test]
fn refused_writes_leave_no_trace() {
    let schema = schema();
    let database = start(&schema, Box::new(MemoryAuthority::new()));
    fill(&database);
    let before = all_rows(&database);
    let mut txn = database.write().expect("serves");
    let taken = txn.insert(PERSON, &[None, some(Value::text("ADA")), some(Value::None)]);
    assert!(matches!(taken, Err(WriteError::Violation(Violation::Unique { .. }))), "{taken:?}");
    let in_use = txn.delete(PERSON, &Value::Int(1));
    assert!(matches!(in_use, Err(WriteError::Violation(Violation::Restricted { .. }))), "{in_use:?}");
    let no_row = txn.update(PERSON, &Value::Int(1), &[(FieldId(2), Value::some(person(99)))]);
    assert!(matches!(no_row, Err(WriteError::Value { .. })), "{no_row:?}");
    let wrong = txn.update(PERSON, &Value::Int(1), &[(FieldId(1), Value::Int(1))]);
    assert_eq!(
        wrong.expect_err("an Int is no text").describe(database.stored(), PERSON),
        "name: a value of type Text is needed, not Int"
    );
    txn.insert(PERSON, &[None, some(Value::text("Eve")), some(Value::None)]).expect("allowed");
    let newest = txn.abort();
    assert_eq!(newest, database.image().newest());
    assert_eq!(all_rows(&database), before);
}

#[test]
fn an_answer_waits_until_it_is_durable() {
    let directory = Directory::new("groups");
    let schema = schema();
    let database = directory.open(&schema);
    let each = 40;
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let database = &database;
            scope.spawn(move || {
                for n in 0..each {
                    let mut txn = database.write().expect("serves");
                    let name = Value::text(format!("{thread}-{n}"));
                    let key = txn.insert(PERSON, &[None, some(name), some(Value::None)]).expect("allowed");
                    let number = txn.commit();
                    database.wait(number).expect("durable");
                    let query = database.read();
                    assert!(query.reader().number() >= number);
                    assert!(query.values(database.stored()).lookup(PERSON, &key).is_some());
                }
            });
        }
    });
    let metrics = database.metrics();
    let count = |counter: &std::sync::atomic::AtomicU64| counter.load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!(count(&metrics.commits), 4 * each);
    assert_eq!(count(&metrics.changes), 4 * each);
    assert!(count(&metrics.groups) <= 4 * each);
    assert_eq!(metrics.commit_buckets.iter().map(count).sum::<u64>(), count(&metrics.groups));
}

/// Callers who commit and wait in one step, beside callers who wait later: every commit becomes durable, whoever writes it
/// (nobody sleeps over a group that all others leave to him), and one caller alone writes each of its groups itself.
#[test]
fn whoever_commits_durably_needs_nobody() {
    let directory = Directory::new("durably");
    let schema = schema();
    let database = directory.open(&schema);
    let insert = |name: String| {
        let mut txn = database.write().expect("serves");
        let key = txn.insert(PERSON, &[None, some(Value::text(name)), some(Value::None)]).expect("allowed");
        (txn, key)
    };
    for n in 0..20 {
        let (txn, key) = insert(format!("alone-{n}"));
        txn.commit_durably().expect("durable");
        assert!(database.read().values(database.stored()).lookup(PERSON, &key).is_some());
    }
    assert_eq!(database.metrics().groups.load(std::sync::atomic::Ordering::Relaxed), 20);
    let each = 60;
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (database, insert) = (&database, &insert);
            scope.spawn(move || {
                for n in 0..each {
                    let (txn, key) = insert(format!("{thread}-{n}"));
                    match (thread + n) % 3 {
                        0 => database.wait(txn.commit()).expect("durable"),
                        _ => txn.commit_durably().expect("durable"),
                    }
                    assert!(database.read().values(database.stored()).lookup(PERSON, &key).is_some());
                }
            });
        }
    });
    // A caller who does not wait at all is served as well.
    let number = insert("later".into()).0.commit();
    let durable = database.durable();
    for _ in 0..10_000 {
        if durable.check(number).is_some() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    assert_eq!(durable.check(number), Some(Ok(())));
    // After an exchange of the store it is the new database that helps.
    database.close();
    let authority = SqliteAuthority::open(&directory.0, &schema, &|_, _| Err("none".into())).expect("opens");
    let next = Database::start_after(&database, Arc::new(schema.clone()), Box::new(authority)).expect("starts");
    let mut txn = next.write().expect("serves");
    txn.insert(PERSON, &[None, some(Value::text("after")), some(Value::None)]).expect("allowed");
    txn.commit_durably().expect("durable");
}

/// What is durable without the commit thread can fail without it.
#[test]
fn a_durable_commit_tells_of_its_failure() {
    let schema = schema();
    let database = start(&schema, Box::new(Failing(MemoryAuthority::new(), 1)));
    let insert = |name: &str| {
        let mut txn = database.write().expect("serves");
        txn.insert(PERSON, &[None, some(Value::text(name)), some(Value::None)]).expect("allowed");
        txn.commit_durably()
    };
    assert_eq!(insert("first"), Ok(()));
    assert!(insert("second").is_err());
    assert!(database.write().is_err());
}

/// An authority that takes some groups and then fails.
struct Failing(MemoryAuthority, u32);

impl Authority for Failing {
    fn meta(&self) -> &tenon_authority::Meta {
        self.0.meta()
    }

    fn load(
        &mut self,
        relation: RelationId,
        each: &mut tenon_authority::EachRow<'_>,
    ) -> Result<(), tenon_authority::AuthorityError> {
        self.0.load(relation, each)
    }

    fn commit(
        &mut self,
        group: &mut tenon_authority::Group<'_>,
        meta: &tenon_authority::Meta,
    ) -> Result<(), tenon_authority::AuthorityError> {
        if self.1 == 0 {
            return Err(tenon_authority::AuthorityError::Storage("the disk is gone".into()));
        }
        self.1 -= 1;
        self.0.commit(group, meta)
    }
}

#[test]
fn after_a_failed_group_nothing_is_written() {
    let schema = schema();
    let database = start(&schema, Box::new(Failing(MemoryAuthority::new(), 1)));
    let insert = |name: &str| {
        let mut txn = database.write().ok()?;
        txn.insert(PERSON, &[None, some(Value::text(name)), some(Value::None)]).expect("allowed");
        let number = txn.commit();
        database.wait(number).ok()
    };
    assert!(insert("first").is_some());
    assert!(insert("second").is_none());
    assert!(insert("third").is_none());
    assert!(database.write().is_err());
    let failure = database.failure().expect("known").to_string();
    assert_eq!(failure, "the store could not be written: the store cannot be written or read: the disk is gone");
    // Queries go on, on what is durable.
    assert_eq!(database.read().values(database.stored()).count(PERSON), 1);
    assert_eq!(database.durable().number(), 1);
}

/// Many changes of the same rows in one group: the file ends as the image does.
#[test]
fn groups_leave_replaced_updates_out() {
    let directory = Directory::new("replaced");
    let mut schema = schema();
    schema.relations[0].uniques.clear();
    let database = directory.open(&schema);
    let mut txn = database.write().expect("serves");
    let mut random = 5u64;
    let mut live = Vec::new();
    for step in 0..400 {
        random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let pick = (random >> 33) as usize;
        if live.len() < 3 || step % 7 == 0 {
            let fields = [None, some(Value::text(format!("p{step}"))), some(Value::None)];
            live.push(txn.insert(PERSON, &fields).expect("allowed"));
        } else if step % 11 == 0 {
            let gone = live.swap_remove(pick % live.len());
            txn.delete(PERSON, &gone).expect("allowed");
            if pick.is_multiple_of(2) {
                let fields = [some(gone.clone()), some(Value::text("again")), some(Value::None)];
                live.push(txn.insert(PERSON, &fields).expect("allowed"));
            }
        } else {
            let key = live[pick % live.len()].clone();
            let boss = Value::Ref { relation: 0, key: Arc::new(live[(pick / 64) % live.len()].clone()) };
            let change = if step % 2 == 0 {
                (FieldId(1), Value::text(format!("renamed in step {step}")))
            } else {
                (FieldId(2), Value::some(boss))
            };
            txn.update(PERSON, &key, &[change]).expect("allowed");
        }
    }
    database.wait(txn.commit()).expect("durable");
    let before = all_rows(&database);
    assert_eq!(before[0].len(), live.len());
    drop(database);
    assert_eq!(all_rows(&directory.open(&schema)), before);
}

/// Rows that were stored before a field existed have its default.
#[test]
fn new_fields_have_their_defaults_in_old_rows() {
    let directory = Directory::new("defaults");
    let mut schema = Schema { relations: vec![relation("Item", vec![Field::new("id", DataType::Int)], &[0])] };
    let item = RelationId(0);
    let database = directory.open(&schema);
    let mut txn = database.write().expect("serves");
    txn.insert(item, &[some(Value::Int(1))]).expect("allowed");
    database.wait(txn.commit()).expect("durable");
    drop(database);
    let colours = ["Red", "Green"].map(|name| Case { name: name.into(), fields: vec![] });
    let defaults = [
        (DataType::Text, Value::text("it's new")),
        (DataType::Decimal(2), Value::Decimal { unscaled: 125, scale: 2 }),
        (DataType::Variant(colours.into()), Value::variant(1, [])),
        (list(DataType::Int), Value::list([Value::Int(7)])),
        (DataType::Instant, Value::Instant(1)),
        (DataType::Float, Value::Float(-0.5)),
    ];
    for (number, (ty, default)) in defaults.iter().enumerate() {
        let mut field = Field::new(format!("f{number}"), ty.clone());
        field.default = Some(default.clone());
        schema.relations[0].fields.push(field);
    }
    let stored = tenon_runtime::stored::Stored::new(Arc::new(schema.clone())).expect("types");
    let image = tenon_store::Image::new(Arc::new(schema.clone())).expect("a good schema");
    let snapshot = image.snapshot();
    for _ in 0..2 {
        let defaults = |relation, field| stored.default_cells(&snapshot, relation, field);
        let authority = SqliteAuthority::open(&directory.0, &schema, &defaults).expect("additive");
        let database = start(&schema, Box::new(authority));
        let row = database.read().values(database.stored()).lookup(item, &Value::Int(1)).expect("there");
        let expected: Vec<Value> = defaults_of(&schema);
        assert_eq!(row[1..], expected);
    }
}

fn defaults_of(schema: &Schema) -> Vec<Value> {
    schema.relations[0].fields[1..].iter().filter_map(|field| field.default.clone()).collect()
}

/// A key of a variant, whose columns may be NULL in the file.
#[test]
fn a_variant_can_be_a_key() {
    let directory = Directory::new("variant-key");
    let shape = DataType::Variant(vec![
        Case { name: "Plain".into(), fields: vec![] },
        Case { name: "Sized".into(), fields: vec![named("by", DataType::Int)] },
    ]);
    let schema = Schema {
        relations: vec![relation("Kind", vec![Field::new("shape", shape), Field::new("n", DataType::Int)], &[0])],
    };
    let kind = RelationId(0);
    let database = directory.open(&schema);
    let mut txn = database.write().expect("serves");
    let (plain, sized) = (Value::variant(0, []), Value::variant(1, [Value::Int(4)]));
    for key in [&plain, &sized] {
        txn.insert(kind, &[some(key.clone()), some(Value::Int(1))]).expect("allowed");
    }
    assert!(txn.insert(kind, &[some(plain.clone()), some(Value::Int(1))]).is_err());
    database.wait(txn.commit()).expect("durable");
    let mut txn = database.write().expect("serves");
    txn.update(kind, &plain, &[(FieldId(1), Value::Int(2))]).expect("allowed");
    txn.delete(kind, &sized).expect("allowed");
    database.wait(txn.commit()).expect("durable");
    drop(database);
    let database = directory.open(&schema);
    let query = database.read();
    assert_eq!(query.values(database.stored()).sorted(kind), [vec![plain, Value::Int(2)]]);
}

#[test]
fn time_never_goes_back_and_survives_a_restart() {
    let directory = Directory::new("time");
    let schema = schema();
    let world = Arc::new(TestWorld::new(1, 5_000));
    let open = || {
        let authority = SqliteAuthority::open(&directory.0, &schema, NO_DEFAULTS).expect("opens");
        Database::start(Arc::new(schema.clone()), Box::new(authority), world.clone()).expect("starts")
    };
    let database = open();
    let mut txn = database.write().expect("serves");
    assert_eq!(txn.now(), 5_000);
    txn.insert(PERSON, &[None, some(Value::text("a")), some(Value::None)]).expect("allowed");
    database.wait(txn.commit()).expect("durable");
    world.set_now(1_000);
    assert_eq!(database.write().expect("serves").now(), 5_000);
    drop(database);
    let database = open();
    assert_eq!(database.write().expect("serves").now(), 5_000);
    world.set_now(9_000);
    assert_eq!(database.write().expect("serves").now(), 9_000);
}

#[test]
fn stored_rows_that_break_a_new_rule_are_named() {
    let directory = Directory::new("rule");
    let mut schema = schema();
    schema.relations[0].uniques.clear();
    let before = schema.clone();
    let database = directory.open(&schema);
    let mut txn = database.write().expect("serves");
    for name in ["Ada", "ada"] {
        txn.insert(PERSON, &[None, some(Value::text(name)), some(Value::None)]).expect("allowed");
    }
    database.wait(txn.commit()).expect("durable");
    drop(database);
    schema.relations[0].uniques.push(Unique { parts: vec![KeyPart::Lower(FieldId(1))], where_present: vec![] });
    schema.relations[0].fields.push(Field::new("note", DataType::Option(Box::new(DataType::Text))));
    let authority = SqliteAuthority::open(&directory.0, &schema, NO_DEFAULTS).expect("opens");
    let world = Arc::new(TestWorld::new(1, 1));
    match Database::start(Arc::new(schema.clone()), Box::new(authority), world) {
        Err(StartError::Collision { relation, unique, rows, more }) => {
            assert_eq!((relation.as_str(), unique.as_str(), rows.len(), more), ("Person", "name", 1, 0));
        }
        other => panic!("{:?}", other.err()),
    }
    // What was refused is as it was.
    assert_eq!(SqliteAuthority::shape_of(&directory.0).expect("a store"), before);
    drop(directory.open(&before));
    // The plain unique is checked by the file itself.
    schema.relations[0].uniques[0].parts = vec![KeyPart::Field(FieldId(0)), KeyPart::Field(FieldId(2))];
    match SqliteAuthority::open(&directory.0, &schema, NO_DEFAULTS) {
        Ok(authority) => drop(authority),
        Err(OpenError::Authority(error)) => panic!("{error}"),
        Err(other) => panic!("{other}"),
    }
}

/// What was accepted is read again, however deeply it nests.
#[test]
fn json_inside_of_collections_comes_back() {
    let directory = Directory::new("deep-json");
    let deep = || Value::Json(format!("{}{}", "[".repeat(128), "]".repeat(128)).as_str().into());
    let in_record = DataType::Record(vec![named("a", optional(list(DataType::Json))), named("b", DataType::Int)]);
    let values = [
        (list(list(DataType::Json)), Value::list([Value::list([deep(), deep()])])),
        (
            DataType::Map(Box::new(DataType::Text), Box::new(in_record.clone())),
            Value::map([(Value::text("x"), Value::record([Value::some(Value::list([deep()])), Value::Int(2)]))]),
        ),
        (
            DataType::Map(Box::new(DataType::Int), Box::new(list(in_record))),
            Value::map([(
                Value::Int(1),
                Value::list([Value::record([Value::some(Value::list([deep()])), Value::Int(2)])]),
            )]),
        ),
    ];
    let mut fields = vec![Field::new("id", DataType::Int)];
    fields.extend(values.iter().enumerate().map(|(n, (ty, _))| Field::new(format!("v{n}"), ty.clone())));
    let schema = Schema { relations: vec![relation("Deep", fields, &[0])] };
    let row: Vec<Value> = [Value::Int(1)].into_iter().chain(values.into_iter().map(|(_, value)| value)).collect();
    let database = directory.open(&schema);
    let mut txn = database.write().expect("serves");
    txn.insert(RelationId(0), &row.iter().cloned().map(some).collect::<Vec<_>>()).expect("allowed");
    database.wait(txn.commit()).expect("durable");
    drop(database);
    let database = directory.open(&schema);
    let query = database.read();
    assert_eq!(query.values(database.stored()).sorted(RelationId(0)), [row]);
}
