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

use tenon_core::ir::{Name, Query, QueryId};

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
    /// More relations and collections are joined than the planner follows.
    TooManyJoins,
    /// It has more operators than the planner follows.
    TooLarge,
    /// The system gives no thread to plan on.
    NoThread,
    /// A stored type contains itself.
    RecursiveType(Name),
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlanError::TooDeep => f.write_str("nests too deeply"),
            PlanError::TooManyJoins => write!(f, "joins more than {} relations and collections", block::MAX_LEAVES),
            PlanError::TooLarge => write!(f, "has more than {} operators", query::MAX_OPERATORS),
            PlanError::NoThread => f.write_str("the system gives no thread to plan on"),
            PlanError::RecursiveType(name) => write!(f, "the type `{name}` contains itself and cannot be stored"),
        }
    }
}

impl std::error::Error for PlanError {}

/// Why a program has no plans.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotPlanned {
    /// The query that has none, with the name of its item; `None` where it is not about one.
    pub query: Option<(QueryId, Name)>,
    /// Why.
    pub error: PlanError,
}

impl NotPlanned {
    /// Says of which query an error is.
    pub(crate) fn of(query: &Query) -> impl Fn(PlanError) -> NotPlanned + use<> {
        let query = Some((query.id, query.name.clone()));
        move |error| NotPlanned { query: query.clone(), error }
    }
}

impl From<PlanError> for NotPlanned {
    fn from(error: PlanError) -> NotPlanned {
        NotPlanned { query: None, error }
    }
}

impl fmt::Display for NotPlanned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.query {
            Some((_, name)) => write!(f, "a query of `{name}` {}", self.error),
            None => self.error.fmt(f),
        }
    }
}

impl std::error::Error for NotPlanned {}
