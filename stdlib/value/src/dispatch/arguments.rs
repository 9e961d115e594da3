//! From a request's parts into the record of arguments, with every problem of every part.

use std::borrow::Cow;

use smol_str::SmolStr;

use super::api::{Format, Method, Source};
use super::csv;
use super::query::{cookie, decode_percent, pairs};
use super::route::parameters;
use super::service::{Call, Outcome};
use crate::fault::Fault;
use crate::json::{self, Body, DecodeError, Decoder};
use crate::lanes::{self, Memory};
use crate::problem::{Place, Problem, ProblemCode};
use crate::shape::{Field, Kind, Presence};
use crate::sink::{Predicates, Sink, ValueSink};
use crate::value::Value;

impl Call<'_> {
    /// Decodes all arguments into a sink, whose root place is the record of arguments. On problems the error is the
    /// outcome to reply with.
    pub fn decode<S: Sink>(&self, sink: &mut S) -> Result<(), Outcome> {
        let endpoint = self.description();
        let fields = endpoint.fields(&self.api.shapes);
        if fields.len() != endpoint.params.len() {
            return Err(Fault::Internal.into());
        }
        let mut decoder = Decoder::new(&self.api.shapes, self.options);
        sink.record(fields.len());
        self.decode_path(&mut decoder, fields, sink);
        self.decode_query(&mut decoder, fields, sink);
        self.decode_headers(&mut decoder, fields, sink);
        let media = self.decode_body(&mut decoder, fields, sink);
        sink.end_record();
        if media == Media::Wrong {
            let expected = self.body_format().map_or("application/json", Format::media_type);
            let problem = Problem {
                place: Place::Header("content-type".into()),
                code: ProblemCode::Type,
                detail: format!("must be {expected}"),
            };
            return Err(Outcome::Refused { status: 415, problems: vec![problem] });
        }
        decoder.finish().map_err(|error| match error {
            DecodeError::Fault(fault) => fault.into(),
            DecodeError::Problems(problems) => {
                let malformed = |problem: &Problem| matches!(problem.code, ProblemCode::Syntax | ProblemCode::TooDeep);
                let status = if problems.iter().any(malformed) { 400 } else { 422 };
                Outcome::Refused { status, problems }
            }
        })
    }

    /// Decodes all arguments into a record value.
    pub fn decode_value(&self, predicates: impl Predicates) -> Result<Value, Outcome> {
        let mut sink = ValueSink::new(predicates);
        self.decode(&mut sink)?;
        sink.finish().ok_or_else(|| Fault::Internal.into())
    }

    /// The outcome of arguments that name rows which do not exist. Each problem is a place (a JSON pointer into the body, or
    /// the name of a parameter) and a sentence. A missing row is 404 where all of them are named by the path, as the path
    /// then leads to nothing, and 422 otherwise.
    pub fn no_such_rows(&self, problems: impl IntoIterator<Item = (String, String)>) -> Outcome {
        let place = |place: String| {
            if place.is_empty() || place.starts_with('/') {
                return Place::Body(place);
            }
            let name = SmolStr::from(place.as_str());
            match self.description().params.iter().find(|param| param.name == name).map(|param| param.source) {
                Some(Source::Path) => Place::Path(name),
                Some(Source::Query) => Place::Query(name),
                Some(Source::Header) => Place::Header(name),
                Some(Source::Cookie) => Place::Cookie(name),
                Some(Source::Body | Source::WholeBody(_)) | None => Place::Body(format!("/{place}")),
            }
        };
        let problems: Vec<Problem> = problems
            .into_iter()
            .map(|(at, detail)| Problem { place: place(at), code: ProblemCode::NotFound, detail })
            .collect();
        let by_path = problems.iter().all(|problem| matches!(problem.place, Place::Path(_)));
        Outcome::Refused { status: if by_path { 404 } else { 422 }, problems }
    }

    /// The outcome that answers a value. Endpoints without a value take any and answer nothing.
    pub fn answer(&self, value: &Value) -> Outcome {
        let endpoint = self.description();
        let shapes = &self.api.shapes;
        let Some(shape) = endpoint.answer else {
            return Outcome::Answer(Vec::new());
        };
        let bytes = match (endpoint.answer_format, value) {
            (Format::Text, Value::Text(text)) => Ok(text.as_bytes().to_vec()),
            (Format::Bytes, Value::Bytes(bytes)) => Ok(bytes.to_vec()),
            (Format::Csv, value) => csv::write(shapes, shape, value),
            (Format::Json, value) => json::encode_value(shapes, shape, value),
            _ => Err(Fault::Internal),
        };
        bytes.map_or_else(Outcome::from, Outcome::Answer)
    }

    /// The outcome that answers the value in lanes.
    pub fn answer_lanes<M: Memory + ?Sized>(&self, lanes: &[u64], memory: &M) -> Outcome {
        let endpoint = self.description();
        let shapes = &self.api.shapes;
        let Some(shape) = endpoint.answer else {
            return Outcome::Answer(Vec::new());
        };
        match endpoint.answer_format {
            Format::Json => {
                lanes::encode_lanes(shapes, shape, lanes, memory).map_or_else(Outcome::from, Outcome::Answer)
            }
            _ => match lanes::to_value(shapes, shape, lanes, memory) {
                Ok(value) => self.answer(&value),
                Err(fault) => fault.into(),
            },
        }
    }

    fn sources(&self, wanted: Source) -> impl Iterator<Item = (usize, &SmolStr)> {
        let params = self.description().params.iter().enumerate();
        params.filter(move |(_, param)| param.source == wanted).map(|(index, param)| (index, &param.name))
    }

    fn body_format(&self) -> Option<Format> {
        self.description().params.iter().find_map(|param| match param.source {
            Source::WholeBody(format) => Some(format),
            _ => None,
        })
    }

    fn decode_path<S: Sink>(&self, decoder: &mut Decoder<'_>, fields: &[Field], sink: &mut S) {
        let names: Vec<&str> = parameters(&self.description().path).collect();
        for (index, name) in self.sources(Source::Path) {
            let place = Place::Path(name.clone());
            let value = names.iter().position(|own| own == name).and_then(|at| self.path.get(at));
            match value.map(|value| decode_percent(value, false)) {
                None => missing(decoder, place, index, fields, sink),
                Some(None) => broken_escape(decoder, place),
                Some(Some(value)) => present(decoder, place, index, fields, &[&value], sink),
            }
        }
    }

    fn decode_query<S: Sink>(&self, decoder: &mut Decoder<'_>, fields: &[Field], sink: &mut S) {
        let given: Vec<(Cow<'_, str>, Option<Cow<'_, str>>)> = pairs(self.query).collect();
        for (index, name) in self.sources(Source::Query) {
            let place = Place::Query(name.clone());
            let own = || given.iter().filter(|(own, _)| own == name.as_str());
            if own().any(|(_, value)| value.is_none()) {
                broken_escape(decoder, place);
                continue;
            }
            let values: Vec<&str> = own().filter_map(|(_, value)| value.as_deref()).collect();
            match values.as_slice() {
                [] => missing(decoder, place, index, fields, sink),
                values => present(decoder, place, index, fields, values, sink),
            }
        }
        let known: Vec<&str> = self.sources(Source::Query).map(|(_, name)| name.as_str()).collect();
        let mut reported: Vec<&str> = Vec::new();
        for (name, _) in &given {
            if known.contains(&name.as_ref()) || reported.contains(&name.as_ref()) {
                continue;
            }
            if reported.len() > self.options.max_problems {
                break;
            }
            reported.push(name);
            let detail = match json::closest_name(name, known.iter().copied()) {
                Some(meant) => format!("is not known here; did you mean `{meant}`?"),
                None => "is not known here".to_owned(),
            };
            decoder.add(Problem { place: Place::Query(name.as_ref().into()), code: ProblemCode::Unknown, detail });
        }
    }

    fn decode_headers<S: Sink>(&self, decoder: &mut Decoder<'_>, fields: &[Field], sink: &mut S) {
        for (index, name) in self.sources(Source::Header) {
            let place = Place::Header(name.clone());
            match self.headers.get(name).map(std::str::from_utf8) {
                None => missing(decoder, place, index, fields, sink),
                Some(Err(_)) => {
                    decoder.add(Problem { place, code: ProblemCode::Format, detail: "must be UTF-8".into() })
                }
                Some(Ok(value)) => present(decoder, place, index, fields, &[value.trim()], sink),
            }
        }
        let cookies = self.headers.get("cookie").and_then(|value| std::str::from_utf8(value).ok()).unwrap_or("");
        for (index, name) in self.sources(Source::Cookie) {
            let place = Place::Cookie(name.clone());
            match cookie(cookies, name).map(|value| decode_percent(value, false)) {
                None => missing(decoder, place, index, fields, sink),
                Some(None) => broken_escape(decoder, place),
                Some(Some(value)) => present(decoder, place, index, fields, &[&value], sink),
            }
        }
    }

    fn decode_body<S: Sink>(&self, decoder: &mut Decoder<'_>, fields: &[Field], sink: &mut S) -> Media {
        let endpoint = self.description();
        let whole = endpoint.params.iter().enumerate().find_map(|(index, param)| match param.source {
            Source::WholeBody(format) => Some((index, format)),
            _ => None,
        });
        let format = whole.map_or(Format::Json, |(_, format)| format);
        if !self.body.is_empty() && !self.media_fits(format) {
            return Media::Wrong;
        }
        let Some((index, format)) = whole else {
            let open: Vec<bool> = endpoint.params.iter().map(|param| param.source == Source::Body).collect();
            if self.body.is_empty() {
                decoder.body(b"{}", sink, Body::Members(fields, &open));
            } else if open.contains(&true) || !matches!(endpoint.method, Method::Get | Method::Delete) {
                decoder.body(self.body, sink, Body::Members(fields, &open));
            }
            return Media::Fits;
        };
        let field = &fields[index];
        let place = Place::Body(String::new());
        if self.body.is_empty() && (format == Format::Json || field.presence != Presence::Required) {
            missing(decoder, place, index, fields, sink);
            return Media::Fits;
        }
        sink.enter_field(index, field.offset);
        json::enter_content(&self.api.shapes, field, sink);
        match format {
            Format::Json => decoder.body(self.body, sink, Body::Value(field.shape)),
            Format::Bytes => decoder.bytes(place, field.shape, self.body, sink),
            Format::Text | Format::Csv | Format::Form => match std::str::from_utf8(self.body) {
                Err(error) => decoder.add(Problem {
                    place,
                    code: ProblemCode::Syntax,
                    detail: format!("the body is not UTF-8 at byte {}", error.valid_up_to()),
                }),
                Ok(text) => match format {
                    Format::Csv => csv::read(decoder, field.shape, text, sink),
                    Format::Form => form(decoder, field, &self.api.shapes, text, sink),
                    _ => decoder.parameter(place, field.shape, &[text], sink),
                },
            },
        }
        json::leave_content(&self.api.shapes, field, sink);
        sink.leave();
        Media::Fits
    }

    /// Whether the content type is that of a format. A body without a content type is taken at its word.
    fn media_fits(&self, format: Format) -> bool {
        let Some(header) = self.headers.get("content-type") else {
            return true;
        };
        let Ok(header) = std::str::from_utf8(header) else {
            return false;
        };
        let media = header.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        match format {
            Format::Json => media == "application/json" || media.ends_with("+json"),
            Format::Text => media.starts_with("text/"),
            Format::Csv => media == "text/csv" || media == "application/csv",
            Format::Form => media == "application/x-www-form-urlencoded",
            Format::Bytes => true,
        }
    }
}

/// Whether a body is what its header says.
#[derive(PartialEq)]
enum Media {
    Fits,
    Wrong,
}

fn broken_escape(decoder: &mut Decoder<'_>, place: Place) {
    let detail = "has a broken percent-escape".into();
    decoder.add(Problem { place, code: ProblemCode::Format, detail });
}

/// A parameter that is there.
fn present<S: Sink>(
    decoder: &mut Decoder<'_>,
    place: Place,
    index: usize,
    fields: &[Field],
    values: &[&str],
    sink: &mut S,
) {
    let field = &fields[index];
    sink.enter_field(index, field.offset);
    let shapes = decoder.shapes();
    json::enter_content(shapes, field, sink);
    decoder.parameter(place, field.shape, values, sink);
    json::leave_content(shapes, field, sink);
    sink.leave();
}

/// A parameter that is not there. Outside JSON there is no `null` and no empty list, so an optional value is then absent
/// and a collection empty.
fn missing<S: Sink>(decoder: &mut Decoder<'_>, place: Place, index: usize, fields: &[Field], sink: &mut S) {
    let field = &fields[index];
    let shapes = decoder.shapes();
    let repeated = !matches!(place, Place::Body(_))
        && matches!(shapes.get(field.shape).kind, Kind::List(_) | Kind::Bag(_) | Kind::Set(_));
    match &field.presence {
        Presence::Required if repeated => present(decoder, place, index, fields, &[], sink),
        Presence::Required if !matches!(shapes.get(field.shape).kind, Kind::Option(_)) => {
            decoder.add(Problem { place, code: ProblemCode::Missing, detail: "is required".into() });
        }
        Presence::Required | Presence::Absentable => {
            sink.enter_field(index, field.offset);
            sink.none();
            sink.leave();
        }
        Presence::Default(value) => {
            sink.enter_field(index, field.offset);
            let taken = sink.constant(shapes, field.shape, value);
            sink.leave();
            if let Err(fault) = taken {
                decoder.stop(fault);
            }
        }
    }
}

/// A form: a record whose fields are parameters.
fn form<S: Sink>(decoder: &mut Decoder<'_>, field: &Field, shapes: &crate::shape::Shapes, text: &str, sink: &mut S) {
    let Kind::Record { fields } = &shapes.get(field.shape).kind else {
        return decoder.stop(Fault::Internal);
    };
    let given: Vec<(Cow<'_, str>, Option<Cow<'_, str>>)> = pairs(text).collect();
    let place = |name: &str| Place::Body(format!("/{name}"));
    sink.record(fields.len());
    for (index, part) in fields.iter().enumerate() {
        let own = || given.iter().filter(|(name, _)| name == part.name.as_str());
        if own().any(|(_, value)| value.is_none()) {
            broken_escape(decoder, place(&part.name));
            continue;
        }
        let values: Vec<&str> = own().filter_map(|(_, value)| value.as_deref()).collect();
        match values.as_slice() {
            [] => missing(decoder, place(&part.name), index, fields, sink),
            values => present(decoder, place(&part.name), index, fields, values, sink),
        }
    }
    for (name, _) in &given {
        if !fields.iter().any(|part| part.name == name.as_ref()) {
            let detail = "is not known here".into();
            decoder.add(Problem { place: place(name), code: ProblemCode::Unknown, detail });
        }
    }
    sink.end_record();
}
