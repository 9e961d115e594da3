//! `tenon-site OUT`: writes the site into a folder, and the playground beside it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Checking recurses as deep as a program nests; the language limits that so that this is enough.
const STACK: usize = 256 << 20;

const USAGE: &str = "usage: tenon-site OUT [ROOT] [--playground PAGE]

Writes the site (guide, specification, library, errors) into the folder OUT. ROOT is the repository; without it, the one
that this program was built from. PAGE is the folder of a built page with the compiler as WebAssembly, as
`playground/build` makes it; with it, the playground is part of the site and complete programs link to it.";

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let playground = arguments.iter().position(|argument| argument == "--playground").map(|at| {
        let rest = arguments.split_off(at);
        arguments.extend(rest.iter().skip(2).cloned());
        rest.into_iter().nth(1).map(PathBuf::from)
    });
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
    if playground == Some(None) {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    }
    let playground = playground.flatten();
    let worker = std::thread::Builder::new().stack_size(STACK).spawn(move || write(&out, &root, playground.as_deref()));
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
fn write(out: &Path, root: &Path, playground: Option<&Path>) -> Result<String, String> {
    let files = tenon_site::build(root, playground.is_some())?;
    for (name, text) in &files {
        let path = out.join(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| format!("`{}`: {error}", folder.display()))?;
        }
        std::fs::write(&path, text).map_err(|error| format!("`{}`: {error}", path.display()))?;
    }
    if let Some(page) = playground {
        copy(page, &out.join("playground"))?;
    }
    let pages = files.keys().filter(|name| name.ends_with(".html")).count();
    let bytes: usize = files.values().map(String::len).sum();
    Ok(format!("wrote {pages} pages, {} KB, to `{}`; begin at index.html", bytes / 1000, out.display()))
}

/// Copies a built page, which is a folder of files.
fn copy(page: &Path, to: &Path) -> Result<(), String> {
    for needed in ["index.html", "main.js", "tenon.wasm"] {
        if !page.join(needed).is_file() {
            return Err(format!("`{}` is no built page with the compiler: it has no `{needed}`", page.display()));
        }
    }
    let failed = |error: std::io::Error| format!("`{}`: {error}", to.display());
    std::fs::create_dir_all(to).map_err(failed)?;
    for entry in std::fs::read_dir(page).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_type().map_err(failed)?.is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).map_err(failed)?;
        }
    }
    Ok(())
}
