//! The endpoints of a program, each with a form for every parameter.

use super::forms::{Form, FormField};
use super::{Place, full_name};
use crate::Analysis;
use crate::answer::SymbolKind;
use serde::Serialize;
use tenon_check::bodies::result_type;
use tenon_check::declare::signature;
use tenon_check::effects::effects_of;
use tenon_check::items::{Item, code, program_items, tree};
use tenon_check::names::symbol_of;
use tenon_check::show::Shown;
use tenon_check::signature::{CallableKind, FunctionSig, ParamSig, RequestPart, Signature};
use tenon_check::ty::{Symbol, Ty};
use tenon_syntax::ast::{ClauseKind, Expr, ExprKind, ItemKind};
use tenon_value::BuiltIn;

/// An exposed query or handler.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Endpoint {
    /// The declaration.
    pub name: String,
    /// [`SymbolKind::Query`] or [`SymbolKind::Handler`].
    pub kind: SymbolKind,
    /// Its documentation.
    pub doc: String,
    /// `POST`
    pub method: String,
    /// The path with the program's prefix, parameters in braces: `/tasks/{task}`.
    pub path: String,
    /// Who may call it, as written: `public`, `c: Customer`; empty if it does not say.
    pub callers: Vec<String>,
    /// Where it stands.
    pub place: Place,
    /// Its parameters, in order.
    pub parameters: Vec<Parameter>,
    /// The status of an answer.
    pub status: u16,
    /// The type of the answer; nothing for none.
    pub answer: Option<String>,
    /// `json`, `text`, `csv`, `form`, `bytes`
    pub answers_as: String,
    /// Asked to be served as a stream too.
    pub live: bool,
    /// How it may fail, in the order of statuses, beside what every request may meet.
    pub failures: Vec<Failure>,
}

/// Where a parameter comes from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ParameterSource {
    /// A step of the path.
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
    WholeBody,
}

/// A parameter.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Parameter {
    /// Its name in the program.
    pub name: String,
    /// Its name on the wire.
    pub wire: String,
    /// Where it comes from.
    pub source: ParameterSource,
    /// How a whole body is written: `csv`, `form`, …
    pub format: Option<String>,
    /// False if it may be left out.
    pub required: bool,
    /// Its default, as written.
    pub default: Option<String>,
    /// Its documentation.
    pub doc: String,
    /// How it is entered.
    pub form: Form,
}

/// A failure.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Failure {
    /// The error.
    pub name: String,
    /// The status of the answer.
    pub status: u16,
    /// What the problem has beside its title.
    pub fields: Vec<FormField>,
    /// Its documentation.
    pub doc: String,
}

impl Analysis {
    /// The endpoints of the program, in the order of files and places.
    pub fn endpoints(&self) -> Vec<Endpoint> {
        program_items(&self.db).filter_map(|item| self.endpoint(item)).collect()
    }

    fn endpoint(&self, item: Item<'_>) -> Option<Endpoint> {
        let symbol = symbol_of(&self.db, item)?;
        let sig = self.function(&symbol)?;
        let exposed = sig.endpoint.as_ref()?;
        let answer = result_type(&self.db, &symbol);
        let has_answer = !matches!(answer.base(), Ty::Unit | Ty::Never);
        let mut failures: Vec<Failure> =
            effects_of(&self.db, &symbol).fails.iter().filter_map(|error| self.failure(error)).collect();
        failures.sort_by(|a, b| (a.status, &a.name).cmp(&(b.status, &b.name)));
        Some(Endpoint {
            name: full_name(&symbol),
            kind: if sig.kind == CallableKind::Handler { SymbolKind::Handler } else { SymbolKind::Query },
            doc: sig.doc.to_string(),
            method: exposed.method.to_string(),
            path: self.endpoint_path(sig),
            callers: self.callers(item),
            place: self.item_place(item),
            parameters: sig.params.iter().map(|param| self.parameter(item, sig, param)).collect(),
            status: exposed.status.unwrap_or(if has_answer { 200 } else { 204 }),
            answer: (has_answer && answer != Ty::Error).then(|| Shown(&answer).to_string()),
            answers_as: exposed.answers_as.as_ref().map_or(String::from("json"), |format| format.to_string()),
            live: exposed.live,
            failures,
        })
    }

    fn callers(&self, item: Item<'_>) -> Vec<String> {
        let Some(tree) = tree(&self.db, item) else { return Vec::new() };
        let ItemKind::Function(function) = &tree.kind else { return Vec::new() };
        let of_clause = |clause: &tenon_syntax::ast::Clause| match &clause.kind {
            ClauseKind::Public => Some(String::from("public")),
            ClauseKind::Caller { name, ty } => Some(name.range.cover(ty.range).slice(code(&self.db, item)).to_owned()),
            _ => None,
        };
        function.clauses.iter().filter_map(of_clause).collect()
    }

    fn parameter(&self, item: Item<'_>, sig: &FunctionSig, param: &ParamSig) -> Parameter {
        let path = sig.endpoint.as_ref().map_or("", |endpoint| endpoint.path.as_str());
        let method = sig.endpoint.as_ref().map_or("", |endpoint| endpoint.method.as_str());
        let own = param.wire.as_ref().map_or_else(|| self.wire_name(&param.name), |wire| wire.to_string());
        let in_path = path.contains(&format!("{{{}}}", param.name));
        let (source, wire, format) = match &param.from {
            Some((part, name, format)) => {
                let source = match part {
                    RequestPart::Header => ParameterSource::Header,
                    RequestPart::Cookie => ParameterSource::Cookie,
                    RequestPart::Query => ParameterSource::Query,
                    RequestPart::Body => ParameterSource::WholeBody,
                };
                (source, name.as_ref().map_or(own, |name| name.to_string()), format.as_ref().map(|f| f.to_string()))
            }
            None if in_path => (ParameterSource::Path, param.name.to_string(), None),
            None if matches!(method, "GET" | "DELETE") => (ParameterSource::Query, own, None),
            None => (ParameterSource::Body, own, None),
        };
        let written = tree(&self.db, item).as_ref().and_then(|tree| match &tree.kind {
            ItemKind::Function(function) => function.params.list.iter().find(|other| other.name.text == param.name),
            _ => None,
        });
        let default = written.and_then(|written| written.default.as_ref());
        let source_text = |expr: &Expr| match &expr.kind {
            ExprKind::Error => None,
            _ => Some(expr.range.slice(code(&self.db, item)).to_owned()),
        };
        Parameter {
            name: param.name.to_string(),
            wire,
            source,
            format,
            required: !param.absent && !param.default,
            default: default.and_then(source_text),
            doc: param.doc.to_string(),
            form: self.form(&param.ty),
        }
    }

    fn failure(&self, error: &Symbol) -> Option<Failure> {
        if let Some(Signature::Error(sig)) = signature(&self.db, error) {
            let fields = sig.fields.iter().map(|field| FormField {
                name: field.name.to_string(),
                wire: field.wire.as_ref().map_or_else(|| self.wire_name(&field.name), |wire| wire.to_string()),
                required: !field.absent,
                form: self.form(&field.ty),
            });
            return Some(Failure {
                name: full_name(error),
                status: BuiltIn::from_name(&sig.is)?.status(),
                fields: fields.collect(),
                doc: sig.doc.to_string(),
            });
        }
        let built_in = BuiltIn::from_name(&error.name)?;
        let (name, doc) = (error.name.to_string(), String::new());
        Some(Failure { name, status: built_in.status(), fields: Vec::new(), doc })
    }
}
