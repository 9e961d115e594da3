//! From Core's queries to physical plans.
//!
//! A query goes through these steps, each in a module of its own:
//!
//! 1. `build` and `limits`: functions and nested queries are put in their place, order becomes explicit sort keys;
//! 2. `unnest`: no dependent join is left;
//! 3. `rewrite`: predicates travel to the data; `keys`: equalities that can fail become keys of joins;
//! 4. `planner`, `block`, `joins` and `group`: the order of joins, the way to each relation, an algorithm for each operator, by
//!    cost;
//! 5. `finish`: what nobody needs is dropped. What holds of every plan, `verify` asserts in debug builds.
//!
//! Planning is a pure function of the program and of statistics: the same inputs give the same plans,
//! indexes and numbers, whatever the machine.

mod access;
mod advise;
mod block;
mod build;
mod dependencies;
pub mod explain;
mod expr;
mod finish;
mod group;
mod inline;
mod joins;
mod keys;
mod limits;
mod logical;
pub mod physical;
mod planner;
mod query;
mod rename;
mod rewrite;
mod show;
pub mod statistics;
mod unnest;
mod verify;

use std::fmt;

pub use access::{IndexShape, Reason};
pub use advise::{ChosenIndex, choose_indexes};
pub use expr::free;
pub use finish::{bound, each_op, inputs, op_exprs};
pub use query::{Planned, plan, plan_query};
pub use statistics::Statistics;

/// Why a query has no plan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PlanError {
    /// Operators, queries or expressions are nested more deeply than the planner follows.
    TooDeep,
    /// In this item, more relations and collections are joined than the planner follows.
    TooManyJoins(tenon_core::ir::Name),
    /// The system gives no thread to plan on.
    NoThread,
    /// A stored type contains itself.
    RecursiveType(tenon_core::ir::Name),
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlanError::TooDeep => f.write_str("the query is nested too deeply"),
            PlanError::RecursiveType(name) => write!(f, "the type `{name}` contains itself and cannot be stored"),
            PlanError::NoThread => f.write_str("the system gives no thread to plan on"),
            PlanError::TooManyJoins(name) => {
                write!(f, "a query of `{name}` joins more than {} relations and collections", block::MAX_LEAVES)
            }
        }
    }
}

impl std::error::Error for PlanError {}
