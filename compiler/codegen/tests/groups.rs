//! Groups in the order of their rows, natively and by the evaluator.

mod harness;

use harness::{Both, Outcome};
use tenon_value::Value;

/// What the evaluator is tested with, too: a function's name says how it ends.
#[test]
fn groups_in_order_hold_what_the_evaluator_says() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../core/tests/fixtures/run/groups.core"))
        .unwrap();
    let mut both = Both::of(tenon_core::text::parse(&text).unwrap(), Default::default()).unwrap();
    let mut called = 0;
    let names = text.lines().filter_map(|line| line.strip_prefix("fn ")?.split_once("()"));
    for (name, _) in names {
        let outcome = both.call(name, &[]);
        if name.starts_with("ok_") {
            assert_eq!(outcome, Outcome::Value(Value::unit()), "{name}");
        } else {
            assert_eq!(outcome, Outcome::Fault(tenon_value::Fault::Overflow), "{name}");
        }
        called += 1;
    }
    assert_eq!(called, 5);
}
