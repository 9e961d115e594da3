//! Plans give what the evaluator gives.

mod interpreter;

use std::sync::Arc;

use tenon_core::eval::{Evaluator, Inputs, MemoryStore};
use tenon_core::ir::{FunctionId, Output, Program, Query, Type};
use tenon_core::text::parse;
use tenon_plan::statistics::Assumed;

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

/// Asserts that the plan of a query and the evaluator agree.
fn agree(program: &Program, planned: &tenon_plan::Planned, query: &Query, store: &mut MemoryStore, args: Vec<tenon_value::Value>) {
    let ty = result_type(query);
    let expected =
        Evaluator::new(Arc::new(program.clone())).query(store, query.id, args.clone(), &ty, &INPUTS).map(|f| f.value);
    let plan = &planned.queries[query.id.index()];
    let found = interpreter::run(program, plan, &planned.indexes, store, args, &ty);
    match (&expected, &found) {
        (Ok(a), Ok(b)) => {
            // Debug text tells rows with equal keys and unequal fields apart, too.
            assert!(
                format!("{a:?}") == format!("{b:?}"),
                "{} differs\nexpected {a:?}\nfound    {b:?}\nplan {plan:#?}",
                query.name
            );
        }
        (Err(_), Err(tenon_core::eval::Stop::Fault { fault, detail, .. }))
            if *fault != tenon_value::Fault::Internal =>
        {
            let _ = detail;
        }
        _ => panic!("{}: expected {expected:?}\nfound {found:?}\nplan {plan:#?}", query.name),
    }
}

#[test]
fn queries_of_core_fixtures() {
    let text = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../core/tests/fixtures/run/queries.core"
    ))
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
        agree(&program, &planned, query, &mut store, args);
    }
}
