//! A client as a page is one: messages go in and come out as texts, one after the other.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(dead_code, reason = "each test uses a part")]

use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tenon_ide::Ide;
use tenon_project::Memory;
use tenon_protocol::Session;
use tenon_protocol::session::LIBRARY_FOLDER;

/// Everything that a client can be able to do and answers depend on.
pub fn able(encoding: &str, pulls: bool) -> Value {
    let mut document = json!({
        "publishDiagnostics": { "relatedInformation": true },
        "hover": { "contentFormat": ["markdown"] },
        "definition": { "linkSupport": true },
        "documentSymbol": { "hierarchicalDocumentSymbolSupport": true },
        "completion": { "completionItem": { "snippetSupport": true } },
        "signatureHelp": { "signatureInformation": { "parameterInformation": { "labelOffsetSupport": true } } },
        "codeAction": {
            "codeActionLiteralSupport": { "codeActionKind": { "valueSet": [] } },
            "dataSupport": true,
            "resolveSupport": { "properties": ["edit"] },
        },
    });
    if pulls {
        document["diagnostic"] = json!({});
    }
    json!({
        "general": { "positionEncodings": [encoding, "utf-16"] },
        "textDocument": document,
        "workspace": {
            "workspaceEdit": { "documentChanges": true },
            "didChangeWatchedFiles": { "dynamicRegistration": true },
        },
    })
}

/// A session with a client.
pub struct Page {
    /// The server.
    pub session: Session,
    files: Arc<Mutex<Memory>>,
    next: i64,
    /// What the server said that it can do.
    pub capabilities: Value,
    /// Notifications of the server, and what it asks.
    pub heard: Vec<Value>,
    /// The queries that ran since this was emptied.
    pub ran: Arc<Mutex<Vec<String>>>,
}

impl Page {
    /// A session over files in memory, with a workspace folder `/w`.
    pub fn new(files: &[(&str, &str)], capabilities: Value) -> Page {
        let mut memory = Memory::default();
        files.iter().for_each(|(path, text)| memory.write(*path, *text));
        Page::over(Arc::new(Mutex::new(memory)), capabilities)
    }

    /// As [`Page::new`], over files that others have too.
    pub fn over(files: Arc<Mutex<Memory>>, capabilities: Value) -> Page {
        let ran: Arc<Mutex<Vec<String>>> = Arc::default();
        let sink = ran.clone();
        let make = move || {
            let sink = sink.clone();
            Ide::with_listener(Box::new(move |query| sink.lock().unwrap().push(query.to_owned())))
        };
        let session = Session::with(Box::new(files.clone()), PathBuf::from(LIBRARY_FOLDER), Box::new(make));
        let mut page = Page { session, files, next: 0, capabilities: Value::Null, heard: Vec::new(), ran };
        let params = json!({
            "processId": null,
            "capabilities": capabilities,
            "workspaceFolders": [{ "uri": "file:///w", "name": "w" }],
        });
        page.capabilities = page.ask("initialize", params).unwrap()["capabilities"].take();
        page.notify("initialized", json!({}));
        page
    }

    /// Writes a file to disk, behind the server's back.
    pub fn write(&self, path: &str, text: &str) {
        self.files.lock().unwrap().write(path, text);
    }

    /// Removes a file from disk, behind the server's back.
    pub fn remove(&self, path: &str) {
        self.files.lock().unwrap().remove(std::path::Path::new(path));
    }

    /// Tells the server what happened on disk: 1 made, 2 changed, 3 gone.
    pub fn watched(&mut self, events: &[(&str, u32)]) {
        let changes: Vec<_> = events.iter().map(|(path, what)| json!({ "uri": uri(path), "type": what })).collect();
        self.notify("workspace/didChangeWatchedFiles", json!({ "changes": changes }));
    }

    /// Says something.
    pub fn notify(&mut self, method: &str, params: Value) {
        let answer = self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
        assert_eq!(answer, None, "{method}");
    }

    /// Asks something. An error as its number and words.
    pub fn ask(&mut self, method: &str, params: Value) -> Result<Value, (i64, String)> {
        self.next += 1;
        let id = self.next;
        let answer = self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        let mut answer = answer.unwrap_or_else(|| panic!("no answer to {method}"));
        assert_eq!(answer["id"], id);
        match answer.get("error") {
            None => Ok(answer["result"].take()),
            Some(error) => Err((error["code"].as_i64().unwrap(), error["message"].as_str().unwrap().to_owned())),
        }
    }

    /// Sends a message; gives the answer, if there is one.
    pub fn send(&mut self, message: &Value) -> Option<Value> {
        let mut answers = self.send_all(message);
        assert!(answers.len() < 2, "{answers:?}");
        answers.pop()
    }

    /// Sends a message; gives the answers to all requests that it ends.
    pub fn send_all(&mut self, message: &Value) -> Vec<Value> {
        let texts = self.session.handle(&message.to_string());
        self.sort(texts)
    }

    /// Says nothing for a while; gives the answers to all requests that this ends.
    pub fn rest(&mut self) -> Vec<Value> {
        let texts = self.session.handle_rest();
        self.sort(texts)
    }

    /// Answers, out of what the server says; all else was heard.
    fn sort(&mut self, texts: Vec<String>) -> Vec<Value> {
        let mut answers = Vec::new();
        for text in texts {
            let said: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(said["jsonrpc"], "2.0");
            if said.get("method").is_some() {
                if let Some(id) = said.get("id") {
                    let reply = json!({ "jsonrpc": "2.0", "id": id, "result": null });
                    self.session.handle(&reply.to_string());
                }
                assert_ne!(said["method"], "window/logMessage", "{said}");
                self.heard.push(said);
            } else {
                answers.push(said);
            }
        }
        answers
    }

    /// Opens a document.
    pub fn open(&mut self, path: &str, text: &str) {
        let document = json!({ "uri": uri(path), "languageId": "tenon", "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }));
    }

    /// Closes a document.
    pub fn close(&mut self, path: &str) {
        self.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri(path) } }));
    }

    /// Changes a document; each change as the protocol writes it.
    pub fn change(&mut self, path: &str, version: i64, changes: Value) {
        let params = json!({ "textDocument": { "uri": uri(path), "version": version }, "contentChanges": changes });
        self.notify("textDocument/didChange", params);
    }

    /// Replaces the whole text of a document.
    pub fn replace(&mut self, path: &str, version: i64, text: &str) {
        self.change(path, version, json!([{ "text": text }]));
    }

    /// The diagnostics of a document: their codes.
    pub fn codes(&mut self, path: &str) -> Vec<String> {
        let report = self.ask("textDocument/diagnostic", of(path)).unwrap();
        codes(&report["items"])
    }

    /// What was published for a document last: codes, or nothing.
    pub fn published(&self, path: &str) -> Option<Vec<String>> {
        let of =
            |said: &&Value| said["method"] == "textDocument/publishDiagnostics" && said["params"]["uri"] == uri(path);
        self.heard.iter().rev().find(of).map(|said| codes(&said["params"]["diagnostics"]))
    }

    /// The names of the outline of a document.
    pub fn names(&mut self, path: &str) -> Vec<String> {
        let symbols = self.ask("textDocument/documentSymbol", of(path)).unwrap();
        symbols.as_array().unwrap().iter().map(|symbol| symbol["name"].as_str().unwrap().to_owned()).collect()
    }

    /// The queries that ran since the last call, by name, how often.
    pub fn queries(&self) -> std::collections::BTreeMap<String, usize> {
        let mut counts = std::collections::BTreeMap::new();
        for query in std::mem::take(&mut *self.ran.lock().unwrap()) {
            let name = query.split('(').next().unwrap_or(&query).trim_end_matches('_').to_owned();
            *counts.entry(name).or_insert(0) += 1;
        }
        counts
    }
}

/// The URI of a path.
pub fn uri(path: &str) -> String {
    if path.contains(':') { path.to_owned() } else { format!("file://{}", path.replace(' ', "%20")) }
}

/// Parameters that name a document.
pub fn of(path: &str) -> Value {
    json!({ "textDocument": { "uri": uri(path) } })
}

/// Parameters that name a place in a document.
pub fn at(path: &str, line: u32, character: u32) -> Value {
    json!({ "textDocument": { "uri": uri(path) }, "position": { "line": line, "character": character } })
}

/// The codes of diagnostics.
pub fn codes(items: &Value) -> Vec<String> {
    items.as_array().unwrap().iter().map(|item| item["code"].as_str().unwrap_or_default().to_owned()).collect()
}

/// The requests about a whole document, with parameters beside the document's.
pub const WHOLE: &[(&str, &str)] = &[
    ("textDocument/diagnostic", "{}"),
    ("textDocument/documentSymbol", "{}"),
    ("textDocument/foldingRange", "{}"),
    ("textDocument/documentLink", "{}"),
    ("textDocument/formatting", r#"{"options": {"tabSize": 2, "insertSpaces": true}}"#),
    ("textDocument/codeLens", "{}"),
    ("textDocument/semanticTokens/full", "{}"),
    (
        "textDocument/codeAction",
        r#"{"range": {"start": {"line": 2, "character": 0}, "end": {"line": 2, "character": 9}}, "context": {"diagnostics": []}}"#,
    ),
    (
        "textDocument/inlayHint",
        r#"{"range": {"start": {"line": 0, "character": 0}, "end": {"line": 100000, "character": 0}}}"#,
    ),
];

/// The requests about a place in a document.
pub const PLACED: &[&str] = &[
    "textDocument/hover",
    "textDocument/definition",
    "textDocument/typeDefinition",
    "textDocument/implementation",
    "textDocument/documentHighlight",
    "textDocument/signatureHelp",
    "textDocument/completion",
    "textDocument/prepareCallHierarchy",
];

/// Every answer about a document as a whole.
pub fn answers(page: &mut Page, path: &str) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for (method, more) in WHOLE {
        let mut params: Value = serde_json::from_str(more).unwrap();
        params["textDocument"] = of(path)["textDocument"].clone();
        let mut answer = page.ask(method, params).unwrap_or_else(|error| panic!("{method}: {error:?}"));
        if method.ends_with("/full") {
            // Counts what was told.
            answer["resultId"] = Value::Null;
        }
        found.push(((*method).to_owned(), answer));
    }
    found
}

/// Every answer about a place in a document.
pub fn answers_at(page: &mut Page, path: &str, line: u32, character: u32) -> Vec<(String, Value)> {
    let ask = |method: &&str| {
        let answer = page.ask(method, at(path, line, character)).unwrap_or_else(|error| panic!("{method}: {error:?}"));
        (format!("{method} at {line}:{character}"), answer)
    };
    PLACED.iter().map(ask).collect()
}

/// Numbers that look random and are the same for the same seed.
pub struct Numbers(pub u64);

impl Numbers {
    /// The next number below a limit.
    pub fn below(&mut self, limit: usize) -> usize {
        // The generator of Steele, Lea and Flood.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % limit.max(1) as u64) as usize
    }

    /// One of a list.
    pub fn of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        let at = self.below(list.len());
        &list[at]
    }
}
