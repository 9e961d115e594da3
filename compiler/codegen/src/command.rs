//! Commands: what touches the store or the world.

use cranelift_codegen::ir::{InstBuilder, types};
use tenon_core::ir::{Command, Function, SiteId};
use tenon_runtime::context::offsets;

use crate::emit::{Emit, Lanes};
use crate::error::{Error, Result};

impl Emit<'_, '_> {
    /// Runs a command; its result's lanes.
    pub(crate) fn command(&mut self, command: &Command, function: &Function, site: SiteId) -> Result<Lanes> {
        let _ = function;
        match command {
            Command::Call(id, args) => {
                let args = self.each(args)?;
                self.call_function(*id, &args, site)
            }
            Command::Now => Ok(vec![self.b.ins().load(types::I64, crate::emit::plain(), self.ctx, offsets::NOW)]),
            other => Err(Error::at(format!("the command {other:?} is not compiled yet"), site)),
        }
    }
}
