//! `tenon-site OUT`: writes the site into a folder.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Checking recurses as deep as a program nests; the language limits that so that this is enough.
const STACK: usize = 256 << 20;

const USAGE: &str = "usage: tenon-site OUT [ROOT]

Writes the site (guide, specification, library, errors) into the folder OUT. ROOT is the repository; without it, the one
that this program was built from.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (out, root) = match arguments.as_slice() {
        [out] if !out.starts_with('-') => (PathBuf::from(out), default_root()),
        [out, root] if !out.starts_with('-') => (PathBuf::from(out), PathBuf::from(root)),
        [flag] if flag == "--help" || flag == "-h" => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    let worker = std::thread::Builder::new().stack_size(STACK).spawn(move || write(&out, &root));
    let result = worker.map_err(|error| error.to_string()).and_then(|thread| {
        thread.join().unwrap_or_else(|_| Err("the build has panicked; it said why above".to_owned()))
    });
    match result {
        Ok(told) => {
            println!("{told}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn default_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Builds and writes; what was there and is of an older site stays.
fn write(out: &Path, root: &Path) -> Result<String, String> {
    let files = tenon_site::build(root)?;
    for (name, text) in &files {
        let path = out.join(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| format!("`{}`: {error}", folder.display()))?;
        }
        std::fs::write(&path, text).map_err(|error| format!("`{}`: {error}", path.display()))?;
    }
    let pages = files.keys().filter(|name| name.ends_with(".html")).count();
    let bytes: usize = files.values().map(String::len).sum();
    Ok(format!("wrote {pages} pages, {} KB, to `{}`; begin at index.html", bytes / 1000, out.display()))
}
