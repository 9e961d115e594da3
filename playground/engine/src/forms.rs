//! What the page needs to draw a form: endpoints with their parameters, and shapes as trees of plain data.
//!
//! Forms are those of the program that runs, made from its shapes: defaults, patterns and bounds are what the dispatch
//! checks. While the text has errors that program is older than the text, which the editor's forms follow
//! (`tenon_ide::models::forms`); so neither can stand for the other.

use crate::instance::Instance;
use crate::project::Project;
use crate::rows::text;
use serde_json::{Map, Value as Json, json};
use tenon_check::declare::signature;
use tenon_check::program::named_items;
use tenon_check::signature::Signature;
use tenon_check::ty::{Symbol, Ty};
use tenon_value::dispatch::{Endpoint, Format, Source};
use tenon_value::shape::{Field, Kind, Presence, Rule, ShapeId, Shapes};
use tenon_value::{Value, json::encode_value};

/// Shapes are drawn so deep; what lies deeper is written as JSON.
const DEPTH: usize = 6;

/// What a value means beyond its shape.
pub(crate) struct Role {
    /// The relation whose row it names.
    pub relation: String,
}

/// The exposed endpoints, in the order of the program.
pub(crate) fn endpoints(instance: &Instance, project: &Project) -> Json {
    let program = &instance.program;
    let shown = program.api.endpoints.iter().zip(&program.endpoints).enumerate();
    shown
        .filter(|(_, (endpoint, _))| !endpoint.path.is_empty())
        .map(|(index, (endpoint, code))| {
            json!({
                "index": index,
                "name": endpoint.name.as_str(),
                "kind": format!("{:?}", endpoint.kind).to_lowercase(),
                "method": endpoint.method.as_str(),
                "path": endpoint.path.as_str(),
                "doc": endpoint.doc.as_deref(),
                "status": endpoint.status,
                "live": code.live,
                "params": params(&program.api.shapes, endpoint, project),
                "at": project.site(program, code.site),
            })
        })
        .collect()
}

fn params(shapes: &Shapes, endpoint: &Endpoint, project: &Project) -> Vec<Json> {
    let types = parameter_types(project, &endpoint.name);
    let fields = endpoint.fields(shapes).iter().zip(&endpoint.params).enumerate();
    fields
        .map(|(at, (own, param))| {
            let mut out = field(shapes, own);
            let (source, format) = match param.source {
                Source::Path => ("path", None),
                Source::Query => ("query", None),
                Source::Header => ("header", None),
                Source::Cookie => ("cookie", None),
                Source::Body => ("body", None),
                Source::WholeBody(format) => ("whole", Some(format)),
            };
            out.insert("source".into(), source.into());
            // The name on the wire may be that of a header.
            out.insert("wire".into(), param.name.as_str().into());
            if let Some(format) = format {
                out.insert("media".into(), format.media_type().into());
                out.insert("json".into(), (format == Format::Json).into());
            }
            if let Some(Role { relation }) = types.get(at).and_then(role) {
                out.insert("ref".into(), relation.into());
            }
            Json::Object(out)
        })
        .collect()
}

/// The types of the parameters of a declaration of the program.
fn parameter_types(project: &Project, name: &str) -> Vec<Ty> {
    let found = named_items(project.db()).into_iter().find_map(|symbol| match signature(project.db(), &symbol) {
        Some(Signature::Function(own)) if own.endpoint.is_some() && symbol.name == name => Some(own),
        _ => None,
    });
    found.map(|own| own.params.iter().map(|param| param.ty.clone()).collect()).unwrap_or_default()
}

/// The relation that a stored field refers to.
pub(crate) fn stored_role(project: &Project, relation: &str, field: &str) -> Option<Role> {
    let symbols: Vec<Symbol> = named_items(project.db());
    symbols.iter().filter(|symbol| symbol.name == relation).find_map(|symbol| match signature(project.db(), symbol) {
        Some(Signature::Relation(own)) => role(&own.fields.iter().find(|f| f.name == field)?.ty),
        _ => None,
    })
}

fn role(ty: &Ty) -> Option<Role> {
    match ty.base() {
        Ty::Row(symbol) => Some(Role { relation: symbol.name.to_string() }),
        Ty::Option(inner) => role(inner),
        _ => None,
    }
}

/// A field of a record: `{name, form, presence, default?, doc?}`. The default is a text of JSON.
pub(crate) fn field(shapes: &Shapes, field: &Field) -> Map<String, Json> {
    field_within(shapes, field, &mut Vec::new())
}

fn field_within(shapes: &Shapes, field: &Field, open: &mut Vec<ShapeId>) -> Map<String, Json> {
    let mut out = Map::new();
    out.insert("name".into(), field.name.as_str().into());
    out.insert("form".into(), form(shapes, field.shape, open));
    match &field.presence {
        Presence::Required => out.insert("presence".into(), "required".into()),
        Presence::Absentable => out.insert("presence".into(), "optional".into()),
        Presence::Default(value) => {
            let written = encode_value(shapes, field.shape, value).ok();
            if let Some(default) = written.and_then(|bytes| serde_json::from_slice::<Json>(&bytes).ok()) {
                out.insert("default".into(), text(&default));
            }
            out.insert("presence".into(), "optional".into())
        }
    };
    if let Some(doc) = &field.doc {
        out.insert("doc".into(), doc.as_str().into());
    }
    out
}

/// A shape as a tree: `{kind, …, name?, doc?, rules: […]}`.
fn form(shapes: &Shapes, id: ShapeId, open: &mut Vec<ShapeId>) -> Json {
    if open.contains(&id) || open.len() >= DEPTH {
        return json!({ "kind": "json" });
    }
    open.push(id);
    let shape = shapes.get(id);
    let mut out = Map::new();
    let mut put = |name: &str, value: Json| out.insert(name.to_owned(), value);
    let mut fields =
        |fields: &[Field]| -> Json { fields.iter().map(|own| Json::Object(field_within(shapes, own, open))).collect() };
    let kind = match &shape.kind {
        Kind::Bool => "bool",
        Kind::Int => "int",
        Kind::Decimal { scale } => {
            put("scale", (*scale).into());
            "decimal"
        }
        Kind::Float => "float",
        Kind::Text => "text",
        Kind::Bytes => "bytes",
        Kind::Instant => "instant",
        Kind::DateTime => "datetime",
        Kind::Date => "date",
        Kind::Time => "time",
        Kind::Duration => "duration",
        Kind::Id => "id",
        Kind::Uuid => "uuid",
        Kind::Json => "json",
        Kind::Option(of) => {
            put("of", form(shapes, *of, open));
            "option"
        }
        Kind::List(of) | Kind::Bag(of) | Kind::Set(of) => {
            put("of", form(shapes, *of, open));
            "list"
        }
        Kind::Map { key, value } => {
            put("keyForm", form(shapes, *key, open));
            put("valueForm", form(shapes, *value, open));
            "map"
        }
        Kind::Record { fields: own } => {
            put("fields", fields(own));
            "record"
        }
        Kind::Variant { cases, bare } => {
            let cases: Vec<Json> = cases
                .iter()
                .map(|case| json!({ "name": case.name.as_str(), "fields": fields(&case.fields) }))
                .collect();
            put("bare", (*bare).into());
            put("cases", cases.into());
            "variant"
        }
        // What comes from callers has keys in place of rows.
        Kind::Ref { key, .. } | Kind::Row { key, .. } => {
            let inner = form(shapes, *key, open);
            open.pop();
            return inner;
        }
    };
    put("kind", kind.into());
    let mut rules: Vec<Json> = Vec::new();
    for check in &shape.checks {
        match &check.rule {
            Rule::IntRange { min, max } | Rule::DecimalRange { min, max } => {
                let scale = match &shape.kind {
                    Kind::Decimal { scale } => *scale,
                    _ => 0,
                };
                for (name, bound) in [("min", min), ("max", max)] {
                    if let Some(unscaled) = bound {
                        let value = Value::Decimal { unscaled: *unscaled, scale };
                        put(name, tenon_value::format::display(&value).into());
                    }
                }
            }
            Rule::Length { min, max } => {
                put("minLength", (*min).into());
                put("maxLength", (*max).into());
            }
            Rule::Matches(pattern) => {
                put("pattern", shapes.pattern_text(*pattern).into());
            }
            Rule::OneOf(values) => {
                let written = values.iter().filter_map(|value| encode_value(shapes, id, value).ok());
                let values = written.filter_map(|bytes| serde_json::from_slice::<Json>(&bytes).ok());
                put("oneOf", values.map(|value| text(&value)).collect());
            }
            Rule::Predicate { text, .. } => rules.push(text.as_str().into()),
        }
        if let Some(message) = &check.message {
            rules.push(message.as_str().into());
        }
    }
    if !rules.is_empty() {
        put("rules", rules.into());
    }
    if let Some(name) = &shape.name {
        put("name", name.as_str().into());
    }
    if let Some(doc) = &shape.doc {
        put("doc", doc.as_str().into());
    }
    open.pop();
    Json::Object(out)
}
