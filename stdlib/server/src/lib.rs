//! The server: HTTP/1.1 around an engine.
//!
//! ```text
//!            ┌── thread 1: listener (SO_REUSEPORT), connections ──▶ dispatch ──▶ Service ──┐
//! clients ──▶├── thread 2: …                                                             ├──▶ Durable
//!            └── thread n: …      await the commit, then send the response ◀──────────────┘
//! ```
//!
//! One current-thread runtime per core accepts connections of its own, reads requests, and runs calls right there: a hop
//! to another thread would cost more than most calls. Calls that a [`Service`] says are heavy run in a bounded pool,
//! and so do handlers while a heavy one writes: they would wait for it, and with them whoever their thread serves. A
//! response is sent when the commit that it rests on is durable; one wake per thread and group of commits reaches all
//! that wait.
//!
//! Everything that a response says is made by [`tenon_value::dispatch`], so a scenario and a socket agree to the byte.
//! This room adds what only a server has: limits of size and time, `/healthz`, `/readyz`, `/metrics`, `/openapi.json`,
//! logs, a stop that loses nothing.
//!
//! hyper reads and writes HTTP; there is no router here, because the program's own is [`tenon_value::dispatch::Router`].
//!
//! Invariants:
//! - nobody is told of a commit before it is durable, and a commit that is lost is told as 503;
//! - no request makes the process fail: sizes, nesting, headers and times are bounded, and a panic of an engine is a 500;
//! - no client holds on to memory by not reading: an answer that makes no progress ends its connection, and while too many
//!   wait to be read nothing is called;
//! - a response that says 500 has a number, and the log has a line with that number and what happened;
//! - swapping the program ([`Running::swap`]) happens between calls: each call sees one program from start to end.

mod body;
mod connection;
mod durability;
mod log;
mod metrics;
mod program;
mod run;
mod sending;
mod system;

pub use log::{Log, Sink};
pub use program::{LoadError, Program};
pub use run::{Running, Server, Signals, StartError};
pub use tenon_value::dispatch::Service;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// How to serve.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to listen. Port 0 takes a free one.
    pub address: SocketAddr,
    /// How many threads serve; at least one.
    pub threads: usize,
    /// The largest body, in bytes.
    pub body_limit: usize,
    /// How many bytes of bodies are kept at once, on all threads together; more requests are told to come again.
    pub body_memory: usize,
    /// The largest head of a request (its line and headers), in bytes; at least 8 KiB.
    pub head_limit: usize,
    /// How long the head of a request may take, and how long a connection may be idle.
    pub head_time: Duration,
    /// How long the body of a request may take.
    pub body_time: Duration,
    /// How long a request may take, from its head to its answer.
    pub request_time: Duration,
    /// How long sending an answer may make no progress before the connection is given up.
    pub send_time: Duration,
    /// How many bytes of answers wait for their clients at once, on all threads together, before more requests are told to
    /// come again.
    pub answer_memory: usize,
    /// How long a call waits for the next program where the store of the present one is being handed over.
    pub exchange_time: Duration,
    /// How many connections each thread keeps open.
    pub connections: usize,
    /// How many heavy calls run at once, on all threads together.
    pub heavy: usize,
    /// How many heavy calls wait for their turn before others are told that the service is busy.
    pub heavy_waiting: usize,
    /// How long a stop still takes connections while `/readyz` says no, so that a balancer can turn away first.
    pub stop_delay: Duration,
    /// How long a stop waits for requests that have begun; then they are cut off.
    pub drain_time: Duration,
    /// Whether there is a line in the log for every request.
    pub log_requests: bool,
}

impl Default for Settings {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Settings {
            address: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080),
            threads: cores,
            body_limit: 1 << 20,
            body_memory: 256 << 20,
            head_limit: 64 << 10,
            head_time: Duration::from_secs(10),
            body_time: Duration::from_secs(20),
            request_time: Duration::from_secs(30),
            send_time: Duration::from_secs(20),
            answer_memory: 256 << 20,
            exchange_time: Duration::from_secs(5),
            connections: 10_000,
            heavy: cores,
            heavy_waiting: 1024,
            stop_delay: Duration::ZERO,
            drain_time: Duration::from_secs(10),
            log_requests: false,
        }
    }
}
