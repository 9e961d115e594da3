//! How fast a large program is checked: `cargo run --release -p tenon-check --example speed [LINES]`.
//!
//! The program is made of many small shops that use each other's relations and functions, as large programs
//! are; no two names are equal, so nothing is remembered from one to the next.

use std::fmt::Write;
use std::time::Instant;
use tenon_check::agreement::agreement;
use tenon_check::bodies::{main_code, parts, rules};
use tenon_check::db::CheckDatabase;
use tenon_check::declare::declared;
use tenon_check::effects::effect_diagnostics;
use tenon_check::items::{Item, program_items, tree};
use tenon_check::program::check;
use tenon_diagnostics::render_line;

/// A shop of about 60 lines.
fn shop(out: &mut String, n: usize) {
    let before = n.saturating_sub(1);
    write!(
        out,
        r#"/// Money in the smallest unit.
type Cents{n} = Int where it >= 0
type Qty{n} = Int where it >= 0
type State{n} = Open{n} | Paid{n}(at: Instant, by: Text) | Sent{n}

/// What is sold.
relation Product{n} {{
  key sku: Text where it.length in 1..=40
  name: Text
  price: Cents{n}
  cost: Cents{n}
  stock: Qty{n}
  note: Text?
  margin: Int => price - cost
  check price >= cost
  unique name
}}

relation Order{n} {{
  key id: Id
  product: Product{n} inverse orders
  other: Product{before}? on delete clear
  qty: Int where it > 0
  paid: Cents{n}
  at: Instant = now()
  state: State{n} = Open{n}
}}

error OutOfStock{n}(left: Qty{n}) is Conflict "only {{left}} left"

fn total{n}(p: Product{n}, qty: Qty{n}) -> Int {{
  // What it costs altogether.
  let one = p.price
  let many = one * qty
  if many > 1_000 {{ many - 1 }} else {{ many }}
}}

fn name{n}(s: State{n}) -> Text {{
  match s {{
    Open{n} => "open"
    Paid{n}(at, by) => "paid by {{by}}"
    Sent{n} => "sent"
  }}
}}

handler place{n}(sku: Text, qty: Int where it > 0) -> Order{n}
  at POST "/orders{n}" public status 201
{{
  let p = Product{n}[sku] else fail NotFound("no product {{sku}}")
  if p.stock < qty {{ fail OutOfStock{n}(left: p.stock) }}
  update p set stock -= qty
  insert Order{n}(product: p, qty, paid: p.price * qty)
}}

query revenue{n}(since: Instant = @1970-01-01T00:00:00Z) -> [(sku: Text, orders: Int, total: Int)]
  at GET "/revenue{n}" public
{{
  from o in Order{n}
  where o.at >= since and o.product.stock > 0
  group by sku = o.product.sku
  select (sku, orders: count(), total: sum(o.paid))
  order by total desc
}}

"#
    )
    .expect("a string");
}

fn main() {
    let lines: usize = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(50_000);
    let mut files: Vec<(String, String)> = Vec::new();
    let mut total = 0;
    let mut n = 0;
    while total < lines {
        let mut text = String::new();
        while text.lines().count() < 2_000 && total + text.lines().count() < lines {
            shop(&mut text, n);
            n += 1;
        }
        total += text.lines().count();
        files.push((format!("part{:03}.tn", files.len()), text));
    }
    for round in 0..3 {
        let mut db = CheckDatabase::new(&[]);
        let start = Instant::now();
        db.set_files(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        let mut stages = String::new();
        let mut stage = |name: &str, run: &dyn Fn(Item<'_>)| {
            let start = Instant::now();
            program_items(&db).for_each(run);
            write!(stages, " {name} {:?}", start.elapsed()).expect("a string");
        };
        stage("split", &|_| ());
        stage("parse", &|item| {
            let _ = tree(&db, item).is_some();
        });
        stage("declare", &|item| {
            let _ = declared(&db, item).signature.is_some();
        });
        stage("agree", &|item| {
            let _ = agreement(&db, item).is_empty();
        });
        stage("rules", &|item| {
            let _ = rules(&db, item).rules.is_empty();
        });
        stage("code", &|item| {
            let _ = main_code(&db, item).diagnostics.is_empty();
        });
        stage("parts", &|item| {
            let _ = parts(&db, item).diagnostics.is_empty();
        });
        stage("effects", &|item| {
            let _ = effect_diagnostics(&db, item).is_empty();
        });
        let found = check(&db);
        let took = start.elapsed();
        println!("stages:{stages}");
        println!("round {round}: {total} lines, {} messages, {took:?}, {:.0} lines/s", found.len(), total as f64 / took.as_secs_f64());
        for diagnostic in found.iter().take(if round == 0 { 10 } else { 0 }) {
            println!("{}", render_line(diagnostic, &db));
        }
        let (path, text) = &files[0];
        let edited = text.replacen("many - 1", "many - 2", 1);
        let start = Instant::now();
        db.set_file(path, &edited);
        check(&db);
        println!("  after an edit of one body: {:?}", start.elapsed());
    }
}
