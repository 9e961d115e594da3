//! Which queries run for each kind of edit and request.

mod harness;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tenon_check::db::Settings;
use tenon_ide::{Analysis, FilePosition, Ide};

const SHOP: &str = "\
relation Product {
  key sku: Text
  price: Int
}

// Two use the relation, and one does not.
fn worth(p: Product) -> Int {
  p.price * 2
}

query product(sku: Text) -> Product at GET \"/products/{sku}\" public {
  Product[sku] else fail NotFound(\"no {sku}\")
}

fn alone(n: Int) -> Int {
  n + 1
}
";

const OTHER: &str = "fn other(n: Int) -> Int {\n  alone(n) + 1\n}\n";

struct Watched {
    ide: Ide,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Watched {
    /// Two files, of which the second is being edited, checked once.
    fn new() -> Watched {
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let sink = heard.clone();
        let mut ide = Ide::with_listener(Box::new(move |event| sink.lock().expect("no panic").push(event.to_owned())));
        ide.set_settings(Settings { name: "shop".into(), ..Settings::default() });
        ide.set_files([("other.tn", OTHER), ("shop.tn", SHOP)]);
        ide.open_file("shop.tn");
        let watched = Watched { ide, heard };
        watched.all();
        // The check does not look at the library, whose names are offered and whose code a plan is lowered with.
        let analysis = watched.ide.analysis();
        analysis.completion(&at("n + 1"));
        analysis.hover(&at("product("));
        watched
    }

    fn all(&self) {
        let analysis = self.ide.analysis();
        for file in ["other.tn", "shop.tn"] {
            assert_eq!(analysis.diagnostics(file), Vec::new());
        }
    }

    /// How often each query runs.
    fn during(&mut self, act: impl FnOnce(&mut Ide)) -> BTreeMap<String, usize> {
        self.heard.lock().expect("no panic").clear();
        act(&mut self.ide);
        let mut counts = BTreeMap::new();
        for event in self.heard.lock().expect("no panic").iter() {
            let query = event.split('(').next().unwrap_or(event).trim_end_matches('_');
            *counts.entry(query.to_owned()).or_insert(0) += 1;
        }
        counts
    }

    fn edit(&mut self, from: &str, to: &str) -> BTreeMap<String, usize> {
        assert_eq!(SHOP.matches(from).count(), 1, "{from:?} stands once");
        let text = SHOP.replace(from, to);
        self.during(|ide| {
            ide.set_file("shop.tn", &text);
            let analysis = ide.analysis();
            analysis.diagnostics("shop.tn");
            analysis.diagnostics("other.tn");
        })
    }
}

fn at(what: &str) -> FilePosition {
    FilePosition::new("shop.tn", SHOP.find(what).expect("it stands in the shop") as u32 + 1)
}

fn count(ran: &BTreeMap<String, usize>, query: &str) -> usize {
    ran.get(query).copied().unwrap_or(0)
}

/// Every request that looks at a position.
fn look(analysis: &Analysis, position: &FilePosition) {
    analysis.hover(position);
    analysis.definition(position);
    analysis.type_definition(position);
    analysis.implementation(position);
    analysis.references(position, true);
    analysis.highlights(position);
    analysis.signature_help(position);
    let _ = analysis.prepare_rename(position);
}

#[test]
fn a_request_runs_nothing_twice() {
    for what in ["Product {", "price:", "worth", "product(", "alone", "n + 1", "Product[sku]"] {
        let mut watched = Watched::new();
        let first = watched.during(|ide| look(&ide.analysis(), &at(what)));
        // What the check computed is not computed again; what names stand for is put together from it, and what a
        // plan is lowered from is fetched by keys of its own.
        for query in ["parse", "tree", "main_code", "parts", "rules", "declared", "check_file", "program_effects"] {
            assert_eq!(count(&first, query), 0, "{query} at {what}: {first:?}");
        }
        assert!(count(&first, "occurrences") <= 6, "{first:?}");
        let again = watched.during(|ide| look(&ide.analysis(), &at(what)));
        assert_eq!(again, BTreeMap::new(), "at {what}");
    }
}

#[test]
fn completion_leaves_the_program_alone() {
    let mut watched = Watched::new();
    let ran = watched.during(|ide| {
        ide.analysis().completion(&at("n + 1"));
    });
    for query in ["parse", "tree", "main_code", "parts", "declared", "check_file"] {
        assert_eq!(count(&ran, query), 0, "{query}: {ran:?}");
    }
    let ran = watched.during(|ide| {
        ide.analysis().diagnostics("shop.tn");
    });
    assert_eq!(ran, BTreeMap::new());
}

#[test]
fn a_field_more_rechecks_its_users() {
    let mut watched = Watched::new();
    let ran = watched.edit("  price: Int\n", "  price: Int\n  cost: Int\n");
    // `worth` and `product`; neither `alone` nor `other`.
    assert_eq!((count(&ran, "main_code"), count(&ran, "parse"), count(&ran, "check_file")), (2, 1, 1), "{ran:?}");
}

#[test]
fn an_edit_of_a_body_rechecks_that_body() {
    let mut watched = Watched::new();
    let ran = watched.edit("n + 1", "n + 2");
    assert_eq!((count(&ran, "main_code"), count(&ran, "parse"), count(&ran, "check_file")), (1, 1, 1), "{ran:?}");
    assert_eq!(count(&ran, "program_effects"), 0, "{ran:?}");
}

#[test]
fn a_comment_rechecks_nothing() {
    let mut watched = Watched::new();
    let ran = watched.edit("// Two use the relation, and one does not.", "// Two do.");
    for query in ["main_code", "parts", "declared", "agreement", "program_effects", "module_outline"] {
        assert_eq!(count(&ran, query), 0, "{query}: {ran:?}");
    }
}

#[test]
fn a_changed_signature_reaches_another_file() {
    let mut watched = Watched::new();
    let ran = watched.edit("fn alone(n: Int) -> Int {", "fn alone(n: Int, m: Int = 1) -> Int {");
    // `alone` itself, and `other`, which calls it.
    assert_eq!((count(&ran, "main_code"), count(&ran, "check_file")), (2, 2), "{ran:?}");
}

#[test]
fn a_broken_item_leaves_the_others() {
    let mut watched = Watched::new();
    let ran = watched.edit("  n + 1\n", "  n + (\n");
    assert_eq!((count(&ran, "main_code"), count(&ran, "parse")), (1, 1), "{ran:?}");
}
