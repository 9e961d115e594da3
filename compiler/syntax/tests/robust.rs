//! Whatever the text, reading it ends quickly, without panic, and with an error wherever a tree has a hole.

mod common;

use common::{Random, mutate, programs};
use tenon_syntax::words::{TOKENS, TokenClass};
use tenon_syntax::{Parsed, items, parse_item};

/// Reads a file and checks what holds for every file.
fn read(file: &str) -> Vec<Parsed> {
    let items = items(file);
    let joined: String = items.iter().map(|item| item.text(file)).collect();
    assert_eq!(joined, file, "item texts do not join to the file");
    items.iter().map(|item| read_item(item.text(file))).collect()
}

fn read_item(text: &str) -> Parsed {
    let parsed = parse_item(text);
    let tree = format!("{:?}", parsed.item);
    let holes = tree.contains("kind: Error }")
        || tree.contains("kind: Error,")
        || tree.contains("broken: true")
        || tree.contains("name: None, optional");
    if parsed.errors.is_empty() {
        assert!(!holes, "a hole without an error in {text:?}");
        assert!(parsed.item.is_some() || parsed.tokens.tokens().is_empty(), "lost without an error: {text:?}");
    }
    for error in &parsed.errors {
        let ranges = std::iter::once(error.range)
            .chain(error.because.iter().map(|(range, _)| *range))
            .chain(error.fixes.iter().flat_map(|fix| fix.edits.iter().map(|(range, _)| *range)));
        for range in ranges {
            assert!(range.end as usize <= parsed.code.len(), "{error:?} lies outside of {text:?}");
            let place = parsed.place(range);
            assert!(text.get(place.start as usize..place.end as usize).is_some(), "{error:?} cuts a character");
        }
    }
    let mut rebuilt = String::new();
    for index in 0..parsed.tokens.tokens().len() {
        rebuilt += parsed.tokens.trivia_before(index).slice(text);
        rebuilt += parsed.tokens.token_place(index).slice(text);
        let token = parsed.tokens.tokens()[index];
        assert_eq!(token.range.slice(&parsed.code), parsed.tokens.token_place(index).slice(text));
    }
    rebuilt += parsed.tokens.trivia_before(parsed.tokens.tokens().len()).slice(text);
    assert_eq!(rebuilt, text, "tokens and trivia do not join to the text");
    parsed
}

/// A number of the environment: `TENON_SEED` is the first seed, `TENON_CASES` the number of cases of each kind.
fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn a_program_cut_at_any_byte_is_read() {
    let mut random = Random::new(1 + setting("TENON_SEED", 0));
    for (_, text) in programs() {
        for _ in 0..setting("TENON_CASES", 20) {
            let mut at = random.below(text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            read(&text[..at]);
            read(&text[at..]);
        }
    }
}

#[test]
fn mutated_programs_are_read() {
    let mut random = Random::new(2 + setting("TENON_SEED", 0));
    for (_, text) in programs() {
        for _ in 0..setting("TENON_CASES", 20) {
            read(&mutate(&text, &mut random));
        }
    }
}

#[test]
fn token_soup_is_read() {
    let mut random = Random::new(3 + setting("TENON_SEED", 0));
    let words: Vec<&str> = TOKENS
        .iter()
        .filter(|row| !matches!(row.class, TokenClass::Literal | TokenClass::Repair))
        .map(|row| row.spelling)
        .chain([
            "x",
            "Order",
            "1",
            "1.5",
            "2f",
            "30d",
            "\"a\"",
            "\"{",
            "\"\"\"",
            "}\"",
            "\n",
            "\n}",
            "'",
            "å",
            "\\",
            "// c\n",
            "r\"x\"",
            "@2026-11-20",
        ])
        .collect();
    for _ in 0..40 * setting("TENON_CASES", 20) {
        let mut soup =
            String::from(["", "fn f() {", "relation R {", "query q() { from x in X ", "policy P {"][random.below(5)]);
        for _ in 0..random.below(40) {
            soup += words[random.below(words.len())];
            soup += ["", " ", " ", "\n  "][random.below(4)];
        }
        read(&soup);
    }
}

#[test]
fn moving_an_item_changes_nothing_in_it() {
    for (_, text) in programs() {
        let before = read(&text);
        let moved = format!("// a new head\nfn before_all() -> Int {{\n  1\n}}\n{text}");
        let after = read(&moved);
        assert_eq!(before, after[after.len() - before.len()..]);
    }
}

#[test]
fn comments_and_white_space_change_no_tree() {
    for (_, text) in programs() {
        let commented = text.replace('\n', "   // a comment\n").replace("\"\"\"   // a comment", "\"\"\"");
        if text.contains("\"\"\"") || text.contains("///") {
            continue;
        }
        for (one, other) in read(&text).iter().zip(read(&commented)) {
            assert_eq!(one.item, other.item);
            assert_eq!(one.code, other.code);
        }
    }
}

#[test]
fn deep_nesting_is_one_error() {
    let deep = |open: &str, inner: &str, close: &str| {
        format!("fn f() -> Int {{\n  {}{inner}{}\n}}\n", open.repeat(10_000), close.repeat(10_000))
    };
    let texts = [
        deep("(", "1", ")"),
        deep("[", "1", "]"),
        deep("if a { ", "1", " } else { 2 }"),
        deep("f(", "1", ")"),
        deep("\"{", "1", "}\""),
        deep("-", "1", ""),
        deep("not ", "a", ""),
        deep("a + ", "1", ""),
        deep("a implies ", "b", ""),
        deep("x => ", "1", ""),
        deep("", "a", ".b"),
        deep("", "a", "(1)"),
        deep("", "a", "!"),
        deep("if a { b } else ", "{ c }", ""),
        deep("from x in a union ", "b", ""),
        deep("every x in a satisfies ", "b", ""),
        deep("match a { b => ", "1", " }"),
        format!("fn f(a: {}Int{}) {{ }}\n", "[".repeat(10_000), "]".repeat(10_000)),
        format!("fn f(a: {}Int) {{ }}\n", "fn() -> ".repeat(10_000)),
        format!("type T = {}\n", "A(x: ".repeat(10_000)),
        "{".repeat(10_000),
        "(".repeat(10_000),
        "\"{".repeat(10_000),
    ];
    for text in texts {
        let parsed = parse_item(&text);
        assert_eq!(parsed.errors.len(), 1, "{}: {:?}", &text[..40], parsed.errors.iter().take(3).collect::<Vec<_>>());
        assert!(parsed.item.is_none());
    }
}

#[test]
fn a_wide_item_is_no_deep_item() {
    let fields: String = (0..2_000).map(|n| format!("  f{n}: Int = (1 + 2) * 3\n")).collect();
    let lines: String = (0..2_000).map(|n| format!("  let a{n} = f(g({n}), [1, 2]).b.c + 1\n")).collect();
    let cases: String = (0..2_000).map(|n| format!(" | C{n}(x: Int)")).collect();
    let branches = "if a.b.c == 1 and d.e > 2 { f(1) } else ".repeat(300);
    let logic = "a.b.c(1) + 2 * 3 == 4 and ".repeat(150);
    let texts = [
        format!("relation R {{\n  key id: Id\n{fields}}}\n"),
        format!("fn f() {{\n{lines}}}\n"),
        format!("type T = A{cases}\n"),
        format!("fn f() {{\n  {branches}{{ 1 }}\n}}\n"),
        format!("fn f() {{\n  {logic} x\n}}\n"),
    ];
    for text in texts {
        let parsed = parse_item(&text);
        assert_eq!(parsed.errors, vec![]);
    }
}
