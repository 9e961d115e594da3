//! What is wrong with a file, and that all files together say what the check of the program says.

mod harness;

use std::fmt::Write;
use tenon_check::program::check;
use tenon_ide::Analysis;

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
fn answers_are_json() {
    let ide = harness::program([("shop.tn", "fn f() -> Int { tru }\n")]);
    let found = ide.analysis().diagnostics("shop.tn");
    let json = serde_json::to_value(&found).expect("plain data");
    assert_eq!(json[0]["severity"], "error");
    assert_eq!(json[0]["range"]["start"], 16);
    assert!(ide.analysis().diagnostics("no.tn").is_empty());
}
