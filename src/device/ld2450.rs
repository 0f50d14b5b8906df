//! Hi-Link HLK-LD2450: a 24 GHz radar that tracks up to three people, on a UART, 256000 8N1, ten reports a second.
//!
//! ```text
//! AA FF 03 00 · 3 targets of 8 bytes · 55 CC                               30 bytes, numbers little-endian
//! ```
//!
//! | at | bytes | a target |
//! | --- | --- | --- |
//! | 0 | 2 | x in mm, across; sign and magnitude |
//! | 2 | 2 | y in mm, away from the radar; sign and magnitude |
//! | 4 | 2 | speed in cm/s, negative = approaching; sign and magnitude |
//! | 6 | 2 | resolution in mm |
//!
//! Source: the serial protocol of the HLK-LD2450, V1.03.
//!
//! Design constraints:
//!
//! - Numbers are **sign and magnitude, the top bit set = positive**: `F4 01` is −500, `E8 83` is +1000.
//! - Eight zero bytes are no target. There is no checksum: header, footer and ranges must fit.
//! - It loses a person who does not move, so `presence: false` from it alone is weak evidence of an empty room.

use serde_json::{Map, Value, json};

use super::framing::{Cut, Framing};
use super::speech::Speech;
use super::{Decode, DecodeError, Decoded, Format, Frame, Transport, hilink};
use crate::core::reading::{Measure, Quantity};

/// The registry's line.
pub const FORMAT: Format = Format {
    name: "ld2450",
    about: "Hi-Link HLK-LD2450 radars that track three people (24 GHz)",
    about_zh: "海凌科 HLK-LD2450 三目标跟踪雷达(24 GHz)",
    transport: Transport::Serial { baud: 256_000, framing: Framing::Frames { bytes_max: hilink::BYTES_MAX, cut } },
    // It says levels only; there is no event to be merged.
    merge_ms: 0,
    // Ten reports a second say mostly the same: changes at once, the rest twice a minute.
    steady_ms: 30_000,
    decoder: || Box::new(Ld2450),
};

const HEADER: &[u8] = &[0xAA, 0xFF, 0x03, 0x00];
/// First bytes of a report and of an answer to a command.
const STARTS: &[u8] = &[0xAA, 0xFD];

const FOOTER: &[u8] = &[0x55, 0xCC];
const REPORT_BYTES: usize = 30;

/// Farther than this nothing is seen. judgement: the datasheet says 6 m; what is beyond 20 m is no target but damage.
const MM_MAX: i32 = 20_000;

fn cut(bytes: &[u8]) -> Cut {
    match bytes.first() {
        Some(0xAA) => cut_report(bytes),
        Some(0xFD) => hilink::cut(bytes, STARTS),
        _ => Cut::noise(bytes, STARTS),
    }
}

fn cut_report(bytes: &[u8]) -> Cut {
    if !bytes.starts_with(HEADER) {
        return Cut::begun(bytes, HEADER, STARTS);
    }
    match bytes.get(..REPORT_BYTES) {
        None => Cut::More,
        Some(frame) if !frame.ends_with(FOOTER) => Cut::Broken(DecodeError::Length),
        Some(frame) if targets(frame).all(|target| target.is_possible()) => Cut::Frame(REPORT_BYTES),
        Some(_) => Cut::Broken(DecodeError::Unknown),
    }
}

/// One tracked person.
struct Target {
    x_mm: i32,
    y_mm: i32,
    speed_cm_s: i32,
    resolution_mm: u16,
}

impl Target {
    const fn is_possible(&self) -> bool {
        self.x_mm.abs() <= MM_MAX && self.y_mm.abs() <= MM_MAX
    }

    fn fields(&self) -> Value {
        let distance = f64::hypot(f64::from(self.x_mm), f64::from(self.y_mm));
        json!({
            "x_mm": self.x_mm,
            "y_mm": self.y_mm,
            "speed_mm_s": self.speed_cm_s * 10,
            "resolution_mm": self.resolution_mm,
            "distance_mm": distance.round(),
            "direction": match self.speed_cm_s {
                0 => "stationary",
                1.. => "moving_away",
                _ => "approaching",
            },
        })
    }
}

/// The people of a report, without the places of absent ones.
fn targets(report: &[u8]) -> impl Iterator<Item = Target> {
    let places = report.get(HEADER.len()..REPORT_BYTES - FOOTER.len()).unwrap_or_default().chunks_exact(8);
    places.filter(|place| place.iter().any(|byte| *byte != 0)).filter_map(|place| {
        let &[x0, x1, y0, y1, s0, s1, r0, r1] = place else { return None };
        Some(Target {
            x_mm: signed([x0, x1]),
            y_mm: signed([y0, y1]),
            speed_cm_s: signed([s0, s1]),
            resolution_mm: u16::from_le_bytes([r0, r1]),
        })
    })
}

fn signed(bytes: [u8; 2]) -> i32 {
    let raw = u16::from_le_bytes(bytes);
    let magnitude = i32::from(raw & 0x7FFF);
    if raw & 0x8000 == 0 { -magnitude } else { magnitude }
}

struct Ld2450;

impl Decode for Ld2450 {
    fn decode(&mut self, frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
        cut(frame.bytes).alone(frame.bytes.len())?;
        if !frame.bytes.starts_with(HEADER) {
            return Ok(Decoded::default());
        }
        let count = u8::try_from(targets(frame.bytes).count()).unwrap_or(u8::MAX);
        let mut speech = Speech::of_nobody_named();
        speech.level(Measure::Presence(count > 0));
        if count > 0 {
            speech.number(Quantity::TargetCount, f64::from(count));
        }
        speech.finish()
    }

    fn fields(&self, frame: &Frame<'_>) -> Map<String, Value> {
        if !frame.bytes.starts_with(HEADER) {
            return hilink::fields(frame.bytes);
        }
        let all: Vec<Target> = targets(frame.bytes).collect();
        let moving = all.iter().filter(|target| target.speed_cm_s != 0).count();
        let mut fields = Map::new();
        fields.insert("targets".into(), all.iter().map(Target::fields).collect());
        fields.insert("target_count".into(), all.len().into());
        fields.insert("moving".into(), moving.into());
        fields.insert("still".into(), (all.len() - moving).into());
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_bit_is_the_plus_sign() {
        assert_eq!(signed([0xF4, 0x01]), -500);
        assert_eq!(signed([0xE8, 0x83]), 1000);
        assert_eq!(signed([0x00, 0x80]), 0);
    }

    #[test]
    fn a_target_beyond_every_wall_is_damage() {
        let mut frame = [HEADER, &[0; 24], FOOTER].concat();
        assert_eq!(cut(&frame), Cut::Frame(REPORT_BYTES));
        frame[5] = 0xFF;
        assert_eq!(cut(&frame), Cut::Broken(DecodeError::Unknown));
    }
}
