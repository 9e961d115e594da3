//! Blocks of inner joins: which inputs they have, and which conjuncts link them.
//!
//! A block is a set of *leaves* (scans, collections, results of other operators) and of total conjuncts over
//! them. Leaves are put in an order that does not depend on how the text arranges its clauses; `joins` says in which
//! order they are joined.

use tenon_core::ir::{Expr, ExprKind, Prim, RelationId, SiteId, Type, VarId};

use crate::expr::{Expansion, VarSet, free, is_path, ref_of, simplify};
use crate::joins::ELEMENTS;
use crate::logical::Node;
use crate::physical::Kind;
use crate::planner::{Built, Planner, Want};

/// More leaves than this in one block are refused.
pub const MAX_LEAVES: usize = 120;

/// One input of a block.
pub struct Leaf {
    /// What it is.
    pub kind: LeafKind,
    /// The variables that it binds.
    pub bound: VarSet,
    /// Conjuncts over this leaf alone.
    pub local: Vec<Expr>,
    /// Rows it yields, its own conjuncts applied.
    pub rows: f64,
    /// Leaves that must be joined before it.
    pub needs: u128,
}

/// The kinds of leaves.
pub enum LeafKind {
    /// A scan. `site` is that of its clause, if it has one.
    Scan { relation: RelationId, var: VarId, site: Option<SiteId> },
    /// The elements of a collection.
    Unnest { source: Expr, var: VarId, index: VarId },
    /// Another operator, planned.
    Derived(Built),
}

/// A block.
#[derive(Default)]
pub struct Block {
    /// Its inputs.
    pub leaves: Vec<Leaf>,
    /// Conjuncts over several inputs, with the leaves they use.
    pub conjuncts: Vec<(Expr, u128)>,
    /// Conjuncts over no input.
    pub constant: Vec<Expr>,
    /// Variables computed from the result.
    pub defs: Vec<(VarId, Expr)>,
    /// Conjuncts that are tested when these are computed: they read definitions that are not put in their place.
    pub above: Vec<Expr>,
}

impl Planner<'_, '_> {
    /// Collects the block at the top of a tree.
    pub(crate) fn collect(&mut self, node: Node, block: &mut Block, conjuncts: &mut Vec<Expr>, want: Option<&Want>) {
        match node {
            Node::Unit => {}
            Node::Join { kind: Kind::Inner, left, right, on } if self.all_total(&on) => {
                self.collect(*left, block, conjuncts, None);
                self.collect(*right, block, conjuncts, None);
                conjuncts.extend(on);
            }
            Node::Filter { input, predicates } if self.all_total(&predicates) => {
                let share = predicates.iter().fold(1.0, |share, p| share * self.est.selectivity(p));
                let below = want.map(|want| Want { limit: want.limit.map(|n| n / share.max(1e-9)), ..want.clone() });
                self.collect(*input, block, conjuncts, below.as_ref());
                conjuncts.extend(predicates);
            }
            Node::Map { input, defs } if self.all_total(defs.iter().map(|(_, e)| e)) => {
                self.collect(*input, block, conjuncts, want);
                block.defs.extend(defs);
            }
            Node::Scan { relation, var, site } => {
                let rows = self.est.rows(relation);
                block.leaves.push(Leaf {
                    kind: LeafKind::Scan { relation, var, site: Some(site) },
                    bound: VarSet::from([var]),
                    local: Vec::new(),
                    rows,
                    needs: 0,
                });
            }
            Node::Unnest { input, source, var, index }
                if self.all_total([&source]) && stands_alone(&input, &source) =>
            {
                self.collect(*input, block, conjuncts, None);
                block.leaves.push(Leaf {
                    kind: LeafKind::Unnest { source, var, index },
                    bound: VarSet::from([var, index]),
                    local: Vec::new(),
                    rows: ELEMENTS,
                    needs: 0,
                });
            }
            other => {
                let bound = other.bound();
                // An order of what is computed above is no order of this.
                let own = want.filter(|w| w.keys.iter().all(|key| free(&key.expr).is_subset(&bound)));
                let built = self.operator(other, own);
                let rows = built.op.est_rows;
                block.leaves.push(Leaf { kind: LeafKind::Derived(built), bound, local: Vec::new(), rows, needs: 0 });
            }
        }
    }

    /// Puts definitions in their place, makes leaves of followed references that conjuncts test, and shares conjuncts out.
    pub(crate) fn arrange(&mut self, block: &mut Block, conjuncts: Vec<Expr>) {
        let expansion = Expansion::new(&block.defs, |_| true);
        let safe = crate::expr::Safe::new(self.ctx.program);
        let mut placed = Vec::new();
        for p in conjuncts {
            match expansion.expanded(&p) {
                Some(mut p) => {
                    simplify(&mut p, &safe);
                    placed.push(p);
                }
                None => block.above.push(p),
            }
        }
        let mut conjuncts = placed;
        for leaf in &mut block.leaves {
            if let LeafKind::Unnest { source, .. } = &mut leaf.kind
                && let Some(expanded) = expansion.expanded(source)
            {
                *source = expanded;
            }
        }
        let bound: VarSet = block.leaves.iter().flat_map(|l| l.bound.iter().copied()).collect();
        let mut followed: Vec<(Expr, VarId)> = Vec::new();
        let mut i = 0;
        while i < conjuncts.len() {
            // Conjuncts that follow references themselves come behind and are looked at in turn.
            let mut p = conjuncts[i].clone();
            self.extract_follows(&mut p, &bound, &mut followed, block, &mut conjuncts);
            conjuncts[i] = p;
            i += 1;
        }
        conjuncts.iter_mut().for_each(|p| self.turn(p));
        self.canonical_order(block, &conjuncts);
        let mask_of = |set: &VarSet, leaves: &[Leaf]| {
            leaves.iter().enumerate().fold(0u128, |m, (i, l)| if l.bound.is_disjoint(set) { m } else { m | (1 << i) })
        };
        for i in 0..block.leaves.len() {
            if let LeafKind::Unnest { source, .. } = &block.leaves[i].kind {
                block.leaves[i].needs = mask_of(&free(source), &block.leaves);
            }
        }
        for p in conjuncts {
            let mask = mask_of(&free(&p), &block.leaves);
            match mask.count_ones() {
                0 => block.constant.push(p),
                1 => {
                    let leaf = &mut block.leaves[mask.trailing_zeros() as usize];
                    if !leaf.local.contains(&p) {
                        leaf.rows *= self.est.selectivity(&p);
                        leaf.local.push(p);
                    }
                }
                _ => {
                    if !block.conjuncts.iter().any(|(q, _)| *q == p) {
                        block.conjuncts.push((p, mask));
                    }
                }
            }
        }
        // All of them are total, so their order is free: the most selective first.
        let ctx = &*self.ctx;
        let rank = |p: &Expr| (self.est.selectivity(p), crate::show::anonymous(p, ctx));
        for leaf in &mut block.leaves {
            leaf.rows = leaf.rows.max(1e-3);
            leaf.local.sort_by_cached_key(|p| {
                let (share, text) = rank(p);
                ((share * 1e9) as u64, text)
            });
        }
        block.conjuncts.sort_by_cached_key(|(p, mask)| (crate::show::anonymous(p, ctx), *mask));
    }

    /// Turns equalities so that it does not matter from which side they are written.
    fn turn(&self, p: &mut Expr) {
        if let ExprKind::Prim(Prim::Eq, args, _) = &mut p.kind
            && let [a, b] = args.as_mut_slice()
        {
            let rank = |e: &Expr| {
                let text = crate::show::anonymous(e, self.ctx);
                (free(e).is_empty(), !matches!(e.kind, ExprKind::Field(..)), std::cmp::Reverse(text))
            };
            if rank(a) > rank(b) {
                std::mem::swap(a, b);
            }
        }
    }

    /// Makes a leaf of each row that a conjunct reaches through a reference, so that the join may begin there.
    fn extract_follows(
        &mut self,
        expr: &mut Expr,
        bound: &VarSet,
        followed: &mut Vec<(Expr, VarId)>,
        block: &mut Block,
        conjuncts: &mut Vec<Expr>,
    ) {
        if let ExprKind::Follow(reference) = &mut expr.kind
            && is_path(reference)
            && let Type::Ref(relation) = reference.ty
        {
            self.extract_follows(reference, bound, followed, block, conjuncts);
            if block.leaves.len() >= MAX_LEAVES {
                return;
            }
            let var = match followed.iter().find(|(r, _)| r == &**reference) {
                Some((_, var)) => *var,
                None => {
                    if free(reference).iter().all(|v| !bound.contains(v) && !followed.iter().any(|(_, w)| v == w)) {
                        return;
                    }
                    let var = self.ctx.fresh("row", Type::Row(relation));
                    followed.push(((**reference).clone(), var));
                    block.leaves.push(Leaf {
                        kind: LeafKind::Scan { relation, var, site: None },
                        bound: VarSet::from([var]),
                        local: Vec::new(),
                        rows: self.est.rows(relation),
                        needs: 0,
                    });
                    let row = ref_of(self.ctx.var(var));
                    let args = vec![(**reference).clone(), row];
                    conjuncts.push(Expr::new(ExprKind::Prim(Prim::Eq, args, self.site), Type::Bool));
                    var
                }
            };
            *expr = self.ctx.var(var);
            return;
        }
        expr.children_mut(&mut |child| self.extract_follows(child, bound, followed, block, conjuncts));
    }

    /// Sorts leaves by what they are, not by where they stand in the text.
    fn canonical_order(&self, block: &mut Block, conjuncts: &[Expr]) {
        let describe = |leaf: &Leaf| {
            let kind = match &leaf.kind {
                LeafKind::Scan { relation, .. } => (0, relation.0),
                LeafKind::Derived(_) => (1, 0),
                LeafKind::Unnest { .. } => (2, 0),
            };
            let mut tests: Vec<String> = conjuncts
                .iter()
                .filter(|p| !free(p).is_disjoint(&leaf.bound))
                .map(|p| crate::show::anonymous(p, self.ctx))
                .collect();
            tests.sort();
            (kind, tests)
        };
        let mut leaves: Vec<_> = std::mem::take(&mut block.leaves).into_iter().map(|l| (describe(&l), l)).collect();
        leaves.sort_by(|(a, _), (b, _)| a.cmp(b));
        block.leaves = leaves.into_iter().map(|(_, l)| l).collect();
    }
}

/// Whether a collection over an input can be read without the definitions of the block that it would stand in.
fn stands_alone(input: &Node, source: &Expr) -> bool {
    fn defs_of<'n>(node: &'n Node, out: &mut Vec<&'n (VarId, Expr)>) {
        match node {
            Node::Filter { input, .. } | Node::Unnest { input, .. } => defs_of(input, out),
            Node::Map { input, defs } => {
                defs_of(input, out);
                out.extend(defs);
            }
            Node::Join { kind: Kind::Inner, left, right, .. } => {
                defs_of(left, out);
                defs_of(right, out);
            }
            _ => {}
        }
    }
    let mut defs = Vec::new();
    defs_of(input, &mut defs);
    let used = free(source);
    !defs.iter().any(|(v, _)| used.contains(v)) || Expansion::new(defs, |_| true).expanded(source).is_some()
}
