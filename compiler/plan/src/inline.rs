//! Inlining of pure functions into the expressions of a query.

use std::collections::{BTreeMap, BTreeSet};

use tenon_core::effects::exprs_of;
use tenon_core::ir::{Check, Command, Expr, ExprKind, FunctionId, FunctionKind, Output, Program, QueryId, Stmt, VarId};

use crate::expr::{Safe, Safety, free, has_query, is_path, rename, simplify, size, substitute};
use crate::logical::Context;

/// Functions that call each other more deeply stay calls.
const MAX_DEPTH: usize = 8;

/// Expressions that grow beyond so many nodes by inlining stay calls.
const MAX_SIZE: usize = 2_000;

/// Inlines calls, replaces variables of `Let` where that loses nothing, and folds constants.
pub fn inline(expr: &mut Expr, ctx: &mut Context) {
    calls(expr, ctx, &mut Vec::new());
    let safe = Safe::new(ctx.program);
    lets(expr, &safe);
    simplify(expr, &safe);
}

fn calls(expr: &mut Expr, ctx: &mut Context, stack: &mut Vec<FunctionId>) {
    expr.children_mut(&mut |child| calls(child, ctx, stack));
    let ExprKind::Call(function, args, _) = &mut expr.kind else { return };
    let function = *function;
    if stack.contains(&function) || stack.len() >= MAX_DEPTH {
        return;
    }
    let program = ctx.program;
    let callee = program.function(function);
    if callee.kind != FunctionKind::Pure {
        return;
    }
    // Each variable of the callee is a new one here, each assignment of it another.
    let mut names: BTreeMap<VarId, VarId> = BTreeMap::new();
    for param in &callee.params {
        let info = &callee.vars[param.index()];
        names.insert(*param, ctx.fresh(info.name.clone(), info.ty.clone()));
    }
    let Some(mut body) = block(&callee.body, callee, &mut names.clone(), ctx) else { return };
    // Queries of a recursive function would be put into themselves without end.
    if size(&body) > MAX_SIZE || has_query(&body) && reaches(program, &body, function) {
        return;
    }
    stack.push(function);
    calls(&mut body, ctx, stack);
    stack.pop();
    let args = std::mem::take(args);
    for (param, arg) in callee.params.iter().zip(args).rev() {
        let ty = body.ty.clone();
        let var = names[param];
        body = Expr::new(ExprKind::Let(var, Box::new(arg), Box::new(body)), ty);
    }
    *expr = body;
}

/// True if evaluating an expression can call a function, itself or through functions and queries.
fn reaches(program: &Program, expr: &Expr, function: FunctionId) -> bool {
    let mut functions = BTreeSet::new();
    let mut queries = BTreeSet::new();
    names(expr, &mut functions, &mut queries);
    let (mut seen, mut asked) = (BTreeSet::new(), BTreeSet::new());
    loop {
        if let Some(next) = functions.pop_first() {
            if next == function {
                return true;
            }
            if seen.insert(next) {
                in_block(&program.function(next).body, &mut functions, &mut queries);
            }
        } else if let Some(next) = queries.pop_first() {
            if asked.insert(next) {
                let query = program.query(next);
                exprs_of(&query.root, &mut |e| names(e, &mut functions, &mut queries));
                match &query.output {
                    Output::Collect(e) | Output::First(e) | Output::One(e) => names(e, &mut functions, &mut queries),
                    Output::CollectMap(k, v) => {
                        names(k, &mut functions, &mut queries);
                        names(v, &mut functions, &mut queries);
                    }
                    Output::Exists => {}
                }
            }
        } else {
            return false;
        }
    }
}

/// The functions and queries that an expression names.
fn names(expr: &Expr, functions: &mut BTreeSet<FunctionId>, queries: &mut BTreeSet<QueryId>) {
    match &expr.kind {
        ExprKind::Call(id, ..) => {
            functions.insert(*id);
        }
        ExprKind::Query(id, _) => {
            queries.insert(*id);
        }
        _ => {}
    }
    expr.children(&mut |child| names(child, functions, queries));
}

/// The functions and queries that the code of a pure function names.
fn in_block(block: &[Stmt], functions: &mut BTreeSet<FunctionId>, queries: &mut BTreeSet<QueryId>) {
    for stmt in block {
        match stmt {
            Stmt::Let(_, e) | Stmt::Return(e) | Stmt::Check(Check { condition: e, .. }, _) => {
                names(e, functions, queries);
            }
            Stmt::Do(_, command, _) => {
                if let Command::Call(id, args) = command {
                    functions.insert(*id);
                    args.iter().for_each(|e| names(e, functions, queries));
                }
            }
            Stmt::If(c, a, b) => {
                names(c, functions, queries);
                in_block(a, functions, queries);
                in_block(b, functions, queries);
            }
            Stmt::Loop(body) => in_block(body, functions, queries),
            Stmt::ForEach(_, e, body) => {
                names(e, functions, queries);
                in_block(body, functions, queries);
            }
            Stmt::Fail(with, _) => {
                with.fields.iter().chain([&with.message]).for_each(|e| names(e, functions, queries));
            }
            Stmt::Problem(a, b) => {
                names(a, functions, queries);
                names(b, functions, queries);
            }
            Stmt::Break | Stmt::Continue | Stmt::RejectProblems => {}
        }
    }
}

/// A block that only computes, as an expression.
fn block(
    stmts: &[Stmt],
    callee: &tenon_core::ir::Function,
    names: &mut BTreeMap<VarId, VarId>,
    ctx: &mut Context,
) -> Option<Expr> {
    let (first, rest) = stmts.split_first()?;
    let local = |expr: &Expr, names: &mut BTreeMap<VarId, VarId>, ctx: &mut Context| {
        let mut expr = expr.clone();
        rename(&mut expr, &mut |v| {
            *names.entry(v).or_insert_with(|| {
                let info = &callee.vars[v.index()];
                ctx.fresh(info.name.clone(), info.ty.clone())
            })
        });
        expr
    };
    match first {
        Stmt::Return(e) => Some(local(e, names, ctx)),
        Stmt::Let(v, e) => {
            let value = local(e, names, ctx);
            let info = &callee.vars[v.index()];
            let var = ctx.fresh(info.name.clone(), info.ty.clone());
            names.insert(*v, var);
            let body = block(rest, callee, names, ctx)?;
            let ty = body.ty.clone();
            Some(Expr::new(ExprKind::Let(var, Box::new(value), Box::new(body)), ty))
        }
        Stmt::If(c, a, b) => {
            let condition = local(c, names, ctx);
            let (mut left, mut right) = (a.clone(), b.clone());
            // A branch that does not return goes on behind the `if`; code is only doubled in small functions.
            if !returns(a) {
                left.extend_from_slice(rest);
            }
            if !returns(b) {
                right.extend_from_slice(rest);
            }
            let left = block(&left, callee, &mut names.clone(), ctx)?;
            let right = block(&right, callee, &mut names.clone(), ctx)?;
            if size(&left) + size(&right) > MAX_SIZE {
                return None;
            }
            let ty = left.ty.clone();
            Some(Expr::new(ExprKind::If(Box::new(condition), Box::new(left), Box::new(right)), ty))
        }
        _ => None,
    }
}

fn returns(stmts: &[Stmt]) -> bool {
    match stmts.last() {
        Some(Stmt::Return(_)) => true,
        Some(Stmt::If(_, a, b)) => returns(a) && returns(b),
        _ => false,
    }
}

/// How often a variable stands in an expression.
fn uses(expr: &Expr, var: VarId) -> usize {
    if matches!(expr.kind, ExprKind::Var(v) if v == var) {
        return 1;
    }
    let mut n = 0;
    expr.children(&mut |c| n += uses(c, var));
    n
}

/// Replaces the variable of a `Let` by its value where the value is total and small or used once.
fn lets(expr: &mut Expr, safe: &Safe) {
    expr.children_mut(&mut |child| lets(child, safe));
    if let ExprKind::Let(v, value, body) = &mut expr.kind
        && (is_path(value)
            || matches!(value.kind, ExprKind::Literal(_))
            || safe.of(value) == Safety::Total && uses(body, *v) <= 1 && !free(value).contains(v))
    {
        let mut body = std::mem::replace(body, Box::new((**value).clone()));
        substitute(&mut body, &BTreeMap::from([(*v, (**value).clone())]));
        *expr = *body;
    }
}
