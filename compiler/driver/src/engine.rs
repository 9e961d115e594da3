//! Programs that run: natively over a database, or on the evaluator.

use crate::project::Limits as ProjectLimits;
use crate::report::Stop;
use crate::statistics::Real;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use tenon_codegen::Cpu;
use tenon_core::eval::{Evaluator, Inputs, Limits as EvaluatorLimits};
use tenon_core::ir::{self, FunctionId, SiteId};
use tenon_core::scenario::{Engine as ScenarioEngine, EvaluatorEngine, START};
use tenon_diagnostics::Code;
use tenon_plan::statistics::{Assumed, Statistics};
use tenon_plan::{NotPlanned, PlanError, Planned, plan};
use tenon_runtime::context::Limits;
use tenon_runtime::database::Database;
use tenon_runtime::native::{Ended, Image, Loaded, OwnLimits, load};
use tenon_runtime::service::NativeService;
use tenon_runtime::world::World;
use tenon_value::Value;
use tenon_value::dispatch::Service;

/// What runs a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Engine {
    /// Machine code
    Native,
    /// The evaluator: slow and plain; what tests compare native code with
    Evaluator,
}

/// The evaluator recurses on the stack of its thread; commands run it on threads of this size.
pub const EVALUATOR_STACK: usize = 64 << 20;

/// A query that is larger than the planner follows, with the number of what is wrong and its place.
fn not_planned(core: &ir::Program, error: &NotPlanned) -> Stop {
    let number = match error.error {
        PlanError::TooDeep | PlanError::TooManyJoins | PlanError::TooLarge => format!("[{}] ", Code::TooDeep),
        PlanError::NoThread | PlanError::RecursiveType(_) => String::new(),
    };
    let site = error.query.as_ref().and_then(|(id, _)| core.sites.get(core.query(*id).site.index()));
    let place = site.map(|site| format!(" ({})", site.file)).unwrap_or_default();
    Stop::failed(format!("{number}{error}{place}"))
}

/// A program as machine code.
pub struct Native {
    /// Its plans and the schema of its store.
    pub planned: Planned,
    /// The code, before it was mapped.
    pub image: Image,
    /// The code.
    pub loaded: Arc<Loaded>,
}

impl Native {
    /// Plans and compiles a program.
    ///
    /// # Errors
    /// What cannot be compiled; the message names it.
    pub fn compile(core: &ir::Program, optimize: bool) -> Result<Native, Stop> {
        Native::compile_for(core, &Assumed::new(core), tenon_codegen::Options { optimize, ..Default::default() }, None)
    }

    /// As [`Native::compile`], of a program whose log tells the places of faults by these words.
    ///
    /// # Errors
    /// What cannot be compiled; the message names it.
    pub fn compile_with_places(core: &ir::Program, places: Vec<String>) -> Result<Native, Stop> {
        Native::compile_for(core, &Assumed::new(core), tenon_codegen::Options::default(), Some(places))
    }

    /// The image of a program for processors of a kind, to be run elsewhere.
    ///
    /// # Errors
    /// What cannot be compiled; the message names it.
    pub fn image(core: &ir::Program, cpu: Cpu) -> Result<Image, Stop> {
        let options = tenon_codegen::Options { cpu, ..Default::default() };
        compiled(core, &Assumed::new(core), &options).map(|(_, image)| image)
    }

    /// As [`Native::compile`], with plans for the data that a database has. The stored shape, indexes included, does
    /// not depend on the data, so the code fits the database that it was planned for.
    ///
    /// # Errors
    /// What cannot be compiled; the message names it.
    pub fn compile_for_data(&self, core: &ir::Program, database: &Database) -> Result<Option<Native>, Stop> {
        match Real::read(core, &self.planned.schema, database.image()) {
            Some(statistics) => {
                let places = Some(self.image.interface.sites.clone());
                Native::compile_for(core, &statistics, tenon_codegen::Options::default(), places).map(Some)
            }
            None => Ok(None),
        }
    }

    fn compile_for(
        core: &ir::Program,
        statistics: &dyn Statistics,
        options: tenon_codegen::Options,
        places: Option<Vec<String>>,
    ) -> Result<Native, Stop> {
        let (planned, mut image) = compiled(core, statistics, &options)?;
        if let Some(places) = places {
            image.interface.sites = places;
        }
        let loaded =
            load(image.clone()).map_err(|error| Stop::failed(format!("cannot load the compiled code: {error}")))?;
        Ok(Native { planned, image, loaded })
    }

    /// A database of the program over what is stored in a directory.
    ///
    /// # Errors
    /// The store cannot be opened: somebody else has it, it has another shape, or the system refuses.
    pub fn open(&self, data: &Path) -> Result<Arc<Database>, Stop> {
        tenon_launcher::open(&self.planned.schema, data).map_err(Stop::failed)
    }

    /// A database for reading, beside whoever owns the store.
    ///
    /// # Errors
    /// There is no store, or it does not fit the program.
    pub fn open_read_only(&self, data: &Path) -> Result<Arc<Database>, Stop> {
        tenon_launcher::open_read_only(&self.planned.schema, data).map_err(Stop::failed)
    }

    /// An empty database in memory.
    ///
    /// # Errors
    /// The system refuses.
    pub fn in_memory(&self, world: Arc<dyn World>) -> Result<Arc<Database>, Stop> {
        tenon_launcher::in_memory(&self.planned.schema, world).map_err(Stop::failed)
    }
}

fn compiled(
    core: &ir::Program,
    statistics: &dyn Statistics,
    options: &tenon_codegen::Options,
) -> Result<(Planned, Image), Stop> {
    let planned = plan(core, statistics).map_err(|error| not_planned(core, &error))?;
    // Functions of imports are endpoints; nothing else is called from outside.
    let compiled = tenon_codegen::compile(core, &planned.schema, &planned.queries, &[], options)
        .map_err(|error| Stop::failed(format!("cannot compile: {}", error.message)))?;
    Ok((planned, compiled.image))
}

/// The limits that a project sets.
pub fn own_limits(project: &ProjectLimits) -> OwnLimits {
    let ProjectLimits { fuel, memory, depth, body, time } = *project;
    OwnLimits { fuel, memory, depth, body, time }
}

/// The limits of calls, as a project sets them.
pub fn limits(project: &ProjectLimits) -> Limits {
    own_limits(project).of_calls()
}

/// An instance of a program with an empty store in memory, for one scenario.
pub fn scenario_engine(core: &Arc<ir::Program>, native: Option<&Native>) -> Result<Box<dyn ScenarioEngine>, Stop> {
    match native {
        None => {
            let limits = EvaluatorLimits { stack: EVALUATOR_STACK / 2, ..EvaluatorLimits::default() };
            Ok(Box::new(EvaluatorEngine::new(Evaluator::with_limits(core.clone(), limits))))
        }
        Some(native) => {
            let world = Arc::new(ScriptedWorld::default());
            let database = native.in_memory(world.clone())?;
            let service = NativeService::new(native.loaded.clone(), database, Limits::default(), Arc::new(|_| {}));
            Ok(Box::new(NativeEngine { service, world }))
        }
    }
}

/// A native program in a scenario.
struct NativeEngine {
    service: NativeService,
    world: Arc<ScriptedWorld>,
}

impl ScenarioEngine for NativeEngine {
    fn service(&self) -> &dyn Service {
        &self.service
    }

    fn run(&mut self, function: FunctionId, arguments: Vec<Value>) -> Result<Value, tenon_core::eval::Stop> {
        self.service.run(function.0, &arguments).map_err(stop_of)
    }

    fn set_inputs(&mut self, inputs: Inputs) {
        self.world.set(inputs);
    }
}

/// How a native call ended, in the evaluator's words.
pub fn stop_of(ended: Ended) -> tenon_core::eval::Stop {
    use tenon_core::eval::Stop;
    match ended {
        Ended::Fault(fault, site) => Stop::Fault { fault, site: SiteId(site.unwrap_or(u32::MAX)), detail: None },
        Ended::Failure(failure) => Stop::Fail(failure, SiteId(u32::MAX)),
        Ended::Invalid(problems) => Stop::Invalid(problems),
    }
}

/// A world that says what it was told for the next call.
struct ScriptedWorld {
    next: Mutex<Inputs>,
}

impl Default for ScriptedWorld {
    fn default() -> Self {
        ScriptedWorld { next: Mutex::new(Inputs { now: START, seed: 0 }) }
    }
}

impl ScriptedWorld {
    fn set(&self, inputs: Inputs) {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = inputs;
    }

    fn get(&self) -> Inputs {
        self.next.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl World for ScriptedWorld {
    fn now(&self) -> i64 {
        self.get().now
    }

    fn seed(&self) -> u64 {
        self.get().seed
    }
}
