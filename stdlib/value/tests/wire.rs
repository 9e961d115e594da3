//! Values of random shapes go to JSON and back, as values and as lanes, and nothing changes; noise never panics.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use proptest::prelude::*;
use tenon_value::dispatch::{
    Api, Call, Endpoint, EndpointKind, Format, Method, Param, Reply, Service, Source, call_endpoint, read_response,
    write_request,
};
use tenon_value::json::{self, DecodeError, Options};
use tenon_value::lanes::{self, LanePredicates, LaneSink, Memory, VectorMemory};
use tenon_value::shape::{Case, Field, Kind, PredicateId, Presence, Shape, ShapeId, Shapes};
use tenon_value::sink::NoPredicates;
use tenon_value::{Fault, Value, time};

/// A small generator, so that one number stands for a shape and a value of it.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// Numbers near the edges as often as others.
    fn int(&mut self) -> i64 {
        match self.below(4) {
            0 => self.below(20) as i64 - 10,
            1 => [i64::MIN, i64::MAX, 0, -1][self.below(4) as usize],
            _ => self.next() as i64,
        }
    }

    fn within(&mut self, min: i64, max: i64) -> i64 {
        match self.below(4) {
            0 => min,
            1 => max,
            _ => min + (self.next() as i128).rem_euclid(i128::from(max) - i128::from(min) + 1) as i64,
        }
    }

    fn text(&mut self) -> String {
        let letters = ['a', 'Z', '"', '\\', '\n', '\u{1}', 'å', '😀', '/', '\u{2028}', '~', ' '];
        (0..self.below(16)).map(|_| letters[self.below(12) as usize]).collect()
    }
}

fn fields(random: &mut Random, shapes: &mut Shapes, depth: u32) -> Vec<Field> {
    (0..random.below(4))
        .map(|index| {
            let shape = shape(random, shapes, depth);
            let presence = if random.below(3) == 0 { Presence::Absentable } else { Presence::Required };
            Field::new(format!("f{index}"), shape).presence(presence)
        })
        .collect()
}

fn shape(random: &mut Random, shapes: &mut Shapes, depth: u32) -> ShapeId {
    let simple = [
        Kind::Bool,
        Kind::Int,
        Kind::Decimal { scale: 2 },
        Kind::Float,
        Kind::Text,
        Kind::Bytes,
        Kind::Instant,
        Kind::DateTime,
        Kind::Date,
        Kind::Time,
        Kind::Duration,
        Kind::Id,
        Kind::Uuid,
        Kind::Json,
    ];
    let kind = match random.below(if depth == 0 { 14 } else { 24 }) {
        n @ 0..14 => simple[n as usize].clone(),
        14 | 15 => {
            let content = shape(random, shapes, depth - 1);
            // `null` cannot tell an absent option from an absent option within one.
            if matches!(shapes.get(content).kind, Kind::Option(_) | Kind::Json) {
                Kind::Bool
            } else {
                Kind::Option(content)
            }
        }
        16 => Kind::List(shape(random, shapes, depth - 1)),
        17 => Kind::Bag(shape(random, shapes, depth - 1)),
        18 => Kind::Set(shape(random, shapes, depth - 1)),
        19 | 20 => Kind::Map { key: shape(random, shapes, depth - 1), value: shape(random, shapes, depth - 1) },
        21 | 22 => Kind::Record { fields: fields(random, shapes, depth - 1) },
        _ => {
            let bare = random.below(2) == 0;
            let cases = (0..1 + random.below(3))
                .map(|index| {
                    let fields = if bare { vec![] } else { fields(random, shapes, depth - 1) };
                    Case { name: format!("C{index}").into(), fields }
                })
                .collect();
            Kind::Variant { cases, bare }
        }
    };
    shapes.add(Shape::new(kind))
}

fn values(random: &mut Random, shapes: &Shapes, fields: &[Field]) -> Vec<Value> {
    fields
        .iter()
        .map(|field| match field.presence {
            Presence::Absentable if random.below(2) == 0 => Value::None,
            _ => {
                let content = value(random, shapes, field.shape);
                shapes.with_content(field, Some(content))
            }
        })
        .collect()
}

fn value(random: &mut Random, shapes: &Shapes, shape: ShapeId) -> Value {
    let several = |random: &mut Random, element: ShapeId| -> Vec<Value> {
        (0..random.below(4)).map(|_| value(random, shapes, element)).collect()
    };
    match &shapes.get(shape).kind {
        Kind::Bool => Value::Bool(random.below(2) == 0),
        Kind::Int => Value::Int(random.int()),
        Kind::Decimal { scale } => Value::Decimal { unscaled: random.int(), scale: *scale },
        Kind::Float => Value::float(f64::from_bits(random.next())).unwrap_or(Value::Float(0.1)),
        Kind::Text => Value::text(random.text()),
        Kind::Bytes => Value::Bytes(random.text().as_bytes().into()),
        Kind::Instant => Value::Instant(random.within(time::INSTANT_MIN, time::INSTANT_MAX)),
        Kind::DateTime => Value::DateTime(random.within(time::DATE_TIME_MIN, time::DATE_TIME_MAX)),
        Kind::Date => Value::Date(random.within(time::DATE_MIN.into(), time::DATE_MAX.into()) as i32),
        Kind::Time => Value::Time(random.within(0, time::DAY - 1)),
        Kind::Duration => Value::Duration(random.int()),
        Kind::Id => Value::Id(u128::from(random.next()) << 64 | u128::from(random.next())),
        Kind::Uuid => Value::Uuid(u128::from(random.next()) << 64 | u128::from(random.next())),
        Kind::Json => {
            let text = format!("{{\"b\": [1, 2.50, null], \"a\": {:?}}}", random.below(100));
            Value::Json(json::canonical(&text).unwrap().into())
        }
        Kind::Option(content) => {
            if random.below(2) == 0 {
                Value::None
            } else {
                Value::some(value(random, shapes, *content))
            }
        }
        Kind::List(element) => Value::list(several(random, *element)),
        Kind::Bag(element) => Value::bag(several(random, *element)),
        Kind::Set(element) => Value::set(several(random, *element)),
        Kind::Map { key, value: content } => {
            let keys = several(random, *key);
            Value::map(keys.into_iter().map(|key| (key, value(random, shapes, *content))))
        }
        Kind::Record { fields } => Value::record(values(random, shapes, fields)),
        Kind::Variant { cases, .. } => {
            let tag = random.below(cases.len() as u64) as usize;
            Value::variant(tag as u32, values(random, shapes, &cases[tag].fields))
        }
        Kind::Ref { .. } | Kind::Row { .. } => unreachable!("not generated"),
    }
}

struct Lanes(VectorMemory);

impl Memory for Lanes {
    fn put_bytes(&mut self, bytes: &[u8]) -> Result<[u64; 2], Fault> {
        self.0.put_bytes(bytes)
    }
    fn bytes<'a>(&'a self, string: &'a [u64; 2]) -> &'a [u8] {
        self.0.bytes(string)
    }
    fn put_collection(&mut self, count: usize, elements: &[u64]) -> Result<u64, Fault> {
        self.0.put_collection(count, elements)
    }
    fn collection(&self, collection: u64, stride: usize) -> (usize, &[u64]) {
        self.0.collection(collection, stride)
    }
}

impl LanePredicates for Lanes {
    fn holds(&mut self, _: PredicateId, _: ShapeId, _: &[u64]) -> Result<bool, Fault> {
        Err(Fault::Internal)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_way_leads_back(seed in 1u64..) {
        let mut random = Random(seed);
        let mut shapes = Shapes::new();
        let id = shape(&mut random, &mut shapes, 3);
        shapes.finish().unwrap();
        let value = value(&mut random, &shapes, id);

        // Through JSON as a value.
        let text = json::encode_value(&shapes, id, &value).unwrap();
        let said = String::from_utf8(text.clone()).unwrap();
        prop_assert!(serde_json::from_str::<serde_json::Value>(&said).is_ok(), "{}", said);
        let back = json::decode_value(&shapes, id, &text, Options::default(), NoPredicates);
        prop_assert_eq!(back.as_ref(), Ok(&value), "{}", said);

        // Through JSON as lanes.
        let mut memory = Lanes(VectorMemory::new());
        let mut sink = LaneSink::new(shapes.lanes(id), &mut memory);
        json::decode(&shapes, id, &text, Options::default(), &mut sink).unwrap();
        let decoded = sink.finish();
        prop_assert_eq!(lanes::to_value(&shapes, id, &decoded, &memory), Ok(value.clone()));
        prop_assert_eq!(lanes::encode_lanes(&shapes, id, &decoded, &memory).map(String::from_utf8), Ok(Ok(said)));

        // From a value into lanes.
        let mut written = vec![7; shapes.lanes(id) as usize];
        lanes::from_value(&shapes, id, &value, &mut written, &mut memory).unwrap();
        prop_assert_eq!(lanes::compare(&shapes, id, &decoded, &written, &memory), std::cmp::Ordering::Equal);
        prop_assert_eq!(lanes::to_value(&shapes, id, &written, &memory), Ok(value));
    }

    #[test]
    fn lanes_are_ordered_as_values(seed in 1u64..) {
        let mut random = Random(seed);
        let mut shapes = Shapes::new();
        let id = shape(&mut random, &mut shapes, 2);
        shapes.finish().unwrap();
        let (a, b) = (value(&mut random, &shapes, id), value(&mut random, &shapes, id));
        let mut memory = VectorMemory::new();
        let mut write = |value: &Value| {
            let mut lanes = vec![0; shapes.lanes(id) as usize];
            lanes::from_value(&shapes, id, value, &mut lanes, &mut memory).unwrap();
            lanes
        };
        let (x, y) = (write(&a), write(&b));
        prop_assert_eq!(lanes::compare(&shapes, id, &x, &y, &memory), a.cmp(&b));
    }

    #[test]
    fn noise_is_refused_and_never_panics(seed in 1u64.., cut in 0usize..200, put in 0usize..200, byte: u8) {
        let mut random = Random(seed);
        let mut shapes = Shapes::new();
        let id = shape(&mut random, &mut shapes, 3);
        shapes.finish().unwrap();
        let value = value(&mut random, &shapes, id);
        let mut text = json::encode_value(&shapes, id, &value).unwrap();
        text.truncate(cut.max(1));
        if let Some(there) = text.get_mut(put) {
            *there = byte;
        }
        let decoded = json::decode_value(&shapes, id, &text, Options::default(), NoPredicates);
        prop_assert!(!matches!(decoded, Err(DecodeError::Fault(_))), "{:?}", decoded);
        let mut memory = Lanes(VectorMemory::new());
        let mut sink = LaneSink::new(shapes.lanes(id), &mut memory);
        let other = json::decode(&shapes, id, &text, Options::default(), &mut sink);
        prop_assert_eq!(other.is_ok(), decoded.is_ok());
    }

    #[test]
    fn a_call_leads_back_to_its_arguments(seed in 1u64..) {
        let mut random = Random(seed);
        let mut api = Api::new("echo");
        let (mut fields, mut params) = (Vec::new(), Vec::new());
        let mut path = String::from("/echo");
        for index in 0..random.below(5) {
            let id = shape(&mut random, &mut api.shapes, 2);
            let kind = &api.shapes.get(id).kind;
            let source = match random.below(5) {
                0 if is_one_text(kind) => Source::Path,
                1 if is_parameter(&api.shapes, kind) => Source::Query,
                2 if is_one_text(kind) => Source::Cookie,
                3 if is_plain(kind) => Source::Header,
                _ => Source::Body,
            };
            let loses_absence = matches!(kind, Kind::Option(_) | Kind::List(_) | Kind::Bag(_) | Kind::Set(_));
            let required = source == Source::Path || source != Source::Body && loses_absence;
            let presence = if !required && random.below(2) == 0 { Presence::Absentable } else { Presence::Required };
            fields.push(Field::new(format!("p{index}"), id).presence(presence));
            params.push(Param { name: format!("p{index}").into(), source });
            if source == Source::Path {
                path.push_str(&format!("/{{p{index}}}"));
            }
        }
        let arguments = api.shapes.record(fields.clone());
        api.endpoints.push(Endpoint {
            name: "echo".into(),
            doc: None,
            kind: EndpointKind::Handler,
            method: Method::Post,
            path: path.into(),
            params,
            arguments,
            answer: Some(arguments),
            answer_format: Format::Json,
            status: 200,
            failures: vec![],
        });
        api.shapes.finish().unwrap();
        let value = Value::record(values(&mut random, &api.shapes, &fields));
        let echo = Echo(api);
        let request = write_request(&echo.0, 0, &value).unwrap();
        let called = call_endpoint(&echo, 0, &request, 0);
        prop_assert_eq!(read_response(&echo.0, 0, &called.response), Ok(value), "{:?}", request);
    }
}

/// Answers its arguments.
struct Echo(Api);

impl Service for Echo {
    fn api(&self) -> &Api {
        &self.0
    }

    fn call(&self, call: &Call<'_>) -> Reply {
        call.decode_value(NoPredicates).map_or_else(Into::into, |arguments| call.answer(&arguments).into())
    }
}

/// Shapes whose values are one text outside JSON.
fn is_one_text(kind: &Kind) -> bool {
    !matches!(kind, Kind::Option(_) | Kind::List(_) | Kind::Bag(_) | Kind::Set(_))
}

/// Shapes whose values can be told apart in a query string, where there is no `null` and no empty list.
fn is_parameter(shapes: &Shapes, kind: &Kind) -> bool {
    match kind {
        Kind::Option(part) | Kind::List(part) | Kind::Bag(part) | Kind::Set(part) => {
            is_one_text(&shapes.get(*part).kind)
        }
        _ => true,
    }
}

/// Shapes whose texts have no spaces at their ends and no control characters.
fn is_plain(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Bool | Kind::Int | Kind::Decimal { .. } | Kind::Float | Kind::Date | Kind::Instant | Kind::Uuid
    )
}

#[test]
fn records_may_have_many_fields() {
    let mut shapes = Shapes::new();
    let int = shapes.kind(Kind::Int);
    let record = shapes.record((0..200).map(|n| Field::new(format!("f{n}"), int)));
    shapes.finish().unwrap();
    let value = Value::record((0..200).map(Value::Int).collect::<Vec<_>>());
    let text = json::encode_value(&shapes, record, &value).unwrap();
    assert_eq!(json::decode_value(&shapes, record, &text, Options::default(), NoPredicates), Ok(value));
    let twice = String::from_utf8(text).unwrap().replace("\"f100\":100", "\"f99\":99");
    let Err(DecodeError::Problems(problems)) =
        json::decode_value(&shapes, record, twice.as_bytes(), Options::default(), NoPredicates)
    else {
        panic!("refused");
    };
    assert_eq!(problems.iter().map(|p| p.code.as_str()).collect::<Vec<_>>(), ["duplicate", "missing"]);
}
