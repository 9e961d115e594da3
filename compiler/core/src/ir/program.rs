//! A whole program: its tables.

use super::{
    ErrorId, FieldId, Function, FunctionId, Name, Query, RegexId, RelationId, SiteId, Type, VarId, VariantType,
};
use serde::{Deserialize, Serialize};
use tenon_span::Range;

/// Everything that the rooms behind Core need to know of a program.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Program {
    /// Variant types.
    pub variants: Vec<VariantType>,
    /// Relations.
    pub relations: Vec<Relation>,
    /// Errors; the built-in ones first, in the order of `tenon_value`'s statuses.
    pub errors: Vec<ErrorType>,
    /// Functions.
    pub functions: Vec<Function>,
    /// Queries; `queries[i].id == QueryId(i)`.
    pub queries: Vec<Query>,
    /// Endpoints.
    pub endpoints: Vec<Endpoint>,
    /// Scenarios.
    pub scenarios: Vec<Scenario>,
    /// Regular expressions, as written; each has been checked to compile.
    pub regexes: Vec<String>,
    /// Places in the source.
    pub sites: Vec<Site>,
    /// `fn main(args: [Text])`, if there is one.
    pub main: Option<FunctionId>,
}

/// A place in the source.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Site {
    /// The file.
    pub file: Name,
    /// The item's keyword.
    pub kind: Name,
    /// The item's name.
    pub item: Name,
    /// 0 for the first item of that kind and name in its file.
    pub nth: u32,
    /// The range in the item.
    pub range: Range,
}

/// A relation.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Relation {
    /// Its name.
    pub name: Name,
    /// An `event` is only ever inserted into.
    pub event: bool,
    /// The stored fields, in order. Computed fields are gone: lowering has put their expressions where they are used.
    pub fields: Vec<Field>,
    /// The key fields.
    pub key: Vec<FieldId>,
    /// How the key is made.
    pub generated: Generated,
    /// Uniques.
    pub uniques: Vec<Unique>,
    /// Index hints of the program's text.
    pub indexes: Vec<Index>,
    /// Where it stands.
    pub site: SiteId,
}

/// A stored field.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Field {
    /// Its name; made-up names of derived fields contain a `$`.
    pub name: Name,
    /// Its type. A reference is `Ref` or `Option(Ref)`.
    pub ty: Type,
    /// Never leaves the program.
    pub secret: bool,
    /// What a delete of the row that it refers to does.
    pub on_delete: OnDelete,
    /// Computed by lowering from the other fields for a unique over an expression; not a field of the program.
    pub derived: bool,
    /// A constant that old rows get when the field is new in a store; `None` if it has no constant default
    /// and is not optional.
    pub initial: Option<tenon_value::Value>,
}

/// What deleting a row does to a reference to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum OnDelete {
    /// The delete fails.
    Restrict,
    /// The reference becomes `none`.
    Clear,
}

/// How keys are made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Generated {
    /// The program gives it.
    No,
    /// A fresh `Id` where none is given.
    Id,
    /// The next number where none is given.
    Serial,
}

/// A `unique`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Unique {
    /// Its fields.
    pub fields: Vec<FieldId>,
    /// Rows where one of the fields is `none` do not count. Otherwise `none` equals `none`.
    pub skip_none: bool,
}

/// An `index` hint.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Index {
    /// Fields with their direction (`true`: descending).
    pub fields: Vec<(FieldId, bool)>,
}

/// An error that a handler may fail with.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ErrorType {
    /// Its name.
    pub name: Name,
    /// The built-in that it is.
    pub status: Status,
    /// Its fields, with their wire types.
    pub fields: Vec<(Name, Type)>,
    /// True for `Invalid`, `NotFound` and the like themselves.
    pub builtin: bool,
}

/// The status of an error.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Status(pub u16);

/// A function at a method and a path. `function` is a wrapper that lowering made: its parameters have the wire
/// types below, its result is the wire type of the answer, so that neither contains rows or references.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Endpoint {
    /// The name of the query or handler.
    pub name: Name,
    /// Documentation.
    pub doc: String,
    /// `GET`, `POST`, ….
    pub method: Name,
    /// `/orders/{id}`, with the program's prefix.
    pub path: String,
    /// True for a handler.
    pub writes: bool,
    /// The wrapper.
    pub function: FunctionId,
    /// What it reads from the request.
    pub params: Vec<EndpointParam>,
    /// The status of success; 204 where there is no value.
    pub status: u16,
    /// `json`, `text`, `csv`, `form`, `bytes`.
    pub answers_as: Name,
    /// The shape of the answer.
    pub answer: tenon_value::shape::Shape,
    /// Everything it may fail with, transitively.
    pub failures: Vec<ErrorId>,
    /// Asked for `live`, served as a plain answer.
    pub live: bool,
    /// Where it stands.
    pub site: SiteId,
}

/// A parameter of an endpoint. An absent parameter that has a default, or may be absent, reaches the wrapper as `none`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct EndpointParam {
    /// Its name in the program.
    pub name: Name,
    /// Its name on the wire.
    pub wire: Name,
    /// Documentation.
    pub doc: String,
    /// Where it comes from.
    pub part: WirePart,
    /// The type of the wrapper's parameter.
    pub ty: Type,
    /// What is decoded.
    pub shape: tenon_value::shape::Shape,
    /// False if it may be absent.
    pub required: bool,
    /// Body as `json`, `csv`, `form`, `text`, `bytes`; only for a parameter that is the whole body.
    pub body_as: Option<Name>,
}

/// A part of a request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum WirePart {
    /// A segment of the path.
    Path,
    /// A field of the query string.
    Query,
    /// A field of the JSON body.
    BodyField,
    /// The whole body.
    Body,
    /// A header.
    Header,
    /// A cookie.
    Cookie,
}

/// A scenario, as steps over an environment of bindings.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Scenario {
    /// Its title.
    pub name: String,
    /// The bindings: what `given x = …` and `when x = …` name.
    pub vars: Vec<super::VarInfo>,
    /// What happens, in order.
    pub steps: Vec<ScenarioStep>,
    /// Where it stands.
    pub site: SiteId,
}

/// A step. Functions of steps take all bindings made by earlier steps that they list, in that order.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum ScenarioStep {
    /// Runs a function in a transaction of its own and binds its value.
    Given {
        /// The function.
        function: FunctionId,
        /// Its arguments.
        args: Vec<VarId>,
        /// Bound to its value.
        bind: Option<VarId>,
        /// Where it stands.
        site: SiteId,
    },
    /// Calls an endpoint, or a query or handler without one, through encoding, dispatch and decoding.
    When {
        /// Index into [`Program::endpoints`].
        endpoint: u32,
        /// Yields the record of wire arguments, in the order of the endpoint's parameters, each as the wrapper's type.
        arguments: FunctionId,
        /// Its arguments.
        args: Vec<VarId>,
        /// So many calls at once, in an order drawn from the seed.
        times: u32,
        /// Turns the decoded answer (wire type) into the value that is bound: takes it as its only parameter.
        bind: Option<(VarId, FunctionId)>,
        /// The error that must come, with a function over its fields (then `args`) that must give `true`.
        fails: Option<(ErrorId, Option<FunctionId>)>,
        /// Where it stands.
        site: SiteId,
    },
    /// Drives the clock forward by a Duration.
    After {
        /// Yields the Duration.
        function: FunctionId,
        /// Its arguments.
        args: Vec<VarId>,
        /// Where it stands.
        site: SiteId,
    },
    /// A condition. `succeeded` and `failed E` are variables of the scenario that the runner keeps: see `counts`.
    Then {
        /// Yields a Bool.
        function: FunctionId,
        /// Its arguments.
        args: Vec<VarId>,
        /// Parts of the expression whose values a report shows when it does not hold.
        parts: Vec<ThenPart>,
        /// The source text.
        text: String,
        /// Where it stands.
        site: SiteId,
    },
    /// Sets variables to counts of the last `when`: `succeeded` (no error) and `failed E`.
    Counts(Vec<(VarId, Option<ErrorId>)>),
}

/// A part of a `then`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ThenPart {
    /// Its source text.
    pub text: String,
    /// Yields its value; takes the arguments of the `Then`.
    pub function: FunctionId,
}

impl Program {
    /// The relation of a number. Numbers come from this program.
    pub fn relation(&self, id: RelationId) -> &Relation {
        &self.relations[id.index()]
    }

    /// The function of a number.
    pub fn function(&self, id: FunctionId) -> &Function {
        &self.functions[id.index()]
    }

    /// The query of a number.
    pub fn query(&self, id: super::QueryId) -> &Query {
        &self.queries[id.index()]
    }

    /// The variant type of a number.
    pub fn variant(&self, id: super::VariantId) -> &VariantType {
        &self.variants[id.index()]
    }

    /// The regular expression of a number.
    pub fn regex(&self, id: RegexId) -> &str {
        &self.regexes[id.index()]
    }
}

impl Relation {
    /// A field of a number.
    pub fn field(&self, id: FieldId) -> &Field {
        &self.fields[id.index()]
    }

    /// Finds a field by name.
    pub fn field_named(&self, name: &str) -> Option<FieldId> {
        self.fields.iter().position(|f| f.name == name).map(|i| FieldId(i as u32))
    }
}

