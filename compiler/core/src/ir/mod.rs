//! The language itself.
//!
//! Invariants, which the verifier checks and every consumer may assume:
//! - Every [`Expr`] carries its type, and every variable is declared in the `vars` of its function or query.
//! - A [`Query`] is closed: it sees its parameters and the variables that its own operators bind, nothing
//!   else. Every variable of a query is bound by exactly one operator.
//! - Expressions are pure. In a function, whatever reads or writes the store, or asks the world, is a
//!   [`Command`] (sequenced) — with one exception that lowering keeps in order: [`ExprKind::Follow`] and
//!   [`ExprKind::Query`] may read the store and then stand alone as the whole value of a [`Stmt::Let`].
//!   In a query they read the one state that the query reads.
//! - Whatever can fail carries a [`SiteId`].
//! - Function values do not exist: lowering has specialised them away.

mod code;
mod expr;
mod prim;
mod program;
mod query;
mod types;

pub use code::{Block, Check, CheckKind, Command, FailWith, Function, FunctionKind, Stmt};
pub use expr::{Expr, ExprKind, Literal};
pub use prim::Prim;
pub use program::{
    Endpoint, ErrorType, Field, Generated, Index, OnDelete, Program, Relation, Scenario, ScenarioStep, Site, ThenPart,
    Unique,
};
pub use query::{
    Aggregate, AggregateFn, Apply, Bound, Frame, JoinKind, Lift, Output, Query, Rel, SetOpKind, SortKey, WindowExpr,
    WindowFn,
};
pub use types::{Case, RecordType, Type, VarInfo, VariantType};

/// An error type: a built-in one, or [`FIRST_DECLARED`](tenon_value::fault::FIRST_DECLARED) + an index into [`Program::errors`].
pub use tenon_value::ErrorId;

/// The type of names.
pub type Name = smol_str::SmolStr;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, serde::Serialize, serde::Deserialize)]
        pub struct $name(pub u32);
        impl $name {
            /// The number as an index into its table.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// A variable of one function or one query; an index into its `vars`.
    VarId;
    /// A relation; an index into [`Program::relations`].
    RelationId;
    /// A stored field; an index into [`Relation::fields`].
    FieldId;
    /// A variant type; an index into [`Program::variants`].
    VariantId;
    /// A function; an index into [`Program::functions`].
    FunctionId;
    /// A query; an index into [`Program::queries`].
    QueryId;
    /// A place in the source; an index into [`Program::sites`].
    SiteId;
    /// A compiled regular expression; an index into [`Program::regexes`].
    RegexId;
}
