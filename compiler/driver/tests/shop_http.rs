//! The shop as a process: over sockets, under load, killed and started again, and asked nonsense.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("tenon-shop-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn shop() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/apps/shop/shop.tn")
}

/// Stores products with the command, before a server holds the store.
fn import(folder: &Folder, csv: &str) {
    let file = folder.0.join("products.csv");
    std::fs::write(&file, csv).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_tenon"))
        .args(["import", "Product"])
        .arg(&file)
        .arg("--program")
        .arg(shop())
        .arg("--data")
        .arg(folder.0.join("data"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(folder: &Folder) -> Server {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tenon"))
            .arg("run")
            .arg(shop())
            .args(["--json", "--port", "0", "--data"])
            .arg(folder.0.join("data"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut out = child.stdout.take().unwrap();
        let mut said = Vec::new();
        let mut byte = [0];
        let address = loop {
            assert_eq!(out.read(&mut byte).unwrap(), 1, "the server ended: {}", String::from_utf8_lossy(&said));
            said.push(byte[0]);
            if byte[0] == b'\n' {
                let line: Value = serde_json::from_slice(&said).unwrap();
                if let Some(address) = line["address"].as_str() {
                    break address.to_owned();
                }
                said.clear();
            }
        };
        // The pipe stays open for as long as the server may write to it.
        child.stdout = Some(out);
        Server { child, address }
    }

    /// The status and the body of an answer; `None` if the connection broke.
    fn send(&self, request: &[u8]) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        // A server may answer, and stop reading, before the last byte is sent.
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some((status, body.to_owned()))
    }

    fn post(&self, body: &[u8]) -> Option<(u16, String)> {
        let length = body.len();
        let mut request =
            format!("POST /orders HTTP/1.1\r\nhost: shop\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n")
                .into_bytes();
        request.extend_from_slice(body);
        self.send(&request)
    }

    fn get(&self, path: &str) -> Value {
        let (status, body) =
            self.send(format!("GET {path} HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n").as_bytes()).unwrap();
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    fn stock(&self, sku: &str) -> i64 {
        self.get(&format!("/products/{sku}"))["stock"].as_i64().unwrap()
    }

    /// How many orders there are of a product.
    fn orders(&self, sku: &str) -> i64 {
        let revenue = self.get("/revenue");
        let row = revenue.as_array().unwrap().iter().find(|row| row["sku"] == sku).cloned();
        row.map_or(0, |row| row["orders"].as_i64().unwrap())
    }

    /// Asks the process to stop; whether it ended well.
    fn terminate(mut self) -> bool {
        assert!(Command::new("kill").arg(self.child.id().to_string()).status().unwrap().success());
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.success();
            }
            assert!(Instant::now() < until, "the server does not stop");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const ONE_TEE: &[u8] = br#"{"sku":"tee","qty":1}"#;

#[test]
fn the_last_item_is_sold_once() {
    let folder = Folder::new("sold");
    import(&folder, "Sku,Name,Price,Cost,Stock\ntee,Tee,25,11,10\n");
    let server = Server::start(&folder);
    let answers = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..15 {
            scope.spawn(|| answers.lock().unwrap().push(server.post(ONE_TEE).unwrap()));
        }
    });
    let answers = answers.into_inner().unwrap();
    assert_eq!(answers.iter().filter(|(status, _)| *status == 201).count(), 10, "{answers:?}");
    let refused: Vec<Value> = answers
        .iter()
        .filter(|(status, _)| *status == 409)
        .map(|(_, body)| serde_json::from_str(body).unwrap())
        .collect();
    assert_eq!(refused.len(), 5, "{answers:?}");
    for problem in refused {
        assert_eq!(problem["type"], "urn:tenon:error:OutOfStock");
        assert_eq!(problem["left"], 0);
    }
    assert_eq!((server.stock("tee"), server.orders("tee")), (0, 10));
    assert_eq!(server.get("/revenue"), json!([{ "sku": "tee", "orders": 10, "total": 250 }]));
    assert!(server.terminate());
}

#[test]
fn what_was_answered_survives_a_kill() {
    let folder = Folder::new("killed");
    import(&folder, "sku,name,price,cost,stock\ntee,Tee,25,11,1000000\n");
    // Each round goes on with what the one before left.
    let rounds = std::env::var("TENON_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    for _ in 0..rounds {
        kill_in_the_middle(&folder);
    }
}

fn kill_in_the_middle(folder: &Folder) {
    let mut server = Server::start(folder);
    let before = server.orders("tee");
    let answered = AtomicUsize::new(0);
    let id = server.child.id().to_string();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    while let Some((status, body)) = server.post(ONE_TEE) {
                        // An answer that was cut off in the middle was still an answer.
                        assert_eq!(status, 201, "{body}");
                        answered.fetch_add(1, Ordering::SeqCst);
                    }
                })
            })
            .collect();
        let until = Instant::now() + Duration::from_secs(60);
        while answered.load(Ordering::SeqCst) < 100 && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(Command::new("kill").args(["-9", &id]).status().unwrap().success());
        for worker in workers {
            worker.join().unwrap();
        }
    });
    server.child.wait().unwrap();
    let answered = answered.into_inner() as i64;
    assert!(answered >= 100);
    let server = Server::start(folder);
    let orders = server.orders("tee") - before;
    // Orders whose answers were on their way when the process died may be there too: at most one of each client.
    assert!(orders >= answered && orders <= answered + 8, "{orders} orders, {answered} answers");
    assert_eq!(server.stock("tee"), 1_000_000 - before - orders);
    assert_eq!(server.post(ONE_TEE).unwrap().0, 201);
}

#[test]
fn nonsense_is_refused_and_changes_nothing() {
    let folder = Folder::new("nonsense");
    import(&folder, "sku,name,price,cost,stock\ntee,Tee,25,11,10\n");
    let server = Server::start(&folder);
    let deep = format!("{{\"sku\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let cases: [(&str, &[u8]); 12] = [
        ("malformed", br#"{"sku":"tee","qty":"#),
        ("no JSON", b"tee"),
        ("empty", b""),
        ("a wrong type", br#"{"sku":"tee","qty":"1"}"#),
        ("another wrong type", br#"{"sku":7,"qty":1}"#),
        ("an unknown field", br#"{"sku":"tee","qty":1,"gift":true}"#),
        ("a missing field", br#"{"sku":"tee"}"#),
        ("a negative quantity", br#"{"sku":"tee","qty":-1}"#),
        ("a number that is too large", br#"{"sku":"tee","qty":99999999999999999999}"#),
        ("null", br#"{"sku":"tee","qty":null}"#),
        ("not UTF-8", b"{\"sku\":\"\xff\",\"qty\":1}"),
        ("deep", deep.as_bytes()),
    ];
    for (what, body) in cases {
        let (status, answer) = server.post(body).unwrap_or_else(|| panic!("{what}: no answer"));
        assert!((400..500).contains(&status), "{what}: {status} {answer}");
        let problem: Value = serde_json::from_str(&answer).unwrap_or_else(|e| panic!("{what}: {e}: {answer}"));
        assert_eq!(problem["status"], status, "{what}");
    }
    let (_, answer) = server.post(br#"{"qty":"x","gift":1}"#).unwrap();
    for place in ["sku", "qty", "gift"] {
        assert!(answer.contains(place), "all problems are told at once: {answer}");
    }
    let large = vec![b' '; 100 << 20];
    assert_eq!(server.post(&large).expect("an answer to a large body").0, 413);
    assert_eq!(server.send(b"nonsense\r\n\r\n").map(|(status, _)| status), Some(400));
    assert_eq!((server.stock("tee"), server.orders("tee")), (10, 0));
    assert_eq!(server.post(ONE_TEE).unwrap().0, 201);
    assert!(server.terminate());
}
