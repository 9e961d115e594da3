//! Which pages there are and in which order: guide, language, library, errors.

use crate::compiler::Around;
use crate::markdown::{Content, Renderer};
use crate::sources::{Sources, Text};
use crate::{errors, home, library};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// A part of the site, as its navigation shows them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Section {
    /// The first page.
    Home,
    /// The first hour.
    Guide,
    /// The specification.
    Language,
    /// The library.
    Library,
    /// The diagnostics.
    Errors,
}

impl Section {
    /// The parts that the navigation shows.
    pub const SHOWN: [Section; 4] = [Section::Guide, Section::Language, Section::Library, Section::Errors];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Section::Home => "Tenon",
            Section::Guide => "Guide",
            Section::Language => "Language",
            Section::Library => "Library",
            Section::Errors => "Errors",
        }
    }

    /// Its folder; empty for the first page.
    pub fn folder(self) -> &'static str {
        match self {
            Section::Home => "",
            Section::Guide => "guide",
            Section::Language => "spec",
            Section::Library => "library",
            Section::Errors => "errors",
        }
    }
}

/// A page.
pub struct Page {
    /// Its path in the site, with `/`.
    pub path: String,
    /// The part that it belongs to.
    pub section: Section,
    /// What the side bar calls it.
    pub label: String,
    /// Under which heading the side bar lists it; empty for none.
    pub group: String,
    /// One sentence about it, for search engines and for what the page is shared as.
    pub about: String,
    /// Its content.
    pub content: Content,
}

impl Page {
    /// What leads from the page to the site's folder: empty or `../`.
    pub fn root(&self) -> &'static str {
        if self.section == Section::Home { "" } else { "../" }
    }
}

/// All pages, each part in the order in which it is read.
pub struct Book {
    /// The pages.
    pub pages: Vec<Page>,
}

impl Book {
    /// Makes every page.
    ///
    /// # Errors
    /// A page does not fit; the message names it.
    pub fn new(sources: &Sources, around: &Around) -> Result<Book, String> {
        let mut pages = vec![home::page(sources, around)?];
        pages.extend(chapters(Section::Guide, sources, around)?);
        pages.extend(chapters(Section::Language, sources, around)?);
        pages.extend(library::pages(sources)?);
        let law = errors::Law::new(&pages);
        pages.extend(errors::pages(around, &law)?);
        Ok(Book { pages })
    }

    /// The pages of a part.
    pub fn section(&self, section: Section) -> impl Iterator<Item = &Page> {
        self.pages.iter().filter(move |page| page.section == section)
    }
}

/// Pages that the site derives by itself rather than from the Markdown beside the others.
const DERIVED: [(&str, &str); 2] = [("library", "library/index.html"), ("diagnostics", "errors/index.html")];

/// Where the links of a part's pages lead. The guide's folder lies in that of the specification.
fn targets(section: Section, sources: &Sources) -> BTreeMap<String, String> {
    let (to_guide, to_spec) = if section == Section::Guide { ("", "../") } else { ("guide/", "") };
    let mut targets = BTreeMap::new();
    for text in &sources.guide {
        targets.insert(format!("{to_guide}{}.md", text.name), path(Section::Guide, &text.name));
    }
    for text in &sources.spec {
        targets.insert(format!("{to_spec}{}.md", text.name), path(Section::Language, &text.name));
    }
    for (name, target) in DERIVED {
        targets.insert(format!("{to_spec}{name}.md"), target.to_owned());
    }
    targets
}

fn path(section: Section, name: &str) -> String {
    let name = if name == "README" { "index" } else { name };
    format!("{}/{name}.html", section.folder())
}

/// The pages of a folder of Markdown: its README first, numbered chapters, then what has no number.
fn chapters(section: Section, sources: &Sources, around: &Around) -> Result<Vec<Page>, String> {
    let texts = if section == Section::Guide { &sources.guide } else { &sources.spec };
    let targets = targets(section, sources);
    let renderer = Renderer {
        around,
        root: "../",
        targets: &targets,
        open: section == Section::Guide,
        beside: &RefCell::default(),
    };
    let mut ordered: Vec<&Text> =
        texts.iter().filter(|text| !DERIVED.iter().any(|(name, _)| text.name == *name)).collect();
    let numbered = |text: &Text| text.name.starts_with(|c: char| c.is_ascii_digit());
    ordered.sort_by_key(|text| (text.name != "README", !numbered(text), text.name.clone()));
    ordered
        .into_iter()
        .map(|text| {
            let content =
                renderer.render(&text.text).map_err(|why| format!("{}/{}.md: {why}", section.folder(), text.name))?;
            let first = content.passages.first().map(|passage| passage.text.as_str()).unwrap_or_default();
            let is_index = text.name == "README";
            Ok(Page {
                path: path(section, &text.name),
                section,
                label: if is_index { "Overview".to_owned() } else { content.title.clone() },
                group: match section {
                    Section::Language if !is_index && !numbered(text) => "Appendices".to_owned(),
                    _ => String::new(),
                },
                about: summary(first),
                content,
            })
        })
        .collect()
}

/// The beginning of a text, up to the end of a sentence where that is near.
fn summary(text: &str) -> String {
    const LONGEST: usize = 180;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.find(". ").filter(|at| *at < LONGEST) {
        Some(at) => text.get(..=at).unwrap_or_default().to_owned(),
        None => text.chars().take(LONGEST).collect(),
    }
}
