//! Decorrelation: no dependent join is left.
//!
//! After Neumann and Kemper, "Unnesting Arbitrary Queries" (2015): a dependent join is pushed into its right
//! side until that side is no longer correlated. Where an operator in between needs to know which left row it
//! works for (a group, a limit, a window), the *domain* of the right side, the distinct values of the outer
//! expressions that it uses, is joined to it instead, and the result is joined back to the left rows.
//!
//! Two cases need no domain: a right side that is correlated by equalities alone becomes a semi, left or
//! group join on them, and a right side that only walks collections of the left row stays a fold over them.
//!
//! A domain holds exactly the values that the left rows have, so an expression that can fail is evaluated for
//! exactly the combinations that the nested text evaluates. The cases without a domain are taken only where
//! nothing can fail.

use tenon_core::ir::{AggregateFn, Expr, ExprKind, Prim, SiteId, Type, VarId};
use tenon_value::Value;

use crate::PlanError;
use crate::expr::{Expansion, Safe, Safety, VarSet, equality, free, is_path, truth};
use crate::logical::{ApplyKind, Context, Node, aggregate_exprs, aggregate_exprs_mut};
use crate::physical::{Aggregate, Kind, TempId};
use crate::rewrite::is_total;

/// Operators nested more deeply than this are refused.
const MAX_DEPTH: usize = 1_000;

/// Removes every dependent join.
pub fn unnest(ctx: &mut Context, node: Node, site: SiteId) -> Result<Node, PlanError> {
    Unnest { ctx, site, depth: 0 }.node(node)
}

struct Unnest<'c, 'p> {
    ctx: &'c mut Context<'p>,
    site: SiteId,
    depth: usize,
}

type Folds = Vec<(VarId, Aggregate)>;

impl Unnest<'_, '_> {
    /// Removes the dependent joins of a closed tree.
    fn node(&mut self, mut node: Node) -> Result<Node, PlanError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(PlanError::TooDeep);
        }
        let out = if let Node::Apply { kind, left, right } = node {
            let left = self.node(*left)?;
            self.apply(kind, left, *right)
        } else {
            for child in node.children_mut() {
                let taken = std::mem::replace(child, Node::Unit);
                *child = self.node(taken)?;
            }
            Ok(node)
        };
        self.depth -= 1;
        out
    }

    fn total(&self, node: &Node) -> bool {
        is_total(node, &Safe::new(self.ctx.program))
    }

    /// A dependent join whose left side is closed and has no dependent joins.
    fn apply(&mut self, kind: ApplyKind, left: Node, right: Node) -> Result<Node, PlanError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(PlanError::TooDeep);
        }
        let out = match kind {
            ApplyKind::Join(Kind::Inner) => self.inner(left, right, false),
            ApplyKind::Join(kind) => self.other_join(kind, left, right),
            ApplyKind::Fold(folds) => self.fold(folds, left, right),
        };
        self.depth -= 1;
        out
    }

    /// The left row once per right row. `domain`: the left rows are distinct.
    fn inner(&mut self, left: Node, right: Node, domain: bool) -> Result<Node, PlanError> {
        let outer = left.bound();
        // What can fail is evaluated only if there is a left row, so it stays above the join with it.
        if !right.uses_any(&outer) && self.total(&right) {
            return Ok(left.join(self.node(right)?));
        }
        match right {
            Node::Unit | Node::Scan { .. } | Node::Temp { .. } => Ok(left.join(right)),
            Node::Unnest { input, source, var, index } => {
                let input = self.inner(left, *input, domain)?.boxed();
                Ok(Node::Unnest { input, source, var, index })
            }
            Node::Filter { input, predicates } => Ok(self.inner(left, *input, domain)?.filter(predicates)),
            Node::Map { input, defs } => Ok(self.inner(left, *input, domain)?.map(defs)),
            // Both sides of a join are evaluated whatever the other one holds, so a right side that can fail gets
            // a domain of its own.
            Node::Join { kind, left: a, right: b, on } if !self.total(&b) => {
                let Split { left, values, domain: own, right: b, .. } = self.split(left, *b, Vec::new());
                let a = self.inner(left, *a, domain)?;
                let b = self.inner(own, b, true)?;
                let on: Vec<Expr> = self.equal(values).into_iter().chain(on).collect();
                Ok(match kind {
                    Kind::Inner => a.join(b).filter(on),
                    kind => Node::Join { kind, left: a.boxed(), right: b.boxed(), on },
                })
            }
            Node::Join { kind: Kind::Inner, left: a, right: b, on } => {
                let left = self.inner(left, *a, domain)?;
                Ok(self.inner(left, *b, false)?.filter(on))
            }
            Node::Join { kind, left: a, right: b, on } => {
                let left = self.inner(left, *a, domain)?;
                self.apply(ApplyKind::Join(kind), left, b.filter(on))
            }
            Node::Apply { kind, left: a, right: b } => {
                let left = self.inner(left, *a, domain)?;
                self.apply(kind, left, *b)
            }
            Node::Group { input, keys, aggregates, all: true } if keys.is_empty() => {
                self.fold(aggregates, left, *input)
            }
            Node::GroupJoin { left: a, right: b, keys, aggregates } => {
                let left = self.inner(left, *a, domain)?;
                let on = keys.into_iter().map(|(l, r)| self.eq(l, r)).collect();
                self.fold(aggregates, left, b.filter(on))
            }
            Node::Fold { left: a, right: b, aggregates } => {
                let left = self.inner(left, *a, domain)?;
                self.fold(aggregates, left, *b)
            }
            right if !domain => {
                let Split { left, values, domain, right, .. } = self.split(left, right, Vec::new());
                let right = self.inner(domain, right, true)?;
                Ok(left.join(right).filter(self.equal(values)))
            }
            Node::Group { input, keys, aggregates, all } => {
                let own: Vec<_> = outer.iter().map(|v| (*v, self.ctx.var(*v))).collect();
                let input = self.inner(left, *input, true)?.boxed();
                let keys = own.into_iter().chain(keys).collect();
                Ok(Node::Group { input, keys, aggregates, all })
            }
            Node::Window { input, partition, order, peers, windows } => {
                let own: Vec<_> = outer.iter().map(|v| self.ctx.var(*v)).collect();
                let input = self.inner(left, *input, true)?.boxed();
                let partition = own.into_iter().chain(partition).collect();
                Ok(Node::Window { input, partition, order, peers, windows })
            }
            Node::Top { input, partition, keys, limit, offset } => {
                let own: Vec<_> = outer.iter().map(|v| self.ctx.var(*v)).collect();
                let input = self.inner(left, *input, true)?.boxed();
                let partition = own.into_iter().chain(partition).collect();
                Ok(Node::Top { input, partition, keys, limit, offset })
            }
            Node::Concat { inputs, mut vars } => {
                let columns: Vec<VarId> = outer.into_iter().collect();
                let temp = self.temp(left, &columns);
                let mut out = Vec::new();
                for (mut input, mut of) in inputs {
                    let fresh: Vec<_> = columns.iter().map(|v| (*v, self.ctx.fresh_like(*v))).collect();
                    input.substitute(&fresh.iter().map(|(v, f)| (*v, self.ctx.var(*f))).collect());
                    of.extend(fresh.iter().map(|(_, f)| *f));
                    out.push((self.inner(Node::Temp { temp, columns: fresh }, input, true)?, of));
                }
                vars.extend(columns);
                Ok(Node::Concat { inputs: out, vars })
            }
        }
    }

    fn eq(&self, a: Expr, b: Expr) -> Expr {
        Expr::new(ExprKind::Prim(Prim::Eq, vec![a, b], self.site), Type::Bool)
    }

    fn equal(&self, pairs: Vec<(Expr, Expr)>) -> Vec<Expr> {
        pairs.into_iter().map(|(a, b)| self.eq(a, b)).collect()
    }

    /// Left, semi, anti and mark joins.
    fn other_join(&mut self, kind: Kind, left: Node, right: Node) -> Result<Node, PlanError> {
        let outer = left.bound();
        if self.total(&right) {
            if let Some((inner, on)) = peel(right.clone(), &outer) {
                let right = self.node(inner)?.boxed();
                return Ok(Node::Join { kind, left: left.boxed(), right, on });
            }
            if let Kind::Mark(var) = kind
                && is_chain(&right)
            {
                let any = Aggregate {
                    function: AggregateFn::Any,
                    argument: Some(truth()),
                    keep_none: false,
                    grain: None,
                    filter: Vec::new(),
                    order: Vec::new(),
                    limit: None,
                    offset: None,
                };
                return self.fold(vec![(var, any)], left, right);
            }
        }
        let Split { left, values, domain, right, .. } = self.split(left, right, Vec::new());
        let right = self.inner(domain, right, true)?.boxed();
        Ok(Node::Join { kind, left: left.boxed(), right, on: self.equal(values) })
    }

    /// The left row once, with folds over the right rows.
    fn fold(&mut self, mut folds: Folds, left: Node, mut right: Node) -> Result<Node, PlanError> {
        if left == Node::Unit {
            let input = self.node(right)?.boxed();
            return Ok(Node::Group { input, keys: Vec::new(), aggregates: folds, all: true });
        }
        if is_chain(&right) {
            let right = self.chain(right).boxed();
            return Ok(Node::Fold { left: left.boxed(), right, aggregates: folds });
        }
        let outer = left.bound();
        self.absorb(&mut folds, &mut right);
        let closed = !folds.iter().any(|(_, a)| aggregate_exprs(a).any(|e| !free(e).is_disjoint(&outer)));
        if closed
            && self.total(&right)
            && let Some((inner, on)) = peel(right.clone(), &outer)
            && let Some(keys) = split_keys(&on, &outer)
        {
            // What does not depend on the left row is computed once; it may fail only if there is a left row.
            let safe = Safe::new(self.ctx.program);
            let folds_total = folds
                .iter()
                .all(|(_, a)| !a.function.can_fail() && aggregate_exprs(a).all(|e| safe.of(e) == Safety::Total));
            if !keys.is_empty() {
                let right = self.node(inner)?.boxed();
                return Ok(Node::GroupJoin { left: left.boxed(), right, keys, aggregates: folds });
            }
            if folds_total {
                let input = self.node(inner)?.boxed();
                let right = Node::Group { input, keys: Vec::new(), aggregates: folds, all: true };
                return Ok(left.join(right));
            }
        }
        let Split { left, values, domain, right, folds } = self.split(left, right, folds);
        let right = self.inner(domain, right, true)?;
        if values.is_empty() {
            let right = Node::Group { input: right.boxed(), keys: Vec::new(), aggregates: folds, all: true };
            return Ok(left.join(right));
        }
        Ok(Node::GroupJoin { left: left.boxed(), right: right.boxed(), keys: values, aggregates: folds })
    }

    /// Takes maps and limits at the top of the right side into the folds over it.
    fn absorb(&self, folds: &mut Folds, right: &mut Node) {
        let safe = Safe::new(self.ctx.program);
        loop {
            match std::mem::replace(right, Node::Unit) {
                Node::Map { input, defs } if safe.all(defs.iter().map(|(_, e)| e)) < Safety::Failing => {
                    let expansion = Expansion::new(&defs, |_| true);
                    let grown = |e: &Expr| expansion.expanded(e);
                    if folds.iter().any(|(_, a)| aggregate_exprs(a).any(|e| grown(e).is_none())) {
                        *right = Node::Map { input, defs };
                        return;
                    }
                    for (_, a) in folds.iter_mut() {
                        aggregate_exprs_mut(a, &mut |e| *e = grown(e).unwrap_or_else(|| e.clone()));
                    }
                    *right = *input;
                }
                Node::Top { input, partition, keys, limit, offset } if partition.is_empty() => {
                    let whole = folds.iter().all(|(_, a)| {
                        a.function == AggregateFn::List
                            && a.order == keys
                            && a.limit.is_none()
                            && a.offset.is_none()
                            && a.keep_none
                            && a.grain.is_none()
                            && a.filter.is_empty()
                            && a.argument.as_ref().is_none_or(|e| safe.of(e) == Safety::Total)
                    });
                    let fixed = limit
                        .iter()
                        .chain(&offset)
                        .all(|e| safe.of(e) == Safety::Total && free(e).is_disjoint(&input.bound()));
                    if !whole || !fixed {
                        *right = Node::Top { input, partition, keys, limit, offset };
                        return;
                    }
                    for (_, a) in folds.iter_mut() {
                        a.limit = limit.clone();
                        a.offset = offset.clone();
                    }
                    *right = *input;
                    return;
                }
                other => {
                    *right = other;
                    return;
                }
            }
        }
    }

    /// A chain's own folds over chains.
    fn chain(&self, node: Node) -> Node {
        match node {
            Node::Apply { kind: ApplyKind::Fold(aggregates), left, right } => {
                Node::Fold { left: self.chain(*left).boxed(), right: self.chain(*right).boxed(), aggregates }
            }
            Node::Apply { left, right, .. } => graft(self.chain(*right), self.chain(*left)),
            mut other => {
                for child in other.children_mut() {
                    let taken = std::mem::replace(child, Node::Unit);
                    *child = self.chain(taken);
                }
                other
            }
        }
    }

    /// An intermediate result with these columns.
    fn temp(&mut self, node: Node, columns: &[VarId]) -> TempId {
        if let Node::Temp { temp, columns: have } = &node
            && have.iter().all(|(a, b)| a == b)
        {
            return *temp;
        }
        self.ctx.temps.push((columns.to_vec(), node));
        TempId((self.ctx.temps.len() - 1) as u32)
    }

    /// Separates a right side from its left side by its domain.
    fn split(&mut self, left: Node, mut right: Node, mut folds: Folds) -> Split {
        let outer = left.bound();
        let mut atoms: Vec<(Expr, VarId)> = Vec::new();
        {
            let ctx = &mut *self.ctx;
            let mut replace = |e: &mut Expr| replace_atoms(e, &outer, &mut atoms, ctx);
            right.all_exprs_mut(&mut replace);
            for (_, a) in &mut folds {
                aggregate_exprs_mut(a, &mut replace);
            }
        }
        let columns: Vec<VarId> = outer.iter().copied().collect();
        let temp = self.temp(left, &columns);
        let fresh: Vec<(VarId, VarId)> = columns.iter().map(|v| (*v, self.ctx.fresh_like(*v))).collect();
        let again = fresh.iter().map(|(v, f)| (*v, self.ctx.var(*f))).collect();
        let source = Node::Temp { temp, columns: fresh }.boxed();
        let domain = if atoms.is_empty() {
            let one = Expr::new(ExprKind::Literal(Value::Int(1)), Type::Int);
            Node::Top { input: source, partition: Vec::new(), keys: Vec::new(), limit: Some(one), offset: None }
        } else {
            let keys = atoms
                .iter()
                .map(|(atom, var)| {
                    let mut atom = atom.clone();
                    crate::expr::substitute(&mut atom, &again);
                    (*var, atom)
                })
                .collect();
            Node::Group { input: source, keys, aggregates: Vec::new(), all: false }
        };
        let values = atoms.into_iter().map(|(atom, var)| (atom, self.ctx.var(var))).collect();
        let left = Node::Temp { temp, columns: columns.iter().map(|v| (*v, *v)).collect() };
        Split { left, values, domain, right, folds }
    }
}

/// A left side, and a right side that no longer sees it.
struct Split {
    left: Node,
    /// Expressions over the left side and the domain's variables that they must equal.
    values: Vec<(Expr, Expr)>,
    domain: Node,
    right: Node,
    folds: Folds,
}

/// Puts variables of the domain in the place of the largest paths over outer variables.
fn replace_atoms(expr: &mut Expr, outer: &VarSet, atoms: &mut Vec<(Expr, VarId)>, ctx: &mut Context) {
    if is_path(expr) {
        if free(expr).is_disjoint(outer) {
            return;
        }
        let var = match atoms.iter().find(|(atom, _)| atom == expr) {
            Some((_, var)) => *var,
            None => {
                let var = ctx.fresh("outer", expr.ty.clone());
                atoms.push((expr.clone(), var));
                var
            }
        };
        *expr = ctx.var(var);
        return;
    }
    expr.children_mut(&mut |child| replace_atoms(child, outer, atoms, ctx));
}

/// Whether a tree only walks collections, from a unit: nothing is read from the store but along references.
fn is_chain(node: &Node) -> bool {
    match node {
        Node::Unit => true,
        Node::Unnest { input, .. } | Node::Filter { input, .. } | Node::Map { input, .. } => is_chain(input),
        Node::Apply { kind: ApplyKind::Fold(_) | ApplyKind::Join(Kind::Inner), left, right } => {
            is_chain(left) && is_chain(right)
        }
        Node::Fold { left, right, .. } => is_chain(left) && is_chain(right),
        _ => false,
    }
}

/// Puts a node in the place of the unit at the end of a chain.
fn graft(chain: Node, on: Node) -> Node {
    match chain {
        Node::Unit => on,
        Node::Unnest { input, source, var, index } => {
            Node::Unnest { input: graft(*input, on).boxed(), source, var, index }
        }
        Node::Filter { input, predicates } => graft(*input, on).filter(predicates),
        Node::Map { input, defs } => graft(*input, on).map(defs),
        Node::Fold { left, right, aggregates } => Node::Fold { left: graft(*left, on).boxed(), right, aggregates },
        other => other,
    }
}

/// Takes the conjuncts that use outer variables out of a tree in which nothing can fail: the tree without them, and the
/// conjuncts. `None` if the tree is correlated in another way.
fn peel(node: Node, outer: &VarSet) -> Option<(Node, Vec<Expr>)> {
    if !node.uses_any(outer) {
        return Some((node, Vec::new()));
    }
    match node {
        Node::Filter { input, predicates } => {
            let (inner, mut on) = peel(*input, outer)?;
            let (correlated, own): (Vec<_>, Vec<_>) = predicates.into_iter().partition(|p| !free(p).is_disjoint(outer));
            on.extend(correlated);
            Some((inner.filter(own), on))
        }
        Node::Map { input, defs } => {
            if defs.iter().any(|(_, e)| !free(e).is_disjoint(outer)) {
                return None;
            }
            let (inner, on) = peel(*input, outer)?;
            Some((inner.map(defs), on))
        }
        Node::Join { kind: Kind::Inner, left, right, on } => {
            let (left, mut out) = peel(*left, outer)?;
            let (right, more) = peel(*right, outer)?;
            out.extend(more);
            let (correlated, own): (Vec<_>, Vec<_>) = on.into_iter().partition(|p| !free(p).is_disjoint(outer));
            out.extend(correlated);
            Some((left.join(right).filter(own), out))
        }
        Node::Join { kind, left, right, on } => {
            if right.uses_any(outer) || on.iter().any(|e| !free(e).is_disjoint(outer)) {
                return None;
            }
            let (left, out) = peel(*left, outer)?;
            Some((Node::Join { kind, left: left.boxed(), right, on }, out))
        }
        Node::Apply { kind: ApplyKind::Join(Kind::Inner), left, right } => {
            let (left, mut out) = peel(*left, outer)?;
            let (right, more) = peel(*right, outer)?;
            out.extend(more);
            let kind = ApplyKind::Join(Kind::Inner);
            Some((Node::Apply { kind, left: left.boxed(), right: right.boxed() }, out))
        }
        Node::Apply { kind, left, right } => {
            let folds_outer = match &kind {
                ApplyKind::Fold(folds) => {
                    folds.iter().any(|(_, a)| aggregate_exprs(a).any(|e| !free(e).is_disjoint(outer)))
                }
                ApplyKind::Join(_) => false,
            };
            if folds_outer || right.uses_any(outer) {
                return None;
            }
            let (left, out) = peel(*left, outer)?;
            Some((Node::Apply { kind, left: left.boxed(), right }, out))
        }
        Node::Unnest { input, source, var, index } => {
            if !free(&source).is_disjoint(outer) {
                return None;
            }
            let (input, out) = peel(*input, outer)?;
            Some((Node::Unnest { input: input.boxed(), source, var, index }, out))
        }
        _ => None,
    }
}

/// The equalities between an expression over outer variables and one without them, if all conjuncts are such.
fn split_keys(on: &[Expr], outer: &VarSet) -> Option<Vec<(Expr, Expr)>> {
    on.iter()
        .map(|p| {
            let (a, b) = equality(p)?;
            let (fa, fb) = (free(a), free(b));
            let only_outer = |f: &VarSet| !f.is_empty() && f.iter().all(|v| outer.contains(v));
            let (a, b) = (a.clone(), b.clone());
            if only_outer(&fa) && fb.is_disjoint(outer) {
                Some((a, b))
            } else if only_outer(&fb) && fa.is_disjoint(outer) {
                Some((b, a))
            } else {
                None
            }
        })
        .collect()
}
