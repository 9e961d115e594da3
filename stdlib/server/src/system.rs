//! The paths that every server has: health, readiness, metrics, the OpenAPI document. A program that answers one of them
//! itself comes first.

use std::sync::atomic::Ordering;

use tenon_value::dispatch::Response;

use crate::program::Loaded;
use crate::run::Shared;

/// The response of a path that is the server's own; `None` for all others.
pub(crate) fn respond(shared: &Shared, loaded: &Loaded, method: &str, path: &str) -> Option<Response> {
    let response = match path {
        "/healthz" => text(200, "ok\n"),
        "/readyz" => match (shared.is_stopping(), shared.durable.failure()) {
            (false, None) => text(200, "ready\n"),
            (true, _) => text(503, "stopping\n"),
            (_, Some(_)) => text(503, "the store cannot be written\n"),
        },
        "/metrics" => Response::with(
            200,
            "text/plain; version=0.0.4; charset=utf-8",
            shared
                .metrics
                .text(&shared.durable, shared.answer_memory.load(Ordering::Relaxed), shared.log.dropped())
                .into_bytes(),
        ),
        "/openapi.json" => Response::with(200, "application/json", loaded.program.openapi.to_vec()),
        _ => return None,
    };
    Some(match method {
        "GET" => response,
        "HEAD" => Response { head: true, ..response },
        _ => {
            let mut refused = Response::problem(405, "Method not allowed", "this path answers GET, HEAD");
            refused.headers.push(("allow", "GET, HEAD".into()));
            refused
        }
    })
}

fn text(status: u16, text: &str) -> Response {
    Response::with(status, "text/plain; charset=utf-8", text.as_bytes().to_vec())
}
