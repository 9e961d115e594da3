//! Endpoints: what the outside sees, and the wrapper between the wire and the program's function.

use super::scope::{Binding, Scope, is_some, unwrap};
use super::source::BodyPart;
use super::types::absentable;
use super::wire::Way;
use super::{Lowering, scope::unit};
use crate::ir::{Endpoint, Expr, ExprKind, Function, FunctionId, FunctionKind, Name, SiteId, Stmt, Type};
use std::sync::Arc;
use tenon_check::signature::{CallableKind, FunctionSig, ParamSig, RequestPart};
use tenon_check::ty::Ty;
use tenon_check::typed::Body;
use tenon_span::Range;
use tenon_value::dispatch::{self, EndpointKind, Format, Method, Param, Source};
use tenon_value::shape::{Field, Presence};

/// How a parameter is filled.
enum Fill {
    /// It must come.
    Required,
    /// `f?: T`.
    Absentable,
    /// A constant that the decoder supplies.
    Constant(tenon_value::Value),
    /// An expression that the wrapper evaluates where nothing came.
    Computed,
}

impl Lowering<'_> {
    pub(super) fn lower_endpoint(&mut self, sig: &FunctionSig) -> u32 {
        let exposed = sig.endpoint.clone();
        let writes = sig.kind == CallableKind::Handler;
        let method = match &exposed {
            Some(endpoint) => Method::from_name(&endpoint.method).unwrap_or(Method::Post),
            None if writes => Method::Post,
            None => Method::Get,
        };
        // A function that is not exposed has an endpoint without a path, so that scenarios call it as they call others.
        let path = exposed.as_ref().map(|e| format!("{}{}", self.prefix, e.path)).unwrap_or_default();
        let site = self.site(&sig.symbol, Range::empty(0));
        let mut params = Vec::new();
        let mut fields = Vec::new();
        let mut record = Vec::new();
        let mut fills = Vec::new();
        for (at, param) in sig.params.iter().enumerate() {
            let (source, name) = self.param_source(param, method, &path);
            let shape = self.shape(&param.ty, Way::In);
            let ty = self.wire_type_way(&param.ty, Way::In);
            let fill = self.fill(sig, at, param);
            let presence = match &fill {
                Fill::Required => Presence::Required,
                Fill::Absentable | Fill::Computed => Presence::Absentable,
                Fill::Constant(value) => Presence::Default(value.clone()),
            };
            let mut field = Field::new(name.clone(), shape).presence(presence);
            field.doc = (!param.doc.is_empty()).then(|| param.doc.clone());
            fields.push(field);
            params.push(Param { name: name.clone(), source });
            let optional = matches!(fill, Fill::Absentable | Fill::Computed);
            record.push((param.name.clone(), if optional { absentable(ty) } else { ty }));
            fills.push((fill, source, name));
        }
        let arguments = self.program.api.shapes.record(fields);
        let result = self.source.result_type(&sig.symbol);
        let function = self.wrapper(sig, &record, &fills, &result, site);
        let has_answer = !matches!(result.base(), Ty::Unit | Ty::Never);
        let answer = has_answer.then(|| self.shape(&result, Way::Out));
        let status = exposed.as_ref().and_then(|e| e.status).unwrap_or(if has_answer { 200 } else { 204 });
        let answer_format = exposed.as_ref().and_then(|e| e.answers_as.as_deref()).map_or(Format::Json, format_named);
        let failures = self.source.failures(&sig.symbol).iter().map(|s| self.error_id(s)).collect();
        self.program.api.endpoints.push(dispatch::Endpoint {
            name: sig.symbol.name.clone(),
            doc: (!sig.doc.is_empty()).then(|| sig.doc.clone()),
            kind: if writes { EndpointKind::Handler } else { EndpointKind::Query },
            method,
            path: path.into(),
            params,
            arguments,
            answer,
            answer_format,
            status,
            failures,
        });
        self.program.endpoints.push(Endpoint { function, live: exposed.is_some_and(|e| e.live), site });
        self.program.endpoints.len() as u32 - 1
    }

    fn param_source(&mut self, param: &ParamSig, method: Method, path: &str) -> (Source, Name) {
        // Nobody outside calls a function that is not exposed: what it takes travels as JSON, which can say every value.
        if path.is_empty() {
            return (Source::Body, param.name.clone());
        }
        let wire = param.wire.clone().unwrap_or_else(|| self.wire_name(&param.name));
        if let Some((part, name, format)) = &param.from {
            let name = name.clone().unwrap_or_else(|| wire.clone());
            let source = match part {
                RequestPart::Header => Source::Header,
                RequestPart::Cookie => Source::Cookie,
                RequestPart::Query => Source::Query,
                RequestPart::Body => Source::WholeBody(format.as_deref().map_or(Format::Json, format_named)),
            };
            return (source, name);
        }
        if path.contains(&format!("{{{}}}", param.name)) {
            return (Source::Path, param.name.clone());
        }
        match method {
            Method::Get | Method::Delete => (Source::Query, wire),
            _ => (Source::Body, wire),
        }
    }

    fn fill(&mut self, sig: &FunctionSig, at: usize, param: &ParamSig) -> Fill {
        if param.absent {
            return Fill::Absentable;
        }
        if !param.default {
            return Fill::Required;
        }
        let body = self.source.body(&sig.symbol, BodyPart::ParamDefault(at as u32));
        match body.and_then(|b| self.constant_value(&b.value)) {
            Some(value) => Fill::Constant(value),
            None => Fill::Computed,
        }
    }

    fn wrapper(
        &mut self,
        sig: &FunctionSig,
        record: &[(Name, Type)],
        fills: &[(Fill, Source, Name)],
        result: &Ty,
        site: SiteId,
    ) -> FunctionId {
        let empty = Arc::new(Body { locals: Vec::new(), params: Vec::new(), value: unit_body() });
        let arguments = Type::record(record.to_vec());
        let mut scope = Scope::new(self, empty, sig.symbol.clone(), Vec::new());
        let input = scope.fresh("arguments", arguments.clone(), false);
        let mut bindings = Vec::new();
        for (at, (param, (fill, source, name))) in sig.params.iter().zip(fills).enumerate() {
            let raw = Expr::new(
                ExprKind::Field(Box::new(Expr::var(input, arguments.clone())), at as u32),
                record[at].1.clone(),
            );
            let in_path = *source == Source::Path;
            let place = match source {
                Source::Body => format!("/{name}"),
                Source::WholeBody(_) => String::new(),
                _ => name.to_string(),
            };
            let value = match fill {
                Fill::Required | Fill::Constant(_) => scope.from_wire(raw, &param.ty, &place, in_path, site),
                Fill::Absentable => {
                    let ty = Ty::Option(Arc::new(param.ty.clone()));
                    let kept = scope.ty(&param.ty);
                    let kept = absentable(kept);
                    if kept == raw.ty { raw } else { scope.from_wire(raw, &ty, &place, in_path, site) }
                }
                Fill::Computed => {
                    let target = scope.ty(&param.ty);
                    let held = unwrap(raw.clone());
                    let held = match &held.ty {
                        // `T?` with a default: present may be `none`.
                        Type::Record(r)
                            if matches!(target, Type::Option(_)) && r.fields.len() == 1 && r.fields[0].0 == "0" =>
                        {
                            let ty = r.fields[0].1.clone();
                            Expr::new(ExprKind::Field(Box::new(held), 0), ty)
                        }
                        _ => held,
                    };
                    let before = bindings.clone();
                    scope.conditional(
                        is_some(raw),
                        &target,
                        |s| s.from_wire(held, &param.ty, &place, in_path, site),
                        |s| match s.l.source.body(&sig.symbol, BodyPart::ParamDefault(at as u32)) {
                            Some(body) => s.inline_body(&sig.symbol, body, before, Vec::new(), Range::empty(0)),
                            None => unit(),
                        },
                    )
                }
            };
            bindings.push(Binding::Code(scope.name(value)));
        }
        let value = scope.call_bound(sig, &[], bindings, Range::empty(0));
        let value = match result.base() {
            Ty::Unit | Ty::Never => unit(),
            _ => scope.to_wire(value, result),
        };
        let ty = value.ty.clone();
        scope.emit(Stmt::Return(value));
        let (vars, body) = (scope.vars, scope.block);
        let name = Name::from(format!("{}$endpoint", sig.symbol.name));
        self.add_function(Function {
            name,
            kind: FunctionKind::Pure,
            params: vec![input],
            result: ty,
            vars,
            body,
            site,
        })
    }

    /// The name of a field or parameter on the wire.
    pub(super) fn wire_name(&self, name: &str) -> Name {
        self.names.spell(name)
    }
}

fn format_named(name: &str) -> Format {
    match name {
        "text" => Format::Text,
        "csv" => Format::Csv,
        "form" => Format::Form,
        "bytes" => Format::Bytes,
        _ => Format::Json,
    }
}

fn unit_body() -> tenon_check::typed::Expr {
    tenon_check::typed::Expr {
        kind: tenon_check::typed::ExprKind::Block(Vec::new(), None),
        ty: Ty::Unit,
        range: Range::empty(0),
    }
}
