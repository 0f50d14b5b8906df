//! Whom a node hears: 433 MHz transmitters and Zigbee devices, each a device of its own.

use serde_json::Value;

use crate::core::reading::{Contact, Measure, Quantity};
use crate::device::json::{Item, Scalar};
use crate::device::speech::Speech;
use crate::device::{DecodeError, Decoded, Frame, mapping};

/// The code of an `RfReceived`.
pub(super) fn code_of(transmission: Item<'_>) -> Option<String> {
    let mut code = None;
    let walk = transmission.object(|key, item| {
        if key == "Data" {
            code = rf_word(&item.scalar());
        }
    });
    walk.ok().and(code)
}

/// `"D3125E"`, `"0xD3125E"`, or with `SetOption28` the number itself, in upper-case hex.
fn rf_word(value: &Scalar<'_>) -> Option<String> {
    let text = match value {
        Scalar::Text(text) => text,
        Scalar::Number(number) => return hex_of(*number),
        _ => return None,
    };
    let digits = text.trim_ascii().trim_start_matches("0x").trim_start_matches("0X").to_ascii_uppercase();
    (!digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_hexdigit())).then_some(digits)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the range and the fraction are checked right before"
)]
fn hex_of(number: f64) -> Option<String> {
    (number.fract() == 0.0 && (0.0..9e15).contains(&number)).then(|| format!("{:06X}", number as u64))
}

/// What a transmitter sent, whichever bridge heard it.
pub(super) fn rf(code: &str, frame: &Frame<'_>) -> Result<Decoded, DecodeError> {
    // 24 bits: 20 of the transmitter, 4 of its command (EV1527).
    let own = code.get(..5).filter(|_| code.len() == 6).unwrap_or(code);
    let address = format!("rf:{own}");
    let context = frame.context.of(&address);
    let mut speech = Speech::of(&address)?;
    let kerui =
        context.get("model").and_then(Value::as_str).is_some_and(|model| model.to_ascii_lowercase().contains("kerui"));
    let command = code.get(own.len()..).unwrap_or_default();
    match (mapping::target(context, code).or_else(|| mapping::target(context, command)), kerui, command) {
        (Some(target), ..) => mapping::happened(&mut speech, "map", target, code),
        (None, true, "A") => speech.event(Measure::Motion(true)),
        (None, true, "E") => speech.level(Measure::Contact(Contact::Open)),
        (None, true, "7") => speech.level(Measure::Contact(Contact::Closed)),
        (None, true, "B") => speech.event(Measure::Tamper(true)),
        (None, true, "5") => speech.event(Measure::Leak(true)),
        (None, true, "F") => speech.level(Measure::BatteryLow(true)),
        _ => speech.code("RfReceived", code, Measure::RfCode),
    }
    speech.finish()
}

/// `{"0x1234":{"Device":"0x1234","Name":…,"Contact":1,"BatteryPercentage":90,"LinkQuality":60}}`. The short address may
/// change when the device joins again; the name is the installer's and stays, so it is the address where there is one.
pub(super) fn zigbee_device(all: Item<'_>) -> Result<Decoded, DecodeError> {
    let mut first = None;
    all.object(|key, item| {
        if first.is_none() {
            first = Some((key.to_owned(), item));
        }
    })?;
    let Some((mut address, item)) = first else { return Ok(Decoded::default()) };
    let mut said = Vec::new();
    item.object(|key, item| match key {
        "Name" => address = item.text().filter(|name| !name.is_empty()).map_or_else(|| address.clone(), Into::into),
        _ => {
            if let Some((key, kind)) = ZIGBEE.iter().find(|(own, _)| *own == key) {
                said.push((*key, *kind, item.scalar()));
            }
        }
    })?;
    let mut speech = Speech::of(&format!("zb:{address}"))?;
    for (key, kind, value) in &said {
        match (*key, mapping::number(value)) {
            // Half per cents since Zigbee; Tasmota has halved them already.
            ("BatteryPercentage", Some(percent)) => speech.number(Quantity::Battery, percent),
            ("Fire" | "Water" | "Panic" | "PersonalAlarm" | "CO", Some(bits)) => {
                mapping::stands(&mut speech, key, kind, &Scalar::Flag(bits != 0.0));
            }
            _ => mapping::stands(&mut speech, key, kind, value),
        }
    }
    speech.finish()
}

/// Keys of a Zigbee device. Source: the attribute and zone names of Zigbee2Tasmota.
const ZIGBEE: &[(&str, &str)] = &[
    ("BatteryPercentage", "battery"),
    ("BatteryVoltage", "voltage"),
    ("CO", "co"),
    ("Contact", "contact"),
    ("Fire", "smoke"),
    ("Humidity", "humidity"),
    ("Illuminance", "illuminance"),
    ("LinkQuality", "lqi"),
    ("Movement", "vibration"),
    ("Occupancy", "motion"),
    ("Panic", "sos"),
    ("PersonalAlarm", "sos"),
    ("Temperature", "ambient_temp"),
    ("Water", "leak"),
];
