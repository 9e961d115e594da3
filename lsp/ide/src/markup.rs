//! Words for people.

use serde::Serialize;

/// Words for people, as Markdown.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Markup(pub String);

impl Markup {
    /// The words alone, for who shows text as it is: code stays as it is written, signs that say how words look go.
    pub fn plain(&self) -> String {
        let mut lines = Vec::new();
        let mut in_code = false;
        for line in self.0.lines() {
            if line.trim_start().starts_with("```") {
                in_code = !in_code;
            } else if in_code {
                lines.push(line.to_owned());
            } else if line != "---" {
                lines.push(words(line.trim_start_matches('#').trim_start_matches(' ')));
            } else {
                // A line between parts is an empty one, and those around it are there already.
                lines.pop();
            }
        }
        lines.join("\n")
    }
}

/// One line without the signs of code, of emphasis and of links.
fn words(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let (taken, behind) = match first {
            '`' => between(rest, "`", "`").map_or((first.to_string(), 1), |(code, end)| (code.to_owned(), end)),
            '*' => ["***", "**", "*"]
                .into_iter()
                .find_map(|sign| between(rest, sign, sign))
                .filter(|(inner, _)| !inner.starts_with(' ') && !inner.ends_with(' '))
                .map_or((first.to_string(), 1), |(inner, end)| (words(inner), end)),
            '[' => link(rest).unwrap_or((first.to_string(), 1)),
            '\\' => match rest.chars().nth(1).filter(char::is_ascii_punctuation) {
                Some(sign) => (sign.to_string(), 2),
                None => (first.to_string(), 1),
            },
            _ => (first.to_string(), first.len_utf8()),
        };
        out.push_str(&taken);
        rest = rest.get(behind..).unwrap_or_default();
    }
    out
}

/// What stands between two signs at the beginning of a text, and where it goes on behind them.
fn between<'a>(text: &'a str, open: &str, close: &str) -> Option<(&'a str, usize)> {
    let inner = text.strip_prefix(open)?;
    let length = inner.find(close).filter(|length| *length > 0)?;
    Some((inner.get(..length)?, open.len() + length + close.len()))
}

/// `[words](address)`: the words, and the address where it says more.
fn link(text: &str) -> Option<(String, usize)> {
    let (label, end) = between(text, "[", "]")?;
    let (address, behind) = between(text.get(end..)?, "(", ")")?;
    let label = words(label);
    Some((if label == address { label } else { format!("{label} ({address})") }, end + behind))
}

#[cfg(test)]
mod tests {
    use super::Markup;

    #[test]
    fn the_words_alone() {
        for (markdown, plain) in [
            (
                "```tenon\nfn f() -> Int\n```\n\nSays `one`.\n\n---\n\nreads **Product**",
                "fn f() -> Int\n\nSays one.\n\nreads Product",
            ),
            ("```\n**a** `b`\n```", "**a** `b`"),
            ("a * b * c, 2 ** 3, `*x*`", "a * b * c, 2 ** 3, *x*"),
            ("*one* and **two `x` three** and ***four***", "one and two x three and four"),
            ("## Head\n- item [words](https://x.example) [a](a)", "Head\n- item words (https://x.example) a"),
            ("open ` and \\* and [a] é", "open ` and * and [a] é"),
            ("", ""),
        ] {
            assert_eq!(Markup(markdown.to_owned()).plain(), plain);
        }
    }
}
