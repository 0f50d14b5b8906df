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
//! | 02 | alarm bits u32, time u32 |
//! | 14 | battery % u8, mV u16 |
//! | 20 | lat i32/1e7, lon i32/1e7, km/h u16, course u16, altitude m i16, hdop u16/10 (0: no fix), odometer u32, satellites u8 |
//! | 24 | time u32, status u32: bit 4 charging, bit 9 moving, bits 19–23 signal, bits 24–31 battery % |
//! | 30 | time u32, steps u32 |
//! | 40, 41 | time u32, heart rate bpm or oxygen % u8 (0 and 1: none) |
//! | 21, 29, 2B; 19, 22 | cells; Wi-Fi |
//! | 23, 26, 27, 28, 2A, 2C | places: Bluetooth beacon, Wi-Fi |
//!
//! Alarm bits: 0 low battery, 2 fall, 4–7 fences, 8 power off, 9 power on, 10 movement, 11 no movement, 12 SOS, 13 and 14 side
//! buttons. In a services message record 12 asks for the time (answered with four bytes of seconds since 1970), 11 for an address.
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

mod fields;

mod packet;

use serde_json::{Map, Value};

use super::framing::Framing;
use super::speech::Speech;
use super::{Decode, DecodeError, Decoded, Format, Frame, Transport};
use crate::core::reading::{DeviceInactivity, FallVerdict, Measure, Plain, Quantity};
use fields::fields;
use packet::{BYTES_MAX, DATA, Fix, Packet, Taker, answer, cut, imei};

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
        speech.alive();
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
