//! The commands as a user meets them: the binary, its output, its exit code.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod command;

use command::{Folder, Said, TENON, tenon};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

fn shop() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/apps/shop/shop.tn");
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_new_program_is_made_once_and_nothing_else_is_touched() {
    let folder = Folder::new("new");
    let program = folder.path("notes");
    let made = tenon(&["new", &program, "--json"]);
    let told: serde_json::Value = serde_json::from_str(&made.out).unwrap();
    assert_eq!((made.code, told["template"].as_str()), (0, Some("service")));
    for file in told["files"].as_array().unwrap() {
        assert!(Path::new(&program).join(file.as_str().unwrap()).is_file(), "{file}");
    }
    let again = tenon(&["new", &program]);
    assert_eq!((again.code, again.err.contains("exists already")), (1, true));
    let name = tenon(&["new", &folder.path("My Notes")]);
    assert_eq!((name.code, name.err.contains("as `my_notes`")), (2, true), "{}", name.err);
    let unknown = tenon(&["new", &folder.path("other"), "--template", "tood"]);
    assert_eq!((unknown.code, unknown.err.contains("did you mean `todo`?")), (2, true), "{}", unknown.err);
    assert!(!Path::new(&folder.path("other")).exists());
    assert_eq!(tenon(&["new"]).code, 2);
    let here = tenon(&["new", "."]);
    assert_eq!((here.code, here.err.contains("`.` exists already: name a folder")), (1, true), "{}", here.err);
    let refused = tenon(&["new", "/proc/notes"]);
    assert_eq!((refused.code, refused.err.contains("cannot make `/proc/notes`")), (1, true), "{}", refused.err);
    let list = tenon(&["new", "--list"]);
    for name in ["service", "todo", "analytics"] {
        assert!(list.out.lines().any(|line| line.starts_with(name)), "{}", list.out);
    }
}

#[test]
fn certain_fixes_are_applied_and_errors_fail() {
    let folder = Folder::new("fix");
    let file = folder.file("p.tn", "fn same(a: Int, b: Int) -> Bool { a == b && a > 0 }\n");
    let said = tenon(&["check", &file, "--short"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("error T0"), "{}", said.err);
    let fixed = tenon(&["check", &file, "--fix"]);
    assert_eq!(fixed.code, 0, "{}{}", fixed.out, fixed.err);
    assert!(std::fs::read_to_string(&file).unwrap().contains("a == b and a > 0"));
    let json: serde_json::Value = serde_json::from_str(&tenon(&["check", &file, "--json"]).out).unwrap();
    assert_eq!(json["errors"], 0);
}

/// A terminal, and the problem matcher of an editor, follow what is printed.
#[test]
fn people_are_told_paths_from_the_current_folder() {
    let folder = Folder::new("paths");
    std::fs::create_dir_all(folder.0.join("shop/parts")).unwrap();
    folder.file("shop/tenon.toml", "name = \"shop\"\n");
    folder.file("shop/parts/a.tn", "fn f() -> Int { \"é\" + wrong }\n");
    folder.file("alone.tn", "scenario \"no\" { then 1 == 2 }\n");
    let below = |place: &str, args: &[&str]| -> Said {
        let output = Command::new(TENON).args(args).current_dir(folder.0.join(place)).env("NO_COLOR", "1").output();
        let output = output.unwrap();
        Said {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    };
    for (place, program, file) in [
        (".", "shop", "shop/parts/a.tn"),
        (".", "./shop", "./shop/parts/a.tn"),
        ("shop", ".", "parts/a.tn"),
        ("shop/parts", "..", "../parts/a.tn"),
    ] {
        let short = below(place, &["check", program, "--short"]);
        assert!(short.err.lines().any(|line| line.starts_with(&format!("{file}:1:23: "))), "{}", short.err);
        let long = below(place, &["check", program]);
        assert!(long.err.contains(&format!("[ {file}:1:23 ]")), "{}", long.err);
        // What programs read is relative to the program, and counts bytes.
        let json: serde_json::Value = serde_json::from_str(&below(place, &["check", program, "--json"]).out).unwrap();
        let at = &json["diagnostics"][0]["primary"]["at"];
        assert_eq!((at["file"].as_str(), at["start"]["column"].as_u64()), (Some("parts/a.tn"), Some(24)));
    }
    let failed = below("shop", &["test", "../alone.tn"]);
    assert!(failed.out.contains("../alone.tn:1:17: "), "{}", failed.out);
}

/// A signal from outside stands for a fault in machine code.
#[test]
fn the_end_of_the_process_names_the_scenario() {
    let folder = Folder::new("crash");
    let step = "  when 100000 at once add(n: 1)\n";
    let text = format!(
        "relation Sum {{ key n: Int = serial(); v: Int }}\nhandler add(n: Int) {{ insert Sum(v: n) }}\nscenario \"takes its time\" {{\n{}}}\n",
        step.repeat(20)
    );
    let file = folder.file("p.tn", &text);
    // Once a thread beside the first one has used some time, it runs the scenario, unless it still compiles: then later.
    for ticks in [20, 60, 180, 540] {
        let child =
            Command::new(TENON).args(["test", &file]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let until = Instant::now() + Duration::from_secs(120);
        while worked_beside_main(child.id()) < ticks && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(Command::new("kill").args(["-SEGV", &child.id().to_string()]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), None, "the signal ends the process: {said}");
        assert!(said.contains("SIGSEGV"), "{said}");
        if said.contains("takes its time") {
            return;
        }
    }
    panic!("the end of the process names no scenario");
}

/// The time that the threads of a process have used beside its first one, in ticks of the system.
fn worked_beside_main(process: u32) -> u64 {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{process}/task")) else { return 0 };
    let others = threads.flatten().filter(|thread| thread.file_name().to_string_lossy() != process.to_string());
    others
        .filter_map(|thread| {
            let stat = std::fs::read_to_string(thread.path().join("stat")).ok()?;
            // Behind the name, which may hold spaces, the time in user mode is the twelfth.
            stat.rsplit_once(')')?.1.split_whitespace().nth(11)?.parse::<u64>().ok()
        })
        .sum()
}

#[test]
fn codes_are_explained() {
    let said = tenon(&["error", "T0001"]);
    assert!(said.out.contains("not-supported"), "{}", said.out);
    assert!(tenon(&["error"]).out.lines().count() > 50);
    assert_eq!(tenon(&["error", "T9999"]).code, 2);
}

#[test]
fn what_cannot_be_read_is_said() {
    let folder = Folder::new("missing");
    let said = tenon(&["check", &folder.path("nothing.tn")]);
    assert_eq!((said.code, said.err.contains("there is no")), (1, true), "{}", said.err);
    let said = tenon(&["check", folder.0.to_str().unwrap()]);
    assert!(said.err.contains("no `tenon.toml`"), "{}", said.err);
    folder.file("tenon.toml", "nme = \"x\"\n");
    let said = tenon(&["check", folder.0.to_str().unwrap()]);
    assert!(said.err.contains("nme"), "{}", said.err);
    folder.file("tenon.toml", "version = \"1\"\nname = \"a b\"\n");
    folder.file("main.tn", "relation R { key id: Int }\n");
    let said = tenon(&["check", folder.0.to_str().unwrap()]);
    assert!(said.code == 1 && said.err.contains("line 2: `name = \"a b\"`"), "{}", said.err);
}

#[test]
fn a_query_tells_what_is_wrong_with_it() {
    let folder = Folder::new("asked");
    let program = folder.file(
        "p.tn",
"relation R { key id: Int; t: Text }\nfn half(n: Int) -> Int { 1 div n }\nfn forever(n: Int) -> Int {\n  var i = n\n  while true { i = (i + 1) mod 7 }\n  i\n}\n",
    );
    let rows = folder.file("r.jsonl", "{\"id\":1,\"t\":\"\\u001b[31mred\"}\n");
    let data = folder.path("data");
    assert_eq!(tenon(&["import", "R", &rows, "--program", &program, "--data", &data]).code, 0);
    let ask = |text: &str, json: bool| {
        let mut args = vec!["query", &program, text, "--data", &data];
        args.extend(json.then_some("--json"));
        tenon(&args)
    };
    for (text, told) in [
        ("9223372036854775807 + 1", "line 1, column 1 of the query: the result does not fit its type"),
        ("assert count(R) == 0; 1", "line 1, column 1 of the query: an assertion does not hold"),
        ("let a = 1\nassert a == count(R) + 1; a", "line 2, column 1 of the query: an assertion does not hold"),
        ("half(n: count(R) - 1)", "p.tn:2:26: division by zero"),
        ("forever(n: 1)", "the call did more work than it may; ask for less, or raise `fuel`"),
        ("", "the query is empty"),
        ("// c", "the query is empty"),
        ("1 }\nquery y() -> Int { 2", "the text is more than one query"),
    ] {
        let said = ask(text, false);
        assert!(said.code != 0 && said.err.contains(told), "{text}: {}{}", said.out, said.err);
        assert_eq!(said.err.lines().count(), 1, "{text}: {}", said.err);
        let json: serde_json::Value = serde_json::from_str(&ask(text, true).out).unwrap();
        assert!(json["error"].as_str().unwrap().contains(told), "{text}: {json}");
    }
    let said = ask("from r in R", false);
    assert!(said.out.contains("\\u{1b}[31mred") && !said.out.contains('\u{1b}'), "{}", said.out);
}

#[test]
fn what_cannot_be_written_fails() {
    let folder = Folder::new("full");
    let program = folder.file(
        "p.tn",
        "relation R { key id: Int }\nquery q() at GET \"/\" public { count(R) }\nscenario \"s\" { then q() == 0 }\n",
    );
    let rows = folder.file("r.csv", "id\n1\n");
    let data = folder.path("data");
    let made = folder.path("made");
    let import = ["import", "R", &rows, "--program", &program, "--data", &data];
    let all: [&[&str]; 11] = [
        &import,
        &["openapi", &program],
        &["check", &program],
        &["check", &program, "--json"],
        &["test", &program],
        &["test", &program, "--list", "--json"],
        &["query", &program, "count(R)", "--data", &data],
        &["export", "R", "--program", &program, "--data", &data],
        &["explain", &program],
        &["error"],
        &["new", &made],
    ];
    for args in all {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = Command::new(TENON).args(args).stdout(full).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
        assert!(said.contains("standard output cannot be written"), "{args:?}: {said}");
    }
    for args in [["openapi", &program].as_slice(), &["error"], &["check", &program, "--json"]] {
        let mut child = Command::new(TENON).args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(141), b"".as_slice()), "{args:?}");
    }
}

#[test]
fn a_store_that_cannot_be_opened_is_named_with_a_remedy() {
    let folder = Folder::new("stores");
    let program = folder.file("p.tn", "relation R { key id: Int }\n");
    let rows = folder.file("r.csv", "id\n1\n");
    let both = |data: &str| {
        let asked = tenon(&["query", &program, "count(R)", "--data", data]);
        let stored = tenon(&["import", "R", &rows, "--program", &program, "--data", data]);
        [asked, stored]
    };
    let make = |name: &str, file: Option<&[u8]>| {
        let data = folder.path(name);
        std::fs::create_dir(&data).unwrap();
        let store = Path::new(&data).join("store.db");
        match file {
            Some(bytes) => std::fs::write(&store, bytes).unwrap(),
            None => std::fs::create_dir(&store).unwrap(),
        }
        data
    };
    let other = folder.path("other");
    std::fs::create_dir(&other).unwrap();
    rusqlite::Connection::open(Path::new(&other).join("store.db"))
        .unwrap()
        .execute_batch("create table t (a)")
        .unwrap();
    let torn = folder.path("torn");
    std::fs::create_dir(&torn).unwrap();
    rusqlite::Connection::open(Path::new(&torn).join("store.db"))
        .unwrap()
        .execute_batch("create table tenon_meta (key text, value any) strict")
        .unwrap();
    for (data, told) in [
        (make("text", Some(b"This is a text and no database.")), "does not begin as a SQLite database does"),
        (make("folder", None), "it is a folder"),
        (other, "is a SQLite database of another program"),
        (torn, "does not say what is stored in it"),
    ] {
        for said in both(&data) {
            assert!(said.code == 1 && said.err.contains(told), "{data}: {}{}", said.out, said.err);
            assert!(
                said.err.contains(&format!("{data}/store.db")) && said.err.contains("data directory"),
                "{}",
                said.err
            );
        }
    }
    // What a crash between the making of the file and the first commit leaves: there is nothing to ask yet.
    let [asked, stored] = both(&make("empty", Some(b"")));
    assert!(asked.code == 1 && asked.err.contains("there is no store in "), "{}", asked.err);
    assert_eq!(stored.code, 0, "{}", stored.err);
}

#[test]
fn plans_and_documents_are_printed() {
    let said = tenon(&["explain", &shop(), "revenue"]);
    assert!(said.out.contains("query revenue"), "{}{}", said.out, said.err);
    let json: serde_json::Value = serde_json::from_str(&tenon(&["openapi", &shop()]).out).unwrap();
    assert_eq!(json["openapi"], "3.1.0");
    assert!(json["paths"]["/orders"]["post"].is_object());
}

#[test]
fn scenarios_are_listed_and_chosen() {
    let folder = Folder::new("scenarios");
    let program = folder.file(
        "sums.tn",
        "scenario \"sum\" { then 1 + 1 == 2 }\nscenario \"sum of more\" { then 1 + 1 == 3 }\nscenario \"other\" { then true }\n",
    );
    let listed = tenon(&["test", &program, "--list"]);
    let lines = format!("{program}:1:1: sum\n{program}:2:1: sum of more\n{program}:3:1: other\n");
    assert_eq!((listed.code, listed.out), (0, lines));
    let json = tenon(&["test", &program, "--list", "--json", "--only", "more"]);
    assert_eq!(
        json.out.trim(),
        r#"{"scenarios":[{"name":"sum of more","at":{"file":"sums.tn","line":2,"column":1}}]}"#
    );
    assert_eq!(tenon(&["test", &program, "--only", "sum"]).code, 1);
    let exact = tenon(&["test", &program, "--exact", "--only", "sum", "--only", "other"]);
    assert_eq!(exact.code, 0, "{}", exact.out);
    assert!(exact.out.contains("2 passed, 0 failed"), "{}", exact.out);
    assert_eq!(tenon(&["test", &program, "--exact"]).code, 2);
    for more in [None, Some("--list")] {
        let mut args = vec!["test", &program, "--only", "typo"];
        args.extend(more);
        let said = tenon(&args);
        assert_eq!(said.code, 1, "{}", said.out);
        assert!(said.err.contains("no scenario is called `typo`; there are:\n  "), "{}", said.err);
    }
}

/// A program that serves; killed at the end of the test.
struct Serving {
    child: Child,
    address: String,
    /// What it says after it listens.
    said: Arc<Mutex<String>>,
}

impl Serving {
    fn start(command: &mut Command) -> Serving {
        let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        // From here on the process ends with the test, however it goes.
        let mut serving = Serving { child, address: String::new(), said: Arc::default() };
        let mut lines = BufReader::new(serving.child.stdout.take().unwrap());
        let mut line = String::new();
        while serving.address.is_empty() {
            line.clear();
            assert!(lines.read_line(&mut line).unwrap() > 0, "the program ended before it listened");
            if let Some((_, address)) = line.trim().split_once("listening on http://") {
                serving.address = address.to_owned();
            }
        }
        // What it says later is read so that it never waits for a reader.
        let said = serving.said.clone();
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                said.lock().unwrap().push_str(&format!("{line}\n"));
            }
        });
        serving
    }

    fn get(&self, path: &str) -> String {
        self.send(&format!("GET {path}"), "")
    }

    /// Sends a request line's beginning with a body of JSON, and reads the whole answer.
    fn send(&self, what: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let length = body.len();
        let kind = if body.is_empty() { "" } else { "content-type: application/json\r\n" };
        let head = format!("{what} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{kind}content-length: {length}\r\n\r\n");
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    }

    /// Waits until it has said something.
    fn until_said(&self, part: &str) {
        let start = Instant::now();
        while !self.said.lock().unwrap().contains(part) {
            assert!(start.elapsed() < Duration::from_secs(60), "{part} was never said: {}", self.said.lock().unwrap());
            std::thread::yield_now();
        }
    }

    /// Waits until an answer contains a text.
    fn until(&self, path: &str, part: &str) -> Duration {
        let start = Instant::now();
        while !self.get(path).contains(part) {
            assert!(start.elapsed() < Duration::from_secs(60), "{part} never came: {}", self.get(path));
            std::thread::yield_now();
        }
        start.elapsed()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn code_is_exchanged_while_it_runs_and_kept_while_there_are_errors() {
    let folder = Folder::new("watch");
    let program = |answer: &str| format!("query hello() -> Text at GET \"/hello\" public {{ {answer} }}\n");
    let file = folder.file("hello.tn", &program("\"one\""));
    let mut command = Command::new(TENON);
    command.args(["run", &file, "--watch", "--port", "0", "--data", &folder.path("data")]);
    let serving = Serving::start(&mut command);
    assert!(serving.get("/hello").contains("\"one\""));
    std::fs::write(&file, program("\"two")).unwrap();
    std::fs::write(&file, program("\"two\"")).unwrap();
    serving.until("/hello", "\"two\"");
    std::fs::write(&file, program("1 + ")).unwrap();
    assert!(serving.get("/hello").contains("\"two\""));
    std::fs::write(&file, program("\"three\"")).unwrap();
    serving.until("/hello", "\"three\"");
    let second = tenon(&["run", &file, "--port", "0", "--data", &folder.path("data")]);
    assert_eq!(second.code, 1);
    assert!(second.err.contains(&serving.child.id().to_string()), "who holds the store is said: {}", second.err);
}

#[test]
fn what_is_stored_grows_while_it_runs_and_is_kept_where_it_would_not_only_grow() {
    let folder = Folder::new("evolve");
    let program = |fields: &str, answer: &str| {
        format!(
            "relation Note {{ key id: Int; text: Text{fields} }}\n\
             handler add(id: Int, text: Text) at PUT \"/notes/{{id}}\" public {{ insert Note(id, text) }}\n\
             query all() -> [Text] at GET \"/notes\" public {{ from n in Note order by n.id select \"{answer}\" }}\n"
        )
    };
    let file = folder.file("notes.tn", &program("", "{n.text}"));
    let mut command = Command::new(TENON);
    command.args(["run", &file, "--watch", "--port", "0", "--data", &folder.path("data")]);
    let serving = Serving::start(&mut command);
    let put = |id: u32| serving.send(&format!("PUT /notes/{id}"), "{\"text\": \"a\"}");
    assert!(put(1).starts_with("HTTP/1.1 204"));
    std::fs::write(&file, program("; stars: Int = 3", "{n.text}{n.stars}")).unwrap();
    serving.until("/notes", "[\"a3\"]");
    assert!(put(2).starts_with("HTTP/1.1 204"));
    // Another type: the old program goes on, and still writes.
    std::fs::write(&file, program("; stars: Text = \"x\"", "{n.stars}")).unwrap();
    serving.until_said("field Note.stars was Int and is Text");
    assert!(put(3).starts_with("HTTP/1.1 204"));
    assert!(serving.get("/notes").contains("[\"a3\",\"a3\",\"a3\"]"));
    std::fs::write(&file, program("; stars: Int = 3; shelf: Text?", "{n.id}{n.stars}{n.shelf == none}")).unwrap();
    serving.until("/notes", "[\"13true\",\"23true\",\"33true\"]");
    assert!(put(4).starts_with("HTTP/1.1 204"));
    // Rows that do not fit what only adds.
    let refusals = [
        ("text", "stored rows of Note meet in `unique text`, which the program has now:"),
        ("shelf", "stored rows of Note meet in `unique shelf`, which the program has now:"),
    ];
    for (n, (unique, said)) in refusals.into_iter().enumerate() {
        let fields = format!("; stars: Int = 3; shelf: Text?; n{n}: Int = 0; unique {unique}");
        std::fs::write(&file, program(&fields, "{n.id}")).unwrap();
        serving.until_said(said);
        serving.until_said("the old program goes on");
        assert!(serving.get("/notes").contains("\"43true\""), "{said}");
        assert!(put(5 + n as u32).starts_with("HTTP/1.1 204"), "{said}");
    }
    std::fs::write(&file, program("; stars: Int = 3; shelf: Text?", "{n.id}")).unwrap();
    serving.until("/notes", "[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\"]");
}

#[test]
fn a_built_program_serves_without_a_compiler() {
    let folder = Folder::new("build");
    let built = Command::new(env!("CARGO")).args(["build", "--quiet", "-p", "tenon-launcher"]).status().unwrap();
    assert!(built.success());
    let output = folder.path("shop");
    let said = tenon(&["build", &shop(), "--output", &output]);
    assert_eq!(said.code, 0, "{}", said.err);
    let mut command = Command::new(&output);
    command.args(["--port", "0", "--data", &folder.path("data")]);
    let serving = Serving::start(&mut command);
    assert!(serving.get("/revenue").ends_with("[]"));
    assert!(serving.get("/products/none").starts_with("HTTP/1.1 404"));
}

#[test]
fn a_built_program_keeps_its_limits_and_knows_its_places() {
    let folder = Folder::new("limits");
    let built = Command::new(env!("CARGO")).args(["build", "--quiet", "-p", "tenon-launcher"]).status().unwrap();
    assert!(built.success());
    folder.file("tenon.toml", "name = \"spinner\"\n[limits]\nfuel = 20000\nbody = 100\n");
    folder.file(
        "main.tn",
        "query spin(n: Int) -> Int at GET \"/spin\" public {\n  var i = 0\n  while i < n { i += 1 }\n  i\n}\n\
         handler take(t: Text) -> Int at POST \"/take\" public {\n  assert t.length < 5\n  t.length\n}\n",
    );
    let (output, log) = (folder.path("spinner"), folder.path("log"));
    let said = tenon(&["build", &folder.path(""), "--output", &output]);
    assert_eq!(said.code, 0, "{}", said.err);
    let run = format!("exec {output} --port 0 --data {} 2>{log}", folder.path("data"));
    let serving = Serving::start(Command::new("sh").args(["-c", &run]));
    assert!(serving.get("/spin?n=1000").ends_with("1000"));
    assert!(serving.get("/spin?n=1000000").starts_with("HTTP/1.1 500"));
    assert!(serving.send("POST /take", &format!("{{\"t\":\"{}\"}}", "x".repeat(200))).starts_with("HTTP/1.1 413"));
    assert!(serving.send("POST /take", "{\"t\":\"longer\"}").starts_with("HTTP/1.1 500"));
    drop(serving);
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains("\"place\":\"main.tn:7:3\""), "{log}");
}

#[test]
fn the_playground_says_how_to_build_a_page_that_is_not_there() {
    let folder = Folder::new("playground");
    let said = tenon(&["playground", "--page", &folder.path("none")]);
    assert_eq!((said.code, said.err.contains("cannot serve the page")), (1, true), "{}", said.err);
}
