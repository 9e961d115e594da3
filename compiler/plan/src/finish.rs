//! The last pass over a plan: what nobody needs is dropped, operators learn which variables they store and which
//! fields are read, and get their numbers.

use std::collections::{BTreeMap, BTreeSet};

use tenon_core::ir::{Expr, ExprKind, FieldId, Program, Type, VarId};

use crate::expr::{Safe, Safety, VarSet, collect_free, free_all};
use crate::physical::{Access, Aggregate, Kind, Op, OpKind, Output, Plan, WindowValue};
use crate::rewrite::fold_fails;

/// Finishes a plan.
pub fn finish(plan: &mut Plan, program: &Program) {
    let safe = Safe::new(program);
    let mut pass = Needs { safe: &safe, temps: BTreeMap::new() };
    let mut needed = VarSet::new();
    for e in output_exprs(&plan.output) {
        collect_free(e, &mut needed);
    }
    pass.op(&mut plan.root, needed);
    for (i, temp) in plan.temps.iter_mut().enumerate().rev() {
        let columns = pass.temps.remove(&(i as u32)).unwrap_or_default();
        temp.vars.retain(|v| columns.contains(v));
        pass.op(&mut temp.input, columns);
    }
    fields(plan);
    let mut next = 0;
    let mut number = |op: &mut Op| {
        each_op_mut(op, &mut |op| {
            op.id = next;
            next += 1;
            // Estimates are shown and compared; a handful of digits is all they know.
            op.est_rows = round(op.est_rows);
        });
    };
    plan.temps.iter_mut().for_each(|t| number(&mut t.input));
    number(&mut plan.root);
}

fn round(rows: f64) -> f64 {
    if rows >= 10.0 { rows.round() } else { (rows * 1000.0).round() / 1000.0 }
}

/// The expressions of an output.
pub fn output_exprs(output: &Output) -> Vec<&Expr> {
    match output {
        Output::Collect { element, .. } | Output::First { element, .. } | Output::One(element) => vec![element],
        Output::CollectMap { key, value } => vec![key, value],
        Output::Exists { .. } => Vec::new(),
    }
}

/// The inputs of an operator, in the order in which they are shown.
pub fn inputs(op: &Op) -> Vec<&Op> {
    match &op.kind {
        OpKind::Unit | OpKind::Scan { .. } | OpKind::CountRows { .. } | OpKind::ReadTemp { .. } => Vec::new(),
        OpKind::Lookup { input, .. }
        | OpKind::Filter { input, .. }
        | OpKind::Map { input, .. }
        | OpKind::Unnest { input, .. }
        | OpKind::Aggregate { input, .. }
        | OpKind::Window { input, .. }
        | OpKind::Sort { input, .. }
        | OpKind::Limit { input, .. } => vec![input],
        OpKind::HashJoin { probe, build, .. } => vec![probe, build],
        OpKind::NestedLoop { outer, inner, .. } => vec![outer, inner],
        OpKind::GroupJoin { left, right, .. } | OpKind::Fold { left, right, .. } => vec![left, right],
        OpKind::Concat { inputs, .. } => inputs.iter().map(|(op, _)| op).collect(),
    }
}

fn inputs_mut(op: &mut Op) -> Vec<&mut Op> {
    match &mut op.kind {
        OpKind::Unit | OpKind::Scan { .. } | OpKind::CountRows { .. } | OpKind::ReadTemp { .. } => Vec::new(),
        OpKind::Lookup { input, .. }
        | OpKind::Filter { input, .. }
        | OpKind::Map { input, .. }
        | OpKind::Unnest { input, .. }
        | OpKind::Aggregate { input, .. }
        | OpKind::Window { input, .. }
        | OpKind::Sort { input, .. }
        | OpKind::Limit { input, .. } => vec![input],
        OpKind::HashJoin { probe, build, .. } => vec![probe, build],
        OpKind::NestedLoop { outer, inner, .. } => vec![outer, inner],
        OpKind::GroupJoin { left, right, .. } | OpKind::Fold { left, right, .. } => vec![left, right],
        OpKind::Concat { inputs, .. } => inputs.iter_mut().map(|(op, _)| op).collect(),
    }
}

/// Visits all operators of a tree, parents first.
pub fn each_op_mut(op: &mut Op, f: &mut dyn FnMut(&mut Op)) {
    f(op);
    for input in inputs_mut(op) {
        each_op_mut(input, f);
    }
}

/// Visits all operators of a tree, parents first.
pub fn each_op<'a>(op: &'a Op, f: &mut dyn FnMut(&'a Op)) {
    f(op);
    for input in inputs(op) {
        each_op(input, f);
    }
}

fn access_exprs(access: &Access) -> Vec<&Expr> {
    match access {
        Access::Reference(e) => vec![e],
        Access::Key(es) | Access::Unique(_, es) => es.iter().collect(),
        Access::Index { equal, lower, upper, .. } => {
            equal.iter().chain(lower.iter().chain(upper).map(|l| &l.value)).collect()
        }
    }
}

fn aggregate_exprs(a: &Aggregate) -> Vec<&Expr> {
    crate::logical::aggregate_exprs(a).collect()
}

fn window_exprs(w: &WindowValue) -> Vec<&Expr> {
    w.arguments.iter().chain(w.bounds()).collect()
}

/// The expressions of an operator, without those of its inputs.
pub fn op_exprs(op: &Op) -> Vec<&Expr> {
    match &op.kind {
        OpKind::Unit | OpKind::CountRows { .. } | OpKind::ReadTemp { .. } | OpKind::Concat { .. } => Vec::new(),
        OpKind::Scan { predicates, .. } | OpKind::Filter { predicates, .. } => predicates.iter().collect(),
        OpKind::Lookup { access, residual, .. } => {
            let mut out = access_exprs(access);
            out.extend(residual);
            out
        }
        OpKind::Map { defs, .. } => defs.iter().map(|(_, e)| e).collect(),
        OpKind::Unnest { source, .. } => vec![source],
        OpKind::HashJoin { keys, residual, .. } => keys.iter().flat_map(|(a, b)| [a, b]).chain(residual).collect(),
        OpKind::NestedLoop { predicates, .. } => predicates.iter().collect(),
        OpKind::Aggregate { keys, aggregates, .. } => {
            keys.iter().map(|(_, e)| e).chain(aggregates.iter().flat_map(|(_, a)| aggregate_exprs(a))).collect()
        }
        OpKind::GroupJoin { keys, aggregates, .. } => keys
            .iter()
            .flat_map(|(a, b)| [a, b])
            .chain(aggregates.iter().flat_map(|(_, a)| aggregate_exprs(a)))
            .collect(),
        OpKind::Fold { aggregates, .. } => aggregates.iter().flat_map(|(_, a)| aggregate_exprs(a)).collect(),
        OpKind::Window { partition, order, windows, .. } => partition
            .iter()
            .chain(order.iter().map(|k| &k.expr))
            .chain(windows.iter().flat_map(|(_, w)| window_exprs(w)))
            .collect(),
        OpKind::Sort { partition, keys, limit, offset, .. } => {
            partition.iter().chain(keys.iter().map(|k| &k.expr)).chain(limit).chain(offset).collect()
        }
        OpKind::Limit { limit, offset, .. } => limit.iter().chain(offset).collect(),
    }
}

/// The variables that the rows of an operator bind.
pub fn bound(op: &Op) -> VarSet {
    let joined = |left: &Op, right: VarSet, kind: &Kind| {
        let mut set = bound(left);
        match kind {
            Kind::Inner => set.extend(right),
            Kind::Left(lifts) => set.extend(lifts.iter().map(|l| l.to)),
            Kind::Semi | Kind::Anti => {}
            Kind::Mark(v) => {
                set.insert(*v);
            }
        }
        set
    };
    match &op.kind {
        OpKind::Unit => VarSet::new(),
        OpKind::Scan { var, .. } | OpKind::CountRows { var, .. } => VarSet::from([*var]),
        OpKind::ReadTemp { columns, .. } => columns.iter().map(|(_, v)| *v).collect(),
        OpKind::Lookup { input, var, kind, .. } => joined(input, VarSet::from([*var]), kind),
        OpKind::Filter { input, .. } | OpKind::Limit { input, .. } | OpKind::Sort { input, .. } => bound(input),
        OpKind::Map { input, defs } => {
            let mut set = bound(input);
            set.extend(defs.iter().map(|(v, _)| *v));
            set
        }
        OpKind::Unnest { input, var, index, .. } => {
            let mut set = bound(input);
            set.insert(*var);
            set.extend(index);
            set
        }
        OpKind::HashJoin { probe, build, kind, .. } => joined(probe, bound(build), kind),
        OpKind::NestedLoop { outer, inner, kind, .. } => joined(outer, bound(inner), kind),
        OpKind::Aggregate { keys, payload, aggregates, .. } => keys
            .iter()
            .map(|(v, _)| *v)
            .chain(payload.iter().copied())
            .chain(aggregates.iter().map(|(v, _)| *v))
            .collect(),
        OpKind::GroupJoin { left, aggregates, .. } | OpKind::Fold { left, aggregates, .. } => {
            let mut set = bound(left);
            set.extend(aggregates.iter().map(|(v, _)| *v));
            set
        }
        OpKind::Window { input, windows, .. } => {
            let mut set = bound(input);
            set.extend(windows.iter().map(|(v, _)| *v));
            set
        }
        OpKind::Concat { vars, .. } => vars.iter().copied().collect(),
    }
}

struct Needs<'a> {
    safe: &'a Safe<'a>,
    /// Columns of temps that are read.
    temps: BTreeMap<u32, VarSet>,
}

fn within(needed: &VarSet, bound: &VarSet) -> Vec<VarId> {
    needed.intersection(bound).copied().collect()
}

/// What a join needs of its right side, given what is needed above it.
fn right_needs(kind: &Kind, needed: &VarSet, conditions: &[Expr], right: &VarSet) -> Vec<VarId> {
    let mut set = free_all(conditions);
    match kind {
        Kind::Inner => set.extend(needed),
        Kind::Left(lifts) => set.extend(lifts.iter().filter(|l| needed.contains(&l.to)).map(|l| l.from)),
        Kind::Semi | Kind::Anti | Kind::Mark(_) => {}
    }
    within(&set, right)
}

fn drop_lifts(kind: &mut Kind, needed: &VarSet) {
    if let Kind::Left(lifts) = kind {
        lifts.retain(|l| needed.contains(&l.to));
    }
}

impl Needs<'_> {
    /// Drops folds that nobody reads and that cannot fail.
    fn folds(&self, aggregates: &mut Vec<(VarId, Aggregate)>, needed: &VarSet) {
        aggregates.retain(|(v, a)| needed.contains(v) || fold_fails(a, self.safe));
    }

    /// Whether nothing in a tree can fail, so that it need not run if nobody reads it.
    fn total(&self, op: &Op) -> bool {
        let mut total = true;
        each_op(op, &mut |op| {
            let folds = match &op.kind {
                OpKind::Aggregate { aggregates, .. }
                | OpKind::GroupJoin { aggregates, .. }
                | OpKind::Fold { aggregates, .. } => aggregates.iter().any(|(_, a)| fold_fails(a, self.safe)),
                OpKind::Window { .. } => true,
                _ => false,
            };
            total = total && !folds && !op_exprs(op).iter().any(|e| self.safe.of(e) == Safety::Failing);
        });
        total
    }

    /// Leaves out joins and folds that leave the left rows as they are and add nothing that anybody reads.
    fn skip(&self, op: &mut Op, needed: &VarSet) {
        loop {
            let plain = |es: &[Expr]| !es.iter().any(|e| self.safe.of(e) == Safety::Failing);
            let adds = |v: &VarId| needed.contains(v);
            let left = match &mut op.kind {
                OpKind::GroupJoin { left, right, aggregates, keys, .. }
                    if !aggregates.iter().any(|(v, a)| adds(v) || fold_fails(a, self.safe))
                        && keys.iter().all(|(a, b)| plain(&[a.clone(), b.clone()]))
                        && self.total(right) =>
                {
                    left
                }
                OpKind::Fold { left, right, aggregates }
                    if !aggregates.iter().any(|(v, a)| adds(v) || fold_fails(a, self.safe)) && self.total(right) =>
                {
                    left
                }
                OpKind::Lookup { input, residual, kind: Kind::Mark(v), access, .. }
                    if !adds(v)
                        && plain(residual)
                        && access_exprs(access).iter().all(|e| self.safe.of(e) != Safety::Failing) =>
                {
                    input
                }
                OpKind::HashJoin { probe, build, kind: Kind::Mark(v), keys, residual, .. }
                    if !adds(v)
                        && plain(residual)
                        && keys.iter().all(|(a, b)| plain(&[a.clone(), b.clone()]))
                        && self.total(build) =>
                {
                    probe
                }
                OpKind::NestedLoop { outer, inner, kind: Kind::Mark(v), predicates, .. }
                    if !adds(v) && plain(predicates) && self.total(inner) =>
                {
                    outer
                }
                OpKind::HashJoin { probe, build, kind: Kind::Left(lifts), keys, residual, unique: true, .. }
                    if !lifts.iter().any(|l| adds(&l.to))
                        && plain(residual)
                        && keys.iter().all(|(a, b)| plain(&[a.clone(), b.clone()]))
                        && self.total(build) =>
                {
                    probe
                }
                _ => return,
            };
            let unit = Op { id: 0, kind: OpKind::Unit, est_rows: 1.0, site: None };
            let left = std::mem::replace(&mut **left, unit);
            *op = left;
        }
    }

    fn op(&mut self, op: &mut Op, needed: VarSet) {
        self.skip(op, &needed);
        let rows = op.est_rows;
        match &mut op.kind {
            OpKind::Unit | OpKind::Scan { .. } | OpKind::CountRows { .. } => {}
            OpKind::ReadTemp { temp, columns } => {
                columns.retain(|(_, v)| needed.contains(v));
                self.temps.entry(temp.0).or_default().extend(columns.iter().map(|(c, _)| *c));
            }
            OpKind::Lookup { input, access, residual, kind, .. } => {
                drop_lifts(kind, &needed);
                let mut below = needed;
                below.extend(free_all(access_exprs(access)));
                below.extend(free_all(residual.iter()));
                self.op(input, below);
            }
            OpKind::Filter { input, predicates } => {
                let mut below = needed;
                below.extend(free_all(predicates.iter()));
                self.op(input, below);
            }
            OpKind::Map { input, defs } => {
                let mut below = needed;
                let mut kept = Vec::new();
                for (v, e) in std::mem::take(defs).into_iter().rev() {
                    if below.contains(&v) || self.safe.of(&e) == Safety::Failing {
                        collect_free(&e, &mut below);
                        kept.push((v, e));
                    }
                }
                kept.reverse();
                *defs = kept;
                self.op(input, below);
                if defs.is_empty() {
                    let inner =
                        std::mem::replace(&mut **input, Op { id: 0, kind: OpKind::Unit, est_rows: rows, site: None });
                    *op = inner;
                } else if let OpKind::Map { input: below, defs: first } = &mut input.kind {
                    // Neighbouring maps are one.
                    let mut all = std::mem::take(first);
                    all.append(defs);
                    let inner =
                        std::mem::replace(&mut **below, Op { id: 0, kind: OpKind::Unit, est_rows: rows, site: None });
                    op.kind = OpKind::Map { input: Box::new(inner), defs: all };
                }
            }
            OpKind::Unnest { input, source, index, .. } => {
                if index.is_some_and(|i| !needed.contains(&i)) {
                    *index = None;
                }
                let mut below = needed;
                collect_free(source, &mut below);
                self.op(input, below);
            }
            OpKind::HashJoin { probe, build, kind, keys, residual, payload, .. } => {
                drop_lifts(kind, &needed);
                *payload = right_needs(kind, &needed, residual, &bound(build));
                let mut left = needed;
                left.extend(free_all(residual.iter()));
                let mut right: VarSet = payload.iter().copied().collect();
                for (a, b) in keys {
                    collect_free(a, &mut left);
                    collect_free(b, &mut right);
                }
                self.op(probe, left);
                self.op(build, right);
            }
            OpKind::NestedLoop { outer, inner, kind, predicates, payload } => {
                drop_lifts(kind, &needed);
                *payload = right_needs(kind, &needed, predicates, &bound(inner));
                let right = payload.iter().copied().collect();
                let mut left = needed;
                left.extend(free_all(predicates.iter()));
                self.op(outer, left);
                self.op(inner, right);
            }
            OpKind::Aggregate { input, keys, payload, aggregates, .. } => {
                self.folds(aggregates, &needed);
                payload.retain(|v| needed.contains(v));
                let mut below: VarSet = payload.iter().copied().collect();
                below.extend(free_all(keys.iter().map(|(_, e)| e)));
                below.extend(free_all(aggregates.iter().flat_map(|(_, a)| aggregate_exprs(a))));
                self.op(input, below);
            }
            OpKind::GroupJoin { left, right, keys, aggregates, payload, .. } => {
                self.folds(aggregates, &needed);
                *payload = within(&needed, &bound(left));
                let mut below: VarSet = payload.iter().copied().collect();
                let mut folded = free_all(aggregates.iter().flat_map(|(_, a)| aggregate_exprs(a)));
                for (a, b) in keys {
                    collect_free(a, &mut below);
                    collect_free(b, &mut folded);
                }
                self.op(left, below);
                self.op(right, folded);
            }
            OpKind::Fold { left, right, aggregates } => {
                self.folds(aggregates, &needed);
                let folded = free_all(aggregates.iter().flat_map(|(_, a)| aggregate_exprs(a)));
                self.op(right, folded.clone());
                let mut below = needed;
                below.extend(folded);
                each_op(right, &mut |op| below.extend(free_all(op_exprs(op))));
                self.op(left, below);
            }
            OpKind::Window { input, partition, order, windows, payload, .. } => {
                let exprs = partition
                    .iter()
                    .chain(order.iter().map(|k| &k.expr))
                    .chain(windows.iter().flat_map(|(_, w)| window_exprs(w)));
                let mut below = free_all(exprs);
                below.extend(needed);
                *payload = within(&below, &bound(input));
                self.op(input, below);
            }
            OpKind::Sort { input, partition, keys, limit, offset, payload } => {
                *payload = within(&needed, &bound(input));
                let mut below = needed;
                let exprs =
                    partition.iter().chain(keys.iter().map(|k| &k.expr)).chain(limit.iter()).chain(offset.iter());
                below.extend(free_all(exprs));
                self.op(input, below);
            }
            OpKind::Limit { input, limit, offset, .. } => {
                let mut below = needed;
                below.extend(free_all(limit.iter().chain(offset.iter())));
                self.op(input, below);
            }
            OpKind::Concat { inputs, vars } => {
                let keep: Vec<bool> = vars.iter().map(|v| needed.contains(v)).collect();
                let mut flags = keep.iter();
                vars.retain(|_| flags.next().copied().unwrap_or(false));
                for (input, columns) in inputs {
                    let mut flags = keep.iter();
                    columns.retain(|_| flags.next().copied().unwrap_or(false));
                    self.op(input, columns.iter().copied().collect());
                }
            }
        }
    }
}

/// Tells scans and look-ups which fields are read through their variables, wherever that happens.
fn fields(plan: &mut Plan) {
    // A row goes by several names: columns of temps, lifted variables.
    let mut read: BTreeMap<VarId, BTreeSet<FieldId>> = BTreeMap::new();
    let mut same: Vec<(VarId, VarId)> = Vec::new();
    {
        let mut visit = |op: &Op| {
            for e in op_exprs(op) {
                reads(e, &mut read, &mut same);
            }
            match &op.kind {
                OpKind::ReadTemp { columns, .. } => same.extend(columns.iter().copied()),
                OpKind::Lookup { kind: Kind::Left(lifts), .. }
                | OpKind::HashJoin { kind: Kind::Left(lifts), .. }
                | OpKind::NestedLoop { kind: Kind::Left(lifts), .. } => {
                    same.extend(lifts.iter().map(|l| (l.from, l.to)));
                }
                OpKind::Map { defs, .. } | OpKind::Aggregate { keys: defs, .. } => {
                    same.extend(defs.iter().filter_map(|(v, e)| Some((base(e)?, *v))));
                }
                OpKind::Concat { inputs, vars } => {
                    for (_, columns) in inputs {
                        same.extend(columns.iter().copied().zip(vars.iter().copied()));
                    }
                }
                _ => {}
            }
        };
        for temp in &plan.temps {
            each_op(&temp.input, &mut visit);
        }
        each_op(&plan.root, &mut visit);
    }
    for e in output_exprs(&plan.output) {
        reads(e, &mut read, &mut same);
    }
    loop {
        let mut changed = false;
        for (from, to) in &same {
            if let Some(of) = read.get(to).cloned() {
                let set = read.entry(*from).or_default();
                let before = set.len();
                set.extend(of);
                changed |= set.len() != before;
            }
        }
        if !changed {
            break;
        }
    }
    let mut tell = |op: &mut Op| {
        if let OpKind::Scan { var, fields, .. } | OpKind::Lookup { var, fields, .. } = &mut op.kind {
            *fields = read.get(var).map(|s| s.iter().copied().collect()).unwrap_or_default();
        }
    };
    for temp in &mut plan.temps {
        each_op_mut(&mut temp.input, &mut tell);
    }
    each_op_mut(&mut plan.root, &mut tell);
}

/// The variable that an expression of row type is, under another name.
fn base(e: &Expr) -> Option<VarId> {
    match &e.kind {
        ExprKind::Var(v) if matches!(e.ty.present(), Type::Row(_)) => Some(*v),
        ExprKind::Some(e) | ExprKind::Unwrap(e) => base(e),
        _ => None,
    }
}

fn reads(e: &Expr, read: &mut BTreeMap<VarId, BTreeSet<FieldId>>, same: &mut Vec<(VarId, VarId)>) {
    match &e.kind {
        ExprKind::Field(inner, i) if matches!(inner.ty, Type::Row(_)) => {
            if let Some(v) = base(inner) {
                read.entry(v).or_default().insert(FieldId(*i));
            }
        }
        ExprKind::Let(v, value, _) => same.extend(base(value).map(|w| (w, *v))),
        _ => {}
    }
    e.children(&mut |child| reads(child, read, same));
}
