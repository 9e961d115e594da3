//! Fixes mend what they are offered for, and the pages of the catalogue show what they say.

mod common;

use common::{data, show};
use tenon_diagnostics::CATALOGUE;
use tenon_syntax::{SyntaxError, items, parse_item};

/// Replacements of ranges of a file.
type Edits = Vec<(std::ops::Range<usize>, String)>;

/// All errors of a file, with the edits of their first fixes as ranges of the file.
fn errors(file: &str) -> Vec<(SyntaxError, Edits)> {
    let mut found = Vec::new();
    for item in items(file) {
        let parsed = parse_item(item.text(file));
        for error in &parsed.errors {
            let edits = error.fixes.first().map(|fix| fix.edits.as_slice()).unwrap_or_default();
            let edits = edits.iter().map(|(range, text)| {
                let place = parsed.place(*range);
                let start = item.range.start as usize;
                (start + place.start as usize..start + place.end as usize, text.clone())
            });
            found.push((error.clone(), edits.collect()));
        }
    }
    found
}

/// The file after the first fix of every error that has one.
fn mended(file: &str) -> String {
    let mut edits: Vec<_> = errors(file).into_iter().flat_map(|(_, edits)| edits).collect();
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let mut out = file.to_string();
    for (range, text) in edits.into_iter().rev() {
        out.replace_range(range, &text);
    }
    out
}

#[test]
fn fixes_mend_what_newcomers_write() {
    let cases = std::fs::read_to_string(data().join("newcomers.txt")).expect("the cases are there");
    let mut failures = String::new();
    for case in cases.split("\n=== ") {
        let (name, text) = case.trim_start_matches("=== ").split_once('\n').expect("a case has a name and a text");
        if errors(text).iter().any(|(error, _)| error.fixes.is_empty()) {
            continue;
        }
        let mended = mended(text);
        let left = errors(&mended);
        if !left.is_empty() {
            failures += &format!("{name}:\n{mended}\n{:?}\n", left.iter().map(|(e, _)| &e.message).collect::<Vec<_>>());
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

/// The programs in the fences of a page.
fn fences<'a>(page: &'a str, kind: &str) -> Vec<&'a str> {
    page.split(&format!("```tenon {kind}\n")).skip(1).filter_map(|rest| rest.split("\n```").next()).collect()
}

#[test]
fn pages_of_syntax_errors_show_them() {
    let mut failures = String::new();
    for (code, info) in CATALOGUE.iter().filter(|(_, info)| (100..150).contains(&info.number)) {
        let checked_later = matches!(info.number, 112 | 130..=132);
        for bad in fences(info.page, "bad") {
            if !checked_later && !errors(bad).iter().any(|(error, _)| error.code == *code) {
                let said: Vec<_> = errors(bad).into_iter().map(|(e, _)| (e.code, e.message)).collect();
                failures += &format!("{}: the bad program does not show it: {said:?}\n", info.name);
            }
        }
        for good in fences(info.page, "good") {
            if !errors(good).is_empty() {
                failures += &format!("{}: the good program has an error: {:?}\n", info.name, errors(good)[0].0.message);
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

/// What is said about each case of `mended.txt`, and what it becomes by the first fix of every error.
#[test]
fn what_fixes_make() {
    let cases = std::fs::read_to_string(data().join("mended.txt")).expect("the cases are there");
    let mut said = String::new();
    for case in cases.split("\n=== ") {
        let (name, text) = case.trim_start_matches("=== ").split_once('\n').expect("a case has a name and a text");
        let text = text.trim_matches('\n');
        said += &format!("=== {name}\n{text}\n---\n");
        for item in items(text) {
            let parsed = parse_item(item.text(text));
            for error in &parsed.errors {
                said += &format!("{}\n", show(text, &item, &parsed, error));
            }
        }
        let mended = mended(text);
        if mended != text {
            said += &format!("---\n{mended}\n");
            for (error, _) in errors(&mended) {
                said += &format!("still: {}\n", error.message);
            }
        }
        said += "\n";
    }
    let path = data().join("mended.out");
    if std::env::var_os("TENON_BLESS").is_some() {
        std::fs::write(&path, &said).expect("the messages can be written");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(said == expected, "the fixes of mended.txt changed; look at them with TENON_BLESS=1 and git diff");
}
