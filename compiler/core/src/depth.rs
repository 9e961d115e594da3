//! How deep code nests: everything behind Core walks it by recursion.

use crate::calls::each_expr;
use crate::effects::exprs_of;
use crate::ir::{Expr, Function, Output, Query, Rel};

/// How deep an expression may nest.
pub const MAX_DEPTH: usize = 600;

/// How deep the operators of a query may nest, below what the planner walks.
pub const MAX_OPERATORS: usize = 300;

/// Whether an expression of a function nests too deeply.
pub fn is_too_deep(function: &Function) -> bool {
    let mut found = false;
    each_expr(&function.body, &mut |e| found = found || nests(e, MAX_DEPTH));
    found
}

/// Whether operators of a query nest too deeply, or an expression in them.
pub fn query_is_too_deep(query: &Query) -> bool {
    if operators_nest(&query.root, MAX_OPERATORS) {
        return true;
    }
    let mut found = match &query.output {
        Output::Collect(e) | Output::First(e) | Output::One(e) => nests(e, MAX_DEPTH),
        Output::CollectMap(key, value) => nests(key, MAX_DEPTH) || nests(value, MAX_DEPTH),
        Output::Exists => false,
    };
    exprs_of(&query.root, &mut |e| found = found || nests(e, MAX_DEPTH));
    found
}

/// Whether there are expressions below so many levels.
fn nests(expr: &Expr, levels: usize) -> bool {
    let Some(below) = levels.checked_sub(1) else {
        let mut children = false;
        expr.children(&mut |_| children = true);
        return children;
    };
    let mut found = false;
    expr.children(&mut |child| found = found || nests(child, below));
    found
}

/// Whether there are operators below so many levels.
fn operators_nest(rel: &Rel, levels: usize) -> bool {
    let inputs: [Option<&Rel>; 2] = match rel {
        Rel::Unit | Rel::Scan { .. } | Rel::Unnest { .. } => [None, None],
        Rel::Filter { input, .. }
        | Rel::Map { input, .. }
        | Rel::Group { input, .. }
        | Rel::Window { input, .. }
        | Rel::Sort { input, .. }
        | Rel::Limit { input, .. }
        | Rel::Distinct { input, .. } => [Some(input), None],
        Rel::Join { left, right, .. } | Rel::Apply { left, right, .. } | Rel::SetOp { left, right, .. } => {
            [Some(left), Some(right)]
        }
    };
    inputs.into_iter().flatten().any(|input| levels == 0 || operators_nest(input, levels - 1))
}
