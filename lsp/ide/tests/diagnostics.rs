//! What is wrong with a file, and that all files together say what the check of the program says.

mod harness;

use std::fmt::Write;
use tenon_check::program::check;
use tenon_core::lower::{CheckedProgram, lower};
use tenon_ide::{Analysis, Ide, Remains};

fn show(analysis: &Analysis, file: &str) -> String {
    let mut out = String::new();
    for found in analysis.diagnostics(file) {
        let at = harness::place(analysis, file, found.range);
        let severity = format!("{:?}", found.severity).to_lowercase();
        writeln!(out, "{at} {severity} {} {}: {}", found.code, found.name, found.message).expect("a string");
        for related in &found.related {
            let at = harness::place(analysis, &related.place.file, related.place.range);
            writeln!(out, "  {at} {}", related.message).expect("a string");
        }
        for fix in &found.fixes {
            writeln!(out, "  fix: {}", fix.title).expect("a string");
            for edits in &fix.edit.files {
                for edit in &edits.edits {
                    let at = harness::place(analysis, &edits.file, edit.range);
                    writeln!(out, "    {at} -> `{}`", edit.text).expect("a string");
                }
            }
        }
    }
    out
}

#[test]
fn each_file_has_its_messages() {
    harness::run("diagnostics", |case, analysis| {
        let mut out = String::new();
        let mut codes = Vec::new();
        for (file, _) in &case.files {
            out.push_str(&show(analysis, file));
            codes.extend(analysis.diagnostics(file).into_iter().map(|found| (file.clone(), found.code)));
        }
        let db = analysis.database();
        let whole: Vec<_> =
            check(db).iter().map(|d| (d.primary.location.file.to_string(), d.code.to_string())).collect();
        let mut sorted = codes;
        sorted.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(sorted, whole);
        out
    });
}

#[test]
fn what_lowering_refuses_stands_with_the_rest() {
    harness::run("refused", |case, analysis| {
        let all = || case.files.iter().map(|(file, _)| show(analysis, file)).collect::<String>();
        let before = all();
        let found = analysis.find_refused(&mut Remains::default());
        let after = all();
        assert_eq!(after.lines().count() == before.lines().count(), found.is_empty(), "{after}");
        // What `tenon check` says.
        if analysis.is_sound() {
            let checked = CheckedProgram::new(analysis.database());
            let refused = lower(&checked, &checked.settings()).err().unwrap_or_default();
            let refused: Vec<_> = refused.iter().map(|error| error.diagnostic(&checked)).collect();
            assert_eq!(found.to_vec(), refused);
        }
        after
    });
}

#[test]
fn what_was_refused_stays_with_its_item_until_it_is_looked_for_again() {
    const LUCKY: &str = "query lucky() -> [Int] {\n  from n in [1, 2]\n  where n > chance()\n}\n";
    let text = |chance: &str, lucky: &str| format!("{chance}{lucky}");
    let chance = "fn chance() -> Int {\n  random_int(1, 6)\n}\n";
    let mut ide = harness::program([("shop.tn", text(chance, LUCKY).as_str())]);
    let now = |ide: &Ide| show(&ide.analysis(), "shop.tn");
    assert_eq!(now(&ide), "");
    ide.analysis().find_refused(&mut Remains::default());
    let told = now(&ide);
    assert!(told.contains("T0001"), "{told}");
    // Further down, with another sign in its item: where it was said of.
    ide.set_file("shop.tn", &format!("// two\n// lines\n{}", text(chance, LUCKY)));
    let line = |told: &str| told.split(':').next().and_then(|line| line.parse::<u32>().ok());
    assert_eq!(line(&now(&ide)), line(&told).map(|line| line + 2));
    // What goes is told of no more, and what is mended is until somebody looks.
    ide.set_file("shop.tn", LUCKY);
    assert!(!now(&ide).contains("T0001"));
    ide.set_file("shop.tn", &text("fn chance() -> Int {\n  4\n}\n", LUCKY));
    assert!(now(&ide).contains("T0001"));
    assert!(ide.analysis().find_refused(&mut Remains::default()).is_empty());
    assert_eq!(now(&ide), "");
}

#[test]
fn answers_are_json() {
    let ide = harness::program([("shop.tn", "fn f() -> Int { tru }\n")]);
    let found = ide.analysis().diagnostics("shop.tn");
    let json = serde_json::to_value(&found).expect("plain data");
    assert_eq!(json[0]["severity"], "error");
    assert_eq!(json[0]["range"]["start"], 16);
    assert!(ide.analysis().diagnostics("no.tn").is_empty());
}
