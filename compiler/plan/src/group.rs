//! Groupings: which keys are needed, and whether groups are found by hash, by entity, or in the order of the input.

use tenon_core::ir::{AggregateFn, Expr, ExprKind, FieldId, Program, SortKey, Type, VarId};

use crate::build::ascending;
use crate::dependencies::Dependencies;
use crate::expr::{VarSet, ref_of};
use crate::joins::{COMPARE, JOINED_ROW, PROBE_ROW, sort_cost};
use crate::logical::{Context, Node};
use crate::physical::{Aggregate, GroupStrategy, Kind, OpKind};
use crate::planner::{Built, Planner, Want, op};

impl Planner<'_, '_> {
    /// Plans a grouping.
    pub(crate) fn group(
        &mut self,
        input: Node,
        keys: Vec<(VarId, Expr)>,
        mut aggregates: Vec<(VarId, Aggregate)>,
        all: bool,
        want: Option<&Want>,
    ) -> Built {
        let program = self.ctx.program;
        let deps = self.dependencies(&input);
        let mut known = VarSet::new();
        for (_, e) in &keys {
            deps.learn(&mut known, e, program);
        }
        self.shorten(&mut aggregates, &deps, &known);
        if all
            && keys.is_empty()
            && let Node::Scan { relation, site, .. } = &input
            && !aggregates.is_empty()
            && aggregates.iter().all(|(_, a)| {
                a.function == AggregateFn::Count && a.argument.is_none() && a.filter.is_empty() && a.grain.is_none()
            })
        {
            let var = self.ctx.fresh("count", Type::Int);
            let count = self.ctx.var(var);
            let kind = OpKind::CountRows { relation: *relation, var };
            let built = Built::new(op(kind, 1.0, Some(*site)), 1.0);
            return built.map(aggregates.into_iter().map(|(v, _)| (v, count.clone())).collect());
        }
        let (keys, defs) = self.minimal_keys(keys, &deps);
        let payload: Vec<VarId> = defs.iter().map(|(v, _)| *v).collect();
        let in_order = self.order_of_groups(&keys, &defs, want);
        let groups = |this: &Self, rows: f64| {
            keys.iter()
                .map(|(_, e)| this.est.distinct(e).unwrap_or((rows / 10.0).max(1.0)))
                .fold(1.0, |a: f64, b| a * b)
                .min(rows)
                .max(1.0)
        };
        let (strategy, each) = match keys.as_slice() {
            [] => (GroupStrategy::Single, 0.0),
            [(_, e)] => match &e.ty {
                Type::Ref(r) | Type::Row(r) => (GroupStrategy::Entity(*r), JOINED_ROW),
                _ => (GroupStrategy::Hash, PROBE_ROW),
            },
            _ => (GroupStrategy::Hash, PROBE_ROW),
        };
        let input = input.map(defs.clone());
        let wanted = in_order.map(|order| {
            // How many rows there are in all is known only when they are planned; what is compared grows with them.
            let rows = self.rough_rows(&input);
            let count = groups(self, rows);
            let limit = want.and_then(|w| w.limit).map(|n| n * (rows / count).max(1.0));
            let sorted = want.map_or(0.0, |_| sort_cost(count));
            Want { keys: order, limit, instead: Some((rows * (each - COMPARE) + sorted).max(0.0)) }
        });
        let built = self.plan(input, wanted.as_ref());
        let rows = built.op.est_rows;
        let groups = groups(self, rows);
        let follows = follows_groups(&built.order, &keys, &deps, program);
        let (strategy, each, order) = match follows {
            Some(count) if !matches!(strategy, GroupStrategy::Entity(_)) || want.is_some() => {
                let order = built.order[..count].iter().map_while(|key| named(key, &keys, &defs, self.ctx));
                (GroupStrategy::Ordered, COMPARE, order.collect())
            }
            _ => (strategy, each, Vec::new()),
        };
        let cost = built.cost + rows * (each + JOINED_ROW * aggregates.len() as f64);
        let kind = OpKind::Aggregate { input: Box::new(built.op), keys, payload, aggregates, all, strategy };
        let mut out = Built::new(op(kind, groups, None), cost);
        out.order = order;
        out
    }

    /// The order of the input that lets groups be made in order, and leave in the wanted one if there is one. None where
    /// no order of rows does that.
    fn order_of_groups(
        &self,
        keys: &[(VarId, Expr)],
        defs: &[(VarId, Expr)],
        want: Option<&Want>,
    ) -> Option<Vec<SortKey>> {
        if keys.is_empty() || keys.iter().any(|(_, e)| !has_order(&e.ty)) {
            return None;
        }
        let mut order: Vec<SortKey> = Vec::new();
        for key in want.map_or(&[][..], |w| &w.keys) {
            // An aggregate is known only when its group is complete.
            let ExprKind::Var(v) = key.expr.kind else { return None };
            let (_, e) = keys.iter().chain(defs).find(|(w, _)| *w == v)?;
            order.push(SortKey { expr: e.clone(), ..key.clone() });
        }
        for (_, e) in keys {
            if !order.iter().any(|key| key.expr == *e) {
                order.push(ascending(e.clone()));
            }
        }
        Some(order)
    }

    /// How many rows a tree has, without planning it.
    fn rough_rows(&self, node: &Node) -> f64 {
        match node {
            Node::Scan { relation, .. } => self.est.rows(*relation),
            Node::Filter { input, predicates } => {
                predicates.iter().fold(self.rough_rows(input), |rows, p| rows * self.est.selectivity(p))
            }
            Node::Join { kind: Kind::Inner, left, right, on } => {
                on.iter().fold(self.rough_rows(left) * self.rough_rows(right), |rows, p| rows * self.est.selectivity(p))
            }
            Node::Temp { temp, .. } => self.temps.get(temp.0 as usize).map_or(1.0, |(_, rows)| *rows),
            other => other.children().first().map_or(1.0, |input| self.rough_rows(input)),
        }
        .max(1.0)
    }

    /// Group keys without those that others determine; these become variables of the input that the group keeps.
    #[expect(clippy::type_complexity, reason = "two lists of definitions")]
    fn minimal_keys(
        &mut self,
        keys: Vec<(VarId, Expr)>,
        deps: &Dependencies,
    ) -> (Vec<(VarId, Expr)>, Vec<(VarId, Expr)>) {
        let program = self.ctx.program;
        let (mut kept, mut defs): (Vec<(VarId, Expr)>, Vec<(VarId, Expr)>) = (Vec::new(), Vec::new());
        let mut known = VarSet::new();
        // Identities first: they determine the most.
        let whole = |e: &Expr| -> Option<Expr> {
            match (&e.kind, &e.ty) {
                (_, Type::Row(_) | Type::Ref(_)) => Some(ref_of(e.clone())),
                (ExprKind::Field(base, i), _) => match &base.ty {
                    Type::Row(r) if program.relation(*r).key == [FieldId(*i)] => Some(ref_of((**base).clone())),
                    _ => None,
                },
                _ => None,
            }
        };
        let mut identities: Vec<Expr> = Vec::new();
        let mut rest = Vec::new();
        for (v, e) in keys {
            let Some(reference) = whole(&e) else {
                rest.push((v, e));
                continue;
            };
            if identities.contains(&reference) || !identities.is_empty() && deps.determined(&known, &e) {
                defs.push((v, e));
                continue;
            }
            deps.learn(&mut known, &e, program);
            if matches!(e.ty, Type::Row(_) | Type::Ref(_)) {
                kept.push((v, e));
            } else {
                // The key of a row stands for the row, which has a number.
                let var = self.ctx.fresh("group", reference.ty.clone());
                kept.push((var, reference.clone()));
                defs.push((v, e));
            }
            identities.push(reference);
        }
        for (v, e) in rest {
            if !kept.is_empty() && (deps.determined(&known, &e) || determined_by(&e, &identities)) {
                defs.push((v, e));
            } else {
                deps.learn(&mut known, &e, program);
                kept.push((v, e));
            }
        }
        // A variable that is distinct by itself keeps its name, so it cannot be defined anew below.
        let clash = defs.iter().any(|(v, e)| matches!(e.kind, ExprKind::Var(w) if w == *v));
        if clash {
            let (own, other): (Vec<_>, Vec<_>) =
                defs.into_iter().partition(|(v, e)| matches!(e.kind, ExprKind::Var(w) if w == *v));
            kept.extend(own);
            return (kept, other);
        }
        (kept, defs)
    }
}

/// Whether an expression is a path that begins at one of these references.
fn determined_by(e: &Expr, identities: &[Expr]) -> bool {
    if matches!(e.ty, Type::Row(_) | Type::Ref(_)) && identities.contains(&ref_of(e.clone())) {
        return true;
    }
    match &e.kind {
        ExprKind::Field(inner, _) | ExprKind::Follow(inner) | ExprKind::RefOf(inner) => {
            determined_by(inner, identities)
        }
        _ => false,
    }
}

/// Whether values of a type that are equal stand together in every order by them.
fn has_order(ty: &Type) -> bool {
    match ty {
        Type::Option(inner) => has_order(inner),
        Type::Float | Type::Json | Type::List(_) | Type::Bag(_) | Type::Set(_) | Type::Map(..) | Type::Record(_) => {
            false
        }
        _ => true,
    }
}

/// How many leading keys of an order put the rows of each group together, if any number does: they determine the group,
/// and the group determines them.
fn follows_groups(order: &[SortKey], keys: &[(VarId, Expr)], deps: &Dependencies, program: &Program) -> Option<usize> {
    if keys.is_empty() || keys.iter().any(|(_, e)| !has_order(&e.ty)) {
        return None;
    }
    let mut group = VarSet::new();
    keys.iter().for_each(|(_, e)| deps.learn(&mut group, e, program));
    let mut known = VarSet::new();
    for (count, key) in order.iter().enumerate() {
        let one_in_a_group = keys.iter().any(|(_, e)| *e == key.expr) || deps.determined(&group, &key.expr);
        if !one_in_a_group {
            return None;
        }
        deps.learn(&mut known, &key.expr, program);
        let leading = &order[..=count];
        let is_known = |e: &Expr| leading.iter().any(|key| key.expr == *e) || deps.determined(&known, e);
        if keys.iter().all(|(_, e)| is_known(e)) {
            return Some(count + 1);
        }
    }
    None
}

/// A sort key of the input as one of the groups.
fn named(key: &SortKey, keys: &[(VarId, Expr)], defs: &[(VarId, Expr)], ctx: &Context) -> Option<SortKey> {
    let (var, _) = keys.iter().chain(defs).find(|(_, e)| *e == key.expr)?;
    Some(SortKey { expr: ctx.var(*var), ..key.clone() })
}
