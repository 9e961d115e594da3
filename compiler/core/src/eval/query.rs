//! Queries: every operator computes all its rows from all rows of its input.

use super::Run;
use super::expr::lift;
use super::machine::{Env, Machine, malformed};
use crate::ir::*;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use tenon_value::Value;

impl<'a> Machine<'a> {
    /// Runs a query; `ty` is the type of its result.
    pub(super) fn query(&mut self, id: QueryId, arguments: Vec<Value>, ty: &Type) -> Run<Value> {
        let program = self.program;
        let Some(query) = program.queries.get(id.index()) else { return malformed("no such query") };
        if query.params.len() != arguments.len() {
            return malformed("a query is run with a wrong number of arguments");
        }
        self.descend()?;
        let mut outer: Env = vec![None; query.vars.len()];
        for (var, argument) in query.params.iter().zip(arguments) {
            outer[var.index()] = Some(argument);
        }
        let scope = Scope { vars: &query.vars };
        let mut rows = self.rel(&query.root, &outer, &scope)?;
        match &query.output {
            Output::Collect(element) => {
                let elements = self.each(element, &mut rows)?;
                self.collection(elements, ty)
            }
            Output::CollectMap(key, value) => {
                let keys = self.each(key, &mut rows)?;
                let values = self.each(value, &mut rows)?;
                self.allocate(keys.len() * std::mem::size_of::<Value>() * 2)?;
                Ok(Value::map(keys.into_iter().zip(values)))
            }
            Output::First(element) => {
                let elements = self.each(element, &mut rows)?;
                Ok(elements.into_iter().next().map_or(Value::None, |value| lift(value, &element.ty)))
            }
            Output::One(element) => {
                let elements = self.each(element, &mut rows)?;
                match <[Value; 1]>::try_from(elements) {
                    Ok([value]) => Ok(value),
                    Err(_) => malformed("a query of one row has another number of rows"),
                }
            }
            Output::Exists => Ok(Value::Bool(!rows.is_empty())),
        }
    }

    /// The value of an expression on each row.
    pub(super) fn each(&mut self, expr: &'a Expr, rows: &mut [Env]) -> Run<Vec<Value>> {
        rows.iter_mut().map(|row| self.expr(expr, row)).collect()
    }

    /// The values of expressions on a row.
    fn tuple(&mut self, exprs: impl Iterator<Item = &'a Expr>, row: &mut Env) -> Run<Vec<Value>> {
        exprs.map(|expr| self.expr(expr, row)).collect()
    }

    /// The rows of an operator. `outer` binds the parameters, and for the right side of an `Apply` the left row.
    fn rel(&mut self, rel: &'a Rel, outer: &Env, scope: &Scope<'_>) -> Run<Vec<Env>> {
        self.descend()?;
        let rows = match rel {
            Rel::Unit => vec![outer.clone()],
            Rel::Scan { relation, var, .. } => {
                let rows = self.store.rows(*relation);
                rows.into_iter()
                    .map(|(key, fields)| {
                        let mut row = outer.clone();
                        row[var.index()] = Some(Value::Row { relation: relation.0, key, fields });
                        row
                    })
                    .collect()
            }
            Rel::Unnest { source, var, index } => {
                let source = self.expr(source, &mut outer.clone())?;
                let elements = self.elements(source)?;
                let mut rows = Vec::with_capacity(elements.len());
                for (position, element) in elements.iter().enumerate() {
                    let mut row = outer.clone();
                    row[var.index()] = Some(element.clone());
                    row[index.index()] = Some(Value::Int(position as i64));
                    rows.push(row);
                }
                rows
            }
            Rel::Filter { input, predicate } if matches!(**input, Rel::Scan { .. }) => {
                let Rel::Scan { relation, var, .. } = &**input else { return malformed("a scan is expected") };
                // Only rows that pass are copied: most of the time of a nested loop is spent here.
                let mut row = outer.clone();
                let mut rows = Vec::new();
                for (key, fields) in self.store.rows(*relation) {
                    self.burn(1)?;
                    row[var.index()] = Some(Value::Row { relation: relation.0, key, fields });
                    if self.bool(predicate, &mut row)? {
                        rows.push(row.clone());
                    }
                }
                rows
            }
            Rel::Filter { input, predicate } => {
                let mut rows = Vec::new();
                for mut row in self.rel(input, outer, scope)? {
                    if self.bool(predicate, &mut row)? {
                        rows.push(row);
                    }
                }
                rows
            }
            Rel::Map { input, defs } => {
                let mut rows = self.rel(input, outer, scope)?;
                for row in &mut rows {
                    for (var, value) in defs {
                        row[var.index()] = Some(self.expr(value, row)?);
                    }
                }
                rows
            }
            Rel::Join { kind, left, right, on } => self.join(kind, left, right, on, outer, scope)?,
            Rel::Apply { kind, left, right } => self.apply(kind, left, right, outer, scope)?,
            Rel::Group { input, keys, aggregates, all } => {
                let mut groups: BTreeMap<Vec<Value>, Vec<Env>> = BTreeMap::new();
                if *all || keys.is_empty() {
                    groups.insert(Vec::new(), Vec::new());
                }
                for mut row in self.rel(input, outer, scope)? {
                    let key = self.tuple(keys.iter().map(|(_, e)| e), &mut row)?;
                    groups.entry(key).or_default().push(row);
                }
                let mut rows = Vec::with_capacity(groups.len());
                for (key, mut members) in groups {
                    let mut row = outer.clone();
                    for ((var, _), value) in keys.iter().zip(key) {
                        row[var.index()] = Some(value);
                    }
                    for (var, aggregate) in aggregates {
                        let value = self.aggregate(aggregate, &mut members, scope.ty(*var))?;
                        row[var.index()] = Some(value);
                    }
                    rows.push(row);
                }
                rows
            }
            Rel::Window { input, windows } => {
                let mut rows = self.rel(input, outer, scope)?;
                for (var, window) in windows {
                    let values = self.window(window, &mut rows, scope.ty(*var))?;
                    for (row, value) in rows.iter_mut().zip(values) {
                        row[var.index()] = Some(value);
                    }
                }
                rows
            }
            Rel::Sort { input, keys } => {
                let rows = self.rel(input, outer, scope)?;
                self.sorted(rows, keys)?
            }
            Rel::Limit { input, limit, offset } => {
                let rows = self.rel(input, outer, scope)?;
                let mut count = |bound: &'a Option<Expr>| -> Run<Option<usize>> {
                    match bound {
                        None => Ok(None),
                        // A number above what a machine can address is no limit.
                        Some(expr) => {
                            Ok(Some(usize::try_from(self.int(expr, &mut outer.clone())?.max(0)).unwrap_or(usize::MAX)))
                        }
                    }
                };
                let limit = count(limit)?.unwrap_or(usize::MAX);
                let offset = count(offset)?.unwrap_or(0);
                rows.into_iter().skip(offset).take(limit).collect()
            }
            Rel::Distinct { input, vars } => {
                let rows = self.rel(input, outer, scope)?;
                let tuples = rows.into_iter().map(|row| project(&row, vars.iter().copied()));
                distinct(tuples.collect::<Run<Vec<_>>>()?)
                    .into_iter()
                    .map(|tuple| bind(outer, vars.iter().copied(), tuple))
                    .collect()
            }
            Rel::SetOp { kind, left, right, vars } => self.set_op(*kind, left, right, vars, outer, scope)?,
        };
        self.burn(rows.len() as u64 + 1)?;
        self.allocate(rows.len().saturating_mul(outer.len() + 1).saturating_mul(std::mem::size_of::<Value>()))?;
        Ok(rows)
    }

    fn join(
        &mut self,
        kind: &'a JoinKind,
        left: &'a Rel,
        right: &'a Rel,
        on: &'a Expr,
        outer: &Env,
        scope: &Scope<'_>,
    ) -> Run<Vec<Env>> {
        let left = self.rel(left, outer, scope)?;
        let right = self.rel(right, outer, scope)?;
        // What the right rows bind beside what is bound around both.
        let bound: Vec<usize> = match right.first() {
            Some(first) => (0..first.len()).filter(|at| first[*at].is_some() && outer[*at].is_none()).collect(),
            None => Vec::new(),
        };
        let mut rows = Vec::new();
        for l in &left {
            let mut matches = Vec::new();
            let mut row = l.clone();
            for r in &right {
                self.burn(1)?;
                for at in &bound {
                    row[*at].clone_from(&r[*at]);
                }
                if self.bool(on, &mut row)? {
                    matches.push(row.clone());
                }
            }
            match kind {
                JoinKind::Inner => rows.append(&mut matches),
                JoinKind::Left(lifts) => lifted(&mut rows, l, matches, lifts, scope),
            }
        }
        Ok(rows)
    }

    fn apply(
        &mut self,
        kind: &'a Apply,
        left: &'a Rel,
        right: &'a Rel,
        outer: &Env,
        scope: &Scope<'_>,
    ) -> Run<Vec<Env>> {
        let mut rows = Vec::new();
        for mut l in self.rel(left, outer, scope)? {
            let mut matches = self.rel(right, &l, scope)?;
            match kind {
                Apply::Inner => rows.append(&mut matches),
                Apply::Left(lifts) => lifted(&mut rows, &l, matches, lifts, scope),
                Apply::Exists(var) => {
                    l[var.index()] = Some(Value::Bool(!matches.is_empty()));
                    rows.push(l);
                }
                Apply::Collect(var, element) => {
                    let elements = self.each(element, &mut matches)?;
                    l[var.index()] = Some(self.collection(elements, scope.ty(*var))?);
                    rows.push(l);
                }
            }
        }
        Ok(rows)
    }

    fn set_op(
        &mut self,
        kind: SetOpKind,
        left: &'a Rel,
        right: &'a Rel,
        vars: &'a [(VarId, VarId, VarId)],
        outer: &Env,
        scope: &Scope<'_>,
    ) -> Run<Vec<Env>> {
        let l = self.rel(left, outer, scope)?;
        let l: Vec<_> = l.iter().map(|row| project(row, vars.iter().map(|v| v.1))).collect::<Run<_>>()?;
        let r = self.rel(right, outer, scope)?;
        let r: Vec<_> = r.iter().map(|row| project(row, vars.iter().map(|v| v.2))).collect::<Run<_>>()?;
        let tuples = match kind {
            SetOpKind::UnionAll => l.into_iter().chain(r).collect(),
            SetOpKind::Union => distinct(l.into_iter().chain(r).collect()),
            SetOpKind::Except => {
                let r = distinct(r);
                distinct(l).into_iter().filter(|tuple| r.binary_search(tuple).is_err()).collect()
            }
            SetOpKind::Intersect => {
                let r = distinct(r);
                distinct(l).into_iter().filter(|tuple| r.binary_search(tuple).is_ok()).collect()
            }
        };
        Ok(tuples.into_iter().map(|tuple| bind(outer, vars.iter().map(|v| v.0), tuple)).collect())
    }

    /// Rows in the order of sort keys; rows that these do not tell apart stay in their order.
    pub(super) fn sorted(&mut self, rows: Vec<Env>, keys: &'a [SortKey]) -> Run<Vec<Env>> {
        let mut keyed = Vec::with_capacity(rows.len());
        for mut row in rows {
            keyed.push((self.tuple(keys.iter().map(|key| &key.expr), &mut row)?, row));
        }
        keyed.sort_by(|(a, _), (b, _)| compare(a, b, keys));
        Ok(keyed.into_iter().map(|(_, row)| row).collect())
    }

    /// The values of sort keys on a row.
    pub(super) fn sort_values(&mut self, keys: &'a [SortKey], row: &mut Env) -> Run<Vec<Value>> {
        self.tuple(keys.iter().map(|key| &key.expr), row)
    }

    /// The values of expressions on a row.
    pub(super) fn values(&mut self, exprs: &'a [Expr], row: &mut Env) -> Run<Vec<Value>> {
        self.tuple(exprs.iter(), row)
    }
}

/// The variables of the query at hand.
pub(super) struct Scope<'a> {
    vars: &'a [VarInfo],
}

impl Scope<'_> {
    fn ty(&self, var: VarId) -> &Type {
        &self.vars[var.index()].ty
    }
}

/// Compares rows by the values of their sort keys.
pub(super) fn compare(a: &[Value], b: &[Value], keys: &[SortKey]) -> Ordering {
    for ((a, b), key) in a.iter().zip(b).zip(keys) {
        let order = match (a.is_none(), b.is_none()) {
            (true, true) => Ordering::Equal,
            (true, false) => {
                if key.none_first {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
            (false, true) => {
                if key.none_first {
                    Ordering::Greater
                } else {
                    Ordering::Less
                }
            }
            (false, false) if key.descending => b.cmp(a),
            (false, false) => a.cmp(b),
        };
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

/// The rows of a left join for one left row.
fn lifted(rows: &mut Vec<Env>, left: &Env, matches: Vec<Env>, lifts: &[Lift], scope: &Scope<'_>) {
    if matches.is_empty() {
        let mut row = left.clone();
        for lift in lifts {
            row[lift.to.index()] = Some(Value::None);
        }
        rows.push(row);
        return;
    }
    for found in matches {
        let mut row = left.clone();
        for pair in lifts {
            let value = found[pair.from.index()].clone();
            row[pair.to.index()] = value.map(|value| lift(value, scope.ty(pair.from)));
        }
        rows.push(row);
    }
}

/// The values of variables in a row.
fn project(row: &Env, vars: impl Iterator<Item = VarId>) -> Run<Vec<Value>> {
    vars.map(|var| match &row[var.index()] {
        Some(value) => Ok(value.clone()),
        None => malformed("a variable is read before it is bound"),
    })
    .collect()
}

/// A row that binds variables.
fn bind(outer: &Env, vars: impl Iterator<Item = VarId>, values: Vec<Value>) -> Env {
    let mut row = outer.clone();
    for (var, value) in vars.zip(values) {
        row[var.index()] = Some(value);
    }
    row
}

/// Distinct tuples in ascending order; the first of equal ones stays.
fn distinct(mut tuples: Vec<Vec<Value>>) -> Vec<Vec<Value>> {
    tuples.sort();
    tuples.dedup();
    tuples
}
