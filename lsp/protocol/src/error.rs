//! Errors that answers carry.

use serde_json::{Value, json};

/// Kinds of errors; each has its number in the protocol.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ErrorKind {
    /// The message is not JSON.
    ParseError,
    /// The message is no request, notification or response, or comes at the wrong time.
    InvalidRequest,
    /// Nobody answers this method.
    MethodNotFound,
    /// The parameters do not fit the method.
    InvalidParams,
    /// The server is at fault.
    InternalError,
    /// A request before `initialize`.
    NotInitialized,
    /// What was asked cannot be done, through no fault of the server.
    RequestFailed,
    /// The client took the request back.
    RequestCancelled,
    /// The text changed before the answer was found.
    ContentModified,
    /// The server took the request back; the client may ask again.
    ServerCancelled,
}

impl ErrorKind {
    /// The number in the protocol.
    pub fn code(self) -> i64 {
        match self {
            ErrorKind::ParseError => -32700,
            ErrorKind::InvalidRequest => -32600,
            ErrorKind::MethodNotFound => -32601,
            ErrorKind::InvalidParams => -32602,
            ErrorKind::InternalError => -32603,
            ErrorKind::NotInitialized => -32002,
            ErrorKind::RequestFailed => -32803,
            ErrorKind::RequestCancelled => -32800,
            ErrorKind::ContentModified => -32801,
            ErrorKind::ServerCancelled => -32802,
        }
    }
}

/// An error as an answer.
#[derive(Clone, PartialEq, Debug)]
pub struct ResponseError {
    /// Its number in the protocol.
    pub code: i64,
    /// One sentence.
    pub message: String,
    /// More, for programs.
    pub data: Option<Value>,
}

impl ResponseError {
    /// An error with a sentence.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> ResponseError {
        ResponseError { code: kind.code(), message: message.into(), data: None }
    }

    /// The parameters do not fit the method.
    pub fn invalid_params(message: impl Into<String>) -> ResponseError {
        ResponseError::new(ErrorKind::InvalidParams, message)
    }

    /// What was asked cannot be done.
    pub fn failed(message: impl Into<String>) -> ResponseError {
        ResponseError::new(ErrorKind::RequestFailed, message)
    }

    /// As JSON.
    pub fn to_json(&self) -> Value {
        match &self.data {
            None => json!({ "code": self.code, "message": self.message }),
            Some(data) => json!({ "code": self.code, "message": self.message, "data": data }),
        }
    }
}
