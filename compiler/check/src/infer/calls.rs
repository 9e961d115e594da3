//! Calls: of functions, cases, refined types, library primitives; and `fail`.

use super::ProbedAt;
use super::engine::{Infer, Seen, nearest, substitute};
use crate::builtins::{Builtin, Need, SCALE_DIGITS, SCALE_SAME, Scheme};
use crate::signature::{CallableKind, ErrorSig, FunctionSig, ResultSig, Signature, TypeBody};
use crate::ty::{FieldTy, Symbol, Ty};
use crate::typed::{Arg, Conversion, Expr, ExprKind};
use crate::uses::{Form, Meaning, Role};
use smol_str::SmolStr;
use std::sync::Arc;
use tenon_diagnostics::Code;
use tenon_span::Range;
use tenon_syntax::ast;

/// A parameter as a call sees it, type arguments put in.
#[derive(Clone, Debug)]
pub(crate) struct Param {
    pub name: SmolStr,
    pub ty: Ty,
    pub absent: bool,
    pub default: bool,
}

impl Param {
    /// A field of a case or error as a parameter of what builds it.
    pub fn of_field(field: &FieldTy) -> Param {
        Param { name: field.name.clone(), ty: field.ty.clone(), absent: field.absent, default: field.default.is_some() }
    }
}

/// What is called, as far as its arguments are concerned.
#[derive(Clone, Copy)]
pub(crate) enum Callee<'c> {
    /// A function, query or handler.
    Function(&'c Symbol),
    /// A case of a variant type.
    Case(&'c Symbol, &'c str),
    /// An error.
    Error(&'c Symbol),
    /// A primitive of the library.
    Primitive,
}

impl<'c> Callee<'c> {
    fn symbol(self) -> Option<&'c Symbol> {
        match self {
            Callee::Function(symbol) | Callee::Case(symbol, _) | Callee::Error(symbol) => Some(symbol),
            Callee::Primitive => None,
        }
    }

    fn parameter(self, name: &SmolStr) -> Option<Meaning> {
        Some(match self {
            Callee::Function(symbol) => Meaning::Parameter(symbol.clone(), name.clone()),
            Callee::Case(symbol, case) => Meaning::CaseField(symbol.clone(), case.into(), name.clone()),
            Callee::Error(symbol) => Meaning::Field(symbol.clone(), name.clone()),
            Callee::Primitive => return None,
        })
    }
}

impl Infer<'_> {
    pub(crate) fn call(
        &mut self,
        callee: &ast::Expr,
        args: &ast::Args,
        window: Option<&ast::Window>,
        range: Range,
        hint: Option<&Ty>,
    ) -> Expr {
        if let Some(window) = window {
            return self.window(callee, args, window, range);
        }
        if self.probe.is_some() && matches!(callee.kind, ast::ExprKind::Name(_) | ast::ExprKind::TypeName(_)) {
            self.look_around(callee.range, |_| ProbedAt::Callee(hint.cloned()));
        }
        match &callee.kind {
            ast::ExprKind::Name(name) => self.call_name(name, args, range, hint),
            ast::ExprKind::TypeName(name) => {
                if let Some(owner) = self.case_owner(&name.text, hint, name.range) {
                    self.means(name.range, Meaning::Case(owner.clone(), name.text.clone()), Role::Read);
                    return self.case(&owner, &name.text, Some(args), range, hint);
                }
                match self.ctx.resolve(&name.text) {
                    Some(symbol) => {
                        self.means_item(name.range, &symbol);
                        self.call_type(&symbol, name.range, args, range)
                    }
                    None => {
                        self.skip_args(args);
                        self.unknown_type(name)
                    }
                }
            }
            ast::ExprKind::Field { base, name: Some(name), optional } => {
                self.call_field(base, name, *optional, args, range, hint)
            }
            _ => {
                let function = self.expr(callee, None);
                self.call_value(function, args, range)
            }
        }
    }

    fn unknown_type(&mut self, name: &ast::Ident) -> Expr {
        let names = self.ctx.names();
        let near = nearest(&name.text, names.iter().map(SmolStr::as_str)).map(SmolStr::new);
        let mut d = self.diagnostic(
            Code::UnknownName,
            name.range,
            format!("nothing here is called `{}`", name.text),
            "not found",
        );
        if let Some(near) = near {
            d.primary.message = format!("did you mean `{near}`?");
            d = d.fix(self.fix(format!("write `{near}`"), name.range, near.to_string(), false));
        }
        self.report(d);
        self.broken(name.range)
    }

    /// Looks at arguments of a call that is in error, so that names in them count as used and are checked.
    pub(crate) fn skip_args(&mut self, args: &ast::Args) {
        for arg in &args.list {
            if !matches!(arg.value.kind, ast::ExprKind::Lambda { .. }) {
                self.expr(&arg.value, None);
            }
        }
    }

    fn call_name(&mut self, name: &ast::Ident, args: &ast::Args, range: Range, hint: Option<&Ty>) -> Expr {
        if let Some(Seen::Local(local)) = self.scope.find(&name.text).cloned() {
            let ty = self.base(&self.locals[local.0 as usize].ty.clone());
            // A local that is no function does not hide a function of its name.
            if matches!(ty, Ty::Fn(..) | Ty::Infer(_)) {
                self.means(name.range, self.meaning_of_local(local), Role::Read);
                let function = self.local_expr(local, name.range);
                return self.call_value(function, args, range);
            }
        }
        if let Some(symbol) = self.ctx.resolve(&name.text)
            && let Some(Signature::Function(sig)) = self.ctx.signature(&symbol)
        {
            self.means_item(name.range, &symbol);
            return self.call_function(sig, None, args, range, hint);
        }
        if let Some(expr) = self.aggregate_call(name, args, range, hint) {
            return expr;
        }
        if super::window::is_window_function(&name.text) && Builtin::named(&name.text).is_empty() {
            self.skip_args(args);
            let d = self
                .diagnostic(Code::Window, range, format!("`{}` needs a window", name.text), "no `over`")
                .fix(self.fix("add one", Range::empty(range.end), " over (order by )", false));
            self.report(d);
            return self.broken(range);
        }
        if let Some(builtin) = Builtin::named(&name.text).iter().copied().find(|b| b.scheme().receiver.is_none()) {
            self.means(name.range, Meaning::Builtin(builtin), Role::Read);
            return self.apply_builtin(builtin, None, Some(args), range);
        }
        if !Builtin::named(&name.text).is_empty() && !args.list.is_empty() && args.list[0].name.is_none() {
            let first = self.expr(&args.list[0].value, None);
            if matches!(first.ty, Ty::Error) {
                return self.broken(range);
            }
            let rest = ast::Args { range: args.range, list: args.list[1..].to_vec(), broken: args.broken };
            return self.call_method(first, name, &rest, range, hint);
        }
        match &self.ctx.resolve(&name.text) {
            Some(symbol) => {
                self.means_item(name.range, symbol);
                let value = self.item_value(symbol, name.range, None);
                self.call_value(value, args, range)
            }
            None => {
                if let Some(value) = self.local_name(name) {
                    return self.call_value(value, args, range);
                }
                self.skip_args(args);
                let planned = match name.text.as_str() {
                    "search" => Some("full-text search (`search`)"),
                    "history" => Some("reads of the past (`history`)"),
                    "can" => Some("policies (`can`)"),
                    "token" | "PasswordHash" => Some("actors"),
                    _ => None,
                };
                if let Some(planned) = planned {
                    return self.not_supported(range, planned);
                }
                let names = self.ctx.names();
                let library: Vec<&str> = Builtin::all().map(|b| b.scheme().name.as_str()).collect();
                let near = nearest(&name.text, names.iter().map(SmolStr::as_str).chain(library)).map(SmolStr::new);
                let mut d = self.diagnostic(
                    Code::UnknownName,
                    name.range,
                    format!("there is no function `{}`", name.text),
                    "not found",
                );
                if let Some(near) = near {
                    d.primary.message = format!("did you mean `{near}`?");
                    d = d.fix(self.fix(format!("write `{near}`"), name.range, near.to_string(), false));
                }
                self.report(d);
                self.broken(range)
            }
        }
    }

    fn call_type(&mut self, symbol: &Symbol, name_range: Range, args: &ast::Args, range: Range) -> Expr {
        match self.ctx.signature(symbol) {
            Some(Signature::Type(sig)) => match &sig.body {
                TypeBody::Alias(ty @ Ty::Refined(base, _)) => {
                    let [arg] = args.list.as_slice() else {
                        self.skip_args(args);
                        self.error(
                            Code::Arguments,
                            range,
                            format!("`{}(value)` takes one value", symbol.name),
                            "not one value",
                        );
                        return self.broken(range);
                    };
                    let value = self.check(&arg.value, base);
                    self.node(ExprKind::TryRefine(Box::new(value)), ty.clone().optional(), range)
                }
                TypeBody::Alias(ty @ Ty::Record(_)) => {
                    let parts = args
                        .list
                        .iter()
                        .map(|a| {
                            if a.spread {
                                ast::RecordPart::Spread(a.value.clone())
                            } else {
                                ast::RecordPart::Field { name: a.name.clone(), value: a.value.clone() }
                            }
                        })
                        .collect();
                    let record = ast::Record { parts, broken: args.broken };
                    let value = self.record(&record, range, Some(ty));
                    self.coerce(value, ty)
                }
                _ => {
                    self.skip_args(args);
                    self.error(
                        Code::NotCallable,
                        name_range,
                        format!("`{}` is a type, and makes no values by itself", symbol.name),
                        "a type",
                    );
                    self.broken(range)
                }
            },
            Some(Signature::Relation(_)) => {
                self.skip_args(args);
                let d = self
                    .diagnostic(
                        Code::Misplaced,
                        range,
                        format!("a row of `{}` comes into being by `insert`", symbol.name),
                        "a row by itself",
                    )
                    .fix(self.fix("insert it", Range::empty(range.start), "insert ", false));
                self.report(d);
                self.broken(range)
            }
            Some(Signature::Error(_)) => {
                self.skip_args(args);
                let d = self
                    .diagnostic(
                        Code::Misplaced,
                        range,
                        format!("`{}` is an error; it is failed with", symbol.name),
                        "not a value",
                    )
                    .fix(self.fix("fail with it", Range::empty(range.start), "fail ", false));
                self.report(d);
                self.broken(range)
            }
            _ => {
                self.skip_args(args);
                self.broken(range)
            }
        }
    }

    fn call_field(
        &mut self,
        base: &ast::Expr,
        name: &ast::Ident,
        optional: bool,
        args: &ast::Args,
        range: Range,
        hint: Option<&Ty>,
    ) -> Expr {
        match &base.kind {
            ast::ExprKind::TypeName(owner) => {
                if let Some(symbol) = self.ctx.resolve(&owner.text)
                    && self.type_sig(&symbol).is_some()
                {
                    self.means_item(owner.range, &symbol);
                    if self.cases(&symbol, &[]).iter().any(|(n, _)| *n == name.text) {
                        self.means(name.range, Meaning::Case(symbol.clone(), name.text.clone()), Role::Read);
                        return self.case(&symbol, &name.text, Some(args), range, hint);
                    }
                    self.skip_args(args);
                    return self.unknown_case(&symbol, name);
                }
            }
            ast::ExprKind::Name(module)
                if self.scope.find(&module.text).is_none() && self.ctx.is_module(&module.text) =>
            {
                self.means(module.range, Meaning::Module(module.text.clone()), Role::Read);
                return match self.ctx.resolve_in(&module.text, &name.text) {
                    Some(symbol) => {
                        self.means_item(name.range, &symbol);
                        match self.ctx.signature(&symbol) {
                            Some(Signature::Function(sig)) => self.call_function(sig, None, args, range, hint),
                            _ => self.call_type(&symbol, name.range, args, range),
                        }
                    }
                    None => {
                        self.skip_args(args);
                        self.error(
                            Code::UnknownName,
                            name.range,
                            format!("the module `{}` has no `{}`", module.text, name.text),
                            "not found",
                        );
                        self.broken(range)
                    }
                };
            }
            _ => {}
        }
        let base = self.expr(base, None);
        if matches!(base.ty, Ty::Error) {
            self.skip_args(args);
            return self.broken(range);
        }
        self.through_option(base, optional, range, |this, base| this.call_method(base, name, args, range, hint))
    }

    /// `x.f(args)`: a function field, a primitive, or a function that takes `x` first.
    pub(crate) fn call_method(
        &mut self,
        base: Expr,
        name: &ast::Ident,
        args: &ast::Args,
        range: Range,
        hint: Option<&Ty>,
    ) -> Expr {
        let base = self.forgotten(base);
        self.look_around(name.range, |_| ProbedAt::Member(base.ty.clone()));
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
            return self.call_function(sig, Some(base), args, range, hint);
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
                let mut d = self.diagnostic(
                    Code::UnknownField,
                    name.range,
                    format!("`{shown}` has no `{}`", name.text),
                    "not found",
                );
                if let Some(near) = nearest(&name.text, library.into_iter()) {
                    d.primary.message = format!("did you mean `{near}`?");
                    d = d.fix(self.fix(format!("write `{near}`"), name.range, near, false));
                }
                self.report(d);
            }
        }
        self.broken(range)
    }

    fn may_become(&mut self, base: Expr, args: &ast::Args, range: Range) -> Expr {
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
        let to = self.check(&arg.value, &ty);
        self.node(ExprKind::MayBecome { relation, field, from: Box::new(base), to: Box::new(to) }, Ty::Bool, range)
    }

    fn call_value(&mut self, function: Expr, args: &ast::Args, range: Range) -> Expr {
        match self.base(&function.ty) {
            Ty::Fn(params, result) => {
                if params.len() != args.list.len() && !args.broken {
                    self.skip_args(args);
                    let (n, m) = (params.len(), args.list.len());
                    self.error(
                        Code::Arguments,
                        args.range,
                        format!("this function takes {n} arguments, {m} are given"),
                        format!("{m} given"),
                    );
                    return self.broken(range);
                }
                let values = params.iter().zip(&args.list).map(|(ty, arg)| self.check(&arg.value, ty)).collect();
                let ty = self.resolve(&result);
                self.node(ExprKind::CallValue(Box::new(function), values), ty, range)
            }
            Ty::Infer(v) => {
                let values: Vec<Expr> = args.list.iter().map(|a| self.expr(&a.value, None)).collect();
                let types: Arc<[Ty]> = values.iter().map(|v| super::engine::forget(&v.ty)).collect();
                let result = self.fresh(range);
                self.assign(v, Ty::Fn(types, Arc::new(result.clone())));
                self.node(ExprKind::CallValue(Box::new(function), values), result, range)
            }
            Ty::Error => {
                self.skip_args(args);
                self.broken(range)
            }
            ty => {
                self.skip_args(args);
                let shown = self.show(&ty);
                self.error(
                    Code::NotCallable,
                    function.range,
                    format!("only functions are called, and this is a `{shown}`"),
                    format!("`{shown}`"),
                );
                self.broken(range)
            }
        }
    }

    // --- functions

    fn instantiate(&mut self, sig: &FunctionSig, range: Range) -> (Vec<(SmolStr, Ty)>, Vec<Param>, Ty) {
        let map: Vec<(SmolStr, Ty)> =
            sig.generics.iter().map(|g| (g.name.clone(), self.fresh_bounded(range, g.bound))).collect();
        let params = sig
            .params
            .iter()
            .map(|p| Param { name: p.name.clone(), ty: substitute(&p.ty, &map), absent: p.absent, default: p.default })
            .collect();
        let result = match &sig.result {
            ResultSig::None => Ty::Unit,
            ResultSig::Declared(ty) => substitute(ty, &map),
            ResultSig::Inferred => substitute(&self.ctx.result_type(&sig.symbol), &map),
        };
        (map, params, result)
    }

    pub(crate) fn call_function(
        &mut self,
        sig: &FunctionSig,
        first: Option<Expr>,
        args: &ast::Args,
        range: Range,
        _hint: Option<&Ty>,
    ) -> Expr {
        self.effects.calls.push((sig.symbol.clone(), range));
        let (map, params, result) = self.instantiate(sig, range);
        let what = format!("`{}`", sig.symbol.name);
        let values = match first {
            Some(first) => self.arguments_after(first, &params, args, &what, Callee::Function(&sig.symbol)),
            None => self.arguments(&params, args, &what, Callee::Function(&sig.symbol)),
        };
        let writes = match sig.kind {
            CallableKind::Handler => true,
            CallableKind::Query => false,
            CallableKind::Fn => !sig.symbol.module.starts_with("tenon"),
        };
        if writes {
            self.wrote();
        }
        let result = self.resolve(&result);
        let Some(args) = values else { return Expr { kind: ExprKind::Error, ty: result, range } };
        let types = map.into_iter().map(|(_, ty)| self.resolve(&ty)).collect();
        self.node(ExprKind::Call { function: sig.symbol.clone(), types, args }, result, range)
    }

    /// A function used as a value.
    pub(crate) fn function_value(&mut self, sig: &FunctionSig, range: Range, hint: Option<&Ty>) -> Expr {
        self.effects.calls.push((sig.symbol.clone(), range));
        if sig.kind != CallableKind::Fn {
            let message =
                format!("only a `fn` may be used as a value, and `{}` is a {}", sig.symbol.name, kind_word(sig.kind));
            let d = self.diagnostic(Code::Misplaced, range, message, "not called").fix(self.fix(
                "call it",
                Range::empty(range.end),
                "()",
                false,
            ));
            self.report(d);
            return self.broken(range);
        }
        let (map, params, result) = self.instantiate(sig, range);
        let ty = Ty::Fn(params.iter().map(|p| p.ty.clone()).collect(), Arc::new(result));
        if let Some(hint) = hint {
            let hint = self.resolve(hint);
            self.unify(&ty, &hint);
        }
        let types = map.into_iter().map(|(_, ty)| ty).collect();
        self.node(ExprKind::FnValue(sig.symbol.clone(), types), ty, range)
    }

    /// The arguments of a call in the order of its parameters; `None` where they do not fit, which is reported.
    pub(crate) fn arguments(
        &mut self,
        params: &[Param],
        args: &ast::Args,
        what: &str,
        callee: Callee<'_>,
    ) -> Option<Vec<Arg>> {
        self.fill(None, params, args, what, callee)
    }

    fn arguments_after(
        &mut self,
        first: Expr,
        params: &[Param],
        args: &ast::Args,
        what: &str,
        callee: Callee<'_>,
    ) -> Option<Vec<Arg>> {
        if params.is_empty() {
            self.skip_args(args);
            self.error(Code::Arguments, args.range, format!("{what} takes no arguments"), "called on a value");
            return None;
        }
        self.fill(Some(first), params, args, what, callee)
    }

    fn fill(
        &mut self,
        first: Option<Expr>,
        params: &[Param],
        args: &ast::Args,
        what: &str,
        callee: Callee<'_>,
    ) -> Option<Vec<Arg>> {
        let mut of: Vec<Option<usize>> = vec![None; args.list.len()];
        let mut taken = vec![false; params.len()];
        if first.is_some() {
            taken[0] = true;
        }
        let mut fine = !args.broken;
        // By name; and, beside named arguments, bare names that are a parameter's. Without any name a call is
        // positional, so that `gcd(b, a mod b)` means what it says.
        let named = args.list.iter().any(|a| a.name.is_some());
        for (index, arg) in args.list.iter().enumerate() {
            if arg.distinct || arg.per.is_some() || arg.filter.is_some() || arg.spread {
                let word = if arg.distinct {
                    "distinct"
                } else if arg.per.is_some() {
                    "per"
                } else if arg.filter.is_some() {
                    "where"
                } else {
                    ".."
                };
                self.error(
                    Code::Arguments,
                    arg.range,
                    format!("`{word}` stands in the arguments of aggregates, and {what} is none"),
                    "no aggregate",
                );
                fine = false;
                continue;
            }
            match &arg.name {
                Some(name) => match params.iter().position(|p| p.name == name.text) {
                    Some(at) if taken[at] => {
                        self.error(Code::Twice, name.range, format!("`{}` is given twice", name.text), "again");
                        fine = false;
                    }
                    Some(at) => {
                        taken[at] = true;
                        of[index] = Some(at);
                    }
                    None => {
                        let mut d = self.diagnostic(
                            Code::Arguments,
                            name.range,
                            format!("{what} takes no `{}`", name.text),
                            "no such parameter",
                        );
                        match nearest(&name.text, params.iter().map(|p| p.name.as_str())) {
                            Some(near) => {
                                d.primary.message = format!("did you mean `{near}`?");
                                d = d.fix(self.fix(format!("write `{near}`"), name.range, near, false));
                            }
                            None if !params.is_empty() => {
                                let list: Vec<_> = params.iter().map(|p| p.name.as_str()).collect();
                                d = d.note(format!("it takes: {}", list.join(", ")));
                            }
                            None => {}
                        }
                        if let Some(symbol) = callee.symbol() {
                            d = self.because(d, symbol, None, "declared here");
                        }
                        self.report(d);
                        fine = false;
                    }
                },
                None => {
                    if named
                        && let ast::ExprKind::Name(name) = &arg.value.kind
                        && let Some(at) = params.iter().position(|p| p.name == name.text)
                        && !taken[at]
                    {
                        taken[at] = true;
                        of[index] = Some(at);
                    }
                }
            }
        }
        // The others by position.
        let mut extra = Vec::new();
        for (index, arg) in args.list.iter().enumerate() {
            if of[index].is_none() && arg.name.is_none() && !arg.spread {
                match taken.iter().position(|t| !t) {
                    Some(at) => {
                        taken[at] = true;
                        of[index] = Some(at);
                    }
                    None => extra.push(arg.range),
                }
            }
        }
        if let Some(at) = extra.first().copied() {
            if !args.broken {
                let n = params.len();
                let given = args.list.len() + usize::from(first.is_some());
                let message = format!("{what} takes {}, {given} are given", count(n, "argument"));
                let mut d = self.diagnostic(Code::Arguments, at, message, "one too many");
                if let Some(symbol) = callee.symbol() {
                    d = self.because(d, symbol, None, "declared here");
                }
                self.report(d);
            }
            fine = false;
        }
        let missing: Vec<&Param> =
            params.iter().zip(&taken).filter(|(p, t)| !**t && !p.default && !p.absent).map(|(p, _)| p).collect();
        if !missing.is_empty() && !args.broken && fine {
            let list: Vec<_> = missing.iter().map(|p| format!("`{}: {}`", p.name, self.show(&p.ty))).collect();
            let mut d = self.diagnostic(
                Code::Arguments,
                args.range,
                format!("{what} needs {}", list.join(" and ")),
                "not given",
            );
            if let Some(symbol) = callee.symbol() {
                d = self.because(d, symbol, Some(&missing[0].name), "declared here");
            }
            self.report(d);
            fine = false;
        }
        self.note_arguments(&of, params, args, callee);
        // Values before lambdas: what lambdas take is known then.
        let mut values: Vec<Option<Expr>> = params.iter().map(|_| None).collect();
        if let Some(first) = first {
            let ty = params[0].ty.clone();
            values[0] = Some(self.coerce(first, &ty));
        }
        for lambdas in [false, true] {
            for (index, arg) in args.list.iter().enumerate() {
                if matches!(arg.value.kind, ast::ExprKind::Lambda { .. }) != lambdas {
                    continue;
                }
                match of[index] {
                    Some(at) => {
                        let param = &params[at];
                        let ty = if param.absent { param.ty.clone().optional() } else { param.ty.clone() };
                        let value = self.check(&arg.value, &ty);
                        if matches!(value.kind, ExprKind::Error) {
                            fine = false;
                        }
                        values[at] = Some(value);
                    }
                    None if !lambdas => {
                        self.expr(&arg.value, None);
                    }
                    None => {}
                }
            }
        }
        if !fine {
            return None;
        }
        Some(
            values
                .into_iter()
                .zip(params)
                .map(|(value, param)| match value {
                    Some(value) => Arg::Value(value),
                    None if param.default => Arg::Default,
                    None => Arg::Absent,
                })
                .collect(),
        )
    }

    /// Notes which parameters the arguments of a call are for.
    fn note_arguments(&mut self, of: &[Option<usize>], params: &[Param], args: &ast::Args, callee: Callee<'_>) {
        let named = args.list.iter().any(|arg| arg.name.is_some());
        for (arg, at) in args.list.iter().zip(of) {
            let Some(param) = at.and_then(|at| params.get(at)) else { continue };
            let Some(meaning) = callee.parameter(&param.name) else { continue };
            let (range, form) = match (&arg.name, &arg.value.kind) {
                (Some(name), _) => (name.range, Form::Plain),
                (None, ast::ExprKind::Name(name)) if named && name.text == param.name => {
                    (name.range, Form::Short(name.range.start))
                }
                _ => (arg.value.range, Form::Positional),
            };
            self.means_by(range, meaning, Role::Write, form);
        }
    }

    // --- primitives

    /// True if a primitive may be called on a value of the type.
    pub(crate) fn receives(&self, builtin: Builtin, ty: &Ty) -> bool {
        match &builtin.scheme().receiver {
            Some(pattern) => self.pattern_fits(pattern, &self.base(ty)),
            None => false,
        }
    }

    fn pattern_fits(&self, pattern: &Ty, ty: &Ty) -> bool {
        let ty = self.base(ty);
        match (pattern, &ty) {
            (Ty::Param(_), Ty::Unit | Ty::Fn(..)) => false,
            (Ty::Param(_), _) | (_, Ty::Error) => true,
            (Ty::Decimal(SCALE_SAME), Ty::Decimal(_)) => true,
            (Ty::List(p), Ty::List(t)) | (Ty::Bag(p), Ty::Bag(t)) | (Ty::Set(p), Ty::Set(t)) => {
                matches!(self.shallow(t), Ty::Infer(_)) || self.pattern_fits(p, t)
            }
            (Ty::Map(..), Ty::Map(..)) => true,
            (Ty::Record(p), Ty::Record(t)) => p.fields.iter().all(|f| t.field(&f.name).is_some()),
            (p, t) => p == t,
        }
    }

    fn candidates(&self, name: &str, ty: &Ty) -> Vec<Builtin> {
        Builtin::named(name).iter().copied().filter(|b| self.receives(*b, ty)).collect()
    }

    /// The primitive of a name that a value of the type has; a bag has those of lists too.
    pub(crate) fn builtin_for(&self, name: &str, ty: &Ty) -> Option<Builtin> {
        let found = self.candidates(name, ty);
        if let Some(exact) = found.iter().find(|b| !matches!(b.scheme().receiver, Some(Ty::Param(_)))).or(found.first())
        {
            // A variable of inference fits any letter; only a lone name says which type it is.
            if !matches!(ty, Ty::Infer(_)) {
                return Some(*exact);
            }
        }
        match ty {
            Ty::Infer(_) => match Builtin::named(name) {
                [only] if only.scheme().receiver.is_some() => Some(*only),
                _ => None,
            },
            Ty::Bag(element) => self.candidates(name, &Ty::List(element.clone())).first().copied(),
            _ => None,
        }
    }

    /// A primitive with its receiver and arguments.
    pub(crate) fn apply_builtin(
        &mut self,
        builtin: Builtin,
        receiver: Option<Expr>,
        args: Option<&ast::Args>,
        range: Range,
    ) -> Expr {
        let scheme: &Scheme = builtin.scheme();
        match builtin.info().need {
            Need::Pure => {}
            Need::Clock => self.effects.clock.push(range),
            Need::Random => self.effects.random.push(range),
            Need::Log => self.effects.logs.push(range),
        }
        if matches!(builtin, Builtin::Min | Builtin::Max)
            && let (Some(a), Some(args)) = (&receiver, args)
            && let [arg] = args.list.as_slice()
        {
            let hint = self.resolve(&a.ty);
            let b = self.expr(&arg.value, Some(&hint));
            return self.lesser_or_greater(builtin, a.clone(), b, range);
        }
        let map: Vec<(SmolStr, Ty)> =
            scheme.letters.iter().map(|(l, bound)| (l.clone(), self.fresh_bounded(range, *bound))).collect();
        let same = receiver.as_ref().and_then(|r| match self.base(&r.ty) {
            Ty::Decimal(scale) => Some(scale),
            _ => None,
        });
        let digits = args.and_then(|args| constant_digits(scheme, args));
        let put = |ty: &Ty| put_scales(&substitute(ty, &map), same, digits.flatten());
        let mut values = Vec::with_capacity(scheme.params.len() + 1);
        if let (Some(value), Some(pattern)) = (receiver, &scheme.receiver) {
            let ty = put(pattern);
            let value = match (self.base(&value.ty), &ty) {
                (Ty::Bag(_), Ty::List(_)) => {
                    let element = value.ty.element().cloned().unwrap_or(Ty::Error);
                    self.convert(Conversion::BagToList, value, Ty::list(element))
                }
                _ => value,
            };
            values.push(self.coerce(value, &ty));
        }
        let params: Vec<Param> = scheme
            .params
            .iter()
            .map(|(name, ty)| Param { name: name.clone(), ty: put(ty), absent: false, default: false })
            .collect();
        if let Some(None) = digits {
            if let Some(args) = args {
                self.skip_args(args);
                self.error(
                    Code::Arguments,
                    args.range,
                    "the number of digits is part of the type: write it as a constant, 0 to 12",
                    "not a constant",
                );
            }
            return self.broken(range);
        }
        if let Some(args) = args {
            let what = format!("`{}`", scheme.name);
            match self.arguments(&params, args, &what, Callee::Primitive) {
                Some(list) => values.extend(list.into_iter().filter_map(|a| match a {
                    Arg::Value(e) => Some(e),
                    _ => None,
                })),
                None => {
                    let ty = self.resolve(&put(&scheme.result));
                    return Expr { kind: ExprKind::Error, ty, range };
                }
            }
        }
        if builtin == Builtin::Log {
            for value in &values.clone() {
                self.refuse_secret(value, "would stand in the log");
            }
        }
        let ty = self.resolve(&put(&scheme.result));
        self.node(ExprKind::Builtin(builtin, values), ty, range)
    }

    fn lesser_or_greater(&mut self, builtin: Builtin, a: Expr, b: Expr, range: Range) -> Expr {
        let (mut both, ty) = self.join_all(vec![a, b]);
        if matches!(ty, Ty::Error | Ty::Never) || both.iter().any(|e| matches!(e.kind, ExprKind::Error)) {
            return self.broken(range);
        }
        self.require_ordered(&ty, range);
        let b = both.pop().expect("two went in");
        let a = both.pop().expect("two went in");
        self.node(ExprKind::Builtin(builtin, vec![a, b]), ty, range)
    }

    // --- fail

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
        let near = nearest(&name.text, known.chain(names.iter().map(SmolStr::as_str))).map(SmolStr::new);
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
                self.refuse_secret(&value, "would stand in the answer");
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
        for field in &fields.clone() {
            self.refuse_secret(field, "would stand in the answer");
        }
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

    fn not_an_error(&mut self, e: &ast::Expr, range: Range) -> Expr {
        let value = self.expr(e, None);
        if !matches!(value.ty, Ty::Error) {
            self.error(Code::Type, e.range, "after `fail` stands an error: `fail Conflict(\"…\")`", "no error");
        }
        Expr { kind: ExprKind::Error, ty: Ty::Never, range }
    }
}

/// The number of digits that a call says: `None` where the signature has none, `Some(None)` where it is no constant.
fn constant_digits(scheme: &Scheme, args: &ast::Args) -> Option<Option<u8>> {
    let wants = |ty: &Ty| {
        matches!(ty, Ty::Decimal(SCALE_DIGITS)) || matches!(ty, Ty::Option(t) if **t == Ty::Decimal(SCALE_DIGITS))
    };
    if !wants(&scheme.result) {
        return None;
    }
    let arg = args.list.iter().find(|a| a.name.as_ref().is_none_or(|n| n.text == "digits"));
    Some(arg.and_then(|a| match &a.value.kind {
        ast::ExprKind::Literal(ast::Literal::Int(text)) => text.parse::<u8>().ok().filter(|n| *n <= 12),
        _ => None,
    }))
}

fn put_scales(ty: &Ty, same: Option<u8>, digits: Option<u8>) -> Ty {
    match ty {
        Ty::Decimal(SCALE_SAME) => Ty::Decimal(same.unwrap_or(6)),
        Ty::Decimal(SCALE_DIGITS) => Ty::Decimal(digits.unwrap_or(6)),
        ty => super::engine::map_ty(ty, &mut |t| put_scales(t, same, digits)),
    }
}

pub(crate) fn kind_word(kind: CallableKind) -> &'static str {
    match kind {
        CallableKind::Fn => "fn",
        CallableKind::Query => "query",
        CallableKind::Handler => "handler",
    }
}

/// `1 argument`, `2 arguments`.
pub(crate) fn count(n: usize, word: &str) -> String {
    match n {
        0 => format!("no {word}s"),
        1 => format!("one {word}"),
        n => format!("{n} {word}s"),
    }
}
