//! Calls: of functions, cases, refined types, library primitives; and `fail`.

use super::ProbedAt;
use super::engine::{Infer, Seen, substitute};
use crate::builtins::Builtin;
use crate::names::is_library_module;
use crate::signature::{CallableKind, FunctionSig, ResultSig, Signature, TypeBody};
use crate::suggest::closest;
use crate::ty::{FieldTy, Symbol, Ty};
use crate::typed::{Arg, Expr, ExprKind};
use crate::uses::{Form, Meaning, Role};
use smol_str::SmolStr;
use std::sync::Arc;
use tenon_diagnostics::{Code, Diagnostic};
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
            ast::ExprKind::Name(name) => self.call_name(name, args, range),
            ast::ExprKind::TypeName(name) => {
                if let Some(owner) = self.case_owner(&name.text, hint) {
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
        if let Some(what) = crate::types::later(&name.text) {
            return self.not_supported(name.range, what);
        }
        if let Some(d) = self.foreign_function(&name.text, name.range) {
            self.report(d);
            return self.broken(name.range);
        }
        let names = self.ctx.names();
        let near = closest(&name.text, names.iter().map(SmolStr::as_str));
        self.not_found(name, format!("nothing here is called `{}`", name.text), near);
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

    fn call_name(&mut self, name: &ast::Ident, args: &ast::Args, range: Range) -> Expr {
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
            return self.call_function(sig, None, args, range);
        }
        if let Some(expr) = self.aggregate_call(name, args, range) {
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
            return self.call_method(first, name, &rest, range);
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
                    "token" => Some("actors"),
                    _ => None,
                };
                if let Some(planned) = planned {
                    return self.not_supported(range, planned);
                }
                if let Some(d) = self.foreign_function(&name.text, name.range) {
                    self.report(d);
                    return self.broken(range);
                }
                let names = self.ctx.names();
                let library: Vec<&str> = Builtin::all().map(|b| b.scheme().name.as_str()).collect();
                let near = closest(&name.text, names.iter().map(SmolStr::as_str).chain(library));
                self.not_found(name, format!("there is no function `{}`", name.text), near);
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
                let Some(symbol) = self.item_of_module(module, name) else {
                    self.skip_args(args);
                    return self.broken(range);
                };
                return match self.ctx.signature(&symbol) {
                    Some(Signature::Function(sig)) => self.call_function(sig, None, args, range),
                    _ => self.call_type(&symbol, name.range, args, range),
                };
            }
            _ => {}
        }
        let base = self.expr(base, None);
        if matches!(base.ty, Ty::Error) {
            self.skip_args(args);
            return self.broken(range);
        }
        self.through_option(base, optional, range, |this, base| this.call_method(base, name, args, range))
    }

    pub(crate) fn call_value(&mut self, function: Expr, args: &ast::Args, range: Range) -> Expr {
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
                // Nobody knows here what the function writes.
                self.wrote();
                let ty = self.resolve(&result);
                self.node(ExprKind::CallValue(Box::new(function), values), ty, range)
            }
            Ty::Infer(v) => {
                let values: Vec<Expr> = args.list.iter().map(|a| self.expr(&a.value, None)).collect();
                let types: Arc<[Ty]> = values.iter().map(|v| super::engine::forget(&v.ty)).collect();
                self.wrote();
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
            // The library writes only through functions that it is given.
            CallableKind::Fn => {
                !is_library_module(&sig.symbol.module) || sig.params.iter().any(|p| matches!(p.ty.base(), Ty::Fn(..)))
            }
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
        let mut places =
            Places { of: vec![None; args.list.len()], taken: vec![false; params.len()], fine: !args.broken };
        if first.is_some() {
            places.taken[0] = true;
        }
        self.place_by_name(&mut places, params, args, what, callee);
        let extra = places.place_the_others(args);
        if let Some(at) = extra {
            if !args.broken {
                let given = args.list.len() + usize::from(first.is_some());
                self.too_many(at, given, params.len(), what, callee);
            }
            places.fine = false;
        }
        if !args.broken && places.fine {
            places.fine = self.none_missing(&places.taken, params, args, what, callee);
        }
        self.note_arguments(&places.of, params, args, callee);
        self.values(first, &mut places, params, args)
    }

    /// Places arguments that have a name; and, beside them, bare names that are a parameter's. Without any name a call is
    /// positional, so that `gcd(b, a mod b)` means what it says.
    fn place_by_name(
        &mut self,
        places: &mut Places,
        params: &[Param],
        args: &ast::Args,
        what: &str,
        callee: Callee<'_>,
    ) {
        let named = args.list.iter().any(|a| a.name.is_some());
        for (index, arg) in args.list.iter().enumerate() {
            if let Some(word) = word_of_aggregates(arg) {
                let message = format!("`{word}` stands in the arguments of aggregates, and {what} is none");
                self.error(Code::Arguments, arg.range, message, "no aggregate");
                places.fine = false;
                continue;
            }
            let parameter = |name: &ast::Ident| params.iter().position(|p| p.name == name.text);
            match (&arg.name, &arg.value.kind) {
                (Some(name), _) => match parameter(name) {
                    Some(at) if places.taken[at] => {
                        self.error(Code::Twice, name.range, format!("`{}` is given twice", name.text), "again");
                        places.fine = false;
                    }
                    Some(at) => places.place(index, at),
                    None => {
                        self.no_such_parameter(name, params, what, callee);
                        places.fine = false;
                    }
                },
                (None, ast::ExprKind::Name(name)) if named => {
                    if let Some(at) = parameter(name).filter(|at| !places.taken[*at]) {
                        places.place(index, at);
                    }
                }
                _ => {}
            }
        }
    }

    fn no_such_parameter(&mut self, name: &ast::Ident, params: &[Param], what: &str, callee: Callee<'_>) {
        let message = format!("{what} takes no `{}`", name.text);
        let mut d = self.diagnostic(Code::Arguments, name.range, message, "no such parameter");
        let near = closest(&name.text, params.iter().map(|p| p.name.as_str()));
        d.did_you_mean(near);
        if near.is_none() && !params.is_empty() {
            let list: Vec<_> = params.iter().map(|p| p.name.as_str()).collect();
            d = d.note(format!("it takes: {}", list.join(", ")));
        }
        self.report_of_call(d, callee, None);
    }

    fn too_many(&mut self, at: Range, given: usize, takes: usize, what: &str, callee: Callee<'_>) {
        let message = format!("{what} takes {}, {given} are given", count(takes, "argument"));
        let d = self.diagnostic(Code::Arguments, at, message, "one too many");
        self.report_of_call(d, callee, None);
    }

    /// True if every parameter that needs a value is taken; says so where not.
    fn none_missing(
        &mut self,
        taken: &[bool],
        params: &[Param],
        args: &ast::Args,
        what: &str,
        callee: Callee<'_>,
    ) -> bool {
        let missing: Vec<&Param> =
            params.iter().zip(taken).filter(|(p, t)| !**t && !p.default && !p.absent).map(|(p, _)| p).collect();
        let Some(first) = missing.first() else { return true };
        let list: Vec<_> = missing.iter().map(|p| format!("`{}: {}`", p.name, self.show(&p.ty))).collect();
        let message = format!("{what} needs {}", list.join(" and "));
        let mut d = self.diagnostic(Code::Arguments, args.range, message, "not given");
        if let Some(param) = missing.iter().find(|p| matches!(self.base(&p.ty), Ty::Option(_))) {
            d = d.note(self.may_be_absent(&param.name, &param.ty));
        }
        self.report_of_call(d, callee, Some(&first.name));
        false
    }

    /// Reports what is wrong with a call, beside the declaration of what is called.
    fn report_of_call(&mut self, mut d: Diagnostic, callee: Callee<'_>, parameter: Option<&str>) {
        if let Some(symbol) = callee.symbol() {
            d = self.because(d, symbol, parameter, "declared here");
        }
        self.report(d);
    }

    /// The values of arguments that are placed, in the order of parameters; `None` where something is wrong. All of them are
    /// looked at, also those without a place, so that names in them count as used and are checked.
    fn values(
        &mut self,
        first: Option<Expr>,
        places: &mut Places,
        params: &[Param],
        args: &ast::Args,
    ) -> Option<Vec<Arg>> {
        let mut values: Vec<Option<Expr>> = params.iter().map(|_| None).collect();
        if let Some(first) = first {
            let ty = params[0].ty.clone();
            values[0] = Some(self.coerce(first, &ty));
        }
        // Values before lambdas: what lambdas take is known then.
        for lambdas in [false, true] {
            for (arg, place) in args.list.iter().zip(&places.of) {
                if matches!(arg.value.kind, ast::ExprKind::Lambda { .. }) != lambdas {
                    continue;
                }
                match place {
                    Some(at) => {
                        let param = &params[*at];
                        let ty = if param.absent { param.ty.clone().optional() } else { param.ty.clone() };
                        let value = self.check(&arg.value, &ty);
                        places.fine &= !matches!(value.kind, ExprKind::Error);
                        values[*at] = Some(value);
                    }
                    None if !lambdas => {
                        self.expr(&arg.value, None);
                    }
                    None => {}
                }
            }
        }
        let arguments = values.into_iter().zip(params).map(|(value, param)| match value {
            Some(value) => Arg::Value(value),
            None if param.default => Arg::Default,
            None => Arg::Absent,
        });
        places.fine.then(|| arguments.collect())
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
}

/// Which parameter each argument of a call is for.
struct Places {
    /// Per argument.
    of: Vec<Option<usize>>,
    /// Per parameter whether it has its argument.
    taken: Vec<bool>,
    /// Nothing wrong was found so far.
    fine: bool,
}

impl Places {
    fn place(&mut self, argument: usize, parameter: usize) {
        self.taken[parameter] = true;
        self.of[argument] = Some(parameter);
    }

    /// Places arguments without a name in the order of the parameters that are left. Gives the first that finds none.
    fn place_the_others(&mut self, args: &ast::Args) -> Option<Range> {
        let mut extra = None;
        for (index, arg) in args.list.iter().enumerate() {
            if self.of[index].is_none() && arg.name.is_none() && !arg.spread {
                match self.taken.iter().position(|taken| !taken) {
                    Some(at) => self.place(index, at),
                    None => extra = extra.or(Some(arg.range)),
                }
            }
        }
        extra
    }
}

/// What only an aggregate's argument may have.
fn word_of_aggregates(arg: &ast::Arg) -> Option<&'static str> {
    match arg {
        _ if arg.distinct => Some("distinct"),
        _ if arg.per.is_some() => Some("per"),
        _ if arg.filter.is_some() => Some("where"),
        _ if arg.spread => Some(".."),
        _ => None,
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
