//! The specification is a test: every program in it is checked and run, and must do what the page says.
//!
//! A fence's first line says what it is:
//!
//! | fence | must |
//! | --- | --- |
//! | `tenon` | check without a diagnostic; its scenarios pass, on every engine |
//! | `tenon error T0201 T0303` | give exactly these codes, each at least once, and no others |
//! | `tenon warning T0003` | give exactly these codes, and its scenarios pass |
//! | `tenon holds` | each line is a condition that is true; a line that is indented continues the one before |
//! | `output` | be what `fn main` of the program above logs |
//! | `tenon changed` | open the store that the program above it leaves, after its `fn main` has run; an `output` behind it is what its own `fn main` logs over that |
//! | `tenon refused` | not open that store; an `output` behind it is why |
//! | `http` | be answered so by the program above: see `spec/transcript.rs` |
//!
//! A line `//// file billing/invoice.tn` in a program begins another file of it. Fences without a word are text.

#[path = "spec/fences.rs"]
mod fences;
#[path = "spec/program.rs"]
mod program;
#[path = "spec/transcript.rs"]
mod transcript;

use fences::{Fence, fences};
use program::{checked, codes, on_a_deep_stack, output, reopened, run};
use std::path::{Path, PathBuf};
use tenon_check::builtins::BUILTINS;
use tenon_diagnostics::{CATALOGUE, Severity};
use tenon_driver::library::LIBRARY;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec")
}

/// Name and text of each page.
fn pages() -> Vec<(String, String)> {
    let mut pages: Vec<(String, String)> = std::fs::read_dir(folder())
        .expect("the specification's folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .map(|path| {
            let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).expect("a readable page"))
        })
        .collect();
    pages.sort();
    pages
}

/// A program of a page, and for one that opens the store of another, that one.
struct Above {
    program: String,
    store: Option<String>,
}

/// What is wrong with a fence, if anything is; `before` is the program above it.
fn judge(fence: &Fence, before: Option<&Above>) -> Result<(), String> {
    let words: Vec<&str> = fence.words.split_whitespace().collect();
    match words.as_slice() {
        ["tenon"] => run(&fence.text, &[]),
        ["tenon", "holds"] => run(&conditions(&fence.text), &[]),
        ["tenon", "warning", expected @ ..] if !expected.is_empty() => run(&fence.text, expected),
        ["tenon", "error", expected @ ..] if !expected.is_empty() => {
            let (found, told) = codes(&fence.text);
            if found == sorted(expected) {
                Ok(())
            } else {
                Err(format!("should give {expected:?}, gives {found:?}\n{told}"))
            }
        }
        ["tenon", word @ ("changed" | "refused")] => {
            let above = before.ok_or("no program stands above this one")?;
            let first = above.store.as_deref().unwrap_or(&above.program);
            match (*word, reopened(&checked(first, &[])?, &checked(&fence.text, &[])?)?) {
                ("changed", Err(why)) => Err(format!("does not open the store: {why}")),
                ("refused", Ok(_)) => Err("opens the store".to_owned()),
                _ => Ok(()),
            }
        }
        ["http"] => {
            let above = before.ok_or("no program stands above this transcript")?;
            transcript::follow(&checked(&above.program, &[])?, &fence.text)
        }
        ["output"] => {
            let above = before.ok_or("no program stands above this output")?;
            let program = checked(&above.program, &[])?;
            let found = match &above.store {
                Some(store) => reopened(&checked(store, &[])?, &program)?.unwrap_or_else(|why| why),
                None => output(&program)?,
            };
            if found == fence.text { Ok(()) } else { Err(format!("prints\n{found}")) }
        }
        ["tenon", ..] | ["output", ..] => Err(format!("`{}` is no kind of example", fence.words)),
        _ => Ok(()),
    }
}

fn sorted(codes: &[&str]) -> Vec<String> {
    let mut codes: Vec<String> = codes.iter().map(|code| (*code).to_owned()).collect();
    codes.sort();
    codes.dedup();
    codes
}

/// A scenario for each condition.
fn conditions(text: &str) -> String {
    let mut program = String::new();
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("//")) {
        if line.starts_with(' ') {
            program.truncate(program.len() - "\n}\n".len());
            program.push_str(&format!("\n    {}\n}}\n", line.trim()));
        } else {
            let number = program.lines().count();
            program.push_str(&format!("scenario \"line {number}\" {{\n  then {line}\n}}\n"));
        }
    }
    program
}

#[test]
fn every_example_does_what_its_page_says() {
    on_a_deep_stack(|| {
        let mut wrong = Vec::new();
        let mut count = 0;
        for (page, text) in pages() {
            let mut before: Option<Above> = None;
            for fence in fences(&text) {
                if let Err(why) = judge(&fence, before.as_ref()) {
                    wrong.push(format!("spec/{page}:{}: {why}\n{}", fence.line, fence.text));
                }
                if fence.words.starts_with("tenon") {
                    count += 1;
                    let reopens = fence.words.ends_with("changed") || fence.words.ends_with("refused");
                    let store = before.take().filter(|_| reopens).map(|above| above.store.unwrap_or(above.program));
                    before = Some(Above { program: fence.text, store });
                }
            }
        }
        assert!(wrong.is_empty(), "{} of {count} examples:\n\n{}", wrong.len(), wrong.join("\n----\n"));
        assert!(count > 0, "no page has an example");
    });
}

#[test]
fn every_diagnostic_is_the_law_of_some_page() {
    let derived = ["diagnostics.md", "library.md", "grammar.md"];
    let pages: Vec<(String, String)> =
        pages().into_iter().filter(|(page, _)| !derived.contains(&page.as_str())).collect();
    let missing: Vec<String> = CATALOGUE
        .iter()
        .map(|(code, info)| (code.to_string(), info.name))
        .filter(|(code, _)| !pages.iter().any(|(_, text)| text.contains(code.as_str())))
        .map(|(code, name)| format!("{code} {name}"))
        .collect();
    assert!(missing.is_empty(), "no page of spec/ names {missing:?}");
    for (page, text) in &pages {
        for code in codes_named(text) {
            let known = CATALOGUE.iter().any(|(known, _)| known.to_string() == code);
            assert!(known, "spec/{page} names {code}, which is not in the catalogue");
        }
    }
}

/// Every `T` with four digits.
fn codes_named(text: &str) -> Vec<String> {
    let bytes = text.as_bytes();
    (0..bytes.len().saturating_sub(4))
        .filter(|&at| bytes[at] == b'T' && bytes[at + 1..at + 5].iter().all(u8::is_ascii_digit))
        .filter(|&at| at == 0 || !bytes[at - 1].is_ascii_alphanumeric())
        .map(|at| text[at..at + 5].to_owned())
        .collect()
}

#[test]
fn every_example_of_the_library_holds() {
    on_a_deep_stack(|| {
        let mut examples: Vec<String> =
            BUILTINS.iter().filter(|row| !row.example.is_empty()).map(|row| row.example.to_owned()).collect();
        let functions = library_functions();
        for (file, function) in &functions {
            assert!(!function.examples.is_empty(), "{file}: `{}` has no example", function.signature);
            examples.extend(function.examples.iter().cloned());
        }
        let program: String = examples
            .iter()
            .enumerate()
            .map(|(n, example)| format!("scenario \"{n}\" {{\n  then {example}\n}}\n"))
            .collect();
        run(&program, &[]).unwrap_or_else(|why| panic!("{why}"));
    });
}

/// A documented function of the library.
struct LibraryFunction {
    signature: String,
    doc: String,
    examples: Vec<String>,
}

/// The functions of the library that are not private, with their files, in the order of the text.
fn library_functions() -> Vec<(&'static str, LibraryFunction)> {
    let mut found = Vec::new();
    for (file, text) in LIBRARY {
        let mut lines: Vec<&str> = Vec::new();
        for line in text.lines() {
            if let Some(doc) = line.strip_prefix("///") {
                lines.push(doc.trim());
                continue;
            }
            if line.starts_with("fn ") {
                let head = line.strip_suffix('{').unwrap_or(line).trim();
                let signature = head.trim_start_matches("fn ").to_owned();
                let is_example = |doc: &&&str| doc.starts_with('`') && doc.ends_with('`');
                let examples = lines.iter().filter(is_example).map(|doc| doc.trim_matches('`').to_owned()).collect();
                let doc: Vec<&str> = lines.iter().filter(|doc| !is_example(doc) && !doc.is_empty()).copied().collect();
                found.push((*file, LibraryFunction { signature, doc: doc.join(" "), examples }));
            }
            lines.clear();
        }
    }
    found
}

/// The library's page, from the table of primitives and the library's text.
fn library_page() -> String {
    let mut page = String::from(
        "# Library\n\n\
         This page is derived from the table of primitives and the text of the library; a test compares them, and runs every\n\
         example. A property is read without parentheses (`t.length`); a function may be called as a method of its first\n\
         argument. `T` and `U` are any type, `O` an ordered one, `K` one with equality.\n\n## Primitives\n\n",
    );
    let row = |signature: &str, doc: &str, example: &str| {
        let cell = |text: &str| text.replace('|', "\\|");
        let example = if example.is_empty() { String::new() } else { format!("`{}`", cell(example)) };
        format!("| `{}` | {} | {example} |\n", cell(signature), cell(doc))
    };
    const HEAD: &str = "| signature | meaning | example |\n| --- | --- | --- |\n";
    page.push_str(HEAD);
    for primitive in BUILTINS {
        page.push_str(&row(primitive.signature, primitive.doc, primitive.example));
    }
    let mut last = "";
    for (file, function) in library_functions() {
        if file != last {
            page.push_str(&format!("\n## {}\n\n{HEAD}", file.trim_end_matches(".tn").replace('/', ".")));
            last = file;
        }
        page.push_str(&row(&function.signature, &function.doc, &function.examples.join("`, `")));
    }
    page
}

#[test]
fn the_page_of_the_library_is_derived() {
    let path = folder().join("library.md");
    let page = library_page();
    if std::env::var_os("TENON_BLESS").is_some() {
        std::fs::write(&path, &page).expect("the page can be written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == page, "spec/library.md is old: run this test with TENON_BLESS=1");
}

/// The list of diagnostics, from the catalogue.
fn diagnostics_page() -> String {
    let mut page = String::from(
        "# Diagnostics\n\n\
         This page is derived from the catalogue; a test compares them. `tenon error T0211` prints the page of one, with a\n\
         program that has the mistake and one that has not.\n\n| code | name | | rule |\n| --- | --- | --- | --- |\n",
    );
    for (code, info) in CATALOGUE {
        let severity = match info.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Hint => "hint",
        };
        page.push_str(&format!("| {code} | `{}` | {severity} | {} |\n", info.name, info.rule.replace('|', "\\|")));
    }
    page
}

#[test]
fn the_page_of_diagnostics_is_derived() {
    let path = folder().join("diagnostics.md");
    let page = diagnostics_page();
    if std::env::var_os("TENON_BLESS").is_some() {
        std::fs::write(&path, &page).expect("the page can be written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == page, "spec/diagnostics.md is old: run this test with TENON_BLESS=1");
}

#[test]
fn the_index_names_every_page() {
    let index = std::fs::read_to_string(folder().join("README.md")).expect("spec/README.md");
    for (page, _) in pages() {
        assert!(page == "README.md" || index.contains(&format!("({page})")), "spec/README.md does not name {page}");
    }
}
