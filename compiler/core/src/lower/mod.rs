//! Lowering: from typed trees to Core.
//!
//! One pass over what is reachable from endpoints, scenarios and `main`. Generic functions are instantiated
//! per type arguments; functions that take function values are inlined at their calls, so that lambdas see
//! the caller's locals and no function value is left. Two modes share one code: in *code* an effect becomes a
//! statement in sequence; inside a *query* nothing may be sequenced, so bindings become columns and nested
//! queries become [`Apply`](crate::ir::Apply) operators.
//!
//! Row-typed expressions have two forms in Core: `Ref` (a stored reference) and `Row` (as read). A place that
//! wants the other form gets it by `coerce`: following a reference is a read of the store *at that
//! moment*, so in code it is a statement of its own.
//!
//! What cannot be run and shows in one body is refused by the checker (`check::infer::running`, `check::agreement`). What
//! is refused here needs the bodies of the functions that are called, at the types and places where they are called: a
//! function that a query calls and that loops over the store, logs or draws numbers; too many ways through such a
//! function; a function value that is not known where it is called; rows inside of inferred results.

mod branches;
mod call;
mod checked;
mod code;
mod constants;
mod conversions;
mod edit;
mod endpoint;
mod expr;
mod import;
mod library;
mod limits;
mod operators;
mod partial;
mod pattern;
mod proofs;
mod query;
mod relation;
mod scenario;
mod scope;
mod source;
mod types;
mod wire;
mod write;

pub use checked::CheckedProgram;
pub use edit::{delete_name, edit_name};
pub use import::import_name;
pub use source::{BodyPart, ItemSite, LowerError, Settings, Typed};

use crate::depth::{is_too_deep, query_is_too_deep};
use crate::effects::Kinds;
use crate::ir::{
    ErrorType, Function, FunctionId, FunctionKind, Name, Output, Program, Query, QueryId, RegexId, Rel, RelationId,
    Site, SiteId, Type, VariantId,
};
use crate::width::Widths;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::mem::take;
use tenon_check::db::WireNames;
use tenon_check::signature::{CallableKind, RelationSig, Signature};
use tenon_check::ty::{Symbol, Ty};
use tenon_span::Range;

/// Lowers a whole program that has been checked without errors.
///
/// # Errors
/// Constructs that the checker accepts but that cannot be expressed in Core; each names its place.
pub fn lower(source: &dyn Typed, settings: &Settings) -> Result<Program, Vec<LowerError>> {
    let mut lowering = Lowering::new(source, settings);
    lowering.run();
    let kinds = lowering.conclude();
    for (function, kind) in lowering.program.functions.iter_mut().zip(kinds) {
        function.kind = kind;
    }
    lowering.verify();
    if lowering.errors.is_empty() { Ok(lowering.program) } else { Err(lowering.errors) }
}

/// What [`lower`] refuses, for whoever wants to know nothing else: code is dropped as soon as it is written, so that this
/// takes little memory whatever the size of the program. What is left at the end, or where the source unwinds, goes to
/// `remains`.
pub fn refused(source: &dyn Typed, settings: &Settings, remains: &mut Remains) -> Vec<LowerError> {
    let mut refusing = Refusing { lowering: Lowering::new(source, settings), remains };
    let lowering = &mut refusing.lowering;
    lowering.keeps_code = false;
    lowering.run();
    lowering.conclude();
    take(&mut lowering.errors)
}

/// What a lowering leaves that is not wanted any more. To drop it takes a while for a large program: who keeps others
/// waiting while it holds the source lets go of that first.
#[derive(Default)]
pub struct Remains(Option<Box<dyn std::any::Any + Send>>);

struct Refusing<'a> {
    lowering: Lowering<'a>,
    remains: &'a mut Remains,
}

impl Drop for Refusing<'_> {
    fn drop(&mut self) {
        let Lowering { program, shapes, sites, instances, variants, kinds, .. } = &mut self.lowering;
        let program = std::mem::replace(program, Program::new(""));
        let tables = (take(shapes), take(sites), take(instances), take(variants), take(kinds));
        self.remains.0 = Some(Box::new((program, tables)));
    }
}

/// A function to be lowered once: a source function at concrete types.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Instance {
    symbol: Symbol,
    types: Vec<Type>,
}

pub(crate) struct Lowering<'a> {
    source: &'a dyn Typed,
    program: Program,
    prefix: String,
    names: WireNames,
    edits: bool,
    assert_proofs: bool,
    relations: FxHashMap<Symbol, RelationId>,
    errors_by_symbol: FxHashMap<Symbol, tenon_value::ErrorId>,
    variants: FxHashMap<(Symbol, Vec<Type>, bool), VariantId>,
    instances: FxHashMap<Instance, FunctionId>,
    pending: VecDeque<(Instance, Vec<Ty>, FunctionId)>,
    shapes: wire::ShapeMemo,
    sites: FxHashMap<(Symbol, Range), SiteId>,
    /// Calls inside of queries of functions whose bodies are not inlined: these must turn out to be pure.
    calls_in_queries: Vec<(FunctionId, Symbol, Range)>,
    errors: Vec<LowerError>,
    limits: limits::Limits,
    /// Functions whose code is there and has not been looked at since.
    written: Vec<FunctionId>,
    kinds: Kinds,
    /// Where functions and queries stand that nest too deeply.
    deep: Vec<SiteId>,
    widths: Widths,
    /// Where functions and queries stand that have values which are too wide.
    wide: Vec<SiteId>,
    /// Code is kept when it has been looked at.
    keeps_code: bool,
}

impl<'a> Lowering<'a> {
    fn new(source: &'a dyn Typed, settings: &Settings) -> Self {
        Lowering {
            source,
            program: Program::new(&settings.title),
            prefix: settings.prefix.clone(),
            names: settings.names,
            edits: settings.edits,
            assert_proofs: settings.assert_proofs,
            relations: FxHashMap::default(),
            errors_by_symbol: FxHashMap::default(),
            variants: FxHashMap::default(),
            instances: FxHashMap::default(),
            pending: VecDeque::new(),
            shapes: wire::ShapeMemo::default(),
            sites: FxHashMap::default(),
            calls_in_queries: Vec::new(),
            errors: Vec::new(),
            limits: limits::Limits::default(),
            written: Vec::new(),
            kinds: Kinds::default(),
            deep: Vec::new(),
            widths: Widths::default(),
            wide: Vec::new(),
            keeps_code: true,
        }
    }

    fn run(&mut self) {
        let items = self.source.items();
        self.declare_relations(&items);
        self.declare_errors(&items);
        for symbol in &items {
            let Some(Signature::Function(signature)) = self.source.signature(symbol) else { continue };
            let signature = signature.clone();
            if signature.endpoint.is_some() {
                self.lower_endpoint(&signature);
            } else if signature.generics.is_empty() && !takes_functions(&signature.params) {
                // Unexposed code is lowered too, so that every function is tested and explained.
                let id = self.instance(symbol, &[]);
                if signature.kind == CallableKind::Fn && symbol.module.is_empty() && symbol.name == "main" {
                    self.program.main = Some(id);
                }
            }
            self.look_at_code();
        }
        self.lower_imports(&items);
        if self.edits {
            self.lower_edits(&items);
        }
        self.drain();
        for index in 0..self.source.scenario_count() {
            self.lower_scenario(index);
            self.look_at_code();
        }
        self.drain();
        if let Err(error) = self.program.api.shapes.finish() {
            self.errors.push(LowerError::program(format!("a type cannot travel: {error}")));
        }
    }

    fn drain(&mut self) {
        while let Some((instance, types, id)) = self.pending.pop_front() {
            let function = self.lower_instance(&instance, &types);
            self.set_function(id, function);
            self.look_at_code();
        }
    }

    /// Looks at the code that was written since: what it may do, and how deep it nests.
    fn look_at_code(&mut self) {
        let Lowering { program, kinds, deep, widths, wide, .. } = self;
        let known = kinds.queries(program);
        widths.extend(program);
        for query in &program.queries[known..] {
            if query_is_too_deep(query) {
                deep.push(query.site);
            } else if widths.query_is_too_wide(query) {
                wide.push(query.site);
            }
        }
        for id in &self.written {
            let function = &program.functions[id.index()];
            kinds.function(*id, function);
            // What enters from outside comes as one record, which may be a row of many columns.
            let is_door = || program.endpoints.iter().any(|endpoint| endpoint.function == *id);
            if is_too_deep(function) {
                deep.push(function.site);
            } else if widths.function_is_too_wide(function) && !is_door() {
                wide.push(function.site);
            }
        }
        if !self.keeps_code {
            for query in &mut program.queries[known..] {
                (query.root, query.output, query.vars) = (Rel::Unit, Output::Exists, Vec::new());
            }
            for id in &self.written {
                program.functions[id.index()].body = Vec::new();
            }
        }
        self.written.clear();
    }

    /// Refuses what only the whole program tells. Gives the kinds of its functions.
    fn conclude(&mut self) -> Vec<FunctionKind> {
        self.look_at_code();
        let kinds = take(&mut self.kinds).close();
        if !self.errors.is_empty() {
            return kinds;
        }
        for (function, item, range) in take(&mut self.calls_in_queries) {
            if kinds[function.index()] != FunctionKind::Pure {
                let message = format!(
                    "`{}` reads the store and goes around in a loop, assigns, or leaves from the middle of an expression: such a function cannot run inside a query; write it as a query, or call it in code",
                    self.program.functions[function.index()].name
                );
                self.errors.push(LowerError::unsupported(Some(item), range, message));
            }
        }
        if self.errors.is_empty() {
            self.refuse_what_is_deep();
        }
        if self.errors.is_empty() {
            self.refuse_what_is_wide();
        }
        kinds
    }

    /// The Core function of a source function at these types; queued if it is new.
    fn instance(&mut self, symbol: &Symbol, types: &[Ty]) -> FunctionId {
        let core_types: Vec<Type> = types.iter().map(|ty| self.lower_ty(ty)).collect();
        let instance = Instance { symbol: symbol.clone(), types: core_types };
        if let Some(id) = self.instances.get(&instance) {
            return *id;
        }
        let id = self.reserve_function(&symbol.name);
        self.instances.insert(instance.clone(), id);
        if self.may_instantiate(symbol, types) {
            self.pending.push_back((instance, types.to_vec(), id));
        }
        id
    }

    /// A place for a function whose body comes later.
    fn reserve_function(&mut self, name: &str) -> FunctionId {
        let id = FunctionId(self.program.functions.len() as u32);
        self.program.functions.push(Function {
            name: Name::from(name),
            kind: FunctionKind::Pure,
            params: Vec::new(),
            result: Type::Unit,
            vars: Vec::new(),
            body: Vec::new(),
            site: SiteId(0),
        });
        id
    }

    fn add_function(&mut self, function: Function) -> FunctionId {
        let id = FunctionId(self.program.functions.len() as u32);
        self.program.functions.push(function);
        self.written.push(id);
        id
    }

    /// Gives a function its code, whose place was reserved.
    fn set_function(&mut self, id: FunctionId, function: Function) {
        self.program.functions[id.index()] = function;
        self.written.push(id);
    }

    fn add_query(&mut self, mut query: Query) -> QueryId {
        let id = QueryId(self.program.queries.len() as u32);
        query.id = id;
        self.program.queries.push(query);
        id
    }

    fn regex(&mut self, text: &str) -> RegexId {
        let at = self.program.regexes.iter().position(|r| r == text).unwrap_or_else(|| {
            self.program.regexes.push(text.to_owned());
            self.program.regexes.len() - 1
        });
        RegexId(at as u32)
    }

    fn site(&mut self, item: &Symbol, range: Range) -> SiteId {
        if let Some(id) = self.sites.get(&(item.clone(), range)) {
            return *id;
        }
        let place = self.source.item_site(item);
        let id = SiteId(self.program.sites.len() as u32);
        self.program.sites.push(Site { file: place.file, kind: place.kind, item: place.name, nth: place.nth, range });
        self.sites.insert((item.clone(), range), id);
        id
    }

    fn error(&mut self, item: &Symbol, range: Range, message: impl Into<String>) {
        self.errors.push(LowerError::unsupported(Some(item.clone()), range, message.into()));
    }

    fn relation_sig(&self, symbol: &Symbol) -> Option<&'a RelationSig> {
        match self.source.signature(symbol) {
            Some(Signature::Relation(sig)) => Some(sig),
            _ => None,
        }
    }

    fn relation_id(&self, symbol: &Symbol) -> RelationId {
        *self.relations.get(symbol).expect("every relation of a checked program is declared")
    }

    fn declare_errors(&mut self, items: &[Symbol]) {
        for symbol in items {
            let Some(Signature::Error(sig)) = self.source.signature(symbol) else { continue };
            let sig = sig.clone();
            let fields: Vec<_> = sig
                .fields
                .iter()
                .map(|f| {
                    let ty = self.wire_type(&f.ty);
                    (f.name.clone(), if f.absent { types::absentable(ty) } else { ty })
                })
                .collect();
            let shape = self.error_shape(&sig);
            let id = tenon_value::ErrorId(tenon_value::fault::FIRST_DECLARED + self.program.errors.len() as u32);
            self.program.errors.push(ErrorType { name: sig.symbol.name.clone(), fields });
            self.program.api.errors.push(shape);
            self.errors_by_symbol.insert(symbol.clone(), id);
        }
    }

    fn error_id(&self, symbol: &Symbol) -> tenon_value::ErrorId {
        match tenon_value::BuiltIn::from_name(&symbol.name) {
            Some(builtin) if symbol.module == "tenon" => builtin.id(),
            _ => *self.errors_by_symbol.get(symbol).expect("every error of a checked program is declared"),
        }
    }
}

fn takes_functions(params: &[tenon_check::signature::ParamSig]) -> bool {
    params.iter().any(|p| matches!(p.ty, Ty::Fn(..)))
}
