//! What to say where the grammar cannot go on.

use super::context::Failure;
use crate::error::SyntaxError;
use crate::repair::classes::begins_query_clause;
use crate::token::{Token, TokenTable};
use crate::words::{self, TOKENS, TokenClass, TokenInfo, TokenKind as K};
use tenon_diagnostics::Code;
use tenon_span::Range;

/// True for errors of the repair, whose consequences the grammar should not report.
pub(super) fn speaks_for_item(code: Code) -> bool {
    matches!(
        code,
        Code::Unclosed
            | Code::Unopened
            | Code::Missing
            | Code::LineEnd
            | Code::UnclosedText
            | Code::BadNumber
            | Code::BadCharacter
    )
}

/// The item words that people of other languages look for.
const FOREIGN_ITEM_WORDS: &[(&str, &str)] = &[
    ("function", "fn"),
    ("func", "fn"),
    ("fun", "fn"),
    ("def", "fn"),
    ("table", "relation"),
    ("class", "relation"),
    ("struct", "type"),
    ("model", "relation"),
    ("entity", "relation"),
    ("enum", "type"),
    ("interface", "type"),
    ("record", "type"),
    ("import", "use"),
    ("from", "use"),
    ("include", "use"),
    ("test", "scenario"),
    ("service", "binding"),
    ("let", "const"),
    ("var", "const"),
    ("public", ""),
    ("pub", ""),
    ("export", ""),
];

/// Words before an item that say nothing here, and why.
const NEEDLESS_WORDS: &[(&str, &str)] = &[
    ("async", "nothing is awaited: a call gives its value"),
    ("static", "every function stands by itself"),
    ("pure", "effects are inferred"),
];

/// The error for an item that does not begin with an item word.
pub(super) fn no_item_word(code: &str, table: &TokenTable) -> Option<SyntaxError> {
    let first = table.tokens().iter().find(|token| token.kind != K::ForeignComment)?;
    let word = first.range.slice(code);
    if words::begins_item(word) {
        return None;
    }
    if let Some(error) = dash_comments(table) {
        return Some(error);
    }
    let shown = word.lines().next().unwrap_or(word);
    let error = SyntaxError::new(Code::ItemWord, format!("`{shown}` begins no item"), first.range);
    let foreign = FOREIGN_ITEM_WORDS.iter().find(|(foreign, _)| *foreign == word).map(|(_, meant)| *meant);
    let similar = words::item_words().find(|item_word| differs_little(word, item_word));
    if let Some((_, why)) = NEEDLESS_WORDS.iter().find(|(needless, _)| *needless == word) {
        return Some(error.label(*why).fix("remove it", [(first_with_blank(first, table), String::new())], true));
    }
    if let Some(error) = declared_in_braces(code, word, table) {
        return Some(error);
    }
    Some(match foreign.or(similar) {
        Some("") => error.label("items are public unless they are `private`").fix(
            "remove it",
            [(first_with_blank(first, table), String::new())],
            false,
        ),
        Some(meant) => error.label(format!("did you mean `{meant}`?")).fix(
            format!("write `{meant}`"),
            [(first.range, meant.to_string())],
            false,
        ),
        None => error.label("I expected an item word: `relation`, `type`, `fn`, `query`, `handler`, …"),
    })
}

/// The token and the blank behind it.
fn first_with_blank(first: &Token, table: &TokenTable) -> Range {
    let next = table.tokens().iter().find(|token| token.range.start >= first.range.end);
    Range::new(first.range.start, next.map_or(first.range.end, |next| next.range.start))
}

/// `enum State { Open, Paid(at: Instant) }` and `struct P { x: Int, y: Int }`: with a fix that writes the whole.
fn declared_in_braces(code: &str, word: &str, table: &TokenTable) -> Option<SyntaxError> {
    let tokens: Vec<&Token> = table.tokens().iter().filter(|token| token.kind != K::ForeignComment).collect();
    let [first, name, open, inner @ .., close] = tokens.as_slice() else { return None };
    let braces = open.kind == K::LBrace && close.kind == K::RBrace;
    let parentheses = word == "record" && open.kind == K::LParen && close.kind == K::RParen;
    let shape = name.kind == K::UpperName && (braces || parentheses);
    let (separator, start, end) = match word {
        "enum" => (" | ", "", ""),
        "struct" | "interface" | "record" => (", ", "(", ")"),
        _ => return None,
    };
    let mut parts: Vec<String> = Vec::new();
    let mut part: Option<Range> = None;
    let mut depth = 0usize;
    for token in inner {
        let ends = depth == 0 && (matches!(token.kind, K::Comma | K::Semi) || token.first_on_line);
        if ends && let Some(range) = part.take() {
            parts.push(range.slice(code).to_string());
        }
        if depth == 0 && matches!(token.kind, K::Comma | K::Semi) {
            continue;
        }
        if token.kind.opens() {
            depth += 1;
        } else if token.kind.closes() {
            depth = depth.saturating_sub(1);
        }
        part = Some(part.map_or(token.range, |range| range.cover(token.range)));
    }
    parts.extend(part.map(|range| range.slice(code).to_string()));
    let error = SyntaxError::new(Code::ItemWord, format!("`{word}` begins no item"), first.range).label(match word {
        "enum" => "cases are declared by `type Name = A | B(x: Int)`",
        _ => "a record is declared by `type Name = (a: A, b: B)`; what is stored is a `relation`",
    });
    // Cases with fields in braces, or without names, are more than can be written anew.
    if !shape || parts.is_empty() || inner.iter().any(|token| token.kind == K::LBrace) {
        return Some(error);
    }
    let text = format!("type {} = {start}{}{end}", name.range.slice(code), parts.join(separator));
    Some(error.fix(format!("write `{text}`"), [(first.range.cover(close.range), text)], false))
}

/// `-- said`, as SQL comments, outside of items.
fn dash_comments(table: &TokenTable) -> Option<SyntaxError> {
    let dashes = table.tokens().windows(2).filter_map(|pair| match pair {
        [first, second] if first.first_on_line && first.kind == K::Minus && second.kind == K::Minus => {
            (first.range.end == second.range.start).then(|| first.range.cover(second.range))
        }
        _ => None,
    });
    let dashes: Vec<Range> = dashes.collect();
    let first = *dashes.first().filter(|first| first.start == 0)?;
    let edits: Vec<(Range, String)> = dashes.into_iter().map(|range| (range, "//".to_string())).collect();
    Some(
        SyntaxError::new(Code::ForeignComment, "`--` begins no comment", first)
            .label("a comment is `//` and the rest of its line")
            .fix("write `//`", edits, true),
    )
}

/// True if one word becomes the other by one letter put in, left out, changed or exchanged with its neighbour.
fn differs_little(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() < 3 || one.len().abs_diff(other.len()) > 1 {
        return false;
    }
    let same_start = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (one, other) = (&one[same_start..], &other[same_start..]);
    match one.len().cmp(&other.len()) {
        std::cmp::Ordering::Less => *one == other[1..],
        std::cmp::Ordering::Greater => one[1..] == *other,
        std::cmp::Ordering::Equal => {
            one.is_empty()
                || one[1..] == other[1..]
                || one.len() > 1 && one[0] == other[1] && one[1] == other[0] && one[2..] == other[2..]
        }
    }
}

/// The error for a failure; `index` is the place in `tokens` where it happened.
pub(super) fn describe(code: &str, failure: &Failure, tokens: &[Token], index: usize) -> SyntaxError {
    let expected = expectation(&failure.expected);
    let label = if expected.is_empty() { String::new() } else { format!("I expected {expected}") };
    let Some(found) = failure.found else {
        return SyntaxError::new(Code::Syntax, "the item ends too early", failure.range).label(label);
    };
    if let Some(error) = known_mistake(code, found, failure.range, tokens, index) {
        return error;
    }
    let message = match found {
        K::Semi if failure.range.is_empty() => "the line ends too early".to_string(),
        _ => format!("`{}` does not fit here", shown(code, failure.range, found)),
    };
    SyntaxError::new(Code::Syntax, message, failure.range).label(label)
}

fn shown(code: &str, range: Range, kind: K) -> &str {
    match range.slice(code) {
        "" => kind.info().spelling,
        text => text.lines().next().unwrap_or(text),
    }
}

fn known_mistake(code: &str, found: K, range: Range, tokens: &[Token], index: usize) -> Option<SyntaxError> {
    let arithmetic = matches!(
        found,
        K::Plus
            | K::Minus
            | K::Star
            | K::Slash
            | K::SlashQuestion
            | K::DotDot
            | K::DotDotEqual
            | K::SoftDiv
            | K::SoftMod
            | K::PairAsOf
            | K::QuestionQuestion
    );
    if arithmetic && let Some(coalesce) = operator_before(tokens, index, |kind| kind == K::QuestionQuestion) {
        return Some(
            SyntaxError::new(Code::CoalesceMix, "`??` takes no arithmetic neighbour without parentheses", range)
                .label("does this belong to the right side of `??`, or to the whole?")
                .because(coalesce.range, "the `??`")
                .note("readers disagree about `a ?? 0 + b`: write `(a ?? 0) + b` or `a ?? (0 + b)`"),
        );
    }
    if found == K::QuestionQuestion {
        return Some(
            SyntaxError::new(Code::CoalesceMix, "`??` takes no arithmetic neighbour without parentheses", range)
                .label("does this belong to the operand before it, or to the whole?")
                .note("readers disagree about `a + b ?? 0`: write `a + (b ?? 0)` or `(a + b) ?? 0`"),
        );
    }
    if is_comparison(found)
        && let Some(first) = operator_before(tokens, index, is_comparison)
    {
        return Some(
            SyntaxError::new(Code::ComparisonChain, "comparisons do not chain", range)
                .label("the second comparison")
                .because(first.range, "the first comparison")
                .note(format!("join them with `and`, or write `x in a..=b`; here: `… and … {} …`", range.slice(code))),
        );
    }
    if begins_query_clause(found)
        && let Some(set) = operator_before(tokens, index, |kind| {
            matches!(kind, K::KwUnion | K::KwExcept | K::KwIntersect | K::SoftFrom)
        })
        && set.kind != K::SoftFrom
    {
        let word = set.range.slice(code);
        return Some(
            SyntaxError::new(
                Code::Syntax,
                format!("`{}` does not belong to what `{word}` joins", range.slice(code)),
                range,
            )
            .label("the clause of which query?")
            .because(set.range, format!("`{word}` takes all that stands on its two sides"))
            .note(format!("put `… {word} …` in parentheses where it is a part of a query")),
        );
    }
    if found == K::Question {
        return Some(
            SyntaxError::new(Code::Ternary, "there is no `? :`; an `if` has a value", range)
                .label("read as the mark of an optional type")
                .note("write `if a { b } else { c }`"),
        );
    }
    None
}

fn is_comparison(kind: K) -> bool {
    matches!(kind, K::EqualEqual | K::BangEqual | K::Less | K::LessEqual | K::Greater | K::GreaterEqual)
}

/// The nearest token before `index`, at its level and in its operand, that `wanted` accepts.
fn operator_before(tokens: &[Token], index: usize, wanted: impl Fn(K) -> bool) -> Option<Token> {
    let mut depth = 0;
    for token in tokens.get(..index)?.iter().rev() {
        if token.kind.closes() {
            depth += 1;
        } else if token.kind.opens() {
            if depth == 0 {
                return None;
            }
            depth -= 1;
        } else if depth == 0 {
            if wanted(token.kind) {
                return Some(*token);
            }
            let ends = matches!(
                token.kind,
                K::Semi | K::Comma | K::Equal | K::KwAnd | K::KwOr | K::KwNot | K::KwImplies | K::FatArrow | K::Colon
            );
            if ends || token.kind.class() == TokenClass::Reserved || begins_query_clause(token.kind) {
                return None;
            }
        }
    }
    None
}

/// The expected terminals in words: a class where it is complete, else up to eight terminals.
fn expectation(expected: &[String]) -> String {
    let terminals: Vec<&str> = expected.iter().map(|terminal| terminal.trim_matches('"')).collect();
    let has = |spelling: &str| terminals.contains(&spelling);
    if has("INT") && has("LOWER") && has("(") {
        return if has("return") { "a statement".to_string() } else { "an expression".to_string() };
    }
    if has("+") && has("and") {
        return "an operator or the end of the line".to_string();
    }
    if has("_") && has("UPPER") && has("[") {
        return "a type".to_string();
    }
    if has("_") && has("UPPER") && has("LOWER") {
        return "a pattern".to_string();
    }
    if has("ensures") && has("requires") && !has("auth") {
        return "a clause of the header, or `{`".to_string();
    }
    if has("unique") && has("check") && has("transitions") && !has("auth") {
        return "a field, `key`, `unique`, `index`, `check`, `transitions` or `history`".to_string();
    }
    let mut words: Vec<String> = Vec::new();
    for terminal in &terminals {
        if has("LOWER") && is_contextual(terminal) {
            continue;
        }
        let word = match *terminal {
            "HOLE" | "BAD" | "CUT" => continue,
            "LOWER" => "a name".to_string(),
            "UPPER" => "a name with a capital".to_string(),
            "INT" => "a number".to_string(),
            "TEXT" | "RAW_TEXT" => "a text".to_string(),
            "TEXT_HEAD" => continue,
            "TIME" => "a time of day".to_string(),
            other => format!("`{}`", other.trim_start_matches('%')),
        };
        if !words.contains(&word) {
            words.push(word);
        }
    }
    if words.len() > 8 {
        return String::new();
    }
    match words.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
    }
}

fn is_contextual(spelling: &str) -> bool {
    let row = |row: &&TokenInfo| row.class == TokenClass::Contextual && row.spelling == spelling;
    TOKENS.iter().find(row).is_some()
}
