//! Lines and columns of a text, in bytes (UTF-8) and in UTF-16 units.

/// A position: line and column from 0, the column in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Position {
    /// Line, from 0.
    pub line: u32,
    /// Column in bytes, from 0.
    pub column: u32,
}

/// A position whose column counts UTF-16 units.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WidePosition {
    /// Line, from 0.
    pub line: u32,
    /// Column in UTF-16 units, from 0.
    pub column: u32,
}

/// Where the lines of a text begin and end. A line ends with `\n`, `\r\n` or `\r`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LineIndex {
    starts: Vec<u32>,
    /// Where the line ends begin; one fewer than lines.
    ends: Vec<u32>,
    len: u32,
}

impl LineIndex {
    /// Reads the text once.
    pub fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let (mut starts, mut ends) = (vec![0], Vec::new());
        for (at, byte) in bytes.iter().enumerate() {
            let end = match byte {
                b'\n' if at > 0 && bytes.get(at - 1) == Some(&b'\r') => at - 1,
                b'\r' if bytes.get(at + 1) == Some(&b'\n') => continue,
                b'\n' | b'\r' => at,
                _ => continue,
            };
            ends.push(end as u32);
            starts.push(at as u32 + 1);
        }
        LineIndex { starts, ends, len: text.len() as u32 }
    }

    /// Number of lines; a text that ends with a line end has an empty last line.
    pub fn line_count(&self) -> u32 {
        self.starts.len() as u32
    }

    /// The position of a byte offset; offsets past the end count as the end.
    pub fn position(&self, offset: u32) -> Position {
        let offset = offset.min(self.len);
        let line = self.starts.partition_point(|s| *s <= offset).saturating_sub(1);
        let start = self.starts.get(line).copied().unwrap_or(0);
        Position { line: line as u32, column: offset - start }
    }

    /// The byte offset of a position; a column past the end of its line counts as the end of the line.
    pub fn offset(&self, position: Position) -> u32 {
        let (start, end) = self.line_range(position.line);
        start.saturating_add(position.column).min(end)
    }

    /// The byte range of a line without its line end.
    pub fn line_range(&self, line: u32) -> (u32, u32) {
        let start = self.starts.get(line as usize).copied().unwrap_or(self.len);
        let end = self.ends.get(line as usize).copied().unwrap_or(self.len);
        (start, end.max(start))
    }

    /// The UTF-16 form of a byte offset in `text`, which must be the text of this index.
    pub fn wide(&self, text: &str, offset: u32) -> WidePosition {
        let position = self.position(offset);
        let (start, _) = self.line_range(position.line);
        let before = text.get(start as usize..(start + position.column) as usize).unwrap_or("");
        WidePosition { line: position.line, column: before.encode_utf16().count() as u32 }
    }

    /// The byte offset of a UTF-16 position in `text`, which must be the text of this index.
    pub fn from_wide(&self, text: &str, position: WidePosition) -> u32 {
        let (start, end) = self.line_range(position.line);
        let line = text.get(start as usize..end as usize).unwrap_or("");
        let mut units = 0;
        for (byte, c) in line.char_indices() {
            if units >= position.column {
                return start + byte as u32;
            }
            units += c.len_utf16() as u32;
        }
        end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_and_positions_agree_in_both_encodings() {
        let text = "let å = 1\n𝄞x\n\nend";
        let index = LineIndex::new(text);
        assert_eq!(index.line_count(), 4);
        for (offset, _) in text.char_indices() {
            let offset = offset as u32;
            assert_eq!(index.offset(index.position(offset)), offset);
            assert_eq!(index.from_wide(text, index.wide(text, offset)), offset);
        }
        assert_eq!(index.wide(text, 15), WidePosition { line: 1, column: 2 });
        assert_eq!(index.position(999), Position { line: 3, column: 3 });
    }

    #[test]
    fn every_kind_of_line_end() {
        let text = "a\r\nbc\rd\n\r\n\n\re";
        let index = LineIndex::new(text);
        let lines: Vec<&str> = (0..index.line_count())
            .map(|line| index.line_range(line))
            .map(|(start, end)| &text[start as usize..end as usize])
            .collect();
        assert_eq!(lines, ["a", "bc", "d", "", "", "", "e"]);
        assert_eq!(index.position(6), Position { line: 2, column: 0 });
        assert_eq!(index.offset(Position { line: 0, column: 9 }), 1, "before the line end");
    }
}
