//! Taking code out of its place: into a `let`, a function, a query.

use super::change::Change;
use super::guards::statement_around;
use super::scope::bound;
use super::{ActionKind, CodeAction, Context};
use crate::node::Node;
use crate::occurrences::occurrences;
use crate::typing::typed_code;
use rustc_hash::FxHashSet;
use smol_str::SmolStr;
use tenon_check::show::Shown;
use tenon_check::ty::Ty;
use tenon_check::typed::{self, Conversion, ExprKind as ExprTyped};
use tenon_check::uses::{Form, Meaning, Role};
use tenon_span::Range;
use tenon_syntax::ast::{
    self, BinaryOp, Block, DivergeKind, Expr, ExprKind, Ident, ItemKind, QueryClauseKind, Stmt, StmtKind,
};
use tenon_syntax::words::TokenKind;

pub(super) fn offer(context: &Context<'_>, found: &mut Vec<CodeAction>) {
    let in_code = matches!(&context.tree.kind, ItemKind::Function(_) | ItemKind::Scenario(_));
    if context.is_library() || !in_code || !context.parsed.errors.is_empty() {
        return;
    }
    let chosen = context.innermost(|node| match node {
        Node::Expr(expr) if expr.range == context.selection => Some(expr),
        _ => None,
    });
    let query = context.innermost(|node| match node {
        Node::Expr(expr @ Expr { kind: ExprKind::Query(_), .. }) => Some(expr),
        _ => None,
    });
    if let Some(expr) = chosen.filter(|expr| !expr.is_error()) {
        found.extend(to_let(context, expr).or_else(|| to_with(context, expr)));
        // What a scenario says has a meaning of its own there.
        let in_function = matches!(&context.tree.kind, ItemKind::Function(_));
        if in_function && !matches!(expr.kind, ExprKind::Query(_)) {
            found.extend(to_function(context, expr));
        }
    }
    // At the word `from`, or where the whole query is chosen.
    if let Some(query) = query
        && (context.selection == query.range
            || context.selection.is_empty() && context.selection.start <= query.range.start + 4)
    {
        found.extend(to_query(context, query));
    }
    if chosen.is_none() && !context.selection.is_empty() {
        found.extend(statements_to_function(context));
    }
}

/// A local that code uses and does not declare.
#[derive(Clone, PartialEq, Debug)]
struct Free {
    name: SmolStr,
    ty: Ty,
}

/// The locals that a range of code uses from outside, in the order of their first use; `None` where one has no type
/// that can be written, or is something other than a local.
fn free(context: &Context<'_>, range: Range) -> Option<Vec<Free>> {
    let types = context.analysis.local_types(context.item);
    let mut found: Vec<Free> = Vec::new();
    let inside = |other: Range| range.start <= other.start && other.end <= range.end;
    for one in occurrences(&context.analysis.db, context.item).iter().filter(|one| inside(one.range)) {
        let declared = match &one.meaning {
            Meaning::Local(declared) => *declared,
            Meaning::Parameter(owner, name) if one.form != Form::Positional => {
                let own = tenon_check::names::symbol_of(&context.analysis.db, context.item);
                if own.as_ref() != Some(owner) {
                    continue;
                }
                let ItemKind::Function(function) = &context.tree.kind else { return None };
                function.params.list.iter().find(|param| param.name.text == *name)?.name.range
            }
            Meaning::Given(_) => return None,
            _ => continue,
        };
        if inside(declared) {
            continue;
        }
        let name: SmolStr = declared.slice(&context.parsed.code).into();
        if found.iter().any(|free| free.name == name) {
            continue;
        }
        // The row of a left join is an option outside of its `on`, so the use tells more than the declaration.
        let used = context.typed(one.range).into_iter().find(|typed| matches!(typed.kind, ExprTyped::Local(_)));
        let ty = used.map(|typed| &typed.ty).or_else(|| types.get(&declared))?.clone();
        if !can_be_signed(context, &ty) {
            return None;
        }
        found.push(Free { name, ty });
    }
    Some(found)
}

/// True if a type can stand in the signature of another item: it can be written, and has no type parameter of this one.
fn can_be_signed(context: &Context<'_>, ty: &Ty) -> bool {
    context.analysis.can_be_written(ty, context.item) && ty.substitute(&|_| Some(Ty::Error)) == *ty
}

/// True if the meaning of code hangs on what is known around it: that a value is there, or which case it is; or on the
/// rows of a group or window.
fn leans_on_surroundings(context: &Context<'_>, range: Range) -> bool {
    let code = typed_code(&context.analysis.db, context.item);
    let made_up = |local: typed::LocalId, locals: &[typed::Local]| {
        locals.get(local.0 as usize).is_some_and(|local| local.name.is_empty())
    };
    for of in &code {
        let mut own: Vec<typed::LocalId> = Vec::new();
        let mut used: Vec<typed::LocalId> = Vec::new();
        let mut open: Vec<(&typed::Expr, bool)> = of.roots.iter().map(|root| (*root, false)).collect();
        while let Some((expr, inside)) = open.pop() {
            let inside = inside || range.start <= expr.range.start && expr.range.end <= range.end;
            if inside {
                match &expr.kind {
                    ExprTyped::Convert(Conversion::Present, inner) | ExprTyped::CaseField(inner, ..)
                        if !root(inner).and_then(|local| of.locals.get(local.0 as usize)).is_some_and(|local| {
                            range.start <= local.range.start && local.range.end <= range.end && !local.range.is_empty()
                        }) =>
                    {
                        return true;
                    }
                    ExprTyped::OptionMap(_, local, _) => own.push(*local),
                    ExprTyped::Lambda(locals, _) => own.extend(locals),
                    ExprTyped::Local(local) if made_up(*local, of.locals) => used.push(*local),
                    _ => {}
                }
            }
            open.extend(tenon_check::typed::children(expr).into_iter().map(|child| (child, inside)));
        }
        if used.iter().any(|local| !own.contains(local)) {
            return true;
        }
    }
    false
}

/// The local at the beginning of a path.
fn root(expr: &typed::Expr) -> Option<typed::LocalId> {
    match &expr.kind {
        ExprTyped::Local(local) => Some(*local),
        ExprTyped::Convert(_, inner)
        | ExprTyped::RecordField(inner, _)
        | ExprTyped::StoredField(inner, _)
        | ExprTyped::ComputedField(inner, _)
        | ExprTyped::CaseField(inner, ..) => root(inner),
        _ => None,
    }
}

/// True if an expression is evaluated only where another holds.
fn is_conditional(context: &Context<'_>, expr: &Expr, around: Range) -> bool {
    let path = Node::Item(context.tree).path_over(expr.range);
    path.iter().filter(|node| around.start <= node.range().start && node.range().end <= around.end).any(|node| {
        match node {
            Node::Expr(Expr { kind: ExprKind::Binary { op, right, .. }, .. }) => {
                let lazy = matches!(op, BinaryOp::And | BinaryOp::Or | BinaryOp::Implies | BinaryOp::Coalesce);
                lazy && right.range.start <= expr.range.start && expr.range.end <= right.range.end
            }
            _ => false,
        }
    })
}

fn parameters(free: &[Free]) -> String {
    free.iter().map(|one| format!("{}: {}", one.name, Shown(&one.ty))).collect::<Vec<_>>().join(", ")
}

fn arguments(free: &[Free]) -> String {
    free.iter().map(|one| one.name.to_string()).collect::<Vec<_>>().join(", ")
}

/// A name for a value.
fn value_name(context: &Context<'_>, expr: &Expr) -> String {
    let name = match &expr.kind {
        ExprKind::Index { base, .. } => match &base.kind {
            ExprKind::TypeName(name) => tenon_check::suggest::lower_snake(&name.text),
            _ => String::from("value"),
        },
        ExprKind::Insert { relation, .. } | ExprKind::Upsert { relation, .. } => {
            tenon_check::suggest::lower_snake(&relation.name.text)
        }
        ExprKind::Call { callee, .. } => {
            callee.implied_name().map_or(String::from("value"), |name| name.text.to_string())
        }
        _ => expr.implied_name().map_or(String::from("value"), |name| name.text.to_string()),
    };
    context.fresh_name(&name)
}

/// An expression to a `let` before its statement.
fn to_let(context: &Context<'_>, expr: &Expr) -> Option<CodeAction> {
    let stmt = statement_around(context, expr.range)?;
    // The whole statement is taken out of nothing.
    if stmt.range == expr.range && matches!(stmt.kind, StmtKind::Expr(_)) {
        return None;
    }
    if matches!(&stmt.kind, StmtKind::Let { value, .. } if value.range == expr.range) {
        return None;
    }
    // A pattern of `is` or a loop's condition is evaluated at another time than the statement.
    if matches!(&stmt.kind, StmtKind::While { .. }) || binds(expr) || is_target(context, expr) {
        return None;
    }
    if is_conditional(context, expr, stmt.range) || tells(expr) {
        return None;
    }
    let typed = context.typed(expr.range);
    if typed.is_empty() || typed.iter().any(|typed| matches!(typed.ty, Ty::Unit | Ty::Never | Ty::Error | Ty::Fn(..))) {
        return None;
    }
    // The name of a case is a value only where its type is known.
    let is_case = matches!(expr.kind, ExprKind::TypeName(_))
        && typed.iter().any(|typed| matches!(typed.ty.base(), Ty::Variant(..) | Ty::Tag(_)));
    if is_case {
        return None;
    }
    let name = value_name(context, expr);
    let mut change = Change::new(context);
    // The elements of a list do not tell whether they are a list, a set or a map.
    let ty = match &expr.kind {
        ExprKind::List(_) | ExprKind::Map(_) => {
            let ty = &typed.first()?.ty;
            if !context.analysis.can_be_written(ty, context.item) {
                return None;
            }
            format!(": {}", Shown(ty))
        }
        _ => String::new(),
    };
    change.before(stmt.range, format!("let {name}{ty} = {}\n  ", context.written(expr.range)));
    put(context, &mut change, expr, &name);
    let select = format!("let {name}");
    Some(change.finish("extract-let", "extract into `let`", ActionKind::Extract, Some(&select)))
}

/// True if the expression binds names by `is`.
fn binds(expr: &Expr) -> bool {
    let mut found = false;
    Node::Expr(expr).walk(&mut |node| {
        found |= matches!(node, Node::Pattern(_));
        !found && !matches!(node, Node::Arm(_) | Node::Block(_))
    });
    found
}

/// True for what tells that a value is there or which case it is: those who ask learn more from it than true or false.
fn tells(expr: &Expr) -> bool {
    let mut found = false;
    Node::Expr(expr).walk(&mut |node| {
        found |=
            matches!(node, Node::Expr(Expr { kind: ExprKind::Literal(ast::Literal::None) | ExprKind::Is { .. }, .. }));
        !found && !matches!(node, Node::Expr(Expr { kind: ExprKind::Query(_), .. }))
    });
    found
}

/// True for a name that is not a value of its own: what is called, a type before a bracket.
fn is_target(context: &Context<'_>, expr: &Expr) -> bool {
    let path = Node::Item(context.tree).path_over(expr.range);
    path.iter().rev().any(|node| match node {
        Node::Expr(Expr { kind: ExprKind::Call { callee, .. }, .. }) => callee.range == expr.range,
        Node::Expr(Expr { kind: ExprKind::Index { base, .. }, .. }) => {
            base.range == expr.range && matches!(base.kind, ExprKind::TypeName(_))
        }
        // What is asked of a place is known of that place only: whether it is there, which case it is.
        Node::Expr(Expr { kind: ExprKind::Field { base, name: Some(name), .. }, .. }) if name.text == "may_become" => {
            base.range == expr.range
        }
        Node::Expr(Expr { kind: ExprKind::Is { value, .. } | ExprKind::Match { value, .. }, .. }) => {
            value.range == expr.range
        }
        Node::Expr(Expr { kind: ExprKind::Binary { left, right, .. }, .. }) => {
            let is_none = |expr: &Expr| matches!(expr.kind, ExprKind::Literal(ast::Literal::None));
            left.range == expr.range && is_none(right) || right.range == expr.range && is_none(left)
        }
        // `c.orders` in `sum(c.orders.paid)`: a path that is folded is one.
        Node::Expr(Expr { kind: ExprKind::Field { base, .. } | ExprKind::Project { base, .. }, .. }) => {
            base.range == expr.range && context.typed(expr.range).iter().any(|typed| typed.ty.element().is_some())
        }
        _ => false,
    })
}

/// Writes something where an expression stands; where the expression also named its field, the field is written.
pub(super) fn put(context: &Context<'_>, change: &mut Change<'_, '_>, expr: &Expr, text: &str) {
    let uses = occurrences(&context.analysis.db, context.item);
    let inside = |range: Range| expr.range.start <= range.start && range.end <= expr.range.end;
    let short = uses.iter().find_map(|one| match one.form {
        Form::Short(start) if start == expr.range.start && inside(one.range) && one.range.end == expr.range.end => {
            Some(one.range.slice(&context.parsed.code))
        }
        _ => None,
    });
    let path = Node::Item(context.tree).path_over(expr.range);
    let around = path.iter().rev().find(|node| node.range() != expr.range);
    let grouped = matches!(around, Some(Node::QueryClause(_)));
    let sign = if grouped { " =" } else { ":" };
    match short {
        Some(name) if name != text => change.replace(expr.range, format!("{name}{sign} {text}")),
        Some(_) => change.replace(expr.range, text),
        None => change.replace(with_parentheses(context, expr.range), text),
    }
}

/// An expression to a function.
fn to_function(context: &Context<'_>, expr: &Expr) -> Option<CodeAction> {
    let free = free(context, expr.range)?;
    let typed = context.typed(expr.range);
    let ty = &typed.first()?.ty;
    if matches!(ty, Ty::Unit | Ty::Never) || !can_be_signed(context, ty) {
        return None;
    }
    if leans_on_surroundings(context, expr.range) || tells(expr) || writes_outer(context, expr.range) {
        return None;
    }
    let whole = matches!(
        expr.kind,
        ExprKind::Literal(_) | ExprKind::Name(_) | ExprKind::TypeName(_) | ExprKind::Project { .. }
    );
    if whole || binds(expr) || is_target(context, expr) {
        return None;
    }
    if leaves(Node::Expr(expr)) {
        return None;
    }
    let name = context.fresh_name("extracted");
    let mut change = Change::new(context);
    put(context, &mut change, expr, &format!("{name}({})", arguments(&free)));
    let body = context.written(expr.range);
    change.item_after(&format!("fn {name}({}) -> {} {{\n  {body}\n}}", parameters(&free), Shown(ty)));
    let select = format!("fn {name}");
    Some(change.finish("extract-function", "extract into a function", ActionKind::Extract, Some(&select)))
}

/// A query to a `query` of its own.
fn to_query(context: &Context<'_>, expr: &Expr) -> Option<CodeAction> {
    // The whole body of a query is one already.
    if let ItemKind::Function(ast::Function { kind: ast::FunctionKind::Query, body, .. }) = &context.tree.kind
        && body.value().is_some_and(|value| value.range == expr.range)
    {
        return None;
    }
    if leans_on_surroundings(context, expr.range) {
        return None;
    }
    let free = free(context, expr.range)?;
    let ExprKind::Query(query) = &expr.kind else { return None };
    let source = match &query.source.kind {
        ExprKind::TypeName(name) => tenon_check::suggest::lower_snake(&name.text),
        _ => query.source.implied_name().map_or_else(|| String::from("found"), |name| name.text.to_string()),
    };
    let one = source.strip_suffix('s').filter(|one| one.len() > 2 && !one.ends_with('s')).unwrap_or(&source);
    let name = context.fresh_name(&format!("{one}_rows"));
    let mut change = Change::new(context);
    change.replace(with_parentheses(context, expr.range), format!("{name}({})", arguments(&free)));
    let body = context.written(expr.range);
    change.item_after(&format!("query {name}({}) {{\n  {body}\n}}", parameters(&free)));
    let select = format!("query {name}");
    Some(change.finish("extract-query", "extract into a query", ActionKind::Extract, Some(&select)))
}

/// The range of an expression with the parentheses that only hold it together.
fn with_parentheses(context: &Context<'_>, range: Range) -> Range {
    let tokens = context.parsed.tokens.tokens();
    let first = tokens.partition_point(|token| token.range.start < range.start);
    let last = tokens.partition_point(|token| token.range.end <= range.end);
    let (Some(open), Some(close)) = (first.checked_sub(1).and_then(|at| tokens.get(at)), tokens.get(last)) else {
        return range;
    };
    if open.kind != TokenKind::LParen || close.kind != TokenKind::RParen {
        return range;
    }
    let whole = open.range.cover(close.range);
    // Those of arguments, records and windows belong to their node.
    let of_node = Node::Item(context.tree).path_over(range).iter().any(|node| {
        let around = node.range();
        around.end == whole.end && (around.start == whole.start || matches!(node, Node::Args(_)))
    });
    if of_node { range } else { whole }
}

/// A part of a clause to a `with` before it.
fn to_with(context: &Context<'_>, expr: &Expr) -> Option<CodeAction> {
    let path = Node::Item(context.tree).path_over(expr.range);
    let at = path.iter().rposition(|node| matches!(node, Node::QueryClause(_)))?;
    let (Some(Node::Expr(Expr { kind: ExprKind::Query(query), .. })), Some(Node::QueryClause(clause))) =
        (path.get(at.checked_sub(1)?), path.get(at))
    else {
        return None;
    };
    let own_names = path.get(at + 1..).into_iter().flatten().any(|node| {
        matches!(node, Node::Arm(_) | Node::Stmt(_))
            || matches!(node, Node::Expr(Expr { kind: ExprKind::Lambda { .. } | ExprKind::Quantifier { .. }, .. }))
    });
    let before = query.clauses.iter().take_while(|other| other.range.start < clause.range.start);
    let selected = before.into_iter().any(|other| matches!(other.kind, QueryClauseKind::Select { .. }));
    let names_rows = matches!(clause.kind, QueryClauseKind::Join { .. });
    // What an aggregate folds is told per row, not per group.
    let in_aggregate = path.get(at + 1..).into_iter().flatten().any(|node| matches!(node, Node::Arg(_)));
    let grouped = query.clauses.iter().any(|other| {
        matches!(other.kind, QueryClauseKind::GroupBy(_) | QueryClauseKind::GroupAll)
            && other.range.end <= clause.range.start
    });
    if own_names || selected || names_rows || in_aggregate && grouped || binds(expr) || is_target(context, expr) {
        return None;
    }
    if is_conditional(context, expr, clause.range) || tells(expr) {
        return None;
    }
    // A query has an action of its own.
    let whole = matches!(
        expr.kind,
        ExprKind::Name(_)
            | ExprKind::Literal(_)
            | ExprKind::TypeName(_)
            | ExprKind::Query(_)
            | ExprKind::Project { .. }
    );
    if whole {
        return None;
    }
    let typed = context.typed(expr.range);
    if typed.is_empty() && !grouped || typed.iter().any(|typed| matches!(typed.ty, Ty::Unit | Ty::Never | Ty::Error)) {
        return None;
    }
    let name = value_name(context, expr);
    let mut change = Change::new(context);
    change.before(clause.range, format!("with {name} = {}\n  ", context.written(expr.range)));
    put(context, &mut change, expr, &name);
    let select = format!("with {name}");
    Some(change.finish("extract-with", "extract into `with`", ActionKind::Extract, Some(&select)))
}

/// True if something leaves the function or a loop around the node, or gives a new value to a variable.
fn leaves(node: Node<'_>) -> bool {
    let mut found = false;
    let mut loops: Vec<Range> = Vec::new();
    node.walk(&mut |node| {
        let in_loop = |loops: &[Range], range: Range| {
            loops.iter().any(|around| around.start <= range.start && range.end <= around.end)
        };
        match node {
            Node::Stmt(stmt) => match &stmt.kind {
                StmtKind::For { body, .. } | StmtKind::While { body, .. } => loops.push(body.range),
                StmtKind::Return(_) => found = true,
                StmtKind::Break | StmtKind::Continue => found |= !in_loop(&loops, stmt.range),
                _ => {}
            },
            Node::Diverge(diverge) => match &diverge.kind {
                DivergeKind::Return(_) => found = true,
                DivergeKind::Break | DivergeKind::Continue => found |= !in_loop(&loops, diverge.range),
                _ => {}
            },
            Node::Arm(ast::Arm { body: ast::ArmBody::Return { .. }, .. }) => found = true,
            _ => {}
        }
        !found
    });
    found
}

/// Statements in a row to a function; what they name and what follows uses is given back.
fn statements_to_function(context: &Context<'_>) -> Option<CodeAction> {
    let ItemKind::Function(_) = &context.tree.kind else { return None };
    let block = context.innermost(|node| match node {
        Node::Block(block) => Some(block),
        _ => None,
    })?;
    let chosen: Vec<&Stmt> = block
        .stmts
        .iter()
        .filter(|stmt| context.selection.start <= stmt.range.start && stmt.range.end <= context.selection.end)
        .collect();
    let (first, last) = (chosen.first()?, chosen.last()?);
    let range = first.range.cover(last.range);
    // Nothing but whole statements.
    if range != context.selection
        || chosen
            .iter()
            .any(|stmt| leaves(Node::Stmt(stmt)) || is_error(stmt) || matches!(stmt.kind, StmtKind::Fail(_)))
    {
        return None;
    }
    let free = free(context, range)?;
    if writes_outer(context, range) || leans_on_outer_facts(context, &free, range) {
        return None;
    }
    let given = used_after(context, block, &chosen, range)?;
    let is_tail = block.stmts.last().is_some_and(|stmt| stmt.range == last.range);
    let value = match (&last.kind, given.as_slice()) {
        (StmtKind::Expr(expr), []) if is_tail => {
            let ty = context.typed(expr.range).first()?.ty.clone();
            if matches!(ty, Ty::Unit | Ty::Never) { None } else { Some(ty) }
        }
        _ => None,
    };
    let name = context.fresh_name("extracted");
    let call = format!("{name}({})", arguments(&free));
    let body = context.written(range);
    let writable = |ty: &Ty| can_be_signed(context, ty);
    let (result, tail, call) = match (value, given.as_slice()) {
        (Some(ty), _) => {
            if !writable(&ty) {
                return None;
            }
            (format!(" -> {}", Shown(&ty)), String::new(), call)
        }
        (None, []) => (String::new(), String::new(), call),
        (None, [one]) => {
            (format!(" -> {}", Shown(&one.ty)), format!("\n  {}", one.name), format!("let {} = {call}", one.name))
        }
        (None, several) => {
            let names = arguments(several);
            (format!(" -> ({})", parameters(several)), format!("\n  ({names})"), format!("let ({names}) = {call}"))
        }
    };
    let mut change = Change::new(context);
    change.replace(range, call);
    change.item_after(&format!("fn {name}({}){result} {{\n  {body}{tail}\n}}", parameters(&free)));
    let select = format!("fn {name}");
    Some(change.finish("extract-function", "extract into a function", ActionKind::Extract, Some(&select)))
}

fn is_error(stmt: &Stmt) -> bool {
    matches!(stmt.kind, StmtKind::Error)
}

/// True if statements need to know more of a local than its type says.
fn leans_on_outer_facts(context: &Context<'_>, free: &[Free], range: Range) -> bool {
    let inside = |other: Range| range.start <= other.start && other.end <= range.end;
    let mut open: Vec<&typed::Expr> = context.typed_roots();
    while let Some(expr) = open.pop() {
        if let ExprTyped::Convert(Conversion::Present, inner) = &expr.kind
            && inside(inner.range)
            && free.iter().any(|one| context.source(inner.range).split(['.', '?']).next() == Some(&one.name))
        {
            return true;
        }
        open.extend(tenon_check::typed::children(expr));
    }
    false
}

/// True if code gives a new value to a variable that is declared outside of it.
fn writes_outer(context: &Context<'_>, range: Range) -> bool {
    let inside = |other: Range| range.start <= other.start && other.end <= range.end;
    occurrences(&context.analysis.db, context.item).iter().any(|one| match &one.meaning {
        Meaning::Local(declared) => one.role == Role::Write && inside(one.range) && !inside(*declared),
        _ => false,
    })
}

/// The names of statements that what follows them uses; `None` where one cannot be given back.
fn used_after(context: &Context<'_>, block: &Block, chosen: &[&Stmt], range: Range) -> Option<Vec<Free>> {
    let mut names: Vec<&Ident> = Vec::new();
    let mut variables: FxHashSet<Range> = FxHashSet::default();
    for stmt in chosen {
        match &stmt.kind {
            StmtKind::Let { pattern, .. } => bound(pattern, &mut names),
            StmtKind::Var { name, .. } => {
                names.push(name);
                variables.insert(name.range);
            }
            _ => {}
        }
    }
    let types = context.analysis.local_types(context.item);
    let uses = occurrences(&context.analysis.db, context.item);
    let mut found = Vec::new();
    for name in names {
        let after = |one: &&tenon_check::uses::Use| one.range.start >= range.end && one.range.end <= block.range.end;
        let later: Vec<_> = uses.iter().filter(after).filter(|one| one.meaning == Meaning::Local(name.range)).collect();
        if later.is_empty() {
            continue;
        }
        // A variable that is assigned later cannot come back as a `let`.
        if variables.contains(&name.range) && later.iter().any(|one| one.role == Role::Write) {
            return None;
        }
        let ty = types.get(&name.range)?.clone();
        if !can_be_signed(context, &ty) {
            return None;
        }
        found.push(Free { name: name.text.clone(), ty });
    }
    Some(found)
}
