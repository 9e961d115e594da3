//! Random queries, well typed, and random data.

use std::sync::Arc;

use tenon_core::ir::{
    Aggregate, AggregateFn, Apply, Bound, Expr, ExprKind, Frame, JoinKind, Lift, Output, Prim, Program, Query, QueryId,
    Rel, RelationId, SetOpKind, SiteId, SortKey, Type, VarId, VarInfo, WindowExpr, WindowFn,
};
use tenon_value::Value;

pub const SCHEMA: &str = r#"program "generated"
variant Status { Open, Closed }
relation Customer {
  field id: Int
  field country: Text
  field credit: Int
  field boss: Ref[Customer]?
  key id
}
relation Product {
  field sku: Text
  field price: Int
  field weight: Int?
  key sku
}
relation Order {
  field id: Int
  field customer: Ref[Customer]
  field paid: Int
  field status: Status
  field tags: [Int]
  key id
}
relation Line {
  field order: Ref[Order]
  field n: Int
  field product: Ref[Product]
  field qty: Int
  field note: Text?
  key order, n
}
sites { "" "" "" 0 0..0 }
"#;

/// A small generator of pseudo-random numbers (xorshift), so that a seed means the same everywhere.
pub struct Rng(pub u64);

impl Rng {
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % n
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize].clone()
    }
}

/// Rows of the schema.
pub fn data(rng: &mut Rng, size: u64) -> Vec<(RelationId, Value, Vec<Value>)> {
    let mut out = Vec::new();
    let reference = |r: u32, key: Value| Value::Ref { relation: r, key: Arc::new(key) };
    let countries = ["NO", "SE", "DK"];
    let (customers, products, orders) = (rng.below(size) + 1, rng.below(size) + 1, rng.below(size * 2));
    for i in 0..customers {
        let boss = if rng.chance(50) && i > 0 {
            Value::some(reference(0, Value::Int(rng.below(i) as i64)))
        } else {
            Value::None
        };
        let fields = vec![Value::Int(i as i64), rng.pick(&countries).into(), Value::Int(rng.below(5) as i64), boss];
        out.push((RelationId(0), Value::Int(i as i64), fields));
    }
    for i in 0..products {
        let sku = Value::text(format!("p{i}"));
        let weight = if rng.chance(60) { Value::some(Value::Int(rng.below(4) as i64)) } else { Value::None };
        out.push((RelationId(1), sku.clone(), vec![sku, Value::Int(rng.below(6) as i64), weight]));
    }
    for i in 0..orders {
        let id = Value::Int(i as i64);
        let tags: Vec<Value> = (0..rng.below(4)).map(|_| Value::Int(rng.below(4) as i64)).collect();
        let status = Value::variant(rng.below(2) as u32, Vec::new());
        let customer = reference(0, Value::Int(rng.below(customers) as i64));
        out.push((
            RelationId(2),
            id.clone(),
            vec![id.clone(), customer, Value::Int(rng.below(10) as i64), status, Value::list(tags)],
        ));
        for n in 0..rng.below(4) {
            let order = reference(2, id.clone());
            let note = if rng.chance(50) { Value::some(rng.pick(&["x", "y", "z"]).into()) } else { Value::None };
            let product = reference(1, Value::text(format!("p{}", rng.below(products))));
            let n = Value::Int(n as i64);
            let key = Value::record(vec![order.clone(), n.clone()]);
            out.push((RelationId(3), key, vec![order, n, product, Value::Int(rng.below(5) as i64), note]));
        }
    }
    out
}

/// Builds one query.
pub struct Generator<'a> {
    pub rng: &'a mut Rng,
    pub program: &'a mut Program,
    vars: Vec<VarInfo>,
    /// Expressions that can fail may stand anywhere.
    pub failing: bool,
}

type Scope = Vec<VarId>;

fn row(r: u32) -> Type {
    Type::Row(RelationId(r))
}

impl<'a> Generator<'a> {
    /// A bound of a limit, in so many cases of 100: a small number from `least`, or one of the rows around.
    fn bound(&mut self, share: u64, least: i64, outer: &Scope) -> Option<Expr> {
        if !self.rng.chance(share) {
            return None;
        }
        let small = Self::int(self.rng.below(4) as i64 + least);
        Some(if self.rng.chance(30) { self.scalar(outer) } else { small })
    }

    /// One end of a frame, the same for all rows or not.
    fn frame_end(&mut self, scope: &Scope) -> Bound {
        let steps = if self.rng.chance(40) { self.scalar(scope) } else { Self::int(self.rng.below(4) as i64 - 1) };
        match self.rng.below(3) {
            0 => Bound::Before(steps),
            1 => Bound::Current,
            _ => Bound::After(steps),
        }
    }

    pub fn new(rng: &'a mut Rng, program: &'a mut Program, failing: bool) -> Generator<'a> {
        Generator { rng, program, vars: Vec::new(), failing }
    }

    fn fresh(&mut self, name: &str, ty: Type) -> VarId {
        self.vars.push(VarInfo { name: name.into(), ty });
        VarId(self.vars.len() as u32 - 1)
    }

    fn var(&self, v: VarId) -> Expr {
        Expr::var(v, self.vars[v.index()].ty.clone())
    }

    fn int(n: i64) -> Expr {
        Expr::new(ExprKind::Literal(Value::Int(n)), Type::Int)
    }

    fn prim(prim: Prim, args: Vec<Expr>, ty: Type) -> Expr {
        Expr::new(ExprKind::Prim(prim, args, SiteId(0)), ty)
    }

    /// A query over a parameter, nested so deep.
    pub fn query(&mut self, depth: u32, name: &str) -> Query {
        let param = self.fresh("param", Type::Int);
        let (root, scope) = self.rel(depth, &vec![param]);
        let mut all = scope.clone();
        all.push(param);
        let output = match self.rng.below(10) {
            0 => Output::Exists,
            1 => {
                let (k, v) = (self.scalar(&scope), self.element(&all, depth));
                Output::CollectMap(k, v)
            }
            2 => Output::First(self.element(&all, depth)),
            _ => Output::Collect(self.element(&all, depth)),
        };
        Query {
            id: QueryId(self.program.queries.len() as u32),
            name: name.into(),
            params: vec![param],
            vars: std::mem::take(&mut self.vars),
            root,
            output,
            site: SiteId(0),
        }
    }

    /// What a row of an output holds: some of what is in scope.
    fn element(&mut self, scope: &Scope, depth: u32) -> Expr {
        let mut fields = Vec::new();
        let mut types = Vec::new();
        for i in 0..self.rng.below(3) + 1 {
            let e = if depth > 0 && self.rng.chance(20) && !self.program.queries.is_empty() {
                self.nested_query(scope)
            } else if self.rng.chance(40) && !scope.is_empty() {
                let v = self.rng.pick(scope);
                self.var(v)
            } else {
                self.scalar(scope)
            };
            types.push((format!("f{i}").into(), e.ty.clone()));
            fields.push(e);
        }
        Expr::new(ExprKind::Record(fields), Type::record(types))
    }

    /// A call of an earlier query as an expression.
    fn nested_query(&mut self, scope: &Scope) -> Expr {
        let id = QueryId(self.rng.below(self.program.queries.len() as u64) as u32);
        let arg = self.scalar(scope);
        let output = self.program.query(id).output.clone();
        let ty = match &output {
            Output::Collect(e) => {
                let of = Arc::new(e.ty.clone());
                match self.rng.below(3) {
                    0 => Type::Set(of),
                    1 => Type::Bag(of),
                    _ => Type::List(of),
                }
            }
            Output::CollectMap(k, v) => Type::Map(Arc::new(k.ty.clone()), Arc::new(v.ty.clone())),
            Output::First(e) => e.ty.clone().optional(),
            Output::One(e) => e.ty.clone(),
            Output::Exists => Type::Bool,
        };
        let call = Expr::new(ExprKind::Query(id, vec![arg]), ty.clone());
        if matches!(ty, Type::List(_) | Type::Bag(_)) && self.rng.chance(30) {
            return Self::prim(Prim::Length, vec![call], Type::Int);
        }
        if self.rng.chance(25) {
            let condition = self.predicate(scope);
            let other = match &ty {
                Type::List(_) | Type::Bag(_) | Type::Set(_) => Expr::new(ExprKind::Collection(vec![]), ty.clone()),
                Type::Map(..) => Expr::new(ExprKind::Map(vec![]), ty.clone()),
                Type::Bool => Expr::new(ExprKind::Literal(false.into()), ty.clone()),
                Type::Option(_) => Expr::new(ExprKind::None, ty.clone()),
                _ => return call,
            };
            return Expr::new(ExprKind::If(Box::new(condition), Box::new(call), Box::new(other)), ty);
        }
        call
    }

    /// An Int from what is in scope.
    fn scalar(&mut self, scope: &Scope) -> Expr {
        let mut options = vec![Self::int(self.rng.below(4) as i64)];
        for v in scope {
            options.extend(self.ints_of(self.var(*v), 2));
        }
        let e = self.rng.pick(&options);
        if self.failing && self.rng.chance(10) {
            // Divides by something that is sometimes zero.
            let by = self.rng.pick(&options);
            return Self::prim(Prim::DivInt, vec![e, by], Type::Int);
        }
        e
    }

    /// Ints that a value leads to.
    fn ints_of(&self, e: Expr, steps: u32) -> Vec<Expr> {
        let mut out = Vec::new();
        match e.ty.clone() {
            Type::Int => out.push(e),
            Type::Bool => {
                let (one, zero) = (Box::new(Self::int(1)), Box::new(Self::int(0)));
                out.push(Expr::new(ExprKind::If(Box::new(e), one, zero), Type::Int));
            }
            Type::List(_) | Type::Bag(_) | Type::Set(_) => out.push(Self::prim(Prim::Length, vec![e], Type::Int)),
            Type::Option(inner) => {
                let present = Expr::new(ExprKind::IsSome(Box::new(e.clone())), Type::Bool);
                let value = Expr::new(ExprKind::Unwrap(Box::new(e)), (*inner).clone());
                for x in self.ints_of(value, steps) {
                    let (x, none) = (Box::new(x), Box::new(Self::int(-1)));
                    out.push(Expr::new(ExprKind::If(Box::new(present.clone()), x, none), Type::Int));
                }
            }
            Type::Row(r) => {
                for (i, f) in self.program.relation(r).fields.iter().enumerate() {
                    let field = Expr::new(ExprKind::Field(Box::new(e.clone()), i as u32), f.ty.clone());
                    match &f.ty {
                        Type::Int | Type::List(_) => out.extend(self.ints_of(field, steps)),
                        Type::Ref(to) if steps > 0 => {
                            let follow = Expr::new(ExprKind::Follow(Box::new(field)), Type::Row(*to));
                            out.extend(self.ints_of(follow, steps - 1));
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        out
    }

    fn predicate(&mut self, scope: &Scope) -> Expr {
        let rows: Vec<VarId> =
            scope.iter().copied().filter(|v| matches!(self.vars[v.index()].ty, Type::Row(_))).collect();
        match self.rng.below(10) {
            0 if !rows.is_empty() => {
                // Two rows that are linked by a reference, where there are such.
                for a in &rows {
                    for b in &rows {
                        if let Some(p) = self.link(*a, *b)
                            && self.rng.chance(60)
                        {
                            return p;
                        }
                    }
                }
            }
            1 => {
                let (a, b) = (self.predicate(scope), self.predicate(scope));
                return Expr::new(ExprKind::And(Box::new(a), Box::new(b)), Type::Bool);
            }
            2 => {
                let (a, b) = (self.predicate(scope), self.predicate(scope));
                return Expr::new(ExprKind::Or(Box::new(a), Box::new(b)), Type::Bool);
            }
            3 => {
                let a = self.predicate(scope);
                return Self::prim(Prim::Not, vec![a], Type::Bool);
            }
            4 => {
                let options: Vec<VarId> =
                    scope.iter().copied().filter(|v| matches!(self.vars[v.index()].ty, Type::Option(_))).collect();
                if !options.is_empty() {
                    let v = self.rng.pick(&options);
                    return Expr::new(ExprKind::IsSome(Box::new(self.var(v))), Type::Bool);
                }
            }
            _ => {}
        }
        let (a, b) = (self.scalar(scope), self.scalar(scope));
        let prim = self.rng.pick(&[Prim::Eq, Prim::Eq, Prim::Eq, Prim::Ne, Prim::Lt, Prim::Le, Prim::Gt, Prim::Ge]);
        Self::prim(prim, vec![a, b], Type::Bool)
    }

    /// `a.reference == b`, if there is such a reference.
    fn link(&self, a: VarId, b: VarId) -> Option<Expr> {
        let (Type::Row(ra), Type::Row(rb)) = (&self.vars[a.index()].ty, &self.vars[b.index()].ty) else { return None };
        let to = Expr::new(ExprKind::RefOf(Box::new(self.var(b))), Type::Ref(*rb));
        let fields = &self.program.relation(*ra).fields;
        for (i, f) in fields.iter().enumerate() {
            let field = Expr::new(ExprKind::Field(Box::new(self.var(a)), i as u32), f.ty.clone());
            match &f.ty {
                Type::Ref(r) if r == rb => return Some(Self::prim(Prim::Eq, vec![field, to], Type::Bool)),
                Type::Option(inner) if **inner == Type::Ref(*rb) => {
                    let some = Expr::new(ExprKind::Some(Box::new(to)), f.ty.clone());
                    return Some(Self::prim(Prim::Eq, vec![field, some], Type::Bool));
                }
                _ => {}
            }
        }
        None
    }

    /// Operators that see `outer`; the scope is what they bind themselves.
    fn rel(&mut self, depth: u32, outer: &Scope) -> (Rel, Scope) {
        let (mut rel, mut scope) = self.source(outer);
        for _ in 0..self.rng.below(5) {
            (rel, scope) = self.step(rel, scope, depth, outer);
        }
        (rel, scope)
    }

    fn source(&mut self, outer: &Scope) -> (Rel, Scope) {
        if self.rng.chance(20) {
            let lists: Vec<Expr> = outer
                .iter()
                .flat_map(|v| match &self.vars[v.index()].ty {
                    Type::Row(RelationId(2)) => {
                        vec![Expr::new(ExprKind::Field(Box::new(self.var(*v)), 4), Type::list(Type::Int))]
                    }
                    Type::List(t) if **t == Type::Int => vec![self.var(*v)],
                    _ => vec![],
                })
                .collect();
            let source = if !lists.is_empty() && self.rng.chance(70) {
                self.rng.pick(&lists)
            } else {
                let n = self.scalar(outer);
                Expr::new(
                    ExprKind::Range(Box::new(Self::int(0)), Box::new(n), self.rng.chance(50)),
                    Type::list(Type::Int),
                )
            };
            let (var, index) = (self.fresh("x", Type::Int), self.fresh("i", Type::Int));
            return (Rel::Unnest { source, var, index }, vec![var, index]);
        }
        let r = self.rng.below(4) as u32;
        let name = ["c", "p", "o", "l"][r as usize];
        let var = self.fresh(name, row(r));
        let scan = Rel::Scan { relation: RelationId(r), var, site: SiteId(0) };
        // Most nested scans are linked with something outside.
        let links: Vec<Expr> = outer.iter().flat_map(|o| [self.link(var, *o), self.link(*o, var)]).flatten().collect();
        if !links.is_empty() && self.rng.chance(75) {
            let predicate = self.rng.pick(&links);
            return (Rel::Filter { input: Box::new(scan), predicate }, vec![var]);
        }
        (scan, vec![var])
    }

    fn lifts(&mut self, scope: &Scope) -> (Vec<Lift>, Scope) {
        let mut lifts = Vec::new();
        let mut out = Vec::new();
        for v in scope {
            let info = self.vars[v.index()].clone();
            let to = self.fresh(&format!("{}?", info.name), info.ty.optional());
            lifts.push(Lift { from: *v, to });
            out.push(to);
        }
        (lifts, out)
    }

    fn sort_keys(&mut self, scope: &Scope, outer: &Scope) -> Vec<SortKey> {
        let all: Scope = scope.iter().chain(outer).copied().collect();
        (0..self.rng.below(3))
            .map(|_| {
                let expr = if self.rng.chance(40) && !scope.is_empty() {
                    let v = self.rng.pick(scope);
                    self.var(v)
                } else {
                    self.scalar(&all)
                };
                SortKey { expr, descending: self.rng.chance(50), none_first: self.rng.chance(30) }
            })
            .collect()
    }

    fn step(&mut self, input: Rel, mut scope: Scope, depth: u32, outer: &Scope) -> (Rel, Scope) {
        let all: Scope = scope.iter().chain(outer).copied().collect();
        let input = Box::new(input);
        let choice = if depth == 0 { self.rng.below(12) } else { self.rng.below(20) };
        match choice {
            0..=2 => {
                let mut predicate = self.predicate(&all);
                if depth > 0 && self.rng.chance(15) && !self.program.queries.is_empty() {
                    let q = self.nested_query(&all);
                    if let Some(n) = self.ints_of(q, 0).into_iter().next() {
                        let p = Self::prim(Prim::Gt, vec![n, Self::int(0)], Type::Bool);
                        predicate = if self.rng.chance(50) {
                            Expr::new(ExprKind::And(Box::new(predicate), Box::new(p)), Type::Bool)
                        } else {
                            Expr::new(ExprKind::Or(Box::new(predicate), Box::new(p)), Type::Bool)
                        };
                    }
                }
                (Rel::Filter { input, predicate }, scope)
            }
            3 => {
                let e = self.scalar(&all);
                let v = self.fresh("m", Type::Int);
                scope.push(v);
                (Rel::Map { input, defs: vec![(v, e)] }, scope)
            }
            4 | 5 => {
                let (right, more) = self.rel(0, &Vec::new());
                // A join's right side sees nothing of the left one; its condition sees both.
                let links: Vec<Expr> = more
                    .iter()
                    .flat_map(|b| scope.iter().flat_map(|a| [self.link(*a, *b), self.link(*b, *a)]).collect::<Vec<_>>())
                    .flatten()
                    .collect();
                let both: Scope = scope.iter().chain(&more).copied().collect();
                let on = if !links.is_empty() && self.rng.chance(80) {
                    self.rng.pick(&links)
                } else {
                    self.predicate(&both)
                };
                if self.rng.chance(40) {
                    let (lifts, to) = self.lifts(&more);
                    scope.extend(to);
                    return (Rel::Join { kind: JoinKind::Left(lifts), left: input, right: Box::new(right), on }, scope);
                }
                scope.extend(more);
                (Rel::Join { kind: JoinKind::Inner, left: input, right: Box::new(right), on }, scope)
            }
            6 => {
                let keys: Vec<(VarId, Expr)> = (0..self.rng.below(3))
                    .map(|_| {
                        let e = if self.rng.chance(50) && !scope.is_empty() {
                            let v = self.rng.pick(&scope);
                            self.var(v)
                        } else {
                            self.scalar(&all)
                        };
                        (self.fresh("k", e.ty.clone()), e)
                    })
                    .collect();
                let aggregates: Vec<_> = (0..self.rng.below(3) + 1).map(|_| self.aggregate(&scope, &all)).collect();
                let out = keys.iter().map(|(v, _)| *v).chain(aggregates.iter().map(|(v, _)| *v)).collect();
                let all = keys.is_empty();
                (Rel::Group { input, keys, aggregates, all }, out)
            }
            7 => {
                let keys = self.sort_keys(&scope, outer);
                (Rel::Sort { input, keys }, scope)
            }
            8 => {
                // A bound may be that of a row around.
                let limit = self.bound(80, 0, outer);
                let offset = self.bound(30, -1, outer);
                (Rel::Limit { input, limit, offset }, scope)
            }
            9 => {
                let vars: Vec<VarId> = scope.iter().copied().filter(|_| self.rng.chance(60)).collect();
                let vars = if vars.is_empty() { vec![scope[0]] } else { vars };
                (Rel::Distinct { input, vars: vars.clone() }, vars)
            }
            10 => {
                let argument = self.scalar(&all);
                let (function, arguments, ty) = match self.rng.below(6) {
                    0 => (WindowFn::Rank, vec![], Type::Int),
                    1 => (WindowFn::DenseRank, vec![], Type::Int),
                    2 => (WindowFn::RowNumber, vec![], Type::Int),
                    3 => (WindowFn::Lag, vec![argument, Self::int(1)], Type::Int.optional()),
                    4 => (WindowFn::Aggregate(AggregateFn::Sum), vec![argument], Type::Int),
                    _ => (WindowFn::Aggregate(AggregateFn::Max), vec![argument], Type::Int.optional()),
                };
                let partition = if self.rng.chance(50) { vec![self.scalar(&all)] } else { vec![] };
                let order = self.sort_keys(&scope, outer);
                let frame = match self.rng.below(3) {
                    0 => Frame::Partition,
                    1 => Frame::ToCurrent,
                    _ => Frame::Rows(self.frame_end(&all), self.frame_end(&all)),
                };
                let v = self.fresh("w", ty);
                scope.push(v);
                let window = WindowExpr { function, arguments, partition, order, frame };
                (Rel::Window { input, windows: vec![(v, window)] }, scope)
            }
            11 => {
                let ints: Vec<VarId> = scope.iter().copied().filter(|v| self.vars[v.index()].ty == Type::Int).collect();
                let (right, more) = self.rel(0, outer);
                let other: Vec<VarId> = more.iter().copied().filter(|v| self.vars[v.index()].ty == Type::Int).collect();
                if let (Some(a), Some(b)) = (ints.first(), other.first()) {
                    let kind = self.rng.pick(&[
                        SetOpKind::UnionAll,
                        SetOpKind::Union,
                        SetOpKind::Except,
                        SetOpKind::Intersect,
                    ]);
                    let v = self.fresh("u", Type::Int);
                    let vars = vec![(v, *a, *b)];
                    return (Rel::SetOp { kind, left: input, right: Box::new(right), vars }, vec![v]);
                }
                (*input, scope)
            }
            12..=13 => {
                let (right, more) = self.rel(depth - 1, &all);
                scope.extend(more);
                (Rel::Apply { kind: Apply::Inner, left: input, right: Box::new(right) }, scope)
            }
            14 => {
                let (right, more) = self.rel(depth - 1, &all);
                let (lifts, to) = self.lifts(&more);
                scope.extend(to);
                (Rel::Apply { kind: Apply::Left(lifts), left: input, right: Box::new(right) }, scope)
            }
            15..=16 => {
                let (right, _) = self.rel(depth - 1, &all);
                let v = self.fresh("any", Type::Bool);
                scope.push(v);
                let node = Rel::Apply { kind: Apply::Exists(v), left: input, right: Box::new(right) };
                if self.rng.chance(60) {
                    let mut predicate = self.var(v);
                    if self.rng.chance(40) {
                        predicate = Self::prim(Prim::Not, vec![predicate], Type::Bool);
                    }
                    return (Rel::Filter { input: Box::new(node), predicate }, scope);
                }
                (node, scope)
            }
            _ => {
                let (right, more) = self.rel(depth - 1, &all);
                let both: Scope = more.iter().chain(&all).copied().collect();
                let element = if self.rng.chance(50) { self.scalar(&both) } else { self.element(&both, 0) };
                let of = Arc::new(element.ty.clone());
                let ty = match self.rng.below(4) {
                    0 => Type::Bag(of),
                    1 => Type::Set(of),
                    _ => Type::List(of),
                };
                let v = self.fresh("list", ty);
                scope.push(v);
                (Rel::Apply { kind: Apply::Collect(v, element), left: input, right: Box::new(right) }, scope)
            }
        }
    }

    fn aggregate(&mut self, scope: &Scope, all: &Scope) -> (VarId, Aggregate) {
        use AggregateFn::{All, Any, Avg, Count, CountDistinct, First, List, ListDistinct, Max, Min, Sum, SumDistinct};
        let function = self.rng.pick(&[
            Count,
            Sum,
            Sum,
            Avg,
            Min,
            Max,
            Any,
            All,
            List,
            ListDistinct,
            CountDistinct,
            SumDistinct,
            First,
        ]);
        // The grain of an aggregate is the row variable of its argument, as the language has it.
        let source = self.rng.pick(scope);
        let options = self.ints_of(self.var(source), 1);
        let mut argument = if options.is_empty() { Self::int(1) } else { self.rng.pick(&options) };
        if matches!(function, Any | All) {
            argument = Self::prim(Prim::Gt, vec![argument, Self::int(1)], Type::Bool);
        }
        let ty = match function {
            Count | CountDistinct | Sum | SumDistinct => Type::Int,
            Avg => Type::Decimal(6).optional(),
            Min | Max | First => Type::Int.optional(),
            Any | All => Type::Bool,
            _ => Type::list(Type::Int),
        };
        let grain = self.rng.chance(50).then(|| vec![self.var(source)]);
        let filter = self.rng.chance(25).then(|| self.predicate(all));
        let order = if matches!(function, List | First) && grain.is_none() {
            self.sort_keys(scope, &Vec::new())
        } else {
            Vec::new()
        };
        let v = self.fresh("a", ty);
        let argument = (function != Count).then_some(argument);
        (v, Aggregate { function, argument, grain, filter, order })
    }
}
