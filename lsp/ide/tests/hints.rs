//! What the checker inferred, shown in the text.

mod harness;

use std::fmt::Write;
use tenon_ide::FileRange;
use tenon_ide::hints::{HintKind, HintSettings};
use tenon_span::Range;

#[test]
fn hints_stand_in_the_text() {
    harness::run("hints", |_, analysis| {
        let text = analysis.text("shop.tn").expect("a file");
        let range = FileRange { file: "shop.tn".into(), range: Range::new(0, text.len() as u32) };
        let mut out = String::new();
        let mut from = 0;
        for hint in analysis.inlay_hints(&range, &HintSettings::default()) {
            out.push_str(Range::new(from, hint.offset).slice(&text));
            let (left, right) = (if hint.padding_left { " " } else { "" }, if hint.padding_right { " " } else { "" });
            write!(out, "{left}⟨").expect("a string");
            for part in &hint.parts {
                match &part.target {
                    Some(target) => {
                        let at = harness::place(analysis, &target.file, target.range);
                        let (line, _) = at.split_once(" `").expect("a place");
                        write!(out, "{}@{line}", part.text).expect("a string");
                    }
                    None => out.push_str(&part.text),
                }
            }
            write!(out, "⟩{right}").expect("a string");
            from = hint.offset;
        }
        out.push_str(Range::new(from, text.len() as u32).slice(&text));
        // Only lines with a hint.
        out.lines().filter(|line| line.contains('⟨')).fold(String::new(), |mut all, line| {
            writeln!(all, "{line}").expect("a string");
            all
        })
    });
}

const PROGRAM: &str = "relation A { key id: Id; n: Int }
fn g(a: Int, b: Int) -> Int { a + b }
query q() { from a in A where a.n > g(1, 2) select (a.n, many: [1].map(x => x + 1)) }
handler h() -> _ { let all = A.length; insert A(n: all); all }
";

#[test]
fn each_kind_can_be_switched_off() {
    let ide = harness::program([("shop.tn", PROGRAM)]);
    let analysis = ide.analysis();
    let range = FileRange { file: "shop.tn".into(), range: Range::new(0, PROGRAM.len() as u32) };
    let all = HintSettings::default();
    let kinds = |settings: &HintSettings| {
        let mut kinds: Vec<HintKind> = analysis.inlay_hints(&range, settings).iter().map(|hint| hint.kind).collect();
        kinds.sort();
        kinds.dedup();
        kinds
    };
    let off = [
        (HintKind::Binding, HintSettings { bindings: false, ..all.clone() }),
        (HintKind::LambdaParameter, HintSettings { lambda_parameters: false, ..all.clone() }),
        (HintKind::QueryRow, HintSettings { query_rows: false, ..all.clone() }),
        (HintKind::Result, HintSettings { results: false, ..all.clone() }),
        (HintKind::Argument, HintSettings { arguments: false, ..all.clone() }),
        (HintKind::Effects, HintSettings { effects: false, ..all.clone() }),
    ];
    let shown = kinds(&all);
    for (kind, settings) in off {
        assert!(shown.contains(&kind), "{kind:?} is not shown at all");
        assert!(!kinds(&settings).contains(&kind), "{kind:?} is not switched off");
    }
}

#[test]
fn what_a_hint_writes_checks() {
    let ide = harness::program([("shop.tn", PROGRAM)]);
    let analysis = ide.analysis();
    let range = FileRange { file: "shop.tn".into(), range: Range::new(0, PROGRAM.len() as u32) };
    let edits = analysis.inlay_hints(&range, &HintSettings::default()).into_iter().filter_map(|hint| hint.edit);
    let edits: Vec<_> = edits.collect();
    assert!(edits.len() >= 3, "{edits:?}");
    let after = tenon_ide::FileEdits { file: "shop.tn".into(), edits }.apply(PROGRAM);
    let again = harness::program([("shop.tn", after.as_str())]);
    assert_eq!(again.analysis().diagnostics("shop.tn"), [], "{after}");
}

#[test]
fn a_far_brace_says_what_it_closes() {
    let lines: String = (0..30).map(|n| format!("  let x{n} = {n}\n")).collect();
    let text = format!("fn long() {{\n{lines}}}\nfn short() {{\n}}\n");
    let ide = harness::program([("shop.tn", text.as_str())]);
    let range = FileRange { file: "shop.tn".into(), range: Range::new(0, text.len() as u32) };
    let of = |settings: &HintSettings| {
        let hints = ide.analysis().inlay_hints(&range, settings);
        let closing = hints.iter().filter(|hint| hint.kind == HintKind::Closing);
        closing
            .map(|hint| (hint.text(), &text[..hint.offset as usize]))
            .map(|(text, before)| (text, before.ends_with("\n}")))
            .collect::<Vec<_>>()
    };
    assert_eq!(of(&HintSettings::default()), [(String::from("fn long"), true)]);
    assert_eq!(of(&HintSettings { closing_lines: 0, ..HintSettings::default() }), []);
}
