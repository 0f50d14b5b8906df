//! Sentences of home-made hubs: NMEA-like lines over USB serial, 115200 8N1, ended by CR LF, at most 200 characters.
//!
//! ```text
//! $SW<type>,<device>,<value>,…*<checksum>
//! $SWSOS,belt-7,1*7F
//! $SWTMP,room,21.5*4A
//! ```
//!
//! | field | values |
//! | --- | --- |
//! | type | three capital letters, from the table below |
//! | device | its name, the address at enrolment; without `$`, `*` and `,` |
//! | value | by type; further fields are ignored, so that a hub may add some |
//! | checksum | XOR of the characters between `$` and `*`, two hex digits; a line without it is refused |
//!
//! | type | value |
//! | --- | --- |
//! | `SOS` | help button: `0` released, anything else pressed |
//! | `BTN` | a button whose meaning its role gives: `single`, `double`, `long` |
//! | `FAL` | the device's verdict: `confirmed`, `suspected`, `normal`, `cleared` (by its wearer) |
//! | `SMK`, `GAS`, `COX`, `LEK` | smoke, combustible gas, carbon monoxide, water: 1 there, 0 not |
//! | `MOT`, `PRS` | motion, presence: 1, 0 |
//! | `DOR` | door or window: 1 open, 0 closed |
//! | `BED`, `WRN`, `TAM` | somebody in bed, worn on the body, case opened: 1, 0 |
//! | `LOW`, `BAT` | battery low: 1, 0; battery, % |
//! | `TMP`, `HUM`, `LUX` | room: °C, % relative, lx |
//! | `HRT`, `BRT`, `SPO`, `BTP` | heart, 1/min; breath, 1/min; oxygen saturation, %; body temperature, °C |
//! | `BPR` | blood pressure, mmHg: two fields, systolic and diastolic |
//! | `LIV` | no value: "I am here" |
//!
//! Source: the hub's own firmware. Checksum and reserved signs are those of NMEA 0183; its limit is 82 characters, and
//! names in Chinese take three bytes a sign.
//!
//! Design constraints:
//!
//! - `$` begins a sentence wherever it stands, as in NMEA 0183: a hub that was reset in the middle of a line, or whose boot
//!   log ended without one, must not cost the press behind it.
//! - An empty number is "not measured", and its device is alive all the same.

use super::framing::Framing;
use super::speech::Speech;
use super::{Decode, DecodeError, Decoded, Format, Frame, Transport, hex};
use crate::core::reading::Plain;

/// The registry's line.
pub const FORMAT: Format = Format {
    name: "sw_sentence",
    about: "home-made hubs that write NMEA-like sentences with a checksum over USB",
    about_zh: "自制集线器:经 USB 串口,每行一条带校验的 NMEA 式语句",
    transport: Transport::Serial { baud: 115_200, framing: Framing::Lines { bytes_max: LINE_BYTES_MAX } },
    // judgement: what stands behind a hub is an unacknowledged radio, whose nodes say an alarm 3 to 5 times, 1 to 2 s apart:
    // the last copy comes within 10 s of the first.
    merge_ms: 10_000,
    // A hub writes when something changed, and once a minute or less otherwise.
    steady_ms: 0,
    decoder: || Box::new(Sentences),
};

/// Longest line, its ending not counted.
const LINE_BYTES_MAX: usize = 200;

struct Sentences;

impl Decode for Sentences {
    fn decode(&mut self, frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
        let body = envelope(frame.bytes)?;
        let mut fields = body.split(',');
        let (kind, device) = (fields.next().unwrap_or_default(), fields.next().ok_or(DecodeError::Length)?);
        let value = Value::of(kind).ok_or(DecodeError::Unknown)?;

        let mut speech = Speech::of(device)?;
        value.speak(&mut speech, [fields.next().unwrap_or_default(), fields.next().unwrap_or_default()]);
        speech.finish()
    }
}

/// What stands between `$SW` and `*`.
fn envelope(bytes: &[u8]) -> Result<&str, DecodeError> {
    if bytes.len() > LINE_BYTES_MAX {
        return Err(DecodeError::TooLong);
    }
    let start = bytes.iter().rposition(|byte| *byte == b'$').ok_or(DecodeError::NotMine)?;
    // What stands before the sentence may be line noise, so only the sentence must be text.
    let sentence = bytes.get(start + 1..).unwrap_or_default().trim_ascii_end();
    let sentence = std::str::from_utf8(sentence).map_err(|_| DecodeError::NotUtf8)?;
    let own = sentence.strip_prefix("SW").ok_or(DecodeError::NotMine)?;
    let (body, checksum) = own.split_once('*').ok_or(DecodeError::Length)?;
    let sum = "SW".bytes().chain(body.bytes()).fold(0, |sum, byte| sum ^ byte);
    if hex::read(checksum.as_bytes()) == Some(vec![sum]) { Ok(body) } else { Err(DecodeError::Checksum) }
}

/// How the value of a sentence is written, with its kind in the vocabulary.
#[derive(Clone, Copy)]
enum Value {
    Press,
    Word(&'static str),
    Flag(&'static str),
    Door,
    Number(&'static str),
    Pressure,
    None,
}

impl Value {
    fn of(kind: &str) -> Option<Self> {
        Some(match kind {
            "SOS" => Value::Press,
            "BTN" => Value::Word("button"),
            "FAL" => Value::Word("fall"),
            "SMK" => Value::Flag("smoke"),
            "GAS" => Value::Flag("gas"),
            "COX" => Value::Flag("co"),
            "LEK" => Value::Flag("leak"),
            "MOT" => Value::Flag("motion"),
            "PRS" => Value::Flag("presence"),
            "DOR" => Value::Door,
            "BED" => Value::Flag("bed"),
            "WRN" => Value::Flag("worn"),
            "TAM" => Value::Flag("tamper"),
            "LOW" => Value::Flag("battery_low"),
            "BAT" => Value::Number("battery"),
            "TMP" => Value::Number("ambient_temp"),
            "HUM" => Value::Number("humidity"),
            "LUX" => Value::Number("illuminance"),
            "HRT" => Value::Number("heart_rate"),
            "BRT" => Value::Number("breath_rate"),
            "SPO" => Value::Number("spo2"),
            "BTP" => Value::Number("body_temp"),
            "BPR" => Value::Pressure,
            "LIV" => Value::None,
            _ => return None,
        })
    }

    /// The vocabulary knows which kinds are events, and which numbers are values.
    fn speak(self, speech: &mut Speech, [first, second]: [&str; 2]) {
        match self {
            // The sentence itself is the press; one with an odd value is rather heard than lost.
            Value::Press => speech.vocabulary("sos", "sos", Plain::Flag(first != "0")),
            Value::Word(kind) => speech.vocabulary(kind, kind, Plain::Text(first)),
            Value::Flag(kind) => match flag(first) {
                Some(flag) => speech.vocabulary(kind, kind, Plain::Flag(flag)),
                None => speech.refuse(kind, DecodeError::WrongType),
            },
            Value::Door => match flag(first) {
                Some(open) => {
                    speech.vocabulary("contact", "contact", Plain::Text(if open { "open" } else { "closed" }));
                }
                None => speech.refuse("contact", DecodeError::WrongType),
            },
            Value::Number(_) if first.is_empty() => {}
            Value::Number(kind) => match first.parse() {
                Ok(number) => speech.vocabulary(kind, kind, Plain::Number(number)),
                Err(_) => speech.refuse(kind, DecodeError::WrongType),
            },
            Value::Pressure => match (first.parse(), second.parse()) {
                (Ok(sys), Ok(dia)) => {
                    speech.vocabulary("blood_pressure", "blood_pressure", Plain::Pressure { sys, dia, map: None });
                }
                _ => speech.refuse("blood_pressure", DecodeError::WrongType),
            },
            Value::None => {}
        }
    }
}

fn flag(text: &str) -> Option<bool> {
    match text {
        "1" => Some(true),
        "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::reading::{Measure, Said};

    fn decode(line: &[u8]) -> Result<Decoded, DecodeError> {
        Sentences.decode(&Frame {
            topic: None,
            bytes: line,
            context: &serde_json::Value::Null,
            utc_s: None,
            heard_ms: 0,
        })
    }

    #[test]
    fn a_press_is_heard_behind_what_a_reset_left_of_a_line() {
        for before in [&b""[..], b"$SWTMP,roo", b"rst:0x1 (POWERON_RESET)", b"\xff\x00"] {
            let decoded = decode(&[before, b"$SWSOS,belt-7,1*7F\r"].concat()).expect("decodes");
            assert_eq!(decoded.address.as_deref(), Some("belt-7"));
            assert_eq!(decoded.said, [Said::event(Measure::Sos(true))]);
        }
    }

    #[test]
    fn what_is_broken_is_refused_with_its_reason() {
        let refused = |line: &[u8]| decode(line).expect_err("refused");
        for checksum in ["", "F", "+F", "07F", "7F*", "7E", " F"] {
            assert_eq!(refused(format!("$SWSOS,belt-7,1*{checksum}").as_bytes()), DecodeError::Checksum, "{checksum}");
        }
        assert_eq!(refused(b"$SWSOS,belt-7,1"), DecodeError::Length);
        assert_eq!(refused(b"rst:0x1 (POWERON_RESET)"), DecodeError::NotMine);
        assert_eq!(refused(&[b'$'; LINE_BYTES_MAX + 1]), DecodeError::TooLong);
        assert_eq!(refused(b"$SW\xff"), DecodeError::NotUtf8);
    }
}
