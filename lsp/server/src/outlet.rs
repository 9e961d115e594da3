//! Answers, each to the one who waits for it; and what else the client is told.

use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tenon_protocol::message::{Id, Message};
use tokio::sync::oneshot;

/// Where messages for the client go. Clones go to the same client.
#[derive(Clone)]
pub struct Outlet {
    waiting: Arc<Mutex<HashMap<Id, oneshot::Sender<Message>>>>,
    told: UnboundedSender<Message>,
}

impl Outlet {
    /// An outlet, and where requests and notifications for the client come out.
    pub fn new() -> (Outlet, UnboundedReceiver<Message>) {
        let (told, receiver) = unbounded();
        (Outlet { waiting: Arc::default(), told }, receiver)
    }

    /// The answer to this request will come out here. `None` if somebody waits for one already.
    pub fn expect(&self, id: Id) -> Option<oneshot::Receiver<Message>> {
        match self.waiting().entry(id) {
            Entry::Occupied(_) => None,
            Entry::Vacant(place) => {
                let (sender, receiver) = oneshot::channel();
                place.insert(sender);
                Some(receiver)
            }
        }
    }

    /// Nobody will answer this request.
    pub fn forget(&self, id: &Id) {
        self.waiting().remove(id);
    }

    /// Sends a message. A second answer to a request goes nowhere, nor does anything to a client that hung up.
    pub fn send(&self, message: Message) {
        if let Message::Response { id, .. } = &message {
            let waiting = self.waiting().remove(id);
            if let Some(waiting) = waiting {
                let _ = waiting.send(message);
            }
        } else {
            let _ = self.told.unbounded_send(message);
        }
    }

    /// Nobody is answered any more.
    pub fn close(&self) {
        self.waiting().clear();
        self.told.close_channel();
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<Id, oneshot::Sender<Message>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
