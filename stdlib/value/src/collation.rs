//! The order of texts that speakers of a language expect: the Unicode Collation Algorithm with the tailorings of CLDR.
//!
//! Texts are compared through keys: bytes whose order is the order of the texts. A key is a function of text and
//! language alone within one version of Tenon; the next may have newer rules, so a key is made where it is used and
//! not kept.

use std::cell::RefCell;

use icu_collator::{Collator, CollatorBorrowed, CollatorPreferences};
use icu_locale_core::Locale;

thread_local! {
    /// The language that was asked last: a query asks for the same one, row by row.
    static LAST: RefCell<Option<(String, CollatorBorrowed<'static>)>> = const { RefCell::new(None) };
}

/// True if this is written as a language is: a tag of BCP 47, as `nb` or `de-u-co-phonebk`.
pub fn is_language(tag: &str) -> bool {
    locale(tag).is_some()
}

/// The key of a text in a language; `None` where [`is_language`] is false. A language without rules of its own has
/// the root's.
pub fn key(text: &str, tag: &str) -> Option<Vec<u8>> {
    LAST.with_borrow_mut(|last| {
        if last.as_ref().is_none_or(|(known, _)| known != tag) {
            let preferences = CollatorPreferences::from(&locale(tag)?);
            *last = Some((tag.to_owned(), Collator::try_new(preferences, Default::default()).ok()?));
        }
        let (_, collator) = last.as_ref()?;
        let mut key = Vec::with_capacity(text.len() * 2 + 4);
        let Ok(()) = collator.write_sort_key_to(text, &mut key);
        Some(key)
    })
}

/// Longer ones name no language.
const LONGEST_TAG: usize = 100;

fn locale(tag: &str) -> Option<Locale> {
    let locale: Locale = (tag.len() <= LONGEST_TAG).then(|| tag.parse().ok())??;
    (!locale.id.language.is_unknown() || tag.starts_with("und")).then_some(locale)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(tag: &str, texts: &[&str]) -> Vec<String> {
        let mut keyed: Vec<_> =
            texts.iter().map(|text| (key(text, tag).expect("a language"), (*text).to_owned())).collect();
        keyed.sort();
        keyed.into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn each_language_has_its_order() {
        let words = ["Åse", "zebra", "Ærfugl", "Østen", "apple", "Zorn", "Öl"];
        assert_eq!(sorted("nb", &words), ["apple", "zebra", "Zorn", "Ærfugl", "Öl", "Østen", "Åse"]);
        assert_eq!(sorted("sv", &words), ["apple", "zebra", "Zorn", "Åse", "Ærfugl", "Öl", "Østen"]);
        assert_eq!(sorted("de", &words), ["Ærfugl", "apple", "Åse", "Öl", "Østen", "zebra", "Zorn"]);
    }

    #[test]
    fn a_tag_says_how() {
        assert_eq!(sorted("en-u-kn", &["file 10", "file 9"]), ["file 9", "file 10"]);
        assert_eq!(sorted("en", &["file 10", "file 9"]), ["file 10", "file 9"]);
    }

    #[test]
    fn what_is_no_language_has_no_key() {
        for tag in ["", "norsk bokmål", "x", "-", "123", "nb_NO!"] {
            assert!(!is_language(tag), "{tag}");
            assert_eq!(key("a", tag), None, "{tag}");
        }
        assert!(key("a", "tlh").is_some(), "no rules of its own");
        assert!(is_language("nb-NO"));
    }
}
