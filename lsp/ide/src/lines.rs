//! The smallest change of lines from one text to another, so that an editor keeps its cursor and its folds.

use crate::answer::TextEdit;
use tenon_span::Range;

/// How many lines may differ before one edit replaces everything between the first and the last of them.
const MOST: usize = 400;

/// Edits that turn `old` into `new`, in order; each replaces whole lines.
pub(crate) fn line_edits(old: &str, new: &str) -> Vec<TextEdit> {
    let before: Vec<&str> = old.split_inclusive('\n').collect();
    let after: Vec<&str> = new.split_inclusive('\n').collect();
    let same_start = before.iter().zip(&after).take_while(|(a, b)| a == b).count();
    let most = before.len().min(after.len()) - same_start;
    let same_end = before.iter().rev().zip(after.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
    let a = before.get(same_start..before.len() - same_end).unwrap_or_default();
    let b = after.get(same_start..after.len() - same_end).unwrap_or_default();
    let start: usize = before.iter().take(same_start).map(|line| line.len()).sum();
    let mut edits: Vec<TextEdit> = Vec::new();
    let mut at = start as u32;
    for step in steps(a, b) {
        match step {
            Step::Keep(line) => at += line.len() as u32,
            Step::Remove(line) => {
                let end = at + line.len() as u32;
                match edits.last_mut() {
                    Some(last) if last.range.end == at => last.range.end = end,
                    _ => edits.push(TextEdit { range: Range::new(at, end), text: String::new() }),
                }
                at = end;
            }
            Step::Add(line) => match edits.last_mut() {
                Some(last) if last.range.end == at => last.text.push_str(line),
                _ => edits.push(TextEdit { range: Range::empty(at), text: line.to_owned() }),
            },
        }
    }
    edits
}

enum Step<'a> {
    Keep(&'a str),
    Remove(&'a str),
    Add(&'a str),
}

/// A shortest way from `a` to `b`, after Myers.
fn steps<'a>(a: &[&'a str], b: &[&'a str]) -> Vec<Step<'a>> {
    let all = || a.iter().map(|line| Step::Remove(line)).chain(b.iter().map(|line| Step::Add(line))).collect();
    let limit = (a.len() + b.len()).min(MOST);
    let width = 2 * limit + 1;
    // Per number of changes, how far each diagonal reaches in `a`.
    let mut reached: Vec<Vec<usize>> = Vec::new();
    let mut far = vec![0usize; width + 2];
    let middle = limit as isize;
    let slot = |diagonal: isize| (diagonal + middle) as usize;
    let mut last = None;
    'search: for changes in 0..=limit as isize {
        reached.push(far.clone());
        let mut diagonal = -changes;
        while diagonal <= changes {
            let down = diagonal == -changes || diagonal != changes && far[slot(diagonal - 1)] < far[slot(diagonal + 1)];
            let mut x = if down { far[slot(diagonal + 1)] } else { far[slot(diagonal - 1)] + 1 };
            let mut y = (x as isize - diagonal) as usize;
            while x < a.len() && y < b.len() && a[x] == b[y] {
                x += 1;
                y += 1;
            }
            far[slot(diagonal)] = x;
            if x >= a.len() && y >= b.len() {
                last = Some(changes);
                break 'search;
            }
            diagonal += 2;
        }
    }
    let Some(changes) = last else { return all() };
    let (mut x, mut y) = (a.len(), b.len());
    let mut back: Vec<Step<'a>> = Vec::new();
    for changes in (0..=changes).rev() {
        let far = &reached[changes as usize];
        let diagonal = x as isize - y as isize;
        let down = diagonal == -changes || diagonal != changes && far[slot(diagonal - 1)] < far[slot(diagonal + 1)];
        let before = if down { diagonal + 1 } else { diagonal - 1 };
        let from_x = if changes == 0 { 0 } else { far[slot(before)] };
        let from_y = (from_x as isize - before).max(0) as usize;
        let from_y = if changes == 0 { 0 } else { from_y };
        while x > from_x && y > from_y && a[x - 1] == b[y - 1] {
            back.push(Step::Keep(a[x - 1]));
            x -= 1;
            y -= 1;
        }
        if changes > 0 {
            if down {
                back.push(Step::Add(b[y - 1]));
                y -= 1;
            } else {
                back.push(Step::Remove(a[x - 1]));
                x -= 1;
            }
        }
    }
    back.reverse();
    back
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::FileEdits;

    #[test]
    fn edits_lead_from_one_text_to_the_other() {
        let alphabet = ["a\n", "b\n", "c\n", "\n", "d"];
        let mut seed = 7u64;
        let mut draw = |n: usize| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            (seed % n as u64) as usize
        };
        for _ in 0..2000 {
            let mut text = |n: usize| (0..draw(n)).map(|_| alphabet[draw(4)]).collect::<String>();
            let (old, new) = (text(12), text(12));
            let edits = FileEdits { file: String::new(), edits: line_edits(&old, &new) };
            assert_eq!(edits.apply(&old), new, "{old:?} {:?}", edits.edits);
        }
    }

    #[test]
    fn what_stays_is_not_touched() {
        let edits = line_edits("a\nb\nc\nd\n", "a\nB\nc\nd\ne\n");
        let shown: Vec<_> = edits.iter().map(|edit| (edit.range, edit.text.as_str())).collect();
        assert_eq!(shown, [(Range::new(2, 4), "B\n"), (Range::new(8, 8), "e\n")]);
        assert_eq!(line_edits("a\n", "a\n"), []);
        let many: String = (0..1000).map(|n| format!("{n}\n")).collect();
        assert_eq!(line_edits(&many, "x\n").len(), 1);
    }
}
