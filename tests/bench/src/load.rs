//! A load generator: connections that are kept, on one thread, each with one request at a time.
//!
//! It runs in a process of its own, so that it can have a core of its own: `tenon-bench load ADDRESS KIND`.

use std::time::{Duration, Instant};

use serde_json::json;
use tenon_driver::report::Stop;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::bank::{ACCOUNTS, order};
use crate::measure::{Rng, median};

/// The argument that makes this process a load generator.
pub const COMMAND: &str = "load";

const CONNECTIONS: u64 = 32;
const WARM_UP: Duration = Duration::from_millis(500);
const SPAN: Duration = Duration::from_secs(2);
const ROUNDS: usize = 3;

/// What is asked for.
#[derive(Clone, Copy)]
enum Kind {
    Get,
    Post,
}

/// Loads a server and prints what it could do.
pub fn run(arguments: &[String]) -> Result<(), Stop> {
    let [address, kind] = arguments else { return Err(Stop::usage("tenon-bench load ADDRESS get|post")) };
    let kind = match kind.as_str() {
        "get" => Kind::Get,
        "post" => Kind::Post,
        other => return Err(Stop::usage(format!("`{other}` is neither `get` nor `post`"))),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        round(address, kind, WARM_UP).await?;
        let (mut rates, mut times) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let start = Instant::now();
            let mut found = round(address, kind, SPAN).await?;
            rates.push(found.len() as f64 / start.elapsed().as_secs_f64());
            times.append(&mut found);
        }
        times.sort_unstable();
        let at = |part: f64| times.get((times.len() as f64 * part) as usize).copied().unwrap_or(0);
        println!("{}", json!({ "rate": median(rates), "p50": at(0.5), "p99": at(0.99) }));
        Ok(())
    })
}

/// The microseconds of each request of all connections.
async fn round(address: &str, kind: Kind, span: Duration) -> Result<Vec<u32>, Stop> {
    let end = Instant::now() + span;
    let mut tasks = Vec::new();
    for number in 0..CONNECTIONS {
        let address = address.to_owned();
        tasks.push(tokio::spawn(async move { connection(&address, kind, number + 1, end).await }));
    }
    let mut all = Vec::new();
    for task in tasks {
        let times = task.await.map_err(|error| Stop::failed(error.to_string()))?;
        all.append(&mut times.map_err(|error| Stop::failed(format!("{address}: {error}")))?);
    }
    Ok(all)
}

async fn connection(address: &str, kind: Kind, seed: u64, end: Instant) -> std::io::Result<Vec<u32>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut rng = Rng::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let mut times = Vec::new();
    let mut buffer = Vec::with_capacity(4096);
    while Instant::now() < end {
        let request = request(kind, address, &mut rng);
        let start = Instant::now();
        stream.write_all(request.as_bytes()).await?;
        response(&mut stream, &mut buffer).await?;
        times.push(start.elapsed().as_micros() as u32);
    }
    Ok(times)
}

fn request(kind: Kind, host: &str, rng: &mut Rng) -> String {
    match kind {
        Kind::Get => format!("GET /acct/{} HTTP/1.1\r\nhost: {host}\r\n\r\n", rng.below(ACCOUNTS)),
        Kind::Post => {
            let o = order(rng);
            let body = format!(r#"{{"src":{},"dst":{},"amount":{}}}"#, o.src, o.dst, o.amount);
            let length = body.len();
            format!(
                "POST /transfer HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
            )
        }
    }
}

/// Reads one response whole; anything but a 200 with a length is an error.
async fn response(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> std::io::Result<()> {
    let wrong =
        |what: &[u8]| std::io::Error::other(format!("not a 200 with a length: {}", String::from_utf8_lossy(what)));
    buffer.clear();
    let mut whole = None;
    loop {
        if stream.read_buf(buffer).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if whole.is_none()
            && let Some(head) = buffer.windows(4).position(|w| w == b"\r\n\r\n")
        {
            let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
            let length =
                text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
            match length {
                Some(length) if text.starts_with("http/1.1 200") => whole = Some(head + 4 + length),
                _ => return Err(wrong(buffer)),
            }
        }
        if whole.is_some_and(|whole| buffer.len() >= whole) {
            return Ok(());
        }
    }
}
