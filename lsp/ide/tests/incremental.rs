//! Which queries run for an answer, and for an answer after an edit.

mod harness;

use std::sync::{Arc, Mutex};
use tenon_check::db::Settings;
use tenon_ide::hints::HintSettings;
use tenon_ide::lenses::LensSettings;
use tenon_ide::{Analysis, FilePosition, FileRange, Ide};
use tenon_span::Range;

const PROGRAM: &str = "relation Customer { key id: Id; name: Text }

relation Order { key id: Id; customer: Customer inverse orders; paid: Int }

fn double(n: Int) -> Int { n * 2 }

handler place(c: Customer, paid: Int) -> Order at POST \"/orders\" public {
  let twice = double(paid)
  insert Order(customer: c, paid: twice)
}

query all() { from o in Order where o.paid > 1 select o.customer.name }
";

/// Everything of a file that an editor asks for again and again.
fn ask(analysis: &Analysis) {
    let text = analysis.text("shop.tn").expect("a file");
    let whole = FileRange { file: "shop.tn".into(), range: Range::new(0, text.len() as u32) };
    analysis.diagnostics("shop.tn");
    analysis.document_symbols("shop.tn");
    analysis.folding_ranges("shop.tn");
    analysis.document_links("shop.tn");
    analysis.semantic_tokens("shop.tn");
    analysis.inlay_hints(&whole, &HintSettings::default());
    analysis.code_lenses("shop.tn", &LensSettings { fields: true, calls: true, ..LensSettings::default() });
    analysis.selection_ranges(&FilePosition::new("shop.tn", 40));
    analysis.code_actions(&FileRange { file: "shop.tn".into(), range: Range::empty(40) });
    analysis.prepare_hierarchy(&FilePosition::new("shop.tn", 40));
    analysis.schema();
    analysis.endpoints();
}

fn listened() -> (Ide, Arc<Mutex<Vec<String>>>) {
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let hearing = Arc::clone(&heard);
    let mut ide = Ide::with_listener(Box::new(move |query| hearing.lock().expect("a list").push(query.to_owned())));
    ide.set_settings(Settings { name: "shop".into(), ..Settings::default() });
    ide.set_file("shop.tn", PROGRAM);
    (ide, heard)
}

/// The names of queries without their keys, each once, in order.
fn names(heard: &Mutex<Vec<String>>) -> Vec<String> {
    let mut names: Vec<String> = std::mem::take(&mut *heard.lock().expect("a list"))
        .iter()
        .map(|query| query.split('(').next().unwrap_or("").to_owned())
        .collect();
    names.sort();
    names.dedup();
    names
}

#[test]
fn what_was_answered_is_not_computed_again() {
    let (ide, heard) = listened();
    ask(&ide.analysis());
    assert!(names(&heard).contains(&String::from("occurrences")));
    ask(&ide.analysis());
    assert_eq!(names(&heard), Vec::<String>::new());
}

/// An edit of one body makes the answers about the other items of nothing but what was there.
#[test]
fn an_edit_reaches_its_item_only() {
    let (mut ide, heard) = listened();
    ask(&ide.analysis());
    heard.lock().expect("a list").clear();
    ide.set_file("shop.tn", &PROGRAM.replace("n * 2", "n * 3"));
    ask(&ide.analysis());
    let all = std::mem::take(&mut *heard.lock().expect("a list"));
    let of = |name: &str| all.iter().filter(|query| query.split('(').next() == Some(name)).count();
    for name in ["occurrences", "touches", "main_code", "parse", "declared"] {
        assert_eq!(of(name), 1, "{name}: {all:?}");
    }
}

#[test]
fn blanks_and_comments_make_no_meaning_anew() {
    let (mut ide, heard) = listened();
    ask(&ide.analysis());
    heard.lock().expect("a list").clear();
    ide.set_file("shop.tn", &PROGRAM.replace("{ n * 2 }", "{\n  // Twice.\n  n * 2\n}"));
    ask(&ide.analysis());
    let ran = names(&heard);
    for name in ["occurrences", "touches", "main_code", "declared"] {
        assert!(!ran.contains(&String::from(name)), "{name} ran: {ran:?}");
    }
}
