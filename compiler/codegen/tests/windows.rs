//! Aggregates over frames: what they yield, and that they do not fold a frame again for every row.

mod harness;

use harness::{Both, Outcome};
use tenon_value::Value;

const FRAMES: &str = r#"
query frames(n: Int, back: Int, ahead: Int) {
  unnest range(0, n) as i, at
  window whole = sum(i) partition(mod_int(i, 2)) order(i)
  window running = sum(i) partition(mod_int(i, 2)) order(i) to_current
  window peers = count() order(div_int(i, 4)) to_current
  window moving = sum(i) order(i) rows(before(back), after(ahead))
  window mean = sum(int_to_float(i)) order(i) rows(before(back), current)
  window least = min(mod_int((i * 7), 11)) order(i) rows(before(back), current)
  window most = max(mod_int((i * 7), 11)) partition(mod_int(i, 3)) order(i) rows(before(back), after(ahead))
  window some = any((mod_int(i, 5) == 0)) order(i) rows(before(back), current)
  window every = all((mod_int(i, 5) < 3)) order(i) rows(after(ahead), after(back))
  window behind = min(i) order(i) rows(before(back), before(ahead))
  collect {i: i, whole: whole, running: running, peers: peers, moving: moving, mean: mean, least: least, most: most, some: some, every: every, behind: behind}
}
fn frames(n: Int, back: Int, ahead: Int) -> [{i: Int, whole: Int, running: Int, peers: Int, moving: Int, mean: Float, least: Int?, most: Int?, some: Bool, every: Bool, behind: Int?}] reads {
  let r = (query frames(n, back, ahead) : [{i: Int, whole: Int, running: Int, peers: Int, moving: Int, mean: Float, least: Int?, most: Int?, some: Bool, every: Bool, behind: Int?}])
  return r
}
"#;

#[test]
fn frames_hold_what_the_evaluator_says() {
    let mut both = Both::new(FRAMES);
    for n in [0i64, 1, 2, 7, 23] {
        for (back, ahead) in [(0i64, 0i64), (1, 0), (2, 1), (3, 5), (100, 100), (-1, 2), (i64::MAX, i64::MAX)] {
            both.value("frames", &[n.into(), back.into(), ahead.into()]);
        }
    }
}

/// The fuel of a call is about one unit a row that is looked at: it would not do for frames that are folded anew.
#[test]
fn wide_frames_cost_no_more_than_narrow_ones() {
    let mut both = Both::new(FRAMES);
    for (back, ahead) in [(1i64, 1i64), (4_000, 1_000), (i64::MAX, 3)] {
        let rows = 8_000i64;
        match both.native("frames", &[rows.into(), back.into(), ahead.into()], 0) {
            Outcome::Value(Value::List(found)) => assert_eq!(found.len(), rows as usize),
            other => panic!("{back} rows before, {ahead} after: {other:?}"),
        }
    }
}
