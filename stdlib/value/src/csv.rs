//! Comma-separated values (RFC 4180) as text: records of cells, with the line of each, and the writing of cells.
//!
//! A cell knows whether it was quoted, so that an empty cell (nothing) and a quoted empty one (the empty text) differ.
//! A cell that starts with `=`, `+`, `-` or `@` is written as it is, because changing data to please a spreadsheet would
//! lose it.

use std::borrow::Cow;

/// A cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell<'a> {
    /// What it says.
    pub text: Cow<'a, str>,
    /// Whether it stood in quotes.
    pub quoted: bool,
}

impl Cell<'_> {
    /// Whether nothing at all stands there: a quoted cell is a text, also where that is empty.
    pub fn is_nothing(&self) -> bool {
        self.text.is_empty() && !self.quoted
    }
}

/// A record: one line, or several where a quoted cell holds line ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// The line that it begins on, from 1.
    pub line: u64,
    /// Its cells, at least one.
    pub cells: Vec<Cell<'a>>,
}

/// A quote that is out of place; what follows it cannot be told apart any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadQuote {
    /// The line of the quote, from 1.
    pub line: u64,
    /// What is wrong with it, as the end of a sentence that begins with the line.
    pub what: &'static str,
}

/// Reads the records of a text, in order; ends after a bad quote. A byte order mark at its start is skipped.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    rest: &'a str,
    line: u64,
}

impl<'a> Records<'a> {
    /// The records of a text.
    pub fn new(text: &'a str) -> Records<'a> {
        Records { rest: text.strip_prefix('\u{feff}').unwrap_or(text), line: 1 }
    }

    fn stop<T>(&mut self, line: u64, what: &'static str) -> Result<T, BadQuote> {
        self.rest = "";
        Err(BadQuote { line, what })
    }

    fn cell(&mut self) -> Result<Cell<'a>, BadQuote> {
        let Some(start) = self.rest.strip_prefix('"') else {
            let end = self.rest.find([',', '\r', '\n']).unwrap_or(self.rest.len());
            let (text, rest) = self.rest.split_at(end);
            if text.contains('"') {
                return self.stop(self.line, "has a quote within a cell that does not begin with one");
            }
            self.rest = rest;
            return Ok(Cell { text: Cow::Borrowed(text), quoted: false });
        };
        let opened = self.line;
        let mut text = Cow::Borrowed("");
        let mut rest = start;
        loop {
            let Some(end) = rest.find('"') else {
                return self.stop(opened, "opens a quote that nothing closes");
            };
            let (part, after) = rest.split_at(end);
            self.line += lines(part);
            if text.is_empty() {
                text = Cow::Borrowed(part);
            } else {
                text.to_mut().push_str(part);
            }
            match after[1..].strip_prefix('"') {
                Some(more) => {
                    text.to_mut().push('"');
                    rest = more;
                }
                None => {
                    self.rest = &after[1..];
                    return Ok(Cell { text, quoted: true });
                }
            }
        }
    }

    fn record(&mut self) -> Result<Record<'a>, BadQuote> {
        let line = self.line;
        let mut cells = Vec::new();
        loop {
            cells.push(self.cell()?);
            if let Some(more) = self.rest.strip_prefix(',') {
                self.rest = more;
                continue;
            }
            let end = self.rest.strip_prefix("\r\n").or_else(|| self.rest.strip_prefix(['\n', '\r']));
            match end {
                Some(rest) => {
                    self.rest = rest;
                    self.line += 1;
                }
                None if self.rest.is_empty() => {}
                None => return self.stop(self.line, "goes on behind the closing quote of a cell"),
            }
            return Ok(Record { line, cells });
        }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, BadQuote>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() { None } else { Some(self.record()) }
    }
}

/// How many lines end within a text, however they do.
fn lines(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let ends = |at: &usize| bytes[*at] == b'\n' || bytes[*at] == b'\r' && bytes.get(at + 1) != Some(&b'\n');
    (0..bytes.len()).filter(ends).count() as u64
}

/// Appends a record; `None` is an empty cell, and the empty text a quoted one.
pub fn write_record<'c>(out: &mut String, cells: impl IntoIterator<Item = Option<Cow<'c, str>>>) {
    for (index, cell) in cells.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        match cell {
            None => {}
            Some(text) if text.is_empty() || text.contains(['"', ',', '\n', '\r']) => {
                out.push('"');
                out.push_str(&text.replace('"', "\"\""));
                out.push('"');
            }
            // The first cell of a text would lose a byte order mark.
            Some(text) if text.starts_with('\u{feff}') => out.extend(["\"", &text, "\""]),
            Some(text) => out.push_str(&text),
        }
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Vec<(u64, Vec<String>)>, BadQuote> {
        let shown = |cell: &Cell<'_>| match cell.is_nothing() {
            true => "-".to_owned(),
            false => cell.text.to_string(),
        };
        Records::new(text)
            .map(|record| record.map(|record| (record.line, record.cells.iter().map(shown).collect())))
            .collect()
    }

    #[test]
    fn records_know_their_lines_and_what_is_nothing() {
        let found = read("\u{feff}a,b\r\n1,\"x\ny\r\nz\"\n\"\",\n\"\"\"q\"\"\",\"\"\"\"\"\"\r2,3").unwrap();
        let row = |line, cells: [&str; 2]| (line, cells.map(str::to_owned).to_vec());
        let wanted = [
            row(1, ["a", "b"]),
            row(2, ["1", "x\ny\r\nz"]),
            row(5, ["", "-"]),
            row(6, ["\"q\"", "\"\""]),
            row(7, ["2", "3"]),
        ];
        assert_eq!(found, wanted);
        assert_eq!(read("").unwrap(), []);
    }

    #[test]
    fn a_bad_quote_has_the_line_where_it_stands() {
        for (text, line, what) in [
            ("a\n1\n\"x\ny\n", 3, "nothing closes"),
            ("a\n\"x\ny\" z\n", 3, "goes on behind"),
            ("a\nx \"y\"\n", 2, "within a cell"),
            ("\"a\"\"", 1, "nothing closes"),
        ] {
            let bad = read(text).unwrap_err();
            assert_eq!((bad.line, bad.what.contains(what)), (line, true), "{text:?}: {bad:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn what_is_written_leads_back(
            cells in proptest::collection::vec(proptest::option::of("[a\",\r\n\u{feff} é]{0,4}"), 2..4),
        ) {
            let mut text = String::new();
            write_record(&mut text, cells.iter().map(|cell| cell.as_deref().map(Cow::Borrowed)));
            let records: Vec<_> = Records::new(&text).collect::<Result<_, _>>().unwrap();
            prop_assert_eq!(records.len(), 1);
            let found: Vec<Option<String>> =
                records[0].cells.iter().map(|cell| (!cell.is_nothing()).then(|| cell.text.to_string())).collect();
            prop_assert_eq!(found, cells);
        }
    }
}
