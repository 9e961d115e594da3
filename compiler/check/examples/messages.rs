//! Checks files, or folders as programs, and prints what is wrong: `cargo run --example messages shop.tn`.

use tenon_check::db::{CheckDatabase, Settings};
use tenon_check::program::check;
use tenon_diagnostics::render_terminal;

fn main() {
    let library: Vec<(String, String)> = texts("stdlib/tenon", "tenon/");
    let library: Vec<(&str, &str)> = library.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect();
    for path in std::env::args().skip(1) {
        let mut db = CheckDatabase::new(&library);
        db.set_settings(Settings { name: "program".into(), ..Settings::default() });
        if std::path::Path::new(&path).is_dir() {
            for (name, text) in texts(&path, "") {
                db.set_file(&name, &text);
            }
        } else {
            db.set_file("main.tn", &std::fs::read_to_string(&path).expect("a readable file"));
        }
        let worker = std::thread::Builder::new().stack_size(64 << 20).spawn(move || {
            let found = check(&db);
            println!("== {path}: {}", found.len());
            for diagnostic in found.iter() {
                println!("{}", render_terminal(diagnostic, &db, false));
            }
        });
        worker.expect("a thread").join().expect("no panic");
    }
}

fn texts(folder: &str, prefix: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|e| e == "tn") {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            found.push((format!("{prefix}{name}"), std::fs::read_to_string(&path).expect("a readable file")));
        }
    }
    found.sort();
    found
}
