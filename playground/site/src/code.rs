//! Fenced blocks as HTML: programs, commands, outputs.

use crate::compiler::{Around, files};
use crate::highlight::{Piece, pieces, pieces_of_expression};
use crate::html::{escape, inline};
use crate::playground;
use std::cell::RefCell;
use tenon_diagnostics::find_code;

/// What a fence is, by the words behind its quotes.
enum Kind<'a> {
    /// A program; `told` are the codes that it gives.
    Program { file: Option<&'a str>, verb: Verb, told: Vec<&'a str> },
    /// Conditions, each of which is true.
    Holds,
    /// Commands at a terminal.
    Commands,
    /// What the block before printed.
    Output,
    /// Anything else, perhaps the content of a file.
    Text { file: Option<&'a str> },
}

enum Verb {
    Sound,
    Good,
    Bad,
    Warned,
    Added,
}

fn kind(words: &str) -> Kind<'_> {
    let words: Vec<&str> = words.split_whitespace().collect();
    let (file, verb, told) = match words.as_slice() {
        ["tenon"] | ["tenon", "changed"] => (None, Verb::Sound, Vec::new()),
        ["tenon", "refused"] => (None, Verb::Bad, Vec::new()),
        ["tenon", "good"] => (None, Verb::Good, Vec::new()),
        ["tenon", "holds"] => return Kind::Holds,
        ["tenon", "bad"] => (None, Verb::Bad, Vec::new()),
        ["tenon", "error", told @ ..] => (None, Verb::Bad, told.to_vec()),
        ["tenon", "warning", told @ ..] => (None, Verb::Warned, told.to_vec()),
        ["tenon", "file" | "add", file, "error", told @ ..] => (Some(*file), Verb::Bad, told.to_vec()),
        ["tenon", "file", file] | ["tenon", "file", file, "fails"] => (Some(*file), Verb::Sound, Vec::new()),
        ["tenon", "add", file] => (Some(*file), Verb::Added, Vec::new()),
        ["sh", ..] => return Kind::Commands,
        ["output"] => return Kind::Output,
        [_, "file" | "add", file] => return Kind::Text { file: Some(*file) },
        _ => return Kind::Text { file: None },
    };
    Kind::Program { file, verb, told }
}

/// An expression with its tokens coloured, without anything around it.
pub fn coloured_expression(text: &str) -> String {
    coloured(text, &pieces_of_expression(text))
}

fn coloured(program: &str, pieces: &[Piece]) -> String {
    let mut out = String::new();
    let mut at = 0;
    for piece in pieces {
        out.push_str(&escape(program.get(at..piece.range.start as usize).unwrap_or_default()));
        out.push_str(&format!("<span class=\"t-{}\">{}</span>", piece.class, escape(piece.range.slice(program))));
        at = piece.range.end as usize;
    }
    out.push_str(&escape(program.get(at..).unwrap_or_default()));
    out
}

/// Conditions, one on each line; a line that is indented continues the one before.
fn conditions(text: &str) -> String {
    let mut conditions: Vec<String> = Vec::new();
    for line in text.lines() {
        match conditions.last_mut() {
            Some(last) if line.starts_with(' ') => last.push_str(&format!("\n{line}")),
            _ => conditions.push(line.to_owned()),
        }
    }
    conditions.iter().map(|condition| format!("{}\n", coloured_expression(condition))).collect()
}

fn figure(class: &str, caption: &str, body: &str) -> String {
    let caption = if caption.is_empty() { String::new() } else { format!("<figcaption>{caption}</figcaption>") };
    format!("<figure class=\"code {class}\">{caption}{body}</figure>\n")
}

fn pre(code: &str) -> String {
    format!("<pre><code>{code}</code></pre>")
}

/// The links to codes.
fn told_links(told: &[&str], root: &str) -> String {
    let links: Vec<String> = told
        .iter()
        .map(|code| {
            let name = find_code(code).map_or("", |code| code.info().name);
            format!("<a href=\"{root}errors/{code}.html\">{code} {name}</a>")
        })
        .collect();
    links.join(", ")
}

/// What turns fenced blocks of a page into HTML.
pub struct Fences<'a> {
    /// From the page to the site's folder: empty or `../`.
    pub root: &'a str,
    /// The compiler, and what else the site has.
    pub around: &'a Around,
    /// True if what the compiler says is shown at once.
    pub open: bool,
    /// The files that pages have shown so far, path and text: what is shown now belongs to the same program.
    pub beside: &'a RefCell<Vec<(String, String)>>,
}

impl Fences<'_> {
    /// A fenced block, by the words behind its quotes.
    pub fn block(&self, words: &str, text: &str) -> String {
        match kind(words) {
            Kind::Program { file, verb, told } => self.program(text, file, &verb, &told),
            Kind::Holds => figure("holds", "each line is true", &pre(&conditions(text))),
            Kind::Commands => figure("commands", "", &pre(&commands(text))),
            Kind::Output => figure("output", "prints", &pre(&escape(text))),
            Kind::Text { file } => figure("text", &caption(file), &pre(&escape(text))),
        }
    }

    fn program(&self, text: &str, file: Option<&str>, verb: &Verb, told: &[&str]) -> String {
        let mut caption = caption(file);
        let formatted = is_page(verb, told, file).then(|| format(text)).flatten();
        let text = formatted.as_deref().unwrap_or(text);
        let class = match verb {
            Verb::Sound => "program",
            Verb::Good => {
                caption.push_str("<span class=\"told\">without the mistake</span>");
                "program good"
            }
            Verb::Added => {
                caption.push_str(" <span class=\"note\">add at the end</span>");
                "program"
            }
            Verb::Bad => "program bad",
            Verb::Warned => "program warned",
        };
        if matches!(verb, Verb::Bad) && told.is_empty() {
            caption.push_str("<span class=\"told\">with the mistake</span>");
        }
        if !told.is_empty() {
            let word = if matches!(verb, Verb::Warned) { "warning" } else { "error" };
            caption.push_str(&format!(" <span class=\"told\">{word} {}</span>", told_links(told, self.root)));
        }
        let mut body = String::new();
        let mut parts = files(text);
        if let Some(file) = file {
            // What is refused is no part of the program that grows from page to page.
            if !matches!(verb, Verb::Bad) {
                self.remember(file, text, verb);
            }
            let beside = self.beside.borrow();
            let others: Vec<_> = beside.iter().filter(|(path, _)| path != file).cloned().collect();
            body.push_str(&pre(&coloured(text, &pieces(text, &others))));
            parts.clear();
        }
        for (index, (path, text)) in parts.iter().enumerate() {
            if index > 0 {
                body.push_str(&format!("<p class=\"file-break\">{}</p>", escape(path)));
            }
            let others: Vec<_> = parts.iter().filter(|(other, _)| other != path).cloned().collect();
            body.push_str(&pre(&coloured(text, &pieces(text, &others))));
        }
        if self.around.playground
            && let Some(files) = self.whole(file, verb, told, text)
        {
            let title = files.first().map_or("example.tn", |(path, _)| path.as_str());
            let link = playground::link(self.root, title, &files);
            body.push_str(&format!("<p class=\"try\"><a href=\"{link}\">Open in the playground</a></p>"));
        }
        // What is added to a file is no program by itself: the page says what becomes of it.
        if matches!(verb, Verb::Bad | Verb::Warned) && file.is_none() {
            body.push_str(&self.says(text));
        }
        figure(class, caption.trim(), &body)
    }

    /// The program that a block shows as a whole; none where it is a part of one that does not stand by itself.
    fn whole(&self, file: Option<&str>, verb: &Verb, told: &[&str], text: &str) -> Option<Vec<(String, String)>> {
        let Some(file) = file else {
            let mut files = files(text);
            files.retain(|(_, text)| !text.trim().is_empty());
            return Some(files);
        };
        if !matches!(verb, Verb::Sound | Verb::Added) || !told.is_empty() {
            return None;
        }
        let beside = self.beside.borrow();
        // A file that names its folder begins that folder's program; the reader goes there, so those behind it name none.
        let first = beside.iter().rposition(|(path, _)| path.contains('/')).unwrap_or(0);
        let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
        let mut all: Vec<_> = beside.iter().skip(first).map(|(path, text)| (name(path), text.clone())).collect();
        // The file that the block is about is the one that is shown first.
        let own = name(file);
        all.sort_by_key(|(path, _)| *path != own);
        let alone =
            beside.iter().filter(|(path, _)| path == file).map(|(_, text)| (own.clone(), text.clone())).collect();
        [alone, all].into_iter().find(|files: &Vec<_>| self.around.compiler.says_of(files).is_empty())
    }

    /// Takes a file into the program that the pages make.
    fn remember(&self, file: &str, text: &str, verb: &Verb) {
        let mut beside = self.beside.borrow_mut();
        match beside.iter_mut().find(|(path, _)| path == file) {
            Some((_, whole)) if matches!(verb, Verb::Added) => whole.push_str(&format!("\n{text}")),
            Some((_, whole)) => text.clone_into(whole),
            None => beside.push((file.to_owned(), text.to_owned())),
        }
    }

    /// What the compiler says, below the program.
    fn says(&self, program: &str) -> String {
        let told = self.around.compiler.says(program);
        if told.is_empty() {
            return String::new();
        }
        let open = if self.open { " open" } else { "" };
        let told = pre(&escape(&told));
        format!("<details class=\"says\"{open}><summary>What the compiler says</summary>{told}</details>")
    }
}

/// True for the programs of an error's page, which stand there on as few lines as they need.
fn is_page(verb: &Verb, told: &[&str], file: Option<&str>) -> bool {
    file.is_none() && told.is_empty() && matches!(verb, Verb::Good | Verb::Bad)
}

/// A program in the one style, item by item; none where an item cannot be read, or where it has several files.
fn format(program: &str) -> Option<String> {
    if program.contains("//// file ") {
        return None;
    }
    let formatted = tenon_syntax::format(program);
    formatted.left.is_empty().then_some(formatted.text)
}

fn caption(file: Option<&str>) -> String {
    file.map(|file| format!("<span class=\"file\">{}</span>", escape(file))).unwrap_or_default()
}

/// Commands, each line of which begins with a prompt that is not copied.
fn commands(text: &str) -> String {
    let mut continued = false;
    text.lines()
        .map(|line| {
            let class = if continued { "more" } else { "command" };
            continued = line.ends_with('\\');
            format!("<span class=\"{class}\">{}</span>\n", escape(line))
        })
        .collect()
}

/// A table of functions or the like whose cells are HTML already.
pub fn definition(anchor: &str, signature: &str, doc: &str, examples: &[String]) -> String {
    let examples: String = examples
        .iter()
        .map(|example| format!("<code class=\"example\">{}</code>", coloured_expression(example)))
        .collect();
    format!(
        "<div class=\"definition\" id=\"{anchor}\"><h3><a class=\"anchor\" href=\"#{anchor}\"><code>{}</code></a></h3><p>{}</p>{}</div>\n",
        coloured_signature(signature),
        inline(doc),
        if examples.is_empty() { String::new() } else { format!("<p class=\"examples\">{examples}</p>") },
    )
}

/// A signature coloured as the head of a function.
fn coloured_signature(signature: &str) -> String {
    let program = format!("fn {signature}");
    coloured(&program, &pieces(&program, &[])).replacen("<span class=\"t-keyword\">fn</span> ", "", 1)
}
