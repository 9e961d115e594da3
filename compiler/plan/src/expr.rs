//! Expressions as the planner sees them: which variables they use, whether they can fail, and rewriting.

use std::collections::{BTreeMap, BTreeSet};

use tenon_core::ir::{Expr, ExprKind, FieldId, FunctionId, Prim, Program, Stmt, Type, VarId};
use tenon_value::Value;

/// A set of variables.
pub type VarSet = BTreeSet<VarId>;

/// How freely an expression may be moved.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Safety {
    /// Has a value whatever its variables hold: may be evaluated on more rows, or on fewer.
    Total,
    /// Rests on something that an earlier filter established (a value is present): may be evaluated on
    /// fewer rows, never on more.
    Guarded,
    /// Can end in a fault: is evaluated on exactly the rows that the text says.
    Failing,
}

/// The variables that an expression uses and does not bind itself.
pub fn free(expr: &Expr) -> VarSet {
    let mut out = VarSet::new();
    collect_free(expr, &mut out);
    out
}

/// Adds the free variables of an expression.
pub fn collect_free(expr: &Expr, out: &mut VarSet) {
    match &expr.kind {
        ExprKind::Var(v) => {
            out.insert(*v);
        }
        ExprKind::Let(v, value, body) => {
            collect_free(value, out);
            let mut inner = VarSet::new();
            collect_free(body, &mut inner);
            inner.remove(v);
            out.extend(inner);
        }
        _ => expr.children(&mut |child| collect_free(child, out)),
    }
}

/// The free variables of several expressions.
pub fn free_all<'a>(exprs: impl IntoIterator<Item = &'a Expr>) -> VarSet {
    let mut out = VarSet::new();
    for expr in exprs {
        collect_free(expr, &mut out);
    }
    out
}

/// Whether an expression contains a nested query.
pub fn has_query(expr: &Expr) -> bool {
    if matches!(expr.kind, ExprKind::Query(..)) {
        return true;
    }
    let mut found = false;
    expr.children(&mut |child| found = found || has_query(child));
    found
}

/// Puts expressions in the place of variables. Bound variables are unique, so nothing is captured.
pub fn substitute(expr: &mut Expr, map: &BTreeMap<VarId, Expr>) {
    if let ExprKind::Var(v) = &expr.kind {
        if let Some(to) = map.get(v) {
            *expr = to.clone();
        }
        return;
    }
    expr.children_mut(&mut |child| substitute(child, map));
}

/// Definitions that may be put in the place of their variables. A definition that reads others grows with each of them, so
/// a chain could grow without bound: what would grow by more than a bound stays where it is, with what reads it.
#[derive(Default)]
pub struct Expansion {
    map: BTreeMap<VarId, Expr>,
    kept: VarSet,
}

/// By so many expressions a definition may grow.
const DEFINITION_GROWS: usize = 200;

/// By so many expressions may grow what reads definitions.
const READER_GROWS: usize = 1_000;

impl Expansion {
    /// The definitions among these, which see those before them, that satisfy a condition.
    pub fn new<'e>(defs: impl IntoIterator<Item = &'e (VarId, Expr)>, may: impl Fn(&Expr) -> bool) -> Expansion {
        let mut out = Expansion::default();
        for (v, e) in defs {
            match out.within(e, DEFINITION_GROWS) {
                Some(e) if may(&e) => {
                    out.map.insert(*v, e);
                }
                _ => {
                    out.kept.insert(*v);
                }
            }
        }
        out
    }

    /// An expression with the definitions in place; `None` if it reads one that stays, or would grow too much.
    pub fn expanded(&self, expr: &Expr) -> Option<Expr> {
        self.within(expr, READER_GROWS)
    }

    fn within(&self, expr: &Expr, grows: usize) -> Option<Expr> {
        if self.size(expr) > size(expr) + grows {
            return None;
        }
        let mut expr = expr.clone();
        substitute(&mut expr, &self.map);
        Some(expr)
    }

    /// How many expressions an expression would be; one that reads what stays is too large for any bound.
    fn size(&self, expr: &Expr) -> usize {
        if let ExprKind::Var(v) = &expr.kind {
            if self.kept.contains(v) {
                return usize::MAX;
            }
            return self.map.get(v).map_or(1, size);
        }
        let mut total = 1usize;
        expr.children(&mut |child| total = total.saturating_add(self.size(child)));
        total
    }
}

/// How many expressions an expression is made of.
pub fn size(expr: &Expr) -> usize {
    let mut total = 1;
    expr.children(&mut |child| total += size(child));
    total
}

/// Renames variables, those that `Let` binds included.
pub fn rename(expr: &mut Expr, map: &mut dyn FnMut(VarId) -> VarId) {
    match &mut expr.kind {
        ExprKind::Var(v) | ExprKind::Let(v, _, _) => *v = map(*v),
        _ => {}
    }
    expr.children_mut(&mut |child| rename(child, map));
}

/// The literal `true`.
pub fn truth() -> Expr {
    Expr::new(ExprKind::Literal(Value::Bool(true)), Type::Bool)
}

/// Whether an expression is this truth value.
pub fn is_bool(expr: &Expr, value: bool) -> bool {
    matches!(expr.kind, ExprKind::Literal(Value::Bool(b)) if b == value)
}

/// Appends the conjuncts of a condition, in the order of evaluation.
pub fn conjuncts(expr: Expr, out: &mut Vec<Expr>) {
    match expr.kind {
        ExprKind::And(a, b) => {
            conjuncts(*a, out);
            conjuncts(*b, out);
        }
        ExprKind::Literal(Value::Bool(true)) => {}
        _ => out.push(expr),
    }
}

/// The conjunction of conditions, in order.
pub fn conjunction(parts: impl IntoIterator<Item = Expr>) -> Expr {
    let mut parts = parts.into_iter();
    let Some(first) = parts.next() else { return truth() };
    parts.fold(first, |a, b| Expr::new(ExprKind::And(Box::new(a), Box::new(b)), Type::Bool))
}

/// Both sides of an equality.
pub fn equality(expr: &Expr) -> Option<(&Expr, &Expr)> {
    match &expr.kind {
        ExprKind::Prim(Prim::Eq, args, _) => match args.as_slice() {
            [a, b] => Some((a, b)),
            _ => None,
        },
        _ => None,
    }
}

/// Whether an expression is a path: a variable, or a step from a path along a field or a reference. Paths
/// are cheap and always have a value.
pub fn is_path(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Var(_) => true,
        ExprKind::Field(e, _) | ExprKind::Follow(e) | ExprKind::RefOf(e) => is_path(e),
        _ => false,
    }
}

/// The reference to a row-valued expression.
pub fn ref_of(row: Expr) -> Expr {
    match (&row.kind, &row.ty) {
        (ExprKind::Follow(_), _) => match row.kind {
            ExprKind::Follow(inner) => *inner,
            _ => unreachable!("matched above"),
        },
        (_, Type::Row(relation)) => {
            let ty = Type::Ref(*relation);
            Expr::new(ExprKind::RefOf(Box::new(row)), ty)
        }
        _ => row,
    }
}

/// Says how freely expressions of a program may be moved.
pub struct Safe<'p> {
    program: &'p Program,
}

impl<'p> Safe<'p> {
    /// For the expressions of a program.
    pub fn new(program: &'p Program) -> Safe<'p> {
        Safe { program }
    }

    /// The safety of an expression.
    pub fn of(&self, expr: &Expr) -> Safety {
        self.given(expr, &[])
    }

    /// The safety of an expression below conditions that hold.
    pub fn given(&self, expr: &Expr, conditions: &[&Expr]) -> Safety {
        let mut facts = Vec::new();
        for condition in conditions {
            holds(condition, &mut facts);
        }
        self.walk(expr, &mut facts, 0)
    }

    /// The worst of several.
    pub fn all<'a>(&self, exprs: impl IntoIterator<Item = &'a Expr>) -> Safety {
        exprs.into_iter().map(|e| self.of(e)).max().unwrap_or(Safety::Total)
    }

    fn walk<'a>(&self, expr: &'a Expr, facts: &mut Vec<Fact<'a>>, depth: usize) -> Safety {
        match &expr.kind {
            ExprKind::Unwrap(e) => {
                let known = facts.contains(&Fact::Present(e));
                self.walk(e, facts, depth).max(if known { Safety::Total } else { Safety::Guarded })
            }
            ExprKind::CaseField(e, tag, _) => {
                let known = facts.contains(&Fact::Case(e, *tag));
                self.walk(e, facts, depth).max(if known { Safety::Total } else { Safety::Guarded })
            }
            ExprKind::If(c, a, b) => {
                let mut worst = self.walk(c, facts, depth);
                let mark = facts.len();
                holds(c, facts);
                worst = worst.max(self.walk(a, facts, depth));
                facts.truncate(mark);
                fails(c, facts);
                worst = worst.max(self.walk(b, facts, depth));
                facts.truncate(mark);
                worst
            }
            ExprKind::And(a, b) | ExprKind::Or(a, b) => {
                let worst = self.walk(a, facts, depth);
                let mark = facts.len();
                if matches!(expr.kind, ExprKind::And(..)) {
                    holds(a, facts)
                } else {
                    fails(a, facts)
                }
                let worst = worst.max(self.walk(b, facts, depth));
                facts.truncate(mark);
                worst
            }
            ExprKind::Prim(prim, args, _) => {
                let own = if prim.can_fail() && !safe_divisor(*prim, args) { Safety::Failing } else { Safety::Total };
                args.iter().fold(own, |w, a| w.max(self.walk(a, facts, depth)))
            }
            ExprKind::Call(function, args, _) => {
                args.iter().fold(self.function(*function, depth), |w, a| w.max(self.walk(a, facts, depth)))
            }
            ExprKind::Query(..) => Safety::Failing,
            _ => {
                let mut children = Vec::new();
                expr.children(&mut |child| children.push(child));
                children.into_iter().fold(Safety::Total, |w, c| w.max(self.walk(c, facts, depth)))
            }
        }
    }

    /// A function is total if it only computes from total parts; loops and checks may fail.
    fn function(&self, function: FunctionId, depth: usize) -> Safety {
        if depth > 8 {
            return Safety::Failing;
        }
        fn block(safe: &Safe, stmts: &[Stmt], depth: usize) -> bool {
            stmts.iter().all(|stmt| match stmt {
                Stmt::Let(_, e) | Stmt::Return(e) => safe.walk(e, &mut Vec::new(), depth + 1) == Safety::Total,
                Stmt::If(c, a, b) => {
                    safe.walk(c, &mut Vec::new(), depth + 1) == Safety::Total
                        && block(safe, a, depth)
                        && block(safe, b, depth)
                }
                _ => false,
            })
        }
        if block(self, &self.program.function(function).body, depth) { Safety::Total } else { Safety::Failing }
    }
}

/// Something that a condition established.
#[derive(PartialEq)]
enum Fact<'a> {
    Present(&'a Expr),
    Case(&'a Expr, u32),
}

fn is_none(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::None | ExprKind::Literal(Value::None))
}

/// What is known where a condition is true.
fn holds<'a>(condition: &'a Expr, facts: &mut Vec<Fact<'a>>) {
    match &condition.kind {
        ExprKind::IsSome(e) => facts.push(Fact::Present(e)),
        ExprKind::IsCase(e, tag) => facts.push(Fact::Case(e, *tag)),
        ExprKind::And(a, b) => {
            holds(a, facts);
            holds(b, facts);
        }
        ExprKind::Prim(Prim::Not, args, _) => args.iter().for_each(|a| fails(a, facts)),
        ExprKind::Prim(Prim::Ne, args, _) => present(args, facts),
        _ => {}
    }
}

/// What is known where a condition is false.
fn fails<'a>(condition: &'a Expr, facts: &mut Vec<Fact<'a>>) {
    match &condition.kind {
        ExprKind::Or(a, b) => {
            fails(a, facts);
            fails(b, facts);
        }
        ExprKind::Prim(Prim::Not, args, _) => args.iter().for_each(|a| holds(a, facts)),
        ExprKind::Prim(Prim::Eq, args, _) => present(args, facts),
        _ => {}
    }
}

fn present<'a>(args: &'a [Expr], facts: &mut Vec<Fact<'a>>) {
    if let [a, b] = args {
        if is_none(b) {
            facts.push(Fact::Present(a));
        } else if is_none(a) {
            facts.push(Fact::Present(b));
        }
    }
}

/// Whether this is a division of Ints by a constant with which it cannot fail; by -1 it can overflow.
fn safe_divisor(prim: Prim, args: &[Expr]) -> bool {
    matches!(prim, Prim::DivInt | Prim::ModInt)
        && matches!(args, [_, Expr { kind: ExprKind::Literal(Value::Int(n)), .. }] if *n != 0 && *n != -1)
}

/// Folds what is decided by constants and by construction, bottom up. Never removes what can fail.
pub fn simplify(expr: &mut Expr, safe: &Safe) {
    expr.children_mut(&mut |child| simplify(child, safe));
    let total = |e: &Expr| safe.of(e) == Safety::Total;
    let bool_of = |b: bool| Some(Expr::new(ExprKind::Literal(Value::Bool(b)), Type::Bool));
    let new = match &mut expr.kind {
        ExprKind::Field(e, i) => match &mut e.kind {
            ExprKind::Record(es) if es.iter().enumerate().all(|(n, e)| n == *i as usize || total(e)) => {
                es.get(*i as usize).cloned()
            }
            _ => None,
        },
        ExprKind::RefOf(e) => match &e.kind {
            ExprKind::Follow(inner) => Some((**inner).clone()),
            _ => None,
        },
        ExprKind::Unwrap(e) => match &e.kind {
            ExprKind::Some(inner) => Some((**inner).clone()),
            _ => None,
        },
        ExprKind::IsSome(e) => match &e.kind {
            ExprKind::Some(inner) if total(inner) => bool_of(true),
            ExprKind::None | ExprKind::Literal(Value::None) => bool_of(false),
            _ => None,
        },
        ExprKind::If(c, a, b) => {
            if is_bool(c, true) {
                Some((**a).clone())
            } else if is_bool(c, false) {
                Some((**b).clone())
            } else {
                None
            }
        }
        ExprKind::And(a, b) => {
            if is_bool(a, true) {
                Some((**b).clone())
            } else if is_bool(a, false) || is_bool(b, true) {
                Some((**a).clone())
            } else {
                None
            }
        }
        ExprKind::Or(a, b) => {
            if is_bool(a, false) || is_bool(b, true) && total(a) {
                Some((**b).clone())
            } else if is_bool(b, false) || is_bool(a, true) {
                Some((**a).clone())
            } else {
                None
            }
        }
        ExprKind::Prim(prim, args, _) => fold_prim(*prim, args, &total),
        _ => None,
    };
    if let Some(new) = new {
        *expr = new;
    }
}

fn fold_prim(prim: Prim, args: &[Expr], total: &dyn Fn(&Expr) -> bool) -> Option<Expr> {
    let bool_of = |b: bool| Some(Expr::new(ExprKind::Literal(Value::Bool(b)), Type::Bool));
    match (prim, args) {
        (Prim::Not, [a]) => match &a.kind {
            ExprKind::Literal(Value::Bool(b)) => bool_of(!b),
            ExprKind::Prim(Prim::Not, inner, _) => inner.first().cloned(),
            _ => None,
        },
        (Prim::Eq | Prim::Ne | Prim::Lt | Prim::Le | Prim::Gt | Prim::Ge, [a, b]) => match (&a.kind, &b.kind) {
            (ExprKind::Literal(x), ExprKind::Literal(y)) => bool_of(match prim {
                Prim::Eq => x == y,
                Prim::Ne => x != y,
                Prim::Lt => x < y,
                Prim::Le => x <= y,
                Prim::Gt => x > y,
                _ => x >= y,
            }),
            // Rows compare by key, so `row == row` is a comparison of references.
            _ if matches!(prim, Prim::Eq | Prim::Ne) && a == b && total(a) => bool_of(prim == Prim::Eq),
            _ => None,
        },
        _ => None,
    }
}

/// The field of a row variable that an expression reads: `(row, field)`.
pub fn row_field(expr: &Expr) -> Option<(VarId, FieldId)> {
    if let ExprKind::Field(e, i) = &expr.kind
        && let ExprKind::Var(v) = e.kind
        && matches!(e.ty, Type::Row(_))
    {
        return Some((v, FieldId(*i)));
    }
    None
}

/// The row variable whose identity an expression is: the row itself, or the reference to it.
pub fn identity(expr: &Expr) -> Option<VarId> {
    match &expr.kind {
        ExprKind::Var(v) if matches!(expr.ty, Type::Row(_)) => Some(*v),
        ExprKind::RefOf(e) => match e.kind {
            ExprKind::Var(v) => Some(v),
            _ => None,
        },
        _ => None,
    }
}
