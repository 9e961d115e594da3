//! What the tests of the syntax share: the programs under `tests/syntax`, and errors as lines.

#![allow(dead_code, reason = "each test file uses its part")]

use std::path::{Path, PathBuf};
use tenon_syntax::{ItemText, Parsed, SyntaxError};

/// The directory of the test data.
pub fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/syntax")
}

/// All programs, by name.
pub fn programs() -> Vec<(String, String)> {
    let mut programs: Vec<_> = std::fs::read_dir(data().join("programs"))
        .expect("the programs are there")
        .map(|entry| entry.expect("the directory can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "tn"))
        .map(|path| {
            let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).expect("a program is text"))
        })
        .collect();
    programs.sort();
    assert!(programs.len() >= 27);
    programs
}

/// `line:column: T0123 name: message | label`
pub fn show(file: &str, item: &ItemText, parsed: &Parsed, error: &SyntaxError) -> String {
    let at = (parsed.place(error.range).start + item.range.start) as usize;
    let before = &file[..at];
    let line = before.matches('\n').count() + 1;
    let column = before.len() - before.rfind('\n').map_or(0, |newline| newline + 1) + 1;
    let mut out = format!("{line}:{column}: {} {}: {}", error.code, error.code.info().name, error.message);
    if !error.label.is_empty() {
        out += &format!(" | {}", error.label);
    }
    for fix in &error.fixes {
        out += &format!(" | fix: {}", fix.title);
    }
    out
}
