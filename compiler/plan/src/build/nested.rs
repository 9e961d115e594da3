//! Nested queries of expressions: each is put beside the rows of the operator that reads it.

use std::collections::BTreeMap;

use tenon_core::ir::{self, AggregateFn, Expr, ExprKind, Lift, Prim, QueryId, SiteId, SortKey, Type, VarId};

use super::{Builder, MAX_DEPTH, list_of};
use crate::PlanError;
use crate::expr::{Safe, Safety, has_query, is_path, substitute};
use crate::logical::{ApplyKind, Node, aggregate_exprs};
use crate::physical::{Aggregate, Kind};
use crate::rename::{rename_output, rename_rel};
use crate::rewrite::is_total;

/// A nested query in its place: with fresh variables, its parameters replaced.
pub(super) struct Instance {
    pub(super) root: Node,
    pub(super) order: Vec<SortKey>,
    pub(super) output: ir::Output,
    /// Parameters whose arguments can fail, to be evaluated only under the conditions of the call.
    pub(super) guarded: Vec<(VarId, Expr)>,
}

impl Builder<'_, '_> {
    /// Replaces the nested queries of an expression over `node` by variables that dependent joins bind.
    /// `conditions` are those under which the expression is evaluated.
    pub(super) fn lift(
        &mut self,
        expr: &mut Expr,
        mut node: Node,
        conditions: &mut Vec<Expr>,
    ) -> Result<Node, PlanError> {
        if !has_query(expr) {
            return Ok(node);
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(PlanError::TooDeep);
        }
        let not = |e: &Expr| Expr::new(ExprKind::Prim(Prim::Not, vec![e.clone()], SiteId(0)), Type::Bool);
        match &mut expr.kind {
            ExprKind::If(c, a, b) => {
                node = self.lift(c, node, conditions)?;
                conditions.push((**c).clone());
                node = self.lift(a, node, conditions)?;
                conditions.pop();
                conditions.push(not(c));
                node = self.lift(b, node, conditions)?;
                conditions.pop();
            }
            ExprKind::And(a, b) => {
                node = self.lift(a, node, conditions)?;
                conditions.push((**a).clone());
                node = self.lift(b, node, conditions)?;
                conditions.pop();
            }
            ExprKind::Or(a, b) => {
                node = self.lift(a, node, conditions)?;
                conditions.push(not(a));
                node = self.lift(b, node, conditions)?;
                conditions.pop();
            }
            ExprKind::Let(v, value, body) => {
                if has_query(body) {
                    node = self.lift(value, node, conditions)?;
                    let mut body = (**body).clone();
                    if conditions.is_empty() && !is_path(value) {
                        node = node.map(vec![(*v, (**value).clone())]);
                    } else {
                        substitute(&mut body, &BTreeMap::from([(*v, (**value).clone())]));
                    }
                    *expr = body;
                    node = self.lift(expr, node, conditions)?;
                } else {
                    node = self.lift(value, node, conditions)?;
                }
            }
            ExprKind::Prim(Prim::Length, args, _) if self.counts_rows(args) => {
                let [Expr { kind: ExprKind::Query(id, args), .. }] = args.as_slice() else {
                    unreachable!("counts_rows says so")
                };
                let (id, args) = (*id, args.clone());
                let (below, Instance { root, guarded, .. }) = self.instantiate(id, args, node, conditions)?;
                let var = self.ctx.fresh("count", Type::Int);
                let count = Aggregate { function: AggregateFn::Count, ..list_of(self.ctx.var(var), Vec::new()) };
                let count = Aggregate { argument: None, keep_none: false, ..count };
                *expr = self.ctx.var(var);
                node = self.attach(ApplyKind::Fold(vec![(var, count)]), below, root, conditions, guarded);
            }
            ExprKind::Query(id, args) => {
                let (id, args) = (*id, std::mem::take(args));
                node = self.nested(expr, id, args, node, conditions)?;
            }
            _ => {
                // Children are taken out one by one because lifting replaces the node in between.
                let mut failed = None;
                let mut slot = Some(node);
                expr.children_mut(&mut |child| {
                    if let Some(below) = slot.take() {
                        match self.lift(child, below, conditions) {
                            Ok(next) => slot = Some(next),
                            Err(error) => failed = Some(error),
                        }
                    }
                });
                node = match (slot, failed) {
                    (_, Some(error)) => return Err(error),
                    (Some(node), None) => node,
                    (None, None) => return Err(PlanError::TooDeep),
                };
            }
        }
        self.depth -= 1;
        Ok(node)
    }

    /// Whether the length of this collection is the number of rows of a nested query.
    fn counts_rows(&self, args: &[Expr]) -> bool {
        let [Expr { kind: ExprKind::Query(id, _), ty: Type::List(_) | Type::Bag(_) }] = args else { return false };
        match &self.ctx.program.query(*id).output {
            ir::Output::Collect(e) => Safe::new(self.ctx.program).of(e) == Safety::Total,
            _ => false,
        }
    }

    /// Puts a nested query beside a node: its root with fresh variables and its parameters replaced.
    pub(super) fn instantiate(
        &mut self,
        id: QueryId,
        mut args: Vec<Expr>,
        mut node: Node,
        conditions: &[Expr],
    ) -> Result<(Node, Instance), PlanError> {
        if self.stack.contains(&id) || self.stack.len() > MAX_DEPTH {
            return Err(PlanError::TooDeep);
        }
        for arg in &mut args {
            node = self.lift(arg, node, &mut conditions.to_vec())?;
        }
        let query = self.ctx.program.query(id);
        let base = self.ctx.vars.len() as u32;
        self.ctx.vars.extend(query.vars.iter().cloned());
        let mut fresh = |v: VarId| VarId(base + v.0);
        let mut rel = query.root.clone();
        let mut output = query.output.clone();
        rename_rel(&mut rel, &mut fresh);
        rename_output(&mut output, &mut fresh);
        self.stack.push(id);
        let (mut root, mut order) = self.rel(&rel)?;
        self.stack.pop();
        // Arguments take the place of parameters; what is more than a path is computed once beforehand, unless
        // it may only be evaluated under conditions.
        let mut map = BTreeMap::new();
        let mut defs = Vec::new();
        let mut guarded = Vec::new();
        let safe = Safe::new(self.ctx.program);
        for (param, arg) in query.params.iter().zip(args) {
            let param = fresh(*param);
            let simple = is_path(&arg) || matches!(arg.kind, ExprKind::Literal(_));
            if simple || !conditions.is_empty() && safe.of(&arg) == Safety::Total {
                map.insert(param, arg);
            } else if !conditions.is_empty() {
                guarded.push((param, arg));
            } else {
                defs.push((param, arg));
            }
        }
        root.substitute(&map);
        order.iter_mut().for_each(|k| substitute(&mut k.expr, &map));
        let put = |e: &mut Expr| substitute(e, &map);
        match &mut output {
            ir::Output::Collect(e) | ir::Output::First(e) | ir::Output::One(e) => put(e),
            ir::Output::CollectMap(k, v) => {
                put(k);
                put(v);
            }
            ir::Output::Exists => {}
        }
        Ok((node.map(defs), Instance { root, order, output, guarded }))
    }

    /// A dependent join of a nested query, below conditions.
    fn attach(
        &mut self,
        kind: ApplyKind,
        node: Node,
        root: Node,
        conditions: &[Expr],
        guarded: Vec<(VarId, Expr)>,
    ) -> Node {
        let safe = Safe::new(self.ctx.program);
        let folds_total = match &kind {
            ApplyKind::Fold(folds) => {
                folds.iter().all(|(_, a)| !a.function.can_fail() && safe.all(aggregate_exprs(a)) == Safety::Total)
            }
            ApplyKind::Join(_) => true,
        };
        let right = if guarded.is_empty() && (conditions.is_empty() || folds_total && self.total(&root)) {
            root
        } else {
            Node::Apply {
                kind: ApplyKind::Join(Kind::Inner),
                left: Node::Unit.filter(conditions.to_vec()).map(guarded).boxed(),
                right: root.boxed(),
            }
        };
        Node::Apply { kind, left: node.boxed(), right: right.boxed() }
    }

    fn total(&self, node: &Node) -> bool {
        is_total(node, &Safe::new(self.ctx.program))
    }

    fn nested(
        &mut self,
        expr: &mut Expr,
        id: QueryId,
        args: Vec<Expr>,
        node: Node,
        conditions: &mut [Expr],
    ) -> Result<Node, PlanError> {
        let site = self.ctx.program.query(id).site;
        let (node, Instance { root, order, output, guarded }) = self.instantiate(id, args, node, conditions)?;
        let ty = expr.ty.clone();
        match output {
            ir::Output::Collect(element) => {
                let (root, element) = self.above(&element, root)?;
                let var = self.ctx.fresh("rows", ty);
                *expr = self.ctx.var(var);
                Ok(self.attach(ApplyKind::Fold(vec![(var, list_of(element, order))]), node, root, conditions, guarded))
            }
            ir::Output::CollectMap(key, value) => {
                let (root, key) = self.above(&key, root)?;
                let (root, value) = self.above(&value, root)?;
                let pair = Type::record(vec![("key".into(), key.ty.clone()), ("value".into(), value.ty.clone())]);
                let element = Expr::new(ExprKind::Record(vec![key, value]), pair.clone());
                let var = self.ctx.fresh("pairs", Type::list(pair));
                *expr = Expr::new(ExprKind::Prim(Prim::ToMap, vec![self.ctx.var(var)], site), ty);
                Ok(self.attach(ApplyKind::Fold(vec![(var, list_of(element, order))]), node, root, conditions, guarded))
            }
            ir::Output::First(element) => {
                let (root, element) = self.above(&element, root)?;
                // An element that is an option itself travels in a record, so that its `none` is not skipped.
                let wrapped = matches!(element.ty, Type::Option(_));
                let element = if wrapped {
                    let ty = Type::record(vec![("0".into(), element.ty.clone())]);
                    Expr::new(ExprKind::Record(vec![element]), ty)
                } else {
                    element
                };
                let inner = element.ty.clone();
                let var = self.ctx.fresh("first", inner.clone().optional());
                let first = self.ctx.var(var);
                *expr = if wrapped {
                    let present = Expr::new(ExprKind::IsSome(Box::new(first.clone())), Type::Bool);
                    let value = Expr::new(ExprKind::Unwrap(Box::new(first)), inner);
                    let value = Expr::new(ExprKind::Field(Box::new(value), 0), ty.clone());
                    let none = Expr::new(ExprKind::None, ty.clone());
                    Expr::new(ExprKind::If(Box::new(present), Box::new(value), Box::new(none)), ty)
                } else {
                    first
                };
                let aggregate = Aggregate { function: AggregateFn::First, ..list_of(element, order) };
                Ok(self.attach(ApplyKind::Fold(vec![(var, aggregate)]), node, root, conditions, guarded))
            }
            ir::Output::One(element) => {
                let (root, element) = self.above(&element, root)?;
                let var = self.ctx.fresh("value", ty.clone());
                let root = root.map(vec![(var, element)]);
                if guarded.is_empty() && (conditions.is_empty() || self.total(&root)) {
                    *expr = self.ctx.var(var);
                    return Ok(self.attach(ApplyKind::Join(Kind::Inner), node, root, &[], guarded));
                }
                // There is a row only under the conditions, and only there it is looked at.
                let lifted = self.ctx.fresh("value", ty.clone().optional());
                let to = self.ctx.var(lifted);
                *expr = if matches!(ty, Type::Option(_)) { to } else { Expr::new(ExprKind::Unwrap(Box::new(to)), ty) };
                let kind = Kind::Left(vec![Lift { from: var, to: lifted }]);
                Ok(self.attach(ApplyKind::Join(kind), node, root, conditions, guarded))
            }
            ir::Output::Exists => {
                let var = self.ctx.fresh("exists", Type::Bool);
                *expr = self.ctx.var(var);
                Ok(self.attach(ApplyKind::Join(Kind::Mark(var)), node, root, conditions, guarded))
            }
        }
    }
}
