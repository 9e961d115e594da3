//! Functional dependencies: what determines what among the variables of an operator, and which variables tell its rows
//! apart. They make sort keys, group keys and grains shorter.

use tenon_core::ir::{Expr, ExprKind, FieldId, Program, SortKey, Type, VarId};

use crate::expr::{Safe, Safety, VarSet, equality, free, identity, row_field};
use crate::logical::{Node, aggregate_exprs};
use crate::physical::Kind;

/// Dependencies of the rows of an operator.
#[derive(Clone, Default, Debug)]
pub struct Dependencies {
    /// Values of the left variables determine the right one.
    rules: Vec<(VarSet, VarId)>,
    /// Variables that tell the rows apart, if known.
    pub row: Option<VarSet>,
    /// Variables bound by the operator; all others are the same for all rows.
    bound: VarSet,
}

impl Dependencies {
    /// Of an operator. `temps` are those of intermediate results.
    pub fn of(node: &Node, program: &Program, temps: &[Dependencies]) -> Dependencies {
        let mut out = Dependencies { bound: node.bound(), ..Default::default() };
        collect(node, program, temps, &mut out.rules);
        out.row = row(node, temps);
        out
    }

    /// Everything that these variables determine.
    pub fn closure(&self, mut set: VarSet) -> VarSet {
        loop {
            let before = set.len();
            for (from, to) in &self.rules {
                if !set.contains(to) && from.iter().all(|v| set.contains(v) || !self.bound.contains(v)) {
                    set.insert(*to);
                }
            }
            if set.len() == before {
                return set;
            }
        }
    }

    /// Adds what an expression of known value determines.
    pub fn learn(&self, set: &mut VarSet, expr: &Expr, program: &Program) {
        let known = match &expr.kind {
            ExprKind::Var(v) => Some(*v),
            _ => identity(expr).or_else(|| key_of(expr, program)),
        };
        if let Some(v) = known {
            set.insert(v);
            *set = self.closure(std::mem::take(set));
        }
    }

    /// Whether an expression has one value where these variables do.
    pub fn determined(&self, set: &VarSet, expr: &Expr) -> bool {
        free(expr).iter().all(|v| set.contains(v) || !self.bound.contains(v))
    }

    /// Whether rows that agree on these variables are the same row.
    pub fn tells_rows_apart(&self, set: &VarSet) -> bool {
        self.row.as_ref().is_some_and(|row| row.is_subset(set))
    }

    /// Sort keys without those that decide nothing, for rows that agree on `known` already.
    pub fn reduce(&self, keys: &[SortKey], known: VarSet, program: &Program) -> Vec<SortKey> {
        let mut set = self.closure(known);
        let mut out: Vec<SortKey> = Vec::new();
        let safe = Safe::new(program);
        for key in keys {
            // What can fail is evaluated even where it decides nothing.
            if safe.of(&key.expr) == Safety::Failing {
                out.push(key.clone());
                continue;
            }
            if self.tells_rows_apart(&set) {
                continue;
            }
            if self.determined(&set, &key.expr) || out.iter().any(|k| k.expr == key.expr) {
                continue;
            }
            self.learn(&mut set, &key.expr, program);
            out.push(key.clone());
        }
        out
    }
}

/// The row variable whose whole key an expression is.
fn key_of(expr: &Expr, program: &Program) -> Option<VarId> {
    let (var, field) = row_field(expr)?;
    let ExprKind::Field(base, _) = &expr.kind else { return None };
    let Type::Row(relation) = base.ty else { return None };
    let r = program.relation(relation);
    let alone = |fields: &[FieldId]| fields == [field];
    let unique = r.uniques.iter().any(|u| alone(&u.fields) && !u.skip_none);
    (alone(&r.key) || unique).then_some(var)
}

fn equalities(predicates: &[Expr], program: &Program, rules: &mut Vec<(VarSet, VarId)>) {
    for p in predicates {
        let Some((a, b)) = equality(p) else { continue };
        for (x, y) in [(a, b), (b, a)] {
            let to = match &y.kind {
                ExprKind::Var(v) => Some(*v),
                _ => identity(y).or_else(|| key_of(y, program)),
            };
            if let Some(to) = to {
                rules.push((free(x), to));
            }
        }
    }
}

fn collect(node: &Node, program: &Program, temps: &[Dependencies], rules: &mut Vec<(VarSet, VarId)>) {
    match node {
        Node::Filter { input, predicates } => {
            collect(input, program, temps, rules);
            equalities(predicates, program, rules);
        }
        Node::Map { input, defs } => {
            collect(input, program, temps, rules);
            for (v, e) in defs {
                rules.push((free(e), *v));
                // A copy of a variable or of a key determines it as well.
                if let ExprKind::Var(w) = e.kind {
                    rules.push((VarSet::from([*v]), w));
                } else if let Some(w) = identity(e).or_else(|| key_of(e, program)) {
                    rules.push((VarSet::from([*v]), w));
                }
            }
        }
        Node::Join { kind: Kind::Inner, left, right, on } => {
            collect(left, program, temps, rules);
            collect(right, program, temps, rules);
            equalities(on, program, rules);
        }
        Node::Join { left, .. } | Node::Apply { left, .. } => collect(left, program, temps, rules),
        Node::Unnest { input, source, var, index } => {
            collect(input, program, temps, rules);
            let mut from = free(source);
            from.insert(*index);
            rules.push((from, *var));
        }
        Node::Window { input, .. } | Node::Top { input, .. } => collect(input, program, temps, rules),
        Node::GroupJoin { left, keys, aggregates, .. } => {
            collect(left, program, temps, rules);
            let from = crate::expr::free_all(keys.iter().map(|(l, _)| l));
            rules.extend(aggregates.iter().map(|(v, _)| (from.clone(), *v)));
        }
        Node::Fold { left, right, aggregates } => {
            collect(left, program, temps, rules);
            let mut from = right.free();
            for (_, a) in aggregates {
                from.extend(crate::expr::free_all(aggregate_exprs(a)));
            }
            let from: VarSet = from.intersection(&left.bound()).copied().collect();
            rules.extend(aggregates.iter().map(|(v, _)| (from.clone(), *v)));
        }
        Node::Group { keys, aggregates, .. } => {
            let from: VarSet = keys.iter().map(|(v, _)| *v).collect();
            rules.extend(aggregates.iter().map(|(v, _)| (from.clone(), *v)));
        }
        Node::Temp { temp, columns } => {
            if let Some(of) = temps.get(temp.0 as usize) {
                let rename = |v: &VarId| columns.iter().find(|(c, _)| c == v).map(|(_, to)| *to);
                for (from, to) in &of.rules {
                    if let (Some(from), Some(to)) = (from.iter().map(rename).collect::<Option<VarSet>>(), rename(to)) {
                        rules.push((from, to));
                    }
                }
            }
        }
        Node::Unit | Node::Scan { .. } | Node::Concat { .. } => {}
    }
}

fn row(node: &Node, temps: &[Dependencies]) -> Option<VarSet> {
    match node {
        Node::Unit => Some(VarSet::new()),
        Node::Scan { var, .. } => Some(VarSet::from([*var])),
        Node::Temp { temp, columns } => {
            let of = temps.get(temp.0 as usize)?.row.as_ref()?;
            of.iter().map(|v| columns.iter().find(|(c, _)| c == v).map(|(_, to)| *to)).collect()
        }
        Node::Unnest { input, index, .. } => {
            let mut set = row(input, temps)?;
            set.insert(*index);
            Some(set)
        }
        Node::Filter { input, .. } | Node::Map { input, .. } | Node::Window { input, .. } | Node::Top { input, .. } => {
            row(input, temps)
        }
        Node::Join { kind, left, right, .. } => {
            let mut set = row(left, temps)?;
            match kind {
                Kind::Inner => set.extend(row(right, temps)?),
                Kind::Left(lifts) => {
                    for v in row(right, temps)? {
                        set.insert(lifts.iter().find(|l| l.from == v)?.to);
                    }
                }
                Kind::Semi | Kind::Anti | Kind::Mark(_) => {}
            }
            Some(set)
        }
        Node::Apply { .. } | Node::Concat { .. } => None,
        Node::Group { keys, .. } => Some(keys.iter().map(|(v, _)| *v).collect()),
        Node::GroupJoin { left, .. } | Node::Fold { left, .. } => row(left, temps),
    }
}
