//! One request: from its head to its response.

use std::borrow::Cow;
use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderMap, HeaderValue};
use hyper::http::request::Parts;
use serde_json::json;
use tenon_value::dispatch::{
    Dispatched, EndpointKind, Headers, Outcome, Request, Response, Routed, UNKNOWN_SITE, dispatch, respond,
};
use tenon_value::{BuiltIn, Failure, Fault};

use crate::body::{self, BodyError, Held, Whole};
use crate::durability::Waiters;
use crate::program::{Loaded, Reader};
use crate::run::Shared;
use crate::sending::unsent;

/// How much of a body that is too large is thrown away before the connection is closed.
const DISCARD: usize = 256 << 20;
/// How long throwing away may take.
const DISCARD_TIME: Duration = Duration::from_secs(10);

/// What a thread serves with.
pub(crate) struct Thread {
    pub(crate) shared: Arc<Shared>,
    pub(crate) program: Reader,
    pub(crate) waiters: Rc<Waiters>,
}

/// Headers as dispatch looks them up.
struct HeaderLookup<'a>(&'a HeaderMap);

impl Headers for HeaderLookup<'_> {
    fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name).map(HeaderValue::as_bytes)
    }
}

/// Adds one while it lives.
struct Counted<'a>(&'a AtomicI64);

impl<'a> Counted<'a> {
    fn new(counter: &'a AtomicI64) -> Counted<'a> {
        counter.fetch_add(1, Ordering::Relaxed);
        Counted(counter)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Thread {
    /// Answers a request.
    pub(crate) async fn handle(
        self: Rc<Self>,
        request: hyper::Request<Incoming>,
    ) -> Result<hyper::Response<Whole>, Infallible> {
        let shared = &*self.shared;
        let started = Instant::now();
        let _in_flight = Counted::new(&shared.metrics.in_flight);
        let number = shared.next_number();
        let mut loaded = self.program.get();
        let (parts, incoming) = request.into_parts();
        let answering = self.answer(&mut loaded, &parts, incoming, number);
        let dispatched = match tokio::time::timeout(shared.settings.request_time, answering).await {
            Ok(dispatched) => dispatched,
            Err(_) => failed(&loaded, BuiltIn::Busy, "the request took too long", number),
        };
        let took = started.elapsed();
        let status = dispatched.response.status;
        let metrics = dispatched.endpoint.and_then(|endpoint| loaded.metrics.get(endpoint as usize));
        metrics.map_or(&shared.metrics.other, |metrics| metrics).count(status, took);
        self.record(&loaded, &parts, &dispatched, number, took);
        Ok(self.finish(&parts, dispatched, number))
    }

    /// Answers by the program in `loaded`, or, if its store is handed over in this moment, by the next one, which then
    /// stands there.
    async fn answer(&self, loaded: &mut Arc<Loaded>, parts: &Parts, mut incoming: Incoming, number: u64) -> Dispatched {
        let method = parts.method.as_str();
        let path = parts.uri.path();
        if let Some(response) = crate::system::respond(&self.shared, loaded, method, path) {
            let route = loaded.program.router.route(if method == "HEAD" { "GET" } else { method }, path);
            if !matches!(route, Routed::Endpoint { .. }) {
                return response.into();
            }
        }
        let limit = self.shared.settings.body_limit;
        let mut held = Held::new(&self.shared.body_memory, self.shared.settings.body_memory);
        let reading = body::read(&mut incoming, limit, &mut held);
        let bytes = match tokio::time::timeout(self.shared.settings.body_time, reading).await {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(BodyError::TooLarge)) => {
                tokio::task::spawn_local(body::discard(incoming, DISCARD, DISCARD_TIME));
                let detail = format!("the body may have at most {limit} bytes");
                return Response::problem(413, "Body too large", &detail).into();
            }
            Ok(Err(BodyError::NoMemory)) => {
                tokio::task::spawn_local(body::discard(incoming, limit, DISCARD_TIME));
                return failed(loaded, BuiltIn::Busy, "too many requests are being read", number);
            }
            Ok(Err(BodyError::Gone)) => {
                return Response::problem(400, "Malformed request", "the body cannot be read to its end").into();
            }
            Err(_) => {
                return Response::problem(408, "Request timeout", "the body took too long").into();
            }
        };
        // Before the call and not after it: what a handler has done is not told as if it had not happened.
        if self.shared.answer_memory.load(Ordering::Relaxed) >= self.shared.settings.answer_memory {
            return failed(loaded, BuiltIn::Busy, "too many answers are waiting for their clients", number);
        }
        let mut dispatched = self.call(loaded, parts, bytes.clone(), number).await;
        if dispatched.handed_over {
            let exchange = async {
                while dispatched.handed_over {
                    *loaded = self.program.after(loaded).await;
                    dispatched = self.call(loaded, parts, bytes.clone(), number).await;
                }
            };
            // If nothing comes, the answer is the one that there is.
            let _ = tokio::time::timeout(self.shared.settings.exchange_time, exchange).await;
        }
        match dispatched.durable {
            None => dispatched,
            Some(commit) => match self.waiters.wait(commit).await {
                Ok(()) => dispatched,
                // What was computed rests on a commit that never happened.
                Err(_) => Dispatched {
                    endpoint: dispatched.endpoint,
                    ..failed(loaded, BuiltIn::Busy, "the store cannot be written", number)
                },
            },
        }
    }

    /// Runs the call here, or in the pool where it is heavy, or would wait for a heavy one that writes.
    async fn call(&self, loaded: &Arc<Loaded>, parts: &Parts, bytes: Bytes, number: u64) -> Dispatched {
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
        let method = parts.method.as_str();
        let shared = &self.shared;
        let (heavy, writes) = match loaded.heavy.is_empty() {
            true => (false, false),
            false => self.weight(loaded, method, parts.uri.path()),
        };
        // Handlers run one at a time: one that waits here for a heavy one would hold up whoever this thread serves.
        let is_heavy = heavy || writes && shared.heavy_writing.load(Ordering::Acquire) > 0;
        if !is_heavy {
            return guarded(loaded, method, target, &parts.headers, &bytes, number);
        }
        let busy = |detail| failed(loaded, BuiltIn::Busy, detail, number);
        if shared.heavy_waiting.load(Ordering::Relaxed) >= shared.settings.heavy_waiting as i64 {
            return busy("too many requests are waiting");
        }
        let turn = {
            let _waiting = Counted::new(&shared.heavy_waiting);
            shared.heavy.clone().acquire_owned().await
        };
        let Ok(turn) = turn else {
            return busy("the service is stopping");
        };
        let loaded = loaded.clone();
        let (method, target, headers) = (method.to_owned(), target.to_owned(), parts.headers.clone());
        let own = loaded.clone();
        let counted = (heavy && writes).then(|| self.shared.clone());
        let running = tokio::task::spawn_blocking(move || {
            let _writing = counted.as_ref().map(|shared| Counted::new(&shared.heavy_writing));
            let dispatched = guarded(&own, &method, &target, &headers, &bytes, number);
            drop(turn);
            dispatched
        });
        match running.await {
            Ok(dispatched) => dispatched,
            Err(_) => faulted(&loaded, number),
        }
    }

    /// Whether the endpoint of a request is heavy, and whether it writes.
    fn weight(&self, loaded: &Loaded, method: &str, path: &str) -> (bool, bool) {
        let method = if method == "HEAD" { "GET" } else { method };
        let Routed::Endpoint { endpoint, .. } = loaded.program.router.route(method, path) else {
            return (false, false);
        };
        let described = loaded.program.service.api().endpoints.get(endpoint as usize);
        let writes = described.is_some_and(|endpoint| endpoint.kind == EndpointKind::Handler);
        (loaded.heavy.contains(&endpoint), writes)
    }

    /// Writes down what happened.
    fn record(&self, loaded: &Loaded, parts: &Parts, dispatched: &Dispatched, number: u64, took: Duration) {
        let shared = &self.shared;
        let endpoint = dispatched
            .endpoint
            .and_then(|endpoint| loaded.program.service.api().endpoints.get(endpoint as usize))
            .map(|endpoint| endpoint.name.as_str());
        if let Some((fault, site)) = dispatched.fault {
            shared.metrics.incidents.fetch_add(1, Ordering::Relaxed);
            let place = loaded.program.service.describe_site(site);
            shared.log.line(
                "error",
                "fault",
                [
                    ("incident", format!("{number:016x}").into()),
                    ("endpoint", json!(endpoint)),
                    ("fault", fault.name().into()),
                    ("code", fault.code().into()),
                    ("detail", fault.message().into()),
                    ("place", json!(place)),
                ],
            );
        }
        if shared.settings.log_requests {
            let level = if dispatched.response.status >= 500 { "error" } else { "info" };
            shared.log.line(
                level,
                "request",
                [
                    ("request", request_id(parts, number).into()),
                    ("method", parts.method.as_str().into()),
                    ("path", parts.uri.path().into()),
                    ("endpoint", json!(endpoint)),
                    ("status", dispatched.response.status.into()),
                    ("micros", (took.as_micros() as u64).into()),
                    ("bytes", dispatched.response.body.len().into()),
                ],
            );
        }
    }

    /// The response as hyper sends it.
    fn finish(&self, parts: &Parts, dispatched: Dispatched, number: u64) -> hyper::Response<Whole> {
        let Response { status, headers, body, head } = dispatched.response;
        let length = body.len();
        let mut response =
            hyper::Response::new(Whole::new(unsent(if head { Vec::new() } else { body }, &self.shared.answer_memory)));
        *response.status_mut() =
            hyper::StatusCode::from_u16(status).unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
        let own = response.headers_mut();
        let mut media_type_is_json = true;
        for (name, value) in headers {
            if name == "content-type" {
                media_type_is_json = value.starts_with("application/");
            }
            let value = match value {
                Cow::Borrowed(value) => Ok(HeaderValue::from_static(value)),
                Cow::Owned(value) => HeaderValue::try_from(value),
            };
            if let Ok(value) = value {
                own.append(name, value);
            }
        }
        own.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
        own.entry("cache-control").or_insert(HeaderValue::from_static("no-store"));
        if !media_type_is_json {
            // A text of a program must not become a page of its own making.
            let policy = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
            own.insert("content-security-policy", policy);
        }
        if (status >= 500 || parts.headers.contains_key("x-request-id"))
            && let Ok(id) = HeaderValue::try_from(request_id(parts, number))
        {
            own.insert("x-request-id", id);
        }
        if head {
            own.insert("content-length", HeaderValue::from(length));
        }
        response
    }
}

/// The caller's number of the request, if it sent an acceptable one, or ours.
fn request_id(parts: &Parts, number: u64) -> String {
    let given = parts.headers.get("x-request-id").and_then(|id| id.to_str().ok());
    match given.filter(|id| !id.is_empty() && id.len() <= 128) {
        Some(id) => id.to_owned(),
        None => format!("{number:016x}"),
    }
}

/// Dispatches; a panic of the engine is a fault of the implementation and of nothing else.
fn guarded(loaded: &Loaded, method: &str, target: &str, headers: &HeaderMap, body: &[u8], number: u64) -> Dispatched {
    let headers = HeaderLookup(headers);
    let request = Request { method, target, headers: &headers, body, number };
    let run = || dispatch(&loaded.program.router, &*loaded.program.service, &request);
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| faulted(loaded, number))
}

fn faulted(loaded: &Loaded, number: u64) -> Dispatched {
    let outcome = Outcome::from(Fault::Internal);
    let response = respond(loaded.program.service.api(), None, &outcome, number);
    Dispatched { fault: Some((Fault::Internal, UNKNOWN_SITE)), ..response.into() }
}

fn failed(loaded: &Loaded, error: BuiltIn, detail: &str, number: u64) -> Dispatched {
    let outcome = Outcome::Failed(Failure::built_in(error, detail));
    respond(loaded.program.service.api(), None, &outcome, number).into()
}
