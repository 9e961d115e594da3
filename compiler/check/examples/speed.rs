//! How fast a large program is checked: `cargo run --release -p tenon-check --example speed [LINES]`.
//!
//! The program is made of many small shops that use each other's relations and functions, as large programs
//! are; no two names are equal, so nothing is remembered from one to the next.

use std::fmt::Write;
use std::time::Instant;
use tenon_check::agreement::agreement;
use tenon_check::bodies::{main_code, parts, rules};
use tenon_check::db::CheckDatabase;
use tenon_check::declare::declared;
use tenon_check::effects::effect_diagnostics;
use tenon_check::items::{Item, program_items, tree};
use tenon_check::program::check;
use tenon_diagnostics::render_line;

/// A shop whose names end in its number and which uses the one before.
const SHOP: &str = include_str!("../../../tests/bench/programs/shop_of_many.txt");

/// A shop of about 60 lines.
fn shop(out: &mut String, n: usize) {
    let before = n.saturating_sub(1).to_string();
    out.push_str(&SHOP.replace("@BEFORE@", &before).replace("@N@", &n.to_string()));
}

fn main() {
    let lines: usize = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(50_000);
    let mut files: Vec<(String, String)> = Vec::new();
    let mut total = 0;
    let mut n = 0;
    while total < lines {
        let mut text = String::new();
        while text.lines().count() < 2_000 && total + text.lines().count() < lines {
            shop(&mut text, n);
            n += 1;
        }
        total += text.lines().count();
        files.push((format!("part{:03}.tn", files.len()), text));
    }
    for round in 0..3 {
        let mut db = CheckDatabase::new(&[]);
        let start = Instant::now();
        db.set_files(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        let mut stages = String::new();
        let mut stage = |name: &str, run: &dyn Fn(Item<'_>)| {
            let start = Instant::now();
            program_items(&db).for_each(run);
            write!(stages, " {name} {:?}", start.elapsed()).expect("a string");
        };
        stage("split", &|_| ());
        stage("parse", &|item| {
            let _ = tree(&db, item).is_some();
        });
        stage("declare", &|item| {
            let _ = declared(&db, item).signature.is_some();
        });
        stage("agree", &|item| {
            let _ = agreement(&db, item).is_empty();
        });
        stage("rules", &|item| {
            let _ = rules(&db, item).rules.is_empty();
        });
        stage("code", &|item| {
            let _ = main_code(&db, item).diagnostics.is_empty();
        });
        stage("parts", &|item| {
            let _ = parts(&db, item).diagnostics.is_empty();
        });
        stage("effects", &|item| {
            let _ = effect_diagnostics(&db, item).is_empty();
        });
        let found = check(&db);
        let took = start.elapsed();
        println!("stages:{stages}");
        println!(
            "round {round}: {total} lines, {} messages, {took:?}, {:.0} lines/s",
            found.len(),
            total as f64 / took.as_secs_f64()
        );
        for diagnostic in found.iter().take(if round == 0 { 10 } else { 0 }) {
            println!("{}", render_line(diagnostic, &db));
        }
        let (path, text) = &files[0];
        let edited = text.replacen("many - 1", "many - 2", 1);
        let start = Instant::now();
        db.set_file(path, &edited);
        check(&db);
        println!("  after an edit of one body: {:?}", start.elapsed());
    }
}
