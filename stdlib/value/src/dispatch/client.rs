//! The other side: requests from arguments and values from responses, for scenarios, stubs and tests.

use super::api::{Api, Endpoint, Format, Source};
use super::query::encode_percent;
use super::respond::{Response, problem_type};
use super::service::{Call, Dispatched, Headers, Request, Service, call_service};
use crate::fault::{ErrorId, Fault};
use crate::json::{self, Options, write_string, write_value};
use crate::shape::{Kind, Presence, ShapeId, Shapes};
use crate::value::Value;

/// A request that owns its parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnedRequest {
    /// The method.
    pub method: String,
    /// The path and the query string, encoded; empty for an internal endpoint.
    pub target: String,
    /// The headers.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
}

impl OwnedRequest {
    /// The request with a number.
    pub fn borrow(&self, number: u64) -> Request<'_> {
        let Self { method, target, headers, body } = self;
        Request { method, target, headers, body, number }
    }
}

/// Why a response is not an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Failed {
    /// The status.
    pub status: u16,
    /// The error, if the problem document names one of the program.
    pub error: Option<ErrorId>,
    /// The fields of a declared error, in their order.
    pub fields: Vec<Value>,
    /// The words for people.
    pub detail: String,
}

/// A value as a text outside JSON, as [`Decoder::parameter`](crate::json::Decoder::parameter) reads it; `None` for
/// nothing.
pub(super) fn parameter_text(shapes: &Shapes, shape: ShapeId, value: &Value) -> Result<Option<String>, Fault> {
    let mut out = Vec::new();
    let content = match (&shapes.get(shape).kind, value) {
        (Kind::Option(_), Value::None) => return Ok(None),
        (Kind::Option(content), Value::Some(value)) => {
            return parameter_text(shapes, *content, value);
        }
        (Kind::Ref { key, .. }, Value::Ref { key: value, .. }) => {
            return parameter_text(shapes, *key, value);
        }
        (Kind::Text, Value::Text(text)) => return Ok(Some(text.to_string())),
        (Kind::Record { fields }, Value::Record(values)) if !fields.is_empty() => {
            let mut parts = Vec::with_capacity(fields.len());
            let scalar = |id| {
                use Kind::*;
                !matches!(
                    shapes.get(id).kind,
                    Json | Option(_)
                        | List(_)
                        | Bag(_)
                        | Set(_)
                        | Map { .. }
                        | Record { .. }
                        | Row { .. }
                        | Variant { bare: false, .. }
                )
            };
            if fields.iter().all(|field| field.presence == Presence::Required && scalar(field.shape)) {
                for (field, value) in fields.iter().zip(values.iter()) {
                    parts.push(parameter_text(shapes, field.shape, value)?.unwrap_or_default());
                }
                let splits = parts.iter().rev().skip(1).any(|part| part.contains(','));
                if !splits && !parts[0].starts_with('{') {
                    return Ok(Some(parts.join(",")));
                }
            }
            write_value(&mut out, shapes, shape, value)?;
            out
        }
        _ => {
            write_value(&mut out, shapes, shape, value)?;
            out
        }
    };
    let text = String::from_utf8(content).map_err(|_| Fault::Internal)?;
    if shapes.get(shape).kind == Kind::Json {
        return Ok(Some(text));
    }
    // What JSON writes in quotes and holds no escapes stands without them here.
    let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    Ok(Some(quoted.map(str::to_owned).unwrap_or(text)))
}

/// The values of one parameter.
fn parameter_texts(shapes: &Shapes, shape: ShapeId, value: &Value) -> Result<Vec<String>, Fault> {
    match (&shapes.get(shape).kind, value) {
        (Kind::Option(content), Value::Some(value)) => parameter_texts(shapes, *content, value),
        (
            Kind::List(element) | Kind::Bag(element) | Kind::Set(element),
            Value::List(items) | Value::Bag(items) | Value::Set(items),
        ) => items.iter().map(|item| Ok(parameter_text(shapes, *element, item)?.unwrap_or_default())).collect(),
        _ => Ok(parameter_text(shapes, shape, value)?.into_iter().collect()),
    }
}

/// The request that calls an endpoint with a record of arguments.
pub fn write_request(api: &Api, endpoint: u32, arguments: &Value) -> Result<OwnedRequest, Fault> {
    let endpoint: &Endpoint = api.endpoints.get(endpoint as usize).ok_or(Fault::Internal)?;
    let shapes = &api.shapes;
    let Value::Record(values) = arguments else {
        return Err(Fault::Internal);
    };
    let fields = endpoint.fields(shapes);
    if fields.len() != values.len() || fields.len() != endpoint.params.len() {
        return Err(Fault::Internal);
    }
    let mut path = endpoint.path.to_string();
    let mut query: Vec<String> = Vec::new();
    let mut cookies: Vec<String> = Vec::new();
    let mut request = OwnedRequest { method: endpoint.method.as_str().to_owned(), ..OwnedRequest::default() };
    let mut members: Vec<u8> = Vec::new();
    let mut media = None;
    for ((param, field), value) in endpoint.params.iter().zip(fields).zip(values.iter()) {
        let Some(value) = shapes.content(field, value)? else { continue };
        match param.source {
            Source::Path => {
                let text = parameter_text(shapes, field.shape, value)?.unwrap_or_default();
                path = path.replace(&format!("{{{}}}", param.name), &encode_percent(&text));
            }
            Source::Query => {
                for text in parameter_texts(shapes, field.shape, value)? {
                    query.push(format!("{}={}", encode_percent(&param.name), encode_percent(&text)));
                }
            }
            Source::Header => {
                for text in parameter_texts(shapes, field.shape, value)? {
                    request.headers.push((param.name.to_string(), text.into_bytes()));
                }
            }
            Source::Cookie => {
                if let Some(text) = parameter_text(shapes, field.shape, value)? {
                    cookies.push(format!("{}={}", param.name, encode_percent(&text)));
                }
            }
            Source::Body => {
                members.push(if members.is_empty() { b'{' } else { b',' });
                write_string(&mut members, field.name.as_bytes());
                members.push(b':');
                write_value(&mut members, shapes, field.shape, value)?;
            }
            Source::WholeBody(format) => {
                media = Some(format);
                request.body = match (format, value) {
                    (Format::Text, Value::Text(text)) => text.as_bytes().to_vec(),
                    (Format::Bytes, Value::Bytes(bytes)) => bytes.to_vec(),
                    (Format::Csv, value) => super::csv::write(shapes, field.shape, value)?,
                    (Format::Form, value) => write_form(shapes, field.shape, value)?,
                    (_, value) => json::encode_value(shapes, field.shape, value)?,
                };
            }
        }
    }
    if !members.is_empty() {
        members.push(b'}');
        request.body = members;
        media = Some(Format::Json);
    }
    if let Some(media) = media {
        request.headers.push(("content-type".to_owned(), media.media_type().as_bytes().to_vec()));
    }
    if !cookies.is_empty() {
        request.headers.push(("cookie".to_owned(), cookies.join("; ").into_bytes()));
    }
    request.target = if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) };
    Ok(request)
}

fn write_form(shapes: &Shapes, shape: ShapeId, value: &Value) -> Result<Vec<u8>, Fault> {
    let (Kind::Record { fields }, Value::Record(values)) = (&shapes.get(shape).kind, value) else {
        return Err(Fault::Internal);
    };
    let mut pairs = Vec::new();
    for (field, value) in fields.iter().zip(values.iter()) {
        let Some(value) = shapes.content(field, value)? else { continue };
        for text in parameter_texts(shapes, field.shape, value)? {
            pairs.push(format!("{}={}", encode_percent(&field.name), encode_percent(&text)));
        }
    }
    Ok(pairs.join("&").into_bytes())
}

/// Calls an endpoint by its number with a request for it: through the same decoding and encoding as a routed request, and
/// for internal endpoints the only way.
pub fn call_endpoint<S: Service + ?Sized>(
    service: &S,
    endpoint: u32,
    request: &OwnedRequest,
    number: u64,
) -> Dispatched {
    let api = service.api();
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let template = api.endpoints[endpoint as usize].path.as_str();
    let values = template
        .split('/')
        .zip(path.split('/'))
        .filter(|(segment, _)| segment.starts_with('{'))
        .map(|(_, value)| value)
        .collect();
    let headers: &dyn Headers = &request.headers;
    let call = Call { api, endpoint, path: values, query, headers, body: &request.body, options: Options::default() };
    call_service(service, &call, number)
}

/// The value of a response, or the failure that it tells. The unit value stands for an answer without a value.
pub fn read_response(api: &Api, endpoint: u32, response: &Response) -> Result<Value, Failed> {
    let unreadable = |detail: &str| Failed {
        status: response.status,
        error: None,
        fields: Vec::new(),
        detail: format!("the response cannot be read: {detail}"),
    };
    let Some(endpoint) = api.endpoints.get(endpoint as usize) else {
        return Err(unreadable("no such endpoint"));
    };
    if response.status >= 400 {
        return Err(read_problem(api, response).unwrap_or_else(|| unreadable("not a problem document")));
    }
    let Some(shape) = endpoint.answer else {
        return Ok(Value::unit());
    };
    let body = &response.body;
    match endpoint.answer_format {
        Format::Json => decode_answer(&api.shapes, shape, body).ok_or_else(|| unreadable("not of the answer's shape")),
        Format::Bytes => Ok(Value::Bytes(body.as_slice().into())),
        Format::Text => std::str::from_utf8(body).map(Value::text).map_err(|_| unreadable("not UTF-8")),
        Format::Csv => {
            let mut sink = crate::sink::ValueSink::new(|_, _: &Value| Ok(true));
            let mut decoder = json::Decoder::new(&api.shapes, Options::default());
            let text = std::str::from_utf8(body).map_err(|_| unreadable("not UTF-8"))?;
            super::csv::read(&mut decoder, shape, text, &mut sink);
            decoder.finish().map_err(|_| unreadable("not of the answer's shape"))?;
            sink.finish().ok_or_else(|| unreadable("not of the answer's shape"))
        }
        Format::Form => Err(unreadable("a form is not an answer")),
    }
}

/// An answer was made by the program, so its rules need not be asked again.
fn decode_answer(shapes: &Shapes, shape: ShapeId, body: &[u8]) -> Option<Value> {
    json::decode_value(shapes, shape, body, Options::default(), |_, _: &Value| Ok(true)).ok()
}

fn read_problem(api: &Api, response: &Response) -> Option<Failed> {
    let document: serde_json::Value = serde_json::from_slice(&response.body).ok()?;
    let kind = document.get("type")?.as_str()?;
    let name = kind.strip_prefix(&problem_type(""));
    let error = name.and_then(|name| api.error_named(name));
    let mut detail = document.get("detail").and_then(|detail| detail.as_str()).unwrap_or_default().to_owned();
    if let Some(errors) = document.get("errors").and_then(|errors| errors.as_array())
        && errors.len() > 1
    {
        for error in errors {
            let part = |name: &str| error.get(name).and_then(|part| part.as_str()).unwrap_or_default();
            let place = if part("parameter").is_empty() { part("pointer") } else { part("parameter") };
            detail.push_str(&format!("; {place} {}", part("detail")));
        }
    }
    let mut fields = Vec::new();
    if let Some(declared) = error.and_then(|error| api.declared(error))
        && let Kind::Record { fields: parts } = &api.shapes.get(declared.fields).kind
    {
        for part in parts {
            let member = document.get(part.name.as_str());
            let content = match member {
                None => None,
                Some(member) => Some(decode_answer(&api.shapes, part.shape, member.to_string().as_bytes())?),
            };
            fields.push(api.shapes.with_content(part, content));
        }
    }
    Some(Failed { status: response.status, error, fields, detail })
}
