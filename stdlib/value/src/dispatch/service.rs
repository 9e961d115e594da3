//! From a request to a response, through an engine.

use super::api::{Api, Endpoint};
use super::respond::{Response, respond};
use super::route::{Routed, Router};
use crate::fault::{BuiltIn, Failure, Fault};
use crate::json::Options;
use crate::problem::Problem;

/// A request as it came.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The method, in capitals.
    pub method: &'a str,
    /// The path and the query string, still encoded.
    pub target: &'a str,
    /// The headers.
    pub headers: &'a dyn Headers,
    /// The body.
    pub body: &'a [u8],
    /// A number that tells this request from others; a fault's response shows it.
    pub number: u64,
}

/// Looks headers up.
pub trait Headers {
    /// The first value of a header; names are compared without case.
    fn get(&self, name: &str) -> Option<&[u8]>;
}

/// A request without headers.
pub struct NoHeaders;

impl Headers for NoHeaders {
    fn get(&self, _: &str) -> Option<&[u8]> {
        None
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> Headers for [(N, V)] {
    fn get(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|(own, _)| own.as_ref().eq_ignore_ascii_case(name)).map(|(_, value)| value.as_ref())
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> Headers for Vec<(N, V)> {
    fn get(&self, name: &str) -> Option<&[u8]> {
        Headers::get(self.as_slice(), name)
    }
}

/// An engine with a program in it.
pub trait Service {
    /// The program's interface.
    fn api(&self) -> &Api;

    /// Answers a call: decodes the arguments ([`Call::decode`]), runs the endpoint, and encodes the answer
    /// ([`Call::answer`], [`Call::answer_lanes`]).
    fn call(&self, call: &Call<'_>) -> Reply;

    /// Whether calls of an endpoint are expected to take more than about a millisecond, so that a server should not run
    /// them where it serves others.
    fn is_heavy(&self, endpoint: u32) -> bool {
        let _ = endpoint;
        false
    }

    /// Where in the program a site is (`shop.tn:12:3`), for logs.
    fn describe_site(&self, site: u32) -> Option<String> {
        let _ = site;
        None
    }
}

/// A request for one endpoint, whose arguments are not yet decoded.
pub struct Call<'a> {
    /// The program's interface.
    pub api: &'a Api,
    /// The endpoint's position in it.
    pub endpoint: u32,
    /// The values of the path's parameters in the order of the path, still encoded.
    pub path: Vec<&'a str>,
    /// The query string, still encoded.
    pub query: &'a str,
    /// The headers.
    pub headers: &'a dyn Headers,
    /// The body.
    pub body: &'a [u8],
    /// How to decode.
    pub options: Options,
}

impl<'a> Call<'a> {
    /// The endpoint's description.
    pub fn description(&self) -> &'a Endpoint {
        &self.api.endpoints[self.endpoint as usize]
    }
}

/// What an engine says about a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// How the call ended.
    pub outcome: Outcome,
    /// The commit that must be durable before the answer may be seen.
    pub durable: Option<u64>,
}

impl From<Outcome> for Reply {
    fn from(outcome: Outcome) -> Reply {
        Reply { outcome, durable: None }
    }
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// With an answer: its bytes in the endpoint's format, empty where the endpoint has no value.
    Answer(Vec<u8>),
    /// With a typed failure.
    Failed(Failure),
    /// It did not begin: the arguments have problems.
    Refused {
        /// 400, 404, 415 or 422.
        status: u16,
        /// All of them.
        problems: Vec<Problem>,
    },
    /// It did not begin: the store is being handed to another program, and may be asked again when that is there.
    HandedOver,
    /// With a fault.
    Faulted {
        /// Which.
        fault: Fault,
        /// Where: the number of a site of the program, or [`UNKNOWN_SITE`].
        site: u32,
    },
}

/// The site of a fault whose place is not known.
pub const UNKNOWN_SITE: u32 = u32::MAX;

impl From<Fault> for Outcome {
    fn from(fault: Fault) -> Outcome {
        Outcome::Faulted { fault, site: UNKNOWN_SITE }
    }
}

/// What became of a request.
#[derive(Clone, Debug)]
pub struct Dispatched {
    /// The response.
    pub response: Response,
    /// The commit that must be durable before the response may be sent.
    pub durable: Option<u64>,
    /// The endpoint that was called, if any.
    pub endpoint: Option<u32>,
    /// The fault and its site, for logs.
    pub fault: Option<(Fault, u32)>,
    /// Nothing was done, and the program that comes next can be asked instead.
    pub handed_over: bool,
}

impl From<Response> for Dispatched {
    fn from(response: Response) -> Dispatched {
        Dispatched { response, durable: None, endpoint: None, fault: None, handed_over: false }
    }
}

/// Finds the endpoint of a request, calls it, and makes the response.
pub fn dispatch<S: Service + ?Sized>(router: &Router, service: &S, request: &Request<'_>) -> Dispatched {
    let (path, query) = request.target.split_once('?').unwrap_or((request.target, ""));
    let head = request.method == "HEAD";
    let mut dispatched = match router.route(if head { "GET" } else { request.method }, path) {
        Routed::Endpoint { endpoint, path } => {
            let call = Call {
                api: service.api(),
                endpoint,
                path,
                query,
                headers: request.headers,
                body: request.body,
                options: Options::default(),
            };
            call_service(service, &call, request.number)
        }
        Routed::NoMethod { allowed } => {
            let allow = allowed.join(", ");
            let mut response = if request.method == "OPTIONS" {
                Response::empty(204)
            } else {
                Response::problem(405, "Method not allowed", &format!("this path answers {allow}"))
            };
            response.headers.push(("allow", allow.into()));
            response.into()
        }
        Routed::NoPath => {
            let failure = Failure::built_in(BuiltIn::NotFound, "there is nothing at this path");
            respond(service.api(), None, &Outcome::Failed(failure), request.number).into()
        }
    };
    dispatched.response.head = head;
    dispatched
}

/// Calls an endpoint and makes the response.
pub(super) fn call_service<S: Service + ?Sized>(service: &S, call: &Call<'_>, number: u64) -> Dispatched {
    let reply = service.call(call);
    let fault = match &reply.outcome {
        Outcome::Faulted { fault, site } => Some((*fault, *site)),
        _ => None,
    };
    Dispatched {
        response: respond(call.api, Some(call.description()), &reply.outcome, number),
        durable: reply.durable,
        endpoint: Some(call.endpoint),
        fault,
        handed_over: reply.outcome == Outcome::HandedOver,
    }
}
