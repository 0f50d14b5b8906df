//! WitMotion IMUs: WT901C, JY901, BWT61CL on a UART (9600 8N1 as delivered, 115200 usual), WT901BLE and WT9011DCL over
//! Bluetooth. A body-worn or mattress IMU that streams raw movement; 50 Hz is what a fall needs.
//!
//! ```text
//! 55 · id · 4 numbers (8) · sum                    11 bytes, little-endian; sum = low byte of the sum of the ten before it
//! 55 61 · 9 numbers (18)                           a notification over Bluetooth, 20 bytes, no sum
//! 55 71 · register (2) · 8 numbers (16)            a register's answer over Bluetooth, 20 bytes, no sum
//! ```
//!
//! | id | numbers |
//! | --- | --- |
//! | 50 | year, month, day, hour, minute, second as bytes, milliseconds |
//! | 51 | x, y, z of acceleration: v / 32768 · 16 g; temperature: v / 100 °C |
//! | 52 | x, y, z of turning: v / 32768 · 2000 °/s |
//! | 53 | roll, pitch, yaw: v / 32768 · 180°; version |
//! | 54, 56, 57, 58, 59, 5F | magnetic field, pressure, position, speed, quaternion, register answer |
//! | 61 | acceleration, turning and posture of the above in one |
//!
//! Source: WT901 datasheet v20-0702 and the WT901BLE protocol.
//!
//! Design constraints:
//!
//! - `55` occurs inside payloads: a packet is believed when its id is known and its sum fits. A notification has no sum, so
//!   in a stream it is believed only when no summed packet stands inside of it.
//! - In a stream a notification is taken whole, or cut when nothing more comes. What a bridge hands over as one notification
//!   has its acceleration and turning in its first 14 bytes; a longer one is of another product (vibration) and is refused.
//! - ±16 g is full scale, so an impact clips there. The chip's temperature is not the room's. No clock of a device is believed.

use serde_json::{Map, Value, json};

use super::framing::{Cut, Framing};
use super::motion::{Motion, MotionKind};
use super::speech::Speech;
use super::{Decode, DecodeError, Decoded, Format, Frame, Transport};

/// The registry's line.
pub const FORMAT: Format = Format {
    name: "witmotion",
    about: "WitMotion motion sensors (WT901C, JY901, BWT61CL; WT901BLE and WT9011DCL through a serial receiver)",
    about_zh: "维特智能姿态传感器(WT901C、JY901、BWT61CL;WT901BLE、WT9011DCL 经串口接收器)",
    transport: Transport::Serial {
        baud: 9_600,
        framing: Framing::Frames { bytes_max: NOTIFICATION_BYTES + PACKET_BYTES, cut },
    },
    // It says nothing but movement; there is no event to be merged.
    merge_ms: 0,
    // Up to 200 packets a second: that it is alive is said once a minute.
    steady_ms: 60_000,
    decoder: || Box::new(WitMotion),
};

const START: u8 = 0x55;
const PACKET_BYTES: usize = 11;
const NOTIFICATION_BYTES: usize = 20;

/// Head, acceleration and turning of a notification.
const NOTIFICATION_BYTES_MIN: usize = 14;

fn cut(bytes: &[u8]) -> Cut {
    match bytes {
        [START] => Cut::More,
        [START, 0x50..=0x5F, ..] => cut_packet(bytes),
        [START, 0x61 | 0x71, ..] => cut_notification(bytes),
        _ => Cut::noise(bytes, &[START]),
    }
}

fn cut_packet(bytes: &[u8]) -> Cut {
    match bytes.get(..PACKET_BYTES) {
        None => Cut::More,
        Some(packet) if sum_fits(packet) => Cut::Frame(PACKET_BYTES),
        Some(_) => Cut::Broken(DecodeError::Checksum),
    }
}

/// A head `55 61` inside of a damaged packet must not swallow the sound packets behind it.
fn cut_notification(bytes: &[u8]) -> Cut {
    for at in 1..bytes.len().min(NOTIFICATION_BYTES) {
        let rest = bytes.get(at..).unwrap_or_default();
        match (rest, rest.get(..PACKET_BYTES)) {
            ([START, 0x50..=0x5F, ..], Some(packet)) if sum_fits(packet) => return Cut::Broken(DecodeError::Checksum),
            ([START] | [START, 0x50..=0x5F, ..], None) if bytes.len() >= NOTIFICATION_BYTES => {
                return Cut::MoreOr(NOTIFICATION_BYTES);
            }
            _ => {}
        }
    }
    match bytes.len() {
        NOTIFICATION_BYTES.. => Cut::Frame(NOTIFICATION_BYTES),
        length @ NOTIFICATION_BYTES_MIN.. => Cut::MoreOr(length),
        _ => Cut::More,
    }
}

fn sum_fits(packet: &[u8]) -> bool {
    packet
        .split_last()
        .is_some_and(|(sum, covered)| covered.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)) == *sum)
}

/// A whole packet or notification.
struct Message {
    id: u8,
    /// Little-endian numbers of 16 bits, as many as came whole.
    numbers: Vec<i16>,
}

impl Message {
    fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
        let body = match bytes {
            [START, 0x50..=0x5F, body @ ..] => {
                cut(bytes).alone(bytes.len())?;
                body.split_last().map_or(body, |(_, body)| body)
            }
            [START, 0x61 | 0x71, body @ ..] => {
                if !(NOTIFICATION_BYTES_MIN..=NOTIFICATION_BYTES).contains(&bytes.len()) {
                    return Err(DecodeError::Length);
                }
                body
            }
            _ => return Err(DecodeError::NotMine),
        };
        let id = bytes.get(1).copied().unwrap_or_default();
        let (pairs, _) = body.as_chunks::<2>();
        Ok(Self { id, numbers: pairs.iter().map(|pair| i16::from_le_bytes(*pair)).collect() })
    }

    /// Three numbers from this place on, with `full_scale` at 32768.
    fn axes(&self, from: usize, full_scale: f64) -> Option<[f64; 3]> {
        let axes = self.numbers.get(from..)?.first_chunk::<3>()?;
        Some(axes.map(|axis| f64::from(axis) / 32_768.0 * full_scale))
    }

    fn accel(&self) -> Option<[f64; 3]> {
        matches!(self.id, 0x51 | 0x61).then(|| self.axes(0, 16.0)).flatten()
    }

    fn gyro(&self) -> Option<[f64; 3]> {
        match self.id {
            0x52 => self.axes(0, 2000.0),
            0x61 => self.axes(3, 2000.0),
            _ => None,
        }
    }

    fn angle(&self) -> Option<[f64; 3]> {
        match self.id {
            0x53 => self.axes(0, 180.0),
            0x61 => self.axes(6, 180.0),
            _ => None,
        }
    }
}

struct WitMotion;

impl Decode for WitMotion {
    fn decode(&mut self, frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
        let message = Message::read(frame.bytes)?;
        let mut speech = Speech::of_nobody_named();
        // A notification's turning and posture are shown and not handed on: falls are found by acceleration.
        let is_packet = message.id != 0x61;
        for (kind, axes) in [
            (MotionKind::Accel, message.accel()),
            (MotionKind::Gyro, message.gyro().filter(|_| is_packet)),
            (MotionKind::Angle, message.angle().filter(|_| is_packet)),
        ] {
            let Some([x, y, z]) = axes else { continue };
            if let (Some(x), Some(y), Some(z)) = (kind.to_steps(x), kind.to_steps(y), kind.to_steps(z)) {
                speech.motion(Motion { kind, rate_mhz: None, samples: vec![[x, y, z]] });
            }
        }
        speech.finish()
    }

    fn fields(&self, frame: &Frame<'_>) -> Map<String, Value> {
        let Ok(message) = Message::read(frame.bytes) else { return Map::new() };
        let mut fields = Map::new();
        let mut put = |key: &str, value: Value| fields.insert(key.to_owned(), value);
        put("type", name(message.id).into());
        if let Some(axes) = message.accel() {
            put("g", json!(axes.map(|axis| rounded(axis, 1e4))));
            let square: f64 = axes.iter().map(|axis| axis * axis).sum();
            put("magnitude_g", rounded(square.sqrt(), 1e3).into());
        }
        if let Some(axes) = message.gyro() {
            put("deg_s", json!(axes.map(|axis| rounded(axis, 1e3))));
        }
        if let Some(axes) = message.angle() {
            put("deg", json!(axes.map(|axis| rounded(axis, 1e3))));
        }
        match (message.id, message.numbers.get(3), message.numbers.get(6)) {
            (0x51, Some(temperature), _) => {
                put("temperature_c", (f64::from(*temperature) / 100.0).into());
            }
            (0x61, _, roll) => {
                let whole = frame.bytes.len() == NOTIFICATION_BYTES;
                put("complete", whole.into());
                if !whole {
                    put("needs_bytes", NOTIFICATION_BYTES.into());
                }
                if let Some(roll) = roll {
                    put("roll_deg", rounded(f64::from(*roll) / 32_768.0 * 180.0, 1e3).into());
                }
            }
            _ => {}
        }
        fields
    }
}

const fn name(id: u8) -> &'static str {
    match id {
        0x50 => "time",
        0x51 => "acceleration",
        0x52 => "angular_velocity",
        0x53 => "angle",
        0x54 => "magnetic",
        0x55 => "ports",
        0x56 => "pressure_height",
        0x57 => "gps_position",
        0x58 => "gps_speed",
        0x59 => "quaternion",
        0x5A => "gps_accuracy",
        0x5F => "register_answer",
        0x61 => "0x61 combined (BLE)",
        0x71 => "0x71 register answer (BLE)",
        _ => "unknown",
    }
}

fn rounded(value: f64, steps: f64) -> f64 {
    (value * steps).round() / steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::framing::{Framer, Piece};

    fn packet(id: u8, body: [u8; 8]) -> Vec<u8> {
        let mut bytes = vec![START, id];
        bytes.extend(body);
        bytes.push(bytes.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte)));
        bytes
    }

    fn frames(stream: &[u8]) -> Vec<Vec<u8>> {
        let framing = FORMAT.transport.framing().expect("a stream");
        let (mut framer, mut rest, mut all) = (Framer::new(framing), stream, Vec::new());
        while let Some(piece) = framer.next_piece(&mut rest) {
            if let Piece::Frame(frame) = piece {
                all.push(frame.to_vec());
            }
        }
        all
    }

    #[test]
    fn a_notifications_head_in_a_damaged_packet_swallows_no_sound_one() {
        let mut damaged = packet(0x51, [0, START, 0x61, 0, 0, 0, 0, 8]);
        damaged[2] ^= 0xFF;
        let sound = [packet(0x52, [1; 8]), packet(0x53, [2; 8])];
        assert_eq!(frames(&[damaged, sound.concat()].concat()), sound);
    }

    #[test]
    fn notifications_follow_each_other() {
        let one: Vec<u8> = [START, 0x61].into_iter().chain(1..=18).collect();
        assert_eq!(frames(&one.repeat(3)).len(), 3);
        assert_eq!(cut(&one[..16]), Cut::MoreOr(16));
    }

    #[test]
    fn a_notification_that_was_cut_is_taken_when_nothing_more_comes() {
        let one: Vec<u8> = [START, 0x61].into_iter().chain(1..=14).collect();
        let mut framer = Framer::new(FORMAT.transport.framing().expect("a stream"));
        assert_eq!(framer.next_piece(&mut one.as_slice()), None);
        framer.give_up();
        assert_eq!(framer.next_piece(&mut [].as_slice()), Some(Piece::Frame(&one)));
        assert!(!framer.unfinished());
    }

    #[test]
    fn full_scale_clips_below_sixteen() {
        let bytes = packet(0x51, [0xFF, 0x7F, 0, 0x80, 0, 0, 0, 0]);
        let frame = Frame { topic: None, bytes: &bytes, context: &Value::Null, utc_s: None, heard_ms: 0 };
        let motion = WitMotion.decode(&frame).expect("decodes").motion;
        assert_eq!(motion.first().map(|one| one.samples.as_slice()), Some([[159_995, -160_000, 0]].as_slice()));
    }
}
