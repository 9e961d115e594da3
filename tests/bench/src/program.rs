//! Programs of the benchmark, compiled as `tenon run` compiles them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tenon_core::ir::Program;
use tenon_driver::compile::Checked;
use tenon_driver::engine::Native;
use tenon_driver::project::Project;
use tenon_driver::report::{Stop, Voice};
use tenon_runtime::native::Entry;
use tenon_runtime::service::NativeService;
use tenon_runtime::{Database, Limits};
use tenon_value::dispatch::{Request, Router, dispatch};

/// Diagnostics in one line each.
pub const VOICE: Voice = Voice { json: false, short: true };

/// A file beside this crate.
pub fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A program in Core and as machine code.
pub struct Compiled {
    /// The Core, to plan again by.
    pub core: Arc<Program>,
    /// The code.
    pub native: Native,
}

/// Compiles a program of this crate.
pub fn compile(path: &Path) -> Result<Compiled, Stop> {
    let project = Project::read(path)?;
    let checked = Checked::new(&project);
    checked.require_sound(VOICE)?;
    let core = checked.lower(VOICE)?.core;
    let native = Native::compile(&core, true)?;
    Ok(Compiled { core, native })
}

/// A program over a database.
pub struct Running {
    /// Its service.
    pub service: NativeService,
    router: Router,
    headers: Vec<(&'static str, &'static str)>,
}

impl Running {
    /// A program over a database of its own.
    pub fn new(native: &Native, database: Arc<Database>) -> Result<Running, Stop> {
        let service = NativeService::new(
            native.loaded.clone(),
            database,
            Limits::default(),
            Arc::new(|line| eprintln!("{line}")),
        );
        let router = Router::new(&native.loaded.interface().api).map_err(|error| Stop::failed(error.to_string()))?;
        Ok(Running { service, router, headers: vec![("content-type", "application/json")] })
    }

    /// The code of an endpoint: its parameters are its lanes.
    pub fn entry(&self, name: &str) -> Result<&Entry, Stop> {
        let loaded = self.service.loaded();
        let interface = loaded.interface();
        let endpoint = interface.api.endpoint_named(name);
        let function = endpoint.and_then(|n| interface.endpoints.get(n as usize));
        let entry = function.and_then(|function| loaded.entry(*function));
        entry.ok_or_else(|| Stop::failed(format!("the program has no endpoint `{name}`")))
    }

    /// The whole way of a request but the socket: routing, decoding, the call, encoding.
    pub fn request(&self, method: &str, target: &str, body: &[u8]) -> Result<Vec<u8>, Stop> {
        let request = Request { method, target, headers: &self.headers, body, number: 0 };
        let done = dispatch(&self.router, &self.service, &request);
        if done.response.status >= 300 {
            let text = String::from_utf8_lossy(&done.response.body).into_owned();
            return Err(Stop::failed(format!("{method} {target} answers {}: {text}", done.response.status)));
        }
        Ok(done.response.body)
    }
}
