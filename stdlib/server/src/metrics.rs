//! Counters, in the text format of Prometheus.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tenon_runtime::durable::Durable;

/// Upper bounds of the latency classes, in microseconds; the last class is open.
const LATENCY: [u64; 14] =
    [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 5_000_000];
/// The first status that is counted, and how many are.
const STATUS: (u16, usize) = (100, 500);

/// All counters of a server.
pub(crate) struct Metrics {
    endpoints: Mutex<BTreeMap<String, Arc<EndpointMetrics>>>,
    /// Requests that belong to no endpoint.
    pub(crate) other: EndpointMetrics,
    /// Open connections.
    pub(crate) connections: AtomicI64,
    /// Requests whose answer is not sent yet.
    pub(crate) in_flight: AtomicI64,
    /// Faults of programs.
    pub(crate) incidents: AtomicU64,
    /// Exchanges of the program.
    pub(crate) swaps: AtomicU64,
    started: Instant,
}

/// The counters of one endpoint.
pub(crate) struct EndpointMetrics {
    status: [AtomicU64; STATUS.1],
    latency: [AtomicU64; LATENCY.len() + 1],
    total: AtomicU64,
}

impl EndpointMetrics {
    fn new() -> EndpointMetrics {
        EndpointMetrics {
            status: std::array::from_fn(|_| AtomicU64::new(0)),
            latency: std::array::from_fn(|_| AtomicU64::new(0)),
            total: AtomicU64::new(0),
        }
    }

    /// Counts a response.
    pub(crate) fn count(&self, status: u16, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        if let Some(count) = self.status.get(usize::from(status.saturating_sub(STATUS.0))) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let class = LATENCY.iter().position(|bound| micros <= *bound).unwrap_or(LATENCY.len());
        self.latency[class].fetch_add(1, Ordering::Relaxed);
        self.total.fetch_add(micros, Ordering::Relaxed);
    }
}

impl Metrics {
    pub(crate) fn new() -> Metrics {
        Metrics {
            endpoints: Mutex::new(BTreeMap::new()),
            other: EndpointMetrics::new(),
            connections: AtomicI64::new(0),
            in_flight: AtomicI64::new(0),
            incidents: AtomicU64::new(0),
            swaps: AtomicU64::new(0),
            started: Instant::now(),
        }
    }

    /// The counters of an endpoint; they outlive an exchange of the program.
    pub(crate) fn endpoint(&self, name: &str) -> Arc<EndpointMetrics> {
        let mut endpoints = self.endpoints.lock();
        endpoints.entry(name.to_owned()).or_insert_with(|| Arc::new(EndpointMetrics::new())).clone()
    }

    /// The text that `/metrics` answers.
    pub(crate) fn text(&self, durable: &Durable, unsent: usize, log_dropped: u64) -> String {
        let mut out = String::with_capacity(8 << 10);
        let endpoints = self.endpoints.lock().clone();
        let all = || endpoints.iter().map(|(name, metrics)| (name.as_str(), &**metrics)).chain([("", &self.other)]);
        // Writing to a String cannot fail.
        let mut write = |text: std::fmt::Arguments<'_>| {
            let _ = out.write_fmt(text);
        };
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        write(format_args!(
            "# HELP tenon_requests_total Requests by endpoint and status.\n# TYPE tenon_requests_total counter\n"
        ));
        for (name, metrics) in all() {
            for (index, count) in metrics.status.iter().enumerate() {
                let (status, count) = (usize::from(STATUS.0) + index, read(count));
                if count > 0 {
                    write(format_args!("tenon_requests_total{{endpoint=\"{name}\",status=\"{status}\"}} {count}\n"));
                }
            }
        }
        write(format_args!(
            "# HELP tenon_request_seconds How long requests took.\n# TYPE tenon_request_seconds histogram\n"
        ));
        for (name, metrics) in all() {
            let classes: Vec<u64> = metrics.latency.iter().map(read).collect();
            let count: u64 = classes.iter().sum();
            if count == 0 {
                continue;
            }
            let mut below = 0;
            for (class, bound) in classes.iter().zip(LATENCY) {
                below += class;
                let bound = bound as f64 / 1e6;
                write(format_args!("tenon_request_seconds_bucket{{endpoint=\"{name}\",le=\"{bound}\"}} {below}\n"));
            }
            write(format_args!("tenon_request_seconds_bucket{{endpoint=\"{name}\",le=\"+Inf\"}} {count}\n"));
            let total = read(&metrics.total) as f64 / 1e6;
            write(format_args!("tenon_request_seconds_sum{{endpoint=\"{name}\"}} {total}\n"));
            write(format_args!("tenon_request_seconds_count{{endpoint=\"{name}\"}} {count}\n"));
        }
        write(format_args!("# HELP tenon_commit The last durable commit.\n# TYPE tenon_commit gauge\n"));
        write(format_args!("tenon_commit {}\n", durable.number()));
        write(format_args!(
            "# HELP tenon_group_commits Commits that were made durable together.\n# TYPE tenon_group_commits histogram\n"
        ));
        let sizes = durable.group_sizes();
        let mut below = 0;
        for (class, count) in sizes.iter().enumerate().take(sizes.len() - 1) {
            below += count;
            let bound = (1u64 << (class + 1)) - 1;
            write(format_args!("tenon_group_commits_bucket{{le=\"{bound}\"}} {below}\n"));
        }
        let groups: u64 = sizes.iter().sum();
        write(format_args!("tenon_group_commits_bucket{{le=\"+Inf\"}} {groups}\n"));
        write(format_args!("tenon_group_commits_count {groups}\n"));
        for (name, kind, help, value) in [
            ("connections", "gauge", "Open connections.", self.connections.load(Ordering::Relaxed)),
            ("requests_in_flight", "gauge", "Requests without an answer yet.", self.in_flight.load(Ordering::Relaxed)),
            ("unsent_bytes", "gauge", "Bytes of answers that wait for their clients.", unsent as i64),
            ("incidents_total", "counter", "Faults of the program.", read(&self.incidents) as i64),
            ("program_swaps_total", "counter", "Exchanges of the running program.", read(&self.swaps) as i64),
            ("log_lines_dropped_total", "counter", "Log lines that came too fast.", log_dropped as i64),
            ("uptime_seconds", "gauge", "Since the start.", self.started.elapsed().as_secs() as i64),
        ] {
            write(format_args!("# HELP tenon_{name} {help}\n# TYPE tenon_{name} {kind}\ntenon_{name} {value}\n"));
        }
        out
    }
}
