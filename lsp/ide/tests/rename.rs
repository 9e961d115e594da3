//! Other names: what is edited, what is refused, and that a renamed program means what it meant.

mod harness;

use std::fmt::Write;
use std::path::Path;
use tenon_check::uses::Role;
use tenon_ide::occurrences::occurrences;
use tenon_ide::rename::RenameRefused;
use tenon_ide::{Analysis, FilePosition, Ide, WorkspaceEdit};

fn show(analysis: &Analysis, edit: &WorkspaceEdit) -> String {
    let mut out = String::new();
    for file in &edit.files {
        let text = file.apply(&analysis.text(&file.file).expect("an edited file"));
        let before = analysis.text(&file.file).expect("an edited file");
        writeln!(out, "{}", file.file).expect("a string");
        for (old, new) in before.lines().zip(text.lines()).filter(|(old, new)| old != new) {
            writeln!(out, "- {old}").expect("a string");
            writeln!(out, "+ {new}").expect("a string");
        }
    }
    out
}

#[test]
fn names_are_changed_everywhere() {
    harness::run("rename", |case, analysis| {
        let new = case.title.split_whitespace().last().expect("the title ends in the new name");
        match analysis.rename(case.cursor(), new) {
            Ok(edit) => show(analysis, &edit),
            Err(RenameRefused(why)) => format!("refused: {why}"),
        }
    });
}

/// The programs of the repository that have no errors, each a list of files.
fn programs() -> Vec<(String, Vec<(String, String)>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests");
    let mut found = Vec::new();
    let files_in = |folder: &Path| -> Vec<(String, String)> {
        let mut files: Vec<(String, String)> = std::fs::read_dir(folder)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "tn"))
            .map(|path| {
                let name = path.file_name().expect("a name").to_string_lossy().into_owned();
                (name, std::fs::read_to_string(&path).expect("a readable file"))
            })
            .collect();
        files.sort();
        files
    };
    for folder in ["programs", "language"] {
        found.extend(files_in(&root.join(folder)).into_iter().map(|file| (format!("{folder}/{}", file.0), vec![file])));
    }
    for app in std::fs::read_dir(root.join("apps")).expect("the apps") {
        let path = app.expect("an entry").path();
        if path.is_dir() {
            found.push((path.display().to_string(), files_in(&path)));
        }
    }
    found.sort();
    found
}

fn load(files: &[(String, String)]) -> Ide {
    harness::program(files.iter().map(|(path, text)| (path.as_str(), text.as_str())))
}

fn errors(ide: &Ide, files: &[(String, String)]) -> usize {
    let analysis = ide.analysis();
    let all = files.iter().flat_map(|(path, _)| analysis.diagnostics(path));
    all.filter(|found| found.severity == tenon_ide::diagnostics::Severity::Error).count()
}

/// Renames what is declared at some places of every program: the result has no error more, and most can be renamed.
#[test]
fn renamed_programs_still_check() {
    let (mut done, mut reasons) = (0, std::collections::BTreeMap::<String, usize>::new());
    for (name, files) in programs() {
        // By its name alone, so that a new program draws no other places of the old ones.
        let mut seed = name.bytes().fold(0u32, |seed, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
        let ide = load(&files);
        let before = errors(&ide, &files);
        let analysis = ide.analysis();
        let db = analysis.database();
        for (path, _) in &files {
            let file = db.file(path).expect("a file of the program");
            for item in tenon_check::items::items(db, file) {
                for found in occurrences(db, *item).iter().filter(|found| found.role == Role::Definition) {
                    // A few of each program.
                    seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    if !seed.is_multiple_of(23) {
                        continue;
                    }
                    let place = analysis.file_range(*item, found.range);
                    let old = place.range.slice(&analysis.text(path).expect("a text")).to_owned();
                    let new = if old.starts_with(char::is_uppercase) { "Renamed" } else { "renamed" };
                    match analysis.rename(&FilePosition::new(path.clone(), place.range.start), new) {
                        Ok(edit) => {
                            let renamed: Vec<(String, String)> = files
                                .iter()
                                .map(|(path, text)| {
                                    let of = edit.files.iter().find(|of| of.file == *path);
                                    (path.clone(), of.map_or_else(|| text.clone(), |of| of.apply(text)))
                                })
                                .collect();
                            assert!(renamed != files, "{name}: `{old}` changes something");
                            let after = errors(&load(&renamed), &renamed);
                            assert!(after <= before, "{name}: `{old}` at {place:?} gives errors");
                            done += 1;
                        }
                        Err(RenameRefused(why)) => *reasons.entry(format!("{name} {old}: {why}")).or_default() += 1,
                    }
                }
            }
        }
    }
    // A title is refused by design, whatever its new text.
    let titles = |why: &str| why.contains("a title is no name");
    let refused: usize = reasons.iter().filter(|(why, _)| !titles(why)).map(|(_, times)| times).sum();
    assert!(done > 50, "{done} names were changed");
    assert!(refused * 10 <= done, "{done} names were changed, and these refused: {reasons:#?}");
}
