//! What lowering asks of the checker.

use std::sync::Arc;
use tenon_check::db::WireNames;
use tenon_check::signature::Signature;
pub use tenon_check::sites::BodyPart;
use tenon_check::ty::{RuleRef, Symbol, Ty};
use tenon_check::typed::{Body, Rule, Scenario};
use tenon_diagnostics::{Code, Diagnostic, ItemPath, Label, Location};
use tenon_span::Range;

/// A checked program.
pub trait Typed {
    /// All named items that are lowered or refer to each other, library included, in a deterministic order.
    fn items(&self) -> Vec<Symbol>;
    /// The signature of an item.
    fn signature(&self, symbol: &Symbol) -> Option<&Signature>;
    /// A body of an item; `None` if the item has no such part.
    fn body(&self, symbol: &Symbol, part: BodyPart) -> Option<Arc<Body>>;
    /// A condition of an item; `None` if the item has no such part.
    fn rule(&self, symbol: &Symbol, part: BodyPart) -> Option<Arc<Rule>>;
    /// The type of a callable's value, inferred where it is not declared; `Unit` for none.
    fn result_type(&self, symbol: &Symbol) -> Ty;
    /// The failures of a callable, transitively; built-in errors live in module `tenon`.
    fn failures(&self, symbol: &Symbol) -> Vec<Symbol>;
    /// Whether a callable reads the store, itself or through others.
    fn reads_store(&self, symbol: &Symbol) -> bool;
    /// Where an item stands.
    fn item_site(&self, symbol: &Symbol) -> ItemSite;
    /// The text of a range of an item, for reports.
    fn source_text(&self, item: &Symbol, range: Range) -> String;
    /// The number of scenarios.
    fn scenario_count(&self) -> usize;
    /// A scenario and the item it stands in.
    fn scenario(&self, index: usize) -> (Symbol, Arc<Scenario>);
}

/// What a program's `tenon.toml` says that lowering needs.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Settings {
    /// The program's name.
    pub title: String,
    /// `[http] prefix`: stands before every path.
    pub prefix: String,
    /// `[http] names`: how names are spelled on the wire.
    pub names: WireNames,
    /// Whether rows are edited by hand: each relation then gets the endpoints of `edit_name` and `delete_name`.
    pub edits: bool,
    /// Whether what the checker proved is checked at run time after all, so that a proof that is wrong is a fault of its own
    /// (`ProofWrong`) at its place. For tests.
    pub assert_proofs: bool,
}

/// Where an item stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ItemSite {
    /// The file.
    pub file: smol_str::SmolStr,
    /// The item's keyword.
    pub kind: smol_str::SmolStr,
    /// The item's name.
    pub name: smol_str::SmolStr,
    /// 0 for the first item of that kind and name in its file.
    pub nth: u32,
}

/// A checked construct that Core cannot express, or that is larger than a limit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LowerError {
    /// Its code.
    pub code: Code,
    /// The item; `None` for the program as a whole.
    pub item: Option<Symbol>,
    /// The range in the item.
    pub range: Range,
    /// One sentence.
    pub message: String,
    /// What stands at the place: what to do, where that is known.
    pub label: &'static str,
}

impl LowerError {
    /// What this version does not run.
    pub(super) fn unsupported(item: Option<Symbol>, range: Range, message: String) -> Self {
        LowerError { code: Code::NotSupported, item, range, message, label: "not run by this version" }
    }

    pub(super) fn program(message: String) -> Self {
        LowerError::unsupported(None, Range::empty(0), message)
    }

    /// The message for the one who wrote the program.
    pub fn diagnostic(&self, source: &dyn Typed) -> Diagnostic {
        let item = self.item.as_ref().map(|symbol| {
            let ItemSite { file, kind, name, nth } = source.item_site(symbol);
            ItemPath { file: file.as_str().into(), kind: kind.as_str().into(), name: name.as_str().into(), nth }
        });
        let file = item.as_ref().map_or_else(|| Arc::from(""), |item| item.file.clone());
        let range = if item.is_some() { self.range } else { Range::empty(0) };
        let label = Label { location: Location { item, file, range }, message: self.label.to_owned() };
        Diagnostic::new(self.code, self.message.clone(), label)
    }
}

pub(super) fn refinement_part(rule: &RuleRef) -> BodyPart {
    BodyPart::Rule(rule.index)
}
