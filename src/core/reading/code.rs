//! What a button or a 433 MHz transmitter sends: a short word whose meaning its role gives.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// 1 to 23 visible ASCII signs without quotation marks and backslashes: `single`, `0b:allon`, `D3125E`.
///
/// Stored in place, as ids are, so that a reading costs no allocation for it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code {
    // Unused bytes are zero, so that the derived comparisons are those of the text.
    bytes: [u8; Code::LEN_MAX],
}

/// The text is not a [`Code`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a code has 1 to {max} visible ASCII signs without quotation marks", max = Code::LEN_MAX)]
pub struct CodeError;

impl Code {
    /// Longest code, in bytes. judgement: the longest action of 4,516 known Zigbee devices that is a press fits.
    pub const LEN_MAX: usize = 23;

    /// Whether a sign may stand in a code.
    #[must_use]
    pub const fn takes(sign: char) -> bool {
        sign.is_ascii_graphic() && !matches!(sign, '"' | '\'' | '\\')
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let end = self.bytes.iter().position(|byte| *byte == 0).unwrap_or(Self::LEN_MAX);
        std::str::from_utf8(self.bytes.get(..end).unwrap_or_default()).unwrap_or_default()
    }
}

impl FromStr for Code {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        if text.is_empty() || !text.chars().all(Self::takes) {
            return Err(CodeError);
        }
        let mut bytes = [0; Self::LEN_MAX];
        bytes.get_mut(..text.len()).ok_or(CodeError)?.copy_from_slice(text.as_bytes());
        Ok(Self { bytes })
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str> as Deserialize>::deserialize(from)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_kept_as_it_was_sent() {
        for text in ["single", "0b:allon", "D3125E", "a", "12345678901234567890123"] {
            assert_eq!(text.parse::<Code>().expect("a code").as_str(), text);
        }
        for text in ["", "a b", "a\"b", "ä", "123456789012345678901234", "\0", "a\n"] {
            assert_eq!(text.parse::<Code>(), Err(CodeError), "{text:?}");
        }
    }
}
