//! What calls may use: memory, stack and depth; and that code grows in proportion to its program.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod harness;

use harness::{Both, LIMITS, Outcome};
use tenon_core::builtins::BUILTINS;
use tenon_value::{Fault, Value};

fn builtin(id: &str) -> String {
    format!("builtin#{}", BUILTINS.iter().position(|row| row.id == id).unwrap())
}

#[track_caller]
fn exceeds(both: &mut Both, name: &str, args: &[Value]) {
    assert_eq!(both.native(name, args, 0), Outcome::Fault(Fault::MemoryExceeded), "{name}");
}

#[test]
fn memory_outside_of_the_arena_counts() {
    let mut both = Both::new(
        "relation Doc { field id: Int field text: Text field parts: [Text] key id }
         fn answer(t: Text, n: Int) -> [Text] pure {
           vars all: [Text]
           let all = ([] : [Text])
           for i in range(0, n) { let all = append(all, [t]) }
           return all
         }
         fn store(t: Text, n: Int) -> Int writes {
           for i in range(0, n) {
             do insert Doc(id = ((n * 1000) + i), text = t, parts = [t]) on_key Conflict(; \"exists\")
           }
           return n
         }
         query sums(xs: [Float]) { unnest xs as x, i group fold s = sum(x) one s }
         fn summed(n: Int) -> Float reads {
           vars t: Float
           let t = 0.0f
           for i in range(0, n) { let t = (query sums([1.5f, 2.5f]) : Float) }
           return t
         }",
    );
    let text = Value::text("long ".repeat(200_000));
    for name in ["answer", "store"] {
        assert!(matches!(both.native(name, &[text.clone(), 5.into()], 0), Outcome::Value(_)), "{name}");
        exceeds(&mut both, name, &[text.clone(), 100.into()]);
    }
    // What queries take for exact sums they give back: without that these are twice as many bytes as there may be.
    let rounds = 2 * LIMITS.memory / tenon_value::float::ExactSum::SIZE;
    assert!((rounds as i64) < LIMITS.fuel, "fuel is not what ends it");
    let found = both.native("summed", &[(rounds as i64 / 4).into()], 0);
    assert_eq!(found, Outcome::Value(Value::Float(4.0)));
}

#[test]
fn collections_and_texts_are_built_in_place() {
    let many = 20_000i64;
    let text = format!(
        "fn list(n: Int) -> [Int] pure {{
           vars all: [Int]
           let all = ([] : [Int])
           for i in range(0, n) {{ let all = append(all, [i]) }}
           return all
         }}
         fn text(n: Int) -> Text pure {{
           vars all: Text
           let all = \"\"
           for i in range(0, n) {{ let all = concat(all, \"abc\") }}
           return all
         }}
         fn joined(n: Int) -> Text pure {{
           vars all: Text
           let all = \"\"
           for i in range(0, n) {{ let all = concat(all, to_text(i), \",\") }}
           return all
         }}
         fn map(n: Int) -> Map[Int, Int] pure {{
           vars all: Map[Int, Int]
           let all = (map() : Map[Int, Int])
           for i in range(0, n) {{
             let all = ({insert}(all, i, (0 - i)) : Map[Int, Int])
             let all = append(all, map(i => i))
           }}
           return all
         }}
         fn set(n: Int) -> Set[Int] pure {{
           vars all: Set[Int]
           let all = (const(Set[Int], set()) : Set[Int])
           for i in range(0, n) {{
             let all = ({put}(all, i) : Set[Int])
             let all = ({put}(all, i) : Set[Int])
             let all = ({remove}(all, (i - 5)) : Set[Int])
           }}
           return all
         }}",
        insert = builtin("MapInsert"),
        put = builtin("SetInsert"),
        remove = builtin("SetRemove"),
    );
    let mut both = Both::new(&text);
    for name in ["list", "text", "joined", "map", "set"] {
        // On both engines, and then so far that copies would take far more than there is.
        both.value(name, &[50.into()]);
        let found = both.native(name, &[many.into()], 0);
        let Outcome::Value(found) = found else { panic!("{name}: {found:?}") };
        let length = match found {
            Value::List(items) | Value::Set(items) => items.len(),
            Value::Map(pairs) => pairs.len(),
            Value::Text(text) => text.len(),
            other => panic!("{other:?}"),
        };
        assert!(length >= 5, "{name}");
    }
}

/// Whoever holds a collection keeps it as it was.
#[test]
fn shared_collections_are_not_changed() {
    let text = format!(
        "fn kept(n: Int) -> {{a: [Int], b: [Int], all: [[Int]], t: Text, u: Text, s: Set[Int], o: Set[Int]}} pure {{
           vars a: [Int], b: [Int], all: [[Int]], t: Text, u: Text, s: Set[Int], o: Set[Int], k: Int
           let a = [0]
           let b = a
           let all = ([] : [[Int]])
           let t = \"a text that is long enough to have a room of its own behind itself, so that it may grow\"
           let u = t
           let s = (const(Set[Int], set()) : Set[Int])
           let o = s
           for i in range(0, n) {{
             let a = append(a, [i])
             if (mod_int(i, 3) == 0) {{ let b = a }} else {{ }}
             let a = append(a, a)
             for x in a {{ if (length(a) < 40) {{ let a = append(a, [x]) }} else {{ }} }}
             let all = append(all, [a])
             let t = concat(t, \"x\")
             if (i == 2) {{ let u = t }} else {{ }}
             let u = concat(u, \"y\", u)
             let s = ({put}(s, (10 - i)) : Set[Int])
             if (i == 3) {{ let o = s }} else {{ }}
             for x in s {{ let s = ({put}(s, (x + 1)) : Set[Int]) }}
           }}
           let b = append(b, [7])
           return {{a: a, b: b, all: all, t: t, u: u, s: s, o: o}}
         }}",
        put = builtin("SetInsert")
    );
    let mut both = Both::new(&text);
    for n in 0..7 {
        both.value("kept", &[n.into()]);
    }
}

#[test]
fn functions_go_equally_deep_and_tell_the_same_place() {
    let mut both = Both::new(
        "fn top(n: Int) -> Int pure @3 { return (call even(n) @4 + 0) }
         fn even(n: Int) -> Int pure @5 { if (n == 0) { return 1 } else { } return call odd((n - 1)) @6 }
         fn odd(n: Int) -> Int pure @7 { if (n == 0) { return 0 } else { } return call even((n - 1)) @8 }
         sites { \"a\" \"fn\" \"a\" 0 0..1 \"a\" \"fn\" \"a\" 0 0..1 \"a\" \"fn\" \"a\" 0 0..1 \"a\" \"fn\" \"a\" 0 0..1 }",
    );
    let depth = i64::from(LIMITS.depth);
    for name in ["top", "even"] {
        assert!(matches!(both.call(name, &[(depth - 1).into()]), Outcome::Value(_)), "{name}");
        assert_eq!(both.call(name, &[depth.into()]), Outcome::Fault(Fault::RecursionTooDeep), "{name}");
        assert!(both.places[0].is_some());
        assert_eq!(both.places[0], both.places[1], "{name}");
    }
}

#[test]
fn limits_of_memory_have_a_place() {
    let mut both = Both::new(
        "fn ranged(n: Int) -> Int pure { vars xs: [Int] let xs = range(0, n) return length(xs) }
         fn kept(n: Int) -> Int pure { return length(to_set(range(0, n))) }",
    );
    for name in ["ranged", "kept"] {
        exceeds(&mut both, name, &[20_000_000.into()]);
        assert!(both.places[1].is_some(), "{name}");
    }
}

/// A record of many fields that a function gives, used in so many statements.
fn statements(count: usize) -> String {
    let fields: Vec<String> = (0..60).map(|i| format!("f{i}: Int")).collect();
    let values: Vec<String> = (0..60).map(|i| format!("f{i}: (n + {i})")).collect();
    let lines: Vec<String> = (0..count)
        .map(|i| {
            format!(
                "let s = mod_int((s + call big((s + {i})).f{}), 1000)\nif (s > {i}) {{ let t = concat(t, \"x\") }} else {{ }}",
                i % 60
            )
        })
        .collect();
    format!(
        "fn big(n: Int) -> {{{}}} pure {{ return {{{}}} }}
         fn long(n: Int) -> Int pure {{
           vars s: Int, t: Text
           let s = n
           let t = \"\"
           {}
           return (s + length(t))
         }}",
        fields.join(", "),
        values.join(", "),
        lines.join("\n")
    )
}

#[test]
fn frames_and_code_do_not_grow_faster_than_the_program() {
    let [few, many] = [100, 400].map(|count| Both::new(&statements(count)));
    let room = |both: &Both| -> usize {
        let clif = both.clif_of("function long");
        let slots = clif.lines().filter_map(|line| line.split_once("explicit_slot "));
        slots.map(|(_, size)| size.split([',', ' ']).next().unwrap().parse::<usize>().unwrap()).sum()
    };
    assert!((1..2_000).contains(&room(&few)), "{}", room(&few));
    assert_eq!(room(&few), room(&many));
    let [small, large] = [&few, &many].map(|both| both.clif_of("function long").len());
    assert!(large < small * 5, "{small} and {large} bytes of intermediate code");
    let mut many = many;
    many.value("long", &[3.into()]);
}

/// So many fields, each as it is given or else a default: as a row is made of what a request says.
fn defaults(count: usize) -> String {
    let params: Vec<String> = (0..count).map(|i| format!("p{i}: Int?")).collect();
    let vars: Vec<String> = (0..count).map(|i| format!("a{i}: Int")).collect();
    let lines: Vec<String> = (0..count)
        .map(|i| format!("if is_some(p{i}) {{ let a{i} = unwrap(p{i}) }} else {{ let a{i} = {i} }}"))
        .collect();
    let all: Vec<String> = (0..count).map(|i| format!("a{i}")).collect();
    format!(
        "fn row({}) -> [Int] pure {{
           vars {}
           {}
           return [{}]
         }}",
        params.join(", "),
        vars.join(", "),
        lines.join("\n"),
        all.join(", ")
    )
}

#[test]
fn variables_that_stay_are_not_passed_through_every_branch() {
    let [few, many] = [50, 200].map(|count| Both::new(&defaults(count)));
    let [small, large] = [&few, &many].map(|both| both.clif_of("function row").len());
    assert!(large < small * 5, "{small} and {large} bytes of intermediate code");
    // Parameters of blocks are numbered as values, also those that turn out not to be needed.
    let values = |both: &Both| -> usize {
        let clif = both.clif_of("function row");
        let numbers = clif.split(|c: char| !c.is_ascii_alphanumeric()).filter_map(|word| word.strip_prefix('v'));
        numbers.filter_map(|number| number.parse().ok()).max().unwrap()
    };
    let [small, large] = [&few, &many].map(values);
    assert!(large < small * 5, "{small} and {large} values");
    let mut many = many;
    let given: Vec<Value> = (0..200).map(|i| if i % 3 == 0 { Value::None } else { Value::some(1.into()) }).collect();
    many.value("row", &given);
}

/// Calls of the store that pass over what they do not find take fuel for it: these rounds find nothing, and are too much work
/// all the same.
#[test]
fn what_a_call_of_the_store_passes_over_counts() {
    let rounds = |name: &str, condition: &str| {
        format!(
            "query {name}() {{ scan Item i filter {condition} group fold n = count() one n }}
             fn {name}s(from: Int, rounds: Int) -> Int writes {{
               vars t: Int, i: Row[Item]
               for k in range(0, 1000) {{
                 do i <- insert Item(id = (from + k), v = 1) on_key Conflict(; \"exists\")
                 do i <- update Item ref(i) set (v = 2) on_gone NotFound(; \"gone\")
               }}
               let t = 0
               for k in range(0, rounds) {{ let t = (t + (query {name}() : Int)) }}
               return t
             }}"
        )
    };
    let text = format!(
        "relation Item {{ field id: Int field v: Int key id }} {} {}",
        rounds("equal", "(i.v == 1)"),
        rounds("below", "(i.v < 2)")
    );
    let mut both = Both::new(&text);
    for name in ["equals", "belows"] {
        let from = both.native(name, &[0.into(), 1.into()], 0);
        assert_eq!(from, Outcome::Value(0.into()), "{name}");
        let again = both.native(name, &[5_000.into(), 3_000.into()], 0);
        assert_eq!(again, Outcome::Fault(Fault::FuelExhausted), "{name}");
        both = Both::new(&text);
    }
}
