//! Drawing queries.

use super::expr::{Scope, equal, int};
use super::{Generator, LINE, NUMBER, ORDER, PERSON, SITE};
use crate::ir::*;

impl Generator {
    /// Draws in a fresh table of variables: those of a query with these parameters.
    fn in_query<T>(&mut self, params: &[Type], draw: impl FnOnce(&mut Self, Vec<VarId>, Scope) -> T) -> T {
        let around = std::mem::take(&mut self.vars);
        self.nested += 1;
        let mut scope = Scope::new(true);
        let mut vars = Vec::new();
        for ty in params {
            let var = self.var(ty);
            scope.vars.push((var, ty.clone()));
            vars.push(var);
        }
        let result = draw(self, vars, scope);
        self.nested -= 1;
        self.vars = around;
        result
    }

    /// Some values in sight, as arguments of a query.
    fn arguments(&mut self, scope: &Scope) -> Vec<Expr> {
        let mut arguments = Vec::new();
        for (var, ty) in &scope.vars {
            if arguments.len() < 2 && self.chance(60) {
                arguments.push(Expr::var(*var, ty.clone()));
            }
        }
        arguments
    }

    /// A query with arguments in sight, and the type of its value.
    pub(super) fn query_value(&mut self, scope: &Scope, depth: u32) -> (Expr, Type) {
        let arguments = self.arguments(scope);
        let params: Vec<Type> = arguments.iter().map(|e| e.ty.clone()).collect();
        let (id, ty) = self.in_query(&params, |g, params, outer| {
            let (root, scope) = g.rel(depth, &outer);
            let (output, ty) = match g.below(10) {
                0 => (Output::Exists, Type::Bool),
                1 => {
                    let element = g.scalar();
                    let element = g.expr(&element, 2, &scope);
                    let ty = element.ty.clone().optional();
                    (Output::First(element), ty)
                }
                2 => {
                    let element = g.comparable(&scope);
                    let element = g.expr(&element, 2, &scope);
                    let ty = Type::Set(element.ty.clone().into());
                    (Output::Collect(element), ty)
                }
                3 => {
                    let (key, value) = (g.scalar(), g.scalar());
                    let (key, value) = (g.expr(&key, 1, &scope), g.expr(&value, 1, &scope));
                    let ty = Type::Map(key.ty.clone().into(), value.ty.clone().into());
                    (Output::CollectMap(key, value), ty)
                }
                n => {
                    let element = g.record(&scope);
                    let of = element.ty.clone().into();
                    (Output::Collect(element), if n < 6 { Type::Bag(of) } else { Type::List(of) })
                }
            };
            (g.add_query(params, root, output), ty)
        });
        (Expr::new(ExprKind::Query(id, arguments), ty.clone()), ty)
    }

    /// A nested query that asks for a row.
    pub(super) fn exists(&mut self, scope: &Scope) -> Expr {
        let arguments = self.arguments(scope);
        let params: Vec<Type> = arguments.iter().map(|e| e.ty.clone()).collect();
        let id = self.in_query(&params, |g, params, outer| {
            let (root, _) = g.rel(1, &outer);
            g.add_query(params, root, Output::Exists)
        });
        Expr::new(ExprKind::Query(id, arguments), Type::Bool)
    }

    /// A nested query that counts.
    pub(super) fn count(&mut self, scope: &Scope) -> Expr {
        let arguments = self.arguments(scope);
        let params: Vec<Type> = arguments.iter().map(|e| e.ty.clone()).collect();
        let id = self.in_query(&params, |g, params, outer| {
            let (input, inner) = g.rel(1, &outer);
            let (function, argument) = if g.chance(50) {
                (AggregateFn::Count, None)
            } else {
                (AggregateFn::Sum, Some(g.expr(&Type::Int, 1, &inner)))
            };
            let var = g.var(&Type::Int);
            let aggregate = Aggregate { function, argument, grain: None, filter: None, order: Vec::new() };
            let root =
                Rel::Group { input: Box::new(input), keys: Vec::new(), aggregates: vec![(var, aggregate)], all: true };
            g.add_query(params, root, Output::One(Expr::var(var, Type::Int)))
        });
        Expr::new(ExprKind::Query(id, arguments), Type::Int)
    }

    /// A leaf, over what is bound around it; a scan of what refers to something in sight often follows the reference.
    fn leaf(&mut self, outer: &Scope) -> (Rel, Scope) {
        if self.chance(20) {
            let source = self.expr(&Type::list(Type::Int), 1, outer);
            let (var, index) = (self.var(&Type::Int), self.var(&Type::Int));
            let scope = outer.with(var, &Type::Int).with(index, &Type::Int);
            return (Rel::Unnest { source, var, index }, scope);
        }
        let relation = *self.pick(&[PERSON, PERSON, ORDER, ORDER, LINE, NUMBER]);
        let ty = Type::Row(relation);
        let var = self.var(&ty);
        let scope = outer.with(var, &ty);
        let scan = Rel::Scan { relation, var, site: SITE };
        let references: Vec<(usize, Type)> = self
            .program
            .relation(relation)
            .fields
            .iter()
            .enumerate()
            .filter(|(_, field)| matches!(field.ty, Type::Ref(_)))
            .map(|(i, field)| (i, field.ty.clone()))
            .collect();
        for (i, target) in references {
            let around = self.atoms(&target, outer);
            if !around.is_empty() && self.chance(70) {
                let held = super::expr::field(Expr::var(var, ty), i as u32, &target);
                let predicate = equal(held, self.pick(&around).clone());
                return (Rel::Filter { input: Box::new(scan), predicate }, scope);
            }
        }
        (scan, scope)
    }

    /// An operator tree, and what its rows bind.
    fn rel(&mut self, depth: u32, outer: &Scope) -> (Rel, Scope) {
        let (mut rel, mut scope) = self.leaf(outer);
        for _ in 0..self.below(4) {
            (rel, scope) = self.operator(rel, scope, outer, depth);
        }
        (rel, scope)
    }

    /// The variables of a scope that the scope around it has not.
    fn own(scope: &Scope, outer: &Scope) -> Vec<(VarId, Type)> {
        scope.vars.iter().filter(|(var, _)| outer.vars.iter().all(|(o, _)| o != var)).cloned().collect()
    }

    fn lifts(&mut self, left: &Scope, right: &[(VarId, Type)]) -> (Vec<Lift>, Scope) {
        let mut scope = left.clone();
        let mut lifts = Vec::new();
        for (from, ty) in right {
            let ty = ty.clone().optional();
            let to = self.var(&ty);
            lifts.push(Lift { from: *from, to });
            scope.vars.push((to, ty));
        }
        (lifts, scope)
    }

    fn operator(&mut self, input: Rel, scope: Scope, outer: &Scope, depth: u32) -> (Rel, Scope) {
        let input = Box::new(input);
        match self.below(if depth == 0 { 8 } else { 13 }) {
            0 | 1 => {
                let predicate = self.expr(&Type::Bool, 2, &scope);
                (Rel::Filter { input, predicate }, scope)
            }
            2 => {
                let ty = self.scalar();
                let value = self.expr(&ty, 2, &scope);
                let var = self.var(&ty);
                let scope = scope.with(var, &ty);
                (Rel::Map { input, defs: vec![(var, value)] }, scope)
            }
            3 => self.group(input, &scope, outer),
            4 => self.window(input, scope),
            5 => {
                let keys = self.sort_keys(&scope);
                (Rel::Sort { input, keys }, scope)
            }
            6 => {
                let limit = self.chance(80).then(|| int(i64::from(self.below(5))));
                let offset = self.chance(40).then(|| int(i64::from(self.below(3))));
                (Rel::Limit { input, limit, offset }, scope)
            }
            7 => {
                let own = Self::own(&scope, outer);
                let mut vars: Vec<(VarId, Type)> = own.iter().filter(|_| self.chance(60)).cloned().collect();
                if vars.is_empty() {
                    vars = own[..1].to_vec();
                }
                let mut left = outer.clone();
                left.vars.extend(vars.iter().cloned());
                (Rel::Distinct { input, vars: vars.into_iter().map(|(var, _)| var).collect() }, left)
            }
            8 => {
                let (right, right_scope) = self.rel(depth - 1, outer);
                let right_vars = Self::own(&right_scope, outer);
                let mut both = scope.clone();
                both.vars.extend(right_vars.iter().cloned());
                let on = self.expr(&Type::Bool, 2, &both);
                let right = Box::new(right);
                if self.chance(50) {
                    return (Rel::Join { kind: JoinKind::Inner, left: input, right, on }, both);
                }
                let (lifts, scope) = self.lifts(&scope, &right_vars);
                (Rel::Join { kind: JoinKind::Left(lifts), left: input, right, on }, scope)
            }
            12 => {
                let ty = self.scalar();
                let left_value = self.expr(&ty, 1, &scope);
                let l = self.var(&ty);
                let left = Box::new(Rel::Map { input, defs: vec![(l, left_value)] });
                let (right, right_scope) = self.rel(depth - 1, outer);
                let right_value = self.expr(&ty, 1, &right_scope);
                let r = self.var(&ty);
                let right = Box::new(Rel::Map { input: Box::new(right), defs: vec![(r, right_value)] });
                let result = self.var(&ty);
                let kinds = [SetOpKind::UnionAll, SetOpKind::Union, SetOpKind::Except, SetOpKind::Intersect];
                let kind = *self.pick(&kinds);
                (Rel::SetOp { kind, left, right, vars: vec![(result, l, r)] }, outer.with(result, &ty))
            }
            _ => self.apply(input, scope, depth),
        }
    }

    fn apply(&mut self, left: Box<Rel>, scope: Scope, depth: u32) -> (Rel, Scope) {
        let (right, right_scope) = self.rel(depth - 1, &scope);
        let right = Box::new(right);
        match self.below(5) {
            0 => (Rel::Apply { kind: Apply::Inner, left, right }, right_scope),
            1 => {
                let own = Self::own(&right_scope, &scope);
                let (lifts, scope) = self.lifts(&scope, &own);
                (Rel::Apply { kind: Apply::Left(lifts), left, right }, scope)
            }
            2 => {
                let var = self.var(&Type::Bool);
                (Rel::Apply { kind: Apply::Exists(var), left, right }, scope.with(var, &Type::Bool))
            }
            _ => {
                let element = self.record(&right_scope);
                let ty = Type::list(element.ty.clone());
                let var = self.var(&ty);
                (Rel::Apply { kind: Apply::Collect(var, element), left, right }, scope.with(var, &ty))
            }
        }
    }

    fn sort_keys(&mut self, scope: &Scope) -> Vec<SortKey> {
        (0..1 + self.below(2))
            .map(|_| {
                let ty = self.comparable(scope);
                SortKey { expr: self.expr(&ty, 1, scope), descending: self.chance(40), none_first: self.chance(30) }
            })
            .collect()
    }

    fn group(&mut self, input: Box<Rel>, scope: &Scope, outer: &Scope) -> (Rel, Scope) {
        let all = self.chance(30);
        let mut left = outer.clone();
        let mut keys = Vec::new();
        for _ in 0..if all { 0 } else { 1 + self.below(2) } {
            let ty = self.comparable(scope);
            let key = self.expr(&ty, 1, scope);
            let var = self.var(&ty);
            left.vars.push((var, ty));
            keys.push((var, key));
        }
        let mut aggregates = Vec::new();
        for _ in 0..1 + self.below(3) {
            let (aggregate, ty) = self.aggregate(scope);
            let var = self.var(&ty);
            left.vars.push((var, ty));
            aggregates.push((var, aggregate));
        }
        (Rel::Group { input, keys, aggregates, all }, left)
    }

    /// An aggregate function over an argument, and the type of its value.
    fn fold(&mut self, scope: &Scope) -> (AggregateFn, Option<Expr>, Type) {
        let numbers = [Type::Int, Type::Decimal(2), Type::Int.optional()];
        match self.below(10) {
            0 | 1 => (AggregateFn::Count, None, Type::Int),
            2 | 3 => {
                let ty = self.pick(&numbers).clone();
                let function = *self.pick(&[AggregateFn::Sum, AggregateFn::Sum, AggregateFn::SumDistinct]);
                (function, Some(self.expr(&ty, 2, scope)), ty.present().clone())
            }
            4 => {
                let ty = self.pick(&numbers).clone();
                (AggregateFn::Avg, Some(self.expr(&ty, 1, scope)), Type::Decimal(6).optional())
            }
            5 => {
                let ty = self.comparable(scope);
                let function = *self.pick(&[AggregateFn::Min, AggregateFn::Max]);
                let result = ty.clone().optional();
                (function, Some(self.expr(&ty, 1, scope)), result)
            }
            6 => {
                let function = *self.pick(&[AggregateFn::Any, AggregateFn::All]);
                (function, Some(self.expr(&Type::Bool, 1, scope)), Type::Bool)
            }
            7 => {
                let ty = self.scalar();
                let result = Type::list(ty.present().clone());
                let function = *self.pick(&[AggregateFn::List, AggregateFn::ListDistinct]);
                (function, Some(self.expr(&ty, 1, scope)), result)
            }
            8 => {
                let ty = self.scalar();
                (AggregateFn::CountDistinct, Some(self.expr(&ty, 1, scope)), Type::Int)
            }
            _ => {
                let function = AggregateFn::Percentile(*self.pick(&[0, 500_000, 900_000, 1_000_000]));
                (function, Some(self.expr(&Type::Int, 1, scope)), Type::Int.optional())
            }
        }
    }

    fn aggregate(&mut self, scope: &Scope) -> (Aggregate, Type) {
        let rows: Vec<(VarId, Type)> =
            scope.vars.iter().filter(|(_, ty)| matches!(ty, Type::Row(_))).cloned().collect();
        if !rows.is_empty() && self.chance(25) {
            // With a grain, everything depends on the grain alone.
            let (var, ty) = self.pick(&rows).clone();
            let only = Scope { vars: vec![(var, ty.clone())], in_query: true };
            let (function, argument, result) = self.fold(&only);
            let grain = Some(vec![super::expr::reference(Expr::var(var, ty))]);
            let filter = self.chance(30).then(|| self.expr(&Type::Bool, 1, &only));
            return (Aggregate { function, argument, grain, filter, order: Vec::new() }, result);
        }
        let (mut function, argument, mut result) = self.fold(scope);
        let mut order = Vec::new();
        if function == AggregateFn::List && self.chance(60) {
            order = self.sort_keys(scope);
            if self.chance(40)
                && let Some(argument) = &argument
            {
                function = AggregateFn::First;
                result = argument.ty.clone().optional();
            }
        }
        let filter = self.chance(30).then(|| self.expr(&Type::Bool, 1, scope));
        (Aggregate { function, argument, grain: None, filter, order }, result)
    }

    /// One end of a frame: frames may lie before or behind the row, and be empty.
    fn bound(&mut self) -> Bound {
        match self.below(6) {
            0..=2 => Bound::Before(int(i64::from(self.below(4)))),
            3 => Bound::Current,
            _ => Bound::After(int(i64::from(self.below(3)))),
        }
    }

    fn window(&mut self, input: Box<Rel>, scope: Scope) -> (Rel, Scope) {
        let partition = if self.chance(50) {
            let ty = self.comparable(&scope);
            vec![self.expr(&ty, 1, &scope)]
        } else {
            Vec::new()
        };
        let order = if self.chance(70) { self.sort_keys(&scope) } else { Vec::new() };
        let (function, arguments, ty) = match self.below(7) {
            0 => (WindowFn::Rank, Vec::new(), Type::Int),
            1 => (WindowFn::DenseRank, Vec::new(), Type::Int),
            2 => (WindowFn::RowNumber, Vec::new(), Type::Int),
            3 | 4 => {
                let ty = self.scalar();
                let value = self.expr(&ty, 1, &scope);
                let function = *self.pick(&[WindowFn::Lag, WindowFn::Lead]);
                (function, vec![value, int(i64::from(self.below(3)))], ty.optional())
            }
            _ => {
                let (function, argument, ty) = self.fold(&scope);
                (WindowFn::Aggregate(function), argument.into_iter().collect(), ty)
            }
        };
        let frame = match function {
            WindowFn::Aggregate(_) => match self.below(3) {
                0 => Frame::Partition,
                1 => Frame::ToCurrent,
                _ => Frame::Rows(self.bound(), self.bound()),
            },
            _ => Frame::Partition,
        };
        let var = self.var(&ty);
        let window = WindowExpr { function, arguments, partition, order, frame };
        (Rel::Window { input, windows: vec![(var, window)] }, scope.with(var, &ty))
    }
}
