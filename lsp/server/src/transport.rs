//! Messages from and to tower-lsp, which frames and parses them. Nothing is answered here.

use crate::input::{Input, NOT_JSON};
use crate::outlet::Outlet;
use crate::owner::Event;
use futures::channel::mpsc::UnboundedReceiver;
use futures::{Sink, Stream};
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::mpsc::Sender;
use std::task::{Context, Poll, ready};
use tenon_protocol::error::{ErrorKind, ResponseError};
use tenon_protocol::message::{Id, Message};
use tokio::io::{AsyncRead, AsyncWrite};
use tower_lsp::jsonrpc::{self, Request, Response};
use tower_lsp::{Loopback, Server};
use tower_service::Service;

/// Requests that are under way at once. Those that wait cost nothing, and a limit would keep `$/cancelRequest` from
/// overtaking.
const AT_ONCE: usize = 1 << 20;

/// Moves messages until the client hangs up or says `exit`, and every request has been answered.
pub async fn run<I, O>(input: I, output: O, owner: Sender<Event>, outlet: Outlet, told: UnboundedReceiver<Message>)
where
    I: AsyncRead + Unpin,
    O: AsyncWrite,
{
    let input = Input::new(input, owner.clone());
    let socket = Socket { told: Told(told), answers: Answers(owner.clone()) };
    Server::new(input, output, socket).concurrency_level(AT_ONCE).serve(Door { owner, outlet }).await;
}

/// Where messages of the client come in.
struct Door {
    owner: Sender<Event>,
    outlet: Outlet,
}

type Answer = Pin<Box<dyn Future<Output = Result<Option<Response>, Infallible>> + Send>>;

impl Service<Request> for Door {
    type Response = Option<Response>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Answer {
        let (method, id, params) = request.into_parts();
        let (method, params) = (method.into_owned(), params.unwrap_or_default());
        let Some(id) = id else {
            // The owner may have ended: then nobody listens.
            let _ = self.owner.send(Event::Message(Message::Notification { method, params }));
            return Box::pin(std::future::ready(Ok(None)));
        };
        let refused = |id, kind, message: &'static str| -> Answer {
            let error = ResponseError::new(kind, message);
            Box::pin(std::future::ready(Ok(Some(Response::from_error(id, jsonrpc_error(error))))))
        };
        let invalid = ErrorKind::InvalidRequest;
        let Some(own) = own_id(&id) else {
            return match method.as_str() {
                NOT_JSON => refused(id, ErrorKind::ParseError, "the message is not JSON"),
                _ => refused(id, invalid, "the message is no request, notification or response"),
            };
        };
        let Some(answer) = self.outlet.expect(own.clone()) else {
            return refused(id, invalid, "a request with this `id` is under way");
        };
        if self.owner.send(Event::Message(Message::Request { id: own.clone(), method, params })).is_err() {
            self.outlet.forget(&own);
        }
        Box::pin(async move {
            let outcome = match answer.await {
                Ok(Message::Response { outcome, .. }) => outcome,
                _ => Err(ResponseError::new(ErrorKind::RequestCancelled, "the server ended")),
            };
            Ok(Some(Response::from_parts(id, outcome.map_err(jsonrpc_error))))
        })
    }
}

/// The other direction: what the server asks and tells, and what the client answers.
struct Socket {
    told: Told,
    answers: Answers,
}

impl Loopback for Socket {
    type RequestStream = Told;
    type ResponseSink = Answers;

    fn split(self) -> (Told, Answers) {
        (self.told, self.answers)
    }
}

/// Requests and notifications for the client.
struct Told(UnboundedReceiver<Message>);

impl Stream for Told {
    type Item = Request;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Request>> {
        loop {
            let (id, method, params) = match ready!(Pin::new(&mut self.0).poll_next(context)) {
                None => return Poll::Ready(None),
                Some(Message::Request { id, method, params }) => (Some(id), method, params),
                Some(Message::Notification { method, params }) => (None, method, params),
                // Answers go to those who wait for them.
                Some(Message::Response { .. }) => continue,
            };
            let mut request = Request::build(method);
            if !params.is_null() {
                request = request.params(params);
            }
            request = match id {
                None => request,
                Some(Id::Number(number)) => request.id(number),
                Some(Id::Text(text)) => request.id(text),
            };
            return Poll::Ready(Some(request.finish()));
        }
    }
}

/// What the client answers goes the way of all messages.
struct Answers(Sender<Event>);

impl Sink<Response> for Answers {
    type Error = io::Error;

    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn start_send(self: Pin<&mut Self>, response: Response) -> io::Result<()> {
        let (id, outcome) = response.into_parts();
        if let Some(id) = own_id(&id) {
            let outcome = outcome.map_err(|error| ResponseError {
                code: error.code.code(),
                message: error.message.into_owned(),
                data: error.data,
            });
            // The owner may have ended: then nobody listens.
            let _ = self.0.send(Event::Message(Message::Response { id, outcome }));
        }
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn own_id(id: &jsonrpc::Id) -> Option<Id> {
    match id {
        jsonrpc::Id::Number(number) => Some(Id::Number(*number)),
        jsonrpc::Id::String(text) => Some(Id::Text(text.clone())),
        jsonrpc::Id::Null => None,
    }
}

fn jsonrpc_error(error: ResponseError) -> jsonrpc::Error {
    jsonrpc::Error { code: error.code.into(), message: error.message.into(), data: error.data }
}
