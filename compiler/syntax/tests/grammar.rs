//! The grammar in the specification is the grammar of the compiler.

use std::path::Path;

#[test]
fn the_page_is_derived_from_the_grammar() {
    let page = tenon_syntax::grammar_appendix();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/grammar.md");
    if std::env::var_os("TENON_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().expect("a file has a directory")).expect("spec can be made");
        std::fs::write(&path, &page).expect("the page can be written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(page == committed, "spec/grammar.md is old; TENON_BLESS=1 writes it");
}

#[test]
fn the_page_shows_every_rule() {
    let page = tenon_syntax::grammar_appendix();
    for rule in ["Item\n", "QueryClauseKind\n", "Pattern\n", "Comma<T>\n", "Post\n"] {
        assert!(page.contains(&format!("\n{rule}")), "{rule} is missing");
    }
    for line in page.lines() {
        assert!(!line.contains("ctx.") && !line.contains("@L") && !line.contains("Box"), "{line}");
    }
}
