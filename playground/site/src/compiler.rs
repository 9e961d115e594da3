//! What the checker says about a program, at build time.

use tenon_check::db::Settings;
use tenon_check::program::check;
use tenon_diagnostics::render_terminal;
use tenon_ide::Ide;

/// What stands around the pages while they are made.
#[derive(Default)]
pub struct Around {
    /// What says what is wrong with programs.
    pub compiler: Compiler,
    /// True if the playground is part of the site: then programs link to it.
    pub playground: bool,
}

/// A checker with the library.
#[derive(Default)]
pub struct Compiler;

impl Compiler {
    /// The diagnostics of a program as a terminal shows them; empty for one without any.
    ///
    /// A line `//// file billing/invoice.tn` in the text begins another file.
    pub fn says(&self, program: &str) -> String {
        self.says_of(&files(program))
    }

    /// As [`Compiler::says`], of files by their paths.
    pub fn says_of(&self, files: &[(String, String)]) -> String {
        let mut ide = Ide::new();
        ide.set_settings(Settings { name: "example".into(), ..Settings::default() });
        ide.set_files(files.iter().map(|(path, text)| (&**path, &**text)));
        let analysis = ide.analysis();
        let db = analysis.database();
        let told: Vec<String> = check(db).iter().map(|found| render_terminal(found, db, false)).collect();
        told.iter().map(|told| told.trim_end()).collect::<Vec<_>>().join("\n\n")
    }
}

/// The files of an example: the first is `example.tn`.
pub fn files(program: &str) -> Vec<(String, String)> {
    let mut files = vec![("example.tn".to_owned(), String::new())];
    for line in program.lines() {
        if let Some(path) = line.strip_prefix("//// file ") {
            files.push((path.trim().to_owned(), String::new()));
        } else if let Some((_, text)) = files.last_mut() {
            text.push_str(line);
            text.push('\n');
        }
    }
    files
}
