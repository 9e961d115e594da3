//! What the compiler reads without a syntax error, the grammar reads without an error node: the library, all programs of
//! the tests, the examples of the book, and programs with one token changed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::{Path, PathBuf};
use tree_sitter::{Node, Parser};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn parser() -> Parser {
    let mut parser = Parser::new();
    parser.set_language(&tenon_tree_sitter::LANGUAGE.into()).unwrap();
    parser
}

/// All files below a folder with one of the extensions, in order.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("node_modules") && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Every program of the repository, with its name.
fn programs() -> Vec<(String, String)> {
    let mut programs = Vec::new();
    for folder in ["tests", "stdlib/tenon", "lsp", "playground"] {
        for path in files(&root().join(folder), "tn") {
            programs.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
    // The examples of the book and of the pages of diagnostics; which of them are good the compiler knows.
    for folder in ["spec", "compiler/diagnostics"] {
        for path in files(&root().join(folder), "md") {
            let page = fs::read_to_string(&path).unwrap();
            for (index, block) in page.split("```tenon").skip(1).enumerate() {
                let block = block.split("```").next().unwrap();
                let (info, text) = block.split_once('\n').unwrap();
                if info.trim() != "holds" {
                    for file in text.split("//// file ") {
                        let text = if file.len() == text.len() { file } else { file.split_once('\n').unwrap().1 };
                        programs.push((format!("{}, block {}", path.display(), index + 1), text.to_string()));
                    }
                }
            }
        }
    }
    programs
}

/// The first error or missing node.
fn fault(node: Node, text: &str) -> Option<String> {
    if node.is_error() || node.is_missing() {
        let at = node.start_position();
        let found: String = text[node.byte_range()].chars().take(60).collect();
        return Some(format!("{}:{}: {} {found:?}", at.row + 1, at.column + 1, node.kind()));
    }
    let mut cursor = node.walk();
    node.children(&mut cursor).filter(Node::has_error).find_map(|child| fault(child, text))
}

fn compiler_reads(text: &str) -> bool {
    tenon_syntax::items(text).iter().all(|item| tenon_syntax::parse_item(item.text(text)).errors.is_empty())
}

#[test]
fn every_program_is_read() {
    let mut parser = parser();
    let mut faults = Vec::new();
    let mut count = 0;
    for (name, text) in programs() {
        if compiler_reads(&text) {
            count += 1;
            let tree = parser.parse(&text, None).unwrap();
            faults.extend(fault(tree.root_node(), &text).map(|fault| format!("{name}: {fault}")));
        }
    }
    assert!(count > 300, "only {count} programs were found");
    assert_eq!(faults, Vec::<String>::new());
}

/// Pieces of a text that are words, numbers, blanks or single signs.
fn pieces(text: &str) -> Vec<&str> {
    let class = |c: char| {
        if c.is_alphanumeric() || c == '_' {
            0
        } else if c == ' ' {
            1
        } else {
            2
        }
    };
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut last = None;
    for (at, c) in text.char_indices() {
        if last.is_some_and(|last| last != class(c) || last == 2) {
            pieces.push(&text[start..at]);
            start = at;
        }
        last = Some(class(c));
    }
    pieces.push(&text[start..]);
    pieces
}

/// A small generator of numbers; the same ones at every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

/// One piece dropped, doubled, exchanged with its neighbour, or replaced by another one.
fn changed(pieces: &[&str], numbers: &mut Numbers) -> String {
    let mut pieces = pieces.to_vec();
    let (count, at) = (pieces.len(), numbers.below(pieces.len()));
    match numbers.below(5) {
        0 => drop(pieces.remove(at)),
        1 => pieces.insert(at, pieces[at]),
        2 => pieces.swap(at, (at + 2).min(count - 1)),
        3 => pieces[at] = pieces[numbers.below(count)],
        _ => pieces.insert(at, "\n  "),
    }
    pieces.concat()
}

#[test]
fn what_the_compiler_reads_is_read() {
    const CHANGES: usize = 12;
    let mut parser = parser();
    let mut numbers = Numbers(0x5eed);
    let mut faults = Vec::new();
    let (mut tried, mut good) = (0, 0);
    for (name, text) in programs() {
        for item in tenon_syntax::items(&text) {
            let pieces = pieces(item.text(&text));
            for _ in 0..CHANGES {
                let text = changed(&pieces, &mut numbers);
                tried += 1;
                if compiler_reads(&text) {
                    good += 1;
                    let tree = parser.parse(&text, None).unwrap();
                    faults.extend(fault(tree.root_node(), &text).map(|fault| format!("{name}: {fault}\n{text}\n")));
                }
            }
        }
    }
    assert!(good > 2000, "of {tried} only {good} were good");
    assert!(faults.is_empty(), "{} of {good} are not read:\n{}", faults.len(), faults.join("\n"));
}

/// Whatever the text, there is a tree, also of its halves: nothing crashes or hangs.
#[test]
fn halves_are_read() {
    let mut parser = parser();
    for (_, text) in programs() {
        for cut in [text.len() / 3, text.len() / 2, text.len() * 3 / 4] {
            let cut = (cut..).find(|at| text.is_char_boundary(*at)).unwrap();
            assert!(parser.parse(&text[..cut], None).is_some());
            assert!(parser.parse(&text[cut..], None).is_some());
        }
    }
}

/// What is broken swallows at most the item behind it: item words at column 0 lead back.
#[test]
fn after_a_broken_item_the_parser_finds_back() {
    let mut parser = parser();
    let next = "relation Next { key id: Id }\n\nfn last() -> Int { 1 }\n";
    for broken in
        ["relation R { key id: ", "fn f(a: Int { a + }", "handler h() { let x = (1, [2", "query q() { from x in"]
    {
        let text = format!("{broken}\n\n{next}");
        let tree = parser.parse(&text, None).unwrap();
        let root = tree.root_node();
        let last = root.named_child(root.named_child_count() as u32 - 1).unwrap();
        assert!(last.kind() == "function" && !last.has_error(), "{text}\n{}", root.to_sexp());
    }
}
