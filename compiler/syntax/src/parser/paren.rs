//! `( … )` is one form in the grammar. What it is follows from where it stands and what it holds:
//! a grouping, a record, an argument list, or the parameters of a function value.

use super::context::Context;
use crate::ast::*;
use crate::error::SyntaxError;
use tenon_diagnostics::Code;
use tenon_span::Range;

/// `( … )`, not yet told apart.
#[derive(Debug)]
pub(crate) struct Paren {
    range: Range,
    items: Vec<ParenItem>,
    /// A comma stands behind the last item.
    trailing_comma: bool,
    broken: bool,
}

/// An element of `( … )`, which fits an argument list as it is.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it lies in a box")]
pub(crate) enum ParenItem {
    Arg(Arg),
    Error,
}

/// An element of `[ … ]`.
#[derive(Debug)]
pub(crate) enum Bracketed {
    Value(Expr),
    Pair(Expr, Box<Expr>),
    Error(Range),
}

impl ParenItem {
    pub(crate) fn value(start: u32, end: u32, value: Expr) -> Box<Self> {
        Self::arg(start, end, None, value, false)
    }

    pub(crate) fn named(start: u32, end: u32, name: Ident, value: Expr) -> Box<Self> {
        Self::arg(start, end, Some(name), value, false)
    }

    pub(crate) fn spread(start: u32, end: u32, value: Expr) -> Box<Self> {
        Self::arg(start, end, None, value, true)
    }

    pub(crate) fn aggregate(
        start: u32,
        end: u32,
        distinct: bool,
        value: Expr,
        per: Option<Ident>,
        filter: Option<Expr>,
    ) -> Box<Self> {
        let range = Range::new(start, end);
        Box::new(ParenItem::Arg(Arg { range, name: None, value, spread: false, distinct, per, filter }))
    }

    pub(crate) fn error(_: Range) -> Box<Self> {
        Box::new(ParenItem::Error)
    }

    fn arg(start: u32, end: u32, name: Option<Ident>, value: Expr, spread: bool) -> Box<Self> {
        let range = Range::new(start, end);
        Box::new(ParenItem::Arg(Arg { range, name, value, spread, distinct: false, per: None, filter: None }))
    }
}

impl Paren {
    pub(crate) fn new(start: u32, end: u32, items: Vec<Box<ParenItem>>, last: Option<Box<ParenItem>>) -> Paren {
        let trailing_comma = last.is_none() && !items.is_empty();
        let items: Vec<ParenItem> = items.into_iter().chain(last).map(|item| *item).collect();
        let broken = items.iter().any(|item| matches!(item, ParenItem::Error));
        Paren { range: Range::new(start, end), items, trailing_comma, broken }
    }

    /// A query, update or the like that stands alone.
    pub(crate) fn alone(start: u32, end: u32, value: Expr) -> Paren {
        let item = ParenItem::value(value.range.start, value.range.end, value);
        Paren::new(start, end, Vec::new(), Some(item))
    }

    fn args(self) -> impl Iterator<Item = Arg> {
        self.items.into_iter().filter_map(|item| match item {
            ParenItem::Arg(arg) => Some(arg),
            ParenItem::Error => None,
        })
    }
}

impl Context<'_> {
    /// As an argument list.
    pub(crate) fn args(&mut self, paren: Paren) -> Args {
        let (range, broken) = (paren.range, paren.broken);
        Args { range, list: paren.args().collect(), broken }
    }

    /// As an expression: `(e)` is `e`, everything else a record.
    pub(crate) fn paren_value(&mut self, paren: Paren) -> Expr {
        let (range, broken) = (paren.range, paren.broken);
        let grouping = !paren.trailing_comma && paren.items.len() == 1;
        let mut parts = Vec::with_capacity(paren.items.len());
        for arg in paren.args() {
            if arg.distinct || arg.per.is_some() || arg.filter.is_some() {
                let word = if arg.distinct {
                    "distinct"
                } else if arg.per.is_some() {
                    "per"
                } else {
                    "where"
                };
                self.errors.push(
                    SyntaxError::new(
                        Code::Syntax,
                        format!("`{word}` belongs into the call of an aggregate"),
                        arg.range,
                    )
                    .label("these parentheses are no argument list")
                    .note("as in `sum(o.paid where o.paid > 0)`"),
                );
            }
            if grouping && arg.name.is_none() && !arg.spread {
                return arg.value;
            }
            parts.push(match arg.spread {
                true => RecordPart::Spread(arg.value),
                false => RecordPart::Field { name: arg.name, value: arg.value },
            });
        }
        if grouping && broken {
            return self.expr(range.start, range.end, ExprKind::Error);
        }
        self.expr(range.start, range.end, ExprKind::Record(Record { parts, broken }))
    }

    /// As the parameters of a function value: plain names.
    pub(crate) fn lambda_params(&mut self, paren: Paren) -> Vec<Ident> {
        let mut params = Vec::with_capacity(paren.items.len());
        for arg in paren.args() {
            match arg {
                Arg {
                    name: None,
                    value: Expr { kind: ExprKind::Name(name), .. },
                    spread: false,
                    distinct: false,
                    per: None,
                    filter: None,
                    ..
                } => {
                    params.push(name);
                }
                Arg { name: Some(name), value, .. } => {
                    self.errors.push(
                        SyntaxError::new(Code::Syntax, "parameters of a function value have no types", value.range)
                            .label("inferred from where the function value is used")
                            .fix("remove it", [(Range::new(name.range.end, value.range.end), String::new())], true),
                    );
                    params.push(name);
                }
                other => self.errors.push(
                    SyntaxError::new(Code::Syntax, "a parameter of a function value is a plain name", other.range)
                        .label("I expected a name"),
                ),
            }
        }
        params
    }
}
