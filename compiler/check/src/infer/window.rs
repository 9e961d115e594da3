//! Windows: values over the rows around a row.

use super::engine::Infer;
use crate::builtins::{FOLDS, FoldInfo, Folding, Over};
use crate::ty::Ty;
use crate::typed::{AggregateFn, Bound, Expr, ExprKind, Literal, Window, WindowFn};
use tenon_diagnostics::Code;
use tenon_span::Range;
use tenon_syntax::ast;

/// True for functions that exist over windows only.
pub(crate) fn is_window_function(name: &str) -> bool {
    FoldInfo::named(name).is_some_and(|fold| matches!(fold.over, Over::Window(_)))
}

impl Infer<'_> {
    pub(crate) fn window(&mut self, callee: &ast::Expr, args: &ast::Args, window: &ast::Window, range: Range) -> Expr {
        let name = match &callee.kind {
            ast::ExprKind::Name(name) => name.clone(),
            _ => {
                self.skip_args(args);
                self.error(
                    Code::Window,
                    callee.range,
                    "before `over` stands an aggregate or a window function",
                    "no such function",
                );
                return self.broken(range);
            }
        };
        let over_windows = FoldInfo::named(&name.text).filter(|fold| fold.is_over_windows());
        let function = match over_windows.map(|fold| fold.over) {
            Some(Over::Window(function)) => function,
            Some(Over::Many(Folding::Aggregate(function))) => WindowFn::Aggregate(function),
            _ => {
                self.skip_args(args);
                let names: Vec<&str> =
                    FOLDS.iter().filter(|fold| fold.is_over_windows()).map(|fold| fold.name).collect();
                let d = match FoldInfo::named(&name.text) {
                    Some(fold) => {
                        let message = format!("`{}` folds a group or a collection, not a window", fold.name);
                        self.diagnostic(Code::Window, name.range, message, "not over a window").note(format!(
                            "a query of its own gives it, as in `with v = {}`",
                            fold.example("(from o in Order where o.by == p select o.paid)")
                        ))
                    }
                    None => {
                        let message = format!("`{}` is no aggregate or window function", name.text);
                        self.diagnostic(Code::Window, name.range, message, "not over a window")
                    }
                };
                self.report(d.note(format!("over a window: {}", names.join(" "))));
                return self.broken(range);
            }
        };
        if self.frames.last().is_none_or(|f| f.inside) {
            self.skip_args(args);
            self.error(Code::Window, range, "a window ranges over the rows of a query", "no query around it");
            return self.broken(range);
        }
        if let Some(bad) = args
            .list
            .iter()
            .find(|a| a.name.is_some() || a.spread || a.distinct || a.per.is_some() || a.filter.is_some())
        {
            self.error(Code::Window, bad.range, "an argument of a window function is a plain value", "more than that");
        }
        let mut arguments: Vec<Expr> = args.list.iter().map(|a| self.expr(&a.value, None)).collect();
        let partition: Vec<Expr> = window.partition.iter().map(|e| self.expr(e, None)).collect();
        let order: Vec<_> = window.order.iter().map(|k| self.sort_key(k)).collect();
        let frame = window.frame.as_ref().map(|f| (self.bound(&f.from), self.bound(&f.to)));
        if arguments.iter().chain(&partition).any(|e| matches!(e.kind, ExprKind::Error)) {
            return self.broken(range);
        }
        let wants = |this: &mut Self, text: &str| {
            this.error(Code::Arguments, args.range, format!("`{}` takes {text}", name.text), "not these");
            this.broken(range)
        };
        let ty = match function {
            WindowFn::Rank | WindowFn::DenseRank | WindowFn::RowNumber => {
                if !arguments.is_empty() {
                    return wants(self, "no arguments");
                }
                if order.is_empty() {
                    self.error(Code::Window, window.range, format!("`{}` needs an order", name.text), "no `order by`");
                }
                Ty::Int
            }
            WindowFn::Lag | WindowFn::Lead => {
                if arguments.is_empty() || arguments.len() > 2 {
                    return wants(self, "a value, and how many rows away");
                }
                if order.is_empty() {
                    self.error(Code::Window, window.range, format!("`{}` needs an order", name.text), "no `order by`");
                }
                if arguments.len() == 1 {
                    let one = self.node(ExprKind::Literal(Literal::Int(1)), Ty::Int, args.range);
                    arguments.push(one);
                } else if let Some(distance) = arguments.pop() {
                    arguments.push(self.coerce(distance, &Ty::Int));
                }
                self.resolve(&arguments[0].ty).optional()
            }
            WindowFn::Aggregate(AggregateFn::Count) if arguments.is_empty() => Ty::Int,
            WindowFn::Aggregate(aggregate) => {
                let [argument] = arguments.as_slice() else { return wants(self, "one argument") };
                let argument = argument.clone();
                // The current row is in every frame but those that lie wholly before or after it.
                let may_be_empty = matches!(&frame, Some((from, to)) if matches!(from, Bound::After(_)) || matches!(to, Bound::Before(_)));
                match self.aggregate_type(aggregate, &argument, may_be_empty, &name) {
                    Some(ty) => ty,
                    None => return self.broken(range),
                }
            }
        };
        let local = self.local("", ty, false, range);
        if let WindowFn::Aggregate(aggregate) = function {
            let argument = arguments.first().cloned();
            self.note_aggregate(local, aggregate, argument.as_ref());
        }
        let roots = partition
            .iter()
            .chain(&arguments)
            .chain(order.iter().map(|k| &k.expr))
            .flat_map(|e| self.roots_of(e))
            .collect();
        let query = self.frame();
        query.roots.insert(local, roots);
        query.windows.push((local, Window { function, arguments, partition, order, frame }));
        self.local_expr(local, range)
    }

    fn bound(&mut self, bound: &ast::Bound) -> Bound {
        match bound {
            ast::Bound::Before(e) => Bound::Before(self.check(e, &Ty::Int)),
            ast::Bound::Current => Bound::Current,
            ast::Bound::After(e) => Bound::After(self.check(e, &Ty::Int)),
        }
    }
}
