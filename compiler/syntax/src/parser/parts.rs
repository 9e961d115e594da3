//! Pieces of nodes that exist only while the node is put together.

use crate::ast::{Expr, Ident, Text};
use tenon_span::Range;

/// What may stand between the name of a relation or type and its body.
#[derive(Debug)]
pub(crate) enum Modifier {
    Breaking(Range),
    Was(Ident),
    Error,
}

/// The name of a parameter or record field, with what belongs to it.
#[derive(Debug)]
pub(crate) struct WireName {
    pub name: Ident,
    pub was: Option<Ident>,
    pub wire: Option<Text>,
    pub absent: Option<Range>,
}

/// What may follow the type of a relation's field, with the place where it begins.
#[derive(Debug)]
pub(crate) enum FieldSuffix {
    Default(u32, Expr),
    Inverse(u32, Ident),
    OnDelete(u32, Ident),
    OnUpdate(Range),
    Open(Range),
}

/// What may follow the call of a step, with the place where it begins.
#[derive(Debug)]
pub(crate) enum StepSuffix {
    Retry(u32, Expr),
    Within(u32, Expr),
    Undo(u32, Expr),
}
