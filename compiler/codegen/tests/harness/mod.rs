//! Programs in Core text on both engines: the evaluator, and machine code over an image. Both must agree.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(dead_code, reason = "each test file uses its part")]

use std::sync::Arc;

use tenon_codegen::Options;
use tenon_core::eval::{Evaluator, Inputs, MemoryStore, Stop};
use tenon_core::ir::{FunctionId, Program};
use tenon_plan::Planned;
use tenon_plan::explain::Explain;
use tenon_plan::statistics::Assumed;
use tenon_runtime::native::{self, Ended, Image, Loaded};
use tenon_runtime::{CallContext, Limits};
use tenon_value::{Failure, Fault, Value};

/// A program on both engines.
pub struct Both {
    pub program: Arc<Program>,
    pub planned: Planned,
    pub image: Image,
    pub clif: Vec<(String, String)>,
    pub loaded: Arc<Loaded>,
    pub data: tenon_store::Image,
    evaluator: Evaluator,
    store: MemoryStore,
    ctx: CallContext,
    seed: u64,
    /// The places of the last faults: the evaluator's, and that of native code.
    pub places: [Option<u32>; 2],
}

/// How a call ended, as both engines say it.
#[derive(Debug, PartialEq, Clone)]
pub enum Outcome {
    Value(Value),
    Fault(Fault),
    Failure(Failure),
    Invalid(Vec<(String, String)>),
}

/// The limits of tests: small, so that programs that do not end, end soon.
pub const LIMITS: Limits = Limits { fuel: 300_000, memory: 64 << 20, depth: 100 };

impl Both {
    pub fn new(text: &str) -> Both {
        Both::with(text, Options { keep_clif: true, verify: true, ..Options::default() })
    }

    pub fn with(text: &str, options: Options) -> Both {
        let program = tenon_core::text::parse(text).unwrap_or_else(|e| panic!("{e}\n{text}"));
        Both::of(program, options).unwrap_or_else(|e| panic!("{e}\n{text}"))
    }

    /// A program on both engines, or why it has no machine code.
    pub fn of(program: Program, options: Options) -> Result<Both, tenon_codegen::Error> {
        let program = Arc::new(program);
        let planned = tenon_plan::plan(&program, &Assumed::new(&program)).unwrap();
        let all: Vec<FunctionId> = (0..program.functions.len()).map(|i| FunctionId(i as u32)).collect();
        let compiled = tenon_codegen::compile(&program, &planned.schema, &planned.queries, &all, &options)?;
        let loaded = native::load(compiled.image.clone()).unwrap();
        let data = tenon_store::Image::new(Arc::new(planned.schema.clone())).unwrap();
        let limits = tenon_core::eval::Limits { fuel: 300_000, depth: LIMITS.depth, ..Default::default() };
        Ok(Both {
            evaluator: Evaluator::with_limits(program.clone(), limits),
            store: MemoryStore::new(&program),
            ctx: CallContext::new(LIMITS, 0, 1),
            program,
            planned,
            image: compiled.image,
            clif: compiled.clif,
            loaded,
            data,
            seed: 0,
            places: [None; 2],
        })
    }

    /// The same image, written to a file behind something else, and mapped from there.
    pub fn through_a_file(self) -> Both {
        let path = std::env::temp_dir().join(format!("tenon-image-{}", std::process::id()));
        let mut bytes = vec![7u8; 8192];
        bytes.extend(self.image.to_bytes());
        std::fs::write(&path, bytes).unwrap();
        let loaded = native::load_file(&std::fs::File::open(&path).unwrap(), 8192).unwrap();
        std::fs::remove_file(&path).unwrap();
        Both { loaded, ..self }
    }

    /// Takes all rows away.
    pub fn clear(&mut self) {
        self.store = MemoryStore::new(&self.program);
        self.data = tenon_store::Image::new(Arc::new(self.planned.schema.clone())).unwrap();
    }

    fn function(&self, name: &str) -> u32 {
        let found = self.program.functions.iter().position(|f| f.name == name);
        found.unwrap_or_else(|| panic!("there is no function {name}")) as u32
    }

    /// Calls a function on both engines in a transaction each; they must agree.
    #[track_caller]
    pub fn call(&mut self, name: &str, args: &[Value]) -> Outcome {
        self.seed += 1;
        let now = 1_700_000_000_000_000 + self.seed as i64;
        let oracle = self.oracle(name, args, now);
        let native = self.native(name, args, now);
        let agree = match (&oracle, &native) {
            // Engines agree whether a call fails; of several faults each may meet another first.
            (Outcome::Fault(a), Outcome::Fault(b)) => a == b,
            (a, b) => a == b,
        };
        assert!(agree, "{name}({args:?}):\nevaluator {oracle:?}\nnative    {native:?}");
        native
    }

    /// Calls on both engines, for a value.
    #[track_caller]
    pub fn value(&mut self, name: &str, args: &[Value]) -> Value {
        match self.call(name, args) {
            Outcome::Value(value) => value,
            other => panic!("{name} ended with {other:?}"),
        }
    }

    fn oracle(&mut self, name: &str, args: &[Value], now: i64) -> Outcome {
        let function = FunctionId(self.function(name));
        match self.evaluator.run(&mut self.store, function, args.to_vec(), &Inputs { now, seed: self.seed }) {
            Ok(finished) => Outcome::Value(finished.value),
            Err(Stop::Fault { fault, site, .. }) => {
                self.places[0] = Some(site.0);
                Outcome::Fault(fault)
            }
            Err(Stop::Fail(failure, _)) => Outcome::Failure(failure),
            Err(Stop::Invalid(problems)) => Outcome::Invalid(problems),
        }
    }

    /// Calls natively, in a transaction.
    pub fn native(&mut self, name: &str, args: &[Value], now: i64) -> Outcome {
        self.run(self.function(name), args, now, self.seed)
    }

    /// Calls a function natively, in a transaction.
    pub fn run(&mut self, function: u32, args: &[Value], now: i64, seed: u64) -> Outcome {
        let ctx = &mut self.ctx;
        ctx.reset(LIMITS, now, seed);
        self.loaded.prepare(ctx);
        let mut transaction = self.data.write();
        ctx.image = &self.data;
        ctx.relations = self.data.views();
        ctx.snapshot = transaction.number();
        // SAFETY: the transaction outlives the call, and the pointer is taken away after it.
        ctx.transaction = unsafe {
            std::mem::transmute::<*mut tenon_store::WriteTxn<'_>, *mut tenon_store::WriteTxn<'static>>(&mut transaction)
        };
        let result = self.loaded.call_values(function, ctx, args);
        ctx.transaction = std::ptr::null_mut();
        let outcome = match result {
            Ok(value) => Outcome::Value(value),
            Err(Ended::Fault(fault, place)) => {
                self.places[1] = place;
                Outcome::Fault(fault)
            }
            Err(Ended::Failure(failure)) => Outcome::Failure(failure),
            Err(Ended::Invalid(problems)) => Outcome::Invalid(problems),
        };
        if matches!(outcome, Outcome::Value(_)) {
            transaction.commit(&mut Vec::new());
        } else {
            transaction.abort();
        }
        outcome
    }

    /// The plan of a query, as a tree in text.
    pub fn plan_of(&self, query: &str) -> String {
        let indexes = &self.planned.indexes;
        let explain = Explain { program: &self.program, indexes, real: None, place: &|_| None };
        let plan = self.planned.queries.iter().find(|plan| plan.name == query);
        explain.text(plan.unwrap_or_else(|| panic!("there is no query {query}")))
    }

    /// The intermediate code of the functions whose name contains a text.
    pub fn clif_of(&self, part: &str) -> String {
        let found: Vec<&str> =
            self.clif.iter().filter(|(name, _)| name.contains(part)).map(|(_, text)| text.as_str()).collect();
        assert!(
            !found.is_empty(),
            "no function is called {part}: {:?}",
            self.clif.iter().map(|c| &c.0).collect::<Vec<_>>()
        );
        found.join("\n")
    }
}
