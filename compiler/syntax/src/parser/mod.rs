//! From the text of an item to its tree.
//!
//! Lex, repair, check the depth, read with the grammar. If the grammar meets a second error, or cannot go on,
//! the line around the first one is cut out and the item is read again; what still cannot be read is a broken
//! item, of which the splitter knows kind and name. One cause gives one message: errors of the repair speak for
//! everything the grammar then says about the item, and an error of the grammar for its line.

#![allow(clippy::vec_box, reason = "the stack of the grammar moves boxes rather than large nodes")]

pub(crate) mod context;
pub(crate) mod expected;
mod messages;
pub(crate) mod paren;
pub(crate) mod parts;
pub(crate) mod text;

use crate::ast::{Doc, Item};
use crate::error::SyntaxError;
use crate::lexer;
use crate::repair::{self, Repaired, depth, excision};
use crate::token::{Token, TokenTable, comments};
use context::{Context, Failure};
use smol_str::SmolStr;
use std::convert::Infallible;
use std::sync::Arc;
use tenon_diagnostics::Code;
use tenon_span::Range;

#[allow(clippy::all, clippy::unwrap_used, unused, missing_docs, unreachable_pub, reason = "made by LALRPOP")]
mod grammar {
    include!(concat!(env!("OUT_DIR"), "/grammar.rs"));
}

/// How many lines of an item are cut out before it counts as broken.
const CUTS: usize = 8;

/// How many errors of one item are kept.
const ERRORS: usize = 50;

/// Everything that is known about the text of one item.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parsed {
    /// The tree; `None` for a broken item, which has at least one error, and for a text without tokens.
    pub item: Option<Arc<Item>>,
    /// The item's code: its text with trivia dropped or replaced by one space. All ranges are ranges of it.
    pub code: Arc<str>,
    /// The tokens, and the way from the code to the text.
    pub tokens: TokenTable,
    /// What is wrong, in order of place.
    pub errors: Vec<SyntaxError>,
}

impl Parsed {
    /// The range in the item's text for a range of the code.
    pub fn place(&self, range: Range) -> Range {
        self.tokens.place(range)
    }
}

/// Reads the text of one item, as [`items`](crate::items) gives it. Never fails and never panics.
pub fn parse_item(text: &str) -> Parsed {
    let mut lexical = Vec::new();
    let lexed = lexer::lex(text, &mut lexical);
    let (mut tokens, code) = TokenTable::new(text, lexed);
    move_to_code(&mut lexical, &tokens);
    let docs = documentation(text, &tokens);
    let mut errors = lexical.clone();
    let repaired = repair::repair(&code, &mut tokens, &mut errors);
    let mut item = read(&code, &docs, &repaired, &tokens, &mut errors);
    let too_deep = errors.iter().any(|error| error.code == Code::TooDeep);
    if !errors.is_empty() && !too_deep {
        let first = std::mem::replace(&mut errors, lexical);
        item = match messages::no_item_word(&code, &tokens) {
            Some(error) => {
                errors.retain(|error| error.code == Code::ForeignComment);
                errors.push(error);
                None
            }
            None => {
                let repaired = repair::repair_broken(&code, &tokens, &mut errors);
                let item = read(&code, &docs, &repaired, &tokens, &mut errors);
                // What is replaced is told; were it not, the item would be taken for what it is not.
                if errors.is_empty() && !repaired.told_later {
                    errors = first;
                }
                item
            }
        };
    }
    errors.sort_by_key(|error| (error.range.start, error.range.end));
    errors.truncate(ERRORS);
    Parsed { item: item.map(Arc::new), code: Arc::from(code), tokens, errors }
}

/// The tree of repaired tokens, unless they are too deep for one.
fn read(
    code: &str,
    docs: &[(u32, Doc)],
    repaired: &Repaired,
    table: &TokenTable,
    errors: &mut Vec<SyntaxError>,
) -> Option<Item> {
    if repaired.tokens.is_empty() {
        return None;
    }
    if let Some(too_deep) = depth::check(&repaired.tokens) {
        *errors = vec![too_deep];
        return None;
    }
    Reading { code, docs, repaired, table }.read(errors)
}

/// The errors of the lexer speak about the text; everything else about the code.
fn move_to_code(errors: &mut [SyntaxError], table: &TokenTable) {
    let moved = |range: Range| Range::new(table.code_offset(range.start), table.code_offset(range.end));
    for error in errors {
        error.range = moved(error.range);
        for (range, _) in &mut error.because {
            *range = moved(*range);
        }
        for (range, _) in error.fixes.iter_mut().flat_map(|fix| &mut fix.edits) {
            *range = moved(*range);
        }
    }
}

/// The documentation before each token that has some, by the token's start in the code.
fn documentation(text: &str, table: &TokenTable) -> Vec<(u32, Doc)> {
    let mut docs = Vec::new();
    if !text.contains("///") {
        return docs;
    }
    for (index, token) in table.tokens().iter().enumerate() {
        let trivia = table.trivia_before(index);
        if trivia.len() < 4 {
            continue;
        }
        let mut lines: Vec<&str> = Vec::new();
        for comment in comments(text, trivia) {
            if comment.blank_before || !comment.documentation || !comment.own_line {
                lines.clear();
            }
            if comment.documentation && comment.own_line {
                let line = comment.range.slice(text).trim_start_matches("///");
                lines.push(line.strip_prefix(' ').unwrap_or(line));
            }
        }
        if !lines.is_empty() {
            docs.push((token.range.start, Doc { text: SmolStr::from(lines.join("\n")) }));
        }
    }
    docs
}

struct Reading<'a> {
    code: &'a str,
    docs: &'a [(u32, Doc)],
    repaired: &'a Repaired,
    table: &'a TokenTable,
}

impl Reading<'_> {
    fn read(&self, errors: &mut Vec<SyntaxError>) -> Option<Item> {
        let mut after_cuts: Option<Vec<Token>> = None;
        let mut failures: Vec<SyntaxError> = Vec::new();
        for cuts in 0..=CUTS {
            let tokens = after_cuts.as_deref().unwrap_or(&self.repaired.tokens);
            let mut context = Context::new(self.docs);
            let stream = tokens.iter().map(|token| {
                let text = self.repaired.text(self.code, token);
                Ok::<_, Infallible>((token.range.start, (token.kind, text), token.range.end))
            });
            let result = grammar::ItemParser::new().parse(&mut context, stream);
            let Context { errors: found, failures: mut recovered, .. } = context;
            let item = match result {
                Ok(item) => Some(*item),
                Err(error) => {
                    recovered.push(Failure::new(error));
                    None
                }
            };
            let readable = item.is_some() && recovered.len() <= 1;
            let cut = match recovered.first() {
                Some(first) if !readable && cuts < CUTS => {
                    excision::cut_line(tokens, index_of(tokens, first.range.start))
                }
                _ => None,
            };
            let Some(cut) = cut else {
                failures.extend(recovered.iter().take(ERRORS).map(|failure| self.describe(failure, tokens)));
                errors.extend(found);
                self.report(failures, errors);
                return item;
            };
            failures.extend(recovered.first().map(|failure| self.describe(failure, tokens)));
            after_cuts = Some(cut);
        }
        None
    }

    fn describe(&self, failure: &Failure, tokens: &[Token]) -> SyntaxError {
        messages::describe(self.code, failure, tokens, index_of(tokens, failure.range.start))
    }

    /// Adds what the grammar said, unless another error speaks for it already.
    fn report(&self, mut failures: Vec<SyntaxError>, errors: &mut Vec<SyntaxError>) {
        let repaired = errors.iter().any(|error| messages::speaks_for_item(error.code));
        if repaired {
            return;
        }
        failures.sort_by_key(|failure| failure.range.start);
        failures.truncate(ERRORS);
        let mut lines: Vec<usize> = errors.iter().map(|error| self.line(error.range.start)).collect();
        for failure in failures {
            let line = self.line(failure.range.start);
            if !lines.contains(&line) {
                lines.push(line);
                errors.push(failure);
            }
        }
    }

    /// The line of a place, counted by the tokens that begin one.
    fn line(&self, offset: u32) -> usize {
        self.table.tokens().iter().take_while(|token| token.range.start <= offset).filter(|t| t.first_on_line).count()
    }
}

/// The first token that is in the text and starts at or behind the offset.
fn index_of(tokens: &[Token], offset: u32) -> usize {
    tokens.iter().position(|token| token.range.start >= offset && !token.range.is_empty()).unwrap_or(tokens.len())
}
