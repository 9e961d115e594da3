//! A whole program: its tables.

use super::{
    ErrorId, FieldId, Function, FunctionId, Name, Query, RegexId, RelationId, SiteId, Type, VarId, VariantType,
};
use serde::{Deserialize, Serialize};
use tenon_span::Range;

/// Everything that the rooms behind Core need to know of a program.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Program {
    /// Variant types.
    pub variants: Vec<VariantType>,
    /// Relations.
    pub relations: Vec<Relation>,
    /// Declared errors.
    pub errors: Vec<ErrorType>,
    /// Functions.
    pub functions: Vec<Function>,
    /// Queries; `queries[i].id == QueryId(i)`.
    pub queries: Vec<Query>,
    /// What the outside sees: endpoints, shapes, errors.
    pub api: tenon_value::dispatch::Api,
    /// The code of the endpoints; parallel to `api.endpoints`.
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
    /// Computed by lowering from the other fields for a unique over an expression, as the program writes that; not a field
    /// of the program.
    pub derived: Option<Name>,
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

/// A declared error. Its number is `FIRST_DECLARED` + its index; numbers below are the built-in ones.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ErrorType {
    /// Its name.
    pub name: Name,
    /// Its fields, with their wire types (no rows, no references).
    pub fields: Vec<(Name, Type)>,
}

/// The code of an endpoint; what the outside sees of it stands at the same index in `api.endpoints`.
///
/// `function` is a wrapper that lowering made: its only parameter is the record of wire arguments
/// (`api.endpoints[i].arguments`), its result is the wire type of the answer (`Unit` for none), so that
/// neither contains rows or references. It looks up row-typed parameters, supplies defaults, checks the
/// refinements that shapes cannot express, calls the program's function, and turns rows into records.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Endpoint {
    /// The wrapper.
    pub function: FunctionId,
    /// Asked for `live`, served as a plain answer.
    pub live: bool,
    /// Where it stands.
    pub site: SiteId,
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
        /// Yields the record of wire arguments: what the wrapper takes.
        arguments: FunctionId,
        /// Its arguments.
        args: Vec<VarId>,
        /// So many calls at once, in an order drawn from the seed.
        times: u32,
        /// Further calls at once with it: an endpoint and its wire arguments, over the same `args`.
        more: Vec<(u32, FunctionId)>,
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
    /// A program without items.
    pub fn new(title: &str) -> Program {
        Program {
            variants: Vec::new(),
            relations: Vec::new(),
            errors: Vec::new(),
            functions: Vec::new(),
            queries: Vec::new(),
            api: tenon_value::dispatch::Api::new(title),
            endpoints: Vec::new(),
            scenarios: Vec::new(),
            regexes: Vec::new(),
            sites: Vec::new(),
            main: None,
        }
    }

    /// For each variant type, whether its values may hold others of it.
    pub fn recursive_variants(&self) -> Vec<bool> {
        fn mentioned(ty: &Type, found: &mut Vec<usize>) {
            match ty {
                Type::Option(of) | Type::List(of) | Type::Bag(of) | Type::Set(of) => mentioned(of, found),
                Type::Map(key, value) => {
                    mentioned(key, found);
                    mentioned(value, found);
                }
                Type::Record(record) => record.fields.iter().for_each(|(_, ty)| mentioned(ty, found)),
                Type::Variant(id) => found.push(id.index()),
                _ => {}
            }
        }
        let direct: Vec<Vec<usize>> = self
            .variants
            .iter()
            .map(|variant| {
                let mut found = Vec::new();
                variant.cases.iter().flat_map(|case| &case.fields).for_each(|(_, ty)| mentioned(ty, &mut found));
                found
            })
            .collect();
        let reaches_itself = |start: usize| {
            let (mut seen, mut work) = (vec![false; direct.len()], direct[start].clone());
            while let Some(at) = work.pop() {
                if let Some(flag) = seen.get_mut(at)
                    && !std::mem::replace(flag, true)
                {
                    work.extend(&direct[at]);
                }
            }
            seen[start]
        };
        (0..direct.len()).map(reaches_itself).collect()
    }

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

    /// The declared error of a name.
    pub fn error_named(&self, name: &str) -> Option<ErrorId> {
        let index = self.errors.iter().position(|e| e.name == name)?;
        Some(ErrorId(tenon_value::fault::FIRST_DECLARED + index as u32))
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
