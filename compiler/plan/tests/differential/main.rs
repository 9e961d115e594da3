//! Plans give what the evaluator gives.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod generator;
mod interpreter;

use std::sync::Arc;

use generator::{Generator, Rng, SCHEMA, data};
use tenon_core::eval::{Evaluator, Inputs, Limits, MemoryStore, Stop, Store};
use tenon_core::ir::{FunctionId, Output, Program, Query, Type};
use tenon_core::text::parse;
use tenon_plan::physical::{Op, OpKind};
use tenon_plan::statistics::Assumed;
use tenon_value::Fault;

const INPUTS: Inputs = Inputs { now: 0, seed: 0 };

fn result_type(query: &Query) -> Type {
    match &query.output {
        Output::Collect(e) => Type::list(e.ty.clone()),
        Output::CollectMap(k, v) => Type::Map(Arc::new(k.ty.clone()), Arc::new(v.ty.clone())),
        Output::First(e) => e.ty.clone().optional(),
        Output::One(e) => e.ty.clone(),
        Output::Exists => Type::Bool,
    }
}

fn explain(program: &Program, planned: &tenon_plan::Planned, plan: &tenon_plan::physical::Plan) -> String {
    let query = tenon_core::text::print_query(program, plan.query);
    let explain = tenon_plan::explain::Explain { program, indexes: &planned.indexes, real: None, place: &|_| None };
    format!("{query}\n{}", explain.text(plan))
}

/// Asserts that the plan of a query and the evaluator agree.
fn agree(
    program: &Program,
    planned: &tenon_plan::Planned,
    query: &Query,
    store: &mut MemoryStore,
    args: Vec<tenon_value::Value>,
) -> Result<(), String> {
    agree_as(program, planned, query, store, args, &result_type(query))
}

fn agree_as(
    program: &Program,
    planned: &tenon_plan::Planned,
    query: &Query,
    store: &mut MemoryStore,
    args: Vec<tenon_value::Value>,
    ty: &Type,
) -> Result<(), String> {
    let limits = Limits { fuel: 100_000, memory: 32 << 20, ..Limits::default() };
    let evaluator = Evaluator::with_limits(Arc::new(program.clone()), limits);
    let expected = evaluator.query(store, query.id, args.clone(), ty, &INPUTS).map(|f| f.value);
    // What the evaluator does not finish says nothing about the plan.
    if let Err(Stop::Fault { fault: Fault::FuelExhausted | Fault::MemoryExceeded, .. }) = expected {
        return Ok(());
    }
    let plan = &planned.queries[query.id.index()];
    let found = interpreter::run(program, plan, &planned.indexes, store, args, ty);
    match (&expected, &found) {
        // Debug text tells rows with equal keys and unequal fields apart, too.
        (Ok(a), Ok(b)) if format!("{a:?}") == format!("{b:?}") => return Ok(()),
        // Engines agree that a query fails, not on which row.
        (Err(_), Err(Stop::Fault { fault, .. })) if *fault != Fault::Internal => return Ok(()),
        _ => {}
    }
    Err(format!("{}: expected {expected:?}\nfound    {found:?}\n{}", query.name, explain(program, planned, plan)))
}

#[test]
fn queries_of_core_fixtures() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../core/tests/fixtures/run/queries.core"))
        .unwrap();
    let program = parse(&text).unwrap();
    let mut store = MemoryStore::new(&program);
    let evaluator = Evaluator::new(Arc::new(program.clone()));
    for (i, f) in program.functions.iter().enumerate() {
        if f.name.starts_with("ok_fill") {
            evaluator.run(&mut store, FunctionId(i as u32), Vec::new(), &INPUTS).unwrap();
        }
    }
    let planned = tenon_plan::plan(&program, &Assumed::new(&program)).unwrap();
    for query in &program.queries {
        let args = query
            .params
            .iter()
            .map(|v| match &query.vars[v.index()].ty {
                Type::Int => 0.into(),
                Type::Text => "NO".into(),
                Type::Bool => true.into(),
                other => panic!("{other:?}"),
            })
            .collect();
        agree(&program, &planned, query, &mut store, args).unwrap();
    }
}

/// Nothing is scanned, hashed or sorted once per row: what is folded per row are look-ups and collections.
fn folds_are_chains(op: &Op) {
    fn chain(op: &Op) -> bool {
        match &op.kind {
            OpKind::Unit => true,
            OpKind::Lookup { input, .. }
            | OpKind::Filter { input, .. }
            | OpKind::Map { input, .. }
            | OpKind::Unnest { input, .. } => chain(input),
            OpKind::Fold { left, right, .. } => chain(left) && chain(right),
            _ => false,
        }
    }
    if let OpKind::Fold { right, .. } = &op.kind {
        assert!(chain(right), "{op:?}");
    }
    for input in tenon_plan::inputs(op) {
        folds_are_chains(input);
    }
}

/// Generated programs of a few queries that call each other, over generated data.
fn generated(seeds: std::ops::Range<u64>, failing: bool) {
    let mut failures = Vec::new();
    let mut count = 0;
    for seed in seeds {
        let mut rng = Rng(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        for _ in 0..10 {
            rng.below(2);
        }
        let mut program = parse(SCHEMA).unwrap();
        for i in 0..4 {
            let depth = rng.below(5) as u32;
            let query = Generator::new(&mut rng, &mut program, failing).query(depth, &format!("q{i} of seed {seed}"));
            program.queries.push(query);
        }
        let planned = tenon_plan::plan(&program, &Assumed::new(&program)).unwrap();
        for plan in &planned.queries {
            plan.temps.iter().map(|t| &t.input).chain([&plan.root]).for_each(folds_are_chains);
        }
        for size in [1, 6] {
            let mut store = MemoryStore::new(&program);
            for (relation, key, fields) in data(&mut rng, size) {
                store.put(relation, Arc::new(key), fields.into());
            }
            for query in &program.queries {
                let args = vec![tenon_value::Value::Int(rng.below(3) as i64)];
                count += 1;
                failures.extend(agree(&program, &planned, query, &mut store, args).err());
            }
        }
    }
    // The shortest failure is the easiest one to understand.
    failures.sort_by_key(String::len);
    assert!(failures.is_empty(), "{} of {count} fail; the shortest:\n{}", failures.len(), failures[0]);
}

/// How many programs are generated; `TENON_CASES` asks for more.
fn seeds() -> u64 {
    std::env::var("TENON_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(60)
}

/// The first seed; `TENON_SEED` asks for another, to run one failure alone.
fn first() -> u64 {
    std::env::var("TENON_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(0)
}

#[test]
fn generated_queries() {
    generated(first()..first() + seeds(), false);
}

#[test]
fn generated_queries_that_can_fail() {
    generated(10_000 + first()..10_000 + first() + seeds(), true);
}

/// The queries that functions ask with constant arguments, with the types of their results.
fn asked(program: &Program) -> Vec<(usize, Vec<tenon_value::Value>, Type)> {
    use tenon_core::ir::{Expr, ExprKind, Stmt};
    fn visit(e: &Expr, out: &mut Vec<(usize, Vec<tenon_value::Value>, Type)>) {
        if let ExprKind::Query(id, args) = &e.kind {
            let constants: Option<Vec<_>> = args
                .iter()
                .map(|a| match &a.kind {
                    ExprKind::Literal(v) => Some(v.clone()),
                    _ => None,
                })
                .collect();
            out.extend(constants.map(|args| (id.index(), args, e.ty.clone())));
        }
        e.children(&mut |c| visit(c, out));
    }
    let mut out = Vec::new();
    for function in &program.functions {
        for stmt in &function.body {
            if let Stmt::Let(_, e) | Stmt::Return(e) = stmt {
                visit(e, &mut out);
            }
        }
    }
    out
}

#[test]
fn cases_of_core() {
    let mut failures = Vec::new();
    let mut count = 0;
    for seed in 0..seeds() {
        let config = tenon_core::generate::Config { depth: 4, reads: 4, writes: 0, faults: seed % 2 == 1, times: true };
        let case = tenon_core::generate::case(seed, &config);
        let mut store = MemoryStore::new(&case.program);
        let evaluator = Evaluator::new(Arc::new(case.program.clone()));
        // Where filling fails, it leaves an empty store: a case as well.
        let filled = evaluator.run(&mut store, case.run[0], Vec::new(), &tenon_core::generate::inputs(0));
        assert!(config.faults || filled.is_ok());
        let planned = tenon_plan::plan(&case.program, &Assumed::new(&case.program)).unwrap();
        for (query, args, ty) in asked(&case.program) {
            count += 1;
            let query = &case.program.queries[query];
            failures.extend(agree_as(&case.program, &planned, query, &mut store, args, &ty).err());
        }
    }
    failures.sort_by_key(String::len);
    assert!(count > 0);
    assert!(failures.is_empty(), "{} of {count} fail; the shortest:\n{}", failures.len(), failures[0]);
}
