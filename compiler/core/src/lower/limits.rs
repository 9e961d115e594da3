//! Limits of what a program may grow to while it is lowered. Each ends in one message at a place (T0002): functions
//! and types that are instantiated at ever larger types, code that takes the place of its calls, matches, and what
//! nests more deeply than what comes behind Core can walk.

use super::Lowering;
use super::scope::Scope;
use super::source::LowerError;
use crate::ir::SiteId;
use rustc_hash::{FxHashMap, FxHashSet};
use tenon_check::signature::Signature;
use tenon_check::ty::{Symbol, Ty};
use tenon_check::typed::{self, Clause};
use tenon_diagnostics::Code;
use tenon_span::Range;
use tenon_value::width::MAX_LANES;

/// At how many types one function, or one type, may be used.
const MAX_INSTANCES: u32 = 500;

/// How many bodies may be put into each other.
const MAX_INLINED_DEPTH: usize = 64;

/// How many expressions may be put into the code of one function, query or scenario.
const MAX_INLINED: usize = 50_000;

/// How many arms a `match` may have. Each nests in the one before.
const MAX_ARMS: usize = 500;

/// How many relations and collections a query may join: what the sets of the planner hold, with some to spare for
/// references that conditions follow.
const MAX_SOURCES: usize = 100;

/// What was counted so far, and what was refused: once is enough.
#[derive(Default)]
pub(super) struct Limits {
    instances: FxHashMap<Symbol, u32>,
    refused: FxHashSet<Symbol>,
}

impl Limits {
    /// Whether this item was refused.
    pub fn is_refused(&self, symbol: &Symbol) -> bool {
        self.refused.contains(symbol)
    }
}

impl Lowering<'_> {
    fn too_large(&mut self, item: &Symbol, range: Range, message: String, label: &'static str) {
        self.errors.push(LowerError { code: Code::TooDeep, item: Some(item.clone()), range, message, label });
    }

    /// Counts one more use of a function or a type at other types; false, with a report, where it has too many, or
    /// where these are too large.
    pub(super) fn may_instantiate(&mut self, symbol: &Symbol, types: &[Ty]) -> bool {
        if types.is_empty() {
            return true;
        }
        if self.limits.is_refused(symbol) {
            return false;
        }
        let count = self.limits.instances.entry(symbol.clone()).or_default();
        *count += 1;
        if *count <= MAX_INSTANCES && types.iter().all(Ty::is_bounded) {
            return true;
        }
        self.limits.refused.insert(symbol.clone());
        let message =
            format!("`{}` is used at ever larger types: it uses itself at a type made of its own", symbol.name);
        self.too_large(symbol, Range::empty(0), message, "use it at the type that it was given");
        false
    }

    /// Reports what nests more deeply than what comes behind Core can walk, each item once.
    pub(super) fn refuse_what_is_deep(&mut self) {
        for site in std::mem::take(&mut self.deep) {
            let (item, range) = self.place_of(site);
            if !self.errors.iter().any(|error| error.item == item) {
                self.errors.push(LowerError {
                    code: Code::TooDeep,
                    item,
                    range,
                    message: "this is nested too deeply, with what it calls put in its place".to_owned(),
                    label: "divide it into functions that are called in code, or make it shorter",
                });
            }
        }
    }

    /// Reports functions and queries whose values are wider than native code can take, each item once. The checker tells of
    /// what is written or follows in one body; here is what generic code comes to.
    pub(super) fn refuse_what_is_wide(&mut self) {
        for site in std::mem::take(&mut self.wide) {
            let (item, range) = self.place_of(site);
            if !self.errors.iter().any(|error| error.item == item) {
                self.errors.push(LowerError {
                    code: Code::TooDeep,
                    item,
                    range,
                    message: format!(
                        "a value here is too wide: it has more than {MAX_LANES} words, all parts side by side"
                    ),
                    label: "hold some of its parts in a list, or in rows of a relation",
                });
            }
        }
    }

    /// Where debug assertions are on, reports what else is wrong with the program: that is a mistake of lowering.
    pub(super) fn verify(&mut self) {
        if cfg!(debug_assertions) && self.errors.is_empty() {
            self.errors.extend(crate::verify::verify(&self.program).iter().map(|wrong| LowerError {
                label: "a mistake of the compiler, not of the program",
                ..LowerError::program(format!("lowering broke a rule of Core: {wrong}"))
            }));
        }
    }

    fn place_of(&self, site: SiteId) -> (Option<Symbol>, Range) {
        let found = self.sites.iter().find(|(_, id)| **id == site);
        found.map_or((None, Range::empty(0)), |((item, range), _)| (Some(item.clone()), *range))
    }
}

impl Scope<'_, '_> {
    /// False, with a report, where the body of an item (or of a lambda in it) may not take the place of its use, because
    /// there is too much in each other already, or altogether.
    pub fn may_inline(&mut self, symbol: &Symbol, body: &typed::Expr, range: Range) -> bool {
        if self.l.limits.is_refused(symbol) {
            // What leads into it was told of with it.
            self.l.limits.refused.extend(self.inlining.iter().cloned());
            self.l.limits.refused.insert(self.root.clone());
            return false;
        }
        let deep = self.inlining.len() >= MAX_INLINED_DEPTH;
        if !deep {
            self.inlined = self.inlined.saturating_add(size(body));
            if self.inlined <= MAX_INLINED {
                return true;
            }
        }
        // A chain is told of once, not once for each item that leads into it.
        let known = self.inlining.iter().chain([&self.root]).any(|item| self.l.limits.is_refused(item));
        self.l.limits.refused.extend(self.inlining.iter().cloned());
        self.l.limits.refused.insert(symbol.clone());
        self.l.limits.refused.insert(self.root.clone());
        if known {
            return false;
        }
        let item = self.frame.item.clone();
        if deep && let Some(function) = self.endless() {
            let message = format!(
                "`{}` takes a function and calls itself: how often is not known before it runs, but what it calls has to be",
                function.name
            );
            self.l.error(&item, range, message);
            return false;
        }
        let what = self.what_is_inlined();
        if deep {
            let message = format!("more than {MAX_INLINED_DEPTH} {what} stand in each other here");
            self.l.too_large(&item, range, message, "make the chain shorter");
        } else {
            let message =
                format!("with the {what} that it uses written out, this grows beyond {MAX_INLINED} expressions");
            self.l.too_large(&item, range, message, "use what is wanted twice by a name of its own, or once");
        }
        false
    }

    /// The function that takes functions and goes around, if that is what fills the limit.
    fn endless(&self) -> Option<Symbol> {
        let count = |symbol: &Symbol| self.inlining.iter().filter(|other| *other == symbol).count();
        let takes = |symbol: &Symbol| matches!(self.l.source.signature(symbol), Some(Signature::Function(sig)) if super::takes_functions(&sig.params));
        self.inlining.iter().find(|symbol| count(symbol) * 4 >= MAX_INLINED_DEPTH && takes(symbol)).cloned()
    }

    /// In words, what most of the bodies belong to.
    fn what_is_inlined(&self) -> &'static str {
        let mut counts = [(0, "computed fields"), (0, "lambdas"), (0, "functions and views")];
        for symbol in &self.inlining {
            let at = match self.l.source.signature(symbol) {
                Some(Signature::Relation(_)) => 0,
                None => 1,
                _ => 2,
            };
            counts[at].0 += 1;
        }
        counts.into_iter().max_by_key(|(count, _)| *count).map_or("functions", |(_, what)| what)
    }

    /// Reports a query that joins too much.
    pub fn check_sources(&mut self, query: &typed::Query) {
        let mut sources = query.clauses.iter().filter_map(|clause| match clause {
            Clause::From(local, _) | Clause::Join(local, ..) | Clause::LeftJoin(_, local, ..) => Some(*local),
            _ => None,
        });
        let Some(first) = sources.nth(MAX_SOURCES) else { return };
        let range = self.frame.body.locals.get(first.0 as usize).map_or(Range::empty(0), |local| local.range);
        let item = self.frame.item.clone();
        let message = format!("a query joins at most {MAX_SOURCES} relations and collections");
        self.l.too_large(&item, range, message, "join some of them in a query of its own");
    }

    /// False, with a report, where a `match` has too many arms.
    pub fn may_match(&mut self, arms: &[typed::Arm]) -> bool {
        let Some(first) = arms.get(MAX_ARMS) else { return true };
        let item = self.frame.item.clone();
        let message = format!("a `match` has at most {MAX_ARMS} arms");
        self.l.too_large(&item, first.pattern.range, message, "match some of the cases in a function of its own");
        false
    }
}

/// How many expressions it is made of.
fn size(expr: &typed::Expr) -> usize {
    let mut size = 1;
    typed::for_each_child(expr, &mut |child| size += self::size(child));
    size
}
