//! Whole programs: text to Core to scenarios on the evaluator.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;
use tenon_check::db::CheckDatabase;
use tenon_check::program::{check, is_sound};
use tenon_core::eval::Evaluator;
use tenon_core::lower::{CheckedProgram, lower};
use tenon_core::scenario::{EvaluatorEngine, run};
use tenon_core::text::{parse, print};
use tenon_core::verify::verify;

fn run_programs() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/programs");
    let mut scenarios = 0;
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap().to_str().unwrap().to_string();
        let text = std::fs::read_to_string(&path).unwrap();
        let mut db = CheckDatabase::new(&[]);
        db.set_files([(name.as_str(), text.as_str())]);
        let diagnostics = check(&db);
        assert!(is_sound(&diagnostics), "{name}: {diagnostics:#?}");
        let checked = CheckedProgram::new(&db);
        let program = lower(&checked, &checked.settings()).unwrap_or_else(|e| panic!("{name}: {e:#?}"));
        let errors = verify(&program);
        assert!(errors.is_empty(), "{name}: {errors:#?}");
        let printed = print(&program);
        let again = parse(&printed).unwrap_or_else(|e| panic!("{name}: {e}\n{printed}"));
        assert!(again == program, "{name} does not read back\n{printed}");
        let program = Arc::new(program);
        for scenario in &program.scenarios {
            let mut engine = EvaluatorEngine::new(Evaluator::new(program.clone()));
            let report = run(&program, scenario, &mut engine, 1);
            assert_eq!(report.broken, None, "{name}: {}\n{printed}", report.name);
            scenarios += 1;
        }
    }
    assert!(scenarios > 0);
}

#[test]
fn programs() {
    // Checking and evaluating recurse; a test's thread has a small stack.
    std::thread::Builder::new().stack_size(64 << 20).spawn(run_programs).unwrap().join().unwrap();
}
