//! A client of a language server in a process of its own.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};
use tenon_driver::report::Stop;

/// A client; one question is under way at a time.
pub struct Client {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    folder: String,
    id: u64,
    version: u64,
}

impl Client {
    /// Starts a server on a folder.
    pub fn start(command: &[&OsStr], folder: &Path) -> Result<Client, Stop> {
        let (program, arguments) = command.split_first().ok_or_else(|| Stop::failed("no command"))?;
        let mut child = Command::new(program)
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (input, output) = pipes.ok_or_else(|| Stop::failed("the server has no pipes"))?;
        let folder = folder.display().to_string();
        let mut client = Client { child, input, output: BufReader::new(output), folder, id: 0, version: 1 };
        let root = format!("file://{}", client.folder);
        let capabilities = json!({
            "textDocument": {
                "diagnostic": { "dynamicRegistration": false },
                "completion": { "completionItem": { "snippetSupport": true } },
            },
            "workspace": { "configuration": true },
            "general": { "positionEncodings": ["utf-16"] },
        });
        let params = json!({
            "processId": std::process::id(),
            "rootUri": root,
            "workspaceFolders": [{ "uri": root, "name": "bench" }],
            "capabilities": capabilities,
        });
        client.ask("initialize", params)?;
        client.tell("initialized", json!({}))?;
        Ok(client)
    }

    /// The URI of a file of the folder.
    pub fn uri(&self, file: &str) -> String {
        format!("file://{}/{file}", self.folder)
    }

    /// Opens a document.
    pub fn open(&mut self, uri: &str, language: &str, text: &str) -> Result<(), Stop> {
        let document = json!({ "uri": uri, "languageId": language, "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }))
    }

    /// Replaces a range of a document.
    pub fn change(&mut self, uri: &str, start: &Value, end: &Value, text: &str) -> Result<(), Stop> {
        self.version += 1;
        let change = json!({ "range": { "start": start, "end": end }, "text": text });
        let document = json!({ "uri": uri, "version": self.version });
        self.tell("textDocument/didChange", json!({ "textDocument": document, "contentChanges": [change] }))
    }

    /// How many errors a document has.
    pub fn diagnostics(&mut self, uri: &str) -> Result<usize, Stop> {
        let report = self.ask("textDocument/diagnostic", json!({ "textDocument": { "uri": uri } }))?;
        let items = report["items"].as_array().ok_or_else(|| Stop::failed(format!("no report: {report}")))?;
        Ok(items.iter().filter(|item| item["severity"].as_u64().unwrap_or(1) == 1).count())
    }

    /// Says something.
    fn tell(&mut self, method: &str, params: Value) -> Result<(), Stop> {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }))
    }

    /// Asks something and waits for the answer.
    pub fn ask(&mut self, method: &str, params: Value) -> Result<Value, Stop> {
        self.id += 1;
        let id = self.id;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))?;
        loop {
            let mut message = self.read()?;
            if message.get("method").is_some() {
                if let Some(id) = message.get("id") {
                    // `workspace/configuration` wants one setting each.
                    let items = message["params"]["items"].as_array().map_or(0, Vec::len);
                    let result = if items > 0 { json!(vec![Value::Null; items]) } else { Value::Null };
                    self.send(&json!({ "jsonrpc": "2.0", "id": id, "result": result }))?;
                }
            } else if message["id"] == id {
                return match message.get("error") {
                    None => Ok(message["result"].take()),
                    Some(error) => Err(Stop::failed(format!("{method}: {error}"))),
                };
            }
        }
    }

    fn send(&mut self, message: &Value) -> Result<(), Stop> {
        let body = message.to_string();
        self.input.write_all(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes())?;
        Ok(self.input.flush()?)
    }

    fn read(&mut self) -> Result<Value, Stop> {
        let mut length = 0;
        loop {
            let mut header = String::new();
            if self.output.read_line(&mut header)? == 0 {
                return Err(Stop::failed("the server ended"));
            }
            match header.trim_end().split_once(':') {
                None => break,
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse().map_err(|_| Stop::failed("a message without a length"))?;
                }
                Some(_) => {}
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body)?;
        serde_json::from_slice(&body).map_err(|error| Stop::failed(format!("the server says no JSON: {error}")))
    }

    /// The most memory that the server has used, in MiB.
    pub fn peak_memory(&self) -> Result<f64, Stop> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = peak.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<f64>().ok());
        kib.map(|kib| kib / 1024.0).ok_or_else(|| Stop::failed("the system does not tell how much memory was used"))
    }

    /// Ends the server.
    pub fn stop(mut self) -> Result<(), Stop> {
        self.ask("shutdown", Value::Null)?;
        self.tell("exit", Value::Null)?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // It has ended, or a measurement went wrong.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
