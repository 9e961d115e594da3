//! Blocks and statements.

use super::{AssignOp, Expr, Ident, If, Pattern, Type};
use tenon_span::Range;

/// `{ … }`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Block {
    /// With the braces.
    pub range: Range,
    /// In source order.
    pub stmts: Vec<Stmt>,
}

impl Block {
    /// The expression that gives the block its value, if its last statement is one.
    pub fn value(&self) -> Option<&Expr> {
        match &self.stmts.last()?.kind {
            StmtKind::Expr(value) => Some(value),
            _ => None,
        }
    }
}

/// A statement.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Stmt {
    /// Where.
    pub range: Range,
    /// Which.
    pub kind: StmtKind,
}

/// The forms of statements.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum StmtKind {
    /// Could not be read; a diagnostic exists.
    Error,
    /// An expression; the last one of a block is its value.
    Expr(Expr),
    /// `if c { … }` whose chain ends without an `else`.
    If(If),
    /// `let p: T = e`
    Let {
        /// What it binds.
        pattern: Pattern,
        /// Its type, if written.
        ty: Option<Type>,
        /// Its value.
        value: Expr,
    },
    /// `var n: T = e`
    Var {
        /// The variable.
        name: Ident,
        /// Its type, if written.
        ty: Option<Type>,
        /// Its first value.
        value: Expr,
    },
    /// `n = e`, `n += e`
    Assign {
        /// The variable.
        name: Ident,
        /// How.
        op: AssignOp,
        /// The value.
        value: Expr,
    },
    /// `for x in q { … }`
    For {
        /// What it binds.
        pattern: Pattern,
        /// What it runs over.
        source: Expr,
        /// The body.
        body: Block,
    },
    /// `while c { … }`
    While {
        /// The condition.
        cond: Expr,
        /// The body.
        body: Block,
    },
    /// `return`, `return e`
    Return(Option<Expr>),
    /// `fail Conflict("…")`
    Fail(Expr),
    /// `assert e`
    Assert(Expr),
    /// `break`
    Break,
    /// `continue`
    Continue,
    /// `parallel { … }`: steps of a workflow side by side
    Parallel(Block),
    /// `li(class: "row") { … }`: an element of a page
    Element {
        /// Name and attributes.
        head: Expr,
        /// What it contains.
        body: Block,
    },
    /// `form place_order(qty: 1) { … }`
    Form {
        /// The handler and what is given.
        call: Expr,
        /// What else the form shows.
        body: Option<Block>,
    },
}
