//! Programs in source text, drawn from a seed, for tests of what the checker decides.
//!
//! A program has the declarations of [`DECLARATIONS`] and functions over values of a few small types. What stands in them
//! is what proofs are made of. A *fact* is a condition with something that may be done where it holds: `n >= 1` and
//! `n - 1` as a `Nat`, `v is A` and `v.n`, `p.st is Open` and `update p set st = Paid`. A *shape* is a way to come to
//! know a fact (a guard that leaves, a branch, a loop, a `match`, a function value, …) and to rely on it, with statements in
//! between that may end it: assignments, writes through another name, calls, loops. Some shapes rely on a fact where it
//! is not known, and some facts are off by one.
//!
//! A function need not check. Whoever runs the program leaves out what the checker refuses.

mod expr;
mod fact;
mod shape;

use tenon_value::Value;
use tenon_value::random::Random;

/// What every drawn program declares.
pub const DECLARATIONS: &str = r#"
type Nat = Int where it >= 0
type Pos = Int where it > 0
type Small = Int where it in -2..=3
type Odd = Int where it mod 2 == 1
type Short = Text where it.length in 1..=3
type Word = Text where it in ["a", "ab", "b"]
type Few = [Int] where it.length <= 2
type Some = [Int] where it.length >= 1
type Two = Set[Int] where it.length >= 2
type Span = Duration where it <= 24h
type Long = Duration where it >= 24h
type Late = Date where it >= @2026-01-03
type Money = Decimal(2) where it >= 0.00
type Ordered = (lo: Int, hi: Int) where it.lo <= it.hi
type Named = (name: Text, n: Int) where it.name.length >= 2
type Sum = [Int] where sum(from x in it select x) >= 0
type V = A(n: Int, xs: [Text]) | B(m: Nat, t: Text) | C
type State = Open | Paid | Shut
relation R {
  key id: Int
  n: Nat = 1
  m: Int where it in 0..=9 = 3
  lo: Int = 0
  hi: Int = 3
  st: State = Open
  o: Int? = 2
  v: V = C
  t: Short = "a"
  span: Span = 1h
  day: Late = @2026-01-05
  part: (a: Nat, b: Int?) = (a: 1, b: 1)
  next: R? = none
  check lo <= hi
  transitions st { Open -> Paid; Paid -> Shut }
}
fn twice(f: fn(Int) -> Int, n: Int) -> Int { f(f(n)) }
fn each(xs: [Int], f: fn(Int) -> Int) -> Int { var s = 0; for x in xs { s += f(x) }; s }
fn nat(n: Nat) -> Int { n }
fn span(d: Span) -> Int { if d > 1h { 1 } else { 0 } }
fn fall(p: R) -> Int { if p.n > 0 { update p set n -= 1 }; p.n }
fn drain(p: R) { update p set n = 0, o = none, v = C }
fn fill() {
  let a = insert R(id: 0)
  let b = insert R(id: 1, n: 0, m: 0, st: Paid, o: none, v: A(n: 1, xs: ["x"]), next: a)
  insert R(id: 2, n: 5, m: 9, lo: 3, st: Shut, v: B(m: 2, t: "ab"), t: "abc", span: 24h, next: b)
}
"#;

/// The types that the generator knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum T {
    /// The base types.
    Int,
    /// A condition.
    Bool,
    /// A text.
    Text,
    /// A list of Ints.
    List,
    /// A set of Ints.
    Set,
    /// A Duration.
    Duration,
    /// A Date.
    Date,
    /// `Decimal(2)`.
    Decimal,
    /// `Int?`.
    OptInt,
    /// The variant type `V`.
    V,
    /// The variant type `State`.
    State,
    /// `(lo: Int, hi: Int)`.
    Pair,
    /// `(name: Text, n: Int)`.
    Name,
    /// A row of `R`.
    Row,
    /// A refined type, by its index in [`REFINED`].
    Refined(usize),
}

/// The refined types: name and base.
pub const REFINED: &[(&str, T)] = &[
    ("Nat", T::Int),
    ("Pos", T::Int),
    ("Small", T::Int),
    ("Odd", T::Int),
    ("Short", T::Text),
    ("Word", T::Text),
    ("Few", T::List),
    ("Some", T::List),
    ("Sum", T::List),
    ("Two", T::Set),
    ("Span", T::Duration),
    ("Long", T::Duration),
    ("Late", T::Date),
    ("Money", T::Decimal),
    ("Ordered", T::Pair),
    ("Named", T::Name),
];

impl T {
    /// As the program writes it.
    pub fn name(self) -> &'static str {
        match self {
            T::Int => "Int",
            T::Bool => "Bool",
            T::Text => "Text",
            T::List => "[Int]",
            T::Set => "Set[Int]",
            T::Duration => "Duration",
            T::Date => "Date",
            T::Decimal => "Decimal(2)",
            T::OptInt => "Int?",
            T::V => "V",
            T::State => "State",
            T::Pair => "(lo: Int, hi: Int)",
            T::Name => "(name: Text, n: Int)",
            T::Row => "R",
            T::Refined(at) => REFINED[at].0,
        }
    }

    /// Without its rule.
    pub fn base(self) -> T {
        match self {
            T::Refined(at) => REFINED[at].1,
            ty => ty,
        }
    }
}

/// A function of a drawn program.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Its parameters.
    pub params: Vec<(String, T)>,
    /// Its text.
    pub text: String,
}

/// Draws the functions of a program.
pub fn functions(seed: u64, count: usize) -> Vec<Function> {
    let mut random = Random::new(seed);
    (0..count).map(|n| Drawing::new(&mut random).function(n)).collect()
}

/// The program of some functions.
pub fn program(functions: &[Function]) -> String {
    let texts: String = functions.iter().map(|f| f.text.as_str()).collect();
    format!("{DECLARATIONS}{texts}")
}

/// A value for a parameter. Refined types are no parameters of drawn functions: their values would have to be checked first.
pub fn argument(random: &mut Random, ty: T) -> Value {
    let small = |random: &mut Random| random.below(9) as i64 - 3;
    let ints = |random: &mut Random| -> Vec<Value> {
        (0..random.below(4)).map(|_| Value::Int(random.below(5) as i64 - 2)).collect()
    };
    let text = |random: &mut Random| Value::text(["", "a", "ab", "abc", "b", "blåbær"][random.below(6) as usize]);
    match ty {
        T::Int => Value::Int(small(random)),
        T::Bool => Value::Bool(random.below(2) == 0),
        T::Text => text(random),
        T::List => Value::list(ints(random)),
        T::Set => Value::set(ints(random)),
        T::Duration => Value::Duration((random.below(9) as i64 - 1) * 6 * 3_600_000_000),
        // 2026-01-01 and the days around it.
        T::Date => Value::Date(20_454 + random.below(7) as i32 - 1),
        T::Decimal => Value::Decimal { unscaled: small(random) * 25, scale: 2 },
        T::OptInt if random.below(3) == 0 => Value::None,
        T::OptInt => Value::some(Value::Int(small(random))),
        T::V => match random.below(3) {
            0 => Value::variant(0, vec![Value::Int(small(random)), Value::list(vec![text(random)])]),
            1 => Value::variant(1, vec![Value::Int(random.below(4) as i64), text(random)]),
            _ => Value::variant(2, Vec::new()),
        },
        T::State => Value::variant(random.below(3) as u32, Vec::new()),
        T::Pair => Value::record(vec![Value::Int(small(random)), Value::Int(small(random))]),
        T::Name => Value::record(vec![text(random), Value::Int(small(random))]),
        T::Row => Value::Ref { relation: 0, key: std::sync::Arc::new(Value::Int(random.below(3) as i64)) },
        T::Refined(_) => Value::None,
    }
}

/// A name in sight.
#[derive(Clone, Debug)]
struct Local {
    name: String,
    ty: T,
    mutable: bool,
}

/// A function while it is drawn.
struct Drawing<'r> {
    random: &'r mut Random,
    text: String,
    indent: usize,
    locals: Vec<Local>,
    fresh: usize,
    /// A function value that writes a row, made before what it may end becomes known.
    writer: Option<String>,
    /// Lambdas around: nothing returns from one.
    lambdas: usize,
}

impl<'r> Drawing<'r> {
    fn new(random: &'r mut Random) -> Self {
        Drawing { random, text: String::new(), indent: 1, locals: Vec::new(), fresh: 0, writer: None, lambdas: 0 }
    }

    fn function(mut self, number: usize) -> Function {
        const PARAMS: &[T] = &[
            T::Int,
            T::Int,
            T::OptInt,
            T::V,
            T::List,
            T::Text,
            T::Duration,
            T::Date,
            T::Pair,
            T::Name,
            T::Decimal,
            T::Bool,
            T::Set,
        ];
        let name = format!("f{number}");
        let mut params = vec![("k".to_owned(), T::Int)];
        for at in 0..2 + self.below(3) {
            params.push((format!("a{at}"), PARAMS[self.below(PARAMS.len())]));
        }
        for (name, ty) in &params {
            self.locals.push(Local { name: name.clone(), ty: *ty, mutable: false });
        }
        let word = if self.chance(25) { "var" } else { "let" };
        self.line(&format!("{word} p = R[k] else {{ return 0 }}"));
        self.locals.push(Local { name: "p".to_owned(), ty: T::Row, mutable: word == "var" });
        if self.chance(40) {
            // Another name of the row, or another row.
            let key = self.pick(&["k", "1", "p.id"]);
            self.line(&format!("let q = R[{key}] else {{ return 0 }}"));
            self.locals.push(Local { name: "q".to_owned(), ty: T::Row, mutable: false });
        }
        if self.chance(30) {
            let (name, change) = (self.name(), self.change_of_row("p"));
            self.line(&format!("let {name} = y => {{ {change}; y }}"));
            self.writer = Some(name);
        }
        for (from, ty) in params.iter().skip(1) {
            if self.chance(70) {
                let name = self.name();
                self.line(&format!("var {name} = {from}"));
                self.locals.push(Local { name, ty: *ty, mutable: true });
            }
        }
        for _ in 0..1 + self.below(3) {
            self.shape(2);
        }
        let result = self.expr(T::Int, 1);
        self.line(&result);
        let list: Vec<String> = params.iter().map(|(name, ty)| format!("{name}: {}", ty.name())).collect();
        let text = format!("fn {name}({}) -> Int {{\n{}}}\n", list.join(", "), self.text);
        Function { name, params, text }
    }

    fn below(&mut self, bound: usize) -> usize {
        self.random.below(bound as u64) as usize
    }

    /// True so many times of a hundred.
    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    fn line(&mut self, text: &str) {
        self.text.push_str(&"  ".repeat(self.indent));
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn name(&mut self) -> String {
        self.fresh += 1;
        format!("x{}", self.fresh)
    }

    /// A name in sight of one of these types.
    fn local(&mut self, fits: impl Fn(&Local) -> bool) -> Option<Local> {
        let found: Vec<Local> = self.locals.iter().filter(|l| fits(l)).cloned().collect();
        if found.is_empty() {
            return None;
        }
        // The latest names, more often than others.
        let at = self.below(found.len()).max(self.below(found.len()));
        found.into_iter().nth(at)
    }

    /// Draws what stands in a scope of its own.
    fn scoped<X>(&mut self, draw: impl FnOnce(&mut Self) -> X) -> X {
        let locals = self.locals.len();
        self.indent += 1;
        let drawn = draw(self);
        self.indent -= 1;
        self.locals.truncate(locals);
        drawn
    }

    /// Draws a block behind its head.
    fn block(&mut self, head: &str, draw: impl FnOnce(&mut Self)) {
        self.line(&format!("{head} {{"));
        self.scoped(draw);
        self.line("}");
    }
}
