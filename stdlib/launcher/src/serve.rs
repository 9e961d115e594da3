//! Serving a compiled program until it is told to stop.

use std::sync::Arc;
use std::time::Duration;
use tenon_runtime::database::Database;
use tenon_runtime::native::OwnLimits;
use tenon_runtime::service::{LogSink, NativeService};
use tenon_server::{Log, Program, Running, Server, Settings, Signals};
use tenon_value::dispatch::{Api, Method};

/// Lines of `log(x)` go to standard error, where the server's own log goes too.
pub fn log_to_stderr() -> LogSink {
    Arc::new(|line| eprintln!("{line}"))
}

/// The standard settings of a server, with the limits that a program brings.
pub fn settings(limits: &OwnLimits) -> Settings {
    let standard = Settings::default();
    Settings {
        body_limit: limits.body.map_or(standard.body_limit, |n| usize::try_from(n).unwrap_or(usize::MAX)),
        request_time: limits.time.map_or(standard.request_time, Duration::from_millis),
        ..standard
    }
}

/// A program that is being served.
pub struct Serving {
    /// The server.
    pub running: Running,
    /// What tells the process to end.
    pub signals: Signals,
    database: Arc<Database>,
}

/// Starts serving.
///
/// # Errors
/// The address is taken, or two endpoints cannot be told apart.
pub fn start(service: NativeService, settings: Settings) -> Result<Serving, String> {
    let database = service.database().clone();
    let signals = Signals::listen().map_err(|error| error.to_string())?;
    let log = Log::stderr().map_err(|error| error.to_string())?;
    let program = Program::new(Arc::new(service)).map_err(|error| error.to_string())?;
    let running =
        Server::start(program, database.durable().clone(), settings, log).map_err(|error| error.to_string())?;
    Ok(Serving { running, signals, database })
}

impl Serving {
    /// Serves until the process is told to end; then answers what has begun, makes it durable, and stops.
    ///
    /// # Errors
    /// Commits could not be made durable any more.
    pub fn until_told(self) -> Result<(), String> {
        let Serving { running, signals, database } = self;
        let result = signals.wait(database.durable()).map_err(|lost| lost.to_string());
        stop(running, &database)?;
        result
    }
}

/// Stops a server gracefully.
///
/// # Errors
/// Commits could not be made durable.
pub fn stop(running: Running, database: &Database) -> Result<(), String> {
    running.stop();
    database.failure().map_or(Ok(()), |lost| Err(lost.to_string()))
}

/// Lines for people: where a program listens, and what can be called.
pub fn describe(running: &Running, api: &Api, ready: Duration) -> String {
    let address = running.address();
    let mut lines = vec![format!("ready in {ready:.0?}; listening on http://{address}")];
    let shown = || api.endpoints.iter().filter(|e| !e.path.is_empty());
    lines.extend(shown().map(|e| format!("  {:<6} {:<32} {}", e.method.as_str(), e.path, e.name)));
    lines.push(match shown().find(|e| e.method == Method::Get && !e.path.contains('{')) {
        Some(first) => format!("try: curl http://{address}{}   (all of it: /openapi.json)", first.path),
        None => format!("try: curl http://{address}/openapi.json"),
    });
    lines.join("\n")
}
