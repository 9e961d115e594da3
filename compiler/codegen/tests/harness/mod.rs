//! Programs in Core text, compiled and called with values.
#![allow(dead_code, reason = "each test file uses its part")]

use std::sync::Arc;

use tenon_codegen::Options;
use tenon_core::ir::{FunctionId, Program};
use tenon_runtime::native::{self, Ended, Image, Loaded};
use tenon_runtime::{CallContext, Limits};
use tenon_value::Value;
use tenon_value::schema::Schema;

/// A program that runs.
pub struct Native {
    pub program: Program,
    pub image: Image,
    pub clif: Vec<(String, String)>,
    pub loaded: Arc<Loaded>,
}

/// The limits of tests: small, so that programs that do not end, end soon.
pub const LIMITS: Limits = Limits { fuel: 1_000_000, memory: 64 << 20, depth: 500 };

impl Native {
    pub fn new(text: &str) -> Native {
        let program = tenon_core::text::parse(text).unwrap_or_else(|e| panic!("{e}\n{text}"));
        let all: Vec<FunctionId> = (0..program.functions.len()).map(|i| FunctionId(i as u32)).collect();
        let options = Options { keep_clif: true, verify: true, optimize: true };
        let compiled = tenon_codegen::compile(&program, &Schema::default(), &[], &all, &options).unwrap_or_else(|e| panic!("{e}\n{text}"));
        let loaded = native::load(compiled.image.clone()).unwrap();
        Native { program, image: compiled.image, clif: compiled.clif, loaded }
    }

    /// The same image, written to a file behind something else, and mapped from there.
    pub fn through_a_file(self) -> Native {
        let path = std::env::temp_dir().join(format!("tenon-image-{}", std::process::id()));
        let mut bytes = vec![7u8; 8192];
        bytes.extend(self.image.to_bytes());
        std::fs::write(&path, bytes).unwrap();
        let loaded = native::load_file(&std::fs::File::open(&path).unwrap(), 8192).unwrap();
        std::fs::remove_file(&path).unwrap();
        Native { loaded, ..self }
    }

    /// Calls a function by its name.
    pub fn call(&self, name: &str, args: &[Value]) -> Result<Value, Ended> {
        let index = self.program.functions.iter().position(|f| f.name == name).unwrap();
        let mut ctx = CallContext::new(LIMITS, 0, 1);
        self.loaded.prepare(&mut ctx);
        self.loaded.call_values(index as u32, &mut ctx, args)
    }
}
