//! What a node says of itself: its switches, buttons and numbers.

use serde_json::Value;

use crate::core::reading::{Measure, Quantity};
use crate::device::json::{Item, Scalar};
use crate::device::speech::Speech;
use crate::device::{DecodeError, mapping};

/// What a payload holds of what is heard.
#[derive(Default)]
pub(super) struct Report<'a> {
    /// `RfReceived`.
    pub(super) transmission: Option<Item<'a>>,
    /// `ZbReceived`.
    pub(super) zigbee: Option<Item<'a>>,
    /// `SwitchN` and what it says.
    switches: Vec<(u8, Scalar<'a>)>,
    actions: Vec<(u8, Scalar<'a>)>,
    numbers: Vec<(Quantity, f64)>,
    fahrenheit: bool,
}

/// Switches and buttons of one node. Source: Tasmota has 28 of each on an ESP32.
const INPUTS_MAX: usize = 32;

impl<'a> Report<'a> {
    pub(super) fn read(text: &'a str) -> Result<Self, DecodeError> {
        let mut report = Self::default();
        Item::whole(text).object(|key, item| {
            if key == "StatusSNS" {
                // A node that cannot be read inside says nothing.
                let _ = item.object(|key, item| report.take(key, item));
            } else {
                report.take(key, item);
            }
        })?;
        Ok(report)
    }

    fn take(&mut self, key: &str, item: Item<'a>) {
        match key {
            "RfReceived" => self.transmission = Some(item),
            "ZbReceived" => self.zigbee = Some(item),
            "TempUnit" => self.fahrenheit = item.text().as_deref() == Some("F"),
            "Wifi" => self.driver(item, |key| (key == "Signal").then_some(Quantity::Rssi)),
            // The processor's own warmth, and what a meter or a Bluetooth relay says of others.
            "ESP32" | "ENERGY" | "BLE" | "IBEACON" => {}
            _ => {
                if let Some(at) = numbered(key, "Switch") {
                    push(&mut self.switches, at, value_or_action(item));
                } else if let Some(at) = numbered(key, "Button") {
                    push(&mut self.actions, at, value_or_action(item));
                } else {
                    self.driver(item, |key| match key {
                        "Temperature" => Some(Quantity::AmbientTemp),
                        "Humidity" => Some(Quantity::Humidity),
                        "Illuminance" => Some(Quantity::Illuminance),
                        _ => None,
                    });
                }
            }
        }
    }

    /// The numbers of a driver's object; of two drivers with the same quantity the first one speaks.
    fn driver(&mut self, item: Item<'a>, quantity: impl Fn(&str) -> Option<Quantity>) {
        let (mut found, mut anothers) = (Vec::new(), false);
        let _ = item.object(|key, item| {
            anothers |= matches!(key, "mac" | "MAC" | "Mac");
            if let (Some(quantity), Some(number)) = (quantity(key), item.number()) {
                found.push((quantity, number));
            }
        });
        for (quantity, number) in found.into_iter().filter(|_| !anothers) {
            if !self.numbers.iter().any(|(other, _)| *other == quantity) {
                self.numbers.push((quantity, number));
            }
        }
    }

    pub(super) fn speak(mut self, speech: &mut Speech, context: &Value) {
        self.switches.sort_by_key(|(at, _)| *at);
        let mut plain = None;
        for (at, value) in &self.switches {
            match (mapping::target(context, &format!("Switch{at}")), plain) {
                (Some(kind), _) => mapping::stands(speech, "switch", kind, value),
                // A button that is wired as a switch toggles, and says nothing of how anything stands.
                (None, _) if matches!(value, Scalar::Text(word) if word.eq_ignore_ascii_case("toggle")) => {
                    speech.alive();
                }
                (None, None) => {
                    plain = Some(at);
                    mapping::stands(speech, "switch", "switch", value);
                }
                (None, Some(_)) => speech.refuse("switch", DecodeError::Unknown),
            }
        }
        for (at, value) in &self.actions {
            let action = if let Scalar::Text(word) = value { word.to_ascii_lowercase() } else { String::new() };
            match (mapping::target(context, &format!("Button{at}")), &*action) {
                (_, "") => speech.refuse("button", DecodeError::WrongType),
                (_, "clear" | "off") => {}
                (Some(target), _) => mapping::happened(speech, "button", target, &action),
                (None, "hold") => speech.code("button", "long", Measure::Button),
                (None, _) => speech.code("button", &action, Measure::Button),
            }
        }
        for (quantity, number) in self.numbers {
            let number = match quantity {
                Quantity::AmbientTemp if self.fahrenheit => (number - 32.0) * 5.0 / 9.0,
                _ => number,
            };
            speech.number(quantity, number);
        }
    }
}

fn push<'a>(inputs: &mut Vec<(u8, Scalar<'a>)>, at: u8, value: Scalar<'a>) {
    if inputs.len() < INPUTS_MAX {
        inputs.push((at, value));
    }
}

/// `Switch3` with the stem `Switch` is 3.
pub(super) fn numbered(key: &str, stem: &str) -> Option<u8> {
    key.strip_prefix(stem)?.parse().ok()
}

/// `"ON"`, or `{"Action":"ON"}`, or `{"State":"ON"}`.
fn value_or_action(item: Item<'_>) -> Scalar<'_> {
    let mut value = item.scalar();
    let _ = item.object(|key, item| {
        if key.eq_ignore_ascii_case("action") || key.eq_ignore_ascii_case("state") {
            value = item.scalar();
        }
    });
    value
}
