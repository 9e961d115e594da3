//! The text form reads back what it prints.

use tenon_core::text::{parse, print};

/// Everything of the language once.
const ALL: &str = include_str!("fixtures/everything.core");

#[test]
fn prints_what_it_reads() {
    let program = parse(ALL).unwrap_or_else(|e| panic!("{e}"));
    let printed = print(&program);
    let again = parse(&printed).unwrap_or_else(|e| panic!("{e}\n{printed}"));
    assert_eq!(program, again, "{printed}");
    assert_eq!(printed, print(&again));
}

#[test]
fn reads_no_nonsense() {
    for (text, message) in [
        ("fn f() pure { return x }", "there is no variable `x`"),
        ("fn f() -> Int pure { return (1 + true) }", "`+` does not fit"),
        ("fn f() -> Int? pure { return none }", "there is no variable `none`"),
        ("fn f() -> Int pure { return 99999999999999999999 }", "does not fit"),
        ("relation R { field a: S key a }", "there is no variant type `S`"),
        ("query q() { scan R r collect r }", "there is no relation `R`"),
        ("fn f() pure { return unit", "`{` is not closed"),
        ("error E() error E()", "stands twice"),
        ("\"", "not closed"),
        ("fn f() pure { § }", "means nothing"),
    ] {
        let error = parse(text).expect_err(text);
        assert!(error.message.contains(message), "{text}: {error}");
    }
}

#[test]
fn a_text_that_is_cut_off_is_an_error_or_a_program() {
    for (at, _) in ALL.char_indices().step_by(7) {
        let _ = parse(&ALL[..at]);
    }
    assert!(parse(&format!("fn f() -> Int pure {{ return {}1 }}", "(".repeat(100_000))).is_err());
}
