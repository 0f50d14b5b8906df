//! A frame's bytes, taken one after the other, little end first.

use std::borrow::Cow;

use crate::device::hex;

/// What is left of a frame.
#[derive(Debug, Clone, Copy)]
pub struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    /// The next `count` bytes; `None` when there are fewer, and then nothing is taken.
    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// The next byte.
    pub fn byte(&mut self) -> Option<u8> {
        self.take(1).and_then(|bytes| bytes.first().copied())
    }

    /// The next two bytes as a number.
    pub fn u16(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_le_bytes)
    }

    /// The next two bytes as a signed number.
    pub fn i16(&mut self) -> Option<i16> {
        self.take(2)?.try_into().ok().map(i16::from_le_bytes)
    }

    /// The next four bytes as a number.
    pub fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    /// Whether nothing is left.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Up to eight bytes as a number, little end first; longer ones lose their upper end.
#[must_use]
pub fn unsigned(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Up to four bytes as a signed number, little end first.
#[must_use]
pub fn signed(bytes: &[u8]) -> i64 {
    let bits = 8 * u32::try_from(bytes.len().min(4)).unwrap_or(4);
    let number = i64::try_from(unsigned(bytes.get(..4).unwrap_or(bytes))).unwrap_or(0);
    if bits > 0 && number >> (bits - 1) & 1 == 1 { number - (1 << bits) } else { number }
}

/// The bytes behind a text of hex digits; what is no such text is taken as it is.
#[must_use]
pub fn from_hex_text(payload: &[u8]) -> Cow<'_, [u8]> {
    let text = payload.trim_ascii();
    hex::read(text).filter(|_| !text.is_empty()).map_or(Cow::Borrowed(payload), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_little_end_first() {
        assert_eq!((unsigned(&[0x13, 0x8a, 0x14]), unsigned(&[])), (1_346_067, 0));
        assert_eq!((signed(&[0xea]), signed(&[0x02, 0xfb, 0xff, 0xff]), signed(&[0x11, 0x01])), (-22, -1278, 273));
        assert_eq!(signed(&[]), 0);
    }

    #[test]
    fn what_is_short_is_not_taken() {
        let mut bytes = Bytes(&[1, 2, 3]);
        assert_eq!((bytes.u16(), bytes.u16(), bytes.byte(), bytes.byte()), (Some(0x0201), None, Some(3), None));
        assert!(bytes.is_empty());
    }

    #[test]
    fn hex_text_is_told_from_bytes() {
        assert_eq!(*from_hex_text(b"40640f\n"), [0x40, 0x64, 0x0f]);
        for raw in [&b"@d\x0f"[..], b"406", b"", b"0x40"] {
            assert_eq!(*from_hex_text(raw), *raw);
        }
    }
}
