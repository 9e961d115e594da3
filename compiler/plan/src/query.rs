//! Plans of queries and of whole programs.

use tenon_core::ir::{Program, Query, RelationId, Type};
use tenon_value::schema::Schema;

use crate::access::{IndexShape, Reason};
use crate::advise::{ChosenIndex, check_stored, choose_indexes, schema};
use crate::build::{self, Fold};
use crate::expr::{Safe, Safety};
use crate::finish::finish;
use crate::keys::failing_keys;
use crate::logical::{Context, Node};
use crate::physical::{Output, Plan, Temp};
use crate::planner::Planner;
use crate::rewrite::{fuse_guards, push_down};
use crate::statistics::{Estimates, Statistics};
use crate::unnest::unnest;
use crate::verify::verify;
use crate::{NotPlanned, PlanError};

/// A whole program, planned.
#[derive(Clone, PartialEq, Debug)]
pub struct Planned {
    /// What the store is created with.
    pub schema: Schema,
    /// The secondary indexes per relation, as numbered in `schema` and in plans, with their reasons.
    pub indexes: Vec<Vec<ChosenIndex>>,
    /// The plan of each query, by its number.
    pub queries: Vec<Plan>,
}

/// Plans a whole program: chooses its indexes, then plans each query.
pub fn plan(program: &Program, statistics: &dyn Statistics) -> Result<Planned, NotPlanned> {
    check_stored(program)?;
    let indexes = choose_indexes(program)?;
    let queries = on_deep_stack(|| {
        let plan = |(query, set): (&Query, bool)| {
            plan_here(program, query, set, statistics, &indexes).map_err(NotPlanned::of(query))
        };
        program.queries.iter().zip(sets(program)).map(plan).collect::<Result<_, _>>()
    })?;
    Ok(Planned { schema: schema(program, &indexes), indexes, queries })
}

/// The stack of a planning thread. Planning follows the nesting of a query, which is limited but may be deep.
const STACK: usize = 128 << 20;

/// Plans on a thread with a stack for the deepest query that is not refused.
pub(crate) fn on_deep_stack<T: Send, E: From<PlanError> + Send>(
    plan: impl FnOnce() -> Result<T, E> + Send,
) -> Result<T, E> {
    // The browser gives no threads; its stack is as deep as the page says.
    if cfg!(target_family = "wasm") {
        return plan();
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("plan".into()).stack_size(STACK);
        let running = thread.spawn_scoped(scope, plan).map_err(|_| PlanError::NoThread)?;
        match running.join() {
            Ok(result) => result,
            // A panic in the planner is a bug and goes on as one.
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Plans one query with the indexes that there are. `set`: its collection is a set.
pub fn plan_query(
    program: &Program,
    query: &Query,
    set: bool,
    statistics: &dyn Statistics,
    indexes: &[Vec<ChosenIndex>],
) -> Result<Plan, PlanError> {
    on_deep_stack(|| plan_here(program, query, set, statistics, indexes))
}

fn plan_here(
    program: &Program,
    query: &Query,
    set: bool,
    statistics: &dyn Statistics,
    indexes: &[Vec<ChosenIndex>],
) -> Result<Plan, PlanError> {
    let mut shapes: Vec<Vec<IndexShape>> =
        indexes.iter().map(|r| r.iter().map(|i| i.shape.clone()).collect()).collect();
    shapes.resize(program.relations.len().max(shapes.len()), Vec::new());
    plan_with(program, query, set, statistics, &mut shapes, false).map(|(plan, _)| plan)
}

/// More operators than this in one tree are refused: planning them would take long.
pub(crate) const MAX_OPERATORS: usize = 480;

/// What a plan uses.
pub(crate) type Uses = Vec<(RelationId, IndexShape, Reason)>;

pub(crate) fn plan_with(
    program: &Program,
    query: &Query,
    set: bool,
    statistics: &dyn Statistics,
    shapes: &mut Vec<Vec<IndexShape>>,
    advising: bool,
) -> Result<(Plan, Uses), PlanError> {
    let mut ctx = Context { program, vars: query.vars.clone(), temps: Vec::new() };
    let (root, fold) = logical(&mut ctx, query, set)?;
    let temps = std::mem::take(&mut ctx.temps);
    for node in temps.iter().map(|(_, node)| node).chain([&root]) {
        if size(node) > MAX_OPERATORS {
            return Err(PlanError::TooLarge);
        }
    }
    let mut planner = Planner {
        ctx: &mut ctx,
        est: Estimates { program, statistics, constants: &query.params },
        indexes: shapes,
        advising,
        uses: Vec::new(),
        name: query.name.clone(),
        site: query.site,
        temps: Vec::new(),
        depth: 0,
        too_many: false,
    };
    let mut planned = Vec::new();
    for (vars, node) in temps {
        let deps = planner.dependencies(&node);
        let built = planner.plan(node, None);
        planner.temps.push((deps, built.op.est_rows));
        planned.push(Temp { vars, input: built.op });
    }
    let early_stop = planner.total(&root);
    let (built, output) = match fold {
        // A set sorts its elements itself.
        Fold::Collect { element, set: true, .. } => (planner.plan(root, None), Output::Collect { element, set: true }),
        Fold::Collect { element, set, order } => (planner.sorted(root, &order, None), Output::Collect { element, set }),
        Fold::CollectMap { key, value, order } => {
            (planner.sorted(root, &order, None), Output::CollectMap { key, value })
        }
        Fold::First { element, order } => {
            // Whether a query fails does not depend on how much of it is read.
            let early_stop = early_stop && Safe::new(program).of(&element) < Safety::Failing;
            let limit = early_stop.then_some(1.0);
            (planner.sorted(root, &order, limit), Output::First { element, early_stop })
        }
        Fold::One(element) => (planner.plan(root, None), Output::One(element)),
        Fold::Exists => (planner.plan(root, None), Output::Exists { early_stop }),
    };
    if planner.too_many {
        return Err(PlanError::TooManyJoins);
    }
    let uses = std::mem::take(&mut planner.uses);
    let mut plan = Plan {
        query: query.id,
        name: query.name.clone(),
        params: query.params.clone(),
        vars: ctx.vars,
        temps: planned,
        root: built.op,
        output,
        site: query.site,
    };
    finish(&mut plan, program);
    debug_assert_eq!(verify(&plan), Ok(()), "the planner broke a rule of its plans");
    Ok((plan, uses))
}

/// The logical plan of a query: closed, without dependent joins, predicates at the data.
pub(crate) fn logical(ctx: &mut Context, query: &Query, set: bool) -> Result<(Node, Fold), PlanError> {
    let (mut root, fold) = build::query(ctx, query, set)?;
    let safe = Safe::new(ctx.program);
    fuse_guards(&mut root, &safe);
    let mut root = unnest(ctx, root, query.site)?;
    fuse_guards(&mut root, &safe);
    let root = push_down(root, Vec::new(), &safe);
    for i in 0..ctx.temps.len() {
        let mut node = std::mem::replace(&mut ctx.temps[i].1, Node::Unit);
        fuse_guards(&mut node, &safe);
        ctx.temps[i].1 = push_down(node, Vec::new(), &safe);
    }
    let root = failing_keys(ctx, root);
    Ok((root, fold))
}

/// The number of operators of a tree.
fn size(node: &Node) -> usize {
    1 + node.children().into_iter().map(size).sum::<usize>()
}

/// Which queries give sets: the type of the expression that holds a query says so.
fn sets(program: &Program) -> Vec<bool> {
    use tenon_core::ir::{Expr, ExprKind, Stmt};
    fn in_expr(e: &Expr, out: &mut [bool]) {
        if let ExprKind::Query(id, _) = &e.kind
            && matches!(e.ty, Type::Set(_))
            && let Some(slot) = out.get_mut(id.index())
        {
            *slot = true;
        }
        e.children(&mut |c| in_expr(c, out));
    }
    fn in_block(block: &[Stmt], out: &mut [bool]) {
        for stmt in block {
            match stmt {
                Stmt::Let(_, e) | Stmt::Return(e) => in_expr(e, out),
                Stmt::If(c, a, b) => {
                    in_expr(c, out);
                    in_block(a, out);
                    in_block(b, out);
                }
                Stmt::Loop(b) => in_block(b, out),
                Stmt::ForEach(_, e, b) => {
                    in_expr(e, out);
                    in_block(b, out);
                }
                _ => {}
            }
        }
    }
    let mut out = vec![false; program.queries.len()];
    for function in &program.functions {
        in_block(&function.body, &mut out);
    }
    out
}
