//! Answers as tables for people.

use crate::report::{counted, visible};
use serde_json::Value;

/// Columns are cut off at this width.
const WIDEST: usize = 60;

/// A list of objects as a table with a heading, anything else as itself.
pub fn table(answer: &Value) -> String {
    let Value::Array(rows) = answer else {
        return cell(answer);
    };
    let mut columns: Vec<&str> = Vec::new();
    for row in rows {
        let Value::Object(fields) = row else {
            return rows.iter().map(cell).collect::<Vec<_>>().join("\n");
        };
        for name in fields.keys() {
            if !columns.contains(&name.as_str()) {
                columns.push(name);
            }
        }
    }
    let body: Vec<Vec<String>> = rows
        .iter()
        .map(|row| columns.iter().map(|name| row.get(*name).map(cell).unwrap_or_default()).collect())
        .collect();
    let widths: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(at, name)| body.iter().map(|row| width(&row[at])).chain([width(name)]).max().unwrap_or(0).min(WIDEST))
        .collect();
    let right: Vec<bool> =
        columns.iter().map(|name| rows.iter().all(|row| row.get(*name).is_some_and(Value::is_number))).collect();
    let line = |cells: Vec<&str>| {
        let parts: Vec<String> = cells
            .iter()
            .enumerate()
            .map(|(at, text)| {
                let text = cut(text, widths[at]);
                let fill = " ".repeat(widths[at] - width(&text).min(widths[at]));
                if right[at] { format!("{fill}{text}") } else { format!("{text}{fill}") }
            })
            .collect();
        parts.join("  ").trim_end().to_owned()
    };
    let mut out = Vec::new();
    if !columns.is_empty() {
        out.push(line(columns.clone()));
        out.push(widths.iter().map(|w| "-".repeat(*w)).collect::<Vec<_>>().join("  "));
        out.extend(body.iter().map(|row| line(row.iter().map(String::as_str).collect())));
    }
    out.push(counted(rows.len(), "row"));
    out.join("\n")
}

fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => visible(&text.replace(['\n', '\r', '\t'], " ")),
        Value::Null => String::new(),
        // JSON leaves some control characters in texts as they are.
        value => visible(&value.to_string()),
    }
}

fn width(text: &str) -> usize {
    text.chars().count()
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn rows_become_lines() {
        let rows = serde_json::json!([{ "sku": "tee", "stock": 10 }, { "sku": "blue mug", "stock": 2 }]);
        assert_eq!(table(&rows), "sku       stock\n--------  -----\ntee          10\nblue mug      2\n2 rows");
        assert_eq!(table(&serde_json::json!([{ "n": 1 }])), "n\n-\n1\n1 row");
        assert_eq!(table(&serde_json::json!([])), "0 rows");
        assert_eq!(table(&serde_json::json!(3)), "3");
        let commands = serde_json::json!([{ "t": "a\u{1b}[2Jb\u{9b}", "l": ["\u{1b}\u{7f}"] }]);
        assert!(!table(&commands).contains(|c: char| c.is_control() && c != '\n'));
        assert!(table(&commands).contains("a\\u{1b}[2Jb\\u{9b}"));
        assert_eq!(table(&serde_json::json!([1, "b"])), "1\nb");
    }
}
