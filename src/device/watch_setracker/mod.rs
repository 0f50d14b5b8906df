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

mod fields;

mod frame;

use serde_json::{Map, Value};

use super::framing::Framing;
use super::speech::Speech;
use super::{Decode, DecodeError, Decoded, Format, Frame, Transport};
use crate::core::errand::Errand;
use crate::core::reading::{FallVerdict, Measure, Plain, Quantity};
use fields::fields;
use frame::{BATTERY, FIX, LAT, LON, Message, STEPS, VOICE_BYTES_MAX, cut, written};

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

    fn errand(&mut self, errand: Errand) -> Option<Vec<u8>> {
        let spoken = self.spoken.as_ref()?;
        let content = match errand {
            Errand::ReportEvery { seconds } => format!("UPLOAD,{seconds}"),
            Errand::MeasureHeartRate => "hrtstart,1".to_owned(),
            Errand::Find => "FIND".to_owned(),
        };
        let frame = written(&spoken.manufacturer, &spoken.id, spoken.sequence.as_deref(), &content);
        Some(frame.into_bytes())
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
            // Steps come with every position, and are not said twice.
            if message.values.len() >= 3 {
                measured(2, Quantity::Battery);
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
    speech.alive();
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
    let unexplained = bits & EXPLAINED == 0 || bits & !(EXPLAINED | STATES) != 0;
    // Beside an SOS or a fall there is nothing left to explain, and one call is not to be two.
    if unexplained && bits & (SOS | FALL) == 0 {
        speech.event(Measure::AlarmUnspecified);
    }
}
