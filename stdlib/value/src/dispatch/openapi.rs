//! The OpenAPI 3.1 document of an interface: paths, parameters, bodies, answers, problems.
//!
//! Shapes with a name become components; a shape without a name that contains itself gets one. What JSON Schema cannot
//! say (a predicate of the program) stands in the description.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

use super::api::{Api, Endpoint, EndpointKind, Format, Source};
use super::respond::{problem_type, title};
use crate::decimal;
use crate::fault::{BuiltIn, ErrorId};
use crate::json::encode_value;
use crate::shape::{Field, Kind, Presence, Rule, Shape, ShapeId, Shapes};
use crate::value::Value;

/// The document of an interface. Internal endpoints are left out.
pub fn openapi(api: &Api) -> Json {
    let mut schemas = Schemas::new(api);
    let mut paths: BTreeMap<&str, Map<String, Json>> = BTreeMap::new();
    for endpoint in api.endpoints.iter().filter(|endpoint| !endpoint.path.is_empty()) {
        let operation = operation(api, endpoint, &mut schemas);
        paths.entry(&endpoint.path).or_default().insert(endpoint.method.as_str().to_lowercase(), operation);
    }
    let mut info = Map::new();
    info.insert("title".into(), api.title.as_str().into());
    info.insert("version".into(), api.version.as_str().into());
    if let Some(doc) = &api.doc {
        info.insert("description".into(), doc.as_str().into());
    }
    json!({
        "openapi": "3.1.0",
        "info": info,
        "paths": paths,
        "components": {
            "schemas": schemas.finish(),
            "responses": {
                "Problem": {
                    "description": "The request could not be answered.",
                    "content": { "application/problem+json": { "schema": reference("Problem") } }
                }
            }
        }
    })
}

fn reference(name: &str) -> Json {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn operation(api: &Api, endpoint: &Endpoint, schemas: &mut Schemas<'_>) -> Json {
    let shapes = &api.shapes;
    let mut operation = Map::new();
    operation.insert("operationId".into(), endpoint.name.as_str().into());
    if let Some(doc) = &endpoint.doc {
        let summary = doc.lines().next().unwrap_or_default();
        operation.insert("summary".into(), summary.into());
        if doc.lines().count() > 1 {
            operation.insert("description".into(), doc.as_str().into());
        }
    }
    let mut parameters = Vec::new();
    let mut members = Vec::new();
    let mut body = None;
    for (param, field) in endpoint.params.iter().zip(endpoint.fields(shapes)) {
        let place = match param.source {
            Source::Path => "path",
            Source::Query => "query",
            Source::Header => "header",
            Source::Cookie => "cookie",
            Source::Body => {
                members.push(field);
                continue;
            }
            Source::WholeBody(format) => {
                body = Some((format, field));
                continue;
            }
        };
        let optional = field.presence != Presence::Required || matches!(shapes.get(field.shape).kind, Kind::Option(_));
        let mut parameter = Map::new();
        parameter.insert("name".into(), param.name.as_str().into());
        parameter.insert("in".into(), place.into());
        parameter.insert("required".into(), (place == "path" || !optional).into());
        if let Some(doc) = &field.doc {
            parameter.insert("description".into(), doc.as_str().into());
        }
        let mut schema = schemas.parameter(field.shape);
        if let Presence::Default(value) = &field.presence {
            insert(&mut schema, "default", plain(shapes, field.shape, value));
        }
        parameter.insert("schema".into(), schema);
        parameters.push(Json::Object(parameter));
    }
    if !parameters.is_empty() {
        operation.insert("parameters".into(), parameters.into());
    }
    let has_body = !members.is_empty() || body.is_some();
    if !members.is_empty() {
        let required = members.iter().any(|field| field.presence == Presence::Required);
        let schema = schemas.object(members.into_iter(), None);
        let content = json!({ "application/json": { "schema": schema } });
        operation.insert("requestBody".into(), json!({ "required": required, "content": content }));
    } else if let Some((format, field)) = body {
        let required = field.presence == Presence::Required;
        let content = content(format, schemas, field.shape);
        operation.insert("requestBody".into(), json!({ "required": required, "content": content }));
    }
    operation.insert("responses".into(), responses(api, endpoint, has_body, schemas));
    if endpoint.kind == EndpointKind::Query {
        operation.insert("x-tenon-kind".into(), "query".into());
    }
    Json::Object(operation)
}

fn content(format: Format, schemas: &mut Schemas<'_>, shape: ShapeId) -> Json {
    let schema = match format {
        Format::Json | Format::Form => schemas.schema(shape),
        Format::Text | Format::Csv => json!({ "type": "string" }),
        Format::Bytes => json!({}),
    };
    let media = format.media_type().split(';').next().unwrap_or_default();
    json!({ media: { "schema": schema } })
}

fn responses(api: &Api, endpoint: &Endpoint, has_body: bool, schemas: &mut Schemas<'_>) -> Json {
    let mut responses = BTreeMap::new();
    let mut answer = Map::new();
    answer.insert("description".into(), if endpoint.answer.is_some() { "The answer." } else { "Done." }.into());
    if let Some(shape) = endpoint.answer {
        answer.insert("content".into(), content(endpoint.answer_format, schemas, shape));
    }
    responses.insert(endpoint.status.to_string(), Json::Object(answer));

    let mut by_status: BTreeMap<u16, BTreeSet<ErrorId>> = BTreeMap::new();
    let mut add = |error: ErrorId| {
        if let Some(base) = api.error_base(error) {
            by_status.entry(base.status()).or_default().insert(error);
        }
    };
    endpoint.failures.iter().copied().for_each(&mut add);
    if !endpoint.params.is_empty() {
        add(BuiltIn::Invalid.id());
    }
    for (status, errors) in by_status {
        let names: Vec<&str> = errors.iter().filter_map(|error| api.error_name(*error)).collect();
        let mut alternatives: Vec<Json> = errors.iter().map(|error| schemas.error(*error)).collect();
        let schema = match alternatives.len() {
            1 => alternatives.swap_remove(0),
            _ => json!({ "anyOf": alternatives }),
        };
        let description = names.iter().map(|name| title(name)).collect::<Vec<_>>().join(", or ");
        responses.insert(
            status.to_string(),
            json!({
                "description": format!("{description}."),
                "content": { "application/problem+json": { "schema": schema } }
            }),
        );
    }
    if has_body {
        responses.entry("400".to_owned()).or_insert_with(|| json!({ "$ref": "#/components/responses/Problem" }));
    }
    responses.insert("default".to_owned(), json!({ "$ref": "#/components/responses/Problem" }));
    json!(responses)
}

/// Whether two shapes describe the same texts but for their rules and documentation. Shapes that are being compared count
/// as the same, so that types which contain themselves can be.
fn same(shapes: &Shapes, a: ShapeId, b: ShapeId, open: &mut Vec<(ShapeId, ShapeId)>) -> bool {
    if a == b || open.contains(&(a, b)) {
        return true;
    }
    open.push((a, b));
    let mut equal = |x: &ShapeId, y: &ShapeId| same(shapes, *x, *y, open);
    let mut fields = |x: &[Field], y: &[Field]| {
        x.len() == y.len()
            && x.iter().zip(y).all(|(x, y)| x.name == y.name && x.presence == y.presence && equal(&x.shape, &y.shape))
    };
    match (&shapes.get(a).kind, &shapes.get(b).kind) {
        (Kind::Record { fields: x }, Kind::Record { fields: y }) => fields(x, y),
        (Kind::Variant { cases: x, .. }, Kind::Variant { cases: y, .. }) => {
            x.len() == y.len() && x.iter().zip(y).all(|(x, y)| x.name == y.name && fields(&x.fields, &y.fields))
        }
        (Kind::Option(x), Kind::Option(y))
        | (Kind::List(x), Kind::List(y))
        | (Kind::Bag(x), Kind::Bag(y))
        | (Kind::Set(x), Kind::Set(y)) => equal(x, y),
        (Kind::Map { key: x, value: v }, Kind::Map { key: y, value: w }) => equal(x, y) && equal(v, w),
        (x, y) => x == y,
    }
}

/// A value as plain JSON.
fn plain(shapes: &Shapes, shape: ShapeId, value: &Value) -> Json {
    encode_value(shapes, shape, value).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or(Json::Null)
}

fn insert(schema: &mut Json, name: &str, value: Json) {
    if let Json::Object(members) = schema {
        members.insert(name.to_owned(), value);
    }
}

/// The schemas that were asked for, and the components that they refer to.
struct Schemas<'a> {
    api: &'a Api,
    names: BTreeMap<ShapeId, String>,
    /// Which of the shapes of a name is written down.
    written: BTreeMap<String, ShapeId>,
    components: BTreeMap<String, Json>,
    errors: BTreeSet<ErrorId>,
    /// Components whose schema is not written yet.
    pending: Vec<ShapeId>,
    /// Shapes without names that are being written.
    inside: Vec<ShapeId>,
}

impl<'a> Schemas<'a> {
    fn new(api: &'a Api) -> Schemas<'a> {
        // A type has one shape with its rules, for what callers send, and one without, for answers. Shapes of one name that
        // differ in rules alone share a component, which states the rules; others are numbered.
        let mut names = BTreeMap::new();
        let mut groups: Vec<(String, ShapeId)> = Vec::new();
        for (id, shape) in api.shapes.iter() {
            let Some(name) = &shape.name else { continue };
            let clean: String =
                name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
            let mut candidate = clean.clone();
            let mut number = 1;
            loop {
                match groups.iter_mut().find(|(taken, _)| *taken == candidate) {
                    None if candidate == "Problem" => {}
                    None => {
                        groups.push((candidate.clone(), id));
                        break;
                    }
                    Some((_, first)) if same(&api.shapes, *first, id, &mut Vec::new()) => {
                        if api.shapes.get(*first).checks.len() < shape.checks.len() {
                            *first = id;
                        }
                        break;
                    }
                    Some(_) => {}
                }
                number += 1;
                candidate = format!("{clean}{number}");
            }
            names.insert(id, candidate);
        }
        let written = groups.into_iter().collect();
        Schemas {
            api,
            names,
            written,
            components: BTreeMap::new(),
            errors: BTreeSet::new(),
            pending: Vec::new(),
            inside: Vec::new(),
        }
    }

    fn finish(mut self) -> BTreeMap<String, Json> {
        let mut written = BTreeSet::new();
        while let Some(id) = self.pending.pop() {
            let name = self.names.get(&id).cloned().unwrap_or_default();
            if written.insert(name.clone()) {
                let schema = self.expand(self.written.get(&name).copied().unwrap_or(id));
                self.components.insert(name, schema);
            }
        }
        self.components.insert("Problem".to_owned(), problem());
        self.components
    }

    fn schema(&mut self, id: ShapeId) -> Json {
        if !self.names.contains_key(&id) && self.inside.contains(&id) {
            self.names.insert(id, format!("Shape{}", id.0));
        }
        if let Some(name) = self.names.get(&id) {
            self.pending.push(id);
            return reference(name);
        }
        self.expand(id)
    }

    fn expand(&mut self, id: ShapeId) -> Json {
        self.inside.push(id);
        let shape = self.api.shapes.get(id);
        let mut schema = self.kind(shape);
        self.rules(shape, &mut schema);
        self.inside.pop();
        schema
    }

    /// The schema of a parameter: what is not a scalar or a list of scalars is a text there.
    fn parameter(&mut self, id: ShapeId) -> Json {
        match &self.api.shapes.get(id).kind {
            Kind::Option(content) => self.parameter(*content),
            Kind::Record { .. }
            | Kind::Map { .. }
            | Kind::Json
            | Kind::Variant { bare: false, .. }
            | Kind::Row { .. } => {
                json!({ "type": "string" })
            }
            _ => self.schema(id),
        }
    }

    fn object<'f>(&mut self, fields: impl Iterator<Item = &'f Field>, tag: Option<&str>) -> Json {
        let shapes = &self.api.shapes;
        let mut properties = Map::new();
        let mut required: Vec<Json> = Vec::new();
        if let Some(tag) = tag {
            properties.insert("type".into(), json!({ "const": tag }));
            required.push("type".into());
        }
        for field in fields {
            let mut schema = self.schema(field.shape);
            if let Some(doc) = &field.doc {
                insert(&mut schema, "description", doc.as_str().into());
            }
            match &field.presence {
                Presence::Required => required.push(field.name.as_str().into()),
                Presence::Absentable => {}
                Presence::Default(value) => insert(&mut schema, "default", plain(shapes, field.shape, value)),
            }
            properties.insert(field.name.to_string(), schema);
        }
        json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
    }

    fn kind(&mut self, shape: &Shape) -> Json {
        let text = |format: &str| json!({ "type": "string", "format": format });
        match &shape.kind {
            Kind::Bool => json!({ "type": "boolean" }),
            Kind::Int => json!({ "type": "integer", "format": "int64" }),
            Kind::Decimal { scale: 0 } => json!({ "type": "string", "pattern": "^-?[0-9]+$" }),
            Kind::Decimal { scale } => {
                json!({ "type": "string", "pattern": format!("^-?[0-9]+\\.[0-9]{{{scale}}}$") })
            }
            Kind::Float => json!({ "type": "number", "format": "double" }),
            Kind::Text => json!({ "type": "string" }),
            Kind::Bytes => json!({ "type": "string", "contentEncoding": "base64" }),
            Kind::Instant => text("date-time"),
            Kind::DateTime => json!({
                "type": "string",
                "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?$"
            }),
            Kind::Date => text("date"),
            Kind::Time => json!({
                "type": "string",
                "pattern": "^[0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,9})?)?$"
            }),
            Kind::Duration => text("duration"),
            Kind::Id | Kind::Uuid => text("uuid"),
            Kind::Json => json!({}),
            Kind::Option(content) => {
                json!({ "anyOf": [self.schema(*content), { "type": "null" }] })
            }
            Kind::List(element) | Kind::Bag(element) => {
                json!({ "type": "array", "items": self.schema(*element) })
            }
            Kind::Set(element) => {
                json!({ "type": "array", "items": self.schema(*element), "uniqueItems": true })
            }
            Kind::Map { key, value } if self.api.shapes.get(*key).kind == Kind::Text => {
                let mut schema = json!({ "type": "object", "additionalProperties": self.schema(*value) });
                if !self.api.shapes.get(*key).checks.is_empty() {
                    insert(&mut schema, "propertyNames", self.schema(*key));
                }
                schema
            }
            Kind::Map { key, value } => {
                let pair = json!({
                    "type": "array",
                    "prefixItems": [self.schema(*key), self.schema(*value)],
                    "minItems": 2,
                    "maxItems": 2
                });
                json!({ "type": "array", "items": pair })
            }
            Kind::Record { fields } => self.object(fields.iter(), None),
            Kind::Variant { cases, bare: true } => {
                let names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
                json!({ "type": "string", "enum": names })
            }
            Kind::Variant { cases, bare: false } => {
                let cases: Vec<Json> =
                    cases.iter().map(|case| self.object(case.fields.iter(), Some(&case.name))).collect();
                json!({ "oneOf": cases })
            }
            Kind::Ref { key, .. } => self.schema(*key),
            Kind::Row { fields, .. } => {
                let fields: Vec<Field> = fields
                    .iter()
                    .map(|field| Field { doc: field.doc.clone(), ..Field::new(field.name.clone(), field.shape) })
                    .collect();
                self.object(fields.iter(), None)
            }
        }
    }

    fn rules(&mut self, shape: &Shape, schema: &mut Json) {
        let mut words: Vec<String> = shape.doc.iter().map(ToString::to_string).collect();
        let (least, most) = match shape.kind {
            Kind::List(_) | Kind::Bag(_) | Kind::Set(_) => ("minItems", "maxItems"),
            Kind::Map { .. } => ("minProperties", "maxProperties"),
            _ => ("minLength", "maxLength"),
        };
        for check in &shape.checks {
            match &check.rule {
                Rule::IntRange { min, max } => {
                    bound(schema, "minimum", min.map(Json::from));
                    bound(schema, "maximum", max.map(Json::from));
                }
                Rule::DecimalRange { min, max } => {
                    if let Kind::Decimal { scale } = shape.kind {
                        let write = |n: &i64| decimal::to_text(*n, scale);
                        words.extend(min.as_ref().map(|min| format!("At least {}.", write(min))));
                        words.extend(max.as_ref().map(|max| format!("At most {}.", write(max))));
                    }
                }
                Rule::Length { min, max } if shape.kind != Kind::Bytes => {
                    bound(schema, least, min.map(Json::from));
                    bound(schema, most, max.map(Json::from));
                }
                Rule::Length { min, max } => {
                    words.extend(min.map(|min| format!("At least {min} bytes.")));
                    words.extend(max.map(|max| format!("At most {max} bytes.")));
                }
                Rule::Matches(pattern) => {
                    let text = self.api.shapes.pattern_text(*pattern);
                    bound(schema, "pattern", Some(format!("^(?:{text})$").into()));
                }
                Rule::OneOf(values) => {
                    let id = self.inside.last().copied();
                    let values: Vec<Json> =
                        values.iter().filter_map(|value| id.map(|id| plain(&self.api.shapes, id, value))).collect();
                    bound(schema, "enum", Some(values.into()));
                }
                Rule::Predicate { text, .. } => {
                    words.push(check.message.as_ref().map_or_else(|| format!("Keeps `{text}`."), ToString::to_string));
                }
            }
        }
        if !words.is_empty() {
            insert(schema, "description", words.join("\n").into());
        }
    }

    fn error(&mut self, error: ErrorId) -> Json {
        let Some(name) = self.api.error_name(error).map(str::to_owned) else {
            return reference("Problem");
        };
        let component = format!("{name}Problem");
        if self.errors.insert(error) {
            let mut properties = Map::new();
            properties.insert("type".into(), json!({ "const": problem_type(&name) }));
            let mut required = vec![Json::from("type")];
            let declared = self.api.declared(error);
            if let Some(declared) = declared
                && let Kind::Record { fields } = &self.api.shapes.get(declared.fields).kind
            {
                for field in fields {
                    properties.insert(field.name.to_string(), self.schema(field.shape));
                    if field.presence == Presence::Required {
                        required.push(field.name.as_str().into());
                    }
                }
            }
            let mut own = json!({ "type": "object", "properties": properties, "required": required });
            if let Some(doc) = declared.and_then(|declared| declared.doc.as_ref()) {
                insert(&mut own, "description", doc.as_str().into());
            }
            self.components.insert(component.clone(), json!({ "allOf": [reference("Problem"), own] }));
        }
        reference(&component)
    }
}

/// Adds a bound; of two bounds of one kind the first stays and the other joins it.
fn bound(schema: &mut Json, name: &str, value: Option<Json>) {
    let (Json::Object(members), Some(value)) = (schema, value) else {
        return;
    };
    if members.contains_key(name) {
        let all = members.entry("allOf").or_insert_with(|| Json::Array(Vec::new()));
        if let Json::Array(all) = all {
            all.push(json!({ name: value }));
        }
    } else {
        members.insert(name.to_owned(), value);
    }
}

fn problem() -> Json {
    json!({
        "type": "object",
        "description": "A problem (RFC 9457).",
        "properties": {
            "type": { "type": "string" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "detail": { "type": "string" },
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "pointer": { "type": "string", "description": "Where in the body: a JSON pointer." },
                        "parameter": { "type": "string", "description": "Which parameter." },
                        "in": { "type": "string", "enum": ["path", "query", "header", "cookie"] },
                        "code": { "type": "string" },
                        "detail": { "type": "string" }
                    },
                    "required": ["code", "detail"]
                }
            },
            "incident": { "type": "string", "description": "The number of a fault, to be found in the log." }
        },
        "required": ["type", "title", "status"]
    })
}
