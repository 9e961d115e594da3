//! `tenon new`: a folder with a program that runs.

use crate::report::{Stop, Voice};
use clap::Args;
use std::path::PathBuf;

/// See the module documentation.
#[derive(Args, Debug)]
pub struct New {
    /// The folder to make; its name is the program's name
    path: PathBuf,
}

const MAIN: &str = include_str!("../../templates/service/main.tn");

impl New {
    /// Runs the command.
    ///
    /// # Errors
    /// Something is there already, or the name cannot be a program's.
    pub fn run(self, voice: Voice) -> Result<(), Stop> {
        let name = self.path.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_owned();
        let fits = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if !fits {
            return Err(Stop::usage(format!(
                "`{name}` cannot be a program's name: write it in lower_snake, as `todo_list`"
            )));
        }
        if self.path.exists() {
            return Err(Stop::failed(format!("`{}` exists already", self.path.display())));
        }
        std::fs::create_dir_all(&self.path)?;
        std::fs::write(self.path.join("tenon.toml"), format!("name = \"{name}\"\n"))?;
        std::fs::write(self.path.join("main.tn"), MAIN)?;
        std::fs::write(self.path.join(".gitignore"), "/data/\n")?;
        let path = self.path.display();
        if voice.json {
            voice.answer(&serde_json::json!({ "path": self.path, "files": ["tenon.toml", "main.tn", ".gitignore"] }));
        }
        voice.say(format!("made `{path}`; next:\n\n  cd {path}\n  tenon test\n  tenon run"));
        Ok(())
    }
}
