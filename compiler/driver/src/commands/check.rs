//! `tenon check`: diagnostics, and the fixes that are certainly meant.

use crate::cli::Program;
use crate::compile::Checked;
use crate::project::Project;
use crate::report::{Stop, Voice, counted};
use clap::Args;
use std::collections::BTreeMap;
use std::ops::Range;
use tenon_diagnostics::{Diagnostic, Resolved, Severity, Sources};

/// See the module documentation.
#[derive(Args, Debug)]
pub struct Check {
    #[command(flatten)]
    program: Program,
    /// Apply every fix that is certainly what was meant
    #[arg(long)]
    fix: bool,
    /// One line per diagnostic, with its column in characters (`--json` counts bytes)
    #[arg(long)]
    short: bool,
}

/// Fixes may uncover more that can be fixed; this many rounds are enough for what people write.
const ROUNDS: usize = 8;

/// The numbers of the catalogue for text that has not the form of a program.
const WORDS_AND_SHAPES: Range<u16> = 100..200;

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
            let applied = mend(&mut project, &mut checked)?;
            if applied > 0 {
                voice.say(format!("fixed {}", counted(applied, "place")))?;
            }
        }
        // What cannot be run is said here already, not only by the commands that run it.
        let not_run = if checked.is_sound() { checked.not_run() } else { Vec::new() };
        let sound = checked.is_sound() && not_run.is_empty();
        checked.diagnostics.extend(not_run);
        voice.diagnostics(&checked.diagnostics, &checked.sources())?;
        if !sound {
            return Err(Stop::said());
        }
        if checked.diagnostics.is_empty() {
            let lines: usize = project.files.iter().map(|(_, text)| text.lines().count()).sum();
            voice.say(format!("no errors in {lines} lines"))?;
        }
        Ok(())
    }
}

/// Applies certain fixes for as long as they help, and writes what they give; yields how many.
fn mend(project: &mut Project, checked: &mut Checked) -> Result<usize, Stop> {
    let on_disk = project.files.clone();
    let mut applied = 0;
    for _ in 0..ROUNDS {
        let before = project.files.clone();
        let wrong = Wrong::of(&checked.diagnostics);
        let n = apply(project, &checked.diagnostics, &checked.db);
        if n == 0 {
            break;
        }
        checked.update(project);
        if Wrong::of(&checked.diagnostics) >= wrong {
            project.files = before;
            checked.update(project);
            break;
        }
        applied += n;
    }
    for ((path, text), (_, old)) in project.files.iter().zip(&on_disk) {
        if text != old {
            project.write(path, text)?;
        }
    }
    Ok(applied)
}

/// How much is wrong. Text that cannot be read comes first: behind it, whatever else is wrong cannot be seen.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Wrong {
    unreadable: usize,
    errors: usize,
    all: usize,
}

impl Wrong {
    fn of(diagnostics: &[Diagnostic]) -> Wrong {
        let errors = || diagnostics.iter().filter(|one| one.severity == Severity::Error);
        let unreadable = errors().filter(|one| WORDS_AND_SHAPES.contains(&one.code.info().number)).count();
        Wrong { unreadable, errors: errors().count(), all: diagnostics.len() }
    }
}

/// Applies the certain fixes of diagnostics to the texts; yields how many. Of two that overlap the first is taken.
fn apply(project: &mut Project, diagnostics: &[Diagnostic], sources: &dyn Sources) -> usize {
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
    }
    applied
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use super::mend;
    use crate::compile::Checked;
    use crate::project::Project;
    use tenon_diagnostics::{Edit, Fix};

    /// Mends a program whose first diagnostic has a fix that writes `text` at its place; yields how many fixes were applied and
    /// what is on disk then.
    fn mended(name: &str, program: &str, text: &str) -> (usize, String) {
        let path = std::env::temp_dir().join(format!("tenon_{name}_{}.tn", std::process::id()));
        std::fs::write(&path, program).unwrap();
        let mut project = Project::read(&path).unwrap();
        let mut checked = Checked::new(&project);
        let first = checked.diagnostics.first_mut().unwrap();
        let edits = vec![Edit { location: first.primary.location.clone(), text: text.to_owned() }];
        first.fixes = vec![Fix { title: "write it".to_owned(), edits, certain: true }];
        let applied = mend(&mut project, &mut checked).unwrap();
        let written = std::fs::read_to_string(&path).unwrap();
        assert_eq!(project.files.first().unwrap().1, written);
        std::fs::remove_file(path).unwrap();
        (applied, written)
    }

    #[test]
    fn a_fix_that_helps_is_kept_and_one_that_does_not_is_undone() {
        let program = "fn f() -> Int { nothing }\n";
        assert_eq!(mended("helps", program, "1"), (1, "fn f() -> Int { 1 }\n".to_owned()));
        assert_eq!(mended("same", program, "noting"), (0, program.to_owned()));
        assert_eq!(mended("worse", program, "(nothing"), (0, program.to_owned()));
        // What could not be read hid something else.
        assert_eq!(mended("uncovers", "fn f() -> Int { 1 + }\n", "+ nothing").0, 1);
    }
}
