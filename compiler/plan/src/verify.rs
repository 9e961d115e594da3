//! What holds of every plan: expressions read only parameters and what the operators below them bind, as `physical` says.

use tenon_core::ir::{Expr, VarId};

use crate::expr::{VarSet, free_all};
use crate::finish::output_exprs;
use crate::logical::aggregate_exprs;
use crate::physical::{Access, Aggregate, Kind, Op, OpKind, Plan};

/// The first rule that a plan breaks, in words for those who work on the planner.
pub fn verify(plan: &Plan) -> Result<(), String> {
    let mut check = Check { plan, params: plan.params.iter().copied().collect(), filled: 0 };
    for temp in &plan.temps {
        let bound = check.op(&temp.input, &VarSet::new())?;
        check.stores("a temp", &temp.vars, &bound)?;
        check.filled += 1;
    }
    let bound = check.op(&plan.root, &VarSet::new())?;
    check.reads("the output", output_exprs(&plan.output), &[&bound])
}

struct Check<'p> {
    plan: &'p Plan,
    params: VarSet,
    /// How many temps are filled before what is being looked at.
    filled: usize,
}

impl Check<'_> {
    fn reads<'e>(&self, what: &str, exprs: impl IntoIterator<Item = &'e Expr>, from: &[&VarSet]) -> Result<(), String> {
        let used = free_all(exprs);
        let known = |v: &VarId| self.params.contains(v) || from.iter().any(|set| set.contains(v));
        match used.iter().find(|v| !known(v)) {
            None => Ok(()),
            Some(v) => {
                let name = self.plan.vars.get(v.index()).map_or("?", |info| info.name.as_str());
                Err(format!("in {}, {what} reads `{name}` ({}), which nothing below binds", self.plan.name, v.0))
            }
        }
    }

    fn stores(&self, what: &str, vars: &[VarId], from: &VarSet) -> Result<(), String> {
        match vars.iter().find(|v| !from.contains(v)) {
            None => Ok(()),
            Some(v) => Err(format!("in {}, {what} stores variable {}, which nothing below binds", self.plan.name, v.0)),
        }
    }

    /// What a join leaves of its sides.
    fn joined(&self, kind: &Kind, mut left: VarSet, right: &VarSet) -> Result<VarSet, String> {
        match kind {
            Kind::Inner => left.extend(right),
            Kind::Left(lifts) => {
                self.stores("a left join", &lifts.iter().map(|l| l.from).collect::<Vec<_>>(), right)?;
                left.extend(lifts.iter().map(|l| l.to));
            }
            Kind::Semi | Kind::Anti => {}
            Kind::Mark(v) => {
                left.insert(*v);
            }
        }
        Ok(left)
    }

    fn folds(&self, aggregates: &[(VarId, Aggregate)], from: &[&VarSet]) -> Result<(), String> {
        for (_, a) in aggregates {
            self.reads("an aggregate", aggregate_exprs(a), from)?;
            self.reads("a limit of a list", a.limit.iter().chain(&a.offset), &[])?;
        }
        Ok(())
    }

    /// What the rows of an operator bind. `around`: what an enclosing fold binds.
    fn op(&self, op: &Op, around: &VarSet) -> Result<VarSet, String> {
        Ok(match &op.kind {
            OpKind::Unit => around.clone(),
            OpKind::Scan { var, predicates, .. } => {
                let bound = VarSet::from([*var]);
                self.reads("a scan", predicates, &[&bound])?;
                bound
            }
            OpKind::CountRows { var, .. } => VarSet::from([*var]),
            OpKind::ReadTemp { temp, columns } => {
                let of = self.plan.temps[..self.filled].get(temp.0 as usize);
                let of = of.ok_or_else(|| format!("in {}, a temp is read before it is filled", self.plan.name))?;
                let from = columns.iter().map(|(from, _)| *from).collect::<Vec<_>>();
                self.stores("a reader", &from, &of.vars.iter().copied().collect())?;
                columns.iter().map(|(_, to)| *to).collect()
            }
            OpKind::Lookup { input, var, access, residual, kind, .. } => {
                let input = self.op(input, around)?;
                let found = VarSet::from([*var]);
                let values: Vec<&Expr> = match access {
                    Access::Reference(e) => vec![e],
                    Access::Key(es) | Access::Unique(_, es) => es.iter().collect(),
                    Access::Index { equal, lower, upper, .. } => {
                        equal.iter().chain(lower.iter().chain(upper).map(|l| &l.value)).collect()
                    }
                };
                self.reads("an access", values, &[&input])?;
                self.reads("a condition of a look-up", residual, &[&input, &found])?;
                self.joined(kind, input, &found)?
            }
            OpKind::Filter { input, predicates } => {
                let bound = self.op(input, around)?;
                self.reads("a filter", predicates, &[&bound])?;
                bound
            }
            OpKind::Map { input, defs } => {
                let mut bound = self.op(input, around)?;
                for (v, e) in defs {
                    self.reads("a definition", [e], &[&bound])?;
                    bound.insert(*v);
                }
                bound
            }
            OpKind::Unnest { input, source, var, index } => {
                let mut bound = self.op(input, around)?;
                self.reads("a collection", [source], &[&bound])?;
                bound.insert(*var);
                bound.extend(index);
                bound
            }
            OpKind::HashJoin { probe, build, kind, keys, residual, payload, .. } => {
                let (left, right) = (self.op(probe, around)?, self.op(build, around)?);
                self.reads("a key of the left side", keys.iter().map(|(a, _)| a), &[&left])?;
                self.reads("a key of the right side", keys.iter().map(|(_, b)| b), &[&right])?;
                self.stores("a hash join", payload, &right)?;
                let right = payload.iter().copied().collect();
                self.reads("a condition of a join", residual, &[&left, &right])?;
                self.joined(kind, left, &right)?
            }
            OpKind::NestedLoop { outer, inner, kind, predicates, payload } => {
                let (left, right) = (self.op(outer, around)?, self.op(inner, around)?);
                self.stores("a nested loop", payload, &right)?;
                let right = payload.iter().copied().collect();
                self.reads("a condition of a join", predicates, &[&left, &right])?;
                self.joined(kind, left, &right)?
            }
            OpKind::Aggregate { input, keys, payload, aggregates, .. } => {
                let input = self.op(input, around)?;
                self.reads("a key of a group", keys.iter().map(|(_, e)| e), &[&input])?;
                self.folds(aggregates, &[&input])?;
                self.stores("a group", payload, &input)?;
                let keys = keys.iter().map(|(v, _)| *v);
                keys.chain(payload.iter().copied()).chain(aggregates.iter().map(|(v, _)| *v)).collect()
            }
            OpKind::GroupJoin { left, right, keys, aggregates, payload, .. } => {
                let (left, right) = (self.op(left, around)?, self.op(right, around)?);
                self.reads("a key of the left side", keys.iter().map(|(a, _)| a), &[&left])?;
                self.reads("a key of the right side", keys.iter().map(|(_, b)| b), &[&right])?;
                self.folds(aggregates, &[&right])?;
                self.stores("a group join", payload, &left)?;
                payload.iter().copied().chain(aggregates.iter().map(|(v, _)| *v)).collect()
            }
            OpKind::Fold { left, right, aggregates } => {
                let mut left = self.op(left, around)?;
                let right = self.op(right, &left)?;
                self.folds(aggregates, &[&left, &right])?;
                left.extend(aggregates.iter().map(|(v, _)| *v));
                left
            }
            OpKind::Window { input, partition, order, windows, payload, .. } => {
                let input = self.op(input, around)?;
                let keys = partition.iter().chain(order.iter().map(|k| &k.expr));
                self.reads("a window", keys, &[&input])?;
                for (_, w) in windows {
                    self.reads("a window", w.arguments.iter().chain(w.bounds()), &[&input])?;
                }
                self.stores("a window", payload, &input)?;
                payload.iter().copied().chain(windows.iter().map(|(v, _)| *v)).collect()
            }
            OpKind::Sort { input, partition, keys, limit, offset, payload } => {
                let input = self.op(input, around)?;
                self.reads("a sort", partition.iter().chain(keys.iter().map(|k| &k.expr)), &[&input])?;
                self.reads("a limit", limit.iter().chain(offset), &[])?;
                self.stores("a sort", payload, &input)?;
                payload.iter().copied().collect()
            }
            OpKind::Limit { input, limit, offset, .. } => {
                let bound = self.op(input, around)?;
                self.reads("a limit", limit.iter().chain(offset), &[])?;
                bound
            }
            OpKind::Concat { inputs, vars } => {
                for (input, columns) in inputs {
                    let bound = self.op(input, around)?;
                    self.stores("a union", columns, &bound)?;
                }
                vars.iter().copied().collect()
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::truth;
    use crate::physical::Output;
    use crate::planner::op;
    use crate::statistics::Assumed;
    use tenon_core::ir::{Type, VarInfo};

    /// A plan of `collect r.id` over a relation, and a variable that nothing binds.
    #[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
    fn plan() -> (Plan, Expr) {
        let text = r#"program "p" relation R { field id: Int key id }
query q() { scan R r collect r.id }
sites { "" "" "" 0 0..0 }"#;
        let program = tenon_core::text::parse(text).unwrap();
        let mut plan = crate::plan(&program, &Assumed::new(&program)).unwrap().queries.remove(0);
        plan.vars.push(VarInfo { name: "stray".into(), ty: Type::Int });
        let stray = Expr::var(VarId(plan.vars.len() as u32 - 1), Type::Int);
        (plan, stray)
    }

    #[test]
    fn what_nothing_binds_is_not_read() {
        let (whole, stray) = plan();
        assert_eq!(verify(&whole), Ok(()));
        let wrap = |kind: fn(Box<Op>, Expr) -> OpKind| {
            let mut plan = whole.clone();
            plan.root = op(kind(Box::new(plan.root.clone()), stray.clone()), 1.0, None);
            plan
        };
        let filter = wrap(|input, stray| OpKind::Filter { input, predicates: vec![truth(), stray] });
        let limit = wrap(|input, stray| OpKind::Limit { input, limit: Some(stray), offset: None, early_stop: true });
        let definition = wrap(|input, stray| OpKind::Map { input, defs: vec![(VarId(0), stray)] });
        let output = Plan { output: Output::Collect { element: stray.clone(), set: false }, ..whole.clone() };
        for (plan, what) in
            [(filter, "a filter"), (limit, "a limit"), (definition, "a definition"), (output, "the output")]
        {
            let error = format!("in q, {what} reads `stray` ({}), which nothing below binds", plan.vars.len() - 1);
            assert_eq!(verify(&plan), Err(error));
        }
    }

    #[test]
    fn a_limit_reads_no_row() {
        let (mut plan, _) = plan();
        let row = crate::finish::bound(&plan.root).into_iter().next();
        let limit = row.map(|v| Expr::var(v, plan.vars[v.index()].ty.clone()));
        let input = Box::new(plan.root.clone());
        plan.root = op(OpKind::Limit { input, limit, offset: None, early_stop: true }, 1.0, None);
        assert!(verify(&plan).is_err_and(|e| e.contains("a limit reads")));
    }
}
