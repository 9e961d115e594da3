//! Messages of JSON-RPC 2.0.

use crate::error::{ErrorKind, ResponseError};
use serde_json::{Map, Value, json};

/// What pairs a request with its answer.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Id {
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
}

impl Id {
    /// Reads an id.
    pub fn from_json(value: &Value) -> Option<Id> {
        match value {
            Value::Number(number) => number.as_i64().map(Id::Number),
            Value::String(text) => Some(Id::Text(text.clone())),
            _ => None,
        }
    }

    /// As JSON.
    pub fn to_json(&self) -> Value {
        match self {
            Id::Number(number) => Value::from(*number),
            Id::Text(text) => Value::from(text.as_str()),
        }
    }
}

/// A message between client and server.
#[derive(Clone, PartialEq, Debug)]
pub enum Message {
    /// Wants an answer.
    Request {
        /// Pairs it with its answer.
        id: Id,
        /// What is asked.
        method: String,
        /// Of what; `null` for nothing.
        params: Value,
    },
    /// Wants none.
    Notification {
        /// What is said.
        method: String,
        /// Of what; `null` for nothing.
        params: Value,
    },
    /// The answer to a request.
    Response {
        /// The request's.
        id: Id,
        /// What was found.
        outcome: Result<Value, ResponseError>,
    },
}

impl Message {
    /// Reads a message.
    ///
    /// # Errors
    /// `ParseError` for what is not JSON, `InvalidRequest` for what is no message.
    pub fn parse(text: &str) -> Result<Message, ResponseError> {
        let value: Value =
            serde_json::from_str(text).map_err(|error| ResponseError::new(ErrorKind::ParseError, error.to_string()))?;
        Message::from_json(value)
    }

    fn from_json(value: Value) -> Result<Message, ResponseError> {
        let invalid = |what: &str| ResponseError::new(ErrorKind::InvalidRequest, what);
        let Value::Object(mut fields) = value else { return Err(invalid("a message is an object")) };
        let id = match fields.get("id") {
            None | Some(Value::Null) => None,
            Some(id) => Some(Id::from_json(id).ok_or_else(|| invalid("`id` is neither a whole number nor a text"))?),
        };
        let params = fields.shift_remove("params").unwrap_or(Value::Null);
        match (fields.shift_remove("method"), id) {
            (Some(Value::String(method)), Some(id)) => Ok(Message::Request { id, method, params }),
            (Some(Value::String(method)), None) => Ok(Message::Notification { method, params }),
            (Some(_), _) => Err(invalid("`method` is no text")),
            (None, Some(id)) => {
                let outcome = match fields.shift_remove("error") {
                    None => Ok(fields.shift_remove("result").unwrap_or(Value::Null)),
                    Some(error) => Err(response_error(&error)),
                };
                Ok(Message::Response { id, outcome })
            }
            (None, None) => Err(invalid("a message has a `method` or answers an `id`")),
        }
    }

    /// The answer to a request.
    pub fn response(id: Id, outcome: Result<Value, ResponseError>) -> Message {
        Message::Response { id, outcome }
    }

    /// As JSON.
    pub fn to_json(&self) -> Value {
        let mut fields = Map::new();
        fields.insert("jsonrpc".into(), json!("2.0"));
        match self {
            Message::Request { id, method, params } => {
                fields.insert("id".into(), id.to_json());
                fields.insert("method".into(), json!(method));
                if !params.is_null() {
                    fields.insert("params".into(), params.clone());
                }
            }
            Message::Notification { method, params } => {
                fields.insert("method".into(), json!(method));
                if !params.is_null() {
                    fields.insert("params".into(), params.clone());
                }
            }
            Message::Response { id, outcome } => {
                fields.insert("id".into(), id.to_json());
                match outcome {
                    Ok(result) => fields.insert("result".into(), result.clone()),
                    Err(error) => fields.insert("error".into(), error.to_json()),
                };
            }
        }
        Value::Object(fields)
    }
}

fn response_error(value: &Value) -> ResponseError {
    ResponseError {
        code: value.get("code").and_then(Value::as_i64).unwrap_or_else(|| ErrorKind::InternalError.code()),
        message: value.get("message").and_then(Value::as_str).unwrap_or_default().to_owned(),
        data: value.get("data").cloned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_travel_both_ways() {
        for text in [
            r#"{"jsonrpc":"2.0","id":1,"method":"shutdown"}"#,
            r#"{"jsonrpc":"2.0","id":"a","method":"x","params":{"n":1}}"#,
            r#"{"jsonrpc":"2.0","method":"exit"}"#,
            r#"{"jsonrpc":"2.0","id":7,"result":[1,2]}"#,
            r#"{"jsonrpc":"2.0","id":7,"error":{"code":-32801,"message":"changed"}}"#,
        ] {
            assert_eq!(Message::parse(text).unwrap().to_json().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_message_is_refused() {
        for (text, code) in [
            ("{", -32700),
            ("[]", -32600),
            ("{}", -32600),
            (r#"{"id":1.5,"method":"x"}"#, -32600),
            (r#"{"id":1,"method":3}"#, -32600),
        ] {
            assert_eq!(Message::parse(text).unwrap_err().code, code, "{text}");
        }
    }
}
