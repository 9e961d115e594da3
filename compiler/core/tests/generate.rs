//! Drawn programs are valid, read back, and run.

use tenon_core::eval::Stop;
use tenon_core::generate::{Config, agree, case, expected};
use tenon_core::text::{parse, print};
use tenon_core::verify::verify;
use tenon_value::Fault;

#[test]
fn drawn_programs() {
    let (mut values, mut rows) = (0, 0);
    for seed in 0..60 {
        let config = Config { faults: seed % 3 == 0, ..Config::default() };
        let case = case(seed, &config);
        let text = print(&case.program);
        let errors = verify(&case.program);
        assert!(errors.is_empty(), "seed {seed}: {errors:#?}\n{text}");
        let again = parse(&text).unwrap_or_else(|e| panic!("seed {seed}: {e}\n{text}"));
        assert_eq!(again, case.program, "seed {seed}\n{text}");
        for (result, function) in expected(&case).iter().zip(&case.run) {
            assert!(agree(result, result));
            if let Err(Stop::Fault { fault: Fault::Internal, detail, .. }) = result {
                panic!("seed {seed}: {detail:?} in {}\n{text}", case.program.function(*function).name);
            }
            if let Ok(value) = result {
                values += 1;
                if let tenon_value::Value::List(items) | tenon_value::Value::Bag(items) = value {
                    rows += items.len();
                }
            }
        }
    }
    // Most calls end well, and queries find something.
    assert!(values > 300 && rows > 500, "{values} values, {rows} rows");
}
