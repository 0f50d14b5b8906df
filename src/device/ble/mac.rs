//! The address of a Bluetooth device, as an installer reads it on the label.

use std::fmt;

/// Six bytes in the order in which they are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// Reads twelve hex digits, with or without `:` or `-` between the pairs.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 17 {
            return None;
        }
        let digits: Vec<u8> = text
            .bytes()
            .filter(|sign| !matches!(sign, b':' | b'-'))
            .map(|sign| char::from(sign).to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect::<Option<_>>()?;
        let mut mac = [0; 6];
        if digits.len() != 12 {
            return None;
        }
        for (byte, pair) in mac.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = pair.iter().fold(0, |byte, digit| byte << 4 | digit);
        }
        Some(Self(mac))
    }

    /// The address as it stands in a frame, last byte first; `None` when that is not six bytes.
    #[must_use]
    pub fn from_reversed(bytes: &[u8]) -> Option<Self> {
        let mut mac: [u8; 6] = bytes.try_into().ok()?;
        mac.reverse();
        Some(Self(mac))
    }

    /// The bytes in the order of a frame.
    #[must_use]
    pub fn reversed(self) -> [u8; 6] {
        let mut bytes = self.0;
        bytes.reverse();
        bytes
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, byte) in self.0.iter().enumerate() {
            let colon = if place == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02X}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_in_every_usual_writing_and_printed_in_one() {
        for text in ["A4C1388D18B2", "a4:c1:38:8d:18:b2", "A4-C1-38-8D-18-B2"] {
            assert_eq!(Mac::parse(text).map(|mac| mac.to_string()).as_deref(), Some("A4:C1:38:8D:18:B2"));
        }
        for text in ["", "A4C1388D18B", "A4C1388D18B2FF", "A4C1388D18BX", "示例示例示例"] {
            assert_eq!(Mac::parse(text), None, "{text}");
        }
        let mac = Mac::from_reversed(&[1, 2, 3, 4, 5, 6]).expect("six bytes");
        assert_eq!((mac.0, mac.reversed()), ([6, 5, 4, 3, 2, 1], [1, 2, 3, 4, 5, 6]));
    }
}
