//! What the grammars of editors repeat of the compiler's lists. Words of the language are held by the grammars' own tests.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::path::Path;
use tenon_check::types::language_types;
use tenon_value::BuiltIn;

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

/// What stands in quotes in the list that begins so.
fn list<'a>(text: &'a str, begin: &str, quote: char, end: char) -> BTreeSet<&'a str> {
    let (_, list) = text.split_once(begin).unwrap_or_else(|| panic!("no list begins with `{begin}`"));
    list.split(end).next().unwrap().split(quote).skip(1).step_by(2).collect()
}

#[test]
fn grammars_know_the_types_of_the_language() {
    let types: BTreeSet<&str> = language_types().collect();
    let textmate = read("lsp/vscode/scripts/grammar.mjs");
    assert_eq!(list(&textmate, "const BUILT_IN_TYPES = [", '\'', ']'), types, "the extension of VS Code");
    let tree_sitter = read("lsp/tree-sitter/queries/highlights.scm");
    assert_eq!(list(&tree_sitter, "(#any-of? @type.builtin", '"', ')'), types, "the tree-sitter grammar");
}

#[test]
fn grammars_know_the_built_in_failures() {
    let failures: BTreeSet<&str> = BuiltIn::ALL.iter().map(|failure| failure.name()).collect();
    let textmate = read("lsp/vscode/scripts/grammar.mjs");
    assert_eq!(list(&textmate, "const FAILURES = [", '\'', ']'), failures, "the extension of VS Code");
}
