//! Who is answered, and what is served.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::mpsc::channel;
use tenon_playground_server::{Settings, serve};

fn start(name: &str) -> SocketAddr {
    let page = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(page.join("inner")).unwrap();
    std::fs::write(page.join("index.html"), "<title>x</title>").unwrap();
    std::fs::write(page.join("main.js"), "1").unwrap();
    std::fs::write(page.join("tenon.wasm"), "w").unwrap();
    std::fs::write(page.join("inner/secret.js"), "2").unwrap();
    let (sender, receiver) = channel();
    std::thread::spawn(move || serve(&Settings { page, port: 0 }, |address| sender.send(address).unwrap()));
    receiver.recv().unwrap()
}

fn ask(address: SocketAddr, head: &str, host: &str, more: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(
        stream,
        "{head} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {length}\r\n{more}\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
}

#[test]
fn only_the_page_itself_is_answered() {
    let address = start("answered");
    let own = address.to_string();
    let json = "content-type: application/json\r\n";
    let post = |host: &str, more: &str| ask(address, "POST /engine/a", host, more, r#"{"do":"tour"}"#);
    let begin = |host: &str, more: &str| ask(address, "PUT /engine/a", host, more, "").0;
    assert!(address.ip().is_loopback());
    assert_eq!(begin("elsewhere.example", ""), 403);
    assert_eq!(begin(&own, "origin: http://elsewhere.example\r\n"), 403);
    assert_eq!(post(&own, json).0, 410);
    assert_eq!(begin(&own, &format!("origin: http://{own}\r\n")), 204);
    let (status, page) = ask(address, "GET /", &own, "", "");
    assert_eq!((status, page.contains("tenon-engine")), (200, true));
    assert_eq!(ask(address, "GET /", "elsewhere.example", "", "").0, 403);
    let (status, body) = post(&own, json);
    assert_eq!((status, body.starts_with("{\"ok\":[")), (200, true), "{body}");
    assert_eq!(post(&own, &format!("{json}origin: http://{own}\r\n")).0, 200);
    assert_eq!(post(&own, &format!("{json}origin: http://elsewhere.example\r\n")).0, 403);
    assert_eq!(post("elsewhere.example", json).0, 403);
    assert_eq!(post(&own, "content-type: text/plain\r\n").0, 415);
    let end = |host: &str, more: &str| ask(address, "DELETE /engine/a", host, more, "").0;
    assert_eq!(end("elsewhere.example", ""), 403);
    assert_eq!(end(&own, "origin: http://elsewhere.example\r\n"), 403);
    assert_eq!(post(&own, json).0, 200);
    assert_eq!(end(&own, ""), 204);
    assert_eq!(post(&own, json).0, 410);
}

#[test]
fn only_files_of_the_page_are_served() {
    let address = start("served");
    let status = |path: &str| ask(address, &format!("GET {path}"), &address.to_string(), "", "").0;
    assert_eq!(status("/main.js"), 200);
    for path in ["/tenon.wasm", "/inner/secret.js", "/../Cargo.toml", "/%2e%2e/Cargo.toml", "/none.js"] {
        assert_eq!(status(path), 404, "{path}");
    }
}

#[test]
fn sessions_do_not_see_each_other() {
    let address = start("sessions");
    let post = |session: &str, body: &str| {
        let head = format!("POST /engine/{session}");
        ask(address, &head, &address.to_string(), "content-type: application/json\r\n", body).1
    };
    for session in ["one", "two"] {
        assert_eq!(ask(address, &format!("PUT /engine/{session}"), &address.to_string(), "", "").0, 204);
    }
    let open = r#"{"do":"open","files":[{"path":"main.tn","text":"relation A {\n  key id: Id\n}\n"}]}"#;
    assert!(post("one", open).contains("\"sound\":true"));
    assert!(post("one", r#"{"do":"rows","relation":"A"}"#).contains("\"total\":0"));
    assert!(post("two", r#"{"do":"rows","relation":"A"}"#).contains("error"));
}
