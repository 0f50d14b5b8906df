//! What a packet says on the level of its protocol, for an installer's eyes.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::packet::{DATA, Fix, Packet, RESPONSE, SERVICES, Taker, WANTS_ACK, answer, imei};
use crate::device::hex;
use crate::device::{Frame, stamp};

pub(super) fn fields(packet: &Packet<'_>, frame: &Frame<'_>) -> Map<String, Value> {
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
            put("data_hex", hex::write(packet.body.get(1..).unwrap_or_default()).into());
        }
        SERVICES => {
            put("kind", "services".into());
            put("records", packet.records().map(|(key, data)| record_fields(key, data)).collect());
        }
        _ => {
            put("data_hex", hex::write(packet.body.get(1..).unwrap_or_default()).into());
        }
    }
    let answer = answer(packet, frame.utc_s);
    if !answer.is_empty() {
        put("reply", hex::write(&answer).into());
        put("reply_hex", hex::write(&answer).into());
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
