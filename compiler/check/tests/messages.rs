//! Every message with the program that causes it. A file under `messages/` holds cases:
//!
//! ```text
//! //// a relation without a key
//! relation Log { text: Text }
//! //> 1:10 error T0112 no-key: `Log` has no key: it says when two rows are the same row
//! //>   `Log` needs a key
//! ```
//!
//! A case begins with `////` and its title; `//>` lines say what is expected: for each diagnostic its place and
//! message, then the text under each label with the label's words, notes, and fixes with their edits. A line
//! `//// file billing/invoice.tn` within a case begins another file of it; `//// names camelCase` sets how it spells names
//! on the wire. `TENON_BLESS=1` writes what is.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use tenon_check::db::{CheckDatabase, Settings, WireNames};
use tenon_check::planned::PLANNED;
use tenon_check::program::check;
use tenon_diagnostics::{CATALOGUE, Code, Diagnostic, Location, Resolved, Severity};
use tenon_span::LineIndex;

fn library() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../stdlib/tenon");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder of the library") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "tn") {
            let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
            found.push((format!("tenon/{name}"), std::fs::read_to_string(&path).expect("a readable file")));
        }
    }
    found.sort();
    found
}

/// A database over the library, for programs called `shop`.
fn database() -> CheckDatabase {
    let library = library();
    let library: Vec<(&str, &str)> = library.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let mut db = CheckDatabase::new(&library);
    db.set_settings(settings(WireNames::AsWritten));
    db
}

fn settings(names: WireNames) -> Settings {
    Settings { name: "shop".into(), names, ..Settings::default() }
}

/// Sets how the program of a case spells names on the wire.
const CAMEL: &str = "//// names camelCase";

fn place(location: &Location, db: &CheckDatabase) -> (String, String) {
    let resolved = Resolved::new(location, db);
    let position = LineIndex::new(&resolved.text).position(resolved.range.start);
    let file = if &*resolved.file == "shop.tn" { String::new() } else { format!("{}:", resolved.file) };
    let text = resolved.range.slice(&resolved.text).lines().next().unwrap_or("").to_string();
    (format!("{file}{}:{}", position.line + 1, position.column + 1), text)
}

fn show(diagnostic: &Diagnostic, db: &CheckDatabase) -> String {
    let mut out = String::new();
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Hint => "hint",
    };
    let (at, text) = place(&diagnostic.primary.location, db);
    let name = diagnostic.code.info().name;
    writeln!(out, "//> {at} {severity} {} {name}: {}", diagnostic.code, diagnostic.message).expect("a string");
    writeln!(out, "//>   `{text}` {}", diagnostic.primary.message).expect("a string");
    for label in &diagnostic.secondary {
        let (at, text) = place(&label.location, db);
        writeln!(out, "//>   {at} `{text}` {}", label.message).expect("a string");
    }
    for note in &diagnostic.notes {
        writeln!(out, "//>   = {note}").expect("a string");
    }
    for fix in &diagnostic.fixes {
        let edits = fix.edits.iter().map(|edit| {
            let (at, text) = place(&edit.location, db);
            format!("{at} `{text}` -> `{}`", edit.text)
        });
        let edits: Vec<String> = edits.collect();
        let certain = if fix.certain { "certainly " } else { "" };
        writeln!(out, "//>   fix: {certain}{}: {}", fix.title, edits.join(", ")).expect("a string");
    }
    out
}

struct Case {
    title: String,
    files: Vec<(String, String)>,
    names: WireNames,
    expected: String,
}

fn read(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines() {
        if let Some(path) = line.strip_prefix("//// file ") {
            let case = cases.last_mut().expect("a file belongs to a case");
            case.files.push((path.trim().to_string(), String::new()));
        } else if line == CAMEL {
            cases.last_mut().expect("a setting belongs to a case").names = WireNames::Camel;
        } else if let Some(title) = line.strip_prefix("//// ") {
            let files = vec![(String::from("shop.tn"), String::new())];
            cases.push(Case {
                title: title.trim().to_string(),
                files,
                names: WireNames::AsWritten,
                expected: String::new(),
            });
        } else if line.starts_with("//>") {
            let case = cases.last_mut().expect("an expectation belongs to a case");
            writeln!(case.expected, "{line}").expect("a string");
        } else if let Some(case) = cases.last_mut() {
            let (_, text) = case.files.last_mut().expect("a case has a file");
            writeln!(text, "{line}").expect("a string");
        }
    }
    for (_, text) in cases.iter_mut().flat_map(|case| &mut case.files) {
        let kept = text.trim_end().len();
        text.truncate(kept);
        text.push('\n');
    }
    cases
}

fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/messages");
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("the folder of cases").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

#[test]
fn every_case_gives_its_messages() {
    let bless = std::env::var_os("TENON_BLESS").is_some();
    let mut failures = String::new();
    let mut db = database();
    for path in fixtures() {
        let text = std::fs::read_to_string(&path).expect("a readable file");
        let mut written = String::new();
        for case in read(&text) {
            db.set_settings(settings(case.names));
            db.set_files(case.files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
            let found: String = check(&db).iter().map(|diagnostic| show(diagnostic, &db)).collect();
            if found != case.expected {
                writeln!(failures, "{}: {}\nexpected\n{}found\n{found}", path.display(), case.title, case.expected)
                    .expect("a string");
            }
            writeln!(written, "//// {}", case.title).expect("a string");
            if case.names == WireNames::Camel {
                writeln!(written, "{CAMEL}").expect("a string");
            }
            for (n, (path, text)) in case.files.iter().enumerate() {
                if n > 0 {
                    writeln!(written, "//// file {path}").expect("a string");
                }
                written.push_str(text);
            }
            written.push_str(&found);
            written.push('\n');
        }
        if bless && written != text {
            std::fs::write(&path, written).expect("a writable file");
        }
    }
    assert!(bless || failures.is_empty(), "{failures}");
}

/// The checker's own messages each have a case. Those about characters, words and grammar are shown where the
/// parser is tested.
#[test]
fn every_code_of_the_checker_is_shown() {
    let mut shown = String::new();
    for path in fixtures() {
        let text = std::fs::read_to_string(&path).expect("a readable file");
        text.lines().filter(|line| line.starts_with("//>")).for_each(|line| shown.push_str(line));
    }
    let missing: Vec<String> = CATALOGUE
        .iter()
        .filter(|(code, info)| (info.number < 100 || info.number >= 200) && !shown.contains(&format!(" {code} ")))
        .map(|(code, info)| format!("{code} {}", info.name))
        .collect();
    assert!(missing.is_empty(), "no case shows {missing:?}");
}

/// A word that comes to run leaves the list of those that do not.
#[test]
fn no_planned_word_runs() {
    let mut db = database();
    let mut failures = String::new();
    for planned in PLANNED {
        let text = format!("relation R {{ key id: Int }}\n{}", planned.example);
        db.set_files([("shop.tn", text.as_str())]);
        let found = check(&db);
        let told = |diagnostic: &Diagnostic| matches!(diagnostic.code, Code::NotSupported | Code::LiveOnce);
        let other = |diagnostic: &&Diagnostic| diagnostic.severity == Severity::Error && !told(diagnostic);
        if !planned.example.contains(planned.word) || !found.iter().any(told) || found.iter().any(|d| other(&d)) {
            let found: String = found.iter().map(|diagnostic| show(diagnostic, &db)).collect();
            writeln!(failures, "{}: {}\n{found}", planned.word, planned.example).expect("a string");
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

/// The fence of a page: its program after `tenon bad` or `tenon good`.
fn fences(page: &str, kind: &str) -> Vec<String> {
    page.split("```tenon ")
        .skip(1)
        .filter_map(|part| part.strip_prefix(kind)?.strip_prefix('\n')?.split("```").next())
        .map(String::from)
        .collect()
}

#[test]
fn every_page_shows_its_code_and_how_to_mend_it() {
    let mut db = database();
    let mut failures = String::new();
    for (code, info) in CATALOGUE {
        for bad in fences(info.page, "bad") {
            db.set_files([("shop.tn", bad.as_str())]);
            let found = check(&db);
            if !found.iter().any(|diagnostic| diagnostic.code == *code) {
                let all: String = found.iter().map(|diagnostic| show(diagnostic, &db)).collect();
                writeln!(failures, "{code} {}: the bad program does not give it but\n{all}", info.name)
                    .expect("a string");
            }
        }
        for good in fences(info.page, "good") {
            db.set_files([("shop.tn", good.as_str())]);
            let found: String = check(&db).iter().map(|diagnostic| show(diagnostic, &db)).collect();
            if !found.is_empty() {
                writeln!(failures, "{code} {}: the good program gives\n{found}", info.name).expect("a string");
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
}
