//! Accounts between which a process of its own transfers, and what must hold of the store that it leaves, however it ended.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use tenon_authority::SqliteAuthority;
use tenon_runtime::database::Stopped;
use tenon_runtime::{Database, SystemWorld};
use tenon_store::schema::*;
use tenon_value::Value;

const ACCOUNT: RelationId = RelationId(0);
const TRANSFER: RelationId = RelationId(1);
pub const ACCOUNTS: i64 = 10;
const START: i64 = 1_000;
/// Tells a process that it is to work, and where.
const DIRECTORY: &str = "TENON_FAULTS_DIR";

pub fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise)
}

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
                    Field::new("note", DataType::Text),
                ],
                vec![refer(1), refer(2)],
            ),
        ],
    }
}

pub fn open(directory: &Path) -> Result<Database, String> {
    let schema = Arc::new(schema());
    let authority =
        SqliteAuthority::open(directory, &schema, &|_, _| Err("none".into())).map_err(|error| error.to_string())?;
    Database::start(schema, Box::new(authority), Arc::new(SystemWorld::new())).map_err(|error| error.to_string())
}

fn account(id: i64) -> Value {
    Value::Ref { relation: 0, key: Arc::new(Value::Int(id)) }
}

fn int(value: &Value) -> i64 {
    match value {
        Value::Int(n) => *n,
        Value::Ref { key, .. } => int(key),
        other => panic!("{other:?}"),
    }
}

/// Writes a line that [`acknowledged`] finds, whatever else the process says.
pub fn say(line: &str) {
    // One call, so that the line is one record.
    std::io::stdout().write_all(format!("\n{line}\n").as_bytes()).unwrap();
    std::io::stdout().flush().unwrap();
}

/// The accounts, if they are not there yet. Returns the commit to wait for.
pub fn fill(database: &Database) -> Result<u64, Stopped> {
    let mut txn = database.write()?;
    if txn.reader().count(ACCOUNT) == 0 {
        for id in 0..ACCOUNTS {
            txn.insert(ACCOUNT, &[Some(Value::Int(id)), Some(Value::Int(START))]).unwrap();
        }
    }
    Ok(txn.commit())
}

/// One transfer of 1. Returns its number, from 1, and the commit to wait for.
pub fn transfer(database: &Database, source: i64, target: i64, note: String) -> Result<(i64, u64), Stopped> {
    let mut txn = database.write()?;
    for (id, by) in [(source, -1), (target, 1)] {
        let balance = int(&txn.values().lookup(ACCOUNT, &Value::Int(id)).unwrap()[1]);
        txn.update(ACCOUNT, &Value::Int(id), &[(FieldId(1), Value::Int(balance + by))]).unwrap();
    }
    let row = [None, Some(account(source)), Some(account(target)), Some(Value::text(note))];
    let key = txn.insert(TRANSFER, &row).unwrap();
    Ok((int(&key), txn.commit()))
}

/// The test `child` of this file as a process that works in a directory.
pub fn child(data: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["child", "--exact", "--nocapture", "--test-threads=1"]).env(DIRECTORY, data).stderr(Stdio::null());
    command
}

/// Where this process is to work, if it is a child.
pub fn directory() -> Option<PathBuf> {
    std::env::var_os(DIRECTORY).map(PathBuf::from)
}

/// The number of the last transfer that a child told to be durable; 0 for the accounts, -1 for nothing.
pub fn acknowledged(output: &str) -> i64 {
    output.lines().filter_map(|line| line.strip_prefix("acknowledged ")).map(|n| n.parse().unwrap()).max().unwrap_or(-1)
}

/// What must hold of what is left, given what was acknowledged. Returns how many transfers are there.
pub fn verify(data: &Path, acknowledged: i64) -> Result<i64, String> {
    let database = open(data).map_err(|error| format!("it does not open: {error}"))?;
    let query = database.read();
    let values = query.values(database.stored());
    let accounts = values.sorted(ACCOUNT);
    let transfers = values.sorted(TRANSFER);
    if acknowledged >= 0 && accounts.len() != ACCOUNTS as usize {
        return Err(format!("there are {} accounts", accounts.len()));
    }
    let found = transfers.len() as i64;
    if found < acknowledged {
        return Err(format!("{acknowledged} transfers were acknowledged, and {found} are there"));
    }
    let mut balances = vec![START; accounts.len()];
    for (n, row) in transfers.iter().enumerate() {
        if int(&row[0]) != n as i64 + 1 {
            return Err(format!("transfer {} is missing before {}", n + 1, int(&row[0])));
        }
        balances[int(&row[1]) as usize] -= 1;
        balances[int(&row[2]) as usize] += 1;
    }
    let stored: Vec<i64> = accounts.iter().map(|row| int(&row[1])).collect();
    if stored == balances { Ok(found) } else { Err("accounts and transfers disagree".to_owned()) }
}

/// A folder of its own that goes with the test.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("tenon-faults-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Folder(std::fs::canonicalize(&path).unwrap())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
