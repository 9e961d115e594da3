//! A process that is killed in the middle of its work loses nothing that it acknowledged.
//!
//! The test starts itself as a child that transfers between accounts from several threads and prints each commit once it is
//! durable, kills it, and opens what it left: all acknowledged commits must be there, and the sums must agree, since a group
//! is there as a whole or not at all. `TENON_CASES` is the number of kills, one after the other over the same store.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bank;

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use bank::{ACCOUNTS, Folder, say, setting};

/// Works until it is killed. Run as a test of its own, it has nothing to do.
#[test]
fn child() {
    let Some(directory) = bank::directory() else { return };
    let database = bank::open(&directory).unwrap();
    bank::fill(&database).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4i64 {
            let database = &database;
            scope.spawn(move || {
                for n in 0.. {
                    let (source, target) = ((n * 3 + thread) % ACCOUNTS, (n * 7 + 2 * thread + 1) % ACCOUNTS);
                    let (last, number) = bank::transfer(database, source, target, String::new()).unwrap();
                    database.wait(number).unwrap();
                    say(&format!("acknowledged {last}"));
                }
            });
        }
    });
}

#[test]
fn a_killed_process_loses_nothing_it_acknowledged() {
    let folder = Folder::new("kill");
    let mut acknowledged = 0;
    for round in 0..setting("TENON_CASES", 3) {
        let mut child = bank::child(&folder.0).stdout(Stdio::piped()).spawn().unwrap();
        let mut seen = 0;
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let last = bank::acknowledged(&line.unwrap());
            if last < 0 {
                continue;
            }
            acknowledged = acknowledged.max(last);
            seen += 1;
            if seen == 60 + 25 * (round % 7) {
                // What is printed until the kill strikes is acknowledged, too, and is read on.
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(seen >= 60, "the child worked");
        // Numbers are given in the order of commits, so the greatest one stands for all.
        assert!(bank::verify(&folder.0, acknowledged).is_ok(), "{:?}", bank::verify(&folder.0, acknowledged));
    }
}
