//! The thread that holds the session.

use crate::STACK;
use crate::outlet::Outlet;
use crate::pool::Pool;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::time::Duration;
use tenon_protocol::message::Message;
use tenon_protocol::session::{Effect, Session};
use tenon_protocol::task::Ended;
use tokio::sync::oneshot;

/// After how long without an event the session does what asks for the whole program: a pause of who types.
const QUIET: Duration = Duration::from_millis(300);

/// What the owner hears.
pub enum Event {
    /// The client says something.
    Message(Message),
    /// A task ended with something for the session.
    Ended(Ended),
    /// The client hung up.
    Gone,
}

/// Starts the thread; gives where it hears, and what it says at its end: true after `shutdown`.
pub fn start(session: Session, outlet: Outlet) -> io::Result<(Sender<Event>, oneshot::Receiver<bool>)> {
    let (sender, events) = channel();
    let (end, ended) = oneshot::channel();
    let pool = Pool::start(readers(), &outlet, &sender)?;
    let owner = Owner { session, outlet, pool, events, clean: false };
    std::thread::Builder::new().name("owner".into()).stack_size(STACK).spawn(move || {
        // Whoever waits may be gone.
        let _ = end.send(owner.run());
    })?;
    Ok((sender, ended))
}

/// How many threads read: as many as the machine runs at once, but two at least, so that a long answer keeps nobody
/// waiting, and no more than four.
fn readers() -> usize {
    std::thread::available_parallelism().map_or(2, |n| n.get().clamp(2, 4))
}

struct Owner {
    session: Session,
    outlet: Outlet,
    pool: Pool,
    events: Receiver<Event>,
    clean: bool,
}

impl Owner {
    fn run(mut self) -> bool {
        loop {
            let Some(event) = self.next() else { return self.finish() };
            match event {
                Event::Message(message) => {
                    if self.receive(message) {
                        return self.stop();
                    }
                }
                Event::Ended(ended) => self.ended(ended),
                Event::Gone => return self.finish(),
            }
        }
    }

    /// The next event; `None` where nobody is left to send one.
    fn next(&mut self) -> Option<Event> {
        match self.events.try_recv() {
            Ok(event) => return Some(event),
            Err(TryRecvError::Disconnected) => return None,
            Err(TryRecvError::Empty) => {}
        }
        let effects = self.session.idle();
        self.apply(effects);
        if self.session.is_restless() {
            match self.events.recv_timeout(QUIET) {
                Ok(event) => return Some(event),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {}
            }
            let effects = self.session.rest();
            self.apply(effects);
        }
        self.events.recv().ok()
    }

    /// The client hung up: what it asked for is answered, in case it still reads.
    fn finish(mut self) -> bool {
        let effects = self.session.release();
        self.apply(effects);
        self.pool.finish();
        self.outlet.close();
        self.clean
    }

    /// The client said `exit`.
    fn stop(mut self) -> bool {
        let effects = self.session.release();
        self.apply(effects);
        for task in self.pool.stop() {
            self.ended(task.cancel());
        }
        self.outlet.close();
        self.clean
    }

    /// Takes a message; true at the end.
    fn receive(&mut self, message: Message) -> bool {
        // No snapshot may wait for a thread while the owner waits for snapshots.
        let back = if self.session.changes(&message) { self.pool.take_back() } else { Vec::new() };
        let mut again = Vec::new();
        for task in back {
            match task.overtake() {
                Ended::Again(message) => again.push(message),
                ended => self.ended(ended),
            }
        }
        let effects = self.session.receive(message);
        let end = self.apply(effects);
        for message in again {
            let effects = self.session.receive_again(message);
            self.apply(effects);
        }
        end
    }

    /// What follows from the end of a task.
    fn ended(&mut self, ended: Ended) {
        match ended {
            Ended::Told(messages) => messages.into_iter().for_each(|message| self.outlet.send(message)),
            Ended::Again(message) => {
                let effects = self.session.receive_again(message);
                self.apply(effects);
            }
            Ended::Held(message) => self.session.hold(message),
            Ended::Found(found) => {
                let effects = self.session.found(found);
                self.apply(effects);
            }
        }
    }

    fn apply(&mut self, effects: Vec<Effect>) -> bool {
        let mut end = false;
        for effect in effects {
            match effect {
                Effect::Send(message) => self.outlet.send(message),
                Effect::Run(task) => self.pool.add(task),
                Effect::Cancel(id) => {
                    if let Some(task) = self.pool.cancel(&id) {
                        self.ended(task.cancel());
                    }
                }
                Effect::Exit(clean) => {
                    self.clean = clean;
                    end = true;
                }
            }
        }
        end
    }
}
