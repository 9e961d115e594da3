//! Where texts come from.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// What lies in a folder.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Entry {
    /// Its name, without the folder's.
    pub name: String,
    /// True for a folder. A link to a folder is none, so that nobody walks in circles.
    pub folder: bool,
}

/// The door to files: the disk, or memory.
pub trait Files: Send {
    /// The bytes of a file.
    ///
    /// # Errors
    /// It is not there, or the system refuses.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// What lies in a folder, in any order.
    ///
    /// # Errors
    /// It is not there, or the system refuses.
    fn entries(&self, folder: &Path) -> io::Result<Vec<Entry>>;

    /// True if there is a file at this path.
    fn is_file(&self, path: &Path) -> bool;

    /// The text of a file.
    ///
    /// # Errors
    /// As [`Files::read`]; `InvalidData` for what is not UTF-8.
    fn text(&self, path: &Path) -> io::Result<String> {
        String::from_utf8(self.read(path)?).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }
}

/// Files in memory, by their absolute paths. A folder is there if a file lies below it.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    files: BTreeMap<PathBuf, String>,
}

impl Memory {
    /// Writes a file.
    pub fn write(&mut self, path: impl Into<PathBuf>, text: impl Into<String>) {
        self.files.insert(path.into(), text.into());
    }

    /// Removes a file, or all files below a folder.
    pub fn remove(&mut self, path: &Path) {
        self.files.retain(|file, _| !file.starts_with(path));
    }

    /// The paths of all files, in order.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.keys().map(PathBuf::as_path)
    }
}

/// Files in memory that somebody else writes.
impl Files for Arc<Mutex<Memory>> {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.lock().unwrap_or_else(PoisonError::into_inner).read(path)
    }

    fn entries(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        self.lock().unwrap_or_else(PoisonError::into_inner).entries(folder)
    }

    fn is_file(&self, path: &Path) -> bool {
        self.lock().unwrap_or_else(PoisonError::into_inner).is_file(path)
    }
}

impl Files for Memory {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.files.get(path).map(|text| text.clone().into_bytes()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn entries(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        let mut found = Vec::new();
        for path in self.files.keys() {
            let Ok(below) = path.strip_prefix(folder) else { continue };
            let mut steps = below.iter();
            if let Some(first) = steps.next() {
                let entry = Entry { name: first.to_string_lossy().into_owned(), folder: steps.next().is_some() };
                if found.last() != Some(&entry) {
                    found.push(entry);
                }
            }
        }
        found.sort();
        found.dedup();
        if found.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { Ok(found) }
    }

    fn is_file(&self, path: &Path) -> bool {
        self.files.contains_key(path)
    }
}
