//! A request over bytes, without sockets: the same code serves the server, scenarios and the browser, so that a call in a
//! scenario and the same bytes over a socket give equal bodies.

mod api;

pub use api::{Api, Endpoint, EndpointKind, ErrorShape, Format, Method, Param, Source};
