//! The first look at the programs that a client has open, and how it is shown.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::{Value, json};
use tenon_project::Memory;
use tenon_protocol::message::{Id, Message};
use tenon_protocol::session::{Effect, Session};
use tenon_protocol::task::{Ended, Task};

/// A session whose tasks run when the test says so.
struct Held {
    session: Session,
    tasks: Vec<Task>,
    said: Vec<Message>,
}

impl Held {
    /// A program of so many files is open.
    fn new(files: usize, window: Value) -> Held {
        let mut memory = Memory::default();
        memory.write("/w/tenon.toml", "name = \"many\"\n");
        (0..files).for_each(|n| memory.write(format!("/w/f{n}.tn"), format!("fn f{n}() -> Int {{ {n} }}\n")));
        let mut held = Held { session: Session::new(Box::new(memory)), tasks: Vec::new(), said: Vec::new() };
        let folders = json!([{ "uri": "file:///w", "name": "w" }]);
        let params = json!({
            "processId": null,
            "capabilities": { "window": window, "textDocument": { "diagnostic": {} } },
            "workspaceFolders": folders,
        });
        held.receive(Message::Request { id: Id::Number(1), method: "initialize".to_owned(), params });
        held.notify("initialized", json!({}));
        held
    }

    fn receive(&mut self, message: Message) {
        let effects = self.session.receive(message);
        self.follow(effects);
    }

    fn notify(&mut self, method: &str, params: Value) {
        self.receive(Message::Notification { method: method.to_owned(), params });
    }

    fn idle(&mut self) {
        let effects = self.session.idle();
        self.follow(effects);
    }

    fn follow(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Run(task) => self.tasks.push(task),
                Effect::Send(message) => self.said.push(message),
                Effect::Cancel(_) | Effect::Exit(_) => {}
            }
        }
    }

    fn run(&mut self) {
        for task in std::mem::take(&mut self.tasks) {
            if let Ended::Found(found) = task.run() {
                let effects = self.session.found(found);
                self.follow(effects);
            }
        }
    }

    /// An edit, which takes back what has not begun.
    fn edit(&mut self) {
        std::mem::take(&mut self.tasks).into_iter().for_each(|task| drop(task.overtake()));
        let document = json!({ "uri": "file:///w/f0.tn", "languageId": "tenon", "version": 1, "text": "" });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }));
    }

    /// What the server asks before it shows progress.
    fn asked(&self) -> Option<Id> {
        self.said.iter().find_map(|message| match message {
            Message::Request { id, method, .. } if method == "window/workDoneProgress/create" => Some(id.clone()),
            _ => None,
        })
    }

    /// The kinds of progress that were told.
    fn progress(&self) -> Vec<String> {
        let of = |message: &Message| match message {
            Message::Notification { method, params } if method == "$/progress" => {
                Some(params["value"]["kind"].as_str().unwrap().to_owned())
            }
            _ => None,
        };
        self.said.iter().filter_map(of).collect()
    }
}

fn shows() -> Value {
    json!({ "workDoneProgress": true })
}

#[test]
fn a_large_program_shows_its_progress() {
    let mut held = Held::new(60, shows());
    let id = held.asked().expect("the client is asked first");
    assert_eq!(held.progress(), [""; 0]);
    held.receive(Message::Response { id, outcome: Ok(Value::Null) });
    assert_eq!(held.progress(), ["begin"]);
    held.idle();
    // An edit ends the work, and it begins again.
    held.edit();
    held.run();
    assert_eq!(held.progress(), ["begin"]);
    held.idle();
    held.run();
    assert_eq!(held.progress(), ["begin", "end"]);
    held.edit();
    held.idle();
    held.run();
    assert_eq!(held.progress(), ["begin", "end"], "once");
}

#[test]
fn progress_that_is_not_wanted_is_not_told() {
    assert_eq!(Held::new(60, json!({})).asked(), None);
    assert_eq!(Held::new(3, shows()).asked(), None, "there is nothing to wait for");
    // The client refuses, or answers when all is done.
    let mut refused = Held::new(60, shows());
    let id = refused.asked().unwrap();
    let error = tenon_protocol::error::ResponseError::failed("no");
    refused.receive(Message::Response { id, outcome: Err(error) });
    let mut late = Held::new(60, shows());
    for held in [&mut refused, &mut late] {
        held.idle();
        held.run();
    }
    let id = late.asked().unwrap();
    late.receive(Message::Response { id, outcome: Ok(Value::Null) });
    assert_eq!((refused.progress(), late.progress()), (vec![], vec![]));
}
