//! A request over bytes, without sockets: the same code serves the server, scenarios and the browser, so that a call in a
//! scenario and the same bytes over a socket give equal bodies.
//!
//! ```text
//! Request ── Router ──▶ Call ── Service ──▶ Reply ── respond ──▶ Response
//!            method,     decode(sink)        outcome,
//!            path        answer(value)       durable
//! ```
//!
//! A [`Service`] is an engine with a program in it. It decodes the arguments itself, because only it knows the memory
//! they go to, and it tells the commit that must be durable before anybody may see the answer; waiting for it is the
//! business of whoever called.
//!
//! Invariants: an answer, a failure and a refusal are all made here, so every engine gives the same bytes; a fault's
//! response carries a number and nothing else; the router never runs an endpoint with an empty path.

mod api;
mod arguments;
mod client;
mod csv;
mod openapi;
mod query;
mod respond;
mod route;
mod service;

pub use api::{Api, Endpoint, EndpointKind, ErrorShape, Format, Method, Param, Source};
pub use client::{Failed, OwnedRequest, call_endpoint, read_response, write_request};
pub use openapi::openapi;
pub use query::{decode_percent, encode_percent};
pub use respond::{Response, problem_document, respond};
pub use route::{RouteError, Routed, Router};
pub use service::{Call, Dispatched, Headers, NoHeaders, Outcome, Reply, Request, Service, UNKNOWN_SITE, dispatch};
