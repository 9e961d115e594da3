//! The pages that a newcomer follows at a terminal do what they say: the READMEs of the templates, and the guide.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "spec/fences.rs"]
mod fences;
#[path = "walkthrough/session.rs"]
mod session;

use session::Session;
use std::path::Path;
use std::process::Command;
use tenon_driver::templates::TEMPLATES;

/// `tenon build` finds the launcher beside `tenon`.
fn launcher() {
    let built = Command::new(env!("CARGO")).args(["build", "--quiet", "-p", "tenon-launcher"]).status().unwrap();
    assert!(built.success());
}

/// A program of a template, made by the command: what its README says works, and its files are in the style.
fn template(name: &str) {
    launcher();
    let mut session = Session::new(name);
    let page = format!(
        "```sh\ntenon new first --template {name}\ncd first\ntenon check\ntenon fmt --check\ntenon test\ntenon test --engine evaluator\n```\n"
    );
    session.read("begin", &page);
    let readme = session.text("README.md");
    assert!(readme.starts_with("# first\n"), "{readme}");
    let followed = session.read(&format!("templates/{name}/README.md"), &readme);
    assert!(followed >= 5, "the README has {followed} commands to try");
}

#[test]
fn the_template_service_does_what_its_readme_says() {
    template("service");
}

#[test]
fn the_template_todo_does_what_its_readme_says() {
    template("todo");
}

#[test]
fn the_template_analytics_does_what_its_readme_says() {
    template("analytics");
}

#[test]
fn every_template_has_its_test() {
    let source = include_str!("walkthrough.rs");
    for template in TEMPLATES {
        assert!(source.contains(&format!("template(\"{}\")", template.name)), "{} has no test", template.name);
    }
}

/// The chapters of the guide in order: one reader follows all of them, in one folder.
#[test]
fn the_guide_does_what_it_says() {
    launcher();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/guide");
    let mut pages: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.sort();
    assert!(pages.len() >= 10, "the guide has {} pages", pages.len());
    let mut session = Session::new("guide");
    for path in pages {
        let page = format!("spec/guide/{}", path.file_name().unwrap().to_string_lossy());
        session.read(&page, &std::fs::read_to_string(&path).unwrap());
    }
}
