//! `tenon explain`: the plans of a program's queries, and its indexes with their reasons.

use crate::compile::Checked;
use crate::engine::Native;
use crate::project::Project;
use crate::report::{Stop, Voice};
use clap::Args;
use std::path::PathBuf;
use tenon_plan::explain::Explain;

/// See the module documentation.
#[derive(Args, Debug)]
pub struct ExplainPlans {
    /// A `.tn` file, or a folder with `tenon.toml`
    program: PathBuf,
    /// Only the queries of this item
    name: Option<String>,
    /// Plan for the data of this store, as `tenon run` does, instead of assuming how much there is
    #[arg(long)]
    data: Option<PathBuf>,
}

impl ExplainPlans {
    /// Runs the command.
    ///
    /// # Errors
    /// The program has errors, or has no such item.
    pub fn run(self, voice: Voice) -> Result<(), Stop> {
        let project = Project::read(&self.program)?;
        let checked = Checked::new(&project);
        checked.require_sound(voice)?;
        let lowered = checked.lower(voice)?;
        let mut native = Native::compile(&lowered.core, false)?;
        if let Some(data) = &self.data {
            let database = native.open_read_only(data)?;
            if let Some(better) = native.compile_for_data(&lowered.core, &database)? {
                native = better;
            }
        }
        let place =
            |site| super::test::place(&lowered.core, site, &checked.db).map(|(file, line, _)| format!("{file}:{line}"));
        let explain = Explain { program: &lowered.core, indexes: &native.planned.indexes, real: None, place: &place };
        let plans: Vec<_> = native
            .planned
            .queries
            .iter()
            .filter(|plan| self.name.as_deref().is_none_or(|name| plan.name == name))
            .collect();
        if plans.is_empty() {
            return Err(Stop::failed(match &self.name {
                Some(name) => format!("there is no query in an item called `{name}`"),
                None => "this program has no queries".to_owned(),
            }));
        }
        if voice.json {
            voice.answer(
                &serde_json::json!({ "queries": plans.iter().map(|plan| explain.json(plan)).collect::<Vec<_>>() }),
            )?;
            return Ok(());
        }
        for plan in plans {
            voice.say(explain.text(plan))?;
        }
        Ok(())
    }
}
