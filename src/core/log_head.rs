//! The head of the log's chains: what the county keeps once a day, so that a log that was written anew after the fact is found out.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::time::Moment;
use super::word::words;

words! {
    /// A stream of the log.
    LogStream {
        /// Turns of the station.
        Urgent = "urgent",
        /// Blocks of readings.
        Routine = "routine",
    }
}

/// How far the log had come, and what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogHead {
    /// When.
    pub at: Moment,
    /// A stream each; one that holds nothing is left out.
    pub streams: Vec<StreamHead>,
}

/// How far a stream had come, and what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamHead {
    /// Which stream.
    pub stream: LogStream,
    /// Index of its newest record.
    pub index: u64,
    /// That record's link of the chain, which stands for every record before it.
    pub chain: Link,
}

/// A link of the chain: the SHA-256 of a record, 64 hex digits on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Link(pub [u8; 32]);

/// A text that is no link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a link of the chain has 64 hex digits")]
pub struct LinkError;

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Link {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Link, LinkError> {
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return Err(LinkError);
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            let digit = |at: usize| pair.get(at).and_then(|digit| char::from(*digit).to_digit(16));
            let (Some(high), Some(low)) = (digit(0), digit(1)) else { return Err(LinkError) };
            *byte = u8::try_from(high * 16 + low).map_err(|_| LinkError)?;
        }
        Ok(Link(bytes))
    }
}

impl Serialize for Link {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Link {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_read_as_it_is_written_and_nothing_else_is_read() {
        let mut bytes = [0x5A; 32];
        (bytes[0], bytes[31]) = (0x01, 0xFE);
        let link = Link(bytes);
        assert_eq!(link.to_string().parse(), Ok(link));
        for wrong in ["", "5a", &"g".repeat(64), &"5".repeat(63), &"5".repeat(65), &"é".repeat(32)] {
            assert_eq!(wrong.parse::<Link>(), Err(LinkError), "{wrong}");
        }
    }
}
