//! The files of the grammar that are made from others, each from what is its truth.
//!
//! `words.json` and `src/words.h` come from the compiler's one table of tokens; `src/grammar.json` from `grammar.js`, by
//! node; `src/parser.c` and what belongs to it from `src/grammar.json`, without node.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};
use tree_sitter_generate::{OptLevel, generate_parser_in_directory, load_grammar_file};

/// The ABI that every editor reads that is still in use.
const ABI: usize = 14;

/// Soft words that stand before an operand, where a name could stand as well. The scanner looks at what follows. Behind
/// an operand no name can stand, so there the lexer of the grammar finds the other ones.
const PREFIX: [&str; 12] =
    ["from", "some", "every", "start", "step", "wait", "failed", "attempt", "has", "rekey", "parallel", "form"];
/// Soft words whose place tells them from names, but which a line end before them must know.
const PLACED: [&str; 1] = ["over"];
/// Pairs that stand where a name could stand as well.
const SCANNED: [&str; 4] = ["as of", "at once", "wait until", "any order explains"];
/// Pairs that continue a line.
const CONTINUING: [&str; 10] = [
    "order by",
    "group by",
    "group all",
    "left join",
    "cross join",
    "on update",
    "partition by",
    "as of",
    "once by",
    "none first",
];

/// A file by its path in the folder of the grammar, with what it should hold.
pub struct Made {
    /// Its path.
    pub path: &'static str,
    /// Its text.
    pub text: String,
}

/// The folder of the grammar.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The files with lists of words.
pub fn words() -> io::Result<Vec<Made>> {
    let table = fs::read_to_string(folder().join("../../compiler/syntax/tokens.txt"))?;
    let of_class = |class: &str| -> Vec<&str> {
        table
            .lines()
            .filter_map(|line| line.split_once(' ').filter(|(c, _)| *c == class))
            .map(|(_, word)| word)
            .collect()
    };
    let (item, reserved, soft) = (of_class("item"), of_class("reserved"), of_class("soft"));
    let (pair, contextual) = (of_class("pair"), of_class("contextual"));
    for (part, whole) in [(&PREFIX[..], &soft), (&PLACED, &soft), (&SCANNED, &pair), (&CONTINUING, &pair)] {
        if let Some(word) = part.iter().find(|word| !whole.contains(word)) {
            return Err(io::Error::other(format!("`{word}` is no longer in the table of tokens")));
        }
    }
    let json = serde_json::json!({
        "item": item, "reserved": reserved, "soft": soft, "pair": pair, "contextual": contextual,
        "prefix": PREFIX, "placed": PLACED, "scanned": SCANNED,
    });
    let json = serde_json::to_string_pretty(&json)? + "\n";

    let name = |prefix: &str, word: &str| format!("{prefix}_{}", word.replace(' ', "_").to_uppercase());
    let items: Vec<&str> = item.iter().copied().chain(["fn"]).collect();
    let mut tokens = vec!["LINE_END".to_string(), "LABEL".to_string(), "ITEM_AHEAD".to_string()];
    tokens.extend(PREFIX.iter().chain(&PLACED).map(|word| name("SOFT", word)));
    tokens.extend(SCANNED.iter().map(|pair| name("PAIR", pair)));
    tokens.extend(items.iter().map(|word| name("ITEM", word)));
    tokens.push("ERROR_SENTINEL".to_string());
    let mut header = String::from("// Made by generate/ from the compiler's table of tokens. Not edited by hand.\n\n");
    header.push_str("enum TokenType {\n");
    for token in &tokens {
        writeln!(header, "  {token},").map_err(io::Error::other)?;
    }
    header.push_str("};\n\n");
    for (first, word) in [("SOFT", PREFIX[0]), ("ITEM", items[0])] {
        writeln!(header, "#define FIRST_{first} {}", name(first, word)).map_err(io::Error::other)?;
    }
    for (class, words) in [
        ("PREFIX", &PREFIX[..]),
        ("ITEM", &items),
        ("RESERVED", &reserved),
        ("SOFT", &soft),
        ("CONTEXTUAL", &contextual),
    ] {
        let words: String = words.iter().map(|word| format!("    \"{word}\",\n")).collect();
        write!(header, "\nstatic const char *const {class}_WORDS[] = {{\n{words}    0,\n}};\n")
            .map_err(io::Error::other)?;
    }
    header.push_str("\nstatic const struct Pair PAIRS[] = {\n");
    for pair_words in &pair {
        let parts: Vec<String> =
            pair_words.split(' ').map(|word| format!("\"{word}\"")).chain(["0".into()]).take(3).collect();
        let token = if SCANNED.contains(pair_words) { name("PAIR", pair_words) } else { "-1".to_string() };
        let continues = CONTINUING.contains(pair_words);
        writeln!(header, "    {{{{{}}}, {token}, {continues}}},", parts.join(", ")).map_err(io::Error::other)?;
    }
    header.push_str("    {{0, 0, 0}, -1, false},\n};\n");
    Ok(vec![Made { path: "words.json", text: json }, Made { path: "src/words.h", text: header }])
}

/// The grammar as data, from `grammar.js`; needs node.
#[allow(dead_code, reason = "the tests run without node")]
pub fn grammar() -> Result<Made, Box<dyn std::error::Error>> {
    Ok(Made { path: "src/grammar.json", text: load_grammar_file(&folder().join("grammar.js"), Some("node"))? })
}

/// The parser and what belongs to it, from `src/grammar.json`; `scratch` is an empty folder.
pub fn parser(scratch: &Path) -> Result<Vec<Made>, Box<dyn std::error::Error>> {
    let grammar = folder().join("src/grammar.json");
    let mut diagnostics = Vec::new();
    generate_parser_in_directory(
        folder(),
        Some(scratch),
        Some(grammar),
        ABI,
        None,
        None,
        true,
        OptLevel::default(),
        &mut diagnostics,
    )?;
    let paths = [
        ("src/parser.c", "parser.c"),
        ("src/node-types.json", "node-types.json"),
        ("src/tree_sitter/alloc.h", "tree_sitter/alloc.h"),
        ("src/tree_sitter/array.h", "tree_sitter/array.h"),
        ("src/tree_sitter/parser.h", "tree_sitter/parser.h"),
    ];
    paths.iter().map(|(path, made)| Ok(Made { path, text: fs::read_to_string(scratch.join(made))? })).collect()
}
