//! "Did you mean": the name that is closest to what was written.

use smol_str::SmolStr;
pub use tenon_syntax::case::{lower_snake, upper_camel};

/// The candidate that is closest to `name`, if one is close enough to be meant: another case, or no more
/// than a third of the letters different. Of equally close ones the first in the order of names.
pub fn closest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted: Vec<char> = fold(name).chars().collect();
    let limit = (wanted.len() / 3).min(3);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        if candidate == name || candidate.is_empty() {
            continue;
        }
        // Most names are of another length; folding them would be most of the work. A letter may fold to several.
        let letters = candidate.chars().filter(|c| *c != '_').count();
        if candidate.is_ascii() && letters.abs_diff(wanted.len()) > limit {
            continue;
        }
        let other: Vec<char> = fold(candidate).chars().collect();
        if other.len().abs_diff(wanted.len()) > limit {
            continue;
        }
        let distance = distance(&wanted, &other, limit);
        if distance > limit {
            continue;
        }
        if best.is_none_or(|(least, first)| (distance, candidate) < (least, first)) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Case and underscores do not tell names apart for people.
fn fold(name: &str) -> SmolStr {
    name.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect()
}

/// Insertions, deletions, replacements and swaps of neighbours that lead from one to the other; more than
/// `limit` may be any number above it.
fn distance(a: &[char], b: &[char], limit: usize) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i + 1);
        for (j, y) in b.iter().enumerate() {
            let mut cost = (last[j] + usize::from(x != y)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                cost = cost.min(before[j - 1] + 1);
            }
            row.push(cost);
        }
        if row.iter().all(|cost| *cost > limit) {
            return limit + 1;
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_name_is_found_and_strangers_are_not() {
        assert_eq!(closest("prise", ["price", "prize_money", "name"]), Some("price"));
        assert_eq!(closest("produkt", ["Product", "Order"]), Some("Product"));
        assert_eq!(closest("firstName", ["first_name", "last_name"]), Some("first_name"));
        assert_eq!(closest("nmae", ["name", "same"]), Some("name"));
        assert_eq!(closest("x", ["y", "X"]), Some("X"));
        assert_eq!(closest("x", ["y", "z"]), None);
        assert_eq!(closest("ps", ["p", "as"]), None);
        assert_eq!(closest("customer", ["order", "product"]), None);
        assert_eq!(closest("", ["a"]), None);
    }
}
