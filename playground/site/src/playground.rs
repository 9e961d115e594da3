//! Links that open a program in the playground: the program stands in the fragment, in the form that
//! `playground/web/src/share.ts` reads. What a fragment says, no server hears.

use serde_json::json;

/// Where the playground lies in the site.
pub const PAGE: &str = "playground/index.html";

/// The link that opens the files of a program; `root` leads from the page to the site's folder.
pub fn link(root: &str, title: &str, files: &[(String, String)]) -> String {
    let files: Vec<_> = files.iter().map(|(path, text)| json!({ "path": path, "text": text })).collect();
    let shared = json!({ "title": title, "files": files }).to_string();
    format!("{root}{PAGE}#p1={}", base64(&deflate(shared.as_bytes())))
}

/// The longest block that is stored as it is.
const BLOCK: usize = 65_535;

/// Bytes in the form of RFC 1951, as blocks that are stored: programs of a page are short, and this needs no library.
fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 5);
    let count = bytes.len().div_ceil(BLOCK).max(1);
    for (index, block) in bytes.chunks(BLOCK).chain(bytes.is_empty().then_some(bytes)).enumerate() {
        let length = block.len() as u16;
        out.push(u8::from(index + 1 == count));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    out
}

/// The alphabet of RFC 4648 for URLs, without what fills up the end.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn base64(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits = three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        let signs = (0..=three.len()).map(|at| bits >> (18 - 6 * at) & 63);
        out.extend(signs.filter_map(|sign| ALPHABET.get(sign as usize)).map(|sign| char::from(*sign)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_written_as_the_standards_say() {
        for (text, written) in [
            ("", ""),
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg"),
            ("fooba", "Zm9vYmE"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(text.as_bytes()), written);
        }
        assert_eq!(base64(&[0xfb, 0xff, 0xbf]), "-_-_");
        assert_eq!(deflate(b"ab"), [1, 2, 0, 0xfd, 0xff, b'a', b'b']);
        assert_eq!(deflate(b""), [1, 0, 0, 0xff, 0xff]);
        let long = vec![7; BLOCK + 1];
        let packed = deflate(&long);
        assert_eq!((packed.len(), packed[0], packed[BLOCK + 5]), (long.len() + 10, 0, 1));
        assert_eq!(packed[BLOCK + 6..], [1, 0, 0xfe, 0xff, 7]);
    }

    #[test]
    fn a_link_carries_the_title_and_the_files() {
        let link = link("../", "T", &[("a.tn".to_owned(), "é\n".to_owned())]);
        assert!(link.starts_with("../playground/index.html#p1=AT"), "{link}");
        assert!(link.chars().all(|c| c.is_ascii_alphanumeric() || "-_./#=".contains(c)), "{link}");
    }
}
