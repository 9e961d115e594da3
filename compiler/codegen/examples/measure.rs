//! Measures machine code: time to compile, a transfer between accounts in memory, and the loops of two analytic queries.
//!
//! `cargo run --release -p tenon-codegen --example measure [rows] [transfers]`

use std::sync::Arc;
use std::time::Instant;

use tenon_codegen::Options;
use tenon_core::ir::{FunctionId, Program};
use tenon_plan::statistics::Assumed;
use tenon_runtime::native::{Loaded, load};
use tenon_runtime::{CallContext, Limits, Status};

const PROGRAM: &str = r#"
relation Account { field id: Int field balance: Int key id }
relation Transfer { field n: Int field source: Ref[Account] field target: Ref[Account] field amount: Int key n generated serial }
relation Line { field id: Int field qty: Int field price: Int field discount: Int field tax: Int field flag: Int field status: Int field day: Date field order: Int key id }
error Insufficient(left: Int)
fn open(n: Int) -> Int writes {
  for i in range(0, n) { do insert Account(id = i, balance = 1000000) on_key Conflict(; "exists") }
  return n
}
fn transfer(a: Int, b: Int, amount: Int) -> Int writes {
  do x <- lookup Account(a)
  if is_some(x) { } else { fail NotFound(; "no source") }
  do y <- lookup Account(b)
  if is_some(y) { } else { fail NotFound(; "no target") }
  let p = unwrap(x)
  let q = unwrap(y)
  if (p.balance < amount) { fail Insufficient(p.balance; "too little") } else { }
  do p2 <- update Account ref(p) set (balance = (p.balance - amount)) on_gone NotFound(; "gone")
  do q2 <- update Account ref(q) set (balance = (q.balance + amount)) on_gone NotFound(; "gone")
  do s <- serial Transfer
  do t <- insert Transfer(n = s, source = ref(p), target = ref(q), amount = amount) on_key Conflict(; "exists")
  return s
}
fn fill(n: Int) -> Int writes {
  for i in range(0, n) {
    do insert Line(id = i, qty = mod_int((i * 7919), 50), price = (1000 + mod_int((i * 31), 90000)), discount = mod_int(i, 11), tax = mod_int(i, 9), flag = mod_int((i * 13), 3), status = mod_int((i * 17), 2), day = const(Date, date(9000)), order = mod_int((i * 2654435761), 150000)) on_key Conflict(; "exists")
  }
  return n
}
query q6(low: Int, high: Int, most: Int) {
  scan Line l
  filter (((l.discount >= low) and (l.discount <= high)) and (l.qty < most))
  group_all fold total = sum((l.price * l.discount))
  one total
}
fn run_q6(low: Int, high: Int, most: Int) -> Int reads { let r = (query q6(low, high, most) : Int) return r }
query q1() {
  scan Line l
  filter (l.day <= const(Date, date(10000)))
  group by f = l.flag, s = l.status fold a = sum(l.qty) fold b = sum(l.price) fold c = sum((l.price * (100 - l.discount))) fold d = sum(((l.price * (100 - l.discount)) * (100 + l.tax))) fold n = count()
  sort f, s
  collect {f: f, s: s, a: a, b: b, c: c, d: d, n: n}
}
fn run_q1() -> Int reads {
  let r = (query q1() : [{f: Int, s: Int, a: Int, b: Int, c: Int, d: Int, n: Int}])
  return length(r)
}
query q18(most: Int) {
  scan Line l
  group by o = l.order fold a = sum(l.qty)
  filter (a > most)
  group_all fold n = count()
  one n
}
fn run_q18(most: Int) -> Int reads { let r = (query q18(most) : Int) return r }
"#;

struct Machine {
    program: Program,
    loaded: Arc<Loaded>,
    data: tenon_store::Image,
    ctx: CallContext,
}

const LIMITS: Limits = Limits { fuel: 1 << 40, memory: 1 << 30, depth: 2_000 };

impl Machine {
    fn function(&self, name: &str) -> u32 {
        self.program.functions.iter().position(|f| f.name == name).expect("it stands in the text") as u32
    }

    fn write(&mut self, function: u32, args: &[u64]) -> u64 {
        let ctx = &mut self.ctx;
        let mut transaction = self.data.write();
        ctx.reset(LIMITS, 0, 1);
        self.loaded.prepare(ctx);
        ctx.image = &self.data;
        ctx.relations = self.data.views();
        ctx.snapshot = transaction.number();
        ctx.transaction = (&raw mut transaction).cast();
        let entry = self.loaded.entry(function).expect("all functions are entries");
        let mut result = [0];
        let status = self.loaded.call(entry, ctx, args, &mut result);
        ctx.transaction = std::ptr::null_mut();
        assert_eq!(status, Status::Ok, "{:?}", ctx.fault);
        let mut changes = Vec::new();
        let commit = transaction.commit(&mut changes);
        self.data.set_durable(commit);
        result[0]
    }

    fn read(&mut self, function: u32, args: &[u64]) -> u64 {
        let ctx = &mut self.ctx;
        let snapshot = self.data.newest_snapshot();
        ctx.reset(LIMITS, 0, 1);
        self.loaded.prepare(ctx);
        ctx.image = &self.data;
        ctx.relations = self.data.views();
        ctx.snapshot = snapshot.number();
        let entry = self.loaded.entry(function).expect("all functions are entries");
        let mut result = [0];
        let status = self.loaded.call(entry, ctx, args, &mut result);
        assert_eq!(status, Status::Ok, "{:?}", ctx.fault);
        result[0]
    }
}

fn main() {
    let number = |at: usize, otherwise: u64| std::env::args().nth(at).and_then(|n| n.parse().ok()).unwrap_or(otherwise);
    let (rows, count) = (number(1, 600_000), number(2, 500_000));
    let program = tenon_core::text::parse(PROGRAM).expect("the text is right");
    let planned = tenon_plan::plan(&program, &Assumed::new(&program)).expect("it has plans");
    let all: Vec<FunctionId> = (0..program.functions.len()).map(|i| FunctionId(i as u32)).collect();
    let mut loaded = None;
    for optimize in [false, true] {
        let options = Options { optimize, verify: false, ..Options::default() };
        for _ in 0..3 {
            let start = Instant::now();
            let compiled = tenon_codegen::compile(&program, &planned.schema, &planned.queries, &all, &options)
                .expect("it compiles");
            let size = compiled.image.text.len();
            loaded = Some(load(compiled.image).expect("it loads"));
            println!("compile optimize={optimize}: {:?}, {size} bytes of code", start.elapsed());
        }
    }
    let data = tenon_store::Image::new(Arc::new(planned.schema.clone())).expect("the schema is right");
    let mut m = Machine { program, loaded: loaded.expect("compiled above"), data, ctx: CallContext::new(LIMITS, 0, 1) };
    let (open, transfer, fill) = (m.function("open"), m.function("transfer"), m.function("fill"));
    m.write(open, &[100_000]);
    for _ in 0..5 {
        let start = Instant::now();
        let mut state = 1u64;
        for _ in 0..count {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let (a, b) = ((state >> 33) % 100_000, (state >> 13) % 100_000);
            m.write(transfer, &[a, if a == b { (b + 1) % 100_000 } else { b }, 1]);
        }
        let took = start.elapsed();
        println!("transfer: {:.0}/s ({:?} each)", count as f64 / took.as_secs_f64(), took / count as u32);
    }
    let start = Instant::now();
    m.write(fill, &[rows]);
    println!("insert: {:?} per row", start.elapsed() / rows as u32);
    for (name, args) in [("run_q6", vec![5u64, 7, 24]), ("run_q1", vec![]), ("run_q18", vec![250])] {
        let function = m.function(name);
        let mut best = f64::MAX;
        let mut result = 0;
        for _ in 0..7 {
            let start = Instant::now();
            result = m.read(function, &args);
            best = best.min(start.elapsed().as_secs_f64());
        }
        println!("{name}: {:.2} ms, {:.2} ns/row, result {result}", best * 1e3, best * 1e9 / rows as f64);
    }
}
