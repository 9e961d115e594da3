//! Native code as an engine of scenarios: machine code over a store in memory, in a world that the runner drives.

use std::sync::Arc;

use parking_lot::Mutex;
use tenon_authority::MemoryAuthority;
use tenon_codegen::Options;
use tenon_core::eval::{Inputs, Stop};
use tenon_core::ir::{FunctionId, Program, SiteId};
use tenon_core::scenario::{Engine, START};
use tenon_plan::Planned;
use tenon_runtime::database::Database;
use tenon_runtime::native::{Ended, Loaded};
use tenon_runtime::service::NativeService;
use tenon_runtime::world::World;
use tenon_runtime::Limits;
use tenon_value::Value;
use tenon_value::dispatch::Service;

/// Why a program cannot be made native.
#[derive(Debug)]
pub struct NotNative(pub String);

/// A program as machine code, in this process.
#[derive(Clone)]
pub struct NativeProgram {
    /// The code.
    pub loaded: Arc<Loaded>,
    /// What it was planned as.
    pub planned: Arc<Planned>,
}

impl NativeProgram {
    /// Compiles a program with plans for data that is not known yet.
    ///
    /// # Errors
    /// One sentence about what has no plan or no machine code.
    pub fn new(program: &Program, options: &Options) -> Result<NativeProgram, NotNative> {
        let statistics = tenon_plan::statistics::Assumed::new(program);
        let planned = tenon_plan::plan(program, &statistics).map_err(|e| NotNative(e.to_string()))?;
        NativeProgram::planned(program, planned, options)
    }

    /// Compiles a program with plans.
    ///
    /// # Errors
    /// One sentence about what has no machine code.
    pub fn planned(program: &Program, planned: Planned, options: &Options) -> Result<NativeProgram, NotNative> {
        let compiled = tenon_codegen::compile(program, &planned.schema, &planned.queries, &[], options);
        let compiled = compiled.map_err(|e| NotNative(e.to_string()))?;
        let loaded = tenon_runtime::native::load(compiled.image).map_err(|e| NotNative(e.to_string()))?;
        Ok(NativeProgram { loaded, planned: Arc::new(planned) })
    }

    /// The program over an empty store in memory, in a world that a scenario drives.
    ///
    /// # Errors
    /// The store cannot be made.
    pub fn engine(&self, limits: Limits) -> Result<NativeEngine, NotNative> {
        let world = Arc::new(DrivenWorld { inputs: Mutex::new(Inputs { now: START, seed: 0 }) });
        let schema = Arc::new(self.planned.schema.clone());
        let database = Database::start(schema, Box::new(MemoryAuthority::new()), world.clone());
        let database = Arc::new(database.map_err(|e| NotNative(e.to_string()))?);
        // What scenarios log is not shown.
        let service = NativeService::new(self.loaded.clone(), database, limits, Arc::new(|_| {}));
        Ok(NativeEngine { service, world })
    }
}

/// A world whose next moment and seed are set from outside.
struct DrivenWorld {
    inputs: Mutex<Inputs>,
}

impl World for DrivenWorld {
    fn now(&self) -> i64 {
        self.inputs.lock().now
    }

    fn seed(&self) -> u64 {
        self.inputs.lock().seed
    }
}

/// See the module.
pub struct NativeEngine {
    service: NativeService,
    world: Arc<DrivenWorld>,
}

impl Engine for NativeEngine {
    fn service(&self) -> &dyn Service {
        &self.service
    }

    fn run(&mut self, function: FunctionId, arguments: Vec<Value>) -> Result<Value, Stop> {
        self.service.run(function.0, &arguments).map_err(|ended| match ended {
            Ended::Fault(fault, site) => Stop::Fault { fault, site: SiteId(site.unwrap_or(0)), detail: None },
            Ended::Failure(failure) => Stop::Fail(failure, SiteId(0)),
            Ended::Invalid(problems) => Stop::Invalid(problems),
        })
    }

    fn set_inputs(&mut self, inputs: Inputs) {
        *self.world.inputs.lock() = inputs;
    }
}
