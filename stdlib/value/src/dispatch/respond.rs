//! From an outcome to a response: answers, and problem documents (RFC 9457).
//!
//! A problem document has `type` (`urn:tenon:error:OutOfStock`), `title`, `status` and `detail`; a declared error adds its
//! fields as members under their wire names, a refusal adds `errors`, each with `pointer` (in the body) or `parameter`
//! (anywhere else), `code` and `detail`; a fault adds `incident`.

use std::borrow::Cow;

use serde_json::{Map, Value as Json, json};

use super::api::{Api, Endpoint};
use super::service::Outcome;
use crate::fault::{BuiltIn, Failure, Fault};
use crate::json::write_value;
use crate::problem::{Place, Problem};
use crate::shape::Kind;

/// A response as it is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers; `content-length` is the sender's.
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    /// The body.
    pub body: Vec<u8>,
    /// Whether the request was HEAD: the headers are those of the body, and the body is not sent.
    pub head: bool,
}

impl Response {
    /// A response without a body.
    pub fn empty(status: u16) -> Response {
        Response { status, headers: Vec::new(), body: Vec::new(), head: false }
    }

    /// A response with a body of a media type.
    pub fn with(status: u16, media_type: &'static str, body: Vec<u8>) -> Response {
        Response { status, headers: vec![("content-type", Cow::Borrowed(media_type))], body, head: false }
    }

    /// A problem document without a type of its own.
    pub fn problem(status: u16, title: &str, detail: &str) -> Response {
        let document = json!({ "type": "about:blank", "title": title, "status": status, "detail": detail });
        Response::with(status, PROBLEM, document.to_string().into_bytes())
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| *own == name).map(|(_, value)| value.as_ref())
    }
}

const PROBLEM: &str = "application/problem+json";

/// The response of an outcome. `number` tells a fault's request from others.
pub fn respond(api: &Api, endpoint: Option<&Endpoint>, outcome: &Outcome, number: u64) -> Response {
    match outcome {
        Outcome::Answer(body) => {
            let status = endpoint.map_or(200, |endpoint| endpoint.status);
            match endpoint {
                Some(endpoint) if endpoint.answer.is_some() => {
                    Response::with(status, endpoint.answer_format.media_type(), body.clone())
                }
                _ => Response::empty(status),
            }
        }
        Outcome::Failed(failure) => failed(api, failure),
        Outcome::Refused { status, problems } => refused(*status, problems),
        Outcome::HandedOver => failed(api, &Failure::built_in(BuiltIn::Busy, "the program is being exchanged")),
        Outcome::Faulted { fault: Fault::TimedOut, .. } => {
            failed(api, &Failure::built_in(BuiltIn::Busy, Fault::TimedOut.message()))
        }
        Outcome::Faulted { .. } => {
            let incident = format!("{number:016x}");
            let document = json!({
                "type": "about:blank",
                "title": "Internal error",
                "status": 500,
                "detail": format!("the request could not be answered; incident {incident}"),
                "incident": incident,
            });
            Response::with(500, PROBLEM, document.to_string().into_bytes())
        }
    }
}

/// `OutOfStock` as `Out of stock`.
pub(super) fn title(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for (index, letter) in name.chars().enumerate() {
        if letter.is_uppercase() && index > 0 {
            out.push(' ');
            out.extend(letter.to_lowercase());
        } else {
            out.push(letter);
        }
    }
    out
}

/// The `type` of an error's problem documents.
pub(super) fn problem_type(name: &str) -> String {
    format!("urn:tenon:error:{name}")
}

/// The problem document of a failure; `None` if the program has no such error, or its fields are not those of the error.
pub fn problem_document(api: &Api, failure: &Failure) -> Option<(u16, Vec<u8>)> {
    let name = api.error_name(failure.error)?;
    let base = api.error_base(failure.error)?;
    let shown = match BuiltIn::from_id(failure.error) {
        Some(built_in) => built_in.title().to_owned(),
        None => title(name),
    };
    let detail = if failure.message.is_empty() { shown.as_str() } else { failure.message.as_str() };
    let document = json!({ "type": problem_type(name), "title": shown, "status": base.status(), "detail": detail });
    let mut body = document.to_string().into_bytes();
    if let Some(declared) = api.declared(failure.error)
        && !failure.fields.is_empty()
    {
        let Kind::Record { fields } = &api.shapes.get(declared.fields).kind else {
            return None;
        };
        if fields.len() != failure.fields.len() {
            return None;
        }
        body.pop();
        for (field, value) in fields.iter().zip(&failure.fields) {
            let Some(value) = api.shapes.content(field, value).ok()? else { continue };
            body.push(b',');
            crate::json::write_string(&mut body, field.name.as_bytes());
            body.push(b':');
            write_value(&mut body, &api.shapes, field.shape, value).ok()?;
        }
        body.push(b'}');
    }
    Some((base.status(), body))
}

fn failed(api: &Api, failure: &Failure) -> Response {
    let Some((status, body)) = problem_document(api, failure) else {
        let internal = Outcome::Faulted { fault: Fault::Internal, site: super::service::UNKNOWN_SITE };
        return respond(api, None, &internal, 0);
    };
    let mut response = Response::with(status, PROBLEM, body);
    match api.error_base(failure.error) {
        Some(BuiltIn::Busy | BuiltIn::TooMany) => response.headers.push(("retry-after", Cow::Borrowed("1"))),
        Some(BuiltIn::Unauthenticated) => response.headers.push(("www-authenticate", Cow::Borrowed("Bearer"))),
        _ => {}
    }
    response
}

fn refused(status: u16, problems: &[Problem]) -> Response {
    let error = if status == 404 { BuiltIn::NotFound } else { BuiltIn::Invalid };
    let title = match status {
        400 => "Malformed request",
        415 => "Unsupported media type",
        _ => error.title(),
    };
    let detail = match problems {
        [problem] => sentence(problem),
        _ => format!("the request has {} problems", problems.len()),
    };
    let errors: Vec<Json> = problems.iter().map(entry).collect();
    let document = json!({ "type": problem_type(error.name()), "title": title, "status": status, "detail": detail, "errors": errors });
    Response::with(status, PROBLEM, document.to_string().into_bytes())
}

fn sentence(problem: &Problem) -> String {
    let detail = &problem.detail;
    match &problem.place {
        Place::Body(pointer) if pointer.is_empty() && detail.starts_with("the body") => detail.clone(),
        Place::Body(pointer) if pointer.is_empty() => format!("the body {detail}"),
        Place::Body(pointer) => format!("{pointer} {detail}"),
        Place::Path(name) => format!("{name} in the path {detail}"),
        Place::Query(name) => format!("{name} in the query string {detail}"),
        Place::Header(name) => format!("the header {name} {detail}"),
        Place::Cookie(name) => format!("the cookie {name} {detail}"),
    }
}

fn entry(problem: &Problem) -> Json {
    let mut members = Map::new();
    let mut parameter = |name: &str, source: &str| {
        members.insert("parameter".into(), name.into());
        members.insert("in".into(), source.into());
    };
    match &problem.place {
        Place::Path(name) => parameter(name, "path"),
        Place::Query(name) => parameter(name, "query"),
        Place::Header(name) => parameter(name, "header"),
        Place::Cookie(name) => parameter(name, "cookie"),
        Place::Body(pointer) => {
            members.insert("pointer".into(), pointer.as_str().into());
        }
    }
    members.insert("code".into(), problem.code.as_str().into());
    members.insert("detail".into(), problem.detail.as_str().into());
    Json::Object(members)
}
