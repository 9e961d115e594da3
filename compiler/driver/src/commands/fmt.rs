//! `tenon fmt`: the one style.

use crate::cli::Program;
use crate::project::Project;
use crate::report::{Stop, Voice};
use clap::Args;
use tenon_span::LineIndex;
use tenon_syntax::NotFormatted;

/// See the module documentation.
#[derive(Args, Debug)]
pub struct Fmt {
    #[command(flatten)]
    program: Program,
    /// Change nothing; fail if a file is not in the style
    #[arg(long)]
    check: bool,
}

impl Fmt {
    /// Runs the command.
    ///
    /// # Errors
    /// A file cannot be read or written; with `--check`, a file is not in the style.
    pub fn run(self, voice: Voice) -> Result<(), Stop> {
        let project = Project::read(&self.program.program)?;
        let mut changed = Vec::new();
        let mut left = Vec::new();
        for (path, text) in &project.files {
            let formatted = tenon_syntax::format(text);
            let lines = LineIndex::new(text);
            let items = tenon_syntax::items(text);
            for (index, reason) in &formatted.left {
                let line = items.get(*index).map_or(1, |item| lines.position(item.range.start).line + 1);
                left.push((path.clone(), line, *reason));
            }
            if formatted.text != *text {
                changed.push(path.clone());
                if !self.check {
                    project.write(path, &formatted.text)?;
                }
            }
        }
        if voice.json {
            let left: Vec<_> =
                left.iter().map(|(file, line, _)| serde_json::json!({ "file": file, "line": line })).collect();
            voice.answer(&serde_json::json!({ "changed": changed, "left": left }))?;
        }
        for (path, line, reason) in &left {
            let why = match reason {
                NotFormatted::Broken => "`tenon check` says what is wrong with it",
                NotFormatted::Unfaithful => "the formatter would have changed its meaning; please report this",
            };
            voice.say(format!("{path}:{line}: left as it is: {why}"))?;
        }
        for path in &changed {
            voice.say(if self.check { format!("{path} is not in the style") } else { format!("formatted {path}") })?;
        }
        if self.check && !changed.is_empty() { Err(Stop::said()) } else { Ok(()) }
    }
}
