//! What the checker says about a program, at build time.

use tenon_check::db::{CheckDatabase, Settings};
use tenon_check::program::check;
use tenon_diagnostics::render_terminal;

/// A checker with the library.
pub struct Compiler {
    library: Vec<(String, String)>,
}

impl Compiler {
    /// A checker over a library, given as paths and texts.
    pub fn new(library: &[(String, String)]) -> Compiler {
        Compiler { library: library.to_vec() }
    }

    /// The diagnostics of a program as a terminal shows them; empty for one without any.
    ///
    /// A line `//// file billing/invoice.tn` in the text begins another file.
    pub fn says(&self, program: &str) -> String {
        let library: Vec<(&str, &str)> = self.library.iter().map(|(path, text)| (&**path, &**text)).collect();
        let mut db = CheckDatabase::new(&library);
        db.set_settings(Settings { name: "example".into(), ..Settings::default() });
        db.set_files(files(program).iter().map(|(path, text)| (&**path, &**text)));
        let told: Vec<String> = check(&db).iter().map(|found| render_terminal(found, &db, false)).collect();
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
