//! Prints the leaves of programs as JSON: for each file a list of `[line, start, end, kind]`, from 0, in UTF-16 units.
//!
//! The kind is the node's, and for words and signs of the language the word itself in backquotes. The tests of other
//! grammars compare with it.

use std::error::Error;
use tree_sitter::{Node, Parser};

fn main() -> Result<(), Box<dyn Error>> {
    let mut parser = Parser::new();
    parser.set_language(&tenon_tree_sitter::LANGUAGE.into())?;
    let mut files = serde_json::Map::new();
    for path in std::env::args().skip(1) {
        let text = std::fs::read_to_string(&path)?;
        let tree = parser.parse(&text, None).ok_or("the parser was stopped")?;
        let mut found = Vec::new();
        leaves(tree.root_node(), &text, &mut found);
        files.insert(path, found.into());
    }
    println!("{}", serde_json::Value::from(files));
    Ok(())
}

fn leaves(node: Node, text: &str, found: &mut Vec<serde_json::Value>) {
    if node.child_count() > 0 {
        let mut cursor = node.walk();
        for child in node.children(&mut cursor) {
            leaves(child, text, found);
        }
        return;
    }
    let (start, end) = (node.start_position(), node.end_position());
    let line = text.lines().nth(start.row).unwrap_or_default();
    let units = |column: usize| line.get(..column).map_or(column, |before| before.encode_utf16().count());
    let kind = if node.is_named() { node.kind().to_string() } else { format!("`{}`", node.kind()) };
    let end = if end.row == start.row { units(end.column) } else { units(line.len()) };
    found.push(serde_json::json!([start.row, units(start.column), end, kind]));
}
