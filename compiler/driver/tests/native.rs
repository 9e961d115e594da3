//! The apps as machine code: they compile, and their scenarios give the same reports as on the evaluator.

use std::path::{Path, PathBuf};

use tenon_codegen::Options;
use tenon_core::eval::Evaluator;
use tenon_core::ir::Program;
use tenon_core::lower::{CheckedProgram, lower};
use tenon_core::scenario::{EvaluatorEngine, run};
use tenon_driver::compile::Checked;
use tenon_driver::native::NativeProgram;
use tenon_driver::project::Project;
use tenon_runtime::Limits;

fn app(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/apps").join(path)
}

fn core(path: &Path) -> Program {
    let project = Project::read(path).unwrap_or_else(|e| panic!("{}: {e:?}", path.display()));
    let checked = Checked::new(&project);
    assert!(checked.is_sound(), "{:?}", checked.diagnostics);
    let typed = CheckedProgram::new(&checked.db);
    lower(&typed, &typed.settings()).unwrap_or_else(|e| panic!("{e:?}"))
}

fn check(path: &str) {
    let program = core(&app(path));
    let options = Options { optimize: true, verify: true, keep_clif: false };
    let native = NativeProgram::new(&program, &options).unwrap_or_else(|e| panic!("{}", e.0));
    let program = std::sync::Arc::new(program);
    for (number, scenario) in program.scenarios.iter().enumerate() {
        let seed = number as u64 + 1;
        let mut engine = native.engine(Limits::default()).unwrap_or_else(|e| panic!("{}", e.0));
        let found = run(&program, scenario, &mut engine, seed);
        let mut oracle = EvaluatorEngine::new(Evaluator::new(program.clone()));
        let wanted = run(&program, scenario, &mut oracle, seed);
        assert_eq!(found, wanted, "scenario {}", scenario.name);
        assert_eq!(found.broken, None, "scenario {}", scenario.name);
    }
}

#[test]
fn the_shop_is_native() {
    check("shop/shop.tn");
}

#[test]
fn chinook_is_native() {
    check("chinook");
}
