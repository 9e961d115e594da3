//! Logical rewriting: guards are joined with what they guard, predicates travel to the data, marks become semi joins.

use tenon_core::ir::{Expr, ExprKind, Prim, RelationId, Type, VarId, WindowFn};

use crate::expr::{Expansion, Safe, Safety, VarSet, conjunction, free, simplify, substitute};
use crate::logical::{ApplyKind, Node, aggregate_exprs};
use crate::physical::{Aggregate, Kind};

/// Joins each predicate that rests on an earlier one with it, so that it can be moved by itself:
/// `x present` before `x.value > 3` makes the second `x present and x.value > 3`.
pub fn fuse_guards(node: &mut Node, safe: &Safe) {
    for child in node.children_mut() {
        fuse_guards(child, safe);
    }
    if let Node::Filter { input, predicates } = node {
        let mut known = facts(input);
        for predicate in predicates {
            if safe.of(predicate) == Safety::Guarded {
                let all: Vec<&Expr> = known.iter().collect();
                if safe.given(predicate, &all) == Safety::Total {
                    let mut needed = known.clone();
                    let mut i = 0;
                    while i < needed.len() {
                        let fact = needed.remove(i);
                        let rest: Vec<&Expr> = needed.iter().collect();
                        if safe.given(predicate, &rest) != Safety::Total {
                            needed.insert(i, fact);
                            i += 1;
                        }
                    }
                    let own = std::mem::replace(predicate, crate::expr::truth());
                    *predicate = conjunction(needed.into_iter().chain([own]));
                }
            }
            known.push(predicate.clone());
        }
    }
}

/// Conditions that hold on all rows of a node.
fn facts(node: &Node) -> Vec<Expr> {
    match node {
        Node::Filter { input, predicates } => {
            let mut out = facts(input);
            out.extend(predicates.iter().cloned());
            out
        }
        Node::Join { kind: Kind::Inner, left, right, on } => {
            let mut out = facts(left);
            out.extend(facts(right));
            out.extend(on.iter().cloned());
            out
        }
        Node::Apply { kind: ApplyKind::Join(Kind::Inner), left, right } => {
            let mut out = facts(left);
            out.extend(facts(right));
            out
        }
        Node::Map { input, .. } | Node::Unnest { input, .. } | Node::Window { input, .. } | Node::Top { input, .. } => {
            facts(input)
        }
        Node::Join { left, .. } | Node::Apply { left, .. } | Node::GroupJoin { left, .. } | Node::Fold { left, .. } => {
            facts(left)
        }
        _ => Vec::new(),
    }
}

/// Whether a fold can fail on some rows.
pub fn fold_fails(a: &Aggregate, safe: &Safe) -> bool {
    a.function.can_fail() || aggregate_exprs(a).any(|e| safe.of(e) == Safety::Failing)
}

/// Whether an operator folds what can be out of range, its expressions apart.
pub fn folds_fail(node: &Node) -> bool {
    match node {
        Node::Group { aggregates, .. }
        | Node::GroupJoin { aggregates, .. }
        | Node::Fold { aggregates, .. }
        | Node::Apply { kind: ApplyKind::Fold(aggregates), .. } => {
            aggregates.iter().any(|(_, a)| a.function.can_fail())
        }
        Node::Window { windows, .. } => {
            windows.iter().any(|(_, w)| matches!(w.function, WindowFn::Aggregate(function) if function.can_fail()))
        }
        _ => false,
    }
}

/// Whether nothing in a tree can fail and nothing rests on what an earlier filter established.
pub fn is_total(node: &Node, safe: &Safe) -> bool {
    !folds_fail(node)
        && safe.all(&node.exprs()) == Safety::Total
        && node.children().into_iter().all(|child| is_total(child, safe))
}

/// Pushes predicates as far down as they may go. `predicates` are total and come from above.
pub fn push_down(node: Node, mut predicates: Vec<Expr>, safe: &Safe) -> Node {
    for p in &mut predicates {
        simplify(p, safe);
    }
    let within = |set: &VarSet, p: &Expr| free(p).is_disjoint(set);
    let failing = |exprs: &[Expr]| exprs.iter().any(|e| safe.of(e) == Safety::Failing);
    match node {
        Node::Filter { input, predicates: own } => {
            if let Some(first) = own.iter().position(|p| safe.of(p) == Safety::Failing) {
                // Rows that the failing predicate sees must be exactly those of the text.
                let mut own = own;
                let rest = own.split_off(first);
                let (moved, stay): (Vec<_>, Vec<_>) = own.into_iter().partition(|p| safe.of(p) == Safety::Total);
                let below = push_down(*input, moved, safe).filter(stay);
                return below.filter(rest).filter(predicates);
            }
            let (moved, stay): (Vec<_>, Vec<_>) = own.into_iter().partition(|p| safe.of(p) == Safety::Total);
            let moved = moved.into_iter().chain(predicates).collect();
            push_down(*input, moved, safe).filter(stay)
        }
        Node::Map { input, defs } => {
            if defs.iter().any(|(_, e)| safe.of(e) == Safety::Failing) {
                return push_down(*input, Vec::new(), safe).map(defs).filter(predicates);
            }
            let expansion = Expansion::new(&defs, |e| safe.of(e) == Safety::Total);
            let (mut above, mut below) = (Vec::new(), Vec::new());
            for p in predicates {
                match expansion.expanded(&p) {
                    Some(p) => below.push(p),
                    None => above.push(p),
                }
            }
            push_down(*input, below, safe).map(defs).filter(above)
        }
        Node::Join { kind: Kind::Inner, left, right, on } => {
            if failing(&on) {
                let (left, right) = (push_down(*left, Vec::new(), safe), push_down(*right, Vec::new(), safe));
                return left.join(right).filter(on).filter(predicates);
            }
            let (left_vars, right_vars) = (left.bound(), right.bound());
            let (mut to_left, mut to_right, mut here) = (Vec::new(), Vec::new(), Vec::new());
            let mut guarded = Vec::new();
            for p in on.into_iter().chain(predicates) {
                if safe.of(&p) != Safety::Total {
                    guarded.push(p);
                } else if within(&right_vars, &p) {
                    to_left.push(p);
                } else if within(&left_vars, &p) {
                    to_right.push(p);
                } else {
                    here.push(p);
                }
            }
            let (left, right) = (push_down(*left, to_left, safe), push_down(*right, to_right, safe));
            match left.join(right) {
                Node::Join { kind, left, right, on: mut before } => {
                    before.extend(here);
                    Node::Join { kind, left, right, on: before }.filter(guarded)
                }
                other => other.filter(here).filter(guarded),
            }
        }
        Node::Join { kind, left, right, on } => push_join(kind, *left, *right, on, predicates, safe),
        Node::Unnest { input, source, var, index } => {
            let own = VarSet::from([var, index]);
            let stays = safe.of(&source) == Safety::Failing;
            let (below, above): (Vec<_>, Vec<_>) = predicates.into_iter().partition(|p| !stays && within(&own, p));
            let input = push_down(*input, below, safe).boxed();
            Node::Unnest { input, source, var, index }.filter(above)
        }
        Node::Group { input, keys, aggregates, all } => {
            let movable = !all
                && keys.iter().all(|(_, e)| safe.of(e) == Safety::Total)
                && !aggregates.iter().any(|(_, a)| fold_fails(a, safe));
            let folded: VarSet = aggregates.iter().map(|(v, _)| *v).collect();
            let (below, above): (Vec<_>, Vec<_>) = predicates.into_iter().partition(|p| movable && within(&folded, p));
            let map = keys.iter().map(|(v, e)| (*v, e.clone())).collect();
            let below = below
                .into_iter()
                .map(|mut p| {
                    substitute(&mut p, &map);
                    p
                })
                .collect();
            let input = push_down(*input, below, safe).boxed();
            Node::Group { input, keys, aggregates, all }.filter(above)
        }
        Node::GroupJoin { left, right, keys, aggregates } => {
            let (below, above) = split_folded(predicates, &aggregates, safe);
            let (left, right) = (push_down(*left, below, safe), push_down(*right, Vec::new(), safe));
            Node::GroupJoin { left: left.boxed(), right: right.boxed(), keys, aggregates }.filter(above)
        }
        Node::Fold { left, right, aggregates } => {
            let (below, above) = split_folded(predicates, &aggregates, safe);
            let left = push_down(*left, below, safe);
            Node::Fold { left: left.boxed(), right, aggregates }.filter(above)
        }
        mut other => {
            for child in other.children_mut() {
                let taken = std::mem::replace(child, Node::Unit);
                *child = push_down(taken, Vec::new(), safe);
            }
            other.filter(predicates)
        }
    }
}

/// Predicates that may be tested before the folds, and those that may not.
fn split_folded(predicates: Vec<Expr>, aggregates: &[(VarId, Aggregate)], safe: &Safe) -> (Vec<Expr>, Vec<Expr>) {
    let fails = aggregates.iter().any(|(_, a)| fold_fails(a, safe));
    let folded: VarSet = aggregates.iter().map(|(v, _)| *v).collect();
    predicates.into_iter().partition(|p| !fails && free(p).is_disjoint(&folded))
}

/// Left, semi, anti and mark joins.
fn push_join(mut kind: Kind, left: Node, right: Node, on: Vec<Expr>, predicates: Vec<Expr>, safe: &Safe) -> Node {
    if safe.all(&on) != Safety::Total {
        let (left, right) = (push_down(left, Vec::new(), safe), push_down(right, Vec::new(), safe));
        return Node::Join { kind, left: left.boxed(), right: right.boxed(), on }.filter(predicates);
    }
    let lifted: VarSet = match &kind {
        Kind::Left(lifts) => lifts.iter().map(|l| l.to).collect(),
        Kind::Mark(v) => VarSet::from([*v]),
        _ => VarSet::new(),
    };
    // A left join is turned around only if all lifted variables are rows of scans, which are never optional below.
    let rows: Vec<(VarId, VarId, RelationId)> = match &kind {
        Kind::Left(lifts) => lifts
            .iter()
            .map(|l| row_relation(&right, l.from).map(|r| (l.to, l.from, r)))
            .collect::<Option<_>>()
            .unwrap_or_default(),
        _ => Vec::new(),
    };
    let (mut above, mut below) = (Vec::new(), Vec::new());
    let mut defs = Vec::new();
    for p in predicates {
        if free(&p).is_disjoint(&lifted) {
            below.push(p);
            continue;
        }
        // A predicate that asks for a partner makes the join an inner, semi or anti join.
        match (&kind, &p.kind) {
            (Kind::Mark(v), ExprKind::Var(w)) if v == w => {
                defs.push((*v, Expr::new(ExprKind::Literal(true.into()), p.ty.clone())));
                kind = Kind::Semi;
            }
            (Kind::Mark(v), ExprKind::Prim(Prim::Not, args, _))
                if args.iter().all(|a| matches!(a.kind, ExprKind::Var(w) if w == *v)) =>
            {
                defs.push((*v, Expr::new(ExprKind::Literal(false.into()), p.ty.clone())));
                kind = Kind::Anti;
            }
            (Kind::Left(_), ExprKind::IsSome(e)) if matches!(e.kind, ExprKind::Var(w) if rows.iter().any(|(to, ..)| *to == w)) =>
            {
                for (to, from, relation) in &rows {
                    let row = Type::Row(*relation);
                    let ty = row.clone().optional();
                    defs.push((*to, Expr::new(ExprKind::Some(Box::new(Expr::var(*from, row))), ty)));
                }
                kind = Kind::Inner;
            }
            _ => above.push(p),
        }
    }
    // A semi or anti join behaves as a filter: what comes after it may be tested before it.
    if kind == Kind::Inner {
        let node = Node::Join { kind, left: left.boxed(), right: right.boxed(), on };
        return push_down(node.map(defs).filter(above), below, safe);
    }
    let (mut to_right, mut here) = (Vec::new(), Vec::new());
    let left_vars = left.bound();
    for p in on {
        if free(&p).is_disjoint(&left_vars) && !free(&p).is_empty() { to_right.push(p) } else { here.push(p) }
    }
    let (left, right) = (push_down(left, below, safe), push_down(right, to_right, safe));
    Node::Join { kind, left: left.boxed(), right: right.boxed(), on: here }.map(defs).filter(above)
}

/// The relation of a row variable that a scan binds.
fn row_relation(node: &Node, var: VarId) -> Option<RelationId> {
    match node {
        Node::Scan { var: v, relation, .. } if *v == var => Some(*relation),
        _ => node.children().into_iter().find_map(|c| row_relation(c, var)),
    }
}
