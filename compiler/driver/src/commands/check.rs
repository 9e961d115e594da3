//! `tenon check`: diagnostics, and the fixes that are certainly meant.

use crate::cli::Program;
use crate::compile::Checked;
use crate::project::Project;
use crate::report::{Stop, Voice, counted};
use clap::Args;
use std::collections::BTreeMap;
use tenon_diagnostics::{Diagnostic, Resolved, Sources};

/// See the module documentation.
#[derive(Args, Debug)]
pub struct Check {
    #[command(flatten)]
    program: Program,
    /// Apply every fix that is certainly what was meant
    #[arg(long)]
    fix: bool,
    /// One line per diagnostic
    #[arg(long)]
    short: bool,
}

/// Fixes may uncover more that can be fixed; this many rounds are enough for what people write.
const ROUNDS: usize = 8;

impl Check {
    /// Runs the command.
    ///
    /// # Errors
    /// The program has errors, or cannot be read.
    pub fn run(self, voice: Voice) -> Result<(), Stop> {
        let voice = Voice { short: self.short, ..voice };
        let mut project = Project::read(&self.program.program)?;
        let mut checked = Checked::new(&project);
        if self.fix {
            let mut applied = 0;
            for _ in 0..ROUNDS {
                let n = apply(&mut project, &checked.diagnostics, &checked.db)?;
                if n == 0 {
                    break;
                }
                applied += n;
                checked.update(&project);
            }
            if applied > 0 {
                voice.say(format!("fixed {}", counted(applied, "place")));
            }
        }
        // What cannot be run is said here already, not only by the commands that run it.
        let not_run = if checked.is_sound() { checked.not_run() } else { Vec::new() };
        let sound = checked.is_sound() && not_run.is_empty();
        checked.diagnostics.extend(not_run);
        voice.diagnostics(&checked.diagnostics, &checked.db);
        if !sound {
            return Err(Stop::said());
        }
        if checked.diagnostics.is_empty() {
            let lines: usize = project.files.iter().map(|(_, text)| text.lines().count()).sum();
            voice.say(format!("no errors in {lines} lines"));
        }
        Ok(())
    }
}

/// Writes the certain fixes of diagnostics to disk; yields how many. Of two that overlap the first is taken.
fn apply(project: &mut Project, diagnostics: &[Diagnostic], sources: &dyn Sources) -> Result<usize, Stop> {
    let mut edits: BTreeMap<String, Vec<(u32, u32, String)>> = BTreeMap::new();
    let mut applied = 0;
    for diagnostic in diagnostics {
        let Some(fix) = diagnostic.fixes.iter().find(|fix| fix.certain) else { continue };
        let places: Vec<_> =
            fix.edits.iter().map(|edit| (Resolved::new(&edit.location, sources), edit.text.clone())).collect();
        let clashes = places.iter().any(|(place, _)| {
            edits.get(&*place.file).is_some_and(|list| {
                list.iter().any(|(start, end, _)| *start <= place.range.end && place.range.start <= *end)
            })
        });
        if clashes || places.iter().any(|(place, _)| !project.files.iter().any(|(path, _)| **path == *place.file)) {
            continue;
        }
        for (place, text) in places {
            edits.entry(place.file.to_string()).or_default().push((place.range.start, place.range.end, text));
        }
        applied += 1;
    }
    for (path, mut list) in edits {
        let Some((_, text)) = project.files.iter_mut().find(|(p, _)| *p == path) else { continue };
        list.sort();
        for (start, end, new) in list.into_iter().rev() {
            text.replace_range(start as usize..end as usize, &new);
        }
        let text = text.clone();
        project.write(&path, &text)?;
    }
    Ok(applied)
}
