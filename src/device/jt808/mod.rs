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
//! - Of a message in parts the first is read like a whole one: the alarm stands in its first four bytes. The others, and what
//!   is encrypted, are answered with "not supported" and never with "done", and what is encrypted is no sign of life: a device
//!   whose calls cannot be read is not watched over.
//! - Some firmwares forget to escape a delimiter in the body: see [`cut`].
//! - A piece between two delimiters that is too short for a message is none: it is handed on without the second, which
//!   may be the beginning of the next.

mod fields;

mod frame;

use serde_json::{Map, Value};

use super::framing::Framing;
use super::hex;
use super::speech::Speech;
use super::{Decode, DecodeError, Decoded, Format, Frame, Transport};
use crate::core::errand::Errand;
use crate::core::reading::{Measure, Plain};
use fields::message_fields;
use frame::{BYTES_MAX, Identity, LOG_OUT, Location, Message, SHORTEST, Taker, answer, check, cut, escaped, inside};

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
        } else if message.is_readable() {
            for body in message.locations() {
                match Location::read(body) {
                    Some(location) => speak(&location, &mut speech),
                    None => alarm_at_least(body, &mut speech),
                }
            }
        } else {
            speech.refuse("body", DecodeError::TooLong);
        }
        match message.id {
            LOG_OUT => speech.level(Measure::Availability { online: false, bridge: false }),
            _ if message.is_encrypted() => {}
            _ => speech.alive(),
        }
        if let Some((id, body)) = answer(&message, frame.utc_s) {
            speech.reply(&self.written(&message.identity, id, &body));
        }
        self.identity = Some(message.identity);
        speech.finish()
    }

    fn fields(&self, frame: &Frame<'_>) -> Map<String, Value> {
        let Ok(bytes) = inside(frame.bytes) else { return Map::new() };
        let mut fields = Map::new();
        fields.insert("unescaped_hex".to_owned(), format!("7e{}7e", hex::write(&bytes)).into());
        if let Ok(message) = Message::read(&bytes) {
            message_fields(&message, frame.utc_s, &mut fields);
        }
        fields
    }

    fn errand(&mut self, errand: Errand) -> Option<Vec<u8>> {
        let identity = self.identity.clone()?;
        match errand {
            // 8103 sets parameters: one of them, 0029, the seconds between two reports, in four bytes.
            Errand::ReportEvery { seconds } => {
                let mut body = vec![1, 0, 0, 0, 0x29, 4];
                body.extend(seconds.to_be_bytes());
                Some(self.written(&identity, 0x8103, &body))
            }
            Errand::MeasureHeartRate | Errand::Find => None,
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
