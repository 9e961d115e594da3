//! The committed files of the grammar are what they are made from. `cargo run -p tenon-tree-sitter --example generate`
//! makes them anew, and its `--check` also compares `src/grammar.json` with `grammar.js`, which needs node.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../generate/files.rs"]
mod files;

fn compare(made: Vec<files::Made>) {
    for file in made {
        let committed = std::fs::read_to_string(files::folder().join(file.path)).unwrap();
        assert!(committed == file.text, "{} is not what it is made from: run the example `generate`", file.path);
    }
}

#[test]
fn words_are_those_of_the_compiler() {
    compare(files::words().unwrap());
}

#[test]
fn the_parser_is_the_one_of_the_grammar() {
    let scratch = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("parser");
    compare(files::parser(&scratch).unwrap());
}

/// Every word of the table is a word of the grammar, so none is forgotten when the language grows.
#[test]
fn every_word_stands_in_the_grammar() {
    let grammar = std::fs::read_to_string(files::folder().join("src/grammar.json")).unwrap();
    let words: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(files::folder().join("words.json")).unwrap()).unwrap();
    for class in ["item", "reserved", "soft", "pair", "contextual"] {
        for together in words[class].as_array().unwrap() {
            let together = together.as_str().unwrap();
            let whole = grammar.contains(&format!("\"value\": \"{together}\""));
            let parts = together.split(' ').all(|word| grammar.contains(&format!("\"value\": \"{word}\"")));
            assert!(whole || parts, "`{together}` stands nowhere in the grammar");
        }
    }
}
