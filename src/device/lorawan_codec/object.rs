//! What a network server's own converter made of an uplink: its keys, where no codec here knows the device.
//!
//! Keys and words differ with every version of a converter; these are the ones that are in use for the devices of this
//! folder. Others are skipped.

use super::Fallen;
use crate::core::reading::{Contact, DeviceInactivity, FallVerdict, Measure, Quantity};
use crate::device::DecodeError;
use crate::device::json::{Item, Scalar};
use crate::device::speech::Speech;

/// Keys that are numbers.
const NUMBERS: &[(&str, Quantity)] = &[
    ("BatV", Quantity::Voltage),
    ("BAT_V", Quantity::Voltage),
    ("Bat_V", Quantity::Voltage),
    ("Hum_SHT", Quantity::Humidity),
    ("TempC_SHT", Quantity::AmbientTemp),
    ("bat_percentage", Quantity::Battery),
    ("battery", Quantity::Battery),
    ("battery_level", Quantity::Battery),
    ("battery_v", Quantity::Voltage),
    ("humidity", Quantity::Humidity),
    ("illumination", Quantity::Illuminance),
    ("light", Quantity::Illuminance),
    ("temperature", Quantity::AmbientTemp),
    ("voltage", Quantity::Voltage),
];

/// Says what a converter's object says.
///
/// # Errors
/// Those of JSON.
pub(super) fn speak(speech: &mut Speech, object: Item<'_>, fallen: &mut Fallen) -> Result<(), DecodeError> {
    object.object(|key, item| say(speech, key, item, fallen))
}

fn say(speech: &mut Speech, key: &str, item: Item<'_>, fallen: &mut Fallen) {
    if let Some((name, quantity)) = NUMBERS.iter().find(|(name, _)| *name == key) {
        return match item.scalar() {
            Scalar::Number(number) => speech.number(*quantity, quantity_value(*quantity, number)),
            // `illuminance: "dim"` of another model under the same name.
            Scalar::Null | Scalar::Text(_) => {}
            _ => speech.refuse(name, DecodeError::WrongType),
        };
    }
    match key {
        "button_event" | "press_event" => {
            let walked = item.object(|key, item| {
                if key == "status" {
                    press(speech, item);
                }
            });
            if walked.is_err() {
                speech.refuse("button_event", DecodeError::WrongType);
            }
        }
        "button" | "press" => press(speech, item),
        "pir" | "pir_status" => state(speech, "pir", item, &["trigger"], &["normal", "idle"], Measure::Motion),
        "occupancy" => state(speech, "occupancy", item, &["occupied"], &["vacant"], Measure::Presence),
        // A Tabs motion sensor names what happened; its silence is a heartbeat.
        "events" => match item.scalar() {
            Scalar::Text(word) if word == "motion" => speech.level(Measure::Presence(true)),
            Scalar::Other => {
                // VS373's alarms; anything else under this name is skipped.
                let _ = item.list(|event| radar_alarm(speech, event, fallen));
            }
            _ => {}
        },
        "door" | "magnet_status" | "door_status" | "DOOR_OPEN_STATUS" => {
            let contact = |open| Measure::Contact(if open { Contact::Open } else { Contact::Closed });
            state(speech, "door", item, &["open"], &["close", "closed"], contact);
        }
        "leakage_status" | "water_leak" | "WATER_LEAK_STATUS" => {
            state(speech, "leak", item, &["leak"], &["normal"], Measure::Leak);
        }
        "tamper_status" => state(speech, "tamper", item, &["uninstalled"], &["installed"], Measure::Tamper),
        "gas_status" => state(speech, "gas", item, &["abnormal", "alarm"], &["normal"], Measure::Gas),
        "smoke_status" | "smoke" => state(speech, "smoke", item, &["alarm"], &["normal"], Measure::Smoke),
        "sosFlag" | "sos" => state(speech, "sos", item, &["true"], &["false"], Measure::Sos),
        "detection_status" => radar(speech, item, fallen),
        _ => {}
    }
}

/// One decimal is all that a converter's percentage carries.
fn quantity_value(quantity: Quantity, number: f64) -> f64 {
    if quantity == Quantity::Battery { (number * 10.0).round() / 10.0 } else { number }
}

/// A state in one of the converters' writings: a word, a flag, or 0 and 1.
fn state(
    speech: &mut Speech,
    key: &'static str,
    item: Item<'_>,
    on: &[&str],
    off: &[&str],
    make: impl Fn(bool) -> Measure,
) {
    let flag = match item.scalar() {
        Scalar::Flag(flag) => Some(flag),
        Scalar::Number(0.0) => Some(false),
        Scalar::Number(1.0) => Some(true),
        Scalar::Text(word) if on.contains(&word.as_ref()) => Some(true),
        Scalar::Text(word) if off.contains(&word.as_ref()) => Some(false),
        Scalar::Null => return,
        _ => None,
    };
    match flag {
        Some(flag) => speech.level(make(flag)),
        None => speech.refuse(key, DecodeError::Unknown),
    }
}

fn press(speech: &mut Speech, item: Item<'_>) {
    let word = match item.scalar() {
        Scalar::Text(word) => match word.as_ref() {
            "short" | "short press" => "short",
            "long" | "long press" => "long",
            "double" | "double press" => "double",
            _ => return speech.refuse("button", DecodeError::Unknown),
        },
        Scalar::Number(1.0) => "short",
        Scalar::Number(2.0) => "long",
        Scalar::Number(3.0) => "double",
        Scalar::Null => return,
        _ => return speech.refuse("button", DecodeError::WrongType),
    };
    speech.code("button", word, Measure::Button);
}

fn radar(speech: &mut Speech, item: Item<'_>, fallen: &mut Fallen) {
    let Some(word) = item.text() else { return };
    let fell = word == "fall";
    match word.as_ref() {
        "normal" => speech.level(Measure::Presence(true)),
        "vacant" => speech.level(Measure::Presence(false)),
        "in_bed" | "in bed" => speech.level(Measure::Bed(true)),
        "out_of_bed" | "out of bed" => speech.level(Measure::Bed(false)),
        "fall" => {
            speech.level(Measure::Presence(true));
            let measure = Measure::Fall(FallVerdict::Confirmed);
            if fallen.0 { speech.level(measure) } else { speech.event(measure) }
        }
        _ => return speech.refuse("detection", DecodeError::Unknown),
    }
    fallen.0 = fell;
}

fn radar_alarm(speech: &mut Speech, event: Item<'_>, fallen: &mut Fallen) {
    let (mut kind, mut state) = (None, None);
    let walked = event.object(|key, item| match key {
        "alarm_type" => kind = item.text(),
        "alarm_status" => state = item.text(),
        _ => {}
    });
    if walked.is_err() || state.as_deref() != Some("alarm_triggered") {
        return;
    }
    match kind.as_deref() {
        Some("fall") => {
            fallen.0 = true;
            speech.event(Measure::Fall(FallVerdict::Confirmed));
        }
        Some("motionless") => speech.event(Measure::DeviceInactivity(DeviceInactivity::Motionless)),
        Some("dwell") => speech.event(Measure::DeviceInactivity(DeviceInactivity::Stationary)),
        _ => {}
    }
}
