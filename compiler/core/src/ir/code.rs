//! Code: functions of structured statements.

use super::{ErrorId, Expr, FieldId, FunctionId, Name, RelationId, SiteId, Type, VarId, VarInfo};
use serde::{Deserialize, Serialize};

/// A function of Core: from a `fn`, `query`, `handler`, an endpoint's wrapper, or a step of a scenario.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Function {
    /// Its name; specialisations and wrappers have made-up ones.
    pub name: Name,
    /// What it may do.
    pub kind: FunctionKind,
    /// Its parameters, in order.
    pub params: Vec<VarId>,
    /// Type of its value; `Unit` for none.
    pub result: Type,
    /// All variables, parameters included. A variable may be assigned many times; it is assigned before it is read.
    pub vars: Vec<VarInfo>,
    /// What it does. Every path ends in `Return`, `Fail`, or a loop that does not end.
    pub body: Block,
    /// Where it stands.
    pub site: SiteId,
}

/// What a function may do; inferred, an upper bound.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum FunctionKind {
    /// A function of its arguments alone.
    Pure,
    /// Reads the store or the world.
    Reads,
    /// Writes the store.
    Writes,
}

/// Statements in sequence.
pub type Block = Vec<Stmt>;

/// A statement.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Stmt {
    /// Assigns a variable.
    Let(VarId, Expr),
    /// Runs a command and assigns its result, if it has one that is wanted.
    Do(Option<VarId>, Command, SiteId),
    /// Branches.
    If(Expr, Block, Block),
    /// Repeats until `Break`. Each round costs fuel.
    Loop(Block),
    /// Runs the body for each element of a list, bag or set, in order. The collection is evaluated once, before.
    ForEach(VarId, Expr, Block),
    /// Ends the innermost loop.
    Break,
    /// Goes on with the next round of the innermost loop.
    Continue,
    /// Ends the function with its value (`Unit`: an empty record of type `Unit`).
    Return(Expr),
    /// Ends the whole call with a typed problem; the transaction is undone.
    Fail(FailWith, SiteId),
    /// Ends the whole call with a fault (500, incident) unless the condition holds.
    Check(Check, SiteId),
    /// Notes a problem of the request (a JSON pointer or parameter name, and a message); used by endpoint wrappers.
    Problem(Expr, Expr),
    /// Ends the call with `Invalid` and the noted problems, if there are any.
    RejectProblems,
}

/// What a `fail` answers with.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct FailWith {
    /// Which error.
    pub error: ErrorId,
    /// Its fields.
    pub fields: Vec<Expr>,
    /// Its message, a Text.
    pub message: Expr,
}

/// A condition that must hold.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Check {
    /// Why it stands here.
    pub kind: CheckKind,
    /// A Bool.
    pub condition: Expr,
    /// What the log says if it does not hold: the source text of the rule.
    pub rule: Name,
}

/// Where a check comes from. All but `Assert` and `Proof` are obligations that nothing has settled at compile time.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum CheckKind {
    /// Written by the programmer.
    Assert,
    /// A value must belong to a refined type.
    Refinement,
    /// A row must satisfy a `check` of its relation.
    RowCheck,
    /// A field may only change as its `transitions` say.
    Transition,
    /// A caller's duty.
    Requires,
    /// A function's promise.
    Ensures,
    /// `x!`: the value must be present.
    Present,
    /// `only(q)`: there must not be two.
    Only,
    /// What the checker proved; stands only where a program is lowered with its proofs as assertions, for tests.
    Proof,
}

/// A command: what touches the store or the world.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Command {
    /// Calls a function.
    Call(FunctionId, Vec<Expr>),
    /// The row under a key (`unique` is `None`; one expression per key field) or under a unique: `Row?`.
    Lookup {
        /// The relation.
        relation: RelationId,
        /// Index into the relation's uniques.
        unique: Option<u32>,
        /// Values of its fields.
        key: Vec<Expr>,
    },
    /// Stores a row and yields it. Key, uniques and references are checked by the store.
    Insert {
        /// The relation.
        relation: RelationId,
        /// One value per stored field.
        values: Vec<Expr>,
        /// What to answer when the key exists already.
        on_key: FailWith,
        /// What to answer per violated unique.
        on_unique: Vec<FailWith>,
    },
    /// Changes fields of the row that a reference names, and yields the new row. Key fields do not change.
    Update {
        /// The relation.
        relation: RelationId,
        /// A `Ref`.
        target: Expr,
        /// The new values.
        sets: Vec<(FieldId, Expr)>,
        /// What to answer when the row is gone.
        on_gone: FailWith,
        /// What to answer per violated unique.
        on_unique: Vec<FailWith>,
    },
    /// Removes the row that a reference names; references to it with `clear` become `none`.
    Delete {
        /// The relation.
        relation: RelationId,
        /// A `Ref`.
        target: Expr,
        /// What to answer when the row is gone.
        on_gone: FailWith,
        /// What to answer when a `restrict` reference stands.
        on_restrict: FailWith,
    },
    /// The moment of the transaction: Instant.
    Now,
    /// A fresh time-ordered Id.
    NewId,
    /// A fresh random Uuid.
    NewUuid,
    /// A random Float in `0..1`.
    RandomFloat,
    /// A random Int in the inclusive range of the two expressions.
    RandomInt(Expr, Expr),
    /// A random text of so many characters (Int) from `a-z0-9`.
    RandomText(Expr),
    /// The next number of a relation's serial key: Int.
    Serial(RelationId),
    /// Writes a line for the operator: any value as text.
    Log(Expr),
}

impl CheckKind {
    /// The fault of a check of this kind that does not hold.
    pub fn fault(self) -> tenon_value::Fault {
        use tenon_value::Fault;
        match self {
            CheckKind::Assert => Fault::AssertFailed,
            CheckKind::Refinement => Fault::RefinementFailed,
            CheckKind::RowCheck => Fault::CheckFailed,
            CheckKind::Transition => Fault::TransitionFailed,
            CheckKind::Requires => Fault::ObligationFailed,
            CheckKind::Ensures => Fault::EnsuresFailed,
            CheckKind::Present => Fault::Missing,
            CheckKind::Only => Fault::ObligationFailed,
            CheckKind::Proof => Fault::ProofWrong,
        }
    }
}
