//! A program that is typed character by character, and one that is edited at random: every request answers at every
//! moment, and what is answered at the end is what a fresh start answers.

mod harness;

use std::path::Path;
use tenon_ide::hints::HintSettings;
use tenon_ide::{Analysis, FilePosition, FileRange, Ide};
use tenon_span::Range;

/// A generator of numbers that is the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        if end == 0 { 0 } else { (self.0 >> 33) as usize % end }
    }
}

fn program(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests").join(name);
    std::fs::read_to_string(path).expect("a program of the repository")
}

/// Asks everything at a place, and checks what holds of every answer.
fn ask(analysis: &Analysis, offset: u32) {
    let text = analysis.text("shop.tn").expect("the file");
    let position = FilePosition::new("shop.tn", offset);
    let inside = |range: Range| {
        assert!(text.get(range.start as usize..range.end as usize).is_some(), "{range:?} lies in the text");
    };
    analysis.diagnostics("shop.tn").iter().for_each(|found| inside(found.range));
    inside(analysis.completion(&position).range);
    if let Some(found) = analysis.hover(&position) {
        inside(found.range);
    }
    analysis.definition(&position);
    analysis.type_definition(&position);
    analysis.implementation(&position);
    analysis.references(&position, true);
    analysis.highlights(&position).iter().for_each(|found| inside(found.range));
    if let Some(help) = analysis.signature_help(&position) {
        let fits = |range: Range| help.label.get(range.start as usize..range.end as usize).is_some();
        assert!(help.parameters.iter().all(|param| fits(param.range)));
    }
    if let Ok(target) = analysis.prepare_rename(&position) {
        inside(target.place.range);
    }
    let whole = FileRange { file: String::from("shop.tn"), range: Range::new(0, text.len() as u32) };
    analysis.document_symbols("shop.tn");
    analysis.folding_ranges("shop.tn");
    analysis.selection_ranges(&position).iter().for_each(|range| inside(*range));
    analysis.semantic_tokens("shop.tn");
    analysis.inlay_hints(&whole, &HintSettings::default());
    analysis.code_actions(&FileRange { file: String::from("shop.tn"), range: Range::empty(offset) });
    analysis.document_links("shop.tn");
    analysis.format("shop.tn");
    analysis.prepare_hierarchy(&position);
}

fn answers_of_a_fresh_start(ide: &Ide, text: &str) {
    let fresh = harness::program([("shop.tn", text)]);
    let (old, new) = (ide.analysis(), fresh.analysis());
    assert_eq!(old.diagnostics("shop.tn"), new.diagnostics("shop.tn"));
    for offset in (0..text.len() as u32).step_by(97) {
        let position = FilePosition::new("shop.tn", offset);
        assert_eq!(old.completion(&position), new.completion(&position), "at {offset}");
        assert_eq!(old.hover(&position), new.hover(&position), "at {offset}");
        assert_eq!(old.definition(&position), new.definition(&position), "at {offset}");
        assert_eq!(old.references(&position, true), new.references(&position, true), "at {offset}");
    }
}

#[test]
fn a_program_is_typed() {
    let text = program("apps/shop/shop.tn");
    let mut ide = harness::program([]);
    let mut numbers = Numbers(1);
    let mut typed = 0;
    while typed < text.len() {
        // A few characters at a time; every request at a few places.
        typed = (typed + 1 + numbers.below(15)).min(text.len());
        while !text.is_char_boundary(typed) {
            typed += 1;
        }
        ide.set_file("shop.tn", &text[..typed]);
        let analysis = ide.analysis();
        analysis.diagnostics("shop.tn");
        analysis.completion(&FilePosition::new("shop.tn", typed as u32));
        if numbers.below(12) == 0 {
            ask(&analysis, typed as u32);
            ask(&analysis, numbers.below(typed + 1) as u32);
        }
    }
    answers_of_a_fresh_start(&ide, &text);
}

#[test]
fn a_program_is_edited_at_random() {
    const PIECES: &[&str] = &[
        "(",
        ")",
        "{",
        "}",
        "\n",
        "\nfn f() {",
        "\nrelation R {",
        "from x in ",
        " select ",
        ".",
        "?.",
        "\"",
        "{x}",
        "å",
        "// c",
        "=> ",
        "match x {",
        "else ",
        "set ",
        "|",
        "insert ",
        "update p set stock = ",
        "1h30min",
        "@2026-",
        "group by ",
        ",",
    ];
    let mut numbers = Numbers(7);
    for name in ["apps/shop/shop.tn", "programs/lending.tn", "programs/chat.tn"] {
        let mut text = program(name);
        let mut ide = harness::program([("shop.tn", text.as_str())]);
        for _ in 0..25 {
            let floor = |text: &str, mut at: usize| {
                at = at.min(text.len());
                while !text.is_char_boundary(at) {
                    at -= 1;
                }
                at
            };
            let at = floor(&text, numbers.below(text.len() + 1));
            let end = floor(&text, at + numbers.below(6) * numbers.below(8));
            text.replace_range(at..end.max(at), PIECES[numbers.below(PIECES.len())]);
            ide.set_file("shop.tn", &text);
            let analysis = ide.analysis();
            ask(&analysis, at as u32);
            ask(&analysis, numbers.below(text.len() + 1) as u32);
        }
        answers_of_a_fresh_start(&ide, &text);
    }
}
