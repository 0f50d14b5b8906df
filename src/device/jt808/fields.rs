//! What a message says on the level of its protocol, for an installer's eyes.

use serde_json::{Map, Value, json};

use super::frame::{AUTHENTICATE, HEARTBEAT, LOG_OUT, Location, Message, REGISTER, STORED, answer};
use crate::device::hex;
use crate::device::stamp;

pub(super) fn message_fields(message: &Message, utc_s: Option<i64>, fields: &mut Map<String, Value>) {
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
        put("reply_body_hex", hex::write(&body).into());
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
    if let Some(time) = stamp::of_digits(&hex::write(location.time)) {
        put("time_gmt8", format!("{time}+08:00").into());
    }
    let mut items = Map::new();
    for (id, data) in location.items() {
        items.insert(format!("0x{id:02x}"), hex::write(data).into());
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
