//! Bytes written as hex digits, in what devices send and in what is shown to people.

use std::fmt::Write as _;

/// Lower-case digits, two a byte.
#[must_use]
pub fn write(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The bytes behind pairs of hex digits of either case; `None` for anything else.
#[must_use]
pub fn read(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |sign: u8| char::from(sign).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, []) = text.as_chunks::<2>() else { return None };
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_out_as_they_went_in() {
        assert_eq!(write(&[0x00, 0x0a, 0xff]), "000aff");
        assert_eq!(read(b"000Aff"), Some(vec![0x00, 0x0a, 0xff]));
        assert_eq!(read(b""), Some(vec![]));
        for other in [&b"0"[..], b"0x", b"+1", b" 1", "１1".as_bytes()] {
            assert_eq!(read(other), None, "{other:?}");
        }
    }
}
