//! Answers that end before they are found: the program changed, the client lost interest, or there is a bug.

use crate::Analysis;
use salsa::{CancellationToken, Cancelled, Database};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Why there is no answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Interrupted {
    /// The program is about to change.
    Changed,
    /// A [`Canceller`] was used.
    Cancelled,
    /// A bug; what it says. The program's database is as it was.
    Panicked(String),
}

/// Stops what runs on one snapshot, or on several.
#[derive(Clone)]
pub struct Canceller {
    tokens: Vec<CancellationToken>,
    used: Arc<AtomicBool>,
}

impl Canceller {
    /// What stops a request that asks snapshots one after the other, whichever it asks at that time.
    pub fn of<'a>(snapshots: impl Iterator<Item = &'a Analysis>) -> Canceller {
        Canceller { tokens: snapshots.map(|one| one.db.cancellation_token()).collect(), used: Arc::default() }
    }

    /// Stops what runs, at the next query to a snapshot.
    pub fn cancel(&self) {
        self.used.store(true, Ordering::Relaxed);
        self.tokens.iter().for_each(CancellationToken::cancel);
    }

    /// True once it was used, for what runs without asking the snapshot.
    pub fn used(&self) -> &Arc<AtomicBool> {
        &self.used
    }
}

impl Analysis {
    /// What stops requests on this snapshot, from another thread.
    pub fn canceller(&self) -> Canceller {
        Canceller::of(std::iter::once(self))
    }
}

/// Runs what asks a snapshot, or says why it did not end. Whoever may be interrupted asks within.
///
/// # Errors
/// See [`Interrupted`].
pub fn attempt<T>(ask: impl FnOnce() -> T) -> Result<T, Interrupted> {
    // Snapshots that were interrupted are dropped; what they share is kept whole by the database.
    let payload = match catch_unwind(AssertUnwindSafe(ask)) {
        Ok(answer) => return Ok(answer),
        Err(payload) => payload,
    };
    let payload = match payload.downcast::<Cancelled>() {
        Ok(cancelled) => {
            return Err(match *cancelled {
                Cancelled::Local => Interrupted::Cancelled,
                // Another thread panicked in a query that this one waited for: it says so itself.
                Cancelled::PropagatedPanic => Interrupted::Panicked("a query that others share panicked".to_owned()),
                _ => Interrupted::Changed,
            });
        }
        Err(payload) => payload,
    };
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
    Err(Interrupted::Panicked(text.unwrap_or_else(|| "a panic".to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ide;
    use std::sync::mpsc::channel;

    #[test]
    fn an_answer_is_stopped_by_a_change_and_by_hand() {
        let mut ide = Ide::new();
        ide.set_file("shop.tn", "fn one() -> Int { 1 }\n");
        for by_hand in [false, true] {
            let analysis = ide.analysis();
            let canceller = analysis.canceller();
            let (begun, began) = channel();
            let thread = std::thread::spawn(move || {
                attempt(move || {
                    begun.send(()).unwrap();
                    loop {
                        // The text is an input: only questions to queries can be stopped.
                        analysis.diagnostics("shop.tn");
                        salsa::Database::unwind_if_revision_cancelled(analysis.database());
                    }
                })
            });
            began.recv().unwrap();
            if by_hand {
                // One that comes between two questions is forgotten with the first.
                while !thread.is_finished() {
                    canceller.cancel();
                    std::thread::yield_now();
                }
            } else {
                ide.set_file("shop.tn", "fn one() -> Int { 2 }\n");
            }
            let stopped: Result<(), Interrupted> = thread.join().unwrap();
            assert_eq!(stopped, Err(if by_hand { Interrupted::Cancelled } else { Interrupted::Changed }));
        }
    }

    #[test]
    fn a_request_over_several_programs_is_stopped_in_whichever_it_looks_at() {
        for looked_at in 0..2 {
            let mut programs = [Ide::new(), Ide::new()];
            let snapshots: Vec<Analysis> = programs
                .iter_mut()
                .map(|ide| {
                    ide.set_file("shop.tn", "fn one() -> Int { 1 }\n");
                    ide.analysis()
                })
                .collect();
            let canceller = Canceller::of(snapshots.iter());
            canceller.cancel();
            let stopped = attempt(move || snapshots[looked_at].diagnostics("shop.tn").len());
            assert_eq!(stopped, Err(Interrupted::Cancelled));
        }
    }

    #[test]
    fn a_panic_is_told() {
        let told: Result<(), Interrupted> = attempt(|| panic!("seven is {}", 7));
        assert_eq!(told, Err(Interrupted::Panicked("seven is 7".to_owned())));
    }
}
