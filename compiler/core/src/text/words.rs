//! The words of the text form: primitives and functions of queries, each in one table that printer and parser share.

use crate::ir::{AggregateFn, CheckKind, Prim, WindowFn};

/// Primitives by name. [`Prim::Matches`] and [`Prim::Builtin`] carry a number and are written by hand.
pub const PRIMS: &[(&str, Prim)] = &[
    ("not", Prim::Not),
    ("eq", Prim::Eq),
    ("ne", Prim::Ne),
    ("lt", Prim::Lt),
    ("le", Prim::Le),
    ("gt", Prim::Gt),
    ("ge", Prim::Ge),
    ("add_int", Prim::AddInt),
    ("sub_int", Prim::SubInt),
    ("mul_int", Prim::MulInt),
    ("neg_int", Prim::NegInt),
    ("div_int", Prim::DivInt),
    ("mod_int", Prim::ModInt),
    ("abs_int", Prim::AbsInt),
    ("add_decimal", Prim::AddDecimal),
    ("sub_decimal", Prim::SubDecimal),
    ("mul_decimal", Prim::MulDecimal),
    ("div_decimal", Prim::DivDecimal),
    ("neg_decimal", Prim::NegDecimal),
    ("abs_decimal", Prim::AbsDecimal),
    ("rescale", Prim::Rescale),
    ("int_to_decimal", Prim::IntToDecimal),
    ("add_float", Prim::AddFloat),
    ("sub_float", Prim::SubFloat),
    ("mul_float", Prim::MulFloat),
    ("div_float", Prim::DivFloat),
    ("neg_float", Prim::NegFloat),
    ("abs_float", Prim::AbsFloat),
    ("int_to_float", Prim::IntToFloat),
    ("add_duration", Prim::AddDuration),
    ("sub_duration", Prim::SubDuration),
    ("elapsed", Prim::Elapsed),
    ("add_durations", Prim::AddDurations),
    ("sub_durations", Prim::SubDurations),
    ("scale_duration", Prim::ScaleDuration),
    ("neg_duration", Prim::NegDuration),
    ("concat", Prim::Concat),
    ("to_text", Prim::ToText),
    ("contains", Prim::Contains),
    ("length", Prim::Length),
    ("element_at", Prim::ElementAt),
    ("value_at", Prim::ValueAt),
    ("append", Prim::Append),
    ("to_set", Prim::ToSet),
    ("to_list", Prim::ToList),
    ("to_bag", Prim::ToBag),
    ("div_duration", Prim::DivDuration),
    ("guard_assert", Prim::Guard(CheckKind::Assert)),
    ("guard_refinement", Prim::Guard(CheckKind::Refinement)),
    ("guard_row_check", Prim::Guard(CheckKind::RowCheck)),
    ("guard_transition", Prim::Guard(CheckKind::Transition)),
    ("guard_requires", Prim::Guard(CheckKind::Requires)),
    ("guard_ensures", Prim::Guard(CheckKind::Ensures)),
    ("guard_present", Prim::Guard(CheckKind::Present)),
    ("guard_only", Prim::Guard(CheckKind::Only)),
    ("guard_proof", Prim::Guard(CheckKind::Proof)),
    ("to_map", Prim::ToMap),
    ("entries", Prim::Entries),
    ("tag_of", Prim::TagOf),
];

/// Primitives that are written between their operands, and only there where the type of the left operand chooses
/// the primitive again: see [`infix`].
pub const INFIX: &[(&str, &[Prim])] = &[
    ("==", &[Prim::Eq]),
    ("!=", &[Prim::Ne]),
    ("<", &[Prim::Lt]),
    ("<=", &[Prim::Le]),
    (">", &[Prim::Gt]),
    (">=", &[Prim::Ge]),
    ("+", &[Prim::AddInt, Prim::AddDecimal, Prim::AddFloat, Prim::AddDuration, Prim::AddDurations]),
    ("-", &[Prim::SubInt, Prim::SubDecimal, Prim::SubFloat, Prim::SubDuration, Prim::Elapsed, Prim::SubDurations]),
    ("*", &[Prim::MulInt, Prim::MulDecimal, Prim::MulFloat, Prim::ScaleDuration]),
];

/// The primitive that an operator means over operands of these types.
pub fn infix(operator: &str, left: &crate::ir::Type, right: &crate::ir::Type) -> Option<Prim> {
    let (_, candidates) = INFIX.iter().find(|(op, _)| *op == operator)?;
    candidates.iter().copied().find(|prim| crate::typing::prim_result(*prim, &[left, right]).is_some())
}

/// The operator of a primitive, where operands of these types lead back to it.
pub fn operator(prim: Prim, left: &crate::ir::Type, right: &crate::ir::Type) -> Option<&'static str> {
    let (operator, _) = INFIX.iter().find(|(_, prims)| prims.contains(&prim))?;
    (infix(operator, left, right) == Some(prim)).then_some(operator)
}

/// Aggregate functions by name; [`AggregateFn::Percentile`] carries a number.
pub const AGGREGATES: &[(&str, AggregateFn)] = &[
    ("count", AggregateFn::Count),
    ("sum", AggregateFn::Sum),
    ("avg", AggregateFn::Avg),
    ("min", AggregateFn::Min),
    ("max", AggregateFn::Max),
    ("any", AggregateFn::Any),
    ("all", AggregateFn::All),
    ("list", AggregateFn::List),
    ("list_distinct", AggregateFn::ListDistinct),
    ("count_distinct", AggregateFn::CountDistinct),
    ("sum_distinct", AggregateFn::SumDistinct),
    ("avg_distinct", AggregateFn::AvgDistinct),
    ("first", AggregateFn::First),
    ("stddev", AggregateFn::StdDev),
];

/// Window functions by name; an aggregate stands under its own name.
pub const WINDOWS: &[(&str, WindowFn)] = &[
    ("rank", WindowFn::Rank),
    ("dense_rank", WindowFn::DenseRank),
    ("row_number", WindowFn::RowNumber),
    ("lag", WindowFn::Lag),
    ("lead", WindowFn::Lead),
];

/// Kinds of checks by name.
pub const CHECKS: &[(&str, CheckKind)] = &[
    ("assert", CheckKind::Assert),
    ("refinement", CheckKind::Refinement),
    ("row_check", CheckKind::RowCheck),
    ("transition", CheckKind::Transition),
    ("requires", CheckKind::Requires),
    ("ensures", CheckKind::Ensures),
    ("present", CheckKind::Present),
    ("only", CheckKind::Only),
    ("proof", CheckKind::Proof),
];

/// The word of an entry of a table.
pub fn word<T: PartialEq>(table: &[(&'static str, T)], entry: &T) -> Option<&'static str> {
    table.iter().find(|(_, e)| e == entry).map(|(word, _)| *word)
}

/// The entry of a word.
pub fn entry<T: Copy>(table: &[(&'static str, T)], word: &str) -> Option<T> {
    table.iter().find(|(w, _)| *w == word).map(|(_, e)| *e)
}

/// Words of constants that tell their type.
pub const CONSTANTS: &[&str] = &["instant", "datetime", "date", "time", "duration", "id", "uuid", "json"];

/// Words that begin an expression by themselves, so that a variable of that name is written with its number.
pub const RESERVED: &[&str] =
    &["true", "false", "unit", "none", "call", "query", "case", "const", "builtin", "and", "or", "all", "offset"];
