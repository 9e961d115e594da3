//! Building an action: edits by places of the tree, then the one style.
//!
//! Edits are made where the tree says; then every item that they reach is brought into the one style if it was in it
//! before, or is new. So an action neither disturbs a file that is written in another way, nor has to know how code is
//! laid out. What is left is compared with the text before, and given as replaced lines.

use super::{ActionKind, CodeAction, Context};
use crate::Analysis;
use crate::answer::{FileEdits, FileRange, TextEdit, WorkspaceEdit};
use crate::formatting::is_in_style;
use crate::lines::line_edits;
use rustc_hash::FxHashMap;
use tenon_span::Range;
use tenon_syntax::format_item;

/// Edits of an action.
pub(crate) struct Change<'c, 'a> {
    context: &'c Context<'a>,
    edits: Vec<TextEdit>,
}

impl<'c, 'a> Change<'c, 'a> {
    pub fn new(context: &'c Context<'a>) -> Self {
        Change { context, edits: Vec::new() }
    }

    /// Replaces a range of the item's code.
    pub fn replace(&mut self, range: Range, text: impl Into<String>) {
        self.edits.push(TextEdit { range: self.context.place(range), text: text.into() });
    }

    /// Inserts before a range of the item's code, behind the comments before it.
    pub fn before(&mut self, range: Range, text: impl Into<String>) {
        let at = self.context.place(range).start;
        self.edits.push(TextEdit { range: Range::empty(at), text: text.into() });
    }

    /// Inserts behind a range of the item's code.
    pub fn after(&mut self, range: Range, text: impl Into<String>) {
        let at = self.context.place(range).end;
        self.edits.push(TextEdit { range: Range::empty(at), text: text.into() });
    }

    /// Removes the statement or line at a range of the item's code, with its line if nothing else stands there.
    pub fn remove_line(&mut self, range: Range) {
        let db = &self.context.analysis.db;
        let text = self.context.item.file(db).text(db);
        let place = self.context.place(range);
        let before = text.get(..place.start as usize).unwrap_or("");
        let after = text.get(place.end as usize..).unwrap_or("");
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        let rest = after.find('\n').map_or(after.len(), |at| at + 1);
        let alone = before.get(line..).is_some_and(|lead| lead.trim().is_empty())
            && after.get(..rest).is_some_and(|tail| tail.trim().is_empty());
        let range = if alone {
            Range::new(line as u32, place.end + rest as u32)
        } else {
            // A `;` that stood behind it separates nothing any more.
            let semi = after.trim_start().starts_with(';');
            let blanks = (after.len() - after.trim_start().len()) as u32;
            Range::new(place.start, if semi { place.end + blanks + 1 } else { place.end })
        };
        self.edits.push(TextEdit { range, text: String::new() });
    }

    /// Adds an item behind this one, with an empty line between.
    pub fn item_after(&mut self, item: &str) {
        let db = &self.context.analysis.db;
        let text = self.context.item.text(db);
        let end = self.context.item.offset(db) + text.trim_end().len() as u32;
        self.edits.push(TextEdit { range: Range::empty(end), text: format!("\n\n{}", item.trim_end()) });
    }

    /// The action. `select` is what to select in the text after the change: its last word, where it first stands.
    pub fn finish(
        self,
        id: &'static str,
        title: impl Into<String>,
        kind: ActionKind,
        select: Option<&str>,
    ) -> CodeAction {
        let file = self.context.file();
        finish(self.context.analysis, vec![(file, self.edits)], Offered { id, title: title.into(), kind, select })
    }
}

/// What an action is called.
pub(crate) struct Offered<'s> {
    pub id: &'static str,
    pub title: String,
    pub kind: ActionKind,
    pub select: Option<&'s str>,
}

/// Makes an action of edits of files.
pub(crate) fn finish(analysis: &Analysis, files: Vec<(String, Vec<TextEdit>)>, offered: Offered<'_>) -> CodeAction {
    let mut edits = Vec::new();
    let mut selected = None;
    for (file, of_file) in files {
        let Some(source) = analysis.db.any_file(&file) else { continue };
        let before = source.text(&analysis.db).clone();
        let styled = is_in_style(&analysis.db, source);
        let named = WorkspaceEdit::new(of_file.into_iter().map(|edit| (file.clone(), edit)));
        for change in named.files {
            let after = in_style(&before, &change, styled);
            if let Some(range) = offered.select.and_then(|name| last_word(&after, name)) {
                selected = Some(FileRange { file: file.clone(), range });
            }
            let lines = line_edits(&before, &after);
            if !lines.is_empty() {
                edits.push(FileEdits { file: file.clone(), edits: lines });
            }
        }
    }
    CodeAction {
        id: offered.id,
        title: offered.title,
        kind: offered.kind,
        mends: Vec::new(),
        preferred: false,
        edit: WorkspaceEdit { files: edits },
        select: selected,
    }
}

fn last_word(text: &str, words: &str) -> Option<Range> {
    let at = text.match_indices(words).map(|(at, _)| at).find(|at| {
        let after = text.get(at + words.len()..).and_then(|rest| rest.chars().next());
        !after.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })?;
    let word = words.rsplit(' ').next().unwrap_or(words);
    let end = (at + words.len()) as u32;
    Some(Range::new(end - word.len() as u32, end))
}

/// The text after edits; a file that was in the one style is still, else the items that they reach and were, and new
/// ones are. Only items that have changed are laid out.
fn in_style(before: &str, edits: &FileEdits, styled: bool) -> String {
    let after = edits.apply(before);
    let mut old = FxHashMap::default();
    let mut texts: Vec<&str> = Vec::new();
    for item in tenon_syntax::items(before) {
        let text = item.text(before);
        texts.push(text.trim());
        old.insert((item.word, item.name, item.nth), text);
    }
    texts.sort_unstable();
    let mut text = String::with_capacity(after.len());
    let mut several_lines = false;
    for item in tenon_syntax::items(&after) {
        let source = item.text(&after);
        let same = texts.binary_search(&source.trim()).is_ok();
        let had_style = || old.get(&(item.word, item.name.clone(), item.nth)).is_none_or(|old| has_style(old));
        let formatted = match same {
            true if styled => Some(format!("{}\n", source.trim())),
            false if styled || had_style() => format_item(source).ok(),
            _ => None,
        };
        let Some(formatted) = formatted else {
            several_lines = false;
            text.push_str(source);
            continue;
        };
        if styled {
            // As between items of a file that is laid out as a whole.
            let before = std::mem::replace(&mut several_lines, formatted.lines().nth(1).is_some());
            let blank = source.split('\n').next().is_some_and(|line| line.trim().is_empty());
            let apart = before || several_lines || blank;
            if apart && !text.is_empty() && !text.ends_with("\n\n") && formatted.trim() != "" {
                text.push('\n');
            }
            text.push_str(&formatted);
        } else {
            let blank = source.len() - source.trim_start_matches(['\n', '\r']).len();
            text.push_str(source.get(..blank).unwrap_or(""));
            // The formatter ends an item with a newline, which the file may not have.
            text.push_str(if source.ends_with('\n') { &formatted } else { formatted.trim_end_matches('\n') });
        }
    }
    text
}

/// True for an item in the one style, and for one that cannot be read.
fn has_style(item: &str) -> bool {
    match format_item(item) {
        Ok(formatted) => formatted.trim() == item.trim(),
        Err(_) => true,
    }
}
