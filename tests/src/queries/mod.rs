//! Queries in source text, drawn from a seed, each with the same question in SQL.
//!
//! A [`Schema`] has a few relations with fields of small types, references, collections, indexes and uniques; [`Data`] has
//! rows for it, some with numbers at the ends of `Int`. A [`Query`] is a list of [`Stage`]s, written as clauses of Tenon
//! and as subselects of SQL that stand in each other: a stage keeps the columns of the one before it and adds its own, whose
//! names are unique in the query, so that expressions are translated without knowing where they stand. The order of the
//! language is said to SQL as terms of `order by`.
//!
//! A query need not check. Whoever runs it leaves out what the checker refuses, and compares with SQL only what
//! ends with a value: SQL knows no fault.

mod draw;
mod schema;
mod smaller;
mod text;

pub use draw::query;
pub use schema::{Data, PARAMETERS, Schema, arguments, json, literal};
pub use smaller::smaller;
pub use text::with_parameters;

/// What a type is without its `?`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Base {
    /// `Int`.
    Int,
    /// `Text`.
    Text,
    /// `Bool`; 0 and 1 in SQL.
    Bool,
    /// `Decimal(2)`; hundredths in SQL.
    Decimal,
    /// `Date`; days in SQL.
    Date,
    /// A row of a relation; its key in SQL.
    Row(usize),
    /// The records of a nested query, or the elements of a field; JSON in SQL.
    List,
}

/// A type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ty {
    /// Without its `?`.
    pub base: Base,
    /// Whether it has one.
    pub optional: bool,
}

impl Base {
    /// The type of values that are there.
    pub fn there(self) -> Ty {
        Ty { base: self, optional: false }
    }

    /// The type of values that may be missing.
    pub fn or_none(self) -> Ty {
        Ty { base: self, optional: true }
    }
}

/// An expression in both languages.
#[derive(Clone, PartialEq, Debug)]
pub struct Expr {
    /// Its type.
    pub ty: Ty,
    /// In Tenon. `#0` is the text of the first part; of a query `#s0` is its first source, `#w0` the condition behind it.
    pub tenon: String,
    /// In SQL. `#0` is the text of the first part; of a query `#o0` are the terms of its order, `#c0` is its first column,
    /// `#r0` the JSON of a row, `#f0` its first source, `#w0` the condition behind it.
    pub sql: String,
    /// What stands in it.
    pub parts: Vec<Part>,
}

/// A part of an expression.
#[derive(Clone, PartialEq, Debug)]
pub enum Part {
    /// An expression.
    Expr(Expr),
    /// A nested query.
    Query(Query),
}

/// A query.
#[derive(Clone, PartialEq, Debug)]
pub struct Query {
    /// Its clauses, in order.
    pub stages: Vec<Stage>,
}

/// What rows come from.
#[derive(Clone, PartialEq, Debug)]
pub enum Source {
    /// A relation.
    Relation(usize),
    /// The rows of a relation whose field, a reference, is the value of an expression.
    Inverse(usize, usize, Expr),
    /// The elements of a list.
    Elements(Expr),
    /// The records of another query: its names stay.
    Query(Box<Query>),
}

/// A clause.
#[derive(Clone, PartialEq, Debug)]
pub enum Stage {
    /// `from`.
    From {
        /// The name of a row.
        name: String,
        /// Where it comes from.
        source: Source,
    },
    /// `join`, with its condition where the source does not say it; `left`.
    Join {
        /// The name of a row.
        name: String,
        /// Where it comes from.
        source: Source,
        /// Whether rows without a partner stay.
        left: bool,
        /// The condition.
        on: Option<Expr>,
    },
    /// `where`.
    Where(Expr),
    /// `with`.
    With(String, Expr),
    /// `with` a window function.
    Window {
        /// The name of the value.
        name: String,
        /// The function; `~` stands for `over (…)` in SQL.
        value: Expr,
        /// `partition by`.
        partition: Option<Expr>,
        /// `order by`.
        order: Vec<Key>,
        /// So many rows before the current one to so many after it.
        frame: Option<(u64, u64)>,
        /// Whether the order of the rows before decides between equals.
        whole: bool,
    },
    /// `group by` or `group all`, followed by a `with` per aggregate.
    Group {
        /// None: `group all`.
        keys: Vec<Grouping>,
        /// Names and values.
        aggregates: Vec<(String, Expr)>,
    },
    /// `order by`.
    Order(Vec<Key>),
    /// `limit`, `offset`.
    Limit(Expr, Option<Expr>),
    /// `select` of a record, or of a plain value.
    Select {
        /// Names and values.
        fields: Vec<(String, Expr)>,
        /// A record, or the value of the only field.
        record: bool,
        /// `select distinct`.
        distinct: bool,
    },
}

/// What groups have in common.
#[derive(Clone, PartialEq, Debug)]
pub enum Grouping {
    /// A value under a name.
    Value(String, Expr),
    /// A row variable, by its name and relation.
    Row(String, usize),
}

/// A sort key.
#[derive(Clone, PartialEq, Debug)]
pub struct Key {
    /// The name of its column in SQL.
    pub name: String,
    /// Its value.
    pub value: Expr,
    /// `desc`.
    pub descending: bool,
    /// `none first`.
    pub none_first: bool,
}

impl Expr {
    /// An expression without parts.
    pub fn plain(ty: Ty, tenon: impl Into<String>, sql: impl Into<String>) -> Expr {
        Expr { ty, tenon: tenon.into(), sql: sql.into(), parts: Vec::new() }
    }

    /// An expression of other ones.
    pub fn of<const N: usize>(ty: Ty, tenon: impl Into<String>, sql: impl Into<String>, parts: [Expr; N]) -> Expr {
        Expr { ty, tenon: tenon.into(), sql: sql.into(), parts: parts.into_iter().map(Part::Expr).collect() }
    }

    /// As `of`, with a query as its last part.
    pub fn over<const N: usize>(
        ty: Ty,
        tenon: impl Into<String>,
        sql: impl Into<String>,
        parts: [Expr; N],
        query: Query,
    ) -> Expr {
        let mut out = Expr::of(ty, tenon, sql, parts);
        out.parts.push(Part::Query(query));
        out
    }
}
