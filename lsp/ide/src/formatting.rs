//! Formatting of a file, of a range, and while typing. All through the one formatter; answers are edits of whole lines.
//!
//! An item with errors is left as it is, like `tenon fmt` leaves it.

#![allow(missing_docs, reason = "the macros of salsa make functions that carry no documentation")]

use crate::Analysis;
use crate::answer::{FileEdits, FilePosition, FileRange, TextEdit};
use crate::lines::line_edits;
use tenon_check::db::{Db, SourceFile};
use tenon_check::items::{Item, items};
use tenon_span::{LineIndex, Range};
use tenon_syntax::parse_item;
use tenon_syntax::token::comments;
use tenon_syntax::words::TokenKind;

/// One level of indent.
const INDENT: &str = "  ";

/// The characters after which [`Analysis::format_on_type`] has something to say.
pub const ON_TYPE: [char; 2] = ['}', '\n'];

/// True for a file that is in the one style. A query, since every action that is offered at a place asks it.
#[salsa::tracked(returns(copy))]
pub(crate) fn is_in_style(db: &dyn Db, file: SourceFile) -> bool {
    let text = file.text(db);
    tenon_syntax::format(text).text == **text
}

impl Analysis {
    /// The edits that bring a file into the one style.
    pub fn format(&self, file: &str) -> Vec<TextEdit> {
        let Some(file) = self.db.any_file(file) else { return Vec::new() };
        let text = file.text(&self.db);
        line_edits(text, &tenon_syntax::format(text).text)
    }

    /// The edits that bring those items into the one style that the range touches. An empty range touches the item
    /// around it. Blank lines before an item stay.
    pub fn format_range(&self, range: &FileRange) -> Vec<TextEdit> {
        let Some(file) = self.db.any_file(&range.file) else { return Vec::new() };
        let range = range.range;
        let touched = items(&self.db, file).iter().filter(|item| {
            self.written(**item).is_some_and(|written| written.start <= range.end && range.start <= written.end)
        });
        touched.flat_map(|item| self.item_edits(*item)).collect()
    }

    /// What to change after `typed` was typed; the position is behind it.
    ///
    /// After `}`: what the brace closes is brought into the one style, if its item has no errors. After a new line:
    /// the line gets its indent, and documentation goes on.
    pub fn format_on_type(&self, position: &FilePosition, typed: char) -> Vec<TextEdit> {
        match typed {
            '}' => self.after_brace(position),
            '\n' => self.after_new_line(position),
            _ => Vec::new(),
        }
    }

    /// Where an item's first comment or token begins and its last token ends, in its file.
    fn written(&self, item: Item<'_>) -> Option<Range> {
        let text = item.text(&self.db);
        let start = text.len() - text.trim_start().len();
        let end = text.trim_end().len();
        (start < end).then(|| Range::new(start as u32, end as u32).shifted(item.offset(&self.db)))
    }

    fn item_edits(&self, item: Item<'_>) -> Vec<TextEdit> {
        let text = item.text(&self.db);
        let Some(written) = self.written(item) else { return Vec::new() };
        let Ok(formatted) = tenon_syntax::format_item(text) else { return Vec::new() };
        let offset = item.offset(&self.db);
        // Whole lines: from the beginning of the first to the end of the last.
        let start = written.start - offset;
        let begin = text.get(..start as usize).and_then(|before| before.rfind('\n')).map_or(0, |at| at as u32 + 1);
        let end = written.end - offset;
        let rest = text.get(end as usize..).unwrap_or("");
        let last = rest.find('\n').map_or(text.len() as u32, |at| end + at as u32 + 1);
        let old = Range::new(begin, last).slice(text);
        let new = if old.ends_with('\n') { formatted.as_str() } else { formatted.trim_end_matches('\n') };
        let by = offset + begin;
        line_edits(old, new)
            .into_iter()
            .map(|edit| TextEdit { range: edit.range.shifted(by), text: edit.text })
            .collect()
    }

    fn after_brace(&self, position: &FilePosition) -> Vec<TextEdit> {
        let Some(place) = self.locate(position) else { return Vec::new() };
        let tokens = &place.parsed.tokens;
        let Some(close) = (0..tokens.tokens().len()).find(|index| {
            tokens.tokens().get(*index).is_some_and(|token| token.kind == TokenKind::RBrace)
                && tokens.token_place(*index).end == place.offset
        }) else {
            return Vec::new();
        };
        let mut depth = 0u32;
        let Some(open) = (0..=close).rev().find(|index| {
            match tokens.tokens().get(*index).map(|token| token.kind) {
                Some(TokenKind::RBrace) => depth += 1,
                Some(TokenKind::LBrace) => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0
        }) else {
            return Vec::new();
        };
        let edits = self.item_edits(place.item);
        let closed = tokens.token_place(open).cover(tokens.token_place(close)).shifted(place.item.offset(&self.db));
        let within = |edit: &TextEdit| edit.range.start <= closed.end && closed.start <= edit.range.end;
        let some: Vec<TextEdit> = edits.iter().filter(|edit| within(edit)).cloned().collect();
        if some.len() == edits.len() || self.says_the_same(place.item, &some) { some } else { edits }
    }

    /// True if an item has the same tokens and comments after edits of its file.
    fn says_the_same(&self, item: Item<'_>, edits: &[TextEdit]) -> bool {
        let offset = item.offset(&self.db);
        let moved = |edit: &TextEdit| TextEdit {
            range: Range::new(edit.range.start.saturating_sub(offset), edit.range.end.saturating_sub(offset)),
            text: edit.text.clone(),
        };
        let text = item.text(&self.db);
        let edited = FileEdits { file: String::new(), edits: edits.iter().map(moved).collect() }.apply(text);
        let words = |text: &str| {
            let parsed = parse_item(text);
            let mut words = Vec::new();
            for index in 0..=parsed.tokens.tokens().len() {
                let trivia = parsed.tokens.trivia_before(index);
                words.extend(comments(text, trivia).iter().map(|comment| comment.range.slice(text).to_owned()));
                words.push(parsed.tokens.token_place(index).slice(text).to_owned());
            }
            (words, parsed.errors.is_empty())
        };
        words(text) == words(&edited)
    }

    fn after_new_line(&self, position: &FilePosition) -> Vec<TextEdit> {
        let Some(place) = self.locate(position) else { return Vec::new() };
        let text = place.file.text(&self.db);
        let lines = LineIndex::new(text);
        let at = place.item.offset(&self.db) + place.offset;
        let line = lines.position(at).line;
        let Some(before) = line.checked_sub(1) else { return Vec::new() };
        let content = |line: u32| {
            let (start, end) = lines.line_range(line);
            Range::new(start, end).slice(text)
        };
        let (start, _) = lines.line_range(line);
        let here = content(line);
        let blanks = here.len() - here.trim_start().len();
        let rest = here.trim_start();
        let previous = content(before);
        let lead = |line: &str| line.get(..line.len() - line.trim_start().len()).unwrap_or("").to_owned();
        let new = if previous.trim_start().starts_with("///") && !rest.starts_with("//") {
            // An empty line of documentation ends it.
            let words = previous.trim_start().trim_start_matches('/').trim();
            let ends = words.is_empty() && rest.is_empty();
            if ends { lead(previous) } else { format!("{}/// ", lead(previous)) }
        } else if self.in_text(&place) {
            return Vec::new();
        } else {
            INDENT.repeat(self.depth_at(&place, rest))
        };
        let old = Range::new(start, start + blanks as u32);
        if old.slice(text) == new { Vec::new() } else { vec![TextEdit { range: old, text: new }] }
    }

    /// True inside of a text that has several lines, where blanks count.
    fn in_text(&self, place: &crate::locate::Place<'_>) -> bool {
        let tokens = &place.parsed.tokens;
        (0..tokens.tokens().len()).any(|index| {
            let at = tokens.token_place(index);
            let kind = tokens.tokens().get(index).map(|token| token.kind);
            let text = matches!(
                kind,
                Some(TokenKind::Text | TokenKind::TextHead | TokenKind::TextMiddle | TokenKind::TextTail)
            );
            text && at.start < place.offset
                && place.offset <= at.end
                && at.slice(place.item.text(&self.db)).contains('\n')
        })
    }

    /// How deep the line of a place is indented: by the brackets that are open before it, one level for all that open
    /// on one line; one level in a header that has no body yet.
    fn depth_at(&self, place: &crate::locate::Place<'_>, rest: &str) -> usize {
        let tokens = &place.parsed.tokens;
        let text = place.item.text(&self.db);
        let line_start = text.get(..place.offset as usize).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
        let line_start = line_start as u32;
        let mut open: Vec<u32> = Vec::new();
        let mut line = 0u32;
        let mut braces = false;
        let mut any = false;
        for (index, token) in tokens.tokens().iter().enumerate() {
            if tokens.token_place(index).start >= line_start {
                break;
            }
            any = true;
            line += u32::from(token.first_on_line);
            if token.kind.opens() {
                braces |= token.kind == TokenKind::LBrace;
                open.push(line);
            } else if token.kind.closes() {
                open.pop();
            }
        }
        open.dedup();
        let closing = usize::from(rest.starts_with(['}', ')', ']']));
        let has_header = matches!(place.item.word(&self.db), "fn" | "query" | "handler" | "workflow" | "page");
        if open.is_empty() && any && has_header && !braces && !rest.starts_with('{') && !begins_item(rest) {
            return 1;
        }
        open.len().saturating_sub(closing)
    }
}

fn begins_item(rest: &str) -> bool {
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
    tenon_syntax::words::begins_item(rest.get(..end).unwrap_or(""))
}
