//! Queries: types and scopes of operators, and that every variable is bound by one of them.

use super::Verifier;
use super::expr::Scope;
use crate::depth::MAX_OPERATORS;
use crate::ir::*;
use crate::typing::aggregate_accepts;

/// Which variables are bound.
type Vars = Vec<bool>;

/// What stays the same in one query.
struct Context<'a> {
    query: &'a Query,
    least: &'a [FunctionKind],
    /// How many operators bind each variable.
    binders: Vec<u32>,
}

impl<'a> Context<'a> {
    fn scope(&self, bound: &Vars) -> Scope<'a> {
        Scope { vars: &self.query.vars, bound: bound.clone(), in_query: true, least: self.least }
    }
}

fn union(a: &Vars, b: &Vars) -> Vars {
    a.iter().zip(b).map(|(a, b)| *a || *b).collect()
}

impl Verifier<'_> {
    pub(super) fn query(&mut self, query: &Query, least: &[FunctionKind]) {
        let mut context = Context { query, least, binders: vec![0; query.vars.len()] };
        let mut outer = vec![false; query.vars.len()];
        for param in &query.params {
            outer[param.index()] = true;
            context.binders[param.index()] += 1;
        }
        let bound = self.rel(&query.root, &outer, &mut context, 0);
        let mut scope = context.scope(&bound);
        match &query.output {
            Output::Collect(e) | Output::First(e) | Output::One(e) => self.expr(e, &mut scope),
            Output::CollectMap(key, value) => {
                self.expr(key, &mut scope);
                self.expr(value, &mut scope);
            }
            Output::Exists => {}
        }
        for (var, count) in query.vars.iter().zip(&context.binders) {
            self.check(*count <= 1, || format!("variable {} is bound by {count} operators", var.name));
        }
    }

    /// Binds a variable of a type.
    fn bind(&mut self, var: VarId, ty: &Type, bound: &mut Vars, context: &mut Context<'_>) {
        match context.query.vars.get(var.index()) {
            Some(info) => {
                self.same(&format!("what variable {} is bound to", info.name), ty, &info.ty);
                bound[var.index()] = true;
                context.binders[var.index()] += 1;
            }
            None => self.error(format!("there is no variable {}", var.0)),
        }
    }

    /// The type of a variable that must be bound.
    fn bound_type(&mut self, var: VarId, bound: &Vars, context: &Context<'_>) -> Type {
        let in_scope = bound.get(var.index()).copied().unwrap_or(false);
        self.check(in_scope, || format!("variable {} is not bound here", var.0));
        context.query.vars.get(var.index()).map_or(Type::Unit, |info| info.ty.clone())
    }

    fn predicate(&mut self, expr: &Expr, bound: &Vars, context: &Context<'_>) {
        self.expr_of("a predicate", expr, &Type::Bool, &mut context.scope(bound));
    }

    fn exprs<'e>(&mut self, exprs: impl Iterator<Item = &'e Expr>, bound: &Vars, context: &Context<'_>) {
        let mut scope = context.scope(bound);
        exprs.for_each(|expr| self.expr(expr, &mut scope));
    }

    /// Checks an operator. `outer` is what it sees from around; the result is what its rows bind, that included.
    fn rel(&mut self, rel: &Rel, outer: &Vars, context: &mut Context<'_>, depth: usize) -> Vars {
        if depth > MAX_OPERATORS {
            self.error("operators nest too deeply");
            return outer.clone();
        }
        let depth = depth + 1;
        match rel {
            Rel::Unit => outer.clone(),
            Rel::Scan { relation, var, site } => {
                self.site(*site);
                let known = relation.index() < self.program.relations.len();
                self.check(known, || format!("there is no relation {}", relation.0));
                let mut bound = outer.clone();
                self.bind(*var, &Type::Row(*relation), &mut bound, context);
                bound
            }
            Rel::Unnest { source, var, index } => {
                self.expr(source, &mut context.scope(outer));
                let mut bound = outer.clone();
                match source.ty.element() {
                    Some(element) => self.bind(*var, element, &mut bound, context),
                    None => self.error("what is unnested is no collection"),
                }
                self.bind(*index, &Type::Int, &mut bound, context);
                bound
            }
            Rel::Filter { input, predicate } => {
                let bound = self.rel(input, outer, context, depth);
                self.predicate(predicate, &bound, context);
                bound
            }
            Rel::Map { input, defs } => {
                let mut bound = self.rel(input, outer, context, depth);
                for (var, value) in defs {
                    self.expr(value, &mut context.scope(&bound));
                    self.bind(*var, &value.ty, &mut bound, context);
                }
                bound
            }
            Rel::Join { kind, left, right, on } => {
                let left = self.rel(left, outer, context, depth);
                let right = self.rel(right, outer, context, depth);
                let both = union(&left, &right);
                self.predicate(on, &both, context);
                match kind {
                    JoinKind::Inner => both,
                    JoinKind::Left(lifts) => self.lifted(lifts, left, &right, context),
                }
            }
            Rel::Apply { kind, left, right } => {
                let mut left = self.rel(left, outer, context, depth);
                let right = self.rel(right, &left, context, depth);
                match kind {
                    Apply::Inner => right,
                    Apply::Left(lifts) => self.lifted(lifts, left, &right, context),
                    Apply::Exists(var) => {
                        self.bind(*var, &Type::Bool, &mut left, context);
                        left
                    }
                    Apply::Collect(var, element) => {
                        self.expr(element, &mut context.scope(&right));
                        let ty = context.query.vars.get(var.index()).map(|info| info.ty.clone());
                        let fits = ty.as_ref().and_then(Type::element) == Some(&element.ty);
                        self.check(fits, || format!("variable {} does not collect such elements", var.0));
                        if let Some(ty) = ty {
                            self.bind(*var, &ty, &mut left, context);
                        }
                        left
                    }
                }
            }
            Rel::Group { input, keys, aggregates, all } => {
                let inner = self.rel(input, outer, context, depth);
                self.check(*all == keys.is_empty(), || "a group without keys is the group of all, and no other".into());
                let mut bound = outer.clone();
                for (var, key) in keys {
                    self.expr(key, &mut context.scope(&inner));
                    self.bind(*var, &key.ty, &mut bound, context);
                }
                for (var, aggregate) in aggregates {
                    self.aggregate(*var, aggregate, &inner, context);
                    let ty = context.query.vars.get(var.index()).map_or(Type::Unit, |info| info.ty.clone());
                    self.bind(*var, &ty, &mut bound, context);
                }
                bound
            }
            Rel::Window { input, windows } => {
                let mut bound = self.rel(input, outer, context, depth);
                for (var, window) in windows {
                    self.window(*var, window, &bound, context);
                    let ty = context.query.vars.get(var.index()).map_or(Type::Unit, |info| info.ty.clone());
                    self.bind(*var, &ty, &mut bound, context);
                }
                bound
            }
            Rel::Sort { input, keys } => {
                let bound = self.rel(input, outer, context, depth);
                self.exprs(keys.iter().map(|key| &key.expr), &bound, context);
                bound
            }
            Rel::Limit { input, limit, offset } => {
                let bound = self.rel(input, outer, context, depth);
                for number in limit.iter().chain(offset) {
                    self.expr_of("a limit", number, &Type::Int, &mut context.scope(outer));
                }
                bound
            }
            Rel::Distinct { input, vars } => {
                let inner = self.rel(input, outer, context, depth);
                let mut bound = outer.clone();
                for var in vars {
                    self.bound_type(*var, &inner, context);
                    if let Some(bound) = bound.get_mut(var.index()) {
                        *bound = true;
                    }
                }
                bound
            }
            Rel::SetOp { left, right, vars, .. } => {
                let left = self.rel(left, outer, context, depth);
                let right = self.rel(right, outer, context, depth);
                let mut bound = outer.clone();
                for (result, l, r) in vars {
                    let l = self.bound_type(*l, &left, context);
                    let r = self.bound_type(*r, &right, context);
                    self.same("the right side of a set operator", &r, &l);
                    self.bind(*result, &l, &mut bound, context);
                }
                bound
            }
        }
    }

    /// What a left join leaves.
    fn lifted(&mut self, lifts: &[Lift], mut left: Vars, right: &Vars, context: &mut Context<'_>) -> Vars {
        for lift in lifts {
            let ty = self.bound_type(lift.from, right, context);
            self.bind(lift.to, &ty.optional(), &mut left, context);
        }
        left
    }

    fn aggregate(&mut self, var: VarId, aggregate: &Aggregate, bound: &Vars, context: &Context<'_>) {
        self.exprs(aggregate.argument.iter().chain(aggregate.grain.iter().flatten()), bound, context);
        self.exprs(aggregate.order.iter().map(|key| &key.expr), bound, context);
        if let Some(filter) = &aggregate.filter {
            self.predicate(filter, bound, context);
        }
        self.fold(var, aggregate.function, aggregate.argument.as_ref().map(|a| &a.ty), context);
    }

    fn fold(&mut self, var: VarId, function: AggregateFn, argument: Option<&Type>, context: &Context<'_>) {
        let Some(info) = context.query.vars.get(var.index()) else { return };
        if !aggregate_accepts(function, argument, &info.ty) {
            let argument = argument.map_or_else(String::new, |ty| self.show(ty));
            let message =
                format!("{function:?} of ({argument}) gives no {}, the type of {}", self.show(&info.ty), info.name);
            self.error(message);
        }
    }

    fn window(&mut self, var: VarId, window: &WindowExpr, bound: &Vars, context: &Context<'_>) {
        self.exprs(window.arguments.iter().chain(&window.partition), bound, context);
        self.exprs(window.order.iter().map(|key| &key.expr), bound, context);
        if let Frame::Rows(from, to) = &window.frame {
            for end in [from, to] {
                if let Bound::Before(n) | Bound::After(n) = end {
                    self.expr_of("a bound", n, &Type::Int, &mut context.scope(bound));
                }
            }
        }
        let Some(info) = context.query.vars.get(var.index()) else { return };
        match (window.function, window.arguments.as_slice()) {
            // An optional argument says which rows count.
            (WindowFn::Aggregate(AggregateFn::Count), [Expr { ty: Type::Option(_), .. }]) => {
                self.same("a count", &info.ty, &Type::Int);
            }
            (WindowFn::Aggregate(function), arguments) if arguments.len() <= 1 => {
                self.fold(var, function, arguments.first().map(|a| &a.ty), context);
            }
            (WindowFn::Rank | WindowFn::DenseRank | WindowFn::RowNumber, []) => {
                self.same("a rank", &info.ty, &Type::Int);
            }
            (WindowFn::Lag | WindowFn::Lead, [value]) => {
                self.same("a neighbour's value", &info.ty, &value.ty.clone().optional());
            }
            (WindowFn::Lag | WindowFn::Lead, [value, steps]) => {
                self.same("a neighbour's value", &info.ty, &value.ty.clone().optional());
                self.same("a distance", &steps.ty, &Type::Int);
            }
            _ => self.error("a window function has a wrong number of arguments"),
        }
    }
}
