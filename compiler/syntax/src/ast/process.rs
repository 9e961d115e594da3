//! What reaches beyond one transaction: bindings, workflows, reactions, schedules, pages; and specification:
//! scenarios, properties, goals.

use super::{Block, Clause, Expr, Ident, Once, Params, Pattern, Rate, Text, Type, TypeName};
use smol_str::SmolStr;
use tenon_span::Range;

/// `binding Payments at env("URL") auth bearer env("KEY") { … }`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Binding {
    /// Its name.
    pub name: Ident,
    /// Its address.
    pub address: Expr,
    /// `auth bearer e`
    pub auth: Option<Auth>,
    /// The lines.
    pub lines: Vec<BindingLine>,
}

/// `auth bearer env("KEY")`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Auth {
    /// `bearer`, `basic`, …
    pub scheme: Ident,
    /// The credential.
    pub credential: Expr,
}

/// A line of a binding.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum BindingLine {
    /// Could not be read; a diagnostic exists.
    Error(Range),
    /// `POST "/charges" charge(amount: Cents) -> (id: Text) …`
    Operation(Box<Operation>),
    /// `on POST "/hooks/paid" paid(id: Text) signed … once by id`
    Hook(Box<Operation>),
    /// `header "X-Client" = "tenon"`
    Header {
        /// The whole.
        range: Range,
        /// The header.
        name: Text,
        /// Its value.
        value: Expr,
    },
    /// `timeout 5s`
    Timeout {
        /// The whole.
        range: Range,
        /// How long.
        value: Expr,
    },
    /// `rate 10 per 1s`
    Rate {
        /// The whole.
        range: Range,
        /// How often.
        rate: Rate,
    },
}

/// An outbound operation or an inbound hook of a binding.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Operation {
    /// The whole.
    pub range: Range,
    /// Documentation before it.
    pub doc: Option<super::Doc>,
    /// The method.
    pub method: Ident,
    /// The path.
    pub path: Text,
    /// Its name in the program.
    pub name: Ident,
    /// Parameters.
    pub params: Params,
    /// `-> T`; never on a hook.
    pub result: Option<Type>,
    /// What follows, in source order.
    pub suffixes: Vec<OperationSuffix>,
}

/// What may follow an operation.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum OperationSuffix {
    /// `fails Declined(reason: Text) on 402`
    Fails {
        /// The failure's name.
        name: Ident,
        /// Its fields.
        fields: Option<Params>,
        /// The status that means it.
        status: SmolStr,
    },
    /// `key in "Idempotency-Key"`
    KeyIn(Text),
    /// `as form`
    Format(Ident),
    /// `pages items next next as after`
    Pages {
        /// The rows of a page, over the answer.
        items: Expr,
        /// The next cursor, over the answer.
        next: Expr,
        /// The parameter that takes it.
        param: Ident,
    },
    /// `signed hmac_sha256(env("KEY"))`
    Signed(Expr),
    /// `once by id`
    Once(Once),
}

/// `workflow checkout(order: Order) unique by order within 1h { … } failed as f { … }`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Workflow {
    /// Its name.
    pub name: Ident,
    /// `was old`
    pub was: Option<Ident>,
    /// Parameters.
    pub params: Params,
    /// `-> T`
    pub result: Option<Type>,
    /// Header clauses in source order.
    pub clauses: Vec<Clause>,
    /// The body.
    pub body: Block,
    /// `failed as f { … }`
    pub failed: Option<(Ident, Block)>,
}

/// `after …`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Reaction {
    /// `after update Order (status) as o was before when e { … }`
    Change {
        /// What happened: insert, update or delete.
        action: super::Action,
        /// To what.
        relation: TypeName,
        /// Only if one of these changed.
        fields: Option<Vec<Ident>>,
        /// The row.
        var: Ident,
        /// `was before`: the row before the change
        was: Option<Ident>,
        /// `when e`
        condition: Option<Expr>,
        /// What to do.
        body: Block,
    },
    /// `after Payments.paid as e { … }`
    Hook {
        /// The binding.
        binding: Ident,
        /// Its hook.
        hook: Ident,
        /// The call.
        var: Ident,
        /// What to do.
        body: Block,
    },
}

/// `schedule day at 02:00 in "Europe/Oslo" { … }`, `schedule 15min { … }`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Schedule {
    /// `day`, `15min`
    pub period: Expr,
    /// `at 02:00`
    pub at: Option<SmolStr>,
    /// `in "Europe/Oslo"`
    pub zone: Option<Text>,
    /// What to do.
    pub body: Block,
}

/// `page orders(room: Text) at GET "/orders" as c: Customer { … }`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Page {
    /// Its name.
    pub name: Ident,
    /// Parameters.
    pub params: Params,
    /// Header clauses in source order.
    pub clauses: Vec<Clause>,
    /// The elements.
    pub body: Block,
}

/// `scenario "name" { … }`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Scenario {
    /// Its name.
    pub name: Text,
    /// The lines.
    pub lines: Vec<ScenarioLine>,
}

/// A line of a scenario.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ScenarioLine {
    /// The whole.
    pub range: Range,
    /// Which.
    pub kind: ScenarioLineKind,
}

/// The lines of a scenario.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ScenarioLineKind {
    /// Could not be read; a diagnostic exists.
    Error,
    /// `given Product(sku: "tee")`, `given t = Task(title: "x")`
    Given {
        /// The name, if any.
        name: Option<Ident>,
        /// A row to store, or any value.
        value: Expr,
    },
    /// `given Payments.charge fails Declined("…")`
    GivenFails {
        /// The operation.
        operation: Expr,
        /// The failure, as written in a pattern.
        failure: Pattern,
    },
    /// `given Payments.charge gives (id: "c1")`
    GivenGives {
        /// The operation.
        operation: Expr,
        /// The answer.
        value: Expr,
    },
    /// `workflows finish`
    WorkflowsFinish,
    /// `for (a, b) in [ … ] { … }`
    For {
        /// What it binds.
        pattern: Pattern,
        /// The table.
        source: Expr,
        /// The lines.
        lines: Vec<ScenarioLine>,
    },
    /// `when place_order(…)`, `when x = f(…) as c fails E`
    When {
        /// The name of the result.
        name: Option<Ident>,
        /// What is done.
        act: Act,
    },
    /// `after 15min`
    After(Expr),
    /// `then e`
    Then(Expr),
}

/// What a `when` line does.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Act {
    /// `f(x) as c fails E`
    Call {
        /// The call.
        call: Expr,
        /// Who calls.
        caller: Option<Expr>,
        /// How it must fail.
        fails: Option<Pattern>,
    },
    /// `15 at once f(x) as c`
    Times {
        /// How many.
        count: SmolStr,
        /// Where the number stands.
        count_range: Range,
        /// The call.
        call: Expr,
        /// Who calls.
        caller: Option<Expr>,
    },
    /// `at once { … }`
    AtOnce(Block),
}

/// `property "name" for (p: Product, ops: [a | b] of 2..50) where e { … }`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Property {
    /// Its name.
    pub name: Text,
    /// What is generated.
    pub params: Vec<PropertyParam>,
    /// Which cases count.
    pub filter: Option<Expr>,
    /// What holds.
    pub body: Block,
}

/// `q: Qty`, `ops: [place_order | restock] of 2..50`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct PropertyParam {
    /// The whole.
    pub range: Range,
    /// Its name.
    pub name: Ident,
    /// What it holds.
    pub kind: PropertyParamKind,
    /// `of 2..50`
    pub size: Option<Expr>,
}

/// What a property's parameter holds.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum PropertyParamKind {
    /// A value of a type.
    Value(Type),
    /// `[a | b]`: calls of these handlers
    Calls(Vec<Ident>),
}

/// `goal "name" { … }`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Goal {
    /// Its name.
    pub name: Text,
    /// The lines.
    pub lines: Vec<GoalLine>,
}

/// A line of a goal.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum GoalLine {
    /// Could not be read; a diagnostic exists.
    Error(Range),
    /// `list_tasks p95 < 100ms at 1000/s with 1_000_000 Task`
    Load(Box<Load>),
    /// `every h in handlers satisfies …`
    Holds(Expr),
}

/// `list_tasks p95 < 100ms at 1000/s with 1_000_000 Task`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Load {
    /// The whole.
    pub range: Range,
    /// The endpoint, with arguments if given.
    pub target: Expr,
    /// `p95`
    pub metric: Ident,
    /// How it is compared.
    pub op: super::BinaryOp,
    /// With what.
    pub bound: Expr,
    /// `at 1000/s`
    pub rate: Option<Expr>,
    /// `with 1_000_000 Task, 10_000 User`
    pub volumes: Vec<Volume>,
}

/// `1_000_000 Task`
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Volume {
    /// How many rows.
    pub count: SmolStr,
    /// Of what.
    pub relation: TypeName,
}
