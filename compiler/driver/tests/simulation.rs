//! Random programs, called in random order, as machine code over a durable store and on the evaluator: every answer must
//! agree, and so must all rows, also after the store was closed and opened, and in a copy of its files, which is what a
//! process that is killed leaves.
//!
//! A run is a function of its seed. `TENON_SEED` is the first one and `TENON_CASES` their number; each failure names its
//! seed and the step.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use tenon_core::eval::{Evaluator, Inputs, Limits, MemoryStore, Stop};
use tenon_core::generate::{Case, Config, agree, case, inputs};
use tenon_core::ir::FunctionId;
use tenon_driver::engine::{EVALUATOR_STACK, stop_of};
use tenon_plan::statistics::Assumed;
use tenon_runtime::database::Database;
use tenon_runtime::native::{Loaded, load};
use tenon_runtime::service::NativeService;
use tenon_runtime::world::World;
use tenon_value::Value;
use tenon_value::random::Random;

/// Calls of one run.
const STEPS: usize = 40;

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise)
}

/// The inputs of the next call, as the test sets them.
struct Scripted(Mutex<Inputs>);

impl World for Scripted {
    fn now(&self) -> i64 {
        self.0.lock().unwrap().now
    }

    fn seed(&self) -> u64 {
        self.0.lock().unwrap().seed
    }
}

/// A program in machine code, and its store in a directory.
struct Simulated {
    loaded: Arc<Loaded>,
    schema: tenon_value::schema::Schema,
    world: Arc<Scripted>,
    data: PathBuf,
    service: NativeService,
}

impl Simulated {
    fn new(case: &Case, data: &Path, optimize: bool) -> Result<Simulated, String> {
        let planned = tenon_plan::plan(&case.program, &Assumed::new(&case.program)).map_err(|e| e.to_string())?;
        let exported: Vec<FunctionId> = case.run.clone();
        let options = tenon_codegen::Options { optimize, ..Default::default() };
        let compiled = tenon_codegen::compile(&case.program, &planned.schema, &planned.queries, &exported, &options)
            .map_err(|error| error.message)?;
        let loaded = load(compiled.image).map_err(|error| error.to_string())?;
        let world = Arc::new(Scripted(Mutex::new(inputs(0))));
        let database = tenon_launcher::open_in(&planned.schema, data, world.clone())?;
        let service = service(&loaded, database);
        Ok(Simulated { loaded, schema: planned.schema, world, data: data.to_owned(), service })
    }

    fn run(&self, function: FunctionId, inputs: &Inputs) -> Result<Value, Stop> {
        *self.world.0.lock().unwrap() = inputs.clone();
        self.service.run(function.0, &[]).map_err(stop_of)
    }

    /// Waits until everything is durable.
    fn settle(&self) -> Result<(), String> {
        let database = self.service.database();
        let last = database.write().map_err(|stopped| stopped.to_string())?.abort();
        database.wait(last).map_err(|lost| lost.to_string())
    }

    /// Closes the store and opens it again.
    fn restart(self) -> Result<Simulated, String> {
        self.settle()?;
        let Simulated { loaded, schema, world, data, service: old } = self;
        drop(old);
        let database = tenon_launcher::open_in(&schema, &data, world.clone())?;
        let service = service(&loaded, database);
        Ok(Simulated { loaded, schema, world, data, service })
    }

    /// The program over a copy of the files as they are, as after a kill.
    fn killed(&self, copy: &Path) -> Result<Simulated, String> {
        self.settle()?;
        let _ = std::fs::remove_dir_all(copy);
        std::fs::create_dir_all(copy).map_err(|error| error.to_string())?;
        for entry in std::fs::read_dir(&self.data).map_err(|error| error.to_string())? {
            let file = entry.map_err(|error| error.to_string())?.path();
            // What lies beside the log in memory alone is not left by a kill of the machine; the store does without.
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            if !name.ends_with("-shm") {
                std::fs::copy(&file, copy.join(name)).map_err(|error| error.to_string())?;
            }
        }
        let database = tenon_launcher::open_in(&self.schema, copy, self.world.clone())?;
        Ok(Simulated {
            loaded: self.loaded.clone(),
            schema: self.schema.clone(),
            world: self.world.clone(),
            data: copy.to_owned(),
            service: service(&self.loaded, database),
        })
    }
}

fn service(loaded: &Arc<Loaded>, database: Arc<Database>) -> NativeService {
    let limits = tenon_runtime::Limits::default();
    NativeService::new(loaded.clone(), database, limits, Arc::new(|_| {}))
}

/// What is wrong with the run of a seed.
fn simulate(seed: u64, folder: &Path) -> Result<(), String> {
    let mut random = Random::new(seed ^ 0x5eed);
    let config = Config { depth: 2, reads: 3, writes: 8, faults: seed.is_multiple_of(3), times: true };
    let case = case(seed, &config);
    let relations = case.program.relations.len();
    let dumps = &case.run[case.run.len() - relations..];
    let data = folder.join("data");
    let _ = std::fs::remove_dir_all(&data);
    let mut native = Simulated::new(&case, &data, seed.is_multiple_of(2))?;
    let program = Arc::new(case.program.clone());
    let limits = Limits { fuel: 3_000_000, memory: 1 << 30, ..Limits::default() };
    let evaluator = Evaluator::with_limits(program.clone(), limits);
    let mut store = MemoryStore::new(&program);
    let mut call = |native: &Simulated, function: FunctionId, number: usize| -> Result<(), String> {
        let given = inputs(number);
        let wanted = evaluator.run(&mut store, function, Vec::new(), &given).map(|finished| finished.value);
        let found = native.run(function, &given);
        if agree(&wanted, &found) {
            return Ok(());
        }
        let text = tenon_core::text::print_function(&program, function);
        Err(format!("call {number}: {text}\nevaluator {wanted:?}\nnative    {found:?}"))
    };
    call(&native, case.run[0], 0)?;
    for step in 1..STEPS {
        match random.below(10) {
            0 => {
                native = native.restart().map_err(|error| format!("step {step}: {error}"))?;
                for dump in dumps {
                    call(&native, *dump, step).map_err(|error| format!("after a restart: {error}"))?;
                }
            }
            1 => {
                let copy = native.killed(&folder.join("copy")).map_err(|error| format!("step {step}: {error}"))?;
                for dump in dumps {
                    call(&copy, *dump, step).map_err(|error| format!("after a kill: {error}"))?;
                }
            }
            _ => {
                let function = case.run[random.below(case.run.len() as u64) as usize];
                call(&native, function, step)?;
            }
        }
    }
    for dump in dumps {
        call(&native, *dump, STEPS)?;
    }
    Ok(())
}

#[test]
fn random_programs_over_a_durable_store_agree_with_the_evaluator() {
    let (first, count) = (setting("TENON_SEED", 0), setting("TENON_CASES", 6));
    let worker = std::thread::Builder::new().stack_size(EVALUATOR_STACK).spawn(move || {
        let folder = std::env::temp_dir().join(format!("tenon-simulation-{}", std::process::id()));
        let wrong: Vec<String> = (first..first + count)
            .filter_map(|seed| {
                let error = simulate(seed, &folder).err()?;
                Some(format!("TENON_SEED={seed}: {}", error.chars().take(4000).collect::<String>()))
            })
            .collect();
        let _ = std::fs::remove_dir_all(&folder);
        assert!(wrong.is_empty(), "{} of {count} runs:\n{}", wrong.len(), wrong.join("\n\n"));
    });
    worker.unwrap().join().unwrap();
}
