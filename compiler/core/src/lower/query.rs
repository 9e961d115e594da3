//! Queries: clauses become operators.
//!
//! The order of rows is the order that operators have by definition (a scan is in key order, joins keep the left
//! order, and so on), which is the canonical order of the language; so no operator is added to make a result
//! deterministic, and the planner may drop an order that nobody sees.

use super::scope::{RowVar, Scope, bool_literal, int_literal, not, unit};
use crate::ir::{
    self, Aggregate, AggregateFn, Apply, Expr, ExprKind, JoinKind, Lift, Output, Prim, Rel, SiteId, SortKey, Type,
    VarId, WindowExpr, WindowFn,
};
use tenon_check::ty::Symbol;
use tenon_check::typed::{self, Clause, ExprKind as T, Fold, LocalId, Source};
use tenon_span::Range;

impl Scope<'_, '_> {
    /// An expression that is a query: in code its own, inside a query a subquery.
    pub fn query_expr(&mut self, expr: &typed::Expr) -> Expr {
        let ty = self.ty(&expr.ty);
        match &expr.kind {
            T::Query(query) => self.run(query, &ty, expr.range),
            _ => self.run_with(&ty, expr.range, |s| {
                let var = s.scan_like(expr);
                Folded::Collect(var)
            }),
        }
    }

    fn run(&mut self, query: &typed::Query, ty: &Type, range: Range) -> Expr {
        self.run_with(ty, range, |s| s.lower_query(query, ty))
    }

    /// Builds a query with `f` and yields its value.
    fn run_with(&mut self, ty: &Type, range: Range, f: impl FnOnce(&mut Self) -> Folded) -> Expr {
        if self.in_query() {
            let (rel, rows) = self.begin_sub();
            let path = self.take_path();
            let folded = f(self);
            let right = self.end_sub(rel, rows);
            self.restore_path(path);
            return self.attach(folded, right, ty, range);
        }
        self.begin_query();
        let folded = f(self);
        let (output, negate) = match folded {
            Folded::Collect(element) => {
                let element = self.element(element, ty);
                (Output::Collect(element), false)
            }
            Folded::Exists => (Output::Exists, false),
            Folded::NotExists => (Output::Exists, true),
            Folded::First(element) => {
                let of = one_of(&element, ty);
                let element = self.coerce(element, &of);
                (Output::First(element), false)
            }
            Folded::Only(element) => {
                let of = one_of(&element, ty);
                let element = self.coerce(element, &of);
                let list = self.finish_query(Output::Collect(element), Type::list(of), range);
                return self.only(list, ty, range);
            }
            Folded::One(value) => (Output::One(value), false),
        };
        let result = match &output {
            Output::Exists => Type::Bool,
            _ => ty.clone(),
        };
        let value = self.finish_query(output, result, range);
        if negate { not(value) } else { value }
    }

    fn element(&mut self, element: Expr, ty: &Type) -> Expr {
        match ty.element().cloned() {
            Some(want) => self.coerce(element, &want),
            None => element,
        }
    }

    /// Joins a subquery's result to the rows at hand.
    fn attach(&mut self, folded: Folded, right: Rel, ty: &Type, range: Range) -> Expr {
        match folded {
            Folded::Collect(element) => {
                // The element may need columns of its own, so it is brought to its type inside of the subquery.
                let (rel, rows) = self.begin_sub();
                let path = self.take_path();
                self.set_rel(right);
                let element = self.element(element, ty);
                let right = self.end_sub(rel, rows);
                self.restore_path(path);
                self.collect(right, element, ty)
            }
            Folded::Exists => self.exists(right),
            Folded::NotExists => not(self.exists(right)),
            Folded::First(element) => {
                let (rel, rows) = self.begin_sub();
                let path = self.take_path();
                self.set_rel(right);
                let of = one_of(&element, ty);
                let element = self.coerce(element, &of);
                let input = Box::new(self.take_rel());
                self.set_rel(Rel::Limit { input, limit: Some(int_literal(1)), offset: None });
                let var = self.fresh_query("first", element.ty.clone());
                self.define(var, element);
                let right = self.end_sub(rel, rows);
                self.restore_path(path);
                let to = self.fresh_query("first", ty.clone());
                self.apply(Apply::Left(vec![Lift { from: var, to }]), right);
                Expr::var(to, ty.clone())
            }
            Folded::Only(element) => {
                let list = Type::list(one_of(&element, ty));
                let list = self.attach(Folded::Collect(element), right, &list, range);
                self.only(list, ty, range)
            }
            Folded::One(value) => {
                self.apply(Apply::Inner, right);
                value
            }
        }
    }

    /// Whether a collection, inside of a query, is the rows of another one, which need not become a list.
    pub fn asks_rows(&self, collection: &typed::Expr) -> bool {
        self.in_query()
            && match &collection.kind {
                T::Query(query) => matches!(query.fold, Fold::Collect),
                T::Rows(_) | T::Inverse { .. } => true,
                _ => false,
            }
    }

    /// `x in (from …)` inside of a query: whether there is such a row.
    pub fn among_rows(&mut self, value: &typed::Expr, collection: &typed::Expr) -> Expr {
        let ty = self.ty(&collection.ty);
        let value = self.expr(value);
        let value = match ty.element().cloned() {
            Some(want) => self.coerce(value, &want),
            None => value,
        };
        let value = self.name(value);
        let (rel, rows) = self.begin_sub();
        let path = self.take_path();
        let element = match &collection.kind {
            T::Query(query) => match self.lower_query(query, &ty) {
                Folded::Collect(element) => element,
                _ => unit(),
            },
            _ => self.scan_like(collection),
        };
        let element = self.element(element, &ty);
        self.filter(super::scope::compare(Prim::Eq, value, element));
        let right = self.end_sub(rel, rows);
        self.restore_path(path);
        self.exists(right)
    }

    fn exists(&mut self, right: Rel) -> Expr {
        let found = self.fresh_query("found", Type::Bool);
        self.apply(Apply::Exists(found), right);
        Expr::var(found, Type::Bool)
    }

    /// The only element of a list, as an option; two are a fault.
    fn only(&mut self, list: Expr, ty: &Type, range: Range) -> Expr {
        let list = self.name(list);
        let site = self.site(range);
        let length = Expr::new(ExprKind::Prim(Prim::Length, vec![list.clone()], site), Type::Int);
        let few = super::scope::compare(Prim::Le, length, int_literal(1));
        let first = Expr::new(ExprKind::Prim(Prim::ElementAt, vec![list, int_literal(0)], site), ty.clone());
        self.guarded(ir::CheckKind::Only, few, first, "only", range)
    }

    // ---- sources

    /// Binds the rows of a relation, of an inverse, or the elements of a collection to a fresh variable, as a
    /// query of its own; yields the variable.
    fn scan_like(&mut self, expr: &typed::Expr) -> Expr {
        match &expr.kind {
            T::Rows(symbol) => self.scan(symbol, None, expr.range),
            T::Inverse { row, relation, field } => {
                let row = self.expr(row);
                let var = self.scan(relation, None, expr.range);
                let condition = self.refers_to(&var, field, row);
                self.filter(condition);
                var
            }
            _ => unit(),
        }
    }

    fn scan(&mut self, symbol: &Symbol, local: Option<LocalId>, range: Range) -> Expr {
        let relation = self.l.relation_id(symbol);
        let site = self.site(range);
        let name = local.map(|l| self.local(l).0).unwrap_or_else(|| "row".into());
        let var = self.fresh_query(&name, Type::Row(relation));
        let right = Rel::Scan { relation, var, site };
        self.cross(right);
        let expr = Expr::var(var, Type::Row(relation));
        self.note_row(local, expr.clone(), None);
        expr
    }

    fn note_row(&mut self, local: Option<LocalId>, expr: Expr, index: Option<VarId>) {
        if let Some(query) = &mut self.query {
            query.rows.push(RowVar { local, expr, index });
        }
    }

    /// Joins an input that sees nothing of what is at hand.
    fn cross(&mut self, right: Rel) {
        let left = self.take_rel();
        self.set_rel(match left {
            Rel::Unit => right,
            left => Rel::Join {
                kind: JoinKind::Inner,
                left: Box::new(left),
                right: Box::new(right),
                on: bool_literal(true),
            },
        });
    }

    fn filter(&mut self, predicate: Expr) {
        let (input, predicate) = match self.take_rel() {
            // One filter for tests that follow each other at once: many nest no deeper than their number is long.
            Rel::Filter { input, predicate: before } => {
                let mut parts = Vec::new();
                conjuncts(before, &mut parts);
                parts.push(predicate);
                (input, conjunction(parts))
            }
            rel => (Box::new(rel), predicate),
        };
        self.set_rel(Rel::Filter { input, predicate });
    }

    /// `row.field == target` for a reference field.
    fn refers_to(&mut self, row: &Expr, field: &str, target: Expr) -> Expr {
        let Type::Row(relation) = row.ty else { return bool_literal(false) };
        let Some(field) = self.l.program.relation(relation).field_named(field) else { return bool_literal(false) };
        let own = self.field_of_row(row.clone(), relation, field);
        let (own, target) = self.comparable(own, target);
        super::scope::compare(Prim::Eq, own, target)
    }

    /// `from x in s`, `cross join`, lateral `join x in s`: binds the local.
    fn from(&mut self, local: LocalId, source: &Source, range: Range) {
        match source {
            Source::Relation(symbol) => {
                let var = self.scan(symbol, Some(local), range);
                self.bind(local, var);
            }
            Source::Collection(expr) => match &expr.kind {
                T::Rows(symbol) => {
                    let var = self.scan(symbol, Some(local), expr.range);
                    self.bind(local, var);
                }
                T::Inverse { row, relation, field } => {
                    let target = self.expr(row);
                    let target = self.name_if_needed(target);
                    let left = self.take_rel();
                    let var = self.scan(relation, Some(local), expr.range);
                    let condition = self.refers_to(&var, field, target);
                    let right = self.take_rel();
                    self.set_rel(match left {
                        Rel::Unit => Rel::Filter { input: Box::new(right), predicate: condition },
                        left => Rel::Join {
                            kind: JoinKind::Inner,
                            left: Box::new(left),
                            right: Box::new(right),
                            on: condition,
                        },
                    });
                    self.bind(local, var);
                }
                T::Query(query) if matches!(query.fold, Fold::Collect) => {
                    let (rel, rows) = self.begin_sub();
                    let folded = self.lower_query(query, &Type::Unit);
                    let Folded::Collect(element) = folded else { return };
                    let element = self.name(element);
                    // Values that are equal are told apart by their places.
                    let counted = self.query.as_ref().is_some_and(|q| q.grains.contains(&local));
                    let index = (counted && !is_row(&element.ty)).then(|| self.number_rows());
                    let right = self.end_sub(rel, rows);
                    self.lateral(right);
                    self.note_row(Some(local), element.clone(), index);
                    self.bind(local, element);
                }
                _ => {
                    let collection = self.expr(expr);
                    self.unnest(local, collection);
                }
            },
        }
    }

    /// Numbers the rows at hand in their order.
    fn number_rows(&mut self) -> VarId {
        let number = self.fresh_query("position", Type::Int);
        let input = Box::new(self.take_rel());
        let window = WindowExpr {
            function: WindowFn::RowNumber,
            arguments: Vec::new(),
            partition: Vec::new(),
            order: Vec::new(),
            frame: ir::Frame::Partition,
        };
        self.set_rel(Rel::Window { input, windows: vec![(number, window)] });
        number
    }

    fn name_if_needed(&mut self, target: Expr) -> Expr {
        match self.query.as_ref().map(|q| matches!(q.rel, Rel::Unit)) {
            Some(true) => target,
            _ => self.name(target),
        }
    }

    fn lateral(&mut self, right: Rel) {
        let left = self.take_rel();
        self.set_rel(match left {
            Rel::Unit => right,
            left => Rel::Apply { kind: Apply::Inner, left: Box::new(left), right: Box::new(right) },
        });
    }

    fn unnest(&mut self, local: LocalId, collection: Expr) {
        let collection = match &collection.ty {
            Type::Map(k, v) => {
                let entry = Type::record(vec![("key".into(), (**k).clone()), ("value".into(), (**v).clone())]);
                Expr::new(ExprKind::Prim(Prim::Entries, vec![collection], SiteId(0)), Type::list(entry))
            }
            _ => collection,
        };
        let element = collection.ty.element().cloned().unwrap_or(Type::Unit);
        let name = self.local(local).0;
        let var = self.fresh_query(&name, element.clone());
        let index = self.fresh_query("position", Type::Int);
        self.lateral(Rel::Unnest { source: collection, var, index });
        let value = Expr::var(var, element);
        self.note_row(Some(local), value.clone(), Some(index));
        self.bind(local, value);
    }

    fn join(&mut self, local: LocalId, source: &Source, on: &typed::Expr) {
        let left = self.take_rel();
        let rows = self.query.as_mut().map(|q| std::mem::take(&mut q.rows)).unwrap_or_default();
        self.from(local, source, on.range);
        let right = self.take_rel();
        if let Some(query) = &mut self.query {
            let own = std::mem::replace(&mut query.rows, rows);
            query.rows.extend(own);
        }
        self.set_rel(Rel::Join {
            kind: JoinKind::Inner,
            left: Box::new(left),
            right: Box::new(right),
            on: bool_literal(true),
        });
        let condition = self.expr(on);
        // A condition without subqueries is the join's own; otherwise it stands above what it needed.
        match self.query.as_mut().map(|q| &mut q.rel) {
            Some(Rel::Join { on, .. }) if matches!(on.kind, ExprKind::Literal(_)) => *on = condition,
            _ => self.filter(condition),
        }
    }

    fn left_join(&mut self, inner: LocalId, outer: LocalId, source: &Source, on: Option<&typed::Expr>, range: Range) {
        let (rel, rows) = self.begin_sub();
        if let Some(query) = &mut self.query
            && query.grains.contains(&outer)
        {
            query.grains.push(inner);
        }
        self.from(inner, source, range);
        if let Some(on) = on {
            let condition = self.expr(on);
            self.filter(condition);
        }
        let value = self.read_local(inner, range);
        let value = self.name(value);
        let index = self.query.as_ref().and_then(|q| q.rows.last().and_then(|r| r.index));
        let right = self.end_sub(rel, rows);
        let ExprKind::Var(from) = value.kind else {
            self.unsupported(range, "only rows and elements can be joined on the left", &Type::Unit);
            return;
        };
        let name = self.local(outer).0;
        let ty = value.ty.clone().optional();
        let to = self.fresh_query(&name, ty.clone());
        let mut lifts = vec![Lift { from, to }];
        let mut outer_index = None;
        if let Some(from) = index {
            let to = self.fresh_query("position", Type::Int.optional());
            lifts.push(Lift { from, to });
            outer_index = Some(to);
        }
        let left = self.take_rel();
        self.set_rel(Rel::Apply { kind: Apply::Left(lifts), left: Box::new(left), right: Box::new(right) });
        let value = Expr::var(to, ty);
        self.note_row(Some(outer), value.clone(), outer_index);
        self.bind(outer, value);
    }

    // ---- clauses

    fn lower_query(&mut self, query: &typed::Query, ty: &Type) -> Folded {
        self.check_sources(query);
        let outer = self.query.as_mut().map(|q| std::mem::replace(&mut q.grains, grains_of(query)));
        let folded = self.clauses(query, ty);
        if let (Some(query), Some(outer)) = (&mut self.query, outer) {
            query.grains = outer;
        }
        folded
    }

    fn clauses(&mut self, query: &typed::Query, ty: &Type) -> Folded {
        let mut clauses = query.clauses.iter().peekable();
        let mut selected: Vec<VarId> = Vec::new();
        while let Some(clause) = clauses.next() {
            match clause {
                Clause::From(local, source) => self.from(*local, source, query.element.range),
                Clause::Join(local, source, on) => self.join(*local, source, on),
                Clause::LeftJoin(inner, outer, source, on) => {
                    self.left_join(*inner, *outer, source, on.as_ref(), query.element.range);
                }
                Clause::Where(condition) => {
                    let condition = self.expr(condition);
                    self.filter(condition);
                }
                Clause::With(defs) => {
                    for (local, value) in defs {
                        self.define_local(*local, value);
                    }
                }
                Clause::Group { keys, aggregates, all } => self.group(keys, aggregates, *all),
                Clause::Windows(windows) => self.windows(windows),
                Clause::Select(defs) => {
                    selected.clear();
                    for (local, value) in defs {
                        let var = self.define_local(*local, value);
                        selected.push(var);
                    }
                }
                Clause::Distinct => {
                    let input = Box::new(self.take_rel());
                    self.set_rel(Rel::Distinct { input, vars: selected.clone() });
                    if let Some(q) = &mut self.query {
                        q.rows.clear();
                    }
                }
                Clause::OrderBy(keys) => {
                    let keys = self.sort_keys(keys);
                    let input = Box::new(self.take_rel());
                    self.set_rel(Rel::Sort { input, keys });
                }
                Clause::Limit(count) => {
                    let offset = match clauses.peek() {
                        Some(Clause::Offset(n)) => {
                            clauses.next();
                            Some(n)
                        }
                        _ => None,
                    };
                    self.limit(Some(count), offset);
                }
                Clause::Offset(count) => {
                    let limit = match clauses.peek() {
                        Some(Clause::Limit(n)) => {
                            clauses.next();
                            Some(n)
                        }
                        _ => None,
                    };
                    self.limit(limit, Some(count));
                }
            }
        }
        match &query.fold {
            Fold::Collect => Folded::Collect(self.expr(&query.element)),
            Fold::Exists => Folded::Exists,
            Fold::NotExists => Folded::NotExists,
            Fold::First => Folded::First(self.expr(&query.element)),
            Fold::Only => Folded::Only(self.expr(&query.element)),
            Fold::Aggregate(function) => {
                let argument = self.expr(&query.element);
                let result = ty.clone();
                let var = self.fresh_query("folded", result.clone());
                let (function, _) = aggregate_fn(*function, false);
                let aggregate = Aggregate {
                    function,
                    argument: (function != AggregateFn::Count).then_some(argument),
                    grain: None,
                    filter: None,
                    order: Vec::new(),
                };
                let input = Box::new(self.take_rel());
                self.set_rel(Rel::Group { input, keys: Vec::new(), aggregates: vec![(var, aggregate)], all: true });
                Folded::One(Expr::var(var, result))
            }
        }
    }

    /// The first rows. The bounds belong to no row of the query: what they ask of the store is asked beside the rows, once.
    fn limit(&mut self, limit: Option<&typed::Expr>, offset: Option<&typed::Expr>) {
        let (rel, rows) = self.begin_sub();
        let limit = limit.map(|n| self.expr(n));
        let offset = offset.map(|n| self.expr(n));
        let asked = !matches!(self.query.as_ref().map(|q| &q.rel), Some(Rel::Unit));
        let bounds = [offset, limit].map(|n| n.map(|n| if asked { self.name(n) } else { n }));
        let beside = self.end_sub(rel, rows);
        let input = Box::new(self.take_rel());
        let [offset, limit] = bounds;
        if !asked {
            self.set_rel(Rel::Limit { input, limit, offset });
            return;
        }
        self.set_rel(Rel::Apply { kind: Apply::Inner, left: Box::new(beside), right: input });
        for (bound, test) in [(offset, Prim::Gt), (limit, Prim::Le)] {
            let Some(bound) = bound else { continue };
            let number = self.number_rows();
            self.filter(super::scope::compare(test, Expr::var(number, Type::Int), bound));
        }
    }

    /// A column for a local.
    fn define_local(&mut self, local: LocalId, value: &typed::Expr) -> VarId {
        let value = self.expr(value);
        let (name, _) = self.local(local);
        if let ExprKind::Var(var) = value.kind
            && self.query.as_ref().is_some_and(|q| !q.params.contains(&var))
        {
            self.bind(local, value);
            return var;
        }
        let ty = value.ty.clone();
        let var = self.fresh_query(&name, ty.clone());
        self.define(var, value);
        self.bind(local, Expr::var(var, ty));
        var
    }

    fn sort_keys(&mut self, keys: &[typed::SortKey]) -> Vec<SortKey> {
        let mut out = Vec::new();
        for key in keys {
            let value = self.expr(&key.expr);
            out.push(SortKey { expr: value, descending: key.descending, none_first: key.none_first });
        }
        out
    }

    fn group(&mut self, keys: &[(LocalId, typed::Expr)], aggregates: &[(LocalId, typed::Aggregate)], all: bool) {
        let mut lowered_keys = Vec::new();
        for (local, value) in keys {
            let value = self.expr(value);
            // Inside of aggregates a key stands for what it is made of.
            let value = self.name(value);
            self.bind(*local, value.clone());
            lowered_keys.push((*local, value));
        }
        let mut folded = Vec::new();
        for (local, aggregate) in aggregates {
            let filter = aggregate.filter.as_ref().map(|f| self.expr(f));
            // What the filter says holds where the argument is evaluated, and there alone.
            filter.iter().for_each(|f| self.push_path(f.clone()));
            let argument = aggregate.argument.as_ref().map(|a| self.expr(a));
            filter.iter().for_each(|_| self.pop_path());
            let grain = aggregate.grain.as_ref().map(|locals| self.grain(locals));
            folded.push((*local, aggregate, argument, filter, grain));
        }
        let mut key_vars = Vec::new();
        for (local, value) in lowered_keys {
            let (name, _) = self.local(local);
            let ty = value.ty.clone();
            let var = self.fresh_query(&name, ty.clone());
            key_vars.push((var, value));
            self.bind(local, Expr::var(var, ty));
        }
        let mut aggregate_vars = Vec::new();
        for (local, aggregate, argument, filter, grain) in folded {
            let (name, ty) = self.local(local);
            let ty = self.ty(&ty);
            let (function, takes) = aggregate_fn(aggregate.function, aggregate.distinct);
            // `count(o)` counts grains where `o` is there.
            let filter = match (&argument, function) {
                (Some(value), AggregateFn::Count) if matches!(value.ty, Type::Option(_)) => {
                    let present = super::scope::is_some(value.clone());
                    Some(filter.map_or(present.clone(), |f| super::scope::and(present, f)))
                }
                _ => filter,
            };
            let element = match (&function, ty.element()) {
                (AggregateFn::List | AggregateFn::ListDistinct, Some(e)) => Some(e.clone()),
                _ => None,
            };
            let argument = match (argument, element) {
                (Some(value), Some(want)) if !matches!(value.ty, Type::Option(_)) => Some(self.coerce(value, &want)),
                (argument, _) => argument,
            };
            let argument = argument.filter(|_| takes);
            let var = self.fresh_query(if name.is_empty() { "folded" } else { &name }, ty.clone());
            aggregate_vars.push((var, Aggregate { function, argument, grain, filter, order: Vec::new() }));
            self.bind(local, Expr::var(var, ty));
        }
        let input = Box::new(self.take_rel());
        self.set_rel(Rel::Group { input, keys: key_vars, aggregates: aggregate_vars, all });
        if let Some(query) = &mut self.query {
            query.rows.clear();
        }
    }

    /// What tells apart the bindings of row variables: identities of rows, positions of elements.
    fn grain(&mut self, locals: &[LocalId]) -> Vec<Expr> {
        let rows = self.query.as_ref().map(|q| q.rows.clone()).unwrap_or_default();
        let mut out = Vec::new();
        for local in locals {
            let Some(row) = rows.iter().find(|r| r.local == Some(*local)) else { continue };
            let value = match row.index.filter(|_| !is_row(&row.expr.ty)) {
                Some(index) => {
                    let ty = self.query.as_ref().map(|q| q.vars[index.index()].ty.clone()).unwrap_or(Type::Int);
                    Expr::var(index, ty)
                }
                None => {
                    let ty = super::types::as_stored(&row.expr.ty);
                    self.coerce(row.expr.clone(), &ty)
                }
            };
            out.push(value);
        }
        out
    }

    fn windows(&mut self, windows: &[(LocalId, typed::Window)]) {
        let mut out = Vec::new();
        for (local, window) in windows {
            let refs: Vec<_> = window.arguments.iter().collect();
            let arguments = self.all(&refs);
            let refs: Vec<_> = window.partition.iter().collect();
            let partition = self.all(&refs);
            let order = self.sort_keys(&window.order);
            let frame = match &window.frame {
                Some((from, to)) => {
                    let (from, to) = (self.bound(from), self.bound(to));
                    ir::Frame::Rows(from, to)
                }
                None if order.is_empty() => ir::Frame::Partition,
                None => ir::Frame::ToCurrent,
            };
            let function = match window.function {
                typed::WindowFn::Aggregate(f) => WindowFn::Aggregate(aggregate_fn(f, false).0),
                typed::WindowFn::Rank => WindowFn::Rank,
                typed::WindowFn::DenseRank => WindowFn::DenseRank,
                typed::WindowFn::RowNumber => WindowFn::RowNumber,
                typed::WindowFn::Lag => WindowFn::Lag,
                typed::WindowFn::Lead => WindowFn::Lead,
            };
            let mut arguments = arguments;
            if matches!(function, WindowFn::Lag | WindowFn::Lead) && arguments.len() == 1 {
                arguments.push(int_literal(1));
            }
            if matches!(function, WindowFn::Aggregate(AggregateFn::Count))
                && !arguments.first().is_some_and(|a| matches!(a.ty, Type::Option(_)))
            {
                arguments.clear();
            }
            let (name, ty) = self.local(*local);
            let ty = self.ty(&ty);
            let var = self.fresh_query(if name.is_empty() { "window" } else { &name }, ty.clone());
            out.push((*local, var, ty, WindowExpr { function, arguments, partition, order, frame }));
        }
        let input = Box::new(self.take_rel());
        let windows = out.iter().map(|(_, var, _, window)| (*var, window.clone())).collect();
        self.set_rel(Rel::Window { input, windows });
        for (local, var, ty, _) in out {
            self.bind(local, Expr::var(var, ty));
        }
    }

    fn bound(&mut self, bound: &typed::Bound) -> ir::Bound {
        match bound {
            typed::Bound::Before(n) => ir::Bound::Before(self.expr(n)),
            typed::Bound::Current => ir::Bound::Current,
            typed::Bound::After(n) => ir::Bound::After(self.expr(n)),
        }
    }
}

/// The row variables that tell apart what a query's aggregates fold.
fn grains_of(query: &typed::Query) -> Vec<LocalId> {
    let groups = query.clauses.iter().filter_map(|clause| match clause {
        Clause::Group { aggregates, .. } => Some(aggregates),
        _ => None,
    });
    groups.flatten().flat_map(|(_, aggregate)| aggregate.grain.iter().flatten().copied()).collect()
}

/// Whether values of a type are rows, which their identities tell apart.
fn is_row(ty: &Type) -> bool {
    matches!(ty.present(), Type::Row(_) | Type::Ref(_))
}

/// What a query's rows become.
enum Folded {
    Collect(Expr),
    Exists,
    NotExists,
    First(Expr),
    Only(Expr),
    One(Expr),
}

/// The type of the element that `first` or `only` picks, where their result has type `ty`: an option of an option is the
/// option itself, so an optional element keeps its own.
fn one_of(element: &Expr, ty: &Type) -> Type {
    match element.ty {
        Type::Option(_) => ty.clone(),
        _ => ty.present().clone(),
    }
}

/// The aggregate function, and whether it takes its argument.
fn aggregate_fn(function: typed::AggregateFn, distinct: bool) -> (AggregateFn, bool) {
    match (function, distinct) {
        (typed::AggregateFn::Count, true) => (AggregateFn::CountDistinct, true),
        (typed::AggregateFn::Count, false) => (AggregateFn::Count, false),
        (typed::AggregateFn::Sum, true) => (AggregateFn::SumDistinct, true),
        (typed::AggregateFn::Sum, false) => (AggregateFn::Sum, true),
        (typed::AggregateFn::Avg, true) => (AggregateFn::AvgDistinct, true),
        (typed::AggregateFn::Avg, false) => (AggregateFn::Avg, true),
        (typed::AggregateFn::List, true) => (AggregateFn::ListDistinct, true),
        (typed::AggregateFn::List, false) => (AggregateFn::List, true),
        (typed::AggregateFn::Min, _) => (AggregateFn::Min, true),
        (typed::AggregateFn::Max, _) => (AggregateFn::Max, true),
        (typed::AggregateFn::Any, _) => (AggregateFn::Any, true),
        (typed::AggregateFn::All, _) => (AggregateFn::All, true),
        (typed::AggregateFn::Percentile(ppm), _) => (AggregateFn::Percentile(ppm), true),
        (typed::AggregateFn::StdDev, _) => (AggregateFn::StdDev, true),
    }
}

/// The parts of a conjunction, in order.
fn conjuncts(expr: Expr, parts: &mut Vec<Expr>) {
    match expr.kind {
        ExprKind::And(a, b) => {
            conjuncts(*a, parts);
            conjuncts(*b, parts);
        }
        _ => parts.push(expr),
    }
}

/// A conjunction of parts, tried in order, as flat as it can be.
fn conjunction(mut parts: Vec<Expr>) -> Expr {
    if parts.len() > 2 {
        let rest = parts.split_off(parts.len() / 2);
        return super::scope::and(conjunction(parts), conjunction(rest));
    }
    super::code::all_of(parts)
}
