//! Equalities whose sides may fail become keys of joins.
//!
//! An equality that can fail stays where the text has it: above the pairs of both sides. Evaluated there, it would be
//! evaluated for each pair. But a side that reads the rows of one input alone has one value per row, or fails, whatever the
//! other row is; and it is evaluated for a row as soon as the other input has any. So it is computed once per row, where
//! the other input has a row: what fails, fails exactly when the pairs would. For which row it does is free (see
//! `spec/decisions.md`).
//!
//! An inner join asks by a semi join whether the other input has rows. A left join keeps its left rows, so it has a mark
//! and the key is optional. An input that is read for this besides is an intermediate result, unless it is a plain scan.

use std::collections::BTreeMap;

use tenon_core::ir::{Expr, ExprKind, Prim, SiteId, Type, VarId};
use tenon_value::Value;

use crate::expr::{Safe, Safety, VarSet, conjunction, equality, free, substitute};
use crate::logical::{Context, Node};
use crate::physical::{Kind, TempId};

/// Makes keys in a query's intermediate results and in its root.
pub fn failing_keys(ctx: &mut Context, root: Node) -> Node {
    let temps = std::mem::take(&mut ctx.temps);
    let mut keys = Keys { ctx, places: Vec::new() };
    for (vars, node) in temps {
        let node = keys.node(node);
        // What it reads stands before it.
        keys.ctx.temps.push((vars, node));
        let place = TempId((keys.ctx.temps.len() - 1) as u32);
        keys.places.push(place);
    }
    keys.node(root)
}

struct Keys<'c, 'p> {
    ctx: &'c mut Context<'p>,
    /// Where the intermediate results stand that there were before.
    places: Vec<TempId>,
}

/// An equality between two inputs of a join, of which a side can fail.
struct Key {
    left: Expr,
    right: Expr,
    site: SiteId,
}

impl Keys<'_, '_> {
    fn node(&mut self, mut node: Node) -> Node {
        for child in node.children_mut() {
            let taken = std::mem::replace(child, Node::Unit);
            *child = self.node(taken);
        }
        match node {
            Node::Temp { temp, columns } => {
                let temp = self.places.get(temp.0 as usize).copied().unwrap_or(temp);
                Node::Temp { temp, columns }
            }
            Node::Filter { input, predicates } => match (*input, predicates.split_first()) {
                (Node::Join { kind: Kind::Inner, left, right, on }, Some((first, rest))) if on.is_empty() => {
                    match self.key(first, &left, &right) {
                        Some(key) => self.inner(*left, *right, key).filter(rest.to_vec()),
                        None => Node::Join { kind: Kind::Inner, left, right, on }.filter(predicates),
                    }
                }
                (input, _) => input.filter(predicates),
            },
            Node::Join { kind: kind @ (Kind::Left(_) | Kind::Semi | Kind::Anti | Kind::Mark(_)), left, right, on } => {
                self.outer(kind, *left, *right, on)
            }
            other => other,
        }
    }

    fn safety(&self, expr: &Expr) -> Safety {
        Safe::new(self.ctx.program).of(expr)
    }

    /// The sides of an equality over both inputs that can fail and by which they could be joined.
    fn key(&self, p: &Expr, left: &Node, right: &Node) -> Option<Key> {
        let (a, b) = equality(p)?;
        let ExprKind::Prim(_, _, site) = p.kind else { return None };
        let worst = self.safety(a).max(self.safety(b));
        // What rests on an earlier test does so on single rows of the input, where it may stand.
        if worst != Safety::Failing {
            return None;
        }
        let (left_vars, right_vars) = (left.bound(), right.bound());
        let over = |e: &Expr, own: &VarSet, other: &VarSet| {
            let used = free(e);
            !used.is_disjoint(own) && used.is_disjoint(other)
        };
        let (a, b) = (a.clone(), b.clone());
        if over(&a, &left_vars, &right_vars) && over(&b, &right_vars, &left_vars) {
            Some(Key { left: a, right: b, site })
        } else if over(&b, &left_vars, &right_vars) && over(&a, &right_vars, &left_vars) {
            Some(Key { left: b, right: a, site })
        } else {
            None
        }
    }

    fn inner(&mut self, left: Node, right: Node, key: Key) -> Node {
        let (left_fails, right_fails) = (self.fails(&key.left), self.fails(&key.right));
        let (left, any_left) = self.with_any(left, Vec::new(), right_fails);
        let (right, any_right) = self.with_any(right, Vec::new(), left_fails);
        let (left, of_left) = self.computed(left, key.left, any_right);
        let (right, of_right) = self.computed(right, key.right, any_left);
        let on = vec![equal(of_left, of_right, key.site)];
        Node::Join { kind: Kind::Inner, left: left.boxed(), right: right.boxed(), on }
    }

    /// A join that keeps left rows, or asks about them.
    fn outer(&mut self, kind: Kind, left: Node, right: Node, mut on: Vec<Expr>) -> Node {
        let first = on.iter().position(|p| self.safety(p) != Safety::Total);
        let key = first.and_then(|at| self.key(&on[at], &left, &right));
        let (left_vars, right_vars) = (left.bound(), right.bound());
        let apart = |e: &Expr, vars: &VarSet| free(e).is_disjoint(vars);
        let (Some(at), Some(key)) = (first, key) else {
            return Node::Join { kind, left: left.boxed(), right: right.boxed(), on };
        };
        // What is tested before restricts the rows of one side; of a pair, it has to be looked at for each.
        if !on[..at].iter().all(|p| apart(p, &left_vars) || apart(p, &right_vars)) {
            return Node::Join { kind, left: left.boxed(), right: right.boxed(), on };
        }
        let rest = on.split_off(at + 1);
        on.truncate(at);
        let (of_right, of_left): (Vec<Expr>, Vec<Expr>) = on.into_iter().partition(|p| apart(p, &left_vars));
        let (left_fails, right_fails) = (self.fails(&key.left), self.fails(&key.right));
        let (mut left, any_left) = self.with_any(left, of_left.clone(), right_fails);
        let (right, any_right) = self.with_any(right.filter(of_right), Vec::new(), left_fails);
        let (right, mut of_right) = self.computed(right, key.right, any_left);
        let mut of_key = key.left;
        if left_fails {
            // The key of a left row that no right row asks for is none, and so is nothing's on the right.
            let mut asked = of_left.clone();
            if let Some(any) = any_right {
                let mark = self.ctx.fresh("any", Type::Bool);
                left = Node::Join { kind: Kind::Mark(mark), left: left.boxed(), right: any.boxed(), on: Vec::new() };
                asked.push(self.ctx.var(mark));
            }
            (of_key, of_right) = (optional(of_key), optional(of_right));
            let ty = of_key.ty.clone();
            let none = Expr::new(ExprKind::None, ty.clone());
            let value = ExprKind::If(Box::new(conjunction(asked)), Box::new(of_key), Box::new(none));
            let var = self.ctx.fresh("key", ty.clone());
            left = left.map(vec![(var, Expr::new(value, ty))]);
            of_key = self.ctx.var(var);
        }
        // An optional key may be none by itself, so the tests of left rows are tests of pairs, too.
        let on = [equal(of_key, of_right, key.site)].into_iter().chain(of_left).chain(rest).collect();
        Node::Join { kind, left: left.boxed(), right: right.boxed(), on }
    }

    fn fails(&self, expr: &Expr) -> bool {
        self.safety(expr) == Safety::Failing
    }

    /// The rows of an input with a side of a key under a variable, if it can fail; they are left only where `any` has a row.
    fn computed(&mut self, input: Node, side: Expr, any: Option<Node>) -> (Node, Expr) {
        if !self.fails(&side) {
            return (input, side);
        }
        let input = match any {
            Some(any) => Node::Join { kind: Kind::Semi, left: input.boxed(), right: any.boxed(), on: Vec::new() },
            None => input,
        };
        let var = self.ctx.fresh("key", side.ty.clone());
        (input.map(vec![(var, side)]), self.ctx.var(var))
    }

    /// An input, and if it is wanted one row, where the input has a row on which tests hold. `None`: it has one always.
    fn with_any(&mut self, node: Node, tests: Vec<Expr>, wanted: bool) -> (Node, Option<Node>) {
        if !wanted || node == Node::Unit && tests.is_empty() {
            return (node, None);
        }
        let (node, again, names) = self.twice(node);
        let mut tests = tests;
        tests.iter_mut().for_each(|p| substitute(p, &names));
        let one = Expr::new(ExprKind::Literal(Value::Int(1)), Type::Int);
        let input = again.filter(tests).boxed();
        let any = Node::Top { input, partition: Vec::new(), keys: Vec::new(), limit: Some(one), offset: None };
        (node, Some(any))
    }

    /// An input, and the same rows again under other names.
    fn twice(&mut self, node: Node) -> (Node, Node, BTreeMap<VarId, Expr>) {
        if let Some((again, var, fresh)) = self.scan_again(&node) {
            return (node, again, BTreeMap::from([(var, self.ctx.var(fresh))]));
        }
        let (node, temp, columns) = match node {
            Node::Temp { temp, columns } => (Node::Temp { temp, columns: columns.clone() }, temp, columns),
            node => {
                let vars: Vec<VarId> = node.bound().into_iter().collect();
                self.ctx.temps.push((vars.clone(), node));
                let temp = TempId((self.ctx.temps.len() - 1) as u32);
                let columns: Vec<(VarId, VarId)> = vars.iter().map(|v| (*v, *v)).collect();
                (Node::Temp { temp, columns: columns.clone() }, temp, columns)
            }
        };
        let fresh: Vec<(VarId, VarId, VarId)> =
            columns.into_iter().map(|(column, var)| (column, var, self.ctx.fresh_like(var))).collect();
        let names = fresh.iter().map(|(_, var, fresh)| (*var, self.ctx.var(*fresh))).collect();
        let columns = fresh.into_iter().map(|(column, _, fresh)| (column, fresh)).collect();
        (node, Node::Temp { temp, columns }, names)
    }

    /// A scan with total tests once more: the scan, its variable, and the variable in the new one.
    fn scan_again(&mut self, node: &Node) -> Option<(Node, VarId, VarId)> {
        match node {
            Node::Scan { relation, var, site } => {
                let fresh = self.ctx.fresh_like(*var);
                Some((Node::Scan { relation: *relation, var: fresh, site: *site }, *var, fresh))
            }
            Node::Filter { input, predicates } if predicates.iter().all(|p| self.safety(p) == Safety::Total) => {
                let (again, var, fresh) = self.scan_again(input)?;
                let names = BTreeMap::from([(var, self.ctx.var(fresh))]);
                let mut predicates = predicates.clone();
                predicates.iter_mut().for_each(|p| substitute(p, &names));
                Some((again.filter(predicates), var, fresh))
            }
            _ => None,
        }
    }
}

fn equal(a: Expr, b: Expr, site: SiteId) -> Expr {
    Expr::new(ExprKind::Prim(Prim::Eq, vec![a, b], site), Type::Bool)
}

/// An expression as an option.
fn optional(e: Expr) -> Expr {
    match e.ty {
        Type::Option(_) => e,
        _ => {
            let ty = e.ty.clone().optional();
            Expr::new(ExprKind::Some(Box::new(e)), ty)
        }
    }
}
