//! Engines by session: each page that is open has one, on a thread with a stack for deep programs.

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

struct Session {
    jobs: Sender<Job>,
    /// When it was asked last, in requests of all sessions.
    asked: u64,
}

/// All sessions.
#[derive(Default)]
pub(crate) struct Sessions {
    open: Mutex<(u64, HashMap<String, Session>)>,
}

impl Sessions {
    /// Asks the engine of a session, which begins with its first request.
    pub async fn ask(&self, session: &str, request: String) -> Result<String, String> {
        let (sender, receiver) = oneshot::channel();
        self.send(session, (request, sender))?;
        // The engine's thread ends without an answer only where it panicked.
        receiver.await.map_err(|_| {
            self.forget(session);
            "the engine stopped; reload the page to begin again".to_owned()
        })
    }

    fn send(&self, session: &str, job: Job) -> Result<(), String> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let (now, sessions) = &mut *open;
        *now += 1;
        if !sessions.contains_key(session) {
            if sessions.len() >= MOST_SESSIONS {
                let quiet = sessions.iter().min_by_key(|(_, session)| session.asked).map(|(name, _)| name.clone());
                if let Some(quiet) = quiet {
                    sessions.remove(&quiet);
                }
            }
            sessions.insert(session.to_owned(), start()?);
        }
        let Some(own) = sessions.get_mut(session) else { return Err("the session is gone".to_owned()) };
        own.asked = *now;
        own.jobs.send(job).map_err(|_| "the engine stopped; reload the page to begin again".to_owned())
    }

    fn forget(&self, session: &str) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).1.remove(session);
    }
}

fn start() -> Result<Session, String> {
    let (jobs, work) = channel::<Job>();
    std::thread::Builder::new()
        .name("engine".into())
        .stack_size(STACK)
        .spawn(move || {
            let mut engine = Engine::new();
            // Ends when the session is dropped.
            for (request, answer) in work {
                // Whoever asked may be gone.
                let _ = answer.send(engine.handle(&request));
            }
        })
        .map_err(|error| error.to_string())?;
    Ok(Session { jobs, asked: 0 })
}
