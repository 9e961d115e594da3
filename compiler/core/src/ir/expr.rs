//! Expressions: pure, total except where they carry a site.

use super::{FunctionId, Prim, QueryId, SiteId, Type, VarId};
use serde::{Deserialize, Serialize};
use tenon_value::Value;

/// A constant.
pub type Literal = Value;

/// An expression with its type.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// The type of its value.
    pub ty: Type,
}

/// The forms of expressions.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum ExprKind {
    /// A constant of a scalar type, or of a collection, record or variant of constants.
    Literal(Literal),
    /// A variable.
    Var(VarId),
    /// Field number `1` of a record or of a row as read.
    Field(Box<Expr>, u32),
    /// A record; one expression per field of its type.
    Record(Vec<Expr>),
    /// A case of a variant with its fields: `(tag, fields)`.
    Variant(u32, Vec<Expr>),
    /// True if a variant value has this tag.
    IsCase(Box<Expr>, u32),
    /// Field `.2` of case `.1`; stands only where the tag is known.
    CaseField(Box<Expr>, u32, u32),
    /// A present option.
    Some(Box<Expr>),
    /// An absent option (the type tells of what).
    None,
    /// True if an option is present.
    IsSome(Box<Expr>),
    /// The value of an option; stands only where it is known to be present.
    Unwrap(Box<Expr>),
    /// A list, bag or set of these elements (a set sorts and drops duplicates).
    Collection(Vec<Expr>),
    /// A map of these pairs; a later pair replaces an earlier one of the same key.
    Map(Vec<(Expr, Expr)>),
    /// The list of Ints `.0 .. .1`, the end included if `.2`.
    Range(Box<Expr>, Box<Expr>, bool),
    /// `if`: only the branch that is taken is evaluated.
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// Binds a variable for the body.
    Let(VarId, Box<Expr>, Box<Expr>),
    /// Short-circuit conjunction.
    And(Box<Expr>, Box<Expr>),
    /// Short-circuit disjunction.
    Or(Box<Expr>, Box<Expr>),
    /// A primitive operation. Its site is where it can fail.
    Prim(Prim, Vec<Expr>, SiteId),
    /// A call of a pure function (no store, no world).
    Call(FunctionId, Vec<Expr>, SiteId),
    /// A nested query with its arguments. See the invariants in the module documentation.
    Query(QueryId, Vec<Expr>),
    /// The row that a reference names. See the invariants in the module documentation.
    Follow(Box<Expr>),
    /// The reference to a row.
    RefOf(Box<Expr>),
}

impl Expr {
    /// An expression.
    pub fn new(kind: ExprKind, ty: Type) -> Expr {
        Expr { kind, ty }
    }

    /// A variable of a type.
    pub fn var(var: VarId, ty: Type) -> Expr {
        Expr { kind: ExprKind::Var(var), ty }
    }

    /// Calls `f` on each direct child, in evaluation order.
    pub fn children<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        match &self.kind {
            ExprKind::Literal(_) | ExprKind::Var(_) | ExprKind::None => {}
            ExprKind::Field(e, _)
            | ExprKind::IsCase(e, _)
            | ExprKind::CaseField(e, _, _)
            | ExprKind::Some(e)
            | ExprKind::IsSome(e)
            | ExprKind::Unwrap(e)
            | ExprKind::Follow(e)
            | ExprKind::RefOf(e) => f(e),
            ExprKind::Record(es)
            | ExprKind::Variant(_, es)
            | ExprKind::Collection(es)
            | ExprKind::Prim(_, es, _)
            | ExprKind::Call(_, es, _)
            | ExprKind::Query(_, es) => es.iter().for_each(f),
            ExprKind::Map(pairs) => {
                for (k, v) in pairs {
                    f(k);
                    f(v);
                }
            }
            ExprKind::Range(a, b, _) | ExprKind::Let(_, a, b) | ExprKind::And(a, b) | ExprKind::Or(a, b) => {
                f(a);
                f(b);
            }
            ExprKind::If(a, b, c) => {
                f(a);
                f(b);
                f(c);
            }
        }
    }

    /// Calls `f` on each direct child, in evaluation order, so that it may be replaced.
    pub fn children_mut(&mut self, f: &mut dyn FnMut(&mut Expr)) {
        match &mut self.kind {
            ExprKind::Literal(_) | ExprKind::Var(_) | ExprKind::None => {}
            ExprKind::Field(e, _)
            | ExprKind::IsCase(e, _)
            | ExprKind::CaseField(e, _, _)
            | ExprKind::Some(e)
            | ExprKind::IsSome(e)
            | ExprKind::Unwrap(e)
            | ExprKind::Follow(e)
            | ExprKind::RefOf(e) => f(e),
            ExprKind::Record(es)
            | ExprKind::Variant(_, es)
            | ExprKind::Collection(es)
            | ExprKind::Prim(_, es, _)
            | ExprKind::Call(_, es, _)
            | ExprKind::Query(_, es) => es.iter_mut().for_each(f),
            ExprKind::Map(pairs) => {
                for (k, v) in pairs {
                    f(k);
                    f(v);
                }
            }
            ExprKind::Range(a, b, _) | ExprKind::Let(_, a, b) | ExprKind::And(a, b) | ExprKind::Or(a, b) => {
                f(a);
                f(b);
            }
            ExprKind::If(a, b, c) => {
                f(a);
                f(b);
                f(c);
            }
        }
    }
}
