//! Random edits: in several files, with characters of all widths and every kind of line end, across items; documents
//! that are opened and closed; files that come, go and are renamed on disk. Nothing panics, the server's texts are the
//! client's, and at the end of each run every answer is that of a server that begins with what is there.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod page;

use page::{Numbers, Page, able, answers, answers_at};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tenon_project::Memory;

const RUNS: u64 = 16;
const STEPS: usize = 40;

const PATHS: &[&str] = &["/w/shop.tn", "/w/model.tn", "/w/eu/tax.tn", "/w/two words.tn"];

const SEEDS: &[&str] = &[
    "relation Product {\n  key sku: Text\n  price: Int where it >= 0\n  stock: Int\n}\n\nfn worth(p: Product) -> Int {\n  p.price * p.stock\n}\n",
    "type State = Open | Paid(at: Instant)\r\n\r\nfn name(s: State) -> Text {\r\n  match s {\r\n    Open => \"åpen 🍵\"\r\n    Paid(at) => \"paid\"\r\n  }\r\n}\r\n",
    "/// Rates, in ‰.\nfn rate(n: Int) -> Int { n * 25 }\n\nquery dear(least: Int = 5) {\n  from p in Product\n  where p.price > least\n  select (p.sku, p.price)\n}\n",
    "error Gone(sku: Text) is NotFound \"{sku} 𝄞\"\n\nhandler take(sku: Text) -> Int at POST \"/take\" public {\n  let p = Product[sku] else fail Gone(sku)\n  update p set stock -= 1\n  p.stock\n}\n\nscenario \"taken\" {\n  given Product(sku: \"a\", price: 1, stock: 1)\n  when left = take(sku: \"a\")\n  then left == 0\n}\n",
    // What of it cannot run shows only when the program is lowered.
    "fn chance(n: Int) -> Int {\n  n + random_int(1, 6)\n}\n\nquery lucky() -> [Int] {\n  from n in [1, 2]\n  where n > chance(n)\n  select n\n}\n",
];

const PIECES: &[&str] = &[
    "\n",
    "\r\n",
    "\r",
    " ",
    "{",
    "}",
    "(",
    ")",
    "\"",
    "{x}",
    ":",
    ".",
    "?.",
    "p.",
    "fn ",
    "relation ",
    "where ",
    "from ",
    "å",
    "水",
    "🍵",
    "𝄞",
    "\u{301}",
    "\u{0}",
    "//",
    "///",
    "\n}\n",
    "\nfn f() -> Int { 1 }\n",
    "1_000",
    "->",
    "=>",
    "match ",
    "use shop { worth }\n",
    "let x = ",
    "update p set ",
    "Product",
    "worth(",
    "sku",
    "\t",
    "@2020-01-01",
    "= ",
    "is ",
];

/// A document as the client has it.
struct Open {
    text: String,
    version: i64,
}

/// The byte of a place that the protocol would call `line` and `column` in UTF-16; written here once more, plainly.
fn place(text: &str, byte: usize, wide: bool) -> (u32, u32) {
    let (mut line, mut start) = (0, 0);
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < byte {
        let end = match bytes[at] {
            b'\r' if bytes.get(at + 1) == Some(&b'\n') => at + 2,
            b'\r' | b'\n' => at + 1,
            _ => {
                at += 1;
                continue;
            }
        };
        // Between the two signs of one line end there is no place: it counts as before them.
        if end > byte {
            return place(text, at, wide);
        }
        (line, start, at) = (line + 1, end, end);
    }
    let before = &text[start..byte];
    (line, if wide { before.encode_utf16().count() } else { before.len() } as u32)
}

/// What a place means after it was told: between `\r` and `\n` is before `\r`.
fn settled(text: &str, byte: usize) -> usize {
    if text[..byte].ends_with('\r') && text[byte..].starts_with('\n') { byte - 1 } else { byte }
}

fn boundary(text: &str, numbers: &mut Numbers) -> usize {
    let mut at = numbers.below(text.len() + 1);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    settled(text, at)
}

struct Run {
    page: Page,
    disk: Arc<Mutex<Memory>>,
    open: BTreeMap<&'static str, Open>,
    numbers: Numbers,
    wide: bool,
}

impl Run {
    fn write(&self, path: &str, text: &str) {
        self.disk.lock().unwrap().write(path, text);
    }

    fn step(&mut self) {
        let path = *self.numbers.of(PATHS);
        match self.numbers.below(12) {
            0 => {
                if self.open.remove(path).is_some() {
                    self.page.close(path);
                } else {
                    let text = *self.numbers.of(SEEDS);
                    self.page.open(path, text);
                    self.open.insert(path, Open { text: text.to_owned(), version: 1 });
                }
            }
            1 => {
                let text = *self.numbers.of(SEEDS);
                self.write(path, text);
                self.page.watched(&[(path, 2)]);
            }
            2 => {
                self.disk.lock().unwrap().remove(std::path::Path::new(path));
                self.page.watched(&[(path, 3)]);
            }
            3 => {
                // Renamed.
                let other = *self.numbers.of(PATHS);
                let text = *self.numbers.of(SEEDS);
                self.disk.lock().unwrap().remove(std::path::Path::new(path));
                self.write(other, text);
                self.page.watched(&[(path, 3), (other, 1)]);
            }
            4 if self.numbers.below(4) == 0 => {
                // The program of the folder ends, or begins.
                let there = self.disk.lock().unwrap().paths().any(|path| path.ends_with("tenon.toml"));
                if there {
                    self.disk.lock().unwrap().remove(std::path::Path::new("/w/tenon.toml"));
                } else {
                    self.write("/w/tenon.toml", "name = \"shop\"\n");
                }
                self.page.watched(&[("/w/tenon.toml", if there { 3 } else { 1 })]);
            }
            _ => self.edit(),
        }
    }

    /// One to three changes of an open document, told at once.
    fn edit(&mut self) {
        let Some((path, mut document)) = self.open.pop_first() else { return };
        let mut changes = Vec::new();
        for _ in 0..1 + self.numbers.below(3) {
            let text = &mut document.text;
            let (a, b) = (boundary(text, &mut self.numbers), boundary(text, &mut self.numbers));
            // Mostly small; at times across items.
            let far = self.numbers.below(6) == 0;
            let (start, end) = if far { (a.min(b), a.max(b)) } else { (a, a) };
            let end = if far || self.numbers.below(3) > 0 {
                end
            } else {
                let next = text[end..].chars().next().map_or(end, |c| end + c.len_utf8());
                settled(text, next).max(end)
            };
            let new: String = (0..self.numbers.below(4)).map(|_| *self.numbers.of(PIECES)).collect();
            let (from, to) = (place(text, start, self.wide), place(text, end, self.wide));
            changes.push(json!({
                "range": {
                    "start": { "line": from.0, "character": from.1 },
                    "end": { "line": to.0, "character": to.1 },
                },
                "text": new,
            }));
            text.replace_range(start..end, &new);
        }
        document.version += 1;
        self.page.change(path, document.version, json!(changes));
        self.open.insert(path, document);
        self.look(path);
    }

    /// What an editor asks after a keystroke.
    fn look(&mut self, path: &'static str) {
        let text = self.open[path].text.clone();
        let at = boundary(&text, &mut self.numbers);
        let (line, column) = place(&text, at, self.wide);
        self.page.codes(path);
        answers_at(&mut self.page, path, line, column);
    }

    /// Everything is as a server says that begins now.
    fn compare(&mut self, seed: u64) {
        let mut fresh = Page::over(self.disk.clone(), able(if self.wide { "utf-16" } else { "utf-8" }, true));
        for (path, document) in &self.open {
            fresh.open(path, &document.text);
        }
        self.page.rest();
        fresh.rest();
        for (path, document) in &self.open {
            for (edited, fresh) in answers(&mut self.page, path).into_iter().zip(answers(&mut fresh, path)) {
                assert_eq!(edited, fresh, "seed {seed}, {path}: {:?}", document.text);
            }
            for n in 0..6 {
                let at = settled(
                    &document.text,
                    (0..=document.text.len() * n / 6).rev().find(|at| document.text.is_char_boundary(*at)).unwrap(),
                );
                let (line, column) = place(&document.text, at, self.wide);
                let edited = answers_at(&mut self.page, path, line, column);
                assert_eq!(edited, answers_at(&mut fresh, path, line, column), "seed {seed}, {path}");
            }
        }
        let all = json!({ "previousResultIds": [] });
        assert_eq!(
            self.page.ask("workspace/diagnostic", all.clone()).map(|report| without_versions(&report)),
            fresh.ask("workspace/diagnostic", all).map(|report| without_versions(&report)),
            "seed {seed}"
        );
    }
}

fn without_versions(report: &serde_json::Value) -> Vec<serde_json::Value> {
    let mut items = report["items"].as_array().unwrap().clone();
    items.iter_mut().for_each(|item| item["version"] = serde_json::Value::Null);
    items
}

/// As servers have: programs are walked recursively.
const STACK: usize = 64 << 20;

#[test]
fn random_edits_lead_where_a_fresh_start_leads() {
    let run = || {
        for seed in 1..=RUNS {
            println!("seed {seed}");
            let disk = Arc::new(Mutex::new(Memory::default()));
            disk.lock().unwrap().write("/w/tenon.toml", "name = \"shop\"\n");
            let mut numbers = Numbers(seed);
            for path in PATHS {
                disk.lock().unwrap().write(*path, *numbers.of(SEEDS));
            }
            let wide = seed % 2 == 0;
            let page = Page::over(disk.clone(), able(if wide { "utf-16" } else { "utf-8" }, true));
            let mut run = Run { page, disk, open: BTreeMap::new(), numbers, wide };
            for step in 0..STEPS {
                run.step();
                // Who types pauses at times.
                if run.numbers.below(4) == 0 {
                    run.page.rest();
                }
                if step % 20 == 19 {
                    run.compare(seed);
                }
            }
        }
    };
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(run).unwrap();
    thread.join().unwrap();
}
