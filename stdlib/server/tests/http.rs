//! A server over real sockets, spoken to in raw bytes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use tenon_runtime::durable::Durable;
use tenon_server::{Log, Program, Running, Server, Settings, Signals, StartError};
use tenon_value::dispatch::{
    Api, Call, Endpoint, EndpointKind, Format, Method, Outcome, Param, Reply, Service, Source,
};
use tenon_value::shape::{Field, Kind};
use tenon_value::sink::NoPredicates;
use tenon_value::{Fault, Value};

/// `POST /fill` and `POST /put` (handlers, of which one runs at a time; the first is heavy), `POST /items` (a commit), `GET /items/{n}` (a query), `GET /big/{n}` (an answer of so many bytes), `GET /slow` (a heavy
/// query), `GET /stuck` (one that keeps its thread), and ways to fail.
struct Items {
    api: Api,
    greeting: &'static str,
    commit: Arc<AtomicU64>,
    slow: Duration,
    writer: Mutex<()>,
}

impl Service for Items {
    fn api(&self) -> &Api {
        &self.api
    }

    fn call(&self, call: &Call<'_>) -> Reply {
        let arguments = match call.decode_value(NoPredicates) {
            Ok(Value::Record(arguments)) => arguments,
            Ok(_) => return Outcome::from(Fault::Internal).into(),
            Err(outcome) => return outcome.into(),
        };
        match call.description().name.as_str() {
            "add" => {
                let durable = Some(self.commit.fetch_add(1, Ordering::SeqCst) + 1);
                Reply { outcome: call.answer(&arguments[0]), durable }
            }
            "get" => call.answer(&arguments[0]).into(),
            "greet" if self.greeting.is_empty() => Outcome::HandedOver.into(),
            "greet" => call.answer(&Value::text(self.greeting)).into(),
            "big" => {
                let Value::Int(size) = arguments[0] else { return Outcome::from(Fault::Internal).into() };
                call.answer(&Value::text("x".repeat(size as usize))).into()
            }
            "stuck" => {
                thread::sleep(STUCK);
                call.answer(&Value::text("done")).into()
            }
            "slow" => {
                thread::sleep(self.slow);
                call.answer(&Value::text("done")).into()
            }
            "fill" | "put" => {
                let _writer = self.writer.lock().unwrap();
                if self.is_heavy(call.endpoint) {
                    thread::sleep(self.slow);
                }
                call.answer(&Value::text("written")).into()
            }
            "fault" => Outcome::Faulted { fault: Fault::AssertFailed, site: 7 }.into(),
            _ => panic!("on purpose"),
        }
    }

    fn is_heavy(&self, endpoint: u32) -> bool {
        matches!(self.api.endpoints[endpoint as usize].name.as_str(), "slow" | "fill")
    }

    fn describe_site(&self, site: u32) -> Option<String> {
        Some(format!("shop.tn:{site}"))
    }
}

fn items(greeting: &'static str, commit: &Arc<AtomicU64>) -> Program {
    slow_items(greeting, commit, Duration::from_millis(400))
}

fn slow_items(greeting: &'static str, commit: &Arc<AtomicU64>, slow: Duration) -> Program {
    let mut api = Api::new("items");
    let int = api.shapes.kind(Kind::Int);
    let text = api.shapes.kind(Kind::Text);
    let nothing = api.shapes.record([]);
    let one = api.shapes.record([Field::new("n", int)]);
    let note = api.shapes.record([Field::new("note", text)]);
    let mut add = |name: &str, method, path: &str, source: Option<(&str, Source)>, arguments, answer, format| {
        api.endpoints.push(Endpoint {
            name: name.into(),
            doc: None,
            kind: if matches!(name, "fill" | "put") { EndpointKind::Handler } else { EndpointKind::Query },
            method,
            path: path.into(),
            params: source.map(|(name, source)| Param { name: name.into(), source }).into_iter().collect(),
            arguments,
            answer: Some(answer),
            answer_format: format,
            status: 200,
            failures: vec![],
        });
    };
    add("add", Method::Post, "/items", Some(("note", Source::Body)), note, text, Format::Json);
    add("get", Method::Get, "/items/{n}", Some(("n", Source::Path)), one, int, Format::Json);
    add("greet", Method::Get, "/greet", None, nothing, text, Format::Text);
    add("big", Method::Get, "/big/{n}", Some(("n", Source::Path)), one, text, Format::Text);
    add("stuck", Method::Get, "/stuck", None, nothing, text, Format::Text);
    add("slow", Method::Get, "/slow", None, nothing, text, Format::Text);
    add("fill", Method::Post, "/fill", None, nothing, text, Format::Text);
    add("put", Method::Post, "/put", None, nothing, text, Format::Text);
    add("fault", Method::Get, "/fault", None, nothing, text, Format::Text);
    add("panic", Method::Get, "/panic", None, nothing, text, Format::Text);
    api.shapes.finish().unwrap();
    Program::new(Arc::new(Items { api, greeting, commit: commit.clone(), slow, writer: Mutex::new(()) })).unwrap()
}

/// How long a call takes that keeps its thread.
const STUCK: Duration = Duration::from_secs(4);

/// A server, its commits, and its log.
struct Bench {
    running: Running,
    durable: Arc<Durable>,
    commit: Arc<AtomicU64>,
    log: Receiver<String>,
}

struct Lines(Sender<String>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let _ = self.0.send(String::from_utf8_lossy(bytes).into_owned());
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn start(mut change: impl FnMut(&mut Settings)) -> Bench {
    start_with(Duration::from_millis(400), &mut change)
}

/// A server whose heavy calls take so long.
fn start_with(slow: Duration, change: &mut dyn FnMut(&mut Settings)) -> Bench {
    let mut settings =
        Settings { address: "127.0.0.1:0".parse().unwrap(), threads: 2, log_requests: true, ..Settings::default() };
    change(&mut settings);
    let (sender, log) = channel();
    let commit = Arc::new(AtomicU64::new(0));
    let durable = Arc::new(Durable::new(0));
    let lines = Log::new(Box::new(Lines(sender))).unwrap();
    let running = Server::start(slow_items("hello", &commit, slow), durable.clone(), settings, lines).unwrap();
    Bench { running, durable, commit, log }
}

struct Client {
    stream: BufReader<TcpStream>,
}

#[derive(Debug)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
    fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Client {
    fn new(address: SocketAddr) -> Client {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        Client { stream: BufReader::new(stream) }
    }

    fn send(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).unwrap();
    }

    /// Reads one response; `None` if the connection ended.
    fn read(&mut self, head: bool) -> Option<Answer> {
        let mut line = String::new();
        if self.stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let status = line.split(' ').nth(1).unwrap().parse().unwrap();
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(": ") else {
                break;
            };
            headers.push((name.to_owned(), value.to_owned()));
        }
        let length = headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, n)| n.parse().unwrap());
        let mut body = vec![0; if head { 0 } else { length }];
        self.stream.read_exact(&mut body).unwrap();
        Some(Answer { status, headers, body })
    }

    fn ask(&mut self, request: &str) -> Answer {
        self.send(request.as_bytes());
        self.read(request.starts_with("HEAD")).expect("an answer")
    }

    fn get(&mut self, path: &str) -> Answer {
        self.ask(&format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n"))
    }

    fn post(&mut self, path: &str, body: &str) -> Answer {
        self.ask(&post(path, body))
    }
}

fn post(path: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

#[test]
fn answers_and_refusals_on_one_connection() {
    let bench = start(|_| {});
    let mut client = Client::new(bench.running.address());
    let answer = client.get("/items/42");
    assert_eq!((answer.status, answer.text()), (200, "42"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let head = client.ask("HEAD /items/42 HTTP/1.1\r\nhost: x\r\n\r\n");
    assert_eq!((head.status, head.header("content-length")), (200, Some("2")));
    let greeting = client.get("/greet");
    assert_eq!((greeting.text(), greeting.header("content-security-policy").is_some()), ("hello", true));
    assert_eq!(client.get("/items/x").status, 422);
    assert_eq!(client.get("/nothing").status, 404);
    let refused = client.ask("PUT /items HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n");
    assert_eq!((refused.status, refused.header("allow")), (405, Some("POST, OPTIONS")));
    for (body, status) in [
        ("{", 400),
        ("", 422),
        ("{}", 422),
        (r#"{"note":1}"#, 422),
        (r#"{"note":"a","more":1}"#, 422),
        (r#"{"note":"\u0000"}"#, 422),
        (&"[".repeat(10_000), 400),
        (&format!("{{\"note\":{}", "[".repeat(10_000)), 400),
    ] {
        let answer = client.post("/items", body);
        assert_eq!(answer.status, status, "{}", answer.text());
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    }
    assert_eq!(bench.commit.load(Ordering::SeqCst), 0, "nothing was stored");
    let id = client.ask("GET /greet HTTP/1.1\r\nhost: x\r\nx-request-id: abc\r\n\r\n");
    assert_eq!(id.header("x-request-id"), Some("abc"));
    bench.running.stop();
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let bench = start(|_| {});
    let mut client = Client::new(bench.running.address());
    let many: String = (0..50).map(|n| format!("GET /items/{n} HTTP/1.1\r\nhost: x\r\n\r\n")).collect();
    client.send(many.as_bytes());
    for n in 0..50 {
        assert_eq!(client.read(false).unwrap().text(), n.to_string());
    }
}

#[test]
fn malformed_heads_end_only_their_connection() {
    let bench = start(|_| {});
    let address = bench.running.address();
    let crowded = format!("GET / HTTP/1.1\r\n{}\r\n\r\n", "x: y\r\n".repeat(200));
    for (bytes, status) in [
        ("nonsense\r\n\r\n", Some(400)),
        ("GET / HTTP/1.1\r\nbad header\r\n\r\n", Some(400)),
        ("POST /items HTTP/1.1\r\nhost: x\r\ncontent-length: x\r\n\r\n", Some(400)),
        ("POST /items HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", Some(400)),
        (&crowded, Some(431)),
        ("\0\0\0\0\r\n\r\n", Some(400)),
    ] {
        let mut client = Client::new(address);
        // The server may close before everything is written.
        let _ = client.stream.get_mut().write_all(bytes.as_bytes());
        let answer = client.read(false);
        assert_eq!(answer.map(|answer| answer.status), status, "{:?}", &bytes[..bytes.len().min(60)]);
    }
    assert_eq!(Client::new(address).get("/greet").status, 200);
}

#[test]
fn a_body_of_100_mb_is_refused_and_the_connection_goes_on() {
    let bench = start(|_| {});
    let mut client = Client::new(bench.running.address());
    let size = 100 << 20;
    client.send(format!("POST /items HTTP/1.1\r\nhost: x\r\ncontent-length: {size}\r\n\r\n").as_bytes());
    let chunk = vec![b' '; 1 << 20];
    for _ in 0..100 {
        client.send(&chunk);
    }
    let answer = client.read(false).unwrap();
    assert_eq!(answer.status, 413, "{answer:?}");
    assert_eq!(answer.json()["detail"], "the body may have at most 1048576 bytes");
    assert_eq!(client.get("/items/1").text(), "1");
    // The same in chunks, whose sum nobody says beforehand.
    client.send(b"POST /items HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n");
    for _ in 0..3 {
        client.send(b"100000\r\n");
        client.send(&chunk);
        client.send(b"\r\n");
    }
    client.send(b"0\r\n\r\n");
    assert_eq!(client.read(false).unwrap().status, 413);
    assert_eq!(client.get("/items/2").text(), "2");
}

#[test]
fn bodies_share_a_bounded_memory() {
    let bench = start(|settings| settings.body_memory = 1000);
    let address = bench.running.address();
    let mut first = Client::new(address);
    first.send(b"POST /items HTTP/1.1\r\nhost: x\r\ncontent-length: 900\r\n\r\n");
    first.send(&[b' '; 800]);
    thread::sleep(Duration::from_millis(50));
    let refused = Client::new(address).post("/items", &" ".repeat(300));
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")));
    first.send(&[b' '; 100]);
    assert_eq!(first.read(false).unwrap().status, 400);
    assert_eq!(Client::new(address).post("/items", &" ".repeat(300)).status, 400);
}

#[test]
fn an_address_belongs_to_one_server() {
    let bench = start(|_| {});
    let settings = Settings { address: bench.running.address(), ..Settings::default() };
    let log = Log::new(Box::new(std::io::sink())).unwrap();
    let second = Server::start(items("second", &bench.commit), bench.durable.clone(), settings, log);
    assert!(matches!(second, Err(StartError::Address(..))));
}

#[test]
fn slow_senders_are_cut_off() {
    let bench = start(|settings| {
        settings.head_time = Duration::from_millis(200);
        settings.body_time = Duration::from_millis(200);
    });
    let mut head = Client::new(bench.running.address());
    head.send(b"GET /greet HTT");
    let mut body = Client::new(bench.running.address());
    body.send(b"POST /items HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{");
    assert_eq!(body.read(false).unwrap().status, 408);
    assert!(head.read(false).is_none_or(|answer| answer.status == 408));
    assert_eq!(Client::new(bench.running.address()).get("/greet").status, 200);
}

/// Asks for an answer of so many bytes with a small buffer for it.
fn ask_for_much(address: SocketAddr, size: usize) -> Client {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.connect(&address.into()).unwrap();
    let mut client = Client { stream: BufReader::new(socket.into()) };
    client.stream.get_ref().set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    client.send(format!("GET /big/{size} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes());
    client
}

/// Asks until an answer is as it should be.
#[track_caller]
fn ask_until(address: SocketAddr, path: &str, holds: impl Fn(&Answer) -> bool) -> Answer {
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let answer = Client::new(address).get(path);
        if holds(&answer) {
            return answer;
        }
        assert!(Instant::now() < deadline, "{}", answer.text());
        thread::sleep(Duration::from_millis(20));
    }
}

fn unsent(metrics: &Answer) -> usize {
    let line = metrics.text().lines().find_map(|line| line.strip_prefix("tenon_unsent_bytes "));
    line.unwrap().parse().unwrap()
}

#[test]
fn clients_that_do_not_read_are_cut_off() {
    let bench = start(|settings| settings.send_time = Duration::from_millis(300));
    let address = bench.running.address();
    let size = 16 << 20;
    let mut silent = ask_for_much(address, size);
    let metrics = ask_until(address, "/metrics", |metrics| unsent(metrics) > 0);
    assert!(metrics.text().contains("tenon_connections 2\n"), "{}", metrics.text());
    let metrics = ask_until(address, "/metrics", |metrics| metrics.text().contains("tenon_connections 1\n"));
    assert_eq!(unsent(&metrics), 0);
    let mut got = Vec::new();
    assert!(silent.stream.read_to_end(&mut got).is_err());
    assert!(got.len() < size);
    // Who reads slowly gets everything.
    let mut slow = ask_for_much(address, size);
    let mut left = size;
    for _ in 0..12 {
        thread::sleep(Duration::from_millis(60));
        let mut some = vec![0; 1 << 20];
        slow.stream.read_exact(&mut some).unwrap();
        left -= some.len();
    }
    let mut rest = vec![0; left];
    slow.stream.read_exact(&mut rest).unwrap();
    assert_eq!(rest, vec![b'x'; left]);
}

#[test]
fn answers_that_wait_share_a_bounded_memory() {
    let bench = start(|settings| settings.answer_memory = 1 << 20);
    let address = bench.running.address();
    let silent = ask_for_much(address, 16 << 20);
    ask_until(address, "/metrics", |metrics| unsent(metrics) > 1 << 20);
    let refused = Client::new(address).post("/items", "{\"note\":\"a\"}");
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")));
    assert_eq!(bench.commit.load(Ordering::SeqCst), 0, "nothing was called");
    drop(silent);
    assert_eq!(ask_until(address, "/greet", |greeting| greeting.status == 200).text(), "hello");
    assert_eq!(unsent(&Client::new(address).get("/metrics")), 0);
}

#[test]
fn an_answer_waits_for_its_commit() {
    let bench = start(|_| {});
    let address = bench.running.address();
    let waiting: Vec<_> = (0..8)
        .map(|n| {
            let mut client = Client::new(address);
            client.send(post("/items", &format!("{{\"note\":\"{n}\"}}")).as_bytes());
            client
        })
        .collect();
    while bench.commit.load(Ordering::SeqCst) < 8 {
        thread::sleep(Duration::from_millis(5));
    }
    // Queries do not wait.
    assert_eq!(Client::new(address).get("/greet").status, 200);
    for client in &waiting {
        client.stream.get_ref().set_nonblocking(true).unwrap();
        let mut byte = [0];
        let early = client.stream.get_ref().peek(&mut byte);
        assert_eq!(early.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
        client.stream.get_ref().set_nonblocking(false).unwrap();
    }
    bench.durable.advance(8);
    for mut client in waiting {
        assert_eq!(client.read(false).unwrap().status, 200);
    }
    let metrics = Client::new(address).get("/metrics");
    assert!(metrics.text().contains("tenon_group_commits_bucket{le=\"15\"} 1\n"), "{}", metrics.text());
    assert!(metrics.text().contains("tenon_commit 8\n"));
}

#[test]
fn nobody_is_forgotten_under_load() {
    let bench = start(|settings| settings.log_requests = false);
    let address = bench.running.address();
    let (durable, commit) = (bench.durable.clone(), bench.commit.clone());
    let done = Arc::new(AtomicBool::new(false));
    let stop = done.clone();
    let committing = thread::spawn(move || {
        while !stop.load(Ordering::Relaxed) {
            durable.advance(commit.load(Ordering::SeqCst));
            thread::yield_now();
        }
    });
    let clients: Vec<_> = (0..16)
        .map(|n| {
            thread::spawn(move || {
                let mut client = Client::new(address);
                for round in 0..40 {
                    let answer = client.post("/items", &format!("{{\"note\":\"{n} {round}\"}}"));
                    assert_eq!(answer.text(), format!("\"{n} {round}\""));
                }
            })
        })
        .collect();
    clients.into_iter().for_each(|client| client.join().unwrap());
    done.store(true, Ordering::Relaxed);
    committing.join().unwrap();
    assert_eq!(bench.commit.load(Ordering::SeqCst), 16 * 40);
}

#[test]
fn a_lost_commit_is_told_as_busy() {
    let bench = start(|_| {});
    let address = bench.running.address();
    let mut client = Client::new(address);
    client.send(post("/items", "{\"note\":\"a\"}").as_bytes());
    while bench.commit.load(Ordering::SeqCst) < 1 {
        thread::sleep(Duration::from_millis(5));
    }
    bench.durable.fail("the disk is full");
    let answer = client.read(false).unwrap();
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")));
    assert!(!answer.text().contains("disk"));
    assert_eq!(Client::new(address).get("/readyz").status, 503);
    assert_eq!(Client::new(address).get("/healthz").status, 200);
}

#[test]
fn heavy_calls_hold_nobody_up() {
    let bench = start(|settings| settings.threads = 1);
    let address = bench.running.address();
    let mut slow = Client::new(address);
    slow.send(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n");
    thread::sleep(Duration::from_millis(50));
    let started = Instant::now();
    assert_eq!(Client::new(address).get("/greet").status, 200);
    assert!(started.elapsed() < Duration::from_millis(200), "{:?}", started.elapsed());
    assert_eq!(slow.read(false).unwrap().text(), "done");
}

#[test]
fn a_handler_that_waits_for_a_heavy_one_holds_nobody_up() {
    let bench = start(|settings| settings.threads = 1);
    let address = bench.running.address();
    let [mut fill, mut put] = [Client::new(address), Client::new(address)];
    fill.send(b"POST /fill HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n");
    thread::sleep(Duration::from_millis(50));
    put.send(b"POST /put HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n");
    thread::sleep(Duration::from_millis(50));
    let started = Instant::now();
    assert_eq!(Client::new(address).get("/healthz").status, 200);
    assert!(started.elapsed() < Duration::from_millis(200), "{:?}", started.elapsed());
    assert_eq!(fill.read(false).unwrap().text(), "written");
    assert_eq!(put.read(false).unwrap().text(), "written");
}

#[test]
fn too_many_heavy_calls_are_busy() {
    let bench = start(|settings| {
        settings.threads = 1;
        settings.heavy = 1;
        settings.heavy_waiting = 1;
    });
    let mut clients: Vec<Client> = (0..3).map(|_| Client::new(bench.running.address())).collect();
    for client in &mut clients {
        client.send(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n");
        thread::sleep(Duration::from_millis(50));
    }
    let statuses: Vec<u16> = clients.iter_mut().map(|client| client.read(false).unwrap().status).collect();
    assert_eq!(statuses, [200, 200, 503]);
}

#[test]
fn faults_have_a_number_that_the_log_knows() {
    let bench = start(|_| {});
    let mut client = Client::new(bench.running.address());
    let fault = client.get("/fault");
    let incident = fault.json()["incident"].as_str().unwrap().to_owned();
    assert_eq!((fault.status, fault.header("x-request-id")), (500, Some(incident.as_str())));
    // A panic of the engine is a fault too, and the connection goes on.
    assert_eq!(client.get("/panic").status, 500);
    assert_eq!(client.get("/items/3").text(), "3");
    let metrics = client.get("/metrics");
    for line in [
        "tenon_incidents_total 2",
        "tenon_requests_total{endpoint=\"fault\",status=\"500\"} 1",
        "tenon_requests_total{endpoint=\"get\",status=\"200\"} 1",
        "tenon_request_seconds_count{endpoint=\"get\"} 1",
        "tenon_connections 1",
    ] {
        assert!(metrics.text().lines().any(|own| own == line), "{line} in\n{}", metrics.text());
    }
    let log = bench.running.log().clone();
    bench.running.stop();
    log.close();
    let text: String = bench.log.iter().collect();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let own = lines.iter().find(|line| line["incident"] == incident.as_str()).expect("a line");
    assert_eq!((&own["fault"], &own["place"]), (&"AssertFailed".into(), &"shop.tn:7".into()));
    let request = lines.iter().find(|line| line["path"] == "/items/3").expect("a line");
    assert_eq!(
        (&request["endpoint"], &request["status"], &request["method"]),
        (&"get".into(), &200.into(), &"GET".into())
    );
    assert!(request["time"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn the_paths_of_every_server() {
    let bench = start(|_| {});
    let mut client = Client::new(bench.running.address());
    assert_eq!(client.get("/healthz").text(), "ok\n");
    assert_eq!(client.get("/readyz").text(), "ready\n");
    assert_eq!(client.get("/openapi.json").json()["openapi"], "3.1.0");
    assert_eq!(client.post("/healthz", "").status, 405);
}

#[test]
fn programs_are_exchanged_between_calls() {
    let bench = start(|_| {});
    let mut client = Client::new(bench.running.address());
    assert_eq!(client.get("/greet").text(), "hello");
    bench.running.swap(items("hei", &bench.commit));
    assert_eq!(client.get("/greet").text(), "hei");
}

/// A call that meets a store which is being handed over waits for the program that gets it, and no longer than it should.
#[test]
fn calls_wait_for_the_exchange_of_a_store() {
    let bench = start(|settings| settings.exchange_time = Duration::from_millis(300));
    let mut client = Client::new(bench.running.address());
    bench.running.swap(items("", &bench.commit));
    let late = client.get("/greet");
    assert_eq!((late.status, late.text().contains("exchanged")), (503, true), "{}", late.text());
    client.send(b"GET /greet HTTP/1.1\r\nhost: here\r\n\r\n");
    thread::sleep(Duration::from_millis(100));
    bench.running.swap(items("hei", &bench.commit));
    let answer = client.read(false).unwrap();
    assert_eq!((answer.status, answer.text()), (200, "hei"));
}

#[test]
fn a_stop_loses_no_answer() {
    let bench = start(|_| {});
    let address = bench.running.address();
    let mut idle = Client::new(address);
    assert_eq!(idle.get("/greet").status, 200);
    let mut waiting = Client::new(address);
    waiting.send(post("/items", "{\"note\":\"a\"}").as_bytes());
    while bench.commit.load(Ordering::SeqCst) < 1 {
        thread::sleep(Duration::from_millis(5));
    }
    let durable = bench.durable.clone();
    let committing = thread::spawn(move || {
        thread::sleep(Duration::from_millis(100));
        durable.advance(1);
    });
    let started = Instant::now();
    bench.running.stop();
    assert!(started.elapsed() < Duration::from_secs(5));
    committing.join().unwrap();
    assert_eq!(waiting.read(false).unwrap().status, 200);
    assert!(idle.read(false).is_none());
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn a_stop_first_says_that_it_is_not_ready() {
    let bench = start(|settings| settings.stop_delay = Duration::from_millis(400));
    let address = bench.running.address();
    let stopping = thread::spawn(move || bench.running.stop());
    let deadline = Instant::now() + Duration::from_secs(5);
    while Client::new(address).get("/readyz").status == 200 {
        assert!(Instant::now() < deadline);
        thread::sleep(Duration::from_millis(10));
    }
    let mut client = Client::new(address);
    assert_eq!((client.get("/readyz").text(), client.get("/greet").status), ("stopping\n", 200));
    stopping.join().unwrap();
}

/// A stop waits for calls as long as for everything else, whether they run beside the serving threads or on them.
#[test]
fn a_stop_does_not_wait_for_calls_without_limit() {
    for path in ["/slow", "/stuck"] {
        let mut settings = |settings: &mut Settings| settings.drain_time = Duration::from_millis(100);
        let bench = start_with(STUCK, &mut settings);
        let mut client = Client::new(bench.running.address());
        client.send(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes());
        thread::sleep(Duration::from_millis(100));
        let started = Instant::now();
        bench.running.stop();
        assert!(started.elapsed() < STUCK / 2, "{path}: {:?}", started.elapsed());
    }
}

/// The process that the next tests end.
#[test]
#[ignore = "runs as a process of its own"]
fn serve_until_told_to_end() {
    let signals = Signals::listen().unwrap();
    let bench = start(|_| {});
    println!("\naddress {}", bench.running.address());
    let (durable, commit) = (bench.durable.clone(), bench.commit.clone());
    thread::spawn(move || {
        while commit.load(Ordering::SeqCst) == 0 {
            thread::sleep(Duration::from_millis(5));
        }
        println!("\nwaiting");
        thread::sleep(Duration::from_millis(300));
        durable.advance(1);
    });
    signals.wait(&bench.durable).unwrap();
    bench.running.stop();
    println!("\nstopped");
}

/// A process that serves, the lines that it says, and where it listens.
fn process() -> (Child, impl Iterator<Item = String>, SocketAddr) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "serve_until_told_to_end", "--ignored", "--nocapture", "--test-threads=1"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let address = lines.find_map(|line| Some(line.strip_prefix("address ")?.parse().unwrap())).unwrap();
    (child, lines, address)
}

fn tell(child: &Child, signal: &str) {
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
}

/// A call keeps the process from ending; who tells it again to end does not wait for that.
#[test]
fn a_second_signal_ends_the_process_at_once() {
    for (signal, status) in [("-TERM", 143), ("-INT", 130)] {
        let (mut child, _lines, address) = process();
        let mut client = Client::new(address);
        client.send(b"GET /stuck HTTP/1.1\r\nhost: x\r\n\r\n");
        thread::sleep(Duration::from_millis(100));
        tell(&child, "-TERM");
        thread::sleep(Duration::from_millis(300));
        assert!(child.try_wait().unwrap().is_none(), "the first signal waits for the call");
        let started = Instant::now();
        tell(&child, signal);
        assert_eq!(child.wait().unwrap().code(), Some(status));
        assert!(started.elapsed() < STUCK / 2, "{:?}", started.elapsed());
    }
}

#[test]
fn a_signal_stops_the_process_and_loses_no_answer() {
    let (mut child, mut lines, address) = process();
    let mut client = Client::new(address);
    client.send(post("/items", "{\"note\":\"a\"}").as_bytes());
    assert!(lines.any(|line| line == "waiting"));
    tell(&child, "-TERM");
    assert_eq!(client.read(false).unwrap().status, 200);
    assert!(lines.any(|line| line == "stopped"));
    assert!(child.wait().unwrap().success());
}
