//! Which functions may run long whatever they are given.

use tenon_core::calls::CallGraph;
use tenon_core::text::parse;

const PROGRAM: &str = r#"program "calls"

fn plain(n: Int) -> Int pure {
  return n
}

fn each(xs: [Int]) -> Int pure {
  vars x: Int, s: Int
  let s = 0
  for x in xs {
    let s = (s + x)
  }
  return s
}

fn calls(xs: [Int]) -> Int pure {
  return call each(xs)
}

fn few() -> Int pure {
  vars x: Int, s: Int
  let s = 0
  for x in range(0, 3) {
    let s = (s + x)
  }
  return s
}

fn long_while(n: Int) -> Int pure {
  vars i: Int
  let i = 0
  loop {
    if (i >= n) {
      break
    }
    let i = (i + 1)
  }
  return i
}

fn long_nested(xs: [Int]) -> Int pure {
  vars x: Int, y: Int, s: Int
  let s = 0
  for x in xs {
    for y in xs {
      let s = (s + y)
    }
  }
  return s
}

fn long_through_calls(xs: [Int]) -> Int pure {
  vars x: Int, s: Int
  let s = 0
  for x in xs {
    let s = (s + call calls(xs))
  }
  return s
}

fn long_range(n: Int) -> Int pure {
  vars x: Int, s: Int
  let s = 0
  for x in range(0, n) {
    let s = (s + x)
  }
  return s
}

fn long_again(n: Int) -> Int pure {
  return call long_again((n + 1))
}

fn long_below(n: Int) -> Int pure {
  return call long_range(n)
}
"#;

#[test]
fn what_nothing_bounds_may_run_long() {
    let program = parse(PROGRAM).unwrap();
    let graph = CallGraph::new(&program);
    for (index, function) in program.functions.iter().enumerate() {
        assert_eq!(graph.may_run_long(index), function.name.starts_with("long_"), "{}", function.name);
    }
}
