//! The threads that do tasks.

use crate::STACK;
use crate::outlet::Outlet;
use crate::owner::Event;
use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use tenon_protocol::message::Id;
use tenon_protocol::task::{Canceller, Ended, Task};

/// What waits and what runs.
#[derive(Default)]
struct State {
    /// Requests, in the order in which they came.
    requests: VecDeque<Task>,
    /// What nobody waits for; done when no request waits.
    background: VecDeque<Task>,
    running: HashMap<Id, Option<Canceller>>,
    closed: bool,
}

struct Shared {
    state: Mutex<State>,
    work: Condvar,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The threads that do tasks.
pub struct Pool {
    shared: Arc<Shared>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Pool {
    /// Starts threads. What they find goes to the outlet, or back to the owner.
    pub fn start(threads: usize, outlet: &Outlet, owner: &Sender<Event>) -> io::Result<Pool> {
        let shared = Arc::new(Shared { state: Mutex::default(), work: Condvar::new() });
        let mut pool = Pool { shared, threads: Vec::new() };
        for n in 0..threads {
            let (shared, outlet, owner) = (pool.shared.clone(), outlet.clone(), owner.clone());
            let thread = std::thread::Builder::new()
                .name(format!("reader {n}"))
                .stack_size(STACK)
                .spawn(move || work(&shared, &outlet, &owner))?;
            pool.threads.push(thread);
        }
        Ok(pool)
    }

    /// Gives a task to the next thread that is free.
    pub fn add(&self, task: Task) {
        let mut state = self.shared.state();
        if task.id().is_some() {
            state.requests.push_back(task)
        } else {
            state.background.push_back(task)
        }
        drop(state);
        self.shared.work.notify_one();
    }

    /// Takes back what has not begun.
    pub fn take_back(&self) -> Vec<Task> {
        let mut state = self.shared.state();
        let State { requests, background, .. } = &mut *state;
        requests.drain(..).chain(background.drain(..)).collect()
    }

    /// Takes back a request that has not begun; stops one that runs.
    pub fn cancel(&self, id: &Id) -> Option<Task> {
        let mut state = self.shared.state();
        if let Some(at) = state.requests.iter().position(|task| task.id() == Some(id)) {
            return state.requests.remove(at);
        }
        if let Some(Some(canceller)) = state.running.get(id) {
            canceller.cancel();
        }
        None
    }

    /// Waits until everything is done that was asked for. What nobody asked for is dropped.
    pub fn finish(self) {
        let mut state = self.shared.state();
        state.background.clear();
        state.closed = true;
        drop(state);
        self.shared.work.notify_all();
        for thread in self.threads {
            // It has said why it panicked.
            let _ = thread.join();
        }
    }

    /// Ends as soon as can be: what has not begun is given back, what runs is stopped.
    pub fn stop(&self) -> Vec<Task> {
        let mut state = self.shared.state();
        state.closed = true;
        state.running.values().flatten().for_each(Canceller::cancel);
        drop(state);
        self.shared.work.notify_all();
        self.take_back()
    }
}

fn work(shared: &Shared, outlet: &Outlet, owner: &Sender<Event>) {
    let mut state = shared.state();
    loop {
        let Some(task) = state.requests.pop_front().or_else(|| state.background.pop_front()) else {
            if state.closed {
                return;
            }
            state = shared.work.wait(state).unwrap_or_else(PoisonError::into_inner);
            continue;
        };
        let id = task.id().cloned();
        if let Some(id) = &id {
            state.running.insert(id.clone(), task.canceller());
        }
        drop(state);
        let ended = task.run();
        if let Some(id) = &id {
            shared.state().running.remove(id);
        }
        match ended {
            Ended::Told(messages) => messages.into_iter().for_each(|message| outlet.send(message)),
            // The owner may have ended: then nobody listens.
            ended => drop(owner.send(Event::Ended(ended))),
        }
        state = shared.state();
    }
}
