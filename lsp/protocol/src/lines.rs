//! Positions: lines and columns of the client, bytes here.

use ls_types::{Position, PositionEncodingKind, Range};
use std::sync::Arc;
use tenon_span::{LineIndex, Position as BytePosition, WidePosition};

/// What a column counts; agreed with the client at the beginning.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// UTF-16 units, what a client means that says nothing.
    #[default]
    Utf16,
}

impl Encoding {
    /// The best of what a client offers: bytes, which need no counting.
    pub fn negotiate(offered: Option<&[PositionEncodingKind]>) -> Encoding {
        match offered {
            Some(offered) if offered.contains(&PositionEncodingKind::UTF8) => Encoding::Utf8,
            _ => Encoding::Utf16,
        }
    }

    /// As the protocol writes it.
    pub fn kind(self) -> PositionEncodingKind {
        match self {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
        }
    }
}

/// A text with its lines.
#[derive(Clone, Debug)]
pub struct Lines {
    text: Arc<str>,
    index: LineIndex,
    encoding: Encoding,
}

impl Lines {
    /// Reads the text once.
    pub fn new(text: Arc<str>, encoding: Encoding) -> Lines {
        let index = LineIndex::new(&text);
        Lines { text, index, encoding }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The byte offset of a position, on a character's boundary. What lies past the end of its line counts as that end,
    /// a line past the last as the end of the text.
    pub fn offset(&self, position: Position) -> u32 {
        offset(&self.text, &self.index, self.encoding, position)
    }

    /// The byte range of a range.
    pub fn byte_range(&self, range: Range) -> tenon_span::Range {
        tenon_span::Range::new(self.offset(range.start), self.offset(range.end))
    }

    /// The position of a byte offset.
    pub fn position(&self, offset: u32) -> Position {
        match self.encoding {
            Encoding::Utf8 => {
                let BytePosition { line, column } = self.index.position(offset);
                Position::new(line, column)
            }
            Encoding::Utf16 => {
                let WidePosition { line, column } = self.index.wide(&self.text, offset);
                Position::new(line, column)
            }
        }
    }

    /// The range of a byte range.
    pub fn range(&self, range: tenon_span::Range) -> Range {
        Range::new(self.position(range.start), self.position(range.end))
    }

    /// The length of a piece of text in the units of columns.
    pub fn units(&self, range: tenon_span::Range) -> u32 {
        match self.encoding {
            Encoding::Utf8 => range.len(),
            Encoding::Utf16 => range.slice(&self.text).encode_utf16().count() as u32,
        }
    }

    /// The byte range of a line without its end.
    pub fn line_range(&self, line: u32) -> tenon_span::Range {
        let (start, end) = self.index.line_range(line);
        tenon_span::Range::new(start, end)
    }

    /// The line of a byte offset.
    pub fn line(&self, offset: u32) -> u32 {
        self.index.position(offset).line
    }
}

/// Replaces a range of a text; without a range all of it.
pub fn edit(text: &mut String, encoding: Encoding, range: Option<Range>, new: &str) {
    let Some(range) = range else {
        text.clear();
        text.push_str(new);
        return;
    };
    let index = LineIndex::new(text);
    let start = offset(text, &index, encoding, range.start);
    let end = offset(text, &index, encoding, range.end).max(start);
    text.replace_range(start as usize..end as usize, new);
}

fn offset(text: &str, index: &LineIndex, encoding: Encoding, position: Position) -> u32 {
    let mut at = match encoding {
        Encoding::Utf8 => index.offset(BytePosition { line: position.line, column: position.character }),
        Encoding::Utf16 => index.from_wide(text, WidePosition { line: position.line, column: position.character }),
    };
    while !text.is_char_boundary(at as usize) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "let å = 1\r\n𝄞x\n\rend\n";

    #[test]
    fn every_offset_finds_its_way_back() {
        for encoding in [Encoding::Utf8, Encoding::Utf16] {
            let lines = Lines::new(TEXT.into(), encoding);
            for (offset, c) in TEXT.char_indices() {
                // The two signs of one line end are one place.
                if c == '\n' && TEXT[..offset].ends_with('\r') {
                    continue;
                }
                assert_eq!(lines.offset(lines.position(offset as u32)), offset as u32, "{encoding:?} {offset}");
            }
        }
    }

    #[test]
    fn positions_outside_of_the_text_count_as_the_nearest() {
        let lines = Lines::new(TEXT.into(), Encoding::Utf16);
        assert_eq!(lines.offset(Position::new(0, 99)), 10, "before the line end, both signs of it");
        assert_eq!(lines.offset(Position::new(99, 0)), TEXT.len() as u32);
        let lines = Lines::new(TEXT.into(), Encoding::Utf8);
        assert_eq!(lines.offset(Position::new(0, 5)), 4, "inside of a character");
        assert_eq!(lines.offset(Position::new(u32::MAX, u32::MAX)), TEXT.len() as u32);
    }

    #[test]
    fn edits_count_in_the_units_of_the_client() {
        let edited = |encoding, range: (u32, u32, u32, u32), new: &str| {
            let mut text = TEXT.to_owned();
            let range = Range::new(Position::new(range.0, range.1), Position::new(range.2, range.3));
            edit(&mut text, encoding, Some(range), new);
            text
        };
        assert_eq!(edited(Encoding::Utf16, (1, 0, 1, 2), "y"), "let å = 1\r\nyx\n\rend\n");
        assert_eq!(edited(Encoding::Utf8, (1, 0, 1, 4), "y"), "let å = 1\r\nyx\n\rend\n");
        assert_eq!(edited(Encoding::Utf16, (0, 9, 1, 0), " "), "let å = 1 𝄞x\n\rend\n");
        assert_eq!(edited(Encoding::Utf16, (3, 3, 0, 0), "reversed"), "let å = 1\r\n𝄞x\n\rendreversed\n");
        let mut text = TEXT.to_owned();
        edit(&mut text, Encoding::Utf8, None, "new");
        assert_eq!(text, "new");
    }
}
