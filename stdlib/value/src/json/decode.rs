//! From bytes into a sink, by a shape.

use std::borrow::Cow;

use smol_str::SmolStr;

use super::MAX_DEPTH;
use super::reader::Reader;
use crate::decimal::{self, BadDecimal};
use crate::fault::Fault;
use crate::problem::{Place, Problem, ProblemCode};
use crate::shape::{Case, Field, Kind, Presence, Rule, Shape, ShapeId, Shapes};
use crate::sink::{Integer, Predicates, Sink, ValueSink};
use crate::value::Value;
use crate::{base64, identity, text, time};

/// How to decode.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// What to do with fields that the shape does not have.
    pub unknown: Unknown,
    /// How deeply a text may nest.
    pub max_depth: usize,
    /// How many problems are listed before decoding stops.
    pub max_problems: usize,
}

/// What to do with fields that a shape does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// They are problems: what callers send.
    Refuse,
    /// They are skipped: what outside systems send.
    Ignore,
}

impl Default for Options {
    fn default() -> Self {
        Options { unknown: Unknown::Refuse, max_depth: MAX_DEPTH, max_problems: 100 }
    }
}

/// Why there is no value.
#[derive(Clone, Debug, PartialEq)]
pub enum DecodeError {
    /// What the caller sent has problems.
    Problems(Vec<Problem>),
    /// The sink or a predicate met a fault.
    Fault(Fault),
}

/// Decodes a whole text into a sink.
pub fn decode<S: Sink>(
    shapes: &Shapes,
    shape: ShapeId,
    bytes: &[u8],
    options: Options,
    sink: &mut S,
) -> Result<(), DecodeError> {
    let mut decoder = Decoder::new(shapes, options);
    decoder.body(bytes, sink, Body::Value(shape));
    decoder.finish()
}

/// Decodes a whole text into a value.
pub fn decode_value(
    shapes: &Shapes,
    shape: ShapeId,
    bytes: &[u8],
    options: Options,
    predicates: impl Predicates,
) -> Result<Value, DecodeError> {
    let mut sink = ValueSink::new(predicates);
    decode(shapes, shape, bytes, options, &mut sink)?;
    sink.finish().ok_or(DecodeError::Fault(Fault::Internal))
}

/// Opens the place of the content of an absent-able field that is there, inside the field's place.
pub fn enter_content<S: Sink>(shapes: &Shapes, field: &Field, sink: &mut S) {
    if field.presence == Presence::Absentable {
        sink.enter_some();
        if shapes.is_held(field) {
            sink.record(1);
            sink.enter_field(0, 0);
        }
    }
}

/// Leaves what [`enter_content`] opened.
pub fn leave_content<S: Sink>(shapes: &Shapes, field: &Field, sink: &mut S) {
    if field.presence == Presence::Absentable {
        if shapes.is_held(field) {
            sink.leave();
            sink.end_record();
        }
        sink.leave();
    }
}

/// What a body holds.
#[derive(Clone, Copy)]
pub enum Body<'a> {
    /// A value of a shape, for the present place.
    Value(ShapeId),
    /// An object whose members are some fields of the record that is open at the present place.
    Members(&'a [Field], &'a [bool]),
}

/// Decoding goes no further.
pub(super) struct Stop;

/// One step of a place.
#[derive(Clone)]
pub(super) enum Step<'a> {
    Name(Cow<'a, str>),
    Index(usize),
}

/// Where the text comes from.
#[derive(Clone)]
enum Origin {
    Body,
    Parameter(Place),
}

/// Decodes several texts (path, query string, headers, body) into one sink and gathers the problems of all.
pub struct Decoder<'a> {
    pub(super) shapes: &'a Shapes,
    pub(super) options: Options,
    origin: Origin,
    problems: Vec<Problem>,
    fault: Option<Fault>,
    /// Whether too many problems were met.
    full: bool,
}

impl<'a> Decoder<'a> {
    /// A decoder without problems.
    pub fn new(shapes: &'a Shapes, options: Options) -> Decoder<'a> {
        Decoder { shapes, options, origin: Origin::Body, problems: Vec::new(), fault: None, full: false }
    }

    /// What was found: nothing wrong, or everything that is.
    pub fn finish(self) -> Result<(), DecodeError> {
        match self.fault {
            Some(fault) => Err(DecodeError::Fault(fault)),
            None if self.problems.is_empty() => Ok(()),
            None => Err(DecodeError::Problems(self.problems)),
        }
    }

    /// Whether decoding has met no problem so far.
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty() && self.fault.is_none()
    }

    /// Adds a problem that was found outside.
    pub fn add(&mut self, problem: Problem) {
        if self.full {
            return;
        }
        if self.problems.len() >= self.options.max_problems {
            self.full = true;
            self.problems.push(Problem {
                place: Place::Body(String::new()),
                code: ProblemCode::More,
                detail: "there are more problems than are listed".into(),
            });
        } else {
            self.problems.push(problem);
        }
    }

    /// The shapes that texts are decoded by.
    pub fn shapes(&self) -> &'a Shapes {
        self.shapes
    }

    /// Ends decoding with a fault that was met outside.
    pub fn stop(&mut self, fault: Fault) {
        self.fault.get_or_insert(fault);
    }

    /// Decodes raw bytes into the present place.
    pub fn bytes<S: Sink>(&mut self, place: Place, shape: ShapeId, bytes: &[u8], sink: &mut S) {
        self.begin_parameter(place);
        let before = self.count();
        if let Err(fault) = sink.bytes(bytes) {
            return self.stop(fault);
        }
        let rules = self.length_rules(&[], self.shapes.get(shape), "bytes", || bytes.len() as u64);
        if rules.is_ok() && self.count() == before {
            // Why it stopped is already written down.
            let _ = self.predicates(&[], shape, sink);
        }
    }

    /// Ends decoding with a fault.
    pub(super) fn fail(&mut self, fault: Fault) -> Stop {
        self.fault.get_or_insert(fault);
        Stop
    }

    /// Sets where problems are reported until the next text.
    pub(super) fn begin_parameter(&mut self, place: Place) {
        self.origin = Origin::Parameter(place);
    }

    /// How many problems there are, to see whether a value has any of its own.
    pub(super) fn count(&self) -> usize {
        self.problems.len()
    }

    /// Reports a problem at a place.
    pub(super) fn problem(
        &mut self,
        path: &[Step<'_>],
        code: ProblemCode,
        detail: impl Into<String>,
    ) -> Result<(), Stop> {
        let place = match &self.origin {
            Origin::Body => Place::Body(pointer(path)),
            Origin::Parameter(place) => place.clone(),
        };
        self.add(Problem { place, code, detail: detail.into() });
        if self.full { Err(Stop) } else { Ok(()) }
    }

    /// Decodes a body.
    pub fn body<S: Sink>(&mut self, bytes: &[u8], sink: &mut S, body: Body<'_>) {
        if self.fault.is_some() || self.full {
            return;
        }
        self.origin = Origin::Body;
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let detail = format!("the body is not UTF-8 at byte {}", error.valid_up_to());
                let _ = self.problem(&[], ProblemCode::Syntax, detail);
                return;
            }
        };
        self.json(text, sink, body);
    }

    /// Decodes a JSON text from the present origin.
    pub(super) fn json<S: Sink>(&mut self, text: &str, sink: &mut S, body: Body<'_>) {
        let mut reader = Reader::new(text, self);
        // Why it stopped is already written down.
        let _ = reader.whole(sink, body);
    }

    /// The rules of a shape that speak about numbers of elements or letters.
    pub(super) fn length_rules(
        &mut self,
        path: &[Step<'_>],
        shape: &Shape,
        unit: &str,
        length: impl FnOnce() -> u64,
    ) -> Result<(), Stop> {
        if !shape.checks.iter().any(|check| matches!(check.rule, Rule::Length { .. })) {
            return Ok(());
        }
        let length = length();
        for check in &shape.checks {
            if let Rule::Length { min, max } = check.rule
                && (min.is_some_and(|min| length < min) || max.is_some_and(|max| length > max))
            {
                let detail = said(&check.message, || {
                    let bounds = between(min.map(|n| n.to_string()), max.map(|n| n.to_string()));
                    format!("must have {bounds} {unit}, and has {length}")
                });
                self.problem(path, ProblemCode::Length, detail)?;
            }
        }
        Ok(())
    }

    /// The rules of a shape about an Int.
    pub(super) fn integer_rules(&mut self, path: &[Step<'_>], shape: &Shape, value: i64) -> Result<(), Stop> {
        for check in &shape.checks {
            match &check.rule {
                Rule::IntRange { min, max }
                    if min.is_some_and(|min| value < min) || max.is_some_and(|max| value > max) =>
                {
                    let detail = said(&check.message, || {
                        bounds(min.map(|n| n.to_string()), max.map(|n| n.to_string()), &value.to_string())
                    });
                    self.problem(path, ProblemCode::Range, detail)?;
                }
                Rule::OneOf(values) if !values.contains(&Value::Int(value)) => {
                    self.not_one_of(path, &check.message, values)?
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The rules of a shape about a Decimal.
    pub(super) fn decimal_rules(
        &mut self,
        path: &[Step<'_>],
        shape: &Shape,
        value: i64,
        scale: u8,
    ) -> Result<(), Stop> {
        let write = |n: i64| decimal::to_text(n, scale);
        for check in &shape.checks {
            match &check.rule {
                Rule::DecimalRange { min, max }
                    if min.is_some_and(|min| value < min) || max.is_some_and(|max| value > max) =>
                {
                    let detail = said(&check.message, || bounds(min.map(write), max.map(write), &write(value)));
                    self.problem(path, ProblemCode::Range, detail)?;
                }
                Rule::OneOf(values) if !values.contains(&Value::Decimal { unscaled: value, scale }) => {
                    self.not_one_of(path, &check.message, values)?
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The rules of a shape about a Text.
    pub(super) fn text_rules(&mut self, path: &[Step<'_>], shape: &Shape, value: &str) -> Result<(), Stop> {
        if shape.checks.is_empty() {
            return Ok(());
        }
        self.length_rules(path, shape, "characters", || text::length(value) as u64)?;
        for check in &shape.checks {
            match &check.rule {
                Rule::Matches(pattern) => match self.shapes.compiled_pattern(*pattern) {
                    None => return Err(self.fail(Fault::Internal)),
                    Some(compiled) if compiled.matches(value) => {}
                    Some(_) => {
                        let pattern = self.shapes.pattern_text(*pattern);
                        let detail = said(&check.message, || format!("must match {pattern}"));
                        self.problem(path, ProblemCode::Format, detail)?;
                    }
                },
                Rule::OneOf(values) if !values.iter().any(|v| matches!(v, Value::Text(t) if t == value)) => {
                    self.not_one_of(path, &check.message, values)?
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// `OneOf` for a bare case.
    pub(super) fn case_rules(
        &mut self,
        path: &[Step<'_>],
        shape: &Shape,
        cases: &[Case],
        tag: u32,
    ) -> Result<(), Stop> {
        for check in &shape.checks {
            if let Rule::OneOf(values) = &check.rule
                && !values.iter().any(|v| matches!(v, Value::Variant { tag: t, .. } if *t == tag))
            {
                let names = values.iter().filter_map(|value| match value {
                    Value::Variant { tag, .. } => cases.get(*tag as usize).map(|case| case.name.as_str()),
                    _ => None,
                });
                let detail = said(&check.message, || format!("must be {}", either(names)));
                self.problem(path, ProblemCode::Choice, detail)?;
            }
        }
        Ok(())
    }

    fn not_one_of(&mut self, path: &[Step<'_>], message: &Option<SmolStr>, values: &[Value]) -> Result<(), Stop> {
        let texts: Vec<String> = values.iter().map(crate::format::display).collect();
        let detail = said(message, || format!("must be {}", either(texts.iter().map(String::as_str))));
        self.problem(path, ProblemCode::Choice, detail)
    }

    /// The predicates of the program about the value at the present place, which is complete.
    pub(super) fn predicates<S: Sink>(&mut self, path: &[Step<'_>], id: ShapeId, sink: &mut S) -> Result<(), Stop> {
        let shapes = self.shapes;
        for check in &shapes.get(id).checks {
            let Rule::Predicate { predicate, text } = &check.rule else {
                continue;
            };
            let held = match sink.check(shapes, id, *predicate) {
                Ok(held) => held,
                // A predicate that cannot be computed for this value does not hold of it.
                Err(
                    Fault::Overflow
                    | Fault::DivisionByZero
                    | Fault::NotFinite
                    | Fault::Missing
                    | Fault::OutOfRange
                    | Fault::BadArgument,
                ) => false,
                Err(fault) => return Err(self.fail(fault)),
            };
            if !held {
                let detail = said(&check.message, || format!("must keep the rule `{text}`"));
                self.problem(path, ProblemCode::Rule, detail)?;
            }
        }
        Ok(())
    }

    /// Gives the sink a value that is written as a text; `Ok(false)` if a problem was reported.
    pub(super) fn scalar<S: Sink>(
        &mut self,
        path: &[Step<'_>],
        id: ShapeId,
        content: &str,
        sink: &mut S,
    ) -> Result<(), Stop> {
        let shapes = self.shapes;
        let shape = shapes.get(id);
        let form = |words: &str| format!("must be {words}");
        let integer = |value: Option<i64>, kind: Integer, words: &str| value.map(|v| (v, kind)).ok_or(form(words));
        let found = match &shape.kind {
            Kind::Text => {
                if !text::is_acceptable(content) {
                    return self.problem(path, ProblemCode::Format, "must not hold the character U+0000");
                }
                sink.text(content).map_err(|fault| self.fail(fault))?;
                return self.text_rules(path, shape, content);
            }
            Kind::Decimal { scale } => {
                return match decimal::parse(content, *scale) {
                    Ok(value) => {
                        sink.decimal(value, *scale);
                        self.decimal_rules(path, shape, value, *scale)
                    }
                    Err(BadDecimal::Form) => {
                        self.problem(path, ProblemCode::Format, "must be a decimal number such as \"12.50\"")
                    }
                    Err(BadDecimal::Digits) => {
                        let detail = match scale {
                            0 => "must have no digits after the point".to_owned(),
                            1 => "must have at most 1 digit after the point".to_owned(),
                            n => format!("must have at most {n} digits after the point"),
                        };
                        self.problem(path, ProblemCode::Format, detail)
                    }
                    Err(BadDecimal::Range) => {
                        self.problem(path, ProblemCode::Range, "is too large for a decimal number")
                    }
                };
            }
            Kind::Bytes => {
                return match base64::parse(content.as_bytes()) {
                    Some(bytes) => {
                        sink.bytes(&bytes).map_err(|fault| self.fail(fault))?;
                        self.length_rules(path, shape, "bytes", || bytes.len() as u64)
                    }
                    None => self.problem(path, ProblemCode::Format, "must be base64"),
                };
            }
            Kind::Id | Kind::Uuid => {
                return match identity::parse(content) {
                    Some(value) => {
                        sink.uuid(shape.kind == Kind::Id, value);
                        Ok(())
                    }
                    None => self.problem(
                        path,
                        ProblemCode::Format,
                        "must be a UUID such as \"018f2b6e-7d3a-7c11-8000-0123456789ab\"",
                    ),
                };
            }
            Kind::Instant => integer(
                time::parse_instant(content),
                Integer::Instant,
                "a time with its offset such as \"2026-11-20T10:00:00Z\"",
            ),
            Kind::DateTime => integer(
                time::parse_date_time(content),
                Integer::DateTime,
                "a date and time without an offset such as \"2026-11-20T10:00:00\"",
            ),
            Kind::Date => {
                integer(time::parse_date(content).map(i64::from), Integer::Date, "a date such as \"2026-11-20\"")
            }
            Kind::Time => integer(time::parse_time(content), Integer::Time, "a time of day such as \"08:00\""),
            Kind::Duration => {
                integer(time::parse_duration(content), Integer::Duration, "a duration such as \"PT15M\" or \"P30D\"")
            }
            _ => return Err(self.fail(Fault::Internal)),
        };
        match found {
            Ok((value, kind)) => {
                sink.integer(kind, value);
                Ok(())
            }
            Err(detail) => self.problem(path, ProblemCode::Format, detail),
        }
    }

    /// Gives the sink an Int that is written in decimal.
    pub(super) fn int<S: Sink>(
        &mut self,
        path: &[Step<'_>],
        id: ShapeId,
        content: &str,
        sink: &mut S,
    ) -> Result<(), Stop> {
        // The common case first; the rest (`1.0`, `1e3`) is exact as well.
        let value = match content.parse::<i64>() {
            Ok(value) => Ok(value),
            Err(_) => decimal::parse(content, 0),
        };
        match value {
            Ok(value) => {
                sink.integer(Integer::Int, value);
                self.integer_rules(path, self.shapes.get(id), value)
            }
            Err(BadDecimal::Range) => {
                self.problem(path, ProblemCode::Range, "must lie between -9223372036854775808 and 9223372036854775807")
            }
            Err(_) => self.problem(path, ProblemCode::Type, "must be a whole number"),
        }
    }

    /// Gives the sink a bare case by its name.
    pub(super) fn bare_case<S: Sink>(
        &mut self,
        path: &[Step<'_>],
        id: ShapeId,
        content: &str,
        sink: &mut S,
    ) -> Result<(), Stop> {
        let shape = self.shapes.get(id);
        let Kind::Variant { cases, .. } = &shape.kind else {
            return Err(self.fail(Fault::Internal));
        };
        match cases.iter().position(|case| case.name == content) {
            Some(tag) => {
                sink.variant(tag as u32, 0);
                sink.end_variant();
                self.case_rules(path, shape, cases, tag as u32)
            }
            None => {
                let detail = format!("must be {}", either(cases.iter().map(|case| case.name.as_str())));
                self.problem(path, ProblemCode::Choice, detail)
            }
        }
    }

    /// Fills the fields that were left out.
    pub(super) fn absent<S: Sink>(
        &mut self,
        path: &[Step<'_>],
        fields: &[Field],
        is_absent: impl Fn(usize) -> bool,
        sink: &mut S,
    ) -> Result<(), Stop> {
        let shapes = self.shapes;
        for (index, field) in fields.iter().enumerate() {
            if !is_absent(index) {
                continue;
            }
            match &field.presence {
                Presence::Required => {
                    let mut inside = path.to_vec();
                    inside.push(Step::Name(Cow::Borrowed(field.name.as_str())));
                    self.problem(&inside, ProblemCode::Missing, "is required")?;
                }
                Presence::Absentable => {
                    sink.enter_field(index, field.offset);
                    sink.none();
                    sink.leave();
                }
                Presence::Default(value) => {
                    sink.enter_field(index, field.offset);
                    sink.constant(shapes, field.shape, value).map_err(|fault| self.fail(fault))?;
                    sink.leave();
                }
            }
        }
        Ok(())
    }
}

/// The JSON pointer (RFC 6901) of a place.
fn pointer(path: &[Step<'_>]) -> String {
    let mut out = String::new();
    for step in path {
        out.push('/');
        match step {
            Step::Index(index) => out.push_str(&index.to_string()),
            Step::Name(name) if name.contains(['~', '/']) => out.push_str(&name.replace('~', "~0").replace('/', "~1")),
            Step::Name(name) => out.push_str(name),
        }
    }
    out
}

/// The program's words, or others.
fn said(message: &Option<SmolStr>, otherwise: impl FnOnce() -> String) -> String {
    message.as_ref().map_or_else(otherwise, ToString::to_string)
}

fn between(min: Option<String>, max: Option<String>) -> String {
    match (min, max) {
        (Some(min), Some(max)) if min == max => min,
        (Some(min), Some(max)) => format!("{min} to {max}"),
        (Some(min), None) => format!("at least {min}"),
        (None, Some(max)) => format!("at most {max}"),
        (None, None) => "any number of".to_owned(),
    }
}

fn bounds(min: Option<String>, max: Option<String>, found: &str) -> String {
    match (min, max) {
        (Some(min), Some(max)) => format!("must lie between {min} and {max}, and is {found}"),
        (Some(min), None) => format!("must be at least {min}, and is {found}"),
        (None, Some(max)) => format!("must be at most {max}, and is {found}"),
        (None, None) => "is outside its bounds".to_owned(),
    }
}

/// `"a", "b" or "c"`.
pub(super) fn either<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<String> = names.map(|name| format!("\"{name}\"")).collect();
    match names.split_last() {
        None => "nothing".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
    }
}
