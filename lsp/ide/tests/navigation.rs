//! From a name to its declaration, its type, where it is made, and its uses.

mod harness;

use std::fmt::Write;
use tenon_ide::{Analysis, NavigationTarget};

fn targets(analysis: &Analysis, title: &str, found: &[NavigationTarget]) -> String {
    let mut out = String::new();
    for target in found {
        let focus = harness::place(analysis, &target.file, target.focus);
        let full = harness::place(analysis, &target.file, target.full);
        let kind = format!("{:?}", target.kind).to_lowercase();
        let of = target.container.as_ref().map(|of| format!(" of {of}")).unwrap_or_default();
        writeln!(out, "{title} {focus} {kind}{of} in {full}").expect("a string");
    }
    if found.is_empty() {
        writeln!(out, "{title} nothing").expect("a string");
    }
    out
}

#[test]
fn names_lead_to_what_declares_them() {
    harness::run("definition", |case, analysis| {
        let mut out = String::new();
        for mark in &case.marks {
            out.push_str(&targets(analysis, "definition", &analysis.definition(mark)));
            out.push_str(&targets(analysis, "type", &analysis.type_definition(mark)));
            out.push_str(&targets(analysis, "made", &analysis.implementation(mark)));
        }
        out
    });
}

#[test]
fn uses_are_found() {
    harness::run("references", |case, analysis| {
        let mut out = String::new();
        for mark in &case.marks {
            for found in analysis.references(mark, true) {
                let at = harness::place(analysis, &found.place.file, found.place.range);
                writeln!(out, "{at} {:?} in {}", found.access, found.item).expect("a string");
            }
            let mut here: Vec<_> = analysis
                .references(mark, true)
                .into_iter()
                .filter(|found| found.place.file == mark.file)
                .map(|found| (found.place.range, found.access))
                .collect();
            here.sort();
            let lit: Vec<_> = analysis.highlights(mark).into_iter().map(|found| (found.range, found.access)).collect();
            assert_eq!(here, lit, "highlights are the references of the file");
        }
        out
    });
}

#[test]
fn things_are_explained() {
    harness::run("hover", |case, analysis| {
        let mut out = String::new();
        for mark in &case.marks {
            match analysis.hover(mark) {
                Some(hover) => {
                    writeln!(out, "{}", harness::place(analysis, &mark.file, hover.range)).expect("a string");
                    writeln!(out, "{}", hover.markup.0).expect("a string");
                }
                None => writeln!(out, "nothing").expect("a string"),
            }
        }
        out
    });
}

#[test]
fn calls_say_what_they_take() {
    harness::run("signature", |case, analysis| {
        let mut out = String::new();
        for mark in &case.marks {
            match analysis.signature_help(mark) {
                Some(help) => {
                    writeln!(out, "{}", help.label).expect("a string");
                    let active = help.active.and_then(|at| help.parameters.get(at as usize));
                    let at = active.map_or("nothing", |param| param.range.slice(&help.label));
                    writeln!(out, "  at {at}").expect("a string");
                    if let Some(doc) = help.documentation {
                        writeln!(out, "  {}", doc.0).expect("a string");
                    }
                }
                None => writeln!(out, "nothing").expect("a string"),
            }
        }
        out
    });
}
