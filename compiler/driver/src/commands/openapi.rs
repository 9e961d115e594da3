//! `tenon openapi`: the OpenAPI document of a program.

use crate::cli::Program;
use crate::compile::Checked;
use crate::project::Project;
use crate::report::{Stop, Voice};
use clap::Args;

/// See the module documentation.
#[derive(Args, Debug)]
pub struct OpenApi {
    #[command(flatten)]
    program: Program,
}

impl OpenApi {
    /// Runs the command.
    ///
    /// # Errors
    /// The program has errors.
    pub fn run(self, voice: Voice) -> Result<(), Stop> {
        let project = Project::read(&self.program.program)?;
        let checked = Checked::new(&project);
        checked.require_sound(Voice { json: true, ..voice })?;
        let lowered = checked.lower(voice)?;
        let document = tenon_value::dispatch::openapi(&lowered.core.api);
        let text = serde_json::to_string_pretty(&document).map_err(|error| Stop::failed(error.to_string()))?;
        Voice { json: false, ..voice }.say(text)?;
        Ok(())
    }
}
