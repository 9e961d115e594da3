//! Obligations: a value must belong to a refined type, a divisor must not be zero. This module is the one
//! place that decides them, with what constants, bounds of types and direct guards say. What it does not
//! settle is checked at run time. A prover will replace it behind the same three answers.
//!
//! Numbers are linear sums over atoms (places, and opaque terms with bounds), scaled by 10^12 so that
//! Decimals and Ints share them.

use super::engine::Infer;
use super::facts::{Fact, Place, strip};
use crate::builtins::Builtin;
use crate::ty::{RuleRef, Ty};
use crate::typed::{AggregateFn, BinaryOp, Conversion, Expr, ExprKind, Fold, Literal, LocalId};
use smol_str::SmolStr;
use tenon_value::decimal::MAX_SCALE;

/// What is known of a condition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// It holds.
    Proved,
    /// It does not hold.
    Refuted,
    /// Neither follows.
    Open,
}

/// What a rule speaks of: its local `it`, which stands for a value of the body that is judged. Other locals of a rule
/// have the numbers of the rule, and mean nothing in the body.
#[derive(Clone, Copy)]
pub(crate) struct It<'e> {
    local: LocalId,
    value: &'e Expr,
}

impl<'e> It<'e> {
    /// The value that the expression of a rule is, if it is `it`.
    fn stands_for(self, expr: &Expr) -> Option<&'e Expr> {
        matches!(strip(expr).kind, ExprKind::Local(local) if local == self.local).then_some(self.value)
    }
}

/// The unit of scaled numbers: every `Decimal` is a whole number of its parts.
const ONE: i128 = 10i128.pow(MAX_SCALE as u32);

const MICROSECONDS_OF_DAY: i128 = 86_400_000_000;

/// A closed interval; `None` is unbounded.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Bounds {
    pub low: Option<i128>,
    pub high: Option<i128>,
}

impl Bounds {
    pub const NOT_NEGATIVE: Bounds = Bounds { low: Some(0), high: None };

    fn exactly(n: i128) -> Bounds {
        Bounds { low: Some(n), high: Some(n) }
    }

    fn meet(self, other: Bounds) -> Bounds {
        let pick = |a: Option<i128>, b: Option<i128>, f: fn(i128, i128) -> i128| match (a, b) {
            (Some(a), Some(b)) => Some(f(a, b)),
            (a, b) => a.or(b),
        };
        Bounds { low: pick(self.low, other.low, i128::max), high: pick(self.high, other.high, i128::min) }
    }

    fn join(self, other: Bounds) -> Bounds {
        Bounds {
            low: self.low.zip(other.low).map(|(a, b)| a.min(b)),
            high: self.high.zip(other.high).map(|(a, b)| a.max(b)),
        }
    }

    fn add(self, other: Bounds) -> Bounds {
        let sum = |a: Option<i128>, b: Option<i128>| a.zip(b).and_then(|(a, b)| a.checked_add(b));
        Bounds { low: sum(self.low, other.low), high: sum(self.high, other.high) }
    }

    fn times(self, n: i128) -> Bounds {
        let by = |a: Option<i128>| a.and_then(|a| a.checked_mul(n));
        if n >= 0 {
            Bounds { low: by(self.low), high: by(self.high) }
        } else {
            Bounds { low: by(self.high), high: by(self.low) }
        }
    }

    /// Bounds of a product: only signs and complete bounds are used.
    fn product(self, other: Bounds) -> Bounds {
        let sign = |b: Bounds| (b.low.is_some_and(|l| l >= 0), b.high.is_some_and(|h| h <= 0));
        let all = [self.low, self.high, other.low, other.high];
        if let [Some(a), Some(b), Some(c), Some(d)] = all {
            let products: Option<Vec<i128>> =
                [(a, c), (a, d), (b, c), (b, d)].iter().map(|(x, y)| scaled_mul(*x, *y)).collect();
            if let Some(products) = products {
                return Bounds { low: products.iter().min().copied(), high: products.iter().max().copied() };
            }
        }
        match (sign(self), sign(other)) {
            ((true, _), (true, _)) => {
                Bounds { low: self.low.zip(other.low).and_then(|(a, b)| scaled_mul(a, b)), high: None }
            }
            ((_, true), (_, true)) => Bounds::NOT_NEGATIVE,
            ((true, _), (_, true)) | ((_, true), (true, _)) => Bounds { low: None, high: Some(0) },
            _ => Bounds::default(),
        }
    }
}

fn scaled_mul(a: i128, b: i128) -> Option<i128> {
    a.checked_mul(b).map(|n| n / ONE)
}

/// Something that a sum speaks of.
#[derive(Clone, Debug)]
pub(crate) struct Atom {
    /// The place, or `None` for an opaque term.
    pub place: Option<Place>,
    /// What is known of it everywhere.
    pub bounds: Bounds,
}

/// `constant + Σ coefficient · atom`, atoms ascending.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Linear {
    constant: i128,
    terms: Vec<(u32, i128)>,
}

/// More terms than this and a sum is opaque: part of the budget.
const MAX_TERMS: usize = 16;

impl Linear {
    fn constant(n: i128) -> Linear {
        Linear { constant: n, terms: Vec::new() }
    }

    fn atom(atom: u32) -> Linear {
        Linear { constant: 0, terms: vec![(atom, 1)] }
    }

    fn scale(&self, n: i128) -> Option<Linear> {
        Some(Linear {
            constant: self.constant.checked_mul(n)?,
            terms: self.terms.iter().map(|(a, c)| Some((*a, c.checked_mul(n)?))).collect::<Option<Vec<_>>>()?,
        })
    }

    fn plus(&self, other: &Linear) -> Option<Linear> {
        let mut terms = self.terms.clone();
        for (atom, c) in &other.terms {
            match terms.binary_search_by_key(atom, |(a, _)| *a) {
                Ok(i) => terms[i].1 = terms[i].1.checked_add(*c)?,
                Err(i) => terms.insert(i, (*atom, *c)),
            }
        }
        terms.retain(|(_, c)| *c != 0);
        if terms.len() > MAX_TERMS {
            return None;
        }
        Some(Linear { constant: self.constant.checked_add(other.constant)?, terms })
    }

    fn minus(&self, other: &Linear) -> Option<Linear> {
        self.plus(&other.scale(-1)?)
    }

    /// The locals that the sum speaks of.
    pub fn roots<'s>(&'s self, atoms: &'s [Atom]) -> impl Iterator<Item = LocalId> + 's {
        self.terms.iter().filter_map(|(a, _)| atoms[*a as usize].place.as_ref().map(|p| p.root))
    }
}

impl Infer<'_> {
    fn intern(&mut self, place: Place, bounds: Bounds) -> u32 {
        if let Some(i) = self.atom_of.get(&place) {
            return *i;
        }
        let i = self.opaque(bounds, Some(place.clone()));
        self.atom_of.insert(place, i);
        i
    }

    /// The place that an expression reads; one of a rule, with `it` for the value that is judged.
    fn place_in(&self, expr: &Expr, it: Option<It<'_>>) -> Option<Place> {
        let Some(it) = it else { return self.place(expr) };
        if let Some(value) = it.stands_for(expr) {
            return self.place(value);
        }
        match &strip(expr).kind {
            ExprKind::RecordField(base, name) => {
                let mut place = self.place_in(base, Some(it))?;
                place.path.push(name.clone());
                Some(place)
            }
            _ => None,
        }
    }

    fn opaque(&mut self, bounds: Bounds, place: Option<Place>) -> u32 {
        self.atoms.push(Atom { place, bounds });
        self.atoms.len() as u32 - 1
    }

    fn opaque_sum(&mut self, bounds: Bounds) -> Linear {
        Linear::atom(self.opaque(bounds, None))
    }

    fn bounds_of(&self, sum: &Linear) -> Bounds {
        sum.terms
            .iter()
            .fold(Bounds::exactly(sum.constant), |all, (atom, c)| all.add(self.atoms[*atom as usize].bounds.times(*c)))
    }

    /// The bounds that a type's rules say.
    pub fn type_bounds(&mut self, ty: &Ty) -> Bounds {
        match self.shallow(ty) {
            Ty::Refined(base, rule) => self.type_bounds(&base).meet(self.rule_bounds(&rule)),
            Ty::Option(t) => self.type_bounds(&t),
            _ => Bounds::default(),
        }
    }

    fn rule_bounds(&mut self, rule: &RuleRef) -> Bounds {
        if let Some(bounds) = self.rule_bounds.get(rule) {
            return *bounds;
        }
        let bounds = self.ctx.rule(rule).map_or(Bounds::default(), |r| condition_bounds(&r.body.value));
        self.rule_bounds.insert(rule.clone(), bounds);
        bounds
    }

    /// The sum that a numeric expression is. `it` is what the only local of a rule stands for.
    fn linear(&mut self, expr: &Expr, it: Option<It<'_>>) -> Linear {
        match &expr.kind {
            ExprKind::Local(local) if let Some(it) = it.filter(|it| it.local == *local) => {
                return self.linear(it.value, None);
            }
            // Another local of the rule: its number means nothing here.
            ExprKind::Local(_) if it.is_some() => {}
            ExprKind::Literal(literal) => {
                if let Some(n) = number(literal, &expr.ty) {
                    return Linear::constant(n);
                }
            }
            ExprKind::Local(local) => {
                let bounds = self.local_bounds.get(local).copied().unwrap_or_default().meet(self.type_bounds(&expr.ty));
                let atom = self.intern(Place { root: *local, path: Vec::new() }, bounds);
                return Linear::atom(atom);
            }
            ExprKind::RecordField(..) | ExprKind::StoredField(..) => {
                let bounds = self.type_bounds(&expr.ty);
                return match self.place_in(expr, it) {
                    Some(place) => Linear::atom(self.intern(place, bounds)),
                    None => self.opaque_sum(bounds),
                };
            }
            ExprKind::Convert(conversion, inner) => {
                return match conversion {
                    Conversion::Forget
                    | Conversion::Present
                    | Conversion::IntToDecimal
                    | Conversion::WidenDecimal
                    | Conversion::Some => self.linear(inner, it),
                    Conversion::Refine { .. } => {
                        let sum = self.linear(inner, it);
                        // The value is in the type from here on, however that was made sure.
                        match sum.terms.as_slice() {
                            [] => sum,
                            [(atom, 1)] if sum.constant == 0 && self.atoms[*atom as usize].place.is_none() => {
                                let bounds = self.type_bounds(&expr.ty);
                                let atom = &mut self.atoms[*atom as usize];
                                atom.bounds = atom.bounds.meet(bounds);
                                sum
                            }
                            _ => sum,
                        }
                    }
                    _ => {
                        let bounds = self.type_bounds(&expr.ty);
                        self.opaque_sum(bounds)
                    }
                };
            }
            ExprKind::Negate(e) => {
                if let Some(sum) = self.linear(e, it).scale(-1) {
                    return sum;
                }
            }
            ExprKind::Binary(op, a, b) => {
                if let Some(sum) = self.linear_binary(*op, a, b, it) {
                    return sum;
                }
            }
            ExprKind::Builtin(builtin, args) => {
                if let Some(sum) = self.linear_builtin(*builtin, args, it) {
                    return sum;
                }
            }
            ExprKind::If(_, a, b) => {
                let (a, b) = (self.linear(a, it), self.linear(b, it));
                let bounds = self.bounds_of(&a).join(self.bounds_of(&b));
                return self.opaque_sum(bounds);
            }
            ExprKind::Block(stmts, Some(value)) if stmts.is_empty() => return self.linear(value, it),
            ExprKind::Query(query) => {
                if let Fold::Aggregate(function) = query.fold {
                    let element = self.linear(&query.element, it);
                    let bounds = self.bounds_of(&element);
                    let bounds = aggregate_bounds(function, bounds);
                    return self.opaque_sum(bounds);
                }
            }
            _ => {}
        }
        let bounds = self.type_bounds(&expr.ty);
        self.opaque_sum(bounds)
    }

    fn linear_binary(&mut self, op: BinaryOp, a: &Expr, b: &Expr, it: Option<It<'_>>) -> Option<Linear> {
        let (x, y) = (self.linear(a, it), self.linear(b, it));
        // A Date moves by whole days, whatever the Duration.
        if self.base(&a.ty) == Ty::Date && self.base(&b.ty) == Ty::Duration {
            return None;
        }
        match op {
            BinaryOp::Add => x.plus(&y),
            BinaryOp::Sub => x.minus(&y),
            BinaryOp::Mul => {
                for (constant, other) in [(&x, &y), (&y, &x)] {
                    if constant.terms.is_empty() && constant.constant % ONE == 0 {
                        return other.scale(constant.constant / ONE);
                    }
                }
                let bounds = self.bounds_of(&x).product(self.bounds_of(&y));
                Some(self.opaque_sum(bounds))
            }
            BinaryOp::IntDiv => {
                let (p, q) = (self.bounds_of(&x), self.bounds_of(&y));
                let mut bounds = Bounds::default();
                if q.low.is_some_and(|l| l >= ONE) && p.low.is_some_and(|l| l >= 0) {
                    bounds = Bounds { low: Some(0), high: p.high };
                }
                Some(self.opaque_sum(bounds))
            }
            BinaryOp::Mod => {
                let q = self.bounds_of(&y);
                let bounds = if q.low.is_some_and(|l| l >= ONE) {
                    Bounds { low: Some(0), high: q.high.map(|h| h - ONE) }
                } else {
                    Bounds::default()
                };
                Some(self.opaque_sum(bounds))
            }
            BinaryOp::Div => {
                let (p, q) = (self.bounds_of(&x), self.bounds_of(&y));
                let positive = p.low.is_some_and(|l| l >= 0) && q.low.is_some_and(|l| l >= 0);
                Some(self.opaque_sum(if positive { Bounds::NOT_NEGATIVE } else { Bounds::default() }))
            }
            _ => None,
        }
    }

    fn linear_builtin(&mut self, builtin: Builtin, args: &[Expr], it: Option<It<'_>>) -> Option<Linear> {
        let first = args.first()?;
        match builtin {
            Builtin::TextLength
            | Builtin::Length
            | Builtin::BagLength
            | Builtin::SetLength
            | Builtin::MapLength
            | Builtin::BytesLength => {
                let subject = it.and_then(|it| it.stands_for(first)).unwrap_or(first);
                if let Some(text) = constant_text(subject) {
                    return Some(Linear::constant(text.chars().count() as i128 * ONE));
                }
                if let ExprKind::Collection(elements) = &strip(subject).kind {
                    let written = elements.len() as i128 * ONE;
                    // Equal elements of a set are one.
                    return Some(match self.base(&subject.ty) {
                        Ty::List(_) | Ty::Bag(_) => Linear::constant(written),
                        _ => self.opaque_sum(Bounds { low: Some(written.min(ONE)), high: Some(written) }),
                    });
                }
                let bounds = Bounds::NOT_NEGATIVE.meet(self.length_bounds(&subject.ty));
                match self.place_in(first, it) {
                    Some(mut place) => {
                        place.path.push(SmolStr::new_static("#length"));
                        Some(Linear::atom(self.intern(place, bounds)))
                    }
                    None => Some(self.opaque_sum(bounds)),
                }
            }
            Builtin::IntAbs | Builtin::DecimalAbs | Builtin::FloatAbs => {
                let sum = self.linear(first, it);
                if self.bounds_of(&sum).low.is_some_and(|l| l >= 0) {
                    return Some(sum);
                }
                Some(self.opaque_sum(Bounds::NOT_NEGATIVE))
            }
            Builtin::Min | Builtin::Max => {
                let (x, y) = (self.linear(first, it), self.linear(args.get(1)?, it));
                let (p, q) = (self.bounds_of(&x), self.bounds_of(&y));
                let bounds = if builtin == Builtin::Max {
                    Bounds { low: p.low.max(q.low), high: p.high.zip(q.high).map(|(a, b)| a.max(b)) }
                } else {
                    Bounds {
                        low: p.low.zip(q.low).map(|(a, b)| a.min(b)),
                        high: match (p.high, q.high) {
                            (Some(a), Some(b)) => Some(a.min(b)),
                            (a, b) => a.or(b),
                        },
                    }
                };
                Some(self.opaque_sum(bounds))
            }
            Builtin::DecimalRound | Builtin::IntToDecimal => {
                let sum = self.linear(first, it);
                let low = self.bounds_of(&sum).low.filter(|l| *l >= 0).map(|_| 0);
                Some(self.opaque_sum(Bounds { low, high: None }))
            }
            _ => None,
        }
    }

    fn length_bounds(&mut self, ty: &Ty) -> Bounds {
        match self.shallow(ty) {
            Ty::Refined(base, rule) => {
                let own = self.ctx.rule(&rule).map_or(Bounds::default(), |r| length_condition_bounds(&r.body.value));
                self.length_bounds(&base).meet(own)
            }
            _ => Bounds::default(),
        }
    }

    /// The fact that `a - b` is not negative (or positive).
    pub fn difference_fact(&mut self, a: &Expr, b: &Expr, strict: bool) -> Option<Fact> {
        if !numeric(&self.base(&a.ty)) || !numeric(&self.base(&b.ty)) {
            return None;
        }
        let mut sum = {
            let (x, y) = (self.linear(a, None), self.linear(b, None));
            x.minus(&y)?
        };
        let whole = self.base(&a.ty) == Ty::Int;
        if strict && whole {
            sum.constant = sum.constant.checked_sub(ONE)?;
        }
        Some(Fact::AtLeastZero(sum, strict && !whole))
    }

    fn not_negative(&self, sum: &Linear, strict: bool) -> Outcome {
        let enough = |b: Bounds, strict: bool| b.low.is_some_and(|l| if strict { l > 0 } else { l >= 0 });
        let bounds = self.bounds_of(sum);
        if enough(bounds, strict) {
            return Outcome::Proved;
        }
        if bounds.high.is_some_and(|h| if strict { h <= 0 } else { h < 0 }) {
            return Outcome::Refuted;
        }
        for fact in self.facts.latest() {
            let Fact::AtLeastZero(known, known_strict) = fact else { continue };
            if let Some(rest) = sum.minus(known)
                && enough(self.bounds_of(&rest), strict && !known_strict)
            {
                return Outcome::Proved;
            }
        }
        Outcome::Open
    }

    fn compare(&mut self, op: BinaryOp, a: &Expr, b: &Expr, it: Option<It<'_>>) -> Outcome {
        let (ty_a, ty_b) = (self.rule_side_type(a, it), self.rule_side_type(b, it));
        if matches!(op, BinaryOp::Eq | BinaryOp::Ne) {
            let text = |e: &Expr| constant_text(it.and_then(|it| it.stands_for(e)).unwrap_or(e));
            if let (Some(x), Some(y)) = (text(a), text(b)) {
                return if (x == y) == (op == BinaryOp::Eq) { Outcome::Proved } else { Outcome::Refuted };
            }
        }
        if !numeric(&ty_a) || !numeric(&ty_b) {
            return Outcome::Open;
        }
        let (x, y) = (self.linear(a, it), self.linear(b, it));
        let (Some(up), Some(down)) = (x.minus(&y), y.minus(&x)) else { return Outcome::Open };
        let whole = ty_a == Ty::Int;
        let more = |this: &Self, sum: &Linear, strict: bool| {
            let mut sum = sum.clone();
            if strict && whole {
                sum.constant = sum.constant.saturating_sub(ONE);
            }
            this.not_negative(&sum, strict && !whole)
        };
        match op {
            BinaryOp::Ge => more(self, &up, false),
            BinaryOp::Gt => more(self, &up, true),
            BinaryOp::Le => more(self, &down, false),
            BinaryOp::Lt => more(self, &down, true),
            BinaryOp::Eq | BinaryOp::Ne => {
                let equal = both(more(self, &up, false), more(self, &down, false));
                if op == BinaryOp::Eq { equal } else { negate(equal) }
            }
            _ => Outcome::Open,
        }
    }

    fn rule_side_type(&self, expr: &Expr, it: Option<It<'_>>) -> Ty {
        self.base(&it.and_then(|it| it.stands_for(expr)).unwrap_or(strip(expr)).ty)
    }

    /// What is known of a condition of a rule, with `it` for its local.
    pub fn judge(&mut self, cond: &Expr, it: It<'_>) -> Outcome {
        match &cond.kind {
            ExprKind::Literal(Literal::Bool(true)) => Outcome::Proved,
            ExprKind::Literal(Literal::Bool(false)) => Outcome::Refuted,
            ExprKind::Convert(_, e) => self.judge(e, it),
            ExprKind::Not(e) => negate(self.judge(e, it)),
            ExprKind::Binary(BinaryOp::And, a, b) => both(self.judge(a, it), self.judge(b, it)),
            ExprKind::Binary(BinaryOp::Or, a, b) => negate(both(negate(self.judge(a, it)), negate(self.judge(b, it)))),
            ExprKind::Binary(
                op @ (BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge),
                a,
                b,
            ) => self.compare(*op, a, b, Some(it)),
            ExprKind::InRange(x, low, high, inclusive) => both(
                self.compare(BinaryOp::Ge, x, low, Some(it)),
                self.compare(if *inclusive { BinaryOp::Le } else { BinaryOp::Lt }, x, high, Some(it)),
            ),
            ExprKind::Binary(BinaryOp::In, x, set) => match &strip(set).kind {
                ExprKind::Collection(elements) => elements.iter().fold(Outcome::Refuted, |all, e| {
                    negate(both(negate(all), negate(self.compare(BinaryOp::Eq, x, e, Some(it)))))
                }),
                _ => Outcome::Open,
            },
            ExprKind::Matches(subject, pattern) if it.stands_for(subject).is_some() => {
                match (constant_text(it.value), tenon_value::pattern::Pattern::new(pattern)) {
                    (Some(text), Ok(pattern)) if pattern.matches(&text) => Outcome::Proved,
                    (Some(_), Ok(_)) => Outcome::Refuted,
                    _ => Outcome::Open,
                }
            }
            _ => Outcome::Open,
        }
    }

    /// Whether a value belongs to a refined type.
    pub fn judge_refinement(&mut self, rule: &RuleRef, value: &Expr) -> Outcome {
        match self.ctx.rule(rule) {
            Some(rule) => match rule.body.params.as_slice() {
                [local] => self.judge(&rule.body.value, It { local: *local, value }),
                _ => Outcome::Open,
            },
            None => Outcome::Open,
        }
    }

    /// Whether a divisor is something else than zero.
    pub fn judge_divisor(&mut self, divisor: &Expr) -> Outcome {
        let sum = self.linear(divisor, None);
        let bounds = self.bounds_of(&sum);
        if bounds == Bounds::exactly(0) {
            return Outcome::Refuted;
        }
        if self.not_negative(&sum, true) == Outcome::Proved {
            return Outcome::Proved;
        }
        match sum.scale(-1) {
            Some(negative) => match self.not_negative(&negative, true) {
                Outcome::Proved => Outcome::Proved,
                _ => Outcome::Open,
            },
            None => Outcome::Open,
        }
    }

    /// Notes the bounds of an aggregate's result.
    pub fn note_aggregate(&mut self, local: LocalId, function: AggregateFn, argument: Option<&Expr>) {
        let bounds = match argument {
            Some(argument) if numeric(&self.base(&argument.ty)) || matches!(self.base(&argument.ty), Ty::Option(_)) => {
                let sum = self.linear(argument, None);
                self.bounds_of(&sum)
            }
            _ => Bounds::default(),
        };
        self.local_bounds.insert(local, aggregate_bounds(function, bounds));
    }
}

fn aggregate_bounds(function: AggregateFn, element: Bounds) -> Bounds {
    match function {
        AggregateFn::Count | AggregateFn::StdDev => Bounds::NOT_NEGATIVE,
        AggregateFn::Sum => Bounds {
            low: element.low.filter(|l| *l >= 0).map(|_| 0),
            high: element.high.filter(|h| *h <= 0).map(|_| 0),
        },
        AggregateFn::Min | AggregateFn::Max | AggregateFn::Avg | AggregateFn::Percentile(_) => element,
        _ => Bounds::default(),
    }
}

fn both(a: Outcome, b: Outcome) -> Outcome {
    match (a, b) {
        (Outcome::Refuted, _) | (_, Outcome::Refuted) => Outcome::Refuted,
        (Outcome::Proved, Outcome::Proved) => Outcome::Proved,
        _ => Outcome::Open,
    }
}

fn negate(a: Outcome) -> Outcome {
    match a {
        Outcome::Proved => Outcome::Refuted,
        Outcome::Refuted => Outcome::Proved,
        Outcome::Open => Outcome::Open,
    }
}

/// True for types whose values are numbers to the procedure.
fn numeric(ty: &Ty) -> bool {
    matches!(ty, Ty::Int | Ty::Decimal(_) | Ty::Duration | Ty::Instant | Ty::Date | Ty::Time | Ty::DateTime)
}

fn number(literal: &Literal, ty: &Ty) -> Option<i128> {
    let whole = |n: i64| i128::from(n) * ONE;
    match literal {
        Literal::Int(n) | Literal::Instant(n) | Literal::Time(n) | Literal::Duration(n) => Some(whole(*n)),
        // The difference of two Dates is a Duration, which counts microseconds.
        Literal::Date(n) => Some(whole(i64::from(*n)) * MICROSECONDS_OF_DAY),
        Literal::Decimal(n) => match ty.base() {
            Ty::Decimal(scale) => {
                let more = MAX_SCALE.checked_sub(*scale)?;
                Some(i128::from(*n) * 10i128.pow(u32::from(more)))
            }
            _ => None,
        },
        _ => None,
    }
}

/// The text that an expression always is.
pub(super) fn constant_text(expr: &Expr) -> Option<SmolStr> {
    match &strip(expr).kind {
        ExprKind::Literal(Literal::Text(text)) => Some(text.clone()),
        _ => None,
    }
}

fn bounds_if(cond: &Expr, subject: &dyn Fn(&Expr) -> bool) -> Bounds {
    let constant = |e: &Expr| match &strip(e).kind {
        ExprKind::Literal(literal) => number(literal, &strip(e).ty),
        ExprKind::Negate(e) => match &strip(e).kind {
            ExprKind::Literal(literal) => number(literal, &strip(e).ty).map(|n| -n),
            _ => None,
        },
        _ => None,
    };
    let step = |e: &Expr| if *strip(e).ty.base() == Ty::Int { ONE } else { 0 };
    let low = |n: Option<i128>| Bounds { low: n, high: None };
    let high = |n: Option<i128>| Bounds { low: None, high: n };
    match &cond.kind {
        ExprKind::Convert(_, e) => bounds_if(e, subject),
        ExprKind::Binary(BinaryOp::And, a, b) => bounds_if(a, subject).meet(bounds_if(b, subject)),
        ExprKind::InRange(x, a, b, inclusive) if subject(strip(x)) => {
            let top = constant(b).map(|n| if *inclusive { n } else { n - step(b) });
            low(constant(a)).meet(high(top))
        }
        ExprKind::Binary(op, a, b) if subject(strip(a)) => match op {
            BinaryOp::Ge => low(constant(b)),
            BinaryOp::Gt => low(constant(b).map(|n| n + step(b))),
            BinaryOp::Le => high(constant(b)),
            BinaryOp::Lt => high(constant(b).map(|n| n - step(b))),
            BinaryOp::Eq => low(constant(b)).meet(high(constant(b))),
            _ => Bounds::default(),
        },
        ExprKind::Binary(op, a, b) if subject(strip(b)) => match op {
            BinaryOp::Le => low(constant(a)),
            BinaryOp::Lt => low(constant(a).map(|n| n + step(a))),
            BinaryOp::Ge => high(constant(a)),
            BinaryOp::Gt => high(constant(a).map(|n| n - step(a))),
            _ => Bounds::default(),
        },
        _ => Bounds::default(),
    }
}

/// Bounds of `it` that a rule says.
fn condition_bounds(cond: &Expr) -> Bounds {
    bounds_if(cond, &|e| matches!(e.kind, ExprKind::Local(_)))
}

/// Bounds of `it.length` that a rule says.
fn length_condition_bounds(cond: &Expr) -> Bounds {
    bounds_if(cond, &|e| match &e.kind {
        ExprKind::Builtin(b, args) => {
            b.scheme().name == "length" && args.first().is_some_and(|a| matches!(strip(a).kind, ExprKind::Local(_)))
        }
        _ => false,
    })
}
