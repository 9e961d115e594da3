//! The language server over the page's program: the same session that serves editors, over files in memory. Its
//! documents are those that the page opens to it, at `file:///program/…`.

use serde::Deserialize;
use std::borrow::Cow;
use tenon_project::{CONFIG, Memory};
use tenon_protocol::Session;

/// The folder of the program, as the language server sees it.
const FOLDER: &str = "/program";

/// What tells whether a message is the first of a client.
#[derive(Deserialize)]
struct Begins<'a> {
    #[serde(borrow, default)]
    method: Cow<'a, str>,
}

/// A language server. It begins with the first message.
#[derive(Default)]
pub(crate) struct Language {
    session: Option<Session>,
}

impl Language {
    /// Answers a message of the client: what is to be sent to it, in order.
    pub fn handle(&mut self, message: &str) -> Vec<String> {
        // A client that begins anew gets a session that does.
        let begins = |message: Begins<'_>| message.method == "initialize";
        if serde_json::from_str(message).is_ok_and(begins) {
            self.session = None;
        }
        self.session.get_or_insert_with(start).handle(message)
    }
}

fn start() -> Session {
    let mut files = Memory::default();
    files.write(format!("{FOLDER}/{CONFIG}"), "name = \"playground\"\n");
    Session::new(Box::new(files))
}
