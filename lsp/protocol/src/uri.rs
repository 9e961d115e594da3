//! Between URIs and paths. The path of a `file` URI is its file's; of any other the URI itself is taken for a path, by
//! which no file is found.

use ls_types::Uri;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The path of a document.
pub fn path_of(uri: &Uri) -> PathBuf {
    if uri.scheme().as_str().eq_ignore_ascii_case("file")
        && let Some(path) = uri.to_file_path()
    {
        return path.into_owned();
    }
    PathBuf::from(uri.as_str())
}

/// The URI of a path that [`path_of`] gave, or of a file. `None` for what is neither.
pub fn uri_of(path: &Path) -> Option<Uri> {
    let text = path.to_string_lossy();
    if !text.starts_with('/') {
        return Uri::from_str(&text).ok();
    }
    let mut uri = String::with_capacity(text.len() + 8);
    uri.push_str("file://");
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(byte as char),
            _ => {
                let digit = |n: u8| char::from(b"0123456789ABCDEF".get(usize::from(n)).copied().unwrap_or(b'0'));
                uri.extend(['%', digit(byte >> 4), digit(byte & 15)]);
            }
        }
    }
    Uri::from_str(&uri).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_and_paths_are_one_to_one() {
        for uri in
            ["file:///w/a%20b/%C3%A5.tn", "file:///shop.tn", "untitled:Untitled-1", "tenon-library:/tenon/text.tn"]
        {
            let path = path_of(&Uri::from_str(uri).unwrap());
            assert_eq!(uri_of(&path).unwrap().as_str(), uri, "{path:?}");
        }
        assert_eq!(path_of(&Uri::from_str("file:///w/a%20b/%C3%A5.tn").unwrap()), Path::new("/w/a b/å.tn"));
        assert_eq!(path_of(&Uri::from_str("FILE:///w/%61.tn").unwrap()), Path::new("/w/a.tn"));
    }
}
