//! Cases as text. A file under `tests/data/FEATURE/` holds cases:
//!
//! ```text
//! //// a field through a reference
//! fn f(o: Order) -> Text { o.pro$0duct.name }
//! //// file billing/invoice.tn
//! relation Invoice { key id: Id }
//! //> what is answered, line by line
//! ```
//!
//! A case begins with `////` and its title; `//// file PATH` begins another file of it (the first is `shop.tn`). `$0`
//! marks the cursor and is no part of the program; a second `$0` ends a selection. `//>` lines say what is expected.
//! `TENON_BLESS=1` writes what is.

#![allow(dead_code, reason = "each test uses its part")]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use tenon_check::db::Settings;
use tenon_ide::{Analysis, FilePosition, FileRange, Ide};
use tenon_span::{LineIndex, Range};

/// A program, and where the cursor is.
pub struct Case {
    pub title: String,
    /// Paths and texts, without the marks.
    pub files: Vec<(String, String)>,
    /// The marks, in order.
    pub marks: Vec<FilePosition>,
    expected: String,
}

impl Case {
    /// The cursor.
    pub fn cursor(&self) -> &FilePosition {
        self.marks.first().unwrap_or_else(|| panic!("the case \"{}\" has no cursor", self.title))
    }

    /// What lies between the two marks; empty at a cursor.
    pub fn selection(&self) -> FileRange {
        let (first, last) = (self.cursor(), self.marks.last().unwrap_or(self.cursor()));
        FileRange { file: first.file.clone(), range: Range::new(first.offset, last.offset) }
    }

    /// The program, which is called `shop`.
    pub fn ide(&self) -> Ide {
        program(self.files.iter().map(|(path, text)| (path.as_str(), text.as_str())))
    }
}

/// A program called `shop`.
pub fn program<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Ide {
    let mut ide = Ide::new();
    ide.set_settings(Settings { name: "shop".into(), ..Settings::default() });
    ide.set_files(files);
    ide
}

fn read(text: &str) -> Vec<(Case, Vec<(String, String)>)> {
    let mut cases: Vec<(Case, Vec<(String, String)>)> = Vec::new();
    for line in text.lines() {
        if let Some(path) = line.strip_prefix("//// file ") {
            let (_, files) = cases.last_mut().expect("a file belongs to a case");
            files.push((path.trim().to_string(), String::new()));
        } else if let Some(title) = line.strip_prefix("//// ") {
            let title = title.trim().to_string();
            let case = Case { title, files: Vec::new(), marks: Vec::new(), expected: String::new() };
            cases.push((case, vec![(String::from("shop.tn"), String::new())]));
        } else if line.starts_with("//>") {
            let (case, _) = cases.last_mut().expect("an expectation belongs to a case");
            writeln!(case.expected, "{line}").expect("a string");
        } else if let Some((_, files)) = cases.last_mut() {
            let (_, text) = files.last_mut().expect("a case has a file");
            writeln!(text, "{line}").expect("a string");
        }
    }
    for (case, files) in &mut cases {
        for (path, text) in files {
            let kept = text.trim_end().len();
            text.truncate(kept);
            text.push('\n');
            let mut plain = String::new();
            for (n, piece) in text.split("$0").enumerate() {
                if n > 0 {
                    case.marks.push(FilePosition::new(path.clone(), plain.len() as u32));
                }
                plain.push_str(piece);
            }
            case.files.push((path.clone(), plain));
        }
    }
    cases
}

fn cases_of(feature: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(feature);
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("the folder of cases").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

/// Compares what `answer` says of each case of a feature with what is expected.
pub fn run(feature: &str, answer: impl Fn(&Case, &Analysis) -> String) {
    let bless = std::env::var_os("TENON_BLESS").is_some();
    let mut failures = String::new();
    let mut count = 0;
    for path in cases_of(feature) {
        let text = std::fs::read_to_string(&path).expect("a readable file");
        let mut written = String::new();
        for (case, marked) in read(&text) {
            count += 1;
            let ide = case.ide();
            let found: String = answer(&case, &ide.analysis()).lines().fold(String::new(), |mut out, line| {
                writeln!(out, "{}", format!("//> {line}").trim_end()).expect("a string");
                out
            });
            if found != case.expected {
                writeln!(failures, "{}: {}\nexpected\n{}found\n{found}", path.display(), case.title, case.expected)
                    .expect("a string");
            }
            writeln!(written, "//// {}", case.title).expect("a string");
            for (n, (path, text)) in marked.iter().enumerate() {
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
    assert!(count > 0, "{feature} has no cases");
    assert!(bless || failures.is_empty(), "{failures}");
}

/// `3:5 text`, with the file before it where that is not `shop.tn`; line and column from 1, the text cut at its first
/// line.
pub fn place(analysis: &Analysis, file: &str, range: Range) -> String {
    let text = analysis.text(file).unwrap_or_else(|| panic!("an answer names an unknown file {file}"));
    assert!(range.end as usize <= text.len(), "a range lies in its file");
    let position = LineIndex::new(&text).position(range.start);
    let file = if file == "shop.tn" { String::new() } else { format!("{file}:") };
    let slice = range.slice(&text);
    let first = slice.lines().next().unwrap_or("");
    let more = if slice.lines().count() > 1 { " …" } else { "" };
    format!("{file}{}:{} `{first}`{more}", position.line + 1, position.column + 1)
}

/// `3:5 text` of a range of a text.
pub fn place_in(text: &str, range: Range) -> String {
    let position = LineIndex::new(text).position(range.start);
    format!("{}:{} `{}`", position.line + 1, position.column + 1, range.slice(text))
}
