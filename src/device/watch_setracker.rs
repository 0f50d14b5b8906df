//! 4G watches of the `[3G*…]` protocol (SeTracker, Beesure, Wonlex and their clones), over TCP.
//!
//! ```text
//! [MANU*ID*LEN*CONTENT]            [3G*9705141740*0009*LK,0,0,53]
//! [MANU*ID*SEQ*LEN*CONTENT]        [ZJ*5678901234*0001*0009*TEMP,36.5]
//! ```
//!
//! MANU two letters or digits, ID 10 or 15 digits (a part of the IMEI; the address at enrolment), SEQ and LEN four hex
//! digits. Answers have the same form, the same MANU and SEQ, and a LEN of their own.
//!
//! | content | meaning | answer |
//! | --- | --- | --- |
//! | `LK`, `LK,steps,tumbles,battery%` | heartbeat, every 5 to 10 minutes | `LK` |
//! | `UD…`, `WT` + position | position; `UD2` was stored and is sent late | – |
//! | `AL…` + position | alarm; the watch repeats it until it is answered | `AL` |
//! | `heart,N` `PULSE,N` `bphrt,sys,dia,hr,…` | heart rate, bpm; 0 is none | – |
//! | `BLOOD,sys,dia` | blood pressure, mmHg | – |
//! | `oxygen,flag,N` | oxygen saturation, % | – |
//! | `TEMP,x` `btemp2,flag,x` | skin temperature, °C; flag 0 is invalid | – |
//! | `TKQ` `TKQ2` | asks for queued voice | the same word |
//! | `INIT` | first contact of some firmwares | `INIT,1` |
//!
//! A position: ddmmyy, hhmmss (UTC), A/V, lat, N/S, lon, E/W, km/h, course, altitude m, satellites, signal, battery %,
//! steps, tumbles, **status (hex)**, then cells and Wi-Fi, which nobody needs here.
//!
//! | bit of status | state | bit | alarm, in `AL` only |
//! | --- | --- | --- | --- |
//! | 0 | low battery | 16, 21 | SOS, fall |
//! | 1, 2 | out of, in fence | 17 | low battery |
//! | 3 | bracelet | 18, 19 | left, entered fence |
//! | 4 | vendors disagree | 20 | taken off |
//! | 14 | power cut | 22 | fall or heart rate: vendors disagree |
//!
//! Source: the vendors' protocol descriptions as gathered by public decoders; golden vectors.
//!
//! Constraints:
//! - Several firmwares get LEN wrong, and a Wi-Fi name may hold brackets. A frame ends where its brackets balance, or
//!   where LEN says if a bracket stands there, or before the next header; see [`cut`].
//! - An alarm is an alarm whatever stands beside it: without a readable status, without a bit, or with one that vendors
//!   use for different things it is `alarm_unspecified`.
//! - The same bits outside of `AL` describe a lasting state and raise nothing.
//! - S and W make a coordinate negative whatever sign is printed, N and E leave it.

use std::str::from_utf8;

use serde_json::{Map, Value, json};

use super::framing::{Cut, Framing};
use super::speech::Speech;
use super::stamp;
use super::{Command, Decode, DecodeError, Decoded, Format, Frame, Transport};
use crate::core::reading::{FallVerdict, Measure, Plain, Quantity};

/// The registry's line.
pub const FORMAT: Format = Format {
    name: "watch_setracker",
    about: "4G watches with an SOS key of the `[3G*…]` protocol: SeTracker, Beesure, Wonlex and clones",
    about_zh: "带求助键的 4G 手表,`[3G*…]` 协议:SeTracker、Beesure、Wonlex 及同类",
    transport: Transport::Tcp { port: 8_001, framing: Framing::Frames { bytes_max: VOICE_BYTES_MAX, cut } },
    // judgement: an unanswered alarm comes again within seconds; whoever presses a second time has held the key for
    // three seconds and seen the watch dial meanwhile.
    merge_ms: 15_000,
    steady_ms: 0,
    decoder: || Box::new(Watch::default()),
};

/// Longest frame with voice or a picture (source: the protocol's description).
const VOICE_BYTES_MAX: usize = 64 * 1024;

/// Longest frame of anything else (source: the protocol's description).
const TEXT_BYTES_MAX: usize = 2 * 1024;

/// Longest ID taken. judgement: an IMEI has 15 digits; some vendors put a version before it.
const ID_DIGITS_MAX: usize = 20;

/// What stands before the content.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Head<'a> {
    manufacturer: &'a str,
    id: &'a str,
    sequence: Option<&'a str>,
    declared: usize,
    /// Where the content begins.
    content: usize,
}

/// How far a header can be read.
enum Look<'a> {
    Head(Head<'a>),
    More,
    None,
}

/// Reads the header at the beginning of `bytes`.
fn look(bytes: &[u8]) -> Look<'_> {
    let mut at = 0;
    let mut part = |most: usize, is: fn(u8) -> bool, end: u8| -> Result<Option<&str>, ()> {
        let rest = bytes.get(at..).unwrap_or_default();
        let length = rest.iter().take_while(|byte| is(**byte)).take(most).count();
        match rest.get(length) {
            None => Ok(None),
            Some(byte) if *byte == end => {
                at += length + 1;
                rest.get(..length).and_then(|part| from_utf8(part).ok()).map(Some).ok_or(())
            }
            Some(_) => Err(()),
        }
    };
    let mut read = || -> Result<Option<Head<'_>>, ()> {
        let Some(_) = part(0, |_| false, b'[')? else { return Ok(None) };
        let Some(manufacturer) = part(2, |byte| byte.is_ascii_alphanumeric(), b'*')? else { return Ok(None) };
        let Some(id) = part(ID_DIGITS_MAX, |byte| byte.is_ascii_digit(), b'*')? else { return Ok(None) };
        let Some(first) = part(4, |byte| byte.is_ascii_hexdigit(), b'*')? else { return Ok(None) };
        if manufacturer.len() != 2 || id.is_empty() || first.len() != 4 {
            return Err(());
        }
        Ok(Some(Head { manufacturer, id, sequence: None, declared: hex(first), content: 0 }))
    };
    let head = match read() {
        Ok(Some(head)) => head,
        Ok(None) => return Look::More,
        Err(()) => return Look::None,
    };
    let first =
        from_utf8(bytes.get(at.saturating_sub(5)..at.saturating_sub(1)).unwrap_or_default()).unwrap_or_default();
    // Four hex digits and a star more: then the first four were a sequence number.
    let rest = bytes.get(at..).unwrap_or_default();
    let digits = rest.iter().take(4).take_while(|byte| byte.is_ascii_hexdigit()).count();
    match (digits, rest.get(digits)) {
        (_, None) => Look::More,
        (4, Some(b'*')) => {
            let declared = hex(from_utf8(rest.get(..4).unwrap_or_default()).unwrap_or_default());
            Look::Head(Head { sequence: Some(first), declared, content: at + 5, ..head })
        }
        _ => Look::Head(Head { content: at, ..head }),
    }
}

fn hex(digits: &str) -> usize {
    usize::from_str_radix(digits, 16).unwrap_or(0)
}

/// Finds a frame at the beginning of `bytes`.
///
/// Going from left to right, the first of these ends it: the bracket where LEN says; the bracket that balances the first
/// one; a bracket right before the next header, which ends a frame whose Wi-Fi name holds an opening bracket only. A
/// header anywhere else shows that this frame lost its end.
fn cut(bytes: &[u8]) -> Cut {
    if bytes.first() != Some(&b'[') {
        return Cut::Skip(bytes.iter().position(|byte| *byte == b'[').unwrap_or(bytes.len()));
    }
    let head = match look(bytes) {
        Look::Head(head) => head,
        Look::More => return Cut::More,
        Look::None => return Cut::Broken(DecodeError::NotMine),
    };
    let content = bytes.get(head.content..).unwrap_or_default();
    let bytes_max = match content_kind(content) {
        Some(b"TK" | b"img" | b"JXTK") => VOICE_BYTES_MAX,
        Some(_) => TEXT_BYTES_MAX,
        None => return Cut::More,
    };
    let mut depth = 1_u32;
    for (at, byte) in content.iter().enumerate() {
        let end = head.content + at + 1;
        match byte {
            b']' if at == head.declared || depth == 1 => return Cut::Frame(end),
            b']' => depth -= 1,
            b'[' => {
                if matches!(look(content.get(at..).unwrap_or_default()), Look::Head(_)) {
                    let ended = at > 0 && content.get(at - 1) == Some(&b']');
                    return if ended { Cut::Frame(end - 1) } else { Cut::Broken(DecodeError::Length) };
                }
                depth += 1;
            }
            _ => {}
        }
        if end >= bytes_max {
            return Cut::Broken(DecodeError::TooLong);
        }
    }
    Cut::More
}

/// The first word of the content, once it is known to have ended.
fn content_kind(content: &[u8]) -> Option<&[u8]> {
    let end = content.iter().position(|byte| matches!(byte, b',' | b'[' | b']'));
    match end {
        Some(end) => content.get(..end),
        // No command is that long, and a frame without one is bounded as text.
        None => (content.len() > 32).then_some(b""),
    }
}

/// A frame taken apart.
struct Message<'a> {
    head: Head<'a>,
    content: &'a [u8],
    kind: &'a str,
    /// What stands behind the kind, parted by commas.
    values: Vec<&'a [u8]>,
}

impl<'a> Message<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        if bytes.len() > VOICE_BYTES_MAX {
            return Err(DecodeError::TooLong);
        }
        let bytes = bytes.trim_ascii();
        let head = match look(bytes) {
            Look::Head(head) => head,
            Look::More if bytes.first() == Some(&b'[') => return Err(DecodeError::Length),
            Look::More | Look::None => return Err(DecodeError::NotMine),
        };
        let content = bytes.get(head.content..).and_then(|rest| rest.strip_suffix(b"]")).ok_or(DecodeError::Length)?;
        let mut parts = content.split(|byte| *byte == b',');
        let kind = parts.next().and_then(|kind| from_utf8(kind).ok()).ok_or(DecodeError::NotUtf8)?.trim();
        Ok(Self { head, content, kind, values: parts.collect() })
    }

    fn text(&self, index: usize) -> Option<&'a str> {
        self.values.get(index).and_then(|value| from_utf8(value).ok()).map(str::trim)
    }

    fn number(&self, index: usize) -> Option<f64> {
        self.text(index)?.parse::<f64>().ok().filter(|number| number.is_finite())
    }

    fn is_position(&self) -> bool {
        self.is_alarm() || self.kind.starts_with("UD") || self.kind == "WT"
    }

    fn is_alarm(&self) -> bool {
        self.kind.starts_with("AL")
    }

    /// Degrees of the coordinate at `index`, with its letter behind it.
    fn degrees(&self, index: usize) -> Option<f64> {
        let value = self.number(index)?;
        Some(if matches!(self.text(index + 1), Some("S" | "W")) { -value.abs() } else { value })
    }

    fn status(&self) -> Option<u32> {
        self.text(STATUS).filter(|text| !text.is_empty()).and_then(|text| u32::from_str_radix(text, 16).ok())
    }

    /// What the watch waits to hear.
    fn answer(&self) -> Option<&'a str> {
        Some(match self.kind {
            "LK" => "LK",
            "TKQ" | "TKQ2" => self.kind,
            "INIT" => "INIT,1",
            _ if self.is_alarm() => "AL",
            _ => return None,
        })
    }
}

// Places of the values of a position.
const DATE: usize = 0;
const TIME: usize = 1;
const FIX: usize = 2;
const LAT: usize = 3;
const LON: usize = 5;
const SPEED: usize = 7;
const COURSE: usize = 8;
const ALTITUDE: usize = 9;
const SATELLITES: usize = 10;
const SIGNAL: usize = 11;
const BATTERY: usize = 12;
const STEPS: usize = 13;
const TUMBLES: usize = 14;
const STATUS: usize = 15;

const BATTERY_LOW: u32 = 1 | 1 << 17;
const SOS: u32 = 1 << 16;
const FENCES: u32 = 1 << 18 | 1 << 19;
const TAKEN_OFF: u32 = 1 << 20;
const FALL: u32 = 1 << 21;
const POWER_CUT: u32 = 1 << 14;

/// Bits that say of an alarm which it is, and not that somebody calls.
const EXPLAINED: u32 = BATTERY_LOW | SOS | FENCES | TAKEN_OFF | FALL | POWER_CUT;

/// Bits that are a state in whatever message they stand.
const STATES: u32 = 0b1_1110;

/// How the watch wrote its header, for orders to it.
#[derive(Debug, Clone)]
struct Spoken {
    manufacturer: String,
    id: String,
    sequence: Option<String>,
}

/// One connection: it remembers only how its watch writes its header.
#[derive(Debug, Default)]
struct Watch {
    spoken: Option<Spoken>,
}

impl Decode for Watch {
    fn decode(&mut self, frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
        let message = Message::read(frame.bytes)?;
        let head = &message.head;
        let mut speech = Speech::of(head.id)?;
        speak(&message, &mut speech);
        if let Some(answer) = message.answer() {
            speech.reply(written(head.manufacturer, head.id, head.sequence, answer).as_bytes());
        }
        let known = self.spoken.as_ref().is_some_and(|spoken| {
            spoken.id == head.id
                && spoken.manufacturer == head.manufacturer
                && spoken.sequence.as_deref() == head.sequence
        });
        if !known {
            self.spoken = Some(Spoken {
                manufacturer: head.manufacturer.to_owned(),
                id: head.id.to_owned(),
                sequence: head.sequence.map(str::to_owned),
            });
        }
        speech.finish()
    }

    fn fields(&self, frame: &Frame<'_>) -> Map<String, Value> {
        Message::read(frame.bytes).map(|message| fields(&message)).unwrap_or_default()
    }

    fn command(&mut self, command: Command) -> Option<Vec<u8>> {
        let spoken = self.spoken.as_ref()?;
        let content = match command {
            Command::ReportEvery { seconds } => format!("UPLOAD,{seconds}"),
            Command::MeasureHeartRate => "hrtstart,1".to_owned(),
            Command::Find => "FIND".to_owned(),
        };
        let frame = written(&spoken.manufacturer, &spoken.id, spoken.sequence.as_deref(), &content);
        Some(frame.into_bytes())
    }
}

fn written(manufacturer: &str, id: &str, sequence: Option<&str>, content: &str) -> String {
    let length = content.len();
    match sequence {
        Some(sequence) => format!("[{manufacturer}*{id}*{sequence}*{length:04X}*{content}]"),
        None => format!("[{manufacturer}*{id}*{length:04X}*{content}]"),
    }
}

fn speak(message: &Message<'_>, speech: &mut Speech) {
    if message.is_position() {
        return position(message, speech);
    }
    let mut measured = |index, quantity| match message.number(index) {
        Some(value) => speech.number(quantity, value),
        None => speech.refuse("value", DecodeError::WrongType),
    };
    match message.kind {
        "LK" => {
            // Two values are a form that nobody describes: which of them is the battery is not to be guessed.
            if message.values.len() >= 3 {
                measured(2, Quantity::Battery);
                measured(0, Quantity::Steps);
            }
        }
        "heart" | "PULSE" => measured(0, Quantity::HeartRate),
        "BLOOD" => pressure(message, speech),
        "bphrt" => {
            measured(2, Quantity::HeartRate);
            pressure(message, speech);
        }
        "oxygen" => measured(1, Quantity::Spo2),
        "TEMP" => measured(0, Quantity::BodyTemp),
        "btemp2" if message.text(0) == Some("0") => {}
        "btemp2" => measured(1, Quantity::BodyTemp),
        "TKQ" | "TKQ2" | "INIT" => {}
        _ => speech.refuse("type", DecodeError::Unknown),
    }
    // Whatever it says, it is there.
    speech.level(Measure::Availability { online: true, bridge: false });
}

fn pressure(message: &Message<'_>, speech: &mut Speech) {
    match (message.number(0), message.number(1)) {
        (Some(sys), Some(dia)) => {
            speech.vocabulary("value", "blood_pressure", Plain::Pressure { sys, dia, map: None });
        }
        _ => speech.refuse("value", DecodeError::WrongType),
    }
}

fn position(message: &Message<'_>, speech: &mut Speech) {
    if message.is_alarm() {
        alarm(message.status(), speech);
    }
    for (key, index, quantity) in [("battery", BATTERY, Quantity::Battery), ("steps", STEPS, Quantity::Steps)] {
        match message.number(index) {
            Some(value) => speech.number(quantity, value),
            None => speech.refuse(key, DecodeError::WrongType),
        }
    }
    if message.text(FIX) == Some("A") {
        match (message.degrees(LAT), message.degrees(LON)) {
            (Some(lat), Some(lon)) => speech.vocabulary("position", "location", Plain::Position { lat, lon }),
            _ => speech.refuse("position", DecodeError::WrongType),
        }
    }
}

/// Every bit that says which alarm it is; and what nobody can explain is an alarm all the same.
fn alarm(status: Option<u32>, speech: &mut Speech) {
    let bits = status.unwrap_or(0);
    if bits & SOS != 0 {
        speech.event(Measure::Sos(true));
    }
    if bits & FALL != 0 {
        speech.event(Measure::Fall(FallVerdict::Confirmed));
    }
    if bits & TAKEN_OFF != 0 {
        speech.level(Measure::Worn(false));
    }
    if bits & BATTERY_LOW != 0 {
        speech.level(Measure::BatteryLow(true));
    }
    if bits & EXPLAINED == 0 || bits & !(EXPLAINED | STATES) != 0 {
        speech.event(Measure::AlarmUnspecified);
    }
}

fn fields(message: &Message<'_>) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut put = |key: &str, value: Value| fields.insert(key.to_owned(), value);
    let head = &message.head;
    put("manufacturer", head.manufacturer.into());
    put("device_id", head.id.into());
    put("declared_length", head.declared.into());
    put("actual_length", message.content.len().into());
    if let Some(sequence) = head.sequence {
        put("sequence", sequence.into());
    }
    put("type", message.kind.into());
    if let Some(answer) = message.answer() {
        put("reply", written(head.manufacturer, head.id, head.sequence, answer).into());
    }
    let mut number = |key: &str, index: usize| {
        if let Some(value) = message.number(index) {
            put(key, value.into());
        }
    };
    match message.kind {
        "LK" if message.values.len() >= 3 => {
            number("steps", 0);
            number("tumbles", 1);
            number("battery_pct", 2);
        }
        "LK" => {
            number("steps", 0);
            number("field2", 1);
        }
        "heart" | "PULSE" => {
            number("heart_rate_bpm", 0);
            if message.number(0) == Some(0.0) {
                put("meaning", "no measurement (0 is not a heart rate)".into());
            }
        }
        "BLOOD" | "bphrt" => {
            number("systolic_mmhg", 0);
            number("diastolic_mmhg", 1);
            number("heart_rate_bpm", 2);
        }
        "oxygen" => {
            number("type_flag", 0);
            number("spo2_pct", 1);
        }
        "TEMP" => number("temperature_c", 0),
        "btemp2" => {
            number("type_flag", 0);
            number("temperature_c", 1);
        }
        _ if message.is_position() => position_fields(message, &mut fields),
        _ => {}
    }
    fields
}

fn position_fields(message: &Message<'_>, fields: &mut Map<String, Value>) {
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            fields.insert(key.to_owned(), value);
        }
    };
    // The day stands first, the year last.
    let time = message.text(DATE).zip(message.text(TIME)).and_then(|(date, time)| {
        let (day, month, year) = (date.get(..2)?, date.get(2..4)?, date.get(4..)?);
        stamp::of_digits(&format!("{year}{month}{day}{time}"))
    });
    put("time_utc", time.map(|time| format!("{time}Z").into()));
    put("fix_valid", message.text(FIX).map(|fix| (fix == "A").into()));
    put("lat", message.degrees(LAT).map(Value::from));
    put("lon", message.degrees(LON).map(Value::from));
    for (key, index) in [
        ("speed_kmh", SPEED),
        ("course_deg", COURSE),
        ("altitude_m", ALTITUDE),
        ("satellites", SATELLITES),
        ("gsm_signal", SIGNAL),
        ("battery_pct", BATTERY),
        ("steps", STEPS),
        ("tumbles", TUMBLES),
    ] {
        put(key, message.number(index).map(Value::from));
    }
    put("status_hex", message.text(STATUS).map(Value::from));
    if let Some(status) = message.status() {
        let bits: Vec<u32> = (0..u32::BITS).filter(|bit| status >> bit & 1 == 1).collect();
        let mut flags: Vec<&str> = bits.iter().filter_map(|bit| flag(*bit)).collect();
        flags.dedup();
        put("status_bits", Some(json!(bits)));
        put("status_flags", Some(json!(flags)));
    }
}

const fn flag(bit: u32) -> Option<&'static str> {
    Some(match bit {
        0 | 17 => "low_battery",
        1 => "out_of_fence",
        2 => "in_fence",
        14 => "power_cut",
        16 => "sos",
        18 => "left_fence",
        19 => "entered_fence",
        20 => "removing",
        21 => "fall_down",
        22 => "fall_or_heart_rate",
        _ => return None,
    })
}
