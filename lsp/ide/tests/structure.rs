//! What follows from the shape of a file: outline, folds, growing selections, links, formatting.

mod harness;

use harness::{Case, place};
use std::fmt::Write;
use tenon_ide::symbols::DocumentSymbol;
use tenon_ide::{Analysis, FileEdits, FileRange};

fn outline(analysis: &Analysis, symbols: &[DocumentSymbol], depth: usize, out: &mut String) {
    for symbol in symbols {
        let kind = format!("{:?}", symbol.kind).to_lowercase();
        let at = place(analysis, "shop.tn", symbol.focus);
        let detail = if symbol.detail.is_empty() { String::new() } else { format!(" ({})", symbol.detail) };
        writeln!(out, "{}{kind} {}{detail} at {at}", "  ".repeat(depth), symbol.name).expect("a string");
        assert!(symbol.full.start <= symbol.focus.start && symbol.focus.end <= symbol.full.end, "{}", symbol.name);
        outline(analysis, &symbol.children, depth + 1, out);
    }
}

#[test]
fn the_outline_of_a_file() {
    harness::run("symbols", |_, analysis| {
        let mut out = String::new();
        outline(analysis, &analysis.document_symbols("shop.tn"), 0, &mut out);
        out
    });
}

#[test]
fn symbols_are_found_anywhere() {
    harness::run("workspace_symbols", |case, analysis| {
        let mut out = String::new();
        for found in analysis.workspace_symbols(&case.title, 8) {
            let kind = format!("{:?}", found.kind).to_lowercase();
            let of = found.container.as_ref().map(|of| format!(" of {of}")).unwrap_or_default();
            let at = place(analysis, &found.file, found.focus);
            writeln!(out, "{kind} {}{of} at {at}", found.name).expect("a string");
        }
        out
    });
}

#[test]
fn folds() {
    harness::run("folding", |_, analysis| {
        let mut out = String::new();
        for fold in analysis.folding_ranges("shop.tn") {
            let kind = format!("{:?}", fold.kind).to_lowercase();
            let text = analysis.text("shop.tn").expect("a file");
            let hidden = fold.range.slice(&text).trim().lines().next().unwrap_or("").to_owned();
            writeln!(out, "{kind} {}-{} `{hidden}`", fold.first_line + 1, fold.last_line + 1).expect("a string");
        }
        out
    });
}

#[test]
fn selections_grow() {
    harness::run("selection", |case, analysis| {
        let mut out = String::new();
        let text = analysis.text("shop.tn").expect("a file");
        for range in analysis.selection_ranges(case.cursor()) {
            writeln!(out, "{}", range.slice(&text).replace('\n', "⏎")).expect("a string");
        }
        out
    });
}

#[test]
fn links_lead_somewhere() {
    harness::run("links", |_, analysis| {
        let mut out = String::new();
        for link in analysis.document_links("shop.tn") {
            writeln!(out, "{} {:?}", place(analysis, "shop.tn", link.range), link.target).expect("a string");
        }
        out
    });
}

/// The titles begin with what is asked: `whole`, `range`, `brace` or `newline`.
fn formatted(case: &Case, analysis: &Analysis) -> String {
    let edits = match case.title.split_once(' ').map(|(word, _)| word) {
        Some("whole") => analysis.format("shop.tn"),
        Some("range") => analysis.format_range(&case.selection()),
        Some("brace") => analysis.format_on_type(case.cursor(), '}'),
        Some("newline") => analysis.format_on_type(case.cursor(), '\n'),
        other => panic!("what is {other:?}?"),
    };
    let text = analysis.text("shop.tn").expect("a file");
    let mut out = String::new();
    for edit in &edits {
        writeln!(out, "edit {} -> {:?}", place(analysis, "shop.tn", edit.range), edit.text).expect("a string");
    }
    let after = FileEdits { file: "shop.tn".into(), edits }.apply(&text);
    if after != *text {
        out.push_str(&after);
    }
    out
}

#[test]
fn formatting_changes_what_it_should() {
    harness::run("formatting", formatted);
}

#[test]
fn formatting_a_file_is_what_the_formatter_does() {
    let program = "relation  A{key id: Id\n x:Int}\n\n\n\nfn f( a : Int)->Int{a+1}\n// tail\n";
    let ide = harness::program([("shop.tn", program)]);
    let analysis = ide.analysis();
    let edits = FileEdits { file: "shop.tn".into(), edits: analysis.format("shop.tn") };
    let after = edits.apply(program);
    assert_eq!(after, tenon_syntax::format(program).text);
    let whole = FileRange { file: "shop.tn".into(), range: tenon_span::Range::new(0, program.len() as u32) };
    assert!(!analysis.format_range(&whole).is_empty());
    assert!(analysis.format("no.tn").is_empty());
}
