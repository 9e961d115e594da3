//! Short texts of ASCII letters, made on the stack: numbers, times, identities on their way to the wire.

/// The longest text.
const LENGTH: usize = 64;

/// A text of at most 64 ASCII letters. What does not fit is dropped; the longest text that is made here has 42.
#[derive(Clone, Copy)]
pub(crate) struct Ascii {
    bytes: [u8; LENGTH],
    length: usize,
}

impl Ascii {
    pub(crate) fn new() -> Ascii {
        Ascii { bytes: [0; LENGTH], length: 0 }
    }

    pub(crate) fn push(&mut self, letter: u8) {
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = letter;
            self.length += 1;
        }
    }

    pub(crate) fn push_all(&mut self, letters: &[u8]) {
        letters.iter().for_each(|letter| self.push(*letter));
    }

    /// The digits of a number, with zeros before them up to a width.
    pub(crate) fn digits(&mut self, mut number: u64, width: usize) {
        let mut digits = [b'0'; 20];
        let mut at = digits.len();
        while number > 0 {
            at -= 1;
            digits[at] = b'0' + (number % 10) as u8;
            number /= 10;
        }
        self.push_all(&digits[at.min(digits.len() - width.clamp(1, digits.len()))..]);
    }

    /// The low `count` hexadecimal digits of a number.
    pub(crate) fn hexadecimal(&mut self, number: u128, count: u32) {
        for index in (0..count).rev() {
            self.push(b"0123456789abcdef"[(number >> (4 * index) & 15) as usize]);
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    pub(crate) fn as_str(&self) -> &str {
        // Only ASCII is pushed.
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

impl std::fmt::Write for Ascii {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.push_all(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_have_their_width() {
        let text = |number, width| {
            let mut out = Ascii::new();
            out.digits(number, width);
            out.as_str().to_owned()
        };
        assert_eq!((text(0, 1).as_str(), text(7, 3).as_str(), text(1234, 2).as_str()), ("0", "007", "1234"));
        assert_eq!(text(u64::MAX, 1), u64::MAX.to_string());
        let mut long = Ascii::new();
        long.push_all(&[b'x'; 100]);
        assert_eq!(long.as_bytes().len(), LENGTH);
    }
}
