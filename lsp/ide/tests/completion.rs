//! What may be written at the cursor: the first choices of each case, and what they write.

mod harness;

use std::fmt::Write;

#[test]
fn what_may_be_written() {
    harness::run("completion", |case, analysis| {
        let mut out = String::new();
        for mark in &case.marks {
            let found = analysis.completion(mark);
            the_grammar_takes(case, mark, &found);
            let shown = if found.items.is_empty() { "nothing" } else { "" };
            writeln!(out, "at {}: {shown}", harness::place(analysis, &mark.file, found.range)).expect("a string");
            for item in found.items.iter().take(12) {
                let kind = format!("{:?}", item.kind).to_lowercase();
                let detail = item.detail.as_deref().map(|detail| format!(" : {detail}")).unwrap_or_default();
                write!(out, "  {} {kind}{detail}", item.label).expect("a string");
                if item.insert != item.label {
                    write!(out, " -> {:?}", item.insert).expect("a string");
                }
                for edit in &item.additional {
                    let at = harness::place(analysis, &mark.file, edit.range);
                    write!(out, " and {at} -> {:?}", edit.text).expect("a string");
                }
                out.push('\n');
            }
            if found.items.len() > 12 {
                writeln!(out, "  … {} more", found.items.len() - 12).expect("a string");
            }
        }
        out
    });
}

/// What a choice writes, its stops filled in.
fn written(insert: &str, stop_text: &str) -> String {
    let mut out = String::new();
    let mut rest = insert;
    while let Some(at) = rest.find(['$', '\\']) {
        out.push_str(&rest[..at]);
        let stop = &rest[at..];
        if let Some(escaped) = stop.strip_prefix('\\') {
            out.extend(escaped.chars().next());
            rest = escaped.get(1..).unwrap_or("");
        } else if let Some(named) = stop.strip_prefix("${") {
            let (stop, after) = named.split_once('}').expect("a stop ends");
            out.push_str(stop.split_once(':').map_or(stop_text, |(_, text)| text));
            rest = after;
        } else {
            out.push_str(stop_text);
            rest = &stop[2..];
        }
    }
    out.push_str(rest);
    out
}

/// A name that is offered leaves no more errors of syntax than a name that is typed by hand would.
fn the_grammar_takes(case: &harness::Case, mark: &tenon_ide::FilePosition, found: &tenon_ide::completion::Completions) {
    let (_, text) = case.files.iter().find(|(path, _)| *path == mark.file).expect("the file of the mark");
    let errors = |insert: &str| -> usize {
        let (start, end) = (found.range.start as usize, found.range.end as usize);
        let whole = format!("{}{insert}{}", &text[..start], &text[end..]);
        tenon_syntax::items(&whole).iter().map(|item| tenon_syntax::parse_item(item.text(&whole)).errors.len()).sum()
    };
    let by_hand = ["x0", "X0", "x0 = 0", "X0 => 0"].iter().map(|name| errors(name)).min().expect("some");
    let mut refused = Vec::new();
    for item in found.items.iter().filter(|item| item.kind != tenon_ide::SymbolKind::Keyword) {
        let stop = if item.kind == tenon_ide::SymbolKind::BuiltinType { "X0" } else { "x0" };
        let insert = if item.snippet { written(&item.insert, stop) } else { item.insert.clone() };
        // A name that wants a value behind it has none yet.
        let insert = if insert.ends_with(": ") || insert.ends_with("= ") { format!("{insert}0") } else { insert };
        if errors(&insert) > by_hand {
            refused.push(insert);
        }
    }
    assert!(refused.is_empty(), "{}: the grammar refuses {refused:?}", case.title);
}
