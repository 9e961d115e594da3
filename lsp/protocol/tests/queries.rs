//! Which queries run for each kind of edit and request, over messages as a client sends them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod page;

use page::{Page, able, answers, answers_at, at, of};
use serde_json::json;

const MODEL: &str = "relation Product {\n  key sku: Text\n  price: Int\n  stock: Int\n}\n\nrelation Order {\n  key id: Id\n  product: Product\n  qty: Int\n}\n";
const USES: &str =
    "fn worth(p: Product) -> Int {\n  p.price * p.stock\n}\n\nfn half(p: Product) -> Int {\n  worth(p) / 2\n}\n";
const ORDERS: &str = "fn total(o: Order) -> Int {\n  o.qty * 2\n}\n";
const ALONE: &str = "fn alone(n: Int) -> Int {\n  n + 1\n}\n";

fn shop() -> Page {
    let files = [
        ("/w/tenon.toml", "name = \"shop\"\n"),
        ("/w/model.tn", MODEL),
        ("/w/uses.tn", USES),
        ("/w/orders.tn", ORDERS),
        ("/w/alone.tn", ALONE),
    ];
    let mut page = Page::new(&files, able("utf-16", true));
    page.open("/w/model.tn", MODEL);
    page.open("/w/uses.tn", USES);
    check_all(&mut page);
    page.queries();
    page
}

fn check_all(page: &mut Page) {
    page.ask("workspace/diagnostic", json!({ "previousResultIds": [] })).unwrap();
}

/// How often bodies, declarations and trees were made.
fn work(page: &Page) -> (usize, usize, usize) {
    let ran = page.queries();
    let count = |query: &str| ran.get(query).copied().unwrap_or(0);
    (count("parse"), count("declared"), count("main_code"))
}

#[test]
fn asking_again_runs_nothing() {
    let mut page = shop();
    for path in ["/w/model.tn", "/w/uses.tn"] {
        let (whole, placed) = (answers(&mut page, path), answers_at(&mut page, path, 1, 5));
        page.queries();
        assert_eq!(answers(&mut page, path), whole);
        assert_eq!(answers_at(&mut page, path, 1, 5), placed);
        let mut ran = page.queries();
        // What may be written at a place is looked at anew each time, with the cursor in it: that is one item.
        ran.retain(|query, _| query != "parse");
        assert_eq!(ran, std::collections::BTreeMap::new(), "{path}");
    }
}

#[test]
fn hover_on_a_checked_program_checks_nothing() {
    let mut page = shop();
    page.ask("textDocument/hover", at("/w/uses.tn", 1, 5)).unwrap();
    assert_eq!(work(&page), (0, 0, 0));
}

#[test]
fn opening_closing_and_saving_what_the_disk_says_checks_no_other_file() {
    let mut page = shop();
    page.open("/w/alone.tn", ALONE);
    page.notify("textDocument/didSave", of("/w/alone.tn"));
    check_all(&mut page);
    page.close("/w/alone.tn");
    check_all(&mut page);
    page.watched(&[("/w/alone.tn", 2), ("/w/orders.tn", 2)]);
    check_all(&mut page);
    // A file that is opened counts as one that changes from then on, and its one item is looked at once more.
    assert_eq!(work(&page), (1, 1, 1));
}

#[test]
fn a_blank_or_comment_checks_nothing() {
    let mut page = shop();
    page.replace("/w/uses.tn", 2, &USES.replace("p.price * p.stock", "p.price * p.stock // all of it"));
    check_all(&mut page);
    assert_eq!(work(&page), (1, 0, 0));
}

#[test]
fn an_edit_of_a_body_checks_that_body() {
    let mut page = shop();
    page.replace("/w/uses.tn", 2, &USES.replace("p.price * p.stock", "p.price + p.stock"));
    check_all(&mut page);
    assert_eq!(work(&page), (1, 1, 1));
}

#[test]
fn a_field_more_checks_its_relation_and_who_uses_it() {
    let mut page = shop();
    page.replace("/w/model.tn", 2, &MODEL.replace("  price: Int\n", "  price: Int\n  cost: Int\n"));
    check_all(&mut page);
    let ran = page.queries();
    let count = |query: &str| ran.get(query).copied().unwrap_or(0);
    assert_eq!((count("parse"), count("declared")), (1, 1), "{ran:?}");
    // `worth`, `half` and what refers to a product; `alone` and `total` are not looked at.
    assert!(count("main_code") <= 2, "{ran:?}");
}

#[test]
fn a_file_that_comes_or_goes_checks_who_uses_it() {
    let mut page = shop();
    page.write("/w/more.tn", "fn more() -> Int { 1 }\n");
    page.watched(&[("/w/more.tn", 1)]);
    check_all(&mut page);
    assert_eq!(work(&page), (1, 1, 1));
    page.remove("/w/more.tn");
    page.watched(&[("/w/more.tn", 3)]);
    check_all(&mut page);
    assert_eq!(work(&page), (0, 0, 0));
    page.remove("/w/orders.tn");
    page.watched(&[("/w/orders.tn", 3)]);
    check_all(&mut page);
    assert_eq!(work(&page), (0, 0, 0));
}
