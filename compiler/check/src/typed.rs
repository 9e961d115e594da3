//! The typed tree: what a body means, names resolved, types known, implicit conversions explicit, sugar of
//! syntax gone. Still high-level: queries are clauses, patterns are patterns, calls may be generic.
//! `core` lowers it; the editor reads it. Ranges are relative to the item.
//!
//! Every node that failed to check is [`ExprKind::Error`]; a tree that contains one is never lowered.

use crate::builtins::Builtin;
use crate::ty::{RuleRef, Symbol, Ty};
use smol_str::SmolStr;
use tenon_span::Range;

mod walk;
pub use walk::{any, children, for_each_child, for_each_child_mut, for_each_local_in_pattern, for_each_type_mut};

/// A local of a body: parameter, `let`, `var`, pattern, lambda parameter, row variable, query column, or an
/// aggregate's result. An index into [`Body::locals`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct LocalId(pub u32);

/// A checked body: of a function, a rule, a default, a computed field, a scenario.
#[derive(Clone, PartialEq, Debug)]
pub struct Body {
    /// All locals.
    pub locals: Vec<Local>,
    /// The parameters, in order; for rules and checks `it` (a refinement's value), or the row whose fields are
    /// in sight.
    pub params: Vec<LocalId>,
    /// The code; a body that yields nothing has type `Unit`.
    pub value: Expr,
}

/// A local.
#[derive(Clone, PartialEq, Debug)]
pub struct Local {
    /// What the source calls it; made-up locals have an empty name.
    pub name: SmolStr,
    /// Its type.
    pub ty: Ty,
    /// Declared by `var`.
    pub mutable: bool,
    /// Where it is declared.
    pub range: Range,
}

/// An expression.
#[derive(Clone, PartialEq, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Its type.
    pub ty: Ty,
    /// Where it stands.
    pub range: Range,
}

/// Expressions and statements alike: a statement is an expression of type `Unit` or `Never`.
#[derive(Clone, PartialEq, Debug)]
pub enum ExprKind {
    /// Reported already.
    Error,
    /// A constant of a base type, in the type of the node.
    Literal(Literal),
    /// A text with holes.
    Interpolate(Vec<TextPart>),
    /// A local.
    Local(LocalId),
    /// A `const` item.
    Const(Symbol),
    /// A field of a record.
    RecordField(Box<Expr>, SmolStr),
    /// A stored field of a row as read. A row-typed field is a reference; using it as a row reads the store
    /// at this moment (lowering knows).
    StoredField(Box<Expr>, SmolStr),
    /// A computed field of a row.
    ComputedField(Box<Expr>, SmolStr),
    /// The rows whose field `field` of `relation` refers to the row (an inverse): a bag.
    Inverse {
        /// The row.
        row: Box<Expr>,
        /// The relation that holds the reference.
        relation: Symbol,
        /// The reference field there.
        field: SmolStr,
    },
    /// A record, fields in the order of evaluation. The type may order them differently.
    Record(Vec<(SmolStr, Expr)>),
    /// A record type's absent field that a caller left out: the value of `f?: T` that is absent.
    Absent,
    /// A present value of an absent-able field `f?: T` (its type as seen by code is `T?`).
    PresentField(Box<Expr>),
    /// `has x.f`.
    Has(Box<Expr>, SmolStr),
    /// A case with all its fields in the order of declaration.
    Variant(Symbol, SmolStr, Vec<Expr>),
    /// `x.tag`.
    TagOf(Box<Expr>),
    /// A list, set or bag of elements, by the type of the node.
    Collection(Vec<Expr>),
    /// A map.
    Map(Vec<(Expr, Expr)>),
    /// A list of Ints; the end included if the flag is set.
    Range(Box<Expr>, Box<Expr>, bool),
    /// `x in a..b` of any ordered type, `a..=b` if the flag is set; each operand is evaluated once.
    InRange(Box<Expr>, Box<Expr>, Box<Expr>, bool),
    /// A field of a case; stands only where the value is known to be that case.
    CaseField(Box<Expr>, SmolStr, SmolStr),
    /// The default of a record type's field: the expression is found as a rule is.
    FieldDefault(RuleRef),
    /// `R` in an expression: the bag of the relation's rows.
    Rows(Symbol),
    /// `status.may_become(Closed)`: the transitions of a field allow the change from the first to the second value.
    MayBecome {
        /// The relation.
        relation: Symbol,
        /// Its field with `transitions`.
        field: SmolStr,
        /// The present value.
        from: Box<Expr>,
        /// The new value; a tag for some value of its case.
        to: Box<Expr>,
    },
    /// Negation of Int, Decimal, Float or Duration.
    Negate(Box<Expr>),
    /// `not`.
    Not(Box<Expr>),
    /// An operator; operand types agree as the operator wants (conversions are explicit).
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `t matches r"…"`: the regular expression is constant.
    Matches(Box<Expr>, SmolStr),
    /// `x is P`, binding the pattern's locals where it holds.
    Is(Box<Expr>, Pattern),
    /// An implicit conversion to the type of the node.
    Convert(Conversion, Box<Expr>),
    /// `if`; without `else` the second is a `Block` without statements.
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `match` and `if let`.
    Match(Box<Expr>, Vec<Arm>),
    /// Statements, and the value if the type of the node is not `Unit`.
    Block(Vec<Stmt>, Option<Box<Expr>>),
    /// `(x) => e`; stands only where it is an argument of a call or bound to a local.
    Lambda(Vec<LocalId>, Box<Expr>),
    /// A function as a value.
    FnValue(Symbol, Vec<Ty>),
    /// A call of a `fn`, `query` or `handler`: one argument per parameter, in the order of parameters.
    /// `types` are the type arguments.
    Call {
        /// The function.
        function: Symbol,
        /// Type arguments, in the order of the generics.
        types: Vec<Ty>,
        /// Arguments.
        args: Vec<Arg>,
    },
    /// A call of a function value.
    CallValue(Box<Expr>, Vec<Expr>),
    /// A library primitive.
    Builtin(Builtin, Vec<Expr>),
    /// `R[k]` (one expression per key field, or one of type `R.Key`) or `R[email: e]`: `R?`.
    Lookup {
        /// The relation.
        relation: Symbol,
        /// Index into its uniques; `None` for the key.
        unique: Option<u32>,
        /// The values.
        key: Vec<Expr>,
    },
    /// `xs[i]` of a list (`T?`), `m[k]` of a map (`V?`).
    Index(Box<Expr>, Box<Expr>),
    /// `x!`: a fault where `none`.
    Force(Box<Expr>),
    /// `x ?? d`.
    Coalesce(Box<Expr>, Box<Expr>),
    /// `x else …`: the value of an option, or what diverges.
    Else(Box<Expr>, Box<Expr>),
    /// `x?.…`: evaluates the body with the local bound to the value of the option; `none` otherwise. The body's
    /// type may itself be an option.
    OptionMap(Box<Expr>, LocalId, Box<Expr>),
    /// `N(value)`: the value if the rule (and those of its base) hold, else `none`.
    TryRefine(Box<Expr>),
    /// A query.
    Query(Box<Query>),
    /// `insert R(…)`: yields the row. Fields that are not named take their default.
    Insert {
        /// The relation.
        relation: Symbol,
        /// Field and value, in the order of evaluation.
        fields: Vec<(SmolStr, Expr)>,
        /// `..x`: a record whose present absent-able fields are set too.
        spread: Option<Box<Expr>>,
    },
    /// `upsert R(…)`.
    Upsert {
        /// The relation.
        relation: Symbol,
        /// Field and value, in the order of evaluation.
        fields: Vec<(SmolStr, Expr)>,
        /// Index of the unique that finds the row; `None` for the key.
        unique: Option<u32>,
    },
    /// `update row set …`: yields the new row.
    Update {
        /// The relation.
        relation: Symbol,
        /// The row.
        row: Box<Expr>,
        /// The assignments.
        sets: Vec<FieldSet>,
        /// `..x`: a record whose present absent-able fields are set too.
        spread: Option<Box<Expr>>,
    },
    /// `delete row`.
    Delete {
        /// The relation.
        relation: Symbol,
        /// The row.
        row: Box<Expr>,
    },
    /// `fail E(…)`: the error's fields in order, and the message if the program gives one here.
    Fail {
        /// The error; built-in ones live in the module `tenon`.
        error: Symbol,
        /// Its fields, in the order of declaration.
        fields: Vec<Expr>,
        /// A Text.
        message: Option<Box<Expr>>,
    },
    /// `assert e`.
    Assert(Box<Expr>, SmolStr),
    /// `return e`.
    Return(Option<Box<Expr>>),
    /// `break`.
    Break,
    /// `continue`.
    Continue,
    /// In a scenario: the count of answers with this error in the last `when`; `None` for `succeeded`.
    Outcomes(Option<Symbol>),
}

/// A constant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Literal {
    /// `none`.
    None,
    /// Bool.
    Bool(bool),
    /// Int.
    Int(i64),
    /// A Decimal: unscaled value at the scale of the node's type.
    Decimal(i64),
    /// A Float's bits.
    Float(u64),
    /// Text.
    Text(SmolStr),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Microseconds since the epoch, UTC.
    Instant(i64),
    /// Days since the epoch.
    Date(i32),
    /// Microseconds since midnight.
    Time(i64),
    /// Microseconds.
    Duration(i64),
}

/// A piece of an interpolated text.
#[derive(Clone, PartialEq, Debug)]
pub enum TextPart {
    /// Literal text.
    Text(SmolStr),
    /// A hole.
    Hole(Expr),
}

/// Binary operators. Arithmetic is on equal types except where it says otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BinaryOp {
    /// Int, Decimal (equal scales), Float, Text (joins), lists, sets and maps (joins), time point + Duration,
    /// Duration + Duration.
    Add,
    /// Int, Decimal, Float, time point - Duration, time point - time point, Duration - Duration, sets.
    Sub,
    /// Int, Decimal (scales add), Float, Duration * Int.
    Mul,
    /// Decimal (to the scale of the node), Float, Duration / Int. The divisor is checked.
    Div,
    /// `/?`: as `Div`, `none` for a zero divisor; the node is an option.
    DivOption,
    /// Int, floor. The divisor is checked.
    IntDiv,
    /// Int. The divisor is checked.
    Mod,
    /// Total equality.
    Eq,
    /// Its negation.
    Ne,
    /// Order of the type.
    Lt,
    /// Order of the type.
    Le,
    /// Order of the type.
    Gt,
    /// Order of the type.
    Ge,
    /// Short-circuit.
    And,
    /// Short-circuit.
    Or,
    /// `not a or b`, short-circuit.
    Implies,
    /// Element, collection (list, bag, set, range, or map by key).
    In,
}

/// Implicit conversions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Conversion {
    /// Forgets outer refinements, here or deep inside; no code.
    Forget,
    /// To a refined type. `checked`: nothing proves the rule, so it is checked at run time (a fault where it does not hold).
    Refine {
        /// False where the value is known to satisfy the rule.
        checked: bool,
    },
    /// `T` to `T?`.
    Some,
    /// An option known to be present by narrowing, to its value.
    Present,
    /// Int to Decimal of the node's scale.
    IntToDecimal,
    /// Decimal to a larger scale.
    WidenDecimal,
    /// Bag (or set) to list, in canonical order.
    BagToList,
    /// List to bag.
    ListToBag,
    /// A record to one with the same fields in another order, or whose field types convert; also collections of such.
    Reshape,
    /// To a refined type whether or not the rule holds: an argument of a call that a scenario wants to be refused. No code.
    Unchecked,
    /// A row to its key (`R.Key`), or a key to its base type; by the types.
    Key,
}

/// A call's argument.
#[derive(Clone, PartialEq, Debug)]
pub enum Arg {
    /// A value; of type `T?` where the parameter is `x?: T`.
    Value(Expr),
    /// The parameter's default, evaluated in the callee's scope.
    Default,
    /// An absent-able parameter that is left out.
    Absent,
}

/// An assignment in `update … set`.
#[derive(Clone, PartialEq, Debug)]
pub struct FieldSet {
    /// The stored field.
    pub field: SmolStr,
    /// Further fields inside of a record-typed field (`set address.city = …`).
    pub path: Vec<SmolStr>,
    /// `None` for `=`; `+=`, `-=`, `*=` read the store.
    pub op: Option<BinaryOp>,
    /// The value, converted to the field's type (for an operator: to the operand's type).
    pub value: Expr,
    /// Set where nothing proves that the result of the operator is in the field's type, so it is checked at run time.
    pub checked: bool,
    /// Set where the field has `transitions` and nothing proves that this change is one of them.
    pub transition_checked: bool,
    /// Where it stands.
    pub range: Range,
}

/// A statement.
#[derive(Clone, PartialEq, Debug)]
pub enum Stmt {
    /// `let P = e`, and `var`.
    Let(Pattern, Expr),
    /// `let P = e else …`, with a pattern that may not match.
    LetElse(Pattern, Expr, Expr),
    /// `x = e`, `x += e` (the operator is written out in the expression).
    Assign(LocalId, Expr),
    /// `for P in e { … }` over a list, bag, set, map's entries.
    For(Pattern, Expr, Expr),
    /// `while e { … }`.
    While(Expr, Expr),
    /// Anything else.
    Expr(Expr),
}

/// An arm of a `match`.
#[derive(Clone, PartialEq, Debug)]
pub struct Arm {
    /// The pattern.
    pub pattern: Pattern,
    /// A Bool.
    pub guard: Option<Expr>,
    /// The value.
    pub body: Expr,
}

/// A pattern over a value of a type.
#[derive(Clone, PartialEq, Debug)]
pub struct Pattern {
    /// What it is.
    pub kind: PatternKind,
    /// The type of what it is matched with.
    pub ty: Ty,
    /// Where it stands.
    pub range: Range,
}

/// The forms of patterns.
#[derive(Clone, PartialEq, Debug)]
pub enum PatternKind {
    /// Reported already.
    Error,
    /// `_`.
    Wildcard,
    /// A name.
    Bind(LocalId),
    /// A constant; `none` is [`PatternKind::Absent`].
    Literal(Literal),
    /// `a..b`, `a..=b`: the flag includes the end.
    Range(Literal, Literal, bool),
    /// `none`.
    Absent,
    /// Matches a present option and its value.
    Present(Box<Pattern>),
    /// A case; one pattern per field of the case, in the order of declaration.
    Case(Symbol, SmolStr, Vec<Pattern>),
    /// A record (or row) taken apart: the fields that are named, and the local that takes the rest.
    Record(Vec<(SmolStr, Pattern)>, Option<LocalId>),
    /// `A | B`; all bind the same locals.
    Or(Vec<Pattern>),
}

/// A query: clauses from top to bottom. Clause `n` sees the locals that clause `n - 1` leaves.
#[derive(Clone, PartialEq, Debug)]
pub struct Query {
    /// The clauses; the first is a `From` or a `SetOp`.
    pub clauses: Vec<Clause>,
    /// The element; without a `select` the only row variable.
    pub element: Expr,
    /// What becomes of the elements. The collection type is the type of the expression that holds the query.
    pub fold: Fold,
    /// True if the result has an order of its own (`order by`, or a list source with only where, with, select, limit).
    pub ordered: bool,
    /// The row variables in clause order that make the canonical order: rows by their keys, elements by their
    /// position; after `group by` the group keys; after `distinct` nothing (then the element orders).
    pub canonical: Vec<LocalId>,
}

/// What a query's elements are folded to.
#[derive(Clone, PartialEq, Debug)]
pub enum Fold {
    /// A collection.
    Collect,
    /// `exists(q)`, `some … satisfies` (the condition is a last `Where`).
    Exists,
    /// `not exists`: `every … satisfies` (the negated condition is a last `Where`).
    NotExists,
    /// `first(q)`: an option.
    First,
    /// `only(q)`: an option; a fault where there are more.
    Only,
    /// `count(q)`, `sum(q)`, …: the aggregate over the elements.
    Aggregate(AggregateFn),
}

/// A clause.
#[derive(Clone, PartialEq, Debug)]
pub enum Clause {
    /// `from x in s`, also `cross join x in s`, and `join x in s` where `s` uses earlier locals (lateral).
    From(LocalId, Source),
    /// `join x in s on e`.
    Join(LocalId, Source, Expr),
    /// `left join x in s on e`: the first local is the row inside of `on`, the second the option that is left.
    LeftJoin(LocalId, LocalId, Source, Option<Expr>),
    /// `where e`; locals that `is` patterns bind stay bound below.
    Where(Expr),
    /// `with a = e, …`.
    With(Vec<(LocalId, Expr)>),
    /// `group by` (or `group all`, without keys): leaves keys and aggregates.
    Group {
        /// The keys.
        keys: Vec<(LocalId, Expr)>,
        /// Every aggregate that the later clauses use.
        aggregates: Vec<(LocalId, Aggregate)>,
        /// `group all`.
        all: bool,
    },
    /// Window values that the next clause uses; over the rows that the clause before leaves.
    Windows(Vec<(LocalId, Window)>),
    /// `select e`: later clauses see only the fields of a record element, under these locals.
    Select(Vec<(LocalId, Expr)>),
    /// `select distinct`: one row per distinct combination of the locals of the `Select` before it.
    Distinct,
    /// `order by`.
    OrderBy(Vec<SortKey>),
    /// `limit e`.
    Limit(Expr),
    /// `offset e`.
    Offset(Expr),
}

/// Where rows come from.
#[derive(Clone, PartialEq, Debug)]
pub enum Source {
    /// The rows of a relation.
    Relation(Symbol),
    /// The elements of a list, bag, set or range; also an inverse, or another query.
    Collection(Expr),
}

/// A sort key.
#[derive(Clone, PartialEq, Debug)]
pub struct SortKey {
    /// By what.
    pub expr: Expr,
    /// `desc`.
    pub descending: bool,
    /// `none first`.
    pub none_first: bool,
}

/// An aggregate of a group.
#[derive(Clone, PartialEq, Debug)]
pub struct Aggregate {
    /// Which.
    pub function: AggregateFn,
    /// What is folded; an optional argument skips `none`.
    pub argument: Option<Expr>,
    /// Fold once per distinct binding of these row variables, the owners of elements among them; `None`: per combination
    /// of all.
    pub grain: Option<Vec<LocalId>>,
    /// `distinct`.
    pub distinct: bool,
    /// `where p`.
    pub filter: Option<Expr>,
}

/// Aggregate functions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AggregateFn {
    /// Number of combinations, or of distinct present rows with an argument.
    Count,
    /// Sum.
    Sum,
    /// Mean.
    Avg,
    /// Least.
    Min,
    /// Greatest.
    Max,
    /// Whether one is true.
    Any,
    /// Whether all are true.
    All,
    /// The list of values, in canonical order.
    List,
    /// Percentile, in parts per million.
    Percentile(u32),
    /// Sample standard deviation.
    StdDev,
}

/// A window value.
#[derive(Clone, PartialEq, Debug)]
pub struct Window {
    /// Which.
    pub function: WindowFn,
    /// Arguments.
    pub arguments: Vec<Expr>,
    /// `partition by`.
    pub partition: Vec<Expr>,
    /// `order by`.
    pub order: Vec<SortKey>,
    /// `rows … to …`.
    pub frame: Option<(Bound, Bound)>,
}

/// Window functions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum WindowFn {
    /// An aggregate.
    Aggregate(AggregateFn),
    /// `rank()`.
    Rank,
    /// `dense_rank()`.
    DenseRank,
    /// `row_number()`.
    RowNumber,
    /// `lag(e)`, `lag(e, n)`.
    Lag,
    /// `lead(e)`, `lead(e, n)`.
    Lead,
}

/// A bound of a frame.
#[derive(Clone, PartialEq, Debug)]
pub enum Bound {
    /// `n before`.
    Before(Expr),
    /// `current`.
    Current,
    /// `n after`.
    After(Expr),
}

/// A scenario: steps over an environment of bindings, which are the locals.
#[derive(Clone, PartialEq, Debug)]
pub struct Scenario {
    /// Its title.
    pub name: SmolStr,
    /// All locals.
    pub locals: Vec<Local>,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// A line of a scenario.
#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    /// Which.
    pub kind: StepKind,
    /// Where it stands.
    pub range: Range,
}

/// The lines of a scenario.
#[derive(Clone, PartialEq, Debug)]
pub enum StepKind {
    /// `given x = e`: a transaction of its own. A row is an [`ExprKind::Insert`] whose required fields are all there.
    Given {
        /// Bound to the value.
        bind: Option<LocalId>,
        /// What is done.
        value: Expr,
    },
    /// `when`: a call through the wire.
    When {
        /// Bound to the answer.
        bind: Option<LocalId>,
        /// The query or handler.
        function: Symbol,
        /// One argument per parameter, in the order of parameters.
        args: Vec<Arg>,
        /// So many calls at once.
        times: u32,
        /// Other calls that are made at once with it.
        more: Vec<(Symbol, Vec<Arg>)>,
        /// The error that must come; a pattern per field of the error, in order, where fields are given.
        fails: Option<(Symbol, Option<Vec<Pattern>>)>,
    },
    /// `after d`: drives the clock forward.
    After(Expr),
    /// `then e`: a Bool that must hold, and its source text.
    Then(Expr, SmolStr),
    /// `for P in e { … }`: the steps once per element of a list, each in the same store, in order.
    For {
        /// What it binds.
        pattern: Pattern,
        /// A list.
        source: Expr,
        /// The steps.
        steps: Vec<Step>,
    },
}

/// A refinement, `check`, `requires`, `ensures`: a condition over parameters, with its message and source text.
#[derive(Clone, PartialEq, Debug)]
pub struct Rule {
    /// Over `it` (refinements), the row (checks), the function's parameters and `result`.
    pub body: Body,
    /// `else "message"`.
    pub message: Option<SmolStr>,
    /// The condition as written.
    pub text: SmolStr,
    /// Which rule, for refinements.
    pub rule: Option<RuleRef>,
}
