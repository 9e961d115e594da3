//! The verifier: whether a program keeps the invariants that everything behind Core relies on.
//!
//! Run by tests, and after lowering where debug assertions are on. What it refuses is a bug of lowering (or of a fixture),
//! so its errors are sentences for implementers.
//!
//! | module | checks |
//! | --- | --- |
//! | this one | tables: numbers lead somewhere, types are finite, keys can be keys, interfaces and code agree |
//! | `expr` | every node has the type that its parts say |
//! | `code` | statements: types, variables are assigned before they are read, every path ends |
//! | `query` | operators: scopes, every variable bound by one operator |

mod code;
mod expr;
mod query;

use crate::effects::kinds;
use crate::ir::*;
use crate::text::print_type;
use crate::typing::is_of;
use std::fmt;
use tenon_value::fault::FIRST_DECLARED;
use tenon_value::pattern::Pattern;
use tenon_value::{BuiltIn, Value};

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyError {
    /// The item: `fn quote`, `query revenue#3`, `relation Order`.
    pub place: String,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// Everything that is wrong with a program.
pub fn verify(program: &Program) -> Vec<VerifyError> {
    let mut verifier = Verifier { program, place: String::new(), errors: Vec::new() };
    verifier.tables();
    // Bodies are walked only where every number leads somewhere.
    if verifier.errors.is_empty() {
        verifier.bodies();
    }
    verifier.errors
}

/// Panics with all errors, if there are any.
pub fn assert_valid(program: &Program) {
    let errors = verify(program);
    assert!(
        errors.is_empty(),
        "this program of Core is not valid:\n{}",
        errors.iter().map(VerifyError::to_string).collect::<Vec<_>>().join("\n")
    );
}

struct Verifier<'a> {
    program: &'a Program,
    place: String,
    errors: Vec<VerifyError>,
}

impl Verifier<'_> {
    fn error(&mut self, message: impl Into<String>) {
        // The first errors tell the cause.
        if self.errors.len() < 100 {
            self.errors.push(VerifyError { place: self.place.clone(), message: message.into() });
        }
    }

    fn check(&mut self, holds: bool, message: impl FnOnce() -> String) {
        if !holds {
            self.error(message());
        }
    }

    fn show(&self, ty: &Type) -> String {
        print_type(self.program, ty)
    }

    fn same(&mut self, what: &str, found: &Type, expected: &Type) {
        if found != expected {
            let message = format!("{what} is of type {}, expected {}", self.show(found), self.show(expected));
            self.error(message);
        }
    }

    fn site(&mut self, site: SiteId) {
        let count = self.program.sites.len();
        self.check(site.index() < count, || format!("site {} is not in the table of {count}", site.0));
    }

    /// Whether a type is well formed.
    fn ty(&mut self, ty: &Type) {
        match ty {
            Type::Option(of) => {
                self.check(!matches!(**of, Type::Option(_)), || "an option of an option".into());
                self.ty(of);
            }
            Type::List(of) | Type::Bag(of) | Type::Set(of) => self.ty(of),
            Type::Map(key, value) => {
                self.ty(key);
                self.ty(value);
            }
            Type::Record(record) => record.fields.iter().for_each(|(_, ty)| self.ty(ty)),
            Type::Variant(id) => {
                let known = id.index() < self.program.variants.len();
                self.check(known, || format!("there is no variant type {}", id.0));
            }
            Type::Ref(id) | Type::Row(id) => {
                let known = id.index() < self.program.relations.len();
                self.check(known, || format!("there is no relation {}", id.0));
            }
            Type::Decimal(scale) => self.check(*scale <= 18, || format!("a Decimal of scale {scale}")),
            _ => {}
        }
    }

    fn tables(&mut self) {
        let program = self.program;
        for variant in &program.variants {
            self.place = format!("variant {}", variant.name);
            self.check(!variant.cases.is_empty(), || "there are no cases".into());
            for case in &variant.cases {
                case.fields.iter().for_each(|(_, ty)| self.ty(ty));
            }
        }
        if self.errors.is_empty() {
            for (index, variant) in program.variants.iter().enumerate() {
                self.place = format!("variant {}", variant.name);
                let mut open = Vec::new();
                let ty = Type::Variant(VariantId(index as u32));
                self.check(self.is_finite(&ty, &mut open), || "a value contains itself outside a collection".into());
            }
        }
        program.relations.iter().for_each(|relation| self.relation(relation));
        for error in &program.errors {
            self.place = format!("error {}", error.name);
            error.fields.iter().for_each(|(_, ty)| {
                self.ty(ty);
                self.check(!contains_row(ty), || "an error holds a row or a reference".into());
            });
        }
        for (index, regex) in program.regexes.iter().enumerate() {
            self.place = format!("regex {index}");
            if let Err(why) = Pattern::new(regex) {
                self.error(why.to_string());
            }
        }
        for (index, query) in program.queries.iter().enumerate() {
            self.place = format!("query {}#{index}", query.name);
            self.check(query.id.index() == index, || format!("its number is {}", query.id.0));
            self.site(query.site);
            self.vars(&query.vars, &query.params);
        }
        for function in &program.functions {
            self.place = format!("fn {}", function.name);
            self.site(function.site);
            self.ty(&function.result);
            self.vars(&function.vars, &function.params);
        }
        self.interface();
    }

    fn vars(&mut self, vars: &[VarInfo], params: &[VarId]) {
        vars.iter().for_each(|var| self.ty(&var.ty));
        for (i, param) in params.iter().enumerate() {
            self.check(param.index() < vars.len(), || format!("parameter {i} is no variable of it"));
            self.check(!params[..i].contains(param), || format!("parameter {i} stands twice"));
        }
    }

    /// Whether a value of the type has a fixed size: collections are pointers, everything else lies in place.
    fn is_finite(&self, ty: &Type, open: &mut Vec<VariantId>) -> bool {
        match ty {
            Type::Option(of) => self.is_finite(of, open),
            Type::Record(record) => record.fields.iter().all(|(_, ty)| self.is_finite(ty, open)),
            Type::Variant(id) => {
                if open.contains(id) {
                    return false;
                }
                open.push(*id);
                let finite = self
                    .program
                    .variant(*id)
                    .cases
                    .iter()
                    .flat_map(|c| &c.fields)
                    .all(|(_, ty)| self.is_finite(ty, open));
                open.pop();
                finite
            }
            _ => true,
        }
    }

    fn relation(&mut self, relation: &Relation) {
        self.place = format!("relation {}", relation.name);
        self.site(relation.site);
        for (index, field) in relation.fields.iter().enumerate() {
            self.ty(&field.ty);
            self.check(!contains_stored_row(&field.ty), || {
                format!("field {} holds a row, not a reference", field.name)
            });
            self.check(relation.fields[..index].iter().all(|f| f.name != field.name), || {
                format!("field {} stands twice", field.name)
            });
            if field.on_delete == OnDelete::Clear {
                let optional = matches!(&field.ty, Type::Option(of) if matches!(**of, Type::Ref(_)));
                self.check(optional, || format!("field {} is cleared, but is no optional reference", field.name));
            }
            if let Some(initial) = &field.initial
                && !is_of(self.program, initial, &field.ty)
            {
                self.error(format!("the initial value of {} is not of its type", field.name));
            }
        }
        let count = relation.fields.len();
        let in_table = |field: &FieldId| field.index() < count;
        self.check(!relation.key.is_empty(), || "there is no key".into());
        let named = relation.key.iter().chain(relation.uniques.iter().flat_map(|u| &u.fields));
        let known = named.chain(relation.indexes.iter().flat_map(|i| i.fields.iter().map(|(f, _)| f))).all(in_table);
        self.check(known, || "a key, unique or index names a field that is not there".into());
        if !known {
            return;
        }
        for field in &relation.key {
            let ty = &relation.field(*field).ty;
            let can_be_key = !contains(ty, &|ty| matches!(ty, Type::Option(_) | Type::Float));
            self.check(can_be_key, || format!("{} cannot be a key", relation.field(*field).name));
        }
        let generated = match (relation.generated, relation.key.as_slice()) {
            (Generated::No, _) => true,
            (Generated::Id, [field]) => relation.field(*field).ty == Type::Id,
            (Generated::Serial, [field]) => relation.field(*field).ty == Type::Int,
            _ => false,
        };
        self.check(generated, || "the generated key has another type".into());
    }

    fn interface(&mut self) {
        let program = self.program;
        self.place = "interface".into();
        let (described, written) = (program.api.endpoints.len(), program.endpoints.len());
        self.check(described == written, || format!("{described} endpoints are described, {written} have code"));
        // A program that shows nothing need not describe its errors.
        let (described, declared) = (program.api.errors.len(), program.errors.len());
        self.check(described == declared || described + written == 0, || {
            format!("{described} errors are described, {declared} are declared")
        });
        for (shape, error) in program.api.errors.iter().zip(&program.errors) {
            self.check(shape.name == error.name, || format!("error {} is described as {}", error.name, shape.name));
        }
        for (index, endpoint) in program.endpoints.iter().enumerate() {
            self.place = format!("endpoint {index}");
            self.site(endpoint.site);
            let Some(function) = program.functions.get(endpoint.function.index()) else {
                self.error("its function is not there");
                continue;
            };
            match function.params.as_slice() {
                [param] => {
                    let ty = function.vars.get(param.index()).map(|var| &var.ty);
                    let record = matches!(ty, Some(Type::Record(_) | Type::Unit));
                    self.check(record, || "its parameter is no record".into());
                    self.check(!ty.is_some_and(contains_row), || "its arguments hold a row or a reference".into());
                }
                _ => self.error("it takes one record of arguments"),
            }
            self.check(!contains_row(&function.result), || "its answer holds a row or a reference".into());
        }
        if let Some(main) = program.main {
            self.place = "main".into();
            match program.functions.get(main.index()) {
                None => self.error("its function is not there"),
                Some(function) => {
                    let types: Vec<&Type> = function.params.iter().map(|p| &function.vars[p.index()].ty).collect();
                    let fits = types.is_empty() || types == [&Type::list(Type::Text)];
                    self.check(fits, || "it takes a list of texts, or nothing".into());
                }
            }
        }
    }

    fn bodies(&mut self) {
        let program = self.program;
        let least = kinds(program);
        for (index, function) in program.functions.iter().enumerate() {
            self.place = format!("fn {}", function.name);
            let needed = least[index];
            self.check(function.kind >= needed, || {
                format!("it is said to be {:?}, but its code is {needed:?}", function.kind)
            });
            self.function(function, &least);
        }
        for (index, query) in program.queries.iter().enumerate() {
            self.place = format!("query {}#{index}", query.name);
            self.query(query, &least);
        }
        for scenario in &program.scenarios {
            self.place = format!("scenario {:?}", scenario.name);
            self.scenario(scenario);
        }
    }

    /// Whether an error exists, and these are its fields.
    fn error_fields(&mut self, error: ErrorId, fields: &[Type]) {
        if BuiltIn::from_id(error).is_some() {
            self.check(fields.is_empty(), || "a built-in error has no fields".into());
            return;
        }
        let program = self.program;
        match error.0.checked_sub(FIRST_DECLARED).and_then(|index| program.errors.get(index as usize)) {
            None => self.error(format!("there is no error {}", error.0)),
            Some(declared) => {
                let fits = declared.fields.iter().map(|(_, ty)| ty).eq(fields);
                self.check(fits, || format!("the fields of {} do not fit its declaration", declared.name));
            }
        }
    }

    fn scenario(&mut self, scenario: &Scenario) {
        let program = self.program;
        self.site(scenario.site);
        scenario.vars.iter().for_each(|var| self.ty(&var.ty));
        let mut bound = vec![false; scenario.vars.len()];
        for var in crate::scenario::counted(scenario) {
            bind_step(&mut bound, var);
        }
        let ty = |var: &VarId| scenario.vars.get(var.index()).map(|var| var.ty.clone());
        for step in &scenario.steps {
            match step {
                ScenarioStep::Given { function, args, bind, site } => {
                    self.site(*site);
                    let result = self.step_call(*function, &[], args, scenario, &bound);
                    if let Some(var) = bind {
                        self.check(ty(var).is_some() && ty(var) == result, || "a given has another type".into());
                        bind_step(&mut bound, *var);
                    }
                }
                ScenarioStep::When { endpoint, arguments, args, more, bind, fails, site, .. } => {
                    self.site(*site);
                    for (endpoint, arguments) in more {
                        let record = self.step_call(*arguments, &[], args, scenario, &bound);
                        let wrapper = program.endpoints.get(*endpoint as usize).map(|e| program.function(e.function));
                        let wanted = wrapper.and_then(|w| w.params.first().map(|p| w.vars[p.index()].ty.clone()));
                        self.check(record.is_some() && record == wanted, || {
                            "the arguments of a further call are not those of its endpoint".into()
                        });
                    }
                    let record = self.step_call(*arguments, &[], args, scenario, &bound);
                    let wrapper = program.endpoints.get(*endpoint as usize).map(|e| program.function(e.function));
                    let Some(wrapper) = wrapper else {
                        self.error(format!("there is no endpoint {endpoint}"));
                        continue;
                    };
                    let wanted = wrapper.params.first().map(|p| wrapper.vars[p.index()].ty.clone());
                    self.check(record.is_some() && record == wanted, || {
                        "the arguments are not those of the endpoint".into()
                    });
                    if let Some((error, Some(condition))) = fails {
                        let fields: Vec<Type> = match error.0.checked_sub(FIRST_DECLARED) {
                            Some(at) => match program.errors.get(at as usize) {
                                Some(declared) => declared.fields.iter().map(|(_, ty)| ty.clone()).collect(),
                                None => Vec::new(),
                            },
                            None => Vec::new(),
                        };
                        let result = self.step_call(*condition, &fields, args, scenario, &bound);
                        self.check(result == Some(Type::Bool), || "the condition of a failure is no Bool".into());
                    }
                    if let Some((var, decode)) = bind {
                        let result =
                            self.step_call(*decode, std::slice::from_ref(&wrapper.result), &[], scenario, &bound);
                        self.check(ty(var).is_some() && ty(var) == result, || "an answer has another type".into());
                        bind_step(&mut bound, *var);
                    }
                }
                ScenarioStep::After { function, args, site } => {
                    self.site(*site);
                    let result = self.step_call(*function, &[], args, scenario, &bound);
                    self.check(result == Some(Type::Duration), || "`after` takes a Duration".into());
                }
                ScenarioStep::Then { function, args, parts, site, .. } => {
                    self.site(*site);
                    let result = self.step_call(*function, &[], args, scenario, &bound);
                    self.check(result == Some(Type::Bool), || "`then` takes a Bool".into());
                    for part in parts {
                        self.step_call(part.function, &[], args, scenario, &bound);
                    }
                }
                ScenarioStep::Counts(counts) => {
                    for (var, _) in counts {
                        self.check(ty(var) == Some(Type::Int), || "a count is an Int".into());
                        bind_step(&mut bound, *var);
                    }
                }
            }
        }
    }

    /// The result of a step's function, which takes `first` and then bindings.
    fn step_call(
        &mut self,
        function: FunctionId,
        first: &[Type],
        args: &[VarId],
        scenario: &Scenario,
        bound: &[bool],
    ) -> Option<Type> {
        let Some(function) = self.program.functions.get(function.index()) else {
            self.error(format!("there is no function {}", function.0));
            return None;
        };
        let mut given = first.to_vec();
        for arg in args {
            match scenario.vars.get(arg.index()) {
                Some(var) if bound[arg.index()] => given.push(var.ty.clone()),
                _ => self.error(format!("binding {} is used before it is made", arg.0)),
            }
        }
        let fits = function.params.iter().map(|p| &function.vars[p.index()].ty).eq(given.iter());
        self.check(fits, || format!("{} is called with other arguments than it takes", function.name));
        Some(function.result.clone())
    }

    /// Whether a constant is a value of a type. Rows and references are never constants.
    fn has_type(&self, value: &Value, ty: &Type) -> bool {
        let mut refers = false;
        crate::eval::references(value, &mut |_, _| refers = true);
        !refers && is_of(self.program, value, ty)
    }
}

fn bind_step(bound: &mut [bool], var: VarId) {
    if let Some(bound) = bound.get_mut(var.index()) {
        *bound = true;
    }
}

/// Whether a type, or one that it is made of in place or through a collection, is of a kind. Variants stand for
/// themselves.
fn contains(ty: &Type, kind: &dyn Fn(&Type) -> bool) -> bool {
    kind(ty)
        || match ty {
            Type::Option(of) | Type::List(of) | Type::Bag(of) | Type::Set(of) => contains(of, kind),
            Type::Map(key, value) => contains(key, kind) || contains(value, kind),
            Type::Record(record) => record.fields.iter().any(|(_, ty)| contains(ty, kind)),
            _ => false,
        }
}

fn contains_row(ty: &Type) -> bool {
    contains(ty, &|ty| matches!(ty, Type::Row(_) | Type::Ref(_)))
}

fn contains_stored_row(ty: &Type) -> bool {
    contains(ty, &|ty| matches!(ty, Type::Row(_)))
}
