//! What commands tell: diagnostics as pictures, lines or JSON; errors and answers in one form.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use tenon_diagnostics::{Diagnostic, Severity, Sources, render_json, render_line, render_terminal};

/// How a command talks.
#[derive(Clone, Copy, Debug)]
pub struct Voice {
    /// Everything as one JSON document on standard output.
    pub json: bool,
    /// Diagnostics on one line each.
    pub short: bool,
}

/// A command that cannot go on: one message, and what the shell is told.
#[derive(Debug)]
pub struct Stop {
    /// What is wrong and what to do.
    pub message: String,
    /// 1: the program or its data are at fault; 2: the command line is.
    pub code: u8,
}

impl Stop {
    /// The program, its data or the machine are at fault.
    pub fn failed(message: impl Into<String>) -> Stop {
        Stop { message: message.into(), code: 1 }
    }

    /// The command line is at fault.
    pub fn usage(message: impl Into<String>) -> Stop {
        Stop { message: message.into(), code: 2 }
    }

    /// What there is to say has been said already.
    pub fn said() -> Stop {
        Stop { message: String::new(), code: 1 }
    }
}

/// So many of something, in words: `1 row`, `2 rows`.
pub fn counted(number: usize, of: &str) -> String {
    format!("{number} {of}{}", if number == 1 { "" } else { "s" })
}

/// Standard output takes no more. Whoever closed it has read what they wanted: the command ends as one that the signal
/// of a closed pipe ended, without a word.
pub fn not_written(error: std::io::Error) -> Stop {
    match error.kind() {
        std::io::ErrorKind::BrokenPipe => Stop { message: String::new(), code: CLOSED_PIPE },
        _ => Stop::failed(format!("standard output cannot be written: {error}")),
    }
}

/// What a shell says of a process that ended by SIGPIPE.
const CLOSED_PIPE: u8 = 128 + 13;

/// A text from outside as a terminal may show it: control characters are spelled, so they command nothing.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out
}

impl From<crate::project::ProjectError> for Stop {
    fn from(error: crate::project::ProjectError) -> Stop {
        Stop::failed(error.to_string())
    }
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Stop {
        Stop::failed(error.to_string())
    }
}

impl Voice {
    /// Shows diagnostics: on standard error for people; as one document on standard output with `--json`.
    ///
    /// # Errors
    /// The document cannot be written.
    pub fn diagnostics(self, found: &[Diagnostic], sources: &dyn Sources) -> Result<(), Stop> {
        if self.json {
            let list: Vec<_> = found.iter().map(|d| render_json(d, sources)).collect();
            return self.answer(&serde_json::json!({ "diagnostics": list, "errors": count(found, Severity::Error) }));
        }
        let mut err = std::io::stderr().lock();
        let color = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        for diagnostic in found {
            let text = if self.short {
                format!("{}\n", render_line(diagnostic, sources))
            } else {
                format!("{}\n", render_terminal(diagnostic, sources, color))
            };
            // Where errors go nowhere, there is nobody to tell.
            let _ = err.write_all(text.as_bytes());
        }
        if !found.is_empty() {
            let _ = writeln!(err, "{}", summary(found));
        }
        Ok(())
    }

    /// One JSON document on standard output.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn answer(self, value: &serde_json::Value) -> Result<(), Stop> {
        writeln!(std::io::stdout().lock(), "{value}").map_err(not_written)
    }

    /// A line for people; nothing with `--json`.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn say(self, line: impl AsRef<str>) -> Result<(), Stop> {
        if self.json {
            return Ok(());
        }
        writeln!(std::io::stdout().lock(), "{}", line.as_ref()).map_err(not_written)
    }

    /// A line of a command that serves: it goes on where nobody reads what it says.
    pub fn mention(self, line: impl AsRef<str>) {
        // That is what this is for.
        let _ = self.say(line);
    }

    /// Ends a command.
    pub fn finish(self, result: Result<(), Stop>) -> ExitCode {
        match result {
            Ok(()) => ExitCode::SUCCESS,
            Err(stop) => {
                if !stop.message.is_empty() {
                    let told = self.json && self.answer(&serde_json::json!({ "error": stop.message })).is_ok();
                    if !told {
                        // The code tells it all the same.
                        let _ = writeln!(std::io::stderr().lock(), "error: {}", stop.message);
                    }
                }
                ExitCode::from(stop.code)
            }
        }
    }
}

fn count(found: &[Diagnostic], severity: Severity) -> usize {
    found.iter().filter(|d| d.severity == severity).count()
}

fn summary(found: &[Diagnostic]) -> String {
    let parts = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Hint, "hint")];
    let words: Vec<String> = parts
        .iter()
        .filter_map(|(severity, word)| match count(found, *severity) {
            0 => None,
            1 => Some(format!("1 {word}")),
            n => Some(format!("{n} {word}s")),
        })
        .collect();
    let code = found.first().map(|d| d.code.to_string()).unwrap_or_default();
    format!("{} (`tenon error {code}` explains)", words.join(", "))
}
