//! Every program under `tests/syntax/programs` is read without an error.

mod common;

use common::{programs, show};
use tenon_syntax::{items, parse_item};

#[test]
fn every_program_is_read_without_errors() {
    let mut failures = String::new();
    for (name, text) in programs() {
        for item in items(&text) {
            let parsed = parse_item(item.text(&text));
            for error in &parsed.errors {
                failures += &format!("{name}: {}\n", show(&text, &item, &parsed, error));
            }
            assert!(parsed.item.is_some() || !parsed.errors.is_empty(), "{name}: {} {} is lost", item.word, item.name);
        }
    }
    assert!(failures.is_empty(), "{failures}");
}
