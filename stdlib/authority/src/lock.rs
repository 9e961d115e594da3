//! The ownership of a data directory: one process at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::OpenError;

/// The name of the lock file.
pub const LOCK_FILE: &str = "tenon.lock";

/// A data directory that this process owns, until it is dropped or the process ends.
#[derive(Debug)]
pub struct DirectoryLock {
    // The operating system releases the lock when the file is closed, also after a crash.
    _file: File,
}

/// Makes a data directory, if it is not there: what is stored is nobody's business but its owner's. The mode of one that is
/// there is left alone.
///
/// # Errors
/// What the file system says.
pub fn create_directory(directory: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(directory)
}

/// Opens a file of a data directory for reading and writing, and makes it, for its owner alone, if it is not there. The mode
/// of one that is there is left alone.
///
/// # Errors
/// What the file system says.
pub fn open_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.read(true).write(true).create(true).truncate(false).open(path)
}

impl DirectoryLock {
    /// Takes a directory, creating it if needed.
    pub fn take(directory: &Path) -> Result<DirectoryLock, OpenError> {
        let io = |path: &Path| {
            let path: PathBuf = path.into();
            move |error| OpenError::Io(path, error)
        };
        create_directory(directory).map_err(io(directory))?;
        let path = directory.join(LOCK_FILE);
        let mut file = open_file(&path).map_err(io(&path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // The owner's number is a help for people; without it the message says less.
                let pid = file.read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok());
                return Err(OpenError::Owned { directory: directory.into(), pid });
            }
            Err(TryLockError::Error(error)) => return Err(OpenError::Io(path, error)),
        }
        file.set_len(0).map_err(io(&path))?;
        file.rewind().map_err(io(&path))?;
        write!(file, "{}", std::process::id()).map_err(io(&path))?;
        Ok(DirectoryLock { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_one_owner() {
        let directory = std::env::temp_dir().join(format!("tenon-lock-{}", std::process::id()));
        let first = DirectoryLock::take(&directory).expect("free");
        match DirectoryLock::take(&directory) {
            Err(OpenError::Owned { pid, .. }) => assert_eq!(pid, Some(std::process::id())),
            other => panic!("{other:?}"),
        }
        drop(first);
        DirectoryLock::take(&directory).expect("free again");
        std::fs::remove_dir_all(&directory).expect("ours");
    }
}
