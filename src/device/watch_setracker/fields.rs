//! What a frame says on the level of its protocol, for an installer's eyes.

use serde_json::{Map, Value, json};

use super::frame::{
    ALTITUDE, BATTERY, COURSE, DATE, FIX, LAT, LON, Message, SATELLITES, SIGNAL, SPEED, STATUS, STEPS, TIME, TUMBLES,
    written,
};
use crate::device::stamp;

pub(super) fn fields(message: &Message<'_>) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut put = |key: &str, value: Value| fields.insert(key.to_owned(), value);
    let head = &message.head;
    put("manufacturer", head.manufacturer.into());
    put("device_id", head.id.into());
    put("declared_length", head.declared.into());
    put("actual_length", message.content.len().into());
    if let Some(sequence) = head.sequence {
        put("sequence", sequence.into());
    }
    put("type", message.kind.into());
    if let Some(answer) = message.answer() {
        put("reply", written(head.manufacturer, head.id, head.sequence, answer).into());
    }
    let mut number = |key: &str, index: usize| {
        if let Some(value) = message.number(index) {
            put(key, value.into());
        }
    };
    match message.kind {
        "LK" if message.values.len() >= 3 => {
            number("steps", 0);
            number("tumbles", 1);
            number("battery_pct", 2);
        }
        "LK" => {
            number("steps", 0);
            number("field2", 1);
        }
        "heart" | "PULSE" => {
            number("heart_rate_bpm", 0);
            if message.number(0) == Some(0.0) {
                put("meaning", "no measurement (0 is not a heart rate)".into());
            }
        }
        "BLOOD" | "bphrt" => {
            number("systolic_mmhg", 0);
            number("diastolic_mmhg", 1);
            number("heart_rate_bpm", 2);
        }
        "oxygen" => {
            number("type_flag", 0);
            number("spo2_pct", 1);
        }
        "TEMP" => number("temperature_c", 0),
        "btemp2" => {
            number("type_flag", 0);
            number("temperature_c", 1);
        }
        _ if message.is_position() => position_fields(message, &mut fields),
        _ => {}
    }
    fields
}

fn position_fields(message: &Message<'_>, fields: &mut Map<String, Value>) {
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            fields.insert(key.to_owned(), value);
        }
    };
    // The day stands first, the year last.
    let time = message.text(DATE).zip(message.text(TIME)).and_then(|(date, time)| {
        let (day, month, year) = (date.get(..2)?, date.get(2..4)?, date.get(4..)?);
        stamp::of_digits(&format!("{year}{month}{day}{time}"))
    });
    put("time_utc", time.map(|time| format!("{time}Z").into()));
    put("fix_valid", message.text(FIX).map(|fix| (fix == "A").into()));
    put("lat", message.degrees(LAT).map(Value::from));
    put("lon", message.degrees(LON).map(Value::from));
    for (key, index) in [
        ("speed_kmh", SPEED),
        ("course_deg", COURSE),
        ("altitude_m", ALTITUDE),
        ("satellites", SATELLITES),
        ("gsm_signal", SIGNAL),
        ("battery_pct", BATTERY),
        ("steps", STEPS),
        ("tumbles", TUMBLES),
    ] {
        put(key, message.number(index).map(Value::from));
    }
    put("status_hex", message.text(STATUS).map(Value::from));
    if let Some(status) = message.status() {
        let bits: Vec<u32> = (0..u32::BITS).filter(|bit| status >> bit & 1 == 1).collect();
        let mut flags: Vec<&str> = bits.iter().filter_map(|bit| flag(*bit)).collect();
        flags.dedup();
        put("status_bits", Some(json!(bits)));
        put("status_flags", Some(json!(flags)));
    }
}

const fn flag(bit: u32) -> Option<&'static str> {
    Some(match bit {
        0 | 17 => "low_battery",
        1 => "out_of_fence",
        2 => "in_fence",
        14 => "power_cut",
        16 => "sos",
        18 => "left_fence",
        19 => "entered_fence",
        20 => "removing",
        21 => "fall_down",
        22 => "fall_or_heart_rate",
        _ => return None,
    })
}
