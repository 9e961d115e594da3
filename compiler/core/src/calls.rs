//! Who calls whom, for the depth check: only a function that can reach itself can go too deep; and for servers, what may
//! take long.

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

/// Who calls whom in a program, to ask about many functions.
pub struct CallGraph<'p> {
    program: &'p Program,
    callees: Vec<Vec<usize>>,
    /// For each function, then for each query: nothing written in it bounds the time of its own code.
    unbounded: Vec<bool>,
}

impl<'p> CallGraph<'p> {
    /// The graph of a program.
    pub fn new(program: &'p Program) -> CallGraph<'p> {
        let callees = callees(program);
        let has_loop: Vec<bool> = program.functions.iter().map(|f| f.body.iter().any(loops)).collect();
        let reaches_loop = |id: usize| {
            let below = reached(&callees, &callees[id]);
            has_loop[id] || has_loop.iter().zip(&below).any(|(has_loop, below)| *has_loop && *below)
        };
        let functions = program.functions.iter().zip(recursive(program)).map(|(function, circular)| {
            let mut unbounded = circular || function.body.iter().any(|stmt| nested(stmt, program, &reaches_loop));
            each_expr(&function.body, &mut |e| unbounded = unbounded || computed_range(e));
            unbounded
        });
        let queries = program.queries.iter().map(|query| {
            let mut unbounded = false;
            exprs_of(&query.root, &mut |e| unbounded = unbounded || computed_range(e));
            unbounded
        });
        let unbounded = functions.chain(queries).collect();
        CallGraph { program, callees, unbounded }
    }

    /// For functions, then for queries, whether a function may reach them; it reaches itself.
    fn reached_by(&self, function: usize) -> Vec<bool> {
        reached(&self.callees, &[function])
    }

    /// The queries that a function may run, directly or through others.
    pub fn queries_of(&self, function: usize) -> Vec<usize> {
        let seen = self.reached_by(function);
        (0..self.program.queries.len()).filter(|query| seen[self.program.functions.len() + query]).collect()
    }

    /// Whether nothing written in the program bounds the time of a call of a function by the size of what it is given: it
    /// can reach a `while`, a range between numbers that are computed, a loop inside of a loop, or itself again.
    pub fn may_run_long(&self, function: usize) -> bool {
        self.reached_by(function).iter().zip(&self.unbounded).any(|(reached, unbounded)| *reached && *unbounded)
    }
}

fn loops(stmt: &Stmt) -> bool {
    match stmt {
        Stmt::Loop(_) | Stmt::ForEach(..) => true,
        Stmt::If(_, a, b) => a.iter().chain(b).any(loops),
        _ => false,
    }
}

/// Whether a statement has a loop without a source, or one in whose rounds another one is run.
fn nested(stmt: &Stmt, program: &Program, reaches_loop: &dyn Fn(usize) -> bool) -> bool {
    match stmt {
        Stmt::Loop(_) => true,
        Stmt::If(_, a, b) => a.iter().chain(b).any(|stmt| nested(stmt, program, reaches_loop)),
        Stmt::ForEach(_, _, body) => {
            let mut called = Vec::new();
            block_calls(body, program, &mut called);
            body.iter().any(loops) || called.iter().any(|id| *id < program.functions.len() && reaches_loop(*id))
        }
        _ => false,
    }
}

fn computed_range(expr: &Expr) -> bool {
    if let ExprKind::Range(from, to, _) = &expr.kind
        && !(matches!(from.kind, ExprKind::Literal(_)) && matches!(to.kind, ExprKind::Literal(_)))
    {
        return true;
    }
    let mut found = false;
    expr.children(&mut |child| found = found || computed_range(child));
    found
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
