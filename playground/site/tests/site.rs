//! The whole site, built from this repository.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::sync::OnceLock;
use tenon_check::builtins::BUILTINS;
use tenon_diagnostics::CATALOGUE;
use tenon_site::Files;

/// Built once; checking the examples recurses deeper than a test's thread allows.
fn site() -> &'static Files {
    static SITE: OnceLock<Files> = OnceLock::new();
    SITE.get_or_init(|| {
        let build = || tenon_site::build(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."), true).unwrap();
        std::thread::Builder::new().stack_size(256 << 20).spawn(build).unwrap().join().unwrap()
    })
}

fn pages() -> impl Iterator<Item = (&'static String, &'static String)> {
    site().iter().filter(|(name, _)| name.ends_with(".html"))
}

/// Building fails on a link that leads nowhere, so this is also the check of every link.
#[test]
fn every_part_is_there() {
    for page in
        ["index", "guide/index", "spec/index", "spec/decisions", "spec/grammar", "library/index", "errors/index"]
    {
        assert!(site().contains_key(&format!("{page}.html")), "{page}");
    }
    assert!(pages().count() > CATALOGUE.len() + 25);
}

#[test]
fn every_code_has_its_page_with_what_the_compiler_says() {
    for (code, info) in CATALOGUE {
        let page = &site()[&format!("errors/{code}.html")];
        assert!(page.contains("class=\"code program good\""), "{code} has no good program");
        // A name that only another module keeps private takes two modules to misuse.
        if info.name != "private" {
            assert!(page.contains("class=\"code program bad\""), "{code} has no bad program");
            assert!(page.contains(&format!("[{code} {}]", info.name)), "{code}: the compiler says something else");
        }
        assert!(page.contains("In the specification:"), "no chapter names {code}");
    }
}

#[test]
fn every_primitive_has_its_place() {
    let library: String =
        pages().filter(|(name, _)| name.starts_with("library/")).map(|(_, page)| page.as_str()).collect();
    for primitive in BUILTINS {
        assert!(library.contains(&tenon_site::html::inline(primitive.doc)), "{}", primitive.signature);
    }
}

/// Whoever reads a program can try it: all that stand by themselves have a link, and no part of one has.
#[test]
fn complete_programs_open_in_the_playground() {
    let links = |page: &str| site()[page].matches("playground/index.html#p1=").count();
    assert_eq!(links("index.html"), 2);
    for (code, info) in CATALOGUE {
        let page = &site()[&format!("errors/{code}.html")];
        assert_eq!(
            links(&format!("errors/{code}.html")),
            page.matches("class=\"code program").count(),
            "{}",
            info.name
        );
    }
    let count = |part: &str| {
        let pages = pages().filter(|(name, _)| name.starts_with(part));
        pages.map(|(name, _)| links(name)).sum::<usize>()
    };
    assert!(count("spec/") > 100, "{}", count("spec/"));
    assert!(count("guide/") > 5, "{}", count("guide/"));
    // A question to a store is no program.
    assert!(!site().values().any(|page| {
        page.split("<figure class=\"code ")
            .filter(|figure| figure.starts_with("holds"))
            .any(|figure| figure.split("</figure>").next().is_some_and(|figure| figure.contains("playground/")))
    }));
}

/// The policy of every page allows none of these; a page that had one would be broken.
#[test]
fn nothing_is_inline() {
    for (name, page) in pages() {
        let tags = page.split('<').skip(1).filter_map(|tag| tag.split_once('>')).map(|(tag, _)| tag);
        for tag in tags {
            let attributes: Vec<&str> = tag.split('"').step_by(2).map(str::trim_start).collect();
            let inline = attributes.iter().skip(1).any(|name| name.starts_with("on") || name.starts_with("style"));
            assert!(!inline && !tag.contains(" style=\""), "{name}: <{tag}>");
            assert!(
                !tag.starts_with("style") && (!tag.starts_with("script") || tag.contains(" src=\"")),
                "{name}: <{tag}>"
            );
        }
        assert!(page.contains("http-equiv=\"Content-Security-Policy\""), "{name}");
        assert!(page.contains("<html lang=\"en\">") && page.contains("<h1"), "{name}");
    }
}

#[test]
fn the_search_finds_pages_that_are_there() {
    let script = &site()["search-index.js"];
    let json = script.strip_prefix("globalThis.tenonSearchIndex = ").unwrap().trim_end().trim_end_matches(';');
    let entries: Vec<serde_json::Value> = serde_json::from_str(json).unwrap();
    assert!(entries.len() > 300, "{}", entries.len());
    for entry in &entries {
        let url = entry["url"].as_str().unwrap();
        let (page, anchor) = url.split_once('#').unwrap_or((url, ""));
        let text = site().get(page).unwrap_or_else(|| panic!("{url}"));
        assert!(anchor.is_empty() || text.contains(&format!("id=\"{anchor}\"")), "{url}");
    }
    let finds = |word: &str, page: &str| {
        let found =
            entries.iter().any(|e| e["url"].as_str().unwrap().starts_with(page) && e.to_string().contains(word));
        assert!(found, "`{word}` does not find {page}");
    };
    finds("pad_start", "library/text.html");
    finds("T0211", "errors/T0211.html");
    finds("serializable", "spec/01-promises.html");
}

// --- colours

/// The colours of a token: in the light, and in the dark.
fn colours(name: &str) -> [String; 2] {
    let tokens = &site()["tokens.css"];
    let line =
        tokens.lines().find(|line| line.trim().starts_with(&format!("--{name}:"))).unwrap_or_else(|| panic!("{name}"));
    let inside = line.split("light-dark(").nth(1).and_then(|rest| rest.split(')').next()).unwrap();
    let (light, dark) = inside.split_once(", ").unwrap();
    [light.to_owned(), dark.to_owned()]
}

/// The relative luminance of `#rrggbb`, as WCAG defines it.
fn luminance(colour: &str) -> f64 {
    let part = |at: usize| {
        let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.03928 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
}

#[test]
fn text_can_be_read_in_both_themes() {
    let grounds = ["sunken", "ground", "raised"];
    let mut pairs: Vec<(String, String)> = Vec::new();
    for text in ["ink", "ink-soft", "accent"] {
        pairs.extend(grounds.map(|ground| (text.to_owned(), ground.to_owned())));
    }
    pairs.push(("accent".to_owned(), "accent-wash".to_owned()));
    pairs.push(("accent-ink".to_owned(), "accent".to_owned()));
    for state in ["good", "warn", "bad", "info"] {
        pairs
            .extend([format!("{state}-wash"), "ground".to_owned(), "raised".to_owned()].map(|g| (state.to_owned(), g)));
    }
    let kinds = [
        "ink", "keyword", "type", "relation", "case", "function", "field", "name", "text", "number", "sign", "comment",
    ];
    for kind in kinds {
        pairs.extend(["code-ground", "ground", "sunken"].map(|ground| (format!("code-{kind}"), ground.to_owned())));
    }
    for (text, ground) in pairs {
        for theme in [0, 1] {
            let (a, b) = (luminance(&colours(&text)[theme]), luminance(&colours(&ground)[theme]));
            let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
            assert!(contrast >= 4.5, "{text} on {ground} has {contrast:.2} : 1 in theme {theme}");
        }
    }
}
