//! What the code of hot loops looks like.

mod harness;

use harness::Both;
use tenon_value::Value;

const LINES: &str = r#"
relation Line { field id: Int field qty: Int field price: Decimal(2) field discount: Decimal(2) field day: Date key id }
query revenue(least: Int) {
  scan Line l
  filter ((l.qty < least) and ((l.discount >= 0.05d2) and (l.day >= const(Date, date(100)))))
  group_all fold total = sum((l.price * l.discount)) fold n = count()
  one {total: total, n: n}
}
fn put(id: Int, qty: Int) pure { return unit }
fn fill(n: Int) -> Int writes {
  for i in range(0, n) {
    do insert Line(id = i, qty = mod_int(i, 50), price = 10.00d, discount = 0.06d, day = const(Date, date(200))) on_key Conflict(; "exists")
  }
  return n
}
fn answer(least: Int) -> {total: Decimal(4), n: Int} reads {
  let r = (query revenue(least) : {total: Decimal(4), n: Int})
  return r
}
"#;

/// The text of a function without what follows: the loop's blocks by number.
fn blocks(clif: &str) -> Vec<(String, Vec<String>)> {
    let mut out: Vec<(String, Vec<String>)> = Vec::new();
    for line in clif.lines().map(str::trim) {
        if line.starts_with("block") && line.contains(':') {
            let name: String = line.chars().take_while(|c| c.is_alphanumeric()).collect();
            let cold = if line.contains("cold") { " cold" } else { "" };
            out.push((name + cold, Vec::new()));
        } else if let Some((_, lines)) = out.last_mut() {
            lines.push(line.to_owned());
        }
    }
    out
}

/// Which blocks a block may go to.
fn successors(lines: &[String]) -> Vec<String> {
    let last = lines.iter().rev().find(|l| l.starts_with("jump") || l.starts_with("brif")).cloned().unwrap_or_default();
    let words = last.split(|c: char| !c.is_alphanumeric());
    words.filter(|w| w.starts_with("block") && w.len() > 5).map(str::to_owned).collect()
}

/// The blocks that lie on a cycle.
fn in_loops(clif: &str) -> Vec<(String, Vec<String>)> {
    let all = blocks(clif);
    let plain = |name: &str| name.split(' ').next().unwrap_or_default().to_owned();
    let next = |name: &str| -> Vec<String> {
        all.iter().find(|(own, _)| plain(own) == name).map(|(_, lines)| successors(lines)).unwrap_or_default()
    };
    all.iter()
        .filter(|(name, _)| {
            let start = plain(name);
            let (mut seen, mut work) = (Vec::new(), next(&start));
            while let Some(at) = work.pop() {
                if at == start {
                    return true;
                }
                if !seen.contains(&at) {
                    work.extend(next(&at));
                    seen.push(at);
                }
            }
            false
        })
        .cloned()
        .collect()
}

#[test]
fn no_call_in_the_loop_of_scan_filter_aggregate() {
    let text = LINES.replace("0.05d2", "0.05d");
    let mut both = Both::new(&text);
    let clif = both.clif_of("revenue (0), pipeline 0");
    let looped = in_loops(&clif);
    assert!(looped.len() > 3, "there is a loop:\n{clif}");
    for (name, lines) in &looped {
        let calls: Vec<&String> = lines.iter().filter(|l| l.contains("call")).collect();
        assert!(calls.is_empty(), "{name} in the loop calls: {calls:?}\n{clif}");
    }
    // The three range tests are one branch.
    let at_once = |(_, lines): &&(String, Vec<String>)| lines.iter().filter(|l| l.contains("icmp")).count() == 3;
    let block = looped.iter().find(at_once).unwrap_or_else(|| panic!("three tests in one block:\n{clif}"));
    assert_eq!(block.1.iter().filter(|l| l.contains("brif")).count(), 1, "{:?}", block.1);
    both.value("fill", &[500.into()]);
    let answer = both.value("answer", &[25.into()]);
    assert_eq!(answer, Value::record([Value::Decimal { unscaled: 250 * 6000, scale: 4 }, 250.into()]));
}

#[test]
fn the_test_of_loops_can_fail() {
    let clif = "block0:\n v1 = call_indirect sig0, v0()\n jump block1\nblock1:\n v2 = call fn0(v0)\n brif v2, block1, block2\nblock2:\n return";
    let looped = in_loops(clif);
    assert_eq!(looped.len(), 1);
    assert!(looped[0].1.iter().any(|l| l.contains("call")));
}
