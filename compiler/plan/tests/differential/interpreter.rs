//! Runs physical plans by the book, so that errors of the planner and of code generation are told apart.
//!
//! Expressions, folds and windows are those of the evaluator: each becomes a function or a query of a copy of
//! the program. Operators are written down here a second time, naively.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tenon_core::eval::{Evaluator, Inputs, MemoryStore, Stop, Store};
use tenon_core::ir::{
    self, Bound, Expr, ExprKind, Frame, Function, FunctionId, FunctionKind, Lift, Program, Query, QueryId, Rel,
    RelationId, SiteId, SortKey, Stmt, Type, VarId, VarInfo,
};
use tenon_plan::physical::{Access, Aggregate, Kind, Op, OpKind, Output, Plan, WindowValue};
use tenon_plan::{ChosenIndex, physical};
use tenon_value::{Fault, Value};

type Row = Vec<Option<Value>>;
type Run<T> = Result<T, Stop>;

pub struct Interpreter<'a> {
    program: Program,
    plan: &'a Plan,
    store: &'a mut MemoryStore,
    indexes: &'a [Vec<ChosenIndex>],
    compiled: HashMap<*const Expr, (FunctionId, Vec<VarId>)>,
    folds: HashMap<*const Aggregate, QueryId>,
    evaluator: Evaluator,
    temps: Vec<Vec<Row>>,
}

fn internal(what: &str) -> Stop {
    Stop::Fault { fault: Fault::Internal, site: SiteId(0), detail: Some(what.into()) }
}

const INPUTS: Inputs = Inputs { now: 0, seed: 0 };

/// Runs a plan; `ty` is the type of its result.
pub fn run(
    program: &Program,
    plan: &Plan,
    indexes: &[Vec<ChosenIndex>],
    store: &mut MemoryStore,
    arguments: Vec<Value>,
    ty: &Type,
) -> Run<Value> {
    let mut this = Interpreter {
        program: program.clone(),
        plan,
        store,
        indexes,
        compiled: HashMap::new(),
        folds: HashMap::new(),
        evaluator: Evaluator::new(Arc::new(program.clone())),
        temps: Vec::new(),
    };
    for op in plan.temps.iter().map(|t| &t.input).chain([&plan.root]) {
        tenon_plan::each_op(op, &mut |op| this.compile(op));
    }
    match &plan.output {
        Output::Collect { element: e, .. } | Output::First { element: e, .. } | Output::One(e) => this.function(e),
        Output::CollectMap { key, value } => {
            this.function(key);
            this.function(value);
        }
        Output::Exists { .. } => {}
    }
    this.evaluator = Evaluator::new(Arc::new(this.program.clone()));
    let mut row: Row = vec![None; plan.vars.len()];
    for (v, a) in plan.params.iter().zip(arguments) {
        row[v.index()] = Some(a);
    }
    for temp in &plan.temps {
        let rows = this.rows(&temp.input, &row)?;
        this.temps.push(rows);
    }
    let rows = this.rows(&plan.root, &row)?;
    match &plan.output {
        Output::Collect { element, set } => {
            let mut out = Vec::new();
            for r in &rows {
                out.push(this.eval(element, r)?);
            }
            Ok(match (ty, set) {
                (Type::Set(_), _) | (_, true) => Value::set(out),
                (Type::Bag(_), _) => Value::bag(out),
                _ => Value::list(out),
            })
        }
        Output::CollectMap { key, value } => {
            let mut out = Vec::new();
            for r in &rows {
                out.push((this.eval(key, r)?, this.eval(value, r)?));
            }
            Ok(Value::map(out))
        }
        Output::First { element, .. } => {
            let mut out = Vec::new();
            for r in &rows {
                out.push(this.eval(element, r)?);
            }
            Ok(match out.into_iter().next() {
                None => Value::None,
                Some(v) if matches!(element.ty, Type::Option(_)) => v,
                Some(v) => Value::some(v),
            })
        }
        Output::One(element) => match rows.as_slice() {
            [r] => this.eval(element, r),
            _ => Err(internal(&format!("one row is expected, {} came", rows.len()))),
        },
        Output::Exists { .. } => Ok(Value::Bool(!rows.is_empty())),
    }
}

impl<'a> Interpreter<'a> {
    /// Makes functions and queries of what an operator evaluates.
    fn compile(&mut self, op: &'a Op) {
        for e in tenon_plan::op_exprs(op) {
            self.function(e);
        }
        if let OpKind::Aggregate { aggregates, .. }
        | OpKind::GroupJoin { aggregates, .. }
        | OpKind::Fold { aggregates, .. } = &op.kind
        {
            for (v, a) in aggregates {
                if !a.keep_none {
                    let id = QueryId(self.program.queries.len() as u32);
                    let query = self.fold_query(*v, a, id);
                    self.program.queries.push(query);
                    self.folds.insert(std::ptr::from_ref(a), id);
                }
            }
        }
    }

    fn function(&mut self, e: &'a Expr) {
        let mut free = Vec::new();
        free_vars(e, &mut free);
        let function = Function {
            name: "expr".into(),
            kind: FunctionKind::Reads,
            params: free.clone(),
            result: e.ty.clone(),
            vars: self.plan.vars.clone(),
            body: vec![Stmt::Return(e.clone())],
            site: SiteId(0),
        };
        self.program.functions.push(function);
        let id = FunctionId(self.program.functions.len() as u32 - 1);
        self.compiled.insert(std::ptr::from_ref(e), (id, free));
    }

    fn eval(&mut self, e: &'a Expr, row: &Row) -> Run<Value> {
        if let ExprKind::Var(v) = &e.kind {
            return row[v.index()].clone().ok_or_else(|| internal(&format!("variable {} is not bound", v.0)));
        }
        let (function, free) = self.compiled[&std::ptr::from_ref(e)].clone();
        let mut arguments = Vec::new();
        for v in free {
            let value = row[v.index()].clone();
            arguments.push(value.ok_or_else(|| internal(&format!("variable {} is not bound", v.0)))?);
        }
        self.evaluator.run(self.store, function, arguments, &INPUTS).map(|f| f.value)
    }

    fn holds(&mut self, predicates: &'a [Expr], row: &Row) -> Run<bool> {
        for p in predicates {
            if self.eval(p, row)? != Value::Bool(true) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn tuple(&mut self, exprs: impl IntoIterator<Item = &'a Expr>, row: &Row) -> Run<Vec<Value>> {
        exprs.into_iter().map(|e| self.eval(e, row)).collect()
    }

    fn query(&mut self, query: Query, argument: Value, ty: &Type) -> Run<Value> {
        let mut program = self.program.clone();
        let id = QueryId(program.queries.len() as u32);
        program.queries.push(Query { id, ..query });
        Evaluator::new(Arc::new(program)).query(self.store, id, vec![argument], ty, &INPUTS).map(|f| f.value)
    }

    fn rows(&mut self, op: &'a Op, outer: &Row) -> Run<Vec<Row>> {
        match &op.kind {
            OpKind::Unit => Ok(vec![outer.clone()]),
            OpKind::Scan { relation, var, predicates, .. } => {
                let mut out = Vec::new();
                // Backwards, because a plan may not rest on the order of a scan.
                for (key, fields) in self.store.rows(*relation).into_iter().rev() {
                    let mut row = outer.clone();
                    row[var.index()] = Some(Value::Row { relation: relation.0, key, fields });
                    if self.holds(predicates, &row)? {
                        out.push(row);
                    }
                }
                Ok(out)
            }
            OpKind::CountRows { relation, var } => {
                let mut row = outer.clone();
                row[var.index()] = Some(Value::Int(self.store.count(*relation) as i64));
                Ok(vec![row])
            }
            OpKind::ReadTemp { temp, columns } => Ok(self.temps[temp.0 as usize]
                .iter()
                .map(|from| {
                    let mut row = outer.clone();
                    for (c, v) in columns {
                        row[v.index()] = from[c.index()].clone();
                    }
                    row
                })
                .collect()),
            OpKind::Lookup { input, relation, var, access, residual, kind, .. } => {
                let mut out = Vec::new();
                for row in self.rows(input, outer)? {
                    let mut found = Vec::new();
                    for candidate in self.access(*relation, access, &row)? {
                        let mut with = row.clone();
                        with[var.index()] = Some(candidate);
                        if self.holds(residual, &with)? {
                            found.push(with);
                        }
                    }
                    self.joined(kind, row, found, &mut out);
                }
                Ok(out)
            }
            OpKind::Filter { input, predicates } => {
                let mut out = Vec::new();
                for row in self.rows(input, outer)? {
                    if self.holds(predicates, &row)? {
                        out.push(row);
                    }
                }
                Ok(out)
            }
            OpKind::Map { input, defs } => {
                let mut rows = self.rows(input, outer)?;
                for row in &mut rows {
                    for (v, e) in defs {
                        row[v.index()] = Some(self.eval(e, row)?);
                    }
                }
                Ok(rows)
            }
            OpKind::Unnest { input, source, var, index } => {
                let mut out = Vec::new();
                for row in self.rows(input, outer)? {
                    let elements = elements(self.eval(source, &row)?);
                    for (i, element) in elements.iter().enumerate() {
                        let mut row = row.clone();
                        row[var.index()] = Some(element.clone());
                        if let Some(index) = index {
                            row[index.index()] = Some(Value::Int(i as i64));
                        }
                        out.push(row);
                    }
                }
                Ok(out)
            }
            OpKind::HashJoin { probe, build, kind, keys, residual, payload, unique } => {
                let mut table: BTreeMap<Vec<Value>, Vec<Row>> = BTreeMap::new();
                for row in self.rows(build, outer)? {
                    let key = self.tuple(keys.iter().map(|(_, b)| b), &row)?;
                    let entry = table.entry(key).or_default();
                    entry.push(keep(&row, payload, outer));
                    if *unique && entry.len() > 1 {
                        return Err(internal("a key that was said to be unique is not"));
                    }
                }
                let mut out = Vec::new();
                for row in self.rows(probe, outer)? {
                    let key = self.tuple(keys.iter().map(|(a, _)| a), &row)?;
                    let mut found = Vec::new();
                    for partner in table.get(&key).into_iter().flatten() {
                        let both = merge(&row, partner);
                        if self.holds(residual, &both)? {
                            found.push(both);
                        }
                    }
                    self.joined(kind, row, found, &mut out);
                }
                Ok(out)
            }
            OpKind::NestedLoop { outer: left, inner, kind, predicates, payload } => {
                let inner = self.rows(inner, outer)?;
                let mut out = Vec::new();
                for row in self.rows(left, outer)? {
                    let mut found = Vec::new();
                    for partner in &inner {
                        let both = merge(&row, &keep(partner, payload, outer));
                        if self.holds(predicates, &both)? {
                            found.push(both);
                        }
                    }
                    self.joined(kind, row, found, &mut out);
                }
                Ok(out)
            }
            OpKind::Aggregate { input, keys, payload, aggregates, all, strategy } => {
                let mut groups: BTreeMap<Vec<Value>, Vec<Row>> = BTreeMap::new();
                // In the order in which groups leave, which is any but for groups in order.
                let mut met: Vec<Vec<Value>> = Vec::new();
                if *all {
                    assert!(keys.is_empty());
                    groups.insert(Vec::new(), Vec::new());
                }
                for row in self.rows(input, outer)? {
                    let key = self.tuple(keys.iter().map(|(_, e)| e), &row)?;
                    if *strategy == physical::GroupStrategy::Ordered && met.last() != Some(&key) {
                        assert!(!groups.contains_key(&key), "the rows of a group in order stand apart");
                        met.push(key.clone());
                    }
                    groups.entry(key).or_default().push(row);
                }
                let mut out = Vec::new();
                let leave: Vec<(Vec<Value>, Vec<Row>)> = match strategy {
                    physical::GroupStrategy::Ordered => {
                        met.into_iter().map(|key| groups.remove_entry(&key).unwrap()).collect()
                    }
                    _ => groups.into_iter().rev().collect(),
                };
                for (key, members) in leave {
                    let mut row = outer.clone();
                    if let Some(first) = members.first() {
                        row = keep(first, payload, outer);
                        for other in &members {
                            for v in payload {
                                assert_eq!(first[v.index()], other[v.index()], "a payload differs in its group");
                            }
                        }
                    }
                    for ((v, _), value) in keys.iter().zip(key) {
                        row[v.index()] = Some(value);
                    }
                    for (v, a) in aggregates {
                        row[v.index()] = Some(self.aggregate(*v, a, &members, outer)?);
                    }
                    out.push(row);
                }
                Ok(out)
            }
            OpKind::GroupJoin { left, right, keys, aggregates, payload, unique } => {
                let left_rows = self.rows(left, outer)?;
                let mut groups: BTreeMap<Vec<Value>, Vec<Row>> = BTreeMap::new();
                let mut lefts = Vec::new();
                for row in left_rows {
                    let key = self.tuple(keys.iter().map(|(a, _)| a), &row)?;
                    if groups.insert(key.clone(), Vec::new()).is_some() && *unique {
                        return Err(internal("a key that was said to be unique is not"));
                    }
                    lefts.push((key, row));
                }
                for row in self.rows(right, outer)? {
                    let key = self.tuple(keys.iter().map(|(_, b)| b), &row)?;
                    if let Some(group) = groups.get_mut(&key) {
                        group.push(row);
                    }
                }
                let mut out = Vec::new();
                for (key, row) in lefts {
                    let mut with = keep(&row, payload, outer);
                    for (v, a) in aggregates {
                        with[v.index()] = Some(self.aggregate(*v, a, &groups[&key], outer)?);
                    }
                    out.push(with);
                }
                Ok(out)
            }
            OpKind::Fold { left, right, aggregates } => {
                let mut out = Vec::new();
                for mut row in self.rows(left, outer)? {
                    let members = self.rows(right, &row)?;
                    for (v, a) in aggregates {
                        row[v.index()] = Some(self.aggregate(*v, a, &members, &row)?);
                    }
                    out.push(row);
                }
                Ok(out)
            }
            OpKind::Window { input, partition, order, peers, windows, payload } => {
                let rows = self.rows(input, outer)?;
                let mut partitions: BTreeMap<Vec<Value>, Vec<Row>> = BTreeMap::new();
                for row in rows {
                    let key = self.tuple(partition.iter(), &row)?;
                    partitions.entry(key).or_default().push(keep(&row, payload, outer));
                }
                let mut out = Vec::new();
                for members in partitions.into_values() {
                    let mut members = self.sort(members, order)?;
                    for (v, w) in windows {
                        let values = self.window(*v, w, &order[..*peers], &members)?;
                        for (row, value) in members.iter_mut().zip(values) {
                            row[v.index()] = Some(value);
                        }
                    }
                    out.extend(members.into_iter().rev());
                }
                Ok(out)
            }
            OpKind::Sort { input, partition, keys, limit, offset, payload } => {
                let mut partitions: BTreeMap<Vec<Value>, Vec<Row>> = BTreeMap::new();
                for row in self.rows(input, outer)? {
                    let key = self.tuple(partition.iter(), &row)?;
                    partitions.entry(key).or_default().push(row);
                }
                if partition.is_empty() {
                    // The bounds are evaluated whether there are rows or not.
                    partitions.entry(Vec::new()).or_default();
                }
                let mut out = Vec::new();
                for members in partitions.into_values() {
                    let members = self.sort(members, keys)?;
                    let first = members.first().unwrap_or(outer).clone();
                    let rows = self.limited(members, limit, offset, &first)?;
                    out.extend(rows.iter().map(|r| keep(r, payload, outer)));
                }
                Ok(out)
            }
            OpKind::Limit { input, limit, offset, .. } => {
                let rows = self.rows(input, outer)?;
                self.limited(rows, limit, offset, outer)
            }
            OpKind::Concat { inputs, vars } => {
                let mut out = Vec::new();
                for (input, columns) in inputs {
                    for from in self.rows(input, outer)? {
                        let mut row = outer.clone();
                        for (c, v) in columns.iter().zip(vars) {
                            row[v.index()] = from[c.index()].clone();
                        }
                        out.push(row);
                    }
                }
                Ok(out)
            }
        }
    }

    fn limited(
        &mut self,
        rows: Vec<Row>,
        limit: &'a Option<Expr>,
        offset: &'a Option<Expr>,
        env: &Row,
    ) -> Run<Vec<Row>> {
        let mut number = |e: &'a Option<Expr>, default: usize| match e {
            None => Ok(default),
            Some(e) => match self.eval(e, env)? {
                Value::Int(n) => Ok(usize::try_from(n.max(0)).unwrap()),
                _ => Err(internal("a limit is an Int")),
            },
        };
        let (limit, offset) = (number(limit, usize::MAX)?, number(offset, 0)?);
        Ok(rows.into_iter().skip(offset).take(limit).collect())
    }

    fn sort(&mut self, rows: Vec<Row>, keys: &'a [SortKey]) -> Run<Vec<Row>> {
        let mut keyed = Vec::new();
        for row in rows {
            keyed.push((self.tuple(keys.iter().map(|k| &k.expr), &row)?, row));
        }
        keyed.sort_by(|(a, _), (b, _)| compare(a, b, keys));
        Ok(keyed.into_iter().map(|(_, r)| r).collect())
    }

    fn joined(&mut self, kind: &Kind, row: Row, found: Vec<Row>, out: &mut Vec<Row>) {
        match kind {
            Kind::Inner => out.extend(found),
            Kind::Left(lifts) => {
                let lifted = |from: &Lift, partner: Option<&Row>| match partner {
                    None => Some(Value::None),
                    Some(p) => p[from.from.index()].clone().map(|v| {
                        if matches!(self.plan.vars[from.from.index()].ty, Type::Option(_)) { v } else { Value::some(v) }
                    }),
                };
                let partners: Vec<Option<&Row>> =
                    if found.is_empty() { vec![None] } else { found.iter().map(Some).collect() };
                for partner in partners {
                    let mut with = row.clone();
                    for lift in lifts {
                        with[lift.to.index()] = lifted(lift, partner);
                    }
                    out.push(with);
                }
            }
            Kind::Semi => {
                if !found.is_empty() {
                    out.push(row);
                }
            }
            Kind::Anti => {
                if found.is_empty() {
                    out.push(row);
                }
            }
            Kind::Mark(v) => {
                let mut row = row;
                row[v.index()] = Some(Value::Bool(!found.is_empty()));
                out.push(row);
            }
        }
    }

    fn access(&mut self, relation: RelationId, access: &'a Access, row: &Row) -> Run<Vec<Value>> {
        let all: Vec<(Arc<Value>, Arc<[Value]>)> = self.store.rows(relation);
        let as_row = |(key, fields): (Arc<Value>, Arc<[Value]>)| Value::Row { relation: relation.0, key, fields };
        let r = self.program.relation(relation).clone();
        let with = |fields: &[ir::FieldId], values: &[Value]| -> Vec<Value> {
            assert_eq!(fields.len(), values.len());
            all.iter()
                .filter(|(_, of)| fields.iter().zip(values).all(|(f, v)| of[f.index()] == *v))
                .cloned()
                .map(as_row)
                .collect()
        };
        match access {
            Access::Reference(e) => {
                let reference = self.eval(e, row)?;
                let found: Vec<Value> = all.into_iter().map(as_row).filter(|r| *r == reference).collect();
                assert_eq!(found.len(), 1, "a reference leads to one row");
                Ok(found)
            }
            Access::Key(es) => {
                let values = self.tuple(es.iter(), row)?;
                Ok(with(&r.key, &values))
            }
            Access::Unique(n, es) => {
                let values = self.tuple(es.iter(), row)?;
                Ok(with(&r.uniques[*n as usize].fields, &values))
            }
            Access::Index { index, equal, lower, upper, reverse } => {
                let shape = self.indexes[relation.index()][*index as usize].shape.clone();
                let values = self.tuple(equal.iter(), row)?;
                assert!(shape.ordered || values.len() == shape.parts.len());
                let fields: Vec<ir::FieldId> = shape.parts[..values.len()].iter().map(|(f, _)| *f).collect();
                let mut found = with(&fields, &values);
                let part = |row: &Value, i: usize| match row {
                    Value::Row { fields, .. } => fields[shape.parts[i].0.index()].clone(),
                    _ => unreachable!(),
                };
                for (limit, lower) in [(lower, true), (upper, false)] {
                    if let Some(physical::Limit { value, inclusive }) = limit {
                        let bound = self.eval(value, row)?;
                        found.retain(|r| {
                            let v = part(r, values.len());
                            if v == bound { *inclusive } else { (v > bound) == lower }
                        });
                    }
                }
                if shape.ordered {
                    found.sort_by(|a, b| {
                        shape
                            .parts
                            .iter()
                            .enumerate()
                            .map(|(i, (_, descending))| {
                                let order = part(a, i).cmp(&part(b, i));
                                if *descending { order.reverse() } else { order }
                            })
                            .find(|o| o.is_ne())
                            .unwrap_or(std::cmp::Ordering::Equal)
                    });
                    if *reverse {
                        found.reverse();
                    }
                } else {
                    found.reverse();
                }
                Ok(found)
            }
        }
    }

    fn aggregate(&mut self, var: VarId, a: &'a Aggregate, members: &[Row], outer: &Row) -> Run<Value> {
        let ty = self.plan.vars[var.index()].ty.clone();
        let mut rows = Vec::new();
        for row in members {
            if self.holds(&a.filter, row)? {
                rows.push(row.clone());
            }
        }
        if !a.order.is_empty() {
            rows = self.sort(rows, &a.order)?;
        }
        if let Some(grain) = &a.grain {
            let mut seen = std::collections::BTreeSet::new();
            let mut firsts = Vec::new();
            for row in rows {
                if seen.insert(self.tuple(grain.iter(), &row)?) {
                    firsts.push(row);
                }
            }
            rows = firsts;
        }
        let mut values = Vec::new();
        for row in &rows {
            values.push(match &a.argument {
                Some(e) => self.eval(e, row)?,
                None => Value::Int(0),
            });
        }
        let mut number = |e: &'a Option<Expr>, default: usize| match e {
            None => Ok(default),
            Some(e) => match self.eval(e, outer)? {
                Value::Int(n) => Ok(usize::try_from(n.max(0)).unwrap()),
                _ => Err(internal("a limit is an Int")),
            },
        };
        let (limit, offset) = (number(&a.limit, usize::MAX)?, number(&a.offset, 0)?);
        let values: Vec<Value> = values.into_iter().skip(offset).take(limit).collect();
        if a.keep_none {
            return match a.function {
                ir::AggregateFn::List => Ok(match ty {
                    Type::Set(_) => Value::set(values),
                    Type::Bag(_) => Value::bag(values),
                    _ => Value::list(values),
                }),
                ir::AggregateFn::First => Ok(Value::option(values.into_iter().next())),
                _ => Err(internal("only lists keep none")),
            };
        }
        let id = self.folds[&std::ptr::from_ref(a)];
        self.evaluator.query(self.store, id, vec![Value::list(values)], &ty, &INPUTS).map(|f| f.value)
    }

    fn fold_query(&self, var: VarId, a: &Aggregate, id: QueryId) -> Query {
        let ty = self.plan.vars[var.index()].ty.clone();
        let element = a.argument.as_ref().map_or(Type::Int, |e| e.ty.clone());
        let list = Type::list(element.clone());
        let info = |name: &str, ty: &Type| VarInfo { name: name.into(), ty: ty.clone() };
        Query {
            id,
            name: "fold".into(),
            params: vec![VarId(0)],
            vars: vec![info("values", &list), info("x", &element), info("i", &Type::Int), info("r", &ty)],
            root: Rel::Group {
                input: Box::new(Rel::Unnest { source: Expr::var(VarId(0), list), var: VarId(1), index: VarId(2) }),
                keys: Vec::new(),
                aggregates: vec![(
                    VarId(3),
                    ir::Aggregate {
                        function: a.function,
                        argument: a.argument.as_ref().map(|_| Expr::var(VarId(1), element)),
                        grain: None,
                        filter: None,
                        order: Vec::new(),
                    },
                )],
                all: true,
            },
            output: ir::Output::One(Expr::var(VarId(3), ty)),
            site: SiteId(0),
        }
    }

    /// A window over one ordered partition, by a query over records of its arguments and peer groups.
    fn window(&mut self, var: VarId, w: &'a WindowValue, peers: &'a [SortKey], rows: &[Row]) -> Run<Vec<Value>> {
        // Only aggregates have a frame; the bounds of others are nobody's.
        let has_frame = matches!(w.function, ir::WindowFn::Aggregate(_));
        let bounds: Vec<&'a Expr> = w.bounds().filter(|_| has_frame).collect();
        let ty = self.plan.vars[var.index()].ty.clone();
        let mut records = Vec::new();
        let mut group = 0;
        let mut before: Option<Vec<Value>> = None;
        for row in rows {
            let key = self.tuple(peers.iter().map(|k| &k.expr), row)?;
            if before.as_ref().is_some_and(|b| *b != key) {
                group += 1;
            }
            before = Some(key);
            let mut record = vec![Value::Int(group)];
            record.extend(self.tuple(w.arguments.iter().chain(bounds.iter().copied()), row)?);
            records.push(Value::record(record));
        }
        let mut fields: Vec<(ir::Name, Type)> = vec![("g".into(), Type::Int)];
        fields.extend(
            w.arguments
                .iter()
                .chain(bounds.iter().copied())
                .enumerate()
                .map(|(i, e)| (format!("a{i}").into(), e.ty.clone())),
        );
        let element = Type::record(fields);
        let list = Type::list(element.clone());
        let field = |i: usize, ty: &Type| {
            Expr::new(ExprKind::Field(Box::new(Expr::var(VarId(1), element.clone())), i as u32), ty.clone())
        };
        // The bounds stand behind the arguments.
        let mut next = w.arguments.len();
        let mut stored = || {
            next += 1;
            field(next, &Type::Int)
        };
        let mut end = |bound: &Bound| match bound {
            Bound::Current => Bound::Current,
            Bound::Before(_) => Bound::Before(stored()),
            Bound::After(_) => Bound::After(stored()),
        };
        let frame = match &w.frame {
            Frame::Rows(from, to) if has_frame => Frame::Rows(end(from), end(to)),
            Frame::Rows(..) => Frame::Partition,
            other => other.clone(),
        };
        let order = if peers.is_empty() {
            Vec::new()
        } else {
            vec![SortKey { expr: field(0, &Type::Int), descending: false, none_first: false }]
        };
        let info = |name: &str, ty: &Type| VarInfo { name: name.into(), ty: ty.clone() };
        let query = Query {
            id: QueryId(0),
            name: "window".into(),
            params: vec![VarId(0)],
            vars: vec![info("rows", &list), info("x", &element), info("i", &Type::Int), info("w", &ty)],
            root: Rel::Window {
                input: Box::new(Rel::Unnest {
                    source: Expr::var(VarId(0), list.clone()),
                    var: VarId(1),
                    index: VarId(2),
                }),
                windows: vec![(
                    VarId(3),
                    ir::WindowExpr {
                        function: w.function,
                        arguments: w.arguments.iter().enumerate().map(|(i, e)| field(i + 1, &e.ty)).collect(),
                        partition: Vec::new(),
                        order,
                        frame,
                    },
                )],
            },
            output: ir::Output::Collect(Expr::var(VarId(3), ty.clone())),
            site: SiteId(0),
        };
        match self.query(query, Value::list(records), &Type::list(ty))? {
            Value::List(values) => Ok(values.to_vec()),
            _ => Err(internal("a list is expected")),
        }
    }
}

/// What an operator that stores rows keeps of one.
fn keep(row: &Row, payload: &[VarId], outer: &Row) -> Row {
    let mut out = outer.clone();
    for v in payload {
        out[v.index()] = row[v.index()].clone();
    }
    out
}

fn merge(a: &Row, b: &Row) -> Row {
    a.iter().zip(b).map(|(a, b)| a.clone().or_else(|| b.clone())).collect()
}

fn elements(v: Value) -> Vec<Value> {
    match v {
        Value::List(vs) | Value::Bag(vs) | Value::Set(vs) => vs.to_vec(),
        other => panic!("not a collection: {other:?}"),
    }
}

fn compare(a: &[Value], b: &[Value], keys: &[SortKey]) -> std::cmp::Ordering {
    use std::cmp::Ordering;
    for ((a, b), key) in a.iter().zip(b).zip(keys) {
        let order = match (a.is_none(), b.is_none()) {
            (true, true) => Ordering::Equal,
            (true, false) if key.none_first => Ordering::Less,
            (true, false) => Ordering::Greater,
            (false, true) if key.none_first => Ordering::Greater,
            (false, true) => Ordering::Less,
            _ if key.descending => b.cmp(a),
            _ => a.cmp(b),
        };
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

fn free_vars(e: &Expr, out: &mut Vec<VarId>) {
    match &e.kind {
        ExprKind::Var(v) => {
            if !out.contains(v) {
                out.push(*v);
            }
        }
        ExprKind::Let(v, value, body) => {
            free_vars(value, out);
            let mut inner = Vec::new();
            free_vars(body, &mut inner);
            out.extend(inner.into_iter().filter(|w| w != v && !out.contains(w)).collect::<Vec<_>>());
        }
        ExprKind::Query(..) => panic!("a plan's expression contains a query"),
        _ => e.children(&mut |c| free_vars(c, out)),
    }
}
