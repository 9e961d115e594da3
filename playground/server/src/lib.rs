//! The page with a native engine behind it: what `tenon playground` serves, on the loopback interface only.
//!
//! | request | answer |
//! | --- | --- |
//! | `GET /…` | a file of the built page |
//! | `PUT /engine/SESSION` | begins a session, with an engine of its own |
//! | `POST /engine/SESSION` | what the engine of a session says to a request; 410 where there is no such session |
//! | `DELETE /engine/SESSION` | ends a session |
//!
//! Programs that a page sends run on this machine, within the engine's limits and without files, network or clock of their
//! own. So that no other page of the browser reaches them, a request must name this server in `Host`, may come from
//! its own origin only, and what is posted must be JSON (which, as the other methods, a foreign page cannot send without asking
//! first).
//!
//! Invariants: only files that lie directly in the page's folder when the server starts are served; a session has one thread and
//! answers in order; there are at most [`MOST_SESSIONS`].

mod page;
mod sessions;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use page::Page;
use sessions::{NoAnswer, Sessions};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

pub use sessions::MOST_SESSIONS;

/// The largest request to an engine, in bytes.
const LARGEST: usize = 8 << 20;

/// What is served.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folder of the built page.
    pub page: PathBuf,
    /// The port; 0 takes a free one.
    pub port: u16,
}

struct Served {
    page: Page,
    sessions: Sessions,
    address: SocketAddr,
}

/// Serves until the process ends. `ready` hears where.
///
/// # Errors
/// The page cannot be read, or the port is taken.
pub fn serve(settings: &Settings, ready: impl FnOnce(SocketAddr)) -> io::Result<()> {
    let page = Page::read(&settings.page)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, settings.port)).await?;
        let address = listener.local_addr()?;
        ready(address);
        let served = Arc::new(Served { page, sessions: Sessions::default(), address });
        axum::serve(listener, router(served)).await
    })
}

fn router(served: Arc<Served>) -> Router {
    Router::new()
        .route("/engine/{session}", post(engine).put(begin).delete(end))
        .fallback(get(file))
        .layer(DefaultBodyLimit::max(LARGEST))
        .with_state(served)
}

/// Why a request is not answered.
fn refusal(served: &Served, headers: &HeaderMap) -> Option<&'static str> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let port = served.address.port();
    let own = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
    if !text(header::HOST).is_some_and(|host| own.iter().any(|own| own == host)) {
        return Some("this server answers on the loopback interface, under its own name only");
    }
    match text(header::ORIGIN) {
        Some(origin) if !own.iter().any(|own| origin == format!("http://{own}")) => {
            Some("only the page of this server may ask")
        }
        _ => None,
    }
}

async fn file(State(served): State<Arc<Served>>, headers: HeaderMap, uri: Uri) -> Response {
    if let Some(why) = refusal(&served, &headers) {
        return (StatusCode::FORBIDDEN, why).into_response();
    }
    let name = uri.path().trim_start_matches('/');
    match served.page.file(if name.is_empty() { "index.html" } else { name }) {
        Some((media, bytes)) => (
            [
                (header::CONTENT_TYPE, media),
                (header::CACHE_CONTROL, "no-cache"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
                (header::REFERRER_POLICY, "no-referrer"),
                (header::X_FRAME_OPTIONS, "DENY"),
            ],
            bytes,
        )
            .into_response(),
        None => (StatusCode::NOT_FOUND, "there is nothing at this path").into_response(),
    }
}

async fn engine(
    State(served): State<Arc<Served>>,
    Path(session): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Some(why) = refusal(&served, &headers) {
        return (StatusCode::FORBIDDEN, why).into_response();
    }
    let json = headers.get(header::CONTENT_TYPE).is_some_and(|media| media.as_bytes().starts_with(b"application/json"));
    if !json {
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, "a request is application/json").into_response();
    }
    let Ok(request) = String::from_utf8(body.to_vec()) else {
        return (StatusCode::BAD_REQUEST, "a request is UTF-8").into_response();
    };
    match served.sessions.ask(&session, request).await {
        Ok(answer) => ([(header::CONTENT_TYPE, "application/json")], answer).into_response(),
        Err(NoAnswer::Unknown) => (StatusCode::GONE, "there is no such session any more").into_response(),
        Err(NoAnswer::Stopped) => (StatusCode::GONE, "the engine stopped over this request").into_response(),
    }
}

async fn begin(State(served): State<Arc<Served>>, Path(session): Path<String>, headers: HeaderMap) -> Response {
    if let Some(why) = refusal(&served, &headers) {
        return (StatusCode::FORBIDDEN, why).into_response();
    }
    match served.sessions.begin(&session) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, why).into_response(),
    }
}

async fn end(State(served): State<Arc<Served>>, Path(session): Path<String>, headers: HeaderMap) -> Response {
    if let Some(why) = refusal(&served, &headers) {
        return (StatusCode::FORBIDDEN, why).into_response();
    }
    served.sessions.end(&session);
    StatusCode::NO_CONTENT.into_response()
}
