//! What stands around every page: head, navigation, contents, the way to the next page, the search.

use crate::Files;
use crate::book::{Book, Page, Section};
use crate::html::escape;
use crate::playground::PAGE;

/// No script, style, picture or request of another place; no inline script or style either.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'";

const BRAND: &str = "<svg viewBox=\"0 0 24 24\" width=\"24\" height=\"24\" aria-hidden=\"true\" focusable=\"false\">\
    <path class=\"joint-tenon\" d=\"M1 4h8v5h7v6H9v5H1z\"/>\
    <path class=\"joint-mortise\" d=\"M11 4h12v16H11v-3h7V7h-7z\"/></svg>";

/// The HTML of every page.
pub fn pages(book: &Book, playground: bool) -> Files {
    let mut files = Files::new();
    for section in [Section::Home].into_iter().chain(Section::SHOWN) {
        let pages: Vec<&Page> = book.section(section).collect();
        for (index, page) in pages.iter().enumerate() {
            let before = index.checked_sub(1).and_then(|at| pages.get(at)).copied();
            let after = pages.get(index + 1).copied();
            files.insert(page.path.clone(), document(book, page, before, after, playground));
        }
    }
    files
}

fn document(book: &Book, page: &Page, before: Option<&Page>, after: Option<&Page>, playground: bool) -> String {
    let root = page.root();
    let title = match page.section {
        Section::Home => "Tenon: data, queries and transactions in one program".to_owned(),
        section => format!("{} · {} · Tenon", page.content.title, section.name()),
    };
    let (title, about) = (escape(&title), escape(&page.about));
    let main = match page.section {
        Section::Home => format!("<main id=\"content\" class=\"home\">\n{}</main>\n", page.content.body),
        _ => article(book, page, before, after),
    };
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<meta name=\"description\" content=\"{about}\">\n\
         <link rel=\"icon\" type=\"image/svg+xml\" href=\"{root}tenon.svg\">\n\
         <link rel=\"stylesheet\" href=\"{root}tokens.css\">\n<link rel=\"stylesheet\" href=\"{root}site.css\">\n\
         <script src=\"{root}theme.js\"></script>\n<script src=\"{root}site.js\" defer></script>\n</head>\n\
         <body data-root=\"{root}\">\n<a class=\"skip\" href=\"#content\">Skip to the text</a>\n{}{main}{}{}</body>\n</html>\n",
        header(page, playground),
        footer(),
        search(),
    )
}

fn header(page: &Page, playground: bool) -> String {
    let root = page.root();
    let mut links: String = Section::SHOWN
        .iter()
        .map(|section| {
            let here = if *section == page.section { " aria-current=\"true\"" } else { "" };
            format!("<li><a href=\"{root}{}/index.html\"{here}>{}</a></li>", section.folder(), section.name())
        })
        .collect();
    if playground {
        links.push_str(&format!("<li><a href=\"{root}{PAGE}\">Playground</a></li>"));
    }
    let menu = match page.section {
        Section::Home => "",
        _ => {
            "<button type=\"button\" class=\"icon scripted\" id=\"menu\" aria-expanded=\"false\" aria-controls=\"sidebar\">\
             <svg viewBox=\"0 0 20 20\" width=\"20\" height=\"20\" aria-hidden=\"true\"><path d=\"M2 5h16M2 10h16M2 15h16\"/></svg>\
             <span class=\"hidden\">Contents</span></button>"
        }
    };
    format!(
        "<header class=\"top\">\n{menu}<a class=\"brand\" href=\"{root}index.html\">{BRAND}<span>Tenon</span></a>\n\
         <nav class=\"parts\" aria-label=\"Parts\"><ul>{links}</ul></nav>\n\
         <button type=\"button\" class=\"search-open scripted\" id=\"search-open\" aria-haspopup=\"dialog\">\
         <svg viewBox=\"0 0 20 20\" width=\"18\" height=\"18\" aria-hidden=\"true\"><circle cx=\"8.5\" cy=\"8.5\" r=\"5.5\"/><path d=\"M13 13l5 5\"/></svg>\
         <span>Search</span><kbd>/</kbd></button>\n\
         <button type=\"button\" class=\"icon scripted\" id=\"theme\">\
         <svg viewBox=\"0 0 20 20\" width=\"20\" height=\"20\" aria-hidden=\"true\"><circle cx=\"10\" cy=\"10\" r=\"7\"/><path class=\"half\" d=\"M10 3a7 7 0 0 1 0 14z\"/></svg>\
         <span class=\"hidden\" id=\"theme-name\">Colours: as the system</span></button>\n</header>\n"
    )
}

fn article(book: &Book, page: &Page, before: Option<&Page>, after: Option<&Page>) -> String {
    let section = page.section.name();
    let turn = |page: Option<&Page>, class: &str, word: &str| {
        page.map(|other| {
            let path = other.path.rsplit('/').next().unwrap_or_default();
            let label = if other.label == "Overview" { &other.content.title } else { &other.label };
            format!("<a class=\"{class}\" href=\"{path}\" rel=\"{class}\"><span>{word}</span> {}</a>", escape(label))
        })
        .unwrap_or_default()
    };
    let class = page.section.folder();
    format!(
        "<div class=\"frame {class}\">\n{}<main id=\"content\">\n<article>\n<p class=\"part\">{section}</p>\n<h1>{}</h1>\n{}</article>\n\
         <nav class=\"turn\" aria-label=\"Next and previous page\">{}{}</nav>\n</main>\n{}</div>\n",
        sidebar(book, page),
        title(page),
        page.content.body,
        turn(before, "prev", "Previous"),
        turn(after, "next", "Next"),
        contents(page),
    )
}

fn title(page: &Page) -> String {
    match page.content.title.split_once(' ') {
        Some((code, name)) if page.section == Section::Errors && page.path != "errors/index.html" => {
            format!("<span class=\"number\">{code}</span> {}", escape(name))
        }
        _ => escape(&page.content.title),
    }
}

/// The pages of the part, by group; of a long part only the group that is read is open.
fn sidebar(book: &Book, here: &Page) -> String {
    let mut out = format!("<nav class=\"sidebar\" id=\"sidebar\" aria-label=\"{}\">\n", here.section.name());
    let mut groups: Vec<(&str, Vec<&Page>)> = Vec::new();
    for page in book.section(here.section) {
        match groups.last_mut() {
            Some((group, pages)) if *group == page.group => pages.push(page),
            _ => groups.push((&page.group, vec![page])),
        }
    }
    for (group, pages) in groups {
        let links: String = pages
            .iter()
            .map(|page| {
                let current = if page.path == here.path { " aria-current=\"page\"" } else { "" };
                let path = page.path.rsplit('/').next().unwrap_or_default();
                format!("<li><a href=\"{path}\"{current}>{}</a></li>", escape(&page.label))
            })
            .collect();
        if group.is_empty() {
            out.push_str(&format!("<ul>{links}</ul>\n"));
        } else {
            let open = if here.section != Section::Errors || here.group == group { " open" } else { "" };
            out.push_str(&format!("<details{open}><summary>{}</summary><ul>{links}</ul></details>\n", escape(group)));
        }
    }
    out.push_str("</nav>\n");
    out
}

/// The headings of the page.
fn contents(page: &Page) -> String {
    let headings = &page.content.headings;
    if headings.len() < 2 {
        return "<div class=\"contents\"></div>\n".to_owned();
    }
    let links: String = headings
        .iter()
        .map(|heading| {
            format!(
                "<li class=\"level-{}\"><a href=\"#{}\">{}</a></li>",
                heading.level,
                heading.anchor,
                escape(&heading.text)
            )
        })
        .collect();
    format!("<nav class=\"contents\" aria-label=\"On this page\"><p>On this page</p><ul>{links}</ul></nav>\n")
}

fn footer() -> String {
    "<footer class=\"bottom\"><p>Tenon is free software under Apache-2.0 or MIT, at your option.</p></footer>\n"
        .to_owned()
}

fn search() -> String {
    "<dialog id=\"search\" class=\"search\" aria-label=\"Search\">\n\
     <div class=\"search-box\"><input id=\"search-input\" type=\"search\" role=\"combobox\" aria-expanded=\"false\" \
     aria-controls=\"search-results\" aria-autocomplete=\"list\" aria-label=\"Search guide, language, library and errors\" \
     placeholder=\"A word, a function, a code such as T0211\" autocomplete=\"off\" spellcheck=\"false\">\
     <button type=\"button\" id=\"search-close\">Close</button></div>\n\
     <ul id=\"search-results\" role=\"listbox\" aria-label=\"Results\"></ul>\n\
     <p id=\"search-status\" role=\"status\"></p>\n</dialog>\n"
        .to_owned()
}
