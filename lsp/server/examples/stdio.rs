//! The language server alone, without the rest of the `tenon` command: quick to build where that is to be measured or
//! profiled. `cargo build --release -p tenon-lsp --example stdio`.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tenon_project::{Entry, Files};

struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    fn entries(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        let entry = |entry: io::Result<std::fs::DirEntry>| {
            let entry = entry?;
            Ok(Entry { name: entry.file_name().to_string_lossy().into_owned(), folder: entry.file_type()?.is_dir() })
        };
        std::fs::read_dir(folder)?.map(entry).collect()
    }

    fn is_file(&self, path: &Path) -> bool {
        path.is_file()
    }
}

fn main() -> ExitCode {
    let library = PathBuf::from(tenon_lsp::LIBRARY_FOLDER);
    let session = tenon_lsp::Session::with(Box::new(Disk), library, Box::new(tenon_lsp::Ide::new));
    match tenon_lsp::serve_stdio(session) {
        Ok(true) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
