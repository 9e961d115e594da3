//! Starting, exchanging and stopping a server.

use std::cell::Cell;
use std::convert::Infallible;
use std::hash::{BuildHasher, Hasher};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use socket2::{Domain, Protocol, Socket, Type};
use tenon_runtime::durable::{CommitLost, Durable};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::LocalSet;

use crate::Settings;
use crate::connection::Thread;
use crate::durability::Waiters;
use crate::log::Log;
use crate::metrics::Metrics;
use crate::program::{Loaded, Present, Program, Reader};
use crate::sending::Paced;

/// What all threads share.
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) durable: Arc<Durable>,
    pub(crate) metrics: Metrics,
    pub(crate) log: Log,
    pub(crate) heavy: Arc<Semaphore>,
    pub(crate) heavy_waiting: AtomicI64,
    /// Heavy calls of handlers that run.
    pub(crate) heavy_writing: AtomicI64,
    /// Bytes of bodies that are being read or answered.
    pub(crate) body_memory: AtomicUsize,
    /// Bytes of answers that are not sent yet.
    pub(crate) answer_memory: Arc<AtomicUsize>,
    present: Arc<Present>,
    stopping: AtomicBool,
    numbers: AtomicU64,
}

impl Shared {
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// A number that no other request of this process has, and hardly one of another.
    pub(crate) fn next_number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }
}

/// How far a stop has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// New connections are taken.
    Serving,
    /// Requests that have begun are answered.
    Draining,
}

/// Why a server did not start.
#[derive(Debug)]
pub enum StartError {
    /// The address cannot be listened on.
    Address(SocketAddr, std::io::Error),
    /// A thread or its runtime could not be made.
    Thread(std::io::Error),
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            StartError::Address(address, error) => write!(f, "cannot listen on {address}: {error}"),
            StartError::Thread(error) => write!(f, "cannot start a thread: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

/// A server that can be started.
pub struct Server;

/// A server that runs. [`Running::stop`] stops it and waits for that; dropping it stops it without waiting.
pub struct Running {
    address: SocketAddr,
    shared: Arc<Shared>,
    phase: watch::Sender<Phase>,
    threads: Vec<JoinHandle<()>>,
    /// Says that no thread is left: each has a sender that it never uses.
    ended: Receiver<Infallible>,
}

impl Server {
    /// Starts serving a program whose commits `durable` tells.
    pub fn start(program: Program, durable: Arc<Durable>, settings: Settings, log: Log) -> Result<Running, StartError> {
        let metrics = Metrics::new();
        let loaded = Loaded::new(program, &metrics);
        let shared = Arc::new(Shared {
            heavy: Arc::new(Semaphore::new(settings.heavy.max(1))),
            heavy_waiting: AtomicI64::new(0),
            heavy_writing: AtomicI64::new(0),
            body_memory: AtomicUsize::new(0),
            answer_memory: Arc::default(),
            metrics,
            log,
            durable,
            present: Arc::new(Present::new(loaded)),
            stopping: AtomicBool::new(false),
            numbers: AtomicU64::new(random_start()),
            settings,
        });
        // With port 0 the first listener finds the port that the others share.
        let mut address = shared.settings.address;
        let mut listeners = Vec::new();
        if address.port() != 0 {
            // Sharing a port is for the threads of one server: a socket that does not share finds another server.
            listen(address, false).map_err(|error| StartError::Address(address, error))?;
        }
        for _ in 0..shared.settings.threads.max(1) {
            let listener = listen(address, true).map_err(|error| StartError::Address(address, error))?;
            address = listener.local_addr().map_err(|error| StartError::Address(address, error))?;
            listeners.push(listener);
        }
        let (phase, watching) = watch::channel(Phase::Serving);
        let mut threads = Vec::new();
        let (alive, ended) = channel();
        for (index, listener) in listeners.into_iter().enumerate() {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .max_blocking_threads(shared.settings.heavy.max(1) + 4)
                .thread_stack_size(tenon_runtime::native::THREAD_STACK)
                .build()
                .map_err(StartError::Thread)?;
            let (shared, watching, alive) = (shared.clone(), watching.clone(), alive.clone());
            let thread = std::thread::Builder::new()
                .name(format!("serve-{index}"))
                .stack_size(tenon_runtime::native::THREAD_STACK)
                .spawn(move || {
                    let _alive = alive;
                    LocalSet::new().block_on(&runtime, serve(shared, listener, watching));
                    // A heavy call that still runs was cut off; nobody waits for it.
                    runtime.shutdown_background();
                })
                .map_err(StartError::Thread)?;
            threads.push(thread);
        }
        Ok(Running { address, shared, phase, threads, ended })
    }
}

impl Running {
    /// The address that is listened on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Exchanges the program between calls.
    pub fn swap(&self, program: Program) {
        self.shared.present.swap(Loaded::new(program, &self.shared.metrics));
        self.shared.metrics.swaps.fetch_add(1, Ordering::Relaxed);
        self.shared.log.line("info", "program exchanged", []);
    }

    /// The server's log.
    pub fn log(&self) -> &Log {
        &self.shared.log
    }

    /// Stops: `/readyz` says no, after the delay for stops no connection is taken any more, requests that have begun are
    /// answered once their commits are durable, then the threads end. Requests that take longer than the time for draining
    /// are cut off, also where their calls still run: then a thread may outlive the stop.
    pub fn stop(mut self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
        std::thread::sleep(self.shared.settings.stop_delay);
        self.phase.send_replace(Phase::Draining);
        if let Err(RecvTimeoutError::Timeout) = self.ended.recv_timeout(self.shared.settings.drain_time + CUTTING_OFF) {
            // A call keeps its thread from hearing that its time is over.
            self.threads.retain(|thread| thread.is_finished());
            self.shared.log.line("warn", "calls were cut off", []);
        }
        for thread in self.threads.drain(..) {
            // A thread that panicked has stopped as well; its requests were its own.
            if thread.join().is_err() {
                self.shared.log.line("error", "a serving thread failed", []);
            }
        }
        self.shared.log.line("info", "stopped", [("commit", json!(self.shared.durable.number()))]);
    }
}

/// What threads need to end when the time for draining is over.
const CUTTING_OFF: Duration = Duration::from_millis(500);

/// Hears when the process is told to end (SIGTERM, SIGINT), from the moment it is made. To be made before the server is
/// started, so that no signal finds the process without ears.
pub struct Signals {
    runtime: tokio::runtime::Runtime,
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Begins to listen.
    pub fn listen() -> std::io::Result<Signals> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (terminate, interrupt) = {
            let _inside = runtime.enter();
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?)
        };
        Ok(Signals { runtime, terminate, interrupt })
    }

    /// Blocks until the process is told to end, or commits cannot be made durable any more, which is the error. Who is told
    /// once more does not want to wait for the stop: from then on a signal ends the process at once, with the status that a
    /// shell gives to one that a signal ended.
    ///
    /// # Errors
    /// See above.
    pub fn wait(mut self, durable: &Durable) -> Result<(), CommitLost> {
        let told = self.told(durable);
        let impatient = std::thread::Builder::new().name("impatience".into()).spawn(move || {
            let number = self.runtime.block_on(async {
                tokio::select! {
                    _ = self.terminate.recv() => SignalKind::terminate(),
                    _ = self.interrupt.recv() => SignalKind::interrupt(),
                }
            });
            std::process::exit(128 + number.as_raw_value());
        });
        // Without the thread the stop takes as long as it takes.
        drop(impatient);
        told
    }

    fn told(&mut self, durable: &Durable) -> Result<(), CommitLost> {
        let failing = Arc::new(Notify::new());
        let listener = failing.clone();
        durable.listen(Arc::new(move || listener.notify_one()));
        self.runtime.block_on(async {
            loop {
                if let Some(failure) = durable.failure() {
                    return Err(failure);
                }
                tokio::select! {
                    _ = self.terminate.recv() => return Ok(()),
                    _ = self.interrupt.recv() => return Ok(()),
                    () = failing.notified() => {}
                }
            }
        })
    }
}

/// A number to start from that differs from process to process.
fn random_start() -> u64 {
    let mut hasher = std::collections::hash_map::RandomState::new().build_hasher();
    hasher.write_u32(std::process::id());
    hasher.finish() << 24
}

fn listen(address: SocketAddr, shared: bool) -> std::io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shared)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(1024)?;
    Ok(socket.into())
}

/// One thread: accepts until told to stop, then waits for its connections.
async fn serve(shared: Arc<Shared>, listener: std::net::TcpListener, mut phase: watch::Receiver<Phase>) {
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => {
            return shared.log.line("error", "cannot listen", [("detail", error.to_string().into())]);
        }
    };
    let thread = Rc::new(Thread {
        program: Reader::new(shared.present.clone()),
        waiters: Waiters::start(shared.durable.clone()),
        shared,
    });
    let shared = &thread.shared;
    let open = Rc::new(Open::default());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = phase.wait_for(|phase| *phase == Phase::Draining) => break,
        };
        match accepted {
            Ok((stream, _)) if open.count.get() >= shared.settings.connections => drop(stream),
            Ok((stream, _)) => {
                let counted = open.clone().enter();
                let connection = connection(thread.clone(), stream, phase.clone());
                tokio::task::spawn_local(async move {
                    connection.await;
                    drop(counted);
                });
            }
            Err(error) => {
                // Mostly there are no more file descriptors; others will be closed soon.
                shared.log.line("warn", "cannot accept a connection", [("detail", error.to_string().into())]);
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(shared.settings.drain_time, open.wait_until_none()).await.is_err() {
        shared.log.line("warn", "requests were cut off", [("connections", json!(open.count.get()))]);
    }
}

/// The open connections of a thread.
#[derive(Default)]
struct Open {
    count: Cell<usize>,
    closed: Notify,
}

struct Entered(Rc<Open>);

impl Open {
    fn enter(self: Rc<Self>) -> Entered {
        self.count.set(self.count.get() + 1);
        Entered(self)
    }

    async fn wait_until_none(&self) {
        while self.count.get() > 0 {
            self.closed.notified().await;
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.count.set(self.0.count.get() - 1);
        self.0.closed.notify_one();
    }
}

/// One connection, until it ends or, when the server stops, its present request is answered.
async fn connection(thread: Rc<Thread>, stream: TcpStream, mut phase: watch::Receiver<Phase>) {
    let shared = thread.shared.clone();
    shared.metrics.connections.fetch_add(1, Ordering::Relaxed);
    // Small answers go out at once.
    if let Err(error) = stream.set_nodelay(true) {
        shared.log.line("warn", "cannot set an option of a connection", [("detail", error.to_string().into())]);
    }
    let settings = &shared.settings;
    let mut serving = std::pin::pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(settings.head_time)
            .max_buf_size(settings.head_limit.max(8 << 10))
            .serve_connection(
                TokioIo::new(Paced::new(stream, settings.send_time)),
                service_fn(|request| thread.clone().handle(request))
            )
    );
    // What ends a connection early is the client's business: a reset, a malformed head (which hyper has answered).
    let _ = tokio::select! {
        result = serving.as_mut() => result,
        _ = phase.wait_for(|phase| *phase == Phase::Draining) => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    shared.metrics.connections.fetch_sub(1, Ordering::Relaxed);
}
