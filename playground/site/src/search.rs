//! The index that the page's own search reads: one entry per heading, as a script, so that it works without a server.

use crate::book::{Book, Section};
use serde::Serialize;

/// What a search can find.
#[derive(Serialize)]
struct Entry<'a> {
    /// The page's title.
    title: &'a str,
    /// The heading on it; empty for the page itself.
    heading: &'a str,
    /// Its address from the site's folder.
    url: String,
    /// The part of the site.
    section: &'static str,
    /// What stands there.
    text: String,
}

/// Text of an entry beyond this is not searched; only rules of the grammar are longer.
const LONGEST: usize = 5000;

/// The script.
pub fn index(book: &Book) -> String {
    let mut entries = Vec::new();
    for page in book.pages.iter().filter(|page| page.section != Section::Home) {
        for passage in &page.content.passages {
            let words: Vec<&str> = passage.text.split_whitespace().collect();
            let anchor = if passage.anchor.is_empty() { String::new() } else { format!("#{}", passage.anchor) };
            entries.push(Entry {
                title: &page.content.title,
                heading: &passage.heading,
                url: format!("{}{anchor}", page.path),
                section: page.section.name(),
                text: words.join(" ").chars().take(LONGEST).collect(),
            });
        }
    }
    let json = serde_json::to_string(&entries).expect("texts are always JSON");
    format!("globalThis.tenonSearchIndex = {json};\n")
}
