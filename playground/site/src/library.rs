//! The reference of the library: primitives from their table, functions from the library's text, by what they are about.

use crate::book::{Page, Section};
use crate::code::definition;
use crate::html::slug;
use crate::markdown::{Content, Heading, Passage};
use crate::sources::Sources;
use std::collections::BTreeMap;
use tenon_check::builtins::BUILTINS;
use tenon_syntax::ast::ItemKind;
use tenon_syntax::{items, parse_item};

/// A function as the reference shows it.
struct Entry {
    name: String,
    signature: String,
    doc: String,
    examples: Vec<String>,
}

/// A page of the reference.
struct Subject {
    /// Its file's name.
    name: &'static str,
    title: &'static str,
    about: &'static str,
    /// Which receivers of primitives belong here; the first part of a signature.
    receivers: &'static [&'static str],
    /// Which files of the library belong here.
    files: &'static [&'static str],
}

const SUBJECTS: [Subject; 5] = [
    Subject {
        name: "text",
        title: "Text",
        about: "Texts: positions and lengths count code points, and the first position is 0.",
        receivers: &["Text", "[Text]", "Bytes", "T"],
        files: &["tenon/text.tn"],
    },
    Subject {
        name: "numbers",
        title: "Numbers",
        about: "Int, Decimal and Float. Int and Decimal are exact and never wrap; Float is finite.",
        receivers: &["Int", "Decimal", "Float", "O"],
        files: &["tenon/number.tn"],
    },
    Subject {
        name: "time",
        title: "Time",
        about: "Moments, dates, times of day and lengths of time.",
        receivers: &["now", "today", "Instant", "DateTime", "Date", "Time", "Duration"],
        files: &["tenon/time.tn"],
    },
    Subject {
        name: "collections",
        title: "Collections",
        about: "Lists, bags, sets and maps. None of them is ever changed: a function gives a new one.",
        receivers: &["[T]", "[K]", "Bag[T]", "Bag[K]", "Set[T]", "Map[K, T]", "[(key: K, value: T)]"],
        files: &["tenon/list.tn"],
    },
    Subject {
        name: "identity",
        title: "Identity, chance and the log",
        about: "What a transaction gets from outside: fixed within it, so that it can be run again.",
        receivers: &["uuid", "random", "random_int", "random_text", "log"],
        files: &[],
    },
];

/// What a primitive is a function of: `Text` of `Text.length -> Int`, `now` of `now() -> Instant`.
fn receiver(signature: &str) -> &str {
    let head = signature.split(" -> ").next().unwrap_or(signature);
    // The first `.` or `(` that is not within brackets ends the receiver.
    let mut depth = 0;
    for (at, c) in head.char_indices() {
        match c {
            '(' if depth == 0 => return head.get(..at).unwrap_or_default(),
            '.' if depth == 0 => return head.get(..at).unwrap_or_default(),
            '[' | '(' => depth += 1,
            ']' | ')' => depth -= 1,
            _ => {}
        }
    }
    head
}

/// The name that is called: `length` of `Text.length -> Int`.
fn called(signature: &str) -> String {
    let receiver = receiver(signature);
    let rest = signature.get(receiver.len()..).unwrap_or_default();
    let name: String = rest.trim_start_matches('.').chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    if name.is_empty() { receiver.to_owned() } else { name }
}

/// The public functions of a file of the library.
fn functions(text: &str) -> Vec<Entry> {
    items(text)
        .iter()
        .filter_map(|item| parse_item(item.text(text)).item)
        .filter(|item| item.private.is_none() && matches!(item.kind, ItemKind::Function(_)))
        .filter_map(|item| {
            let ItemKind::Function(function) = &item.kind else { return None };
            let doc = item.doc.as_ref().map(|doc| doc.text.as_str()).unwrap_or_default();
            let is_example = |line: &&str| line.len() > 1 && line.starts_with('`') && line.ends_with('`');
            let lines = || doc.lines().map(str::trim).filter(|line| !line.is_empty());
            Some(Entry {
                name: function.name.text.to_string(),
                signature: signature(text, &function.name.text)?,
                doc: lines().filter(|line| !is_example(line)).collect::<Vec<_>>().join(" "),
                examples: lines().filter(is_example).map(|line| line.trim_matches('`').to_owned()).collect(),
            })
        })
        .collect()
}

/// The head of a function as it is written: heads of the library stand on one line.
fn signature(text: &str, name: &str) -> Option<String> {
    let heads = [format!("fn {name}("), format!("fn {name}[")];
    let line = text.lines().find(|line| heads.iter().any(|head| line.starts_with(head)))?;
    Some(line.trim_end_matches('{').trim().trim_start_matches("fn ").to_owned())
}

/// The pages of the library.
///
/// # Errors
/// A primitive or a file of the library belongs to no page.
pub fn pages(sources: &Sources) -> Result<Vec<Page>, String> {
    for primitive in BUILTINS {
        if !SUBJECTS.iter().any(|subject| subject.receivers.contains(&receiver(primitive.signature))) {
            return Err(format!("no page of the library has a place for `{}`", primitive.signature));
        }
    }
    for (file, _) in &sources.library {
        if !SUBJECTS.iter().any(|subject| subject.files.contains(&file.as_str())) {
            return Err(format!("no page of the library has a place for {file}"));
        }
    }
    let mut pages = Vec::new();
    let mut names: Vec<(String, String)> = Vec::new();
    for subject in &SUBJECTS {
        let mut groups: Vec<(String, Vec<Entry>)> = Vec::new();
        for primitive in BUILTINS.iter().filter(|row| subject.receivers.contains(&receiver(row.signature))) {
            let receiver = receiver(primitive.signature);
            let is_function = receiver.starts_with(|c: char| c.is_ascii_lowercase());
            let group = match receiver {
                "T" => "Every value".to_owned(),
                "O" => "Ordered values".to_owned(),
                "[Text]" => "Text".to_owned(),
                "[K]" | "[(key: K, value: T)]" => "[T]".to_owned(),
                "Bag[K]" => "Bag[T]".to_owned(),
                _ if is_function => "Functions".to_owned(),
                receiver => receiver.to_owned(),
            };
            let entry = Entry {
                name: called(primitive.signature),
                signature: primitive.signature.to_owned(),
                doc: primitive.doc.to_owned(),
                examples: if primitive.example.is_empty() { Vec::new() } else { vec![primitive.example.to_owned()] },
            };
            match groups.iter_mut().find(|(name, _)| *name == group) {
                Some((_, entries)) => entries.push(entry),
                None => groups.push((group, vec![entry])),
            }
        }
        for (file, text) in sources.library.iter().filter(|(file, _)| subject.files.contains(&file.as_str())) {
            let module = file.trim_end_matches(".tn").replace('/', ".");
            groups.push((format!("Written in Tenon: {module}"), functions(text)));
        }
        pages.push(page(subject, groups, &mut names));
    }
    names.sort();
    pages.insert(0, index(&names));
    Ok(pages)
}

fn page(subject: &Subject, groups: Vec<(String, Vec<Entry>)>, names: &mut Vec<(String, String)>) -> Page {
    let mut content = Content { title: subject.title.to_owned(), ..Content::default() };
    content.body.push_str(&format!("<p>{}</p>\n", subject.about));
    let mut used: BTreeMap<String, usize> = BTreeMap::new();
    for (group, entries) in groups {
        let anchor = format!("on-{}", slug(&group));
        content.body.push_str(&format!(
            "<h2 id=\"{anchor}\"><a class=\"anchor\" href=\"#{anchor}\">{}</a></h2>\n",
            crate::html::escape(&group)
        ));
        content.headings.push(Heading { level: 2, anchor, text: group });
        for entry in entries {
            let count = used.entry(entry.name.clone()).or_default();
            *count += 1;
            let anchor = if *count == 1 { entry.name.clone() } else { format!("{}-{count}", entry.name) };
            content.body.push_str(&definition(&anchor, &entry.signature, &entry.doc, &entry.examples));
            names.push((entry.name.clone(), format!("{}.html#{anchor}", subject.name)));
            content.passages.push(Passage {
                anchor,
                heading: entry.signature,
                text: format!("{} {}", entry.doc, entry.examples.join(" ")),
            });
        }
    }
    Page {
        path: format!("library/{}.html", subject.name),
        section: Section::Library,
        label: subject.title.to_owned(),
        group: String::new(),
        about: subject.about.to_owned(),
        content,
    }
}

fn index(names: &[(String, String)]) -> Page {
    let mut body = String::from(
        "<p>A property is read without parentheses (<code>t.length</code>); a function may be called as a method of its \
         first argument (<code>xs.sort()</code> and <code>sort(xs)</code> are the same). In signatures <code>T</code> and \
         <code>U</code> are any type, <code>O</code> an ordered one, <code>K</code> one with equality. Every example on \
         these pages is a test.</p>\n<ul class=\"subjects\">\n",
    );
    for subject in &SUBJECTS {
        body.push_str(&format!(
            "<li><a href=\"{}.html\">{}</a><p>{}</p></li>\n",
            subject.name, subject.title, subject.about
        ));
    }
    body.push_str(
        "</ul>\n<h2 id=\"names\"><a class=\"anchor\" href=\"#names\">All names</a></h2>\n<ul class=\"names\">\n",
    );
    let mut last = "";
    for (name, path) in names {
        // Of functions of one name the index leads to the first; its page has the others beside it.
        if name != last {
            body.push_str(&format!("<li><a href=\"{path}\"><code>{name}</code></a></li>\n"));
        }
        last = name;
    }
    body.push_str("</ul>\n");
    let passage = Passage {
        anchor: String::new(),
        heading: String::new(),
        text: "The functions that every program has, by what they are about.".to_owned(),
    };
    Page {
        path: "library/index.html".to_owned(),
        section: Section::Library,
        label: "Overview".to_owned(),
        group: String::new(),
        about: "The library of Tenon: every function with its documentation and an example.".to_owned(),
        content: Content {
            title: "Library".to_owned(),
            body,
            headings: vec![Heading { level: 2, anchor: "names".to_owned(), text: "All names".to_owned() }],
            passages: vec![passage],
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_taken_apart() {
        for (signature, of, name) in [
            ("Text.length -> Int", "Text", "length"),
            ("[Text].join(separator: Text) -> Text", "[Text]", "join"),
            ("now() -> Instant", "now", "now"),
            ("[(key: K, value: T)].to_map -> Map[K, T]", "[(key: K, value: T)]", "to_map"),
            ("Map[K, T].get(key: K) -> T?", "Map[K, T]", "get"),
            ("log(value: T)", "log", "log"),
        ] {
            assert_eq!((receiver(signature), called(signature).as_str()), (of, name));
        }
    }
}
