//! Requests to endpoints, through the dispatch of the real server.

use crate::instance::Instance;
use crate::project::Project;
use crate::protocol::{Result, Send};
use serde_json::{Value as Json, json};
use tenon_core::ir::SiteId;
use tenon_value::dispatch::{Dispatched, OwnedRequest, Request, call_endpoint, dispatch};

/// So many answers are remembered for the tour.
const MOST_REMEMBERED: usize = 1_000;

/// A response, with what the operator of a server would see beside it.
pub(crate) struct Response {
    pub status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    log: Vec<String>,
    fault: Option<Json>,
    endpoint: Option<String>,
}

impl Response {
    fn new(instance: &Instance, project: &Project, dispatched: Dispatched) -> Response {
        let Dispatched { response, endpoint, fault, .. } = dispatched;
        let program = &instance.program;
        let fault = fault.map(|(fault, site)| {
            json!({
                "name": fault.name(),
                "message": fault.message(),
                "at": project.site(program, SiteId(site)),
            })
        });
        let named = endpoint.and_then(|at| program.api.endpoints.get(at as usize));
        Response {
            status: response.status,
            headers: response.headers.iter().map(|(name, value)| ((*name).to_owned(), value.to_string())).collect(),
            body: response.body,
            log: instance.service.take_log(),
            fault,
            endpoint: named.map(|endpoint| endpoint.name.to_string()),
        }
    }

    /// `{status, headers, body, log, fault?, endpoint?}`. A body that is not text is told by its length.
    pub fn json(&self) -> Json {
        let body = match std::str::from_utf8(&self.body) {
            Ok(text) => json!(text),
            Err(_) => json!(format!("({} bytes)", self.body.len())),
        };
        json!({
            "status": self.status,
            "headers": self.headers,
            "body": body,
            "log": self.log,
            "fault": self.fault,
            "endpoint": self.endpoint,
        })
    }

    /// Why it is no answer, in one sentence.
    pub fn detail(&self) -> String {
        if let Some(fault) = &self.fault {
            return fault["message"].as_str().unwrap_or_default().to_owned();
        }
        let document: Json = serde_json::from_slice(&self.body).unwrap_or_default();
        document["detail"].as_str().unwrap_or_default().to_owned()
    }
}

/// Sends a request as it would come over a socket.
pub(crate) fn send(instance: &mut Instance, project: &Project, request: &Send) -> Json {
    instance.calls += 1;
    let request = Request {
        method: &request.method,
        target: &request.target,
        headers: &request.headers,
        body: request.body.as_bytes(),
        number: instance.calls,
    };
    let dispatched = dispatch(&instance.router, &instance.service, &request);
    let response = Response::new(instance, project, dispatched);
    if let Some(endpoint) = &response.endpoint
        && instance.answered.len() < MOST_REMEMBERED
    {
        instance.answered.push((endpoint.clone(), response.status));
    }
    response.json()
}

/// Calls an internal endpoint with a JSON body.
pub(crate) fn internal(instance: &mut Instance, project: &Project, name: &str, body: &Json) -> Result<Response> {
    let endpoint = instance.program.api.endpoint_named(name).ok_or("the program has no such relation")?;
    instance.calls += 1;
    let request = OwnedRequest {
        method: "POST".to_owned(),
        headers: vec![("content-type".to_owned(), b"application/json".to_vec())],
        body: body.to_string().into_bytes(),
        ..OwnedRequest::default()
    };
    let dispatched = call_endpoint(&instance.service, endpoint, &request, instance.calls);
    Ok(Response::new(instance, project, dispatched))
}
