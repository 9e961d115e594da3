//! The constant data of a program: texts that do not fit in their lanes, collections of constants, keys of
//! runtime calls. Code reaches it at `CallContext::constants`, so it may lie at any address.

use rustc_hash::FxHashMap;

/// Constant data in the making.
#[derive(Default)]
pub(crate) struct Constants {
    bytes: Vec<u8>,
    known: FxHashMap<Vec<u8>, u32>,
}

impl Constants {
    /// The offset at which these bytes stand, aligned to 16.
    pub(crate) fn bytes(&mut self, data: &[u8]) -> u32 {
        if let Some(offset) = self.known.get(data) {
            return *offset;
        }
        self.bytes.resize(self.bytes.len().next_multiple_of(16), 0);
        let offset = u32::try_from(self.bytes.len()).expect("a program's text is far below 4 GiB");
        self.bytes.extend_from_slice(data);
        self.known.insert(data.to_vec(), offset);
        offset
    }

    /// The offset at which these words stand.
    pub(crate) fn words(&mut self, words: &[u64]) -> u32 {
        let bytes: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
        self.bytes(&bytes)
    }

    /// All of it.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}
