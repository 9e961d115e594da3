//! Calls: of functions, function values, library primitives; look-ups; inlining.

use super::scope::{
    Binding, Closure, Ensures, Frame, Returns, Scope, bool_literal, given_order, is_some, none, unit, written_order,
};
use super::source::BodyPart;
use super::types::{absentable, bind_generics};
use super::{Instance, Lowering};
use crate::ir::{Apply, CheckKind, Command, Expr, ExprKind, Function, FunctionKind, Lift, Name, Prim, Rel, Stmt, Type};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;
use std::rc::Rc;
use std::sync::Arc;
use tenon_check::signature::{FunctionSig, Signature};
use tenon_check::ty::{Symbol, Ty};
use tenon_check::typed::any;
use tenon_check::typed::{self, Arg, Body, ExprKind as T};
use tenon_span::Range;

impl Lowering<'_> {
    /// The body of a function at concrete types.
    pub(super) fn lower_instance(&mut self, instance: &Instance, types: &[Ty]) -> Function {
        let symbol = &instance.symbol;
        let Some(Signature::Function(sig)) = self.source.signature(symbol) else {
            return self.empty_function(symbol);
        };
        let sig = sig.clone();
        let Some(body) = self.source.body(symbol, BodyPart::Code) else {
            return self.empty_function(symbol);
        };
        let site = self.site(symbol, Range::empty(0));
        let generics = bind_generics(&sig.generics, types);
        let result = self.source.result_type(symbol);
        let mut scope = Scope::new(self, body.clone(), symbol.clone(), generics);
        let result = scope.ty(&result);
        let mut params = Vec::new();
        let mut values = Vec::new();
        for (param, local) in sig.params.iter().zip(&body.params) {
            let ty = scope.ty(&param.ty);
            let ty = if param.absent { absentable(ty) } else { ty };
            let var = scope.fresh(&param.name, ty.clone(), false);
            let seen = if param.absent { scope.seen_param(&param.ty) } else { ty.clone() };
            let value = scope.flatten_absentable(Expr::var(var, ty), &seen);
            scope.bind(*local, value.clone());
            params.push(var);
            values.push(value);
        }
        let given: Vec<Ty> =
            sig.params.iter().map(|p| if p.absent { p.ty.clone().optional() } else { p.ty.clone() }).collect();
        scope.assert_params(&values, &given);
        // Whoever calls it checks what it requires; nobody calls `main`.
        if symbol.module.is_empty() && symbol.name == "main" {
            for index in 0..sig.requires {
                let Some(rule) = scope.l.source.rule(symbol, BodyPart::Requires(index)) else { continue };
                let range = rule.body.value.range;
                let body = Arc::new(rule.body.clone());
                let condition = scope.inline_body(symbol, body, Vec::new(), Vec::new(), range);
                scope.check(CheckKind::Requires, condition, &rule.text, range);
            }
        }
        let ensures = Ensures { symbol: symbol.clone(), count: sig.ensures, params: values, result: result.clone() };
        scope.frame.returns = Returns::Function(Rc::new(ensures));
        let value = scope.expr(&body.value);
        scope.emit_return(Some(value));
        let (vars, block) = (scope.vars, scope.block);
        Function { name: symbol.name.clone(), kind: FunctionKind::Pure, params, result, vars, body: block, site }
    }

    fn empty_function(&mut self, symbol: &Symbol) -> Function {
        let site = self.site(symbol, Range::empty(0));
        self.error(symbol, Range::empty(0), "this function has no body");
        Function {
            name: symbol.name.clone(),
            kind: FunctionKind::Pure,
            params: Vec::new(),
            result: Type::Unit,
            vars: Vec::new(),
            body: vec![Stmt::Return(unit())],
            site,
        }
    }
}

impl Scope<'_, '_> {
    /// What code sees of an absent-able parameter.
    fn seen_param(&mut self, ty: &Ty) -> Type {
        self.ty(ty).optional()
    }

    /// The value of another body, with its parameters bound, as if it stood here.
    pub fn inline_body(
        &mut self,
        item: &Symbol,
        body: Arc<Body>,
        params: Vec<Binding>,
        generics: Vec<(Name, Ty)>,
        range: Range,
    ) -> Expr {
        if !self.may_inline(item, &body.value, range) {
            return self.placeholder(&Type::Unit);
        }
        let mut env = FxHashMap::default();
        for (local, binding) in body.params.iter().zip(params) {
            env.insert(*local, binding);
        }
        let frame = Frame {
            body: body.clone(),
            env,
            generics: Rc::new(generics),
            item: item.clone(),
            returns: Returns::Nowhere,
            loops: 0,
        };
        self.inlining.push(item.clone());
        let value = self.with_frame(frame, |s| s.inlined_value(&body.value));
        self.inlining.pop();
        value
    }

    /// Code that may contain `return`, in the frame at hand.
    fn inlined_value(&mut self, value: &typed::Expr) -> Expr {
        if self.in_query() && super::branches::leaves(value) {
            let ty = self.ty(&value.ty);
            return self.branches(value, &ty);
        }
        if !returns(value) {
            return self.expr(value);
        }
        let ty = self.ty(&value.ty);
        let result = if ty == Type::Unit { None } else { Some(self.fresh("result", ty.clone(), true)) };
        let done = self.fresh("done", Type::Bool, true);
        self.emit(Stmt::Let(done, bool_literal(false)));
        self.frame.returns = Returns::Inline { result, done, ty: ty.clone() };
        let (mut block, ()) = self.in_block(|s| {
            let value = s.expr(value);
            s.emit_return(Some(value));
        });
        if !super::scope::diverges(&block) {
            block.push(Stmt::Break);
        }
        self.emit(Stmt::Loop(block));
        result.map_or_else(unit, |var| Expr::var(var, ty))
    }

    /// A call of a source function.
    pub fn call(&mut self, function: &Symbol, types: &[Ty], args: &[Arg], ty: &Ty, range: Range) -> Expr {
        let Some(Signature::Function(sig)) = self.l.source.signature(function) else {
            let ty = self.ty(ty);
            return self.unsupported(range, "this cannot be called", &ty);
        };
        let sig = sig.clone();
        let types: Vec<Ty> = types.iter().map(|t| self.closed(t)).collect();
        let bindings = self.arguments(&sig, &types, args, range);
        self.call_bound(&sig, &types, bindings, range)
    }

    /// The arguments of a call, in the order of the parameters; evaluated in the order in which they are written, then
    /// the defaults.
    pub fn arguments(&mut self, sig: &FunctionSig, types: &[Ty], args: &[Arg], range: Range) -> Vec<Binding> {
        let generics = bind_generics(&sig.generics, types);
        let place = |at: usize| match args.get(at) {
            Some(Arg::Value(value)) => Some(value.range),
            _ => None,
        };
        let order = written_order((0..sig.params.len()).map(place));
        // By parameter. Only a default, which comes last, looks at those of other parameters.
        let mut bindings: Vec<Option<Binding>> = vec![None; sig.params.len()];
        let mut values = vec![unit(); sig.params.len()];
        let mut marks = Vec::new();
        for at in order.iter().copied() {
            let param = &sig.params[at];
            let closed = super::types::substitute(&param.ty, &generics);
            let arg = args.get(at).unwrap_or(&Arg::Default);
            if let Arg::Value(value) = arg
                && let Some(closure) = matches!(closed, Ty::Fn(..)).then(|| self.closure(value)).flatten()
            {
                bindings[at] = Some(closure);
                marks.push(self.block.len());
                continue;
            }
            let core = self.l.lower_ty(&closed);
            let core = if param.absent { absentable(core) } else { core };
            values[at] = match arg {
                Arg::Value(value) => {
                    let value = self.expr(value);
                    self.coerce(value, &core)
                }
                Arg::Absent => none(core),
                Arg::Default => match self.l.source.body(&sig.symbol, BodyPart::ParamDefault(at as u32)) {
                    Some(body) => {
                        // A default may use the parameters before it.
                        let before = self.before(&bindings[..at], &values[..at]);
                        let value = self.inline_body(&sig.symbol, body, before, generics.clone(), range);
                        self.coerce(value, &core)
                    }
                    None => none(core),
                },
            };
            marks.push(self.block.len());
        }
        let mut evaluated: Vec<Expr> = order.iter().map(|at| std::mem::replace(&mut values[*at], unit())).collect();
        self.keep_order(&mut evaluated, &marks);
        let values = given_order(&order, evaluated);
        let in_query = self.in_query();
        bindings
            .into_iter()
            .zip(values)
            .map(|(b, v)| b.unwrap_or(if in_query { Binding::Query(v) } else { Binding::Code(v) }))
            .collect()
    }

    /// The arguments so far, as a default sees them; from here on they are used more than once.
    fn before(&mut self, bindings: &[Option<Binding>], values: &[Expr]) -> Vec<Binding> {
        let in_query = self.in_query();
        let pairs = bindings.iter().zip(values);
        pairs
            .map(|(binding, value)| match binding {
                Some(binding) => binding.clone(),
                None if in_query => Binding::Query(value.clone()),
                None => Binding::Code(value.clone()),
            })
            .collect()
    }

    /// A call with arguments that are in place: a command in code; inside a query the function's body, or, where
    /// that has statements, a call of a pure function.
    pub fn call_bound(&mut self, sig: &FunctionSig, types: &[Ty], bindings: Vec<Binding>, range: Range) -> Expr {
        let symbol = &sig.symbol;
        let generics = bind_generics(&sig.generics, types);
        let result = super::types::substitute(&self.l.source.result_type(symbol), &generics);
        let result = self.l.lower_ty(&result);
        let higher_order = bindings.iter().any(|b| matches!(b, Binding::Closure(_) | Binding::Function(..)));
        let body = self.l.source.body(symbol, BodyPart::Code);
        let inlined = higher_order
            || self.in_query()
                && !self.inlining.contains(symbol)
                && body.as_ref().is_some_and(|b| self.runs_in_query(symbol, &b.value));
        if !inlined {
            let mut args: Vec<Expr> = bindings.into_iter().filter_map(value_of).collect();
            let id = self.l.instance(symbol, types);
            let mut required = Vec::new();
            if sig.requires > 0 {
                args = args.into_iter().map(|arg| self.name(arg)).collect();
                let in_query = self.in_query();
                let bind = |arg: &Expr| if in_query { Binding::Query(arg.clone()) } else { Binding::Code(arg.clone()) };
                let seen = self.as_seen(sig, &generics, args.iter().map(bind).collect());
                required = self.required(sig, &seen, &generics, range);
            }
            if !self.in_query() {
                return self.run_command(&symbol.name, result, Command::Call(id, args), range);
            }
            let site = self.site(range);
            let item = self.frame.item.clone();
            self.l.calls_in_queries.push((id, item, range));
            let value = Expr::new(ExprKind::Call(id, args, site), result);
            return self.under(required, value, range);
        }
        let Some(body) = body else { return self.placeholder(&result) };
        let named = self.as_seen(sig, &generics, bindings);
        let required = self.required(sig, &named, &generics, range);
        let value = self.inline_body(symbol, body, named.clone(), generics.clone(), range);
        let value = self.coerce(value, &result);
        let mut value = self.under(required, value, range);
        for index in 0..sig.ensures {
            let Some(rule) = self.l.source.rule(symbol, BodyPart::Ensures(index)) else { continue };
            value = self.name(value);
            let mut params = named.clone();
            params.push(if self.in_query() { Binding::Query(value.clone()) } else { Binding::Code(value.clone()) });
            let condition = self.inline_body(symbol, Arc::new(rule.body.clone()), params, generics.clone(), range);
            // It is the function that does not keep its word, not the call.
            let site = self.l.site(symbol, rule.body.value.range);
            value = self.guarded_at(CheckKind::Ensures, condition, value, &rule.text, site);
        }
        value
    }

    /// Arguments as the code of the function sees them; they may be used more than once.
    fn as_seen(&mut self, sig: &FunctionSig, generics: &[(Name, Ty)], bindings: Vec<Binding>) -> Vec<Binding> {
        let mut named = Vec::with_capacity(bindings.len());
        for (at, binding) in bindings.into_iter().enumerate() {
            named.push(match binding {
                Binding::Code(value) | Binding::Query(value) => {
                    let seen = match sig.params.get(at) {
                        Some(param) if param.absent => {
                            let closed = super::types::substitute(&param.ty, generics);
                            self.l.lower_ty(&closed).optional()
                        }
                        _ => value.ty.clone(),
                    };
                    let value = self.flatten_absentable(value, &seen);
                    let value = self.name(value);
                    if self.in_query() { Binding::Query(value) } else { Binding::Code(value) }
                }
                other => other,
            });
        }
        named
    }

    /// What a function requires of a call, checked there in code; in a query, what the value of the call is to be put
    /// under.
    fn required(
        &mut self,
        sig: &FunctionSig,
        params: &[Binding],
        generics: &[(Name, Ty)],
        range: Range,
    ) -> Vec<(Expr, SmolStr)> {
        let mut required = Vec::new();
        for index in 0..sig.requires {
            let Some(rule) = self.l.source.rule(&sig.symbol, BodyPart::Requires(index)) else { continue };
            let body = Arc::new(rule.body.clone());
            let condition = self.inline_body(&sig.symbol, body, params.to_vec(), generics.to_vec(), range);
            // The wrapper of an endpoint stands at no call.
            let range = if range == Range::empty(0) { rule.body.value.range } else { range };
            match self.in_query() {
                true => required.push((condition, rule.text.clone())),
                false => self.check(CheckKind::Requires, condition, &rule.text, range),
            }
        }
        required
    }

    fn under(&mut self, required: Vec<(Expr, SmolStr)>, value: Expr, range: Range) -> Expr {
        let guarded = |value, (condition, text): (Expr, SmolStr)| {
            self.guarded(CheckKind::Requires, condition, value, &text, range)
        };
        required.into_iter().fold(value, guarded)
    }

    /// Whether a function's body takes the place of its call inside a query. One without ways out does; one with ways
    /// out becomes branches where it reads the store, and is called where it does not.
    fn runs_in_query(&self, symbol: &Symbol, body: &typed::Expr) -> bool {
        !has_steps(body) && (!super::branches::leaves(body) || self.l.source.reads_store(symbol))
    }

    pub fn call_value(&mut self, callee: &typed::Expr, args: &[typed::Expr], ty: &Ty, range: Range) -> Expr {
        match self.closure(callee) {
            Some(Binding::Closure(closure)) => self.apply_closure(&closure, args, range),
            Some(Binding::Function(symbol, types)) => {
                let Some(Signature::Function(sig)) = self.l.source.signature(&symbol) else { return unit() };
                let sig = sig.clone();
                let args: Vec<Arg> = args.iter().cloned().map(Arg::Value).collect();
                let bindings = self.arguments(&sig, &types, &args, range);
                self.call_bound(&sig, &types, bindings, range)
            }
            _ => {
                let ty = self.ty(ty);
                self.unsupported(range, "it is not known here which function this is", &ty)
            }
        }
    }

    fn apply_closure(&mut self, closure: &Rc<Closure>, args: &[typed::Expr], range: Range) -> Expr {
        let mut bindings = Vec::new();
        for arg in args {
            let binding = match self.closure(arg) {
                Some(closure) => closure,
                None => {
                    let value = self.expr(arg);
                    let value = self.name(value);
                    if self.in_query() { Binding::Query(value) } else { Binding::Code(value) }
                }
            };
            bindings.push(binding);
        }
        let marker = Symbol { module: Name::new_static("lambda"), name: closure.frame.item.name.clone() };
        if !self.may_inline(&marker, &closure.body, range) {
            return self.placeholder(&Type::Unit);
        }
        let mut frame = closure.frame.clone();
        frame.returns = Returns::Nowhere;
        frame.loops = 0;
        for (local, binding) in closure.params.iter().zip(bindings) {
            frame.env.insert(*local, binding);
        }
        self.inlining.push(marker);
        let value = self.with_frame(frame, |s| {
            let value = s.inlined_value(&closure.body);
            let ty = s.ty(&closure.body.ty);
            if ty == Type::Unit { value } else { s.coerce(value, &ty) }
        });
        self.inlining.pop();
        value
    }

    /// `R[k]`: at most one row.
    pub fn lookup(&mut self, relation: &Symbol, unique: Option<u32>, key: &[typed::Expr], range: Range) -> Expr {
        let refs: Vec<_> = key.iter().collect();
        let values = self.all(&refs);
        let id = self.l.relation_id(relation);
        self.lookup_values(id, unique, values, range)
    }

    /// As [`Scope::lookup`], with values that are in place: one per field, or the whole key of a composite key.
    pub fn lookup_values(
        &mut self,
        relation: crate::ir::RelationId,
        unique: Option<u32>,
        values: Vec<Expr>,
        range: Range,
    ) -> Expr {
        let info = self.l.program.relation(relation);
        let fields = match unique {
            Some(n) => info.uniques.get(n as usize).map(|u| u.fields.clone()).unwrap_or_default(),
            None => info.key.clone(),
        };
        let types: Vec<Type> = fields.iter().map(|f| info.field(*f).ty.clone()).collect();
        let mut values = values;
        if values.len() == 1 && fields.len() > 1 {
            let whole = values.remove(0);
            let whole = self.name(whole);
            if let Type::Record(record) = whole.ty.clone() {
                for (at, (_, ty)) in record.fields.iter().enumerate() {
                    values.push(Expr::new(ExprKind::Field(Box::new(whole.clone()), at as u32), ty.clone()));
                }
            }
        }
        let mut parts = Vec::new();
        for (value, ty) in values.into_iter().zip(&types) {
            // A key part that is a reference may be given by the key of its target.
            let value = match (&value.ty, ty) {
                (Type::Ref(_) | Type::Row(_), _) | (_, Type::Option(_)) => self.coerce(value, ty),
                (_, Type::Ref(target)) => {
                    let row = self.lookup_values(*target, None, vec![value], range);
                    let target_ty = Type::Ref(*target).optional();
                    self.coerce(row, &target_ty)
                }
                _ => self.coerce(value, ty),
            };
            parts.push(self.name(value));
        }
        let result = Type::Row(relation).optional();
        // A target that is not there: no row can have it in its key.
        let found: Vec<usize> = parts
            .iter()
            .zip(&types)
            .enumerate()
            .filter(|(_, (part, ty))| part.ty != **ty && matches!(part.ty, Type::Option(_)))
            .map(|(at, _)| at)
            .collect();
        if !found.is_empty() {
            let present = super::code::all_of(found.iter().map(|at| is_some(parts[*at].clone())).collect());
            for at in found {
                parts[at] = super::scope::unwrap(parts[at].clone());
            }
            let none_ty = result.clone();
            return self.conditional(
                present,
                &result.clone(),
                |s| s.lookup_parts(relation, unique, &fields, parts, &result, range),
                |_| none(none_ty),
            );
        }
        self.lookup_parts(relation, unique, &fields, parts, &result, range)
    }

    fn lookup_parts(
        &mut self,
        relation: crate::ir::RelationId,
        unique: Option<u32>,
        fields: &[crate::ir::FieldId],
        parts: Vec<Expr>,
        result: &Type,
        range: Range,
    ) -> Expr {
        if !self.in_query() {
            return self.run_command("found", result.clone(), Command::Lookup { relation, unique, key: parts }, range);
        }
        let (rel, rows) = self.begin_sub();
        let path = self.take_path();
        let site = self.site(range);
        let row = self.fresh_query("row", Type::Row(relation));
        self.set_rel(Rel::Scan { relation, var: row, site });
        let mut conditions = Vec::new();
        for (field, part) in fields.iter().zip(parts) {
            let own = self.field_of_row(Expr::var(row, Type::Row(relation)), relation, *field);
            conditions.push(super::scope::compare(Prim::Eq, own, part));
        }
        let predicate = super::code::all_of(conditions);
        let input = Box::new(self.take_rel());
        self.set_rel(Rel::Filter { input, predicate });
        let right = self.end_sub(rel, rows);
        self.restore_path(path);
        let found = self.fresh_query("found", result.clone());
        self.apply(Apply::Left(vec![Lift { from: row, to: found }]), right);
        Expr::var(found, result.clone())
    }
}

fn value_of(binding: Binding) -> Option<Expr> {
    match binding {
        Binding::Code(value) | Binding::Query(value) => Some(value),
        _ => None,
    }
}

/// True if the code may leave by `return`.
fn returns(expr: &typed::Expr) -> bool {
    any(expr, &|e| matches!(e.kind, T::Return(_)))
}

/// True if the code goes around, assigns or writes: as one expression it cannot be written.
fn has_steps(expr: &typed::Expr) -> bool {
    any(expr, &|e| match &e.kind {
        T::Insert { .. } | T::Update { .. } | T::Upsert { .. } | T::Delete { .. } => true,
        T::Block(stmts, _) => {
            stmts.iter().any(|s| matches!(s, typed::Stmt::For(..) | typed::Stmt::While(..) | typed::Stmt::Assign(..)))
        }
        _ => false,
    })
}
