//! The messages for broken programs. `tests/syntax/*.txt` holds the cases, `*.out` what is said about them;
//! `TENON_BLESS=1` writes what is said now.

mod common;

use common::{data, show};
use tenon_syntax::{items, parse_item};

fn messages(cases: &str) -> String {
    let mut out = String::new();
    for case in cases.split("\n=== ") {
        let case = case.trim_start_matches("=== ");
        let (name, text) = case.split_once('\n').expect("a case has a name and a text");
        out += &format!("=== {name}\n{}\n", text.trim_matches('\n'));
        let mut said = Vec::new();
        for item in items(text) {
            let parsed = parse_item(item.text(text));
            said.extend(parsed.errors.iter().map(|error| show(text, &item, &parsed, error)));
        }
        out += "---\n";
        for line in said {
            out += &format!("{line}\n");
        }
        out.push('\n');
    }
    out
}

fn compare(name: &str) {
    let cases = std::fs::read_to_string(data().join(format!("{name}.txt"))).expect("the cases are there");
    let said = messages(&cases);
    let path = data().join(format!("{name}.out"));
    if std::env::var_os("TENON_BLESS").is_some() {
        std::fs::write(&path, &said).expect("the messages can be written");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(said == expected, "messages of {name}.txt changed; look at them with TENON_BLESS=1 and git diff");
}

#[test]
fn broken_programs() {
    compare("broken");
}

#[test]
fn what_newcomers_write() {
    compare("newcomers");
}
