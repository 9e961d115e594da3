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

/// A small generator of numbers, the same on every machine.
pub struct Random(u64);

impl Random {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1))
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

/// The text with one token of one item deleted, doubled, or exchanged with another.
pub fn mutate(text: &str, random: &mut Random) -> String {
    let items = tenon_syntax::items(text);
    let item = &items[random.below(items.len())];
    let parsed = tenon_syntax::parse_item(item.text(text));
    let count = parsed.tokens.tokens().len();
    let (one, two) = (random.below(count), random.below(count));
    let place = |index: usize| {
        let range = parsed.tokens.token_place(index).shifted(item.range.start);
        range.start as usize..range.end as usize
    };
    let (first, second) = (place(one.min(two)), place(one.max(two)));
    match random.below(3) {
        0 => format!("{}{}", &text[..first.start], &text[first.end..]),
        1 => format!("{}{} {}", &text[..first.end], &text[first.clone()], &text[first.end..]),
        _ if one == two => text.to_string(),
        _ => format!(
            "{}{}{}{}{}",
            &text[..first.start],
            &text[second.clone()],
            &text[first.end..second.start],
            &text[first.clone()],
            &text[second.end..]
        ),
    }
}
