//! Work over a snapshot, to be done on whatever thread.

use crate::error::{ErrorKind, ResponseError};
use crate::message::{Id, Message};
use crate::publish::Finding;
use serde_json::{Value, json};
pub use tenon_ide::cancel::Canceller;
use tenon_ide::cancel::{Interrupted, attempt};

/// What a task found.
pub enum Found {
    /// The answer.
    Answer(Value),
    /// Something that nobody asked for.
    Finding(Finding),
    /// Nothing new since the client asked last: to be asked again when something has changed.
    Nothing,
}

/// The work of a task.
pub type Work = Box<dyn FnOnce() -> Result<Found, ResponseError> + Send>;

/// What becomes of a request whose program changes before it is answered.
#[derive(Clone, PartialEq, Debug)]
pub enum Overtaken {
    /// It is refused: its positions mean nothing in the new text.
    Refused,
    /// It is refused, and the client is told to ask again.
    AskAgain,
    /// It is answered from the new text.
    Repeated,
    /// It is dropped; there is no answer.
    Dropped,
}

/// A request that waits for a thread, with the snapshot that answers it. While it lives, the program cannot change:
/// whoever is about to change it takes back what has not begun ([`Task::overtake`]).
pub struct Task {
    /// The request; `None` for what the server does of itself.
    request: Option<(Id, String, Value)>,
    overtaken: Overtaken,
    canceller: Option<Canceller>,
    work: Work,
}

/// How a task ended.
#[derive(Debug)]
pub enum Ended {
    /// With these messages for the client.
    Told(Vec<Message>),
    /// To be received again, as it came.
    Again(Message),
    /// To be received again when something has changed.
    Held(Message),
    /// With something for the session to look at ([`Session::found`](crate::Session::found)).
    Found(Finding),
}

impl Task {
    /// A task that answers a request.
    pub fn request(
        id: Id,
        method: &str,
        params: Value,
        overtaken: Overtaken,
        canceller: Option<Canceller>,
        work: Work,
    ) -> Task {
        Task { request: Some((id, method.to_owned(), params)), overtaken, canceller, work }
    }

    /// A task that nobody waits for.
    pub fn background(canceller: Option<Canceller>, work: Work) -> Task {
        Task { request: None, overtaken: Overtaken::Dropped, canceller, work }
    }

    /// The request that it answers.
    pub fn id(&self) -> Option<&Id> {
        self.request.as_ref().map(|(id, ..)| id)
    }

    /// What stops it while it runs.
    pub fn canceller(&self) -> Option<Canceller> {
        self.canceller.clone()
    }

    /// Does it.
    pub fn run(self) -> Ended {
        let Task { request, overtaken, canceller, work } = self;
        let found = attempt(work);
        // The snapshot went with the work.
        drop(canceller);
        match found {
            Ok(found) => finish(request, found),
            Err(Interrupted::Changed) => end_overtaken(request, overtaken),
            Err(Interrupted::Cancelled) => refuse(request, ErrorKind::RequestCancelled, "the client cancelled", None),
            Err(Interrupted::Panicked(why)) => refuse(request, ErrorKind::InternalError, &why, None),
        }
    }

    /// Ends it without doing it, since its program is about to change.
    pub fn overtake(self) -> Ended {
        let Task { request, overtaken, work, .. } = self;
        drop(work);
        end_overtaken(request, overtaken)
    }

    /// Ends it without doing it, since the client took it back.
    pub fn cancel(self) -> Ended {
        refuse(self.request, ErrorKind::RequestCancelled, "the client cancelled", None)
    }
}

fn finish(request: Option<(Id, String, Value)>, found: Result<Found, ResponseError>) -> Ended {
    match (request, found) {
        (Some((id, method, params)), Ok(Found::Nothing)) => Ended::Held(Message::Request { id, method, params }),
        (Some((id, _, params)), Ok(Found::Answer(value))) => answered(id, &params, Ok(value)),
        (Some((id, _, params)), Err(error)) => answered(id, &params, Err(error)),
        (_, Ok(Found::Finding(found))) => Ended::Found(found),
        (None, _) => Ended::Told(Vec::new()),
    }
}

fn end_overtaken(request: Option<(Id, String, Value)>, overtaken: Overtaken) -> Ended {
    let changed = "the program changed";
    match (overtaken, request) {
        (Overtaken::Repeated, Some((id, method, params))) => Ended::Again(Message::Request { id, method, params }),
        (Overtaken::AskAgain, request) => {
            refuse(request, ErrorKind::ServerCancelled, changed, Some(json!({ "retriggerRequest": true })))
        }
        (_, request) => refuse(request, ErrorKind::ContentModified, changed, None),
    }
}

fn refuse(request: Option<(Id, String, Value)>, kind: ErrorKind, message: &str, data: Option<Value>) -> Ended {
    let error = ResponseError { data, ..ResponseError::new(kind, message) };
    match request {
        Some((id, _, params)) => answered(id, &params, Err(error)),
        None => Ended::Told(Vec::new()),
    }
}

fn answered(id: Id, params: &Value, outcome: Result<Value, ResponseError>) -> Ended {
    let end = progress(params, json!({ "kind": "end" }));
    Ended::Told(end.into_iter().chain([Message::response(id, outcome)]).collect())
}

/// What is told of a request's progress to a client that gave a token for it.
pub(crate) fn progress(params: &Value, value: Value) -> Option<Message> {
    let token = params.get("workDoneToken").filter(|token| !token.is_null())?;
    let params = json!({ "token": token, "value": value });
    Some(Message::Notification { method: "$/progress".to_owned(), params })
}
