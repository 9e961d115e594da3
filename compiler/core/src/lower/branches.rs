//! Bodies with ways out (`return`, `fail`, `assert`, `else`) inside of queries, where nothing can be left: what follows a
//! way out becomes the other branch of a condition, so the body is one expression and the planner sees what it reads.

use super::scope::{Scope, is_some, unit, unwrap};
use crate::ir::{CheckKind, Expr, ExprKind, Function, FunctionKind, Name, Stmt, Type};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use tenon_check::ty::{Symbol, Ty};
use tenon_check::typed::any;
use tenon_check::typed::{self, Body, Conversion, ExprKind as T};
use tenon_span::Range;

/// What comes after a branch is written once for each way to it; a body with more ways in all is refused.
const WAYS: u32 = 128;

/// True if the code has a way out.
pub(super) fn leaves(expr: &typed::Expr) -> bool {
    any(expr, &|e| match &e.kind {
        T::Return(_) | T::Fail { .. } | T::Assert(..) | T::Else(..) => true,
        T::Block(stmts, _) => stmts.iter().any(|s| matches!(s, typed::Stmt::LetElse(..))),
        _ => false,
    })
}

/// A conversion on the way of a value: from a type, to a type, at a place.
type Step<'t> = (Conversion, &'t Ty, &'t Ty, Range);

/// Where the value of a body goes: through conversions, the first one first, to its type.
#[derive(Clone)]
struct Goal<'t> {
    steps: Vec<Step<'t>>,
    ty: Type,
    ways: Rc<Cell<u32>>,
}

/// What comes next: statements, and the value behind them, which is that of the body where nothing is around it.
struct Rest<'r, 't> {
    stmts: &'t [typed::Stmt],
    value: Option<&'t typed::Expr>,
    around: Option<&'r Rest<'r, 't>>,
}

impl Scope<'_, '_> {
    /// The value of a body with ways out, of this type.
    pub fn branches(&mut self, body: &typed::Expr, ty: &Type) -> Expr {
        let goal = Goal { steps: Vec::new(), ty: ty.clone(), ways: Rc::new(Cell::new(0)) };
        let value = self.branch(body, &goal);
        if goal.ways.get() > WAYS {
            let message = "too many ways lead through this for a query: split it into functions";
            return self.unsupported(body.range, message, ty);
        }
        value
    }

    /// What is evaluated last: its value, or how it leaves.
    fn branch<'t>(&mut self, expr: &'t typed::Expr, goal: &Goal<'t>) -> Expr {
        if !leaves(expr) {
            let value = self.expr(expr);
            return self.arrive(value, goal);
        }
        match &expr.kind {
            T::Return(value) => {
                let plain = Goal { steps: Vec::new(), ..goal.clone() };
                value.as_ref().map_or_else(unit, |value| self.branch(value, &plain))
            }
            T::Fail { error, fields, message } => {
                self.failing_call(error, fields, message.as_deref(), &goal.ty, expr.range)
            }
            T::Convert(conversion, value) => {
                let mut goal = goal.clone();
                goal.steps.insert(0, (*conversion, &value.ty, &expr.ty, expr.range));
                self.branch(value, &goal)
            }
            T::Block(stmts, value) => self.rest(&Rest { stmts, value: value.as_deref(), around: None }, goal),
            T::If(condition, then, otherwise) => {
                let condition = self.expr(condition);
                self.conditional(condition, &goal.ty, |s| s.branch(then, goal), |s| s.branch(otherwise, goal))
            }
            T::Match(value, arms) => {
                let value = self.expr(value);
                let value = self.name(value);
                self.match_arms(value, arms, &goal.ty, &|s, body| s.branch(body, goal))
            }
            T::Else(value, otherwise) => {
                let value = self.expr(value);
                let value = self.name(value);
                let present = unwrap(value.clone());
                self.conditional(is_some(value), &goal.ty, |s| s.arrive(present, goal), |s| s.branch(otherwise, goal))
            }
            _ => {
                let value = self.expr(expr);
                self.arrive(value, goal)
            }
        }
    }

    fn arrive(&mut self, value: Expr, goal: &Goal<'_>) -> Expr {
        let value = self.through(value, &goal.steps);
        if goal.ty == Type::Unit { unit() } else { self.coerce(value, &goal.ty) }
    }

    fn through(&mut self, value: Expr, steps: &[Step<'_>]) -> Expr {
        steps.iter().fold(value, |value, (step, from, to, range)| self.converted(*step, value, from, to, *range))
    }

    fn rest<'t>(&mut self, rest: &Rest<'_, 't>, goal: &Goal<'t>) -> Expr {
        goal.ways.set(goal.ways.get() + 1);
        if goal.ways.get() > WAYS {
            return self.placeholder(&goal.ty);
        }
        let Some((stmt, stmts)) = rest.stmts.split_first() else {
            return match (rest.value, rest.around) {
                (Some(value), None) => self.branch(value, goal),
                (None, None) => unit(),
                (Some(value), Some(around)) => self.statement(value, around, goal),
                (None, Some(around)) => self.rest(around, goal),
            };
        };
        let after = Rest { stmts, ..*rest };
        match stmt {
            typed::Stmt::Let(pattern, bound) if leaves(bound) && guard_of(bound).is_some() => {
                let Some((option, otherwise, steps)) = guard_of(bound) else { return unit() };
                let option = self.expr(option);
                let option = self.name(option);
                let present = unwrap(option.clone());
                self.conditional(
                    is_some(option),
                    &goal.ty,
                    |s| {
                        let present = s.through(present, &steps);
                        let present = s.name(present);
                        s.test_and_bind(pattern, present);
                        s.rest(&after, goal)
                    },
                    |s| s.branch(otherwise, goal),
                )
            }
            typed::Stmt::LetElse(pattern, bound, otherwise) => {
                let bound = self.expr(bound);
                let bound = self.name(bound);
                let condition = self.test_and_bind(pattern, bound);
                self.conditional(condition, &goal.ty, |s| s.rest(&after, goal), |s| s.branch(otherwise, goal))
            }
            typed::Stmt::Expr(expr) => self.statement(expr, &after, goal),
            stmt => {
                self.stmt(stmt);
                self.rest(&after, goal)
            }
        }
    }

    /// An expression whose value nobody takes, and what comes after it.
    fn statement<'t>(&mut self, expr: &'t typed::Expr, after: &Rest<'_, 't>, goal: &Goal<'t>) -> Expr {
        if !leaves(expr) {
            self.expr(expr);
            return self.rest(after, goal);
        }
        match &expr.kind {
            T::Return(_) | T::Fail { .. } => self.branch(expr, goal),
            T::Convert(_, inner) => self.statement(inner, after, goal),
            T::Block(stmts, value) => self.rest(&Rest { stmts, value: value.as_deref(), around: Some(after) }, goal),
            T::Assert(condition, text) => {
                let condition = self.expr(condition);
                let condition = self.name(condition);
                // What follows is evaluated only where the assertion holds.
                self.push_path(condition.clone());
                let value = self.rest(after, goal);
                self.pop_path();
                self.guarded(CheckKind::Assert, condition, value, text, expr.range)
            }
            T::If(condition, then, otherwise) => {
                let condition = self.expr(condition);
                self.conditional(
                    condition,
                    &goal.ty,
                    |s| s.statement(then, after, goal),
                    |s| s.statement(otherwise, after, goal),
                )
            }
            T::Match(value, arms) => {
                let value = self.expr(value);
                let value = self.name(value);
                self.match_arms(value, arms, &goal.ty, &|s, body| s.statement(body, after, goal))
            }
            T::Else(value, otherwise) => {
                let value = self.expr(value);
                let value = self.name(value);
                let holds = if value.ty == Type::Bool { value } else { is_some(value) };
                self.conditional(holds, &goal.ty, |s| s.rest(after, goal), |s| s.branch(otherwise, goal))
            }
            _ => {
                self.expr(expr);
                self.rest(after, goal)
            }
        }
    }

    /// A call that fails: expressions of a query cannot, but functions that they call can.
    fn failing_call(
        &mut self,
        error: &Symbol,
        fields: &[typed::Expr],
        message: Option<&typed::Expr>,
        ty: &Type,
        range: Range,
    ) -> Expr {
        let refs: Vec<_> = fields.iter().chain(message).collect();
        let args = self.all(&refs);
        let item = self.frame.item.clone();
        let site = self.site(range);
        let empty = typed::Expr { kind: T::Block(Vec::new(), None), ty: Ty::Unit, range };
        let body = Arc::new(Body { locals: Vec::new(), params: Vec::new(), value: empty });
        let mut scope = Scope::new(self.l, body, item, self.frame.generics.to_vec());
        let params: Vec<_> = args.iter().map(|arg| scope.fresh("given", arg.ty.clone(), false)).collect();
        let mut given: Vec<Expr> =
            params.iter().zip(&args).map(|(param, arg)| Expr::var(*param, arg.ty.clone())).collect();
        let message = message.and_then(|_| given.pop());
        let with = scope.fail_with(error, given, message, range);
        scope.emit(Stmt::Fail(with, site));
        let (vars, body) = (scope.vars, scope.block);
        let function = self.l.add_function(Function {
            name: Name::from(format!("{}$fails", error.name)),
            kind: FunctionKind::Pure,
            params,
            result: ty.clone(),
            vars,
            body,
            site,
        });
        Expr::new(ExprKind::Call(function, args, site), ty.clone())
    }
}

/// What `e else …` asks for, what happens without it, and the conversions of the value that is there.
fn guard_of(bound: &typed::Expr) -> Option<(&typed::Expr, &typed::Expr, Vec<Step<'_>>)> {
    match &bound.kind {
        T::Else(value, otherwise) => Some((value, otherwise, Vec::new())),
        T::Convert(conversion, inner) => {
            let (value, otherwise, mut steps) = guard_of(inner)?;
            steps.push((*conversion, &inner.ty, &bound.ty, bound.range));
            Some((value, otherwise, steps))
        }
        _ => None,
    }
}
