//! Documents, files and programs: what is open says what the editor says, all else what the disk says.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod page;

use page::{Page, able, at, codes, of};
use serde_json::{Value, json};

const CONFIG: &str = "name = \"shop\"\n";
const MODEL: &str = "relation Product {\n  key sku: Text\n  price: Int\n}\n";
const USER: &str = "fn double(p: Product) -> Int {\n  p.price * 2\n}\n";
const BROKEN: &str = "fn double(p: Product) -> Int {\n  p.prise * 2\n}\n";

fn shop(pulls: bool) -> Page {
    let files = [("/w/tenon.toml", CONFIG), ("/w/model.tn", MODEL), ("/w/use.tn", USER)];
    Page::new(&files, able("utf-16", pulls))
}

#[test]
fn an_open_document_says_what_the_editor_says_and_a_closed_one_what_the_disk_says() {
    let mut page = shop(true);
    assert_eq!(page.codes("/w/use.tn"), [""; 0], "files that nobody opened belong to the program");
    page.open("/w/use.tn", BROKEN);
    assert_eq!(page.codes("/w/use.tn"), ["T0201"]);
    page.replace("/w/use.tn", 2, USER);
    assert_eq!(page.codes("/w/use.tn"), [""; 0]);
    page.replace("/w/use.tn", 3, BROKEN);
    page.close("/w/use.tn");
    assert_eq!(page.codes("/w/use.tn"), [""; 0]);
    // What the disk says does not reach an open document.
    page.open("/w/use.tn", USER);
    page.write("/w/use.tn", BROKEN);
    page.watched(&[("/w/use.tn", 2)]);
    assert_eq!(page.codes("/w/use.tn"), [""; 0]);
    page.close("/w/use.tn");
    assert_eq!(page.codes("/w/use.tn"), ["T0201"]);
}

#[test]
fn files_come_go_and_change_on_disk() {
    let mut page = shop(true);
    page.open("/w/use.tn", USER);
    page.remove("/w/model.tn");
    page.watched(&[("/w/model.tn", 3)]);
    assert_ne!(page.codes("/w/use.tn"), [""; 0], "its relation is gone");
    page.write("/w/renamed.tn", MODEL);
    page.watched(&[("/w/renamed.tn", 1)]);
    assert_eq!(page.codes("/w/use.tn"), [""; 0]);
    page.write("/w/renamed.tn", &MODEL.replace("price", "cost"));
    page.watched(&[("/w/renamed.tn", 2)]);
    assert_eq!(page.codes("/w/use.tn"), ["T0201"]);
    // A folder that went takes its files with it.
    page.write("/w/renamed.tn", "");
    page.write("/w/eu/model.tn", "fn rate() -> Int { 1 }\n");
    page.watched(&[("/w/renamed.tn", 2), ("/w/eu/model.tn", 1)]);
    assert_eq!(page.names("/w/eu/model.tn"), ["rate"]);
    page.remove("/w/eu");
    page.watched(&[("/w/eu", 3)]);
    assert_eq!(page.ask("textDocument/documentSymbol", of("/w/eu/model.tn")).unwrap_err().0, -32602);
}

#[test]
fn a_client_that_watches_nothing_is_helped_by_saving() {
    let files = [("/w/tenon.toml", CONFIG), ("/w/model.tn", MODEL), ("/w/use.tn", USER)];
    let mut page = Page::new(&files, json!({ "textDocument": { "diagnostic": {} } }));
    page.open("/w/use.tn", USER);
    page.write("/w/model.tn", &MODEL.replace("price", "cost"));
    page.notify("textDocument/didSave", of("/w/use.tn"));
    assert_eq!(page.codes("/w/use.tn"), ["T0201"]);
}

#[test]
fn each_file_belongs_to_the_nearest_program() {
    let mut page = Page::new(
        &[
            ("/w/a/tenon.toml", ""),
            ("/w/a/a.tn", "fn one() -> Int { 1 }\n"),
            ("/w/a/b/tenon.toml", ""),
            ("/w/a/b/b.tn", "fn two() -> Int { one() }\n"),
            ("/w/alone.tn", "fn three() -> Int { one() }\n"),
        ],
        able("utf-8", true),
    );
    assert_eq!(page.codes("/w/a/a.tn"), [""; 0]);
    assert_ne!(page.codes("/w/a/b/b.tn"), [""; 0], "`one` is another program's");
    page.open("/w/alone.tn", "fn three() -> Int { 3 }\n");
    assert_eq!(page.codes("/w/alone.tn"), [""; 0]);
    // The inner program ends, and its file is the outer one's.
    page.open("/w/a/b/b.tn", "fn two() -> Int { one() }\n");
    page.remove("/w/a/b/tenon.toml");
    page.watched(&[("/w/a/b/tenon.toml", 3)]);
    assert_ne!(page.codes("/w/a/b/b.tn"), [""; 0], "`one` is in another module");
    page.replace("/w/a/b/b.tn", 2, "use a { one }\nfn two() -> Int { one() }\n");
    assert_eq!(page.codes("/w/a/b/b.tn"), [""; 0]);
    // And begins again.
    page.write("/w/a/b/tenon.toml", "");
    page.watched(&[("/w/a/b/tenon.toml", 1)]);
    assert_ne!(page.codes("/w/a/b/b.tn"), [""; 0]);
}

#[test]
fn a_document_without_a_file_is_a_program_by_itself() {
    let mut page = shop(true);
    page.open("untitled:Untitled-1", "fn one() -> Int { true }\n");
    assert_eq!(page.codes("untitled:Untitled-1"), ["T0202"]);
    page.close("untitled:Untitled-1");
    assert_eq!(page.ask("textDocument/diagnostic", of("untitled:Untitled-1")).unwrap_err().0, -32602);
}

#[test]
fn a_broken_tenon_toml_is_told_where_it_is_broken() {
    let mut page = shop(true);
    assert_eq!(page.published("/w/tenon.toml"), None);
    page.write("/w/tenon.toml", "name = \"shop\"\nnome = 1\n");
    page.watched(&[("/w/tenon.toml", 2)]);
    assert_eq!(page.published("/w/tenon.toml").unwrap().len(), 1);
    assert_eq!(page.heard.last().unwrap()["params"]["diagnostics"][0]["range"]["start"]["line"], 1);
    assert_eq!(page.codes("/w/use.tn"), [""; 0], "the program is as it was");
    page.write("/w/tenon.toml", CONFIG);
    page.watched(&[("/w/tenon.toml", 2)]);
    assert_eq!(page.published("/w/tenon.toml").unwrap().len(), 0);
}

#[test]
fn a_client_that_does_not_ask_is_told() {
    let mut page = shop(false);
    assert_eq!(page.heard.iter().filter(|said| said["method"] == "textDocument/publishDiagnostics").count(), 0);
    page.open("/w/use.tn", BROKEN);
    assert_eq!(page.published("/w/use.tn").unwrap(), ["T0201"]);
    page.heard.clear();
    // An edit elsewhere that changes nothing here is told to nobody.
    page.open("/w/model.tn", &MODEL.replace("Int", "Int where it >= 0"));
    assert_eq!(page.published("/w/use.tn"), None);
    // One that reaches a file that is not edited is told of that file.
    page.replace("/w/model.tn", 2, &MODEL.replace("price", "prise"));
    assert_eq!(page.published("/w/use.tn").unwrap(), [""; 0]);
    page.close("/w/model.tn");
    assert_eq!(page.published("/w/use.tn").unwrap(), ["T0201"]);
    page.remove("/w/use.tn");
    page.close("/w/use.tn");
    assert_eq!(page.published("/w/use.tn").unwrap(), [""; 0], "it is gone");
}

#[test]
fn what_is_known_already_is_not_said_again() {
    let mut page = shop(true);
    page.open("/w/use.tn", BROKEN);
    let first = page.ask("textDocument/diagnostic", of("/w/use.tn")).unwrap();
    assert_eq!(first["kind"], "full");
    let mut params = of("/w/use.tn");
    params["previousResultId"] = first["resultId"].clone();
    let second = page.ask("textDocument/diagnostic", params.clone()).unwrap();
    assert_eq!((second["kind"].as_str(), second.get("items")), (Some("unchanged"), None));
    // Words before it move it: that is news.
    page.replace("/w/use.tn", 2, &format!("// moved\n{BROKEN}"));
    assert_eq!(page.ask("textDocument/diagnostic", params).unwrap()["kind"], "full");

    let all = page.ask("workspace/diagnostic", json!({ "previousResultIds": [] })).unwrap();
    let mut known = Vec::new();
    for report in all["items"].as_array().unwrap() {
        assert_eq!(codes(&report["items"]).len(), usize::from(report["uri"] == "file:///w/use.tn"));
        known.push(json!({ "uri": report["uri"], "value": report["resultId"] }));
    }
    assert_eq!(known.len(), 2);
    known.push(json!({ "uri": "file:///w/gone.tn", "value": "1" }));
    let again = page.ask("workspace/diagnostic", json!({ "previousResultIds": known })).unwrap();
    let kinds: Vec<_> = again["items"].as_array().unwrap().iter().map(|r| r["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["unchanged", "unchanged", "full"], "what is gone is said to have none");
}

#[test]
fn a_client_that_streams_is_answered_when_there_is_news() {
    let mut page = shop(true);
    page.open("/w/use.tn", USER);
    let all = page.ask("workspace/diagnostic", json!({ "previousResultIds": [] })).unwrap();
    let known: Vec<Value> = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|report| json!({ "uri": report["uri"], "value": report["resultId"] }))
        .collect();
    let ask = |id: i64| {
        let params = json!({ "previousResultIds": known, "partialResultToken": "t" });
        json!({ "jsonrpc": "2.0", "id": id, "method": "workspace/diagnostic", "params": params })
    };
    assert_eq!(page.send(&ask(900)), None, "nothing is new");
    let change =
        json!({ "textDocument": { "uri": "file:///w/use.tn", "version": 2 }, "contentChanges": [{ "text": BROKEN }] });
    let answer = page.send(&json!({ "jsonrpc": "2.0", "method": "textDocument/didChange", "params": change }));
    assert_eq!(answer.unwrap()["id"], 900);
    page.replace("/w/use.tn", 3, USER);
    assert_eq!(page.send(&ask(901)), None);
    let cancelled = page.send(&json!({ "jsonrpc": "2.0", "method": "$/cancelRequest", "params": { "id": 901 } }));
    assert_eq!(cancelled.unwrap()["error"]["code"], -32800);
    assert_eq!(page.send(&ask(902)), None);
    let ended = page.send_all(&json!({ "jsonrpc": "2.0", "id": 903, "method": "shutdown" }));
    let ids: Vec<_> = ended.iter().map(|answer| answer["id"].as_i64().unwrap()).collect();
    assert_eq!(ids, [902, 903], "nobody waits for ever");
}

#[test]
fn the_library_has_documents() {
    let mut page = shop(true);
    page.open("/w/use.tn", "fn shout(t: Text) -> Text {\n  t.trim\n}\n");
    page.replace("/w/use.tn", 2, "fn last(xs: [Int]) -> Int? {\n  xs.last\n}\n");
    let found = page.ask("textDocument/definition", at("/w/use.tn", 1, 6)).unwrap();
    if let Some(target) = found[0]["targetUri"].as_str() {
        assert!(target.starts_with("tenon-library:"), "{target}");
        let names = page.names(target);
        assert!(!names.is_empty(), "its outline is there without it being open");
    }
}

#[test]
fn messages_that_do_not_fit_are_refused() {
    let mut page = shop(true);
    assert_eq!(page.ask("textDocument/hover", json!({ "textDocument": 1 })).unwrap_err().0, -32602);
    assert_eq!(page.ask("textDocument/hover", at("/elsewhere.tn", 0, 0)).unwrap_err().0, -32602);
    assert_eq!(page.ask("textDocument/nothing", json!({})).unwrap_err().0, -32601);
    assert_eq!(page.ask("textDocument/didOpen", json!({})).unwrap_err().0, -32600);
    assert_eq!(page.ask("shutdown", Value::Null).unwrap(), Value::Null);
    assert_eq!(page.ask("textDocument/hover", at("/w/use.tn", 0, 0)).unwrap_err().0, -32600);
    let mut session = tenon_protocol::Session::new(Box::new(tenon_project::Memory::default()));
    let answer = session.handle(r#"{"jsonrpc":"2.0","id":1,"method":"textDocument/hover","params":{}}"#);
    assert!(answer[0].contains("-32002"), "{answer:?}");
    assert!(session.handle("{")[0].contains("-32700"));
    assert!(session.handle(r#"{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{}}"#).is_empty());
}

/// What clients say when they begin, and with every save, is no reason to do what is under way again.
#[test]
fn what_changes_nothing_overtakes_nothing() {
    let files = [("/w/tenon.toml", "name = \"shop\"\n"), ("/w/model.tn", MODEL)];
    let mut page = Page::new(&files, able("utf-16", true));
    page.open("/w/model.tn", MODEL);
    let folder = |name: &str| json!({ "uri": format!("file:///{name}"), "name": name });
    let folders = |added: Value, removed: Value| json!({ "event": { "added": added, "removed": removed } });
    for (changes, method, params) in [
        (false, "workspace/didChangeWorkspaceFolders", folders(json!([folder("w")]), json!([folder("w")]))),
        (false, "workspace/didChangeWorkspaceFolders", folders(json!([]), json!([]))),
        (true, "workspace/didChangeWorkspaceFolders", folders(json!([folder("v")]), json!([]))),
        (
            false,
            "workspace/didChangeWorkspaceFolders",
            folders(json!([folder("v"), folder("w")]), json!([folder("w")])),
        ),
        (false, "textDocument/didSave", of("/w/model.tn")),
        (true, "textDocument/didChange", json!({})),
        (false, "workspace/didChangeConfiguration", json!({ "settings": {} })),
    ] {
        let message = json!({ "jsonrpc": "2.0", "method": method, "params": params }).to_string();
        let parsed = tenon_protocol::message::Message::parse(&message).unwrap();
        assert_eq!(page.session.changes(&parsed), changes, "{message}");
        page.session.handle(&message);
    }
    // A folder that went is gone, also where it was told of twice.
    page.notify("workspace/didChangeWorkspaceFolders", folders(json!([]), json!([folder("w")])));
    page.close("/w/model.tn");
    assert!(page.ask("textDocument/hover", at("/w/model.tn", 0, 0)).is_err());
}
