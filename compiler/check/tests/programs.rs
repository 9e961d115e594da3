//! The library and the programs of the repository are right.

use std::path::Path;
use tenon_check::bodies::result_type;
use tenon_check::db::{CheckDatabase, Settings};
use tenon_check::effects::{Node, effects_of, program_effects};
use tenon_check::items::program_items;
use tenon_check::names::symbol_of;
use tenon_check::program::{check, check_library};
use tenon_check::ty::Symbol;
use tenon_diagnostics::{Diagnostic, Severity, render_terminal};

fn read(folder: &str, prefix: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&folder).expect("a folder of programs") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "tn") {
            let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
            found.push((format!("{prefix}{name}"), std::fs::read_to_string(&path).expect("a readable file")));
        }
    }
    found.sort();
    assert!(!found.is_empty(), "{} holds programs", folder.display());
    found
}

fn borrowed(files: &[(String, String)]) -> Vec<(&str, &str)> {
    files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect()
}

fn errors(found: &[Diagnostic], db: &CheckDatabase) -> String {
    let errors = found.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    errors.map(|diagnostic| render_terminal(diagnostic, db, false)).collect()
}

#[test]
fn the_library_has_no_errors() {
    let library = read("stdlib/tenon", "tenon/");
    let db = CheckDatabase::new(&borrowed(&library));
    let found = errors(&check_library(&db), &db);
    assert!(found.is_empty(), "{found}");
}

#[test]
fn the_apps_have_no_errors() {
    let library = read("stdlib/tenon", "tenon/");
    for app in ["tests/apps/shop", "tests/apps/chinook"] {
        let mut db = CheckDatabase::new(&borrowed(&library));
        db.set_settings(Settings { name: "app".into(), ..Settings::default() });
        db.set_files(borrowed(&read(app, "")));
        let found = errors(&check(&db), &db);
        assert!(found.is_empty(), "{app}\n{found}");
    }
}

/// Effects are followed per callable, and closed over for the whole program where that reaches far: both say the same.
#[test]
fn effects_followed_are_effects_closed() {
    let library = read("stdlib/tenon", "tenon/");
    let mut compared = 0;
    for folder in ["tests/apps/shop", "tests/apps/chinook", "tests/programs"] {
        let files = read(folder, "");
        // An app is one program; the others are one each.
        let programs: Vec<&[(String, String)]> =
            if folder == "tests/programs" { files.chunks(1).collect() } else { vec![&files] };
        for program in programs {
            let mut db = CheckDatabase::new(&borrowed(&library));
            db.set_files(borrowed(program));
            let closed = program_effects(&db);
            for item in program_items(&db).filter(|item| matches!(item.word(&db), "fn" | "query" | "handler" | "view"))
            {
                let Some(symbol) = symbol_of(&db, item) else { continue };
                let of_closed = closed.of(&Node::Item(symbol.clone())).cloned().unwrap_or_default();
                assert_eq!(effects_of(&db, &symbol), &of_closed, "{}", symbol.name);
                compared += 1;
            }
        }
    }
    assert!(compared > 100, "{compared} callables");
}

/// A chain of calls that is too long to be followed one by one has its effects all the same, and so has a circle.
#[test]
fn long_chains_and_circles_have_their_effects() {
    let library = read("stdlib/tenon", "tenon/");
    let mut text = String::from(
        "relation R { key id: Id; n: Int; deep: Int => f0(n) }\nfn f400(n: Int) -> Int { count(R) + n }\n",
    );
    for n in 0..400 {
        text.push_str(&format!("fn f{n}(n: Int) -> Int {{ f{}(n) }}\n", n + 1));
    }
    text.push_str("fn a(n: Int) -> Int { if n > 0 { b(n - 1) } else { count(R) } }\nfn b(n: Int) -> Int { a(n) }\n");
    let mut db = CheckDatabase::new(&borrowed(&library));
    db.set_files([("shop.tn", text.as_str())]);
    for name in ["f0", "f399", "a", "b"] {
        let symbol = Symbol { module: "".into(), name: name.into() };
        let reads: Vec<_> = effects_of(&db, &symbol).reads.iter().map(|relation| relation.name.as_str()).collect();
        assert_eq!(reads, ["R"], "{name}");
    }
}

/// `fn f0() -> _ { f1() }` and so on, in any order.
fn chain(count: usize, mut lines: Vec<usize>) -> String {
    let line = |n: usize| match n + 1 == count {
        true => format!("fn f{n}() -> _ {{ 1 }}\n"),
        false => format!("fn f{n}() -> _ {{ f{}() }}\n", n + 1),
    };
    lines.drain(..).map(line).collect()
}

/// How far types may follow from each other is a property of the texts: neither the order of items nor who asked first
/// changes what is said.
#[test]
fn chains_of_inferred_results() {
    let library = read("stdlib/tenon", "tenon/");
    let said = |text: &str, first: Option<usize>| -> Vec<String> {
        let mut db = CheckDatabase::new(&borrowed(&library));
        db.set_files([("shop.tn", text)]);
        if let Some(n) = first {
            result_type(&db, &Symbol { module: "".into(), name: format!("f{n}").into() });
        }
        check(&db).into_iter().map(|diagnostic| format!("{} {}", diagnostic.code, diagnostic.message)).collect()
    };
    let down = |count: usize| chain(count, (0..count).collect());
    let up = |count: usize| chain(count, (0..count).rev().collect());
    assert!(said(&down(33), None).is_empty() && said(&up(33), None).is_empty());
    for count in [34, 90] {
        let name = format!("f{}", count - 34);
        let expected = vec![format!("T0002 the type of `{name}` follows from a chain of more than 32 inferred types")];
        assert_eq!(said(&down(count), None), expected);
        assert_eq!(said(&up(count), None), expected);
        for first in [0, 20, count - 1] {
            assert_eq!(said(&down(count), Some(first)), expected, "f{first} first");
        }
    }
    // A circle follows from itself, whether or not it is long.
    let circle = |count: usize| -> String {
        (0..count).map(|n| format!("fn f{n}() -> _ {{ f{}() }}\n", (n + 1) % count)).collect()
    };
    let first = said(&circle(3), None);
    assert!(!first.is_empty() && first.iter().all(|message| message.starts_with("T0247")), "{first:?}");
    let long = vec!["T0002 the type of `f0` follows from a chain of more than 32 inferred types".to_owned()];
    assert_eq!(said(&circle(40), None), long);
    assert_eq!(said(&circle(40), Some(7)), long);
    // Fields and arguments that are called like functions are none.
    let fields: String = (0..50)
        .map(|n| format!("fn f{n}() -> _ {{ let r = (f{}: 1, x: 2); r.f{} + r.x }}\n", (n + 1) % 50, (n + 1) % 50))
        .collect();
    assert!(said(&fields, None).is_empty());
}
