//! Which queries run after an edit. Each test edits one thing and names every query that may run again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tenon_check::db::CheckDatabase;
use tenon_check::program::check;

const SHOP: &str = r#"
/// Money.
type Cents = Int where it >= 0

relation Product {
  key sku: Text
  price: Cents
  cost: Cents
  check price >= cost
}

// How much it costs.
fn quote(p: Product, qty: Int) -> Int {
  p.price * qty // all of them
}

fn twice(p: Product) -> Int { quote(p, 2) }

query product(sku: Text) -> Product at GET "/products/{sku}" public {
  Product[sku] else fail NotFound("no product {sku}")
}

fn alone() -> Int { 1 }
"#;

struct Watched {
    db: CheckDatabase,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Watched {
    /// A database with the program, checked once.
    fn new(text: &str) -> Watched {
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let sink = heard.clone();
        let listener = Box::new(move |event: &str| sink.lock().expect("no panic").push(event.to_string()));
        let mut db =
            CheckDatabase::with_listener(&[("tenon/text.tn", "fn shout(t: Text) -> Text { t.upper }\n")], listener);
        db.set_file("shop.tn", text);
        check(&db);
        Watched { db, heard }
    }

    /// Edits the program by replacing one text, checks it, and says how often each query ran.
    fn edit(&mut self, from: &str, to: &str) -> BTreeMap<String, usize> {
        let file = self.db.file("shop.tn").expect("the file");
        let text = file.text(&self.db).to_string();
        assert_eq!(text.matches(from).count(), 1, "{from:?} stands once in the program");
        self.heard.lock().expect("no panic").clear();
        self.db.set_file("shop.tn", &text.replace(from, to));
        check(&self.db);
        let mut counts = BTreeMap::new();
        for event in self.heard.lock().expect("no panic").iter() {
            let query = event.split('(').next().unwrap_or(event);
            *counts.entry(query.trim_end_matches('_').to_string()).or_insert(0) += 1;
        }
        counts
    }
}

fn ran(expected: &[(&str, usize)]) -> BTreeMap<String, usize> {
    expected.iter().map(|(query, count)| (query.to_string(), *count)).collect()
}

#[test]
fn nothing_runs_without_an_edit() {
    let watched = Watched::new(SHOP);
    watched.heard.lock().expect("no panic").clear();
    check(&watched.db);
    assert_eq!(*watched.heard.lock().expect("no panic"), Vec::<String>::new());
}

#[test]
fn a_comment_rechecks_nothing() {
    let mut watched = Watched::new(SHOP);
    // The messages of the file are put in order anew, since what follows the edit has moved.
    let parsed_once = ran(&[("items", 1), ("parse", 1), ("tree", 1), ("code", 1), ("check_file", 1)]);
    // Inside of a body, before an item, at the end of a line, and blanks.
    for (from, to) in [
        ("// all of them", "// every one of them, one after the other"),
        ("// How much it costs.", "// What it costs, and more."),
        ("p.price * qty", "p.price   *\n      qty"),
        ("fn alone() -> Int { 1 }", "fn alone()   ->   Int   {   1   }"),
    ] {
        let mut found = watched.edit(from, to);
        // The code of an item is only looked at again where something had asked for it.
        found.entry(String::from("code")).or_insert(1);
        assert_eq!(found, parsed_once, "{to}");
    }
}

#[test]
fn an_edit_of_a_body_parses_one_item_and_checks_one_body() {
    let mut watched = Watched::new(SHOP);
    let found = watched.edit("p.price * qty", "p.price * qty + 0");
    let mut rest = found.clone();
    for (query, count) in
        [("items", 1), ("parse", 1), ("tree", 1), ("main_code", 1), ("declared", 1), ("check_file", 1)]
    {
        assert_eq!(rest.remove(query), Some(count), "{query} in {found:?}");
    }
    // What belongs to the item itself, and no other.
    for query in
        ["agreement", "rules", "parts", "type_head_by_key", "signature_by_key", "item_facts", "is_private", "code"]
    {
        assert!(rest.remove(query).unwrap_or(0) <= 1, "{query} in {found:?}");
    }
    assert!(rest.is_empty(), "only the edited item is looked at again, but {rest:?} ran");
}

#[test]
fn an_item_more_parses_only_that_item() {
    let mut watched = Watched::new(SHOP);
    let found = watched.edit("fn alone() -> Int { 1 }", "fn alone() -> Int { 1 }\n\nfn more() -> Int { 2 }");
    for query in ["parse", "tree", "main_code", "declared", "agreement"] {
        assert_eq!(found.get(query), Some(&1), "{query} in {found:?}");
    }
}

#[test]
fn a_changed_signature_reaches_its_users_only() {
    let mut watched = Watched::new(SHOP);
    // `quote` itself and `twice`, which calls it.
    let found = watched.edit("fn quote(p: Product, qty: Int) -> Int {", "fn quote(p: Product, qty: Int) -> Int? {");
    assert_eq!(found.get("main_code"), Some(&2), "{found:?}");
    assert_eq!(found.get("parse"), Some(&1), "{found:?}");
    assert_eq!(found.get("declared"), Some(&1), "{found:?}");
}

#[test]
fn an_edit_of_another_file_reaches_nobody_here() {
    let mut watched = Watched::new(SHOP);
    watched.db.set_file("other.tn", "fn other() -> Int { 1 }\n");
    check(&watched.db);
    watched.heard.lock().expect("no panic").clear();
    watched.db.set_file("other.tn", "fn other() -> Int { 1 + 1 }\n");
    check(&watched.db);
    let heard = watched.heard.lock().expect("no panic").clone();
    let count = |query: &str| heard.iter().filter(|event| event.starts_with(query)).count();
    assert_eq!((count("parse"), count("main_code"), count("declared")), (1, 1, 1), "{heard:?}");
}

const SECRETS: &str = r#"
relation User { key id: Int; secret pin: Text; name: Text }

fn same(x: Text) -> Text { x }

fn through(x: Text) -> Text { same(x) }

query fits(u: User, pin: Text) -> Bool { through(u.pin) == pin }

query name(u: User) -> Text { same(u.name) }

fn apart(n: Int) -> Int { n }
"#;

#[test]
fn an_edit_that_changes_no_flow_asks_for_no_secrets_of_callers() {
    let mut watched = Watched::new(SECRETS);
    let found = watched.edit("-> Text { x }", "-> Text { let y = x; y }");
    // The facts of `same` are what they were, so nobody sums up anew.
    assert_eq!(found.get("flow_facts"), Some(&1), "{found:?}");
    assert_eq!(found.get("secret_diagnostics"), Some(&1), "{found:?}");
    assert_eq!(found.get("summary_by_key"), None, "{found:?}");
    assert_eq!(found.get("main_code"), Some(&1), "{found:?}");
}

#[test]
fn an_edit_that_changes_a_flow_reaches_the_callers_alone() {
    let mut watched = Watched::new(SECRETS);
    let found = watched.edit("-> Text { x }", "-> Text { log(x); x }");
    // `same` and `through` are told now, which `through`, `fits` and `name` ask; no body is typed again.
    assert_eq!(found.get("flow_facts"), Some(&1), "{found:?}");
    assert_eq!(found.get("summary_by_key"), Some(&2), "{found:?}");
    assert_eq!(found.get("secret_diagnostics"), Some(&4), "{found:?}");
    assert_eq!(found.get("main_code"), Some(&1), "{found:?}");
    let found = watched.edit("{ n }", "{ n + 1 }");
    assert_eq!(found.get("summary_by_key"), None, "{found:?}");
    assert_eq!(found.get("secret_diagnostics"), Some(&1), "{found:?}");
}
