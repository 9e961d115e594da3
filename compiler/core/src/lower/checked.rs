//! The checker's database as the source of lowering.

use super::source::{BodyPart, ItemSite, Typed};
use std::sync::Arc;
use tenon_check::bodies;
use tenon_check::db::CheckDatabase;
use tenon_check::declare::signature;
use tenon_check::effects::effects_of;
use tenon_check::items::code;
use tenon_check::names::item_of;
use tenon_check::program::{named_items, scenarios};
use tenon_check::signature::Signature;
use tenon_check::sites;
use tenon_check::ty::{Symbol, Ty};
use tenon_check::typed::{Body, Rule, Scenario};
use tenon_span::Range;

/// A program in the checker's database, without errors.
pub struct CheckedProgram<'a> {
    db: &'a CheckDatabase,
    scenarios: Vec<(Symbol, Arc<Scenario>)>,
}

impl<'a> CheckedProgram<'a> {
    /// The program of the database.
    pub fn new(db: &'a CheckDatabase) -> CheckedProgram<'a> {
        let typed = |symbol: Symbol| bodies::scenario(db, &symbol).map(|scenario| (symbol, scenario));
        CheckedProgram { db, scenarios: scenarios(db).into_iter().filter_map(typed).collect() }
    }
}

fn part_of(part: &BodyPart) -> sites::BodyPart {
    match *part {
        BodyPart::Code => sites::BodyPart::Code,
        BodyPart::Requires(n) => sites::BodyPart::Requires(n),
        BodyPart::Ensures(n) => sites::BodyPart::Ensures(n),
        BodyPart::ParamDefault(n) => sites::BodyPart::ParamDefault(n),
        BodyPart::FieldDefault(n) => sites::BodyPart::Default(n),
        BodyPart::Computed(n) => sites::BodyPart::Computed(n),
        BodyPart::Check(n) => sites::BodyPart::Check(n),
        BodyPart::UniquePart(n, m) => sites::BodyPart::UniquePart(n, m),
        BodyPart::UniqueFailure(n) => sites::BodyPart::UniqueFailure(n),
        BodyPart::Message => sites::BodyPart::Message,
        BodyPart::Refinement(n) => sites::BodyPart::Rule(n),
        BodyPart::RecordDefault(n) => sites::BodyPart::RecordDefault(n),
    }
}

impl Typed for CheckedProgram<'_> {
    fn items(&self) -> Vec<Symbol> {
        named_items(self.db)
    }

    fn signature(&self, symbol: &Symbol) -> Option<&Signature> {
        signature(self.db, symbol)
    }

    fn body(&self, symbol: &Symbol, part: &BodyPart) -> Option<Arc<Body>> {
        bodies::body(self.db, symbol, part_of(part))
    }

    fn rule(&self, symbol: &Symbol, part: &BodyPart) -> Option<Arc<Rule>> {
        bodies::rule(self.db, symbol, part_of(part))
    }

    fn result_type(&self, symbol: &Symbol) -> Ty {
        bodies::result_type(self.db, symbol)
    }

    fn failures(&self, symbol: &Symbol) -> Vec<Symbol> {
        effects_of(self.db, symbol).fails.clone()
    }

    fn item_site(&self, symbol: &Symbol) -> ItemSite {
        match item_of(self.db, symbol) {
            Some(item) => ItemSite {
                file: (&**item.file(self.db).path(self.db)).into(),
                kind: item.word(self.db).into(),
                name: item.name(self.db).clone(),
                nth: item.nth(self.db),
            },
            // Built-in errors have no item.
            None => ItemSite { file: symbol.module.clone(), kind: "error".into(), name: symbol.name.clone(), nth: 0 },
        }
    }

    fn source_text(&self, item: &Symbol, range: Range) -> String {
        item_of(self.db, item).map(|item| range.slice(code(self.db, item)).to_string()).unwrap_or_default()
    }

    fn scenario_count(&self) -> usize {
        self.scenarios.len()
    }

    fn scenario(&self, index: usize) -> (Symbol, Arc<Scenario>) {
        self.scenarios[index].clone()
    }
}
