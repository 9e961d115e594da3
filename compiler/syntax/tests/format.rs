//! The formatter keeps what a program says, and what it has formatted it leaves alone.

mod common;

use common::{Random, data, mutate, programs};
use tenon_syntax::{NotFormatted, WIDTH, format, format_item, items, parse_item};

#[test]
fn programs_are_formatted_once_and_for_all() {
    for (name, text) in programs() {
        let once = format(&text);
        assert_eq!(once.left, vec![], "{name}");
        let twice = format(&once.text);
        assert!(once.text == twice.text, "{name} changes again:\n{}", first_difference(&once.text, &twice.text));
    }
}

#[test]
fn a_remark_about_the_file_stays_apart_from_its_first_item() {
    let text = "// About the file.\n\n/// A thing.\nrelation P {\n  key n: Int\n}\n\n// About both.\n\nrelation Q { key n: Int }\n";
    assert_eq!(format(text).text, text);
    let far = text.replace("\n\n", "\n\n\n\n");
    assert_eq!(format(&far).text, text);
}

#[test]
fn formatting_changes_no_tree() {
    for (name, text) in programs() {
        for item in items(&text) {
            let before = parse_item(item.text(&text));
            let formatted = format_item(item.text(&text)).expect("a program has no broken item");
            let after = parse_item(&formatted);
            assert_eq!(after.errors, vec![], "{name}: {formatted}");
            let shape = |parsed: &tenon_syntax::Parsed| without_ranges(&format!("{:?}", parsed.item));
            assert_eq!(shape(&before), shape(&after), "{name}: {formatted}");
        }
    }
}

/// A tree without its places: every `12..34` is left out.
fn without_ranges(tree: &str) -> String {
    let words = tree.split([' ', '(', ')', ',']);
    words.filter(|word| !is_range(word)).collect::<Vec<_>>().join(" ")
}

fn is_range(word: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    word.split_once("..").is_some_and(|(start, end)| digits(start) && digits(end))
}

#[test]
fn lines_are_seldom_long() {
    let (mut long, mut all) = (0, 0);
    for (_, text) in programs() {
        for line in format(&text).text.lines() {
            all += 1;
            long += usize::from(line.split("//").next().unwrap_or("").trim_end().chars().count() > WIDTH);
        }
    }
    assert!(long * 100 < all, "{long} of {all} lines are long");
}

#[test]
fn mutated_programs_are_formatted_once_or_left_alone() {
    let mut random = Random::new(4);
    for (_, text) in programs() {
        for _ in 0..6 {
            let mutant = mutate(&text, &mut random);
            let once = format(&mutant);
            for (index, reason) in &once.left {
                assert_eq!(*reason, NotFormatted::Broken, "{}", items(&mutant)[*index].text(&mutant));
            }
            let twice = format(&once.text);
            assert!(once.text == twice.text, "changes again:\n{}", first_difference(&once.text, &twice.text));
        }
    }
}

#[test]
fn the_style_is_as_in_the_example() {
    let source = std::fs::read_to_string(data().join("format.txt")).expect("the example is there");
    let (before, after) = source.split_once("\n======\n").expect("the example has two halves");
    let formatted = format(before).text;
    assert!(formatted == after, "{formatted}\n{}", first_difference(&formatted, after));
}

fn first_difference(one: &str, other: &str) -> String {
    let differing = one.lines().zip(other.lines()).enumerate().find(|(_, (a, b))| a != b);
    match differing {
        Some((line, (a, b))) => format!("line {}:\n{a}\n{b}", line + 1),
        None => "one is longer".to_string(),
    }
}
