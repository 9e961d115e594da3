//! `fail` and the errors that it names.

use super::calls::{Callee, Param};
use super::engine::Infer;
use crate::signature::{ErrorSig, Signature};
use crate::suggest::closest;
use crate::ty::{FieldTy, Symbol, Ty};
use crate::typed::{Arg, Expr, ExprKind};
use smol_str::SmolStr;
use tenon_diagnostics::Code;
use tenon_span::Range;
use tenon_syntax::ast;

impl Infer<'_> {
    /// The error that a name stands for.
    pub(crate) fn error_symbol(&mut self, name: &ast::Ident) -> Option<Symbol> {
        if let Some(symbol) = self.ctx.resolve(&name.text) {
            self.means_item(name.range, &symbol);
            if matches!(self.ctx.signature(&symbol), Some(Signature::Error(_))) {
                return Some(symbol);
            }
            let message = format!("`{}` is no error", name.text);
            self.error(Code::Type, name.range, message, "declared as something else");
            return None;
        }
        if tenon_value::BuiltIn::from_name(&name.text).is_some() {
            let symbol = Symbol { module: "tenon".into(), name: name.text.clone() };
            self.means_item(name.range, &symbol);
            return Some(symbol);
        }
        let known = tenon_value::BuiltIn::ALL.iter().map(|b| b.name());
        let names = self.ctx.names();
        let near = closest(&name.text, known.chain(names.iter().map(SmolStr::as_str))).map(SmolStr::new);
        let mut d =
            self.diagnostic(Code::UnknownName, name.range, format!("there is no error `{}`", name.text), "not found");
        match near {
            Some(near) => d = d.fix(self.fix(format!("write `{near}`"), name.range, near.to_string(), false)),
            None => d = d.note(format!("declare it: `error {} is Conflict \"…\"`", name.text)),
        }
        self.report(d);
        None
    }

    /// The fields of an error; a built-in one has none.
    pub(crate) fn error_sig(&self, symbol: &Symbol) -> Option<&'_ ErrorSig> {
        match self.ctx.signature(symbol) {
            Some(Signature::Error(sig)) => Some(sig),
            _ => None,
        }
    }

    /// `fail E(…)`.
    pub(crate) fn fail(&mut self, e: &ast::Expr, range: Range) -> Expr {
        let never = |kind: ExprKind| Expr { kind, ty: Ty::Never, range };
        let (name, args) = match &e.kind {
            ast::ExprKind::TypeName(name) => (name, None),
            ast::ExprKind::Call { callee, args, window: None } => match &callee.kind {
                ast::ExprKind::TypeName(name) => (name, Some(args)),
                _ => return self.not_an_error(e, range),
            },
            ast::ExprKind::Error => return never(ExprKind::Error),
            _ => return self.not_an_error(e, range),
        };
        let Some(symbol) = self.error_symbol(name) else {
            if let Some(args) = args {
                self.skip_args(args);
            }
            return never(ExprKind::Error);
        };
        self.effects.fails.push((symbol.clone(), range));
        let fields = self.error_sig(&symbol).map(|s| s.fields.clone()).unwrap_or_default();
        let params: Vec<Param> = fields.iter().map(Param::of_field).collect();
        let empty = ast::Args { range: Range::empty(name.range.end), list: Vec::new(), broken: false };
        let mut args = args.cloned().unwrap_or(empty);
        // One more argument than there are fields, without a name, is the message.
        let message = match args.list.last() {
            Some(last) if args.list.len() == params.len() + 1 && last.name.is_none() && !args.broken => {
                let value = self.check(&last.value, &Ty::Text);
                args.list.pop();
                Some(Box::new(value))
            }
            _ => None,
        };
        let what = format!("`{}`", symbol.name);
        let Some(values) = self.arguments(&params, &args, &what, Callee::Error(&symbol)) else {
            return never(ExprKind::Error);
        };
        let fields: Vec<Expr> = self.field_values(values, &fields, range);
        never(ExprKind::Fail { error: symbol, fields, message })
    }

    /// The values of a case's or error's fields, those that were left out filled in.
    pub(crate) fn field_values(&mut self, args: Vec<Arg>, fields: &[FieldTy], range: Range) -> Vec<Expr> {
        args.into_iter()
            .zip(fields)
            .map(|(arg, field)| match (arg, &field.default) {
                (Arg::Value(value), _) => value,
                (_, Some(rule)) => self.node(ExprKind::FieldDefault(rule.clone()), field.ty.clone(), range),
                (_, None) => self.node(ExprKind::Absent, field.ty.clone().optional(), range),
            })
            .collect()
    }

    pub(crate) fn not_an_error(&mut self, e: &ast::Expr, range: Range) -> Expr {
        let value = self.expr(e, None);
        if !matches!(value.ty, Ty::Error) {
            self.error(Code::Type, e.range, "after `fail` stands an error: `fail Conflict(\"…\")`", "no error");
        }
        Expr { kind: ExprKind::Error, ty: Ty::Never, range }
    }
}
