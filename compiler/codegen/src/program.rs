//! A whole program to an image.

use tenon_core::calls::CallGraph;
use tenon_core::ir::{FunctionId, Program, ScenarioStep};
use tenon_plan::physical::Plan;
use tenon_runtime::native::{Entry, Image, Interface, OwnLimits};
use tenon_value::schema::Schema;

use crate::error::{Error, Result};
use crate::shapes::key_type;
use crate::unit::{Convention, Options, Origin, Unit};

/// What compiling gives.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The program as machine code.
    pub image: Image,
    /// Names and intermediate code of all functions, if they were asked for.
    pub clif: Vec<(String, String)>,
}

/// Compiles a program: the functions of its endpoints and scenarios, its `main`, and `more`.
pub fn compile(
    program: &Program,
    schema: &Schema,
    plans: &[Plan],
    more: &[FunctionId],
    options: &Options,
) -> Result<Compiled> {
    if schema.relations.len() != program.relations.len() {
        return Err(Error::new("the stored shape is not that of the program"));
    }
    let mut unit = Unit::new(program, schema, plans, options)?;
    for root in roots(program, more) {
        if program.functions.get(root.index()).is_none() {
            return Err(Error::new("an endpoint or scenario names a function that the program does not have"));
        }
        unit.symbol(Origin::Entry(root), Convention { words: 2, results: 1 });
    }
    while let Some((symbol, origin)) = unit.next_pending() {
        match origin {
            Origin::Function(id) => unit.define_function(symbol, id)?,
            Origin::Query(id) => unit.define_query(symbol, id)?,
            Origin::Entry(id) => unit.define_entry(symbol, id)?,
            Origin::Part(_) => return Err(Error::new("a part of a function was not defined with it")),
        }
    }
    let text = unit.link()?;
    let mut key_shapes = Vec::with_capacity(program.relations.len());
    for index in 0..program.relations.len() {
        let ty = key_type(program, tenon_core::ir::RelationId(index as u32));
        key_shapes.push(unit.shapes.of(&ty));
    }
    let field_shapes = program
        .relations
        .iter()
        .map(|relation| relation.fields.iter().map(|field| unit.shapes.of(&field.ty)).collect())
        .collect();
    let mut entries = Vec::with_capacity(text.entries.len());
    for (id, offset) in text.entries {
        let function = program.function(id);
        let mut params = Vec::with_capacity(function.params.len());
        let mut arguments = 0;
        for param in &function.params {
            let ty = &function.vars[param.index()].ty;
            arguments += unit.layout.lanes(ty);
            params.push(unit.shapes.of(ty));
        }
        let results = unit.layout.lanes(&function.result);
        let result = unit.shapes.of(&function.result);
        entries.push(Entry { function: id.0, offset, params, arguments, result, results });
    }
    entries.sort_by_key(|e| e.function);
    let errors =
        program.errors.iter().map(|error| error.fields.iter().map(|(_, ty)| unit.shapes.of(ty)).collect()).collect();
    let mut shapes = unit.shapes.shapes;
    shapes.finish().map_err(|e| Error::new(format!("a type has no layout: {e}")))?;
    let site = |site: &tenon_core::ir::Site| format!("{}: {} {}", site.file, site.kind, site.item);
    let calls = CallGraph::new(program);
    let interface = Interface {
        api: program.api.clone(),
        endpoints: program.endpoints.iter().map(|e| e.function.0).collect(),
        sites: program.sites.iter().map(site).collect(),
        heavy: program.endpoints.iter().map(|e| is_heavy(&calls, plans, e.function)).collect(),
        main: program.main.map(|id| id.0),
        // Nothing of a project reaches Core; whoever makes an executable sets its limits.
        limits: OwnLimits::default(),
    };
    let image = Image {
        abi: tenon_runtime::functions::abi_hash(),
        processor: options.cpu.processor(),
        text: text.bytes,
        constants: unit.constants.finish(),
        entries,
        interface,
        shapes,
        patterns: program.regexes.clone(),
        library: unit.library.names,
        schema: schema.clone(),
        key_shapes,
        field_shapes,
        errors,
    };
    Ok(Compiled { image, clif: unit.clif })
}

/// The functions that are called from outside.
fn roots(program: &Program, more: &[FunctionId]) -> Vec<FunctionId> {
    let mut out: Vec<FunctionId> = program.endpoints.iter().map(|e| e.function).chain(program.main).collect();
    for step in program.scenarios.iter().flat_map(|s| &s.steps) {
        match step {
            ScenarioStep::Given { function, .. } | ScenarioStep::After { function, .. } => out.push(*function),
            ScenarioStep::When { arguments, more, bind, fails, .. } => {
                out.push(*arguments);
                out.extend(more.iter().map(|(_, arguments)| *arguments));
                out.extend(bind.map(|(_, f)| f));
                out.extend(fails.and_then(|(_, f)| f));
            }
            ScenarioStep::Then { function, parts, .. } => {
                out.push(*function);
                out.extend(parts.iter().map(|p| p.function));
            }
            ScenarioStep::Counts(_) => {}
        }
    }
    out.extend_from_slice(more);
    // Predicates of shapes are functions that the decoder calls.
    for (_, shape) in program.api.shapes.iter() {
        for check in &shape.checks {
            if let tenon_value::shape::Rule::Predicate { predicate, .. } = &check.rule {
                out.push(FunctionId(predicate.0));
            }
        }
    }
    out.sort_unstable();
    out.dedup();
    out
}

/// More rows than this in one call are expected to take longer than about a millisecond.
const HEAVY_ROWS: f64 = 100_000.0;

/// Whether a call of a function is expected to read many rows, or may run long whatever it is given.
fn is_heavy(calls: &CallGraph<'_>, plans: &[Plan], function: FunctionId) -> bool {
    let queries = calls.queries_of(function.index()).into_iter();
    let rows: f64 = queries.filter_map(|query| plans.get(query)).map(crate::query::rows_of).sum();
    rows > HEAVY_ROWS || calls.may_run_long(function.index())
}
