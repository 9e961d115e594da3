//! Engines by session: each page that is open has one, on a thread with a stack for deep programs. A page begins its session and
//! ends it; one that is closed without a word makes room when others come.

use std::collections::HashMap;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, PoisonError};
use tenon_playground::Engine;
use tokio::sync::oneshot;

/// So many pages can be open at once; a further one takes the place of the one that was quiet for longest.
pub const MOST_SESSIONS: usize = 16;

/// The stack of an engine's thread, in bytes.
const STACK: usize = 256 << 20;

type Job = (String, oneshot::Sender<String>);

/// What answers the requests of one session.
pub(crate) type Answerer = Box<dyn FnMut(&str) -> String>;

/// Why a request has no answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum NoAnswer {
    /// There is no such session: it was never begun, has ended, or made room for another.
    Unknown,
    /// The engine stopped over this request, and its session with it.
    Stopped,
}

struct Session {
    jobs: Sender<Job>,
    /// Tells it from another one of the same name.
    number: u64,
    /// When it was asked last, in requests of all sessions.
    asked: u64,
}

#[derive(Default)]
struct Open {
    now: u64,
    by_name: HashMap<String, Session>,
}

/// All sessions.
pub(crate) struct Sessions {
    open: Mutex<Open>,
    make: fn() -> Answerer,
}

impl Default for Sessions {
    fn default() -> Sessions {
        Sessions::with(|| {
            let mut engine = Engine::new();
            Box::new(move |request| engine.handle(request))
        })
    }
}

impl Sessions {
    /// No session yet; `make` makes what answers in one.
    pub fn with(make: fn() -> Answerer) -> Sessions {
        Sessions { open: Mutex::default(), make }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a session, or begins it anew.
    pub fn begin(&self, name: &str) -> Result<(), String> {
        let mut open = self.lock();
        open.now += 1;
        let now = open.now;
        if open.by_name.len() >= MOST_SESSIONS && !open.by_name.contains_key(name) {
            let quiet = open.by_name.iter().min_by_key(|(_, session)| session.asked).map(|(name, _)| name.clone());
            quiet.and_then(|quiet| open.by_name.remove(&quiet));
        }
        let jobs = start(self.make)?;
        open.by_name.insert(name.to_owned(), Session { jobs, number: now, asked: now });
        Ok(())
    }

    /// Ends a session, and with it its rows.
    pub fn end(&self, name: &str) {
        self.lock().by_name.remove(name);
    }

    /// Asks the engine of a session.
    pub async fn ask(&self, name: &str, request: String) -> Result<String, NoAnswer> {
        let (sender, receiver) = oneshot::channel();
        let number = self.send(name, (request, sender))?;
        // The engine's thread ends without an answer only where it panicked.
        receiver.await.map_err(|_| {
            self.forget(name, number);
            NoAnswer::Stopped
        })
    }

    /// Passes a request to the engine of a session; yields the session's number.
    fn send(&self, name: &str, job: Job) -> Result<u64, NoAnswer> {
        let mut open = self.lock();
        open.now += 1;
        let now = open.now;
        let session = open.by_name.get_mut(name).ok_or(NoAnswer::Unknown)?;
        session.asked = now;
        let number = session.number;
        if session.jobs.send(job).is_err() {
            // It stopped over a request that nobody waited for any more.
            open.by_name.remove(name);
            return Err(NoAnswer::Unknown);
        }
        Ok(number)
    }

    /// Removes a session that stopped, unless another has taken its place.
    fn forget(&self, name: &str, number: u64) {
        let mut open = self.lock();
        if open.by_name.get(name).is_some_and(|session| session.number == number) {
            open.by_name.remove(name);
        }
    }
}

fn start(make: fn() -> Answerer) -> Result<Sender<Job>, String> {
    let (jobs, work) = channel::<Job>();
    std::thread::Builder::new()
        .name("engine".into())
        .stack_size(STACK)
        .spawn(move || {
            let mut answerer = make();
            // Ends when the session is dropped.
            for (request, answer) in work {
                // Whoever asked may be gone.
                let _ = answer.send(answerer(&request));
            }
        })
        .map_err(|error| error.to_string())?;
    Ok(jobs)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use super::{MOST_SESSIONS, NoAnswer, Sessions};
    use tokio::sync::oneshot;

    /// Sessions that count their requests, and stop over `panic`.
    fn counting() -> Sessions {
        Sessions::with(|| {
            let mut count = 0;
            Box::new(move |request| {
                assert_ne!(request, "panic", "the engine stops here");
                count += 1;
                count.to_string()
            })
        })
    }

    fn ask(sessions: &Sessions, name: &str, request: &str) -> Result<String, NoAnswer> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(sessions.ask(name, request.to_owned()))
    }

    #[test]
    fn a_session_is_begun_and_ended() {
        let sessions = counting();
        assert_eq!(ask(&sessions, "a", "x"), Err(NoAnswer::Unknown));
        sessions.begin("a").unwrap();
        assert_eq!(ask(&sessions, "a", "x").unwrap(), "1");
        assert_eq!(ask(&sessions, "a", "x").unwrap(), "2");
        sessions.end("a");
        assert_eq!(ask(&sessions, "a", "x"), Err(NoAnswer::Unknown));
        sessions.begin("a").unwrap();
        assert_eq!(ask(&sessions, "a", "x").unwrap(), "1");
    }

    #[test]
    fn the_quietest_makes_room() {
        let sessions = counting();
        for number in 0..MOST_SESSIONS {
            sessions.begin(&number.to_string()).unwrap();
        }
        assert!(ask(&sessions, "0", "x").is_ok());
        sessions.begin("another").unwrap();
        assert_eq!(ask(&sessions, "1", "x"), Err(NoAnswer::Unknown));
        assert!(["0", "2", "another"].iter().all(|name| ask(&sessions, name, "x").is_ok()));
    }

    #[test]
    fn an_engine_that_stops_takes_its_session_with_it_and_no_other() {
        let sessions = counting();
        sessions.begin("a").unwrap();
        assert_eq!(ask(&sessions, "a", "panic"), Err(NoAnswer::Stopped));
        assert_eq!(ask(&sessions, "a", "x"), Err(NoAnswer::Unknown));
        // Whoever asked has hung up: the next one finds out.
        sessions.begin("a").unwrap();
        let (sender, receiver) = oneshot::channel();
        let number = sessions.send("a", ("panic".to_owned(), sender)).unwrap();
        assert!(receiver.blocking_recv().is_err());
        while sessions.send("a", ("x".to_owned(), oneshot::channel().0)).is_ok() {
            std::thread::yield_now();
        }
        assert_eq!(ask(&sessions, "a", "x"), Err(NoAnswer::Unknown));
        // A late word about the old one leaves the new one alone.
        sessions.begin("a").unwrap();
        sessions.forget("a", number);
        assert_eq!(ask(&sessions, "a", "x").unwrap(), "1");
    }
}
