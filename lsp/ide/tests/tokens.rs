//! What each word of a file is.

mod harness;

use std::fmt::Write;
use tenon_ide::FileRange;
use tenon_ide::tokens::{RelativeToken, SemanticToken, TOKEN_MODIFIERS, TOKEN_TYPES, delta, relative};
use tenon_span::Range;

fn show(text: &str, tokens: &[SemanticToken]) -> String {
    let mut out = String::new();
    let mut line_of = 0;
    for token in tokens {
        let line = text[..token.range.start as usize].matches('\n').count();
        if line != line_of && !out.is_empty() {
            out.push('\n');
        }
        line_of = line;
        let kind = TOKEN_TYPES[token.kind as usize];
        let modifiers: String = TOKEN_MODIFIERS
            .iter()
            .enumerate()
            .filter(|(n, _)| token.modifiers & (1 << n) != 0)
            .map(|(_, name)| format!(".{name}"))
            .collect();
        let word = token.range.slice(text);
        if !matches!(kind, "operator" | "keyword") {
            write!(out, "{word} {kind}{modifiers}; ").expect("a string");
        } else if kind == "keyword" {
            write!(out, "{word}; ").expect("a string");
        }
    }
    out.lines().fold(String::new(), |all, line| all + line.trim_end() + "\n")
}

#[test]
fn words_are_what_they_are() {
    harness::run("tokens", |_, analysis| {
        let text = analysis.text("shop.tn").expect("a file");
        let tokens = analysis.semantic_tokens("shop.tn");
        for pair in tokens.windows(2) {
            assert!(pair[0].range.end <= pair[1].range.start, "tokens overlap: {pair:?}");
        }
        show(&text, &tokens)
    });
}

const PROGRAM: &str = "relation A { key id: Id; å: Int }\n\nfn f(a: Int) -> Text { \"𝄞{a}\" }\nfn g() -> Int { 1 }\n";

#[test]
fn tokens_of_a_range_are_those_of_the_file() {
    let ide = harness::program([("shop.tn", PROGRAM)]);
    let analysis = ide.analysis();
    let all = analysis.semantic_tokens("shop.tn");
    for (start, end) in [(0, 10), (40, 60), (5, 5), (70, 90)] {
        let range = Range::new(start, end);
        let some = analysis.semantic_tokens_in(&FileRange { file: "shop.tn".into(), range });
        let touching = |token: &&SemanticToken| token.range.start <= end && start <= token.range.end;
        assert_eq!(some, all.iter().filter(touching).copied().collect::<Vec<_>>());
    }
}

#[test]
fn distances_lead_back_to_the_places() {
    let ide = harness::program([("shop.tn", PROGRAM)]);
    let tokens = ide.analysis().semantic_tokens("shop.tn");
    let lines: Vec<&str> = PROGRAM.lines().collect();
    for wide in [false, true] {
        let (mut line, mut column) = (0, 0);
        for (token, at) in tokens.iter().zip(relative(PROGRAM, &tokens, wide)) {
            column = if at.lines == 0 { column + at.columns } else { at.columns };
            line += at.lines;
            let units: Vec<u16> = lines[line as usize].encode_utf16().collect();
            let (start, end) = (column as usize, (column + at.length) as usize);
            let word = match wide {
                true => String::from_utf16(&units[start..end]).expect("whole characters"),
                false => lines[line as usize][start..end].to_owned(),
            };
            assert_eq!(word, token.range.slice(PROGRAM));
        }
    }
}

#[test]
fn a_difference_is_small_and_leads_to_the_new_tokens() {
    let edited = PROGRAM.replace("fn g() -> Int { 1 }", "fn g() -> Int { 1 + 2 }");
    let tokens = |text: &str| -> Vec<RelativeToken> {
        let ide = harness::program([("shop.tn", text)]);
        relative(text, &ide.analysis().semantic_tokens("shop.tn"), true)
    };
    let (old, new) = (tokens(PROGRAM), tokens(&edited));
    let change = delta(&old, &new);
    let mut again = old.clone();
    again.splice(change.start..change.start + change.removed, change.added.iter().copied());
    assert_eq!(again, new);
    assert!(change.removed == 0 && change.added.len() == 2, "{change:?}");
    let none = delta(&old, &old);
    assert!(none.removed == 0 && none.added.is_empty());
}
