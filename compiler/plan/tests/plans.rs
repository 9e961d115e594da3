//! Plans as text: what the queries of `fixtures/*.core` become. `TENON_BLESS=1` writes the files anew.

use tenon_core::text::parse;
use tenon_plan::explain::Explain;
use tenon_plan::statistics::Assumed;

#[test]
fn plans_of_fixtures() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "core"))
        .collect();
    paths.sort();
    assert!(!paths.is_empty());
    for path in paths {
        let program = parse(&std::fs::read_to_string(&path).unwrap()).unwrap_or_else(|e| panic!("{e}"));
        let planned = tenon_plan::plan(&program, &Assumed::new(&program)).unwrap();
        let again = tenon_plan::plan(&program, &Assumed::new(&program)).unwrap();
        assert_eq!(planned, again, "planning is deterministic");
        let explain = Explain { program: &program, indexes: &planned.indexes, real: None, place: &|_| None };
        let mut text = explain.indexes_text();
        for plan in &planned.queries {
            text.push('\n');
            text.push_str(&explain.text(plan));
        }
        let expected = path.with_extension("plans");
        if std::env::var_os("TENON_BLESS").is_some() {
            std::fs::write(&expected, &text).unwrap();
        }
        let expected = std::fs::read_to_string(&expected).unwrap_or_default();
        assert!(text == expected, "{}: the plans are now\n{text}", path.display());
    }
}

#[test]
fn a_stored_type_that_contains_itself_is_refused() {
    let text = r#"program "p" variant Tree { Leaf, Node(below: [Tree]) }
relation R { field id: Int field tree: Tree key id }
sites { "" "" "" 0 0..0 }"#;
    let program = parse(text).unwrap_or_else(|e| panic!("{e}"));
    let error = tenon_plan::plan(&program, &Assumed::new(&program)).unwrap_err();
    assert_eq!(error.to_string(), "the type `Tree` contains itself and cannot be stored");
}

#[test]
fn deep_queries_are_planned_or_refused() {
    use tenon_core::ir::{Expr, ExprKind, Rel, Type};
    let text = r#"program "p" relation R { field id: Int key id }
query q() { scan R r collect r.id }
sites { "" "" "" 0 0..0 }"#;
    for (depth, planned) in [(300, true), (3_000, false)] {
        let mut program = parse(text).unwrap_or_else(|e| panic!("{e}"));
        for i in 0..depth {
            let input = Box::new(std::mem::replace(&mut program.queries[0].root, Rel::Unit));
            // A limit between filters keeps them from becoming one.
            let yes = Expr::new(ExprKind::Literal(true.into()), Type::Bool);
            program.queries[0].root = if i % 2 == 0 {
                Rel::Filter { input, predicate: yes }
            } else {
                Rel::Limit { input, limit: Some(Expr::new(ExprKind::Literal(5.into()), Type::Int)), offset: None }
            };
        }
        assert_eq!(tenon_plan::plan(&program, &Assumed::new(&program)).is_ok(), planned, "{depth}");
    }
}

#[test]
fn blocks_of_many_inputs_are_planned_or_refused() {
    use tenon_core::ir::{Expr, ExprKind, JoinKind, Rel, RelationId, SiteId, Type, VarId};
    let text = r#"program "p" relation R { field id: Int key id }
query q() { scan R r collect r.id }
sites { "" "" "" 0 0..0 }"#;
    for (inputs, planned) in [(60, true), (100, true), (125, false), (130, false), (200, false)] {
        let mut program = parse(text).unwrap_or_else(|e| panic!("{e}"));
        let query = &mut program.queries[0];
        for _ in 1..inputs {
            query.vars.push(query.vars[0].clone());
            let var = VarId(query.vars.len() as u32 - 1);
            let right = Rel::Scan { relation: RelationId(0), var, site: SiteId(0) };
            let left = Box::new(std::mem::replace(&mut query.root, Rel::Unit));
            let on = Expr::new(ExprKind::Literal(true.into()), Type::Bool);
            query.root = Rel::Join { kind: JoinKind::Inner, left, right: Box::new(right), on };
        }
        let result = tenon_plan::plan(&program, &Assumed::new(&program));
        match result {
            Ok(_) => assert!(planned, "{inputs} inputs"),
            Err(error) => {
                assert!(!planned, "{inputs} inputs");
                assert_eq!(error.to_string(), "a query of `q` joins more than 120 relations and collections");
            }
        }
    }
}
