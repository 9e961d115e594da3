//! Expressions and queries.

use super::{Block, ExprId, Ident, Pattern, Text, TypeName};
use smol_str::SmolStr;
use tenon_span::Range;

/// An expression.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Expr {
    /// Its identity in the item.
    pub id: ExprId,
    /// Where.
    pub range: Range,
    /// Which.
    pub kind: ExprKind,
}

/// The forms of expressions.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ExprKind {
    /// Could not be read, or is missing; a diagnostic exists.
    Error,
    /// `total`: a name in lower case
    Name(Ident),
    /// `Order`: a name in upper case: a relation, a case, an error, a type
    TypeName(Ident),
    /// A literal other than a text.
    Literal(Literal),
    /// A text.
    Text(Text),
    /// `[1, 2]`; `[]` may also be an empty set or map.
    List(Vec<Expr>),
    /// `["a": 1]`: at least one entry
    Map(Vec<MapEntry>),
    /// `(a: 1, b, ..c)`, `()`, `(a,)`
    Record(Record),
    /// `insert`, `update`, `delete` as an argument: `can(update, t)`
    Action(Action),
    /// `base.name`, `base?.name`
    Field {
        /// What is read.
        base: Box<Expr>,
        /// The field; `None` if it is missing (a diagnostic exists). A name in upper case is a step
        /// into a type or module: `State.Open`, `billing.Invoice`.
        name: Option<Ident>,
        /// `?.`
        optional: bool,
    },
    /// `base.(a, b)`, `base?.(a, b)`
    Project {
        /// What is projected.
        base: Box<Expr>,
        /// The fields.
        names: Vec<Ident>,
        /// `?.`
        optional: bool,
    },
    /// `base!`: present, else the scenario fails
    Unwrap(Box<Expr>),
    /// `callee(args)`, `callee(args) over (…)`. Rows, cases and refinements are built by it as well.
    Call {
        /// What is called.
        callee: Box<Expr>,
        /// With what.
        args: Args,
        /// `over (…)`
        window: Option<Box<Window>>,
    },
    /// `R[k]`, `R[email: e]`, `xs[0]`
    Index {
        /// What is looked into.
        base: Box<Expr>,
        /// At least one, unless an error stands there.
        keys: Vec<IndexKey>,
    },
    /// `-a`, `not a`, `has a`, `any order explains a`
    Unary {
        /// Which.
        op: UnaryOp,
        /// On what.
        operand: Box<Expr>,
    },
    /// `a + b` and all other operators between two expressions
    Binary {
        /// Which.
        op: BinaryOp,
        /// Where the operator stands.
        op_range: Range,
        /// Left operand.
        left: Box<Expr>,
        /// Right operand.
        right: Box<Expr>,
    },
    /// `x is B(n)`, `x is not A`
    Is {
        /// What is tested.
        value: Box<Expr>,
        /// Against what.
        pattern: Box<Pattern>,
        /// `is not`
        negated: bool,
    },
    /// `every x in q satisfies e`, `some x in q satisfies e`
    Quantifier {
        /// Which.
        kind: Quantifier,
        /// The row or element.
        var: Ident,
        /// Of what.
        source: Box<Expr>,
        /// What holds.
        body: Box<Expr>,
    },
    /// `if c { … } else { … }`: with an `else`. Without one it is a statement.
    If(Box<If>),
    /// `match e { A => 1, B(x) if x > 2 => x, _ => 0 }`
    Match {
        /// What is matched.
        value: Box<Expr>,
        /// The arms.
        arms: Vec<Arm>,
        /// True if an arm was lost to an error.
        broken: bool,
    },
    /// `attempt f(x) { ok(v) => …, Declined(reason) => … }`; `value` may be a `Step`.
    Attempt {
        /// What may fail.
        value: Box<Expr>,
        /// The arms.
        arms: Vec<Arm>,
        /// True if an arm was lost to an error.
        broken: bool,
    },
    /// `x => x + 1`, `(a, b) => { … }`
    Lambda {
        /// The parameters.
        params: Vec<Ident>,
        /// The body.
        body: LambdaBody,
    },
    /// `insert R(…)`
    Insert {
        /// Into what.
        relation: Box<TypeName>,
        /// The fields.
        args: Args,
    },
    /// `upsert R(…)`, `upsert R(…) set n += 1`
    Upsert {
        /// Into what.
        relation: Box<TypeName>,
        /// The fields.
        args: Args,
        /// What else is done where the row is there; empty without `set`.
        set: Vec<Assign>,
    },
    /// `update row set f = e, g += e`
    Update {
        /// The row.
        row: Box<Expr>,
        /// At least one.
        set: Vec<Assign>,
    },
    /// `update o in Order where p set f = e`
    UpdateEach {
        /// The row variable.
        var: Ident,
        /// Of what.
        source: Box<Expr>,
        /// Which rows.
        filter: Option<Box<Expr>>,
        /// At least one.
        set: Vec<Assign>,
    },
    /// `delete row`
    Delete(Box<Expr>),
    /// `delete o in Order where p`
    DeleteEach {
        /// The row variable.
        var: Ident,
        /// Of what.
        source: Box<Expr>,
        /// Which rows.
        filter: Option<Box<Expr>>,
    },
    /// `rekey row to key`
    Rekey {
        /// The row.
        row: Box<Expr>,
        /// Its new key.
        key: Box<Expr>,
    },
    /// `start checkout(o)`
    Start {
        /// The workflow; one name or a dotted path.
        workflow: Vec<Ident>,
        /// Its arguments.
        args: Args,
    },
    /// `failed OutOfStock`: how many calls of the scenario failed so
    Failed(Ident),
    /// `step f(x) retry 5 within 1min undo g(x)`
    Step(Box<Step>),
    /// `wait shipped(order) within 30d`, `wait 7d`
    Wait {
        /// A condition or a duration.
        until: Box<Expr>,
        /// The longest time.
        within: Option<Box<Expr>>,
    },
    /// `wait until t`
    WaitUntil(Box<Expr>),
    /// `f(x) as caller`
    CallAs {
        /// The call.
        call: Box<Expr>,
        /// Who calls.
        caller: Box<Expr>,
    },
    /// `e else fail NotFound("…")`
    Else {
        /// What may be absent or untrue.
        value: Box<Expr>,
        /// Where to go then.
        otherwise: Diverge,
    },
    /// `from c in Customer where … select …`
    Query(Box<Query>),
    /// `q union q`
    SetOperation {
        /// Which.
        op: SetOp,
        /// Left.
        left: Box<Expr>,
        /// Right.
        right: Box<Expr>,
    },
}

/// A literal other than a text. Numbers have no underscores any more.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Literal {
    /// `1_000` as `1000`
    Int(SmolStr),
    /// `12.50`
    Decimal(SmolStr),
    /// `1.5f` as `1.5`
    Float(SmolStr),
    /// `true`, `false`
    Bool(bool),
    /// `none`
    None,
    /// `1h30min`
    Duration(SmolStr),
    /// `@2026-11-20` as `2026-11-20`
    Date(SmolStr),
    /// `@2026-11-20T10:00:00Z` as `2026-11-20T10:00:00Z`
    Instant(SmolStr),
    /// `08:00`
    Time(SmolStr),
    /// `0x"ff00"`
    Bytes(Vec<u8>),
}

/// `k: v` in a map literal.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct MapEntry {
    /// Key.
    pub key: Expr,
    /// Value.
    pub value: Expr,
}

/// The parts of a record expression.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Record {
    /// In source order.
    pub parts: Vec<RecordPart>,
    /// True if a part was lost to an error.
    pub broken: bool,
}

/// A part of a record expression.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum RecordPart {
    /// `a: e`, or `e` alone, which is named by its last path step ([`Expr::implied_name`]).
    Field {
        /// The name, if written.
        name: Option<Ident>,
        /// The value.
        value: Expr,
    },
    /// `..e`
    Spread(Expr),
}

/// An argument list.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Args {
    /// With the parentheses.
    pub range: Range,
    /// In source order.
    pub list: Vec<Arg>,
    /// True if one was lost to an error, so that the call cannot be judged by number or name.
    pub broken: bool,
}

/// `e`, `name: e`, `..e`, `distinct e`, `e per c`, `e where p`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Arg {
    /// The whole.
    pub range: Range,
    /// `name:`
    pub name: Option<Ident>,
    /// The value.
    pub value: Expr,
    /// `..`
    pub spread: bool,
    /// `distinct`; only in aggregates.
    pub distinct: bool,
    /// `per c`: the grain; only in aggregates.
    pub per: Option<Ident>,
    /// `where p`; only in aggregates.
    pub filter: Option<Expr>,
}

/// `k`, `field: e` between brackets after an expression
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct IndexKey {
    /// The field of a `unique`.
    pub name: Option<Ident>,
    /// The value.
    pub value: Expr,
}

/// What a policy is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Action {
    /// `read`; in expressions that is a plain name.
    Read,
    /// `insert`
    Insert,
    /// `update`
    Update,
    /// `delete`
    Delete,
}

/// Operators before an expression.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum UnaryOp {
    /// `-a`
    Neg,
    /// `not a`
    Not,
    /// `has x.f`: was the field sent?
    Has,
    /// `any order explains ops`
    AnyOrderExplains,
}

/// Operators between expressions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BinaryOp {
    /// `implies`
    Implies,
    /// `or`
    Or,
    /// `and`
    And,
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `in`
    In,
    /// `not in`
    NotIn,
    /// `matches`
    Matches,
    /// `??`
    Coalesce,
    /// `a..b`, without `b`
    Range,
    /// `a..=b`, with `b`
    RangeInclusive,
    /// `as of`
    AsOf,
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `/?`: `none` when the divisor is zero
    DivOptional,
    /// `div`: floor
    IntDiv,
    /// `mod`
    Mod,
}

impl BinaryOp {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            BinaryOp::Implies => "implies",
            BinaryOp::Or => "or",
            BinaryOp::And => "and",
            BinaryOp::Eq => "==",
            BinaryOp::Ne => "!=",
            BinaryOp::Lt => "<",
            BinaryOp::Le => "<=",
            BinaryOp::Gt => ">",
            BinaryOp::Ge => ">=",
            BinaryOp::In => "in",
            BinaryOp::NotIn => "not in",
            BinaryOp::Matches => "matches",
            BinaryOp::Coalesce => "??",
            BinaryOp::Range => "..",
            BinaryOp::RangeInclusive => "..=",
            BinaryOp::AsOf => "as of",
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Mul => "*",
            BinaryOp::Div => "/",
            BinaryOp::DivOptional => "/?",
            BinaryOp::IntDiv => "div",
            BinaryOp::Mod => "mod",
        }
    }
}

/// Quantifiers over a query or collection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Quantifier {
    /// `every`
    Every,
    /// `some`
    Some,
}

/// `if c { … } else …`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct If {
    /// The whole.
    pub range: Range,
    /// The condition.
    pub cond: Cond,
    /// If it holds.
    pub then: Block,
    /// If not.
    pub otherwise: Option<Else>,
}

/// What stands after `if`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Cond {
    /// A truth value.
    Expr(Expr),
    /// `let p = R[k]`: holds if the value is present and the pattern fits.
    Let {
        /// The pattern.
        pattern: Pattern,
        /// The value.
        value: Expr,
    },
}

/// What stands after `else`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Else {
    /// `else { … }`
    Block(Block),
    /// `else if …`
    If(Box<If>),
}

/// `B(x) if x > 2 => x`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Arm {
    /// The whole.
    pub range: Range,
    /// What it takes.
    pub pattern: Pattern,
    /// `if p`
    pub guard: Option<Expr>,
    /// What it gives.
    pub body: ArmBody,
}

/// What stands after the `=>` of an arm.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ArmBody {
    /// An expression.
    Expr(Expr),
    /// `{ … }`
    Block(Block),
    /// `fail e`
    Fail(Expr),
    /// `return e`
    Return {
        /// Where.
        range: Range,
        /// The value.
        value: Option<Expr>,
    },
}

/// The body of a function value.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum LambdaBody {
    /// `x => e`
    Expr(Box<Expr>),
    /// `x => { … }`
    Block(Block),
}

/// Where control goes instead.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Diverge {
    /// Where.
    pub range: Range,
    /// Which.
    pub kind: DivergeKind,
}

/// The ways to leave.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum DivergeKind {
    /// `fail e`
    Fail(Box<Expr>),
    /// `return`, `return e`
    Return(Option<Box<Expr>>),
    /// `break`
    Break,
    /// `continue`
    Continue,
    /// `{ … }`, which must not reach its end
    Block(Block),
}

/// `f = e`, `a.b += e`, `..e` after `set`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Assign {
    /// Could not be read; a diagnostic exists.
    Error(Range),
    /// `..e`: the fields that came
    Spread {
        /// The whole.
        range: Range,
        /// The record.
        value: Expr,
    },
    /// `path = e`
    Field {
        /// The whole.
        range: Range,
        /// At least one step.
        path: Vec<Ident>,
        /// How.
        op: AssignOp,
        /// The value.
        value: Expr,
    },
}

/// `=`, `+=`, `-=`, `*=`
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AssignOp {
    /// `=`
    Set,
    /// `+=`
    Add,
    /// `-=`
    Sub,
    /// `*=`
    Mul,
}

/// `step f(x) retry 5 within 1min undo g(x)`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Step {
    /// What is done.
    pub call: Expr,
    /// `retry n`
    pub retry: Option<Expr>,
    /// `within d`
    pub within: Option<Expr>,
    /// `undo g(x)`
    pub undo: Option<Expr>,
}

/// `from p in Source` and its clauses, in source order.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Query {
    /// The whole.
    pub range: Range,
    /// The row variable.
    pub var: Ident,
    /// What it ranges over.
    pub source: Expr,
    /// The clauses.
    pub clauses: Vec<QueryClause>,
}

/// A clause of a query.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct QueryClause {
    /// The whole.
    pub range: Range,
    /// Which.
    pub kind: QueryClauseKind,
}

/// The clauses of a query.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum QueryClauseKind {
    /// `join o in Order on e`, `left join …`, `cross join …`
    Join {
        /// Which.
        kind: JoinKind,
        /// The row variable.
        var: Ident,
        /// What it ranges over.
        source: Expr,
        /// `on e`; never on a cross join.
        on: Option<Expr>,
    },
    /// `where e`
    Where(Expr),
    /// `where let s = e`: keeps what is present and names it
    WhereLet {
        /// The name.
        name: Ident,
        /// The value.
        value: Expr,
    },
    /// `with a = e, b = e`
    With(Vec<Definition>),
    /// `group by country = c.country, month`
    GroupBy(Vec<GroupKey>),
    /// `group all`
    GroupAll,
    /// `select e`, `select distinct e`
    Select {
        /// `distinct`
        distinct: bool,
        /// What each row becomes.
        value: Expr,
    },
    /// `order by a desc, b none first`
    OrderBy(Vec<SortKey>),
    /// `limit n`
    Limit(Expr),
    /// `offset n`
    Offset(Expr),
    /// `page 50 after cursor`
    Page {
        /// How many.
        size: Expr,
        /// After which.
        after: Option<Expr>,
    },
}

/// How rows are joined.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum JoinKind {
    /// `join`
    Inner,
    /// `left join`
    Left,
    /// `cross join`
    Cross,
}

/// `name = e`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Definition {
    /// The name.
    pub name: Ident,
    /// The value.
    pub value: Expr,
}

/// `name = e`, or `e` alone, which is named by its last path step.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct GroupKey {
    /// The name, if written.
    pub name: Option<Ident>,
    /// The value.
    pub value: Expr,
}

/// `e desc none first`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct SortKey {
    /// What is compared.
    pub value: Expr,
    /// `desc`
    pub descending: bool,
    /// `none first`
    pub none_first: bool,
}

/// Operators between queries.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SetOp {
    /// `union`: keeps duplicates, except in views
    Union,
    /// `union distinct`
    UnionDistinct,
    /// `except`
    Except,
    /// `intersect`
    Intersect,
}

/// `(partition by a order by b rows 6 before to current)`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Window {
    /// With the parentheses.
    pub range: Range,
    /// `partition by`
    pub partition: Vec<Expr>,
    /// `order by`
    pub order: Vec<SortKey>,
    /// `rows a to b`
    pub frame: Option<Frame>,
}

/// `rows a to b`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Frame {
    /// Where.
    pub range: Range,
    /// First row.
    pub from: Bound,
    /// Last row.
    pub to: Bound,
}

/// One end of a frame.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Bound {
    /// `n before`
    Before(Expr),
    /// `current`
    Current,
    /// `n after`
    After(Expr),
}

impl Expr {
    /// The name that a field or group key takes if none is written: its last path step.
    pub fn implied_name(&self) -> Option<&Ident> {
        match &self.kind {
            ExprKind::Name(name) => Some(name),
            ExprKind::Field { name, .. } => name.as_ref(),
            _ => None,
        }
    }

    /// True if the expression itself is an error node.
    pub fn is_error(&self) -> bool {
        matches!(self.kind, ExprKind::Error)
    }
}
