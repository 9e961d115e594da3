//! The renderers: ariadne in the terminal, one line, JSON. The editor has its own, over the same struct.

use crate::{Diagnostic, ItemPath, Location, Severity};
use serde_json::{Value, json};
use std::sync::Arc;
use tenon_span::{LineIndex, Range};

/// Where items lie, and what files say. Implemented by whoever holds the program's text.
pub trait Sources {
    /// The text of a file; `None` if there is no such file.
    fn text(&self, file: &str) -> Option<Arc<str>>;
    /// The bytes of the file that a range of an item stands for; `None` if the item is gone. Ranges of items
    /// count code, not blanks and comments, so only who holds the item's text can tell.
    fn place(&self, item: &ItemPath, range: Range) -> Option<Range>;
    /// The name under which people find a file from where they are. JSON names files as the program does.
    fn shown(&self, file: &str) -> String {
        file.to_owned()
    }
}

/// A location turned into a file range that is safe to show: inside the text, on character boundaries.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The file.
    pub file: Arc<str>,
    /// The file's text; empty if the file is unknown.
    pub text: Arc<str>,
    /// The range in the file.
    pub range: Range,
}

impl Resolved {
    /// Resolves a location. An unknown item or file resolves to the start of its file.
    pub fn new(location: &Location, sources: &dyn Sources) -> Resolved {
        let text = sources.text(&location.file).unwrap_or_else(|| Arc::from(""));
        let range = match &location.item {
            Some(item) => sources.place(item, location.range).unwrap_or_default(),
            None => location.range,
        };
        let start = floor_boundary(&text, range.start);
        let end = ceil_boundary(&text, range.end.max(start));
        Resolved { file: location.file.clone(), text, range: Range::new(start, end) }
    }

    fn line_and_column(&self) -> (u32, u32) {
        let position = LineIndex::new(&self.text).position(self.range.start);
        let line_start = self.range.start - position.column;
        let before = Range::new(line_start, self.range.start).slice(&self.text);
        (position.line + 1, before.chars().count() as u32 + 1)
    }
}

fn floor_boundary(text: &str, at: u32) -> u32 {
    let mut at = (at as usize).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at as u32
}

fn ceil_boundary(text: &str, at: u32) -> u32 {
    let mut at = (at as usize).min(text.len());
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at as u32
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Hint => "hint",
    }
}

/// `shop.tn:12:7: error T0201 unknown-field: `Product` has no field `prise``; the column counts characters, from 1.
pub fn render_line(diagnostic: &Diagnostic, sources: &dyn Sources) -> String {
    let place = Resolved::new(&diagnostic.primary.location, sources);
    let (line, column) = place.line_and_column();
    let (code, name) = (diagnostic.code, diagnostic.code.info().name);
    let file = sources.shown(&place.file);
    format!("{file}:{line}:{column}: {} {code} {name}: {}", word(diagnostic.severity), diagnostic.message)
}

fn place_json(location: &Location, sources: &dyn Sources) -> Value {
    let place = Resolved::new(location, sources);
    let index = LineIndex::new(&place.text);
    let (start, end) = (index.position(place.range.start), index.position(place.range.end));
    json!({
        "file": &*place.file,
        "start": { "offset": place.range.start, "line": start.line + 1, "column": start.column + 1 },
        "end": { "offset": place.range.end, "line": end.line + 1, "column": end.column + 1 },
    })
}

/// One JSON object; offsets and columns in bytes, lines and columns from 1.
pub fn render_json(diagnostic: &Diagnostic, sources: &dyn Sources) -> Value {
    let label = |l: &crate::Label| json!({ "at": place_json(&l.location, sources), "message": l.message });
    json!({
        "code": diagnostic.code.to_string(),
        "name": diagnostic.code.info().name,
        "severity": word(diagnostic.severity),
        "message": diagnostic.message,
        "primary": label(&diagnostic.primary),
        "secondary": diagnostic.secondary.iter().map(label).collect::<Vec<_>>(),
        "notes": diagnostic.notes,
        "fixes": diagnostic.fixes.iter().map(|fix| json!({
            "title": fix.title,
            "certain": fix.certain,
            "edits": fix.edits.iter().map(|e| json!({ "at": place_json(&e.location, sources), "text": e.text })).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
    })
}

struct Cache<'a> {
    sources: &'a dyn Sources,
    files: std::collections::HashMap<Arc<str>, ariadne::Source<Arc<str>>>,
}

impl ariadne::Cache<Arc<str>> for Cache<'_> {
    type Storage = Arc<str>;

    fn fetch(&mut self, id: &Arc<str>) -> Result<&ariadne::Source<Arc<str>>, impl std::fmt::Debug> {
        let sources = self.sources;
        Ok::<_, std::convert::Infallible>(
            self.files
                .entry(id.clone())
                .or_insert_with(|| ariadne::Source::from(sources.text(id).unwrap_or_else(|| Arc::from("")))),
        )
    }

    fn display<'a>(&self, id: &'a Arc<str>) -> Option<impl std::fmt::Display + 'a> {
        Some(self.sources.shown(id))
    }
}

/// The picture for people: source lines with labels, then notes and fixes. Lines carry no trailing spaces.
pub fn render_terminal(diagnostic: &Diagnostic, sources: &dyn Sources, color: bool) -> String {
    use ariadne::{CharSet, Color, Config, IndexType, Label, Report, ReportKind};
    let (kind, hue) = match diagnostic.severity {
        Severity::Error => (ReportKind::Error, Color::Red),
        Severity::Warning => (ReportKind::Warning, Color::Yellow),
        Severity::Hint => (ReportKind::Advice, Color::Cyan),
    };
    let span = |location: &Location| {
        let place = Resolved::new(location, sources);
        (place.file, place.range.start as usize..place.range.end as usize)
    };
    let config = Config::new()
        .with_index_type(IndexType::Byte)
        .with_color(color)
        .with_tab_width(4)
        .with_char_set(if color { CharSet::Unicode } else { CharSet::Ascii });
    let code = format!("{} {}", diagnostic.code, diagnostic.code.info().name);
    let mut report = Report::build(kind, span(&diagnostic.primary.location))
        .with_config(config)
        .with_code(code)
        .with_message(&diagnostic.message);
    let primary = Label::new(span(&diagnostic.primary.location)).with_color(hue).with_priority(1);
    let primary = match diagnostic.primary.message.as_str() {
        "" => primary.with_message("here"),
        message => primary.with_message(message),
    };
    let mut labels = vec![(span(&diagnostic.primary.location), primary)];
    for label in diagnostic.secondary.iter().take(2) {
        let at = span(&label.location);
        labels.push((at.clone(), Label::new(at).with_color(Color::Blue).with_message(&label.message)));
    }
    // Those of one file in the order of its text are shown as one piece, under one place.
    let file = labels.first().map(|((file, _), _)| file.clone());
    labels.sort_by_key(|((of, range), _)| (file.as_ref() != Some(of), range.end));
    report = report.with_labels(labels.into_iter().map(|(_, label)| label));
    for note in &diagnostic.notes {
        report = report.with_note(note);
    }
    for fix in &diagnostic.fixes {
        report = report.with_help(&fix.title);
    }
    let mut out = Vec::new();
    let cache = Cache { sources, files: std::collections::HashMap::new() };
    if report.finish().write(cache, &mut out).is_err() {
        return render_line(diagnostic, sources);
    }
    let text = String::from_utf8_lossy(&out);
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Code, Label};

    struct One(&'static str);

    impl Sources for One {
        fn text(&self, _: &str) -> Option<Arc<str>> {
            Some(Arc::from(self.0))
        }

        fn place(&self, _: &ItemPath, range: Range) -> Option<Range> {
            Some(range)
        }
    }

    /// What explains a place and stands before it is shown with it, under one place.
    #[test]
    fn labels_of_one_file_are_one_piece() {
        let sources = One("first\nsecond\nthird\n");
        let label = |start: u32, end: u32, message: &str| Label {
            location: Location { item: None, file: Arc::from("a.tn"), range: Range::new(start, end) },
            message: message.to_string(),
        };
        let diagnostic = Diagnostic::new(Code::Duplicate, "twice", label(13, 18, "the second"))
            .because(label(0, 5, "the first"))
            .because(label(6, 12, "between"));
        let shown = render_terminal(&diagnostic, &sources, false);
        assert_eq!(shown.matches("a.tn:").count(), 1, "{shown}");
        assert!(shown.contains("a.tn:3:1"), "{shown}");
        let places: Vec<Option<usize>> = ["the first", "between", "the second"].map(|text| shown.find(text)).to_vec();
        assert!(places.is_sorted() && places.iter().all(Option::is_some), "{shown}");
    }
}
