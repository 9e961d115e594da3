//! Which commits are durable, and who waits for them.
//!
//! Whoever makes a group durable calls [`Durable::advance`] once. Who waits by blocking first offers to do that work.
//! Whoever serves calls registers one listener per thread and wakes its own waiters, so that a group costs one wake per
//! thread and not one per call.
//!
//! Invariants: the number never decreases; after [`Durable::fail`] no commit becomes durable any more; a listener is
//! called after every change, and no lock is held while it runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Condvar, Mutex};

/// The commits that are durable.
#[derive(Default)]
pub struct Durable {
    number: AtomicU64,
    /// How many groups had 1, 2 to 3, 4 to 7, … commits.
    sizes: [AtomicU64; SIZES],
    state: Mutex<State>,
    changed: Condvar,
}

/// Classes of group sizes; the last one is open.
pub const SIZES: usize = 12;

#[derive(Default)]
struct State {
    failure: Option<Arc<str>>,
    listeners: Vec<Arc<dyn Fn() + Send + Sync>>,
}

/// The authority could not make a commit durable: what waited for it never happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitLost(pub Arc<str>);

impl std::fmt::Display for CommitLost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the store could not be written: {}", self.0)
    }
}

impl std::error::Error for CommitLost {}

impl Durable {
    /// Commits up to `number` are durable already.
    pub fn new(number: u64) -> Durable {
        Durable { number: AtomicU64::new(number), ..Durable::default() }
    }

    /// The last durable commit.
    pub fn number(&self) -> u64 {
        self.number.load(Ordering::Acquire)
    }

    /// Whether a commit is durable. `None` if that is still open.
    pub fn check(&self, commit: u64) -> Option<Result<(), CommitLost>> {
        if self.number() >= commit {
            return Some(Ok(()));
        }
        self.failure().map(Err)
    }

    /// Why no commit becomes durable any more, if that is so.
    pub fn failure(&self) -> Option<CommitLost> {
        self.state.lock().failure.clone().map(CommitLost)
    }

    /// All commits up to `commit` are durable.
    pub fn advance(&self, commit: u64) {
        self.change(|durable, _| {
            let before = durable.number.fetch_max(commit, Ordering::AcqRel);
            if let Some(class) = commit.checked_sub(before).and_then(u64::checked_ilog2) {
                durable.sizes[(class as usize).min(SIZES - 1)].fetch_add(1, Ordering::Relaxed);
            }
        });
    }

    /// No commit after the present number becomes durable.
    pub fn fail(&self, reason: &str) {
        self.change(|_, state| {
            state.failure.get_or_insert_with(|| reason.into());
        });
    }

    /// How many groups had 1, 2 to 3, 4 to 7, … commits so far.
    pub fn group_sizes(&self) -> [u64; SIZES] {
        std::array::from_fn(|class| self.sizes[class].load(Ordering::Relaxed))
    }

    /// Blocks until a commit is durable or lost. Before it sleeps, the thread offers to do the work itself: `help` makes
    /// what has gathered durable, unless somebody else is about it, and says whether it did.
    ///
    /// # Errors
    /// The commit is lost.
    pub fn wait(&self, commit: u64, help: impl Fn() -> bool) -> Result<(), CommitLost> {
        loop {
            while self.number() < commit && help() {}
            let before = self.number();
            if before >= commit {
                return Ok(());
            }
            let mut state = self.state.lock();
            if let Some(reason) = &state.failure {
                return Err(CommitLost(reason.clone()));
            }
            // Whoever moved the number on has just let the authority go: the next group may be for this thread to write.
            if self.number() == before {
                self.changed.wait(&mut state);
            }
        }
    }

    /// Adds a listener, which is called after every change and must return at once.
    pub fn listen(&self, listener: Arc<dyn Fn() + Send + Sync>) {
        self.state.lock().listeners.push(listener);
    }

    fn change(&self, change: impl FnOnce(&Durable, &mut State)) {
        let listeners = {
            // Changing under the lock is what keeps a waiter from sleeping through it.
            let mut state = self.state.lock();
            change(self, &mut state);
            state.listeners.clone()
        };
        self.changed.notify_all();
        for listener in listeners {
            listener();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn waiters_learn_of_commits_and_of_failure() {
        let durable = Arc::new(Durable::new(3));
        assert_eq!((durable.check(3), durable.check(4)), (Some(Ok(())), None));
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        durable.listen(Arc::new(move || {
            counted.fetch_add(1, Ordering::Relaxed);
        }));
        let waiting = {
            let durable = durable.clone();
            std::thread::spawn(move || (durable.wait(5, || false), durable.wait(9, || false)))
        };
        durable.advance(4);
        durable.advance(6);
        durable.advance(5);
        assert_eq!(durable.number(), 6);
        assert_eq!(durable.group_sizes()[..3], [1, 1, 0]);
        durable.fail("disk full");
        let (first, second) = waiting.join().unwrap();
        assert_eq!((first, second), (Ok(()), Err(CommitLost("disk full".into()))));
        assert_eq!(durable.check(9), Some(Err(CommitLost("disk full".into()))));
        assert_eq!(durable.check(6), Some(Ok(())));
        assert_eq!(calls.load(Ordering::Relaxed), 4);
    }

    /// Nobody else is there: who waits does the work, as often as it takes; when there is nothing to do it sleeps.
    #[test]
    fn who_waits_helps() {
        let durable = Durable::new(0);
        let groups = AtomicU64::new(3);
        let help = || {
            let left = groups.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
            left.is_ok_and(|left| {
                durable.advance(4 - left);
                true
            })
        };
        assert_eq!(durable.wait(1, help), Ok(()));
        assert_eq!(durable.number(), 1);
        assert_eq!(durable.wait(3, help), Ok(()));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| durable.wait(4, help));
            durable.advance(4);
            assert_eq!(waiting.join().expect("it only waits"), Ok(()));
        });
    }

    /// Who found another at work, and is woken before its commit is durable, offers its help again.
    #[test]
    fn who_was_woken_too_early_helps() {
        let durable = Durable::new(0);
        let free = std::sync::atomic::AtomicBool::new(false);
        let help = || {
            let done = free.swap(false, Ordering::AcqRel);
            if done {
                durable.advance(2);
            }
            done
        };
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| durable.wait(2, help));
            free.store(true, Ordering::Release);
            durable.advance(1);
            assert_eq!(waiting.join().expect("it only waits"), Ok(()));
        });
    }
}
