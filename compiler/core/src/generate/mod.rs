//! Programs drawn from a seed, well typed by construction, for tests that compare engines.
//!
//! A [`Case`] is a program over four small relations with a function that fills them, functions that read (each wraps
//! one query, nested up to a depth), functions that write, and functions that give back all rows. [`expected`] says what each
//! of them must give: the evaluator is the oracle. No function takes arguments, so every engine can run them all.
//!
//! Engines agree on whether a call fails, not on which row of a query: compare [`agree`].

mod code;
mod expr;
mod query;

use crate::eval::{Evaluator, Inputs, Limits, MemoryStore, Stop};
use crate::ir::*;
use expr::Scope;
use std::sync::Arc;
use tenon_value::random::Random;
use tenon_value::{Fault, Value};

/// What may stand in a case.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// How deep queries nest.
    pub depth: u32,
    /// How many reading functions, each with a query.
    pub reads: u32,
    /// How many writing functions.
    pub writes: u32,
    /// Whether expressions may overflow and divide by zero.
    pub faults: bool,
    /// Whether there are time points and durations. A seed found without them leads to its program only without them.
    pub times: bool,
}

impl Default for Config {
    fn default() -> Config {
        Config { depth: 4, reads: 4, writes: 2, faults: false, times: true }
    }
}

/// A drawn program and what to run of it, in this order.
#[derive(Clone, Debug)]
pub struct Case {
    /// The program.
    pub program: Program,
    /// Functions without parameters: first the one that fills the store, then readers, then writers, then for each relation
    /// one that gives its rows back.
    pub run: Vec<FunctionId>,
}

/// The inputs of the n-th call of a case.
pub fn inputs(n: usize) -> Inputs {
    Inputs { now: 1_700_000_000_000_000 + n as i64 * 1_000_000, seed: n as u64 }
}

/// What each call of a case gives on the evaluator, over one store.
pub fn expected(case: &Case) -> Vec<Result<Value, Stop>> {
    let program = Arc::new(case.program.clone());
    let limits = Limits { fuel: 3_000_000, memory: 1 << 30, ..Limits::default() };
    let evaluator = Evaluator::with_limits(program.clone(), limits);
    let mut store = MemoryStore::new(&program);
    let mut results = Vec::with_capacity(case.run.len());
    for (n, function) in case.run.iter().enumerate() {
        let result = evaluator.run(&mut store, *function, Vec::new(), &inputs(n));
        results.push(result.map(|finished| finished.value));
    }
    results
}

/// Whether two engines agree on a call. Limits are not compared: an engine that is asked for more than it may use says so.
pub fn agree(expected: &Result<Value, Stop>, found: &Result<Value, Stop>) -> bool {
    let limit = |result: &Result<Value, Stop>| {
        matches!(
            result,
            Err(Stop::Fault { fault: Fault::FuelExhausted | Fault::MemoryExceeded | Fault::RecursionTooDeep, .. })
        )
    };
    if limit(expected) || limit(found) {
        return true;
    }
    match (expected, found) {
        (Ok(a), Ok(b)) => a == b,
        (Err(Stop::Fault { fault: a, .. }), Err(Stop::Fault { fault: b, .. })) => {
            (*a == Fault::Internal) == (*b == Fault::Internal)
        }
        (Err(Stop::Fail(a, _)), Err(Stop::Fail(b, _))) => a == b,
        (Err(Stop::Invalid(a)), Err(Stop::Invalid(b))) => a == b,
        _ => false,
    }
}

/// Draws a case.
pub fn case(seed: u64, config: &Config) -> Case {
    let mut generator = Generator {
        random: Random::new(seed),
        program: Program::new("generated"),
        vars: Vec::new(),
        config: *config,
        nested: 0,
    };
    generator.schema();
    let mut run = vec![generator.fill()];
    for _ in 0..config.reads {
        run.push(generator.reader());
    }
    for n in 0..config.writes {
        run.push(generator.writer(n));
    }
    for relation in 0..generator.program.relations.len() {
        run.push(generator.dump(RelationId(relation as u32)));
    }
    Case { program: generator.program, run }
}

/// The state of drawing.
struct Generator {
    random: Random,
    program: Program,
    /// The variables of the function or query at hand.
    vars: Vec<VarInfo>,
    config: Config,
    /// How many queries stand in each other at hand.
    nested: u32,
}

const SITE: SiteId = SiteId(0);
const SHAPE: VariantId = VariantId(0);
const PERSON: RelationId = RelationId(0);
const ORDER: RelationId = RelationId(1);
const LINE: RelationId = RelationId(2);
const NUMBER: RelationId = RelationId(3);

impl Generator {
    fn below(&mut self, bound: u32) -> u32 {
        self.random.below(u64::from(bound)) as u32
    }

    /// True so many times of a hundred.
    fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u32) as usize]
    }

    fn var(&mut self, ty: &Type) -> VarId {
        let id = VarId(self.vars.len() as u32);
        self.vars.push(VarInfo { name: format!("v{}", id.0).into(), ty: ty.clone() });
        id
    }

    fn schema(&mut self) {
        let field = |name: &str, ty: Type| Field {
            name: name.into(),
            ty,
            secret: false,
            on_delete: OnDelete::Restrict,
            derived: None,
            initial: None,
        };
        let clear = |name: &str, ty: Type| Field { on_delete: OnDelete::Clear, ..field(name, ty) };
        let relation =
            |name: &str, fields: Vec<Field>, key: &[u32], uniques: Vec<Unique>, generated: Generated| Relation {
                name: name.into(),
                event: false,
                fields,
                key: key.iter().map(|f| FieldId(*f)).collect(),
                generated,
                uniques,
                indexes: Vec::new(),
                site: SITE,
            };
        self.program.sites.push(Site {
            file: "generated".into(),
            kind: "fn".into(),
            item: "generated".into(),
            nth: 0,
            range: tenon_span::Range { start: 0, end: 0 },
        });
        self.program.variants.push(VariantType {
            name: "Shape".into(),
            cases: vec![
                Case_ { name: "Dot".into(), wire: None, fields: Vec::new() },
                Case_ {
                    name: "Box".into(),
                    wire: None,
                    fields: vec![("w".into(), Type::Int), ("t".into(), Type::Text)],
                },
            ],
        });
        let unique =
            |fields: &[u32], skip_none| Unique { fields: fields.iter().map(|f| FieldId(*f)).collect(), skip_none };
        self.program.relations = vec![
            relation(
                "Person",
                vec![
                    field("id", Type::Int),
                    field("name", Type::Text),
                    field("age", Type::Int.optional()),
                    field("shape", Type::Variant(SHAPE)),
                    clear("boss", Type::Ref(PERSON).optional()),
                ],
                &[0],
                vec![unique(&[1], false)],
                Generated::No,
            ),
            relation(
                "Order",
                vec![
                    field("id", Type::Int),
                    field("person", Type::Ref(PERSON)),
                    field("paid", Type::Decimal(2)),
                    field("note", Type::Text.optional()),
                    field("open", Type::Bool),
                ],
                &[0],
                vec![unique(&[3], true)],
                Generated::Serial,
            ),
            relation(
                "Line",
                vec![
                    field("order", Type::Ref(ORDER)),
                    field("nr", Type::Int),
                    field("qty", Type::Int),
                    field("weight", Type::Float),
                    field("day", Type::Date),
                ],
                &[0, 1],
                Vec::new(),
                Generated::No,
            ),
            relation(
                "Number",
                vec![field("n", Type::Int), field("half", Type::Decimal(2).optional()), field("text", Type::Text)],
                &[0],
                Vec::new(),
                Generated::No,
            ),
        ];
    }

    fn function(&mut self, name: &str, kind: FunctionKind, result: Type, body: Block) -> FunctionId {
        let vars = std::mem::take(&mut self.vars);
        let id = FunctionId(self.program.functions.len() as u32);
        let name = format!("{name}{}", id.0).into();
        self.program.functions.push(Function { name, kind, params: Vec::new(), result, vars, body, site: SITE });
        id
    }

    /// A function that runs one query.
    fn reader(&mut self) -> FunctionId {
        self.vars = Vec::new();
        let (value, ty) = self.query_value(&Scope::new(false), self.config.depth);
        let var = self.var(&ty);
        let body = vec![Stmt::Let(var, value), Stmt::Return(Expr::var(var, ty.clone()))];
        self.function("read", FunctionKind::Reads, ty, body)
    }

    /// A function that gives all rows of a relation.
    fn dump(&mut self, relation: RelationId) -> FunctionId {
        self.vars = Vec::new();
        let row = self.var(&Type::Row(relation));
        let fields = self.program.relation(relation).fields.clone();
        let parts: Vec<Expr> = fields
            .iter()
            .enumerate()
            .map(|(i, field)| {
                let of = Box::new(Expr::var(row, Type::Row(relation)));
                Expr::new(ExprKind::Field(of, i as u32), field.ty.clone())
            })
            .collect();
        let ty = Type::record(fields.iter().map(|field| (field.name.clone(), field.ty.clone())).collect());
        let element = Expr::new(ExprKind::Record(parts), ty.clone());
        let root = Rel::Scan { relation, var: row, site: SITE };
        let query = self.add_query(Vec::new(), root, Output::Collect(element));
        let result = Type::list(ty);
        let var = self.var(&result);
        let value = Expr::new(ExprKind::Query(query, Vec::new()), result.clone());
        let body = vec![Stmt::Let(var, value), Stmt::Return(Expr::var(var, result.clone()))];
        self.function("dump", FunctionKind::Reads, result, body)
    }

    /// Puts the query with the variables at hand into the table.
    fn add_query(&mut self, params: Vec<VarId>, root: Rel, output: Output) -> QueryId {
        let id = QueryId(self.program.queries.len() as u32);
        let vars = std::mem::take(&mut self.vars);
        let name = format!("q{}", id.0).into();
        self.program.queries.push(Query { id, name, params, vars, root, output, site: SITE });
        id
    }
}

/// A case of a variant type; the other `Case` of this module is a drawn program.
use crate::ir::Case as Case_;
