//! JT/T 808: locators, badges and walking sticks of the Chinese transport standard, over TCP: binary, big-endian.
//!
//! ```text
//! 7E  header  body  check  7E        inside: 7D 01 = 7D, 7D 02 = 7E; check = XOR of header and body
//! header: id(2)  attributes(2)  [version(1)]  terminal number BCD(6 or 10)  serial(2)  [parts(2) part(2)]
//! attributes: bits 0–9 body length, 10–12 encryption, 13 split, 14 the 2019 form (version, ten bytes of number)
//! ```
//!
//! | id | meaning | answer |
//! | --- | --- | --- |
//! | 0100 | register | 8100: serial(2), result 0, code |
//! | 0102, 0002, 0003 | authenticate, heartbeat, log-out | 8001: serial(2), id(2), result 0 |
//! | 0004 | asks for the time | 8004: UTC, BCD(6) |
//! | 0200 | location | 8001 |
//! | 0704 | stored locations: count(2), kind(1), {length(2), body of a 0200} | 8001 |
//! | 0001, 0104, 0107, 0201, … | answers of the terminal | none |
//! | others | | 8001 |
//!
//! Body of a 0200: alarm u32, status u32, lat u32/1e6, lon u32/1e6, altitude m u16, speed u16/10 km/h, course u16, time
//! BCD(6) in Beijing time, then items: id, length, data. Alarm bits: 0 SOS, 7 low battery, 8 supply cut, 15 vibration
//! (vendors), 28 movement. Status: 1 fix valid, 2 south, 3 west. Items: 01 odometer, 30 signal, 31 satellites; E4
//! (vendors) charge state and battery %; others are passed over by their length.
//!
//! The terminal number, as its digits stand in the header, is the address at enrolment.
//!
//! Source: JT/T 808-2011, -2013 and -2019 as gathered by public decoders; golden vectors.
//!
//! Constraints:
//! - What differs from vendor to vendor (item E4, vibration, movement) is printed and is no reading.
//! - The SOS bit stands until its message is answered, so every message that carries it is a press or a repeat of one.
//! - Encrypted and split messages are answered and not looked into.
//! - Some firmwares forget to escape a delimiter in the body: see [`cut`].
//! - A piece between two delimiters that is too short for a message is none: it is handed on without the second, which
//!   may be the beginning of the next.

use serde_json::{Map, Value, json};

use super::framing::{Cut, Framing};
use super::harness::hex;
use super::speech::Speech;
use super::stamp;
use super::{Command, Decode, DecodeError, Decoded, Format, Frame, Transport};
use crate::core::reading::{Measure, Plain};

/// The registry's line.
pub const FORMAT: Format = Format {
    name: "jt808",
    about: "4G badges, walking-stick and pendant locators with an SOS key of the standard JT/T 808",
    about_zh: "JT/T 808 标准的 4G 胸牌、拐杖、吊坠定位器,带求助键",
    transport: Transport::Tcp { port: 6_808, framing: Framing::Frames { bytes_max: BYTES_MAX, cut } },
    // judgement: an unanswered message comes again after 5 to 20 s (the standard's parameter 0002 and its usual value).
    merge_ms: 15_000,
    steady_ms: 0,
    decoder: || Box::new(Terminal::default()),
};

/// Longest frame. Source: a body of 1,023 bytes and the longest header, every byte of them escaped, and both delimiters.
const BYTES_MAX: usize = 2 * (1_023 + 21 + 1) + 2;

/// Header of the older form, and the check.
const SHORTEST: usize = 13;

const DELIMITER: u8 = 0x7e;

/// Finds a message at the beginning of `bytes`: up to the first delimiter where the check fits.
///
/// Where it does not fit, and the header announces more, the delimiter may be a byte of the body that was not escaped;
/// not if another one follows at once, because then a message has ended and the next begins.
fn cut(bytes: &[u8]) -> Cut {
    if bytes.first() != Some(&DELIMITER) {
        return Cut::Skip(bytes.iter().position(|byte| *byte == DELIMITER).unwrap_or(bytes.len()));
    }
    // One pass, whatever stands there: escapes are undone, counted and summed up on the way.
    let (mut length, mut sum, mut attributes, mut escape) = (0_usize, 0_u8, [0_u8; 2], false);
    for (at, byte) in bytes.iter().enumerate().skip(1) {
        if *byte == DELIMITER && !escape {
            match (length, bytes.get(at + 1)) {
                // The end of one and the beginning of the next.
                (0, _) => return Cut::Skip(1),
                (..SHORTEST, _) => return Cut::Frame(at),
                _ if sum == 0 => return Cut::Frame(at + 1),
                _ if length >= announced(attributes) => return Cut::Broken(DecodeError::Checksum),
                (_, None) => return Cut::More,
                (_, Some(&DELIMITER)) => return Cut::Broken(DecodeError::Checksum),
                (_, Some(_)) => {}
            }
        }
        let byte = match (escape, *byte) {
            (false, 0x7d) => {
                escape = true;
                continue;
            }
            (true, 0x01) => 0x7d,
            (true, 0x02) => 0x7e,
            (true, _) => return Cut::Broken(DecodeError::NotMine),
            (false, byte) => byte,
        };
        escape = false;
        if let Some(attribute) = length.checked_sub(2).and_then(|index| attributes.get_mut(index)) {
            *attribute = byte;
        }
        length += 1;
        sum ^= byte;
    }
    Cut::More
}

/// Bytes of a whole message as its own header has it.
fn announced(attributes: [u8; 2]) -> usize {
    let attributes = u16::from_be_bytes(attributes);
    let header = if attributes >> 14 & 1 == 1 { 17 } else { 12 };
    let parts = if attributes >> 13 & 1 == 1 { 4 } else { 0 };
    header + parts + usize::from(attributes & 0x03ff) + 1
}

/// What stands between the delimiters, as it was before escaping; `None` after an escape that does not exist.
fn unescaped(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut bytes = bytes.iter();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            0x7d => match bytes.next()? {
                0x01 => 0x7d,
                0x02 => 0x7e,
                _ => return None,
            },
            other => *other,
        });
    }
    Some(out)
}

fn escaped(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![DELIMITER];
    for byte in bytes {
        match byte {
            0x7d => out.extend([0x7d, 0x01]),
            0x7e => out.extend([0x7d, 0x02]),
            other => out.push(*other),
        }
    }
    out.push(DELIMITER);
    out
}

/// XOR of everything; zero over a message with its check.
fn check(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum ^ byte)
}

/// A message without its delimiters.
fn inside(frame: &[u8]) -> Result<Vec<u8>, DecodeError> {
    if frame.len() > BYTES_MAX {
        return Err(DecodeError::TooLong);
    }
    let bytes = frame.strip_prefix(&[DELIMITER]).ok_or(DecodeError::NotMine)?;
    unescaped(bytes.strip_suffix(&[DELIMITER]).unwrap_or(bytes)).ok_or(DecodeError::NotMine)
}

/// Who speaks, and in which form of the standard.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Identity {
    /// Six bytes, ten in the form of 2019.
    number: Vec<u8>,
    /// The form of 2019 with its version.
    version: Option<u8>,
}

impl Identity {
    fn address(&self) -> String {
        hex(&self.number)
    }
}

/// A message taken apart.
struct Message {
    id: u16,
    attributes: u16,
    identity: Identity,
    serial: u16,
    body: Vec<u8>,
}

impl Message {
    /// Takes a message apart, its check included.
    fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
        if check(bytes) != 0 {
            return Err(DecodeError::Checksum);
        }
        let mut rest = Taker(bytes.split_last().map(|(_, rest)| rest).unwrap_or_default());
        Self::take(&mut rest).ok_or(DecodeError::Length)
    }

    fn take(rest: &mut Taker<'_>) -> Option<Self> {
        let (id, attributes) = (rest.u16()?, rest.u16()?);
        let (version, digits) = if attributes >> 14 & 1 == 1 { (Some(rest.u8()?), 10) } else { (None, 6) };
        let identity = Identity { number: rest.bytes(digits)?.to_vec(), version };
        let serial = rest.u16()?;
        if attributes >> 13 & 1 == 1 {
            rest.bytes(4)?;
        }
        Some(Self { id, attributes, identity, serial, body: rest.0.to_vec() })
    }

    const fn is_encrypted(&self) -> bool {
        self.attributes >> 10 & 0b111 != 0
    }

    const fn is_split(&self) -> bool {
        self.attributes >> 13 & 1 == 1
    }

    /// Whether its body may be looked into.
    const fn is_plain(&self) -> bool {
        !self.is_encrypted() && !self.is_split()
    }

    /// The bodies of all locations in it.
    fn locations(&self) -> Vec<&[u8]> {
        match self.id {
            LOCATION => vec![&self.body],
            STORED => {
                let mut rest = Taker(self.body.get(3..).unwrap_or_default());
                std::iter::from_fn(|| rest.u16().and_then(|length| rest.bytes(usize::from(length)))).collect()
            }
            _ => Vec::new(),
        }
    }
}

const HEARTBEAT: u16 = 0x0002;
const LOG_OUT: u16 = 0x0003;
const ASKS_TIME: u16 = 0x0004;
const REGISTER: u16 = 0x0100;
const AUTHENTICATE: u16 = 0x0102;
const LOCATION: u16 = 0x0200;
const STORED: u16 = 0x0704;

/// What the terminal itself sends as an answer; to answer those would never end.
const ANSWERS: [u16; 10] = [0x0001, 0x0104, 0x0106, 0x0107, 0x0201, 0x0302, 0x0500, 0x0700, 0x0802, 0x0805];

/// Takes big-endian numbers from the front.
struct Taker<'a>(&'a [u8]);

impl<'a> Taker<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (part, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(part)
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }

    fn u8(&mut self) -> Option<u8> {
        self.take().map(u8::from_be_bytes)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_be_bytes)
    }
}

/// A location.
struct Location<'a> {
    alarm: u32,
    status: u32,
    lat: f64,
    lon: f64,
    altitude: u16,
    speed: f64,
    course: u16,
    time: &'a [u8],
    items: &'a [u8],
}

impl<'a> Location<'a> {
    fn read(body: &'a [u8]) -> Option<Self> {
        let mut rest = Taker(body);
        let (alarm, status) = (rest.u32()?, rest.u32()?);
        let degrees = |value: u32, negative: u32| {
            let degrees = f64::from(value) / 1e6;
            if status >> negative & 1 == 1 { -degrees } else { degrees }
        };
        Some(Self {
            alarm,
            status,
            lat: degrees(rest.u32()?, 2),
            lon: degrees(rest.u32()?, 3),
            altitude: rest.u16()?,
            speed: f64::from(rest.u16()?) / 10.0,
            course: rest.u16()?,
            time: rest.bytes(6)?,
            items: rest.0,
        })
    }

    const fn is_valid(&self) -> bool {
        self.status >> 1 & 1 == 1
    }

    /// Items with their data, as far as they can be told apart.
    fn items(&self) -> impl Iterator<Item = (u8, &'a [u8])> {
        let mut rest = Taker(self.items);
        std::iter::from_fn(move || {
            let (id, length) = (rest.u8()?, rest.u8()?);
            Some((id, rest.bytes(usize::from(length))?))
        })
    }
}

const SOS: u32 = 1;
const LOW_BATTERY: u32 = 1 << 7;

/// One connection: who speaks, and the number of our newest message.
#[derive(Debug, Default)]
struct Terminal {
    identity: Option<Identity>,
    sent: u16,
}

impl Decode for Terminal {
    fn decode(&mut self, frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
        let bytes = inside(frame.bytes)?;
        if bytes.len() < SHORTEST {
            return Ok(Decoded { refused_keys: vec![("header", DecodeError::Length)], ..Decoded::default() });
        }
        let message = Message::read(&bytes)?;
        let mut speech = Speech::of(&message.identity.address())?;
        if message.is_encrypted() {
            speech.refuse("body", DecodeError::NoKey);
        } else if message.is_split() {
            speech.refuse("body", DecodeError::TooLong);
        } else {
            for body in message.locations() {
                match Location::read(body) {
                    Some(location) => speak(&location, &mut speech),
                    None => alarm_at_least(body, &mut speech),
                }
            }
        }
        let online = message.id != LOG_OUT;
        speech.level(Measure::Availability { online, bridge: false });
        if let Some((id, body)) = answer(&message, frame.utc_s) {
            speech.reply(&self.written(&message.identity, id, &body));
        }
        self.identity = Some(message.identity);
        speech.finish()
    }

    fn fields(&self, frame: &Frame<'_>) -> Map<String, Value> {
        let Ok(bytes) = inside(frame.bytes) else { return Map::new() };
        let mut fields = Map::new();
        fields.insert("unescaped_hex".to_owned(), format!("7e{}7e", hex(&bytes)).into());
        if let Ok(message) = Message::read(&bytes) {
            message_fields(&message, frame.utc_s, &mut fields);
        }
        fields
    }

    fn command(&mut self, command: Command) -> Option<Vec<u8>> {
        let identity = self.identity.clone()?;
        match command {
            // 8103 sets parameters: one of them, 0029, the seconds between two reports, in four bytes.
            Command::ReportEvery { seconds } => {
                let mut body = vec![1, 0, 0, 0, 0x29, 4];
                body.extend(seconds.to_be_bytes());
                Some(self.written(&identity, 0x8103, &body))
            }
            Command::MeasureHeartRate | Command::Find => None,
        }
    }
}

impl Terminal {
    /// A message of ours, in the form in which the terminal speaks.
    fn written(&mut self, to: &Identity, id: u16, body: &[u8]) -> Vec<u8> {
        let form = if to.version.is_some() { 1 << 14 } else { 0 };
        let attributes = u16::try_from(body.len()).unwrap_or(0) & 0x03ff | form;
        let mut message = Vec::with_capacity(32);
        message.extend(id.to_be_bytes());
        message.extend(attributes.to_be_bytes());
        message.extend(to.version);
        message.extend(&to.number);
        message.extend(self.sent.to_be_bytes());
        message.extend(body);
        message.push(check(&message));
        self.sent = self.sent.wrapping_add(1);
        escaped(&message)
    }
}

fn speak(location: &Location<'_>, speech: &mut Speech) {
    alarm(location.alarm, speech);
    if location.is_valid() {
        speech.vocabulary("position", "location", Plain::Position { lat: location.lat, lon: location.lon });
    }
}

fn alarm(bits: u32, speech: &mut Speech) {
    if bits & SOS != 0 {
        speech.event(Measure::Sos(true));
    }
    if bits & LOW_BATTERY != 0 {
        speech.level(Measure::BatteryLow(true));
    }
}

/// A location that ends too early still begins with its alarm.
fn alarm_at_least(body: &[u8], speech: &mut Speech) {
    if let Some(bits) = Taker(body).u32() {
        alarm(bits, speech);
    }
    speech.refuse("location", DecodeError::Length);
}

/// Id and body of what the terminal waits to hear.
fn answer(message: &Message, utc_s: Option<i64>) -> Option<(u16, Vec<u8>)> {
    if ANSWERS.contains(&message.id) {
        return None;
    }
    let mut body = message.serial.to_be_bytes().to_vec();
    if message.id == REGISTER && message.is_plain() {
        body.push(0);
        // The code of authentication is no secret here: an address is a claim, and enrolment decides.
        body.extend(message.identity.address().bytes());
        return Some((0x8100, body));
    }
    let digits = utc_s.filter(|_| message.id == ASKS_TIME && message.is_plain()).and_then(stamp::to_digits);
    if let Some(digits) = digits.as_deref().and_then(|digits| digits.get(2..)) {
        return Some((0x8004, bcd(digits)));
    }
    // 3: not supported. A terminal that asks for a time which nobody knows keeps its own.
    let result = if message.id == ASKS_TIME { 3 } else { 0 };
    body.extend(message.id.to_be_bytes());
    body.push(result);
    Some((0x8001, body))
}

fn bcd(digits: &str) -> Vec<u8> {
    digits.as_bytes().chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | (digit & 0x0f))).collect()
}

fn message_fields(message: &Message, utc_s: Option<i64>, fields: &mut Map<String, Value>) {
    let mut put = |key: &str, value: Value| fields.insert(key.to_owned(), value);
    put("message_id", format!("0x{:04x}", message.id).into());
    put("body_length", (message.attributes & 0x03ff).into());
    put("checksum_ok", true.into());
    put("version_2019", message.identity.version.is_some().into());
    put("encrypted", message.is_encrypted().into());
    put("multipart", message.is_split().into());
    put("terminal_id", message.identity.address().into());
    put("serial", message.serial.into());
    let kind = match message.id {
        HEARTBEAT => Some("heartbeat"),
        REGISTER => Some("register"),
        AUTHENTICATE => Some("authenticate"),
        LOG_OUT => Some("log_out"),
        STORED => Some("batch"),
        _ => None,
    };
    if let Some(kind) = kind {
        put("kind", kind.into());
    }
    if let Some((id, body)) = answer(message, utc_s) {
        put("reply_message_id", format!("0x{id:04x}").into());
        put("reply_body_hex", hex(&body).into());
    }
    if !message.is_plain() {
        return;
    }
    let locations: Vec<Map<String, Value>> =
        message.locations().into_iter().filter_map(Location::read).map(|location| location_fields(&location)).collect();
    if message.id == STORED {
        put("count", locations.len().into());
        put("locations", locations.into_iter().map(Value::Object).collect());
    } else {
        fields.extend(locations.into_iter().flatten());
    }
}

fn location_fields(location: &Location<'_>) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut put = |key: &str, value: Value| fields.insert(key.to_owned(), value);
    let alarms: Vec<&str> = [(0, "sos"), (7, "low_battery"), (8, "power_off"), (15, "vibration"), (28, "movement")]
        .into_iter()
        .filter(|(bit, _)| location.alarm >> bit & 1 == 1)
        .map(|(_, word)| word)
        .collect();
    put("alarm_flags", format!("0x{:08x}", location.alarm).into());
    put("status_flags", format!("0x{:08x}", location.status).into());
    put("alarms", json!(alarms));
    put("fix_valid", location.is_valid().into());
    put("lat", location.lat.into());
    put("lon", location.lon.into());
    put("altitude_m", location.altitude.into());
    put("speed_kmh", location.speed.into());
    put("course_deg", location.course.into());
    if let Some(time) = stamp::of_digits(&hex(location.time)) {
        put("time_gmt8", format!("{time}+08:00").into());
    }
    let mut items = Map::new();
    for (id, data) in location.items() {
        items.insert(format!("0x{id:02x}"), hex(data).into());
        match (id, data) {
            (0x30, [signal]) => put("gsm_signal", (*signal).into()),
            (0x31, [satellites]) => put("satellites", (*satellites).into()),
            (0xe4, [_, percent]) => put("battery_pct_item_e4", (*percent).into()),
            _ => None,
        };
    }
    put("extra_items", Value::Object(items));
    fields
}
