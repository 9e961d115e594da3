//! Smaller queries than a given one.

use super::{Base, Expr, Grouping, Part, Query, Source, Stage};

/// Queries that have a little less than this one, those that have the least first. Not all of them check.
pub fn smaller(query: &Query) -> Vec<Query> {
    let mut out = Vec::new();
    for at in (1..query.stages.len().saturating_sub(1)).rev() {
        let mut less = query.clone();
        less.stages.remove(at);
        out.push(less);
    }
    for (at, stage) in query.stages.iter().enumerate() {
        out.extend(stages(stage).into_iter().map(|stage| {
            let mut less = query.clone();
            less.stages[at] = stage;
            less
        }));
    }
    out
}

/// The same with one of some expressions made smaller.
fn one_of<X: Clone>(of: &[X], made: impl Fn(&X) -> Vec<X>) -> Vec<Vec<X>> {
    let mut out = Vec::new();
    for (at, x) in of.iter().enumerate() {
        for less in made(x) {
            let mut all = of.to_vec();
            all[at] = less;
            out.push(all);
        }
    }
    out
}

/// The same without one of them.
fn without_one<X: Clone>(of: &[X]) -> Vec<Vec<X>> {
    let without = |at: usize| {
        let mut all = of.to_vec();
        all.remove(at);
        all
    };
    (0..of.len()).map(without).collect()
}

fn sources(source: &Source) -> Vec<Source> {
    match source {
        Source::Relation(_) => Vec::new(),
        Source::Inverse(r, f, host) => exprs(host).into_iter().map(|host| Source::Inverse(*r, *f, host)).collect(),
        Source::Elements(list) => exprs(list).into_iter().map(Source::Elements).collect(),
        Source::Query(q) => smaller(q).into_iter().map(|q| Source::Query(Box::new(q))).collect(),
    }
}

fn named(of: &(String, Expr)) -> Vec<(String, Expr)> {
    exprs(&of.1).into_iter().map(|e| (of.0.clone(), e)).collect()
}

fn stages(stage: &Stage) -> Vec<Stage> {
    match stage {
        Stage::From { name, source } => {
            sources(source).into_iter().map(|source| Stage::From { name: name.clone(), source }).collect()
        }
        Stage::Join { name, source, left, on } => {
            let join =
                |source: Source, on: Option<Expr>, left: bool| Stage::Join { name: name.clone(), source, left, on };
            let mut out: Vec<Stage> = sources(source).into_iter().map(|s| join(s, on.clone(), *left)).collect();
            if *left {
                out.push(join(source.clone(), on.clone(), false));
            }
            out.extend(on.iter().flat_map(exprs).map(|on| join(source.clone(), Some(on), *left)));
            out
        }
        Stage::Where(c) => exprs(c).into_iter().map(Stage::Where).collect(),
        Stage::With(name, e) => exprs(e).into_iter().map(|e| Stage::With(name.clone(), e)).collect(),
        Stage::Window { partition: None, .. } => Vec::new(),
        Stage::Window { name, value, order, frame, whole, .. } => vec![Stage::Window {
            name: name.clone(),
            value: value.clone(),
            partition: None,
            order: order.clone(),
            frame: *frame,
            whole: *whole,
        }],
        Stage::Group { keys, aggregates } => {
            let mut out = Vec::new();
            let group = |keys: Vec<Grouping>, aggregates: Vec<(String, Expr)>| Stage::Group { keys, aggregates };
            out.extend(without_one(keys).into_iter().map(|keys| group(keys, aggregates.clone())));
            out.extend(without_one(aggregates).into_iter().map(|a| group(keys.clone(), a)));
            out.extend(one_of(aggregates, named).into_iter().map(|a| group(keys.clone(), a)));
            let key = |k: &Grouping| match k {
                Grouping::Value(name, e) => exprs(e).into_iter().map(|e| Grouping::Value(name.clone(), e)).collect(),
                Grouping::Row(..) => Vec::new(),
            };
            out.extend(one_of(keys, key).into_iter().map(|keys| group(keys, aggregates.clone())));
            out
        }
        Stage::Order(by) => {
            let mut out: Vec<Vec<super::Key>> = if by.len() > 1 { without_one(by) } else { Vec::new() };
            out.extend(one_of(by, |key| {
                exprs(&key.value).into_iter().map(|value| super::Key { value, ..key.clone() }).collect()
            }));
            out.into_iter().map(Stage::Order).collect()
        }
        Stage::Limit(n, offset) => {
            let without = offset.iter().map(|_| Stage::Limit(n.clone(), None));
            without.chain(exprs(n).into_iter().map(|n| Stage::Limit(n, offset.clone()))).collect()
        }
        Stage::Select { fields, record, distinct } => {
            let mut out: Vec<Vec<(String, Expr)>> = if fields.len() > 2 { without_one(fields) } else { Vec::new() };
            out.extend(one_of(fields, named));
            let select = |fields| Stage::Select { fields, record: *record, distinct: *distinct };
            out.into_iter().map(select).collect()
        }
    }
}

fn exprs(expr: &Expr) -> Vec<Expr> {
    let mut out = Vec::new();
    // A part in the place of the whole, then the whole with smaller parts.
    for part in &expr.parts {
        if let Part::Expr(e) = part
            && e.ty == expr.ty
        {
            out.push(e.clone());
        }
    }
    let constant = match expr.ty.base {
        _ if expr.ty.optional => None,
        Base::Int => Some(("1", "1")),
        Base::Bool => Some(("true", "1")),
        _ => None,
    };
    if let Some((tenon, sql)) = constant
        && !expr.parts.is_empty()
    {
        out.push(Expr::plain(expr.ty, tenon, sql));
    }
    for (at, part) in expr.parts.iter().enumerate() {
        let parts: Vec<Part> = match part {
            Part::Expr(e) => exprs(e).into_iter().map(Part::Expr).collect(),
            Part::Query(q) => smaller(q).into_iter().map(Part::Query).collect(),
        };
        out.extend(parts.into_iter().map(|part| {
            let mut less = expr.clone();
            less.parts[at] = part;
            less
        }));
    }
    out
}
