//! From the logical algebra to operators: which algorithm, at what cost.

use tenon_core::ir::{Expr, ExprKind, Name, RelationId, SiteId, SortKey, Type, VarId};
use tenon_value::Value;

use crate::access::{Found, IndexShape, Reason, Way};
use crate::block::{Block, Leaf, LeafKind, MAX_LEAVES};
use crate::dependencies::Dependencies;
use crate::expr::{Safe, Safety, VarSet, equality, free, ref_of};
use crate::joins::{BUILD_ROW, COMPARE, INDEX_PROBE, JOINED_ROW, PAIR, PREDICATE, PROBE_ROW, is_chain, sort_cost};
use crate::logical::{Context, Node};
use crate::physical::{Aggregate, Kind, Op, OpKind, WindowValue};
use crate::rewrite::push_down;
use crate::statistics::Estimates;

/// Both ways of a group join are planned at most so deep in each other; below, hashing is taken.
const ALTERNATIVES: usize = 4;

/// An operator tree with its cost and the order in which it yields rows, if it has one.
#[derive(Clone, Debug)]
pub struct Built {
    /// The tree.
    pub op: Op,
    /// What all its rows cost.
    pub cost: f64,
    /// Sort keys that its rows follow.
    pub order: Vec<SortKey>,
}

/// An order that the consumer of rows would like to have.
#[derive(Clone)]
pub struct Want {
    /// The keys.
    pub keys: Vec<SortKey>,
    /// How many rows are wanted, if not all.
    pub limit: Option<f64>,
    /// What rows without the order would cost besides; `None`: they would all be sorted.
    pub instead: Option<f64>,
}

impl Want {
    /// All rows, in an order that saves sorting them.
    fn whole(keys: &[SortKey]) -> Want {
        Want { keys: keys.to_vec(), limit: None, instead: None }
    }
}

/// An operator; numbers are given at the end.
pub fn op(kind: OpKind, est_rows: f64, site: Option<SiteId>) -> Op {
    Op { id: 0, kind, est_rows, site }
}

impl Built {
    /// A tree without an order.
    pub fn new(op: Op, cost: f64) -> Built {
        Built { op, cost, order: Vec::new() }
    }

    /// With another cost.
    pub fn costing(mut self, cost: f64) -> Built {
        self.cost = cost;
        self
    }

    /// With predicates on top.
    pub fn filter(self, predicates: Vec<Expr>, est: &Estimates) -> Built {
        if predicates.is_empty() {
            return self;
        }
        let rows = predicates.iter().fold(self.op.est_rows, |r, p| r * est.selectivity(p));
        let cost = self.cost + self.op.est_rows * PREDICATE * predicates.len() as f64;
        let kind = OpKind::Filter { input: Box::new(self.op), predicates };
        Built { op: op(kind, rows, None), cost, order: self.order }
    }

    /// With computed variables on top.
    pub fn map(self, defs: Vec<(VarId, Expr)>) -> Built {
        if defs.is_empty() {
            return self;
        }
        let rows = self.op.est_rows;
        let cost = self.cost + rows * JOINED_ROW * defs.len() as f64;
        let kind = OpKind::Map { input: Box::new(self.op), defs };
        Built { op: op(kind, rows, None), cost, order: self.order }
    }
}

/// Plans one query.
pub struct Planner<'a, 'p> {
    /// Variables and program.
    pub ctx: &'a mut Context<'p>,
    /// What is known of the data.
    pub est: Estimates<'a>,
    /// Indexes per relation; grows while `advising`.
    pub indexes: &'a mut Vec<Vec<IndexShape>>,
    /// Indexes are being chosen: any that could help is there.
    pub advising: bool,
    /// Which indexes the plan uses, and why.
    pub uses: Vec<(RelationId, IndexShape, Reason)>,
    /// Name of the query's item.
    pub name: Name,
    /// Place of the query.
    pub site: SiteId,
    /// Dependencies and rows of the intermediate results so far.
    pub temps: Vec<(Dependencies, f64)>,
    /// How many alternatives are being planned inside each other.
    pub depth: usize,
    /// A block has more leaves than its sets can name: what is planned is not to be used.
    pub too_many: bool,
}

impl Planner<'_, '_> {
    /// Whether all expressions are total.
    pub(crate) fn all_total<'e>(&self, exprs: impl IntoIterator<Item = &'e Expr>) -> bool {
        Safe::new(self.ctx.program).all(exprs) == Safety::Total
    }

    /// Dependencies of a node.
    pub(crate) fn dependencies(&self, node: &Node) -> Dependencies {
        let temps: Vec<Dependencies> = self.temps.iter().map(|(d, _)| d.clone()).collect();
        Dependencies::of(node, self.ctx.program, &temps)
    }

    /// Plans a tree.
    pub fn plan(&mut self, node: Node, want: Option<&Want>) -> Built {
        let in_block = match &node {
            Node::Unit | Node::Scan { .. } | Node::Join { kind: Kind::Inner, .. } => true,
            Node::Filter { predicates, .. } => self.all_total(predicates),
            Node::Map { defs, .. } => self.all_total(defs.iter().map(|(_, e)| e)),
            Node::Unnest { source, .. } => self.all_total([source]),
            _ => false,
        };
        if !in_block {
            return self.operator(node, want);
        }
        if let Node::Join { kind: Kind::Inner, on, .. } = &node
            && !self.all_total(on)
        {
            return self.operator(node, want);
        }
        let (mut block, mut conjuncts) = (Block::default(), Vec::new());
        self.collect(node, &mut block, &mut conjuncts, want);
        if block.leaves.len() > MAX_LEAVES {
            self.too_many = true;
            return Built::new(op(OpKind::Unit, 1.0, None), 0.0);
        }
        self.arrange(&mut block, conjuncts);
        self.block(block, want)
    }

    /// Plans an operator that is not part of a block.
    pub(crate) fn operator(&mut self, node: Node, want: Option<&Want>) -> Built {
        match node {
            Node::Filter { input, mut predicates } => {
                let first = predicates.iter().position(|p| !self.all_total([p])).unwrap_or(predicates.len());
                let rest = predicates.split_off(first);
                let input = self.plan(input.filter(predicates), want);
                input.filter(rest, &self.est)
            }
            Node::Map { input, defs } => self.plan(*input, want).map(defs),
            Node::Join { kind: Kind::Inner, left, right, on } => {
                let node = Node::Join { kind: Kind::Inner, left, right, on: Vec::new() }.filter(on);
                self.plan(node, want)
            }
            Node::Join { kind, left, right, on } => self.outer_join(kind, *left, *right, on, want),
            Node::Group { input, keys, aggregates, all } => self.group(*input, keys, aggregates, all, want),
            Node::GroupJoin { left, right, keys, aggregates } => self.group_join(*left, *right, keys, aggregates, want),
            Node::Fold { left, right, aggregates } => {
                let left = self.plan(*left, want);
                let right = self.chain(*right);
                fold(left, right, aggregates)
            }
            Node::Window { input, partition, order, peers, windows } => {
                self.window(*input, partition, order, peers, windows)
            }
            Node::Top { input, partition, keys, limit, offset } => self.top(*input, partition, keys, limit, offset),
            Node::Concat { inputs, vars } => {
                let (mut rows, mut cost) = (0.0, 0.0);
                let mut out = Vec::new();
                for (node, columns) in inputs {
                    let built = self.plan(node, None);
                    rows += built.op.est_rows;
                    cost += built.cost;
                    out.push((built.op, columns));
                }
                Built::new(op(OpKind::Concat { inputs: out, vars }, rows, None), cost + rows * JOINED_ROW)
            }
            Node::Temp { temp, columns } => {
                let rows = self.temps.get(temp.0 as usize).map_or(1.0, |(_, rows)| *rows);
                Built::new(op(OpKind::ReadTemp { temp, columns }, rows, None), rows * JOINED_ROW)
            }
            Node::Unnest { input, source, var, index } => {
                let input = self.plan(*input, want);
                let rows = input.op.est_rows * crate::joins::ELEMENTS;
                let cost = input.cost + rows * JOINED_ROW;
                let order = input.order;
                let kind = OpKind::Unnest { input: Box::new(input.op), source, var, index: Some(index) };
                let mut out = Built::new(op(kind, rows, None), cost);
                out.order = order;
                out
            }
            Node::Unit | Node::Scan { .. } => self.plan(node, want),
            Node::Apply { .. } => unreachable!("decorrelation leaves no dependent join"),
        }
    }

    /// The chain of a fold, as it stands: collections of one row are walked in the order of the text.
    fn chain(&mut self, node: Node) -> Built {
        match node {
            Node::Filter { input, predicates } => self.chain(*input).filter(predicates, &self.est),
            Node::Map { input, defs } => self.chain(*input).map(defs),
            Node::Unnest { input, source, var, index } => {
                let input = self.chain(*input);
                let rows = input.op.est_rows * crate::joins::ELEMENTS;
                let cost = input.cost + rows * JOINED_ROW;
                let kind = OpKind::Unnest { input: Box::new(input.op), source, var, index: Some(index) };
                Built::new(op(kind, rows, None), cost)
            }
            Node::Fold { left, right, aggregates } => {
                let (left, right) = (self.chain(*left), self.chain(*right));
                fold(left, right, aggregates)
            }
            Node::Unit => Built::new(op(OpKind::Unit, 1.0, None), 0.0),
            other => self.plan(other, None),
        }
    }

    /// Left, semi, anti and mark joins.
    fn outer_join(&mut self, kind: Kind, left: Node, right: Node, on: Vec<Expr>, want: Option<&Want>) -> Built {
        let left_vars = left.bound();
        let left_distinct_row = self.dependencies(&right);
        let left = self.plan(left, want.map(|w| Want::whole(&w.keys)).as_ref());
        let rows = left.op.est_rows;
        let match_share = on.iter().fold(1.0, |s, p| s * self.est.selectivity(p));
        let order = left.order.clone();
        let done = |kind: OpKind, rows: f64, cost: f64, order: Vec<SortKey>| {
            let mut out = Built::new(op(kind, rows, None), cost);
            out.order = order;
            out
        };
        // A scan on the right may be entered by an index.
        if self.all_total(&on)
            && let Some((relation, var, site, local)) = plain_scan(&right)
            && self.all_total(&local)
        {
            let mut tests = local;
            tests.extend(on.iter().cloned());
            let leaf_rows = tests.iter().fold(self.est.rows(relation), |r, p| r * self.est.selectivity(p));
            let block = Block {
                leaves: vec![Leaf {
                    kind: LeafKind::Scan { relation, var, site: Some(site) },
                    bound: VarSet::from([var]),
                    local: tests.clone(),
                    rows: leaf_rows,
                    needs: 0,
                }],
                ..Block::default()
            };
            let best = self.ways(&block, 0, 0).into_iter().map(|f| (f.cost(0), f)).min_by(|a, b| a.0.total_cmp(&b.0));
            let scan = self.est.rows(relation);
            if let Some((each, Found { way: Way::Access { access, covers }, .. })) = best
                && rows * each < scan * (BUILD_ROW * match_share.max(0.1) + 1.0) + rows * PROBE_ROW
                && covers.iter().any(|p| !free(p).is_disjoint(&left_vars))
            {
                let residual = tests.into_iter().filter(|p| !covers.contains(p)).collect();
                self.note_use(relation, &access, &covers);
                let out_rows = joined_rows(&kind, rows, rows * leaf_rows);
                let cost = left.cost + rows * each;
                let kind = OpKind::Lookup {
                    input: Box::new(left.op),
                    relation,
                    var,
                    access,
                    residual,
                    kind,
                    fields: Vec::new(),
                };
                let mut out = done(kind, out_rows, cost, order);
                out.op.site = Some(site);
                return out;
            }
        }
        let right_vars = right.bound();
        let right = self.plan(right, None);
        let mut keys = Vec::new();
        let mut residual = Vec::new();
        let mut failing = false;
        for p in on {
            failing = failing || !self.all_total([&p]);
            match equality(&p) {
                Some((a, b)) if !failing => {
                    let (fa, fb) = (free(a), free(b));
                    let over = |f: &VarSet, own: &VarSet, other: &VarSet| !f.is_disjoint(own) && f.is_disjoint(other);
                    if over(&fa, &left_vars, &right_vars) && over(&fb, &right_vars, &left_vars) {
                        keys.push((plain(a), plain(b)));
                    } else if over(&fb, &left_vars, &right_vars) && over(&fa, &right_vars, &left_vars) {
                        keys.push((plain(b), plain(a)));
                    } else {
                        residual.push(p);
                    }
                }
                _ => residual.push(p),
            }
        }
        let out_rows = joined_rows(&kind, rows, rows * right.op.est_rows * match_share);
        if keys.is_empty() {
            let cost = left.cost + right.cost + rows * right.op.est_rows * PAIR;
            let kind = OpKind::NestedLoop {
                outer: Box::new(left.op),
                inner: Box::new(right.op),
                kind,
                predicates: residual,
                payload: Vec::new(),
            };
            return done(kind, out_rows, cost, order);
        }
        let mut known = VarSet::new();
        for (_, b) in &keys {
            left_distinct_row.learn(&mut known, b, self.ctx.program);
        }
        let unique = left_distinct_row.tells_rows_apart(&known);
        let cost = left.cost + right.cost + right.op.est_rows * BUILD_ROW + rows * PROBE_ROW;
        let kind = OpKind::HashJoin {
            probe: Box::new(left.op),
            build: Box::new(right.op),
            kind,
            keys,
            residual,
            payload: Vec::new(),
            unique,
        };
        done(kind, out_rows, cost, order)
    }

    /// Shortens grains and orders of folds over rows that agree on `known`.
    pub(crate) fn shorten(&self, aggregates: &mut [(VarId, Aggregate)], deps: &Dependencies, known: &VarSet) {
        let safe = Safe::new(self.ctx.program);
        for (_, a) in aggregates {
            if let Some(grain) = &a.grain {
                let mut set = known.clone();
                for e in grain {
                    deps.learn(&mut set, e, self.ctx.program);
                }
                if deps.tells_rows_apart(&set) && safe.all(grain) < Safety::Failing {
                    a.grain = None;
                }
            }
            a.order = deps.reduce(&a.order, known.clone(), self.ctx.program);
        }
    }

    fn group_join(
        &mut self,
        left: Node,
        right: Node,
        keys: Vec<(Expr, Expr)>,
        mut aggregates: Vec<(VarId, Aggregate)>,
        want: Option<&Want>,
    ) -> Built {
        let program = self.ctx.program;
        let left_deps = self.dependencies(&left);
        let right_deps = self.dependencies(&right);
        let mut known = VarSet::new();
        for (_, r) in &keys {
            right_deps.learn(&mut known, r, program);
        }
        self.shorten(&mut aggregates, &right_deps, &known);
        let left = self.plan(left, want.map(|w| Want::whole(&w.keys)).as_ref());
        let rows = left.op.est_rows;
        // Per left row by indexes and collections alone, if that is cheaper than reading everything once.
        let mark = self.uses.len();
        let mut alternative = None;
        if self.depth < ALTERNATIVES {
            self.depth += 1;
            let on = keys
                .iter()
                .map(|(l, r)| {
                    let args = vec![l.clone(), r.clone()];
                    Expr::new(ExprKind::Prim(tenon_core::ir::Prim::Eq, args, self.site), Type::Bool)
                })
                .collect();
            let safe = Safe::new(program);
            let chained = push_down(right.clone().filter(on), Vec::new(), &safe);
            let built = self.plan(chained, None);
            self.depth -= 1;
            if is_chain(&built.op) {
                alternative = Some(built);
            }
        }
        let chain_uses = self.uses.split_off(mark);
        let right = self.plan(right, None);
        let hashed = right.cost + right.op.est_rows * PROBE_ROW + rows * BUILD_ROW;
        if let Some(chain) = alternative
            && rows * (chain.cost + INDEX_PROBE * 0.1) < hashed
        {
            self.uses.truncate(mark);
            self.uses.extend(chain_uses);
            return fold(left, chain, aggregates);
        }
        let mut left_known = VarSet::new();
        for (l, _) in &keys {
            left_deps.learn(&mut left_known, l, program);
        }
        let unique = left_deps.tells_rows_apart(&left_known);
        let keys = keys.iter().map(|(a, b)| (plain(a), plain(b))).collect();
        let cost = left.cost + hashed + rows * JOINED_ROW;
        let order = left.order;
        let kind = OpKind::GroupJoin {
            left: Box::new(left.op),
            right: Box::new(right.op),
            keys,
            aggregates,
            payload: Vec::new(),
            unique,
        };
        let mut out = Built::new(op(kind, rows, None), cost);
        out.order = order;
        out
    }

    fn window(
        &mut self,
        input: Node,
        partition: Vec<Expr>,
        order: Vec<SortKey>,
        peers: usize,
        windows: Vec<(VarId, WindowValue)>,
    ) -> Built {
        let program = self.ctx.program;
        let deps = self.dependencies(&input);
        let mut known = VarSet::new();
        for e in &partition {
            deps.learn(&mut known, e, program);
        }
        // The written keys stay: they say who is whose peer.
        let (head, tail) = order.split_at(peers.min(order.len()));
        for k in head {
            deps.learn(&mut known, &k.expr, program);
        }
        let mut order = head.to_vec();
        order.extend(deps.reduce(tail, known, program));
        let built = self.plan(input, None);
        let rows = built.op.est_rows;
        let cost = built.cost + sort_cost(rows) + rows * JOINED_ROW * windows.len() as f64;
        let kind = OpKind::Window { input: Box::new(built.op), partition, order, peers, windows, payload: Vec::new() };
        Built::new(op(kind, rows, None), cost)
    }

    fn top(
        &mut self,
        input: Node,
        partition: Vec<Expr>,
        keys: Vec<SortKey>,
        limit: Option<Expr>,
        offset: Option<Expr>,
    ) -> Built {
        let program = self.ctx.program;
        let deps = self.dependencies(&input);
        let mut known = VarSet::new();
        for e in &partition {
            deps.learn(&mut known, e, program);
        }
        let keys = deps.reduce(&keys, known, program);
        let number = |e: &Option<Expr>, default: f64| match e {
            Some(Expr { kind: ExprKind::Literal(Value::Int(n)), .. }) => (*n as f64).max(0.0),
            Some(_) => 20.0,
            None => default,
        };
        let skipped = number(&offset, 0.0);
        let count = number(&limit, f64::INFINITY);
        let early_stop = self.total(&input);
        if partition.is_empty() {
            let want = Want { keys: keys.clone(), limit: early_stop.then_some(count + skipped), instead: None };
            let built = self.plan(input, (!keys.is_empty()).then_some(&want));
            let rows = (built.op.est_rows - skipped).max(0.0).min(count).max(1e-3);
            if follows(&built.order, &keys) {
                let cost = built.cost;
                let order = built.order;
                let kind = OpKind::Limit { input: Box::new(built.op), limit, offset, early_stop };
                let mut out = Built::new(op(kind, rows, None), cost);
                out.order = order;
                return out;
            }
            let n = built.op.est_rows;
            let cost = built.cost + n * (count + skipped).min(n).max(2.0).log2() * COMPARE;
            let kind = OpKind::Sort {
                input: Box::new(built.op),
                partition,
                keys: keys.clone(),
                limit,
                offset,
                payload: Vec::new(),
            };
            let mut out = Built::new(op(kind, rows, None), cost);
            out.order = keys;
            return out;
        }
        let built = self.plan(input, None);
        let n = built.op.est_rows;
        let parts = partition
            .iter()
            .map(|e| self.est.distinct(e).unwrap_or((n / 10.0).max(1.0)))
            .fold(1.0, |a: f64, b| a * b)
            .min(n);
        let rows = (parts * count).min(n);
        let cost = built.cost + sort_cost(n);
        let kind = OpKind::Sort { input: Box::new(built.op), partition, keys, limit, offset, payload: Vec::new() };
        Built::new(op(kind, rows, None), cost)
    }

    /// The rows of a tree in an order.
    pub fn sorted(&mut self, node: Node, keys: &[SortKey], limit: Option<f64>) -> Built {
        let deps = self.dependencies(&node);
        let keys = deps.reduce(keys, VarSet::new(), self.ctx.program);
        if keys.is_empty() {
            return self.plan(node, None);
        }
        let want = Want { keys: keys.clone(), limit, instead: None };
        let built = self.plan(node, Some(&want));
        if follows(&built.order, &keys) {
            return built;
        }
        let rows = built.op.est_rows;
        let cost = built.cost + sort_cost(rows);
        let kind = OpKind::Sort {
            input: Box::new(built.op),
            partition: Vec::new(),
            keys: keys.clone(),
            limit: None,
            offset: None,
            payload: Vec::new(),
        };
        let mut out = Built::new(op(kind, rows, None), cost);
        out.order = keys;
        out
    }

    /// Whether nothing in a tree can fail.
    pub(crate) fn total(&self, node: &Node) -> bool {
        let safe = Safe::new(self.ctx.program);
        !crate::rewrite::folds_fail(node)
            && safe.all(&node.exprs()) < Safety::Failing
            && node.children().into_iter().all(|c| self.total(c))
    }
}

/// Whether rows in one order are in another one too.
fn follows(have: &[SortKey], want: &[SortKey]) -> bool {
    have.len() >= want.len() && have.iter().zip(want).all(|(a, b)| a == b)
}

fn fold(left: Built, right: Built, aggregates: Vec<(VarId, Aggregate)>) -> Built {
    let rows = left.op.est_rows;
    let cost = left.cost + rows * right.cost;
    let order = left.order;
    let kind = OpKind::Fold { left: Box::new(left.op), right: Box::new(right.op), aggregates };
    let mut out = Built::new(op(kind, rows, None), cost);
    out.order = order;
    out
}

fn joined_rows(kind: &Kind, left: f64, matched: f64) -> f64 {
    match kind {
        Kind::Inner => matched,
        Kind::Left(_) => matched.max(left),
        Kind::Semi => (left * 0.5).min(matched).max(1e-3),
        Kind::Anti => left * 0.5,
        Kind::Mark(_) => left,
    }
}

/// Rows are compared as references.
fn plain(e: &Expr) -> Expr {
    match e.ty {
        Type::Row(_) => ref_of(e.clone()),
        _ => e.clone(),
    }
}

/// A scan with predicates on it alone.
fn plain_scan(node: &Node) -> Option<(RelationId, VarId, SiteId, Vec<Expr>)> {
    match node {
        Node::Scan { relation, var, site } => Some((*relation, *var, *site, Vec::new())),
        Node::Filter { input, predicates } => {
            let (relation, var, site, mut local) = plain_scan(input)?;
            local.extend(predicates.iter().cloned());
            Some((relation, var, site, local))
        }
        _ => None,
    }
}
