//! A reader at a terminal: files that a page shows are written, commands are run, what they print is compared.
//!
//! | fence | what is done with it |
//! | --- | --- |
//! | `sh` | each line is a command, one that ends in `\` goes on in the next; all must succeed |
//! | `sh fails` | as `sh`, and the last command must fail |
//! | `sh by hand` | not run: it changes the reader's machine |
//! | `LANGUAGE file PATH` | the text is written to a file |
//! | `LANGUAGE add PATH` | the text is added to a file, behind an empty line |
//! | `tenon file PATH error T0303`, `tenon add …` | and then the program gives exactly these codes |
//! | `tenon file PATH fails`, `tenon add …` | and then the program is sound, and a scenario fails |
//! | `output` | what the fence before printed; `…` stands for some text of a line, alone on a line for some lines |
//!
//! A program that is written without the word `error` is sound, formatted, and passes its scenarios on both engines.
//! `tenon run` and built executables serve in the background on a free port until the next one starts, or until a
//! command that needs the store for itself; `localhost:8080` in commands and outputs is that service. `curl` is played
//! by this module, so that the tests need no more than the project does.

use crate::fences::{Fence, fences};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Where pages say that the service listens.
const TOLD: &str = "localhost:8080";

/// A folder, the service that runs, and what was printed last.
pub struct Session {
    root: PathBuf,
    folder: PathBuf,
    service: Option<Service>,
    printed: String,
}

struct Service {
    child: Child,
    address: String,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Session {
    /// A session in a new folder, which goes when the session does.
    pub fn new(name: &str) -> Session {
        let root = std::env::temp_dir().join(format!("tenon-walk-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&root);
        std::fs::create_dir_all(&root).unwrap();
        Session { folder: root.clone(), root, service: None, printed: String::new() }
    }

    /// Does what a page says; yields how many fences were checked.
    pub fn read(&mut self, page: &str, text: &str) -> usize {
        let mut checked = 0;
        for fence in fences(text) {
            match self.follow(&fence) {
                Ok(done) => checked += usize::from(done),
                Err(why) => panic!("{page}:{}: {why}\n{}", fence.line, fence.text),
            }
        }
        checked
    }

    /// What is in a file of the current folder.
    pub fn text(&self, path: &str) -> String {
        std::fs::read_to_string(self.folder.join(path)).unwrap()
    }

    fn follow(&mut self, fence: &Fence) -> Result<bool, String> {
        let words: Vec<&str> = fence.words.split_whitespace().collect();
        match words.as_slice() {
            ["sh"] => self.commands(&fence.text, true)?,
            ["sh", "fails"] => self.commands(&fence.text, false)?,
            ["output"] => compare(&fence.text, &self.printed)?,
            ["tenon", how @ ("file" | "add"), path, "error", codes @ ..] => {
                self.write(how, path, &fence.text);
                self.gives(codes)?;
            }
            ["tenon", how @ ("file" | "add"), path, "fails"] => {
                self.write(how, path, &fence.text);
                self.gives(&[])?;
                let (printed, good) = self.run(tenon().args(["test", self.program(path).to_str().unwrap()]));
                if good {
                    return Err(format!("no scenario fails\n{printed}"));
                }
            }
            ["tenon", how @ ("file" | "add"), path] => {
                self.write(how, path, &fence.text);
                self.is_right(path)?;
            }
            [_, how @ ("file" | "add"), path] => self.write(how, path, &fence.text),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn write(&mut self, how: &str, path: &str, text: &str) {
        let file = self.folder.join(path);
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).unwrap();
        }
        if how == "add" {
            let before = std::fs::read_to_string(&file).unwrap();
            std::fs::write(&file, format!("{before}\n{text}")).unwrap();
        } else {
            std::fs::write(&file, text).unwrap();
        }
    }

    /// The program that a file belongs to: its folder if that is one, else the file.
    fn program(&self, path: &str) -> PathBuf {
        let file = self.folder.join(path);
        let folder = file.parent().unwrap_or(Path::new("."));
        if folder.join("tenon.toml").is_file() { folder.to_owned() } else { file }
    }

    fn is_right(&self, path: &str) -> Result<(), String> {
        let program = self.program(path);
        let program = program.to_str().unwrap();
        for arguments in [
            vec!["check", program],
            vec!["fmt", program, "--check"],
            vec!["test", program],
            vec!["test", program, "--engine", "evaluator"],
        ] {
            let (printed, good) = self.run(tenon().args(&arguments));
            if !good || (arguments[0] == "check" && !printed.starts_with("no errors")) {
                return Err(format!("`tenon {}` says\n{printed}", arguments.join(" ")));
            }
        }
        Ok(())
    }

    fn gives(&self, codes: &[&str]) -> Result<(), String> {
        let (printed, _) = self.run(tenon().args(["check", self.folder.to_str().unwrap(), "--json"]));
        let told: serde_json::Value = serde_json::from_str(&printed).unwrap();
        let mut found: Vec<&str> =
            told["diagnostics"].as_array().unwrap().iter().map(|d| d["code"].as_str().unwrap()).collect();
        found.dedup();
        if found == codes { Ok(()) } else { Err(format!("should give {codes:?}, gives {found:?}")) }
    }

    fn commands(&mut self, text: &str, all_succeed: bool) -> Result<(), String> {
        let joined = text.replace("\\\n", " ");
        let lines: Vec<&str> =
            joined.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')).collect();
        self.printed.clear();
        for (index, line) in lines.iter().enumerate() {
            let should_succeed = all_succeed || index + 1 < lines.len();
            let (printed, good) = self.command(line)?;
            self.printed.push_str(&printed);
            if good != should_succeed {
                return Err(format!("`{line}` {}\n{printed}", if good { "succeeds" } else { "fails" }));
            }
        }
        Ok(())
    }

    fn command(&mut self, line: &str) -> Result<(String, bool), String> {
        if let Some(folder) = line.strip_prefix("cd ") {
            self.folder = self.folder.join(folder);
            return Ok((String::new(), self.folder.is_dir()));
        }
        if line.starts_with("tenon run") || line.starts_with("./") {
            return self.serve(line);
        }
        if line.starts_with("curl ") {
            let address = self.service.as_ref().ok_or("nothing listens")?.address.clone();
            return curl(line, &address).map(|body| (body, true));
        }
        if line.starts_with("tenon import") {
            self.service = None;
        }
        Ok(self.run(&mut shell(line)))
    }

    /// Runs a command to its end: what it printed, and whether it succeeded.
    fn run(&self, command: &mut Command) -> (String, bool) {
        let output = command.current_dir(&self.folder).env("NO_COLOR", "1").stdin(Stdio::null()).output().unwrap();
        let printed = [output.stdout, output.stderr].concat();
        (String::from_utf8(printed).unwrap(), output.status.success())
    }

    /// Starts a program; it goes on in the background if it listens.
    fn serve(&mut self, line: &str) -> Result<(String, bool), String> {
        self.service = None;
        let child = shell(&format!("exec {line} --port 0"))
            .current_dir(&self.folder)
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut service = Service { child, address: String::new() };
        let mut lines = BufReader::new(service.child.stdout.take().unwrap());
        let mut printed = String::new();
        loop {
            let mut line = String::new();
            if lines.read_line(&mut line).unwrap() == 0 {
                service.child.stderr.take().unwrap().read_to_string(&mut printed).unwrap();
                let good = service.child.wait().unwrap().success();
                return Ok((printed, good));
            }
            if let Some((_, address)) = line.trim().split_once("listening on http://") {
                service.address = address.to_owned();
            }
            printed.push_str(&line);
            if line.starts_with("try:") {
                break;
            }
        }
        let printed = printed.replace(&service.address, TOLD);
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        self.service = Some(service);
        Ok((printed, true))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.service = None;
        let _ = std::fs::remove_dir_all(&self.root);
    }
}

fn tenon() -> Command {
    Command::new(env!("CARGO_BIN_EXE_tenon"))
}

/// A command line with `tenon` on its path.
fn shell(line: &str) -> Command {
    let beside = Path::new(env!("CARGO_BIN_EXE_tenon")).parent().unwrap();
    let path = format!("{}:{}", beside.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("sh");
    command.args(["-c", line]).env("PATH", path);
    command
}

/// What `curl` prints: the body of the answer; with `-i` its status line too.
fn curl(line: &str, address: &str) -> Result<String, String> {
    if let Some(sign) = pattern_sign(line) {
        return Err(format!("`{sign}` stands outside of quotes: some shells look for files of that name"));
    }
    let mut words = split(line).into_iter().skip(1);
    let (mut method, mut head, mut body, mut url) = (None, String::new(), None, None);
    let mut with_status = false;
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("`{word}` needs a value"));
        match word.as_str() {
            "-s" => {}
            "-i" => with_status = true,
            "-X" => method = Some(value()?),
            "-H" => head.push_str(&format!("{}\r\n", value()?)),
            "-d" => body = Some(value()?),
            word if word.starts_with('-') => return Err(format!("this curl knows no `{word}`")),
            word => url = Some(word.strip_prefix("http://").unwrap_or(word).to_owned()),
        }
    }
    let url = url.ok_or("curl needs an address")?;
    let path = url.strip_prefix(TOLD).ok_or(format!("`{url}` is not at {TOLD}"))?;
    let method = method.unwrap_or_else(|| if body.is_some() { "POST" } else { "GET" }.to_owned());
    let body = body.unwrap_or_default();
    let mut stream = TcpStream::connect(address).map_err(|error| error.to_string())?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).map_err(|error| error.to_string())?;
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n{head}\r\n{body}"
    )
    .map_err(|error| error.to_string())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(|error| error.to_string())?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("no answer")?;
    let body = body.replace(address, TOLD);
    let status = head.lines().next().unwrap_or_default();
    Ok(if with_status { format!("{status}\n{body}\n") } else { format!("{body}\n") })
}

/// The words of a command line: blanks separate, quotes hold together.
fn split(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in line.chars() {
        let word = words.last_mut().unwrap();
        match (quote, c) {
            (None, ' ') if word.is_empty() => {}
            (None, ' ') => words.push(String::new()),
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (_, c) => word.push(c),
        }
    }
    words
}

/// A sign outside of quotes that a shell does not pass on as it is.
fn pattern_sign(line: &str) -> Option<char> {
    let mut quote = None;
    line.chars().find(|c| match (quote, *c) {
        (None, '\'' | '"') => {
            quote = Some(*c);
            false
        }
        (Some(open), c) if open == c => {
            quote = None;
            false
        }
        (None, c) => matches!(c, '?' | '*' | '[' | '&' | ';'),
        (Some(_), _) => false,
    })
}

/// Whether what was printed is what a page shows.
fn compare(shown: &str, printed: &str) -> Result<(), String> {
    let shown: Vec<&str> = shown.lines().map(str::trim_end).collect();
    let lines: Vec<&str> = printed.lines().map(str::trim_end).collect();
    if matches(&shown, &lines) { Ok(()) } else { Err(format!("what is printed is\n{printed}")) }
}

fn matches(shown: &[&str], printed: &[&str]) -> bool {
    match (shown, printed) {
        ([], []) => true,
        ([first, rest @ ..], _) if first.trim() == "…" => (0..=printed.len()).any(|at| matches(rest, &printed[at..])),
        ([first, rest @ ..], [line, lines @ ..]) => matches_line(first, line) && matches(rest, lines),
        _ => false,
    }
}

fn matches_line(shown: &str, printed: &str) -> bool {
    match shown.split_once('…') {
        None => shown == printed,
        Some((start, rest)) => printed.strip_prefix(start).is_some_and(|printed| {
            printed.char_indices().map(|(at, _)| at).chain([printed.len()]).any(|at| matches_line(rest, &printed[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::{compare, pattern_sign, split};

    #[test]
    fn outputs_are_compared_with_gaps() {
        for (shown, printed, same) in [
            ("a\nb", "a\nb\n", true),
            ("a\nb", "a\nc\n", false),
            ("in …ms", "in 12ms", true),
            ("in …ms", "in 12s", false),
            ("a\n…\nz", "a\nb\nc\nz", true),
            ("a\n…\nz", "a\nb\nc", false),
            ("a", "a\nb", false),
        ] {
            assert_eq!(compare(shown, printed).is_ok(), same, "{shown} and {printed}");
        }
    }

    #[test]
    fn what_shells_read_as_patterns_is_quoted() {
        assert_eq!(pattern_sign("curl localhost:8080/a?b=1"), Some('?'));
        assert_eq!(pattern_sign("curl 'localhost:8080/a?b=1&c=[]'"), None);
        assert_eq!(pattern_sign("curl -d '{\"a\": [1]}' \"x?y\" z*"), Some('*'));
    }

    #[test]
    fn command_lines_are_split() {
        assert_eq!(split("curl -d '{\"a\": 1}' x"), ["curl", "-d", "{\"a\": 1}", "x"]);
    }
}
