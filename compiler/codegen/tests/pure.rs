//! Pure functions: Core text in, machine code, values out.

mod harness;

use harness::{Both, Outcome};
use tenon_value::{Fault, Value};

#[track_caller]
fn run(text: &str, args: &[Value]) -> Result<Value, Fault> {
    match Both::new(text).call("f", args) {
        Outcome::Value(value) => Ok(value),
        Outcome::Fault(fault) => Err(fault),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn int(text: &str, args: &[i64], expected: Result<i64, Fault>) {
    let args: Vec<Value> = args.iter().map(|n| Value::Int(*n)).collect();
    assert_eq!(run(text, &args), expected.map(Value::Int), "{text}");
}

#[test]
fn arithmetic_never_wraps() {
    let f = "fn f(a: Int, b: Int) -> Int pure { return (a + b) }";
    int(f, &[2, 3], Ok(5));
    int(f, &[i64::MAX, 1], Err(Fault::Overflow));
    let f = "fn f(a: Int, b: Int) -> Int pure { return (a * b) }";
    int(f, &[i64::MIN, -1], Err(Fault::Overflow));
    int(f, &[-4, 5], Ok(-20));
    let f = "fn f(a: Int, b: Int) -> Int pure { return div_int(a, b) }";
    for (a, b) in [(7, 2), (-7, 2), (7, -2), (-7, -2), (6, -3), (i64::MIN, -1), (1, 0), (i64::MIN, 2)] {
        int(f, &[a, b], tenon_value::integer::div(a, b));
    }
    let f = "fn f(a: Int, b: Int) -> Int pure { return mod_int(a, b) }";
    for (a, b) in [(7, 2), (-7, 2), (7, -2), (-7, -2), (6, -3), (i64::MIN, -1), (1, 0), (i64::MIN, 2)] {
        int(f, &[a, b], tenon_value::integer::modulo(a, b));
    }
}

#[test]
fn time_points_stay_within_their_calendar() {
    use tenon_value::time::{DATE_TIME_MAX, DATE_TIME_MIN, INSTANT_MAX, INSTANT_MIN};
    for (ty, of, least, greatest) in [
        ("Instant", Value::Instant as fn(i64) -> Value, INSTANT_MIN, INSTANT_MAX),
        ("DateTime", Value::DateTime, DATE_TIME_MIN, DATE_TIME_MAX),
    ] {
        for (prim, sign) in [("add_duration", 1), ("sub_duration", -1)] {
            let f = format!("fn f(a: {ty}, b: Duration) -> {ty} pure {{ return {prim}(a, b) }}");
            let mut both = Both::new(&f);
            for (at, by, expected) in [
                (greatest, 0, Some(greatest)),
                (greatest - 5, 5, Some(greatest)),
                (greatest - 5, 6, None),
                (greatest, i64::MAX, None),
                (least, 0, Some(least)),
                (least + 5, -5, Some(least)),
                (least + 5, -6, None),
                (least, greatest - least, Some(greatest)),
                (least, i64::MIN + 1, None),
                (0, i64::MAX, None),
            ] {
                let expected = expected.map_or(Outcome::Fault(Fault::Overflow), |n| Outcome::Value(of(n)));
                assert_eq!(both.call("f", &[of(at), Value::Duration(by * sign)]), expected, "{f}: {at} {by}");
            }
            assert_eq!(both.call("f", &[of(-1), Value::Duration(i64::MIN)]), Outcome::Fault(Fault::Overflow));
        }
    }
}

#[test]
fn control_flow() {
    let f = "fn f(n: Int) -> Int pure {
        vars i: Int, sum: Int
        let i = 0
        let sum = 0
        loop {
          if (i == n) { break } else { }
          let i = (i + 1)
          if (mod_int(i, 2) == 0) { continue } else { }
          let sum = (sum + i)
        }
        return sum
      }";
    int(f, &[10], Ok(25));
    int(f, &[-1], Err(Fault::FuelExhausted));
    let f = "fn f(n: Int) -> Int pure { vars sum: Int let sum = 0 for x in range(0, n) { let sum = (sum + x) } return sum }";
    int(f, &[5], Ok(10));
    let f = "fn f(n: Int) -> Int pure { if (n < 2) { return n } else { } return (call f((n - 1)) + call f((n - 2))) }";
    int(f, &[15], Ok(610));
    let f = "fn f(n: Int) -> Int pure { return (call f((n + 1)) + 1) }";
    int(f, &[0], Err(Fault::RecursionTooDeep));
    // A deep recursion through large frames ends before the stack does.
    let parts: Vec<String> = (0..60).map(|i| format!("let x{i} = call f((n + {i})) let y = (y + x{i})")).collect();
    let f = format!("fn f(n: Int) -> Int pure {{ vars y: Int let y = 0 {} return y }}", parts.join(" "));
    int(&f, &[0], Err(Fault::RecursionTooDeep));
}

#[test]
fn conditions_stop_early() {
    let f = "fn f(a: Int) -> Bool pure { return ((a != 0) and (div_int(10, a) > 2)) }";
    assert_eq!(run(f, &[0.into()]), Ok(false.into()));
    assert_eq!(run(f, &[2.into()]), Ok(true.into()));
    let f = "fn f(a: Int) -> Bool pure { return ((a == 0) or (div_int(10, a) > 2)) }";
    assert_eq!(run(f, &[0.into()]), Ok(true.into()));
    assert_eq!(run(f, &[9.into()]), Ok(false.into()));
}

#[test]
fn records_options_variants_collections() {
    let f = "variant S { A, B(x: Int, y: Text) }
      fn f(n: Int) -> {s: S, o: Int?, t: Text} pure {
        let v = if((n > 0), case S.B(n, concat(\"number \", to_text(n))), case S.A)
        return {s: v, o: if(is(v, B), some(payload(v, B, 0)), (none : Int?)), t: if(is(v, B), payload(v, B, 1), \"\")}
      }";
    let text = "number 1234567";
    assert_eq!(
        run(f, &[1_234_567.into()]),
        Ok(Value::record([
            Value::variant(1, [1_234_567.into(), text.into()]),
            Value::some(1_234_567.into()),
            text.into()
        ]))
    );
    assert_eq!(run(f, &[0.into()]), Ok(Value::record([Value::variant(0, []), Value::None, "".into()])));
    let f = "fn f(n: Int) -> Map[Text, Int] pure { return map(\"b\" => n, \"a\" => 2, \"b\" => 3) }";
    assert_eq!(run(f, &[1.into()]), Ok(Value::map([("a".into(), 2.into()), ("b".into(), 3.into())])));
    let f = "fn f(n: Int) -> Bool pure { return ([n, 2] == [1, 2]) }";
    assert_eq!(run(f, &[1.into()]), Ok(true.into()));
    let f = "fn f(t: Text) -> Bool pure { return (t < \"a much longer text\") }";
    assert_eq!(run(f, &["a much longer".into()]), Ok(true.into()));
    assert_eq!(run(f, &["b".into()]), Ok(false.into()));
    let f = "regex \"[a-z]+x\" fn f(t: Text) -> Bool pure { return matches#0(t) }";
    assert_eq!(run(f, &["abcx".into()]), Ok(true.into()));
    assert_eq!(run(f, &["abc".into()]), Ok(false.into()));
}

#[test]
fn decimals_and_floats() {
    let decimal = |unscaled, scale| Value::Decimal { unscaled, scale };
    let f = "fn f(a: Decimal(2), b: Decimal(2)) -> Decimal(6) pure { return (div_decimal(a, b) : Decimal(6)) }";
    assert_eq!(run(f, &[decimal(100, 2), decimal(300, 2)]), Ok(decimal(333_333, 6)));
    assert_eq!(run(f, &[decimal(100, 2), decimal(0, 2)]), Err(Fault::DivisionByZero));
    let f = "fn f(a: Float, b: Float) -> Float pure { return div_float(a, b) }";
    assert_eq!(run(f, &[Value::Float(1.0), Value::Float(4.0)]), Ok(Value::Float(0.25)));
    assert_eq!(run(f, &[Value::Float(1.0), Value::Float(0.0)]), Err(Fault::NotFinite));
}

#[test]
fn failures_have_fields_and_a_message() {
    let mut both = Both::new(
        "error Bad(left: Int, why: Text)
         fn f(n: Int) -> Int pure { if (n > 0) { fail Bad(n, \"because of reasons\"; concat(\"only \", to_text(n))) @0 } else { } return n }",
    );
    let Outcome::Failure(failure) = both.call("f", &[7.into()]) else { panic!("it fails") };
    assert_eq!(failure.fields, [7.into(), "because of reasons".into()]);
    assert_eq!(failure.message, "only 7");
    assert_eq!(both.value("f", &[0.into()]), 0.into());
}

#[test]
fn an_image_in_a_file_is_the_same_program() {
    let both = Both::new("fn f(n: Int) -> Text pure { return concat(\"a text that is long: \", to_text(n)) }");
    assert_eq!(both.through_a_file().value("f", &[42.into()]), "a text that is long: 42".into());
}

/// Runs on a stack as servers give it to threads that call programs.
fn on_a_thread(run: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(tenon_runtime::native::THREAD_STACK);
        thread.spawn_scoped(scope, run).expect("a thread").join().expect("it ends well");
    });
}

#[test]
fn values_that_nest_too_deep_end_the_call() {
    let reverse = tenon_core::builtins::BUILTINS.iter().position(|row| row.id == "ListReverse").unwrap();
    let function = |name: &str, ty: &str, result: &str| {
        format!(
            "fn {name}(n: Int) -> {ty} pure {{
               vars t: T, u: T
               let t = case T.Leaf
               let u = case T.Leaf
               for i in range(0, n) {{ let t = case T.Node([t], i) let u = case T.Node([u], i) }}
               return {result}
             }}\n"
        )
    };
    let text = format!(
        "variant T {{ Leaf, Node(of: [T], n: Int) }}\n{}{}{}{}{}{}{}{}{}{}",
        function("shown", "Int", "length(to_text(t))"),
        function("same", "Bool", "(t == u)"),
        function("less", "Bool", "(t < u)"),
        function("among", "Bool", "contains(t, [u, u, u, u, u, u, u, u, u, u, u, u, u, u, u, u, u, u, u, u])"),
        function("kept", "Bool", "contains(t, to_set([u, t]))"),
        function("keyed", "Map[T, Int]", "map(t => 1, u => 2)"),
        function("turned", "[T]", &format!("(builtin#{reverse}([t, u]) : [T])")),
        function("given", "T", "t"),
        function("packed", "T?", "some(t)"),
        function("unused", "Int", "n"),
    );
    let names = ["shown", "same", "less", "among", "kept", "keyed", "turned", "given", "packed"];
    on_a_thread(|| {
        let mut both = Both::new(&text);
        for name in names {
            assert!(matches!(both.call(name, &[200.into()]), Outcome::Value(_)), "{name}");
            for n in [300, 1_000, 20_000] {
                let found = both.native(name, &[n.into()], 0);
                assert_eq!(found, Outcome::Fault(Fault::RecursionTooDeep), "{name}({n})");
            }
            assert_eq!(both.call(name, &[300.into()]), Outcome::Fault(Fault::RecursionTooDeep), "{name}");
        }
        assert_eq!(both.native("unused", &[20_000.into()], 0), Outcome::Value(20_000.into()));
    });
}

#[test]
fn elements_without_lanes_are_counted() {
    let f = "fn f(a: [Unit], b: [Unit], u: Unit) -> {same: Bool, less: Bool, found: Bool, length: Int} pure {
        return {same: (a == b), less: (a < b), found: contains(u, append(a, b)), length: length(append(a, b))}
      }";
    let mut both = Both::new(f);
    for (m, n) in [(0, 0), (3, 1), (0, 1), (2, 2), (1, 3)] {
        let units = |count: usize| Value::list(vec![Value::unit(); count]);
        let Value::Record(found) = both.value("f", &[units(m), units(n), Value::unit()]) else { panic!("a record") };
        let expected = [Value::Bool(m == n), Value::Bool(m < n), Value::Bool(m + n > 0), ((m + n) as i64).into()];
        assert_eq!(*found, expected, "{m} {n}");
    }
}

#[test]
fn work_of_the_runtime_uses_fuel() {
    // Each function does little in its own code and much in the runtime.
    let text = "regex \"(a|b)*c?\"
      fn found(n: Int) -> Int pure {
        vars xs: [Int], c: Int
        let xs = range(0, 20000)
        let c = 0
        for i in range(0, n) { if contains((0 - (i + 1)), xs) { let c = (c + 1) } else { } }
        return c
      }
      fn same(n: Int) -> Int pure {
        vars xs: [Int], ys: [Int], c: Int
        let xs = range(0, 20000)
        let ys = range(0, 20000)
        let c = 0
        for i in range(0, n) { if (xs == ys) { let c = (c + 1) } else { } }
        return c
      }
      fn counted(t: Text, n: Int) -> Int pure {
        vars c: Int
        let c = 0
        for i in range(0, n) { let c = (c + length(t)) }
        return c
      }
      fn matched(t: Text, n: Int) -> Int pure {
        vars c: Int
        let c = 0
        for i in range(0, n) { if matches#0(t) { let c = (c + 1) } else { } }
        return c
      }
      fn joined(t: Text, n: Int) -> Int pure {
        vars c: Int
        let c = 0
        for i in range(0, n) { let c = (c + length(concat(t, \"x\", t))) }
        return c
      }";
    let mut both = Both::new(text);
    let long = Value::text("ab".repeat(100_000));
    for (name, args, many) in [
        ("found", vec![], 10),
        ("same", vec![], 10),
        ("counted", vec![long.clone()], 10),
        ("matched", vec![long.clone()], 2),
        ("joined", vec![long], 2),
    ] {
        let with = |n: i64| -> Vec<Value> { args.iter().cloned().chain([n.into()]).collect() };
        assert!(matches!(both.native(name, &with(many), 0), Outcome::Value(_)), "{name}");
        assert_eq!(both.native(name, &with(5_000), 0), Outcome::Fault(Fault::FuelExhausted), "{name}");
    }
}
