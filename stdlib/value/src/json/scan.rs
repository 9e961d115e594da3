//! The bytes of JSON (RFC 8259), strictly: a cursor that consumes one token at a time and reports the first place where
//! the text is not JSON.

use std::borrow::Cow;

/// A place where the text is not JSON: the reader cannot go on after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Byte offset.
    pub at: usize,
    /// What was wrong, as part of a sentence: "expected …".
    pub what: &'static str,
    /// Whether the text nests too deeply, rather than being malformed.
    pub too_deep: bool,
}

/// A cursor over JSON text.
#[derive(Clone)]
pub struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// How many arrays and objects are open.
    depth: usize,
    max_depth: usize,
}

/// What a value starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool,
    /// A number.
    Number,
    /// A string.
    String,
    /// `[`.
    Array,
    /// `{`.
    Object,
}

impl Start {
    /// The words for messages.
    pub fn words(self) -> &'static str {
        match self {
            Start::Null => "null",
            Start::Bool => "true or false",
            Start::Number => "a number",
            Start::String => "a string",
            Start::Array => "an array",
            Start::Object => "an object",
        }
    }
}

impl<'a> Scanner<'a> {
    /// A cursor at the start of a text.
    pub fn new(text: &'a str, max_depth: usize) -> Scanner<'a> {
        Scanner { text, at: 0, depth: 0, max_depth }
    }

    fn error<T>(&self, what: &'static str) -> Result<T, SyntaxError> {
        Err(SyntaxError { at: self.at, what, too_deep: false })
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The present byte offset.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// The text from an offset to the present one.
    pub fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or("")
    }

    /// Consumes white space.
    pub fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.byte() {
            self.at += 1;
        }
    }

    /// What the next value is, after white space; nothing of it is consumed.
    pub fn start(&mut self) -> Result<Start, SyntaxError> {
        self.space();
        match self.byte() {
            Some(b'n') => Ok(Start::Null),
            Some(b't' | b'f') => Ok(Start::Bool),
            Some(b'-' | b'0'..=b'9') => Ok(Start::Number),
            Some(b'"') => Ok(Start::String),
            Some(b'[') => Ok(Start::Array),
            Some(b'{') => Ok(Start::Object),
            None => self.error("the text ends where a value is expected"),
            Some(_) => self.error("a value is expected"),
        }
    }

    fn word(&mut self, word: &str) -> Result<(), SyntaxError> {
        if self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(())
        } else {
            self.error("a value is expected")
        }
    }

    /// Consumes `null`.
    pub fn null(&mut self) -> Result<(), SyntaxError> {
        self.word("null")
    }

    /// Consumes `true` or `false`.
    pub fn bool(&mut self) -> Result<bool, SyntaxError> {
        if self.byte() == Some(b't') { self.word("true").map(|()| true) } else { self.word("false").map(|()| false) }
    }

    fn digits(&mut self) -> Result<(), SyntaxError> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.byte() {
            self.at += 1;
        }
        if self.at == start { self.error("a digit is expected") } else { Ok(()) }
    }

    /// Consumes a number and gives its text.
    pub fn number(&mut self) -> Result<&'a str, SyntaxError> {
        let start = self.at;
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        if self.byte() == Some(b'0') {
            self.at += 1;
            if let Some(b'0'..=b'9') = self.byte() {
                return self.error("a number does not start with 0");
            }
        } else {
            self.digits()?;
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.byte() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(self.since(start))
    }

    /// Consumes a string and gives its content. Only a string with escapes is copied.
    pub fn string(&mut self) -> Result<Cow<'a, str>, SyntaxError> {
        self.at += 1;
        let start = self.at;
        self.run();
        if self.byte() == Some(b'"') {
            let plain = self.since(start);
            self.at += 1;
            return Ok(Cow::Borrowed(plain));
        }
        let mut content = String::from(self.since(start));
        loop {
            match self.byte() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Cow::Owned(content));
                }
                Some(b'\\') => {
                    self.at += 1;
                    content.push(self.escape()?);
                }
                Some(_) => return self.error("a control character must be escaped in a string"),
                None => return self.error("the text ends within a string"),
            }
            let start = self.at;
            self.run();
            content.push_str(self.since(start));
        }
    }

    /// Moves over letters that stand for themselves.
    fn run(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        let plain = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)).unwrap_or(rest.len());
        self.at += plain;
    }

    fn escape(&mut self) -> Result<char, SyntaxError> {
        let Some(byte) = self.byte() else {
            return self.error("the text ends within a string");
        };
        self.at += 1;
        Ok(match byte {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.unit()?;
                let code = match first {
                    0xd800..=0xdbff => {
                        let second = match self.text.as_bytes().get(self.at..self.at + 2) {
                            Some(b"\\u") => {
                                self.at += 2;
                                self.unit()?
                            }
                            _ => 0,
                        };
                        if !(0xdc00..=0xdfff).contains(&second) {
                            return self.error("an escape is half of a surrogate pair");
                        }
                        0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)
                    }
                    _ => first,
                };
                match char::from_u32(code) {
                    Some(letter) => letter,
                    None => return self.error("an escape is half of a surrogate pair"),
                }
            }
            _ => {
                self.at -= 1;
                return self.error("there is no such escape");
            }
        })
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Result<u32, SyntaxError> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4).unwrap_or(b"");
        if digits.len() != 4 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return self.error("\\u is followed by four hexadecimal digits");
        }
        self.at += 4;
        Ok(digits.iter().fold(0, |n, d| n << 4 | (*d as char).to_digit(16).unwrap_or(0)))
    }

    /// Consumes `[` or `{`, and white space after it. `Ok(false)`: it is empty, and its end is consumed.
    pub fn open(&mut self, end: u8) -> Result<bool, SyntaxError> {
        if self.depth == self.max_depth {
            return Err(SyntaxError { at: self.at, what: "the text nests too deeply", too_deep: true });
        }
        self.at += 1;
        self.space();
        if self.byte() == Some(end) {
            self.at += 1;
            return Ok(false);
        }
        self.depth += 1;
        Ok(true)
    }

    /// After an element or member: `Ok(true)` if a comma was consumed, `Ok(false)` if the end was.
    pub fn next(&mut self, end: u8) -> Result<bool, SyntaxError> {
        self.space();
        match self.byte() {
            Some(b',') => {
                self.at += 1;
                self.space();
                Ok(true)
            }
            Some(byte) if byte == end => {
                self.at += 1;
                self.depth -= 1;
                Ok(false)
            }
            None => self.error("the text ends where a comma or the end of an array or object is expected"),
            Some(_) => self.error("a comma or the end of an array or object is expected"),
        }
    }

    /// Consumes a member's name and its colon.
    pub fn name(&mut self) -> Result<Cow<'a, str>, SyntaxError> {
        self.space();
        if self.byte() != Some(b'"') {
            return self.error("the name of a member in double quotes is expected");
        }
        let name = self.string()?;
        self.space();
        if self.byte() != Some(b':') {
            return self.error("a colon is expected");
        }
        self.at += 1;
        Ok(name)
    }

    /// Consumes a value without looking at what it says.
    pub fn skip(&mut self) -> Result<(), SyntaxError> {
        match self.start()? {
            Start::Null => self.null(),
            Start::Bool => self.bool().map(drop),
            Start::Number => self.number().map(drop),
            Start::String => self.string().map(drop),
            Start::Array => {
                let mut more = self.open(b']')?;
                while more {
                    self.skip()?;
                    more = self.next(b']')?;
                }
                Ok(())
            }
            Start::Object => {
                let mut more = self.open(b'}')?;
                while more {
                    self.name()?;
                    self.skip()?;
                    more = self.next(b'}')?;
                }
                Ok(())
            }
        }
    }

    /// Nothing but white space may be left.
    pub fn end(&mut self) -> Result<(), SyntaxError> {
        self.space();
        if self.at == self.text.len() { Ok(()) } else { self.error("nothing is expected after the value") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(text: &str) -> bool {
        let mut scanner = Scanner::new(text, 128);
        scanner.skip().and_then(|()| scanner.end()).is_ok()
    }

    #[test]
    fn agrees_with_the_standard() {
        for good in [
            "0",
            "-0",
            "1.5e-10",
            "[]",
            "[ ]",
            "{}",
            " { \"a\" : [ 1 , null , true , false ] } ",
            "\"\\u00e5\\ud83d\\ude00\\n\"",
            "\"å\"",
            "1E5",
        ] {
            assert!(accepts(good), "{good}");
            assert!(serde_json::from_str::<serde_json::Value>(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            " ",
            "01",
            "+1",
            "1.",
            ".5",
            "1e",
            "-",
            "[1,]",
            "[,1]",
            "{\"a\":1,}",
            "{a:1}",
            "{\"a\" 1}",
            "nul",
            "tru",
            "[1 2]",
            "\"a",
            "\"\n\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\ud800\"",
            "\"\\ud800\\u0041\"",
            "\"\\udc00\"",
            "1 2",
            "[",
            "{",
            "]",
            "NaN",
            "'a'",
            "{\"a\":}",
            "\u{feff}1",
        ] {
            assert!(!accepts(bad), "{bad}");
            assert!(serde_json::from_str::<serde_json::Value>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        assert!(accepts(&format!("{}{}", "[".repeat(128), "]".repeat(128))));
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let mut scanner = Scanner::new(&deep, 128);
        assert!(scanner.skip().unwrap_err().too_deep);
        assert!(accepts(&format!("[{}1]", "[[]],".repeat(1000))));
    }
}
