//! The interface of a program as constant data: endpoints, their parameters, answers and failures.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::fault::{BuiltIn, ErrorId, FIRST_DECLARED};
use crate::shape::{Kind, ShapeId, Shapes};

/// Everything that a program shows to the outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Api {
    /// The program's name, for documents.
    pub title: SmolStr,
    /// The program's version, for documents.
    pub version: SmolStr,
    /// The program's documentation.
    pub doc: Option<SmolStr>,
    /// All shapes.
    pub shapes: Shapes,
    /// The declared errors: [`ErrorId`] 16 is the first.
    pub errors: Vec<ErrorShape>,
    /// The endpoints; a call names one by its position.
    pub endpoints: Vec<Endpoint>,
}

/// A declared error: `error OutOfStock(left: Qty) is Conflict "only {left} left"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ErrorShape {
    /// The name (`OutOfStock`).
    pub name: SmolStr,
    /// The built-in error that it is a kind of.
    pub base: BuiltIn,
    /// A record of its fields.
    pub fields: ShapeId,
    /// The error's documentation.
    pub doc: Option<SmolStr>,
}

/// An exposed query or handler.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Endpoint {
    /// The name of the declaration.
    pub name: SmolStr,
    /// Its documentation.
    pub doc: Option<SmolStr>,
    /// Whether it may write.
    pub kind: EndpointKind,
    /// The method.
    pub method: Method,
    /// The path with its parameters in braces: `/tasks/{task}`. The names are those of `params` with source `Path`.
    pub path: SmolStr,
    /// The parameters in the order of the declaration; `params[i]` is field `i` of `arguments`.
    pub params: Vec<Param>,
    /// A record with one field for each parameter: names on the wire, shapes, presence, layout.
    pub arguments: ShapeId,
    /// The shape of the answer; `None` for no value.
    pub answer: Option<ShapeId>,
    /// How the answer is written.
    pub answer_format: Format,
    /// The status of an answer (200, 201, 204, …).
    pub status: u16,
    /// The failures that the body may end in, beside those that every endpoint has.
    pub failures: Vec<ErrorId>,
}

/// What an endpoint may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EndpointKind {
    /// Reads a snapshot.
    Query,
    /// Reads and writes in one transaction.
    Handler,
}

/// The methods of HTTP that a program can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Method {
    /// GET.
    Get,
    /// POST.
    Post,
    /// PUT.
    Put,
    /// PATCH.
    Patch,
    /// DELETE.
    Delete,
}

impl Method {
    /// All of them.
    pub const ALL: [Method; 5] = [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete];

    /// The method as it is written in requests.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }

    /// The method with this name.
    pub fn from_name(name: &str) -> Option<Method> {
        Method::ALL.into_iter().find(|method| method.as_str() == name)
    }
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Param {
    /// The name on the wire (`If-Match` for a header).
    pub name: SmolStr,
    /// Where it comes from.
    pub source: Source,
}

/// Where a parameter comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// A part of the path.
    Path,
    /// The query string.
    Query,
    /// A header.
    Header,
    /// A cookie.
    Cookie,
    /// A member of the JSON object in the body.
    Body,
    /// The whole body.
    WholeBody(Format),
}

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Format {
    /// JSON.
    Json,
    /// A Text as it is.
    Text,
    /// A list of flat records as comma-separated values with a header line.
    Csv,
    /// A record of texts as a form.
    Form,
    /// Bytes as they are.
    Bytes,
}

impl Format {
    /// The media type of bodies in this format.
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Json => "application/json",
            Format::Text => "text/plain; charset=utf-8",
            Format::Csv => "text/csv; charset=utf-8",
            Format::Form => "application/x-www-form-urlencoded",
            Format::Bytes => "application/octet-stream",
        }
    }
}

impl Api {
    /// An interface without endpoints.
    pub fn new(title: impl Into<SmolStr>) -> Api {
        Api {
            title: title.into(),
            version: SmolStr::new_static("0.1.0"),
            doc: None,
            shapes: Shapes::new(),
            errors: Vec::new(),
            endpoints: Vec::new(),
        }
    }

    /// A declared error; `None` for the built-in ones and for numbers that the program does not have.
    pub fn declared(&self, error: ErrorId) -> Option<&ErrorShape> {
        self.errors.get(error.0.checked_sub(FIRST_DECLARED)? as usize)
    }

    /// An error's name.
    pub fn error_name(&self, error: ErrorId) -> Option<&str> {
        match BuiltIn::from_id(error) {
            Some(built_in) => Some(built_in.name()),
            None => self.declared(error).map(|declared| declared.name.as_str()),
        }
    }

    /// The built-in error that an error is, or is a kind of.
    pub fn error_base(&self, error: ErrorId) -> Option<BuiltIn> {
        BuiltIn::from_id(error).or_else(|| self.declared(error).map(|declared| declared.base))
    }

    /// The error with this name.
    pub fn error_named(&self, name: &str) -> Option<ErrorId> {
        BuiltIn::from_name(name).map(BuiltIn::id).or_else(|| {
            let index = self.errors.iter().position(|error| error.name == name)?;
            Some(ErrorId(FIRST_DECLARED + index as u32))
        })
    }

    /// The endpoint of this declaration.
    pub fn endpoint_named(&self, name: &str) -> Option<u32> {
        self.endpoints.iter().position(|endpoint| endpoint.name == name).map(|index| index as u32)
    }
}

impl Endpoint {
    /// The fields of the record of arguments.
    pub fn fields<'a>(&self, shapes: &'a Shapes) -> &'a [crate::shape::Field] {
        match &shapes.get(self.arguments).kind {
            Kind::Record { fields } => fields,
            _ => &[],
        }
    }
}
