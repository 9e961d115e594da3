//! How long an editor waits: keystrokes to diagnostics, completion, in a workspace of 100,000 lines in 300 files, beside
//! a language server for Python on a workspace of the same shape.

mod client;
mod workspace;

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::{Value, json};
use tenon_driver::report::Stop;

use crate::measure::{line, ratio, skipped};
use crate::program::file;
use crate::scratch::Scratch;
use client::Client;
use workspace::{FILES, Workspace};

/// Keystrokes that are measured.
const KEYSTROKES: usize = 600;
/// Edits of a declaration that other files use.
const EDITS: usize = 100;
/// Completions that are measured.
const COMPLETIONS: usize = 300;

/// Runs the part.
pub fn run() -> Result<(), Stop> {
    let scratch = Scratch::new()?;
    let beside = std::env::current_exe()?.with_file_name("tenon");
    let tenon = std::env::var_os("TENON_BENCH_SERVER").map_or(beside, PathBuf::from);
    if !tenon.is_file() {
        let how = "cargo build --release -p tenon-bench -p tenon-driver";
        return Err(Stop::failed(format!("there is no `{}`: {how}", tenon.display())));
    }
    let ours = Workspace::tenon();
    println!("lsp: {FILES} files, {} lines of Tenon", ours.lines());
    let ours = measure("Tenon", &[tenon.as_os_str(), "lsp".as_ref()], &ours, &scratch.path().join("tenon"))?;
    let Some(ty) = peer() else {
        let folder = file("peers");
        let how = format!("python3 -m venv {0}/venv && {0}/venv/bin/pip install ty", folder.display());
        skipped("ty", &format!("it is not installed: {how}"));
        bars(&ours);
        return Ok(());
    };
    let theirs = Workspace::python();
    println!("lsp: {FILES} files, {} lines of Python", theirs.lines());
    let theirs = measure("ty", &[ty.as_os_str(), "server".as_ref()], &theirs, &scratch.path().join("python"))?;
    bars(&ours);
    for (what, ours, theirs) in [
        ("keystroke to diagnostics, p50, of ty", ours.keystroke.p50(), theirs.keystroke.p50()),
        ("keystroke to diagnostics, p99, of ty", ours.keystroke.p99(), theirs.keystroke.p99()),
        ("declaration to a dependent file, p50, of ty", ours.declaration.p50(), theirs.declaration.p50()),
        ("completion, p50, of ty", ours.completion.p50(), theirs.completion.p50()),
        ("memory, of ty", ours.memory, theirs.memory),
    ] {
        ratio(what, theirs / ours, None);
    }
    Ok(())
}

fn bars(ours: &Measured) {
    ratio("keystroke to diagnostics, p50, of 3 ms", 3.0 / ours.keystroke.p50(), Some((1.0, "<= 3 ms")));
    ratio("keystroke to diagnostics, p99, of 10 ms", 10.0 / ours.keystroke.p99(), Some((1.0, "<= 10 ms")));
    ratio("completion, p99, of 16 ms", 16.0 / ours.completion.p99(), Some((1.0, "<= 16 ms")));
}

/// `ty`, beside the other peers or on the path.
fn peer() -> Option<PathBuf> {
    let beside = file("peers/venv/bin/ty");
    let path = std::env::var_os("PATH")?;
    std::iter::once(beside).chain(std::env::split_paths(&path).map(|folder| folder.join("ty"))).find(|ty| ty.is_file())
}

/// Times in milliseconds.
struct Times(Vec<f64>);

impl Times {
    fn of(mut times: Vec<f64>) -> Times {
        times.sort_by(f64::total_cmp);
        Times(times)
    }

    fn at(&self, part: f64) -> f64 {
        let last = self.0.len().saturating_sub(1);
        self.0.get((last as f64 * part) as usize).copied().unwrap_or(f64::NAN)
    }

    fn p50(&self) -> f64 {
        self.at(0.5)
    }

    fn p99(&self) -> f64 {
        self.at(0.99)
    }

    fn show(&self) -> String {
        format!("{:.2} / {:.2} / {:.2}", self.p50(), self.p99(), self.at(1.0))
    }
}

/// What came out.
struct Measured {
    keystroke: Times,
    declaration: Times,
    completion: Times,
    /// The most memory that was used, in MiB.
    memory: f64,
}

fn measure(who: &str, command: &[&std::ffi::OsStr], workspace: &Workspace, folder: &Path) -> Result<Measured, Stop> {
    workspace.write(folder)?;
    let start = Instant::now();
    let mut client = Client::start(command, folder)?;
    let edited = client.uri(&workspace.edited);
    let dependent = client.uri(&workspace.dependent);
    client.open(&edited, workspace.language, workspace.text(&workspace.edited))?;
    client.open(&dependent, workspace.language, workspace.text(&workspace.dependent))?;
    for uri in [&edited, &dependent] {
        let found = client.diagnostics(uri)?;
        if found != 0 {
            return Err(Stop::failed(format!("{who} finds {found} errors in `{uri}`, which has none")));
        }
    }
    line("start to the first diagnostics", who, &format!("{:.0} ms", start.elapsed().as_secs_f64() * 1e3));

    let mut text = workspace.text(&workspace.edited).to_owned();
    let keystroke = typing(&mut client, &edited, &mut text, workspace)?;
    line("keystroke to diagnostics, p50 / p99 / max ms", who, &keystroke.show());

    let declaration = declaration(&mut client, &edited, &dependent, &text, workspace)?;
    line("declaration to dependent file, p50 / p99 / max", who, &declaration.show());

    let completion = completion(&mut client, &edited, &text, workspace)?;
    line("keystroke to completion, p50 / p99 / max ms", who, &completion.show());

    let memory = client.peak_memory()?;
    line("most memory", who, &format!("{memory:.0} MiB"));
    client.stop()?;
    Ok(Measured { keystroke, declaration, completion, memory })
}

/// A line is typed into a body again and again, character by character; after each its own file's diagnostics are asked.
fn typing(client: &mut Client, uri: &str, text: &mut String, workspace: &Workspace) -> Result<Times, Stop> {
    let mut times = Vec::new();
    let mut at = workspace.after(text, workspace.body)?;
    let mut broken = 0;
    while times.len() < KEYSTROKES {
        for c in workspace.typed.chars() {
            let position = position(text, at);
            text.insert(at, c);
            at += c.len_utf8();
            let start = Instant::now();
            client.change(uri, &position, &position, &c.to_string())?;
            broken += usize::from(client.diagnostics(uri)? > 0);
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
    }
    if broken == 0 {
        return Err(Stop::failed("half a line has no errors: the diagnostics are not those of the text"));
    }
    Ok(Times::of(times))
}

/// The type of a field is changed and changed back; the diagnostics of another file that uses it are asked.
fn declaration(
    client: &mut Client,
    uri: &str,
    dependent: &str,
    text: &str,
    workspace: &Workspace,
) -> Result<Times, Stop> {
    let (from, to) = workspace.declaration;
    let at = text.find(from).ok_or_else(|| Stop::failed(format!("there is no `{from}`")))?;
    let mut times = Vec::new();
    let (mut now, mut next) = (from, to);
    for _ in 0..EDITS {
        let start_at = position(text, at);
        let end_at = json!({ "line": start_at["line"], "character": start_at["character"].as_u64().unwrap_or(0) + now.len() as u64 });
        let start = Instant::now();
        client.change(uri, &start_at, &end_at, next)?;
        let found = client.diagnostics(dependent)?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
        if (found > 0) != (next == to) {
            return Err(Stop::failed(format!("{found} errors in the file that uses `{next}`")));
        }
        std::mem::swap(&mut now, &mut next);
    }
    Ok(Times::of(times))
}

/// A dot is typed behind a name and taken back; after each dot what may follow is asked.
fn completion(client: &mut Client, uri: &str, text: &str, workspace: &Workspace) -> Result<Times, Stop> {
    let at = workspace.after(text, workspace.body)?;
    let begin = position(text, at);
    client.change(uri, &begin, &begin, &format!("{}\n", workspace.receiver))?;
    let written = workspace.receiver.chars().count() as u64;
    let place =
        |column: u64| json!({ "line": begin["line"], "character": begin["character"].as_u64().unwrap_or(0) + column });
    let (before, after) = (place(written), place(written + 1));
    let mut times = Vec::new();
    for _ in 0..COMPLETIONS {
        let start = Instant::now();
        client.change(uri, &before, &before, ".")?;
        let answer = client.ask(
            "textDocument/completion",
            json!({ "textDocument": { "uri": uri }, "position": after, "context": { "triggerKind": 2, "triggerCharacter": "." } }),
        )?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
        let items = answer.get("items").unwrap_or(&answer);
        let has = |label: &str| {
            items.as_array().is_some_and(|items| items.iter().any(|item| item["label"].as_str() == Some(label)))
        };
        if !has(workspace.offered) {
            let labels: Vec<_> =
                items.as_array().into_iter().flatten().filter_map(|item| item["label"].as_str()).take(20).collect();
            return Err(Stop::failed(format!(
                "`{}` is not offered ({} answers were right), but {labels:?}",
                workspace.offered,
                times.len() - 1
            )));
        }
        client.change(uri, &before, &after, "")?;
    }
    client.change(uri, &begin, &before, "")?;
    Ok(Times::of(times))
}

/// Line and column of a byte; the texts are ASCII.
fn position(text: &str, at: usize) -> Value {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count();
    let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1);
    json!({ "line": line, "character": column })
}
