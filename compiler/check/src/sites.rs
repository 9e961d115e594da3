//! The pieces of code in an item: which there are, what is in sight in each, and what type each must have.
//! Inference turns every [`Site`] into a typed body under its [`BodyPart`].

use crate::ty::{Symbol, Ty};
use tenon_syntax::ast;

/// Names a piece of code within its item.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum BodyPart {
    /// The body of a `fn`, `query`, `handler`, `scenario`, `view`; the value of a `const`.
    Code,
    /// The n-th refinement of the item's declared types: the index of a [`RuleRef`](crate::ty::RuleRef).
    /// Refinements of types inside of bodies follow from [`BODY_RULES`] on.
    Rule(u32),
    /// The default of a field in a declared record type, by the index of its `RuleRef`.
    RecordDefault(u32),
    /// The n-th `check` of a relation.
    Check(u32),
    /// The default of the n-th field of a relation.
    Default(u32),
    /// The value of the n-th field of a relation, which is computed.
    Computed(u32),
    /// Part m of unique n.
    UniquePart(u32, u32),
    /// The `where` of unique n.
    UniqueFilter(u32),
    /// The failure after `else` of unique n.
    UniqueFailure(u32),
    /// The n-th `requires` of a function.
    Requires(u32),
    /// The n-th `ensures` of a function.
    Ensures(u32),
    /// The default of the n-th parameter.
    ParamDefault(u32),
    /// The message of an `error`.
    Message,
}

/// Refinements of types inside of a body are numbered from here, by the [`ast::ExprId`] of their predicate:
/// they are found where they stand and named by nobody else.
pub const BODY_RULES: u32 = 1 << 30;

/// A piece of code of an item.
#[derive(Clone, Debug)]
pub struct Site<'a> {
    /// Its name.
    pub part: BodyPart,
    /// What is in sight beside the names of the file.
    pub scope: Scope,
    /// What type it must have.
    pub expected: Expected,
    /// The code.
    pub code: SiteCode<'a>,
}

/// What is in sight in a piece of code, beside the names of the file. These become
/// [`Body::params`](crate::typed::Body::params).
#[derive(Clone, PartialEq, Debug)]
pub enum Scope {
    /// Nothing more. No parameters.
    Nothing,
    /// `it`, of this type: one parameter.
    It(Ty),
    /// The stored and computed fields of a row by their names; the row is the one parameter.
    Row(Symbol),
    /// The first so many parameters of the function, with its generics.
    Params(u32),
    /// All parameters and, if it gives a value, `result` as the last.
    Result,
    /// The fields of the error.
    ErrorFields,
}

/// What type a piece of code must have.
#[derive(Clone, PartialEq, Debug)]
pub enum Expected {
    /// This one.
    Type(Ty),
    /// Whatever it has; it is the declared type that is asked for (`-> _`, `const x = …`).
    Inferred,
    /// No value.
    Unit,
    /// A failure: `Taken(field: "email")`, as after `fail`.
    Failure,
    /// Steps of a scenario.
    Scenario,
}

/// The code of a [`Site`].
#[derive(Clone, Copy, Debug)]
pub enum SiteCode<'a> {
    /// An expression.
    Expr(&'a ast::Expr),
    /// A block.
    Block(&'a ast::Block),
    /// A text with holes.
    Text(&'a ast::Text),
    /// A path of fields from the row: `email.lower`.
    Path(&'a [ast::Ident]),
    /// The steps of a scenario.
    Scenario(&'a ast::Scenario),
}
