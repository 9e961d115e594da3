//! Who calls whom, for the depth check: only a function that can reach itself can go too deep.

use tenon_core::ir::{Block, Command, Expr, ExprKind, Program, Stmt};

/// For each function, whether it can call itself, directly or through others.
pub(crate) fn recursive(program: &Program) -> Vec<bool> {
    let callees: Vec<Vec<usize>> = program
        .functions
        .iter()
        .map(|f| {
            let mut out = Vec::new();
            block_calls(&f.body, &mut |id| out.push(id));
            out.sort_unstable();
            out.dedup();
            out
        })
        .collect();
    (0..callees.len())
        .map(|start| {
            let mut seen = vec![false; callees.len()];
            let mut work = callees[start].clone();
            while let Some(id) = work.pop() {
                if id == start {
                    return true;
                }
                if let Some(flag) = seen.get_mut(id)
                    && !*flag
                {
                    *flag = true;
                    work.extend_from_slice(&callees[id]);
                }
            }
            false
        })
        .collect()
}

fn block_calls(block: &Block, found: &mut dyn FnMut(usize)) {
    each_expr(block, &mut |e| expr_calls(e, found));
    each_command(block, &mut |c| {
        if let Command::Call(id, _) = c {
            found(id.index());
        }
    });
}

fn expr_calls(expr: &Expr, found: &mut dyn FnMut(usize)) {
    if let ExprKind::Call(id, _, _) = &expr.kind {
        found(id.index());
    }
    expr.children(&mut |child| expr_calls(child, found));
}

/// Calls `f` on every command of a block and of the blocks in it.
pub(crate) fn each_command(block: &Block, f: &mut dyn FnMut(&Command)) {
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
pub(crate) fn each_expr(block: &Block, f: &mut dyn FnMut(&Expr)) {
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

fn fail_exprs(fail: &tenon_core::ir::FailWith, f: &mut dyn FnMut(&Expr)) {
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
