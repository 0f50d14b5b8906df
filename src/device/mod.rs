//! Bytes to [`Sample`](crate::core::reading::Sample)s: one file a wire format, pure.

use serde_json::Value;

use crate::core::reading::{Implausible, Said};

/// What a decoder is given: one frame, already cut out of its stream and bounded by its source.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// The topic, for formats that come over MQTT.
    pub topic: Option<&'a str>,
    /// The bytes.
    pub bytes: &'a [u8],
    /// What live enrolment knows and a lone frame does not: `{"model": …, "map": …, "key": …}`; `Value::Null` when nothing.
    pub context: &'a Value,
}

/// What a frame meant.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Decoded {
    /// The device's own address or name on the air, as the heard list and `village.toml` know it. It may carry a
    /// person's name, so it never goes into a log line. `None` when a bridge speaks for all its devices.
    pub address: Option<String>,
    /// What was said, life-safety first; empty for frames that are only administration.
    pub said: Vec<Said>,
    /// Values that were decoded and are not plausible, by kind: counted, never an error.
    pub dropped: Vec<(&'static str, Implausible)>,
    /// The devices that a bridge lists, for the heard list.
    pub listed: Vec<Listed>,
}

/// A device that a bridge says it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its address, as in [`Decoded::address`].
    pub address: String,
    /// Maker's model name, when the bridge knows it.
    pub model: Option<String>,
}

/// Why a frame was refused. Refusals are counted by variant and shown once a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum DecodeError {
    /// Not of this format.
    #[error("not a frame of this format")]
    NotMine,
    /// Longer than the format allows.
    #[error("longer than the format allows")]
    TooLong,
    /// Nested deeper than any device nests.
    #[error("nested too deeply")]
    TooDeep,
    /// Not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// Not JSON, or cut off.
    #[error("not JSON, or cut off")]
    NotJson,
    /// The wrong type of value under a known key.
    #[error("a known key holds a value of the wrong type")]
    WrongType,
    /// A checksum does not fit.
    #[error("the checksum does not fit")]
    Checksum,
    /// An announced length does not fit.
    #[error("an announced length does not fit")]
    Length,
    /// A code that the format's description does not list.
    #[error("a code that the format does not list")]
    Unknown,
}

/// A decoder at work. It may remember what its bridge told it (models, caches), and nothing else.
pub trait Decode: Send {
    /// Decodes one frame.
    ///
    /// # Errors
    /// [`DecodeError`]; a refused frame changes nothing.
    fn decode(&mut self, frame: &Frame<'_>) -> Result<Decoded, DecodeError>;
}

/// One line of the registry.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// Its name: in configuration, vectors, heard list.
    pub name: &'static str,
    /// One line for people: which devices speak it.
    pub about: &'static str,
    /// How it reaches the gateway.
    pub transport: Transport,
    /// Repeats of an event within this time are one event; judgement or source in the format's file.
    pub merge_ms: u32,
    /// A new decoder.
    pub decoder: fn() -> Box<dyn Decode>,
}

/// How a format reaches the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Over an MQTT broker, under a base topic.
    Mqtt {
        /// The usual base topic.
        base_topic: &'static str,
    },
    /// Lines over a serial port, ended by LF.
    SerialLines {
        /// Longest line in bytes.
        line_bytes_max: usize,
    },
}
