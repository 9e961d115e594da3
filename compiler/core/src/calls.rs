//! Who calls whom, for the depth check: only a function that can reach itself can go too deep.

use crate::effects::exprs_of;
use crate::ir::{Block, Command, Expr, ExprKind, FailWith, Output, Program, Query, Stmt};

/// For each function, whether it can call itself, directly or through others, queries included.
pub fn recursive(program: &Program) -> Vec<bool> {
    let count = program.functions.len();
    let callees = callees(program);
    (0..count).map(|start| reached(&callees, &callees[start]).get(start).copied().unwrap_or(false)).collect()
}

/// For each function, then for each query, what its code calls: functions by number, queries behind them.
fn callees(program: &Program) -> Vec<Vec<usize>> {
    let mut out = Vec::with_capacity(program.functions.len() + program.queries.len());
    for function in &program.functions {
        let mut own = Vec::new();
        block_calls(&function.body, program, &mut own);
        out.push(own);
    }
    for query in &program.queries {
        let mut own = Vec::new();
        query_calls(query, program, &mut own);
        out.push(own);
    }
    for own in &mut out {
        own.sort_unstable();
        own.dedup();
    }
    out
}

/// What can be reached from some nodes.
fn reached(callees: &[Vec<usize>], from: &[usize]) -> Vec<bool> {
    let mut seen = vec![false; callees.len()];
    let mut work = from.to_vec();
    while let Some(id) = work.pop() {
        if let Some(flag) = seen.get_mut(id)
            && !*flag
        {
            *flag = true;
            work.extend_from_slice(&callees[id]);
        }
    }
    seen
}

/// The queries that a function may run, directly or through others.
pub fn queries_of(program: &Program, function: usize) -> Vec<usize> {
    let callees = callees(program);
    let Some(own) = callees.get(function) else { return Vec::new() };
    let seen = reached(&callees, own);
    (0..program.queries.len()).filter(|query| seen[program.functions.len() + query]).collect()
}

fn block_calls(block: &Block, program: &Program, found: &mut Vec<usize>) {
    each_expr(block, &mut |e| expr_calls(e, program, found));
    each_command(block, &mut |c| {
        if let Command::Call(id, _) = c {
            found.push(id.index());
        }
    });
}

fn query_calls(query: &Query, program: &Program, found: &mut Vec<usize>) {
    exprs_of(&query.root, &mut |e| expr_calls(e, program, found));
    match &query.output {
        Output::Collect(e) | Output::First(e) | Output::One(e) => expr_calls(e, program, found),
        Output::CollectMap(k, v) => {
            expr_calls(k, program, found);
            expr_calls(v, program, found);
        }
        Output::Exists => {}
    }
}

fn expr_calls(expr: &Expr, program: &Program, found: &mut Vec<usize>) {
    match &expr.kind {
        ExprKind::Call(id, _, _) => found.push(id.index()),
        ExprKind::Query(id, _) => found.push(program.functions.len() + id.index()),
        _ => {}
    }
    expr.children(&mut |child| expr_calls(child, program, found));
}

/// Calls `f` on every command of a block and of the blocks in it.
pub fn each_command(block: &Block, f: &mut dyn FnMut(&Command)) {
    for stmt in block {
        match stmt {
            Stmt::Do(_, command, _) => f(command),
            Stmt::If(_, a, b) => {
                each_command(a, f);
                each_command(b, f);
            }
            Stmt::Loop(body) | Stmt::ForEach(_, _, body) => each_command(body, f),
            _ => {}
        }
    }
}

/// Calls `f` on every outermost expression of a block and of the blocks in it.
pub fn each_expr(block: &Block, f: &mut dyn FnMut(&Expr)) {
    for stmt in block {
        match stmt {
            Stmt::Let(_, e) | Stmt::Return(e) => f(e),
            Stmt::Do(_, command, _) => command_exprs(command, f),
            Stmt::If(c, a, b) => {
                f(c);
                each_expr(a, f);
                each_expr(b, f);
            }
            Stmt::Loop(body) => each_expr(body, f),
            Stmt::ForEach(_, e, body) => {
                f(e);
                each_expr(body, f);
            }
            Stmt::Break | Stmt::Continue | Stmt::RejectProblems => {}
            Stmt::Fail(fail, _) => fail_exprs(fail, f),
            Stmt::Check(check, _) => f(&check.condition),
            Stmt::Problem(a, b) => {
                f(a);
                f(b);
            }
        }
    }
}

fn fail_exprs(fail: &FailWith, f: &mut dyn FnMut(&Expr)) {
    fail.fields.iter().for_each(&mut *f);
    f(&fail.message);
}

fn command_exprs(command: &Command, f: &mut dyn FnMut(&Expr)) {
    match command {
        Command::Call(_, args) => args.iter().for_each(f),
        Command::Lookup { key, .. } => key.iter().for_each(f),
        Command::Insert { values, on_key, on_unique, .. } => {
            values.iter().for_each(&mut *f);
            fail_exprs(on_key, f);
            on_unique.iter().for_each(|fail| fail_exprs(fail, f));
        }
        Command::Update { target, sets, on_gone, on_unique, .. } => {
            f(target);
            sets.iter().for_each(|(_, e)| f(e));
            fail_exprs(on_gone, f);
            on_unique.iter().for_each(|fail| fail_exprs(fail, f));
        }
        Command::Delete { target, on_gone, on_restrict, .. } => {
            f(target);
            fail_exprs(on_gone, f);
            fail_exprs(on_restrict, f);
        }
        Command::RandomInt(a, b) => {
            f(a);
            f(b);
        }
        Command::RandomText(e) | Command::Log(e) => f(e),
        Command::Now | Command::NewId | Command::NewUuid | Command::RandomFloat | Command::Serial(_) => {}
    }
}
