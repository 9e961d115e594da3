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
