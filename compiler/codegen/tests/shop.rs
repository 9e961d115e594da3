//! A handler with writes: the shop of the language's first page, as Core.

mod harness;

use harness::{Both, Outcome};
use tenon_value::{BuiltIn, Failure, Value};

const SHOP: &str = r#"
relation Product { field sku: Text field name: Text field price: Int field cost: Int field stock: Int key sku }
relation Order { field id: Id field product: Ref[Product] field qty: Int field paid: Int field at: Instant key id generated id }
error OutOfStock(left: Int)
fn quote(price: Int, qty: Int) -> Int pure { return (price * qty) @1 }
fn add(sku: Text, stock: Int) -> Row[Product] writes {
  do p <- insert Product(sku = sku, name = concat("product ", sku), price = 25, cost = 11, stock = stock) on_key Conflict(; "exists")
  return p
}
fn place_order(sku: Text, qty: Int) -> Row[Order] writes {
  do found <- lookup Product(sku)
  if is_some(found) { } else { fail NotFound(; concat("no product ", sku)) @2 }
  let p = unwrap(found)
  if (p.stock < qty) { fail OutOfStock(p.stock; concat("only ", to_text(p.stock), " left")) @3 } else { }
  do p2 <- update Product ref(p) set (stock = (p.stock - qty)) on_gone NotFound(; "gone")
  do id <- new_id
  do at <- now
  do o <- insert Order(id = id, product = ref(p), qty = qty, paid = call quote(p.price, qty), at = at) on_key Conflict(; "exists")
  return o
}
fn stock(sku: Text) -> Int? reads {
  do found <- lookup Product(sku)
  if is_some(found) { return some(field_stock) } else { return (none : Int?) }
}
query revenue() {
  scan Order o
  map p = follow(o.product)
  group by sku = p.sku fold n = count() fold total = sum(o.paid)
  sort total desc, sku
  collect {sku: sku, n: n, total: total}
}
fn report() -> [{sku: Text, n: Int, total: Int}] reads {
  let r = (query revenue() : [{sku: Text, n: Int, total: Int}])
  return r
}
"#;

#[test]
fn the_last_item_is_sold_once() {
    let mut shop = Both::new(&SHOP.replace("field_stock", "unwrap(found).stock"));
    shop.value("add", &["tee".into(), 10.into()]);
    shop.value("add", &["a cap with a long name".into(), 3.into()]);
    assert!(matches!(shop.call("add", &["tee".into(), 1.into()]), Outcome::Failure(_)));
    let mut sold = 0;
    for _ in 0..15 {
        match shop.call("place_order", &["tee".into(), 1.into()]) {
            Outcome::Value(_) => sold += 1,
            Outcome::Failure(failure) => {
                assert_eq!(failure.fields, [Value::Int(0)]);
                assert_eq!(failure.message, "only 0 left");
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(sold, 10);
    shop.value("place_order", &["a cap with a long name".into(), 2.into()]);
    let missing = Failure::built_in(BuiltIn::NotFound, "no product hat");
    assert_eq!(shop.call("place_order", &["hat".into(), 1.into()]), Outcome::Failure(missing));
    assert_eq!(shop.value("stock", &["tee".into()]), Value::some(0.into()));
    assert_eq!(shop.value("stock", &["hat".into()]), Value::None);
    let report = shop.value("report", &[]);
    let line = |sku: &str, n: i64, total: i64| Value::record([sku.into(), n.into(), total.into()]);
    assert_eq!(report, Value::list([line("tee", 10, 250), line("a cap with a long name", 1, 50)]));
}
