//! Walking typed trees.

use crate::typed::{Aggregate, Arg, Bound, Clause, Expr, ExprKind, Query, Source, Stmt, TextPart, Window};

/// The direct parts of an expression, in the order of evaluation; statements, arms and clauses are looked into.
pub fn children(expr: &Expr) -> Vec<&Expr> {
    let mut out = Vec::new();
    match &expr.kind {
        ExprKind::Error
        | ExprKind::Literal(_)
        | ExprKind::Local(_)
        | ExprKind::Const(_)
        | ExprKind::Absent
        | ExprKind::FieldDefault(_)
        | ExprKind::Rows(_)
        | ExprKind::FnValue(..)
        | ExprKind::Break
        | ExprKind::Continue
        | ExprKind::Outcomes(_) => {}
        ExprKind::Interpolate(parts) => out.extend(parts.iter().filter_map(|p| match p {
            TextPart::Hole(e) => Some(e),
            TextPart::Text(_) => None,
        })),
        ExprKind::RecordField(e, _)
        | ExprKind::StoredField(e, _)
        | ExprKind::ComputedField(e, _)
        | ExprKind::PresentField(e)
        | ExprKind::Has(e, _)
        | ExprKind::TagOf(e)
        | ExprKind::CaseField(e, ..)
        | ExprKind::Negate(e)
        | ExprKind::Not(e)
        | ExprKind::Matches(e, _)
        | ExprKind::Is(e, _)
        | ExprKind::Convert(_, e)
        | ExprKind::Lambda(_, e)
        | ExprKind::Force(e)
        | ExprKind::TryRefine(e)
        | ExprKind::Assert(e, _) => out.push(e),
        ExprKind::Inverse { row, .. } | ExprKind::Delete { row, .. } => out.push(row),
        ExprKind::Record(fields) => out.extend(fields.iter().map(|(_, e)| e)),
        ExprKind::Variant(_, _, es)
        | ExprKind::Collection(es)
        | ExprKind::Builtin(_, es)
        | ExprKind::Lookup { key: es, .. } => {
            out.extend(es);
        }
        ExprKind::Map(pairs) => out.extend(pairs.iter().flat_map(|(k, v)| [k, v])),
        ExprKind::Range(a, b, _)
        | ExprKind::Binary(_, a, b)
        | ExprKind::Index(a, b)
        | ExprKind::Coalesce(a, b)
        | ExprKind::Else(a, b)
        | ExprKind::OptionMap(a, _, b)
        | ExprKind::MayBecome { from: a, to: b, .. } => out.extend([&**a, &**b]),
        ExprKind::InRange(a, b, c, _) | ExprKind::If(a, b, c) => out.extend([&**a, &**b, &**c]),
        ExprKind::Match(value, arms) => {
            out.push(value);
            for arm in arms {
                out.extend(&arm.guard);
                out.push(&arm.body);
            }
        }
        ExprKind::Block(stmts, value) => {
            stmts.iter().for_each(|s| stmt_parts(s, &mut out));
            out.extend(value.as_deref());
        }
        ExprKind::Call { args, .. } => out.extend(args.iter().filter_map(|a| match a {
            Arg::Value(e) => Some(e),
            Arg::Default | Arg::Absent => None,
        })),
        ExprKind::CallValue(callee, args) => {
            out.push(callee);
            out.extend(args);
        }
        ExprKind::Query(query) => query_parts(query, &mut out),
        ExprKind::Insert { fields, spread, .. } => {
            out.extend(fields.iter().map(|(_, e)| e));
            out.extend(spread.as_deref());
        }
        ExprKind::Upsert { fields, .. } => out.extend(fields.iter().map(|(_, e)| e)),
        ExprKind::Update { row, sets, spread, .. } => {
            out.push(row);
            out.extend(sets.iter().map(|s| &s.value));
            out.extend(spread.as_deref());
        }
        ExprKind::Fail { fields, message, .. } => {
            out.extend(fields);
            out.extend(message.as_deref());
        }
        ExprKind::Return(value) => out.extend(value.as_deref()),
    }
    out
}

fn stmt_parts<'a>(stmt: &'a Stmt, out: &mut Vec<&'a Expr>) {
    match stmt {
        Stmt::Let(_, e) | Stmt::Assign(_, e) | Stmt::Expr(e) => out.push(e),
        Stmt::LetElse(_, a, b) | Stmt::For(_, a, b) | Stmt::While(a, b) => out.extend([a, b]),
    }
}

fn query_parts<'a>(query: &'a Query, out: &mut Vec<&'a Expr>) {
    for clause in &query.clauses {
        match clause {
            Clause::From(_, source) => source_parts(source, out),
            Clause::Join(_, source, on) => {
                source_parts(source, out);
                out.push(on);
            }
            Clause::LeftJoin(_, _, source, on) => {
                source_parts(source, out);
                out.extend(on);
            }
            Clause::Where(e) | Clause::Limit(e) | Clause::Offset(e) => out.push(e),
            Clause::With(defs) | Clause::Select(defs) => out.extend(defs.iter().map(|(_, e)| e)),
            Clause::Group { keys, aggregates, .. } => {
                out.extend(keys.iter().map(|(_, e)| e));
                aggregates.iter().for_each(|(_, a)| aggregate_parts(a, out));
            }
            Clause::Windows(windows) => windows.iter().for_each(|(_, w)| window_parts(w, out)),
            Clause::Distinct => {}
            Clause::OrderBy(keys) => out.extend(keys.iter().map(|k| &k.expr)),
        }
    }
    out.push(&query.element);
}

fn source_parts<'a>(source: &'a Source, out: &mut Vec<&'a Expr>) {
    match source {
        Source::Relation(_) => {}
        Source::Collection(e) => out.push(e),
    }
}

fn aggregate_parts<'a>(aggregate: &'a Aggregate, out: &mut Vec<&'a Expr>) {
    out.extend(&aggregate.argument);
    out.extend(&aggregate.filter);
}

fn window_parts<'a>(window: &'a Window, out: &mut Vec<&'a Expr>) {
    out.extend(&window.arguments);
    out.extend(&window.partition);
    out.extend(window.order.iter().map(|k| &k.expr));
    if let Some((from, to)) = &window.frame {
        for bound in [from, to] {
            match bound {
                Bound::Before(e) | Bound::After(e) => out.push(e),
                Bound::Current => {}
            }
        }
    }
}

/// True if the predicate holds of the expression or of a part of it. Lambdas are parts of where they stand.
pub fn any(expr: &Expr, predicate: &dyn Fn(&Expr) -> bool) -> bool {
    predicate(expr) || children(expr).into_iter().any(|child| any(child, predicate))
}
