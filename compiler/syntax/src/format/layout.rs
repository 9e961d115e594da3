//! From pieces and breaks to text.

use super::pieces::{Pieces, Remark};
use super::spacing::space_before;
use crate::words::TokenKind as K;

/// The spaces of one level.
const INDENT: usize = 2;

/// A line of the result: its pieces and its width.
pub(super) struct Line {
    pub first: usize,
    pub last: usize,
    pub width: usize,
}

/// What is known inside one bracket.
struct Level {
    /// The indent of the line on which the bracket was opened.
    outer: usize,
    /// Where a statement or element begins.
    inner: usize,
    /// Where the current statement began.
    statement: usize,
    /// Where the current clause of a query began, if it began a line.
    clause: Option<usize>,
    /// Where `from` stands, if it began a line.
    from: Option<usize>,
    /// The bracket.
    kind: Option<K>,
    /// The braces hold arms.
    arms: bool,
    /// A `match` waits for its braces.
    matching: bool,
}

impl Level {
    fn new(outer: usize, kind: Option<K>, arms: bool) -> Level {
        let inner = if kind.is_some() { outer + INDENT } else { outer };
        Level { outer, inner, statement: outer, clause: None, from: None, kind, arms, matching: false }
    }
}

struct Writer<'a> {
    pieces: &'a Pieces,
    out: String,
    lines: Vec<Line>,
    levels: Vec<Level>,
    /// The indent of the current line.
    indent: usize,
    /// Where the current line begins in `out`.
    line_start: usize,
}

/// The text, which ends with a newline unless it is empty, and its lines.
pub(super) fn lay_out(pieces: &Pieces) -> (String, Vec<Line>) {
    let mut writer = Writer {
        pieces,
        out: String::new(),
        lines: Vec::new(),
        levels: vec![Level::new(0, None, false)],
        indent: 0,
        line_start: 0,
    };
    for index in 0..pieces.list.len() {
        writer.piece(index);
    }
    writer.remarks(&pieces.tail, 0);
    if !writer.out.is_empty() && !writer.out.ends_with('\n') {
        writer.out.push('\n');
    }
    (writer.out, writer.lines)
}

impl Writer<'_> {
    fn piece(&mut self, index: usize) {
        let Some(piece) = self.pieces.list.get(index) else { return };
        let kind = piece.token.kind;
        let before = index.checked_sub(1).and_then(|before| self.pieces.kind(before));
        let closed = if kind.closes() && self.levels.len() > 1 { self.levels.pop() } else { None };
        let begins = self.begins_statement(index, before);
        if begins && let Some(level) = self.levels.last_mut() {
            level.clause = None;
            level.from = None;
            level.matching = false;
        }
        if piece.breaks || index == 0 {
            let indent = match &closed {
                Some(level) => level.outer,
                None => self.line_indent(index, begins),
            };
            let inside = closed.as_ref().map_or(indent, |level| level.inner);
            self.remarks(&piece.remarks, inside);
            if index > 0 {
                self.new_line(index, piece.blank && closed.is_none() && !before.is_some_and(K::opens));
            } else {
                // What is written about the file or about several items stays apart from the first of them.
                if piece.blank && !piece.remarks.is_empty() {
                    self.out.push('\n');
                }
                self.line_start = self.out.len();
                self.lines.push(Line { first: 0, last: 0, width: 0 });
            }
            self.indent = indent;
            self.out.extend(std::iter::repeat_n(' ', indent));
            if begins && let Some(level) = self.levels.last_mut() {
                level.statement = indent;
            }
        } else if piece.ends_statement && closed.is_none() {
            self.out.push_str("; ");
        } else if space_before(self.pieces, index) {
            self.out.push(' ');
        }
        let first_of_line = self.out[self.line_start..].trim_start().is_empty();
        self.out.push_str(&piece.text);
        self.measure(index);
        self.note(kind, first_of_line);
    }

    /// Remembers what later lines need to know.
    fn note(&mut self, kind: K, first_of_line: bool) {
        let indent = self.indent;
        let Some(level) = self.levels.last_mut() else { return };
        match kind {
            K::SoftFrom => level.from = first_of_line.then_some(indent),
            K::KwMatch | K::SoftAttempt => level.matching = true,
            _ => {}
        }
        if kind.opens() {
            let arms = kind == K::LBrace && std::mem::take(&mut level.matching);
            self.levels.push(Level::new(indent, Some(kind), arms));
        }
    }

    fn begins_statement(&self, index: usize, before: Option<K>) -> bool {
        let Some(piece) = self.pieces.list.get(index) else { return false };
        let Some(level) = self.levels.last() else { return false };
        let comma_separates = level.arms || matches!(level.kind, Some(K::LParen | K::LBracket));
        index == 0
            || piece.ends_statement
            || before.is_some_and(K::opens)
            || before == Some(K::Comma) && comma_separates
    }

    fn line_indent(&mut self, index: usize, begins: bool) -> usize {
        let clause = self.pieces.begins_clause(index);
        let before = index.checked_sub(1).and_then(|before| self.pieces.kind(before));
        let kind = self.pieces.kind(index);
        let Some(level) = self.levels.last_mut() else { return 0 };
        if begins {
            return level.inner;
        }
        if Some(index) == self.pieces.body {
            return 0;
        }
        let after_operator = matches!(before, Some(K::KwUnion | K::KwExcept | K::KwIntersect | K::KwDistinct));
        if clause || kind == Some(K::SoftFrom) && after_operator {
            let indent = level.from.unwrap_or(level.statement + INDENT);
            level.clause = Some(indent);
            return indent;
        }
        level.clause.unwrap_or(level.statement) + INDENT
    }

    fn new_line(&mut self, index: usize, blank: bool) {
        if !self.out.ends_with('\n') {
            self.out.push('\n');
        }
        if blank && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
        self.line_start = self.out.len();
        self.lines.push(Line { first: index, last: index, width: 0 });
    }

    fn measure(&mut self, index: usize) {
        let start = self.out.rfind('\n').map_or(0, |newline| newline + 1).max(self.line_start);
        let width = self.out[start..].chars().count();
        if let Some(line) = self.lines.last_mut() {
            line.last = index;
            line.width = line.width.max(width);
        }
    }

    /// The comments before a piece; the caller begins the next line.
    fn remarks(&mut self, remarks: &[Remark], indent: usize) {
        for remark in remarks {
            if !remark.own_line && !self.out.is_empty() && !self.out.ends_with('\n') {
                self.out.push_str("  ");
            } else {
                if !self.out.is_empty() && !self.out.ends_with('\n') {
                    self.out.push('\n');
                }
                if remark.blank_before && !self.out.is_empty() && !self.out.ends_with("\n\n") && !self.after_opener() {
                    self.out.push('\n');
                }
                self.out.extend(std::iter::repeat_n(' ', indent));
            }
            self.out.push_str(&remark.text);
            self.out.push('\n');
        }
    }

    /// True if the last character of the line before is an opening bracket.
    fn after_opener(&self) -> bool {
        self.out.trim_end().ends_with(['{', '(', '['])
    }
}
