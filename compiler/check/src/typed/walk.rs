//! Walks over typed trees.

use super::{Arg, Bound, Clause, Expr, ExprKind, LocalId, Pattern, PatternKind, Query, Source, Stmt, TextPart};
use crate::ty::Ty;

macro_rules! walker {
    ($children:ident, $query:ident, $clause:ident, $stmt:ident, $($mutability:tt)?) => {
        /// Calls `f` on each direct part of an expression, in source order.
        pub fn $children<'e>(expr: &'e $($mutability)? Expr, f: &mut dyn FnMut(&'e $($mutability)? Expr)) {
            match &$($mutability)? expr.kind {
                ExprKind::Error | ExprKind::Literal(_) | ExprKind::Local(_) | ExprKind::Const(_) | ExprKind::Absent
                | ExprKind::FieldDefault(_) | ExprKind::Rows(_) | ExprKind::FnValue(..) | ExprKind::Break
                | ExprKind::Continue | ExprKind::Outcomes(_) => {}
                ExprKind::Interpolate(parts) => {
                    for part in parts {
                        if let TextPart::Hole(e) = part { f(e) }
                    }
                }
                ExprKind::RecordField(e, _) | ExprKind::StoredField(e, _) | ExprKind::ComputedField(e, _)
                | ExprKind::PresentField(e) | ExprKind::Has(e, _) | ExprKind::TagOf(e) | ExprKind::Negate(e)
                | ExprKind::Not(e) | ExprKind::Matches(e, _) | ExprKind::Is(e, _) | ExprKind::Convert(_, e)
                | ExprKind::Lambda(_, e) | ExprKind::Force(e) | ExprKind::TryRefine(e) | ExprKind::Assert(e, _)
                | ExprKind::CaseField(e, _, _) => f(e),
                ExprKind::Inverse { row, .. } | ExprKind::Delete { row, .. } => f(row),
                ExprKind::Record(fields) | ExprKind::Upsert { fields, .. } => {
                    for (_, e) in fields { f(e) }
                }
                ExprKind::Variant(_, _, es) | ExprKind::Collection(es) | ExprKind::Builtin(_, es) => {
                    for e in es { f(e) }
                }
                ExprKind::Map(pairs) => {
                    for (k, v) in pairs { f(k); f(v); }
                }
                ExprKind::Range(a, b, _) | ExprKind::Binary(_, a, b) | ExprKind::Index(a, b)
                | ExprKind::Coalesce(a, b) | ExprKind::Else(a, b) | ExprKind::OptionMap(a, _, b) => { f(a); f(b); }
                ExprKind::InRange(a, b, c, _) | ExprKind::If(a, b, c) => { f(a); f(b); f(c); }
                ExprKind::MayBecome { from, to, .. } => { f(from); f(to); }
                ExprKind::Match(e, arms) => {
                    f(e);
                    for arm in arms {
                        if let Some(guard) = &$($mutability)? arm.guard { f(guard) }
                        f(&$($mutability)? arm.body);
                    }
                }
                ExprKind::Block(stmts, value) => {
                    for stmt in stmts { $stmt(stmt, f) }
                    if let Some(value) = value { f(value) }
                }
                ExprKind::Call { args, .. } => {
                    for arg in args {
                        if let Arg::Value(e) = arg { f(e) }
                    }
                }
                ExprKind::CallValue(e, es) => {
                    f(e);
                    for e in es { f(e) }
                }
                ExprKind::Lookup { key, .. } => {
                    for e in key { f(e) }
                }
                ExprKind::Query(query) => $query(query, f),
                ExprKind::Insert { fields, spread, .. } => {
                    for (_, e) in fields { f(e) }
                    if let Some(e) = spread { f(e) }
                }
                ExprKind::Update { row, sets, spread, .. } => {
                    f(row);
                    for set in sets { f(&$($mutability)? set.value) }
                    if let Some(e) = spread { f(e) }
                }
                ExprKind::Fail { fields, message, .. } => {
                    for e in fields { f(e) }
                    if let Some(e) = message { f(e) }
                }
                ExprKind::Return(value) => {
                    if let Some(e) = value { f(e) }
                }
            }
        }

        fn $stmt<'e>(stmt: &'e $($mutability)? Stmt, f: &mut dyn FnMut(&'e $($mutability)? Expr)) {
            match stmt {
                Stmt::Let(_, e) | Stmt::Assign(_, e) | Stmt::Expr(e) => f(e),
                Stmt::LetElse(_, a, b) | Stmt::For(_, a, b) | Stmt::While(a, b) => { f(a); f(b); }
            }
        }

        fn $query<'e>(query: &'e $($mutability)? Query, f: &mut dyn FnMut(&'e $($mutability)? Expr)) {
            for clause in &$($mutability)? query.clauses { $clause(clause, f) }
            f(&$($mutability)? query.element);
        }

        fn $clause<'e>(clause: &'e $($mutability)? Clause, f: &mut dyn FnMut(&'e $($mutability)? Expr)) {
            match clause {
                Clause::From(_, source) => {
                    if let Source::Collection(e) = source { f(e) }
                }
                Clause::Join(_, source, on) => {
                    if let Source::Collection(e) = source { f(e) }
                    f(on);
                }
                Clause::LeftJoin(_, _, source, on) => {
                    if let Source::Collection(e) = source { f(e) }
                    if let Some(on) = on { f(on) }
                }
                Clause::Where(e) | Clause::Limit(e) | Clause::Offset(e) => f(e),
                Clause::With(defs) | Clause::Select(defs) => {
                    for (_, e) in defs { f(e) }
                }
                Clause::Group { keys, aggregates, .. } => {
                    for (_, e) in keys { f(e) }
                    for (_, a) in aggregates {
                        if let Some(e) = &$($mutability)? a.argument { f(e) }
                        if let Some(e) = &$($mutability)? a.filter { f(e) }
                    }
                }
                Clause::Windows(windows) => {
                    for (_, w) in windows {
                        for e in &$($mutability)? w.arguments { f(e) }
                        for e in &$($mutability)? w.partition { f(e) }
                        for key in &$($mutability)? w.order { f(&$($mutability)? key.expr) }
                        if let Some((from, to)) = &$($mutability)? w.frame {
                            for bound in [from, to] {
                                if let Bound::Before(e) | Bound::After(e) = bound { f(e) }
                            }
                        }
                    }
                }
                Clause::Distinct => {}
                Clause::OrderBy(keys) => {
                    for key in keys { f(&$($mutability)? key.expr) }
                }
            }
        }
    };
}

walker!(for_each_child, query_children, clause_children, stmt_children,);
walker!(for_each_child_mut, query_children_mut, clause_children_mut, stmt_children_mut, mut);

/// The direct parts of an expression, in source order; statements, arms and clauses are looked into.
pub fn children(expr: &Expr) -> Vec<&Expr> {
    let mut found = Vec::new();
    for_each_child(expr, &mut |child| found.push(child));
    found
}

/// True if the predicate holds of the expression or of a part of it. Lambdas are parts of where they stand.
pub fn any(expr: &Expr, predicate: &dyn Fn(&Expr) -> bool) -> bool {
    predicate(expr) || children(expr).into_iter().any(|child| any(child, predicate))
}

/// Calls `f` on every type in a tree: of expressions, patterns and type arguments.
pub fn for_each_type_mut(expr: &mut Expr, f: &mut dyn FnMut(&mut Ty)) {
    f(&mut expr.ty);
    match &mut expr.kind {
        ExprKind::Is(_, pattern) => pattern_types(pattern, f),
        ExprKind::Match(_, arms) => arms.iter_mut().for_each(|a| pattern_types(&mut a.pattern, f)),
        ExprKind::Block(stmts, _) => {
            for stmt in stmts {
                if let Stmt::Let(p, _) | Stmt::LetElse(p, ..) | Stmt::For(p, ..) = stmt {
                    pattern_types(p, f);
                }
            }
        }
        ExprKind::FnValue(_, types) | ExprKind::Call { types, .. } => types.iter_mut().for_each(&mut *f),
        _ => {}
    }
    for_each_child_mut(expr, &mut |e| for_each_type_mut(e, f));
}

/// Calls `f` on every type in a pattern.
pub(crate) fn pattern_types(pattern: &mut Pattern, f: &mut dyn FnMut(&mut Ty)) {
    f(&mut pattern.ty);
    match &mut pattern.kind {
        PatternKind::Present(p) => pattern_types(p, f),
        PatternKind::Case(_, _, ps) | PatternKind::Or(ps) => ps.iter_mut().for_each(|p| pattern_types(p, f)),
        PatternKind::Record(fields, _) => fields.iter_mut().for_each(|(_, p)| pattern_types(p, f)),
        _ => {}
    }
}

/// Calls `f` on every local that a pattern binds; those of `A | B` once.
pub fn for_each_local_in_pattern(pattern: &Pattern, f: &mut dyn FnMut(LocalId)) {
    match &pattern.kind {
        PatternKind::Bind(local) => f(*local),
        PatternKind::Present(p) => for_each_local_in_pattern(p, f),
        PatternKind::Case(_, _, ps) => ps.iter().for_each(|p| for_each_local_in_pattern(p, f)),
        PatternKind::Or(ps) => {
            if let Some(p) = ps.first() {
                for_each_local_in_pattern(p, f);
            }
        }
        PatternKind::Record(fields, rest) => {
            fields.iter().for_each(|(_, p)| for_each_local_in_pattern(p, f));
            if let Some(rest) = rest {
                f(*rest);
            }
        }
        _ => {}
    }
}
