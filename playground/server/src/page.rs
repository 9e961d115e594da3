//! The files of the built page, in memory.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// The files by their names.
pub(crate) struct Page {
    files: BTreeMap<String, (&'static str, Vec<u8>)>,
}

/// Says in the page that a native engine is behind it.
const MARK: &str = "<meta name=\"tenon-engine\" content=\"native\">\n";

impl Page {
    /// Reads the files of a folder.
    pub fn read(folder: &Path) -> io::Result<Page> {
        let mut files = BTreeMap::new();
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let Some(media) = media(&name) else { continue };
            if !entry.file_type()?.is_file() {
                continue;
            }
            let mut bytes = std::fs::read(entry.path())?;
            if name == "index.html" {
                bytes = String::from_utf8_lossy(&bytes).replacen("<title>", &format!("{MARK}<title>"), 1).into_bytes();
            }
            files.insert(name, (media, bytes));
        }
        if !files.contains_key("index.html") {
            return Err(io::Error::new(io::ErrorKind::NotFound, "there is no index.html"));
        }
        Ok(Page { files })
    }

    /// The media type and the bytes of a file.
    pub fn file(&self, name: &str) -> Option<(&'static str, Vec<u8>)> {
        self.files.get(name).map(|(media, bytes)| (*media, bytes.clone()))
    }
}

/// The media type of a file of the page; `None` for what is not served. The engine is here, so neither the WebAssembly nor
/// the worker that keeps the page for later is needed.
fn media(name: &str) -> Option<&'static str> {
    let (_, ending) = name.rsplit_once('.')?;
    match ending {
        "html" => Some("text/html; charset=utf-8"),
        "js" if name != "sw.js" => Some("text/javascript; charset=utf-8"),
        "css" => Some("text/css; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        "webmanifest" => Some("application/manifest+json"),
        _ => None,
    }
}
