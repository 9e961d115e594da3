//! The requests of one thread that wait for commits.
//!
//! Whoever makes commits durable wakes each thread once; a task of the thread then wakes the requests whose commit is
//! reached. Waiting and waking happen on one thread, so nothing is missed in between: a change after a request looked
//! leaves a permit, and the task runs after the request has been entered.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, Waker};

use tenon_runtime::durable::{CommitLost, Durable};
use tokio::sync::Notify;

/// The waiting requests of a thread.
pub(crate) struct Waiters {
    durable: Arc<Durable>,
    waiting: RefCell<BTreeMap<u64, Vec<Waker>>>,
}

impl Waiters {
    /// Registers the thread. The task that wakes requests runs until the thread ends.
    pub(crate) fn start(durable: Arc<Durable>) -> Rc<Waiters> {
        let notify = Arc::new(Notify::new());
        let listener = notify.clone();
        durable.listen(Arc::new(move || listener.notify_one()));
        let waiters = Rc::new(Waiters { durable, waiting: RefCell::new(BTreeMap::new()) });
        let own = waiters.clone();
        tokio::task::spawn_local(async move {
            loop {
                notify.notified().await;
                own.wake();
            }
        });
        waiters
    }

    fn wake(&self) {
        let ready = {
            let mut waiting = self.waiting.borrow_mut();
            if self.durable.failure().is_some() {
                std::mem::take(&mut *waiting)
            } else {
                let later = waiting.split_off(&(self.durable.number().saturating_add(1)));
                std::mem::replace(&mut *waiting, later)
            }
        };
        ready.into_values().flatten().for_each(Waker::wake);
    }

    /// Waits until a commit is durable or lost.
    pub(crate) async fn wait(&self, commit: u64) -> Result<(), CommitLost> {
        poll_fn(|context| match self.durable.check(commit) {
            Some(result) => Poll::Ready(result),
            None => {
                self.waiting.borrow_mut().entry(commit).or_default().push(context.waker().clone());
                Poll::Pending
            }
        })
        .await
    }
}
