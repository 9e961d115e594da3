//! What lowering asks of the checker.

use std::sync::Arc;
use tenon_check::signature::Signature;
pub use tenon_check::sites::BodyPart;
use tenon_check::ty::{RuleRef, Symbol, Ty};
use tenon_check::typed::{Body, Rule, Scenario};
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
    /// `[http] names = "camelCase"`.
    pub camel_case: bool,
    /// Whether rows are edited by hand: each relation then gets the endpoints of `edit_name` and `delete_name`.
    pub edits: bool,
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

/// A checked construct that Core cannot express.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LowerError {
    /// The item; `None` for the program as a whole.
    pub item: Option<Symbol>,
    /// The range in the item.
    pub range: Range,
    /// One sentence.
    pub message: String,
}

impl LowerError {
    pub(super) fn program(message: String) -> Self {
        LowerError { item: None, range: Range::empty(0), message }
    }
}

pub(super) fn refinement_part(rule: &RuleRef) -> BodyPart {
    BodyPart::Rule(rule.index)
}
