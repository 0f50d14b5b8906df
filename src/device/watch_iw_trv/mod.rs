//! 4G watches of the `IW…` (iWown, Wonlex) and `TRV…` protocol, over TCP.
//!
//! ```text
//! IW|TRV  command (4)  body  #         IWAP00353456789012345#   IWAP49,68#   TRVAP03,06000908000102,5555,30#
//! ```
//!
//! ASCII without length and checksum. The answer swaps the first letter of the command for the next one: `IWAP49,68#` is
//! answered `IWBP49#`.
//!
//! | command | body | answer |
//! | --- | --- | --- |
//! | `AP00` | log-in: IMEI, 15 digits (the address at enrolment), perhaps `,iccid,imsi` | `IWBP00,yyyyMMddHHmmss,0#` (UTC), `TRVBP00#` |
//! | `AP01`, `AP10` | position, alarm with position | `BP01`, `BP10` |
//! | `AP02` | cells and Wi-Fi | `BP02` |
//! | `AP03`, `CP01` | signal(3) satellites(3) battery %(3) 0 arm(2) mode(2), `AP03` also `,steps,rolls` | `BP03`, `DP01` |
//! | `AP49` | heart rate, bpm | `BP49` |
//! | `APHT` | heart rate, systolic, diastolic | `BPHT` |
//! | `APHP` | heart rate, systolic, diastolic, oxygen %, blood sugar, temperature °C; each may be empty | `BPHP` |
//! | `AP50` | temperature °C, battery % | `BP50` |
//! | `APFD` | a fall, in newer firmwares; what its body means is described nowhere | `BPFD` |
//! | others | six digits alone: the watch's receipt for an order, never answered | swapped |
//!
//! A position is `yymmdd` A/V `ddmm.mmmm`N/S `dddmm.mmmm`E/W km/h(5) `hhmmss` course(6) signal(3) satellites(3)
//! battery(3) acc(1) arm(2) mode(2), all without separators, then `,mcc,mnc,lac,cid[,alarm][,…Wi-Fi]`. Alarm codes: 00
//! none, 01 SOS, 05 and 06 fall.
//!
//! Source: the vendors' protocol descriptions as gathered by public decoders; golden vectors.
//!
//! Constraints:
//! - Only `AP00` says who speaks, so the decoder of a connection remembers it. Whoever has not logged in is answered
//!   nothing else: its alarm could be nobody's, and it must not believe that it was heard.
//! - While nobody has set the gateway's clock a log-in is answered without a time, so that no watch is set wrong.
//! - Blood sugar comes without a unit and is no reading.
//! - An `AP10` with code 00 names no alarm, and its position may be an old one: only its battery is taken.

mod fields;

mod frame;

use serde_json::{Map, Value};

use super::framing::Framing;
use super::speech::Speech;
use super::{Decode, DecodeError, Decoded, Format, Frame, Transport};
use crate::core::errand::Errand;
use crate::core::reading::{FallVerdict, Measure, Plain, Quantity};
use fields::fields;
use frame::{BYTES_MAX, Message, Position, Taker, cut};

/// The registry's line.
pub const FORMAT: Format = Format {
    name: "watch_iw_trv",
    about: "4G watches with an SOS key of the `IW…` and `TRV…` protocols: iWown, Wonlex and relabels",
    about_zh: "带求助键的 4G 手表,`IW…`、`TRV…` 协议:埃微、Wonlex 及贴牌",
    transport: Transport::Tcp { port: 8_011, framing: Framing::Frames { bytes_max: BYTES_MAX, cut } },
    // judgement: as for the other watches, an unanswered alarm comes again within seconds.
    merge_ms: 15_000,
    steady_ms: 0,
    decoder: || Box::new(Watch::default()),
};

/// Serial number of every order, as the vendor's examples have it; the watch repeats it in its receipt.
const SERIAL: &str = "080835";

/// One connection: who logged in on it.
#[derive(Debug, Default)]
struct Watch {
    imei: Option<String>,
    prefix: &'static str,
}

impl Decode for Watch {
    fn decode(&mut self, frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
        let message = Message::read(frame.bytes)?;
        if message.command == "AP00" {
            let imei = message.imei().ok_or(DecodeError::WrongType)?;
            self.imei = Some(imei.to_owned());
            self.prefix = message.prefix;
        }
        let mut speech = match &self.imei {
            Some(imei) => Speech::of(imei)?,
            None => Speech::of_nobody_named(),
        };
        speak(&message, &mut speech);
        if let Some(answer) = message.answer(frame.utc_s).filter(|_| self.imei.is_some()) {
            speech.reply(answer.as_bytes());
        }
        speech.finish()
    }

    fn fields(&self, frame: &Frame<'_>) -> Map<String, Value> {
        Message::read(frame.bytes).map(|message| fields(&message, frame.utc_s)).unwrap_or_default()
    }

    fn errand(&mut self, errand: Errand) -> Option<Vec<u8>> {
        // The older family has other numbers for its orders, and they are described nowhere.
        let imei = self.imei.as_ref().filter(|_| self.prefix == "IW")?;
        match errand {
            Errand::ReportEvery { seconds } => Some(format!("IWBP15,{imei},{SERIAL},{seconds}#").into_bytes()),
            Errand::MeasureHeartRate => Some(format!("IWBPXL,{imei},{SERIAL}#").into_bytes()),
            Errand::Find => None,
        }
    }
}

fn speak(message: &Message<'_>, speech: &mut Speech) {
    let measured = |speech: &mut Speech, index: usize, quantity: Quantity| match message.value(index) {
        "" => {}
        text => number(speech, quantity.word(), text, quantity),
    };
    match message.command {
        _ if message.is_receipt() => {}
        "AP00" | "AP02" => {}
        "AP01" | "AP10" => position(message, speech),
        "AP03" | "CP01" => {
            match Taker(message.value(0)).status() {
                Some(status) => speech.number(Quantity::Battery, status.battery),
                None => speech.refuse("status", DecodeError::WrongType),
            }
            if message.command == "AP03" {
                measured(speech, 1, Quantity::Steps);
            }
        }
        "AP49" => measured(speech, 0, Quantity::HeartRate),
        "APHT" | "APHP" => {
            measured(speech, 0, Quantity::HeartRate);
            pressure(message, speech);
            measured(speech, 3, Quantity::Spo2);
            measured(speech, 5, Quantity::BodyTemp);
        }
        "AP50" => {
            measured(speech, 0, Quantity::BodyTemp);
            measured(speech, 1, Quantity::Battery);
        }
        "APFD" => speech.event(Measure::AlarmUnspecified),
        _ => speech.refuse("type", DecodeError::Unknown),
    }
    // Whatever it says, it is there.
    speech.alive();
}

fn number(speech: &mut Speech, key: &'static str, text: &str, quantity: Quantity) {
    match text.parse::<f64>() {
        Ok(value) => speech.number(quantity, value),
        Err(_) => speech.refuse(key, DecodeError::WrongType),
    }
}

fn pressure(message: &Message<'_>, speech: &mut Speech) {
    match (message.value(1), message.value(2)) {
        ("", "") => {}
        (sys, dia) => match (sys.parse(), dia.parse()) {
            (Ok(sys), Ok(dia)) => {
                speech.vocabulary("blood_pressure", "blood_pressure", Plain::Pressure { sys, dia, map: None });
            }
            _ => speech.refuse("blood_pressure", DecodeError::WrongType),
        },
    }
}

fn position(message: &Message<'_>, speech: &mut Speech) {
    let is_alarm = message.command == "AP10";
    let Some(position) = Position::read(message) else {
        speech.refuse("position", DecodeError::WrongType);
        if is_alarm {
            speech.event(Measure::AlarmUnspecified);
        }
        return;
    };
    let code = position.alarm().filter(|_| is_alarm);
    if is_alarm {
        match code {
            Some("00") => {}
            Some("01") => speech.event(Measure::Sos(true)),
            Some("05" | "06") => speech.event(Measure::Fall(FallVerdict::Confirmed)),
            Some(_) | None => speech.event(Measure::AlarmUnspecified),
        }
    }
    speech.number(Quantity::Battery, position.status.battery);
    if position.valid && code != Some("00") {
        speech.vocabulary("position", "location", Plain::Position { lat: position.lat, lon: position.lon });
    }
}
