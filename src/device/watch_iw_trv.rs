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

use std::str::from_utf8;

use serde_json::{Map, Value};

use super::framing::{Cut, Framing};
use super::speech::Speech;
use super::stamp;
use super::{Command, Decode, DecodeError, Decoded, Format, Frame, Transport};
use crate::core::reading::{FallVerdict, Measure, Plain, Quantity};

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

/// Longest message. judgement: voice comes in packets of 1 KiB, a list of Wi-Fi stations is shorter.
const BYTES_MAX: usize = 2 * 1024;

/// Serial number of every order, as the vendor's examples have it; the watch repeats it in its receipt.
const SERIAL: &str = "080835";

/// The prefix, when it begins here; `None` when it cannot, `Some(None)` when more must come.
fn prefix(bytes: &[u8]) -> Option<Option<&'static str>> {
    for word in ["IW", "TRV"] {
        let seen = bytes.len().min(word.len());
        if bytes.get(..seen) == word.as_bytes().get(..seen) {
            return Some((seen == word.len()).then_some(word));
        }
    }
    None
}

/// Whether prefix and command begin here; `None` when more must come.
fn begins(bytes: &[u8]) -> Option<bool> {
    let Some(word) = prefix(bytes) else { return Some(false) };
    let rest = bytes.get(word?.len()..).unwrap_or_default();
    let fits = |at: usize, byte: u8| match at {
        0 => matches!(byte, b'A'..=b'D'),
        1 => byte == b'P',
        _ => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
    };
    let command = rest.get(..rest.len().min(4)).unwrap_or_default();
    if !command.iter().enumerate().all(|(at, byte)| fits(at, *byte)) {
        return Some(false);
    }
    (command.len() == 4).then_some(true)
}

/// Finds a message at the beginning of `bytes`. A second beginning before the `#` shows that the first lost its end.
fn cut(bytes: &[u8]) -> Cut {
    match begins(bytes) {
        None => return Cut::More,
        Some(false) => {
            let next = bytes.iter().skip(1).position(|byte| matches!(byte, b'I' | b'T'));
            return Cut::Skip(next.map_or(bytes.len(), |next| next + 1));
        }
        Some(true) => {}
    }
    for (at, byte) in bytes.iter().enumerate().skip(6) {
        match byte {
            b'#' => return Cut::Frame(at + 1),
            b'I' | b'T' if begins(bytes.get(at..).unwrap_or_default()) == Some(true) => {
                return Cut::Broken(DecodeError::Length);
            }
            _ => {}
        }
    }
    Cut::More
}

/// A message taken apart.
struct Message<'a> {
    prefix: &'static str,
    command: &'a str,
    body: &'a [u8],
}

impl<'a> Message<'a> {
    /// A message with or without its `#`.
    fn read(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        if bytes.len() > BYTES_MAX {
            return Err(DecodeError::TooLong);
        }
        let bytes = bytes.trim_ascii();
        let bytes = bytes.strip_suffix(b"#").unwrap_or(bytes);
        let Some(Some(prefix)) = prefix(bytes) else { return Err(DecodeError::NotMine) };
        match begins(bytes) {
            Some(true) => {}
            Some(false) => return Err(DecodeError::NotMine),
            None => return Err(DecodeError::Length),
        }
        let (command, body) = bytes.get(prefix.len()..).and_then(|rest| rest.split_at_checked(4)).unwrap_or_default();
        Ok(Self { prefix, command: from_utf8(command).map_err(|_| DecodeError::NotUtf8)?, body })
    }

    /// The values between commas, without the comma that stands before the first.
    fn values(&self) -> impl Iterator<Item = &'a str> {
        let body = self.body.strip_prefix(b",").unwrap_or(self.body);
        body.split(|byte| *byte == b',').map(|value| from_utf8(value).unwrap_or_default().trim())
    }

    fn value(&self, index: usize) -> &'a str {
        self.values().nth(index).unwrap_or_default()
    }

    fn imei(&self) -> Option<&'a str> {
        let imei = self.value(0);
        (imei.len() == 15 && imei.bytes().all(|byte| byte.is_ascii_digit())).then_some(imei)
    }

    /// Whether it is the receipt for an order: a tail of six digits and nothing else.
    fn is_receipt(&self) -> bool {
        let tail = self.body.strip_prefix(b",").unwrap_or(self.body);
        tail.len() == 6 && tail.iter().all(u8::is_ascii_digit)
    }

    fn answer(&self, utc_s: Option<i64>) -> Option<String> {
        if self.is_receipt() {
            return None;
        }
        let mut command = self.command.chars();
        let first = match command.next()? {
            'A' => 'B',
            'C' => 'D',
            _ => return None,
        };
        let (prefix, rest) = (self.prefix, command.as_str());
        let time = utc_s.filter(|_| self.command == "AP00" && prefix == "IW").and_then(stamp::to_digits);
        Some(match time {
            Some(time) => format!("{prefix}{first}{rest},{time},0#"),
            None => format!("{prefix}{first}{rest}#"),
        })
    }
}

/// The first part of a position, and the values behind it.
struct Position<'a> {
    date: &'a str,
    valid: bool,
    lat: f64,
    lon: f64,
    speed: f64,
    time: &'a str,
    course: f64,
    status: Status,
    /// mcc, mnc, lac, cid, alarm.
    rest: Vec<&'a str>,
}

/// Signal, satellites, battery.
#[derive(Clone, Copy)]
struct Status {
    signal: f64,
    satellites: f64,
    battery: f64,
}

/// Takes fixed widths from the front of a text.
struct Taker<'a>(&'a str);

impl<'a> Taker<'a> {
    fn take(&mut self, width: usize) -> Option<&'a str> {
        let (part, rest) = self.0.split_at_checked(width)?;
        self.0 = rest;
        Some(part)
    }

    fn number(&mut self, width: usize) -> Option<f64> {
        self.take(width)?.trim().parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// `ddmm.mmmm` up to one of two letters; the second makes it negative.
    fn degrees(&mut self, degree_digits: usize, letters: [char; 2]) -> Option<f64> {
        let end = self.0.find(letters)?;
        let degrees: f64 = self.take(degree_digits)?.parse().ok()?;
        let minutes: f64 = self.take(end.checked_sub(degree_digits)?)?.parse().ok()?;
        let value = degrees + minutes / 60.0;
        let negative = self.take(1)?.starts_with(letters[1]);
        value.is_finite().then_some(if negative { -value } else { value })
    }

    fn status(&mut self) -> Option<Status> {
        Some(Status { signal: self.number(3)?, satellites: self.number(3)?, battery: self.number(3)? })
    }
}

impl<'a> Position<'a> {
    fn read(message: &Message<'a>) -> Option<Self> {
        let mut values = message.values();
        let mut fixed = Taker(values.next()?);
        Some(Self {
            date: fixed.take(6)?,
            valid: fixed.take(1)? == "A",
            lat: fixed.degrees(2, ['N', 'S'])?,
            lon: fixed.degrees(3, ['E', 'W'])?,
            speed: fixed.number(5)?,
            time: fixed.take(6)?,
            course: fixed.number(6)?,
            status: fixed.status()?,
            rest: values.take(5).collect(),
        })
    }

    /// Two digits right behind the cell.
    fn alarm(&self) -> Option<&'a str> {
        self.rest.get(4).copied().filter(|code| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_digit()))
    }
}

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

    fn command(&mut self, command: Command) -> Option<Vec<u8>> {
        // The older family has other numbers for its orders, and they are described nowhere.
        let imei = self.imei.as_ref().filter(|_| self.prefix == "IW")?;
        match command {
            Command::ReportEvery { seconds } => Some(format!("IWBP15,{imei},{SERIAL},{seconds}#").into_bytes()),
            Command::MeasureHeartRate => Some(format!("IWBPXL,{imei},{SERIAL}#").into_bytes()),
            Command::Find => None,
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
    speech.level(Measure::Availability { online: true, bridge: false });
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

fn fields(message: &Message<'_>, utc_s: Option<i64>) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut put = |key: &str, value: Value| {
        fields.insert(key.to_owned(), value);
    };
    put("type", message.command.into());
    let answer = message.answer(utc_s);
    if let Some(answer) = &answer {
        let end = (message.prefix.len() + 4).min(answer.len());
        put("reply_prefix", answer.get(..end).unwrap_or_default().into());
    }
    put("reply", answer.into());
    if message.is_receipt() {
        put("acknowledges", message.value(0).into());
        return fields;
    }
    let mut number = |key: &str, index: usize| {
        if let Ok(value) = message.value(index).parse::<f64>() {
            put(key, value.into());
        }
    };
    match message.command {
        "AP00" => put("imei", message.imei().into()),
        "AP49" => number("heart_rate_bpm", 0),
        "APHT" | "APHP" => {
            let keys =
                ["heart_rate_bpm", "systolic_mmhg", "diastolic_mmhg", "spo2_pct", "blood_sugar_raw", "temperature_c"];
            for (index, key) in keys.into_iter().enumerate() {
                number(key, index);
            }
        }
        "AP50" => {
            number("temperature_c", 0);
            number("battery_pct", 1);
        }
        "AP03" | "CP01" => {
            if message.command == "AP03" {
                number("steps", 1);
                number("rolls", 2);
            }
            if let Some(status) = Taker(message.value(0)).status() {
                put_status(&mut fields, status);
            }
        }
        "AP01" | "AP10" => position_fields(message, &mut fields),
        _ => {}
    }
    fields
}

fn put_status(fields: &mut Map<String, Value>, status: Status) {
    fields.insert("gsm_signal".to_owned(), status.signal.into());
    fields.insert("satellites".to_owned(), status.satellites.into());
    fields.insert("battery_pct".to_owned(), status.battery.into());
}

fn position_fields(message: &Message<'_>, fields: &mut Map<String, Value>) {
    let Some(position) = Position::read(message) else { return };
    put_status(fields, position.status);
    let mut put = |key: &str, value: Value| fields.insert(key.to_owned(), value);
    if let Some(stamp) = stamp::of_digits(&format!("{}{}", position.date, position.time)) {
        let (date, time) = stamp.split_once('T').unwrap_or_default();
        put("date", date.into());
        put("time_utc", time.into());
        put("datetime_utc", format!("{stamp}Z").into());
    }
    put("fix_valid", position.valid.into());
    put("lat", position.lat.into());
    put("lon", position.lon.into());
    put("speed_kmh", position.speed.into());
    put("course_deg", position.course.into());
    for (key, text) in ["mcc", "mnc", "lac", "cid"].into_iter().zip(&position.rest) {
        if let Ok(number) = text.parse::<u64>() {
            put(key, number.into());
        }
    }
    if let Some(code) = position.alarm().filter(|_| message.command == "AP10") {
        put("alarm_code", code.into());
        let alarm = match code {
            "00" => Value::Null,
            "01" => "sos".into(),
            "05" | "06" => "fall".into(),
            _ => "unspecified".into(),
        };
        put("alarm", alarm);
    }
}
