//! The choices of one answer, as they are found and ranked.

use super::site::{Marked, in_comment};
use super::{CompletionItem, LIMIT};
use crate::Analysis;
use crate::answer::{SymbolKind, TextEdit};
use crate::fuzzy::score;
use crate::locate::Place;
use crate::markup::Markup;
use rustc_hash::FxHashSet;
use tenon_check::infer::{Probed, ProbedAt};
use tenon_check::show::Shown;
use tenon_check::ty::Ty;

/// What is known of a choice before it is chosen.
#[derive(Default)]
pub(super) struct Choice {
    /// See [`CompletionItem::detail`].
    pub detail: Option<String>,
    /// Its type, compared with the one that is wanted.
    pub ty: Option<Ty>,
    /// See [`CompletionItem::documentation`].
    pub doc: Option<String>,
    /// What is inserted, where it is not the label.
    pub insert: Option<String>,
    /// `insert` has stops.
    pub snippet: bool,
    /// Further edits.
    pub additional: Vec<TextEdit>,
}

/// Gathers choices.
pub(super) struct Collector<'a, 'db> {
    pub analysis: &'db Analysis,
    pub place: &'a Place<'db>,
    pub marked: &'a Marked<'db>,
    /// What inference sees at the marker, once it was asked.
    pub probed: Option<Probed>,
    items: Vec<CompletionItem>,
    seen: FxHashSet<(String, SymbolKind)>,
    incomplete: bool,
    nothing: bool,
}

impl<'a, 'db> Collector<'a, 'db> {
    pub fn new(analysis: &'db Analysis, place: &'a Place<'db>, marked: &'a Marked<'db>) -> Collector<'a, 'db> {
        let nothing = in_comment(place.item.text(&analysis.db), place);
        let probed = if nothing { None } else { marked.probe() };
        Collector {
            analysis,
            place,
            marked,
            probed,
            items: Vec::new(),
            seen: FxHashSet::default(),
            incomplete: false,
            nothing,
        }
    }

    /// How well a name fits what was typed; `None` if it does not.
    pub fn score(&self, name: &str) -> Option<i32> {
        score(&self.marked.typed, name)
    }

    /// The type that the place wants.
    pub fn wanted(&self) -> Option<&Ty> {
        match &self.probed.as_ref()?.at {
            ProbedAt::Value(ty) | ProbedAt::Callee(ty) => {
                ty.as_ref().filter(|ty| !matches!(ty, Ty::Error | Ty::Infer(_)))
            }
            _ => None,
        }
    }

    /// Adds a choice if it fits what was typed. `base` says how near it is: names at hand have more.
    pub fn add(&mut self, label: &str, kind: SymbolKind, base: i32, choice: Choice) {
        let Some(score) = self.score(label) else { return };
        if !self.seen.insert((label.to_owned(), kind)) {
            return;
        }
        let fit = match (&choice.ty, self.wanted()) {
            (Some(ty), Some(wanted)) => fit(ty, wanted),
            _ => 0,
        };
        let detail = choice.detail.or_else(|| choice.ty.as_ref().map(|ty| Shown(ty).to_string()));
        self.items.push(CompletionItem {
            label: label.to_owned(),
            kind,
            detail,
            documentation: choice.doc.filter(|doc| !doc.is_empty()).map(Markup),
            insert: choice.insert.unwrap_or_else(|| label.to_owned()),
            snippet: choice.snippet,
            additional: choice.additional,
            relevance: base + fit + score,
        });
    }

    /// Says that not everything that fits was looked at.
    pub fn cut(&mut self) {
        self.incomplete = true;
    }

    /// Forgets the words: the place takes names only.
    pub fn clear_words(&mut self) {
        self.items.retain(|item| item.kind != SymbolKind::Keyword);
    }

    /// The choices, the best first.
    pub fn finish(mut self) -> (Vec<CompletionItem>, bool) {
        if self.nothing {
            return (Vec::new(), false);
        }
        self.items.sort_by(|a, b| b.relevance.cmp(&a.relevance).then_with(|| a.label.cmp(&b.label)));
        let incomplete = self.incomplete || self.items.len() > LIMIT;
        self.items.truncate(LIMIT);
        (self.items, incomplete)
    }
}

/// How well a value of a type stands where another type is wanted.
fn fit(ty: &Ty, wanted: &Ty) -> i32 {
    const SAME: i32 = 60;
    const NEAR: i32 = 40;
    const STEP: i32 = 15;
    if ty == wanted {
        return SAME;
    }
    let (a, b) = (ty.base(), wanted.base());
    match (a, b) {
        _ if a == b => SAME - 5,
        (a, Ty::Option(b)) if a == b.base() => NEAR,
        (Ty::Int, Ty::Decimal(_)) | (Ty::Decimal(_), Ty::Decimal(_)) => NEAR,
        (Ty::Variant(a, _), Ty::Variant(b, _)) | (Ty::Row(a), Ty::Key(b)) if a == b => NEAR,
        (Ty::Bag(a), Ty::List(b)) if a == b => NEAR,
        // One step away: `?? d`, or a field of it.
        (Ty::Option(a), b) if a.base() == b => STEP,
        (Ty::Row(_) | Ty::Record(_), _) => STEP / 3,
        _ => 0,
    }
}

/// Text that stands in a snippet as it is.
pub(super) fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('$', "\\$").replace('}', "\\}")
}
