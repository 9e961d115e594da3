//! Markdown to HTML: headings get anchors, links to pages of the repository become links to pages of the site, codes of
//! diagnostics become links to their pages, fenced blocks go through [`crate::code`].

use crate::code;
use crate::compiler::Around;
use crate::html::{escape, slug};
use pulldown_cmark::{CodeBlockKind, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use std::cell::RefCell;
use std::collections::BTreeMap;
use tenon_diagnostics::find_code;

/// A heading below the title.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Heading {
    /// 2 or 3.
    pub level: u8,
    /// Its anchor.
    pub anchor: String,
    /// Its text.
    pub text: String,
}

/// A piece of a page that a search finds: what stands under one heading.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Passage {
    /// The heading's anchor; empty above the first heading.
    pub anchor: String,
    /// The heading; empty above the first.
    pub heading: String,
    /// The text, without marks.
    pub text: String,
}

/// A page's content.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Content {
    /// The first heading of level 1.
    pub title: String,
    /// The HTML behind the title.
    pub body: String,
    /// The headings, in order.
    pub headings: Vec<Heading>,
    /// The text for the search, in order.
    pub passages: Vec<Passage>,
}

/// What turns a page's text into content.
pub struct Renderer<'a> {
    /// The compiler, and what else the site has.
    pub around: &'a Around,
    /// From the page to the site's folder: empty or `../`.
    pub root: &'a str,
    /// Where links lead that name a page of the repository, as they are written.
    pub targets: &'a BTreeMap<String, String>,
    /// True if what the compiler says about a program is shown at once rather than when it is asked for.
    pub open: bool,
    /// The files that pages have shown so far; the pages of the guide make one program.
    pub beside: &'a RefCell<Vec<(String, String)>>,
}

struct Page<'a> {
    renderer: &'a Renderer<'a>,
    content: Content,
    out: Vec<Event<'a>>,
    heading: Option<(HeadingLevel, String)>,
    fence: Option<(String, String)>,
    in_link: bool,
    in_code: bool,
}

impl Renderer<'_> {
    /// The content of a page.
    ///
    /// # Errors
    /// A link names something that is not part of the site.
    pub fn render(&self, text: &str) -> Result<Content, String> {
        let mut page = Page {
            renderer: self,
            content: Content { passages: vec![passage("", "")], ..Content::default() },
            out: Vec::new(),
            heading: None,
            fence: None,
            in_link: false,
            in_code: false,
        };
        for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
            page.event(event)?;
        }
        let Page { mut content, out, .. } = page;
        pulldown_cmark::html::push_html(&mut content.body, out.into_iter());
        content.passages.retain(|passage| !(passage.heading.is_empty() && passage.text.is_empty()));
        Ok(content)
    }
}

impl Renderer<'_> {
    fn fence(&self, words: &str, text: &str) -> String {
        let fences = code::Fences { root: self.root, around: self.around, open: self.open, beside: self.beside };
        fences.block(words, text)
    }
}

fn passage(anchor: &str, heading: &str) -> Passage {
    Passage { anchor: anchor.to_owned(), heading: heading.to_owned(), text: String::new() }
}

impl<'a> Page<'a> {
    fn event(&mut self, event: Event<'a>) -> Result<(), String> {
        match event {
            Event::Start(Tag::Heading { level, .. }) => self.heading = Some((level, String::new())),
            Event::End(TagEnd::Heading(_)) => self.end_heading(),
            Event::Start(Tag::CodeBlock(kind)) => {
                let words = match kind {
                    CodeBlockKind::Fenced(words) => words.into_string(),
                    CodeBlockKind::Indented => String::new(),
                };
                self.fence = Some((words, String::new()));
            }
            Event::End(TagEnd::CodeBlock) => {
                if let Some((words, text)) = self.fence.take() {
                    self.say(&text);
                    let block = self.renderer.fence(&words, &text);
                    self.out.push(Event::Html(block.into()));
                }
            }
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                self.in_link = true;
                let dest_url: CowStr<'a> = self.target(&dest_url)?.into();
                self.out.push(Event::Start(Tag::Link { link_type, dest_url, title, id }));
            }
            Event::End(TagEnd::Link) => {
                self.in_link = false;
                self.out.push(Event::End(TagEnd::Link));
            }
            Event::Start(Tag::Table(columns)) => {
                let open = "<div class=\"table\">\n";
                self.out.push(Event::Html(open.into()));
                self.out.push(Event::Start(Tag::Table(columns)));
            }
            Event::End(TagEnd::Table) => {
                self.out.push(Event::End(TagEnd::Table));
                self.out.push(Event::Html("</div>\n".into()));
            }
            Event::Text(text) => self.text(text),
            Event::Code(text) => {
                self.say(&text);
                match &mut self.heading {
                    Some((_, heading)) => heading.push_str(&text),
                    None => self.out.push(Event::Code(text)),
                }
            }
            Event::SoftBreak | Event::HardBreak => {
                self.say(" ");
                self.out.push(event);
            }
            Event::InlineHtml(html) => {
                // The only tags in pages are `<code>`, where a sign of Markdown stands in code in a table.
                self.in_code = &*html == "<code>" || self.in_code && &*html != "</code>";
                self.out.push(Event::InlineHtml(html));
            }
            Event::End(TagEnd::TableCell | TagEnd::Paragraph | TagEnd::Item) => {
                self.say(" ");
                self.out.push(event);
            }
            event => self.out.push(event),
        }
        Ok(())
    }

    /// Adds text to what the search finds.
    fn say(&mut self, text: &str) {
        if self.heading.is_none()
            && let Some(passage) = self.content.passages.last_mut()
        {
            passage.text.push_str(text);
        }
    }

    fn text(&mut self, text: CowStr<'a>) {
        if let Some((_, fence)) = &mut self.fence {
            fence.push_str(&text);
            return;
        }
        if let Some((_, heading)) = &mut self.heading {
            heading.push_str(&text);
            return;
        }
        self.say(&text);
        if self.in_link || self.in_code {
            self.out.push(Event::Text(text));
        } else {
            self.out.push(Event::Html(with_codes(&text, self.renderer.root).into()));
        }
    }

    fn end_heading(&mut self) {
        let Some((level, text)) = self.heading.take() else { return };
        let level = match level {
            HeadingLevel::H1 => {
                self.content.title = text;
                return;
            }
            HeadingLevel::H2 => 2,
            _ => 3,
        };
        let mut anchor = slug(&text);
        let same = self.content.headings.iter().filter(|other| other.text == text).count();
        if same > 0 {
            anchor.push_str(&format!("-{}", same + 1));
        }
        let shown = escape(&text);
        self.out.push(Event::Html(
            format!("<h{level} id=\"{anchor}\"><a class=\"anchor\" href=\"#{anchor}\">{shown}</a></h{level}>\n").into(),
        ));
        self.content.passages.push(passage(&anchor, &text));
        self.content.headings.push(Heading { level, anchor, text });
    }

    /// Where a link leads in the site.
    fn target(&self, link: &str) -> Result<String, String> {
        if link.starts_with('#') || link.starts_with("https://") {
            return Ok(link.to_owned());
        }
        let (page, anchor) = link.split_once('#').map_or((link, None), |(page, anchor)| (page, Some(anchor)));
        let target =
            self.renderer.targets.get(page).ok_or_else(|| format!("a link leads to `{link}`, which is no page"))?;
        let anchor = anchor.map(|anchor| format!("#{anchor}")).unwrap_or_default();
        Ok(format!("{}{target}{anchor}", self.renderer.root))
    }
}

/// Text with the codes of diagnostics as links.
fn with_codes(text: &str, root: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('T') {
        let (before, from) = rest.split_at(at);
        out.push_str(&escape(before));
        let code: String = from.chars().take(5).collect();
        let is_code = code.len() == 5 && code.chars().skip(1).all(|c| c.is_ascii_digit());
        let begins = !before.ends_with(|c: char| c.is_alphanumeric());
        match find_code(&code).filter(|_| is_code && begins) {
            Some(known) => {
                let name = known.info().name;
                out.push_str(&format!(
                    "<a class=\"diagnostic\" href=\"{root}errors/{code}.html\" title=\"{name}\">{code}</a>"
                ));
                rest = from.get(5..).unwrap_or_default();
            }
            None => {
                out.push('T');
                rest = from.get(1..).unwrap_or_default();
            }
        }
    }
    out.push_str(&escape(rest));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(text: &str) -> Result<Content, String> {
        let around = Around::default();
        let targets = BTreeMap::from([("04-types.md".to_owned(), "spec/04-types.html".to_owned())]);
        Renderer { around: &around, root: "../", targets: &targets, open: false, beside: &RefCell::default() }
            .render(text)
    }

    #[test]
    fn pages_have_titles_anchors_and_links() {
        let page =
            render("# A page\n\nOne [link](04-types.md#text), T0211 too.\n\n## On `x`\n\na\n\n## On `x`\n").unwrap();
        assert_eq!(page.title, "A page");
        assert!(page.body.contains("href=\"../spec/04-types.html#text\""), "{}", page.body);
        assert!(page.body.contains("href=\"../errors/T0211.html\""), "{}", page.body);
        let anchors: Vec<&str> = page.headings.iter().map(|heading| &*heading.anchor).collect();
        assert_eq!(anchors, ["on-x", "on-x-2"]);
        assert_eq!(page.passages[0].text.trim(), "One link, T0211 too.");
        assert!(render("[gone](gone.md)").is_err());
    }

    #[test]
    fn only_codes_are_links() {
        assert_eq!(with_codes("T9999 AT0211 Text < T", ""), "T9999 AT0211 Text &lt; T");
    }
}
