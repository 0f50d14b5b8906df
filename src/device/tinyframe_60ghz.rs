//! 60 GHz radars that speak TinyFrame: Hi-Link HLK-LD6002, B and C, Seeed MR60FDA2 (fall) and MR60BHA2 (breath, heart).
//! UART 115200 8N1, 1382400 for the LD6002's vital-sign firmware. One module has one firmware.
//!
//! ```text
//! 01 · id (2) · length (2) · type (2) · head check · data · data check      head big-endian, data little-endian
//! ```
//!
//! Each check is the inverted XOR of what it covers: the seven bytes before it, and the data.
//!
//! | type | data |
//! | --- | --- |
//! | 0E02 | u8: 1 fall, 0 none |
//! | 0F09 | u8 or u16: people are present |
//! | 0A0A | 4 × u32: zone occupied |
//! | 0A04, 0A08 | i32 count of targets, of points; then 20 bytes each |
//! | 0A14, 0A15 | f32 breaths, heart beats a minute, 0.0 = no lock; 0A14 with one byte is a working mode of the LD6002B |
//! | 0A16 | u32 valid, f32 distance in cm |
//! | 0A0D | u32 hold delay in s |
//! | 0E04, 0E08, 0E0A | f32 mounting height in m, f32 fall threshold in m, u32 sensitivity; answered with u8 1 = done |
//! | 0E06 | asked without data; f32 height, f32 threshold, u32 sensitivity, 4 × f32 zone in m |
//! | 0E0E | u32 height of the target |
//! | 010E, 0E01 | u32 user log on or off |
//! | 2110 | factory reset |
//!
//! Source: TinyFrame protocol reference V1.2 of the HLK-LD6002B/C, and what Seeed's modules were seen to send.
//!
//! Design constraints:
//!
//! - Some checks printed in the makers' text are wrong; the rule above is what the modules do, and what is believed.
//! - A frame without data ends at its head check (Seeed); the FF that a table of Hi-Link's adds is passed over.
//! - The fall flag is a level: some firmware says it once, some repeats it while the person lies, and 0 is a flag that fell
//!   back, never a cancel (CARE-RULES 14).

use serde_json::{Map, Value, json};

use super::framing::{Cut, Framing};
use super::speech::Speech;
use super::{Decode, DecodeError, Decoded, Format, Frame, Transport};
use crate::core::reading::{FallVerdict, Measure, Quantity};

/// The registry's line.
pub const FORMAT: Format = Format {
    name: "tinyframe_60ghz",
    about: "60 GHz fall and vital-sign radars: Hi-Link HLK-LD6002/B/C, Seeed MR60FDA2 and MR60BHA2",
    about_zh: "60 GHz 跌倒与生命体征雷达:海凌科 HLK-LD6002/B/C,矽递 MR60FDA2、MR60BHA2",
    transport: Transport::Serial { baud: 115_200, framing: Framing::Frames { bytes_max: BYTES_MAX, cut } },
    // It says levels only; there is no event to be merged.
    merge_ms: 0,
    // Several frames a second: changes at once, the rest twice a minute.
    steady_ms: 30_000,
    decoder: || Box::new(TinyFrame),
};

const START: u8 = 0x01;
const HEAD_BYTES: usize = 8;

/// The protocol's own bound on data.
const DATA_BYTES_MAX: usize = 1024;

const BYTES_MAX: usize = HEAD_BYTES + DATA_BYTES_MAX + 1;

fn cut(bytes: &[u8]) -> Cut {
    if bytes.first() != Some(&START) {
        return Cut::noise(bytes, &[START]);
    }
    let Some((head, rest)) = bytes.split_first_chunk::<HEAD_BYTES>() else { return Cut::More };
    let [covered @ .., check] = head;
    if self::check(covered) != *check {
        return Cut::Broken(DecodeError::Checksum);
    }
    let length = usize::from(u16::from_be_bytes([head[3], head[4]]));
    match (length, rest.get(..length), rest.get(length)) {
        // Eight bytes of a body of zeros look like a head of their own, but for the type.
        (0, ..) if matches!(head[5], 0x01 | 0x0A | 0x0E | 0x0F | 0x21) => Cut::Frame(HEAD_BYTES),
        (0, ..) => Cut::Broken(DecodeError::Unknown),
        (DATA_BYTES_MAX.., ..) if length > DATA_BYTES_MAX => Cut::Broken(DecodeError::Length),
        (_, Some(data), Some(check)) if self::check(data) == *check => Cut::Frame(HEAD_BYTES + length + 1),
        (_, Some(_), Some(_)) => Cut::Broken(DecodeError::Checksum),
        _ => Cut::More,
    }
}

fn check(covered: &[u8]) -> u8 {
    !covered.iter().fold(0, |sum, byte| sum ^ byte)
}

/// A whole frame.
struct Message<'a> {
    id: u16,
    kind: u16,
    data: &'a [u8],
}

impl<'a> Message<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        cut(bytes).alone(bytes.len())?;
        let (&[_, i0, i1, _, _, t0, t1, _], rest) = bytes.split_first_chunk().ok_or(DecodeError::Length)?;
        let data = rest.split_last().map_or(rest, |(_, data)| data);
        Ok(Self { id: u16::from_be_bytes([i0, i1]), kind: u16::from_be_bytes([t0, t1]), data })
    }

    /// The data as so many 32-bit numbers, or `None` when it has another length.
    fn words<const N: usize>(&self) -> Option<[u32; N]> {
        let (chunks, []) = self.data.as_chunks::<4>() else { return None };
        let words: Vec<u32> = chunks.iter().map(|word| u32::from_le_bytes(*word)).collect();
        words.try_into().ok()
    }

    /// The data as one floating-point number.
    fn float(&self) -> Option<f32> {
        self.words::<1>().map(|[bits]| f32::from_bits(bits))
    }

    /// The count that a list begins with; `None` when it is negative.
    fn count(&self) -> Option<u32> {
        let (count, _) = self.data.split_first_chunk()?;
        u32::try_from(i32::from_le_bytes(*count)).ok()
    }

    fn people(&self) -> Option<u16> {
        match *self.data {
            [people] => Some(people.into()),
            [low, high] => Some(u16::from_le_bytes([low, high])),
            _ => None,
        }
    }
}

struct TinyFrame;

impl Decode for TinyFrame {
    fn decode(&mut self, frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
        let message = Message::read(frame.bytes)?;
        let mut speech = Speech::of_nobody_named();
        match (message.kind, message.data) {
            (0x0E02, [1]) => speech.level(Measure::Fall(FallVerdict::Confirmed)),
            (0x0E02, [0]) => speech.level(Measure::Fall(FallVerdict::Normal)),
            (0x0E02, _) => speech.refuse("fall", DecodeError::Unknown),
            (0x0F09, _) => match message.people() {
                Some(people) => speech.level(Measure::Presence(people > 0)),
                None => speech.refuse("presence", DecodeError::Length),
            },
            (0x0A0A, _) => match message.words::<4>() {
                Some(zones) => speech.level(Measure::Presence(zones.iter().any(|zone| *zone != 0))),
                None => speech.refuse("zones", DecodeError::Length),
            },
            (0x0A04, _) => match message.count() {
                Some(0) => {}
                Some(count) => speech.number(Quantity::TargetCount, f64::from(count)),
                None => speech.refuse("targets", DecodeError::Length),
            },
            // One byte is the working mode of another model; no number of a person.
            (0x0A14, [_]) => {}
            (0x0A14, _) => vital(&mut speech, "breath", Quantity::BreathRate, message.float()),
            (0x0A15, _) => vital(&mut speech, "heart", Quantity::HeartRate, message.float()),
            (0x0A16, _) => match message.words::<2>() {
                Some([0, _]) => {}
                Some([_, cm]) => speech.number(Quantity::Distance, f64::from(f32::from_bits(cm)) / 100.0),
                None => speech.refuse("distance", DecodeError::Length),
            },
            _ => {}
        }
        speech.finish()
    }

    fn fields(&self, frame: &Frame<'_>) -> Map<String, Value> {
        let Ok(message) = Message::read(frame.bytes) else { return Map::new() };
        let mut fields = Map::new();
        fields.insert("type".into(), format!("0x{:04x}", message.kind).into());
        fields.insert("frame_id".into(), message.id.into());
        fields.insert("len".into(), message.data.len().into());
        add_fields(&mut fields, &message);
        fields
    }
}

/// A lock that was lost is told as 0.0, which the speech drops.
fn vital(speech: &mut Speech, key: &'static str, quantity: Quantity, value: Option<f32>) {
    match value {
        Some(value) => speech.number(quantity, f64::from(value)),
        None => speech.refuse(key, DecodeError::Length),
    }
}

fn add_fields(fields: &mut Map<String, Value>, message: &Message<'_>) {
    let mut put = |key: &str, value: Value| fields.insert(key.to_owned(), value);
    let float = || message.float().map(metres);
    let word = || message.words::<1>().map(|[word]| word);
    match (message.kind, message.data) {
        (0x0E02, [flag]) => put("is_fall", (*flag).into()),
        (0x0F09, _) => put("people_exist", message.people().into()),
        (0x0A0A, _) => put("zones_occupied", json!(message.words::<4>())),
        (0x0A04, _) => put("target_count", message.count().into()),
        (0x0A08, _) => put("point_count", message.count().into()),
        (0x0A0D, _) => put("hold_delay_s", word().into()),
        (0x0A14, [mode]) => put("working_mode", (*mode).into()),
        (0x0A14, _) => put("breath_rate_rpm", float().into()),
        (0x0A15, _) => {
            if message.float() == Some(0.0) {
                put("meaning", "no lock, not a reading".into());
            }
            put("heart_rate_bpm", float().into())
        }
        (0x0A16, _) => {
            let [valid, cm] = message.words::<2>().unwrap_or_default();
            put("valid", valid.into());
            put("distance_cm", metres(f32::from_bits(cm)).into())
        }
        (0x0E04 | 0x0E08 | 0x0E0A, [done]) => {
            put("direction", "reply".into());
            put("result", if *done == 1 { "success" } else { "failure" }.into())
        }
        (kind @ (0x0E04 | 0x0E08 | 0x0E0A), _) => {
            put("direction", "command".into());
            match kind {
                0x0E04 => put("install_height_m", float().into()),
                0x0E08 => put("fall_threshold_m", float().into()),
                _ => put("sensitivity", word().into()),
            }
        }
        (0x0E06, []) => put("direction", "query".into()),
        (0x0E06, _) => {
            let [height, threshold, sensitivity, zone @ ..] = message.words::<7>().unwrap_or_default();
            put("install_height_m", metres(f32::from_bits(height)).into());
            put("fall_threshold_m", metres(f32::from_bits(threshold)).into());
            put("sensitivity", sensitivity.into());
            put("zone_xl_xr_zf_zb_m", json!(zone.map(|edge| metres(f32::from_bits(edge)))))
        }
        (0x0E0E, _) => put("target_height", word().into()),
        (0x010E | 0x0E01, _) => put("user_log", word().into()),
        (0x2110, _) => put("direction", "factory reset command".into()),
        (_, data) => put("data", json!(data)),
    };
}

/// A number of single precision as it was meant: 2.2, and not 2.200000047.
fn metres(value: f32) -> f64 {
    (f64::from(value) * 1e4).round() / 1e4
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::reading::Said;

    fn frame(kind: u16, data: &[u8]) -> Vec<u8> {
        let length = u16::try_from(data.len()).expect("short").to_be_bytes();
        let mut bytes = vec![START, 0, 0];
        bytes.extend(length);
        bytes.extend(kind.to_be_bytes());
        bytes.push(check(&bytes));
        if !data.is_empty() {
            bytes.extend(data);
            bytes.push(check(data));
        }
        bytes
    }

    fn decode(kind: u16, data: &[u8]) -> Result<Decoded, DecodeError> {
        let bytes = frame(kind, data);
        TinyFrame.decode(&Frame { topic: None, bytes: &bytes, context: &Value::Null, utc_s: None, heard_ms: 0 })
    }

    #[test]
    fn the_same_type_is_a_mode_with_one_byte_and_a_breath_with_four() {
        assert_eq!(decode(0x0A14, &[2]).expect("decodes").said, []);
        let breath = decode(0x0A14, &16.0_f32.to_le_bytes()).expect("decodes").said;
        assert_eq!(breath, [Said::level(Measure::number(Quantity::BreathRate, 16.0).expect("plausible"))]);
        assert_eq!(decode(0x0A14, &f32::NAN.to_le_bytes()).expect("decodes").said, []);
    }

    #[test]
    fn a_lost_lock_is_no_reading_and_an_unknown_flag_no_fall() {
        assert_eq!(decode(0x0A16, &[0; 8]).expect("decodes").said, []);
        assert_eq!(decode(0x0E02, &[2]), Err(DecodeError::Unknown));
        assert_eq!(decode(0x0A04, &(-1_i32).to_le_bytes()), Err(DecodeError::Length));
    }

    #[test]
    fn a_frame_without_data_ends_at_its_head() {
        let mut bytes = frame(0x2110, &[]);
        assert_eq!(cut(&bytes), Cut::Frame(8));
        bytes.push(0xFF);
        assert_eq!(cut(&bytes), Cut::Frame(8));
        assert_eq!(cut(&bytes[8..]), Cut::Skip(1));
    }
}
