//! The bodies of an item, one entry point per kind.

use super::engine::Infer;
use super::{Checked, Context, Surroundings};
use crate::signature::{FunctionSig, ResultSig};
use crate::ty::Ty;
use crate::typed::{Body, Expr, ExprKind, LocalId, Scenario};
use tenon_diagnostics::Code;
use tenon_span::Range;
use tenon_syntax::ast;

/// The body of a `fn`, `query` or `handler`.
pub fn function(ctx: &dyn Context, sig: &FunctionSig, body: &ast::Function) -> Checked<Body> {
    let mut infer = Infer::new(ctx, &sig.generics);
    let mut params = Vec::with_capacity(sig.params.len());
    for (index, param) in sig.params.iter().enumerate() {
        let ty = if param.absent { param.ty.clone().optional() } else { param.ty.clone() };
        let range = body.params.list.get(index).map_or(body.name.range, |p| p.name.range);
        params.push(infer.bind(&param.name, ty, false, range));
    }
    for clause in &body.clauses {
        // Callers are not supported yet, which is said at the header; their names cause no second message.
        if let ast::ClauseKind::Caller { name, .. } = &clause.kind {
            infer.bind(&name.text, Ty::Error, false, name.range);
        }
    }
    infer.function_body = true;
    let range = body.body.range;
    let value = match &sig.result {
        ResultSig::None => {
            infer.result = Some(Ty::Unit);
            let value = infer.block(&body.body, None, false);
            if matches!(value.ty, Ty::Never) { value } else { Expr { ty: Ty::Unit, ..value } }
        }
        ResultSig::Declared(ty) => {
            infer.result = Some(ty.clone());
            let value = infer.block(&body.body, Some(ty), true);
            infer.body_value(value, ty, range)
        }
        ResultSig::Inferred => {
            let var = infer.fresh(range);
            infer.result = Some(var.clone());
            let value = infer.block(&body.body, None, true);
            match infer.resolve(&var) {
                // No `return` has said anything: the last line's type as it is.
                Ty::Infer(v) => {
                    let ty = infer.resolve(&value.ty);
                    let ty = if matches!(ty, Ty::Never) { Ty::Unit } else { ty };
                    if !infer.assign(v, ty) {
                        infer.assign(v, Ty::Error);
                    }
                    value
                }
                ty => infer.body_value(value, &ty, range),
            }
        }
    };
    let result = match &sig.result {
        ResultSig::None => Ty::Unit,
        ResultSig::Declared(ty) => ty.clone(),
        ResultSig::Inferred => infer.result.clone().unwrap_or(Ty::Error),
    };
    // No variable of this body may reach those who ask for its type.
    infer.settle();
    let result = infer.resolve(&result);
    let checked = infer.finish(params, value);
    Checked { result, ..checked }
}

/// An expression that is a body by itself: a default, a computed field, a `const`, a condition.
pub fn expression(ctx: &dyn Context, around: &Surroundings<'_>, e: &ast::Expr) -> Checked<Body> {
    let (mut infer, params) = surrounded(ctx, around, e.range);
    let value = match &around.expected {
        Some(Ty::Bool) => infer.condition(e),
        Some(ty) => infer.check(e, ty),
        None => infer.expr(e, None),
    };
    infer.finish(params, value)
}

/// A text that is a body by itself: the message of an error or of a rule.
pub fn text(ctx: &dyn Context, around: &Surroundings<'_>, text: &ast::Text) -> Checked<Body> {
    let (mut infer, params) = surrounded(ctx, around, text.range);
    let value = infer.text(text);
    infer.finish(params, value)
}

/// A failure that is a body by itself: what a broken `unique` answers, as after `fail`.
pub fn failure(ctx: &dyn Context, around: &Surroundings<'_>, e: &ast::Expr) -> Checked<Body> {
    let (mut infer, params) = surrounded(ctx, around, e.range);
    let value = infer.fail(e, e.range);
    infer.finish(params, value)
}

/// A scenario.
pub fn scenario(ctx: &dyn Context, scenario: &ast::Scenario) -> Checked<Scenario> {
    let mut infer = Infer::new(ctx, &[]);
    infer.scenario = true;
    infer.scenario_body(scenario)
}

fn surrounded<'a>(ctx: &'a dyn Context, around: &Surroundings<'a>, range: Range) -> (Infer<'a>, Vec<LocalId>) {
    let mut infer = Infer::new(ctx, around.generics);
    let mut params = Vec::new();
    if let Some(relation) = &around.row {
        let row = infer.local("", Ty::Row(relation.clone()), false, Range::empty(range.start));
        infer.row = Some((relation.clone(), row));
        params.push(row);
    }
    infer.unborn.clone_from(&around.unborn);
    for (name, ty) in &around.names {
        params.push(infer.bind(name, ty.clone(), false, Range::empty(range.start)));
    }
    (infer, params)
}

impl Infer<'_> {
    /// The value of a function's block as its result.
    fn body_value(&mut self, value: Expr, ty: &Ty, range: Range) -> Expr {
        match self.shallow(&value.ty) {
            Ty::Never | Ty::Error => value,
            Ty::Unit if *ty != Ty::Unit => {
                let shown = self.show(ty);
                let end = Range::new(range.end.saturating_sub(1), range.end);
                self.error(
                    Code::Type,
                    end,
                    format!("`{shown}` is wanted, and this body ends without a value"),
                    "ends here",
                );
                self.broken(range)
            }
            _ => self.coerce_tail(value, ty),
        }
    }

    /// Converts the value at the end of blocks where it stands, so that messages point there.
    fn coerce_tail(&mut self, value: Expr, ty: &Ty) -> Expr {
        match value.kind {
            ExprKind::Block(stmts, Some(last)) => {
                let last = self.coerce_tail(*last, ty);
                let of = last.ty.clone();
                Expr { kind: ExprKind::Block(stmts, Some(Box::new(last))), ty: of, range: value.range }
            }
            kind => self.coerce(Expr { kind, ty: value.ty, range: value.range }, ty),
        }
    }
}
