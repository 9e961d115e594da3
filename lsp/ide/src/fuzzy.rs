//! How well a name fits what somebody typed to find it.

/// How well `name` fits `query`; `None` if the letters of the query do not stand in the name in that order. More is
/// better; the values compare names for one query and mean nothing else.
///
/// Letters in a row, at the beginning of a word (`paid_by`, `OutOfStock`) and at the beginning of the name count more.
/// A query in lower case finds both cases; a capital in it finds only a capital. Blanks in the query are passed over.
pub fn score(query: &str, name: &str) -> Option<i32> {
    let wanted: Vec<char> = query.chars().filter(|c| !c.is_whitespace()).collect();
    if wanted.is_empty() {
        return Some(0);
    }
    let letters: Vec<char> = name.chars().collect();
    let fits = |wanted: char, letter: char| {
        wanted == letter || wanted.is_lowercase() && letter.to_lowercase().eq(std::iter::once(wanted))
    };
    // best[j]: the best score where the letters of the query so far are used and the last one stands at j.
    let mut best: Vec<Option<i32>> = vec![None; letters.len()];
    for (n, wanted) in wanted.iter().enumerate() {
        let mut next: Vec<Option<i32>> = vec![None; letters.len()];
        let mut reach: Option<i32> = None;
        for (j, letter) in letters.iter().enumerate() {
            let before = j.checked_sub(1);
            let in_a_row = before.and_then(|before| best[before]).map(|score| score + IN_A_ROW);
            let from = if n == 0 { Some(-(j.min(FAR) as i32)) } else { in_a_row.max(reach) };
            if fits(*wanted, *letter)
                && let Some(from) = from
            {
                let exact = if wanted == letter { EXACT } else { 0 };
                next[j] = Some(from + exact + if begins_word(&letters, j) { BEGINS_WORD } else { 0 });
            }
            if n > 0 {
                reach = reach.max(best[j].map(|score| score - GAP));
            }
        }
        best = next;
    }
    let best = best.into_iter().flatten().max()?;
    let rest = letters.len().saturating_sub(wanted.len()).min(FAR) as i32;
    Some(best * 4 - rest)
}

const IN_A_ROW: i32 = 6;
const BEGINS_WORD: i32 = 5;
const EXACT: i32 = 1;
const GAP: i32 = 2;
/// Longer ways count as this long, so that no name is refused for its length.
const FAR: usize = 20;

fn begins_word(letters: &[char], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).and_then(|before| letters.get(before)) else { return true };
    let letter = letters.get(at).copied().unwrap_or(' ');
    !before.is_alphanumeric()
        || letter.is_uppercase() && !before.is_uppercase()
        || letter.is_numeric() && !before.is_numeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn better_names_score_more() {
        let better = |query: &str, good: &str, worse: &str| {
            let (good_score, worse_score) = (score(query, good), score(query, worse));
            assert!(good_score > worse_score, "{query}: {good} {good_score:?} and {worse} {worse_score:?}");
        };
        better("ord", "Order", "Record");
        better("ord", "order", "ordered_by");
        better("po", "place_order", "update_position");
        better("oos", "OutOfStock", "footnotes");
        better("price", "price", "price_of");
        better("O", "Order", "order");
        assert_eq!(score("O", "order"), None);
        assert_eq!(score("xyz", "order"), None);
        assert_eq!(score("", "order"), Some(0));
        assert!(score("last item", "the last item is sold once").is_some());
    }
}
