//! From a device class to what its states say.
//!
//! | component | device class | what it says |
//! | --- | --- | --- |
//! | binary_sensor | motion | motion |
//! | | occupancy, presence | presence |
//! | | door, window, opening, garage_door | contact; **on is open** |
//! | | moisture | leak |
//! | | smoke, gas, carbon_monoxide, vibration, tamper | the same |
//! | | battery | battery low when on |
//! | | connectivity | availability |
//! | | none or another, with the key `sos` | the help button, as a level |
//! | sensor | temperature, humidity, illuminance, battery, signal_strength | a number, in a unit that is surely known |
//! | sensor | none, with the key `action` | what a button did |
//! | device_automation, event | any | what a button did |
//!
//! Source: Home Assistant's documentation of device classes. Everything else has no meaning here, unless enrolment's `map`
//! gives one by the entity's key or object id.

use super::config::Config;
use super::template::Template;
use crate::core::reading::Quantity;
use crate::device::unit::to_vocabulary;

/// What an entity's states say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Class {
    /// A flag of this kind.
    Flag(&'static str),
    /// A number in this unit.
    Number(Quantity, Box<str>),
    /// What a button did, as the payload's own word.
    Action,
    /// A trigger: this word, when the payload is the entity's.
    Trigger(Box<str>),
    /// Only enrolment may know.
    Unnamed,
}

/// The class of an entity; `None` for what is no sensor.
pub(super) fn of(component: &str, config: &Config<'_>, template: &Template, trigger: Option<&str>) -> Option<Class> {
    let class = config.class.as_deref().unwrap_or_default();
    Some(match component {
        "binary_sensor" => match flag(class) {
            Some(kind) => Class::Flag(kind),
            None if template.key() == Some("sos") => Class::Flag("sos"),
            None => Class::Unnamed,
        },
        "sensor" => number(class, config.unit.as_deref()).unwrap_or_else(|| match template.key() {
            Some("action" | "click") => Class::Action,
            _ => Class::Unnamed,
        }),
        "event" => Class::Action,
        "device_automation" => Class::Trigger(Box::from(trigger?)),
        _ => return None,
    })
}

fn flag(class: &str) -> Option<&'static str> {
    Some(match class {
        "motion" => "motion",
        "occupancy" | "presence" => "presence",
        "door" | "window" | "opening" | "garage_door" => "contact",
        "moisture" => "leak",
        "smoke" => "smoke",
        "gas" => "gas",
        "carbon_monoxide" => "co",
        "vibration" => "vibration",
        "tamper" => "tamper",
        "battery" => "battery_low",
        "connectivity" => "availability",
        _ => return None,
    })
}

fn number(class: &str, unit: Option<&str>) -> Option<Class> {
    let (quantity, usual) = match (class, unit) {
        ("temperature", _) => (Quantity::AmbientTemp, "°C"),
        ("humidity", _) => (Quantity::Humidity, "%"),
        ("illuminance", _) => (Quantity::Illuminance, "lx"),
        ("battery", _) => (Quantity::Battery, "%"),
        ("signal_strength", _) => (Quantity::Rssi, "dBm"),
        // zigbee2mqtt's link quality has a unit and no class.
        ("", Some("lqi")) => (Quantity::Lqi, "lqi"),
        _ => return None,
    };
    let unit = unit.unwrap_or(usual);
    to_vocabulary(quantity, unit, 1.0).map(|_| Class::Number(quantity, Box::from(unit)))
}
