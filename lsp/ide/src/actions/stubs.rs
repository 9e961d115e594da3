//! Text to begin with: a scenario, an endpoint, a type that is inferred.

use super::change::Change;
use super::scope::InSight;
use super::values::{Wanted, is_required, relation_sig, words};
use super::{ActionKind, CodeAction, Context};
use crate::answer::FileRange;
use crate::hints::{HintKind, HintSettings};
use crate::node::Node;
use tenon_check::declare::signature;
use tenon_check::names::symbol_of;
use tenon_check::signature::{CallableKind, FunctionSig, ResultSig, Signature};
use tenon_check::ty::{Symbol, Ty};
use tenon_check::typed::ExprKind as Typed;
use tenon_span::Range;
use tenon_syntax::ast::{Clause, ClauseKind, Function, ItemKind, StmtKind};

pub(super) fn offer(context: &Context<'_>, found: &mut Vec<CodeAction>) {
    if context.is_library() || !context.parsed.errors.is_empty() {
        return;
    }
    found.extend(write_type(context));
    let ItemKind::Function(function) = &context.tree.kind else { return };
    // At the head of the declaration.
    if context.selection.end > function.params.range.start {
        return;
    }
    let db = &context.analysis.db;
    let Some(Signature::Function(sig)) = symbol_of(db, context.item).and_then(|symbol| signature(db, &symbol)) else {
        return;
    };
    found.extend(scenario(context, sig));
    found.extend(expose(context, function, sig));
}

/// The type that a hint shows, written into the text.
fn write_type(context: &Context<'_>) -> Option<CodeAction> {
    let place = match context.innermost(|node| match node {
        Node::Stmt(stmt) if matches!(stmt.kind, StmtKind::Let { .. } | StmtKind::Var { .. }) => Some(stmt.range),
        _ => None,
    }) {
        Some(stmt) => context.place(stmt),
        None => match &context.tree.kind {
            ItemKind::Function(function) if context.selection.end <= function.body.range.start => {
                context.place(Range::new(context.tree.range.start, function.body.range.start))
            }
            ItemKind::Const(_) => context.place(context.tree.range),
            _ => return None,
        },
    };
    let range = FileRange { file: context.file(), range: place };
    let settings = HintSettings {
        lambda_parameters: false,
        arguments: false,
        effects: false,
        failures: false,
        ..HintSettings::default()
    };
    let hint = context.analysis.inlay_hints(&range, &settings).into_iter().find(|hint| {
        hint.edit.is_some() && matches!(hint.kind, HintKind::Binding | HintKind::QueryRow | HintKind::Result)
    })?;
    let edit = hint.edit?;
    let offered = super::change::Offered {
        id: "write-type",
        title: format!("write the type `{}`", edit.text.trim_start_matches([':', ' ', '-', '>'])),
        kind: ActionKind::Rewrite,
        select: None,
    };
    Some(super::change::finish(context.analysis, vec![(context.file(), vec![edit])], offered))
}

/// A scenario that calls a handler or query once.
fn scenario(context: &Context<'_>, sig: &FunctionSig) -> Option<CodeAction> {
    if sig.kind == CallableKind::Fn {
        return None;
    }
    let db = &context.analysis.db;
    let file = context.item.file(db);
    let nothing: [InSight; 0] = [];
    let wanted = Wanted { analysis: context.analysis, file, in_sight: &nothing, may_fail: false };
    let mut given: Vec<String> = Vec::new();
    let mut args: Vec<String> = Vec::new();
    for param in sig.params.iter().filter(|param| !param.absent && !param.default) {
        let name = &param.name;
        match param.ty.base() {
            Ty::Row(relation) => {
                given.push(row(context, &wanted, name, relation)?);
                args.push(format!("{name}: {name}"));
            }
            Ty::Option(_) => args.push(format!("{name}: none")),
            _ => args.push(format!("{name}: {}", wanted.value(name, &param.ty)?)),
        }
    }
    given.extend(looked_up(context, sig, &wanted));
    let yields = sig.result != ResultSig::None;
    let call = format!("{}({})", sig.symbol.name, args.join(", "));
    let when = if yields { format!("when result = {call}") } else { format!("when {call}") };
    let title = words(&sig.symbol.name);
    let mut lines: Vec<String> = given.iter().map(|line| format!("given {line}")).collect();
    lines.push(when);
    lines.push(String::from("then succeeded == 1"));
    let mut change = Change::new(context);
    change.item_after(&format!("scenario \"{title}\" {{\n{}\n}}", lines.join("\n")));
    Some(change.finish(
        "add-scenario",
        format!("write a scenario for `{}`", sig.symbol.name),
        ActionKind::Generate,
        None,
    ))
}

/// `t = Task()`: what is required is made up by the scenario, except for rows, which come before.
fn row(context: &Context<'_>, wanted: &Wanted<'_>, name: &str, relation: &Symbol) -> Option<String> {
    let sig = relation_sig(&context.analysis.db, relation)?;
    // Values that must keep a rule are given; others the scenario makes up.
    let mut fields = Vec::new();
    for field in sig.fields.iter().filter(|field| is_required(sig, field)) {
        if context.analysis.limits(&field.ty).is_some() {
            fields.push(format!("{}: {}", field.name, wanted.value(&field.name, &field.ty)?));
        }
    }
    Some(format!("{name} = {}({})", wanted.name(relation)?, fields.join(", ")))
}

/// The rows that the code looks up by the values of parameters: they must be there.
fn looked_up(context: &Context<'_>, sig: &FunctionSig, wanted: &Wanted<'_>) -> Vec<String> {
    let db = &context.analysis.db;
    let mut found: Vec<String> = Vec::new();
    let Some(body) = tenon_check::bodies::body(db, &sig.symbol, tenon_check::sites::BodyPart::Code) else {
        return found;
    };
    let param_of = |expr: &tenon_check::typed::Expr| {
        let mut expr = expr;
        while let Typed::Convert(_, inner) = &expr.kind {
            expr = inner;
        }
        let Typed::Local(local) = &expr.kind else { return None };
        let at = body.params.iter().position(|param| param == local)?;
        sig.params.get(at).filter(|param| !param.absent && !param.default)
    };
    let mut open = vec![&body.value];
    while let Some(expr) = open.pop() {
        if let Typed::Lookup { relation, unique: None, key } = &expr.kind
            && let Some(of) = relation_sig(db, relation)
            && let Some(name) = wanted.name(relation)
        {
            let fields: Option<Vec<String>> = of
                .key_fields()
                .zip(key)
                .map(|(field, value)| {
                    let param = param_of(value).filter(|_| is_required(of, field))?;
                    Some(format!("{}: {}", field.name, wanted.value(&param.name, &param.ty)?))
                })
                .collect();
            if let Some(fields) = fields.filter(|fields| fields.len() == of.key.len() && key.len() == fields.len()) {
                let line = format!("{name}({})", fields.join(", "));
                if !found.contains(&line) {
                    found.push(line);
                }
            }
        }
        open.extend(tenon_check::typed::children(expr));
    }
    found
}

/// `at POST "/place-order" public` for a handler, `at GET …` for a query.
fn expose(context: &Context<'_>, function: &Function, sig: &FunctionSig) -> Option<CodeAction> {
    let is_at = |clause: &Clause| matches!(clause.kind, ClauseKind::At { .. });
    if sig.kind == CallableKind::Fn || function.clauses.iter().any(is_at) {
        return None;
    }
    let public = function.clauses.iter().any(|clause| matches!(clause.kind, ClauseKind::Public));
    // A GET takes its arguments from the address, which has no room for records.
    let simple = |ty: &Ty| match ty.base() {
        Ty::Option(inner) => !matches!(inner.base(), Ty::Record(_) | Ty::List(_) | Ty::Map(..) | Ty::Variant(..)),
        Ty::Record(_) | Ty::List(_) | Ty::Map(..) | Ty::Set(_) | Ty::Bag(_) | Ty::Variant(..) | Ty::Fn(..) => false,
        _ => true,
    };
    let get = sig.kind == CallableKind::Query && sig.params.iter().all(|param| simple(&param.ty));
    let method = if get { "GET" } else { "POST" };
    let path = sig.symbol.name.replace('_', "-");
    let clause = format!(" at {method} \"/{path}\"{}", if public { "" } else { " public" });
    let mut change = Change::new(context);
    match &function.result {
        Some(result) => change.after(result.range, clause.clone()),
        None => change.after(function.params.range, clause.clone()),
    }
    Some(change.finish("expose", format!("expose it: `{}`", clause.trim()), ActionKind::Generate, None))
}
