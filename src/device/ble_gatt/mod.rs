//! Standard Bluetooth LE health characteristics: any certified strap, oximeter, cuff, thermometer, scale or meter.
//!
//! A bridge holds the connection and forwards each notification as it came, under `ble_gatt/<MAC>/<characteristic>`; the
//! characteristic is written `2A37`, `0x2A37` or as its long UUID.
//!
//! | characteristic | layout; flags are bits of the first byte, optional fields follow in their order |
//! | --- | --- |
//! | 2A37 heart rate | 0 = 16 bits, 1–2 contact, 3 energy (2), 4 intervals (2 each, 1/1024 s) |
//! | 2A5F oximeter, running | SpO2, pulse; 0 fast pair, 1 slow pair, 2 status (2), 3 device (3), 4 amplitude |
//! | 2A5E oximeter, spot | SpO2, pulse; 0 time, 1 status (2), 2 device (3), 3 amplitude, 4 its clock is not set |
//! | 2A35 blood pressure | systolic, diastolic, mean; 0 kPa, 1 time, 2 pulse, 3 user (1), 4 status (2) |
//! | 2A1C temperature | FLOAT; 0 °F, 1 time, 2 type (1) |
//! | 2A18 glucose | sequence (2), time; 0 offset (2, min), 1 concentration and type, 2 mol/L instead of kg/L, 3 status (2), 4 context |
//! | 2A9D weight | 0.005 kg (2); 0 = 0.01 lb, 1 time, 2 user (1), 3 BMI and height (2, 2) |
//! | 2A19 battery | % |
//!
//! Numbers are SFLOAT where nothing else is said, see [`number`]; a time has seven bytes. Source: the Bluetooth SIG's service
//! specifications.
//!
//! Design constraints:
//!
//! - A cuff or meter keeps its measurements and sends them again at every connection: one with a time or sequence that was
//!   among the last of its device says nothing.
//! - No meter's clock is believed; its time is a field and no more.

mod measurement;

mod number;

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Map, Value, json};

use self::number::Decimal;
use super::ble::bytes::Bytes;
use super::ble::mac::Mac;
use super::ble::{self, Handed};
use super::speech::Speech;
use super::{Decode, DecodeError, Decoded, Format, Frame, Transport};
use crate::limits::RADIO_COUNTERS_MAX;

/// Base topic of a bridge that nobody configured.
const BASE_TOPIC: &str = "ble_gatt";

/// The registry's line.
pub const FORMAT: Format = Format {
    name: "ble_gatt",
    about: "certified Bluetooth chest straps, oximeters, cuffs, thermometers, glucose meters and scales, through a bridge",
    about_zh: "经桥接的标准蓝牙健康设备:心率带、血氧仪、血压计、体温计、血糖仪、体重秤",
    transport: Transport::Mqtt { base_topic: BASE_TOPIC, filters: &["+/+"], bridged: false, announces: false },
    // judgement: nothing here is an event; a bridge's repeat after a broken connection comes within a second.
    merge_ms: 1_000,
    // Every frame is news, though straps notify once a second: a meter sends its stored numbers in one burst, the newest last.
    steady_ms: 0,
    decoder: || Box::new(BleGatt::default()),
};

/// Stored measurements of one device that are recognised when they come again. judgement: cuffs keep 30 to 60 for each of
/// two people and send the newest of them.
const STORED_MAX: usize = 64;

/// Remembers the stored measurements that each device has told.
#[derive(Default)]
struct BleGatt {
    told: BTreeMap<Mac, VecDeque<u32>>,
}

impl Decode for BleGatt {
    fn decode(&mut self, frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
        let handed = Handed::read(frame, BASE_TOPIC)?;
        let context = frame.context.of("");
        if handed.uuid.is_none() && context.get("type").is_some() {
            // A number alone, for an installer's eyes: it says nothing.
            return bare(context, &handed.payload).map(|_| Decoded::default());
        }
        let characteristic = characteristic(&handed, context).ok_or(DecodeError::NotMine)?;
        let mac = handed.address(None, frame).ok();
        let address = mac.map(|mac| mac.to_string());
        let speech = match &address {
            Some(address) => Speech::of(address)?,
            None if handed.mac.is_none() && frame.topic.is_none() => Speech::of_nobody_named(),
            None => return Err(DecodeError::NotMine),
        };
        let read = measurement::read(characteristic, &handed.payload, speech)?;
        match (mac, address) {
            (Some(mac), Some(address)) if read.stamped && !self.is_news(mac, characteristic, &handed.payload) => {
                Ok(ble::nothing_new(&address))
            }
            _ => read.speech.finish(),
        }
    }

    fn fields(&self, frame: &Frame<'_>) -> Map<String, Value> {
        let read = || {
            let handed = Handed::read(frame, BASE_TOPIC).ok()?;
            let context = frame.context.of("");
            if handed.uuid.is_none() && context.get("type").is_some() {
                let number = bare(context, &handed.payload).ok()?;
                return Some(Map::from_iter([("value".to_owned(), number.shown())]));
            }
            let characteristic = characteristic(&handed, context)?;
            let read = measurement::read(characteristic, &handed.payload, Speech::of_nobody_named()).ok()?;
            let mut fields = read.fields;
            fields.insert("characteristic".into(), json!(format!("{characteristic:04X}")));
            Some(fields)
        };
        read().unwrap_or_default()
    }
}

impl BleGatt {
    /// Whether this stored measurement was not told before.
    fn is_news(&mut self, mac: Mac, characteristic: u16, payload: &[u8]) -> bool {
        let print = crc32fast::hash(payload) ^ u32::from(characteristic);
        if !self.told.contains_key(&mac) && self.told.len() >= RADIO_COUNTERS_MAX {
            self.told.pop_first();
        }
        let told = self.told.entry(mac).or_default();
        if told.contains(&print) {
            return false;
        }
        if told.len() >= STORED_MAX {
            told.pop_front();
        }
        told.push_back(print);
        true
    }
}

/// The short number of the characteristic that the topic or enrolment names.
fn characteristic(handed: &Handed<'_>, context: &Value) -> Option<u16> {
    let named = handed.uuid.or_else(|| context.get("characteristic").and_then(Value::as_str))?.to_ascii_lowercase();
    let short = match named.split_once('-') {
        Some((head, tail)) => head.strip_prefix("0000").filter(|_| tail == "0000-1000-8000-00805f9b34fb")?,
        None => named.trim_start_matches("0x"),
    };
    u16::from_str_radix(short, 16).ok()
}

/// A number without a characteristic, as `context.type` says.
fn bare(context: &Value, payload: &[u8]) -> Result<Decimal, DecodeError> {
    let mut bytes = Bytes(payload);
    let number = match context.get("type").and_then(Value::as_str) {
        Some("SFLOAT") => bytes.u16().map(Decimal::short),
        Some("FLOAT") => bytes.u32().map(Decimal::long),
        _ => return Err(DecodeError::Unknown),
    };
    number.filter(|_| bytes.is_empty()).ok_or(DecodeError::Length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::reading::{Implausible, Measure, Quantity, Said};
    use crate::core::unit::Milli;

    fn decode(decoder: &mut BleGatt, uuid: &str, bytes: &[u8]) -> Result<Decoded, DecodeError> {
        let topic = format!("ble_gatt/c0ffee000001/{uuid}");
        decoder.decode(&Frame { topic: Some(&topic), bytes, context: &Value::Null, utc_s: None, heard_ms: 0 })
    }

    fn said(uuid: &str, bytes: &[u8]) -> Vec<Said> {
        decode(&mut BleGatt::default(), uuid, bytes).expect("decodes").said
    }

    #[test]
    fn a_stored_measurement_is_told_once_and_a_new_one_always() {
        let mut decoder = BleGatt::default();
        let monday: &[u8] = &[0x02, 120, 0, 80, 0, 93, 0, 0xea, 0x07, 10, 5, 8, 0, 0];
        let tuesday: &[u8] = &[0x02, 120, 0, 80, 0, 93, 0, 0xea, 0x07, 10, 6, 8, 0, 0];
        let counts = [monday, tuesday, monday, tuesday]
            .map(|bytes| decode(&mut decoder, "2A35", bytes).expect("decodes").said.len());
        assert_eq!(counts, [1, 1, 0, 0]);
        let pulse = [0_u8, 64];
        let running = [0, 1].map(|_| decode(&mut decoder, "2A37", &pulse).expect("decodes").said.len());
        assert_eq!(running, [1, 1], "a pulse that does not change is measured anew");
    }

    #[test]
    fn every_writing_of_a_characteristic_is_one() {
        let want = [Said::level(Measure::Number(Quantity::HeartRate, Milli::whole(64)))];
        for uuid in ["2A37", "0x2a37", "00002a37-0000-1000-8000-00805f9b34fb"] {
            assert_eq!(said(uuid, &[0, 64]), want);
            assert_eq!(said(uuid, b"0040"), want);
        }
        for other in ["2A00", "0000ffe4-0000-1000-8000-00805f9a34fb", "", "x", "2A37/x"] {
            assert_eq!(decode(&mut BleGatt::default(), other, &[0, 64]), Err(DecodeError::NotMine), "{other}");
        }
    }

    #[test]
    fn without_contact_a_pulse_is_noise() {
        assert_eq!(said("2A37", &[0x04, 88]), [Said::level(Measure::Worn(false))]);
    }

    #[test]
    fn a_control_solution_and_a_failed_weighing_are_nobodys() {
        let control = [0x02, 1, 0, 0xea, 0x07, 10, 5, 8, 0, 0, 0x64, 0xb0, 0x1a];
        assert_eq!(said("2A18", &control), []);
        let blood = [0x02, 2, 0, 0xea, 0x07, 10, 5, 8, 0, 0, 0x64, 0xb0, 0x11];
        assert_eq!(said("2A18", &blood), [Said::level(Measure::Number(Quantity::Glucose, Milli(5_551)))]);
        let failed = decode(&mut BleGatt::default(), "2A9D", &[0, 0xff, 0xff]).expect("decodes");
        assert_eq!(failed.dropped, [("weight", Implausible::Absent)]);
    }
}
