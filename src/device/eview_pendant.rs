//! 4G help pendants of Eview (EV-07B, EV-04) and their relabels, over TCP: binary, little-endian.
//!
//! ```text
//! AB  flags  length(2)  CRC(2)  index(2)  body: command  {len key data(len-1)}…
//! ```
//!
//! Flags bit 4: an acknowledgement is wanted. CRC-16/XMODEM over the `length` bytes of the body. Commands: 01 data, 02
//! configuration, 03 services, 04 system control, 7F response. Acknowledgement: flags 00, the same index, body `7F 01 00`.
//!
//! | key | data |
//! | --- | --- |
//! | 01 | IMEI, 15 ASCII digits: the address at enrolment |
//! | 02 | alarm bits u32, time u32: 0 low battery, 2 fall, 4–7 fences, 8 power off, 9 power on, 10 movement, 11 no movement, 12 SOS, 13 and 14 side buttons |
//! | 14 | battery % u8, mV u16 |
//! | 20 | lat i32/1e7, lon i32/1e7, km/h u16, course u16, altitude m i16, hdop u16/10 (0: no fix), odometer u32, satellites u8 |
//! | 24 | time u32, status u32: bit 4 charging, bit 9 moving, bits 19–23 signal, bits 24–31 battery % |
//! | 30 | time u32, steps u32 |
//! | 40, 41 | time u32, heart rate bpm or oxygen % u8 (0 and 1: none) |
//! | 21, 29, 2B; 19, 22 | cells; Wi-Fi |
//! | 23, 26, 27, 28, 2A, 2C | places: Bluetooth beacon, Wi-Fi |
//!
//! In a services message record 12 asks for the time (answered with four bytes of seconds since 1970), 11 for an address.
//!
//! Source: the vendor's protocol description as gathered by public decoders; golden vectors.
//!
//! Constraints:
//! - One packet may carry several records of a key: what was stored while the pendant had no network. All is said; a help
//!   call that comes late is still one.
//! - TCP does not damage bytes, so a body that is whole in itself (records that fill it exactly, the first an IMEI) is
//!   taken although its CRC does not fit, and that is counted: a firmware that errs there must not cost a help call.
//! - While nobody has set the gateway's clock a question for the time is acknowledged and not answered.
//! - Side buttons dial by themselves; they are no help call of the house.

use std::fmt::Write as _;
use std::str::from_utf8;

use serde_json::{Map, Value, json};

use super::framing::{Cut, Framing};
use super::harness::hex;
use super::speech::Speech;
use super::stamp;
use super::{Decode, DecodeError, Decoded, Format, Frame, Transport};
use crate::core::reading::{DeviceInactivity, FallVerdict, Measure, Plain, Quantity};

/// The registry's line.
pub const FORMAT: Format = Format {
    name: "eview_pendant",
    about: "4G help pendants with fall detection: Eview EV-07B, EV-04 and relabels",
    about_zh: "带跌倒检测的 4G 求助吊坠:Eview EV-07B、EV-04 及贴牌",
    transport: Transport::Tcp { port: 5_050, framing: Framing::Frames { bytes_max: BYTES_MAX, cut } },
    // judgement: an unacknowledged packet comes again within seconds.
    merge_ms: 15_000,
    steady_ms: 0,
    decoder: || Box::new(Pendant::default()),
};

/// Bytes before the body.
const HEAD: usize = 8;

/// Longest packet. judgement: the vendor's modem sends 1 KiB at most; four times that.
const BYTES_MAX: usize = 4 * 1024;

const WANTS_ACK: u8 = 0x10;

const DATA: u8 = 0x01;
const SERVICES: u8 = 0x03;
const RESPONSE: u8 = 0x7f;

/// A packet whose length fits.
struct Packet<'a> {
    flags: u8,
    crc: u16,
    index: u16,
    command: u8,
    body: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Takes a whole packet apart.
    fn read(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let (head, body) = bytes.split_at_checked(HEAD).ok_or(DecodeError::Length)?;
        let [0xab, flags, length @ ..] = head else { return Err(DecodeError::NotMine) };
        let [l0, l1, c0, c1, i0, i1] = *length else { return Err(DecodeError::Length) };
        let command = *body.first().ok_or(DecodeError::Length)?;
        if usize::from(u16::from_le_bytes([l0, l1])) != body.len() {
            return Err(DecodeError::Length);
        }
        let (crc, index) = (u16::from_le_bytes([c0, c1]), u16::from_le_bytes([i0, i1]));
        let packet = Self { flags: *flags, crc, index, command, body };
        if packet.crc_fits() || packet.is_whole() { Ok(packet) } else { Err(DecodeError::Checksum) }
    }

    fn crc_fits(&self) -> bool {
        crc16(self.body) == self.crc
    }

    /// Whether the body is whole in itself: an IMEI first, times that were, and records that fill it to the last byte.
    fn is_whole(&self) -> bool {
        let filled: usize = self.records().map(|(_, data)| data.len() + 2).sum();
        let first_is_imei = self.records().next().is_some_and(|(key, data)| key == 0x01 && imei(data).is_some());
        let times_were = self.records().filter_map(|(key, data)| time(key, data)).all(|time| time >= BUILT);
        self.command == DATA && first_is_imei && times_were && filled + 1 == self.body.len()
    }

    /// Keys with their data, as far as they can be told apart.
    fn records(&self) -> impl Iterator<Item = (u8, &'a [u8])> {
        let mut rest = self.body.get(1..).unwrap_or_default();
        std::iter::from_fn(move || {
            let (length, behind) = rest.split_first()?;
            let (record, next) = behind.split_at_checked(usize::from(*length))?;
            rest = next;
            let (key, data) = record.split_first()?;
            Some((*key, data))
        })
    }
}

/// No such pendant was built before 2014: where an earlier time stands, the next packet has begun.
const BUILT: u32 = 1_388_534_400;

/// The time in a record that has one.
fn time(key: u8, data: &[u8]) -> Option<u32> {
    let at = match key {
        0x02 => 4,
        0x24 | 0x30 | 0x40 | 0x41 => 0,
        _ => return None,
    };
    Taker(data.get(at..)?).u32()
}

/// CRC-16/XMODEM.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 })
    })
}

fn imei(data: &[u8]) -> Option<&str> {
    let text = from_utf8(data).ok()?;
    (text.len() == 15 && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}

/// Finds a packet at the beginning of `bytes`.
fn cut(bytes: &[u8]) -> Cut {
    if bytes.first() != Some(&0xab) {
        return Cut::Skip(bytes.iter().position(|byte| *byte == 0xab).unwrap_or(bytes.len()));
    }
    let Some([l0, l1]) = bytes.get(2..4) else { return Cut::More };
    let end = HEAD + usize::from(u16::from_le_bytes([*l0, *l1]));
    if end == HEAD || end > BYTES_MAX {
        return Cut::Broken(DecodeError::Length);
    }
    match bytes.get(..end).map(Packet::read) {
        None => Cut::More,
        Some(Ok(_)) => Cut::Frame(end),
        Some(Err(why)) => Cut::Broken(why),
    }
}

/// Takes little-endian numbers from the front of a record.
struct Taker<'a>(&'a [u8]);

impl Taker<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (part, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*part)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take().map(u8::from_le_bytes)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn degrees(&mut self) -> Option<f64> {
        Some(f64::from(self.take().map(i32::from_le_bytes)?) / 1e7)
    }
}

/// Key 20.
struct Fix {
    lat: f64,
    lon: f64,
    speed: u16,
    hdop: f64,
}

impl Fix {
    fn read(data: &[u8]) -> Option<Self> {
        let mut data = Taker(data);
        let (lat, lon, speed) = (data.degrees()?, data.degrees()?, data.u16()?);
        let (_course, _altitude) = (data.u16()?, data.u16()?);
        Some(Self { lat, lon, speed, hdop: f64::from(data.u16()?) / 10.0 })
    }

    fn is_valid(&self) -> bool {
        self.hdop > 0.0
    }
}

/// One connection: whose it is.
#[derive(Debug, Default)]
struct Pendant {
    imei: Option<String>,
}

impl Decode for Pendant {
    fn decode(&mut self, frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
        let packet = Packet::read(frame.bytes)?;
        let named = packet.records().find(|(key, _)| packet.command == DATA && *key == 0x01);
        if let Some(imei) = named.and_then(|(_, data)| imei(data)) {
            self.imei = Some(imei.to_owned());
        }
        let mut speech = match &self.imei {
            Some(imei) => Speech::of(imei)?,
            None => Speech::of_nobody_named(),
        };
        if !packet.crc_fits() {
            speech.refuse("crc", DecodeError::Checksum);
        }
        if packet.command == DATA {
            for (key, data) in packet.records() {
                if record(key, data, &mut speech).is_none() {
                    speech.refuse("record", DecodeError::Length);
                }
            }
        }
        speech.level(Measure::Availability { online: true, bridge: false });
        // Whoever has not said who it is may carry an alarm of nobody, and must not believe that it was heard.
        if self.imei.is_some() || packet.command != DATA {
            speech.reply(&answer(&packet, frame.utc_s));
        }
        speech.finish()
    }

    fn fields(&self, frame: &Frame<'_>) -> Map<String, Value> {
        Packet::read(frame.bytes).map(|packet| fields(&packet, frame)).unwrap_or_default()
    }
}

/// Says what stands in one record; `None` when it is too short.
fn record(key: u8, data: &[u8], speech: &mut Speech) -> Option<()> {
    let mut data = Taker(data);
    match key {
        0x02 => alarm(data.u32()?, speech),
        0x14 => {
            speech.number(Quantity::Battery, f64::from(data.u8()?));
            speech.number(Quantity::Voltage, f64::from(data.u16()?) / 1000.0);
        }
        0x20 => {
            let fix = Fix::read(data.0)?;
            if fix.is_valid() {
                speech.vocabulary("position", "location", Plain::Position { lat: fix.lat, lon: fix.lon });
            }
        }
        0x24 => {
            let (_time, status) = (data.u32()?, data.u32()?);
            speech.number(Quantity::Battery, f64::from(status >> 24));
        }
        0x30 => {
            let (_time, steps) = (data.u32()?, data.u32()?);
            speech.number(Quantity::Steps, f64::from(steps));
        }
        0x40 | 0x41 => {
            let (_time, value) = (data.u32()?, data.u8()?);
            let quantity = if key == 0x40 { Quantity::HeartRate } else { Quantity::Spo2 };
            // One is the pendant's second way of saying that it measured nothing.
            speech.number(quantity, if value <= 1 { 0.0 } else { f64::from(value) });
        }
        _ => {}
    }
    Some(())
}

const LOW_BATTERY: u32 = 1;
const FALL: u32 = 1 << 2;
const NO_MOVEMENT: u32 = 1 << 11;
const SOS: u32 = 1 << 12;

fn alarm(bits: u32, speech: &mut Speech) {
    if bits & SOS != 0 {
        speech.event(Measure::Sos(true));
    }
    if bits & FALL != 0 {
        speech.event(Measure::Fall(FallVerdict::Confirmed));
    }
    if bits & NO_MOVEMENT != 0 {
        speech.event(Measure::DeviceInactivity(DeviceInactivity::Motionless));
    }
    if bits & LOW_BATTERY != 0 {
        speech.level(Measure::BatteryLow(true));
    }
}

/// What the pendant waits to hear: the time if it asks for it and we know it, else that its packet came.
fn answer(packet: &Packet<'_>, utc_s: Option<i64>) -> Vec<u8> {
    let asks_time = packet.command == SERVICES && packet.records().any(|(key, _)| key == 0x12);
    match utc_s.and_then(|seconds| u32::try_from(seconds).ok()).filter(|_| asks_time) {
        Some(seconds) => {
            let [a, b, c, d] = seconds.to_le_bytes();
            written(packet.index, &[SERVICES, 0x05, 0x12, a, b, c, d])
        }
        None if packet.flags & WANTS_ACK != 0 && packet.command != RESPONSE => {
            written(packet.index, &[RESPONSE, 0x01, 0x00])
        }
        None => Vec::new(),
    }
}

fn written(index: u16, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap_or(u16::MAX);
    let mut packet = vec![0xab, 0x00];
    packet.extend(length.to_le_bytes());
    packet.extend(crc16(body).to_le_bytes());
    packet.extend(index.to_le_bytes());
    packet.extend(body);
    packet
}

fn fields(packet: &Packet<'_>, frame: &Frame<'_>) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut put = |key: &str, value: Value| fields.insert(key.to_owned(), value);
    put("flags", format!("0x{:02x}", packet.flags).into());
    put("ack_requested", (packet.flags & WANTS_ACK != 0).into());
    put("length", packet.body.len().into());
    put("length_ok", true.into());
    put("crc16_xmodem", format!("0x{:04x}", packet.crc).into());
    put("crc_ok", packet.crc_fits().into());
    put("index", packet.index.into());
    put("command", format!("0x{:02x}", packet.command).into());
    match packet.command {
        DATA => {
            put("records", packet.records().map(|(key, data)| record_fields(key, data)).collect());
        }
        RESPONSE => {
            put("kind", "response".into());
            put("data_hex", hex(packet.body.get(1..).unwrap_or_default()).into());
        }
        SERVICES => {
            put("kind", "services".into());
            put("records", packet.records().map(|(key, data)| record_fields(key, data)).collect());
        }
        _ => {
            put("data_hex", hex(packet.body.get(1..).unwrap_or_default()).into());
        }
    }
    let answer = answer(packet, frame.utc_s);
    if !answer.is_empty() {
        put("reply", hex(&answer).into());
        put("reply_hex", hex(&answer).into());
    }
    fields
}

fn record_fields(key: u8, data: &[u8]) -> Value {
    let mut name = String::from("0x");
    let _ = write!(name, "{key:02x}");
    let mut fields = json!({ "key": name });
    let more = match key {
        0x23 | 0x26 | 0x27 | 0x28 | 0x2a | 0x2c => Some(json!({ "kind": "beacon/wifi place" })),
        _ => values(key, data),
    };
    if let (Some(fields), Some(Value::Object(more))) = (fields.as_object_mut(), more) {
        fields.extend(more);
    }
    fields
}

fn values(key: u8, data: &[u8]) -> Option<Value> {
    let whole = data;
    let mut data = Taker(data);
    let time = |seconds: u32| stamp::of_epoch(i64::from(seconds));
    Some(match key {
        0x01 => json!({ "imei": imei(whole)? }),
        0x02 => {
            let bits = data.u32()?;
            let alarms: Vec<&str> = (0..u32::BITS).filter(|bit| bits >> bit & 1 == 1).filter_map(alarm_word).collect();
            json!({ "alarms": alarms, "raw": format!("0x{bits:08x}"), "time": time(data.u32()?) })
        }
        0x14 => json!({ "battery_pct": data.u8()?, "voltage_mv": data.u16()? }),
        0x20 => {
            let fix = Fix::read(whole)?;
            json!({ "lat": fix.lat, "lon": fix.lon, "speed_kmh": fix.speed, "hdop": fix.hdop, "fix_valid": fix.is_valid() })
        }
        0x24 => {
            let (at, status) = (data.u32()?, data.u32()?);
            json!({
                "time": time(at), "battery_pct": status >> 24, "gsm_signal": status >> 19 & 0x1f,
                "charging": status >> 4 & 1 == 1, "moving": status >> 9 & 1 == 1,
            })
        }
        0x30 => json!({ "time": time(data.u32()?), "steps": data.u32()? }),
        0x40 => json!({ "time": time(data.u32()?), "heart_rate_bpm": data.u8()? }),
        0x41 => json!({ "time": time(data.u32()?), "spo2_pct": data.u8()? }),
        _ => return None,
    })
}

const fn alarm_word(bit: u32) -> Option<&'static str> {
    Some(match bit {
        0 => "low_battery",
        2 => "fall",
        4..=7 => "fence",
        8 => "power_off",
        9 => "power_on",
        10 => "movement",
        11 => "no_movement",
        12 => "sos",
        13 => "side_button_1",
        14 => "side_button_2",
        _ => return None,
    })
}
