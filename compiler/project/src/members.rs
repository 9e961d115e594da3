//! Which files a program has.
//!
//! Hidden files and folders, the folder `data` beside `tenon.toml`, and folders that are programs of their own do not
//! belong to the program of a folder.

use crate::CONFIG;
use crate::files::Files;
use std::io;
use std::path::{Path, PathBuf};

/// The program that a file belongs to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Owner {
    /// The program of a folder.
    Folder {
        /// The folder with `tenon.toml`.
        root: PathBuf,
        /// The file's path relative to it, with `/`.
        file: String,
    },
    /// The file is a program by itself.
    Single,
}

/// Folders below a workspace in which nobody looks for programs.
const NOT_SEARCHED: [&str; 3] = ["node_modules", "target", "data"];

/// The files of the program of a folder: relative path, with `/`, and path. In the order of relative paths.
///
/// # Errors
/// A folder cannot be read; with its path.
pub fn members(files: &dyn Files, root: &Path) -> Result<Vec<(String, PathBuf)>, (PathBuf, io::Error)> {
    let mut found = Vec::new();
    collect(files, root, root, &mut found)?;
    found.sort();
    Ok(found)
}

fn collect(
    files: &dyn Files,
    root: &Path,
    folder: &Path,
    found: &mut Vec<(String, PathBuf)>,
) -> Result<(), (PathBuf, io::Error)> {
    for entry in files.entries(folder).map_err(|error| (folder.to_owned(), error))? {
        if is_hidden(&entry.name) {
            continue;
        }
        let path = folder.join(&entry.name);
        if entry.folder {
            if !(files.is_file(&path.join(CONFIG)) || folder == root && is_data(&entry.name)) {
                collect(files, root, &path, found)?;
            }
        } else if is_source(&path) {
            found.push((relative(root, &path), path));
        }
    }
    Ok(())
}

/// The program that a `.tn` file belongs to: that of the nearest folder above it with `tenon.toml`, if its files are
/// that program's; otherwise its own.
pub fn owner(files: &dyn Files, path: &Path) -> Owner {
    let Some(root) = path.ancestors().skip(1).find(|folder| files.is_file(&folder.join(CONFIG))) else {
        return Owner::Single;
    };
    let file = relative(root, path);
    let steps: Vec<&str> = file.split('/').collect();
    let in_data = steps.len() > 1 && steps.first().is_some_and(|first| is_data(first));
    if in_data || steps.iter().any(|step| is_hidden(step)) {
        return Owner::Single;
    }
    Owner::Folder { root: root.to_owned(), file }
}

/// The folders with `tenon.toml` at or below a folder, in the order of their paths. What cannot be read is not looked
/// at, nor are hidden folders, `data`, `target` and `node_modules`.
pub fn programs_below(files: &dyn Files, folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in files.entries(&folder).unwrap_or_default() {
            if entry.folder && !is_hidden(&entry.name) && !NOT_SEARCHED.contains(&entry.name.as_str()) {
                waiting.push(folder.join(&entry.name));
            } else if !entry.folder && entry.name == CONFIG {
                found.push(folder.clone());
            }
        }
    }
    found.sort();
    found
}

/// True for the path of a `.tn` file.
pub fn is_source(path: &Path) -> bool {
    path.extension().and_then(|extension| extension.to_str()) == Some("tn")
}

fn is_hidden(name: &str) -> bool {
    name.starts_with('.')
}

fn is_data(name: &str) -> bool {
    name == "data"
}

fn relative(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    below.iter().map(|step| step.to_string_lossy()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Memory;

    const FILES: [&str; 9] = [
        "/w/shop/tenon.toml",
        "/w/shop/shop.tn",
        "/w/shop/eu/tax.tn",
        "/w/shop/eu/data/table.tn",
        "/w/shop/data/backup.tn",
        "/w/shop/.old/shop.tn",
        "/w/shop/parts/tenon.toml",
        "/w/shop/parts/parts.tn",
        "/w/alone.tn",
    ];

    fn memory() -> Memory {
        let mut memory = Memory::default();
        FILES.iter().for_each(|path| memory.write(*path, ""));
        memory
    }

    #[test]
    fn each_file_belongs_to_the_program_that_has_it() {
        let memory = memory();
        for path in FILES.iter().filter(|path| path.ends_with(".tn")) {
            let path = Path::new(path);
            let owners: Vec<PathBuf> = programs_below(&memory, Path::new("/w"))
                .into_iter()
                .filter(|root| members(&memory, root).unwrap().iter().any(|(_, member)| member == path))
                .collect();
            match owner(&memory, path) {
                Owner::Folder { root, file } => {
                    assert_eq!(owners, std::slice::from_ref(&root), "{path:?}");
                    assert_eq!(root.join(file), path);
                }
                Owner::Single => assert!(owners.is_empty(), "{path:?} {owners:?}"),
            }
        }
    }

    #[test]
    fn members_of_a_folder() {
        let names = |root: &str| -> Vec<String> {
            members(&memory(), Path::new(root)).unwrap().into_iter().map(|(name, _)| name).collect()
        };
        assert_eq!(names("/w/shop"), ["eu/data/table.tn", "eu/tax.tn", "shop.tn"]);
        assert_eq!(names("/w/shop/parts"), ["parts.tn"]);
        assert_eq!(members(&memory(), Path::new("/nowhere")).unwrap_err().0, Path::new("/nowhere"));
    }
}
