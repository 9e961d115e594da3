//! Queries: closed operator trees over variables.
//!
//! An operator binds variables; an expression above it may use them. Scopes only grow upwards, except at
//! [`Rel::Group`], which leaves its keys and aggregates; at [`Rel::Distinct`] and [`Rel::SetOp`], which
//! leave what they name; and on the right side of `Left` joins, whose variables are lifted to options.
//! [`Rel::Apply`] is the one operator whose right input sees the variables of its left input. The
//! evaluator runs it literally; `plan` removes every one.

use super::{Expr, Name, QueryId, RelationId, SiteId, VarId, VarInfo};
use serde::{Deserialize, Serialize};

/// A closed query.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Query {
    /// Its number in the program.
    pub id: QueryId,
    /// The name of the item it stands in, for `explain` and traces.
    pub name: Name,
    /// Its inputs: variables bound before it starts.
    pub params: Vec<VarId>,
    /// All variables, parameters included.
    pub vars: Vec<VarInfo>,
    /// The operators.
    pub root: Rel,
    /// What becomes of the rows.
    pub output: Output,
    /// Where it stands.
    pub site: SiteId,
}

/// What a query yields.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Output {
    /// Every row as an element, in the order of the root (a [`Rel::Sort`] gives it one). The collection
    /// type is the type of the expression that holds the query: list, bag, set.
    Collect(Expr),
    /// A map from the first to the second expression; a later row replaces an earlier one.
    CollectMap(Expr, Expr),
    /// The element of the first row, as an option.
    First(Expr),
    /// The element of the only row: the root is a `Group` without keys, or the like.
    One(Expr),
    /// Whether there is a row.
    Exists,
}

/// A relational operator.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Rel {
    /// One row without variables.
    Unit,
    /// The rows of a relation; binds a variable of type `Row(relation)`.
    Scan {
        /// The relation.
        relation: RelationId,
        /// Bound to each row.
        var: VarId,
        /// Where it stands.
        site: SiteId,
    },
    /// The elements of a list, bag, set or range, in order. The source may use variables of an enclosing `Apply`.
    Unnest {
        /// The collection.
        source: Expr,
        /// Bound to each element.
        var: VarId,
        /// Bound to the position, from 0 (Int).
        index: VarId,
    },
    /// The rows on which the predicate holds.
    Filter {
        /// Input.
        input: Box<Rel>,
        /// A Bool.
        predicate: Expr,
    },
    /// Adds computed variables, each seeing those before it.
    Map {
        /// Input.
        input: Box<Rel>,
        /// The variables.
        defs: Vec<(VarId, Expr)>,
    },
    /// Combinations of left and right rows on which `on` holds. The right input sees nothing of the left one.
    Join {
        /// Inner or left.
        kind: JoinKind,
        /// Left input.
        left: Box<Rel>,
        /// Right input.
        right: Box<Rel>,
        /// A Bool over both sides; a cross join has the literal `true`.
        on: Expr,
    },
    /// For each left row, the rows of the right input, which sees the left row's variables.
    Apply {
        /// What the right rows do to the left row.
        kind: Apply,
        /// Left input.
        left: Box<Rel>,
        /// Right input.
        right: Box<Rel>,
    },
    /// Groups. Without keys: exactly one row, also over nothing.
    Group {
        /// Input.
        input: Box<Rel>,
        /// The keys; equality of rows is equality of their keys.
        keys: Vec<(VarId, Expr)>,
        /// The aggregates.
        aggregates: Vec<(VarId, Aggregate)>,
        /// True for the one group over everything (`group all`, or a fold of a collection): one row even
        /// where there is none. Then `keys` is empty.
        all: bool,
    },
    /// Adds window values; leaves all rows.
    Window {
        /// Input.
        input: Box<Rel>,
        /// The variables.
        windows: Vec<(VarId, WindowExpr)>,
    },
    /// Orders the rows; stable.
    Sort {
        /// Input.
        input: Box<Rel>,
        /// Most significant first.
        keys: Vec<SortKey>,
    },
    /// The first rows. `None` is no limit. A negative number counts as 0.
    Limit {
        /// Input.
        input: Box<Rel>,
        /// At most so many (Int).
        limit: Option<Expr>,
        /// Skipping so many (Int).
        offset: Option<Expr>,
    },
    /// One row per distinct combination of these variables; only they remain. Keeps the first of equals.
    Distinct {
        /// Input.
        input: Box<Rel>,
        /// What is compared, and kept.
        vars: Vec<VarId>,
    },
    /// Rows of two inputs under common variables: `(result, left, right)`.
    SetOp {
        /// Which.
        kind: SetOpKind,
        /// Left input.
        left: Box<Rel>,
        /// Right input.
        right: Box<Rel>,
        /// Result variable, left variable, right variable.
        vars: Vec<(VarId, VarId, VarId)>,
    },
}

/// Kinds of joins.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum JoinKind {
    /// Rows that match.
    Inner,
    /// Every left row; the right variables are lifted to options and are `none` where nothing matched.
    Left(Vec<Lift>),
}

/// A variable of the right side of a left join (or apply), and the option that stands for it above.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Lift {
    /// The variable below, of type `T`.
    pub from: VarId,
    /// The variable above, of type `T?`.
    pub to: VarId,
}

/// What an `Apply` makes of the right rows of one left row.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Apply {
    /// The left row once per right row, with the right variables.
    Inner,
    /// As `Inner`, but at least once; the right variables are lifted to options.
    Left(Vec<Lift>),
    /// The left row once; the variable (Bool) says whether there is a right row.
    Exists(VarId),
    /// The left row once; the variable holds the elements of the right rows, in their order. Its type is
    /// list, bag or set.
    Collect(VarId, Expr),
}

/// Kinds of set operators. Rows are compared by all result variables.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum SetOpKind {
    /// All of both.
    UnionAll,
    /// Distinct rows of both.
    Union,
    /// Distinct left rows that are not among the right ones.
    Except,
    /// Distinct left rows that are among the right ones.
    Intersect,
}

/// One sort key.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SortKey {
    /// By what.
    pub expr: Expr,
    /// Greatest first.
    pub descending: bool,
    /// `none` before everything, whatever the direction; otherwise after everything, whatever the direction.
    pub none_first: bool,
}

/// An aggregate over the rows of a group.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Aggregate {
    /// Which.
    pub function: AggregateFn,
    /// What is folded; `Count` has none. An argument of type `T?` skips `none`; the aggregate sees the `T`.
    pub argument: Option<Expr>,
    /// Fold once per distinct value of these expressions (the grain); `None`: once per row.
    pub grain: Option<Vec<Expr>>,
    /// Only rows on which this holds.
    pub filter: Option<Expr>,
    /// For `List` and `First`: the order of the elements; input order breaks ties.
    pub order: Vec<SortKey>,
}

/// Aggregate functions. Result types: `T` of the argument unless said otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum AggregateFn {
    /// Number of rows (of grains, if there is a grain). Int.
    Count,
    /// Sum; 0 of nothing. Int and Decimal accumulate in 128 bits and narrow once; Float is exact.
    Sum,
    /// Mean, `T?` unless the type of the variable says that it is never empty. Int and Decimal: Decimal of
    /// the variable's scale, half-even. Float: Float.
    Avg,
    /// Least; typed as `Avg`.
    Min,
    /// Greatest; typed as `Avg`.
    Max,
    /// Whether one is true; false of nothing.
    Any,
    /// Whether all are true; true of nothing.
    All,
    /// The list of values.
    List,
    /// The list of distinct values, in the order of the type.
    ListDistinct,
    /// Number of distinct values. Int.
    CountDistinct,
    /// Sum of distinct values.
    SumDistinct,
    /// Mean of distinct values.
    AvgDistinct,
    /// The first value in the aggregate's order, `T?`.
    First,
    /// Nearest-rank percentile; the fraction in parts per million. `T?`, typed as `Avg`.
    Percentile(u32),
    /// Sample standard deviation. Float.
    StdDev,
}

impl AggregateFn {
    /// Whether folding values that are there can end in a fault: sums that are out of range, also where a mean is made of
    /// them.
    pub fn can_fail(self) -> bool {
        match self {
            AggregateFn::Sum
            | AggregateFn::Avg
            | AggregateFn::SumDistinct
            | AggregateFn::AvgDistinct
            | AggregateFn::StdDev => true,
            AggregateFn::Count
            | AggregateFn::Min
            | AggregateFn::Max
            | AggregateFn::Any
            | AggregateFn::All
            | AggregateFn::List
            | AggregateFn::ListDistinct
            | AggregateFn::CountDistinct
            | AggregateFn::First
            | AggregateFn::Percentile(_) => false,
        }
    }
}

/// A window value.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct WindowExpr {
    /// Which.
    pub function: WindowFn,
    /// Arguments: as the function says.
    pub arguments: Vec<Expr>,
    /// Rows of equal values stand in one partition.
    pub partition: Vec<Expr>,
    /// The order in the partition; input order breaks ties.
    pub order: Vec<SortKey>,
    /// Which rows an aggregate sees.
    pub frame: Frame,
}

/// Window functions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum WindowFn {
    /// An aggregate over the frame; one argument (none for `Count`).
    Aggregate(AggregateFn),
    /// 1 + number of rows before the first peer. Int.
    Rank,
    /// Number of distinct order values up to this one. Int.
    DenseRank,
    /// Position from 1. Int.
    RowNumber,
    /// The value so many rows before (second argument, Int): `T?`.
    Lag,
    /// The value so many rows after (second argument, Int): `T?`.
    Lead,
}

/// The rows of a partition that an aggregate sees.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Frame {
    /// All rows of the partition.
    Partition,
    /// From the first row to the last peer of the current one.
    ToCurrent,
    /// From bound to bound, counted in rows.
    Rows(Bound, Bound),
}

/// One end of a frame.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Bound {
    /// So many rows before the current one: an Int of that row.
    Before(Expr),
    /// The current row.
    Current,
    /// So many rows after the current one: an Int of that row.
    After(Expr),
}
