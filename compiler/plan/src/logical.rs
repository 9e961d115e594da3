//! The logical algebra: Core's operators without order, with the joins that decorrelation needs.
//!
//! Operators yield multisets. Where the text gives rows an order, the consumer of the order carries it as
//! sort keys (see [`crate::build`]), so that everything in between may be rearranged.

use std::collections::BTreeMap;

use tenon_core::ir::{Expr, Lift, Program, RelationId, SiteId, SortKey, Type, VarId, VarInfo};

use crate::expr::{VarSet, collect_free, free_all, substitute};
use crate::physical::{Aggregate, Kind, TempId, WindowValue};

/// An operator.
#[derive(Clone, PartialEq, Debug)]
pub enum Node {
    /// One row.
    Unit,
    /// The rows of a relation.
    Scan { relation: RelationId, var: VarId, site: SiteId },
    /// The rows of an intermediate result: `(its column, the variable here)`.
    Temp { temp: TempId, columns: Vec<(VarId, VarId)> },
    /// For each input row the elements of a collection.
    Unnest { input: Box<Node>, source: Expr, var: VarId, index: VarId },
    /// Conjuncts, in the order of evaluation.
    Filter { input: Box<Node>, predicates: Vec<Expr> },
    /// Computed variables, each seeing those before it.
    Map { input: Box<Node>, defs: Vec<(VarId, Expr)> },
    /// A join; neither side sees the other.
    Join { kind: Kind, left: Box<Node>, right: Box<Node>, on: Vec<Expr> },
    /// A dependent join: the right side sees the left side's variables. None is left after `unnest`.
    Apply { kind: ApplyKind, left: Box<Node>, right: Box<Node> },
    /// Groups.
    Group { input: Box<Node>, keys: Vec<(VarId, Expr)>, aggregates: Vec<(VarId, Aggregate)>, all: bool },
    /// The left rows with folds over the right rows of equal key.
    GroupJoin { left: Box<Node>, right: Box<Node>, keys: Vec<(Expr, Expr)>, aggregates: Vec<(VarId, Aggregate)> },
    /// The left rows with folds over rows that are found from each: the right side is a chain of filters, maps
    /// and unnests over a unit, and sees the left side's variables.
    Fold { left: Box<Node>, right: Box<Node>, aggregates: Vec<(VarId, Aggregate)> },
    /// Window values over one partitioning and order.
    Window {
        input: Box<Node>,
        partition: Vec<Expr>,
        order: Vec<SortKey>,
        peers: usize,
        windows: Vec<(VarId, WindowValue)>,
    },
    /// The first rows in an order, per partition.
    Top { input: Box<Node>, partition: Vec<Expr>, keys: Vec<SortKey>, limit: Option<Expr>, offset: Option<Expr> },
    /// All rows of the inputs under common variables.
    Concat { inputs: Vec<(Node, Vec<VarId>)>, vars: Vec<VarId> },
}

/// What the right rows of a dependent join do to the left row.
#[derive(Clone, PartialEq, Debug)]
pub enum ApplyKind {
    /// As a join does.
    Join(Kind),
    /// The left row once, with folds.
    Fold(Vec<(VarId, Aggregate)>),
}

/// What planning of one query needs to remember.
pub struct Context<'p> {
    /// The program.
    pub program: &'p Program,
    /// All variables so far.
    pub vars: Vec<VarInfo>,
    /// Intermediate results: columns and operators.
    pub temps: Vec<(Vec<VarId>, Node)>,
}

impl Context<'_> {
    /// A new variable.
    pub fn fresh(&mut self, name: impl Into<smol_str::SmolStr>, ty: Type) -> VarId {
        self.vars.push(VarInfo { name: name.into(), ty });
        VarId((self.vars.len() - 1) as u32)
    }

    /// A new variable that looks like another.
    pub fn fresh_like(&mut self, var: VarId) -> VarId {
        let info = self.vars[var.index()].clone();
        self.fresh(info.name, info.ty)
    }

    /// The type of a variable.
    pub fn ty(&self, var: VarId) -> &Type {
        &self.vars[var.index()].ty
    }

    /// A variable as an expression.
    pub fn var(&self, var: VarId) -> Expr {
        Expr::var(var, self.ty(var).clone())
    }
}

/// The expressions of an aggregate.
pub fn aggregate_exprs(a: &Aggregate) -> impl Iterator<Item = &Expr> {
    a.argument
        .iter()
        .chain(a.grain.iter().flatten())
        .chain(&a.filter)
        .chain(a.order.iter().map(|k| &k.expr))
        .chain(&a.limit)
        .chain(&a.offset)
}

/// Calls `f` on the expressions of an aggregate.
pub fn aggregate_exprs_mut(a: &mut Aggregate, f: &mut dyn FnMut(&mut Expr)) {
    a.argument.iter_mut().for_each(&mut *f);
    a.grain.iter_mut().flatten().for_each(&mut *f);
    a.filter.iter_mut().for_each(&mut *f);
    a.order.iter_mut().for_each(|k| f(&mut k.expr));
    a.limit.iter_mut().for_each(&mut *f);
    a.offset.iter_mut().for_each(&mut *f);
}

fn window_exprs_mut(w: &mut WindowValue, f: &mut dyn FnMut(&mut Expr)) {
    use tenon_core::ir::{Bound, Frame};
    w.arguments.iter_mut().for_each(&mut *f);
    if let Frame::Rows(a, b) = &mut w.frame {
        for bound in [a, b] {
            if let Bound::Before(e) | Bound::After(e) = bound {
                f(e);
            }
        }
    }
}

impl Node {
    /// Boxes.
    pub fn boxed(self) -> Box<Node> {
        Box::new(self)
    }

    /// A filter, unless there is nothing to test.
    pub fn filter(self, predicates: Vec<Expr>) -> Node {
        if predicates.is_empty() { self } else { Node::Filter { input: self.boxed(), predicates } }
    }

    /// A map, unless there is nothing to compute.
    pub fn map(self, defs: Vec<(VarId, Expr)>) -> Node {
        if defs.is_empty() { self } else { Node::Map { input: self.boxed(), defs } }
    }

    /// An inner join.
    pub fn join(self, right: Node) -> Node {
        match (self, right) {
            (Node::Unit, other) | (other, Node::Unit) => other,
            (left, right) => Node::Join { kind: Kind::Inner, left: left.boxed(), right: right.boxed(), on: Vec::new() },
        }
    }

    /// The inputs.
    pub fn children(&self) -> Vec<&Node> {
        match self {
            Node::Unit | Node::Scan { .. } | Node::Temp { .. } => Vec::new(),
            Node::Unnest { input, .. }
            | Node::Filter { input, .. }
            | Node::Map { input, .. }
            | Node::Group { input, .. }
            | Node::Window { input, .. }
            | Node::Top { input, .. } => vec![input],
            Node::Join { left, right, .. }
            | Node::Apply { left, right, .. }
            | Node::GroupJoin { left, right, .. }
            | Node::Fold { left, right, .. } => vec![left, right],
            Node::Concat { inputs, .. } => inputs.iter().map(|(n, _)| n).collect(),
        }
    }

    /// The inputs, to be replaced.
    pub fn children_mut(&mut self) -> Vec<&mut Node> {
        match self {
            Node::Unit | Node::Scan { .. } | Node::Temp { .. } => Vec::new(),
            Node::Unnest { input, .. }
            | Node::Filter { input, .. }
            | Node::Map { input, .. }
            | Node::Group { input, .. }
            | Node::Window { input, .. }
            | Node::Top { input, .. } => vec![input],
            Node::Join { left, right, .. }
            | Node::Apply { left, right, .. }
            | Node::GroupJoin { left, right, .. }
            | Node::Fold { left, right, .. } => vec![left, right],
            Node::Concat { inputs, .. } => inputs.iter_mut().map(|(n, _)| n).collect(),
        }
    }

    /// Calls `f` on each expression of this operator (not of its inputs).
    pub fn exprs_mut(&mut self, f: &mut dyn FnMut(&mut Expr)) {
        match self {
            Node::Unit | Node::Scan { .. } | Node::Temp { .. } | Node::Concat { .. } => {}
            Node::Unnest { source, .. } => f(source),
            Node::Filter { predicates, .. } => predicates.iter_mut().for_each(f),
            Node::Map { defs, .. } => defs.iter_mut().for_each(|(_, e)| f(e)),
            Node::Join { on, .. } => on.iter_mut().for_each(f),
            Node::Apply { kind, .. } => {
                if let ApplyKind::Fold(aggregates) = kind {
                    aggregates.iter_mut().for_each(|(_, a)| aggregate_exprs_mut(a, f));
                }
            }
            Node::Group { keys, aggregates, .. } => {
                keys.iter_mut().for_each(|(_, e)| f(e));
                aggregates.iter_mut().for_each(|(_, a)| aggregate_exprs_mut(a, f));
            }
            Node::GroupJoin { keys, aggregates, .. } => {
                for (a, b) in keys {
                    f(a);
                    f(b);
                }
                aggregates.iter_mut().for_each(|(_, a)| aggregate_exprs_mut(a, f));
            }
            Node::Fold { aggregates, .. } => aggregates.iter_mut().for_each(|(_, a)| aggregate_exprs_mut(a, f)),
            Node::Window { partition, order, windows, .. } => {
                partition.iter_mut().for_each(&mut *f);
                order.iter_mut().for_each(|k| f(&mut k.expr));
                windows.iter_mut().for_each(|(_, w)| window_exprs_mut(w, f));
            }
            Node::Top { partition, keys, limit, offset, .. } => {
                partition.iter_mut().for_each(&mut *f);
                keys.iter_mut().for_each(|k| f(&mut k.expr));
                limit.iter_mut().for_each(&mut *f);
                offset.iter_mut().for_each(&mut *f);
            }
        }
    }

    /// Calls `f` on each expression of the whole tree.
    pub fn all_exprs_mut(&mut self, f: &mut dyn FnMut(&mut Expr)) {
        self.exprs_mut(f);
        for child in self.children_mut() {
            child.all_exprs_mut(f);
        }
    }

    /// The expressions of this operator.
    pub fn exprs(&self) -> Vec<Expr> {
        // Borrowing twice through one traversal is not worth a second copy of it: expressions are small.
        let mut shallow = self.clone_shallow();
        let mut out = Vec::new();
        shallow.exprs_mut(&mut |e| out.push(e.clone()));
        out
    }

    fn clone_shallow(&self) -> Node {
        let unit = || Node::Unit.boxed();
        match self {
            Node::Unnest { source, var, index, .. } => {
                Node::Unnest { input: unit(), source: source.clone(), var: *var, index: *index }
            }
            Node::Filter { predicates, .. } => Node::Filter { input: unit(), predicates: predicates.clone() },
            Node::Map { defs, .. } => Node::Map { input: unit(), defs: defs.clone() },
            Node::Join { kind, on, .. } => {
                Node::Join { kind: kind.clone(), left: unit(), right: unit(), on: on.clone() }
            }
            Node::Apply { kind, .. } => Node::Apply { kind: kind.clone(), left: unit(), right: unit() },
            Node::Group { keys, aggregates, all, .. } => {
                Node::Group { input: unit(), keys: keys.clone(), aggregates: aggregates.clone(), all: *all }
            }
            Node::GroupJoin { keys, aggregates, .. } => {
                Node::GroupJoin { left: unit(), right: unit(), keys: keys.clone(), aggregates: aggregates.clone() }
            }
            Node::Fold { aggregates, .. } => Node::Fold { left: unit(), right: unit(), aggregates: aggregates.clone() },
            Node::Window { partition, order, peers, windows, .. } => Node::Window {
                input: unit(),
                partition: partition.clone(),
                order: order.clone(),
                peers: *peers,
                windows: windows.clone(),
            },
            Node::Top { partition, keys, limit, offset, .. } => Node::Top {
                input: unit(),
                partition: partition.clone(),
                keys: keys.clone(),
                limit: limit.clone(),
                offset: offset.clone(),
            },
            Node::Concat { .. } | Node::Unit => Node::Unit,
            Node::Scan { .. } | Node::Temp { .. } => self.clone(),
        }
    }

    /// Variables that the rows of this operator bind, for what stands above it.
    pub fn bound(&self) -> VarSet {
        match self {
            Node::Unit => VarSet::new(),
            Node::Scan { var, .. } => VarSet::from([*var]),
            Node::Temp { columns, .. } => columns.iter().map(|(_, v)| *v).collect(),
            Node::Unnest { input, var, index, .. } => {
                let mut set = input.bound();
                set.extend([*var, *index]);
                set
            }
            Node::Filter { input, .. } | Node::Top { input, .. } => input.bound(),
            Node::Map { input, defs } => {
                let mut set = input.bound();
                set.extend(defs.iter().map(|(v, _)| *v));
                set
            }
            Node::Join { kind, left, right, .. } | Node::Apply { kind: ApplyKind::Join(kind), left, right } => {
                let mut set = left.bound();
                match kind {
                    Kind::Inner => set.extend(right.bound()),
                    Kind::Left(lifts) => set.extend(lifts.iter().map(|l| l.to)),
                    Kind::Semi | Kind::Anti => {}
                    Kind::Mark(v) => {
                        set.insert(*v);
                    }
                }
                set
            }
            Node::Apply { kind: ApplyKind::Fold(aggregates), left, .. }
            | Node::GroupJoin { left, aggregates, .. }
            | Node::Fold { left, aggregates, .. } => {
                let mut set = left.bound();
                set.extend(aggregates.iter().map(|(v, _)| *v));
                set
            }
            Node::Group { keys, aggregates, .. } => {
                keys.iter().map(|(v, _)| *v).chain(aggregates.iter().map(|(v, _)| *v)).collect()
            }
            Node::Window { input, windows, .. } => {
                let mut set = input.bound();
                set.extend(windows.iter().map(|(v, _)| *v));
                set
            }
            Node::Concat { vars, .. } => vars.iter().copied().collect(),
        }
    }

    /// Variables that the tree uses and does not bind anywhere: those of an enclosing dependent join, and parameters.
    pub fn free(&self) -> VarSet {
        let (mut used, mut bound) = (VarSet::new(), VarSet::new());
        self.uses(&mut used, &mut bound);
        used.difference(&bound).copied().collect()
    }

    fn uses(&self, used: &mut VarSet, bound: &mut VarSet) {
        used.extend(free_all(&self.exprs()));
        bound.extend(self.bound());
        if let Node::Join { kind: Kind::Left(lifts), .. }
        | Node::Apply { kind: ApplyKind::Join(Kind::Left(lifts)), .. } = self
        {
            bound.extend(lifts.iter().map(|l: &Lift| l.from));
        }
        for child in self.children() {
            child.uses(used, bound);
        }
    }

    /// Whether the tree uses one of these variables.
    pub fn uses_any(&self, vars: &VarSet) -> bool {
        let mut used = VarSet::new();
        for e in self.exprs() {
            collect_free(&e, &mut used);
        }
        !used.is_disjoint(vars) || self.children().into_iter().any(|c| c.uses_any(vars))
    }

    /// Puts expressions in the place of variables, in the whole tree.
    pub fn substitute(&mut self, map: &BTreeMap<VarId, Expr>) {
        if !map.is_empty() {
            self.all_exprs_mut(&mut |e| substitute(e, map));
        }
    }
}
