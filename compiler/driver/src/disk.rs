//! The files of the machine.

use std::io;
use std::path::Path;
use tenon_project::{Entry, Files};

/// The files of the machine.
#[derive(Clone, Copy, Debug)]
pub struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    fn entries(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        std::fs::read_dir(folder)?
            .map(|entry| {
                let entry = entry?;
                let name = entry.file_name().to_string_lossy().into_owned();
                Ok(Entry { name, folder: entry.file_type()?.is_dir() })
            })
            .collect()
    }

    fn is_file(&self, path: &Path) -> bool {
        path.is_file()
    }
}
