//! `tenon new`: a folder with a program that runs.

use crate::report::{Stop, Voice};
use crate::templates::{TEMPLATES, Template};
use clap::Args;
use std::path::{Path, PathBuf};
use tenon_check::suggest;
use tenon_syntax::words::{TOKENS, TokenClass};

/// See the module documentation.
#[derive(Args, Debug)]
pub struct New {
    /// The folder to make; its name is the program's name
    #[arg(required_unless_present = "list")]
    path: Option<PathBuf>,
    /// What to begin with
    #[arg(long, default_value = TEMPLATES[0].name)]
    template: String,
    /// Tell which templates there are
    #[arg(long, conflicts_with_all = ["path", "template"])]
    list: bool,
}

impl New {
    /// Runs the command.
    ///
    /// # Errors
    /// Something is there already, the name cannot be a program's, or there is no such template. Nothing is written
    /// then.
    pub fn run(self, voice: Voice) -> Result<(), Stop> {
        let Some(path) = self.path else {
            return list(voice);
        };
        let template = template(&self.template)?;
        let name = program_name(&path)?;
        let files = template.program(&name);
        for (file, text) in &files {
            let file = path.join(file);
            let refused =
                |at: &Path, error: std::io::Error| Stop::failed(format!("cannot make `{}`: {error}", at.display()));
            if let Some(folder) = file.parent() {
                std::fs::create_dir_all(folder).map_err(|error| refused(folder, error))?;
            }
            std::fs::write(&file, text).map_err(|error| refused(&file, error))?;
        }
        if voice.json {
            let names: Vec<&str> = files.iter().map(|(file, _)| *file).collect();
            voice.answer(&serde_json::json!({ "path": path, "template": template.name, "files": names }))?;
        }
        let path = path.display();
        voice.say(format!(
            "made `{path}`; next:\n\n  cd {path}\n  tenon test\n  tenon run\n\n`{path}/README.md` goes on from there"
        ))?;
        Ok(())
    }
}

fn list(voice: Voice) -> Result<(), Stop> {
    if voice.json {
        let rows: Vec<_> = TEMPLATES.iter().map(|t| serde_json::json!({ "name": t.name, "about": t.about })).collect();
        voice.answer(&serde_json::Value::Array(rows))?;
    }
    for template in TEMPLATES {
        voice.say(format!("{:<10} {}", template.name, template.about))?;
    }
    Ok(())
}

fn template(name: &str) -> Result<&'static Template, Stop> {
    TEMPLATES.iter().find(|template| template.name == name).ok_or_else(|| {
        let names = || TEMPLATES.iter().map(|template| template.name);
        let meant =
            suggest::closest(name, names()).map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
        let all = names().collect::<Vec<_>>().join(", ");
        Stop::usage(format!("there is no template `{name}`{meant} (there are: {all})"))
    })
}

/// The name of a program in this folder: the first step of its modules, so a lower_snake name that is no word of the
/// language and not the library's.
fn program_name(path: &Path) -> Result<String, Stop> {
    if path.exists() {
        return Err(Stop::failed(format!(
            "`{}` exists already: name a folder that is not there yet, as `tenon new todo_list`",
            path.display()
        )));
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let fits = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !fits {
        let example = lower_snake(&name).unwrap_or_else(|| "todo_list".to_owned());
        return Err(Stop::usage(format!(
            "`{name}` cannot be a program's name: write it in lower_snake, as `{example}`"
        )));
    }
    let reserved = TOKENS.iter().any(|row| row.class == TokenClass::Reserved && row.spelling == name);
    if reserved || name == "tenon" {
        let whose = if reserved { "a word of the language" } else { "the library's name" };
        return Err(Stop::usage(format!("`{name}` cannot be a program's name: it is {whose}")));
    }
    Ok(name)
}

/// The name in lower_snake; `None` where nothing of it can stay.
fn lower_snake(name: &str) -> Option<String> {
    let words: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let snake = suggest::lower_snake(&words);
    let words: Vec<&str> = snake.split('_').filter(|word| !word.is_empty()).collect();
    let snake = words.join("_");
    let snake = snake.trim_start_matches(|c: char| c.is_ascii_digit() || c == '_');
    (!snake.is_empty()).then(|| snake.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{lower_snake, program_name};
    use std::path::Path;

    #[test]
    fn names_are_checked_and_a_better_one_is_told() {
        for (folder, told) in [
            ("shop", None),
            ("in/a/folder/shop_2", None),
            ("Shop", Some("as `shop`")),
            ("my-todoList", Some("as `my_todo_list`")),
            ("9 lives", Some("as `lives`")),
            ("Ærø", Some("as `r`")),
            ("..", Some("as `tenon new todo_list`")),
            (".", Some("`.` exists already")),
            ("where", Some("a word of the language")),
            ("tenon", Some("the library's name")),
        ] {
            match (program_name(Path::new(folder)), told) {
                (Ok(_), None) => {}
                (Err(stop), Some(told)) => assert!(stop.message.contains(told), "{folder}: {}", stop.message),
                (found, _) => panic!("{folder}: {found:?}"),
            }
        }
        assert_eq!(lower_snake("___"), None);
    }
}
