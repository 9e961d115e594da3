//! Whatever the text, checking ends, does not panic, and takes no more than a second of the processor's time.

use std::path::Path;
use std::time::Duration;
use tenon_check::db::CheckDatabase;
use tenon_check::program::check;
use tenon_diagnostics::{render_json, render_line, render_terminal};

fn programs() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in [
        "tests/messages",
        "../../tests/syntax/programs",
        "../../tests/programs",
        "../../tests/apps/shop",
        "../../stdlib/tenon",
    ] {
        let before = found.len();
        for entry in std::fs::read_dir(root.join(folder)).expect(folder) {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|extension| extension == "tn") {
                let text = std::fs::read_to_string(&path).expect("a readable file");
                found.push((path.display().to_string(), text));
            }
        }
        assert!(found.len() > before, "{folder} has no program");
    }
    found.sort();
    found
}

/// A small generator, so that the same edits come every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 33) as usize) % n.max(1)
    }
}

fn boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// How long the processor has worked for this thread: on a machine with other work to do it says what the clock on the
/// wall says on one without.
fn worked() -> Duration {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux counts the time of threads");
    let nanoseconds = times.split(' ').next().and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.expect("a number"))
}

fn survives(db: &mut CheckDatabase, name: &str, text: &str) {
    db.set_file("shop.tn", text);
    let start = worked();
    let found = check(db);
    let took = worked() - start;
    assert!(took < Duration::from_secs(1), "{name} took {took:?}:\n{text}");
    for diagnostic in found.iter().take(3) {
        render_line(diagnostic, db);
        render_json(diagnostic, db);
        render_terminal(diagnostic, db, false);
    }
}

#[test]
fn programs_cut_off_anywhere() {
    let mut db = CheckDatabase::new(&[]);
    for (name, text) in programs() {
        let steps = 12;
        for n in 0..=steps {
            let at = boundary(&text, text.len() * n / steps);
            survives(&mut db, &name, &text[..at]);
        }
    }
}

/// A number of the environment: `TENON_SEED` is the first seed, `TENON_CASES` the number of cases of each kind.
fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn programs_with_pieces_missing_doubled_and_swapped() {
    let mut db = CheckDatabase::new(&[]);
    let programs = programs();
    let mut numbers = Numbers(7 + setting("TENON_SEED", 0));
    for (name, text) in &programs {
        // Words and signs, with what lies between.
        let mut pieces: Vec<&str> = Vec::new();
        let mut start = 0;
        for (at, c) in text.char_indices() {
            if !c.is_alphanumeric() && c != '_' {
                pieces.push(&text[start..at]);
                pieces.push(&text[at..at + c.len_utf8()]);
                start = at + c.len_utf8();
            }
        }
        pieces.push(&text[start..]);
        for _ in 0..setting("TENON_CASES", 6) {
            let mut edited = pieces.clone();
            for _ in 0..1 + numbers.below(4) {
                let (a, b) = (numbers.below(edited.len()), numbers.below(edited.len()));
                match numbers.below(4) {
                    0 => drop(edited.remove(a)),
                    1 => edited.insert(a, pieces[numbers.below(pieces.len())]),
                    2 => edited.swap(a, b),
                    _ => {
                        let (low, high) = (a.min(b), a.max(b).min(a.min(b) + 20));
                        edited.drain(low..high);
                    }
                }
            }
            survives(&mut db, name, &edited.concat());
        }
    }
}

/// As the driver does: trees are walked by recursion, which the parser's limit on depth bounds.
const STACK: usize = 16 << 20;

#[test]
fn deep_and_wide_programs() {
    let many = 600;
    let nest = |open: &str, middle: &str, close: &str| format!("{}{middle}{}", open.repeat(many), close.repeat(many));
    let mut bodies = vec![
        nest("(", "1", ")"),
        nest("[", "1", "]"),
        nest("-", "1", ""),
        nest("not ", "true", ""),
        nest("if true { ", "1", " } else { 2 }"),
        nest("f(", "1", ")"),
        nest("x => ", "1", ""),
        nest("(a: ", "1", ")"),
        nest("exists(from x in ", "[1]", ")"),
        nest("match 1 { _ => ", "1", " }"),
        format!("1{}", " + 1".repeat(many)),
        format!("1{}", " ?? 1".repeat(many)),
        format!("x{}", ".y".repeat(many)),
        format!("x{}", "[0]".repeat(many)),
        format!("[{}1]", "1, ".repeat(many)),
        format!("f({}1)", "1, ".repeat(many)),
        format!("\"{}\"", "{1}".repeat(many)),
    ];
    let mut texts: Vec<String> =
        bodies.drain(..).map(|body| format!("fn f(n: Int) -> Int {{\n  {body}\n}}\n")).collect();
    texts.push(format!("fn f(n: Int) -> Int {{\n{}  1\n}}\n", "  let x = n + 1\n".repeat(many)));
    texts.push(format!("type T = {}", nest("[", "Int", "]")));
    texts.push(format!("type T = {}", nest("(a: ", "Int", ")")));
    texts.push(format!("type T = Int{}", " where it > 0".repeat(many)));
    texts.push(format!("type T = {}\n", (0..many).map(|n| format!("A{n}")).collect::<Vec<_>>().join(" | ")));
    texts.push((0..many).map(|n| format!("type T{n} = T{}\n", n + 1)).collect());
    let some = 200;
    texts.push((0..some).map(|n| format!("type T{n} = A{n}(x: T{})\n", (n + 1) % some)).collect());
    texts.push((0..many).map(|n| format!("fn f{n}() -> _ {{ f{}() }}\n", n + 1)).collect());
    texts.push(format!(
        "relation R {{ key id: Id\n{}}}\n",
        (0..many).map(|n| format!("  f{n}: Int => f{}\n", n + 1)).collect::<String>()
    ));
    let run = move || {
        for text in &texts {
            let mut db = CheckDatabase::new(&[]);
            db.set_file("shop.tn", text);
            let start = worked();
            let found = check(&db);
            let took = worked() - start;
            let head: String = text.chars().take(60).collect();
            assert!(took < Duration::from_secs(10), "{took:?} {} {head:?}", found.len());
        }
    };
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(run).expect("a thread");
    assert!(thread.join().is_ok());
}
