//! The program that is served, and the place where it can be exchanged.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hyper::body::Bytes;
use parking_lot::Mutex;
use tenon_value::dispatch::{RouteError, Router, Service, openapi};
use tokio::sync::Notify;

use crate::metrics::{EndpointMetrics, Metrics};

/// An engine with a program, and what serving it needs.
pub struct Program {
    pub(crate) service: Arc<dyn Service + Send + Sync>,
    pub(crate) router: Router,
    pub(crate) openapi: Bytes,
}

/// Why a program cannot be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError(pub RouteError);

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the program cannot be served: {}", self.0)
    }
}

impl std::error::Error for LoadError {}

impl Program {
    /// A program that can be served.
    pub fn new(service: Arc<dyn Service + Send + Sync>) -> Result<Program, LoadError> {
        let router = Router::new(service.api()).map_err(LoadError)?;
        let openapi = Bytes::from(openapi(service.api()).to_string());
        Ok(Program { service, router, openapi })
    }
}

/// A program with the metrics of its endpoints.
pub(crate) struct Loaded {
    pub(crate) program: Program,
    /// One for each endpoint.
    pub(crate) metrics: Vec<Arc<EndpointMetrics>>,
    /// The endpoints whose calls run in the pool.
    pub(crate) heavy: Vec<u32>,
}

impl Loaded {
    pub(crate) fn new(program: Program, metrics: &Metrics) -> Loaded {
        let endpoints = &program.service.api().endpoints;
        let metrics = endpoints.iter().map(|endpoint| metrics.endpoint(&endpoint.name)).collect();
        let heavy = (0..endpoints.len() as u32).filter(|endpoint| program.service.is_heavy(*endpoint)).collect();
        Loaded { program, metrics, heavy }
    }
}

/// The present program. Threads keep a copy of the pointer and look at a number that says whether it is still the
/// present one, so that serving touches no lock.
pub(crate) struct Present {
    generation: AtomicU64,
    loaded: Mutex<Arc<Loaded>>,
    exchanged: Notify,
}

impl Present {
    pub(crate) fn new(loaded: Loaded) -> Present {
        Present { generation: AtomicU64::new(1), loaded: Mutex::new(Arc::new(loaded)), exchanged: Notify::new() }
    }

    /// Exchanges the program. Calls that have begun end with the one they began with.
    pub(crate) fn swap(&self, loaded: Loaded) {
        {
            let mut present = self.loaded.lock();
            *present = Arc::new(loaded);
            self.generation.fetch_add(1, Ordering::Release);
        }
        self.exchanged.notify_waiters();
    }

    fn read(&self) -> (u64, Arc<Loaded>) {
        let present = self.loaded.lock();
        (self.generation.load(Ordering::Acquire), present.clone())
    }
}

/// A thread's copy of the pointer.
pub(crate) struct Reader {
    present: Arc<Present>,
    copy: RefCell<(u64, Arc<Loaded>)>,
}

impl Reader {
    pub(crate) fn new(present: Arc<Present>) -> Reader {
        let copy = RefCell::new(present.read());
        Reader { present, copy }
    }

    pub(crate) fn get(&self) -> Arc<Loaded> {
        let mut copy = self.copy.borrow_mut();
        if copy.0 != self.present.generation.load(Ordering::Acquire) {
            *copy = self.present.read();
        }
        copy.1.clone()
    }

    /// The program that comes after one, as soon as it is there.
    pub(crate) async fn after(&self, last: &Arc<Loaded>) -> Arc<Loaded> {
        loop {
            // Made before looking, so that no exchange falls between.
            let exchanged = self.present.exchanged.notified();
            let present = self.get();
            if !Arc::ptr_eq(&present, last) {
                return present;
            }
            exchanged.await;
        }
    }
}
