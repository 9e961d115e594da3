//! Code actions: what is offered, what it makes of the text, and that the text checks and keeps the one style.

mod harness;

use harness::Case;
use std::fmt::Write;
use tenon_ide::actions::CodeAction;
use tenon_ide::diagnostics::Severity;
use tenon_ide::{Analysis, FileRange};

/// The files after an action.
fn after(case: &Case, action: &CodeAction) -> Vec<(String, String)> {
    let changed = |path: &str, text: &str| {
        let edits = action.edit.files.iter().find(|of| of.file == path);
        edits.map_or_else(|| text.to_owned(), |edits| edits.apply(text))
    };
    case.files.iter().map(|(path, text)| (path.clone(), changed(path, text))).collect()
}

fn errors(analysis: &Analysis) -> Vec<String> {
    let files = analysis.files();
    let all = files.iter().flat_map(|file| analysis.diagnostics(file));
    all.filter(|found| found.severity == Severity::Error)
        .map(|found| format!("{} {}", found.code, found.message))
        .collect()
}

fn in_style(text: &str) -> bool {
    tenon_syntax::format(text).text == text
}

/// A title is the id of an action and more words, or `offered` for what there is.
fn answer(case: &Case, analysis: &Analysis) -> String {
    let actions = analysis.code_actions(&case.selection());
    let mut out = String::new();
    let (id, _) = case.title.split_once(' ').unwrap_or((&case.title, ""));
    if id == "offered" {
        for action in &actions {
            let kind = format!("{:?}", action.kind).to_lowercase();
            let mends: Vec<&str> = action.mends.iter().map(|(code, _)| code.as_str()).collect();
            let preferred = if action.preferred { " preferred" } else { "" };
            writeln!(out, "{kind} {}: {}{preferred} {}", action.id, action.title, mends.join(" ")).expect("a string");
        }
        return out;
    }
    for action in &actions {
        let known = tenon_ide::actions::ACTIONS.iter().any(|(id, _)| *id == action.id);
        assert!(known, "{} is not in the table of actions", action.id);
    }
    let found: Vec<&CodeAction> = actions.iter().filter(|action| action.id == id).collect();
    let before = errors(analysis);
    for action in found {
        writeln!(out, "{}", action.title).expect("a string");
        let files = after(case, action);
        let again = harness::program(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        let again = again.analysis();
        for (path, text) in &files {
            let old = case.files.iter().find(|(other, _)| other == path).map(|(_, text)| text);
            if old == Some(text) {
                continue;
            }
            if path != "shop.tn" {
                writeln!(out, "=== {path}").expect("a string");
            }
            // Only the lines that are new, and the one before them.
            let old: Vec<&str> = old.map(|text| text.lines().collect()).unwrap_or_default();
            let new: Vec<&str> = text.lines().collect();
            let start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
            let end = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
            let end = end.min(new.len() - start);
            for line in &new[start.saturating_sub(1)..(new.len() - end + 1).min(new.len())] {
                writeln!(out, "| {line}").expect("a string");
            }
            if old.iter().map(|line| format!("{line}\n")).collect::<String>().as_str()
                == tenon_syntax::format(&old.iter().map(|line| format!("{line}\n")).collect::<String>()).text
            {
                assert!(in_style(text), "{}: {} leaves the one style:\n{text}", case.title, action.title);
            }
        }
        if let Some(FileRange { file, range }) = &action.select {
            let (_, text) = files.iter().find(|(path, _)| path == file).expect("the file of what is selected");
            writeln!(out, "selects `{}`", range.slice(text)).expect("a string");
        }
        let new: Vec<String> = errors(&again).into_iter().filter(|error| !before.contains(error)).collect();
        assert!(new.is_empty(), "{}: {} makes new errors {new:?} in\n{}", case.title, action.title, files[0].1);
        if !action.mends.is_empty() && action.id != "fix-all" {
            let left = errors(&again).len();
            assert!(left < before.len() || before.is_empty(), "{}: {} mends nothing", case.title, action.title);
        }
    }
    out
}

#[test]
fn actions_do_what_they_say() {
    harness::run("actions", answer);
}

/// Each action has a case of its own, and is told in the page about the editor, as each token is.
#[test]
fn every_action_is_tried_and_told() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
    let page = std::fs::read_to_string(root).expect("the page");
    let cases: String = ["fixes", "generate", "move", "rewrite"]
        .iter()
        .map(|file| format!("{}/tests/data/actions/{file}.tn", env!("CARGO_MANIFEST_DIR")))
        .map(|path| std::fs::read_to_string(path).expect("the cases"))
        .collect();
    for (id, what) in tenon_ide::actions::ACTIONS {
        assert!(page.contains(&format!("| `{id}` | {what} |")), "{id} is not told");
        assert!(cases.contains(&format!("\n//// {id}")), "{id} has no case");
    }
    for name in tenon_ide::tokens::TOKEN_TYPES.iter().chain(tenon_ide::tokens::TOKEN_MODIFIERS) {
        assert!(page.contains(&format!("| `{name}` | ")), "{name} is not told");
    }
}

#[test]
fn all_that_is_certain_is_mended_at_once() {
    let program = "fn f(a: Int) -> Bool { a === 1 && a <> 2 }\n";
    let ide = harness::program([("shop.tn", program)]);
    let action = ide.analysis().fix_all("shop.tn").expect("something to mend");
    let text = action.edit.files[0].apply(program);
    assert_eq!(text, "fn f(a: Int) -> Bool { a == 1 and a != 2 }\n");
    assert!(ide.analysis().fix_all("no.tn").is_none());
}

#[test]
fn uses_are_put_in_order() {
    let program = "// The shop.\nuse tenon.text\nuse shop.billing { quote, Invoice }\nuse shop.unused { Thing }\n// More.\nuse shop.billing { Payer }\n\nrelation Order { key id: Id; invoice: Invoice; payer: Payer }\n";
    let billing = "relation Invoice { key id: Id }\nrelation Payer { key id: Id }\nfn quote() -> Int { 1 }\n";
    let files = [("billing/invoice.tn", billing), ("shop.tn", program), ("unused/thing.tn", "type Thing = Int\n")];
    let ide = harness::program(files);
    let action = ide.analysis().organize_uses("shop.tn").expect("something to do");
    let text = action.edit.files[0].apply(program);
    let expected = "// The shop.\nuse shop.billing { Invoice, Payer }\n// More.\n\nrelation Order { key id: Id; invoice: Invoice; payer: Payer }\n";
    assert_eq!(text, expected);
    let again = harness::program([files[0], ("shop.tn", text.as_str()), files[2]]);
    assert!(again.analysis().organize_uses("shop.tn").is_none());
    assert_eq!(again.analysis().diagnostics("shop.tn"), []);
    // What cannot be read may use what it does not seem to.
    let broken = harness::program([files[0], ("shop.tn", "use shop.billing { quote }\nfn f( {\n")]);
    assert!(broken.analysis().organize_uses("shop.tn").is_none());
}

/// The programs of the pages of all codes, and of the checker's messages.
fn wrong_programs() -> Vec<(String, String)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    let read = |folder: &str, extension: &str| -> Vec<(String, String)> {
        let mut all: Vec<(String, String)> = std::fs::read_dir(root.join(folder))
            .expect("a folder")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.extension().is_some_and(|of| of == extension))
            .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).expect("a text")))
            .collect();
        all.sort();
        all
    };
    for (name, page) in read("compiler/diagnostics/pages", "md") {
        for piece in page.split("```tenon bad\n").skip(1) {
            found.push((name.clone(), piece.split("```").next().unwrap_or("").to_owned()));
        }
    }
    for (name, cases) in read("compiler/check/tests/messages", "tn") {
        for case in cases.split("//// ").skip(1).filter(|case| !case.contains("\n//// file")) {
            let (title, text) = case.split_once('\n').expect("a title");
            let text: String =
                text.lines().filter(|line| !line.starts_with("//>")).map(|line| format!("{line}\n")).collect();
            found.push((format!("{name}: {title}"), text));
        }
    }
    assert!(found.len() > 200, "the programs were not found");
    found
}

/// Every fix of every diagnostic that is known to come up: it mends what it is offered for.
#[test]
fn every_fix_mends_its_diagnostic() {
    // What these write is to be filled in by hand, or stands at a place that is guessed: where a bracket was forgotten,
    // the last place at which it can stand is not always the right one.
    let open = ["add one", "add a generated key", "add `)`"];
    let mut tried = 0;
    let mut failures = Vec::new();
    for (name, text) in wrong_programs() {
        let mut ide = harness::program([("shop.tn", text.as_str())]);
        let before = ide.analysis().diagnostics("shop.tn");
        for diagnostic in before.iter().filter(|found| !found.fixes.is_empty()) {
            let range = FileRange { file: "shop.tn".into(), range: diagnostic.range };
            let actions = ide.analysis().code_actions(&range);
            for action in actions.iter().filter(|action| ["fix", "fill-fields"].contains(&action.id)) {
                if !action.mends.iter().any(|(code, of)| *code == diagnostic.code && *of == diagnostic.range)
                    || open.contains(&action.title.as_str())
                {
                    continue;
                }
                tried += 1;
                let edits = &action.edit.files[0];
                ide.set_file("shop.tn", &edits.apply(&text));
                let after = ide.analysis().diagnostics("shop.tn");
                let same = |all: &[tenon_ide::diagnostics::Diagnostic]| {
                    all.iter().filter(|of| of.code == diagnostic.code && of.message == diagnostic.message).count()
                };
                if same(&after) >= same(&before) || after.len() > before.len() {
                    let now: Vec<&str> = after.iter().map(|of| of.message.as_str()).collect();
                    failures.push(format!(
                        "{name}: {} `{}`\n{}\n{now:?}",
                        diagnostic.code,
                        action.title,
                        edits.apply(&text)
                    ));
                }
                ide.set_file("shop.tn", &text);
            }
        }
    }
    assert!(failures.is_empty(), "{} of {tried} fixes mend nothing\n{}", failures.len(), failures.join("\n"));
    assert!(tried > 80, "only {tried} fixes were tried");
}
