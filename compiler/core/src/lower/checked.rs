//! A checked program, as lowering sees it.

use super::source::{ItemSite, Settings, Typed};
use std::sync::Arc;
use tenon_check::bodies;
use tenon_check::db::{CheckDatabase, Program};
use tenon_check::declare;
use tenon_check::effects::effects_of;
use tenon_check::items::{code, items};
use tenon_check::names::{item_of, symbol_of};
use tenon_check::signature::Signature;
use tenon_check::sites::BodyPart;
use tenon_check::ty::{Symbol, Ty};
use tenon_check::typed::{Body, Rule, Scenario};
use tenon_span::Range;

/// A program in the checker's database that has been checked without errors.
pub struct CheckedProgram<'db> {
    db: &'db CheckDatabase,
    symbols: Vec<Symbol>,
    scenarios: Vec<(Symbol, Arc<Scenario>)>,
}

impl<'db> CheckedProgram<'db> {
    /// Gathers the items: the library's first, then the program's, in the order of files and places.
    pub fn new(db: &'db CheckDatabase) -> CheckedProgram<'db> {
        let program = Program::get(db);
        let mut symbols = Vec::new();
        let mut scenarios = Vec::new();
        for file in program.library(db).iter().chain(program.files(db)) {
            for item in items(db, *file) {
                let Some(symbol) = symbol_of(db, *item) else { continue };
                if let Some(scenario) = bodies::scenario(db, &symbol) {
                    scenarios.push((symbol.clone(), scenario));
                }
                symbols.push(symbol);
            }
        }
        CheckedProgram { db, symbols, scenarios }
    }

    /// What `tenon.toml` says.
    pub fn settings(&self) -> Settings {
        let settings = Program::get(self.db).settings(self.db);
        Settings {
            title: settings.name.to_string(),
            prefix: settings.prefix.to_string(),
            names: settings.names,
            edits: false,
            assert_proofs: false,
        }
    }
}

impl Typed for CheckedProgram<'_> {
    fn items(&self) -> Vec<Symbol> {
        self.symbols.clone()
    }

    fn signature(&self, symbol: &Symbol) -> Option<&Signature> {
        declare::signature(self.db, symbol)
    }

    fn body(&self, symbol: &Symbol, part: BodyPart) -> Option<Arc<Body>> {
        bodies::body(self.db, symbol, part)
    }

    fn rule(&self, symbol: &Symbol, part: BodyPart) -> Option<Arc<Rule>> {
        bodies::rule(self.db, symbol, part)
    }

    fn result_type(&self, symbol: &Symbol) -> Ty {
        bodies::result_type(self.db, symbol)
    }

    fn failures(&self, symbol: &Symbol) -> Vec<Symbol> {
        effects_of(self.db, symbol).fails.clone()
    }

    fn reads_store(&self, symbol: &Symbol) -> bool {
        !effects_of(self.db, symbol).reads.is_empty()
    }

    fn item_site(&self, symbol: &Symbol) -> ItemSite {
        match item_of(self.db, symbol) {
            Some(item) => {
                let path = item.path(self.db);
                ItemSite {
                    file: (*path.file).into(),
                    kind: (*path.kind).into(),
                    name: (*path.name).into(),
                    nth: path.nth,
                }
            }
            None => ItemSite { file: "".into(), kind: "".into(), name: symbol.name.clone(), nth: 0 },
        }
    }

    fn source_text(&self, item: &Symbol, range: Range) -> String {
        item_of(self.db, item).map(|item| range.slice(code(self.db, item)).to_owned()).unwrap_or_default()
    }

    fn scenario_count(&self) -> usize {
        self.scenarios.len()
    }

    fn scenario(&self, index: usize) -> (Symbol, Arc<Scenario>) {
        self.scenarios[index].clone()
    }
}
