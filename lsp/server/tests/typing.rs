//! A program is typed character by character over a real connection; after each keystroke diagnostics and completion
//! are asked. At the end every answer is that of a server that never saw anything else.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod client;
mod server;

use client::{Client, at, of};
use serde_json::{Value, json};
use server::in_process;
use std::sync::{Arc, Mutex};
use tenon_project::Memory;

const PATH: &str = "/w/shop.tn";

/// Every kind of item that people begin with, words of all widths, and both kinds of line end.
const PROGRAM: &str = "/// What is sold: 水, 🍵.\r\nrelation Product {\r\n  key sku: Text\n  name: Text\n  price: Int where it >= 0\n  stock: Int where it >= 0\n}\n\nerror OutOfStock(left: Int) is Conflict \"only {left} left 🙁\"\n\nhandler order(sku: Text, qty: Int where it > 0) -> Int\n  at POST \"/orders\" public\n{\n  let p = Product[sku] else fail NotFound(\"no {sku}\")\n  if p.stock < qty { fail OutOfStock(left: p.stock) }\n  update p set stock -= qty\n  p.price * qty\n}\n\nquery cheap(most: Int = 10) -> [(sku: Text, price: Int)] at GET \"/cheap\" public {\n  from p in Product\n  where p.price <= most\n  select (p.sku, p.price)\n  order by price\n}\n\nscenario \"tea 🍵 is sold\" {\n  given Product(sku: \"tea\", name: \"Tea\", price: 3, stock: 2)\n  when paid = order(sku: \"tea\", qty: 2)\n  then paid == 6\n}\n";

fn able(encoding: &str) -> Value {
    json!({
        "general": { "positionEncodings": [encoding] },
        "textDocument": {
            "diagnostic": {},
            "documentSymbol": { "hierarchicalDocumentSymbolSupport": true },
            "completion": { "completionItem": { "snippetSupport": true } },
            "codeAction": { "codeActionLiteralSupport": { "codeActionKind": { "valueSet": [] } } },
        },
    })
}

fn connect(encoding: &str) -> (Client, std::thread::JoinHandle<bool>) {
    let (mut client, server) = in_process(Box::new(Arc::new(Mutex::new(Memory::default()))));
    let answer = client.initialize("/w", able(encoding));
    assert_eq!(answer["capabilities"]["positionEncoding"], encoding);
    (client, server)
}

/// Everything there is to know of the document.
fn answers(client: &mut Client, encoding: &str) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    let all = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 1000, "character": 0 } });
    let document = of(PATH)["textDocument"].clone();
    for (method, params) in [
        ("textDocument/diagnostic", json!({})),
        ("textDocument/documentSymbol", json!({})),
        ("textDocument/foldingRange", json!({})),
        ("textDocument/documentLink", json!({})),
        ("textDocument/codeLens", json!({})),
        ("textDocument/semanticTokens/full", json!({})),
        ("textDocument/semanticTokens/range", json!({ "range": all })),
        ("textDocument/inlayHint", json!({ "range": all })),
        ("textDocument/formatting", json!({ "options": { "tabSize": 2, "insertSpaces": true } })),
        ("textDocument/codeAction", json!({ "range": all, "context": { "diagnostics": [] } })),
    ] {
        let mut params = params;
        params["textDocument"] = document.clone();
        let mut answer = client.ask(method, params).unwrap_or_else(|code| panic!("{method}: {code}"));
        if method.ends_with("/full") {
            // Counts what was told.
            answer["resultId"] = Value::Null;
        }
        found.push((method.to_owned(), answer));
    }
    for (line, text) in PROGRAM.split('\n').enumerate() {
        let columns = if encoding == "utf-8" { text.len() } else { text.encode_utf16().count() };
        for column in (0..columns).step_by(5) {
            for method in [
                "textDocument/hover",
                "textDocument/definition",
                "textDocument/documentHighlight",
                "textDocument/signatureHelp",
                "textDocument/prepareCallHierarchy",
            ] {
                let answer = client.ask(method, at(PATH, line as u32, column as u32));
                let answer = answer.unwrap_or_else(|code| panic!("{method} at {line}:{column}: {code}"));
                found.push((format!("{method} at {line}:{column}"), answer));
            }
        }
    }
    found
}

fn type_it(encoding: &str) {
    let (mut client, ended) = connect(encoding);
    client.open(PATH, "");
    let (mut line, mut column, mut version) = (0u32, 0u32, 1);
    let mut before = ' ';
    for c in PROGRAM.chars() {
        version += 1;
        let here = json!({ "line": line, "character": column });
        client.change(PATH, version, json!([{ "range": { "start": here, "end": here }, "text": c.to_string() }]));
        match c {
            // The second half of a line end.
            '\n' if before == '\r' => {}
            '\n' | '\r' => (line, column) = (line + 1, 0),
            c if encoding == "utf-8" => column += c.len_utf8() as u32,
            c => column += c.len_utf16() as u32,
        }
        before = c;
        let diagnostics = client.begin("textDocument/diagnostic", of(PATH));
        let completion = client.begin("textDocument/completion", at(PATH, line, column));
        let report = client.wait(diagnostics).unwrap_or_else(|code| panic!("diagnostics after {version}: {code}"));
        assert!(report["items"].is_array());
        let list = client.wait(completion).unwrap_or_else(|code| panic!("completion after {version}: {code}"));
        assert!(list["items"].is_array());
    }
    let report = client.ask("textDocument/diagnostic", of(PATH)).unwrap();
    assert_eq!(report["items"], json!([]), "the program is right");
    let typed = answers(&mut client, encoding);
    client.hang_up();
    ended.join().unwrap();

    let (mut fresh, ended) = connect(encoding);
    fresh.open(PATH, PROGRAM);
    for (typed, fresh) in typed.iter().zip(answers(&mut fresh, encoding)) {
        assert_eq!(*typed, fresh);
    }
    fresh.hang_up();
    ended.join().unwrap();
}

#[test]
fn typed_in_utf_8() {
    type_it("utf-8");
}

#[test]
fn typed_in_utf_16() {
    type_it("utf-16");
}
