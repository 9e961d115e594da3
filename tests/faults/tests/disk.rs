//! What a disk that fails, or loses power, leaves of a database.
//!
//! The test starts itself as a child under the library of this crate. The child transfers between accounts and prints each
//! commit once it is durable. From what the child wrote, in its order, the test builds what a power cut at some moment would
//! have left: of each file what was synced, and of what was not some sectors or none. That must open, hold every commit that
//! was acknowledged before, and be a state between two commits. In the other test a call of the child fails: it must
//! acknowledge nothing after that, and what it leaves must hold what it acknowledged.
//!
//! `TENON_SEED` is the first seed and `TENON_CASES` the number of cuts and faults; each failure names its seed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bank;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bank::{ACCOUNTS, Folder, acknowledged, say, setting, verify};
use tenon_runtime::database::Stopped;
use tenon_value::random::Random;

/// Enough that the authority moves its log into its file several times.
const TRANSFERS: i64 = 1_500;
const SECTOR: usize = 512;

/// Works, and ends without closing. Run as a test of its own, it has nothing to do.
#[test]
fn child() {
    let Some(directory) = bank::directory() else { return };
    // Whatever stops it is its fate, and no fault of the test.
    let _ = work(&directory);
    std::process::exit(0);
}

fn work(directory: &Path) -> Option<()> {
    let database = bank::open(directory).ok()?;
    let number = bank::fill(&database).ok()?;
    if database.wait(number).is_ok() {
        say("acknowledged 0");
    }
    let mut next = 0;
    while next < TRANSFERS {
        // Groups of one to three commits, each of which is asked for: one may be durable and the next one lost.
        let mut waiting = Vec::new();
        let mut stopped = false;
        for _ in 0..1 + next % 3 {
            next += 1;
            let note = "n".repeat((next * 37 % 9_000) as usize);
            let (source, target) = ((next * 3) % ACCOUNTS, (next * 7 + 1) % ACCOUNTS);
            match bank::transfer(&database, source, target, note) {
                Ok(transfer) => waiting.push(transfer),
                Err(Stopped) => stopped = true,
            }
        }
        let last = waiting.last().map_or(0, |(_, number)| *number);
        stopped |= database.wait(last).is_err();
        for (transfer, number) in waiting {
            if database.wait(number).is_ok() {
                say(&format!("acknowledged {transfer}"));
            }
        }
        if stopped {
            say("stopped");
            return None;
        }
    }
    Some(())
}

/// The library of this crate, which cargo builds beside its tests.
fn library() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().unwrap();
    let places = [folder.join("../libtenon_faults.so"), folder.join("libtenon_faults.so")];
    places.into_iter().find(|place| place.exists()).expect("cargo builds the library with its tests")
}

fn run_child(data: &Path, more: &[(&str, &str)]) -> String {
    let output = bank::child(data).env("LD_PRELOAD", library()).envs(more.iter().copied()).output().unwrap();
    assert!(output.status.success(), "the child ended with {}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// A call that the child made.
enum Call {
    Write(String, u64, Vec<u8>),
    Truncate(String, u64),
    Sync(String),
    Unlink(String),
    Output(String),
}

fn read_calls(log: &[u8], data: &Path) -> Vec<Call> {
    let mut calls = Vec::new();
    let mut at = 0;
    let mut take = |count: usize| {
        let part = &log[at..at + count];
        at += count;
        part
    };
    let mut left = log.len();
    while left > 0 {
        let kind = take(1)[0];
        let length = u32::from_le_bytes(take(4).try_into().unwrap()) as usize;
        let path = String::from_utf8(take(length).to_vec()).unwrap();
        let position = u64::from_le_bytes(take(8).try_into().unwrap());
        let count = u32::from_le_bytes(take(4).try_into().unwrap()) as usize;
        let bytes = take(count).to_vec();
        left -= 17 + length + count;
        let name = Path::new(&path).strip_prefix(data).map(|p| p.to_str().unwrap().to_owned()).unwrap_or_default();
        calls.push(match kind {
            b'w' => Call::Write(name, position, bytes),
            b't' => Call::Truncate(name, position),
            b's' => Call::Sync(name),
            b'u' => Call::Unlink(name),
            _ => Call::Output(String::from_utf8_lossy(&bytes).into_owned()),
        });
    }
    calls
}

/// A file on a disk: what is synced, and what was asked for since.
#[derive(Default)]
struct File {
    synced: Vec<u8>,
    pending: Vec<(u64, Option<Vec<u8>>)>,
}

fn apply(content: &mut Vec<u8>, position: u64, data: &Option<Vec<u8>>) {
    let position = position as usize;
    match data {
        None => content.resize(position, 0),
        Some(data) => {
            if content.len() < position + data.len() {
                content.resize(position + data.len(), 0);
            }
            content[position..position + data.len()].copy_from_slice(data);
        }
    }
}

/// What is on the disk after a power cut behind so many calls, and what was acknowledged until then. Where flushes are
/// ignored, the disk keeps nothing for sure.
fn cut(calls: &[Call], random: &mut Random, flushes: bool) -> (BTreeMap<String, Vec<u8>>, i64) {
    let mut files: BTreeMap<String, File> = BTreeMap::new();
    let mut said = String::new();
    for call in calls {
        match call {
            Call::Write(name, position, data) => {
                files.entry(name.clone()).or_default().pending.push((*position, Some(data.clone())));
            }
            Call::Truncate(name, length) => files.entry(name.clone()).or_default().pending.push((*length, None)),
            Call::Sync(name) if flushes => {
                if let Some(file) = files.get_mut(name) {
                    for (position, data) in std::mem::take(&mut file.pending) {
                        apply(&mut file.synced, position, &data);
                    }
                }
            }
            Call::Sync(_) => {}
            Call::Unlink(name) => {
                files.remove(name);
            }
            Call::Output(text) => said += text,
        }
    }
    let mut disk = BTreeMap::new();
    for (name, file) in files {
        let mut content = file.synced;
        // Nothing of what was not synced, all of it, or some sectors.
        let mode = random.below(4);
        for (position, data) in &file.pending {
            match (mode, data) {
                (0, _) => {}
                (1, data) => apply(&mut content, *position, data),
                (_, None) if random.below(2) == 0 => {}
                (_, None) => apply(&mut content, *position, &None),
                (_, Some(data)) => {
                    for (n, sector) in data.chunks(SECTOR).enumerate() {
                        if random.below(2) == 0 {
                            apply(&mut content, *position + (n * SECTOR) as u64, &Some(sector.to_vec()));
                        }
                    }
                }
            }
        }
        disk.insert(name, content);
    }
    (disk, acknowledged(&said))
}

fn lay_out(disk: &BTreeMap<String, Vec<u8>>, at: &Path) {
    let _ = std::fs::remove_dir_all(at);
    std::fs::create_dir_all(at).unwrap();
    for (name, content) in disk {
        std::fs::write(at.join(name), content).unwrap();
    }
}

#[test]
fn power_cuts_lose_nothing_that_was_acknowledged() {
    let (first, count) = (setting("TENON_SEED", 0), setting("TENON_CASES", 16));
    let folder = Folder::new("cut");
    let (data, log, left) = (folder.0.join("data"), folder.0.join("log"), folder.0.join("left"));
    std::fs::create_dir_all(&data).unwrap();
    let said = run_child(&data, &[("TENON_FAULTS_LOG", log.to_str().unwrap())]);
    assert!(acknowledged(&said) >= TRANSFERS, "the child did all its work");
    let calls = read_calls(&std::fs::read(&log).unwrap(), &data);
    let flushed = |name: &str| calls.iter().filter(|call| matches!(call, Call::Sync(n) if n == name)).count();
    assert!(flushed("store.db-wal") > 100 && flushed("store.db") > 1, "the child flushes both files");
    let (mut lost, mut seen) = (Vec::new(), 0);
    for seed in first..first + count {
        let mut random = Random::new(seed);
        let at = 1 + random.below(calls.len() as u64) as usize;
        let (disk, acknowledged) = cut(&calls[..at], &mut random, true);
        lay_out(&disk, &left);
        seen = seen.max(acknowledged);
        if let Err(error) = verify(&left, acknowledged) {
            lost.push(format!("TENON_SEED={seed}, behind call {at} of {}: {error}", calls.len()));
        }
    }
    assert!(lost.is_empty(), "{} of {count} cuts:\n{}", lost.len(), lost.join("\n"));
    assert!(seen > 0, "some cut came behind an acknowledged commit");
    // The same on a disk that ignores flushes loses commits: the test can tell.
    let lost = (first..first + count).any(|seed| {
        let mut random = Random::new(seed);
        let at = 1 + random.below(calls.len() as u64) as usize;
        let (disk, acknowledged) = cut(&calls[..at], &mut random, false);
        lay_out(&disk, &left);
        verify(&left, acknowledged).is_err()
    });
    assert!(lost, "a disk that ignores flushes lost nothing");
}

#[test]
fn after_a_failed_call_nothing_is_acknowledged() {
    let (first, count) = (setting("TENON_SEED", 0), setting("TENON_CASES", 8));
    let folder = Folder::new("fault");
    let data = folder.0.join("data");
    let mut wrong = Vec::new();
    let mut stopped = 0;
    for seed in first..first + count {
        let mut random = Random::new(seed);
        let kind = ["eio", "enospc", "short"][random.below(3) as usize];
        let at = (1 + random.below(3_000)).to_string();
        let mut more = vec![("TENON_FAULTS_AT", at.as_str()), ("TENON_FAULTS_KIND", kind)];
        if random.below(2) == 0 {
            more.push(("TENON_FAULTS_ONCE", "1"));
        }
        let _ = std::fs::remove_dir_all(&data);
        std::fs::create_dir_all(&data).unwrap();
        let said = run_child(&data, &more);
        stopped += u32::from(said.contains("stopped"));
        let behind = said.split_once("\nstopped").map_or("", |(_, behind)| behind);
        if behind.contains("acknowledged") {
            wrong.push(format!("TENON_SEED={seed}: {kind} at {at}: it acknowledged after it had stopped"));
        }
        if let Err(error) = verify(&data, acknowledged(&said)) {
            wrong.push(format!("TENON_SEED={seed}: {kind} at {at}: {error}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {count} faults:\n{}", wrong.len(), wrong.join("\n"));
    assert!(stopped > 0, "no fault met a commit");
}

/// Moving the log into the file is nothing that a commit waits for: if it fails, commits that are durable are told so.
#[test]
fn a_failed_checkpoint_loses_no_commit() {
    let folder = Folder::new("checkpoint");
    let (data, log) = (folder.0.join("data"), folder.0.join("log"));
    std::fs::create_dir_all(&data).unwrap();
    run_child(&data, &[("TENON_FAULTS_LOG", log.to_str().unwrap())]);
    let calls = read_calls(&std::fs::read(&log).unwrap(), &data);
    // The file itself is written when the store is made, and then by checkpoints alone.
    let is_first = |call: &Call| matches!(call, Call::Output(text) if text.contains("acknowledged 0"));
    let before = calls.iter().take_while(|call| !is_first(call));
    let made = before.filter(
        |call| matches!(call, Call::Write(name, ..) | Call::Truncate(name, _) | Call::Sync(name) if name == "store.db"),
    );
    let at = (made.count() + 1).to_string();
    for kind in ["eio", "enospc"] {
        std::fs::remove_dir_all(&data).unwrap();
        std::fs::create_dir_all(&data).unwrap();
        let said = run_child(
            &data,
            &[("TENON_FAULTS_FILE", "store.db"), ("TENON_FAULTS_AT", &at), ("TENON_FAULTS_KIND", kind)],
        );
        let acknowledged = acknowledged(&said);
        assert!(acknowledged > 0 && acknowledged < TRANSFERS, "{kind}: {acknowledged}");
        assert_eq!(verify(&data, acknowledged), Ok(acknowledged), "{kind}");
    }
}
