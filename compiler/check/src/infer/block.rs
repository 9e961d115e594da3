//! Blocks and statements.

use super::engine::Infer;
use super::facts::irrefutable;
use crate::ty::{FieldTy, RecordTy, Ty};
use crate::typed::{Expr, ExprKind, Pattern, PatternKind, Stmt};
use crate::uses::Role;
use std::sync::Arc;
use tenon_diagnostics::Code;
use tenon_span::Range;
use tenon_syntax::ast;

impl Infer<'_> {
    /// A block. `value` says that its last expression is wanted.
    pub(crate) fn block(&mut self, block: &ast::Block, hint: Option<&Ty>, value: bool) -> Expr {
        let mark = self.mark();
        let of_function = std::mem::take(&mut self.function_body);
        let mut stmts = Vec::with_capacity(block.stmts.len());
        let mut result = None;
        let mut leaves = false;
        let mut told = false;
        for (index, stmt) in block.stmts.iter().enumerate() {
            if leaves && !told {
                told = true;
                self.error(
                    Code::Unreachable,
                    stmt.range,
                    "this never runs: what stands before it always leaves",
                    "never reached",
                );
            }
            let last = index + 1 == block.stmts.len();
            match &stmt.kind {
                ast::StmtKind::Expr(e) if last && value => {
                    let e = self.expr(e, hint);
                    match self.shallow(&e.ty) {
                        Ty::Unit => stmts.push(Stmt::Expr(e)),
                        Ty::Never => {
                            leaves = true;
                            stmts.push(Stmt::Expr(e));
                        }
                        _ => result = Some(Box::new(self.settled(e, hint))),
                    }
                }
                _ => {
                    let stmt = self.stmt(stmt, last && of_function);
                    if let Stmt::Expr(e) | Stmt::Let(_, e) = &stmt
                        && matches!(e.ty, Ty::Never)
                    {
                        leaves = true;
                    }
                    stmts.push(stmt);
                }
            }
        }
        self.restore(mark);
        let ty = match &result {
            _ if leaves => Ty::Never,
            Some(e) => e.ty.clone(),
            // What could not be read may have been the value.
            None if block.stmts.iter().any(|stmt| matches!(stmt.kind, ast::StmtKind::Error)) => Ty::Error,
            None => Ty::Unit,
        };
        self.node(ExprKind::Block(stmts, result), ty, block.range)
    }

    /// The value as its place wants it, if it fits, while what is known here still is.
    pub(crate) fn settled(&mut self, value: Expr, hint: Option<&Ty>) -> Expr {
        let Some(hint) = hint.filter(|h| !matches!(self.shallow(h), Ty::Infer(_) | Ty::Unit)) else { return value };
        let ty = self.resolve(&value.ty);
        if matches!(ty, Ty::Never | Ty::Error) || !self.fits(&ty, hint) { value } else { self.coerce(value, hint) }
    }

    fn stmt(&mut self, stmt: &ast::Stmt, last_of_function: bool) -> Stmt {
        let range = stmt.range;
        match &stmt.kind {
            ast::StmtKind::Error => Stmt::Expr(self.broken(range)),
            ast::StmtKind::Expr(e) => {
                let expr = match &e.kind {
                    ast::ExprKind::If(branch) => self.if_expr(branch, None, false),
                    _ => self.expr(e, Some(&Ty::Unit).filter(|_| matches!(e.kind, ast::ExprKind::Match { .. }))),
                };
                self.unused(&expr, last_of_function);
                Stmt::Expr(expr)
            }
            ast::StmtKind::If(branch) => Stmt::Expr(self.if_expr(branch, None, false)),
            ast::StmtKind::Let { pattern, ty, value } => self.let_stmt(pattern, ty.as_ref(), value),
            ast::StmtKind::Var { name, ty, value } => {
                let wanted = ty.as_ref().map(|ty| self.written_type(ty));
                let value = match &wanted {
                    Some(ty) => self.check(value, ty),
                    None => {
                        let value = self.expr(value, None);
                        self.forgotten(value)
                    }
                };
                self.valuable(&value);
                let ty = wanted.unwrap_or_else(|| value.ty.clone());
                let local = self.bind(&name.text, ty.clone(), true, name.range);
                Stmt::Let(Pattern { kind: PatternKind::Bind(local), ty, range: name.range }, value)
            }
            ast::StmtKind::Assign { name, op, value } => self.assign_stmt(name, *op, value, range),
            ast::StmtKind::For { pattern, source, body } => self.for_stmt(pattern, source, body),
            ast::StmtKind::While { cond, body } => {
                self.forget_variables();
                self.wrote();
                let cond = self.condition(cond);
                let mark = self.mark();
                self.assume(&cond, true);
                self.loops += 1;
                let body = self.block(body, None, false);
                self.loops -= 1;
                self.restore(mark);
                self.forget_variables();
                self.wrote();
                Stmt::While(cond, body)
            }
            ast::StmtKind::Return(value) => Stmt::Expr(self.return_expr(value.as_ref(), range)),
            ast::StmtKind::Fail(e) => Stmt::Expr(self.fail(e, range)),
            ast::StmtKind::Assert(e) => {
                let cond = self.condition(e);
                let text = self.ctx.source(e.range);
                self.assume(&cond, true);
                Stmt::Expr(self.node(ExprKind::Assert(Box::new(cond), text), Ty::Unit, range))
            }
            ast::StmtKind::Break => Stmt::Expr(self.leave_loop(ExprKind::Break, "break", range)),
            ast::StmtKind::Continue => Stmt::Expr(self.leave_loop(ExprKind::Continue, "continue", range)),
            ast::StmtKind::Parallel(_) => Stmt::Expr(self.not_supported(range, "workflows")),
            ast::StmtKind::Element { .. } | ast::StmtKind::Form { .. } => {
                Stmt::Expr(self.not_supported(range, "pages"))
            }
        }
    }

    /// Complains about a value that goes nowhere.
    fn unused(&mut self, expr: &Expr, last_of_function: bool) {
        let ty = self.resolve(&expr.ty);
        if matches!(ty, Ty::Unit | Ty::Never | Ty::Error) || !is_idle(expr) {
            return;
        }
        let shown = self.show(&ty);
        if last_of_function {
            let d = self
                .diagnostic(
                    Code::NoResultType,
                    expr.range,
                    format!("without `->` nothing is given back, and the last line gives a `{shown}` that nobody gets"),
                    format!("`{shown}`"),
                )
                .note(format!("write the type in the header: `-> {shown}`, or `-> _` to have it inferred"));
            self.report(d);
        } else {
            let d =
                self.diagnostic(Code::UnusedValue, expr.range, format!("nobody gets this `{shown}`"), "goes nowhere");
            self.report(d);
        }
    }

    /// Complains about a `let` or `var` of something that gives no value.
    fn valuable(&mut self, value: &Expr) {
        if matches!(self.shallow(&value.ty), Ty::Unit) {
            self.error(Code::Type, value.range, "this gives no value that could have a name", "no value");
        }
    }

    pub(crate) fn written_type(&mut self, ty: &ast::Type) -> Ty {
        let mut diagnostics = Vec::new();
        let mut uses = Vec::new();
        self.ctx.note_type(ty, &mut uses);
        self.uses.append(&mut uses);
        let ty = self.ctx.resolve_type(ty, &mut diagnostics);
        self.diagnostics.append(&mut diagnostics);
        ty
    }

    fn let_stmt(&mut self, pattern: &ast::Pattern, ty: Option<&ast::Type>, value: &ast::Expr) -> Stmt {
        let wanted = ty.map(|ty| self.written_type(ty));
        let plain = matches!(
            pattern.kind,
            ast::PatternKind::Bind(_) | ast::PatternKind::Wildcard | ast::PatternKind::Record(_)
        );
        if !plain && let ast::ExprKind::Else { value: subject, otherwise } = &value.kind {
            let subject = match &wanted {
                Some(ty) => self.check(subject, ty),
                None => self.expr(subject, None),
            };
            let mark = self.mark();
            let way = self.diverge(otherwise);
            self.restore(mark);
            let ty = self.resolve(&subject.ty);
            let pattern = match self.base(&ty) {
                Ty::Option(inner) => {
                    let inner = self.pattern(pattern, &inner, false);
                    let range = inner.range;
                    Pattern { kind: PatternKind::Present(Box::new(inner)), ty, range }
                }
                _ => self.pattern(pattern, &ty, false),
            };
            self.assume_matches(&subject, &pattern, true);
            self.note_fresh(&pattern, &subject);
            return Stmt::LetElse(pattern, subject, way);
        }
        let value = match &wanted {
            Some(ty) => self.check(value, ty),
            None => self.expr(value, None),
        };
        self.valuable(&value);
        let ty = wanted.unwrap_or_else(|| value.ty.clone());
        let typed = self.pattern(pattern, &ty, false);
        if !irrefutable(&typed) && !matches!(self.base(&ty), Ty::Error) && !self.covers(&typed, &ty) {
            let written = self.ctx.source(pattern.range);
            let d = self
                .diagnostic(Code::MayNotMatch, pattern.range, format!("`{written}` may not match"), "leaves values out")
                .note("write `let … = … else return`, or use `match`");
            self.report(d);
        }
        self.bring_in(&typed);
        self.note_fresh(&typed, &value);
        if let PatternKind::Bind(local) = &typed.kind {
            let local = *local;
            let name = self.local_expr(local, pattern.range);
            for (a, b) in [(&name, &value), (&value, &name)] {
                if let Some(fact) = self.difference_fact(a, b, false) {
                    self.facts.push(fact);
                }
            }
        }
        Stmt::Let(typed, value)
    }

    fn assign_stmt(&mut self, name: &ast::Ident, op: ast::AssignOp, value: &ast::Expr, range: Range) -> Stmt {
        let target = match self.scope.find(&name.text).cloned() {
            Some(super::engine::Seen::Local(local)) => {
                self.means(name.range, self.meaning_of_local(local), Role::Write);
                local
            }
            _ => {
                self.expr(value, None);
                let d = if self.local_name(name).is_none() {
                    self.diagnostic(
                        Code::UnknownName,
                        name.range,
                        format!("there is no variable `{}`", name.text),
                        "not declared",
                    )
                    .note(format!("declare it with its first value: `var {} = …`", name.text))
                } else {
                    self.diagnostic(Code::NotVar, name.range, format!("`{}` is no variable", name.text), "not a `var`")
                        .note("fields of rows are changed by `update row set f = …`")
                };
                self.report(d);
                return Stmt::Expr(self.broken(range));
            }
        };
        let local = &self.locals[target.0 as usize];
        let (ty, mutable, declared) = (local.ty.clone(), local.mutable, local.range);
        if !mutable {
            let d = self
                .diagnostic(
                    Code::NotVar,
                    name.range,
                    format!("`{}` is named by `let`, and keeps its value", name.text),
                    "cannot change",
                )
                .because(self.label(declared, "declare it with `var` to change it"));
            self.report(d);
        } else if self.lambdas > 0 && self.captured(target) {
            self.error(
                Code::NotVar,
                name.range,
                format!("a lambda does not change `{}`, which is outside of it", name.text),
                "outside of the lambda",
            );
        }
        let value = match op {
            ast::AssignOp::Set => self.check(value, &ty),
            _ => {
                let current = self.local_expr(target, name.range);
                let op = assign_op(op);
                let current = self.operand(current, op.as_str());
                let hint = self.resolve(&current.ty);
                let value = self.expr(value, Some(&hint));
                let value = self.operand(value, op.as_str());
                let sum = self.arithmetic(op, name.range, current, value, range);
                self.coerce(sum, &ty)
            }
        };
        self.forget_variable(target);
        Stmt::Assign(target, value)
    }

    fn captured(&self, local: crate::typed::LocalId) -> bool {
        self.lambda_start.is_some_and(|start| local.0 < start)
    }

    fn for_stmt(&mut self, pattern: &ast::Pattern, source: &ast::Expr, body: &ast::Block) -> Stmt {
        let source = self.source_expr(source, None);
        let source = self.forgotten(source);
        let element = match self.base(&source.ty) {
            Ty::List(t) | Ty::Bag(t) | Ty::Set(t) => (*t).clone(),
            Ty::Map(k, v) => entry_type(&k, &v),
            Ty::Error => Ty::Error,
            ty => {
                let shown = self.show(&ty);
                let mut d = self.diagnostic(
                    Code::Source,
                    source.range,
                    format!("`for` runs over a collection, a range or a query, found `{shown}`"),
                    format!("`{shown}`"),
                );
                if ty == Ty::Int {
                    let written = self.ctx.source(source.range);
                    d = d.fix(self.fix("count up to it", source.range, format!("0..{written}"), false));
                }
                self.report(d);
                Ty::Error
            }
        };
        self.forget_variables();
        self.wrote();
        let mark = self.mark();
        let typed = self.pattern(pattern, &element, false);
        if !irrefutable(&typed) && !matches!(element, Ty::Error) && !self.covers(&typed, &element) {
            let written = self.ctx.source(pattern.range);
            self.error(
                Code::MayNotMatch,
                pattern.range,
                format!("`{written}` may not match every element"),
                "leaves elements out",
            );
        }
        self.bring_in(&typed);
        self.loops += 1;
        let body = self.block(body, None, false);
        self.loops -= 1;
        self.restore(mark);
        self.forget_variables();
        self.wrote();
        Stmt::For(typed, source, body)
    }

    pub(crate) fn leave_loop(&mut self, kind: ExprKind, word: &str, range: Range) -> Expr {
        if self.loops == 0 {
            self.error(Code::Misplaced, range, format!("`{word}` stands in a loop"), "no loop around it");
            return Expr { kind: ExprKind::Error, ty: Ty::Never, range };
        }
        self.node(kind, Ty::Never, range)
    }

    pub(crate) fn return_expr(&mut self, value: Option<&ast::Expr>, range: Range) -> Expr {
        let Some(result) = self.result.clone() else {
            if let Some(value) = value {
                self.expr(value, None);
            }
            let message = if self.lambdas > 0 {
                "a lambda has no `return`; its last expression is its value"
            } else {
                "`return` stands in functions"
            };
            self.error(Code::Misplaced, range, message, "no function around it");
            return Expr { kind: ExprKind::Error, ty: Ty::Never, range };
        };
        let value = match (value, self.resolve(&result)) {
            (None, Ty::Unit | Ty::Error) => None,
            (None, Ty::Infer(v)) => {
                self.assign(v, Ty::Unit);
                None
            }
            (None, ty) => {
                let shown = self.show(&ty);
                self.error(Code::Type, range, format!("`{shown}` is wanted here"), "returns nothing");
                None
            }
            (Some(value), Ty::Unit) => {
                let value = self.expr(value, None);
                if !matches!(value.ty, Ty::Error) {
                    let shown = self.show(&value.ty);
                    let d = self
                        .diagnostic(
                            Code::NoResultType,
                            value.range,
                            format!("without `->` nothing is given back, and this gives a `{shown}`"),
                            format!("`{shown}`"),
                        )
                        .note(format!("write the type in the header: `-> {shown}`"));
                    self.report(d);
                }
                None
            }
            (Some(value), ty) => {
                let value = self.check(value, &ty);
                Some(Box::new(value))
            }
        };
        self.node(ExprKind::Return(value), Ty::Never, range)
    }
}

/// The type of a map's entries as `for` sees them.
pub(crate) fn entry_type(key: &Ty, value: &Ty) -> Ty {
    let field = |name: &'static str, ty: &Ty| FieldTy {
        name: smol_str::SmolStr::new_static(name),
        wire: None,
        ty: ty.clone(),
        absent: false,
        default: None,
    };
    Ty::Record(Arc::new(RecordTy { fields: vec![field("key", key), field("value", value)] }))
}

pub(crate) fn assign_op(op: ast::AssignOp) -> ast::BinaryOp {
    match op {
        ast::AssignOp::Sub => ast::BinaryOp::Sub,
        ast::AssignOp::Mul => ast::BinaryOp::Mul,
        ast::AssignOp::Set | ast::AssignOp::Add => ast::BinaryOp::Add,
    }
}

/// True for expressions that do nothing but yield a value.
fn is_idle(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Insert { .. } | ExprKind::Upsert { .. } | ExprKind::Update { .. } | ExprKind::Delete { .. } => false,
        ExprKind::Call { .. } | ExprKind::CallValue(..) | ExprKind::Error | ExprKind::Else(..) => false,
        ExprKind::Convert(_, e) => is_idle(e),
        ExprKind::Block(stmts, value) => stmts.is_empty() && value.as_ref().is_some_and(|v| is_idle(v)),
        ExprKind::If(_, a, b) => is_idle(a) && is_idle(b),
        ExprKind::Match(_, arms) => arms.iter().all(|a| is_idle(&a.body)),
        ExprKind::OptionMap(_, _, e) => is_idle(e),
        _ => true,
    }
}
