//! No link leads nowhere, and nothing comes from elsewhere.

use crate::Files;
use crate::playground::PAGE;
use std::collections::BTreeSet;

/// Looks at every `href` and `src` of every page.
///
/// # Errors
/// All links that lead to no page or to no anchor, and everything that a page would load from another place.
pub fn check(files: &Files, playground: bool) -> Result<(), String> {
    let mut wrong = Vec::new();
    for (page, text) in files.iter().filter(|(name, _)| name.ends_with(".html")) {
        for (attribute, link) in attributes(text) {
            // The page of the playground is there, and reads what stands behind `#` itself.
            if playground && attribute == "href" && link.trim_start_matches("../").split('#').next() == Some(PAGE) {
                continue;
            }
            if let Err(why) = follow(files, page, attribute, link) {
                wrong.push(format!("{page}: `{link}` {why}"));
            }
        }
        let mut seen = BTreeSet::new();
        for (attribute, id) in attributes(text).filter(|(attribute, _)| *attribute == "id") {
            if !seen.insert(id) {
                wrong.push(format!("{page}: two elements have the {attribute} `{id}`"));
            }
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

fn follow(files: &Files, page: &str, attribute: &str, link: &str) -> Result<(), &'static str> {
    if attribute == "id" {
        return Ok(());
    }
    if link.contains("://") || link.starts_with("//") || link.starts_with("data:") {
        return if attribute == "href" && link.starts_with("https://") {
            Ok(())
        } else {
            Err("would be loaded from elsewhere")
        };
    }
    let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
    let target = if path.is_empty() { Some(page.to_owned()) } else { resolve(page, path) };
    let text = target.and_then(|target| files.get(&target)).ok_or("leads to no page")?;
    match anchor {
        Some(anchor) if !attributes(text).any(|(attribute, id)| attribute == "id" && id == anchor) => {
            Err("leads to no heading")
        }
        _ => Ok(()),
    }
}

/// The path that a relative one means on a page; none if it leaves the site.
fn resolve(page: &str, path: &str) -> Option<String> {
    let mut steps: Vec<&str> = page.split('/').collect();
    steps.pop();
    for step in path.split('/') {
        match step {
            ".." => {
                steps.pop()?;
            }
            "." | "" => {}
            step => steps.push(step),
        }
    }
    Some(steps.join("/"))
}

/// The `href`, `src` and `id` attributes of a page.
fn attributes(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split('<').skip(1).filter_map(|tag| tag.split_once('>').map(|(tag, _)| tag)).flat_map(|tag| {
        ["href", "src", "id"].into_iter().filter_map(move |name| {
            let at = tag.find(&format!(" {name}=\""))?;
            let value = tag.get(at + name.len() + 3..)?;
            Some((name, value.split('"').next()?))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(body: &str) -> Files {
        Files::from([
            ("a/one.html".to_owned(), body.to_owned()),
            ("b.html".to_owned(), "<h2 id=\"here\">x</h2>".to_owned()),
        ])
    }

    #[test]
    fn dead_links_are_found() {
        assert_eq!(check(&site("<a href=\"../b.html#here\">x</a>"), false), Ok(()));
        for (body, why) in [
            ("<a href=\"../c.html\">x</a>", "leads to no page"),
            ("<a href=\"../../b.html\">x</a>", "leads to no page"),
            ("<a href=\"../b.html#there\">x</a>", "leads to no heading"),
            ("<script src=\"https://example.org/x.js\"></script>", "from elsewhere"),
            ("<p id=\"a\"></p><p id=\"a\"></p>", "two elements"),
        ] {
            let told = check(&site(body), false).unwrap_err();
            assert!(told.contains(why), "{told}");
        }
    }
}
