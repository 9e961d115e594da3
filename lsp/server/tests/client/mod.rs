//! A client on a real connection: framed messages over a stream.

#![allow(dead_code, reason = "each test uses a part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// Longer than any answer takes; whoever waits so long waits for ever.
const PATIENCE: Duration = Duration::from_secs(120);

/// What came from the server.
#[derive(Default)]
struct Heard {
    answers: HashMap<i64, Value>,
    /// The order in which answers came.
    order: Vec<i64>,
    /// Notifications and requests.
    said: Vec<Value>,
    ended: bool,
}

/// A client.
pub struct Client {
    output: Option<Box<dyn Write + Send>>,
    heard: Arc<(Mutex<Heard>, Condvar)>,
    next: i64,
}

impl Client {
    /// A client that reads and writes these.
    pub fn new(input: impl Read + Send + 'static, output: impl Write + Send + 'static) -> Client {
        let heard: Arc<(Mutex<Heard>, Condvar)> = Arc::default();
        let sink = heard.clone();
        std::thread::spawn(move || {
            let mut input = BufReader::new(input);
            while let Some(message) = read(&mut input) {
                let mut heard = sink.0.lock().unwrap();
                match message.get("method") {
                    None if message["id"].is_null() => heard.said.push(message),
                    None => {
                        let id = message["id"].as_i64().unwrap();
                        assert!(heard.answers.insert(id, message).is_none(), "two answers to {id}");
                        heard.order.push(id);
                    }
                    Some(_) => heard.said.push(message),
                }
                sink.1.notify_all();
            }
            sink.0.lock().unwrap().ended = true;
            sink.1.notify_all();
        });
        Client { output: Some(Box::new(output)), heard, next: 0 }
    }

    /// Says that the client is there.
    pub fn initialize(&mut self, folder: &str, capabilities: Value) -> Value {
        let params = json!({
            "processId": std::process::id(),
            "capabilities": capabilities,
            "workspaceFolders": [{ "uri": format!("file://{folder}"), "name": "w" }],
        });
        let answer = self.ask("initialize", params).unwrap();
        self.notify("initialized", json!({}));
        answer
    }

    /// Sends bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) {
        let output = self.output.as_mut().expect("it has not hung up");
        output.write_all(bytes).unwrap();
        output.flush().unwrap();
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        self.raw(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
    }

    /// Says something.
    pub fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Asks something, and does not wait.
    pub fn begin(&mut self, method: &str, params: Value) -> i64 {
        self.next += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": self.next, "method": method, "params": params }));
        self.next
    }

    /// Waits for an answer; an error as its number.
    pub fn wait(&self, id: i64) -> Result<Value, i64> {
        let heard = self.heard.0.lock().unwrap();
        let (mut heard, late) = self
            .heard
            .1
            .wait_timeout_while(heard, PATIENCE, |heard| !heard.answers.contains_key(&id) && !heard.ended)
            .unwrap();
        assert!(!late.timed_out(), "no answer to request {id}");
        let mut answer = heard.answers.remove(&id).expect("the server ended before it answered");
        match answer.get("error") {
            None => Ok(answer["result"].take()),
            Some(error) => Err(error["code"].as_i64().unwrap()),
        }
    }

    /// Asks something and waits for the answer.
    pub fn ask(&mut self, method: &str, params: Value) -> Result<Value, i64> {
        let id = self.begin(method, params);
        self.wait(id)
    }

    /// Waits for a message of this method from the server.
    pub fn hear(&self, method: &str) -> Value {
        let heard = self.heard.0.lock().unwrap();
        let of = |said: &Value| said["method"] == method;
        let (heard, late) = self
            .heard
            .1
            .wait_timeout_while(heard, PATIENCE, |heard| !heard.said.iter().any(of) && !heard.ended)
            .unwrap();
        assert!(!late.timed_out(), "the server never says {method}");
        heard.said.iter().find(|said| of(said)).expect("the server ended before it said so").clone()
    }

    /// The numbers of the errors that answer no request, in the order in which they came.
    pub fn refusals(&self) -> Vec<i64> {
        let heard = self.heard.0.lock().unwrap();
        heard.said.iter().filter_map(|said| said["error"]["code"].as_i64()).collect()
    }

    /// The ids of the answers, in the order in which they came.
    pub fn order(&self) -> Vec<i64> {
        self.heard.0.lock().unwrap().order.clone()
    }

    /// Hangs up: the server hears the end.
    pub fn hang_up(&mut self) {
        self.output = None;
    }

    /// Waits until the server has hung up.
    pub fn wait_for_end(&self) {
        let heard = self.heard.0.lock().unwrap();
        let waited = self.heard.1.wait_timeout_while(heard, PATIENCE, |heard| !heard.ended).unwrap();
        assert!(!waited.1.timed_out(), "the server does not end");
    }

    /// Opens a document.
    pub fn open(&mut self, path: &str, text: &str) {
        let document = json!({ "uri": format!("file://{path}"), "languageId": "tenon", "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }));
    }

    /// Changes a document; each change as the protocol writes it.
    pub fn change(&mut self, path: &str, version: i64, changes: Value) {
        let document = json!({ "uri": format!("file://{path}"), "version": version });
        self.notify("textDocument/didChange", json!({ "textDocument": document, "contentChanges": changes }));
    }
}

/// Parameters that name a document.
pub fn of(path: &str) -> Value {
    json!({ "textDocument": { "uri": format!("file://{path}") } })
}

/// Parameters that name a place in a document.
pub fn at(path: &str, line: u32, character: u32) -> Value {
    json!({ "textDocument": { "uri": format!("file://{path}") }, "position": { "line": line, "character": character } })
}

/// Reads a framed message; `None` at the end.
fn read(input: &mut impl BufRead) -> Option<Value> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if input.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("no header: {line:?}"));
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse::<usize>().ok();
        }
    }
    let mut body = vec![0; length.expect("a length")];
    input.read_exact(&mut body).ok()?;
    Some(serde_json::from_slice(&body).expect("JSON"))
}
