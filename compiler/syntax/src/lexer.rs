//! Characters to tokens. Never fails: what is no token becomes a `Bad` token and an error.
//!
//! logos makes the plain tokens. Texts with holes need a stack, which logos does not have, so a small driver
//! scans the characters of texts itself: `"a {` is a head, `} b {` a middle, `} c"` a tail, and the tokens of
//! the holes stand between them. A quoted text ends on its line at the latest, also where a hole is open;
//! a block text ends at a line that begins at column 0.

use crate::error::SyntaxError;
use crate::token::Token;
use crate::words::TokenKind;
use logos::Logos;
use tenon_diagnostics::Code;
use tenon_span::Range;

#[derive(Logos, Clone, Copy, PartialEq, Debug)]
#[logos(skip r"[ \t\r\n\u{feff}]+")]
#[logos(skip(r"//[^\n]*", allow_greedy = true))]
enum Plain {
    #[regex("[a-z][a-zA-Z0-9_]*|_[a-zA-Z0-9_]+", priority = 3)]
    Lower,
    #[regex("[A-Z][a-zA-Z0-9_]*")]
    Upper,
    #[regex("[0-9][0-9_]*", priority = 6)]
    Int,
    #[regex("[0-9][0-9]:[0-9][0-9]", priority = 9)]
    Time,
    #[regex(r"[0-9][0-9_]*\.[0-9][0-9_]*([eE][+-]?[0-9]+)?", priority = 6)]
    Decimal,
    #[regex(r"[0-9][0-9_]*(\.[0-9][0-9_]*)?([eE][+-]?[0-9]+)?f", priority = 7)]
    Float,
    #[regex("([0-9][0-9_]*(us|ms|s|min|h|d|w))+", priority = 8)]
    Duration,
    #[regex("[0-9][0-9_]*[a-zA-Z][a-zA-Z0-9_]*", priority = 2)]
    BadNumber,
    #[regex("@[0-9]{4}-[0-9]{2}-[0-9]{2}")]
    Date,
    #[regex(r"@[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})")]
    Instant,
    #[regex("0x\"[0-9a-fA-F]*\"", priority = 30)]
    Bytes,
    #[regex("r\"[^\"\n]*\"", priority = 30)]
    RawText,
    #[regex("'[^'\n]*'")]
    QuotedText,
    #[regex("`[^`\n]*`")]
    BackText,
    #[token("\"\"\"")]
    BlockQuote,
    #[token("\"")]
    Quote,
    #[token("(")]
    LParen,
    #[token(")")]
    RParen,
    #[token("[")]
    LBracket,
    #[token("]")]
    RBracket,
    #[token("{")]
    LBrace,
    #[token("}")]
    RBrace,
    #[token(",")]
    Comma,
    #[token(";")]
    Semi,
    #[token(":")]
    Colon,
    #[token(".")]
    Dot,
    #[token("?.")]
    QuestionDot,
    #[token("?")]
    Question,
    #[token("??")]
    QuestionQuestion,
    #[token("!")]
    Bang,
    #[token("=>")]
    FatArrow,
    #[token("->")]
    Arrow,
    #[token("=")]
    Equal,
    #[token("+=")]
    PlusEqual,
    #[token("-=")]
    MinusEqual,
    #[token("*=")]
    StarEqual,
    #[token("==")]
    EqualEqual,
    #[token("!=")]
    BangEqual,
    #[token("<")]
    Less,
    #[token("<=")]
    LessEqual,
    #[token(">")]
    Greater,
    #[token(">=")]
    GreaterEqual,
    #[token("+")]
    Plus,
    #[token("-")]
    Minus,
    #[token("*")]
    Star,
    #[token("/")]
    Slash,
    #[token("/?")]
    SlashQuestion,
    #[token("/*")]
    BlockComment,
    #[token("..")]
    DotDot,
    #[token("..=")]
    DotDotEqual,
    #[token("|")]
    Bar,
    #[token("_")]
    Underscore,
    #[token("&&")]
    AmpAmp,
    #[token("&")]
    Amp,
    #[token("||")]
    BarBar,
    #[token("<>")]
    LessGreater,
    #[token("===")]
    EqualEqualEqual,
    #[token("!==")]
    BangEqualEqual,
    #[token("%")]
    Percent,
    #[token(":=")]
    ColonEqual,
}

impl Plain {
    /// The token kind; `None` for what the driver must look at.
    fn kind(self) -> Option<TokenKind> {
        use TokenKind as K;
        Some(match self {
            Plain::Lower => K::LowerName,
            Plain::Upper => K::UpperName,
            Plain::Int => K::Int,
            Plain::Time => K::Time,
            Plain::Decimal => K::Decimal,
            Plain::Float => K::Float,
            Plain::Duration => K::Duration,
            Plain::Date => K::Date,
            Plain::Instant => K::Instant,
            Plain::Bytes => K::Bytes,
            Plain::RawText => K::RawText,
            Plain::QuotedText => K::QuotedText,
            Plain::BackText => K::BackText,
            Plain::LParen => K::LParen,
            Plain::RParen => K::RParen,
            Plain::LBracket => K::LBracket,
            Plain::RBracket => K::RBracket,
            Plain::Comma => K::Comma,
            Plain::Semi => K::Semi,
            Plain::Colon => K::Colon,
            Plain::Dot => K::Dot,
            Plain::QuestionDot => K::QuestionDot,
            Plain::Question => K::Question,
            Plain::QuestionQuestion => K::QuestionQuestion,
            Plain::Bang => K::Bang,
            Plain::FatArrow => K::FatArrow,
            Plain::Arrow => K::Arrow,
            Plain::Equal => K::Equal,
            Plain::PlusEqual => K::PlusEqual,
            Plain::MinusEqual => K::MinusEqual,
            Plain::StarEqual => K::StarEqual,
            Plain::EqualEqual => K::EqualEqual,
            Plain::BangEqual => K::BangEqual,
            Plain::Less => K::Less,
            Plain::LessEqual => K::LessEqual,
            Plain::Greater => K::Greater,
            Plain::GreaterEqual => K::GreaterEqual,
            Plain::Plus => K::Plus,
            Plain::Minus => K::Minus,
            Plain::Star => K::Star,
            Plain::Slash => K::Slash,
            Plain::SlashQuestion => K::SlashQuestion,
            Plain::DotDot => K::DotDot,
            Plain::DotDotEqual => K::DotDotEqual,
            Plain::Bar => K::Bar,
            Plain::Underscore => K::Underscore,
            Plain::AmpAmp => K::AmpAmp,
            Plain::Amp => K::Amp,
            Plain::BarBar => K::BarBar,
            Plain::LessGreater => K::LessGreater,
            Plain::EqualEqualEqual => K::EqualEqualEqual,
            Plain::BangEqualEqual => K::BangEqualEqual,
            Plain::Percent => K::Percent,
            Plain::ColonEqual => K::ColonEqual,
            Plain::LBrace
            | Plain::RBrace
            | Plain::Quote
            | Plain::BlockQuote
            | Plain::BadNumber
            | Plain::BlockComment => {
                return None;
            }
        })
    }
}

/// Where the characters of a text stop.
enum Stop {
    /// After the closing quote.
    Closed(usize),
    /// After the `{` of a hole.
    Hole(usize),
    /// Nowhere: the line or the item ends first.
    Unclosed(usize),
}

/// A text whose hole is open.
struct OpenText {
    start: u32,
    block: bool,
    /// Braces open inside the hole.
    braces: u32,
}

/// Reads all tokens of an item's text.
pub(crate) fn lex(text: &str, errors: &mut Vec<SyntaxError>) -> Vec<Token> {
    let mut lexer = Driver::new(text, errors, text.len() / 4);
    lexer.run(usize::MAX);
    lexer.close_texts_at_end();
    lexer.tokens
}

/// Reads at most `limit` tokens.
pub(crate) fn lex_first(text: &str, limit: usize) -> Vec<Token> {
    let mut errors = Vec::new();
    let mut lexer = Driver::new(text, &mut errors, limit);
    lexer.run(limit);
    lexer.tokens
}

struct Driver<'a> {
    text: &'a str,
    errors: &'a mut Vec<SyntaxError>,
    tokens: Vec<Token>,
    open: Vec<OpenText>,
    /// The end of the last token.
    end: usize,
    /// The indent of the current line.
    indent: u16,
}

impl<'a> Driver<'a> {
    fn new(text: &'a str, errors: &'a mut Vec<SyntaxError>, capacity: usize) -> Self {
        Driver { text, errors, tokens: Vec::with_capacity(capacity), open: Vec::new(), end: 0, indent: 0 }
    }

    fn run(&mut self, limit: usize) {
        let mut plain = Plain::lexer(self.text);
        while self.tokens.len() < limit {
            let Some(next) = plain.next() else { return };
            let (start, end) = (plain.span().start, plain.span().end);
            let starts_line = self.begins_line(start);
            if starts_line {
                self.close_quoted_texts();
                self.indent = self.indent_at(start);
            }
            let end = match next {
                Ok(Plain::Quote) => self.text_token(start, end, None, starts_line),
                Ok(Plain::BlockQuote) => self.text_token(start, end, Some(true), starts_line),
                Ok(Plain::LBrace) => {
                    if let Some(open) = self.open.last_mut() {
                        open.braces += 1;
                    }
                    self.push(TokenKind::LBrace, start, end, starts_line)
                }
                Ok(Plain::RBrace) => self.right_brace(start, end, starts_line),
                Ok(Plain::BadNumber) => self.bad_number(start, end, starts_line),
                Ok(Plain::BlockComment) => self.block_comment(start, end, starts_line),
                Ok(other) => {
                    let kind = other.kind().unwrap_or(TokenKind::Bad);
                    self.push(kind, start, end, starts_line)
                }
                Err(()) => self.bad_character(start, end, starts_line),
            };
            plain.bump(end - plain.span().end);
            self.end = end;
        }
    }

    fn begins_line(&self, start: usize) -> bool {
        self.tokens.is_empty() || self.text.as_bytes().get(self.end..start).is_some_and(|gap| gap.contains(&b'\n'))
    }

    fn indent_at(&self, start: usize) -> u16 {
        let before = self.text.as_bytes().get(..start).unwrap_or(&[]);
        let blanks = before.iter().rev().take_while(|byte| **byte != b'\n').count();
        u16::try_from(blanks).unwrap_or(u16::MAX)
    }

    fn push(&mut self, kind: TokenKind, start: usize, end: usize, first_on_line: bool) -> usize {
        let space_after = self.text.as_bytes().get(end).is_none_or(u8::is_ascii_whitespace);
        let range = Range::new(start as u32, end as u32);
        self.tokens.push(Token { kind, range, first_on_line, space_after, indent: self.indent, meant: 0 });
        end
    }

    /// A text from its opening quote (`block` says which), up to its end or its first hole.
    fn text_token(&mut self, start: usize, end: usize, block: Option<bool>, starts_line: bool) -> usize {
        let block = block.unwrap_or(false);
        match scan_text(self.text, end, block) {
            Stop::Closed(end) => self.push(TokenKind::Text, start, end, starts_line),
            Stop::Hole(end) => {
                self.open.push(OpenText { start: start as u32, block, braces: 0 });
                self.push(TokenKind::TextHead, start, end, starts_line)
            }
            Stop::Unclosed(_) if self.closes_hole(block) => self.text_end_in_hole(start, starts_line),
            Stop::Unclosed(end) => {
                self.unclosed_text(start as u32, block, end as u32);
                self.push(TokenKind::Text, start, end, starts_line)
            }
        }
    }

    /// True if a quote whose text has no end is rather the end of the text around it.
    fn closes_hole(&self, block: bool) -> bool {
        !block && self.open.last().is_some_and(|open| !open.block)
    }

    /// `"a {b"`: the quote at `start` ends the text, and the hole is open.
    fn text_end_in_hole(&mut self, start: usize, starts_line: bool) -> usize {
        let end = start + 1;
        let Some(open) = self.open.pop() else { return end };
        let mut error =
            SyntaxError::new(Code::UnclosedText, "this text has an open `{`", Range::new(open.start, end as u32))
                .label("I expected `}` before the closing quote")
                .note("a brace itself is written `\\{`");
        // Behind a quote that was read as the beginning of another text, the place of the brace is not known.
        let opens_hole = |token: &&Token| matches!(token.kind, TokenKind::TextHead | TokenKind::TextMiddle);
        let mut hole = self.tokens.iter().rev().take_while(|token| !opens_hole(token));
        if hole.all(|token| token.kind != TokenKind::Text) {
            error = error.fix("close the hole", [(Range::empty(start as u32), "}".to_string())], false);
        }
        self.errors.push(error);
        self.push(TokenKind::TextTail, start, end, starts_line)
    }

    /// A `}` closes a brace of the hole, or the hole itself.
    fn right_brace(&mut self, start: usize, end: usize, starts_line: bool) -> usize {
        match self.open.pop() {
            None => self.push(TokenKind::RBrace, start, end, starts_line),
            Some(open) if open.braces > 0 => {
                self.open.push(OpenText { braces: open.braces - 1, ..open });
                self.push(TokenKind::RBrace, start, end, starts_line)
            }
            Some(open) => match scan_text(self.text, end, open.block) {
                Stop::Closed(end) => self.push(TokenKind::TextTail, start, end, starts_line),
                Stop::Hole(end) => {
                    self.open.push(open);
                    self.push(TokenKind::TextMiddle, start, end, starts_line)
                }
                Stop::Unclosed(end) => {
                    self.unclosed_text(open.start, open.block, end as u32);
                    self.push(TokenKind::TextTail, start, end, starts_line)
                }
            },
        }
    }

    /// At a new line, quoted texts with an open hole end where the last token ended.
    fn close_quoted_texts(&mut self) {
        while let Some(open) = self.open.pop_if(|open| !open.block) {
            self.close_hole(&open);
        }
    }

    fn close_texts_at_end(&mut self) {
        while let Some(open) = self.open.pop() {
            self.close_hole(&open);
        }
    }

    fn close_hole(&mut self, open: &OpenText) {
        self.errors.push(
            SyntaxError::new(Code::UnclosedText, "this text has an open `{`", Range::new(open.start, self.end as u32))
                .label("I expected `}` and the closing quote on this line")
                .note("a brace itself is written `\\{`"),
        );
        self.push(TokenKind::TextTail, self.end, self.end, false);
    }

    fn unclosed_text(&mut self, start: u32, block: bool, end: u32) {
        let range = Range::new(start, end);
        let error = if block {
            SyntaxError::new(Code::UnclosedText, "this block text has no end", Range::new(start, start + 3))
                .label("opened here")
                .note("the lines of a block text are indented; a line at column 0 ends it")
        } else {
            SyntaxError::new(Code::UnclosedText, "this text has no end", range)
                .label("I expected `\"` on this line")
                .fix("close the text", [(Range::empty(range.end), "\"".to_string())], false)
        };
        self.errors.push(error);
    }

    fn bad_number(&mut self, start: usize, end: usize, starts_line: bool) -> usize {
        let range = Range::new(start as u32, end as u32);
        let word = range.slice(self.text);
        self.errors.push(
            SyntaxError::new(Code::BadNumber, format!("`{word}` is neither a number nor a duration"), range)
                .label("I expected digits, or digits and a unit")
                .note("units of durations: us ms s min h d w, as in `1h30min`; a Float ends in `f`"),
        );
        self.push(TokenKind::Int, start, end, starts_line)
    }

    /// `/* … */` is a token that nothing reads, with an error.
    fn block_comment(&mut self, start: usize, end: usize, starts_line: bool) -> usize {
        let rest = self.text.get(end..).unwrap_or("");
        let length = rest.find("*/");
        let inner = rest.get(..length.unwrap_or(rest.len())).unwrap_or("");
        let end = length.map_or(self.text.len(), |length| end + length + 2);
        let range = Range::new(start as u32, end as u32);
        let indent = " ".repeat(usize::from(self.indent));
        let lines = inner.trim_end().lines().map(|line| line.trim().trim_start_matches('*').trim());
        let mut lines: Vec<String> = lines.map(|line| format!("// {line}").trim_end().to_string()).collect();
        if lines.first().is_some_and(|first| first == "//") && lines.len() > 1 {
            lines.remove(0);
        }
        let behind = self.text.get(end..).unwrap_or("").lines().next().unwrap_or("");
        if !behind.trim().is_empty() {
            lines.push(String::new());
        }
        let lines = lines.join(&format!("\n{indent}"));
        self.errors.push(
            SyntaxError::new(Code::ForeignComment, "there are no block comments", range)
                .label("a comment is `//` and the rest of its line")
                .fix("write `//`", [(range, lines)], true),
        );
        self.push(TokenKind::ForeignComment, start, end, starts_line)
    }

    /// `# …` is taken for a comment. All of an item are one error.
    fn hash_comment(&mut self, start: usize, sign: Range, starts_line: bool) -> usize {
        let rest = self.text.get(start..).unwrap_or("");
        let end = start + rest.lines().next().unwrap_or("").trim_end().len();
        let edit = (sign, "//".to_string());
        let message = "`#` begins no comment";
        let earlier = self.errors.iter_mut().find(|error| error.message == message);
        match earlier.and_then(|error| error.fixes.first_mut()) {
            Some(fix) => fix.edits.push(edit),
            None => self.errors.push(
                SyntaxError::new(Code::ForeignComment, message, sign)
                    .label("a comment is `//` and the rest of its line")
                    .fix("write `//`", [edit], true),
            ),
        }
        self.push(TokenKind::ForeignComment, start, end, starts_line)
    }

    /// One error and one token for a run of characters that are in no token.
    fn bad_character(&mut self, start: usize, end: usize, starts_line: bool) -> usize {
        let continues = !starts_line
            && self.end == start
            && self.tokens.last().is_some_and(|token| token.kind == TokenKind::Bad && !token.range.is_empty());
        if continues {
            if let Some(last) = self.tokens.last_mut() {
                last.range.end = end as u32;
            }
            return end;
        }
        let range = Range::new(start as u32, end as u32);
        let character = range.slice(self.text);
        if character == "#" {
            return self.hash_comment(start, range, starts_line);
        }
        let mut error =
            SyntaxError::new(Code::BadCharacter, format!("`{character}` is no part of the language"), range);
        if !character.is_ascii() {
            error =
                error.note("names are written with the letters a to z, digits and `_`; texts may hold any character");
        }
        self.errors.push(error);
        self.push(TokenKind::Bad, start, end, starts_line)
    }
}

/// Scans the characters of a text from `at`, which lies behind a quote or the `}` of a hole.
fn scan_text(text: &str, mut at: usize, block: bool) -> Stop {
    let bytes = text.as_bytes();
    while let Some(byte) = bytes.get(at) {
        match byte {
            // The brace of `\u{…}` opens no hole.
            b'\\' if bytes[at + 1..].starts_with(b"u{") => at += 3,
            b'\\' if bytes.get(at + 1).is_some_and(|next| *next != b'\n') => at += 2,
            b'{' => return Stop::Hole(at + 1),
            b'"' if !block => return Stop::Closed(at + 1),
            b'"' if bytes[at..].starts_with(b"\"\"\"") => return Stop::Closed(at + 3),
            b'\n' if !block => return Stop::Unclosed(line_end(bytes, at)),
            b'\n' => match bytes.get(at + 1) {
                Some(b' ' | b'\t' | b'\r' | b'\n' | b'"') => at += 1,
                _ => return Stop::Unclosed(line_end(bytes, at)),
            },
            _ => at += 1,
        }
    }
    Stop::Unclosed(text.len())
}

fn line_end(bytes: &[u8], newline: usize) -> usize {
    match newline.checked_sub(1).and_then(|before| bytes.get(before)) {
        Some(b'\r') => newline - 1,
        _ => newline,
    }
}
