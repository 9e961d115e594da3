//! Text as HTML.

/// Text with the characters that mean something in HTML replaced; fits in elements and in quoted attributes.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

/// One line of prose with `code` in back quotes, as HTML.
pub fn inline(text: &str) -> String {
    let mut out = String::new();
    for (index, part) in text.split('`').enumerate() {
        if index % 2 == 1 {
            out.push_str(&format!("<code>{}</code>", escape(part)));
        } else {
            out.push_str(&escape(part));
        }
    }
    out
}

/// The anchor of a heading: its letters and digits in lower case, everything else as one dash.
pub fn slug(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() || c == '_' {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    out.trim_matches('-').to_owned()
}

/// A rule as a sentence: with a capital and a full stop.
pub fn sentence(rule: &str) -> String {
    let mut chars = rule.chars();
    match chars.next() {
        Some('`') => format!("{rule}."),
        Some(first) => format!("{}{}.", first.to_uppercase(), chars.as_str()),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_html() {
        assert_eq!(escape("a < b & \"c\""), "a &lt; b &amp; &quot;c&quot;");
        assert_eq!(inline("a `b<c>` d"), "a <code>b&lt;c&gt;</code> d");
        assert_eq!(slug("3. On the wire (JSON)"), "3-on-the-wire-json");
        assert_eq!(sentence("every name is declared"), "Every name is declared.");
    }
}
