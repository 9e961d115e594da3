//! The log: one JSON object per line.
//!
//! Lines go through a bounded queue to a thread of their own, so that a slow terminal or disk never holds a request up;
//! lines that find the queue full are counted and dropped.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;
use serde_json::{Map, Value as Json};
use tenon_value::time::write_instant;

/// How many lines wait at most.
const QUEUE: usize = 4096;

/// Where lines go.
pub type Sink = Box<dyn Write + Send>;

/// The log of a server.
#[derive(Clone)]
pub struct Log {
    shared: Arc<Shared>,
}

struct Shared {
    /// Gone once the log is closed.
    queue: Mutex<Option<SyncSender<String>>>,
    dropped: AtomicU64,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Log {
    /// A log that writes lines to a sink. A sink that cannot be written to is given up, and its lines are dropped.
    pub fn new(mut sink: Sink) -> std::io::Result<Log> {
        let (queue, lines) = sync_channel::<String>(QUEUE);
        let writer = std::thread::Builder::new().name("log".to_owned()).spawn(move || {
            while let Ok(line) = lines.recv() {
                if sink.write_all(line.as_bytes()).is_err() {
                    return;
                }
                // What is there already is written before the sink is flushed.
                for line in lines.try_iter() {
                    if sink.write_all(line.as_bytes()).is_err() {
                        return;
                    }
                }
                if sink.flush().is_err() {
                    return;
                }
            }
        })?;
        Ok(Log {
            shared: Arc::new(Shared {
                queue: Mutex::new(Some(queue)),
                dropped: AtomicU64::new(0),
                writer: Mutex::new(Some(writer)),
            }),
        })
    }

    /// A log to the standard error stream.
    pub fn stderr() -> std::io::Result<Log> {
        Log::new(Box::new(std::io::stderr()))
    }

    /// Adds a line: time, level and message, then the members.
    pub fn line(&self, level: &str, message: &str, members: impl IntoIterator<Item = (&'static str, Json)>) {
        let mut line = Map::new();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_micros());
        let mut time = String::with_capacity(30);
        write_instant(&mut time, i64::try_from(now).unwrap_or(i64::MAX));
        line.insert("time".to_owned(), time.into());
        line.insert("level".to_owned(), level.into());
        line.insert("message".to_owned(), message.into());
        line.extend(members.into_iter().map(|(name, value)| (name.to_owned(), value)));
        let mut text = Json::Object(line).to_string();
        text.push('\n');
        let sent = match &*self.shared.queue.lock() {
            Some(queue) => queue.try_send(text),
            None => return,
        };
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = sent {
            self.shared.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many lines were dropped.
    pub fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }

    /// Writes what waits, and ends the log; later lines are ignored.
    pub fn close(&self) {
        self.shared.queue.lock().take();
        if let Some(writer) = self.shared.writer.lock().take() {
            // A writer that panicked has nothing left to write.
            let _ = writer.join();
        }
    }
}
