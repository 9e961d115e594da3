//! `tenon lsp`: the language server.

use crate::disk::Disk;
use crate::library::LIBRARY;
use crate::report::Stop;
use clap::Args;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::PathBuf;
use tenon_lsp::{LIBRARY_FOLDER, Session, serve_stdio};

/// See the module documentation.
#[derive(Args, Debug)]
pub struct Lsp {
    /// Speak over standard input and output, as is always done; editors like to say so
    #[arg(long)]
    stdio: bool,
}

impl Lsp {
    /// Runs the command. Standard output belongs to the protocol.
    ///
    /// # Errors
    /// The client went without saying so, or the system refuses threads.
    pub fn run(self) -> Result<(), Stop> {
        // Without a place on disk the library has addresses that only some clients can follow.
        let library = library_on_disk().unwrap_or_else(|_| PathBuf::from(LIBRARY_FOLDER));
        let session = Session::with(Box::new(Disk), library, Box::new(tenon_lsp::Ide::new));
        match serve_stdio(session)? {
            true => Ok(()),
            false => Err(Stop::said()),
        }
    }
}

/// A folder of the user's that has the library's files, so that editors can open them.
fn library_on_disk() -> io::Result<PathBuf> {
    let mut hasher = DefaultHasher::new();
    LIBRARY.hash(&mut hasher);
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = variable("XDG_CACHE_HOME")
        .or_else(|| variable("HOME").map(|home| home.join(".cache")))
        .unwrap_or_else(std::env::temp_dir);
    let folder = cache.join("tenon").join(format!("library-{:016x}", hasher.finish()));
    for (path, text) in LIBRARY {
        let path = folder.join(path);
        if std::fs::read(&path).is_ok_and(|there| there == text.as_bytes()) {
            continue;
        }
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        // Another server may do the same at this moment: each file appears whole.
        let beside = path.with_extension(format!("{}.new", std::process::id()));
        std::fs::write(&beside, text)?;
        std::fs::rename(&beside, &path)?;
    }
    Ok(folder)
}
