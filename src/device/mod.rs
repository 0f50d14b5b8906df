//! Bytes to [`Sample`](crate::core::reading::Sample)s: one file a wire format, pure.
//!
//! A [`Frame`] goes in, a [`Decoded`] comes out, and nothing else happens: no IO, no clock, nobody's name. A decoder is as
//! strict about its envelope as the format allows and as forgiving as it can be inside, because a help call may stand
//! beside a key that nobody can read.
//!
//! The rules that every adapter needs live in one place each:
//!
//! | rule | where |
//! | --- | --- |
//! | role before meaning; only enrolled may alarm; silence is data; retained never raises | the station's intake, by roles |
//! | merge repeats | named here as [`Format::merge_ms`], done by the intake |
//! | zero and NaN are not values; plausibility is a filter | [`Speech`](speech::Speech) over `Measure::number` |
//! | serial is a stream; reply in time | the source |
//! | size, depth and UTF-8 before parsing | [`json`] |
//! | clocks lie | no decoder hands on a device's time |
//!
//! To add a format: copy [`template`], add its two lines to the registry below, add `tests/vectors/NAME.jsonl`.

use serde_json::{Map, Value};

use crate::core::reading::{Implausible, Said};

pub mod json;

pub mod speech;

pub mod unit;

pub mod template;

pub mod harness;

// The registry: a format's module here and its `FORMAT` in the list right below, in the same order.
pub mod zigbee2mqtt;

pub mod json_lines;

/// Every format that the gateway speaks.
pub const FORMATS: &[Format] = &[
    zigbee2mqtt::FORMAT, //
    json_lines::FORMAT,
];

/// The names of the formats that can be decoded.
#[must_use]
pub fn names() -> Vec<&'static str> {
    FORMATS.iter().map(|format| format.name).collect()
}

/// The format of that name.
#[must_use]
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// What a decoder is given: one frame, already cut out of its stream and bounded by its source.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// The topic, for formats that come over MQTT.
    pub topic: Option<&'a str>,
    /// The bytes.
    pub bytes: &'a [u8],
    /// What configuration and enrolment know and a lone frame does not, as an object: `base` (the base topic of an MQTT
    /// source, when it is not the format's usual one), `model`, `map`, `key`; `Value::Null` when nothing.
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
    /// Known keys that could not be read beside others that could: counted by key, never an error.
    pub refused_keys: Vec<(&'static str, DecodeError)>,
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

    /// What the frame says on the level of its protocol (model, sequence number, message type), for an installer's eyes
    /// and for vectors. It is not on the way of a reading and may be slow.
    fn fields(&self, _frame: &Frame<'_>) -> Map<String, Value> {
        Map::new()
    }
}

/// One line of the registry.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// Its name: in configuration, vectors, heard list.
    pub name: &'static str,
    /// One line for people: which devices speak it.
    pub about: &'static str,
    /// The same in Chinese.
    pub about_zh: &'static str,
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
