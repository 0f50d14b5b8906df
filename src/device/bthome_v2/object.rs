//! The objects of BTHome v2 as one table: length, scale, name and what they mean here.
//!
//! Source: the format's public description. An object that is not in the table has no known length, so nothing behind it
//! can be read.

use serde_json::{Value, json};

use crate::core::reading::{Measure, Quantity};
use crate::device::ble::bytes::{Bytes, signed, unsigned as number};
use crate::device::hex;

/// One row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Object {
    pub(super) id: u8,
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    pub(super) shape: Shape,
    pub(super) meaning: Meaning,
}

/// How an object is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Shape {
    /// A whole number of so many bytes, times a factor.
    Unsigned(usize, f64),
    /// The same with a sign.
    Signed(usize, f64),
    /// 0 or 1.
    Flag,
    /// What was done to a button.
    Button,
    /// What was done to a dimmer, and by how many steps.
    Dimmer,
    /// A length, and so many bytes of UTF-8.
    Text,
    /// A length, and so many bytes.
    Raw,
}

/// What it means in the vocabulary.
#[derive(Debug, Clone, Copy)]
pub(super) enum Meaning {
    /// Nothing here.
    None,
    /// A number in the vocabulary's unit.
    Number(Quantity),
    /// A weight in pounds.
    Pounds,
    /// A flag.
    Flag(fn(bool) -> Measure),
    /// A door, window or other opening: 1 = open.
    Opening,
}

/// A value as it was read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Read<'a> {
    Number(f64),
    Flag(bool),
    /// Its code; see [`press`].
    Button(u8),
    Dimmer(u8, u8),
    Text(&'a [u8]),
    Raw(&'a [u8]),
}

const fn unsigned(id: u8, bytes: usize, factor: f64, name: &'static str, unit: &'static str, m: Meaning) -> Object {
    Object { id, name, unit, shape: Shape::Unsigned(bytes, factor), meaning: m }
}

const fn minus(id: u8, bytes: usize, factor: f64, name: &'static str, unit: &'static str, m: Meaning) -> Object {
    Object { id, name, unit, shape: Shape::Signed(bytes, factor), meaning: m }
}

const fn flag(id: u8, name: &'static str, meaning: Meaning) -> Object {
    Object { id, name, unit: "", shape: Shape::Flag, meaning }
}

const fn object(id: u8, shape: Shape, name: &'static str) -> Object {
    Object { id, name, unit: "", shape, meaning: Meaning::None }
}

/// The table, in the order of the ids.
const OBJECTS: &[Object] = &[
    unsigned(0x00, 1, 1.0, "packet_id", "", Meaning::None),
    unsigned(0x01, 1, 1.0, "battery", "%", Meaning::Number(Quantity::Battery)),
    minus(0x02, 2, 0.01, "temperature", "°C", Meaning::Number(Quantity::AmbientTemp)),
    unsigned(0x03, 2, 0.01, "humidity", "%", Meaning::Number(Quantity::Humidity)),
    unsigned(0x04, 3, 0.01, "pressure", "hPa", Meaning::None),
    unsigned(0x05, 3, 0.01, "illuminance", "lx", Meaning::Number(Quantity::Illuminance)),
    unsigned(0x06, 2, 0.01, "mass", "kg", Meaning::Number(Quantity::Weight)),
    unsigned(0x07, 2, 0.01, "mass", "lb", Meaning::Pounds),
    minus(0x08, 2, 0.01, "dew_point", "°C", Meaning::None),
    unsigned(0x09, 1, 1.0, "count", "", Meaning::None),
    unsigned(0x0A, 3, 0.001, "energy", "kWh", Meaning::None),
    unsigned(0x0B, 3, 0.01, "power", "W", Meaning::None),
    unsigned(0x0C, 2, 0.001, "voltage", "V", Meaning::Number(Quantity::Voltage)),
    unsigned(0x0D, 2, 1.0, "pm25", "µg/m³", Meaning::None),
    unsigned(0x0E, 2, 1.0, "pm10", "µg/m³", Meaning::None),
    flag(0x0F, "generic", Meaning::None),
    flag(0x10, "power", Meaning::None),
    flag(0x11, "opening", Meaning::Opening),
    unsigned(0x12, 2, 1.0, "carbon_dioxide", "ppm", Meaning::None),
    unsigned(0x13, 2, 1.0, "volatile_organic_compounds", "µg/m³", Meaning::None),
    unsigned(0x14, 2, 0.01, "moisture", "%", Meaning::None),
    flag(0x15, "battery", Meaning::Flag(Measure::BatteryLow)),
    flag(0x16, "battery_charging", Meaning::Flag(Measure::Charging)),
    flag(0x17, "carbon_monoxide", Meaning::Flag(Measure::Co)),
    flag(0x18, "cold", Meaning::None),
    flag(0x19, "connectivity", Meaning::None),
    flag(0x1A, "door", Meaning::Opening),
    flag(0x1B, "garage_door", Meaning::Opening),
    flag(0x1C, "gas", Meaning::Flag(Measure::Gas)),
    flag(0x1D, "heat", Meaning::None),
    flag(0x1E, "light", Meaning::None),
    flag(0x1F, "lock", Meaning::None),
    flag(0x20, "moisture", Meaning::Flag(Measure::Leak)),
    flag(0x21, "motion", Meaning::Flag(Measure::Motion)),
    flag(0x22, "moving", Meaning::Flag(Measure::Motion)),
    flag(0x23, "occupancy", Meaning::Flag(Measure::Presence)),
    flag(0x24, "plug", Meaning::None),
    flag(0x25, "presence", Meaning::Flag(Measure::Presence)),
    flag(0x26, "problem", Meaning::None),
    flag(0x27, "running", Meaning::None),
    flag(0x28, "safety", Meaning::None),
    flag(0x29, "smoke", Meaning::Flag(Measure::Smoke)),
    flag(0x2A, "sound", Meaning::None),
    flag(0x2B, "tamper", Meaning::Flag(Measure::Tamper)),
    flag(0x2C, "vibration", Meaning::Flag(Measure::Vibration)),
    flag(0x2D, "window", Meaning::Opening),
    unsigned(0x2E, 1, 1.0, "humidity", "%", Meaning::Number(Quantity::Humidity)),
    unsigned(0x2F, 1, 1.0, "moisture", "%", Meaning::None),
    object(0x3A, Shape::Button, "button"),
    object(0x3C, Shape::Dimmer, "dimmer"),
    unsigned(0x3D, 2, 1.0, "count", "", Meaning::None),
    unsigned(0x3E, 4, 1.0, "count", "", Meaning::None),
    minus(0x3F, 2, 0.1, "rotation", "°", Meaning::None),
    unsigned(0x40, 2, 1.0, "distance", "mm", Meaning::None),
    unsigned(0x41, 2, 0.1, "distance", "m", Meaning::None),
    unsigned(0x42, 3, 0.001, "duration", "s", Meaning::None),
    unsigned(0x43, 2, 0.001, "current", "A", Meaning::None),
    unsigned(0x44, 2, 0.01, "speed", "m/s", Meaning::None),
    minus(0x45, 2, 0.1, "temperature", "°C", Meaning::Number(Quantity::AmbientTemp)),
    unsigned(0x46, 1, 0.1, "uv_index", "", Meaning::None),
    unsigned(0x47, 2, 0.1, "volume", "L", Meaning::None),
    unsigned(0x48, 2, 1.0, "volume", "mL", Meaning::None),
    unsigned(0x49, 2, 0.001, "volume_flow_rate", "m³/h", Meaning::None),
    unsigned(0x4A, 2, 0.1, "voltage", "V", Meaning::Number(Quantity::Voltage)),
    unsigned(0x4B, 3, 0.001, "gas", "m³", Meaning::None),
    unsigned(0x4C, 4, 0.001, "gas", "m³", Meaning::None),
    unsigned(0x4D, 4, 0.001, "energy", "kWh", Meaning::None),
    unsigned(0x4E, 4, 0.001, "volume", "L", Meaning::None),
    unsigned(0x4F, 4, 0.001, "water", "L", Meaning::None),
    unsigned(0x50, 4, 1.0, "timestamp", "s", Meaning::None),
    unsigned(0x51, 2, 0.001, "acceleration", "m/s²", Meaning::None),
    unsigned(0x52, 2, 0.001, "gyroscope", "°/s", Meaning::None),
    object(0x53, Shape::Text, "text"),
    object(0x54, Shape::Raw, "raw"),
    unsigned(0x55, 4, 0.001, "volume_storage", "L", Meaning::None),
    unsigned(0x56, 2, 1.0, "conductivity", "µS/cm", Meaning::None),
    minus(0x57, 1, 1.0, "temperature", "°C", Meaning::Number(Quantity::AmbientTemp)),
    minus(0x58, 1, 0.35, "temperature", "°C", Meaning::Number(Quantity::AmbientTemp)),
    minus(0x59, 1, 1.0, "count", "", Meaning::None),
    minus(0x5A, 2, 1.0, "count", "", Meaning::None),
    minus(0x5B, 4, 1.0, "count", "", Meaning::None),
    minus(0x5C, 4, 0.01, "power", "W", Meaning::None),
    minus(0x5D, 2, 0.001, "current", "A", Meaning::None),
    unsigned(0x5E, 2, 0.01, "direction", "°", Meaning::None),
    unsigned(0x5F, 2, 0.1, "precipitation", "mm", Meaning::None),
    unsigned(0x60, 1, 1.0, "channel", "", Meaning::None),
    unsigned(0x61, 2, 1.0, "rotational_speed", "rpm", Meaning::None),
    minus(0x62, 4, 0.000_001, "speed", "m/s", Meaning::None),
    minus(0x63, 4, 0.000_001, "acceleration", "m/s²", Meaning::None),
    unsigned(0x64, 1, 1.0, "light_level", "", Meaning::None),
    unsigned(0xF0, 2, 1.0, "device_type", "", Meaning::None),
    unsigned(0xF1, 4, 1.0, "firmware_version", "", Meaning::None),
    unsigned(0xF2, 3, 1.0, "firmware_version", "", Meaning::None),
];

/// The number of the packet: it grows by one with every new packet and wraps.
pub(super) const PACKET_ID: u8 = 0x00;

/// The row of an id.
pub(super) fn find(id: u8) -> Option<&'static Object> {
    let at = OBJECTS.binary_search_by_key(&id, |object| object.id).ok()?;
    OBJECTS.get(at)
}

impl Object {
    /// Takes the object's value; `None` when it is cut off.
    pub(super) fn take<'a>(&self, bytes: &mut Bytes<'a>) -> Option<Read<'a>> {
        #[expect(clippy::cast_precision_loss, reason = "values of at most four bytes are exact")]
        Some(match self.shape {
            Shape::Unsigned(count, factor) => Read::Number(scaled(number(bytes.take(count)?) as f64, factor)),
            Shape::Signed(count, factor) => Read::Number(scaled(signed(bytes.take(count)?) as f64, factor)),
            Shape::Flag => Read::Flag(bytes.byte()? != 0),
            Shape::Button => Read::Button(bytes.byte()?),
            Shape::Dimmer => Read::Dimmer(bytes.byte()?, bytes.byte()?),
            Shape::Text => Read::Text(counted(bytes)?),
            Shape::Raw => Read::Raw(counted(bytes)?),
        })
    }
}

/// Multiplied, with the dust of binary fractions wiped off: 27 tenths are 2.7.
fn scaled(value: f64, factor: f64) -> f64 {
    (value * factor * 1e6).round() / 1e6
}

fn counted<'a>(bytes: &mut Bytes<'a>) -> Option<&'a [u8]> {
    let mut ahead = *bytes;
    let count = usize::from(ahead.byte()?);
    let taken = ahead.take(count)?;
    *bytes = ahead;
    Some(taken)
}

/// What was done to a button; `None` for the placeholder of a button that was not touched and for unlisted codes.
pub(super) const fn press(code: u8) -> Option<&'static str> {
    Some(match code {
        1 => "press",
        2 => "double_press",
        3 => "triple_press",
        4 => "long_press",
        5 => "long_double_press",
        6 => "long_triple_press",
        0x80 => "hold_press",
        _ => return None,
    })
}

impl Read<'_> {
    /// The value as `shouwang decode` prints it.
    pub(super) fn value(&self) -> Value {
        match self {
            Read::Number(number) => json!(number),
            Read::Flag(flag) => json!(flag),
            Read::Button(code) => press(*code).map_or(Value::Null, Value::from),
            Read::Dimmer(1, steps) => json!(format!("rotate_left:{{\"steps\": {steps}}}")),
            Read::Dimmer(2, steps) => json!(format!("rotate_right:{{\"steps\": {steps}}}")),
            Read::Dimmer(..) => Value::Null,
            Read::Text(text) => json!(String::from_utf8_lossy(text)),
            Read::Raw(bytes) => json!(hex::write(bytes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_is_found_and_none_twice() {
        assert!(OBJECTS.is_sorted_by(|one, next| one.id < next.id));
        assert!(OBJECTS.iter().all(|object| find(object.id).is_some_and(|found| found.name == object.name)));
        assert!(find(0x30).is_none());
    }

    #[test]
    fn a_value_that_is_cut_off_takes_nothing() {
        for object in OBJECTS {
            let mut bytes = Bytes(&[]);
            assert_eq!(object.take(&mut bytes), None, "{}", object.name);
        }
        let mut text = Bytes(&[5, b'a']);
        assert_eq!(find(0x53).and_then(|object| object.take(&mut text)), None);
        assert_eq!(text.0.len(), 2);
    }
}
