//! A process that is killed in the middle of its work loses nothing that it acknowledged.
//!
//! The test starts itself as a child that transfers between accounts from several threads and prints
//! each commit once it is durable, kills it, and opens what it left: all acknowledged commits must be
//! there, and the sums must agree, since a group is there as a whole or not at all.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use tenon_authority::SqliteAuthority;
use tenon_runtime::{Database, SystemWorld};
use tenon_store::schema::*;
use tenon_value::Value;

const ACCOUNT: RelationId = RelationId(0);
const TRANSFER: RelationId = RelationId(1);
const ACCOUNTS: i64 = 10;
const DIRECTORY: &str = "TENON_CRASH_DIRECTORY";

fn schema() -> Schema {
    let relation = |name: &str, fields: Vec<Field>, references: Vec<Reference>| Relation {
        name: name.into(),
        fields,
        key: vec![FieldId(0)],
        uniques: vec![],
        references,
        indexes: vec![],
        deletes: false,
    };
    let mut id = Field::new("id", DataType::Int);
    id.generated = Some(Generated::Serial);
    let refer = |field| Reference { field: FieldId(field), target: ACCOUNT, on_delete: OnDelete::Restrict };
    Schema {
        relations: vec![
            relation("Account", vec![Field::new("id", DataType::Int), Field::new("balance", DataType::Int)], vec![]),
            relation(
                "Transfer",
                vec![
                    id,
                    Field::new("source", DataType::Ref(ACCOUNT)),
                    Field::new("target", DataType::Ref(ACCOUNT)),
                    Field::new("amount", DataType::Int),
                ],
                vec![refer(1), refer(2)],
            ),
        ],
    }
}

fn open(directory: &Path) -> Database {
    let schema = Arc::new(schema());
    let authority = SqliteAuthority::open(directory, &schema, &|_, _| Err("none".into())).expect("opens");
    Database::start(schema, Box::new(authority), Arc::new(SystemWorld::new())).expect("starts")
}

fn account(id: i64) -> Value {
    Value::Ref { relation: 0, key: Arc::new(Value::Int(id)) }
}

fn balance(row: &[Value]) -> i64 {
    match row[1] {
        Value::Int(balance) => balance,
        ref other => panic!("{other:?}"),
    }
}

/// Works until it is killed. Run as a test of its own, it has nothing to do.
#[test]
fn child() {
    let Ok(directory) = std::env::var(DIRECTORY) else { return };
    let database = open(Path::new(&directory));
    if database.read().reader().count(ACCOUNT) == 0 {
        let mut txn = database.write().expect("serves");
        for id in 0..ACCOUNTS {
            txn.insert(ACCOUNT, &[Some(Value::Int(id)), Some(Value::Int(1_000))]).expect("new");
        }
        txn.commit();
    }
    std::thread::scope(|scope| {
        for thread in 0..4i64 {
            let database = &database;
            scope.spawn(move || {
                for n in 0.. {
                    let (source, target) = ((n * 3 + thread) % ACCOUNTS, (n * 7 + 2 * thread + 1) % ACCOUNTS);
                    let mut txn = database.write().expect("serves");
                    for (id, by) in [(source, -1), (target, 1)] {
                        let row = txn.values().lookup(ACCOUNT, &Value::Int(id)).expect("there");
                        let changed = [(FieldId(1), Value::Int(balance(&row) + by))];
                        txn.update(ACCOUNT, &Value::Int(id), &changed).expect("allowed");
                    }
                    let row = [None, Some(account(source)), Some(account(target)), Some(Value::Int(1))];
                    let key = txn.insert(TRANSFER, &row).expect("allowed");
                    let number = txn.commit();
                    database.wait(number).expect("durable");
                    // The parent kills this process while it writes; then nobody reads the end.
                    let _ = writeln!(std::io::stdout(), "\nacknowledged {key:?}");
                }
            });
        }
    });
}

#[test]
fn a_killed_process_loses_nothing_it_acknowledged() {
    let directory = std::env::temp_dir().join(format!("tenon-crash-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&directory);
    let mut acknowledged: Vec<i64> = Vec::new();
    let rounds: i64 = std::env::var("TENON_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(3);
    for round in 0..rounds {
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["child", "--exact", "--nocapture", "--test-threads=1"])
            .env(DIRECTORY, &directory)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("starts");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut seen = 0;
        for line in lines {
            let line = line.expect("UTF-8");
            let Some(key) = line.strip_prefix("acknowledged Int(").and_then(|rest| rest.strip_suffix(')')) else {
                continue;
            };
            acknowledged.push(key.parse().expect("a number"));
            seen += 1;
            if seen == 60 + 25 * (round % 7) {
                // What is printed until the kill strikes is acknowledged, too, and is read on.
                child.kill().expect("runs");
            }
        }
        child.wait().expect("ends");
        assert!(seen >= 60, "the child worked");
        let database = open(&directory);
        let query = database.read();
        let values = query.values(database.stored());
        for key in &acknowledged {
            assert!(
                values.lookup(TRANSFER, &Value::Int(*key)).is_some(),
                "transfer {key} was acknowledged and is lost"
            );
        }
        let mut expected = vec![1_000i64; ACCOUNTS as usize];
        let id = |value: &Value| match value {
            Value::Ref { key, .. } => match **key {
                Value::Int(id) => id as usize,
                ref other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        };
        for row in values.scan(TRANSFER) {
            expected[id(&row[1])] -= 1;
            expected[id(&row[2])] += 1;
        }
        let balances: Vec<i64> = values.sorted(ACCOUNT).iter().map(|row| balance(row)).collect();
        assert_eq!(balances, expected, "accounts and transfers agree");
    }
    let _ = std::fs::remove_dir_all(&directory);
}
