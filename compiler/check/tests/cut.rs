//! Whatever a file says, checking it ends, without a panic, and an error in the tree has a message.

use std::path::Path;
use tenon_check::bodies::body;
use tenon_check::db::{CheckDatabase, Settings};
use tenon_check::program::check;
use tenon_check::sites::BodyPart;
use tenon_check::ty::Symbol;
use tenon_check::typed::{Expr, ExprKind, for_each_child};
use tenon_diagnostics::Severity;

fn programs() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for folder in ["../../tests/language", "../../tests/apps/shop", "../../tests/apps/chinook", "../../stdlib/tenon"] {
        for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|e| e == "tn") {
                found.push((path.display().to_string(), std::fs::read_to_string(&path).expect("a text")));
            }
        }
    }
    found.sort();
    found
}

fn on_a_roomy_stack(work: impl FnOnce() + Send + 'static) {
    let worker = std::thread::Builder::new().stack_size(64 << 20).spawn(work).expect("a thread");
    worker.join().expect("no panic");
}

fn has_error(expr: &Expr) -> bool {
    let mut found = matches!(expr.kind, ExprKind::Error);
    for_each_child(expr, &mut |e| found |= has_error(e));
    found
}

/// Complains about functions whose tree has an error node that nobody was told of.
fn silent_errors(db: &CheckDatabase, text: &str) -> Vec<String> {
    let names = text.lines().filter_map(|l| ["fn ", "query ", "handler "].iter().find_map(|w| l.strip_prefix(w)));
    let mut silent = Vec::new();
    for name in names {
        let name: String = name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let found = ["cut", ""].iter().find_map(|module| {
            let symbol = Symbol { module: (*module).into(), name: name.as_str().into() };
            body(db, &symbol, BodyPart::Code)
        });
        let found = found.unwrap_or_else(|| panic!("`{name}` has a body"));
        if has_error(&found.value) {
            silent.push(name);
        }
    }
    silent
}

#[test]
fn a_file_cut_anywhere_is_checked() {
    on_a_roomy_stack(|| {
        for (path, text) in programs() {
            let mut db = CheckDatabase::new(&[]);
            db.set_settings(Settings { name: "cut".into(), ..Settings::default() });
            let step = (text.len() / 60).max(1);
            for at in (0..=text.len()).step_by(step).filter(|at| text.is_char_boundary(*at)) {
                db.set_file("cut.tn", &text[..at]);
                let found = check(&db);
                if found.iter().all(|d| d.severity != Severity::Error) {
                    let silent = silent_errors(&db, &text[..at]);
                    assert!(silent.is_empty(), "{path} cut at {at}: {silent:?} have errors that nobody is told of");
                }
            }
        }
    });
}

/// A number of the environment: `TENON_SEED` is the first seed, `TENON_CASES` the number of cases of each kind.
fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn tokens_in_the_wrong_places_are_checked() {
    on_a_roomy_stack(|| {
        // Exchanges words of a program with each other, the same ones at every run.
        let mut state = 0x9e37_79b9_7f4a_7c15u64 ^ setting("TENON_SEED", 0);
        let mut next = move |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % below.max(1) as u64) as usize
        };
        for (path, text) in programs() {
            let words: Vec<&str> = text.split_inclusive(|c: char| !c.is_alphanumeric() && c != '_').collect();
            let mut db = CheckDatabase::new(&[]);
            db.set_settings(Settings { name: "cut".into(), ..Settings::default() });
            for _ in 0..setting("TENON_CASES", 60) {
                let mut changed = words.clone();
                for _ in 0..1 + next(3) {
                    let (a, b) = (next(changed.len()), next(changed.len()));
                    changed[a] = words[b];
                }
                let changed = changed.concat();
                db.set_file("cut.tn", &changed);
                let found = check(&db);
                if found.iter().all(|d| d.severity != Severity::Error) {
                    let silent = silent_errors(&db, &changed);
                    assert!(silent.is_empty(), "{path}: {silent:?} have errors that nobody is told of\n{changed}");
                }
            }
        }
    });
}
