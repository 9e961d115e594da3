//! What is proved, what is checked at run time: a rule of a type costs nothing where a guard settles it.

use tenon_check::bodies::body;
use tenon_check::db::{CheckDatabase, Settings};
use tenon_check::program::check;
use tenon_check::sites::BodyPart;
use tenon_check::ty::Symbol;
use tenon_check::typed::{Conversion, Expr, ExprKind, for_each_child};

const DATA: &str = r#"
type Cents = Int where it >= 0
relation Product { key sku: Text; price: Cents; cost: Cents; stock: Int where it >= 0; rate: Decimal(2) where it in 0.00..=1.00 }
relation Order { key id: Id; product: Product inverse orders; qty: Int where it > 0; paid: Cents }
"#;

/// How many checks at run time a function of this text keeps.
fn checks(text: &str, name: &str) -> usize {
    let mut db = CheckDatabase::new(&[]);
    db.set_settings(Settings { name: "shop".into(), ..Settings::default() });
    db.set_file("shop.tn", &format!("{DATA}{text}"));
    let found = check(&db);
    let errors: Vec<_> = found.iter().map(|d| d.message.clone()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let symbol = Symbol { module: "shop".into(), name: name.into() };
    let symbol = if body(&db, &symbol, BodyPart::Code).is_some() {
        symbol
    } else {
        Symbol { module: "".into(), name: name.into() }
    };
    let body = body(&db, &symbol, BodyPart::Code).expect("a body");
    let mut count = 0;
    walk(&body.value, &mut count);
    count
}

fn walk(expr: &Expr, count: &mut usize) {
    match &expr.kind {
        ExprKind::Convert(Conversion::Refine { checked: true }, _) => *count += 1,
        ExprKind::Update { sets, .. } => *count += sets.iter().filter(|s| s.checked).count(),
        _ => {}
    }
    for_each_child(expr, &mut |e| walk(e, count));
}

#[test]
fn a_guard_that_leaves_settles_a_decrease() {
    let guarded = "handler h(sku: Text, qty: Int where it > 0) {\n  let p = Product[sku] else fail NotFound()\n  if p.stock < qty { fail Conflict(\"no\") }\n  update p set stock -= qty\n}";
    assert_eq!(checks(guarded, "h"), 0);
    let late = "handler h(sku: Text, qty: Int where it > 0) {\n  let p = Product[sku] else fail NotFound()\n  if p.stock < qty { log(\"no\") }\n  update p set stock -= qty\n}";
    assert_eq!(checks(late, "h"), 1);
    let long_ago = "handler h(rows: [Product]) {\n  for p in rows {\n    if p.stock < 1 { fail Conflict(\"no\") }\n    update p set stock -= 1\n  }\n}";
    assert_eq!(checks(long_ago, "h"), 1);
    let given = "handler h(p: Product) {\n  if p.stock < 1 { fail Conflict(\"no\") }\n  update p set stock -= 1\n}";
    assert_eq!(checks(given, "h"), 1);
    let asserted =
        "handler h(p: Product, qty: Int) {\n  assert p.stock >= qty\n  update p set stock = p.stock - qty\n}";
    assert_eq!(checks(asserted, "h"), 0);
}

#[test]
fn what_the_store_says_ends_with_a_write() {
    let twice = "handler h(a: Text, q: Product) {\n  let p = Product[a] else fail NotFound()\n  if p.stock < 1 { fail Conflict(\"no\") }\n  update q set stock -= 0\n  update p set stock -= 1\n}";
    assert_eq!(checks(twice, "h"), 1);
}

#[test]
fn products_and_sums_of_what_is_not_negative() {
    assert_eq!(checks("fn f(p: Product, n: Int where it >= 0) -> Cents { p.price * n }", "f"), 0);
    assert_eq!(checks("fn f(p: Product, n: Int) -> Cents { p.price * n }", "f"), 1);
    assert_eq!(
        checks(
            "query q() -> [(sku: Text, total: Cents)] {\n  from o in Order group by sku = o.product.sku select (sku, total: sum(o.paid)) order by total desc\n}",
            "q"
        ),
        0
    );
    assert_eq!(checks("query q() -> Cents { sum(from o in Order select o.paid) }", "q"), 0);
    assert_eq!(checks("fn f(a: Int, b: Int) -> Cents { if a < b { b - a } else { a - b } }", "f"), 0);
    assert_eq!(checks("fn f(a: Int, b: Int) -> Cents { max(a, 0) + (b mod 7) }", "f"), 0);
    assert_eq!(checks("fn f(a: Int) -> Cents { a }", "f"), 1);
    assert_eq!(checks("fn f() -> Cents { 3 }", "f"), 0);
}

#[test]
fn a_variable_loses_what_was_known_of_it() {
    assert_eq!(checks("fn f(a: Int) -> Cents {\n  var n = a\n  if n < 0 { return 0 }\n  n\n}", "f"), 0);
    assert_eq!(checks("fn f(a: Int) -> Cents {\n  var n = a\n  if n < 0 { return 0 }\n  n -= 1\n  n\n}", "f"), 1);
    assert_eq!(
        checks(
            "fn f(a: Int) -> Cents {\n  var n = a\n  if n < 0 { return 0 }\n  while n < 100 { n -= 1 }\n  n\n}",
            "f"
        ),
        1
    );
}

#[test]
fn texts_and_literals() {
    assert_eq!(checks("type Code = Text where it.length in 1..=4\nfn f() -> Code { \"abc\" }", "f"), 0);
    assert_eq!(checks("type Code = Text where it matches r\"[a-z]+\"\nfn f() -> Code { \"abc\" }", "f"), 0);
    assert_eq!(checks("type Code = Text where it in [\"a\", \"b\"]\nfn f() -> Code { \"a\" }", "f"), 0);
    assert_eq!(checks("type Code = Text where it.length in 1..=4\nfn f(t: Text) -> Code { t }", "f"), 1);
}

#[test]
fn what_runs_in_between_ends_what_is_known_of_the_store() {
    // Each of these changes the row behind the guard.
    let through_a_value = "fn h(sku: Text, f: fn(Product) -> Int) {\n  let p = Product[sku] else fail NotFound()\n  if p.stock < 1 { fail Conflict(\"no\") }\n  let _ = f(p)\n  update p set stock -= 1\n}";
    assert_eq!(checks(through_a_value, "h"), 1);
    let in_a_lambda = "fn each(xs: [Int], f: fn(Int) -> Int) { for x in xs { log(f(x).text) } }\nhandler h(sku: Text, xs: [Int]) {\n  let p = Product[sku] else fail NotFound()\n  if p.stock < 1 { fail Conflict(\"no\") }\n  each(xs, x => { update p set stock -= 1; x })\n}";
    assert_eq!(checks(in_a_lambda, "h"), 1);
    let another_row = "handler h(a: Product, sku: Text) {\n  var p = Product[sku] else fail NotFound()\n  p = a\n  if p.stock < 1 { fail Conflict(\"no\") }\n  update p set stock -= 1\n}";
    assert_eq!(checks(another_row, "h"), 1);
}

#[test]
fn a_branch_that_goes_on_may_have_assigned() {
    let after = "type Nat = Int where it >= 0\nfn h() -> Nat {\n  var n = 5\n  if n > 0 { n = 0 - 1 } else { return 0 }\n  n\n}";
    assert_eq!(checks(after, "h"), 1);
    let kept = "type Nat = Int where it >= 0\nfn h(a: Int) -> Nat {\n  var n = a\n  if n > 0 { log(\"yes\") } else { return 0 }\n  n\n}";
    assert_eq!(checks(kept, "h"), 0);
    let in_a_loop = "type Nat = Int where it >= 0\nfn h(a: Int) -> Nat {\n  var n = a\n  if n > 0 { for x in 0..3 { n -= x } } else { return 0 }\n  n\n}";
    assert_eq!(checks(in_a_loop, "h"), 1);
}

#[test]
fn a_rule_speaks_of_its_own_locals() {
    let path = "type P = (name: Text) where it.name.length >= 3\nfn h(q: (name: Text), r: (name: Text)) -> Int {\n  if q.name.length >= 3 { let p: P = r; return p.name.length }\n  0\n}";
    assert_eq!(checks(path, "h"), 1);
    let same = path.replace("let p: P = r", "let p: P = q");
    assert_eq!(checks(&same, "h"), 0);
    let rows = "type T = [Int] where sum(from x in it select x) >= 0\ntype Pos = Int where it > 0\nfn h(d: Int, c: Int, a: Pos, xs: [Int]) -> T { if a > c { return xs }; [1] }";
    assert_eq!(checks(rows, "h"), 2);
}

#[test]
fn equal_elements_of_a_set_are_one() {
    let text = "type S = Set[Int] where it.length >= 2\nfn h() -> S { [1, 1] }";
    assert_eq!(checks(text, "h"), 1);
    let list = "type S = [Int] where it.length >= 2\nfn h() -> S { [1, 1] }";
    assert_eq!(checks(list, "h"), 0);
    let one = "type S = Set[Int] where it.length >= 1\nfn h() -> S { [1, 1] }";
    assert_eq!(checks(one, "h"), 0);
}

#[test]
fn a_date_moves_by_whole_days() {
    let text = "type Late = Date where it >= @2026-01-02\nfn h(d: Date) -> Late? { if d >= @2026-01-01 { let l: Late = d + 24h; return l }; none }";
    assert_eq!(checks(text, "h"), 1);
}
