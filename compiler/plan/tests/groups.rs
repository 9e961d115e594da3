//! How groups are found: by hash, by entity, or in the order of the input.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use tenon_core::ir::{FieldId, RelationId};
use tenon_core::text::parse;
use tenon_plan::explain::Explain;
use tenon_plan::statistics::{FieldStatistics, Table};

const READINGS: &str = r#"program "readings"
relation Place { field name: Text key name }
relation Reading { field id: Int field day: Int field place: Ref[Place] field value: Int field weight: Float key id index day, value }
"#;

/// The plan of a query over a million readings of so many days.
fn plan(query: &str, days: f64) -> String {
    let text = format!("{READINGS}query q(n: Int) {{ {query} }}\nsites {{ \"\" \"\" \"\" 0 0..0 }}");
    let program = parse(&text).unwrap_or_else(|e| panic!("{e}"));
    let mut statistics = Table::default();
    statistics.rows.insert(RelationId(0), 100.0);
    statistics.rows.insert(RelationId(1), 1e6);
    let day = FieldStatistics { distinct: days, ..FieldStatistics::default() };
    statistics.fields.insert((RelationId(1), FieldId(1)), day);
    let planned = tenon_plan::plan(&program, &statistics).unwrap();
    Explain { program: &program, indexes: &planned.indexes, real: None, place: &|_| None }.text(&planned.queries[0])
}

fn in_order(query: &str) -> bool {
    plan(query, 1e4).contains("group in order")
}

#[test]
fn a_limit_over_groups_of_an_index_stops_early() {
    let query = "scan Reading r group by day = r.day fold n = count() sort day limit 5 collect {day: day, n: n}";
    let few = plan(query, 1e4);
    for part in ["limit limit 5 (stops early)", "group in order day = r.day", "look up Reading r by index"] {
        assert!(few.contains(part), "{part} in\n{few}");
    }
    assert!(!few.contains("sort"), "{few}");
    // Five days are nearly all rows: an index costs more than a table of groups.
    let all = plan(query, 6.0);
    assert!(!all.contains("in order") && all.contains("scan Reading"), "{all}");
}

#[test]
fn groups_in_order_pass_filters_and_names() {
    assert!(in_order(
        "scan Reading r group by day = r.day fold n = count() filter (n > 3) sort day limit 5 collect day"
    ));
    assert!(in_order("scan Reading r map day = r.day distinct day sort day desc limit 5 collect day"));
    assert!(in_order("scan Reading r filter (r.day > n) group by day = r.day fold n = count() sort day first day"));
}

#[test]
fn an_order_that_is_there_is_used() {
    let both = "group by value = r.value, day = r.day fold n = count() collect n";
    assert!(in_order(&format!("scan Reading r sort r.day, r.value limit 100 {both}")));
    // A part of the order leaves rows of a group apart, and so does a leading key that groups do not have.
    assert!(!in_order(
        "scan Reading r sort r.day, r.value limit 100 group by value = r.value fold n = count() collect n"
    ));
    assert!(!in_order(
        "scan Reading r sort r.day limit 100 group by value = r.value, day = r.day fold n = count() collect n"
    ));
    // What determines the group, and is determined by it, is as good as its key.
    assert!(in_order(
        "scan Reading r sort r.id limit 100 group by whole = r fold n = count() sort whole limit 2 collect n"
    ));
}

#[test]
fn what_needs_all_rows_is_not_made_in_order() {
    // Without a limit a table of groups costs less than walking an index; sums may fail on rows that nobody reads.
    assert!(!in_order("scan Reading r group by day = r.day fold n = count() sort day collect n"));
    assert!(!in_order("scan Reading r group by day = r.day fold n = sum(r.value) sort day limit 5 collect n"));
    // The most readings are known when all groups are.
    assert!(!in_order("scan Reading r group by day = r.day fold n = count() sort n desc limit 5 collect day"));
    // Floats that are equal need not stand together.
    assert!(!in_order("scan Reading r sort r.weight limit 100 group by w = r.weight fold n = count() collect n"));
}
