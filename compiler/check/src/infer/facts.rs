//! What is known where: which optional places are present, which case a variant is, which inequalities hold.
//! Facts come from guards (`if`, `assert`, `where`, `match`, `and`) and end with their scope, with an
//! assignment to a variable in them, and, where they speak of the store, with the next write.

use super::engine::{Infer, Seen};
use super::obligations::Linear;
use crate::ty::Ty;
use crate::typed::{self, BinaryOp, Conversion, Expr, ExprKind, Literal, LocalId, Pattern, PatternKind};
use rustc_hash::FxHashSet;
use smol_str::SmolStr;

/// A value that keeps its meaning: a local and a path of its own fields.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Place {
    pub root: LocalId,
    pub path: Vec<SmolStr>,
}

/// Something that is known.
#[derive(Clone, Debug)]
pub(crate) enum Fact {
    /// Ended by an assignment.
    Ended,
    /// The optional place is not `none`.
    Present(Place),
    /// The variant place is one of these cases.
    Cases(Place, Vec<SmolStr>),
    /// The sum is not negative; strictly positive if the flag is set.
    AtLeastZero(Linear, bool),
}

/// A stack of facts.
#[derive(Default)]
pub(crate) struct Facts {
    stack: Vec<Fact>,
    /// What was assigned so far, in order.
    assigned: Vec<Assigned>,
}

/// An end of what was known of variables.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Assigned {
    One(LocalId),
    /// A loop or a lambda, which may assign any of them, at any time.
    All,
}

/// How many of the latest facts are looked at: a fixed budget, so that checking stays linear.
const BUDGET: usize = 128;

impl Facts {
    pub fn mark(&self) -> usize {
        self.stack.len()
    }

    pub fn restore(&mut self, mark: usize) {
        self.stack.truncate(mark);
    }

    pub fn push(&mut self, fact: Fact) {
        self.stack.push(fact);
    }

    /// How many assignments there were so far, for [`Infer::forget_since`].
    pub fn assignments(&self) -> usize {
        self.assigned.len()
    }

    pub fn latest(&self) -> impl Iterator<Item = &Fact> {
        self.stack.iter().rev().take(BUDGET)
    }

    pub fn end_where(&mut self, mut ends: impl FnMut(&Fact) -> bool) {
        for fact in &mut self.stack {
            if ends(fact) {
                *fact = Fact::Ended;
            }
        }
    }
}

impl Infer<'_> {
    /// The place that an expression reads, if it is one that keeps its value: inside of a query every path
    /// (all of it reads one state), in code only paths of own fields.
    pub fn place(&self, expr: &Expr) -> Option<Place> {
        match &expr.kind {
            ExprKind::Local(root) => Some(Place { root: *root, path: Vec::new() }),
            ExprKind::RecordField(base, name) | ExprKind::StoredField(base, name) => {
                let mut place = self.place(base)?;
                if self.frames.is_empty()
                    && matches!(expr.kind, ExprKind::StoredField(..))
                    && matches!(strip(base).kind, ExprKind::StoredField(..))
                {
                    return None;
                }
                place.path.push(name.clone());
                Some(place)
            }
            ExprKind::Convert(
                Conversion::Forget | Conversion::Present | Conversion::Unchecked | Conversion::Refine { .. },
                e,
            ) => self.place(e),
            _ => None,
        }
    }

    /// True if the optional expression is known to be there.
    pub fn known_present(&self, expr: &Expr) -> bool {
        let Some(place) = self.place(expr) else { return false };
        self.facts.latest().any(|f| matches!(f, Fact::Present(p) if *p == place))
    }

    /// The cases that a variant expression may still be, where something is known.
    pub fn known_cases(&self, expr: &Expr) -> Option<Vec<SmolStr>> {
        let place = self.place(expr)?;
        let mut known: Option<Vec<SmolStr>> = None;
        for fact in self.facts.latest() {
            if let Fact::Cases(p, cases) = fact
                && *p == place
            {
                known = Some(match known {
                    None => cases.clone(),
                    Some(old) => old.into_iter().filter(|c| cases.contains(c)).collect(),
                });
            }
        }
        known
    }

    /// An optional expression that is known to be there, as its value; anything else as it is.
    pub fn narrowed(&self, expr: Expr) -> Expr {
        match self.shallow(&expr.ty) {
            Ty::Option(inner) if self.known_present(&expr) => {
                let range = expr.range;
                Expr { kind: ExprKind::Convert(Conversion::Present, Box::new(expr)), ty: (*inner).clone(), range }
            }
            _ => expr,
        }
    }

    /// Ends what is known of variables: at the head of a loop, and where a lambda may run later.
    pub fn forget_variables(&mut self) {
        self.facts.assigned.push(Assigned::All);
        let locals = &self.locals;
        let atoms = &self.atoms;
        self.facts.end_where(|fact| match fact {
            Fact::Ended => false,
            Fact::Present(p) | Fact::Cases(p, _) => locals[p.root.0 as usize].mutable,
            Fact::AtLeastZero(sum, _) => sum.roots(atoms).any(|r| locals[r.0 as usize].mutable),
        });
    }

    /// Ends what is known of variables that were assigned since: for facts that are older than they stand.
    pub fn forget_since(&mut self, assignments: usize) {
        let since: FxHashSet<_> = self.facts.assigned.iter().skip(assignments).copied().collect();
        if since.contains(&Assigned::All) {
            return self.forget_variables();
        }
        for assigned in since {
            if let Assigned::One(local) = assigned {
                self.forget_variable(local);
            }
        }
    }

    /// Ends what is known of one variable.
    pub fn forget_variable(&mut self, local: LocalId) {
        self.facts.assigned.push(Assigned::One(local));
        self.versions.remove(&local);
        let atoms = &self.atoms;
        self.facts.end_where(|fact| match fact {
            Fact::Ended => false,
            Fact::Present(p) | Fact::Cases(p, _) => p.root == local,
            Fact::AtLeastZero(sum, _) => sum.roots(atoms).any(|r| r == local),
        });
    }

    /// Notes that a row has just been read from the store, or written to it: its fields are the store's until
    /// the next write.
    pub fn note_fresh(&mut self, pattern: &Pattern, value: &Expr) {
        let local = match &pattern.kind {
            PatternKind::Bind(local) => *local,
            PatternKind::Present(inner) => match &inner.kind {
                PatternKind::Bind(local) => *local,
                _ => return,
            },
            _ => return,
        };
        let mut value = value;
        while let ExprKind::Else(inner, _) | ExprKind::Force(inner) | ExprKind::Convert(_, inner) = &value.kind {
            value = inner;
        }
        if let ExprKind::Lookup { .. } | ExprKind::Insert { .. } | ExprKind::Upsert { .. } | ExprKind::Update { .. } =
            value.kind
        {
            self.versions.insert(local, self.store_version);
        }
    }

    /// Notes that the store was written.
    pub fn wrote(&mut self) {
        self.store_version += 1;
    }

    /// Adds what follows from a condition being true or false, and brings the locals of `is` patterns in sight.
    pub fn assume(&mut self, cond: &Expr, truth: bool) {
        match &cond.kind {
            ExprKind::Not(e) => self.assume(e, !truth),
            ExprKind::Binary(BinaryOp::And, a, b) if truth => {
                self.assume(a, true);
                self.assume(b, true);
            }
            ExprKind::Binary(BinaryOp::Or, a, b) if !truth => {
                self.assume(a, false);
                self.assume(b, false);
            }
            ExprKind::Binary(BinaryOp::Implies, a, b) if !truth => {
                self.assume(a, true);
                self.assume(b, false);
            }
            ExprKind::Binary(BinaryOp::Ne | BinaryOp::Eq, a, b) => {
                let equal = matches!(cond.kind, ExprKind::Binary(BinaryOp::Eq, ..)) == truth;
                self.assume_equality(a, b, equal);
            }
            ExprKind::Binary(op @ (BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge), a, b) => {
                self.assume_order(*op, a, b, truth);
            }
            ExprKind::InRange(x, low, high, inclusive) if truth => {
                self.assume_order(BinaryOp::Ge, x, low, true);
                self.assume_order(if *inclusive { BinaryOp::Le } else { BinaryOp::Lt }, x, high, true);
            }
            ExprKind::Is(value, pattern) => self.assume_matches(value, pattern, truth),
            ExprKind::Convert(_, e) => self.assume(e, truth),
            _ => {}
        }
    }

    fn assume_equality(&mut self, a: &Expr, b: &Expr, equal: bool) {
        for (x, y) in [(a, b), (b, a)] {
            let absent = matches!(strip_some(y).kind, ExprKind::Literal(Literal::None));
            if absent
                && !equal
                && let Some(place) = self.place(strip_some(x))
            {
                self.facts.push(Fact::Present(place));
            }
            // Equal to a value that is there: it is there too.
            if equal
                && matches!(y.kind, ExprKind::Convert(Conversion::Some, _))
                && let Some(place) = self.place(x)
            {
                self.facts.push(Fact::Present(place));
            }
        }
        if equal {
            self.assume_order(BinaryOp::Ge, a, b, true);
            self.assume_order(BinaryOp::Le, a, b, true);
        }
    }

    fn assume_order(&mut self, op: BinaryOp, a: &Expr, b: &Expr, truth: bool) {
        let (op, swap) = match (op, truth) {
            (BinaryOp::Lt, true) | (BinaryOp::Ge, false) => (BinaryOp::Gt, true),
            (BinaryOp::Le, true) | (BinaryOp::Gt, false) => (BinaryOp::Ge, true),
            (BinaryOp::Gt, true) | (BinaryOp::Le, false) => (BinaryOp::Gt, false),
            _ => (BinaryOp::Ge, false),
        };
        let (a, b) = if swap { (b, a) } else { (a, b) };
        if let Some(fact) = self.difference_fact(a, b, op == BinaryOp::Gt) {
            self.facts.push(fact);
        }
    }

    /// What follows from a value matching a pattern, or not.
    pub fn assume_matches(&mut self, value: &Expr, pattern: &Pattern, truth: bool) {
        if truth {
            let locals = &mut Vec::new();
            typed::for_each_local_in_pattern(pattern, &mut |l| locals.push(l));
            for local in locals.drain(..) {
                let name = self.locals[local.0 as usize].name.clone();
                self.scope.push(name, Seen::Local(local));
            }
        }
        let Some(place) = self.place(value) else { return };
        match (&pattern.kind, truth) {
            (PatternKind::Present(inner), true) => {
                self.facts.push(Fact::Present(place.clone()));
                if let Some(cases) = cases_of(inner) {
                    self.facts.push(Fact::Cases(place, cases));
                }
            }
            (PatternKind::Present(inner), false) if irrefutable(inner) => {}
            (PatternKind::Absent, false) => self.facts.push(Fact::Present(place)),
            (_, true) => {
                if let Some(cases) = cases_of(pattern) {
                    self.facts.push(Fact::Cases(place, cases));
                }
            }
            (_, false) => {
                // Only where the whole case is taken does its absence say something.
                if let (Some(taken), Ty::Variant(symbol, args)) = (whole_cases(pattern), self.base(&value.ty)) {
                    let left = self
                        .cases(&symbol, &args)
                        .into_iter()
                        .map(|(name, _)| name)
                        .filter(|name| !taken.contains(name))
                        .collect();
                    self.facts.push(Fact::Cases(place, left));
                }
            }
        }
    }
}

/// The expression under conversions that change no value.
pub(crate) fn strip(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Convert(
            Conversion::Forget | Conversion::Present | Conversion::Unchecked | Conversion::Refine { .. },
            e,
        ) => strip(e),
        _ => expr,
    }
}

fn strip_some(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Convert(Conversion::Some | Conversion::Present | Conversion::Forget, e) => strip_some(e),
        _ => expr,
    }
}

/// The cases that a pattern takes, some of them perhaps in part.
fn cases_of(pattern: &Pattern) -> Option<Vec<SmolStr>> {
    match &pattern.kind {
        PatternKind::Case(_, name, _) => Some(vec![name.clone()]),
        PatternKind::Or(parts) => parts.iter().map(cases_of).collect::<Option<Vec<_>>>().map(|v| v.concat()),
        _ => None,
    }
}

/// The cases that a pattern takes whole.
fn whole_cases(pattern: &Pattern) -> Option<Vec<SmolStr>> {
    match &pattern.kind {
        PatternKind::Case(_, name, fields) if fields.iter().all(irrefutable) => Some(vec![name.clone()]),
        PatternKind::Case(..) => Some(Vec::new()),
        PatternKind::Or(parts) => parts.iter().map(whole_cases).collect::<Option<Vec<_>>>().map(|v| v.concat()),
        _ => None,
    }
}

/// True if every value matches.
pub(crate) fn irrefutable(pattern: &Pattern) -> bool {
    match &pattern.kind {
        PatternKind::Wildcard | PatternKind::Bind(_) | PatternKind::Error => true,
        PatternKind::Record(fields, _) => fields.iter().all(|(_, p)| irrefutable(p)),
        PatternKind::Or(parts) => parts.iter().any(irrefutable),
        _ => false,
    }
}
