//! Makes the generated files of the grammar anew, or with `--check` fails where one is not what it should be.
//!
//! Needs node, which runs `grammar.js`.

mod files;

use std::error::Error;
use std::fs;

fn main() -> Result<(), Box<dyn Error>> {
    let check = std::env::args().any(|argument| argument == "--check");
    let scratch = std::env::temp_dir().join(format!("tenon-tree-sitter-{}", std::process::id()));
    let result = settle(files::words().map_err(Into::into), check)
        .and_then(|()| settle(files::grammar().map(|made| vec![made]), check))
        .and_then(|()| settle(files::parser(&scratch), check));
    if scratch.exists() {
        fs::remove_dir_all(&scratch)?;
    }
    result
}

/// Writes files, or compares them with what is there.
fn settle(made: Result<Vec<files::Made>, Box<dyn Error>>, check: bool) -> Result<(), Box<dyn Error>> {
    for file in made? {
        let path = files::folder().join(file.path);
        if !check {
            fs::write(&path, file.text)?;
        } else if fs::read_to_string(&path)? != file.text {
            return Err(format!("{} is not what it is made from: run the example `generate`", path.display()).into());
        }
    }
    Ok(())
}
