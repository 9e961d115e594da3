//! Point reads and transfers, called in process.

use std::collections::VecDeque;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use tenon_driver::report::Stop;
use tenon_runtime::SystemWorld;

use crate::bank::{ACCOUNTS, BALANCE, Caller, fill, order, sqlite};
use crate::measure::{Rng, each, line, per_second, rate, rate_of_thread, ratio};
use crate::program::{Running, compile, file};
use crate::scratch::{Scratch, probe};

/// So many transfers wait for their commit at once.
const IN_FLIGHT: usize = 64;

/// Runs the part.
pub fn run() -> Result<(), Stop> {
    println!("transfer: {ACCOUNTS} accounts, one thread, in process; in memory by the time of the thread");
    let native = compile(&file("programs/bank.tn"))?.native;

    let bank = Running::new(&native, native.in_memory(Arc::new(SystemWorld::new()))?)?;
    fill(&native, bank.service.database())?;
    let peer = sqlite(None).map_err(failed)?;
    reads(&bank, &peer)?;
    let ours = transfers(&bank)?;
    let theirs = sqlite_transfers(&peer, 1, true)?;
    line("transfer, in memory", "Tenon, lanes", &per_second(ours));
    line("transfer, in memory", "SQLite :memory:", &per_second(theirs));
    ratio("transfer in memory, Tenon to SQLite", ours / theirs, Some((3.0, ">= 3x SQLite in memory")));
    ratio("transfer in memory, of a million a second", ours / 1e6, Some((1.0, ">= 1,000,000/s")));
    let whole = dispatched(&bank)?;
    line("transfer, request to response", "Tenon, JSON", &per_second(whole));
    conserve(&bank)?;
    drop(bank);

    let scratch = Scratch::new()?;
    durable(&native, scratch.path())
}

fn failed(error: rusqlite::Error) -> Stop {
    Stop::failed(format!("SQLite: {error}"))
}

fn reads(bank: &Running, peer: &Connection) -> Result<(), Stop> {
    const BATCH: u64 = 1000;
    let mut rng = Rng::new(11);
    let mut caller = Caller::new(bank)?;
    let single = rate_of_thread(|| {
        for _ in 0..BATCH {
            black_box(caller.account(rng.below(ACCOUNTS))?);
        }
        Ok::<_, Stop>(BATCH)
    })?;
    let many = rate_of_thread(|| {
        caller.accounts(BATCH, &mut rng).map(|sum| {
            black_box(sum);
            BATCH
        })
    })?;
    let whole = rate_of_thread(|| {
        for _ in 0..BATCH {
            black_box(bank.request("GET", &format!("/acct/{}", rng.below(ACCOUNTS)), b"")?);
        }
        Ok::<_, Stop>(BATCH)
    })?;
    let mut select = peer.prepare("select id, owner, balance from account where id=?").map_err(failed)?;
    let mut read = |rng: &mut Rng| {
        for _ in 0..BATCH {
            let row: (i64, String, i64) =
                select.query_row([rng.below(ACCOUNTS)], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
            black_box(row);
        }
        Ok(BATCH)
    };
    let theirs_single = rate_of_thread(|| read(&mut rng)).map_err(failed)?;
    peer.execute_batch("begin").map_err(failed)?;
    let theirs_many = rate_of_thread(|| read(&mut rng)).map_err(failed)?;
    peer.execute_batch("commit").map_err(failed)?;
    line("point read, a snapshot each", "Tenon, lanes", &each(single));
    line("point read, a transaction each", "SQLite :memory:", &each(theirs_single));
    ratio("point read, Tenon to SQLite", single / theirs_single, Some((2.0, ">= 2x SQLite in memory")));
    line("point read, one snapshot", "Tenon, lanes", &each(many));
    line("point read, one transaction", "SQLite :memory:", &each(theirs_many));
    ratio("point read in one snapshot, Tenon to SQLite", many / theirs_many, None);
    line("point read, request to response", "Tenon, JSON", &each(whole));
    Ok(())
}

fn transfers(bank: &Running) -> Result<f64, Stop> {
    const BATCH: u64 = 1000;
    let mut rng = Rng::new(42);
    let mut caller = Caller::new(bank)?;
    rate_of_thread(|| {
        for _ in 0..BATCH {
            caller.transfer(order(&mut rng))?;
        }
        Ok(BATCH)
    })
}

fn dispatched(bank: &Running) -> Result<f64, Stop> {
    const BATCH: u64 = 1000;
    let mut rng = Rng::new(43);
    rate_of_thread(|| {
        for _ in 0..BATCH {
            let o = order(&mut rng);
            let body = format!(r#"{{"src":{},"dst":{},"amount":{}}}"#, o.src, o.dst, o.amount);
            bank.request("POST", "/transfer", body.as_bytes())?;
        }
        Ok(BATCH)
    })
}

/// Transfers move money and make none.
fn conserve(bank: &Running) -> Result<(), Stop> {
    let total = bank.request("GET", "/total", b"")?;
    let expected = (ACCOUNTS as i64 * BALANCE).to_string();
    if total == expected.as_bytes() {
        return Ok(());
    }
    Err(Stop::failed(format!("there are {} in all accounts instead of {expected}", String::from_utf8_lossy(&total))))
}

/// Transfers in SQLite, so many to a commit; in memory nothing waits.
fn sqlite_transfers(peer: &Connection, group: u64, in_memory: bool) -> Result<f64, Stop> {
    let mut begin = peer.prepare("begin immediate").map_err(failed)?;
    let mut commit = peer.prepare("commit").map_err(failed)?;
    let mut select = peer.prepare("select balance from account where id=?").map_err(failed)?;
    let mut update = peer.prepare("update account set balance=? where id=?").map_err(failed)?;
    let mut insert = peer.prepare("insert into transfer(src,dst,amount) values(?,?,?)").map_err(failed)?;
    let mut rng = Rng::new(42);
    let work = || {
        begin.execute([])?;
        for _ in 0..group {
            let o = order(&mut rng);
            let src: i64 = select.query_row([o.src], |r| r.get(0))?;
            let dst: i64 = select.query_row([o.dst], |r| r.get(0))?;
            if src >= o.amount && o.src != o.dst {
                update.execute((src - o.amount, o.src))?;
                update.execute((dst + o.amount, o.dst))?;
                insert.execute((o.src, o.dst, o.amount))?;
            }
        }
        commit.execute([])?;
        Ok(group)
    };
    let done = if in_memory { rate_of_thread(work) } else { rate(work) };
    done.map_err(failed)
}

fn durable(native: &tenon_driver::engine::Native, folder: &Path) -> Result<(), Stop> {
    println!("transfer, durable: a 4 KiB append and flush takes {:.0} us here", probe(folder)?);
    let data = folder.join("data");
    let bank = Running::new(native, native.open(&data)?)?;
    fill(native, bank.service.database())?;
    let one = alone(&bank)?;
    let many = in_flight(&bank, IN_FLIGHT)?;
    conserve(&bank)?;
    drop(bank);
    let again = Running::new(native, native.open(&data)?)?;
    conserve(&again)?;
    drop(again);
    let peer = sqlite(Some(folder)).map_err(failed)?;
    let theirs = sqlite_transfers(&peer, 1, false)?;
    let grouped = sqlite_transfers(&peer, IN_FLIGHT as u64, false)?;
    line("durable transfer, 1 in flight", "Tenon, lanes", &per_second(one));
    line("durable transfer, 1 in flight", "SQLite WAL/FULL", &per_second(theirs));
    ratio("durable transfer with 1 in flight, Tenon to SQLite", one / theirs, Some((1.0, ">= 1x SQLite WAL/FULL")));
    line("durable transfer, 64 in flight", "Tenon, lanes", &per_second(many));
    line("durable transfer, 64 in one transaction", "SQLite WAL/FULL, by hand", &per_second(grouped));
    ratio(
        "durable transfer with 64 in flight, Tenon to SQLite (1 a commit)",
        many / theirs,
        Some((4.0, ">= 4x SQLite WAL/FULL, one by one")),
    );
    ratio("durable transfer with 64 in flight, Tenon to SQLite (64 a commit)", many / grouped, None);
    Ok(())
}

/// Transfers one after another, each of which waits for its commit.
fn alone(bank: &Running) -> Result<f64, Stop> {
    let mut rng = Rng::new(42);
    let mut caller = Caller::new(bank)?;
    rate(|| caller.transfer_durably(order(&mut rng)).map(|()| 1))
}

/// Transfers of which so many wait for their commit at once.
fn in_flight(bank: &Running, window: usize) -> Result<f64, Stop> {
    let mut rng = Rng::new(42);
    let mut caller = Caller::new(bank)?;
    let database = bank.service.database();
    let mut waiting = VecDeque::with_capacity(window);
    rate(|| {
        while waiting.len() < window {
            waiting.push_back(caller.transfer(order(&mut rng))?);
        }
        let oldest = waiting.front().copied().unwrap_or(0);
        database.wait(oldest).map_err(|lost| Stop::failed(lost.to_string()))?;
        let durable = database.durable().number();
        let before = waiting.len();
        waiting.retain(|commit| *commit > durable);
        Ok((before - waiting.len()) as u64)
    })
}
