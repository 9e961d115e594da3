//! The library and the programs of the repository are right.

use std::path::Path;
use tenon_check::db::{CheckDatabase, Settings};
use tenon_check::program::{check, check_library};
use tenon_diagnostics::{Diagnostic, Severity, render_terminal};

fn read(folder: &str, prefix: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "tn") {
            let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
            found.push((format!("{prefix}{name}"), std::fs::read_to_string(&path).expect("a readable file")));
        }
    }
    found.sort();
    assert!(!found.is_empty(), "{} holds programs", folder.display());
    found
}

fn borrowed(files: &[(String, String)]) -> Vec<(&str, &str)> {
    files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect()
}

fn errors(found: &[Diagnostic], db: &CheckDatabase) -> String {
    let errors = found.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    errors.map(|diagnostic| render_terminal(diagnostic, db, false)).collect()
}

#[test]
fn the_library_has_no_errors() {
    let library = read("stdlib/tenon", "tenon/");
    let db = CheckDatabase::new(&borrowed(&library));
    let found = errors(&check_library(&db), &db);
    assert!(found.is_empty(), "{found}");
}

#[test]
fn the_apps_have_no_errors() {
    let library = read("stdlib/tenon", "tenon/");
    for app in ["tests/apps/shop", "tests/apps/chinook"] {
        let mut db = CheckDatabase::new(&borrowed(&library));
        db.set_settings(Settings { name: "app".into(), ..Settings::default() });
        db.set_files(borrowed(&read(app, "")));
        let found = errors(&check(&db), &db);
        assert!(found.is_empty(), "{app}\n{found}");
    }
}
