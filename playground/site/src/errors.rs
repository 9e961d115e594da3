//! The pages of the catalogue: each code with its rule, its page, a bad and a good program, and the chapters that name it.

use crate::book::{Page, Section};
use crate::compiler::Around;
use crate::html::{escape, inline, sentence};
use crate::markdown::{Content, Heading, Passage, Renderer};
use std::cell::RefCell;
use std::collections::BTreeMap;
use tenon_diagnostics::{CATALOGUE, CodeInfo, Severity};

/// Where in the catalogue's numbers a subject begins, and the subject.
const SUBJECTS: [(u16, &str); 8] = [
    (0, "Limits"),
    (100, "Words and shapes"),
    (200, "Names and types"),
    (300, "Facts"),
    (500, "Relations"),
    (600, "Queries"),
    (700, "Rules, callers and the wire"),
    (900, "Scenarios"),
];

fn subject(number: u16) -> &'static str {
    SUBJECTS.iter().rev().find(|(first, _)| *first <= number).map_or("", |(_, subject)| subject)
}

/// Which passages of the specification name a code.
pub struct Law {
    named: BTreeMap<String, Vec<(String, String)>>,
}

impl Law {
    /// Looks through the pages of the specification.
    pub fn new(pages: &[Page]) -> Law {
        let mut named: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        for page in pages.iter().filter(|page| page.section == Section::Language) {
            for passage in &page.content.passages {
                let anchor = if passage.anchor.is_empty() { String::new() } else { format!("#{}", passage.anchor) };
                let title = match passage.heading.as_str() {
                    "" => page.content.title.clone(),
                    heading => format!("{}, {heading}", page.content.title),
                };
                for (code, _) in CATALOGUE.iter().filter(|(code, _)| passage.text.contains(&code.to_string())) {
                    named.entry(code.to_string()).or_default().push((format!("{}{anchor}", page.path), title.clone()));
                }
            }
        }
        Law { named }
    }

    fn links(&self, code: &str) -> String {
        let links: Vec<String> = self
            .named
            .get(code)
            .into_iter()
            .flatten()
            .map(|(path, title)| format!("<a href=\"../{path}\">{}</a>", escape(title)))
            .collect();
        if links.is_empty() {
            return String::new();
        }
        format!("<p class=\"law\">In the specification: {}.</p>\n", links.join("; "))
    }
}

fn severity(info: &CodeInfo) -> (&'static str, &'static str) {
    match info.severity {
        Severity::Error => ("error", "bad"),
        Severity::Warning => ("warning", "warned"),
        Severity::Hint => ("hint", "hint"),
    }
}

/// The list of all codes, and a page for each.
///
/// # Errors
/// A page does not fit; the message names it.
pub fn pages(around: &Around, law: &Law) -> Result<Vec<Page>, String> {
    let targets = BTreeMap::new();
    let renderer = Renderer { around, root: "../", targets: &targets, open: true, beside: &RefCell::default() };
    let mut pages = vec![index()];
    for (code, info) in CATALOGUE {
        let code = code.to_string();
        let mut content = renderer.render(info.page).map_err(|why| format!("{}: {why}", info.name))?;
        let (word, class) = severity(info);
        let rule = sentence(info.rule);
        content.title = format!("{code} {}", info.name);
        content.body = format!(
            "<p class=\"rule\"><span class=\"severity {class}\">{word}</span> {}</p>\n{}\n{}",
            inline(&rule),
            content.body,
            law.links(&code)
        );
        if let Some(passage) = content.passages.first_mut() {
            passage.text = format!("{rule} {}", passage.text);
        }
        pages.push(Page {
            path: format!("errors/{code}.html"),
            section: Section::Errors,
            label: content.title.clone(),
            group: subject(info.number).to_owned(),
            about: rule.replace('`', ""),
            content,
        });
    }
    Ok(pages)
}

fn index() -> Page {
    let mut content = Content { title: "Errors and warnings".to_owned(), ..Content::default() };
    content.body.push_str(
        "<p>Every message of the compiler has a number, a name, and a page with a program that has the mistake and one \
         that has not. <code>tenon error T0211</code> prints the same page in the terminal.</p>\n",
    );
    let mut last = "";
    for (code, info) in CATALOGUE {
        let subject = subject(info.number);
        if subject != last {
            if !last.is_empty() {
                content.body.push_str("</dl>\n");
            }
            let anchor = crate::html::slug(subject);
            content.body.push_str(&format!(
                "<h2 id=\"{anchor}\"><a class=\"anchor\" href=\"#{anchor}\">{subject}</a></h2>\n<dl class=\"codes\">\n"
            ));
            content.headings.push(Heading { level: 2, anchor, text: subject.to_owned() });
            last = subject;
        }
        let (word, class) = severity(info);
        let mark =
            if word == "error" { String::new() } else { format!(" <span class=\"severity {class}\">{word}</span>") };
        content.body.push_str(&format!(
            "<div><dt><a href=\"{code}.html\"><span class=\"number\">{code}</span> {}</a>{mark}</dt><dd>{}</dd></div>\n",
            info.name,
            inline(&sentence(info.rule))
        ));
    }
    content.body.push_str("</dl>\n");
    content.passages.push(Passage {
        anchor: String::new(),
        heading: String::new(),
        text: "Every message of the compiler has a number, a name and a page.".to_owned(),
    });
    Page {
        path: "errors/index.html".to_owned(),
        section: Section::Errors,
        label: "All codes".to_owned(),
        group: String::new(),
        about: "Every error and warning of the Tenon compiler, with a bad and a good program.".to_owned(),
        content,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_subject() {
        assert_eq!(subject(3), "Limits");
        assert_eq!(subject(211), "Names and types");
        assert!(CATALOGUE.iter().all(|(_, info)| !subject(info.number).is_empty()));
    }
}
