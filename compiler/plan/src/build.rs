//! From Core to the logical algebra: functions and nested queries are put in their place, and order becomes
//! explicit.
//!
//! The rows of every operator of Core have an order: a scan's is the key's, a join's the left rows', then the
//! right rows', a group's the order of its keys. Translation carries that order along as sort keys, and
//! writes it down where something depends on it: a collected list, the first row, a limit, a window.

mod nested;

use std::collections::BTreeMap;

use tenon_core::ir::{
    self, AggregateFn, Expr, ExprKind, Lift, Prim, QueryId, Rel, SetOpKind, SiteId, SortKey, Type, VarId,
};
use tenon_value::Value;

use self::nested::Instance;
use crate::PlanError;
use crate::expr::{Safe, Safety, VarSet, conjuncts, free, has_query, is_path, substitute};
use crate::inline::inline;
use crate::limits::{numbered, only_fixed};
use crate::logical::{ApplyKind, Context, Node};
use crate::physical::{Aggregate, Kind, WindowValue};

/// Operators nested more deeply than this are refused.
const MAX_DEPTH: usize = 400;

/// A query's output in the logical algebra.
#[derive(Clone, PartialEq, Debug)]
pub enum Fold {
    /// Every row, ordered.
    Collect { element: Expr, set: bool, order: Vec<SortKey> },
    /// A map, built in order.
    CollectMap { key: Expr, value: Expr, order: Vec<SortKey> },
    /// The first row's element.
    First { element: Expr, order: Vec<SortKey> },
    /// The only row's element.
    One(Expr),
    /// Whether there is a row.
    Exists,
}

/// An ascending sort key.
pub fn ascending(expr: Expr) -> SortKey {
    SortKey { expr, descending: false, none_first: false }
}

/// Translates a whole query. `set` says that its collection is a set.
pub fn query(ctx: &mut Context, query: &ir::Query, set: bool) -> Result<(Node, Fold), PlanError> {
    let mut builder = Builder { ctx, depth: 0, stack: vec![query.id] };
    let (node, order) = builder.rel(&query.root)?;
    let (node, fold) = match &query.output {
        ir::Output::Collect(e) => {
            let (node, element) = builder.above(e, node)?;
            (node, Fold::Collect { element, set, order })
        }
        ir::Output::CollectMap(k, v) => {
            let (node, key) = builder.above(k, node)?;
            let (node, value) = builder.above(v, node)?;
            (node, Fold::CollectMap { key, value, order })
        }
        ir::Output::First(e) => {
            let (node, element) = builder.above(e, node)?;
            (node, Fold::First { element, order })
        }
        ir::Output::One(e) => {
            let (node, element) = builder.above(e, node)?;
            (node, Fold::One(element))
        }
        ir::Output::Exists => (node, Fold::Exists),
    };
    Ok((only_fixed(ctx, node, &query.params), fold))
}

type Ordered = (Node, Vec<SortKey>);

struct Builder<'c, 'p> {
    ctx: &'c mut Context<'p>,
    depth: usize,
    stack: Vec<QueryId>,
}

impl Builder<'_, '_> {
    fn rel(&mut self, rel: &Rel) -> Result<Ordered, PlanError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(PlanError::TooDeep);
        }
        let out = self.operator(rel);
        self.depth -= 1;
        out
    }

    fn operator(&mut self, rel: &Rel) -> Result<Ordered, PlanError> {
        match rel {
            Rel::Unit => Ok((Node::Unit, Vec::new())),
            Rel::Scan { relation, var, site } => {
                let order = vec![ascending(self.ctx.var(*var))];
                Ok((Node::Scan { relation: *relation, var: *var, site: *site }, order))
            }
            Rel::Unnest { source, var, index } => self.unnest(source, *var, *index),
            Rel::Filter { input, predicate } => {
                let (mut node, order) = self.rel(input)?;
                let mut predicate = predicate.clone();
                inline(&mut predicate, self.ctx);
                let mut parts = Vec::new();
                conjuncts(predicate, &mut parts);
                for part in parts {
                    let (below, part) = self.lifted(part, node)?;
                    node = match self.listed(&part) {
                        Some((value, list)) => self.among(below, value, list),
                        None => below.filter(vec![part]),
                    };
                }
                Ok((node, order))
            }
            Rel::Map { input, defs } => {
                let (mut node, order) = self.rel(input)?;
                for (var, expr) in defs {
                    let (below, expr) = self.above(expr, node)?;
                    node = below.map(vec![(*var, expr)]);
                }
                Ok((node, order))
            }
            Rel::Join { kind, left, right, on } => self.join(kind, left, right, on),
            Rel::Apply { kind, left, right } => self.apply(kind, left, right),
            Rel::Group { input, keys, aggregates, all } => self.group(input, keys, aggregates, *all),
            Rel::Window { input, windows } => self.window(input, windows),
            Rel::Sort { input, keys } => {
                let (mut node, below) = self.rel(input)?;
                let mut order = Vec::new();
                for key in keys {
                    let (next, expr) = self.named("key", &key.expr, node)?;
                    node = next;
                    order.push(SortKey { expr, ..key.clone() });
                }
                order.extend(below);
                Ok((node, order))
            }
            Rel::Limit { input, limit, offset } => {
                let (node, order) = self.rel(input)?;
                // What the bounds ask of the store is asked beside the rows, once.
                let (beside, limit) = self.optional(limit, Node::Unit)?;
                let (beside, offset) = self.optional(offset, beside)?;
                let keys = order.clone();
                if beside != Node::Unit {
                    let kind = ApplyKind::Join(Kind::Inner);
                    let node = Node::Apply { kind, left: beside.boxed(), right: node.boxed() };
                    return Ok((numbered(self.ctx, node, keys, limit, offset), order));
                }
                Ok((Node::Top { input: node.boxed(), partition: Vec::new(), keys, limit, offset }, order))
            }
            Rel::Distinct { input, vars } => {
                let (node, _) = self.rel(input)?;
                Ok(self.distinct(node, vars))
            }
            Rel::SetOp { kind, left, right, vars } => self.set_op(*kind, left, right, vars),
        }
    }

    /// A value of the rows at hand and a parameter of the whole query, if a condition says that the one is in the other.
    fn listed(&self, condition: &Expr) -> Option<(Expr, Expr)> {
        let ExprKind::Prim(Prim::Contains, args, _) = &condition.kind else { return None };
        let [value, list] = args.as_slice() else { return None };
        let own = self.stack.len() == 1 && !matches!(list.ty, Type::Map(..));
        let ExprKind::Var(var) = list.kind else { return None };
        let given = self.ctx.program.query(*self.stack.first()?).params.contains(&var);
        let safe = Safe::new(self.ctx.program);
        (own && given && !free(value).is_empty() && safe.of(value) == Safety::Total)
            .then(|| (value.clone(), list.clone()))
    }

    /// The rows whose value is in a list: it becomes rows too, so that it is not searched from one end for each of them.
    fn among(&mut self, node: Node, value: Expr, list: Expr) -> Node {
        let element = self.ctx.fresh("element", value.ty.clone());
        let index = self.ctx.fresh("position", Type::Int);
        let found = self.ctx.fresh("found", Type::Bool);
        let same = ExprKind::Prim(Prim::Eq, vec![value, self.ctx.var(element)], SiteId(0));
        let right = Node::Unnest { input: Node::Unit.boxed(), source: list, var: element, index };
        let right = right.filter(vec![Expr::new(same, Type::Bool)]).boxed();
        let kind = ApplyKind::Join(Kind::Mark(found));
        let found = self.ctx.var(found);
        Node::Apply { kind, left: node.boxed(), right }.filter(vec![found])
    }

    /// An expression without calls and nested queries over a node, and the node that it then stands on.
    fn above(&mut self, expr: &Expr, node: Node) -> Result<(Node, Expr), PlanError> {
        let mut expr = expr.clone();
        inline(&mut expr, self.ctx);
        self.lifted(expr, node)
    }

    fn lifted(&mut self, mut expr: Expr, node: Node) -> Result<(Node, Expr), PlanError> {
        let node = if has_query(&expr) { self.lift(&mut expr, node, &mut Vec::new())? } else { node };
        Ok((node, expr))
    }

    fn optional(&mut self, expr: &Option<Expr>, node: Node) -> Result<(Node, Option<Expr>), PlanError> {
        match expr {
            Some(expr) => {
                let (node, expr) = self.above(expr, node)?;
                Ok((node, Some(expr)))
            }
            None => Ok((node, None)),
        }
    }

    /// As `above`, but what is more than a path is computed here, once, under a variable.
    fn named(&mut self, name: &str, expr: &Expr, node: Node) -> Result<(Node, Expr), PlanError> {
        let (node, expr) = self.above(expr, node)?;
        if is_path(&expr) {
            return Ok((node, expr));
        }
        let var = self.ctx.fresh(name, expr.ty.clone());
        let out = self.ctx.var(var);
        Ok((node.map(vec![(var, expr)]), out))
    }

    fn unnest(&mut self, source: &Expr, var: VarId, index: VarId) -> Result<Ordered, PlanError> {
        let mut source = source.clone();
        inline(&mut source, self.ctx);
        // The rows of a nested query need not become a list first.
        if let (ExprKind::Query(id, args), Type::List(_) | Type::Bag(_)) = (&source.kind, &source.ty)
            && let ir::Output::Collect(_) = &self.ctx.program.query(*id).output
        {
            let (node, Instance { root, order, output, .. }) = self.instantiate(*id, args.clone(), Node::Unit, &[])?;
            let ir::Output::Collect(element) = output else { unreachable!("matched above") };
            let (root, element) = self.above(&element, root)?;
            let number = self.ctx.fresh("position", Type::Int);
            let root = root.map(vec![(var, element)]);
            let root = Node::Window {
                input: root.boxed(),
                partition: Vec::new(),
                peers: order.len(),
                order,
                windows: vec![(
                    number,
                    WindowValue {
                        function: ir::WindowFn::RowNumber,
                        arguments: Vec::new(),
                        frame: ir::Frame::Partition,
                    },
                )],
            };
            // Counting from 1 to from 0: a row number is positive, so this cannot overflow.
            let one = Expr::new(ExprKind::Literal(Value::Int(1)), Type::Int);
            let site = self.ctx.program.query(*id).site;
            let zero_based = Expr::new(ExprKind::Prim(Prim::SubInt, vec![self.ctx.var(number), one], site), Type::Int);
            let root = root.map(vec![(index, zero_based)]);
            let order = vec![ascending(self.ctx.var(number))];
            let node = match node {
                Node::Unit => root,
                left => Node::Apply { kind: ApplyKind::Join(Kind::Inner), left: left.boxed(), right: root.boxed() },
            };
            return Ok((node, order));
        }
        let (input, source) = self.lifted(source, Node::Unit)?;
        let order = vec![ascending(self.ctx.var(index))];
        Ok((Node::Unnest { input: input.boxed(), source, var, index }, order))
    }

    fn join(&mut self, kind: &ir::JoinKind, left: &Rel, right: &Rel, on: &Expr) -> Result<Ordered, PlanError> {
        let (left, mut order) = self.rel(left)?;
        let (right, right_order) = self.rel(right)?;
        let mut on = on.clone();
        inline(&mut on, self.ctx);
        let mut parts = Vec::new();
        conjuncts(on, &mut parts);
        match kind {
            ir::JoinKind::Inner => {
                order.extend(right_order);
                let mut node = left.join(right);
                for part in parts {
                    let (below, part) = self.lifted(part, node)?;
                    node = below.filter(vec![part]);
                }
                Ok((node, order))
            }
            ir::JoinKind::Left(lifts) => {
                let (lifts, lifted) = self.lift_order(right_order, lifts, &right.bound());
                order.extend(lifted);
                let kind = Kind::Left(lifts);
                if parts.iter().any(has_query) {
                    let mut right = right;
                    for part in parts {
                        let (below, part) = self.lifted(part, right)?;
                        right = below.filter(vec![part]);
                    }
                    let kind = ApplyKind::Join(kind);
                    return Ok((Node::Apply { kind, left: left.boxed(), right: right.boxed() }, order));
                }
                Ok((Node::Join { kind, left: left.boxed(), right: right.boxed(), on: parts }, order))
            }
        }
    }

    /// The order of right rows above a left join, and the lifts with those that the order needs.
    fn lift_order(&mut self, order: Vec<SortKey>, lifts: &[Lift], right: &VarSet) -> (Vec<Lift>, Vec<SortKey>) {
        let mut lifts = lifts.to_vec();
        for v in crate::expr::free_all(order.iter().map(|k| &k.expr)) {
            if right.contains(&v) && !lifts.iter().any(|l| l.from == v) {
                let info = self.ctx.vars[v.index()].clone();
                let to = self.ctx.fresh(info.name, info.ty.optional());
                lifts.push(Lift { from: v, to });
            }
        }
        let map: BTreeMap<VarId, Expr> = lifts
            .iter()
            .map(|l| {
                // A variable of an optional type is lifted to the same type.
                let (to, ty) = (self.ctx.var(l.to), self.ctx.ty(l.from).clone());
                let value = if to.ty == ty { to } else { Expr::new(ExprKind::Unwrap(Box::new(to)), ty) };
                (l.from, value)
            })
            .collect();
        let keys = order
            .into_iter()
            .filter_map(|key| {
                // Where nothing matched there is one row for its left row, so the place of `none` decides nothing.
                let used = crate::expr::free(&key.expr);
                let first = lifts.iter().find(|l| used.contains(&l.from))?;
                let expr = match key.expr.kind {
                    ExprKind::Var(_) => self.ctx.var(first.to),
                    _ => {
                        let mut inner = key.expr.clone();
                        substitute(&mut inner, &map);
                        let ty = inner.ty.clone().optional();
                        // All lifted variables are present or none is, as far as they are not optional themselves.
                        let tests = used
                            .iter()
                            .filter_map(|v| map.get(v))
                            .filter_map(|e| match &e.kind {
                                ExprKind::Unwrap(to) => Some(Expr::new(ExprKind::IsSome(to.clone()), Type::Bool)),
                                _ => None,
                            })
                            .collect::<Vec<_>>();
                        let present = crate::expr::conjunction(tests);
                        let inner = match inner.ty {
                            Type::Option(_) => inner,
                            _ => Expr::new(ExprKind::Some(Box::new(inner)), ty.clone()),
                        };
                        let none = Expr::new(ExprKind::None, ty.clone());
                        Expr::new(ExprKind::If(Box::new(present), Box::new(inner), Box::new(none)), ty)
                    }
                };
                Some(SortKey { expr, ..key })
            })
            .collect();
        (lifts, keys)
    }

    fn apply(&mut self, kind: &ir::Apply, left: &Rel, right: &Rel) -> Result<Ordered, PlanError> {
        let (left, mut order) = self.rel(left)?;
        let (mut right, right_order) = self.rel(right)?;
        let kind = match kind {
            ir::Apply::Inner => {
                order.extend(right_order);
                ApplyKind::Join(Kind::Inner)
            }
            ir::Apply::Left(lifts) => {
                let (lifts, lifted) = self.lift_order(right_order, lifts, &right.bound());
                order.extend(lifted);
                ApplyKind::Join(Kind::Left(lifts))
            }
            ir::Apply::Exists(v) => ApplyKind::Join(Kind::Mark(*v)),
            ir::Apply::Collect(v, element) => {
                let (below, element) = self.above(element, right)?;
                right = below;
                ApplyKind::Fold(vec![(*v, list_of(element, right_order))])
            }
        };
        Ok((Node::Apply { kind, left: left.boxed(), right: right.boxed() }, order))
    }

    fn group(
        &mut self,
        input: &Rel,
        keys: &[(VarId, Expr)],
        aggregates: &[(VarId, ir::Aggregate)],
        all: bool,
    ) -> Result<Ordered, PlanError> {
        let (mut node, order) = self.rel(input)?;
        let mut new_keys = Vec::new();
        for (var, expr) in keys {
            let (below, expr) = self.above(expr, node)?;
            node = below;
            new_keys.push((*var, expr));
        }
        let mut new = Vec::new();
        for (var, a) in aggregates {
            let mut filter = Vec::new();
            if let Some(expr) = &a.filter {
                let (below, expr) = self.above(expr, node)?;
                node = below;
                conjuncts(expr, &mut filter);
            }
            let under = |e: &Expr, this: &mut Self, node: Node| {
                let mut e = e.clone();
                inline(&mut e, this.ctx);
                let node = if has_query(&e) { this.lift(&mut e, node, &mut filter.clone())? } else { node };
                Ok::<_, PlanError>((node, e))
            };
            let mut argument = None;
            if let Some(e) = &a.argument {
                let (below, e) = under(e, self, node)?;
                node = below;
                argument = Some(e);
            }
            let mut grain = None;
            if let Some(es) = &a.grain {
                let mut out = Vec::new();
                for e in es {
                    let (below, e) = under(e, self, node)?;
                    node = below;
                    out.push(e);
                }
                grain = Some(out);
            }
            let mut sort = Vec::new();
            for key in &a.order {
                let (below, expr) = under(&key.expr, self, node)?;
                node = below;
                sort.push(SortKey { expr, ..key.clone() });
            }
            if matches!(a.function, AggregateFn::List | AggregateFn::First) {
                sort.extend(order.iter().cloned());
            }
            let aggregate = Aggregate {
                function: a.function,
                argument,
                keep_none: false,
                grain,
                filter,
                order: sort,
                limit: None,
                offset: None,
            };
            new.push((*var, aggregate));
        }
        let order = new_keys.iter().map(|(v, _)| ascending(self.ctx.var(*v))).collect();
        let all = all || new_keys.is_empty();
        Ok((Node::Group { input: node.boxed(), keys: new_keys, aggregates: new, all }, order))
    }

    fn window(&mut self, input: &Rel, windows: &[(VarId, ir::WindowExpr)]) -> Result<Ordered, PlanError> {
        let (mut node, order) = self.rel(input)?;
        // Values over the same partition and order are computed together.
        type Spec = (Vec<Expr>, Vec<SortKey>, Vec<(VarId, WindowValue)>);
        let mut specs: Vec<Spec> = Vec::new();
        for (var, w) in windows {
            let mut partition = Vec::new();
            for e in &w.partition {
                let (below, e) = self.above(e, node)?;
                node = below;
                partition.push(e);
            }
            let mut keys = Vec::new();
            for key in &w.order {
                let (below, expr) = self.above(&key.expr, node)?;
                node = below;
                keys.push(SortKey { expr, ..key.clone() });
            }
            let mut arguments = Vec::new();
            for e in &w.arguments {
                let (below, e) = self.above(e, node)?;
                node = below;
                arguments.push(e);
            }
            let mut frame = w.frame.clone();
            if let ir::Frame::Rows(from, to) = &mut frame {
                for bound in [from, to] {
                    if let ir::Bound::Before(n) | ir::Bound::After(n) = bound {
                        (node, *n) = self.above(n, node)?;
                    }
                }
            }
            let value = WindowValue { function: w.function, arguments, frame };
            match specs.iter_mut().find(|(p, k, _)| *p == partition && *k == keys) {
                Some((_, _, values)) => values.push((*var, value)),
                None => specs.push((partition, keys, vec![(*var, value)])),
            }
        }
        for (partition, mut keys, windows) in specs {
            let peers = keys.len();
            keys.extend(order.iter().cloned());
            node = Node::Window { input: node.boxed(), partition, order: keys, peers, windows };
        }
        Ok((node, order))
    }

    fn distinct(&mut self, node: Node, vars: &[VarId]) -> Ordered {
        let keys = vars.iter().map(|v| (*v, self.ctx.var(*v))).collect();
        let order = vars.iter().map(|v| ascending(self.ctx.var(*v))).collect();
        (Node::Group { input: node.boxed(), keys, aggregates: Vec::new(), all: false }, order)
    }

    fn set_op(
        &mut self,
        kind: SetOpKind,
        left: &Rel,
        right: &Rel,
        vars: &[(VarId, VarId, VarId)],
    ) -> Result<Ordered, PlanError> {
        let sides = [self.rel(left)?, self.rel(right)?];
        let results: Vec<VarId> = vars.iter().map(|(v, _, _)| *v).collect();
        let column = |i: usize| vars.iter().map(|(_, l, r)| if i == 0 { *l } else { *r }).collect::<Vec<_>>();
        match kind {
            SetOpKind::UnionAll | SetOpKind::Union => {
                let tag = self.ctx.fresh("side", Type::Int);
                let number = self.ctx.fresh("position", Type::Int);
                let mut inputs = Vec::new();
                for (i, (node, order)) in sides.into_iter().enumerate() {
                    let (t, n) = (self.ctx.fresh_like(tag), self.ctx.fresh_like(number));
                    let value = WindowValue {
                        function: ir::WindowFn::RowNumber,
                        arguments: Vec::new(),
                        frame: ir::Frame::Partition,
                    };
                    let node = Node::Window {
                        input: node.boxed(),
                        partition: Vec::new(),
                        peers: order.len(),
                        order,
                        windows: vec![(n, value)],
                    };
                    let literal = Expr::new(ExprKind::Literal(Value::Int(i as i64)), Type::Int);
                    let mut columns = column(i);
                    columns.extend([t, n]);
                    inputs.push((node.map(vec![(t, literal)]), columns));
                }
                let mut columns = results.clone();
                columns.extend([tag, number]);
                let node = Node::Concat { inputs, vars: columns };
                if kind == SetOpKind::Union {
                    return Ok(self.distinct(node, &results));
                }
                let order = vec![ascending(self.ctx.var(tag)), ascending(self.ctx.var(number))];
                Ok((node, order))
            }
            SetOpKind::Except | SetOpKind::Intersect => {
                let [(left, _), (right, _)] = sides;
                let site = self.ctx.program.query(self.stack[0]).site;
                let on = vars
                    .iter()
                    .map(|(_, l, r)| {
                        let args = vec![self.ctx.var(*l), self.ctx.var(*r)];
                        Expr::new(ExprKind::Prim(Prim::Eq, args, site), Type::Bool)
                    })
                    .collect();
                let kind = if kind == SetOpKind::Except { Kind::Anti } else { Kind::Semi };
                let node = Node::Join { kind, left: left.boxed(), right: right.boxed(), on };
                let keys = vars.iter().map(|(v, l, _)| (*v, self.ctx.var(*l))).collect();
                let order = results.iter().map(|v| ascending(self.ctx.var(*v))).collect();
                Ok((Node::Group { input: node.boxed(), keys, aggregates: Vec::new(), all: false }, order))
            }
        }
    }
}

/// The list of all elements, in an order.
fn list_of(element: Expr, order: Vec<SortKey>) -> Aggregate {
    Aggregate {
        function: AggregateFn::List,
        argument: Some(element),
        keep_none: true,
        grain: None,
        filter: Vec::new(),
        order,
        limit: None,
        offset: None,
    }
}
