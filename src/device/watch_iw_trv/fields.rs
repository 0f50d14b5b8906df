//! What a message says on the level of its protocol, for an installer's eyes.

use serde_json::{Map, Value};

use super::frame::{Message, Position, Status, Taker};
use crate::device::stamp;

pub(super) fn fields(message: &Message<'_>, utc_s: Option<i64>) -> Map<String, Value> {
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
