//! Scenarios over the evaluator, through the wire.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;
use tenon_core::eval::Evaluator;
use tenon_core::ir::Program;
use tenon_core::scenario::{EvaluatorEngine, Report, run};
use tenon_core::text::{parse, print};
use tenon_value::BuiltIn;
use tenon_value::dispatch::{Endpoint, EndpointKind, ErrorShape, Format, Method, Param, Source};
use tenon_value::shape::{Field, Kind};

const SHOP: &str = r#"
program "shop"
relation Product { field sku: Text field stock: Int key sku }
error OutOfStock(left: Int)

fn place(args: {sku: Text, qty: Int}) -> {left: Int} writes {
  do found <- lookup Product(args.sku)
  if not(is_some(found)) { fail NotFound(; concat("no product ", args.sku)) }
  let p = unwrap(found)
  if (p.stock < args.qty) { fail OutOfStock(p.stock; concat("only ", to_text(p.stock), " left")) }
  do p <- update Product ref(p) set (stock = (p.stock - args.qty)) on_gone NotFound(; "gone")
  return {left: p.stock}
}
fn fill() -> Ref[Product] writes {
  do p <- insert Product(sku = "tee", stock = 10) on_key Conflict(; "exists")
  return ref(p)
}
fn one(p: Ref[Product]) -> {sku: Text, qty: Int} reads { let row = follow(p) return {sku: row.sku, qty: 1} }
fn other() -> {sku: Text, qty: Int} pure { return {sku: "cap", qty: 1} }
fn left(answer: {left: Int}) -> Int pure { return answer.left }
fn ten_and_five(ok: Int, out: Int) -> Bool pure { return ((ok == 10) and (out == 5)) }
fn none_left(left: Int, p: Ref[Product]) -> Bool pure { return (left == 0) }
fn same(n: Int) -> Int pure { return n }
fn is_zero(n: Int) -> Bool pure { return (n == 0) }
fn empty(p: Ref[Product]) -> Bool reads { let row = follow(p) return (row.stock == 0) }
fn stock(p: Ref[Product]) -> Int reads { let row = follow(p) return row.stock }
fn hour() -> Duration pure { return duration(3600000000) }
fn at_start() -> Instant reads { do t <- now return t }
fn an_hour_later(t: Instant) -> Bool reads { do u <- now return ((u - t) >= duration(3600000000)) }

endpoint place

scenario "the last item is sold once" {
  given p = fill()
  when 15 0 one(p)
  counts ok = succeeded, out = failed OutOfStock
  then ten_and_five(ok, out) text "succeeded == 10 and failed OutOfStock == 5"
  then empty(p) text "p.stock == 0" part "p.stock" stock
  when 1 0 one(p) fails OutOfStock where none_left
  when 1 0 one(p) fails Conflict
  when 1 0 other() fails NotFound
}
scenario "an answer is bound, and time passes" {
  given p = fill()
  given t = at_start()
  when 1 0 one(p) bind n = left
  after hour()
  then an_hour_later(t) text "now() - t >= 1h"
  then is_zero(n) text "n == 0" part "n" same
}
scenario "a failure is told" {
  when 1 0 other()
}
scenario "a failure that does not come is told" {
  given p = fill()
  when 1 0 one(p) fails NotFound
}
"#;

fn shop() -> Program {
    let mut program = parse(SHOP).unwrap_or_else(|e| panic!("{e}"));
    let shapes = &mut program.api.shapes;
    let (text, int) = (shapes.kind(Kind::Text), shapes.kind(Kind::Int));
    let arguments = shapes.record([Field::new("sku", text), Field::new("qty", int)]);
    let answer = shapes.record([Field::new("left", int)]);
    let fields = shapes.record([Field::new("left", int)]);
    shapes.finish().unwrap();
    program.api.errors.push(ErrorShape { name: "OutOfStock".into(), base: BuiltIn::Conflict, fields, doc: None });
    program.api.endpoints.push(Endpoint {
        name: "place".into(),
        doc: None,
        kind: EndpointKind::Handler,
        method: Method::Post,
        path: "/orders".into(),
        params: vec![
            Param { name: "sku".into(), source: Source::Body },
            Param { name: "qty".into(), source: Source::Body },
        ],
        arguments,
        answer: Some(answer),
        answer_format: Format::Json,
        status: 201,
        failures: Vec::new(),
    });
    tenon_core::verify::assert_valid(&program);
    program
}

fn report(program: &Arc<Program>, index: usize, seed: u64) -> Report {
    let mut engine = EvaluatorEngine::new(Evaluator::new(program.clone()));
    run(program, &program.scenarios[index], &mut engine, seed)
}

#[test]
fn a_scenario_holds_whatever_the_seed() {
    let program = Arc::new(shop());
    for seed in 0..5 {
        assert_eq!(report(&program, 0, seed).broken, None);
    }
}

#[test]
fn a_report_shows_the_expression_and_its_parts() {
    let program = Arc::new(shop());
    let report = report(&program, 1, 7);
    let broken = report.broken.unwrap();
    assert_eq!(broken.text.as_deref(), Some("n == 0"));
    assert_eq!(broken.parts, [("n".to_string(), "9".to_string())]);
    assert_eq!(report.seed, 7);
}

#[test]
fn surprises_are_told() {
    let program = Arc::new(shop());
    let message = |index| report(&program, index, 1).broken.unwrap().message;
    assert_eq!(message(2), "failed with NotFound (404): no product cap");
    assert_eq!(message(3), "succeeded, but should have failed with NotFound");
}

#[test]
fn an_interface_reads_back() {
    let program = shop();
    let text = print(&program);
    assert_eq!(parse(&text).unwrap_or_else(|e| panic!("{e}\n{text}")), program);
}

#[test]
fn engines_can_be_sent_to_other_threads() {
    fn is_send<T: Send>() {}
    is_send::<EvaluatorEngine>();
    is_send::<Report>();
}
