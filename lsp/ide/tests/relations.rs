//! Who calls, reads and writes what: the hierarchy and the lenses.

mod harness;

use harness::place;
use std::fmt::Write;
use tenon_ide::Analysis;
use tenon_ide::hierarchy::HierarchyEdge;
use tenon_ide::lenses::{LensCommand, LensSettings, RowLenses};

fn edges(analysis: &Analysis, word: &str, of: Option<&str>, edges: &[HierarchyEdge], out: &mut String) {
    for edge in edges {
        let kinds: Vec<String> = edge.kinds.iter().map(|kind| format!("{kind:?}").to_lowercase()).collect();
        let file = of.unwrap_or(&edge.node.file);
        let places: Vec<String> = edge.ranges.iter().map(|range| place(analysis, file, *range)).collect();
        writeln!(out, "  {word} {} {} at {}", edge.node.name, kinds.join("+"), places.join(", ")).expect("a string");
    }
}

#[test]
fn calls_reads_and_writes_are_edges() {
    harness::run("hierarchy", |case, analysis| {
        let mut out = String::new();
        for node in analysis.prepare_hierarchy(case.cursor()) {
            let kind = format!("{:?}", node.kind).to_lowercase();
            writeln!(out, "{kind} {} at {}", node.name, place(analysis, &node.file, node.focus)).expect("a string");
            edges(analysis, "from", None, &analysis.incoming(&node.key), &mut out);
            edges(analysis, "to", Some(&node.file), &analysis.outgoing(&node.key), &mut out);
        }
        out
    });
}

#[test]
fn lenses_stand_above_declarations() {
    harness::run("lenses", |case, analysis| {
        let rows = |relation: &str| (relation == "Order").then_some(3);
        let settings = match case.title.as_str() {
            "all of them" => {
                LensSettings { fields: true, calls: true, rows: RowLenses::Counted(&rows), ..LensSettings::default() }
            }
            "rows of which nobody knows the number" => {
                LensSettings { rows: RowLenses::Uncounted, relations: false, ..LensSettings::default() }
            }
            _ => LensSettings::default(),
        };
        let mut out = String::new();
        for lens in analysis.code_lenses("shop.tn", &settings) {
            let command = match &lens.command {
                LensCommand::Run { runnable } => format!("{runnable:?}"),
                LensCommand::Show { places } => {
                    let places: Vec<String> = places.iter().map(|of| place(analysis, &of.file, of.range)).collect();
                    places.join(", ")
                }
                LensCommand::Rows { relation } => format!("rows of {relation}"),
            };
            let command = command.replace("\n", " ");
            writeln!(out, "{}: {} => {command}", place(analysis, "shop.tn", lens.range), lens.title).expect("a string");
        }
        out
    });
}
