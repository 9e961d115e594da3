//! What is missing: fields of rows, cases and errors, arguments of calls, arms of `match`.

use super::change::Change;
use super::scope::InSight;
use super::values::{Wanted, is_required, relation_sig};
use super::{ActionKind, CodeAction, Context};
use crate::node::Node;
use smol_str::SmolStr;
use tenon_check::declare::signature;
use tenon_check::names::{Resolution, cases_in_sight, resolve, symbol_of};
use tenon_check::signature::{FunctionSig, ResultSig, Signature, TypeBody};
use tenon_check::ty::{Symbol, Ty};
use tenon_check::typed::ExprKind as Typed;
use tenon_span::Range;
use tenon_syntax::ast::{
    self, Args, Expr, ExprKind, ItemKind, Pattern, PatternField, PatternKind, PatternLiteral, QueryClauseKind,
    RecordPart, Stmt, StmtKind,
};

pub(super) fn offer(context: &Context<'_>, found: &mut Vec<CodeAction>) {
    if context.is_library() {
        return;
    }
    let arguments = context.innermost(|node| match node {
        Node::Expr(expr) => missing(context, expr),
        _ => None,
    });
    found.extend(arguments.and_then(|missing| fill(context, missing)));
    found.extend(fill_record(context));
    let matched = context.innermost(|node| match node {
        Node::Expr(Expr { kind: ExprKind::Match { arms, broken: false, .. }, range, .. }) => Some((*range, arms)),
        _ => None,
    });
    found.extend(matched.and_then(|(range, arms)| fill_arms(context, range, arms)));
}

/// Fields or arguments that a list lacks.
struct Missing<'a> {
    args: &'a Args,
    names: Vec<(SmolStr, Ty)>,
    id: &'static str,
    /// What the names are: "field".
    what: &'static str,
    /// The diagnostic that says so.
    code: &'static str,
}

fn missing<'a>(context: &Context<'a>, expr: &'a Expr) -> Option<Missing<'a>> {
    let db = &context.analysis.db;
    let file = context.item.file(db);
    let item = |name: &ast::Ident| match resolve(db, file, name.text.clone()) {
        Resolution::Item(symbol) => Some(symbol.clone()),
        _ => None,
    };
    let (args, needed, what) = match &expr.kind {
        ExprKind::Insert { relation, args } | ExprKind::Upsert { relation, args, .. } => {
            let sig = relation_sig(db, &item(&relation.name)?)?;
            let fields = sig.fields.iter().filter(|field| is_required(sig, field));
            (args, fields.map(|field| (field.name.clone(), field.ty.clone())).collect::<Vec<_>>(), "field")
        }
        ExprKind::Call { callee, args, window: None } => match &callee.kind {
            ExprKind::TypeName(name) => {
                let case = || -> Option<Vec<(SmolStr, Ty)>> {
                    let owner = cases_in_sight(db, file, name.text.clone()).first()?;
                    let Some(Signature::Type(sig)) = signature(db, owner) else { return None };
                    let TypeBody::Variant(cases) = &sig.body else { return None };
                    let case = cases.iter().find(|case| case.name == name.text)?;
                    let fields = case.fields.iter().filter(|field| !field.absent && field.default.is_none());
                    Some(fields.map(|field| (field.name.clone(), field.ty.clone())).collect())
                };
                let fields = match item(name).and_then(|symbol| signature(db, &symbol)) {
                    Some(Signature::Error(sig)) => {
                        let fields = sig.fields.iter().filter(|field| !field.absent && field.default.is_none());
                        fields.map(|field| (field.name.clone(), field.ty.clone())).collect()
                    }
                    Some(_) => return None,
                    None => case()?,
                };
                (args, fields, "field")
            }
            ExprKind::Name(name) => {
                let Some(Signature::Function(sig)) = item(name).and_then(|symbol| signature(db, &symbol)) else {
                    return None;
                };
                let needed = sig.params.iter().map(|param| {
                    let optional = param.absent || param.default;
                    (param.name.clone(), param.ty.clone(), optional)
                });
                // Bare arguments fill parameters from the first on, unless they are called like one.
                let mut left: Vec<(SmolStr, Ty, bool)> = needed.collect();
                left.retain(|(param, ..)| !args.list.iter().any(|arg| given(arg).is_some_and(|name| name == param)));
                let params: Vec<&SmolStr> = sig.params.iter().map(|param| &param.name).collect();
                let bare =
                    args.list.iter().filter(|arg| !given(arg).is_some_and(|name| params.contains(&name))).count();
                let rest = left.into_iter().skip(bare).filter(|(.., optional)| !optional);
                (args, rest.map(|(name, ty, _)| (name, ty)).collect(), "argument")
            }
            _ => return None,
        },
        _ => return None,
    };
    if args.broken || args.list.iter().any(|arg| arg.spread) {
        return None;
    }
    let of_arguments = what == "argument";
    let all_by_place = !of_arguments
        && matches!(&expr.kind, ExprKind::Call { .. })
        && args.list.iter().all(|arg| arg.name.is_none())
        && !args.list.is_empty();
    let by_place = if all_by_place { args.list.len() } else { 0 };
    let is_given = |name: &SmolStr| args.list.iter().any(|arg| given(arg) == Some(name));
    let names: Vec<(SmolStr, Ty)> = needed.into_iter().skip(by_place).filter(|(name, _)| !is_given(name)).collect();
    let (id, code) = match what {
        "argument" => ("fill-arguments", "T0214"),
        _ if matches!(&expr.kind, ExprKind::Call { .. }) => ("fill-fields", "T0214"),
        _ => ("fill-fields", "T0208"),
    };
    (!names.is_empty()).then_some(Missing { args, names, id, what, code })
}

/// The name that an argument is for: as written, or that of a bare name.
fn given(arg: &ast::Arg) -> Option<&SmolStr> {
    match (&arg.name, &arg.value.kind) {
        (Some(name), _) => Some(&name.text),
        (None, ExprKind::Name(name)) => Some(&name.text),
        _ => None,
    }
}

/// True where `fail` may stand: in the code of functions.
pub(super) fn may_fail(context: &Context<'_>) -> bool {
    matches!(&context.tree.kind, ItemKind::Function(_)) && !inside_of_query(context)
}

/// True between the clauses of a query, or in a function value.
pub(super) fn inside_of_query(context: &Context<'_>) -> bool {
    context.path.iter().any(|node| {
        matches!(node, Node::QueryClause(_))
            || matches!(node, Node::Expr(Expr { kind: ExprKind::Lambda { .. } | ExprKind::Quantifier { .. }, .. }))
    })
}

fn fill(context: &Context<'_>, missing: Missing<'_>) -> Option<CodeAction> {
    let db = &context.analysis.db;
    let in_sight: Vec<InSight> = context.in_sight(context.selection.start);
    let wanted = Wanted {
        analysis: context.analysis,
        file: context.item.file(db),
        in_sight: &in_sight,
        may_fail: may_fail(context),
    };
    let mut written = Vec::new();
    for (name, ty) in &missing.names {
        let value = wanted.value(name, ty)?;
        written.push(if value == *name { value } else { format!("{name}: {value}") });
    }
    let mut change = Change::new(context);
    let text = written.join(", ");
    match missing.args.list.last() {
        Some(last) => change.after(last.range, format!(", {text}")),
        None => {
            let inside = missing.args.range;
            change.replace(inside, format!("({text})"));
        }
    }
    let names: Vec<String> = missing.names.iter().map(|(name, _)| format!("`{name}`")).collect();
    let plural = if names.len() == 1 { "" } else { "s" };
    let title = format!("add the {}{plural} {}", missing.what, names.join(", "));
    let mut action = change.finish(missing.id, title, ActionKind::QuickFix, None);
    action.mends.push((missing.code.to_owned(), context.place(missing.args.range)));
    action.preferred = true;
    Some(action)
}

/// The fields of a record that a function must give and that is written where it gives it: at the end of its body,
/// after `return`, or by the `select` of the query there.
fn fill_record(context: &Context<'_>) -> Option<CodeAction> {
    let ItemKind::Function(function) = &context.tree.kind else { return None };
    let record = context.innermost(|node| match node {
        Node::Expr(expr @ Expr { kind: ExprKind::Record(record), .. }) if !record.broken => Some((expr, record)),
        _ => None,
    });
    let (expr, record) = record?;
    let symbol = symbol_of(&context.analysis.db, context.item)?;
    let Some(Signature::Function(FunctionSig { result: ResultSig::Declared(result), .. })) =
        signature(&context.analysis.db, &symbol)
    else {
        return None;
    };
    let tail = function.body.value();
    let is_given = tail.is_some_and(|value| value.id == expr.id)
        || context.path.iter().any(|node| match node {
            Node::Stmt(Stmt { kind: StmtKind::Return(Some(value)), .. }) => value.id == expr.id,
            _ => false,
        });
    let selected = match tail.map(|value| &value.kind) {
        Some(ExprKind::Query(query)) => query.clauses.iter().any(|clause| match &clause.kind {
            QueryClauseKind::Select { value, .. } => value.id == expr.id,
            _ => false,
        }),
        _ => false,
    };
    let wanted = if is_given { Some(result) } else { result.element().filter(|_| selected) };
    let Some(Ty::Record(wanted)) = wanted.map(Ty::base) else { return None };
    if record.parts.iter().any(|part| matches!(part, RecordPart::Spread(_))) {
        return None;
    }
    let has = |name: &SmolStr| {
        record.parts.iter().any(|part| match part {
            RecordPart::Field { name: Some(written), .. } => written.text == *name,
            RecordPart::Field { name: None, value } => value.implied_name().is_some_and(|of| of.text == *name),
            RecordPart::Spread(_) => false,
        })
    };
    let missing = wanted.fields.iter().filter(|field| !field.absent && field.default.is_none() && !has(&field.name));
    let in_sight: Vec<InSight> = context.in_sight(context.selection.start);
    let values = Wanted {
        analysis: context.analysis,
        file: context.item.file(&context.analysis.db),
        in_sight: &in_sight,
        may_fail: false,
    };
    let mut written = Vec::new();
    let mut names = Vec::new();
    for field in missing {
        let value = values.value(&field.name, &field.ty)?;
        names.push(format!("`{}`", field.name));
        written.push(if value == *field.name { value } else { format!("{}: {value}", field.name) });
    }
    if written.is_empty() {
        return None;
    }
    let text = written.join(", ");
    let mut change = Change::new(context);
    match record.parts.last() {
        Some(RecordPart::Field { value, .. } | RecordPart::Spread(value)) => {
            change.after(value.range, format!(", {text}"));
        }
        None => change.replace(expr.range, format!("({text})")),
    }
    let plural = if names.len() == 1 { "" } else { "s" };
    let title = format!("add the field{plural} {}", names.join(", "));
    let mut action = change.finish("fill-record", title, ActionKind::QuickFix, None);
    let place = context.place(expr.range);
    let about = context
        .analysis
        .diagnostics(&context.file())
        .into_iter()
        .filter(|found| found.name == "type" && found.range.start <= place.end && place.start <= found.range.end);
    action.mends = about.map(|found| (found.code, found.range)).collect();
    action.preferred = true;
    Some(action)
}

/// What the arms of a match leave out.
enum Left {
    Case(SmolStr, Vec<SmolStr>),
    Text(&'static str),
}

fn fill_arms(context: &Context<'_>, range: Range, arms: &[ast::Arm]) -> Option<CodeAction> {
    let matched = context.typed(range).into_iter().find(|expr| matches!(expr.kind, Typed::Match(..)))?;
    let Typed::Match(subject, _) = &matched.kind else { return None };
    let covered =
        |test: &dyn Fn(&Pattern) -> bool| arms.iter().any(|arm| arm.guard.is_none() && any(&arm.pattern, test));
    if covered(&|pattern| matches!(pattern.kind, PatternKind::Wildcard | PatternKind::Bind(_))) {
        return None;
    }
    let mut left = Vec::new();
    let mut ty = subject.ty.base();
    if let Ty::Option(inner) = ty {
        if !covered(&|pattern| matches!(&pattern.kind, PatternKind::Literal(PatternLiteral::Value(ast::Literal::None))))
        {
            left.push(Left::Text("none"));
        }
        ty = inner.base();
    }
    let whole = |pattern: &Pattern, name: &str| match &pattern.kind {
        PatternKind::Case { name: of, fields } => of.name.text == name && fields.iter().flatten().all(takes_all),
        _ => false,
    };
    let truth = |pattern: &Pattern, value: bool| matches!(&pattern.kind, PatternKind::Literal(PatternLiteral::Value(ast::Literal::Bool(of))) if *of == value);
    match ty {
        Ty::Variant(symbol, _) => left.extend(cases_left(context, symbol, &|name| covered(&|p| whole(p, name)))?),
        Ty::Bool => {
            for (value, text) in [(true, "true"), (false, "false")] {
                if !covered(&|pattern| truth(pattern, value)) {
                    left.push(Left::Text(text));
                }
            }
        }
        Ty::Error => return None,
        _ => left.push(Left::Text("_")),
    }
    if left.is_empty() {
        return None;
    }
    let body = arm_value(context, &matched.ty)?;
    let mut text = String::new();
    for one in &left {
        let pattern = match one {
            Left::Text(text) => (*text).to_owned(),
            Left::Case(name, fields) if fields.is_empty() => name.to_string(),
            Left::Case(name, fields) if fields.len() > MOST_FIELDS => format!("{name}(..)"),
            Left::Case(name, fields) => format!("{name}({})", fields.join(", ")),
        };
        text.push_str(&format!("\n{pattern} => {body}"));
    }
    text.push('\n');
    let mut change = Change::new(context);
    match arms.last() {
        Some(last) => change.after(last.range, text),
        None => change.before(Range::new(range.end.saturating_sub(1), range.end), text),
    }
    let title = if left.len() == 1 { "add the missing arm" } else { "add the missing arms" };
    let mut action = change.finish("fill-arms", title, ActionKind::QuickFix, None);
    action.mends.push((String::from("T0222"), context.place(range)));
    action.preferred = true;
    Some(action)
}

/// More fields of a case than these are not named in a new arm.
const MOST_FIELDS: usize = 4;

fn cases_left(context: &Context<'_>, symbol: &Symbol, covered: &dyn Fn(&str) -> bool) -> Option<Vec<Left>> {
    let Some(Signature::Type(sig)) = signature(&context.analysis.db, symbol) else { return None };
    let TypeBody::Variant(cases) = &sig.body else { return None };
    let left = cases.iter().filter(|case| !covered(&case.name));
    Some(
        left.map(|case| Left::Case(case.name.clone(), case.fields.iter().map(|field| field.name.clone()).collect()))
            .collect(),
    )
}

/// True if a pattern, or one of its alternatives, is such a one.
fn any(pattern: &Pattern, test: &dyn Fn(&Pattern) -> bool) -> bool {
    match &pattern.kind {
        PatternKind::Or(alternatives) => alternatives.iter().any(|pattern| any(pattern, test)),
        _ => test(pattern),
    }
}

fn takes_all(field: &PatternField) -> bool {
    match field {
        PatternField::Field { pattern, .. } => {
            matches!(pattern.kind, PatternKind::Wildcard | PatternKind::Bind(_))
        }
        PatternField::Rest { .. } => true,
    }
}

/// What a new arm gives.
fn arm_value(context: &Context<'_>, ty: &Ty) -> Option<String> {
    let db = &context.analysis.db;
    match ty.base() {
        Ty::Unit => return Some(String::from("{}")),
        Ty::Never if may_fail(context) => return Some(TO_WRITE.to_owned()),
        _ => {}
    }
    let wanted = Wanted { analysis: context.analysis, file: context.item.file(db), in_sight: &[], may_fail: false };
    wanted.value("", ty).or_else(|| may_fail(context).then(|| TO_WRITE.to_owned()))
}

const TO_WRITE: &str = "fail Conflict(\"not written yet\")";
