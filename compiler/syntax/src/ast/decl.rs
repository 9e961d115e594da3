//! Declarations of data, rules and code.

use super::{Action, Block, Doc, Expr, Generic, Ident, Params, Text, Type, TypeName};
use smol_str::SmolStr;
use tenon_span::Range;

/// `use shop.billing { Invoice, quote }`, `use shop.text`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Use {
    /// The module's path, at least one step.
    pub path: Vec<Ident>,
    /// The names taken from it; `None` takes the module itself.
    pub names: Option<Vec<Ident>>,
}

/// `const name: T = e`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Const {
    /// Its name.
    pub name: Ident,
    /// Its type, if written.
    pub ty: Option<Type>,
    /// Its value.
    pub value: Expr,
}

/// `type Name[T] breaking was Old = …`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct TypeDecl {
    /// Its name.
    pub name: Ident,
    /// Type parameters.
    pub generics: Vec<Generic>,
    /// `breaking`
    pub breaking: Option<Range>,
    /// `was Old`
    pub was: Option<Ident>,
    /// What it stands for.
    pub body: TypeBody,
}

/// What a type declaration stands for.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum TypeBody {
    /// An alias or a refinement. One plain name after `=` is an alias.
    Alias(Type),
    /// `A | B(x: Int)`, `| Only`, `Only(x: Int)`
    Variants {
        /// The cases, at least one unless broken.
        cases: Vec<Case>,
        /// True if a case was lost to an error.
        broken: bool,
    },
}

/// `B(x: Int)`, `New was Old`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Case {
    /// The whole.
    pub range: Range,
    /// Documentation before it.
    pub doc: Option<Doc>,
    /// Its name.
    pub name: Ident,
    /// `was Old`
    pub was: Option<Ident>,
    /// Its fields; `None` for a bare case.
    pub fields: Option<Params>,
}

/// `relation` or `event`
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RelationKind {
    /// Rows may be updated and deleted.
    Relation,
    /// Insert only.
    Event,
}

/// `relation Order was Purchase { … }`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Relation {
    /// Which.
    pub kind: RelationKind,
    /// Its name.
    pub name: Ident,
    /// `breaking`
    pub breaking: Option<Range>,
    /// `was Old`
    pub was: Option<Ident>,
    /// In source order.
    pub members: Vec<Member>,
}

/// A line of a relation.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Member {
    /// Could not be read; a diagnostic exists.
    Error(Range),
    /// `price: Cents`
    Field(Box<Field>),
    /// `key (order, line)`
    Key {
        /// The whole.
        range: Range,
        /// The fields.
        names: Vec<Ident>,
    },
    /// `unique email.lower where e else Taken(field: "email")`
    Unique {
        /// The whole.
        range: Range,
        /// What is unique.
        columns: Vec<Column>,
        /// Among which rows.
        filter: Option<Expr>,
        /// The failure.
        failure: Option<Expr>,
    },
    /// `index (owner, balance desc)`
    Index {
        /// The whole.
        range: Range,
        /// By what.
        columns: Vec<Column>,
    },
    /// `check price >= cost else "…"`
    Check {
        /// The whole.
        range: Range,
        /// What holds.
        predicate: Expr,
        /// What to say when not.
        message: Option<Text>,
    },
    /// `transitions status { Open -> Frozen, Closed }`
    Transitions {
        /// The whole.
        range: Range,
        /// The field.
        field: Ident,
        /// The lines.
        lines: Vec<Transition>,
        /// True if a line was lost to an error.
        broken: bool,
    },
    /// `history 365d`
    History {
        /// The whole.
        range: Range,
        /// How long.
        keep: Expr,
    },
}

/// `secret key name was old as "wire": T = e inverse xs on delete cascade on update open => e`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Field {
    /// The whole.
    pub range: Range,
    /// Documentation before it.
    pub doc: Option<Doc>,
    /// `key`
    pub key: Option<Range>,
    /// `secret`
    pub secret: Option<Range>,
    /// Its name.
    pub name: Ident,
    /// `was old`
    pub was: Option<Ident>,
    /// `as "wireName"`
    pub wire: Option<Text>,
    /// Its type.
    pub ty: Type,
    /// `= e`
    pub default: Option<Expr>,
    /// `inverse orders`
    pub inverse: Option<Ident>,
    /// `on delete cascade`: the action's name
    pub on_delete: Option<Ident>,
    /// `on update`: the default is written anew at every update
    pub on_update: Option<Range>,
    /// `open`: readable whoever may read the row
    pub open: Option<Range>,
    /// `=> e`: computed, not stored
    pub computed: Option<Expr>,
}

/// `email.lower`, `balance desc`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Column {
    /// The whole.
    pub range: Range,
    /// At least one step.
    pub path: Vec<Ident>,
    /// `desc`
    pub descending: bool,
}

/// `Open -> Frozen, Closed`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Transition {
    /// The whole.
    pub range: Range,
    /// From which case.
    pub from: Ident,
    /// To which cases, at least one.
    pub to: Vec<Ident>,
}

/// `view Hops(src: Int, dst: Int, n: Int) min n materialized { q }`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct View {
    /// Its name.
    pub name: Ident,
    /// Its columns.
    pub columns: Params,
    /// `min n`, `max n`: keeps only the least or greatest per other columns.
    pub extremum: Option<Extremum>,
    /// `materialized`
    pub materialized: Option<Range>,
    /// Its query.
    pub body: Block,
}

/// `min n`, `max n`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Extremum {
    /// The whole.
    pub range: Range,
    /// `max` rather than `min`.
    pub greatest: bool,
    /// The column.
    pub column: Ident,
}

/// `invariant "name" { e }`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Invariant {
    /// Its name.
    pub name: Text,
    /// A truth value, or a query of truth values.
    pub body: Block,
}

/// Which kind of function.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FunctionKind {
    /// `fn`
    Fn,
    /// `query`
    Query,
    /// `handler`
    Handler,
}

impl FunctionKind {
    /// The item word.
    pub fn word(self) -> &'static str {
        match self {
            FunctionKind::Fn => "fn",
            FunctionKind::Query => "query",
            FunctionKind::Handler => "handler",
        }
    }
}

/// `handler place_order(sku: Text) -> Order at POST "/orders" public { … }`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Function {
    /// Which.
    pub kind: FunctionKind,
    /// Its name.
    pub name: Ident,
    /// `was old`
    pub was: Option<Ident>,
    /// `[T: Ordered]`; only on `fn`.
    pub generics: Vec<Generic>,
    /// Parameters.
    pub params: Params,
    /// `-> T`; `_` is [`TypeKind::Infer`](super::TypeKind::Infer).
    pub result: Option<Type>,
    /// Header clauses in source order.
    pub clauses: Vec<Clause>,
    /// The body.
    pub body: Block,
}

/// A header clause.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Clause {
    /// The whole.
    pub range: Range,
    /// Which.
    pub kind: ClauseKind,
}

/// The header clauses.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ClauseKind {
    /// Could not be read; a diagnostic exists.
    Error,
    /// `at POST "/orders/{id}"`: the path's holes are plain names
    At {
        /// The method.
        method: Ident,
        /// The path.
        path: Text,
    },
    /// `public`
    Public,
    /// `live`
    Live,
    /// `trusted`
    Trusted,
    /// `breaking`
    Breaking,
    /// `as c: Customer`, `as c: Customer?`
    Caller {
        /// The name of the caller.
        name: Ident,
        /// Who it is.
        ty: Type,
    },
    /// `as csv`: the format of the answer
    Format(Ident),
    /// `status 201`
    Status {
        /// The number.
        code: SmolStr,
        /// Where it stands.
        code_range: Range,
    },
    /// `requires e`
    Requires(Expr),
    /// `ensures e`
    Ensures(Expr),
    /// `rate 100 per 1min by c`
    Rate(Rate),
    /// `once by (title, due)`, `once by header "Idempotency-Key" for 24h`
    Once(Once),
    /// `unique by order`: one running instance of a workflow
    UniqueBy(Expr),
    /// `within 1h`: the deadline of a workflow
    Within(Expr),
}

/// `rate 100 per 1min by c`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Rate {
    /// How many.
    pub count: Expr,
    /// In which time.
    pub per: Expr,
    /// For each of what.
    pub by: Option<Expr>,
}

/// `once by …`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Once {
    /// What is the same when a call is repeated.
    pub key: OnceKey,
    /// `for 24h`
    pub keep: Option<Expr>,
}

/// What is the same when a call is repeated.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum OnceKey {
    /// `once by (title, due)`
    Value(Expr),
    /// `once by header "Idempotency-Key"`
    Header(Text),
}

/// `error OutOfStock(left: Qty) is Conflict "only {left} left"`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ErrorDecl {
    /// Its name.
    pub name: Ident,
    /// Its fields.
    pub fields: Option<Params>,
    /// The built-in failure that it is.
    pub base: Ident,
    /// The message, with holes over the fields.
    pub message: Option<Text>,
}

/// `actor Customer by token "Token"`, `actor User by oidc("https://…")`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Actor {
    /// The relation whose rows call.
    pub relation: Ident,
    /// `token`, `cookie`, `oidc`
    pub scheme: Ident,
    /// What the scheme needs.
    pub args: Option<ActorArgs>,
}

/// What stands after the scheme of an actor.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ActorArgs {
    /// `by token "Token"`
    Text(Text),
    /// `by oidc("https://…")`
    Args(super::Args),
}

/// `policy Order, Line { … }`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Policy {
    /// The relations or views; at least one.
    pub relations: Vec<Ident>,
    /// The lines.
    pub lines: Vec<PolicyLine>,
    /// True if a line was lost to an error.
    pub broken: bool,
}

/// `insert, delete as c: Customer when it.customer == c`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct PolicyLine {
    /// The whole.
    pub range: Range,
    /// What is allowed; at least one.
    pub actions: Vec<PolicyAction>,
    /// To whom; `None` is `public`.
    pub caller: Option<PolicyCaller>,
    /// When.
    pub condition: Option<Expr>,
}

/// `update (status)`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct PolicyAction {
    /// The whole.
    pub range: Range,
    /// Which.
    pub action: Action,
    /// Only these fields.
    pub fields: Option<Vec<Ident>>,
}

/// `as c: Customer`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct PolicyCaller {
    /// The name of the caller.
    pub name: Ident,
    /// Who it is.
    pub ty: Type,
}

/// `evolve …`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Evolve {
    /// `evolve Product { price = old.amount * 100; drop fax }`
    Change {
        /// The relation or variant type.
        name: Ident,
        /// The lines.
        lines: Vec<EvolveLine>,
    },
    /// `evolve Party from Company as c { … }`
    From {
        /// The new relation.
        name: Ident,
        /// The old one.
        source: TypeName,
        /// A row of the old one.
        var: Ident,
        /// What is done for each.
        body: Block,
    },
}

/// A line of `evolve`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum EvolveLine {
    /// Could not be read; a diagnostic exists.
    Error(Range),
    /// `price: Cents = e`
    Set {
        /// The whole.
        range: Range,
        /// The field.
        name: Ident,
        /// Its type, if written.
        ty: Option<Type>,
        /// Its value.
        value: Expr,
    },
    /// `Old => New`
    Map {
        /// The whole.
        range: Range,
        /// The old case.
        from: Ident,
        /// The new value.
        to: Expr,
    },
    /// `drop f`
    Drop {
        /// The whole.
        range: Range,
        /// The field or case.
        name: Ident,
    },
}

/// `repair Product as p { … }`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Repair {
    /// The relation.
    pub relation: TypeName,
    /// The violating row.
    pub var: Ident,
    /// What is done for each.
    pub body: Block,
}

/// `render failure as f { … }`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Render {
    /// What is rendered.
    pub what: Ident,
    /// Its name in the body.
    pub var: Ident,
    /// The body of the answer.
    pub body: Block,
}
