//! `fn`, `query` and `handler`: parameters, result, and the header clauses.

use super::Declaring;
use crate::declare;
use crate::signature::{CallableKind, EndpointSig, FunctionSig, ParamSig, RequestPart, ResultSig, Signature};
use crate::suggest::closest;
use crate::ty::{Symbol, Ty};
use smol_str::SmolStr;
use tenon_diagnostics::Code;
use tenon_span::Range;
use tenon_syntax::ast::{self, ClauseKind, ExprKind, TextPart, TypeKind};

/// A step of an endpoint's path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum PathStep {
    /// `orders`
    Literal(SmolStr),
    /// `{id}`
    Parameter(SmolStr),
}

/// The steps of a path as a signature holds it.
pub(crate) fn path_steps(path: &str) -> Vec<PathStep> {
    path.split('/')
        .filter(|step| !step.is_empty())
        .map(|step| match step.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) => PathStep::Parameter(name.into()),
            None => PathStep::Literal(step.into()),
        })
        .collect()
}

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

impl<'a> Declaring<'a, '_> {
    pub(super) fn function(&mut self, decl: &'a ast::Function, symbol: Symbol) -> Signature {
        let kind = match decl.kind {
            ast::FunctionKind::Fn => CallableKind::Fn,
            ast::FunctionKind::Query => CallableKind::Query,
            ast::FunctionKind::Handler => CallableKind::Handler,
        };
        self.types.lower_case(if kind == CallableKind::Fn { "function" } else { decl.kind.word() }, &decl.name);
        self.generic_names(&decl.generics);
        self.change_clauses(None, decl.was.as_ref());
        let params = self.params(&decl.params);
        let result = match &decl.result {
            None if kind == CallableKind::Query => ResultSig::Inferred,
            None => ResultSig::None,
            Some(ast::Type { kind: TypeKind::Infer, .. }) => ResultSig::Inferred,
            Some(ty) => ResultSig::Declared(self.types.resolve(ty)),
        };
        let mut sig = FunctionSig {
            symbol,
            kind,
            generics: declare::generics(&decl.generics),
            params,
            result,
            requires: 0,
            ensures: 0,
            endpoint: None,
            doc: self.doc(),
        };
        self.clauses(decl, &mut sig);
        if kind == CallableKind::Fn && decl.name.text == "main" {
            self.main(decl, &sig);
        }
        Signature::Function(sig)
    }

    fn params(&mut self, params: &ast::Params) -> Vec<ParamSig> {
        let mut found: Vec<ParamSig> = Vec::with_capacity(params.list.len());
        for (n, param) in params.list.iter().enumerate() {
            self.types.lower_case("parameter", &param.name);
            let word = &param.name.text;
            if tenon_syntax::words::is_reserved(word) {
                let message = format!("`{word}` is a word of the language, so no code can name this parameter");
                let diagnostic = self.types.report(Code::ReservedName, param.name.range, message, "reserved");
                diagnostic
                    .notes
                    .push(format!("call it otherwise; on the wire it may still be called so: `name as \"{word}\"`"));
            }
            if let Some(was) = &param.was {
                self.unsupported(was.range, "`was`");
            }
            let ty = self.types.resolve(&param.ty);
            if let (Some(absent), Some(default)) = (param.absent, &param.default) {
                let label = self.item.label(self.db, default.range, "the value that it has when it is left out");
                let message = format!("`{}` has a default, so it is never absent", param.name.text);
                self.types.report(Code::FieldForm, absent, message, "leave the `?` out").secondary.push(label);
            }
            let from = param.source.as_ref().map(|source| {
                if let Some(format) = &source.format {
                    self.unsupported(format.range, "bodies in another format than JSON");
                }
                let part = match source.part {
                    ast::RequestPart::Header => RequestPart::Header,
                    ast::RequestPart::Cookie => RequestPart::Cookie,
                    ast::RequestPart::Query => RequestPart::Query,
                    ast::RequestPart::Body => RequestPart::Body,
                };
                let name = source.name.as_ref().and_then(ast::Text::plain).map(SmolStr::from);
                (part, name, source.format.as_ref().map(|format| format.text.clone()))
            });
            if let Some(first) = params.list.iter().take(n).find(|other| other.name.text == param.name.text) {
                self.types.repeated("parameter", &param.name, first.name.range);
                continue;
            }
            found.push(ParamSig {
                name: param.name.text.clone(),
                wire: param.wire.as_ref().and_then(ast::Text::plain).map(SmolStr::from),
                ty,
                absent: param.absent.is_some() && param.default.is_none(),
                default: param.default.is_some(),
                from,
                doc: param.doc.as_ref().map(|doc| doc.text.clone()).unwrap_or_default(),
            });
        }
        found
    }

    fn main(&mut self, decl: &ast::Function, sig: &FunctionSig) {
        let right = match sig.params.as_slice() {
            [] => true,
            [args] => args.ty == Ty::list(Ty::Text) || args.ty == Ty::Error,
            _ => false,
        };
        if !right {
            self.types.report(
                Code::MainForm,
                decl.params.range,
                "`main` takes the arguments of the command line: `args: [Text]`, or nothing",
                "expected `(args: [Text])`",
            );
        }
        if let (ResultSig::Declared(_), Some(result)) = (&sig.result, &decl.result) {
            self.types.report(
                Code::MainForm,
                result.range,
                "`main` gives no value: nobody could take it",
                "leave it out",
            );
        }
    }

    fn clauses(&mut self, decl: &'a ast::Function, sig: &mut FunctionSig) {
        let mut seen: Vec<(&'static str, Range)> = Vec::new();
        let mut once =
            |this: &mut Self, name: &'static str, range: Range| match seen.iter().find(|(other, _)| *other == name) {
                Some((_, first)) => {
                    let label = this.item.label(this.db, *first, "first here");
                    let message = format!("`{name}` is said twice");
                    this.types.report(Code::ClausePlace, range, message, "again here").secondary.push(label);
                    false
                }
                None => {
                    seen.push((name, range));
                    true
                }
            };
        let at = decl.clauses.iter().find_map(|clause| match &clause.kind {
            ClauseKind::At { method, path } => Some((clause.range, method, path)),
            _ => None,
        });
        let broken = decl.clauses.iter().any(|clause| matches!(clause.kind, ClauseKind::Error));
        let mut endpoint = EndpointSig {
            method: SmolStr::default(),
            path: SmolStr::default(),
            status: None,
            live: false,
            answers_as: None,
        };
        let mut caller = false;
        for clause in &decl.clauses {
            // Clauses that speak about an endpoint need one.
            let named = match &clause.kind {
                ClauseKind::Public => Some("public"),
                ClauseKind::Live => Some("live"),
                ClauseKind::Status { .. } => Some("status"),
                ClauseKind::Format(_) => Some("as"),
                _ => None,
            };
            if let Some(name) = named {
                if !once(self, name, clause.range) {
                    continue;
                }
                if at.is_none() && !broken {
                    let message = format!("`{name}` speaks about an endpoint, and `{}` has none", decl.name.text);
                    let diagnostic = self.types.report(Code::ClausePlace, clause.range, message, "needs `at`");
                    diagnostic.notes.push(String::from("an endpoint is declared by `at GET \"/path\"`"));
                    continue;
                }
            }
            match &clause.kind {
                ClauseKind::Error => caller = true,
                ClauseKind::At { .. } => {
                    once(self, "at", clause.range);
                }
                ClauseKind::Public => caller = true,
                ClauseKind::Live => {
                    endpoint.live = true;
                    if sig.kind == CallableKind::Query {
                        self.types.report(
                            Code::LiveOnce,
                            clause.range,
                            format!("`{}` is served as a plain answer, not yet as a live stream", decl.name.text),
                            "accepted, but not streamed",
                        );
                    } else {
                        self.types.report(Code::ClausePlace, clause.range, "only a query can be `live`", "not a query");
                    }
                }
                ClauseKind::Trusted => self.unsupported(clause.range, "`trusted`"),
                ClauseKind::Breaking => self.unsupported(clause.range, "`breaking`"),
                ClauseKind::Caller { .. } => {
                    caller = true;
                    self.unsupported(clause.range, "known callers");
                }
                ClauseKind::Format(format) => {
                    if matches!(format.as_str(), "text" | "csv" | "form" | "bytes") {
                        self.unsupported(clause.range, "answers in another format than JSON");
                    } else {
                        let message = format!("an answer is `text`, `csv`, `form` or `bytes`, not `{}`", format.text);
                        self.types.report(Code::ClausePlace, format.range, message, "not a format");
                    }
                }
                ClauseKind::Status { code, code_range } => endpoint.status = self.status(sig, code, *code_range),
                ClauseKind::Requires(_) => sig.requires += 1,
                ClauseKind::Ensures(_) => sig.ensures += 1,
                ClauseKind::Rate(_) => self.unsupported(clause.range, "rate limits"),
                ClauseKind::Once(_) => self.unsupported(clause.range, "`once by`"),
                ClauseKind::UniqueBy(_) | ClauseKind::Within(_) => {
                    self.types.report(
                        Code::ClausePlace,
                        clause.range,
                        "this clause speaks about a workflow",
                        "not a workflow",
                    );
                }
            }
        }
        let Some((at_range, method, path)) = at else { return };
        if !caller {
            let fix = self.item.fix(self.db, "add `public`", Range::empty(at_range.end), " public", false);
            let message = format!("say who may call `{}`", decl.name.text);
            self.types.report(Code::NoCaller, at_range, message, "open to nobody yet").fixes.push(fix);
        }
        let right_method = self.method(decl, method);
        let right_path = self.path(decl, path, &mut endpoint);
        if right_method && right_path {
            endpoint.method = method.text.clone();
            sig.endpoint = Some(endpoint);
        }
    }

    fn status(&mut self, sig: &FunctionSig, code: &str, range: Range) -> Option<u16> {
        match code.parse::<u16>() {
            Ok(status @ (204 | 205)) if sig.result != ResultSig::None => {
                let message =
                    format!("an answer with status {status} has no body, and `{}` gives a value", sig.symbol.name);
                self.types.report(Code::EndpointStatus, range, message, "carries no value");
                None
            }
            Ok(status @ 200..=299) => Some(status),
            _ => {
                let message = format!("`status` is a success, 200 to 299, not {code}");
                let diagnostic = self.types.report(Code::EndpointStatus, range, message, "not a success");
                diagnostic
                    .notes
                    .push(String::from("a failure has the status of its error: `error Late is Conflict` answers 409"));
                None
            }
        }
    }

    fn method(&mut self, decl: &ast::Function, method: &ast::Ident) -> bool {
        if !METHODS.contains(&method.as_str()) {
            let upper = method.text.to_uppercase();
            let suggestion =
                METHODS.iter().find(|known| **known == upper).copied().or_else(|| closest(&method.text, METHODS));
            let message = format!("a method is GET, POST, PUT, PATCH or DELETE, not `{}`", method.text);
            self.types.report(Code::EndpointMethod, method.range, message, "not a method").did_you_mean(suggestion);
            return false;
        }
        let name = &decl.name.text;
        let (message, label) = match (decl.kind, method.as_str()) {
            (ast::FunctionKind::Fn, _) => {
                (format!("a `fn` is not exposed; `{name}` has to be a `query` or a `handler`"), "on a `fn`")
            }
            (ast::FunctionKind::Handler, "GET") => (
                format!("GET only reads: callers repeat and cache it, so `{name}` has to be a `query`"),
                "on a `handler`",
            ),
            (ast::FunctionKind::Query, "PUT" | "PATCH" | "DELETE") => {
                (format!("a query writes nothing, so `{name}` cannot answer {}", method.text), "on a `query`")
            }
            _ => return true,
        };
        self.types.report(Code::EndpointMethod, method.range, message, label);
        false
    }

    /// Checks the path and its parameters, and writes it down as text with `{name}` steps.
    fn path(&mut self, decl: &ast::Function, path: &ast::Text, endpoint: &mut EndpointSig) -> bool {
        let mut text = String::new();
        let mut holes: Vec<&ast::Ident> = Vec::new();
        for part in &path.parts {
            match part {
                TextPart::Chars { text: chars, .. } => text.push_str(chars),
                TextPart::Hole(hole) => match &hole.kind {
                    ExprKind::Name(name) => {
                        text.push('{');
                        text.push_str(&name.text);
                        text.push('}');
                        holes.push(name);
                    }
                    ExprKind::Error => return false,
                    _ => {
                        self.types.report(
                            Code::EndpointPath,
                            hole.range,
                            "a path holds names of parameters, not expressions",
                            "not a name",
                        );
                        return false;
                    }
                },
            }
        }
        if let Some(problem) = path_problem(&text) {
            self.types.report(Code::EndpointPath, path.range, problem, "in this path");
            return false;
        }
        let mut right = true;
        for (n, hole) in holes.iter().enumerate() {
            if let Some(first) = holes.iter().take(n).find(|other| other.text == hole.text) {
                let label = self.item.label(self.db, first.range, "first here");
                let message = format!("`{}` stands twice in the path", hole.text);
                self.types.report(Code::PathParameter, hole.range, message, "again here").secondary.push(label);
                right = false;
                continue;
            }
            right &= self.path_parameter(decl, hole);
        }
        endpoint.path = text.into();
        right
    }

    fn path_parameter(&mut self, decl: &ast::Function, hole: &ast::Ident) -> bool {
        let Some(param) = decl.params.list.iter().find(|param| param.name.text == hole.text) else {
            if decl.params.broken {
                return false;
            }
            let suggestion = closest(&hole.text, decl.params.list.iter().map(|param| param.name.as_str()));
            let message = format!("`{}` has no parameter `{}`", decl.name.text, hole.text);
            self.types.report(Code::PathParameter, hole.range, message, "not a parameter").did_you_mean(suggestion);
            return false;
        };
        let (range, why) = if let Some(source) = &param.source {
            (source.range, "is read from the path, so it comes from nowhere else")
        } else if let Some(absent) = param.absent {
            (absent, "is part of the path, so it is never absent")
        } else if let Some(default) = &param.default {
            (default.range, "is part of the path, so its default is never used")
        } else if let TypeKind::Optional(_) = param.ty.kind {
            (param.ty.range, "is part of the path, so it is never `none`")
        } else {
            return true;
        };
        let label = self.item.label(self.db, hole.range, "in the path");
        self.types
            .report(Code::PathParameter, range, format!("`{}` {why}", param.name.text), "leave this out")
            .secondary
            .push(label);
        false
    }
}

/// What is wrong with a path.
fn path_problem(path: &str) -> Option<String> {
    let Some(rest) = path.strip_prefix('/') else { return Some(String::from("a path begins with `/`")) };
    if rest.is_empty() {
        return None;
    }
    for step in rest.split('/') {
        if step.is_empty() {
            return Some(String::from("a path has no empty steps, neither `//` nor a `/` at its end"));
        }
        let whole_parameter = step.starts_with('{') && step.ends_with('}') && step.matches('{').count() == 1;
        if step.contains(['{', '}']) && !whole_parameter {
            return Some(format!("a step of a path is a word or one parameter, not `{step}`"));
        }
        if let Some(name) = step.strip_prefix(':') {
            return Some(format!("a parameter in a path is written `{{{name}}}`, not `{step}`"));
        }
        if let Some(odd) = step.chars().find(|c| !(c.is_ascii_alphanumeric() || "-._~{}".contains(*c))) {
            return Some(format!("`{odd}` cannot stand in a path"));
        }
    }
    None
}
