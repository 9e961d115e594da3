//! The queries: each is one of this grammar, and says what it should about the programs in `tests/highlight`.
//!
//! In those, a comment `// ^ name` tells the capture of the token above its `^`; `// ^ !` that there is none. Where several
//! patterns fit, the last one counts, as in editors.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use tree_sitter::{Language, Parser, Query, QueryCursor, StreamingIterator, Tree};

fn language() -> Language {
    tenon_tree_sitter::LANGUAGE.into()
}

fn parse(text: &str) -> Tree {
    let mut parser = Parser::new();
    parser.set_language(&language()).unwrap();
    parser.parse(text, None).unwrap()
}

/// The captures of a query in a text: for each range the name of the last pattern's.
fn captures(source: &str, text: &str) -> BTreeMap<(usize, usize), String> {
    let query = Query::new(&language(), source).unwrap();
    let tree = parse(text);
    let mut cursor = QueryCursor::new();
    let mut matches = cursor.matches(&query, tree.root_node(), text.as_bytes());
    let mut found: BTreeMap<(usize, usize), (usize, String)> = BTreeMap::new();
    while let Some(hit) = matches.next() {
        for capture in hit.captures() {
            let name = query.capture_names()[capture.index as usize].to_string();
            let range = (capture.node.start_byte(), capture.node.end_byte());
            let entry = found.entry(range).or_insert((hit.pattern_index, name.clone()));
            if hit.pattern_index >= entry.0 {
                *entry = (hit.pattern_index, name);
            }
        }
    }
    found.into_iter().map(|(range, (_, name))| (range, name)).collect()
}

#[test]
fn colours_are_as_told() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/highlight");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let found = captures(tenon_tree_sitter::HIGHLIGHTS, &text);
        let (mut line_start, mut code_start) = (0, 0);
        for (number, line) in text.split_inclusive('\n').enumerate() {
            let told = line.trim_start().strip_prefix("//").filter(|rest| rest.trim_start().starts_with('^'));
            match told {
                None => code_start = line_start,
                Some(rest) => {
                    let column = line.find('^').unwrap();
                    let expected = rest.trim().trim_start_matches('^').trim();
                    let at = code_start + column;
                    let inner = found
                        .iter()
                        .filter(|((start, end), _)| *start <= at && at < *end)
                        .min_by_key(|((start, end), _)| end - start)
                        .map_or("!", |(_, name)| name.as_str());
                    assert_eq!(
                        inner,
                        expected,
                        "{}:{}: {}",
                        path.display(),
                        number + 1,
                        &text[at..].lines().next().unwrap()
                    );
                    count += 1;
                }
            }
            line_start += line.len();
        }
    }
    assert!(count >= 60, "only {count} tokens were told");
}

/// Every token of every program has a colour, and every name and word too.
#[test]
fn every_token_has_a_colour() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/syntax/programs");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let found = captures(tenon_tree_sitter::HIGHLIGHTS, &text);
        let mut coloured = vec![false; text.len()];
        for (start, end) in found.into_keys() {
            coloured[start..end].fill(true);
        }
        let bare: Vec<_> = text.char_indices().filter(|(at, c)| !c.is_whitespace() && !coloured[*at]).collect();
        assert_eq!(bare, [], "{}", path.display());
    }
}

#[test]
fn the_outline_is_that_of_the_shop() {
    let shop = include_str!("../../../tests/apps/shop/shop.tn");
    let query = Query::new(&language(), tenon_tree_sitter::TAGS).unwrap();
    let tree = parse(shop);
    let mut cursor = QueryCursor::new();
    let mut matches = cursor.matches(&query, tree.root_node(), shop.as_bytes());
    let mut outline = Vec::new();
    while let Some(hit) = matches.next() {
        let mut name = String::new();
        let mut kind = String::new();
        for capture in hit.captures() {
            match query.capture_names()[capture.index as usize] {
                "name" => name = shop[capture.node.byte_range()].to_string(),
                other => kind = other.to_string(),
            }
        }
        if let Some(kind) = kind.strip_prefix("definition.") {
            outline.push(format!("{kind} {name}"));
        }
    }
    for expected in
        ["class Product", "field sku", "type OutOfStock", "function place_order", "test \"the last item is sold once\""]
    {
        assert!(outline.iter().any(|line| line == expected), "{expected} is not in {outline:?}");
    }
}

#[test]
fn blocks_fold_and_locals_have_scopes() {
    let text = "fn f(a: Int) -> Int {\n  let b = a\n  b\n}\n";
    let folds = captures(tenon_tree_sitter::FOLDS, text);
    assert!(folds.contains_key(&(text.find('{').unwrap(), text.len() - 1)), "{folds:?}");
    let locals = captures(tenon_tree_sitter::LOCALS, text);
    assert!(locals.values().any(|name| name == "local.scope"), "{locals:?}");
    let indents = captures(tenon_tree_sitter::INDENTS, text);
    assert!(indents.values().any(|name| name == "indent.begin"), "{indents:?}");
    let injected = captures(tenon_tree_sitter::INJECTIONS, "fn f(t: Text) -> Bool { t matches r\"[a-z]+\" }\n");
    assert!(injected.values().any(|name| name == "injection.content"), "{injected:?}");
}
