//! Every kind of join over every way to find its right rows: the engines agree.

mod harness;

use harness::Both;
use tenon_value::Value;

const RELATIONS: &str = r#"
relation Link { field id: Int field to: Ref[Right] key id }
relation Right { field id: Int field at: Int field word: Text field group: Int field band: Int key id unique word index at index band, id }
fn fill(n: Int) writes {
  for i in range(0, n) {
    do r <- insert Right(id = i, at = mod_int((i * 7), 40), word = to_text(i), group = mod_int(i, 3), band = mod_int(i, 2)) on_key Conflict(; "exists")
    if (mod_int(i, 11) == 0) { do insert Link(id = i, to = ref(r)) on_key Conflict(; "exists") }
  }
  return unit
}
"#;

/// How right rows are found: words of the plan's line that says so, the left rows, and which right rows are partners of
/// the `x` of one. A walk over an index meets more rows than one batch has, a few, and none.
const WAYS: [(&str, &str, &str); 8] = [
    ("follow l.to", "scan Link l map x = l.id", "(ref(r) == l.to)"),
    ("look up key", "unnest [0, 7, 600] as x, i", "(r.id == x)"),
    ("look up unique", "unnest [0, 7, 600] as x, i", "(r.word == to_text(x))"),
    ("look up index Right#2 (x)", "unnest [0, 1, 5] as x, i", "(r.group == x)"),
    ("look up index Right#0 (x)", "unnest [0, 3, 4, 90] as x, i", "(r.at == x)"),
    ("look up index Right#1 (x) above 5", "unnest [0, 1, 2] as x, i", "((r.band == x) and (r.id > 5))"),
    ("hash join", "scan Link l map x = l.id", "(r.at == l.id)"),
    ("nested loop", "unnest [0, 30, 90] as x, i", "((r.at + x) > 60)"),
];

/// The kinds of joins: how a query ends, and the type of its answer.
fn kinds(on: &str) -> [(&'static str, String, &'static str); 5] {
    let partners = format!("{{ scan Right r filter {on} filter (r.id != 22) }}");
    let both = format!("on ({on} and (r.id != 22))");
    let pair = "map y = if(is_some(m), some(unwrap(m).id), (none : Int?))";
    [
        ("inner", format!("join {{ scan Right r }} {both} collect {{x: x, y: r.id}}"), "[{x: Int, y: Int}]"),
        (
            "left",
            format!("left_join (r -> m) {{ scan Right r }} {both} {pair} collect {{x: x, y: y}}"),
            "[{x: Int, y: Int?}]",
        ),
        ("semi", format!("exists_apply any {partners} filter any collect x"), "[Int]"),
        ("anti", format!("exists_apply any {partners} filter not(any) collect x"), "[Int]"),
        ("mark", format!("exists_apply any {partners} collect {{x: x, y: any}}"), "[{x: Int, y: Bool}]"),
    ]
}

#[test]
fn kinds_of_joins_over_ways_to_find_rows() {
    let mut elsewhere = String::new();
    for (way, left, on) in WAYS {
        for (kind, query, ty) in kinds(on) {
            let text = format!(
                "{RELATIONS}\nquery answer() {{ {left} {query} }}\n\
                 fn answer() -> {ty} reads {{ let r = (query answer() : {ty}) return r }}\n"
            );
            let mut both = Both::new(&text);
            let plan = both.plan_of("answer");
            if !plan.lines().any(|line| way.split(' ').all(|word| line.contains(word))) {
                elsewhere.push_str(&format!("{kind} by {way}: {plan}"));
            }
            both.value("answer", &[]);
            both.value("fill", &[150.into()]);
            assert_ne!(both.value("answer", &[]), Value::list([]), "{kind} by {way}: {plan}");
        }
    }
    assert_eq!(elsewhere, "");
}

/// Equalities that may fail, and what is tested before or behind them.
const FAILING: [&str; 7] = [
    "((l.n + 1) == r.n)",
    "(l.n == (r.n + 1))",
    "((l.n + 1) == (r.n + 1))",
    "((r.n > 0) and ((l.n + 1) == r.n))",
    "((l.n > 0) and (l.n == (r.n + 1)))",
    "(((l.n + 1) == r.n) and ((l.n + r.n) > 3))",
    "((l.o == some((r.n + 1))) and (r.n != 2))",
];

#[test]
fn keys_that_may_fail_are_computed_once_for_each_row() {
    let relations = r#"
relation Left { field id: Int field n: Int field o: Int? key id }
relation Right { field id: Int field n: Int key id }
fn left(id: Int, n: Int) writes {
  do l <- insert Left(id = id, n = n, o = some(n)) on_key Conflict(; "exists")
  return unit
}
fn right(id: Int, n: Int) writes {
  do r <- insert Right(id = id, n = n) on_key Conflict(; "exists")
  return unit
}
"#;
    // A row that fails alone, rows that meet it and rows that do not, on either side.
    let max = i64::MAX;
    let fillings: [&[(&str, i64)]; 8] = [
        &[],
        &[("left", max)],
        &[("right", max)],
        &[("left", 1), ("right", 2), ("right", 0), ("left", 3), ("right", 4), ("left", 3)],
        &[("left", max), ("right", -5)],
        &[("right", max), ("left", -5)],
        &[("right", max), ("left", 5)],
        &[("left", 1), ("left", max), ("right", 2), ("right", 3)],
    ];
    let (mut elsewhere, mut failed, mut found) = (String::new(), 0, 0);
    for on in FAILING {
        for (kind, query, ty) in
            kinds(on).map(|(kind, query, ty)| (kind, query.replace("(r.id != 22)", "(r.id != 7)"), ty))
        {
            let text = format!(
                "{relations}\nquery answer() {{ scan Left l map x = l.id {query} }}\n\
                 fn answer() -> {ty} reads {{ let r = (query answer() : {ty}) return r }}\n"
            );
            let mut both = Both::new(&text);
            let plan = both.plan_of("answer");
            if !plan.contains("hash join") {
                elsewhere.push_str(&format!("{kind} on {on}: {plan}"));
            }
            for filling in fillings {
                both.clear();
                for (id, (side, n)) in filling.iter().enumerate() {
                    both.value(side, &[(id as i64).into(), (*n).into()]);
                }
                match both.call("answer", &[]) {
                    harness::Outcome::Value(_) => found += 1,
                    _ => failed += 1,
                }
            }
        }
    }
    assert_eq!(elsewhere, "");
    assert!(failed > 30 && found > 100, "{failed} {found}");
}
