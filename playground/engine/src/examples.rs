//! The gallery: programs of the repository, with rows to begin with. The first is what the page opens with.

use serde_json::{Value as Json, json};

/// A program of the gallery.
struct Example {
    name: &'static str,
    title: &'static str,
    about: &'static str,
    files: &'static [(&'static str, &'static str)],
    /// Rows by relation, in an order in which references find their rows.
    rows: &'static str,
}

macro_rules! example {
    ($name:literal, $title:literal, $about:literal, [$($path:literal: $file:literal),* $(,)?]) => {
        Example {
            name: $name,
            title: $title,
            about: $about,
            files: &[$(($path, include_str!(concat!("../../../", $file)))),*],
            rows: include_str!(concat!("../../examples/", $name, ".json")),
        }
    };
}

const EXAMPLES: &[Example] = &[
    example!("shop", "A shop", "Stock that is never sold twice: one handler, one query, and what holds of them.", [
        "main.tn": "tests/apps/shop/shop.tn",
    ]),
    example!("todo", "Projects and tasks", "References, a status that follows its transitions, and answers with lists inside.", [
        "main.tn": "compiler/driver/templates/todo/main.tn",
        "scenarios.tn": "compiler/driver/templates/todo/scenarios.tn",
        "tasks.tn": "compiler/driver/templates/todo/tasks.tn",
    ]),
    example!("lending", "A lending library", "Copies, loans and fines: variants with data, composite keys, typed failures.", [
        "main.tn": "tests/programs/lending.tn",
    ]),
    example!("chat", "Chat rooms and polls", "Messages with replies, votes that are stored once, and a leaderboard by windows.", [
        "main.tn": "tests/programs/chat.tn",
    ]),
    example!("invoices", "Invoices", "Exact decimals, rounding, due dates, and totals that no join counts double.", [
        "main.tn": "tests/programs/invoices.tn",
    ]),
    example!("rota", "Shifts of a hospital", "Dates and times, checks, uniques, computed fields, and nested answers.", [
        "main.tn": "tests/programs/rota.tn",
    ]),
    example!("till", "A till", "Receipts with lines inside, generic functions with functions, change in coins.", [
        "main.tn": "tests/programs/till.tn",
    ]),
    example!("analytics", "Questions about sales", "Grouping, windows, shares and quantifiers over five years of a music shop.", [
        "main.tn": "compiler/driver/templates/analytics/main.tn",
        "sales.tn": "compiler/driver/templates/analytics/sales.tn",
        "scenarios.tn": "compiler/driver/templates/analytics/scenarios.tn",
    ]),
];

/// All examples: `[{name, title, about, files: [{path, text}], rows}]`.
pub(crate) fn examples() -> Json {
    let shown = EXAMPLES.iter().map(|example| {
        let files: Vec<Json> = example.files.iter().map(|(path, text)| json!({ "path": path, "text": text })).collect();
        let rows: Json = serde_json::from_str(example.rows).expect("the rows of an example are JSON");
        json!({ "name": example.name, "title": example.title, "about": example.about, "files": files, "rows": rows })
    });
    shown.collect()
}
