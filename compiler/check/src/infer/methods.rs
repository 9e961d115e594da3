//! Calls behind a dot, and what is meant where there is no such function.

use super::engine::Infer;
use crate::builtins::Builtin;
use crate::signature::Signature;
use crate::suggest::closest;
use crate::ty::Ty;
use crate::typed::{Expr, ExprKind};
use crate::uses::{Meaning, Role};
use tenon_diagnostics::Code;
use tenon_span::Range;
use tenon_syntax::ast;

impl Infer<'_> {
    /// `x.f(args)`: a function field, a primitive, or a function that takes `x` first.
    pub(crate) fn call_method(&mut self, base: Expr, name: &ast::Ident, args: &ast::Args, range: Range) -> Expr {
        let base = self.forgotten(base);
        self.look_around(name.range, |infer| infer.member_of(&base));
        let ty = self.base(&base.ty);
        if let Ty::Record(record) = &ty
            && record.field(&name.text).is_some_and(|f| matches!(self.base(&f.ty), Ty::Fn(..)))
        {
            let function = self.field(base, &name.text, name.range, range);
            return self.call_value(function, args, range);
        }
        if name.text == "may_become" && matches!(ty, Ty::Variant(..)) {
            return self.may_become(base, args, range);
        }
        if let Some(builtin) = self.builtin_for(&name.text, &ty) {
            self.means(name.range, Meaning::Builtin(builtin), Role::Read);
            return self.apply_builtin(builtin, Some(base), Some(args), range);
        }
        if let Some(symbol) = self.ctx.resolve(&name.text)
            && let Some(Signature::Function(sig)) = self.ctx.signature(&symbol)
        {
            self.means_item(name.range, &symbol);
            return self.call_function(sig, Some(base), args, range);
        }
        self.skip_args(args);
        match &ty {
            Ty::Option(inner) if !self.candidates(&name.text, inner).is_empty() => {
                let written = self.ctx.source(base.range);
                let shown = self.show(&ty);
                let dot = Range::new(base.range.end, name.range.start);
                let d = self
                    .diagnostic(
                        Code::MaybeNone,
                        base.range,
                        format!("`{written}` may be `none`, so `.{}` may have nothing to work on", name.text),
                        format!("type `{shown}`"),
                    )
                    .fix(self.fix("call it only where there is a value", dot, "?.", false));
                self.report(d);
            }
            Ty::Error => {}
            Ty::Infer(_) => {
                self.error(
                    Code::CannotInfer,
                    base.range,
                    format!("nothing here says which type this has, so `.{}` may mean anything", name.text),
                    "of what type?",
                );
            }
            _ => {
                let shown = self.show(&ty);
                let library: Vec<&str> =
                    Builtin::all().filter(|b| self.receives(*b, &ty)).map(|b| b.scheme().name.as_str()).collect();
                if self.statement_for(&base, &ty, &name.text).is_none()
                    && let Some(d) = self.foreign_member(&ty, &name.text, name.range)
                {
                    self.report(d);
                    return self.broken(range);
                }
                let mut d = self.diagnostic(
                    Code::UnknownField,
                    name.range,
                    format!("`{shown}` has no `{}`", name.text),
                    "not found",
                );
                if let Some(note) = self.statement_for(&base, &ty, &name.text) {
                    d = d.note(note);
                } else if let Some(near) = closest(&name.text, library) {
                    d.did_you_mean(Some(near));
                }
                self.report(d);
            }
        }
        self.broken(range)
    }

    pub(crate) fn may_become(&mut self, base: Expr, args: &ast::Args, range: Range) -> Expr {
        let found = match &super::facts::strip(&base).kind {
            ExprKind::StoredField(row, field) => match self.base(&row.ty) {
                Ty::Row(symbol)
                    if self.relation(&symbol).is_some_and(|s| s.transitions.iter().any(|(f, _)| f == field)) =>
                {
                    Some((symbol, field.clone()))
                }
                _ => None,
            },
            _ => None,
        };
        let Some((relation, field)) = found else {
            self.skip_args(args);
            self.error(Code::Transition, range, "`may_become` asks a field that has `transitions`", "not such a field");
            return self.broken(range);
        };
        let [arg] = args.list.as_slice() else {
            self.skip_args(args);
            self.error(Code::Arguments, range, "`may_become` takes the new value", "not one value");
            return self.broken(range);
        };
        let ty = self.base(&base.ty);
        // A case that is named without its fields asks for some new value of it.
        let wanted = match self.case_alone(&arg.value, &ty) {
            Some((symbol, _)) => Ty::Tag(symbol),
            None => ty,
        };
        let to = self.check(&arg.value, &wanted);
        self.node(ExprKind::MayBecome { relation, field, from: Box::new(base), to: Box::new(to) }, Ty::Bool, range)
    }

    /// What Tenon writes for a function that rows and relations have elsewhere.
    fn statement_for(&self, base: &Expr, ty: &Ty, name: &str) -> Option<String> {
        let written = self.ctx.source(base.range);
        match ty {
            Ty::Bag(element) if matches!(self.base(element), Ty::Row(_)) => Some(match name {
                "insert" | "create" | "add" | "save" | "push" => {
                    format!("a row is stored by `insert {written}(field: value, …)`")
                }
                "find" | "get" | "find_one" | "findOne" | "lookup" => {
                    format!("a row is looked up by its key: `{written}[key]`, which may be `none`")
                }
                "all" | "to_list" | "list" => format!("`{written}` itself is all rows"),
                "count" | "size" | "len" => format!("rows are counted by `count({written})`"),
                "where" | "filter" | "find_all" | "findAll" => {
                    format!("rows are chosen by a query: `from x in {written} where …`")
                }
                "map" | "select" => format!("rows become something else in a query: `from x in {written} select …`"),
                "order_by" | "sort" | "sort_by" => {
                    format!("rows are ordered in a query: `from x in {written} order by …`")
                }
                "update" | "delete" | "remove" => {
                    format!("`update row set field = value` and `delete row` change one row of `{written}`")
                }
                _ => return None,
            }),
            Ty::Row(_) => Some(match name {
                "delete" | "remove" | "destroy" => format!("a row is deleted by `delete {written}`"),
                "update" | "set" | "save" => format!("a row is changed by `update {written} set field = value`"),
                _ => return None,
            }),
            _ => None,
        }
    }
}
