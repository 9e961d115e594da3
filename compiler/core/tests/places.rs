//! What ends a call has a place. Each program holds one scenario that breaks, and marks with `«…»` where it ended.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;
use tenon_check::db::CheckDatabase;
use tenon_check::program::{check, is_sound};
use tenon_core::eval::Evaluator;
use tenon_core::lower::{CheckedProgram, lower};
use tenon_core::scenario::{EvaluatorEngine, run};
use tenon_diagnostics::{ItemPath, Sources};

const PROGRAMS: &[(&str, &str)] = &[
    (
        "what a function requires, at the call",
        "fn f(a: Int) -> Int requires a > 0 { a }\nfn g(a: Int) -> Int { 1 + «f(a)» }\nscenario \"x\" { then g(0) == 1 }",
    ),
    ("a call in a scenario", "fn f(a: Int) -> Int requires a > 0 { a }\nscenario \"x\" { then «f(0)» == 0 }"),
    (
        "a call in a query",
        "fn f(a: Int) -> Int requires a > 0 { a }\nfn q() -> [Int] { from x in [1, 0] select «f(x)» }\nscenario \"x\" { then q() == [] }",
    ),
    (
        "a call in a query of a function with steps",
        "fn f(a: Int) -> Int requires a > 0 { var n = a; while n > 9 { n -= 1 }; n }\nfn q() -> [Int] { from x in [1, 0] select «f(x)» }\nscenario \"x\" { then q() == [] }",
    ),
    (
        "a function that takes functions",
        "fn f(g: fn(Int) -> Int, a: Int) -> Int requires a > 0 { g(a) }\nscenario \"x\" { then «f(x => x, 0)» == 0 }",
    ),
    (
        "what a function ensures, in its header",
        "fn f(a: Int) -> Int ensures result >= a ensures «result > a» { a }\nscenario \"x\" { then f(3) == 3 }",
    ),
    (
        "what is left by `return` is ensured too",
        "fn f(a: Int) -> Int ensures «result > a» { if a > 1 { return a }; a + 1 }\nscenario \"x\" { then f(3) == 3 }",
    ),
    (
        "ensured in a query",
        "fn f(a: Int) -> Int ensures «result > a» { a }\nfn q() -> [Int] { from x in [1, 0] select f(x) }\nscenario \"x\" { then q() == [] }",
    ),
    (
        "a rule of a field that a spread breaks",
        "relation R { key id: Int; n: Int where it > 0 }\nfn h(c: (n?: Int)) { let r = R[1] else return; «update r set ..c» }\nscenario \"x\" { given R(id: 1, n: 2); given h(c: (n: 0)) }",
    ),
    (
        "a rule of a field that a spread breaks where it is inserted",
        "relation R { key id: Int; n: Int where it > 0 }\nfn h(c: (n: Int)) { insert R(id: 1, ..«c») }\nscenario \"x\" { given h(c: (n: 0)) }",
    ),
];

fn ends_at(text: &str) -> String {
    let mut db = CheckDatabase::new(&[]);
    db.set_file("main.tn", text);
    let found = check(&db);
    assert!(is_sound(&found), "{text}\n{found:#?}");
    let checked = CheckedProgram::new(&db);
    let program = Arc::new(lower(&checked, &checked.settings()).unwrap_or_else(|errors| panic!("{text}\n{errors:#?}")));
    let mut engine = EvaluatorEngine::new(Evaluator::new(program.clone()));
    let broken = run(&program, &program.scenarios[0], &mut engine, 1).broken.expect("the scenario breaks");
    let Some(cause) = broken.cause else { panic!("{text}\n{broken:?}") };
    let site = &program.sites[cause.index()];
    let item = ItemPath {
        file: Arc::from(site.file.as_str()),
        kind: Arc::from(site.kind.as_str()),
        name: Arc::from(site.item.as_str()),
        nth: site.nth,
    };
    let range = db.place(&item, site.range).expect("an item of the program");
    let (start, end) = (range.start as usize, range.end as usize);
    format!("{}«{}»{}", &text[..start], &text[start..end], &text[end..])
}

#[test]
fn what_ends_a_call_has_a_place() {
    let run = || {
        for (title, marked) in PROGRAMS {
            let text: String = marked.chars().filter(|c| !matches!(c, '«' | '»')).collect();
            assert_eq!(ends_at(&text), *marked, "{title}");
        }
    };
    std::thread::Builder::new().stack_size(64 << 20).spawn(run).unwrap().join().unwrap();
}
