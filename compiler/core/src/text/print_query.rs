//! The printer: expressions and queries.

use super::print::Printer;
use super::words;
use crate::ir::*;
use std::fmt::Write;

impl Printer<'_> {
    /// An expression, with its type where its parts do not determine it.
    pub(super) fn expr(&mut self, expr: &Expr) {
        let told = match &expr.kind {
            ExprKind::Record(fields) => self.record_tells(fields, &expr.ty),
            ExprKind::Variant(tag, _) => match &expr.ty {
                Type::Variant(id) => {
                    self.program.variants.get(id.index()).is_some_and(|v| v.cases.len() > *tag as usize)
                }
                _ => false,
            },
            // A constant of a type without a notation of its own says its type in its own brackets.
            ExprKind::Literal(_) => true,
            kind => self.typing().of(kind).as_ref() == Some(&expr.ty),
        };
        if told {
            self.bare(expr, true);
        } else {
            self.push("(");
            self.bare(expr, false);
            self.push(" : ");
            self.ty(&expr.ty);
            self.push(")");
        }
    }

    /// Whether a record with its names tells its type.
    fn record_tells(&self, fields: &[Expr], ty: &Type) -> bool {
        match ty {
            Type::Unit => fields.is_empty(),
            Type::Record(record) => {
                record.fields.len() == fields.len() && record.fields.iter().zip(fields).all(|((_, ty), e)| *ty == e.ty)
            }
            _ => false,
        }
    }

    fn exprs(&mut self, exprs: &[Expr]) {
        self.commas(exprs, |p, e| p.expr(e));
    }

    fn applied_to(&mut self, word: &str, exprs: &[&Expr]) {
        self.push(word);
        self.push("(");
        self.commas(exprs, |p, e| p.expr(e));
        self.push(")");
    }

    fn between(&mut self, left: &Expr, word: &str, right: &Expr) {
        self.push("(");
        self.expr(left);
        let _ = write!(self.out, " {word} ");
        self.expr(right);
        self.push(")");
    }

    /// An expression without its type. `told` says that its parts tell its type.
    fn bare(&mut self, expr: &Expr, told: bool) {
        match &expr.kind {
            ExprKind::Literal(value) => {
                if self.typing().of(&expr.kind).as_ref() == Some(&expr.ty) {
                    self.value(value);
                } else {
                    self.push("const(");
                    self.ty(&expr.ty);
                    self.push(", ");
                    self.value(value);
                    self.push(")");
                }
            }
            ExprKind::Var(var) => self.var(*var),
            ExprKind::Field(of, index) => {
                self.expr(of);
                self.push(".");
                let typing = self.typing();
                match typing.field(&of.ty, *index) {
                    Some((name, _)) if !name.contains('`') && typing.field_named(&of.ty, name) == Some(*index) => {
                        let name = name.to_string();
                        self.name(&name);
                    }
                    _ => {
                        let _ = write!(self.out, "#{index}");
                    }
                }
            }
            ExprKind::Record(fields) => match &expr.ty {
                Type::Unit if told => self.push("unit"),
                Type::Record(record) if told => {
                    self.push("{");
                    self.commas(record.fields.iter().zip(fields), |p, ((name, _), field)| {
                        p.name(name);
                        p.push(": ");
                        p.expr(field);
                    });
                    self.push("}");
                }
                _ => {
                    self.push("record(");
                    self.exprs(fields);
                    self.push(")");
                }
            },
            ExprKind::Variant(tag, fields) => {
                match &expr.ty {
                    Type::Variant(id) if told => {
                        self.push("case ");
                        self.variant(*id);
                        self.push(".");
                        self.case(*id, *tag);
                    }
                    _ => {
                        let _ = write!(self.out, "variant#{tag}");
                    }
                }
                if !fields.is_empty() || !told {
                    self.push("(");
                    self.exprs(fields);
                    self.push(")");
                }
            }
            ExprKind::IsCase(of, tag) => {
                self.push("is(");
                self.expr(of);
                self.push(", ");
                self.case_of(of, *tag);
                self.push(")");
            }
            ExprKind::CaseField(of, tag, index) => {
                self.push("payload(");
                self.expr(of);
                self.push(", ");
                self.case_of(of, *tag);
                let _ = write!(self.out, ", {index})");
            }
            ExprKind::Some(of) => self.applied_to("some", &[of]),
            ExprKind::None => self.push("none"),
            ExprKind::IsSome(of) => self.applied_to("is_some", &[of]),
            ExprKind::Unwrap(of) => self.applied_to("unwrap", &[of]),
            ExprKind::Collection(elements) => {
                self.push("[");
                self.exprs(elements);
                self.push("]");
            }
            ExprKind::Map(pairs) => {
                self.push("map(");
                self.commas(pairs, |p, (key, value)| {
                    p.expr(key);
                    p.push(" => ");
                    p.expr(value);
                });
                self.push(")");
            }
            ExprKind::Range(from, to, included) => {
                self.applied_to(if *included { "range_to" } else { "range" }, &[from, to]);
            }
            ExprKind::If(condition, then, otherwise) => self.applied_to("if", &[condition, then, otherwise]),
            ExprKind::Let(var, value, body) => {
                self.push("let(");
                self.var(*var);
                self.push(" = ");
                self.expr(value);
                self.push(", ");
                self.expr(body);
                self.push(")");
            }
            ExprKind::And(left, right) => self.between(left, "and", right),
            ExprKind::Or(left, right) => self.between(left, "or", right),
            ExprKind::Prim(prim, operands, site) => {
                match operands.as_slice() {
                    [left, right] if words::operator(*prim, &left.ty, &right.ty).is_some() => {
                        if let Some(operator) = words::operator(*prim, &left.ty, &right.ty) {
                            self.between(left, operator, right);
                        }
                    }
                    _ => {
                        self.prim(*prim);
                        self.push("(");
                        self.exprs(operands);
                        self.push(")");
                    }
                }
                self.site(*site);
            }
            ExprKind::Call(function, arguments, site) => {
                self.push("call ");
                self.function_name(*function);
                self.push("(");
                self.exprs(arguments);
                self.push(")");
                self.site(*site);
            }
            ExprKind::Query(query, arguments) => {
                self.push("query ");
                self.query_name(*query);
                self.push("(");
                self.exprs(arguments);
                self.push(")");
            }
            ExprKind::Follow(of) => self.applied_to("follow", &[of]),
            ExprKind::RefOf(of) => self.applied_to("ref", &[of]),
        }
    }

    fn case_of(&mut self, of: &Expr, tag: u32) {
        match &of.ty {
            Type::Variant(id) => self.case(*id, tag),
            _ => {
                let _ = write!(self.out, "#{tag}");
            }
        }
    }

    fn prim(&mut self, prim: Prim) {
        match prim {
            Prim::Matches(regex) => {
                let _ = write!(self.out, "matches#{}", regex.0);
            }
            Prim::Builtin(number) => {
                let _ = write!(self.out, "builtin#{number}");
            }
            prim => self.push(words::word(words::PRIMS, &prim).expect("every other primitive stands in the table")),
        }
    }

    pub(super) fn query(&mut self, query: &Query) {
        self.push("query ");
        self.name(&query.name);
        let declared = self.params(&query.params);
        self.site(query.site);
        self.push(" ");
        self.braces(|p| {
            p.var_table(declared);
            p.rel(&query.root);
            p.line();
            match &query.output {
                Output::Collect(element) => {
                    p.push("collect ");
                    p.expr(element);
                }
                Output::CollectMap(key, value) => {
                    p.push("collect_map ");
                    p.expr(key);
                    p.push(" => ");
                    p.expr(value);
                }
                Output::First(element) => {
                    p.push("first ");
                    p.expr(element);
                }
                Output::One(element) => {
                    p.push("one ");
                    p.expr(element);
                }
                Output::Exists => p.push("exists"),
            }
        });
        self.push("\n");
    }

    fn nested(&mut self, rel: &Rel) {
        self.push(" ");
        self.braces(|p| p.rel(rel));
    }

    fn lifts(&mut self, lifts: &[Lift]) {
        self.push("(");
        self.commas(lifts, |p, lift| {
            p.var(lift.from);
            p.push(" -> ");
            p.var(lift.to);
        });
        self.push(")");
    }

    /// An operator: the lines of its (left) input, then its own.
    fn rel(&mut self, rel: &Rel) {
        match rel {
            Rel::Unit => {
                self.line();
                self.push("unit");
            }
            Rel::Scan { relation, var, site } => {
                self.line();
                self.push("scan ");
                self.relation(*relation);
                self.push(" ");
                self.var(*var);
                self.site(*site);
            }
            Rel::Unnest { source, var, index } => {
                self.line();
                self.push("unnest ");
                self.expr(source);
                self.push(" as ");
                self.var(*var);
                self.push(", ");
                self.var(*index);
            }
            Rel::Filter { input, predicate } => {
                self.rel(input);
                self.line();
                self.push("filter ");
                self.expr(predicate);
            }
            Rel::Map { input, defs } => {
                self.rel(input);
                self.line();
                self.push("map ");
                self.definitions(defs);
            }
            Rel::Join { kind, left, right, on } => {
                self.rel(left);
                self.line();
                match kind {
                    JoinKind::Inner => self.push("join"),
                    JoinKind::Left(lifts) => {
                        self.push("left_join ");
                        self.lifts(lifts);
                    }
                }
                self.nested(right);
                self.push(" on ");
                self.expr(on);
            }
            Rel::Apply { kind, left, right } => {
                self.rel(left);
                self.line();
                // The element of a collecting apply uses variables of the right side, so it stands after it.
                match kind {
                    Apply::Inner => self.push("apply"),
                    Apply::Left(lifts) => {
                        self.push("left_apply ");
                        self.lifts(lifts);
                    }
                    Apply::Exists(var) => {
                        self.push("exists_apply ");
                        self.var(*var);
                    }
                    Apply::Collect(var, _) => {
                        self.push("collect_apply ");
                        self.var(*var);
                    }
                }
                self.nested(right);
                if let Apply::Collect(_, element) = kind {
                    self.push(" of ");
                    self.expr(element);
                }
            }
            Rel::Group { input, keys, aggregates, all } => {
                self.rel(input);
                self.line();
                self.push(if *all { "group_all" } else { "group" });
                if !keys.is_empty() {
                    self.push(" by ");
                    self.definitions(keys);
                }
                for (var, aggregate) in aggregates {
                    self.push(" fold ");
                    self.var(*var);
                    self.push(" = ");
                    self.aggregate(aggregate);
                }
            }
            Rel::Window { input, windows } => {
                self.rel(input);
                self.line();
                self.push("window ");
                self.commas(windows, |p, (var, window)| {
                    p.var(*var);
                    p.push(" = ");
                    p.window(window);
                });
            }
            Rel::Sort { input, keys } => {
                self.rel(input);
                self.line();
                self.push("sort ");
                self.sort_keys(keys);
            }
            Rel::Limit { input, limit, offset } => {
                self.rel(input);
                self.line();
                self.push("limit ");
                match limit {
                    Some(limit) => self.expr(limit),
                    None => self.push("all"),
                }
                if let Some(offset) = offset {
                    self.push(" offset ");
                    self.expr(offset);
                }
            }
            Rel::Distinct { input, vars } => {
                self.rel(input);
                self.line();
                self.push("distinct ");
                self.commas(vars, |p, var| p.var(*var));
            }
            Rel::SetOp { kind, left, right, vars } => {
                self.rel(left);
                self.line();
                self.push(match kind {
                    SetOpKind::UnionAll => "union_all ",
                    SetOpKind::Union => "union ",
                    SetOpKind::Except => "except ",
                    SetOpKind::Intersect => "intersect ",
                });
                self.commas(vars, |p, (result, left, right)| {
                    p.var(*result);
                    p.push(" = ");
                    p.var(*left);
                    p.push(" | ");
                    p.var(*right);
                });
                self.nested(right);
            }
        }
    }

    fn definitions(&mut self, defs: &[(VarId, Expr)]) {
        self.commas(defs, |p, (var, value)| {
            p.var(*var);
            p.push(" = ");
            p.expr(value);
        });
    }

    fn sort_keys(&mut self, keys: &[SortKey]) {
        self.commas(keys, |p, key| {
            p.expr(&key.expr);
            if key.descending {
                p.push(" desc");
            }
            if key.none_first {
                p.push(" none_first");
            }
        });
    }

    fn aggregate_name(&mut self, function: AggregateFn) {
        match function {
            AggregateFn::Percentile(parts) => {
                let _ = write!(self.out, "percentile#{parts}");
            }
            function => {
                self.push(
                    words::word(words::AGGREGATES, &function).expect("every other aggregate stands in the table"),
                );
            }
        }
    }

    fn aggregate(&mut self, aggregate: &Aggregate) {
        self.aggregate_name(aggregate.function);
        self.push("(");
        if let Some(argument) = &aggregate.argument {
            self.expr(argument);
        }
        self.push(")");
        if let Some(grain) = &aggregate.grain {
            self.applied_to(" per", &grain.iter().collect::<Vec<_>>());
        }
        if let Some(filter) = &aggregate.filter {
            self.applied_to(" where", &[filter]);
        }
        if !aggregate.order.is_empty() {
            self.push(" order(");
            self.sort_keys(&aggregate.order);
            self.push(")");
        }
    }

    fn window(&mut self, window: &WindowExpr) {
        match window.function {
            WindowFn::Aggregate(function) => self.aggregate_name(function),
            function => {
                self.push(words::word(words::WINDOWS, &function).expect("every window function stands in the table"))
            }
        }
        self.push("(");
        self.exprs(&window.arguments);
        self.push(")");
        if !window.partition.is_empty() {
            self.applied_to(" partition", &window.partition.iter().collect::<Vec<_>>());
        }
        if !window.order.is_empty() {
            self.push(" order(");
            self.sort_keys(&window.order);
            self.push(")");
        }
        match &window.frame {
            Frame::Partition => {}
            Frame::ToCurrent => self.push(" to_current"),
            Frame::Rows(from, to) => {
                self.push(" rows(");
                self.bound(from);
                self.push(", ");
                self.bound(to);
                self.push(")");
            }
        }
    }

    fn bound(&mut self, bound: &Bound) {
        match bound {
            Bound::Before(n) => self.applied_to("before", &[n]),
            Bound::Current => self.push("current"),
            Bound::After(n) => self.applied_to("after", &[n]),
        }
    }
}
