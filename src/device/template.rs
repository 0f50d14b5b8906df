//! A format to copy: `Example`, text lines of an invented 24 GHz radar.
//!
//! This file is compiled and tested and is not in the registry. To add a format:
//!
//! 1. Copy this file to `src/device/NAME.rs`, and make this head comment the datasheet: the bytes as they come, the
//!    fields with their units, the source. The code below follows the same order.
//! 2. Add the two lines to the registry in `mod.rs`: `pub mod NAME;` and `NAME::FORMAT,`.
//! 3. Write `tests/vectors/NAME.jsonl`: real frames with what the device showed then, broken ones, and the zero and
//!    out-of-range values that the device really sends. `cargo test --test vectors` runs them, and mutates them.
//!
//! ```text
//! $EX,<device>,<state>,<distance cm>,<battery %>*<checksum>
//! $EX,hall-1,2,135,88*0D
//! ```
//!
//! | field | values |
//! | --- | --- |
//! | device | its name, the address at enrolment |
//! | state | 0 nobody, 1 somebody still, 2 somebody moving, 9 the help button was pressed |
//! | distance | cm, empty without a target |
//! | battery | %, 0 while charging |
//! | checksum | XOR of the characters between `$` and `*`, two hex digits |

use super::framing::Framing;
use super::speech::Speech;
use super::unit::to_vocabulary;
use super::{Decode, DecodeError, Decoded, Format, Frame, Transport, hex};
use crate::core::reading::{Activity, Measure, Quantity};

/// The registry's line. `name` is the file's name, the vectors' `protocol` and the word in `shouwang.toml`.
pub const FORMAT: Format = Format {
    name: "template",
    about: "nothing: an example to copy",
    about_zh: "不是设备:供照抄的样例",
    // A binary format says `Framing::Frames` with a function that finds its frames; see `framing`.
    transport: Transport::Serial { baud: 115_200, framing: Framing::Lines { bytes_max: LINE_BYTES_MAX } },
    // Name where the window comes from: the datasheet, a measurement, or "judgement:" and why.
    // judgement: the invented radar repeats a press three times within a second.
    merge_ms: 1_500,
    // It reports ten times a second: what stands is handed on every half minute, and every change at once.
    steady_ms: 30_000,
    // A decoder with a memory is made with `Box::new(Example::default())`; most need none.
    decoder: || Box::new(Example),
};

/// A bound of the format itself stays here; a bound of the house goes to `limits.rs`.
const LINE_BYTES_MAX: usize = 80;

struct Example;

impl Decode for Example {
    fn decode(&mut self, frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
        // The envelope first: length, characters, preamble, checksum. Refuse early, with the reason that fits best.
        let body = envelope(frame.bytes)?;
        let mut fields = body.split(',');
        let (Some("EX"), Some(device), Some(state), Some(distance), Some(battery), None) =
            (fields.next(), fields.next(), fields.next(), fields.next(), fields.next(), fields.next())
        else {
            return Err(DecodeError::NotMine);
        };

        // Then the fields. The speech orders, filters and bounds what it is told; here it is only told. A format that uses
        // the words of the vocabulary itself hands them on with `Speech::vocabulary`.
        let mut speech = Speech::of(device)?;
        match state {
            "0" => still(&mut speech, false, Activity::None),
            "1" => still(&mut speech, true, Activity::Still),
            "2" => still(&mut speech, true, Activity::Moving),
            // What happened is an event; what is so is a level.
            "9" => speech.event(Measure::Sos(true)),
            // One bad field is counted and must not swallow a press in the same frame.
            _ => speech.refuse("state", DecodeError::Unknown),
        }
        number(&mut speech, "distance", distance, Quantity::Distance, "cm");
        // The radar's own way of saying "no value" is a fact of this format, so it is known here.
        if battery != "0" {
            number(&mut speech, "battery", battery, Quantity::Battery, "%");
        }
        speech.finish()
    }
}

fn envelope(bytes: &[u8]) -> Result<&str, DecodeError> {
    if bytes.len() > LINE_BYTES_MAX {
        return Err(DecodeError::TooLong);
    }
    let line = std::str::from_utf8(bytes).map_err(|_| DecodeError::NotUtf8)?.trim_ascii();
    let framed = line.strip_prefix('$').ok_or(DecodeError::NotMine)?;
    let (body, checksum) = framed.rsplit_once('*').ok_or(DecodeError::Length)?;
    let sum = body.bytes().fold(0, |sum, byte| sum ^ byte);
    if hex::read(checksum.as_bytes()) == Some(vec![sum]) { Ok(body) } else { Err(DecodeError::Checksum) }
}

fn still(speech: &mut Speech, present: bool, class: Activity) {
    speech.level(Measure::Presence(present));
    speech.level(Measure::Activity(class));
}

fn number(speech: &mut Speech, key: &'static str, text: &str, quantity: Quantity, unit: &str) {
    if text.is_empty() {
        return;
    }
    match text.parse().ok().and_then(|value| to_vocabulary(quantity, unit, value)) {
        Some(value) => speech.number(quantity, value),
        None => speech.refuse(key, DecodeError::WrongType),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::reading::Said;
    use crate::core::unit::Milli;

    fn decode(body: &str) -> Result<Decoded, DecodeError> {
        let sum = body.bytes().fold(0, |sum, byte| sum ^ byte);
        let line = format!("${body}*{sum:02X}\r");
        Example.decode(&Frame {
            topic: None,
            bytes: line.as_bytes(),
            context: &serde_json::Value::Null,
            utc_s: None,
            heard_ms: 0,
        })
    }

    #[test]
    fn a_line_is_taken_apart() {
        let decoded = decode("EX,hall-1,2,135,88").expect("decodes");
        assert_eq!(decoded.address.as_deref(), Some("hall-1"));
        assert_eq!(
            decoded.said,
            [
                Said::level(Measure::Presence(true)),
                Said::level(Measure::Activity(Activity::Moving)),
                Said::level(Measure::Number(Quantity::Distance, Milli(1_350))),
                Said::level(Measure::Number(Quantity::Battery, Milli(88_000))),
            ]
        );
    }

    #[test]
    fn a_press_passes_beside_a_bad_battery() {
        let decoded = decode("EX,hall-1,9,,full").expect("decodes");
        assert_eq!(decoded.said, [Said::event(Measure::Sos(true))]);
        assert_eq!(decoded.refused_keys, [("battery", DecodeError::WrongType)]);
    }

    #[test]
    fn what_is_broken_is_refused_with_its_reason() {
        let refused = |line: &[u8]| {
            Example
                .decode(&Frame {
                    topic: None,
                    bytes: line,
                    context: &serde_json::Value::Null,
                    utc_s: None,
                    heard_ms: 0,
                })
                .expect_err("refused")
        };
        assert_eq!(refused(b"$EX,hall-1,2,135,88*00"), DecodeError::Checksum);
        assert_eq!(refused(b"$EX,hall-1,2,135,88"), DecodeError::Length);
        assert_eq!(refused(b"rst:0x1 (POWERON_RESET)"), DecodeError::NotMine);
        assert_eq!(refused(&[b'$'; 81]), DecodeError::TooLong);
        assert_eq!(refused(b"\xff\xfe"), DecodeError::NotUtf8);
        assert_eq!(decode("EX,hall-1,7,,"), Err(DecodeError::Unknown));
    }
}
