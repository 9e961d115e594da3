//! Statements, `match`, and the ways out of a body.

use super::scope::{Binding, Returns, Scope, and, bool_literal, diverges, not, unit};
use super::source::BodyPart;
use crate::ir::{CheckKind, Command, Expr, ExprKind, FailWith, Prim, SiteId, Stmt, Type};
use tenon_check::signature::Signature;
use tenon_check::ty::{Symbol, Ty};
use tenon_check::typed::{self, Arm, ExprKind as T, LocalId, PatternKind};
use tenon_span::Range;

impl Scope<'_, '_> {
    pub fn block_expr(&mut self, stmts: &[typed::Stmt], value: Option<&typed::Expr>) -> Expr {
        for stmt in stmts {
            self.stmt(stmt);
        }
        match value {
            Some(value) => self.expr(value),
            None => unit(),
        }
    }

    pub fn stmt(&mut self, stmt: &typed::Stmt) {
        match stmt {
            typed::Stmt::Let(pattern, value) => {
                if let PatternKind::Bind(local) = pattern.kind {
                    if let Some(closure) = self.closure(value) {
                        self.frame.env.insert(local, closure);
                        return;
                    }
                    let value = self.expr(value);
                    self.bind_local(local, value, pattern.range);
                    return;
                }
                let value = self.expr(value);
                let value = self.name(value);
                let condition = self.test_and_bind(pattern, value);
                self.assert_bound(condition, pattern.range);
            }
            typed::Stmt::LetElse(pattern, value, otherwise) => {
                let value = self.expr(value);
                let value = self.name(value);
                let condition = self.test_and_bind(pattern, value);
                self.conditional(not(condition), &Type::Unit, |s| s.expr(otherwise), |_| unit());
            }
            typed::Stmt::Assign(local, value) => {
                let value_expr = self.expr(value);
                match self.frame.env.get(local).cloned() {
                    Some(Binding::Mutable(var, ty)) if !self.in_query() => {
                        let value = self.coerce(value_expr, &ty);
                        self.emit(Stmt::Let(var, value));
                    }
                    _ => {
                        self.unsupported(value.range, "a query cannot assign to a variable", &Type::Unit);
                    }
                }
            }
            typed::Stmt::For(pattern, source, body) => self.for_loop(pattern, source, body),
            typed::Stmt::While(condition, body) => self.while_loop(condition, body),
            typed::Stmt::Expr(expr) => {
                let value = self.expr(expr);
                // A value that nobody takes is still computed where computing it can fail.
                if super::partial::is_partial(&value) && !self.in_query() {
                    self.name(value);
                }
            }
        }
    }

    /// Binds a name by `let` or `var`.
    pub fn bind_local(&mut self, local: LocalId, value: Expr, range: Range) {
        let (name, ty) = self.local(local);
        let mutable = self.frame.body.locals.get(local.0 as usize).is_some_and(|l| l.mutable);
        if self.in_query() {
            if mutable {
                self.unsupported(range, "a query cannot assign to a variable", &Type::Unit);
            }
            let value = self.name(value);
            self.bind(local, value);
            return;
        }
        if mutable {
            self.declare_mutable(local, value);
            return;
        }
        let core = self.ty(&ty);
        // What diverges has no value; a row is read now.
        let value = if core == Type::Unit { value } else { self.coerce(value, &core) };
        if matches!(value.kind, ExprKind::Var(_) | ExprKind::Literal(_)) && !self.reads_mutable(&value) {
            self.bind(local, value);
            return;
        }
        let ty = value.ty.clone();
        let var = self.fresh(&name, ty.clone(), false);
        self.emit(Stmt::Let(var, value));
        self.bind(local, Expr::var(var, ty));
    }

    fn reads_mutable(&self, value: &Expr) -> bool {
        match &value.kind {
            ExprKind::Var(v) => self.frame.env.values().any(|b| matches!(b, Binding::Mutable(m, _) if m == v)),
            _ => false,
        }
    }

    pub fn declare_mutable(&mut self, local: LocalId, value: Expr) {
        let (name, ty) = self.local(local);
        let core = self.ty(&ty);
        let value = self.coerce(value, &core);
        let var = self.fresh(&name, core.clone(), true);
        self.emit(Stmt::Let(var, value));
        self.frame.env.insert(local, Binding::Mutable(var, core));
    }

    fn for_loop(&mut self, pattern: &typed::Pattern, source: &typed::Expr, body: &typed::Expr) {
        if self.in_query() {
            self.unsupported(
                body.range,
                "a query cannot run a loop: write it as a query, or as a function without the store",
                &Type::Unit,
            );
            return;
        }
        let collection = self.expr(source);
        let collection = match &collection.ty {
            Type::Map(k, v) => {
                let entry = Type::record(vec![("key".into(), (**k).clone()), ("value".into(), (**v).clone())]);
                Expr::new(ExprKind::Prim(Prim::Entries, vec![collection], SiteId(0)), Type::list(entry))
            }
            _ => collection,
        };
        let element = collection.ty.element().cloned().unwrap_or(Type::Unit);
        let var = self.fresh("each", element.clone(), false);
        let (block, ()) = self.in_block(|s| {
            s.frame.loops += 1;
            let condition = s.test_and_bind(pattern, Expr::var(var, element));
            s.assert_bound(condition, pattern.range);
            s.expr(body);
            s.frame.loops -= 1;
        });
        self.emit(Stmt::ForEach(var, collection, block));
        self.leave_if_done();
    }

    fn while_loop(&mut self, condition: &typed::Expr, body: &typed::Expr) {
        if self.in_query() {
            self.unsupported(
                body.range,
                "a query cannot run a loop: write it as a query, or as a function without the store",
                &Type::Unit,
            );
            return;
        }
        let (block, ()) = self.in_block(|s| {
            s.frame.loops += 1;
            let condition = s.expr(condition);
            s.emit(Stmt::If(not(condition), vec![Stmt::Break], Vec::new()));
            s.expr(body);
            s.frame.loops -= 1;
        });
        self.emit(Stmt::Loop(block));
        self.leave_if_done();
    }

    /// After a loop in an inlined body: a `return` inside of it has to leave what is around it too.
    fn leave_if_done(&mut self) {
        if let Returns::Inline { done, .. } = self.frame.returns.clone() {
            self.emit(Stmt::If(Expr::var(done, Type::Bool), vec![Stmt::Break], Vec::new()));
        }
    }

    pub fn match_expr(&mut self, value: &typed::Expr, arms: &[Arm], ty: &Ty) -> Expr {
        let value = self.expr(value);
        let value = self.name(value);
        let core = self.ty(ty);
        self.match_arms(value, arms, &core, &|s, body| s.expr(body))
    }

    /// The arms of a `match`, each with what `result` makes of its body.
    pub fn match_arms(
        &mut self,
        value: Expr,
        arms: &[Arm],
        ty: &Type,
        result: &dyn Fn(&mut Self, &typed::Expr) -> Expr,
    ) -> Expr {
        if !self.may_match(arms) {
            return self.placeholder(ty);
        }
        let Some((arm, rest)) = arms.split_first() else { return self.placeholder(ty) };
        let condition = self.test_and_bind(&arm.pattern, value.clone());
        if rest.is_empty() && arm.guard.is_none() {
            // A match is exhaustive: what reaches the last arm matches it.
            return self.assert_matches(condition, arm.pattern.range, |s| {
                let result = result(s, &arm.body);
                s.coerce(result, ty)
            });
        }
        let condition = match &arm.guard {
            Some(guard) => self.conditional(condition, &Type::Bool, |s| s.expr(guard), |_| bool_literal(false)),
            None => condition,
        };
        self.conditional(condition, ty, |s| result(s, &arm.body), |s| s.match_arms(value, rest, ty, result))
    }

    /// `fail`, `assert`, `return`, `break`, `continue`.
    pub fn leave(&mut self, expr: &typed::Expr) -> Expr {
        let range = expr.range;
        match &expr.kind {
            T::Assert(condition, text) => {
                let condition = self.expr(condition);
                if self.in_query() {
                    return self.unsupported(range, "a query cannot assert in its middle", &Type::Unit);
                }
                self.check(CheckKind::Assert, condition, text, range);
            }
            _ if self.in_query() => {
                return self.unsupported(range, "a query cannot leave in its middle: test before it", &Type::Unit);
            }
            T::Fail { error, fields, message } => {
                let refs: Vec<_> = fields.iter().collect();
                let values = self.all(&refs);
                let message = message.as_ref().map(|m| self.expr(m));
                let with = self.fail_with(error, values, message, range);
                let site = self.site(range);
                self.emit(Stmt::Fail(with, site));
            }
            T::Return(value) => {
                let value = value.as_ref().map(|v| self.expr(v));
                self.emit_return(value);
            }
            T::Break => self.emit(Stmt::Break),
            T::Continue => self.emit(Stmt::Continue),
            _ => {}
        }
        unit()
    }

    /// What a failure answers with: its fields as they travel, and its message.
    pub fn fail_with(&mut self, error: &Symbol, fields: Vec<Expr>, message: Option<Expr>, range: Range) -> FailWith {
        let id = self.l.error_id(error);
        let sig = match self.l.source.signature(error) {
            Some(Signature::Error(sig)) => Some(sig),
            _ => None,
        };
        let fields: Vec<Expr> = fields.into_iter().map(|f| self.name(f)).collect();
        let message = match message {
            Some(message) => message,
            None => match self.l.source.body(error, BodyPart::Message) {
                Some(body) => {
                    let params = fields.iter().cloned().map(Binding::Code).collect();
                    self.inline_body(error, body, params, Vec::new(), range)
                }
                None => super::scope::text_literal(&error.name),
            },
        };
        let mut wire = Vec::new();
        for (at, field) in fields.into_iter().enumerate() {
            wire.push(match sig.and_then(|s| s.fields.get(at)) {
                Some(declared) if declared.absent => {
                    self.to_wire(field, &Ty::Option(std::sync::Arc::new(declared.ty.clone())))
                }
                Some(declared) => self.to_wire(field, &declared.ty),
                None => field,
            });
        }
        FailWith { error: id, fields: wire, message }
    }

    pub fn emit_return(&mut self, value: Option<Expr>) {
        match self.frame.returns.clone() {
            Returns::Function(ensures) => {
                let value = match value {
                    Some(value) if ensures.result != Type::Unit => {
                        let value = self.coerce(value, &ensures.result);
                        let value = self.assert_result(value, &ensures.symbol);
                        if ensures.count > 0 { self.name(value) } else { value }
                    }
                    // The value of a last expression that nobody wants is still computed.
                    Some(value) => {
                        if super::partial::is_partial(&value) {
                            self.name(value);
                        }
                        unit()
                    }
                    None => unit(),
                };
                if !diverges(&self.block) {
                    for index in 0..ensures.count {
                        let Some(rule) = self.l.source.rule(&ensures.symbol, BodyPart::Ensures(index)) else {
                            continue;
                        };
                        let mut params: Vec<Binding> = ensures.params.iter().cloned().map(Binding::Code).collect();
                        params.push(Binding::Code(value.clone()));
                        let body = std::sync::Arc::new(rule.body.clone());
                        let generics = self.frame.generics.to_vec();
                        let range = rule.body.value.range;
                        let condition = self.inline_body(&ensures.symbol, body, params, generics, range);
                        self.check(CheckKind::Ensures, condition, &rule.text, range);
                    }
                }
                self.emit(Stmt::Return(value));
            }
            Returns::Inline { result, done, ty } => {
                if let (Some(var), Some(value)) = (result, value) {
                    let value = self.coerce(value, &ty);
                    self.emit(Stmt::Let(var, value));
                }
                self.emit(Stmt::Let(done, bool_literal(true)));
                self.emit(Stmt::Break);
            }
            Returns::Nowhere => {
                self.unsupported(Range::empty(0), "`return` has nothing to leave here", &Type::Unit);
            }
        }
    }

    /// `insert` and the like as commands; used by `write`.
    pub fn run_command(&mut self, name: &str, ty: Type, command: Command, range: Range) -> Expr {
        self.command(name, ty, command, range)
    }

    /// True for each element of a collection.
    pub fn every_element(&mut self, source: Expr, f: impl FnOnce(&mut Self, Expr) -> Expr) -> Expr {
        let list = self.filter_collection(source, &Type::Unit, |s, e| {
            let holds = f(s, e);
            not(holds)
        });
        not(list)
    }

    /// The elements of a collection on which a condition holds; with `to` = `Unit`, whether there are any (Bool).
    pub fn filter_collection(&mut self, source: Expr, to: &Type, f: impl FnOnce(&mut Self, Expr) -> Expr) -> Expr {
        use crate::ir::{Apply, Output, Rel};
        let element = source.ty.element().cloned().unwrap_or(Type::Unit);
        let exists = *to == Type::Unit;
        let nested = self.in_query();
        let mut outer = None;
        let source = if nested {
            outer = Some((self.begin_sub(), self.take_path()));
            source
        } else {
            let source = self.name(source);
            self.begin_query();
            self.capture(source)
        };
        let var = self.fresh_query("each", element.clone());
        let index = self.fresh_query("position", Type::Int);
        self.set_rel(Rel::Unnest { source, var, index });
        let predicate = f(self, Expr::var(var, element.clone()));
        let input = Box::new(self.take_rel());
        self.set_rel(Rel::Filter { input, predicate });
        match outer {
            Some(((rel, rows), path)) => {
                let right = self.end_sub(rel, rows);
                self.restore_path(path);
                if exists {
                    let found = self.fresh_query("found", Type::Bool);
                    self.apply(Apply::Exists(found), right);
                    return Expr::var(found, Type::Bool);
                }
                self.collect(right, Expr::var(var, element), to)
            }
            None if exists => self.finish_query(Output::Exists, Type::Bool, Range::empty(0)),
            None => self.finish_query(Output::Collect(Expr::var(var, element)), to.clone(), Range::empty(0)),
        }
    }
}

/// Conditions joined by `and`; `true` of none.
pub(super) fn all_of(conditions: Vec<Expr>) -> Expr {
    conditions.into_iter().reduce(and).unwrap_or_else(|| bool_literal(true))
}
