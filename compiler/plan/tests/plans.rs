//! Plans as text: what the queries of `fixtures/*.core` become. `TENON_BLESS=1` writes the files anew.

use tenon_core::text::parse;
use tenon_plan::explain::Explain;
use tenon_plan::statistics::Assumed;

#[test]
fn plans_of_fixtures() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "core"))
        .collect();
    paths.sort();
    assert!(!paths.is_empty());
    for path in paths {
        let program = parse(&std::fs::read_to_string(&path).unwrap()).unwrap_or_else(|e| panic!("{e}"));
        let planned = tenon_plan::plan(&program, &Assumed::new(&program)).unwrap();
        let again = tenon_plan::plan(&program, &Assumed::new(&program)).unwrap();
        assert_eq!(planned, again, "planning is deterministic");
        let explain = Explain { program: &program, indexes: &planned.indexes, real: None, place: &|_| None };
        let mut text = explain.indexes_text();
        for plan in &planned.queries {
            text.push('\n');
            text.push_str(&explain.text(plan));
        }
        let expected = path.with_extension("plans");
        if std::env::var_os("TENON_BLESS").is_some() {
            std::fs::write(&expected, &text).unwrap();
        }
        let expected = std::fs::read_to_string(&expected).unwrap_or_default();
        assert!(text == expected, "{}: the plans are now\n{text}", path.display());
    }
}
