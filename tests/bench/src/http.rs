//! One GET and one durable POST over HTTP with 32 connections, beside fastify and axum.
//!
//! Each server has core 0 and the load generator core 1, where `taskset` can give them; PostgreSQL has both.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value as Json;
use tenon_driver::report::Stop;

use crate::bank::fill;
use crate::load;
use crate::measure::{line, ratio, skipped, thousands};
use crate::program::{compile, file};
use crate::scratch::{Scratch, probe};

/// Where the peers listen.
const PORT: &str = "8112";

/// Requests a second.
#[derive(Clone, Copy)]
struct Rates {
    get: f64,
    post: f64,
}

/// Runs the part.
pub fn run() -> Result<(), Stop> {
    let scratch = Scratch::new()?;
    let folder = scratch.path();
    println!("http: 32 connections, durable POST; a 4 KiB append and flush takes {:.0} us here", probe(folder)?);
    let ours = tenon(folder)?;
    let axum =
        peer("axum + rusqlite WAL/FULL", Command::new(beside("tenon-bench-axum")?).args([PORT, "FULL"]), folder)?;
    let versus = |name: &str, theirs: Rates, bar: Option<(f64, &str)>| {
        ratio(&format!("GET, Tenon to {name}"), ours.get / theirs.get, None);
        ratio(&format!("durable POST, Tenon to {name}"), ours.post / theirs.post, bar);
    };
    versus("axum + rusqlite", axum, None);
    match fastify("sqlite", "better-sqlite3") {
        Err(why) => skipped("fastify + better-sqlite3", &why),
        Ok(mut command) => {
            let theirs = peer("fastify + better-sqlite3 FULL", command.args([PORT, "sqlite"]), folder)?;
            versus("fastify + better-sqlite3", theirs, None);
        }
    }
    match fastify("pg", "pg") {
        Err(why) => skipped("fastify + PostgreSQL", &why),
        Ok(mut command) => match Postgres::start(folder) {
            Err(why) => skipped("fastify + PostgreSQL", &why.message),
            Ok(server) => {
                command.env("PGHOST", &server.folder);
                let theirs = peer("fastify + PostgreSQL", command.args([PORT, "pg"]), folder)?;
                versus("fastify + PostgreSQL", theirs, Some((5.0, ">= 5x fastify with PostgreSQL")));
            }
        },
    }
    Ok(())
}

/// A program that was built together with this one.
fn beside(name: &str) -> Result<PathBuf, Stop> {
    let path = std::env::current_exe()?.with_file_name(name);
    if path.is_file() {
        return Ok(path);
    }
    let how = "cargo build --release -p tenon-bench -p tenon-driver";
    Err(Stop::failed(format!("`{}` is not built: {how}", path.display())))
}

fn has_taskset() -> bool {
    Command::new("taskset").arg("--version").output().is_ok_and(|out| out.status.success())
        && std::thread::available_parallelism().is_ok_and(|n| n.get() > 1)
}

/// The command on a core of its own.
fn pinned(command: &Command, core: &str) -> Command {
    if !has_taskset() {
        let mut same = Command::new(command.get_program());
        same.args(command.get_args());
        copy_environment(command, &mut same);
        return same;
    }
    let mut pinned = Command::new("taskset");
    pinned.args(["-c", core]).arg(command.get_program()).args(command.get_args());
    copy_environment(command, &mut pinned);
    pinned
}

fn copy_environment(from: &Command, to: &mut Command) {
    for (name, value) in from.get_envs() {
        if let Some(value) = value {
            to.env(name, value);
        }
    }
    if let Some(folder) = from.get_current_dir() {
        to.current_dir(folder);
    }
}

/// A server that ends with this value.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn tenon(folder: &Path) -> Result<Rates, Stop> {
    let bank = file("programs/bank.tn");
    let data = folder.join("tenon");
    let native = compile(&bank)?.native;
    let database = native.open(&data)?;
    fill(&native, &database)?;
    drop(database);
    let mut command = Command::new(beside("tenon")?);
    command.args(["run", "--json", "--port", "0", "--data"]).arg(&data).arg(&bank);
    let start = Instant::now();
    let mut server = Server(pinned(&command, "0").stdout(Stdio::piped()).spawn()?);
    let out = server.0.stdout.take().ok_or_else(|| Stop::failed("the server has no output"))?;
    let mut first = String::new();
    BufReader::new(out).read_line(&mut first)?;
    let told: Json = serde_json::from_str(&first).map_err(|_| Stop::failed(format!("`tenon run` says: {first}")))?;
    let address = told["address"].as_str().ok_or_else(|| Stop::failed("`tenon run` does not say where it listens"))?;
    line("start with 100,000 stored accounts", "Tenon", &format!("{:.0?}", start.elapsed()));
    measure("Tenon", address)
}

fn peer(name: &str, command: &mut Command, folder: &Path) -> Result<Rates, Stop> {
    command.current_dir(folder);
    let _server = Server(pinned(command, "0").stdout(Stdio::null()).spawn()?);
    let address = format!("127.0.0.1:{PORT}");
    let start = Instant::now();
    while TcpStream::connect(&address).is_err() {
        if start.elapsed() > Duration::from_secs(30) {
            return Err(Stop::failed(format!("{name} does not listen")));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    measure(name, &address)
}

fn measure(name: &str, address: &str) -> Result<Rates, Stop> {
    let one = |kind: &str, what: &str| {
        let mut command = Command::new(std::env::current_exe()?);
        command.args([load::COMMAND, address, kind]);
        let out = pinned(&command, "1").stderr(Stdio::inherit()).output()?;
        let found: Json =
            serde_json::from_slice(&out.stdout).map_err(|_| Stop::failed(format!("{name} could not be loaded")))?;
        let rate = found["rate"].as_f64().unwrap_or(f64::NAN);
        let result = format!("{} /s (p50 {} us, p99 {} us)", thousands(rate), found["p50"], found["p99"]);
        line(what, name, &result);
        Ok::<f64, Stop>(rate)
    };
    Ok(Rates { get: one("get", "GET /acct/{id}")?, post: one("post", "durable POST /transfer")? })
}

/// Fastify with a driver, if both are installed.
fn fastify(mode: &str, driver: &str) -> Result<Command, String> {
    let script = file("peers/fastify_peer.js");
    let test = format!("require('fastify');new (require('{driver}').Pool ?? require('{driver}'))()");
    let own = file("peers/node_modules");
    let path = std::env::var_os("NODE_PATH").unwrap_or_else(|| own.into_os_string());
    let out = Command::new("node").args(["-e", &test]).env("NODE_PATH", &path).output();
    match out {
        Ok(out) if out.status.success() => {
            let mut command = Command::new("node");
            command.arg(script).env("NODE_PATH", path);
            Ok(command)
        }
        _ => Err(format!(
            "node, `fastify` or `{driver}` ({mode}) is not installed: npm install --prefix {}",
            file("peers").display()
        )),
    }
}

/// A PostgreSQL of its own that ends with this value.
struct Postgres {
    folder: PathBuf,
}

impl Postgres {
    fn start(folder: &Path) -> Result<Postgres, Stop> {
        let folder = folder.join("postgres");
        let server = Postgres { folder };
        server.script("start")?;
        Ok(server)
    }

    fn script(&self, action: &str) -> Result<(), Stop> {
        let out = Command::new("sh").arg(file("peers/postgres.sh")).arg(action).arg(&self.folder).output()?;
        if out.status.success() {
            return Ok(());
        }
        Err(Stop::failed(format!("peers/postgres.sh {action}: {}", String::from_utf8_lossy(&out.stderr).trim())))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Err(stop) = self.script("stop") {
            eprintln!("{}", stop.message);
        }
    }
}
