//! The verifier refuses what breaks an invariant, with a sentence that says which.

use tenon_core::text::parse;
use tenon_core::verify::verify;

const CASES: &[(&str, &str)] = &[
    ("fn f() -> Int pure { return true }", "the returned value is of type Bool, expected Int"),
    ("fn f() -> Int pure { let x = 1 }", "a path ends without `return`"),
    ("fn f() -> Int pure { return 1 return 2 }", "a statement is never reached"),
    ("fn f() -> Int pure { vars x: Int return x }", "variable x#0 is not bound here"),
    ("fn f(b: Bool) -> Int pure { vars x: Int if b { let x = 1 } return x }", "variable x#1 is not bound here"),
    (
        "fn f(xs: [Int]) -> Int pure { vars y: Int for x in xs { let y = x } return y }",
        "variable y#1 is not bound here",
    ),
    ("fn f() -> Int pure { vars x: Text let x = 1 return 1 }", "the value of variable x is of type Int, expected Text"),
    ("fn f() pure { break }", "`break` stands in no loop"),
    ("fn f() -> Int pure { return (add_int(1, true) : Int) }", "AddInt of (Int, Bool) gives no Int"),
    ("fn f() -> Int? pure { return (some(some(1)) : Int?) }", "an option of an option"),
    ("fn f() pure { fail OutOfStock(; \"x\") } error OutOfStock(left: Int)", "the fields of OutOfStock do not fit"),
    ("fn f() pure { do t <- now return unit }", "it is said to be Pure, but its code is Reads"),
    ("fn f() -> Int pure { return const(Int, \"a\") }", "is not of its type"),
    ("fn f() -> Int pure { return 1 @7 }", "expected a statement"),
    ("fn f() -> Int pure { return (1 + 2) @7 }", "site 7 is not in the table"),
    ("relation R { field a: Float key a }", "a cannot be a key"),
    ("relation R { field a: Int field b: Row[R] key a }", "holds a row, not a reference"),
    ("relation R { field a: Int field b: Ref[R] clear key a }", "is no optional reference"),
    ("relation R { field a: Int key a generated id }", "the generated key has another type"),
    ("relation R { field a: Int }", "there is no key"),
    ("variant V { A(v: V) }", "contains itself outside a collection"),
    ("regex \"(\"", "unclosed group"),
    (
        "relation R { field a: Int key a } fn f(r: Ref[R]) -> Int reads { return follow(r).a }",
        "a followed reference stands inside of an expression of a function",
    ),
    (
        "relation R { field a: Int key a } fn f(r: Ref[R]) -> Row[R] writes {
           do x <- update R r set (a = 1) on_gone NotFound(; \"\") return x }",
        "an update sets a, a key",
    ),
    (
        "relation R { field a: Int field b: Int key a unique b } fn f() -> Row[R] writes {
           do x <- insert R(a = 1, b = 2) on_key Conflict(; \"\") return x }",
        "0 failures stand for the 1 uniques of R",
    ),
    ("query q() { unnest [1] as x, i filter x collect x }", "a predicate is of type Int, expected Bool"),
    ("query q() { unnest [1] as x, i group by k = x collect x }", "variable x#0 is not bound here"),
    (
        "query q() { unnest [1] as x, i join { unnest [x] as y, j } on true collect y }",
        "variable x#0 is not bound here",
    ),
    (
        "query q() { unnest [1] as x, i join { unnest [1] as x, j } on true collect x }",
        "variable x is bound by 2 operators",
    ),
    (
        "query q() { unnest [1] as x, i left_join (y -> z) { unnest [1] as y, j } on true collect y }",
        "variable y#2 is not",
    ),
    ("query q() { vars s: Text unnest [1] as x, i group_all fold s = sum(x) one s }", "Sum of (Int) gives no Text"),
    ("query q() { unnest [1] as x, i limit x collect x }", "variable x#0 is not bound here"),
    (
        "query q() { unnest [1] as x, i collect x } fn f() -> Int pure { let n = (query q() : Int) return n }",
        "query q gives something of another type",
    ),
    ("fn f() -> Int pure { return 1 } endpoint f", "0 endpoints are described, 1 have code"),
];

#[test]
fn broken_programs() {
    for (text, message) in CASES {
        let all: Vec<String> = match parse(text) {
            Ok(program) => verify(&program).iter().map(|e| e.to_string()).collect(),
            Err(error) => vec![error.to_string()],
        };
        assert!(all.iter().any(|found| found.contains(message)), "{text}\nexpected: {message}\nfound: {all:#?}");
    }
}

#[test]
fn whole_programs() {
    let program = parse(include_str!("fixtures/everything.core")).unwrap_or_else(|e| panic!("{e}"));
    let errors: Vec<String> =
        verify(&program).into_iter().filter(|e| e.place != "interface").map(|e| e.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
}
