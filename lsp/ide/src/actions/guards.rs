//! Guards: `let … else` for what may be absent, `if … { fail … }` for what is checked only when it runs.

use super::change::Change;
use super::fields::may_fail;
use super::values::{quoted, words};
use super::{ActionKind, CodeAction, Context};
use crate::node::Node;
use crate::occurrences::{at, occurrences};
use crate::typing::typed_code;
use tenon_check::bodies::rule;
use tenon_check::names::item_of;
use tenon_check::signature::Signature;
use tenon_check::sites::BodyPart;
use tenon_check::ty::{RuleRef, Ty};
use tenon_check::typed::{self, BinaryOp, Conversion, ExprKind as Typed};
use tenon_check::uses::{Form, Meaning};
use tenon_span::Range;
use tenon_syntax::ast::{self, Assign, AssignOp, Expr, ExprKind, ItemKind, PatternKind, Stmt, StmtKind};

pub(super) fn offer(context: &Context<'_>, found: &mut Vec<CodeAction>) {
    if context.is_library() {
        return;
    }
    found.extend(let_else(context));
    found.extend(bind_first(context));
    found.extend(guard_presence(context));
    found.extend(runtime_checks(context));
}

/// `let p = R[k]` to `let p = R[k] else fail NotFound("…")`, at the `let` and at every use of its name.
fn let_else(context: &Context<'_>) -> Option<CodeAction> {
    if !matches!(&context.tree.kind, ItemKind::Function(_)) {
        return None;
    }
    let here = context.innermost(|node| match node {
        Node::Stmt(stmt) => Some(stmt),
        _ => None,
    });
    let named = || {
        let uses = occurrences(&context.analysis.db, context.item);
        let declared = at(uses, context.selection.start).into_iter().find_map(|found| match &found.meaning {
            Meaning::Local(range) => Some(*range),
            _ => None,
        })?;
        let mut found = None;
        Node::Item(context.tree).walk(&mut |node| {
            if let Node::Stmt(stmt) = node
                && let StmtKind::Let { pattern, .. } = &stmt.kind
                && pattern.range == declared
            {
                found = Some(stmt);
            }
            found.is_none()
        });
        found
    };
    let is_optional = |stmt: &&ast::Stmt| match &stmt.kind {
        StmtKind::Let { pattern, ty: None, value } if !matches!(value.kind, ExprKind::Else { .. }) => {
            let of_name = matches!(pattern.kind, PatternKind::Bind(_));
            of_name && context.typed(value.range).iter().any(|typed| matches!(typed.ty.base(), Ty::Option(_)))
        }
        _ => false,
    };
    let stmt = here.filter(is_optional).or_else(|| named().filter(is_optional))?;
    let StmtKind::Let { value, .. } = &stmt.kind else { return None };
    let mut change = Change::new(context);
    change.after(value.range, format!(" else {}", absent(context, value)));
    let mut action =
        change.finish("let-else", "leave where it is `none`: `let … else fail`", ActionKind::Rewrite, None);
    action.mends = maybe_none(context);
    Some(action)
}

/// How to leave where a value is absent.
fn absent(context: &Context<'_>, value: &Expr) -> String {
    let what = match &value.kind {
        ExprKind::Index { base, .. } => match &base.kind {
            ExprKind::TypeName(name) => words(&name.text),
            _ => words(context.source(base.range)),
        },
        _ => value.implied_name().map_or_else(|| String::from("value"), |name| words(&name.text)),
    };
    format!("fail NotFound({})", quoted(&format!("no {}", what.replace(['(', ')', '"'], ""))))
}

/// The diagnostics about `none` at the selection.
fn maybe_none(context: &Context<'_>) -> Vec<(String, Range)> {
    let selection = context.place(context.selection);
    let here = |range: Range| range.start <= selection.end && selection.start <= range.end;
    let found = context.analysis.diagnostics(&context.file()).into_iter();
    found
        .filter(|found| found.name == "maybe-none" && here(found.range))
        .map(|found| (found.code, found.range))
        .collect()
}

/// `Product[sku].stock` to a `let` before the statement.
fn bind_first(context: &Context<'_>) -> Option<CodeAction> {
    if !may_fail(context) {
        return None;
    }
    let mends = maybe_none(context);
    let (_, range) = mends.first()?;
    let mut base = None;
    Node::Item(context.tree).walk(&mut |node| {
        if let Node::Expr(expr) = node
            && context.place(expr.range) == *range
            && !matches!(expr.kind, ExprKind::Name(_))
        {
            base = Some(expr);
        }
        base.is_none()
    });
    let base = base?;
    let stmt = statement_around(context, base.range)?;
    let wanted = match &base.kind {
        ExprKind::Index { base, .. } => match &base.kind {
            ExprKind::TypeName(name) => tenon_check::suggest::lower_snake(&name.text),
            _ => String::from("found"),
        },
        _ => base.implied_name().map_or_else(|| String::from("found"), |name| name.text.to_string()),
    };
    let name = context.fresh_name(&wanted);
    let mut change = Change::new(context);
    let value = context.source(base.range);
    change.before(stmt.range, format!("let {name} = {value} else {}\n  ", absent(context, base)));
    change.replace(base.range, name.clone());
    let select = format!("let {name}");
    let mut action =
        change.finish("bind-first", "bind it first: `let … else fail`", ActionKind::QuickFix, Some(&select));
    action.mends = mends;
    Some(action)
}

/// `if note == none { fail … }` before the statement, where a place of its own may be `none`.
fn guard_presence(context: &Context<'_>) -> Option<CodeAction> {
    if !may_fail(context) {
        return None;
    }
    let mends = maybe_none(context);
    let (_, range) = mends.first()?;
    let mut found = None;
    Node::Item(context.tree).walk(&mut |node| {
        if let Node::Expr(expr) = node
            && context.place(expr.range) == *range
        {
            found = Some(expr);
        }
        found.is_none()
    });
    let place = found?;
    // A value, or a field of one: what is read through a reference is read anew each time.
    let steps = match &place.kind {
        ExprKind::Name(_) => 0,
        ExprKind::Field { base, optional: false, .. } if matches!(base.kind, ExprKind::Name(_)) => 1,
        _ => return None,
    };
    // A `let` has a better way.
    if steps == 0 && let_else(context).is_some() {
        return None;
    }
    let stmt = statement_around(context, place.range)?;
    let name = context.source(place.range);
    let what = place.implied_name().map_or_else(|| String::from("value"), |name| words(&name.text));
    let mut change = Change::new(context);
    change.before(stmt.range, format!("if {name} == none {{ fail Conflict({}) }}\n  ", quoted(&format!("no {what}"))));
    let title = format!("add a guard: `if {name} == none {{ fail … }}`");
    let mut action = change.finish("guard-none", title, ActionKind::QuickFix, None);
    action.mends = mends;
    Some(action)
}

/// The statement of the innermost block around a range, if nothing between them brings names of its own.
pub(super) fn statement_around<'a>(context: &Context<'a>, range: Range) -> Option<&'a Stmt> {
    let path = Node::Item(context.tree).path_over(range);
    let at = path.iter().rposition(|node| matches!(node, Node::Stmt(_)))?;
    let Some(Node::Stmt(stmt)) = path.get(at) else { return None };
    let own_names = path.get(at..).into_iter().flatten().any(|node| match node {
        Node::QueryClause(_) | Node::Arm(_) => true,
        Node::Expr(expr) => matches!(
            expr.kind,
            ExprKind::Lambda { .. }
                | ExprKind::Quantifier { .. }
                | ExprKind::UpdateEach { .. }
                | ExprKind::DeleteEach { .. }
        ),
        _ => false,
    });
    let in_block = path.get(..at).into_iter().flatten().next_back().is_some_and(|node| matches!(node, Node::Block(_)));
    (!own_names && in_block).then_some(*stmt)
}

/// Guards for the obligations of the statement around the cursor that are checked only at run time.
fn runtime_checks(context: &Context<'_>) -> Vec<CodeAction> {
    if !matches!(&context.tree.kind, ItemKind::Function(_)) || !context.parsed.errors.is_empty() {
        return Vec::new();
    }
    let Some(stmt) = statement_around(context, context.selection) else { return Vec::new() };
    let mut obligations: Vec<(Range, RuleRef, String)> = Vec::new();
    for code in typed_code(&context.analysis.db, context.item) {
        // What stands for each element of a collection has no name to be asked about.
        let has_name = |expr: &typed::Expr| match &expr.kind {
            Typed::Local(local) => code.locals.get(local.0 as usize).is_some_and(|local| !local.name.is_empty()),
            _ => true,
        };
        let mut open = code.roots.clone();
        while let Some(expr) = open.pop() {
            match &expr.kind {
                Typed::Convert(Conversion::Refine { checked: true }, inner) => {
                    if let Ty::Refined(_, rule) = &expr.ty
                        && has_name(inner)
                    {
                        obligations.push((inner.range, rule.clone(), context.source(inner.range).to_owned()));
                    }
                }
                Typed::Update { relation, sets, .. } => {
                    for set in sets.iter().filter(|set| set.checked && set.path.is_empty()) {
                        obligations.extend(assigned(context, relation, set));
                    }
                }
                _ => {}
            }
            open.extend(tenon_check::typed::children(expr));
        }
    }
    obligations.retain(|(range, ..)| {
        let inside = stmt.range.start <= range.start && range.end <= stmt.range.end;
        inside && statement_around(context, *range).is_some_and(|found| found.range == stmt.range)
    });
    obligations.sort();
    obligations.dedup();
    let offered = obligations.iter().filter_map(|(range, rule, value)| {
        let target = target(context, *range);
        guard(context, stmt, rule, value, target.as_deref())
    });
    offered.take(MOST).collect()
}

/// What a value is for: a field, a parameter.
fn target(context: &Context<'_>, range: Range) -> Option<String> {
    let uses = occurrences(&context.analysis.db, context.item);
    let by_place = uses.iter().find_map(|one| match &one.meaning {
        Meaning::Parameter(_, name) if one.form == Form::Positional && one.range == range => Some(name.to_string()),
        _ => None,
    });
    let named = || {
        let path = Node::Item(context.tree).path_over(range);
        path.iter().rev().find_map(|node| match node {
            Node::Arg(arg) => arg.name.as_ref().or(arg.value.implied_name()).map(|name| name.text.to_string()),
            Node::Assign(Assign::Field { path, .. }) => path.last().map(|name| name.text.to_string()),
            _ => None,
        })
    };
    by_place.or_else(named)
}

/// What a rule asks, in words.
fn must(target: Option<&str>, rule: &str, condition: &str) -> String {
    let what = words(target.unwrap_or("value"));
    let (what, rest) = match (rule.strip_prefix("it.length "), rule.strip_prefix("it ")) {
        (Some(rest), _) => (format!("the length of {what}"), rest),
        (_, Some(rest)) => (what, rest),
        _ => return format!("{what} must be such that {condition}"),
    };
    let said = [
        (">= ", "at least "),
        ("<= ", "at most "),
        ("> ", "more than "),
        ("< ", "less than "),
        ("!= ", "other than "),
        ("== ", ""),
    ];
    let words = said.iter().find_map(|(op, words)| rest.strip_prefix(op).map(|number| format!("{words}{number}")));
    format!("{what} must be {}", words.as_deref().unwrap_or(rest))
}

/// No more guards are offered at once.
const MOST: usize = 4;

/// What a field holds after an assignment with an operator, and the rule that it must keep.
fn assigned(
    context: &Context<'_>,
    relation: &tenon_check::ty::Symbol,
    set: &typed::FieldSet,
) -> Option<(Range, RuleRef, String)> {
    let db = &context.analysis.db;
    item_of(db, relation)?;
    let Some(Signature::Relation(sig)) = tenon_check::declare::signature(db, relation) else { return None };
    let Ty::Refined(_, rule) = &sig.field(&set.field)?.ty else { return None };
    let mut found = None;
    Node::Item(context.tree).walk(&mut |node| {
        if let Node::Expr(Expr { kind: ExprKind::Update { row, set: all }, .. }) = node {
            for one in all {
                if let Assign::Field { range, op, value, .. } = one
                    && (*range == set.range || value.range == set.value.range)
                {
                    let sign = match op {
                        AssignOp::Set => return true,
                        AssignOp::Add => "+",
                        AssignOp::Sub => "-",
                        AssignOp::Mul => "*",
                    };
                    let value = operand(context, value);
                    found = Some((
                        *range,
                        rule.clone(),
                        format!("{}.{} {sign} {value}", context.source(row.range), set.field),
                    ));
                }
            }
        }
        found.is_none()
    });
    found
}

/// The source of an expression as an operand.
pub(super) fn operand(context: &Context<'_>, expr: &Expr) -> String {
    let text = context.source(expr.range);
    match &expr.kind {
        ExprKind::Name(_)
        | ExprKind::TypeName(_)
        | ExprKind::Literal(_)
        | ExprKind::Text(_)
        | ExprKind::Field { .. }
        | ExprKind::Call { window: None, .. }
        | ExprKind::Index { .. }
        | ExprKind::Unwrap(_)
        | ExprKind::List(_)
        | ExprKind::Map(_)
        | ExprKind::Project { .. }
        | ExprKind::Record(_) => text.to_owned(),
        _ => format!("({text})"),
    }
}

/// `if <the rule does not hold of the value> { fail … }` before a statement.
fn guard(
    context: &Context<'_>,
    stmt: &Stmt,
    reference: &RuleRef,
    value: &str,
    target: Option<&str>,
) -> Option<CodeAction> {
    let rule = rule(&context.analysis.db, &reference.owner, BodyPart::Rule(reference.index))?;
    let (condition, broken) = negated(&rule, value)?;
    let message =
        rule.message.as_ref().map_or_else(|| must(target, &rule.text, &condition), |message| message.to_string());
    let mut change = Change::new(context);
    change.before(stmt.range, format!("if {broken} {{ fail Conflict({}) }}\n  ", quoted(&message)));
    Some(change.finish("add-guard", format!("add a guard: `if {broken} {{ fail … }}`"), ActionKind::QuickFix, None))
}

/// A rule over a value, and what is the case where it does not hold.
fn negated(rule: &typed::Rule, value: &str) -> Option<(String, String)> {
    let simple = value.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
    let atom = if simple || is_atom(value) { value.to_owned() } else { format!("({value})") };
    let condition = with_value(&rule.text, &atom, value)?;
    let flipped = match &rule.body.value.kind {
        Typed::Binary(op, ..) => match op {
            BinaryOp::Ge => Some((">=", "<")),
            BinaryOp::Gt => Some((">", "<=")),
            BinaryOp::Le => Some(("<=", ">")),
            BinaryOp::Lt => Some(("<", ">=")),
            BinaryOp::Eq => Some(("==", "!=")),
            BinaryOp::Ne => Some(("!=", "==")),
            _ => None,
        },
        _ => None,
    };
    let broken = match flipped {
        Some((op, opposite)) if rule.text.matches(op).count() == 1 => {
            let text = rule.text.replacen(op, opposite, 1);
            difference(&text, value).or_else(|| with_value(&text, &atom, value))?
        }
        _ => format!("not ({condition})"),
    };
    Some((condition, broken))
}

/// `a - b` compared with 0 reads better as `a` compared with `b`.
fn difference(text: &str, value: &str) -> Option<String> {
    let op = text.strip_prefix("it ")?.strip_suffix(" 0")?;
    let (left, right) = value.split_once(" - ")?;
    let plain = |side: &str| {
        !side.contains([' ', '(']) || side.starts_with('(') && side.ends_with(')') && side.matches('(').count() == 1
    };
    (plain(left) && plain(right))
        .then(|| format!("{left} {op} {}", right.trim_start_matches('(').trim_end_matches(')')))
}

fn is_atom(value: &str) -> bool {
    value.starts_with('"') && value.ends_with('"') && value.matches('"').count() == 2
}

/// The text of a rule with a value for `it`; the value stands bare where an operator of comparison follows it.
fn with_value(text: &str, atom: &str, value: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    while let Some(at) = rest.find("it") {
        let before = rest.get(..at).and_then(|before| before.chars().next_back());
        let after = rest.get(at + 2..)?;
        out.push_str(rest.get(..at)?);
        let alone = before.or(out.chars().next_back()).is_none_or(|c| !is_word(c) && c != '.')
            && !after.chars().next().is_some_and(is_word);
        if alone {
            let compared = [" >", " <", " =", " !"].iter().any(|op| after.starts_with(op)) || after.is_empty();
            out.push_str(if compared { value } else { atom });
        } else {
            out.push_str("it");
        }
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}
