//! The apps as machine code: they compile, and their scenarios give the same reports as on the evaluator.

use std::path::Path;
use std::sync::Arc;
use tenon_core::lower::{CheckedProgram, lower};
use tenon_core::scenario::run;
use tenon_driver::compile::Checked;
use tenon_driver::engine::{Native, scenario_engine};
use tenon_driver::project::Project;

fn check(path: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/apps").join(path);
    let project = Project::read(&path).unwrap_or_else(|e| panic!("{}: {e:?}", path.display()));
    let checked = Checked::new(&project);
    assert!(checked.is_sound(), "{:?}", checked.diagnostics);
    let typed = CheckedProgram::new(&checked.db);
    let program = Arc::new(lower(&typed, &typed.settings()).unwrap_or_else(|e| panic!("{e:?}")));
    let native = Native::compile(&program, true).unwrap_or_else(|e| panic!("{}", e.message));
    for (number, scenario) in program.scenarios.iter().enumerate() {
        let seed = number as u64 + 1;
        let on = |native| {
            let mut engine = scenario_engine(&program, native).unwrap_or_else(|e| panic!("{}", e.message));
            run(&program, scenario, engine.as_mut(), seed)
        };
        let found = on(Some(&native));
        assert_eq!(found, on(None), "scenario {}", scenario.name);
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
