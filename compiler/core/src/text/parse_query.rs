//! The parser: queries.

use super::lex::Token;
use super::parse::{Parsed, Parser};
use super::words;
use crate::ir::*;

impl Parser<'_> {
    /// A query, from its name on, into its place in the table.
    pub(super) fn query(&mut self, index: usize) -> Parsed<()> {
        let name = self.name()?;
        let later = self.params()?;
        let declared = self.vars.len();
        let site = self.site()?;
        self.expect("{")?;
        let params = self.var_table(declared, &later)?;
        let root = self.rel()?;
        let output = self.output()?;
        self.expect("}")?;
        let vars = std::mem::take(&mut self.vars);
        self.program.queries[index] = Query { id: QueryId(index as u32), name, params, vars, root, output, site };
        Ok(())
    }

    fn output(&mut self) -> Parsed<Output> {
        if self.eat_word("collect") {
            Ok(Output::Collect(self.expr()?))
        } else if self.eat_word("collect_map") {
            let key = self.expr()?;
            self.expect("=>")?;
            Ok(Output::CollectMap(key, self.expr()?))
        } else if self.eat_word("first") {
            Ok(Output::First(self.expr()?))
        } else if self.eat_word("one") {
            Ok(Output::One(self.expr()?))
        } else if self.eat_word("exists") {
            Ok(Output::Exists)
        } else {
            self.fail("expected an operator, or `collect`, `collect_map`, `first`, `one` or `exists`")
        }
    }

    /// A leaf and the operators over it.
    fn rel(&mut self) -> Parsed<Rel> {
        self.nested(|p| {
            let mut rel = p.leaf()?;
            // Every line is one level of the tree, and the tree is walked by recursion everywhere.
            let mut lines = 0;
            loop {
                rel = match p.operator(rel)? {
                    Ok(rel) => rel,
                    Err(rel) => return Ok(rel),
                };
                lines += 1;
                if lines > 200 {
                    return p.fail("a query has too many operators");
                }
            }
        })
    }

    fn leaf(&mut self) -> Parsed<Rel> {
        if self.eat_word("unit") {
            Ok(Rel::Unit)
        } else if self.eat_word("scan") {
            let relation = self.relation()?;
            let var = self.binder()?;
            let var = self.declare(var, &Type::Row(relation));
            Ok(Rel::Scan { relation, var, site: self.site()? })
        } else if self.eat_word("unnest") {
            let source = self.expr()?;
            self.expect_word("as")?;
            let var = self.binder()?;
            let element = source.ty.element().cloned().unwrap_or(Type::Unit);
            let var = self.declare(var, &element);
            self.expect(",")?;
            let index = self.binder()?;
            let index = self.declare(index, &Type::Int);
            Ok(Rel::Unnest { source, var, index })
        } else {
            self.fail("expected `unit`, `scan` or `unnest`")
        }
    }

    fn braced(&mut self) -> Parsed<Rel> {
        self.expect("{")?;
        let rel = self.rel()?;
        self.expect("}")?;
        Ok(rel)
    }

    /// The operator on the next line over `input`; `Err` gives the input back where none stands.
    fn operator(&mut self, input: Rel) -> Parsed<Result<Rel, Rel>> {
        let word = match self.peek() {
            Token::Name(word, None, false) => word.clone(),
            _ => return Ok(Err(input)),
        };
        let kind = match word.as_str() {
            "union_all" => Some(SetOpKind::UnionAll),
            "union" => Some(SetOpKind::Union),
            "except" => Some(SetOpKind::Except),
            "intersect" => Some(SetOpKind::Intersect),
            _ => None,
        };
        if let Some(kind) = kind {
            self.next();
            return Ok(Ok(self.set_op(kind, input)?));
        }
        let input = Box::new(input);
        Ok(Ok(match word.as_str() {
            "filter" => {
                self.next();
                Rel::Filter { input, predicate: self.expr()? }
            }
            "map" => {
                self.next();
                Rel::Map { input, defs: self.definitions()? }
            }
            "join" => {
                self.next();
                self.join(JoinKind::Inner, input)?
            }
            "left_join" => {
                self.next();
                // The variables that are lifted are bound inside the braces, which stand after them.
                let (right, lifts) = self.lifted()?;
                self.expect_word("on")?;
                Rel::Join { kind: JoinKind::Left(lifts), left: input, right: Box::new(right), on: self.expr()? }
            }
            "apply" => {
                self.next();
                Rel::Apply { kind: Apply::Inner, left: input, right: Box::new(self.braced()?) }
            }
            "left_apply" => {
                self.next();
                let (right, lifts) = self.lifted()?;
                Rel::Apply { kind: Apply::Left(lifts), left: input, right: Box::new(right) }
            }
            "exists_apply" => {
                self.next();
                let var = self.binder()?;
                let var = self.declare(var, &Type::Bool);
                Rel::Apply { kind: Apply::Exists(var), left: input, right: Box::new(self.braced()?) }
            }
            "collect_apply" => {
                self.next();
                let var = self.binder()?;
                let right = Box::new(self.braced()?);
                self.expect_word("of")?;
                let element = self.expr()?;
                let var = self.declare(var, &Type::list(element.ty.clone()));
                Rel::Apply { kind: Apply::Collect(var, element), left: input, right }
            }
            "group" | "group_all" => {
                self.next();
                let keys = if self.eat_word("by") { self.definitions()? } else { Vec::new() };
                let mut aggregates = Vec::new();
                while self.eat_word("fold") {
                    let var = self.binder()?;
                    self.expect("=")?;
                    let (aggregate, ty) = self.aggregate()?;
                    aggregates.push((self.declare(var, &ty), aggregate));
                }
                Rel::Group { input, keys, aggregates, all: word == "group_all" }
            }
            "window" => {
                self.next();
                let mut windows = Vec::new();
                loop {
                    let var = self.binder()?;
                    self.expect("=")?;
                    let (window, ty) = self.window()?;
                    windows.push((self.declare(var, &ty), window));
                    if !self.eat(",") {
                        break;
                    }
                }
                Rel::Window { input, windows }
            }
            "sort" => {
                self.next();
                Rel::Sort { input, keys: self.sort_keys()? }
            }
            "limit" => {
                self.next();
                let limit = if self.eat_word("all") { None } else { Some(self.expr()?) };
                let offset = if self.eat_word("offset") { Some(self.expr()?) } else { None };
                Rel::Limit { input, limit, offset }
            }
            "distinct" => {
                self.next();
                let mut vars = vec![self.var()?];
                while self.eat(",") {
                    vars.push(self.var()?);
                }
                Rel::Distinct { input, vars }
            }
            _ => return Ok(Err(*input)),
        }))
    }

    fn join(&mut self, kind: JoinKind, left: Box<Rel>) -> Parsed<Rel> {
        let right = Box::new(self.braced()?);
        self.expect_word("on")?;
        Ok(Rel::Join { kind, left, right, on: self.expr()? })
    }

    /// `(a -> b, …) { right }`. Variables below are bound in the braces, so the pairs are read after them.
    fn lifted(&mut self) -> Parsed<(Rel, Vec<Lift>)> {
        let pairs = self.position();
        self.skip_parentheses()?;
        let right = self.braced()?;
        let after = self.position();
        self.go_to(pairs);
        self.expect("(")?;
        let mut lifts = Vec::new();
        while !self.eat(")") {
            if !lifts.is_empty() {
                self.expect(",")?;
            }
            let from = self.var()?;
            self.expect("->")?;
            let to = self.binder()?;
            let ty = self.vars.get(from.index()).map_or(Type::Unit, |v| v.ty.clone().optional());
            lifts.push(Lift { from, to: self.declare(to, &ty) });
        }
        self.go_to(after);
        Ok((right, lifts))
    }

    fn set_op(&mut self, kind: SetOpKind, left: Rel) -> Parsed<Rel> {
        let pairs = self.position();
        while !self.is("{") && *self.peek() != Token::End {
            self.next();
        }
        let right = Box::new(self.braced()?);
        let after = self.position();
        self.go_to(pairs);
        let mut vars = Vec::new();
        while !self.is("{") {
            if !vars.is_empty() {
                self.expect(",")?;
            }
            let result = self.binder()?;
            self.expect("=")?;
            let l = self.var()?;
            self.expect("|")?;
            let r = self.var()?;
            let ty = self.vars.get(l.index()).map_or(Type::Unit, |v| v.ty.clone());
            vars.push((self.declare(result, &ty), l, r));
        }
        self.go_to(after);
        Ok(Rel::SetOp { kind, left: Box::new(left), right, vars })
    }

    fn definitions(&mut self) -> Parsed<Vec<(VarId, Expr)>> {
        let mut defs = Vec::new();
        loop {
            let var = self.binder()?;
            self.expect("=")?;
            let value = self.expr()?;
            defs.push((self.declare(var, &value.ty), value));
            if !self.eat(",") {
                return Ok(defs);
            }
        }
    }

    fn sort_keys(&mut self) -> Parsed<Vec<SortKey>> {
        let mut keys = Vec::new();
        loop {
            let expr = self.expr()?;
            let descending = self.eat_word("desc");
            let none_first = self.eat_word("none_first");
            keys.push(SortKey { expr, descending, none_first });
            if !self.eat(",") {
                return Ok(keys);
            }
        }
    }

    fn order(&mut self) -> Parsed<Vec<SortKey>> {
        if !self.eat_word("order") {
            return Ok(Vec::new());
        }
        self.expect("(")?;
        let keys = self.sort_keys()?;
        self.expect(")")?;
        Ok(keys)
    }

    fn aggregate_function(&mut self) -> Parsed<Option<AggregateFn>> {
        let function = match self.peek() {
            Token::Name(word, Some(parts), false) if word == "percentile" => Some(AggregateFn::Percentile(*parts)),
            Token::Name(word, None, false) => words::entry(words::AGGREGATES, word),
            _ => None,
        };
        if function.is_some() {
            self.next();
        }
        Ok(function)
    }

    /// An aggregate, and the type it has unless the `vars` line says another one.
    fn aggregate(&mut self) -> Parsed<(Aggregate, Type)> {
        let Some(function) = self.aggregate_function()? else { return self.fail("expected an aggregate function") };
        self.expect("(")?;
        let argument = if self.is(")") { None } else { Some(self.expr()?) };
        self.expect(")")?;
        let grain = if self.eat_word("per") { Some(self.arguments()?) } else { None };
        let filter = if self.eat_word("where") { Some(self.argument()?) } else { None };
        let order = self.order()?;
        let ty = aggregate_type(function, argument.as_ref().map(|a| &a.ty));
        Ok((Aggregate { function, argument, grain, filter, order }, ty))
    }

    fn window(&mut self) -> Parsed<(WindowExpr, Type)> {
        let function = match self.aggregate_function()? {
            Some(function) => WindowFn::Aggregate(function),
            None => {
                let word = self.name()?;
                match words::entry(words::WINDOWS, &word) {
                    Some(function) => function,
                    None => return self.fail(format!("`{word}` is no window function")),
                }
            }
        };
        let arguments = self.arguments()?;
        let partition = if self.eat_word("partition") { self.arguments()? } else { Vec::new() };
        let order = self.order()?;
        let frame = if self.eat_word("to_current") {
            Frame::ToCurrent
        } else if self.eat_word("rows") {
            self.expect("(")?;
            let from = self.bound()?;
            self.expect(",")?;
            let to = self.bound()?;
            self.expect(")")?;
            Frame::Rows(from, to)
        } else {
            Frame::Partition
        };
        let argument = arguments.first().map(|a| &a.ty);
        let ty = match function {
            WindowFn::Aggregate(function) => aggregate_type(function, argument),
            WindowFn::Rank | WindowFn::DenseRank | WindowFn::RowNumber => Type::Int,
            WindowFn::Lag | WindowFn::Lead => argument.map_or(Type::Unit, |ty| ty.clone().optional()),
        };
        Ok((WindowExpr { function, arguments, partition, order, frame }, ty))
    }

    fn bound(&mut self) -> Parsed<Bound> {
        if self.eat_word("current") {
            Ok(Bound::Current)
        } else if self.eat_word("before") {
            Ok(Bound::Before(self.argument()?))
        } else {
            self.expect_word("after")?;
            Ok(Bound::After(self.argument()?))
        }
    }
}

/// The usual type of an aggregate: what may be empty is an option, and a mean of Ints or Decimals has six digits.
fn aggregate_type(function: AggregateFn, argument: Option<&Type>) -> Type {
    use AggregateFn::*;
    let present = argument.map_or(Type::Unit, |ty| ty.present().clone());
    match function {
        Count | CountDistinct => Type::Int,
        Sum | SumDistinct => present,
        Any | All => Type::Bool,
        List | ListDistinct => Type::list(present),
        Min | Max | First | Percentile(_) => present.optional(),
        StdDev => Type::Float.optional(),
        Avg | AvgDistinct => match present {
            Type::Int | Type::Decimal(_) => Type::Decimal(6).optional(),
            other => other.optional(),
        },
    }
}
