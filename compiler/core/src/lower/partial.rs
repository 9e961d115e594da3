//! What has a value only under the conditions around it, and how a subquery keeps to them.
//!
//! In a query the operands of `if`, `and`, `match` and their like become columns and operators beside the row, which are
//! computed ahead of it. What can end in a fault, or takes apart an option or a variant, must not be computed where
//! control does not reach it: an expression is named as an option ([`super::scope::Scope::name`]), and a subquery is
//! *restricted*: it has rows, and evaluates anything, only where the path to it holds.

use crate::ir::{Aggregate, Apply, Bound, Expr, ExprKind, Frame, Rel, WindowExpr, WindowFn};

/// True if the expression has a value only under the conditions around it: it can end in a fault, or takes apart an
/// option, a variant or a reference that may be absent.
pub(super) fn is_partial(expr: &Expr) -> bool {
    let own = match &expr.kind {
        ExprKind::Prim(prim, ..) => prim.can_fail(),
        ExprKind::Call(..) | ExprKind::Query(..) => true,
        ExprKind::Unwrap(_) | ExprKind::CaseField(..) | ExprKind::Follow(_) => true,
        _ => false,
    };
    let mut partial = own;
    if !partial {
        expr.children(&mut |child| partial = partial || is_partial(child));
    }
    partial
}

/// True if the operators evaluate something that [`is_partial`].
fn rel_is_partial(rel: &Rel) -> bool {
    let any = |bound: &Option<Expr>| bound.as_ref().is_some_and(is_partial);
    match rel {
        Rel::Unit | Rel::Scan { .. } => false,
        Rel::Unnest { source, .. } => is_partial(source),
        Rel::Filter { input, predicate } => is_partial(predicate) || rel_is_partial(input),
        Rel::Map { input, defs } => defs.iter().any(|(_, e)| is_partial(e)) || rel_is_partial(input),
        Rel::Join { left, right, on, .. } => is_partial(on) || rel_is_partial(left) || rel_is_partial(right),
        Rel::Apply { kind, left, right } => apply_is_partial(kind, right) || rel_is_partial(left),
        Rel::Group { input, keys, aggregates, .. } => {
            keys.iter().any(|(_, e)| is_partial(e))
                || aggregates.iter().any(|(_, a)| aggregate_is_partial(a))
                || rel_is_partial(input)
        }
        Rel::Window { input, windows } => windows.iter().any(|(_, w)| window_is_partial(w)) || rel_is_partial(input),
        Rel::Limit { input, limit, offset } => any(limit) || any(offset) || rel_is_partial(input),
        Rel::Distinct { input, .. } => rel_is_partial(input),
        Rel::Sort { input, keys } => keys.iter().any(|k| is_partial(&k.expr)) || rel_is_partial(input),
        Rel::SetOp { left, right, .. } => rel_is_partial(left) || rel_is_partial(right),
    }
}

/// True if attaching the right side to a row evaluates something that [`is_partial`].
pub(super) fn apply_is_partial(kind: &Apply, right: &Rel) -> bool {
    let element = match kind {
        Apply::Collect(_, element) => is_partial(element),
        Apply::Inner | Apply::Left(_) | Apply::Exists(_) => false,
    };
    element || rel_is_partial(right)
}

fn aggregate_is_partial(aggregate: &Aggregate) -> bool {
    aggregate.function.can_fail()
        || aggregate.argument.iter().chain(&aggregate.filter).chain(aggregate.grain.iter().flatten()).any(is_partial)
        || aggregate.order.iter().any(|k| is_partial(&k.expr))
}

fn window_is_partial(window: &WindowExpr) -> bool {
    let bound = |bound: &Bound| match bound {
        Bound::Before(n) | Bound::After(n) => is_partial(n),
        Bound::Current => false,
    };
    let frame = match &window.frame {
        Frame::Rows(from, to) => bound(from) || bound(to),
        Frame::Partition | Frame::ToCurrent => false,
    };
    let folds = matches!(window.function, WindowFn::Aggregate(function) if function.can_fail());
    folds
        || frame
        || window.arguments.iter().chain(&window.partition).any(is_partial)
        || window.order.iter().any(|k| is_partial(&k.expr))
}

/// The same subquery, which evaluates nothing that [`is_partial`] where the predicate (over variables from outside) does
/// not hold. What it gives there is of no interest, but a fold keeps its one row: without it the row that the fold is
/// attached to would be gone.
pub(super) fn restrict(kind: &Apply, right: Rel, predicate: &Expr) -> Rel {
    match (kind, right) {
        (Apply::Inner, Rel::Group { input, keys, aggregates, all: true }) => {
            Rel::Group { input: Box::new(restrict_source(*input, predicate)), keys, aggregates, all: true }
        }
        (_, right) => restrict_source(right, predicate),
    }
}

/// The same operators, without rows where the predicate does not hold.
fn restrict_source(rel: Rel, predicate: &Expr) -> Rel {
    let go = |rel: Box<Rel>| Box::new(restrict_source(*rel, predicate));
    let only = |rel: Rel| Rel::Filter { input: Box::new(rel), predicate: predicate.clone() };
    // Evaluated whether there are rows or not.
    let count = |count: Option<Expr>| count.map(|n| if is_partial(&n) { number_or_none(predicate, n) } else { n });
    match rel {
        Rel::Unit | Rel::Scan { .. } => only(rel),
        // A filter would come too late: the source itself is there only where the predicate holds.
        Rel::Unnest { source, var, index } => {
            let empty = Expr::new(ExprKind::Collection(Vec::new()), source.ty.clone());
            Rel::Unnest { source: choose(predicate, source, empty), var, index }
        }
        Rel::Filter { input, predicate } => Rel::Filter { input: go(input), predicate },
        Rel::Map { input, defs } => Rel::Map { input: go(input), defs },
        // One empty side empties an inner join, and the left side any other; the right side is evaluated by itself.
        Rel::Join { kind, left, right, on } => {
            let right = if rel_is_partial(&right) { go(right) } else { right };
            Rel::Join { kind, left: go(left), right, on }
        }
        Rel::Apply { kind, left, right } => Rel::Apply { kind, left: go(left), right },
        // One row, also over nothing.
        Rel::Group { input, keys, aggregates, all: true } => {
            only(Rel::Group { input: go(input), keys, aggregates, all: true })
        }
        Rel::Group { input, keys, aggregates, all } => Rel::Group { input: go(input), keys, aggregates, all },
        Rel::Window { input, windows } => Rel::Window { input: go(input), windows },
        Rel::Sort { input, keys } => Rel::Sort { input: go(input), keys },
        Rel::Limit { input, limit, offset } => {
            Rel::Limit { input: go(input), limit: count(limit), offset: count(offset) }
        }
        Rel::Distinct { input, vars } => Rel::Distinct { input: go(input), vars },
        Rel::SetOp { kind, left, right, vars } => Rel::SetOp { kind, left: go(left), right: go(right), vars },
    }
}

/// A number of rows where the predicate holds, elsewhere none.
fn number_or_none(predicate: &Expr, number: Expr) -> Expr {
    choose(predicate, number, super::scope::int_literal(0))
}

fn choose(predicate: &Expr, value: Expr, other: Expr) -> Expr {
    let ty = value.ty.clone();
    Expr::new(ExprKind::If(Box::new(predicate.clone()), Box::new(value), Box::new(other)), ty)
}
