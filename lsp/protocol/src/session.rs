//! The language server as a state machine: messages in, messages and tasks out. No thread, no clock, no transport.
//!
//! There are two ways to drive it. [`Session::handle`] takes the text of a message and gives the texts of all messages
//! that follow, which is all that a page needs. A server with threads takes [`Session::receive`], which applies what
//! changes the state at once and gives the rest as [`Task`]s over snapshots, and calls [`Session::idle`] when no message
//! waits, and [`Session::rest`] when none has come for a while ([`Session::handle_rest`] for a page).

use crate::client::Client;
use crate::error::{ErrorKind, ResponseError};
use crate::message::{Id, Message};
use crate::methods::{self, Kind};
use crate::publish::{Finding, Published};
use crate::start::{CREATE, Start};
use crate::task::{Ended, Task, progress};
use crate::tokens::TokenMemory;
use crate::view::View;
use crate::workspace::{MakeIde, ProgramView, Workspace};
use ls_types::Uri;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
pub use tenon_ide::Ide;
use tenon_project::Files;

/// What follows from a message.
pub enum Effect {
    /// Send this to the client.
    Send(Message),
    /// Do this, on whatever thread, and send what it tells.
    Run(Task),
    /// The client takes a request back: end it if it has not ended.
    Cancel(Id),
    /// End. True if the client said `shutdown` before.
    Exit(bool),
}

/// Where a session is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// Before `initialize`.
    New,
    /// Requests are answered.
    Running,
    /// After `shutdown`.
    ShutDown,
}

/// The state of a language server. See the module documentation.
pub struct Session {
    pub(crate) client: Arc<Client>,
    pub(crate) workspace: Workspace,
    pub(crate) tokens: Arc<TokenMemory>,
    pub(crate) published: Published,
    /// The folders that the client told in `initialize`, until it says `initialized`.
    pub(crate) folders: Vec<PathBuf>,
    pub(crate) start: Start,
    phase: Phase,
    /// What an event sends to the client, in order.
    outbox: Vec<Effect>,
    /// Requests to the client that are not answered yet.
    asked: HashMap<Id, &'static str>,
    next_id: i64,
    /// Requests that wait for something to change.
    held: Vec<Message>,
    /// Something has changed since [`Session::idle`].
    changed: bool,
    /// Something has changed since [`Session::rest`].
    restless: bool,
    /// What lowering refused when it was looked for last.
    refused: Vec<Arc<[tenon_diagnostics::Diagnostic]>>,
    /// The message that is being received was received before.
    again: bool,
}

/// The folder that the library's documents lie in where nobody has written them to disk.
pub const LIBRARY_FOLDER: &str = "tenon-library:";

impl Session {
    /// A session over files; the library's documents have URIs like `tenon-library:/tenon/text.tn`.
    pub fn new(files: Box<dyn Files>) -> Session {
        Session::with(files, PathBuf::from(LIBRARY_FOLDER), Box::new(Ide::new))
    }

    /// A session over files, with the folder that has the library's documents, and what makes the database of a program.
    pub fn with(files: Box<dyn Files>, library: PathBuf, make: MakeIde) -> Session {
        Session {
            client: Arc::default(),
            workspace: Workspace::new(files, library, make),
            tokens: Arc::default(),
            published: Published::default(),
            folders: Vec::new(),
            start: Start::default(),
            phase: Phase::New,
            outbox: Vec::new(),
            asked: HashMap::new(),
            next_id: 0,
            held: Vec::new(),
            changed: false,
            restless: false,
            refused: Vec::new(),
            again: false,
        }
    }

    /// Takes the text of a message; gives the texts of all messages for the client that follow from it, tasks included.
    pub fn handle(&mut self, message: &str) -> Vec<String> {
        let mut effects = match Message::parse(message) {
            Ok(message) => self.receive(message),
            Err(error) => {
                let refusal = json!({ "jsonrpc": "2.0", "id": null, "error": error.to_json() });
                return vec![refusal.to_string()];
            }
        };
        effects.extend(self.idle());
        self.follow(effects)
    }

    /// What follows when no message has come for a while, for who takes texts.
    pub fn handle_rest(&mut self) -> Vec<String> {
        let effects = self.rest();
        self.follow(effects)
    }

    /// Does what follows, tasks included; gives the texts of the messages for the client.
    fn follow(&mut self, effects: Vec<Effect>) -> Vec<String> {
        let mut out = Vec::new();
        let mut waiting = std::collections::VecDeque::from(effects);
        while let Some(effect) = waiting.pop_front() {
            match effect {
                Effect::Send(message) => out.push(message.to_json().to_string()),
                Effect::Run(task) => match task.run() {
                    Ended::Told(messages) => out.extend(messages.iter().map(|message| message.to_json().to_string())),
                    // Nothing changes while a task runs here.
                    Ended::Again(message) => waiting.extend(self.receive_again(message)),
                    Ended::Held(message) => self.hold(message),
                    Ended::Found(found) => waiting.extend(self.found(found)),
                },
                Effect::Cancel(_) | Effect::Exit(_) => {}
            }
        }
        out
    }

    /// True for a message that may change what snapshots show. Before it is received no snapshot may be left that
    /// waits for a thread.
    pub fn changes(&self, message: &Message) -> bool {
        match message {
            Message::Notification { method, params } => match methods::find(method).map(|method| &method.kind) {
                Some(Kind::Event { changes, .. }) => changes(self, params),
                _ => false,
            },
            Message::Request { .. } | Message::Response { .. } => false,
        }
    }

    /// Takes a message.
    pub fn receive(&mut self, message: Message) -> Vec<Effect> {
        match message {
            Message::Request { id, method, params } => self.requested(id, &method, params),
            Message::Notification { method, params } => self.notified(&method, params),
            Message::Response { id, outcome } => self.answered(&id, outcome),
        }
        std::mem::take(&mut self.outbox)
    }

    /// Takes a request once more that a task gave back.
    pub fn receive_again(&mut self, message: Message) -> Vec<Effect> {
        self.again = true;
        let effects = self.receive(message);
        self.again = false;
        effects
    }

    /// What there is to do when no message waits: requests that wait for a change, diagnostics for a client that does
    /// not ask.
    pub fn idle(&mut self) -> Vec<Effect> {
        if std::mem::take(&mut self.changed) && self.phase == Phase::Running {
            self.go_on_with_start();
            self.tell_news();
        }
        std::mem::take(&mut self.outbox)
    }

    /// True where [`Session::rest`] has something to do.
    pub fn is_restless(&self) -> bool {
        self.restless && self.phase == Phase::Running
    }

    /// What there is to do when no message has come for a while: what asks for the whole program, and would be in the
    /// way of who types.
    pub fn rest(&mut self) -> Vec<Effect> {
        if self.is_restless() {
            self.restless = false;
            self.begin_lowering();
        }
        std::mem::take(&mut self.outbox)
    }

    /// Takes what a task found that nobody asked for; tells the client what it does not have yet.
    pub fn found(&mut self, found: Finding) -> Vec<Effect> {
        match found {
            Finding::Publications(found) => {
                for params in self.published.accept(found) {
                    self.tell("textDocument/publishDiagnostics", params);
                }
            }
            Finding::Refused(refused) if refused != self.refused => {
                self.refused = refused;
                self.tell_news();
                if self.client.refreshes_diagnostics {
                    self.ask("workspace/diagnostic/refresh", Value::Null);
                }
            }
            Finding::Refused(_) => {}
            Finding::Prepared => self.end_start(),
        }
        std::mem::take(&mut self.outbox)
    }

    /// There are other diagnostics: who waits for them is answered, who does not ask is told.
    fn tell_news(&mut self) {
        for message in std::mem::take(&mut self.held) {
            let effects = self.receive_again(message);
            self.outbox.extend(effects);
        }
        self.begin_publishing();
    }

    /// Keeps a request until something has changed.
    pub fn hold(&mut self, message: Message) {
        self.held.push(message);
    }

    /// Ends requests that wait for a change; the connection is about to end.
    pub fn release(&mut self) -> Vec<Effect> {
        let held = std::mem::take(&mut self.held);
        let refused = held.into_iter().filter_map(|message| match message {
            Message::Request { id, .. } => {
                let error = ResponseError::new(ErrorKind::RequestCancelled, "the server ends");
                Some(Effect::Send(Message::response(id, Err(error))))
            }
            _ => None,
        });
        refused.collect()
    }

    fn requested(&mut self, id: Id, method: &str, params: Value) {
        let refusal = match (self.phase, method) {
            (Phase::Running, "initialize") => {
                Some(ResponseError::new(ErrorKind::InvalidRequest, "`initialize` comes once"))
            }
            (Phase::New, "initialize") | (Phase::Running, _) => None,
            (Phase::New, _) => Some(ResponseError::new(ErrorKind::NotInitialized, "`initialize` comes first")),
            (Phase::ShutDown, _) => Some(ResponseError::new(ErrorKind::InvalidRequest, "the server was shut down")),
        };
        let outcome = match (refusal, methods::find(method)) {
            (Some(error), _) => Err(error),
            (None, None) => Err(ResponseError::new(ErrorKind::MethodNotFound, format!("nobody answers `{method}`"))),
            (None, Some(found)) => match &found.kind {
                Kind::Call(call) => call(self, params),
                Kind::Event { .. } | Kind::Note(_) => {
                    Err(ResponseError::new(ErrorKind::InvalidRequest, format!("`{method}` has no answer")))
                }
                Kind::Read { overtaken, begin } => match begin(self, &params) {
                    Ok((canceller, work)) => {
                        if !self.again {
                            let begin = json!({ "kind": "begin", "title": "Tenon" });
                            self.outbox.extend(progress(&params, begin).map(Effect::Send));
                        }
                        let task = Task::request(id, method, params, overtaken.clone(), canceller, work);
                        self.outbox.push(Effect::Run(task));
                        return;
                    }
                    Err(error) => Err(error),
                },
            },
        };
        self.outbox.push(Effect::Send(Message::response(id, outcome)));
    }

    fn notified(&mut self, method: &str, params: Value) {
        // Before `initialize` and after `shutdown` nothing but the end is listened to.
        if self.phase != Phase::Running && method != "exit" {
            return;
        }
        let done = match methods::find(method).map(|method| &method.kind) {
            Some(Kind::Event { changes, .. }) if !changes(self, &params) => Ok(()),
            Some(Kind::Event { apply, .. }) => {
                (self.changed, self.restless) = (true, true);
                apply(self, params)
            }
            Some(Kind::Note(note)) => note(self, params),
            Some(Kind::Call(_) | Kind::Read { .. }) => Err(ResponseError::invalid_params("wants an `id`")),
            // Those that begin so may be ignored.
            None if method.starts_with("$/") => Ok(()),
            None => Err(ResponseError::invalid_params("nobody listens")),
        };
        if let Err(error) = done {
            self.log(format!("`{method}`: {}", error.message));
        }
        for notice in self.workspace.take_notices() {
            self.log(notice);
        }
    }

    fn answered(&mut self, id: &Id, outcome: Result<Value, ResponseError>) {
        let Some(what) = self.asked.remove(id) else { return };
        if what == CREATE {
            self.progress_created(outcome.is_ok());
        }
        if let Err(error) = outcome {
            self.log(format!("`{what}`: {}", error.message));
        }
    }

    /// `initialize` has been answered.
    pub(crate) fn begin(&mut self) {
        self.phase = Phase::Running;
    }

    /// `shutdown`.
    pub(crate) fn shut_down(&mut self) {
        self.phase = Phase::ShutDown;
        let released = self.release();
        self.outbox.extend(released);
    }

    /// `exit`.
    pub(crate) fn exit(&mut self) {
        self.outbox.push(Effect::Exit(self.phase == Phase::ShutDown));
    }

    /// `$/cancelRequest`.
    pub(crate) fn cancel(&mut self, id: Id) {
        let of = |message: &Message| matches!(message, Message::Request { id: other, .. } if *other == id);
        if let Some(at) = self.held.iter().position(of) {
            self.held.remove(at);
            let error = ResponseError::new(ErrorKind::RequestCancelled, "the client cancelled");
            self.outbox.push(Effect::Send(Message::response(id, Err(error))));
        } else {
            self.outbox.push(Effect::Cancel(id));
        }
    }

    /// Says something to the client.
    pub(crate) fn tell(&mut self, method: &str, params: Value) {
        self.outbox.push(Effect::Send(Message::Notification { method: method.to_owned(), params }));
    }

    /// Begins work that nobody asked for.
    pub(crate) fn work(&mut self, task: Task) {
        self.outbox.push(Effect::Run(task));
    }

    /// Asks the client something.
    pub(crate) fn ask(&mut self, method: &'static str, params: Value) {
        self.next_id += 1;
        let id = Id::Text(format!("tenon/{}", self.next_id));
        self.asked.insert(id.clone(), method);
        self.outbox.push(Effect::Send(Message::Request { id, method: method.to_owned(), params }));
    }

    /// A line in the client's log.
    pub(crate) fn log(&mut self, message: String) {
        self.tell("window/logMessage", json!({ "type": 2, "message": message }));
    }

    /// What answers questions about a document.
    pub(crate) fn document(&self, uri: &Uri) -> Result<View, ResponseError> {
        let (program, file) = self.workspace.document(uri).ok_or_else(|| {
            ResponseError::invalid_params(format!("`{}` is not open, and no program has it", uri.as_str()))
        })?;
        Ok(View::new(program, file, self.client.clone(), self.tokens.clone()))
    }

    /// All programs.
    pub(crate) fn programs(&self) -> Vec<ProgramView> {
        self.workspace.programs().collect()
    }
}
