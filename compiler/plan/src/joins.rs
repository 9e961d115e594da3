//! The order of joins in a block and the way to each relation, by cost.
//!
//! Up to [`DP_LEAVES`] leaves are ordered by dynamic programming over all subsets, more of them greedily.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use tenon_core::ir::{Expr, FieldId, SiteId, SortKey, Type, VarId};

use crate::access::{Found, Way};
use crate::block::{Block, Leaf, LeafKind};
use crate::expr::{Expansion, VarSet, collect_free, equality, free, ref_of};
use crate::physical::{Kind, Op, OpKind};
use crate::planner::{Built, Planner, Want, op};

/// Up to so many leaves all join orders are considered.
pub const DP_LEAVES: usize = 10;

/// How two sets of leaves are joined.
#[derive(Clone)]
enum Step {
    /// A leaf by itself.
    Leaf(usize, Way),
    /// A leaf found from the rows of the left set.
    Lookup(u128, usize, Way),
    /// A collection of the rows of the left set.
    Unnest(u128, usize),
    /// Probe with the left set, build from the right one.
    Hash(u128, u128),
    /// All pairs.
    Loop(u128, u128),
}

#[derive(Clone)]
struct Best {
    cost: f64,
    step: Step,
}

/// Two sets that may be joined next.
struct Pair {
    left: u128,
    right: u128,
    /// Whether a conjunct or a collection links them.
    linked: bool,
    /// How they are joined, and what that adds to the whole, once it was asked for; `None` in it: they cannot be.
    step: Option<Option<(Best, f64)>>,
}

/// The cost of visiting a row of a scan, in nanoseconds like all that follow.
pub const SCAN_ROW: f64 = 1.0;
/// Evaluating a predicate.
pub const PREDICATE: f64 = 1.0;
/// Entering a row in a hash table.
pub const BUILD_ROW: f64 = 30.0;
/// Looking a row up in a hash table.
pub const PROBE_ROW: f64 = 15.0;
/// Looking up in an index.
pub const INDEX_PROBE: f64 = 60.0;
/// A row that an index leads to.
pub const INDEX_ROW: f64 = 30.0;
/// A row that a range of an ordered index leads to: the rows of a range lie anywhere, and each is looked at for whether
/// it can be seen. From the time of TPC-H Q6 at scale 0.1 through such an index, divided by its rows.
pub const RANGE_ROW: f64 = 60.0;
/// Following a reference.
pub const FOLLOW: f64 = 10.0;
/// Handing a joined row on.
pub const JOINED_ROW: f64 = 2.0;
/// A pair of rows in a nested loop.
pub const PAIR: f64 = 3.0;
/// Comparing two rows while sorting.
pub const COMPARE: f64 = 6.0;
/// Elements that a collection is assumed to have.
pub const ELEMENTS: f64 = 5.0;

/// The cost of sorting so many rows.
pub fn sort_cost(rows: f64) -> f64 {
    rows * rows.max(2.0).log2() * COMPARE
}

impl Planner<'_, '_> {
    /// Plans a block.
    pub(crate) fn block(&mut self, mut block: Block, want: Option<&Want>) -> Built {
        if block.leaves.is_empty() {
            let unit = Built::new(op(OpKind::Unit, 1.0, None), 0.0);
            return self.finished(unit, &mut block);
        }
        let all = if block.leaves.len() == 128 { u128::MAX } else { (1u128 << block.leaves.len()) - 1 };
        let best = if block.leaves.len() <= DP_LEAVES {
            // Pairs without a common conjunct are joined only where nothing else leads to the whole.
            let best = self.dynamic(&block, all, false);
            if best.contains_key(&all) { best } else { self.dynamic(&block, all, true) }
        } else {
            self.greedy(&block, all)
        };
        let rows = self.rows(&block, all);
        let total = best[&all].cost;
        let mut built = None;
        if let Some(above) = want
            && let Some(want) = below(above, &block.defs)
            && let Some((steps, cost)) = self.ordered(&block, all, &want)
        {
            // An order that comes by itself saves the sort; with a limit, most rows are never made.
            let share = want.limit.map_or(1.0, |n| (n / rows.max(1.0)).min(1.0));
            let instead = want.instead.unwrap_or_else(|| sort_cost(rows));
            if cost.fixed + cost.running * share <= total + instead {
                let mut out = self.build(&mut block, &steps, all);
                out.order = above.keys.clone();
                built = Some(out);
            }
        }
        let built = match built {
            Some(built) => built,
            None => self.build(&mut block, &best, all),
        };
        self.finished(built, &mut block)
    }

    /// The joined rows of a block with what is tested and computed of them.
    fn finished(&self, built: Built, block: &mut Block) -> Built {
        let take = |exprs: &mut Vec<Expr>| std::mem::take(exprs);
        let (constant, above) = (take(&mut block.constant), take(&mut block.above));
        let defs = std::mem::take(&mut block.defs);
        built.filter(constant, &self.est).map(defs).filter(above, &self.est)
    }

    /// The number of rows of a join of leaves, whatever its order.
    fn rows(&self, block: &Block, mask: u128) -> f64 {
        let mut rows: f64 = 1.0;
        for (i, leaf) in block.leaves.iter().enumerate() {
            if mask & (1 << i) != 0 {
                rows *= leaf.rows;
            }
        }
        for (p, used) in &block.conjuncts {
            if used & !mask == 0 {
                rows *= self.est.selectivity(p);
            }
        }
        rows.max(1e-3)
    }

    fn leaf_best(&mut self, block: &Block, i: usize) -> Best {
        let leaf = &block.leaves[i];
        let (cost, way) = match &leaf.kind {
            LeafKind::Scan { relation, .. } => {
                let tests = leaf.local.len() as f64;
                let scan = self.est.rows(*relation) * (SCAN_ROW + PREDICATE * tests.min(2.0));
                let found = self.ways(block, i, 0);
                let mut best = (scan, Way::Scan);
                for found in found {
                    let cost = found.cost(leaf.local.len());
                    if cost < best.0 {
                        best = (cost, found.way);
                    }
                }
                best
            }
            LeafKind::Unnest { .. } => (ELEMENTS * JOINED_ROW, Way::Scan),
            LeafKind::Derived(built) => {
                (built.cost + built.op.est_rows * PREDICATE * leaf.local.len() as f64, Way::Scan)
            }
        };
        Best { cost, step: Step::Leaf(i, way) }
    }

    /// The cheapest way to join two planned sets, the left one streaming.
    fn join_step(
        &mut self,
        block: &Block,
        left: u128,
        left_cost: f64,
        right: u128,
        right_best: Option<&Best>,
    ) -> Option<Best> {
        let left_rows = self.rows(block, left);
        let out = self.rows(block, left | right);
        let mut best: Option<Best> = None;
        let mut offer = |cost: f64, step: Step| {
            if best.as_ref().is_none_or(|b| cost < b.cost) {
                best = Some(Best { cost, step });
            }
        };
        if right.count_ones() == 1 {
            let i = right.trailing_zeros() as usize;
            let leaf = &block.leaves[i];
            match &leaf.kind {
                LeafKind::Unnest { .. } if leaf.needs != 0 => {
                    if leaf.needs & !left != 0 {
                        return None;
                    }
                    offer(left_cost + left_rows * ELEMENTS * JOINED_ROW, Step::Unnest(left, i));
                    return best;
                }
                LeafKind::Scan { .. } => {
                    for found in self.ways(block, i, left) {
                        let cost = left_cost + left_rows * found.cost(leaf.local.len()) + out * JOINED_ROW;
                        offer(cost, Step::Lookup(left, i, found.way));
                    }
                }
                _ => {}
            }
        }
        let right_best = right_best?;
        let right_rows = self.rows(block, right);
        let base = left_cost + right_best.cost + out * JOINED_ROW;
        if block.conjuncts.iter().any(|(p, m)| key_sides(block, p, *m, left, right).is_some()) {
            offer(base + right_rows * BUILD_ROW + left_rows * PROBE_ROW, Step::Hash(left, right));
        } else {
            offer(base + right_rows * JOINED_ROW + left_rows * right_rows * PAIR, Step::Loop(left, right));
        }
        best
    }

    fn dynamic(&mut self, block: &Block, all: u128, pairs: bool) -> BTreeMap<u128, Best> {
        let mut best: BTreeMap<u128, Best> = BTreeMap::new();
        for i in 0..block.leaves.len() {
            if block.leaves[i].needs == 0 {
                best.insert(1 << i, self.leaf_best(block, i));
            }
        }
        for mask in 1..=all {
            if mask.count_ones() < 2 {
                continue;
            }
            let mut found: Option<Best> = None;
            for connected in [true, false] {
                if !connected && !pairs {
                    break;
                }
                let mut left = (mask - 1) & mask;
                while left > 0 {
                    let right = mask & !left;
                    if linked(block, left, right) == connected
                        && let Some(cost) = best.get(&left).map(|b| b.cost)
                    {
                        let right_best = best.get(&right).cloned();
                        if let Some(step) = self.join_step(block, left, cost, right, right_best.as_ref())
                            && found.as_ref().is_none_or(|f| step.cost < f.cost)
                        {
                            found = Some(step);
                        }
                    }
                    left = (left - 1) & mask;
                }
                if found.is_some() {
                    break;
                }
            }
            if let Some(found) = found {
                best.insert(mask, found);
            }
        }
        best
    }

    /// Joins, again and again, the two sets whose join is cheapest.
    fn greedy(&mut self, block: &Block, all: u128) -> BTreeMap<u128, Best> {
        let mut best: BTreeMap<u128, Best> = BTreeMap::new();
        let mut sets: Vec<u128> = (0..block.leaves.len()).map(|i| 1 << i).collect();
        for i in 0..block.leaves.len() {
            if block.leaves[i].needs == 0 {
                best.insert(1 << i, self.leaf_best(block, i));
            }
        }
        // How two sets are joined does not change while both are there; it is asked once, and only if nothing is linked
        // of those that are not.
        let mut pairs: Vec<Pair> = Vec::new();
        let pair = |left: u128, right: u128| Pair { left, right, linked: linked(block, left, right), step: None };
        for &left in &sets {
            pairs.extend(sets.iter().filter(|right| **right != left).map(|right| pair(left, *right)));
        }
        while sets.len() > 1 {
            let mut found: Option<(f64, u128, u128)> = None;
            for connected in [true, false] {
                for p in pairs.iter_mut().filter(|p| p.linked == connected) {
                    let step = p.step.get_or_insert_with(|| self.weighed_step(block, &best, p.left, p.right));
                    if let Some((_, weight)) = step
                        && found.is_none_or(|(w, l, r)| {
                            weight.total_cmp(&w).then((p.left, p.right).cmp(&(l, r))) == Ordering::Less
                        })
                    {
                        found = Some((*weight, p.left, p.right));
                    }
                }
                if found.is_some() {
                    break;
                }
            }
            let Some((_, left, right)) = found else { break };
            let Some(at) = pairs.iter().position(|p| p.left == left && p.right == right) else { break };
            let Some(Some((step, _))) = pairs.swap_remove(at).step else { break };
            let joined = left | right;
            best.insert(joined, step);
            sets.retain(|s| s & joined == 0);
            pairs.retain(|p| (p.left | p.right) & joined == 0);
            pairs.extend(sets.iter().flat_map(|other| [pair(joined, *other), pair(*other, joined)]));
            sets.push(joined);
        }
        debug_assert!(best.contains_key(&all), "collections need only leaves of their own block");
        best
    }

    /// The cheapest way to join two sets, and what it adds to the whole: its own cost and the rows that it makes.
    fn weighed_step(
        &mut self,
        block: &Block,
        best: &BTreeMap<u128, Best>,
        left: u128,
        right: u128,
    ) -> Option<(Best, f64)> {
        let cost = best.get(&left)?.cost;
        let right_best = best.get(&right);
        let step = self.join_step(block, left, cost, right, right_best)?;
        let own = step.cost - cost - right_best.map_or(0.0, |r| r.cost);
        let weight = own + self.rows(block, left | right);
        Some((step, weight))
    }

    /// A left-deep plan that begins with an ordered index which yields the wanted order.
    fn ordered(&mut self, block: &Block, all: u128, want: &Want) -> Option<(BTreeMap<u128, Best>, OrderedCost)> {
        let first = (0..block.leaves.len()).find(|i| {
            matches!(block.leaves[*i].kind, LeafKind::Scan { .. })
                && want.keys.iter().all(|k| {
                    let used = free(&k.expr);
                    !used.is_empty() && used.is_subset(&block.leaves[*i].bound)
                })
        })?;
        let leaf = &block.leaves[first];
        let Found { way, rows, probe, row } = self.ordered_way(block, first, &want.keys, want.limit.is_some())?;
        let mut running = rows * (row + PREDICATE * leaf.local.len() as f64);
        let mut fixed = probe;
        let mut steps: BTreeMap<u128, Best> = BTreeMap::new();
        let mut mask: u128 = 1 << first;
        steps.insert(mask, Best { cost: 0.0, step: Step::Leaf(first, way) });
        while mask != all {
            let mut found: Option<(u128, Best, f64)> = None;
            for i in 0..block.leaves.len() {
                let right = 1u128 << i;
                if mask & right != 0 {
                    continue;
                }
                let single = (block.leaves[i].needs == 0).then(|| self.leaf_best(block, i));
                let Some(step) = self.join_step(block, mask, 0.0, right, single.as_ref()) else { continue };
                let own = match &step.step {
                    Step::Hash(..) | Step::Loop(..) => {
                        single.as_ref().map_or(0.0, |b| b.cost) + block.leaves[i].rows * BUILD_ROW
                    }
                    _ => 0.0,
                };
                let penalty = if linked(block, mask, right) { 0.0 } else { 1e12 };
                if found.as_ref().is_none_or(|(_, b, _)| step.cost + penalty < b.cost) {
                    found = Some((right, Best { cost: step.cost + penalty, step: step.step }, own));
                }
                if let Some(single) = single {
                    steps.insert(right, single);
                }
            }
            let (right, step, own) = found?;
            fixed += own;
            running += (step.cost - own).max(0.0);
            mask |= right;
            steps.insert(mask, step);
        }
        Some((steps, OrderedCost { fixed, running }))
    }

    /// Makes operators of the steps of a set.
    fn build(&mut self, block: &mut Block, steps: &BTreeMap<u128, Best>, mask: u128) -> Built {
        let Some(Best { cost, step }) = steps.get(&mask).cloned() else {
            unreachable!("every subset that a step names has been planned")
        };
        let rows = self.rows(block, mask);
        let mut built = match step {
            Step::Leaf(i, way) => self.build_leaf(block, i, way),
            Step::Lookup(left, i, way) => {
                let input = self.build(block, steps, left);
                let order = input.order.clone();
                let mut out = self.lookup(block, i, way, left, input, rows);
                out.order = order;
                return out.costing(cost);
            }
            Step::Unnest(left, i) => {
                let input = self.build(block, steps, left);
                let order = input.order.clone();
                let mut out = self.build_unnest(block, i, input);
                out.order = order;
                // Conjuncts over the elements and what is to the left of them.
                let predicates = self.joining(block, left, 1 << i);
                out.filter(predicates, &self.est)
            }
            Step::Hash(left, right) => {
                let probe = self.build(block, steps, left);
                let build = self.build(block, steps, right);
                let mut keys = Vec::new();
                let mut residual = Vec::new();
                for (p, m) in &block.conjuncts {
                    if m & !(left | right) != 0 || m & left == 0 || m & right == 0 {
                        continue;
                    }
                    match key_sides(block, p, *m, left, right) {
                        Some((a, b)) => keys.push((a, b)),
                        None => residual.push(p.clone()),
                    }
                }
                let unique = right.count_ones() == 1
                    && self.is_key(&block.leaves[right.trailing_zeros() as usize], keys.iter().map(|(_, b)| b));
                let order = probe.order.clone();
                let kind = OpKind::HashJoin {
                    probe: Box::new(probe.op),
                    build: Box::new(build.op),
                    kind: Kind::Inner,
                    keys,
                    residual,
                    payload: Vec::new(),
                    unique,
                };
                let mut out = Built::new(op(kind, rows, None), cost);
                out.order = order;
                out
            }
            Step::Loop(left, right) => {
                let outer = self.build(block, steps, left);
                let inner = self.build(block, steps, right);
                let predicates = self.joining(block, left, right);
                let order = outer.order.clone();
                let kind = OpKind::NestedLoop {
                    outer: Box::new(outer.op),
                    inner: Box::new(inner.op),
                    kind: Kind::Inner,
                    predicates,
                    payload: Vec::new(),
                };
                let mut out = Built::new(op(kind, rows, None), cost);
                out.order = order;
                out
            }
        };
        built.op.est_rows = rows;
        built.costing(cost)
    }

    /// The conjuncts that become decidable when two sets are joined.
    fn joining(&self, block: &Block, left: u128, right: u128) -> Vec<Expr> {
        block
            .conjuncts
            .iter()
            .filter(|(_, m)| m & !(left | right) == 0 && m & left != 0 && m & right != 0)
            .map(|(p, _)| p.clone())
            .collect()
    }

    fn build_leaf(&mut self, block: &mut Block, i: usize, way: Way) -> Built {
        let rows = block.leaves[i].rows;
        match &mut block.leaves[i].kind {
            LeafKind::Scan { .. } if !matches!(way, Way::Scan) => {
                let unit = Built::new(op(OpKind::Unit, 1.0, None), 0.0);
                self.lookup(block, i, way, 0, unit, rows)
            }
            LeafKind::Scan { relation, var, .. } => {
                let kind = OpKind::Scan {
                    relation: *relation,
                    var: *var,
                    fields: Vec::new(),
                    predicates: block.leaves[i].local.clone(),
                };
                Built::new(op(kind, rows, site_of(&block.leaves[i])), 0.0)
            }
            LeafKind::Unnest { .. } => {
                let unit = Built::new(op(OpKind::Unit, 1.0, None), 0.0);
                self.build_unnest(block, i, unit)
            }
            LeafKind::Derived(built) => {
                let unit = Built::new(op(OpKind::Unit, 1.0, None), 0.0);
                let built = std::mem::replace(built, unit);
                let order = built.order.clone();
                let mut out = built.filter(block.leaves[i].local.clone(), &self.est);
                out.order = order;
                out
            }
        }
    }

    fn build_unnest(&mut self, block: &Block, i: usize, input: Built) -> Built {
        let leaf = &block.leaves[i];
        let LeafKind::Unnest { source, var, index } = &leaf.kind else { unreachable!("only collections are unnested") };
        let rows = input.op.est_rows * ELEMENTS;
        let kind = OpKind::Unnest { input: Box::new(input.op), source: source.clone(), var: *var, index: Some(*index) };
        Built::new(op(kind, rows, None), input.cost).filter(leaf.local.clone(), &self.est)
    }

    fn lookup(&mut self, block: &Block, i: usize, way: Way, left: u128, input: Built, rows: f64) -> Built {
        let leaf = &block.leaves[i];
        let LeafKind::Scan { relation, var, .. } = &leaf.kind else { unreachable!("only scans are looked up") };
        let Way::Access { access, covers } = way else { unreachable!("a scan is not a look-up") };
        let residual: Vec<Expr> = self
            .joining(block, left, 1 << i)
            .into_iter()
            .chain(leaf.local.iter().cloned())
            .filter(|p| !covers.contains(p))
            .collect();
        self.note_use(*relation, &access, &covers);
        let order = if left == 0 { self.index_order(*relation, *var, &access) } else { Vec::new() };
        let kind = OpKind::Lookup {
            input: Box::new(input.op),
            relation: *relation,
            var: *var,
            access,
            residual,
            kind: Kind::Inner,
            fields: Vec::new(),
        };
        let mut out = Built::new(op(kind, rows, site_of(leaf)), input.cost);
        out.order = order;
        out
    }

    /// Whether expressions over a leaf contain one of its keys.
    pub(crate) fn is_key<'e>(&self, leaf: &Leaf, exprs: impl Iterator<Item = &'e Expr>) -> bool {
        let LeafKind::Scan { relation, var, .. } = &leaf.kind else { return false };
        let mut fields: Vec<FieldId> = Vec::new();
        for e in exprs {
            if crate::expr::identity(e) == Some(*var) {
                return true;
            }
            if let Some((v, f)) = crate::expr::row_field(e)
                && v == *var
            {
                fields.push(f);
            }
        }
        let r = self.ctx.program.relation(*relation);
        let within = |of: &[FieldId]| of.iter().all(|f| fields.contains(f));
        within(&r.key) || r.uniques.iter().any(|u| !u.skip_none && within(&u.fields))
    }
}

/// What a wanted order means for rows that do not have these variables yet; `None` if it cannot be told of them.
fn below(want: &Want, defs: &[(VarId, Expr)]) -> Option<Want> {
    let expansion = Expansion::new(defs, |_| true);
    let mut want = want.clone();
    for key in &mut want.keys {
        key.expr = expansion.expanded(&key.expr)?;
    }
    Some(want)
}

struct OrderedCost {
    /// Paid before the first row.
    fixed: f64,
    /// Paid row by row.
    running: f64,
}

fn site_of(leaf: &Leaf) -> Option<SiteId> {
    match &leaf.kind {
        LeafKind::Scan { site, .. } => *site,
        _ => None,
    }
}

/// Whether a conjunct or a collection links two sets.
fn linked(block: &Block, left: u128, right: u128) -> bool {
    block.conjuncts.iter().any(|(_, m)| m & left != 0 && m & right != 0 && m & !(left | right) == 0)
        || block.leaves.iter().enumerate().any(|(i, l)| right == 1 << i && l.needs != 0 && l.needs & !left == 0)
}

/// The sides of an equality between two sets: `(over left, over right)`.
fn key_sides(block: &Block, p: &Expr, mask: u128, left: u128, right: u128) -> Option<(Expr, Expr)> {
    if mask & !(left | right) != 0 || mask & left == 0 || mask & right == 0 {
        return None;
    }
    let (a, b) = equality(p)?;
    let mask_of = |e: &Expr| {
        let mut set = VarSet::new();
        collect_free(e, &mut set);
        block.leaves.iter().enumerate().fold(
            0u128,
            |m, (i, l)| {
                if l.bound.is_disjoint(&set) { m } else { m | (1 << i) }
            },
        )
    };
    let (ma, mb) = (mask_of(a), mask_of(b));
    let plain = |e: &Expr| match e.ty {
        Type::Row(_) => ref_of(e.clone()),
        _ => e.clone(),
    };
    if ma != 0 && mb != 0 && ma & !left == 0 && mb & !right == 0 {
        Some((plain(a), plain(b)))
    } else if ma != 0 && mb != 0 && ma & !right == 0 && mb & !left == 0 {
        Some((plain(b), plain(a)))
    } else {
        None
    }
}

/// Whether an operator yields its rows by index look-ups and collections alone, from a unit.
pub fn is_chain(op: &Op) -> bool {
    match &op.kind {
        OpKind::Unit => true,
        OpKind::Lookup { input, .. }
        | OpKind::Filter { input, .. }
        | OpKind::Map { input, .. }
        | OpKind::Unnest { input, .. } => is_chain(input),
        OpKind::Fold { left, right, .. } => is_chain(left) && is_chain(right),
        _ => false,
    }
}

/// The sort keys as pairs of field and direction, if they are all fields of one row variable.
pub fn order_fields(keys: &[SortKey], var: VarId, key: &[FieldId]) -> Option<Vec<(FieldId, bool)>> {
    let mut out: Vec<(FieldId, bool)> = Vec::new();
    for k in keys {
        if crate::expr::identity(&k.expr) == Some(var) {
            out.extend(key.iter().map(|f| (*f, k.descending)));
            continue;
        }
        match crate::expr::row_field(&k.expr) {
            Some((v, f)) if v == var => out.push((f, k.descending)),
            _ => return None,
        }
    }
    Some(out)
}
