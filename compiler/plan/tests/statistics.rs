//! Plans follow the data, not the order of clauses.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use tenon_core::ir::{FieldId, Program, RelationId};
use tenon_core::text::parse;
use tenon_plan::Planned;
use tenon_plan::explain::Explain;
use tenon_plan::statistics::{Assumed, FieldStatistics, Statistics, Table};
use tenon_value::Value;

const RELATIONS: &str = r#"program "joins"
relation Region { field name: Text key name }
relation Customer { field id: Int field region: Ref[Region] field tier: Int key id }
relation Order { field id: Int field customer: Ref[Customer] field status: Text key id }
relation Line { field id: Int field order: Ref[Order] field sku: Text field qty: Int key id }
relation Item { field sku: Text field kind: Text key sku }
sites { "" "" "" 0 0..0 }
"#;

fn program(queries: &[&str]) -> Program {
    let sites = "sites {";
    let (before, after) = RELATIONS.split_at(RELATIONS.find(sites).unwrap());
    parse(&format!("{before}{}\n{after}", queries.join("\n"))).unwrap_or_else(|e| panic!("{e}"))
}

/// The tree of each query, without its name.
fn trees(program: &Program, planned: &Planned) -> Vec<String> {
    let explain = Explain { program, indexes: &planned.indexes, real: None, place: &|_| None };
    planned.queries.iter().map(|p| explain.text(p).lines().skip(1).collect::<Vec<_>>().join("\n")).collect()
}

fn table(rows: &[f64]) -> Table {
    let mut out = Table::default();
    for (i, n) in rows.iter().enumerate() {
        out.rows.insert(RelationId(i as u32), *n);
    }
    out
}

fn planned(queries: &[&str], statistics: &Table) -> Vec<String> {
    let program = program(queries);
    let planned = tenon_plan::plan(&program, statistics).unwrap();
    trees(&program, &planned)
}

const FIVE: [&str; 4] = [
    "query a() { scan Region r join { scan Customer c } on (c.region == ref(r)) join { scan Order o } on (o.customer == ref(c)) join { scan Line l } on (l.order == ref(o)) join { scan Item i } on (l.sku == i.sku) filter (r.name == \"north\") filter (i.kind == \"tool\") group by tier = c.tier fold n = sum(l.qty) per(l) sort n desc collect {t: tier, n: n} }",
    "query b() { scan Item i filter (i.kind == \"tool\") join { scan Line l } on (i.sku == l.sku) join { scan Order o } on (ref(o) == l.order) join { scan Customer c } on (ref(c) == o.customer) join { scan Region r } on (ref(r) == c.region) filter (\"north\" == r.name) group by tier = c.tier fold n = sum(l.qty) per(l) sort n desc collect {t: tier, n: n} }",
    "query c() { scan Order o join { scan Region r filter (r.name == \"north\") join { scan Customer c } on (c.region == ref(r)) } on (o.customer == ref(c)) join { scan Item i join { scan Line l } on (l.sku == i.sku) filter (i.kind == \"tool\") } on (l.order == ref(o)) group by tier = c.tier fold n = sum(l.qty) per(l) sort n desc collect {t: tier, n: n} }",
    "query d() { scan Line l join { scan Customer c } on true filter (follow(l.order).customer == ref(c)) filter (follow(c.region).name == \"north\") join { scan Item i } on true filter (i.kind == \"tool\") filter (i.sku == l.sku) group by tier = c.tier fold n = sum(l.qty) per(l) sort n desc collect {t: tier, n: n} }",
];

#[test]
fn permuted_clauses_give_the_same_plan() {
    for rows in [[5.0, 1e3, 1e4, 1e5, 1e3], [1e5, 1e4, 1e3, 100.0, 10.0], [10.0, 10.0, 10.0, 1e6, 1e5]] {
        let trees = planned(&FIVE[..3], &table(&rows));
        // Variables have the same names in all, so the texts must be the same.
        assert_eq!(trees[0], trees[1]);
        assert_eq!(trees[0], trees[2]);
    }
}

#[test]
fn paths_and_joins_give_the_same_order() {
    let scans = |tree: &str| {
        let mut out: Vec<String> = Vec::new();
        for line in tree.lines() {
            for relation in ["Region", "Customer", "Order", "Line", "Item"] {
                if line.contains(&format!(" {relation} ")) && !line.contains("index of") {
                    out.push(relation.to_string());
                }
            }
        }
        out
    };
    let trees = planned(&[FIVE[0], FIVE[3]], &table(&[5.0, 1e3, 1e4, 1e5, 1e3]));
    assert_eq!(scans(&trees[0]), scans(&trees[1]), "{}\n{}", trees[0], trees[1]);
}

#[test]
fn skewed_data_gives_another_plan() {
    let query = "query q() { scan Order o filter (o.status == \"open\") join { scan Line l } on (l.order == ref(o)) group_all fold n = sum(l.qty) per(l) one n }";
    let status = |share: f64| {
        let mut t = table(&[10.0, 1e3, 1e5, 1e6, 1e3]);
        let common = vec![(Value::text("open"), share)];
        let field = FieldStatistics { distinct: 3.0, common, ..FieldStatistics::default() };
        t.fields.insert((RelationId(2), FieldId(2)), field);
        t.fields.insert((RelationId(3), FieldId(1)), FieldStatistics { distinct: 1e5, ..FieldStatistics::default() });
        t
    };
    let rare = planned(&[query], &status(0.00001));
    let usual = planned(&[query], &status(0.9));
    assert_ne!(rare, usual);
    assert!(rare[0].contains("look up Line l by index"), "{}", rare[0]);
    assert!(usual[0].contains("scan Line l"), "{}", usual[0]);
}

#[test]
fn the_smaller_side_is_built() {
    let query = "query q() { scan Line l join { scan Item i } on (l.sku == i.kind) group_all fold n = count() one n }";
    let few = planned(&[query], &table(&[1.0, 1.0, 1.0, 1e6, 100.0]));
    let many = planned(&[query], &table(&[1.0, 1.0, 1.0, 100.0, 1e6]));
    let built =
        |tree: &str| tree.lines().filter(|l| l.trim_start().starts_with("scan")).nth(1).unwrap().trim().to_string();
    assert!(built(&few[0]).starts_with("scan Item"), "{}", few[0]);
    assert!(built(&many[0]).starts_with("scan Line"), "{}", many[0]);
}

#[test]
fn indexes_do_not_move_with_the_data() {
    let program = program(&FIVE);
    let a = tenon_plan::plan(&program, &table(&[1.0; 5])).unwrap();
    let b = tenon_plan::plan(&program, &table(&[1e6; 5])).unwrap();
    assert_eq!(a.indexes, b.indexes);
    assert_eq!(a.schema, b.schema);
    assert_eq!(a.indexes, tenon_plan::choose_indexes(&program).unwrap());
}

#[test]
fn every_index_says_why() {
    let program = program(&[
        "query of_tier(tier: Int) { scan Customer c filter (c.tier == tier) collect c.id }",
        "query orders(c: Ref[Customer]) { scan Order o filter (o.customer == c) sort o.id desc limit 3 collect o.id }",
    ]);
    let indexes = tenon_plan::choose_indexes(&program).unwrap();
    let all: Vec<_> = indexes.iter().flatten().collect();
    assert!(!all.is_empty());
    assert!(all.iter().all(|i| !i.reasons.is_empty()), "{all:?}");
    let reasons: Vec<_> = all.iter().flat_map(|i| &i.reasons).map(|r| format!("{}: {}", r.query, r.text)).collect();
    assert_eq!(reasons, ["of_tier: c.tier == tier", "orders: o.customer == c"]);
}

#[test]
fn many_relations_are_joined_greedily() {
    let mut text = String::from("query q() { scan Line l0");
    for i in 1..30 {
        text.push_str(&format!(" join {{ scan Line l{i} }} on (l{i}.id == l{}.qty)", i - 1));
    }
    text.push_str(" group_all fold n = count() one n }");
    let program = program(&[&text]);
    let planned = tenon_plan::plan(&program, &Assumed::new(&program)).unwrap();
    let tree = trees(&program, &planned).remove(0);
    assert_eq!(tree.lines().filter(|l| l.contains(" Line ")).count(), 30, "{tree}");
    assert!(!tree.contains("nested loop"), "{tree}");
}

#[test]
fn the_table_knows_nothing_of_relations_it_has_not() {
    assert!(Table::default().rows(RelationId(7)) > 0.0);
    assert_eq!(Table::default().field(RelationId(7), FieldId(0)), FieldStatistics::default());
}
