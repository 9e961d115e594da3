//! The server on a real connection: order, cancelling, the end.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod client;
mod server;

use client::{Client, at, of};
use serde_json::{Value, json};
use server::in_process;
use std::sync::{Arc, Mutex};
use tenon_project::Memory;

const PATH: &str = "/w/shop.tn";

fn connect(files: &[(&str, &str)], capabilities: Value) -> (Client, std::thread::JoinHandle<bool>) {
    let mut memory = Memory::default();
    files.iter().for_each(|(path, text)| memory.write(*path, *text));
    let (mut client, server) = in_process(Box::new(Arc::new(Mutex::new(memory))));
    client.initialize("/w", capabilities);
    (client, server)
}

fn pulling() -> Value {
    json!({ "textDocument": { "diagnostic": {}, "documentSymbol": { "hierarchicalDocumentSymbolSupport": true } } })
}

#[test]
fn three_hundred_edits_with_requests_between_keep_their_order() {
    let (mut client, server) = connect(&[], pulling());
    client.open(PATH, "fn version_0() -> Int { 0 }\n");
    let mut asked = Vec::new();
    for version in 1..=300 {
        // The name changes in place: an edit that comes too early or too late breaks all that follow.
        let before = format!("version_{}", version - 1).len() as u32;
        let range = json!({ "start": { "line": 0, "character": 3 }, "end": { "line": 0, "character": 3 + before } });
        client.change(PATH, version, json!([{ "range": range, "text": format!("version_{version}") }]));
        let outline = client.begin("textDocument/documentSymbol", of(PATH));
        let all = client.begin("workspace/symbol", json!({ "query": "version" }));
        asked.push((version, outline, all));
    }
    let mut answered = 0;
    for (version, outline, all) in asked {
        match client.wait(outline) {
            // The outline is that of the text after the edits that came before the question.
            Ok(found) => {
                assert_eq!(found[0]["name"], format!("version_{version}"));
                answered += 1;
            }
            Err(code) => assert_eq!(code, -32801),
        }
        // A question without a position is answered, if need be from a later text, never from an earlier one.
        let found = client.wait(all).unwrap();
        let name = found[0]["name"].as_str().unwrap().trim_start_matches("version_").parse::<i64>().unwrap();
        assert!(name >= version, "{name} after {version}");
    }
    assert!(answered > 0);
    let last = client.ask("textDocument/documentSymbol", of(PATH)).unwrap();
    assert_eq!(last[0]["name"], "version_300");
    assert_eq!(client.ask("textDocument/diagnostic", of(PATH)).unwrap()["items"], json!([]));
    client.ask("shutdown", Value::Null).unwrap();
    client.notify("exit", Value::Null);
    assert!(server.join().unwrap());
}

#[test]
fn cancelled_requests_are_answered() {
    let (mut client, server) = connect(&[], pulling());
    let text: String = (0..400).map(|n| format!("fn f{n}(x: Int) -> Int {{ x + {n} }}\n")).collect();
    client.open(PATH, &text);
    for round in 0..20 {
        client.change(PATH, round + 2, json!([{ "text": format!("{text}// {round}\n") }]));
        let ids: Vec<i64> = (0..10).map(|_| client.begin("textDocument/diagnostic", of(PATH))).collect();
        for id in &ids {
            client.notify("$/cancelRequest", json!({ "id": id }));
        }
        for id in ids {
            match client.wait(id) {
                Ok(report) => assert_eq!(report["kind"], "full"),
                Err(code) => assert_eq!(code, -32800),
            }
        }
    }
    // What is not known cannot be cancelled; nobody minds.
    client.notify("$/cancelRequest", json!({ "id": 123_456 }));
    client.notify("$/cancelRequest", json!({ "id": "text" }));
    assert!(client.ask("textDocument/diagnostic", of(PATH)).is_ok());
    client.hang_up();
    assert!(!server.join().unwrap(), "it hung up without `shutdown`");
}

#[test]
fn the_end_comes_whatever_is_under_way() {
    for how in 0..4 {
        let (mut client, server) = connect(&[("/w/tenon.toml", ""), (PATH, "fn one() -> Int { 1 }\n")], pulling());
        client.open(PATH, &"fn one() -> Int { 1 }\n".repeat(200));
        let mut ids: Vec<i64> = Vec::new();
        for _ in 0..50 {
            ids.push(client.begin("textDocument/diagnostic", of(PATH)));
            ids.push(client.begin("textDocument/hover", at(PATH, 3, 4)));
        }
        // A question that waits for news that never comes.
        let waiting =
            json!({ "previousResultIds": [{ "uri": "file:///w/a.tn", "value": "1" }], "partialResultToken": 1 });
        client.ask("workspace/diagnostic", waiting).unwrap();
        match how {
            0 => {
                let shut_down = client.begin("shutdown", Value::Null);
                client.notify("exit", Value::Null);
                assert!(client.wait(shut_down).is_ok());
            }
            1 => client.notify("exit", Value::Null),
            2 => client.hang_up(),
            // In the middle of a message.
            _ => {
                client.raw(b"Content-Length: 100\r\n\r\n{\"jsonrpc\"");
                client.hang_up();
            }
        }
        assert_eq!(server.join().unwrap(), how == 0, "way {how}");
        client.wait_for_end();
        // Everything has been answered, with something.
        for id in ids {
            let _ = client.wait(id);
        }
    }
}

#[test]
fn what_is_no_message_is_refused_and_the_next_one_heard() {
    let (mut client, server) = connect(&[], pulling());
    client.raw(b"Content-Length: 7\r\n\r\n{\"a\": }");
    client.raw(b"Content-Length: 2\r\n\r\n[]");
    assert_eq!(client.ask("no/such/method", json!({})).unwrap_err(), -32601);
    assert_eq!(client.ask("textDocument/hover", json!({ "textDocument": [] })).unwrap_err(), -32602);
    assert_eq!(client.refusals(), [-32700, -32600]);
    client.open(PATH, "fn one() -> Int { 1 }\n");
    assert!(client.ask("textDocument/diagnostic", of(PATH)).is_ok());
    client.hang_up();
    server.join().unwrap();
}

#[test]
fn diagnostics_come_by_themselves_to_who_does_not_ask() {
    let (mut client, server) = connect(&[], json!({}));
    client.open(PATH, "fn one() -> Int { true }\n");
    let told = client.hear("textDocument/publishDiagnostics");
    assert_eq!(told["params"]["diagnostics"][0]["code"], "T0202");
    assert_eq!(told["params"]["version"], 1);
    client.hang_up();
    server.join().unwrap();
}

/// Nobody says anything for a while: the program is lowered, and what that refuses is told.
#[test]
fn what_lowering_refuses_comes_after_a_pause() {
    let mut refreshing = pulling();
    refreshing["workspace"] = json!({ "diagnostics": { "refreshSupport": true } });
    let (mut client, server) = connect(&[], refreshing);
    let chance = "fn chance() -> Int {\n  random_int(1, 6)\n}\n";
    client.open(PATH, &format!("{chance}query lucky() -> [Int] {{\n  from n in [1, 2]\n  where n > chance()\n}}\n"));
    client.hear("workspace/diagnostic/refresh");
    assert_eq!(client.ask("textDocument/diagnostic", of(PATH)).unwrap()["items"][0]["code"], "T0001");
    client.hang_up();
    server.join().unwrap();
}

#[test]
fn the_client_is_asked_to_watch_files() {
    let watches = json!({ "workspace": { "didChangeWatchedFiles": { "dynamicRegistration": true } } });
    let (mut client, server) = connect(&[], watches);
    let asked = client.hear("client/registerCapability");
    assert_eq!(asked["params"]["registrations"][0]["method"], "workspace/didChangeWatchedFiles");
    client.hang_up();
    server.join().unwrap();
}

/// A run of scenarios asks no query: it ends all the same when the client takes it back, and nobody else waited for it.
#[test]
fn a_long_scenario_is_stopped() {
    let (mut client, server) = connect(&[], pulling());
    let spin =
        "fn spin(n: Int) -> Int {\n  var x = 0\n  for i in 1..=n { for j in 1..=n { x = x + j mod 7 } }\n  x\n}\n";
    let text = format!("{spin}scenario \"long\" {{ then spin(n: 9_000) == 1 }}\n");
    client.open(PATH, &text);
    let run = json!({ "command": "tenon.runScenario", "arguments": [{ "uri": "file:///w/shop.tn", "name": "long" }] });
    let id = client.begin("workspace/executeCommand", run);
    // It has begun once the next request is answered; an edit does not wait for it.
    assert!(client.ask("textDocument/documentSymbol", of(PATH)).is_ok());
    std::thread::sleep(std::time::Duration::from_millis(300));
    client.change(PATH, 2, json!([{ "text": format!("{text}// more\n") }]));
    assert!(client.ask("textDocument/documentSymbol", of(PATH)).is_ok());
    let before = std::time::Instant::now();
    client.notify("$/cancelRequest", json!({ "id": id }));
    assert_eq!(client.wait(id), Err(-32800));
    assert!(before.elapsed() < std::time::Duration::from_secs(5), "{:?}", before.elapsed());
    client.ask("shutdown", Value::Null).unwrap();
    client.notify("exit", Value::Null);
    assert!(server.join().unwrap());
}
