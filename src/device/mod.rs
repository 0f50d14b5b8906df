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
//! | a stream is any split of anything | [`Framer`](framing::Framer), by the format's own `cut` |
//! | reply in time | said here as [`Decoded::reply`], sent by the source |
//! | a level that is said ten times a second is said once | [`Format::steady_ms`], done by the front door |
//! | size, depth and UTF-8 before parsing | [`json`] |
//! | what an installer says a name or code means | [`mapping`] |
//! | clocks lie | no decoder hands on a device's time |
//!
//! To add a format: copy [`template`], add its two lines to the registry below, add `tests/vectors/NAME.jsonl`.

use serde_json::{Map, Value};

use crate::core::errand::Errand;
use crate::core::reading::{Implausible, Said};
use crate::core::spoken::Spoken;
use framing::Framing;
use motion::Motion;

pub mod json;

pub mod speech;

pub mod framing;

pub mod motion;

pub mod unit;

pub mod mapping;

pub mod hex;

pub mod stamp;

mod hilink;

pub mod ble;

pub mod home_gateway;

pub mod template;

pub mod harness;

// The registry: a format's module here and its `FORMAT` in the list right below, in the same order.
pub mod zigbee2mqtt;

pub mod json_lines;

pub mod sw_sentence;

pub mod rtl_433;

pub mod tasmota;

pub mod esphome_mqtt;

pub mod shelly_gen2;

pub mod ha_discovery;

pub mod watch_setracker;

pub mod watch_iw_trv;

pub mod eview_pendant;

pub mod jt808;

pub mod ld2410;

pub mod ld2450;

pub mod tinyframe_60ghz;

pub mod r60_5359;

pub mod rflink_serial;

pub mod witmotion;

pub mod sms_pdu;

pub mod gsm_at;

pub mod modbus_rtu;

pub mod ble_gatt;

pub mod bthome_v2;

pub mod mibeacon;

pub mod theengs_ble;

pub mod openmqttgateway;

pub mod lorawan_codec;

pub mod chirpstack;

pub mod tts_v3;

/// Every format that the gateway speaks.
pub const FORMATS: &[Format] = &[
    zigbee2mqtt::FORMAT, //
    json_lines::FORMAT,
    sw_sentence::FORMAT,
    rtl_433::FORMAT,
    tasmota::FORMAT,
    esphome_mqtt::FORMAT,
    shelly_gen2::FORMAT,
    ha_discovery::FORMAT,
    watch_setracker::FORMAT,
    watch_iw_trv::FORMAT,
    eview_pendant::FORMAT,
    jt808::FORMAT,
    ld2410::FORMAT,
    ld2450::FORMAT,
    tinyframe_60ghz::FORMAT,
    r60_5359::FORMAT,
    rflink_serial::FORMAT,
    witmotion::FORMAT,
    sms_pdu::FORMAT,
    gsm_at::FORMAT,
    modbus_rtu::FORMAT,
    ble_gatt::FORMAT,
    bthome_v2::FORMAT,
    mibeacon::FORMAT,
    theengs_ble::FORMAT,
    openmqttgateway::FORMAT,
    lorawan_codec::FORMAT,
    chirpstack::FORMAT,
    tts_v3::FORMAT,
];

/// The formats that a source can carry, as the configuration is told of them.
#[must_use]
pub fn spoken() -> Vec<Spoken<'static>> {
    let spoken = |format: &Format| {
        let spoken = Spoken::over(format.transport.carrier()?, format.name);
        let is_bridged = matches!(format.transport, Transport::Mqtt { bridged: true, .. });
        Some(if is_bridged { spoken.with_bridge() } else { spoken })
    };
    FORMATS.iter().filter_map(spoken).collect()
}

/// The format of that name.
#[must_use]
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// What a decoder is given: one frame, already cut out of its stream and bounded by its source.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    /// The topic, for formats that come over MQTT.
    pub topic: Option<&'a str>,
    /// The bytes.
    pub bytes: &'a [u8],
    /// What enrolment knows and a lone frame does not.
    pub context: &'a dyn Enrolled,
    /// The gateway's wall time in seconds since 1970, UTC, for replies that set a device's clock; `None` while nobody
    /// has set the gateway's own. A decoder uses it for nothing else.
    pub utc_s: Option<i64>,
    /// When the frame was heard, in milliseconds of a clock that only goes forward and has no meaning outside this process;
    /// a decoder uses it only to tell a copy from a word said again.
    pub heard_ms: u64,
}

/// What enrolment knows of a device and its frames do not tell.
pub trait Enrolled {
    /// What is known of the device at this address, as an object: `model`, `map`, `key`, and for a source whose base topic
    /// is not the usual one `base`; `Value::Null` when nothing.
    fn of(&self, address: &str) -> &Value;
}

/// One object for whatever address, as a vector gives it.
impl Enrolled for Value {
    fn of(&self, _: &str) -> &Value {
        self
    }
}

/// What a frame meant.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Decoded {
    /// The device's own address or name on the air, as the heard list and `village.toml` know it. It may carry a
    /// person's name, so it never goes into a log line. `None` when it names nobody: over MQTT that is a bridge that
    /// speaks for all its devices, on a serial port the one device there, and on a TCP connection a device that has not
    /// said who it is.
    pub address: Option<String>,
    /// What was said, life-safety first; empty for frames that are only administration.
    pub said: Vec<Said>,
    /// Values that were decoded and are not plausible, by kind: counted, never an error.
    pub dropped: Vec<(&'static str, Implausible)>,
    /// Known keys that could not be read beside others that could: counted by key, never an error.
    pub refused_keys: Vec<(&'static str, DecodeError)>,
    /// The devices that a bridge lists, for the heard list.
    pub listed: Vec<Listed>,
    /// Raw movement, for `waveform`; it never enters the log.
    pub motion: Vec<Motion>,
    /// What the device waits to hear back on its own connection, ready to be sent; empty when it waits for nothing. A
    /// reply to what may alarm is sent when it is on disk.
    pub reply: Vec<u8>,
    /// Topics outside of the format's own filters where the device's words are found, for formats that announce them.
    pub announced: Vec<String>,
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
    /// Encrypted, and enrolment has no key for it.
    #[error("encrypted, and no key is enrolled for this device")]
    NoKey,
    /// The enrolled key does not open it.
    #[error("the enrolled key does not open it")]
    WrongKey,
    /// Its counter does not grow: an old frame sent again, or an unencrypted one from a device that has a key.
    #[error("an old frame again, or not protected as this device's frames are")]
    Replayed,
}

/// A decoder at work: one a source, and one a connection over TCP. It may remember what its bridge or device told it
/// (models, caches, who speaks on this connection), within bounds, and nothing else.
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

    /// The bytes of this errand for the device that speaks on this connection; `None` when the format has no such errand,
    /// or the device has not said who it is.
    fn errand(&mut self, _errand: Errand) -> Option<Vec<u8>> {
        None
    }

    /// The frame with these [`fields`](Decode::fields), for formats that are also written and for their vectors.
    fn encode(&self, _fields: &Map<String, Value>) -> Option<Vec<u8>> {
        None
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
    /// A frame that says no more than levels which stand, or only new numbers, is handed on once in this time; 0 where
    /// every frame is news. For devices that report many times a second.
    pub steady_ms: u32,
    /// A new decoder.
    pub decoder: fn() -> Box<dyn Decode>,
}

/// How a format reaches the gateway.
#[derive(Debug, Clone, Copy)]
pub enum Transport {
    /// Over an MQTT broker.
    Mqtt {
        /// The usual base topic; empty where devices stand at the root.
        base_topic: &'static str,
        /// What is subscribed to below it.
        filters: &'static [&'static str],
        /// Whether it tells that its bridge is online or not, for all the devices of its source.
        bridged: bool,
        /// Whether its messages point to topics that are subscribed to besides: [`Decoded::announced`].
        announces: bool,
    },
    /// A stream over a serial port.
    Serial {
        /// The usual speed, bit/s.
        baud: u32,
        /// How frames are found in it.
        framing: Framing,
    },
    /// A connection that the device opens.
    Tcp {
        /// The usual port.
        port: u16,
        /// How frames are found in it.
        framing: Framing,
    },
    /// A bus on which the gateway asks and devices answer.
    Bus {
        /// The usual speed, bit/s.
        baud: u32,
    },
    /// Inside the frames of other formats.
    Inside,
    /// The modem's own language.
    Modem,
}

impl Transport {
    /// How frames are found, for formats that come as a stream.
    #[must_use]
    pub const fn framing(&self) -> Option<Framing> {
        match self {
            Transport::Serial { framing, .. } | Transport::Tcp { framing, .. } => Some(*framing),
            Transport::Mqtt { .. } | Transport::Bus { .. } | Transport::Inside | Transport::Modem => None,
        }
    }

    /// The word of the kind of source that carries it, as the configuration has it; none for what comes inside of something
    /// else.
    #[must_use]
    pub const fn carrier(&self) -> Option<&'static str> {
        match self {
            Transport::Mqtt { .. } => Some("mqtt"),
            Transport::Serial { .. } => Some("serial"),
            Transport::Tcp { .. } => Some("tcp"),
            Transport::Bus { .. } => Some("modbus"),
            Transport::Inside | Transport::Modem => None,
        }
    }

    /// The format's own bound on a frame's length, where it has one.
    #[must_use]
    pub const fn frame_bytes_max(&self) -> Option<usize> {
        match self.framing() {
            Some(framing) => Some(framing.bytes_max()),
            None => None,
        }
    }
}
