//! Radars with the 53 59 frame: MicRadar R60ABD1 (sleep), R60AFD1 and Seeed MR60FDA1 (fall), MR60BHA1, MR24HPC1.
//! UART 115200 8N1, in Chinese smart beds and on care-home ceilings.
//!
//! ```text
//! 53 59 · control · command · length (2) · data · sum · 54 43       big-endian; sum = low byte of the sum of all before it
//! ```
//!
//! Reports come unasked. A query is the same with command | 80 and data 0F; its answer has command | 80 and the report's data.
//!
//! | control | command | data |
//! | --- | --- | --- |
//! | 01 | 01, 02 | heartbeat, asked for with 81, whose answer carries 0F too; reset: 0F |
//! | 02 | A1–A4 | model, id, hardware, firmware: ASCII |
//! | 05, 07 | 01, 07 | started; 1 in range, 0 out of range |
//! | 80 | 01, 02, 03 | presence 0/1; motion 0 none, 1 still, 2 active; body motion 0–100 |
//! | 80 | 04, 05 | distance in cm (2); x, y, z (6): top bit of z 1 = negative, then 15 bits |
//! | 81 | 01, 02, 05 | breath 1 normal, 2 high, 3 low, 4 none; rate; wave 5 × u8 − 128 |
//! | 85 | 02, 05 | heart rate; wave |
//! | 83 | 01, 05 | fall 0/1; somebody stays on the spot 0/1 |
//! | 84 | 01, 02 | bed 0 out, 1 in, 2 not known; sleep 0 deep, 1 light, 2 awake, 3 none |
//! | 84 | 03, 04, 05, 06, 10 | minutes awake, light, deep (2); score; grade |
//! | 84 | 0C | ten minutes: presence, sleep, breath, heart, turns, large %, small %, apnoea |
//! | 84 | 0D | night: score, minutes (2), awake %, light %, deep %, minutes out of bed, times out, turns, breath, heart, apnoea |
//! | 84 | 0E, 11, 12 | abnormal 0 under 4 h, 1 over 12 h, 2 long absence, 3 none; struggle 2; nobody for long 2 |
//!
//! Source: R60ABD1 user manual V3.0; Seeed's pages on MR60FDA1 and MR24HPC1.
//!
//! Design constraints:
//!
//! - Vital signs in an empty room are noise: once the radar said that nobody is there, none is handed on until somebody is.
//! - The fall flag is a level. The flags of the radar's own timers have no word for "over", so the edge is found here: one
//!   that stands is said once.
//! - The answer to a query reads as the report, and is told from the query by its data; a heartbeat's answer needs no telling.

use serde_json::{Map, Value, json};

use super::framing::{Cut, Framing};
use super::speech::Speech;
use super::{Decode, DecodeError, Decoded, Format, Frame, Transport};
use crate::core::reading::{Activity, DeviceInactivity, FallVerdict, Measure, Quantity, SleepState};

/// The registry's line.
pub const FORMAT: Format = Format {
    name: "r60_5359",
    about: "sleep and fall radars with the 53 59 frame: MicRadar R60ABD1 and R60AFD1, Seeed MR60FDA1, MR60BHA1, MR24HPC1",
    about_zh: "53 59 帧的睡眠与跌倒雷达:云帆瑞达 R60ABD1、R60AFD1,矽递 MR60FDA1、MR60BHA1、MR24HPC1",
    transport: Transport::Serial { baud: 115_200, framing: Framing::Frames { bytes_max: BYTES_MAX, cut } },
    // judgement: a timer's flag is said again within seconds when the radar was asked for it; it is found by its edge here.
    merge_ms: 10_000,
    // Body motion every second and vital signs every three: changes at once, the rest twice a minute.
    steady_ms: 30_000,
    decoder: || Box::new(R60::default()),
};

const HEADER: &[u8] = &[0x53, 0x59];
const FOOTER: &[u8] = &[0x54, 0x43];
const HEAD_BYTES: usize = 6;

/// Longest data taken. judgement: texts of the manual have up to 32 signs and the longest report 12 bytes.
const DATA_BYTES_MAX: usize = 128;

const BYTES_MAX: usize = HEAD_BYTES + DATA_BYTES_MAX + 1 + FOOTER.len();

/// The data of a query.
const ASKED: u8 = 0x0F;

fn cut(bytes: &[u8]) -> Cut {
    if !bytes.starts_with(HEADER) {
        return Cut::begun(bytes, HEADER, &[0x53]);
    }
    let Some(&[_, _, _, _, l0, l1]) = bytes.first_chunk::<HEAD_BYTES>() else { return Cut::More };
    let length = usize::from(u16::from_be_bytes([l0, l1]));
    if length > DATA_BYTES_MAX {
        return Cut::Broken(DecodeError::Length);
    }
    let end = HEAD_BYTES + length;
    let (Some(summed), Some(rest)) = (bytes.get(..end), bytes.get(end..end + 1 + FOOTER.len())) else {
        return Cut::More;
    };
    let sum = summed.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    match rest {
        [found, footer @ ..] if *found == sum && footer == FOOTER => Cut::Frame(end + 1 + FOOTER.len()),
        [found, ..] if *found != sum => Cut::Broken(DecodeError::Checksum),
        _ => Cut::Broken(DecodeError::Length),
    }
}

/// A whole frame.
#[derive(Clone, Copy)]
struct Message<'a> {
    control: u8,
    /// As it came.
    command: u8,
    data: &'a [u8],
}

impl<'a> Message<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        cut(bytes).alone(bytes.len())?;
        let (&[_, _, control, command, _, _], rest) = bytes.split_first_chunk().ok_or(DecodeError::Length)?;
        let data = rest.get(..rest.len().saturating_sub(1 + FOOTER.len())).ok_or(DecodeError::Length)?;
        Ok(Self { control, command, data })
    }

    /// The report that it is, or that it answers with; `None` for a query.
    fn report(&self) -> Option<u8> {
        match (self.control, self.command) {
            // The answer has the query's own data, and only the radar is heard here.
            (0x01, command) => Some(command & 0x7F),
            (0x02, command) => (self.data != [ASKED]).then_some(command),
            (_, command) if command & 0x80 == 0 => Some(command),
            (_, command) => (self.data != [ASKED]).then_some(command & 0x7F),
        }
    }
}

/// What a radar said of itself and is needed later.
#[derive(Debug, Default)]
struct R60 {
    /// Whether somebody is there; `None` until the radar says it.
    present: Option<bool>,
    /// Which of the radar's own timers have run out: stationary, long absence, struggle, nobody.
    run_out: [bool; 4],
}

impl Decode for R60 {
    fn decode(&mut self, frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
        let message = Message::read(frame.bytes)?;
        let mut speech = Speech::of_nobody_named();
        if let Some(command) = message.report() {
            self.speak(&mut speech, message.control, command, message.data);
        }
        speech.finish()
    }

    fn fields(&self, frame: &Frame<'_>) -> Map<String, Value> {
        let Ok(message) = Message::read(frame.bytes) else { return Map::new() };
        let mut fields = Map::new();
        fields.insert("ctrl".into(), format!("0x{:02x}", message.control).into());
        fields.insert("cmd".into(), format!("0x{:02x}", message.command).into());
        match message.report() {
            Some(command) => add_fields(&mut fields, message.control, command, message.data),
            None => {
                fields.insert("query".into(), asked(message.control, message.command).into());
            }
        }
        fields
    }
}

impl R60 {
    fn speak(&mut self, speech: &mut Speech, control: u8, command: u8, data: &[u8]) {
        match (control, command, data) {
            (0x01, 0x01, _) => {
                speech.alive();
                // Changes alone are reported, so a heartbeat also says that what stood still stands.
                if let Some(present) = self.present {
                    speech.level(Measure::Presence(present));
                }
            }
            // It lives, but after a start nothing is known to stand.
            (0x05, 0x01, _) => speech.alive(),
            (0x80, 0x01, [flag @ (0 | 1)]) => {
                self.present = Some(*flag == 1);
                speech.level(Measure::Presence(*flag == 1));
            }
            (0x80, 0x02, [class @ 0..=2]) => speech.level(Measure::Activity(activity(*class))),
            (0x80, 0x03, [index]) => speech.number(Quantity::BodyMotion, f64::from(*index)),
            (0x80, 0x04, &[d0, d1]) => {
                speech.number(Quantity::Distance, f64::from(u16::from_be_bytes([d0, d1])) / 100.0);
            }
            (0x81, 0x02, [rate]) => self.vital(speech, Quantity::BreathRate, *rate),
            (0x85, 0x02, [rate]) => self.vital(speech, Quantity::HeartRate, *rate),
            (0x83, 0x01, [flag @ (0 | 1)]) => {
                let verdict = if *flag == 1 { FallVerdict::Confirmed } else { FallVerdict::Normal };
                speech.level(Measure::Fall(verdict));
            }
            (0x83, 0x05, [flag @ (0 | 1)]) => self.timer(speech, 0, DeviceInactivity::Stationary, *flag == 1),
            (0x84, 0x01, [state @ (0 | 1)]) => speech.level(Measure::Bed(*state == 1)),
            (0x84, 0x02, [state @ 0..=3]) => speech.level(Measure::SleepState(sleep(*state))),
            (0x84, 0x0C, [present, state, breath, heart, ..]) if data.len() == 8 => {
                self.present = Some(*present != 0);
                if *state <= 3 {
                    speech.level(Measure::SleepState(sleep(*state)));
                }
                self.vital(speech, Quantity::BreathRate, *breath);
                self.vital(speech, Quantity::HeartRate, *heart);
            }
            (0x84, 0x0E, [state @ 0..=3]) => self.timer(speech, 1, DeviceInactivity::LongAbsence, *state == 2),
            (0x84, 0x11, [state @ 0..=2]) => self.timer(speech, 2, DeviceInactivity::Struggle, *state == 2),
            (0x84, 0x12, [state @ 0..=2]) => self.timer(speech, 3, DeviceInactivity::LongAbsence, *state == 2),
            // Bed 2 is "not known", as in real-time mode.
            (0x84, 0x01, [2]) => {}
            (0x80, 0x01..=0x04, _) => speech.refuse("room", DecodeError::Unknown),
            (0x83, 0x01, _) => speech.refuse("fall", DecodeError::Unknown),
            (0x81 | 0x85, 0x02, _) => speech.refuse("vital", DecodeError::Length),
            (0x83, 0x05, _) | (0x84, 0x0E | 0x11 | 0x12, _) => speech.refuse("timer", DecodeError::Unknown),
            (0x84, 0x01 | 0x02 | 0x0C, _) => speech.refuse("bed", DecodeError::Unknown),
            _ => {}
        }
    }

    fn vital(&self, speech: &mut Speech, quantity: Quantity, rate: u8) {
        if self.present != Some(false) {
            speech.number(quantity, f64::from(rate));
        }
    }

    fn timer(&mut self, speech: &mut Speech, which: usize, what: DeviceInactivity, runs_out: bool) {
        let Some(stood) = self.run_out.get_mut(which) else { return };
        if runs_out && !std::mem::replace(stood, runs_out) {
            speech.event(Measure::DeviceInactivity(what));
        }
        *stood = runs_out;
    }
}

const fn activity(class: u8) -> Activity {
    match class {
        0 => Activity::None,
        1 => Activity::Still,
        _ => Activity::Moving,
    }
}

const fn sleep(state: u8) -> SleepState {
    match state {
        0 => SleepState::Deep,
        1 => SleepState::Light,
        2 => SleepState::Awake,
        _ => SleepState::None,
    }
}

/// What a query asks for.
const fn asked(control: u8, command: u8) -> &'static str {
    match (control, command) {
        (0x02, 0xA1) => "product model",
        (0x02, 0xA2) => "product id",
        (0x02, 0xA3) => "hardware model",
        (0x02, 0xA4) => "firmware version",
        (0x05, 0x81) => "initialised",
        (0x07, 0x87) => "in range",
        (0x80, 0x80) => "presence switch",
        (0x80, 0x81) => "presence",
        (0x80, 0x82) => "motion",
        (0x80, 0x83) => "body motion",
        (0x80, 0x84) => "distance",
        (0x80, 0x85) => "direction",
        (0x81, 0x81) => "breath state",
        (0x81, 0x82) => "breath rate",
        (0x81, 0x85) => "breath wave",
        (0x83, 0x81) => "fall",
        (0x83, 0x85) => "stationary resident",
        (0x84, 0x81) => "bed",
        (0x84, 0x82) => "sleep state",
        (0x84, 0x83) => "awake minutes",
        (0x84, 0x84) => "light sleep minutes",
        (0x84, 0x85) => "deep sleep minutes",
        (0x84, 0x86) => "sleep score",
        (0x84, 0x8D) => "ten-minute summary",
        // The manual numbers the queries of the two summaries 8D and 8F, and their reports 0C and 0D.
        (0x84, 0x8F) => "night summary",
        (0x84, 0x8E) => "sleep abnormal",
        (0x84, 0x90) => "sleep grade",
        (0x84, 0x91) => "struggle",
        (0x84, 0x92) => "no-person timer",
        (0x85, 0x82) => "heart rate",
        (0x85, 0x85) => "heart wave",
        _ => "unknown",
    }
}

fn add_fields(fields: &mut Map<String, Value>, control: u8, command: u8, data: &[u8]) {
    let mut put = |key: &str, value: Value| fields.insert(key.to_owned(), value);
    match (control, command, data) {
        (0x01, 0x01, _) => put("kind", "heartbeat".into()),
        (0x01, 0x02, _) => put("kind", "reset".into()),
        (0x02, 0xA1, text) => put("product_model", printable(text)),
        (0x02, 0xA2, text) => put("product_id", printable(text)),
        (0x02, 0xA3, text) => put("hardware_model", printable(text)),
        (0x02, 0xA4, text) => put("firmware_version", printable(text)),
        (0x05, 0x01, _) => put("kind", "initialised".into()),
        (0x07, 0x07, [flag]) => put("in_range", (*flag == 1).into()),
        (0x08, 0x00, [0]) => put("command", "underlying output off (MR24HPC1)".into()),
        (0x08, 0x00, [1]) => put("command", "underlying output on (MR24HPC1)".into()),
        (0x80, 0x01, [flag]) => put("presence", (*flag == 1).into()),
        (0x80, 0x02, [class]) => put("motion", ["none", "still", "active"].get(usize::from(*class)).copied().into()),
        (0x80, 0x03, [index]) => put("body_motion", (*index).into()),
        (0x80, 0x04, &[d0, d1]) => put("distance_cm", u16::from_be_bytes([d0, d1]).into()),
        (0x80, 0x05, &[x0, x1, y0, y1, z0, z1]) => {
            put("x", signed([x0, x1]).into());
            put("y", signed([y0, y1]).into());
            put("z", signed([z0, z1]).into())
        }
        (0x81, 0x01, [state]) => {
            put("breath_state", ["", "normal", "high", "low", "none"].get(usize::from(*state)).copied().into())
        }
        (0x81, 0x02, [rate]) => put("breath_rate", (*rate).into()),
        (0x81, 0x05, wave) => put("breath_wave", centred(wave)),
        (0x85, 0x02, [rate]) => put("heart_rate", (*rate).into()),
        (0x85, 0x05, wave) => put("heart_wave", centred(wave)),
        (0x83, 0x01, [flag]) => put("fall", (*flag == 1).into()),
        (0x83, 0x05, [flag]) => put("stationary_resident", (*flag == 1).into()),
        (0x84, command, data) => {
            add_night(fields, command, data);
            None
        }
        (_, _, data) => put("data", json!(data)),
    };
}

fn add_night(fields: &mut Map<String, Value>, command: u8, data: &[u8]) {
    let mut put = |key: &str, value: Value| fields.insert(key.to_owned(), value);
    let state = |names: &[&'static str]| -> Value {
        data.first().and_then(|state| names.get(usize::from(*state))).copied().into()
    };
    match (command, data) {
        (0x01, [_]) => put("bed", state(&["out", "in", "unknown (real-time mode)"])),
        (0x02, [_]) => put("sleep_state", state(&["deep", "light", "awake", "none"])),
        (0x03, &[m0, m1]) => put("awake_min", u16::from_be_bytes([m0, m1]).into()),
        (0x04, &[m0, m1]) => put("light_min", u16::from_be_bytes([m0, m1]).into()),
        (0x05, &[m0, m1]) => put("deep_min", u16::from_be_bytes([m0, m1]).into()),
        (0x06, [score]) => put("score", (*score).into()),
        (0x0C, &[presence, _, breath, heart, turns, large, small, apnoea]) => {
            put("presence", presence.into());
            put("sleep_state", ["deep", "light", "awake", "none"].get(usize::from(data[1])).copied().into());
            put("avg_breath_rpm", breath.into());
            put("avg_heart_bpm", heart.into());
            put("turns", turns.into());
            put("large_motion_pct", large.into());
            put("small_motion_pct", small.into());
            put("apnea", apnoea.into())
        }
        (0x0D | 0x0F, &[score, m0, m1, awake, light, deep, out_min, out, turns, breath, heart, apnoea]) => {
            put("score", score.into());
            put("total_min", u16::from_be_bytes([m0, m1]).into());
            for (key, value) in [("awake_pct", awake), ("light_pct", light), ("deep_pct", deep)] {
                put(key, value.into());
            }
            put("out_of_bed_min", out_min.into());
            put("out_of_bed_count", out.into());
            put("turns", turns.into());
            put("avg_breath_rpm", breath.into());
            put("avg_heart_bpm", heart.into());
            put("apnea", apnoea.into())
        }
        (0x0E, [_]) => put(
            "sleep_abnormal",
            state(&["under 4 h", "over 12 h", "long absence while in sleep mode (30 min)", "none"]),
        ),
        (0x10, [_]) => put("grade", state(&["none", "good", "fair", "poor"])),
        (0x11, [_]) => put("struggle", state(&["none", "normal", "abnormal"])),
        (0x12, [_]) => put("no_person_timer", state(&["none", "normal", "abnormal"])),
        (_, data) => put("data", json!(data)),
    };
}

/// Sign and magnitude: the top bit set is a minus.
fn signed(bytes: [u8; 2]) -> i32 {
    let raw = u16::from_be_bytes(bytes);
    let magnitude = i32::from(raw & 0x7FFF);
    if raw & 0x8000 == 0 { magnitude } else { -magnitude }
}

fn centred(wave: &[u8]) -> Value {
    wave.iter().map(|sample| i32::from(*sample) - 128).collect()
}

fn printable(text: &[u8]) -> Value {
    text.iter().map(|byte| char::from(*byte)).filter(char::is_ascii_graphic).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::reading::Said;

    fn said(radar: &mut R60, control: u8, command: u8, data: &[u8]) -> Vec<Said> {
        let length = u8::try_from(data.len()).expect("short");
        let mut bytes = [HEADER, &[control, command, 0, length], data].concat();
        bytes.push(bytes.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte)));
        bytes.extend(FOOTER);
        let frame = Frame { topic: None, bytes: &bytes, context: &Value::Null, utc_s: None, heard_ms: 0 };
        radar.decode(&frame).expect("decodes").said
    }

    #[test]
    fn vital_signs_of_an_empty_room_are_noise() {
        let mut radar = R60::default();
        assert_eq!(said(&mut radar, 0x81, 0x02, &[16]).len(), 1, "nothing is known of the room");
        said(&mut radar, 0x80, 0x01, &[0]);
        assert_eq!(said(&mut radar, 0x81, 0x02, &[16]), []);
        assert_eq!(said(&mut radar, 0x85, 0x02, &[62]), []);
        said(&mut radar, 0x80, 0x81, &[1]);
        assert_eq!(said(&mut radar, 0x85, 0x02, &[62]).len(), 1, "an answer tells it too");
        assert_eq!(said(&mut radar, 0x85, 0x82, &[ASKED]), [], "a query is no rate of 15");
    }

    #[test]
    fn a_heartbeat_that_was_asked_for_and_a_start_are_signs_of_life() {
        let alive = Said::event(Measure::Availability { online: true, bridge: false });
        let mut radar = R60::default();
        for (control, command, data) in [(0x01, 0x01, ASKED), (0x01, 0x81, ASKED), (0x05, 0x01, 1), (0x05, 0x81, 1)] {
            assert_eq!(said(&mut radar, control, command, &[data]), [alive], "{control:02x}/{command:02x}");
        }
        let present = Said::level(Measure::Presence(true));
        said(&mut radar, 0x80, 0x01, &[1]);
        assert_eq!(said(&mut radar, 0x01, 0x81, &[ASKED]).len(), 2, "what stood still stands");
        assert!(said(&mut radar, 0x01, 0x81, &[ASKED]).contains(&present));
        assert_eq!(said(&mut radar, 0x05, 0x01, &[1]), [alive], "after a start nothing is known to stand");
    }

    #[test]
    fn a_timer_that_has_run_out_is_said_once_until_it_falls_back() {
        let mut radar = R60::default();
        let stationary = [Said::event(Measure::DeviceInactivity(DeviceInactivity::Stationary))];
        assert_eq!(said(&mut radar, 0x83, 0x05, &[1]), stationary);
        assert_eq!(said(&mut radar, 0x83, 0x05, &[1]), []);
        assert_eq!(said(&mut radar, 0x83, 0x05, &[0]), []);
        assert_eq!(said(&mut radar, 0x83, 0x05, &[1]), stationary);
    }

    #[test]
    fn a_fall_is_a_level() {
        let mut radar = R60::default();
        for _ in 0..2 {
            assert_eq!(said(&mut radar, 0x83, 0x01, &[1]), [Said::level(Measure::Fall(FallVerdict::Confirmed))]);
        }
        assert_eq!(said(&mut radar, 0x83, 0x01, &[0]), [Said::level(Measure::Fall(FallVerdict::Normal))]);
    }
}
