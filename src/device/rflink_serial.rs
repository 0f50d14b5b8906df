//! RFLink and RFLink32: a 433/868 MHz receiver on USB serial, 57600 8N1, one ASCII line a frame, ended by CR LF.
//! It hears EV1527 and PT2262 remotes, PIR, door and smoke transmitters and weather stations.
//!
//! ```text
//! 20;SEQ;Protocol;ID=hex;KEY=value;…;          from the receiver; SEQ two hex digits that wrap
//! 10;…                                         to it; 11;… its echo
//! 20;00;Nodo RadioFrequencyLink - RFLink Gateway V1.1 - R46;        at its start
//! ```
//!
//! | key | meaning |
//! | --- | --- |
//! | `ID` | the transmitter, hex |
//! | `SWITCH`, `CMD` | button; `ON`, `OFF`, `ALLON`, `ALLOFF`, `SET_LEVEL=n` |
//! | `TEMP` | hex, tenths of a degree Celsius, top bit = negative |
//! | `HUM` | decimal, % |
//! | `BAT` | `OK`, `LOW` |
//! | `PIR`, `SMOKEALERT` | `ON`; `OFF` where the transmitter sends it |
//! | `CHIME` | melody of a door bell |
//! | others | weather and counters; shown, never a reading |
//!
//! Source: the RFLink protocol reference, and its receivers' lines.
//!
//! Design constraints:
//!
//! - Protocol names are the receiver's guess: one remote may appear under two. The address is protocol, ID and switch, so
//!   that two buttons of one remote can be two devices; the role says what a press means.
//! - Kaku writes its ID with two or six digits for the same transmitter: six here.
//! - A transmitter sends 4 to 25 copies of one press.

use serde_json::{Map, Value};

use super::framing::Framing;
use super::speech::Speech;
use super::{Decode, DecodeError, Decoded, Format, Frame, Transport};
use crate::core::reading::{Measure, Quantity};

/// The registry's line.
pub const FORMAT: Format = Format {
    name: "rflink_serial",
    about: "433/868 MHz buttons, PIR, door and smoke transmitters heard by an RFLink receiver",
    about_zh: "RFLink 接收器收到的 433/868 MHz 按钮、人体、门磁、烟感发射器",
    transport: Transport::Serial { baud: 57_600, framing: Framing::Lines { bytes_max: LINE_BYTES_MAX } },
    // judgement: 433 MHz transmitters repeat a press for about a second and a half while it is held.
    merge_ms: 2_000,
    steady_ms: 0,
    decoder: || Box::new(RfLink),
};

/// Longest line. judgement: the longest weather station's has 130 signs.
const LINE_BYTES_MAX: usize = 256;

/// What a line says.
enum Line<'a> {
    /// A transmitter was heard.
    Heard(Heard<'a>),
    /// The receiver speaks of itself.
    Receiver(&'a str),
}

struct Heard<'a> {
    protocol: &'a str,
    /// The rest: `KEY=value`, some keys without a value.
    keys: &'a str,
}

impl<'a> Line<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        if bytes.len() > LINE_BYTES_MAX {
            return Err(DecodeError::TooLong);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| DecodeError::NotUtf8)?.trim_ascii();
        // The echo of a command, and the command itself, are of no device.
        if let Some(order) = text.strip_prefix("10;").or_else(|| text.strip_prefix("11;")) {
            return Ok(Line::Receiver(order));
        }
        let (sequence, rest) =
            text.strip_prefix("20;").and_then(|rest| rest.split_once(';')).ok_or(DecodeError::NotMine)?;
        if sequence.len() != 2 || !sequence.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(DecodeError::NotMine);
        }
        let (protocol, keys) = rest.split_once(';').ok_or(DecodeError::Length)?;
        if keys.is_empty() || protocol.contains('=') || !keys.contains('=') {
            return Ok(Line::Receiver(rest));
        }
        // A line that lost its end may have lost half of a value.
        if !keys.ends_with(';') {
            return Err(DecodeError::Length);
        }
        if protocol.is_empty() { Err(DecodeError::WrongType) } else { Ok(Line::Heard(Heard { protocol, keys })) }
    }
}

impl<'a> Heard<'a> {
    fn pairs(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        self.keys.split(';').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")))
    }

    fn value(&self, key: &str) -> Option<&'a str> {
        self.pairs().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    fn id(&self) -> Option<String> {
        let id = self.value("ID").filter(|id| !id.is_empty())?.to_ascii_lowercase();
        let short = self.protocol.eq_ignore_ascii_case("kaku") && id.len() < 6;
        Some(if short { format!("{id:0>6}") } else { id })
    }

    /// Protocol, ID and switch, in lower case.
    fn address(&self) -> Option<String> {
        let protocol = self.protocol.to_ascii_lowercase();
        let id = self.id()?;
        Some(match self.value("SWITCH") {
            Some(switch) => format!("{protocol}/{id}/{}", switch.to_ascii_lowercase()),
            None => format!("{protocol}/{id}"),
        })
    }
}

struct RfLink;

impl Decode for RfLink {
    fn decode(&mut self, frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
        let Line::Heard(heard) = Line::read(frame.bytes)? else { return Ok(Decoded::default()) };
        let mut speech = Speech::of(&heard.address().ok_or(DecodeError::WrongType)?)?;
        for (key, value) in heard.pairs() {
            match key {
                "CMD" => {
                    let command = value.to_ascii_lowercase();
                    let switch = heard.value("SWITCH").map(str::to_ascii_lowercase);
                    let word = switch.map_or(command.clone(), |switch| format!("{switch}:{command}"));
                    speech.code("CMD", &word, Measure::Button);
                }
                "PIR" => flag(&mut speech, "PIR", value, Measure::Motion),
                "SMOKEALERT" => flag(&mut speech, "SMOKEALERT", value, Measure::Smoke),
                "TEMP" => number(&mut speech, "TEMP", Quantity::AmbientTemp, tenths(value)),
                "HUM" => number(&mut speech, "HUM", Quantity::Humidity, value.parse().ok()),
                "BAT" if value.eq_ignore_ascii_case("OK") => speech.level(Measure::BatteryLow(false)),
                "BAT" if value.eq_ignore_ascii_case("LOW") => speech.level(Measure::BatteryLow(true)),
                "BAT" => speech.refuse("BAT", DecodeError::Unknown),
                _ => {}
            }
        }
        speech.finish()
    }

    fn fields(&self, frame: &Frame<'_>) -> Map<String, Value> {
        match Line::read(frame.bytes) {
            Ok(Line::Heard(heard)) => heard_fields(&heard),
            Ok(Line::Receiver(text)) => receiver_fields(text),
            Err(_) => Map::new(),
        }
    }
}

/// A transmitter says `ON` when it happens, and mostly nothing when it is over.
fn flag(speech: &mut Speech, key: &'static str, value: &str, make: fn(bool) -> Measure) {
    match value {
        "ON" => speech.event(make(true)),
        "OFF" => speech.level(make(false)),
        _ => speech.refuse(key, DecodeError::Unknown),
    }
}

fn number(speech: &mut Speech, key: &'static str, quantity: Quantity, value: Option<f64>) {
    match value {
        Some(value) => speech.number(quantity, value),
        None => speech.refuse(key, DecodeError::WrongType),
    }
}

/// Hex tenths, the top bit of sixteen a minus.
fn tenths(text: &str) -> Option<f64> {
    let raw = u16::from_str_radix(text, 16).ok()?;
    let magnitude = f64::from(raw & 0x7FFF) / 10.0;
    Some(if raw & 0x8000 == 0 { magnitude } else { -magnitude })
}

fn heard_fields(heard: &Heard<'_>) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut put = |key: &str, value: Value| fields.insert(key.to_owned(), value);
    put("node", "gateway".into());
    put("protocol", heard.protocol.to_lowercase().into());
    for (key, value) in heard.pairs() {
        match key {
            "ID" => put("id", heard.id().into()),
            "CMD" => put("command", value.to_lowercase().into()),
            "TEMP" => {
                put("temperature_unit", "°C".into());
                put("temperature", tenths(value).into())
            }
            "HUM" => {
                put("humidity_unit", "%".into());
                put("humidity", value.parse::<f64>().ok().into())
            }
            "BAT" => put("battery", value.to_lowercase().into()),
            "CHIME" => put("doorbell_melody", value.parse::<u64>().ok().into()),
            other => put(&other.to_lowercase(), value.to_lowercase().into()),
        };
    }
    fields
}

fn receiver_fields(text: &str) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("node".into(), "gateway".into());
    let text = text.trim_end_matches(';');
    let parts: Vec<&str> = text.split(" - ").collect();
    if let [hardware, firmware, revision] = *parts.as_slice() {
        let (firmware, version) = firmware.rsplit_once(" V").unwrap_or((firmware, ""));
        fields.insert("hardware".into(), hardware.to_lowercase().into());
        fields.insert("firmware".into(), firmware.to_lowercase().into());
        fields.insert("version".into(), version.into());
        fields.insert("revision".into(), revision.trim_start_matches('R').into());
    } else {
        fields.insert("message".into(), text.to_lowercase().into());
        fields.insert(text.to_lowercase(), true.into());
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::reading::Said;

    fn decode(line: &str) -> Result<Decoded, DecodeError> {
        RfLink.decode(&Frame { topic: None, bytes: line.as_bytes(), context: &Value::Null, utc_s: None, heard_ms: 0 })
    }

    #[test]
    fn two_buttons_of_one_remote_are_two_addresses() {
        let first = decode("20;0C;Kaku;ID=41;SWITCH=1;CMD=ON;").expect("decodes");
        let second = decode("20;0D;Kaku;ID=000041;SWITCH=2;CMD=ON;").expect("decodes");
        assert_eq!(first.address.as_deref(), Some("kaku/000041/1"));
        assert_eq!(second.address.as_deref(), Some("kaku/000041/2"));
    }

    #[test]
    fn the_top_bit_of_a_temperature_is_its_minus() {
        assert_eq!(tenths("80dc"), Some(-22.0));
        assert_eq!(tenths("00b4"), Some(18.0));
        assert_eq!(tenths("+0b4x"), None);
    }

    #[test]
    fn smoke_is_heard_each_time_and_its_end_is_a_level() {
        let said = |line| decode(line).expect("decodes").said;
        assert_eq!(said("20;63;SmokeAlert;ID=12;SMOKEALERT=ON;"), [Said::event(Measure::Smoke(true))]);
        assert_eq!(said("20;63;SmokeAlert;ID=12;SMOKEALERT=OFF;"), [Said::level(Measure::Smoke(false))]);
    }

    #[test]
    fn what_the_receiver_says_of_itself_is_of_no_device() {
        for line in [
            "20;00;Nodo RadioFrequencyLink - RFLink Gateway V1.1 - R46;",
            "20;02;PONG;",
            "10;PING;",
            "11;20;07;X;ID=1;",
        ] {
            assert_eq!(decode(line).expect("decodes"), Decoded::default(), "{line}");
        }
        assert_eq!(decode("20;07;AB400D;ID=41;SWITCH=1;CMD=O"), Err(DecodeError::Length));
        assert_eq!(decode("Sketch starts"), Err(DecodeError::NotMine));
    }
}
