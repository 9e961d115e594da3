//! From a method and a path to an endpoint.
//!
//! A path is a tree of segments. A literal segment wins over a parameter at the first place where two paths differ; where
//! the literal leads to nothing, the parameter is tried. Segments are compared as they are written, after decoding.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::api::{Api, Method};
use super::query::decode_percent;

/// The paths of a program.
#[derive(Debug, Default)]
pub struct Router {
    root: Node,
}

#[derive(Debug, Default)]
struct Node {
    literals: BTreeMap<SmolStr, Node>,
    parameter: Option<Box<Node>>,
    /// The endpoints that end here.
    methods: BTreeMap<Method, u32>,
}

/// Why paths do not make a router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteError {
    /// A path does not start with a slash, or a segment mixes a parameter with letters.
    BadPath(SmolStr),
    /// A path names a parameter that the endpoint does not take from it, or the reverse.
    Parameters(SmolStr),
    /// Two endpoints answer the same method and path.
    Twice(SmolStr, SmolStr),
}

impl std::fmt::Display for RouteError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            RouteError::BadPath(path) => write!(f, "the path {path:?} cannot be used"),
            RouteError::Parameters(name) => {
                write!(f, "the path of `{name}` and its parameters do not agree")
            }
            RouteError::Twice(a, b) => write!(f, "`{a}` and `{b}` answer the same requests"),
        }
    }
}

impl std::error::Error for RouteError {}

/// Where a request goes.
#[derive(Debug, PartialEq, Eq)]
pub enum Routed<'a> {
    /// To an endpoint, with the values of the path's parameters in order, still encoded.
    Endpoint {
        /// The endpoint's position.
        endpoint: u32,
        /// The values.
        path: Vec<&'a str>,
    },
    /// The path exists, but not with this method.
    NoMethod {
        /// The methods it has, in order.
        allowed: Vec<&'static str>,
    },
    /// The path does not exist.
    NoPath,
}

impl Router {
    /// The paths of an interface. Endpoints with an empty path are internal and cannot be reached.
    pub fn new(api: &Api) -> Result<Router, RouteError> {
        let mut router = Router::default();
        for (index, endpoint) in api.endpoints.iter().enumerate() {
            if endpoint.path.is_empty() {
                continue;
            }
            let bad = || RouteError::BadPath(endpoint.path.clone());
            let rest = endpoint.path.strip_prefix('/').ok_or_else(bad)?;
            let mut node = &mut router.root;
            for segment in rest.split('/') {
                node = match parameter(segment) {
                    Some(_) => node.parameter.get_or_insert_default(),
                    None if segment.contains(['{', '}']) => return Err(bad()),
                    None => node.literals.entry(segment.into()).or_default(),
                };
            }
            if let Some(other) = node.methods.insert(endpoint.method, index as u32) {
                let other = api.endpoints[other as usize].name.clone();
                return Err(RouteError::Twice(other, endpoint.name.clone()));
            }
            let named: Vec<&str> = parameters(&endpoint.path).collect();
            let taken = endpoint.params.iter().filter(|param| param.source == super::api::Source::Path);
            let agree = taken.clone().count() == named.len() && taken.clone().all(|p| named.contains(&p.name.as_str()));
            if !agree {
                return Err(RouteError::Parameters(endpoint.name.clone()));
            }
        }
        Ok(router)
    }

    /// Where a request goes. The path is still encoded.
    pub fn route<'a>(&self, method: &str, path: &'a str) -> Routed<'a> {
        let Some(rest) = path.strip_prefix('/') else {
            return Routed::NoPath;
        };
        let mut values = Vec::new();
        let mut allowed = BTreeMap::new();
        match find(&self.root, Method::from_name(method), rest, &mut values, &mut allowed) {
            Some(endpoint) => Routed::Endpoint { endpoint, path: values },
            None if allowed.is_empty() => Routed::NoPath,
            None => {
                let mut allowed: Vec<&'static str> = allowed.into_values().collect();
                if let Some(get) = allowed.iter().position(|method| *method == "GET") {
                    allowed.insert(get + 1, "HEAD");
                }
                allowed.push("OPTIONS");
                Routed::NoMethod { allowed }
            }
        }
    }
}

/// The name of a segment that is a parameter.
fn parameter(segment: &str) -> Option<&str> {
    let name = segment.strip_prefix('{')?.strip_suffix('}')?;
    (!name.is_empty() && !name.contains(['{', '}'])).then_some(name)
}

/// The names of a path's parameters in order.
pub(super) fn parameters(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(parameter)
}

fn find<'a>(
    node: &Node,
    method: Option<Method>,
    rest: &'a str,
    values: &mut Vec<&'a str>,
    allowed: &mut BTreeMap<Method, &'static str>,
) -> Option<u32> {
    let (segment, rest) = match rest.split_once('/') {
        Some((segment, rest)) => (segment, Some(rest)),
        None => (rest, None),
    };
    let mut step = |next: &Node, values: &mut Vec<&'a str>| match rest {
        Some(rest) => find(next, method, rest, values, allowed),
        None => {
            allowed.extend(next.methods.keys().map(|method| (*method, method.as_str())));
            method.and_then(|method| next.methods.get(&method)).copied()
        }
    };
    let literal = if segment.contains('%') {
        decode_percent(segment, false).and_then(|segment| node.literals.get(segment.as_ref()))
    } else {
        node.literals.get(segment)
    };
    if let Some(next) = literal
        && let Some(found) = step(next, values)
    {
        return Some(found);
    }
    let next = node.parameter.as_deref().filter(|_| !segment.is_empty())?;
    values.push(segment);
    let found = step(next, values);
    if found.is_none() {
        values.pop();
    }
    found
}
