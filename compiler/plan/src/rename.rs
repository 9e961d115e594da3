//! Renaming of all variables of an operator tree of Core, so that a nested query can be put in its place.

use tenon_core::ir::{Apply, Bound, Expr, Frame, JoinKind, Output, Rel, VarId};

use crate::expr::rename;

/// Renames every variable, bound or used.
pub fn rename_rel(rel: &mut Rel, f: &mut dyn FnMut(VarId) -> VarId) {
    fn all<'a>(exprs: impl IntoIterator<Item = &'a mut Expr>, f: &mut dyn FnMut(VarId) -> VarId) {
        for expr in exprs {
            rename(expr, f);
        }
    }
    match rel {
        Rel::Unit => {}
        Rel::Scan { var, .. } => *var = f(*var),
        Rel::Unnest { source, var, index } => {
            rename(source, f);
            *var = f(*var);
            *index = f(*index);
        }
        Rel::Filter { input, predicate } => {
            rename_rel(input, f);
            rename(predicate, f);
        }
        Rel::Map { input, defs } => {
            rename_rel(input, f);
            for (v, e) in defs {
                *v = f(*v);
                rename(e, f);
            }
        }
        Rel::Join { kind, left, right, on } => {
            rename_rel(left, f);
            rename_rel(right, f);
            rename(on, f);
            if let JoinKind::Left(lifts) = kind {
                for lift in lifts {
                    lift.from = f(lift.from);
                    lift.to = f(lift.to);
                }
            }
        }
        Rel::Apply { kind, left, right } => {
            rename_rel(left, f);
            rename_rel(right, f);
            match kind {
                Apply::Inner => {}
                Apply::Left(lifts) => {
                    for lift in lifts {
                        lift.from = f(lift.from);
                        lift.to = f(lift.to);
                    }
                }
                Apply::Exists(v) => *v = f(*v),
                Apply::Collect(v, e) => {
                    *v = f(*v);
                    rename(e, f);
                }
            }
        }
        Rel::Group { input, keys, aggregates, .. } => {
            rename_rel(input, f);
            for (v, e) in keys {
                *v = f(*v);
                rename(e, f);
            }
            for (v, a) in aggregates {
                *v = f(*v);
                all(a.argument.iter_mut().chain(a.grain.iter_mut().flatten()).chain(&mut a.filter), f);
                all(a.order.iter_mut().map(|k| &mut k.expr), f);
            }
        }
        Rel::Window { input, windows } => {
            rename_rel(input, f);
            for (v, w) in windows {
                *v = f(*v);
                all(w.arguments.iter_mut().chain(&mut w.partition), f);
                all(w.order.iter_mut().map(|k| &mut k.expr), f);
                if let Frame::Rows(a, b) = &mut w.frame {
                    for bound in [a, b] {
                        if let Bound::Before(e) | Bound::After(e) = bound {
                            rename(e, f);
                        }
                    }
                }
            }
        }
        Rel::Sort { input, keys } => {
            rename_rel(input, f);
            all(keys.iter_mut().map(|k| &mut k.expr), f);
        }
        Rel::Limit { input, limit, offset } => {
            rename_rel(input, f);
            all(limit.iter_mut().chain(offset), f);
        }
        Rel::Distinct { input, vars } => {
            rename_rel(input, f);
            vars.iter_mut().for_each(|v| *v = f(*v));
        }
        Rel::SetOp { left, right, vars, .. } => {
            rename_rel(left, f);
            rename_rel(right, f);
            for (a, b, c) in vars {
                *a = f(*a);
                *b = f(*b);
                *c = f(*c);
            }
        }
    }
}

/// Renames every variable of an output.
pub fn rename_output(output: &mut Output, f: &mut dyn FnMut(VarId) -> VarId) {
    match output {
        Output::Collect(e) | Output::First(e) | Output::One(e) => rename(e, f),
        Output::CollectMap(k, v) => {
            rename(k, f);
            rename(v, f);
        }
        Output::Exists => {}
    }
}
