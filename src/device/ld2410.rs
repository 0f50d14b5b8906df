//! Hi-Link HLK-LD2410, B and C: a 24 GHz presence radar on a UART, 256000 8N1, about ten reports a second.
//!
//! ```text
//! F4 F3 F2 F1 · length (2) · type · AA · body · 55 · 00 · F8 F7 F6 F5      report, numbers little-endian
//! ```
//!
//! | at | bytes | body of a report |
//! | --- | --- | --- |
//! | 0 | 1 | state: 0 nobody, 1 moving, 2 static, 3 both; 4–6 the radar measures its noise floor |
//! | 1 | 2 + 1 | moving target: distance in cm, energy 0–100 |
//! | 4 | 2 + 1 | static target: distance in cm, energy 0–100 |
//! | 7 | 2 | detection distance in cm |
//! | 9 | 2 | type 01 only: highest moving and static gate |
//! | 11 | 9 + 9 | type 01 only: energy of the moving and static gates |
//! | 29 | 1 + 1 | type 01 only: light 0–255, OUT pin |
//!
//! Type 02 (basic) has length 13, type 01 (engineering) 35. Source: the serial protocol of the HLK-LD2410 series, V1.02 and later.
//!
//! Design constraints:
//!
//! - There is no checksum. A report is believed when its header, length, type, `AA`, `55 00`, footer and ranges all fit;
//!   the footer's bytes may occur inside of it.
//! - Distances are unsigned. While the radar measures its noise floor it sees nobody and says so of nobody.
//! - Answers to commands are recognised, so that an installer's tool on the same port is no noise; they are no readings.

use serde_json::{Map, Value, json};

use super::framing::{Cut, Framing};
use super::speech::Speech;
use super::{Decode, DecodeError, Decoded, Format, Frame, Transport, hilink};
use crate::core::reading::{Activity, Measure, Quantity};

/// The registry's line.
pub const FORMAT: Format = Format {
    name: "ld2410",
    about: "Hi-Link HLK-LD2410, B and C presence radars (24 GHz)",
    about_zh: "海凌科 HLK-LD2410、B、C 人体存在雷达(24 GHz)",
    transport: Transport::Serial { baud: 256_000, framing: Framing::Frames { bytes_max: hilink::BYTES_MAX, cut } },
    // It says levels only; there is no event to be merged.
    merge_ms: 0,
    // Ten reports a second say mostly the same: changes at once, the rest twice a minute.
    steady_ms: 30_000,
    decoder: || Box::new(Ld2410),
};

const HEADER: &[u8] = &[0xF4, 0xF3, 0xF2, 0xF1];
/// First bytes of a report and of an answer to a command.
const STARTS: &[u8] = &[0xF4, 0xFD];

const FOOTER: &[u8] = &[0xF8, 0xF7, 0xF6, 0xF5];

/// Behind the header and before the footer: length, type, `AA`, and `55 00`.
const BODY_AT: usize = 8;

/// Energies are per cent.
const ENERGY_MAX: u8 = 100;

fn cut(bytes: &[u8]) -> Cut {
    match bytes.first() {
        Some(0xF4) => cut_report(bytes),
        Some(0xFD) => hilink::cut(bytes, STARTS),
        _ => Cut::noise(bytes, STARTS),
    }
}

fn cut_report(bytes: &[u8]) -> Cut {
    if !bytes.starts_with(HEADER) {
        return Cut::begun(bytes, HEADER, STARTS);
    }
    let Some((length, _)) = bytes.get(4..).and_then(<[u8]>::split_first_chunk) else { return Cut::More };
    let length = usize::from(u16::from_le_bytes(*length));
    if !matches!(length, 13 | 35) {
        return Cut::Broken(DecodeError::Length);
    }
    let end = 6 + length + FOOTER.len();
    let Some(frame) = bytes.get(..end) else { return Cut::More };
    if !frame.ends_with(FOOTER) {
        return Cut::Broken(DecodeError::Length);
    }
    match Report::read(frame) {
        Some(_) => Cut::Frame(end),
        None => Cut::Broken(DecodeError::Unknown),
    }
}

/// The body of a report.
struct Report<'a> {
    state: u8,
    moving_cm: u16,
    moving_energy: u8,
    static_cm: u16,
    static_energy: u8,
    detection_cm: u16,
    engineering: Option<Engineering<'a>>,
}

struct Engineering<'a> {
    max_gates: [u8; 2],
    moving_gates: &'a [u8; 9],
    static_gates: &'a [u8; 9],
    light: u8,
    out_pin: u8,
}

impl<'a> Report<'a> {
    /// Reads a whole frame; `None` when its marks or ranges do not fit.
    fn read(frame: &'a [u8]) -> Option<Self> {
        let body = frame.get(BODY_AT..frame.len().checked_sub(FOOTER.len() + 2)?)?;
        let (kind, mark) = (*frame.get(6)?, *frame.get(7)?);
        let tail = frame.get(BODY_AT + body.len()..)?;
        let (fixed, rest) = body.split_first_chunk::<9>()?;
        let &[state, m0, m1, moving_energy, s0, s1, static_energy, d0, d1] = fixed;
        let engineering = match (kind, rest) {
            (0x02, []) => None,
            (0x01, rest) => Some(Engineering::read(rest)?),
            _ => return None,
        };
        let sound = mark == 0xAA
            && tail.starts_with(&[0x55, 0x00])
            && state <= 6
            && moving_energy.max(static_energy) <= ENERGY_MAX;
        sound.then_some(Self {
            state,
            moving_cm: u16::from_le_bytes([m0, m1]),
            moving_energy,
            static_cm: u16::from_le_bytes([s0, s1]),
            static_energy,
            detection_cm: u16::from_le_bytes([d0, d1]),
            engineering,
        })
    }

    /// What the state says of the room; `None` while the radar measures its noise floor.
    const fn activity(&self) -> Option<Activity> {
        match self.state {
            0 => Some(Activity::None),
            1 | 3 => Some(Activity::Moving),
            2 => Some(Activity::Still),
            _ => None,
        }
    }

    fn fields(&self) -> Map<String, Value> {
        const TARGETS: [&str; 7] = [
            "none",
            "moving",
            "static",
            "moving+static",
            "noise floor: measuring",
            "noise floor: measured",
            "noise floor: failed",
        ];
        let mut fields = Map::new();
        let mut put = |key: &str, value: Value| fields.insert(key.to_owned(), value);
        put("type", if self.engineering.is_some() { "engineering" } else { "basic" }.into());
        put("target_state", self.state.into());
        put("target", TARGETS.get(usize::from(self.state)).copied().into());
        put("moving_distance_cm", self.moving_cm.into());
        put("moving_energy", self.moving_energy.into());
        put("static_distance_cm", self.static_cm.into());
        put("static_energy", self.static_energy.into());
        put("detection_distance_cm", self.detection_cm.into());
        if let Some(more) = &self.engineering {
            let [moving, still] = more.max_gates;
            put("max_moving_gate", moving.into());
            put("max_static_gate", still.into());
            put("moving_gate_energy", json!(more.moving_gates));
            put("static_gate_energy", json!(more.static_gates));
            put("light", more.light.into());
            put("out_pin", more.out_pin.into());
        }
        fields
    }
}

impl<'a> Engineering<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (&max_gates, rest) = bytes.split_first_chunk()?;
        let (moving_gates, rest) = rest.split_first_chunk()?;
        let (static_gates, rest) = rest.split_first_chunk()?;
        let &[light, out_pin] = rest else { return None };
        Some(Self { max_gates, moving_gates, static_gates, light, out_pin })
    }
}

struct Ld2410;

impl Decode for Ld2410 {
    fn decode(&mut self, frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
        cut(frame.bytes).alone(frame.bytes.len())?;
        // What is cut and not a report is a command or its answer.
        let Some(report) = Report::read(frame.bytes) else { return Ok(Decoded::default()) };
        let mut speech = Speech::of_nobody_named();
        if let Some(activity) = report.activity() {
            let present = activity != Activity::None;
            speech.level(Measure::Presence(present));
            speech.level(Measure::Activity(activity));
            if present {
                speech.number(Quantity::Distance, f64::from(report.detection_cm) / 100.0);
            }
        }
        speech.finish()
    }

    fn fields(&self, frame: &Frame<'_>) -> Map<String, Value> {
        match Report::read(frame.bytes) {
            Some(report) => report.fields(),
            None => hilink::fields(frame.bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::reading::Said;

    fn report(state: u8) -> Vec<u8> {
        let mut frame = vec![0xF4, 0xF3, 0xF2, 0xF1, 13, 0, 2, 0xAA, state, 0x51, 0, 0, 0, 0, 59, 0xC8, 0];
        frame.extend([0x55, 0, 0xF8, 0xF7, 0xF6, 0xF5]);
        frame
    }

    fn decode(bytes: &[u8]) -> Result<Decoded, DecodeError> {
        Ld2410.decode(&Frame { topic: None, bytes, context: &Value::Null, utc_s: None, heard_ms: 0 })
    }

    #[test]
    fn an_empty_room_has_no_distance_and_a_calibration_says_nothing() {
        assert_eq!(
            decode(&report(0)).expect("decodes").said,
            [Said::level(Measure::Presence(false)), Said::level(Measure::Activity(Activity::None))]
        );
        assert_eq!(decode(&report(5)).expect("decodes").said, []);
        assert_eq!(decode(&report(7)), Err(DecodeError::Unknown));
    }

    #[test]
    fn without_a_checksum_every_mark_counts() {
        let whole = report(2);
        assert_eq!(cut(&whole), Cut::Frame(23));
        for at in [0, 1, 2, 3, 4, 5, 6, 7, 17, 18, 19, 20, 21, 22] {
            let mut bent = whole.clone();
            bent[at] ^= 0x10;
            assert!(decode(&bent).is_err(), "byte {at}");
        }
        for end in 1..whole.len() {
            assert_eq!(cut(&whole[..end]), Cut::More);
        }
    }
}
