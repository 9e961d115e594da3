//! A program on disk: one `.tn` file, or a folder with `tenon.toml` and all `.tn` files below it.

use crate::disk::Disk;
use std::path::{Path, PathBuf};
use tenon_check::db::Settings;
pub use tenon_project::config::{Config, Limits};
use tenon_project::{Files, members};

/// A program's files and settings, as read.
#[derive(Clone, Debug)]
pub struct Project {
    /// The folder that paths are relative to.
    pub root: PathBuf,
    /// Relative path, with `/`, and text of each file, in the order of paths.
    pub files: Vec<(String, String)>,
    /// What `tenon.toml` says.
    pub config: Config,
    /// The program's name: from `tenon.toml`, else of the file.
    pub name: String,
}

/// Why a program could not be read.
#[derive(Debug)]
pub enum ProjectError {
    /// Nothing is there.
    Missing(PathBuf),
    /// A folder that is not a program.
    NoConfig(PathBuf),
    /// A file that is not called `.tn`.
    NotTenon(PathBuf),
    /// `tenon.toml` does not fit.
    Config(PathBuf, String),
    /// Not UTF-8.
    Encoding(PathBuf),
    /// The system refused.
    Io(PathBuf, std::io::Error),
    /// A folder without a single `.tn` file.
    Empty(PathBuf),
}

impl std::fmt::Display for ProjectError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ProjectError::Missing(path) => write!(f, "there is no `{}`", path.display()),
            ProjectError::NoConfig(path) => write!(
                f,
                "`{}` has no `tenon.toml`: give a `.tn` file, or a folder with a `tenon.toml` (`tenon new NAME` makes one)",
                path.display()
            ),
            ProjectError::NotTenon(path) => {
                write!(f, "`{}` is not a Tenon program: its name does not end in `.tn`", path.display())
            }
            ProjectError::Config(path, why) => write!(f, "`{}` does not fit: {why}", path.display()),
            ProjectError::Encoding(path) => write!(f, "`{}` is not UTF-8 text", path.display()),
            ProjectError::Io(path, error) => write!(f, "`{}`: {error}", path.display()),
            ProjectError::Empty(path) => write!(f, "`{}` has no `.tn` file", path.display()),
        }
    }
}

impl std::error::Error for ProjectError {}

impl Project {
    /// Reads a program from a `.tn` file or a folder.
    ///
    /// # Errors
    /// Each names the path and what to do.
    pub fn read(path: &Path) -> Result<Project, ProjectError> {
        let meta = std::fs::metadata(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => ProjectError::Missing(path.to_owned()),
            _ => ProjectError::Io(path.to_owned(), error),
        })?;
        if meta.is_dir() { Project::read_folder(path) } else { Project::read_file(path) }
    }

    fn read_file(path: &Path) -> Result<Project, ProjectError> {
        let (Some(stem), Some(name)) =
            (path.file_stem().and_then(|s| s.to_str()), path.file_name().and_then(|s| s.to_str()))
        else {
            return Err(ProjectError::Encoding(path.to_owned()));
        };
        if path.extension().and_then(|e| e.to_str()) != Some("tn") {
            return Err(ProjectError::NotTenon(path.to_owned()));
        }
        let root = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        let text = read_text(path)?;
        Ok(Project { root, files: vec![(name.to_owned(), text)], config: Config::default(), name: stem.to_owned() })
    }

    fn read_folder(path: &Path) -> Result<Project, ProjectError> {
        let config_path = path.join("tenon.toml");
        if !config_path.is_file() {
            return Err(ProjectError::NoConfig(path.to_owned()));
        }
        let text = read_text(&config_path)?;
        let config = Config::parse(&text).map_err(|error| ProjectError::Config(config_path.clone(), error.message))?;
        let members = members(&Disk, path).map_err(|(path, error)| ProjectError::Io(path, error))?;
        if members.is_empty() {
            return Err(ProjectError::Empty(path.to_owned()));
        }
        let files = members.into_iter().map(|(name, path)| Ok((name, read_text(&path)?)));
        let files = files.collect::<Result<Vec<_>, ProjectError>>()?;
        let folder = path.canonicalize().ok().and_then(|p| p.file_name().map(|n| n.to_string_lossy().into_owned()));
        let name = config.name.clone().or(folder).unwrap_or_else(|| "program".to_owned());
        Ok(Project { root: path.to_owned(), files, config, name })
    }

    /// The settings that the checker knows.
    pub fn settings(&self) -> Settings {
        self.config.settings(&self.name)
    }

    /// Replaces the text of one of the files on disk, whole or not at all.
    ///
    /// # Errors
    /// The system refused; the file is as it was.
    pub fn write(&self, file: &str, text: &str) -> Result<(), ProjectError> {
        let path = self.root.join(file);
        let mut beside = path.clone().into_os_string();
        beside.push(".new");
        let beside = PathBuf::from(beside);
        std::fs::write(&beside, text)
            .and_then(|()| std::fs::rename(&beside, &path))
            .map_err(|error| ProjectError::Io(path, error))
    }
}

/// What can be told of a program's files without reading them; differs after a change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stamp(Vec<(PathBuf, Option<std::time::SystemTime>, u64)>);

impl Stamp {
    /// Looks at a file, or at `tenon.toml` and the `.tn` files of a folder. What cannot be looked at is not there.
    pub fn of(path: &Path) -> Stamp {
        let mut files = Vec::new();
        if path.is_dir() {
            stamp_folder(path, path, &mut files);
        } else {
            stamp_file(path.to_owned(), &mut files);
        }
        files.sort();
        Stamp(files)
    }
}

fn stamp_file(path: PathBuf, files: &mut Vec<(PathBuf, Option<std::time::SystemTime>, u64)>) {
    if let Ok(meta) = std::fs::metadata(&path) {
        files.push((path, meta.modified().ok(), meta.len()));
    }
}

fn stamp_folder(root: &Path, folder: &Path, files: &mut Vec<(PathBuf, Option<std::time::SystemTime>, u64)>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if path.is_dir() {
            if !(name.starts_with('.') || folder == root && name == "data") {
                stamp_folder(root, &path, files);
            }
        } else if name.ends_with(".tn") || name == "tenon.toml" {
            stamp_file(path, files);
        }
    }
}

fn read_text(path: &Path) -> Result<String, ProjectError> {
    Disk.text(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidData => ProjectError::Encoding(path.to_owned()),
        _ => ProjectError::Io(path.to_owned(), error),
    })
}
