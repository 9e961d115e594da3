//! Makes the token kinds and the whole grammar out of `tokens.txt` and `src/grammar.lalrpop`.
//!
//! `tokens.txt` is the one table of words and marks. The grammar file holds the rules; this script appends
//! the terminals and the rule `Name`, and lets LALRPOP make the parser in the output directory.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs};

struct Entry {
    class: String,
    spelling: String,
    variant: String,
    /// What a foreign mark is replaced by.
    meant: String,
}

fn camel(words: &str) -> String {
    words
        .split_whitespace()
        .map(|word| {
            let (first, rest) = word.split_at(1);
            first.to_uppercase() + rest
        })
        .collect()
}

fn read_table(text: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (class, rest) = line.split_once(' ').expect("a line of tokens.txt has a class and a spelling");
        let (spelling, variant, meant) = match class {
            "sign" | "literal" | "repair" => {
                let (spelling, name) = rest.split_once(' ').expect("a sign, literal or repair has a name");
                (spelling.to_string(), name.to_string(), String::new())
            }
            "foreign" => {
                let parts: Vec<_> = rest.split(' ').collect();
                (parts[0].to_string(), parts[1].to_string(), parts[2].to_string())
            }
            "item" => (rest.to_string(), format!("Item{}", camel(rest)), String::new()),
            "reserved" => (rest.to_string(), format!("Kw{}", camel(rest)), String::new()),
            "soft" => (rest.to_string(), format!("Soft{}", camel(rest)), String::new()),
            "pair" => (rest.to_string(), format!("Pair{}", camel(rest)), String::new()),
            "contextual" => (rest.to_string(), format!("Word{}", camel(rest)), String::new()),
            other => panic!("tokens.txt: unknown class {other}"),
        };
        entries.push(Entry { class: class.to_string(), spelling, variant, meant });
    }
    entries
}

fn token_kinds(entries: &[Entry]) -> String {
    let mut out = String::from(
        "/// The kinds of tokens.\n#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]\n#[repr(u8)]\npub enum TokenKind {\n",
    );
    for entry in entries {
        let _ = writeln!(out, "    /// {} `{}`\n    {},", entry.class, entry.spelling, entry.variant);
    }
    out.push_str("}\n\n/// What is known about each kind, in the order of the table.\n");
    out.push_str("pub const TOKENS: &[TokenInfo] = &[\n");
    for entry in entries {
        let _ = writeln!(
            out,
            "    TokenInfo {{ kind: TokenKind::{}, class: TokenClass::{}, spelling: {:?}, meant: {:?} }},",
            entry.variant,
            camel(&entry.class),
            entry.spelling,
            entry.meant
        );
    }
    out.push_str("];\n\n");
    out.push_str(&word_lookup(
        "item_word",
        "The kind of an item word at the beginning of an item.",
        entries.iter().filter(|entry| entry.class == "item"),
    ));
    out.push_str(&word_lookup(
        "keyword",
        "The kind of a reserved, soft or contextual word where it is a keyword.",
        entries.iter().filter(|entry| matches!(entry.class.as_str(), "reserved" | "soft" | "contextual")),
    ));
    out.push_str("/// The kind of words that are one token together, and how many they are.\n");
    out.push_str("pub fn pair(first: &str, second: &str, third: &str) -> Option<(TokenKind, usize)> {\n    Some(match (first, second) {\n");
    for entry in entries.iter().filter(|entry| entry.class == "pair") {
        let words: Vec<_> = entry.spelling.split(' ').collect();
        let guard = words.get(2).map(|third| format!(" if third == {third:?}")).unwrap_or_default();
        let _ = writeln!(
            out,
            "        ({:?}, {:?}){guard} => (TokenKind::{}, {}),",
            words[0],
            words[1],
            entry.variant,
            words.len()
        );
    }
    out.push_str("        _ => return None,\n    })\n}\n\n");
    let mut firsts: Vec<_> = entries
        .iter()
        .filter(|entry| entry.class == "pair")
        .filter_map(|entry| entry.spelling.split(' ').next())
        .collect();
    firsts.sort_unstable();
    firsts.dedup();
    let firsts: Vec<_> = firsts.iter().map(|word| format!("{word:?}")).collect();
    let _ = writeln!(
        out,
        "/// True for a word that begins a pair.\npub fn begins_pair(text: &str) -> bool {{\n    matches!(text, {})\n}}\n",
        firsts.join(" | ")
    );
    out
}

/// A function from a word to its kind. The match on the length comes first: most names have no keyword's length
/// and first letter.
fn word_lookup<'a>(function: &str, doc: &str, entries: impl Iterator<Item = &'a Entry>) -> String {
    let mut groups: BTreeMap<(usize, u8), Vec<&Entry>> = BTreeMap::new();
    for entry in entries {
        groups.entry((entry.spelling.len(), entry.spelling.as_bytes()[0])).or_default().push(entry);
    }
    let mut out = format!("/// {doc}\npub fn {function}(text: &str) -> Option<TokenKind> {{\n");
    out.push_str("    Some(match (text.len(), text.as_bytes().first()?) {\n");
    for ((length, first), entries) in groups {
        let _ = writeln!(out, "        ({length}, b'{}') => match text {{", first as char);
        for entry in entries {
            let _ = writeln!(out, "            {:?} => TokenKind::{},", entry.spelling, entry.variant);
        }
        out.push_str("            _ => return None,\n        },\n");
    }
    out.push_str("        _ => return None,\n    })\n}\n\n");
    out
}

fn grammar(rules: &str, entries: &[Entry]) -> String {
    let mut out = rules.to_string();
    out.push_str("\n// A contextual word is a plain name wherever the grammar does not ask for it.\n");
    out.push_str("Name: Ident = {\n  <l:@L> <t:LOWER> => ident(t, l),\n");
    for entry in entries.iter().filter(|entry| entry.class == "contextual") {
        let _ = writeln!(out, "  <l:@L> <t:\"{}\"> => ident(t, l),", entry.spelling);
    }
    out.push_str(
        "};\n\nextern {\n  type Location = u32;\n  type Error = std::convert::Infallible;\n  enum Tok<'input> {\n",
    );
    for entry in entries {
        let kind = format!("TokenKind::{}", entry.variant);
        let line = match entry.class.as_str() {
            "sign" | "reserved" | "soft" | "pair" => format!("\"{}\" => ({kind}, _)", entry.spelling),
            "literal" => format!("{} => ({kind}, <&'input str>)", entry.spelling),
            "repair" => format!("{} => ({kind}, _)", entry.spelling),
            "item" => format!("\"%{}\" => ({kind}, _)", entry.spelling),
            "contextual" => format!("\"{}\" => ({kind}, <&'input str>)", entry.spelling),
            _ => continue,
        };
        let _ = writeln!(out, "    {line},");
    }
    out.push_str("  }\n}\n");
    out
}

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    for file in ["tokens.txt", "src/grammar.lalrpop"] {
        println!("cargo::rerun-if-changed={file}");
    }
    let entries = read_table(&fs::read_to_string("tokens.txt").expect("tokens.txt is beside build.rs"));
    fs::write(out.join("token_kind.rs"), token_kinds(&entries)).expect("the output directory is writable");
    let rules = fs::read_to_string("src/grammar.lalrpop").expect("the rules are in src");
    let whole = out.join("grammar.lalrpop");
    fs::write(&whole, grammar(&rules, &entries)).expect("the output directory is writable");
    if let Err(error) = lalrpop::Configuration::new().set_out_dir(&out).process_file(&whole) {
        panic!("src/grammar.lalrpop: {error}");
    }
}
