//! Aggregates: of a group, and folds of collections.

use super::determines::{closure, occurrences, roots_in};
use super::engine::{Infer, Seen};
use super::query::Stage;
use crate::builtins::{FoldInfo, Folding, Over};
use crate::ty::Ty;
use crate::typed::{Aggregate, AggregateFn, Clause, Expr, ExprKind, Fold, Literal, LocalId, Query, Source};
use smol_str::SmolStr;
use tenon_diagnostics::Code;
use tenon_span::Range;
use tenon_syntax::ast;

/// What a name folds; nothing for a function over windows alone.
fn folding(name: &str) -> Option<Folding> {
    match FoldInfo::named(name)?.over {
        Over::Many(folding) => Some(folding),
        Over::Window(_) => None,
    }
}

impl Infer<'_> {
    /// The innermost query around whose rows are groups now.
    pub(super) fn grouped_frame(&self) -> Option<usize> {
        self.frames.iter().rposition(|f| f.stage == Stage::Grouped && !f.inside)
    }

    /// A call of an aggregate or fold; `None` where the name is none, or the call is of a function of that name.
    pub(crate) fn aggregate_call(&mut self, name: &ast::Ident, args: &ast::Args, range: Range) -> Option<Expr> {
        let mut fold = folding(&name.text)?;
        let count = args.list.len();
        match fold {
            Folding::Aggregate(AggregateFn::Min | AggregateFn::Max) if count > 1 => return None,
            Folding::Aggregate(AggregateFn::Count) if count == 0 => return Some(self.count_rows(range)),
            Folding::Aggregate(AggregateFn::Percentile(_)) if count == 2 => {
                let parts = self.fraction(&args.list[1].value)?;
                fold = Folding::Aggregate(AggregateFn::Percentile(parts));
            }
            _ if count != 1 => {
                self.skip_args(args);
                if !args.broken {
                    let wants = if name.text == "percentile" {
                        "a value and a fraction, as `percentile(o.paid, 0.95)`"
                    } else {
                        "one argument"
                    };
                    self.error(
                        Code::Arguments,
                        args.range,
                        format!("`{}` takes {wants}", name.text),
                        format!("{count} given"),
                    );
                }
                return Some(self.broken(range));
            }
            _ => {}
        }
        let arg = &args.list[0];
        if self.is_query_without_from(&arg.value) {
            let d = self
                .diagnostic(Code::FromIn, arg.value.range, "a query begins with `from`", "I expected `from x in …`")
                .fix(self.fix("write `from`", Range::empty(arg.value.range.start), "from ", true));
            self.report(d);
            return Some(self.broken(range));
        }
        let grouped = self.grouped_frame();
        let plain = arg.per.is_none() && arg.filter.is_none();
        let closed = matches!(
            arg.value.kind,
            ast::ExprKind::Query(_)
                | ast::ExprKind::List(_)
                | ast::ExprKind::TypeName(_)
                | ast::ExprKind::SetOperation { .. }
        );
        let path = matches!(arg.value.kind, ast::ExprKind::Name(_) | ast::ExprKind::Field { .. });
        if !plain && (closed || grouped.is_none()) {
            return Some(self.elements_without_name(name, arg, range));
        }
        if closed || (plain && (grouped.is_none() || path)) {
            let errors = self.diagnostics.len();
            let noted = self.uses.len();
            let source = self.source_expr(&arg.value, None);
            let source = self.forgotten(source);
            let collection = matches!(self.base(&source.ty), Ty::List(_) | Ty::Bag(_) | Ty::Set(_) | Ty::Map(..));
            if collection || closed {
                return Some(self.fold(fold, source, arg.distinct, name, range));
            }
            if grouped.is_none() || !matches!(fold, Folding::Aggregate(_)) {
                return Some(match self.base(&source.ty) {
                    Ty::Error => self.broken(range),
                    Ty::Option(inner) if matches!(self.base(&inner), Ty::List(_) | Ty::Bag(_) | Ty::Set(_)) => {
                        let inner = (*inner).clone();
                        self.mismatch(&source, &inner);
                        self.broken(range)
                    }
                    _ => self.no_group(name, &arg.value, range, !matches!(fold, Folding::Aggregate(_))),
                });
            }
            // What stood there does not fold by itself: it is an argument over the rows of the group.
            self.diagnostics.truncate(errors);
            self.uses.truncate(noted);
        }
        let (Some(frame), Folding::Aggregate(function)) = (grouped, fold) else {
            self.skip_args(args);
            return Some(self.no_group(name, &arg.value, range, !matches!(fold, Folding::Aggregate(_))));
        };
        Some(self.group_aggregate(frame, function, arg, name, range))
    }

    /// `count(ts where c)`, `sum(ts per c)`: a condition is about rows of a group; the elements of a collection have no
    /// name by which it could ask for them.
    fn elements_without_name(&mut self, name: &ast::Ident, arg: &ast::Arg, range: Range) -> Expr {
        let source = self.source_expr(&arg.value, None);
        let collection =
            matches!(self.base(&source.ty), Ty::List(_) | Ty::Bag(_) | Ty::Set(_) | Ty::Map(..) | Ty::Error);
        if !collection {
            return self.no_group(name, &arg.value, range, false);
        }
        let word = if arg.filter.is_some() { "where" } else { "per" };
        let mut d = self
            .diagnostic(
                Code::AggregateWithoutGroup,
                arg.value.range,
                format!("`{word}` is about the rows of a group, and the elements of a collection have no name here"),
                "a collection",
            )
            .note(format!("write `{}(from x in … where …)`, with `x.` before what the condition reads", name.text));
        if let Some(filter) = &arg.filter {
            d = d.because(self.label(filter.range, "what this reads has no row"));
        }
        self.report(d);
        self.broken(range)
    }

    /// `0.95` as parts per million; `None` never, an error gives 0.
    fn fraction(&mut self, e: &ast::Expr) -> Option<u32> {
        let value = self.expr(e, Some(&Ty::Decimal(6)));
        match value.kind {
            ExprKind::Literal(Literal::Decimal(n)) if (0..=1_000_000).contains(&n) && value.ty == Ty::Decimal(6) => {
                Some(n as u32)
            }
            ExprKind::Error => Some(0),
            _ => {
                self.error(
                    Code::Arguments,
                    e.range,
                    "the fraction is a constant from 0 to 1, as `0.95`",
                    "not such a constant",
                );
                Some(0)
            }
        }
    }

    /// `count(t in ts where c)`: nothing is called `t`.
    fn is_query_without_from(&self, e: &ast::Expr) -> bool {
        let ast::ExprKind::Binary { op: ast::BinaryOp::In, left, .. } = &e.kind else { return false };
        match &left.kind {
            ast::ExprKind::Name(name) => {
                !self.scope.names().any(|known| *known == name.text) && self.ctx.resolve(&name.text).is_none()
            }
            _ => false,
        }
    }

    fn no_group(&mut self, name: &ast::Ident, arg: &ast::Expr, range: Range, collection: bool) -> Expr {
        if collection {
            self.error(
                Code::Type,
                arg.range,
                format!("`{}` folds a collection or a query", name.text),
                "no collection",
            );
            return self.broken(range);
        }
        let inside = self.frames.iter().any(|f| f.inside);
        let message = if inside {
            format!("`{}` stands inside of another aggregate, where there are rows, not groups", name.text)
        } else if self.frames.is_empty() {
            format!("`{}` folds a group or a collection, and this is neither", name.text)
        } else {
            format!("`{}` here has no group", name.text)
        };
        let mut d = self.diagnostic(Code::AggregateWithoutGroup, range, message, "nothing to fold");
        if !self.frames.is_empty() && !inside {
            d = d
                .note(format!("one number: fold a query, `{}(from … select …)`", name.text))
                .note("one row each: add `group by …` before it; one row over everything: `group all`");
        }
        self.report(d);
        self.broken(range)
    }

    /// `count()`.
    fn count_rows(&mut self, range: Range) -> Expr {
        let Some(frame) = self.grouped_frame() else {
            let message = if self.frames.is_empty() {
                "`count()` counts the rows of a group"
            } else {
                "`count()` here has no group"
            };
            let counted = match self.frames.last().map(|frame| frame.clauses.as_slice()) {
                Some([Clause::From(_, Source::Relation(relation))]) => relation.name.clone(),
                Some(_) => SmolStr::new_static("from …"),
                None => SmolStr::new_static("xs"),
            };
            let d = self
                .diagnostic(Code::AggregateWithoutGroup, range, message, "nothing to count")
                .note(format!("add `group by …` or `group all` before it; or count a collection: `count({counted})`"));
            self.report(d);
            return self.broken(range);
        };
        if let Some(var) = self.frames[frame].left.clone() {
            let d = self
                .diagnostic(
                    Code::CountLeft,
                    range,
                    format!("`count()` is 1 where the left join found no `{var}`"),
                    "counts the empty row too",
                )
                .fix(self.fix(format!("`count({var})`"), range, format!("count({var})"), false));
            self.report(d);
        }
        let aggregate =
            Aggregate { function: AggregateFn::Count, argument: None, grain: None, distinct: false, filter: None };
        self.add_aggregate(frame, aggregate, Ty::Int, range)
    }

    fn add_aggregate(&mut self, frame: usize, aggregate: Aggregate, ty: Ty, range: Range) -> Expr {
        let local = self.local("", ty, false, range);
        self.note_aggregate(local, aggregate.function, aggregate.argument.as_ref());
        let frame = &mut self.frames[frame];
        if let Some(Clause::Group { aggregates, .. }) = frame.group.and_then(|at| frame.clauses.get_mut(at)) {
            aggregates.push((local, aggregate));
        }
        self.local_expr(local, range)
    }

    fn group_aggregate(
        &mut self,
        at: usize,
        function: AggregateFn,
        arg: &ast::Arg,
        name: &ast::Ident,
        range: Range,
    ) -> Expr {
        // Inside, the names of before the group are in sight.
        let mark = self.mark();
        for (name, local) in self.frames[at].before_group.clone() {
            self.scope.push(name, Seen::Local(local));
        }
        self.frames[at].inside = true;
        let filters = std::mem::replace(&mut self.frames[at].filters, true);
        let filter = arg.filter.as_ref().map(|f| {
            let cond = self.condition(f);
            self.assume(&cond, true);
            cond
        });
        self.frames[at].filters = false;
        let argument = self.expr(&arg.value, None);
        let per = arg.per.as_ref().map(|name| (name, self.local_name(name)));
        self.frames[at].inside = false;
        self.frames[at].filters = filters;
        self.restore(mark);
        if matches!(argument.ty, Ty::Error) {
            return self.broken(range);
        }
        if matches!(self.base(&argument.ty), Ty::List(_) | Ty::Bag(_) | Ty::Set(_)) && function != AggregateFn::List {
            let fold = Folding::Aggregate(function);
            return self.fold(fold, argument, arg.distinct, name, range);
        }
        let Some(ty) = self.aggregate_type(function, &argument, self.frames[at].group_all || filter.is_some(), name)
        else {
            return self.broken(range);
        };
        let grain = match (function, per) {
            (_, Some((name, Some(Expr { kind: ExprKind::Local(var), .. })))) => {
                if self.frames[at].group_vars.contains(&var) {
                    Some(vec![var])
                } else {
                    self.error(
                        Code::Grain,
                        name.range,
                        format!("`per` names a row variable of the query, and `{}` is none", name.text),
                        "no row variable",
                    );
                    None
                }
            }
            (_, Some((name, _))) => {
                self.error(
                    Code::Grain,
                    name.range,
                    format!("`per` names a row variable of the query, and `{}` is none", name.text),
                    "no row variable",
                );
                None
            }
            (AggregateFn::Min | AggregateFn::Max | AggregateFn::Any | AggregateFn::All, _) => None,
            _ if arg.distinct => None,
            (AggregateFn::Count, _) => Some(roots_in(&self.frames[at], &argument)).filter(|r| !r.is_empty()),
            _ => self.grain(at, &argument, name, range),
        };
        let grain = grain.map(|grain| occurrences(&self.frames[at], grain));
        let aggregate = Aggregate { function, argument: Some(argument), grain, distinct: arg.distinct, filter };
        self.add_aggregate(at, aggregate, ty, range)
    }

    /// The row variables per binding of which an aggregate folds once; `None` for every combination.
    fn grain(&mut self, at: usize, argument: &Expr, name: &ast::Ident, range: Range) -> Option<Vec<LocalId>> {
        let frame = &self.frames[at];
        let grain = roots_in(frame, argument);
        if grain.is_empty() || frame.group_vars.len() <= 1 {
            return None;
        }
        let closed = closure(frame, &grain);
        if frame.group_vars.iter().all(|v| closed.contains(v)) {
            return None;
        }
        // Another variable fixes the whole grain, and not the other way round: both readings make sense.
        let rival = frame
            .group_vars
            .iter()
            .copied()
            .find(|v| !closed.contains(v) && grain.iter().all(|g| closure(frame, &[*v]).contains(g)));
        if let Some(rival) = rival {
            let own = self.locals[grain[0].0 as usize].name.clone();
            let other = self.locals[rival.0 as usize].name.clone();
            let written = self.ctx.source(argument.range);
            let end = Range::empty(argument.range.end);
            let declared = self.locals[rival.0 as usize].range;
            let d = self
                .diagnostic(
                    Code::Grain,
                    range,
                    format!("should this take `{written}` once per `{own}` or once per `{other}`?"),
                    format!("one `{own}` stands beside many `{other}`"),
                )
                .because(self.label(declared, format!("each `{other}` has one `{own}`")))
                .fix(self.fix(format!("`{}({written} per {own})`", name.text), end, format!(" per {own}"), false))
                .fix(self.fix(format!("`{}({written} per {other})`", name.text), end, format!(" per {other}"), false));
            self.report(d);
        }
        Some(grain)
    }

    /// The type of an aggregate's value, and whether its argument suits it.
    pub(crate) fn aggregate_type(
        &mut self,
        function: AggregateFn,
        argument: &Expr,
        may_be_empty: bool,
        name: &ast::Ident,
    ) -> Option<Ty> {
        let (optional, inner) = match self.resolve(&argument.ty) {
            Ty::Option(t) => (true, (*t).clone()),
            ty => (false, ty),
        };
        let base = self.base(&inner);
        if matches!(base, Ty::Error) {
            return None;
        }
        let wrong = |this: &mut Self, wants: &str| {
            let shown = this.show(&inner);
            this.error(
                Code::Type,
                argument.range,
                format!("`{}` folds {wants}, found `{shown}`", name.text),
                format!("`{shown}`"),
            );
            None
        };
        let maybe = |ty: Ty| if optional || may_be_empty { ty.optional() } else { ty };
        match function {
            AggregateFn::Count => Some(Ty::Int),
            AggregateFn::Sum => match base {
                Ty::Int | Ty::Decimal(_) | Ty::Float | Ty::Duration => Some(base),
                Ty::Infer(v) => {
                    self.assign(v, Ty::Int);
                    Some(Ty::Int)
                }
                _ => wrong(self, "numbers"),
            },
            AggregateFn::Avg => match base {
                Ty::Int => Some(maybe(Ty::Decimal(6))),
                Ty::Decimal(scale) => Some(maybe(Ty::Decimal(scale.max(6)))),
                Ty::Float | Ty::Duration => Some(maybe(base)),
                _ => wrong(self, "numbers"),
            },
            AggregateFn::Min | AggregateFn::Max | AggregateFn::Percentile(_) => {
                if matches!(base, Ty::Row(_) | Ty::Fn(..) | Ty::Json | Ty::Bag(_) | Ty::Map(..) | Ty::Set(_)) {
                    return wrong(self, "values that have an order");
                }
                self.require_ordered(&base, argument.range);
                Some(maybe(inner))
            }
            AggregateFn::Any | AggregateFn::All => match base {
                Ty::Bool => Some(Ty::Bool),
                _ => wrong(self, "conditions"),
            },
            AggregateFn::List => Some(Ty::list(inner)),
            AggregateFn::StdDev => match base {
                Ty::Int | Ty::Decimal(_) | Ty::Float => Some(Ty::Float.optional()),
                _ => wrong(self, "numbers"),
            },
        }
    }

    /// Folds a collection.
    fn fold(&mut self, fold: Folding, source: Expr, distinct: bool, name: &ast::Ident, range: Range) -> Expr {
        let Some(element) = (match self.base(&source.ty) {
            Ty::List(t) | Ty::Bag(t) | Ty::Set(t) => Some((*t).clone()),
            Ty::Error => return self.broken(range),
            _ => None,
        }) else {
            let shown = self.show(&source.ty);
            self.error(
                Code::Type,
                source.range,
                format!("`{}` folds a collection, found `{shown}`", name.text),
                format!("`{shown}`"),
            );
            return self.broken(range);
        };
        let list = matches!(self.base(&source.ty), Ty::List(_));
        if fold == Folding::First && !list {
            let shown = self.show(&source.ty);
            let d = self
                .diagnostic(
                    Code::FirstOfUnordered,
                    source.range,
                    "`first` needs an order, and a query without `order by` is a `Bag`",
                    format!("`{shown}`"),
                )
                .note("add `order by …` to the query, or take the least: `min(…)`");
            self.report(d);
            return Expr { kind: ExprKind::Error, ty: element.optional(), range };
        }
        let mut query = match source.kind {
            ExprKind::Query(query) if query.fold == Fold::Collect => *query,
            kind => {
                let at = source.range;
                let local = self.local("", element.clone(), false, at);
                let source = match kind {
                    ExprKind::Rows(symbol) => Source::Relation(symbol),
                    kind => Source::Collection(Expr { kind, ty: source.ty, range: at }),
                };
                let element = self.local_expr(local, at);
                Query {
                    clauses: vec![Clause::From(local, source)],
                    element,
                    fold: Fold::Collect,
                    ordered: list,
                    canonical: vec![local],
                }
            }
        };
        let ty = match fold {
            Folding::Exists => Ty::Bool,
            Folding::First | Folding::Only => self.resolve(&element).optional(),
            Folding::Aggregate(function) => {
                let argument = query.element.clone();
                match self.aggregate_type(function, &argument, true, name) {
                    Some(ty) => ty,
                    None => return self.broken(range),
                }
            }
        };
        if distinct {
            let at = query.element.range;
            let local = self.local("", query.element.ty.clone(), false, at);
            let value = std::mem::replace(&mut query.element, self.local_expr(local, at));
            query.clauses.push(Clause::Select(vec![(local, value)]));
            query.clauses.push(Clause::Distinct);
        }
        query.fold = match fold {
            Folding::Exists => Fold::Exists,
            Folding::First => Fold::First,
            Folding::Only => Fold::Only,
            Folding::Aggregate(function) => Fold::Aggregate(function),
        };
        self.node(ExprKind::Query(Box::new(query)), ty, range)
    }
}
