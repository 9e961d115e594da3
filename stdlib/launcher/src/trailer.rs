//! The last bytes of a built executable: where its image begins.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

const MAGIC: &[u8; 16] = b"tenon-image-0001";
/// Images begin at a multiple of this, so that their code can be mapped.
const PAGE: usize = 4096;
const SIZE: u64 = 24;

/// An executable: the launcher, the image at the start of a page, the trailer.
pub fn attach(launcher: &[u8], image: &[u8]) -> Vec<u8> {
    let at = launcher.len().next_multiple_of(PAGE);
    let mut out = Vec::with_capacity(at + image.len() + SIZE as usize);
    out.extend_from_slice(launcher);
    out.resize(at, 0);
    out.extend_from_slice(image);
    out.extend_from_slice(&(at as u64).to_le_bytes());
    out.extend_from_slice(MAGIC);
    out
}

/// Where the image of an executable begins; `None` for the launcher alone.
///
/// # Errors
/// The file cannot be read.
pub fn find(file: &mut File) -> std::io::Result<Option<u64>> {
    let length = file.seek(SeekFrom::End(0))?;
    if length < SIZE {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(length - SIZE))?;
    let mut bytes = [0; SIZE as usize];
    file.read_exact(&mut bytes)?;
    let (at, magic) = bytes.split_at(8);
    let at = u64::from_le_bytes(at.try_into().expect("split at eight bytes"));
    Ok((magic == MAGIC && at < length).then_some(at))
}

#[cfg(test)]
mod tests {
    use super::{attach, find};
    use std::io::Write;

    #[test]
    fn an_image_is_found_where_it_was_put() {
        let path = std::env::temp_dir().join(format!("tenon-trailer-{}", std::process::id()));
        let mut file = std::fs::File::create(&path).unwrap();
        file.write_all(&attach(b"launcher", b"image")).unwrap();
        let mut file = std::fs::File::open(&path).unwrap();
        assert_eq!(find(&mut file).unwrap(), Some(4096));
        std::fs::write(&path, b"launcher without anything behind it").unwrap();
        assert_eq!(find(&mut std::fs::File::open(&path).unwrap()).unwrap(), None);
        std::fs::remove_file(&path).unwrap();
    }
}
