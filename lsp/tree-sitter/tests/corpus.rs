//! The corpus: pieces of programs and the trees that they have. `TENON_UPDATE=1` writes the trees anew.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::Path;
use tree_sitter::Parser;

/// A tree as text with one node on a line, as the corpus has it.
fn printed(sexp: &str) -> String {
    let mut out = String::new();
    let mut depth = 0;
    let mut rest = sexp;
    while let Some(at) = rest.find(['(', ')']) {
        let (before, after) = rest.split_at(at);
        let field = before.trim();
        if let Some(inner) = after.strip_prefix('(') {
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(&"  ".repeat(depth));
            if !field.is_empty() {
                out.push_str(field);
                out.push(' ');
            }
            let end = inner.find(['(', ')', ' ']).unwrap() + 1;
            out.push_str(&after[..end]);
            depth += 1;
            rest = &after[end..];
        } else {
            out.push_str(before);
            out.push(')');
            depth -= 1;
            rest = &after[1..];
        }
    }
    out
}

#[test]
fn pieces_have_their_trees() {
    let mut parser = Parser::new();
    parser.set_language(&tenon_tree_sitter::LANGUAGE.into()).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let mut updated = String::new();
        // ==== / title / ==== / program / --- / tree
        let bar = "================================================================================\n";
        let mut parts = text.split(bar);
        assert_eq!(parts.next(), Some(""), "{} begins with a bar", path.display());
        while let Some(title) = parts.next() {
            let (program, tree) = parts.next().unwrap().split_once("\n---\n").unwrap();
            count += 1;
            let found = printed(&parser.parse(program, None).unwrap().root_node().to_sexp());
            if std::env::var_os("TENON_UPDATE").is_none() {
                assert_eq!(found, tree.trim(), "{}: {}", path.display(), title.trim());
            }
            assert!(!found.contains("ERROR") && !found.contains("MISSING"), "{}: {}\n{found}", path.display(), title);
            updated.push_str(&format!("{bar}{title}{bar}{program}\n---\n\n{found}\n\n"));
        }
        if std::env::var_os("TENON_UPDATE").is_some() {
            fs::write(&path, updated.trim_end().to_string() + "\n").unwrap();
        }
    }
    assert!(count >= 40, "only {count} pieces were found");
}
