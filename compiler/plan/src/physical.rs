//! Physical plans: what `codegen` compiles, one function per pipeline, and what `explain` shows.
//!
//! A [`Plan`] is a list of [`Temp`]s, filled in order, and a tree of operators whose rows the output folds.
//! The variables of a plan are those of its query (same numbers, same types) and more; an operator *binds*
//! variables, and everything above it up to the next breaker may use them. Expressions are Core's, with
//! these invariants:
//!
//! - no expression contains `ExprKind::Query`; `Follow` may stand anywhere and never fails;
//! - every variable is bound once, before it is used; parameters are bound from the start;
//! - an operator that stores rows says which variables it stores (`payload`); below it others may exist,
//!   above it only those and what it binds itself do.
//!
//! Order. Operators yield rows in any order they like, except where the order is said: [`OpKind::Sort`]
//! yields its order, a [`Lookup`](OpKind::Lookup) in an ordered index yields the rows of one input row in the
//! order of the index, and `Filter`, `Map`, `Unnest`, `Lookup` (input order first), the left (probe) side of
//! joins, `Limit`, an `Aggregate` in order (by the first row of each group) and the left side of `GroupJoin` and `Fold`
//! keep the order of their input. Where the
//! meaning of a query depends on an order, the plan has it as explicit sort keys that no two different rows
//! share.
//!
//! Failing. An expression that can fail is evaluated on exactly the rows on which the query's text evaluates
//! it, so generated code may fail as soon as it meets one; it must not evaluate any expression of an operator
//! on a row that does not reach that operator. `early_stop` of an operator says that reading no further rows
//! than are needed is allowed.

use serde::{Deserialize, Serialize};
use tenon_core::ir::{
    AggregateFn, Bound, Expr, FieldId, Frame, Lift, Name, QueryId, RelationId, SiteId, SortKey, VarId, VarInfo,
    WindowFn,
};

/// A compiled query, before code generation.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Plan {
    /// The query it computes.
    pub query: QueryId,
    /// The name of the item the query stands in.
    pub name: Name,
    /// Parameters, bound before the plan starts.
    pub params: Vec<VarId>,
    /// All variables: those of the query, then those that the planner added.
    pub vars: Vec<VarInfo>,
    /// Intermediate results, filled in this order; each may read those before it.
    pub temps: Vec<Temp>,
    /// The operators.
    pub root: Op,
    /// What becomes of the rows of the root.
    pub output: Output,
    /// Where the query stands.
    pub site: SiteId,
}

/// The number of an intermediate result of a plan; an index into [`Plan::temps`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct TempId(pub u32);

/// An intermediate result: rows that are computed once and read several times.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Temp {
    /// Its columns: variables of `input`.
    pub vars: Vec<VarId>,
    /// What fills it.
    pub input: Op,
}

/// What becomes of the rows.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Output {
    /// Every row as an element, in the order in which they come. The representation of list, bag and set is
    /// the same; if the query's type is a set, `set` is true, and the output sorts by the order of the element
    /// type and drops duplicates.
    Collect {
        /// The element.
        element: Expr,
        /// Sort and drop duplicates.
        set: bool,
    },
    /// A map; a later row replaces an earlier one of the same key.
    CollectMap {
        /// The key.
        key: Expr,
        /// The value.
        value: Expr,
    },
    /// The element of the first row as an option; `none` without a row. If the element's type is an option
    /// itself, it is the result as it is.
    First {
        /// The element.
        element: Expr,
        /// Need not read on after the first row.
        early_stop: bool,
    },
    /// The element of the only row; there is exactly one.
    One(Expr),
    /// Whether there is a row.
    Exists {
        /// Need not read on after the first row.
        early_stop: bool,
    },
}

/// An operator with what the planner knows of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Op {
    /// Its number in the plan, unique, dense from 0: the index of its counter when a run counts rows.
    pub id: u32,
    /// What it does.
    pub kind: OpKind,
    /// How many rows it is expected to yield in all.
    pub est_rows: f64,
    /// Where the clause stands that it comes from, if it comes from one.
    pub site: Option<SiteId>,
}

/// The operators. "Yields" means: calls its consumer once for each.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum OpKind {
    /// Yields one row that binds nothing.
    Unit,
    /// Yields every visible row of a relation, in the order of its slots.
    Scan {
        /// The relation.
        relation: RelationId,
        /// Bound to the row (type `Row`).
        var: VarId,
        /// The fields that anything above reads through `var`, ascending.
        fields: Vec<FieldId>,
        /// Conjuncts on single rows of this relation and the parameters that are evaluated in the scan, in
        /// order, stopping at the first that is false (the place for kernels). May be empty.
        predicates: Vec<Expr>,
    },
    /// Yields one row that binds the number of rows of a relation (Int): a number that the store keeps.
    CountRows {
        /// The relation.
        relation: RelationId,
        /// Bound to the number.
        var: VarId,
    },
    /// Yields the rows of a temp, in the order in which they came, under new variables.
    ReadTemp {
        /// Which.
        temp: TempId,
        /// `(column of the temp, variable bound to it)`; columns that are not needed are missing.
        columns: Vec<(VarId, VarId)>,
    },
    /// For each input row, the rows of a relation that an index (or a reference) leads to: an index look-up
    /// join. With `Unit` as its input it is an index scan.
    Lookup {
        /// Input; the expressions of `access` see its variables.
        input: Box<Op>,
        /// The relation.
        relation: RelationId,
        /// Bound to the row (type `Row`).
        var: VarId,
        /// How rows are found.
        access: Access,
        /// What has to hold of a found row besides: conjuncts over the input's variables and `var`.
        residual: Vec<Expr>,
        /// What found rows do to the input row.
        kind: Kind,
        /// The fields that anything above, or `residual`, reads through `var`, ascending.
        fields: Vec<FieldId>,
    },
    /// The rows on which all predicates hold, evaluated in order, stopping at the first that is false.
    Filter {
        /// Input.
        input: Box<Op>,
        /// Bools.
        predicates: Vec<Expr>,
    },
    /// Adds computed variables, each seeing those before it.
    Map {
        /// Input.
        input: Box<Op>,
        /// The variables.
        defs: Vec<(VarId, Expr)>,
    },
    /// For each input row, the elements of a collection in order.
    Unnest {
        /// Input; `source` sees its variables.
        input: Box<Op>,
        /// A list, bag, set, or `ExprKind::Range` (which need not be materialised).
        source: Expr,
        /// Bound to the element.
        var: VarId,
        /// Bound to the position from 0 (Int), if anything above uses it.
        index: Option<VarId>,
    },
    /// A hash join: a table is built from `build`, then the rows of `probe` look their partners up.
    /// Equality of keys is `Prim::Eq` of the type (`none` equals `none`).
    HashJoin {
        /// The streaming side, called left in `kind`.
        probe: Box<Op>,
        /// The materialised side.
        build: Box<Op>,
        /// What partners do to the probe row.
        kind: Kind,
        /// Pairs of (expression over probe, expression over build) that must be equal; at least one.
        keys: Vec<(Expr, Expr)>,
        /// What has to hold besides, over both sides.
        residual: Vec<Expr>,
        /// The variables of the build side that are stored: used by `residual` or above.
        payload: Vec<VarId>,
        /// At most one build row has any one key.
        unique: bool,
    },
    /// Every pair of rows on which the predicates hold: `inner` is materialised first.
    NestedLoop {
        /// The streaming side, called left in `kind`.
        outer: Box<Op>,
        /// The materialised side.
        inner: Box<Op>,
        /// What partners do to the outer row.
        kind: Kind,
        /// Conjuncts over both sides; may be empty.
        predicates: Vec<Expr>,
        /// The variables of the inner side that are stored.
        payload: Vec<VarId>,
    },
    /// Groups and folds. Yields one row per group, that binds keys and aggregates, in any order unless the strategy says
    /// one; without
    /// keys and with `all`, exactly one row; without keys and without `all`, one row if there is input.
    /// Without aggregates it is duplicate elimination; then a key may be bound to the very variable that it
    /// is the value of.
    Aggregate {
        /// Input.
        input: Box<Op>,
        /// The keys; equality of rows and references is equality of identity.
        keys: Vec<(VarId, Expr)>,
        /// Variables that are the same in all rows of a group, kept from its first row.
        payload: Vec<VarId>,
        /// The aggregates.
        aggregates: Vec<(VarId, Aggregate)>,
        /// One row even over nothing; then `keys` is empty.
        all: bool,
        /// How groups are found.
        strategy: GroupStrategy,
    },
    /// For each left row, one row that also binds the aggregates over the right rows of equal key; over
    /// nothing where there are none. The right side's aggregate expressions are evaluated only on right rows
    /// whose key some left row has: build a table of left keys, stream the right side into it, then yield the
    /// left rows in their order.
    GroupJoin {
        /// The rows that stay.
        left: Box<Op>,
        /// The rows that are folded.
        right: Box<Op>,
        /// Pairs of (expression over left, expression over right); empty: every right row belongs to every left one.
        keys: Vec<(Expr, Expr)>,
        /// Folds over right variables (and parameters) alone.
        aggregates: Vec<(VarId, Aggregate)>,
        /// The variables of the left side that are stored: used above.
        payload: Vec<VarId>,
        /// No two left rows have the same key.
        unique: bool,
    },
    /// For each left row, one row that also binds the aggregates over the rows of `right`, whose expressions
    /// see the left row's variables. `right` is a chain of `Lookup`, `Filter`, `Map`, `Unnest` and `Fold` over
    /// `Unit`: index look-ups and collections of the row, so that nothing is scanned per row.
    Fold {
        /// The rows that stay.
        left: Box<Op>,
        /// The chain.
        right: Box<Op>,
        /// Folds over left and right variables.
        aggregates: Vec<(VarId, Aggregate)>,
    },
    /// Adds window values; leaves all rows, in any order.
    Window {
        /// Input.
        input: Box<Op>,
        /// Rows of equal values stand in one partition.
        partition: Vec<Expr>,
        /// The order of rows in a partition that `windows` are computed over: the written order (the first
        /// `peers` keys), then the order of the input.
        order: Vec<SortKey>,
        /// Rows that agree on so many leading keys of `order` are peers.
        peers: usize,
        /// The values.
        windows: Vec<(VarId, WindowValue)>,
        /// The variables that are stored: used above, or by expressions here.
        payload: Vec<VarId>,
    },
    /// Orders the rows, all or the first of them; of each partition, if there is one.
    Sort {
        /// Input.
        input: Box<Op>,
        /// Rows of equal values stand in one partition; `limit` and `offset` count per partition. Usually empty. The
        /// rows come partition by partition, in any order of partitions.
        partition: Vec<Expr>,
        /// Most significant first. No two rows that differ in what is used above are equal in all keys.
        keys: Vec<SortKey>,
        /// Top-k: at most so many rows (Int; negative counts as 0) are left …
        limit: Option<Expr>,
        /// … after leaving out so many.
        offset: Option<Expr>,
        /// The variables that are stored: used above.
        payload: Vec<VarId>,
    },
    /// The first rows of an ordered input. Negative numbers count as 0.
    Limit {
        /// Input.
        input: Box<Op>,
        /// At most so many (Int).
        limit: Option<Expr>,
        /// Leaving out so many first (Int).
        offset: Option<Expr>,
        /// Need not read on when the limit is reached.
        early_stop: bool,
    },
    /// The rows of the inputs, one input after the other, under common variables.
    Concat {
        /// `(input, variables of the input in the order of vars)`.
        inputs: Vec<(Op, Vec<VarId>)>,
        /// Bound to the columns.
        vars: Vec<VarId>,
    },
}

/// What the rows that a join finds do to the left row (the input, probe or outer row).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Kind {
    /// The left row once per partner, with the right variables bound.
    Inner,
    /// As `Inner`, but at least once. Above, the `to` variables stand for the `from` variables: present for a
    /// partner, `none` where there is none.
    Left(Vec<Lift>),
    /// The left row if there is a partner.
    Semi,
    /// The left row if there is no partner.
    Anti,
    /// The left row once; the variable (Bool) says whether there is a partner.
    Mark(VarId),
}

/// How the rows of a relation are found. Expressions see the variables of the look-up's input.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Access {
    /// The row that a reference (type `Ref`) names: an array access. The row is always there.
    Reference(Expr),
    /// The row under a key: one value per key field. None or one row.
    Key(Vec<Expr>),
    /// The row under a unique: its number in the relation, and one value per field of it. None or one row.
    Unique(u32, Vec<Expr>),
    /// Rows of a secondary index.
    Index {
        /// Its number in `schema.relations[relation].indexes`.
        index: u32,
        /// Values of the first parts of the index (of all parts, if it is a hash index).
        equal: Vec<Expr>,
        /// Bound on the values of the next part of an ordered index, whatever the direction of the part.
        lower: Option<Limit>,
        /// Bound from above, as `lower`.
        upper: Option<Limit>,
        /// Read from the end to the beginning.
        reverse: bool,
    },
}

/// One end of a range.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Limit {
    /// The value.
    pub value: Expr,
    /// The value itself belongs to the range.
    pub inclusive: bool,
}

/// How an aggregation finds the group of a row.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum GroupStrategy {
    /// A hash table.
    Hash,
    /// Rows of a group come one after the other; a group is complete when the next one begins, and leaves then.
    Ordered,
    /// The only key is a reference or row of this relation: an array by entity number.
    Entity(RelationId),
    /// There is one group: no keys.
    Single,
}

/// A fold over rows. Semantics are those of `tenon_core::ir::Aggregate`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Aggregate {
    /// Which. If the variable of a `List` is a set, elements are sorted by the order of their type and
    /// duplicates dropped.
    pub function: AggregateFn,
    /// What is folded. An argument of type `T?` skips `none` and the aggregate sees the `T`, unless `keep_none`.
    pub argument: Option<Expr>,
    /// `none` is an element like any other (lists that hold query results).
    pub keep_none: bool,
    /// Fold once per distinct value of these; `None`: once per row. Of rows of equal grain, `List` and `First`
    /// take the first one in `order`; for other functions it makes no difference.
    pub grain: Option<Vec<Expr>>,
    /// Only rows on which all of these hold, evaluated in order, before anything else.
    pub filter: Vec<Expr>,
    /// For `List` and `First`: the order of the elements. Empty: the order in which rows come.
    pub order: Vec<SortKey>,
    /// For `List`: only so many elements …
    pub limit: Option<Expr>,
    /// … after leaving out so many.
    pub offset: Option<Expr>,
}

/// A window value. Semantics are those of `tenon_core::ir::WindowExpr`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct WindowValue {
    /// Which.
    pub function: WindowFn,
    /// Its arguments.
    pub arguments: Vec<Expr>,
    /// Which rows an aggregate sees.
    pub frame: Frame,
}

impl WindowValue {
    /// The expressions in the bounds of its frame.
    pub fn bounds(&self) -> impl Iterator<Item = &Expr> {
        let ends = match &self.frame {
            Frame::Rows(from, to) => [Some(from), Some(to)],
            Frame::Partition | Frame::ToCurrent => [None, None],
        };
        ends.into_iter().flatten().filter_map(|end| match end {
            Bound::Before(n) | Bound::After(n) => Some(n),
            Bound::Current => None,
        })
    }
}
