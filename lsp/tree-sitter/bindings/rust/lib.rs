//! The tree-sitter grammar of Tenon, for editors and tools that read it by tree-sitter.
//!
//! The compiler has a parser of its own, which is the law; this one draws colours, folds and outlines where no compiler
//! runs. `grammar.js` is its source; `src/parser.c` is made from it (the example `generate`)
//! and is committed, since editors fetch grammars and compile that file.

#[cfg(feature = "parser")]
use tree_sitter_language::LanguageFn;

#[cfg(feature = "parser")]
unsafe extern "C" {
    fn tree_sitter_tenon() -> *const ();
}

/// The language, for `tree_sitter::Parser::set_language`.
///
/// SAFETY: `tree_sitter_tenon` is the function that the generator wrote into `src/parser.c`.
#[cfg(feature = "parser")]
pub const LANGUAGE: LanguageFn = unsafe { LanguageFn::from_raw(tree_sitter_tenon) };

/// What gets which colour.
pub const HIGHLIGHTS: &str = include_str!("../../queries/highlights.scm");
/// Other languages inside: patterns behind `matches`.
pub const INJECTIONS: &str = include_str!("../../queries/injections.scm");
/// What folds.
pub const FOLDS: &str = include_str!("../../queries/folds.scm");
/// Where lines are indented.
pub const INDENTS: &str = include_str!("../../queries/indents.scm");
/// Scopes, definitions and references of local names.
pub const LOCALS: &str = include_str!("../../queries/locals.scm");
/// What an outline shows.
pub const TAGS: &str = include_str!("../../queries/tags.scm");
