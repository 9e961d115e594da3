//! No program exhausts the compiler: families of programs that grow without end where they are followed, each with what
//! is said about them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;
use tenon_check::db::CheckDatabase;
use tenon_check::program::{check, is_sound};
use tenon_core::lower::{CheckedProgram, lower};
use tenon_diagnostics::Code;

/// Without limits these programs take hours, or all memory; with them, no part of a second in a release build.
const LONG: Duration = Duration::from_secs(30);

/// How long the processor has worked for this thread: whatever else the machine has to do.
fn worked() -> Duration {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux counts the time of threads");
    let nanoseconds = times.split(' ').next().and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.expect("a number"))
}

/// As the driver does: trees are walked by recursion.
const STACK: usize = 64 << 20;

/// What is said about a program: code, whether it has a place, message.
fn said(text: &str) -> Vec<(Code, bool, String)> {
    let text = text.to_owned();
    let run = move || {
        let start = worked();
        let mut db = CheckDatabase::new(&[]);
        db.set_file("main.tn", &text);
        let mut found = check(&db);
        if is_sound(&found) {
            let checked = CheckedProgram::new(&db);
            let refused = lower(&checked, &checked.settings()).err().unwrap_or_default();
            found = refused.iter().map(|error| error.diagnostic(&checked)).collect();
        }
        let took = worked() - start;
        assert!(took < LONG, "{took:?}: {}", text.chars().take(80).collect::<String>());
        found.into_iter().map(|d| (d.code, d.primary.location.item.is_some(), d.message)).collect()
    };
    std::thread::Builder::new().stack_size(STACK).spawn(run).unwrap().join().unwrap()
}

#[track_caller]
fn is_too_large(text: &str, part: &str) {
    let said = said(text);
    assert!(
        matches!(said.as_slice(), [(Code::TooDeep, true, message)] if message.contains(part)),
        "one T0002 with a place that says {part:?}, not {said:#?}"
    );
}

#[track_caller]
fn is_accepted(text: &str) {
    assert_eq!(said(text), []);
}

fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (1..=count).map(line).collect()
}

#[test]
fn generics_at_growing_types() {
    let call = "fn f() -> Int { g(1, 3) }\n";
    for grown in ["[x]", "(a: x, b: x)"] {
        let text = format!("fn g[T](x: T, n: Int) -> Int {{ if n == 0 {{ 0 }} else {{ g({grown}, n - 1) }} }}\n{call}");
        is_too_large(&text, "`g` is used at ever larger types");
    }
    let both = "fn g[T](x: T, n: Int) -> Int { if n == 0 { 0 } else { g([x], n - 1) + g((a: x), n - 1) } }\n";
    is_too_large(&format!("{both}{call}"), "`g` is used at ever larger types");
    let use_of = "fn f(x: L[Int]) -> Int { match x { N => 0, _ => 1 } }\n";
    for grown in ["[T]", "(a: T, b: T)"] {
        let text = format!("type L[T] = N | C(h: T, t: [L[{grown}]])\n{use_of}");
        is_too_large(&text, "`L` is used at ever larger types");
    }
    is_accepted(&format!("type L[T] = N | C(h: T, t: [L[T]])\n{use_of}"));
}

#[test]
fn names_that_double_a_type() {
    let text = format!("type A0 = Int\n{}", lines(60, |n| format!("type A{n} = (x: A{}, y: A{})\n", n - 1, n - 1)));
    let said = said(&text);
    // The first is too wide; a type that was refused for its parts is no type, so the doubling begins anew.
    assert!((1..=6).contains(&said.len()), "{said:#?}");
    assert!(said.iter().all(|(code, placed, _)| *code == Code::TooDeep && *placed), "{said:#?}");
    let text = format!("type A0 = Int\n{}", lines(9, |n| format!("type A{n} = (x: A{}, y: A{})\n", n - 1, n - 1)));
    is_accepted(&text);
}

#[test]
fn values_that_double_from_line_to_line() {
    let wide = "has more than 512 words";
    let body = |first: &str, line: &dyn Fn(usize) -> String| {
        format!("fn f(x: Int) -> Int {{\n  let a0 = {first}\n{}  x\n}}\n", lines(60, line))
    };
    is_too_large(&body("x", &|n| format!("  let a{n} = (x: a{}, y: a{})\n", n - 1, n - 1)), "have more than 512 words");
    is_too_large(&body("x", &|n| format!("  let a{n} = ([a{}], [a{}])\n", n - 1, n - 1)), "more than 4000 parts");
    is_too_large(
        &body("x", &|n| format!("  let a{n} = from y in [a{}] select (p: [y], q: [y])\n", n - 1)),
        "more than 4000 parts",
    );
    // What elements are is told later, and each by the next.
    let empty = lines(60, |n| format!("  let e{n} = []\n"));
    for line in ["(p: e@, q: e@)", "([e@], [e@])"] {
        let told = |n: usize| format!("  let b{n} = e{n} == [{}]\n", line.replace('@', &(n + 1).to_string()));
        let text = format!("fn f(x: Int) -> Bool {{\n{empty}{}  true\n}}\n", lines(59, told));
        let said = said(&text);
        assert!(!said.is_empty() && said.len() <= 3, "{said:#?}");
    }
    let generic = lines(60, |n| format!("fn g{n}[T](x: T) -> Int {{ g{}((a: x, b: x)) }}\n", n - 1));
    is_too_large(
        &format!("fn g0[T](x: T) -> Int {{ 1 }}\n{generic}fn f() -> Int {{ g60(1) }}\n"),
        "at ever larger types",
    );
    let inner = "fn h[T](x: T) -> Int { let y = (a: x, b: x)\n  let z = [y]\n  count(z) }\n";
    let nested = |count: usize| (0..count).fold("1".to_owned(), |inner, _| format!("(a: {inner}, b: {inner})"));
    is_accepted(&format!("{inner}fn f() -> Int {{ h({}) }}\n", nested(8)));
    is_too_large(&format!("{inner}fn f() -> Int {{ h({}) }}\n", nested(9)), wide);
}

#[test]
fn variants_of_variants() {
    let variants = |count: usize| {
        format!(
            "type V0 = N0 | C0(x: Text)\n{}",
            lines(count, |n| format!("type V{n} = N{n} | A{n}(x: V{}) | B{n}(x: V{})\n", n - 1, n - 1))
        )
    };
    is_accepted(&format!("{}fn f(x: V7, y: V7) -> Bool {{ x == y }}\n", variants(7)));
    is_too_large(&format!("{}fn f(x: V60) -> V60 {{ x }}\n", variants(60)), "`V8` is too wide");
    // Each has a word more than the one before, however long the chain is.
    let chain = |count: usize| {
        format!("type V0 = N0 | C0(x: Int)\n{}", lines(count, |n| format!("type V{n} = N{n} | A{n}(x: V{})\n", n - 1)))
    };
    is_accepted(&format!("{}fn f(x: V500) -> Bool {{ x == x }}\n", chain(500)));
    is_too_large(&chain(700), "`V511` is too wide");
}

#[test]
fn a_relation_of_many_columns_is_no_wide_type() {
    let fields = |count: usize| lines(count, |n| format!("  f{n}: Text\n"));
    is_accepted(&format!(
        "relation R {{\n  key id: Int\n{}}}\nquery q() -> [R] {{ from r in R order by r.id select r }}\n",
        fields(400)
    ));
    is_too_large(
        &format!("relation R {{\n  key id: Int\n{}}}\ntype All = (..R)\n", fields(400)),
        "this type is too wide",
    );
}

fn computed(count: usize, line: &str) -> String {
    let fields = lines(count, |n| format!("  f{n}: Int => {}\n", line.replace('@', &format!("f{}", n - 1))));
    format!(
        "relation R {{\n  key id: Int\n  f0: Int => id\n{fields}}}\nquery q() -> [Int] {{ from r in R order by r.id select r.f{count} }}\n"
    )
}

fn functions(count: usize, line: &str) -> String {
    let functions =
        lines(count, |n| format!("fn g{n}(y: Int) -> Int {{ {} }}\n", line.replace('@', &format!("g{}(y)", n - 1))));
    format!(
        "fn g0(y: Int) -> Int {{ y + 1 }}\n{functions}fn q(xs: [Int]) -> [Int] {{ from x in xs select g{count}(x) }}\n"
    )
}

#[test]
fn code_that_takes_the_place_of_its_calls() {
    is_too_large(&computed(60, "@ + @"), "with the computed fields that it uses written out");
    is_too_large(&functions(60, "@ + @"), "with the functions and views that it uses written out");
    let lambdas = lines(60, |n| format!("  let f{n} = y => f{}(f{}(y))\n", n - 1, n - 1));
    is_too_large(
        &format!("fn f(x: Int) -> Int {{\n  let f0 = y => y + 1\n{lambdas}  f60(x)\n}}\n"),
        "with the lambdas",
    );
    let views = lines(60, |n| {
        format!("view V{n}(a: Int) {{ from x in V{} join y in V{} on x.a == y.a select (a: x.a) }}\n", n - 1, n - 1)
    });
    let relation = "relation R { key id: Int }\nview V0(a: Int) { from r in R select (a: r.id) }\n";
    is_too_large(&format!("{relation}{views}"), "with the functions and views");
    is_accepted(&computed(8, "@ + @"));
    is_accepted(&functions(8, "@ + @"));
}

#[test]
fn long_chains_of_code_in_each_other() {
    is_too_large(&computed(100, "@ + 1"), "more than 64 computed fields");
    is_too_large(&functions(100, "@ + 1"), "more than 64 functions and views");
    let relation = "relation R { key id: Int }\nview V0(a: Int) { from r in R select (a: r.id) }\n";
    let views = lines(100, |n| format!("view V{n}(a: Int) {{ from x in V{} select (a: x.a) }}\n", n - 1));
    is_too_large(&format!("{relation}{views}"), "more than 64 functions and views");
    is_accepted(&computed(60, "@ + 1"));
    let endless = "fn f(g: fn(Int) -> Int, n: Int) -> Int { if n == 0 { 0 } else { f(g, n - 1) } }\nfn h() -> Int { f(x => x, 3) }\n";
    let said = said(endless);
    let expected = matches!(said.as_slice(), [(Code::NotSupported, true, message)] if message.contains("calls itself"));
    assert!(expected, "{said:#?}");
}

#[test]
fn many_arms_and_many_clauses() {
    let cases = |count: usize| {
        let names: Vec<String> = (0..count).map(|n| format!("C{n}")).collect();
        let arms = (0..count).map(|n| format!("C{n} => {n}; ")).collect::<String>();
        format!("type T = {}\nfn f(t: T) -> Int {{ match t {{ {arms} }} }}\n", names.join(" | "))
    };
    is_too_large(&cases(1_000), "at most 500 arms");
    is_accepted(&cases(300));
    let clauses = |count: usize| {
        format!(
            "fn f(xs: [Int]) -> [Int] {{\n  from x in xs\n{}  select x\n}}\n",
            lines(count, |n| format!("  with y{n} = x * {n}\n  where y{n} != 3\n"))
        )
    };
    let tests = |count: usize| {
        format!(
            "fn f(xs: [Int]) -> [Int] {{\n  from x in xs\n{}  select x\n}}\n",
            lines(count, |n| format!("  where x != {n}\n"))
        )
    };
    is_accepted(&tests(2_000));
    is_too_large(&clauses(700), "nested too deeply");
    is_accepted(&clauses(100));
}

#[test]
fn many_joins() {
    let joins = |count: usize| {
        let joined = lines(count - 1, |n| format!("  cross join x{n} in [1, 2]\n"));
        format!("query q() -> [Int] {{\n  from x in [1]\n{joined}  limit 1\n  select x\n}}\n")
    };
    is_accepted(&joins(100));
    is_too_large(&joins(101), "joins at most 100 relations and collections");
    is_too_large(&joins(140), "joins at most 100 relations and collections");
    let linked = |count: usize| {
        let joined = lines(count - 1, |n| format!("  join r{n} in R on r{n}.id == r{}.id\n", n - 1));
        format!("relation R {{ key id: Int }}\nquery q() -> [Int] {{\n  from r0 in R\n{joined}  select r0.id\n}}\n")
    };
    is_accepted(&linked(100));
    is_too_large(&linked(135), "joins at most 100 relations and collections");
}

#[test]
fn long_chains_of_else_if() {
    let chain = |count: usize, test: &dyn Fn(usize) -> String| {
        let links = lines(count, |n| format!("if {} {{ {n} }} else ", test(n)));
        format!("fn f(x: Int, y: Int?) -> Int {{ {links}{{ 0 }} }}\n")
    };
    is_accepted(&chain(490, &|n| format!("x == {n}")));
    is_accepted(&chain(490, &|_| "let z = y".to_owned()));
    is_accepted(&format!(
        "{}query q() -> [Int] {{ from x in 1..9 select f(x, none) }}\n",
        chain(490, &|n| format!("x == {n}"))
    ));
    is_too_large(&chain(600, &|n| format!("x == {n}")), "nested too deeply");
}

#[test]
fn many_unknown_names() {
    let text = lines(4_000, |n| format!("fn f{n}(x: Int) -> Int {{ unknown{n} }}\n"));
    let said = said(&text);
    assert_eq!(said.len(), 4_000);
}
