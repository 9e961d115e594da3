//! Programs that check themselves, run by the evaluator.
//!
//! In `fixtures/run/*.core` a function's name says how it must end: `ok_…` returns, `fault_Overflow_…` ends with that fault,
//! `fail_NotFound_…` with that error. They run in the order of the file over one store.

use std::sync::Arc;
use tenon_core::eval::{Evaluator, Inputs, Limits, MemoryStore, Stop};
use tenon_core::ir::{FunctionId, Program};
use tenon_core::text::parse;
use tenon_value::BuiltIn;

fn error_name(program: &Program, id: tenon_core::ir::ErrorId) -> String {
    BuiltIn::from_id(id).map_or_else(|| program.errors[(id.0 - 16) as usize].name.to_string(), |b| b.name().to_string())
}

#[test]
fn fixtures() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/run");
    let mut count = 0;
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let program = Arc::new(parse(&text).unwrap_or_else(|e| panic!("{}:{e}", path.display())));
        let errors = tenon_core::verify::verify(&program);
        assert!(errors.is_empty(), "{}: {errors:#?}", path.display());
        let evaluator =
            Evaluator::with_limits(program.clone(), Limits { fuel: 1_000_000, memory: 64 << 20, ..Limits::default() });
        let mut store = MemoryStore::new(&program);
        for (index, function) in program.functions.iter().enumerate() {
            if !function.params.is_empty() {
                continue;
            }
            let inputs = Inputs { now: 1_000_000, seed: index as u64 };
            let result = evaluator.run(&mut store, FunctionId(index as u32), Vec::new(), &inputs);
            let ending = match &result {
                Ok(_) => "ok".to_string(),
                Err(Stop::Fault { fault, .. }) => format!("fault_{}", fault.name()),
                Err(Stop::Fail(failure, _)) => format!("fail_{}", error_name(&program, failure.error)),
                Err(Stop::Invalid(_)) => "invalid".to_string(),
            };
            count += 1;
            let expected = function.name.starts_with(&format!("{ending}_"));
            assert!(expected, "{}: {} ended with {ending}: {result:?}", path.display(), function.name);
        }
    }
    assert!(count > 0);
}
