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

/// Collections that are not there are compared and hashed as parts of what they belong to.
#[test]
fn optional_collections_can_be_keys() {
    let text = r#"
query groups() {
  unnest [1, 2, 3, 2] as x, i
  group by k = if((x > 1), some([x]), (none : [Int]?)) fold n = count()
  collect {k: k, n: n}
}
query same() {
  unnest [1, 2] as x, i
  collect (if((x > 1), some([x]), (none : [Int]?)) == if((x > 2), some([x]), (none : [Int]?)))
}
fn groups() -> [{k: [Int]?, n: Int}] reads { let r = (query groups() : [{k: [Int]?, n: Int}]) return r }
fn same() -> [Bool] reads { let r = (query same() : [Bool]) return r }
"#;
    let mut both = Both::new(text);
    both.value("groups", &[]);
    assert_eq!(both.value("same", &[]), Value::list([true.into(), false.into()]));
}
