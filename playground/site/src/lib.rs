//! The static site: guide, specification, decisions, library reference and error pages as HTML that needs no server.
//!
//! ```text
//! repository ── sources ──▶ texts ── book ──▶ chapters ── markdown, code ──▶ bodies ── layout ──▶ pages ── links ──▶ site
//!                                                                              └── search ──▶ index
//! ```
//!
//! Everything is derived: chapters from `spec/`, error pages from the catalogue, the library from its text and its table
//! of primitives. Programs are coloured by the real lexer, and what the compiler says about a program that must fail is
//! what the checker says at build time. The room knows text and types; it never runs a program.
//!
//! | module | holds |
//! | --- | --- |
//! | [`sources`] | the texts of the repository |
//! | [`book`] | which chapters there are, in which order |
//! | [`markdown`] | Markdown to HTML, with anchors and rewritten links |
//! | [`code`] | programs, commands and outputs as HTML |
//! | [`highlight`] | the classes of a program's tokens |
//! | [`compiler`] | what the checker says about a program |
//! | [`playground`] | links that open a program in the playground |
//! | [`errors`], [`library`], [`home`] | the pages that are not written as Markdown |
//! | [`layout`] | what stands around every page |
//! | [`search`] | the index that the page searches |
//! | [`links`] | no link leads nowhere |
//! | [`html`] | text as HTML |

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test that cannot go on fails"))]

pub mod book;
pub mod code;
pub mod compiler;
pub mod errors;
pub mod highlight;
pub mod home;
pub mod html;
pub mod layout;
pub mod library;
pub mod links;
pub mod markdown;
pub mod playground;
pub mod search;
pub mod sources;

use std::collections::BTreeMap;
use std::path::Path;

/// The files of the site: path, with `/`, and content.
pub type Files = BTreeMap<String, String>;

/// Builds the site from the repository at `root`. With `playground` complete programs link to the page of that name, which
/// whoever writes the site puts into it.
///
/// # Errors
/// A text that cannot be read, or a page that does not fit: each says which.
pub fn build(root: &Path, playground: bool) -> Result<Files, String> {
    let sources = sources::Sources::read(root)?;
    let around = compiler::Around { playground, ..Default::default() };
    let book = book::Book::new(&sources, &around)?;
    let mut files = layout::pages(&book, playground);
    files.insert("search-index.js".to_owned(), search::index(&book));
    for (name, text) in &sources.assets {
        files.insert(name.clone(), text.clone());
    }
    links::check(&files, playground)?;
    Ok(files)
}
