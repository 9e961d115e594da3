//! How fast the editor is answered in a large program: 100,000 lines in about 300 files.
//!
//! `cargo run --release -p tenon-ide --example latency`

use std::time::Instant;
use tenon_check::db::Settings;
use tenon_ide::{FilePosition, Ide};

const LINES: usize = 100_000;
const FILES: usize = 300;
const ROUNDS: usize = 300;

/// A shop whose names end in its number and which uses the one before.
const SHOP: &str = include_str!("../../../tests/bench/programs/shop_of_many.txt");

fn main() {
    let files = workspace();
    let lines: usize = files.iter().map(|(_, text)| text.lines().count()).sum();
    let mut ide = Ide::new();
    ide.set_settings(Settings { name: "shop".into(), ..Settings::default() });
    let start = Instant::now();
    ide.set_files(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let analysis = ide.analysis();
    let found: usize = files.iter().map(|(path, _)| analysis.diagnostics(path).len()).sum();
    drop(analysis);
    println!("{lines} lines in {} files, {found} messages, from nothing {:.0} ms", files.len(), ms(start));
    let middle = files.len() / 2;
    for (what, at) in [("first file", 0), ("middle file", middle), ("last file", files.len() - 1)] {
        println!("{what}");
        let (path, text) = &files[at];
        ide.open_file(path);
        let start = Instant::now();
        ide.analysis().diagnostics(path);
        report("opened", vec![ms(start)], 0);
        body(&mut ide, path, text);
        broken(&mut ide, path, text);
        call(&mut ide, path, text);
        signature(&mut ide, path, text, &files[(at + 1).min(files.len() - 1)].0);
        complete(&mut ide, path, text);
        ide.close_file(path);
    }
}

fn workspace() -> Vec<(String, String)> {
    let shop_lines = SHOP.lines().count();
    let shops = LINES / shop_lines;
    let per_file = shops.div_ceil(FILES);
    let mut files: Vec<(String, String)> = Vec::new();
    for number in 0..shops {
        if number % per_file == 0 {
            files.push((format!("part{:03}.tn", files.len()), String::new()));
        }
        let before = number.saturating_sub(1).to_string();
        let (_, text) = files.last_mut().expect("a file was pushed");
        text.push_str(&SHOP.replace("@BEFORE@", &before).replace("@N@", &number.to_string()));
    }
    files
}

/// Types a blank behind a body's brace, again and again.
fn body(ide: &mut Ide, path: &str, text: &str) {
    let at = text.find("{\n").map_or(0, |at| at + 1);
    edits(ide, path, "a blank in a body", |n| format!("{}{}{}", &text[..at], " ".repeat(n % 40), &text[at..]), path);
}

/// Types a statement, character by character: broken most of the time.
fn broken(ide: &mut Ide, path: &str, text: &str) {
    const STATEMENT: &str = "\n  let total = (1 + 2) * 3\n";
    let at = body_start(text);
    let typed = |n: usize| format!("{}{}{}", &text[..at], &STATEMENT[..n % STATEMENT.len()], &text[at..]);
    edits(ide, path, "a statement, typed", typed, path);
}

/// Writes and removes a call, which changes what the function does.
fn call(ide: &mut Ide, path: &str, text: &str) {
    let at = body_start(text);
    let typed = |n: usize| {
        format!("{}{}{}", &text[..at], if n.is_multiple_of(2) { "\n  let t = now()\n" } else { "" }, &text[at..])
    };
    edits(ide, path, "an effect comes and goes", typed, path);
}

/// Changes the type of a field, and asks for the messages of a file that uses it.
fn signature(ide: &mut Ide, path: &str, text: &str, other: &str) {
    let at = text.find(": Int").map_or(0, |at| at + 2);
    let typed =
        |n: usize| format!("{}{}{}", &text[..at], if n.is_multiple_of(2) { "Text" } else { "Int" }, &text[at + 3..]);
    edits(ide, path, "a field's type, the next file's messages", typed, other);
    ide.set_file(path, text);
}

fn body_start(text: &str) -> usize {
    let handler = text.find("\nhandler").unwrap_or(0);
    text[handler..].find("{\n").map_or(0, |at| handler + at + 1)
}

fn edits(ide: &mut Ide, path: &str, what: &str, edit: impl Fn(usize) -> String, asked: &str) {
    let mut times = Vec::new();
    let mut messages = 0;
    for n in 0..ROUNDS {
        let text = edit(n);
        let start = Instant::now();
        ide.set_file(path, &text);
        messages = ide.analysis().diagnostics(asked).len();
        times.push(ms(start));
    }
    report(what, times, messages);
}

fn complete(ide: &mut Ide, path: &str, text: &str) {
    let at = body_start(text);
    for (what, typed) in [
        ("completion of a name", "\n  le"),
        ("completion of anything", "\n  "),
        ("completion of a member", "\n  now()."),
    ] {
        let mut times = Vec::new();
        let mut count = 0;
        for n in 0..ROUNDS {
            let text = format!("{}{typed}{}\n{}", &text[..at], " ".repeat(n % 7), &text[at..]);
            let start = Instant::now();
            ide.set_file(path, &text);
            count = ide.analysis().completion(&FilePosition::new(path, (at + typed.len()) as u32)).items.len();
            times.push(ms(start));
        }
        report(what, times, count);
    }
    ide.set_file(path, text);
    let name = text.find("relation ").map_or(0, |at| at + 9);
    for what in ["hover on a relation, first", "hover on a relation, again"] {
        let start = Instant::now();
        let found = ide.analysis().hover(&FilePosition::new(path, name as u32));
        report(what, vec![ms(start)], usize::from(found.is_some()));
    }
    let start = Instant::now();
    let found = ide.analysis().references(&FilePosition::new(path, name as u32), true).len();
    report("references of a relation", vec![ms(start)], found);
}

fn ms(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}

fn report(what: &str, mut times: Vec<f64>, answers: usize) {
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!(
        "  {what:<44} p50 {:>7.2} ms  p99 {:>7.2} ms  max {:>7.2} ms  ({answers} answers)",
        at(0.5),
        at(0.99),
        at(1.0)
    );
}
