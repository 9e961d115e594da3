//! The bank of the transfer and HTTP parts: 100,000 accounts.

use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use tenon_driver::engine::Native;
use tenon_driver::report::Stop;
use tenon_runtime::native::Entry;
use tenon_runtime::{CallContext, Database, Limits, Status, Transaction};
use tenon_value::Value;

use crate::measure::Rng;
use crate::program::Running;

/// How many accounts there are.
pub const ACCOUNTS: u64 = 100_000;
/// What each has at the start.
pub const BALANCE: i64 = 1_000_000;

/// Puts the accounts into an empty database.
pub fn fill(native: &Native, database: &Arc<Database>) -> Result<(), Stop> {
    let relation = native.planned.schema.relation_named("Account");
    let relation = relation.ok_or_else(|| Stop::failed("the bank has no accounts"))?;
    let stopped = |_| Stop::failed("the store does not write any more");
    let mut transaction = database.write().map_err(stopped)?;
    for id in 0..ACCOUNTS {
        let row = [Value::Int(id as i64), Value::text(format!("owner-{id:08}")), Value::Int(BALANCE)];
        let inserted = transaction.insert(relation, &row.map(Some));
        inserted.map_err(|error| Stop::failed(error.describe(database.stored(), relation)))?;
    }
    let commit = transaction.commit();
    database.wait(commit).map_err(|error| Stop::failed(error.to_string()))
}

/// A transfer that somebody wants.
#[derive(Clone, Copy)]
pub struct Order {
    /// From this account.
    pub src: i64,
    /// To this one.
    pub dst: i64,
    /// So much.
    pub amount: i64,
}

/// The next transfer of a sequence.
pub fn order(rng: &mut Rng) -> Order {
    Order { src: rng.below(ACCOUNTS), dst: rng.below(ACCOUNTS), amount: (rng.next() & 63) as i64 }
}

/// Calls of the bank's code with lanes, as cheaply as a service does it.
pub struct Caller<'a> {
    bank: &'a Running,
    account: &'a Entry,
    transfer: &'a Entry,
    context: Box<CallContext>,
    results: Vec<u64>,
}

impl<'a> Caller<'a> {
    /// Over a running bank.
    pub fn new(bank: &'a Running) -> Result<Caller<'a>, Stop> {
        let (account, transfer) = (bank.entry("account")?, bank.entry("transfer")?);
        let context = Box::new(CallContext::new(Limits::default(), 0, 0));
        let results = Vec::with_capacity(account.results.max(transfer.results) as usize);
        Ok(Caller { bank, account, transfer, context, results })
    }

    fn prepare(&mut self, results: u32) {
        self.context.reset(Limits::default(), 0, 0);
        self.bank.service.loaded().prepare(&mut self.context);
        self.results.clear();
        self.results.resize(results as usize, 0);
    }

    /// Reads an account, on a snapshot of its own.
    pub fn account(&mut self, id: i64) -> Result<&[u64], Stop> {
        self.prepare(self.account.results);
        let service = &self.bank.service;
        let query = service.database().read();
        query.bind(&mut self.context);
        match service.loaded().call(self.account, &mut self.context, &[id as u64], &mut self.results) {
            Status::Ok => Ok(&self.results),
            _ => Err(self.problem()),
        }
    }

    /// Reads so many accounts on one snapshot; yields the sum of a lane of each, so that none is left out.
    pub fn accounts(&mut self, count: u64, rng: &mut Rng) -> Result<u64, Stop> {
        let service = &self.bank.service;
        let query = service.database().read();
        let mut sum = 0u64;
        for _ in 0..count {
            self.prepare(self.account.results);
            query.bind(&mut self.context);
            let id = rng.below(ACCOUNTS) as u64;
            match service.loaded().call(self.account, &mut self.context, &[id], &mut self.results) {
                Status::Ok => sum = sum.wrapping_add(self.results[0]),
                _ => return Err(self.problem()),
            }
        }
        Ok(sum)
    }

    /// Makes a transfer in a transaction of its own; yields the commit that makes it durable.
    pub fn transfer(&mut self, order: Order) -> Result<u64, Stop> {
        self.transfer_then(order, |transaction| transaction.commit())
    }

    /// Makes a transfer, which is durable afterwards.
    pub fn transfer_durably(&mut self, order: Order) -> Result<(), Stop> {
        let committed = self.transfer_then(order, |transaction| transaction.commit_durably())?;
        committed.map_err(|lost| Stop::failed(lost.to_string()))
    }

    fn transfer_then<T>(&mut self, order: Order, commit: impl FnOnce(Transaction<'_>) -> T) -> Result<T, Stop> {
        self.prepare(self.transfer.results);
        let service = &self.bank.service;
        let stopped = |_| Stop::failed("the store does not write any more");
        let mut transaction = service.database().write().map_err(stopped)?;
        transaction.bind(&mut self.context);
        let arguments = [order.src as u64, order.dst as u64, order.amount as u64];
        let status = service.loaded().call(self.transfer, &mut self.context, &arguments, &mut self.results);
        self.context.transaction = std::ptr::null_mut();
        match status {
            Status::Ok => Ok(commit(transaction)),
            _ => {
                transaction.abort();
                Err(self.problem())
            }
        }
    }

    fn problem(&mut self) -> Stop {
        Stop::failed(format!("the call ended with {:?}", self.bank.service.loaded().ended(&mut self.context)))
    }
}

/// The bank in SQLite: in memory, or in a folder with a write-ahead log and a flush at every commit.
pub fn sqlite(folder: Option<&Path>) -> rusqlite::Result<Connection> {
    let connection = match folder {
        None => Connection::open_in_memory()?,
        Some(folder) => {
            let connection = Connection::open(folder.join("peer.db"))?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection
        }
    };
    connection.pragma_update(None, "cache_size", -262_144)?;
    connection.execute_batch(
        "create table account(id integer primary key, owner text not null, balance integer not null);
         create table transfer(id integer primary key, src integer not null, dst integer not null, amount integer not null);
         begin",
    )?;
    {
        let mut insert = connection.prepare("insert into account values(?,?,?)")?;
        for id in 0..ACCOUNTS {
            insert.execute((id as i64, format!("owner-{id:08}"), BALANCE))?;
        }
    }
    connection.execute_batch("commit")?;
    Ok(connection)
}
