//! The first look at the programs that a client has open. It is begun before anybody asks, from the end of each program,
//! so that who asks first shares the work with it; a client with large programs is shown that it goes on.

use crate::publish::Finding;
use crate::session::Session;
use crate::task::{Found, Task};
use serde_json::{Value, json};

/// From how many files on it is shown: fewer are looked at before anybody reads a word.
const LARGE: usize = 50;

/// What stands for it in messages of progress.
const TOKEN: &str = "tenon/start";

/// How a client is asked whether it shows progress.
pub(crate) const CREATE: &str = "window/workDoneProgress/create";

/// How far it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Start {
    /// It has not begun, or has ended.
    #[default]
    Rests,
    /// It is under way; whether the client is shown that.
    UnderWay(Shown),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shown {
    No,
    /// The client has been asked.
    Asked,
    Yes,
}

impl Session {
    /// The client's programs are there.
    pub(crate) fn begin_start(&mut self) {
        let files: usize = self.programs().iter().map(|program| program.analysis.files().len()).sum();
        let shown = self.client.shows_progress && files >= LARGE;
        if shown {
            self.ask(CREATE, json!({ "token": TOKEN }));
        }
        self.start = Start::UnderWay(if shown { Shown::Asked } else { Shown::No });
    }

    /// Looks at the programs, once more where a change has ended that.
    pub(crate) fn go_on_with_start(&mut self) {
        if self.start == Start::Rests {
            return;
        }
        let programs = self.programs();
        let work = move || {
            programs.iter().for_each(|program| program.analysis.prepare());
            Ok(Found::Finding(Finding::Prepared))
        };
        self.work(Task::background(None, Box::new(work)));
    }

    /// The client has said whether it shows progress.
    pub(crate) fn progress_created(&mut self, shows: bool) {
        if self.start != Start::UnderWay(Shown::Asked) {
            return;
        }
        self.start = Start::UnderWay(if shows { Shown::Yes } else { Shown::No });
        if shows {
            self.tell_progress(json!({ "kind": "begin", "title": "Tenon", "message": "checking" }));
        }
    }

    /// It is done.
    pub(crate) fn end_start(&mut self) {
        if std::mem::take(&mut self.start) == Start::UnderWay(Shown::Yes) {
            self.tell_progress(json!({ "kind": "end" }));
        }
    }

    fn tell_progress(&mut self, value: Value) {
        self.tell("$/progress", json!({ "token": TOKEN, "value": value }));
    }
}
