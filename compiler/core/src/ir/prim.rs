//! Primitive operations. The scalar ones that generated code does inline stand here by themselves; the long
//! tail of library functions is [`Prim::Builtin`], whose table (names, types, documentation) is
//! `tenon_check::builtins`.

use super::{CheckKind, RegexId};
use serde::{Deserialize, Serialize};

/// A primitive. Operand types are as the name says; where it says nothing, both operands have the same type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Prim {
    /// Bool.
    Not,
    /// Structural equality, total, over any type; of rows and references, equality of keys.
    Eq,
    /// Its negation.
    Ne,
    /// The total order of the type: Text by code points, `none` last, records field by field, variants by tag.
    Lt,
    /// See [`Prim::Lt`].
    Le,
    /// See [`Prim::Lt`].
    Gt,
    /// See [`Prim::Lt`].
    Ge,
    /// Int; overflow is a fault, here and below.
    AddInt,
    /// Int.
    SubInt,
    /// Int.
    MulInt,
    /// Int.
    NegInt,
    /// Int: floor division. A zero divisor is a fault.
    DivInt,
    /// Int: the remainder of floor division. A zero divisor is a fault.
    ModInt,
    /// Int.
    AbsInt,
    /// Decimals of one scale.
    AddDecimal,
    /// Decimals of one scale.
    SubDecimal,
    /// The scale of the result is the sum of the scales of the operands.
    MulDecimal,
    /// Half-even at the scale of the result type. A zero divisor is a fault.
    DivDecimal,
    /// Decimal.
    NegDecimal,
    /// Decimal.
    AbsDecimal,
    /// Decimal to the scale of the result type: exact when it grows, half-even when it shrinks.
    Rescale,
    /// Int to the Decimal of the result type.
    IntToDecimal,
    /// Float; a result that is not finite is a fault, here and below.
    AddFloat,
    /// Float.
    SubFloat,
    /// Float.
    MulFloat,
    /// Float.
    DivFloat,
    /// Float.
    NegFloat,
    /// Float.
    AbsFloat,
    /// Int to Float.
    IntToFloat,
    /// Time point + Duration: Instant, DateTime; Date + Duration is not a primitive.
    AddDuration,
    /// Time point - Duration.
    SubDuration,
    /// Time point - time point of the same type: Duration. Date - Date: whole days as Duration.
    Elapsed,
    /// Duration + Duration.
    AddDurations,
    /// Duration - Duration.
    SubDurations,
    /// Duration * Int.
    ScaleDuration,
    /// Duration.
    NegDuration,
    /// Joins any number of Texts.
    Concat,
    /// Any value as the text that interpolation shows.
    ToText,
    /// True if the whole text matches the regular expression.
    Matches(RegexId),
    /// `x in c`: element of a list, bag, set; key of a map. Operands: element, collection.
    Contains,
    /// Number of elements of a collection, or of code points of a Text, or of octets of Bytes.
    Length,
    /// Element number (Int from 0) of a list: `T?`.
    ElementAt,
    /// Value under a key of a map: `V?`.
    ValueAt,
    /// Two lists, bags, one after the other; the union of two sets; two maps, the right one wins.
    Append,
    /// List or bag to set.
    ToSet,
    /// Set or bag to list: in its order. The elements stay as they are.
    ToList,
    /// A list of `(key, value)` records to a map; a later pair replaces an earlier one.
    ToMap,
    /// A map to the list of its `(key, value)` records, in key order.
    Entries,
    /// The tag of a variant as the bare variant `S.Tag` of the result type.
    TagOf,
    /// A checked value inside of a query, where no statement can stand: operands condition (Bool) and value. The
    /// value is evaluated only where the condition holds; otherwise the fault of [`super::Stmt::Check`].
    Guard(CheckKind),
    /// Duration divided by Int, rounded down. A zero divisor is a fault.
    DivDuration,
    /// A list to a bag, in its order.
    ToBag,
    /// A library function: the index of its row in `tenon_check::builtins`.
    Builtin(u16),
}

impl Prim {
    /// Whether it can end in a fault for some operands of its types; limits of the call aside.
    pub fn can_fail(self) -> bool {
        match self {
            Prim::Not
            | Prim::Eq
            | Prim::Ne
            | Prim::Lt
            | Prim::Le
            | Prim::Gt
            | Prim::Ge
            | Prim::NegFloat
            | Prim::AbsFloat
            | Prim::IntToFloat
            | Prim::Concat
            | Prim::ToText
            | Prim::Matches(_)
            | Prim::Contains
            | Prim::Length
            | Prim::ElementAt
            | Prim::ValueAt
            | Prim::Append
            | Prim::ToSet
            | Prim::ToList
            | Prim::ToBag
            | Prim::ToMap
            | Prim::Entries
            | Prim::TagOf => false,
            Prim::Builtin(n) => !crate::builtins::BUILTINS.get(usize::from(n)).is_some_and(|row| row.total),
            Prim::AddInt
            | Prim::SubInt
            | Prim::MulInt
            | Prim::NegInt
            | Prim::DivInt
            | Prim::ModInt
            | Prim::AbsInt
            | Prim::AddDecimal
            | Prim::SubDecimal
            | Prim::MulDecimal
            | Prim::DivDecimal
            | Prim::NegDecimal
            | Prim::AbsDecimal
            | Prim::Rescale
            | Prim::IntToDecimal
            | Prim::AddFloat
            | Prim::SubFloat
            | Prim::MulFloat
            | Prim::DivFloat
            | Prim::AddDuration
            | Prim::SubDuration
            | Prim::Elapsed
            | Prim::AddDurations
            | Prim::SubDurations
            | Prim::ScaleDuration
            | Prim::NegDuration
            | Prim::DivDuration
            | Prim::Guard(_) => true,
        }
    }
}
