//! The grammar as a page of the specification, derived from the grammar itself and from the table of tokens.

use crate::words::{TOKENS, TokenClass};
use std::fmt::Write as _;

const RULES: &str = include_str!("grammar.lalrpop");

const HEAD: &str = "# Grammar

This page is derived from the grammar that the compiler uses; a test compares them.

A file falls into items: an item word at column 0 begins one. An item is read by the rules below; `Item` is where they
begin. `X?` is an `X` or nothing, `X*` any number of them; `Comma<X>` and the like are defined under \"lists\". A text
with holes falls into TEXT_HEAD, TEXT_MIDDLE and TEXT_TAIL, with the holes between them.

## Words

";

const WORDS: &[(TokenClass, &str)] = &[
    (TokenClass::Item, "Words only at the beginning of an item (`fn` as well, which is reserved)"),
    (TokenClass::Reserved, "Reserved: names only behind `.` and before `:`"),
    (TokenClass::Soft, "Soft: keywords exactly where two operands would otherwise stand side by side"),
    (TokenClass::Pair, "One token together, names alone"),
    (TokenClass::Contextual, "Contextual: keywords where the grammar asks for them, plain names (`Name`) elsewhere"),
    (TokenClass::Sign, "Signs"),
];

const TERMINATORS: &str = "## Line ends

`;` in the rules is a `;` or a line end. A line end counts only directly inside braces, where the token before it can
end a line and the token behind it cannot continue one. A line is continued by a closing bracket, a clause word, a
binary operator, `.`, `?.`, `else`, `as`; `- x` continues, `-x` begins; `on` with a method and a text begins. `;` is
dropped behind `{` and `;` and before `}`. A line that continues another one is indented deeper than the statements of
its block.

";

/// The page, in Markdown.
pub fn grammar_appendix() -> String {
    let mut page = String::from(HEAD);
    for (class, title) in WORDS {
        let words: Vec<String> =
            TOKENS.iter().filter(|row| row.class == *class).map(|row| format!("`{}`", row.spelling)).collect();
        let _ = writeln!(page, "{title}: {}\n", words.join(" "));
    }
    page.push_str(TERMINATORS);
    let mut open = false;
    for entry in entries(RULES) {
        match entry {
            Entry::Section(title) => {
                let _ = write!(page, "{}## {}\n\n```text\n", if open { "```\n\n" } else { "" }, capital(title));
                open = true;
            }
            Entry::Rule { name, alternatives } if open && !alternatives.is_empty() => {
                let _ = writeln!(page, "{name}");
                for (index, alternative) in alternatives.iter().enumerate() {
                    let sign = if index == 0 { "=" } else { "|" };
                    let _ =
                        writeln!(page, "  {sign} {}", if alternative.is_empty() { "(nothing)" } else { alternative });
                }
            }
            Entry::Rule { .. } => {}
        }
    }
    if open {
        page.push_str("```\n");
    }
    page
}

fn capital(title: &str) -> String {
    let mut letters = title.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

enum Entry<'a> {
    Section(&'a str),
    Rule { name: &'a str, alternatives: Vec<String> },
}

/// The sections and rules of the grammar file, in order.
fn entries(rules: &str) -> Vec<Entry<'_>> {
    let mut entries = Vec::new();
    let mut rest = rules;
    while !rest.is_empty() {
        let line_end = rest.find('\n').map_or(rest.len(), |newline| newline + 1);
        let line = rest[..line_end].trim();
        if let Some(title) = line.strip_prefix("// ----------") {
            entries.push(Entry::Section(title.trim_end_matches('-').trim()));
        }
        let rule = line.starts_with(|c: char| c.is_ascii_uppercase()) || line.starts_with("pub ");
        let body = if rule { line.find(" = ").map(|at| rest.find(line).unwrap_or(0) + at + 3) } else { None };
        let Some(body) = body else {
            rest = &rest[line_end..];
            continue;
        };
        let head = line.trim_start_matches("pub ");
        let name = head.split(": ").next().unwrap_or(head);
        let end = body + statement_end(&rest[body..]);
        let body = rest[body..end].trim();
        let body = body.strip_prefix('{').and_then(|body| body.strip_suffix('}')).unwrap_or(body);
        let alternatives = alternatives(body).iter().filter_map(|pattern| shown(pattern)).collect();
        entries.push(Entry::Rule { name, alternatives });
        rest = rest.get(end + 1..).unwrap_or("");
    }
    entries
}

/// The length of a string literal or line comment at the start of `text`; 0 if there is none.
fn opaque(text: &str) -> usize {
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    match text.strip_prefix('"') {
        Some(rest) => rest.find('"').map_or(text.len(), |end| end + 2),
        None => 0,
    }
}

/// The offset of the `;` that ends a rule.
fn statement_end(text: &str) -> usize {
    let (mut at, mut depth) = (0, 0usize);
    while let Some(c) = text[at..].chars().next() {
        let skip = opaque(&text[at..]);
        if skip > 0 {
            at += skip;
            continue;
        }
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ';' if depth == 0 => return at,
            _ => {}
        }
        at += c.len_utf8();
    }
    text.len()
}

/// The patterns of the alternatives, without their actions.
fn alternatives(body: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut pattern = String::new();
    let (mut at, mut depth, mut in_action) = (0, 0usize, false);
    while let Some(c) = body[at..].chars().next() {
        let skip = opaque(&body[at..]);
        if skip > 0 {
            if !in_action && body[at..].starts_with('"') {
                pattern.push_str(&body[at..at + skip]);
            }
            at += skip;
            continue;
        }
        if !in_action && body[at..].starts_with("=>") {
            in_action = true;
            at += 2;
            continue;
        }
        match c {
            '(' | '[' | '{' => depth += 1,
            '<' if !in_action => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '>' if !in_action => depth = depth.saturating_sub(1),
            _ => {}
        }
        if c == ',' && depth == 0 {
            found.push(std::mem::take(&mut pattern));
            in_action = false;
        } else if !in_action {
            pattern.push(c);
        }
        at += c.len_utf8();
    }
    if !pattern.trim().is_empty() {
        found.push(pattern);
    }
    found
}

/// A pattern for readers; nothing for what exists for the sake of recovery only.
fn shown(pattern: &str) -> Option<String> {
    let text = symbols(pattern);
    let recovery = matches!(text.as_str(), "Error" | "HOLE" | "BAD" | "CUT" | "!");
    (!recovery).then_some(text)
}

fn symbols(pattern: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some(c) = pattern[at..].chars().next() {
        let rest = &pattern[at..];
        match c {
            '"' => {
                let length = opaque(rest);
                out.push(rest[..length].replace("\"%", "\""));
                at += length;
            }
            '<' | '(' => {
                let length = bracketed(rest);
                let inner = rest.get(1..length - 1).unwrap_or("");
                let inner = if c == '<' { without_binding(inner) } else { inner };
                let inner = symbols(inner);
                if !inner.is_empty() {
                    out.push(if c == '(' && inner.contains(' ') { format!("({inner})") } else { inner });
                }
                at += length;
            }
            '?' | '*' => {
                if let Some(last) = out.last_mut() {
                    last.push(c);
                }
                at += 1;
            }
            _ if c.is_alphanumeric() || c == '_' || c == '@' || c == '!' => {
                let end =
                    rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '@' | '!'))).unwrap_or(rest.len());
                let word = &rest[..end];
                at += end;
                let arguments = if pattern[at..].starts_with('<') { bracketed(&pattern[at..]) } else { 0 };
                let argument = pattern.get(at + 1..(at + arguments).saturating_sub(1)).map(symbols).unwrap_or_default();
                at += arguments;
                match word {
                    "@L" | "@R" => {}
                    _ if arguments > 0 => out.push(format!("{word}<{argument}>")),
                    _ => out.push(word.to_string()),
                }
            }
            _ => at += c.len_utf8(),
        }
    }
    out.join(" ")
}

/// The length of the bracketed piece at the start of `text`.
fn bracketed(text: &str) -> usize {
    let (mut at, mut depth) = (0, 0usize);
    while let Some(c) = text[at..].chars().next() {
        let skip = opaque(&text[at..]);
        if skip > 0 {
            at += skip;
            continue;
        }
        at += c.len_utf8();
        match c {
            '<' | '(' => depth += 1,
            '>' | ')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
    }
    text.len()
}

/// `name:Symbol` without its name.
fn without_binding(inner: &str) -> &str {
    match inner.split_once(':') {
        Some((name, symbol)) if name.chars().all(|c| c.is_ascii_lowercase() || c == '_') => symbol,
        _ => inner,
    }
}
