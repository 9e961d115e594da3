//! `tenon lsp` as editors start it: a process of its own, with framed messages on its standard input and output.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../../../lsp/server/tests/client/mod.rs"]
mod client;

use client::{Client, at, of};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const SHOP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/apps/shop/shop.tn");

/// A folder that goes when this goes.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("tenon-lsp-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Scratch(path.canonicalize().unwrap())
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn start(cache: &Path) -> (Client, Child) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tenon"))
        .args(["lsp", "--stdio"])
        .env("XDG_CACHE_HOME", cache)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let client = Client::new(child.stdout.take().unwrap(), child.stdin.take().unwrap());
    (client, child)
}

fn able() -> Value {
    json!({
        "general": { "positionEncodings": ["utf-8"] },
        "textDocument": { "diagnostic": {}, "documentSymbol": { "hierarchicalDocumentSymbolSupport": true } },
    })
}

#[test]
fn an_editor_works_on_files_of_the_disk() {
    let scratch = Scratch::new("disk");
    std::fs::write(scratch.file("tenon.toml"), "name = \"shop\"\n").unwrap();
    std::fs::write(scratch.file("model.tn"), "relation Product {\n  key sku: Text\n  price: Int\n}\n").unwrap();
    let text = "fn double(p: Product) -> Int {\n  p.price * 2\n}\n\nfn size(text: Text) -> Int {\n  text.length\n}\n";
    std::fs::write(scratch.file("use.tn"), text).unwrap();
    let (mut client, mut child) = start(&scratch.0.join(".cache"));
    client.initialize(&scratch.0.display().to_string(), able());
    let path = scratch.file("use.tn");
    client.open(&path, text);
    assert_eq!(client.ask("textDocument/diagnostic", of(&path)).unwrap()["items"], json!([]));
    let found = client.ask("textDocument/definition", at(&path, 1, 5)).unwrap();
    assert_eq!(found[0]["uri"], format!("file://{}", scratch.file("model.tn")));
    // What is called from the library can be opened.
    std::fs::write(scratch.file("model.tn"), "relation Product {\n  key sku: Text\n  cost: Int\n}\n").unwrap();
    let event = json!({ "changes": [{ "uri": format!("file://{}", scratch.file("model.tn")), "type": 2 }] });
    client.notify("workspace/didChangeWatchedFiles", event);
    let items = client.ask("textDocument/diagnostic", of(&path)).unwrap()["items"].take();
    assert_eq!(items[0]["code"], "T0201");
    let library: Vec<PathBuf> = std::fs::read_dir(scratch.0.join(".cache/tenon"))
        .unwrap()
        .map(|entry| entry.unwrap().path().join("tenon/text.tn"))
        .collect();
    let shown = library.first().expect("the library is written where editors can open it").display().to_string();
    client.open(&shown, &std::fs::read_to_string(&shown).unwrap());
    let outline = client.ask("textDocument/documentSymbol", of(&shown)).unwrap();
    assert!(!outline.as_array().unwrap().is_empty());
    client.ask("shutdown", Value::Null).unwrap();
    client.notify("exit", Value::Null);
    assert!(child.wait().unwrap().success());
}

#[test]
fn the_shop_is_typed_and_its_scenarios_run() {
    let scratch = Scratch::new("shop");
    let text = std::fs::read_to_string(SHOP).unwrap();
    let path = scratch.file("shop.tn");
    let (mut client, mut child) = start(&scratch.0.join(".cache"));
    client.initialize(&scratch.0.display().to_string(), able());
    client.open(&path, "");
    // By words: what lies between is met by the test of the connection, character by character.
    let (mut line, mut column, mut version) = (0, 0, 1);
    for piece in text.split_inclusive([' ', '\n']) {
        version += 1;
        let here = json!({ "line": line, "character": column });
        client.change(&path, version, json!([{ "range": { "start": here, "end": here }, "text": piece }]));
        (line, column) = if piece.ends_with('\n') { (line + 1, 0) } else { (line, column + piece.len()) };
        assert!(client.ask("textDocument/diagnostic", of(&path)).unwrap()["items"].is_array());
    }
    let found = client.ask("textDocument/diagnostic", of(&path)).unwrap()["items"].take();
    assert!(found.as_array().unwrap().iter().all(|item| item["severity"] != 1), "{found}");
    let argument = json!({ "uri": format!("file://{path}") });
    let command = json!({ "command": "tenon.runScenario", "arguments": [argument] });
    let ran = client.ask("workspace/executeCommand", command).unwrap();
    assert_eq!(ran["failed"], 0, "{ran}");
    client.hang_up();
    assert_eq!(child.wait().unwrap().code(), Some(1), "it hung up without `shutdown`");
}

#[test]
fn the_end_of_the_input_ends_the_server() {
    let scratch = Scratch::new("end");
    let run = |input: Stdio| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tenon"));
        command.arg("lsp").env("XDG_CACHE_HOME", &scratch.0).stdin(input).output().unwrap()
    };
    let out = run(Stdio::null());
    assert_eq!((out.status.code(), out.stdout.len(), out.stderr.len()), (Some(1), 0, 0));
    // A log file is no client.
    let out = run(std::fs::File::open(SHOP).unwrap().into());
    assert_eq!(out.status.code(), Some(1));
    assert_eq!(out.stdout, b"", "nothing but the protocol is said there");
}
